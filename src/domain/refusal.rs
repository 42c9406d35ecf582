//! Why STS did not exchange a token for a session, by code
//! ([errors](https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html)).

/// A refused exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The role's trust policy does not let this token in, or there is no such role: STS does not say which.
    NotTrusted,
    /// The account does not know GitHub as an identity provider.
    NoProvider,
    /// The provider does not know the audience.
    WrongAudience,
    /// The token is none that the provider made.
    NotAToken,
    /// The token was too old when it arrived.
    Expired,
    /// The provider has taken the token back.
    Rejected,
    /// STS could not ask the provider for its keys.
    ProviderUnreachable,
    /// The session policy is too large.
    PolicyTooLarge,
    /// The session policy is none.
    PolicyMalformed,
    /// STS is turned off in the region.
    RegionDisabled,
    /// The session would last longer than the role allows.
    TooLong,
    /// It would last longer than AWS allows a session that another one makes, whatever the role allows.
    TooLongForChain,
}

impl Refusal {
    /// Reads the code; the message only where one code means several things.
    pub fn of(code: &str, message: &str) -> Option<Self> {
        let refusal = match code {
            "AccessDenied" | "AccessDeniedException" => Self::NotTrusted,
            "InvalidIdentityToken" | "InvalidIdentityTokenException" => match message {
                text if text.contains("No OpenIDConnect provider") => Self::NoProvider,
                text if text.contains("Incorrect token audience") => Self::WrongAudience,
                text if text.contains("verification key") => Self::ProviderUnreachable,
                _ => Self::NotAToken,
            },
            "ExpiredToken" | "ExpiredTokenException" => Self::Expired,
            "IDPRejectedClaim" | "IDPRejectedClaimException" => Self::Rejected,
            "IDPCommunicationError" | "IDPCommunicationErrorException" => Self::ProviderUnreachable,
            "PackedPolicyTooLarge" | "PackedPolicyTooLargeException" => Self::PolicyTooLarge,
            "MalformedPolicyDocument" | "MalformedPolicyDocumentException" => Self::PolicyMalformed,
            "RegionDisabledException" => Self::RegionDisabled,
            "ValidationError" if message.contains("DurationSeconds") => match message {
                text if text.contains("role chaining") => Self::TooLongForChain,
                _ => Self::TooLong,
            },
            _ => return None,
        };
        Some(refusal)
    }

    /// How many more tokens to try. A trust policy that was written a moment ago is not known everywhere yet, but
    /// no run waits for one.
    pub fn retries(self) -> usize {
        match self {
            Self::Expired => 2,
            Self::Rejected => 1,
            Self::ProviderUnreachable => 4,
            Self::NotTrusted
            | Self::NoProvider
            | Self::WrongAudience
            | Self::NotAToken
            | Self::PolicyTooLarge
            | Self::PolicyMalformed
            | Self::RegionDisabled
            | Self::TooLong
            | Self::TooLongForChain => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_told_apart() {
        for (code, message, refusal) in [
            ("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity", Some(Refusal::NotTrusted)),
            (
                "InvalidIdentityToken",
                "No OpenIDConnect provider found in your account for https://token.actions.githubusercontent.com",
                Some(Refusal::NoProvider),
            ),
            ("InvalidIdentityToken", "Incorrect token audience", Some(Refusal::WrongAudience)),
            (
                "InvalidIdentityToken",
                "Couldn't retrieve verification key from your identity provider",
                Some(Refusal::ProviderUnreachable),
            ),
            ("InvalidIdentityToken", "The ID Token provided is not a valid JWT", Some(Refusal::NotAToken)),
            ("ExpiredTokenException", "Token expired", Some(Refusal::Expired)),
            ("IDPRejectedClaim", "", Some(Refusal::Rejected)),
            ("IDPCommunicationError", "", Some(Refusal::ProviderUnreachable)),
            ("PackedPolicyTooLarge", "", Some(Refusal::PolicyTooLarge)),
            ("MalformedPolicyDocument", "", Some(Refusal::PolicyMalformed)),
            ("RegionDisabledException", "", Some(Refusal::RegionDisabled)),
            (
                "ValidationError",
                "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
                Some(Refusal::TooLong),
            ),
            (
                "ValidationError",
                "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
                Some(Refusal::TooLongForChain),
            ),
            ("ValidationError", "1 validation error detected", None),
            ("Throttling", "Rate exceeded", None),
            ("InternalFailure", "", None),
        ] {
            assert_eq!(Refusal::of(code, message), refusal, "{code}: {message}");
        }
    }

    #[test]
    fn what_no_other_token_would_change_is_not_tried_again() {
        assert_eq!(Refusal::NotTrusted.retries(), 0);
        assert_eq!(Refusal::NoProvider.retries(), 0);
        assert!(Refusal::ProviderUnreachable.retries() > 0);
        assert!(Refusal::Expired.retries() > 0);
    }
}
