//! The ledger of a site: an entry for each run that changed it, or tried to.

use glob::Pattern;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::current::{RawSiteConfig, WrittenConfig, patterns, texts};
use super::document::{self, maybe, parsed, plain};
use super::filled::{FilledBundle, RawFilled};
use super::keys;
use crate::domain::ids::RecordId;
use crate::domain::image::Digest;
use crate::domain::outcome::Outcome;
use crate::domain::provenance::{OverriddenGate, Provenance};
use crate::domain::release::ReleaseName;

/// The only form of an entry that is known.
const SCHEMA: &str = "shipgate/entry/v1";

/// What a run did to a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteLedgerEntry {
    /// The release that it put there.
    pub release: ReleaseName,
    /// The digest of its bundle.
    pub digest: Digest,
    /// How it ended.
    pub outcome: Outcome,
    /// When that was known.
    pub at: Timestamp,
    /// Who started it, and when.
    pub provenance: Provenance,
    /// The entry whose release it restores, in a rollback.
    pub restores: Option<RecordId>,
    /// The release that was served before.
    pub previous: Option<ReleaseName>,
    /// The file that differs between environments, as it was written.
    pub config: Option<WrittenConfig>,
    /// The patterns of the files that were not served.
    pub exclude: Vec<Pattern>,
    /// Its files with the values of its placeholders, as they were then. `None`: it has none.
    pub filled: Option<FilledBundle>,
    /// Where browsers find it.
    pub url: Option<String>,
}

impl SiteLedgerEntry {
    /// What names it.
    pub fn id(&self) -> RecordId {
        keys::entry_id(self.at, &self.release).into()
    }

    /// Whether the release is known to have served.
    pub fn succeeded(&self) -> bool {
        self.outcome == Outcome::Deployed
    }

    /// Reads an entry.
    ///
    /// # Errors
    ///
    /// Why it cannot be understood, in words.
    pub fn read(text: &[u8]) -> Result<Self, String> {
        let document: LedgerDocument = document::read(text, SCHEMA)?;
        let outcome = Outcome::WORST_FIRST.into_iter().find(|outcome| outcome.as_str() == document.outcome);
        Ok(Self {
            release: parsed(&document.release, "`release` is not a release")?,
            digest: parsed(&document.digest, "`digest` is not a digest")?,
            outcome: outcome.ok_or("its `outcome` is not known")?,
            at: parsed(&document.at, "`at` is not a time")?,
            restores: plain(document.restores.clone()).map(RecordId::from),
            previous: maybe(document.previous.as_ref(), "`previous` is not a release")?,
            config: document.config.clone().map(RawSiteConfig::read).transpose()?,
            exclude: patterns(&document.exclude)?,
            filled: document.filled.clone().map(RawFilled::read).transpose()?,
            url: plain(document.url.clone()),
            provenance: document.provenance()?,
        })
    }

