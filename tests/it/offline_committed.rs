//! What is committed and should not be, as `check` finds it in a whole repository: which files count, and that no output
//! has a value.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::harness::{Ran, Repository, command, page_of};

const CONFIG: &str = "app = \"shop\"\n[components.web]\nkind = \"amplify\"\napp-id = \"d1abc2def3ghi4\"\nbranch = \"main\"\n\
                      [contract.web]\nPIN = { secret = true }\nAPI_URL = { url = \"https\" }\n\
                      [environments.production]\nregion = \"us-west-1\"\n";
const PASSWORD: &str = "Sh0pPr0d-9f3kQz!";

fn check(repository: &Repository, arguments: &[&str]) -> Ran {
    let arguments = [&["check"], arguments].concat();
    repository.shipgate(&arguments).env("AWS_EC2_METADATA_DISABLED", "true").run()
}

/// What was found of values, as `level rule FILE:LINE`.
fn found(report: &Value) -> Vec<String> {
    const RULES: [&str; 4] = ["committed-secret", "client-secret", "committed-value", "placeholder-value"];
    let findings = report["findings"].as_array().unwrap().iter();
    let of_values = findings.filter(|finding| RULES.contains(&finding["rule"].as_str().unwrap()));
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
    let shown = |finding: &Value| {
        let place = format!("{}:{}", text(finding, "file"), finding["line"]);
        format!("{} {} {place}", text(finding, "level"), text(finding, "rule"))
    };
    of_values.map(shown).collect()
}

fn names(report: &Value, key: &str) -> Vec<String> {
    let all = report[key].as_array().unwrap().iter();
    all.map(|one| one["what"].as_str().or(one.as_str()).unwrap().to_owned()).collect()
}

#[test]
fn what_git_has_or_would_get_is_searched_and_nothing_else() {
    let secret = format!("DB_PASSWORD={PASSWORD}\n");
    let repository = Repository::with_config(CONFIG);
    repository.write("web/.env", &secret);
    repository.write("kept/.env", &secret);
    repository.commit("Tracked, also when it is ignored");
    repository.write(".gitignore", ".env\nbuilt/\n");
    repository.write(".env", &secret);
    repository.write("built/.env.production", &secret);
    repository.write("new/.env.stage", &secret);
    repository.write("name with\ttab and\nline/.env.stage", &secret);
    std::fs::remove_file(repository.path().join("kept/.env")).unwrap();
    std::os::unix::fs::symlink("new/.env.stage", repository.path().join(".env.link")).unwrap();
    let inner = repository.path().join("inner");
    assert!(command("git").args(["init", "--quiet"]).arg(&inner).status().unwrap().success());
    repository.write("inner/.env.stage", &secret);
    let report = check(&repository, &["--output", "json"]).expect_code(2).json();
    let expected = [
        "error committed-secret name with tab and; line/.env.stage:1",
        "error committed-secret new/.env.stage:1",
        "error committed-secret web/.env:1",
    ];
    assert_eq!(found(&report), expected, "{report:#}");
    let seen = names(&report, "looked_at");
    assert!(seen.contains(&"web/.env".to_owned()) && !seen.contains(&".env".to_owned()), "{report:#}");
}

#[test]
fn without_a_repository_all_files_count_and_odd_names_are_left_out() {
    use std::os::unix::ffi::OsStrExt as _;
    let secret = format!("DB_PASSWORD={PASSWORD}\n");
    let bare = Repository::bare();
    bare.write("shipgate.toml", CONFIG);
    bare.write("web/.env", &secret);
    bare.write("node_modules/a/.env", &secret);
    let report = check(&bare, &["--output", "json"]).expect_code(2).json();
    assert_eq!(found(&report), ["error committed-secret web/.env:1"], "{report:#}");
    let repository = Repository::with_config(CONFIG);
    let odd = std::ffi::OsStr::from_bytes(b".env.\xe4");
    // Some file systems take no such name.
    if std::fs::write(repository.path().join(odd), &secret).is_ok() {
        repository.write("large/.env", "#".repeat((1 << 20) + 1));
        let report = check(&repository, &["--output", "json"]).json();
        let left_out = names(&report, "left_out");
        for expected in ["files whose names are not UTF-8", "large/.env"] {
            assert!(left_out.contains(&expected.to_owned()), "{report:#}");
        }
        assert_eq!(found(&report), [""; 0]);
    }
}

#[test]
fn the_contract_is_held_against_what_is_committed() {
    let repository = Repository::with_config(CONFIG);
    repository.write(".env.production", "PIN=1234\nAPI_URL=CHANGEME\n");
    repository.write("Dockerfile", "FROM a\nENV PIN=1234\n");
    let ran = check(&repository, &["--output", "json"]).expect_code(2);
    let report = ran.json();
    let found = found(&report);
    assert!(found.contains(&"error committed-value .env.production:1".to_owned()), "{report:#}");
    assert!(found.contains(&"error committed-value Dockerfile:2".to_owned()), "{report:#}");
    assert!(report["looked_at"].as_array().unwrap().contains(&json!(".env.production")));
    assert!(ran.stderr.contains("1 file of variables"), "{}", ran.stderr);
}

