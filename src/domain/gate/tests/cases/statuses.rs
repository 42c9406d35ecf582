//! `statuses`

use std::time::Duration;

use super::super::*;
use super::GateCase;

/// `waited`: how long those were waited for that have not ended, in seconds. Nothing: a plan, which does not wait.
fn case(situation: &'static str, wait: u64, waited: Option<u64>, states: &[(&str, StatusState)]) -> GateCase {
    let names = states.iter().map(|(name, _)| (*name).to_owned()).collect();
    let statuses = states.iter().map(|(name, state)| NamedStatus { name: (*name).to_owned(), state: state.clone() });
    let seen = StatusesEvidence { statuses: statuses.collect(), waited: waited.map(Duration::from_secs) };
    GateCase::new(GateName::Statuses, ChangeCommand::Deploy, situation)
        .policy(|policy| policy.statuses = Some(StatusPolicy { names, wait: Duration::from_secs(wait) }))
        .evidence(|evidence| evidence.statuses = Fact::Is(seen))
}

pub(super) fn cases() -> Vec<GateCase> {
    const SEE: &str = "see why it does not end, then run it again; `wait` in `statuses` says how long it is waited for";
    let open = || ("e2e", StatusState::Open("in_progress".to_owned()));
    let missing = || ("scan", StatusState::Missing);
    let red = ("lint", StatusState::Red("failure".to_owned()));
    let green = || ("ci", StatusState::Green);
    vec![
        case("all of them are green", 1200, Some(0), &[green()]).satisfied("ci: green"),
        case("one of them failed; others are not waited for any more", 1200, Some(9), &[green(), red, open()])
            .unsatisfied("lint is failure", "fix what it found, or run it again, and then this"),
        case(
            "a name is that of a job of this very run, or of a status that shipgate writes",
            1200,
            Some(9),
            &[green(), ("stage", StatusState::Own)],
        )
        .unsatisfied(
            "stage is of this run, or shipgate's own",
            "name statuses and checks of other workflows in `statuses`",
        ),
        case("some did not end while they were waited for", 1200, Some(1200), &[open(), missing()])
            .unknown("e2e is in_progress, scan is not there after 20m", SEE),
        case("one has not ended, and `wait` is `0s`", 0, Some(0), &[missing()]).unknown("scan is not there", SEE),
        case("one has not ended, and this is only a plan", 1200, None, &[open()])
            .pending("e2e is in_progress: waited for up to 20m when it is carried out"),
        case("one has not ended, this is only a plan, and `wait` is `0s`", 0, None, &[open()])
            .unknown("e2e is in_progress", SEE),
    ]
}
