//! The settings of GitHub's environments.

use percent_encoding::utf8_percent_encode;
use serde::Deserialize;

use super::error::GitHubErrorKind;
use super::history::PART;
use super::pages::PagePart;
use super::runs::ACTIONS;
use super::{GitHub, GitHubError, GitHubRequest, Method, with_retries};
use crate::domain::gate::{AllowedBranches, Protection};
use crate::domain::names::EnvironmentName;
use crate::domain::neutral;

/// An environment ([reference](https://docs.github.com/en/rest/deployments/environments#get-an-environment)). That
/// administrators can go past its rules is in the answer, and not in the description.
#[derive(Deserialize)]
struct GitHubEnvironment {
    id: u64,
    name: String,
    #[serde(default)]
    protection_rules: Vec<Rule>,
    deployment_branch_policy: Option<BranchPolicy>,
    can_admins_bypass: Option<bool>,
}

/// A rule. Those of other types have none of these.
#[derive(Deserialize)]
struct Rule {
    r#type: String,
    #[serde(default)]
    prevent_self_review: bool,
    #[serde(default)]
    reviewers: Vec<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct BranchPolicy {
    protected_branches: bool,
    custom_branch_policies: bool,
}

/// The patterns of branches and tags that may deploy
/// ([reference](https://docs.github.com/en/rest/deployments/branch-policies#list-deployment-branch-policies)).
#[derive(Deserialize)]
struct Patterns {
    total_count: usize,
    branch_policies: Vec<PolicyBranchPattern>,
}

#[derive(Deserialize)]
struct PolicyBranchPattern {
    name: String,
    r#type: Option<String>,
}

impl PagePart for Patterns {
    type Item = String;

    fn read(self) -> (usize, Vec<String>) {
        let read = |PolicyBranchPattern { name, r#type }| {
            let name = neutral::line(&name);
            if r#type.as_deref() == Some("tag") { format!("tag {name}") } else { name }
        };
        (self.total_count, self.branch_policies.into_iter().map(read).collect())
    }
}

impl GitHub {
    /// GitHub's environment of a name: its number, and how it is protected. `None`: there is none.
    ///
    /// # Errors
    ///
    /// It is not known. Where the token may not see it, GitHub may say that it is not there.
    pub async fn protection(&self, environment: &EnvironmentName) -> Result<Option<(u64, Protection)>, GitHubError> {
        let name = utf8_percent_encode(environment.as_str(), PART);
        let path = format!("/repos/{}/environments/{name}", self.repository);
        let request = GitHubRequest { method: Method::Get, path: path.clone(), permission: ACTIONS };
        let found: GitHubEnvironment = match with_retries(|| self.ask(&request)).await {
            Ok(found) => found,
            Err(error) if matches!(error.kind, GitHubErrorKind::NotFound(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        if !found.name.eq_ignore_ascii_case(environment.as_str()) {
            return Err(GitHubError::unreadable("it is about another environment"));
        }
        let branches = match &found.deployment_branch_policy {
            Some(policy) if policy.custom_branch_policies => {
                let path = format!("{path}/deployment-branch-policies");
                AllowedBranches::Matching(self.all::<Patterns>(&path, ACTIONS).await?)
            }
            Some(policy) if policy.protected_branches => AllowedBranches::Protected,
            Some(_) | None => AllowedBranches::All,
        };
        let reviewers = || found.protection_rules.iter().filter(|rule| rule.r#type == "required_reviewers");
        let protection = Protection {
            reviewers: reviewers().map(|rule| rule.reviewers.len()).sum(),
            prevents_self_review: reviewers().any(|rule| rule.prevent_self_review),
            branches,
            admins_can_bypass: found.can_admins_bypass,
        };
        Ok(Some((found.id, protection)))
    }
}
