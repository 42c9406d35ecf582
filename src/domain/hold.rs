//! Holds: stop signs on an environment, kept as tags of its services; those of rollbacks also of revisions
//! (`ecs/homes.rs`).
//!
//! One by hand covers every release. One that a rollback leaves covers the commits that are reachable from the release
//! it left and not from the one it returned to: the fixed commit that follows passes, by being newer. What ran before the
//! first release has no commit, so a rollback to that covers whatever is reachable from the release it left.

use jiff::Timestamp;

use super::gate::{ChangeCommand, GatePolicy, GateSubject, Gated};
use super::ledger;
use super::names::EnvironmentName;
use super::neutral;
use super::release::{GitSha, ReleaseName};

/// The key of a hold by hand, and what the keys of all others begin with.
const HOLD: &str = "shipgate:hold";
/// The key of the note of who lifted the holds last.
const LIFTED: &str = "shipgate:unhold";

/// Putting a hold on components of an environment.
#[derive(Debug)]
pub struct HoldRequest {
    /// The environment.
    pub environment: EnvironmentName,
    /// What is held, in words.
    pub place: String,
    /// The environment's policy.
    pub policy: GatePolicy,
}

impl Gated for HoldRequest {
    fn subject(&self) -> GateSubject<'_> {
        GateSubject {
            command: ChangeCommand::Hold,
            environment: &self.environment,
            release: None,
            place: &self.place,
            policy: &self.policy,
            overrides: &[],
        }
    }
}

/// A hold on a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// The releases it stops.
    pub scope: HoldScope,
    /// When it was put there.
    pub at: Option<Timestamp>,
    /// The run that put it there; on a laptop the person (`Provenance::author`).
    pub run: Option<String>,
    /// The tag's key.
    pub key: String,
}

/// Which releases a hold stops.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HoldScope {
    /// Every one.
    All {
        /// Why, in somebody's words, neutral.
        reason: String,
    },
    /// Those that a rollback left.
    Left {
        /// The release that was left.
        left: GitSha,
        /// The release it returned to. `None`: the baseline.
        returned: Option<GitSha>,
    },
    /// A tag that has the name of a hold and cannot be read stops every release.
    Unreadable,
}

impl Hold {
    /// A hold by hand.
    ///
    /// # Errors
    ///
    /// By how many characters the reason is too long.
    pub fn by_hand(reason: &str, run: &str, at: Timestamp) -> Result<Self, usize> {
        let hold = Self::new(HoldScope::All { reason: neutral::phrase(reason, usize::MAX) }, HOLD.to_owned(), run, at);
        let length = hold.value().len();
        if length > ledger::LONGEST_VALUE { Err(length - ledger::LONGEST_VALUE) } else { Ok(hold) }
    }

    /// The hold of a rollback.
    pub fn of_rollback(left: &GitSha, returned: Option<&GitSha>, run: &str, at: Timestamp) -> Self {
        let scope = HoldScope::Left { left: left.clone(), returned: returned.cloned() };
        Self::new(scope, key(left), run, at)
    }

    fn new(scope: HoldScope, key: String, run: &str, at: Timestamp) -> Self {
        // As it will be read: whole seconds, and one word.
        let at = Timestamp::from_second(at.as_second()).unwrap_or(at);
        let run = ledger::tag_value(run).replace(' ', "_").chars().take(120).collect();
        Self { scope, at: Some(at), run: Some(run), key }
    }

    /// The tag: key and value.
    pub fn tag(&self) -> (String, String) {
        (self.key.clone(), self.value())
    }

    /// `TIME RUN` and the rest: the reason, or the release returned to.
    fn value(&self) -> String {
        let rest = match &self.scope {
            HoldScope::All { reason } => ledger::encode(reason),
            HoldScope::Left { returned, .. } => name(returned.as_ref()),
            HoldScope::Unreadable => String::new(),
        };
        let at = self.at.map(ledger::time).unwrap_or_default();
        format!("{at} {} {rest}", self.run.as_deref().unwrap_or_default())
    }

