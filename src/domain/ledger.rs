//! The ledger: what we write on the things we make, next to the things themselves.
//!
//! On ECS these are tags of the task-definition revision. AWS allows letters, digits, spaces and `_ . : / = + - @` in
//! them ([tags](https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-using-tags.html)).

use jiff::Timestamp;

use super::ecs::service::LedgerEntry;
use super::image::Digest;
use super::outcome::Outcome;
use super::release::ReleaseName;

const RELEASE: &str = "shipgate:sha";
const DIGEST: &str = "shipgate:digest";
const RUN: &str = "shipgate:run";
const OUTCOME: &str = "shipgate:outcome";
const AT: &str = "shipgate:at";

/// The tags of a revision that is being registered for a release.
pub fn entry(release: &ReleaseName, digest: &Digest, run: &str, now: Timestamp) -> Vec<(String, String)> {
    let mut tags = vec![
        (RELEASE.to_owned(), release.to_string()),
        (DIGEST.to_owned(), digest.to_string()),
        (RUN.to_owned(), tag_value(run)),
    ];
    tags.push(at(now));
    tags
}

/// The tags that say how it ended.
pub fn outcome(outcome: Outcome, now: Timestamp) -> Vec<(String, String)> {
    vec![(OUTCOME.to_owned(), outcome.to_string()), at(now)]
}

/// Reads an entry back. `None`: not ours, or not in a form that we write.
pub fn read(tags: &[(String, String)]) -> Option<LedgerEntry> {
    let value = |key: &str| tags.iter().find(|(found, _)| found == key).map(|(_, value)| value);
    let is_word = |text: &&String| !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    Some(LedgerEntry { release: value(RELEASE)?.parse().ok()?, outcome: value(OUTCOME).filter(is_word).cloned() })
}

/// Whether a tag is somebody else's, to be kept on the next revision. AWS refuses its own.
pub fn is_foreign(key: &str) -> bool {
    !key.starts_with("shipgate:") && !key.starts_with("aws:")
}

fn at(now: Timestamp) -> (String, String) {
    (AT.to_owned(), now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

/// Text with nothing in it that a tag cannot hold.
fn tag_value(text: &str) -> String {
    let allowed = |c: char| if c.is_ascii_alphanumeric() || " _.:/=+-@".contains(c) { c } else { '_' };
    text.chars().map(allowed).take(256).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(
            sha in "[0-9a-f]{40}", hex in "[0-9a-f]{64}", run in ".{0,300}", seconds in 0i64..4_000_000_000,
        ) {
            let release: ReleaseName = sha.parse().unwrap();
            let digest: Digest = format!("sha256:{hex}").parse().unwrap();
            let now = Timestamp::from_second(seconds).unwrap();
            let mut tags = entry(&release, &digest, &run, now);
            prop_assert_eq!(read(&tags), Some(LedgerEntry { release: release.clone(), outcome: None }));
            prop_assert!(tags.iter().all(|(key, value)| key.len() <= 128 && value.chars().count() <= 256));
            tags.extend(outcome(Outcome::RolledBack, now));
            prop_assert_eq!(read(&tags).unwrap().outcome, Some("rolled-back".to_owned()));
        }
    }

    #[test]
    fn foreign_tags_are_kept_and_not_read() {
        assert!(is_foreign("team") && !is_foreign("aws:cloudformation:stack-name") && !is_foreign(RELEASE));
        assert_eq!(read(&[("team".to_owned(), "shop".to_owned())]), None);
    }
}
