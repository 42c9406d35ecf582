//! Proven means: the release's own containers run, and still do after the probes, on the service and on the source.

use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use serde_json::{Value, json};

use crate::cloud::{Cloud, docker};
use crate::harness::{Repository, assert_reported, eventually};
use crate::http_server::{Answer, serve};

/// Something that answers each probe when it is set to, whatever runs.
struct Server {
    address: SocketAddr,
    asked: Receiver<()>,
    answer: Sender<()>,
}

fn server() -> Server {
    let ((ask, asked), (answer, answers)) = (channel(), channel());
    let server = serve(move |_| {
        ask.send(()).unwrap();
        answers.recv().unwrap();
        Answer::new(200, "")
    });
    Server { address: server.address, asked, answer }
}

/// A probe of that, long enough for something to happen before it is answered.
fn probe(server: &Server) -> String {
    format!("probes = [{{ url = \"http://{}/\", timeout = \"30s\", retries = 0 }}]\n", server.address)
}

/// The next probe is answered after this.
fn answer_after(server: &Server, work: impl FnOnce()) {
    server.asked.recv_timeout(Duration::from_mins(1)).expect("a probe");
    work();
    server.answer.send(()).unwrap();
}

fn start(cloud: &Cloud, shop: &Repository, arguments: &[&str]) -> crate::harness::Running {
    cloud.shipgate(shop, &[arguments, &["--output", "json"]].concat()).start()
}

/// Starts a deploy of stage. Each of its probes is asked once before the update.
fn start_deploy(cloud: &Cloud, shop: &Repository, server: &Server) -> crate::harness::Running {
    let deploy = start(cloud, shop, &["deploy", "stage"]);
    answer_after(server, || {});
    deploy
}

/// ECS keeps the task running for its sidecar, and calls the deployment done.
#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_release_whose_container_ends_beside_a_sidecar_is_broken() {
    let cloud = Cloud::with_stage_and_production();
    let shop = cloud.shop(&cloud.promotion_config(""));
    cloud.change_by_hand("backend", |definition| {
        let containers = definition["containerDefinitions"].as_array_mut().unwrap();
        let mut sidecar = containers[0].clone();
        sidecar["name"] = json!("sidecar");
        containers[0]["essential"] = json!(false);
        containers[0]["command"] = json!(["migrate"]);
        containers[0]["environment"] = json!([{ "name": "MIGRATE_EXIT", "value": "7" }]);
        containers.push(sidecar);
    });

    let report = cloud.deploy(&shop, &[]).outcome("broken", 6);

    assert_reported(&report["causes"], &["container web of task", "exited with code 7"]);
    assert_reported(&report["causes"], &["its log:", "stopped with exit code 7, as MIGRATE_EXIT asks"]);
    // What ran before had a container that ended, too.
    assert!(report["reason"].as_str().unwrap().contains("not seen to serve again"), "{report:#}");
    assert_eq!(cloud.ledger(&cloud.newest_revision("backend"))["shipgate:outcome"], "broken");
    let production = cloud.production();
    let report = cloud.promote(&shop, &[]).outcome("refused", 3);
    assert_reported(&report["causes"], &["proven", "stage has not proven it"]);
    assert_eq!(cloud.production(), production);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn another_deployment_while_the_probes_are_asked_supersedes() {
    let cloud = Cloud::with_backend();
    let server = server();
    let shop = cloud.shop(&cloud.config(&probe(&server)));
    let before = cloud.revision("backend");
    let deploy = start_deploy(&cloud, &shop, &server);

    answer_after(&server, || {
        cloud.move_to("backend", &before);
        cloud.settled("backend");
    });

    let report = deploy.wait().outcome("superseded", 7);
    assert!(report["reason"].as_str().unwrap().contains(before.rsplit('/').next().unwrap()), "{report:#}");
    assert_eq!(report["components"][0]["current"], Value::Null);
    assert_eq!(cloud.ledger(&cloud.newest_revision("backend"))["shipgate:outcome"], "superseded");
}

/// A program that ends every few seconds, and something else that answers for it: the tasks change from look to look.
#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn tasks_that_end_while_the_probes_are_asked_are_rolled_back() {
    let cloud = Cloud::with_backend();
    let server = server();
    let shop = cloud.shop(&cloud.config(&probe(&server)));
    let deploy = start_deploy(&cloud, &shop, &server);

    for _ in 0..2 {
        answer_after(&server, || {
            let serving = cloud.serving("backend");
            for task in cloud.running_tasks("backend") {
                docker(&["kill", task.containers()[0].runtime_id().unwrap()]);
            }
            eventually("other tasks run", || {
                let now = cloud.serving("backend");
                now.tasks.len() == 1 && now.tasks != serving.tasks
            });
        });
    }

    // What serves again is asked, too.
    answer_after(&server, || {});
    let report = deploy.wait().outcome("rolled-back", 5);
    assert!(report["reason"].as_str().unwrap().contains("do not stay up"), "{report:#}");
    assert_eq!(cloud.ledger(&cloud.newest_revision("backend"))["shipgate:outcome"], "rolled-back");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_source_that_is_moved_while_its_probes_are_asked_is_not_promoted() {
    let cloud = Cloud::with_stage_and_production();
    let server = server();
    let on_stage = format!("[environments.stage.components.backend]\n{}", probe(&server));
    let config = cloud.promotion_config("");
    let shop =
        cloud.shop(&config.replace("[environments.production]", &format!("{on_stage}[environments.production]")));
    let before = cloud.revision("backend");
    let deploy = start_deploy(&cloud, &shop, &server);
    answer_after(&server, || {});
    deploy.wait().outcome("deployed", 0);
    let production = cloud.production();
    let promote = start(&cloud, &shop, &["promote", "production"]);

    answer_after(&server, || {
        cloud.move_to("backend", &before);
        cloud.settled("backend");
    });

    let report = promote.wait().outcome("refused", 3);
    assert_reported(&report["causes"], &["proven", "another deployment", before.rsplit('/').next().unwrap()]);
    assert_eq!(cloud.production(), production);
}
