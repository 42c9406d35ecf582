//! How somebody names a release, and the commit that is meant.
//!
//! Only what stays what it is names a release: a commit, a tag, a merged pull request. A branch moves, and so does what an
//! expression of git (`HEAD~3`) means, so neither is resolved.

use std::str::FromStr;

use super::neutral;
use super::release::GitSha;

/// The fewest digits of a short commit id
/// ([rev-parse](https://git-scm.com/docs/git-rev-parse#Documentation/git-rev-parse.txt---disambiguateprefix)).
const FEWEST_DIGITS: usize = 4;
/// Maximum number of commits that are named where several are meant.
const NAMED: usize = 5;

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReleaseReference {
    /// A whole commit id.
    Commit(GitSha),
    /// The first digits of one, in lower case; or a tag of that form.
    Short(String),
    /// The number of a pull request.
    PullRequest(u64),
    /// A tag, without `refs/tags/`.
    Name(String),
}

/// What names no release, whatever a clone has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {reason}", quoted(.text))]
pub struct NoReference {
    text: String,
    reason: &'static str,
}

impl FromStr for ReleaseReference {
    type Err = NoReference;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = |reason| Err(NoReference { text: text.to_owned(), reason });
        if let Some(number) = text.strip_prefix('#') {
            let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
            return match number.parse() {
                Ok(number) if is_number && number > 0 => Ok(Self::PullRequest(number)),
                _ => refused("a pull request is `#` with its number"),
            };
        }
        if text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            let digits = text.to_ascii_lowercase();
            match digits.len() {
                40 => return digits.parse().map(Self::Commit).or_else(|_| refused("it is no commit id")),
                FEWEST_DIGITS..40 => return Ok(Self::Short(digits)),
                _ => {}
            }
        }
        if text == "HEAD" || text.starts_with("refs/heads/") || text.starts_with("refs/remotes/") {
            return refused("it moves");
        }
        let name = text.strip_prefix("refs/tags/").unwrap_or(text);
        if is_name(name) { Ok(Self::Name(name.to_owned())) } else { refused("no tag can have this name") }
    }
}

/// Whether a tag may have a name, by the rules of git
/// ([check-ref-format](https://git-scm.com/docs/git-check-ref-format)).
fn is_name(name: &str) -> bool {
    let is_locked = |part: &str| part.rsplit_once('.').is_some_and(|(_, end)| end == "lock");
    let is_part = |part: &str| !part.is_empty() && !part.starts_with('.') && !is_locked(part);
    let is_refused = |c: char| c.is_control() || " ~^:?*[\\".contains(c);
    !name.starts_with('-')
        && !name.ends_with('.')
        && name != "@"
        && !["..", "@{"].iter().any(|sequence| name.contains(sequence))
        && !name.contains(is_refused)
        && name.split('/').all(is_part)
}

/// What a clone has under a name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NamedCommits {
    /// The commit of the tag.
    pub tag: Option<GitSha>,
    /// A branch, as git writes it: `refs/remotes/origin/main`.
    pub branch: Option<String>,
    /// The commits whose ids begin so.
    pub commits: Vec<GitSha>,
    /// Whether history is cut off.
    pub is_shallow: bool,
}

/// Why a name is no release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unresolved {
    /// It is a branch.
    Branch(String),
    /// It is several commits.
    Ambiguous(Vec<GitSha>),
    /// It is one commit of a clone that does not have all of them.
    MaybeAmbiguous(GitSha),
    /// The clone has nothing under this name.
    Missing,
}

impl NamedCommits {
    /// The commit that is meant.
    ///
    /// # Errors
    ///
    /// Why there is none, or not exactly one.
    pub fn commit(&self) -> Result<GitSha, Unresolved> {
        let mut all: Vec<&GitSha> = self.tag.iter().chain(&self.commits).collect();
        all.sort();
        all.dedup();
        match (all.as_slice(), &self.branch) {
            ([], Some(branch)) => Err(Unresolved::Branch(branch.clone())),
            ([], None) => Err(Unresolved::Missing),
            ([only], _) if self.is_shallow && self.tag.is_none() => Err(Unresolved::MaybeAmbiguous((*only).clone())),
            ([only], _) => Ok((*only).clone()),
            (several, _) => Err(Unresolved::Ambiguous(several.iter().map(|sha| (*sha).clone()).collect())),
        }
    }
}

impl Unresolved {
    /// Why, in words.
    pub fn reason(&self, name: &str) -> String {
        let name = quoted(name);
        match self {
            Self::Branch(branch) => format!("{name} is the branch {}, which moves", quoted(branch)),
            Self::MaybeAmbiguous(sha) => {
                format!("{name} is {sha} in this clone, which does not have all commits: another one may begin so")
            }
            Self::Missing => format!("this clone has no tag {name}, and no commit that begins so"),
            Self::Ambiguous(several) => {
                let named: Vec<String> = several.iter().take(NAMED).map(ToString::to_string).collect();
                let more = match several.len().saturating_sub(NAMED) {
                    0 => String::new(),
                    more => format!(" and {more} more"),
                };
                format!("{name} is {}{more}", named.join(", "))
            }
        }
    }
}

