//! What of a revision's ledger entry the revision itself confirms.
//!
//! Tags can be changed by everybody who may tag; the content of a revision cannot. So bytes and release come from the
//! content, and where a tag differs the revision is no success. That it served at all is known by its tags alone.

use super::service::TaskRevision;
use crate::domain::ecs::ledger::LedgerEntry;
use crate::domain::ecs::names::ContainerName;
use crate::domain::ids::RecordId;
use crate::domain::image::Digest;
use crate::domain::release::ReleaseName;

/// A release that served, by the tags of a revision, as far as the revision's content confirms that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Success {
    /// The release that the container's label names.
    pub release: ReleaseName,
    /// The digest that the container's image is pinned to.
    pub digest: Digest,
}

/// The success of a revision. `None`: its tags call it none, or its content does not confirm them.
pub fn success(revision: &TaskRevision, container: &ContainerName) -> Option<Success> {
    judged(revision, container)?.ok()
}

/// Why a revision that its tags call a success is none. `None`: it is one, or its tags do not say so.
pub fn doubt(revision: &TaskRevision, container: &ContainerName) -> Option<String> {
    judged(revision, container)?.err()
}

/// The doubts about some revisions, each with the revision's name.
pub fn doubts(revisions: &[TaskRevision], container: &ContainerName) -> Vec<String> {
    let each = revisions.iter().filter_map(|revision| Some((revision, doubt(revision, container)?)));
    each.map(|(revision, reason)| format!("{}: {reason}", revision.short())).collect()
}

/// What the tags of a revision say that its content contradicts, whatever its outcome.
pub fn contradiction(revision: &TaskRevision, container: &ContainerName) -> Option<String> {
    let entry = revision.ledger.as_ref()?;
    // A baseline has no commit that its content could confirm.
    let is_baseline = entry.release.is_baseline();
    let label = revision.definition.release_label(container).filter(|_| !is_baseline);
    if let Some(label) = label.as_ref().filter(|label| **label != entry.release) {
        return Some(format!(
            "its tag `shipgate:sha` says {}, the label of its container {}",
            entry.release.short(),
            label.short()
        ));
    }
    let image = revision.definition.image_of(container).ok()?;
    let named: Option<ReleaseName> = image.tag.as_ref().and_then(|tag| tag.parse().ok());
    if let Some((named, label)) = named.zip(label).filter(|(named, label)| named != label) {
        return Some(format!(
            "the tag of its image says {}, the label of its container {}",
            named.short(),
            label.short()
        ));
    }
    let (said, pinned) = entry.digest.as_ref().zip(image.digest.as_ref()).filter(|(said, pinned)| said != pinned)?;
    Some(format!("its tag `shipgate:digest` says {said}, its image is pinned to {pinned}"))
}

/// Whether shipgate registered a revision for a release, by its tags, as far as its content confirms that; however that
/// ended.
pub fn is_registered(revision: &TaskRevision, container: &ContainerName) -> bool {
    let entry = revision.ledger.as_ref().filter(|entry| !entry.release.is_baseline());
    entry.is_some_and(|entry| confirmed(revision, entry, container).is_ok())
}

/// What a rollback brought back from before the first release is no success of a release.
fn judged(revision: &TaskRevision, container: &ContainerName) -> Option<Result<Success, String>> {
    let entry = revision.ledger.as_ref().filter(|entry| entry.succeeded() && !entry.release.is_baseline())?;
    Some(confirmed(revision, entry, container))
}

/// Whether a revision is one of shipgate's in every respect. Each registration writes all of these, the first one of a
/// service too.
fn confirmed(revision: &TaskRevision, entry: &LedgerEntry, container: &ContainerName) -> Result<Success, String> {
    let image = revision.definition.image_of(container).map_err(|_| format!("it has no container `{container}`"))?;
    if let Some(contradiction) = contradiction(revision, container) {
        return Err(contradiction);
    }
    let release = revision.definition.release_label(container);
    let release = release.ok_or("its container has no label `shipgate.sha`")?;
    let digest = image.digest.ok_or("its image is not pinned by digest")?;
    let missing = [
        ("shipgate:digest", entry.digest.is_none()),
        ("shipgate:previous", entry.previous.is_none()),
        ("shipgate:run", entry.provenance.run.is_none()),
    ];
    match missing.iter().find(|(_, is_missing)| *is_missing) {
        Some((key, _)) => Err(format!("it has no tag `{key}`, which every revision that shipgate registers has")),
        None => Ok(Success { release, digest }),
    }
}

