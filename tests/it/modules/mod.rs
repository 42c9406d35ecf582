//! Which module of a crate knows which, read from its source the way the compiler reads it.
//!
//! Every file is parsed that `mod` declarations lead to. Every path in it is followed through `use` and `pub use` to
//! the module that defines what it names, also inside macros and attributes. What is for tests alone is left out. Not
//! seen is what no path names: a value that is only handed on, a method of it.

#![expect(clippy::wildcard_enum_match_arm, reason = "few kinds of the many that a syntax tree has say who knows whom")]

pub mod circles;
pub mod mentions;
pub mod purity;
pub mod resolve;
pub mod source;
pub mod table;
pub mod types;
