//! Tasks and events → causes.

use jiff::Timestamp;
use proptest::prelude::*;

use super::super::{DeploymentEvidence, DiagnosedRevision, LogOf, LogTail, causes, logs};
use super::hints::definition;
use crate::domain::ecs::names::ContainerName;
use crate::domain::ecs::service::{Health, Task, TaskContainer};
use crate::domain::failure::{Cause, CauseKind};

const EXITED: (&str, &str) = ("EssentialContainerExited", "Essential container in task exited");
const GROUP: &str =
    "(target-group arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/stage-web/50dc6c495c0c9188)";

fn container(name: &str, exit_code: Option<i32>, reason: Option<&str>) -> TaskContainer {
    TaskContainer {
        name: name.to_owned(),
        last_status: Some("STOPPED".to_owned()),
        health: Health::Unknown,
        digest: None,
        exit_code,
        reason: reason.map(str::to_owned),
    }
}

/// A task that stopped; of a higher number it is newer.
fn task(number: i64, (code, reason): (&str, &str), containers: Vec<TaskContainer>) -> Task {
    Task {
        arn: format!("arn:aws:ecs:us-east-1:123456789012:task/stage/{number:032x}").as_str().into(),
        revision: "backend:8".into(),
        last_status: "STOPPED".to_owned(),
        health: Health::Unknown,
        created: Some(Timestamp::from_second(number).unwrap()),
        stop_code: Some(code.to_owned()).filter(|code| !code.is_empty()),
        stopped_reason: Some(reason.to_owned()).filter(|reason| !reason.is_empty()),
        containers,
    }
}

fn web() -> ContainerName {
    "web".parse().unwrap()
}

fn diagnosed(seen: &DeploymentEvidence, logs: &[LogTail]) -> Vec<Cause> {
    let definition = definition();
    causes(seen, DiagnosedRevision { definition: Some(&definition), container: &web() }, logs)
}

fn stopped(tasks: Vec<Task>) -> DeploymentEvidence {
    DeploymentEvidence { stopped: tasks, ..DeploymentEvidence::default() }
}

fn texts(causes: &[Cause]) -> Vec<&str> {
    causes.iter().map(AsRef::as_ref).collect()
}

/// A log of the newest task that a diagnosis of these asks for.
fn log(seen: &DeploymentEvidence, lines: &[&str]) -> Vec<LogTail> {
    let definition = definition();
    let wanted = logs(seen, DiagnosedRevision { definition: Some(&definition), container: &web() });
    let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
    wanted.into_iter().map(|of| LogTail { of, lines: lines.clone() }).collect()
}

#[test]
fn an_exit_is_said_with_its_meaning_and_its_limit() {
    for (exit, reason, expected, hint) in [
        (0, None, "(ended by itself, and a service must not end)", "in the foreground"),
        (1, None, "(an error of the program)", "read the log of container `web`"),
        (3, None, "container web exited with code 3;", ""),
        (126, None, "not executable", "chmod"),
        (127, None, "does not exist", "correct `command`"),
        (134, None, "(aborted, SIGABRT)", "aborted itself"),
        (137, None, "(killed, SIGKILL, limit 512 MiB)", "raise the container's `memory` of 512 MiB"),
        (
            137,
            Some("OutOfMemoryError: Container killed due to memory usage"),
            "(out of memory, limit 512 MiB): OutOfMemoryError",
            "fewer workers",
        ),
        (139, None, "(segmentation fault, SIGSEGV)", "native library"),
        (143, None, "(ended by SIGTERM)", "what stopped container `web`"),
        (255, None, "-1)", "read the log"),
    ] {
        let seen = stopped(vec![task(1, EXITED, vec![container("web", Some(exit), reason)])]);
        let causes = diagnosed(&seen, &[]);
        assert_eq!(causes.len(), 1, "{causes:?}");
        let text = &causes[0].text;
        assert!(text.contains(expected) && text.contains(&format!("exited with code {exit}")), "{text}");
        assert!(text.ends_with("; EssentialContainerExited: Essential container in task exited"), "{text}");
        assert_eq!(causes[0].code.as_deref(), Some("EssentialContainerExited"));
        assert!(causes[0].hint.as_deref().unwrap_or_default().contains(hint), "{causes:?}");
        assert_eq!(causes[0].hint.is_none(), hint.is_empty(), "{causes:?}");
    }
    let seen = stopped(vec![task(1, EXITED, vec![container("proxy", Some(137), None)])]);
    assert!(diagnosed(&seen, &[])[0].text.contains("limit of the task 1024 MiB"), "the task's limit is its own");
}