/// The first of some revisions that shipgate registered for a release with an image in a container.
pub fn recorded_by<'a>(
    revisions: impl IntoIterator<Item = &'a TaskRevision>,
    container: &ContainerName,
    release: &ReleaseName,
    digest: &Digest,
) -> Option<RecordId> {
    let records = |revision: &&TaskRevision| {
        revision.ledger.is_some()
            && revision.digest(container).as_ref() == Some(digest)
            && revision.release(container).as_ref() == Some(release)
    };
    revisions.into_iter().find(records).map(|revision| RecordId::from(&revision.arn))
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::ecs::plan::tests::revision;
    use crate::domain::ecs::task_definition::TaskDefinition;
    use crate::domain::provenance::Provenance;

    pub(crate) fn digest(character: char) -> Digest {
        format!("sha256:{}", character.to_string().repeat(64)).parse().unwrap()
    }

    pub(crate) fn release(character: char) -> ReleaseName {
        character.to_string().repeat(40).parse().unwrap()
    }

    /// A revision as shipgate registers it for a release, with an outcome.
    pub(crate) fn registered(number: u64, character: char, outcome: &str) -> TaskRevision {
        let entry = LedgerEntry {
            digest: Some(digest(character)),
            provenance: Provenance { run: Some("acme/shop/7/1".to_owned()), ..Provenance::default() },
            previous: Some("arn:aws:ecs:us-east-1:123456789012:task-definition/backend:1".into()),
            outcome: Some(outcome.to_owned()),
            ..LedgerEntry::new(release(character), &"arn".into())
        };
        let image = format!("repo:{}@{}", release(character), digest(character));
        let mut revision = revision(number, &image, "x", Some(entry));
        edit(&mut revision, |web| web["dockerLabels"] = json!({"shipgate.sha": release(character).to_string()}));
        revision
    }

    fn edit(revision: &mut TaskRevision, change: impl FnOnce(&mut serde_json::Value)) {
        let mut document = revision.definition.to_json();
        change(&mut document["containerDefinitions"][0]);
        revision.definition = TaskDefinition::from_json(document).unwrap();
    }

    fn web() -> ContainerName {
        "web".parse().unwrap()
    }

    #[test]
    fn bytes_and_release_come_from_the_content() {
        let good = registered(7, 'a', "deployed");
        assert_eq!(success(&good, &web()), Some(Success { release: release('a'), digest: digest('a') }));
        assert_eq!((doubt(&good, &web()), contradiction(&good, &web())), (None, None));
        for outcome in ["rolled-back", "broken", "unproven", ""] {
            let other = registered(7, 'a', outcome);
            assert_eq!((success(&other, &web()), doubt(&other, &web())), (None, None), "{outcome}");
        }
    }

    #[test]
    fn a_revision_that_lacks_or_contradicts_anything_is_no_success() {
        type Forge = fn(&mut TaskRevision);
        let forged: [(Forge, &str); 9] = [
            (|it| it.ledger.as_mut().unwrap().digest = Some(digest('b')), "`shipgate:digest` says sha256:bbbb"),
            (|it| it.ledger.as_mut().unwrap().release = release('b'), "`shipgate:sha` says bbbbbbb"),
            (|it| it.ledger.as_mut().unwrap().digest = None, "no tag `shipgate:digest`"),
            (|it| it.ledger.as_mut().unwrap().previous = None, "no tag `shipgate:previous`"),
            (|it| it.ledger.as_mut().unwrap().provenance.run = None, "no tag `shipgate:run`"),
            (|it| edit(it, |web| web["image"] = json!(format!("repo:{}", release('a')))), "not pinned by digest"),
            (
                |it| edit(it, |web| web["image"] = json!(format!("repo:{}@{}", release('b'), digest('a')))),
                "the tag of its image says bbbbbbb",
            ),
            (|it| edit(it, |web| web["dockerLabels"] = json!({})), "no label `shipgate.sha`"),
            (|it| edit(it, |web| web["name"] = json!("app")), "no container `web`"),
        ];
        for (forge, reason) in forged {
            let mut revision = registered(7, 'a', "deployed");
            forge(&mut revision);
            assert_eq!(success(&revision, &web()), None, "{reason}");
            let doubt = doubt(&revision, &web()).unwrap();
            assert!(doubt.contains(reason), "{doubt}");
        }
    }

    const SHA: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
    const OTHER_SHA: &str = "da39a3ee5e6b4b0d3255bfef95601890afd80709";

    fn pinned(letter: &str) -> Digest {
        format!("sha256:{}", letter.repeat(64)).parse().unwrap()
    }

    #[test]
    fn a_revision_records_the_image_that_it_pins_for_the_release() {
        let entry = |release: &str| Some(LedgerEntry::new(release.parse().unwrap(), &"arn".into()));
        let image = |sha: &str, letter: &str| format!("repo:{sha}@{}", pinned(letter));
        for (revision, expected) in [
            (revision(7, &image(SHA, "a"), "x", entry(SHA)), true),
            (revision(7, &image(SHA, "a"), "x", None), false),
            (revision(7, &image(SHA, "b"), "x", entry(SHA)), false),
            (revision(7, &image(OTHER_SHA, "a"), "x", entry(OTHER_SHA)), false),
            (revision(7, &format!("repo:{SHA}"), "x", entry(SHA)), false),
        ] {
            let found = recorded_by([&revision], &"web".parse().unwrap(), &SHA.parse().unwrap(), &pinned("a"));
            assert_eq!(found.is_some(), expected, "{revision:?}");
        }
    }

    /// A tag says a digest too, and everyone who may tag may write any.
    #[test]
    fn a_digest_in_a_tag_records_nothing() {
        let entry = LedgerEntry { digest: Some(pinned("a")), ..LedgerEntry::new(SHA.parse().unwrap(), &"arn".into()) };
        let revision = revision(7, &format!("repo:{SHA}@{}", pinned("b")), "x", Some(entry));
        assert_eq!(recorded_by([&revision], &"web".parse().unwrap(), &SHA.parse().unwrap(), &pinned("a")), None);
    }
}
