//! What the gated workflows promise: they may have production's role, so what they run is for these files alone to say.

use serde_json::{Value, json};

use crate::offline_workflows::{keys, our_step, our_steps, steps, workflow};
use crate::runner::expression::{Scope, Status};
use crate::workflows::entries;

/// The workflows that may have the role of an environment that is promoted to.
const GATED: [&str; 4] = ["approve.yml", "hold.yml", "promote.yml", "rollback.yml"];

/// What their callers can say: data, and never a program, a runner or an argument of another name.
const SAID_BY_CALLERS: [&str; 14] = [
    "automatic-deployment",
    "called",
    "command",
    "component",
    "config",
    "environment",
    "in-environment",
    "override",
    "plan",
    "reason",
    "release",
    "run",
    "timeout-minutes",
    "working-directory",
];

/// The name of the job by which a run says what it planned. `src/domain/gate/tests/workflows.rs` holds that it is believed.
const ANNOUNCEMENT: &str = "plan ${{ needs.plan.outputs.plan-digest }} for ${{ inputs.environment || 'production' }}";

/// What GitHub's own actions are given: an action, an input and its value. Anything else in them has no expression.
const GIVEN_TO_ACTIONS: [(&str, &str, &str); 9] = [
    ("actions/download-artifact", "name", "${{ needs.build.outputs.artifact }}"),
    ("actions/download-artifact", "path", "${{ runner.temp }}/shipgate-bundles"),
    ("actions/upload-artifact", "path", "${{ runner.temp }}/shipgate-plan.json"),
    ("actions/upload-artifact", "path", "${{ runner.temp }}/shipgate-screenshots/*.png"),
    ("actions/upload-artifact", "name", "${{ steps.promote.outputs.screenshots }}"),
    ("actions/upload-artifact", "name", "${{ steps.rollback.outputs.screenshots }}"),
    ("actions/download-artifact", "path", "${{ runner.temp }}/shipgate-plan"),
    ("actions/download-artifact", "run-id", "${{ inputs.run }}"),
    ("actions/download-artifact", "github-token", "${{ github.token }}"),
];

/// Where bundles are, that the same run built.
const BUNDLES: &str = "${{ runner.temp }}/shipgate-bundles";

/// The actions of GitHub that a gated workflow uses, and what each may be given.
const ACTIONS: [(&str, &[&str]); 3] = [
    // A checkout of another ref or repository would be another code.
    ("actions/checkout", &["fetch-depth", "persist-credentials"]),
    ("actions/upload-artifact", &["name", "path", "if-no-files-found", "retention-days"]),
    // Of another repository somebody else would write it.
    ("actions/download-artifact", &["name", "path", "run-id", "github-token"]),
];

/// The jobs of a called workflow that start with given inputs, with the defaults for all others. `planned`: the outputs of
/// the job that others need.
fn started(file: &str, given: &Value, planned: &Value) -> Vec<String> {
    let workflow = workflow(file);
    let mut inputs = serde_json::Map::new();
    for (name, input) in workflow.inputs() {
        inputs.insert(name.to_owned(), given.get(name).unwrap_or(&input["default"]).clone());
    }
    let mut contexts = json!({ "inputs": inputs, "vars": {} }).as_object().unwrap().clone();
    let mut started: Vec<String> = Vec::new();
    for (name, job) in workflow.jobs() {
        let needs = &job["needs"];
        let all = needs.as_array().map_or_else(|| std::slice::from_ref(needs), Vec::as_slice);
        let needed: Vec<&str> = all.iter().filter_map(Value::as_str).collect();
        // GitHub skips it with the job that it needs.
        if needed.iter().any(|needed| !started.iter().any(|name| name == needed)) {
            continue;
        }
        if let Some(first) = needed.first() {
            contexts.insert("needs".to_owned(), json!({ *first: { "outputs": planned } }));
        }
        let scope = Scope { contexts: contexts.clone(), status: Status::Success };
        if scope.allows(job.get("if")) {
            started.push(name.to_owned());
        }
    }
    started
}

