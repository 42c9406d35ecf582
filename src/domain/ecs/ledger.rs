//! The ledger of ECS services: tags of the task-definition revisions, and for holds tags of the service
//! ([tags](https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-using-tags.html)).

use jiff::Timestamp;

use super::ids::{DeploymentId, RevisionArn, ServiceArn, deployment_in_tag};
use crate::domain::image::Digest;
use crate::domain::ledger::time;
pub use crate::domain::ledger::{has_room, is_foreign, keys, tag_value};
use crate::domain::outcome::Outcome;
use crate::domain::provenance::{self, Provenance};
use crate::domain::release::ReleaseName;

const RELEASE: &str = "shipgate:sha";
const DIGEST: &str = "shipgate:digest";
const RUN: &str = "shipgate:run";
const SERVICE: &str = "shipgate:service";
const PREVIOUS: &str = "shipgate:previous";
const RESTORES: &str = "shipgate:restores";
const PRE_DEPLOY: &str = "shipgate:pre-deploy";
const DEPLOYMENT: &str = "shipgate:deployment";
const OUTCOME: &str = "shipgate:outcome";
const AT: &str = "shipgate:at";

/// What the tags of shipgate on a revision say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerEntry {
    /// The release it was registered for.
    pub release: ReleaseName,
    /// The digest of the release's image.
    pub digest: Option<Digest>,
    /// The run that registered it, or took it up after that, with who started it and when.
    pub provenance: Provenance,
    /// The ARN of the service it was registered for. Two services may share a family, even of two environments.
    pub service: ServiceArn,
    /// The ARN of the revision that the service ran before.
    pub previous: Option<RevisionArn>,
    /// The ARN of the revision whose content it restores, where it was registered by a rollback.
    pub restores: Option<RevisionArn>,
    /// Whether the release has a pre-deploy command for the component, in any environment. `None`: not recorded.
    pub pre_deploy: Option<bool>,
    /// The deployment that rolls it out, or rolled it out last.
    pub deployment: Option<DeploymentId>,
    /// How it ended, when that is known.
    pub outcome: Option<String>,
    /// When that was written; without an outcome, when the revision was registered.
    pub at: Option<Timestamp>,
}

impl LedgerEntry {
    /// An entry of a release for a service, of which nothing else is known.
    pub fn new(release: ReleaseName, service: &ServiceArn) -> Self {
        let service = tag_value(service.as_str()).into();
        Self {
            release,
            digest: None,
            provenance: Provenance::default(),
            service,
            previous: None,
            restores: None,
            pre_deploy: None,
            deployment: None,
            outcome: None,
            at: None,
        }
    }

    /// Whether the release is known to have served here.
    pub fn succeeded(&self) -> bool {
        self.outcome.as_deref() == Some(Outcome::Deployed.as_str())
    }

    /// The entry as tags; of where it comes from the run alone, since the rest is written where there is room
    /// ([`fitting`]).
    pub fn tags(&self) -> Vec<(String, String)> {
        let tag = |key: &str, value: Option<&str>| value.map(|value| (key.to_owned(), tag_value(value)));
        let digest = self.digest.as_ref().map(ToString::to_string);
        let release = Some((RELEASE.to_owned(), self.release.to_string()));
        let optional = [
            tag(DIGEST, digest.as_deref()),
            tag(RUN, self.provenance.run.as_deref()),
            Some((SERVICE.to_owned(), self.service.to_string())),
            tag(PREVIOUS, self.previous.as_ref().map(RevisionArn::as_str)),
            tag(RESTORES, self.restores.as_ref().map(RevisionArn::as_str)),
            self.pre_deploy.map(|has| (PRE_DEPLOY.to_owned(), yes_or_no(has).to_owned())),
            tag(DEPLOYMENT, self.deployment.as_ref().map(DeploymentId::as_str)),
            tag(OUTCOME, self.outcome.as_deref()),
            self.at.map(at),
        ];
        release.into_iter().chain(optional.into_iter().flatten()).collect()
    }
}

/// The tags that say who put a release there and when, as far as there is room.
#[derive(Debug, PartialEq, Eq)]
pub struct Fitting {
    /// Those that there is room for.
    pub tags: Vec<(String, String)>,
    /// The keys of the others.
    pub left_out: Vec<&'static str>,
}

/// The tags that say where an entry comes from, for a revision that has tags with some keys. There stays room for the
/// outcome and for the deployment; what has no room is left out from the end of [`provenance::KEYS`].
pub fn fitting(provenance: &Provenance, keys: &[String]) -> Fitting {
    let mut more = vec![OUTCOME, AT, DEPLOYMENT];
    let mut fitting = Fitting { tags: Vec::new(), left_out: Vec::new() };
    for (key, value) in provenance.tags() {
        more.push(key);
        if has_room(keys, &more) {
            fitting.tags.push((key.to_owned(), value));
        } else {
            more.pop();
            fitting.left_out.push(key);
        }
    }
    fitting
}

