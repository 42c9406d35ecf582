//! The two homes of a rollback's hold: where one is full, or somebody takes the tags off it, the other has it.

use serde_json::{Value, json};

use crate::harness::{Ran, assert_reported, texts};
use crate::scripted::{CLUSTER, SERVICE, Shop, all_at_once, arn, config};

/// A shop whose service ran a number of releases and runs the last of them; with their commits, oldest first.
fn served(count: usize) -> (Shop, Vec<String>) {
    served_by(Shop::new(), count)
}

fn served_by(shop: Shop, count: usize) -> (Shop, Vec<String>) {
    let releases: Vec<String> = (0..count).map(|number| shop.repository.commit(&format!("Release {number}"))).collect();
    shop.aws.world(|world| (0..world.services.len()).for_each(|index| world.serve(index, &releases)));
    (shop, releases)
}

fn run(shop: &Shop, arguments: &[&str]) -> Ran {
    shop.shipgate(&[arguments, &["--output", "json"]].concat()).run()
}

fn revision(number: usize) -> String {
    arn("task-definition", &format!("backend:{number}"))
}

/// Gives a resource as many tags as AWS has room for. The endpoint then refuses another one, as AWS does.
fn fill(shop: &Shop, resource: &str) {
    shop.aws.world(|world| {
        let tags = world.tags(resource).unwrap();
        let more = (tags.len()..50).map(|number| json!({"key": format!("team:{number}"), "value": "x"}));
        let more: Vec<Value> = more.collect();
        tags.extend(more);
    });
    let full = resource.to_owned();
    shop.aws.answer("ecs:TagResource", move |call, world| {
        if call.body["resourceArn"] != *full {
            return None;
        }
        let there = world.tags(&full).unwrap();
        let new = call.body["tags"].as_array().unwrap().iter();
        let new = new.filter(|tag| !there.iter().any(|it| it["key"] == tag["key"])).count();
        let message = "The maximum number of tags allowed for a resource is 50";
        (there.len() + new > 50).then(|| call.error(400, "InvalidParameterException", message))
    });
}

fn service() -> String {
    arn("service", &format!("{CLUSTER}/{SERVICE}"))
}

fn strip(shop: &Shop) {
    shop.aws.world(|world| world.services.iter_mut().for_each(|service| service.tags.clear()));
}

fn running(shop: &Shop) -> String {
    shop.aws.world(|world| world.services[0].deployments[0].definition.clone())
}

/// The keys of the holds on a resource.
fn holds(shop: &Shop, resource: &str) -> Vec<String> {
    let key = |tag: &Value| Some(tag["key"].as_str()?.strip_prefix("shipgate:hold:")?.to_owned());
    shop.aws.world(|world| world.tags(resource).unwrap().iter().filter_map(key).collect())
}

/// Insists that the newest commit is stopped, and the older one named as where it was gone back to.
#[track_caller]
fn stopped(shop: &Shop, releases: &[String]) {
    shop.repository.git(&["checkout", "--quiet", &releases[1]]);
    let report = run(shop, &["deploy", "stage"]).outcome("refused", 3);
    assert_reported(&report["causes"], &["hold", "rolled back from", &releases[1][..7], &releases[0][..7]]);
}

#[test]
fn a_hold_has_two_homes_and_the_next_revision_has_it_too() {
    let (shop, releases) = served(2);
    run(&shop, &["rollback", "stage"]).outcome("deployed", 0);
    let left = vec![releases[1].clone()];
    for place in [service(), revision(9), running(&shop)] {
        assert_eq!(holds(&shop, &place), left, "{place}");
    }
    strip(&shop);
    stopped(&shop, &releases);
    let status = run(&shop, &["status", "stage"]).expect_code(0).json();
    assert_eq!(status["environments"][0]["components"][0]["holds"][0]["left"], releases[1]);
    assert!(status.to_string().contains("on the revision alone"), "{status:#}");

    // The fix passes, and takes the hold over.
    shop.repository.git(&["checkout", "--quiet", "main"]);
    let fix = shop.repository.commit("Fix");
    shop.aws.world(|world| world.registry.put_image(&fix, Some(&fix)));
    run(&shop, &["deploy", "stage"]).outcome("deployed", 0);
    assert_eq!(holds(&shop, &running(&shop)), left);
    stopped(&shop, &releases);

    let lifted = run(&shop, &["unhold", "stage", "--reason", "it was the weather"]).expect_code(0).json();
    assert_eq!(lifted["lifted"].as_array().unwrap().len(), 1, "{lifted:#}");
    for place in [service(), revision(9), revision(10), running(&shop)] {
        assert_eq!(holds(&shop, &place), [""; 0], "{place}");
    }
    let report = run(&shop, &["deploy", "stage"]).outcome("refused", 3);
    assert_eq!(report["reason"], "refused by gate forward", "nothing but its age is against it: {report:#}");
}

