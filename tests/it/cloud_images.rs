//! Images: labels, tags, reuse, repositories.

use aws_sdk_ecr::types::ImageTagMutability;
use serde_json::{Value, json};

use crate::cloud::{Cloud, ServiceOptions, docker};
use crate::harness::{Ran, assert_reported, steps, texts};

const TAGS: &str = r#"build = { tags = ["latest", "v-${release.sha}"], "#;

fn with_tags(config: &str) -> String {
    config.replace("build = { ", TAGS)
}

/// A cloud with a second service, for another environment that has the same repository.
fn cloud_with_two_services(mutability: ImageTagMutability) -> Cloud {
    let cloud = Cloud::new();
    cloud.create_repository(mutability);
    cloud.create_service(&ServiceOptions::web());
    cloud.create_service(&ServiceOptions { name: "other", ..ServiceOptions::web() });
    cloud
}

fn config_with_other(cloud: &Cloud) -> String {
    format!("{}{}", cloud.config(""), cloud.other_environment("other", "other"))
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn an_image_that_is_there_is_reused_without_an_engine() {
    let cloud = cloud_with_two_services(ImageTagMutability::Mutable);
    let shop = cloud.shop(&config_with_other(&cloud));
    let first = cloud.deploy(&shop, &[]).outcome("deployed", 0);

    let ran = cloud.shipgate(&shop, &["deploy", "other", "--output", "json"]).only_programs(&["git"]).run();

    let second = ran.outcome("deployed", 0);
    assert!(!steps(&second).iter().any(|step| step.starts_with("build")), "{:?}", steps(&second));
    assert_eq!(second["release"], first["release"]);
    assert_eq!(cloud.releases("other"), [shop.head()]);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn tags_that_cannot_move_are_no_obstacle() {
    let cloud = cloud_with_two_services(ImageTagMutability::Immutable);
    let shop = cloud.shop(&config_with_other(&cloud));

    let first = cloud.deploy(&shop, &[]).outcome("deployed", 0);
    cloud.deploy(&shop, &[]).outcome("unchanged", 0);
    let other = cloud.shipgate(&shop, &["deploy", "other", "--output", "json"]).run().outcome("deployed", 0);

    assert_eq!(other["release"], first["release"]);
    assert_eq!(cloud.images().len(), 1);
    shop.commit("Another commit");
    cloud.deploy(&shop, &[]).outcome("deployed", 0);
    assert_eq!(cloud.releases("backend"), [shop.head()]);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn somebody_elses_image_under_our_tag_is_not_deployed() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config(""));
    cloud.push_foreign_image(&shop.head());
    let (serving, images, revisions) = (cloud.serving("backend"), cloud.images(), cloud.revisions("backend"));

    let report = cloud.deploy(&shop, &[]).outcome("failed", 1);

    let reason = report["reason"].as_str().unwrap();
    assert!(reason.contains(&shop.head()) && reason.contains("org.opencontainers.image.revision"), "{reason}");
    assert!(!texts(&report["hints"]).is_empty());
    assert_eq!(cloud.serving("backend"), serving);
    assert_eq!(cloud.images(), images);
    assert_eq!(cloud.revisions("backend"), revisions);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn the_image_says_where_it_comes_from() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config(""));
    shop.git(&["remote", "add", "origin", "https://x-access-token:canary@github.com/acme/shop.git"]);
    shop.git(&["update-ref", "refs/remotes/origin/main", "HEAD"]);

    let ran = cloud.deploy(&shop, &[]);

    ran.outcome("deployed", 0);
    assert!(!ran.stderr.contains("canary") && !ran.stdout.contains("canary"), "a token is shown");
    let labels = docker(&["inspect", "--format", "{{json .Config.Labels}}", &cloud.image_reference(&shop.head())]);
    let labels: Value = serde_json::from_str(&labels).unwrap();
    assert_eq!(labels["org.opencontainers.image.revision"], *shop.head());
    assert_eq!(labels["org.opencontainers.image.version"], *shop.head());
    assert_eq!(labels["org.opencontainers.image.source"], "https://github.com/acme/shop");
    labels["org.opencontainers.image.created"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn extra_tags_lead_to_the_release() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&with_tags(&cloud.config("")));
    let sha = shop.head();

    let report = cloud.deploy(&shop, &[]).outcome("deployed", 0);

    let digest = report["release"]["digests"]["backend"].as_str().unwrap();
    let all = [
        ("latest".to_owned(), digest.to_owned()),
        (format!("v-{sha}"), digest.to_owned()),
        (sha.clone(), digest.to_owned()),
    ];
    assert_eq!(cloud.images(), all.clone().into());

    // Somebody moves them: the next run puts them back, and the service stays as it is.
    cloud.push_foreign_image("latest");
    cloud.push_foreign_image(&format!("v-{sha}"));
    let serving = cloud.serving("backend");
    let plan = cloud.shipgate(&shop, &["plan", "deploy", "stage", "--output", "json"]).run().outcome("planned", 0);
    assert_eq!(steps(&plan), ["verify backend: planned", "move tags backend: planned"]);
    let report = cloud.deploy(&shop, &[]).outcome("unchanged", 0);
    assert_eq!(report["components"][0]["changed"], false);
    assert_eq!(cloud.images(), all.into());
    assert_eq!(cloud.serving("backend"), serving);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn an_extra_tag_that_cannot_move_is_warned_of_and_the_release_serves() {
    let cloud = Cloud::new();
    cloud.create_repository(ImageTagMutability::Immutable);
    cloud.create_service(&ServiceOptions::web());
    let shop = cloud.shop(&with_tags(&cloud.config("")));
    cloud.deploy(&shop, &[]).outcome("deployed", 0);
    let before = cloud.images()["latest"].clone();
    let sha = shop.commit("Another commit");

    let report = cloud.deploy(&shop, &[]).outcome("deployed", 0);

    // The local cloud has no request for one repository, so that it is said afterwards.
    assert_reported(&report["warnings"], &["a tag does not lead to the release, which serves", "latest"]);
    let digest = report["release"]["digests"]["backend"].as_str().unwrap();
    let images = cloud.images();
    assert_eq!((images["latest"].as_str(), images[&format!("v-{sha}")].as_str()), (before.as_str(), digest));
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_missing_repository_is_named() {
    let cloud = Cloud::new();
    cloud.create_service(&ServiceOptions::web());
    let shop = cloud.shop(&cloud.config(""));
    let serving = cloud.serving("backend");

    let report = cloud.deploy(&shop, &[]).outcome("failed", 1);

    assert!(report["reason"].as_str().unwrap().contains(&cloud.repository()), "{}", report["reason"]);
    assert_reported(&report["hints"], &["create-repository = true"]);
    assert_eq!(report["left_behind"], json!([]));
    assert!(!cloud.repository_exists());
    assert_eq!(cloud.serving("backend"), serving);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_missing_repository_is_created_where_that_is_wanted() {
    let cloud = Cloud::new();
    cloud.create_service(&ServiceOptions::web());
    let shop = cloud.shop(&cloud.config("create-repository = true"));

    let report = cloud.deploy(&shop, &[]).outcome("deployed", 0);

    assert_eq!(steps(&report)[..2], ["create repository backend: done", "build backend: done"]);
    assert_eq!(cloud.releases("backend"), [shop.head()]);
    assert!(cloud.images().contains_key(&shop.head()));
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn an_image_of_several_platforms_runs_one_of_them() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config(""));
    let index = cloud.push_index(&shop, &shop.head());
    assert_eq!(cloud.images().get(&shop.head()), Some(&index));

    let report = cloud.deploy(&shop, &[]).outcome("deployed", 0);

    assert!(!steps(&report).iter().any(|step| step.starts_with("build")), "{:?}", steps(&report));
    assert_eq!(report["release"]["digests"]["backend"], *index);
    assert_eq!(report["components"][0]["current"]["digest"], *index);
    assert_eq!(cloud.releases("backend"), [shop.head()]);
    cloud.deploy(&shop, &[]).outcome("unchanged", 0);
}

/// buildx cannot be had here, so its command line is spoken by a plugin of the tests: the engine, the registry and docker's
/// way to find a plugin are real.
const BUILDX: &str = r#"#!/usr/bin/env bash
set -euo pipefail
if [[ $1 == docker-cli-plugin-metadata ]]; then
    echo '{"SchemaVersion": "0.1.0", "Vendor": "test", "Version": "v0", "ShortDescription": "speaks buildx"}'
    exit
fi
[[ $2 != version ]] || exit 0
[[ $1 == buildx && $2 == build && $3 == --push && $BUILDX_NO_DEFAULT_ATTESTATIONS == 1 ]]
shift 3
rest=() tags=() metadata=
while [[ $# -gt 0 ]]; do
    case $1 in
        --progress=plain) ;;
        --metadata-file) metadata=$2; shift ;;
        --tag) tags+=("$2"); rest+=("$1" "$2"); shift ;;
        *) rest+=("$1") ;;
    esac
    shift
