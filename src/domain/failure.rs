//! The one way in which a command fails: an outcome, what is wrong, why, and what to do about it.

use std::fmt;

use camino::Utf8PathBuf;

use super::check::LinePlace;
use super::neutral;
use super::outcome::Outcome;

/// A failed command, or a failed component of one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Failure {
    /// How it ended.
    pub outcome: Outcome,
    /// What is wrong: a lowercase fragment that names the thing.
    pub reason: String,
    /// What kind of thing failed: the kind of its causes.
    pub kind: CauseKind,
    /// Why, the most specific first.
    pub causes: Vec<Cause>,
    /// What to do: exact actions.
    pub hints: Vec<String>,
    /// Whether it may be over at the next try.
    pub is_transient: bool,
    /// Problems of the configuration, to be shown with their place instead of the reason.
    pub diagnostics: Option<Box<Diagnostics>>,
}

/// Why something failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// In words: one line. Foreign text in it is already neutral.
    pub text: String,
    /// Where to look for the reason.
    pub kind: CauseKind,
    /// The code of the service that said so, or a stable one of shipgate's.
    pub code: Option<String>,
    /// What to do about this cause, where one of the failure's hints is about it.
    pub hint: Option<String>,
}

/// Where to look for the reason of a failure. A contract: the words of `cause_details[].kind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CauseKind {
    /// What is configured, installed or created: the checkout, the machine, the account.
    Environment,
    /// A service that does not answer, or not now.
    Dependency,
    /// The build of an image.
    Build,
    /// The rollout of a release.
    Deployment,
    /// The program that is released.
    Application,
    /// What somebody may not do.
    Permission,
}

impl CauseKind {
    /// The word of the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Environment => "environment",
            Self::Dependency => "dependency",
            Self::Build => "build",
            Self::Deployment => "deployment",
            Self::Application => "application",
            Self::Permission => "permission",
        }
    }

    /// The kind where nothing more is known than how it ended.
    fn of(outcome: Outcome) -> Self {
        match outcome {
            Outcome::RolledBack
            | Outcome::Broken
            | Outcome::Superseded
            | Outcome::TimedOut
            | Outcome::Unproven
            | Outcome::Deployed => Self::Deployment,
            Outcome::Failed
            | Outcome::Invalid
            | Outcome::Refused
            | Outcome::Stale
            | Outcome::Interrupted
            | Outcome::Planned
            | Outcome::Unchanged => Self::Environment,
        }
    }
}

impl Cause {
    /// A cause of a kind. The text may be foreign: its lines are joined.
    pub fn new(kind: CauseKind, text: impl AsRef<str>) -> Self {
        let text = text.as_ref();
        let text = if text.contains(['\n', '\r']) { neutral::phrase(text, usize::MAX) } else { neutral::line(text) };
        Self { text, kind, code: None, hint: None }
    }

    /// With a code. It may be foreign text.
    #[must_use]
    pub fn code(mut self, code: impl Into<Option<String>>) -> Self {
        self.code = code.into().map(|code| neutral::line(&code));
        self
    }

    /// With what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl AsRef<str> for Cause {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

/// Everything that is wrong with a configuration: as data, and as people read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostics {
    /// The problems, by position.
    pub problems: Vec<ConfigurationProblem>,
    /// The problems with the lines they are about.
    pub plain: String,
    /// The same in colours.
    pub coloured: String,
}

