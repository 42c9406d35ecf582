//! What belongs to an environment, as far as its configuration says.

use std::net::IpAddr;

use url::{Host, Url};

use crate::domain::names::{AccountId, EnvironmentName};
use crate::domain::release::ReleaseName;
use crate::domain::static_site::target::SiteTarget;

/// One of the two environments of a promotion, with its site.
#[derive(Debug, Clone, Copy)]
pub struct SiteEnvironment<'a> {
    /// The environment.
    pub environment: &'a EnvironmentName,
    /// Its account.
    pub account: Option<&'a AccountId>,
    /// Where people find it.
    pub url: Option<&'a str>,
    /// The site in it.
    pub site: &'a SiteTarget,
    /// The hosts that the distribution of the site answers for: its own name and its aliases.
    pub hosts: &'a [String],
}

/// A host that belongs to an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OwnHost {
    /// The host, in lower case.
    pub(super) name: String,
    /// The key or value that names it.
    pub(super) written: String,
    /// Whether it is an address of the environment itself, so that all hosts under it are of the environment too.
    pub(super) is_address: bool,
}

impl SiteEnvironment<'_> {
    /// Its hosts, each as often as it is written.
    pub(super) fn all_hosts(&self, release: &ReleaseName) -> Vec<OwnHost> {
        let own = |name, written: &str, is_address| OwnHost { name, written: written.to_owned(), is_address };
        let urls = [self.url, self.site.url.as_deref()].into_iter().flatten();
        let urls = urls.filter_map(host_of).map(|name| own(name, "url", true));
        let answering = self.hosts.iter().map(|name| own(name.to_ascii_lowercase(), "distribution", true));
        let called = self.site.calls.iter().filter_map(|call| host_of(&call.render(release)));
        let called = called.map(|name| own(name, "calls", false));
        let values = self.values(release).into_iter();
        let values = values.filter_map(|(name, value)| Some(own(host_in(&value)?, name, false)));
        urls.chain(answering).chain(called).chain(values).collect()
    }

    /// The values of its runtime configuration and of its placeholders, by name.
    pub(super) fn values(&self, release: &ReleaseName) -> Vec<(&str, String)> {
        let values = self.site.runtime_config.iter().flat_map(|config| &config.values);
        let values = values.map(|(name, value)| (name.as_str(), value.render(release)));
        let placeholders = self.site.placeholders.0.iter().map(|(name, value)| (name.as_str(), value.to_string()));
        values.chain(placeholders).collect()
    }

    /// Its buckets.
    pub(super) fn buckets(&self) -> [&str; 2] {
        [self.site.bucket.as_str(), self.site.artifacts.as_str()]
    }
}

/// The host that a value names: that of an address, or the value itself.
pub(super) fn host_in(value: &str) -> Option<String> {
    host_of(value).or_else(|| host(value))
}

/// The host of an address, in lower case. `None`: it has none, or one that every machine has.
fn host_of(address: &str) -> Option<String> {
    let url = Url::parse(address).ok()?;
    match url.host()? {
        Host::Domain(name) => Some(name.to_ascii_lowercase()).filter(|name| name.contains('.')),
        Host::Ipv4(address) => of_one(IpAddr::V4(address)),
        Host::Ipv6(address) => of_one(IpAddr::V6(address)),
    }
}

/// A host that stands alone. With one point it could be the name of a file.
fn host(text: &str) -> Option<String> {
    let is_label =
        |label: &str| !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let labels: Vec<&str> = text.split('.').collect();
    let is_top = |top: &&str| top.len() > 1 && top.bytes().all(|byte| byte.is_ascii_alphabetic());
    let is_host = labels.len() > 2 && labels.iter().all(|label| is_label(label)) && labels.last().is_some_and(is_top);
    is_host.then(|| text.to_ascii_lowercase())
}

/// An address that does not mean each machine itself.
fn of_one(address: IpAddr) -> Option<String> {
    (!address.is_loopback() && !address.is_unspecified()).then(|| address.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_belongs_to_an_environment_alone() {
        for (address, expected) in [
            ("https://Stage.example.com:8443/x?y", Some("stage.example.com")),
            ("wss://ws.example.com", Some("ws.example.com")),
            ("https://key@o1.ingest.example.io/2", Some("o1.ingest.example.io")),
            ("http://10.1.2.3/", Some("10.1.2.3")),
            ("http://localhost:3000", None),
            ("http://127.0.0.1:3000", None),
            ("http://[::1]/", None),
            ("http://0.0.0.0", None),
            ("/api", None),
            ("mailto:a@example.com", None),
            ("stage.example.com", None),
        ] {
            assert_eq!(host_of(address).as_deref(), expected, "{address}");
        }
        for (text, is_host) in [
            ("api.stage.example.com", true),
            ("a.example.com", true),
            ("logo.beta.svg2", false),
            ("logo.svg", false),
            ("1.2.3", false),
            ("a b.c.de", false),
            ("a..de", false),
        ] {
            assert_eq!(host(text).is_some(), is_host, "{text}");
        }
    }
}
