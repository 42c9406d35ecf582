//! Which release a rollback returns to, by the ledger, and what is in its way.

use serde_json::{Value, json};

use crate::harness::{Ran, assert_reported, texts};
use crate::scripted::{ACCOUNT, CLUSTER, SERVICE, Shop, all_at_once, arn, config, text};

/// A shop whose service ran a number of releases and runs the last of them; with their commits, oldest first.
pub fn served(count: usize) -> (Shop, Vec<String>) {
    served_by(Shop::new(), count)
}

pub fn served_by(shop: Shop, count: usize) -> (Shop, Vec<String>) {
    let commit = |number| shop.repository.commit(&format!("Release {number}"));
    let releases: Vec<String> = (0..count).map(commit).collect();
    shop.aws.world(|world| world.serve(0, &releases));
    (shop, releases)
}

fn rollback(shop: &Shop, more: &[&str]) -> Ran {
    shop.shipgate(&[&["rollback", "stage", "--output", "json"], more].concat()).run()
}

fn release(shop: &Shop, sha: &str) -> Ran {
    rollback(shop, &["--release", sha])
}

/// Takes away what ran before the first release, so that nothing is left to go back to.
fn without_baseline(shop: &Shop) {
    shop.aws.change("ecs:ListTaskDefinitions", |_, answer| {
        answer["taskDefinitionArns"].as_array_mut().unwrap().retain(|arn| *arn != revision(7));
    });
}

/// The ARN of the revision that the service is meant to run.
fn running(shop: &Shop) -> String {
    shop.aws.world(|world| world.services[0].deployments[0].definition.clone())
}

fn revision(number: usize) -> String {
    arn("task-definition", &format!("backend:{number}"))
}

/// What the revision that the service runs says of itself.
fn ledger(shop: &Shop, key: &str) -> Option<String> {
    let running = running(shop);
    let tags = shop.aws.world(|world| world.tags(&running).unwrap().clone());
    let tag = tags.iter().find(|tag| tag["key"] == format!("shipgate:{key}"));
    tag.map(|tag| tag["value"].as_str().unwrap().to_owned())
}

fn set_outcome(shop: &Shop, revision: &str, outcome: &str) {
    shop.aws.world(|world| {
        let tags = world.tags(revision).unwrap();
        tags.iter_mut().find(|tag| tag["key"] == "shipgate:outcome").unwrap()["value"] = json!(outcome);
    });
}

fn was_updated(shop: &Shop) -> bool {
    shop.aws.mutations().contains(&"ecs:UpdateService".to_owned())
}

fn reason(report: &Value) -> &str {
    report["reason"].as_str().unwrap()
}

#[test]
fn what_did_not_succeed_is_never_returned_to() {
    all_at_once(["rolled-back", "broken", "timed-out", "unproven", "interrupted", "", "Deployed"], |outcome| {
        let (shop, releases) = served(3);
        set_outcome(&shop, &revision(9), outcome);

        let report = rollback(&shop, &[]).outcome("deployed", 0);

        assert_eq!(report["release"]["sha"], releases[0], "{outcome}");
        assert_eq!(ledger(&shop, "restores"), Some(revision(8)));
        let named = release(&shop, &releases[1]).outcome("failed", 1);
        assert!(reason(&named).contains(&releases[1]), "{outcome}: {named:#}");
    });
}

#[test]
fn the_release_that_runs_is_verified_and_unchanged() {
    let (shop, releases) = served(2);

    let report = release(&shop, &releases[1]).outcome("unchanged", 0);

    assert_eq!(report["components"][0]["changed"], false);
    assert_eq!(report["components"][0]["current"]["sha"], releases[1]);
    assert_eq!(shop.aws.mutations(), [""; 0]);
}

#[test]
fn the_release_that_runs_and_does_not_run_well_is_broken() {
    let (shop, releases) = served(2);
    shop.aws.change("ecs:DescribeTasks", |_, answer| {
        answer["tasks"][0]["containers"][0]["imageDigest"] = json!(format!("sha256:{}", "b".repeat(64)));
    });
    let report = release(&shop, &releases[1]).outcome("broken", 6);
    assert!(!text(&report, "hints").is_empty());
    assert_eq!(report["components"][0]["current"], Value::Null);
    assert_eq!(ledger(&shop, "outcome").as_deref(), Some("deployed"), "it did serve");
    assert!(!was_updated(&shop));
}

