//! Where the hold of a rollback is kept.
//!
//! It has two homes: a tag of the service, and one of the revision that the service runs then, which a tool that manages
//! the service's tags does not touch. Each revision that is registered later takes the holds of the one before over. So
//! whatever the service runs has them, and they are found without a search.

use super::ids::RevisionArn;
use super::service::{Service, TaskRevision};
use crate::domain::ecs::ledger;
use crate::domain::hold::{self, Hold, HoldScope};

/// Where a hold goes that a rollback is to put on a component.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Homes {
    /// Whether the service has room for it.
    pub on_service: bool,
    /// The ARN of the revision that the component runs, where that has room for it and is of no other service.
    pub revision: Option<RevisionArn>,
}

/// The homes of holds that are put on a service one after the other.
pub fn homes(service: &Service, live: &TaskRevision, holds: &[String]) -> Vec<Homes> {
    let mut on_service = service.tag_keys.clone();
    let mut on_revision = live.tag_keys.clone();
    let mark = ledger::service_key().to_owned();
    let each = holds.iter().map(|key| Homes {
        on_service: take_room(&mut on_service, &[key]),
        revision: (!live.of_another && take_room(&mut on_revision, &[key, &mark])).then(|| live.arn.clone()),
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
pub fn holds(service: &Service, live: &TaskRevision, others: &[TaskRevision]) -> Vec<Hold> {
    let of_revisions = others.iter().flat_map(|revision| &revision.holds);
    hold::merged(service.holds.iter().chain(&live.holds).chain(of_revisions))
}

/// The holds that the next revision takes over. One by hand stays on the service alone. Of two with the same key, one
/// that cannot be read goes first, and what stands on a revision before what stands on the service.
pub fn to_carry(service: &Service, live: &TaskRevision, others: &[TaskRevision]) -> Vec<Hold> {
    let of_service = service.holds.iter().filter(|hold| !matches!(hold.scope, HoldScope::All { .. }));
    let of_revisions = others.iter().flat_map(|revision| &revision.holds);
    let mut holds: Vec<Hold> = live.holds.iter().chain(of_revisions).chain(of_service).cloned().collect();
    holds.sort_by_key(|hold| hold.scope != HoldScope::Unreadable);
    holds
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::domain::ecs::evidence::tests::registered;
    use crate::domain::ecs::plan::EcsFacts;
    use crate::domain::ecs::plan::tests::facts;
    use crate::domain::release::GitSha;
    use jiff::Timestamp;

    pub(crate) fn sha(number: usize) -> GitSha {
        format!("{number:040x}").parse().unwrap()
    }

    pub(crate) fn hold(left: usize, returned: usize) -> Hold {
        Hold::of_rollback(&sha(left), Some(&sha(returned)), "local", Timestamp::UNIX_EPOCH)
    }

    pub(crate) fn keys(count: usize) -> Vec<String> {
        (0..count).map(|number| format!("team:{number}")).collect()
    }

    #[test]
    fn a_full_resource_is_no_home_but_for_what_it_has() {
        let mut facts = facts(registered(7, 'a', "deployed"), vec![]);
        facts.live.tag_keys = vec!["shipgate:service".to_owned()];
        let wanted = [hold(1, 2).key, hold(3, 2).key];
        let of = |facts: &EcsFacts| {
            let homes = homes(&facts.service, &facts.live, &wanted);
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
}
