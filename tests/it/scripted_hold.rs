//! Holds that are denied, seen late, seen never, or written by somebody else.

use serde_json::{Value, json};

use crate::harness::{Ran, assert_reported};
use crate::scripted::{Answer, CLUSTER, Call, Shop, all_at_once, config, text};
use crate::scripted_golden::served;

const WORKER: &str = "stage-worker";

fn hold(shop: &Shop, command: &str) -> Ran {
    shop.shipgate(&[command, "stage", "--reason", "carts fail", "--output", "json"]).run()
}

/// A shop with a second service, and a hold on both services where that is wanted.
fn two(held: bool) -> Shop {
    let shop = Shop::with_config(&config(&format!(
        "[components.worker]\nkind = \"ecs\"\nsettle = \"0s\"\nimage-from = \"backend\"\ncontainer = \"web\"\n\
         cluster = \"{CLUSTER}\"\nservice = \"{WORKER}\""
    )));
    shop.aws.world(|world| {
        world.add_service(WORKER);
        if held {
            for service in &mut world.services {
                service.tags.push(json!({"key": "shipgate:hold", "value": "2026-11-20T10:00:00Z local before"}));
            }
        }
    });
    shop
}

fn denied(call: &Call, action: &str) -> Answer {
    let message = format!("User: arn:aws:iam::123456789012:user/ci is not authorized to perform: {action}");
    call.error(400, "AccessDeniedException", &message)
}

#[test]
fn a_denied_change_names_the_permission_and_every_service() {
    let cases = [
        ("hold", "ecs:TagResource", false, "does not have the hold"),
        ("unhold", "ecs:TagResource", true, "still has a hold"),
        ("unhold", "ecs:UntagResource", true, "still has a hold"),
    ];
    all_at_once(cases, |(command, operation, held, state)| {
        let shop = two(held);
        shop.aws.answer(operation, move |call, _| Some(denied(call, operation)));
        let ran = hold(&shop, command);
        let report = ran.outcome("failed", 1);
        assert_eq!(report["command"], command);
        assert!(text(&report, "hints").contains(&format!("`{operation}`")), "{report:#}");
        for component in ["`backend`", "`worker`"] {
            assert_reported(&report["causes"], &[component, state]);
        }
        assert_eq!(report["holds"].as_array().unwrap().len(), if held { 2 } else { 0 });
    });
}

#[test]
fn one_that_fails_ends_it_and_all_are_told() {
    for command in ["hold", "unhold"] {
        let shop = two(command == "unhold");
        shop.aws.answer("ecs:TagResource", |call, _| {
            let of_worker = call.body["resourceArn"].as_str().unwrap().ends_with(WORKER);
            of_worker.then(|| denied(call, "ecs:TagResource"))
        });
        let report = hold(&shop, command).outcome("failed", 1);
        let (done, open) = match command {
            "hold" => ("has the hold", "does not have the hold"),
            _ => ("has no hold", "still has a hold"),
        };
        assert_reported(&report["causes"], &["`backend`", done]);
        assert_reported(&report["causes"], &["`worker`", open]);
        let on: Vec<&Value> = report["holds"].as_array().unwrap().iter().map(|hold| &hold["component"]).collect();
        assert_eq!(on, [if command == "hold" { "backend" } else { "worker" }]);
        if command == "unhold" {
            assert_eq!(report["lifted"][0]["component"], "backend");
        }
    }
}

#[test]
fn what_cannot_be_looked_at_afterwards_is_unknown() {
    let shop = Shop::new();
    shop.aws.answer("ecs:DescribeServices", |call, world| {
        let written = !world.services[0].tags.is_empty();
        written.then(|| denied(call, "ecs:DescribeServices"))
    });
    let report = hold(&shop, "hold").outcome("failed", 1);
    assert_reported(&report["causes"], &["whether `backend` has the hold is unknown"]);
    assert_eq!(report["holds"], json!([]));
}

