//! The documents of a release store: pointers, locks, holds, entries and manifests.

use proptest::prelude::*;

use super::{config, damaged, is_neutral, soon};
use crate::domain::static_site::bundle::BundleManifest;
use crate::domain::static_site::store::{CurrentRelease, Lock, SiteHolds, SiteLedgerEntry};

const GOOD: [&str; 5] = [
    r#"{"schema":"shipgate/site/v1","release":"4b825dc642cb6eb9a060e54bf8d69288fbee4904","digest":"sha256:4b825dc642cb6eb9a060e54bf8d69288fbee49044b825dc642cb6eb9a060e54b","since":"2026-11-22T10:00:00Z","config":{"path":"config.js","digest":"sha256:4b825dc642cb6eb9a060e54bf8d69288fbee49044b825dc642cb6eb9a060e54b","size":61,"type":"text/javascript"},"exclude":["**/*.map"],"run":"acme/shop/7/1","recent":[{"release":"4b825dc642cb6eb9a060e54bf8d69288fbee4904","digest":"sha256:4b825dc642cb6eb9a060e54bf8d69288fbee49044b825dc642cb6eb9a060e54b"}]}"#,
    r#"{"schema":"shipgate/lock/v1","owner":"a","run":"acme/shop/7/1","until":"2026-11-22T10:10:00Z","released":false,"begun":[{"release":"4b825dc642cb6eb9a060e54bf8d69288fbee4904","digest":"sha256:4b825dc642cb6eb9a060e54bf8d69288fbee49044b825dc642cb6eb9a060e54b","exclude":["x"]}]}"#,
    r#"{"schema":"shipgate/holds/v1","holds":[{"key":"shipgate:hold","value":"2026-11-20T12:00:00Z acme/run why"}],"lifted":{"key":"shipgate:unhold","value":"2026-11-20T12:00:00Z acme/run fixed"}}"#,
    r#"{"schema":"shipgate/entry/v1","release":"4b825dc642cb6eb9a060e54bf8d69288fbee4904","digest":"sha256:4b825dc642cb6eb9a060e54bf8d69288fbee49044b825dc642cb6eb9a060e54b","outcome":"rolled-back","at":"2026-11-22T10:00:00Z","by":"ana","plan-runs":[7],"overrides":[{"gate":"freeze","reason":"x"}]}"#,
    r#"{"schema":"shipgate/bundle/v1","files":{"index.html":{"digest":"sha256:4b825dc642cb6eb9a060e54bf8d69288fbee49044b825dc642cb6eb9a060e54b","size":5,"type":"text/html","cache":"no-cache"}}}"#,
];

const DEEP: [&str; 5] = ["[", "{\"a\":", "**/", "[!", "\\u0000"];

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_damaged_document_is_refused_or_reads_as_one_that_can_be_written(text in damaged(&GOOD, &DEEP)) {
        let bytes = text.as_bytes();
        soon(|| {
            if let Ok(current) = CurrentRelease::read(bytes) {
                assert!(CurrentRelease::read(current.document().as_bytes()).is_ok());
                assert!(current.run.iter().all(|run| is_neutral(run)));
            }
            if let Ok(lock) = Lock::read(bytes) {
                assert!(Lock::read(lock.document().as_bytes()).is_ok());
                assert!(is_neutral(&lock.described()));
            }
            if let Ok(entry) = SiteLedgerEntry::read(bytes) {
                assert!(SiteLedgerEntry::read(entry.document().as_bytes()).is_ok());
                assert!(entry.provenance.by.iter().chain(&entry.url).all(|text| is_neutral(text)));
            }
            if let Ok(manifest) = BundleManifest::read(bytes) {
                assert_eq!(BundleManifest::read(manifest.document().as_bytes()), Ok(manifest));
            }
            let holds = SiteHolds::of(bytes, "shipgate/frontend/holds.json").holds;
            assert!(holds.iter().all(|hold| is_neutral(&hold.reason())));
            let errors = [CurrentRelease::read(bytes).err(), Lock::read(bytes).err(), SiteLedgerEntry::read(bytes).err()];
            assert!(errors.into_iter().flatten().all(|why| is_neutral(&why) && why.chars().count() <= 501), "{text}");
        });
    }
}
