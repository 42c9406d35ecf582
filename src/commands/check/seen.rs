//! What AWS shows of components whose rules on files know more with it, where credentials allow to look.

use std::time::Duration;

use tokio::time::timeout;

use super::plan::Planner;
use crate::domain::check::{AwsResource, CheckSubject, Findings};
use crate::domain::failure::Failure;
use crate::domain::names::{AccountId, Region};
use crate::domain::role::RolePurpose;
use crate::domain::target::{Component, EnvironmentTarget};
use crate::kinds::driver;
use crate::observe;

/// How long it may take to enter an environment, and to ask: the rules do without.
const LONGEST: Duration = Duration::from_secs(30);

/// Something to ask for, and the components that it is asked for.
struct ResourceQuery<'t> {
    what: String,
    place: (&'t Region, Option<&'t AccountId>),
    of: Vec<(&'t EnvironmentTarget, &'t Component)>,
}

/// Asks for all of it, each thing once. What cannot be asked for is named.
pub async fn look_up(
    planner: &Planner<'_>,
    targets: &[Option<EnvironmentTarget>],
    findings: &mut Findings,
) -> Vec<AwsResource> {
    unresolved(planner, targets, findings);
    let mut all = Vec::new();
    for question in questions(targets) {
        match answer(planner, &question, findings).await {
            Ok(seen) => {
                let environments = question.of.iter().map(|(target, _)| target.environment.to_string());
                all.push(seen.of_environments(environments.collect()));
            }
            Err(failure) => planner.leave_out(format!("what AWS has of {}", question.what), &failure, findings),
        }
    }
    all
}

/// Components of which it is not known what to ask for.
fn unresolved(planner: &Planner<'_>, targets: &[Option<EnvironmentTarget>], findings: &mut Findings) {
    let outline = planner.outline;
    let environments = outline.environments.iter().zip(targets).filter(|(_, target)| target.is_none());
    for (environment, _) in environments {
        for component in outline.components.iter().filter(|component| component.environment == environment.name) {
            let what = format!("what AWS has of `{}` on {}", component.name, environment.name);
            findings.left_out(what, "its configuration has variables without a value here", None);
        }
    }
}

fn questions(targets: &[Option<EnvironmentTarget>]) -> Vec<ResourceQuery<'_>> {
    let mut questions: Vec<ResourceQuery<'_>> = Vec::new();
    for target in targets.iter().flatten() {
        let place = (&target.region, target.account.as_ref());
        for component in &target.components {
            let Some(what) = component.kind.asks_for() else { continue };
            match questions.iter_mut().find(|it| it.what == what && it.place == place) {
                Some(question) => question.of.push((target, component)),
                None => questions.push(ResourceQuery { what, place, of: vec![(target, component)] }),
            }
        }
    }
    questions
}

/// The answer in the first environment that has one. Environments that promote are not entered: a pull request may assume
/// no role there.
async fn answer(
    planner: &Planner<'_>,
    question: &ResourceQuery<'_>,
    findings: &mut Findings,
) -> Result<AwsResource, Failure> {
    let mut first = None;
    for (target, component) in question.of.iter().filter(|(target, _)| target.promotes_from.is_none()) {
        match timeout(LONGEST, ask(planner, target, component)).await {
            Ok(Ok(seen)) => {
                findings.looked_at(CheckSubject::Environment, target.environment.as_str());
                return Ok(seen);
            }
            Ok(Err(failure)) => _ = first.get_or_insert(failure),
            Err(_) => {
                let why = format!("AWS was not asked within {} s", LONGEST.as_secs());
                first.get_or_insert(Failure::failed(why));
            }
        }
    }
    Err(first.unwrap_or_else(|| Failure::invalid("a check enters no environment that is promoted to")))
}

async fn ask(planner: &Planner<'_>, target: &EnvironmentTarget, component: &Component) -> Result<AwsResource, Failure> {
    if let Some(failure) = planner.unread(target).await {
        return Err(failure);
    }
    let identities = planner.session.identities(planner.configuration);
    let cloud = observe::cloud(&identities, target, RolePurpose::Read).await?;
    driver(component).seen(&cloud).await
}
