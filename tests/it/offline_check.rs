//! `check` without credentials: what it finds, what it says of it, and what it leaves out.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{ELSEWHERE, Ran, Repository, Shipgate};
use crate::runner::command::Reader;
use crate::scripted::timed;

const CHECK: [&str; 3] = ["check", "--output", "json"];
const SHA: &str = "0123456789abcdef0123456789abcdef01234567";
const VARS: &str = r#"{"STAGE_URL": "https://stage.shop.example", "PRODUCTION_URL": "https://shop.example"}"#;

/// The example, as a repository of its own.
fn cloudshop() -> Repository {
    let repository = Repository::with_config(include_str!("../../examples/cloudshop/shipgate.toml"));
    repository.write("backend/Dockerfile", include_str!("../../examples/cloudshop/backend/Dockerfile"));
    repository.write("frontend/package.json", include_str!("../../examples/cloudshop/frontend/package.json"));
    repository.write("frontend/package-lock.json", "{}");
    repository.write(".github/workflows/deploy.yml", workflow("deploy", "stage"));
    repository.commit("The shop");
    repository
}

fn workflow(command: &str, environment: &str) -> String {
    format!(
        "on: push\npermissions: {{}}\njobs:\n  ship:\n    runs-on: ubuntu-24.04\n    \
         permissions: {{ contents: read, id-token: write, statuses: write }}\n    \
         env:\n      SHIPGATE_VARS: ${{{{ toJSON(vars) }}}}\n    steps:\n      \
         - uses: actions/checkout@{SHA}\n        with: {{ fetch-depth: 0 }}\n      \
         - uses: acme/shipgate@{SHA}\n        with: {{ command: {command}, environment: {environment} }}\n"
    )
}

/// Runs where there are no credentials, so that no request is ever sent.
fn away_from_aws(run: Shipgate) -> Ran {
    run.env("AWS_EC2_METADATA_DISABLED", "true").env("SHIPGATE_VARS", VARS).run()
}

/// What was found, as `level rule FILE:LINE:COLUMN`. But for one warning: the example trusts no workflows, and has none of
/// those that could be trusted.
fn found(report: &Value) -> Vec<String> {
    let findings = report["findings"].as_array().unwrap().iter();
    let findings = findings.filter(|finding| finding["rule"] != "trusted-workflow" || finding["level"] != "warning");
    let shown = |finding: &Value| {
        let text = |key: &str| finding[key].as_str().unwrap_or_default().to_owned();
        assert!(!text("hint").is_empty(), "no hint in {finding:#}");
        format!("{} {} {}:{}:{}", text("level"), text("rule"), text("file"), finding["line"], finding["column"])
    };
    findings.map(shown).collect()
}

#[track_caller]
fn left_out<'r>(report: &'r Value, what: &str) -> &'r Value {
    let all = report["left_out"].as_array().unwrap();
    let of = all.iter().find(|left| left["what"].as_str().unwrap().contains(what));
    of.unwrap_or_else(|| panic!("{what:?} is not left out of {report:#}"))
}

#[test]
fn the_example_is_clean_and_says_what_was_looked_at() {
    let repository = cloudshop();
    let ran = away_from_aws(repository.shipgate(&CHECK)).expect_code(0);
    let report = ran.json();
    assert_eq!((&report["command"], found(&report)), (&json!("check"), vec![]), "{report:#}");
    assert_eq!(report["looked_at"], json!(["shipgate.toml", ".github/workflows/deploy.yml", "backend/Dockerfile"]));
    assert_eq!(report["plans"], json!([]));
    assert_eq!((&report["reason"], &report["hints"]), (&Value::Null, &Value::Null));
    assert!(left_out(&report, "stage")["why"].as_str().unwrap().contains("no AWS credentials"), "{report:#}");
    assert!(!left_out(&report, "stage")["hint"].is_null());
    let untrusted = &report["findings"][0];
    assert_eq!((&untrusted["rule"], &untrusted["level"]), (&json!("trusted-workflow"), &json!("warning")));
    assert!(untrusted["message"].as_str().unwrap().contains("the role of `production`"), "{report:#}");
    assert!(ran.stderr.contains("check passed: 1 warning in shipgate.toml, 1 workflow file and 1 Dockerfile"));
    assert_eq!(report["left_out"].as_array().unwrap().len(), 1, "production is nobody's business: {report:#}");
}

