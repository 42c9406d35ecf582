//! What goes wrong while a site is deployed: AWS refuses, edges keep or change what they get, and objects are damaged. The
//! old site stays whole, and nothing is called deployed that is not.

use std::time::Duration;

use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};
use serde_json::Value;

use crate::harness::{assert_reported, eventually, steps, texts};
use crate::http_server::{Answer, serve};
use crate::site::edge::{Conduct, Keeping};
use crate::site::proxy::{Does, Rule};
use crate::site::shop::{LOCK, POINTER, Shop, page_of};

const DEPLOY: [&str; 2] = ["deploy", "stage"];

/// An edge that keeps what it has, whatever objects say: only an invalidation changes what browsers get.
const KEEPS: Keeping = Keeping { minimum: Duration::from_hours(1), ..Keeping::OPTIMIZED };

/// Two versions: the first is served, the second is committed.
fn second(more: &str) -> Shop {
    let shop = Shop::new(more);
    shop.site.stage.edge.keep(KEEPS);
    shop.deploy(1);
    shop.change(2);
    shop
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn an_invalidation_that_is_refused_for_now_is_asked_for_again() {
    for code in [(503, "ServiceUnavailable"), (400, "TooManyInvalidationsInProgress"), (429, "Throttling")] {
        let shop = second("");
        shop.proxy.rule(Rule::on("CreateInvalidation", Does::Answers(code.0, code.1)).times(2));
        shop.run(&DEPLOY).outcome("deployed", 0);
        assert_eq!((shop.page(), shop.proxy.count("CreateInvalidation")), (page_of(2), 3), "{code:?}");
    }
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn an_invalidation_that_is_never_made_is_said_and_made_by_the_same_command() {
    let [many, known] = ["TooManyInvalidationsInProgress", "InvalidationBatchAlreadyExists"];
    for (status, code) in [(503, "ServiceUnavailable"), (400, many), (400, known), (403, "AccessDenied")] {
        let shop = second("");
        shop.proxy.rule(Rule::on("CreateInvalidation", Does::Answers(status, code)));
        let report = shop.run(&DEPLOY).outcome("broken", 6);
        assert!(report["reason"].as_str().unwrap().contains("keeps what was there before"), "{report:#}");
        assert!(!texts(&report["hints"]).is_empty(), "{code}");
        shop.assert_whole(&[1]);
        shop.proxy.reset();
        let ran = shop.run(&DEPLOY);
        ran.outcome("deployed", 0);
        assert_eq!(shop.page(), page_of(2), "{code}");
    }
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_page_of_before_is_waited_for() {
    let shop = second("");
    shop.site.stage.edge.invalidations_take(Duration::from_secs(3));
    let before = shop.site.stage.edge.served().len();
    shop.run(&DEPLOY).outcome("deployed", 0);
    assert_eq!(shop.page(), page_of(2));
    let served = shop.site.stage.edge.served();
    assert!(served[before..].iter().any(|served| served.path == "/" && served.is_kept), "nothing was waited for");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_page_of_before_that_stays_is_out_of_time_and_no_failure() {
    let shop = second("timeout = \"4s\"\n");
    shop.site.stage.edge.conduct(Conduct::Stale);
    let report = shop.run(&DEPLOY).outcome("timed-out", 8);
    assert_reported(&report["hints"], &["run the same command again"]);
    // Nothing is put back: the pages are there.
    assert_eq!((shop.page(), shop.pointer()), (page_of(1), Some(shop.repository.head())));
    assert!(!steps(&report).iter().any(|step| step.contains("roll back")), "{:?}", steps(&report));
    shop.run(&DEPLOY).outcome("timed-out", 8);
    shop.site.stage.edge.conduct(Conduct::Good);
    shop.run(&DEPLOY).outcome("deployed", 0);
    shop.assert_whole(&[2]);
    shop.run(&DEPLOY).outcome("unchanged", 0);
}

/// The second version with a script that is not there.
fn without_its_script(shop: &Shop) {
    let page = page_of(2).replace("</head>", "<script src=\"/assets/gone-Abcd1234.js\"></script></head>");
    shop.repository.write("site/index.html", page);
    shop.repository.commit("A page with a script that is not there");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_page_that_comes_instead_of_a_script_brings_the_release_before_back() {
    let shop = second("");
    let before = shop.pointer();
    without_its_script(&shop);
    shop.site.stage.edge.conduct(Conduct::Fallback("/index.html"));
    let report = shop.run(&DEPLOY).outcome("rolled-back", 5);
    assert_reported(&report["causes"], &["gone-Abcd1234.js", "a page comes instead of the script"]);
    shop.site.stage.edge.conduct(Conduct::Good);
    shop.assert_whole(&[1]);
    assert_eq!(shop.pointer(), before);
    // What failed is no release that a rollback would go to, and what is served is one.
    let history = shop.run(&["history", "stage"]).json();
    let outcomes: Vec<&str> = outcomes(&history);
    assert_eq!(outcomes, ["rolled-back", "deployed"]);
    shop.run(&DEPLOY).outcome("rolled-back", 5);
    shop.assert_whole(&[1]);
    shop.change(3);
    shop.run(&DEPLOY).outcome("deployed", 0);
    shop.assert_whole(&[3]);
}

fn outcomes(history: &Value) -> Vec<&str> {
    let releases = history["releases"].as_array().unwrap_or_else(|| panic!("{history:#}"));
    releases.iter().map(|release| release["outcome"].as_str().unwrap()).collect()
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_script_that_is_missing_brings_the_release_before_back() {
    let shop = second("");
    without_its_script(&shop);
    let report = shop.run(&DEPLOY).outcome("rolled-back", 5);
    assert_reported(&report["causes"], &["gone-Abcd1234.js", "status 403"]);
    shop.assert_whole(&[1]);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_page_that_is_changed_on_the_way_brings_the_release_before_back() {
    let shop = second("");
    let (edge, before) = (&shop.site.stage.edge, shop.pointer());
    let changed = Answer::new(200, page_of(2).replace("Shop", "Ad")).with("content-type", "text/html; charset=utf-8");
    edge.change("/", changed.clone());
    let running = shop.start(&DEPLOY);
    eventually("the release is there", || shop.pointer() != before);
    eventually("the release before is there again", || shop.pointer() == before);
    edge.change_back("/");
    running.wait().outcome("rolled-back", 5);
    shop.assert_whole(&[1]);
    // What is changed for good is not seen to be back, and is not called so.
    edge.change("/", changed);
    let report = shop.run(&DEPLOY).outcome("broken", 6);
    assert!(report["reason"].as_str().unwrap().contains("not seen to be served again"), "{report:#}");
    edge.change_back("/");
    shop.assert_whole(&[1]);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_first_release_that_is_wrong_is_broken() {
    let shop = Shop::new("");
    without_its_script(&shop);
    let report = shop.run(&DEPLOY).outcome("broken", 6);
    assert!(report["reason"].as_str().unwrap().contains("no release was served before"), "{report:#}");
    shop.change(2);
    shop.run(&DEPLOY).outcome("deployed", 0);
    shop.assert_whole(&[2]);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_release_that_is_wrong_is_left_where_the_environment_says_so() {
    let shop = second("");
    let config =
        shop.site.laptop_config("").replace("[environments.stage]\n", "[environments.stage]\non-failure = \"leave\"\n");
    shop.repository.write("shipgate.toml", config);
    without_its_script(&shop);
    shop.run(&DEPLOY).outcome("broken", 6);
    assert_eq!(shop.pointer(), Some(shop.repository.head()));
    assert!(shop.page().contains("gone-Abcd1234"));
    shop.run(&["rollback", "stage", "--yes"]).outcome("deployed", 0);
    shop.assert_whole(&[1]);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_call_that_pages_may_not_make_brings_the_release_before_back() {
    let api = serve(|_| Answer::new(204, ""));
    let shop = second("");
    let calls = format!("calls = [\"http://{}/products\"]\n", api.address);
    shop.repository.write("shipgate.toml", shop.site.laptop_config(&calls));
    shop.repository.commit("Pages that call");
    let report = shop.run(&DEPLOY).outcome("rolled-back", 5);
    assert_reported(&report["causes"], &["OPTIONS", "may not call it"]);
    shop.assert_whole(&[1]);
}

/// Whatever request is refused, what is served stays whole, and the next deploy comes to its end.
fn a_right_that_is_missing_leaves_a_whole_site(begin: usize) {
    let shop = second("");
    let mut version = 1;
    for number in (begin..).step_by(2) {
        version += 1;
        shop.change(version);
        shop.proxy.reset();
        shop.proxy.rule(Rule::on_changes(Does::Answers(403, "AccessDenied")).after(number).times(1));
        let ran = shop.run(&DEPLOY);
        let report = ran.json();
        if shop.proxy.changes() <= number {
            ran.outcome("deployed", 0);
            assert!(number > 15, "{number} changes");
            break;
        }
        // Only what comes after the proof is a warning.
        let (outcome, page) = (report["outcome"].as_str().unwrap(), shop.page());
        match outcome {
            "deployed" => assert_eq!(page, page_of(version), "{report:#}"),
            "failed" | "rolled-back" | "unauthorized" => assert_eq!(page, page_of(version - 1), "{report:#}"),
            "broken" => assert!([page_of(version - 1), page_of(version)].contains(&page), "{report:#}"),
            other => panic!("{other}: {report:#}"),
        }
        assert!(outcome == "deployed" || !texts(&report["hints"]).is_empty(), "{report:#}");
        shop.assert_whole(&[version - 1, version]);
        shop.proxy.reset();
        // It may not have had the right to give it back.
        shop.expire_lock(&shop.site.stage);
        let ran = shop.run(&DEPLOY);
        assert_eq!(ran.code, 0, "{number}: {}", ran.stderr);
        shop.assert_whole(&[version]);
    }
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn slow_a_right_that_is_missing_at_each_even_change() {
    a_right_that_is_missing_leaves_a_whole_site(0);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn slow_a_right_that_is_missing_at_each_odd_change() {
    a_right_that_is_missing_leaves_a_whole_site(1);
}

/// A lock that this run could not give back is its own still when it deletes.
#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_run_does_not_wait_for_a_lock_of_its_own() {
    let shop = Shop::new("keep = 1\n");
    for number in 1..=2 {
        shop.deploy(number);
    }
    shop.change(3);
    // The lock is written when it is taken, before each of four waves and the pointer, and when it is given back.
    shop.proxy.rule(Rule::on("PutObject", Does::Answers(403, "AccessDenied")).with_key(LOCK).after(6).times(1));
    let ran = shop.run(&DEPLOY);
    let report = ran.outcome("deployed", 0);
    assert!(ran.stderr.contains("could not be given back"), "{}", ran.stderr);
    assert!(steps(&report).iter().any(|step| step == "clean up frontend: done"), "{:?}", steps(&report));
    assert_eq!(shop.lock(&shop.site.stage).unwrap()["released"], true);
    shop.assert_whole(&[3]);
}

/// Somebody without the lock writes a page between the read and the write of it.
#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_page_that_somebody_writes_meanwhile_brings_the_release_before_back() {
    let shop = second("");
    let bucket = &shop.site.stage.bucket;
    shop.proxy.rule(Rule::on("PutObject", Does::HoldsBefore).with_key("about/index.html").times(1));
    let running = shop.start(&DEPLOY);
    shop.proxy.until_held();
    shop.site.put(bucket, "about/index.html", "text/html; charset=utf-8", "by hand");
    shop.proxy.let_go();
    let report = running.wait().outcome("rolled-back", 5);
    assert!(report["reason"].as_str().unwrap().contains("about/index.html"), "{report:#}");
    shop.assert_whole(&[1]);
    shop.run(&DEPLOY).outcome("deployed", 0);
    shop.assert_whole(&[2]);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_store_that_is_damaged_is_named_and_changes_nothing() {
    let shop = second("");
    let (store, stage) = (&shop.site.stage.store, &shop.site.stage);
    let damage = |key: &str, body: &str| {
        let before = shop.site.object(store, key).unwrap();
        shop.site.put(store, key, "application/json", body);
        let report = shop.run(&DEPLOY).outcome("failed", 1);
        let reported = report.to_string();
        assert!(
            reported.contains(key.rsplit('/').next().unwrap()) && !texts(&report["hints"]).is_empty(),
            "{report:#}"
        );
        shop.assert_whole(&[1]);
        shop.site.put(store, key, "application/json", before.body);
    };
    let release = shop.site.keys(store).into_iter().find(|key| key.contains("/releases/")).unwrap();
    for body in ["", "{}", "no json"] {
        damage(POINTER, body);
        damage(LOCK, body);
        damage(&release, body);
    }
    shop.run(&DEPLOY).outcome("deployed", 0);
    assert!(shop.lock(stage).unwrap()["released"].as_bool().unwrap());
    shop.assert_whole(&[2]);
}

/// The bytes of a file that is to be put back are gone, or others.
#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_file_that_is_damaged_in_the_store_is_not_served() {
    for gone in [true, false] {
        let shop = Shop::new("keep = 1\n");
        let first = shop.deploy(1);
        shop.deploy(2);
        shop.deploy(3);
        let store = &shop.site.stage.store;
        for key in shop.site.keys(store).iter().filter(|key| key.contains("/blobs/")) {
            let body = shop.site.object(store, key).unwrap().body;
            if body == page_of(1).as_bytes() {
                if gone { shop.site.delete(store, key) } else { shop.site.put(store, key, "text/html", "damaged") }
            }
        }
        let ran = shop.run(&["rollback", "stage", "--release", &first, "--yes"]);
        let report = ran.json();
        let outcome = report["outcome"].as_str().unwrap();
        assert!(["failed", "rolled-back"].contains(&outcome), "{report:#}");
        assert!(!texts(&report["hints"]).is_empty(), "{report:#}");
        shop.assert_whole(&[3]);
    }
}

/// A bucket with versions keeps what is deleted, and everything works.
#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn buckets_with_versions_work() {
    let shop = Shop::new("keep = 1\n");
    for bucket in [&shop.site.stage.bucket, &shop.site.stage.store] {
        let on = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
        let put = shop.site.s3.put_bucket_versioning().bucket(bucket).versioning_configuration(on);
        shop.site.cloud.wait(put.send()).unwrap();
    }
    let first = shop.deploy(1);
    shop.deploy(2);
    shop.deploy(3);
    shop.run(&["rollback", "stage", "--release", &first, "--yes"]).outcome("deployed", 0);
    shop.assert_whole(&[1]);
}

/// Without the right to list, AWS calls denied what is only missing.
#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_missing_right_to_list_is_named() {
    let shop = second("");
    let denied = Does::Answers(403, "AccessDenied");
    shop.proxy.rule(Rule::on("ListObjectsV2", denied));
    shop.proxy.rule(Rule::on("GetObject", denied).with_key("holds.json"));
    shop.proxy.rule(Rule::on("HeadObject", denied));
    let ran = shop.run(&DEPLOY);
    assert_ne!(ran.code, 0);
    assert!(ran.stderr.contains("s3:ListBucket"), "{}", ran.stderr);
    shop.assert_whole(&[1]);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_bucket_in_another_region_is_named_with_its_region() {
    let shop = second("");
    shop.proxy.rule(Rule::on("HeadBucket", Does::SaysRegion("eu-west-1")));

    let report = shop.run(&DEPLOY).outcome("failed", 1);

    let reason = report["reason"].as_str().unwrap();
    assert!(reason.starts_with("bucket `") && reason.ends_with("` is in region eu-west-1"), "{report:#}");
    assert!(texts(&report["hints"])[0].contains("`region`"), "{report:#}");
    shop.assert_whole(&[1]);
}
