//! What the configuration asks for: who approves.

use std::fmt;
use std::time::Duration;

use jiff::SignedDuration;
use serde_json::{Map, Value, json};

use crate::domain::gate::duration::shown;

/// Who is asked before a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Approval {
    /// No approval, as it is written.
    None,
    /// The reviewers of GitHub's environment.
    Required {
        /// Whether the person who started the run may approve it.
        self_approval: bool,
    },
    /// People who start a workflow of their own, each for one plan of somebody else.
    SecondPerson(SecondPerson),
}

/// What makes an approval by other people complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecondPerson {
    /// How many people have to approve, at least 1.
    pub quorum: usize,
    /// Who may. Empty: everybody who may write to the repository.
    pub people: Vec<GitHubLogin>,
    /// How long after the plan an approval counts.
    pub expires: Duration,
}

impl Approval {
    /// The word of the configuration.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Required { .. } => "required",
            Self::SecondPerson(_) => "second-person",
        }
    }

    /// Puts what a plan's digest takes in of it.
    pub(in crate::domain::gate) fn canonical(&self, keys: &mut Map<String, Value>) {
        let value = match self {
            Self::None | Self::Required { .. } => json!(self.as_str()),
            Self::SecondPerson(SecondPerson { quorum, people, expires }) => {
                let people: Vec<&str> = people.iter().map(|login| login.0.as_str()).collect();
                json!({ "by": self.as_str(), "quorum": quorum, "people": people, "expires": expires.as_secs() })
            }
        };
        keys.insert("approval".to_owned(), value);
        if let Self::Required { self_approval: true } = self {
            keys.insert("self-approval".to_owned(), json!(true));
        }
    }
}

impl fmt::Display for SecondPerson {
    /// `1 approval of alice or bob within 24h`
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let who: Vec<String> = self.people.iter().map(ToString::to_string).collect();
        let who = if who.is_empty() { "people who may write to the repository".to_owned() } else { who.join(" or ") };
        let approvals = if self.quorum == 1 { "1 approval" } else { &format!("{} approvals", self.quorum) };
        let within = shown(SignedDuration::try_from(self.expires).unwrap_or(SignedDuration::MAX));
        write!(formatter, "{approvals} of {who}, not of the person who planned, within {within} of the plan")
    }
}

/// The name of a user of GitHub. Capital letters make no difference.
#[derive(Debug, Clone)]
pub struct GitHubLogin(String);

impl GitHubLogin {
    /// A name as GitHub gives them to people: letters, digits and single hyphens, 39 at most; with `_` those of a company.
    pub fn parse(text: &str) -> Option<Self> {
        let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        let is_edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
        let bytes = text.as_bytes();
        let is_login = bytes.len() <= 39 && is_edge(bytes.first()) && is_edge(bytes.last());
        (is_login && bytes.iter().copied().all(is_inner)).then(|| Self(text.to_owned()))
    }

    /// Whether somebody of this name is meant.
    pub fn is(&self, name: &str) -> bool {
        self.0.eq_ignore_ascii_case(name)
    }
}

impl PartialEq for GitHubLogin {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for GitHubLogin {}

impl fmt::Display for GitHubLogin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins_are_names_of_github() {
        for login in ["a", "octo-cat", "Eva_acme", &"a".repeat(39)] {
            assert!(GitHubLogin::parse(login).is_some(), "{login}");
        }
        for other in ["", "-a", "a-", "a b", "@eva", "dependabot[bot]", "é", &"a".repeat(40)] {
            assert!(GitHubLogin::parse(other).is_none(), "{other}");
        }
        assert_eq!(GitHubLogin::parse("Eva"), GitHubLogin::parse("eva"));
    }
}
