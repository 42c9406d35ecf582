//! A site whose release is there already: files of another build of its commit, a public address that went wrong since, and
//! a build of its own for the environment that it is promoted to.

use serde_json::Value;

use crate::harness::{Ran, assert_reported, steps, texts};
use crate::http_server::Answer;
use crate::site::shop::{Shop, page_of};
use crate::site::{self, SiteCloud, version};

const DEPLOY: [&str; 2] = ["deploy", "stage"];

fn outcomes(shop: &Shop) -> Vec<String> {
    let history = shop.run(&["history", "stage"]).expect_code(0).json();
    let releases = history["releases"].as_array().unwrap_or_else(|| panic!("{history:#}"));
    releases.iter().map(|release| release["outcome"].as_str().unwrap().to_owned()).collect()
}

/// What `status` has to say of stage.
fn remarks(shop: &Shop) -> Vec<String> {
    let status = shop.run(&["status", "stage"]).json();
    texts(&status["environments"][0]["components"][0]["remarks"]).into_iter().map(str::to_owned).collect()
}

/// An answer that is no page of the release.
fn another() -> Answer {
    Answer::new(200, "<title>Maintenance</title>").with("content-type", "text/html; charset=utf-8")
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn another_build_of_a_commit_is_not_taken_and_that_is_reported() {
    let site = SiteCloud::new();
    let config = site.config("").replace("cp -R site dist", "cp -R site dist && date +%s%N >dist/built.txt");
    assert!(config.contains("built.txt"), "{config}");
    let repository = site::repository(&config);
    let [first, second] = [0, 1].map(|_| SiteCloud::bundle(&repository));
    let digest = |bundle: &str| bundle.split_once('@').unwrap().1[..19].to_owned();
    assert_ne!(digest(&first), digest(&second), "each build is another one");
    // The file is that of the second build by now: the digest that is handed over says which one is meant.
    site.job(&repository, &["deploy", "stage", "--bundle", &second]).outcome("deployed", 0);
    let served = site.get(&site.stage, "/built.txt").body;
    let third = SiteCloud::bundle(&repository);
    for command in [&["plan", "deploy", "stage"][..], &DEPLOY] {
        let report = site.job(&repository, &[command, &["--bundle", &third]].concat()).expect_code(0).json();
        let words = format!("{} is taken, and {} was handed over", digest(&second), digest(&third));
        assert_reported(&report["warnings"], &["other files of this commit for frontend", &words]);
        let hints = report["warning_details"].to_string();
        assert!(hints.contains("make a new commit"), "{hints}");
    }
    assert_eq!(site.get(&site.stage, "/built.txt").body, served);
    let report = site.job(&repository, &["deploy", "stage", "--bundle", &second]).outcome("unchanged", 0);
    assert!(!report["warnings"].to_string().contains("other files"), "{report:#}");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn an_address_that_went_wrong_is_written_down_and_proven_again() {
    let shop = Shop::new("");
    shop.deploy(1);
    let second = shop.deploy(2);
    let edge = &shop.site.stage.edge;
    assert_eq!(remarks(&shop), [""; 0]);
    edge.change("/", another());

    let report = shop.run(&DEPLOY).outcome("broken", 6);

    assert_eq!(steps(&report), ["verify frontend: failed"]);
    assert_eq!(outcomes(&shop), ["broken", "deployed", "deployed"]);
    assert_eq!(remarks(&shop), ["the newest run of it ended as broken: deploy it again"]);
    let refused = shop.run(&["plan", "promote", "production"]).json();
    assert!(refused.to_string().contains("was not proven: deploy it again"), "{refused:#}");
    let by_ledger = shop.run(&["plan", "promote", "production", "--release", &second]).json();
    assert!(by_ledger.to_string().contains("the newest run that verified it ended as `broken`"), "{by_ledger:#}");
    // What was proven once is not left for the release before it: that would not fix the address.
    let report = shop.run(&DEPLOY).outcome("broken", 6);
    assert!(report["reason"].as_str().unwrap().contains("it is what was served before"), "{report:#}");
    shop.run(&DEPLOY).outcome("broken", 6);
    edge.change_back("/");
    assert_eq!((shop.page(), shop.pointer()), (page_of(2), Some(second)));
    shop.run(&DEPLOY).outcome("deployed", 0);
    assert_eq!(remarks(&shop), [""; 0]);
    let written = outcomes(&shop);
    shop.run(&DEPLOY).outcome("unchanged", 0);
    assert_eq!(outcomes(&shop), written, "that it is as it was says nothing new");
}

/// What is written of a verification is not taken for a release: a rollback goes where it went before.
#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_rollback_goes_on_from_a_release_whose_address_went_wrong() {
    let shop = Shop::new("timeout = \"4s\"\n");
    for number in 1..=3 {
        shop.deploy(number);
    }
    let rollback = ["rollback", "stage", "--yes"];
    let second = shop.run(&rollback).outcome("deployed", 0)["release"]["sha"].as_str().unwrap().to_owned();
    shop.assert_whole(&[2]);
    let edge = &shop.site.stage.edge;
    edge.change("/", Answer::new(503, ""));
    let again = ["rollback", "stage", "--release", &second, "--yes"];
    let report = shop.run(&again).outcome("broken", 6);
    assert_eq!(steps(&report), ["verify frontend: failed"]);
    edge.change_back("/");
    shop.run(&rollback).outcome("deployed", 0);
    shop.assert_whole(&[1]);
}

fn promote(shop: &Shop, more: &[&str]) -> Ran {
    shop.run(&[&["promote", "production", "--yes"], more].concat())
}

/// Builds the site for production. Returns what `--bundle` takes.
fn built_for_production(shop: &Shop) -> String {
    let to = shop.repository.path().parent().unwrap().join("bundles");
    let line = ["build", "--environment", "production", "--to", to.to_str().unwrap(), "--output", "json"];
    let report: Value = shop.repository.shipgate(&line).run().expect_code(0).json();
    let text = |key: &str| report["bundles"][0][key].as_str().unwrap().to_owned();
    format!("{}={}@{}", text("component"), text("path"), text("digest"))
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_build_of_its_own_is_asked_for_before_anything_is_changed() {
    let shop = Shop::new("rebuild-per-environment = true\n");
    shop.deploy(1);

    let gates = shop.run(&["gates", "production"]).expect_code(0).json();

    let of_production = gates["environments"].as_array().unwrap().iter().find(|it| it["name"] == "production");
    let of_production = of_production.unwrap_or_else(|| panic!("{gates:#}"));
    let proven = of_production["gates"].as_array().unwrap().iter().find(|gate| gate["name"] == "proven").unwrap();
    assert_eq!(proven["verdict"], "satisfied", "{gates:#}");
    let reason = proven["reason"].as_str().unwrap();
    assert!(reason.starts_with("the pages of stage came as they are in it"), "{reason}");
    let plan = shop.run(&["plan", "promote", "production"]).outcome("planned", 0);
    assert_reported(&plan["warnings"], &["has a build of its own for production, and none is handed over"]);
    let refused = promote(&shop, &[]).outcome("invalid", 2);
    assert!(refused["reason"].as_str().unwrap().contains("none is handed over"), "{refused:#}");
    assert_reported(&refused["hints"], &["shipgate build frontend --environment production", "--bundle"]);
    assert_eq!(shop.site.keys(&shop.site.production.bucket), [""; 0]);
    let bundle = built_for_production(&shop);
    let report = promote(&shop, &["--bundle", &bundle]).outcome("deployed", 0);
    assert!(!report["warnings"].to_string().contains("none is handed over"), "{report:#}");
    shop.assert_whole_at(&shop.site.production, &[1]);
    // It is stored by now.
    promote(&shop, &[]).outcome("unchanged", 0);
}

/// The bucket still has a script that only the release before has, until it is deleted: it proves nothing of this release.
#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_page_that_names_a_script_of_an_earlier_release_is_rolled_back() {
    let shop = Shop::new("keep = 1\n");
    shop.deploy(1);
    let (script, _) = version(2).swap_remove(0);
    shop.change(2);
    shop.run(&DEPLOY).outcome("deployed", 0);
    std::fs::remove_file(shop.repository.path().join("site").join(&script)).unwrap();
    shop.repository.commit("Lose a script");

    let report = shop.run(&DEPLOY).outcome("rolled-back", 5);

    assert_reported(&report["causes"], &[&script, "a file of an earlier release that this one lacks"]);
    shop.assert_whole(&[2]);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn what_was_changed_by_hand_is_not_deleted_with_its_release() {
    let shop = Shop::new("keep = 1\n");
    shop.repository.write("site/notes.txt", "of the first release");
    shop.repository.commit("Notes");
    shop.run(&DEPLOY).outcome("deployed", 0);
    shop.site.put(&shop.site.stage.bucket, "notes.txt", "text/plain", "of somebody else");
    shop.change(2);

    let report = shop.run(&DEPLOY).outcome("deployed", 0);

    assert_eq!(shop.site.object(&shop.site.stage.bucket, "notes.txt").unwrap().body, b"of somebody else");
    assert_reported(&report["warnings"], &["were changed by hand, and stay: notes.txt"]);
}

/// The second build waits, and does not delete what the first one reads.
#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn two_deploys_in_one_checkout_build_one_after_the_other() {
    let shop = Shop::new("");
    let config = std::fs::read_to_string(shop.repository.path().join("shipgate.toml")).unwrap();
    let slow = "run = \"rm -rf dist && mkdir dist && cp site/index.html dist && sleep 2 && ";
    let config = config.replace("run = \"", slow);
    assert!(config.contains("sleep 2"), "{config}");
    shop.repository.write("shipgate.toml", config);
    shop.repository.commit("Build slowly");
    let first = shop.start(&DEPLOY);
    shop.site.cloud.wait(async { tokio::time::sleep(std::time::Duration::from_millis(1200)).await });
    let second = shop.run(&DEPLOY);
    let first = first.wait();
    first.outcome("deployed", 0);
    assert!([0, 4, 7].contains(&second.code), "{}", second.stderr);
    shop.assert_whole(&[1]);
    for (path, content) in version(1) {
        assert_eq!(shop.get(&format!("/{path}")).2, content, "{path}");
    }
}
