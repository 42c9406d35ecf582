//! What has to change for a site to serve a release.

use serde_json::{Map, Value, json};

use super::live::Live;
use super::names::DistributionId;
use super::target::SiteTarget;
use crate::domain::plan::{Change, ComponentPlan, Running, Step, WayBack};
use crate::domain::release::ReleaseName;
use crate::domain::step::Verb;
use crate::domain::target::Component;

/// The plan of a site. `live`: what it serves. Absent: nothing that shipgate put there.
pub fn plan(component: &Component, target: &SiteTarget, live: Option<&Live>, release: &ReleaseName) -> ComponentPlan {
    let is_there = live.is_some_and(|live| live.release == *release);
    let digest = live.filter(|_| is_there).map(|live| live.digest.clone());
    ComponentPlan {
        name: component.name.clone(),
        depends_on: component.depends_on.clone(),
        follows: component.follows.clone(),
        kind: component.kind.word(),
        running: running(live),
        runs: live.map(|live| live.release.clone()),
        released: Running { sha: Some(release.to_string()), digest, baseline: None },
        image: None,
        preparation: Vec::new(),
        steps: steps(component, target, is_there),
        changes: if is_there { Vec::new() } else { vec![change(live, release)] },
        drift: None,
        missing_variables: Vec::new(),
        warnings: Vec::new(),
        has_pre_deploy: false,
        back: WayBack::default(),
        canonical: canonical(target, live),
    }
}

/// What a site runs, for all who ask.
pub fn running(live: Option<&Live>) -> Running {
    Running {
        sha: live.map(|live| live.release.to_string()),
        digest: live.map(|live| live.digest.clone()),
        baseline: None,
    }
}

fn steps(component: &Component, target: &SiteTarget, is_there: bool) -> Vec<Step> {
    let (name, bucket) = (&component.name, &target.bucket);
    let place = match &target.distribution {
        Some(distribution) => format!("distribution {distribution}"),
        None => format!("bucket {bucket}"),
    };
    if is_there {
        return vec![Step::new(Verb::Verify, name, format!("verify that {place} serves the release"))];
    }
    vec![
        Step::new(Verb::Update, name, format!("put the release on bucket {bucket}")),
        Step::new(Verb::WaitFor, name, format!("wait until {place} serves the release")),
    ]
}

fn change(live: Option<&Live>, release: &ReleaseName) -> Change {
    let from = live.map(|live| live.release.to_string());
    Change { path: "release".to_owned(), from, to: Some(release.to_string()) }
}

/// What a site adds to the digest of a plan.
fn canonical(target: &SiteTarget, live: Option<&Live>) -> Map<String, Value> {
    let fields = [
        ("bucket", json!(target.bucket.as_str())),
        ("artifacts", json!(target.artifacts.as_str())),
        ("distribution", json!(target.distribution.as_ref().map(DistributionId::as_str))),
        ("runs", json!(live.map(|live| live.release.to_string()))),
    ];
    fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::contract::Contract;
    use crate::domain::image::Digest;
    use crate::domain::kind::Kind;

    const RELEASE: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

    fn planned(live: Option<&str>) -> ComponentPlan {
        let kind = Kind::from(SiteTarget::sample());
        let component = Component {
            name: "frontend".parse().unwrap(),
            depends_on: Vec::new(),
            follows: Vec::new(),
            contract: Contract::default(),
            kind,
        };
        let live = live.map(|release| Live {
            release: release.parse().unwrap(),
            digest: Digest::of(release),
            since: jiff::Timestamp::UNIX_EPOCH,
        });
        plan(&component, &SiteTarget::sample(), live.as_ref(), &RELEASE.parse().unwrap())
    }

    fn steps(plan: &ComponentPlan) -> Vec<String> {
        plan.steps.iter().map(|step| step.id.to_string()).collect()
    }

    #[test]
    fn a_site_that_serves_the_release_is_only_verified() {
        let plan = planned(Some(RELEASE));
        assert_eq!((steps(&plan), plan.is_empty()), (vec!["verify frontend".to_owned()], true));
        assert_eq!(plan.released.digest, Some(Digest::of(RELEASE)));
    }

    #[test]
    fn what_is_served_before_is_left_for_the_release() {
        let other = "a".repeat(40);
        for live in [None, Some(other.as_str())] {
            let plan = planned(live);
            assert_eq!(steps(&plan), ["update frontend", "wait for frontend"]);
            assert_eq!(plan.changes[0].from.as_deref(), live);
            assert_eq!((plan.is_empty(), plan.image), (false, None), "it ships no image");
        }
        assert_ne!(planned(None).canonical, planned(Some(&other)).canonical);
    }
}
