//! The IAM roles that shipgate assumes, and who assumes them.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use camino::Utf8PathBuf;

use super::names::{AccountId, InvalidName, Region};

/// The longest session of a role that was assumed from another role: one hour
/// ([role chaining](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html#iam-term-role-chaining)).
pub const LONGEST_CHAINED_SESSION: Duration = Duration::from_hours(1);

/// The ARN of an IAM role, as IAM writes it: `arn:aws:iam::123456789012:role/path/name`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RoleArn {
    text: String,
    partition: Partition,
    account: AccountId,
}

/// A group of AWS regions that has accounts and an STS of its own
/// ([partitions](https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html)).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Partition(String);

impl Partition {
    /// The partition that a region is in.
    pub fn of(region: &Region) -> Self {
        let name = match region.as_str().split('-').next() {
            Some("cn") => "aws-cn",
            _ if region.as_str().starts_with("us-gov-") => "aws-us-gov",
            _ if region.as_str().starts_with("us-iso-") => "aws-iso",
            _ if region.as_str().starts_with("us-isob-") => "aws-iso-b",
            _ if region.as_str().starts_with("us-isof-") => "aws-iso-f",
            _ if region.as_str().starts_with("eu-isoe-") => "aws-iso-e",
            _ if region.as_str().starts_with("eusc-") => "aws-eusc",
            _ => "aws",
        };
        Self(name.to_owned())
    }

    /// The host of the console, by region.
    pub fn console(&self) -> &'static str {
        match self.0.as_str() {
            "aws-cn" => "console.amazonaws.cn",
            "aws-us-gov" => "console.amazonaws-us-gov.com",
            "aws-eusc" => "console.amazonaws-eusc.eu",
            _ => "console.aws.amazon.com",
        }
    }

    /// The audience of a token for STS, as AWS documents it for GitHub's provider. Only China's differs.
    pub fn audience(&self) -> &'static str {
        if self.0 == "aws-cn" { "sts.amazonaws.com.cn" } else { "sts.amazonaws.com" }
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl RoleArn {
    /// The whole ARN.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The account that the role is in.
    pub fn account(&self) -> &AccountId {
        &self.account
    }

    /// The partition that the role is in.
    pub fn partition(&self) -> &Partition {
        &self.partition
    }

    /// The role's name without its path. Names are unique in an account, whatever the path.
    pub fn name(&self) -> &str {
        self.text.rsplit('/').next().unwrap_or_default()
    }

    /// Whether a caller, as `sts:GetCallerIdentity` names it, is a session of this role. Such an ARN has no path:
    /// `arn:aws:sts::123456789012:assumed-role/name/session`.
    pub fn is_role_of(&self, caller: &str) -> bool {
        let expected = format!("arn:{}:sts::{}:assumed-role/{}/", self.partition, self.account, self.name());
        caller.starts_with(&expected)
    }
}

/// Whom AWS takes shipgate for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The account.
    pub account: AccountId,
    /// The ARN of the user or of the role's session.
    pub arn: String,
}

/// What the names of sessions begin with that shipgate makes outside a workflow; the person follows.
const SESSION: &str = "shipgate-";
/// In the place of the person, where none is known.
const NO_PERSON: &str = "local";

/// The name of the person in the ARN of a caller, as far as AWS knows one: of a user the name, of a role's session the
/// session's, without what [`session_name`] puts before it
/// ([ARNs](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html)).
pub fn person(caller: &str) -> Option<&str> {
    let resource = caller.splitn(6, ':').nth(5)?;
    let (kind, name) = match resource.rsplit_once('/') {
        Some((path, name)) => (path.split('/').next().unwrap_or_default(), name),
        None => ("", resource),
    };
    let person = if kind == "assumed-role" { name.strip_prefix(SESSION) } else { None };
    let name = person.unwrap_or(name);
    (!name.is_empty() && person != Some(NO_PERSON)).then_some(name)
}

impl FromStr for RoleArn {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).ok_or_else(|| InvalidName {
            kind: "the ARN of an IAM role",
            value: text.to_owned(),
            reason: "it is like arn:aws:iam::123456789012:role/shipgate-stage, with the role's path if it has one",
        })
    }
}

