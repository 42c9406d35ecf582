//! The table of hints: what a message means, and what to do about it.

mod ecs;
mod facts;
mod pattern;
mod program;
mod services;

use super::exit::EXITS;
use crate::domain::failure::CauseKind;

pub use facts::Facts;

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
pub struct Row {
    /// Whose words.
    pub by: By,
    /// The messages: `*` stands for any text, `%` for the name of an environment variable; case does not matter.
    pub says: &'static [&'static str],
    /// What makes a message harmless though it matches.
    pub unless: &'static [&'static str],
    /// What it means.
    pub means: &'static str,
    /// What to do. `{…}` stands for what the tasks were made from: see [`Facts`].
    pub hint: &'static str,
    /// Where the reason is.
    pub kind: CauseKind,
    /// Where the message is documented.
    pub source: Option<&'static str>,
}

impl Row {
    const fn new(
        by: By,
        kind: CauseKind,
        says: &'static [&'static str],
        means: &'static str,
        hint: &'static str,
    ) -> Self {
        Self { by, says, unless: &[], means, hint, kind, source: None }
    }

    const fn from(mut self, source: &'static str) -> Self {
        self.source = Some(source);
        self
    }

    const fn unless(mut self, harmless: &'static [&'static str]) -> Self {
        self.unless = harmless;
        self
    }

    fn is_about(&self, text: &str) -> bool {
        self.says.iter().any(|says| pattern::matches(says, text))
            && !self.unless.iter().any(|harmless| pattern::matches(harmless, text))
    }
}

/// All rows: the first that is about a text counts.
pub fn rows() -> impl Iterator<Item = &'static Row> {
    ecs::ROWS.iter().chain(program::ROWS).chain(services::ROWS)
}

/// The row about what ECS, its engine or a load balancer says.
pub fn of_ecs(text: &str) -> Option<&'static Row> {
    rows().find(|row| row.by != By::Program && row.is_about(text))
}

/// The row about the newest line of a log that there is one for, and the line's place. What a program writes for
/// information is no reason.
pub fn of_log(lines: &[String]) -> Option<(usize, &'static Row)> {
    const READ: usize = 2_000;
    const INFORMATION: [&str; 6] = ["level=info", "level=debug", "\"level\":\"info\"", "[info]", " info ", " debug "];
    lines.iter().enumerate().rev().find_map(|(place, line)| {
        let line = line.char_indices().nth(READ).map_or(line.as_str(), |(end, _)| line.get(..end).unwrap_or_default());
        let is_information = INFORMATION.iter().any(|word| pattern::matches(word, line))
            || ["info:", "info ", "debug:", "debug "].iter().any(|word| pattern::begins(word, line));
        let row = rows().find(|row| row.by != By::Ecs && row.is_about(line));
        row.filter(|_| !is_information).map(|row| (place, row))
    })
}

/// The hint for an exit code.
pub fn of_exit(code: i32) -> Option<&'static str> {
    EXITS.iter().find(|exit| exit.code == code).map(|exit| exit.hint)
}
