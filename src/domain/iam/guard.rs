//! The guard of the ledger: only the roles of shipgate write its tags.
//!
//! The ledger and the holds are tags, so they are worth as much as the right to tag. A `Deny` for everybody else makes that
//! right rare. As a service control policy it holds for a whole account; as a permissions boundary, for whom it is put on.
//!
//! `aws:TagKeys` is in the request of each call that writes or removes tags, and of those that tag what they create
//! ([ECS](https://docs.aws.amazon.com/AmazonECS/latest/developerguide/supported-iam-actions-tagging.html)). Of a session of
//! a role `aws:PrincipalArn` is the ARN of the role with its path, not that of the session
//! ([keys](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn)).

use serde_json::{Value, json};

/// The calls that write tags on services and revisions, or take them off. The last two write them on what they create;
/// without the account setting `tagResourceAuthorization` no `ecs:TagResource` is asked for then.
const ACTIONS: [&str; 4] = ["ecs:TagResource", "ecs:UntagResource", "ecs:RegisterTaskDefinition", "ecs:CreateService"];

/// Where the guard is put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A service control policy of an organisation, on accounts.
    ServiceControlPolicy,
    /// A permissions boundary, on users and roles.
    Boundary,
}

impl Form {
    /// Maximum length of the document, in characters
    /// ([organizations](https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html),
    /// [IAM](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html), without blanks).
    pub fn longest(self) -> usize {
        match self {
            Self::ServiceControlPolicy => 5120,
            Self::Boundary => 6144,
        }
    }
}

/// The document. `principals`: the ARNs of the roles and users that may write the tags.
pub fn document(form: Form, principals: &[String]) -> Value {
    let mut principals = principals.to_vec();
    principals.sort();
    principals.dedup();
    let mut condition = json!({ "ForAnyValue:StringLike": { "aws:TagKeys": "shipgate:*" } });
    if !principals.is_empty() {
        condition["ArnNotEquals"] = json!({ "aws:PrincipalArn": principals });
    }
    let deny = json!({
        "Sid": "GuardLedger",
        "Effect": "Deny",
        "Action": ACTIONS,
        "Resource": "*",
        "Condition": condition,
    });
    // A boundary allows nothing by itself, and nothing that it does not allow.
    let allow = json!({ "Sid": "AllOther", "Effect": "Allow", "Action": "*", "Resource": "*" });
    let statements = match form {
        Form::ServiceControlPolicy => vec![deny],
        Form::Boundary => vec![allow, deny],
    };
    json!({ "Version": "2012-10-17", "Statement": statements })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLE: &str = "arn:aws:iam::123456789012:role/ci/shipgate-stage";

    #[test]
    fn everybody_is_denied_but_those_who_need_it() {
        let document = document(Form::ServiceControlPolicy, &[ROLE.to_owned(), ROLE.to_owned()]);
        assert_eq!(
            document,
            json!({"Version": "2012-10-17", "Statement": [{
                "Sid": "GuardLedger", "Effect": "Deny", "Resource": "*",
                "Action": ["ecs:TagResource", "ecs:UntagResource", "ecs:RegisterTaskDefinition", "ecs:CreateService"],
                "Condition": {
                    "ForAnyValue:StringLike": {"aws:TagKeys": "shipgate:*"},
                    "ArnNotEquals": {"aws:PrincipalArn": [ROLE]},
                },
            }]})
        );
    }

    #[test]
    fn a_boundary_leaves_all_else_as_it_is() {
        let document = document(Form::Boundary, &[]);
        let effects: Vec<&Value> =
            document["Statement"].as_array().unwrap().iter().map(|statement| &statement["Effect"]).collect();
        assert_eq!(effects, ["Allow", "Deny"]);
        let condition = document["Statement"][1]["Condition"].as_object().unwrap();
        assert_eq!(condition.keys().collect::<Vec<_>>(), ["ForAnyValue:StringLike"], "no exception");
    }
}
