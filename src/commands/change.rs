//! What the commands that change an environment share: from a plan with its gates to the outcome.

use std::num::NonZeroUsize;
use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;
use tokio::time::Instant;

use crate::apply;
use crate::clients::browser::Browser;
use crate::clients::git::Git;
use crate::clients::http::Http;
use crate::clients::process::Processes;
use crate::clients::terminal;
use crate::context::{Context, RegistryAddresses, SHOWN_PLAN};
use crate::domain::asked_probe::AskedProbe;
use crate::domain::contract::warned::warnings;
use crate::domain::event::RunEvent;
use crate::domain::failure::Failure;
use crate::domain::gate::{
    Authorized, ChangeCommand, ContractPolicy, Fact, Gate, GateEvidence, GateOverride, authorize, evaluate,
};
use crate::domain::given_bundle::GivenBundle;
use crate::domain::image::Digest;
use crate::domain::names::{ComponentName, InvalidName, Region};
use crate::domain::neutral;
use crate::domain::outcome::Outcome;
use crate::domain::plan::{ComponentPlan, ExpectedPlan, ImagePlan, Intent, LeftRelease, PlanWarning, PlannedTags};
use crate::domain::probe::Probe;
use crate::domain::provenance::{OverriddenGate, Provenance};
use crate::domain::release::{GitSha, ReleaseName};
use crate::domain::role::RolePurpose;
use crate::domain::target::EnvironmentTarget;
use crate::domain::view::plan::{CommitRange, PlannedComponent, ShownPlan};
use crate::domain::view::{CommandRequest, Confirmation};
use crate::events::Events;
use crate::evidence::{self, Approvals, AskedPlan, CommitHistory, Hosted};
use crate::kinds::{ApplyRun, AskedProbes, ComponentWithPlan, ObservedComponent, Turns, WholePlan, driver};
use crate::observe::{self, Cloud, Configuration, Identities, RegistryAccess};
use crate::session::Session;
use crate::together::try_each;
use crate::verify::ask_once;

/// What to do where nothing but tags says that a release succeeded.
pub const LEDGER_ALONE: &str = "`shipgate iam guard` prints the policy that keeps others from writing these tags";

/// Whether to stop after planning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopPoint {
    /// Show the plan.
    Planned,
    /// Carry it out.
    Applied,
}

impl StopPoint {
    /// A run that only plans assumes the role for reading; one that changes assumes the other from start to end.
    pub fn access(self) -> RolePurpose {
        match self {
            Self::Planned => RolePurpose::Read,
            Self::Applied => RolePurpose::Change,
        }
    }
}

/// One invocation of a command that changes an environment.
#[derive(Debug)]
pub struct ChangeRun<'a> {
    /// The place of this run.
    pub context: &'a Context,
    /// Where what happens is emitted.
    pub events: &'a Events,
    /// Reads the wall clock.
    pub clock: fn() -> Timestamp,
    /// Whether to stop after planning.
    pub until: StopPoint,
    /// The configuration.
    pub configuration: Configuration,
    /// The identities of this run by environment.
    pub identities: Identities<'a>,
    /// Other addresses of registries.
    pub addresses: RegistryAddresses,
    /// Child processes.
    pub processes: Processes,
    /// The clone.
    pub git: Git,
    /// The repository on GitHub.
    pub hosted: Hosted,
    /// HTTP for probes.
    pub http: Http,
    /// The browser for probes.
    pub browser: Browser,
    /// How many changes are made at once.
    pub parallel: NonZeroUsize,
    /// Whether somebody is asked before anything is changed.
    pub asks: Confirmation,
    /// When the run began.
    pub began: Timestamp,
    /// The plan that people have approved, with the number of the run that made it. `None`: none is named.
    pub approved_plan: Option<ApprovedPlan>,
}

/// A plan that people have approved.
#[derive(Debug, Clone)]
pub struct ApprovedPlan {
    /// The number of the run that made it.
    pub run: u64,
    /// Its digest.
    pub digest: Digest,
}

