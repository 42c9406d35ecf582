//! From the SDK's types to those of shipgate: how a service rolls out.

use std::time::Duration;

use aws_sdk_ecs::types;

use crate::domain::ecs::settings::{Breaker, RolloutSettings, Strategy, linear_bake};
use crate::domain::neutral;

/// How a service rolls out.
pub fn settings(raw: &types::Service) -> RolloutSettings {
    let rollout = raw.deployment_configuration();
    let alarms = rollout.and_then(|rollout| rollout.alarms()).filter(|alarms| alarms.enable());
    let hooks = rollout.map(types::DeploymentConfiguration::lifecycle_hooks).unwrap_or_default();
    let early = rollout.and_then(|rollout| rollout.early_success_criteria()).filter(|early| early.enable());
    RolloutSettings {
        strategy: match rollout.and_then(|rollout| rollout.strategy()).map(types::DeploymentStrategy::as_str) {
            None | Some("ROLLING") => Strategy::Rolling,
            Some(other) => Strategy::Shifting(neutral::phrase(other, 40)),
        },
        bake: rollout.map(bake).unwrap_or_default(),
        pauses: hooks.iter().any(|hook| hook.target_type() == Some(&types::DeploymentLifecycleHookTargetType::Pause)),
        breaker: rollout.and_then(|rollout| rollout.deployment_circuit_breaker()).map(breaker).unwrap_or_default(),
        alarms: alarms
            .into_iter()
            .flat_map(types::DeploymentAlarms::alarm_names)
            .map(|name| neutral::phrase(name, 255))
            .collect(),
        alarms_roll_back: alarms.is_some_and(types::DeploymentAlarms::rollback),
        cleans_up_later: early.and_then(|early| early.source_service_revision_cleanup()).is_some_and(is_deferred),
        minimum_healthy_percent: rollout.and_then(types::DeploymentConfiguration::minimum_healthy_percent),
        maximum_percent: rollout.and_then(types::DeploymentConfiguration::maximum_percent),
        is_daemon: raw.scheduling_strategy() == Some(&types::SchedulingStrategy::Daemon),
        health_check_grace: raw.health_check_grace_period_seconds().and_then(seconds),
        is_balanced: !raw.load_balancers().is_empty() || is_in_lattice(raw),
    }
}

/// The configurations of VPC Lattice stand with each deployment.
fn is_in_lattice(raw: &types::Service) -> bool {
    raw.deployments().iter().any(|deployment| !deployment.vpc_lattice_configurations().is_empty())
}

fn breaker(raw: &types::DeploymentCircuitBreaker) -> Breaker {
    match (raw.enable(), raw.rollback()) {
        (false, _) => Breaker::Off,
        (true, false) => Breaker::Stops,
        (true, true) => Breaker::RollsBack,
    }
}

fn is_deferred(cleanup: &types::ServiceRevisionCleanup) -> bool {
    cleanup.as_str() == "DEFERRED"
}

fn bake(raw: &types::DeploymentConfiguration) -> Duration {
    let canary = raw.canary_configuration().and_then(|canary| minutes(canary.canary_bake_time_in_minutes()));
    let linear = raw
        .linear_configuration()
        .and_then(|linear| Some(linear_bake(linear.step_percent()?, minutes(linear.step_bake_time_in_minutes())?)));
    [minutes(raw.bake_time_in_minutes()), canary, linear].into_iter().flatten().sum()
}

fn minutes(count: Option<i32>) -> Option<Duration> {
    Some(Duration::from_mins(u64::try_from(count?).ok()?))
}

fn seconds(count: i32) -> Option<Duration> {
    Some(Duration::from_secs(u64::try_from(count).ok()?))
}
