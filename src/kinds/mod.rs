//! Kinds of component: one folder each behind the same verbs, `observe`, `apply`, `verify`, `status` and `logs`.
//!
//! A new kind is a new folder here, its plan in `domain`, and an arm in each function of this file.

pub mod ecs;

use crate::apply::Run;
use crate::clients::logs::LogLine;
use crate::domain::outcome::Outcome;
use crate::domain::plan::{ComponentFacts, ComponentPlan, KindPlan};
use crate::domain::release::ReleaseName;
use crate::domain::target::{Component, Kind};
use crate::error::Failure;
use crate::observe::Cloud;
use crate::report::journal::Running;

/// The name of the component's kind in the configuration.
pub fn name(kind: &Kind) -> &'static str {
    match kind {
        Kind::Ecs(_) => "ecs",
    }
}

/// Looks at a component.
///
/// # Errors
///
/// It does not exist, cannot be deployed to, or cannot be looked at.
pub async fn observe(cloud: &Cloud, component: &Component) -> Result<ComponentFacts, Failure> {
    match &component.kind {
        Kind::Ecs(target) => ecs::observe::facts(cloud, target).await.map(ComponentFacts::Ecs),
    }
}

/// What a component ran when its plan was made.
pub fn running_before(plan: &ComponentPlan) -> Running {
    match &plan.kind {
        KindPlan::Ecs(plan) => ecs::observe::running(&plan.live, &plan.target),
    }
}

/// What a component runs once its plan is carried out.
pub fn released(plan: &ComponentPlan, release: &ReleaseName) -> Running {
    match &plan.kind {
        KindPlan::Ecs(plan) => Running { sha: Some(release.to_string()), digest: plan.digests().first().cloned() },
    }
}

/// Carries out the plan of one component and verifies what runs then.
///
/// # Errors
///
/// With the outcome that the component ended with.
pub async fn apply(run: &Run<'_>, plan: &ComponentPlan) -> Result<Outcome, Failure> {
    match &plan.kind {
        KindPlan::Ecs(ecs_plan) => ecs::apply::apply(run, &plan.name, ecs_plan).await,
    }
}

/// What a component runs, for `status`.
///
/// # Errors
///
/// It cannot be looked at.
pub async fn status(cloud: &Cloud, component: &Component) -> Result<ComponentStatus, Failure> {
    match &component.kind {
        Kind::Ecs(target) => ecs::status::status(cloud, target).await,
    }
}

/// What a component's containers wrote since a time.
///
/// # Errors
///
/// Its logs are not where they can be read.
pub async fn logs(cloud: &Cloud, component: &Component, since: jiff::Timestamp) -> Result<Vec<LogLine>, Failure> {
    match &component.kind {
        Kind::Ecs(target) => ecs::status::logs(cloud, target, since).await,
    }
}

/// What `status` says of a component.
#[derive(Debug, Clone)]
pub struct ComponentStatus {
    /// What it runs.
    pub running_release: Running,
    /// Since when.
    pub since: Option<jiff::Timestamp>,
    /// How many tasks it should run. `None`: there is no such thing.
    pub desired: Option<i32>,
    /// How many it runs.
    pub running: Option<i32>,
    /// How the last release of ours ended, as the ledger has it.
    pub last_outcome: Option<String>,
    /// What is odd about it, in words.
    pub remarks: Vec<String>,
}
