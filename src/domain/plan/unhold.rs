//! The plan of `unhold`: exactly which holds are taken off, as people approve it.

use serde_json::{Value, json};

use super::moved::moved;
use crate::domain::gate::{ChangeCommand, GatePolicy, GateSubject, Gated};
use crate::domain::hold::{self, Hold, HoldScope};
use crate::domain::image::Digest;
use crate::domain::names::{AccountId, ComponentName, EnvironmentName, Region};
use crate::domain::target::EnvironmentTarget;

/// The version of the canonical form: another one whenever the same plan gets another text.
const VERSION: u32 = 1;

/// Taking all holds off components of an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnholdPlan {
    /// The application.
    pub app: String,
    /// The environment.
    pub environment: EnvironmentName,
    /// The account that the credentials are of.
    pub account: AccountId,
    /// The region that everything is in.
    pub region: Region,
    /// What is changed, in words: the environment, or some of its components.
    pub place: String,
    /// The gate policy.
    pub policy: GatePolicy,
    /// Why, in somebody's words, neutral.
    pub reason: String,
    /// The components, in the order they are changed.
    pub components: Vec<HeldComponent>,
}

/// A component with its holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldComponent {
    /// The component.
    pub name: ComponentName,
    /// Its kind, as in the configuration.
    pub kind: &'static str,
    /// What it is in AWS: a variable may name another service than the one that was approved.
    pub place: String,
    /// All that are taken off, of all places where they stand, each once.
    pub holds: Vec<Hold>,
}

impl UnholdPlan {
    /// The plan for what was seen of a target's components. `reason`: neutral.
    pub fn new(target: &EnvironmentTarget, account: AccountId, reason: String, components: Vec<HeldComponent>) -> Self {
        Self {
            app: target.app.clone(),
            environment: target.environment.clone(),
            account,
            region: target.region.clone(),
            place: target.place(),
            policy: target.policy.clone(),
            reason,
            components,
        }
    }

    /// The digest of what the plan means. A hold that was put there since, or again, makes another one: so an approval
    /// counts for the holds that somebody saw, and for nothing once they are off.
    pub fn digest(&self) -> Digest {
        Digest::of(self.document())
    }

    /// What the digest is made from, byte for byte: JSON.
    pub fn document(&self) -> String {
        self.canonical().to_string()
    }

    /// What differs from another plan to this one, each in a line. `shown`: the other's [`Self::document`].
    pub fn moved_since(&self, shown: &str) -> Vec<String> {
        moved(shown, &self.canonical())
    }

    /// Without who looked: both roles of an environment see the same.
    fn canonical(&self) -> Value {
        let mut value = json!({
            "version": VERSION,
            "command": Self::COMMAND,
            "app": self.app,
            "environment": self.environment.as_str(),
            "account": self.account,
            "region": self.region,
            "gates": self.policy.canonical(),
            "reason": self.reason,
            "components": self.components.iter().map(canonical_component).collect::<Vec<_>>(),
        });
        value.sort_all_objects();
        value
    }

    /// The command's word.
    pub const COMMAND: &'static str = "unhold";
}

impl Gated for UnholdPlan {
    fn subject(&self) -> GateSubject<'_> {
        GateSubject {
            command: ChangeCommand::Unhold,
            environment: &self.environment,
            release: None,
            place: &self.place,
            policy: &self.policy,
            overrides: &[],
        }
    }
}

fn canonical_component(component: &HeldComponent) -> Value {
    let mut holds: Vec<Value> = component.holds.iter().map(canonical_hold).collect();
    // AWS lists tags in any order.
    holds.sort_by_cached_key(Value::to_string);
    json!({ "name": component.name, "place": component.place, "holds": holds })
}

