//! The examples are complete: a configuration that can be read, and workflows that call shipgate's and grant what those ask
//! for. The documentation shows these very files.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::harness::Repository;
use crate::workflows::{EXAMPLES, Workflow, entries, own};

/// Lines with a meaning: neither empty nor a comment.
fn lines(text: &str) -> usize {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).count()
}

/// The one job of a caller, and the workflow of shipgate that it calls.
fn call(caller: &Workflow) -> (&Value, Workflow) {
    let jobs = caller.jobs();
    let [(_, job)] = jobs.as_slice() else { panic!("{} has one job", caller.path) };
    let uses = job["uses"].as_str().unwrap();
    let name = uses.strip_prefix("shipgate/shipgate/.github/workflows/").and_then(|rest| rest.strip_suffix("@v0.1.0"));
    let name = name.unwrap_or_else(|| panic!("{}: {uses}", caller.path));
    (job, Workflow::read(&format!(".github/workflows/{name}")))
}

#[test]
fn each_example_has_the_six_workflows_in_ten_lines_each() {
    for example in EXAMPLES {
        let callers = Workflow::all_in(&format!("{example}/.github/workflows"));
        let called: BTreeSet<_> = callers.iter().map(|caller| call(caller).1.path).collect();
        let names = ["approve", "deploy-stage", "hold", "pr-check", "promote", "rollback"];
        assert_eq!(called, names.map(|name| format!(".github/workflows/{name}.yml")).into(), "{example}");
        for caller in callers {
            assert!(lines(&caller.text) <= 10, "{} has {} lines", caller.path, lines(&caller.text));
        }
    }
}

/// GitHub starts no workflow whose jobs ask for more than the caller grants, whatever their `if` says.
#[test]
fn a_caller_grants_what_is_asked_for_and_no_more() {
    for caller in Workflow::examples().into_iter().chain([promotion_to_staging()]) {
        let (job, called) = call(&caller);
        let mut asked = BTreeMap::new();
        for (_, job) in called.jobs() {
            for (name, access) in entries(&job["permissions"]) {
                let strongest = asked.entry(name.to_owned()).or_insert_with(|| access.clone());
                if access == "write" {
                    *strongest = json!("write");
                }
            }
        }
        let granted: BTreeMap<_, _> =
            entries(&job["permissions"]).into_iter().map(|(name, access)| (name.to_owned(), access.clone())).collect();
        assert_eq!(granted, asked, "{}", caller.path);
    }
}

#[test]
fn the_examples_are_triggered_as_the_workflows_they_call() {
    for caller in Workflow::examples() {
        let (job, called) = call(&caller);
        let triggers = |on: &Value| match on.as_str() {
            Some(name) => BTreeSet::from([name.to_owned()]),
            None => entries(on).into_iter().map(|(name, _)| name.to_owned()).collect(),
        };
        let mut expected = triggers(&called.yaml["on"]);
        expected.remove("workflow_call");
        assert_eq!(triggers(&caller.yaml["on"]), expected, "{}", caller.path);
        // What it asks for, it hands on under the same name, and it asks for what the called one needs.
        let asks = |on: &Value| match on["workflow_dispatch"].get("inputs") {
            None => BTreeSet::new(),
            Some(inputs) => entries(inputs).into_iter().map(|(name, _)| name.to_owned()).collect(),
        };
        let (asked, offered) = (asks(&caller.yaml["on"]), asks(&called.yaml["on"]));
        let with: Map<_, _> =
            asked.iter().map(|name| (name.clone(), json!(format!("${{{{ inputs.{name} }}}}")))).collect();
        assert_eq!(job["with"], if with.is_empty() { Value::Null } else { json!(with) }, "{}", caller.path);
        let needed = ["release", "command", "reason", "run", "plan"].map(str::to_owned);
        let needed: BTreeSet<_> = offered.intersection(&needed.into()).cloned().collect();
        assert_eq!(asked, needed, "{}", caller.path);
    }
}

#[test]
fn the_configuration_of_each_example_can_be_read() {
    for example in EXAMPLES {
        let config = std::fs::read_to_string(own(example).join("shipgate.toml")).unwrap();
        let repository = Repository::with_config(&config);
        for environment in ["stage", "production"] {
            let arguments = ["iam", "trust", environment, "--keys", "sub", "--repository", "acme/shop"];
            let ran = repository.shipgate(&arguments).run().expect_code(0);
            let document: Value = serde_json::from_str(&ran.stdout).unwrap();
            assert_eq!(document["Version"], "2012-10-17", "{example}: {environment}");
        }
    }
}

#[test]
fn the_documentation_shows_the_files_of_the_examples() {
    let quick_start = "docs/quick-start/README.md";
    let shown = [
        ("README.md", "deploy.yml"),
        (quick_start, "deploy.yml"),
        (quick_start, "check.yml"),
        (quick_start, "promote.yml"),
    ];
    for (page, name) in shown {
        let text = std::fs::read_to_string(own(page)).unwrap();
        for example in EXAMPLES {
            let caller = Workflow::read(&format!("{example}/.github/workflows/{name}"));
            assert!(text.contains(&format!("```yaml\n{}```\n", caller.text)), "{page} shows {}", caller.path);
        }
    }
}

