//! The rows of the verdict matrix that no local cloud can produce, against the scripted account.

use serde_json::{Value, json};

use crate::harness::Ran;
use crate::matrix::rows;
use crate::scripted::{CLUSTER, OLD_DIGEST, SERVICE, Shop, World, arn, config, time};

const EXITED: (&str, &str) = ("EssentialContainerExited", "Essential container in task exited");
/// The circuit breaker has rolled back.
const ROLLED_BACK: [(&str, &str, &str); 3] =
    [("3", "backend:7", "IN_PROGRESS"), ("2", "backend:8", "FAILED"), ("1", "backend:7", "COMPLETED")];
const GROUP: &str =
    "(target-group arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/stage-web/50dc6c495c0c9188)";

/// A deploy whose tasks stop as `stopped` says, which the circuit breaker rolls back.
fn rolled_back(stopped: impl Fn(&mut World) + Send + 'static) -> Ran {
    let shop = Shop::new();
    shop.aws.at_look(1, move |world| {
        stopped(world);
        world.roll_out(&ROLLED_BACK);
    });
    shop.deploy()
}

fn stop(world: &mut World, code: &str, reason: &str, container: &Value) {
    world.remember_stopped("backend:8", code, reason, container);
}

/// A probe that the account itself answers.
const PROBE: &str = "[[environments.stage.components.backend.probes]]\nurl = \"${env.PROBE}\"\nretries = 0\n";

fn probed() -> Shop {
    Shop::with_config(&format!("{}{PROBE}", config("")))
}

fn deploy_probed(shop: &Shop) -> Ran {
    let address = format!("http://{}/probe", shop.aws.host());
    shop.shipgate(&["deploy", "stage", "--output", "json"]).env("PROBE", address).run()
}

/// Changes what serves while a probe is asked after the update.
fn while_probed(shop: &Shop, change: impl Fn(&mut World) + Send + 'static) {
    let mut is_done = false;
    shop.aws.answer("probe:Ask", move |_, world| {
        if !is_done && world.services[0].deployments[0].id != "ecs-svc/1" {
            is_done = true;
            change(world);
        }
        None
    });
}

/// The service is set up so.
fn set_up(shop: &Shop, settings: Value) {
    let merge = move |service: &mut Value| {
        for (key, value) in settings.as_object().unwrap() {
            service[key] = value.clone();
        }
    };
    let of_update = merge.clone();
    shop.aws.change("ecs:DescribeServices", move |_, answer| merge(&mut answer["services"][0]));
    shop.aws.change("ecs:UpdateService", move |_, answer| of_update(&mut answer["service"]));
}

const SERVICE_DEPLOYMENT: &str =
    "arn:aws:ecs:us-east-1:123456789012:service-deployment/stage-cluster/stage-backend/NCWGC2ZR-taawPAYrIaU5";
const SERVICE_REVISION: &str =
    "arn:aws:ecs:us-east-1:123456789012:service-revision/stage-cluster/stage-backend/4980306466373577095";

/// ECS shows the service deployment that rolls the release out.
fn with_service_deployment(shop: &Shop) {
    shop.aws.answer("ecs:ListServiceDeployments", |call, _| {
        let brief = json!({
            "serviceDeploymentArn": SERVICE_DEPLOYMENT, "serviceArn": arn("service", &format!("{CLUSTER}/{SERVICE}")),
            "clusterArn": arn("cluster", CLUSTER), "createdAt": time(), "startedAt": time(),
            "targetServiceRevisionArn": SERVICE_REVISION, "status": "IN_PROGRESS",
        });
        Some(call.json(&json!({"serviceDeployments": [brief]})))
    });
    shop.aws.answer("ecs:DescribeServiceRevisions", |call, _| {
        let revision =
            json!({"serviceRevisionArn": SERVICE_REVISION, "taskDefinition": arn("task-definition", "backend:8")});
        Some(call.json(&json!({"serviceRevisions": [revision], "failures": []})))
    });
}

/// Tasks that crash again and again, where no circuit breaker ends that.
fn crash_loop() -> Shop {
    let shop = Shop::new();
    set_up(&shop, json!({"deploymentConfiguration": {"maximumPercent": 200, "minimumHealthyPercent": 100}}));
    shop.aws.world(|world| world.looks = 100_000);
    shop.aws.at_look(2, |world| (0..3).for_each(|_| stop(world, EXITED.0, EXITED.1, &json!({"exitCode": 3}))));
    shop
}

