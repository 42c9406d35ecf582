//! The wait for statuses that have not ended, over time and without a clock.

use std::time::Duration;

use super::judgement::{Fact, Gate, GateVerdict, Unknown};
use super::name::GateName;
use super::statuses::{NamedStatus, StatusState, StatusesEvidence};
use crate::domain::poll::PollStep;

/// Whether it is worth to wait for statuses: nothing else refuses already, and they may still become green.
pub fn awaits_statuses(gates: &[Gate]) -> bool {
    let is_statuses = |gate: &&Gate| gate.name == GateName::Statuses;
    let statuses = gates.iter().find(is_statuses);
    let may_become_green = |gate: &Gate| gate.refuses() && gate.verdict != GateVerdict::Unsatisfied;
    statuses.is_some_and(may_become_green)
        && gates.iter().filter(|gate| !is_statuses(gate)).all(|gate| !gate.refuses_already())
}

/// What one poll of the statuses of a commit found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StatusPoll {
    /// They are known.
    Seen(Vec<NamedStatus>),
    /// They are not, and the next poll may do better.
    Passing(Unknown),
    /// They are not, and no poll will do better.
    Failed(Unknown),
}

impl StatusPoll {
    /// What the gate looks at. `waited`: how long those were waited for that have not ended; `None` where nothing waits.
    pub fn evidence(self, waited: Option<Duration>) -> Fact<StatusesEvidence> {
        match self {
            Self::Seen(statuses) => Fact::Is(StatusesEvidence { statuses, waited }),
            Self::Passing(unknown) | Self::Failed(unknown) => Fact::Unknown(unknown),
        }
    }

    /// What is waited for, in words.
    pub fn awaited(&self) -> String {
        match self {
            Self::Seen(statuses) => {
                let open = statuses.iter().filter_map(|status| match &status.state {
                    StatusState::Missing => Some(format!("{} (not there yet)", status.name)),
                    StatusState::Open(word) => Some(format!("{} ({word})", status.name)),
                    StatusState::Green | StatusState::Own | StatusState::Red(_) => None,
                });
                open.collect::<Vec<_>>().join(", ")
            }
            Self::Passing(unknown) | Self::Failed(unknown) => unknown.reason.clone(),
        }
    }

    /// Whether waiting can change what the gate says: something has not ended, and nothing refuses already.
    pub fn is_open(&self) -> bool {
        match self {
            Self::Seen(statuses) => {
                let is_final = |state: &StatusState| matches!(state, StatusState::Red(_) | StatusState::Own);
                let mut states = statuses.iter().map(|status| &status.state);
                states.clone().any(StatusState::is_open) && !states.any(is_final)
            }
            Self::Passing(_) => true,
            Self::Failed(_) => false,
        }
    }
}

/// The pauses between two polls: a job takes minutes, and each poll is two requests of the token's thousand an hour.
const FIRST: Duration = Duration::from_secs(5);
const LONGER: Duration = Duration::from_secs(5);
const LONGEST: Duration = Duration::from_secs(30);
/// Where less than this is left, the wait is over.
const REST: Duration = Duration::from_secs(1);

/// A wait that goes on.
#[derive(Debug)]
pub struct StatusWait {
    wait: Duration,
    pause: Duration,
}

impl StatusWait {
    /// A wait that ends after a time.
    pub fn new(wait: Duration) -> Self {
        Self { wait, pause: FIRST }
    }

