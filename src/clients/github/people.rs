//! What people may do.

use percent_encoding::utf8_percent_encode;
use serde::Deserialize;

use super::error::GitHubErrorKind;
use super::history::PART;
use super::{GitHub, GitHubError, GitHubRequest, Method, with_retries};
use crate::domain::github::run::Person;
use crate::domain::neutral;

/// Names of people have 39 characters, those of bots some more.
const LONGEST_LOGIN: usize = 60;

/// Somebody, as other answers hold them.
#[derive(Debug, Deserialize)]
pub(super) struct UserReference {
    id: u64,
    login: String,
    r#type: String,
}

impl From<UserReference> for Person {
    fn from(user: UserReference) -> Self {
        Self { id: user.id, login: neutral::phrase(&user.login, LONGEST_LOGIN), is_user: user.r#type == "User" }
    }
}

impl GitHub {
    /// Whether somebody may write to the repository now. Somebody else who has their name today does not count
    /// ([permissions](https://docs.github.com/en/rest/collaborators/collaborators#get-repository-permissions-for-a-user)).
    ///
    /// # Errors
    ///
    /// It is not known.
    pub async fn may_write(&self, person: &Person) -> Result<bool, GitHubError> {
        #[derive(Deserialize)]
        struct Permission {
            permission: String,
            user: Option<UserReference>,
        }
        let login = utf8_percent_encode(&person.login, PART);
        let path = format!("/repos/{}/collaborators/{login}/permission", self.repository);
        let request = GitHubRequest { method: Method::Get, path, permission: "metadata: read" };
        match with_retries(|| self.ask::<Permission>(&request)).await {
            Ok(Permission { permission, user: Some(user) }) => {
                Ok(user.id == person.id && matches!(permission.as_str(), "admin" | "write"))
            }
            Ok(Permission { user: None, .. }) => Err(GitHubError::unreadable("it does not say whose permission it is")),
            // There is no user of that name.
            Err(error) if matches!(error.kind, GitHubErrorKind::NotFound(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
