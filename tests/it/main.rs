//! The whole program, as users run it: the compiled binary, a cleared environment, real git repositories.
//!
//! `cloud_*` modules run on the local cloud that `scripts/test` starts: Docker engine, OCI registry, ECS emulator with
//! real containers. `scripted_*` modules use an endpoint of our own for what no obtainable part can do.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test ends where it fails")]

mod cloud;
mod cloud_bad_input;
mod cloud_check;
mod cloud_components;
mod cloud_dependencies;
mod cloud_deploy;
mod cloud_dirty;
mod cloud_drift;
mod cloud_expiry;
mod cloud_github;
mod cloud_history;
mod cloud_hold;
mod cloud_images;
mod cloud_interrupted;
mod cloud_logs;
mod cloud_others;
mod cloud_plan;
mod cloud_policy;
mod cloud_pre_deploy;
mod cloud_probe;
mod cloud_promote;
mod cloud_promote_commit;
mod cloud_promote_region;
mod cloud_promote_source;
mod cloud_promote_target;
mod cloud_registry;
mod cloud_roles;
mod cloud_rollback;
mod cloud_rollback_hold;
mod cloud_rollout;
mod cloud_secrets;
mod cloud_status;
mod cloud_statuses;
mod cloud_surroundings;
mod cloud_task_definition;
mod github;
mod harness;
mod offline;
mod offline_check;
mod offline_config;
mod offline_place;
mod offline_usage;
mod scripted;
mod scripted_attached;
mod scripted_denied;
mod scripted_dependencies;
mod scripted_faults;
mod scripted_foreign;
mod scripted_good;
mod scripted_history;
mod scripted_hold;
mod scripted_identity;
mod scripted_pre_deploy;
mod scripted_promote;
mod scripted_read_back;
mod scripted_refused;
mod scripted_registry;
mod scripted_role;
mod scripted_rollback;
mod scripted_rollback_hold;
mod scripted_rollout;
mod scripted_secrets;
mod scripted_status;
mod scripted_statuses;
mod scripted_waiting;
mod scripted_whoami;
