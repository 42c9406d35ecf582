//! Promotions that no obtainable part can produce: permissions that are missing on either side, two digests at once.

use serde_json::{Value, json};

use crate::harness::{Ran, assert_reported, texts};
use crate::scripted::{ACCOUNT, Answer, Call, SERVICE, Shop, all_at_once, config, refusal, text};

const PRODUCTION: &str = "prod-backend";

/// Two environments on one repository, with more for the component, and for production's alone.
fn two(more: &str, in_production: &str) -> String {
    let production = format!(
        "[environments.production]\nregion = \"us-east-1\"\naccount = \"{ACCOUNT}\"\npromotes-from = \"stage\"\n\
         [environments.production.gates]\napproval = \"none\"\noverridable = [\"branch\", \"forward\"]\n\
         [environments.production.components.backend]\nservice = \"{PRODUCTION}\"\n{in_production}\n"
    );
    format!("{}{production}", config(more))
}

fn shop() -> Shop {
    shop_with(&two("", ""))
}

fn shop_with(config: &str) -> Shop {
    let shop = Shop::with_config(config);
    shop.aws.world(|world| world.add_service(PRODUCTION));
    shop
}

/// The same, of which stage has deployed HEAD.
fn staged() -> Shop {
    let shop = shop();
    shop.deploy().outcome("deployed", 0);
    shop
}

fn promote(shop: &Shop) -> Ran {
    shop.shipgate(&["promote", "production", "--output", "json"]).run()
}

/// What production's service is meant to run.
fn production(shop: &Shop) -> String {
    shop.aws.world(|world| world.service(PRODUCTION).unwrap().deployments[0].definition.clone())
}

fn denied(call: &Call, action: &str) -> Answer {
    let message = format!("User: arn:aws:sts::123456789012:assumed-role/x/ci is not authorized to perform: {action}");
    call.error(400, "AccessDeniedException", &message)
}

fn is_about(call: &Call, service: &str) -> bool {
    call.body.to_string().contains(&format!("\"{service}\""))
}

#[test]
fn it_works_when_nothing_is_in_the_way() {
    let shop = staged();
    let report = promote(&shop).outcome("deployed", 0);
    assert_eq!(report["components"][0]["previous"]["sha"], Value::Null);
    assert_eq!(report["components"][0]["current"]["digest"], shop.digest);
}

#[test]
fn a_source_that_never_got_a_release_gets_one_first() {
    let report = promote(&shop()).outcome("refused", 3);
    assert_reported(&report["causes"], &["stage has not proven it"]);
    assert_eq!(report["hints"], json!(["put a release there first: `shipgate deploy stage`"]));
}

/// What goes back without being called a rollback is refused, with nothing changed.
#[test]
fn what_takes_commits_back_is_refused() {
    let shop = shop();
    let releases: Vec<String> = (0..3).map(|number| shop.repository.commit(&format!("Release {number}"))).collect();
    shop.aws.world(|world| {
        world.serve(0, &releases);
        world.serve(1, &releases);
    });
    let run = |arguments: &[&str]| shop.shipgate(&[arguments, &["--output", "json"]].concat()).run();
    shop.repository.git(&["checkout", "--quiet", &releases[1]]);
    for (arguments, environment, release, taken) in [
        (&["deploy", "stage"][..], "stage", &releases[1], "1 commit"),
        (&["promote", "production", "--release", &releases[0]], "production", &releases[0], "2 commits"),
    ] {
        shop.aws.forget();
        let reason = format!(
            "{} is {taken} older than {}, which backend runs on {environment}",
            &release[..7],
            &releases[2][..7]
        );
        let planned = run(&[&["plan"], arguments].concat()).outcome("planned", 0);
        let report = run(arguments).outcome("refused", 3);
        assert_eq!(report["causes"], json!([format!("forward: {reason}")]));
        assert_reported(&report["hints"], &[&format!("`shipgate rollback {environment}`")]);
        for report in [planned, report] {
            let gates = report["gates"].as_array().unwrap();
            let gate = gates.iter().find(|gate| gate["name"] == "forward").unwrap();
            assert_eq!((&gate["verdict"], &gate["reason"]), (&json!("unsatisfied"), &json!(reason)));
            assert_eq!(report["commits"]["taken_back"], true);
        }
        assert_eq!(shop.aws.mutations(), [""; 0]);
    }
    shop.repository.git(&["checkout", "--quiet", "main"]);
    for arguments in [&["deploy", "stage"][..], &["promote", "production"]] {
        run(arguments).outcome("unchanged", 0);
    }
    run(&["rollback", "production"]).outcome("deployed", 0);
}

