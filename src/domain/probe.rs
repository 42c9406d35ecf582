//! Probes: is an HTTP answer the one that proves the release, and when is a probe decided?

use std::collections::BTreeMap;
use std::time::Duration;

use indexmap::IndexMap;

use super::file_line::FileLine;
use super::neutral;
use super::release::ReleaseName;
use super::template::{RELEASE_SHA, Template};

/// The method of a probe that a browser asks: no method of HTTP.
pub const BROWSER: &str = "browser";

/// An HTTP question to the running release, and the answer that proves it.
#[derive(Debug, Clone, PartialEq)]
pub struct Probe {
    /// Where it is written.
    pub line: Option<FileLine>,
    /// The address.
    pub url: Template,
    /// Whether a browser opens it: the page counts then, and not the body of the answer.
    pub is_browser: bool,
    /// The method, upper case.
    pub method: String,
    /// Headers to send.
    pub headers: IndexMap<String, Template>,
    /// The status code to get.
    pub status: u16,
    /// A text that the body contains.
    pub text: Option<Template>,
    /// JSON pointers ([RFC 6901](https://www.rfc-editor.org/rfc/rfc6901)) into the body, and the value at each.
    pub json: IndexMap<String, ExpectedValue>,
    /// Headers of the answer, compared as text.
    pub response_headers: IndexMap<String, Template>,
    /// How long one answer may take.
    pub timeout: Duration,
    /// The pause between two questions.
    pub interval: Duration,
    /// Maximum number of wrong answers before the probe fails.
    pub retries: u32,
    /// How many right answers in a row are needed.
    pub successes: u32,
}

/// A value that a JSON pointer must lead to.
#[derive(Debug, Clone, PartialEq)]
pub enum ExpectedValue {
    /// A string.
    Text(Template),
    /// A number or a boolean.
    Literal(serde_json::Value),
}

/// An HTTP answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpAnswer {
    /// The status code.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body, cut where it was too long to read.
    pub body: String,
}

/// Reduces probes to what can be asked of what ran before the first release, which has no commit. Returns what is not asked, in
/// words.
pub fn probes_of_baseline(probes: &mut Vec<Probe>) -> Vec<String> {
    let mut remarks = Vec::new();
    probes.retain_mut(|probe| {
        let shown = format!("{} {}", probe.method, shown_url(&probe.url.to_string()));
        match probe.for_baseline() {
            ForBaseline::Same => true,
            ForBaseline::Status(status) => {
                *probe = *status;
                remarks.push(format!(
                    "of probe {shown} only the status counts: what ran before the first release has no commit"
                ));
                true
            }
            ForBaseline::LeftOut => {
                remarks.push(format!("probe {shown} is not asked: what ran before the first release has no commit"));
                false
            }
        }
    });
    remarks
}

/// A probe as what ran before the first release can answer it, which has no commit.
#[derive(Debug, Clone, PartialEq)]
enum ForBaseline {
    /// As it is: it does not ask for the release.
    Same,
    /// Of the answer only the status counts.
    Status(Box<Probe>),
    /// Not at all: the release is in the question.
    LeftOut,
}

impl Probe {
    /// Whether the answer has to name the release.
    pub fn names_release(&self) -> bool {
        let in_json = |expected: &ExpectedValue| matches!(expected, ExpectedValue::Text(text) if text.has_release());
        self.text.as_ref().is_some_and(Template::has_release)
            || self.response_headers.values().any(Template::has_release)
            || self.json.values().any(in_json)
    }

    /// How it asks, for people.
    pub fn asks_with(&self) -> &str {
        if self.is_browser { BROWSER } else { &self.method }
    }

    /// What of the probe a release without a commit can answer.
    fn for_baseline(&self) -> ForBaseline {
        if self.url.has_release() || self.headers.values().any(Template::has_release) {
            return ForBaseline::LeftOut;
        }
        if !self.names_release() {
            return ForBaseline::Same;
        }
        let (json, response_headers) = (IndexMap::new(), IndexMap::new());
        ForBaseline::Status(Box::new(Self { text: None, json, response_headers, ..self.clone() }))
    }
}

/// Compares an answer with what the probe asks for. `Err` says the first thing that differs, in words.
///
/// # Errors
///
/// A fragment that names the difference.
pub fn check(probe: &Probe, release: &ReleaseName, answer: &HttpAnswer) -> Result<(), String> {
    check_status(probe, answer)?;
    for (name, expected) in &probe.response_headers {
        let expected = expected.render(release);
        match answer.headers.get(&name.to_ascii_lowercase()) {
            Some(found) if *found == expected => {}
            Some(found) => return Err(format!("header {name} is {}, not {expected:?}", quoted(found))),
            None => return Err(format!("header {name} is missing")),
        }
    }
    if let Some(text) = &probe.text {
        let text = text.render(release);
        if !answer.body.contains(&text) {
            return Err(format!("the body does not contain {text:?}"));
        }
    }
    check_json(probe, release, answer)
}