#[test]
fn a_release_that_never_served_is_failed() {
    let (shop, _) = served(2);
    let before = running(&shop);
    let unknown = shop.repository.commit("Never shipped");

    let report = release(&shop, &unknown).outcome("failed", 1);

    assert!(reason(&report).contains(&unknown), "{report:#}");
    assert!(reason(&report).contains("never succeeded as `backend` on stage"), "{report:#}");
    assert_reported(&report["hints"], &["shipgate history stage"]);
    assert_eq!((shop.aws.mutations(), running(&shop)), (Vec::new(), before));
}

#[test]
fn a_release_has_to_be_one_commit() {
    let (shop, _) = served(2);
    for wrong in ["main", "", "HEAD", "v1", "--release"] {
        let report = rollback(&shop, &[&format!("--release={wrong}")]).outcome("invalid", 2);
        assert_reported(&report["hints"], &["40 digits"]);
    }
    assert_eq!(shop.aws.operations(), [""; 0]);
}

#[test]
fn an_older_release_is_named_and_everything_after_it_is_held() {
    let (shop, releases) = served(3);

    let report = release(&shop, &releases[0]).outcome("deployed", 0);

    assert_eq!(report["release"]["sha"], releases[0]);
    assert_eq!(ledger(&shop, "restores"), Some(revision(8)));
    let holds = shop.aws.world(|world| world.services[0].tags.clone());
    assert_eq!(holds.len(), 1, "{holds:?}");
    assert_eq!(holds[0]["key"], format!("shipgate:hold:{}", releases[2]));
    assert!(holds[0]["value"].as_str().unwrap().ends_with(&releases[0]), "{holds:?}");
    // What lies between is not gone back to, and not gone forward to.
    without_baseline(&shop);
    let before = running(&shop);
    let report = rollback(&shop, &[]).outcome("failed", 1);
    assert!(reason(&report).contains("no release that stage can go back to"), "{report:#}");
    assert_eq!(running(&shop), before);
}

/// What is in the history and is not gone back to is counted, and only what helps is hinted at.
#[test]
fn where_there_is_nothing_to_go_back_to_the_reasons_are_counted() {
    let (shop, _) = served(0);
    let report = rollback(&shop, &[]).outcome("failed", 1);
    assert_eq!(report["causes"], json!(["backend: no release succeeded there yet"]));
    let other = "only what succeeded before what runs can be gone back to: ship another commit instead";
    assert_eq!(report["hints"], json!([other]));

    let (shop, _) = served(1);
    without_baseline(&shop);
    let report = rollback(&shop, &[]).outcome("failed", 1);
    let ran = "backend: backend:7, which ran before the first release, is not active: it was deregistered";
    assert_eq!(report["causes"], json!(["backend: 1 release succeeded there, which it runs", ran]));
    assert_reported(&report["hints"], &["register its content again", "ship another commit"]);

    let (shop, _) = served(3);
    without_baseline(&shop);
    for _ in 0..2 {
        rollback(&shop, &[]).outcome("deployed", 0);
    }
    let report = rollback(&shop, &[]).outcome("failed", 1);
    let counted = "backend: 3 releases succeeded there, it runs one of them, a rollback bars 2";
    assert_eq!(report["causes"], json!([counted, ran]));
    assert_reported(&report["hints"], &["`shipgate unhold stage --reason …`"]);
    assert_reported(&report["hints"], &["`shipgate history stage`", "--release"]);
    shop.shipgate(&["unhold", "stage", "--reason", "it was the weather"]).run().expect_code(0);
    let report = rollback(&shop, &[]).outcome("failed", 1);
    assert!(!text(&report, "hints").contains("unhold"), "{report:#}");
}

#[test]
fn an_image_that_is_gone_is_named_and_an_older_one_still_serves() {
    let (shop, releases) = served(3);
    let before = running(&shop);
    let digest = shop.aws.world(|world| world.registry.put_image(&releases[1], Some(&releases[1])));
    shop.aws.world(|world| world.registry.manifests.remove(&digest));

    let report = rollback(&shop, &[]).outcome("failed", 1);

    assert!(reason(&report).contains(&digest), "{report:#}");
    assert!(reason(&report).contains(&releases[1][..7]), "{report:#}");
    assert_reported(&report["hints"], &["--release"]);
    assert_eq!((shop.aws.mutations(), running(&shop)), (Vec::new(), before));
    release(&shop, &releases[0]).outcome("deployed", 0);
}

