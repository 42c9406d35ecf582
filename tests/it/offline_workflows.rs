//! What shipgate's workflows promise, beyond what zizmor and GitHub's own parser check (`scripts/lib/workflows.sh`).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::workflows::{Workflow, entries, own};

/// A file that others call does nothing in its own repository.
const ONLY_WHERE_CALLED: &str = "inputs.called || vars.SHIPGATE_DEPLOY_FROM_HERE == 'true'";

/// The jobs of the workflows that others call, and what each waits for: file, job, group.
const GROUPS: [(&str, &str, &str); 24] = [
    ("approve.yml", "approve", "shipgate-approve-${{ github.run_id }}"),
    (
        "approve.yml",
        "carry-out",
        "shipgate-${{ needs.approve.outputs.environment }}-${{ inputs.working-directory || '.' }}",
    ),
    (
        "deploy-stage.yml",
        "deploy",
        "shipgate-${{ inputs.environment || 'stage' }}-${{ inputs.working-directory || '.' }}",
    ),
    (
        "deploy-stage.yml",
        "build",
        "shipgate-build-${{ inputs.environment || 'stage' }}-${{ inputs.working-directory || '.' }}",
    ),
    (
        "deploy-stage.yml",
        "deploy-built",
        "shipgate-${{ inputs.environment || 'stage' }}-${{ inputs.working-directory || '.' }}",
    ),
    ("hold.yml", "refuse", "shipgate-hold-refuse-${{ github.run_id }}"),
    ("hold.yml", "hold", "shipgate-hold-${{ github.run_id }}"),
    ("hold.yml", "hold-in-environment", "shipgate-hold-${{ github.run_id }}"),
    ("hold.yml", "plan", "shipgate-plan-${{ github.run_id }}"),
    ("hold.yml", "waits-for-approval", "shipgate-waits-${{ github.run_id }}"),
    (
        "hold.yml",
        "unhold",
        "shipgate-unhold-${{ inputs.environment || 'production' }}-${{ inputs.working-directory || '.' }}",
    ),
    ("pr-check.yml", "check", "shipgate-check-${{ github.run_id }}"),
    ("pr-check-comment.yml", "check", "shipgate-check-${{ github.run_id }}"),
    ("promote.yml", "plan", "shipgate-plan-${{ github.run_id }}"),
    ("promote.yml", "build", "shipgate-build-${{ github.run_id }}"),
    ("promote.yml", "plan-built", "shipgate-plan-${{ github.run_id }}"),
    ("promote.yml", "waits-for-approval", "shipgate-waits-${{ github.run_id }}"),
    (
        "promote.yml",
        "promote",
        "shipgate-${{ inputs.environment || 'production' }}-${{ inputs.working-directory || '.' }}",
    ),
    (
        "promote.yml",
        "promote-built",
        "shipgate-${{ inputs.environment || 'production' }}-${{ inputs.working-directory || '.' }}",
    ),
    (
        "rollback.yml",
        "rollback",
        "shipgate-rollback-${{ inputs.environment || 'production' }}-${{ inputs.working-directory || '.' }}",
    ),
    (
        "rollback.yml",
        "rollback-in-environment",
        "shipgate-rollback-${{ inputs.environment || 'production' }}-${{ inputs.working-directory || '.' }}",
    ),
    ("rollback.yml", "plan", "shipgate-plan-${{ github.run_id }}"),
    ("rollback.yml", "waits-for-approval", "shipgate-waits-${{ github.run_id }}"),
    (
        "rollback.yml",
        "restore",
        "shipgate-restore-${{ inputs.environment || 'production' }}-${{ inputs.working-directory || '.' }}",
    ),
];

pub fn workflow(name: &str) -> Workflow {
    Workflow::read(&format!(".github/workflows/{name}"))
}

pub fn keys(object: &Value) -> BTreeSet<&str> {
    entries(object).into_iter().map(|(key, _)| key).collect()
}

pub fn steps(job: &Value) -> &[Value] {
    job["steps"].as_array().unwrap()
}

