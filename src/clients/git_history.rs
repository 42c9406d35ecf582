//! What git knows of commits that are not checked out.
//!
//! Commits are named by their full ids, which nothing can take for an option, a file or a branch. Local replacements of
//! commits (`git replace`) are not followed: an id means what it means everywhere. Nothing here reads the index, starts
//! a pager or a hook, or changes a ref.

use std::collections::HashSet;
use std::sync::PoisonError;
use std::time::Duration;

use camino::Utf8Path;
use jiff::Timestamp;

use super::git::{Git, GitError};
use super::process::ProgramEnd;
use crate::domain::git;
use crate::domain::limits::{COMMITS_COUNTED, FILE};
use crate::domain::release::{CommitLine, Commits, GitSha};

/// How long the remote has to answer.
const ANSWER_WITHIN: Duration = Duration::from_mins(1);

/// What holds for every question about history. A path is one, whatever characters are in it.
const ALWAYS: [(&str, &str); 3] =
    [("GIT_NO_REPLACE_OBJECTS", "1"), ("GIT_GRAFT_FILE", "/dev/null"), ("GIT_LITERAL_PATHSPECS", "1")];
/// What may ask the remote, in a partial clone too.
const ONLINE: [(&str, &str); 2] = [("GIT_NO_LAZY_FETCH", "0"), ("GIT_ALLOW_PROTOCOL", "https:http:ssh:git:file")];
/// There is no prompt: neither on a terminal nor in a window.
const NO_QUESTIONS: [(&str, &str); 3] = [("GIT_TERMINAL_PROMPT", "0"), ("GIT_ASKPASS", ""), ("GCM_INTERACTIVE", "0")];

impl Git {
    /// Whether a commit is in this clone. Also `false` when git cannot be run.
    pub async fn has_commit(&self, commit: &GitSha) -> bool {
        self.has(commit).await.unwrap_or(false)
    }

    /// Gets a commit that is missing from the remote `origin`; `false` when it cannot be had. A shallow clone gets it
    /// without its history. A complete one stays complete.
    ///
    /// # Errors
    ///
    /// git cannot be run.
    pub async fn fetch_commit(&self, commit: &GitSha) -> Result<bool, GitError> {
        if self.has(commit).await? {
            return Ok(true);
        }
        if self.settings().await.is_ok_and(|settings| git::remote_by_program(settings).is_some()) {
            return Ok(false);
        }
        let commit_id = commit.to_string();
        let depth: &[&str] = if self.is_shallow().await? { &["--depth=1"] } else { &[] };
        let fetched = self.online(&[&FETCH, depth, &["origin", &commit_id]].concat()).await?;
        Ok(fetched.is_some_and(|fetched| fetched.success) && self.has(commit).await?)
    }

    /// The content of a file at a commit, `None` when it is not there. The path is relative to the directory of the
    /// working tree. A partial clone asks its remote for the file.
    ///
    /// # Errors
    ///
    /// The commit is not there, git fails, or the file is no regular one, too large, or not UTF-8.
    pub async fn file_at(&self, commit: &GitSha, path: &Utf8Path) -> Result<Option<String>, GitError> {
        if !self.has(commit).await? {
            return Err(GitError::CommitMissing(commit.clone()));
        }
        let file = format!("{path} at {}", commit.short());
        let listed = self.read(&["ls-tree", "-l", "-z", &commit.to_string(), "--", path.as_str()]).await?;
        let Some((facts, _)) = listed.stdout.split_once('\t') else {
            return Ok(None);
        };
        let facts: Vec<&str> = facts.split_whitespace().collect();
        let &["100644" | "100755", "blob", blob, size] = facts.as_slice() else {
            return Err(GitError::NotAFile { file });
        };
        if size.parse().is_ok_and(|size: u64| size > FILE.amount) {
            return Err(GitError::TooLarge { file, bytes: size.to_owned() });
        }
        let content = self.read(&["cat-file", "blob", blob]).await?;
        if !content.stdout_is_text {
            return Err(GitError::NotText { file });
        }
        Ok(Some(content.stdout))
    }

