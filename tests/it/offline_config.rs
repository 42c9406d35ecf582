//! Configuration that is wrong: every problem at once, each with its place, and no request is sent.
//!
//! All texts are in the unit tests of the configuration. Here it is what users and programs see of them.

use serde_json::{Value, json};

use crate::harness::{Ran, Repository};
use crate::runner::command::foreign;

pub const GOOD: &str = r#"app = "shop"

[components.backend]
kind = "ecs"
build = { context = "." }
container = "web"
repository = "${environment.prefix}-shop"
cluster = "${environment.prefix}-cluster"
service = "${environment.prefix}-backend"

[environments.stage]
region = "us-east-1"
account = "123456789012"

[environments.production]
prefix = "prod"
region = "us-east-1"
promotes-from = "stage"

[environments.production.gates]
approval = "none"
"#;

/// [`GOOD`] with one text changed.
#[track_caller]
pub fn with(old: &str, new: &str) -> String {
    assert!(GOOD.contains(old), "{old}");
    GOOD.replacen(old, new, 1)
}

/// Runs where there are no credentials, so that no request is ever sent.
fn run(repository: &Repository, arguments: &[&str]) -> Ran {
    repository.shipgate(arguments).env("AWS_EC2_METADATA_DISABLED", "true").run()
}

pub fn deploy(config: &str) -> Ran {
    // What is wrong with a configuration is reported without a repository.
    let repository = Repository::bare();
    repository.write("shipgate.toml", config);
    run(&repository, &["deploy", "stage", "--output", "json"])
}

/// Line and column of each problem with its message, and a hint with each.
#[track_caller]
pub fn problems(ran: &Ran) -> Vec<(Value, Value, String)> {
    let report = ran.outcome("invalid", 2);
    let problems = report["problems"].as_array().unwrap_or_else(|| panic!("no problems in {report:#}"));
    let reported = |problem: &Value| {
        assert!(!problem["hint"].as_str().unwrap().is_empty(), "{problem}");
        let text = |key: &str| problem[key].as_str().unwrap().to_owned();
        (problem["line"].clone(), problem["column"].clone(), text("message"))
    };
    problems.iter().map(reported).collect()
}

#[test]
fn all_problems_are_told_at_once_with_their_places() {
    let config = with("container =", "contaner =")
        .replacen("account = \"123456789012\"", "account = 123456789012", 1)
        .replacen("build = { context = \".\" }", "build = 1", 1)
        .replacen("approval = \"none\"", "approval = \"none\"\nsoak = \"30 parsecs\"", 1);
    let ran = deploy(&config);
    let reported = problems(&ran);
    let places: Vec<(&Value, &Value)> = reported.iter().map(|(line, column, _)| (line, column)).collect();
    let expected = [json!(5), json!(6), json!(13), json!(22)];
    assert_eq!(places.iter().map(|(line, _)| (*line).clone()).collect::<Vec<_>>(), expected, "{reported:#?}");
    assert_eq!(*places[2].1, json!(11), "the number itself is marked");
    let report = ran.json();
    assert!(report["problems"].as_array().unwrap().iter().all(|it| it["file"] == "shipgate.toml"), "{report:#}");
    for text in ["shipgate.toml:13:11", "contaner", "123456789012", "`build`", "soak", "hint: write it in quotes"] {
        assert!(ran.stderr.contains(text), "no {text:?} in\n{}", ran.stderr);
    }
    assert!(ran.stderr.lines().last().unwrap().starts_with("✗ invalid:"), "{}", ran.stderr);
}

/// The keys of the contract that later parts build.
#[test]
fn keys_that_are_not_built_yet_are_refused_by_name() {
    for key in ["role = \"arn:aws:iam::123456789012:role/a\"", "via = \"arn:aws:iam::123456789012:role/a\""] {
        let config = with("kind = \"ecs\"", &format!("kind = \"ecs\"\n{key}"));
        let name = key.split(' ').next().unwrap();
        let reported = problems(&deploy(&config));
        assert_eq!(reported.len(), 1, "{key}: {reported:#?}");
        assert!(
            reported[0].2.contains(&format!("`{name}`")) && reported[0].2.contains("not built yet"),
            "{key}: {reported:?}"
        );
    }
}