/// The steps that use shipgate's action.
pub fn our_steps(job: &Value) -> Vec<&Value> {
    steps(job).iter().filter(|step| step["uses"] == "$/action").collect()
}

/// The one step that uses shipgate's action.
#[track_caller]
pub fn our_step(job: &Value) -> &Value {
    let [step] = our_steps(job)[..] else { panic!("not one step uses the action: {job:#}") };
    step
}

#[test]
fn these_workflows_are_for_others() {
    let called: Vec<_> = Workflow::called().into_iter().map(|workflow| workflow.path).collect();
    let names = ["approve", "deploy-stage", "hold", "pr-check", "pr-check-comment", "promote", "rollback"];
    let mut expected = names.map(|name| format!(".github/workflows/{name}.yml"));
    expected.sort();
    assert_eq!(called, expected);
}

#[test]
fn a_whole_workflow_is_granted_nothing_and_each_job_something() {
    for workflow in Workflow::ours().iter().chain(&Workflow::examples()) {
        assert_eq!(workflow.yaml["permissions"], json!({}), "{}", workflow.path);
        for (name, job) in workflow.jobs() {
            let needs_none = job["steps"].is_array() && steps(job).iter().all(|step| step["uses"].is_null());
            assert_eq!(entries(&job["permissions"]).is_empty(), needs_none, "{}: {name}", workflow.path);
        }
    }
}

#[test]
fn each_job_asks_for_what_it_needs_and_no_more() {
    let checking = json!({ "contents": "read", "id-token": "write", "statuses": "write" });
    let deploying = json!({ "contents": "read", "id-token": "write", "statuses": "write", "checks": "read" });
    let planning = json!({
        "contents": "read", "id-token": "write", "pull-requests": "read", "statuses": "read", "checks": "read",
        "actions": "read"
    });
    let promoting = json!({
        "contents": "read", "id-token": "write", "statuses": "write", "checks": "read", "actions": "read"
    });
    let commenting = json!({ "contents": "read", "id-token": "write", "statuses": "write", "pull-requests": "write" });
    let returning = json!({ "contents": "read", "id-token": "write", "statuses": "write", "pull-requests": "read" });
    let naming = json!({
        "contents": "read", "id-token": "write", "statuses": "write", "pull-requests": "read", "actions": "read"
    });
    let unholding = json!({ "contents": "read", "id-token": "write", "actions": "read" });
    let holding = json!({ "contents": "read", "id-token": "write" });
    let approving = json!({ "contents": "read", "actions": "read" });
    let carrying_out = json!({
        "contents": "read", "id-token": "write", "statuses": "write", "checks": "read", "pull-requests": "read",
        "actions": "read"
    });
    let planning_back = json!({ "contents": "read", "id-token": "write", "pull-requests": "read", "actions": "read" });
    let nothing = json!({});
    let expected = [
        ("approve.yml", "approve", &approving),
        ("approve.yml", "carry-out", &carrying_out),
        ("deploy-stage.yml", "deploy", &deploying),
        ("deploy-stage.yml", "build", &json!({ "contents": "read" })),
        ("deploy-stage.yml", "deploy-built", &deploying),
        ("hold.yml", "refuse", &nothing),
        ("hold.yml", "hold", &holding),
        ("hold.yml", "hold-in-environment", &holding),
        ("hold.yml", "plan", &unholding),
        ("hold.yml", "waits-for-approval", &nothing),
        ("hold.yml", "unhold", &unholding),
        ("pr-check.yml", "check", &checking),
        ("pr-check-comment.yml", "check", &commenting),
        ("promote.yml", "plan", &planning),
        ("promote.yml", "build", &json!({ "contents": "read" })),
        ("promote.yml", "plan-built", &planning),
        ("promote.yml", "waits-for-approval", &nothing),
        ("promote.yml", "promote", &promoting),
        ("promote.yml", "promote-built", &promoting),
        ("rollback.yml", "rollback", &returning),
        ("rollback.yml", "rollback-in-environment", &returning),
        ("rollback.yml", "plan", &planning_back),
        ("rollback.yml", "waits-for-approval", &nothing),
        ("rollback.yml", "restore", &naming),
        ("ci.yml", "lint", &json!({ "contents": "read" })),
        ("ci.yml", "test", &json!({ "contents": "read" })),
        ("ci.yml", "cloud", &json!({ "contents": "read" })),
        ("ci.yml", "msrv", &json!({ "contents": "read" })),
        ("ci.yml", "deny", &json!({ "contents": "read" })),
        ("ci.yml", "docs", &json!({ "contents": "read" })),
        ("ci.yml", "selftest", &json!({ "contents": "read" })),
        ("ci.yml", "all-green", &nothing),
        ("docs.yml", "build", &json!({ "contents": "read" })),
        ("docs.yml", "publish", &json!({ "pages": "write", "id-token": "write" })),
        ("release.yml", "plan", &json!({ "contents": "read" })),
        ("release.yml", "build", &json!({ "contents": "read" })),
        ("release.yml", "tag", &json!({ "contents": "write" })),
        ("release.yml", "attest", &json!({ "contents": "read", "id-token": "write", "attestations": "write" })),
        ("release.yml", "publish", &json!({ "contents": "write" })),
    ];
    for (file, job, permissions) in &expected {
        assert_eq!(&workflow(file).yaml["jobs"][job]["permissions"], *permissions, "{file}: {job}");
    }
    let jobs: usize = Workflow::ours().iter().map(|workflow| workflow.jobs().len()).sum();
    assert_eq!(jobs, expected.len(), "every job is in the list above");
}