#[test]
fn a_permission_that_is_missing_on_the_side_of_the_source_is_told_with_that_side() {
    all_at_once(["ecs:DescribeServices", "ecs:ListTasks"], |operation| {
        let shop = staged();
        let before = production(&shop);
        shop.aws.answer(operation, move |call, _| is_about(call, SERVICE).then(|| denied(call, operation)));
        let report = promote(&shop).outcome("failed", 1);
        assert!(text(&report, "hints").contains(operation), "{report:#}");
        assert_reported(&report["causes"], &["asked of stage", "production promotes from"]);
        assert_eq!(production(&shop), before);
    });
}

/// The ledger is asked for a release that does not run any more.
#[test]
fn a_ledger_of_the_source_that_may_not_be_read_is_told_with_that_side() {
    let shop = staged();
    let release = shop.repository.head();
    let next = shop.repository.commit("The next one");
    shop.aws.world(|world| world.registry.put_image(&next, Some(&next)));
    shop.deploy().outcome("deployed", 0);
    let before = production(&shop);
    shop.aws.answer("ecs:ListTaskDefinitions", |call, _| Some(denied(call, "ecs:ListTaskDefinitions")));

    let arguments = ["promote", "production", "--release", &release, "--output", "json"];
    let report = shop.shipgate(&arguments).run().outcome("failed", 1);

    assert!(text(&report, "hints").contains("ecs:ListTaskDefinitions"), "{report:#}");
    assert_reported(&report["causes"], &["asked of stage", "production promotes from"]);
    assert_eq!(production(&shop), before);
}

#[test]
fn a_registry_of_the_target_that_may_not_be_read_is_told_as_the_one_that_is_written() {
    let shop = shop_with(&two("", "repository = \"prod-shop\""));
    shop.deploy().outcome("deployed", 0);
    shop.aws.answer("registry:GetManifest", |call, _| {
        let theirs = call.body.as_str().unwrap().contains("/prod-shop/");
        theirs.then(|| refusal(403, "DENIED", "User: x is not allowed"))
    });

    let report = promote(&shop).outcome("failed", 1);

    assert!(report["reason"].as_str().unwrap().contains("prod-shop"), "{report:#}");
    assert_reported(&report["hints"], &["`ecr:BatchGetImage`", "`ecr:PutImage` on the repository it writes"]);
}

#[test]
fn a_permission_that_is_missing_on_the_side_of_the_target_is_told() {
    let cases = ["ecs:DescribeServices", "ecs:RegisterTaskDefinition", "ecs:UpdateService"];
    all_at_once(cases, |operation| {
        let shop = staged();
        let before = production(&shop);
        shop.aws.answer(operation, move |call, _| {
            let theirs = operation == "ecs:RegisterTaskDefinition" || is_about(call, PRODUCTION);
            theirs.then(|| denied(call, operation))
        });
        let report = promote(&shop).outcome("failed", 1);
        assert!(text(&report, "hints").contains(operation), "{report:#}");
        assert!(!text(&report, "causes").contains("asked of stage"), "{report:#}");
        assert_eq!(production(&shop), before);
    });
}

#[test]
fn two_digests_at_once_are_no_release() {
    let shop = staged();
    let before = production(&shop);
    let other = format!("sha256:{}", "e".repeat(64));
    let shown = other.clone();
    shop.aws.new_tasks(move |_, task| task["containers"][0]["imageDigest"] = Value::from(shown.as_str()));

    let report = promote(&shop).outcome("refused", 3);

    assert_reported(&report["causes"], &["proven", &other]);
    assert!(!texts(&report["hints"]).is_empty());
    assert_eq!(production(&shop), before);
}

