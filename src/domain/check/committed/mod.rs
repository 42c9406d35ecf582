//! What is committed and should not be: secrets, values that are still to be filled in, and values that break the contract.
//!
//! `assignment` names the files that are searched; `search` finds names with values in them (`dotenv`, `line`, `json`); `form`
//! knows secrets by their form, `random` those that only their name gives away; `rules` says what is wrong. No text of a
//! finding has a value, and its place is that of the name: not even the length of a value is shown.

mod assignment;
mod covered;
mod dotenv;
mod form;
mod json;
mod line;
mod random;
mod rules;
mod search;
#[cfg(test)]
mod tests;
mod withheld;

pub use assignment::{Syntax, syntax};
pub use covered::covered;
pub use random::is_random;
pub use rules::{judge, say_once};
pub use withheld::Withheld;