#[test]
fn without_a_permission_to_hold_nothing_that_serves_is_changed() {
    let (shop, _) = served(2);
    let before = running(&shop);
    shop.aws.answer("ecs:TagResource", |call, _| {
        let of_service = call.body["resourceArn"].as_str().unwrap().contains(":service/");
        let denied = "User: arn:aws:iam::123456789012:user/ci is not authorized to perform: ecs:TagResource";
        of_service.then(|| call.error(400, "AccessDeniedException", denied))
    });

    let report = rollback(&shop, &[]).outcome("failed", 1);

    assert!(format!("{}{}", report["reason"], report["hints"]).contains("`ecs:TagResource`"), "{report:#}");
    assert!(!was_updated(&shop));
    assert_eq!(running(&shop), before);
    assert_eq!(report["components"][0]["changed"], false);
    assert_reported(&report["left_behind"], &["backend:10"]);
    assert!(!text(&report, "left_behind").contains("hold"), "{report:#}");
}

#[test]
fn services_of_one_family_never_restore_what_was_of_the_other() {
    let production = format!(
        "[environments.production]\nregion = \"us-east-1\"\naccount = \"{ACCOUNT}\"\n\
         [environments.production.components.backend]\nservice = \"production-backend\"\n"
    );
    let shop = Shop::with_config(&format!("{}{production}", config("")));
    let releases: Vec<String> = (0..4).map(|number| shop.repository.commit(&format!("Release {number}"))).collect();
    shop.aws.world(|world| {
        world.add_service("production-backend");
        world.serve(0, &releases[..1]);
        world.serve(1, &releases[1..3]);
        world.serve(0, &releases[3..]);
    });

    let report = release(&shop, &releases[2]).outcome("failed", 1);
    assert!(reason(&report).contains("never succeeded"), "{report:#}");
    let report = rollback(&shop, &[]).outcome("deployed", 0);

    assert_eq!(report["release"]["sha"], releases[0]);
    assert_eq!(ledger(&shop, "restores"), Some(revision(8)));
    let report = rollback(&shop, &[]).outcome("deployed", 0);
    assert_eq!(report["components"][0]["current"]["restores"], "backend:7");
    let other = shop.shipgate(&["rollback", "production", "--output", "json"]).run().outcome("deployed", 0);
    assert_eq!(other["release"]["sha"], releases[1]);
}

#[test]
fn a_long_history_is_read_as_far_as_it_is_wanted() {
    let (shop, releases) = served(25);
    let report = rollback(&shop, &[]).outcome("deployed", 0);
    assert_eq!(report["release"]["sha"], releases[23]);
    let report = release(&shop, &releases[1]).outcome("deployed", 0);
    assert_eq!(report["release"]["sha"], releases[1]);
    let report = rollback(&shop, &[]).outcome("deployed", 0);
    assert_eq!(report["release"]["sha"], releases[0]);
    let report = rollback(&shop, &[]).outcome("deployed", 0);
    assert_eq!(report["components"][0]["current"]["restores"], "backend:7");
    rollback(&shop, &[]).outcome("failed", 1);
}

#[test]
fn without_holds_a_second_rollback_goes_further_back_all_the_same() {
    let (shop, releases) = served(3);
    rollback(&shop, &[]).outcome("deployed", 0);
    shop.shipgate(&["unhold", "stage", "--reason", "it was the weather"]).run().expect_code(0);
    assert!(shop.aws.world(|world| world.services[0].tags.iter().all(|tag| tag["key"] == "shipgate:unhold")));

    let report = rollback(&shop, &[]).outcome("deployed", 0);

    assert_eq!(report["release"]["sha"], releases[0]);
}