/// ECS takes a tag and shows it some looks later.
#[test]
fn a_tag_that_is_seen_late_is_waited_for() {
    for command in ["hold", "unhold"] {
        let shop = two(command == "unhold");
        let (mut old, mut looks) = (Vec::new(), 0);
        shop.aws.change("ecs:DescribeServices", move |_, answer| {
            let tags = &mut answer["services"][0]["tags"];
            looks += 1;
            match looks {
                1 => old = tags.as_array().unwrap().clone(),
                ..=6 => *tags = Value::from(old.clone()),
                _ => {}
            }
        });
        let report = hold(&shop, command).expect_code(0).json();
        assert_eq!(report["holds"].as_array().unwrap().len(), if command == "hold" { 2 } else { 0 }, "{report:#}");
    }
}

fn plan_unhold(shop: &Shop, more: &[&str]) -> Ran {
    let arguments = ["plan", "unhold", "stage", "--reason", "carts work", "--output", "json"];
    shop.shipgate(&[&arguments, more].concat()).run()
}

#[test]
fn what_would_be_lifted_is_planned_without_a_change() {
    let shop = two(true);
    let report = plan_unhold(&shop, &[]).outcome("planned", 0);
    assert_eq!(shop.aws.mutations(), [""; 0]);
    let components: Vec<&Value> = report["holds"].as_array().unwrap().iter().map(|hold| &hold["component"]).collect();
    assert_eq!((&report["command"], components), (&json!("plan unhold"), vec![&json!("backend"), &json!("worker")]));
    assert_eq!((&report["holds"][0]["reason"], &report["unhold_reason"]), (&json!("before"), &json!("carts work")));
    assert_eq!(report["gates"][0]["name"], "identity");
    let digest = |report: &Value| report["plan_digest"].as_str().unwrap().to_owned();
    let planned = digest(&report);
    assert_eq!(digest(&plan_unhold(&shop, &[]).json()), planned);
    // Of one component it is another plan.
    assert_ne!(digest(&plan_unhold(&shop, &["--component", "worker"]).json()), planned);

    let unhold = |reason: &str, digest: &str| {
        let arguments = ["unhold", "stage", "--reason", reason, "--expect-plan", digest, "--output", "json"];
        shop.shipgate(&arguments).env("SHIPGATE_PLAN", "{}").run()
    };
    let stale = |ran: &Ran| {
        let report = ran.outcome("invalid", 2);
        let reason = report["reason"].as_str().unwrap();
        assert!(
            reason.starts_with("the plan is sha256:") && reason.ends_with(&format!("now, not {planned}")),
            "{reason}"
        );
        assert!(text(&report, "hints").contains("plan again"), "{report:#}");
        assert_eq!(shop.aws.mutations(), [""; 0]);
    };
    stale(&unhold("another reason", &planned));
    shop.aws.world(|world| {
        let hold = json!({"key": "shipgate:hold", "value": "2026-11-20T10:00:01Z local before"});
        world.services[1].tags = vec![hold];
    });
    stale(&unhold("carts work", &planned));
    let planned = digest(&plan_unhold(&shop, &[]).json());
    let lifted = unhold("carts work", &planned).expect_code(0).json();
    assert_eq!(lifted["lifted"].as_array().unwrap().len(), 2, "{lifted:#}");
    assert_eq!(unhold("carts work", &planned).outcome("invalid", 2)["command"], "unhold");
    let wrong = unhold("carts work", "sha256:x").outcome("invalid", 2);
    assert_eq!(wrong["reason"], "--expect-plan is not a plan's digest");
}

/// What a rollback left stands on revisions too; of two that differ, the plan has both.
#[test]
fn a_plan_has_the_holds_of_every_home() {
    let (shop, _) = served(2);
    shop.shipgate(&["rollback", "stage", "--output", "json"]).run().outcome("deployed", 0);
    let of = |shop: &Shop| {
        let report = plan_unhold(shop, &[]).outcome("planned", 0);
        (report["holds"].as_array().unwrap().len(), report["plan_digest"].clone())
    };
    let (count, both) = of(&shop);
    assert_eq!(count, 1);
    // The same hold with another time, on the service alone.
    shop.aws.world(|world| {
        let hold = world.services[0].tags.iter_mut().find(|tag| tag["key"] != "team").unwrap();
        let value = hold["value"].as_str().unwrap().replacen("20", "19", 1);
        hold["value"] = json!(value);
    });
    let (count, other) = of(&shop);
    assert_eq!(count, 2);
    assert_ne!(other, both);
}

