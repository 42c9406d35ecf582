//! What a plan's document says of the command that makes it.

use serde_json::Value;

use crate::domain::names::{ComponentName, EnvironmentName};
use crate::domain::release::GitSha;

/// A command with the arguments that make a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedCommand {
    /// The command: `promote`, `rollback`.
    pub command: &'static str,
    /// The environment.
    pub environment: EnvironmentName,
    /// The release.
    pub release: GitSha,
    /// The components, in the order of the plan.
    pub components: Vec<ComponentName>,
    /// The gates that are overridden, each with its reason.
    pub overrides: Vec<(String, String)>,
}

impl PlannedCommand {
    /// Reads it from the document of a plan ([`Plan::document`](super::Plan::document)). `None`: it is none, or of a command
    /// that people do not approve.
    pub fn read(document: &str) -> Option<Self> {
        let document: Value = serde_json::from_str(document).ok()?;
        let text = |key: &str| document.get(key)?.as_str();
        let name = |component: &Value| component.get("name")?.as_str()?.parse().ok();
        let components = document.get("components")?.as_array()?.iter().map(name);
        let overridden = |entry: &Value| {
            let [gate, reason] = entry.as_array()?.as_slice() else { return None };
            Some((gate.as_str()?.to_owned(), reason.as_str()?.to_owned()))
        };
        let overrides = document.get("overrides").and_then(Value::as_array).into_iter().flatten().map(overridden);
        Some(Self {
            command: ["promote", "rollback"].into_iter().find(|command| text("command") == Some(*command))?,
            environment: text("environment")?.parse().ok()?,
            release: text("release")?.parse().ok()?,
            components: components.collect::<Option<_>>()?,
            overrides: overrides.collect::<Option<_>>()?,
        })
    }
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
        assert_eq!(
            (read.command, read.environment.as_str(), read.release.to_string()),
            ("promote", "production", release.clone())
        );
        assert_eq!(read.components, ["backend".parse().unwrap()]);
        assert_eq!(read.overrides, [("freeze".to_owned(), "the shop is down".to_owned())]);
        for wrong in ["", "[]", "{}", &document("deploy"), &document("promote").replace("backend", "a b")] {
            assert_eq!(PlannedCommand::read(wrong), None, "{wrong}");
        }
    }
}
