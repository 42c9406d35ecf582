//! The commands: observe → plan → authorize → apply, a few lines each. What is reported is in the journal.

pub mod change;
pub mod deploy;
pub mod history;
pub mod hold;
pub mod logs;
pub mod promote;
pub mod rollback;
pub mod status;
