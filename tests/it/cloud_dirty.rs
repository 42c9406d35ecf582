//! A working tree with changes: refused, or deployed under a name of its own.

use serde_json::Value;

use crate::cloud::{Cloud, docker};
use crate::harness::{assert_reported, texts};

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn changes_that_are_in_no_commit_are_refused() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config(""));
    let serving = cloud.serving("backend");
    shop.write("backend/products.json", "[]");

    let report = cloud.deploy(&shop, &[]).outcome("invalid", 2);

    assert_reported(&report["causes"], &["backend/products.json"]);
    assert_reported(&report["hints"], &["--allow-dirty"]);
    assert_eq!(cloud.images().len(), 0);
    assert_eq!(cloud.serving("backend"), serving);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_file_that_git_does_not_know_is_a_change() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config(""));
    shop.write("backend/new.txt", "new");

    let report = cloud.deploy(&shop, &[]).outcome("invalid", 2);

    assert_reported(&report["causes"], &["backend/new.txt"]);
    assert_eq!(cloud.images().len(), 0);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_dirty_release_is_never_the_commit() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config("").replace("build = { ", "build = { tags = [\"v-${release.sha}\"], "));
    let sha = shop.head();
    shop.write("backend/products.json", "[]");

    let dirty = cloud.deploy(&shop, &["--allow-dirty"]).outcome("deployed", 0);

    let name = dirty["release"]["sha"].as_str().unwrap().to_owned();
    assert!(name.starts_with(&format!("{sha}-dirty-")), "{name}");
    assert_eq!(texts_of_keys(&cloud), [name.clone(), format!("v-{name}")]);
    let label = "{{index .Config.Labels \"org.opencontainers.image.revision\"}}";
    assert_eq!(docker(&["inspect", "--format", label, &cloud.image_reference(&name)]), name);
    assert_eq!(cloud.releases("backend"), std::slice::from_ref(&name));
    assert_eq!(cloud.ledger(&cloud.revision("backend"))["shipgate:sha"], name);

    // Another one is another release, though nothing has changed in between.
    let again = cloud.deploy(&shop, &["--allow-dirty"]).outcome("deployed", 0);
    assert_ne!(again["release"]["sha"], *name);
    assert_eq!(cloud.releases("backend"), [again["release"]["sha"].as_str().unwrap()]);

    // The clean commit is built, and does not take the image of a dirty tree.
    shop.git(&["checkout", "--quiet", "--", "."]);
    let clean = cloud.deploy(&shop, &[]).outcome("deployed", 0);
    assert_eq!(clean["release"]["sha"], *sha);
    assert_eq!(cloud.releases("backend"), [sha]);
    let products = cloud.ask(&cloud.running_tasks("backend")[0], "/products");
    assert_eq!(products, serde_json::json!({ "products": [] }));
}

fn texts_of_keys(cloud: &Cloud) -> Vec<String> {
    cloud.images().into_keys().collect()
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_clean_tree_is_a_commit_even_where_dirty_is_allowed() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config(""));

    let report = cloud.deploy(&shop, &["--allow-dirty"]).outcome("deployed", 0);

    assert_eq!(report["release"]["sha"], Value::from(shop.head()));
    assert!(texts(&report["left_behind"]).is_empty());
}
