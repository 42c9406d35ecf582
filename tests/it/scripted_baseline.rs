//! Back to what ran before the first release: the baseline, which is none of shipgate's and has no commit.

use serde_json::{Value, json};

use crate::harness::{Ran, assert_reported};
use crate::scripted::{CLUSTER, Shop, all_at_once, arn, config, text};
use crate::scripted_rollback::{served, served_by};

const PROBES: &str = "[[environments.stage.components.backend.probes]]\nurl = \"${env.PROBE}\"\nretries = 0\n\
     text = \"${release.sha}\"\n\
     [[environments.stage.components.backend.probes]]\nurl = \"${env.PROBE}/${release.sha}\"\nretries = 0\n";

fn run(shop: &Shop, arguments: &[&str]) -> Ran {
    shop.shipgate(&[arguments, &["--output", "json"]].concat()).run()
}

fn rollback(shop: &Shop, more: &[&str]) -> Ran {
    run(shop, &[&["rollback", "stage"], more].concat())
}

fn running(shop: &Shop) -> String {
    shop.aws.world(|world| world.services[0].deployments[0].definition.clone())
}

fn revision(number: usize) -> String {
    arn("task-definition", &format!("backend:{number}"))
}

fn tag(shop: &Shop, place: &str, key: &str) -> Option<String> {
    let tags = shop.aws.world(|world| world.tags(place).unwrap().clone());
    let tag = tags.iter().find(|tag| tag["key"] == format!("shipgate:{key}"));
    tag.map(|tag| tag["value"].as_str().unwrap().to_owned())
}

fn containers(shop: &Shop, place: &str) -> Value {
    shop.aws.world(|world| world.definition(place).unwrap().document["containerDefinitions"].clone())
}

/// What ECS answers when a revision was deregistered.
fn deregister(shop: &Shop, number: usize) {
    shop.aws.change("ecs:ListTaskDefinitions", move |_, answer| {
        answer["taskDefinitionArns"].as_array_mut().unwrap().retain(|arn| *arn != revision(number));
    });
}

#[test]
fn the_first_release_is_left_for_what_ran_before_it() {
    let (shop, releases) = served(1);

    let report = rollback(&shop, &[]).outcome("deployed", 0);

    assert_eq!((&report["release"]["sha"], &report["release"]["baseline"]), (&Value::Null, &json!(true)));
    let component = &report["components"][0];
    assert_eq!(component["previous"]["sha"], releases[0]);
    let current = &component["current"];
    assert_eq!((&current["sha"], &current["baseline"]), (&Value::Null, &json!(true)));
    assert_eq!(current["restores"], "backend:7");
    assert_eq!(running(&shop), revision(9));
    assert_eq!(containers(&shop, &revision(9)), containers(&shop, &revision(7)));
    for (key, value) in [
        ("sha", "baseline".to_owned()),
        ("restores", revision(7)),
        ("previous", revision(8)),
        ("outcome", "deployed".to_owned()),
    ] {
        assert_eq!(tag(&shop, &revision(9), key), Some(value), "{key}");
    }
    let known = "that backend:7 ran as backend before the first release is known by the ledger alone";
    assert_reported(&report["warnings"], &[known]);
    let held = shop.aws.world(|world| world.services[0].tags.clone());
    assert_eq!(held.len(), 1, "{held:?}");
    assert_eq!(held[0]["key"], format!("shipgate:hold:{}", releases[0]));
    assert!(held[0]["value"].as_str().unwrap().ends_with(" baseline"), "{held:?}");
}

#[test]
fn status_history_and_people_are_told_of_the_baseline_by_name() {
    let (shop, releases) = served(1);
    let ran = shop.shipgate(&["rollback", "stage"]).run().expect_code(0);
    assert!(ran.stderr.contains("rolled back: stage runs baseline again"), "{}", ran.stderr);

    let report = run(&shop, &["status", "stage"]).expect_code(0).json();
    let component = &report["environments"][0]["components"][0];
    assert_eq!((&component["current"]["sha"], &component["current"]["baseline"]), (&Value::Null, &json!(true)));
    assert_eq!((&component["current"]["restores"], &component["drift"]), (&json!("backend:7"), &Value::Null));
    assert_reported(&component["remarks"], &["went back to the baseline: runs what backend:7 was"]);
    let hold = &component["holds"][0];
    assert_eq!((&hold["left"], &hold["returned"]), (&json!(releases[0]), &Value::Null));
    assert_eq!(hold["reason"], format!("rolled back from {} to baseline", &releases[0][..7]));

    let report = run(&shop, &["history", "stage"]).expect_code(0).json();
    let newest = &report["releases"][0];
    assert_eq!((&newest["sha"], &newest["baseline"]), (&Value::Null, &json!(true)));
    assert_eq!((&newest["restores"], &newest["outcome"]), (&json!(revision(7)), &json!("deployed")));
    assert_eq!(
        (&report["releases"][1]["sha"], &report["releases"][1]["baseline"]),
        (&json!(releases[0]), &Value::Null)
    );
    for command in ["status", "history"] {
        let ran = shop.shipgate(&[command, "stage"]).run().expect_code(0);
        assert!(ran.stdout.contains("baseline") && ran.stdout.contains("backend:7"), "{}", ran.stdout);
    }
}