/// The tags that say which run uses a revision that another one registered. What that one wrote of itself is written
/// over, and is empty where there is nothing in its place.
pub fn taken_up(provenance: &Provenance, keys: &[String]) -> Fitting {
    let mut fitting = fitting(provenance, keys);
    let is_written = |key: &str| fitting.tags.iter().any(|(written, _)| written == key);
    let is_stale = |key: &&str| keys.iter().any(|there| there == key) && !is_written(key);
    let stale: Vec<_> = provenance::KEYS.into_iter().filter(is_stale).collect();
    fitting.tags.extend(stale.into_iter().map(|key| (key.to_owned(), String::new())));
    fitting.tags.extend(provenance.run.as_deref().map(|run| (RUN.to_owned(), tag_value(run))));
    fitting
}

/// The tags that say how it ended, and in which deployment, on a revision that has tags with some keys: where there is
/// no room for all of them, the outcome alone.
pub fn outcome(outcome: Outcome, of: Option<&DeploymentId>, keys: &[String], now: Timestamp) -> Vec<(String, String)> {
    let of = of.filter(|_| takes_deployment(keys));
    let end = [(OUTCOME.to_owned(), outcome.to_string()), at(now)];
    end.into_iter().chain(of.map(deployment)).collect()
}

/// The tag that says which deployment rolls a revision out.
pub fn deployment(id: &DeploymentId) -> (String, String) {
    (DEPLOYMENT.to_owned(), tag_value(id.as_str()))
}

/// Whether a revision that has tags with some keys has room for a deployment beside the outcome.
pub fn takes_deployment(keys: &[String]) -> bool {
    has_room(keys, &[OUTCOME, AT, DEPLOYMENT])
}

/// Reads the entry for a service back. `None`: not of shipgate, of another service, or not in a form that shipgate writes.
pub fn read(tags: &[(String, String)], service: &ServiceArn) -> Option<LedgerEntry> {
    let value = |key: &str| tags.iter().find(|(found, _)| found == key).map(|(_, value)| value.as_str());
    let text = |key: &str| value(key).map(tag_value).filter(|text| !text.is_empty());
    let is_word = |text: &&str| !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    let service = text(SERVICE).filter(|found| *found == tag_value(service.as_str()))?.into();
    Some(LedgerEntry {
        service,
        release: release(value(RELEASE)?, value(RESTORES).is_some_and(|restores| !restores.is_empty()))?,
        digest: value(DIGEST).and_then(|digest| digest.parse().ok()),
        provenance: Provenance { run: text(RUN), ..Provenance::read(tags) },
        previous: text(PREVIOUS).map(Into::into),
        restores: text(RESTORES).map(Into::into),
        pre_deploy: [true, false].into_iter().find(|has| value(PRE_DEPLOY) == Some(yes_or_no(*has))),
        deployment: value(DEPLOYMENT).and_then(deployment_in_tag),
        outcome: value(OUTCOME).filter(is_word).map(str::to_owned),
        at: value(AT).and_then(|at| at.parse().ok()),
    })
}

/// The release that a tag names. Without what it restores an entry is of no baseline.
fn release(text: &str, restores: bool) -> Option<ReleaseName> {
    if restores && text == ReleaseName::BASELINE { Some(ReleaseName::Baseline) } else { text.parse().ok() }
}

/// Whether tags are about a service. `None`: they name none.
pub fn is_of(tags: &[(String, String)], service: &ServiceArn) -> Option<bool> {
    let found = tags.iter().find(|(key, value)| key == SERVICE && !value.is_empty())?;
    Some(tag_value(&found.1) == tag_value(service.as_str()))
}

/// The tag that makes a revision one of a service.
pub fn of_service(service: &ServiceArn) -> (String, String) {
    (SERVICE.to_owned(), tag_value(service.as_str()))
}

/// The key of that tag.
pub fn service_key() -> &'static str {
    SERVICE
}

fn yes_or_no(has: bool) -> &'static str {
    if has { "yes" } else { "no" }
}

