//! Looks at a site: what its store says, what its bucket has, and how its distribution is set up.

use url::Url;

use super::site::SiteConnection;
use super::website;
use crate::domain::failure::Failure;
use crate::domain::names::Region;
use crate::domain::neutral;
use crate::domain::release::ReleaseName;
use crate::domain::static_site::bundle::SitePath;
use crate::domain::static_site::distribution;
use crate::domain::static_site::distribution::warnings::warnings;
use crate::domain::static_site::plan::{Front, SiteFacts, is_proven};
use crate::domain::static_site::store::CurrentRelease;
use crate::domain::static_site::sync::{Care, Oddity, RecordedFiles};
use crate::domain::static_site::warning::SiteWarning;
use crate::observe::Cloud;

/// All that a plan needs to know. `release`: the one that is to be put there, where it is chosen already.
///
/// # Errors
///
/// A bucket is missing, or something cannot be read.
pub async fn facts(cloud: &Cloud, site: &SiteConnection, release: Option<&ReleaseName>) -> Result<SiteFacts, Failure> {
    site.has_buckets().await?;
    let stored = async {
        let Some(release) = release else { return Ok(None) };
        Ok::<_, Failure>(site.store.release(release).await?.map(|stored| stored.digest.clone()))
    };
    let current = async { Ok(site.store.current().await?.map(|(current, _)| current)) };
    let newest = async { Ok(site.store.entries(1).await?.readable.into_iter().next()) };
    let holds = async { Ok(site.store.holds().await?.0.holds) };
    let unfinished = async { Ok(site.store.has_unfinished().await?) };
    let (current, newest, holds, stored, has_unfinished, (front, cautions)) =
        futures_util::try_join!(current, newest, holds, stored, unfinished, in_front(cloud, site))?;
    let drifted = match &current {
        Some(current) if Some(&current.release) == release => {
            let is_suspect = has_unfinished || !is_proven(newest.as_ref(), Some(current));
            drifted(site, current, Care::Suspect { is_suspect }).await?
        }
        _ => Vec::new(),
    };
    let has_foreign = current.is_none() && site.has_files().await?;
    Ok(SiteFacts { current, newest, stored, drifted, has_foreign, has_unfinished, front, cautions, holds })
}

/// The files of the release that were changed or deleted by hand, as far as a check of this depth finds them.
///
/// # Errors
///
/// A call failed.
pub async fn drifted(
    site: &SiteConnection,
    current: &CurrentRelease,
    care: Care,
) -> Result<Vec<(SitePath, Oddity)>, Failure> {
    let served = site.served(current).await?;
    let known = RecordedFiles { before: Some(&served), ..RecordedFiles::default() };
    let (sync, _) = site.sync(&served, known, Some((current, care))).await?;
    Ok(sync.odd.into_iter().filter(|(_, oddity)| oddity.is_drift()).collect())
}

/// How browsers find the site, and what is odd about its distribution, or the website of its bucket. Who may not look at it
/// learns that, and no more.
pub async fn in_front(cloud: &Cloud, site: &SiteConnection) -> Result<(Front, Vec<SiteWarning>), Failure> {
    let own = site.target.url.as_deref().map(address).transpose()?;
    let region = || cloud.region().parse::<Region>().map_err(|_| Failure::failed("the region is not known"));
    if site.target.is_website {
        return website::in_front(site, &region()?, own).await;
    }
    let Some((client, id)) = site.cloudfront(cloud)?.zip(site.target.distribution.as_ref()) else {
        return Ok((Front { address: own, ..Front::default() }, Vec::new()));
    };
    match client.distribution(id).await {
        Ok(Some(found)) => {
            if let Some(failure) = distribution::wrong(id, &found, &site.target.bucket) {
                return Err(failure);
            }
            let of_distribution = distribution::address(&found).as_deref().map(address).transpose()?;
            let front = Front {
                address: own.or(of_distribution),
                hosts: found.aliases.iter().chain([&found.domain]).cloned().collect(),
                paths: distribution::found(&found, &site.target.bucket),
                errors_stay: distribution::errors_stay(&found),
            };
            Ok((front, warnings(&found, &site.target.bucket, &region()?)))
        }
        Ok(None) => Err(Failure::failed(format!("distribution `{id}` does not exist"))
            .hint("correct `distribution`, or the account")),
        Err(error) => {
            let warning = SiteWarning::not_known(&format!("distribution {id}"), error.into());
            Ok((Front { address: own, ..Front::default() }, vec![warning]))
        }
    }
}

/// An address of a site, with a `/` at its end.
fn address(text: &str) -> Result<Url, Failure> {
    let whole = if text.ends_with('/') { text.to_owned() } else { format!("{text}/") };
    Url::parse(&whole).map_err(|error| {
        Failure::invalid(format!("`{}` is no address of a site", neutral::phrase(text, 200)))
            .cause(error.to_string())
            .hint("correct `url`")
    })
}
