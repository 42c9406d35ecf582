//! An ECS service as a component: what it could go back to, and its plan as the rest of the program reads it.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::evidence::success;
use super::history;
use super::homes::{Homes, homes};
use super::plan::{EcsFacts, EcsPlan, NextRevision, ServiceHandChange, plan};
use super::restoring::brought_back;
use super::service::TaskRevision;
use super::target::{EcsTarget, MissingVariables, TaskDefinitionSource};
use crate::domain::hold;
use crate::domain::names::ComponentName;
use crate::domain::neutral;
use crate::domain::plan::{
    ComponentPlan, Drift, ImagePlan, LeftRelease, PlanError, PlanStep, PlanWarning, PlannedHold, RollbackPlan,
};
use crate::domain::release::ReleaseName;
use crate::domain::rollback::{ComponentBaseline, RollbackCandidates};
use crate::domain::settle::Settle;
use crate::domain::step::StepVerb;
use crate::domain::target::Component;
use crate::domain::view::plan::Running;

/// What a service can go back to, by release. `past`: revisions of its family, newest first. `is_all`: there are no others.
pub fn past_releases(
    name: &ComponentName,
    target: &EcsTarget,
    facts: &EcsFacts,
    (past, is_all): (&[TaskRevision], bool),
) -> RollbackCandidates {
    let release = |revision: &TaskRevision| Some(success(revision, &target.container)?.release);
    let mut succeeded: Vec<ReleaseName> = past.iter().filter_map(release).collect();
    let mut seen = HashSet::new();
    succeeded.retain(|release| seen.insert(release.clone()));
    RollbackCandidates {
        component: name.clone(),
        runs: history::runs(&facts.live, &target.container),
        cut_off: history::is_cut_off(&facts.live, past),
        earlier: history::earlier(&facts.live, past, &target.container).into_iter().filter_map(release).collect(),
        succeeded,
        baseline: match history::baseline(&facts.live, past, is_all, &target.container) {
            history::ServiceBaseline::Open(revision) => ComponentBaseline::Open(revision.short().to_owned()),
            history::ServiceBaseline::Runs(arn) => ComponentBaseline::Runs(neutral::phrase(arn.short(), 300)),
            history::ServiceBaseline::Gone(arn) => ComponentBaseline::Gone(neutral::phrase(arn.short(), 300)),
            history::ServiceBaseline::Unknown(reason) => ComponentBaseline::Unknown(reason),
            history::ServiceBaseline::NoRelease => ComponentBaseline::NoRelease,
        },
    }
}

/// The revision with which a service goes back to a release: the one it runs, or the newest that succeeded, before that
/// one if there is one. `None`: there is none.
pub fn revision_to_restore<'a>(
    target: &EcsTarget,
    facts: &'a EcsFacts,
    (past, is_all): (&'a [TaskRevision], bool),
    release: &ReleaseName,
) -> Option<&'a TaskRevision> {
    let container = &target.container;
    if release.is_baseline() {
        return match history::baseline(&facts.live, past, is_all, container) {
            history::ServiceBaseline::Open(revision) => Some(revision),
            history::ServiceBaseline::Runs(_) => Some(&facts.live),
            history::ServiceBaseline::Gone(_)
            | history::ServiceBaseline::Unknown(_)
            | history::ServiceBaseline::NoRelease => None,
        };
    }
    if history::runs(&facts.live, container).as_ref() == Some(release) {
        return Some(&facts.live);
    }
    let mut earlier = history::earlier(&facts.live, past, container).into_iter();
    let of_release = |revision: &&TaskRevision| success(revision, container).is_some_and(|it| it.release == *release);
    earlier.find(of_release).or_else(|| history::of_release(past, release, container))
}

