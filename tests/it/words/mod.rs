//! The words that are not written here, and how files are searched for them.

pub mod list;
pub mod text;
