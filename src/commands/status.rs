//! `status`: what runs where.

use crate::clients::git::Git;
use crate::domain::behind::{Behind, Distance};
use crate::domain::failure::Failure;
use crate::domain::hold::HoldScope;
use crate::domain::release::GitSha;
use crate::domain::role::RolePurpose;
use crate::domain::run::RunName;
use crate::domain::target::EnvironmentTarget;
use crate::domain::view::status::{ComponentStatus, EnvironmentStatus, SeenComponent};
use crate::kinds::driver;
use crate::observe::{self, Configuration, Identities};
use crate::session::Session;
use crate::together::each;

/// How many of the commits that an environment lacks are named.
const NAMED: usize = 5;

/// Looks at one environment, or at all.
///
/// # Errors
///
/// `invalid`: the configuration has problems, or the environment is not in it.
pub async fn run(session: &Session<'_>, environment: Option<&str>) -> Result<Vec<EnvironmentStatus>, Failure> {
    let context = session.context;
    let configuration = session.configuration()?;
    let identities = session.identities(&configuration);
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
    compare(session, &configuration, &identities, &mut statuses).await;
    let git = session.git(&configuration.directory);
    for component in statuses.iter_mut().flat_map(|status| &mut status.components) {
        explain(&git, context.github_server(), component).await;
    }
    Ok(statuses)
}

async fn look(
    identities: &Identities<'_>,
    name: &str,
    target: Result<EnvironmentTarget, Failure>,
) -> EnvironmentStatus {
    let mut status = EnvironmentStatus { name: name.to_owned(), source: None, components: Vec::new(), failure: None };
    let target = match target {
        Ok(target) => target,
        Err(failure) => {
            status.failure = Some(failure);
            return status;
        }
    };
    match observe::cloud(identities, &target, RolePurpose::Read).await {
        Ok(cloud) => {
            let look = async |component| {
                let seen = driver(component).status(&cloud).await;
                SeenComponent {
                    name: component.name.to_string(),
                    kind: component.kind.word(),
                    seen,
                    behind: None,
                    subject: None,
                }
            };
            status.components = each(&target.components, look).await;
        }
        Err(failure) => status.failure = Some(failure),
    }
    status.source = target.promotes_from;
    status
}

/// Compares what environments run with what those run that their releases come from. A source that was not asked for
/// is looked at for this alone; what cannot be seen of it is only unknown here.
async fn compare(
    session: &Session<'_>,
    configuration: &Configuration,
    identities: &Identities<'_>,
    statuses: &mut [EnvironmentStatus],
) {
    let (context, git) = (session.context, session.git(&configuration.directory));
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
                let (distance, newest) = distance(&git, source, component.commit()).await;
                component.behind = Some(Behind { of: of.clone(), distance, newest });
            }
        }
    }
}

/// What a source runs, for each component of an environment.
fn commits(source: &EnvironmentStatus, environment: &EnvironmentStatus) -> Vec<Option<GitSha>> {
    environment.components.iter().map(|component| source.commit_of(&component.name)).collect()
}

/// How far one commit is behind another, with the newest of the commits that it lacks.
async fn distance(git: &Git, source: Option<GitSha>, own: Option<GitSha>) -> (Distance, Vec<GitSha>) {
    let Some((source, own)) = source.zip(own) else {
        return (Distance::Unknown, Vec::new());
    };
    if source == own {
        return (Distance::Same, Vec::new());
    }
    // Without git, or outside a clone, nothing is known.
    let between = async |from, to, most| git.commits_between(from, to, most).await.ok().flatten();
    let lacks = between(&own, &source, NAMED).await;
    let more = between(&source, &own, 0).await;
    let distance = Distance::from_counts(lacks.as_ref().map(|it| it.count), more.map(|it| it.count));
    let newest = lacks.into_iter().flat_map(|it| it.newest).map(|commit| commit.sha);
    (distance, newest.collect())
}

/// Adds what this clone knows of a component: the commit's subject, and whether it has passed what a rollback bars.
async fn explain(git: &Git, server: &str, component: &mut SeenComponent) {
    let commit = component.commit();
    if let Some(commit) = &commit {
        component.subject = git.commit(commit).await.ok().flatten().map(|line| line.subject);
    }
    let Ok(seen) = &mut component.seen else { return };
    if let Some(commit) = &commit {
        passed(git, commit, seen).await;
    }
    if let Some(last) = &mut seen.last {
        last.url = last.run.as_deref().and_then(RunName::named).map(|run| run.page(server));
    }
}

/// Notes which bars of rollbacks a release has passed: it comes after what was left.
async fn passed(git: &Git, runs: &GitSha, seen: &mut ComponentStatus) {
    for hold in &mut seen.holds {
        if let HoldScope::Left { left, .. } = &hold.hold.scope {
            let comes_after = git.is_ancestor(left, runs).await.ok().flatten();
            hold.passed = comes_after.map(|comes_after| comes_after && left != runs);
        }
    }
}