fn canonical_hold(hold: &Hold) -> Value {
    let mut value = match &hold.scope {
        HoldScope::All { reason } => json!({ "scope": "all", "reason": reason }),
        HoldScope::Left { left, returned } => {
            json!({ "scope": "rollback", "left": left.to_string(), "returned": hold::name(returned.as_ref()) })
        }
        HoldScope::Unreadable => json!({ "scope": "unreadable" }),
    };
    value["key"] = json!(hold.key);
    value["at"] = json!(hold.at.map(|at| at.to_string()));
    value["run"] = json!(hold.run);
    value.sort_all_objects();
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::gate::Approval;

    fn hold(reason: &str, run: &str, at: &str) -> Hold {
        Hold::by_hand(reason, run, at.parse().unwrap()).unwrap()
    }

    fn of_rollback(left: char) -> Hold {
        let sha = |digit: char| digit.to_string().repeat(40).parse().unwrap();
        Hold::of_rollback(&sha(left), Some(&sha('a')), "acme/shop/8/1", "2026-11-21T05:00:00Z".parse().unwrap())
    }

    fn plan() -> UnholdPlan {
        let component = |name: &str, holds| HeldComponent {
            name: name.parse().unwrap(),
            kind: "ecs",
            place: format!("service {name} of cluster live"),
            holds,
        };
        UnholdPlan {
            app: "shop".to_owned(),
            environment: "production".parse().unwrap(),
            account: "123456789012".parse().unwrap(),
            region: "us-east-1".parse().unwrap(),
            place: "production".to_owned(),
            policy: GatePolicy { approval: Some(Approval::None), ..GatePolicy::default() },
            reason: "repaired".to_owned(),
            components: vec![
                component(
                    "backend",
                    vec![hold("carts fail", "acme/shop/7/1", "2026-11-21T04:00:00Z"), of_rollback('c')],
                ),
                component("worker", vec![]),
            ],
        }
    }

    #[test]
    fn the_document_is_a_contract() {
        let (c, a) = ("c".repeat(40), "a".repeat(40));
        let expected = format!(
            r#"{{"account":"123456789012","app":"shop","command":"unhold","components":[{{"holds":[{{"at":"2026-11-21T04:00:00Z","key":"shipgate:hold","reason":"carts fail","run":"acme/shop/7/1","scope":"all"}},{{"at":"2026-11-21T05:00:00Z","key":"shipgate:hold:{c}","left":"{c}","returned":"{a}","run":"acme/shop/8/1","scope":"rollback"}}],"name":"backend","place":"service backend of cluster live"}},{{"holds":[],"name":"worker","place":"service worker of cluster live"}}],"environment":"production","gates":{{"approval":"none"}},"reason":"repaired","region":"us-east-1","version":1}}"#
        );
        assert_eq!(plan().document(), expected);
    }

    #[test]
    fn the_same_holds_in_another_order_are_the_same_plan() {
        let mut other = plan();
        other.components[0].holds.reverse();
        // What is not part of the approval: words for people, and how a component is made.
        other.place = "backend, worker of production".to_owned();
        assert_eq!(other.digest(), plan().digest());
    }

    type UnholdChange = (&'static str, fn(&mut UnholdPlan));

    #[test]
    fn whatever_is_approved_makes_another_plan() {
        let changes: [UnholdChange; 17] = [
            ("another hold", |plan| plan.components[0].holds.push(of_rollback('d'))),
            ("a hold on another component", |plan| plan.components[1].holds.push(of_rollback('c'))),
            ("a hold that is gone", |plan| drop(plan.components[0].holds.pop())),
            ("the same hold, put there again", |plan| {
                plan.components[0].holds[0] = hold("carts fail", "acme/shop/7/1", "2026-11-21T04:00:01Z");
            }),
            ("of another run", |plan| {
                plan.components[0].holds[0] = hold("carts fail", "acme/shop/7/2", "2026-11-21T04:00:00Z");
            }),
            ("for another reason", |plan| {
                plan.components[0].holds[0] = hold("carts failed", "acme/shop/7/1", "2026-11-21T04:00:00Z");
            }),
            ("with another key", |plan| plan.components[0].holds[0].key.push(':')),
            ("of a rollback from elsewhere", |plan| plan.components[0].holds[1] = of_rollback('d')),
            ("that cannot be read any more", |plan| plan.components[0].holds[1].scope = HoldScope::Unreadable),
            ("another component", |plan| plan.components[1].name = "site".parse().unwrap()),
            ("another service", |plan| plan.components[0].place.push('2')),
            ("a component less", |plan| drop(plan.components.pop())),
            ("another reason", |plan| plan.reason.push('!')),
            ("another policy", |plan| plan.policy.approval = None),
            ("another account", |plan| plan.account = "210987654321".parse().unwrap()),
            ("another region", |plan| plan.region = "eu-central-1".parse().unwrap()),
            ("another environment", |plan| plan.environment = "staging".parse().unwrap()),
        ];
        let mut digests = vec![plan().digest()];
        for (what, change) in changes {
            let mut other = plan();
            change(&mut other);
            assert!(!digests.contains(&other.digest()), "{what}");
            digests.push(other.digest());
        }
    }

    #[test]
    fn what_moved_is_said_by_name() {
        let mut now = plan();
        now.components[1].holds.push(hold("carts fail again", "acme/shop/9/1", "2026-11-21T06:00:00Z"));
        let moved = now.moved_since(&plan().document());
        assert!(moved[0].starts_with("component worker: holds was [], is [") && moved.len() == 1, "{moved:?}");
        assert!(moved[0].contains("2026-11-21T06:00:00Z"), "{moved:?}");
    }
}
