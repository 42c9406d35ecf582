//! The way back of a static site: rollbacks without a build, what they bar, and what the ledger says of it.

use serde_json::{Value, json};

use crate::cloud_roles;
use crate::harness::{Ran, Repository, assert_reported, steps};
use crate::http_server::Answer;
use crate::site::{self, SiteCloud, change, version};

const RUNTIME_CONFIG: &str =
    "runtime-config = { path = \"config.json\", values = { API_URL = \"${vars.API_URL}\" } }\n";

fn run(site: &SiteCloud, repository: &Repository, arguments: &[&str]) -> Ran {
    // What a rollback writes is what was written then, whatever the variable is now.
    let vars = json!({ "API_URL": format!("https://{}.example", repository.head()) }).to_string();
    site.laptop(repository, arguments).env("SHIPGATE_VARS", vars).run()
}

fn page_of(number: u32) -> String {
    version(number).pop().unwrap().1
}

/// A site with three releases in stage, the oldest first.
fn three(site: &SiteCloud) -> (Repository, [String; 3]) {
    let repository = site::repository(&site.laptop_config(RUNTIME_CONFIG));
    let releases = [1, 2, 3].map(|number| {
        let head = change(&repository, number);
        run(site, &repository, &["deploy", "stage"]).outcome("deployed", 0);
        head
    });
    (repository, releases)
}

fn config(site: &SiteCloud) -> Value {
    serde_json::from_str(&site.get(&site.stage, "/config.json").body).unwrap()
}

