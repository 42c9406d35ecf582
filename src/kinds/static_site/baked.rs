//! Looks for what belongs to the environment promoted from in the files that are promoted.

use std::cell::RefCell;

use super::client_many::{AT_ONCE, each_of};
use super::site::SiteConnection;
use super::source::PromotedSite;
use crate::clients::static_site_error::StoreError;
use crate::domain::failure::Failure;
use crate::domain::limits::LISTED;
use crate::domain::outcome::Outcome;
use crate::domain::static_site::baked::{Baked, Needles, SiteEnvironment};
use crate::domain::static_site::bundle::{SiteFile, SitePath};

/// A larger file is not looked into: it is no text that somebody wrote an address into.
const LARGEST: u64 = 20 << 20;

/// Refuses files in which hosts, buckets or keys of the other environment are baked in: each with its place. `hosts`: those
/// that the distribution here answers for.
///
/// # Errors
///
/// `refused`; or the files cannot be read.
pub async fn refuse(site: &SiteConnection, hosts: &[String], promoted: &PromotedSite) -> Result<(), Failure> {
    let (own, other) = (&site.target, &promoted.target);
    let needles = Needles::new(
        &SiteEnvironment {
            environment: &other.environment,
            account: Some(&promoted.account),
            url: None,
            site: other,
            hosts: &promoted.hosts,
        },
        &SiteEnvironment { environment: &own.environment, account: None, url: None, site: own, hosts },
        &promoted.release,
    );
    let files = promoted.manifest.files.iter();
    let searched: Vec<_> = files
        .filter(|(path, file)| needles.is_searched(path) && file.size <= LARGEST && file.encoding.is_none())
        .collect();
    let found: RefCell<Vec<Baked>> = RefCell::default();
    let search = async |(path, file): (&SitePath, &SiteFile)| {
        let bytes = promoted.store.blob(&file.digest, file.size).await?;
        found.borrow_mut().extend(needles.search(path, &bytes));
        Ok::<_, StoreError>(())
    };
    each_of(searched, AT_ONCE, search).await?;
    let mut found = found.into_inner();
    found.sort_by(|one, other| (&one.path, one.line, one.column).cmp(&(&other.path, other.line, other.column)));
    if found.is_empty() {
        return Ok(());
    }
    let reason = format!("the files of `{}` are made for {}, not for {}", own.name, other.environment, own.environment);
    let failure = Failure::new(Outcome::Refused, reason);
    let failure = found.iter().take(LISTED.count()).map(ToString::to_string).fold(failure, Failure::cause);
    let failure = match found.len().saturating_sub(LISTED.count()) {
        0 => failure,
        more => failure.cause(format!("and {more} more")),
    };
    Err(failure.hint("let the pages read what differs when they start, and write it in `runtime-config`").hint(
        "or write `rebuild-per-environment = true`: each environment then has a build of its own, with its own `env`",
    ))
}