#[test]
fn there_is_nothing_before_it_and_naming_it_verifies_it() {
    let (shop, _) = served(1);
    rollback(&shop, &[]).outcome("deployed", 0);
    shop.aws.forget();

    let report = rollback(&shop, &[]).outcome("failed", 1);
    assert_reported(&report["causes"], &["backend: it runs what backend:7 was, which ran before the first release"]);
    assert_reported(&report["hints"], &["ship another commit"]);
    let report = rollback(&shop, &["--release", "baseline"]).outcome("unchanged", 0);
    assert_eq!(report["components"][0]["current"]["restores"], "backend:7");
    assert_eq!((shop.aws.mutations(), running(&shop)), (Vec::new(), revision(9)));
}

#[test]
fn what_was_left_is_held_and_what_is_newer_is_deployed() {
    let (shop, releases) = served(1);
    rollback(&shop, &[]).outcome("deployed", 0);
    shop.repository.git(&["checkout", "--quiet", &releases[0]]);
    let report = shop.deploy().outcome("refused", 3);
    assert_reported(&report["causes"], &["rolled back from", "to baseline"]);

    shop.repository.git(&["checkout", "--quiet", "-"]);
    let fixed = shop.repository.commit("Fix it");
    shop.aws.world(|world| world.registry.put_image(&fixed, Some(&fixed)));
    let report = shop.deploy().outcome("deployed", 0);
    assert_eq!(report["release"]["sha"], fixed);
    assert_eq!(report["components"][0]["previous"]["baseline"], true);

    // The first release is held, so what ran before it is next.
    let report = rollback(&shop, &[]).outcome("deployed", 0);
    assert_eq!(report["release"]["baseline"], true);
    assert_eq!(tag(&shop, &running(&shop), "restores"), Some(revision(7)));
    let held = shop.aws.world(|world| world.services[0].tags.clone());
    assert_eq!(held.len(), 1, "the new hold covers the first: {held:?}");
    assert_eq!(held[0]["key"], format!("shipgate:hold:{fixed}"));
}

#[test]
fn a_release_that_never_served_is_left_too() {
    let (shop, releases) = served(1);
    shop.aws.world(|world| {
        let tags = world.tags(&revision(8)).unwrap();
        tags.iter_mut().find(|tag| tag["key"] == "shipgate:outcome").unwrap()["value"] = json!("broken");
    });

    let report = rollback(&shop, &[]).outcome("deployed", 0);

    assert_eq!(report["release"]["baseline"], true);
    assert_eq!(
        shop.aws.world(|world| world.services[0].tags[0]["key"].clone()),
        format!("shipgate:hold:{}", releases[0])
    );
}

#[test]
fn an_earlier_release_comes_first_and_the_baseline_can_be_named() {
    let (shop, releases) = served(3);
    let report = rollback(&shop, &["--release", "baseline"]).outcome("deployed", 0);
    assert_eq!((&report["release"]["baseline"], running(&shop)), (&json!(true), revision(11)));
    assert_eq!(tag(&shop, &running(&shop), "restores"), Some(revision(7)));

    let (shop, _) = served_by(shop, 0);
    let report = rollback(&shop, &["--release", &releases[2]]).outcome("deployed", 0);
    assert_eq!(report["release"]["sha"], releases[2]);
    let (shop, releases) = served(3);
    for expected in [&json!(releases[1]), &json!(releases[0]), &Value::Null] {
        let report = rollback(&shop, &[]).outcome("deployed", 0);
        assert_eq!(report["release"]["sha"], *expected);
    }
    rollback(&shop, &[]).outcome("failed", 1);
}

