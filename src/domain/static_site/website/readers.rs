//! Whom the policy of a bucket lets read its objects.

use serde_json::Value;
use wildmatch::WildMatch;

use crate::domain::static_site::names::BucketName;

/// Whom a policy lets read all objects of a bucket, without credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// Everyone.
    Everyone,
    /// Those for whom the conditions of a statement hold, or whom no other statement denies.
    Some,
    /// No principal.
    NoOne,
}

/// Whom the policy of a bucket lets read. Objects that shipgate writes have no ACL of their own, so nothing else does.
/// One that cannot be read allows no one: S3 takes no such policy.
pub fn readers(policy: Option<&str>, bucket: &BucketName) -> Readers {
    let policy: Option<Value> = policy.and_then(|policy| serde_json::from_str(policy).ok());
    let statements = policy.as_ref().map(|policy| list(policy.get("Statement"))).unwrap_or_default();
    let of_everyone = statements.into_iter().filter(|statement| is_of_everyone(statement) && reads(statement, bucket));
    let (mut most, mut is_denied) = (Readers::NoOne, false);
    for statement in of_everyone {
        let is_conditional = statement.get("Condition").is_some();
        match statement.get("Effect").and_then(Value::as_str) {
            Some("Allow") if !is_conditional => most = Readers::Everyone,
            Some("Allow") if most == Readers::NoOne => most = Readers::Some,
            Some("Deny") => is_denied = true,
            _ => {}
        }
    }
    match most {
        // A condition such as `aws:SecureTransport` denies some, and which is not known here.
        Readers::Everyone if is_denied => Readers::Some,
        Readers::Everyone | Readers::Some | Readers::NoOne => most,
    }
}

fn is_of_everyone(statement: &Value) -> bool {
    let principal = statement.get("Principal");
    let of_aws = principal.and_then(|principal| principal.get("AWS"));
    [principal, of_aws].into_iter().any(|principal| list(principal).iter().any(|one| one.as_str() == Some("*")))
}

/// Whether a statement is about reading every object.
fn reads(statement: &Value, bucket: &BucketName) -> bool {
    let is_named = |key: &str, wanted: &str| {
        let patterns = list(statement.get(key)).into_iter().filter_map(Value::as_str);
        patterns.into_iter().any(|pattern| WildMatch::new(&pattern.to_ascii_lowercase()).matches(wanted))
    };
    // Any name does: a pattern of fewer objects does not fit a name that no object has.
    let resource = |partition: &str| format!("arn:{partition}:s3:::{bucket}/shipgate-asks-for-any-object");
    let partitions = ["aws", "aws-cn", "aws-us-gov", "aws-eusc"];
    is_named("Action", "s3:getobject") && partitions.iter().any(|name| is_named("Resource", &resource(name)))
}

/// One value, or several.
fn list(value: Option<&Value>) -> Vec<&Value> {
    match value {
        Some(Value::Array(values)) => values.iter().collect(),
        Some(value) => vec![value],
        None => Vec::new(),
    }
}