/// A workflow that may call one has its role, so what it runs is for these files alone to say.
#[test]
fn a_gated_workflow_runs_nothing_of_the_callers_choice() {
    for file in GATED {
        let workflow = workflow(file);
        // No `env`, `defaults`, `container` or `strategy`, of the workflow or of a job.
        assert!(keys(&workflow.yaml).is_subset(&["name", "run-name", "on", "permissions", "jobs"].into()), "{file}");
        assert_eq!(workflow.yaml["run-name"].is_string(), file == "approve.yml", "{file}");
        for trigger in ["workflow_call", "workflow_dispatch"] {
            let inputs = keys(&workflow.yaml["on"][trigger]["inputs"]);
            assert!(inputs.is_subset(&SAID_BY_CALLERS.into()), "{file}: {inputs:?}");
        }
        for (name, job) in workflow.jobs() {
            let known =
                ["name", "needs", "if", "runs-on", "timeout-minutes", "permissions", "environment", "concurrency"];
            let known = known.into_iter().chain(["outputs", "steps"]).collect();
            assert!(keys(job).is_subset(&known), "{file}: {name}: {:?}", keys(job));
            assert_eq!(job["runs-on"], "ubuntu-24.04", "{file}: {name}");
            // The name of a job is a statement of GitHub, so it is evaluated where it is meant as one, and nowhere else.
            let expected = if name == "waits-for-approval" { ANNOUNCEMENT } else { name };
            assert_eq!(job["name"], expected, "{file}: {name}");
            // It can get no token: `offline_workflows_sites.rs`.
            if name == "build" {
                continue;
            }
            for step in steps(job) {
                runs_nothing_else(step).unwrap_or_else(|why| panic!("{file}: {name}: {why}: {step:#}"));
            }
        }
    }
}

/// Whether a step is one of this repository, as it is written here.
fn runs_nothing_else(step: &Value) -> Result<(), &'static str> {
    let text = |key: &str| step[key].as_str().unwrap_or_default();
    let ours = ["command", "environment", "release", "expect-plan", "override", "reason", "component", "config"];
    let more = ["working-directory", "github-token", "plan-run", "plan-document", "bundles", "bundle-directory"];
    let ours = ours.into_iter().chain(more).collect();
    let built = [("bundles", "${{ needs.build.outputs.bundles }}"), ("bundle-directory", BUNDLES)];
    let insist = |holds: bool, why| if holds { Ok(()) } else { Err(why) };
    insist(
        keys(step).is_subset(&["id", "name", "if", "uses", "with", "env", "run"].into()),
        "a key that is not known",
    )?;
    if step["uses"].is_null() {
        insist(!text("run").contains("${{"), "an expression in a script")?;
        return insist(!step["env"].to_string().contains("inputs."), "an input in a script's variables");
    }
    if text("uses") == "$/action" {
        insist(keys(&step["with"]).is_subset(&ours), "an input of the action that is not typed")?;
        insist(!step["with"]["command"].as_str().unwrap().contains("${{"), "a command by an expression")?;
        let is_built = |(input, value): &(&str, &str)| step["with"][input].is_null() || step["with"][input] == *value;
        insist(built.iter().all(is_built), "bundles of another run")?;
        return insist(keys(&step["env"]).is_subset(&["SHIPGATE_VARS", "SHIPGATE_PLAN"].into()), "a variable");
    }
    // `what_is_used_is_pinned_or_ours` sees to the commit.
    let (action, _) = text("uses").split_once('@').unwrap_or_default();
    let known = ACTIONS.into_iter().find(|(name, _)| *name == action && step["env"].is_null());
    let (_, inputs) = known.ok_or("an action of another owner")?;
    insist(keys(&step["with"]).is_subset(&inputs.iter().copied().collect()), "an input that makes it another action")?;
    let is_known = |input: &str, value: &Value| {
        let is_given = |(of, name, given): &(&str, &str, &str)| *of == action && *name == input && value == *given;
        !value.to_string().contains("${{") || GIVEN_TO_ACTIONS.iter().any(is_given)
    };
    let inputs = entries(&step["with"]);
    insist(inputs.into_iter().all(|(input, value)| is_known(input, value)), "an expression for an action")
}

