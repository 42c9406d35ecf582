//! Looks at a site: what its store says, what its bucket has, and how its distribution is set up.

use super::site::Site;
use crate::domain::failure::Failure;
use crate::domain::release::ReleaseName;
use crate::domain::static_site::distribution;
use crate::domain::static_site::plan::SiteFacts;
use crate::domain::static_site::store::Current;
use crate::domain::static_site::sync::{Known, Oddity, plan, to_look_at};
use crate::domain::static_site::bundle::SitePath;
use crate::observe::Cloud;

/// All that a plan needs to know. `release`: the one that is to be put there, where it is chosen already.
///
/// # Errors
///
/// A bucket is missing, or something cannot be read.
pub async fn facts(cloud: &Cloud, site: &Site, release: Option<&ReleaseName>) -> Result<SiteFacts, Failure> {
    site.has_buckets().await?;
    let stored = async {
        let Some(release) = release else { return Ok(None) };
        Ok::<_, Failure>(site.store.release(release).await?.map(|stored| stored.digest))
    };
    let current = async { Ok(site.store.current().await?.map(|(current, _)| current)) };
    let newest = async { Ok(site.store.entries(1).await?.into_iter().next()) };
    let holds = async { Ok(site.store.holds().await?.0.holds) };
    let (current, newest, holds, stored, (address, cautions)) =
        futures_util::try_join!(current, newest, holds, stored, in_front(cloud, site))?;
    let drifted = match &current {
        Some(current) if Some(&current.release) == release => drifted(site, current).await?,
        _ => Vec::new(),
    };
    let address = site.target.url.clone().or(address);
    Ok(SiteFacts { current, newest, stored, drifted, address, cautions, holds })
}

/// The files that somebody changed by hand, of those that change from release to release.
///
/// # Errors
///
/// A call failed.
pub async fn drifted(site: &Site, current: &Current) -> Result<Vec<(SitePath, Oddity)>, Failure> {
    let served = site.served(current).await?;
    let known = Known { before: Some(&served), ..Known::default() };
    let seen = site.look_at(&to_look_at(&served, known)).await?;
    Ok(plan(&served, known, &seen).odd.into_iter().filter(|(_, oddity)| oddity.is_drift()).collect())
}

/// The files of the release that somebody changed or deleted by hand, also of those that never change.
///
/// # Errors
///
/// A call failed.
pub async fn changed(site: &Site, current: &Current) -> Result<Vec<(SitePath, Oddity)>, Failure> {
    let served = site.served(current).await?;
    let known = Known { before: Some(&served), ..Known::default() };
    let (seen, listed) = futures_util::try_join!(site.look_at(&to_look_at(&served, known)), site.sizes())?;
    let mut odd: Vec<_> = plan(&served, known, &seen).odd.into_iter().filter(|(_, odd)| odd.is_drift()).collect();
    for (path, file) in &served.0 {
        let oddity = match listed.get(path) {
            None => Oddity::Missing,
            Some(size) if *size != file.size => Oddity::Changed,
            Some(_) => continue,
        };
        if !odd.iter().any(|(there, _)| there == path) {
            odd.push((path.clone(), oddity));
        }
    }
    Ok(odd)
}

/// What is known of the distribution: where browsers find the site, and what is odd. Who may not look at it learns that, and
/// no more.
async fn in_front(cloud: &Cloud, site: &Site) -> Result<(Option<String>, Vec<(String, String)>), Failure> {
    let Some((client, id)) = site.cloudfront(cloud)?.zip(site.target.distribution.as_ref()) else {
        return Ok((None, Vec::new()));
    };
    match client.distribution(id).await {
        Ok(Some(found)) => Ok((distribution::address(&found), distribution::warnings(&found, &site.target.bucket))),
        Ok(None) => Err(Failure::failed(format!("distribution `{id}` does not exist"))
            .hint("correct `distribution`, or the account")),
        Err(error) => {
            let text = format!("how distribution {id} is set up is not known: {error}");
            Ok((None, vec![(text, "`shipgate iam policy` prints what the role needs to look at it".to_owned())]))
        }
    }
}
