//! An API and its pages as one release: a service of ECS, and a site that depends on it.

use serde_json::{Value, json};

use crate::cloud::ServiceOptions;
use crate::harness::{Ran, Repository, steps};
use crate::http_server::Answer;
use crate::site::{SiteCloud, change, version};

/// A shop with both components in stage.
fn shop() -> (SiteCloud, Repository) {
    let site = SiteCloud::new();
    let cloud = &site.cloud;
    cloud.create_repository(aws_sdk_ecr::types::ImageTagMutability::Mutable);
    cloud.create_service(&ServiceOptions::web());
    let backend = format!(
        "[components.backend]\nkind = \"ecs\"\nsettle = \"0s\"\n\
         build = {{ context = \"backend\", args = {{ RELEASE = \"${{release.sha}}\" }} }}\ncontainer = \"web\"\n\
         repository = \"{}\"\ncluster = \"{}\"\nservice = \"{}\"\n",
        cloud.repository(),
        cloud.cluster(),
        cloud.service_name("backend"),
    );
    let config = site.config("depends-on = [\"backend\"]\ntimeout = \"10s\"\n");
    let config = config.replacen("[components.frontend]", &format!("{backend}[components.frontend]"), 1);
    let repository = cloud.shop(&config);
    repository.write(".gitignore", "/dist\n");
    change(&repository, 1);
    (site, repository)
}

fn deploy(site: &SiteCloud, repository: &Repository) -> Ran {
    site.deploy(repository)
}

/// Whether a step of a report comes before another.
#[track_caller]
fn assert_before(report: &Value, first: &str, second: &str) {
    let reported = steps(report);
    let place = |name: &str| reported.iter().position(|step| *step == format!("{name}: done"));
    let places = (place(first), place(second));
    assert!(places.0.is_some() && places.1.is_some() && places.0 < places.1, "{first}, {second}: {reported:?}");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn pages_come_after_the_api_that_they_call_and_go_back_before_it() {
    let (site, repository) = shop();
    let first = repository.head();
    let report = deploy(&site, &repository).outcome("deployed", 0);
    assert_before(&report, "wait for backend", "publish frontend");
    assert_eq!(report["components"].as_array().unwrap().len(), 2);
    let second = change(&repository, 2);
    let report = deploy(&site, &repository).outcome("deployed", 0);
    assert_before(&report, "wait for backend", "publish frontend");
    assert_eq!(site.cloud.releases("backend"), std::slice::from_ref(&second));

    let report = site.job(&repository, &["rollback", "stage"]).outcome("deployed", 0);

    assert_eq!(report["release"]["sha"], first);
    assert_before(&report, "prove frontend", "update backend");
    assert_eq!(site.cloud.releases("backend"), [first]);
    assert_eq!(site.page(&site.stage), version(1).pop().unwrap().1);
    let status = site.job(&repository, &["status", "stage"]).expect_code(0).json();
    let components = status["environments"][0]["components"].as_array().unwrap();
    assert!(components.iter().all(|component| component["barred"][0]["left"] == second), "{status:#}");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_wrong_page_after_a_good_api_is_reported_by_component() {
    let (site, repository) = shop();
    deploy(&site, &repository).outcome("deployed", 0);
    let first = repository.head();
    repository.write("site/new.html", "<!doctype html><title>New</title>");
    let second = repository.commit("A page");
    site.stage.edge.change("/new.html", Answer::new(200, "another").with("content-type", "text/html"));

    let ran = deploy(&site, &repository);

    let report = ran.outcome("rolled-back", 5);
    let of = |name: &str| {
        let components = report["components"].as_array().unwrap();
        components.iter().find(|component| component["name"] == name).unwrap().clone()
    };
    let (backend, frontend) = (of("backend"), of("frontend"));
    assert_eq!((&backend["outcome"], &backend["current"]["sha"]), (&json!("deployed"), &json!(second)));
    assert_eq!((&frontend["outcome"], &frontend["current"]["sha"]), (&json!("rolled-back"), &json!(first)));
    let reason = report["reason"].as_str().unwrap();
    assert!(reason.contains("frontend") && reason.contains("backend"), "{reason}");
    assert_eq!(site.page(&site.stage), version(1).pop().unwrap().1);
    assert_eq!(site.cloud.releases("backend"), [second]);
}
