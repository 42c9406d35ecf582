//! What a rollback left stays out, as far as the clone knows, and nothing else does.

use serde_json::{Value, json};

use crate::harness::{Ran, Repository, assert_reported, steps};
use crate::scripted::{ACCOUNT, Shop, all_at_once, config, text};

const COMMANDS: [[&str; 2]; 2] = [["deploy", "stage"], ["promote", "production"]];

/// A shop whose stage and production ran a number of releases and run the last of them; with their commits, oldest first.
fn served(count: usize) -> (Shop, Vec<String>) {
    served_with("", count)
}

fn served_with(more: &str, count: usize) -> (Shop, Vec<String>) {
    let production = format!(
        "[environments.production]\nregion = \"us-east-1\"\naccount = \"{ACCOUNT}\"\npromotes-from = \"stage\"\n\
         [environments.production.gates]\napproval = \"none\"\n\
         [environments.production.components.backend]\nservice = \"production-backend\"\n"
    );
    let shop = Shop::with_config(&format!("{}{production}", config(more)));
    let releases: Vec<String> = (0..count).map(|number| shop.repository.commit(&format!("Release {number}"))).collect();
    shop.aws.world(|world| {
        world.add_service("production-backend");
        world.serve(0, &releases);
        world.serve(1, &releases);
    });
    (shop, releases)
}

fn run(shop: &Shop, arguments: &[&str]) -> Ran {
    run_in(shop, &shop.repository, arguments)
}

fn run_in(shop: &Shop, clone: &Repository, arguments: &[&str]) -> Ran {
    clone.shipgate(&[arguments, &["--output", "json"]].concat()).envs(&shop.variables()).run()
}

/// Rolls one environment back. Where that is production, stage goes on with what production leaves.
fn left(environment: &str) -> (Shop, Vec<String>) {
    let (shop, releases) = served(2);
    let report = run(&shop, &["rollback", environment]).outcome("deployed", 0);
    assert_eq!(report["release"]["sha"], releases[0]);
    shop.aws.forget();
    (shop, releases)
}

fn tag(shop: &Shop, key: &str, value: &str) {
    shop.aws.world(|world| {
        world.services.iter_mut().for_each(|service| service.tags.push(json!({"key": key, "value": value})));
    });
}

/// The revisions that the services are meant to run.
fn running(shop: &Shop) -> Vec<String> {
    shop.aws.world(|world| world.services.iter().map(|service| service.deployments[0].definition.clone()).collect())
}

fn gate<'a>(report: &'a Value, name: &str) -> &'a Value {
    report["gates"].as_array().unwrap().iter().find(|gate| gate["name"] == name).unwrap()
}

fn was_updated(shop: &Shop) -> bool {
    shop.aws.mutations().contains(&"ecs:UpdateService".to_owned())
}

#[test]
fn what_was_left_is_refused_and_a_plan_shows_that() {
    all_at_once(COMMANDS, |[command, environment]| {
        let (shop, releases) = left(environment);
        let before = running(&shop);

        let report = run(&shop, &[command, environment]).outcome("refused", 3);

        assert_reported(&report["causes"], &["hold", environment, &releases[1][..7], &releases[0][..7]]);
        assert_reported(&report["hints"], &["unhold", environment]);
        assert_eq!(gate(&report, "hold")["verdict"], "unsatisfied");
        let plan = run(&shop, &["plan", command, environment]).outcome("planned", 0);
        assert_eq!(gate(&plan, "hold"), gate(&report, "hold"));
        assert_eq!((shop.aws.mutations(), running(&shop)), (Vec::new(), before));

        run(&shop, &["unhold", environment, "--reason", "it was the weather"]).expect_code(0);
        let report = run(&shop, &[command, environment]).outcome("deployed", 0);
        assert_eq!(report["release"]["sha"], releases[1]);
    });
}