/// A tool points the service at a revision of its own, too.
#[test]
fn a_hold_is_found_below_revisions_of_somebody_else() {
    let (shop, releases) = served(2);
    run(&shop, &["rollback", "stage"]).outcome("deployed", 0);
    shop.aws.world(|world| {
        let mut theirs = String::new();
        for _ in 0..12 {
            theirs = world.register_by_hand(|_| {});
        }
        world.run_only(0, &theirs);
    });
    strip(&shop);
    stopped(&shop, &releases);
    run(&shop, &["unhold", "stage", "--reason", "it was the weather"]).expect_code(0);
    run(&shop, &["deploy", "stage"]).outcome("deployed", 0);
}

#[test]
fn without_room_on_the_service_the_revision_has_the_hold_and_the_plan_says_so() {
    let (shop, releases) = served(2);
    fill(&shop, &service());
    let plan = run(&shop, &["plan", "rollback", "stage"]).outcome("planned", 0);
    assert_reported(&plan["warnings"], &["revision backend:9 alone", "service stage-backend has no room"]);

    let report = run(&shop, &["rollback", "stage"]).outcome("deployed", 0);

    assert_eq!(report["release"]["sha"], releases[0]);
    let tagged: Vec<String> = shop
        .aws
        .calls()
        .into_iter()
        .filter(|call| call.operation == "ecs:TagResource")
        .map(|call| call.body["resourceArn"].as_str().unwrap().to_owned())
        .collect();
    assert!(!tagged.contains(&service()), "{tagged:?}");
    assert_eq!(holds(&shop, &revision(9)), [releases[1].clone()]);
    stopped(&shop, &releases);
    let by_hand = run(&shop, &["hold", "stage", "--reason", "x"]).outcome("failed", 1);
    assert!(by_hand["reason"].as_str().unwrap().contains("no room for the hold"), "{by_hand:#}");
    assert_reported(&by_hand["hints"], &["take a tag off"]);
    run(&shop, &["unhold", "stage", "--reason", "it was the weather"]).expect_code(0);
    run(&shop, &["deploy", "stage"]).outcome("deployed", 0);
}

/// What AWS refuses though there seemed to be room, for one home or for both.
#[test]
fn a_rollback_is_never_impossible_for_want_of_a_tag() {
    type Full = fn(&str) -> bool;
    let only_service = |arn: &str| arn.contains(":service/");
    let only_revision = |arn: &str| arn.ends_with("backend:9");
    let both = |arn: &str| arn.contains(":service/") || arn.ends_with("backend:9");
    let cases: [(Full, &[&str]); 3] = [
        (only_service, &["service stage-backend"]),
        (only_revision, &["revision backend:9"]),
        (both, &["service", "revision"]),
    ];
    all_at_once(cases, |(is_full, places)| {
        let (shop, releases) = served(2);
        shop.aws.answer("ecs:TagResource", move |call, _| {
            let is_hold = call.body["tags"].to_string().contains("shipgate:hold");
            let full = is_hold && is_full(call.body["resourceArn"].as_str().unwrap());
            full.then(|| call.error(400, "InvalidParameterException", "Tags limit exceeded"))
        });
        let report = run(&shop, &["rollback", "stage"]).outcome("deployed", 0);
        for place in places {
            assert_reported(&report["warnings"], &[place, "does not take the hold", "Tags limit exceeded"]);
        }
        strip(&shop);
        stopped(&shop, &releases);
    });
}

#[test]
fn two_full_homes_do_not_stop_a_rollback_nor_lose_the_hold() {
    let (shop, releases) = served(2);
    fill(&shop, &service());
    fill(&shop, &revision(9));
    let report = run(&shop, &["rollback", "stage"]).outcome("deployed", 0);
    assert_reported(&report["warnings"], &["the next revision of service stage-backend alone"]);
    assert_reported(&report["warnings"], &["tags of backend:9 are not on the next revision", "team:49"]);
    let restored = running(&shop);
    assert!(shop.aws.world(|world| world.tags(&restored).unwrap().len()) <= 50);
    stopped(&shop, &releases);
}

