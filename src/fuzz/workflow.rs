//! Workflow files.

use proptest::prelude::*;

use super::{assert_bounded, damaged, soon};
use crate::domain::check::Findings;
use crate::domain::check::workflow::{WorkflowFile, judge};

const GOOD: [&str; 4] = [
    include_str!("../../examples/cloudshop/.github/workflows/check.yml"),
    include_str!("../../examples/ecs-service/.github/workflows/deploy.yml"),
    include_str!("../../.github/workflows/deploy-stage.yml"),
    "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: |\n          shipgate deploy stage\n      \
     - run: shipgate promote production --config 'a b'\n      - { uses: a/shipgate@v1, with: { command: deploy } }\n",
];

const DEEP: [&str; 12] = ["[", "{", "{a: ", "- ", "? ", "  ", "&a ", "*a", "!!str ", "$(", "`", "if x; then\n"];

fn read(text: &str) {
    let mut findings = Findings::default();
    match WorkflowFile::read("a.yml", text) {
        Ok(file) => judge(&[file], None, &crate::cli::words(), &mut findings),
        Err(finding) => findings.all.extend(finding),
    }
    assert_bounded(findings);
}

proptest! {
    #![proptest_config(super::config())]

    #[test]
    fn fuzz_workflow(text in damaged(&GOOD, &DEEP)) {
        soon(|| read(&text));
    }
}

/// 400,000 of them held the program for 266 s.
#[test]
fn brackets_without_end_are_refused_at_once() {
    for text in ["[", "{", "- ", "? ", "[\n", "{a: "] {
        soon(|| {
            let text = format!("on: push\njobs: \n  {}", text.repeat(200_000));
            let finding = WorkflowFile::read("a.yml", &text).unwrap_err().unwrap();
            assert!(finding.message.contains("deeper than 64 levels"), "{finding:?}");
        });
    }
}
