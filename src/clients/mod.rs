//! Effects: thin clients that take and return domain types and decide nothing.

pub mod ambient;
pub mod aws;
pub mod docker;
pub mod ecr;
pub mod ecs;
pub mod ecs_batch;
mod ecs_convert;
pub mod ecs_error;
pub mod ecs_retry;
pub mod endpoint;
pub mod files;
pub mod git;
pub mod git_error;
pub mod git_history;
pub mod git_reference;
pub mod git_repository;
pub mod github;
pub mod guard;
pub mod http;
pub mod iam;
pub mod id_token;
pub mod logs;
pub mod masks;
pub mod process;
pub mod registry;
pub mod role;
pub mod sts;
