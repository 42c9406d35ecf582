//! What to do where GitHub refuses.

use crate::clients::github::error::{GitHubError, GitHubErrorKind};

/// What to do about it.
pub fn hint(error: &GitHubError) -> String {
    match &error.kind {
        GitHubErrorKind::Unusable => "the runner sets these variables: do not set them yourself".to_owned(),
        GitHubErrorKind::Unauthorized => {
            "pass the token of this job: `GITHUB_TOKEN: ${{ github.token }}`; it ends with the job".to_owned()
        }
        GitHubErrorKind::RateLimited(_) => {
            "the token's requests for this hour are used up, or came too fast: run less at the same time".to_owned()
        }
        GitHubErrorKind::Forbidden(permission) => {
            format!("give the job `permissions: {permission}`, and its caller where the workflow is a called one")
        }
        GitHubErrorKind::NotFound(permission) => format!(
            "make sure that GITHUB_REPOSITORY names the repository and that the token is one of it; in a private one \
             the job needs `permissions: {permission}`"
        ),
        GitHubErrorKind::Moved => {
            "the repository has another name now, or a proxy answers instead of GitHub: redirects are \
             not followed"
                .to_owned()
        }
        GitHubErrorKind::Conflict => "another run changes the same object: run it again".to_owned(),
        GitHubErrorKind::Unprocessable => "correct what GitHub names; is the commit pushed?".to_owned(),
        GitHubErrorKind::Rejected => "correct what GitHub names".to_owned(),
        GitHubErrorKind::Server => "https://www.githubstatus.com says whether GitHub has a problem".to_owned(),
        GitHubErrorKind::Unreachable => "check the network, and GITHUB_API_URL if it is not the usual one".to_owned(),
        GitHubErrorKind::Unreadable => {
            "make sure that nothing between the runner and GitHub changes the answers".to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderMap;

    use super::*;

    #[test]
    fn each_refusal_has_a_hint_of_its_own() {
        let refused = |status| GitHubError::refused(status, &HeaderMap::new(), "", "statuses: write");
        for (error, part) in [
            (refused(401), "pass the token of this job"),
            (refused(403), "`permissions: statuses: write`"),
            (refused(404), "the job needs `permissions: statuses: write`"),
            (refused(409), "run it again"),
            (refused(418), "correct what GitHub names"),
            (refused(422), "is the commit pushed?"),
            (refused(429), "run less at the same time"),
            (refused(502), "githubstatus.com"),
            (refused(301), "redirects are not followed"),
            (GitHubError::unreachable("x"), "check the network"),
            (GitHubError::unreadable("x"), "changes the answers"),
            (GitHubError::unusable("x"), "do not set them yourself"),
        ] {
            assert!(hint(&error).contains(part), "{error}: {}", hint(&error));
        }
    }
}
