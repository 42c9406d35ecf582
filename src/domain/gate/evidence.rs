//! What gates look at, each thing known or not.

use jiff::Timestamp;

use super::ancestry::{CommitRelation, Reach};
use super::approval::{ApprovalEvidence, ProtectionEvidence};
use super::hold::HoldEvidence;
use super::identity::IdentityEvidence;
use super::judgement::Fact;
use super::proven::SourceProof;
use super::soak::Soaked;
use super::statuses::StatusesEvidence;
use crate::domain::contract::environment::ContractReport;
use crate::domain::origin::ReusedImage;

/// All that gates judge. What was not read is unknown.
#[derive(Debug, Clone)]
pub struct GateEvidence {
    /// The time.
    pub now: Timestamp,
    /// Whether the plan changes nothing that serves.
    pub changes_nothing: bool,
    /// Who makes the change.
    pub identity: Fact<IdentityEvidence>,
    /// The holds on what is changed.
    pub holds: Fact<Vec<HoldEvidence>>,
    /// What proves the release that is promoted.
    pub proof: Fact<SourceProof>,
    /// Since when it runs where it is promoted from.
    pub soak: Fact<Vec<Soaked>>,
    /// The images that were there already.
    pub reused: Fact<Vec<ReusedImage>>,
    /// The branches that have the commit.
    pub reach: Fact<Reach>,
    /// How the release stands to what runs.
    pub standings: Fact<Vec<CommitRelation>>,
    /// The commit's statuses that the configuration names.
    pub statuses: Fact<StatusesEvidence>,
    /// GitHub's environment of the same name.
    pub protection: Fact<ProtectionEvidence>,
    /// Who has approved.
    pub approval: Fact<ApprovalEvidence>,
    /// What the contracts of the components say of their values.
    pub contract: Fact<ContractReport>,
}

impl GateEvidence {
    /// Nothing but the time.
    pub fn new(now: Timestamp) -> Self {
        Self {
            now,
            changes_nothing: false,
            identity: Fact::unknown(NOT_SEEN),
            holds: Fact::unknown(NOT_SEEN),
            proof: Fact::unknown(NOT_SEEN),
            soak: Fact::unknown(NOT_SEEN),
            reused: Fact::unknown(NOT_SEEN),
            reach: Fact::unknown(NOT_SEEN),
            standings: Fact::unknown(NOT_SEEN),
            statuses: Fact::unknown(NOT_SEEN),
            protection: Fact::unknown(NOT_SEEN),
            approval: Fact::unknown(NOT_SEEN),
            contract: Fact::unknown(NOT_SEEN),
        }
    }
}

#[cfg(test)]
impl GateEvidence {
    /// Every default gate of every command lets this through.
    pub fn sound(now: Timestamp) -> Self {
        use crate::domain::comparison::CommitComparison;
        use crate::domain::gate::BranchReach;
        use crate::domain::promotion::Choice;

        let release: crate::domain::release::GitSha = "a".repeat(40).parse().unwrap();
        Self {
            identity: Fact::Is(IdentityEvidence {
                account: "123456789012".parse().unwrap(),
                expected: None,
                caller: "arn:aws:iam::123456789012:user/test".to_owned(),
                token: None,
                repository: None,
                default_branch: None,
                is_current: None,
            }),
            holds: Fact::Is(Vec::new()),
            proof: Fact::Is(SourceProof {
                source: "stage".parse().unwrap(),
                choice: Choice { release: release.clone(), components: Vec::new() },
                failures: Vec::new(),
            }),
            reach: Fact::Is(Reach {
                wanted: vec!["main".to_owned()],
                branches: vec![BranchReach { name: "main".to_owned(), has_commit: Fact::Is(true) }],
            }),
            standings: Fact::Is(vec![CommitRelation {
                component: "backend".parse().unwrap(),
                runs: Some(release),
                comparison: Fact::Is(CommitComparison::Ahead(2)),
            }]),
            ..Self::new(now)
        }
    }
}

const NOT_SEEN: &str = "it was not read";
