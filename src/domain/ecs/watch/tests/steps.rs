//! Single steps: what is observed next, and what is reported.

use super::*;

fn seen(rows: &[DeploymentRow]) -> Observation {
    Observation::Service(Some(service(rows, 2)))
}

fn poll(after: f64) -> Action {
    again(seconds(after))
}

#[test]
fn each_observation_leads_to_the_next() {
    let mut watch = begun(300);
    let read_previous = at_once(WatchQuery::Previous { revision: revision(7), service: service(&[], 0).arn });
    let table = [
        (0.0, seen(&[OURS_GOES_ON, BEFORE]), poll(0.4)),
        // Stale.
        (0.4, seen(&[BEFORE]), poll(0.4)),
        (4.0, seen(&[OURS_GOES_ON, BEFORE]), at_once(WatchQuery::Stopped)),
        (4.0, Observation::Stopped(vec![]), poll(2.0)),
        (6.0, Observation::Failed(throttled()), poll(5.0)),
        (30.0, seen(&[OURS_DONE]), at_once(WatchQuery::Tasks)),
        // Too few, for no time yet.
        (30.5, Observation::Tasks(vec![task(1)]), at_once(WatchQuery::Stopped)),
        (30.5, Observation::Failed(throttled()), poll(0.4)),
        (38.0, seen(&[OURS_DONE]), at_once(WatchQuery::Tasks)),
        // Not where the grace period ends, but around the four seconds that it mostly takes.
        (38.0, Observation::Tasks(vec![task(1)]), at_once(WatchQuery::Stopped)),
        (38.0, Observation::Stopped(vec![]), poll(4.0 / 3.0)),
        (40.0, Observation::Failed(throttled()), poll(5.0)),
        (45.0, seen(&[COMES_BACK, OURS_FAILED]), at_once(WatchQuery::Stopped)),
        (45.0, Observation::Stopped(vec![]), poll(4.5)),
        (55.0, seen(&[BACK]), read_previous),
        (56.0, Observation::Previous { expected: expected(7), tasks: vec![] }, at_once(WatchQuery::Stopped)),
        (56.0, Observation::Stopped(vec![]), poll(1.0)),
        // As long again as the timeout, while the rollback is in progress.
        (599.5, seen(&[COMES_BACK, OURS_FAILED]), at_once(WatchQuery::Stopped)),
        (599.5, Observation::Stopped(vec![]), poll(0.5)),
    ];
    for (at, observed, step) in table {
        let next = watch.see(seconds(at), observed);
        assert_eq!(next.step, step, "at {at}");
    }
    let next = watch.see(seconds(600.0), seen(&[COMES_BACK, OURS_FAILED]));
    assert_eq!(next.step, at_once(WatchQuery::Stopped));
    let next = watch.see(seconds(600.0), Observation::Stopped(vec![]));
    let reason = Some("tasks failed to start".to_owned());
    assert_eq!(next.step, PollStep::Done(Err(DeploymentUnproven::RollbackTimedOut { reason, after: seconds(600.0) })));
}

#[test]
fn an_answer_to_no_question_decides_nothing() {
    let mut watch = begun(300);
    for _ in 0..3 {
        assert_eq!(watch.see(seconds(1.0), Observation::Tasks(vec![task(1), task(2)])).step, poll(1.0));
        let previous = Observation::Previous { expected: expected(7), tasks: vec![previous_task(1)] };
        assert_eq!(watch.see(seconds(1.0), previous).step, poll(1.0));
    }
}

#[test]
fn time_does_not_go_back() {
    let mut watch = begun(300);
    assert_eq!(watch.see(seconds(299.0), seen(&[OURS_GOES_ON])).step, poll(1.0));
    watch.see(seconds(1.0), seen(&[OURS_GOES_ON]));
    assert_eq!(watch.see(seconds(1.0), Observation::Stopped(vec![])).step, poll(1.0));
}

#[test]
fn new_events_are_reported_once_and_in_order() {
    let with_events = |texts: &[&str]| {
        let mut service = service(&[OURS_GOES_ON, BEFORE], 2);
        service.events = texts.iter().map(|text| event(text)).collect();
        Observation::Service(Some(service))
    };
    let events = |next: WatchStep| -> Vec<String> {
        let events = next.reports.into_iter();
        events.filter_map(|report| if let Report::Event(text) = report { Some(text) } else { None }).collect()
    };
    let mut watch = begun(300);
    assert_eq!(events(watch.see(seconds(0.0), with_events(&["old"]))), [""; 0]);
    assert_eq!(events(watch.see(seconds(1.0), with_events(&["third", "second", "old"]))), ["second", "third"]);
    assert_eq!(events(watch.see(seconds(2.0), with_events(&["third", "second", "old"]))), [""; 0]);
    // Without a first observation all are new.
    let mut watch = begun(300);
    watch.see(seconds(0.0), Observation::Failed(throttled()));
    assert_eq!(events(watch.see(seconds(1.0), with_events(&["old"]))), ["old"]);
}

#[test]
fn progress_counts_the_tasks_of_the_deployment() {
    let mut going_on = service(&[OURS_GOES_ON], 4);
    going_on.deployments[0].running = 1;
    going_on.deployments[0].pending = 2;
    let mut failing = service(&[FOREIGN, OURS_FAILED], 4);
    failing.deployments[1].failed = 3;
    for (service, text) in [
        (going_on, "1 of 4 tasks run, 2 starting"),
        (failing, "4 of 4 tasks run, 0 starting, 3 failed, no longer primary"),
        (service(&[BACK], 2), "ECS no longer lists the deployment"),
        (service(&[("9", 8, RolloutState::InProgress, None)], 2), "2 of 2 tasks run, 0 starting"),
    ] {
        let next = begun(300).see(Duration::ZERO, Observation::Service(Some(service)));
        let progress = next.reports.into_iter().filter(|report| matches!(report, Report::Progress(_)));
        assert_eq!(progress.collect::<Vec<_>>(), [Report::Progress(text.to_owned())]);
    }
}
