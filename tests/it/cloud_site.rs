//! A static site in one environment: what a release leaves in its buckets, and what browsers get of it.

use serde_json::{Value, json};

use crate::cloud_roles;
use crate::harness::{Ran, Repository, assert_reported, steps, texts};
use crate::site::proxy::Proxy;
use crate::site::visitor::assets;
use crate::site::{self, Object, SiteCloud, version};

const IMMUTABLE: &str = "public, max-age=31536000, immutable";
const RUNTIME_CONFIG: &str = "runtime-config = { path = \"config.js\", values = { API_URL = \"${vars.API_URL}\" } }\n";

/// A deploy to stage by the account's root, with the address of an API.
fn deploy(site: &SiteCloud, repository: &Repository, api: &str) -> Ran {
    let vars = json!({ "API_URL": api }).to_string();
    site.laptop(repository, &["deploy", "stage"]).env("SHIPGATE_VARS", vars).run()
}

fn run(site: &SiteCloud, repository: &Repository, arguments: &[&str]) -> Ran {
    site.laptop(repository, arguments).run()
}

/// Type, rule for caches and encoding of an object.
fn headers(object: &Object) -> (&str, &str, Option<&str>) {
    (
        object.content_type.as_deref().unwrap_or_default(),
        object.cache_control.as_deref().unwrap_or_default(),
        object.content_encoding.as_deref(),
    )
}

