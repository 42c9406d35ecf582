//! What a good deploy, and one with nothing to do, ask and change: exactly this and nothing else.

use serde_json::{Value, json};

use crate::scripted::{CLUSTER, SERVICE, Shop, World, arn, config, text};

#[test]
fn a_good_deploy_makes_three_changes() {
    let shop = Shop::new();
    let head = shop.repository.head();

    let report = shop.deploy().outcome("deployed", 0);

    assert_eq!(shop.aws.mutations(), ["ecs:RegisterTaskDefinition", "ecs:UpdateService", "ecs:TagResource"]);
    let component = &report["components"][0];
    assert_eq!(component["outcome"], "deployed");
    assert_eq!(component["changed"], true);
    assert_eq!(component["current"], json!({"sha": head, "digest": shop.digest}));
    assert_eq!(report["release"], json!({"sha": head, "digests": {"backend": shop.digest}}));
    assert_eq!(report["left_behind"], json!([]));
    assert_eq!(report.get("reason"), None);
}

#[test]
fn the_update_says_nothing_but_the_revision() {
    let shop = Shop::new();
    shop.deploy().outcome("deployed", 0);
    let revision = arn("task-definition", "backend:8");
    let update = shop.aws.call("ecs:UpdateService").body;
    assert_eq!(update, json!({"cluster": CLUSTER, "service": SERVICE, "taskDefinition": revision}));
}

#[test]
fn the_revision_is_the_live_one_with_the_image_and_fields_newer_than_the_sdk() {
    let shop = Shop::new();
    shop.aws.world(World::invent);
    for operation in ["ecs:DescribeTaskDefinition", "ecs:RegisterTaskDefinition"] {
        shop.aws.expect_violation(operation, "inventedAtTheTop: is not known");
        shop.aws.expect_violation(operation, "inventedInside: is not known");
    }
    let head = shop.repository.head();
    shop.deploy().outcome("deployed", 0);

    let sent = shop.aws.call("ecs:RegisterTaskDefinition").body;
    let mut expected = shop.aws.world(|world| world.definitions[0].document.clone());
    for read_only in [
        "taskDefinitionArn",
        "revision",
        "status",
        "requiresAttributes",
        "compatibilities",
        "registeredAt",
        "registeredBy",
    ] {
        expected.as_object_mut().unwrap().remove(read_only).unwrap();
    }
    let web = &mut expected["containerDefinitions"][0];
    assert!(web["inventedInside"].is_object(), "the live revision has a field that no SDK knows");
    web["image"] = Value::from(format!("{}/stage-shop:{head}@{}", shop.aws.host(), shop.digest));
    web["dockerLabels"] = sent["containerDefinitions"][0]["dockerLabels"].clone();
    let labels = sent["containerDefinitions"][0]["dockerLabels"].as_object().unwrap();
    assert!(labels.values().any(|label| *label == head), "dockerLabels carry the SHA: {labels:?}");
    let mut without_tags = sent.clone();
    without_tags.as_object_mut().unwrap().remove("tags");
    assert_eq!(without_tags, expected);
}

#[test]
fn foreign_tags_stay_and_those_of_aws_are_left_out() {
    let shop = Shop::new();
    let head = shop.repository.head();
    shop.deploy().outcome("deployed", 0);

    let sent = shop.aws.call("ecs:RegisterTaskDefinition").body["tags"].clone();
    let value = |tags: &Value, key: &str| {
        let tag = tags.as_array().unwrap().iter().find(|tag| tag["key"] == key).cloned();
        tag.map(|tag| tag["value"].as_str().unwrap().to_owned())
    };
    assert_eq!(value(&sent, "team").as_deref(), Some("shop"));
    let of_aws = |tag: &Value| tag["key"].as_str().unwrap().starts_with("aws:");
    assert!(!sent.as_array().unwrap().iter().any(of_aws), "{sent}");
    assert_eq!(value(&sent, "shipgate:previous"), Some(arn("task-definition", "backend:7")));
    assert_eq!(value(&sent, "shipgate:sha"), Some(head));
    assert_eq!(value(&sent, "shipgate:digest"), Some(shop.digest.clone()));
    assert!(value(&sent, "shipgate:run").is_some() && value(&sent, "shipgate:at").is_some(), "{sent}");
    let written = shop.aws.call("ecs:TagResource").body;
    assert_eq!(written["resourceArn"], arn("task-definition", "backend:8"));
    assert_eq!(value(&written["tags"], "shipgate:outcome").as_deref(), Some("deployed"));
}

