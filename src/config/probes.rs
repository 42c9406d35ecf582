//! Probes, for all kinds that are asked over HTTP.

use std::time::Duration;

use indexmap::IndexMap;

use super::error::Problems;
use super::interpret::{Interpreter, all, whole};
use super::read::{FromToml, Table, TableEntries, TomlNode};
use super::text::WrittenText;
use super::values;
use crate::domain::probe::{ExpectedValue, Probe};

/// A question to the running release, and the answer that proves it: over HTTP with `url`, or a page that a browser opens
/// with `browser`.
#[derive(Debug, Clone, Default)]
#[cfg_attr(
    test,
    derive(schemars::JsonSchema),
    schemars(
        rename = "Probe",
        rename_all = "kebab-case",
        deny_unknown_fields,
        extend("oneOf" = [{ "required": ["url"] }, { "required": ["browser"] }])
    )
)]
pub(super) struct RawProbe {
    /// The address, http or https. It may contain `${release.sha}`.
    pub(super) url: Option<WrittenText>,
    /// The address of a page, http or https, that a browser opens: nothing may fail in it. It may contain `${release.sha}`.
    pub(super) browser: Option<WrittenText>,
    /// The method.
    #[cfg_attr(test, schemars(extend("default" = "GET")))]
    pub(super) method: Option<WrittenText>,
    /// Headers to send. They may contain `${release.sha}`.
    pub(super) headers: Option<TableEntries<WrittenText>>,
    /// The status code to get.
    #[cfg_attr(test, schemars(range(min = 100, max = 599), extend("default" = 200)))]
    pub(super) status: Option<u16>,
    /// A text that the body contains, or that the page shows. It may contain `${release.sha}`.
    pub(super) text: Option<WrittenText>,
    /// JSON pointers into the body, and the value at each. The values may contain `${release.sha}`.
    pub(super) json: Option<TableEntries<RawExpected>>,
    /// Headers of the answer. The values may contain `${release.sha}`.
    pub(super) response_headers: Option<TableEntries<WrittenText>>,
    /// How long one answer may take: `5s` where nothing is written, and `20s` for a page.
    pub(super) timeout: Option<WrittenText>,
    /// The pause between two questions.
    #[cfg_attr(test, schemars(extend("default" = "1s")))]
    pub(super) interval: Option<WrittenText>,
    /// Maximum number of wrong answers before the probe fails. Default: 10, and 2 of a page.
    pub(super) retries: Option<u32>,
    /// How many right answers in a row are needed.
    #[cfg_attr(test, schemars(range(min = 1), extend("default" = 1)))]
    pub(super) successes: Option<u32>,
}

impl FromToml for RawProbe {
    fn read(node: &TomlNode<'_>, problems: &mut Problems) -> Self {
        let Some(mut table) = node.table(problems) else {
            return Self::default();
        };
        let browser = table.optional("browser");
        if browser.is_some() {
            return Self::of_page(browser, table);
        }
        let probe = Self {
            url: table.required("url", "url = \"https://…/health\""),
            browser,
            method: table.optional("method"),
            headers: table.optional("headers"),
            status: table.number("status", 100..=599),
            text: table.optional("text"),
            json: table.optional("json"),
            response_headers: table.optional("response-headers"),
            timeout: table.optional("timeout"),
            interval: table.optional("interval"),
            retries: table.number("retries", 0..=u32::MAX.into()),
            successes: table.number("successes", 1..=u32::MAX.into()),
        };
        table.refuse_unknown();
        probe
    }
}

impl RawProbe {
    /// What is said of a page: nothing about a request.
    fn of_page(browser: Option<WrittenText>, mut table: Table<'_, '_>) -> Self {
        let probe = Self {
            browser,
            status: table.number("status", 100..=599),
            text: table.optional("text"),
            timeout: table.optional("timeout"),
            interval: table.optional("interval"),
            retries: table.number("retries", 0..=u32::MAX.into()),
            successes: table.number("successes", 1..=u32::MAX.into()),
            ..Self::default()
        };
        let of_requests = ["url", "method", "headers", "json", "response-headers"];
        table.refuse_unknown_but(&|key| of_requests.contains(&key).then(|| OF_REQUESTS.to_owned()));
        probe
    }
}

