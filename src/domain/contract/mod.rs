//! The contract of values: what the configuration declares of the environment variables of a component, and what they are.
//!
//! `declared` has the rules, `values` what is set, `read` what was not read. `environment` holds all contracts of an
//! environment against its values. `judge` compares the two, with the rules about one value in `single`, and `propose`
//! writes rules from values; none of them shows a value. `looks` says what a name or value looks like.

pub mod declared;
pub mod environment;
pub mod judge;
pub mod looks;
pub mod propose;
pub mod read;
mod single;
pub mod values;

pub use declared::Contract;
pub use environment::{Held, OtherEnvironment};
pub use judge::{judge_committed, missing};
pub use propose::{Observed, propose};
pub use read::ReadValues;
pub use values::{Content, Value, Values};
