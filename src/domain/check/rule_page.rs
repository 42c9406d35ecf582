//! The page with all rules: docs/check/rules.md. To write it anew: `SHIPGATE_UPDATE_DOCS=1 cargo test generated_page`.

use std::fmt::Write as _;

use super::rule::{Rule, Severity};
use crate::golden::assert_generated;

/// The pages that explain rules, each of them some: the address from the page of rules, the text, and what it is about.
const PAGES: [(&str, &str, &str); 5] = [
    (
        "README.md",
        include_str!("../../../docs/check/README.md"),
        "`shipgate.toml`, Dockerfiles, task definitions, workflows",
    ),
    ("../committed/README.md", include_str!("../../../docs/committed/README.md"), "Committed values"),
    ("../contract/README.md", include_str!("../../../docs/contract/README.md"), "The contract of values"),
    ("../amplify/README.md", include_str!("../../../docs/amplify/README.md"), "`amplify.yml`"),
    ("../static-site/README.md", include_str!("../../../docs/static-site/README.md"), "Static sites"),
];

/// What to do about each rule.
const FIXES: &[(&str, &str)] = &[
    ("configuration", "correct the key or the value that the hint names"),
    ("configuration-missing", "write a `shipgate.toml`, or name it with `--config`"),
    ("variable-missing", "set the variable in GitHub, and pass `SHIPGATE_VARS: ${{ toJSON(vars) }}`"),
    ("build-context", "correct `build.context`; it begins at `shipgate.toml`"),
    ("dockerfile-missing", "add the Dockerfile, or correct `build.dockerfile`"),
    ("dockerfile-syntax", "correct the instruction that is named"),
    ("build-arg-undeclared", "write `ARG NAME` into the Dockerfile, or remove the argument"),
    ("secret-in-image", "use `RUN --mount=type=secret` in the build, and `secrets` of the task definition at run time"),
    ("build-once", "read the value when the container starts"),
    ("task-definition-missing", "add the file, or correct `task-definition`"),
    ("task-definition-syntax", "correct the JSON"),
    ("task-definition-shape", "write `family`, and `containerDefinitions` with names"),
    ("task-definition-container", "correct `container`"),
    ("task-definition-size", "write `cpu` and `memory`"),
    ("task-definition-execution-role", "write `executionRoleArn`"),
    ("committed-secret", "revoke the secret, remove it from the file, and read it from a secret store"),
    ("client-secret", "revoke the secret, and call what needs it from the server"),
    ("committed-value", "remove the value from the file, and set it where the component gets its values"),
    ("placeholder-value", "write the value, or remove the line"),
    ("workflow-syntax", "correct the YAML"),
    ("workflow-shape", "compare the workflow with GitHub's reference"),
    ("unparsed", "make the file smaller, or report it as a bug of shipgate"),
    ("id-token", "write `id-token: write` into the job's `permissions`"),
    ("contents-read", "write `contents: read` into the job's `permissions`"),
    ("statuses-write", "write `statuses: write` into the job's `permissions`"),
    ("permissions-missing", "write the `permissions` that the hint shows into the job"),
    ("approval-caller", "write `run-name` and the inputs as the page shows them"),
    ("environment-unknown", "correct the name, or add the environment to `shipgate.toml`"),
    ("role-missing", "write `role`, and for `promote.yml` also `read-role`"),
    ("wrong-command", "use `promote` where the environment has `promotes-from`, `deploy` elsewhere"),
    ("github-environment-mismatch", "name GitHub's environment as `shipgate.toml` does, letter by letter"),
    ("github-environment-missing", "write `environment: { name: ENVIRONMENT, deployment: false }` into the job"),
    ("github-environment-unneeded", "remove `environment` from the job, or extend the trust policy"),
    ("pull-request-target", "use `on: pull_request`"),
    ("trusted-workflow", "pin the commit that `[github] workflows` names"),
    ("unpinned", "pin the commit: `uses: OWNER/shipgate@COMMIT`"),
    ("fetch-depth", "write `fetch-depth: 0` for the checkout"),
    ("cancel-in-progress", "write `cancel-in-progress: false`"),
    ("override", "use the input `override`"),
    ("shipgate-vars", "write `SHIPGATE_VARS: ${{ toJSON(vars) }}` into the `env` of the step"),
    ("plan", "do what the hint of `shipgate plan deploy` says"),
    ("gate", "do what the gate's hint says"),
    ("contract-required", "set the variable, or remove the environment from `required`"),
    ("contract-isolated", "set a value of its own, or write `shared`"),
    ("contract-shared", "set the same value in both environments"),
    ("contract-inherited", "set the same value in both environments, or use `isolated`"),
    ("contract-matches", "correct the value, or `matches`"),
    ("contract-one-of", "correct the value, or add it to `one-of`"),
    ("contract-url", "correct the address; `local = true` accepts private ones"),
    ("contract-arn", "correct the ARN: service, account and region"),
    ("contract-secret", "refer to a secret store: `secrets` of the task definition"),
    ("contract-client-secret", "revoke the secret, and call what needs it from the server"),
    ("contract-placeholder", "set the real value"),
    ("contract-undeclared", "declare the variable in `[contract]`, or remove it"),
    ("amplify-file-name", "rename the file to `amplify.yml`"),
    ("amplify-syntax", "correct the YAML"),
    ("amplify-size", "move commands into scripts"),
    ("amplify-version", "write `version: 1`"),
    ("amplify-key", "write the key that the hint names"),
    ("amplify-phase", "move the commands to the phase that the hint names, as a list of texts"),
    ("amplify-monorepo", "write `applications` as a list, each with `appRoot`"),
    ("amplify-app-root", "write the same directory in `appRoot`, `AMPLIFY_MONOREPO_APP_ROOT` and `app-root`"),
    ("amplify-cache-path", "use a path below the project"),
    ("amplify-base-directory", "correct `baseDirectory`, the platform or the output, as the page shows"),
    ("amplify-unknown-command", "write `npx ampx pipeline-deploy --branch $AWS_BRANCH --app-id $AWS_APP_ID`"),
    ("amplify-deploy-in-frontend", "move the command to `backend.phases.build`"),
    ("amplify-swallowed-failure", "remove what hides the failure, such as `|| true`"),
    ("amplify-hard-coded", "write `$AWS_BRANCH` and `$AWS_APP_ID`"),
    ("amplify-build-loop", "remove the command that starts the next build"),
    ("amplify-two-deployers", "deploy the backend in the build or in the workflow, not in both"),
    ("amplify-backend-not-deployed", "add `npx ampx pipeline-deploy` to `backend.phases.build`"),
    ("amplify-outputs-branch", "name the branch whose backend is used"),
    ("amplify-share-cycle", "deploy the backend of one of the branches"),
    ("amplify-backend-from", "write `npx ampx generate outputs` with the branch of the hint, or remove `backend-from`"),
    ("amplify-workflow-loop", "remove the push or the trigger"),
    ("amplify-node", "use Node.js 18.19, 20.6, 22 or newer"),
    ("amplify-skip-validation", "remove `SKIP_ENV_VALIDATION`, and set the variables"),
    ("amplify-heap", "set `--max-old-space-size` below nine tenths of the memory, or choose a larger `compute`"),
    ("amplify-app-id", "use `AWS_APP_ID`"),
    ("amplify-branch-missing", "correct the name, or connect the branch to the app"),
    ("amplify-branch-unused", "add an environment for the branch, or delete the branch"),
    ("site-directory", "correct `build.directory`, or commit it"),
    ("site-package", "correct `build.directory`, or commit `package.json`"),
    ("site-lock-file", "commit `package-lock.json`"),
    ("site-node", "write `node` or commit `.nvmrc`"),
    ("site-output-committed", "remove the file from git, and list the directory in `.gitignore`"),
    ("site-two-deployers", "let one of them write to the bucket"),
];

