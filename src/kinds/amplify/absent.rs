//! What is said of an app or a branch that is configured and not there.

use crate::domain::amplify::Target;
use crate::domain::failure::Failure;
use crate::observe::Cloud;

/// The app is not where the environment is.
pub fn missing_app(cloud: &Cloud, target: &Target) -> Failure {
    missing(cloud, &format!("Amplify app `{}`", target.app_id), "app-id")
}

/// The app has no such branch.
pub fn missing_branch(cloud: &Cloud, target: &Target) -> Failure {
    missing(cloud, &format!("branch `{}` of Amplify app `{}`", target.branch, target.app_id), "branch")
}

/// Nothing of a name where the environment is.
fn missing(cloud: &Cloud, what: &str, key: &str) -> Failure {
    Failure::failed(format!("{what} does not exist in {} of {}", cloud.region(), cloud.account))
        .hint(format!("create it (shipgate never does), or correct `{key}`, `region` or the account"))
}
