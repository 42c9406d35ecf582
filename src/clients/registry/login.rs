//! How a registry is logged in to: with the password itself (Amazon ECR), or with a token for which the registry itself
//! takes the password ([token authentication](https://distribution.github.io/distribution/spec/auth/token/)).
//!
//! The password goes to the registry's own scheme, host and port, and nowhere else. A registry that names a token
//! service on another host (Docker Hub does) is refused: nothing says that the two belong together, and Amazon ECR, whose
//! password this is, does not do that.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use oci_client::errors::OciDistributionError;
use reqwest::header::{AUTHORIZATION, HeaderValue, WWW_AUTHENTICATE};
use reqwest::{RequestBuilder, Response, StatusCode, Url};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::transport::{Transport, checked, read};
use crate::domain::limits::REGISTRY_ANSWER;
use crate::domain::neutral;

/// A token is valid for a minute at least
/// ([`expires_in`](https://distribution.github.io/distribution/spec/auth/token/#token-response-fields)).
const TOKEN_LASTS: Duration = Duration::from_secs(50);

/// A user with a password.
#[derive(Debug, Clone)]
pub struct RegistryCredentials {
    /// The user.
    pub user: String,
    /// The password.
    pub password: SecretString,
}

/// What a request is to be allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenScope {
    /// To read.
    Pull,
    /// To write, and to read.
    Push,
}

/// How a registry is logged in to, and what is known of that.
#[derive(Clone)]
pub struct RegistryAuth {
    transport: Transport,
    credentials: RegistryCredentials,
    known: Arc<Mutex<AuthScheme>>,
}

/// What is known of the registry's way to log in.
#[derive(Default)]
struct AuthScheme {
    challenge: Option<Challenge>,
    tokens: HashMap<(String, TokenScope), (Instant, HeaderValue)>,
}

/// What a registry asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Challenge {
    /// Nothing.
    Nothing,
    /// The password.
    Password,
    /// A token.
    Token {
        /// Where it is to be had.
        realm: String,
        /// What the token is for, in the words of the registry.
        service: Option<String>,
    },
}

impl Challenge {
    /// Reads the header `WWW-Authenticate`. The password where there is a choice: it goes to the registry alone.
    /// `None`: nothing of it can be done.
    pub fn parse(header: &str) -> Option<Self> {
        let Ok(offered) = http_auth::parse_challenges(header) else {
            // Registries of old write a realm without quotes.
            let scheme = header.split_whitespace().next().unwrap_or_default();
            return scheme.eq_ignore_ascii_case("basic").then_some(Self::Password);
        };
        if offered.iter().any(|challenge| challenge.scheme.eq_ignore_ascii_case("basic")) {
            return Some(Self::Password);
        }
        let bearer = offered.iter().find(|challenge| challenge.scheme.eq_ignore_ascii_case("bearer"))?;
        let value = |name: &str| {
            let found = bearer.params.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.to_unescaped())
        };
        Some(Self::Token { realm: value("realm")?, service: value("service") })
    }
}

#[derive(Deserialize)]
struct TokenAnswer {
    token: Option<String>,
    access_token: Option<String>,
}

impl RegistryAuth {
    /// The login of a registry with the password for it.
    pub fn new(transport: Transport, credentials: RegistryCredentials) -> Self {
        Self { transport, credentials, known: Arc::default() }
    }

    /// Sends a request, with the login where it goes to the registry itself. Has no limit in time.
    pub async fn send(
        &self,
        (scope, repository): (TokenScope, &str),
        (url, request): (&Url, RequestBuilder),
    ) -> Result<Response, OciDistributionError> {
        let authorization =
            if self.transport.is_own(url) { self.authorization(scope, repository).await? } else { None };
        let request = match authorization {
            Some(value) => request.header(AUTHORIZATION, value),
            None => request,
        };
        Ok(request.send().await?)
    }

    /// The header that lets a request in; `None` where the registry asks for none.
    async fn authorization(
        &self,
        scope: TokenScope,
        repository: &str,
    ) -> Result<Option<HeaderValue>, OciDistributionError> {
        let mut known = self.known.lock().await;
        let challenge = match &known.challenge {
            Some(challenge) => challenge.clone(),
            None => known.challenge.insert(self.challenge().await?).clone(),
        };
        let (realm, service) = match challenge {
            Challenge::Nothing => return Ok(None),
            Challenge::Password => return self.password().map(Some),
            Challenge::Token { realm, service } => (realm, service),
        };
        let key = (repository.to_owned(), scope);
        if let Some((since, token)) = known.tokens.get(&key)
            && since.elapsed() < TOKEN_LASTS
        {
            return Ok(Some(token.clone()));
        }
        let began = Instant::now();
        let token = self.token(&realm, service.as_deref(), &key).await?;
        known.tokens.insert(key, (began, token.clone()));
        Ok(Some(token))
    }