/// The stated budget: what a deploy asks of AWS before it waits, and for each poll while it waits.
#[test]
fn a_good_deploy_costs_so_many_calls() {
    let shop = Shop::new();
    shop.aws.world(|world| world.looks = 3);
    shop.deploy().outcome("deployed", 0);

    let calls = calls_of_aws(&shop);
    let setting_up = [
        "sts:GetCallerIdentity",
        "ecr:GetAuthorizationToken",
        "ecs:DescribeServices",
        "ecs:DescribeTaskDefinition",
        "ecs:ListTaskDefinitions",
        "ecs:RegisterTaskDefinition",
        // The precondition is checked again right before the change.
        "ecs:DescribeServices",
        "ecs:UpdateService",
    ];
    // The update's own answer is the first poll. Each later one is two calls: the service, and its tasks that stopped,
    // until ECS calls the deployment done.
    let waiting = [["ecs:DescribeServices", "ecs:ListTasks"]; 3].concat();
    let waiting = [&waiting[..], &["ecs:DescribeServices"]].concat();
    let proving = ["ecs:ListTasks", "ecs:DescribeTasks", "ecs:TagResource"];
    assert_eq!(calls, [&setting_up[..], &waiting[..], &proving].concat());
    assert!(shop.aws.calls().iter().all(|call| call.signed || call.operation.starts_with("registry:")));
}

/// The calls of AWS but for the registry. Two of them are made together, and may come either way round.
fn calls_of_aws(shop: &Shop) -> Vec<String> {
    let calls = shop.aws.operations().into_iter().filter(|call| !call.starts_with("registry:"));
    let mut calls: Vec<String> = calls.collect();
    let together = ["ecs:ListTaskDefinitions", "ecs:DescribeTaskDefinition"];
    if let Some(first) = calls.windows(2).position(|pair| pair == together) {
        calls.swap(first, first + 1);
    }
    calls
}

#[test]
fn an_unchanged_run_changes_nothing_and_costs_eight_calls() {
    let shop = Shop::new();
    let first = shop.deploy().outcome("deployed", 0);
    shop.aws.forget();

    let report = shop.deploy().outcome("unchanged", 0);

    assert_eq!(shop.aws.mutations(), [""; 0]);
    let calls = calls_of_aws(&shop);
    assert_eq!(
        calls,
        [
            "sts:GetCallerIdentity",
            "ecr:GetAuthorizationToken",
            "ecs:DescribeServices",
            "ecs:DescribeTaskDefinition",
            "ecs:ListTaskDefinitions",
            "ecs:DescribeServices",
            "ecs:ListTasks",
            "ecs:DescribeTasks",
        ]
    );
    let component = &report["components"][0];
    assert_eq!((&component["outcome"], &component["changed"]), (&json!("unchanged"), &json!(false)));
    assert_eq!(component["previous"], component["current"]);
    assert_eq!(component["current"], first["components"][0]["current"]);
    assert_eq!(report["plan_digest"].as_str().unwrap().len(), first["plan_digest"].as_str().unwrap().len());
}

#[test]
fn a_plan_and_a_status_change_nothing() {
    let shop = Shop::new();
    let report = shop.shipgate(&["plan", "deploy", "stage", "--output", "json"]).run().outcome("planned", 0);
    assert_eq!(report["components"][0]["outcome"], "planned");
    assert_eq!(report["components"][0]["changed"], false);
    let status = shop.shipgate(&["status", "--output", "json"]).run().expect_code(0).json();
    let component = &status["environments"][0]["components"][0];
    assert_eq!((&component["desired"], &component["running"]), (&json!(2), &json!(2)));
    assert_eq!(shop.aws.mutations(), [""; 0]);
}

#[test]
fn nothing_desired_is_unproven() {
    let shop = Shop::new();
    shop.aws.world(|world| world.services[0].desired = 0);
    let report = shop.deploy().outcome("unproven", 9);
    assert!(text(&report, "hints").contains("desired count"), "{report:#}");
    let written = shop.aws.call("ecs:TagResource").body.to_string();
    assert!(written.contains("unproven"), "{written}");
}

