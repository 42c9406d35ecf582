//! What deployments say on their commits: on the release's, from the beginning to the end.

use crate::cloud::Cloud;
use crate::github::{GitHub, Status};
use crate::harness::{Ran, Repository};

fn run(cloud: &Cloud, github: &GitHub, shop: &Repository, command: &[&str], sha: &str) -> Ran {
    let line = [command, &["--output", "json"]].concat();
    cloud.shipgate(shop, &line).envs(&github.job()).env("GITHUB_SHA", sha).run()
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_deployment_is_in_progress_and_then_a_success() {
    let cloud = Cloud::with_backend();
    let github = cloud.github();
    let shop = cloud.shop(&cloud.config(""));
    github.put(&serde_json::json!({"git": shop.path()}));

    run(&cloud, &github, &shop, &["deploy", "stage"], &shop.head()).outcome("deployed", 0);

    let status = |state: &str, description: &str| Status {
        state: state.to_owned(),
        context: "shipgate/stage".to_owned(),
        description: description.to_owned(),
        target: github.run_url(),
    };
    let begun = status("pending", "deploy of stage is in progress");
    let deployed = status("success", "deployed: runs on stage, read back");
    assert_eq!(github.statuses(&shop.head()), [begun.clone(), deployed.clone()]);

    run(&cloud, &github, &shop, &["deploy", "stage"], &shop.head()).outcome("unchanged", 0);

    let unchanged = status("success", "unchanged: ran on stage already, read back");
    assert_eq!(github.statuses(&shop.head()), [begun.clone(), deployed, begun, unchanged]);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_promotion_and_a_rollback_speak_of_the_release_and_not_of_the_branch() {
    let cloud = Cloud::with_stage_and_production();
    let github = cloud.github();
    let shop = cloud.shop(&cloud.promotion_config(""));
    github.put(&serde_json::json!({"git": shop.path()}));
    let first = shop.head();
    cloud.deploy(&shop, &[]).outcome("deployed", 0);
    run(&cloud, &github, &shop, &["promote", "production"], &first).outcome("deployed", 0);
    let second = shop.commit("Second");
    cloud.deploy(&shop, &[]).outcome("deployed", 0);
    let branch = shop.commit("What the branch has by now");

    run(&cloud, &github, &shop, &["promote", "production"], &branch).outcome("deployed", 0);
    run(&cloud, &github, &shop, &["rollback", "production"], &branch).outcome("deployed", 0);

    let twice = ["shipgate/production pending", "shipgate/production success"];
    assert_eq!(github.states(&second), twice);
    assert_eq!(github.states(&first), [twice, twice].concat());
    assert_eq!(github.states(&branch), Vec::<String>::new());
    let descriptions: Vec<String> = github.statuses(&first).into_iter().map(|status| status.description).collect();
    assert_eq!(descriptions[2], "rollback of production is in progress");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_rollout_that_fails_is_a_failure() {
    let cloud = Cloud::with_backend();
    let github = cloud.github();
    let shop = cloud.shop(&cloud.config(""));
    cloud.deploy(&shop, &[]).outcome("deployed", 0);
    shop.write(
        "backend/Dockerfile",
        "FROM scratch\nCOPY cloudshop /cloudshop\nENTRYPOINT [\"/cloudshop\", \"no-such\"]\n",
    );
    let broken = shop.commit("It does not start");

    run(&cloud, &github, &shop, &["deploy", "stage"], &broken).outcome("rolled-back", 5);

    assert_eq!(github.states(&broken), ["shipgate/stage pending", "shipgate/stage failure"]);
    let last = github.statuses(&broken).pop().unwrap();
    assert!(last.description.starts_with("rolled-back: "), "{last:?}");
}
