//! Several runs at once on one site, and one that somebody reads all the time: one wins, and no page is mixed.

use std::path::Path;

use crate::harness::{Ran, Running, eventually};
use crate::site;
use crate::site::proxy::{Does, Proxy, Rule};
use crate::site::shop::{LOCK, Shop, page_of};
use crate::site::visitor::Visitor;

const DEPLOY: [&str; 2] = ["deploy", "stage"];

fn outcome(ran: &Ran) -> String {
    ran.json()["outcome"].as_str().unwrap().to_owned()
}

/// The pointer and the pages say the same.
#[track_caller]
fn assert_agrees(shop: &Shop, releases: &[(&str, u32)]) {
    let pointer = shop.pointer().unwrap();
    let (_, number) = releases.iter().find(|(release, _)| *release == pointer).expect("a release");
    shop.assert_whole(&[*number]);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn of_two_deploys_at_once_one_wins() {
    let shop = Shop::new("");
    shop.deploy(1);
    let visitor = Visitor::of(&shop.site.stage.edge.url());
    visitor.until_visited(1);
    for round in 1..=4 {
        let (mine, other) = (2 * round, 2 * round + 1);
        let clone = shop.another();
        let first = shop.change(mine);
        let second = site::change(&clone, other);
        // The forward gate lets neither over the other where it comes second.
        let runs = [shop.start(&DEPLOY), shop.start_in(&clone, &DEPLOY)].map(Running::wait);
        let outcomes = runs.each_ref().map(outcome);
        let count = outcomes.iter().filter(|outcome| *outcome == "deployed").count();
        assert!(count >= 1, "{outcomes:?}\n{}\n{}", runs[0].stderr, runs[1].stderr);
        for loser in outcomes.iter().filter(|outcome| *outcome != "deployed") {
            assert!(["superseded", "stale"].contains(&loser.as_str()), "{outcomes:?}");
        }
        assert_agrees(&shop, &[(&first, mine), (&second, other)]);
        // The next round begins with what is served.
        shop.repository.git(&["fetch", "--quiet", clone.path().to_str().unwrap(), "main"]);
        shop.repository.git(&["merge", "--quiet", "--strategy", "ours", "--message", "Both", "FETCH_HEAD"]);
        shop.deploy(mine + 100);
    }
    visitor.until_visited(1);
    assert_eq!(visitor.stop(), []);
}

/// A deploy is held at its lock while another command goes through: it was planned from what is not there any more.
#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_deploy_that_comes_late_is_stale() {
    let shop = Shop::new("");
    let first = shop.deploy(1);
    shop.deploy(2);
    let other = Proxy::before(shop.site.cloud.endpoint());
    let sha = shop.change(3);
    shop.proxy.rule(Rule::on("PutObject", Does::HoldsBefore).with_key("lock.json").times(1));
    let late = shop.start(&DEPLOY);
    shop.proxy.until_held();
    let rollback = ["rollback", "stage", "--release", &first, "--yes"];
    let rollback = shop.site.laptop(&shop.repository, &rollback).env("AWS_ENDPOINT_URL", other.endpoint());
    rollback.run().outcome("deployed", 0);
    shop.proxy.let_go();
    let report = late.wait().outcome("stale", 4);
    assert!(!report["hints"].as_array().unwrap().is_empty());
    shop.assert_whole(&[1]);
    assert_eq!(shop.pointer(), Some(first));
    shop.run(&DEPLOY).outcome("deployed", 0);
    assert_eq!(shop.pointer(), Some(sha));
}

/// While one run has the lock, another waits for it.
#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_deploy_waits_for_the_lock() {
    let shop = Shop::new("");
    shop.deploy(1);
    let clone = shop.another();
    let first = shop.change(2);
    site::change(&clone, 3);
    shop.proxy.rule(Rule::on("PutObject", Does::HoldsBefore).with_key("about/index.html").times(1));
    let slow = shop.start(&DEPLOY);
    shop.proxy.until_held();
    let other = Proxy::before(shop.site.cloud.endpoint());
    let waits = shop.site.laptop(&clone, &DEPLOY).env("AWS_ENDPOINT_URL", other.endpoint()).start();
    let looks = || other.calls().iter().filter(|call| call.key == LOCK && call.operation == "GetObject").count();
    eventually("it polls the lock", || looks() > 2);
    assert_eq!(other.calls().iter().filter(|call| call.key == LOCK && call.is_change()).count(), 0);
    shop.assert_whole(&[1]);
    shop.proxy.let_go();
    slow.wait().outcome("deployed", 0);
    let waits = waits.wait();
    waits.outcome("stale", 4);
    let reported = |part: &str| assert!(waits.stderr.contains(part), "{part}: {}", waits.stderr);
    reported(&format!("waits for the lock of site `{}`: ", shop.site.stage.bucket));
    reported("took the lock at 20");
    reported("if that run was killed, the lock ends at 20");
    shop.assert_whole(&[2]);
    assert_eq!(shop.pointer(), Some(first));
}