/// What decides who may change what, and when, is nothing that a variable may decide.
#[test]
fn keys_that_decide_over_changes_take_no_variables() {
    let arn = "arn:aws:iam::123456789012:role/a";
    let account = "account = \"123456789012\"";
    let of_environment = [
        ("account", "account = \"${vars.V}\"".to_owned()),
        ("account", "account = \"${env.V}\"".to_owned()),
        ("role", "role = \"arn:aws:iam::123456789012:role/${vars.V}\"".to_owned()),
        ("read-role", format!("role = \"{arn}\"\nread-role = \"${{env.V}}\"")),
        ("via", format!("role = \"{arn}\"\nvia = \"${{vars.V}}\"")),
        ("role", "prefix = \"${vars.V}\"\nrole = \"arn:aws:iam::123456789012:role/${environment.prefix}\"".to_owned()),
    ];
    let of_gates = [
        ("approval", "approval = \"${V}\""),
        ("people", "approval = { by = \"second-person\", people = [\"${V}\"] }TRUSTED"),
        ("expires", "approval = { by = \"second-person\", expires = \"${V}\" }TRUSTED"),
        ("workflows", "approval = \"none\"\n[github]\nworkflows = \"${V}\""),
        ("soak", "soak = \"${V}\""),
        ("branch", "branch = \"${V}\""),
        ("branch", "branch = [\"${V}\"]"),
        ("names", "statuses = { names = [\"${V}\"] }"),
        ("wait", "statuses = { names = [\"ci\"], wait = \"${V}\" }"),
        ("from", "freeze = [{ from = \"${V}\", to = \"2027-01-02\", zone = \"UTC\" }]"),
        ("to", "freeze = [{ from = \"2027-01-02\", to = \"${V}\", zone = \"UTC\" }]"),
        ("zone", "freeze = [{ from = \"2027-01-02\", to = \"2027-01-02\", zone = \"${V}\" }]"),
        ("reason", "freeze = [{ from = \"2027-01-02\", to = \"2027-01-02\", zone = \"UTC\", reason = \"${V}\" }]"),
        ("days", "windows = [{ days = \"${V}\", from = \"08:00\", to = \"16:00\", zone = \"UTC\" }]"),
        ("from", "windows = [{ days = \"mon\", from = \"${V}\", to = \"16:00\", zone = \"UTC\" }]"),
        ("to", "windows = [{ days = \"mon\", from = \"08:00\", to = \"${V}\", zone = \"UTC\" }]"),
        ("zone", "windows = [{ days = \"mon\", from = \"08:00\", to = \"16:00\", zone = \"${V}\" }]"),
        ("overridable", "overridable = [\"${V}\"]"),
        ("checklist", "checklist = [\"${V}\"]"),
    ];
    let of_environment = of_environment.map(|(key, text)| (key, with(account, &text)));
    let trusted = format!("\n[github]\nworkflows = \"acme/shipgate@{}\"", "0f".repeat(20));
    let of_gates = ["${vars.V}", "${env.V}"].into_iter().flat_map(|variable| {
        of_gates.map(|(key, text)| {
            let text = text.replace("${V}", variable).replace("TRUSTED", &trusted);
            let beside = if text.starts_with("approval") { text } else { format!("approval = \"none\"\n{text}") };
            (key, with("approval = \"none\"", &beside))
        })
    });
    let source = ("promotes-from", with("promotes-from = \"stage\"", "promotes-from = \"${vars.V}\""));
    for (key, config) in of_environment.into_iter().chain(of_gates).chain([source]) {
        let repository = Repository::bare();
        repository.write("shipgate.toml", &config);
        let values = [("SHIPGATE_VARS", r#"{"V": "none"}"#), ("V", "none")];
        let command = repository.shipgate(&["deploy", "stage", "--output", "json"]);
        let ran = values.iter().fold(command, |command, (name, value)| command.env(name, value)).run();
        let reported = problems(&ran);
        let is_named = reported[0].2.contains(&format!("in `{key}`")) || reported[0].2.starts_with(&format!("`{key}"));
        assert!(reported.len() == 1 && is_named && reported[0].2.contains("cannot"), "{key}: {reported:#?}\n{config}");
    }
}

#[test]
fn an_unknown_environment_is_named_with_the_likeliest() {
    let repository = Repository::with_config(GOOD);
    for command in [&["deploy", "stgae"][..], &["plan", "deploy", "stgae"], &["status", "stgae"], &["logs", "stgae"]] {
        let ran = run(&repository, &[command, &["--output", "json"]].concat());
        let reported = problems(&ran);
        assert!(reported[0].2.contains("`stgae`"), "{reported:?}");
        assert_eq!((&reported[0].0, &reported[0].1), (&Value::Null, &Value::Null));
        ran.expect_stderr("hint: write `stage`");
    }
    let ran = run(&repository, &["deploy", "moon"]).expect_code(2).expect_stderr("`moon`");
    assert!(ran.stderr.contains("`stage`") && ran.stderr.contains("`production`"), "{}", ran.stderr);
}

#[test]
fn unknown_components_are_all_named() {
    let repository = Repository::with_config(GOOD);
    let arguments = ["deploy", "stage", "--component", "bakend", "--component", "moon", "--output", "json"];
    let ran = run(&repository, &arguments);
    let reported = problems(&ran);
    assert_eq!(reported.len(), 2, "{reported:?}");
    ran.expect_stderr("`bakend`").expect_stderr("`moon`").expect_stderr("hint: write `backend`");
}

#[test]
fn an_environment_that_promotes_cannot_be_deployed_to() {
    let repository = Repository::with_config(GOOD);
    for command in [&["deploy", "production"][..], &["plan", "deploy", "production"]] {
        let ran = run(&repository, &[command, &["--output", "json"]].concat());
        let report = ran.outcome("invalid", 2);
        let reason = report["reason"].as_str().unwrap();
        assert!(reason.contains("`production`") && reason.contains("`stage`"), "{reason}");
    }
}

#[test]
fn missing_variables_are_all_told_and_only_those_of_the_environment() {
    let config = with("region = \"us-east-1\"\naccount", "region = \"${vars.REGION}\"\naccount")
        .replacen(
            "build = { context = \".\" }",
            "build = { context = \".\", args = { A = \"${env.TOKEN}\", B = \"${vars.B}\" } }",
            1,
        )
        .replacen("prefix = \"prod\"", "prefix = \"${vars.PREFIX}\"", 1);
    let reported = problems(&deploy(&config));
    let messages: Vec<&str> = reported.iter().map(|(_, _, message)| message.as_str()).collect();
    assert_eq!(messages, ["`${env.TOKEN}` is not set", "`${vars.B}` is not set", "`${vars.REGION}` is not set"]);
    assert!(reported.iter().all(|(line, column, _)| line.is_u64() && column.is_u64()), "{reported:?}");
}

#[test]
fn malformed_repository_variables_are_told_without_their_text() {
    for vars in ["{", "[]", "\"s3cr3t\"", "{\"A\": s3cr3t}", "\u{0}x".trim_start_matches('\u{0}')] {
        let repository = Repository::with_config(GOOD);
        let ran = repository.shipgate(&["deploy", "stage", "--output", "json"]).env("SHIPGATE_VARS", vars).run();
        let reported = problems(&ran);
        assert!(reported[0].2.contains("SHIPGATE_VARS"), "{reported:?}");
        assert!(!format!("{}{}", ran.stdout, ran.stderr).contains("s3cr3t"));
        ran.expect_stderr("export SHIPGATE_VARS=");
        let workflow = repository.shipgate(&["check"]).env("GITHUB_ACTIONS", "true").env("SHIPGATE_VARS", vars).run();
        workflow.expect_stderr("toJSON(vars)");
    }
}

#[test]
fn a_file_that_is_no_text_is_told() {
    let repository = Repository::with_config(GOOD);
    for bytes in [&b"\xff\xfe\x00a"[..], b"\x7fELF\x02\x01\x01\x00", b"\x00\x01\x02", b"app = \"a\x1b[31m\""] {
        repository.write("shipgate.toml", bytes);
        repository.commit("Garbage");
        let ran = run(&repository, &["deploy", "stage", "--output", "json"]);
        ran.outcome("invalid", 2);
        assert!(ran.stderr.contains("shipgate.toml"), "{}", ran.stderr);
        assert!(!ran.stderr.contains(['\u{1b}', '\u{0}']), "{:?}", ran.stderr);
    }
}

#[test]
fn an_empty_file_tells_what_is_missing() {
    let reported = problems(&deploy(""));
    for key in ["`app`", "`components`", "`environments`"] {
        assert!(reported.iter().any(|(_, _, message)| message.contains(key)), "{key}: {reported:?}");
    }
}

#[test]
fn a_name_that_is_too_long_is_refused_and_one_that_just_fits_is_not() {
    let config = |name: &str| {
        with("[environments.stage]", &format!("[environments.{name}]")).replace("\"stage\"", &format!("\"{name}\""))
    };
    let long = "e".repeat(65);
    let reported = problems(&deploy(&config(&long)));
    assert!(reported.iter().any(|(_, _, message)| message.contains("environment name")), "{reported:?}");
    let fits = "e".repeat(64);
    let repository = Repository::with_config(&config(&fits));
    // It comes as far as AWS, for which there are no credentials.
    let report = run(&repository, &["deploy", &fits, "--output", "json"]).outcome("invalid", 2);
    assert!(report["reason"].as_str().unwrap().contains("AWS"), "{report:#}");
    let reported = problems(&run(&repository, &["deploy", &"x".repeat(10_000), "--output", "json"]));
    assert_eq!(reported.len(), 1, "{}", reported.len());
}

#[test]
fn text_of_the_file_is_no_command_of_the_runner() {
    let config =
        with("app = \"shop\"", "app = \"x\\n::error::forged\"\n\"::error::forged\" = 1\n\"##[group]forged\" = 2");
    let repository = Repository::with_config(&config);
    let run = repository.shipgate(&["deploy", "stage", "--output", "json"]).env("GITHUB_ACTIONS", "true").run();
    run.outcome("invalid", 2);
    for output in [&run.stderr, &run.stdout] {
        assert!(!output.contains("##["), "{output}");
        assert_eq!(foreign(output), []);
    }
}

#[test]
fn malformed_registry_hosts_are_invalid_before_anything_is_asked() {
    let repository = Repository::with_config(GOOD);
    for hosts in ["localhost:4566", "x=http://localhost", "123456789012.dkr.ecr.us-east-1.amazonaws.com=ftp://x"] {
        let ran = repository
            .shipgate(&["deploy", "stage", "--output", "json"])
            .env("SHIPGATE_REGISTRY_HOSTS", hosts)
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .run();
        let report = ran.outcome("invalid", 2);
        assert!(report["reason"].as_str().unwrap().contains("SHIPGATE_REGISTRY_HOSTS"), "{report:#}");
    }
}
