// Reads workflows and actions as GitHub does, and puts every script in them into a directory, for shellcheck.
//
//   node parse.mjs REPOSITORY SCRIPTS FILE…
//
// Ends with 1 when GitHub would refuse a file. A call of a workflow of this repository is read together with that workflow, so that
// an input that it does not have is found. (The parser does not compare the types of values.)
import { readFileSync, writeFileSync } from "node:fs";
import { register } from "node:module";
import { basename, join, relative } from "node:path";
import { parse } from "yaml";

register("./json_modules.mjs", import.meta.url);
const { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow } = await import("@actions/workflow-parser");
const { parseAction } = await import("@actions/workflow-parser/actions/action-parser");

const [repository, scripts, ...files] = process.argv.slice(2);
const SHIPGATE = { owner: "shipgate", repository: "shipgate" };

function contentOf(path) {
  return readFileSync(join(repository, path), "utf8");
}

// Workflows of this repository, by `$/` or by name. All others would have to be fetched.
const provider = {
  async getFileContent(reference) {
    const local = !("owner" in reference);
    if (!local && (reference.owner !== SHIPGATE.owner || reference.repository !== SHIPGATE.repository)) {
      throw new Error(`the workflow of another repository: ${reference.owner}/${reference.repository}`);
    }
    return { name: reference.path, content: contentOf(reference.path) };
  },
};

function isAction(path) {
  return ["action.yml", "action.yaml"].includes(basename(path));
}

async function problemsOf(path) {
  const file = { name: path, content: contentOf(path) };
  const trace = new NoOperationTraceWriter();
  const { context, value } = isAction(path) ? parseAction(file, trace) : parseWorkflow(file, trace);
  if (value !== undefined && !isAction(path)) {
    await convertWorkflowTemplate(context, value, provider, { fetchReusableWorkflowDepth: 2, errorPolicy: 1 });
  }
  return context.errors.getErrors().map((error) => error.message);
}

function scriptsOf(path) {
  const document = parse(contentOf(path));
  const owners = isAction(path) ? [document.runs] : Object.values(document.jobs);
  return owners.flatMap((owner) => owner.steps ?? []).flatMap((step) => (step.run === undefined ? [] : [step.run]));
}

let refused = 0;
for (const file of files) {
  const path = relative(repository, file);
  const problems = await problemsOf(path);
  for (const problem of problems) {
    console.error(problem.startsWith(path) ? problem : `${path}: ${problem}`);
  }
  refused += problems.length;
  if (problems.length === 0) {
    scriptsOf(path).forEach((script, index) => {
      const name = `${index + 1}-${path.replaceAll("/", "-")}.sh`;
      writeFileSync(join(scripts, name), `# shellcheck shell=bash\n${script}\n`);
    });
  }
}
process.exitCode = refused === 0 && files.length > 0 ? 0 : 1;