    /// Whether it stops a release, of which is known whether it is reachable from the release that was left, and from
    /// the one that was returned to. `None`: that is not known. `is_empty`: whether the release that was left is
    /// reachable from the one that was returned to. No rollback writes such a hold, so somebody changed it, and it
    /// stops everything.
    pub fn covers(&self, in_left: Option<bool>, in_returned: Option<bool>, is_empty: Option<bool>) -> Option<bool> {
        if !matches!(self.scope, HoldScope::Left { .. }) || is_empty == Some(true) {
            return Some(true);
        }
        match (in_left, in_returned) {
            (Some(false), _) | (_, Some(true)) => Some(false),
            (Some(true), Some(false)) => Some(true),
            _ => None,
        }
    }

    /// Whether a rollback has put it there: it bars commits, and newer ones pass.
    pub fn is_bar(&self) -> bool {
        matches!(self.scope, HoldScope::Left { .. })
    }

    /// What it does to an environment, for people: one by hand holds it, a rollback bars commits from it.
    pub fn word(&self) -> &'static str {
        if self.is_bar() { "barred" } else { "held" }
    }

    /// Why it is there, since when and by whom, for people.
    pub fn described(&self) -> String {
        let since = self.at.map(|at| format!("since {}", at.strftime("%Y-%m-%d %H:%M:%SZ")));
        let by = self.run.as_ref().map(|run| format!("by {run}"));
        let origin: Vec<String> = since.into_iter().chain(by).collect();
        let reason = self.reason();
        if origin.is_empty() { reason } else { format!("{reason} ({})", origin.join(" ")) }
    }

    /// Why it is there, for people.
    pub fn reason(&self) -> String {
        match &self.scope {
            HoldScope::All { reason } => reason.clone(),
            HoldScope::Left { left, returned } => {
                let returned = returned.as_ref().map_or(ReleaseName::BASELINE, GitSha::short);
                format!("rolled back from {} to {returned}", left.short())
            }
            // AWS allows no such characters in a key; what imitates it may.
            HoldScope::Unreadable => format!("the tag `{}` cannot be read", neutral::phrase(&self.key, 128)),
        }
    }
}

/// The key of the hold of a rollback that left a release.
pub fn key(left: &GitSha) -> String {
    format!("{HOLD}:{left}")
}

/// The key of the note of who lifted the holds last.
pub fn note_key() -> &'static str {
    LIFTED
}

/// The holds among the tags of a service.
pub fn read(tags: &[(String, String)]) -> Vec<Hold> {
    tags.iter().filter_map(|(key, value)| read_one(key, value)).collect()
}

/// Holds of several places, each once.
pub fn merged<'a>(holds: impl IntoIterator<Item = &'a Hold>) -> Vec<Hold> {
    let mut merged: Vec<Hold> = Vec::new();
    for hold in holds {
        if !merged.iter().any(|there| there.key == hold.key && there.scope == hold.scope) {
            merged.push(hold.clone());
        }
    }
    merged
}

/// The note of who lifted the holds and why, as a tag. What does not fit of the reason is cut.
pub fn lifted(reason: &str, run: &str, at: Timestamp) -> (String, String) {
    let run = ledger::tag_value(run).replace(' ', "_");
    let text = format!("{} {run} {}", ledger::time(at), ledger::encode(reason));
    (LIFTED.to_owned(), text.chars().take(ledger::LONGEST_VALUE).collect())
}

/// The release that a rollback returned to, as tags and documents have it.
pub fn name(returned: Option<&GitSha>) -> String {
    returned.map_or_else(|| ReleaseName::BASELINE.to_owned(), GitSha::to_string)
}

/// The scope of a rollback's hold, from its tag. `None`: it is none, or one that would stop nothing: somebody has written it
/// in the place of another.
fn scope(left: &str, returned: &str) -> Option<HoldScope> {
    let left: GitSha = left.parse().ok()?;
    if returned == ReleaseName::BASELINE {
        return Some(HoldScope::Left { left, returned: None });
    }
    let returned: GitSha = returned.parse().ok()?;
    (left != returned).then_some(HoldScope::Left { left, returned: Some(returned) })
}

