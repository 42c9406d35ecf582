//! Lists that GitHub gives in pages with their number.

use serde::de::DeserializeOwned;

use super::{GitHub, GitHubError, GitHubRequest, Method, with_retries};

/// As many as GitHub gives at once, and as many times as that is asked for.
const PER_PAGE: usize = 100;
const PAGES: usize = 20;

/// A part of all that there is.
pub(super) trait PagePart: DeserializeOwned {
    /// What there are several of.
    type Item;

    /// How many there are in all, and those of this part.
    fn read(self) -> (usize, Vec<Self::Item>);
}

impl GitHub {
    /// All of a list. `path`: with a query or without.
    ///
    /// # Errors
    ///
    /// It is not known, or not all of it.
    pub(super) async fn all<P: PagePart>(
        &self,
        path: &str,
        permission: &'static str,
    ) -> Result<Vec<P::Item>, GitHubError> {
        let mut all = Vec::new();
        let separator = if path.contains('?') { '&' } else { '?' };
        for page in 1..=PAGES {
            let path = format!("{path}{separator}per_page={PER_PAGE}&page={page}");
            let request = GitHubRequest { method: Method::Get, path, permission };
            let (total, part) = with_retries(|| self.ask::<P>(&request)).await?.read();
            let is_last = part.len() < PER_PAGE;
            all.extend(part);
            if all.len() >= total {
                return Ok(all);
            }
            if is_last {
                // One that is left out may be the one that matters.
                return Err(GitHubError::unreadable("it has fewer entries than it says"));
            }
        }
        Err(GitHubError::unreadable("its pages do not end"))
    }
}