impl<'a> ChangeRun<'a> {
    /// Reads the configuration. `parallel`: how many changes are made at once.
    ///
    /// # Errors
    ///
    /// `invalid`: it is wrong in itself.
    pub fn new(session: &Session<'a>, request: &CommandRequest, parallel: NonZeroUsize) -> Result<Self, Failure> {
        let Session { context, events, clock, .. } = *session;
        let configuration = session.configuration()?;
        let addresses = context.registry_addresses()?;
        let processes = session.processes();
        let git = session.git(&configuration.directory);
        let http = Http::new()
            .map_err(|error| Failure::failed("the HTTP client cannot be set up").cause(error.to_string()))?;
        let identities = session.identities(&configuration);
        let hosted = hosted(context);
        let until = if request.applies { StopPoint::Applied } else { StopPoint::Planned };
        Ok(Self {
            context,
            events,
            clock,
            until,
            configuration,
            identities,
            addresses,
            processes,
            git,
            hosted,
            http,
            browser: context.browser(),
            parallel,
            asks: request.asks,
            began: clock(),
            approved_plan: None,
        })
    }

    /// The same for a plan that people have approved.
    ///
    /// # Errors
    ///
    /// `invalid`: what names the plan is no digest, or not a whole one where people have approved it.
    pub fn expecting(self, expected: Option<&str>, run: Option<u64>) -> Result<(Self, Option<ExpectedPlan>), Failure> {
        let expected = expected.map(expected_plan).transpose()?;
        let approved_plan = approved_plan(expected.as_ref(), run)?;
        Ok((Self { approved_plan, ..self }, expected))
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
    async fn provenance(&self, cloud: &Cloud, authorized: &Authorized<WholePlan>) -> Provenance {
        let plan = authorized.change();
        let overridden = |gate: &Gate| {
            let (gate, reason) = (gate.name.to_string(), gate.overridden.clone()?);
            Some(OverriddenGate { gate, reason })
        };
        let committed = match plan.release.sha() {
            Some(commit) => self.git.commit_time(commit).await.ok().flatten(),
            None => None,
        };
        Provenance {
            began: Some(self.began),
            committed,
            overrides: authorized.gates().iter().filter_map(overridden).collect(),
            plan: Some(plan.digest()),
            approvers: authorized.approvers().to_vec(),
            plan_runs: self.approved_plan.iter().map(|plan| plan.run).collect(),
            ..self.context.provenance(&cloud.caller)
        }
    }

    /// The gates that somebody wants to go on without.
    ///
    /// # Errors
    ///
    /// `invalid`: the configuration does not let one of them be overridden.
    pub fn overrides(target: &EnvironmentTarget, wanted: &[GateOverride]) -> Result<Vec<GateOverride>, Failure> {
        let environment = &target.environment;
        let may_not = |wanted: &&GateOverride| !target.policy.lets_override(wanted.gate);
        if let Some(GateOverride { gate, .. }) = wanted.iter().find(may_not) {
            let hint = if gate.may_be_overridden() {
                format!("write `overridable = [\"{gate}\"]` in `[environments.{environment}.gates]`, or remove it")
            } else {
                "remove it".to_owned()
            };
            return Err(Failure::invalid(format!("gate `{gate}` may not be overridden in {environment}")).hint(hint));
        }
        let is_twice =
            |(index, one): &(usize, &GateOverride)| wanted[..*index].iter().any(|other| other.gate == one.gate);
        if let Some((_, GateOverride { gate, .. })) = wanted.iter().enumerate().find(is_twice) {
            return Err(Failure::invalid(format!("gate `{gate}` is overridden twice")).hint("give one reason"));
        }
        Ok(wanted.to_vec())
    }

    /// What is known of the repository's history.
    pub fn history(&self) -> CommitHistory<'_> {
        CommitHistory { git: &self.git, hosted: &self.hosted }
    }

