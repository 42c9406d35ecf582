//! Signals: the program ends, and says what goes on without it.

use serde_json::{Value, json};

use crate::cloud::{Cloud, ServiceOptions};
use crate::harness::{assert_reported, eventually, files_below, steps, texts};

const DEPLOY: [&str; 4] = ["deploy", "stage", "--output", "json"];

fn interrupted_while_waiting(signal: &str) {
    let cloud = Cloud::with(&ServiceOptions::without_room());
    let shop = cloud.shop(&cloud.config(""));
    let running = cloud.shipgate(&shop, &DEPLOY).start();
    running.until_stderr("roll out: ");
    let serving = cloud.serving("backend");

    running.signal(signal);

    let report = running.wait().outcome("interrupted", 130);
    assert!(report["reason"].as_str().unwrap().contains(&format!("SIG{signal}")), "{}", report["reason"]);
    assert_reported(&report["causes"], &["wait for backend"]);
    assert_reported(&report["hints"], &["shipgate status"]);
    assert_eq!(steps(&report).last().unwrap(), "wait for backend: interrupted");
    let component = &report["components"][0];
    assert_eq!((&component["outcome"], &component["changed"]), (&json!("interrupted"), &json!(true)));
    assert_eq!(component["current"], Value::Null);
    assert_eq!(cloud.serving("backend"), serving, "ECS goes on with what was begun");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn sigterm_while_waiting() {
    interrupted_while_waiting("TERM");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn sigint_while_waiting() {
    interrupted_while_waiting("INT");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn sigterm_during_a_build_leaves_nothing() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config(""));
    shop.write("backend/Dockerfile", "FROM scratch\nCOPY cloudshop /cloudshop\nRUN [\"/cloudshop\", \"worker\"]\n");
    shop.commit("A build that does not end");
    let temporary = tempfile::tempdir().unwrap();
    let serving = cloud.serving("backend");
    // What a build writes is shown at once with `-v`.
    let line = [&DEPLOY[..], &["-v"]].concat();
    let running = cloud.shipgate(&shop, &line).env("TMPDIR", temporary.path()).start();
    running.until_stderr("worker: release");

    running.signal("TERM");

    let report = running.wait().outcome("interrupted", 130);
    assert_eq!(steps(&report), ["build backend: interrupted"]);
    assert_reported(&report["causes"], &["build backend"]);
    assert_eq!(report["components"][0]["outcome"], "interrupted");
    assert_eq!(report["components"][0]["changed"], false);
    assert_eq!(report["components"][0]["current"], report["components"][0]["previous"]);
    assert_eq!(report["left_behind"], json!([]));
    assert_eq!(cloud.serving("backend"), serving);
    assert_eq!(cloud.images().len(), 0);
    let left: Vec<_> = std::fs::read_dir(temporary.path()).unwrap().collect();
    assert!(left.is_empty(), "the registry's password may be in {left:?}");
}

/// The processes of this machine, the engine's containers included, with a text in their environment.
fn processes_with(text: &str) -> Vec<String> {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let environment = |process: &std::fs::DirEntry| std::fs::read(process.path().join("environ")).unwrap_or_default();
    let has_it =
        |process: &std::fs::DirEntry| environment(process).windows(text.len()).any(|window| window == text.as_bytes());
    processes.filter(has_it).map(|process| process.file_name().into_string().unwrap()).collect()
}

/// Nothing can be cleaned up. So nothing may be there that has to be, and what was started ends by itself.
#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn killed_during_a_build_no_build_goes_on_and_no_password_is_left() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config(""));
    let mark = format!("MARK={}", cloud.prefix);
    let build = format!("FROM scratch\nCOPY cloudshop /cloudshop\nENV {mark}\nRUN [\"/cloudshop\", \"worker\"]\n");
    shop.write("backend/Dockerfile", build);
    shop.commit("A build that does not end");
    let temporary = tempfile::tempdir().unwrap();
    let configuration = format!("DOCKER_CONFIG={}", temporary.path().display());
    let home = tempfile::tempdir().unwrap();
    // What `docker login` leaves of another registry.
    let other = json!({"auths": {"ghcr.io": {"auth": "dXNlcjpjYW5hcnktb2YtZ2hjcg=="}}});
    std::fs::write(home.path().join("config.json"), other.to_string()).unwrap();
    let runner = temporary.path().join("runner");
    std::fs::create_dir(&runner).unwrap();
    let line = [&DEPLOY[..], &["-v"]].concat();
    let run = cloud.shipgate(&shop, &line).env("TMPDIR", temporary.path()).env("RUNNER_TEMP", &runner);
    let running = run.env("DOCKER_CONFIG", home.path()).start();
    running.until_stderr("worker: release");
    assert!(!processes_with(&mark).is_empty(), "the build runs nothing");
    assert!(
        !processes_with(&configuration).is_empty(),
        "docker has no configuration in {}",
        temporary.path().display()
    );

    running.kill();

    eventually("docker has ended", || processes_with(&configuration).is_empty());
    eventually("the build has ended", || processes_with(&mark).is_empty());
    let left = files_below(temporary.path());
    assert!(!left.is_empty(), "nothing was left: is this the right directory?");
    for file in left {
        assert!(file.starts_with(&runner), "{} is not where the runner empties up", file.display());
        let text = String::from_utf8_lossy(&std::fs::read(&file).unwrap()).into_owned();
        for secret in ["ministack-auth-token", "bWluaXN0YWNrLWF1dGgtdG9rZW", "canary-of-ghcr", "dXNlcjpjYW5hcnk"] {
            assert!(!text.contains(secret), "{} has {secret}", file.display());
        }
    }
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn sigterm_during_the_pre_deploy_task_names_it() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config("pre-deploy = [\"worker\"]"));
    let serving = cloud.serving("backend");
    let running = cloud.shipgate(&shop, &DEPLOY).start();
    let task = cloud.running_one_off_task();
    running.until_stderr("worker: release");

    running.signal("TERM");

    let report = running.wait().outcome("interrupted", 130);
    let id = task.task_arn().unwrap().rsplit('/').next().unwrap();
    assert_reported(&report["left_behind"], &[id]);
    assert_reported(&report["causes"], &["pre-deploy backend"]);
    let reported = format!("{} {} {}", report["reason"], report["causes"], report["hints"]);
    assert!(reported.contains(id), "the task goes on, and is not named in {reported}");
    assert!(!texts(&report["hints"]).is_empty(), "what is there to do about the task that goes on?");
    assert_eq!(report["components"][0]["outcome"], "interrupted");
    assert_eq!(report["components"][0]["changed"], false);
    assert_eq!(cloud.serving("backend"), serving);
}
