//! What brought sites here: a rollback with `aws s3 sync --delete` ends with exit code 0, and leaves a page that names a
//! script that is gone. Beside it, the same with shipgate.

use std::path::Path;
use std::process::Output;

use crate::cloud::variable;
use crate::harness::command;
use crate::site::visitor::{Visitor, assets};
use crate::site::{self, SiteCloud, version};

/// The AWS CLI as the account's root.
fn aws(site: &SiteCloud, home: &Path, arguments: &[&str]) -> String {
    let mut aws = command(&variable("SHIPGATE_TEST_AWS"));
    aws.args(arguments)
        .env("HOME", home)
        .env("AWS_DEFAULT_REGION", "us-east-1")
        .env("AWS_ENDPOINT_URL", site.cloud.endpoint());
    aws.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test").env("AWS_PAGER", "");
    let Output { status, stdout, stderr } = aws.output().unwrap();
    let [stdout, stderr] = [stdout, stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    assert!(status.success(), "aws {arguments:?}\n{stdout}\n{stderr}");
    stdout
}

/// Leaves a version in a directory, as a build does.
fn build(directory: &Path, number: u32) {
    for (path, content) in version(number) {
        let file = directory.join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, content).unwrap();
    }
}

/// The page at the public address.
fn page(site: &SiteCloud) -> String {
    let url = format!("{}/", site.stage.edge.url());
    site.cloud.wait(async { reqwest::get(url).await.unwrap().text().await.unwrap() })
}

fn page_of(number: u32) -> String {
    version(number).into_iter().find(|(path, _)| path == "index.html").unwrap().1
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_rollback_by_sync_succeeds_and_breaks_the_site() {
    let site = SiteCloud::new();
    let home = tempfile::tempdir().unwrap();
    let bucket = format!("s3://{}", site.stage.bucket);
    let sync = |directory: &Path| {
        let said = aws(&site, home.path(), &["s3", "sync", directory.to_str().unwrap(), &bucket, "--delete"]);
        let distribution = site.stage.distribution.as_str();
        let invalidate = ["cloudfront", "create-invalidation", "--paths", "/*", "--distribution-id", distribution];
        aws(&site, home.path(), &invalidate);
        said
    };
    let [first, second] = ["first", "second"].map(|name| home.path().join(name));
    build(&first, 1);
    sync(&first);
    assert_eq!(page(&site), page_of(1));
    // Built after the first was deployed, as second versions are.
    build(&second, 2);
    sync(&second);
    assert_eq!(page(&site), page_of(2));

    // The directory of the first build is still there. Each command ends with exit code 0.
    let said = sync(&first);
    let [gone, ..] = &assets(&page_of(2))[..] else { panic!("no asset") };
    assert!(said.contains("delete: ") && said.contains(gone.as_str()), "{said}");
    // As long as the page of the first version, and newer: it is left alone.
    assert_eq!(page(&site), page_of(2), "the page came back: the AWS CLI does better now");
    let visitor = Visitor::of(&site.stage.edge.url());
    visitor.until_visited(1);
    let broken = visitor.stop();
    assert!(broken.iter().any(|it| it.asset == *gone && it.instead == "403"), "{broken:?}");
}

/// The same with shipgate: two releases and a rollback, while somebody reads the site all the time.
#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_rollback_with_shipgate_brings_the_page_and_its_assets_back() {
    let site = SiteCloud::new();
    let repository = site::repository(&site.laptop_config(""));
    let shipgate = |arguments: &[&str]| site.laptop(&repository, arguments).run();
    shipgate(&["deploy", "stage"]).outcome("deployed", 0);
    assert_eq!(page(&site), page_of(1));
    let visitor = Visitor::of(&site.stage.edge.url());
    visitor.until_visited(1);
    site::change(&repository, 2);
    shipgate(&["deploy", "stage"]).outcome("deployed", 0);
    assert_eq!(page(&site), page_of(2));
    // Nothing is built for a rollback.
    std::fs::remove_dir_all(repository.path().join("dist")).unwrap();
    shipgate(&["rollback", "stage", "--yes"]).outcome("deployed", 0);
    assert!(!repository.path().join("dist").exists(), "a rollback has built");
    assert_eq!(page(&site), page_of(1));
    visitor.until_visited(1);
    assert_eq!(visitor.stop(), []);
    // The release before keeps its files for pages that browsers have open.
    let kept = site.keys(&site.stage.bucket);
    assert!(assets(&page_of(2)).iter().all(|asset| kept.contains(&asset[1..].to_owned())), "{kept:?}");
}