    /// What the gates of a plan look at that every plan has.
    pub async fn evidence(&self, cloud: &Cloud, plan: &WholePlan) -> GateEvidence {
        let history = self.history();
        let identity =
            evidence::identity(cloud, &history, self.context.repository(), (plan.command, &self.configuration)).await;
        let mut evidence = evidence::of_plan(plan, &history, identity, (self.clock)()).await;
        let approvals = Approvals {
            history: &history,
            source_url: self.context.source_url(),
            is_made: self.until == StopPoint::Applied,
            command: plan.command,
            environment: &plan.environment,
            policy: &plan.policy,
        };
        approvals.add_to(&mut evidence, async || self.asked(cloud, plan).await).await;
        evidence
    }

    /// The plan that people were asked about, with what is known of it here. Where this is another plan, no person was asked
    /// about it.
    async fn asked(&self, cloud: &Cloud, plan: &WholePlan) -> Option<AskedPlan<'_>> {
        let ApprovedPlan { run, digest } = self.approved_plan.as_ref().filter(|it| it.digest == plan.digest())?;
        let names: Vec<String> = plan.components().map(|component| component.name.to_string()).collect();
        let target = self.configuration.services(self.context, plan.environment.as_str(), &names).ok()?;
        Some(AskedPlan {
            run: *run,
            digest,
            carried_out: evidence::carried_out(cloud, &target.components).await,
            trusted: target.workflows,
            configuration: &self.configuration,
        })
    }
}

/// The digest that a plan has to have, or the beginning of it.
///
/// # Errors
///
/// `invalid`: it is neither.
pub fn expected_plan(text: &str) -> Result<ExpectedPlan, Failure> {
    text.parse().map_err(|_: InvalidName| {
        Failure::invalid("--expect-plan is not a plan's digest")
            .hint("write it as the plan printed it: at least its first 12 digits, in small letters")
    })
}

/// The digest of a plan that people have approved, which is never a part of one: another plan could be made to begin with
/// the same digits.
///
/// # Errors
///
/// `invalid`: it is a part.
pub fn whole_digest(expected: &ExpectedPlan) -> Result<Digest, Failure> {
    expected.whole().ok_or_else(|| {
        Failure::invalid(format!("--expect-plan {expected} is only the beginning of a plan's digest")).hint(
            "write the whole digest, `sha256:` and 64 digits, as the planning run printed it: people approve that one",
        )
    })
}

/// The plan that people have approved, where the run is named that made it.
///
/// # Errors
///
/// As [`whole_digest`].
pub fn approved_plan(expected: Option<&ExpectedPlan>, run: Option<u64>) -> Result<Option<ApprovedPlan>, Failure> {
    let approved = run.zip(expected).map(|(run, expected)| Ok(ApprovedPlan { run, digest: whole_digest(expected)? }));
    approved.transpose()
}

/// The repository on GitHub, as this job reaches it.
pub fn hosted(context: &Context) -> Hosted {
    Hosted::new(observe::github(context), context.run().map(|(_, run, _)| run), context.default_branch())
}

/// A plan with all that was seen, and the verdicts of its gates.
#[derive(Debug)]
pub struct PreparedChange {
    /// AWS, in the session of the role that the command needs.
    pub cloud: observe::WriterSession,
    /// The registry.
    pub access: RegistryAccess,
    /// The registry that images are copied from.
    pub source: Option<RegistryAccess>,
    /// The plan.
    pub plan: WholePlan,
    /// What its gates look at.
    pub evidence: GateEvidence,
}

/// What would be done, with the evidence for its gates.
#[derive(Debug)]
pub enum CheckedChange {
    /// It has a plan.
    Plan(Box<PreparedChange>),
    /// There is no release, which these gates say.
    Nothing(Vec<Gate>),
}

