//! The files that the runner reads when the step is over.

use camino::{Utf8Path, Utf8PathBuf};
use uuid::Uuid;

use crate::context::Context;
use crate::domain::github::output::entry;
use crate::report::line;
use crate::report::style::TextStyle;
use crate::sink;

/// An output of the step: its name and value.
pub type StepOutput = (&'static str, String);

#[derive(Debug)]
pub struct RunnerFiles {
    output: Option<Utf8PathBuf>,
    summary: Option<Utf8PathBuf>,
}

impl RunnerFiles {
    pub fn of(context: &Context) -> Self {
        let path = |name| context.variable(name).map(Utf8PathBuf::from);
        Self { output: path("GITHUB_OUTPUT"), summary: path("GITHUB_STEP_SUMMARY") }
    }

    /// Hands outputs and summary to the runner. That it cannot be done is said, and changes nothing else: what was
    /// done is done.
    pub fn put(&self, outputs: &[StepOutput], summary: &str) {
        let entries =
            outputs.iter().filter_map(|(name, value)| entry(name, &sink::clean_document(value), &delimiter()));
        append(self.output.as_deref(), &entries.collect::<String>(), "outputs");
        append(self.summary.as_deref(), summary, "summary");
    }
}

/// It cannot be guessed, so that no value can end itself.
fn delimiter() -> String {
    format!("shipgate-{}", Uuid::new_v4())
}

fn append(path: Option<&Utf8Path>, text: &str, what: &str) {
    let Some(path) = path else { return };
    if let Err(error) = sink::append(path, text) {
        sink::line(&line::warned(
            &format!("the step's {what} cannot be written to {path}: {error}"),
            Some("let nothing else in the step write to the runner's files"),
            TextStyle::plain(),
        ));
    }
}
