//! What a service that is promoted from runs, and whether that is sound enough to be promoted.

use super::evidence;
use super::expectation::Expectation;
use super::read_back::{ReadBack, read_back, same_tasks};
use super::service::{RolloutState, Service, ServiceStatus, Task, TaskRevision};
use crate::domain::ecs::names::ContainerName;
use crate::domain::image::Digest;
use crate::domain::promotion::{LedgerSearch, Recorded, RunningRelease};
use crate::domain::release::{GitSha, ReleaseName};

/// What was seen of a service of the source.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceFacts {
    /// The service.
    pub service: Service,
    /// The revision that its primary deployment runs.
    pub live: TaskRevision,
    /// Its tasks that are meant to run.
    pub tasks: Vec<Task>,
    /// The digests of the platforms, where the pinned image is an index.
    pub platforms: Vec<Digest>,
}

/// The release that the service runs, proven by every one of its running tasks.
///
/// # Errors
///
/// Why it cannot be promoted as it is, in words.
pub fn runs(facts: &SourceFacts, container: &ContainerName) -> Result<RunningRelease, String> {
    settled(&facts.service)?;
    let short = facts.live.short();
    let digest = facts.live.digest(container).ok_or_else(|| format!("{short} does not pin its image by digest"))?;
    let release = match facts.live.release(container) {
        Some(ReleaseName::Commit(sha)) => sha,
        Some(ReleaseName::Dirty { .. }) => {
            return Err(format!("{short} is a build of a tree with uncommitted changes, which is never promoted"));
        }
        // No content names it.
        Some(ReleaseName::Baseline) | None => {
            return Err(format!("{short} does not say which release it is: shipgate did not deploy it"));
        }
    };
    let read = read(facts, container, &digest);
    if matches!(read, ReadBack::Verified { .. }) { Ok(RunningRelease { release, digest }) } else { Err(unproven(read)) }
}

/// Whether the service still runs what it was seen to run: the same revision, and the same tasks. So the answers that
/// its probes got in between are those of what is promoted. `now`: seen afterwards, with the revision of `before`.
///
/// # Errors
///
/// What has changed, in words.
pub fn still_runs(before: &SourceFacts, now: &SourceFacts, container: &ContainerName) -> Result<(), String> {
    let primary = now.service.primary().ok_or("it has no primary deployment")?;
    if primary.task_definition != before.live.arn {
        let by = primary.task_definition.short();
        return Err(format!("another deployment, of {by}, has replaced {} since it was examined", before.live.short()));
    }
    settled(&now.service)?;
    let digest = before.live.digest(container).ok_or("its image is not pinned by digest")?;
    let ReadBack::Verified { tasks } = read(before, container, &digest) else {
        return Err("not every task of it was verified".to_owned());
    };
    let again = read(now, container, &digest);
    if same_tasks(&tasks, &again) {
        return Ok(());
    }
    if matches!(again, ReadBack::Verified { .. } | ReadBack::TooFew { .. }) {
        return Err("other tasks than those that were verified run since it was examined".to_owned());
    }
    Err(unproven(again))
}

fn read(facts: &SourceFacts, container: &ContainerName, digest: &Digest) -> ReadBack {
    let digests = facts.platforms.iter().chain([digest]).cloned().collect();
    let expected = Expectation::new(&facts.live.arn, &facts.live.definition, container, digests);
    read_back(&expected, &facts.service, &facts.tasks)
}

fn unproven(read: ReadBack) -> String {
    match read {
        ReadBack::NothingDesired => "it is scaled to zero, so nothing runs that proves it".to_owned(),
        ReadBack::NotYet(reason)
        | ReadBack::Draining(reason)
        | ReadBack::TooFew { missing: reason, .. }
        | ReadBack::Wrong(reason) => reason,
        ReadBack::Verified { .. } => "what runs is not known".to_owned(),
    }
}

/// No rollout is going on, and none has failed.
fn settled(service: &Service) -> Result<(), String> {
    if service.status != ServiceStatus::Active {
        return Err("it is not active".to_owned());
    }
    let primary = service.primary().ok_or("it has no primary deployment")?;
    match &primary.rollout_state {
        Some(RolloutState::Completed) | None => {}
        Some(RolloutState::InProgress) => return Err("a rollout is in progress".to_owned()),
        Some(RolloutState::Failed) => return Err("its rollout failed".to_owned()),
        Some(RolloutState::Other(state)) => return Err(format!("its rollout is {state}")),
    }
    let others = service.deployments.iter().filter(|deployment| !deployment.is_primary);
    if others.into_iter().any(|other| other.running + other.pending > 0) {
        return Err("a rollout is in progress: an earlier deployment still runs".to_owned());
    }
    Ok(())
}

