//! What a token of GitHub's OIDC provider says of the job that asked for it.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::neutral;

/// Maximum length of a claim that is kept, in characters. A `sub` with ids, and names as long as GitHub allows them, has some
/// 500: a part of it would be compared, and proposed, in place of the whole.
const LONGEST_CLAIM: usize = 1024;

/// The claims that matter to who reads a trust policy, neutral
/// ([claims](https://docs.github.com/en/actions/reference/security/oidc)).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claims {
    /// `iss`: who made the token.
    pub issuer: String,
    /// `sub`: what the job is, as a trust policy matches it.
    pub subject: String,
    /// `aud`: for whom the token is.
    pub audience: String,
    /// The other claims that are text, by name. `None`: no token was at hand, only its `sub`.
    pub others: Option<BTreeMap<String, String>>,
}

/// What is known of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim<'c> {
    /// The token has it.
    Is(&'c str),
    /// The token does not have it.
    Absent,
    /// There is no token to look at.
    Unknown,
}

impl Claims {
    /// Reads the claims of a JSON Web Token. Its signature is AWS's to check.
    pub fn read(token: &str) -> Option<Self> {
        let mut parts = token.split('.');
        let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
        let payload = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
        let claims: Value = serde_json::from_slice(&payload).ok()?;
        let texts = claims.as_object()?.iter();
        let mut texts: BTreeMap<_, _> = texts.filter_map(|(name, value)| Some((name.clone(), text(value)?))).collect();
        Some(Self {
            issuer: texts.remove("iss")?,
            subject: texts.remove("sub")?,
            audience: texts.remove("aud").unwrap_or_default(),
            others: Some(texts),
        })
    }

    /// What is known of a claim.
    pub fn get(&self, name: &str) -> Claim<'_> {
        match (name, &self.others) {
            ("iss", _) => Claim::Is(&self.issuer),
            ("sub", _) => Claim::Is(&self.subject),
            ("aud", _) => Claim::Is(&self.audience),
            (_, Some(others)) => others.get(name).map_or(Claim::Absent, |value| Claim::Is(value)),
            (_, None) => Claim::Unknown,
        }
    }

    /// One line for each claim, those first that every trust policy matches.
    pub fn lines(&self) -> Vec<String> {
        let shown =
            ["sub", "aud", "iss", "repository", "repository_id", "ref", "environment", "job_workflow_ref"].into_iter();
        let known = shown.filter_map(|name| match self.get(name) {
            Claim::Is(value) => Some((name, value)),
            Claim::Absent | Claim::Unknown => None,
        });
        known.map(|(name, value)| format!("the token's `{name}` is `{value}`")).collect()
    }
}

/// A claim's text, or its several, neutral.
fn text(value: &Value) -> Option<String> {
    let text = match value.as_array() {
        Some(several) => several.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
        None => value.as_str()?.to_owned(),
    };
    let neutral = neutral::phrase(&text, LONGEST_CLAIM);
    // What was cleaned is shown, and is never taken for the name that is left of it.
    Some(if neutral == text { neutral } else { format!("{neutral}\u{fffd}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(payload: &str) -> String {
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(payload))
    }

    #[test]
    fn claims_are_read_and_foreign_text_is_made_neutral() {
        let payload = r#"{"iss":"https://token.actions.githubusercontent.com","sub":"repo:o/r:ref:refs/heads/main",
            "aud":["sts.amazonaws.com"],"repository":"o/r","ref":"refs/heads/x\u001b[31m\n::error::"}"#;
        let claims = Claims::read(&token(payload)).unwrap();
        assert_eq!(claims.subject, "repo:o/r:ref:refs/heads/main");
        assert_eq!(claims.audience, "sts.amazonaws.com");
        assert_eq!(claims.get("environment"), Claim::Absent);
        assert_eq!(claims.get("repository"), Claim::Is("o/r"));
        let lines = claims.lines();
        assert_eq!(lines.len(), 5);
        assert!(lines.iter().all(|line| !line.contains('\u{1b}') && !line.contains('\n')), "{lines:?}");
    }

    #[test]
    fn a_long_subject_stays_whole() {
        let subject = format!("repo:{}@1/{}@2:environment:{}", "o".repeat(39), "r".repeat(100), "e".repeat(255));
        let payload = format!(r#"{{"iss":"https://x","sub":"{subject}"}}"#);
        assert_eq!(Claims::read(&token(&payload)).unwrap().subject, subject);
    }

    #[test]
    fn what_is_no_token_has_no_claims() {
        for wrong in ["", "a.b.c", "a.b", "notajwt", &token("{}"), &token("[]"), &token("nonsense")] {
            assert_eq!(Claims::read(wrong), None, "{wrong}");
        }
    }
}