/// A shop with a revision of a run that ended before it could use it.
fn with_unused_revision() -> Shop {
    let shop = Shop::new();
    shop.deploy().outcome("deployed", 0);
    shop.aws.world(|world| {
        let tags = world.tags(&arn("task-definition", "backend:8")).unwrap();
        tags.retain(|tag| tag["key"] != "shipgate:outcome" && tag["key"] != "shipgate:run");
        tags.push(json!({"key": "shipgate:run", "value": "acme/shop/1/1"}));
        world.roll_out(&[("1", "backend:7", "COMPLETED")]);
    });
    shop.aws.forget();
    shop
}

#[test]
fn a_revision_that_is_taken_up_is_of_the_run_that_does() {
    let shop = with_unused_revision();

    shop.deploy().outcome("deployed", 0);

    assert_eq!(shop.aws.mutations(), ["ecs:TagResource", "ecs:UpdateService", "ecs:TagResource"]);
    let history = shop.shipgate(&["history", "stage", "--output", "json"]).run().expect_code(0).json();
    assert_eq!(
        (&history["releases"][0]["run"], &history["releases"][0]["outcome"]),
        (&json!("local"), &json!("deployed"))
    );
}

/// A ledger that cannot be written stops nothing.
#[test]
fn a_revision_whose_run_cannot_be_written_is_taken_up_all_the_same() {
    let shop = with_unused_revision();
    shop.aws.refuse("ecs:TagResource", 400, "AccessDeniedException", "No.");
    let report = shop.deploy().outcome("deployed", 0);
    let warnings = text(&report, "warnings");
    assert!(warnings.contains("the run could not be written on backend:8"), "{warnings}");
}

fn moved_by_hand(world: &mut World) {
    let other = world.register_by_hand(|document| document["cpu"] = json!("512"));
    world.update(SERVICE, &other);
}

#[test]
fn a_target_that_moves_between_plan_and_change_is_stale() {
    let shop = Shop::new();
    shop.aws.answer("ecs:RegisterTaskDefinition", |_, world| {
        moved_by_hand(world);
        None
    });
    let report = shop.deploy().outcome("stale", 4);
    assert!(!shop.aws.mutations().contains(&"ecs:UpdateService".to_owned()));
    assert!(text(&report, "left_behind").contains("backend:9"), "the revision that nobody uses is named: {report:#}");
    assert_eq!(report["components"][0]["changed"], false);
}

#[test]
fn a_target_that_moves_while_the_pre_deploy_command_runs_is_stale() {
    let shop = Shop::with("pre-deploy = [\"migrate\"]");
    shop.aws.answer("ecs:RunTask", |_, world| {
        moved_by_hand(world);
        None
    });
    let report = shop.deploy().outcome("stale", 4);
    assert!(!shop.aws.mutations().contains(&"ecs:UpdateService".to_owned()));
    let left = text(&report, "left_behind");
    assert!(left.contains("backend:8") && left.contains("one-off-1"), "what nobody uses is named: {left}");
}

fn two_components() -> Shop {
    let worker = format!(
        "[components.worker]\nkind = \"ecs\"\nsettle = \"0s\"\nimage-from = \"backend\"\ncontainer = \"web\"\n\
         cluster = \"{CLUSTER}\"\nservice = \"stage-worker\"\ntimeout = \"2s\"\n"
    );
    let shop = Shop::with_config(
        &config("timeout = \"2s\"").replace("[environments.stage]", &format!("{worker}[environments.stage]")),
    );
    shop.aws.world(|world| world.add_service("stage-worker"));
    shop
}

#[test]
fn the_worst_component_is_the_outcome_and_what_was_changed_stays_named() {
    let shop = two_components();
    shop.aws.change("ecs:DescribeTasks", |call, answer| {
        if call.body.to_string().contains("stage-worker") {
            answer["tasks"][0]["containers"][0]["imageDigest"] = json!(format!("sha256:{}", "b".repeat(64)));
        }
    });
    let report = shop.deploy().outcome("broken", 6);
    let outcomes: Vec<(&Value, &Value)> =
        report["components"].as_array().unwrap().iter().map(|it| (&it["outcome"], &it["changed"])).collect();
    assert_eq!(outcomes, [(&json!("deployed"), &json!(true)), (&json!("broken"), &json!(true))]);
}

