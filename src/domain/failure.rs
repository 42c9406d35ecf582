//! The one way in which a command fails: an outcome, what is wrong, why, and what to do about it.

use camino::Utf8PathBuf;

use super::check::Place;
use super::neutral;
use super::outcome::Outcome;

/// A failed command, or a failed component of one.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{reason}")]
pub struct Failure {
    /// How it ended.
    pub outcome: Outcome,
    /// What is wrong: a lowercase fragment that names the thing.
    pub reason: String,
    /// Why, the most telling first: foreign text is already neutral.
    pub causes: Vec<String>,
    /// What to do: exact actions.
    pub hints: Vec<String>,
    /// Whether it may be over at the next try: nobody answered, or too many were asking.
    pub transient: bool,
    /// Whether how it ended is unknown, because nobody could look: that is `broken`, and proves nothing.
    pub unknown: bool,
    /// Problems of the configuration, to be shown with their place instead of the reason.
    pub diagnostics: Option<Box<Diagnostics>>,
}

/// Everything that is wrong with a configuration: as data, and as people read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostics {
    /// The problems, by position.
    pub problems: Vec<Problem>,
    /// The problems with the lines they are about.
    pub plain: String,
    /// The same in colours.
    pub coloured: String,
}

/// One thing that is wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file. Absent when no file is wrong but the request, or a variable from outside.
    pub file: Option<Utf8PathBuf>,
    /// Where in the file.
    pub place: Option<Place>,
    /// What is wrong: a fragment in lower case that names the thing.
    pub message: String,
    /// What to do about it.
    pub hint: String,
    /// The variable from outside that has no value, as it is written: `${vars.NAME}`. Absent: something else is wrong.
    pub variable: Option<String>,
}

impl Diagnostics {
    /// The problems with the lines they are about, for people.
    pub fn render(&self, color: bool) -> &str {
        if color { &self.coloured } else { &self.plain }
    }
}

impl Failure {
    /// A failure with any outcome.
    pub fn new(outcome: Outcome, reason: impl Into<String>) -> Self {
        Self {
            outcome,
            reason: reason.into(),
            causes: Vec::new(),
            hints: Vec::new(),
            transient: false,
            unknown: false,
            diagnostics: None,
        }
    }

    /// Something failed, and what served before still serves.
    pub fn failed(reason: impl Into<String>) -> Self {
        Self::new(Outcome::Failed, reason)
    }

    /// How it ended is unknown. The release may serve, so the ledger is not to call it broken.
    pub fn unknown(reason: impl Into<String>) -> Self {
        Self { unknown: true, ..Self::new(Outcome::Broken, reason) }
    }

    /// Usage, configuration or identity.
    pub fn invalid(reason: impl Into<String>) -> Self {
        Self::new(Outcome::Invalid, reason)
    }

    /// Adds a cause. It may be foreign text.
    #[must_use]
    pub fn cause(mut self, cause: impl AsRef<str>) -> Self {
        self.causes.extend(neutral::lines(cause.as_ref()).iter().map(|line| line.trim().to_owned()));
        self
    }

    /// The reason with its first cause, for a place where a sentence has to do.
    pub fn brief(&self) -> String {
        match self.causes.first() {
            Some(cause) => format!("{}: {cause}", self.reason),
            None => self.reason.clone(),
        }
    }

    /// Adds an action.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}