/// One field of all releases of the history.
fn each(report: &Value, field: &str) -> Vec<Value> {
    report["releases"].as_array().unwrap().iter().map(|release| release[field].clone()).collect()
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn each_rollback_goes_further_back_without_a_build() {
    let site = SiteCloud::new();
    let (repository, [first, second, third]) = three(&site);
    // A build would fail from here on.
    let config_file = site.laptop_config(RUNTIME_CONFIG).replace("rm -rf dist", "exit 9; rm -rf dist");
    repository.write("shipgate.toml", config_file);
    repository.commit("A build that fails");
    let api = |release: &str| json!({ "API_URL": format!("https://{release}.example") });

    let plan = run(&site, &repository, &["plan", "rollback", "stage"]).outcome("planned", 0);
    assert_eq!(plan["release"]["sha"], second);
    let report = run(&site, &repository, &["rollback", "stage"]).outcome("deployed", 0);

    assert_eq!(report["release"]["sha"], second);
    assert_eq!(steps(&report), ["hold frontend: done", "publish frontend: done", "prove frontend: done"]);
    assert_eq!((site.page(&site.stage), config(&site)), (page_of(2), api(&second)));
    assert_eq!(report["barred"][0]["left"], third, "{report:#}");

    let report = run(&site, &repository, &["rollback", "stage"]).outcome("deployed", 0);
    assert_eq!(report["release"]["sha"], first);
    assert_eq!((site.page(&site.stage), config(&site)), (page_of(1), api(&first)));
    let stuck = run(&site, &repository, &["rollback", "stage"]).outcome("failed", 1);
    assert_reported(&stuck["causes"], &["frontend", "3 releases succeeded there"]);
    assert_eq!(site.page(&site.stage), page_of(1));

    // Forward, to one that is named.
    let report = run(&site, &repository, &["rollback", "stage", "--release", &third]).outcome("deployed", 0);
    assert_eq!(report["release"]["sha"], third);
    assert_eq!((site.page(&site.stage), config(&site)), (page_of(3), api(&third)));
    run(&site, &repository, &["rollback", "stage", "--release", &repository.head()]).outcome("failed", 1);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn the_ledger_tells_what_served_and_how_it_ended() {
    let site = SiteCloud::new();
    let (repository, [first, second, third]) = three(&site);
    run(&site, &repository, &["rollback", "stage"]).outcome("deployed", 0);

    let report = run(&site, &repository, &["history", "stage"]).expect_code(0).json();

    assert_eq!(each(&report, "sha"), [&second, &third, &second, &first].map(|sha| json!(sha)));
    assert_eq!(each(&report, "outcome"), ["deployed"; 4]);
    assert_eq!(each(&report, "current"), [true, false, false, false]);
    assert_eq!(each(&report, "then_rolled_back"), [false, true, false, false]);
    assert_eq!(each(&report, "restores")[0], each(&report, "revision")[2]);
    let limited = run(&site, &repository, &["history", "stage", "--limit", "2"]).expect_code(0).json();
    assert_eq!(each(&limited, "sha"), [&second, &third].map(|sha| json!(sha)));
    let vars = json!({ "API_URL": "https://x.example" }).to_string();
    let table = cloud_roles::root(&site.cloud, repository.shipgate(&["history", "stage"])).env("SHIPGATE_VARS", &vars);
    let table = table.run().expect_code(0);
    let lines: Vec<&str> = table.stdout.lines().collect();
    assert!(lines[0].starts_with("WHEN"), "{}", table.stdout);
    for text in ["frontend", &second[..7], "deployed (current)", "sha256:", "local"] {
        assert!(lines[1].contains(text), "no {text} in {}", table.stdout);
    }

    let status = run(&site, &repository, &["status", "stage"]).expect_code(0).json();
    let component = &status["environments"][0]["components"][0];
    assert_eq!((&component["current"]["sha"], &component["last_outcome"]), (&json!(second), &json!("deployed")));
    assert_eq!((&component["desired"], &component["cluster"]), (&Value::Null, &Value::Null));
    assert_eq!(component["barred"][0]["left"], third, "{component:#}");
    assert_eq!(component["drift"], Value::Null);
    assert!(!component["remarks"].to_string().contains("proven"), "{component:#}");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_hold_stops_every_release_until_it_is_lifted() {
    let site = SiteCloud::new();
    let (repository, [_, second, third]) = three(&site);
    change(&repository, 4);

    let report = run(&site, &repository, &["hold", "stage", "--reason", "carts fail, süß"]).expect_code(0).json();

    assert_eq!((&report["holds"][0]["component"], &report["holds"][0]["scope"]), (&json!("frontend"), &json!("all")));
    assert_eq!(report["holds"][0]["reason"], "carts fail, süß");
    let refused = run(&site, &repository, &["deploy", "stage"]).outcome("refused", 3);
    assert_reported(&refused["causes"], &["hold", "carts fail, süß"]);
    assert_eq!(site.page(&site.stage), page_of(3));
    let status = run(&site, &repository, &["status", "stage"]).expect_code(0).json();
    assert_eq!(status["environments"][0]["components"][0]["holds"][0]["reason"], "carts fail, süß");
    // A hold stops what is new, not the way back, which adds its own.
    run(&site, &repository, &["rollback", "stage"]).outcome("deployed", 0);
    assert_eq!(site.page(&site.stage), page_of(2));
    let report = run(&site, &repository, &["unhold", "stage", "--reason", "fixed"]).expect_code(0).json();
    let lifted = report["lifted"].as_array().unwrap();
    assert_eq!(lifted.len(), 2, "{report:#}");
    let left = lifted.iter().find(|hold| hold["scope"] == "rollback").unwrap();
    assert_eq!((&left["left"], &left["returned"]), (&json!(third), &json!(second)));
    run(&site, &repository, &["deploy", "stage"]).outcome("deployed", 0);
    assert_eq!(site.page(&site.stage), page_of(4));
}

/// The run that brought a release back has proven it: it can be gone on with.
#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn what_a_failed_release_gave_way_to_is_as_proven_as_before() {
    let site = SiteCloud::new();
    let (repository, [.., third]) = three(&site);
    repository.write("site/new.html", "<!doctype html><title>New</title>");
    repository.commit("A page that the address does not answer with");
    site.stage.edge.change("/new.html", Answer::new(200, "<p>another</p>").with("content-type", "text/html"));

    let report = run(&site, &repository, &["deploy", "stage"]).outcome("rolled-back", 5);

    assert!(report["reason"].as_str().unwrap().contains(&third[..7]), "{report:#}");
    assert_eq!(site.page(&site.stage), page_of(3));
    let status = run(&site, &repository, &["status", "stage"]).expect_code(0).json();
    let component = &status["environments"][0]["components"][0];
    assert_eq!((&component["current"]["sha"], &component["last_outcome"]), (&json!(third), &json!("rolled-back")));
    assert_eq!((&component["remarks"], &component["drift"]), (&json!([]), &Value::Null));
    let history = run(&site, &repository, &["history", "stage"]).expect_code(0).json();
    assert_eq!(each(&history, "outcome"), ["rolled-back", "deployed", "deployed", "deployed"]);
    assert_eq!(each(&history, "current"), [false, true, false, false]);
    let plan = run(&site, &repository, &["plan", "promote", "production", "--release", &third]);
    plan.outcome("planned", 0);
    let plan = run(&site, &repository, &["plan", "promote", "production"]).outcome("planned", 0);
    assert_eq!(plan["release"]["sha"], third);
}
