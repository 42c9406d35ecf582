//! Holds of a site: one object of its store, which is written over the version that was read.

use super::site::SiteConnection;
use crate::domain::failure::Failure;
use crate::domain::gate::Permit;
use crate::domain::hold::Hold;
use crate::domain::names::ComponentName;
use crate::domain::plan::LeftRelease;
use crate::domain::static_site::store::SiteHolds;
use crate::kinds::ApplyRun;
use crate::observe::Writer;

/// So often a change is tried while others change the holds, too.
const ATTEMPTS: usize = 5;

/// The holds on the site.
///
/// # Errors
///
/// They cannot be read.
pub async fn holds(site: &SiteConnection) -> Result<Vec<Hold>, Failure> {
    site.has_buckets().await?;
    Ok(site.store.holds().await?.0.holds)
}

/// Puts a hold on the site, in the place of one with the same key. Returns all that are there then.
///
/// # Errors
///
/// It could not be written.
pub async fn put(writer: Writer<'_>, site: &SiteConnection, hold: &Hold) -> Result<Vec<Hold>, Failure> {
    let changed = change(site, writer.permit(), |holds| Ok(holds.with(hold.clone()))).await?;
    Ok(changed.holds)
}

/// Takes all holds off that were seen to be there, and leaves a note. Returns what was taken off.
///
/// # Errors
///
/// There is another hold, or it could not be written.
pub async fn lift(
    writer: Writer<'_>,
    site: &SiteConnection,
    seen: &[Hold],
    note: &(String, String),
) -> Result<Vec<Hold>, Failure> {
    let before = holds(site).await?;
    if before.is_empty() {
        return Ok(before);
    }
    let without = |holds: SiteHolds| match holds.holds.iter().find(|hold| !seen.contains(hold)) {
        None => Ok(SiteHolds { holds: Vec::new(), lifted: Some(note.clone()) }),
        Some(new) => {
            Err(Failure::failed(format!("site `{}` has a hold now that it did not have before", site.target.bucket))
                .cause(new.described())
                .hint("another run added it meanwhile: read its reason, and run it again"))
        }
    };
    change(site, writer.permit(), without).await?;
    Ok(before)
}

/// Puts one of the holds of a rollback on the site. `users`: the components that change.
///
/// # Errors
///
/// It could not be written.
pub async fn put_planned(
    run: &ApplyRun<'_>,
    site: &SiteConnection,
    left: &LeftRelease,
    users: &[ComponentName],
) -> Result<(), Failure> {
    let hold = Hold::of_rollback(&left.left, left.returned.as_ref(), run.provenance.author(), run.began());
    put(run.writer, site, &hold).await?;
    run.events.made(format!("hold on site {}: {}", site.target.bucket, hold.reason()), users.to_vec());
    Ok(())
}

/// Takes off the holds that a new one covers. One that stays is only one more.
pub async fn drop_covered(run: &ApplyRun<'_>, site: &SiteConnection, covered: &[Hold]) {
    let reasons = covered.iter().map(Hold::reason).collect::<Vec<_>>().join(", ");
    let bucket = &site.target.bucket;
    match change(site, run.writer.permit(), |holds| Ok(holds.without(covered))).await {
        Ok(_) => run.events.note(format!("  it covers holds on site {bucket}, taken off: {reasons}")),
        Err(failure) => {
            let text = format!("holds on site {bucket} that the new one covers are still there ({reasons})");
            run.events.warning(format!("{text}: {}", failure.brief()), failure.hints.first().cloned());
        }
    }
}

async fn change(
    site: &SiteConnection,
    permit: Permit<'_>,
    to: impl Fn(SiteHolds) -> Result<SiteHolds, Failure>,
) -> Result<SiteHolds, Failure> {
    for _ in 0..ATTEMPTS {
        let (holds, version) = site.store.holds().await?;
        let next = to(holds)?;
        match site.store.put_holds(&next, version.as_ref(), permit).await {
            Ok(_) => return Ok(next),
            Err(error) if error.is_overtaken() => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Failure::failed(format!("the holds on site `{}` could not be written", site.target.bucket))
        .cause("others changed them at the same time, again and again")
        .hint("run it again"))
}