/// Plans to put a release on a service, with the images of a plan.
///
/// # Errors
///
/// [`PlanError`]
pub fn plan_release(
    name: &ComponentName,
    target: &EcsTarget,
    facts: &EcsFacts,
    images: &[ImagePlan],
    release: &ReleaseName,
) -> Result<EcsPlan, PlanError> {
    let image = images.iter().find(|plan| plan.image.component == target.image);
    let image = image.ok_or_else(|| PlanError::NoImage(name.clone()))?;
    let plan = plan(target, facts, &image.planned(), release)?;
    if target.missing_variables == MissingVariables::Error && !plan.missing_variables.is_empty() {
        let names: Vec<String> = plan.missing_variables.iter().map(ToString::to_string).collect();
        return Err(PlanError::MissingVariables { component: name.clone(), names: names.join(", ") });
    }
    Ok(plan)
}

/// What a revision runs in the configured container.
pub fn running(revision: &TaskRevision, target: &EcsTarget) -> Running {
    let (release, digest) = (revision.put_there(&target.container), revision.digest(&target.container));
    if release == Some(ReleaseName::Baseline) {
        let restores = revision.ledger.as_ref().and_then(|entry| entry.restores.as_ref());
        return Running { sha: None, digest, baseline: restores.map(|arn| neutral::phrase(arn.short(), 300)) };
    }
    Running { sha: release.map(|release| release.to_string()), digest, baseline: None }
}

/// The plan of a service as the rest of the program reads it.
pub fn neutral(component: &Component, plan: &EcsPlan, release: &ReleaseName) -> ComponentPlan {
    let digest = plan.image.as_ref().map(|image| image.image().map(|image| image.digest.clone()));
    ComponentPlan {
        name: component.name.clone(),
        depends_on: component.depends_on.clone(),
        follows: component.follows.clone(),
        kind: component.kind.word(),
        running: running(&plan.live, &plan.target),
        runs: plan.live.release(&plan.target.container),
        released: released(plan, release),
        image: digest.map(|digest| (plan.target.image.clone(), digest)),
        preparation: Vec::new(),
        steps: steps(&component.name, plan),
        changes: plan.changes.clone(),
        drift: plan.drift.as_ref().map(|drift| Drift { last: drift.last.to_string(), changes: drift.changes.clone() }),
        missing_variables: plan.missing_variables.clone(),
        warnings: warnings(&component.name, plan),
        has_pre_deploy: plan.target.pre_deploy.is_some(),
        back: RollbackPlan {
            leaves: plan.leaves.clone(),
            is_forward: plan.is_forward,
            restores: plan.restores.as_ref().map(|arn| arn.short().to_owned()),
            brought_back: brought_back(&plan.changes, &plan.target.container),
        },
        canonical: canonical(plan, release),
    }
}

/// What the service runs once the plan is carried out.
fn released(plan: &EcsPlan, release: &ReleaseName) -> Running {
    let digest = plan.digests().first().cloned();
    if !release.is_baseline() {
        return Running { sha: Some(release.to_string()), digest, baseline: None };
    }
    let ran = plan.live.ledger.as_ref().and_then(|entry| entry.restores.as_ref()).unwrap_or(&plan.live.arn);
    let place = plan.restores.as_ref().unwrap_or(ran);
    Running { sha: None, digest, baseline: Some(neutral::phrase(place.short(), 300)) }
}

/// What is done for a service, in order. One that is not to change is verified as strictly as one that is.
fn steps(name: &ComponentName, plan: &EcsPlan) -> Vec<PlanStep> {
    let service = &plan.target.service;
    let rolls_out = plan.rolling_out || !plan.is_empty();
    let follow = if rolls_out {
        PlanStep::new(StepVerb::WaitFor, name, format!("wait until service {service} runs the release"))
    } else {
        PlanStep::new(StepVerb::Verify, name, format!("verify that service {service} runs the release"))
    };
    let probe = match plan.target.probes.len() {
        0 => None,
        1 => Some(PlanStep::new(StepVerb::Probe, name, "ask the probe")),
        count => Some(PlanStep::new(StepVerb::Probe, name, format!("ask the {count} probes"))),
    };
    let settle = plan.settles().then(|| {
        PlanStep::new(StepVerb::Settle, name, format!("watch the release for {} s", plan.target.settle.time.as_secs()))
    });
    changing(name, plan).into_iter().chain([follow]).chain(probe).chain(settle).collect()
}

