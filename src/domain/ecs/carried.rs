//! What the next revision takes over of the one before, as far as there is room: holds, and the tags of others.

use std::collections::HashSet;

use jiff::Timestamp;

use super::plan::EcsPlan;
use crate::domain::hold::Hold;
use crate::domain::ledger;

/// Maximum number of holds that a new revision takes over; where there are more, one that stops every release replaces them.
const MOST_CARRIED: usize = 30;

/// The tags of shipgate that are always on a revision, its outcome among them. The deployment is written where there is room.
const OWN_TAGS: usize = 7;

impl EcsPlan {
    /// The holds that the next revision has from the start: those that the rollback puts, and those of before.
    pub fn carried(&self, run: &str, now: Timestamp) -> Vec<Hold> {
        let new = self.new_holds.iter().map(|it| Hold::of_rollback(&it.left, it.returned.as_ref(), run, now));
        let new: Vec<Hold> = new.collect();
        let mut keys = HashSet::new();
        let all = new.iter().chain(&self.carries).filter(|hold| keys.insert(&hold.key));
        let all: Vec<Hold> = all.cloned().collect();
        if all.len() <= MOST_CARRIED {
            return all;
        }
        let reason = format!("{} holds of rollbacks are in force, more than a revision has room for", all.len());
        let of_all = Hold::by_hand(&reason, run, now).ok();
        new.into_iter().take(MOST_CARRIED).chain(of_all).collect()
    }

    /// The tags of others that the next revision keeps, and the keys of those for which it has no room.
    pub fn kept_tags(&self) -> (&[(String, String)], Vec<&str>) {
        let optional = usize::from(self.restores.is_some()) + usize::from(self.target.has_pre_deploy.is_some());
        let ours = OWN_TAGS + optional + self.carried("", Timestamp::UNIX_EPOCH).len();
        let tags = &self.live.other_tags;
        let (kept, dropped) = tags.split_at(tags.len().min(ledger::ROOM.saturating_sub(ours)));
        (kept, dropped.iter().map(|(key, _)| key.as_str()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ecs::evidence::tests::registered;
    use crate::domain::ecs::homes::holds;
    use crate::domain::ecs::homes::tests::{hold, keys, sha};
    use crate::domain::ecs::plan::EcsFacts;
    use crate::domain::ecs::plan::tests::{facts, known_image, target};
    use crate::domain::hold::HoldScope;
    use crate::domain::plan::LeftRelease;

    fn planned(facts: &EcsFacts) -> EcsPlan {
        let release = "4b825dc642cb6eb9a060e54bf8d69288fbee4904".parse().unwrap();
        crate::domain::ecs::plan::plan(&target(), facts, &known_image('b'), &release).unwrap()
    }

    #[test]
    fn the_next_revision_takes_over_what_stands_in_either_home() {
        let mut facts = facts(registered(7, 'a', "deployed"), vec![registered(6, 'b', "deployed")]);
        facts.service.holds = vec![hold(1, 2), Hold::by_hand("x", "local", Timestamp::UNIX_EPOCH).unwrap()];
        facts.live.holds = vec![hold(3, 2), hold(1, 4)];
        facts.others[0].holds = vec![hold(5, 2)];
        let mut plan = planned(&facts);
        let carried = plan.carried("local", Timestamp::UNIX_EPOCH);
        assert_eq!(carried, [hold(3, 2), hold(1, 4), hold(5, 2)], "not the one by hand, and each key once");
        assert_eq!(holds(&facts.service, &facts.live, &facts.others).len(), 5, "the gate sees both of one key");
        plan.new_holds = vec![LeftRelease { left: sha(1), returned: Some(sha(9)) }];
        assert_eq!(plan.carried("local", Timestamp::UNIX_EPOCH)[0], hold(1, 9), "the new one takes its place");
        facts.live.holds = (0..31).map(|number| hold(number, 99)).collect();
        let carried = planned(&facts).carried("local", Timestamp::UNIX_EPOCH);
        assert!(matches!(carried.as_slice(), [Hold { scope: HoldScope::All { .. }, .. }]), "{carried:?}");
    }

    #[test]
    fn what_has_no_room_is_named() {
        let mut facts = facts(registered(7, 'a', "deployed"), vec![]);
        facts.live.other_tags = keys(42).into_iter().map(|key| (key, "x".to_owned())).collect();
        assert_eq!(planned(&facts).kept_tags().1, [""; 0]);
        facts.live.holds = vec![hold(1, 2), hold(3, 2)];
        let plan = planned(&facts);
        assert_eq!((plan.kept_tags().0.len(), plan.kept_tags().1), (40, vec!["team:40", "team:41"]));
    }
}
