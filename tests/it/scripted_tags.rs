//! Tags such as `latest` lead to what serves: they move once the release does, and not before.

use serde_json::{Value, json};

use crate::harness::{assert_reported, steps, texts};
use crate::scripted::{ACCOUNT, Answer, Shop, config};

/// The configuration with a tag beside the commit's.
fn tagged(more: &str) -> String {
    config(more).replace("context = \".\"", "context = \".\", tags = [\"latest\"]")
}

/// A shop whose tag leads to another image.
fn shop_with(more: &str) -> Shop {
    let shop = Shop::with_config(&tagged(more));
    shop.aws.world(|world| world.registry.put_image("latest", Some("other")));
    shop
}

/// Where the tag leads.
fn latest(shop: &Shop) -> String {
    digest_of(shop, "latest")
}

fn digest_of(shop: &Shop, tag: &str) -> String {
    shop.aws.world(|world| {
        let manifests = &world.registry.manifests;
        let is_it = |name: &String| name.starts_with("sha256:") && manifests[name] == manifests[tag];
        manifests.keys().find(|name| is_it(name)).unwrap().clone()
    })
}

#[test]
fn a_tag_moves_after_the_release_was_seen_to_serve() {
    let shop = shop_with("");
    let report = shop.deploy().outcome("deployed", 0);
    assert_eq!(latest(&shop), shop.digest);
    assert_eq!(
        steps(&report),
        ["register backend: done", "update backend: done", "wait for backend: done", "move tags backend: done"]
    );
    let operations = shop.aws.operations();
    let moved = operations.iter().position(|operation| operation == "registry:PUT").unwrap();
    assert!(!operations[moved..].contains(&"ecs:DescribeTasks".to_owned()), "{operations:?}");
    // Where it leads there already, nothing is to do.
    let again = shop.deploy().outcome("unchanged", 0);
    assert_eq!(steps(&again), ["verify backend: done"]);
    shop.aws.world(|world| world.registry.put_image("latest", Some("other")));
    let moved = shop.deploy().outcome("unchanged", 0);
    assert_eq!(steps(&moved), ["verify backend: done", "move tags backend: done"]);
    assert_eq!((latest(&shop), &moved["components"][0]["changed"]), (shop.digest.clone(), &json!(false)));
}

#[test]
fn a_tag_stays_with_what_served_before_where_the_release_does_not() {
    let stays = |change: fn(&Shop), outcome: &str, code: i32| {
        let shop = shop_with("");
        let before = latest(&shop);
        change(&shop);
        let report = shop.deploy().outcome(outcome, code);
        assert_eq!(latest(&shop), before, "{report:#}");
        assert!(!steps(&report).iter().any(|step| step.starts_with("move tags backend: done")), "{report:#}");
    };
    let rolled_back: fn(&Shop) = |shop| shop.aws.at_look(1, |world| world.roll_out(&[("3", "backend:7", "COMPLETED")]));
    stays(rolled_back, "rolled-back", 5);
    stays(|shop| shop.aws.world(|world| world.services[0].desired = 0), "unproven", 9);
    let refused = "User: arn:aws:iam::123456789012:user/ci is not authorized to perform: ecs:UpdateService";
    let denied = move |shop: &Shop| shop.aws.refuse("ecs:UpdateService", 400, "AccessDeniedException", refused);
    let shop = shop_with("");
    let before = latest(&shop);
    denied(&shop);
    shop.deploy().outcome("failed", 1);
    assert_eq!(latest(&shop), before);
}

/// The release serves, whatever its tags are.
#[test]
fn a_tag_that_cannot_be_moved_is_a_warning() {
    let shop = shop_with("");
    let before = latest(&shop);
    shop.aws.answer("registry:PUT", |_, _| {
        let denied = json!({"errors": [{"code": "DENIED", "message": "not authorized to perform: ecr:PutImage"}]});
        Some(Answer::new(403, denied.to_string()))
    });
    let report = shop.deploy().outcome("deployed", 0);
    assert_reported(&report["warnings"], &["a tag does not lead to the release, which serves", "latest"]);
    assert_eq!(latest(&shop), before);
    assert!(steps(&report).contains(&"move tags backend: failed".to_owned()), "{report:#}");
    assert_eq!(report["components"][0]["outcome"], "deployed");
}