/// The newest revision that the ledger calls deployed for a release, as far as its content confirms that. Digest and
/// release are those of the content. `past`: the family's, newest first.
pub fn recorded(past: &[TaskRevision], container: &ContainerName, release: &GitSha) -> LedgerSearch {
    let release = ReleaseName::Commit(release.clone());
    let mut search = LedgerSearch::default();
    for revision in past {
        if let Some(success) = evidence::success(revision, container).filter(|success| success.release == release) {
            let at = revision.ledger.as_ref().and_then(|entry| entry.at);
            search.recorded = Some(Recorded { digest: success.digest, revision: (&revision.arn).into(), at });
            break;
        }
        let by_tag = revision.ledger.as_ref().is_some_and(|entry| entry.release == release);
        let is_of_it = by_tag || revision.release(container).as_ref() == Some(&release);
        if let Some(reason) = evidence::doubt(revision, container).filter(|_| is_of_it) {
            search.doubts.push(format!("{} is no success of it: {reason}", revision.short()));
        }
    }
    search
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ecs::evidence::tests::{digest, registered};
    use crate::domain::ecs::ids::RevisionArn;
    use crate::domain::ecs::plan::tests::{facts as plan_facts, known_image, revision};
    use crate::domain::ecs::service::{Health, TaskContainer};

    const SHA: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

    fn web() -> ContainerName {
        "web".parse().unwrap()
    }

    fn task(number: u32, revision: &RevisionArn, digest: Digest) -> Task {
        Task {
            arn: format!("arn:aws:ecs:us-east-1:123456789012:task/stage/{number}").into(),
            revision: revision.clone(),
            last_status: "RUNNING".to_owned(),
            health: Health::Unknown,
            created: None,
            stop_code: None,
            stopped_reason: None,
            containers: vec![TaskContainer {
                name: "web".to_owned(),
                last_status: Some("RUNNING".to_owned()),
                health: Health::Unknown,
                digest: Some(digest),
                exit_code: None,
                reason: None,
            }],
        }
    }

    fn sound() -> SourceFacts {
        let live = revision(7, &known_image('a').to_string(), "info", None);
        let service = plan_facts(live.clone(), vec![]).service;
        let tasks = vec![task(1, &live.arn, digest('a'))];
        SourceFacts { service, live, tasks, platforms: Vec::new() }
    }

    fn reason(change: impl FnOnce(&mut SourceFacts)) -> String {
        let mut facts = sound();
        change(&mut facts);
        runs(&facts, &web()).unwrap_err()
    }

    #[test]
    fn what_every_task_runs_can_be_promoted() {
        let runs = runs(&sound(), &web()).unwrap();
        assert_eq!((runs.release.to_string(), runs.digest), (SHA.to_owned(), digest('a')));
    }

    #[test]
    fn a_platform_of_the_pinned_index_is_the_release_too() {
        let mut facts = sound();
        facts.tasks = vec![task(1, &facts.live.arn, digest('b'))];
        assert!(runs(&facts, &web()).is_err());
        facts.platforms = vec![digest('b')];
        assert_eq!(runs(&facts, &web()).unwrap().digest, digest('a'));
    }

    #[test]
    fn what_is_not_sound_says_why() {
        let in_progress = |facts: &mut SourceFacts| {
            facts.service.deployments[0].rollout_state = Some(RolloutState::InProgress);
        };
        assert_eq!(reason(in_progress), "a rollout is in progress");
        let zero = |facts: &mut SourceFacts| facts.service.desired = 0;
        assert_eq!(reason(zero), "it is scaled to zero, so nothing runs that proves it");
        let two_digests = |facts: &mut SourceFacts| {
            facts.tasks.push(task(2, &facts.live.arn, digest('b')));
        };
        assert!(reason(two_digests).contains("not the digest that was shipped"));
        let tag_only = |facts: &mut SourceFacts| {
            facts.live = revision(7, &format!("repo:{SHA}"), "info", None);
        };
        assert!(reason(tag_only).contains("does not pin its image"));
        let by_hand = |facts: &mut SourceFacts| {
            facts.live = revision(7, &format!("repo:latest@{}", digest('a')), "info", None);
        };
        assert!(reason(by_hand).contains("does not say which release it is"));
        let dirty = |facts: &mut SourceFacts| {
            let image = format!("repo:{SHA}-dirty-20261120T234749Z@{}", digest('a'));
            facts.live = revision(7, &image, "info", None);
        };
        assert!(reason(dirty).contains("uncommitted changes"));
        let draining = |facts: &mut SourceFacts| {
            let mut old = facts.service.deployments[0].clone();
            (old.is_primary, old.running) = (false, 1);
            facts.service.deployments.push(old);
        };
        assert!(reason(draining).contains("an earlier deployment still runs"));
        let few = |facts: &mut SourceFacts| facts.service.desired = 2;
        assert_eq!(reason(few), "1 of 2 tasks run");
    }

    /// The reason why what was seen again is not what was seen before. Empty: it is.
    fn moved(change: impl FnOnce(&mut SourceFacts)) -> String {
        let mut now = sound();
        change(&mut now);
        still_runs(&sound(), &now, &web()).err().unwrap_or_default()
    }

    #[test]
    fn what_runs_right_before_the_promotion_is_what_was_examined() {
        let arn = sound().live.arn;
        assert_eq!(moved(|_| {}), "");
        let scaled_out = |facts: &mut SourceFacts| {
            facts.service.desired = 3;
            facts.tasks.push(task(2, &arn, digest('a')));
        };
        assert_eq!(moved(scaled_out), "");
        let replaced = |facts: &mut SourceFacts| facts.tasks = vec![task(2, &arn, digest('a'))];
        assert_eq!(moved(replaced), "other tasks than those that were verified run since it was examined");
        let taken_over = |facts: &mut SourceFacts| {
            facts.service.deployments[0].task_definition = arn.as_str().replace(":7", ":8").into();
        };
        assert_eq!(moved(taken_over), "another deployment, of backend:8, has replaced backend:7 since it was examined");
        let in_progress = |facts: &mut SourceFacts| {
            facts.service.deployments[0].rollout_state = Some(RolloutState::InProgress);
        };
        assert_eq!(moved(in_progress), "a rollout is in progress");
        let zero = |facts: &mut SourceFacts| facts.service.desired = 0;
        assert_eq!(moved(zero), "it is scaled to zero, so nothing runs that proves it");
        let ended = |facts: &mut SourceFacts| facts.tasks[0].containers[0].exit_code = Some(7);
        assert_eq!(moved(ended), "container web of task 1 exited with code 7");
        let nothing = |facts: &mut SourceFacts| facts.tasks.clear();
        assert_eq!(moved(nothing), "0 of 1 tasks run");
        let other_bytes = |facts: &mut SourceFacts| facts.tasks = vec![task(1, &arn, digest('b'))];
        assert!(moved(other_bytes).contains("not the digest that was shipped"));
    }

    #[test]
    fn only_success_counts_as_recorded() {
        let past = |outcomes: [&str; 2]| vec![registered(9, 'a', outcomes[0]), registered(8, 'a', outcomes[1])];
        let sha = |digit: &str| digit.repeat(40).parse().unwrap();
        let found = |outcomes| recorded(&past(outcomes), &web(), &sha("a")).recorded;
        assert!(found(["rolled-back", "deployed"]).unwrap().revision.short() == "backend:8");
        assert!(found(["deployed", "deployed"]).unwrap().revision.short() == "backend:9");
        assert_eq!(found(["unproven", "broken"]), None);
        assert_eq!(recorded(&past(["deployed"; 2]), &web(), &sha("b")), LedgerSearch::default());
    }

    #[test]
    fn a_tag_that_differs_is_no_success_and_is_named() {
        let sha = |digit: &str| digit.repeat(40).parse().unwrap();
        let mut forged = registered(9, 'a', "deployed");
        forged.ledger.as_mut().unwrap().digest = Some(digest('b'));
        let alone = recorded(std::slice::from_ref(&forged), &web(), &sha("a"));
        assert_eq!(alone.recorded, None);
        assert!(alone.doubts[0].contains("backend:9 is no success of it: its tag `shipgate:digest`"), "{alone:?}");
        let older = recorded(&[forged.clone(), registered(8, 'a', "deployed")], &web(), &sha("a")).recorded.unwrap();
        assert_eq!((older.digest, older.revision.as_str().ends_with(":8")), (digest('a'), true));
        // A success of one release under the name of another one.
        forged.ledger.as_mut().unwrap().release = ReleaseName::Commit(sha("b"));
        for name in ["a", "b"] {
            let search = recorded(std::slice::from_ref(&forged), &web(), &sha(name));
            assert_eq!((search.recorded, search.doubts.len()), (None, 1), "{name}");
        }
    }
}