/// Shows a plan, before anything is changed, with what somebody who reads it should know.
///
/// # Errors
///
/// The configuration of a dependency is wrong.
pub async fn show(invocation: &ChangeRun<'_>, prepared: &PreparedChange) -> Result<AskedProbes, Failure> {
    let PreparedChange { cloud, plan, evidence, .. } = prepared;
    let history = invocation.history();
    let (commits, asked) = tokio::join!(history.commits(plan), ask_probes(invocation, plan));
    let gates = evaluate(plan, evidence);
    let mut shown = shown(plan, gates, commits, &asked, invocation.until);
    if let Fact::Is(held) = &evidence.contract {
        shown.warnings.extend(warnings(held, plan.policy.contract == Some(ContractPolicy::Warning)));
    }
    invocation.events.emit(RunEvent::Planned(Box::new(shown)));
    warn_of_dependencies(invocation, cloud, plan).await?;
    Ok(asked)
}

/// How long a plan waits for the answer of a probe.
const PROBE_OF_PLAN: Duration = Duration::from_secs(3);

/// Asks each probe once, all at the same time: one that reaches nothing is more likely wrong than the release that is to
/// answer it. Who checks a pull request may be anywhere, and asks none; where nothing is to change they are asked anyway.
async fn ask_probes(invocation: &ChangeRun<'_>, plan: &WholePlan) -> AskedProbes {
    let is_asked = |component: &ComponentPlan| invocation.until == StopPoint::Planned || !component.is_empty();
    let components = plan.components.iter().filter(|component| is_asked(component.plan()));
    let components = components.filter(|_| plan.command != ChangeCommand::Check).map(|component| &**component);
    let of_component = async |component: &dyn ComponentWithPlan| {
        let once = async |probe: &Probe| {
            let probe = Probe { timeout: probe.timeout.min(PROBE_OF_PLAN), ..probe.clone() };
            ask_once(&invocation.http, &probe, &plan.release).await
        };
        (component.plan().name.clone(), join_all(component.probes().iter().map(once)).await)
    };
    let of = join_all(components.map(of_component)).await;
    AskedProbes { at: Some(Instant::now()), of }
}

/// Shows the plan, and carries it out if that is asked for and its gates let it through.
///
/// # Errors
///
/// With the outcome.
pub async fn finish(
    invocation: &ChangeRun<'_>,
    prepared: PreparedChange,
    expected: Option<&ExpectedPlan>,
) -> Result<Outcome, Failure> {
    let asked = show(invocation, &prepared).await?;
    let PreparedChange { cloud, access, source, plan, evidence } = prepared;
    if let Some(expected) = expected.filter(|expected| !expected.is(&plan.digest())) {
        return Err(stale(invocation, &plan, expected));
    }
    let observe::WriterSession::Changes(cloud) = cloud else { return Ok(Outcome::Planned) };
    // Before anything is changed, also of the others.
    plan.components.iter().try_for_each(|component| component.can_be_applied())?;
    let (environment, release, on_failure) = (plan.environment.clone(), plan.release.clone(), plan.on_failure);
    let turns = Turns::new(&plan.steps(), invocation.parallel);
    let authorized = authorize(plan, &evidence).map_err(|refusing| refused(&refusing))?;
    confirm(invocation, authorized.change()).await?;
    let provenance = invocation.provenance(&cloud, &authorized).await;
    invocation.events.emit(RunEvent::ApplyStarted);
    let run = ApplyRun {
        context: invocation.context,
        cloud: &cloud,
        writer: cloud.open(authorized.permit()),
        access: &access,
        // Where a promotion stays in one registry, and in every other plan, nothing is copied.
        source: source.as_ref().unwrap_or(&access),
        processes: &invocation.processes,
        http: &invocation.http,
        browser: &invocation.browser,
        events: invocation.events.clone(),
        turns: &turns,
        environment: &environment,
        on_failure,
        provenance,
        release,
        clock: invocation.clock,
        asked: &asked,
        built: if authorized.change().intent == Intent::Deploy { &authorized.change().images } else { &[] },
    };
    apply::apply(&run, &authorized).await
}

