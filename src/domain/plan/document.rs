//! What a plan's document says of the command that makes it.

use serde_json::Value;

use super::unhold::UnholdPlan;
use crate::domain::names::{ComponentName, EnvironmentName};
use crate::domain::neutral;
use crate::domain::release::ReleaseName;

/// A command with the arguments that make a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedCommand {
    /// The command: `promote`, `rollback`, `unhold`.
    pub command: &'static str,
    /// The environment.
    pub environment: EnvironmentName,
    /// The components, in the order of the plan.
    pub components: Vec<ComponentName>,
    /// What else the command is given.
    pub change: PlannedChange,
}

/// What a planned command changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlannedChange {
    /// It puts a release there.
    Release {
        /// The release: a commit, or for a rollback the baseline.
        release: ReleaseName,
        /// The gates that are overridden, each with its reason.
        overrides: Vec<(String, String)>,
    },
    /// It takes the holds off.
    Holds {
        /// Why, neutral.
        reason: String,
    },
}

impl PlannedCommand {
    /// Reads it from the document of a plan ([`Plan::document`](super::Plan::document), [`UnholdPlan::document`]). `None`: it
    /// is none, or of a command that people do not approve.
    pub fn read(document: &str) -> Option<Self> {
        let document: Value = serde_json::from_str(document).ok()?;
        let text = |key: &str| document.get(key)?.as_str();
        let name = |component: &Value| component.get("name")?.as_str()?.parse().ok();
        let components = document.get("components")?.as_array()?.iter().map(name);
        let command = ["promote", "rollback", UnholdPlan::COMMAND];
        let command = command.into_iter().find(|command| text("command") == Some(*command))?;
        let change = if command == UnholdPlan::COMMAND {
            PlannedChange::Holds { reason: said(text("reason")?)? }
        } else {
            PlannedChange::Release { release: release(command, text("release")?)?, overrides: overrides(&document)? }
        };
        Some(Self {
            command,
            environment: text("environment")?.parse().ok()?,
            components: components.collect::<Option<_>>()?,
            change,
        })
    }
}

fn release(command: &str, text: &str) -> Option<ReleaseName> {
    if command == "rollback" && text == ReleaseName::BASELINE {
        return Some(ReleaseName::Baseline);
    }
    text.parse().ok().map(ReleaseName::Commit)
}

/// The overridden gates of a plan of a release.
fn overrides(document: &Value) -> Option<Vec<(String, String)>> {
    let overridden = |entry: &Value| {
        let [gate, reason] = entry.as_array()?.as_slice() else { return None };
        Some((said(gate.as_str()?)?, said(reason.as_str()?)?))
    };
    document.get("overrides").and_then(Value::as_array).into_iter().flatten().map(overridden).collect()
}

/// A text of somebody as plans have it: neutral, in one line. Any other one is of no plan of shipgate.
fn said(text: &str) -> Option<String> {
    (!text.is_empty() && neutral::phrase(text, usize::MAX) == text).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_says_which_command_makes_it() {
        let release = "0f".repeat(20);
        let document = |command: &str| {
            format!(
                r#"{{"command":"{command}","environment":"production","release":"{release}","components":[{{"name":"backend"}}],
                "overrides":[["freeze","the shop is down"]],"version":2}}"#
            )
        };
        let read = PlannedCommand::read(&document("promote")).unwrap();
        assert_eq!((read.command, read.environment.as_str()), ("promote", "production"));
        assert_eq!(read.components, ["backend".parse().unwrap()]);
        let overrides = vec![("freeze".to_owned(), "the shop is down".to_owned())];
        assert_eq!(read.change, PlannedChange::Release { release: release.parse().unwrap(), overrides });
        for wrong in [
            "",
            "[]",
            "{}",
            &document("deploy"),
            &document("hold"),
            &document("promote").replace("backend", "a b"),
            // It would be two lines of an input.
            &document("promote").replace("the shop is down", "down\\nsoak=it is"),
            &document("promote").replace("the shop is down", ""),
            // Without a reason.
            &document("unhold"),
        ] {
            assert_eq!(PlannedCommand::read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_rollback_alone_goes_to_the_baseline() {
        let document = |command: &str| {
            format!(r#"{{"command":"{command}","environment":"production","release":"baseline","components":[]}}"#)
        };
        let read = PlannedCommand::read(&document("rollback")).unwrap();
        assert_eq!(read.change, PlannedChange::Release { release: ReleaseName::Baseline, overrides: Vec::new() });
        assert_eq!(PlannedCommand::read(&document("promote")), None);
    }

    #[test]
    fn a_plan_that_takes_holds_off_says_why() {
        let document = |reason: &str| {
            format!(
                r#"{{"command":"unhold","environment":"production","reason":"{reason}","components":[{{"name":"backend"}}]}}"#
            )
        };
        let read = PlannedCommand::read(&document("carts work, süß")).unwrap();
        assert_eq!((read.command, read.environment.as_str()), ("unhold", "production"));
        assert_eq!(read.change, PlannedChange::Holds { reason: "carts work, süß".to_owned() });
        for wrong in ["", " ", "a\\nb", "::error::x", "a\\u001b[31mb", "##[group]"] {
            assert_eq!(PlannedCommand::read(&document(wrong)), None, "{wrong}");
        }
    }
}
