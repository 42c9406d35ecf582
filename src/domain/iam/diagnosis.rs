//! Which statement or condition of a trust policy keeps a token out
//! ([evaluation](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html)).

use serde_json::{Map, Value};
use wildmatch::WildMatch;

use super::condition::{Objection, objection};
use super::trust::provider;
use crate::domain::role::RoleArn;
use crate::domain::token::Claims;

/// What a trust policy says to a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrustVerdict {
    /// A statement lets it in, and none denies it: the reason is elsewhere.
    LetsIn,
    /// No statement lets it in; each with why not.
    KeepsOut(Vec<String>),
    /// Statements that deny are about it, or may be: what others allow does not count.
    Denies(Vec<String>),
}

/// Reads a trust policy with the eyes of STS. A condition that cannot be judged here is named as such.
pub fn diagnose(policy: &Value, role: &RoleArn, claims: &Claims) -> TrustVerdict {
    // As `aws iam get-role` prints it, the document is inside.
    let policy = policy.pointer("/Role/AssumeRolePolicyDocument").unwrap_or(policy);
    let (mut found, mut denials, mut lets_in) = (Vec::new(), Vec::new(), false);
    let statements = list(policy.get("Statement")).into_iter().enumerate();
    for (index, statement) in statements.filter(|(_, statement)| is_about_tokens(statement)) {
        let name = statement.get("Sid").and_then(Value::as_str);
        let name = name.map_or_else(|| format!("statement {}", index + 1), |sid| format!("statement `{sid}`"));
        let StatementVerdict { objections, is_of_job } = judge(statement, role, claims);
        if statement.get("Effect").and_then(Value::as_str) == Some("Deny") {
            denials.extend(denial(&objections).map(|denial| format!("{name} {denial}")));
        } else if objections.is_empty() {
            lets_in = true;
        } else {
            let reasons = objections.iter().map(|objection| format!("{name}: {}", objection.reason()));
            found.push((is_of_job, reasons.collect::<Vec<_>>()));
        }
    }
    // Where statements are for this job, the others are for other jobs.
    let is_any_of_job = found.iter().any(|(is_of_job, _)| *is_of_job);
    let reasons = found.into_iter().filter(|(is_of_job, _)| *is_of_job || !is_any_of_job);
    let reasons: Vec<_> = reasons.flat_map(|(_, reasons)| reasons).collect();
    match (denials.is_empty(), lets_in, reasons.is_empty()) {
        (false, _, _) => TrustVerdict::Denies(denials),
        (true, true, _) => TrustVerdict::LetsIn,
        (true, false, false) => TrustVerdict::KeepsOut(reasons),
        (true, false, true) => {
            TrustVerdict::KeepsOut(vec!["no statement allows `sts:AssumeRoleWithWebIdentity`".to_owned()])
        }
    }
}

/// How a statement that denies is about a token. `None`: it is not.
fn denial(objections: &[Objection]) -> Option<String> {
    let is_unmet = |objection: &Objection| matches!(objection, Objection::Unmet(_));
    match objections {
        [] => Some("denies it".to_owned()),
        objections if objections.iter().any(is_unmet) => None,
        [unknown, ..] => Some(format!("may deny it: {}", unknown.reason())),
    }
}

fn is_about_tokens(statement: &Value) -> bool {
    let is_it = |action: &Value| {
        let pattern = action.as_str().unwrap_or_default().to_ascii_lowercase();
        WildMatch::new(&pattern).matches("sts:assumerolewithwebidentity")
    };
    let named = |key: &str| list(statement.get(key)).into_iter().any(is_it);
    named("Action") || statement.get("NotAction").is_some() && !named("NotAction")
}

