//! What a text of the configuration must look like where no domain type says so. Pure checks of resolved text.

use std::time::Duration;

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};
use reqwest::Url;
use reqwest::header::{HeaderName, HeaderValue};

use crate::domain::duration;
use crate::domain::gate::{BranchPattern, GitHubLogin};
use crate::domain::image::ImageTag;
use crate::domain::names::InvalidName;
use crate::domain::neutral;

/// The longest that anything is waited for. A longer wait is a mistake: jobs of GitHub Actions end after six hours.
const LONGEST_WAIT: Duration = Duration::from_hours(6);

/// Says what a text is not, to continue "the text …", and the form of a right one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ValueFault {
    /// What it is not, with its article: `a region`.
    pub(super) kind: &'static str,
    /// What such a text looks like, as a sentence about "it".
    pub(super) reason: &'static str,
}

impl From<InvalidName> for ValueFault {
    fn from(InvalidName { kind, reason, .. }: InvalidName) -> Self {
        Self { kind, reason }
    }
}

/// A time to wait.
pub(super) fn duration(text: &str) -> Result<Duration, ValueFault> {
    duration::parse(text).filter(|duration| !duration.is_zero() && *duration <= LONGEST_WAIT).ok_or(ValueFault {
        kind: "a time to wait",
        reason: "it is like `90s` or `1h 30m`, more than nothing, at most `6h`",
    })
}

/// How long a release is watched after its rollout. Nothing turns it off.
pub(super) fn settle(text: &str) -> Result<Duration, ValueFault> {
    duration::parse(text).filter(|time| *time <= LONGEST_WAIT).ok_or(ValueFault {
        kind: "a time to watch a release",
        reason: "it is like `90s` or `10m`, at most `6h`; `0s` turns it off",
    })
}

/// Any text on one line but none.
pub(super) fn plain(text: &str) -> Result<String, ValueFault> {
    let is_plain = !text.is_empty() && !text.contains(char::is_control);
    is_plain
        .then(|| text.to_owned())
        .ok_or(ValueFault { kind: "a text on one line", reason: "it has at least one character" })
}

/// How long a release has to have run where it is promoted from. Longer than a month is a mistake.
pub(super) fn soak(text: &str) -> Result<Duration, ValueFault> {
    let longest = Duration::from_hours(720);
    duration::parse(text).filter(|soak| !soak.is_zero() && *soak <= longest).ok_or(ValueFault {
        kind: "a time for a release to run",
        reason: "it is like `30m` or `2d`, more than nothing, at most `30d`",
    })
}

/// How long an approval counts by default.
pub(super) const EXPIRES: Duration = Duration::from_hours(24);

/// How long after the plan an approval counts.
pub(super) fn expires(text: &str) -> Result<Duration, ValueFault> {
    let longest = Duration::from_hours(168);
    duration::parse(text).filter(|time| !time.is_zero() && *time <= longest).ok_or(ValueFault {
        kind: "a time for an approval to count",
        reason: "it is like `4h` or `2d`, more than nothing, at most `7d`",
    })
}

/// The name of a user of GitHub.
pub(super) fn login(text: &str) -> Result<GitHubLogin, ValueFault> {
    GitHubLogin::parse(text).ok_or(ValueFault {
        kind: "the name of a user of GitHub",
        reason: "it is like `octocat`, without `@`; teams and bots cannot approve",
    })
}

/// How long commit statuses are waited for by default.
pub(super) const STATUS_WAIT: Duration = Duration::from_mins(20);

/// How long commit statuses are waited for.
pub(super) fn status_wait(text: &str) -> Result<Duration, ValueFault> {
    duration::parse(text).filter(|wait| *wait <= LONGEST_WAIT).ok_or(ValueFault {
        kind: "a time to wait",
        reason: "it is like `90s` or `1h 30m`, at most `6h`; `0s` does not wait",
    })
}

/// The context of a commit status or the name of a check run, of somebody else.
pub(super) fn status_name(text: &str) -> Result<String, ValueFault> {
    if text.starts_with("shipgate/") {
        let reason = "shipgate writes it, and would wait for itself; name those of other workflows";
        return Err(ValueFault { kind: "a status that can count", reason });
    }
    sentence(text).map_err(|_| ValueFault {
        kind: "the name of a status or check run",
        reason: "it is one line of at most 200 characters, as GitHub shows it, without a space at its ends",
    })
}

/// The name of a branch, or a pattern with `*` and `?`
/// ([what git takes for a name](https://git-scm.com/docs/git-check-ref-format)).
pub(super) fn branch(text: &str) -> Result<BranchPattern, ValueFault> {
    let is_foreign = |character: char| {
        character.is_whitespace() || character.is_control() || matches!(character, '~' | '^' | ':' | '\\' | '[' | ']')
    };
    let parts_are_names = text.split('/').all(|part| {
        !part.is_empty() && !part.starts_with('.') && !part.ends_with('.') && part.strip_suffix(".lock").is_none()
    });
    let well_formed = parts_are_names
        && !text.starts_with('-')
        && !text.starts_with("refs/")
        && !text.contains("..")
        && !text.contains("@{")
        && !text.contains(is_foreign)
        && neutral::line(text) == text;
    well_formed.then(|| BranchPattern(text.to_owned())).ok_or(ValueFault {
        kind: "a branch or a pattern of branches",
        reason: "it is like `main` or `hotfix/*`, without `refs/heads/`; `*` matches any text and `?` one character",
    })
}

