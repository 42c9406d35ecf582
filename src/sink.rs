//! The only writer: whatever leaves the program as text goes through here, and leaves its secrets here. That is standard
//! output and error with the log of `-v`, the files that the runner reads, and what is sent to GitHub.
//!
//! Secrets are known for the whole process, as its standard error is: no writer can be had without them. They are
//! replaced at this end, so that also what was put together before a secret was known goes without it.

use std::borrow::Cow;
use std::fs::OpenOptions;
use std::io::{self, IsTerminal as _, Write as _};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use camino::Utf8Path;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use crate::domain::github::command::RunnerCommand;
use crate::domain::neutral;
use crate::domain::secrets::{LEAST, Secrets};

static SECRETS: Mutex<Option<Arc<Secrets>>> = Mutex::new(None);
/// Locked while one is added.
static ADDING: Mutex<()> = Mutex::new(());
/// What the runner hides already.
static MASKED: Mutex<Vec<SecretString>> = Mutex::new(Vec::new());
/// Whether standard error has colour although it is no terminal.
static COLORED: AtomicBool = AtomicBool::new(false);

/// Leaves a secret out of everything that is written from now on. One with fewer than [`LEAST`] characters stays: it is
/// part of ordinary words.
pub fn hide(secret: &str) {
    let _adding = ADDING.lock().unwrap_or_else(PoisonError::into_inner);
    // What is read in the hook of a panic is not locked while something can panic: the hook would wait for ever.
    let mut secrets = known().unwrap_or_default();
    Arc::make_mut(&mut secrets).add(secret);
    *SECRETS.lock().unwrap_or_else(PoisonError::into_inner) = Some(secrets);
}

/// Text without the secrets that are known.
pub fn clean(text: &str) -> Cow<'_, str> {
    // Not under the lock, as in [`hide`].
    match known() {
        Some(secrets) => Cow::Owned(secrets.without(text).into_owned()),
        None => Cow::Borrowed(text),
    }
}

fn known() -> Option<Arc<Secrets>> {
    SECRETS.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// A JSON document whose texts have no secrets. Its keys are those of shipgate.
pub fn clean_value(document: &Value) -> Value {
    match document {
        Value::String(text) => Value::from(clean(text)),
        Value::Array(values) => values.iter().map(clean_value).collect(),
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(key, value)| (key.clone(), clean_value(value))).collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => document.clone(),
    }
}

/// The text of a JSON document without secrets: still JSON, whatever they are.
pub fn clean_document(text: &str) -> Cow<'_, str> {
    let Ok(document) = serde_json::from_str::<Value>(text) else { return clean(text) };
    let cleaned = clean_value(&document);
    if cleaned == document {
        return Cow::Borrowed(text);
    }
    // As `report::json` does it: in a log, the runner would take it for a command.
    Cow::Owned(format!("{cleaned:#}").replace("##[", "#\\u0023["))
}

/// Writes lines to standard error.
pub fn lines(lines: &[String]) {
    for text in lines {
        line(text);
    }
}

/// Writes a line to standard error, with colour where that is wanted. It is no command, whatever is in it.
pub fn line(text: &str) {
    write_error(&clean(&neutral::without_commands(&shown(text))));
}

/// Writes a question to standard error, and nothing after it.
pub fn question(text: &str) {
    let text = neutral::without_commands(&shown(text));
    let mut stderr = anstream::AutoStream::new(stderr(), color_choice());
    let _written = write!(stderr, "{}", clean(&text)).and_then(|()| stderr.flush());
}

/// Hands the runner a command, on a line of its own.
pub fn command(command: &RunnerCommand) {
    let cleaned = command.map(|text| clean(text).into_owned());
    write_error(&clean(&cleaned.to_string()));
}

/// Lets the runner hide a secret that is long enough, once: the one command that has it. The runner looks at lines.
pub fn mask(secret: &str) {
    let mut masked = MASKED.lock().unwrap_or_else(PoisonError::into_inner);
    for line in secret.lines().filter(|line| line.trim().chars().count() >= LEAST) {
        if masked.iter().all(|known| known.expose_secret() != line) {
            write_error(&RunnerCommand::new("add-mask", line).to_string());
            masked.push(line.into());
        }
    }
}

/// Writes data for people to standard output.
pub fn data(text: &str) {
    // Not where its sequences for colour would be taken out after all, as in [`shown`].
    let text = if has_output_color() {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(anstream::adapter::strip_str(text).to_string())
    };
    write_output(&clean(&neutral::without_commands(&text)));
}

/// Writes a JSON document to standard output.
pub fn document(text: &str) {
    write_output(&neutral::without_commands(&clean_document(text)));
}

