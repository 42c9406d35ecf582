//! What a repository has beside its code: licenses, one version of Rust, and a CI whose last job needs all others.

use std::collections::BTreeSet;

use serde_json::json;

use crate::harness::Repository;
use crate::offline_workflows::{keys, steps, workflow};
use crate::runner::Runner;
use crate::workflows::{EXAMPLES, Workflow, own};

fn read(path: &str) -> String {
    std::fs::read_to_string(own(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn the_package_names_the_licenses_that_are_there() {
    let package = read("Cargo.toml").parse::<toml::Table>().unwrap()["package"].clone();
    assert_eq!(package["license"].as_str(), Some("MIT OR Apache-2.0"));
    assert!(read("LICENSE-MIT").starts_with("MIT License\n"));
    assert!(read("LICENSE-APACHE").contains("Version 2.0, January 2004"));
}

/// The changelog has a section for the version that is released next.
#[test]
fn the_changelog_begins_with_what_is_not_released() {
    let changelog = read("CHANGELOG.md");
    let sections: Vec<&str> = changelog.lines().filter(|line| line.starts_with("## ")).collect();
    assert_eq!(sections.first(), Some(&"## Unreleased"), "{sections:?}");
}

#[test]
fn ci_and_releases_use_the_rust_of_the_repository() {
    let toolchain = read("rust-toolchain.toml").parse::<toml::Table>().unwrap()["toolchain"].clone();
    let channel = toolchain["channel"].as_str().unwrap();
    let oldest = read("Cargo.toml").parse::<toml::Table>().unwrap()["package"]["rust-version"].clone();
    let oldest = oldest.as_str().unwrap();
    let mut installed = 0;
    for workflow in Workflow::ours() {
        for run in workflow.steps().into_iter().filter_map(|step| step["run"].as_str()) {
            // Without a version it is that of rust-toolchain.toml.
            for rest in run.split("rustup toolchain install").skip(1) {
                let version = rest.split_whitespace().next().unwrap_or(channel);
                let expected = if run.contains('+') || rest.trim() == format!("{oldest} --profile minimal") {
                    oldest
                } else {
                    channel
                };
                assert_eq!(version, expected, "{}: {run}", workflow.path);
                installed += 1;
            }
        }
    }
    assert!(installed >= 6, "{installed}");
    let msrv = workflow("ci.yml").yaml["jobs"]["msrv"].clone();
    assert_eq!(steps(&msrv).last().unwrap()["run"], format!("cargo +{oldest} check --locked"));
}

#[test]
fn the_last_job_of_ci_needs_every_other_one() {
    let ci = workflow("ci.yml").yaml;
    let last = &ci["jobs"]["all-green"];
    let needed: BTreeSet<&str> = last["needs"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    let mut others = keys(&ci["jobs"]);
    others.remove("all-green");
    assert_eq!(needed, others);
    assert_eq!(last["if"], "always()", "a job that failed would skip it, and a skipped check counts as green");
    assert_eq!(last["steps"][0]["env"], json!({ "RESULTS": "${{ toJSON(needs) }}" }));
}

#[test]
fn the_last_job_of_ci_is_green_only_if_all_are() {
    let ci = workflow("ci.yml").yaml;
    let script = ci["jobs"]["all-green"]["steps"][0]["run"].as_str().unwrap().to_owned();
    let is_green = |results: &serde_json::Value| {
        let mut shell = crate::harness::command("bash");
        shell.args(["-e", "-o", "pipefail", "-c", &script]).env("RESULTS", format!("{results:#}"));
        shell.output().unwrap().status.success()
    };
    let result = |result: &str| json!({ "lint": { "result": "success" }, "test": { "result": result } });
    assert!(is_green(&result("success")));
    assert!(!is_green(&json!({})), "no job ran");
    for other in ["failure", "cancelled", "skipped"] {
        assert!(!is_green(&result(other)), "{other}");
    }
}

/// The step of the job `selftest`, with a program that is there already, ends as the next step of that job expects.
#[test]
fn the_selftest_is_refused_as_it_expects() {
    let job = workflow("ci.yml").yaml["jobs"]["selftest"].clone();
    let [_, status, expected] = steps(&job) else { panic!("{job:#}") };
    assert_eq!((&status["uses"], &status["continue-on-error"]), (&json!("./"), &json!(true)));
    assert!(expected["run"].as_str().unwrap().contains("$STEP == failure && $OUTCOME == invalid"), "{expected:#}");
    let directory = status["with"]["working-directory"].as_str().unwrap();
    let file = format!("{directory}/shipgate.toml");
    let repository = Repository::with_files(&[(&file, &read(&file))]);
    let mut step = Runner::new(repository.path()).action("$/");
    for (input, value) in status["with"].as_object().unwrap() {
        step = step.input(input, value.as_str().unwrap());
    }
    let ran = step.input("binary-path", env!("CARGO_BIN_EXE_shipgate")).run().expect_code(2);
    assert_eq!(ran.outputs["outcome"], "invalid");
    assert_eq!(ran.annotations("error").len(), 2, "{}", ran.log);
}

/// Pages are published where a variable of the repository asks for it, and nowhere else.
#[test]
fn pages_are_published_only_where_the_repository_says_so() {
    let docs = workflow("docs.yml").yaml;
    assert_eq!(docs["jobs"]["build"]["if"], "vars.SHIPGATE_PUBLISH_DOCS == 'true'");
    assert_eq!(docs["jobs"]["publish"]["needs"], "build");
    assert_eq!(keys(&docs["jobs"]), ["build", "publish"].into());
}

/// Editors find the schema by the first line.
#[test]
fn each_example_names_the_schema_in_its_first_line() {
    let package = read("Cargo.toml").parse::<toml::Table>().unwrap()["package"].clone();
    let version = package["version"].as_str().unwrap();
    let line = format!(
        "#:schema https://raw.githubusercontent.com/shipgate/shipgate/v{version}/schema/shipgate.schema.json\n"
    );
    assert!(own("schema/shipgate.schema.json").is_file());
    for example in EXAMPLES {
        assert!(read(&format!("{example}/shipgate.toml")).starts_with(&line), "{example} begins with {line}");
    }
}
