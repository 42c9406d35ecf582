//! What about a service lets a rollout go wrong, or go wrong unseen: said before it, from how the service is set up.
//!
//! Nothing of it stops a plan or is in its digest. What is unknown is not warned of. What minimum and maximum percent
//! mean is in [`DeploymentConfiguration`](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html).

use std::time::Duration;

use super::rollout;
use super::service::{Service, ServiceEvent, TaskRevision};
use super::settings::{Breaker, RolloutSettings};
use super::target::{EcsTarget, TaskDefinitionSource};
use super::task_definition::TaskDefinition;
use crate::domain::image::ImageReference;
use crate::domain::names::ComponentName;
use crate::domain::neutral;
use crate::domain::plan::PlanWarning;
use crate::domain::release::ReleaseName;

/// What may go wrong with a rollout of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caution {
    /// ECS starts failing tasks again without end.
    BreakerOff,
    /// ECS gives up, and leaves the failed deployment.
    BreakerStops,
    /// No task may be stopped and none started, so that nothing is ever replaced.
    Stuck {
        /// How many tasks the service is to run.
        desired: i64,
        /// How many it may run at most.
        most: i64,
        /// How many of them have to be healthy.
        fewest: i64,
    },
    /// All tasks may be stopped before a new one runs.
    Downtime,
    /// Nothing says whether a task that runs is of use.
    NoHealthCheck {
        /// The port that the container listens on, where it names one.
        port: Option<u64>,
    },
    /// The release is asked nothing.
    NoProbe,
    /// Tasks may be stopped as unhealthy while they start.
    ShortGrace {
        /// For how long health checks are ignored.
        grace: Duration,
        /// How long the tasks of the last rollout took to start, at most.
        start: Duration,
    },
    /// What serves now may be other bytes when it is put back.
    MovingTags {
        /// Containers with their images.
        images: Vec<(String, String)>,
        /// Whether there are others than the container that the release goes into.
        others: bool,
    },
}

