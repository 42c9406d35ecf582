//! What `status` says of a service that somebody changed, and of what it cannot know.

use serde_json::{Value, json};

use crate::harness::{Ran, Repository, Shipgate, assert_reported};
use crate::scripted::{Shop, World, config};

const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

fn component(shop: &Shop) -> Value {
    let ran = shop.shipgate(&["status", "stage", "--output", "json"]).run().expect_code(0);
    ran.json()["environments"][0]["components"][0].take()
}

fn runs(world: &mut World, revision: &str) {
    world.roll_out(&[("1", revision.rsplit('/').next().unwrap(), "COMPLETED")]);
}

/// A release of shipgate that failed later does not hide the one that served.
#[test]
fn a_failed_release_does_not_hide_a_change_by_hand() {
    let shop = Shop::new();
    let (ours, by_hand) = shop.aws.world(|world| {
        let ours = world.register_ours(A, &[("outcome", "deployed")]);
        world.register_by_hand(|_| {});
        let by_hand = world.register_by_hand(|_| {});
        world.register_ours(B, &[("outcome", "rolled-back")]);
        world.register_ours(B, &[]);
        runs(world, &by_hand);
        (ours, by_hand)
    });
    let component = component(&shop);
    assert_eq!(component["drift"], json!({ "last": ours }));
    let short = |arn: &str| arn.rsplit('/').next().unwrap().to_owned();
    let remark = format!("changed by hand: runs {}, shipgate last deployed {}", short(&by_hand), short(&ours));
    assert_eq!(component["remarks"], json!([remark]));
}

#[test]
fn a_release_that_failed_after_ours_is_no_change_by_hand() {
    let shop = Shop::new();
    shop.aws.world(|world| {
        let ours = world.register_ours(A, &[("outcome", "deployed")]);
        world.register_ours(B, &[("outcome", "rolled-back")]);
        runs(world, &ours);
    });
    let component = component(&shop);
    assert_eq!((&component["drift"], &component["remarks"]), (&Value::Null, &json!([])));
}

/// It is that of what came last, not of what serves.
#[test]
fn the_last_outcome_is_that_of_the_last_release() {
    for (live, newer, last) in [
        ("deployed", vec![vec![("outcome", "rolled-back")]], json!("rolled-back")),
        ("deployed", vec![vec![("outcome", "rolled-back")], vec![]], Value::Null),
        ("unproven", vec![], json!("unproven")),
    ] {
        let shop = Shop::new();
        shop.aws.world(|world| {
            let ours = world.register_ours(A, &[("outcome", live)]);
            for tags in &newer {
                world.register_ours(B, tags);
            }
            world.register_by_hand(|_| {});
            runs(world, &ours);
        });
        let seen = component(&shop);
        let (release, is_live) = if newer.is_empty() { (A, true) } else { (B, false) };
        let of = &seen["last_release"];
        assert_eq!((&seen["last_outcome"], &of["outcome"]), (&last, &last), "{newer:?}");
        assert_eq!((&of["sha"], &of["current"], &of["url"]), (&json!(release), &json!(is_live), &Value::Null));
    }
}

/// Who sees the outcome can open the run that had it. A tag may have any text, so not everything becomes an address.
#[test]
fn the_last_release_has_the_page_of_its_run() {
    for (run, server, url) in [
        ("acme/shop/7/1", None, json!("https://github.com/acme/shop/actions/runs/7")),
        (
            "acme/shop/7/2",
            Some("https://ghe.example"),
            json!("https://ghe.example/acme/shop/actions/runs/7/attempts/2"),
        ),
        ("acme/shop/7", None, Value::Null),
        ("../shop/7/1", None, Value::Null),
    ] {
        let shop = Shop::new();
        shop.aws.world(|world| {
            let ours = world.register_ours(A, &[("outcome", "deployed")]);
            world.register_ours(B, &[("outcome", "rolled-back"), ("run", run), ("at", "2020-11-20T09:40:00Z")]);
            runs(world, &ours);
        });
        let variables: Vec<_> = server.map(|server| ("GITHUB_SERVER_URL", server.to_owned())).into_iter().collect();
        let seen = |arguments: &[&str]| shop.shipgate(arguments).envs(&variables).run().expect_code(0);
        let status = seen(&["status", "stage", "--output", "json"]).json();
        assert_eq!(status["environments"][0]["components"][0]["last_release"]["url"], url, "{run}");
        let history = seen(&["history", "stage", "--output", "json"]).json();
        assert_eq!(history["releases"][0]["url"], url, "{run}");
        let table = seen(&["status", "stage"]).stdout;
        assert!(table.lines().nth(1).unwrap().ends_with("rolled-back   bbbbbbb"), "{table}");
    }
}