    /// Takes a poll's answer, so long after the first poll.
    pub fn take(&mut self, elapsed: Duration, look: StatusPoll) -> PollStep<Fact<StatusesEvidence>> {
        if !look.is_open() {
            return PollStep::Done(look.evidence(Some(elapsed)));
        }
        let left = self.wait.saturating_sub(elapsed);
        if left < REST {
            return PollStep::Done(look.evidence(Some(self.wait)));
        }
        let pause = self.pause.min(left);
        self.pause = (self.pause + LONGER).min(LONGEST);
        PollStep::again(pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn seen(states: &[StatusState]) -> StatusPoll {
        let named = states.iter().map(|state| NamedStatus { name: "ci".to_owned(), state: state.clone() });
        StatusPoll::Seen(named.collect())
    }

    fn open() -> StatusState {
        StatusState::Open("queued".to_owned())
    }

    #[test]
    fn the_pauses_grow_and_the_last_one_ends_with_the_wait() {
        let mut wait = StatusWait::new(seconds(120));
        let mut elapsed = Duration::ZERO;
        let mut pauses = Vec::new();
        while let PollStep::Ask { after, .. } = wait.take(elapsed, seen(&[open()])) {
            pauses.push(after.as_secs());
            elapsed += after;
        }
        assert_eq!(pauses, [5, 10, 15, 20, 25, 30, 15]);
        let given_up = wait.take(elapsed, seen(&[open()]));
        assert_eq!(given_up, PollStep::Done(seen(&[open()]).evidence(Some(seconds(120)))));
        assert!(matches!(StatusWait::new(Duration::ZERO).take(Duration::ZERO, seen(&[open()])), PollStep::Done(_)));
    }

    #[test]
    fn what_can_still_change_is_waited_for_and_nothing_else() {
        let passing = StatusPoll::Passing(Unknown::new("502"));
        let failed = StatusPoll::Failed(Unknown::new("403"));
        let red = StatusState::Red("failure".to_owned());
        for (look, waits) in [
            (seen(&[open()]), true),
            (seen(&[StatusState::Missing, StatusState::Green]), true),
            (seen(&[StatusState::Green]), false),
            (seen(&[StatusState::Missing, red.clone()]), false),
            (seen(&[red, open()]), false),
            (seen(&[open(), StatusState::Own]), false),
            (passing.clone(), true),
            (failed.clone(), false),
        ] {
            let step = StatusWait::new(seconds(60)).take(seconds(1), look.clone());
            assert_eq!(matches!(step, PollStep::Ask { .. }), waits, "{look:?}");
        }
        // An outage that outlasts the wait leaves nothing known.
        let step = StatusWait::new(seconds(60)).take(seconds(60), passing);
        assert_eq!(step, PollStep::Done(Fact::unknown("502")));
        assert_eq!(failed.evidence(None), Fact::unknown("403"));
    }

    #[test]
    fn nothing_is_waited_for_where_another_gate_refuses_already() {
        use GateVerdict::{Pending, Satisfied, Unsatisfied};
        let gate = |name, verdict, overridden: Option<&str>| Gate {
            overridden: overridden.map(str::to_owned),
            ..Gate::sample(name, verdict)
        };
        let statuses = |verdict| gate(GateName::Statuses, verdict, None);
        let hold = |verdict| gate(GateName::Hold, verdict, None);
        for (gates, waits) in [
            (vec![hold(Satisfied), statuses(Pending)], true),
            (vec![hold(Pending), statuses(GateVerdict::Unknown)], true),
            (vec![gate(GateName::Hold, Unsatisfied, Some("why")), statuses(Pending)], true),
            (vec![hold(Unsatisfied), statuses(Pending)], false),
            (vec![statuses(Pending), hold(GateVerdict::Unknown)], false),
            (vec![hold(Satisfied), statuses(Satisfied)], false),
            (vec![hold(Satisfied), statuses(Unsatisfied)], false),
            (vec![hold(Satisfied), gate(GateName::Statuses, Pending, Some("why"))], false),
            (vec![hold(Satisfied)], false),
        ] {
            assert_eq!(awaits_statuses(&gates), waits, "{gates:?}");
        }
    }

    #[test]
    fn what_is_waited_for_is_named() {
        let look = seen(&[StatusState::Missing, StatusState::Green, open()]);
        assert_eq!(look.awaited(), "ci (not there yet), ci (queued)");
        assert_eq!(StatusPoll::Passing(Unknown::new("GitHub answers 502")).awaited(), "GitHub answers 502");
    }
}
