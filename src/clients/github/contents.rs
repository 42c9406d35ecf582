//! Files of the repository, as GitHub has them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::utf8_percent_encode;
use serde::Deserialize;

use super::history::{CONTENTS, PART};
use super::{GitHub, GitHubError, GitHubRequest, Method, with_retries};
use crate::domain::release::GitSha;

impl GitHub {
    /// The bytes of a file in a commit; GitHub gives those of up to 1 MB
    /// ([contents](https://docs.github.com/en/rest/repos/contents#get-repository-content)). `path`: from the root of the
    /// repository.
    ///
    /// # Errors
    ///
    /// They are not known: a file that is not there is not found.
    pub async fn file(&self, path: &str, commit: &GitSha) -> Result<Vec<u8>, GitHubError> {
        #[derive(Deserialize)]
        struct File {
            encoding: String,
            content: String,
        }
        let parts: Vec<String> = path.split('/').map(|part| utf8_percent_encode(part, PART).to_string()).collect();
        let path = format!("/repos/{}/contents/{}?ref={commit}", self.repository, parts.join("/"));
        let request = GitHubRequest { method: Method::Get, path, permission: CONTENTS };
        let file: File = with_retries(|| self.ask(&request)).await?;
        if file.encoding != "base64" {
            return Err(GitHubError::unreadable("a file is not in base64"));
        }
        let content: String = file.content.split_whitespace().collect();
        STANDARD.decode(content).map_err(|_| GitHubError::unreadable("a file is not in base64"))
    }
}