/// The commit that was checked out is older than what was left, on a branch beside it, or fixes it.
#[test]
fn commits_without_what_was_left_pass_and_so_does_the_fixed_one() {
    for beside in [true, false] {
        let (shop, releases) = left("stage");
        if beside {
            shop.repository.git(&["checkout", "--quiet", "-B", "main", &releases[0]]);
        }
        let head = shop.repository.commit("Another way");
        shop.aws.world(|world| world.registry.put_image(&head, Some(&head)));

        let report = run(&shop, &["deploy", "stage"]).outcome("deployed", 0);

        assert_eq!(report["release"]["sha"], head, "beside: {beside}");
        assert_eq!(gate(&report, "hold")["verdict"], "satisfied");
    }
}

#[test]
fn what_lies_between_the_two_is_refused_too() {
    let (shop, releases) = served(3);
    run(&shop, &["rollback", "stage", "--release", &releases[0]]).outcome("deployed", 0);
    shop.repository.git(&["checkout", "--quiet", &releases[1]]);
    let before = running(&shop);

    run(&shop, &["deploy", "stage"]).outcome("refused", 3);

    assert_eq!(running(&shop), before);
}

#[test]
fn a_clone_without_history_cannot_tell_and_is_refused() {
    all_at_once(COMMANDS, |[command, environment]| {
        let (shop, releases) = left(environment);
        let before = running(&shop);
        let clone = shop.repository.shallow_clone();
        assert_eq!(clone.head(), releases[1]);

        let report = run_in(&shop, &clone, &[command, environment]).outcome("refused", 3);

        assert_eq!(gate(&report, "hold")["verdict"], "unknown");
        assert_reported(&report["causes"], &["hold", "this clone cannot say"]);
        assert_reported(&report["hints"], &["fetch-depth: 0"]);
        assert_eq!((shop.aws.mutations(), running(&shop)), (Vec::new(), before));
    });
}

/// The way back is read from the ledger; the history says only which of its releases were left before.
#[test]
fn a_clone_without_history_goes_back_once_and_then_only_by_name() {
    let (shop, releases) = served(3);
    let clone = shop.repository.shallow_clone();
    let first = run_in(&shop, &clone, &["rollback", "production"]).outcome("deployed", 0);
    assert_eq!(first["release"]["sha"], releases[1]);
    assert_eq!(first["commits"], Value::Null);
    let before = running(&shop);

    let second = run_in(&shop, &clone, &["rollback", "production"]).outcome("failed", 1);

    assert!(second["reason"].as_str().unwrap().contains(&releases[0][..7]), "{second:#}");
    assert_reported(&second["hints"], &["fetch-depth: 0"]);
    assert_reported(&second["hints"], &["--release"]);
    assert_eq!(running(&shop), before);
    run_in(&shop, &clone, &["rollback", "production", "--release", &releases[0]]).outcome("deployed", 0);
}

#[test]
fn a_hold_that_covers_everything_stops_all_but_the_way_back() {
    let holds = [
        ("shipgate:hold", "2026-11-20T10:00:00Z local carts fail", "carts fail"),
        ("shipgate:hold", "", "cannot be read"),
        ("shipgate:hold:main", "2026-11-20T10:00:00Z local HEAD", "cannot be read"),
    ];
    all_at_once(holds, |(key, value, reason)| {
        let (shop, releases) = served(2);
        let head = shop.repository.commit("A good one");
        shop.aws.world(|world| world.registry.put_image(&head, Some(&head)));
        let before = running(&shop);
        tag(&shop, key, value);

        let report = run(&shop, &["deploy", "stage"]).outcome("refused", 3);
        assert_reported(&report["causes"], &["hold", "stage", reason]);
        let report = run(&shop, &["promote", "production", "--release", &releases[0]]).outcome("refused", 3);
        assert_reported(&report["causes"], &["hold", "production", reason]);

        assert_eq!((shop.aws.mutations(), running(&shop)), (Vec::new(), before));
        for environment in ["stage", "production"] {
            let report = run(&shop, &["rollback", environment]).outcome("deployed", 0);
            assert_eq!(report["release"]["sha"], releases[0], "{key}");
        }
    });
}