fn fix(rule: Rule) -> &'static str {
    let found = FIXES.iter().find(|(name, _)| *name == rule.as_str());
    found.unwrap_or_else(|| panic!("say in FIXES what to do about `{rule}`")).1
}

fn row(rule: Rule, page: &str) -> String {
    let level = rule.level().as_str();
    let about = rule.about().replace('|', "\\|");
    let fix = fix(rule).replace('|', "\\|");
    format!("| [`{rule}`]({page}#{rule}-{level}) | {level} | {about} | {fix} |\n")
}

#[test]
fn generated_page_of_rules_is_current() {
    let mut text =
        "What `shipgate check` finds, and what to do about each. The name of a rule is in brackets behind its \
                    finding; it links here to the page that explains it. Where a level depends on the place, that page \
                    says so.\n\n| level | meaning |\n|---|---|\n"
            .to_owned();
    for (level, meaning) in [
        (Severity::Error, "will fail or do harm; `check` exits with 2"),
        (Severity::Warning, "may fail"),
        (Severity::Note, "worth knowing"),
    ] {
        writeln!(text, "| {} | {meaning} |", level.as_str()).unwrap();
    }
    for (page, explained, about) in PAGES {
        let is_there = |rule: &&Rule| explained.contains(&format!("\n### `{rule}` ("));
        write!(text, "\n## {about}\n\n| rule | level | finds | fix |\n|---|---|---|---|\n").unwrap();
        text.extend(Rule::ALL.iter().filter(is_there).map(|rule| row(*rule, page)));
    }
    assert_eq!(text.matches("\n| [`").count(), Rule::ALL.len(), "each rule is on one page");
    assert_eq!(FIXES.len(), Rule::ALL.len(), "FIXES has what is no rule");
    assert_generated("docs/check/rules.md", "Rules of `shipgate check`", "src/domain/check/rule.rs", &text);
}
