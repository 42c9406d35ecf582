//! A registry as everything here addresses it.

use oci_client::errors::OciDistributionError;

use super::error::{FailedCall, RegistryError, RegistrySide};
use super::limits::Limits;
use super::login::{RegistryAuth, RegistryCredentials};
use super::transport::Transport;
use crate::clients::ecr::RegistryLogin;
use crate::domain::image::RegistryAddress;

/// A registry with a login.
#[derive(Clone)]
pub struct Registry {
    pub(super) http: Transport,
    pub(super) login: RegistryAuth,
    pub(super) limits: Limits,
    /// The host as engines and this program address it.
    pub host: String,
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Registry").field("host", &self.host).finish_non_exhaustive()
    }
}

impl Registry {
    /// A registry at its AWS name, or at another address where one is given.
    pub fn new(login: &RegistryLogin, address: Option<&RegistryAddress>) -> Self {
        let host = address.map_or_else(|| login.host.clone(), |address| address.host.clone());
        let tls = address.is_none_or(|address| address.tls);
        let credentials = RegistryCredentials { user: login.user.clone(), password: login.password.clone() };
        let http = Transport::new(&host, tls);
        Self { login: RegistryAuth::new(http.clone(), credentials), http, limits: Limits::USUAL, host }
    }

    /// An error of a request, with what was asked for in the words of a bare infinitive with its object.
    pub(super) fn failed(&self, side: RegistrySide, action: String, source: OciDistributionError) -> RegistryError {
        RegistryError::Call(Box::new(FailedCall { host: self.host.clone(), action, side, source }))
    }
}