/// Writes what a program asked for that wants a credential: the one text on standard output that has secrets.
pub fn credential(text: &str) {
    write_output(&neutral::without_commands(text));
}

/// Adds to a file that the runner reads. Other commands of the same step may have written before.
///
/// # Errors
///
/// It cannot be written.
pub fn append(path: &Utf8Path, text: &str) -> io::Result<()> {
    OpenOptions::new().append(true).create(true).open(path)?.write_all(clean(text).as_bytes())
}

/// Standard error for logs, each event of which comes in one piece.
#[derive(Debug, Default)]
pub struct LogWriter;

impl io::Write for LogWriter {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = neutral::without_commands(&shown(&String::from_utf8_lossy(event)));
        stderr().write_all(clean(&text).as_bytes()).map(|()| event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        stderr().flush()
    }
}

/// The columns of standard error. `None`: it is no terminal.
pub fn error_columns() -> Option<usize> {
    columns(&stderr())
}

/// The columns of standard output. `None`: it is no terminal.
#[expect(clippy::disallowed_methods, reason = "this is the one place that writes")]
pub fn output_columns() -> Option<usize> {
    columns(&io::stdout())
}

/// One that does not say how wide it is counts as the usual one.
fn columns(stream: &(impl io::IsTerminal + AsFd)) -> Option<usize> {
    const USUAL: usize = 80;
    let width = || terminal_size::terminal_size_of(stream).map(|(width, _)| usize::from(width.0));
    stream.is_terminal().then(|| width().filter(|width| *width > 0).unwrap_or(USUAL))
}

/// Whether standard input is a terminal.
pub fn has_terminal_input() -> bool {
    io::stdin().is_terminal()
}

/// Uses colour on standard error from now on, although it is no terminal.
pub fn color_logs() {
    COLORED.store(true, Ordering::Relaxed);
}

/// Whether standard error is a terminal.
pub fn is_terminal() -> bool {
    stderr().is_terminal()
}

/// Whether to use colour on standard error.
pub fn has_color() -> bool {
    color_choice() != anstream::ColorChoice::Never
}

fn color_choice() -> anstream::ColorChoice {
    if COLORED.load(Ordering::Relaxed) {
        return anstream::ColorChoice::AlwaysAnsi;
    }
    anstream::AutoStream::choice(&stderr())
}

/// Text for standard error without the sequences for colour where they would be taken out after all: they could part a
/// secret.
pub fn shown(text: &str) -> Cow<'_, str> {
    if has_color() { Cow::Borrowed(text) } else { Cow::Owned(anstream::adapter::strip_str(text).to_string()) }
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that writes")]
fn has_output_color() -> bool {
    anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never
}

/// A closed standard error is no reason to stop.
fn write_error(line: &str) {
    let mut stderr = anstream::AutoStream::new(stderr(), color_choice());
    let _written = writeln!(stderr, "{line}");
}

/// A reader that has gone is no failure.
#[expect(clippy::disallowed_methods, reason = "this is the one place that writes")]
fn write_output(text: &str) {
    let mut stdout = anstream::stdout().lock();
    let _written = writeln!(stdout, "{text}").and_then(|()| stdout.flush());
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that writes")]
fn stderr() -> io::StderrLock<'static> {
    io::stderr().lock()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The secrets of a process are those of all its tests.
    #[test]
    fn a_document_stays_json_and_keeps_its_keys() {
        let (odd, plain) = ("n0123456-canary-of-the-sink", "schema-canary-of-the-sink");
        [odd, plain, "short"].into_iter().for_each(hide);
        let document = json!({ plain: 1, "a": format!("x\n0123456 {odd}"), "b": [plain, 1.5, null], "c": "##[x" });
        let text = clean_document(&document.to_string()).into_owned();
        assert!(!text.contains(odd) && !text.contains("##["), "{text}");
        let read: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read, json!({ plain: 1, "a": "x\n0123456 ***", "b": ["***", 1.5, null], "c": "##[x" }));
        assert_eq!(clean_document("{\"a\":\"short\"}"), "{\"a\":\"short\"}");
        assert_eq!(clean_document("no JSON: schema-canary-of-the-sink"), "no JSON: ***");
    }

    #[test]
    fn a_secret_is_found_before_a_command_is_encoded() {
        hide("a:b,c%d-canary-of-the-sink");
        let command =
            RunnerCommand::new("error", "x a:b,c%d-canary-of-the-sink").property("title", "a:b,c%d-canary-of-the-sink");
        let cleaned = command.map(|text| clean(text).into_owned());
        assert_eq!(cleaned.to_string(), "::error title=***::x ***");
    }
}
