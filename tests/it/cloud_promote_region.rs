//! Production in another region, with a registry that shares nothing with stage's and asks for a password.

use serde_json::json;

use crate::cloud::{Cloud, ServiceOptions};
use crate::cloud_roles;
use crate::harness::{Repository, steps};

const REGION: &str = "eu-west-1";

/// Stage here, production there with a service that may pull from its registry, and a shop that stage has deployed.
fn two_regions() -> (Cloud, Cloud, Repository) {
    let (here, there) = (Cloud::with_backend(), Cloud::in_region(REGION));
    there.create_repository_named(&there.live_repository(), aws_sdk_ecr::types::ImageTagMutability::Mutable);
    there.create_service(&ServiceOptions::live());
    // The user and the password that GetAuthorizationToken gives.
    let login = json!({ "username": "AWS", "password": "ministack-auth-token" });
    let secret = there.create_secret("registry", &login);
    there.change_by_hand("live", |definition| {
        definition["containerDefinitions"][0]["repositoryCredentials"] = json!({ "credentialsParameter": secret });
    });
    let config = format!(
        "{}[environments.production]\n\
         region = \"{REGION}\"\n\
         promotes-from = \"stage\"\n\
         {}\
         [environments.production.gates]\n\
         approval = \"none\"\n\
         [environments.production.components.backend]\n\
         cluster = \"{}\"\n\
         service = \"{}\"\n\
         repository = \"{}\"\n",
        here.config(""),
        cloud_roles::lines(&here, "production"),
        there.cluster(),
        there.service_name("live"),
        there.live_repository(),
    );
    let shop = here.shop(&config);
    here.deploy(&shop, &[]).outcome("deployed", 0);
    (here, there, shop)
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn the_image_is_streamed_to_the_other_registry_and_runs_there() {
    let (here, there, shop) = two_regions();
    let digest = here.images()[&shop.head()].clone();

    let ran = here.promote(&shop, &[]);

    let report = ran.outcome("deployed", 0);
    assert!(steps(&report).contains(&"copy backend: done".to_owned()), "{:?}", steps(&report));
    assert!(ran.stderr.contains(" 0 taken from the other repository, 0 were there"), "{}", ran.stderr);
    assert_eq!(report["components"][0]["current"]["digest"], digest);
    assert_eq!(there.releases("live"), [shop.head()], "the engine pulled it with that registry's password");
    let live = there.definition(&there.revision("live"));
    let image = live["containerDefinitions"][0]["image"].as_str().unwrap();
    assert!(image.ends_with(&format!("{}:{}@{digest}", there.live_repository(), shop.head())), "{image}");
    assert!(!image.starts_with(here.registry()), "{image}");
    assert!(live["containerDefinitions"][0]["repositoryCredentials"].is_object(), "production keeps its own");

    here.promote(&shop, &[]).outcome("unchanged", 0);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_rollback_there_finds_its_image_there() {
    let (here, there, shop) = two_regions();
    let first = shop.head();
    here.promote(&shop, &[]).outcome("deployed", 0);
    shop.commit("Second");
    here.deploy(&shop, &[]).outcome("deployed", 0);
    here.promote(&shop, &[]).outcome("deployed", 0);

    here.rollback(&shop, &[]).outcome("deployed", 0);

    assert_eq!(there.releases("live"), [first]);
}
