//! Who put a release on an environment, and when: what the ledger says of a run beside the outcome.
//!
//! Nothing but a use of an approval is decided by it. It is in tags alone, so neither what is compared for "identical" nor the digest of a plan has
//! any of it.

use jiff::Timestamp;

use super::image::Digest;
use super::ledger::{LONGEST_VALUE, decode, encode_within, time};

/// What stands for the run, and for what triggered it, outside a workflow.
pub const LOCAL: &str = "local";

/// The key of the runs whose plans were carried out.
pub const PLAN_RUNS: &str = "shipgate:plan-runs";
const OVERRIDES: &str = "shipgate:overrides";
const APPROVED_BY: &str = "shipgate:approved-by";
const BY: &str = "shipgate:by";
const BEGAN: &str = "shipgate:began";
const COMMITTED: &str = "shipgate:committed";
const PLAN: &str = "shipgate:plan";

/// The keys of its tags, the one first that is worth most where there is little room.
pub const KEYS: [&str; 7] = [PLAN_RUNS, OVERRIDES, APPROVED_BY, BY, PLAN, BEGAN, COMMITTED];

/// In the place of a name that is not known.
const UNKNOWN: &str = "-";
/// The most characters of a name in a tag: two fit beside each other.
const LONGEST_NAME: usize = LONGEST_VALUE / 2 - 1;

/// Who started a run, and when.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Provenance {
    /// Who started it: a login of GitHub, or on a laptop the name of the caller of AWS.
    pub by: Option<String>,
    /// The event of GitHub that triggered it, or [`LOCAL`].
    pub trigger: Option<String>,
    /// The run of the workflow with its attempt, `OWNER/NAME/ID/ATTEMPT`, or [`LOCAL`]. The kinds write it themselves:
    /// without it a record is none.
    pub run: Option<String>,
    /// When the run began, UTC, in whole seconds.
    pub began: Option<Timestamp>,
    /// When the release's commit was made, by its committer's clock.
    pub committed: Option<Timestamp>,
    /// Who approved the change: logins of GitHub.
    pub approvers: Vec<String>,
    /// The runs whose plans were carried out with this entry after people approved them, the newest last: none of them is
    /// carried out again.
    pub plan_runs: Vec<u64>,
    /// The gates that were overridden.
    pub overrides: Vec<OverriddenGate>,
    /// The digest of the plan that was carried out: with the gate policy and the checklist of the person who decided.
    pub plan: Option<Digest>,
}

/// A gate that was overridden.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverriddenGate {
    /// The gate's name.
    pub gate: String,
    /// Why, in somebody's words.
    pub reason: String,
}

impl Provenance {
    /// That of a run outside a workflow.
    pub fn local(person: Option<&str>) -> Self {
        let local = || Some(LOCAL.to_owned());
        Self { by: person.map(str::to_owned), trigger: local(), run: local(), ..Self::default() }
    }

    /// Who is named where there is room for one name: the run, and outside a workflow the person.
    pub fn author(&self) -> &str {
        let run = self.run.as_deref().filter(|run| *run != LOCAL);
        run.or(self.by.as_deref()).unwrap_or(LOCAL)
    }

    /// It as tags, in the order of [`KEYS`], without the run. Of names and reasons that are too long the begin is kept.
    pub fn tags(&self) -> Vec<(&'static str, String)> {
        let names = |names: &[&str]| {
            let mut value = String::new();
            for name in names.iter().map(|name| encode_within(name, " ", LONGEST_NAME)) {
                if value.len() + name.len() < LONGEST_VALUE && !name.is_empty() {
                    let separator = if value.is_empty() { "" } else { " " };
                    value = format!("{value}{separator}{name}");
                }
            }
            value
        };
        let started = [&self.by, &self.trigger].map(|name| name.as_deref().unwrap_or(UNKNOWN));
        let approvers: Vec<&str> = self.approvers.iter().map(String::as_str).collect();
        let values = [
            runs_in_tag(&self.plan_runs),
            overrides_in_tag(&self.overrides),
            names(&approvers),
            if started == [UNKNOWN; 2] { String::new() } else { names(&started) },
            self.plan.as_ref().map(ToString::to_string).unwrap_or_default(),
            self.began.map(time).unwrap_or_default(),
            self.committed.map(time).unwrap_or_default(),
        ];
        KEYS.into_iter().zip(values).filter(|(_, value)| !value.is_empty()).collect()
    }