/// With one change at a time the worker has a revision by then, and its turn to be changed does not come.
#[test]
fn a_component_beside_a_failed_one_is_prepared_and_not_changed() {
    let shop = two_components();
    shop.aws.refuse("ecs:UpdateService", 400, "InvalidParameterException", "No.");
    let run = shop.shipgate(&["deploy", "stage", "--parallel", "1", "--output", "json"]).run();
    let report = run.outcome("failed", 1);
    let components = report["components"].as_array().unwrap();
    assert_eq!(components.iter().map(|it| &it["outcome"]).collect::<Vec<_>>(), ["failed", "failed"]);
    assert_eq!(text(&components[1], "causes"), "prepared and not changed: something else failed");
    assert_eq!(components[1]["current"], components[1]["previous"]);
    assert!(text(&report, "left_behind").contains("backend:9"), "{report:#}");
    assert_eq!(shop.aws.mutations().iter().filter(|call| *call == "ecs:UpdateService").count(), 1);
}

#[test]
fn the_plan_has_one_digest_until_the_target_moves() {
    let shop = Shop::new();
    let digest = || {
        let ran = shop.shipgate(&["plan", "deploy", "stage", "--output", "json"]).run();
        ran.outcome("planned", 0)["plan_digest"].as_str().unwrap().to_owned()
    };
    let first = digest();
    shop.aws.world(|world| world.services[0].desired = 5);
    shop.aws
        .world(|world| world.services[0].events = vec![json!({"id": "e", "message": "has reached a steady state"})]);
    assert_eq!(digest(), first, "counts and events are not part of the plan");
    shop.aws.world(|world| {
        let other = world.register_by_hand(|document| document["cpu"] = json!("512"));
        world.roll_out(&[("3", other.rsplit('/').next().unwrap(), "COMPLETED")]);
    });
    assert_ne!(digest(), first, "what the target runs is");
}

#[test]
fn the_ledger_names_the_workflow_run() {
    let shop = Shop::new();
    let run = shop.shipgate(&["deploy", "stage", "--output", "json"]);
    let run = run.env("GITHUB_ACTIONS", "true").env("GITHUB_REPOSITORY", "acme/shop").env("GITHUB_RUN_ID", "42");
    run.env("GITHUB_RUN_ATTEMPT", "3").run().outcome("deployed", 0);
    let tags = shop.aws.call("ecs:RegisterTaskDefinition").body["tags"].to_string();
    assert!(tags.contains("acme/shop/42/3"), "{tags}");
}

/// A task definition from a file: the same is unchanged, whatever ECS fills in.
#[test]
fn a_file_deploys_once() {
    let shop = Shop::with("task-definition = \"task.json\"");
    shop.repository.write(
        "task.json",
        json!({
            "family": "backend", "cpu": "0.25 vCPU", "memory": "0.5 GB", "requiresCompatibilities": ["FARGATE"],
            "containerDefinitions": [{"name": "web", "image": "replaced", "portMappings": [{"containerPort": 8000}]}],
        })
        .to_string(),
    );
    let head = shop.repository.commit("Keep the task definition here");
    shop.aws.world(|world| world.registry.put_image(&head, Some(&head)));
    shop.deploy().outcome("deployed", 0);
    shop.aws.forget();
    shop.aws.world(|world| {
        // What ECS adds to what was registered.
        let container = &mut world.definitions[1].document["containerDefinitions"][0];
        container["essential"] = json!(true);
        container["cpu"] = json!(0);
        container["portMappings"][0]["hostPort"] = json!(8000);
        container["portMappings"][0]["protocol"] = json!("tcp");
        for list in ["environment", "mountPoints", "volumesFrom", "systemControls"] {
            container[list] = json!([]);
        }
        let definition = &mut world.definitions[1].document;
        definition["cpu"] = json!("256");
        definition["memory"] = json!("512");
        definition["networkMode"] = json!("awsvpc");
        definition["volumes"] = json!([]);
        definition["placementConstraints"] = json!([]);
    });
    shop.deploy().outcome("unchanged", 0);
    assert_eq!(shop.aws.mutations(), [""; 0]);
}
