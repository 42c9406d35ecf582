//! What is taken off is what people have seen: `hold.yml` with `unhold`, and `approve.yml` after it.

use serde_json::{Value, json};

use crate::offline_workflows::{keys, our_step, steps, workflow};
use crate::runner::expression::{Scope, Status};

/// Whether a condition of a workflow holds.
fn allows(condition: &Value, contexts: &Value) -> bool {
    let scope = Scope { contexts: contexts.as_object().unwrap().clone(), status: Status::Success };
    scope.allows(Some(condition))
}

#[test]
fn exactly_the_holds_that_were_planned_are_taken_off() {
    let workflow = workflow("hold.yml");
    let (plan, unhold) = (&workflow.yaml["jobs"]["plan"], &workflow.yaml["jobs"]["unhold"]);
    assert!(plan["environment"].is_null(), "people look at the plan before they let it through");
    let (planned, carried_out) = (&our_step(plan)["with"], &our_step(unhold)["with"]);
    assert_eq!((&planned["command"], &carried_out["command"]), (&json!("plan unhold"), &json!("unhold")));
    for input in ["environment", "reason", "component", "config", "working-directory", "github-token"] {
        assert_eq!(carried_out[input], planned[input], "{input}");
    }
    for (output, step) in [("plan-digest", "plan-digest"), ("approval", "approval"), ("plan", "plan")] {
        assert_eq!(plan["outputs"][output], format!("${{{{ steps.plan.outputs.{step} }}}}"));
    }
    assert_eq!(plan["outputs"]["variables"], our_step(plan)["env"]["SHIPGATE_VARS"]);
    assert_eq!(carried_out["expect-plan"], "${{ needs.plan.outputs.plan-digest }}");
    assert_eq!(our_step(unhold)["env"]["SHIPGATE_VARS"], "${{ needs.plan.outputs.variables }}");
    assert!(carried_out["plan-run"].is_null(), "GitHub's environment asks");
    // What does not arrive ends the job.
    for (digest, variables, ends) in [("sha256:3c", "{}", false), ("", "{}", true), ("sha256:3c", "", true)] {
        let needs = json!({"needs": {"plan": {"outputs": {"plan-digest": digest, "variables": variables}}}});
        assert_eq!(allows(&unhold["steps"][0]["if"], &needs), ends, "{needs}");
    }
}

#[test]
fn a_plan_waits_for_a_second_person_as_every_other_does() {
    let of = |file: &str, job: &str| workflow(file).yaml["jobs"][job].clone();
    assert_eq!(of("hold.yml", "waits-for-approval"), of("rollback.yml", "waits-for-approval"));
    let kept = |file: &str| steps(&of(file, "plan"))[2..].to_vec();
    assert_eq!(kept("hold.yml"), kept("rollback.yml"));
    for (approval, job) in
        [("", "unhold"), ("none", "unhold"), ("required", "unhold"), ("second-person", "waits-for-approval")]
    {
        let needs = json!({"needs": {"plan": {"outputs": {"approval": approval}}}});
        let started = ["unhold", "waits-for-approval"].map(|job| (job, of("hold.yml", job)["if"].clone()));
        let started: Vec<&str> =
            started.iter().filter(|(_, condition)| allows(condition, &needs)).map(|(job, _)| *job).collect();
        assert_eq!(started, [job], "{approval}");
    }
}

#[test]
fn what_is_approved_of_holds_arrives_whole() {
    let workflow = workflow("approve.yml");
    let (approve, change) = (&workflow.yaml["jobs"]["approve"], &workflow.yaml["jobs"]["carry-out"]);
    assert_eq!(approve["outputs"]["reason"], "${{ steps.approve.outputs.planned-reason }}");
    let step = steps(change).iter().find(|step| step["with"]["command"] == "unhold").unwrap();
    assert_eq!(step["if"], "needs.approve.outputs.command == 'unhold'");
    let given = ["command", "environment", "reason", "expect-plan", "plan-run", "component", "config"];
    let given = given.into_iter().chain(["working-directory", "github-token"]).collect();
    assert_eq!(keys(&step["with"]), given);
    for (input, output) in [
        ("environment", "environment"),
        ("reason", "reason"),
        ("expect-plan", "plan-digest"),
        ("component", "component"),
    ] {
        assert_eq!(step["with"][input], format!("${{{{ needs.approve.outputs.{output} }}}}"));
    }
    assert_eq!(step["with"]["plan-run"], "${{ inputs.run }}");

    let whole = [("environment", "production"), ("plan-digest", "sha256:3c")];
    for (command, more, ends) in [
        ("unhold", vec![("reason", "carts work")], false),
        ("unhold", vec![], true),
        ("unhold", vec![("release", "0f")], true),
        ("unhold", vec![("reason", "carts work"), ("plan-digest", "")], true),
        ("unhold", vec![("reason", "carts work"), ("environment", "")], true),
        ("promote", vec![("release", "0f")], false),
        ("promote", vec![("reason", "carts work")], true),
        ("rollback", vec![("release", "0f")], false),
        ("rollback", vec![], true),
        ("hold", vec![("reason", "carts work"), ("release", "0f")], true),
        ("", vec![("reason", "carts work"), ("release", "0f")], true),
    ] {
        let mut outputs = json!({"command": command, "release": "", "reason": ""});
        for (name, value) in whole.into_iter().chain(more.iter().copied()) {
            outputs[name] = json!(value);
        }
        let needs = json!({"needs": {"approve": {"outputs": outputs}}});
        assert_eq!(allows(&change["steps"][0]["if"], &needs), ends, "{needs}");
    }
}