#[test]
fn a_baseline_that_is_gone_or_that_a_tag_makes_up_is_refused_by_name() {
    type Break = fn(&Shop);
    let set_previous = |shop: &Shop, value: &str| {
        shop.aws.world(|world| {
            let tags = world.tags(&revision(8)).unwrap();
            tags.iter_mut().find(|tag| tag["key"] == "shipgate:previous").unwrap()["value"] = json!(value);
        });
    };
    let cases: [(Break, &str, &str); 3] = [
        (
            |shop| deregister(shop, 7),
            "backend:7, which ran before the first release, is not active",
            "register its content",
        ),
        (|_| (), "is no older revision of its family", "by hand"),
        (|_| (), "is no older revision of its family", "by hand"),
    ];
    let forged = [None, Some(arn("task-definition", "elsewhere:3")), Some(revision(12))];
    for ((break_it, cause, hint), forged) in cases.into_iter().zip(forged) {
        for arguments in [&[][..], &["--release", "baseline"]] {
            let (shop, _) = served(1);
            break_it(&shop);
            if let Some(value) = &forged {
                set_previous(&shop, value);
            }
            let report = rollback(&shop, arguments).outcome("failed", 1);
            assert!(text(&report, "causes").contains(cause), "{report:#}");
            assert_reported(&report["hints"], &[hint]);
            assert_eq!((shop.aws.mutations(), running(&shop)), (Vec::new(), revision(8)));
        }
    }
}

#[test]
fn a_service_without_a_release_has_no_baseline() {
    let (shop, _) = served(0);
    let report = rollback(&shop, &["--release", "baseline"]).outcome("failed", 1);
    assert!(report["reason"].as_str().unwrap().contains("`backend` cannot go back"), "{report:#}");
    assert_eq!(report["causes"], json!(["backend: no release was put there yet, so nothing ran before one"]));
    assert_reported(&report["hints"], &["shipgate history stage"]);
    assert_eq!(shop.aws.mutations(), [""; 0]);
}

#[test]
fn a_plan_of_it_is_the_same_until_something_moves() {
    let (shop, _) = served(1);
    let planned = run(&shop, &["plan", "rollback", "stage"]).outcome("planned", 0);
    assert_eq!(planned["release"]["baseline"], true);
    assert_eq!((shop.aws.mutations(), running(&shop)), (Vec::new(), revision(8)));
    let digest = planned["plan_digest"].as_str().unwrap();

    let other = format!("sha256:{}", "0".repeat(64));
    rollback(&shop, &["--expect-plan", &other]).outcome("stale", 4);
    rollback(&shop, &["--expect-plan", &other[..19]]).outcome("stale", 4);
    // What people approve has the whole digest.
    let part = rollback(&shop, &["--expect-plan", &digest[..19], "--plan-run", "7"]).outcome("invalid", 2);
    assert!(part["hints"][0].as_str().unwrap().starts_with("write the whole digest"), "{part:#}");
    assert_eq!(shop.aws.mutations(), [""; 0]);
    // As people read it.
    let named = rollback(&shop, &["--release", "baseline", "--expect-plan", &digest[7..19]]).outcome("deployed", 0);
    assert_eq!(named["plan_digest"], digest);
}

/// How it ended is not known, so it is taken up, and nothing before it is looked for.
#[test]
fn a_rollback_to_it_that_was_cut_off_is_taken_up() {
    let (shop, _) = served(1);
    rollback(&shop, &[]).outcome("deployed", 0);
    shop.aws.world(|world| world.tags(&revision(9)).unwrap().retain(|tag| tag["key"] != "shipgate:outcome"));

    let report = rollback(&shop, &[]).outcome("unchanged", 0);

    assert_reported(&report["warnings"], &["backend", "baseline", "taken up"]);
    assert_eq!((running(&shop), tag(&shop, &revision(9), "outcome")), (revision(9), Some("deployed".to_owned())));
}

/// A revision that ran so before the first release, with an image.
fn served_over(image: &str) -> Shop {
    served_over_in(Shop::new(), image)
}

fn served_over_in(shop: Shop, image: &str) -> Shop {
    let commit = shop.repository.commit("First");
    shop.aws.world(|world| {
        let before = world.register_by_hand(|it| it["containerDefinitions"][0]["image"] = json!(image));
        world.run_only(0, &before);
        world.serve(0, &[commit]);
    });
    shop
}