/// What a component may wait for in the worst case: a deployment of somebody else's, the pre-deploy command, its rollout,
/// the way back. And an hour for everything else.
#[test]
fn a_job_that_changes_an_environment_outlives_every_wait_of_a_component() {
    let schema = include_str!("../../schema/shipgate.schema.json");
    let (_, rest) = schema.split_once("a pre-deploy task may take").unwrap();
    let (_, default) = rest.split_once("Default: `").unwrap();
    let timeout: u64 = default.split_once("m`").unwrap().0.parse().unwrap();
    let minutes = 4 * timeout + 60;
    for (file, jobs) in [
        ("approve.yml", &["carry-out"][..]),
        ("deploy-stage.yml", &["deploy", "deploy-built"]),
        ("promote.yml", &["promote", "promote-built"]),
        ("rollback.yml", &["rollback", "rollback-in-environment", "restore"]),
    ] {
        let yaml = workflow(file).yaml;
        assert_eq!(yaml["on"]["workflow_call"]["inputs"]["timeout-minutes"]["default"], minutes, "{file}");
        for job in jobs {
            let expected = format!("${{{{ inputs.timeout-minutes || {minutes} }}}}");
            assert_eq!(yaml["jobs"][job]["timeout-minutes"], expected, "{file}: {job}");
        }
    }
}

#[test]
fn every_job_ends_some_time_and_waits_where_it_should() {
    for workflow in Workflow::ours() {
        for (name, job) in workflow.jobs() {
            assert!(!job["timeout-minutes"].is_null(), "{}: {name}", workflow.path);
            let concurrency =
                if job["concurrency"].is_null() { &workflow.yaml["concurrency"] } else { &job["concurrency"] };
            assert!(concurrency["group"].is_string(), "{}: {name}", workflow.path);
        }
    }
    for (file, job, group) in GROUPS {
        // None of them is ever cancelled for another one: neither when it runs nor when it waits.
        let expected = json!({ "group": group, "queue": "max", "cancel-in-progress": false });
        assert_eq!(workflow(file).yaml["jobs"][job]["concurrency"], expected, "{file}: {job}");
    }
    let jobs: usize = Workflow::called().iter().map(|workflow| workflow.jobs().len()).sum();
    assert_eq!(jobs, GROUPS.len(), "every job of a called workflow has its group in the list");
}

/// The text after `uses:`, with its comment.
fn used_with_comments(text: &str) -> Vec<&str> {
    text.lines().filter_map(|line| line.trim_start().trim_start_matches("- ").strip_prefix("uses: ")).collect()
}