#[test]
fn a_service_changed_by_hand_is_brought_back_and_no_commit_is_held() {
    let (shop, releases) = served(2);
    let variables = json!([{"name": "DATABASE_URL", "value": "elsewhere"}]);
    shop.aws.world(|world| {
        let ours = world.definitions.last().unwrap().document.clone();
        let by_hand = world.register_by_hand(|document| {
            *document = ours;
            document["containerDefinitions"][0]["environment"] = variables.clone();
        });
        world.run_only(0, &by_hand);
    });

    let report = rollback(&shop, &[]).outcome("deployed", 0);

    assert_eq!(report["release"]["sha"], releases[1]);
    assert_reported(&report["warnings"], &["backend runs a build of the same commit, so no commit is barred"]);
    assert_eq!(ledger(&shop, "restores"), Some(revision(9)));
    let registered = shop.aws.call("ecs:RegisterTaskDefinition").body;
    let ours = shop.aws.world(|world| world.definition(&revision(9)).unwrap().document.clone());
    assert_eq!(registered["containerDefinitions"], ours["containerDefinitions"]);
    assert_eq!(shop.aws.world(|world| world.services[0].tags.clone()), Vec::<Value>::new());
}

#[test]
fn a_plan_changes_nothing() {
    let (shop, releases) = served(3);
    let before = running(&shop);

    let ran = shop.shipgate(&["plan", "rollback", "stage", "--output", "json"]).run();

    let report = ran.outcome("planned", 0);
    assert_eq!(report["release"]["sha"], releases[1]);
    assert_eq!(report["components"][0]["outcome"], "planned");
    let steps: Vec<&Value> = report["steps"].as_array().unwrap().iter().map(|step| &step["name"]).collect();
    let position = |name: &str| steps.iter().position(|step| *step == name).unwrap_or_else(|| panic!("{steps:?}"));
    assert!(position("hold backend") < position("update backend"), "{steps:?}");
    assert_eq!((shop.aws.mutations(), running(&shop)), (Vec::new(), before));
}

#[test]
fn the_report_and_the_ledger_say_what_was_taken_back() {
    let (shop, releases) = served_by(Shop::with("pre-deploy = [\"migrate\"]"), 3);
    let before = running(&shop);

    let report = release(&shop, &releases[0]).outcome("deployed", 0);

    let commits = &report["commits"];
    assert_eq!((&commits["taken_back"], &commits["count"]), (&json!(true), &json!(2)));
    let taken: Vec<&Value> = commits["newest"].as_array().unwrap().iter().map(|commit| &commit["sha"]).collect();
    assert_eq!(taken, [&releases[2], &releases[1]]);
    assert_reported(&report["warnings"], &["pre-deploy commands of backend", "not undone"]);
    assert!(!shop.aws.operations().contains(&"ecs:RunTask".to_owned()), "the older command does not run");
    let digest = report["components"][0]["current"]["digest"].as_str().unwrap();
    for (key, value) in [
        ("restores", revision(8)),
        ("previous", before),
        ("outcome", "deployed".to_owned()),
        ("service", arn("service", &format!("{CLUSTER}/{SERVICE}"))),
        ("sha", releases[0].clone()),
        ("digest", digest.to_owned()),
    ] {
        assert_eq!(ledger(&shop, key), Some(value), "{key}");
    }
}

/// The run that goes back ends before it knows how that ended.
#[test]
fn a_rollback_that_was_cut_off_is_taken_up_and_goes_no_further_back() {
    all_at_once([Some(""), Some("timed-out"), None], |outcome| {
        let (shop, releases) = served(3);
        rollback(&shop, &[]).outcome("deployed", 0);
        let restored = running(&shop);
        match outcome {
            Some(outcome) => set_outcome(&shop, &restored, outcome),
            None => {
                shop.aws.world(|world| world.tags(&restored).unwrap().retain(|tag| tag["key"] != "shipgate:outcome"));
            }
        }

        let report = rollback(&shop, &[]).outcome("unchanged", 0);

        assert_eq!(report["release"]["sha"], releases[1], "{outcome:?}");
        assert_reported(&report["warnings"], &["backend", &releases[1][..7], "taken up"]);
        assert_eq!(ledger(&shop, "outcome").as_deref(), Some("deployed"), "{outcome:?}");
        assert_eq!(running(&shop), restored);
        let next = rollback(&shop, &[]).outcome("deployed", 0);
        assert_eq!(next["release"]["sha"], releases[0], "{outcome:?}");
        let by_ledger = |warning: &&str| warning.contains("by the ledger alone");
        assert!(texts(&next["warnings"]).iter().all(by_ledger), "{next:#}");
    });
}