/// Whether a policy asks for the workflow that a job is of.
pub fn names_workflow(policy: &Value) -> bool {
    let statements = list(policy.pointer("/Role/AssumeRolePolicyDocument").unwrap_or(policy).get("Statement"));
    let operators = statements.into_iter().filter_map(|statement| statement.get("Condition")?.as_object());
    let keys = operators.flat_map(Map::values).filter_map(Value::as_object).flat_map(Map::keys);
    keys.into_iter().any(|key| key.ends_with(":job_workflow_ref"))
}

/// What a statement says to a token.
struct StatementVerdict {
    /// What of it the token does not meet. None: the statement is about it.
    objections: Vec<Objection>,
    /// Whether it asks for the token's `sub`.
    is_of_job: bool,
}

fn judge(statement: &Value, role: &RoleArn, claims: &Claims) -> StatementVerdict {
    let mut found: Vec<_> = of_principal(statement, role, claims).into_iter().collect();
    let mut is_of_job = true;
    let none = Map::new();
    for (operator, conditions) in statement.get("Condition").and_then(Value::as_object).unwrap_or(&none) {
        for (key, values) in conditions.as_object().unwrap_or(&none) {
            let values: Vec<_> = list(Some(values)).into_iter().filter_map(Value::as_str).collect();
            let objection = objection(operator, key, &values, claims);
            is_of_job &= objection.is_none() || !key.ends_with(":sub");
            found.extend(objection);
        }
    }
    StatementVerdict { objections: found, is_of_job }
}

fn of_principal(statement: &Value, role: &RoleArn, claims: &Claims) -> Option<Objection> {
    if statement.get("NotPrincipal").is_some() {
        return Some(Objection::Unknown("`NotPrincipal` cannot be judged here".to_owned()));
    }
    if statement.get("Principal").and_then(Value::as_str) == Some("*") {
        return None;
    }
    let wanted = provider(role, &claims.issuer);
    let federated = list(statement.pointer("/Principal/Federated"));
    if federated.iter().any(|found| found.as_str().is_some_and(|found| found == wanted || found == "*")) {
        return None;
    }
    let found: Vec<_> = federated.iter().filter_map(|found| found.as_str()).collect();
    let found = if found.is_empty() { "not there".to_owned() } else { format!("`{}`", found.join("` or `")) };
    Some(Objection::Unmet(format!("`Principal.Federated` is {found}, the token's provider is `{wanted}`")))
}

/// One value or several, as policies have them.
fn list(value: Option<&Value>) -> Vec<&Value> {
    match value {
        None => Vec::new(),
        Some(Value::Array(values)) => values.iter().collect(),
        Some(value) => vec![value],
    }
}

#[cfg(test)]
mod tests {
    use super::super::trust::{ISSUER, of_token};
    use super::*;
    use serde_json::json;

    fn role() -> RoleArn {
        "arn:aws:iam::123456789012:role/stage".parse().unwrap()
    }

    fn claims(subject: &str) -> Claims {
        Claims {
            issuer: format!("https://{ISSUER}"),
            subject: subject.to_owned(),
            audience: "sts.amazonaws.com".to_owned(),
            ..Claims::default()
        }
    }

    /// A policy for tokens with these `sub`.
    fn policy(subjects: &[&str]) -> Value {
        let statements: Vec<_> = subjects.iter().map(|subject| of_token(&role(), &claims(subject), false)).collect();
        super::super::trust::policy(statements, &[])
    }

    fn reasons(policy: &Value, subject: &str) -> Vec<String> {
        match diagnose(policy, &role(), &claims(subject)) {
            TrustVerdict::LetsIn => Vec::new(),
            TrustVerdict::KeepsOut(reasons) | TrustVerdict::Denies(reasons) => reasons,
        }
    }

    #[test]
    fn what_is_generated_lets_in_what_it_was_generated_for() {
        let subjects = ["repo:o/r:ref:refs/heads/main", "repo:o/r:pull_request"];
        let document = policy(&subjects);
        for subject in subjects {
            assert_eq!(diagnose(&document, &role(), &claims(subject)), TrustVerdict::LetsIn);
        }
        let printed = json!({ "Role": { "AssumeRolePolicyDocument": document } });
        assert_eq!(diagnose(&printed, &role(), &claims(subjects[0])), TrustVerdict::LetsIn);
    }