fn at(now: Timestamp) -> (String, String) {
    (AT.to_owned(), time(now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ledger::LONGEST_VALUE;
    use proptest::prelude::*;

    const SERVICE_ARN: &str = "arn:aws:ecs:us-east-1:123456789012:service/stage/backend";

    proptest! {
        #[test]
        fn what_is_written_is_read(
            sha in "[0-9a-f]{40}", hex in "[0-9a-f]{64}", run in "[a-z/0-9]{1,300}", seconds in 0i64..4_000_000_000,
            pre_deploy in proptest::option::of(any::<bool>()), deployment: bool,
        ) {
            let now = Timestamp::from_second(seconds).unwrap();
            let entry = LedgerEntry {
                release: sha.parse().unwrap(),
                digest: Some(format!("sha256:{hex}").parse().unwrap()),
                provenance: Provenance {
                    run: Some(run.chars().take(LONGEST_VALUE).collect()),
                    ..Provenance::default()
                },
                service: SERVICE_ARN.into(),
                previous: Some("arn:aws:ecs:us-east-1:123456789012:task-definition/backend:7".into()),
                restores: None,
                pre_deploy,
                deployment: deployment.then(|| "ecs-svc/1234567890123456789".into()),
                outcome: None,
                at: Some(now),
            };
            let mut tags = entry.tags();
            prop_assert_eq!(read(&tags, &SERVICE_ARN.into()), Some(entry.clone()));
            prop_assert_eq!(read(&tags, &SERVICE_ARN.replace("stage", "production").into()), None);
            prop_assert!(tags.iter().all(|(key, value)| key.len() <= 128 && value.chars().count() <= LONGEST_VALUE));
            tags.retain(|(key, _)| key != AT && key != DEPLOYMENT);
            let id = DeploymentId::from("ecs-svc/2");
            tags.extend(outcome(Outcome::RolledBack, Some(&id), &keys(&tags), now));
            let read = read(&tags, &SERVICE_ARN.into()).unwrap();
            prop_assert_eq!((read.outcome, read.deployment), (Some("rolled-back".to_owned()), Some(id)));
        }

    }

    /// The outcome is worth more than the deployment: with one tag too many AWS takes neither.
    #[test]
    fn without_room_there_is_the_outcome_alone() {
        let id = DeploymentId::from("ecs-svc/2");
        for (there, more, written) in
            [(46, &[][..], 3), (47, &[], 3), (48, &[], 2), (47, &[OUTCOME, AT], 3), (49, &[DEPLOYMENT], 2)]
        {
            let keys: Vec<String> = (0..there)
                .map(|number| format!("team:{number}"))
                .chain(more.iter().map(|key| (*key).to_owned()))
                .collect();
            let tags = outcome(Outcome::Deployed, Some(&id), &keys, Timestamp::UNIX_EPOCH);
            assert_eq!((tags.len(), takes_deployment(&keys)), (written, written == 3), "{there} {more:?}");
        }
        assert_eq!(outcome(Outcome::Deployed, None, &[], Timestamp::UNIX_EPOCH).len(), 2);
    }

    fn started() -> Provenance {
        Provenance {
            by: Some("ana".to_owned()),
            began: Some(Timestamp::UNIX_EPOCH),
            committed: Some(Timestamp::UNIX_EPOCH),
            ..Provenance::local(None)
        }
    }

    /// Who and when is worth less than how it ended and which deployment that was.
    #[test]
    fn without_room_less_is_written_of_who_and_when() {
        let keys = |there: usize| (0..there).map(|number| format!("team:{number}")).collect::<Vec<_>>();
        for (there, left_out) in [
            (44, &[][..]),
            (45, &["shipgate:committed"]),
            (46, &["shipgate:began", "shipgate:committed"]),
            (47, &["shipgate:by", "shipgate:began", "shipgate:committed"]),
            (50, &["shipgate:by", "shipgate:began", "shipgate:committed"]),
        ] {
            let fitting = fitting(&started(), &keys(there));
            assert_eq!((fitting.tags.len(), &*fitting.left_out), (3 - left_out.len(), left_out), "{there}");
        }
    }

    /// An override of a run that ended before it used the revision is none of the run that does.
    #[test]
    fn what_another_run_said_of_itself_is_written_over() {
        let before = ["shipgate:by", "shipgate:overrides", "shipgate:run", "team"].map(str::to_owned);
        let written = taken_up(&started(), &before).tags;
        let tag = |key: &str| written.iter().find(|(found, _)| found == key).map(|(_, value)| value.as_str());
        assert_eq!((tag("shipgate:by"), tag("shipgate:run")), (Some("ana local"), Some("local")));
        assert_eq!((tag("shipgate:overrides"), tag("shipgate:approved-by")), (Some(""), None));
        assert_eq!(Provenance::read(&written).overrides, []);
    }

    #[test]
    fn a_baseline_is_read_with_what_it_restores_alone() {
        let restores = |restores: Option<&str>| LedgerEntry {
            restores: restores.map(Into::into),
            ..LedgerEntry::new(ReleaseName::Baseline, &SERVICE_ARN.into())
        };
        let entry = restores(Some("arn:aws:ecs:us-east-1:123456789012:task-definition/backend:7"));
        assert_eq!(read(&entry.tags(), &SERVICE_ARN.into()), Some(entry));
        for without in [None, Some("")] {
            assert_eq!(read(&restores(without).tags(), &SERVICE_ARN.into()), None);
        }
    }

    #[test]
    fn a_deployment_that_cannot_be_one_is_not_read() {
        let entry = LedgerEntry {
            deployment: Some("nonsense".into()),
            ..LedgerEntry::new("4b825dc642cb6eb9a060e54bf8d69288fbee4904".parse().unwrap(), &SERVICE_ARN.into())
        };
        assert_eq!(read(&entry.tags(), &SERVICE_ARN.into()).unwrap().deployment, None);
        assert_eq!(read(&entry.tags(), &"another".into()), None);
    }

    #[test]
    fn foreign_tags_are_kept_and_not_read() {
        assert!(is_foreign("team") && !is_foreign("aws:cloudformation:stack-name") && !is_foreign(RELEASE));
        assert_eq!(read(&[("team".to_owned(), "shop".to_owned())], &SERVICE_ARN.into()), None);
    }
}
