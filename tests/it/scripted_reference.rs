//! A release that is named by a tag, a short id or a pull request: what it is, and what names none.

use crate::harness::{Ran, assert_reported};
use crate::scripted::{ACCOUNT, Shop, all_at_once, config, text};

/// A shop whose stage ran two releases and runs the second; with their commits.
fn served() -> (Shop, Vec<String>) {
    let production = format!(
        "[environments.production]\nregion = \"us-east-1\"\naccount = \"{ACCOUNT}\"\npromotes-from = \"stage\"\n\
         [environments.production.gates]\napproval = \"none\"\n\
         [environments.production.components.backend]\nservice = \"production-backend\"\n"
    );
    let shop = Shop::with_config(&format!("{}{production}", config("")));
    let releases: Vec<String> = (0..2).map(|number| shop.repository.commit(&format!("Release {number}"))).collect();
    shop.aws.world(|world| {
        world.add_service("production-backend");
        world.serve(0, &releases);
    });
    shop.repository.git(&["tag", "v1.0.0", &releases[0]]);
    shop.repository.git(&["tag", "--annotate", "--message", "x", "v1.1.0", &releases[1]]);
    (shop, releases)
}

fn run(shop: &Shop, arguments: &[&str]) -> Ran {
    shop.shipgate(&[arguments, &["--output", "json"]].concat()).run()
}

#[test]
fn a_tag_and_a_short_id_are_pinned_to_the_commit() {
    let (shop, releases) = served();
    let digest = run(&shop, &["plan", "promote", "production", "--release", &releases[1]]).outcome("planned", 0);
    for named in ["v1.1.0", "refs/tags/v1.1.0", &releases[1][..9], &releases[1][..9].to_uppercase()] {
        let ran = run(&shop, &["plan", "promote", "production", "--release", named]);
        let report = ran.outcome("planned", 0);
        assert_eq!(report["release"]["sha"], releases[1], "{named}");
        assert_eq!(report["plan_digest"], digest["plan_digest"], "{named}");
        ran.expect_stderr(&format!("release {named} is commit {}", &releases[1][..7]));
    }
    let report = run(&shop, &["promote", "production", "--release", "v1.1.0"]).outcome("deployed", 0);
    assert_eq!(report["components"][0]["current"]["sha"], releases[1]);
    let back = run(&shop, &["rollback", "stage", "--release", "v1.0.0"]).outcome("deployed", 0);
    assert_eq!(back["components"][0]["current"]["sha"], releases[0]);
}

/// Before anything is asked of AWS.
#[test]
fn what_moves_or_is_not_one_commit_names_no_release() {
    let (shop, releases) = served();
    let both = &releases[0][..8];
    shop.repository.git(&["tag", both, &releases[1]]);
    let cases = [
        ("main", "names a branch", "`main` is the branch `refs/heads/main`, which moves", "a branch moves"),
        ("HEAD", "names no release", "`HEAD`: it moves", "a branch moves"),
        ("HEAD~1", "names no release", "`HEAD~1`: no tag can have this name", "(`#12`)"),
        ("--upload-pack=x", "names no release", "no tag can have this name", "all 40 digits"),
        ("v9", "nothing that this clone has", "this clone has no tag `v9`", "`git fetch --tags origin`"),
        ("000000000", "nothing that this clone has", "no commit that begins so", "all 40 digits"),
        (both, "several commits", &releases[1], "all 40 digits"),
        (both, "several commits", &releases[0], "all 40 digits"),
        ("#7", "pull request #7", "GITHUB_TOKEN is not set", "${{ github.token }}"),
        ("#", "names no release", "`#`: a pull request is", "all 40 digits"),
    ];
    for (named, reason, cause, hint) in cases {
        let release = format!("--release={named}");
        for command in [&["promote", "production"][..], &["rollback", "stage"], &["plan", "promote", "production"]] {
            let report = run(&shop, &[command, &[&release]].concat()).outcome("invalid", 2);
            assert!(report["reason"].as_str().unwrap().contains(reason), "{named}: {report:#}");
            assert_reported(&report["causes"], &[cause]);
            assert!(text(&report, "hints").contains(hint), "{named}: {report:#}");
        }
    }
    assert_eq!(shop.aws.operations(), [""; 0]);
}

#[test]
fn a_clone_that_is_cut_off_knows_no_short_id() {
    let (shop, releases) = served();
    let clone = shop.repository.shallow_clone();
    all_at_once([&releases[1][..9], &releases[0][..9], "v1.0.0"], |named| {
        let arguments = ["promote", "production", "--release", named, "--output", "json"];
        let report = clone.shipgate(&arguments).envs(&shop.variables()).run().outcome("invalid", 2);
        assert!(text(&report, "hints").contains("`fetch-depth: 0`"), "{named}: {report:#}");
    });
    let whole = ["plan", "promote", "production", "--release", &releases[1], "--output", "json"];
    clone.shipgate(&whole).envs(&shop.variables()).run().outcome("planned", 0);
}
