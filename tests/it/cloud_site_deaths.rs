//! A program that ends between any two of its changes leaves a whole site, and the same command again comes to its end.
//!
//! Only a change leaves anything behind. So to end it before each change is to end it between any two requests.

use std::time::Duration;

use crate::harness::Ran;
use crate::site::edge::Keeping;
use crate::site::proxy::{Does, Rule};
use crate::site::shop::{Shop, page_of};

/// An edge that keeps what it has, whatever objects say: only an invalidation changes what browsers get.
const KEEPS: Keeping = Keeping { minimum: Duration::from_hours(1), ..Keeping::OPTIMIZED };

/// The same command again, once the lock of the dead run is over.
#[track_caller]
fn again(shop: &Shop, arguments: &[&str]) -> Ran {
    for place in [&shop.site.stage, &shop.site.production] {
        shop.expire_lock(place);
    }
    shop.proxy.reset();
    let ran = shop.run(arguments);
    let outcome = ran.json()["outcome"].clone();
    assert!(outcome == "deployed" || outcome == "unchanged", "{outcome}: {}", ran.stderr);
    ran
}

/// Ends a command at its change number `number`. Whether it was over before.
fn dies_at(shop: &Shop, number: usize, arguments: &[&str]) -> bool {
    shop.proxy.reset();
    shop.proxy.rule(Rule::on_changes(Does::HoldsBefore).after(number).times(1));
    match shop.proxy.kill_when_held(shop.start(arguments)) {
        None => false,
        Some(ran) => {
            ran.outcome("deployed", 0);
            true
        }
    }
}

/// Ends a first deploy at every change, each time with empty buckets.
fn a_first_deploy_dies_at_every_second_change(begin: usize) {
    let shop = Shop::new("");
    let (stage, deploy) = (&shop.site.stage, ["deploy", "stage"]);
    for number in (begin..).step_by(2) {
        for bucket in [&stage.bucket, &stage.store] {
            shop.site.keys(bucket).iter().for_each(|key| shop.site.delete(bucket, key));
        }
        stage.edge.invalidate(&["/*"]);
        if dies_at(&shop, number, &deploy) {
            assert!(number > 10, "{number} changes");
            break;
        }
        // A page that comes is whole.
        shop.assert_whole(&[0, 1]);
        again(&shop, &deploy);
        shop.assert_whole(&[1]);
    }
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn slow_a_first_deploy_dies_at_each_even_change() {
    a_first_deploy_dies_at_every_second_change(0);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn slow_a_first_deploy_dies_at_each_odd_change() {
    a_first_deploy_dies_at_every_second_change(1);
}

fn a_deploy_dies_at_every_second_change(begin: usize) {
    // So that it deletes as well.
    let shop = Shop::new("keep = 2\n");
    shop.site.stage.edge.keep(KEEPS);
    for number in 1..=3 {
        shop.deploy(number);
    }
    let deploy = ["deploy", "stage"];
    let mut version = 3;
    for number in (begin..).step_by(2) {
        version += 1;
        let sha = shop.change(version);
        if dies_at(&shop, number, &deploy) {
            assert!(number > 15, "{number} changes");
            break;
        }
        shop.assert_whole(&[version - 1, version]);
        again(&shop, &deploy);
        shop.assert_whole(&[version]);
        assert_eq!(shop.pointer(), Some(sha));
    }
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn slow_a_deploy_dies_at_each_even_change() {
    a_deploy_dies_at_every_second_change(0);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn slow_a_deploy_dies_at_each_odd_change() {
    a_deploy_dies_at_every_second_change(1);
}

fn a_rollback_dies_at_every_second_change(begin: usize) {
    let shop = Shop::new("");
    shop.site.stage.edge.keep(KEEPS);
    let first = shop.deploy(1);
    let mut version = 1;
    let rollback = ["rollback", "stage", "--release", &first, "--yes"];
    for number in (begin..).step_by(2) {
        version += 1;
        shop.deploy(version);
        if dies_at(&shop, number, &rollback) {
            assert!(number > 8, "{number} changes");
            break;
        }
        shop.assert_whole(&[1, version]);
        again(&shop, &rollback);
        shop.assert_whole(&[1]);
        assert_eq!(shop.pointer().as_ref(), Some(&first));
    }
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn slow_a_rollback_dies_at_each_even_change() {
    a_rollback_dies_at_every_second_change(0);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn slow_a_rollback_dies_at_each_odd_change() {
    a_rollback_dies_at_every_second_change(1);
}

/// A rollback that names no release does not go one release further when it is run again.
#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn slow_a_rollback_that_died_goes_back_one_release_and_no_further() {
    let rollback = ["rollback", "stage", "--yes"];
    for number in 0.. {
        let shop = Shop::new("");
        for version in 1..=3 {
            shop.deploy(version);
        }
        if dies_at(&shop, number, &rollback) {
            assert!(number > 8, "{number} changes");
            break;
        }
        shop.assert_whole(&[2, 3]);
        shop.expire_lock(&shop.site.stage);
        shop.proxy.reset();
        let ran = shop.run(&rollback);
        // It either ends, or says that it does not know where the other one was.
        if ran.code == 0 {
            shop.assert_whole(&[2]);
        } else {
            assert!(ran.stderr.contains("--release"), "{number}: {}", ran.stderr);
            shop.assert_whole(&[2, 3]);
        }
    }
}

fn a_promotion_dies_at_every_second_change(begin: usize) {
    let shop = Shop::new("");
    let (stage, production) = (&shop.site.stage, &shop.site.production);
    production.edge.keep(KEEPS);
    let promote = ["promote", "production", "--yes"];
    shop.deploy(1);
    shop.run(&promote).outcome("deployed", 0);
    let mut version = 1;
    for number in (begin..).step_by(2) {
        version += 1;
        shop.deploy(version);
        if dies_at(&shop, number, &promote) {
            assert!(number > 12, "{number} changes");
            break;
        }
        shop.assert_whole_at(production, &[version - 1, version]);
        again(&shop, &promote);
        shop.assert_whole_at(production, &[version]);
        shop.assert_whole_at(stage, &[version]);
    }
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn slow_a_promotion_dies_at_each_even_change() {
    a_promotion_dies_at_every_second_change(0);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn slow_a_promotion_dies_at_each_odd_change() {
    a_promotion_dies_at_every_second_change(1);
}

/// The program lives on, and AWS has done what it has no answer to.
#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn slow_a_deploy_loses_each_answer_in_turn_and_goes_on() {
    let shop = Shop::new("keep = 2\n");
    shop.site.stage.edge.keep(KEEPS);
    for number in 1..=3 {
        shop.deploy(number);
    }
    let mut version = 3;
    for number in 0.. {
        version += 1;
        shop.change(version);
        shop.proxy.reset();
        shop.proxy.rule(Rule::on_changes(Does::CutsAfter).after(number).times(1));
        shop.run(&["deploy", "stage"]).outcome("deployed", 0);
        assert_eq!(shop.page(), page_of(version));
        shop.assert_whole(&[version]);
        if shop.proxy.changes() <= number {
            assert!(number > 15, "{number} changes");
            break;
        }
    }
}