/// The caller that the reference shows for a third environment.
fn promotion_to_staging() -> Workflow {
    let reference = std::fs::read_to_string(own("docs/workflows/README.md")).unwrap();
    let (_, section) = reference.split_once("\n## Three environments\n").unwrap();
    let (text, _) = section.split_once("```yaml\n").unwrap().1.split_once("```\n").unwrap();
    let yaml = yaml_serde::from_str(text).unwrap();
    Workflow { path: "docs/workflows/README.md".to_owned(), text: text.to_owned(), yaml }
}

/// The commit that the callers name.
const PINNED: &str = "0123456789abcdef0123456789abcdef01234567";

/// The configuration of an example, with development and staging in the place of stage.
fn three_environments() -> String {
    let config = std::fs::read_to_string(own("examples/ecs-service/shipgate.toml")).unwrap();
    let (before, production) = config.split_once("[environments.production]").unwrap();
    let production = format!("[environments.production]{production}");
    let staging = production.replace("production", "staging").replace("PRODUCTION", "STAGING");
    let staging = staging.replace("\"stage\"", "\"development\"");
    let production = production.replace("\"stage\"", "\"staging\"");
    let github = format!("[github]\nworkflows = \"shipgate/shipgate@{PINNED}\"");
    format!("{}\n{staging}\n{production}\n{github}\n", before.replace("environments.stage", "environments.development"))
}

/// With a caller of `promote.yml` for each environment that is promoted to, and the others of the example.
#[test]
fn a_chain_of_three_environments_is_checked_without_a_finding() {
    let repository = Repository::with_config(&three_environments());
    repository.write("Dockerfile", std::fs::read(own("examples/ecs-service/Dockerfile")).unwrap());
    let callers = Workflow::all_in("examples/ecs-service/.github/workflows").into_iter();
    let mut callers: Vec<_> =
        callers.map(|caller| (caller.path.rsplit('/').next().unwrap().to_owned(), caller.text)).collect();
    let deploy = &mut callers.iter_mut().find(|(name, _)| name == "deploy.yml").unwrap().1;
    deploy.push_str("    with: { environment: development }\n");
    callers.push(("promote-staging.yml".to_owned(), promotion_to_staging().text));
    for (name, text) in &callers {
        let pinned = text.replace("@v0.1.0", &format!("@{PINNED}"));
        repository.write(&format!(".github/workflows/{name}"), pinned);
    }
    repository.commit("Three environments");
    let check = || {
        let vars = json!({"STAGE_URL": "https://a", "STAGING_URL": "https://b", "PRODUCTION_URL": "https://c"});
        let run = repository.shipgate(&["check", "--output", "json"]).env("AWS_EC2_METADATA_DISABLED", "true");
        run.env("SHIPGATE_VARS", vars.to_string()).run()
    };

    let report = check().expect_code(0).json();

    assert_eq!(report["findings"], json!([]), "{report:#}");
    let left_out: Vec<_> = report["left_out"].as_array().unwrap().iter().map(|left| &left["what"]).collect();
    assert_eq!(left_out, ["what merging would change on development"], "{report:#}");
    for name in callers.iter().map(|(name, _)| format!(".github/workflows/{name}")) {
        assert!(report["looked_at"].as_array().unwrap().contains(&json!(name)), "{name}: {report:#}");
    }

    // Staging is looked at by the plans of both promotions.
    let line = "read-role = \"arn:aws:iam::222222222222:role/shipgate-staging-read\"\n";
    repository.write("shipgate.toml", three_environments().replace(line, ""));
    let report = check().expect_code(2).json();
    let findings = report["findings"].as_array().unwrap();
    let found: Vec<_> = findings.iter().map(|finding| (finding["rule"].clone(), finding["file"].clone())).collect();
    let missing = |file: &str| (json!("role-missing"), json!(format!(".github/workflows/{file}")));
    assert_eq!(found, [missing("promote-staging.yml"), missing("promote.yml")], "{report:#}");
    assert!(findings.iter().all(|finding| finding["message"].as_str().unwrap().contains("`staging`")), "{report:#}");
}

/// Rows of the reference: the name in the first column, the default in the second, the files in the third.
#[test]
fn the_reference_has_every_input_with_its_default() {
    let reference = std::fs::read_to_string(own("docs/workflows/README.md")).unwrap();
    let (_, section) = reference.split_once("\n## Inputs\n").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let cell = |text: &str| text.trim().trim_matches('`').to_owned();
    let documented: BTreeSet<_> = section
        .lines()
        .filter_map(|line| line.strip_prefix("| `"))
        .flat_map(|row| {
            let columns: Vec<_> = row.split('|').collect();
            let (name, default) = (cell(columns[0]), cell(columns[1]));
            let files: Vec<_> = columns[2].split(',').map(cell).collect();
            files.into_iter().map(move |file| (file, name.clone(), default.clone())).collect::<Vec<_>>()
        })
        .collect();
    let declared: BTreeSet<_> = Workflow::called()
        .iter()
        .flat_map(|workflow| {
            let file = workflow.path.rsplit('/').next().unwrap().trim_end_matches(".yml").to_owned();
            let default = |input: &Value| match input["default"].as_str() {
                Some(text) if !text.is_empty() => text.to_owned(),
                None if input["required"] == true => "required".to_owned(),
                _ => input["default"].to_string(),
            };
            let inputs = workflow.inputs().into_iter().map(|(name, input)| (name.to_owned(), default(input)));
            inputs.map(|(name, default)| (file.clone(), name, default)).collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(documented, declared);
}
