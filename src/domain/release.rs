//! The release: the thing that moves from environment to environment.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;

use super::limits::COMMITS_COUNTED;
use super::names::InvalidName;
use super::neutral;

/// A full git commit id: 40 lowercase hexadecimal digits. Short ids collide and are refused.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GitSha(String);

impl GitSha {
    /// The first seven digits, for people only.
    pub fn short(&self) -> &str {
        self.0.get(..7).unwrap_or(&self.0)
    }
}

impl FromStr for GitSha {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if text.len() == 40 && text.bytes().all(is_hex) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidName {
                kind: "a git commit id",
                value: text.to_owned(),
                reason: "it has 40 lowercase hexadecimal digits",
            })
        }
    }
}

impl fmt::Display for GitSha {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The commits by which one release is ahead of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commits {
    /// How many there are. Beyond [`COMMITS_COUNTED`] they are not counted, and this is one more.
    pub count: usize,
    /// The newest of them, newest first.
    pub newest: Vec<CommitLine>,
}

impl Commits {
    /// Whether there are more than were counted.
    pub fn is_beyond(count: usize) -> bool {
        count > COMMITS_COUNTED.count()
    }

    /// A number of commits in words: `1 commit`, `more than 10000 commits`.
    pub fn counted(count: usize) -> String {
        match count {
            1 => "1 commit".to_owned(),
            _ if Self::is_beyond(count) => format!("more than {COMMITS_COUNTED} commits"),
            _ => format!("{count} commits"),
        }
    }
}

/// A commit in one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitLine {
    /// The commit.
    pub sha: GitSha,
    /// The first line of its message, neutral.
    pub subject: String,
    /// Who wrote it, neutral: the account on GitHub, or the name that the commit has. Anybody may write any name. Empty: no
    /// one is named.
    pub author: String,
    /// The number of the pull request that brought it, as far as that is known.
    pub pull_request: Option<u64>,
    /// When it was made, by its committer's clock, where that is known.
    pub committed: Option<Timestamp>,
}

/// How much of a commit's subject and of its author's name is kept, in characters.
const LONGEST_SUBJECT: usize = 200;
const LONGEST_AUTHOR: usize = 60;

impl CommitLine {
    /// A commit from texts that are not neutral, with the pull request that its subject names.
    pub fn new(sha: GitSha, subject: &str, author: &str) -> Self {
        Self {
            sha,
            subject: neutral::phrase(subject, LONGEST_SUBJECT),
            author: neutral::phrase(author, LONGEST_AUTHOR),
            pull_request: pull_request_in(subject),
            committed: None,
        }
    }

    /// The same with when it was made.
    #[must_use]
    pub fn committed_at(self, committed: Option<Timestamp>) -> Self {
        Self { committed, ..self }
    }

    /// The pull request, where the subject does not show it anyway.
    pub fn unnamed_pull_request(&self) -> Option<u64> {
        self.pull_request.filter(|number| !self.subject.contains(&format!("#{number}")))
    }
}

/// The number that GitHub puts into the subject when it merges a pull request: `Merge pull request #7 from …`, or
/// `… (#7)` where it squashes
/// ([merging](https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/incorporating-changes-from-a-pull-request/about-pull-request-merges)).
fn pull_request_in(subject: &str) -> Option<u64> {
    let merged = subject.strip_prefix("Merge pull request #").and_then(|rest| rest.split(' ').next());
    let squashed = || subject.trim_end().strip_suffix(')')?.rsplit_once("(#").map(|(_, number)| number);
    let number = merged.or_else(squashed)?;
    number.bytes().all(|byte| byte.is_ascii_digit()).then(|| number.parse().ok())?
}

/// What a release is called: its commit, or for a build of a changed tree a name that can never be taken for one.
///
/// The text is the image's tag, its `org.opencontainers.image.revision` label, and what `${release.sha}` stands for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ReleaseName {
    /// Exactly this commit.
    Commit(GitSha),
    /// This commit with uncommitted changes, built at a time. Never reused, never promoted.
    Dirty {
        /// The commit the changed tree stands on.
        sha: GitSha,
        /// When it was built, UTC, as `20261120T234749Z`.
        time: String,
    },
    /// What a component ran before its first release: whatever that was, it has no commit. Only a rollback goes there.
    Baseline,
}

