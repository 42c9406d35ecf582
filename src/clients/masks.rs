//! Secrets that no output of shipgate has, and that the runner hides in the log, whatever program prints them there
//! ([masking](https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#masking-a-value-in-a-log)).

use aws_credential_types::Credentials;
use aws_credential_types::provider::{self, ProvideCredentials, SharedCredentialsProvider, future};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};

use super::ecr::RegistryLogin;
use crate::domain::secrets::in_token;
use crate::sink;

/// Leaves secrets out of everything that is written here, and where that is wanted registers them with the runner too.
///
/// To register a secret is to write it down: where standard error is no log of a runner but a file, that would be the leak.
/// So it is done only where somebody who knows says so.
#[derive(Debug, Clone, Copy, Default)]
pub struct Masks {
    is_registered: bool,
}

impl Masks {
    /// Whether the runner reads standard error of this process.
    pub fn new(is_registered: bool) -> Self {
        Self { is_registered }
    }

    /// Hides a token: one of GitHub, or of its OIDC provider.
    pub fn hide_token(self, token: &SecretString) {
        in_token(token.expose_secret()).for_each(|secret| self.hide(secret));
    }

    /// Hides the password of a registry, also as engines keep it.
    pub fn hide_login(self, login: &RegistryLogin) {
        let password = login.password.expose_secret();
        self.hide(password);
        sink::hide(&STANDARD.encode(format!("{}:{password}", login.user)));
    }

    /// Hides what is secret in credentials. The key's id too, where it is one of AWS and no word or number that an
    /// emulator takes: with it, who reads a log would know what to look for.
    pub fn hide_credentials(self, credentials: &Credentials) {
        self.hide(credentials.secret_access_key());
        credentials.session_token().into_iter().for_each(|token| self.hide(token));
        let id = credentials.access_key_id();
        // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
        if id.starts_with("AKIA") || id.starts_with("ASIA") {
            self.hide(id);
        }
    }

    fn hide(self, secret: &str) {
        sink::hide(secret);
        if self.is_registered {
            sink::mask(secret);
        }
    }
}

/// Credentials that are hidden before anything is done with them.
#[derive(Debug)]
pub struct Hidden {
    provider: SharedCredentialsProvider,
    masks: Masks,
}

impl Hidden {
    /// Those of another provider.
    pub fn new(provider: SharedCredentialsProvider, masks: Masks) -> Self {
        Self { provider, masks }
    }

    async fn provide(&self) -> provider::Result {
        let credentials = self.provider.provide_credentials().await?;
        self.masks.hide_credentials(&credentials);
        Ok(credentials)
    }
}

impl ProvideCredentials for Hidden {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.provide())
    }

    fn fallback_on_interrupt(&self) -> Option<Credentials> {
        self.provider.fallback_on_interrupt()
    }
}