#[test]
fn whatever_is_somebodys_choice_is_found() {
    for step in [
        json!({ "uses": "$/action", "with": { "command": "rollback", "binary-path": "x" } }),
        json!({ "uses": "$/action", "with": { "command": "rollback", "extra-args": "-v" } }),
        json!({ "uses": "$/action", "with": { "command": "${{ inputs.command }}" } }),
        json!({ "uses": "$/action", "with": { "command": "promote", "bundles": "${{ inputs.plan }}" } }),
        json!({ "uses": "$/action", "with": { "command": "promote", "bundle-directory": "${{ inputs.config }}" } }),
        json!({ "uses": "actions/download-artifact@v8", "with": { "name": "${{ inputs.plan }}" } }),
        json!({ "uses": "$/action", "with": { "command": "hold" }, "env": { "SHIPGATE_RELEASE_URL": "x" } }),
        json!({ "uses": "./action", "with": { "command": "hold" } }),
        json!({ "uses": "other/action@v1" }),
        json!({ "uses": "actions/checkout@v7", "with": { "ref": "main" } }),
        json!({ "uses": "actions/checkout@v7", "with": { "fetch-depth": "${{ inputs.depth }}" } }),
        json!({ "uses": "actions/github-script@v9", "with": { "script": "x" } }),
        json!({ "uses": "actions/upload-artifact@v7", "with": { "path": "${{ inputs.config }}" } }),
        json!({ "uses": "actions/upload-artifact@v7", "with": { "path": "${{ runner.temp }}/other" } }),
        json!({ "uses": "actions/download-artifact@v8", "with": { "run-id": "${{ inputs.run }}", "repository": "a/b" } }),
        json!({ "uses": "actions/download-artifact@v8", "with": { "run-id": "${{ inputs.plan }}" } }),
        json!({ "uses": "actions/download-artifact@v8", "with": { "path": "${{ github.workspace }}" } }),
        json!({ "run": "echo ${{ github.actor }}" }),
        json!({ "run": "x", "env": { "X": "${{ inputs.reason }}" } }),
        json!({ "run": "x", "shell": "python" }),
        json!({ "run": "x", "working-directory": "x" }),
    ] {
        assert!(runs_nothing_else(&step).is_err(), "{step}");
    }
}

#[test]
fn production_changes_only_behind_its_environment() {
    let environment = json!({
        "name": "${{ inputs.environment || 'production' }}",
        "deployment": "${{ inputs.automatic-deployment || false }}",
    });
    // What takes nothing forward and nothing off is for one person alone. What other people approve is in no environment,
    // which would ask once more.
    let outside = [
        ("approve.yml", "approve"),
        ("approve.yml", "carry-out"),
        ("hold.yml", "hold"),
        ("hold.yml", "refuse"),
        ("hold.yml", "plan"),
        ("hold.yml", "waits-for-approval"),
        ("promote.yml", "plan"),
        ("promote.yml", "build"),
        ("promote.yml", "plan-built"),
        ("promote.yml", "waits-for-approval"),
        ("rollback.yml", "rollback"),
        ("rollback.yml", "plan"),
        ("rollback.yml", "waits-for-approval"),
    ];
    for file in GATED {
        let workflow = workflow(file);
        let has_one = workflow.jobs().into_iter().any(|(_, job)| !job["environment"].is_null());
        let default = if has_one { json!(false) } else { Value::Null };
        assert_eq!(
            workflow.yaml["on"]["workflow_call"]["inputs"]["automatic-deployment"]["default"], default,
            "{file}"
        );
        for (name, job) in workflow.jobs() {
            let expected = if outside.contains(&(file, name)) { &Value::Null } else { &environment };
            assert_eq!(&job["environment"], expected, "{file}: {name}");
            for step in our_steps(job) {
                // Which one is approved, the plan says.
                let named = match (file, name) {
                    ("approve.yml", "approve") => Value::Null,
                    ("approve.yml", _) => json!("${{ needs.approve.outputs.environment }}"),
                    _ => environment["name"].clone(),
                };
                assert_eq!(step["with"]["environment"], named, "{file}: {name}");
            }
        }
    }
}

