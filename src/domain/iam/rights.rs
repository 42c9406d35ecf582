//! What rights are: actions on resources, as the statements of a policy have them.

use serde_json::{Map, Value, json};

use crate::domain::names::{AccountId, Region};
use crate::domain::role::Partition;

/// Actions that are allowed together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rights {
    /// The id of their statement, by which the documents and the tests name it.
    pub sid: &'static str,
    /// The actions.
    pub actions: &'static [&'static str],
}

/// The account and region that the resources of an environment are in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceScope {
    /// The account.
    pub account: AccountId,
    /// The region.
    pub region: Region,
}

impl ResourceScope {
    /// The ARN of a resource.
    pub fn arn(&self, service: &str, resource: &str) -> String {
        let Self { account, region } = self;
        format!("arn:{}:{service}:{region}:{account}:{resource}", Partition::of(region))
    }

    /// The ARN of a role of the account.
    pub fn role_arn(&self, name: &str) -> String {
        format!("arn:{}:iam::{}:role/{name}", Partition::of(&self.region), self.account)
    }
}

/// Rights that a component needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// Whose they are.
    pub purpose: NeededFor,
    /// The rights. Those of several components with the same id become one statement.
    pub statement: Statement,
}

/// What rights are needed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NeededFor {
    /// To look at the environment.
    Reading,
    /// To prove what it runs: after a change of it, and before a promotion from it.
    Proving,
    /// To change it.
    Changing,
}

/// A group of actions that are allowed together, with their resources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The actions, by the statement's id.
    pub rights: Rights,
    /// The resources.
    pub resources: Vec<String>,
    /// A condition.
    pub condition: Option<Condition>,
}

/// What has to be so beside the resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// A key of the request has this value.
    StringEquals {
        /// The key.
        key: &'static str,
        /// The value.
        value: &'static str,
    },
    /// A key of the request, where it has one, is one of some ARNs.
    ArnEqualsIfExists {
        /// The key.
        key: &'static str,
        /// The ARNs.
        arns: Vec<String>,
    },
}

impl Condition {
    fn add(&mut self, other: &Self) {
        if let (Self::ArnEqualsIfExists { arns, .. }, Self::ArnEqualsIfExists { arns: more, .. }) = (self, other) {
            arns.extend(more.iter().cloned());
            arns.sort();
            arns.dedup();
        }
    }

    fn to_json(&self) -> Value {
        let (operator, key, value) = match self {
            Self::StringEquals { key, value } => ("StringEquals", key, json!(value)),
            Self::ArnEqualsIfExists { key, arns } => ("ArnEqualsIfExists", key, json!(arns)),
        };
        json!({ operator: { *key: value } })
    }
}

impl Statement {
    /// A statement without a condition.
    pub fn new(rights: Rights, mut resources: Vec<String>) -> Self {
        resources.sort();
        resources.dedup();
        Self { rights, resources, condition: None }
    }

    pub(super) fn add(&mut self, other: Self) {
        let mut resources = std::mem::take(&mut self.resources);
        resources.extend(other.resources);
        let mut condition = self.condition.take();
        if let (Some(condition), Some(more)) = (&mut condition, &other.condition) {
            condition.add(more);
        }
        *self = Self { condition, ..Self::new(self.rights, resources) };
    }

    pub(super) fn to_json(&self) -> Value {
        let mut fields = Map::new();
        fields.insert("Sid".to_owned(), json!(self.rights.sid));
        fields.insert("Effect".to_owned(), json!("Allow"));
        fields.insert("Action".to_owned(), json!(self.rights.actions));
        fields.insert("Resource".to_owned(), json!(self.resources));
        if let Some(condition) = &self.condition {
            fields.insert("Condition".to_owned(), condition.to_json());
        }
        Value::Object(fields)
    }
}