/// What the service took is the last of shipgate, however it ended.
#[test]
fn a_broken_release_that_was_changed_back_is_a_change() {
    for outcome in ["broken", "timed-out"] {
        let shop = Shop::new();
        let last = shop.aws.world(|world| {
            let good = world.register_ours(A, &[("outcome", "deployed")]);
            let last = world.register_ours(B, &[("outcome", outcome)]);
            runs(world, &good);
            last
        });
        let seen = component(&shop);
        assert_eq!(seen["drift"], json!({ "last": last }), "{outcome}");
        let remark = "changed by hand, or rolled back by ECS: runs backend:8, shipgate last deployed backend:9";
        assert_eq!(seen["remarks"], json!([remark]));
        let ran = shop.shipgate(&["plan", "deploy", "stage"]).run();
        ran.expect_stderr("it was changed by hand, or ECS rolled it back");

        shop.aws.world(|world| runs(world, &last));
        assert_eq!(component(&shop)["drift"], Value::Null, "{outcome}");

        let by_hand = shop.aws.world(|world| {
            let by_hand = world.register_by_hand(|_| {});
            runs(world, &by_hand);
            by_hand
        });
        let seen = component(&shop);
        assert_eq!(seen["drift"], json!({ "last": last }), "{outcome}");
        let short = by_hand.rsplit('/').next().unwrap();
        let remark = format!("changed by hand: runs {short}, shipgate last deployed backend:9");
        assert_eq!(seen["remarks"], json!([remark]));
    }
}

#[test]
fn what_was_never_ours_is_called_so() {
    let component = component(&Shop::new());
    assert_eq!(component["drift"], Value::Null);
    assert_eq!(component["remarks"], json!(["backend:7 was not registered by shipgate"]));
}

/// What runs is known without the list of revisions; whether somebody changed it is not.
#[test]
fn without_the_list_of_revisions_a_change_by_hand_is_unknown() {
    let shop = Shop::new();
    let message = "User: arn:aws:iam::123456789012:user/ci is not authorized to perform: ecs:ListTaskDefinitions";
    shop.aws.refuse("ecs:ListTaskDefinitions", 400, "AccessDeniedException", message);
    let component = component(&shop);
    assert_eq!(component["drift"], json!({ "last": null }));
    let remark = component["remarks"][0].as_str().unwrap();
    assert!(remark.contains("unknown") && remark.contains("`ecs:ListTaskDefinitions`"), "{remark}");
    assert_eq!((&component["running"], &component["last_outcome"]), (&json!(2), &Value::Null));
}

/// No holds, and holds that could not be read, are not the same.
#[test]
fn a_service_that_cannot_be_looked_at_has_unknown_holds() {
    let shop = Shop::new();
    shop.aws.world(|world| world.services.clear());
    let ran = shop.shipgate(&["status", "stage", "--output", "json"]).run().expect_code(1);
    assert_eq!(ran.json()["environments"][0]["components"][0]["holds"], Value::Null);
    ran.expect_stderr("does not exist");
}

/// It is not the image that is unknown, but where to look for it.
#[test]
fn a_container_that_is_not_there_is_told() {
    let shop = Shop::with_config(&config("").replace("container = \"web\"", "container = \"wbe\""));
    let ran = shop.shipgate(&["status", "stage", "--output", "json"]).run().expect_code(2);
    let component = &ran.json()["environments"][0]["components"][0];
    assert_eq!(component["current"], Value::Null);
    assert!(component["reason"].as_str().unwrap().contains("`wbe` is not in task definition `backend`"));
    assert_reported(&component["hints"], &["correct `container`"]);
    ran.expect_stderr("which has `web`");
    shop.shipgate(&["logs", "stage"]).run().expect_code(2).expect_stderr("which has `web`");
}

/// Silence is no sign of whether anything was asked.
#[test]
fn logs_without_a_line_say_so() {
    let shop = Shop::new();
    let none = "no lines since 20";
    for arguments in [&["logs", "stage"][..], &["logs", "stage", "--output", "json"]] {
        shop.shipgate(arguments).run().expect_code(0).expect_stderr(none);
    }
    assert_eq!(shop.shipgate(&["logs", "stage", "-q"]).run().expect_code(0).stderr, "");
    shop.aws.world(|world| world.log = vec!["serve".to_owned()]);
    assert_eq!(shop.shipgate(&["logs", "stage"]).run().expect_code(0).stderr, "");
}

const PRODUCTION: &str = "prod-backend";

/// A shop with two environments.
fn shop_with_production() -> Shop {
    let production = "[environments.production]\nregion = \"us-east-1\"\naccount = \"123456789012\"\n\
                      promotes-from = \"stage\"\n[environments.production.gates]\napproval = \"none\"\n\
                      [environments.production.components.backend]\nservice = \"prod-backend\"\n";
    let shop = Shop::with_config(&format!("{}{production}", config("")));
    shop.aws.world(|world| world.add_service(PRODUCTION));
    shop
}