done
export DOCKER_BUILDKIT=0
docker build "${rest[@]}"
for tag in "${tags[@]}"; do docker push "$tag"; done
digest=$(docker image inspect --format '{{join .RepoDigests "\n"}}' "${tags[0]}" | grep "^${tags[0]%:*}@")
printf '{"containerimage.digest": "%s"}' "${digest##*@}" >"$metadata"
echo "buildx was here"
"#;

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn buildx_builds_and_pushes_where_it_is_installed() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config(""));
    let home = tempfile::tempdir().unwrap();
    let plugin = home.path().join("cli-plugins/docker-buildx");
    std::fs::create_dir(plugin.parent().unwrap()).unwrap();
    std::fs::write(&plugin, BUILDX).unwrap();
    std::fs::set_permissions(&plugin, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();

    let ran = cloud.shipgate(&shop, &["deploy", "stage", "--json", "-v"]).env("DOCKER_CONFIG", home.path()).run();

    ran.outcome("deployed", 0);
    assert!(ran.stderr.contains("buildx was here"), "{}", ran.stderr);
    assert_eq!(cloud.releases("backend"), [shop.head()]);
}

/// Two jobs of one commit on one machine: both give their image the same name in the engine and in the registry.
#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn two_builds_of_one_commit_at_once_are_both_deployed() {
    for mutability in [ImageTagMutability::Mutable, ImageTagMutability::Immutable] {
        let cloud = cloud_with_two_services(mutability);
        let shop = cloud.shop(&config_with_other(&cloud));
        let deploy = |environment| cloud.shipgate(&shop, &["deploy", environment, "--output", "json"]);
        let runs = [deploy("stage"), deploy("other")];
        let ended: Vec<Ran> = std::thread::scope(|scope| {
            let began: Vec<_> = runs.into_iter().map(|run| scope.spawn(move || run.run())).collect();
            began.into_iter().map(|run| run.join().unwrap()).collect()
        });
        for ran in ended {
            let report = ran.outcome("deployed", 0);
            let digest = report["components"][0]["current"]["digest"].as_str().unwrap();
            assert!(cloud.manifest(&cloud.repository(), digest).len() > 100, "{report:#}");
        }
        for service in ["backend", "other"] {
            assert_eq!(cloud.releases(service), [shop.head()]);
        }
        assert_eq!(cloud.images().keys().collect::<Vec<_>>(), [&shop.head()]);
    }
}
