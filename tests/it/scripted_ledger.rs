//! Tags that somebody else has written: what they cannot do, and what is known by them alone.

use serde_json::{Value, json};

use crate::harness::{Ran, assert_reported, texts};
use crate::scripted::{ACCOUNT, OLD_DIGEST, Shop, all_at_once, arn, config};

/// A shop whose stage and production ran a number of releases and run the last of them; with their commits, oldest first.
fn served(count: usize) -> (Shop, Vec<String>) {
    let production = format!(
        "[environments.production]\nregion = \"us-east-1\"\naccount = \"{ACCOUNT}\"\npromotes-from = \"stage\"\n\
         [environments.production.gates]\napproval = \"none\"\n\
         [environments.production.components.backend]\nservice = \"production-backend\"\n"
    );
    let shop = Shop::with_config(&format!("{}{production}", config("")));
    let releases: Vec<String> = (0..count).map(|number| shop.repository.commit(&format!("Release {number}"))).collect();
    shop.aws.world(|world| {
        world.add_service("production-backend");
        world.serve(0, &releases);
    });
    (shop, releases)
}

fn run(shop: &Shop, arguments: &[&str]) -> Ran {
    shop.shipgate(&[arguments, &["--output", "json"]].concat()).run()
}

fn revision(number: usize) -> String {
    arn("task-definition", &format!("backend:{number}"))
}

/// Writes a tag as somebody who may do nothing but that; no value takes it off.
fn forge(shop: &Shop, revision: &str, key: &str, value: Option<&str>) {
    let key = format!("shipgate:{key}");
    shop.aws.world(|world| {
        let tags = world.tags(revision).unwrap();
        tags.retain(|tag| tag["key"] != *key);
        tags.extend(value.map(|value| json!({"key": key, "value": value})));
    });
}

fn gate<'a>(report: &'a Value, name: &str) -> &'a Value {
    report["gates"].as_array().unwrap().iter().find(|gate| gate["name"] == name).unwrap()
}

#[test]
fn a_tag_that_differs_from_the_revision_proves_nothing() {
    let other = "a".repeat(40);
    let cases = [
        ("digest", Some(OLD_DIGEST), "`shipgate:digest` says sha256:0000"),
        ("sha", Some(other.as_str()), "`shipgate:sha` says aaaaaaa"),
        ("digest", None, "no tag `shipgate:digest`"),
        ("run", None, "no tag `shipgate:run`"),
        ("previous", None, "no tag `shipgate:previous`"),
    ];
    all_at_once(cases, |(key, value, reason)| {
        let (shop, releases) = served(2);
        forge(&shop, &revision(8), key, value);
        let promote = ["promote", "production", "--release", &releases[0]];

        let report = run(&shop, &promote).outcome("refused", 3);

        assert_reported(&report["causes"], &["proven", "no success of", "backend:8", reason]);
        assert_eq!(gate(&report, "proven")["verdict"], "unsatisfied");
        assert_eq!(shop.aws.mutations(), [""; 0]);
        if value.is_some() {
            let history = run(&shop, &["history", "stage"]).expect_code(0).json();
            let entry = &history["releases"][1];
            assert_eq!((&entry["sha"], &entry["outcome"]), (&json!(releases[0]), &Value::Null), "{key}");
            assert!(entry["contradiction"].as_str().unwrap().contains(reason), "{entry:#}");
            assert_ne!(entry["digest"], OLD_DIGEST);
        }
    });
}

#[test]
fn a_success_that_nothing_but_a_tag_says_is_called_so() {
    let (shop, releases) = served(2);
    forge(&shop, &revision(8), "outcome", Some("rolled-back"));
    let promote = ["plan", "promote", "production", "--release", &releases[0]];
    let plan = run(&shop, &promote).outcome("planned", 0);
    assert_eq!(gate(&plan, "proven")["verdict"], "unsatisfied");
    forge(&shop, &revision(8), "outcome", Some("deployed"));
    let page = tempfile::tempdir().unwrap();
    let page = page.path().join("page");

    let shipgate = shop.shipgate(&[&promote[..], &["--output", "json"]].concat());
    let ran = shipgate.env("GITHUB_ACTIONS", "true").env("GITHUB_STEP_SUMMARY", &page).run();

    let plan = ran.outcome("planned", 0);
    assert_eq!(gate(&plan, "proven")["verdict"], "satisfied");
    assert!(gate(&plan, "proven")["reason"].as_str().unwrap().contains("by the ledger alone"), "{plan:#}");
    assert_reported(&plan["warnings"], &["by the ledger alone", &releases[0][..7], "stage", "backend:8"]);
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.contains("`that ") && page.contains("by the ledger alone"), "{page}");
    ran.expect_stderr("by the ledger alone").expect_stderr("shipgate iam guard");
    // What runs needs no tag.
    let plan = run(&shop, &["plan", "promote", "production"]).outcome("planned", 0);
    assert!(!plan.to_string().contains("by the ledger alone"), "{plan:#}");
}

