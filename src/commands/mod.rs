//! The commands: observe → plan → authorize → apply, a few lines each. What is reported is in the journal.

pub mod change;
pub mod check;
pub mod credentials;
pub mod deploy;
pub mod docker_credential;
pub mod history;
pub mod hold;
pub mod iam;
pub mod logs;
pub mod promote;
pub mod rollback;
pub mod status;
pub mod statuses;
pub mod whoami;
