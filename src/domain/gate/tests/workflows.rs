//! What shipgate's workflows say of themselves, and what is believed of it: the names of a job and of a run.

use super::super::approval::second_person_sample;
use super::super::approval_title;

const PROMOTE: &str = include_str!("../../../../.github/workflows/promote.yml");
const ROLLBACK: &str = include_str!("../../../../.github/workflows/rollback.yml");
const HOLD: &str = include_str!("../../../../.github/workflows/hold.yml");
const APPROVE: &str = include_str!("../../../../.github/workflows/approve.yml");
const CALLERS: [&str; 2] = [
    include_str!("../../../../examples/cloudshop/.github/workflows/approve.yml"),
    include_str!("../../../../examples/ecs-service/.github/workflows/approve.yml"),
];

/// The value behind the one line of a file that begins so, after evaluation.
#[track_caller]
fn evaluated(file: &str, key: &str, values: &[(&str, &str)]) -> String {
    let mut found = file.lines().filter_map(|line| line.strip_prefix(key));
    let (Some(value), None) = (found.next(), found.next()) else { panic!("`{key}` is not there once") };
    let value = values.iter().fold(value.to_owned(), |text, (expression, value)| {
        assert!(text.contains(expression), "{expression}: {text}");
        text.replace(expression, value)
    });
    assert!(!value.contains("${{"), "{value}");
    value
}

#[test]
fn the_job_of_a_plan_has_the_name_that_is_believed() {
    let seen = second_person_sample();
    let digest = seen.digest.to_string();
    let values = [
        ("${{ needs.plan.outputs.plan-digest }}", &digest[..]),
        ("${{ inputs.environment || 'production' }}", "production"),
    ];
    for file in [PROMOTE, ROLLBACK, HOLD] {
        let name = evaluated(file, "    name: plan ", &values);
        assert_eq!(seen.plan.jobs[0].name, format!("promote / plan {name}"));
    }
}

#[test]
fn a_run_that_approves_has_the_title_that_is_believed() {
    let seen = second_person_sample();
    let values = [("${{ inputs.run }}", "7"), ("${{ inputs.plan }}", &seen.digest.to_string()[..])];
    for file in [APPROVE].into_iter().chain(CALLERS) {
        assert_eq!(evaluated(file, "run-name: ", &values), approval_title(seen.plan.run.id, &seen.digest));
    }
}