/// Compares the status of an answer alone: that anything answers, whichever release.
///
/// # Errors
///
/// A fragment that names the difference.
pub fn check_status(probe: &Probe, answer: &HttpAnswer) -> Result<(), String> {
    if answer.status == probe.status {
        return Ok(());
    }
    Err(format!("status {}, not {}", answer.status, probe.status))
}

/// The release that an answer names where the probe compares it, whichever it is.
pub fn named_release(probe: &Probe, answer: &HttpAnswer) -> Option<ReleaseName> {
    let is_release = |template: &Template| template.to_string() == format!("${{{RELEASE_SHA}}}");
    let body: Option<serde_json::Value> = serde_json::from_str(&answer.body).ok();
    let in_json = probe.json.iter().find_map(|(pointer, expected)| match expected {
        ExpectedValue::Text(template) if is_release(template) => {
            body.as_ref()?.pointer(pointer)?.as_str()?.parse().ok()
        }
        ExpectedValue::Text(_) | ExpectedValue::Literal(_) => None,
    });
    let in_headers = || {
        let mut named = probe.response_headers.iter().filter(|(_, expected)| is_release(expected));
        named.find_map(|(name, _)| answer.headers.get(&name.to_ascii_lowercase())?.parse().ok())
    };
    in_json.or_else(in_headers)
}

fn check_json(probe: &Probe, release: &ReleaseName, answer: &HttpAnswer) -> Result<(), String> {
    if probe.json.is_empty() {
        return Ok(());
    }
    let body: serde_json::Value = serde_json::from_str(&answer.body).map_err(|_| "the body is not JSON".to_owned())?;
    for (pointer, expected) in &probe.json {
        let expected = match expected {
            ExpectedValue::Text(template) => serde_json::Value::from(template.render(release)),
            ExpectedValue::Literal(value) => value.clone(),
        };
        match body.pointer(pointer) {
            Some(found) if *found == expected => {}
            Some(found) => {
                return Err(format!("{pointer} is {}, not {expected}", neutral::phrase(&found.to_string(), 80)));
            }
            None => return Err(format!("{pointer} is missing")),
        }
    }
    Ok(())
}

/// An address for people: without user, password and query, which may hold secrets.
pub fn shown_url(url: &str) -> String {
    let without_query = url.split(['?', '#']).next().unwrap_or_default();
    let shown = match without_query.split_once("://") {
        Some((scheme, rest)) => {
            let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
            let host = authority.rsplit('@').next().unwrap_or_default();
            format!("{scheme}://{host}/{path}")
        }
        None => without_query.to_owned(),
    };
    neutral::phrase(&shown, 200)
}

fn quoted(foreign: &str) -> String {
    format!("{:?}", neutral::phrase(foreign, 80))
}

/// Counts answers until a probe is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    wanted: u32,
    in_a_row: u32,
    wrong: u32,
    bearable: u32,
}

/// Whether a probe is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Ask again.
    AskAgain,
    /// Enough right answers in a row.
    Passed,
    /// More wrong answers than the maximum.
    Failed,
}

impl Tally {
    /// Starts counting.
    pub fn new(probe: &Probe) -> Self {
        Self { wanted: probe.successes.max(1), in_a_row: 0, wrong: 0, bearable: probe.retries }
    }

