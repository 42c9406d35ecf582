//! Production gets the bytes of a site that stage has proven, with a role, a bucket and a store of its own.

use std::time::Duration;

use serde_json::Value;

use crate::cloud_roles::Job;
use crate::harness::{Ran, Repository, assert_reported, steps};
use crate::site::edge::{Conduct, Keeping};
use crate::site::proxy::Proxy;
use crate::site::{self, SiteCloud, change};

const RUNTIME_CONFIG: &str =
    "runtime-config = { path = \"config.json\", values = { PLACE = \"${environment.name}\" } }\ntimeout = \"10s\"\n";

fn repository(site: &SiteCloud) -> Repository {
    site::repository(&site.config(RUNTIME_CONFIG))
}

fn promote(site: &SiteCloud, repository: &Repository, more: &[&str]) -> Ran {
    site.job(repository, &[&["promote", "production"], more].concat())
}

/// The keys of the bytes in a store.
fn blobs(site: &SiteCloud, store: &str) -> Vec<String> {
    site.keys(store).into_iter().filter(|key| key.starts_with("shipgate/blobs/")).collect()
}

fn digest(report: &Value) -> &str {
    report["components"][0]["current"]["digest"].as_str().unwrap()
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn production_gets_the_same_bytes_and_its_own_configuration() {
    let site = SiteCloud::new();
    let repository = repository(&site);
    let (stage, production) = (&site.stage, &site.production);
    let deployed = site.deploy(&repository).outcome("deployed", 0);

    let report = promote(&site, &repository, &[]).outcome("deployed", 0);

    assert_eq!(digest(&report), digest(&deployed));
    assert_eq!(report["release"]["sha"], repository.head());
    let reported = steps(&report);
    let wanted = ["store frontend: done", "publish frontend: done", "prove frontend: done"];
    assert!(wanted.iter().all(|step| reported.contains(&(*step).to_owned())), "{reported:?}");
    assert!(!reported.iter().any(|step| step.starts_with("bundle")), "it was built: {reported:?}");
    let [mut there, mut here] = [stage, production].map(|place| site.objects(&place.bucket));
    let [there_config, here_config] = [&mut there, &mut here].map(|objects| objects.remove("config.json").unwrap());
    assert_eq!(here, there);
    let text = |object: &site::Object| String::from_utf8(object.body.clone()).unwrap();
    assert!(text(&there_config).contains("\"stage\"") && text(&here_config).contains("\"production\""));
    let manifest = format!("shipgate/frontend/releases/{}.json", repository.head());
    let of = |place: &site::Place| site.object(&place.store, &manifest).unwrap().body;
    assert_eq!(of(production), of(stage), "the manifest is the same, byte for byte");

    // The same command again: nothing is written.
    let proxy = Proxy::before(site.cloud.endpoint());
    let again = site.cloud.shipgate(&repository, &["promote", "production", "--output", "json"]);
    let again = again.env("AWS_ENDPOINT_URL", proxy.endpoint()).run().outcome("unchanged", 0);
    assert_eq!(proxy.changes(), 0, "{:?}", proxy.calls());
    assert_eq!(again["plan_digest"], report["plan_digest"], "what is done already is not a part of the plan's digest");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn bytes_that_production_has_are_not_copied_again() {
    let site = SiteCloud::new();
    let repository = repository(&site);
    site.deploy(&repository).outcome("deployed", 0);
    let first = repository.head();
    promote(&site, &repository, &[]).outcome("deployed", 0);
    let before = blobs(&site, &site.production.store).len();
    change(&repository, 2);
    site.deploy(&repository).outcome("deployed", 0);

    let proxy = Proxy::before(site.cloud.endpoint());
    let shipgate = site.cloud.shipgate(&repository, &["promote", "production", "--output", "json"]);
    shipgate.env("AWS_ENDPOINT_URL", proxy.endpoint()).run().outcome("deployed", 0);

    let copied = blobs(&site, &site.production.store).len() - before;
    let put = proxy.calls().into_iter().filter(|call| {
        call.is_change() && call.place == site.production.store && call.key.starts_with("shipgate/blobs/")
    });
    // The logo and robots.txt are those of the first; its own configuration is written there already.
    assert_eq!((copied, put.count()), (5, 5));

    // Back to what the store has whole.
    let override_ = ["--release", &first, "--override", "forward=the first is wanted"];
    let report = promote(&site, &repository, &override_).outcome("deployed", 0);
    assert!(!steps(&report).iter().any(|step| step.starts_with("store")), "{:?}", steps(&report));
    assert_eq!(site.page(&site.production), site::version(1).pop().unwrap().1);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn an_address_of_stage_in_the_files_is_refused_with_its_place() {
    let site = SiteCloud::new();
    let repository = repository(&site);
    let line = format!("// the images\nexport const images = \"https://{}.s3.amazonaws.com/i\";\n", site.stage.bucket);
    repository.write("site/images.js", line);
    repository.commit("An address");
    site.deploy(&repository).outcome("deployed", 0);

    let ran = promote(&site, &repository, &[]);

    let report = ran.outcome("refused", 3);
    assert_reported(&report["causes"], &["images.js:2:", &site.stage.bucket]);
    assert_reported(&report["hints"], &["runtime-config"]);
    assert_eq!(site.keys(&site.production.bucket), [""; 0]);
    assert_eq!(site.keys(&site.production.store), [""; 0]);
    // The plan says so, too.
    site.job(&repository, &["plan", "promote", "production"]).outcome("refused", 3);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn what_stage_has_not_proven_or_somebody_changed_is_not_promoted() {
    let site = SiteCloud::new();
    let repository = repository(&site);
    let stage = &site.stage;
    site.deploy(&repository).outcome("deployed", 0);
    let page = site.object(&stage.bucket, "about/index.html").unwrap();
    site.put(&stage.bucket, "about/index.html", "text/html", "by hand");

    let report = promote(&site, &repository, &[]).outcome("refused", 3);

    assert_reported(&report["causes"], &["frontend", "`about/index.html` was changed by another program"]);
    site.put(&stage.bucket, "about/index.html", "text/html", page.body);

    // Its address went on with the release before until the time was over.
    stage.edge.keep(Keeping { minimum: Duration::from_hours(1), ..Keeping::OPTIMIZED });
    stage.edge.conduct(Conduct::Stale);
    site.page(stage);
    change(&repository, 2);
    site.deploy(&repository).outcome("timed-out", 8);
    let report = promote(&site, &repository, &[]).outcome("refused", 3);
    assert_reported(&report["causes"], &["frontend", "was not proven"]);
    assert_eq!(site.keys(&site.production.bucket), [""; 0]);

    stage.edge.conduct(Conduct::Good);
    site.job(&repository, &["deploy", "stage"]).outcome("deployed", 0);
    promote(&site, &repository, &[]).outcome("deployed", 0);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_site_soaks_on_stage() {
    let site = SiteCloud::new();
    let config = site.config(RUNTIME_CONFIG).replace("approval = \"none\"", "approval = \"none\"\nsoak = \"8s\"");
    let repository = site::repository(&config);
    site.deploy(&repository).outcome("deployed", 0);

    let report = promote(&site, &repository, &[]).outcome("refused", 3);

    assert!(report["reason"].as_str().unwrap().contains("soak"), "{report:#}");
    assert_eq!(site.keys(&site.production.store), [""; 0]);
    site.cloud.wait(async { tokio::time::sleep(Duration::from_secs(8)).await });
    promote(&site, &repository, &[]).outcome("deployed", 0);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn what_stage_serves_can_be_left_for_a_release_of_its_ledger() {
    let site = SiteCloud::new();
    let repository = repository(&site);
    site.deploy(&repository).outcome("deployed", 0);
    let first = repository.head();
    change(&repository, 2);
    site.deploy(&repository).outcome("deployed", 0);
    let never = repository.commit("Never deployed");

    let report = promote(&site, &repository, &["--release", &first]).outcome("deployed", 0);

    assert_eq!(report["release"]["sha"], first);
    assert_eq!(site.page(&site.production), site::version(1).pop().unwrap().1);
    let report = promote(&site, &repository, &["--release", &never]).outcome("refused", 3);
    assert_reported(&report["causes"], &["proven", "frontend"]);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_rollback_bars_the_next_promotion_until_it_is_lifted() {
    let site = SiteCloud::new();
    let repository = repository(&site);
    let first = repository.head();
    for number in [1, 2] {
        if number == 2 {
            change(&repository, 2);
        }
        site.deploy(&repository).outcome("deployed", 0);
        promote(&site, &repository, &[]).outcome("deployed", 0);
    }

    let report = site.job(&repository, &["rollback", "production"]).outcome("deployed", 0);

    assert_eq!(report["release"]["sha"], first);
    assert_eq!(site.page(&site.production), site::version(1).pop().unwrap().1);
    let refused = promote(&site, &repository, &[]).outcome("refused", 3);
    assert_reported(&refused["causes"], &["hold", &repository.head()[..7]]);
    let held = site.job(&repository, &["hold", "production", "--reason", "not now"]).expect_code(0).json();
    assert!(held["holds"].to_string().contains("not now"), "{held:#}");
    site.job(&repository, &["unhold", "production", "--reason", "it was not the release"]).expect_code(0);
    promote(&site, &repository, &[]).outcome("deployed", 0);
    assert_eq!(site.page(&site.production), site::version(2).pop().unwrap().1);
}

/// Each role has its own bucket, its own store and its own distribution; production's may read what it promotes.
#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn no_role_writes_what_is_of_the_other_environment() {
    let site = SiteCloud::new();
    let repository = repository(&site);
    site.deploy(&repository).outcome("deployed", 0);
    promote(&site, &repository, &[]).outcome("deployed", 0);
    let (stage, production) = (&site.stage, &site.production);
    for (job, environment, own, other) in
        [(Job::Main, "stage", stage, production), (Job::Environment("production"), "production", production, stage)]
    {
        let line = ["credentials", environment, "--format", "process"];
        let ran = site.cloud.shipgate_as(job, &repository, &line).run().expect_code(0);
        let session: Value = serde_json::from_str(&ran.stdout).unwrap();
        let s3 = site.with_session(&session);
        let put = |bucket: &str, key: &str| {
            let put = s3.put_object().bucket(bucket).key(key).body(Vec::new().into());
            site.cloud.wait(put.send()).map_err(|error| format!("{error:?}"))
        };
        put(&own.bucket, "probe.txt").expect("its own bucket it may write");
        put(&own.store, "shipgate/probe.txt").expect("and its own store");
        for (bucket, key) in [
            (&other.bucket, "index.html"),
            (&other.store, "shipgate/frontend/current.json"),
            (&own.store, "elsewhere.txt"),
        ] {
            let refused = put(bucket, key).expect_err(key);
            assert!(refused.contains("AccessDenied"), "{environment} {bucket} {key}: {refused}");
        }
        let read = s3.get_object().bucket(&other.store).key("shipgate/frontend/current.json").send();
        let read = site.cloud.wait(read).map_err(|error| format!("{error:?}"));
        assert!(read.expect_err("reading").contains("AccessDenied"), "{environment} reads the other store");
    }
}