/// It is no hold: a deploy of a newer commit has nothing to lift.
#[test]
fn status_says_what_is_barred_until_a_newer_release_runs() {
    let (shop, releases) = left("stage");
    let seen = || run(&shop, &["status", "stage"]).json()["environments"][0]["components"][0].take();
    let is_said = |seen: &Value| {
        let mut remarks = seen["remarks"].as_array().unwrap().iter().filter_map(Value::as_str);
        remarks.any(|remark| remark.starts_with("barred: rolled back from"))
    };
    let before = seen();
    let bar = &before["barred"][0];
    assert_eq!((&bar["left"], &bar["returned"]), (&json!(releases[1]), &json!(releases[0])), "{before:#}");
    assert_eq!((&bar["passed"], is_said(&before)), (&json!(false), true), "{before:#}");
    let history = run(&shop, &["history", "stage"]).json();
    let marked: Vec<_> = history["releases"].as_array().unwrap().iter().map(|it| &it["then_rolled_back"]).collect();
    assert_eq!(marked, [false, true, false], "{history:#}");

    let newer = shop.repository.commit("A good one");
    shop.aws.world(|world| {
        let revision = world.register_ours(&newer, &[("outcome", "deployed")]);
        world.run_only(0, &revision);
    });
    let after = seen();
    assert_eq!((&after["barred"][0]["passed"], is_said(&after)), (&json!(true), false), "{after:#}");
    assert_eq!(after["holds"].as_array().unwrap().len(), 1, "{after:#}");
}

#[test]
fn what_runs_already_is_verified_though_it_is_held() {
    let (shop, _) = served(1);
    tag(&shop, "shipgate:hold", "2026-11-20T10:00:00Z local carts fail");
    for command in COMMANDS {
        let report = run(&shop, &command).outcome("unchanged", 0);
        assert!(gate(&report, "hold")["reason"].as_str().unwrap().contains("is held"), "{report:#}");
    }
}

#[test]
fn a_hold_that_comes_while_the_pre_deploy_command_runs_refuses() {
    let (shop, _) = served_with("pre-deploy = [\"migrate\"]", 1);
    let head = shop.repository.commit("A good one");
    shop.aws.world(|world| world.registry.put_image(&head, Some(&head)));
    let before = running(&shop);
    shop.aws.answer("ecs:RunTask", |_, world| {
        let value = "2026-11-20T10:00:00Z acme/shop/7/1 carts fail";
        world.services[0].tags.push(json!({"key": "shipgate:hold", "value": value}));
        None
    });

    let report = run(&shop, &["deploy", "stage"]).outcome("refused", 3);

    assert!(report["reason"].as_str().unwrap().contains("was held since the plan"), "{report:#}");
    assert_reported(&report["causes"], &["carts fail"]);
    assert!(!was_updated(&shop));
    assert_eq!((running(&shop), &report["components"][0]["changed"]), (before, &json!(false)));
    let left = text(&report, "left_behind");
    assert!(left.contains("backend:10") && left.contains("one-off-1"), "{left}");
}

#[test]
fn a_hold_that_comes_while_a_rollback_begins_does_not_stop_it() {
    let (shop, releases) = served(2);
    shop.aws.answer("ecs:RegisterTaskDefinition", |_, world| {
        let value = "2026-11-20T10:00:00Z acme/shop/7/1 carts fail";
        world.services[0].tags.push(json!({"key": "shipgate:hold", "value": value}));
        None
    });
    let report = run(&shop, &["rollback", "stage"]).outcome("deployed", 0);
    assert_eq!(report["release"]["sha"], releases[0]);
    assert_eq!(shop.aws.world(|world| world.services[0].tags.len()), 2, "theirs and that of the rollback");
}

#[test]
fn a_rollback_whose_update_is_denied_tells_of_its_hold() {
    let (shop, releases) = served(2);
    let before = running(&shop);
    shop.aws.refuse("ecs:UpdateService", 400, "AccessDeniedException", "not authorized: ecs:UpdateService");

    let report = run(&shop, &["rollback", "production"]).outcome("failed", 1);

    assert_reported(
        &report["left_behind"],
        &["hold on service production-backend", &releases[1][..7], &releases[0][..7]],
    );
    assert_eq!((running(&shop), &report["components"][0]["changed"]), (before, &json!(false)));
}

