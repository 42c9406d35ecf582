//! What is particular to Amazon ECS, as plain data and plain functions.

mod carried;
pub mod cautions;
pub mod company;
pub mod component;
pub mod definition_file;
pub mod diagnosis;
#[cfg(test)]
mod documented;
pub mod evidence;
pub mod expectation;
pub mod failing;
pub mod history;
pub mod homes;
pub mod iam;
pub mod ids;
pub mod ledger;
pub mod lifecycle;
pub mod names;
pub mod one_off;
pub mod plan;
pub mod read_back;
pub mod restoring;
pub mod rollout;
pub mod seen_task;
pub mod service;
pub mod settings;
pub mod settling;
pub mod soak;
pub mod source;
pub mod target;
pub mod task_definition;
pub mod task_state;
pub mod update;
pub mod values;
pub mod watch;
pub mod way_back;

pub use target::EcsTarget as Target;
