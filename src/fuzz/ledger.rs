//! Tags of services and revisions: the ledger, and holds.

use proptest::prelude::*;
use proptest::sample::select;

use super::{ODD, damaged, is_neutral, soon};
use crate::domain::ecs::ledger;
use crate::domain::hold::{self, HoldScope};
use crate::domain::ledger::{LONGEST_VALUE, is_allowed};

const SERVICE: &str = "arn:aws:ecs:us-east-1:123456789012:service/stage/backend";

const KEYS: [&str; 21] = [
    "shipgate:sha",
    "shipgate:digest",
    "shipgate:run",
    "shipgate:service",
    "shipgate:previous",
    "shipgate:restores",
    "shipgate:pre-deploy",
    "shipgate:deployment",
    "shipgate:outcome",
    "shipgate:at",
    "shipgate:by",
    "shipgate:began",
    "shipgate:committed",
    "shipgate:plan",
    "shipgate:approved-by",
    "shipgate:overrides",
    "shipgate:hold",
    "shipgate:hold:4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    "shipgate:hold:",
    "shipgate:holds",
    "team",
];

const VALUES: [&str; 13] = [
    "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    "4b825dc642cb6eb9a060e54bf8d69288fbee4904-dirty-20261120T234749Z",
    "sha256:4b825dc642cb6eb9a060e54bf8d69288fbee49044b825dc642cb6eb9a060e54b",
    "acme/shop/actions/runs/1/attempts/1",
    SERVICE,
    "arn:aws:ecs:us-east-1:123456789012:task-definition/backend:7",
    "yes",
    "rolled-back",
    "ecs-svc/1234567890123456789",
    "2026-11-20T12:00:00Z",
    "ana workflow_dispatch",
    "freeze:carts fail =2F no sale/soak:now",
    "2026-11-20T12:00:00Z acme/run 4b825dc642cb6eb9a060e54bf8d69288fbee4904",
];

const DEEP: [&str; 5] = ["=", "=C3", " ", "-dirty-", "9999999999"];

fn tags() -> impl Strategy<Value = Vec<(String, String)>> {
    let key = prop_oneof![6 => select(&KEYS[..]).prop_map(str::to_owned), 1 => damaged(&KEYS, &DEEP)];
    let value = prop_oneof![3 => select(&VALUES[..]).prop_map(str::to_owned), 2 => damaged(&VALUES, &DEEP)];
    proptest::collection::vec((key, value), 0..14)
}

fn read(tags: &[(String, String)]) {
    if let Some(entry) = ledger::read(tags, &SERVICE.into()) {
        for (key, value) in entry.tags() {
            assert!(key.len() <= 128 && value.chars().count() <= LONGEST_VALUE, "{key}={value}");
            assert!(value.chars().all(is_allowed), "{value:?}");
        }
        for (key, value) in entry.provenance.tags() {
            assert!(value.len() <= LONGEST_VALUE && value.chars().all(is_allowed), "{key}={value}");
        }
        let provenance = entry.provenance;
        let overrides = provenance.overrides.into_iter().flat_map(|it| [it.gate, it.reason]);
        let names = provenance.by.into_iter().chain(provenance.trigger).chain(provenance.approvers);
        for text in overrides.chain(names) {
            assert!(is_neutral(&text), "{text:?}");
        }
    }
    let holds = hold::read(tags);
    assert!(holds.len() <= tags.len());
    let found = tags.iter().filter(|(key, _)| key == "shipgate:hold" || key.starts_with("shipgate:hold:"));
    assert_eq!(holds.len(), found.count(), "a hold that cannot be read is one nevertheless");
    for hold in holds {
        let text = hold.described();
        assert!(is_neutral(&text) && text.chars().count() <= 800, "{text:?}");
        if !matches!(hold.scope, HoldScope::Left { .. }) {
            assert_eq!(hold.covers(Some(false), Some(true), None), Some(true), "{hold:?}");
        }
    }
}

proptest! {
    #![proptest_config(super::config())]

    #[test]
    fn fuzz_ledger_and_holds(tags in tags(), at in 0_usize..14, odd in select(&ODD[..])) {
        soon(|| read(&tags));
        let mut tags = tags;
        if let Some((_, value)) = tags.get_mut(at) {
            value.push_str(odd);
        }
        soon(|| read(&tags));
    }
}
