//! A row of the table.

use super::pattern;
use crate::domain::failure::CauseKind;

/// Whose words a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Those of ECS: a stopped reason, the reason of a container, an event, the reason of a load balancer.
    Ecs,
    /// Those of the program: a line of its log.
    Program,
    /// Either: the engine starts the program, and says in one of the two places why it cannot.
    Either,
}

/// A row of the table.
#[derive(Debug, PartialEq, Eq)]
pub struct HintRow {
    /// Whose words.
    pub by: By,
    /// The messages: `*` stands for any text, `%` for the name of an environment variable; case does not matter.
    pub says: &'static [&'static str],
    /// What makes a message harmless though it matches.
    pub unless: &'static [&'static str],
    /// What it means.
    pub means: &'static str,
    /// What to do. `{…}` stands for what the tasks were made from: see [`super::Facts`].
    pub hint: &'static str,
    /// Where the reason is.
    pub kind: CauseKind,
    /// Where the message is documented.
    pub source: Option<&'static str>,
}

impl HintRow {
    /// A row without a source.
    pub const fn new(
        by: By,
        kind: CauseKind,
        says: &'static [&'static str],
        means: &'static str,
        hint: &'static str,
    ) -> Self {
        Self { by, says, unless: &[], means, hint, kind, source: None }
    }

    /// With where the message is documented.
    pub const fn from(mut self, source: &'static str) -> Self {
        self.source = Some(source);
        self
    }

    /// With what makes a message harmless.
    pub const fn unless(mut self, harmless: &'static [&'static str]) -> Self {
        self.unless = harmless;
        self
    }

    /// Whether a text has one of its messages.
    pub fn is_about(&self, text: &str) -> bool {
        self.says.iter().any(|says| pattern::matches(says, text))
            && !self.unless.iter().any(|harmless| pattern::matches(harmless, text))
    }
}
