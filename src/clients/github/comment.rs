//! The one comment of shipgate under a pull request, written anew each time.

use octocrab::Page;
use serde::Deserialize;
use serde_json::json;

use super::{GitHub, GitHubError, GitHubRequest, Method, with_retries};
use crate::domain::limits::COMMENT;

/// As many comments as GitHub gives at once, and as many times a hundred as are looked through.
const PER_PAGE: usize = 100;
const PAGES: usize = 100;
const CUT: &str = "\n\n… (cut: this is longer than a comment can be)";

/// octocrab's own has to have an author, and a comment whose author is gone would make its page unreadable.
#[derive(Debug, Deserialize)]
struct Comment {
    id: u64,
    #[serde(default)]
    body: Option<String>,
    user: Option<CommentAuthor>,
}

#[derive(Debug, Deserialize)]
struct CommentAuthor {
    #[serde(rename = "type")]
    kind: String,
}

impl Comment {
    /// Only what begins with the marker and was written by a bot is shipgate's: a person may quote it.
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
    /// It does not say so, or it is not known.
    pub async fn upsert_comment(&self, issue: u64, marker: &str, body: &str) -> Result<(), GitHubError> {
        let body = json!({"body": fitted(marker, body)});
        // Each try looks first: the one before may have written the comment and lost the answer.
        with_retries(|| async {
            let (method, path) = match self.find_comment(issue, marker).await? {
                Some(id) => (Method::Patch(&body), format!("/repos/{}/issues/comments/{id}", self.repository)),
                None => (Method::Post(&body), format!("/repos/{}/issues/{issue}/comments", self.repository)),
            };
            let request = GitHubRequest { method, path, permission: "pull-requests: write" };
            self.ask::<Comment>(&request).await.map(|_| ())
        })
        .await
    }

    async fn find_comment(&self, issue: u64, marker: &str) -> Result<Option<u64>, GitHubError> {
        for page in 1..=PAGES {
            // Which page is next is known: an address out of an answer is not asked with the token.
            let path = format!("/repos/{}/issues/{issue}/comments?per_page={PER_PAGE}&page={page}", self.repository);
            let request = GitHubRequest { method: Method::Get, path, permission: "pull-requests: read" };
            let found: Page<Comment> = self.ask(&request).await?;
            if let Some(comment) = found.items.iter().find(|comment| comment.is_ours(marker)) {
                return Ok(Some(comment.id));
            }
            if found.next.is_none() {
                return Ok(None);
            }
        }
        Err(GitHubError::unreadable("its pages of comments do not end"))
    }
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
    use crate::http_server::{Answer, serve};

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
            user: Some(CommentAuthor { kind: kind.to_owned() }),
        };
        assert!(comment("Bot", "<!-- m -->\nx").is_ours("<!-- m -->"));
        assert!(!comment("User", "<!-- m -->\nx").is_ours("<!-- m -->"));
        assert!(!comment("Bot", "> <!-- m -->\nx").is_ours("<!-- m -->"));
        assert!(!Comment { id: 1, body: None, user: None }.is_ours("<!-- m -->"));
    }

    /// Asks a GitHub that has a number of pages, each of which says that the next one is elsewhere, and shipgate's comment on the last.
    async fn found_behind(pages: usize) -> Result<Option<u64>, GitHubError> {
        let server = serve(move |request| {
            let page: usize = request.target.rsplit('=').next().unwrap().parse().unwrap();
            let kind = if page == pages { "Bot" } else { "User" };
            let comments = json!([{"id": page, "body": "<!-- m -->", "user": {"type": kind}}, {"id": 0, "user": null}]);
            let answer = Answer::new(200, comments.to_string());
            let (first, next) = ("<https://x/?page=1>; rel=\"first\"", "<http://127.0.0.1:1/?page=9>; rel=\"next\"");
            if page < 102 { answer.with("Link", format!("{first}, {next}")) } else { answer.with("Link", first) }
        });
        let github = GitHub::new(&format!("http://{}", server.address), "o/r", &"token".into()).unwrap();
        github.find_comment(1, "<!-- m -->").await
    }

    #[tokio::test]
    async fn pages_are_looked_through_as_long_as_there_is_a_next_one_and_not_for_ever() {
        assert_eq!(found_behind(3).await.unwrap(), Some(3));
        assert_eq!(found_behind(PAGES).await.unwrap(), Some(100));
        assert!(found_behind(PAGES + 1).await.unwrap_err().to_string().contains("do not end"));
    }
}
