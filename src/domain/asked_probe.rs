//! A probe that is asked before anything is changed, whichever release answers: what that says of the probe itself.

use super::failure::Failure;
use super::file_line::{FileLine, in_brackets};
use super::names::EnvironmentName;
use super::release::ReleaseName;

/// A probe that was asked, and what it got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedProbe {
    /// The method, upper case.
    pub method: String,
    /// The address without user, password and query, neutral.
    pub url: String,
    /// Where the probe is written.
    pub line: Option<FileLine>,
    /// The status of the answer. `None`: there was none.
    pub status: Option<u16>,
    /// The release that the answer names, where the probe compares it.
    pub release: Option<ReleaseName>,
    /// Why it is not answered with the status that it asks for, neutral. `None`: it is.
    pub fault: Option<String>,
    /// Whether nothing can be reached at its address: the connection is refused, there is no such host, or no TLS.
    pub is_unreachable: bool,
}

impl AskedProbe {
    /// Whether it was answered with the status that it asks for.
    pub fn is_answered(&self) -> bool {
        self.fault.is_none()
    }

    /// The probe with its answer, before a release is put there: `GET http://… answers (200, still 30faf9b)`.
    pub fn in_words(&self, planned: &ReleaseName) -> String {
        let Self { method, url, .. } = self;
        let Some(status) = self.status else {
            return format!("{method} {url} does not answer: {}", self.fault.as_deref().unwrap_or_default());
        };
        match &self.release {
            Some(release) if release == planned => format!("{method} {url} answers ({status}, {})", release.short()),
            Some(release) => format!("{method} {url} answers ({status}, still {})", release.short()),
            None => format!("{method} {url} answers ({status})"),
        }
    }

    /// What to know of a probe that reaches nothing, and what to do.
    pub fn warning(&self) -> Option<(String, String)> {
        let fault = self.fault.as_ref().filter(|_| self.is_unreachable)?;
        let (Self { method, url, .. }, line) = (self, in_brackets(self.line.as_ref()));
        let hint = "correct the probe, or make its address reachable from here: it is asked again after the rollout";
        Some((format!("probe {method} {url}{line} reaches nothing: {fault}"), hint.to_owned()))
    }
}

/// What is known of a probe from before a release that does not pass it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EarlierProof<'a> {
    /// What it got.
    Asked(&'a AskedProbe),
    /// Nothing was changed, so there is no before.
    Unchanged,
    /// It was not asked: an earlier run began the rollout.
    Unknown,
}

/// Says of a failed probe which is more likely wrong, the probe or the release, and the one thing to do. `line`: where the
/// probe is written.
pub fn judged(
    failure: Failure,
    before: EarlierProof<'_>,
    line: Option<&FileLine>,
    environment: &EnvironmentName,
) -> Failure {
    let line = in_brackets(line);
    let back = format!("fix the release and push a new commit, or go back: `shipgate rollback {environment}`");
    match before {
        EarlierProof::Asked(AskedProbe { fault: Some(fault), .. }) => failure
            .cause(format!(
                "before this deploy it was not answered either ({fault}), so the probe is more likely wrong than the release"
            ))
            .hint(format!("correct the probe{line}, or what is between it and the service, and run this again")),
        EarlierProof::Asked(AskedProbe { fault: None, .. }) => {
            failure.cause("it was answered before this deploy, so the release is more likely wrong than the probe").hint(back)
        }
        EarlierProof::Unchanged => {
            failure.hint(format!("nothing was changed: correct the probe{line} or the service, and run this again")).hint(
                format!("if the release is wrong, push a new commit, or go back: `shipgate rollback {environment}`"),
            )
        }
        EarlierProof::Unknown => failure
            .cause("whether it was answered before this deploy is not known")
            .hint(format!("compare the probe{line} with what the service answers: correct the one that is wrong"))
            .hint(format!("if that is the release, push a new commit, or go back: `shipgate rollback {environment}`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(status: Option<u16>, release: Option<&str>, fault: Option<&str>) -> AskedProbe {
        AskedProbe {
            method: "GET".to_owned(),
            url: "http://localhost/health".to_owned(),
            line: Some(FileLine { file: "shipgate.toml".into(), line: 18 }),
            status,
            release: release.map(|release| release.parse().unwrap()),
            fault: fault.map(str::to_owned),
            is_unreachable: status.is_none(),
        }
    }

    const OLD: &str = "30faf9b38877c7fc7867d0b4b56f700310a9c4df";
    const NEW: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

    #[test]
    fn what_answers_before_is_said_with_its_release() {
        for (probe, text) in [
            (asked(Some(200), Some(OLD), None), "GET http://localhost/health answers (200, still 30faf9b)"),
            (asked(Some(200), Some(NEW), None), "GET http://localhost/health answers (200, 4b825dc)"),
            (asked(Some(404), None, Some("status 404, not 200")), "GET http://localhost/health answers (404)"),
            (
                asked(None, None, Some("no answer: refused")),
                "GET http://localhost/health does not answer: no answer: refused",
            ),
        ] {
            assert_eq!(probe.in_words(&NEW.parse().unwrap()), text);
        }
    }

    #[test]
    fn what_reaches_nothing_is_worth_a_warning_with_its_line() {
        let (text, hint) = asked(None, None, Some("no answer: refused")).warning().unwrap();
        assert_eq!(text, "probe GET http://localhost/health (shipgate.toml:18) reaches nothing: no answer: refused");
        assert!(hint.starts_with("correct the probe, or"), "{hint}");
        assert_eq!(asked(Some(404), None, Some("status 404, not 200")).warning(), None);
    }

    #[test]
    fn what_was_there_before_says_which_is_wrong() {
        let (unanswered, answered) =
            (asked(Some(404), None, Some("status 404, not 200")), asked(Some(200), None, None));
        for (before, causes, hints) in [
            (
                EarlierProof::Asked(&unanswered),
                &[
                    "x",
                    "before this deploy it was not answered either (status 404, not 200), so the probe is more likely wrong than the release",
                ][..],
                &["correct the probe (shipgate.toml:18), or what is between it and the service, and run this again"][..],
            ),
            (
                EarlierProof::Asked(&answered),
                &["x", "it was answered before this deploy, so the release is more likely wrong than the probe"],
                &["fix the release and push a new commit, or go back: `shipgate rollback stage`"],
            ),
            (
                EarlierProof::Unchanged,
                &["x"],
                &[
                    "nothing was changed: correct the probe (shipgate.toml:18) or the service, and run this again",
                    "if the release is wrong, push a new commit, or go back: `shipgate rollback stage`",
                ],
            ),
            (
                EarlierProof::Unknown,
                &["x", "whether it was answered before this deploy is not known"],
                &[
                    "compare the probe (shipgate.toml:18) with what the service answers: correct the one that is wrong",
                    "if that is the release, push a new commit, or go back: `shipgate rollback stage`",
                ],
            ),
        ] {
            let failure = Failure::failed("probe").cause("x");
            let failure = judged(failure, before, answered.line.as_ref(), &"stage".parse().unwrap());
            assert_eq!(failure.causes.iter().map(AsRef::as_ref).collect::<Vec<&str>>(), causes);
            assert_eq!(failure.hints, hints);
        }
    }
}