#[test]
fn a_rollback_to_what_served_before_is_in_no_environment_and_names_no_release() {
    for (given, approval, jobs) in [
        (json!({}), "none", &["rollback"][..]),
        (json!({ "in-environment": true }), "none", &["rollback-in-environment"]),
        (json!({}), "second-person", &["rollback"]),
        (json!({ "release": "v1" }), "none", &["plan", "restore"]),
        (json!({ "release": "v1" }), "required", &["plan", "restore"]),
        (json!({ "release": "v1" }), "second-person", &["plan", "waits-for-approval"]),
        // An output that GitHub drops: the run that carries it out finds no approval.
        (json!({ "release": "v1" }), "", &["plan", "restore"]),
        (json!({ "release": " " }), "none", &["plan", "restore"]),
        (json!({ "release": "v1", "in-environment": true }), "required", &["plan", "restore"]),
        (json!({ "release": "v1", "in-environment": true }), "second-person", &["plan", "waits-for-approval"]),
        (json!({ "called": false }), "none", &[]),
        (json!({ "called": false, "release": "v1" }), "none", &[]),
        (json!({ "called": false, "in-environment": true }), "none", &[]),
    ] {
        assert_eq!(started("rollback.yml", &given, &json!({ "approval": approval })), jobs, "{given} {approval}");
    }
    let workflow = workflow("rollback.yml");
    let mut jobs = ["rollback", "rollback-in-environment"].map(|job| workflow.yaml["jobs"][job].clone());
    for job in &mut jobs {
        let given = keys(&our_step(job)["with"]);
        assert!(given.is_disjoint(&["release", "expect-plan", "plan-run", "override"].into()), "{given:?}");
        for key in ["name", "if", "environment"] {
            job.as_object_mut().unwrap().remove(key);
        }
    }
    assert_eq!(jobs[0], jobs[1], "the same otherwise");
    // Which of them runs is no expression of a caller: each has its environment or none, as it is written.
    assert_eq!(workflow.jobs().iter().filter(|(_, job)| !job["environment"].is_null()).count(), 2);
    let outputs = &workflow.yaml["on"]["workflow_call"]["outputs"];
    for (name, output) in entries(outputs) {
        let of = ["rollback", "rollback-in-environment", "restore"].map(|job| format!("jobs.{job}.outputs.{name}"));
        assert_eq!(output["value"], format!("${{{{ {} }}}}", of.join(" || ")), "of whichever ran");
    }
}

#[test]
fn a_plan_of_a_promotion_is_carried_out_by_the_same_run_or_waits_for_a_second_person() {
    for (given, approval, jobs) in [
        (json!({}), "none", &["plan", "promote"][..]),
        (json!({}), "required", &["plan", "promote"]),
        (json!({ "environment": "staging" }), "second-person", &["plan", "waits-for-approval"]),
        (json!({}), "", &["plan", "promote"]),
        (json!({ "called": false }), "none", &[]),
    ] {
        let planned = json!({ "approval": approval, "builds": "[]" });
        assert_eq!(started("promote.yml", &given, &planned), jobs, "{given} {approval}");
    }
    let built = ["plan", "build", "plan-built", "promote-built"];
    let planned = |approval, builds| json!({ "approval": approval, "builds": builds });
    assert_eq!(started("promote.yml", &json!({}), &planned("required", "[\"site\"]")), built);
    // What GitHub drops is found by the job that builds, which fails.
    assert_eq!(started("promote.yml", &json!({}), &planned("required", "")), built);
    for file in ["promote.yml", "rollback.yml"] {
        let jobs = &workflow(file).yaml["jobs"];
        let condition = "needs.plan.outputs.approval == 'second-person'";
        assert_eq!(jobs["waits-for-approval"]["if"], condition, "{file}");
        let changing = if file == "promote.yml" { "promote" } else { "restore" };
        let nothing_to_build = if file == "promote.yml" { " && needs.plan.outputs.builds == '[]'" } else { "" };
        let changes = format!("{}{nothing_to_build}", condition.replace("==", "!="));
        assert_eq!(jobs[changing]["if"], changes, "{file}");
        assert_eq!(jobs["plan"]["outputs"]["approval"], "${{ steps.plan.outputs.approval }}", "{file}");
        // What is announced is what was planned.
        let scope = |digest: &str, environment: &str| {
            let contexts = json!({
                "needs": { "plan": { "outputs": { "plan-digest": digest } } }, "inputs": { "environment": environment }
            });
            Scope { contexts: contexts.as_object().unwrap().clone(), status: Status::Success }
        };
        let named = |scope: &Scope| scope.text(jobs["waits-for-approval"]["name"].as_str().unwrap());
        assert_eq!(named(&scope("sha256:3c", "staging")), "plan sha256:3c for staging");
        assert_eq!(named(&scope("sha256:3c", "")), "plan sha256:3c for production");
        assert_eq!(ANNOUNCEMENT.split(" for ").nth(1), our_step(&jobs["plan"])["with"]["environment"].as_str());
    }
}