    /// Reads it back, without the run. What cannot be read counts as not there.
    pub fn read(tags: &[(String, String)]) -> Self {
        let value = |key: &str| tags.iter().find(|(found, _)| found == key).map_or("", |(_, value)| value.as_str());
        let names = |key: &str| value(key).split(' ').map(decode).filter(|name| !name.is_empty()).collect::<Vec<_>>();
        let mut started = names(BY).into_iter().map(|name| Some(name).filter(|name| name != UNKNOWN));
        let overrides = value(OVERRIDES).split('/').filter_map(|one| one.split_once(':'));
        let overrides = overrides.map(|(gate, reason)| OverriddenGate { gate: decode(gate), reason: decode(reason) });
        Self {
            by: started.next().flatten(),
            trigger: started.next().flatten(),
            run: None,
            began: value(BEGAN).parse().ok(),
            committed: value(COMMITTED).parse().ok(),
            approvers: names(APPROVED_BY),
            plan_runs: value(PLAN_RUNS).split(' ').filter_map(|run| run.parse().ok()).collect(),
            overrides: overrides.filter(|it| !it.gate.is_empty()).collect(),
            plan: value(PLAN).parse().ok(),
        }
    }
}

/// The numbers of runs, separated by spaces. Of more than there is room for, the newest.
fn runs_in_tag(runs: &[u64]) -> String {
    let mut value = String::new();
    for run in runs.iter().rev() {
        let longer = if value.is_empty() { run.to_string() } else { format!("{run} {value}") };
        if longer.len() > LONGEST_VALUE {
            break;
        }
        value = longer;
    }
    value
}

