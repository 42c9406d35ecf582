//! The runner of these tests itself, and what reaches a program that runs in it.

use serde_json::json;

use crate::harness::Repository;
use crate::offline_action::write_program;
use crate::runner::Runner;
use crate::runner::expression::Status;

const WORKFLOW: &str = "
on:
  workflow_call:
    inputs:
      environment: { type: string, default: stage }
env: { APP: \"${{ github.repository }}\" }
permissions: {}
jobs:
  plan:
    runs-on: ubuntu-24.04
    outputs:
      digest: ${{ steps.plan.outputs.digest }}
      leak: ${{ steps.plan.outputs.leak }}
    steps:
      - uses: actions/checkout@0000000000000000000000000000000000000000 # v0.0.0
        with: { persist-credentials: false }
      - id: plan
        env: { VARS: \"${{ toJSON(vars) }}\" }
        run: |
          echo \"digest=$APP ${VARS//[[:space:]]/}\" >>\"$GITHUB_OUTPUT\"
          echo \"leak=x${{ secrets.KEY }}y\" >>\"$GITHUB_OUTPUT\"
          echo \"LATER=for ${{ inputs.environment }}\" >>\"$GITHUB_ENV\"
          echo \"# Plan\" >>\"$GITHUB_STEP_SUMMARY\"
  promote:
    needs: plan
    if: needs.plan.outputs.digest != ''
    runs-on: ubuntu-24.04
    env: { DIGEST: \"${{ needs.plan.outputs.digest }}\" }
    steps:
      - { id: fails, run: 'echo \"got $DIGEST\"; exit 7' }
      - { id: never, run: exit 0 }
      - { id: always, if: '!cancelled()', run: 'echo \"after ${{ steps.fails.outcome }}, job ${{ github.job }}\"' }
";

fn repository() -> Repository {
    let repository = Repository::bare();
    repository.write("workflow.yml", WORKFLOW);
    repository
}

fn runner(repository: &Repository) -> Runner {
    let runner = Runner::new(repository.path()).workflow_repository("some/shop", repository.path());
    runner.context("vars", json!({ "A": "b" })).context("secrets", json!({ "KEY": "hidden" }))
}

#[test]
fn a_job_hands_its_outputs_to_the_next_but_no_secret() {
    let repository = repository();
    let runner = runner(&repository);
    let plan = runner.job("workflow.yml", "plan").inputs(json!({ "environment": "eu" })).run().expect_success();
    assert_eq!(
        plan.outputs.iter().collect::<Vec<_>>(),
        [(&"digest".to_owned(), &"shop/cloudshop {\"A\":\"b\"}".to_owned())]
    );
    assert_eq!(plan.dropped, ["leak"]);
    assert_eq!(plan.step("plan").summary, "# Plan\n");

    let promote = runner.job("workflow.yml", "promote").needs("plan", &plan).run();
    assert_eq!(promote.result, Some(Status::Failure));
    assert_eq!(promote.step("fails").code, 7);
    assert_eq!(promote.step("never").result, None);
    assert_eq!(promote.log(), "got shop/cloudshop {\"A\":\"b\"}\nafter failure, job promote\n");
}

#[test]
fn a_job_whose_condition_is_not_met_does_not_run() {
    let repository = repository();
    let job = runner(&repository).job("workflow.yml", "promote").needs_outputs("plan", &json!({ "digest": "" }));
    assert_eq!(job.run().result, None);
}

#[test]
fn a_file_of_outputs_that_is_cut_off_fails_the_step() {
    let repository = Repository::bare();
    write_program(
        &repository.path().join("program"),
        "#!/bin/sh\nprintf 'outcome<<END\\ndeployed\\n' >>\"$GITHUB_OUTPUT\"\n",
    );
    let runner = Runner::new(repository.path());
    let ran = runner.action("$/").input("command", "deploy").input("binary-path", "program").run().expect_code(1);
    assert!(ran.annotations("error")[0].contains("Matching delimiter not found 'END'"), "{:?}", ran.commands);
}

/// The runner signals its own child and no other; so the program has to be that child.
#[test]
fn cancelling_reaches_the_program_itself() {
    let repository = Repository::bare();
    let script = "#!/usr/bin/env bash\ntrap 'echo SIGINT came' INT\ntrap 'echo SIGTERM came; exit 130' TERM\n\
                  echo started\nfor _ in {1..300}; do sleep 0.1; done\n";
    write_program(&repository.path().join("program"), script);
    let runner = Runner::new(repository.path());
    let running = runner.action("$/").input("command", "deploy").input("binary-path", "program").start();
    running.until_log("started");
    running.cancel();
    let ran = running.wait().expect_code(130);
    assert_eq!(ran.result, Some(Status::Cancelled));
    assert_eq!(ran.log, "started\nSIGINT came\nSIGTERM came\n");
}

/// The trap that the action avoids: a shell in between keeps the signals for itself.
#[test]
fn a_program_behind_a_shell_would_hear_of_nothing() {
    let repository = Repository::bare();
    let script = "#!/usr/bin/env bash\ntrap 'echo SIGINT came; exit 1' INT\necho started\nfor _ in {1..20}; do sleep 0.1; done\n";
    write_program(&repository.path().join("program"), script);
    repository
        .write("workflow.yml", "jobs: { one: { runs-on: x, steps: [{ shell: bash, run: './program; true' }] } }\n");
    let runner = Runner::new(repository.path()).workflow_repository("some/shop", repository.path());
    let running = runner.job("workflow.yml", "one").start();
    running.until_log("started");
    running.signal("INT");
    assert_eq!(running.wait().log(), "started\n");
}

const TOOL: &str = "
inputs: { name: { default: \"${{ github.actor }}\" } }
outputs: { greeting: { value: \"${{ steps.say.outputs.text }}\" } }
runs:
  using: composite
  steps:
    - id: say
      shell: bash
      env: { NAME: \"${{ inputs.name }}\", FROM: \"${{ github.action_repository }}\" }
      run: echo \"text=$OUTER $NAME from $FROM/$GITHUB_ACTION_REPOSITORY\" | tee -a \"$GITHUB_OUTPUT\"
";

/// The repository of a composite action is known to `env:` and, as on GitHub, not to what its scripts are given.
#[test]
fn an_action_of_another_repository_gets_inputs_and_gives_outputs() {
    let (repository, tools) = (Repository::bare(), Repository::bare());
    tools.write("greet/action.yml", TOOL);
    repository.write(
        "workflow.yml",
        "jobs: { one: { runs-on: x, outputs: { said: '${{ steps.greet.outputs.greeting }}' }, steps: [\
         { uses: docker/setup-buildx-action@v0 },\
         { id: greet, uses: some/tools/greet@v1, with: { name: you }, env: { OUTER: hello } } ] } }\n",
    );
    let runner = Runner::new(repository.path()).workflow_repository("some/shop", repository.path());
    let runner = runner.repository("some/tools", tools.path()).repository("some/tool", repository.path());
    let ran = runner.without_effect("docker/setup-buildx-action").job("workflow.yml", "one").run().expect_success();
    assert_eq!(ran.outputs["said"], "hello you from some/tools/");
}

#[test]
fn after_a_cancelled_step_only_those_run_that_say_so() {
    let repository = Repository::bare();
    repository.write(
        "workflow.yml",
        "jobs: { one: { runs-on: x, steps: [{ run: 'echo begun; exec sleep 60' }, { run: echo usual }, \
         { if: always(), run: 'echo always ${{ cancelled() }}' }] } }\n",
    );
    let runner = Runner::new(repository.path()).workflow_repository("some/shop", repository.path());
    let running = runner.job("workflow.yml", "one").start();
    running.until_log("begun");
    running.cancel();
    let ran = running.wait();
    assert_eq!(ran.result, Some(Status::Cancelled));
    assert_eq!(ran.log(), "begun\nalways true\n");
}
