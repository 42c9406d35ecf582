//! Dockerfiles.

use proptest::prelude::*;

use super::{assert_bounded, damaged, soon};
use crate::domain::check::dockerfile::{DockerfileContext, judge};
use crate::domain::check::outline::{BuildArg, OutlinedBuild};
use crate::domain::check::{Findings, LinePlace};

const GOOD: [&str; 3] = [
    include_str!("../../examples/cloudshop/backend/Dockerfile"),
    "# syntax=docker/dockerfile:1\nARG BASE=scratch\nFROM $BASE AS build\nARG A=${B:-x} TOKEN\nENV PATH=\"/a b\" \\\n  \
     C=d\nCOPY --from=x --chown=a . .env.production /x/\nRUN <<EOF\na\nEOF\nENTRYPOINT [\"/a\"]\n",
    "FROM a\nARG VITE_X\nADD --checksum=sha256:0 http://x /y\nHEALTHCHECK --interval=5s CMD x\nONBUILD RUN x\n",
];

const DEEP: [&str; 10] = ["\\\n", "${", "$", "<<A ", "FROM a\n", "ARG A=$A$A\n", "[\"", "--a=", "# ", "RUN <<X\n"];

fn read(text: &str) {
    let arg = |name: &str| BuildArg {
        name: name.to_owned(),
        place: LinePlace::at(1, 1),
        per_environment: None,
        is_release: false,
    };
    let build = OutlinedBuild {
        component: "a".to_owned(),
        context: None,
        dockerfile: None,
        args: vec![arg("A"), arg("VITE_X")],
    };
    let context_files = [".env.production".to_owned()];
    let surroundings = DockerfileContext {
        build: &build,
        configuration: "shipgate.toml",
        is_promoted: true,
        context_files: &context_files,
        ignored: text,
    };
    let mut findings = Findings::default();
    findings.all.extend(judge("Dockerfile", text, surroundings).into_iter().flatten());
    assert_bounded(findings);
}

proptest! {
    #![proptest_config(super::config())]

    #[test]
    fn fuzz_dockerfile(text in damaged(&GOOD, &DEEP)) {
        soon(|| read(&text));
    }
}

/// The place of each was looked for from the beginning of the file.
#[test]
fn time_grows_with_the_length_alone() {
    let chain: String = (1..30_000).map(|number| format!("ARG A{number}=${{A{0}}}${{A{0}}}\n", number - 1)).collect();
    let secrets: String = (1..40_000).map(|number| format!("ARG A{number}_TOKEN\n")).collect();
    for text in [chain, secrets, "COPY . .\n".repeat(100_000), format!("ARG {}", "A_TOKEN ".repeat(100_000))] {
        soon(|| read(&format!("FROM a\n{text}")));
    }
}