#[test]
fn what_is_used_is_pinned_or_ours() {
    let mut commits = BTreeMap::new();
    for workflow in Workflow::ours() {
        let used = used_with_comments(&workflow.text);
        assert_eq!(used.len(), workflow.uses().len(), "{}: each on a line of its own", workflow.path);
        for uses in used {
            // The runner refuses `$/` alone: there has to be a path.
            if let Some(path) = uses.strip_prefix("$/") {
                assert!(!path.is_empty() && own(path).join("action.yml").is_file(), "{}: {uses}", workflow.path);
                continue;
            }
            // The action at the root, as users name it.
            if uses.starts_with("./ #") && own("action.yml").is_file() {
                continue;
            }
            let (name, rest) = uses.split_once('@').unwrap_or_else(|| panic!("{}: {uses}", workflow.path));
            let (commit, version) = rest.split_once(" # v").unwrap_or_else(|| panic!("{}: {uses}", workflow.path));
            assert!(commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit()), "{uses}");
            let pin = (commit.to_owned(), version.to_owned());
            assert_eq!(commits.entry(name.to_owned()).or_insert_with(|| pin.clone()), &pin, "{name} has two pins");
        }
    }
    assert!(!commits.is_empty());
}

#[test]
fn checkouts_have_all_commits_and_leave_no_token_behind() {
    for workflow in Workflow::ours() {
        for step in workflow.steps() {
            if step["uses"].as_str().is_some_and(|uses| uses.starts_with("actions/checkout@")) {
                assert_eq!(step["with"]["persist-credentials"], false, "{}: {step}", workflow.path);
            }
        }
    }
    for workflow in Workflow::called() {
        for (name, job) in workflow.jobs() {
            let checkouts = steps(job).iter().filter(|step| step["with"]["fetch-depth"] == 0).count();
            assert_eq!(checkouts, usize::from(!our_steps(job).is_empty()), "{}: {name}", workflow.path);
        }
    }
}

#[test]
fn nothing_is_written_into_a_script_beforehand() {
    let mut scripts = 0;
    for workflow in Workflow::ours().iter().chain(&Workflow::examples()) {
        for run in workflow.steps().into_iter().filter_map(|step| step["run"].as_str()) {
            assert!(!run.contains("${{"), "{}: {run}", workflow.path);
            scripts += 1;
        }
    }
    assert!(scripts > 0);
}

#[test]
fn a_called_workflow_does_nothing_in_its_own_repository() {
    for workflow in Workflow::called() {
        let on = &workflow.yaml["on"];
        for (name, job) in workflow.jobs() {
            // Others are skipped with the job that they need.
            if job["needs"].is_null() && keys(on).len() > 1 {
                let condition = job["if"].as_str().unwrap_or_default();
                let is_one_of_several = condition.starts_with(&format!("({ONLY_WHERE_CALLED}) && "));
                assert!(condition == ONLY_WHERE_CALLED || is_one_of_several, "{}: {name}", workflow.path);
            }
        }
        // It is not passed on from a place where it may be empty, which would make a green run that did nothing.
        let expected = if keys(on).len() > 1 { json!(true) } else { Value::Null };
        assert_eq!(on["workflow_call"]["inputs"]["called"]["default"], expected, "{}", workflow.path);
        assert!(on["workflow_dispatch"]["inputs"]["called"].is_null(), "{}", workflow.path);
    }
}

