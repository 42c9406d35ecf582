//! The rows of the verdict matrix that the local cloud can produce, with real containers.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use crate::cloud::{Breaker, Cloud, ServiceOptions, variable};
use crate::harness::{Ran, Repository, Running};
use crate::matrix::rows;

/// Puts a program into the image that does what words say: `tests/programs/release.rs`.
fn program(shop: &Repository, words: &[&str]) {
    let command: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
    shop.write(
        "backend/Dockerfile",
        format!(
            "FROM scratch\nCOPY release /release\nARG RELEASE=unknown\nENV RELEASE=$RELEASE\n\
             ENTRYPOINT [\"/release\"]\nCMD [{}]\n",
            command.join(", ")
        ),
    );
    shop.commit(&format!("It does {}", words.join(" ")));
}

/// A repository with the program, whose release serves.
fn shop(cloud: &Cloud, more: &str) -> Repository {
    let shop = cloud.shop(&cloud.config(more));
    shop.write("backend/release", std::fs::read(variable("SHIPGATE_TEST_RELEASE")).expect("the test's program"));
    let path = shop.path().join("backend/release");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    program(&shop, &["serve", "200"]);
    shop
}

/// A service whose circuit breaker is set up so, with a release that serves.
fn serving(breaker: Breaker, more: &str) -> (Cloud, Repository) {
    let cloud = Cloud::with(&ServiceOptions { breaker, ..ServiceOptions::web() });
    let shop = shop(&cloud, more);
    cloud.deploy(&shop, &[]).outcome("deployed", 0);
    (cloud, shop)
}

/// The next release does what words say.
fn next(breaker: Breaker, more: &str, words: &[&str]) -> Ran {
    let (cloud, shop) = serving(breaker, more);
    program(&shop, words);
    cloud.deploy(&shop, &[])
}

/// A service behind a load balancer, with a probe of its address.
fn balanced(probe: &str) -> (Cloud, Repository) {
    let cloud = Cloud::new();
    cloud.create_repository(aws_sdk_ecr::types::ImageTagMutability::Mutable);
    let (target_group, address) = cloud.create_load_balancer();
    cloud.create_service(&ServiceOptions { target_group: Some(target_group), ..ServiceOptions::web() });
    let probe = probe.replace("ADDRESS", &address);
    let shop = shop(&cloud, &format!("probes = [{{ {probe}, interval = \"200ms\", retries = 5 }}]"));
    (cloud, shop)
}

/// Two releases behind a load balancer, one after the other.
fn probed(probe: &str, first: &[&str], second: &[&str]) -> Ran {
    let (cloud, shop) = balanced(probe);
    program(&shop, first);
    cloud.deploy(&shop, &["-v"]).json();
    program(&shop, second);
    cloud.deploy(&shop, &[])
}

/// The next release has a task-definition file that differs from what runs.
fn defined(change: impl FnOnce(&Cloud, &mut Value)) -> Ran {
    let (cloud, shop) = serving(Breaker::RollsBack, "");
    let mut definition = cloud.definition(&cloud.revision("backend"));
    change(&cloud, &mut definition);
    shop.write("task.json", definition.to_string());
    shop.write("shipgate.toml", cloud.config("task-definition = \"task.json\""));
    shop.commit("A task definition of its own");
    cloud.deploy(&shop, &[])
}

/// A deploy that goes on while something is done to the service.
fn meanwhile(more: &str, act: impl FnOnce(&Cloud)) -> Ran {
    let cloud = Cloud::with(&ServiceOptions::without_room());
    let shop = shop(&cloud, more);
    let running: Running = cloud.shipgate(&shop, &["deploy", "stage", "--output", "json"]).start();
    running.until_stderr("roll out: ");
    act(&cloud);
    running.wait()
}