/// Its own hint says to raise the count and to run it again.
#[test]
fn a_rollback_with_nothing_desired_is_proven_by_the_next() {
    let (shop, releases) = served(3);
    shop.aws.world(|world| world.services[0].desired = 0);
    let report = rollback(&shop, &[]).outcome("unproven", 9);
    assert_reported(&report["hints"], &["desired count", "run this again"]);
    let restored = running(&shop);
    shop.aws.world(|world| world.services[0].desired = 1);

    let report = rollback(&shop, &[]).outcome("unchanged", 0);

    assert_eq!((&report["release"]["sha"], running(&shop)), (&json!(releases[1]), restored));
    assert_eq!(ledger(&shop, "outcome").as_deref(), Some("deployed"));
}

/// The hint says to run it again when AWS answers.
#[test]
fn a_rollback_whose_update_is_unknown_is_taken_up_by_the_next() {
    let (shop, releases) = served(3);
    shop.aws.answer("ecs:UpdateService", |call, world| {
        world.update(call.body["service"].as_str().unwrap(), call.body["taskDefinition"].as_str().unwrap());
        Some(call.error(400, "InvalidParameterException", "lost"))
    });
    let (mut looks, mut is_gone) = (0, true);
    shop.aws.answer("ecs:DescribeServices", move |call, _| {
        looks += 1;
        // The reads of the plan, before the hold, at it and before the update are answered, the one after that is not.
        let lost = looks == 6 && std::mem::take(&mut is_gone);
        lost.then(|| call.error(400, "AccessDeniedException", "not authorized: ecs:DescribeServices"))
    });
    let report = rollback(&shop, &[]).outcome("broken", 6);
    assert!(reason(&report).contains("unknown"), "{report:#}");
    assert_reported(&report["hints"], &["run this again"]);
    assert_eq!(ledger(&shop, "outcome"), None);

    let report = rollback(&shop, &[]).outcome("deployed", 0);

    assert_eq!(report["release"]["sha"], releases[1]);
    assert_eq!(shop.aws.mutations().iter().filter(|call| *call == "ecs:UpdateService").count(), 1);
}

/// It may have worked: going back one further would leave a good release, and hold it.
#[test]
fn a_rollback_that_was_lost_sight_of_is_taken_up_by_the_next() {
    let (shop, releases) = served(3);
    let mut is_seen = true;
    shop.aws.answer("ecs:DescribeServices", move |call, world| {
        let updated = world.services[0].deployments[0].definition == revision(11);
        let lost = updated && std::mem::take(&mut is_seen);
        lost.then(|| call.error(400, "AccessDeniedException", "not authorized: ecs:DescribeServices"))
    });
    rollback(&shop, &[]).outcome("broken", 6);
    assert_eq!(ledger(&shop, "outcome"), None, "the outcome is written when it is known");

    let report = rollback(&shop, &[]).outcome("deployed", 0);

    assert_eq!((&report["release"]["sha"], running(&shop)), (&json!(releases[1]), revision(11)));
    assert_eq!(ledger(&shop, "outcome").as_deref(), Some("deployed"));
}

/// A shop on which a bad release rolls out over the last of those that served; with that release.
fn rolling_out_bad(count: usize) -> (Shop, Vec<String>, String) {
    let (shop, releases) = served_by(Shop::with("busy = \"supersede\""), count);
    let bad = shop.repository.commit("Bad");
    let (good, number) = (format!("backend:{}", 7 + count), 8 + count);
    shop.aws.world(|world| {
        world.register_served(0, &bad);
        world.looks = 100_000;
        world.roll_out(&[("2", &format!("backend:{number}"), "IN_PROGRESS"), ("1", &good, "COMPLETED")]);
        world.looks = 2;
    });
    set_outcome(&shop, &revision(number), "timed-out");
    (shop, releases, bad)
}

/// Lets ECS end the rollout of a revision by going back to another one.
fn goes_back(shop: &Shop, from: usize, to: usize) {
    let mut looks = 0;
    shop.aws.answer("ecs:DescribeServices", move |_, world| {
        if world.services[0].deployments[0].definition == revision(from) {
            looks += 1;
            if looks == 2 {
                world.roll_out(&[("9", &format!("backend:{to}"), "COMPLETED")]);
            }
        }
        None
    });
}

