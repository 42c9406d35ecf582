//! The steps of a run, by type. Their spelling appears only where they are shown.

use std::fmt;

use super::names::{ComponentName, EnvironmentName};

/// A step: what is done, and with what.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StepId {
    /// What is done.
    pub verb: StepVerb,
    /// What it is done with.
    pub subject: StepSubject,
}

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StepVerb {
    /// Creates the repository of an image.
    CreateRepository,
    /// Builds an image and pushes it.
    Build,
    /// Puts tags on an image that is there.
    Tag,
    /// Copies an image from another repository.
    Copy,
    /// Builds the files of a site.
    Bundle,
    /// Puts the files of a site into the store of its environment.
    Store,
    /// Uses a revision that an earlier run registered.
    UseRevision,
    /// Registers a revision.
    Register,
    /// Runs the pre-deploy command.
    PreDeploy,
    /// Puts up the hold of a rollback.
    Hold,
    /// Changes the service.
    Update,
    /// Writes the files of a site where they are served.
    Publish,
    /// Waits for a rollout of something else.
    WaitForOthers,
    /// Waits for the rollout.
    WaitFor,
    /// Waits until the address of a site serves the release, whole.
    Prove,
    /// Verifies what runs already.
    Verify,
    /// Asks the probes.
    Probe,
    /// Watches a release that was proven.
    Settle,
    /// Brings back what served before a release that failed.
    RollBack,
    /// Moves tags of an image to what serves.
    MoveTags,
    /// Takes files away that no release needs any more.
    CleanUp,
}

impl StepVerb {
    /// Whether what serves is another afterwards.
    pub fn changes_what_serves(self) -> bool {
        matches!(self, Self::Update | Self::Publish)
    }

    /// Whether it completes what went well: also when something else has failed meanwhile.
    pub fn follows_success(self) -> bool {
        matches!(self, Self::MoveTags)
    }

    /// Whether anything is changed at all. What is not only waits and asks.
    pub fn changes(self) -> bool {
        match self {
            Self::CreateRepository
            | Self::Build
            | Self::Tag
            | Self::Copy
            | Self::Bundle
            | Self::Store
            | Self::UseRevision
            | Self::Register
            | Self::PreDeploy
            | Self::Hold
            | Self::Update
            | Self::Publish
            | Self::RollBack
            | Self::MoveTags
            | Self::CleanUp => true,
            Self::WaitForOthers | Self::WaitFor | Self::Prove | Self::Verify | Self::Probe | Self::Settle => false,
        }
    }

    /// Whether it counts among the changes of which a limited number are made at once. The one-off task of a pre-deploy command is
    /// mostly waited for; its start is counted by itself.
    pub fn takes_slot(self) -> bool {
        self.changes() && self != Self::PreDeploy
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::CreateRepository => "create repository",
            Self::Build => "build",
            Self::Tag => "tag",
            Self::Copy => "copy",
            Self::Bundle => "bundle",
            Self::Store => "store",
            Self::UseRevision => "use revision",
            Self::Register => "register",
            Self::PreDeploy => "pre-deploy",
            Self::Hold => "hold",
            Self::Update => "update",
            Self::Publish => "publish",
            Self::WaitForOthers => "wait for others on",
            Self::WaitFor => "wait for",
            Self::Prove => "prove",
            Self::Verify => "verify",
            Self::Probe => "probe",
            Self::Settle => "settle",
            Self::RollBack => "roll back",
            Self::MoveTags => "move tags",
            Self::CleanUp => "clean up",
        }
    }
}

/// What a step is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum StepSubject {
    /// A component of the environment that is changed.
    Component(ComponentName),
    /// A component of the environment that a promotion takes its release from. It is never changed.
    Source(EnvironmentName, ComponentName),
    /// The statuses of the release's commit on GitHub.
    Statuses,
}

impl StepId {
    /// A step with a component of the environment that is changed.
    pub fn new(verb: StepVerb, component: &ComponentName) -> Self {
        Self { verb, subject: StepSubject::Component(component.clone()) }
    }

    /// A step with a component of the environment that a promotion takes its release from.
    pub fn of_source(verb: StepVerb, source: &EnvironmentName, component: &ComponentName) -> Self {
        Self { verb, subject: StepSubject::Source(source.clone(), component.clone()) }
    }

    /// The wait for the statuses of the release's commit.
    pub fn statuses() -> Self {
        Self { verb: StepVerb::WaitFor, subject: StepSubject::Statuses }
    }

    /// The step for programs, unique in a run: `wait-for:backend`, `probe:stage/backend`.
    pub fn key(&self) -> String {
        let verb = self.verb.as_str().replace(' ', "-");
        match &self.subject {
            StepSubject::Component(component) => format!("{verb}:{component}"),
            StepSubject::Source(environment, component) => format!("{verb}:{environment}/{component}"),
            StepSubject::Statuses => format!("{verb}:statuses"),
        }
    }

    /// The component that the step may have changed something of. `None`: it is of another environment, or of none.
    pub fn component(&self) -> Option<&ComponentName> {
        match &self.subject {
            StepSubject::Component(component) => Some(component),
            StepSubject::Source(..) | StepSubject::Statuses => None,
        }
    }
}

impl fmt::Display for StepVerb {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl fmt::Display for StepId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = self.verb.as_str();
        match &self.subject {
            StepSubject::Component(component) => write!(formatter, "{verb} {component}"),
            StepSubject::Source(environment, component) => write!(formatter, "{verb} {environment} {component}"),
            StepSubject::Statuses => write!(formatter, "{verb} statuses"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_shown_by_what_it_does_and_with_what() {
        let (stage, backend) = ("stage".parse().unwrap(), "backend".parse().unwrap());
        let own = StepId::new(StepVerb::CreateRepository, &backend);
        let of_source = StepId::of_source(StepVerb::Probe, &stage, &backend);
        assert_eq!((own.to_string().as_str(), own.component()), ("create repository backend", Some(&backend)));
        assert_eq!((of_source.to_string().as_str(), of_source.component()), ("probe stage backend", None));
        let statuses = StepId::statuses();
        assert_eq!((statuses.to_string().as_str(), statuses.component()), ("wait for statuses", None));
        assert_eq!(statuses.key(), "wait-for:statuses");
        assert_eq!((own.key(), of_source.key()), ("create-repository:backend".into(), "probe:stage/backend".into()));
    }
}