/// A value that a JSON pointer must lead to.
#[derive(Debug, Clone)]
pub(super) enum RawExpected {
    /// A string.
    Text(WrittenText),
    /// A number or a boolean.
    Literal(serde_json::Value),
    /// Already reported.
    Unreadable,
}

impl FromToml for RawExpected {
    fn read(node: &TomlNode<'_>, problems: &mut Problems) -> Self {
        match node.scalar(problems) {
            Some(serde_json::Value::String(_)) => Self::Text(WrittenText::read(node, problems)),
            Some(literal) => Self::Literal(literal),
            None => Self::Unreadable,
        }
    }
}

/// How long one answer may take where nothing is written, and the maximum number of wrong ones.
const ANSWER: Duration = Duration::from_secs(5);
const ANSWERS: u32 = 10;
/// The same of a page, which a browser opens in two windows each time.
const PAGE: Duration = Duration::from_secs(20);
const PAGES: u32 = 2;

const OF_REQUESTS: &str = "a browser sends what it sends: remove it, or write `url` instead of `browser`";

/// Resolves the probes of a component.
pub(super) fn resolve(probes: &[RawProbe], interpreter: &mut Interpreter<'_, '_>) -> Option<Vec<Probe>> {
    all(probes.iter().map(|probe| resolve_one(probe, interpreter)).collect())
}

fn resolve_one(probe: &RawProbe, interpreter: &mut Interpreter<'_, '_>) -> Option<Probe> {
    let is_browser = probe.browser.is_some();
    let (key, written) = if is_browser { ("browser", &probe.browser) } else { ("url", &probe.url) };
    let url = written.as_ref().map(|url| interpreter.template(key, url, values::url));
    let (longest, retries) = if is_browser { (PAGE, PAGES) } else { (ANSWER, ANSWERS) };
    let method = probe.method.as_ref().map(|method| interpreter.parsed("method", method, values::method));
    let headers = interpreter.templates(probe.headers.as_ref(), values::header_name, values::header_value);
    let text = probe.text.as_ref().map(|text| interpreter.template("text", text, values::something));
    let json = expected(probe.json.as_ref(), interpreter);
    let response_headers =
        interpreter.templates(probe.response_headers.as_ref(), values::header_name, values::header_value);
    let timeout = interpreter.duration("timeout", probe.timeout.as_ref(), longest);
    let interval = interpreter.duration("interval", probe.interval.as_ref(), Duration::from_secs(1));
    Some(Probe {
        line: written.as_ref().and_then(|url| interpreter.line(&url.span)),
        url: url??,
        is_browser,
        method: whole(method)?.unwrap_or_else(|| "GET".to_owned()),
        headers: headers?,
        status: probe.status.unwrap_or(200),
        text: whole(text)?,
        json: json?,
        response_headers: response_headers?,
        timeout: timeout?,
        interval: interval?,
        retries: probe.retries.unwrap_or(retries),
        successes: probe.successes.unwrap_or(1),
    })
}

/// A table of values that an answer must have, by JSON pointer.
fn expected(
    entries: Option<&TableEntries<RawExpected>>,
    interpreter: &mut Interpreter<'_, '_>,
) -> Option<IndexMap<String, ExpectedValue>> {
    let mut resolved = Vec::new();
    for (key, expected) in entries.into_iter().flat_map(TableEntries::iter) {
        interpreter.key(key, values::pointer);
        let expected = match expected {
            RawExpected::Text(text) => interpreter.template(&key.text, text, values::argument).map(ExpectedValue::Text),
            RawExpected::Literal(literal) => Some(ExpectedValue::Literal(literal.clone())),
            RawExpected::Unreadable => None,
        };
        resolved.push(expected.map(|expected| (key.text.clone(), expected)));
    }
    Some(all(resolved)?.into_iter().collect())
}
