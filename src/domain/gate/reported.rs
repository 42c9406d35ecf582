//! What GitHub reports of a commit, as the states of the statuses that the configuration names.

use super::statuses::{NamedStatus, StatusState};
use crate::domain::{commit_status, neutral};

/// A status or a check run of a commit, in GitHub's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reported {
    /// A commit status: the latest of its context.
    Status {
        /// What it is about.
        context: String,
        /// `error`, `failure`, `pending` or `success`.
        state: String,
    },
    /// A check run.
    CheckRun {
        /// Its name: of a job of GitHub Actions, the job's.
        name: String,
        /// `completed`, or how far it is: `queued`, `in_progress`.
        status: String,
        /// How it ended: `success`, `failure`, `cancelled`.
        conclusion: Option<String>,
        /// The pages that it leads to.
        addresses: Vec<String>,
    },
}

/// As many characters of GitHub's word are shown.
const LONGEST_WORD: usize = 40;

impl Reported {
    /// Whether a name of the configuration means it. GitHub compares contexts without regard to case.
    fn is_named(&self, wanted: &str) -> bool {
        match self {
            Self::Status { context, .. } => context.eq_ignore_ascii_case(wanted),
            Self::CheckRun { name, .. } => name == wanted,
        }
    }

    /// What it says. `run`: the id of the workflow run that asks. Only GitHub's own words for it are a success.
    fn state(&self, run: Option<&str>) -> StatusState {
        let shown = |word: &str| neutral::phrase(word, LONGEST_WORD);
        match self {
            Self::Status { state, .. } => match state.as_str() {
                "success" => StatusState::Green,
                "pending" => StatusState::Open(shown(state)),
                _ => StatusState::Red(shown(state)),
            },
            Self::CheckRun { addresses, .. }
                if run.is_some_and(|run| addresses.iter().any(|address| is_of_run(address, run))) =>
            {
                StatusState::Own
            }
            Self::CheckRun { status, conclusion, .. } => match (status.as_str(), conclusion.as_deref()) {
                // A job is skipped also where one that it needs has failed.
                ("completed", Some("success" | "neutral")) => StatusState::Green,
                ("completed", Some(word)) => StatusState::Red(shown(word)),
                ("completed", None) => StatusState::Red("completed without a conclusion".to_owned()),
                _ => StatusState::Open(shown(status)),
            },
        }
    }
}

/// Whether an address is of a page of a workflow run: `https://github.com/o/r/actions/runs/7/job/8`.
fn is_of_run(address: &str, run: &str) -> bool {
    let behind = address.split_once("/actions/runs/").map(|(_, behind)| behind);
    behind.and_then(|behind| behind.split(['/', '?', '#']).next()) == Some(run)
}

/// The states of the statuses that the configuration names, in its order: of several of one name, the worst. `run`: the id
/// of the workflow run that asks.
pub fn named_statuses(names: &[String], reported: &[Reported], run: Option<&str>) -> Vec<NamedStatus> {
    let state = |name: &String| {
        if commit_status::is_own(name) {
            return StatusState::Own;
        }
        let found = reported.iter().filter(|reported| reported.is_named(name));
        found.map(|reported| reported.state(run)).max().unwrap_or(StatusState::Missing)
    };
    names.iter().map(|name| NamedStatus { name: name.clone(), state: state(name) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(context: &str, state: &str) -> Reported {
        Reported::Status { context: context.to_owned(), state: state.to_owned() }
    }

    fn check(name: &str, status: &str, conclusion: Option<&str>, run: &str) -> Reported {
        Reported::CheckRun {
            name: name.to_owned(),
            status: status.to_owned(),
            conclusion: conclusion.map(str::to_owned),
            addresses: vec![format!("https://github.com/o/r/actions/runs/{run}/job/9")],
        }
    }

    fn of(name: &str, reported: &[Reported]) -> StatusState {
        named_statuses(&[name.to_owned()], reported, Some("7")).remove(0).state
    }

    fn red(word: &str) -> StatusState {
        StatusState::Red(word.to_owned())
    }

    fn open(word: &str) -> StatusState {
        StatusState::Open(word.to_owned())
    }

    #[test]
    fn only_the_words_of_github_for_success_are_green() {
        for (state, expected) in [
            ("success", StatusState::Green),
            ("pending", open("pending")),
            ("failure", red("failure")),
            ("error", red("error")),
            ("splendid", red("splendid")),
            ("Success", red("Success")),
        ] {
            assert_eq!(of("ci", &[status("ci", state)]), expected, "{state}");
        }
        for (state, conclusion, expected) in [
            ("completed", Some("success"), StatusState::Green),
            ("completed", Some("neutral"), StatusState::Green),
            ("completed", Some("skipped"), StatusState::Red("skipped".to_owned())),
            ("completed", Some("failure"), red("failure")),
            ("completed", Some("cancelled"), red("cancelled")),
            ("completed", Some("timed_out"), red("timed_out")),
            ("completed", Some("action_required"), red("action_required")),
            ("completed", Some("stale"), red("stale")),
            ("completed", None, red("completed without a conclusion")),
            ("queued", None, open("queued")),
            ("in_progress", Some("success"), open("in_progress")),
            ("pending", None, open("pending")),
            ("waiting", None, open("waiting")),
            ("requested", None, open("requested")),
            ("::error::x", None, open(": :error::x")),
        ] {
            assert_eq!(of("ci", &[check("ci", state, conclusion, "1")]), expected, "{state} {conclusion:?}");
        }
    }

    #[test]
    fn of_several_of_one_name_the_worst_counts_whatever_it_is() {
        let green = status("ci", "success");
        for (other, expected) in [
            (check("ci", "completed", Some("success"), "1"), StatusState::Green),
            (check("ci", "in_progress", None, "1"), open("in_progress")),
            (check("ci", "completed", Some("failure"), "1"), red("failure")),
            (check("ci", "completed", Some("success"), "7"), StatusState::Own),
            (check("CI", "completed", Some("failure"), "1"), StatusState::Green),
            (status("CI", "failure"), red("failure")),
            (status("ci 2", "failure"), StatusState::Green),
        ] {
            assert_eq!(of("ci", &[green.clone(), other.clone()]), expected, "{other:?}");
            assert_eq!(of("ci", &[other.clone(), green.clone()]), expected, "{other:?}");
        }
        assert_eq!(of("ci", &[]), StatusState::Missing);
    }

    #[test]
    fn statuses_of_shipgate_and_jobs_of_this_run_are_its_own() {
        assert_eq!(of("shipgate/stage", &[status("shipgate/stage", "success")]), StatusState::Own);
        assert_eq!(of("Shipgate/stage", &[]), StatusState::Own);
        for (address, expected) in [
            ("https://github.com/o/r/actions/runs/7", true),
            ("https://ghe.example/o/r/actions/runs/7/attempts/2?pr=1", true),
            ("https://github.com/o/r/actions/runs/71/job/1", false),
            ("https://github.com/o/r/runs/7", false),
            ("", false),
        ] {
            assert_eq!(is_of_run(address, "7"), expected, "{address}");
        }
        let foreign = check("ci", "completed", Some("success"), "7");
        assert_eq!(named_statuses(&["ci".to_owned()], &[foreign], None)[0].state, StatusState::Green);
    }
}
