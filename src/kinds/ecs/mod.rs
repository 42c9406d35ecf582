//! ECS services: what is looked at, and the order of changes.

mod answers;
pub mod apply;
mod client;
mod company;
mod component;
pub mod diagnose;
pub mod follow;
pub mod history;
pub mod hold;
pub mod iam;
pub mod observe;
pub mod origin;
pub mod past;
pub mod pre_deploy;
pub mod previous;
mod prove;
#[cfg(test)]
mod rehearsals;
mod roll_back;
mod settle;
pub mod source;
pub mod status;
mod stop_sign;
mod stopped_tasks;
mod unfinished;
mod update;