#[test]
fn the_same_reason_is_one_cause_and_counted() {
    let pull = |ip: &str| {
        format!(
            "CannotPullContainerError: failed to resolve ref shop@sha256:{ip}{ip}00ab: dial tcp 10.0.0.{ip}:443: i/o timeout"
        )
    };
    let failed = |number: i64| {
        let reason = pull(&number.to_string());
        task(number, ("TaskFailedToStart", &reason), vec![container("web", None, Some(&reason))])
    };
    let crashed = |number, code| task(number, EXITED, vec![container("web", Some(code), None)]);
    let seen = stopped(vec![failed(11), crashed(12, 3), failed(13), crashed(14, 4), failed(15)]);
    let causes = diagnosed(&seen, &[]);
    let newest = format!("3 tasks: container web did not start; TaskFailedToStart: {}", pull("15"));
    assert_eq!(
        texts(&causes),
        [
            &newest,
            "container web exited with code 4; EssentialContainerExited: Essential container in task exited",
            "container web exited with code 3; EssentialContainerExited: Essential container in task exited",
        ]
    );
    assert!(causes[0].hint.as_deref().unwrap().contains("NAT gateway"));
    assert_eq!(causes[0].kind, CauseKind::Dependency);
    let many: Vec<Task> = (0..9).map(|number| crashed(number, 40 + i32::try_from(number).unwrap())).collect();
    let causes = diagnosed(&stopped(many), &[]);
    assert_eq!((causes.len(), texts(&causes)[5]), (6, "and 4 more reasons"));
}

#[test]
fn a_task_that_was_not_wanted_any_more_is_no_cause() {
    for stop in [
        ("ServiceSchedulerInitiated", "Scaling activity initiated by (deployment ecs-svc/1)"),
        ("UserInitiated", "Deployment completed"),
        ("UserInitiated", "Service scaling down"),
        ("UserInitiated", "Service deleted"),
    ] {
        assert_eq!(diagnosed(&stopped(vec![task(1, stop, vec![container("web", Some(143), None)])]), &[]), []);
    }
    let by_hand =
        stopped(vec![task(1, ("UserInitiated", "Task stopped by user"), vec![container("web", Some(143), None)])]);
    assert!(diagnosed(&by_hand, &[])[0].hint.as_deref().unwrap().contains("CloudTrail"));
}

#[test]
fn the_container_that_a_task_stopped_for_is_named() {
    for (containers, expected) in [
        (vec![container("web", Some(143), None), container("proxy", Some(1), None)], "proxy"),
        (vec![container("web", Some(137), None), container("proxy", Some(0), None)], "proxy"),
        (vec![container("proxy", Some(1), None), container("web", Some(1), None)], "web"),
        (vec![container("web", Some(1), None), container("init", Some(1), Some("a reason"))], "web"),
        (
            vec![container("web", Some(1), None), container("proxy", Some(137), Some("OutOfMemoryError: killed"))],
            "proxy",
        ),
    ] {
        let seen = stopped(vec![task(1, EXITED, containers)]);
        let causes = diagnosed(&seen, &[]);
        assert!(causes[0].text.starts_with(&format!("container {expected} exited")), "{causes:?}");
        let definition = definition();
        let wanted = logs(&seen, DiagnosedRevision { definition: Some(&definition), container: &web() });
        assert_eq!(wanted.iter().map(|log| log.container.as_str()).collect::<Vec<_>>(), [expected]);
    }
    let init = vec![container("web", None, None), container("init", Some(1), None)];
    let seen = stopped(vec![task(1, ("TaskFailedToStart", "a dependency failed"), init)]);
    assert!(diagnosed(&seen, &[])[0].text.starts_with("container init exited with code 1"));
    assert_eq!(diagnosed(&stopped(vec![task(1, ("", ""), Vec::new())]), &[])[0].text, "the task stopped");
}

#[test]
fn a_known_line_of_the_log_gives_the_hint_and_goes_first() {
    let seen = stopped(vec![
        task(2, EXITED, vec![container("proxy", Some(3), None)]),
        task(1, EXITED, vec![container("web", Some(1), None)]),
    ]);
    let logs: Vec<LogTail> = log(&seen, &["starting", "no such table: products"])
        .into_iter()
        .filter(|log| log.of.container == web())
        .collect();
    let causes = diagnosed(&seen, &logs);
    assert_eq!(
        texts(&causes),
        [
            "container web exited with code 1 (an error of the program); EssentialContainerExited: Essential container in \
             task exited",
            "its log: starting",
            "its log: no such table: products",
            "container proxy exited with code 3; EssentialContainerExited: Essential container in task exited",
        ]
    );
    assert!(causes[0].hint.as_deref().unwrap().contains("`pre-deploy`"), "{causes:?}");
    assert!(causes[1].hint.is_none() && causes[2].hint.is_none(), "it is said once");
}

