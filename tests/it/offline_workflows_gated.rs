//! What the gated workflows promise: they may have production's role, so what they run is for these files alone to say.

use serde_json::{Value, json};

use crate::offline_workflows::{action_of, keys, our_step, steps, workflow};
use crate::runner::expression::{Scope, Status};
use crate::workflows::entries;

/// The workflows that may have the role of an environment that is promoted to.
const GATED: [&str; 3] = ["hold.yml", "promote.yml", "rollback.yml"];

/// What their callers can say: data, and never a program, a runner or an argument of another name.
const SAID_BY_CALLERS: [&str; 12] = [
    "automatic-deployment",
    "called",
    "command",
    "component",
    "config",
    "environment",
    "in-environment",
    "override",
    "reason",
    "release",
    "timeout-minutes",
    "working-directory",
];

/// The jobs of a called workflow that start with given inputs, with the defaults for all others.
fn started(file: &str, given: &Value) -> Vec<String> {
    let workflow = workflow(file);
    let mut inputs = serde_json::Map::new();
    for (name, input) in workflow.inputs() {
        inputs.insert(name.to_owned(), given.get(name).unwrap_or(&input["default"]).clone());
    }
    let contexts = json!({ "inputs": inputs, "vars": {} });
    let scope = Scope { contexts: contexts.as_object().unwrap().clone(), status: Status::Success };
    let jobs = workflow.jobs().into_iter().filter(|(_, job)| scope.allows(job.get("if")));
    jobs.map(|(name, _)| name.to_owned()).collect()
}

/// Whoever may call one has its role, so what it runs is for these files alone to say.
#[test]
fn a_gated_workflow_runs_nothing_of_the_callers_choice() {
    for file in GATED {
        let workflow = workflow(file);
        // No `env`, `defaults`, `container` or `strategy`, of the workflow or of a job.
        assert!(keys(&workflow.yaml).is_subset(&["name", "on", "permissions", "jobs"].into()), "{file}");
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
            for step in steps(job) {
                runs_nothing_else(step).unwrap_or_else(|why| panic!("{file}: {name}: {why}: {step:#}"));
            }
        }
    }
}

/// Whether a step is ours, as it stands here.
fn runs_nothing_else(step: &Value) -> Result<(), &'static str> {
    let text = |key: &str| step[key].as_str().unwrap_or_default();
    let ours = ["command", "environment", "release", "expect-plan", "override", "reason", "component", "config"];
    let ours = ours.into_iter().chain(["working-directory", "github-token"]).collect();
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
        return insist(keys(&step["env"]).is_subset(&["SHIPGATE_VARS", "SHIPGATE_PLAN"].into()), "a variable");
    }
    // `what_is_used_is_pinned_or_ours` sees to the commit. A checkout of another ref or repository would be another code.
    insist(text("uses").starts_with("actions/") && step["env"].is_null(), "an action of somebody else")?;
    insist(!step["with"].to_string().contains("${{"), "an expression for an action")?;
    insist(step["with"]["ref"].is_null() && step["with"]["repository"].is_null(), "a checkout of something else")
}

#[test]
fn whatever_is_somebodys_choice_is_found() {
    for step in [
        json!({ "uses": "$/action", "with": { "command": "rollback", "binary-path": "x" } }),
        json!({ "uses": "$/action", "with": { "command": "rollback", "extra-args": "-v" } }),
        json!({ "uses": "$/action", "with": { "command": "${{ inputs.command }}" } }),
        json!({ "uses": "$/action", "with": { "command": "hold" }, "env": { "SHIPGATE_RELEASE_URL": "x" } }),
        json!({ "uses": "./action", "with": { "command": "hold" } }),
        json!({ "uses": "other/action@v1" }),
        json!({ "uses": "actions/checkout@v7", "with": { "ref": "main" } }),
        json!({ "uses": "actions/checkout@v7", "with": { "fetch-depth": "${{ inputs.depth }}" } }),
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
    // What takes nothing forward and nothing off is for one person alone.
    let alone = [("hold.yml", "hold"), ("hold.yml", "refuse"), ("promote.yml", "plan"), ("rollback.yml", "rollback")];
    for file in GATED {
        let workflow = workflow(file);
        assert_eq!(workflow.yaml["on"]["workflow_call"]["inputs"]["automatic-deployment"]["default"], false, "{file}");
        for (name, job) in workflow.jobs() {
            let expected = if alone.contains(&(file, name)) { &Value::Null } else { &environment };
            assert_eq!(&job["environment"], expected, "{file}: {name}");
            if let Some(step) = action_of(job) {
                assert_eq!(step["with"]["environment"], environment["name"], "{file}: {name}");
            }
        }
    }
}

#[test]
fn a_rollback_to_what_served_before_is_in_no_environment_and_names_no_release() {
    for (given, job) in [
        (json!({}), "rollback"),
        (json!({ "release": "v1" }), "restore"),
        (json!({ "release": " " }), "restore"),
        (json!({ "in-environment": true }), "restore"),
        (json!({ "release": "v1", "in-environment": true }), "restore"),
    ] {
        assert_eq!(started("rollback.yml", &given), [job], "{given}");
    }
    assert_eq!(started("rollback.yml", &json!({ "called": false })), [""; 0]);
    let workflow = workflow("rollback.yml");
    let (mut rollback, mut restore) =
        (workflow.yaml["jobs"]["rollback"].clone(), workflow.yaml["jobs"]["restore"].clone());
    assert!(our_step(&rollback)["with"]["release"].is_null());
    assert_eq!(
        restore["steps"][1]["with"].as_object_mut().unwrap().remove("release").unwrap(),
        "${{ inputs.release }}"
    );
    for key in ["name", "if", "concurrency", "environment", "permissions"] {
        for job in [&mut rollback, &mut restore] {
            job.as_object_mut().unwrap().remove(key);
        }
    }
    assert_eq!(rollback, restore, "the same otherwise");
    let outputs = &workflow.yaml["on"]["workflow_call"]["outputs"];
    for (name, output) in entries(outputs) {
        let expected = format!("${{{{ jobs.rollback.outputs.{name} || jobs.restore.outputs.{name} }}}}");
        assert_eq!(output["value"], expected.as_str(), "of whichever ran");
    }
}

#[test]
fn a_hold_asks_nobody_and_any_other_word_is_an_error() {
    for (command, environment, job) in [
        ("hold", false, "hold"),
        ("hold", true, "hold-in-environment"),
        ("unhold", false, "unhold"),
        ("unhold", true, "unhold"),
        ("", false, "refuse"),
        ("hold ", true, "refuse"),
        ("rollback", false, "refuse"),
    ] {
        let given = json!({ "command": command, "in-environment": environment, "reason": "why" });
        assert_eq!(started("hold.yml", &given), [job], "{given}");
    }
    let workflow = workflow("hold.yml");
    for (job, command) in [("hold", "hold"), ("hold-in-environment", "hold"), ("unhold", "unhold")] {
        assert_eq!(our_step(&workflow.yaml["jobs"][job])["with"]["command"], command, "{job}");
    }
    assert!(workflow.yaml["jobs"]["refuse"]["steps"][0]["run"].as_str().unwrap().ends_with("exit 2\n"));
}