#[test]
fn a_rollback_that_is_interrupted_is_waited_for_by_the_next() {
    let (shop, releases) = served(3);
    shop.aws.world(|world| world.looks = 100_000);
    let running = shop.shipgate(&["rollback", "stage", "--output", "json"]).start();
    running.until_stderr("roll out: ");

    running.signal("TERM");

    let report = running.wait().outcome("interrupted", 130);
    assert_eq!(report["components"][0]["changed"], true);
    assert_eq!(steps(&report).last().unwrap(), "wait for backend: interrupted");
    assert_reported(&report["hints"], &["shipgate status"]);
    assert_eq!(report["left_behind"], json!([]), "the revision and the hold are those of what is rolled out");
    let rolling = self::running(&shop);
    shop.aws.forget();
    shop.aws.world(|world| world.services[0].finish());

    let report = run(&shop, &["rollback", "stage"]).outcome("deployed", 0);

    assert_eq!(report["release"]["sha"], releases[1]);
    assert_eq!(self::running(&shop), rolling);
    assert_eq!(shop.aws.mutations(), ["ecs:TagResource"], "nothing but the outcome is written");
    let written = shop.aws.call("ecs:TagResource").body;
    assert_eq!(written["resourceArn"], rolling[0]);
    assert!(written.to_string().contains("deployed"), "{written}");
    run(&shop, &["rollback", "stage", "--release", &releases[1]]).outcome("unchanged", 0);
}

/// The commits whose holds are on stage's service.
fn held(shop: &Shop) -> Vec<String> {
    let key = |tag: &Value| Some(tag["key"].as_str()?.strip_prefix("shipgate:hold:")?.to_owned());
    shop.aws.world(|world| world.services[0].tags.iter().filter_map(key).collect())
}

#[test]
fn a_hold_that_the_new_one_covers_is_taken_off_and_no_other() {
    all_at_once([false, true], |denied| {
        let (shop, releases) = served(3);
        run(&shop, &["rollback", "stage", "--release", &releases[0]]).outcome("deployed", 0);
        let fixed = shop.repository.commit("Fixed");
        let by_hand = json!({"key": "shipgate:hold", "value": "2026-11-20T10:00:00Z local carts fail"});
        shop.aws.world(|world| {
            world.serve(0, std::slice::from_ref(&fixed));
            world.services[0].tags.push(by_hand.clone());
        });
        if denied {
            shop.aws.refuse("ecs:UntagResource", 400, "AccessDeniedException", "not authorized: ecs:UntagResource");
        }

        let report = run(&shop, &["rollback", "stage", "--release", &releases[0]]).outcome("deployed", 0);

        if denied {
            assert_eq!(held(&shop), [releases[2].clone(), fixed]);
            assert_reported(&report["warnings"], &["still there", &releases[2][..7], "ecs:UntagResource"]);
        } else {
            assert_eq!(held(&shop), [fixed]);
            assert!(!report["warnings"].to_string().contains("still there"), "{report:#}");
        }
        let tags = shop.aws.world(|world| std::mem::take(&mut world.services[0].tags));
        assert!(tags.contains(&by_hand), "{tags:?}");
        // What was left first goes on to be stopped.
        shop.aws.world(|world| world.services[0].tags = tags.into_iter().filter(|tag| *tag != by_hand).collect());
        shop.repository.git(&["checkout", "--quiet", &releases[2]]);
        run(&shop, &["deploy", "stage"]).outcome("refused", 3);
    });
}

#[test]
fn a_hold_that_stops_more_than_the_new_one_stays() {
    let (shop, releases) = served(3);
    run(&shop, &["rollback", "stage", "--release", &releases[0]]).outcome("deployed", 0);
    let fixed = shop.repository.commit("Fixed");
    shop.aws.world(|world| world.serve(0, &[releases[1].clone(), fixed.clone()]));

    run(&shop, &["rollback", "stage", "--release", &releases[1]]).outcome("deployed", 0);

    assert_eq!(held(&shop), [releases[2].clone(), fixed]);
}
