//! A history that is long, foreign in part, in progress, or not to be read.

use serde_json::{Value, json};

use crate::harness::Ran;
use crate::scripted::{Shop, all_at_once, arn, text};

fn release(shop: &Shop, digit: char, tags: &[(&str, &str)]) -> String {
    shop.aws.world(|world| world.register_ours(&digit.to_string().repeat(40), tags))
}

fn by_hand(shop: &Shop, count: usize) {
    shop.aws.world(|world| (0..count).for_each(|_| drop(world.register_by_hand(|_| {}))));
}

fn history(shop: &Shop, more: &[&str]) -> Ran {
    shop.shipgate(&[&["history", "stage", "--output", "json"], more].concat()).run()
}

/// The first digit of each release.
fn digits(report: &Value) -> String {
    let releases = report["releases"].as_array().unwrap().iter();
    releases.map(|release| release["sha"].as_str().unwrap().chars().next().unwrap()).collect()
}

#[test]
fn only_as_much_is_read_as_is_shown() {
    let shop = Shop::new();
    for digit in "abcdef0123456789".chars() {
        release(&shop, digit, &[("outcome", "deployed")]);
    }
    let report = history(&shop, &["--limit", "3"]).expect_code(0).json();
    assert_eq!(digits(&report), "987");
    let described = |shop: &Shop| {
        shop.aws.operations().iter().filter(|operation| *operation == "ecs:DescribeTaskDefinition").count()
    };
    assert!(described(&shop) < 12, "{}", described(&shop));
    assert_eq!(digits(&history(&shop, &[]).expect_code(0).json()), "9876543210fedcba");
}

#[test]
fn revisions_of_others_are_left_out_and_the_search_has_an_end() {
    let shop = Shop::new();
    release(&shop, 'a', &[]);
    by_hand(&shop, 150);
    release(&shop, 'b', &[]);
    by_hand(&shop, 40);
    let ran = history(&shop, &[]).expect_code(0);
    assert_eq!((digits(&ran.json()).as_str(), ran.stderr.as_str()), ("ba", ""));
    by_hand(&shop, 20);
    let ran = history(&shop, &[]).expect_code(0);
    assert_eq!(digits(&ran.json()), "b");
    ran.expect_stderr("backend: only the newest 200 revisions were read");
    assert_eq!(history(&shop, &["--limit", "1"]).expect_code(0).stderr, "");
}

/// What runs is shown however old it is.
#[test]
fn what_runs_is_shown_also_where_it_is_not_listed() {
    let shop = Shop::new();
    let live = release(&shop, 'a', &[("outcome", "deployed")]);
    shop.aws.world(|world| world.roll_out(&[("1", live.rsplit('/').next().unwrap(), "COMPLETED")]));
    by_hand(&shop, 210);
    let report = history(&shop, &[]).expect_code(0).json();
    assert_eq!((&report["releases"][0]["revision"], &report["releases"][0]["current"]), (&json!(live), &json!(true)));
}

#[test]
fn a_rollback_and_a_rollout_in_progress_are_told() {
    let shop = Shop::new();
    let good = release(&shop, 'a', &[("outcome", "deployed"), ("at", "2026-11-20T10:00:00Z")]);
    release(&shop, 'b', &[("outcome", "deployed"), ("at", "2026-11-20T11:00:00Z"), ("run", "acme/shop/7/1")]);
    let back = release(&shop, 'a', &[("restores", &good), ("at", "2026-11-20T12:00:00Z")]);
    let short = |arn: &str| arn.rsplit('/').next().unwrap().to_owned();
    shop.aws.world(|world| world.roll_out(&[("2", &short(&back), "IN_PROGRESS"), ("1", &short(&good), "COMPLETED")]));

    let report = history(&shop, &[]).expect_code(0).json();

    let releases = &report["releases"];
    assert_eq!((&releases[0]["outcome"], &releases[0]["restores"]), (&Value::Null, &json!(good)));
    assert_eq!((&releases[0]["current"], &releases[2]["current"]), (&json!(true), &json!(false)));
    assert_eq!((&releases[1]["run"], &releases[1]["at"]), (&json!("acme/shop/7/1"), &json!("2026-11-20T11:00:00Z")));
    let table = shop.shipgate(&["history", "stage"]).run().expect_code(0).stdout;
    let row = table.lines().nth(1).unwrap();
    assert!(row.contains("unknown (rolling out)"), "{table}");
    assert!(row.contains(&format!("{}, restores {}", short(&back), short(&good))), "{table}");
}

#[test]
fn what_cannot_be_read_is_failed_and_never_an_empty_history() {
    let operations = ["ecs:DescribeServices", "ecs:DescribeTaskDefinition", "ecs:ListTaskDefinitions"];
    all_at_once(operations, |operation| {
        let shop = Shop::new();
        let message = format!("User: arn:aws:iam::123456789012:user/ci is not authorized to perform: {operation}");
        shop.aws.answer(operation, move |call, _| Some(call.error(400, "AccessDeniedException", &message)));
        let report = history(&shop, &[]).outcome("failed", 1);
        assert!(text(&report, "hints").contains(&format!("`{operation}`")), "{report:#}");
        assert_eq!(report["command"], "history");
    });
    let shop = Shop::new();
    release(&shop, 'a', &[]);
    let gone = arn("task-definition", "backend:8");
    shop.aws.answer("ecs:DescribeTaskDefinition", move |call, _| {
        (call.body["taskDefinition"] == gone)
            .then(|| call.error(400, "ClientException", "Unable to describe task definition."))
    });
    history(&shop, &[]).outcome("failed", 1);
}