#[test]
fn the_steps_say_what_the_action_understands() {
    let action = Workflow::read("action.yml");
    let inputs = keys(&action.yaml["inputs"]);
    let mut commands = Vec::new();
    for workflow in Workflow::called() {
        for (name, job) in workflow.jobs() {
            for step in our_steps(job) {
                let given = keys(&step["with"]);
                assert!(given.is_subset(&inputs), "{}: {name}: {given:?}", workflow.path);
                assert!(step["env"]["SHIPGATE_VARS"].is_string(), "{}: {name}", workflow.path);
                let file = workflow.path.rsplit('/').next().unwrap();
                commands.push(format!("{file} {name}: {}", step["with"]["command"].as_str().unwrap()));
            }
        }
    }
    let expected = [
        "approve.yml approve: approve",
        "approve.yml carry-out: promote",
        "approve.yml carry-out: rollback",
        "approve.yml carry-out: unhold",
        "deploy-stage.yml deploy: plan deploy",
        "deploy-stage.yml deploy: deploy",
        "deploy-stage.yml build: build",
        "deploy-stage.yml deploy-built: deploy",
        "hold.yml hold: hold",
        "hold.yml hold-in-environment: hold",
        "hold.yml plan: plan unhold",
        "hold.yml unhold: unhold",
        "pr-check-comment.yml check: check",
        "pr-check.yml check: check",
        "promote.yml plan: plan promote",
        "promote.yml build: build",
        "promote.yml plan-built: plan promote",
        "promote.yml promote: promote",
        "promote.yml promote-built: promote",
        "rollback.yml rollback: rollback",
        "rollback.yml rollback-in-environment: rollback",
        "rollback.yml plan: plan rollback",
        "rollback.yml restore: rollback",
    ];
    assert_eq!(commands, expected);
}