fn parse(text: &str) -> Option<RoleArn> {
    let mut parts = text.splitn(6, ':');
    let (arn, partition, service, region) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let account = parts.next()?.parse().ok()?;
    let path = parts.next()?.strip_prefix("role/")?;
    let is_partition = partition == "aws" || partition.strip_prefix("aws-").is_some_and(is_word);
    let is_role = path.split('/').all(|part| {
        !part.is_empty()
            && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '=' | ',' | '.' | '@' | '-' | '_'))
    });
    let is_short = path.rsplit('/').next().is_some_and(|name| name.len() <= 64) && text.len() <= 2048;
    (arn == "arn" && service == "iam" && region.is_empty() && is_partition && is_role && is_short).then(|| RoleArn {
        text: text.to_owned(),
        partition: Partition(partition.to_owned()),
        account,
    })
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
}

impl fmt::Display for RoleArn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

/// What a command does to an environment, which decides its role there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RolePurpose {
    /// Changes it: `role`, from start to end.
    Change,
    /// Only looks: `read-role`, or `role` where there is none.
    Read,
}

/// The roles of an environment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Roles {
    /// Who changes the environment. Absent: the ambient credentials.
    pub role: Option<RoleArn>,
    /// Who looks at it. Absent: `role`.
    pub read_role: Option<RoleArn>,
    /// The role that is assumed first, and that assumes the others.
    pub via: Option<RoleArn>,
    /// How long a session lasts. Absent: one hour, as STS has it.
    pub duration: Option<Duration>,
    /// A policy that narrows each session further, as a file relative to the configuration file.
    pub policy: Option<Utf8PathBuf>,
}

/// A role to assume, with all that makes its session.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Assumption {
    /// The role.
    pub role: RoleArn,
    /// The role that is assumed before it.
    pub via: Option<RoleArn>,
    /// How long the session lasts.
    pub duration: Option<Duration>,
    /// The file of the policy that narrows the session.
    pub policy: Option<Utf8PathBuf>,
}

impl Roles {
    /// The role for what a command does. `None`: the ambient credentials.
    pub fn assumption(&self, access: RolePurpose) -> Option<Assumption> {
        let role = match access {
            RolePurpose::Change => self.role.as_ref(),
            RolePurpose::Read => self.read_role.as_ref().or(self.role.as_ref()),
        };
        Some(Assumption {
            role: role?.clone(),
            via: self.via.clone(),
            duration: self.duration,
            policy: self.policy.clone(),
        })
    }
}

/// A JSON text without the blanks between its parts. It is not read and written anew: of a key that stands there twice that
/// would leave out the first, and with it a condition.
pub fn without_blanks(json: &str) -> String {
    let (mut in_text, mut is_escaped) = (false, false);
    let is_kept = |c: &char| {
        let kept = in_text || !matches!(c, ' ' | '\t' | '\n' | '\r');
        in_text ^= *c == '"' && !is_escaped;
        is_escaped = in_text && *c == '\\' && !is_escaped;
        kept
    };
    json.chars().filter(is_kept).collect()
}

