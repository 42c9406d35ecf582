//! `statuses`: named commit statuses and check runs are green.

use std::time::Duration;

use jiff::SignedDuration;

use super::duration::shown;
use super::judgement::{GateJudgement, GateVerdict};
use super::subject::GateSubject;

/// A status or check run of the commit, or that there is none of that name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedStatus {
    /// The name that the configuration has.
    pub name: String,
    /// What is known of it. Of several of one name, the worst.
    pub state: StatusState,
}

/// What a status says, the worst last.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum StatusState {
    /// It succeeded, or did not matter.
    Green,
    /// There is none of that name, yet.
    Missing,
    /// It has not ended: `in_progress`, `pending`.
    Open(String),
    /// It is a job of the very run that asks, which cannot wait for itself; or a status that shipgate writes.
    Own,
    /// It ended otherwise: `failure`, `cancelled`.
    Red(String),
}

impl StatusState {
    /// Whether it may still become another one.
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Missing | Self::Open(_))
    }
}

/// The statuses that the configuration names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusesEvidence {
    /// Each of them, in the order of the configuration.
    pub statuses: Vec<NamedStatus>,
    /// How long those were waited for that have not ended. `None`: the command only plans, and waits for nothing.
    pub waited: Option<Duration>,
}

/// All that are named are green.
pub(super) fn judge(subject: &GateSubject<'_>, seen: &StatusesEvidence) -> GateJudgement {
    let named = |is: &dyn Fn(&StatusState) -> Option<String>| {
        let found = seen.statuses.iter().filter_map(|status| Some(format!("{} {}", status.name, is(&status.state)?)));
        found.collect::<Vec<_>>()
    };
    let own = named(&|state| (*state == StatusState::Own).then(|| "is of this run, or shipgate's own".to_owned()));
    if !own.is_empty() {
        return GateJudgement::unsatisfied(own.join(", "), "name statuses and checks of other workflows in `statuses`");
    }
    let red = named(&|state| match state {
        StatusState::Red(word) => Some(format!("is {word}")),
        StatusState::Green | StatusState::Missing | StatusState::Open(_) | StatusState::Own => None,
    });
    if !red.is_empty() {
        return GateJudgement::unsatisfied(red.join(", "), "fix what it found, or run it again, and then this");
    }
    let open = named(&|state| match state {
        StatusState::Open(word) => Some(format!("is {word}")),
        StatusState::Missing => Some("is not there".to_owned()),
        StatusState::Green | StatusState::Own | StatusState::Red(_) => None,
    });
    if open.is_empty() {
        let green: Vec<&str> = seen.statuses.iter().map(|status| status.name.as_str()).collect();
        return GateJudgement::satisfied(format!("{}: green", green.join(", ")));
    }
    let wait = subject.policy.statuses.as_ref().map_or(Duration::ZERO, |statuses| statuses.wait);
    match seen.waited {
        None if !wait.is_zero() => GateJudgement {
            verdict: GateVerdict::Pending,
            reason: format!("{}: waited for up to {} when it is carried out", open.join(", "), words(wait)),
            hint: None,
        },
        waited => GateJudgement {
            verdict: GateVerdict::Unknown,
            reason: match waited {
                Some(waited) if !waited.is_zero() => format!("{} after {}", open.join(", "), words(waited)),
                _ => open.join(", "),
            },
            hint: Some(
                "see why it does not end, then run it again; `wait` in `statuses` says how long it is waited for"
                    .to_owned(),
            ),
        },
    }
}

fn words(duration: Duration) -> String {
    shown(SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX))
}