fn read_one(key: &str, value: &str) -> Option<Hold> {
    let rest = key.strip_prefix(HOLD)?;
    if !rest.is_empty() && !rest.starts_with(':') {
        return None;
    }
    let mut parts = value.splitn(3, ' ');
    let at = parts.next().and_then(|at| at.parse().ok());
    let run = parts.next().filter(|run| !run.is_empty()).map(ledger::tag_value);
    let last = parts.next();
    let scope = match rest.strip_prefix(':') {
        None => last.map(|reason| HoldScope::All { reason: ledger::decode(reason) }),
        Some(left) => last.and_then(|returned| scope(left, returned)),
    };
    Some(Hold { scope: scope.unwrap_or(HoldScope::Unreadable), at, run, key: key.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sha(digit: char) -> GitSha {
        digit.to_string().repeat(40).parse().unwrap()
    }

    fn now() -> Timestamp {
        "2026-11-21T04:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_hold_by_hand_keeps_its_reason() {
        let reason = "don't ship: 50 % of carts fail, süß = \"no\"";
        let hold = Hold::by_hand(reason, "acme/shop/7/1", now()).unwrap();
        let (key, value) = hold.tag();
        assert!(value.chars().all(ledger::is_allowed), "{value}");
        assert_eq!(read(&[(key, value), ("team".to_owned(), "shop".to_owned())]), std::slice::from_ref(&hold));
        assert_eq!(hold.reason(), reason);
        assert_eq!(hold.described(), format!("{reason} (since 2026-11-21 04:00:00Z by acme/shop/7/1)"));
        assert_eq!(Hold::by_hand(&"x".repeat(300), "r", now()), Err(300 + 23 - 256));
    }

    #[test]
    fn a_rollback_holds_what_it_left() {
        let hold = Hold::of_rollback(&sha('c'), Some(&sha('a')), "a run with spaces", now());
        assert_eq!(read(&[hold.tag()]), std::slice::from_ref(&hold));
        for (in_left, in_returned, covers) in [
            (Some(true), Some(false), Some(true)),
            (Some(true), Some(true), Some(false)),
            (Some(false), Some(false), Some(false)),
            (Some(false), None, Some(false)),
            (None, Some(true), Some(false)),
            (None, Some(false), None),
            (Some(true), None, None),
            (None, None, None),
        ] {
            for is_empty in [Some(false), None] {
                assert_eq!(hold.covers(in_left, in_returned, is_empty), covers, "{in_left:?} {in_returned:?}");
            }
            assert_eq!(hold.covers(in_left, in_returned, Some(true)), Some(true), "{in_left:?} {in_returned:?}");
        }
    }

    #[test]
    fn a_rollback_to_the_baseline_holds_all_that_the_release_it_left_has() {
        let hold = Hold::of_rollback(&sha('c'), None, "local", now());
        assert_eq!(hold.tag().1, "2026-11-21T04:00:00Z local baseline");
        assert_eq!(read(&[hold.tag()]), std::slice::from_ref(&hold));
        assert_eq!(hold.reason(), "rolled back from ccccccc to baseline");
        for (in_left, covers) in [(Some(true), Some(true)), (Some(false), Some(false)), (None, None)] {
            assert_eq!(hold.covers(in_left, Some(false), Some(false)), covers, "{in_left:?}");
        }
    }

    #[test]
    fn what_cannot_be_read_stops_everything() {
        let tag = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let (same, of_same) = (sha('c'), format!("shipgate:hold:{}", sha('c')));
        let neutralised = format!("2026-11-21T14:00:00Z local {same}");
        for (key, value) in [
            ("shipgate:hold", ""),
            ("shipgate:hold:abc", "x y z"),
            ("shipgate:hold:", ""),
            (of_same.as_str(), neutralised.as_str()),
            (of_same.as_str(), "2026-11-21T14:00:00Z local"),
        ] {
            let holds = read(&[tag(key, value)]);
            assert_eq!(holds.len(), 1, "{key}");
            assert_eq!(holds[0].scope, HoldScope::Unreadable, "{key}");
            assert_eq!(holds[0].covers(Some(false), Some(true), Some(false)), Some(true), "{key}");
        }
        assert_eq!(read(&[tag("shipgate:holder", ""), tag("shipgate:unhold", "")]), []);
    }

    proptest! {
        #[test]
        fn reading_never_fails(key in ".{0,60}", value in ".{0,300}") {
            let _holds = read(&[(format!("shipgate:hold{key}"), value)]);
        }
    }
}
