//! What a run of a workflow gets: outputs, annotations, a summary, masks.

use std::collections::BTreeMap;

use serde_json::json;
use tempfile::TempDir;

use crate::harness::Ran;
use crate::runner::command::{Reader, WorkflowCommand};
use crate::runner::files::pairs;
use crate::scripted::{CANARIES, Shop, config};
use crate::scripted_golden::served;

/// The files of a step.
struct Step(TempDir);

impl Step {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn run(&self, shop: &Shop, arguments: &[&str], more: &[(&str, &str)]) -> Told {
        let file = |name: &str| self.0.path().join(name);
        let mut run = shop
            .shipgate(arguments)
            .env("GITHUB_ACTIONS", "true")
            .env("GITHUB_OUTPUT", file("output"))
            .env("GITHUB_STEP_SUMMARY", file("summary"))
            .env("GITHUB_SERVER_URL", "https://github.com")
            .env("GITHUB_REPOSITORY", "acme/shop")
            .env("GITHUB_RUN_ID", "42")
            .env("GITHUB_WORKSPACE", shop.repository.path());
        for (name, value) in more {
            run = run.env(name, value);
        }
        let ran = run.run();
        let read = |name: &str| std::fs::read_to_string(file(name)).unwrap_or_default();
        let mut reader = Reader::default();
        format!("{}\n{}", ran.stdout, ran.stderr).split(['\n', '\r']).for_each(|line| reader.line(line));
        let outputs = pairs(&read("output")).unwrap().into_iter().collect();
        Told { outputs, summary: read("summary"), commands: reader.commands, ran }
    }
}

struct Told {
    outputs: BTreeMap<String, String>,
    summary: String,
    commands: Vec<WorkflowCommand>,
    ran: Ran,
}

impl Told {
    fn of(&self, name: &str) -> Vec<&WorkflowCommand> {
        self.commands.iter().filter(|command| command.name == name).collect()
    }
}

#[test]
fn a_deploy_hands_on_what_it_did() {
    let shop = Shop::with_config(&(config("") + "url = \"https://stage.shop.example\"\n"));
    let messages = Step::new().run(&shop, &["deploy", "stage"], &[]);
    let (head, digest) = (shop.repository.head(), &shop.digest);
    let image = format!("{}/stage-shop:{head}@{digest}", shop.aws.host());
    for (name, expected) in [
        ("outcome", "deployed"),
        ("sha", &head),
        ("digest", digest),
        ("image", &image),
        ("digests", &format!("{{\"backend\":\"{digest}\"}}")),
        ("images", &format!("{{\"backend\":\"{image}\"}}")),
        ("environment-url", "https://stage.shop.example"),
    ] {
        assert_eq!(messages.outputs[name], expected, "{name}");
    }
    let document = crate::document::read(&messages.outputs["summary-json"]).unwrap();
    assert_eq!(
        (&document["outcome"], &document["plan_digest"]),
        (&json!("deployed"), &json!(messages.outputs["plan-digest"]))
    );
    assert!(messages.summary.starts_with("## ✅ Deployed "), "{}", messages.summary);
    for part in [
        &format!("https://github.com/acme/shop/commit/{head}"),
        "https://github.com/acme/shop/actions/runs/42/attempts/1",
        "us-east-1.console.aws.amazon.com/ecs/v2/clusters/",
        "```mermaid",
        "```diff",
        "<https://stage.shop.example>",
    ] {
        assert!(messages.summary.contains(part), "{part} is not in\n{}", messages.summary);
    }
    // The image of the scripted registry is of no run.
    let [warning] = messages.of("warning")[..] else { panic!("{:?}", messages.commands) };
    assert!(warning.data.contains("was there already, pushed by another program"), "{:?}", messages.commands);
    assert!(messages.of("error").is_empty(), "{:?}", messages.commands);
}

#[test]
fn a_plan_that_is_stale_says_what_moved_by_the_plan_that_was_shown() {
    let (shop, releases) = served(2);
    shop.aws.world(|world| world.serve(1, &releases[..1]));
    let plan = Step::new().run(&shop, &["plan", "promote", "production"], &[]).outputs;
    assert_eq!(plan["outcome"], "planned");
    shop.aws.world(|world| world.serve(1, &releases[..1]));
    let promote = ["promote", "production", "--expect-plan", &plan["plan-digest"]];

    let stale = Step::new().run(&shop, &promote, &[("SHIPGATE_PLAN", &plan["plan"])]);
    assert_eq!(stale.outputs["outcome"], "stale");
    let [error] = stale.of("error")[..] else { panic!("{:?}", stale.commands) };
    let moved = "\n  component backend: what it runs was arn:aws:ecs:";
    assert!(error.data.contains(moved) && error.data.contains(", is arn:aws:ecs:"), "{}", error.data);
    assert!(!stale.ran.stderr.contains("is ignored"), "{}", stale.ran.stderr);

    // Another plan is no evidence of anything, and without one there is nothing to compare.
    let forged = plan["plan"].replace("prod-backend", "other-backend");
    for (shown, is_ignored) in [(forged.as_str(), true), ("", false)] {
        let stale = Step::new().run(&shop, &promote, &[("SHIPGATE_PLAN", shown)]);
        let [error] = stale.of("error")[..] else { panic!("{:?}", stale.commands) };
        assert!(error.data.contains("production has moved, or its configuration"), "{}", error.data);
        assert!(!error.data.contains("what it runs"), "{}", error.data);
        assert_eq!(stale.ran.stderr.contains("SHIPGATE_PLAN is ignored"), is_ignored, "{}", stale.ran.stderr);
    }
}

