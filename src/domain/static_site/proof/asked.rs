//! A question to the public side of a site, and which answers count.

use std::collections::BTreeSet;
use std::rc::Rc;

use url::Url;

use super::look::{AddressResult, ProofAnswer};
use crate::domain::image::Digest;
use crate::domain::neutral;
use crate::domain::probe::shown_url;
use crate::domain::static_site::page::Role;

/// A question, and the answer that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofQuestion {
    /// The address.
    pub url: Url,
    /// How it is asked.
    pub question: RequestForm,
    /// What has to come.
    pub expected: ExpectedAnswer,
}

/// How an address is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestForm {
    /// With `GET`.
    Get,
    /// As browsers do before a script of another origin may read it
    /// ([preflight](https://fetch.spec.whatwg.org/#cors-preflight-fetch)).
    Preflight {
        /// The origin of the script.
        origin: String,
    },
}

/// What has to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExpectedAnswer {
    /// A file of the release.
    File {
        /// The digest of its bytes. `None`: there are more than are read.
        digest: Option<Digest>,
        /// What it is to a page. `None`: a page, or what scripts read.
        role: Option<Role>,
        /// The type that it was written with, in lower case, without parameters. `None`: that is not known.
        kind: Option<String>,
        /// What came before the release was put there.
        before: EarlierAnswer,
    },
    /// A script or a style that the release does not have.
    Typed(Role),
    /// The leave to read what is at the address from another origin.
    Leave,
}

/// What an address answered before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EarlierAnswer {
    /// A file with this digest.
    File(Digest),
    /// An error, or one of these pages in its place: of the release before, or of this one.
    Missing(Rc<BTreeSet<Digest>>),
    /// The same: nothing was written there.
    Same,
}

/// What an answer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnswerVerdict {
    /// It is the one that is wanted.
    Right,
    /// It is the one of before, in words.
    NotYet(String),
    /// It is another one.
    Wrong {
        /// What came, in words.
        why: String,
        /// Whether it may be an error that an edge has kept since before the file was there.
        may_be_kept: bool,
    },
    /// There is none, or a service says that it cannot answer now: why, in words.
    Unanswered(String),
}

impl ProofQuestion {
    /// The address for people.
    pub fn shown(&self) -> String {
        let method = match self.question {
            RequestForm::Get => "",
            RequestForm::Preflight { .. } => "OPTIONS ",
        };
        format!("{method}{}", shown_url(self.url.as_str()))
    }

    /// What an answer says.
    pub fn judge(&self, look: &AddressResult) -> AnswerVerdict {
        let seen = match look {
            AddressResult::Unanswered(why) => return AnswerVerdict::Unanswered(neutral::phrase(why, 200)),
            AddressResult::Answered(seen) if seen.status >= 500 || matches!(seen.status, 408 | 429) => {
                return AnswerVerdict::Unanswered(format!("status {}{}", seen.status, seen.kept()));
            }
            AddressResult::Answered(seen) => seen,
        };
        match &self.expected {
            ExpectedAnswer::File { digest, role, kind, before } => {
                file(seen, digest.as_ref(), *role, kind.as_deref(), before)
            }
            ExpectedAnswer::Typed(role) => typed(seen, *role).map_or_else(|wrong| wrong, |()| AnswerVerdict::Right),
            ExpectedAnswer::Leave => leave(seen, &self.question),
        }
    }
}

