//! The pages of commands that change nothing: `status`, `history` and `whoami`.

use super::bounds::bounded;
use super::place::Links;
use super::{components, failure};
use crate::domain::failure::Failure;
use crate::domain::github::markdown::{code, folded, table};
use crate::domain::proof::Whereabouts;
use crate::domain::role::RolePurpose;
use crate::domain::view::failures::of_environments;
use crate::domain::view::history::{Availability, FoundReleases, PastRelease};
use crate::domain::view::identity::{IdentityEntry, SeenIdentities};
use crate::domain::view::status::{EnvironmentStatus, LastRelease, SeenComponent};
use crate::report::style::TextStyle;
use crate::report::table::time;

/// The page of `status`.
pub fn status(environments: &[EnvironmentStatus], links: &Links) -> String {
    let failed: Vec<&Failure> = environments.iter().flat_map(EnvironmentStatus::failures).collect();
    let names = environments.iter().map(|environment| code(&environment.name)).collect::<Vec<_>>().join(", ");
    let heading = if failed.is_empty() {
        format!("## 📋 Status of {names}\n")
    } else {
        format!("## ❌ Status of {names}: a part is unknown\n")
    };
    let rows: Vec<Vec<String>> = environments
        .iter()
        .flat_map(|environment| {
            environment.components.iter().map(|component| status_row(environment, component, links))
        })
        .collect();
    let heads = ["environment", "", "runs", "tasks", "since", "last outcome"];
    let remarks: Vec<String> = environments.iter().flat_map(remarks).collect();
    let parts = [
        Some(heading),
        (!rows.is_empty()).then(|| table(&heads, &rows)),
        (!remarks.is_empty()).then(|| remarks.join("\n") + "\n"),
        run(links),
    ];
    let failures = failed.into_iter().map(failure::of);
    bounded(parts.into_iter().flatten().chain(failures))
}

fn status_row(environment: &EnvironmentStatus, component: &SeenComponent, links: &Links) -> Vec<String> {
    let (environment, name) = (code(&environment.name), code(&component.name));
    let Ok(status) = &component.seen else {
        return vec![environment, name, "unknown".to_owned(), String::new(), String::new(), String::new()];
    };
    let Whereabouts { running, desired, .. } = &status.whereabouts;
    vec![
        environment,
        name,
        components::shown(&status.running_release, links),
        running.zip(*desired).map(|(running, desired)| format!("{running} of {desired}")).unwrap_or_default(),
        time(status.since),
        status.last.as_ref().map(|last| last_release(last, links)).unwrap_or_default(),
    ]
}

/// How the last release ended, with which one it was where that does not run.
fn last_release(last: &LastRelease, links: &Links) -> String {
    let outcome = last.outcome.as_deref().map_or_else(|| "unknown".to_owned(), code);
    if last.is_live { outcome } else { format!("{} {outcome}", links.release(&last.release)) }
}

fn remarks(environment: &EnvironmentStatus) -> Vec<String> {
    let of = |component: &SeenComponent| {
        let place = code(&format!("{} {}", environment.name, component.name));
        let remarks = component.remarks().into_iter();
        remarks.map(|remark| format!("- {place}: {}", code(&TextStyle::plain().text(&remark)))).collect::<Vec<_>>()
    };
    environment.components.iter().flat_map(of).collect()
}

/// The page of `history`.
pub fn history(environment: &str, found: &FoundReleases, links: &Links) -> String {
    let rows: Vec<Vec<String>> =
        found.releases.iter().map(|(name, release)| history_row(name, release, links)).collect();
    let heading = format!("## 📜 Releases of {}\n", code(environment));
    let none = "None is recorded.\n".to_owned();
    let heads = ["when", "", "release", "outcome", "by"];
    let notes: Vec<String> = found.notes.iter().map(|note| format!("- {}", code(note))).collect();
    let parts = [
        Some(heading),
        Some(if rows.is_empty() { none } else { table(&heads, &rows) }),
        (!notes.is_empty()).then(|| notes.join("\n") + "\n"),
        run(links),
    ];
    bounded(parts.into_iter().flatten())
}

fn history_row(component: &str, release: &PastRelease, links: &Links) -> Vec<String> {
    let standing = match release.standing {
        Availability::Past => "",
        Availability::RollingOut => " (rolling out)",
        Availability::Current => " (current)",
    };
    let outcome = release.outcome.as_deref().map_or_else(|| "unknown".to_owned(), code);
    let provenance = &release.provenance;
    let by = [provenance.by.as_deref(), provenance.run.as_deref()].into_iter().flatten().map(code);
    vec![
        time(release.at),
        code(component),
        links.release(&release.release),
        format!("{outcome}{standing}"),
        by.collect::<Vec<_>>().join(" "),
    ]
}

/// The page of `whoami`.
pub fn whoami(seen: &SeenIdentities, links: &Links) -> String {
    let mut rows = Vec::new();
    for environment in &seen.environments {
        let name = code(&environment.name);
        if environment.failure.is_some() {
            rows.push(vec![name.clone(), String::new(), String::new(), "✗ unknown".to_owned()]);
        }
        rows.extend(environment.identities.iter().map(|identity| {
            let purpose = match identity.access {
                RolePurpose::Change => "changes",
                RolePurpose::Read => "reads",
            };
            let role = identity.role.as_ref().map_or_else(|| "none".to_owned(), |role| code(&role.to_string()));
            let caller = match &identity.entry {
                IdentityEntry::Is(caller) => format!("✓ {}", code(&caller.arn)),
                IdentityEntry::ByDesign(meant_for) => format!("– only {}", code(meant_for)),
                IdentityEntry::Refused(_) => "✗ not assumed".to_owned(),
            };
            vec![name.clone(), purpose.to_owned(), role, caller]
        }));
    }
    let failed: Vec<Failure> = of_environments(seen.failures());
    let symbol = if failed.is_empty() { "🪪" } else { "❌" };
    let claims = seen.claims.as_ref().map(|claims| {
        let listed: Vec<String> = claims.lines().iter().map(|claim| format!("- {}", code(claim))).collect();
        folded("What the job's token says", &(listed.join("\n") + "\n"))
    });
    let parts = [
        Some(format!("## {symbol} Who this job is in AWS\n")),
        (!rows.is_empty()).then(|| table(&["environment", "", "role", "AWS says"], &rows)),
    ];
    let failures = failed.iter().map(failure::of);
    bounded(parts.into_iter().flatten().chain(failures).chain(claims).chain(run(links)))
}

fn run(links: &Links) -> Option<String> {
    links.run.as_ref().map(|run| format!("[this run]({run})\n"))
}