#[test]
fn a_rollback_says_what_it_knows_its_target_by() {
    let (shop, releases) = served(2);
    let page = tempfile::tempdir().unwrap();
    let page = page.path().join("page");
    let shipgate = shop.shipgate(&["plan", "rollback", "stage", "--output", "json"]);
    let ran = shipgate.env("GITHUB_ACTIONS", "true").env("GITHUB_STEP_SUMMARY", &page).run();
    let plan = ran.outcome("planned", 0);
    assert_reported(&plan["warnings"], &[&releases[0][..7], "by the ledger alone", "backend:8"]);
    assert!(std::fs::read_to_string(page).unwrap().contains("by the ledger alone"));
    ran.expect_stderr("register what backend:8 was again: it served, by the ledger alone");
}

/// Somebody who may register and tag, and puts a revision between what runs and what served before.
fn plant(shop: &Shop, sha: &str, tags: &[(&str, &str)]) -> String {
    shop.aws.world(|world| {
        let good = world.definition(&revision(8)).unwrap().document.clone();
        let planted = world.register_by_hand(|document| {
            *document = good;
            document["containerDefinitions"][0]["command"] = json!(["--attacker-command"]);
        });
        let service = arn("service", "stage-cluster/stage-backend");
        let tags =
            [("sha", sha), ("service", &service), ("outcome", "deployed")].into_iter().chain(tags.iter().copied());
        let tags = tags.map(|(key, value)| json!({"key": format!("shipgate:{key}"), "value": value})).collect();
        world.tags(&planted).unwrap().clone_from(&tags);
        planted
    })
}

#[test]
fn a_planted_revision_is_not_gone_back_to_and_is_named() {
    let (shop, releases) = served(1);
    let planted = plant(&shop, &releases[0], &[("at", "2026-11-20T10:00:00Z")]);
    let newest = shop.repository.commit("Newest");
    shop.aws.world(|world| world.serve(0, std::slice::from_ref(&newest)));

    for more in [&[][..], &["--release", &releases[0]]] {
        let plan = run(&shop, &[&["plan", "rollback", "stage"], more].concat()).outcome("planned", 0);
        assert_reported(&plan["warnings"], &["backend does not go back to backend:9", "`shipgate:digest`"]);
        assert!(!plan["components"][0]["changes"].to_string().contains("command"), "{plan:#}");
    }
    let report = run(&shop, &["rollback", "stage"]).outcome("deployed", 0);
    assert_eq!(report["release"]["sha"], releases[0]);
    let registered = shop.aws.call("ecs:RegisterTaskDefinition").body;
    assert!(!registered.to_string().contains("attacker") && registered.to_string().contains(&revision(8)));
    assert!(planted.ends_with("backend:9"));
}

/// A tag on what runs cannot make a rollback believe that it is somewhere else.
#[test]
fn forged_tags_of_what_runs_do_not_move_a_rollback() {
    let (first, older) = (revision(8), "a".repeat(40));
    let cases = [("restores", Some(first.as_str())), ("sha", Some(older.as_str())), ("digest", Some(OLD_DIGEST))];
    all_at_once(cases, |(key, value)| {
        let (shop, releases) = served(3);
        forge(&shop, &revision(10), key, value);
        forge(&shop, &revision(10), "outcome", None);
        let report = run(&shop, &["rollback", "stage"]).outcome("deployed", 0);
        assert_eq!(report["release"]["sha"], releases[1], "{key}");
    });
}

#[test]
fn what_a_rollback_brings_back_is_shown_by_name() {
    let (shop, releases) = served(2);
    shop.aws.world(|world| {
        let older = revision(8);
        let older = world.definitions.iter_mut().find(|definition| definition.arn == older).unwrap();
        let containers = older.document["containerDefinitions"].as_array_mut().unwrap();
        containers[0]["command"] = json!(["serve", "--token=canary-live-secret"]);
        containers[0]["environment"]
            .as_array_mut()
            .unwrap()
            .push(json!({"name": "PLANTED", "value": "canary-live-variable"}));
        containers[1]["image"] = json!("proxy:0");
        containers.push(json!({"name": "agent", "image": "agent:1", "essential": false}));
    });

    let ran = run(&shop, &["rollback", "stage"]);

    let report = ran.outcome("deployed", 0);
    assert_eq!(report["release"]["sha"], releases[0]);
    let warning: Vec<&str> =
        texts(&report["warnings"]).into_iter().filter(|it| it.contains("more than its image")).collect();
    for part in
        ["command of web added", "variable PLANTED of web added", "image of proxy: proxy:0", "container agent added"]
    {
        assert!(warning[0].contains(part), "{part}: {warning:?}");
    }
    assert!(!format!("{}{}", ran.stdout, ran.stderr).contains("canary"), "{}", ran.stderr);
}
