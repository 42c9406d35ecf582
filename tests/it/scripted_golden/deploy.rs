//! `deploy` and `plan deploy`, with every outcome.

use serde_json::{Value, json};

use crate::golden::{Case, Form};
use crate::harness::{Running, eventually};
use crate::scripted::{CLUSTER, SERVICE, Shop, config};

const DEPLOY: [&str; 2] = ["deploy", "stage"];
const PLAN: [&str; 3] = ["plan", "deploy", "stage"];

pub const CASES: &[Case] = &[
    ("deploy-deployed", |form| form.run(&Shop::new(), &DEPLOY)),
    ("deploy-unchanged", |form| form.run(&deployed(), &DEPLOY)),
    ("deploy-planned", |form| form.run(&Shop::new(), &PLAN)),
    ("deploy-planned-nothing-to-change", |form| form.run(&deployed(), &PLAN)),
    ("deploy-planned-after-a-change-by-hand", |form| form.run(&changed_by_hand(), &PLAN)),
    ("deploy-planned-with-cautions", |form| form.run(&crate::scripted_cautions::careless(), &PLAN)),
    ("deploy-failed", |form| {
        let shop = Shop::new();
        let denied = "User: arn:aws:iam::123456789012:user/ci is not authorized to perform: ecs:UpdateService";
        shop.aws.refuse("ecs:UpdateService", 400, "AccessDeniedException", denied);
        form.run(&shop, &DEPLOY)
    }),
    ("deploy-failed-before-traffic", |form| {
        let shop = Shop::with("pre-deploy = [\"migrate\"]");
        shop.aws.world(|world| {
            world.one_off_exit = Some(3);
            world.log = vec!["no such table: products".to_owned()];
        });
        form.run(&shop, &DEPLOY)
    }),
    ("deploy-invalid", |form| form.run(&Shop::with("timeout = \"soon\"\nreplicas = 3"), &DEPLOY)),
    ("deploy-invalid-controller", |form| {
        let shop = Shop::new();
        shop.aws.change("ecs:DescribeServices", |_, answer| {
            answer["services"][0]["deploymentController"] = json!({"type": "CODE_DEPLOY"});
            answer["services"][0]["deployments"] = json!([]);
        });
        form.run(&shop, &DEPLOY)
    }),
    ("deploy-refused", |form| {
        let shop = Shop::new();
        let hold = json!({"key": "shipgate:hold", "value": "2020-11-20T10:00:00Z local carts fail"});
        shop.aws.world(|world| world.services[0].tags.push(hold));
        form.run(&shop, &DEPLOY)
    }),
    ("deploy-stale", |form| {
        let shop = Shop::new();
        shop.aws.answer("ecs:RegisterTaskDefinition", |_, world| {
            let other = world.register_by_hand(|document| document["cpu"] = json!("512"));
            world.update(SERVICE, &other);
            None
        });
        form.run(&shop, &DEPLOY)
    }),
    ("deploy-rolled-back", |form| {
        let shop = Shop::new();
        shop.aws.at_look(1, |world| {
            world.remember_stopped("backend:8", "EssentialContainerExited", "it ended", &json!({"exitCode": 3}));
            world.log = vec!["no such table: products".to_owned()];
            world.roll_out(&[
                ("3", "backend:7", "IN_PROGRESS"),
                ("2", "backend:8", "FAILED"),
                ("1", "backend:7", "COMPLETED"),
            ]);
        });
        form.run(&shop, &DEPLOY)
    }),
    ("deploy-broken", |form| {
        let shop = Shop::with_config(&(config("") + "on-failure = \"leave\"\n"));
        shop.aws.at_look(2, |world| world.roll_out(&[("2", "backend:8", "FAILED")]));
        shop.aws.after_update(|service| {
            service["deployments"][0]["rolloutStateReason"] = json!("circuit breaker was triggered");
        });
        form.run(&shop, &DEPLOY)
    }),
    ("deploy-rolled-back-for-another-digest", |form| {
        let shop = Shop::new();
        let other = format!("sha256:{}", "b".repeat(64));
        shop.aws.new_tasks(move |_, task| task["containers"][0]["imageDigest"] = json!(other));
        form.run(&shop, &DEPLOY)
    }),
    ("deploy-superseded", |form| {
        let shop = Shop::new();
        shop.aws.at_look(2, |world| {
            world.register_by_hand(|document| document["cpu"] = json!("512"));
            world.roll_out(&[("3", "backend:9", "IN_PROGRESS"), ("2", "backend:8", "IN_PROGRESS")]);
        });
        form.run(&shop, &DEPLOY)
    }),
    ("deploy-timed-out", |form| {
        let shop = Shop::with("timeout = \"2s\"");
        shop.aws.world(|world| world.looks = 100_000);
        form.run(&shop, &DEPLOY)
    }),
    ("deploy-unproven", |form| {
        let shop = Shop::new();
        shop.aws.world(|world| world.services[0].desired = 0);
        form.run(&shop, &DEPLOY)
    }),
    ("deploy-interrupted", |form| {
        let shop = Shop::new();
        shop.aws.world(|world| world.looks = 100_000);
        let running = form.shipgate(&shop, &DEPLOY).start();
        let updated = || shop.aws.operations().iter().position(|operation| operation == "ecs:UpdateService");
        eventually("it waits", || updated().is_some_and(|index| shop.aws.operations().len() > index + 1));
        interrupted(form, &shop, running)
    }),
    ("deploy-interrupted-before-traffic", |form| {
        let shop = Shop::with("pre-deploy = [\"migrate\"]");
        shop.aws.world(|world| world.one_off_looks = 100_000);
        let running = form.shipgate(&shop, &DEPLOY).start();
        let looks = || shop.aws.operations().iter().filter(|operation| *operation == "ecs:DescribeTasks").count();
        eventually("the task runs", || looks() > 1);
        interrupted(form, &shop, running)
    }),
    ("deploy-two-components-broken", |form| {
        let shop = two_components();
        shop.aws.change("ecs:DescribeTasks", |call, answer| {
            let is_backend = call.body.to_string().contains("stage-backend");
            if let Some(task) = answer["tasks"].get_mut(0).filter(|_| is_backend) {
                task["containers"][0]["imageDigest"] = json!(format!("sha256:{}", "b".repeat(64)));
            }
        });
        form.run(&shop, &DEPLOY)
    }),
    ("deploy-two-components-deployed", |form| {
        let shop = two_components();
        // The worker has no file, and keeps them.
        invented(&shop, "ecs:RegisterTaskDefinition");
        shop.aws.world(|world| world.log = vec!["migrated".to_owned()]);
        form.run(&shop, &DEPLOY)
    }),
];

