//! Whether a token meets one condition of a policy
//! ([condition operators](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html)).

use wildmatch::WildMatch;

use super::keys::{action, is_evaluated, workflow_action};
use super::trust::ISSUER;
use crate::domain::token::{Claim, Claims};

/// Why a token does not meet a condition, or may not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Objection {
    /// It does not.
    Unmet(String),
    /// It cannot be said.
    Unknown(String),
}

impl Objection {
    /// Why.
    pub fn reason(&self) -> &str {
        match self {
            Self::Unmet(reason) | Self::Unknown(reason) => reason,
        }
    }
}

/// How a value of a policy is compared with a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ClaimComparison {
    Equals,
    EqualsIgnoringCase,
    Like,
}

impl ClaimComparison {
    fn matches(self, value: &str, claim: &str) -> bool {
        match self {
            Self::Equals => value == claim,
            Self::EqualsIgnoringCase => value.eq_ignore_ascii_case(claim),
            Self::Like => is_like(value, claim),
        }
    }
}

/// An operator of text, taken apart.
#[derive(Debug, Clone, Copy)]
struct Operator {
    comparison: ClaimComparison,
    is_negated: bool,
    /// A token without the claim meets the condition.
    is_met_by_none: bool,
}

impl Operator {
    fn parse(text: &str) -> Option<Self> {
        let (text, is_if_exists) = match text.strip_suffix("IfExists") {
            Some(rest) => (rest, true),
            None => (text, false),
        };
        let (text, is_for_all) = match text.split_once(':') {
            Some(("ForAllValues", rest)) => (rest, true),
            Some(("ForAnyValue", rest)) => (rest, false),
            Some(_) => return None,
            None => (text, false),
        };
        let (comparison, is_negated) = match text {
            "StringEquals" => (ClaimComparison::Equals, false),
            "StringNotEquals" => (ClaimComparison::Equals, true),
            "StringEqualsIgnoreCase" => (ClaimComparison::EqualsIgnoringCase, false),
            "StringNotEqualsIgnoreCase" => (ClaimComparison::EqualsIgnoringCase, true),
            "StringLike" => (ClaimComparison::Like, false),
            "StringNotLike" => (ClaimComparison::Like, true),
            _ => return None,
        };
        Some(Self { comparison, is_negated, is_met_by_none: is_if_exists || is_for_all || is_negated })
    }
}

/// Why a token does not meet a condition. `None`: it does.
pub fn objection(operator: &str, key: &str, values: &[&str], claims: &Claims) -> Option<Objection> {
    let unknown = |what: &str| Some(Objection::Unknown(format!("`{operator}` of `{what}` cannot be judged here")));
    let issuer = claims.issuer.trim_start_matches("https://");
    let Some(name) = key.strip_prefix(issuer).and_then(|rest| rest.strip_prefix(':')) else {
        // Global keys (`aws:SourceIp`) are of the request; another provider's are in no token of this one.
        let is_of_the_request = !key.contains('.') && !key.contains('/');
        return match Operator::parse(operator) {
            Some(Operator { is_met_by_none: true, .. }) if !is_of_the_request => None,
            Some(_) if !is_of_the_request => {
                Some(Objection::Unmet(format!("`{key}` is no claim of a token of {issuer}")))
            }
            _ => unknown(key),
        };
    };
    let Some(operator) = Operator::parse(operator) else { return unknown(name) };
    match (is_evaluated(name, issuer), claims.get(name)) {
        (Some(false), _) | (Some(true), Claim::Absent) if operator.is_met_by_none => None,
        (Some(false), _) => Some(Objection::Unmet(format!(
            "`{name}` is no claim that AWS evaluates, so this never lets a token in: {}",
            action(name)
        ))),
        (None, _) => Some(Objection::Unknown(format!(
            "`{name}` is a claim that AWS evaluates of tokens of {ISSUER}; whether of those of {issuer} cannot be judged \
             here"
        ))),
        (Some(true), Claim::Unknown) => unknown(name),
        (Some(true), Claim::Absent) => Some(Objection::Unmet(format!(
            "`{name}` must be {}, and the token has no `{name}`: {}",
            shown(values),
            action(name)
        ))),
        (Some(true), Claim::Is(claim)) => compare(operator, name, values, claim),
    }
}