#[test]
fn every_input_of_a_called_workflow_is_used_and_none_that_it_does_not_have() {
    for workflow in Workflow::called() {
        let (_, jobs) = workflow.text.split_once("\njobs:\n").unwrap();
        let used: BTreeSet<_> = jobs
            .split("inputs.")
            .skip(1)
            .map(|rest| rest.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-').next().unwrap())
            .collect();
        let declared: BTreeSet<_> = workflow.inputs().into_iter().map(|(name, _)| name).collect();
        assert_eq!(used, declared, "{}", workflow.path);
    }
}

/// Insists that the first step of a job ends it where one of these outputs of another job did not arrive: something else
/// than what was planned would be done.
#[track_caller]
fn insists_on(job: &Value, planner: &str, outputs: &[&str]) {
    let first = &job["steps"][0];
    for output in outputs {
        let absent = format!("needs.{planner}.outputs.{output} == ''");
        assert!(first["if"].as_str().unwrap().contains(&absent), "{absent}: {first:#}");
    }
    assert!(first["run"].as_str().unwrap().ends_with("exit 2\n"));
}

#[test]
fn exactly_what_was_planned_is_carried_out() {
    for (file, changing) in [("promote.yml", "promote"), ("rollback.yml", "restore")] {
        let workflow = workflow(file);
        let (plan, change) = (&workflow.yaml["jobs"]["plan"], &workflow.yaml["jobs"][changing]);
        assert!(plan["environment"].is_null(), "people look at the plan before they let it through");
        assert_eq!(plan["outputs"]["release"], "${{ steps.plan.outputs.sha }}");
        assert_eq!(plan["outputs"]["plan-digest"], "${{ steps.plan.outputs.plan-digest }}");
        assert_eq!(plan["outputs"]["plan"], "${{ steps.plan.outputs.plan }}");
        assert_eq!(plan["outputs"]["variables"], our_step(plan)["env"]["SHIPGATE_VARS"]);
        assert_eq!(change["needs"], "plan");
        let step = our_step(change);
        assert_eq!(step["with"]["release"], "${{ needs.plan.outputs.release }}");
        assert_eq!(step["with"]["expect-plan"], "${{ needs.plan.outputs.plan-digest }}");
        assert_eq!(step["env"]["SHIPGATE_VARS"], "${{ needs.plan.outputs.variables }}");
        assert_eq!(step["env"]["SHIPGATE_PLAN"], "${{ needs.plan.outputs.plan }}");
        let planned = &our_step(plan)["with"];
        assert_eq!(planned["command"], format!("plan {}", step["with"]["command"].as_str().unwrap()), "{file}");
        for input in ["environment", "component", "config", "working-directory", "override"] {
            assert_eq!(step["with"][input], planned[input], "{file}: {input}");
        }
        insists_on(change, "plan", &["release", "plan-digest", "variables"]);
    }
}

/// What people approve is named by the person who does: run and digest. All else comes from the plan of that digest.
#[test]
fn exactly_what_was_approved_is_carried_out() {
    let workflow = workflow("approve.yml");
    let (approve, change) = (&workflow.yaml["jobs"]["approve"], &workflow.yaml["jobs"]["carry-out"]);
    assert_eq!(workflow.yaml["run-name"], "approve ${{ inputs.run }} ${{ inputs.plan }}");
    let expected = json!({
        "complete": "${{ steps.approve.outputs.complete }}",
        "command": "${{ steps.approve.outputs.planned-command }}",
        "environment": "${{ steps.approve.outputs.planned-environment }}",
        "component": "${{ steps.approve.outputs.planned-component }}",
        "override": "${{ steps.approve.outputs.planned-override }}",
        "reason": "${{ steps.approve.outputs.planned-reason }}",
        "release": "${{ steps.approve.outputs.sha }}",
        "plan-digest": "${{ steps.approve.outputs.plan-digest }}",
        "plan": "${{ steps.approve.outputs.plan }}",
    });
    assert_eq!(approve["outputs"], expected);
    let asked = our_step(approve);
    let given = [("plan-run", "${{ inputs.run }}"), ("expect-plan", "${{ inputs.plan }}")];
    for (input, value) in given {
        assert_eq!(asked["with"][input], value);
    }
    assert_eq!(
        (&change["needs"], &change["if"]),
        (&json!("approve"), &json!("needs.approve.outputs.complete == 'true'"))
    );
    for step in our_steps(change) {
        let command = step["with"]["command"].as_str().unwrap();
        assert_eq!(step["if"], format!("needs.approve.outputs.command == '{command}'"));
        assert_eq!(step["with"]["plan-run"], "${{ inputs.run }}", "{command}");
        for input in ["config", "working-directory", "github-token"] {
            assert_eq!(step["with"][input], asked["with"][input], "{command}: {input}");
        }
        assert_eq!(step["env"]["SHIPGATE_VARS"], asked["env"]["SHIPGATE_VARS"], "{command}");
        assert_eq!(step["env"]["SHIPGATE_PLAN"], "${{ needs.approve.outputs.plan }}", "{command}");
        // What a plan of holds has instead of a release: `offline_workflows_unhold.rs`.
        let what = if command == "unhold" { "reason" } else { "release" };
        let planned =
            [("environment", "environment"), (what, what), ("expect-plan", "plan-digest"), ("component", "component")];
        for (input, output) in planned {
            assert_eq!(step["with"][input], format!("${{{{ needs.approve.outputs.{output} }}}}"), "{command}: {input}");
        }
        let overrides = &step["with"]["override"];
        let is_right = if command == "promote" {
            *overrides == "${{ needs.approve.outputs.override }}"
        } else {
            overrides.is_null()
        };
        assert!(is_right, "{command}: {overrides}");
    }
    insists_on(change, "approve", &["environment", "release", "plan-digest"]);
    let known = "(needs.approve.outputs.command != 'promote' && needs.approve.outputs.command != 'rollback' && \
                 needs.approve.outputs.command != 'unhold') ||";
    assert!(change["steps"][0]["if"].as_str().unwrap().starts_with(known));
}

/// The document of a plan goes from the run that planned to the runs that approve.
#[test]
fn the_plan_that_is_kept_is_the_one_that_is_approved() {
    let approve = workflow("approve.yml").yaml["jobs"]["approve"].clone();
    let fetched = steps(&approve).iter().find(|step| step["name"] == "Fetch the plan").unwrap();
    let [file, directory] =
        ["/shipgate-plan/shipgate-plan.json", "/shipgate-plan"].map(|path| format!("${{{{ runner.temp }}}}{path}"));
    assert_eq!(our_step(&approve)["with"]["plan-document"], file);
    assert_eq!(fetched["with"]["path"], directory);
    for file in ["promote.yml", "rollback.yml", "hold.yml"] {
        let plan = workflow(file).yaml["jobs"]["plan"].clone();
        let is_for_a_second_person = |step: &&Value| step["if"] == "steps.plan.outputs.approval == 'second-person'";
        let kept: Vec<&Value> = steps(&plan).iter().filter(is_for_a_second_person).collect();
        let [written, kept] = kept[..] else { panic!("{file}: {kept:#?}") };
        assert_eq!(written["env"]["PLAN"], plan["outputs"]["plan"], "{file}");
        let run = written["run"].as_str().unwrap();
        assert!(run.ends_with("printf '%s' \"$PLAN\" >\"$RUNNER_TEMP/shipgate-plan.json\"\n"), "{file}: {run}");
        assert!(run.contains("if [[ -z $PLAN ]]; then") && run.contains("exit 3"), "{file}: {run}");
        assert_eq!(kept["with"]["path"], "${{ runner.temp }}/shipgate-plan.json", "{file}");
        assert_eq!(kept["with"]["name"], fetched["with"]["name"], "{file}");
        // An approval counts for 168 hours at most.
        assert_eq!(kept["with"]["retention-days"], 8, "{file}");
        let announced = &workflow(file).yaml["jobs"]["waits-for-approval"];
        assert!(announced["steps"][0]["run"].as_str().unwrap().contains("/actions/workflows/approve.yml"), "{file}");
    }
}

#[test]
fn what_is_refused_already_is_not_put_before_people() {
    let nothing = "steps.plan.outputs.sha == '' || steps.plan.outputs.plan-digest == ''";
    let refused = "steps.plan.outputs.refused-by != ''";
    for (file, condition) in [("promote.yml", nothing), ("promote.yml", refused), ("rollback.yml", refused)] {
        let plan = workflow(file).yaml["jobs"]["plan"].clone();
        let steps = plan["steps"].as_array().unwrap();
        let step = steps.iter().find(|step| step["if"] == condition).unwrap_or_else(|| panic!("{condition}: {plan:#}"));
        assert!(step["run"].as_str().unwrap().ends_with("exit 3\n"), "{step:#}");
    }
}

#[test]
fn the_check_with_a_comment_is_the_check() {
    let plain = workflow("pr-check.yml");
    let mut with_comment = workflow("pr-check-comment.yml").yaml["jobs"]["check"].clone();
    let mut plain = plain.yaml["jobs"]["check"].clone();
    plain.as_object_mut().unwrap().remove("if");
    with_comment["permissions"].as_object_mut().unwrap().remove("pull-requests");
    let arguments = with_comment["steps"][1]["with"]["extra-args"].take();
    assert_eq!(arguments, "--comment\n${{ inputs.extra-args }}\n");
    with_comment["steps"][1]["with"]["extra-args"] = plain["steps"][1]["with"]["extra-args"].clone();
    assert_eq!(with_comment, plain);
}

/// The runner refuses `$/` alone, so the action is there a second time, where `$/action` finds it.
#[test]
fn the_action_beside_its_scripts_is_the_one_at_the_root() {
    let header = "# Written from ../action.yml by `SHIPGATE_UPDATE_ACTION=1 cargo test offline_workflows`: the same action, \
                  where `$/action`\n# finds it. The runner does not take `$/` alone, which would be the root of the \
                  repository.\n";
    let root = Workflow::read("action.yml").text;
    let script = "\"$GITHUB_ACTION_PATH/action/main.sh\"";
    assert_eq!(root.matches("GITHUB_ACTION_PATH").count(), root.matches(script).count());
    let expected = header.to_owned() + &root.replace(script, "\"$GITHUB_ACTION_PATH/main.sh\"");
    assert_ne!(expected, header.to_owned() + &root);
    #[expect(clippy::disallowed_methods, reason = "whoever runs the test says so")]
    if std::env::var_os("SHIPGATE_UPDATE_ACTION").is_some() {
        std::fs::write(own("action/action.yml"), &expected).unwrap();
    }
    assert_eq!(Workflow::read("action/action.yml").text, expected, "set SHIPGATE_UPDATE_ACTION=1 to write it anew");
}