/// A value in every kind of file, also where a parser stumbles over it.
fn with_value(value: &str) -> Repository {
    let repository = Repository::with_config(CONFIG);
    repository.write(".env", format!("DB_PASSWORD={value}\nVITE_DB_SECRET='{value}'\nPIN=\"{value}\"\n"));
    repository.write("Dockerfile", format!("FROM a\nENV DB_PASSWORD={value}\nPIN={value}\n"));
    repository.write("backend/Dockerfile", format!("FROM a\nENV PIN {value}\n"));
    repository.write("taskdef.json", json!({"a": [{"name": "PIN", "value": value}], "PIN": value}).to_string());
    repository.write("broken-taskdef.json", format!("{{\"PIN\": \"{value}\", {value}"));
    let step = format!("      - run: echo --pin {value}\n        env: {{ PIN: \"{value}\" }}\n");
    let workflow = format!("on: push\njobs:\n  a:\n    runs-on: b\n    steps:\n{step}");
    repository.write(".github/workflows/a.yml", &workflow);
    repository.write(".github/workflows/b.yml", format!("{workflow}PIN: {value}\n{value}: [\n"));
    repository.write(
        ".github/workflows/c.yml",
        format!("{workflow}      - uses: acme/shipgate@{value}\n        with: {{ command: status }}\n"),
    );
    repository.write(
        "amplify.yml",
        format!("version: 1\nfrontend:\n  phases:\n    build:\n      commands:\n        - export PIN={value}\n"),
    );
    repository.write("node/.env.local", format!("PIN={value}\n"));
    repository.write("package.json", "{}");
    repository
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]
    #[test]
    fn no_output_has_a_value(value in "[A-Z][a-z0-9]{3}[0-9][A-Za-z0-9_!*+.~-]{6,40}[a-z0-9]") {
        let repository = with_value(&value);
        let page = page_of(repository.path());
        let json = check(&repository, &["--output", "json", "-vvv"]);
        let run = repository.shipgate(&["check", "-v"]).env("AWS_EC2_METADATA_DISABLED", "true").leaving_a_page();
        let run = run.env("GITHUB_ACTIONS", "true").env("GITHUB_EVENT_NAME", "push").env("GITHUB_WORKSPACE", repository.path());
        let in_actions = run.run();
        let on_terminal = repository.shipgate(&["check", "-vvv"]).env("AWS_EC2_METADATA_DISABLED", "true").on_a_terminal_of(300, "");
        let page = std::fs::read_to_string(page).unwrap();
        let report = json.json();
        prop_assert!(found(&report).len() >= 8, "{:#}", report);
        prop_assert!(page.contains("committed-"), "{}", page);
        for ran in [&json, &in_actions, &on_terminal] {
            for text in [&ran.stdout, &ran.stderr] {
                prop_assert!(!text.contains(&value), "{value:?} in {text}");
                prop_assert!(!text.to_uppercase().contains(&value.to_uppercase()), "{value:?} in {text}");
            }
        }
        prop_assert!(!page.contains(&value), "{:?} in {}", value, page);
    }
}

/// Commands are quoted where they are followed through files that are not searched, and in what is left out.
#[test]
fn no_quoted_command_has_what_it_is_given() {
    let spec = |command: &str| {
        format!(
            "version: 1\nbackend:\n  phases:\n    build:\n      commands:\n        - PIN=canary-of-a-pin {command} {PASSWORD}\n"
        )
    };
    let package = json!({"scripts": {
        "deploy": format!("DB_PASSWORD={PASSWORD} npm run inner -- {PASSWORD}"),
        "inner": format!("npx ampx pipeline-deploy --branch x || echo {PASSWORD}"),
    }});
    for command in ["npm run deploy --", "make deploy", "bash deploy.sh", "node deploy.js --token"] {
        let repository = Repository::with_config(CONFIG);
        repository.write("amplify.yml", spec(command));
        repository.write("package.json", package.to_string());
        repository.write("Makefile", format!("deploy:\n\tTOKEN={PASSWORD} npm run deploy\n"));
        repository.write("deploy.sh", format!("PIN=canary-of-a-pin npm run deploy | tee {PASSWORD}\n"));
        repository.write("deploy.js", "run('ampx pipeline-deploy')");
        let page = page_of(repository.path());
        let ran = check(&repository, &["--output", "json", "-vvv"]);
        let run = repository.shipgate(&["check"]).env("AWS_EC2_METADATA_DISABLED", "true").leaving_a_page();
        let in_actions = run.env("GITHUB_ACTIONS", "true").env("GITHUB_WORKSPACE", repository.path()).run();
        let page = std::fs::read_to_string(page).unwrap();
        assert!(ran.stdout.contains("pipeline-deploy") || ran.stdout.contains("reached by"), "{}", ran.stdout);
        for text in [&ran.stdout, &ran.stderr, &in_actions.stdout, &in_actions.stderr, &page] {
            assert!(!text.contains(PASSWORD) && !text.contains("canary-of-a-pin"), "{command}: {text}");
        }
    }
}