fn quoted(text: &str) -> String {
    format!("`{}`", neutral::phrase(text, 200))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sha(digit: char) -> GitSha {
        digit.to_string().repeat(40).parse().unwrap()
    }

    #[test]
    fn what_stays_what_it_is_names_a_release() {
        let name = |text: &str| ReleaseReference::Name(text.to_owned());
        let short = |text: &str| ReleaseReference::Short(text.to_owned());
        for (text, reference) in [
            ("a".repeat(40).as_str(), ReleaseReference::Commit(sha('a'))),
            ("A".repeat(40).as_str(), ReleaseReference::Commit(sha('a'))),
            ("53fa", short("53fa")),
            ("53FA0C1", short("53fa0c1")),
            (&"a".repeat(39), short(&"a".repeat(39))),
            ("20261121", short("20261121")),
            ("#7", ReleaseReference::PullRequest(7)),
            ("v1.2.0", name("v1.2.0")),
            ("release/2026-11", name("release/2026-11")),
            ("refs/tags/v1", name("v1")),
            ("abc", name("abc")),
            ("main", name("main")),
            ("grün", name("grün")),
            (&"a".repeat(41), name(&"a".repeat(41))),
        ] {
            assert_eq!(text.parse(), Ok(reference), "{text}");
        }
    }

    #[test]
    fn what_moves_or_can_be_no_tag_does_not() {
        for (text, reason) in [
            ("", "no tag can have this name"),
            ("HEAD", "it moves"),
            ("refs/heads/main", "it moves"),
            ("refs/remotes/origin/main", "it moves"),
            ("HEAD~3", "no tag"),
            ("v1^", "no tag"),
            ("v1^{commit}", "no tag"),
            ("v1..v2", "no tag"),
            (":/fix", "no tag"),
            ("main:file", "no tag"),
            ("@", "no tag"),
            ("@{upstream}", "no tag"),
            ("-v1", "no tag"),
            ("--exec=x", "no tag"),
            ("a b", "no tag"),
            ("a\nb", "no tag"),
            ("v1/", "no tag"),
            ("/v1", "no tag"),
            (".v1", "no tag"),
            ("a/.v1", "no tag"),
            ("v1.", "no tag"),
            ("v1.lock", "no tag"),
            ("v*", "no tag"),
            ("v[1]", "no tag"),
            ("refs/tags/", "no tag"),
            ("refs/tags/-v1", "no tag"),
            ("#", "a pull request is"),
            ("#0", "a pull request is"),
            ("#+7", "a pull request is"),
            ("#7a", "a pull request is"),
            ("#99999999999999999999", "a pull request is"),
        ] {
            let refused = text.parse::<ReleaseReference>().unwrap_err().to_string();
            assert!(refused.contains(reason), "{text:?}: {refused}");
        }
    }

    #[test]
    fn exactly_one_commit_is_meant() {
        let (a, b) = (sha('a'), sha('b'));
        let named = |tag: Option<&GitSha>, commits: &[&GitSha], branch: bool, is_shallow: bool| NamedCommits {
            tag: tag.cloned(),
            branch: branch.then(|| "refs/heads/x".to_owned()),
            commits: commits.iter().map(|sha| (*sha).clone()).collect(),
            is_shallow,
        };
        let branch = || Err(Unresolved::Branch("refs/heads/x".to_owned()));
        let both = || Err(Unresolved::Ambiguous(vec![a.clone(), b.clone()]));
        for (named, commit) in [
            (named(Some(&a), &[], false, false), Ok(a.clone())),
            (named(Some(&a), &[], true, true), Ok(a.clone())),
            (named(Some(&a), &[&a], false, false), Ok(a.clone())),
            (named(Some(&a), &[&b], false, false), both()),
            (named(None, &[&a], true, false), Ok(a.clone())),
            (named(None, &[&a], false, true), Err(Unresolved::MaybeAmbiguous(a.clone()))),
            (named(None, &[&b, &a], false, false), both()),
            (named(None, &[&b, &a], false, true), both()),
            (named(None, &[], true, false), branch()),
            (named(None, &[], true, true), branch()),
            (named(None, &[], false, false), Err(Unresolved::Missing)),
        ] {
            assert_eq!(named.commit(), commit, "{named:?}");
        }
    }

    #[test]
    fn not_all_of_many_are_named() {
        let several = "abcdef0".chars().map(sha).collect();
        let reason = Unresolved::Ambiguous(several).reason("::error::x");
        assert!(reason.starts_with("`: :error::x` is aaaa") && reason.ends_with(" and 2 more"), "{reason}");
    }

    proptest! {
        #[test]
        fn no_name_is_an_option_or_an_expression(text in ".{0,40}") {
            if let Ok(ReleaseReference::Name(name)) = text.parse() {
                prop_assert!(!name.starts_with('-') && !name.contains(['~', '^', ':', '*', '\\', ' ']), "{}", name);
                prop_assert!(!name.contains("..") && !name.contains("@{"), "{}", name);
            }
        }
    }
}
