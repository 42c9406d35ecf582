//! What `deploy-stage.yml` promises where a static site has to be built: no command of the repository runs where a token
//! can be had, and what is deployed is what was built. Its jobs are run here with stand-ins of the program and of GitHub's
//! actions.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::Repository;
use crate::offline_action::write_program;
use crate::offline_workflows::{keys, our_step, our_steps, steps, workflow};
use crate::runner::Runner;
use crate::runner::expression::Status;
use crate::runner::job::{Job, JobRan};
use crate::workflows::Workflow;

const FILE: &str = "deploy-stage.yml";
const PROMOTE: &str = "promote.yml";
const DIGEST: &str = "sha256:1111111111111111111111111111111111111111111111111111111111111111";
const SITE: &str = "[components.site]\nkind = \"static-site\"\n";

/// The action of a step, without its version.
fn action(step: &Value) -> Option<&str> {
    step["uses"].as_str().map(|uses| uses.split('@').next().unwrap())
}

/// The words that the lines of a script begin with.
fn first_words(script: &str) -> impl Iterator<Item = &str> {
    script.lines().filter_map(|line| line.split_whitespace().next())
}

/// In all workflows that others call. `build` starts what the repository says, and so does whatever else stands there.
#[test]
fn a_job_that_can_get_a_token_runs_no_command_of_the_repository() {
    const WORDS: [&str; 9] = ["echo", "else", "exit", "fi", "form=", "found=0", "grep", "if", "printf"];
    const ACTIONS: [&str; 4] = ["$/action", "actions/checkout", "actions/download-artifact", "actions/upload-artifact"];
    let mut jobs = 0;
    for workflow in Workflow::called() {
        for (name, job) in workflow.jobs().into_iter().filter(|(_, job)| !job["permissions"]["id-token"].is_null()) {
            jobs += 1;
            for step in steps(job) {
                let known = match (action(step), step["run"].as_str()) {
                    (Some("$/action"), None) => step["with"]["command"] != "build",
                    (Some(action), None) => ACTIONS.contains(&action),
                    (None, Some(script)) => first_words(script).all(|word| WORDS.contains(&word)),
                    _ => false,
                };
                assert!(known, "{}: {name}: {step:#}", workflow.path);
            }
        }
    }
    assert!(jobs > 10, "{jobs}");
}

#[test]
fn the_job_that_builds_has_nothing_worth_taking() {
    let workflow = workflow(FILE);
    let build = &workflow.yaml["jobs"]["build"];
    let known = ["name", "needs", "if", "runs-on", "timeout-minutes", "permissions", "concurrency", "outputs", "steps"];
    assert_eq!(keys(build), known.into(), "no environment, no variables of the job");
    assert_eq!(build["permissions"], json!({ "contents": "read" }));
    assert!(!build.to_string().contains("secrets"), "{build:#}");
    // A runner of one's own that also deploys would keep what a build leaves there.
    assert_eq!(build["runs-on"], "${{ inputs.build-runner || 'ubuntu-24.04' }}");
    assert_eq!(workflow.yaml["on"]["workflow_call"]["inputs"]["build-runner"]["default"], "ubuntu-24.04");
    for step in steps(build) {
        assert!(!step.to_string().contains("github.token"), "{step:#}");
        let is_cache = action(step).is_some_and(|action| action.contains("cache"));
        assert!(!is_cache && step["with"]["cache"].is_null(), "{step:#}");
        if action(step) == Some("actions/setup-node") {
            assert_eq!(step["with"]["package-manager-cache"], false, "it is on by default");
        }
    }
    let step = our_step(build);
    assert_eq!((&step["with"]["command"], &step["with"]["github-token"]), (&json!("build"), &json!("")));
    // Nothing else is of a pull request: that is checked and not built.
    let others = Workflow::called().into_iter().filter(|it| !it.path.ends_with(FILE) && !it.path.ends_with(PROMOTE));
    for workflow in others {
        let builds = |step: &&&Value| step["with"]["command"] == "build" || !step["with"]["bundles"].is_null();
        let all = workflow.steps();
        assert_eq!(all.iter().find(builds), None, "{}: bytes come from the store", workflow.path);
    }
}