#[test]
fn the_example_where_it_lies_is_clean() {
    let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/cloudshop");
    let elsewhere = Repository::bare();
    let report = away_from_aws(elsewhere.shipgate(&CHECK).directory(&directory)).expect_code(0).json();
    assert_eq!(found(&report), [""; 0], "{report:#}");
    assert!(
        report["looked_at"]
            .as_array()
            .unwrap()
            .iter()
            .any(|seen| seen.as_str().unwrap().ends_with("backend/Dockerfile"))
    );
}

#[test]
fn everything_is_told_at_once_with_its_place_and_ends_with_2() {
    let repository = cloudshop();
    let config = include_str!("../../examples/cloudshop/shipgate.toml");
    let config = config.replacen("task-definition = \"live\"", "task-definition = \"ecs/web.json\"", 1);
    repository.write("shipgate.toml", config.replacen("\"live\"", "\"ecs/none.json\"", 1));
    repository.write("ecs/web.json", "{\"family\": \"web\",\n \"containerDefinitions\": [{\"name\": \"app\"}]}");
    repository.write("backend/Dockerfile", "FROM scratch\nENV API_TOKEN=canary-token\nFORM x\n");
    repository.write(".github/workflows/deploy.yml", workflow("promote", "productoin"));
    repository.write(".github/workflows/broken.yaml", "on: push\njobs: [\n");
    repository.write(".github/workflows/readme.txt", "on: [");
    let ran = away_from_aws(repository.shipgate(&CHECK)).expect_code(2);
    let report = ran.json();
    assert_eq!(
        found(&report),
        [
            "error workflow-syntax .github/workflows/broken.yaml:3:1",
            "error environment-unknown .github/workflows/deploy.yml:13:35",
            "error dockerfile-syntax backend/Dockerfile:3:1",
            "error task-definition-container ecs/web.json:2:2",
            "error task-definition-missing shipgate.toml:23:19",
        ],
        "{report:#}"
    );
    assert!(report["reason"].as_str().unwrap().starts_with("5 errors, 1 warning in shipgate.toml, 2 workflow files, "));
    assert!(report["hints"].as_array().unwrap().contains(&json!("write `production`")), "{report:#}");
    let place = ".github/workflows/deploy.yml:13:35: error: `promote` names environment `productoin`";
    assert!(ran.stderr.contains(place), "{}", ran.stderr);
    assert!(ran.stderr.contains("[environment-unknown]\n  hint: write `production`"), "{}", ran.stderr);
    assert!(ran.stderr.contains("check failed: 5 errors"), "{}", ran.stderr);
    let quiet = away_from_aws(repository.shipgate(&["check", "-qq"])).expect_code(2);
    assert_eq!((quiet.stdout.as_str(), quiet.stderr.matches("error:").count()), ("", 5), "{}", quiet.stderr);
    assert!(!format!("{}{}", ran.stdout, ran.stderr).contains("canary"));
}

#[test]
fn a_wrong_configuration_is_found_with_the_rest() {
    let repository = cloudshop();
    repository.write("shipgate.toml", "app = \"a\"\nunknown = 1\n[components.a]\nkind = \"ecs\"\n");
    repository.write(
        ".github/workflows/pull.yml",
        "on: pull_request_target\njobs: { a: { runs-on: b, steps: [run: shipgate check] } }\n",
    );
    let report = away_from_aws(repository.shipgate(&CHECK)).expect_code(2).json();
    let rules: Vec<&str> =
        report["findings"].as_array().unwrap().iter().map(|one| one["rule"].as_str().unwrap()).collect();
    assert!(rules.iter().filter(|rule| **rule == "configuration").count() >= 3, "{report:#}");
    assert!(rules.contains(&"pull-request-target"), "{report:#}");
    assert!(found(&report).contains(&"error configuration shipgate.toml:2:1".to_owned()), "{report:#}");
    assert!(left_out(&report, "what merging would change")["why"].as_str().unwrap().contains("shipgate.toml"));
}