#[test]
fn the_last_lines_are_shown_and_the_known_one_before_them() {
    let seen = stopped(vec![task(1, EXITED, vec![container("web", Some(1), None)])]);
    let lines: Vec<String> =
        (0..50).map(|number| if number == 7 { "no such table: x".to_owned() } else { number.to_string() }).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let causes = diagnosed(&seen, &log(&seen, &lines));
    assert_eq!(texts(&causes)[1..3], ["its log: no such table: x", "its log: 41"]);
    assert_eq!((causes.len(), texts(&causes)[10]), (11, "its log: 49"));
    assert!(diagnosed(&seen, &log(&seen, &[&"x".repeat(5000)]))[1].text.len() < 500);
}

#[test]
fn a_health_check_is_named_with_its_command() {
    let mut unhealthy = container("web", Some(143), None);
    unhealthy.health = Health::Unhealthy;
    let stop = ("ServiceSchedulerInitiated", "Task failed container health checks");
    let seen = stopped(vec![task(1, stop, vec![container("proxy", Some(0), None), unhealthy.clone()])]);
    let text = "the health check of container web fails (`CMD-SHELL curl -f localhost/health`); \
                ServiceSchedulerInitiated: Task failed container health checks";
    let causes = diagnosed(&seen, &[]);
    assert_eq!(texts(&causes), [text]);
    assert!(causes[0].hint.as_deref().unwrap().contains("run `CMD-SHELL"), "{causes:?}");
    // What it writes says why.
    let causes = diagnosed(&seen, &log(&seen, &["connect ECONNREFUSED 10.0.1.5:5432"]));
    assert!(causes[0].hint.as_deref().unwrap().contains("`localhost`"), "{causes:?}");
    // One that still runs.
    unhealthy.exit_code = None;
    let seen =
        DeploymentEvidence { running: vec![task(1, ("", ""), vec![unhealthy])], ..DeploymentEvidence::default() };
    assert_eq!(
        texts(&diagnosed(&seen, &[])),
        ["the health check of container web fails (`CMD-SHELL curl -f localhost/health`)"]
    );
    assert_eq!(log(&seen, &[]).len(), 1);
}

#[test]
fn a_target_has_the_reason_of_its_event() {
    let stop = format!("Task failed ELB health checks in {GROUP}");
    let stop = |number| task(number, ("ServiceSchedulerInitiated", &stop), vec![container("web", Some(143), None)]);
    let event = |reason: &str| format!("(service web) (port 8000) is unhealthy in {GROUP} due to (reason {reason})");
    let codes = "Health checks failed with these codes: [404]";
    let others = ["(service web) has reached a steady state.".to_owned(), event(codes)];
    let events = [&[event(codes)][..], &others].concat();
    let seen = DeploymentEvidence { stopped: vec![stop(1), stop(2)], events, ..DeploymentEvidence::default() };
    let causes = diagnosed(&seen, &[]);
    assert_eq!(causes.len(), 1, "{causes:?}");
    let text = format!(
        "2 tasks: target group stage-web finds a task unhealthy on port 8000: {codes}; ServiceSchedulerInitiated: "
    );
    assert!(causes[0].text.starts_with(&text), "{causes:?}");
    assert_eq!((causes[0].code.as_deref(), causes[0].kind), (Some("http-404"), CauseKind::Deployment));
    assert!(causes[0].hint.as_deref().unwrap().contains("path of target group `stage-web`"), "{causes:?}");
    // Without an event, and without a stop.
    let causes = diagnosed(&stopped(vec![stop(1)]), &[]);
    assert!(causes[0].hint.as_deref().unwrap().contains("grace period"), "{causes:?}");
    let seen = DeploymentEvidence { events: vec![event("Request timed out")], ..DeploymentEvidence::default() };
    let causes = diagnosed(&seen, &[]);
    assert_eq!(texts(&causes), ["target group stage-web finds a task unhealthy on port 8000: Request timed out"]);
    assert!(causes[0].hint.as_deref().unwrap().contains("receive port 8000"), "{causes:?}");
}