    /// The entry as a document.
    pub fn document(&self) -> String {
        let Provenance { by, trigger, run, began, committed, approvers, plan_runs, overrides, plan } =
            self.provenance.clone();
        let overrides = overrides.into_iter().map(|OverriddenGate { gate, reason }| LedgerOverride { gate, reason });
        let document = LedgerDocument {
            release: self.release.to_string(),
            digest: self.digest.to_string(),
            outcome: self.outcome.to_string(),
            at: document::time(self.at),
            restores: self.restores.as_ref().map(RecordId::to_string),
            previous: self.previous.as_ref().map(ReleaseName::to_string),
            config: self.config.as_ref().map(RawSiteConfig::of),
            exclude: texts(&self.exclude),
            filled: self.filled.as_ref().map(RawFilled::of),
            url: self.url.clone(),
            by,
            trigger,
            run,
            began: began.map(document::time),
            committed: committed.map(document::time),
            approvers,
            plan_runs,
            overrides: overrides.collect(),
            plan: plan.as_ref().map(Digest::to_string),
        };
        document::write(&document, SCHEMA)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct LedgerDocument {
    release: String,
    digest: String,
    outcome: String,
    at: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    restores: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    previous: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    config: Option<RawSiteConfig>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    exclude: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    filled: Option<RawFilled>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trigger: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    run: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    began: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    committed: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    approvers: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    plan_runs: Vec<u64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    overrides: Vec<LedgerOverride>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    plan: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LedgerOverride {
    gate: String,
    reason: String,
}

impl LedgerDocument {
    fn provenance(self) -> Result<Provenance, String> {
        let text = |text: String| plain(Some(text)).unwrap_or_default();
        let gate = |LedgerOverride { gate, reason }| OverriddenGate { gate: text(gate), reason: text(reason) };
        Ok(Provenance {
            by: plain(self.by),
            trigger: plain(self.trigger),
            run: plain(self.run),
            began: maybe(self.began.as_ref(), "`began` is not a time")?,
            committed: maybe(self.committed.as_ref(), "`committed` is not a time")?,
            approvers: self.approvers.into_iter().filter_map(|name| plain(Some(name))).collect(),
            plan_runs: self.plan_runs,
            overrides: self.overrides.into_iter().map(gate).collect(),
            plan: maybe(self.plan.as_ref(), "`plan` is not a digest")?,
        })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    /// The entry of release `bbbb…` that a run wrote in some second.
    pub(in super::super) fn entry(second: i64, letter: char, outcome: Outcome) -> SiteLedgerEntry {
        SiteLedgerEntry {
            release: letter.to_string().repeat(40).parse().unwrap(),
            digest: Digest::of(letter.to_string()),
            outcome,
            at: Timestamp::from_second(second).unwrap(),
            provenance: Provenance::default(),
            restores: None,
            previous: None,
            config: None,
            exclude: Vec::new(),
            filled: None,
            url: None,
        }
    }

    fn full() -> SiteLedgerEntry {
        let provenance = Provenance {
            by: Some("ana".to_owned()),
            trigger: Some("push".to_owned()),
            run: Some("o/r/7/1".to_owned()),
            began: Some(Timestamp::UNIX_EPOCH),
            committed: Some(Timestamp::UNIX_EPOCH),
            approvers: vec!["ben".to_owned()],
            plan_runs: vec![4711],
            overrides: vec![OverriddenGate { gate: "freeze".to_owned(), reason: "carts fail: 50 %".to_owned() }],
            plan: Some(Digest::of("plan")),
        };
        let before = entry(1, 'a', Outcome::Deployed);
        SiteLedgerEntry {
            provenance,
            restores: Some(before.id()),
            previous: Some(before.release),
            config: Some(WrittenConfig {
                path: "config.js".parse().unwrap(),
                digest: Digest::of("config"),
                size: 6,
                content_type: "text/javascript; charset=utf-8".to_owned(),
            }),
            exclude: vec!["**/*.map".parse().unwrap()],
            filled: Some(FilledBundle { values: Digest::of("values"), manifest: Digest::of("manifest") }),
            url: Some("https://shop.example.com".to_owned()),
            ..entry(2, 'b', Outcome::RolledBack)
        }
    }

    #[test]
    fn what_cannot_be_understood_is_not_guessed() {
        let good: Value = serde_json::from_str(&full().document()).unwrap();
        assert_eq!(SiteLedgerEntry::read(good.to_string().as_bytes()), Ok(full()));
        for (key, value) in [
            ("schema", json!("shipgate/entry/v2")),
            ("outcome", json!("fine")),
            ("at", json!("noon")),
            ("began", json!("noon")),
            ("previous", json!("main")),
            ("overrides", json!([{"gate": "freeze"}])),
            ("plan-runs", json!(["x"])),
            ("more", json!(1)),
        ] {
            let mut wrong = good.clone();
            wrong[key] = value;
            assert!(SiteLedgerEntry::read(wrong.to_string().as_bytes()).is_err(), "{wrong}");
        }
        let mut foreign = good;
        foreign["by"] = json!("\u{1b}[31m::error::x");
        assert_eq!(
            SiteLedgerEntry::read(foreign.to_string().as_bytes()).unwrap().provenance.by.unwrap(),
            ": :error::x"
        );
    }

    proptest! {
        #[test]
        fn an_entry_reads_as_it_was_written(second in 0_i64..4_000_000_000, outcome in 0..13_usize, by in "[a-z]{1,9}") {
            let outcome = Outcome::WORST_FIRST[outcome];
            let provenance = Provenance { by: Some(by), ..Provenance::default() };
            for entry in [SiteLedgerEntry { provenance, ..entry(second, 'c', outcome) }, full()] {
                prop_assert_eq!(SiteLedgerEntry::read(entry.document().as_bytes()), Ok(entry));
            }
        }
    }
}