/// A build of its own for the environment that is promoted to is made as one for stage is, of the release.
#[test]
fn the_job_that_builds_for_a_promotion_is_the_one_that_builds_for_a_deploy() {
    let [mut stage, mut promote] = [FILE, PROMOTE].map(|file| workflow(file).yaml["jobs"]["build"].clone());
    assert_eq!((&promote["needs"], &promote["runs-on"]), (&json!("plan"), &json!("ubuntu-24.04")));
    assert_eq!(promote["permissions"], json!({ "contents": "read" }));
    let without = |value: &mut Value, keys: &[&str]| {
        for key in keys {
            value.as_object_mut().unwrap().remove(*key);
        }
    };
    for job in [&mut stage, &mut promote] {
        without(job, &["needs", "runs-on", "concurrency"]);
        let steps = job["steps"].as_array_mut().unwrap();
        let first = steps.remove(0);
        assert!(first["if"].as_str().unwrap().contains(".outputs.builds == ''"), "{first:#}");
        assert!(first["run"].as_str().unwrap().ends_with("exit 2\n"), "{first:#}");
        let kept = steps.last_mut().unwrap();
        without(&mut kept["with"], &["retention-days"]);
        let build = steps.iter_mut().find(|step| step["uses"] == "$/action").unwrap();
        without(&mut build["with"], &["binary-path"]);
    }
    let checkout = &mut promote["steps"][0]["with"];
    assert_eq!(checkout["ref"], "${{ needs.plan.outputs.release }}");
    without(checkout, &["ref"]);
    let text = promote.to_string().replace("needs.plan.", "needs.deploy.").replace("'production'", "'stage'");
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), stage);
}

#[test]
fn what_was_built_for_a_promotion_is_planned_again_and_promoted_as_it_was_planned() {
    let jobs = &workflow(PROMOTE).yaml["jobs"];
    let [plan, planned, promote, handed] =
        ["plan", "plan-built", "promote", "promote-built"].map(|job| jobs[job].clone());
    for job in [&planned, &handed] {
        let step = our_step(job);
        assert_eq!(step["with"]["bundles"], "${{ needs.build.outputs.bundles }}");
        assert_eq!(step["with"]["bundle-directory"], our_step(&jobs["build"])["with"]["bundle-directory"]);
        assert_eq!(step["with"]["release"], "${{ needs.plan.outputs.release }}");
        assert_eq!(step["env"]["SHIPGATE_VARS"], "${{ needs.plan.outputs.variables }}");
        let first = job["steps"][0]["if"].as_str().unwrap();
        assert!(first.contains("needs.build.outputs.bundles == ''"), "{first}");
    }
    let expected = "${{ needs.plan-built.outputs.plan-digest }}";
    assert_eq!(our_step(&handed)["with"]["expect-plan"], expected);
    assert_eq!(planned["outputs"]["plan-digest"], "${{ steps.plan.outputs.plan-digest }}");
    // The gate is the same, and so is what it lets through otherwise.
    for (one, other, inputs) in [(&plan, &planned, &["release"][..]), (&promote, &handed, &["release", "expect-plan"])]
    {
        let [mut one, mut other] = [one, other].map(|job| our_step(job)["with"].clone());
        for with in [&mut one, &mut other] {
            for input in inputs.iter().chain(&["bundles", "bundle-directory"]) {
                with.as_object_mut().unwrap().remove(*input);
            }
        }
        assert_eq!(one, other);
    }
    for key in ["environment", "permissions", "concurrency", "runs-on", "timeout-minutes", "outputs"] {
        assert_eq!(promote[key], handed[key], "{key}");
    }
    let refused = "steps.plan.outputs.refused-by != ''";
    assert!(steps(&planned).iter().any(|step| step["if"] == refused), "nobody approves what is refused");
}

#[test]
fn the_digests_are_those_of_the_job_and_of_no_file() {
    let jobs = &workflow(FILE).yaml["jobs"];
    let (deploy, build, handed) = (&jobs["deploy"], &jobs["build"], &jobs["deploy-built"]);
    assert_eq!(our_step(build)["id"], "build");
    assert_eq!(build["outputs"]["bundles"], "${{ steps.build.outputs.bundles }}");
    let step = our_step(handed);
    assert_eq!(step["with"]["bundles"], "${{ needs.build.outputs.bundles }}");
    assert_eq!(step["with"]["bundle-directory"], our_step(build)["with"]["bundle-directory"]);
    let scripts: Vec<&str> = steps(handed).iter().filter_map(|step| step["run"].as_str()).collect();
    assert_eq!(scripts.len(), 1, "nothing reads the artifact but `deploy`: {scripts:?}");
    // The same command otherwise, and the plan before it is of that very command.
    let [looks, deploys] = our_steps(deploy)[..] else { panic!("{deploy:#}") };
    for (other, left_out) in [(looks, &["command"][..]), (step, &["bundles", "bundle-directory"])] {
        let mut other = other.clone();
        let mut own = deploys.clone();
        for input in left_out {
            for step in [&mut other, &mut own] {
                step["with"].as_object_mut().unwrap().remove(*input);
            }
        }
        assert_eq!((&other["with"], &other["env"]), (&own["with"], &own["env"]));
    }
    let mut handed = handed.clone();
    let mut deploy = deploy.clone();
    for key in ["name", "needs", "if", "outputs", "steps"] {
        for job in [&mut handed, &mut deploy] {
            job.as_object_mut().unwrap().remove(key);
        }
    }
    assert_eq!(handed, deploy, "the same queue, permissions and runner");
}