    /// Whether one commit is the other, or comes before it in its history. `None` when it is not known in this clone: without
    /// one of them, and for a "no" where history is cut off.
    ///
    /// # Errors
    ///
    /// git fails.
    pub async fn is_ancestor(&self, ancestor: &GitSha, descendant: &GitSha) -> Result<Option<bool>, GitError> {
        if ancestor == descendant {
            return Ok(Some(true));
        }
        if !(self.has(ancestor).await? && self.has(descendant).await?) {
            return Ok(None);
        }
        match self.merge_base(ancestor, descendant).await? {
            Some(base) if base == *ancestor => Ok(Some(true)),
            _ => Ok((!self.is_shallow().await?).then_some(false)),
        }
    }

    /// The commits in the history of `to` that are not in that of `from`, with at most this many of the newest. `None`
    /// when it is not known in this clone: without one of the two, and where history is cut off.
    ///
    /// At most [`COMMITS_COUNTED`] are counted. git reads every commit of a range before it hands out the first, so it is
    /// not asked for one that is longer.
    ///
    /// # Errors
    ///
    /// git fails.
    pub async fn commits_between(&self, from: &GitSha, to: &GitSha, most: usize) -> Result<Option<Commits>, GitError> {
        if from == to {
            return Ok(Some(Commits { count: 0, newest: Vec::new() }));
        }
        if !(self.has(from).await? && self.has(to).await?) || self.is_shallow().await? {
            return Ok(None);
        }
        let beyond = COMMITS_COUNTED.count() + 1;
        let window = self.newest(to, beyond).await?;
        let mut is_long = false;
        if window.len() >= beyond && !window.contains(from) {
            let base = self.merge_base(from, to).await?;
            if base.as_ref() == Some(to) {
                return Ok(Some(Commits { count: 0, newest: Vec::new() }));
            }
            is_long = base.is_none_or(|base| !window.contains(&base));
        }
        // All of the newest ones come after the last commit that both have.
        let range = if is_long { to.to_string() } else { format!("{from}..{to}") };
        let count = if is_long { beyond } else { self.count(&range).await? };
        let most = format!("--max-count={most}");
        // `git log` would take the user's settings, such as to verify signatures.
        let listing = ["rev-list", &most, "--encoding=UTF-8", COMMIT_LINE, &range];
        let listed = self.offline_successfully(&listing).await?;
        Ok(Some(Commits { count, newest: listed.stdout.lines().filter_map(commit_line).collect() }))
    }

    /// A commit in one line. `None`: it is not in this clone.
    ///
    /// # Errors
    ///
    /// git fails.
    pub async fn commit(&self, commit: &GitSha) -> Result<Option<CommitLine>, GitError> {
        if !self.has(commit).await? {
            return Ok(None);
        }
        let asking = ["rev-list", "--max-count=1", "--encoding=UTF-8", COMMIT_LINE, &commit.to_string()];
        let listed = self.offline_successfully(&asking).await?;
        Ok(listed.stdout.lines().find_map(commit_line))
    }

    /// When a commit was made, by its committer's clock. `None`: it is not in this clone.
    ///
    /// # Errors
    ///
    /// git fails.
    pub async fn commit_time(&self, commit: &GitSha) -> Result<Option<Timestamp>, GitError> {
        if !self.has(commit).await? {
            return Ok(None);
        }
        let asking = ["rev-list", "--timestamp", "--max-count=1", &commit.to_string()];
        let answer = self.offline_successfully(&asking).await?;
        let second = answer.stdout.split_whitespace().next().and_then(|second| second.parse().ok());
        Ok(second.and_then(|second| Timestamp::from_second(second).ok()))
    }

    async fn count(&self, range: &str) -> Result<usize, GitError> {
        let counting = ["rev-list", "--count", range];
        let counted = self.offline_successfully(&counting).await?;
        counted.stdout.trim().parse().map_err(|_| GitError::failed(&counting, &counted))
    }

    /// A commit with the newest of its history, at most a given number. git hands these out as it finds them.
    async fn newest(&self, commit: &GitSha, most: usize) -> Result<HashSet<GitSha>, GitError> {
        let listed =
            self.offline_successfully(&["rev-list", &format!("--max-count={most}"), &commit.to_string()]).await?;
        Ok(listed.stdout.lines().filter_map(|line| line.parse().ok()).collect())
    }