/// One thing that is wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigurationProblem {
    /// The file. Absent when no file is wrong but the request, or a variable from outside.
    pub file: Option<Utf8PathBuf>,
    /// Where in the file.
    pub place: Option<LinePlace>,
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
            kind: CauseKind::of(outcome),
            causes: Vec::new(),
            hints: Vec::new(),
            is_transient: false,
            diagnostics: None,
        }
    }

    /// Something failed, and what served before still serves.
    pub fn failed(reason: impl Into<String>) -> Self {
        Self::new(Outcome::Failed, reason)
    }

    /// Usage, configuration or identity.
    pub fn invalid(reason: impl Into<String>) -> Self {
        Self::new(Outcome::Invalid, reason)
    }

    /// Says what kind of thing failed, for the causes that there are and for those to come.
    #[must_use]
    pub fn of(mut self, kind: CauseKind) -> Self {
        self.kind = kind;
        self.causes.iter_mut().for_each(|cause| cause.kind = kind);
        self
    }

    /// Adds a cause, each line one of its own. It may be foreign text.
    #[must_use]
    pub fn cause(mut self, cause: impl AsRef<str>) -> Self {
        self.add_cause(cause);
        self
    }

    /// Adds one that is more specific than all there are.
    #[must_use]
    pub fn cause_first(mut self, cause: impl AsRef<str>) -> Self {
        let others = std::mem::take(&mut self.causes);
        self.add_cause(cause);
        self.causes.extend(others);
        self
    }

    /// The same in place.
    pub fn add_cause(&mut self, cause: impl AsRef<str>) {
        self.add_causes([cause], None, None);
    }

    /// The same for several, with what is known of all of them.
    #[must_use]
    pub fn causes(
        mut self,
        causes: impl IntoIterator<Item = impl AsRef<str>>,
        code: Option<String>,
        hint: Option<String>,
    ) -> Self {
        self.add_causes(causes, code, hint);
        self
    }

    fn add_causes(
        &mut self,
        causes: impl IntoIterator<Item = impl AsRef<str>>,
        code: Option<String>,
        hint: Option<String>,
    ) {
        let about = Cause { hint, ..Cause::new(self.kind, "").code(code) };
        for cause in causes {
            let lines = neutral::lines(cause.as_ref());
            self.causes.extend(lines.iter().map(|line| Cause { text: line.trim().to_owned(), ..about.clone() }));
        }
    }

    /// Adds a cause with what is known of it.
    #[must_use]
    pub fn because(mut self, cause: Cause) -> Self {
        self.causes.push(cause);
        self
    }

    /// The reason with its first cause, for a place where a sentence has to do.
    pub fn brief(&self) -> String {
        match self.causes.first() {
            Some(cause) => format!("{}: {cause}", self.reason),
            None => self.reason.clone(),
        }
    }

    /// The failure with another one that happened beside it: as a cause, and with the worse of the two outcomes.
    #[must_use]
    pub fn beside(mut self, other: &Self) -> Self {
        self.outcome = Outcome::worst([self.outcome, other.outcome]).unwrap_or(self.outcome);
        self.cause(other.brief())
    }

    /// Adds what was found out afterwards: why it failed before what is said already, what could not be seen behind it, and
    /// the hints of both, each once.
    pub fn diagnosed(&mut self, found: Vec<Cause>, unseen: Vec<Cause>) {
        let hints = |causes: &[Cause]| causes.iter().filter_map(|cause| cause.hint.clone()).collect::<Vec<_>>();
        let all = [hints(&found), std::mem::take(&mut self.hints), hints(&unseen)];
        for hint in all.into_iter().flatten() {
            if !self.hints.contains(&hint) {
                self.hints.push(hint);
            }
        }
        let said = std::mem::take(&mut self.causes);
        self.causes = found.into_iter().chain(said).chain(unseen).collect();
    }

    /// Adds an action.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}

impl AsRef<Self> for Failure {
    fn as_ref(&self) -> &Self {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_have_the_kind_of_the_failure_and_may_have_another() {
        let failure = Failure::failed("the build failed")
            .cause("one\n::two")
            .of(CauseKind::Build)
            .cause("three")
            .because(Cause::new(CauseKind::Application, "a\nb").code("exit-1".to_owned()).hint("read its log"));
        let kinds: Vec<(&str, &str)> =
            failure.causes.iter().map(|cause| (cause.text.as_str(), cause.kind.as_str())).collect();
        assert_eq!(kinds, [("one", "build"), (": :two", "build"), ("three", "build"), ("a; b", "application")]);
        assert_eq!(failure.causes[3].code.as_deref(), Some("exit-1"));
        assert_eq!(failure.brief(), "the build failed: one");
    }

    #[test]
    fn a_diagnosis_goes_first_and_no_hint_is_said_twice() {
        let cause = |text: &str, hint: &str| Cause::new(CauseKind::Application, text).hint(hint);
        let mut failure = Failure::failed("it failed").cause("circuit breaker").hint("general").hint("one");
        let found = vec![cause("a", "one"), cause("b", "two"), cause("c", "one")];
        failure.diagnosed(found, vec![cause("denied", "allow")]);
        let causes: Vec<&str> = failure.causes.iter().map(AsRef::as_ref).collect();
        assert_eq!(causes, ["a", "b", "c", "circuit breaker", "denied"]);
        assert_eq!(failure.hints, ["one", "two", "general", "allow"]);
    }

    #[test]
    fn without_a_kind_the_outcome_decides() {
        let kind = |outcome| Failure::new(outcome, "x").cause("y").causes[0].kind;
        assert_eq!(kind(Outcome::Invalid), CauseKind::Environment);
        assert_eq!(kind(Outcome::RolledBack), CauseKind::Deployment);
    }
}