#[test]
fn without_a_configuration_the_workflows_are_still_looked_at() {
    let repository = Repository::bare();
    repository.write(".github/workflows/a.yml", "on: [\n");
    let report = away_from_aws(repository.shipgate(&CHECK)).expect_code(2).json();
    assert_eq!(
        found(&report),
        ["error configuration-missing :null:null", "error workflow-syntax .github/workflows/a.yml:2:1"]
    );
}

#[test]
fn paths_begin_at_the_root_of_the_repository() {
    let repository = cloudshop();
    repository.write("shop/shipgate.toml", include_str!("../../examples/cloudshop/shipgate.toml"));
    repository.write("shop/backend/README", "");
    let other = workflow("deploy", "stage").replace("command: deploy", "working-directory: shop, command: deploy");
    repository.write(".github/workflows/other.yml", other.replace("environment: stage", "environment: nowhere"));
    for (directory, arguments) in [("shop/backend", vec![]), ("", vec!["--config", "shop/shipgate.toml"])] {
        let arguments = [&CHECK[..], &arguments].concat();
        let run = repository.shipgate(&arguments).directory(&repository.path().join(directory));
        let report = away_from_aws(run).expect_code(2).json();
        assert_eq!(
            found(&report),
            [
                "error environment-unknown .github/workflows/other.yml:13:59",
                "error dockerfile-missing shop/shipgate.toml:7:21",
                "error site-directory shop/shipgate.toml:32:77",
            ],
            "{report:#}"
        );
        left_out(&report, "job `ship` of .github/workflows/deploy.yml");
    }
}

/// A job of a pull request.
fn pull_request(repository: &Repository, from: &str) -> Shipgate {
    let side = |name: &str| json!({"repo": {"full_name": name}});
    let event = json!({"pull_request": {"head": side(from), "base": side("shop/cloudshop")}});
    // Beside the checkout, as a runner keeps it.
    let file = repository.path().parent().unwrap().join("event.json");
    std::fs::write(&file, event.to_string()).unwrap();
    let run = repository.shipgate(&CHECK).env("GITHUB_ACTIONS", "true").env("GITHUB_EVENT_NAME", "pull_request");
    run.env("GITHUB_EVENT_PATH", file).env("AWS_EC2_METADATA_DISABLED", "true")
}

#[test]
fn a_fork_gets_the_offline_part_and_is_told_what_was_left_out() {
    let repository = cloudshop();
    let ran = pull_request(&repository, "someone/cloudshop").env("SHIPGATE_VARS", VARS).run().expect_code(0);
    let report = ran.json();
    assert_eq!(found(&report), [""; 0]);
    let left = left_out(&report, "what merging would change on stage");
    assert!(left["why"].as_str().unwrap().contains("fork"), "{report:#}");
    assert!(ran.stderr.contains("skipped: what merging would change on stage"), "{}", ran.stderr);
    // What is wrong without any credentials is found all the same.
    repository.write("backend/Dockerfile", "FORM scratch\n");
    pull_request(&repository, "someone/cloudshop").env("SHIPGATE_VARS", VARS).run().expect_code(2);
}

#[test]
fn missing_variables_are_notes_for_a_fork_and_errors_where_others_are_there() {
    let repository = cloudshop();
    let partly = r#"{"STAGE_URL": "https://stage.shop.example"}"#;
    for (from, vars, code, level) in [
        ("someone/cloudshop", "", 0, "note"),
        ("someone/cloudshop", partly, 0, "note"),
        ("shop/cloudshop", "", 0, "note"),
        ("shop/cloudshop", "{}", 2, "error"),
        ("shop/cloudshop", partly, 2, "error"),
    ] {
        let report = pull_request(&repository, from).env("SHIPGATE_VARS", vars).run().expect_code(code).json();
        let expected = format!("{level} variable-missing shipgate.toml:74:8");
        assert!(found(&report).contains(&expected), "{from} {vars}: {report:#}");
    }
}