    /// Counts one answer.
    pub fn count(&mut self, right: bool) -> Decision {
        if right {
            self.in_a_row += 1;
            return if self.in_a_row >= self.wanted { Decision::Passed } else { Decision::AskAgain };
        }
        self.in_a_row = 0;
        self.wrong += 1;
        if self.wrong > self.bearable { Decision::Failed } else { Decision::AskAgain }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use indexmap::IndexMap;
    use proptest::prelude::*;
    use std::time::Duration;

    const SHA: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

    fn probe() -> Probe {
        Probe {
            line: None,
            url: "http://localhost/health".parse().unwrap(),
            is_browser: false,
            method: "GET".to_owned(),
            headers: IndexMap::new(),
            status: 200,
            text: Some("ok".parse().unwrap()),
            json: IndexMap::from([
                ("/release".to_owned(), ExpectedValue::Text("${release.sha}".parse().unwrap())),
                ("/ready".to_owned(), ExpectedValue::Literal(true.into())),
            ]),
            response_headers: IndexMap::from([("X-App".to_owned(), "shop".parse().unwrap())]),
            timeout: Duration::from_secs(1),
            interval: Duration::from_secs(1),
            retries: 2,
            successes: 2,
        }
    }

    #[test]
    fn what_has_no_commit_is_not_asked_for_one() {
        let status = Probe { text: None, json: IndexMap::new(), response_headers: IndexMap::new(), ..probe() };
        assert_eq!(probe().for_baseline(), ForBaseline::Status(Box::new(status.clone())));
        assert_eq!(status.for_baseline(), ForBaseline::Same);
        let json = IndexMap::from([("/ready".to_owned(), ExpectedValue::Literal(true.into()))]);
        assert_eq!(Probe { json, ..probe() }.for_baseline(), ForBaseline::Same);
        let with_release: Template = "x${release.sha}".parse().unwrap();
        let headers = IndexMap::from([("X".to_owned(), with_release.clone())]);
        for left_out in
            [Probe { url: with_release.clone(), ..probe() }, Probe { headers: headers.clone(), ..status.clone() }]
        {
            assert_eq!(left_out.for_baseline(), ForBaseline::LeftOut);
        }
        for asks in [
            Probe { text: Some(with_release), ..status.clone() },
            Probe { response_headers: headers, ..status.clone() },
        ] {
            assert_eq!(asks.for_baseline(), ForBaseline::Status(Box::new(status.clone())));
        }
    }

    fn checked(status: u16, header: Option<&str>, body: &str) -> Result<(), String> {
        let headers = header.map(|value| ("x-app".to_owned(), value.to_owned())).into_iter().collect();
        check(&probe(), &SHA.parse().unwrap(), &HttpAnswer { status, headers, body: body.to_owned() })
    }

    #[test]
    fn each_difference_is_named() {
        let good = format!(r#"{{"status":"ok","ready":true,"release":"{SHA}"}}"#);
        assert_eq!(checked(200, Some("shop"), &good), Ok(()));
        for (status, header, body, difference) in [
            (503, Some("shop"), good.as_str(), "status 503, not 200".to_owned()),
            (200, None, &good, "header X-App is missing".to_owned()),
            (200, Some("x\u{1b}[31my"), &good, r#"header X-App is "xy", not "shop""#.to_owned()),
            (200, Some("shop"), "{}", r#"the body does not contain "ok""#.to_owned()),
            (200, Some("shop"), "ok", "the body is not JSON".to_owned()),
            (200, Some("shop"), r#"{"a":"ok"}"#, "/release is missing".to_owned()),
            (200, Some("shop"), r#"{"a":"ok","release":"old"}"#, format!(r#"/release is "old", not "{SHA}""#)),
        ] {
            assert_eq!(checked(status, header, body), Err(difference));
        }
    }

    #[test]
    fn the_release_is_read_where_the_probe_compares_it() {
        let header = Probe {
            json: IndexMap::new(),
            response_headers: [("X-Release".to_owned(), "${release.sha}".parse().unwrap())].into(),
            ..probe()
        };
        let answer = |body: String, header: &str| HttpAnswer {
            status: 200,
            headers: [("x-release".to_owned(), header.to_owned())].into(),
            body,
        };
        let named =
            |probe: &Probe, answer: &HttpAnswer| named_release(probe, answer).map(|release| release.to_string());
        let json = answer(format!(r#"{{"release":"{SHA}"}}"#), "");
        assert_eq!(named(&probe(), &json), Some(SHA.to_owned()));
        assert_eq!(named(&header, &json), None);
        assert_eq!(named(&header, &answer(String::new(), SHA)), Some(SHA.to_owned()));
        for other in [r#"{"release":"unknown"}"#, r#"{"release":1}"#, "{}", "no JSON"] {
            assert_eq!(named(&probe(), &answer(other.to_owned(), "")), None, "{other}");
        }
    }

    #[test]
    fn a_wrong_answer_breaks_the_row() {
        let mut tally = Tally::new(&probe());
        let decisions = [true, false, true, true].map(|right| tally.count(right));
        assert_eq!(decisions, [Decision::AskAgain, Decision::AskAgain, Decision::AskAgain, Decision::Passed]);
        let mut tally = Tally::new(&probe());
        let decisions = [false, true, false, false].map(|right| tally.count(right));
        assert_eq!(decisions, [Decision::AskAgain, Decision::AskAgain, Decision::AskAgain, Decision::Failed]);
    }

    #[test]
    fn an_address_is_shown_without_secrets() {
        assert_eq!(shown_url("https://user:pass@shop.example/health?key=canary#x"), "https://shop.example/health");
        assert_eq!(
            shown_url("http://localhost:4566/_alb/stage-alb/health"),
            "http://localhost:4566/_alb/stage-alb/health"
        );
    }

    proptest! {
        #[test]
        fn no_probe_passes_without_a_right_answer(answers in proptest::collection::vec(any::<bool>(), 0..40)) {
            let mut tally = Tally::new(&probe());
            let passed = answers.iter().map(|right| tally.count(*right)).position(|d| d == Decision::Passed);
            if let Some(index) = passed {
                prop_assert!(index >= 1 && answers[index] && answers[index - 1]);
            }
        }
    }
}
