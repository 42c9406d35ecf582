//! What gates look at, each thing known or not.

use jiff::Timestamp;

use super::ancestry::{Reach, Standing};
use super::approval::{ApprovalEvidence, ProtectionEvidence};
use super::hold::HoldEvidence;
use super::identity::IdentityEvidence;
use super::judgement::Known;
use super::proven::Proof;
use super::soak::Soaked;
use super::statuses::StatusesEvidence;
use crate::domain::contract::environment::Held;
use crate::domain::origin::ReusedImage;

/// All that gates judge. What was not read is unknown.
#[derive(Debug, Clone)]
pub struct Evidence {
    /// The time.
    pub now: Timestamp,
    /// Whether the plan changes nothing that serves.
    pub changes_nothing: bool,
    /// Who makes the change.
    pub identity: Known<IdentityEvidence>,
    /// The holds on what is changed.
    pub holds: Known<Vec<HoldEvidence>>,
    /// What proves the release that is promoted.
    pub proof: Known<Proof>,
    /// Since when it runs where it is promoted from.
    pub soak: Known<Vec<Soaked>>,
    /// The images that were there already.
    pub reused: Known<Vec<ReusedImage>>,
    /// The branches that have the commit.
    pub reach: Known<Reach>,
    /// How the release stands to what runs.
    pub standings: Known<Vec<Standing>>,
    /// The commit's statuses that the configuration names.
    pub statuses: Known<StatusesEvidence>,
    /// GitHub's environment of the same name.
    pub protection: Known<ProtectionEvidence>,
    /// Who has approved.
    pub approval: Known<ApprovalEvidence>,
    /// What the contracts of the components say of their values.
    pub contract: Known<Held>,
}

impl Evidence {
    /// Nothing but the time.
    pub fn new(now: Timestamp) -> Self {
        Self {
            now,
            changes_nothing: false,
            identity: Known::unknown(NOT_SEEN),
            holds: Known::unknown(NOT_SEEN),
            proof: Known::unknown(NOT_SEEN),
            soak: Known::unknown(NOT_SEEN),
            reused: Known::unknown(NOT_SEEN),
            reach: Known::unknown(NOT_SEEN),
            standings: Known::unknown(NOT_SEEN),
            statuses: Known::unknown(NOT_SEEN),
            protection: Known::unknown(NOT_SEEN),
            approval: Known::unknown(NOT_SEEN),
            contract: Known::unknown(NOT_SEEN),
        }
    }
}

#[cfg(test)]
impl Evidence {
    /// Every default gate of every command lets this through.
    pub fn sound(now: Timestamp) -> Self {
        use crate::domain::comparison::Comparison;
        use crate::domain::gate::BranchReach;
        use crate::domain::promotion::Choice;

        let release: crate::domain::release::GitSha = "a".repeat(40).parse().unwrap();
        Self {
            identity: Known::Is(IdentityEvidence {
                account: "123456789012".parse().unwrap(),
                expected: None,
                caller: "arn:aws:iam::123456789012:user/test".to_owned(),
                token: None,
                repository: None,
                default_branch: None,
                is_current: None,
            }),
            holds: Known::Is(Vec::new()),
            proof: Known::Is(Proof {
                source: "stage".parse().unwrap(),
                choice: Choice { release: release.clone(), components: Vec::new() },
                failures: Vec::new(),
            }),
            reach: Known::Is(Reach {
                wanted: vec!["main".to_owned()],
                branches: vec![BranchReach { name: "main".to_owned(), has_commit: Known::Is(true) }],
            }),
            standings: Known::Is(vec![Standing {
                component: "backend".parse().unwrap(),
                runs: Some(release),
                comparison: Known::Is(Comparison::Ahead(2)),
            }]),
            ..Self::new(now)
        }
    }
}

const NOT_SEEN: &str = "it was not read";