fn file(
    seen: &ProofAnswer,
    digest: Option<&Digest>,
    role: Option<Role>,
    kind: Option<&str>,
    before: &EarlierAnswer,
) -> AnswerVerdict {
    let is_ours = seen.status == 200 && seen.digest.as_ref() == digest;
    match role.map_or_else(|| of_type(seen, kind), |role| typed(seen, role)) {
        Ok(()) if is_ours => return AnswerVerdict::Right,
        // Only the headers were changed, and what is kept has the old ones.
        Err(_) if is_ours && matches!(before, EarlierAnswer::File(old) if Some(old) == digest) => {
            return AnswerVerdict::NotYet(format!("it still comes as `{}`{}", seen.kind, seen.kept()));
        }
        Err(wrong) if is_ours => return wrong,
        Ok(()) | Err(_) => {}
    }
    if is_of_before(seen, before) {
        let what = if seen.is_missing() { "it is still missing" } else { "what was there before still comes" };
        return AnswerVerdict::NotYet(format!("{what}{}", seen.kept()));
    }
    let other = seen.digest.as_ref().map(|found| format!("another file comes, {}", found.short()));
    let why = other.unwrap_or_else(|| "more comes than is read".to_owned());
    let other = AnswerVerdict::Wrong { why: format!("{why}{}", seen.kept()), may_be_kept: false };
    role.map_or_else(|| ok(seen), |role| typed(seen, role)).err().unwrap_or(other)
}

fn is_of_before(seen: &ProofAnswer, before: &EarlierAnswer) -> bool {
    match before {
        EarlierAnswer::File(digest) => seen.status == 200 && seen.digest.as_ref() == Some(digest),
        EarlierAnswer::Missing(others) => {
            seen.is_missing() || seen.digest.as_ref().is_some_and(|digest| others.contains(digest))
        }
        EarlierAnswer::Same => false,
    }
}

/// Whether an answer is one at all.
fn ok(seen: &ProofAnswer) -> Result<(), AnswerVerdict> {
    if seen.status == 200 {
        return Ok(());
    }
    let to = seen.location.as_ref().map(|to| format!(", it redirects to {}", shown_url(to))).unwrap_or_default();
    Err(AnswerVerdict::Wrong {
        why: format!("status {}{to}{}", seen.status, seen.kept()),
        may_be_kept: seen.is_missing(),
    })
}

/// Whether an answer has the type that its file was written with.
fn of_type(seen: &ProofAnswer, kind: Option<&str>) -> Result<(), AnswerVerdict> {
    ok(seen)?;
    let Some(kind) = kind.filter(|kind| seen.kind != *kind) else { return Ok(()) };
    let why = format!("it comes as `{}`, not as `{kind}`{}", seen.kind, seen.kept());
    Err(AnswerVerdict::Wrong { why, may_be_kept: false })
}

/// Whether a browser takes an answer for a script or a style.
fn typed(seen: &ProofAnswer, role: Role) -> Result<(), AnswerVerdict> {
    ok(seen)?;
    let (is_right, name) = match role {
        Role::Script => (seen.kind.ends_with("javascript") || seen.kind.ends_with("ecmascript"), "script"),
        Role::Style => (seen.kind == "text/css", "style"),
        Role::Other => (true, "file"),
    };
    if is_right {
        return Ok(());
    }
    let is_page = seen.kind == "text/html";
    let why = if is_page {
        format!("a page comes instead of the {name}{}", seen.kept())
    } else {
        format!("the {name} comes as `{}`{}", seen.kind, seen.kept())
    };
    Err(AnswerVerdict::Wrong { why, may_be_kept: is_page })
}

fn leave(seen: &ProofAnswer, question: &RequestForm) -> AnswerVerdict {
    let RequestForm::Preflight { origin } = question else { return AnswerVerdict::Right };
    let wrong = |why| AnswerVerdict::Wrong { why, may_be_kept: false };
    match &seen.allow_origin {
        _ if seen.status >= 400 => wrong(format!("status {}: pages of {origin} may not call it", seen.status)),
        Some(allowed) if allowed == "*" || allowed == origin => AnswerVerdict::Right,
        Some(allowed) => wrong(format!(
            "pages of {origin} may not call it: `Access-Control-Allow-Origin` is `{}`",
            neutral::phrase(allowed, 100)
        )),
        None => wrong(format!("pages of {origin} may not call it: there is no `Access-Control-Allow-Origin`")),
    }
}
