//! What is odd about the plan of a site, in words.

use super::{Origin, SiteFacts, SitePlan};
use crate::domain::neutral;
use crate::domain::plan::{Change, Drift, PlanWarning};
use crate::domain::static_site::bundle::SitePath;
use crate::domain::static_site::distribution::warnings::DistributionWarning;
use crate::domain::static_site::sync::Oddity;
use crate::domain::static_site::target::SiteTarget;
use crate::domain::target::Component;

/// What to do about a build that gives other files for a commit than the store has.
pub const OTHER_BUILD: &str = "a commit keeps the files of its first build: pin what the build uses, so that it gives the \
                               same bytes each time; to ship others, make a new commit";

impl SitePlan {
    /// What is missing before a promotion can be carried out: what people approve is built before, and not here.
    pub fn lacks_own_build(&self, target: &SiteTarget) -> Option<(String, String)> {
        (self.is_own_build && self.origin == Origin::Built).then(|| {
            let SiteTarget { name, environment, .. } = target;
            let reason = format!("`{name}` has a build of its own for {environment}, and none is handed over");
            let hint = format!(
                "run `shipgate build {name} --environment {environment} --to DIRECTORY` at the release's commit, and hand \
                 its file and its digest on with --bundle"
            );
            (reason, hint)
        })
    }

    /// What is odd about it.
    pub(super) fn warnings(&self, component: &Component, target: &SiteTarget, facts: &SiteFacts) -> Vec<PlanWarning> {
        let of_build = [self.own_build(component, target), self.lacking(target), self.passed_over(component)];
        let of_bucket = [written_over(component, target, facts), drifted(component, facts)];
        let cautions = facts
            .cautions
            .iter()
            .map(|DistributionWarning { text, hint }| warning(format!("{}: {text}", component.name), hint.clone()));
        of_build.into_iter().chain(of_bucket).flatten().chain(cautions).collect()
    }

    fn own_build(&self, component: &Component, target: &SiteTarget) -> Option<PlanWarning> {
        let (name, environment) = (&component.name, &target.environment);
        let text = format!("{name} is built for {environment}: these are not the bytes that were proven");
        let hint = "write what differs in `runtime-config`, and remove `rebuild-per-environment`".to_owned();
        self.is_own_build.then(|| warning(text, hint))
    }

    fn lacking(&self, target: &SiteTarget) -> Option<PlanWarning> {
        let (text, hint) = self.lacks_own_build(target)?;
        Some(warning(format!("{text}: this plan can be looked at, and not be carried out"), hint))
    }

    fn passed_over(&self, component: &Component) -> Option<PlanWarning> {
        let (given, stored) = self.passed_over.as_ref().zip(self.digest.known())?;
        let text = format!(
            "the store has other files of this commit for {}: {} is taken, and {} was handed over",
            component.name,
            stored.short(),
            given.short()
        );
        Some(warning(text, OTHER_BUILD.to_owned()))
    }
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
    let named = facts.drifted.iter().take(NAMED).map(|(path, _)| neutral::phrase(path.as_str(), 200));
    let names = named.collect::<Vec<_>>().join(", ");
    let more = facts.drifted.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let text = format!("somebody changed files of {} by hand: {names}{more}", component.name);
    let hint = "the release is written over them; commit what was meant".to_owned();
    (!facts.drifted.is_empty()).then(|| warning(text, hint))
}

/// So many files are named that somebody changed.
const NAMED: usize = 5;

/// What somebody changed by hand.
pub(super) fn drift(facts: &SiteFacts) -> Option<Drift> {
    let current = facts.current.as_ref().filter(|_| !facts.drifted.is_empty())?;
    let change =
        |(path, _): &(SitePath, Oddity)| Change { path: neutral::phrase(path.as_str(), 200), from: None, to: None };
    let changes = facts.drifted.iter().take(NAMED).map(change).collect();
    Some(Drift { last: current.release.to_string(), changes })
}
