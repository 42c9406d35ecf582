//! The table of hints: what a message means, and what to do about it.

mod ecs;
mod facts;
mod pattern;
mod program;
mod row;
mod services;

use super::exit::EXITS;

pub use facts::Facts;
pub use row::{By, HintRow};

/// All rows: the first that is about a text counts.
pub fn rows() -> impl Iterator<Item = &'static HintRow> {
    ecs::ROWS.iter().chain(program::ROWS).chain(services::ROWS)
}

/// The row about what ECS, its engine or a load balancer says.
pub fn of_ecs(text: &str) -> Option<&'static HintRow> {
    rows().find(|row| row.by != By::Program && row.is_about(text))
}

/// The row about the newest line of a log that there is one for, and the line's place. What a program writes for
/// information is no reason.
pub fn of_log(lines: &[String]) -> Option<(usize, &'static HintRow)> {
    const READ: usize = 2_000;
    const INFORMATION: [&str; 4] = ["level=info", "level=debug", "\"level\":\"info\"", "[info]"];
    lines.iter().enumerate().rev().find_map(|(place, line)| {
        let line = line.char_indices().nth(READ).map_or(line.as_str(), |(end, _)| line.get(..end).unwrap_or_default());
        let is_information = INFORMATION.iter().any(|word| pattern::matches(word, line))
            || [" INFO ", " DEBUG "].iter().any(|word| line.contains(word))
            || ["info:", "info ", "debug:", "debug "].iter().any(|word| pattern::begins(word, line));
        let row = rows().find(|row| row.by != By::Ecs && row.is_about(line));
        row.filter(|_| !is_information).map(|row| (place, row))
    })
}

/// The hint for an exit code.
pub fn of_exit(code: i32) -> Option<&'static str> {
    EXITS.iter().find(|exit| exit.code == code).map(|exit| exit.hint)
}