/// `GATE:REASON` of each, separated by `/`. Where they are too long, each has the same room.
fn overrides_in_tag(overrides: &[OverriddenGate]) -> String {
    let within = |most: usize| {
        let each = overrides.iter().map(|OverriddenGate { gate, reason }| {
            let gate = encode_within(gate, "/:", most);
            let room = most.saturating_sub(gate.len() + 1);
            format!("{gate}:{}", encode_within(reason, "/", room).trim_end())
        });
        each.collect::<Vec<_>>().join("/")
    };
    let whole = within(LONGEST_VALUE);
    if whole.len() <= LONGEST_VALUE {
        return whole;
    }
    // One character of each share separates.
    within((LONGEST_VALUE + 1) / overrides.len().max(1) - 1).chars().take(LONGEST_VALUE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ledger::is_allowed;
    use crate::domain::neutral;
    use proptest::prelude::*;

    fn owned(tags: Vec<(&'static str, String)>) -> Vec<(String, String)> {
        tags.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
    }

    fn overriding(gate: &str, reason: &str) -> OverriddenGate {
        OverriddenGate { gate: gate.to_owned(), reason: reason.to_owned() }
    }

    fn all() -> Provenance {
        Provenance {
            by: Some("dependabot[bot]".to_owned()),
            trigger: Some("workflow_dispatch".to_owned()),
            run: None,
            began: Some("2026-11-21T09:30:00Z".parse().unwrap()),
            committed: Some("2026-11-20T16:02:40Z".parse().unwrap()),
            approvers: vec!["ben".to_owned(), "eva".to_owned()],
            plan_runs: vec![4711, 4712],
            overrides: vec![overriding("freeze", "carts/checkout fail: 50 %"), overriding("soak", "süß")],
            plan: Some(Digest::of("plan")),
        }
    }

    #[test]
    fn what_is_worth_most_comes_first() {
        let tags = all().tags();
        assert_eq!(
            tags,
            [
                ("shipgate:plan-runs", "4711 4712".to_owned()),
                ("shipgate:overrides", "freeze:carts=2Fcheckout fail: 50 =25/soak:s=C3=BC=C3=9F".to_owned()),
                ("shipgate:approved-by", "ben eva".to_owned()),
                ("shipgate:by", "dependabot=5Bbot=5D workflow_dispatch".to_owned()),
                ("shipgate:plan", Digest::of("plan").to_string()),
                ("shipgate:began", "2026-11-21T09:30:00Z".to_owned()),
                ("shipgate:committed", "2026-11-20T16:02:40Z".to_owned()),
            ]
        );
        assert_eq!(Provenance::read(&owned(tags)), all());
    }

    #[test]
    fn what_is_not_known_is_not_written_and_not_read() {
        assert_eq!(Provenance::default().tags(), []);
        let local = Provenance::local(None);
        assert_eq!(local.tags(), [("shipgate:by", "- local".to_owned())]);
        assert_eq!(Provenance::read(&owned(local.tags())), Provenance { run: None, ..local });
        for (key, value) in [
            (BY, ""),
            (BY, "-"),
            (BY, " "),
            (BEGAN, "noon"),
            (OVERRIDES, "freeze"),
            (OVERRIDES, ":x"),
            (APPROVED_BY, " "),
        ] {
            let read = Provenance::read(&[(key.to_owned(), value.to_owned())]);
            assert_eq!(read, Provenance::default(), "{key} {value:?}");
        }
    }

    #[test]
    fn the_author_is_the_run_or_the_person() {
        let of = |run: Option<&str>, by: Option<&str>| {
            let owned = |text: Option<&str>| text.map(str::to_owned);
            Provenance { run: owned(run), by: owned(by), ..Provenance::default() }.author().to_owned()
        };
        assert_eq!(of(Some("o/r/7/1"), Some("ana")), "o/r/7/1");
        assert_eq!(of(Some(LOCAL), Some("ana")), "ana");
        assert_eq!(of(Some(LOCAL), None), LOCAL);
    }

    #[test]
    fn every_override_keeps_its_name_and_a_part_of_its_reason() {
        for (count, kept) in [(1, 249), (2, 120), (9, 20)] {
            let long =
                Provenance { overrides: vec![overriding("freeze", &"x".repeat(300)); count], ..Provenance::default() };
            let tags = long.tags();
            assert!(tags[0].1.len() <= LONGEST_VALUE);
            let read = Provenance::read(&owned(tags)).overrides;
            assert_eq!(read, vec![overriding("freeze", &"x".repeat(kept)); count], "{count}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            by in proptest::option::of("[a-zA-Z0-9@.+_\\[\\]-]{2,39}"), trigger in "[a-z_]{2,40}",
            approvers in proptest::collection::vec("[a-zA-Z0-9-]{2,39}", 0..5),
            plan_runs in proptest::collection::vec(0_u64..1_000_000_000_000, 0..5),
            overrides in proptest::collection::vec(("[a-z]{4,9}", "[a-zA-Z äö/:=]{0,20}"), 0..3),
            began in proptest::option::of(0_i64..4_000_000_000), committed in proptest::option::of(0_i64..4_000_000_000),
        ) {
            let at = |second: Option<i64>| second.map(|second| Timestamp::from_second(second).unwrap());
            let overrides = overrides.iter().map(|(gate, reason)| overriding(gate, neutral::line(reason).trim_end()));
            let written = Provenance {
                by, trigger: Some(trigger), run: None, began: at(began), committed: at(committed), approvers, plan_runs,
                overrides: overrides.collect(), plan: Some(Digest::of("plan")),
            };
            prop_assert_eq!(Provenance::read(&owned(written.tags())), written);
        }

        #[test]
        fn any_text_becomes_tags_that_aws_takes(
            names in proptest::collection::vec(".{0,300}", 0..6),
            overrides in proptest::collection::vec((".{0,30}", ".{0,300}"), 0..40),
        ) {
            let overrides = overrides.iter().map(|(gate, reason)| overriding(gate, reason)).collect();
            let odd = Provenance {
                by: names.first().cloned(), trigger: names.last().cloned(), approvers: names, overrides,
                ..Provenance::default()
            };
            for (key, value) in odd.tags() {
                prop_assert!(value.len() <= LONGEST_VALUE && value.chars().all(is_allowed), "{}={}", key, value);
            }
        }
    }
}