    /// Asks the registry what it asks for.
    async fn challenge(&self) -> Result<Challenge, OciDistributionError> {
        let response = self.transport.client.get(self.transport.address("")?).send().await?;
        let status = response.status();
        if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
            checked(response, &[]).await?;
            return Ok(Challenge::Nothing);
        }
        let headers = response.headers().get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
        let offered = headers.collect::<Vec<_>>().join(", ");
        match (offered.as_str(), status) {
            ("", StatusCode::UNAUTHORIZED) => Err(refused("the registry refuses, and does not say what it asks for")),
            ("", _) => Ok(Challenge::Nothing),
            (offered, _) => {
                let unknown = || {
                    let text = neutral::phrase(offered, 100);
                    refused(&format!("the registry asks for a login that shipgate does not know: {text}"))
                };
                Challenge::parse(offered).ok_or_else(unknown)
            }
        }
    }

    fn password(&self) -> Result<HeaderValue, OciDistributionError> {
        let RegistryCredentials { user, password } = &self.credentials;
        let pair = format!("{user}:{}", password.expose_secret());
        header("Basic", &base64::engine::general_purpose::STANDARD.encode(pair))
    }

    /// A token for the password, from the registry itself.
    async fn token(
        &self,
        realm: &str,
        service: Option<&str>,
        (repository, scope): &(String, TokenScope),
    ) -> Result<HeaderValue, OciDistributionError> {
        let url = Url::parse(realm).ok().filter(|url| self.transport.is_own(url)).ok_or_else(|| {
            let realm = neutral::phrase(realm, 200);
            refused(&format!("the registry wants its login to be sent to `{realm}`; it is sent to the registry alone"))
        })?;
        let actions = match scope {
            TokenScope::Pull => "pull",
            TokenScope::Push => "pull,push",
        };
        let mut url = url;
        url.query_pairs_mut().append_pair("scope", &format!("repository:{repository}:{actions}"));
        if let Some(service) = service {
            url.query_pairs_mut().append_pair("service", service);
        }
        let response = self.transport.client.get(url).header(AUTHORIZATION, self.password()?).send().await?;
        let body = read(checked(response, &[StatusCode::OK]).await?, &REGISTRY_ANSWER).await?;
        let unusable = || OciDistributionError::RegistryTokenDecodeError("the answer has no `token`".to_owned());
        let answer: TokenAnswer = serde_json::from_slice(&body).map_err(|_| unusable())?;
        header("Bearer", &answer.token.or(answer.access_token).ok_or_else(unusable)?)
    }
}

fn header(scheme: &str, value: &str) -> Result<HeaderValue, OciDistributionError> {
    let mut header = HeaderValue::from_str(&format!("{scheme} {value}"))
        .map_err(|_| OciDistributionError::RegistryTokenDecodeError("it is no text for a header".to_owned()))?;
    header.set_sensitive(true);
    Ok(header)
}

fn refused(text: &str) -> OciDistributionError {
    OciDistributionError::AuthenticationFailure(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_is_preferred_and_what_is_unknown_is_refused() {
        let token = |realm: &str, service: Option<&str>| {
            Some(Challenge::Token { realm: realm.to_owned(), service: service.map(str::to_owned) })
        };
        for (header, challenge) in [
            ("Basic realm=\"https://x/\",service=\"ecr.amazonaws.com\"", Some(Challenge::Password)),
            ("basic realm=A Realm", Some(Challenge::Password)),
            ("Bearer realm=\"https://x/token\",service=\"x\"", token("https://x/token", Some("x"))),
            ("bearer REALM=\"https://x/\\\"\"", token("https://x/\"", None)),
            ("Bearer realm=\"https://x/\", Basic realm=\"x\"", Some(Challenge::Password)),
            ("Bearer service=\"x\"", None),
            ("Digest realm=\"x\", nonce=\"y\"", None),
            ("=,=", None),
        ] {
            assert_eq!(Challenge::parse(header), challenge, "{header}");
        }
    }
}
