//! The holds on a site: one object with all of them, each written as the tag that it would be elsewhere.

use serde::{Deserialize, Serialize};

use super::document;
use crate::domain::hold::{self, Hold, HoldScope};

/// The only form of the object that is known.
const SCHEMA: &str = "shipgate/holds/v1";

/// The holds on a site.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SiteHolds {
    /// The holds.
    pub holds: Vec<Hold>,
    /// The note of who lifted the holds last: its key and value ([`hold::lifted`]).
    pub lifted: Option<(String, String)>,
}

impl SiteHolds {
    /// What an object says. One that cannot be read stops every release. `place`: its key.
    pub fn of(text: &[u8], place: &str) -> Self {
        let stop = |_why| Hold { scope: HoldScope::Unreadable, at: None, run: None, key: place.to_owned() };
        Self::read(text).unwrap_or_else(|why| Self { holds: vec![stop(why)], lifted: None })
    }

    /// It with one more hold, in the place of one with the same key.
    #[must_use]
    pub fn with(mut self, hold: Hold) -> Self {
        self.holds.retain(|there| there.key != hold.key);
        self.holds.push(hold);
        self
    }

    /// It without some holds.
    #[must_use]
    pub fn without(mut self, holds: &[Hold]) -> Self {
        self.holds.retain(|there| !holds.contains(there));
        self
    }

    /// Reads the object.
    ///
    /// # Errors
    ///
    /// Why it cannot be understood, in words.
    pub fn read(text: &[u8]) -> Result<Self, String> {
        let document: HoldsDocument = document::read(text, SCHEMA)?;
        let tags: Vec<(String, String)> = document.holds.into_iter().map(|Tag { key, value }| (key, value)).collect();
        let holds = hold::read(&tags);
        if holds.len() != tags.len() {
            return Err("its `holds` has what is no hold".to_owned());
        }
        let lifted = document.lifted.map(|Tag { key, value }| (key, value));
        if lifted.as_ref().is_some_and(|(key, _)| key != hold::note_key()) {
            return Err("its `lifted` is no note".to_owned());
        }
        Ok(Self { holds, lifted })
    }

    /// The object.
    pub fn document(&self) -> String {
        let tag = |(key, value)| Tag { key, value };
        let holds = self.holds.iter().map(|hold| tag(hold.tag())).collect();
        document::write(&HoldsDocument { holds, lifted: self.lifted.clone().map(tag) }, SCHEMA)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HoldsDocument {
    holds: Vec<Tag>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lifted: Option<Tag>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tag {
    key: String,
    value: String,
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::release::GitSha;

    fn sha(letter: char) -> GitSha {
        letter.to_string().repeat(40).parse().unwrap()
    }

    fn all() -> SiteHolds {
        let at = Timestamp::UNIX_EPOCH;
        let by_hand = Hold::by_hand("carts fail: 50 %", "o/r/7/1", at).unwrap();
        let of_rollback = Hold::of_rollback(&sha('b'), Some(&sha('a')), "local", at);
        SiteHolds { holds: vec![by_hand, of_rollback], lifted: Some(hold::lifted("fixed", "o/r/6/1", at)) }
    }

    #[test]
    fn holds_read_as_they_were_written() {
        for holds in [all(), SiteHolds::default()] {
            assert_eq!(SiteHolds::read(holds.document().as_bytes()), Ok(holds));
        }
    }

    #[test]
    fn what_cannot_be_read_stops_every_release() {
        let good: Value = serde_json::from_str(&all().document()).unwrap();
        let mut texts = vec![String::new(), "[]".to_owned()];
        for (key, value) in [
            ("schema", json!("shipgate/holds/v2")),
            ("holds", json!([{"key": "team", "value": "shop"}])),
            ("holds", json!([{"key": "shipgate:hold", "value": 7}])),
            ("lifted", json!({"key": "shipgate:hold", "value": ""})),
            ("more", json!(1)),
        ] {
            let mut wrong = good.clone();
            wrong[key] = value;
            texts.push(wrong.to_string());
        }
        for text in texts {
            let holds = SiteHolds::of(text.as_bytes(), "shipgate/frontend/holds.json").holds;
            assert_eq!(holds.len(), 1, "{text}");
            assert_eq!(holds[0].covers(Some(false), Some(true), Some(false)), Some(true), "{text}");
        }
        let mut odd = good;
        odd["holds"][0]["value"] = json!("");
        let holds = SiteHolds::of(odd.to_string().as_bytes(), "x").holds;
        assert_eq!(holds.iter().map(|hold| &hold.scope).filter(|it| **it == HoldScope::Unreadable).count(), 1);
    }

    #[test]
    fn one_of_the_same_key_is_replaced_and_only_what_was_seen_is_lifted() {
        let (all, at) = (all(), Timestamp::from_second(9).unwrap());
        let again = Hold::by_hand("still", "local", at).unwrap();
        let more = all.clone().with(again.clone());
        assert_eq!(more.holds, [all.holds[1].clone(), again.clone()]);
        assert_eq!(more.without(&all.holds).holds, [again], "the new one was not seen");
    }
}
