//! The contract of values: what the configuration declares of the environment variables of a component, and what they are.
//!
//! `declared` has the rules, `values` what is set, `read` what was not read. `judge` compares the two, with the rules about
//! one value in `single`; `environment` does so for all components of one, and `warned` is what a plan says of that.
//! `propose` writes rules from values. None of them shows a value. `looks` says what a name or value looks like.

pub mod declared;
pub mod environment;
pub mod judge;
pub mod looks;
pub mod propose;
pub mod read;
mod single;
pub mod values;
pub mod warned;

pub use declared::{Declared, DeclaredContract};
pub use environment::{ContractReport, OtherEnvironment};
pub use judge::{JudgedValues, judge, judge_committed, missing};
pub use propose::{ObservedValues, propose};
pub use read::{ReadValues, WrittenValues};
pub use values::{Content, Values, VariableValue};
