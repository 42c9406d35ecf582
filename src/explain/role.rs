//! Why a role cannot be had.

use super::{Explain, explained};
use crate::clients::role::{Asker, NotAssumed, SessionError};
use crate::domain::failure::{Cause, CauseKind, Failure};
use crate::domain::iam::keys::EVALUATED;
use crate::domain::neutral;
use crate::domain::refusal::Refusal;
use crate::domain::role::RoleArn;
use crate::domain::token::{Claim, Claims};
use crate::domain::workflow::RoleUnavailable;

explained!(SessionError);

impl Explain for SessionError {
    fn before(&self) -> Failure {
        match self {
            Self::NoRole => Failure::failed(self.to_string()),
            Self::Token(error) => error.before(),
            Self::Sts(refused) => refused.before(),
        }
    }
}

impl Explain for NotAssumed {
    fn before(&self) -> Failure {
        let explained = match (&self.asker, self.refusal) {
            (Asker::Job(claims), Some(refusal)) => Some(exchange(self, refusal, claims)),
            (Asker::Caller(caller), Some(refusal)) => assumption(self, refusal, caller),
            (_, None) => None,
        };
        let failure = explained.unwrap_or_else(|| self.error.before());
        Failure { is_transient: self.error.is_transient(), ..failure }
    }
}

/// A token was not exchanged.
fn exchange(refused: &NotAssumed, refusal: Refusal, claims: &Claims) -> Failure {
    let failure = why(refused, refusal, claims).because(cause(refused, refusal));
    if shows_claims(refusal) { claims.lines().iter().fold(failure, Failure::cause) } else { failure }
}

/// Somebody with a session or a user was refused. `None`: the call itself says why.
fn assumption(refused: &NotAssumed, refusal: Refusal, caller: &str) -> Option<Failure> {
    let role = &refused.role;
    let failure = match refusal {
        Refusal::NotTrusted => Failure::invalid(format!("{caller} may not assume role {role}"))
            .of(CauseKind::Permission)
            .hint(format!("allow `sts:AssumeRole` on {role} in the policy of {caller}"))
            .hint(format!(
                "name {caller} in the role's trust policy: `shipgate iam trust ENVIRONMENT --repository OWNER/NAME \
                 --principal ARN` prints one"
            )),
        Refusal::PolicyTooLarge
        | Refusal::PolicyMalformed
        | Refusal::RegionDisabled
        | Refusal::TooLong
        | Refusal::TooLongForChain => why(refused, refusal, &Claims::default()),
        Refusal::NoProvider
        | Refusal::WrongAudience
        | Refusal::NotAToken
        | Refusal::Expired
        | Refusal::Rejected
        | Refusal::ProviderUnreachable => return None,
    };
    Some(failure.because(cause(refused, refusal)))
}

pub(super) fn cause(refused: &NotAssumed, refusal: Refusal) -> Cause {
    Cause::new(kind(refusal), refused.error.to_string()).code(refused.error.code.clone())
}

fn kind(refusal: Refusal) -> CauseKind {
    match refusal {
        Refusal::NotTrusted | Refusal::Rejected => CauseKind::Permission,
        Refusal::ProviderUnreachable => CauseKind::Dependency,
        Refusal::NoProvider
        | Refusal::WrongAudience
        | Refusal::NotAToken
        | Refusal::Expired
        | Refusal::PolicyTooLarge
        | Refusal::PolicyMalformed
        | Refusal::RegionDisabled
        | Refusal::TooLong
        | Refusal::TooLongForChain => CauseKind::Environment,
    }
}

fn shows_claims(refusal: Refusal) -> bool {
    matches!(refusal, Refusal::NotTrusted | Refusal::NoProvider | Refusal::WrongAudience | Refusal::NotAToken)
}

