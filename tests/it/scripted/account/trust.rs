//! What STS makes of a role's trust policy, written apart from the program's own reading of it: whatever is not known here
//! lets no job in.

use serde_json::{Map, Value};

/// The issuer, as keys and providers name it.
const ISSUER: &str = "token.actions.githubusercontent.com";
/// The claims that AWS evaluates of GitHub's tokens.
const CLAIMS: [&str; 11] = [
    "sub",
    "aud",
    "actor",
    "actor_id",
    "enterprise_id",
    "environment",
    "job_workflow_ref",
    "ref",
    "repository",
    "repository_id",
    "workflow",
];

/// Who asks for a session.
#[derive(Debug, Clone, Copy)]
pub enum Asker<'a> {
    /// Somebody with a token that says this.
    Token(&'a Value),
    /// A session of this role.
    Role(&'a str),
}

/// Whether the policy of a role lets somebody in.
pub fn lets_in(policy: &Value, role: &str, asker: Asker<'_>) -> bool {
    let Some(statements) = policy["Statement"].as_array() else { return false };
    let is_whole = policy.as_object().is_some_and(|all| has_only(all, &["Version", "Statement"]));
    let all_allow = statements.iter().all(|statement| statement["Effect"] == "Allow");
    is_whole && all_allow && statements.iter().any(|statement| allows(statement, role, asker))
}

fn allows(statement: &Value, role: &str, asker: Asker<'_>) -> bool {
    let Some(keys) = statement.as_object() else { return false };
    let none = Value::Object(Map::new());
    let condition = statement.get("Condition").unwrap_or(&none);
    let principal = &statement["Principal"];
    has_only(keys, &["Sid", "Effect", "Principal", "Action", "Condition"])
        && match asker {
            Asker::Token(claims) => {
                let account = role.split(':').nth(4).unwrap_or_default();
                let provider = format!("arn:aws:iam::{account}:oidc-provider/{ISSUER}");
                statement["Action"] == "sts:AssumeRoleWithWebIdentity"
                    && principal.as_object().is_some_and(|all| all.len() == 1)
                    && principal["Federated"] == provider
                    && claims["iss"] == format!("https://{ISSUER}")
                    && condition.as_object().is_some_and(|all| all.iter().all(|operator| is_met(operator, claims)))
            }
            Asker::Role(role) => {
                statement["Action"] == "sts:AssumeRole"
                    && texts(&principal["AWS"]).contains(&role)
                    && *condition == none
            }
        }
}

fn is_met((operator, conditions): (&String, &Value), claims: &Value) -> bool {
    let matches: fn(&str, &str) -> bool = match operator.as_str() {
        "StringEquals" | "ForAnyValue:StringEquals" => |wanted, found| wanted == found,
        "StringLike" | "ForAnyValue:StringLike" => is_like,
        _ => return false,
    };
    conditions.as_object().is_some_and(|conditions| {
        conditions.iter().all(|(key, wanted)| {
            let claim = key.strip_prefix(ISSUER).and_then(|rest| rest.strip_prefix(':'));
            let claim = claim.filter(|claim| CLAIMS.contains(claim));
            let found = claim.and_then(|claim| claims[claim].as_str());
            found.is_some_and(|found| texts(wanted).iter().any(|wanted| matches(wanted, found)))
        })
    })
}

fn is_like(pattern: &str, text: &str) -> bool {
    match pattern.chars().next() {
        None => text.is_empty(),
        Some('*') => (0..=text.len()).filter_map(|at| text.get(at..)).any(|rest| is_like(&pattern[1..], rest)),
        Some(wanted) => text.chars().next().is_some_and(|found| {
            (wanted == '?' || wanted == found) && is_like(&pattern[wanted.len_utf8()..], &text[found.len_utf8()..])
        }),
    }
}

fn texts(value: &Value) -> Vec<&str> {
    match value.as_array() {
        Some(values) => values.iter().filter_map(Value::as_str).collect(),
        None => value.as_str().into_iter().collect(),
    }
}

fn has_only(object: &Map<String, Value>, known: &[&str]) -> bool {
    object.keys().all(|key| known.contains(&key.as_str()))
}
