//! Names with values in a file of any kind.

use super::assignment::{Assignment, Syntax};
use super::{dotenv, json, line};

/// All names with their values, in the order of the text. `is_wanted`: of which names; what is in the value of one is
/// not looked into.
pub fn assignments<'t>(text: &'t str, syntax: Syntax, is_wanted: &dyn Fn(&str) -> bool) -> Vec<Assignment<'t>> {
    let mut found = match syntax {
        Syntax::Dotenv => dotenv::assignments(text),
        Syntax::Lines | Syntax::Dockerfile => line::assignments(text, syntax, is_wanted),
        Syntax::Other => Vec::new(),
        Syntax::Json => json::assignments(text),
    };
    found.retain(|one| is_wanted(&text[one.name.clone()]));
    found
}