/// What may go wrong when a service rolls out a definition, the most important first. A service that is to run no task
/// replaces none.
pub fn cautions(target: &EcsTarget, (service, live): (&Service, &TaskRevision), next: &TaskDefinition) -> Vec<Caution> {
    let settings = &service.settings;
    if service.desired == 0 && !settings.is_daemon {
        return Vec::new();
    }
    let is_asked = !target.probes.is_empty() || target.probes_left_out;
    let port = next.port(&target.container);
    let is_served = settings.is_balanced || port.is_some();
    let no_health = !settings.is_balanced && !next.has_health_check();
    [
        progress(settings, service.desired),
        breaker(service),
        no_health.then_some(Caution::NoHealthCheck { port }),
        (is_served && !is_asked).then_some(Caution::NoProbe),
        short_grace(service),
        moving_tags(target, &live.definition),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The same for the way back: what was said before, and does not end it, is not said again on the way back.
pub fn cautions_back(
    target: &EcsTarget,
    (service, live): (&Service, &TaskRevision),
    next: &TaskDefinition,
) -> Vec<Caution> {
    let mut cautions = cautions(target, (service, live), next);
    cautions.retain(|caution| matches!(caution, Caution::Stuck { .. }));
    cautions
}

/// Whether tasks can be replaced, and some always run. ECS rounds the minimum up and the maximum down; both mean
/// something else for a service with a task on each instance, or with two sets of tasks.
fn progress(settings: &RolloutSettings, desired: i32) -> Option<Caution> {
    if settings.is_daemon || settings.shifts_traffic() {
        return None;
    }
    let (minimum, maximum) = (settings.minimum_healthy_percent?, settings.maximum_percent?);
    let [desired, minimum, maximum]: [i64; 3] = [desired.into(), minimum.into(), maximum.into()];
    let (fewest, most) = ((desired * minimum + 99) / 100, desired * maximum / 100);
    if most <= desired && fewest >= desired {
        return Some(Caution::Stuck { desired, most, fewest });
    }
    (fewest == 0).then_some(Caution::Downtime)
}

/// ECS has a circuit breaker for tasks that are replaced step by step, and not behind a classic load balancer: there no
/// deployment has a state
/// ([`DeploymentCircuitBreaker`](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentCircuitBreaker.html)).
fn breaker(service: &Service) -> Option<Caution> {
    let has_state = service.primary().is_some_and(|primary| primary.rollout_state.is_some());
    if service.settings.shifts_traffic() || !has_state {
        return None;
    }
    match service.settings.breaker {
        Breaker::Off => Some(Caution::BreakerOff),
        Breaker::Stops => Some(Caution::BreakerStops),
        Breaker::RollsBack => None,
    }
}

/// Only where the load balancer refused a task in the last rollout. How long a start takes AWS does not say; the
/// rollout took at least as long.
fn short_grace(service: &Service) -> Option<Caution> {
    let settings = &service.settings;
    let start = rollout::last_rollout(service)?;
    let grace = settings.health_check_grace.unwrap_or_default();
    let is_short = settings.is_balanced && !settings.shifts_traffic() && grace < start;
    (is_short && refused_in_last_rollout(service)).then_some(Caution::ShortGrace { grace, start })
}

/// Whether an event says so, of those between the end of the last rollout and what was before it: newest first.
fn refused_in_last_rollout(service: &Service) -> bool {
    let Some(primary) = service.primary() else { return false };
    let says = |event: &ServiceEvent, text: &str| event.message.contains(text);
    let is_done = |event: &ServiceEvent| says(event, "deployment completed");
    let is_steady = |event: &ServiceEvent| says(event, "has reached a steady state");
    let ours = format!("(deployment {}) deployment completed", primary.id);
    let before_the_end = service.events.iter().skip_while(|event| !says(event, &ours)).skip(1);
    let mut during =
        before_the_end.skip_while(|event| is_steady(event)).take_while(|event| !is_done(event) && !is_steady(event));
    during.any(|event| says(event, "is unhealthy in (target-group") || says(event, "failed ELB health checks"))
}

fn moving_tags(target: &EcsTarget, live: &TaskDefinition) -> Option<Caution> {
    let moving = live.images().filter(|(_, image)| image.digest.is_none() && !is_fixed(image));
    let (mut images, mut others) = (Vec::new(), false);
    for (container, image) in moving {
        others |= container != target.container.as_str();
        images.push((neutral::phrase(container, 80), neutral::phrase(&image.to_string(), 200)));
    }
    (!images.is_empty()).then_some(Caution::MovingTags { images, others })
}

/// Whether a digest of another kind is there, or the tag is not moved, by custom: a commit, a date or a build's number, or a version with three numbers.
fn is_fixed(image: &ImageReference) -> bool {
    if image.repository.contains('@') {
        return true;
    }
    let Some(tag) = image.tag.as_deref() else { return false };
    let is_number = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
    let names_a_build = |part: &str| part.len() >= 7 && part.chars().all(|c| c.is_ascii_hexdigit());
    let version = tag.strip_prefix('v').unwrap_or(tag).split(['-', '+', '_']).next().unwrap_or_default();
    let is_version = version.split('.').count() >= 3 && version.split('.').all(is_number);
    is_version || tag.parse::<ReleaseName>().is_ok() || tag.split(['-', '_', '.']).any(names_a_build)
}

impl Caution {
    /// The caution as a plan warns of it.
    pub fn warning(&self, name: &ComponentName, (target, live): (&EcsTarget, &TaskRevision)) -> PlanWarning {
        PlanWarning { text: self.text(name, target, live), changes: Vec::new(), hint: Some(self.hint(name, target)) }
    }

    fn text(&self, name: &ComponentName, target: &EcsTarget, live: &TaskRevision) -> String {
        let service = &target.service;
        match self {
            Self::BreakerOff => {
                format!(
                    "the deployment circuit breaker of service {service} is off: ECS never gives up on failing tasks"
                )
            }
            Self::BreakerStops => {
                format!("the deployment circuit breaker of service {service} gives up, and does not roll back")
            }
            Self::Stuck { desired, most, fewest } => format!(
                "service {service} cannot replace a task: of {desired} it may run {most} at most, and {fewest} have to \
                 be healthy"
            ),
            Self::Downtime => format!(
                "service {service} may be down during the rollout: its minimum healthy percent is 0, so that ECS may \
                 stop every task before a new one runs"
            ),
            Self::NoHealthCheck { .. } => {
                format!("nothing checks the health of {name}: it has no load balancer, and no container a health check")
            }
            Self::NoProbe => format!("{name} has no probe: that the release answers is not proven"),
            Self::ShortGrace { grace, start } => format!(
                "the load balancer refused tasks of {name} in its last rollout, in which they took {} s at most to \
                 start; the grace period is {} s",
                seconds(*start),
                grace.as_secs()
            ),
            Self::MovingTags { images, .. } => {
                let images: Vec<String> =
                    images.iter().map(|(container, image)| format!("`{image}` in {container}")).collect();
                let live = live.short();
                format!("{live} runs {}: a tag that moves makes it another one to go back to", images.join(", "))
            }
        }
    }

    fn hint(&self, name: &ComponentName, target: &EcsTarget) -> String {
        let EcsTarget { service, cluster, container, .. } = target;
        let update = |arguments: String| {
            format!(
                "`aws ecs update-service --cluster {cluster} --service {service} {arguments}`, and the same in its \
                 template if it has one"
            )
        };
        let configuration = |fields: &str| update(format!("--deployment-configuration \"{fields}\""));
        match self {
            Self::BreakerOff | Self::BreakerStops => {
                configuration("deploymentCircuitBreaker={enable=true,rollback=true}")
            }
            Self::Stuck { .. } | Self::Downtime => configuration("minimumHealthyPercent=100,maximumPercent=200"),
            Self::NoHealthCheck { port } => {
                let port = port.map_or_else(|| "PORT".to_owned(), |port| port.to_string());
                let place = match &target.task_definition {
                    TaskDefinitionSource::Live => "its task definition".to_owned(),
                    TaskDefinitionSource::File(path) => path.to_string(),
                };
                format!(
                    "write in container {container} of {place}, for example: `\"healthCheck\": {{\"command\": \
                     [\"CMD-SHELL\", \"curl -f http://localhost:{port}/ || exit 1\"]}}`"
                )
            }
            Self::NoProbe => format!(
                "write `probes = [{{ url = \"https://…/health\" }}]` in `[components.{name}]`, or `probes = []` if \
                 nothing of it can be asked from here"
            ),
            Self::ShortGrace { start, .. } => {
                update(format!("--health-check-grace-period-seconds {}", seconds(*start)))
            }
            Self::MovingTags { others: false, .. } => {
                "do not move the tag until the release serves: from then on the image is pinned by its digest"
                    .to_owned()
            }
            Self::MovingTags { .. } => format!(
                "write the digest behind the tag, as `NAME:TAG@sha256:…`: `aws ecs describe-tasks --cluster {cluster} \
                 --tasks $(aws ecs list-tasks --cluster {cluster} --service-name {service} --query taskArns --output \
                 text) --query \"tasks[].containers[].[name,imageDigest]\"` shows it"
            ),
        }
    }
}

/// Whole seconds, rounded up.
fn seconds(duration: Duration) -> u128 {
    duration.as_millis().div_ceil(1000)
}

#[cfg(test)]
mod tests;
