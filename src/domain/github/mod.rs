//! What GitHub's runner and pages read, written so that foreign text stays text.

pub mod command;
pub mod markdown;
pub mod output;
pub mod repository;
pub mod run;
pub mod workflows;
