//! Approval by people: what the configuration asks for, and what counts.

mod protected;
mod reviewed;
mod second_person;

use std::fmt;
use std::time::Duration;

use jiff::SignedDuration;
use serde_json::{Map, Value, json};

pub(super) use self::protected::judge as protected;
pub use self::protected::{AllowedBranches, Protection, ProtectionEvidence};
pub use self::reviewed::{Review, ReviewEvidence, ReviewState};
pub use self::second_person::{ApprovalRun, PlanRun, SecondPersonEvidence, approval_title};
#[cfg(test)]
pub(super) use self::second_person::{NotCounted, sample as second_person_sample};
use super::duration::shown;
use super::judgement::{Judgement, Unknown, Verdict};
use super::policy::Command;
use super::subject::Subject;
use crate::domain::github::run::Person;
use crate::domain::names::EnvironmentName;

/// Who is asked before a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Approval {
    /// Nobody, as it is written.
    None,
    /// The reviewers of GitHub's environment.
    Required {
        /// Whether whoever started the run may approve it.
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
    pub people: Vec<Login>,
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
    pub(super) fn canonical(&self, keys: &mut Map<String, Value>) {
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

/// What is known of the approval of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApprovalEvidence {
    /// This only plans. People are asked when it is carried out.
    Later,
    /// Nothing names the plan that people have approved.
    Unasked,
    /// The reviews of this run.
    Reviews(ReviewEvidence),
    /// The runs of other people.
    Runs(Box<SecondPersonEvidence>),
}

/// People have approved, as the policy asks for it.
pub(super) fn approved(subject: &Subject<'_>, seen: &ApprovalEvidence) -> Judgement {
    let environment = subject.environment;
    match (&subject.policy.approval, seen) {
        (Some(Approval::Required { .. }), ApprovalEvidence::Later) => {
            pending(format!("a reviewer of GitHub's environment {environment} is asked when it is carried out"))
        }
        (Some(Approval::SecondPerson(policy)), ApprovalEvidence::Later) => pending(format!("waits for {policy}")),
        (Some(Approval::Required { self_approval }), ApprovalEvidence::Reviews(seen)) => {
            reviewed::judge(subject, *self_approval, seen)
        }
        (Some(Approval::SecondPerson(policy)), ApprovalEvidence::Unasked) => {
            let file = match subject.command {
                Command::Unhold => "hold.yml",
                Command::Rollback | Command::Restore => "rollback.yml",
                Command::Promote | Command::Deploy | Command::Hold | Command::Check => "promote.yml",
            };
            let hint =
                format!("start the workflow that calls {file}: it plans, and its page says how somebody else approves");
            Judgement::unsatisfied(format!("needs {policy}, and no plan is named"), hint)
        }
        (Some(Approval::SecondPerson(policy)), ApprovalEvidence::Runs(seen)) => {
            second_person::judge(environment, policy, seen)
        }
        _ => Judgement::unknown(&Unknown::new("what is known is not of the approval that is asked for")),
    }
}

fn pending(reason: String) -> Judgement {
    Judgement { verdict: Verdict::Pending, reason, hint: None }
}

/// How far the approval of a plan is: those who have approved, each once, in the order of their runs.
///
/// # Errors
///
/// Why the run that asks is no approval of a plan.
pub fn counted(
    environment: &EnvironmentName,
    policy: &SecondPerson,
    seen: &SecondPersonEvidence,
) -> Result<Vec<String>, Unknown> {
    let counted = second_person::count(environment, policy, seen);
    let counted = counted.map_err(|Judgement { reason, hint, .. }| Unknown { reason, hint })?;
    Ok(counted.people.into_iter().map(|person| person.login.clone()).collect())
}

/// The names of those whose approval counts, each once.
pub(super) fn approvers(subject: &Subject<'_>, seen: &ApprovalEvidence) -> Vec<String> {
    let people = match (&subject.policy.approval, seen) {
        (Some(Approval::Required { self_approval }), ApprovalEvidence::Reviews(seen)) => {
            seen.counted(subject.environment, *self_approval)
        }
        (Some(Approval::SecondPerson(policy)), ApprovalEvidence::Runs(seen)) => seen.judged(policy).people,
        _ => Vec::new(),
    };
    distinct(&people).into_iter().map(|person| person.login.clone()).collect()
}

/// People, each once.
fn distinct<'p>(people: &[&'p Person]) -> Vec<&'p Person> {
    let mut found: Vec<&Person> = Vec::new();
    for person in people {
        if !found.iter().any(|other| other.id == person.id) {
            found.push(person);
        }
    }
    found
}

/// The names of people in words.
fn names(people: &[&Person]) -> String {
    let names: Vec<&str> = distinct(people).iter().map(|person| person.login.as_str()).collect();
    names.join(", ")
}

impl fmt::Display for SecondPerson {
    /// `1 approval of alice or bob within 24h`
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let who: Vec<String> = self.people.iter().map(ToString::to_string).collect();
        let who = if who.is_empty() { "people who may write to the repository".to_owned() } else { who.join(" or ") };
        let approvals = if self.quorum == 1 { "1 approval" } else { &format!("{} approvals", self.quorum) };
        let within = shown(SignedDuration::try_from(self.expires).unwrap_or(SignedDuration::MAX));
        write!(formatter, "{approvals} of {who}, not of whoever planned, within {within} of the plan")
    }
}

/// The name of a user of GitHub. Capital letters make no difference.
#[derive(Debug, Clone)]
pub struct Login(String);

impl Login {
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

impl PartialEq for Login {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for Login {}

impl fmt::Display for Login {
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
            assert!(Login::parse(login).is_some(), "{login}");
        }
        for other in ["", "-a", "a-", "a b", "@eva", "dependabot[bot]", "é", &"a".repeat(40)] {
            assert!(Login::parse(other).is_none(), "{other}");
        }
        assert_eq!(Login::parse("Eva"), Login::parse("eva"));
    }
}