/// Each of two components has the hold before the first is changed, also where one of them is full.
#[test]
fn two_components_hold_what_either_leaves() {
    let worker = format!(
        "[components.worker]\nkind = \"ecs\"\nsettle = \"0s\"\nimage-from = \"backend\"\ncontainer = \"web\"\n\
         cluster = \"{CLUSTER}\"\nservice = \"stage-worker\""
    );
    let shop = Shop::with_config(&config(&worker));
    shop.aws.world(|world| world.add_service("stage-worker"));
    let (shop, releases) = served_by(shop, 2);
    fill(&shop, &arn("service", &format!("{CLUSTER}/stage-worker")));

    let report = run(&shop, &["rollback", "stage"]).outcome("deployed", 0);

    assert_reported(&report["warnings"], &["the hold on worker", "alone"]);
    strip(&shop);
    for component in ["backend", "worker"] {
        shop.repository.git(&["checkout", "--quiet", &releases[1]]);
        let report = run(&shop, &["deploy", "stage", "--component", component]).outcome("refused", 3);
        assert_reported(&report["causes"], &["hold", component, "rolled back from"]);
    }
}

#[test]
fn two_rollbacks_in_a_row_keep_both_holds() {
    let (shop, releases) = served(3);
    run(&shop, &["rollback", "stage"]).outcome("deployed", 0);
    run(&shop, &["rollback", "stage"]).outcome("deployed", 0);
    strip(&shop);
    let mut there = holds(&shop, &running(&shop));
    there.sort();
    let mut left = vec![releases[1].clone(), releases[2].clone()];
    left.sort();
    assert_eq!(there, left);
    for bad in [&releases[1], &releases[2]] {
        shop.repository.git(&["checkout", "--quiet", bad]);
        run(&shop, &["deploy", "stage"]).outcome("refused", 3);
    }
}

/// A hold that somebody has written anew so that it would stop nothing.
#[test]
fn a_neutralised_hold_stops_everything() {
    all_at_once([false, true], |newer| {
        let (shop, releases) = served(2);
        run(&shop, &["rollback", "stage"]).outcome("deployed", 0);
        let head = shop.repository.commit("A good one");
        shop.aws.world(|world| world.registry.put_image(&head, Some(&head)));
        let returned = if newer { &head } else { &releases[1] };
        let (bad, value) = (releases[1].clone(), format!("2026-11-21T14:00:00Z local {returned}"));
        let restored = running(&shop);
        for place in [service(), revision(9), restored] {
            shop.aws.world(|world| {
                let tags = world.tags(&place).unwrap();
                let hold = tags.iter_mut().find(|tag| tag["key"] == format!("shipgate:hold:{bad}")).unwrap();
                hold["value"] = json!(value);
            });
        }
        for commit in [&head, &releases[1]] {
            shop.repository.git(&["checkout", "--quiet", commit]);
            let report = run(&shop, &["deploy", "stage"]).outcome("refused", 3);
            assert!(texts(&report["causes"]).iter().any(|cause| cause.contains("hold")), "newer: {newer}: {report:#}");
        }
    });
}

/// One home was written anew, the other was not.
#[test]
fn a_hold_that_was_changed_in_one_home_still_stands_in_the_other() {
    let (shop, releases) = served(3);
    run(&shop, &["rollback", "stage"]).outcome("deployed", 0);
    let key = format!("shipgate:hold:{}", releases[2]);
    let elsewhere = shop.repository.git(&["commit-tree", "-m", "Elsewhere", "HEAD^{tree}"]);
    shop.aws.world(|world| {
        let value = format!("2026-11-21T14:00:00Z local {}", elsewhere.trim());
        world.services[0].tags = vec![json!({"key": key, "value": value})];
    });
    shop.repository.git(&["checkout", "--quiet", &releases[2]]);
    run(&shop, &["deploy", "stage"]).outcome("refused", 3);
    let status = run(&shop, &["status", "stage"]).expect_code(0).json();
    assert_eq!(status["environments"][0]["components"][0]["holds"].as_array().unwrap().len(), 2);
}

/// Nothing is left that could be held.
#[test]
fn a_rollback_that_goes_forward_holds_nothing() {
    let (shop, releases) = served(2);
    run(&shop, &["rollback", "stage"]).outcome("deployed", 0);
    run(&shop, &["unhold", "stage", "--reason", "it was the weather"]).expect_code(0);
    let report = run(&shop, &["rollback", "stage", "--release", &releases[1]]).outcome("deployed", 0);
    assert_eq!(report["release"]["sha"], releases[1]);
    assert_eq!(holds(&shop, &service()), [""; 0]);
    assert_eq!(holds(&shop, &running(&shop)), [""; 0]);
}