/// What a refusal means, and what to do about it.
fn why(refused: &NotAssumed, refusal: Refusal, claims: &Claims) -> Failure {
    let role = &refused.role;
    let account = role.account();
    let failure = match refusal {
        Refusal::NotTrusted => not_trusted(role, claims),
        Refusal::NoProvider => {
            Failure::invalid(format!("account {account} does not know GitHub as an identity provider")).hint(format!(
                "create an OpenID Connect provider for {} with audience {} in account {account}",
                claims.issuer, claims.audience
            ))
        }
        Refusal::WrongAudience => Failure::invalid(format!(
            "the identity provider in account {account} does not know audience {}",
            claims.audience
        ))
        .hint(format!("add {} to the provider's client ids (audiences)", claims.audience)),
        Refusal::NotAToken => Failure::invalid("AWS does not accept GitHub's token")
            .hint("check that the account's OpenID Connect provider is for the `iss` of the token"),
        Refusal::Expired => Failure::invalid("GitHub's token had expired when it arrived")
            .hint("check this machine's clock, and whether something between it and AWS delays requests"),
        Refusal::Rejected => {
            Failure::invalid("the identity provider has taken GitHub's token back").hint("run the job again")
        }
        Refusal::ProviderUnreachable => Failure::failed("AWS cannot ask GitHub's identity provider for its keys")
            .hint("run it again; https://www.githubstatus.com says whether GitHub Actions has a problem"),
        Refusal::PolicyTooLarge => Failure::invalid("the session policy is too large")
            .hint("shorten the file that `session-policy` names: 2048 characters at most, and packed by AWS"),
        Refusal::PolicyMalformed => Failure::invalid("the session policy is not an IAM policy")
            .hint("correct the file that `session-policy` names"),
        Refusal::RegionDisabled => Failure::invalid("AWS STS is turned off in this region for the role's account")
            .hint(format!("turn it on in the account settings of IAM in account {account}, or correct `region`")),
        Refusal::TooLong => {
            let asked = refused.seconds.unwrap_or(3600);
            Failure::invalid(format!("role {role} does not allow sessions of {asked} seconds"))
                .hint("shorten `session-duration`, or raise the role's maximum session duration (MaxSessionDuration)")
        }
        Refusal::TooLongForChain => Failure::invalid("a session of one role may assume another for an hour at most")
            .hint("write at most `1h` as `session-duration`, or begin with a token or with credentials of a user"),
    };
    failure.of(kind(refusal))
}

fn not_trusted(role: &RoleArn, claims: &Claims) -> Failure {
    Failure::invalid(format!("role {role} does not let this job in"))
        .hint("`shipgate iam trust` prints a trust policy for the jobs that should have the role: is this one of them?")
        .hint(format!(
            "`shipgate whoami ENVIRONMENT --trust-policy FILE --subject {}{}` says which condition keeps it out",
            neutral::word(&claims.subject),
            options(claims)
        ))
        .hint(format!("make sure that {role} exists, with this path and these capital letters"))
}

/// The other claims that a trust policy may ask for, as options of `whoami`.
pub(super) fn options(claims: &Claims) -> String {
    let others = EVALUATED.iter().filter(|name| !matches!(**name, "sub" | "aud"));
    let known = others.filter_map(|name| match claims.get(name) {
        Claim::Is(value) => Some(format!(" --claim {}", neutral::word(&format!("{name}={value}")))),
        Claim::Absent | Claim::Unknown => None,
    });
    known.collect()
}