/// A plan prints the verdicts of the gates; it refuses nothing.
#[test]
fn a_plan_without_a_proven_release_says_that_there_is_nothing_to_promote() {
    let shop = staged();
    shop.aws.world(|world| world.service(SERVICE).unwrap().desired = 0);
    let refused = promote(&shop).outcome("refused", 3);
    shop.aws.forget();
    for named in [vec![], vec!["--release", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]] {
        let arguments = [&["plan", "promote", "production", "--output", "json"], named.as_slice()].concat();

        let ran = shop.shipgate(&arguments).run();

        let plan = ran.outcome("planned", 0);
        assert_eq!(
            (&plan["release"], &plan["plan_digest"], &plan["components"]),
            (&Value::Null, &Value::Null, &json!([]))
        );
        let gate = &plan["gates"][0];
        assert_eq!((&gate["name"], &gate["verdict"]), (&json!("proven"), &json!("unsatisfied")));
        assert!(named.len() == 2 || plan["gates"] == refused["gates"], "{plan:#}");
        assert!(shop.aws.mutations().is_empty());
        ran.expect_stderr("there is nothing to promote")
            .expect_stderr(gate["reason"].as_str().unwrap())
            .expect_stderr(&format!("hint: {}", gate["hint"].as_str().unwrap()))
            .expect_stderr("planned: production: nothing to promote; nothing was changed");
    }
}

#[test]
fn a_platform_of_the_index_that_stage_is_pinned_to_is_the_release() {
    let mut shop = shop();
    let index = shop.index();
    let platform = index.platforms[1].clone();
    shop.aws.new_tasks(move |_, task| task["containers"][0]["imageDigest"] = Value::from(platform.as_str()));
    shop.deploy().outcome("deployed", 0);

    let report = promote(&shop).outcome("deployed", 0);

    assert_eq!(report["components"][0]["current"]["digest"], index.digest);
}

const COMMAND: &str = "pre-deploy = [\"migrate\"]";

/// A release that stage has deployed, with the configuration that it brings; the one that is checked out has no command
/// before traffic.
fn released(config: &str) -> (Shop, String) {
    let shop = shop_with(config);
    shop.deploy().outcome("deployed", 0);
    let release = shop.repository.head();
    shop.repository.write("shipgate.toml", two("", ""));
    shop.repository.commit("Later");
    (shop, release)
}

/// Promotes a release from a clone that neither has nor gets its commit.
fn promote_without_commit(shop: &Shop, release: &str) -> Ran {
    let clone = shop.repository.shallow_clone();
    clone.git(&["remote", "remove", "origin"]);
    let unknown = ["--override", "branch=it was seen to", "--override", "forward=it was seen to"];
    let arguments = [&["promote", "production", "--release", release, "--output", "json"][..], &unknown].concat();
    clone.shipgate(&arguments).envs(&shop.variables()).run()
}

/// The value that the newest revision's ledger has for the command before traffic.
fn recorded_pre_deploy(shop: &Shop) -> Value {
    shop.aws.world(|world| {
        let tags = world.definitions.last().unwrap().tags.iter();
        tags.filter(|tag| tag["key"] == "shipgate:pre-deploy").map(|tag| tag["value"].clone()).collect()
    })
}

#[test]
fn the_command_of_the_release_runs_though_the_checkout_has_none() {
    for config in [two(COMMAND, ""), two("", COMMAND)] {
        let (shop, release) = released(&config);
        shop.aws.forget();

        let arguments = ["promote", "production", "--release", &release, "--output", "json"];
        shop.shipgate(&arguments).run().outcome("deployed", 0);

        let started = shop.aws.call("ecs:RunTask").body;
        assert_eq!(started["overrides"]["containerOverrides"][0]["command"], json!(["migrate"]));
        assert_eq!(recorded_pre_deploy(&shop), json!(["yes"]));
    }
}

#[test]
fn without_its_commit_the_command_of_a_release_is_never_skipped() {
    for config in [two(COMMAND, ""), two("", COMMAND)] {
        let (shop, release) = released(&config);
        assert_eq!(recorded_pre_deploy(&shop), json!(["yes"]));
        let before = production(&shop);

        let report = promote_without_commit(&shop, &release).outcome("failed", 1);

        assert!(report["reason"].as_str().unwrap().contains(&release), "{report:#}");
        assert_reported(&report["causes"], &["ledger", "pre-deploy command", "backend"]);
        assert_reported(&report["hints"], &["fetch-depth: 0"]);
        assert_eq!(production(&shop), before);
    }
}