    #[test]
    fn the_usual_mistakes_are_named() {
        let main = "repo:o/r:ref:refs/heads/main";
        for (written, subject, reported) in [
            (main, "repo:o/r:environment:production", "names a GitHub environment"),
            (main, "repo:o/r:pull_request", "pull request"),
            ("repo:o/r:environment:production", main, "does not name that GitHub environment"),
            ("repo:O/r:ref:refs/heads/main", main, "capital letters"),
            ("repo:o/r:*", main, "write the whole value"),
            ("*", main, "write the whole value"),
            (main, "repo:o@1/r@2:ref:refs/heads/main", "immutable"),
            ("repo:x/y:ref:refs/heads/main", main, "must be"),
        ] {
            let found = reasons(&policy(&[written]), subject);
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].contains(reported) && found[0].contains(subject), "{found:?}");
        }
    }

    #[test]
    fn another_provider_audience_or_action_is_named() {
        let subject = "repo:o/r:ref:refs/heads/main";
        let good = policy(&[subject]);
        let change = |pointer: &str, value: Value| {
            let mut changed = good.clone();
            *changed.pointer_mut(pointer).unwrap() = value;
            reasons(&changed, subject).join("\n")
        };
        let provider = json!("arn:aws:iam::210987654321:oidc-provider/token.actions.githubusercontent.com");
        assert!(change("/Statement/0/Principal/Federated", provider).contains("Principal.Federated"));
        assert!(
            change("/Statement/0/Condition", json!({"StringEquals": {format!("{ISSUER}:aud"): "x"}})).contains("`aud`")
        );
        assert!(
            change("/Statement/0/Condition", json!({"NumericEquals": {format!("{ISSUER}:aud"): "x"}}))
                .contains("judged")
        );
        assert!(change("/Statement/0/Action", json!("sts:AssumeRole")).contains("no statement"));
        assert!(change("/Statement", json!([])).contains("no statement"));
        let second = json!([{"Action": "sts:AssumeRole"}, {"Effect": "Allow", "Action": "sts:*"}]);
        assert!(change("/Statement", second).starts_with("statement 2:"));
        assert_eq!(change("/Statement/0/Condition", json!({"StringLike": {format!("{ISSUER}:sub"): "repo:o/*"}})), "");
    }

    #[test]
    fn the_statement_for_a_token_lets_the_token_in_whoever_made_it() {
        for issuer in [ISSUER, "token.actions.githubusercontent.com/acme", "github.acme.example/_services/token"] {
            let claims = Claims { issuer: format!("https://{issuer}"), ..claims("repo:o/r:ref:refs/heads/main") };
            let document = json!({ "Statement": of_token(&role(), &claims, false) });
            assert_eq!(diagnose(&document, &role(), &claims), TrustVerdict::LetsIn, "{issuer}");
            let elsewhere = Claims { issuer: "https://other.example".to_owned(), ..claims };
            assert_ne!(diagnose(&document, &role(), &elsewhere), TrustVerdict::LetsIn, "{issuer}");
        }
    }

    #[test]
    fn what_denies_counts_whatever_else_allows() {
        let subject = "repo:o/r:ref:refs/heads/main";
        let mut document = policy(&[subject]);
        let denying = |principal: Value, condition: Value| json!({"Sid": "No", "Effect": "Deny", "Principal": principal, "Action": "sts:*", "Condition": condition});
        let mut verdict = |principal: Value, condition: Value| {
            let statements = document["Statement"].as_array_mut().unwrap();
            statements.truncate(1);
            statements.insert(0, denying(principal, condition));
            let verdict = diagnose(&document, &role(), &claims(subject));
            document["Statement"].as_array_mut().unwrap().remove(0);
            verdict
        };
        let sub = format!("{ISSUER}:sub");
        let everyone = || json!("*");
        let denies = |text: &str| TrustVerdict::Denies(vec![format!("statement `No` {text}")]);
        assert_eq!(verdict(everyone(), json!({})), denies("denies it"));
        assert_eq!(verdict(json!({"Federated": "*"}), json!({"StringLike": {&sub: "repo:o/*"}})), denies("denies it"));
        assert_eq!(verdict(everyone(), json!({"StringNotLike": {&sub: "repo:o/*"}})), TrustVerdict::LetsIn);
        assert_eq!(verdict(json!({"AWS": "*"}), json!({})), TrustVerdict::LetsIn, "a token is no principal of AWS");
        let unknown = denies("may deny it: `IpAddress` of `aws:SourceIp` cannot be judged here");
        assert_eq!(verdict(everyone(), json!({"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}})), unknown);
        let beside_another = json!({"IpAddress": {"aws:SourceIp": "x"}, "StringEquals": {&sub: "repo:x/y:*"}});
        assert_eq!(verdict(everyone(), beside_another), TrustVerdict::LetsIn);
    }

    #[test]
    fn everything_but_is_understood() {
        let allow = |key: &str, action: &str| {
            let document = json!({"Statement": {"Effect": "Allow", "Principal": "*", key: action}});
            diagnose(&document, &role(), &claims("x")) == TrustVerdict::LetsIn
        };
        assert!(allow("NotAction", "sts:AssumeRole"));
        assert!(!allow("NotAction", "sts:AssumeRole*"));
        assert!(allow("Action", "STS:assumeRoleWith*"));
    }

    /// A token with more claims than its `sub`.
    fn token(subject: &str, others: &[(&str, &str)]) -> Claims {
        let others = others.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Claims { others: Some(others.collect()), ..claims(subject) }
    }

    #[test]
    fn a_statement_for_the_job_is_explained_alone() {
        let gated = token("repo:o/r:environment:production", &[("repository_id", "2"), ("ref", "refs/heads/main")]);
        let branch = token("repo:o/r:ref:refs/heads/main", &[("repository_id", "2"), ("ref", "refs/heads/main")]);
        let mut document =
            super::super::trust::policy(vec![of_token(&role(), &gated, false), of_token(&role(), &branch, false)], &[]);
        document["Statement"][0]["Sid"] = json!("Gated");
        let reasons = |claims: &Claims| match diagnose(&document, &role(), claims) {
            TrustVerdict::KeepsOut(reasons) => reasons,
            other @ (TrustVerdict::LetsIn | TrustVerdict::Denies(_)) => panic!("{other:?}"),
        };
        let elsewhere = [("repository_id", "2"), ("ref", "refs/heads/x")];
        let found = reasons(&token("repo:o/r:environment:production", &elsewhere));
        let expected = "statement `Gated`: `ref` must be `refs/heads/main`, and is `refs/heads/x`: start the run for \
                        that branch";
        assert_eq!(found, [expected]);
        let pull = reasons(&token("repo:o/r:pull_request", &[("repository_id", "2")]));
        assert_eq!(pull.len(), 4, "both statements, `sub` and `ref` of each: {pull:?}");
        assert!(pull.iter().any(|reason| reason.contains("the token has no `ref`")), "{pull:?}");
    }

    #[test]
    fn a_policy_that_asks_for_the_workflow_is_known_by_it() {
        let with = token("repo:o/r:environment:production", &[("job_workflow_ref", "o/g/.github/workflows/p.yml@x")]);
        let policy = |names| json!({ "Statement": of_token(&role(), &with, names) });
        assert!(names_workflow(&policy(true)) && !names_workflow(&policy(false)));
        assert!(names_workflow(&json!({ "Role": { "AssumeRolePolicyDocument": policy(true) } })));
    }
}
