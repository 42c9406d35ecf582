//! Where the hold of a rollback is kept.
//!
//! It has two homes: a tag of the service, and one of the revision that the service runs then, which a tool that manages
//! the service's tags does not touch. Each revision that is registered later takes the holds of the one before over. So
//! whatever the service runs has them, and they are found without a search.

use std::collections::HashSet;

use jiff::Timestamp;

use super::ids::RevisionArn;
use super::plan::{EcsFacts, EcsPlan};
use super::service::{Revision, Service};
use crate::domain::ecs::ledger;
use crate::domain::hold::{self, Hold, HoldScope};

/// So many holds a new revision takes over; where there are more, one that stops every release stands for them.
const MOST_CARRIED: usize = 30;

/// The tags of shipgate that are always on a revision, its outcome among them. The deployment is written where there is room.
const OWN_TAGS: usize = 7;

/// Where a hold goes that a rollback is to put on a component.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Homes {
    /// Whether the service has room for it.
    pub on_service: bool,
    /// The ARN of the revision that the component runs, where that has room for it and is of no other service.
    pub revision: Option<RevisionArn>,
}

/// The homes of holds that are put on a service one after the other.
pub fn homes(facts: &EcsFacts, holds: &[String]) -> Vec<Homes> {
    let mut on_service = facts.service.tag_keys.clone();
    let mut on_revision = facts.live.tag_keys.clone();
    let mark = ledger::service_key().to_owned();
    let each = holds.iter().map(|key| Homes {
        on_service: take_room(&mut on_service, &[key]),
        revision: (!facts.live.of_another && take_room(&mut on_revision, &[key, &mark]))
            .then(|| facts.live.arn.clone()),
    });
    each.collect()
}

fn take_room(keys: &mut Vec<String>, more: &[&str]) -> bool {
    let has_room = ledger::has_room(keys, more);
    if has_room {
        keys.extend(more.iter().map(|key| (*key).to_owned()).filter(|key| !keys.contains(key)).collect::<Vec<_>>());
    }
    has_room
}

/// All holds on a service, in either home: its own, and those of what it runs and of the revisions beside that.
pub fn holds(service: &Service, live: &Revision, others: &[Revision]) -> Vec<Hold> {
    let of_revisions = others.iter().flat_map(|revision| &revision.holds);
    hold::merged(service.holds.iter().chain(&live.holds).chain(of_revisions))
}

/// The holds that the next revision takes over. One by hand stays on the service alone. Of two with the same key, one
/// that cannot be read goes first, and what stands on a revision before what stands on the service.
pub fn to_carry(facts: &EcsFacts) -> Vec<Hold> {
    let of_service = facts.service.holds.iter().filter(|hold| !matches!(hold.scope, HoldScope::All { .. }));
    let of_revisions = facts.others.iter().flat_map(|revision| &revision.holds);
    let mut holds: Vec<Hold> = facts.live.holds.iter().chain(of_revisions).chain(of_service).cloned().collect();
    holds.sort_by_key(|hold| hold.scope != HoldScope::Unreadable);
    holds
}

impl EcsPlan {
    /// The holds that the next revision has from the start: those that the rollback puts, and those of before.
    pub fn carried(&self, run: &str, now: Timestamp) -> Vec<Hold> {
        let new = self.new_holds.iter().map(|it| Hold::of_rollback(&it.left, &it.returned, run, now));
        let new: Vec<Hold> = new.collect();
        let mut keys = HashSet::new();
        let all = new.iter().chain(&self.carries).filter(|hold| keys.insert(&hold.key));
        let all: Vec<Hold> = all.cloned().collect();
        if all.len() <= MOST_CARRIED {
            return all;
        }
        let reason = format!("{} holds of rollbacks stand, more than a revision has room for", all.len());
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
    use crate::domain::ecs::plan::tests::{facts, known_image, target};
    use crate::domain::plan::LeftRelease;
    use crate::domain::release::GitSha;

    fn sha(number: usize) -> GitSha {
        format!("{number:040x}").parse().unwrap()
    }

    fn hold(left: usize, returned: usize) -> Hold {
        Hold::of_rollback(&sha(left), &sha(returned), "local", Timestamp::UNIX_EPOCH)
    }

    fn keys(count: usize) -> Vec<String> {
        (0..count).map(|number| format!("team:{number}")).collect()
    }

    fn planned(facts: &EcsFacts) -> EcsPlan {
        let release = "4b825dc642cb6eb9a060e54bf8d69288fbee4904".parse().unwrap();
        crate::domain::ecs::plan::plan(&target(), facts, &known_image('b'), &release).unwrap()
    }

    #[test]
    fn a_full_resource_is_no_home_but_for_what_it_has() {
        let mut facts = facts(registered(7, 'a', "deployed"), vec![]);
        facts.live.tag_keys = vec!["shipgate:service".to_owned()];
        let wanted = [hold(1, 2).key, hold(3, 2).key];
        let of = |facts: &EcsFacts| {
            let homes = homes(facts, &wanted);
            homes.iter().map(|homes| (homes.on_service, homes.revision.is_some())).collect::<Vec<_>>()
        };
        assert_eq!(of(&facts), [(true, true), (true, true)]);
        facts.service.tag_keys = keys(49);
        facts.live.tag_keys.extend(keys(49));
        assert_eq!(
            of(&facts),
            [(true, false), (false, false)],
            "room for one on the service, for none on the revision"
        );
        facts.service.tag_keys.push(hold(1, 2).key);
        assert!(of(&facts)[0].0, "one of the same key is replaced");
        facts.live.tag_keys.clear();
        facts.live.of_another = true;
        assert_eq!(of(&facts), [(true, false), (false, false)]);
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
        plan.new_holds = vec![LeftRelease { left: sha(1), returned: sha(9) }];
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