/// What changes a service, in order.
fn changing(name: &ComponentName, plan: &EcsPlan) -> Vec<PlanStep> {
    let revision = match &plan.next {
        NextRevision::Live => return Vec::new(),
        NextRevision::Registered(revision) => {
            let summary = format!("use revision {}, registered for this release before", revision.short());
            PlanStep::new(StepVerb::UseRevision, name, summary)
        }
        NextRevision::New(definition) => {
            let family = definition.known().unwrap_or(&plan.live.definition).family();
            let summary = match &plan.restores {
                None => format!("register a new revision of {}", neutral::phrase(family, 255)),
                Some(arn) if plan.is_baseline => {
                    format!(
                        "register what {} was again: it ran before the first release, by the ledger alone",
                        arn.short()
                    )
                }
                Some(arn) => format!("register what {} was again: it served, by the ledger alone", arn.short()),
            };
            PlanStep::new(StepVerb::Register, name, summary)
        }
    };
    let pre_deploy = plan.target.pre_deploy.as_ref().map(|_| {
        PlanStep::new(StepVerb::PreDeploy, name, "run the pre-deploy command as a one-off task of the new revision")
    });
    let EcsTarget { service, cluster, .. } = &plan.target;
    let update = format!("update service {service} of {cluster} from {}", plan.live.short());
    let update = PlanStep::new(StepVerb::Update, name, update);
    [revision.with_changes(plan.changes.clone())].into_iter().chain(pre_deploy).chain([update]).collect()
}

fn warnings(name: &ComponentName, plan: &EcsPlan) -> Vec<PlanWarning> {
    let mut warnings = missing(name, plan);
    warnings.extend(tags_without_room(plan));
    warnings.extend(drift(name, plan));
    warnings.extend(company(name, plan));
    warnings.extend(plan.cautions.iter().map(|caution| caution.warning(name, (&plan.target, &plan.live))));
    let of_probes = plan.probe_remarks.iter().map(|text| PlanWarning {
        text: format!("{name}: {text}"),
        changes: Vec::new(),
        hint: None,
    });
    warnings.extend(of_probes);
    warnings
}

fn company(name: &ComponentName, plan: &EcsPlan) -> Option<PlanWarning> {
    let (text, hint) = plan.company.as_ref()?.warning(&plan.target, plan.restores.is_some());
    Some(PlanWarning { text: format!("{name} {text}"), changes: Vec::new(), hint: Some(hint) })
}

/// The classic reason why what ran on stage does not run on production.
fn missing(name: &ComponentName, plan: &EcsPlan) -> Vec<PlanWarning> {
    let each = plan.missing_variables.iter().map(|missing| PlanWarning {
        text: missing.warning(name),
        changes: Vec::new(),
        hint: Some("add it to the task definition if the release needs it".to_owned()),
    });
    each.collect()
}

/// The holds of a rollback on a service, each with where there is room for it: AWS has room for fifty tags on a service or a
/// revision.
pub fn planned_holds(
    name: &ComponentName,
    target: &EcsTarget,
    facts: &EcsFacts,
    left: &[LeftRelease],
) -> Vec<PlannedHold> {
    let planned = left.iter().zip(homes_of(facts, left)).map(|(left, homes)| {
        let service = homes.on_service.then(|| format!("service {}", target.service));
        let revision = homes.revision.as_ref().map(|arn| format!("revision {}", arn.short()));
        let places: Vec<String> = service.into_iter().chain(revision).collect();
        PlannedHold {
            component: name.clone(),
            left: left.clone(),
            covers: Vec::new(),
            places: (!places.is_empty()).then(|| places.join(" and ")),
            warning: without_room(name, target, &homes),
        }
    });
    planned.collect()
}