/// Its digest where it is pinned; else whatever its tag leads to, which ECS says.
#[test]
fn the_tasks_show_what_it_is_pinned_to_or_what_its_tag_leads_to() {
    let pinned = format!("public.example/nginx@sha256:{}", "d".repeat(64));
    all_at_once([(pinned.as_str(), true), ("public.example/nginx:1", false)], |(image, is_pinned)| {
        let shop = served_over(image);
        let ours = running(&shop);
        shop.aws.change("ecs:DescribeTasks", move |_, answer| {
            for task in answer["tasks"].as_array_mut().unwrap().iter_mut().filter(|it| it["taskDefinitionArn"] != ours)
            {
                task["containers"][0]["imageDigest"] = json!(format!("sha256:{}", "b".repeat(64)));
            }
        });
        let ran = rollback(&shop, &[]);
        if is_pinned {
            let report = ran.outcome("rolled-back", 5);
            assert!(text(&report, "causes").contains("not the digest that was shipped"), "{report:#}");
            assert_eq!(
                (running(&shop), tag(&shop, &revision(10), "outcome")),
                (revision(9), Some("rolled-back".to_owned()))
            );
        } else {
            let report = ran.outcome("deployed", 0);
            assert_eq!(report["components"][0]["current"]["digest"], Value::Null);
            assert_eq!(tag(&shop, &running(&shop), "digest"), None);
        }
    });
}

#[test]
fn an_image_that_the_registry_has_no_more_is_named() {
    let shop = Shop::new();
    let gone =
        format!("127.0.0.1:{}/stage-shop:bootstrap@sha256:{}", shop.aws.world(|it| it.registry.port), "d".repeat(64));
    let shop = served_over_in(shop, &gone);
    let report = rollback(&shop, &[]).outcome("failed", 1);
    assert!(report["reason"].as_str().unwrap().contains("of release baseline is not there any more"), "{report:#}");
    assert!(!shop.aws.mutations().contains(&"ecs:UpdateService".to_owned()));
}

#[test]
fn a_probe_that_asks_for_the_release_asks_for_an_answer_alone_and_that_is_said() {
    let shop = Shop::with_config(&format!("{}{PROBES}", config("timeout = \"20s\"")));
    let (shop, _) = served_by(shop, 1);
    let address = format!("http://{}/probe", shop.aws.host());

    let ran = shop.shipgate(&["rollback", "stage", "--output", "json"]).env("PROBE", address).run();

    let report = ran.outcome("deployed", 0);
    assert_reported(&report["warnings"], &["backend: of probe GET", "/probe only the status counts"]);
    assert_reported(&report["warnings"], &["backend: probe GET", "is not asked"]);
    assert!(shop.aws.operations().contains(&"probe:Ask".to_owned()));
}

/// Two services of one image: what differs between them is refused by name, and each can go alone.
#[test]
fn components_go_back_to_it_together_or_alone() {
    let worker = format!(
        "settle = \"0s\"\n[components.worker]\nkind = \"ecs\"\nsettle = \"0s\"\nimage-from = \"backend\"\ncontainer = \"web\"\n\
         cluster = \"{CLUSTER}\"\nservice = \"stage-worker\"\n"
    );
    let shop = |backend: usize, worker_releases: usize| {
        let shop = Shop::with_config(&config(&worker));
        let releases: Vec<String> = (0..2).map(|number| shop.repository.commit(&format!("Release {number}"))).collect();
        shop.aws.world(|world| {
            world.add_service("stage-worker");
            world.serve(0, &releases[2 - backend..]);
            world.serve(1, &releases[2 - worker_releases..]);
        });
        shop
    };
    let both = shop(1, 1);
    let report = rollback(&both, &[]).outcome("deployed", 0);
    for component in report["components"].as_array().unwrap() {
        assert_eq!(component["current"]["restores"], "backend:7", "{report:#}");
    }

    let differ = shop(2, 1);
    let before = running(&differ);
    let report = rollback(&differ, &[]).outcome("failed", 1);
    assert_reported(&report["causes"], &["worker: before its first release it ran backend:7"]);
    assert_reported(&report["hints"], &["roll backend back alone with --component backend"]);
    assert_reported(&report["hints"], &["--release baseline --component worker"]);
    assert_eq!((differ.aws.mutations(), running(&differ)), (Vec::new(), before));
    let report = rollback(&differ, &["--component", "worker"]).outcome("deployed", 0);
    assert_eq!(report["components"][0]["current"]["restores"], "backend:7");
    let report = rollback(&differ, &["--release", "baseline"]).outcome("deployed", 0);
    assert_eq!(report["components"].as_array().unwrap().len(), 2, "{report:#}");
}