#[test]
fn without_its_commit_a_release_that_is_recorded_without_a_command_is_promoted() {
    let (shop, release) = released(&two("", ""));

    let report = promote_without_commit(&shop, &release).outcome("deployed", 0);

    assert_eq!(report["warnings"], json!([]));
    assert_eq!(recorded_pre_deploy(&shop), json!(["no"]));
}

/// As an older shipgate left it.
#[test]
fn without_its_commit_and_without_a_record_the_command_is_said_to_be_unknown() {
    let (shop, release) = released(&two(COMMAND, ""));
    let is_it = |tag: &Value| tag["key"] == "shipgate:pre-deploy";
    shop.aws.world(|world| world.definitions.last_mut().unwrap().tags.retain(|tag| !is_it(tag)));

    let report = promote_without_commit(&shop, &release).outcome("deployed", 0);

    assert_reported(&report["warnings"], &["pre-deploy command for backend is not known", &release[..7], "backend:8"]);
    assert_eq!(recorded_pre_deploy(&shop), json!([]));
}

/// What a rollback restores keeps what is known of it.
#[test]
fn a_release_that_a_rollback_put_back_keeps_its_record() {
    let (shop, release) = released(&two(COMMAND, ""));
    let head = shop.repository.head();
    shop.aws.world(|world| world.registry.put_image(&head, Some(&head)));
    shop.deploy().outcome("deployed", 0);
    assert_eq!(recorded_pre_deploy(&shop), json!(["no"]));

    let report = shop.shipgate(&["rollback", "stage", "--output", "json"]).run().outcome("deployed", 0);

    assert_eq!(report["release"]["sha"], release);
    assert_eq!(recorded_pre_deploy(&shop), json!(["yes"]));
}

/// In one repository only the tag is put; the plan has seen none.
#[test]
fn a_tag_of_the_release_that_somebody_else_puts_meanwhile_is_not_moved() {
    let shop = staged();
    let release = shop.repository.head();
    let before = production(&shop);
    shop.aws.world(|world| world.registry.manifests.remove(&release));
    let mut looks = 0;
    let wanted = release.clone();
    shop.aws.answer("registry:GetManifest", move |call, world| {
        looks += usize::from(call.body.as_str().unwrap().ends_with(&wanted));
        // First the plan asks, then the promotion, right before it writes.
        if looks == 2 {
            world.registry.put_image(&wanted, Some("another program's"));
        }
        None
    });

    let report = promote(&shop).outcome("failed", 1);

    assert!(report["reason"].as_str().unwrap().contains("is taken"), "{report:#}");
    assert!(shop.aws.mutations().iter().all(|operation| !operation.starts_with("registry:")));
    assert_eq!(production(&shop), before);
}

/// What stage got since is not missing from a release that ran without it.
#[test]
fn variables_are_compared_with_the_revision_that_is_promoted() {
    let shop = staged();
    let release = shop.repository.head();
    shop.aws.world(|world| {
        let ours = world.definitions.last().unwrap().document.clone();
        let by_hand = world.register_by_hand(|document| {
            *document = ours;
            let variables = document["containerDefinitions"][0]["environment"].as_array_mut().unwrap();
            variables.push(json!({"name": "NEW_SINCE", "value": "x"}));
        });
        world.run_only(0, &by_hand);
    });
    let next = shop.repository.commit("The next one");
    shop.aws.world(|world| world.registry.put_image(&next, Some(&next)));
    shop.deploy().outcome("deployed", 0);
    let missing = |more: &[&str]| {
        let arguments = [&["plan", "promote", "production", "--output", "json"], more].concat();
        let plan = shop.shipgate(&arguments).run().outcome("planned", 0);
        plan["components"][0]["missing_variables"].as_array().unwrap().len()
    };

    assert_eq!((missing(&["--release", &release]), missing(&[])), (0, 1));
}
