//! What the commands that change an environment share: from a plan with its gates to the outcome.

use std::num::NonZeroUsize;

use indexmap::IndexMap;
use jiff::Timestamp;

use crate::apply;
use crate::clients::git::Git;
use crate::clients::http::Http;
use crate::clients::process::Processes;
use crate::context::{Context, RegistryAddresses};
use crate::domain::event::Event;
use crate::domain::failure::Failure;
use crate::domain::gate::{Gate, authorize};
use crate::domain::image::Digest;
use crate::domain::limits::COMMITS_SHOWN;
use crate::domain::names::{ComponentName, Region};
use crate::domain::neutral;
use crate::domain::outcome::Outcome;
use crate::domain::plan::Intent;
use crate::domain::provenance::Provenance;
use crate::domain::release::{Commits, GitSha, ReleaseName};
use crate::domain::role::Access;
use crate::domain::view::Request;
use crate::domain::view::plan::{CommitRange, PlannedComponent, ShownPlan};
use crate::events::Events;
use crate::kinds::{Planned, Run, Turns, WholePlan, driver};
use crate::observe::{self, Cloud, Configuration, Identities, RegistryAccess};
use crate::session::Session;

/// What to do where nothing but tags says that a release succeeded.
pub const LEDGER_ALONE: &str = "`shipgate iam guard` prints the policy that keeps others from writing these tags";

/// Whether to stop after planning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// Show the plan.
    Planned,
    /// Carry it out.
    Applied,
}

impl Until {
    /// A run that only plans takes the role for looking; one that changes takes the other from start to end.
    pub fn access(self) -> Access {
        match self {
            Self::Planned => Access::Read,
            Self::Applied => Access::Change,
        }
    }
}

/// One invocation of a command that changes an environment.
#[derive(Debug)]
pub struct Invocation<'a> {
    /// Where we run.
    pub context: &'a Context,
    /// Where what happens is emitted.
    pub events: &'a Events,
    /// What the command is about, in words: the environment, or some of its components.
    pub place: String,
    /// Reads the wall clock.
    pub clock: fn() -> Timestamp,
    /// Whether to stop after planning.
    pub until: Until,
    /// The configuration.
    pub configuration: Configuration,
    /// Who we are where.
    pub identities: Identities<'a>,
    /// Other addresses of registries.
    pub addresses: RegistryAddresses,
    /// Child processes.
    pub processes: Processes,
    /// The clone.
    pub git: Git,
    /// HTTP for probes.
    pub http: Http,
    /// How many changes are made at once.
    pub parallel: NonZeroUsize,
    /// When the run began.
    pub began: Timestamp,
}

impl<'a> Invocation<'a> {
    /// Reads the configuration. `parallel`: how many changes are made at once.
    ///
    /// # Errors
    ///
    /// `invalid`: it is wrong in itself.
    pub fn new(session: &Session<'a>, request: &Request, parallel: NonZeroUsize) -> Result<Self, Failure> {
        let Session { context, events, clock, .. } = *session;
        let configuration = session.configuration()?;
        let addresses = context.registry_addresses()?;
        let processes = session.processes();
        let git = session.git(&configuration.directory);
        let http = Http::new()
            .map_err(|error| Failure::failed("the HTTP client cannot be set up").cause(error.to_string()))?;
        let identities = session.identities(&configuration);
        let until = if request.applies { Until::Applied } else { Until::Planned };
        let place = request.place();
        Ok(Self {
            context,
            events,
            place,
            clock,
            until,
            configuration,
            identities,
            addresses,
            processes,
            git,
            http,
            parallel,
            began: clock(),
        })
    }

    /// The commit that `--release` names, from here on by its whole id.
    ///
    /// # Errors
    ///
    /// As [`observe::named_release`].
    pub async fn release(&self, written: Option<&str>) -> Result<Option<GitSha>, Failure> {
        let Some(written) = written else { return Ok(None) };
        let sha = observe::named_release(self.context, &self.git, written).await?;
        if sha.to_string() != written {
            self.events.note(format!("release {} is commit {sha}", neutral::phrase(written, 200)));
        }
        Ok(Some(sha))
    }

