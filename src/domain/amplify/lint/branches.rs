//! The rules on configured branches against those that an app has, as AWS shows it.

use std::collections::BTreeSet;

use super::surroundings::{KIND, place, text};
use crate::domain::amplify::names::AppId;
use crate::domain::amplify::seen::{AppLookup, SeenApp};
use crate::domain::check::outline::{Outline, WrittenComponent};
use crate::domain::check::{CheckFinding, Findings, Rule};
use crate::domain::nearest::nearest;

/// How many branches are named.
const NAMED: usize = 10;

/// Judges the configuration by apps as AWS shows them, each with the environments that it was asked for.
pub fn branches(outline: &Outline, looked_up: &[(AppLookup, Vec<String>)], findings: &mut Findings) {
    for (it, environments) in looked_up {
        let of_app = outline.of_kind(KIND).filter(|component| text(component, "app-id") == Some(it.app_id.as_str()));
        for component in of_app.filter(|component| environments.contains(&component.environment)) {
            findings.all.extend(missing(outline, component, it));
        }
        if let Some(app) = &it.app {
            unused(outline, app, findings);
        }
    }
}

/// A branch, or its whole app, that is not there.
fn missing(outline: &Outline, component: &WrittenComponent, looked_up: &AppLookup) -> Option<CheckFinding> {
    let AppLookup { app_id, region, app } = looked_up;
    let rule = Rule::AppBranchMissing;
    let Some(app) = app else {
        let message =
            format!("Amplify app `{app_id}` of environment `{}` does not exist in {region}", component.environment);
        let hint = "correct `app-id`, `region` or the account, or create the app (shipgate never does)";
        return Some(CheckFinding::new(rule, message, hint).in_file(&outline.file, Some(place(component, "app-id"))));
    };
    let branch = text(component, "branch")?;
    let names = || app.branches.iter().map(|branch| branch.name.as_str());
    if names().any(|name| name == branch) {
        return None;
    }
    let message = format!(
        "Amplify app `{app_id}` has no branch `{branch}`, which is that of environment `{}`",
        component.environment
    );
    let meant = nearest(branch, names()).map(|meant| format!("write `{meant}`, if that is meant, or "));
    let hint = format!("{}connect the branch to the app (shipgate never does)", meant.unwrap_or_default());
    Some(CheckFinding::new(rule, message, hint).in_file(&outline.file, Some(place(component, "branch"))))
}

/// Branches of the app that no environment has.
fn unused(outline: &Outline, app: &SeenApp, findings: &mut Findings) {
    let id = app.app_id.as_str();
    let Some(configured) = configured(outline, &app.app_id) else {
        let what = format!("which branches of Amplify app `{id}` belong to no environment");
        let why = format!("{} has an app or a branch with variables that have no value here", outline.file);
        findings.left_out(what, why, None);
        return;
    };
    let unused: Vec<&str> = app
        .branches
        .iter()
        .filter(|branch| !branch.is_preview && !configured.contains(branch.name.as_str()))
        .map(|branch| branch.name.as_str())
        .collect();
    if unused.is_empty() {
        return;
    }
    let mut names: Vec<String> = unused.iter().take(NAMED).map(|name| format!("`{name}`")).collect();
    names.extend(unused.len().checked_sub(NAMED).filter(|more| *more > 0).map(|more| format!("{more} more")));
    let word = if unused.len() == 1 { "a branch" } else { "branches" };
    let message = format!("Amplify app `{id}` has {word} of no environment: {}", names.join(", "));
    let hint = "name them as `branch` of an environment, or delete them once nothing uses their backends";
    let first = outline.of_kind(KIND).find(|component| text(component, "app-id") == Some(id));
    let place = first.map(|component| place(component, "app-id"));
    findings.found(CheckFinding::new(Rule::AppBranchUnused, message, hint).in_file(&outline.file, place));
}

/// The branches of an app that are configured. `None`: not all of them are known.
fn configured<'o>(outline: &'o Outline, app: &AppId) -> Option<BTreeSet<&'o str>> {
    let mut names = BTreeSet::new();
    for component in outline.of_kind(KIND) {
        if text(component, "app-id")? == app.as_str() {
            names.insert(text(component, "branch")?);
        }
    }
    Some(names)
}