/// A deployment that shifts traffic, whose service deployment goes through these stages, one a poll.
fn shifting(strategy: &'static str, stages: &'static [(&'static str, &'static str)]) -> Shop {
    let shop = Shop::new();
    let balancer = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/stage-web/50dc6c495c0c9188";
    let mut rollout = json!({
        "strategy": strategy, "bakeTimeInMinutes": 1, "maximumPercent": 200, "minimumHealthyPercent": 100,
        "deploymentCircuitBreaker": {"enable": false, "rollback": false},
    });
    match strategy {
        "LINEAR" => rollout["linearConfiguration"] = json!({"stepPercent": 50.0, "stepBakeTimeInMinutes": 1}),
        "CANARY" => rollout["canaryConfiguration"] = json!({"canaryPercent": 10.0, "canaryBakeTimeInMinutes": 1}),
        _ => {}
    }
    let balancers = json!([{"targetGroupArn": balancer, "containerName": "web", "containerPort": 8000}]);
    set_up(&shop, json!({"deploymentConfiguration": rollout, "loadBalancers": balancers}));
    with_service_deployment(&shop);
    shop.aws.answer("ecs:DescribeServiceDeployments", move |call, _| {
        let (status, stage) = stages[(call.nth - 1).min(stages.len() - 1)];
        let mut deployment = json!({
            "serviceDeploymentArn": SERVICE_DEPLOYMENT, "status": status, "lifecycleStage": stage,
            "statusReason": "a lifecycle hook said no",
        });
        if stage == "POST_SCALE_UP" {
            let hook = json!({"hookId": "approve-it", "targetType": "PAUSE", "status": "AWAITING_ACTION"});
            deployment["lifecycleHookDetails"] = json!([hook]);
        }
        Some(call.json(&json!({"serviceDeployments": [deployment], "failures": []})))
    });
    shop
}

/// The stages of one that goes well.
const WELL: &[(&str, &str)] = &[
    ("IN_PROGRESS", "SCALE_UP"),
    ("IN_PROGRESS", "PRODUCTION_TRAFFIC_SHIFT"),
    ("IN_PROGRESS", "BAKE_TIME"),
    ("SUCCESSFUL", "CLEAN_UP"),
];
const PAUSED: &[(&str, &str)] =
    &[("IN_PROGRESS", "POST_SCALE_UP"), ("IN_PROGRESS", "POST_SCALE_UP"), ("SUCCESSFUL", "CLEAN_UP")];
const HOOK_FAILS: &[(&str, &str)] = &[
    ("IN_PROGRESS", "SCALE_UP"),
    ("ROLLBACK_IN_PROGRESS", "PRODUCTION_TRAFFIC_SHIFT"),
    ("ROLLBACK_SUCCESSFUL", "CLEAN_UP"),
];

/// A pre-deploy task that ends so.
fn pre_deploy(change: impl Fn(&mut Value) + Send + 'static) -> Ran {
    let shop = Shop::with("pre-deploy = [\"migrate\"]");
    shop.aws.change("ecs:DescribeTasks", move |_, answer| {
        answer["tasks"]
            .as_array_mut()
            .unwrap()
            .iter_mut()
            .filter(|task| task["lastStatus"] == "STOPPED")
            .for_each(&change);
    });
    shop.deploy()
}

fn controller(kind: &str) -> Ran {
    let shop = Shop::new();
    set_up(&shop, json!({"deploymentController": {"type": kind}}));
    shop.deploy()
}

fn tasks(count: i64, change: impl Fn(&mut Value) + Send + 'static) -> Ran {
    let shop = Shop::new();
    shop.aws.world(|world| world.services[0].desired = count);
    shop.aws.new_tasks(move |_, task| change(task));
    shop.deploy()
}

/// An alarm that goes off after a number of polls.
fn alarms(goes_off: usize) -> Ran {
    let shop = Shop::with("settle = { for = \"3s\", alarms = [\"backend-5xx\"] }");
    shop.aws.answer("cloudwatch:DescribeAlarms", move |call, _| {
        let state = if call.nth > goes_off { "ALARM" } else { "OK" };
        let alarm = json!({"AlarmName": "backend-5xx", "StateValue": state, "StateReason": "12 errors in a minute"});
        Some(call.json(&json!({"MetricAlarms": [alarm], "CompositeAlarms": []})))
    });
    shop.deploy()
}

