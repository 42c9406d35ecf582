//! What a branch serves, by its builds.

use super::absent::{missing_app, missing_branch};
use super::client::Amplify;
use crate::domain::amplify::Target;
use crate::domain::amplify::jobs::{Active, Serving, serving};
use crate::domain::failure::Failure;
use crate::domain::plan::Running;
use crate::domain::proof::Whereabouts;
use crate::domain::view::status::{ComponentStatus, Remark};
use crate::observe::Cloud;

/// What the branch serves.
///
/// # Errors
///
/// The branch is missing, or it or its active build cannot be read.
pub async fn status(cloud: &Cloud, target: &Target) -> Result<ComponentStatus, Failure> {
    let amplify: Amplify = cloud.client()?;
    let (app, branch) = (&target.app_id, &target.branch);
    let Some(active) = amplify.active_job(app, branch).await? else {
        // One answer of AWS stands for both.
        let is_app = amplify.app_variables(app).await?.is_some();
        return Err(if is_app { missing_branch(cloud, target) } else { missing_app(cloud, target) });
    };
    let active = match active {
        None => Active::None,
        Some(id) => amplify.job(app, branch, &id).await?.map_or(Active::Gone(id), Active::Job),
    };
    let newest = amplify.newest_job(app, branch).await.map_err(Failure::from);
    let Serving { commit, since, plain, odd } = serving(branch, &active, newest.as_ref().ok().and_then(Option::as_ref));
    let unread = newest.err().map(|failure| format!("whether a newer build failed is not known: {}", failure.brief()));
    Ok(ComponentStatus {
        running_release: Running { sha: commit.map(|commit| commit.to_string()), ..Running::default() },
        since,
        whereabouts: Whereabouts::default(),
        last: None,
        holds: Vec::new(),
        drift: None,
        remarks: odd.into_iter().chain(unread).map(Remark::odd).chain(plain.into_iter().map(Remark::plain)).collect(),
    })
}
