//! `soak`: the release ran long enough where it is promoted from.

use jiff::{SignedDuration, Timestamp};

use super::duration::shown;
use super::judgement::{Fact, GateJudgement};
use super::subject::GateSubject;
use crate::domain::names::ComponentName;
use crate::domain::promotion::{RunEnd, UnbrokenRun};

/// Since when a component of the source runs what is promoted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Soaked {
    /// The component.
    pub component: ComponentName,
    /// When the unbroken run of its digest first succeeded.
    pub since: Fact<Timestamp>,
    /// When that run ended. `None`: it runs still.
    pub until: Option<Timestamp>,
}

impl Soaked {
    /// What a component's run says of it.
    pub fn of(component: ComponentName, run: &UnbrokenRun) -> Self {
        let (since, until) = match (run.since, run.end) {
            (None, _) => (Fact::unknown("no success of it is recorded with its time"), None),
            (Some(_), RunEnd::Unknown) => (Fact::unknown("nothing records when something else took its place"), None),
            (Some(since), RunEnd::At(until)) => (Fact::Is(since), Some(until)),
            (Some(since), RunEnd::Runs) => (Fact::Is(since), None),
        };
        Self { component, since, until }
    }
}

/// It ran there unbroken at least so long, each of its components.
pub(super) fn judge(subject: &GateSubject<'_>, seen: &[Soaked], now: Timestamp) -> GateJudgement {
    let Some(wanted) = subject.policy.soak else { return GateJudgement::satisfied("none is asked for") };
    let Ok(wanted) = SignedDuration::try_from(wanted) else {
        return GateJudgement::unsatisfied("it is longer than any release can run", "write a shorter `soak`");
    };
    let (mut shortest, mut due): (Option<SignedDuration>, Option<Timestamp>) = (None, None);
    let mut short = Vec::new();
    for Soaked { component, since, until } in seen {
        let since = match since {
            Fact::Is(since) => *since,
            Fact::Unknown(unknown) => {
                let mut unknown = unknown.clone();
                unknown.reason = format!("how long {component} has run it is not known: {}", unknown.reason);
                return GateJudgement::unknown(&unknown);
            }
        };
        // A clock that runs ahead elsewhere is no soaking.
        let ran = until.unwrap_or(now).duration_since(since).max(SignedDuration::ZERO);
        shortest = Some(shortest.map_or(ran, |shortest| shortest.min(ran)));
        if ran < wanted {
            short.push(match until {
                None => format!("{component} has run it for {} of {}", shown(ran), shown(wanted)),
                Some(_) => {
                    format!("{component} ran it for {} of {}, and runs something else now", shown(ran), shown(wanted))
                }
            });
            let then = since.saturating_add(wanted).ok().filter(|_| until.is_none());
            due = due.max(then);
        }
    }
    match (shortest, short.is_empty()) {
        (None, _) => GateJudgement::satisfied("no component is promoted"),
        (Some(shortest), true) => {
            GateJudgement::satisfied(format!("it ran for {} of {}", shown(shortest), shown(wanted)))
        }
        (Some(_), false) => {
            let hint = match due {
                Some(due) => format!("run it again after {}", due.strftime("%Y-%m-%d %H:%M:%SZ")),
                None => "promote what runs there now, once it has run for as long".to_owned(),
            };
            GateJudgement::unsatisfied(short.join("; "), hint)
        }
    }
}