/// It is said before, and what cannot be done is not tried.
#[test]
fn a_tag_of_a_repository_with_immutable_tags_is_warned_of_before() {
    let immutable = |shop: &Shop| {
        shop.aws.answer("ecr:DescribeRepositories", |call, _| {
            let repository = json!({"repositoryName": "stage-shop", "imageTagMutability": "IMMUTABLE"});
            Some(call.json(&json!({"repositories": [repository]})))
        });
    };
    let shop = shop_with("");
    immutable(&shop);
    let before = latest(&shop);
    let plan = shop.shipgate(&["plan", "deploy", "stage", "--output", "json"]).run();
    let report = plan.outcome("planned", 0);
    assert_reported(&report["warnings"], &["latest of", "cannot move to the release", "immutable"]);
    assert!(plan.stderr.contains("aws ecr put-image-tag-mutability --repository-name stage-shop"), "{}", plan.stderr);
    let report = shop.deploy().outcome("deployed", 0);
    assert!(!steps(&report).iter().any(|step| step.starts_with("move tags")), "{report:#}");
    assert_eq!(latest(&shop), before);
    // A tag that is not there yet can be put once.
    let shop = Shop::with_config(&tagged(""));
    immutable(&shop);
    let report = shop.deploy().outcome("deployed", 0);
    assert_eq!(latest(&shop), shop.digest);
    assert!(!report["warnings"].to_string().contains("immutable"), "{report:#}");
}

/// What may not be asked is not warned of.
#[test]
fn whoever_may_not_ask_for_the_repository_deploys_all_the_same() {
    let shop = shop_with("");
    shop.aws.refuse("ecr:DescribeRepositories", 400, "AccessDeniedException", "not authorized");
    shop.deploy().outcome("deployed", 0);
    assert_eq!(latest(&shop), shop.digest);
}

/// A shop with production, whose environments ran two releases; with their commits.
fn served() -> (Shop, Vec<String>) {
    let shop = Shop::with_config(&with_production());
    let releases = vec![shop.repository.commit("One"), shop.repository.commit("Two")];
    shop.aws.world(|world| {
        world.add_service("prod-backend");
        world.serve(0, &releases);
        world.serve(1, &releases[..1]);
        world.registry.put_image("latest", Some("other"));
    });
    (shop, releases)
}

fn with_production() -> String {
    let production = format!(
        "[environments.production]\nregion = \"us-east-1\"\naccount = \"{ACCOUNT}\"\npromotes-from = \"stage\"\n\
         [environments.production.gates]\napproval = \"none\"\n\
         [environments.production.components.backend]\nservice = \"prod-backend\"\n"
    );
    format!("{}{production}", tagged(""))
}

fn last_step(report: &Value) -> String {
    steps(report).last().unwrap().clone()
}

#[test]
fn a_promotion_moves_the_tag_of_its_own_repository_and_a_rollback_brings_it_back() {
    let (shop, releases) = served();
    let run = |arguments: &[&str]| shop.shipgate(&[arguments, &["--output", "json"]].concat()).run();
    let plan = run(&["plan", "promote", "production"]).outcome("planned", 0);
    assert_eq!(last_step(&plan), "move tags backend: planned");
    let promoted = run(&["promote", "production"]).outcome("deployed", 0);
    assert_eq!(
        (last_step(&promoted), latest(&shop)),
        ("move tags backend: done".to_owned(), digest_of(&shop, &releases[1]))
    );
    assert_eq!(promoted["plan_digest"], plan["plan_digest"]);
    let rolled_back = run(&["rollback", "production"]).outcome("deployed", 0);
    assert_eq!(last_step(&rolled_back), "move tags backend: done");
    assert_eq!(latest(&shop), digest_of(&shop, &releases[0]));
}

/// Which tags lead where is what people see differently an hour later, and which are configured is not.
#[test]
fn the_digest_of_a_plan_has_the_tags_and_not_where_they_lead() {
    let (shop, releases) = served();
    let digest = |config: &str| {
        shop.repository.write("shipgate.toml", config);
        let plan = shop.shipgate(&["plan", "promote", "production", "--output", "json"]).run().outcome("planned", 0);
        plan["plan_digest"].as_str().unwrap().to_owned()
    };
    let config = with_production();
    let before = digest(&config);
    shop.aws.world(|world| {
        let manifest = world.registry.manifests[&releases[1]].clone();
        world.registry.manifests.insert("latest".to_owned(), manifest);
    });
    assert_eq!(digest(&config), before);
    assert_ne!(digest(&config.replace("\"latest\"", "\"newest\"")), before);
}

/// The way back does not wait for a tag.
#[test]
fn a_rollback_goes_on_where_the_tag_cannot_be_read() {
    let (shop, _) = served();
    shop.shipgate(&["promote", "production", "--output", "json"]).run().outcome("deployed", 0);
    shop.aws.answer("registry:GetManifest", |call, _| {
        let is_tag = call.body.as_str().unwrap().ends_with("/manifests/latest");
        is_tag.then(|| Answer::new(403, json!({"errors": [{"code": "DENIED", "message": "no"}]}).to_string()))
    });
    let report = shop.shipgate(&["rollback", "production", "--output", "json"]).run().outcome("deployed", 0);
    assert!(texts(&report["warnings"]).iter().any(|text| text.contains("the tags of backend stay")), "{report:#}");
}