    /// What the ledger is to say of this run. Without the commit in the clone nothing says when it was made.
    async fn provenance(&self, cloud: &Cloud, release: &ReleaseName) -> Provenance {
        let committed = self.git.commit_time(release.sha()).await.ok().flatten();
        Provenance { began: Some(self.began), committed, ..self.context.provenance(&cloud.caller) }
    }

    /// The commits between what the first component that changes ran and the release. What cannot be told is left out.
    async fn commits(&self, plan: &WholePlan) -> Option<CommitRange> {
        let changing = plan.components().find(|component| !component.is_empty());
        let ran = changing?.runs.as_ref()?;
        let (ran, release) = (ran.sha(), plan.release.sha());
        let back = self.takes_back(ran, release).await;
        let (from, to) = if back { (release, ran) } else { (ran, release) };
        let commits = self.git.commits_between(from, to, COMMITS_SHOWN.count()).await.ok()??;
        (commits.count > 0).then_some(CommitRange { taken_back: back, commits })
    }

    /// Whether a release comes before what runs in the history of that. What cannot be told is a no.
    async fn takes_back(&self, runs: &GitSha, release: &GitSha) -> bool {
        runs != release && self.git.is_ancestor(release, runs).await.ok().flatten().unwrap_or(false)
    }

    /// Says which components would go back by what is not called a rollback, and holds nothing.
    async fn warn_of_going_back(&self, plan: &WholePlan) {
        let environment = &plan.environment;
        let mut by_release: IndexMap<ReleaseName, Vec<&str>> = IndexMap::new();
        for component in plan.components().filter(|component| !component.is_empty()) {
            if let Some(runs) = component.runs.clone() {
                by_release.entry(runs).or_default().push(component.name.as_str());
            }
        }
        for (runs, components) in by_release {
            if !self.takes_back(runs.sha(), plan.release.sha()).await {
                continue;
            }
            let commits = self.git.commits_between(plan.release.sha(), runs.sha(), 0).await.ok().flatten();
            let commits = match commits.map(|commits| commits.count) {
                None => "commits".to_owned(),
                Some(count) => Commits::counted(count),
            };
            let is_all = components.len() == plan.components.len();
            let of = if is_all { String::new() } else { format!("{} of ", components.join(", ")) };
            self.events.warning(
                format!("this takes back {commits}: {of}{environment} runs {}", runs.short()),
                Some(format!(
                    "{} a newer commit, or go back with `shipgate rollback {environment}`, which holds what it leaves",
                    plan.intent.verb()
                )),
            );
        }
    }
}

/// A plan with all that was seen, and the verdicts of its gates.
#[derive(Debug)]
pub struct Prepared {
    /// AWS.
    pub cloud: Cloud,
    /// The registry.
    pub access: RegistryAccess,
    /// The registry that images are copied from.
    pub source: Option<RegistryAccess>,
    /// The plan.
    pub plan: WholePlan,
    /// The gates.
    pub gates: Vec<Gate>,
}

/// Shows a plan, before anything is changed, with what somebody who reads it should know.
///
/// # Errors
///
/// The configuration of a dependency is wrong.
pub async fn show(invocation: &Invocation<'_>, prepared: &Prepared) -> Result<(), Failure> {
    let Prepared { cloud, plan, gates, .. } = prepared;
    let commits = invocation.commits(plan).await;
    invocation.events.emit(Event::Planned(Box::new(shown(plan, gates, commits, invocation.until))));
    if plan.intent != Intent::Rollback {
        invocation.warn_of_going_back(plan).await;
    }
    warn_of_dependencies(invocation, cloud, plan).await
}