fn compare(operator: Operator, name: &str, values: &[&str], claim: &str) -> Option<Objection> {
    let is_matched = values.iter().any(|value| operator.comparison.matches(value, claim));
    if is_matched != operator.is_negated {
        return None;
    }
    if operator.is_negated {
        return Some(Objection::Unmet(format!("`{name}` must not be {}, and is `{claim}`", shown(values))));
    }
    let why = mistake(values, claim, operator.comparison)
        .or_else(|| (name == "sub").then(|| mistake_of_subject(values, claim))?)
        .unwrap_or_else(|| if name == "job_workflow_ref" { workflow_action(values, claim) } else { action(name) });
    Some(Objection::Unmet(format!("`{name}` must be {}, and is `{claim}`: {why}", shown(values))))
}

/// The mistakes that are made most often.
fn mistake(values: &[&str], claim: &str, comparison: ClaimComparison) -> Option<&'static str> {
    let any = |test: &dyn Fn(&str) -> bool| values.iter().any(|value| test(value));
    if any(&|value| value.eq_ignore_ascii_case(claim)) {
        return Some("capital letters differ");
    }
    if comparison != ClaimComparison::Like && any(&|value| is_like(value, claim)) {
        return Some("`StringEquals` takes `*` literally: write the whole value");
    }
    None
}

/// Those that are made with `sub`.
fn mistake_of_subject(values: &[&str], claim: &str) -> Option<&'static str> {
    let any = |test: &dyn Fn(&str) -> bool| values.iter().any(|value| test(value));
    if any(&|value| without_ids(claim) == value) {
        return Some("the repository's tokens have the immutable form of `sub`, with ids");
    }
    let context = |text: &str| text.splitn(3, ':').nth(2).map(str::to_owned);
    let same_repository = any(&|value| value.split(':').nth(1) == claim.split(':').nth(1));
    let claimed = context(claim).unwrap_or_default();
    match same_repository {
        true if claimed.starts_with("environment:") => {
            Some("the job names a GitHub environment, so `sub` has that and not the branch")
        }
        true if claimed == "pull_request" => Some("the job runs for a pull request, so `sub` has no branch"),
        true if any(&|value| value.contains(":environment:")) => Some("the job does not name that GitHub environment"),
        _ => None,
    }
}

/// `repo:OWNER@1/NAME@2:…` without the ids.
fn without_ids(claim: &str) -> String {
    let mut parts = claim.splitn(3, ':').map(str::to_owned).collect::<Vec<_>>();
    if let Some(repository) = parts.get_mut(1) {
        let names = repository.split('/').map(|part| part.split('@').next().unwrap_or_default());
        *repository = names.collect::<Vec<_>>().join("/");
    }
    parts.join(":")
}

/// `*` stands for any text, `?` for one character.
fn is_like(pattern: &str, text: &str) -> bool {
    WildMatch::new(pattern).matches(text)
}

