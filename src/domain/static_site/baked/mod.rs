//! What belongs to another environment and is in the files of a release: a build that has it cannot be promoted.
//!
//! Exact texts are searched for, each where a name can stand by itself. What both environments have is not counted, and
//! neither is what any program may have: `localhost`, a region, a word.

mod border;
mod needle;
mod search;
mod side;
#[cfg(test)]
mod tests;

pub use search::{Baked, Needles};
pub use side::SiteEnvironment;