/// A run that is paused somewhere, whose lock runs out, and that wakes up when another one is over.
#[track_caller]
fn wakes_up(rule: Rule) {
    let shop = Shop::new("");
    shop.deploy(1);
    let clone = shop.another();
    shop.change(2);
    let second = site::change(&clone, 3);
    shop.proxy.rule(rule);
    let paused = shop.start(&DEPLOY);
    shop.proxy.until_held();
    paused.signal("STOP");
    shop.assert_whole(&[1, 2]);
    shop.expire_lock(&shop.site.stage);
    shop.site.laptop(&clone, &DEPLOY).run().outcome("deployed", 0);
    shop.assert_whole(&[3]);
    let before = shop.site.objects(&shop.site.stage.bucket);
    paused.signal("CONT");
    shop.proxy.let_go();
    paused.wait().outcome("superseded", 7);
    assert_eq!(shop.site.objects(&shop.site.stage.bucket), before, "it has written");
    shop.assert_whole(&[3]);
    assert_eq!(shop.pointer(), Some(second));
    assert_eq!(shop.lock(&shop.site.stage).unwrap()["released"], true);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_run_that_was_paused_before_its_pages_writes_nothing_more() {
    // Its lock is renewed before each wave.
    for wave in 1..=4 {
        wakes_up(Rule::on("PutObject", Does::HoldsBefore).with_key(LOCK).after(wave).times(1));
    }
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_run_that_was_paused_at_a_page_writes_nothing_more() {
    wakes_up(Rule::on("PutObject", Does::HoldsBefore).with_key("about/index.html").times(1));
    wakes_up(Rule::on("PutObject", Does::HoldsAfter).with_key("about/index.html").times(1));
    wakes_up(Rule::on("PutObject", Does::HoldsBefore).with_key("sw.js").times(1));
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_run_that_was_paused_before_it_moves_the_pointer_writes_nothing_more() {
    wakes_up(Rule::on("PutObject", Does::HoldsBefore).with_key("current.json").times(1));
}

/// The run that is paused wakes up in the middle of the other one, which goes on.
#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_run_that_wakes_up_in_the_middle_of_another_leaves_it_alone() {
    let shop = Shop::new("");
    shop.deploy(1);
    let clone = shop.another();
    shop.change(2);
    let second = site::change(&clone, 3);
    shop.proxy.rule(Rule::on("PutObject", Does::HoldsAfter).with_key("about/index.html").times(1));
    let paused = shop.start(&DEPLOY);
    shop.proxy.until_held();
    paused.signal("STOP");
    shop.expire_lock(&shop.site.stage);
    let other = Proxy::before(shop.site.cloud.endpoint());
    other.rule(Rule::on("PutObject", Does::HoldsBefore).with_key("about/index.html").times(1));
    let running = shop.site.laptop(&clone, &DEPLOY).env("AWS_ENDPOINT_URL", other.endpoint()).start();
    other.until_held();
    paused.signal("CONT");
    shop.proxy.let_go();
    paused.wait().outcome("superseded", 7);
    shop.assert_whole(&[1, 2]);
    other.let_go();
    running.wait().outcome("deployed", 0);
    shop.assert_whole(&[3]);
    assert_eq!(shop.pointer(), Some(second));
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn slow_a_reader_of_twenty_changes_sees_no_page_whose_files_are_gone() {
    let shop = Shop::new("");
    let edge = &shop.site.stage.edge;
    let first = shop.deploy(1);
    let visitor = Visitor::of(&edge.url());
    visitor.until_visited(1);
    for number in 2..=11 {
        shop.deploy(number);
        visitor.until_visited(1);
        shop.run(&["rollback", "stage", "--release", &first, "--yes"]).outcome("deployed", 0);
        assert_eq!(shop.page(), page_of(1));
        visitor.until_visited(1);
    }
    assert_eq!(visitor.stop(), []);
    let wrong: Vec<_> = edge.served().into_iter().filter(|served| served.status != 200).collect();
    assert_eq!(wrong, []);
}

/// The proof that nothing is built for it.
#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_deploy_of_what_is_stored_builds_nothing() {
    let shop = Shop::new("");
    shop.deploy(1);
    let dist = shop.repository.path().join("dist");
    std::fs::remove_dir_all(&dist).unwrap();
    shop.run(&DEPLOY).outcome("unchanged", 0);
    assert!(!Path::new(&dist).exists(), "it was built");
}
