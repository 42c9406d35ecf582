//! The releases that an environment got.

use jiff::Timestamp;

use crate::domain::ids::{DeploymentId, RecordId};
use crate::domain::image::Digest;
use crate::domain::outcome::Outcome;
use crate::domain::provenance::Provenance;
use crate::domain::release::ReleaseName;

/// What `history` found.
#[derive(Debug)]
pub struct FoundReleases {
    /// The releases with the names of their components, newest first.
    pub releases: Vec<(String, PastRelease)>,
    /// What was not looked at, in words.
    pub notes: Vec<String>,
}

/// What the ledger of a component says.
#[derive(Debug, Clone)]
pub struct ReleaseHistory {
    /// The releases, newest first.
    pub releases: Vec<PastRelease>,
    /// How many records were looked at, where that was not all there are and fewer releases than asked for were found.
    pub looked_at: Option<usize>,
}

/// A release in the history of a component.
#[derive(Debug, Clone)]
pub struct PastRelease {
    /// The release.
    pub release: ReleaseName,
    /// The digest of its image.
    pub digest: Option<Digest>,
    /// How it ended. `None`: not recorded.
    pub outcome: Option<String>,
    /// When it ended; without an outcome, when it began.
    pub at: Option<Timestamp>,
    /// Who put it there, and when that began.
    pub provenance: Provenance,
    /// Where it is recorded: the ARN of the revision.
    pub place: RecordId,
    /// The place whose content it restores, in a rollback.
    pub restores: Option<RecordId>,
    /// The place of what ran before it.
    pub previous: Option<RecordId>,
    /// Whether a rollback left it afterwards.
    pub was_left: bool,
    /// The cluster of the component, where its kind has such a thing.
    pub cluster: Option<String>,
    /// The service of the component, where its kind has such a thing.
    pub service: Option<String>,
    /// The address of the run's page.
    pub url: Option<String>,
    /// The deployment that rolled it out last.
    pub deployment: Option<DeploymentId>,
    /// What its tags say that the revision contradicts; they are then not believed.
    pub contradiction: Option<String>,
    /// Whether it is there now.
    pub standing: Availability,
}

#[cfg(test)]
impl PastRelease {
    /// A release of which nothing is known but where it is recorded.
    pub fn sample(place: &str) -> Self {
        Self {
            release: "4b825dc642cb6eb9a060e54bf8d69288fbee4904".parse().unwrap(),
            digest: None,
            outcome: None,
            at: None,
            provenance: Provenance::default(),
            place: place.into(),
            restores: None,
            previous: None,
            was_left: false,
            cluster: None,
            service: None,
            url: None,
            deployment: None,
            contradiction: None,
            standing: Availability::Past,
        }
    }
}

/// Marks the releases of a component that rollbacks left: what ran before one that is known to serve.
pub fn mark_left<'a>(releases: impl IntoIterator<Item = &'a mut PastRelease>) {
    let mut releases: Vec<&mut PastRelease> = releases.into_iter().collect();
    let rolled_back = releases.iter().filter(|it| it.restores.is_some() && it.succeeded());
    let left: Vec<RecordId> = rolled_back.filter_map(|it| it.previous.clone()).collect();
    for release in &mut releases {
        release.was_left = left.contains(&release.place);
    }
}

impl PastRelease {
    /// Whether it is known to have served.
    pub fn succeeded(&self) -> bool {
        self.outcome.as_deref() == Some(Outcome::Deployed.as_str())
    }

    /// How long it took from the begin of the run to the outcome, in seconds. `None`: one of them is unknown, or somebody
    /// has written times that cannot be.
    pub fn seconds(&self) -> Option<i64> {
        let (began, ended) = (self.provenance.began?, self.at.filter(|_| self.outcome.is_some())?);
        let seconds = ended.duration_since(began).as_secs();
        (seconds >= 0).then_some(seconds)
    }
}

/// Whether a release is there now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Availability {
    /// Not any more, or it never was.
    Past,
    /// The component is meant to run it, and is on the way there.
    RollingOut,
    /// The component is meant to run it.
    Current,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_rollback_left_is_marked_where_the_rollback_is_known_to_serve() {
        for (outcome, expected) in
            [(Some("deployed"), [false, true, false]), (Some("broken"), [false; 3]), (None, [false; 3])]
        {
            let mut releases = ["backend:9", "backend:8", "backend:7"].map(PastRelease::sample);
            for release in &mut releases {
                release.outcome = Some("deployed".to_owned());
            }
            // A deploy has something before it, too.
            releases[1].previous = Some("backend:7".into());
            releases[0].outcome = outcome.map(str::to_owned);
            (releases[0].restores, releases[0].previous) = (Some("backend:7".into()), Some("backend:8".into()));
            mark_left(&mut releases);
            assert_eq!(releases.map(|release| release.was_left), expected, "{outcome:?}");
        }
    }
}
