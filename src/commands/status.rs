//! `status`: what runs where.

use crate::cli;
use crate::clients::git::Git;
use crate::clients::process::Processes;
use crate::context::Context;
use crate::domain::behind::{Behind, Distance};
use crate::domain::failure::Failure;
use crate::domain::names::EnvironmentName;
use crate::domain::outcome::Outcome;
use crate::domain::release::GitSha;
use crate::domain::role::Access;
use crate::domain::target::Target;
use crate::kinds::{self, ComponentStatus};
use crate::observe::{self, Configuration, Identities};

/// What is said of an environment.
#[derive(Debug)]
pub struct EnvironmentStatus {
    /// The environment.
    pub name: String,
    /// The environment that its releases come from.
    pub source: Option<EnvironmentName>,
    /// Its components, in the order they are changed.
    pub components: Vec<SeenComponent>,
    /// Why nothing could be looked at.
    pub failure: Option<Failure>,
}

/// What is said of a component.
#[derive(Debug)]
pub struct SeenComponent {
    /// The component.
    pub name: String,
    /// Its kind.
    pub kind: &'static str,
    /// What was seen, or why nothing was.
    pub seen: Result<ComponentStatus, Failure>,
    /// How far it is behind the environment that its releases come from.
    pub behind: Option<Behind>,
}

impl EnvironmentStatus {
    /// The outcome of the worst thing that could not be looked at.
    pub fn failure_outcome(&self) -> Option<Outcome> {
        Outcome::worst(self.failures().map(|failure| failure.outcome))
    }

    /// Everything that could not be looked at.
    pub fn failures(&self) -> impl Iterator<Item = &Failure> {
        self.failure.iter().chain(self.components.iter().filter_map(|component| component.seen.as_ref().err()))
    }

    /// The commit that a component is known to run.
    fn commit_of(&self, component: &str) -> Option<GitSha> {
        let component = self.components.iter().find(|seen| seen.name == component)?;
        component.commit()
    }
}

impl SeenComponent {
    /// The commit that it runs. A build of a changed tree is none.
    fn commit(&self) -> Option<GitSha> {
        self.seen.as_ref().ok()?.running_release.sha.as_ref()?.parse().ok()
    }
}

/// Looks at one environment, or at all.
///
/// # Errors
///
/// `invalid`: the configuration has problems, or the environment is not in it.
pub async fn run(
    context: &Context,
    global: &cli::Global,
    environment: Option<&str>,
) -> Result<Vec<EnvironmentStatus>, Failure> {
    let configuration = Configuration::load(context, global.config.as_deref())?;
    let identities = Identities::new(context, &configuration.directory);
    let mut statuses = Vec::new();
    if let Some(name) = environment {
        let target = configuration.services(context, name, &[])?;
        statuses.push(look(&identities, name, Ok(target)).await);
    } else {
        for name in configuration.environments() {
            let target = configuration.services(context, &name, &[]);
            statuses.push(look(&identities, &name, target).await);
        }
    }
    compare(context, &configuration, &identities, &mut statuses).await;
    Ok(statuses)
}

async fn look(identities: &Identities<'_>, name: &str, target: Result<Target, Failure>) -> EnvironmentStatus {
    let mut status = EnvironmentStatus { name: name.to_owned(), source: None, components: Vec::new(), failure: None };
    let target = match target {
        Ok(target) => target,
        Err(failure) => {
            status.failure = Some(failure);
            return status;
        }
    };
    match observe::cloud(identities, &target, Access::Read).await {
        Ok(cloud) => {
            for component in &target.components {
                let seen = kinds::status(&cloud, component).await;
                let name = component.name.to_string();
                status.components.push(SeenComponent { name, kind: kinds::name(&component.kind), seen, behind: None });
            }
        }
        Err(failure) => status.failure = Some(failure),
    }
    status.source = target.promotes_from;
    status
}

/// Compares what environments run with what those run that their releases come from. A source that was not asked for
/// is looked at for this alone; what cannot be seen of it is only unknown here.
async fn compare(
    context: &Context,
    configuration: &Configuration,
    identities: &Identities<'_>,
    statuses: &mut [EnvironmentStatus],
) {
    let git = Git::new(Processes::new(context.child_environment()), &configuration.directory, context.owners());
    for index in 0..statuses.len() {
        let Some(of) = statuses[index].source.clone() else { continue };
        let source = if let Some(source) = statuses.iter().find(|status| status.name == of.as_str()) {
            commits(source, &statuses[index])
        } else {
            let target = configuration.services(context, of.as_str(), &[]);
            commits(&look(identities, of.as_str(), target).await, &statuses[index])
        };
        for (component, source) in statuses[index].components.iter_mut().zip(source) {
            if component.seen.is_ok() {
                let distance = distance(&git, source, component.commit()).await;
                component.behind = Some(Behind { of: of.clone(), distance });
            }
        }
    }
}

/// What a source runs, for each component of an environment.
fn commits(source: &EnvironmentStatus, environment: &EnvironmentStatus) -> Vec<Option<GitSha>> {
    environment.components.iter().map(|component| source.commit_of(&component.name)).collect()
}

/// How far one commit is behind another.
async fn distance(git: &Git, source: Option<GitSha>, own: Option<GitSha>) -> Distance {
    let Some((source, own)) = source.zip(own) else {
        return Distance::Unknown;
    };
    if source == own {
        return Distance::Same;
    }
    // Without git, or outside a clone, nothing is known.
    let count = async |from, to| git.commits_between(from, to, 0).await.ok().flatten().map(|commits| commits.count);
    Distance::from_counts(count(&own, &source).await, count(&source, &own).await)
}