impl ReleaseName {
    /// The word for [`Self::Baseline`]. No release is read from it: only the ledger and `rollback --release` know it.
    pub const BASELINE: &str = "baseline";

    /// The commit that the release is, or stands on. `None`: it is what ran before the first release.
    pub fn sha(&self) -> Option<&GitSha> {
        match self {
            Self::Commit(sha) | Self::Dirty { sha, .. } => Some(sha),
            Self::Baseline => None,
        }
    }

    /// Whether it is what ran before the first release.
    pub fn is_baseline(&self) -> bool {
        *self == Self::Baseline
    }

    /// A short form for people: seven digits, and whether the tree was changed.
    pub fn short(&self) -> String {
        match self {
            Self::Commit(sha) => sha.short().to_owned(),
            Self::Dirty { sha, .. } => format!("{}-dirty", sha.short()),
            Self::Baseline => Self::BASELINE.to_owned(),
        }
    }
}

impl fmt::Display for ReleaseName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Commit(sha) => sha.fmt(formatter),
            Self::Dirty { sha, time } => write!(formatter, "{sha}-dirty-{time}"),
            Self::Baseline => formatter.write_str(Self::BASELINE),
        }
    }
}

impl FromStr for ReleaseName {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Some((sha, time)) = text.split_once("-dirty-") else {
            return text.parse().map(Self::Commit);
        };
        let well_formed = time.len() == 16
            && time.bytes().enumerate().all(|(index, byte)| match index {
                8 => byte == b'T',
                15 => byte == b'Z',
                _ => byte.is_ascii_digit(),
            });
        if !well_formed {
            return Err(InvalidName {
                kind: "a release name",
                value: text.to_owned(),
                reason: "after `-dirty-` comes a time like 20261120T234749Z",
            });
        }
        Ok(Self::Dirty { sha: sha.parse()?, time: time.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SHA: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

    #[test]
    fn short_upper_case_and_foreign_ids_are_refused() {
        for wrong in ["", "4b825dc", "HEAD", &SHA.to_uppercase(), &format!("{SHA}0"), &format!(" {SHA}")] {
            assert!(wrong.parse::<GitSha>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_subject_names_its_pull_request_as_github_writes_it() {
        for (subject, expected) in [
            ("Merge pull request #7 from acme/fix", Some(7)),
            ("Fix the door (#12)", Some(12)),
            ("Revert \"Fix the door (#12)\" (#13)", Some(13)),
            ("Fix (#12) the door", None),
            ("Fixes #12", None),
            ("Fix the door (#+12)", None),
            ("Fix the door (#)", None),
            ("Fix the door (#99999999999999999999)", None),
            ("", None),
        ] {
            let commit = CommitLine::new(SHA.parse().unwrap(), subject, "Ada");
            assert_eq!(commit.pull_request, expected, "{subject}");
            assert_eq!(commit.unnamed_pull_request(), None, "{subject}");
        }
        let commit = CommitLine::new(SHA.parse().unwrap(), "::error::x", "##[x]\u{1b}[31m");
        assert_eq!((commit.subject.as_str(), commit.author.as_str()), (": :error::x", "# #[x]"));
        assert_eq!(CommitLine { pull_request: Some(7), ..commit }.unnamed_pull_request(), Some(7));
    }

    #[test]
    fn a_dirty_release_is_never_a_commit() {
        let name: ReleaseName = format!("{SHA}-dirty-20261120T234749Z").parse().unwrap();
        assert!(matches!(name, ReleaseName::Dirty { .. }));
        assert!(name.to_string().parse::<GitSha>().is_err());
    }

    #[test]
    fn what_ran_before_is_no_commit_and_no_label_can_say_it() {
        assert_eq!((ReleaseName::Baseline.sha(), ReleaseName::Baseline.short()), (None, "baseline".to_owned()));
        assert!(ReleaseName::BASELINE.parse::<ReleaseName>().is_err());
    }

    proptest! {
        #[test]
        fn release_names_round_trip(sha in "[0-9a-f]{40}", time in proptest::option::of("[0-9]{8}T[0-9]{6}Z")) {
            let text = time.map_or(sha.clone(), |time| format!("{sha}-dirty-{time}"));
            prop_assert_eq!(text.parse::<ReleaseName>().unwrap().to_string(), text);
        }
    }
}