#[test]
fn an_approval_is_carried_out_once_it_is_complete() {
    let given = json!({ "run": "7", "plan": "sha256:3c" });
    for (complete, jobs) in
        [("true", &["approve", "carry-out"][..]), ("false", &["approve"]), ("", &["approve"]), ("yes", &["approve"])]
    {
        assert_eq!(started("approve.yml", &given, &json!({ "complete": complete })), jobs, "{complete:?}");
    }
    assert_eq!(started("approve.yml", &json!({ "called": false }), &json!({ "complete": "true" })), [""; 0]);
    // The run is an approval of the person who starts it: nothing but a click or a call starts one.
    let approve = workflow("approve.yml");
    assert_eq!(keys(&approve.yaml["on"]), ["workflow_call", "workflow_dispatch"].into());
    // Before it is complete, nothing has a token for AWS.
    assert!(approve.yaml["jobs"]["approve"]["permissions"]["id-token"].is_null());
    let outputs = &approve.yaml["on"]["workflow_call"]["outputs"];
    assert_eq!(outputs["complete"]["value"], "${{ jobs.approve.outputs.complete }}");
    for name in ["outcome", "sha", "digest"] {
        assert_eq!(outputs[name]["value"], format!("${{{{ jobs.carry-out.outputs.{name} }}}}"));
        let of = ["promote", "rollback"].map(|step| format!("steps.{step}.outputs.{name}"));
        assert_eq!(approve.yaml["jobs"]["carry-out"]["outputs"][name], format!("${{{{ {} }}}}", of.join(" || ")));
    }
}

#[test]
fn a_hold_asks_nobody_and_any_other_word_is_an_error() {
    for (command, environment, jobs) in [
        ("hold", false, &["hold"][..]),
        ("hold", true, &["hold-in-environment"]),
        ("unhold", false, &["plan", "unhold"]),
        ("unhold", true, &["plan", "unhold"]),
        ("", false, &["refuse"]),
        ("hold ", true, &["refuse"]),
        ("rollback", false, &["refuse"]),
    ] {
        let given = json!({ "command": command, "in-environment": environment, "reason": "why" });
        assert_eq!(started("hold.yml", &given, &json!({ "approval": "none" })), jobs, "{given}");
    }
    let given = json!({ "command": "unhold", "reason": "why" });
    let waits = ["plan", "waits-for-approval"];
    assert_eq!(started("hold.yml", &given, &json!({ "approval": "second-person" })), waits);
    let workflow = workflow("hold.yml");
    for (job, command) in
        [("hold", "hold"), ("hold-in-environment", "hold"), ("plan", "plan unhold"), ("unhold", "unhold")]
    {
        assert_eq!(our_step(&workflow.yaml["jobs"][job])["with"]["command"], command, "{job}");
    }
    assert!(workflow.yaml["jobs"]["refuse"]["steps"][0]["run"].as_str().unwrap().ends_with("exit 2\n"));
}