/// Why this job cannot have the role.
pub fn no_way(no_way: RoleUnavailable, role: &RoleArn) -> Failure {
    let permission = "give the job `permissions: id-token: write`; a job's own `permissions` replace the workflow's, so \
                      `contents: read` has to be there too";
    let failure = match no_way {
        RoleUnavailable::Half(missing) => Failure::invalid(format!("{missing} is not set, though its counterpart is"))
            .hint("hand on both ACTIONS_ID_TOKEN_REQUEST_URL and ACTIONS_ID_TOKEN_REQUEST_TOKEN, or run shipgate in a step itself"),
        RoleUnavailable::Fork => Failure::invalid(format!("a pull request of a fork cannot assume role {role}"))
            .cause("GitHub gives the jobs of forks no OIDC token")
            .hint("skip the job for forks: `if: github.event.pull_request.head.repo.full_name == github.repository`"),
        RoleUnavailable::Dependabot => Failure::invalid(format!("this job of Dependabot cannot assume role {role}"))
            .cause("the job has no OIDC token")
            .hint(permission)
            .hint("or skip the job for Dependabot: `if: github.actor != 'dependabot[bot]'`"),
        RoleUnavailable::NoPermission => Failure::invalid(format!("the job may not ask for the token that role {role} needs"))
            .cause("ACTIONS_ID_TOKEN_REQUEST_URL is not set: the job's permissions lack `id-token: write`")
            .hint(permission),
    };
    failure.of(if matches!(no_way, RoleUnavailable::Half(_)) { CauseKind::Environment } else { CauseKind::Permission })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clients::aws::{AwsError, AwsErrorKind};
    use crate::domain::outcome::Outcome::{Failed, Invalid};
    use crate::explain::tests::{assert_explained, has_source};

    fn refused(asker: Asker, refusal: Option<Refusal>) -> SessionError {
        let error = AwsError {
            kind: AwsErrorKind::Service,
            code: Some("Code".to_owned()),
            ..AwsError::unexpected("sts:AssumeRoleWithWebIdentity", "Code: no")
        };
        let role = "arn:aws:iam::123456789012:role/stage".parse().unwrap();
        SessionError::Sts(Box::new(NotAssumed { refusal, role, seconds: Some(7200), asker, error }))
    }

    fn job() -> Asker {
        Asker::Job(Claims { subject: "repo:a/b".to_owned(), audience: "sts".to_owned(), ..Claims::default() })
    }

    #[test]
    fn each_refusal_is_explained() {
        use CauseKind::{Dependency, Environment, Permission};
        for (refusal, outcome, kind, hint) in [
            (Refusal::NotTrusted, Invalid, Permission, "--subject 'repo:a/b'"),
            (Refusal::NoProvider, Invalid, Environment, "create an OpenID Connect provider"),
            (Refusal::WrongAudience, Invalid, Environment, "client ids (audiences)"),
            (Refusal::NotAToken, Invalid, Environment, "`iss` of the token"),
            (Refusal::Expired, Invalid, Environment, "this machine's clock"),
            (Refusal::Rejected, Invalid, Permission, "run the job again"),
            (Refusal::ProviderUnreachable, Failed, Dependency, "run it again"),
            (Refusal::PolicyTooLarge, Invalid, Environment, "2048 characters at most"),
            (Refusal::PolicyMalformed, Invalid, Environment, "correct the file"),
            (Refusal::RegionDisabled, Invalid, Environment, "in account 123456789012"),
            (Refusal::TooLong, Invalid, Environment, "shorten `session-duration`"),
            (Refusal::TooLongForChain, Invalid, Environment, "write at most `1h`"),
        ] {
            let error = refused(job(), Some(refusal));
            assert_explained(&error, (outcome, kind, Some("Code"), hint));
            assert_eq!(error.before().causes[0].text, "sts:AssumeRoleWithWebIdentity: Code: no");
            assert!(has_source::<AwsError>(&error));
        }
    }

    #[test]
    fn a_job_that_can_have_no_role_is_told_what_to_change() {
        use CauseKind::{Environment, Permission};
        let role: RoleArn = "arn:aws:iam::123456789012:role/stage".parse().unwrap();
        for (reason, kind, hint) in [
            (RoleUnavailable::Half("ACTIONS_ID_TOKEN_REQUEST_URL"), Environment, "hand on both"),
            (RoleUnavailable::Fork, Permission, "skip the job for forks"),
            (RoleUnavailable::Dependabot, Permission, "`permissions: id-token: write`"),
            (RoleUnavailable::NoPermission, Permission, "`permissions: id-token: write`"),
        ] {
            let failure = no_way(reason, &role);
            assert_eq!((failure.outcome, failure.kind), (Invalid, kind));
            assert!(
                failure.causes.iter().all(|cause| cause.kind == kind) && failure.hints[0].contains(hint),
                "{failure:?}"
            );
        }
    }

    #[test]
    fn what_the_token_says_is_shown_where_that_decides() {
        let causes = |refusal| refused(job(), Some(refusal)).before().causes.len();
        assert!(causes(Refusal::NotTrusted) > 1);
        assert_eq!(causes(Refusal::TooLong), 1);
        assert!(refused(job(), Some(Refusal::TooLong)).before().reason.ends_with("sessions of 7200 seconds"));
    }

    #[test]
    fn who_assumes_a_role_without_a_token_gets_other_hints() {
        let caller = || Asker::Caller("arn:aws:iam::1:user/x".to_owned());
        let not_trusted = refused(caller(), Some(Refusal::NotTrusted));
        let hint = "in the policy of arn:aws:iam::1:user/x";
        assert_explained(&not_trusted, (Invalid, CauseKind::Permission, Some("Code"), hint));
        let too_long = refused(caller(), Some(Refusal::TooLong));
        assert_explained(&too_long, (Invalid, CauseKind::Environment, Some("Code"), "shorten `session-duration`"));
        for other in [None, Some(Refusal::Expired)] {
            let error = refused(caller(), other);
            assert_explained(&error, (Failed, CauseKind::Environment, Some("Code"), "correct what AWS names"));
        }
        assert_explained(&SessionError::NoRole, (Failed, CauseKind::Environment, None, ""));
    }
}