    /// The last commit that two have in common, themselves included; for one that comes before the other, that one.
    /// git reads everything that came after it, so it is asked once.
    async fn merge_base(&self, one: &GitSha, other: &GitSha) -> Result<Option<GitSha>, GitError> {
        let pair = if one < other { (one.clone(), other.clone()) } else { (other.clone(), one.clone()) };
        let known = self.merge_bases.lock().unwrap_or_else(PoisonError::into_inner).get(&pair).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let arguments = ["merge-base", &pair.0.to_string(), &pair.1.to_string()];
        let answer = self.offline(&arguments).await?;
        let base = match answer.code {
            Some(0) => Some(answer.stdout.trim().parse().map_err(|_| GitError::failed(&arguments, &answer))?),
            Some(1) => None,
            _ => return Err(GitError::failed(&arguments, &answer)),
        };
        self.merge_bases.lock().unwrap_or_else(PoisonError::into_inner).insert(pair, base.clone());
        Ok(base)
    }

    pub(super) async fn has(&self, commit: &GitSha) -> Result<bool, GitError> {
        let kind = self.offline(&["cat-file", "-t", &commit.to_string()]).await?;
        Ok(kind.success && kind.stdout.trim() == "commit")
    }

    pub(super) async fn is_shallow(&self) -> Result<bool, GitError> {
        let shallow = self.offline_successfully(&["rev-parse", "--is-shallow-repository"]).await?;
        Ok(shallow.stdout.trim() != "false")
    }

    pub(super) async fn offline(&self, arguments: &[&str]) -> Result<ProgramEnd, GitError> {
        self.run_with(arguments, &ALWAYS).await
    }

    pub(super) async fn offline_successfully(&self, arguments: &[&str]) -> Result<ProgramEnd, GitError> {
        let finished = self.offline(arguments).await?;
        if finished.success { Ok(finished) } else { Err(GitError::failed(arguments, &finished)) }
    }

    /// Reads what the remote may have to be asked for.
    async fn read(&self, arguments: &[&str]) -> Result<ProgramEnd, GitError> {
        match self.online(arguments).await? {
            Some(finished) if finished.success => Ok(finished),
            Some(finished) => Err(GitError::failed(arguments, &finished)),
            None => Err(GitError::NoAnswer { seconds: ANSWER_WITHIN.as_secs() }),
        }
    }

    /// Runs what may ask the remote. `None`: it took too long, and was ended. With which programs the remote is reached,
    /// and where the password comes from, is the user's own configuration to say, and not the repository's.
    async fn online(&self, arguments: &[&str]) -> Result<Option<ProgramEnd>, GitError> {
        // Without a repository git says so itself.
        let settings = self.settings().await.unwrap_or_default();
        if git::remote_by_program(settings).is_some() {
            return self.offline(arguments).await.map(Some);
        }
        let ssh = ssh_without_questions(git::own_ssh(settings));
        let ssh = ssh.as_deref().map(|ssh| ("GIT_SSH_COMMAND", ssh));
        let variables = [&ALWAYS[..], &NO_QUESTIONS, &ONLINE, ssh.as_slice()].concat();
        let answer = tokio::time::timeout(ANSWER_WITHIN, self.run_with(arguments, &variables));
        answer.await.ok().transpose()
    }
}

/// Gets objects and nothing else, whatever is configured: no ref, tag or `FETCH_HEAD` is written (so no hook runs), no
/// submodule touched, nothing tidied up.
const FETCH: [&str; 7] =
    ["fetch", "--quiet", "--no-tags", "--no-prune", "--no-recurse-submodules", "--no-write-fetch-head", "--refmap="];

/// The command for ssh, with the option not to ask. `None` for a program that may not know the option: it stays as configured.
fn ssh_without_questions(configured: &str) -> Option<String> {
    if configured.is_empty() {
        return Some("ssh -oBatchMode=yes".to_owned());
    }
    let program = match configured.strip_prefix(['"', '\'']) {
        Some(quoted) => quoted.split(['"', '\'']).next()?,
        None => configured.split_whitespace().next()?,
    };
    let name = program.rsplit(['/', '\\']).next()?;
    matches!(name, "ssh" | "ssh.exe").then(|| format!("{configured} -oBatchMode=yes"))
}

/// The commit in a line of shipgate; `git rev-list` writes others between them.
/// What git says of a commit, as [`commit_line`] reads it.
const COMMIT_LINE: &str = "--format=%H%x00%an%x00%ct%x00%s";

fn commit_line(line: &str) -> Option<CommitLine> {
    let mut fields = line.splitn(4, '\0');
    let (sha, author, time, subject) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
    let committed = time.parse().ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    Some(CommitLine::new(sha.parse().ok()?, subject, author).committed_at(committed))
}

#[cfg(test)]
pub(super) mod tests;