/// What a load balancer says follows from a crash.
#[test]
fn a_crash_goes_before_the_target_that_it_leaves_unhealthy() {
    let event = format!("(service web) (port 8000) is unhealthy in {GROUP} due to (reason Request timed out)");
    let crash = task(1, EXITED, vec![container("web", Some(3), None)]);
    let seen = DeploymentEvidence { stopped: vec![crash], events: vec![event], ..DeploymentEvidence::default() };
    let causes = diagnosed(&seen, &[]);
    assert!(
        causes[0].text.starts_with("container web exited") && causes[1].text.starts_with("target group"),
        "{causes:?}"
    );
}

#[test]
fn an_event_that_is_a_reason_is_said_once() {
    let event = |instance: &str| {
        format!(
            "(service web) was unable to place a task because no container instance met all of its requirements. The \
                 closest matching (container-instance {instance}) has insufficient memory available."
        )
    };
    let events = vec![
        event("0123456789abcdef"),
        event("0123456789abcdf0"),
        "(service web) has started 1 tasks: (task 1).".to_owned(),
    ];
    let causes = diagnosed(&DeploymentEvidence { events, ..DeploymentEvidence::default() }, &[]);
    assert_eq!(causes.len(), 1, "{causes:?}");
    // What a task says already is not said again.
    let again = DeploymentEvidence {
        stopped: vec![task(1, ("ServiceSchedulerInitiated", "Task failed container health checks"), Vec::new())],
        events: vec!["(service web) (task 1) failed container health checks.".to_owned()],
        running: Vec::new(),
    };
    assert_eq!(diagnosed(&again, &[]).len(), 1);
    assert!(causes[0].text.starts_with("ECS says: (service web) was unable to place a task"), "{causes:?}");
    assert_eq!(causes[0].kind, CauseKind::Environment);
}

#[test]
fn a_task_that_runs_without_its_container_is_a_cause_and_a_container_that_is_done_is_none() {
    let running = |containers| DeploymentEvidence {
        running: vec![task(1, ("", ""), containers)],
        ..DeploymentEvidence::default()
    };
    let seen = running(vec![container("web", Some(7), None), container("init", Some(0), None)]);
    assert_eq!(texts(&diagnosed(&seen, &[])), ["container web exited with code 7, and its task runs on"]);
    assert_eq!(log(&seen, &[])[0].of, LogOf { container: web(), task: seen.running[0].arn.clone() });
    assert_eq!(diagnosed(&running(vec![container("init", Some(0), None)]), &[]), []);
    // What was seen to run, and later to have stopped, has stopped.
    let mut both = running(vec![container("web", Some(7), None)]);
    both.add_stopped([task(1, EXITED, vec![container("web", Some(7), None)])]);
    both.add_stopped([task(1, EXITED, vec![container("web", Some(7), None)])]);
    assert_eq!((both.stopped.len(), diagnosed(&both, &[]).len()), (1, 1));
}

/// A text in which words of the tables stand beside anything.
fn any_text() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("(target-group ".to_owned()),
        Just(" is unhealthy in (".to_owned()),
        Just("(reason ".to_owned()),
        Just("with these codes: [".to_owned()),
        Just("OutOfMemoryError".to_owned()),
        Just("no such table".to_owned()),
        "\\PC{0,12}",
        "[0-9a-f:.-]{0,40}",
    ];
    proptest::collection::vec(word, 0..8).prop_map(|words| words.concat())
}

proptest! {
    /// What others wrote neither ends the program nor fills the report, and the same is never said twice.
    #[test]
    fn any_text_is_taken(texts in proptest::collection::vec(any_text(), 1..12), code in proptest::option::of(-1..256_i32)) {
        let tasks = texts.iter().zip(1..).map(|(text, number)| {
            task(number, (text, text), vec![container("web", code, Some(text)), container(text, code, None)])
        });
        let seen = DeploymentEvidence { stopped: tasks.collect(), events: texts.clone(), ..DeploymentEvidence::default() };
        let lines: Vec<&str> = texts.iter().map(String::as_str).collect();
        let causes = diagnosed(&seen, &log(&seen, &lines));
        prop_assert!(!causes.is_empty() && causes.len() <= 6 + 10 + 4 * 4, "{causes:?}");
        prop_assert!(causes.iter().all(|cause| !cause.text.contains(['\n', '\r'])), "{causes:?}");
        let twice = DeploymentEvidence { stopped: [&seen.stopped[..], &seen.stopped].concat(), ..seen.clone() };
        prop_assert_eq!(diagnosed(&twice, &[]).len(), diagnosed(&seen, &[]).len());
    }
}
