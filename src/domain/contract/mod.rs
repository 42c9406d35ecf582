//! The contract of values: what the configuration declares of the environment variables of a component, and what they are.

pub mod read;
pub mod values;

pub use read::ReadValues;
pub use values::{Content, Value, Values};