/// Asks the person at the terminal, where there is one.
async fn confirm(invocation: &ChangeRun<'_>, plan: &WholePlan) -> Result<(), Failure> {
    let changes = plan.steps().iter().any(|step| step.id.verb.changes());
    match invocation.asks {
        Confirmation::Somebody if changes => {}
        Confirmation::Unseen if changes => {
            let reason = "the question cannot be seen: standard error is no terminal";
            let hint = "add `--yes`, or do not redirect standard error";
            return Err(Failure::new(Outcome::Refused, reason).hint(hint));
        }
        Confirmation::No | Confirmation::Somebody | Confirmation::Unseen => return Ok(()),
    }
    let (environment, release) = (&plan.environment, plan.release.short());
    let question = match &plan.intent {
        Intent::Deploy => format!("Deploy {release} to {environment}?"),
        Intent::Promote { .. } => format!("Promote {release} to {environment}?"),
        Intent::Rollback => format!("Roll {environment} back to {release}?"),
    };
    if terminal::is_confirmed(&question).await {
        return Ok(());
    }
    Err(Failure::new(Outcome::Refused, "not confirmed: nothing was changed").hint("`--yes` does it without a question"))
}

/// The failure where the plan is not the expected one, with what moved where that is known.
fn stale(invocation: &ChangeRun<'_>, plan: &WholePlan, expected: &ExpectedPlan) -> Failure {
    let context = invocation.context;
    if context.shown_plan().is_some() && shown_as(context, expected).is_none() {
        invocation.events.note(format!("{SHOWN_PLAN} is ignored: it is not the plan with the expected digest"));
    }
    let otherwise = format!("{} has moved, or its configuration has changed, since it was planned", plan.environment);
    let moved = |shown: &str| plan.moved_since(shown);
    another_plan(context, Outcome::Stale, (&plan.digest(), expected), moved, otherwise)
}

/// The document of the expected plan. Whatever else is handed over, nothing is known of it.
fn shown_as<'c>(context: &'c Context, expected: &ExpectedPlan) -> Option<&'c str> {
    context.shown_plan().filter(|shown| expected.is(&Digest::of(shown)))
}

/// The failure where a plan is not the expected one. `moved_since`: what differs from the document of that one, each in a
/// line. `otherwise`: what is said where that is not known.
pub fn another_plan(
    context: &Context,
    outcome: Outcome,
    (now, expected): (&Digest, &ExpectedPlan),
    moved_since: impl FnOnce(&str) -> Vec<String>,
    otherwise: String,
) -> Failure {
    let failure = Failure::new(outcome, format!("the plan is {now} now, not {expected}"))
        .hint("plan again and see what is different");
    let moved = shown_as(context, expected).map(moved_since).unwrap_or_default();
    if moved.is_empty() { failure.cause(otherwise) } else { moved.into_iter().fold(failure, Failure::cause) }
}

/// Says which dependencies of the components, where those are shipped alone, run another release.
async fn warn_of_dependencies(invocation: &ChangeRun<'_>, cloud: &Cloud, plan: &WholePlan) -> Result<(), Failure> {
    let is_shipped = |name: &ComponentName| plan.components().any(|component| component.name == *name);
    for component in plan.components() {
        for dependency in component.depends_on.iter().filter(|name| !is_shipped(name)) {
            let names = [dependency.to_string()];
            let alone = invocation.configuration.services(invocation.context, plan.environment.as_str(), &names)?;
            let Some(configured) = alone.components.first() else { continue };
            let runs = match driver(configured).status(cloud).await {
                Ok(status) if status.running_release.sha == Some(plan.release.to_string()) => continue,
                Ok(status) => status.running_release.sha.unwrap_or_else(|| "no release of shipgate".to_owned()),
                Err(failure) => format!("what is unknown: {}", failure.brief()),
            };
            invocation.events.warning(
                format!("{} depends on {dependency}, which runs {runs}, not this release", component.name),
                Some(format!("make sure that they fit together, or ship both: remove --component {}", component.name)),
            );
        }
    }
    Ok(())
}

