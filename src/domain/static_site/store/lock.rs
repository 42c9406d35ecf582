//! Who changes a site now: one run at a time. The lock is an object that is written over the version that was seen, and
//! never deleted: not every store that speaks S3 deletes on a condition.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::current::{KeptRelease, RawKept};
use super::document::{self, maybe, parsed, plain};

/// The only form of the object that is known.
const SCHEMA: &str = "shipgate/lock/v1";

/// So long a lock stays its owner's after it was renewed.
pub const LASTS: Duration = Duration::from_mins(10);

/// A run that changes a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// What no other run has.
    pub id: String,
    /// The run, for people.
    pub run: String,
}

/// Who changes a site now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    /// The run that has it.
    pub owner: Owner,
    /// When the run took it. `None`: it is not written.
    pub since: Option<Timestamp>,
    /// Afterwards somebody else may take it.
    pub until: Timestamp,
    /// Whether the run gave it back.
    pub released: bool,
    /// What runs began to put on the site, the newest first: this run's, and those of runs that did not come to their
    /// end. What they wrote is not known.
    pub begun: Vec<KeptRelease>,
}

impl Owner {
    /// Whether it is a later attempt of the same run of a workflow. GitHub begins one when the attempt before is over
    /// ([re-running](https://docs.github.com/en/actions/how-tos/manage-workflow-runs/re-run-workflows-and-jobs)).
    fn follows(&self, other: &Self) -> bool {
        let attempts = attempt(&self.run).zip(attempt(&other.run));
        attempts.is_some_and(|((run, number), (other, before))| run == other && number > before)
    }
}

/// A run `OWNER/NAME/ID/ATTEMPT` without its attempt, and that.
fn attempt(run: &str) -> Option<(&str, u32)> {
    let (run, attempt) = run.rsplit_once('/')?;
    let is_run = run.split('/').count() == 3 && run.rsplit_once('/')?.1.bytes().all(|byte| byte.is_ascii_digit());
    is_run.then_some((run, attempt.parse().ok()?))
}

impl Lock {
    /// The lock of a run that begins to put a release there. `before`: what was there.
    pub fn taken(owner: Owner, now: Timestamp, release: KeptRelease, before: Option<&Self>) -> Self {
        let mut begun = vec![release];
        let unfinished = before.map_or(&[][..], |before| &before.begun);
        begun.extend(unfinished.iter().filter(|one| **one != begun[0]).cloned().collect::<Vec<_>>());
        Self { owner, since: Some(now), until: until(now), released: false, begun }
    }

    /// Whether a run may take it.
    pub fn may_take(&self, owner: &Owner, now: Timestamp) -> bool {
        self.released || self.until < now || self.is_mine(owner) || owner.follows(&self.owner)
    }

    /// Whether enough of its time is over that its owner renews it before it writes on: half of it.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.until.duration_since(now) < jiff::SignedDuration::try_from(LASTS / 2).unwrap_or_default()
    }

    /// Whether it is this run's, and was not given back.
    pub fn is_mine(&self, owner: &Owner) -> bool {
        !self.released && self.owner.id == owner.id
    }

    /// Whether runs began something that did not come to its end, or has not yet.
    pub fn is_unfinished(&self) -> bool {
        !self.begun.is_empty()
    }

    /// It for some more time.
    #[must_use]
    pub fn renewed(&self, now: Timestamp) -> Self {
        Self { until: until(now), ..self.clone() }
    }

    /// It given back. `is_finished`: what the site serves is what the pointer says, so nothing is unknown any more.
    #[must_use]
    pub fn given_back(&self, is_finished: bool) -> Self {
        let begun = if is_finished { Vec::new() } else { self.begun.clone() };
        Self { released: true, begun, ..self.clone() }
    }

    /// Who has it, for people: since when, and when it ends if that run is over and did not give it back.
    pub fn described(&self) -> String {
        let time = |at: Timestamp| at.strftime("%Y-%m-%d %H:%M:%SZ");
        let (run, until) = (&self.owner.run, time(self.until));
        let has = match self.since {
            Some(since) => format!("{run} took the lock at {}", time(since)),
            None => format!("{run} has the lock"),
        };
        format!("{has}; if that run was killed, the lock ends at {until}")
    }

    /// Reads the object.
    ///
    /// # Errors
    ///
    /// Why it cannot be understood, in words.
    pub fn read(text: &[u8]) -> Result<Self, String> {
        let LockDocument { owner, run, since, until, released, begun } = document::read(text, SCHEMA)?;
        Ok(Self {
            owner: Owner { id: owner, run: plain(Some(run)).unwrap_or_default() },
            since: maybe(since.as_ref(), "`since` is not a time")?,
            until: parsed(&until, "`until` is not a time")?,
            released,
            begun: begun.into_iter().map(RawKept::read).collect::<Result<_, _>>()?,
        })
    }

    /// The object.
    pub fn document(&self) -> String {
        let Self { owner, since, until, released, begun } = self.clone();
        let begun = begun.iter().map(RawKept::of).collect();
        let (since, until) = (since.map(document::time), document::time(until));
        let document = LockDocument { owner: owner.id, run: owner.run, since, until, released, begun };
        document::write(&document, SCHEMA)
    }
}

