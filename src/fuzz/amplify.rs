//! The build specification of Amplify, and what its commands lead to.

use proptest::prelude::*;

use super::{assert_bounded, damaged, soon};
use crate::domain::amplify::lint::check;
use crate::domain::check::RepositoryFiles;

const GOOD: [&str; 3] = [
    include_str!("../../tests/teams/official-share/amplify.yml"),
    include_str!("../../tests/teams/stackpro/amplify.yml"),
    include_str!("../../tests/teams/staging-fix/amplify.yml"),
];
const PACKAGES: [&str; 2] = [
    include_str!("../../tests/teams/stackpro/frontend/package.json"),
    r#"{"scripts": {"build": "npm run a && npm run b", "a": "(cd x; yarn b) || make", "b": "sh -c 'npx ampx x' | cat",
 "postinstall": "npm ci; run-s build:*", "build:x": "npm run build"}, "engines": {"node": "^18 || >= 20 <22"}}"#,
];

const DEEP: [&str; 16] = [
    "[",
    "{",
    "{a: ",
    "- ",
    "  ",
    "&a ",
    "*a",
    "$(",
    "`",
    "if x; then\n",
    "case $AWS_BRANCH in a) ",
    "(",
    "<<E\n",
    "npm run a;",
    "ampx pipeline deploy\n",
    "${",
];

fn read(text: &str, package: &str) {
    let files =
        [("amplify.yml", text), ("package.json", package), ("frontend/package.json", package), ("Makefile", text)];
    let read = |name: &str| {
        let found = files.iter().find(|(it, _)| *it == name);
        found.map(|(_, text)| (*text).to_owned()).ok_or_else(|| "it is not there".to_owned())
    };
    let repository = RepositoryFiles::new(files.iter().map(|(name, _)| (*name).to_owned()), &read);
    assert_bounded(check(&repository, None, &[]));
}

proptest! {
    #![proptest_config(super::config())]

    #[test]
    fn fuzz_build_specification(text in damaged(&GOOD, &DEEP), package in damaged(&PACKAGES, &DEEP)) {
        soon(|| read(&text, &package));
    }
}

/// Every command is a finding, each with a place to look for.
#[test]
fn as_many_findings_as_there_is_room_for_are_soon_made() {
    let commands = "        - npx ampx pipeline deploy || true\n".repeat(2_000);
    let text = format!("version: 1\nbackend:\n  phases:\n    build:\n      commands:\n{commands}");
    soon(|| read(&text, "{}"));
    let script = "            npx ampx pipeline deploy || true\n".repeat(2_000);
    let text = format!("version: 1\nfrontend:\n  phases:\n    build:\n      commands:\n        - |\n{script}");
    soon(|| read(&text, "{}"));
}
