//! What only a terminal has: a question before production changes, and lines that move.

use crate::golden::screen;
use crate::harness::Ran;
use crate::scripted::Shop;
use crate::scripted_golden::proven;

const PROMOTE: [&str; 2] = ["promote", "production"];

/// What production's service is meant to run.
fn runs(shop: &Shop) -> String {
    shop.aws.world(|world| world.service("prod-backend").unwrap().deployments[0].definition.clone())
}

/// A promotion by somebody at a terminal.
fn promote(shop: &Shop, more: &[&str], typed: &str) -> Ran {
    shop.shipgate(&[&PROMOTE[..], more].concat()).on_a_terminal_of(80, typed)
}

#[test]
fn somebody_is_asked_before_production_changes() {
    for (typed, code, text) in [
        ("y\n", 0, "✓ deployed: production runs"),
        ("yes\n", 0, "✓ deployed: production runs"),
        ("n\n", 3, "not confirmed: nothing was changed"),
        ("\n", 3, "not confirmed"),
        ("production\n", 3, "not confirmed"),
    ] {
        let shop = proven();
        let before = runs(&shop);
        let ran = promote(&shop, &[], typed).expect_code(code);
        let seen = screen(&ran.stdout, 80, false);
        let question = format!("Promote {} to production? [y/N]", &shop.repository.head()[..7]);
        assert!(seen.contains(&question) && seen.contains(text), "{typed:?}\n{seen}");
        // The whole plan was shown before.
        assert!(seen.contains("nothing else in the task definition changes"), "{seen}");
        assert_eq!(runs(&shop) == before, code != 0, "{typed:?}");
    }
}

#[test]
fn nobody_is_asked_who_said_yes_or_named_the_plan_or_is_no_person() {
    let planned = proven();
    let report = planned.shipgate(&["plan", "promote", "production", "--json"]).run().outcome("planned", 0);
    let digest = report["plan_digest"].as_str().unwrap().trim_start_matches("sha256:")[..12].to_owned();
    let ran = promote(&planned, &["--expect-plan", &digest], "").expect_code(0);
    assert!(!ran.stdout.contains("[y/N]"), "{}", ran.stdout);

    let ran = promote(&proven(), &["--yes"], "").expect_code(0);
    assert!(!ran.stdout.contains("[y/N]"), "{}", ran.stdout);

    let in_ci = proven().shipgate(&PROMOTE).env("CI", "true").on_a_terminal_of(80, "").expect_code(0);
    assert!(!in_ci.stdout.contains("[y/N]"), "{}", in_ci.stdout);
    // A pipe cannot answer.
    proven().shipgate(&PROMOTE).run().expect_code(0);
}

#[test]
fn nobody_is_asked_about_what_a_gate_refuses_or_does_not_change() {
    let shop = proven();
    promote(&shop, &["--yes"], "").expect_code(0);
    let again = promote(&shop, &[], "").expect_code(0);
    assert!(!again.stdout.contains("[y/N]") && again.stdout.contains("unchanged"), "{}", again.stdout);
    let tag = serde_json::json!({"key": "shipgate:hold", "value": "2020-11-20T10:00:00Z local carts fail"});
    let held = proven();
    held.aws.world(|world| world.services[1].tags.push(tag));
    let refused = promote(&held, &[], "y\n").expect_code(3);
    assert!(!refused.stdout.contains("[y/N]"), "{}", refused.stdout);
}

/// While a rollout goes on: its tasks, the last event of ECS, and when it is given up. In the end none of that is left.
#[test]
fn the_lines_below_a_rollout_move_and_go() {
    let shop = Shop::new();
    shop.aws.world(|world| world.looks = 4);
    let ran = shop.shipgate(&["deploy", "stage"]).in_color().on_a_terminal_of(100, "").expect_code(0);
    for text in ["roll out", "gives up after 1h. Ctrl-C ends the watching, not ECS", "starting"] {
        assert!(ran.stdout.contains(text), "no {text:?} in\n{:?}", ran.stdout);
    }
    let left = screen(&ran.stdout, 100, false);
    assert!(!left.contains("gives up after") && !left.contains('⠁'), "{left}");
    assert!(left.contains("✓ roll out") && left.contains("✓ deployed: stage runs"), "{left}");
}

/// The person who is asked reads the plan, whatever else is not wanted.
#[test]
fn quiet_shows_the_plan_that_is_asked_about() {
    let ran = promote(&proven(), &["-q"], "n\n").expect_code(3);
    let seen = screen(&ran.stdout, 80, false);
    let (plan, question) = (seen.find("only the image changes"), seen.find("[y/N]"));
    assert!(plan.is_some() && plan < question, "{seen}");
}

/// A terminal without colour gets none in the lines that move either; one that cannot move them, and the calls of `-v`,
/// get lines.
#[test]
fn lines_move_only_where_they_can() {
    let deploy = |more: &[&str], term: &str| {
        let shop = Shop::new();
        shop.aws.world(|world| world.looks = 4);
        shop.shipgate(&[&["deploy", "stage"], more].concat()).env("TERM", term).on_a_terminal_of(120, "").expect_code(0)
    };
    let plain = deploy(&[], "xterm-256color");
    assert!(
        plain.stdout.contains("gives up after 1h. Ctrl-C") && !plain.stdout.contains("\u{1b}[2m"),
        "{:?}",
        plain.stdout
    );
    let (dumb, verbose) = (deploy(&[], "dumb"), deploy(&["-v"], "xterm-256color"));
    for ran in [dumb, verbose] {
        assert!(ran.stdout.contains("roll out: usually 2.0 s; gives up after 1h"), "{:?}", ran.stdout);
        assert!(!ran.stdout.contains("\u{1b}[1A") && !ran.stdout.contains('⠁'), "{:?}", ran.stdout);
    }
}

/// Nothing but warnings, and how it ended.
#[test]
fn quiet_is_the_warnings_and_the_last_line() {
    let ran = Shop::new().shipgate(&["deploy", "stage", "-q"]).run().expect_code(0);
    let lines: Vec<&str> = ran.stderr.lines().collect();
    assert!(lines.len() == 3 && lines[0].starts_with("warning: "), "{lines:#?}");
    assert!(lines[2].starts_with("✓ deployed: stage runs "), "{lines:#?}");
}

/// Every id, every time, and every call with what it was about.
#[test]
fn verbose_has_ids_in_full_and_each_call() {
    let shop = Shop::new();
    let ran = shop.shipgate(&["deploy", "stage", "-v"]).run().expect_code(0);
    let head = shop.repository.head();
    for text in [
        format!("backend:7 → {head}").as_str(),
        "DEBUG ecs:DescribeServices stage-backend: ",
        "DEBUG ecs:DescribeTaskDefinition backend:7: ",
        "DEBUG ecs:UpdateService stage-backend: ",
        "DEBUG running git rev-list in ",
        "✓ update",
        "  plan sha256:",
    ] {
        assert!(ran.stderr.contains(text), "no {text:?} in\n{}", ran.stderr);
    }
}

/// Somebody sits there and would not see the question.
#[test]
fn a_question_that_cannot_be_seen_is_answered_by_nobody() {
    let shop = proven();
    let before = runs(&shop);
    let hidden = shop.shipgate(&PROMOTE).with_hidden_errors().on_a_terminal_of(80, "y\n").expect_code(3);
    assert_eq!((runs(&shop), hidden.stdout.contains("[y/N]")), (before, false), "{}", hidden.stdout);
    shop.shipgate(&[&PROMOTE[..], &["--yes"]].concat()).with_hidden_errors().on_a_terminal_of(80, "").expect_code(0);
}