/// What is planned for the tags beside the release's own, image by image.
///
/// # Errors
///
/// As [`observe::planned_tags`].
pub async fn planned_tags(
    cloud: &Cloud,
    access: &RegistryAccess,
    images: &[ImagePlan],
    release: &ReleaseName,
) -> Result<Vec<PlannedTags>, Failure> {
    let planned = try_each(images, |plan| async move {
        let image = plan.planned();
        let digest = image.image().known().map(|known| &known.digest);
        observe::planned_tags(cloud, &access.registry, &plan.image, digest, release).await
    });
    Ok(planned.await?.into_iter().flatten().collect())
}

/// The failure that refusing gates make.
pub fn refused(gates: &[Gate]) -> Failure {
    let names: Vec<&str> = gates.iter().map(|gate| gate.name.as_str()).collect();
    let mut failure = Failure::new(Outcome::Refused, format!("refused by gate {}", names.join(", ")));
    for gate in gates {
        failure = failure.cause(format!("{}: {}", gate.name, gate.reason));
        failure.hints.extend(gate.hint.clone());
    }
    failure
}

/// Hands the bundles that other jobs built to their components.
///
/// # Errors
///
/// `invalid`: one is of a component that is not changed, or has no such thing.
pub fn take_bundles(observed: &mut [Box<dyn ObservedComponent>], bundles: &[GivenBundle]) -> Result<(), Failure> {
    for bundle in bundles {
        let component = observed.iter_mut().find(|component| *component.name() == bundle.component);
        let component = component.ok_or_else(|| {
            Failure::invalid(format!("--bundle names component `{}`, which is not changed", bundle.component))
                .hint("name a component of `shipgate.toml`, and one that --component does not exclude")
        })?;
        component.take_bundle(bundle)?;
    }
    Ok(())
}

/// The plan as it is reported.
pub fn shown(
    plan: &WholePlan,
    gates: Vec<Gate>,
    commits: Option<CommitRange>,
    asked: &AskedProbes,
    until: StopPoint,
) -> ShownPlan {
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
        document: (!matches!(plan.intent, Intent::Deploy)).then(|| plan.document()),
        commits,
        barred: barred(plan),
        steps: plan.steps(),
        warnings: plan.warnings().into_iter().chain(unreachable(asked)).collect(),
        probes: asked.of.iter().flat_map(|(_, asked)| asked.clone()).collect(),
        gates,
        policy: plan.policy.clone(),
        components: plan
            .components
            .iter()
            .map(|component| planned_component(component.as_ref(), &plan.region))
            .collect(),
        repositories: repositories.collect(),
        digests: digests.filter_map(|(image, digest)| Some((image, digest.known()?.clone()))).collect(),
        is_all: until == StopPoint::Planned,
    }
}

/// The probes that reach nothing.
fn unreachable(asked: &AskedProbes) -> impl Iterator<Item = PlanWarning> {
    let of = |(name, asked): &(ComponentName, Vec<AskedProbe>)| {
        let warnings = asked.iter().filter_map(AskedProbe::warning);
        let named =
            |(text, hint)| PlanWarning { text: format!("{name}: {text}"), changes: Vec::new(), hint: Some(hint) };
        warnings.map(named).collect::<Vec<_>>()
    };
    asked.of.iter().flat_map(of)
}

/// The commits that a rollback bars, each range once.
fn barred(plan: &WholePlan) -> Vec<LeftRelease> {
    let mut barred: Vec<LeftRelease> = Vec::new();
    for hold in &plan.holds {
        if !barred.contains(&hold.left) {
            barred.push(hold.left.clone());
        }
    }
    barred
}

fn planned_component(planned: &dyn ComponentWithPlan, region: &Region) -> PlannedComponent {
    let component = planned.plan();
    PlannedComponent {
        name: component.name.clone(),
        kind: component.kind,
        console: planned.observed().console(region),
        running: component.running.clone(),
        planned: component.released.clone(),
        whereabouts: planned.observed().whereabouts(),
        node: planned.observed().node().map(str::to_owned),
        changes: component.changes.clone(),
        drift: component.drift.clone(),
        missing_variables: component.missing_variables.clone(),
    }
}