/// A short text for people.
pub(super) fn sentence(text: &str) -> Result<String, ValueFault> {
    let is_short = (1..=200).contains(&text.chars().count()) && text.trim() == text;
    (is_short && neutral::line(text) == text).then(|| text.to_owned()).ok_or(ValueFault {
        kind: "a short text",
        reason: "it is one line of at most 200 characters, without a space at its ends, nor control characters, nor `::` at \
                 its beginning",
    })
}

/// How long a session of a role may last
/// ([DurationSeconds](https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html)).
pub(super) fn session_duration(text: &str) -> Result<Duration, ValueFault> {
    let allowed = Duration::from_mins(15)..=Duration::from_hours(12);
    duration::parse(text).filter(|duration| allowed.contains(duration)).ok_or(ValueFault {
        kind: "how long a session can last",
        reason: "it is like `45m` or `2h`, from `15m` to `12h`, and no longer than the role's own maximum",
    })
}

/// A path that stays in the directory of the configuration file.
pub(super) fn path(text: &str) -> Result<Utf8PathBuf, ValueFault> {
    let stays_inside = Utf8Path::new(text)
        .components()
        .try_fold(0_usize, |depth, component| match component {
            Utf8Component::Normal(_) => Some(depth + 1),
            Utf8Component::ParentDir => depth.checked_sub(1),
            Utf8Component::CurDir => Some(depth),
            Utf8Component::RootDir | Utf8Component::Prefix(_) => None,
        })
        .is_some();
    if stays_inside && !text.is_empty() && !text.contains(char::is_control) {
        Ok(Utf8PathBuf::from(text))
    } else {
        Err(ValueFault {
            kind: "a path inside the repository",
            reason: "it is relative to the configuration file, and stays inside that directory",
        })
    }
}

/// An operating system and an architecture.
pub(super) fn platform(text: &str) -> Result<String, ValueFault> {
    let is_part = |part: &str| {
        !part.is_empty()
            && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-' | '_'))
    };
    if (2..=3).contains(&text.split('/').count()) && text.split('/').all(is_part) {
        Ok(text.to_owned())
    } else {
        Err(ValueFault { kind: "a platform", reason: "it is like `linux/amd64` or `linux/arm/v7`" })
    }
}

/// A tag of an image.
pub(super) fn tag(text: &str) -> Result<(), ValueFault> {
    text.parse::<ImageTag>().map(drop).map_err(ValueFault::from)
}

/// The name of a build argument.
pub(super) fn argument_name(text: &str) -> Result<(), ValueFault> {
    let well_formed = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    well_formed.then_some(()).ok_or(ValueFault {
        kind: "the name of a build argument",
        reason: "it has letters, digits and `_`, no variables",
    })
}

/// An address that can be asked over HTTP.
pub(super) fn url(text: &str) -> Result<(), ValueFault> {
    let well_formed = Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    well_formed.then_some(()).ok_or(ValueFault {
        kind: "an address to ask",
        reason: "it starts with `http://` or `https://` and names a host",
    })
}

/// An address for people, as it was written.
pub(super) fn address(text: &str) -> Result<String, ValueFault> {
    url(text).map(|()| text.to_owned())
}

/// A method of HTTP, in either case; it is upper case afterwards.
pub(super) fn method(text: &str) -> Result<String, ValueFault> {
    let method = text.to_ascii_uppercase();
    match method.as_str() {
        "GET" | "HEAD" | "OPTIONS" | "POST" | "PUT" | "PATCH" | "DELETE" => Ok(method),
        _ => Err(ValueFault {
            kind: "a method",
            reason: "it is one of `GET`, `HEAD`, `OPTIONS`, `POST`, `PUT`, `PATCH` and `DELETE`",
        }),
    }
}

/// The name of a header.
pub(super) fn header_name(text: &str) -> Result<(), ValueFault> {
    let fault = ValueFault { kind: "the name of a header", reason: "it has letters, digits and hyphens, no variables" };
    HeaderName::from_bytes(text.as_bytes()).map(drop).map_err(|_| fault)
}

/// The value of a header.
pub(super) fn header_value(text: &str) -> Result<(), ValueFault> {
    let fault = ValueFault { kind: "the value of a header", reason: "it is one line of visible characters" };
    HeaderValue::from_str(text).map(drop).map_err(|_| fault)
}

/// A JSON pointer.
pub(super) fn pointer(text: &str) -> Result<(), ValueFault> {
    let escapes_end = text.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
    let well_formed = (text.is_empty() || text.starts_with('/')) && escapes_end && !text.contains("${");
    well_formed.then_some(()).ok_or(ValueFault {
        kind: "a JSON pointer",
        reason: "it is empty, or starts with `/` as in `/checks/0/name`; `~` is written `~0`; no variables",
    })
}

/// Any text that a program can be given.
pub(super) fn argument(text: &str) -> Result<(), ValueFault> {
    let fault = ValueFault { kind: "a text to hand over", reason: "it has no NUL character" };
    (!text.contains('\0')).then_some(()).ok_or(fault)
}

/// Any such text but none.
pub(super) fn something(text: &str) -> Result<(), ValueFault> {
    if text.is_empty() {
        return Err(ValueFault { kind: "a text that says something", reason: "it has at least one character" });
    }
    argument(text)
}