#[test]
fn a_failure_is_an_annotation_with_its_cause_and_what_to_do() {
    let shop = Shop::new();
    shop.aws.refuse("ecs:UpdateService", 400, "AccessDeniedException", "not you");
    let messages = Step::new().run(&shop, &["deploy", "stage"], &[]);
    assert_eq!(messages.outputs["outcome"], "failed");
    let [error] = messages.of("error")[..] else { panic!("{:?}", messages.commands) };
    assert_eq!(error.properties["title"], "shipgate: failed: stage");
    assert!(error.data.contains("ecs:UpdateService") && error.data.contains("\nhint: "), "{}", error.data);
    assert!(
        messages.summary.starts_with("## ❌ Deploy of ") && messages.summary.contains("ecs:UpdateService"),
        "{}",
        messages.summary
    );
    assert!(messages.summary.contains("Left behind: `"), "{}", messages.summary);
}

#[test]
fn problems_of_the_configuration_are_annotations_at_their_place() {
    let shop = Shop::with_config(&config("colour = \"blue\"\nsize = 3"));
    let messages = Step::new().run(&shop, &["deploy", "stage"], &[]);
    assert_eq!(messages.outputs["outcome"], "invalid");
    let errors = messages.of("error");
    assert_eq!(errors.len(), 2, "{errors:?}");
    for error in errors {
        assert_eq!(error.properties["file"], "shipgate.toml");
        assert!(error.properties["line"].parse::<usize>().is_ok_and(|line| line > 5), "{error:?}");
    }
    assert!(messages.summary.contains("colour"), "{}", messages.summary);
}

#[test]
fn files_of_the_configuration_are_named_from_the_root() {
    let shop = Shop::new();
    shop.repository.write("deploy/shipgate.toml", config("colour = \"blue\""));
    let messages = Step::new().run(&shop, &["deploy", "stage", "--config", "deploy/shipgate.toml"], &[]);
    assert_eq!(messages.of("error")[0].properties["file"], "deploy/shipgate.toml");
}

#[test]
fn a_wrong_command_line_is_told_too_and_cannot_speak_for_us() {
    let shop = Shop::new();
    let messages = Step::new().run(&shop, &["deploy", "stage", "--x\n::error::forged\r##[warning]forged"], &[]);
    assert_eq!((messages.outputs["outcome"].as_str(), messages.ran.code), ("invalid", 2));
    let [error] = messages.of("error")[..] else { panic!("{:?}", messages.commands) };
    assert!(error.properties["title"].starts_with("shipgate: invalid") && messages.of("warning").is_empty());
}

#[test]
fn the_output_of_others_is_folded_and_the_groups_are_closed() {
    let shop = Shop::with("pre-deploy = [\"migrate\"]");
    shop.aws.world(|world| world.log = vec!["one".to_owned(), "::endgroup::".to_owned(), "##[group]x".to_owned()]);
    let messages = Step::new().run(&shop, &["deploy", "stage"], &[]);
    assert_eq!(messages.outputs["outcome"], "deployed", "{}", messages.ran.stderr);
    let names: Vec<&str> = messages.commands.iter().map(|command| command.name.as_str()).collect();
    assert_eq!(names, ["group", "endgroup", "warning"]);
    assert_eq!(messages.commands[0].data, "output of pre-deploy backend");
}

#[test]
fn secrets_are_told_to_the_runner_where_the_action_says_so_and_nowhere_else() {
    let shop = Shop::new();
    let messages = Step::new().run(&shop, &["deploy", "stage"], &[("SHIPGATE_MASK", "true")]);
    let masked: Vec<&str> = messages.of("add-mask").iter().map(|command| command.data.as_str()).collect();
    assert!(masked.contains(&CANARIES[2]), "{masked:?}");
    let log: Vec<&str> = messages.ran.stderr.lines().filter(|line| !line.starts_with("::add-mask::")).collect();
    assert!(!log.join("\n").contains("canary") && !messages.ran.stdout.contains("canary"));
    for value in ["", "false", "1"] {
        let messages = Step::new().run(&Shop::new(), &["deploy", "stage"], &[("SHIPGATE_MASK", value)]);
        assert!(messages.of("add-mask").is_empty() && !messages.ran.stderr.contains("canary"), "{value:?}");
    }
}

#[test]
fn files_that_cannot_be_written_are_a_warning_and_change_nothing() {
    let shop = Shop::new();
    let nowhere = [("GITHUB_OUTPUT", "/nonexistent/output"), ("GITHUB_STEP_SUMMARY", "/nonexistent/summary")];
    let messages = Step::new().run(&shop, &["deploy", "stage"], &nowhere);
    assert_eq!(messages.ran.code, 0, "{}", messages.ran.stderr);
    for what in ["outputs", "summary"] {
        assert!(
            messages.ran.stderr.contains(&format!("warning: the step's {what} cannot be written")),
            "{}",
            messages.ran.stderr
        );
    }
}

#[test]
fn several_commands_of_a_step_add_to_its_page() {
    let (shop, step) = (Shop::new(), Step::new());
    step.run(&shop, &["plan", "deploy", "stage"], &[]);
    let messages = step.run(&shop, &["deploy", "stage"], &[]);
    assert!(
        messages.summary.contains("## ⏸ Deploy ") && messages.summary.contains("## ✅ Deployed "),
        "{}",
        messages.summary
    );
    assert_eq!(messages.outputs["outcome"], "deployed", "the last one counts");
}
