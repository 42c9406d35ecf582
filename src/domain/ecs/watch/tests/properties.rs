//! What holds for every sequence of observations.

use proptest::prelude::*;

use super::*;

fn error(transient: bool) -> NotObserved {
    if transient { throttled() } else { denied() }
}

prop_compose! {
    /// Any deployments, the first one primary. An id belongs to one revision, as on AWS.
    fn any_rows()(rows in proptest::collection::vec((0usize..4, 0u8..4), 0..4)) -> Vec<DeploymentRow> {
        rows.into_iter().map(|(which, state)| {
            let (name, number) = [("1", 7), ("2", 8), ("3", 7), ("4", 9)][which];
            let state = match state {
                0 => RolloutState::InProgress,
                1 => RolloutState::Completed,
                2 => RolloutState::Failed,
                _ => RolloutState::Other("X".to_owned()),
            };
            (name, number, state, None)
        }).collect()
    }
}

prop_compose! {
    fn any_tasks()(tasks in proptest::collection::vec((1u32..5, 6u64..9, 0u8..4, 0u8..3), 0..4)) -> Vec<Task> {
        tasks.into_iter().map(|(number, of, status, image)| {
            let status = ["PENDING", "RUNNING", "RUNNING", "DEACTIVATING"][usize::from(status)].to_owned();
            let image = [None, Some('a'), Some('b')][usize::from(image)];
            let containers = one_task("", image).containers;
            Task { revision: revision(of), last_status: status, containers, ..task(number) }
        }).collect()
    }
}

fn any_observation() -> impl Strategy<Value = Observation> {
    prop_oneof![
        6 => (any_rows(), 0i32..3).prop_map(|(rows, desired)| Observation::Service(Some(service(&rows, desired)))),
        4 => Just(Observation::Service(Some(service(&[OURS_DONE, BEFORE], 2)))),
        2 => Just(Observation::Tasks(vec![task(1), task(2)])),
        1 => Just(Observation::Service(None)),
        6 => any_tasks().prop_map(Observation::Tasks),
        2 => any_tasks().prop_map(|tasks| Observation::Previous { expected: expected(7), tasks }),
        1 => any_tasks().prop_map(Observation::Stopped),
        2 => any::<bool>().prop_map(|transient| Observation::Failed(error(transient))),
    ]
}

fn any_watch() -> impl Strategy<Value = RolloutWatch> {
    (1u64..100, 0u8..3).prop_map(|(timeout, which)| match which {
        0 => begun(timeout),
        1 => found(timeout),
        _ => verified(timeout, &[1, 2]),
    })
}

proptest! {
    /// Whatever is observed: no success but by tasks of the service that was read just before, all of which are right.
    #[test]
    fn only_a_matching_read_back_is_a_success(
        mut watch in any_watch(),
        observations in proptest::collection::vec((0.0f64..8.0, any_observation()), 1..40),
    ) {
        let (mut now, mut last) = (0.0, None);
        for (pause, observed) in observations {
            now += pause;
            let tasks = if let Observation::Tasks(tasks) = &observed { Some(tasks.clone()) } else { None };
            if let Observation::Service(Some(service)) = &observed {
                last = Some(service.clone());
            }
            let next = watch.see(seconds(now), observed);
            if let PollStep::Done(Ok(end)) = &next.step {
                let (service, tasks) = (last.clone().unwrap(), tasks.unwrap());
                prop_assert_eq!(&service.primary().unwrap().task_definition, &revision(8));
                match (end, read_back(&expected(8), &service, &tasks)) {
                    (RolloutEnd::Proven { tasks } | RolloutEnd::Replaced { tasks }, ReadBack::Verified { tasks: right }) => {
                        prop_assert_eq!(tasks, &right);
                        prop_assert!(!right.is_empty());
                    }
                    (RolloutEnd::Proven { tasks }, ReadBack::TooFew { tasks: right, .. }) => {
                        prop_assert_eq!(tasks, &right);
                        prop_assert!(watch.subject.verified.iter().all(|task| right.contains(task)));
                    }
                    (RolloutEnd::NothingDesired, ReadBack::NothingDesired) => {}
                    other => prop_assert!(false, "{other:?}"),
                }
            }
            if let PollStep::Done(_) = next.step {
                break;
            }
        }
    }

    /// Each pause ends at the timeout at the latest, and what is observed then is the last.
    #[test]
    fn it_ends_at_the_timeout(
        watch in any_watch(), rows in proptest::collection::vec(any_rows(), 1..20), tasks in any_tasks(),
        slowness in 0.0f64..2.0,
    ) {
        let at_time = |at: f64| rows[usize::try_from(seconds(at).as_millis() / 143).unwrap() % rows.len()].clone();
        let mut world = WatchWorld::of(at_time).tasks(|_| tasks.clone());
        world.slowness = slowness;
        let timeout = watch.settings.timeout.as_secs_f64();
        let ran = drive(watch, &world);
        // What is slow and sound has as long again. A poll that begins just before that, and the reads that follow from
        // it; then one more of the same.
        prop_assert!(ran.at <= 2.0 * timeout + 6.0 * slowness + 0.001, "{ran:?}");
    }

    /// A read of what was there before the update, in the ten seconds in which reads may be stale.
    #[test]
    fn a_stale_read_decides_nothing(at in proptest::collection::vec(0.0f64..10.0, 1..20), state in 0u8..3) {
        let state = [RolloutState::InProgress, RolloutState::Completed, RolloutState::Failed][usize::from(state)].clone();
        let mut at = at;
        at.sort_by(f64::total_cmp);
        let mut watch = begun(60);
        watch.see(Duration::ZERO, Observation::Service(Some(service(&[OURS_GOES_ON, BEFORE], 2))));
        for at in at {
            let stale = Observation::Service(Some(service(&[("1", 7, state.clone(), None)], 2)));
            let next = watch.see(seconds(at), stale);
            prop_assert!(matches!(next.step, PollStep::Ask { question: WatchQuery::Service, .. }) && next.reports.is_empty(), "{next:?}");
        }
    }
}