#[test]
fn a_job_without_a_token_and_one_of_dependabot_are_told_why_nobody_looked() {
    let repository = cloudshop();
    let without = pull_request(&repository, "shop/cloudshop").env("SHIPGATE_VARS", VARS);
    let report = without.run().expect_code(0).json();
    assert!(left_out(&report, "stage")["hint"].as_str().unwrap().contains("id-token: write"), "{report:#}");
    let dependabot = pull_request(&repository, "shop/cloudshop").env("GITHUB_ACTOR", "dependabot[bot]");
    // Its status is set as any other's, as far as its own token may.
    let dependabot = dependabot.env("GITHUB_TOKEN", "ghs_x").env("GITHUB_REPOSITORY", "shop/cloudshop");
    let dependabot = dependabot.env("GITHUB_SHA", SHA).env("GITHUB_API_URL", "http://127.0.0.1:1");
    let ran = dependabot.env("SHIPGATE_VARS", VARS).run().expect_code(0);
    let report = ran.json();
    assert!(left_out(&report, "stage")["why"].as_str().unwrap().contains("Dependabot"), "{report:#}");
    assert!(ran.stderr.contains("commit status shipgate/check is not recorded"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("may only read"), "{}", ran.stderr);
    // An empty object says that the repository has no variables, here too.
    let dependabot = pull_request(&repository, "shop/cloudshop").env("GITHUB_ACTOR", "dependabot[bot]");
    dependabot.env("SHIPGATE_VARS", "{}").run().expect_code(2);
    let target = pull_request(&repository, "shop/cloudshop").env("GITHUB_EVENT_NAME", "pull_request_target");
    // Not even where GitHub would hand out a token.
    let target =
        target.env("ACTIONS_ID_TOKEN_REQUEST_URL", "http://localhost:9/").env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "x");
    let report = target.env("SHIPGATE_VARS", VARS).run().expect_code(0).json();
    assert!(left_out(&report, "stage")["why"].as_str().unwrap().contains("pull_request_target"), "{report:#}");
}

/// The token names the branch of the queue, and is not asked for.
#[test]
fn a_merge_queue_gets_the_offline_part() {
    let repository = cloudshop();
    let in_queue = |vars: &str| {
        let run = pull_request(&repository, "shop/cloudshop").env("GITHUB_EVENT_NAME", "merge_group");
        let file = repository.path().parent().unwrap().join("event.json");
        let queue = "refs/heads/gh-readonly-queue/main/pr-7-0123456";
        let event = json!({"action": "checks_requested", "merge_group": {"head_sha": SHA, "head_ref": queue}});
        std::fs::write(file, event.to_string()).unwrap();
        let run = run.env("ACTIONS_ID_TOKEN_REQUEST_URL", "http://127.0.0.1:1/");
        run.env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "x").env("SHIPGATE_VARS", vars).env("GITHUB_REF", queue)
    };
    let report = in_queue(VARS).run().expect_code(0).json();
    assert_eq!(found(&report), [""; 0]);
    let left = left_out(&report, "what merging would change on stage");
    assert!(left["why"].as_str().unwrap().contains("merge queue"), "{report:#}");
    assert!(left["hint"].as_str().unwrap().contains("pull request"), "{report:#}");
    // What is wrong without any role is found all the same.
    in_queue("{}").run().expect_code(2);
    repository.write("backend/Dockerfile", "FORM scratch\n");
    in_queue(VARS).run().expect_code(2);
}

#[test]
fn a_role_without_one_for_looking_is_not_tried_for_a_pull_request() {
    let repository = cloudshop();
    let config = include_str!("../../examples/cloudshop/shipgate.toml");
    let lines: Vec<&str> = config.lines().filter(|line| !line.starts_with("read-role")).collect();
    repository.write("shipgate.toml", lines.join("\n"));
    let run = pull_request(&repository, "shop/cloudshop").env("SHIPGATE_VARS", VARS);
    let run = run.env("ACTIONS_ID_TOKEN_REQUEST_URL", "http://localhost:9/").env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "x");
    let report = run.run().expect_code(0).json();
    assert!(left_out(&report, "stage")["hint"].as_str().unwrap().contains("read-role"), "{report:#}");
}