/// Shows the plan, and carries it out if that is asked for and its gates let it through.
///
/// # Errors
///
/// With the outcome.
pub async fn finish(
    invocation: &Invocation<'_>,
    prepared: Prepared,
    expected: Option<&Digest>,
) -> Result<Outcome, Failure> {
    show(invocation, &prepared).await?;
    let Prepared { cloud, access, source, plan, gates } = prepared;
    if let Some(expected) = expected.filter(|expected| **expected != plan.digest()) {
        return Err(Failure::new(Outcome::Stale, format!("the plan is {} now, not {expected}", plan.digest()))
            .cause(format!("{} has moved, or its configuration has changed, since it was planned", plan.environment))
            .hint("plan again and look at what is different"));
    }
    if invocation.until == Until::Planned {
        return Ok(Outcome::Planned);
    }
    // Before anything is changed, also of the others.
    plan.components.iter().try_for_each(|component| component.can_be_applied())?;
    let (environment, release) = (plan.environment.clone(), plan.release.clone());
    let turns = Turns::new(&plan.steps(), invocation.parallel);
    let authorized = authorize(plan, &gates).map_err(|refusing| refused(&refusing))?;
    invocation.events.emit(Event::ApplyStarted);
    let run = Run {
        context: invocation.context,
        cloud: &cloud,
        access: &access,
        // Where a promotion stays in one registry, and in every other plan, nothing is copied.
        source: source.as_ref().unwrap_or(&access),
        processes: &invocation.processes,
        http: &invocation.http,
        events: invocation.events.clone(),
        turns: &turns,
        environment: &environment,
        provenance: invocation.provenance(&cloud, &release).await,
        release,
        clock: invocation.clock,
    };
    apply::apply(&run, &authorized).await
}

/// Says which dependencies of the components, where those are shipped alone, run another release.
async fn warn_of_dependencies(invocation: &Invocation<'_>, cloud: &Cloud, plan: &WholePlan) -> Result<(), Failure> {
    let is_shipped = |name: &ComponentName| plan.components().any(|component| component.name == *name);
    for component in plan.components() {
        for dependency in component.depends_on.iter().filter(|name| !is_shipped(name)) {
            let names = [dependency.to_string()];
            let alone = invocation.configuration.services(invocation.context, plan.environment.as_str(), &names)?;
            let Some(configured) = alone.components.first() else { continue };
            let runs = match driver(configured).status(cloud).await {
                Ok(status) if status.running_release.sha == Some(plan.release.to_string()) => continue,
                Ok(status) => status.running_release.sha.unwrap_or_else(|| "no release of ours".to_owned()),
                Err(failure) => format!("what cannot be told: {}", failure.brief()),
            };
            invocation.events.warning(
                format!("{} depends on {dependency}, which runs {runs}, not this release", component.name),
                Some(format!(
                    "make sure that they fit together, or ship both: leave --component {} out",
                    component.name
                )),
            );
        }
    }
    Ok(())
}

/// The failure that refusing gates make.
pub fn refused(gates: &[Gate]) -> Failure {
    let names: Vec<&str> = gates.iter().map(|gate| gate.name).collect();
    let mut failure = Failure::new(Outcome::Refused, format!("refused by gate {}", names.join(", ")));
    for gate in gates {
        failure = failure.cause(format!("{}: {}", gate.name, gate.reason));
        failure.hints.extend(gate.hint.clone());
    }
    failure
}

/// The plan as it is reported.
pub fn shown(plan: &WholePlan, gates: &[Gate], commits: Option<CommitRange>, until: Until) -> ShownPlan {
    let repositories = plan.images.iter().map(|image| (image.image.component.clone(), image.repository.clone()));
    let digests = plan.components().filter_map(|component| component.image.clone());
    ShownPlan {
        intent: plan.intent.clone(),
        app: plan.app.clone(),
        environment: plan.environment.clone(),
        account: plan.account.clone(),
        region: plan.region.clone(),
        url: plan.url.clone(),
        release: plan.release.clone(),
        digest: plan.digest(),
        commits,
        steps: plan.steps(),
        warnings: plan.warnings(),
        gates: gates.to_vec(),
        components: plan
            .components
            .iter()
            .map(|component| planned_component(component.as_ref(), &plan.region))
            .collect(),
        repositories: repositories.collect(),
        digests: digests.filter_map(|(image, digest)| Some((image, digest.known()?.clone()))).collect(),
        is_all: until == Until::Planned,
    }
}

fn planned_component(planned: &dyn Planned, region: &Region) -> PlannedComponent {
    let component = planned.plan();
    PlannedComponent {
        name: component.name.clone(),
        kind: component.kind,
        console: planned.observed().console(region),
        running: component.running.clone(),
        changes: component.changes.clone(),
        drift: component.drift.clone(),
        missing_variables: component.missing_variables.clone(),
    }
}
