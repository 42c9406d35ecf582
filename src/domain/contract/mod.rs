//! The contract of values: what the configuration declares of the environment variables of a component, and what they are.
//!
//! `declared` has the rules, `values` what is set. `judge` compares the two, with the rules about one value in `single`, and
//! `propose` writes rules from values; none of them shows a value. `looks` says what a name or value looks like.

pub mod declared;
pub mod judge;
pub mod looks;
pub mod propose;
mod single;
pub mod values;

pub use declared::{Contract, Declared, Rules};
pub use judge::{Seen, judge, judge_committed, missing};
pub use propose::{Observed, propose};
pub use values::{Content, Value, Values};