#[test]
fn foreign_text_is_harmless_and_no_secret_is_shown() {
    let repository = cloudshop();
    repository.write(".github/workflows/::error::x.yml", "on: [\n");
    let text = workflow("deploy", "\"::set-output name=a::b\\n##[group]\"");
    repository.write(".github/workflows/deploy.yml", text);
    repository.write("backend/Dockerfile", "FROM a\nENV DB_PASSWORD=canary-password\nARG X=##[error]\n");
    std::os::unix::fs::symlink(ELSEWHERE, repository.path().join(".github/workflows/environ.yml")).unwrap();
    let ran = repository
        .shipgate(&["check", "--output", "json", "-vvv"])
        .env("AWS_SECRET_ACCESS_KEY", "canary-secret")
        .env("GITHUB_TOKEN", "canary-token")
        .env("SHIPGATE_VARS", r#"{"STAGE_URL": "https://a.example", "PRODUCTION_URL": "canary variable"}"#)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .run()
        .expect_code(2);
    let report = ran.json();
    assert!(left_out(&report, "environ.yml")["why"].as_str().unwrap().contains("leads out"), "{report:#}");
    let secrets = ["canary-password", "canary-secret", "canary-token"];
    for text in [&ran.stdout, &ran.stderr] {
        assert!(secrets.iter().all(|secret| !text.contains(secret)), "{text}");
        assert!(!text.contains("##["), "{text}");
        assert!(!text.lines().any(|line| line.trim_start().starts_with("::")), "{text}");
    }
}

#[test]
fn outside_of_git_and_without_git_the_files_are_looked_at() {
    let repository = Repository::bare();
    repository.write("shipgate.toml", include_str!("../../examples/cloudshop/shipgate.toml"));
    let report = away_from_aws(repository.shipgate(&CHECK)).expect_code(2).json();
    let wanted = ["error build-context shipgate.toml:7:21", "error site-directory shipgate.toml:32:77"];
    assert_eq!(found(&report), wanted);
    left_out(&report, "stage");
    repository.write("frontend/package.json", include_str!("../../examples/cloudshop/frontend/package.json"));
    repository.write("frontend/package-lock.json", "{}");
    repository.write("backend/Dockerfile", "FROM scratch\nARG RELEASE\n");
    let report = away_from_aws(repository.shipgate(&CHECK).only_programs(&[])).expect_code(0).json();
    assert_eq!(report["looked_at"], json!(["shipgate.toml", "backend/Dockerfile"]));
}

#[test]
fn without_a_readable_event_the_check_goes_on_and_says_what_it_could_not_record() {
    let repository = cloudshop();
    let file = repository.path().parent().unwrap().join("event.json");
    for event in
        [None, Some(""), Some("{\"pull_request\": {\"num"), Some("[]"), Some("{\"pull_request\": {\"number\": -1}}")]
    {
        let run = pull_request(&repository, "shop/cloudshop");
        match event {
            Some(text) => std::fs::write(&file, text).unwrap(),
            None => std::fs::remove_file(&file).unwrap(),
        }
        let run = run
            .env("SHIPGATE_VARS", VARS)
            .env("GITHUB_TOKEN", "ghs_x")
            .env("GITHUB_REPOSITORY", "shop/cloudshop")
            .env("GITHUB_SHA", SHA);
        let ran = run.env("GITHUB_API_URL", "http://127.0.0.1:1").run().expect_code(0);
        assert_eq!(found(&ran.json()), [""; 0], "{event:?}");
        let said = "commit status shipgate/check is not recorded: the event's file does not say";
        assert!(ran.stderr.contains(said), "{event:?}: {}", ran.stderr);
    }
}

/// The author of the configuration would hand the run's own credentials to whom it names.
#[test]
fn a_configuration_cannot_use_the_credentials_of_the_run() {
    let config = include_str!("../../examples/cloudshop/shipgate.toml");
    for name in
        ["GITHUB_TOKEN", "GH_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"]
    {
        let repository = cloudshop();
        repository.write(
            "shipgate.toml",
            format!(
                "{config}\n[environments.x]\nregion = \"us-east-1\"\nurl = \"https://x/${{env.{name}}}\"\n\
                 components.frontend.placeholders = {{ REACT_APP_API_URL = \"https://x\" }}\n"
            ),
        );
        let line = config.lines().count() + 4;
        let ran = away_from_aws(repository.shipgate(&CHECK).env(name, "canary-of-the-run")).expect_code(2);
        let report = ran.json();
        assert_eq!(found(&report), [format!("error configuration shipgate.toml:{line}:18")], "{report:#}");
        let finding = &report["findings"][0];
        assert!(
            finding["message"].as_str().unwrap().contains(&format!("`${{env.{name}}}` cannot be used")),
            "{report:#}"
        );
        assert!(finding["hint"].as_str().unwrap().contains("${vars.NAME}"), "{report:#}");
        assert!(!format!("{}{}", ran.stdout, ran.stderr).contains("canary"));
    }
}

#[test]
fn findings_are_annotations_at_their_place_and_a_page() {
    let repository = cloudshop();
    repository.write("backend/Dockerfile", "FORM scratch\n");
    let summary = repository.path().parent().unwrap().join("summary");
    let run = pull_request(&repository, "someone/cloudshop").env("SHIPGATE_VARS", VARS);
    let ran = run.env("GITHUB_STEP_SUMMARY", &summary).env("GITHUB_WORKSPACE", repository.path()).run().expect_code(2);
    let mut reader = Reader::default();
    ran.stderr.lines().for_each(|line| reader.line(line));
    let error = reader.commands.iter().find(|command| command.name == "error").unwrap();
    let property = |name: &str| error.properties[name].as_str();
    assert_eq!((property("file"), property("line")), ("backend/Dockerfile", "1"));
    assert!(property("title").starts_with("shipgate: dockerfile-") && error.data.contains("\nhint: "), "{error:?}");
    let page = std::fs::read_to_string(summary).unwrap();
    assert!(page.starts_with("## ❌ check failed") && page.contains("`backend/Dockerfile:1`"), "{page}");
    assert!(page.contains("Skipped:"), "{page}");
    assert!(ran.stderr.contains("the token of a pull request of a fork may only read"), "{}", ran.stderr);
}

/// As `fuzz::workflow` has it, here with the whole program.
#[test]
fn nested_brackets_end_the_check_at_once() {
    let repository = cloudshop();
    repository.write(".github/workflows/deep.yml", format!("on: push\njobs: {}", "[".repeat(400_000)));
    let (ran, took) = timed(|| away_from_aws(repository.shipgate(&CHECK)).expect_code(2));
    assert!(found(&ran.json()).contains(&"error workflow-syntax .github/workflows/deep.yml:2:1".to_owned()));
    assert!(took < Duration::from_secs(30), "{took:?}");
}

/// A text that is not what it seems to a reader that only counts brackets.
#[test]
#[expect(clippy::disallowed_methods, reason = "nothing says that a parser hangs but that time passes")]
fn a_signal_ends_the_program_while_a_parser_hangs() {
    let repository = cloudshop();
    let hidden = format!("on: push\nname: a\n  [ \"\njobs: {}", "[".repeat(1_000_000));
    repository.write(".github/workflows/deep.yml", hidden);
    for signal in ["TERM", "INT"] {
        let run = repository.shipgate(&CHECK).env("AWS_EC2_METADATA_DISABLED", "true").start();
        std::thread::sleep(Duration::from_secs(3));
        let (ran, took) = timed(|| {
            run.signal(signal);
            run.wait()
        });
        assert!(took < Duration::from_secs(5), "{took:?}: {}", ran.stderr);
        assert_eq!(ran.json()["outcome"], "interrupted", "{}", ran.stderr);
    }
}

#[test]
fn a_text_of_variables_does_not_grow_without_end() {
    let repository = cloudshop();
    let config = include_str!("../../examples/cloudshop/shipgate.toml");
    let many = format!("url = \"https://x.example/{}/health\"", "${vars.STAGE_URL}".repeat(50_000));
    repository.write("shipgate.toml", config.replacen("url = \"${vars.STAGE_URL}/health\"", &many, 1));
    let vars = format!("{{\"STAGE_URL\": \"{}\", \"PRODUCTION_URL\": \"https://x\"}}", "a".repeat(10_000));
    let run = repository.shipgate(&CHECK).env("AWS_EC2_METADATA_DISABLED", "true").env("SHIPGATE_VARS", vars);
    let ran = run.with_memory(1_000_000).run().expect_code(2);
    assert!(ran.stdout.contains("longer than 64 KiB") && ran.stdout.len() < 100_000, "{:.2000}", ran.stdout);
}
