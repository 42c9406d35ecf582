//! What the commands that change an environment share: from a plan with its gates to the outcome.

use indexmap::IndexMap;
use jiff::Timestamp;

use super::statuses::Statuses;
use crate::apply::{self, Run};
use crate::cli;
use crate::clients::git::Git;
use crate::clients::http::Http;
use crate::clients::process::Processes;
use crate::context::{Context, RegistryAddresses};
use crate::domain::failure::Failure;
use crate::domain::gate::{Gate, authorize};
use crate::domain::image::Digest;
use crate::domain::limits::COMMITS_SHOWN;
use crate::domain::names::ComponentName;
use crate::domain::outcome::Outcome;
use crate::domain::plan::{ComponentFacts, ComponentPlan, Intent, Plan, Step};
use crate::domain::release::{Commits, GitSha, ReleaseName};
use crate::domain::role::Access;
use crate::kinds;
use crate::observe::{Cloud, Configuration, Identities, RegistryAccess};
use crate::report::journal::{Between, ComponentRecord, Journal, StepRecord};

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
    /// The record.
    pub journal: &'a Journal,
    /// What is said on the release's commit.
    pub statuses: &'a Statuses,
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
}

impl<'a> Invocation<'a> {
    /// Reads the configuration.
    ///
    /// # Errors
    ///
    /// `invalid`: it is wrong in itself.
    pub fn new(
        context: &'a Context,
        global: &cli::Global,
        until: Until,
        (journal, statuses): (&'a Journal, &'a Statuses),
        clock: fn() -> Timestamp,
    ) -> Result<Self, Failure> {
        let configuration = Configuration::load(context, global.config.as_deref())?;
        let addresses = context.registry_addresses()?;
        let processes = Processes::new(context.child_environment());
        let git = Git::new(processes.clone(), &configuration.directory, context.owners());
        let http = Http::new()
            .map_err(|error| Failure::failed("the HTTP client cannot be set up").cause(error.to_string()))?;
        let identities = Identities::new(context, &configuration.directory);
        Ok(Self {
            context,
            journal,
            statuses,
            clock,
            until,
            configuration,
            identities,
            addresses,
            processes,
            git,
            http,
        })
    }

    /// The commits between what the first component that changes ran and the release. What cannot be told is left out.
    async fn note_commits(&self, plan: &Plan) {
        let changing = plan.components.iter().find(|component| !component.is_empty());
        let Some(ran) = kinds::released_before(changing) else { return };
        let (ran, release) = (ran.sha(), plan.release.sha());
        let back = self.takes_back(ran, release).await;
        let (from, to) = if back { (release, ran) } else { (ran, release) };
        if let Ok(Some(commits)) = self.git.commits_between(from, to, COMMITS_SHOWN.count()).await {
            let between = Between { taken_back: back, commits };
            self.journal.update(|record| record.commits = Some(between).filter(|between| between.commits.count > 0));
        }
    }

    /// Whether a release comes before what runs in the history of that. What cannot be told is a no.
    async fn takes_back(&self, runs: &GitSha, release: &GitSha) -> bool {
        runs != release && self.git.is_ancestor(release, runs).await.ok().flatten().unwrap_or(false)
    }