rows! {
    wrong_architecture: "the image is for another architecture", "rolled-back", "CannotPullContainerError", "platform" => || {
        rolled_back(|world| {
            let reason = "CannotPullContainerError: pull image manifest has been retried 1 time(s): image Manifest does not \
                          contain descriptor matching platform 'linux/arm64'";
            stop(world, "TaskFailedToStart", reason, &json!({}));
        })
    };
    a_sidecar_crashes: "an essential sidecar crashes", "rolled-back", "container proxy exited with code 1", "fix the release" => || {
        let shop = Shop::new();
        shop.aws.world(|world| world.definitions[0].document["containerDefinitions"][1]["essential"] = json!(true));
        shop.aws.at_look(1, |world| {
            stop(world, EXITED.0, EXITED.1, &json!({"exitCode": 143}));
            let proxy = json!({"name": "proxy", "lastStatus": "STOPPED", "exitCode": 1});
            world.stopped[0]["containers"].as_array_mut().unwrap().push(proxy);
            world.roll_out(&ROLLED_BACK);
        });
        shop.deploy()
    };
    our_container_ended: "the container of the release has ended, and is not essential, so its task runs on", "rolled-back", "exited with code 7", "fix the release" => || {
        let shop = Shop::new();
        shop.aws.world(|world| world.definitions[0].document["containerDefinitions"][0]["essential"] = json!(false));
        shop.aws.new_tasks(|_, task| {
            task["containers"][0]["lastStatus"] = json!("STOPPED");
            task["containers"][0]["exitCode"] = json!(7);
        });
        shop.deploy()
    };
    container_health: "the container's health check fails", "rolled-back", "health check", "raise `startPeriod`" => || {
        rolled_back(|world| {
            stop(world, "ServiceSchedulerInitiated", "Task failed container health checks", &json!({"exitCode": 137, "healthStatus": "UNHEALTHY"}));
        })
    };
    target_health: "the target group finds the tasks unhealthy", "rolled-back", "[404]", "health-check path" => || {
        rolled_back(|world| {
            let message = format!("(service web) (port 8000) is unhealthy in {GROUP} due to (reason Health checks failed with these codes: [404])");
            world.services[0].events = vec![json!({"id": "2", "createdAt": time() + 60.0, "message": message})];
            let reason = format!("Task failed ELB health checks in {GROUP}");
            stop(world, "ServiceSchedulerInitiated", &reason, &json!({"exitCode": 143}));
        })
    };
    killed_for_memory: "a container is killed for its memory", "rolled-back", "code 137", "memory" => || {
        rolled_back(|world| {
            let container = json!({"exitCode": 137, "reason": "OutOfMemoryError: Container killed due to memory usage"});
            stop(world, EXITED.0, "OutOfMemoryError: Container killed due to memory usage", &container);
        })
    };
    superseded_and_rolled_back: "another deployment took over, failed, and was rolled back to what ran before both", "superseded", "backend:9", "find out who" => || {
        let shop = Shop::new();
        shop.aws.at_look(2, |world| {
            world.register_by_hand(|document| document["cpu"] = json!("512"));
            world.roll_out(&[("4", "backend:7", "COMPLETED"), ("3", "backend:9", "FAILED")]);
        });
        shop.deploy()
    };
    moved_while_probed: "another deployment takes over while the probes are asked", "superseded", "backend:9", "find out who" => || {
        let shop = probed();
        while_probed(&shop, |world| {
            world.register_by_hand(|document| document["cpu"] = json!("512"));
            world.roll_out(&[("9", "backend:9", "COMPLETED")]);
        });
        deploy_probed(&shop)
    };
    is_draining: "the service is being deleted when shipgate comes", "failed", "is not active", "create it again" => || {
        let shop = Shop::new();
        set_up(&shop, json!({"status": "DRAINING"}));
        shop.deploy()
    };
    five_deployments: "five deployments of the service are active", "failed", "5 active deployments exist", "run it again" => || {
        let shop = Shop::new();
        shop.aws.refuse("ecs:UpdateService", 400, "InvalidParameterException", "5 active deployments exist on the service, unable to create new deployment");
        shop.deploy()
    };
    revision_deregistered: "the new revision is deregistered before the update", "failed", "TaskDefinition is inactive", "run it again" => || {
        let shop = Shop::new();
        shop.aws.refuse("ecs:UpdateService", 400, "ClientException", "TaskDefinition is inactive");
        shop.deploy()
    };
    eventual_consistency: "each read after the update is some seconds old", "deployed", "", "" => || {
        let shop = Shop::new();
        shop.aws.late_looks(3);
        shop.deploy()
    };
    alarm_rollback: "an alarm of the deployment goes off, and ECS rolls back", "rolled-back", "alarm", "fix the release" => || {
        let shop = Shop::new();
        let alarms = json!({"enable": true, "rollback": true, "alarmNames": ["backend-5xx"]});
        set_up(&shop, json!({"deploymentConfiguration": {"alarms": alarms, "bakeTimeInMinutes": 1, "maximumPercent": 200, "minimumHealthyPercent": 100}}));
        shop.aws.at_look(2, |world| world.roll_out(&ROLLED_BACK));
        shop.aws.after_update(|service| {
            for deployment in service["deployments"].as_array_mut().unwrap() {
                deployment["rolloutStateReason"] = json!("ECS deployment failed: alarm detected: backend-5xx");
            }
        });
        shop.deploy()
    };
    blue_green: "blue/green with a bake time", "deployed", "", "" => || shifting("BLUE_GREEN", WELL).deploy();
    linear: "a linear shift of traffic", "deployed", "", "" => || shifting("LINEAR", WELL).deploy();
    canary: "a canary with a bake time", "deployed", "", "" => || shifting("CANARY", WELL).deploy();
    canary_with_pause: "a canary that a pause hook holds until somebody lets it continue", "deployed", "", "" => || {
        let ran = shifting("CANARY", PAUSED).deploy();
        assert!(ran.stderr.contains("approve-it"), "{}", ran.stderr);
        ran
    };
    blue_green_rolled_back: "blue/green that a lifecycle hook fails, rolled back", "rolled-back", "a lifecycle hook said no", "fix the release" => || {
        let shop = shifting("BLUE_GREEN", HOOK_FAILS);
        shop.aws.at_look(3, |world| world.roll_out(&ROLLED_BACK));
        shop.deploy()
    };
    canary_rolled_back: "a canary that is rolled back without its deployment being called FAILED", "rolled-back", "a lifecycle hook said no", "fix the release" => || {
        let shop = shifting("CANARY", HOOK_FAILS);
        shop.aws.at_look(3, |world| world.roll_out(&[("1", "backend:7", "COMPLETED"), ("2", "backend:8", "IN_PROGRESS")]));
        shop.deploy()
    };
    deferred_cleanup: "`earlySuccessCriteria` with the cleanup `DEFERRED`: old tasks run on after ECS calls it done", "deployed", "", "" => || {
        let shop = Shop::new();
        let early = json!({"enable": true, "healthyPercent": 100, "sourceServiceRevisionCleanup": "DEFERRED"});
        set_up(&shop, json!({"deploymentConfiguration": {"earlySuccessCriteria": early, "maximumPercent": 200, "minimumHealthyPercent": 100}}));
        let mut looks = 0;
        shop.aws.change("ecs:DescribeTasks", move |_, answer| {
            let tasks = answer["tasks"].as_array_mut().unwrap();
            if tasks.iter().any(|task| task["taskDefinitionArn"] == arn("task-definition", "backend:8")) {
                looks += 1;
                if looks < 4 {
                    let mut old = tasks[0].clone();
                    old["taskDefinitionArn"] = json!(arn("task-definition", "backend:7"));
                    old["containers"][0]["imageDigest"] = json!(OLD_DIGEST);
                    tasks.push(old);
                }
            }
        });
        shop.deploy()
    };
    daemon: "a service of scheduling strategy `DAEMON`", "deployed", "", "" => || {
        let shop = Shop::new();
        set_up(&shop, json!({"schedulingStrategy": "DAEMON", "launchType": "EC2"}));
        shop.deploy()
    };
    code_deploy: "deployment controller `CODE_DEPLOY`", "invalid", "CODE_DEPLOY", "deployment controller is ECS" => || controller("CODE_DEPLOY");
    external: "deployment controller `EXTERNAL`", "invalid", "EXTERNAL", "deployment controller is ECS" => || controller("EXTERNAL");
    pre_deploy_killed: "the pre-deploy command is killed for its memory", "failed", "137", "memory" => || {
        pre_deploy(|task| {
            task["containers"][0]["exitCode"] = json!(137);
            task["containers"][0]["reason"] = json!("OutOfMemoryError: Container killed due to memory usage");
        })
    };
    other_digest: "tasks run another digest than the one that was shipped", "rolled-back", "not the digest that was shipped", "fix the release" => || {
        tasks(2, |task| task["containers"][0]["imageDigest"] = json!(format!("sha256:{}", "b".repeat(64))))
    };
    fargate: "tasks on Fargate, which shows the digest of a platform", "deployed", "", "" => || {
        let mut shop = Shop::new();
        let index = shop.index();
        let platform = index.platforms[0].clone();
        shop.aws.new_tasks(move |_, task| task["containers"][0]["imageDigest"] = json!(platform));
        shop.deploy()
    };
    ec2: "tasks on EC2 instances", "deployed", "", "" => || {
        let shop = Shop::new();
        set_up(&shop, json!({"launchType": "EC2"}));
        shop.aws.new_tasks(|_, task| {
            task["launchType"] = json!("EC2");
            task["containerInstanceArn"] = json!("arn:aws:ecs:us-east-1:123456789012:container-instance/stage-cluster/a1b2c3");
        });
        shop.deploy()
    };
    many_tasks: "more than 100 tasks", "deployed", "", "" => || tasks(250, |_| {});
    alarm_settles: "an alarm of `settle` goes off after the rollout", "rolled-back", "alarm `backend-5xx` went off", "alarm" => || alarms(2);
    alarm_quiet: "the alarms of `settle` stay quiet", "deployed", "", "" => || alarms(1000);
    log_settles: "the log contains what `logs-without` forbids", "rolled-back", "contains `Traceback`", "logs-without" => || {
        let shop = Shop::with("settle = { for = \"2s\", logs-without = [\"Traceback\"] }");
        shop.aws.change("logs:FilterLogEvents", |call, answer| {
            if call.nth > 1 {
                answer["events"] = json!([{"eventId": "1", "logStreamName": "backend/web/stage-backend-8-1", "message": "Traceback (most recent call last):",
                                           "timestamp": 1_700_000_000_000_i64, "ingestionTime": 1_700_000_000_000_i64}]);
            }
        });
        shop.deploy()
    };
    service_deployment_is_stopped: "a crash loop, where ECS can stop the service deployment and go back", "rolled-back", "exited with code 3", "fix the release" => || {
        let shop = crash_loop();
        with_service_deployment(&shop);
        shop.aws.answer("ecs:StopServiceDeployment", |call, world| {
            assert_eq!(call.body["stopType"], "ROLLBACK");
            world.looks = 0;
            world.roll_out(&[("3", "backend:7", "IN_PROGRESS"), ("2", "backend:8", "IN_PROGRESS")]);
            Some(call.json(&json!({"serviceDeploymentArn": SERVICE_DEPLOYMENT})))
        });
        let ran = shop.deploy();
        assert_eq!(shop.aws.mutations().iter().filter(|call| *call == "ecs:UpdateService").count(), 1);
        ran
    };
    service_deployment_may_not_be_stopped: "a crash loop, where the role may not stop the service deployment", "rolled-back", "exited with code 3", "fix the release" => || {
        let shop = crash_loop();
        with_service_deployment(&shop);
        shop.aws.refuse("ecs:StopServiceDeployment", 400, "AccessDeniedException", "not authorized to perform: ecs:StopServiceDeployment");
        shop.aws.answer("ecs:UpdateService", |_, world| {
            world.looks = if world.services[0].deployments[0].id == "ecs-svc/1" { 100_000 } else { 0 };
            None
        });
        let ran = shop.deploy();
        assert_eq!(shop.aws.mutations().iter().filter(|call| *call == "ecs:UpdateService").count(), 2);
        ran
    };
    left_alone: "a release fails, and `on-failure` is `leave`", "broken", "nothing was rolled back", "on-failure" => || {
        let shop = Shop::with_config(&(config("") + "on-failure = \"leave\"\n"));
        shop.aws.new_tasks(|_, task| task["containers"][0]["imageDigest"] = json!(format!("sha256:{}", "b".repeat(64))));
        shop.deploy()
    };
    still_going: "the rollout is still in progress at the timeout", "timed-out", "still in progress", "shipgate status" => || {
        let shop = Shop::with("timeout = \"1s\"");
        shop.aws.world(|world| world.looks = 100_000);
        shop.deploy()
    };
}