fn until(now: Timestamp) -> Timestamp {
    // Only a clock at the end of time has none later.
    now.checked_add(LASTS).unwrap_or(now)
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LockDocument {
    owner: String,
    run: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    until: String,
    released: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    begun: Vec<RawKept>,
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::image::Digest;

    fn owner(id: &str) -> Owner {
        Owner { id: id.to_owned(), run: format!("run {id}") }
    }

    fn kept(letter: char) -> KeptRelease {
        KeptRelease {
            release: letter.to_string().repeat(40).parse().unwrap(),
            digest: Digest::of(letter.to_string()),
            exclude: Vec::new(),
            filled: None,
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_lock_is_taken_when_it_is_free() {
        let lock = Lock::taken(owner("a"), at(0), kept('a'), None);
        for (lock, who, second, may) in [
            (lock.clone(), "b", 599, false),
            (lock.clone(), "b", 600, false),
            (lock.clone(), "b", 601, true),
            (lock.clone(), "a", 1, true),
            (lock.renewed(at(500)), "b", 1100, false),
            (lock.given_back(true), "b", 1, true),
        ] {
            assert_eq!(lock.may_take(&owner(who), at(second)), may, "{who} {second}");
        }
        assert!(lock.is_mine(&owner("a")) && !lock.is_mine(&owner("b")) && !lock.given_back(true).is_mine(&owner("a")));
        let killed = "if that run was killed, the lock ends at 1970-01-01 00:10:00Z";
        assert_eq!(lock.described(), format!("run a took the lock at 1970-01-01 00:00:00Z; {killed}"));
        assert_eq!(Lock { since: None, ..lock.clone() }.described(), format!("run a has the lock; {killed}"));
        let renewed = lock.renewed(at(300)).described();
        assert!(renewed.contains("at 1970-01-01 00:00:00Z; ") && renewed.ends_with("00:15:00Z"), "{renewed}");
    }

    #[test]
    fn a_later_attempt_of_a_run_has_the_lock_of_the_one_before() {
        let owner = |run: &str| Owner { id: run.to_owned(), run: run.to_owned() };
        for (has, wants, may) in [
            ("o/r/7/1", "o/r/7/2", true),
            ("o/r/7/2", "o/r/7/10", true),
            // Jobs of one attempt may run at once.
            ("o/r/7/1", "o/r/7/1", false),
            ("o/r/7/2", "o/r/7/1", false),
            ("o/r/7/1", "o/r/8/2", false),
            ("o/r/7/1", "o/other/7/2", false),
            ("local", "local", false),
            ("o/7/1", "o/7/2", false),
            ("o/r/x/1", "o/r/x/2", false),
            ("o/r/7/one", "o/r/7/2", false),
        ] {
            let mut wants = owner(wants);
            wants.id.push('+');
            let lock = Lock::taken(owner(has), at(0), kept('a'), None);
            assert_eq!(lock.may_take(&wants, at(1)), may, "{has} {wants:?}");
        }
    }

    #[test]
    fn a_lock_is_renewed_when_half_of_its_time_is_over() {
        let lock = Lock::taken(owner("a"), at(0), kept('a'), None);
        assert_eq!([0, 300, 301, 900].map(|second| lock.is_due(at(second))), [false, false, true, true]);
    }

    #[test]
    fn what_runs_began_is_known_until_one_ends() {
        let begun = |lock: &Lock| lock.begun.iter().map(|one| one.release.to_string().remove(0)).collect::<String>();
        let dead = Lock::taken(owner("a"), at(0), kept('a'), None);
        let also_dead = Lock::taken(owner("b"), at(601), kept('b'), Some(&dead));
        let again = Lock::taken(owner("c"), at(1300), kept('a'), Some(&also_dead));
        assert_eq!((begun(&also_dead), begun(&again)), ("ba".to_owned(), "ab".to_owned()));
        assert_eq!((begun(&again.given_back(false)), begun(&again.given_back(true))), ("ab".to_owned(), String::new()));
        assert!(again.given_back(false).is_unfinished() && !again.given_back(true).is_unfinished());
    }

    #[test]
    fn what_cannot_be_understood_is_not_guessed() {
        let lock = Lock::taken(owner("a"), at(0), kept('a'), None);
        let good: Value = serde_json::from_str(&lock.document()).unwrap();
        assert_eq!(Lock::read(good.to_string().as_bytes()), Ok(lock.clone()));
        let mut without = good.clone();
        without.as_object_mut().unwrap().remove("since");
        assert_eq!(Lock::read(without.to_string().as_bytes()), Ok(Lock { since: None, ..lock }));
        for (key, value) in [
            ("schema", json!("shipgate/lock/v2")),
            ("since", json!("noon")),
            ("until", json!("noon")),
            ("released", json!("no")),
            ("begun", json!([1])),
            ("more", json!(1)),
        ] {
            let mut wrong = good.clone();
            wrong[key] = value;
            assert!(Lock::read(wrong.to_string().as_bytes()).is_err(), "{wrong}");
        }
    }
}
