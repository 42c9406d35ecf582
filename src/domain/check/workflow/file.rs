//! One workflow file, read twice: as what it means, and as where it stands.

use github_actions_models::workflow::Workflow;
use yaml_serde::Value;
use yamlpath::Component;

use super::checkouts::Checkouts;
pub use crate::domain::check::Path;
use crate::domain::check::{CheckFinding, LinePlace, Rule, YamlPlaces, too_deep, without_place};
use crate::domain::limits::YAML_NESTING;

/// A workflow file that could be read.
#[derive(Debug)]
pub struct WorkflowFile {
    /// The file, relative to the root of the repository.
    pub path: String,
    /// What it means.
    pub workflow: Workflow,
    /// All of it, with what the model leaves out.
    pub raw: Value,
    /// The steps that check out the repository.
    pub checkouts: Checkouts,
    places: YamlPlaces,
}

impl WorkflowFile {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// The finding that says why it cannot be read. `None`: it is no workflow of GitHub Actions, and names nothing of shipgate.
    pub fn read(path: &str, text: &str) -> Result<Self, Option<CheckFinding>> {
        // A mark of the encoding is no part of what editors and GitHub show.
        let text = text.trim_start_matches('\u{feff}');
        if let Some(line) = too_deep(text) {
            let message = format!("the workflow is nested deeper than {YAML_NESTING} levels, so it is not parsed");
            let hint = "write it flatter: no job of GitHub Actions needs this many levels";
            let place = Some(LinePlace::at(line, 1));
            return Err(Some(CheckFinding::new(Rule::WorkflowSyntax, message, hint).in_file(path, place)));
        }
        let raw: Value = yaml_serde::from_str(text).map_err(|error| Some(syntax(path, &error)))?;
        let workflow: Workflow = yaml_serde::from_str(text).map_err(|error| shape(path, text, &error))?;
        let checkouts = Checkouts::of(&workflow);
        Ok(Self { path: path.to_owned(), workflow, raw, checkouts, places: YamlPlaces::new(text) })
    }

    /// The place of a key, or of the nearest part around it that is there.
    pub fn place(&self, path: &[Component<'_>]) -> LinePlace {
        self.places.place(path)
    }

    /// A finding at a part of this file.
    pub fn finding(&self, rule: Rule, path: &[Component<'_>], message: String, hint: impl AsRef<str>) -> CheckFinding {
        CheckFinding::new(rule, message, hint).in_file(&self.path, Some(self.place(path)))
    }
}

fn syntax(path: &str, error: &yaml_serde::Error) -> CheckFinding {
    let place = error.location().map(|location| LinePlace::at(location.line(), location.column()));
    let message = format!("the workflow is not YAML: {}", without_place(error));
    CheckFinding::new(Rule::WorkflowSyntax, message, "correct it: GitHub does not run a file that it cannot read")
        .in_file(path, place)
}

/// GitHub may know what the model does not. So this is no error, and nothing at all where shipgate has no part in it.
fn shape(path: &str, text: &str, error: &yaml_serde::Error) -> Option<CheckFinding> {
    if !text.contains("shipgate") {
        return None;
    }
    let place = error.location().map(|location| LinePlace::at(location.line(), location.column()));
    let message = format!("the file is no workflow that shipgate can read: {}", without_place(error));
    let hint = "correct it where GitHub refuses it too; where GitHub accepts it, this file was not checked";
    Some(CheckFinding::new(Rule::WorkflowShape, message, hint).in_file(path, place.or(Some(LinePlace::at(1, 1)))))
}
