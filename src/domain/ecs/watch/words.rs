//! A verdict in words.

use super::DeploymentUnproven;
use crate::domain::ecs::ids::RevisionArn;
use crate::domain::ecs::target::EcsTarget;
use crate::domain::failure::Failure;
use crate::domain::outcome::Outcome;

/// Words why a deployment is not proven.
pub fn failure(verdict: DeploymentUnproven, target: &EcsTarget) -> Failure {
    let because = |failure: Failure, reason: Option<String>| reason.iter().fold(failure, Failure::cause);
    let limit = target.timeout.as_secs();
    match verdict {
        DeploymentUnproven::RolledBack { to, reason } => because(rolled_back(&to), reason),
        DeploymentUnproven::RolledBackToNothing { to, reason } => because(rolled_back_to_nothing(&to), reason),
        DeploymentUnproven::NotSeenBack { to, difference, reason } => {
            let text = format!("the rollout failed, and {} is not seen to serve again", to.short());
            because(Failure::new(Outcome::Broken, text).cause(difference).hint(inspection_hint(target)), reason)
        }
        DeploymentUnproven::NotRolledBack { reason } => not_rolled_back(&reason),
        DeploymentUnproven::KeepsFailing { ending, count } => {
            let text = format!("{count} tasks of the release ended in the same way");
            Failure::new(Outcome::Broken, text)
                .cause(ending.to_string())
                .hint("deploy a commit that works, or set the service to its previous revision")
        }
        DeploymentUnproven::Mismatch { difference } => {
            let text = "ECS calls the deployment done, but what runs is not what was shipped";
            Failure::new(Outcome::Broken, text).cause(difference).hint(inspection_hint(target))
        }
        DeploymentUnproven::Superseded { by } => superseded(&by),
        DeploymentUnproven::Gone { status } => {
            let reason = format!("service `{}` is {status}: it was deleted during the rollout", target.service);
            Failure::new(Outcome::Broken, reason).hint("create the service again")
        }
        DeploymentUnproven::TimedOut { missing, after } => {
            let reason = format!("the rollout is still in progress after {} s; ECS goes on", after.as_secs());
            because(Failure::new(Outcome::TimedOut, reason), missing).hint(format!(
                "see how it ends with `shipgate status`, or raise `timeout` of the component; {}",
                inspection_hint(target)
            ))
        }
        DeploymentUnproven::RollbackTimedOut { reason, after } => {
            let text = format!("the rollout failed, and its rollback was not done after {} s", after.as_secs());
            because(Failure::new(Outcome::Broken, text).hint(inspection_hint(target)), reason)
        }
        DeploymentUnproven::Blind { .. } => {
            let reason = format!("the service could not be read until {limit} s were over: how it ended is unknown");
            Failure::new(Outcome::Broken, reason).hint(inspection_hint(target))
        }
        DeploymentUnproven::LostSight { error, .. } => *error.failure,
    }
}

fn rolled_back(to: &RevisionArn) -> Failure {
    Failure::new(Outcome::RolledBack, format!("the rollout failed; {} serves again", to.short()))
        .hint("fix the release and deploy the fixed commit")
}

fn rolled_back_to_nothing(to: &RevisionArn) -> Failure {
    Failure::new(Outcome::Broken, "the rollout failed, and the service is scaled to zero: nothing serves")
        .hint(format!("raise its desired count: it is meant to run {} again", to.short()))
}

fn not_rolled_back(reason: &str) -> Failure {
    Failure::new(Outcome::Broken, "the rollout failed").cause(reason).hint(
        "deploy a commit that works, or set the service to its previous revision; \
         a deployment circuit breaker with rollback would do that by itself",
    )
}

fn superseded(by: &RevisionArn) -> Failure {
    Failure::new(Outcome::Superseded, format!("another deployment, of {}, replaced this one", by.short()))
        .hint("find out who deployed it; run this again if this release is the one that should serve")
}

fn inspection_hint(target: &EcsTarget) -> String {
    format!("inspect it with `aws ecs describe-services --cluster {} --services {}`", target.cluster, target.service)
}