/// Lets both environments run a release.
fn let_run(shop: &Shop, stage: &str, production: &str) {
    shop.aws.world(|world| {
        for (index, sha) in [stage, production].into_iter().enumerate() {
            let revision = world.register_ours_for(index, sha, &[("outcome", "deployed")]);
            world.services[index].deployments[0].definition = revision;
        }
    });
}

fn in_json(shop: &Shop, repository: &Repository, arguments: &[&str]) -> Shipgate {
    repository.shipgate(&[&["status", "--output", "json"], arguments].concat()).envs(&shop.variables())
}

/// Insists on what is said of production's backend.
#[track_caller]
fn expect(ran: &Ran, behind: &Value, remark: &str) {
    let report = ran.json();
    let environments = report["environments"].as_array().unwrap();
    let production = environments.iter().find(|environment| environment["name"] == "production").unwrap();
    let component = &production["components"][0];
    assert_eq!((&component["behind"], &component["behind_of"]), (behind, &json!("stage")), "{report:#}");
    assert!(component["remarks"].as_array().unwrap().contains(&json!(remark)), "no {remark:?} in {component:#}");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
}

#[test]
fn production_is_told_to_be_behind_its_source() {
    let shop = shop_with_production();
    let repository = &shop.repository;
    let first = repository.head();
    repository.git(&["checkout", "--quiet", "-b", "side"]);
    let side = repository.commit("Aside");
    repository.git(&["checkout", "--quiet", "main"]);
    let second = repository.commit("Two");
    let third = repository.commit("Three");
    let diverged = "diverged from stage: each has commits that the other lacks";
    let unknown = "behind stage by an unknown number of commits";
    for (stage, production, behind, remark) in [
        (&third, &third, json!(0), "same as stage"),
        (&third, &second, json!(1), "1 commit behind stage"),
        (&third, &first, json!(2), "2 commits behind stage"),
        (&third, &side, Value::Null, diverged),
        (&second, &third, Value::Null, "ahead of stage by 1 commit"),
        (&first, &third, Value::Null, "ahead of stage by 2 commits"),
        (&third, &A.to_owned(), Value::Null, unknown),
        (&A.to_owned(), &third, Value::Null, unknown),
        (&format!("{third}-dirty-20261120T234749Z"), &third, Value::Null, unknown),
    ] {
        let_run(&shop, stage, production);
        for arguments in [&[][..], &["production"]] {
            let ran = in_json(&shop, repository, arguments).run();
            expect(&ran, &behind, remark);
            let environments = if arguments.is_empty() { 2 } else { 1 };
            assert_eq!(ran.json()["environments"].as_array().unwrap().len(), environments);
            if arguments.is_empty() {
                let stage = &ran.json()["environments"][0]["components"][0];
                assert_eq!((&stage["behind"], &stage["behind_of"]), (&Value::Null, &Value::Null));
            }
        }
        let ran = shop.shipgate(&["status"]).run().expect_code(0);
        assert!(ran.stdout.contains(&format!("production backend: {remark}")), "{}", ran.stdout);
    }
}

/// What runs is reported with or without the commits.
#[test]
fn without_the_commits_the_distance_is_unknown() {
    let shop = shop_with_production();
    let first = shop.repository.head();
    let second = shop.repository.commit("Two");
    let unknown = "behind stage by an unknown number of commits";
    let shallow = shop.repository.shallow_clone();
    let nowhere = Repository::bare();
    nowhere.write("shipgate.toml", std::fs::read(shop.repository.path().join("shipgate.toml")).unwrap());
    let_run(&shop, &second, &first);
    expect(&in_json(&shop, &shallow, &[]).run(), &Value::Null, unknown);
    expect(&in_json(&shop, &nowhere, &[]).run(), &Value::Null, unknown);
    expect(&in_json(&shop, &shop.repository, &[]).only_programs(&[]).run(), &Value::Null, unknown);
    let_run(&shop, &first, &first);
    expect(&in_json(&shop, &nowhere, &[]).run(), &json!(0), "same as stage");
}

/// Who asks for production alone gets no report of what is wrong with stage.
#[test]
fn a_source_that_cannot_be_looked_at_only_makes_the_distance_unknown() {
    let shop = shop_with_production();
    let_run(&shop, A, A);
    shop.aws.world(|world| world.services.remove(0));
    let ran = in_json(&shop, &shop.repository, &["production"]).run();
    expect(&ran, &Value::Null, "behind stage by an unknown number of commits");
    assert_eq!(ran.stderr, "");
    in_json(&shop, &shop.repository, &[]).run().expect_code(1);
}
