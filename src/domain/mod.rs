//! The pure part: names, releases, plans and judgements as plain data and plain functions.
//!
//! Nothing here is async, reads the environment, a file or a clock, spawns, prints, or knows an SDK.
//! `tests/it/offline_layers.rs` checks that.

/// Hands the list of the kinds of component to a macro: the variant, the folder, and the word in the configuration. The
/// folder is in `domain/`, `config/` and `kinds/`. All else that lists kinds is made from this.
macro_rules! each_kind {
    ($use:ident) => {
        $use! { (Ecs, ecs, "ecs"), (StaticSite, static_site, "static-site"), (Amplify, amplify, "amplify") }
    };
}
pub(crate) use each_kind;

pub mod age;
pub mod alarm;
pub mod amplify;
pub mod asked_probe;
pub mod behind;
pub mod browser;
pub mod build_failure;
pub mod check;
pub mod commit_status;
pub mod comparison;
pub mod configured;
pub mod contract;
pub mod duration;
pub mod ecs;
pub mod event;
pub mod failure;
pub mod file_line;
pub mod gate;
pub mod git;
pub mod github;
pub mod given_bundle;
pub mod hold;
pub mod iam;
pub mod ids;
pub mod image;
pub mod interruption;
pub mod kind;
pub mod ledger;
pub mod limits;
pub mod names;
pub mod nearest;
pub mod neutral;
pub mod origin;
pub mod outcome;
pub mod placeholder;
pub mod plan;
pub mod poll;
pub mod probe;
pub mod promotion;
pub mod proof;
pub mod provenance;
pub mod reference;
pub mod refusal;
pub mod release;
pub mod role;
pub mod rollback;
pub mod run;
pub mod secrets;
pub mod settle;
pub mod short;
pub mod site_build;
pub mod size;
pub mod static_site;
pub mod step;
pub mod target;
pub mod template;
pub mod token;
pub mod view;
pub mod workflow;