/// A stand-in of the program: it writes down its arguments, and gives the outputs that a test wants.
struct Shop {
    repository: Repository,
    directory: TempDir,
    secrets: Value,
}

impl Shop {
    /// `plan`: what `plan deploy` does.
    fn new(files: &[(&str, &str)], plan: &str) -> Self {
        let (repository, directory) = (Repository::with_files(files), tempfile::tempdir().unwrap());
        let shop = Self { repository, directory, secrets: json!({}) };
        let script = format!(
            "#!/bin/sh\nprintf '%s|' \"$@\" >>\"$0.log\"\necho >>\"$0.log\"\ncase $1 in\n\
             plan) {plan} ;;\n\
             build)\n  env >\"$0.build.env\"\n  for word; do case $word in --to=*) to=${{word#--to=}} ;; esac; done\n\
             mkdir \"$to\"\n  echo bytes >\"$to/site.tar\"\n  echo 'bundles={{\"site\":\"{DIGEST}\"}}' >>\"$GITHUB_OUTPUT\" ;;\n\
             deploy | promote)\n  cp \"$RUNNER_TEMP/shipgate-bundles/site.tar\" \"$0.got\" 2>/dev/null\n\
             printf 'outcome=deployed\\nsha=1a2b\\n' >>\"$GITHUB_OUTPUT\" ;;\nesac\n"
        );
        write_program(&shop.program(), script);
        let action = |name: &str, inputs: &str, script: &str| {
            let path = shop.path(name);
            std::fs::create_dir(&path).unwrap();
            let text = format!(
                "inputs: {{ {inputs} }}\nruns:\n  using: composite\n  steps:\n    - shell: bash\n      env:\n        \
                 STORE: {}\n        INPUTS: ${{{{ toJSON(inputs) }}}}\n        NAME: ${{{{ inputs.name }}}}\n        \
                 AT: ${{{{ inputs.path }}}}\n      run: {script}\n",
                shop.path("store").display()
            );
            std::fs::write(path.join("action.yml"), text).unwrap();
        };
        action(
            "upload",
            "name: {}, path: {}, if-no-files-found: {}, retention-days: {}, compression-level: {}",
            "mkdir -p \"$STORE/$NAME\" && cp $AT \"$STORE/$NAME\"",
        );
        action("download", "name: {}, path: {}", "cp -R \"$STORE/$NAME\" \"$AT\"");
        action(
            "node",
            "node-version: {}, node-version-file: {}, package-manager-cache: {}, name: {}, path: {}",
            "printf '%s' \"$INPUTS\" >\"$STORE.node\"",
        );
        shop
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn program(&self) -> PathBuf {
        self.path("shipgate")
    }

    /// A machine with GitHub's actions.
    fn runner(&self) -> Runner {
        let runner = Runner::new(self.repository.path()).program(&self.program());
        let runner = runner.context("secrets", self.secrets.clone());
        let actions = [("upload-artifact", "upload"), ("download-artifact", "download"), ("setup-node", "node")];
        actions.into_iter().fold(runner, |runner, (action, stand_in)| {
            runner.repository(&format!("actions/{action}"), &self.path(stand_in))
        })
    }

    /// A job on a machine of its own.
    fn job(&self, name: &str) -> Job {
        self.job_of(FILE, name)
    }

    fn job_of(&self, file: &str, name: &str) -> Job {
        self.runner().job(&format!(".github/workflows/{file}"), name).inputs(json!({ "component": "site" }))
    }

    /// The job that builds, with the real program, after one that found what to build.
    fn build_for_real(&self, runner: impl FnOnce(Runner) -> Runner) -> JobRan {
        let runner = runner(self.runner().program(Path::new(env!("CARGO_BIN_EXE_shipgate"))));
        let found = json!({ "builds": "[\"site\"]", "node": "" });
        runner.job(".github/workflows/deploy-stage.yml", "build").needs_outputs("deploy", &found).run()
    }

    /// All jobs, in their order.
    fn run(&self) -> [JobRan; 3] {
        let deploy = self.job("deploy").run();
        let build = self.job("build").needs("deploy", &deploy).run();
        let handed = self.job("deploy-built").needs("deploy", &deploy).needs("build", &build).run();
        [deploy, build, handed]
    }

    /// The arguments of each start of the program.
    fn started(&self) -> Vec<String> {
        let log = std::fs::read_to_string(self.program().with_extension("log")).unwrap();
        log.lines().map(str::to_owned).collect()
    }

    /// What Node.js was set up with.
    fn node(&self) -> Option<Value> {
        let text = std::fs::read_to_string(self.path("store.node")).ok()?;
        Some(serde_json::from_str(&text).unwrap())
    }
}

/// A plan with these outputs.
fn planned(outputs: &str) -> String {
    format!("printf '%s\\n' outcome=planned sha=1a2b {outputs} >>\"$GITHUB_OUTPUT\"")
}

fn results(jobs: &[JobRan; 3]) -> [Option<Status>; 3] {
    jobs.each_ref().map(|job| job.result)
}

const DONE: Option<Status> = Some(Status::Success);
const FAILED: Option<Status> = Some(Status::Failure);

#[test]
fn without_a_site_there_is_one_job_and_no_plan_before_it() {
    let shop = Shop::new(&[("shipgate.toml", "[components.site]\nkind = \"ecs\"\n")], "exit 9");
    let jobs = shop.run();
    assert_eq!(results(&jobs), [DONE, None, None], "{}", jobs[0].log());
    assert_eq!((jobs[0].outputs["outcome"].as_str(), jobs[0].outputs["sha"].as_str()), ("deployed", "1a2b"));
    assert_eq!(shop.started(), ["deploy|--component=site|--|stage|"]);
}

#[test]
fn what_is_stored_already_is_deployed_by_the_first_job() {
    // The second plan is that of a program that does not know the output yet.
    for plan in [planned("'builds=[]'"), planned("")] {
        let shop = Shop::new(&[("ops/site.toml", SITE)], &plan);
        let jobs = shop.run();
        assert_eq!(results(&jobs), [DONE, None, None], "{}", jobs[0].log());
        assert_eq!(jobs[0].outputs["outcome"], "deployed");
        assert_eq!(shop.started(), ["plan|deploy|--component=site|--|stage|", "deploy|--component=site|--|stage|"]);
    }
}

#[test]
fn what_is_built_is_deployed_by_another_job() {
    let shop = Shop::new(&[("shipgate.toml", SITE)], &planned("'builds=[\"site\",\"admin\"]'"));
    let jobs = shop.run();
    assert_eq!(results(&jobs), [DONE; 3], "{}{}{}", jobs[0].log(), jobs[1].log(), jobs[2].log());
    assert_eq!((jobs[0].outputs["outcome"].as_str(), jobs[2].outputs["outcome"].as_str()), ("planned", "deployed"));
    let [plan, build, deploy] = &shop.started()[..] else { panic!("{:?}", shop.started()) };
    assert_eq!(plan, "plan|deploy|--component=site|--|stage|");
    assert!(build.ends_with("/shipgate-bundles|--environment=stage|--|site|admin|"), "{build}");
    let (before, after) = deploy.split_once("/shipgate-bundles/").unwrap();
    assert!(before.starts_with("deploy|--bundle=site=/"), "{deploy}");
    assert_eq!(after, format!("site.tar@{DIGEST}|--component=site|--|stage|"));
    assert_eq!(std::fs::read_to_string(shop.program().with_extension("got")).unwrap(), "bytes\n");
    let environment = std::fs::read_to_string(shop.program().with_extension("build.env")).unwrap();
    assert!(!environment.contains("TOKEN"), "{environment}");
    assert_eq!(shop.node(), None, "whichever is there");
}

/// GitHub drops an output with the value of a secret in it. Then nothing is deployed, and the run says so.
#[test]
fn an_output_that_does_not_arrive_fails_the_run() {
    for (secret, results_then, failing) in [
        ("site", [DONE, FAILED, None], 1),
        ("sha256", [DONE, DONE, FAILED], 2),
        ("shipgate-bundles", [DONE, DONE, FAILED], 2),
    ] {
        let mut shop = Shop::new(&[("shipgate.toml", SITE)], &planned("'builds=[\"site\"]'"));
        shop.secrets = json!({ "SHORT": secret });
        let jobs = shop.run();
        assert_eq!(results(&jobs), results_then, "{secret}: {}", jobs[failing].log());
        let first = &jobs[failing].steps[0];
        assert!(first.code == 2 && first.log.contains("did not arrive"), "{secret}: {}", jobs[failing].log());
        assert!(!shop.started().iter().any(|arguments| arguments.starts_with("deploy|")), "{:?}", shop.started());
    }
}

#[test]
fn a_plan_that_fails_deploys_nothing() {
    let shop = Shop::new(&[("shipgate.toml", SITE)], "echo outcome=invalid >>\"$GITHUB_OUTPUT\"; exit 2");
    let jobs = shop.run();
    assert_eq!(results(&jobs), [FAILED, None, None]);
    assert_eq!((jobs[0].outputs["outcome"].as_str(), shop.started().len()), ("invalid", 1));
}

#[test]
fn node_is_of_the_version_that_somebody_wrote() {
    let version = |version: &str, file: &str| {
        let inputs = json!({
            "node-version": version, "node-version-file": file, "package-manager-cache": "false", "name": "", "path": ""
        });
        Some(inputs)
    };
    let file = |path| (path, "22\n");
    for (node, files, expected) in [
        ("", vec![], None),
        ("22.11", vec![], version("22.11", "")),
        ("", vec![file(".nvmrc")], version("", ".nvmrc")),
        ("", vec![file("apps/a site/.nvmrc")], version("", "apps/a site/.nvmrc")),
        // Nothing says which.
        ("", vec![file(".nvmrc"), file("apps/.nvmrc")], None),
        ("24", vec![file(".nvmrc")], version("24", "")),
    ] {
        let files: Vec<_> = files.into_iter().chain([("shipgate.toml", SITE)]).collect();
        let shop = Shop::new(&files, &planned(&format!("'builds=[\"site\"]' node={node}")));
        assert_eq!(results(&shop.run()), [DONE; 3], "{node} {files:?}");
        assert_eq!(shop.node(), expected, "{node} {files:?}");
    }
}

#[test]
fn a_site_is_looked_for_in_every_file_but_those_of_git() {
    let at = |path: &str, text: &str| {
        let shop = Shop::new(&[("README.md", "# Shop\n")], &planned("'builds=[]'"));
        let file = shop.repository.path().join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
        assert_eq!(results(&shop.run()), [DONE, None, None], "{path}");
        shop.started().len()
    };
    assert_eq!(at("a/b c/any.name", SITE), 2);
    assert_eq!(at(".git/description", SITE), 1);
    assert_eq!(at("other.toml", "kind = \"ecs\"\n"), 1);
}

/// A site whose build is a script, and an environment that it is for.
fn real_site() -> Shop {
    let config = "app = \"shop\"\n[components.site]\nkind = \"static-site\"\nbucket = \"stage-site\"\n\
                  artifacts = \"stage-releases\"\nbuild = { run = \"sh build.sh ${release.sha}\", output = \"dist\" }\n\
                  [environments.stage]\nregion = \"us-east-1\"\naccount = \"123456789012\"\n";
    let script = "set -e\nmkdir -p dist/assets\nenv >dist/assets/env.txt\n\
                  echo \"<!doctype html><title>$1</title>\" >dist/index.html\n";
    let files = [("shipgate.toml", config), ("build.sh", script), (".gitignore", "dist/\n")];
    Shop::new(&files, &planned("'builds=[\"site\"]'"))
}

#[test]
fn a_site_is_built_without_credentials_and_its_digest_is_what_is_deployed() {
    let shop = real_site();
    let build = shop.build_for_real(|runner| runner).expect_success();
    let bundles: Value = serde_json::from_str(&build.outputs["bundles"]).unwrap();
    let digest = bundles["site"].as_str().unwrap();
    let store = shop.path("store").join(&build.outputs["artifact"]);
    let tar = std::fs::read(store.join("site.tar")).unwrap();
    let text = String::from_utf8_lossy(&tar);
    assert!(text.contains(&format!("<title>{}</title>", shop.repository.head())), "{text}");
    for secret in ["ghs_", "GITHUB_TOKEN", "SHIPGATE_", "ACTIONS_"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    // The job that deploys is given other bytes, and what somebody put beside them: the digest is still that of the build.
    std::fs::write(store.join("site.tar"), "other bytes").unwrap();
    std::fs::write(store.join("bundles.json"), format!("{{\"site\":\"{DIGEST}\"}}")).unwrap();
    let found = json!({ "builds": "[\"site\"]" });
    let job = shop.job("deploy-built").needs_outputs("deploy", &found).needs("build", &build);
    job.run().expect_success();
    let [deploy] = &shop.started()[..] else { panic!("{:?}", shop.started()) };
    assert!(deploy.contains(&format!("/shipgate-bundles/site.tar@{digest}|")), "{deploy}");
    assert_ne!(digest, DIGEST);
}

/// A plan of a promotion, which is another one with a bundle.
const PLANS_PROMOTION: &str = "case \"$*\" in *--bundle=*) echo plan-digest=sha256:2 ;; \
                               *) printf '%s\\n' plan-digest=sha256:1 'builds=[\"site\"]' ;; esac \
                               >>\"$GITHUB_OUTPUT\"; printf 'outcome=planned\\nsha=1a2b\\n' >>\"$GITHUB_OUTPUT\"";

#[test]
fn what_is_built_for_production_is_planned_again_and_promoted_by_another_job() {
    let shop = Shop::new(&[("shipgate.toml", SITE)], PLANS_PROMOTION);
    let plan = shop.job_of(PROMOTE, "plan").run();
    let build = shop.job_of(PROMOTE, "build").needs("plan", &plan).run();
    let planned = shop.job_of(PROMOTE, "plan-built").needs("plan", &plan).needs("build", &build).run();
    let handed = shop.job_of(PROMOTE, "promote-built").needs("plan", &plan).needs("build", &build);
    let handed = handed.needs("plan-built", &planned).run();
    let alone = shop.job_of(PROMOTE, "promote").needs("plan", &plan).run();
    for job in [&plan, &build, &planned, &handed] {
        assert_eq!(job.result, DONE, "{}", job.log());
    }
    assert_eq!((alone.result, handed.outputs["outcome"].as_str()), (None, "deployed"));
    let [first, build, second, promote] = &shop.started()[..] else { panic!("{:?}", shop.started()) };
    assert!(first.starts_with("plan|promote|") && !first.contains("--bundle"), "{first}");
    assert!(build.ends_with("/shipgate-bundles|--environment=production|--|site|"), "{build}");
    let bundle = format!("/shipgate-bundles/site.tar@{DIGEST}|");
    assert!(second.starts_with("plan|promote|--release=1a2b|--bundle=site=/") && second.contains(&bundle), "{second}");
    assert!(promote.starts_with("promote|") && promote.contains(&bundle), "{promote}");
    assert!(promote.contains("sha256:2|") && !promote.contains("sha256:1|"), "{promote}");
    assert_eq!(std::fs::read_to_string(shop.program().with_extension("got")).unwrap(), "bytes\n");
    let environment = std::fs::read_to_string(shop.program().with_extension("build.env")).unwrap();
    assert!(!environment.contains("TOKEN"), "{environment}");
}

/// approve.yml is another run, and is handed no files.
#[test]
fn a_build_that_a_second_person_would_approve_is_not_made() {
    let plan = format!("{PLANS_PROMOTION}; echo approval=second-person >>\"$GITHUB_OUTPUT\"");
    let shop = Shop::new(&[("shipgate.toml", SITE)], &plan);
    let plan = shop.job_of(PROMOTE, "plan").run();
    assert_eq!(plan.result, FAILED, "{}", plan.log());
    assert!(plan.log().contains("a build of its own is not handed over"), "{}", plan.log());
    for job in ["build", "waits-for-approval", "promote"] {
        assert_eq!(shop.job_of(PROMOTE, job).needs("plan", &plan).run().result, None, "{job}");
    }
}

/// Where somebody grants the job more than its file asks for, it does not build.
#[test]
fn a_site_is_not_built_where_a_token_can_be_had() {
    let shop = real_site();
    let build = shop.build_for_real(|runner| runner.variable("ACTIONS_ID_TOKEN_REQUEST_URL", "http://127.0.0.1:9/"));
    assert_eq!(build.result, FAILED);
    assert!(build.step("build").annotations("error")[0].contains("can get a token for AWS"), "{}", build.log());
    assert!(!shop.repository.path().join("dist").exists(), "its command did not start");
    assert!(!shop.path("store").exists(), "nothing is handed on");
}