/// ECS goes back to what it finished last, not to what it was leaving.
#[test]
fn a_rollback_that_fails_over_an_unfinished_rollout_is_rolled_back() {
    let (shop, releases, bad) = rolling_out_bad(2);
    goes_back(&shop, 11, 9);

    let report = rollback(&shop, &[]).outcome("rolled-back", 5);

    assert!(reason(&report).contains("backend:9 serves again"), "{report:#}");
    let component = &report["components"][0];
    assert_eq!((&component["previous"]["sha"], &component["current"]["sha"]), (&json!(bad), &json!(releases[1])));
}

#[test]
fn a_deploy_that_fails_over_an_unfinished_rollout_is_rolled_back() {
    let (shop, releases, _) = rolling_out_bad(1);
    let fixed = shop.repository.commit("Fixed");
    shop.aws.world(|world| world.registry.put_image(&fixed, Some(&fixed)));
    goes_back(&shop, 10, 8);

    let report = shop.deploy().outcome("rolled-back", 5);

    assert_eq!(report["components"][0]["current"]["sha"], releases[0]);
}

/// What a release in a crash loop without a breaker needs first.
#[test]
fn a_release_whose_rollout_goes_on_is_left() {
    let (shop, releases, bad) = rolling_out_bad(2);

    let report = rollback(&shop, &[]).outcome("deployed", 0);

    assert_eq!(report["release"]["sha"], releases[1]);
    assert_eq!(ledger(&shop, "restores"), Some(revision(9)));
    assert_eq!(ledger(&shop, "previous"), Some(revision(10)));
    let held = shop.aws.world(|world| world.services[0].tags[0].clone());
    assert_eq!(held["key"], format!("shipgate:hold:{bad}"));
}

/// A run from a dirty tree is of the same commit: holding that would hold what is returned to.
#[test]
fn two_releases_of_one_commit_hold_nothing() {
    let (shop, releases) = served(1);
    let dirty = format!("{}-dirty-20261120T100000Z", releases[0]);
    shop.aws.world(|world| world.serve(0, &[dirty]));

    let report = rollback(&shop, &[]).outcome("deployed", 0);

    assert_eq!(report["release"]["sha"], releases[0]);
    assert_reported(&report["warnings"], &["backend runs a build of the same commit, so no commit is barred"]);
    assert_eq!(shop.aws.world(|world| world.services[0].tags.clone()), Vec::<Value>::new());
}

/// Who edits the image in the console does not change shipgate's label.
#[test]
fn an_image_that_was_edited_by_hand_is_told_and_held_by_its_tag() {
    let (shop, releases) = served(2);
    let edited = shop.repository.commit("Never deployed by us");
    shop.aws.world(|world| {
        let ours = world.definitions.last().unwrap().document.clone();
        let by_hand = world.register_by_hand(|document| {
            *document = ours;
            let image = &mut document["containerDefinitions"][0]["image"];
            *image = json!(image.as_str().unwrap().replace(&releases[1], &edited));
        });
        world.run_only(0, &by_hand);
    });

    let report = rollback(&shop, &[]).outcome("deployed", 0);

    assert_eq!(report["release"]["sha"], releases[1]);
    assert_eq!(report["components"][0]["previous"]["sha"], edited);
    let held = shop.aws.world(|world| world.services[0].tags[0]["key"].clone());
    assert_eq!(held, format!("shipgate:hold:{edited}"));
}

#[test]
fn a_revision_from_before_the_container_was_renamed_is_failed() {
    let (shop, _) = served(2);
    let before = running(&shop);
    let older = revision(8);
    shop.aws.world(|world| {
        let definition = world.definitions.iter_mut().find(|definition| definition.arn == older).unwrap();
        definition.document["containerDefinitions"][0]["name"] = json!("app");
    });

    let report = rollback(&shop, &[]).outcome("failed", 1);

    assert!(reason(&report).contains("no release that stage can go back to"), "{report:#}");
    assert_reported(&report["causes"], &["does not go back to backend:8: it has no container `web`"]);
    assert!(!text(&report, "hints").contains("first release"), "{report:#}");
    assert_eq!((shop.aws.mutations(), running(&shop)), (Vec::new(), before));
}
