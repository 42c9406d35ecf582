//! `deploy` and `plan deploy`.

use jiff::Timestamp;

use crate::apply::{self, Run};
use crate::cli;
use crate::clients::git::Git;
use crate::clients::http::Http;
use crate::clients::process::Processes;
use crate::context::{Context, RegistryAddresses};
use crate::domain::gate::{Gate, authorize, deploy_gates};
use crate::domain::names::ComponentName;
use crate::domain::outcome::Outcome;
use crate::domain::plan::{ComponentFacts, Plan, PlannedImage, plan_component, plan_image};
use crate::domain::target::Target;
use crate::error::Failure;
use crate::kinds;
use crate::observe::{self, Cloud, Configuration, RegistryAccess};
use crate::report::journal::{ComponentRecord, Journal, StepRecord};

/// Whether to stop after planning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// Show the plan.
    Planned,
    /// Carry it out.
    Applied,
}

struct Observed {
    cloud: Cloud,
    access: RegistryAccess,
    facts: Vec<(ComponentName, ComponentFacts)>,
    plan: Plan,
}

/// Deploys, or plans to.
///
/// # Errors
///
/// With the outcome.
pub async fn run(
    context: &Context,
    global: &cli::Global,
    arguments: &cli::Deploy,
    until: Until,
    journal: &Journal,
    clock: fn() -> Timestamp,
) -> Result<Outcome, Failure> {
    let configuration = Configuration::load(context, global.config.as_deref())?;
    let target = configuration.target(context, &arguments.environment, &arguments.components)?;
    directly_deployable(&target)?;
    let addresses = context.registry_addresses()?;
    let processes = Processes::new(context.child_environment());
    let git = Git::new(processes.clone(), &configuration.directory);
    let release = observe::release(&git, arguments.allow_dirty, clock()).await?;
    journal.update(|record| record.release = Some(release.clone()));

    let gates = deploy_gates();
    let cloud = observe::cloud(context, &target, &configuration.directory).await?;
    let observed = observe_and_plan(&addresses, cloud, target, release).await?;
    record_plan(journal, &observed.plan, &gates);
    if until == Until::Planned {
        return Ok(Outcome::Planned);
    }

    let Observed { cloud, access, facts, plan } = observed;
    let release = plan.release.clone();
    let authorized = authorize(plan, &gates).map_err(|refusing| refused(&refusing))?;
    let http =
        Http::new().map_err(|error| Failure::failed("the HTTP client cannot be set up").cause(error.to_string()))?;
    let run = Run {
        context,
        cloud: &cloud,
        access: &access,
        processes: &processes,
        http: &http,
        journal,
        release,
        name: context.run_name(),
        clock,
    };
    apply::apply(&run, &authorized, &facts).await
}

fn directly_deployable(target: &Target) -> Result<(), Failure> {
    match &target.promotes_from {
        None => Ok(()),
        Some(source) => Err(Failure::invalid(format!(
            "environment `{}` promotes from `{source}` and cannot be deployed to directly",
            target.environment
        ))
        .hint(format!("deploy to `{source}`; what is proven there can be promoted"))),
    }
}

async fn observe_and_plan(
    addresses: &RegistryAddresses,
    cloud: Cloud,
    target: Target,
    release: crate::domain::release::ReleaseName,
) -> Result<Observed, Failure> {
    let access = observe::registry(&cloud, addresses, &target).await?;
    let mut facts = Vec::new();
    for component in &target.components {
        facts.push((component.name.clone(), kinds::observe(&cloud, component).await?));
    }
    let mut images = Vec::new();
    for image in &target.images {
        let (repository, state) = observe::image(&cloud, &access.registry, image, &release).await?;
        images.push(plan_image(image, repository, &state, &release)?);
    }
    let mut components = Vec::new();
    for (component, (_, facts)) in target.components.iter().zip(&facts) {
        components.push(plan_component(component, facts, &images, &release)?);
    }
    let plan = Plan { account: cloud.account.clone(), target, release, images, components };
    Ok(Observed { cloud, access, facts, plan })
}

/// Puts the plan into the record and shows it, before anything is changed.
fn record_plan(journal: &Journal, plan: &Plan, gates: &[Gate]) {
    journal.update(|record| {
        record.plan_digest = Some(plan.digest());
        record.gates = gates.to_vec();
        record.components = plan.components.iter().map(|component| component_record(plan, component)).collect();
        for image in &plan.images {
            if let PlannedImage::Known(known) = image.planned() {
                record.digests.insert(image.image.component.clone(), known.digest);
            }
        }
    });
    if journal.record().command.starts_with("plan ") {
        let planned = |step: crate::domain::plan::Step| StepRecord { name: step.name, seconds: 0.0, result: "planned" };
        journal.update(|record| {
            record.steps = plan.steps().into_iter().map(planned).collect();
            for component in &mut record.components {
                component.outcome = Some(Outcome::Planned);
            }
        });
    }
    crate::report::human::show_plan(journal, plan);
}

fn component_record(plan: &Plan, component: &crate::domain::plan::ComponentPlan) -> ComponentRecord {
    let running = kinds::running_before(component);
    let (changes, drift) = component.differences();
    let configured = plan.target.components.iter().find(|configured| configured.name == component.name);
    ComponentRecord {
        name: component.name.clone(),
        kind: configured.map_or("", |configured| kinds::name(&configured.kind)),
        outcome: None,
        changed: false,
        previous: Some(running.clone()),
        current: Some(running),
        causes: Vec::new(),
        changes: changes.to_vec(),
        drift: drift.cloned(),
    }
}

fn refused(gates: &[Gate]) -> Failure {
    let names: Vec<&str> = gates.iter().map(|gate| gate.name).collect();
    let mut failure = Failure::new(Outcome::Refused, format!("refused by gate {}", names.join(", ")));
    for gate in gates {
        failure = failure.cause(format!("{}: {}", gate.name, gate.reason));
        failure.hints.extend(gate.hint.clone());
    }
    failure
}