/// The status of the site in stage.
fn status(site: &SiteCloud, repository: &Repository) -> Value {
    let report = run(site, repository, &["status", "stage"]).expect_code(0).json();
    report["environments"][0]["components"][0].clone()
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_release_has_its_headers_and_its_store() {
    let site = SiteCloud::new();
    let repository = site::repository(&site.laptop_config(RUNTIME_CONFIG));
    let stage = &site.stage;
    let page = version(1).pop().unwrap().1;
    let [script, style] = [0, 1].map(|index| assets(&page)[index][1..].to_owned());
    let twin = format!("{script}.br");
    repository.write(&format!("site/{twin}"), "packed");
    let head = repository.commit("With a twin");

    let report = deploy(&site, &repository, "https://api.example").outcome("deployed", 0);

    let wanted = ["bundle frontend: done", "store frontend: done", "publish frontend: done", "prove frontend: done"];
    assert_eq!(steps(&report), wanted);
    let component = &report["components"][0];
    let digest = &component["current"]["digest"];
    assert_eq!((&component["kind"], &component["changed"]), (&json!("static-site"), &json!(true)));
    assert_eq!((&component["previous"]["sha"], &component["current"]["sha"]), (&Value::Null, &json!(head)));
    assert_eq!(report["release"]["digests"]["frontend"], *digest);

    let served = site.objects(&stage.bucket);
    let of = |path: &str| headers(&served[path]);
    let html = ("text/html; charset=utf-8", "no-cache", None);
    assert_eq!((of("index.html"), of("about/index.html")), (html, html));
    let script_type = "text/javascript; charset=utf-8";
    assert_eq!(of(&script), (script_type, IMMUTABLE, None));
    assert_eq!(of(&twin), (script_type, IMMUTABLE, Some("br")));
    assert_eq!(of(&style), ("text/css; charset=utf-8", IMMUTABLE, None));
    assert_eq!((of("sw.js"), of("config.js")), ((script_type, "no-cache", None), (script_type, "no-cache", None)));
    assert_eq!(of("robots.txt"), ("text/plain; charset=utf-8", "no-cache", None));
    assert_eq!(served.len(), 9);
    let config = String::from_utf8(served["config.js"].body.clone()).unwrap();
    assert!(config.contains("\"API_URL\": \"https://api.example\""), "{config}");

    // Each content once, under its digest, and four documents.
    let manifest = site.document(stage, &format!("shipgate/frontend/releases/{head}.json"));
    let files = manifest["files"].as_object().unwrap();
    assert!(!files.contains_key("config.js"), "it is of the environment, not of the release");
    for (path, file) in files {
        let hex = file["digest"].as_str().unwrap().strip_prefix("sha256:").unwrap();
        let blob = site.object(&stage.store, &format!("shipgate/blobs/sha256/{hex}")).unwrap();
        assert_eq!(blob.body, served[path].body, "{path}");
        assert_eq!((&file["type"], &file["cache"]), (&json!(of(path).0), &json!(of(path).1)), "{path}");
    }
    let current = site.document(stage, "shipgate/frontend/current.json");
    assert_eq!((&current["release"], &current["digest"]), (&json!(head), digest));
    assert_eq!((&current["config"]["path"], &current["recent"][0]["release"]), (&json!("config.js"), &json!(head)));
    assert_eq!(site.document(stage, "shipgate/frontend/lock.json")["released"], true);
    let documents = site.documents(stage);
    let is_entry = |key: &&String| key.starts_with("shipgate/frontend/ledger/") && key.contains(&head);
    let entry = site.document(stage, documents.iter().find(is_entry).unwrap());
    assert_eq!((&entry["outcome"], &entry["digest"], &entry["run"]), (&json!("deployed"), digest, &json!("local")));
    assert_eq!(documents.len(), 4, "{documents:?}");
    let got = site.get(stage, "/about/index.html");
    assert_eq!((got.status, got.content_type.as_str()), (200, "text/html; charset=utf-8"));
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_second_run_writes_nothing_and_another_value_only_its_file() {
    let site = SiteCloud::new();
    let repository = site::repository(&site.laptop_config(RUNTIME_CONFIG));
    deploy(&site, &repository, "https://api.example").outcome("deployed", 0);
    let vars = json!({ "API_URL": "https://api.example" }).to_string();
    let proxy = Proxy::before(site.cloud.endpoint());

    let again = site.laptop(&repository, &["deploy", "stage"]).env("AWS_ENDPOINT_URL", proxy.endpoint());
    let report = again.env("SHIPGATE_VARS", vars).run().outcome("unchanged", 0);

    assert_eq!(steps(&report), ["verify frontend: done"]);
    assert_eq!(proxy.changes(), 0, "{:?}", proxy.calls());

    let other = json!({ "API_URL": "https://other.example" }).to_string();
    let deploy = site.laptop(&repository, &["deploy", "stage"]).env("AWS_ENDPOINT_URL", proxy.endpoint());
    let report = deploy.env("SHIPGATE_VARS", other).run().outcome("deployed", 0);
    assert_eq!(report["components"][0]["changes"][0]["path"], "runtime-config");
    let calls = proxy.calls();
    let served = calls.iter().filter(|call| call.is_change() && call.place == site.stage.bucket);
    assert_eq!(served.map(|call| call.key.as_str()).collect::<Vec<_>>(), ["config.js"]);
    assert_eq!(site.invalidations(&site.stage).pop().unwrap(), ["/config.js"]);
    assert!(site.get(&site.stage, "/config.js").body.contains("https://other.example"));
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn what_somebody_changed_by_hand_is_told_and_written_again() {
    let site = SiteCloud::new();
    let repository = site::repository(&site.laptop_config(""));
    let (stage, bucket) = (&site.stage, &site.stage.bucket);
    run(&site, &repository, &["deploy", "stage"]).outcome("deployed", 0);
    let whole = site.objects(bucket);
    assert_eq!(status(&site, &repository)["drift"], Value::Null);
    let script = assets(&site.page(stage))[0][1..].to_owned();
    let by_hand: [(&str, &str, &dyn Fn()); 5] = [
        // A program that writes it anew omits what says which bytes it has.
        ("about/index.html", "changed", &|| site.put_cache_rule(bucket, "about/index.html", "max-age=600")),
        ("robots.txt", "changed", &|| site.put(bucket, "robots.txt", "text/plain", "by hand")),
        ("sw.js", "deleted", &|| site.delete(bucket, "sw.js")),
        // Of these, no other release would write another.
        (&script, "deleted", &|| site.delete(bucket, &script)),
        (&script, "changed", &|| site.put(bucket, &script, "text/javascript", "by hand")),
    ];
    for (path, what, change) in by_hand {
        change();
        let drift = status(&site, &repository)["drift"].clone();
        let expected = json!({ "last": null, "files": [{ "path": path, "change": what }], "file_count": 1 });
        assert_eq!(drift, expected, "{path}");
        let reported =
            cloud_roles::root(&site.cloud, repository.shipgate(&["status", "stage"])).run().expect_code(0).stdout;
        let words = reported.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains("changed by hand: 1 file is not") && words.contains(&format!("({what})")), "{reported}");

        let report = run(&site, &repository, &["deploy", "stage"]).outcome("deployed", 0);

        assert_reported(&report["warnings"], &["files of frontend were changed by hand", path]);
        assert_eq!(headers(&site.objects(bucket)[path]), headers(&whole[path]));
        assert_eq!(site.objects(bucket)[path].body, whole[path].body);
        assert_eq!(status(&site, &repository)["drift"], Value::Null);
        run(&site, &repository, &["deploy", "stage"]).outcome("unchanged", 0);
    }
}

/// A file's path in the bucket, and what a browser asks for.
const NAMES: [(&str, &str); 13] = [
    ("a b.html", "/a%20b.html"),
    ("ü/seite mit blank.html", "/%C3%BC/seite%20mit%20blank.html"),
    ("日本.html", "/%E6%97%A5%E6%9C%AC.html"),
    ("a+b.txt", "/a+b.txt"),
    ("100%.txt", "/100%25.txt"),
    ("%2e%2e.txt", "/%252e%252e.txt"),
    ("#.txt", "/%23.txt"),
    ("q?x=1.txt", "/q%3Fx=1.txt"),
    ("quote'\".txt", "/quote'%22.txt"),
    ("[x]{y}^~`|;=,@:$&.txt", "/%5Bx%5D%7By%7D%5E~%60%7C;=,@:$&.txt"),
    ("back\\slash.txt", "/back%5Cslash.txt"),
    (".well-known/security.txt", "/.well-known/security.txt"),
    ("empty.txt", "/empty.txt"),
];

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn any_name_is_served_and_forgotten_by_the_distribution() {
    let site = SiteCloud::new();
    let repository = site::repository(&site.laptop_config(""));
    let stage = &site.stage;
    let long = vec!["n".repeat(249); 4].join("/");
    assert_eq!(long.len(), 999);
    let names = NAMES.iter().copied().chain([(long.as_str(), "")]);
    let write = |number: u32| {
        for (path, _) in names.clone() {
            let content = if path == "empty.txt" { String::new() } else { format!("<p>{number} {path}</p>") };
            repository.write(&format!("site/{path}"), content);
        }
        repository.commit(&format!("Names {number}"))
    };
    for number in [1, 2] {
        write(number);
        run(&site, &repository, &["deploy", "stage"]).outcome("deployed", 0);
        for (path, asked) in names.clone() {
            let asked = if asked.is_empty() { format!("/{path}") } else { asked.to_owned() };
            let got = site.get(stage, &asked);
            let content = if path == "empty.txt" { String::new() } else { format!("<p>{number} {path}</p>") };
            assert_eq!((got.status, got.body), (200, content), "{path}");
        }
    }
    // All of it was kept by the address, and the second release made it forget that.
    let keys = site.keys(&stage.bucket);
    assert!(names.clone().all(|(path, _)| keys.iter().any(|key| key == path)), "{keys:?}");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn what_is_excluded_is_kept_and_not_served() {
    let site = SiteCloud::new();
    let config = site.laptop_config("exclude = [\"**/*.map\"]\n");
    let repository = site::repository(&config);
    for path in ["assets/index-aB3dE5f7.js.map", "top.map"] {
        repository.write(&format!("site/{path}"), "{}");
    }
    let head = repository.commit("Maps");

    run(&site, &repository, &["deploy", "stage"]).outcome("deployed", 0);

    let keys = site.keys(&site.stage.bucket);
    assert!(!keys.iter().any(|key| key.contains(".map")), "{keys:?}");
    let manifest = site.document(&site.stage, &format!("shipgate/frontend/releases/{head}.json"));
    assert!(manifest["files"].as_object().unwrap().contains_key("top.map"));
    assert_eq!(site.document(&site.stage, "shipgate/frontend/current.json")["exclude"], json!(["**/*.map"]));

    // The same files with another rule, and back to the release with the rule of then.
    repository.write("shipgate.toml", site.laptop_config("exclude = []\n"));
    repository.commit("Serve them");
    run(&site, &repository, &["deploy", "stage"]).outcome("deployed", 0);
    assert!(site.keys(&site.stage.bucket).contains(&"top.map".to_owned()));
    run(&site, &repository, &["rollback", "stage"]).outcome("deployed", 0);
    assert_eq!(site.document(&site.stage, "shipgate/frontend/current.json")["exclude"], json!(["**/*.map"]));
    assert_eq!(status(&site, &repository)["drift"], Value::Null);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn files_of_others_stay_and_one_in_the_way_is_named() {
    let site = SiteCloud::new();
    let repository = site::repository(&site.laptop_config(""));
    let bucket = &site.stage.bucket;
    site.put(bucket, "index.html", "text/html", "the site of before");
    site.put(bucket, "images/cat.jpg", "image/jpeg", "a cat");
    site.put(&site.stage.store, "elsewhere/notes.txt", "text/plain", "notes");

    let report = run(&site, &repository, &["deploy", "stage"]).outcome("deployed", 0);

    assert_reported(&report["warnings"], &["`index.html` is in the bucket and is not of shipgate"]);
    assert_reported(&report["warnings"], &[bucket, "serves no release of shipgate yet", "nothing is put back"]);
    let reported = texts(&report["warnings"]).into_iter().filter(|text| text.contains("is not of shipgate"));
    assert_eq!(reported.count(), 1, "{report:#}");
    for number in 2..8 {
        site::change(&repository, number);
        run(&site, &repository, &["deploy", "stage"]).outcome("deployed", 0);
    }
    let keys = site.keys(bucket);
    assert!(keys.contains(&"images/cat.jpg".to_owned()));
    assert!(site.keys(&site.stage.store).contains(&"elsewhere/notes.txt".to_owned()));
    // The newest five keep their files, and the two before them do not.
    let has = |number: u32| keys.contains(&version(number)[0].0);
    assert_eq!([1, 2, 3, 4, 5, 6, 7].map(has), [false, false, true, true, true, true, true]);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_site_has_no_logs_and_says_so() {
    let site = SiteCloud::new();
    let repository = site::repository(&site.laptop_config(""));
    let ran = cloud_roles::root(&site.cloud, repository.shipgate(&["logs", "stage"])).run().expect_code(2);
    let ran = ran.expect_stderr("site `frontend` has no logs of its own");
    ran.expect_stderr("the access logs of its bucket and of its distribution are not read");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_bucket_that_is_missing_is_named() {
    let site = SiteCloud::new();
    let repository = site::repository(&site.laptop_config(""));
    site.cloud.wait(site.s3.delete_bucket().bucket(&site.stage.bucket).send()).unwrap();
    let ran = run(&site, &repository, &["plan", "deploy", "stage"]).expect_code(1);
    assert!(ran.stderr.contains("does not exist") && ran.stderr.contains("correct `bucket`"), "{}", ran.stderr);
    site.cloud.wait(site.s3.delete_bucket().bucket(&site.stage.store).send()).unwrap();
    site.cloud.wait(site.s3.create_bucket().bucket(&site.stage.bucket).send()).unwrap();
    let ran = run(&site, &repository, &["status", "stage"]).expect_code(1);
    let report = ran.json().to_string();
    assert!(report.contains("does not exist") && report.contains(&site.stage.store), "{report}");
}