    /// Says which components would go back by what is not called a rollback, and holds nothing.
    async fn warn_of_going_back(&self, plan: &Plan) {
        let environment = &plan.target.environment;
        let mut by_release: IndexMap<ReleaseName, Vec<&str>> = IndexMap::new();
        for component in plan.components.iter().filter(|component| !component.is_empty()) {
            if let Some(runs) = kinds::released_before(Some(component)) {
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
            self.journal.warning(
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
    /// What was seen of the components.
    pub facts: Vec<(ComponentName, ComponentFacts)>,
    /// The plan.
    pub plan: Plan,
    /// The gates.
    pub gates: Vec<Gate>,
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
    let Prepared { cloud, access, source, facts, plan, gates } = prepared;
    invocation.note_commits(&plan).await;
    record_plan(invocation, &plan, &gates);
    if plan.intent != Intent::Rollback {
        invocation.warn_of_going_back(&plan).await;
    }
    warn_of_dependencies(invocation, &cloud, &plan).await?;
    if let Some(expected) = expected.filter(|expected| **expected != plan.digest()) {
        return Err(Failure::new(Outcome::Stale, format!("the plan is {} now, not {expected}", plan.digest()))
            .cause(format!(
                "{} has moved, or its configuration has changed, since it was planned",
                plan.target.environment
            ))
            .hint("plan again and look at what is different"));
    }
    if invocation.until == Until::Planned {
        return Ok(Outcome::Planned);
    }
    let release = plan.release.clone();
    let authorized = authorize(plan, &gates).map_err(|refusing| refused(&refusing))?;
    invocation.statuses.begin(invocation.journal, &release);
    let run = Run {
        context: invocation.context,
        cloud: &cloud,
        access: &access,
        source: source.as_ref(),
        processes: &invocation.processes,
        http: &invocation.http,
        journal: invocation.journal,
        release,
        name: invocation.context.run_name(),
        clock: invocation.clock,
    };
    apply::apply(&run, &authorized, &facts).await
}

/// Says which dependencies of the components, where those are shipped alone, run another release.
async fn warn_of_dependencies(invocation: &Invocation<'_>, cloud: &Cloud, plan: &Plan) -> Result<(), Failure> {
    let target = &plan.target;
    let is_shipped = |name: &ComponentName| target.components.iter().any(|component| component.name == *name);
    for component in &target.components {
        for dependency in component.depends_on.iter().filter(|name| !is_shipped(name)) {
            let names = [dependency.to_string()];
            let alone = invocation.configuration.services(invocation.context, target.environment.as_str(), &names)?;
            let Some(configured) = alone.components.first() else { continue };
            let runs = match kinds::status(cloud, configured).await {
                Ok(status) if status.running_release.sha == Some(plan.release.to_string()) => continue,
                Ok(status) => status.running_release.sha.unwrap_or_else(|| "no release of ours".to_owned()),
                Err(failure) => format!("what cannot be told: {}", failure.brief()),
            };
            invocation.journal.warning(
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

/// A release as it is named on the command line: a full commit id.
///
/// # Errors
///
/// `invalid`
pub fn named_release(text: &str) -> Result<GitSha, Failure> {
    text.parse().map_err(|error: crate::domain::names::InvalidName| {
        Failure::invalid("--release is not a full commit id")
            .cause(error.to_string())
            .hint("write all 40 digits: `git rev-parse COMMIT` prints them")
    })
}

/// Puts the plan into the record and shows it, before anything is changed.
fn record_plan(invocation: &Invocation<'_>, plan: &Plan, gates: &[Gate]) {
    let journal = invocation.journal;
    journal.update(|record| {
        record.release = Some(plan.release.clone());
        record.plan_digest = Some(plan.digest());
        record.url.clone_from(&plan.target.url);
        record.gates = gates.to_vec();
        let repositories = plan.images.iter().map(|image| (image.image.component.clone(), image.repository.clone()));
        record.repositories = repositories.collect();
        record.components = plan.components.iter().map(|component| component_record(plan, component)).collect();
        for component in &plan.components {
            if let Some((image, digest)) = component.image() {
                record.digests.insert(image.clone(), digest.clone());
            }
        }
    });
    if invocation.until == Until::Planned {
        let planned = |step: Step| StepRecord { name: step.name, began: 0.0, seconds: 0.0, result: "planned" };
        journal.update(|record| {
            record.steps = plan.steps().into_iter().map(planned).collect();
            for component in &mut record.components {
                component.outcome = Some(Outcome::Planned);
            }
        });
    }
    crate::report::human::show_plan(journal, plan);
}

fn component_record(plan: &Plan, component: &ComponentPlan) -> ComponentRecord {
    let running = kinds::running_before(component);
    let (changes, drift) = component.differences();
    let configured = plan.target.components.iter().find(|configured| configured.name == component.name);
    ComponentRecord {
        name: component.name.clone(),
        kind: configured.map_or("", |configured| kinds::name(&configured.kind)),
        outcome: None,
        changed: false,
        console: configured.map(|configured| kinds::console(&configured.kind, &plan.target.region)),
        previous: Some(running.clone()),
        current: Some(running),
        causes: Vec::new(),
        changes: changes.to_vec(),
        drift: drift.cloned(),
        missing_variables: component.missing_variables().to_vec(),
    }
}