fn shown(values: &[&str]) -> String {
    values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(" or ")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::keys::EVALUATED;
    use super::*;

    fn claims() -> Claims {
        let others = [("repository", "o/r"), ("actor", "ada"), ("run_id", "1")];
        let others: BTreeMap<_, _> = others.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        Claims {
            issuer: "https://token.actions.githubusercontent.com".to_owned(),
            subject: "repo:o/r:ref:refs/heads/main".to_owned(),
            audience: "sts.amazonaws.com".to_owned(),
            others: Some(others),
        }
    }

    fn judged(operator: &str, key: &str, value: &str) -> &'static str {
        match objection(operator, key, &[value, "another"], &claims()) {
            None => "met",
            Some(Objection::Unmet(_)) => "unmet",
            Some(Objection::Unknown(_)) => "unknown",
        }
    }

    #[test]
    fn operators_are_those_of_iam() {
        let of = |claim: &str| format!("{ISSUER}:{claim}");
        let (repository, environment) = (&of("repository")[..], &of("environment")[..]);
        let (actor, run_id) = (&of("actor")[..], &of("run_id")[..]);
        for (operator, key, value, expected) in [
            ("StringEquals", repository, "o/r", "met"),
            ("StringEquals", repository, "o/*", "unmet"),
            ("StringEquals", actor, "ada", "met"),
            ("StringEquals", actor, "Ada", "unmet"),
            // What AWS does not evaluate is in no request.
            ("StringEquals", run_id, "1", "unmet"),
            ("StringLike", run_id, "*", "unmet"),
            ("StringEqualsIfExists", run_id, "2", "met"),
            ("StringNotEquals", run_id, "1", "met"),
            ("StringLike", repository, "o/*", "met"),
            ("ForAnyValue:StringLike", repository, "x/*", "unmet"),
            ("StringNotEquals", repository, "o/r", "unmet"),
            ("StringNotLike", repository, "x/*", "met"),
            ("StringEqualsIgnoreCase", repository, "O/R", "met"),
            ("StringNotEqualsIgnoreCase", repository, "O/R", "unmet"),
            ("StringEquals", environment, "production", "unmet"),
            ("StringEqualsIfExists", environment, "production", "met"),
            ("StringEqualsIfExists", repository, "x/y", "unmet"),
            ("ForAllValues:StringEquals", environment, "production", "met"),
            ("StringNotEquals", environment, "production", "met"),
            ("ForSomeValues:StringEquals", repository, "o/r", "unknown"),
            ("NumericEquals", repository, "o/r", "unknown"),
            ("StringEquals", "other.test:sub", "x", "unmet"),
            ("StringEqualsIfExists", "other.test:sub", "x", "met"),
            ("StringEquals", "aws:PrincipalOrgID", "o-1", "unknown"),
        ] {
            assert_eq!(judged(operator, key, value), expected, "{operator} {key} {value}");
        }
    }

    #[test]
    fn what_only_a_whole_token_tells_is_unknown_of_a_subject_alone() {
        let claims = Claims { others: None, ..claims() };
        let found = objection("StringEquals", &format!("{ISSUER}:repository"), &["o/r"], &claims);
        assert!(matches!(found, Some(Objection::Unknown(_))), "{found:?}");
        assert_eq!(objection("StringLike", &format!("{ISSUER}:sub"), &["repo:o/*"], &claims), None);
    }

    /// Expected, found, and what to do: of every claim that AWS evaluates.
    #[test]
    fn every_claim_says_what_is_asked_for_what_is_there_and_what_to_do() {
        let token = |name: &str| {
            let others = BTreeMap::from([(name.to_owned(), "found".to_owned())]);
            let claims = Claims { others: Some(others), ..claims() };
            match name {
                "sub" => Claims { subject: "found".to_owned(), ..claims },
                "aud" => Claims { audience: "found".to_owned(), ..claims },
                _ => claims,
            }
        };
        for name in EVALUATED {
            let key = format!("{ISSUER}:{name}");
            let found = objection("StringEquals", &key, &["wanted"], &token(name)).unwrap();
            let (asked, action) = found.reason().split_once(": ").unwrap();
            assert_eq!(asked, format!("`{name}` must be `wanted`, and is `found`"));
            assert!(action.len() > 10, "{action}");
            if !matches!(name, "sub" | "aud") {
                let found = objection("StringEquals", &key, &["wanted"], &token("other")).unwrap();
                let absent = format!("`{name}` must be `wanted`, and the token has no `{name}`: ");
                assert!(found.reason().starts_with(&absent), "{found:?}");
            }
        }
    }

    #[test]
    fn what_aws_evaluates_of_another_providers_tokens_is_not_known() {
        let claims = Claims { issuer: "https://github.acme.example/_services/token".to_owned(), ..claims() };
        let judged = |claim: &str| {
            objection("StringEquals", &format!("github.acme.example/_services/token:{claim}"), &["o/r"], &claims)
        };
        assert!(matches!(judged("repository"), Some(Objection::Unknown(_))));
        assert!(matches!(judged("run_id"), Some(Objection::Unmet(_))));
    }
}