/// A shop whose release runs already.
fn deployed() -> Shop {
    let shop = Shop::new();
    shop.deploy().outcome("deployed", 0);
    shop
}

/// The same, whose service somebody has changed since.
fn changed_by_hand() -> Shop {
    let shop = deployed();
    shop.aws.world(|world| {
        let ours = world.definitions.last().unwrap().document.clone();
        let by_hand = world.register_by_hand(|document| {
            *document = ours;
            document["containerDefinitions"][0]["environment"][1]["value"] = json!("changed");
            document["memory"] = json!("1024");
        });
        world.run_only(0, &by_hand);
    });
    shop
}

/// A backend with a command before traffic, and a worker of the same image that comes after it.
fn two_components() -> Shop {
    let worker = format!(
        "[components.worker]\nkind = \"ecs\"\nsettle = \"0s\"\nimage-from = \"backend\"\ncontainer = \"web\"\n\
         cluster = \"{CLUSTER}\"\nservice = \"stage-worker\"\ndepends-on = [\"backend\"]\nprobes = []\n"
    );
    let shop = Shop::with_config(
        &config("pre-deploy = [\"migrate\"]\ntask-definition = \"task.json\"")
            .replace("[environments.stage]", &format!("{worker}[environments.stage]")),
    );
    shop.repository.write("task.json", task_definition().to_string());
    let head = shop.repository.commit("Keep the task definition here");
    invented(&shop, "ecs:DescribeTaskDefinition");
    shop.aws.world(|world| {
        world.invent();
        world.add_service("stage-worker");
        world.registry.put_image(&head, Some(&head));
    });
    shop
}

/// Declares the fields that no model knows.
fn invented(shop: &Shop, operation: &str) {
    shop.aws.expect_violation(operation, "inventedAtTheTop: is not known");
    shop.aws.expect_violation(operation, "inventedInside: is not known");
}

fn task_definition() -> Value {
    json!({
        "family": "backend", "cpu": "512", "memory": "1024", "requiresCompatibilities": ["FARGATE"],
        "networkMode": "awsvpc",
        "containerDefinitions": [{"name": "web", "image": "replaced", "portMappings": [{"containerPort": 8000}],
            "healthCheck": {"command": ["CMD-SHELL", "curl -f http://localhost:8000/health"]},
            "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/ecs/stage",
                "awslogs-region": "us-east-1", "awslogs-stream-prefix": "backend"}}}],
    })
}

fn interrupted(form: Form, shop: &Shop, running: Running) -> String {
    running.signal("INT");
    form.kept(&shop.repository, &DEPLOY, &running.wait())
}
