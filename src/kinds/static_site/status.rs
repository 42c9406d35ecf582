//! What a site serves, for `status`.

use super::observe;
use super::site::SiteConnection;
use crate::domain::failure::Failure;
use crate::domain::hold::Hold;
use crate::domain::ids::RecordId;
use crate::domain::neutral;
use crate::domain::outcome::Outcome;
use crate::domain::proof::Whereabouts;
use crate::domain::static_site::bundle::SitePath;
use crate::domain::static_site::plan::{is_proven, running};
use crate::domain::static_site::store::{CurrentRelease, SiteLedgerEntry};
use crate::domain::static_site::sync::{Care, Oddity};
use crate::domain::view::status::{ChangedFile, ComponentHandChange, ComponentStatus, LastRelease, Remark, SeenHold};

/// What the site serves.
///
/// # Errors
///
/// A bucket is missing, or something cannot be read.
pub async fn status(site: &SiteConnection) -> Result<ComponentStatus, Failure> {
    site.has_buckets().await?;
    let current = site.store.current().await?.map(|(current, _)| current);
    let newest = site.store.entries(1).await?.readable.into_iter().next();
    let holds = site.store.holds().await?.0.holds;
    let drift = match &current {
        Some(current) => drift(site, current).await,
        None => None,
    };
    let seen = |hold: Hold| SeenHold { hold, is_on_service: true, passed: None };
    Ok(ComponentStatus {
        running_release: running(current.as_ref()),
        since: current.as_ref().map(|current| current.since),
        whereabouts: Whereabouts::default(),
        last: newest.as_ref().map(|entry| last_release(entry, current.as_ref())),
        holds: holds.into_iter().map(seen).collect(),
        drift,
        remarks: remarks(current.as_ref(), newest.as_ref()),
    })
}

fn last_release(entry: &SiteLedgerEntry, current: Option<&CurrentRelease>) -> LastRelease {
    LastRelease {
        release: entry.release.clone(),
        outcome: Some(entry.outcome.to_string()),
        at: Some(entry.at),
        by: entry.provenance.by.clone(),
        run: entry.provenance.run.clone(),
        url: entry.url.clone(),
        is_live: current.is_some_and(|current| current.release == entry.release),
    }
}

fn remarks(current: Option<&CurrentRelease>, newest: Option<&SiteLedgerEntry>) -> Vec<Remark> {
    let Some(current) = current else { return Vec::new() };
    if is_proven(newest, Some(current)) {
        return Vec::new();
    }
    let how = match newest.filter(|entry| entry.release == current.release && entry.at >= current.since) {
        Some(entry) if entry.outcome != Outcome::Deployed => {
            format!("the newest run of it ended as {}", entry.outcome)
        }
        _ => "the run that put it there ended before it was proven".to_owned(),
    };
    vec![Remark::odd(format!("{how}: deploy it again"))]
}

/// What somebody changed by hand. That this is not known hides nothing else.
async fn drift(site: &SiteConnection, current: &CurrentRelease) -> Option<ComponentHandChange> {
    let last: Option<RecordId> = None;
    match observe::drifted(site, current, Care::EachFile).await {
        Ok(drifted) if drifted.is_empty() => None,
        Ok(drifted) => {
            let files: Vec<ChangedFile> = drifted.iter().map(changed).collect();
            let count = match files.len() {
                1 => "1 file is not that".to_owned(),
                count => format!("{count} files are not those"),
            };
            let (release, named) = (current.release.short(), ChangedFile::described(&files));
            let text = format!("changed by hand: {count} of release {release}: {named}");
            Some(ComponentHandChange { last, text, changes: Vec::new(), files, is_kept: Some(false) })
        }
        Err(failure) => {
            let text = format!("whether it was changed by hand is unknown: {}", failure.brief());
            Some(ComponentHandChange { last, text, changes: Vec::new(), files: Vec::new(), is_kept: None })
        }
    }
}

fn changed((path, oddity): &(SitePath, Oddity)) -> ChangedFile {
    ChangedFile { path: neutral::phrase(path.as_str(), 200), what: oddity.word() }
}
