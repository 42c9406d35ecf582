//! What is odd about the plan of a site, in words.

use super::facts::SiteFacts;
use crate::domain::image::Digest;
use crate::domain::neutral;
use crate::domain::plan::{Drift, PlanChange, PlanWarning};
use crate::domain::static_site::bundle::{SitePath, listed};
use crate::domain::static_site::sync::Oddity;
use crate::domain::static_site::target::SiteTarget;
use crate::domain::static_site::warning::SiteWarning;
use crate::domain::target::Component;

/// What to do about a build that gives other files for a commit than the store has.
pub const OTHER_BUILD: &str = "a commit keeps the files of its first build: pin what the build uses, so that it gives the \
                               same bytes each time; to ship others, make a new commit";

/// What is odd about what was seen.
pub fn of_facts(component: &Component, target: &SiteTarget, facts: &SiteFacts) -> Vec<PlanWarning> {
    let of_bucket = [written_over(component, target, facts), drifted(component, facts)];
    let cautions = facts
        .cautions
        .iter()
        .map(|SiteWarning { text, hint }| warning(format!("{}: {text}", component.name), hint.clone()));
    of_bucket.into_iter().flatten().chain(cautions).collect()
}

/// It is built for its environment.
pub fn own_build(component: &Component, target: &SiteTarget) -> PlanWarning {
    let (name, environment) = (&component.name, &target.environment);
    let text = format!("{name} is built for {environment}: these are not the bytes that were proven");
    warning(text, "write what differs in `runtime-config`, and remove `rebuild-per-environment`".to_owned())
}

/// Its build is missing: why, and what to do.
pub fn lacking((text, hint): (String, String)) -> PlanWarning {
    warning(format!("{text}: this plan can be shown, but not be carried out"), hint)
}

/// A bundle that was handed over is not taken for the one that is stored.
pub fn passed_over(component: &Component, (given, stored): (&Digest, &Digest)) -> PlanWarning {
    let text = format!(
        "the store has other files of this commit for {}: {} is taken, and {} was handed over",
        component.name,
        stored.short(),
        given.short()
    );
    warning(text, OTHER_BUILD.to_owned())
}

fn warning(text: String, hint: String) -> PlanWarning {
    PlanWarning { text, changes: Vec::new(), hint: Some(hint) }
}

/// Files of others that stand where a first release is to stand.
fn written_over(component: &Component, target: &SiteTarget, facts: &SiteFacts) -> Option<PlanWarning> {
    let (name, bucket) = (&component.name, &target.bucket);
    let text = format!(
        "bucket {bucket} has files and serves no release of shipgate yet: those that {name} writes over are lost, and if \
         this release fails, nothing is put back"
    );
    facts.has_foreign.then(|| warning(text, format!("keep a copy before: `aws s3 sync s3://{bucket} DIRECTORY`")))
}

/// What somebody changed by hand, in words.
fn drifted(component: &Component, facts: &SiteFacts) -> Option<PlanWarning> {
    let names = listed(facts.drifted.iter().map(|(path, _)| path), NAMED);
    let text = format!("files of {} were changed by hand: {names}", component.name);
    let hint = "the release is written over them; commit what was meant".to_owned();
    (!facts.drifted.is_empty()).then(|| warning(text, hint))
}

/// Maximum number of files that are named and that were changed by hand.
const NAMED: usize = 5;

/// What somebody changed by hand.
pub fn drift(facts: &SiteFacts) -> Option<Drift> {
    let current = facts.current.as_ref().filter(|_| !facts.drifted.is_empty())?;
    let change =
        |(path, _): &(SitePath, Oddity)| PlanChange { path: neutral::phrase(path.as_str(), 200), from: None, to: None };
    let changes = facts.drifted.iter().take(NAMED).map(change).collect();
    Some(Drift { last: current.release.to_string(), changes })
}