/// The name of a session, which `CloudTrail` shows: the repository, cut where it is long, the run and its attempt; outside
/// a workflow the person
/// ([RoleSessionName](https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html): 2 to 64 of
/// `\w+=,.@-`).
pub fn session_name(run: Option<(&str, &str, &str)>, person: Option<&str>) -> String {
    let allowed = |c: char| if c.is_ascii_alphanumeric() || "_+=,.@-".contains(c) { c } else { '-' };
    let Some((repository, run, attempt)) = run else {
        let name = person.unwrap_or(NO_PERSON).chars().map(allowed);
        return SESSION.chars().chain(name).take(64).collect();
    };
    let end: String = format!("-{run}-{attempt}").chars().map(allowed).take(48).collect();
    let begin: String = repository.chars().map(allowed).take(64 - end.len()).collect();
    format!("{begin}{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arn(text: &str) -> RoleArn {
        text.parse().unwrap()
    }

    #[test]
    fn role_arns_are_read() {
        let role = arn("arn:aws-us-gov:iam::012345678901:role/teams/shop/shipgate-stage");
        assert_eq!((role.name(), role.account().as_str()), ("shipgate-stage", "012345678901"));
        assert_eq!(role.partition().to_string(), "aws-us-gov");
        for wrong in [
            "",
            "shipgate-stage",
            "arn:aws:iam::12345678901:role/x",
            "arn:aws:iam::123456789012:user/x",
            "arn:aws:sts::123456789012:assumed-role/x/y",
            "arn:aws:iam:us-east-1:123456789012:role/x",
            "arn:aws:iam::123456789012:role/",
            "arn:aws:iam::123456789012:role//x",
            "arn:aws:iam::123456789012:role/a b",
            "arn:gcp:iam::123456789012:role/x",
            " arn:aws:iam::123456789012:role/x",
        ] {
            assert!(wrong.parse::<RoleArn>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_session_is_of_its_role_alone() {
        let role = arn("arn:aws:iam::123456789012:role/teams/shipgate-stage");
        for (caller, is_of) in [
            ("arn:aws:sts::123456789012:assumed-role/shipgate-stage/run-1", true),
            ("arn:aws:sts::123456789012:assumed-role/shipgate-stage-read/run-1", false),
            ("arn:aws:sts::210987654321:assumed-role/shipgate-stage/run-1", false),
            ("arn:aws-cn:sts::123456789012:assumed-role/shipgate-stage/run-1", false),
            ("arn:aws:iam::123456789012:user/shipgate-stage", false),
            ("arn:aws:iam::123456789012:role/teams/shipgate-stage", false),
            ("", false),
        ] {
            assert_eq!(role.is_role_of(caller), is_of, "{caller}");
        }
    }

    #[test]
    fn partitions_and_audiences_follow_the_region() {
        for (region, partition, audience) in [
            ("us-east-1", "aws", "sts.amazonaws.com"),
            ("cn-north-1", "aws-cn", "sts.amazonaws.com.cn"),
            ("us-gov-west-1", "aws-us-gov", "sts.amazonaws.com"),
            ("eusc-de-east-1", "aws-eusc", "sts.amazonaws.com"),
        ] {
            let found = Partition::of(&region.parse().unwrap());
            assert_eq!((found.to_string().as_str(), found.audience()), (partition, audience), "{region}");
        }
    }

    #[test]
    fn looking_takes_the_role_for_looking_where_there_is_one() {
        let (role, read) = (arn("arn:aws:iam::123456789012:role/a"), arn("arn:aws:iam::123456789012:role/b"));
        let of = |roles: &Roles, access| roles.assumption(access).map(|assumption| assumption.role);
        let both = Roles { role: Some(role.clone()), read_role: Some(read.clone()), ..Roles::default() };
        assert_eq!(of(&both, RolePurpose::Change), Some(role.clone()));
        assert_eq!(of(&both, RolePurpose::Read), Some(read));
        let one = Roles { role: Some(role.clone()), ..Roles::default() };
        assert_eq!(of(&one, RolePurpose::Read), Some(role));
        assert_eq!(of(&Roles::default(), RolePurpose::Change), None);
    }

    #[test]
    fn only_the_blanks_between_are_left_out() {
        for (json, expected) in [
            ("{ \"a b\" :\n\t[ 1, 2 ] }\r\n", r#"{"a b":[1,2]}"#),
            (r#"{ "a": "x \" y \\", "a" : 2 }"#, r#"{"a":"x \" y \\","a":2}"#),
        ] {
            assert_eq!(without_blanks(json), expected);
        }
    }

    #[test]
    fn session_names_keep_the_run_whole() {
        assert_eq!(session_name(Some(("shop/cloudshop", "123456", "2")), None), "shop-cloudshop-123456-2");
        let long = session_name(Some((&"x".repeat(140), "12345678901", "1")), Some("ana"));
        assert_eq!(long.len(), 64);
        assert!(long.ends_with("-12345678901-1"));
        let odd = session_name(Some(("ünder/wegs", &"9".repeat(90), "1")), None);
        assert!(odd.len() <= 64 && odd.is_ascii(), "{odd}");
        for (person, name) in [
            (None, "shipgate-local"),
            (Some("ana@example.com"), "shipgate-ana@example.com"),
            (Some("ana b"), "shipgate-ana-b"),
        ] {
            assert_eq!(session_name(None, person), name);
        }
        assert_eq!(session_name(None, Some(&"x".repeat(64))).len(), 64);
    }

    #[test]
    fn a_caller_is_a_person_by_the_last_part_of_the_arn() {
        for (arn, person) in [
            ("arn:aws:iam::123456789012:user/ana", Some("ana")),
            ("arn:aws:iam::123456789012:user/teams/shop/ana", Some("ana")),
            ("arn:aws:iam::123456789012:user/shipgate-bot", Some("shipgate-bot")),
            ("arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Ops_1f/ana@example.com", Some("ana@example.com")),
            ("arn:aws:sts::123456789012:assumed-role/shipgate-stage/shipgate-ana", Some("ana")),
            ("arn:aws:sts::123456789012:assumed-role/shipgate-stage/shipgate-local", None),
            ("arn:aws:sts::123456789012:federated-user/ana", Some("ana")),
            ("arn:aws:iam::123456789012:root", Some("root")),
            ("arn:aws:iam::123456789012:user/", None),
            ("ana", None),
            ("", None),
        ] {
            assert_eq!(super::person(arn), person, "{arn}");
        }
    }
}
