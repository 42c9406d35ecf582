//! The one comment of ours under a pull request, written anew each time.

use reqwest::header::{HeaderMap, LINK};
use serde::Deserialize;
use serde_json::json;

use super::{GitHub, GitHubError, Method, Request, with_retries};
use crate::domain::limits::COMMENT;

/// As many comments as GitHub gives at once, and as many times a hundred as are looked through.
const PAGE: usize = 100;
const PAGES: usize = 100;
const CUT: &str = "\n\n… (cut: this is longer than a comment can be)";

#[derive(Debug, Deserialize)]
struct Comment {
    id: u64,
    #[serde(default)]
    body: Option<String>,
    user: Option<User>,
}

#[derive(Debug, Deserialize)]
struct User {
    #[serde(rename = "type")]
    kind: String,
}

impl Comment {
    /// Only what begins with the marker and was written by a bot is ours: a person may quote it.
    fn is_ours(&self, marker: &str) -> bool {
        let by_bot = self.user.as_ref().is_some_and(|user| user.kind == "Bot");
        by_bot && self.body.as_deref().is_some_and(|body| body.starts_with(marker))
    }
}

impl GitHub {
    /// Makes the comment that begins with a marker, an HTML comment, say this: the one that is there, or a new one.
    ///
    /// # Errors
    ///
    /// It does not say so, or nobody knows.
    pub async fn upsert_comment(&self, issue: u64, marker: &str, body: &str) -> Result<(), GitHubError> {
        let body = json!({"body": fitted(marker, body)});
        // Each try looks first: the one before may have written the comment and lost the answer.
        with_retries(|| async {
            let (method, path) = match self.find_comment(issue, marker).await? {
                Some(id) => (Method::Patch(&body), format!("/repos/{}/issues/comments/{id}", self.repository)),
                None => (Method::Post(&body), format!("/repos/{}/issues/{issue}/comments", self.repository)),
            };
            let request = Request { method, path, permission: "pull-requests: write" };
            let (_, _): (Comment, _) = self.ask(&request).await?;
            Ok(())
        })
        .await
    }

    async fn find_comment(&self, issue: u64, marker: &str) -> Result<Option<u64>, GitHubError> {
        for page in 1..=PAGES {
            let path = format!("/repos/{}/issues/{issue}/comments?per_page={PAGE}&page={page}", self.repository);
            let request = Request { method: Method::Get, path, permission: "pull-requests: read" };
            let (comments, headers): (Vec<Comment>, _) = self.ask(&request).await?;
            if let Some(comment) = comments.iter().find(|comment| comment.is_ours(marker)) {
                return Ok(Some(comment.id));
            }
            if !has_next(&headers) {
                return Ok(None);
            }
        }
        Err(GitHubError::unreadable("its pages of comments do not end"))
    }
}

/// Whether there is another page. Which one is known: an address out of an answer is not asked with the token.
fn has_next(headers: &HeaderMap) -> bool {
    let links = headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok());
    links.flat_map(|links| links.split(',')).any(|link| link.split(';').any(|part| part.trim() == "rel=\"next\""))
}

/// The whole text, cut between two lines where it is too long: half a line may end in a span of code that is open, and
/// what is foreign in it would be a mention or a link.
fn fitted(marker: &str, body: &str) -> String {
    let text = format!("{marker}\n{body}");
    if text.chars().count() <= COMMENT.count() {
        return text;
    }
    let kept: String = text.chars().take(COMMENT.count() - CUT.chars().count()).collect();
    let whole = kept.rsplit_once('\n').map_or("", |(lines, _)| lines);
    format!("{whole}{CUT}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_lines() {
        assert_eq!(fitted("<!-- m -->", "hello"), "<!-- m -->\nhello");
        for character in ["@", "ü", "🚢"] {
            let line = format!("`{}`\n", character.repeat(97));
            let text = fitted("<!-- m -->", &line.repeat(700));
            assert!((COMMENT.count() - 100..=COMMENT.count()).contains(&text.chars().count()));
            assert!(text.starts_with("<!-- m -->\n") && text.ends_with(&format!("{character}`{CUT}")));
        }
        assert_eq!(fitted("<!-- m -->", &"a".repeat(70_000)), format!("<!-- m -->{CUT}"));
    }

    #[test]
    fn only_a_bot_writes_for_us() {
        let comment = |kind: &str, body: &str| Comment {
            id: 1,
            body: Some(body.to_owned()),
            user: Some(User { kind: kind.to_owned() }),
        };
        assert!(comment("Bot", "<!-- m -->\nx").is_ours("<!-- m -->"));
        assert!(!comment("User", "<!-- m -->\nx").is_ours("<!-- m -->"));
        assert!(!comment("Bot", "> <!-- m -->\nx").is_ours("<!-- m -->"));
        assert!(!Comment { id: 1, body: None, user: None }.is_ours("<!-- m -->"));
    }

    #[test]
    fn the_next_page_is_announced() {
        let next = |link: &str| has_next(&[(LINK, link.parse().unwrap())].into_iter().collect());
        assert!(next(r#"<https://x/?page=1>; rel="prev", <https://x/?page=3>; rel="next""#));
        assert!(!next(r#"<https://x/?page=1>; rel="prev", <https://x/?page=9>; rel="last""#));
        assert!(!has_next(&HeaderMap::new()));
    }
}