/// In an emergency `hold` must not need the variables that probes and builds use.
#[test]
fn what_deploys_nothing_needs_no_variables_of_probes_and_builds() {
    let stage = "[[environments.stage.components.backend.probes]]\nurl = \"${vars.STAGE_URL}/health\"\n";
    let build = "build = { context = \".\", args = { KEY = \"${env.BUILD_KEY}\" } }";
    let config = config("").replace("build = { context = \".\" }", build);
    let production = "[environments.production]\nregion = \"us-east-1\"\n\
                      [environments.production.components.backend]\nservice = \"prod-backend\"\n\
                      probes = [{ url = \"${vars.PRODUCTION_URL}/health\" }]\n";
    let shop = Shop::with_config(&format!("{config}{stage}{production}"));
    shop.aws.world(|world| world.add_service("prod-backend"));
    for arguments in [
        &["hold", "production", "--reason", "carts fail"][..],
        &["status"],
        &["status", "production"],
        &["history", "production"],
        &["logs", "production"],
        &["unhold", "production", "--reason", "fixed"],
    ] {
        shop.shipgate(arguments).run().expect_code(0);
    }
    let report = shop.deploy().outcome("invalid", 2);
    assert_eq!(report["problems"].as_array().unwrap().len(), 2, "{report:#}");
}

#[test]
fn a_run_in_a_workflow_is_named() {
    let shop = Shop::new();
    let run = shop.shipgate(&["hold", "stage", "--reason", "carts fail", "--output", "json"]);
    let run = run.env("GITHUB_REPOSITORY", "acme/shop").env("GITHUB_RUN_ID", "77").env("GITHUB_RUN_ATTEMPT", "2");
    let report = run.run().expect_code(0).json();
    assert_eq!(report["holds"][0]["run"], "acme/shop/77/2");
}

/// In an emergency the variables of probes, addresses and builds are not needed.
#[test]
fn only_what_names_a_service_has_to_have_a_value() {
    let probe = "[[environments.stage.components.backend.probes]]\nurl = \"${vars.URL}/health\"\n\
                 headers = { Authorization = \"${env.KEY}\" }\n";
    let config =
        config("pre-deploy = [\"${env.NONE}\"]\ntask-definition = \"${vars.FILE}\"\ntimeout = \"${vars.TIMEOUT}\"")
            .replace("{ context = \".\" }", "{ context = \"${vars.CONTEXT}\", args = { A = \"${vars.A}\" } }")
            .replace("stage-shop", "${environment.prefix}-shop")
            + "url = \"${vars.URL}\"\nprefix = \"${vars.PREFIX}\"\n"
            + probe;
    let commands: [&[&str]; 5] = [
        &["hold", "stage", "--reason", "x"],
        &["status", "stage"],
        &["history", "stage"],
        &["logs", "stage"],
        &["unhold", "stage", "--reason", "x"],
    ];
    let shop = Shop::with_config(&config);
    for arguments in commands {
        shop.shipgate(arguments).run().expect_code(0);
    }
    // What they need is needed, and reported at once.
    let config = config.replace(&format!("\"{CLUSTER}\""), "\"${environment.prefix}-cluster\"");
    let shop = Shop::with_config(&config.replace("service = ", "service = \"${vars.SERVICE}\"\n#"));
    for arguments in commands {
        let ran = shop.shipgate(&[arguments, &["--output", "json"]].concat()).run();
        let (report, command) = (ran.json(), arguments[0]);
        assert_eq!((ran.code, &report["outcome"]), (2, &json!("invalid")), "{command}: {report:#}");
        let reason = report["reason"].as_str().unwrap();
        for name in ["SERVICE", "PREFIX"] {
            assert_eq!(reason.matches(&format!("`${{vars.{name}}}` is not set")).count(), 1, "{command}: {reason}");
        }
        assert_eq!(reason.lines().count(), 2, "{command}: {reason}");
        assert_eq!(shop.aws.operations(), [""; 0], "{command}");
    }
}
