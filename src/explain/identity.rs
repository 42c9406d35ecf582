//! Why it is not known who the program is: no credentials, an address that is not safe, no token of GitHub.

use super::{Explain, explained};
use crate::clients::ambient::{AmbientError, NoCredentials};
use crate::clients::aws::chain;
use crate::clients::endpoint::EndpointError;
use crate::clients::id_token::IdTokenError;
use crate::domain::failure::{CauseKind, Failure};

explained!(AmbientError, NoCredentials, EndpointError, IdTokenError);

impl Explain for AmbientError {
    fn before(&self) -> Failure {
        match self {
            Self::None(error) => error.before(),
            Self::Call(error) => error.before(),
        }
    }
}

impl Explain for NoCredentials {
    fn before(&self) -> Failure {
        let why = self.source.as_ref().map_or_else(|| "no source is configured".to_owned(), |error| chain(error));
        let failure = Failure::invalid(self.to_string()).cause(why);
        match &self.profile {
            Some(profile) => failure
                .cause(format!("AWS_PROFILE names profile `{profile}`"))
                .hint("check that the profile is in ~/.aws/config and its credentials are fresh, or unset AWS_PROFILE"),
            None => failure.hint(
                "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; \
                 in GitHub Actions run aws-actions/configure-aws-credentials before",
            ),
        }
    }
}

impl Explain for EndpointError {
    fn before(&self) -> Failure {
        let name = &self.name;
        Failure::invalid(self.to_string())
            .cause("credentials and tokens would be sent there unencrypted")
            .hint(format!("correct {name} to an https address or remove it; without TLS it can be localhost alone"))
    }
}

impl Explain for IdTokenError {
    fn before(&self) -> Failure {
        let no_token = || {
            Failure::failed("GitHub's token cannot be had")
                .of(CauseKind::Dependency)
                .cause(self.to_string())
                .hint("run it again; https://www.githubstatus.com says whether GitHub Actions has a problem")
        };
        let failure = match self {
            Self::Address(_) => Failure::invalid(self.to_string())
                .hint("the runner sets it: do not set it yourself, and run shipgate in a step of the job"),
            Self::Client(error) => Failure::failed(self.to_string()).cause(error.to_string()),
            Self::RequestToken => Failure::invalid(self.to_string()),
            Self::Refused(_) => Failure::invalid("GitHub issues no token to this job")
                .of(CauseKind::Permission)
                .cause(self.to_string())
                .hint("give the job `permissions: id-token: write`, and run shipgate while the job runs"),
            Self::Unavailable(_) | Self::NoAnswer(_) => no_token(),
            Self::Undocumented(_) | Self::Answer(_) => no_token()
                .of(CauseKind::Environment)
                .hint("make sure that nothing between the runner and GitHub changes the answers"),
        };
        Failure { is_transient: self.is_transient(), ..failure }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clients::aws::AwsError;
    use crate::domain::outcome::Outcome::{Failed, Invalid};
    use crate::explain::tests::assert_explained;
    use aws_credential_types::provider::error::CredentialsError;
    use reqwest::StatusCode;

    #[test]
    fn missing_credentials_are_explained() {
        let none = |profile: Option<&str>, source| NoCredentials { profile: profile.map(str::to_owned), source };
        let not_loaded = || Some(CredentialsError::not_loaded("nothing is set"));
        for (error, causes, hint) in [
            (none(None, None), vec!["no source is configured"], "set AWS_PROFILE, or AWS_ACCESS_KEY_ID"),
            (
                none(Some("x"), None),
                vec!["no source is configured", "AWS_PROFILE names profile `x`"],
                "unset AWS_PROFILE",
            ),
        ] {
            assert_explained(&error, (Invalid, CauseKind::Environment, None, hint));
            assert_eq!(error.before().causes.iter().map(AsRef::as_ref).collect::<Vec<&str>>(), causes);
        }
        let error = AmbientError::from(none(None, not_loaded()));
        assert!(error.before().causes[0].text.contains("nothing is set"), "{error:?}");
        let call = AmbientError::from(AwsError::unexpected("sts:GetCallerIdentity", "no"));
        assert_explained(&call, (Failed, CauseKind::Environment, None, "correct what AWS names"));
    }

    #[test]
    fn an_address_without_encryption_is_explained() {
        let error = EndpointError { name: "AWS_ENDPOINT_URL".to_owned(), address: "http://aws.example".to_owned() };
        let hint = "correct AWS_ENDPOINT_URL to an https address";
        assert_explained(&error, (Invalid, CauseKind::Environment, None, hint));
    }

    #[test]
    fn each_way_to_get_no_token_is_explained() {
        use IdTokenError::{Address, Answer, Refused, RequestToken, Unavailable, Undocumented};
        let anything_between = "make sure that nothing between the runner and GitHub";
        for (error, transient, expected) in [
            (Address("is not an address"), false, (Invalid, CauseKind::Environment, "do not set it yourself")),
            (RequestToken, false, (Invalid, CauseKind::Environment, "")),
            (Refused(StatusCode::FORBIDDEN), false, (Invalid, CauseKind::Permission, "permissions: id-token: write")),
            (Unavailable(StatusCode::BAD_GATEWAY), true, (Failed, CauseKind::Dependency, "run it again")),
            (Undocumented(StatusCode::NOT_FOUND), false, (Failed, CauseKind::Environment, anything_between)),
            (Answer("it has no `value`"), false, (Failed, CauseKind::Environment, anything_between)),
        ] {
            let (outcome, kind, hint) = expected;
            assert_explained(&error, (outcome, kind, None, hint));
            assert_eq!(error.is_transient(), transient, "{error}");
        }
    }
}
