//! A distinct reason, before it is put into words.

use super::normal::normal;
use super::seen::LogOf;

/// What was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// A task stopped: a container ended or did not start, or the task was stopped.
    Stopped,
    /// A task runs on without a container that ended.
    RunsOn,
    /// A container's health check fails.
    HealthCheck,
    /// A load balancer finds a task unhealthy.
    Target,
    /// ECS says something that is no stop of a task: an event.
    Event,
}

/// A reason, with the tasks that have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiagnosedCause {
    /// What was seen.
    pub what: What,
    /// How many tasks. None: it is known by an event alone.
    pub tasks: usize,
    /// The container that it is about.
    pub container: Option<String>,
    /// Its exit code.
    pub exit: Option<i32>,
    /// What the engine says of the container, or the load balancer of the target: foreign text.
    pub reason: Option<String>,
    /// The stop code of the task.
    pub code: Option<String>,
    /// Why the task stopped, or the event, in the words of ECS: foreign text.
    pub said: Option<String>,
    /// The target group, by name.
    pub target_group: Option<String>,
    /// The port of the target.
    pub port: Option<u64>,
    /// The log to read.
    pub log: Option<LogOf>,
}

impl DiagnosedCause {
    /// A finding without particulars.
    pub fn new(what: What) -> Self {
        Self {
            what,
            tasks: 0,
            container: None,
            exit: None,
            reason: None,
            code: None,
            said: None,
            target_group: None,
            port: None,
            log: None,
        }
    }

    /// Whether it is the same reason: ids, addresses and times apart.
    pub fn is_same(&self, other: &Self) -> bool {
        let key = |it: &Self| (it.reason.as_deref().map(normal), it.said.as_deref().map(normal));
        self.what == other.what
            && (&self.container, self.exit, &self.code) == (&other.container, other.exit, &other.code)
            && (&self.target_group, self.port) == (&other.target_group, other.port)
            && key(self) == key(other)
    }

    /// Adds a finding to a list, or counts it where its reason is there already. Those before it are newer.
    pub fn count(self, findings: &mut Vec<Self>) {
        match findings.iter_mut().find(|known| known.is_same(&self)) {
            Some(known) => {
                known.tasks += self.tasks;
                known.log = known.log.take().or(self.log);
            }
            None => findings.push(self),
        }
    }
}