/// Where there is room for the holds of a rollback on a service.
pub fn homes_of(facts: &EcsFacts, left: &[LeftRelease]) -> Vec<Homes> {
    let keys: Vec<String> = left.iter().map(|left| hold::key(&left.left)).collect();
    homes(&facts.service, &facts.live, &keys)
}

fn without_room(name: &ComponentName, target: &EcsTarget, homes: &Homes) -> Option<String> {
    let service = &target.service;
    let place = match (homes.on_service, &homes.revision) {
        (true, Some(_)) => return None,
        (true, None) => format!("service {service} alone: the revision that it runs has no room for it"),
        (false, Some(arn)) => format!("revision {} alone: service {service} has no room for a tag", arn.short()),
        (false, None) => format!(
            "the next revision of service {service} alone: it has no room for a tag, and the revision that it runs neither"
        ),
    };
    Some(format!("the hold on {name} goes on {place}"))
}

fn tags_without_room(plan: &EcsPlan) -> Option<PlanWarning> {
    let dropped: Vec<String> = plan.kept_tags().1.iter().map(|key| neutral::phrase(key, 128)).collect();
    if plan.is_empty() || dropped.is_empty() {
        return None;
    }
    let live = plan.live.short();
    Some(PlanWarning {
        text: format!(
            "these tags of {live} are not on the next revision, which has no room for them: {}",
            dropped.join(", ")
        ),
        changes: Vec::new(),
        hint: Some(format!("take tags off {live} that nothing needs")),
    })
}

fn drift(name: &ComponentName, plan: &EcsPlan) -> Option<PlanWarning> {
    let drift = plan.drift.as_ref()?;
    Some(PlanWarning {
        text: format!(
            "{name} runs {}, not {}, which shipgate deployed last: it was changed by hand{}",
            plan.live.short(),
            drift.last.short(),
            what_becomes_of(drift, plan)
        ),
        changes: drift.changes.clone(),
        hint: None,
    })
}

/// What becomes of a change by hand, to continue "it was changed by hand".
fn what_becomes_of(drift: &ServiceHandChange, plan: &EcsPlan) -> &'static str {
    match &plan.target.task_definition {
        _ if drift.by_ecs => ", or ECS rolled it back",
        _ if plan.restores.is_some() => "; the rollback does not keep that",
        TaskDefinitionSource::Live => "; beside the image, that is kept",
        TaskDefinitionSource::File(_) => "; `task-definition` names a file, which takes the place of that",
    }
}

/// What a service adds to the digest of a plan.
fn canonical(plan: &EcsPlan, release: &ReleaseName) -> Map<String, Value> {
    let target = &plan.target;
    let mut fields = vec![
        ("cluster", json!(target.cluster.as_str())),
        ("service", json!(target.service.as_str())),
        ("container", json!(target.container.as_str())),
        ("image", json!(target.image)),
        ("task_definition", task_definition_of(target)),
        ("pre_deploy", json!(pre_deploy_of(target))),
        ("restores", json!(plan.restores)),
        ("runs", json!(plan.ran_before(release))),
    ];
    // Only where it is written: a plan without keeps the digest that it had before it could be.
    if target.settle != Settle::default() {
        let Settle { time, alarms, logs_without } = &target.settle;
        fields.push(("settle", json!({ "for": time.as_secs(), "alarms": alarms, "logs_without": logs_without })));
    }
    fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

fn task_definition_of(target: &EcsTarget) -> Value {
    match &target.task_definition {
        TaskDefinitionSource::Live => json!({ "from": "live" }),
        TaskDefinitionSource::File(path) => json!({ "from": "file", "path": path.as_str() }),
    }
}

fn pre_deploy_of(target: &EcsTarget) -> Option<Vec<String>> {
    Some(target.pre_deploy.as_ref()?.iter().map(ToString::to_string).collect())
}
