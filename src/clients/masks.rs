//! Secrets that the runner is told of, so that it hides them in the log, whoever prints them there
//! ([masking](https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#masking-a-value-in-a-log)).

use std::io::Write as _;

use aws_credential_types::Credentials;
use secrecy::{ExposeSecret as _, SecretString};

use crate::domain::github::command::Command;

/// Tells the runner, or nobody.
///
/// To tell is to write the secret down: where standard error is no log of a runner but a file, that would be the leak.
/// So it is done only where somebody who knows says so.
#[derive(Debug, Clone, Copy, Default)]
pub struct Masks {
    is_told: bool,
}

impl Masks {
    /// Whether the runner reads what we write to standard error.
    pub fn new(is_told: bool) -> Self {
        Self { is_told }
    }

    /// Hides a secret.
    pub fn hide(self, secret: &SecretString) {
        self.tell(secret.expose_secret());
    }

    /// Hides what is secret in credentials. The key's id too: with it, who reads a log would know what to look for.
    pub fn hide_credentials(self, credentials: &Credentials) {
        self.tell(credentials.access_key_id());
        self.tell(credentials.secret_access_key());
        credentials.session_token().into_iter().for_each(|token| self.tell(token));
    }

    /// Each line for itself: the runner looks at lines. It refuses to hide nothing.
    fn tell(self, secret: &str) {
        let lines = secret.lines().filter(|line| self.is_told && !line.trim().is_empty());
        for line in lines {
            let _written = writeln!(anstream::stderr().lock(), "{}", Command::new("add-mask", line));
        }
    }
}
