//! How a service rolls out, as it is set up on AWS: what decides whether ECS gives up, goes back, and how long it takes.
//!
//! The facts are those of [`DeploymentConfiguration`](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html).

use std::time::Duration;

/// The settings of a service that decide how a rollout goes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own on AWS")]
pub struct RolloutSettings {
    /// How traffic gets to the new revision.
    pub strategy: Strategy,
    /// How long ECS holds a deployment on purpose: bake times and the pauses between steps of traffic.
    pub bake: Duration,
    /// Whether a lifecycle hook of the deployment waits until somebody lets it continue.
    pub pauses: bool,
    /// What ECS does when tasks of a deployment fail again and again.
    pub breaker: Breaker,
    /// The alarms that fail a deployment. Empty: none do.
    pub alarms: Vec<String>,
    /// Whether ECS goes back by itself when one of them goes off.
    pub alarms_roll_back: bool,
    /// Whether ECS calls a deployment done before it removes the tasks of the one before.
    pub cleans_up_later: bool,
    /// How many tasks must be healthy during a rollout, in percent of the desired count. `None`: AWS does not say.
    pub minimum_healthy_percent: Option<i32>,
    /// How many tasks there may be during a rollout, in percent of the desired count. `None`: AWS does not say.
    pub maximum_percent: Option<i32>,
    /// Whether ECS runs one task on each instance, instead of a count.
    pub is_daemon: bool,
    /// How long ECS ignores what health checks say after the start of a task.
    pub health_check_grace: Option<Duration>,
    /// Whether the service registers its tasks in a target group, of a load balancer or of VPC Lattice, which checks
    /// their health.
    pub is_balanced: bool,
}

/// How traffic gets from one revision to the next.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Strategy {
    /// Tasks are replaced step by step.
    #[default]
    Rolling,
    /// All tasks run twice, then traffic is shifted: at once, in steps, or a little first. In the word of AWS.
    Shifting(String),
}

/// The deployment circuit breaker of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Breaker {
    /// ECS starts failing tasks again without end.
    #[default]
    Off,
    /// ECS gives up, and leaves the failed deployment.
    Stops,
    /// ECS gives up, and goes back to the deployment that was done last.
    RollsBack,
}

impl RolloutSettings {
    /// Whether traffic is shifted between two sets of tasks.
    pub fn shifts_traffic(&self) -> bool {
        self.strategy != Strategy::Rolling
    }
}

/// How long a linear shift of traffic waits: after each of its steps but the last.
pub fn linear_bake(step_percent: f64, step_bake: Duration) -> Duration {
    let mut steps = 0;
    let mut shifted = step_percent;
    // AWS takes three percent at least; anything else than a number ends at once.
    while steps < 100 && shifted < 100.0 {
        steps += 1;
        shifted += step_percent;
    }
    step_bake * steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_linear_shift_waits_between_its_steps() {
        let minute = Duration::from_mins(1);
        for (percent, minutes) in [(10.0, 9), (50.0, 1), (100.0, 0), (33.0, 3), (0.0, 100), (f64::NAN, 0)] {
            assert_eq!(linear_bake(percent, minute), minute * minutes, "{percent}");
        }
    }
}
