//! A site whose pages read nothing when they start: one build with markers, and in each environment its own values.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::harness::{Ran, Repository, assert_reported, steps};
use crate::site::proxy::Proxy;
use crate::site::visitor::{Visitor, assets};
use crate::site::{self, Place, SiteCloud};

const KEYS: &str = "placeholders = { API_URL = \"https://api.${environment.name}.example.com\" }\ntimeout = \"10s\"\n";

/// The configuration of a site whose build writes a variable of its environment into a script.
fn config(site: &SiteCloud, keys: &str) -> String {
    let build = "cp -R site dist && sed -i s,__API__,$API_URL, dist/assets/*.js";
    site.config(keys).replacen("cp -R site dist", build, 1)
}

/// A site in which two scripts load each other, and one of them has the value.
fn write(repository: &Repository, text: &str) -> String {
    let files = [
        ("index.html", "<script type=\"module\" src=\"/assets/app-BkTfQwXy.js\"></script>\n".to_owned()),
        ("assets/app-BkTfQwXy.js", "import \"./api-C1dEf2Gh.js\";\n".to_owned()),
        ("assets/api-C1dEf2Gh.js", format!("import \"./app-BkTfQwXy.js\";\nfetch(\"__API__/users\"); // {text}\n")),
        ("assets/logo-D3adB33f.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"/>\n".to_owned()),
        ("robots.txt", "User-agent: *\n".to_owned()),
    ];
    for (path, content) in files {
        repository.write(&format!("site/{path}"), content);
    }
    repository.commit(text)
}

fn repository(site: &SiteCloud, keys: &str) -> Repository {
    let repository = site::repository(&config(site, keys));
    std::fs::remove_dir_all(repository.path().join("site")).unwrap();
    write(&repository, "one");
    repository
}

fn promote(site: &SiteCloud, repository: &Repository) -> Ran {
    site.job(repository, &["promote", "production"])
}

/// All scripts that a place serves to a browser, one behind another. None is missing.
#[track_caller]
fn scripts(site: &SiteCloud, place: &Place) -> String {
    let (mut open, mut seen, mut all) = (assets(&site.page(place)), BTreeSet::new(), String::new());
    while let Some(path) = open.pop() {
        if !seen.insert(path.clone()) {
            continue;
        }
        let got = site.get(place, &path);
        assert!(got.status == 200 && got.content_type.contains("javascript"), "{path}: {got:?}");
        let named = got.body.split('"').filter(|part| part.starts_with("./"));
        open.extend(named.map(|name| name.replacen("./", "/assets/", 1)));
        all.push_str(&got.body);
    }
    all
}

fn digest(report: &Value) -> &str {
    report["components"][0]["current"]["digest"].as_str().unwrap()
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn each_environment_serves_its_own_value_of_one_build() {
    let site = SiteCloud::new();
    let repository = repository(&site, KEYS);
    let (stage, production) = (&site.stage, &site.production);
    let deployed = site.deploy(&repository).outcome("deployed", 0);
    assert!(scripts(&site, stage).contains("fetch(\"https://api.stage.example.com/users\")"));

    let report = promote(&site, &repository).outcome("deployed", 0);

    assert_eq!(digest(&report), digest(&deployed), "the release is the same");
    assert!(!steps(&report).iter().any(|step| step.starts_with("bundle")), "it was built");
    assert!(scripts(&site, production).contains("fetch(\"https://api.production.example.com/users\")"));
    let manifest = format!("shipgate/frontend/releases/{}.json", repository.head());
    let of = |place: &Place| site.object(&place.store, &manifest).unwrap().body;
    assert_eq!(of(production), of(stage), "the manifest is the same, byte for byte");
    let [there, here] = [stage, production].map(|place| site.keys(&place.bucket).into_iter().collect::<BTreeSet<_>>());
    let both: Vec<_> = there.intersection(&here).map(String::as_str).collect();
    assert_eq!(both, ["assets/logo-D3adB33f.svg", "index.html", "robots.txt"], "what changes has a name of its own");
    assert_eq!((there.len(), here.len()), (5, 5), "no file with a marker is served");

    // The same command again writes nothing.
    let proxy = Proxy::before(site.cloud.endpoint());
    let again = site.cloud.shipgate(&repository, &["promote", "production", "--output", "json"]);
    let again = again.env("AWS_ENDPOINT_URL", proxy.endpoint()).run().outcome("unchanged", 0);
    assert_eq!(proxy.changes(), 0, "{:?}", proxy.calls());
    assert_eq!(again["plan_digest"], report["plan_digest"]);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_rollback_brings_the_values_of_then_back() {
    let site = SiteCloud::new();
    let repository = repository(&site, KEYS);
    let stage = &site.stage;
    site.deploy(&repository).outcome("deployed", 0);
    let (first, page) = (repository.head(), site.page(stage));
    repository.write("shipgate.toml", config(&site, &KEYS.replace("https://api", "https://api-2")));
    write(&repository, "two");
    let visitor = Visitor::of(&stage.edge.url());
    site.deploy(&repository).outcome("deployed", 0);
    assert!(scripts(&site, stage).contains("https://api-2.stage.example.com/users"));

    let report = site.job(&repository, &["rollback", "stage"]).outcome("deployed", 0);

    assert_eq!(report["release"]["sha"], first);
    assert_eq!(site.page(stage), page);
    assert!(scripts(&site, stage).contains("https://api.stage.example.com/users"));
    assert_eq!(visitor.stop(), [], "a page named what was not there");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_release_with_other_values_is_served_without_a_build() {
    let site = SiteCloud::new();
    let repository = repository(&site, &KEYS.replace("https://api.${environment.name}.example.com", "${vars.API_URL}"));
    let stage = &site.stage;
    let bundle = SiteCloud::bundle(&repository);
    let deploy = |value: &str, more: &[&str]| {
        let deploy = site.cloud.shipgate(&repository, &[&["deploy", "stage", "--output", "json"], more].concat());
        deploy.env("SHIPGATE_VARS", format!("{{\"API_URL\":\"{value}\"}}")).run()
    };
    let first = deploy("https://one.example.com", &["--bundle", &bundle]).outcome("deployed", 0);
    let page = site.page(stage);

    let second = deploy("https://two.example.com", &[]).outcome("deployed", 0);

    assert_eq!(digest(&first), digest(&second));
    assert!(scripts(&site, stage).contains("https://two.example.com/users"));
    assert_eq!(site.get(stage, &assets(&page)[0]).status, 200, "pages that are open keep their scripts");
    deploy("https://two.example.com", &[]).outcome("unchanged", 0);
    deploy("https://three.example.com/", &[]).expect_code(2);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_marker_that_is_missing_or_not_known_is_refused() {
    let site = SiteCloud::new();
    let keys = KEYS.replace("{ API_URL", "{ CDN_URL = \"/cdn\", API_URL");
    let repository = repository(&site, &keys);
    let to = repository.path().parent().unwrap().join("bundles");
    let built = repository.shipgate(&["build", "--to", to.to_str().unwrap(), "--output", "json"]).run();
    let built = built.expect_code(3).expect_stderr("CDN_URL");
    assert!(!built.stdout.contains("sha256:"), "{}", built.stdout);

    // A marker of no placeholder.
    repository.write("shipgate.toml", config(&site, KEYS));
    repository.write("site/other.js", "\"https://shipgate-placeholder-cdn-url.invalid\"\n");
    repository.commit("Another marker");
    let report = site.deploy(&repository).outcome("refused", 3);
    assert_reported(&serde_json::json!([report["reason"]]), &["other.js:1:2", "CDN_URL"]);
    assert_eq!(site.keys(&site.stage.bucket), [""; 0]);
}
