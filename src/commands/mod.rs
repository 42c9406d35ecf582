//! The commands: observe → plan → authorize → apply, a few lines each. What is reported is in the journal.

pub mod deploy;
pub mod logs;
pub mod status;