rows! {
    #[ignore = "needs the local cloud: scripts/test"]
    first_deploy: "the first deploy of a service", "deployed", "", "" => || {
        let cloud = Cloud::with_backend();
        cloud.deploy(&shop(&cloud, ""), &[])
    };
    second_deploy: "the next release", "deployed", "", "" => || next(Breaker::RollsBack, "", &["serve", "200"]);
    unchanged: "the same release again", "unchanged", "", "" => || {
        let (cloud, shop) = serving(Breaker::RollsBack, "");
        cloud.deploy(&shop, &[])
    };
    same_digest: "a new revision with the same image", "deployed", "", "" => || {
        let (cloud, shop) = serving(Breaker::RollsBack, "");
        let mut definition = cloud.definition(&cloud.revision("backend"));
        definition["containerDefinitions"][0]["environment"] = json!([{"name": "LOG_LEVEL", "value": "debug"}]);
        shop.write("task.json", definition.to_string());
        shop.write("shipgate.toml", cloud.config("task-definition = \"task.json\""));
        cloud.deploy(&shop, &["--allow-dirty"])
    };
    image_missing: "an image of the definition does not exist", "rolled-back", "CannotPullContainerError", "image" => || {
        defined(|cloud, definition| {
            let image = cloud.image_reference("no-such-tag");
            let sidecar = json!({"name": "proxy", "image": image, "essential": true});
            definition["containerDefinitions"].as_array_mut().unwrap().push(sidecar);
        })
    };
    not_a_program: "the entry point is no program", "rolled-back", "exited with code", "build for the platform" => || {
        let (cloud, shop) = serving(Breaker::RollsBack, "");
        shop.write("backend/release", "garbage");
        shop.commit("Garbage");
        cloud.deploy(&shop, &[])
    };
    crash_at_start: "tasks crash at start, and the circuit breaker rolls back", "rolled-back", "exited with code 3", "fix the release" => || {
        next(Breaker::RollsBack, "", &["print", "boom", "exit", "3"])
    };
    exit_at_start: "tasks end with code 0 at start", "rolled-back", "exited with code 0", "fix the release" => || {
        next(Breaker::RollsBack, "", &["exit", "0"])
    };
    crash_loop: "a crash loop without a circuit breaker", "rolled-back", "exited with code 3", "fix the release" => || {
        next(Breaker::Off, "", &["exit", "3"])
    };
    breaker_stops: "a crash loop, and a circuit breaker that does not roll back", "rolled-back", "exited with code 3", "fix the release" => || {
        next(Breaker::OnlyStops, "", &["exit", "3"])
    };
    crash_after_20_s: "a crash after 20 s of RUNNING", "rolled-back", "does not stay up", "fix the release" => || {
        next(Breaker::RollsBack, "settle = \"30s\"", &["wait", "20", "exit", "7"])
    };
    crash_after_settling: "a crash after the time of `settle`: it was up until then", "deployed", "", "" => || {
        next(Breaker::RollsBack, "settle = \"2s\"", &["wait", "30", "exit", "7"])
    };
    settles: "a release that stays up for the time of `settle`", "deployed", "", "" => || {
        next(Breaker::RollsBack, "settle = \"3s\"", &["serve", "200"])
    };
    rollback_fails: "the rollback itself fails: what ran before does not start either", "broken", "not seen to serve again", "aws ecs describe-services" => || {
        let cloud = Cloud::new();
        cloud.create_repository(aws_sdk_ecr::types::ImageTagMutability::Mutable);
        let command = vec!["no-such-command".to_owned()];
        cloud.create_service_and_go_on(&ServiceOptions { command, ..ServiceOptions::web() });
        // Its command is that of the release, too.
        cloud.deploy(&cloud.shop(&cloud.config("timeout = \"20s\"")), &[])
    };
    secret_missing: "a secret does not exist", "rolled-back", "no-such-secret", "secret" => || {
        defined(|_, definition| {
            let arn = "arn:aws:secretsmanager:us-east-1:000000000000:secret:no-such-secret";
            definition["containerDefinitions"][0]["secrets"] = json!([{"name": "DATABASE_URL", "valueFrom": arn}]);
        })
    };
    slow_start: "a slow start that is fine", "deployed", "", "" => || {
        probed("url = \"ADDRESS/\", timeout = \"1s\"", &["serve", "200"], &["wait", "1", "serve", "200"])
    };
    desired_zero: "the service wants no task", "unproven", "desired count 0", "desired count" => || {
        let cloud = Cloud::with(&ServiceOptions { desired: 0, ..ServiceOptions::web() });
        cloud.deploy(&shop(&cloud, ""), &[])
    };
    desired_changes: "the desired count changes meanwhile", "deployed", "", "" => || {
        meanwhile("", |cloud| {
            cloud.make_room("backend");
            cloud.set_desired("backend", 2);
        })
    };
    superseded: "another program deploys while shipgate waits", "superseded", "another deployment", "find out who" => || {
        meanwhile("", |cloud| {
            let revision = cloud.register_changed("backend", |definition| definition["cpu"] = json!("512"));
            cloud.move_to("backend", &revision);
        })
    };
    by_hand: "somebody puts the revision before back by hand", "rolled-back", "serves again", "fix the release" => || {
        let cloud = Cloud::with(&ServiceOptions::without_room());
        let before = cloud.revision("backend");
        let shop = shop(&cloud, "timeout = \"60s\"");
        let running = cloud.shipgate(&shop, &["deploy", "stage", "--output", "json"]).start();
        running.until_stderr("roll out: ");
        cloud.move_to("backend", &before);
        cloud.make_room("backend");
        running.wait()
    };
    deleted: "the service is deleted meanwhile", "broken", "it was deleted", "create the service again" => || {
        meanwhile("", |cloud| cloud.delete_service("backend"))
    };
    pre_deploy_fails: "the pre-deploy command fails", "failed", "pre-deploy", "read its output above" => || {
        let (cloud, shop) = serving(Breaker::RollsBack, "");
        shop.write("shipgate.toml", cloud.config("pre-deploy = [\"exit\", \"4\"]"));
        program(&shop, &["serve", "200"]);
        cloud.deploy(&shop, &[])
    };
    pre_deploy_hangs: "the pre-deploy command hangs", "failed", "pre-deploy", "timeout" => || {
        let (cloud, shop) = serving(Breaker::RollsBack, "");
        shop.write("shipgate.toml", cloud.config("pre-deploy = [\"wait\", \"600\"]\ntimeout = \"4s\""));
        program(&shop, &["serve", "200"]);
        cloud.deploy(&shop, &[])
    };
    probe_fails: "a probe fails after a rollout that ECS calls done", "rolled-back", "status 500, not 200", "fix the release" => || {
        probed("url = \"ADDRESS/\"", &["serve", "200"], &["serve", "500"])
    };
    probe_of_the_old: "a probe is answered, but not by the release", "rolled-back", "/release is", "fix the release" => || {
        old_version_answers("url = \"ADDRESS/\", json = { \"/release\" = \"${release.sha}\" }")
    };
    probe_failed_before: "a probe fails that was not answered before the rollout either", "broken", "the probe is more likely wrong than the release", "correct the probe (shipgate.toml:" => || {
        let cloud = Cloud::with_backend();
        let shop = shop(&cloud, "probes = [{ url = \"http://127.0.0.1:9/\", interval = \"100ms\", retries = 2 }]");
        cloud.deploy(&shop, &[])
    };
}

/// A release that says that it is another one, as where a load balancer still leads to the version before.
fn old_version_answers(probe: &str) -> Ran {
    let (cloud, shop) = balanced(probe);
    cloud.deploy(&shop, &[]).outcome("deployed", 0);
    let config = std::fs::read_to_string(shop.path().join("shipgate.toml")).unwrap();
    shop.write("shipgate.toml", config.replace("RELEASE = \"${release.sha}\"", "RELEASE = \"of before\""));
    shop.commit("It says that it is the one before");
    cloud.deploy(&shop, &[])
}
