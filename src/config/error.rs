//! What is wrong with a configuration: collected while reading, reported all at once, each with its place and a hint.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet, normalize_untrusted_str};
use camino::{Utf8Path, Utf8PathBuf};

use super::wording::{cut, printable};
use crate::domain::check::LinePlace;
use crate::domain::check::committed::covered;
use crate::domain::limits::CONFIGURATION_PROBLEMS;

/// How much of the file one error quotes at most, in characters.
const LONGEST_QUOTE: usize = 80;

/// How much of a message or hint is kept, in characters: names in it may be of any length.
const LONGEST_TEXT: usize = 1000;

/// Everything that is wrong with a configuration, sorted by position. Never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigErrors {
    source: String,
    errors: Vec<ConfigError>,
}

/// One thing that is wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// Where it stands. Absent when no file is wrong but the request, or a variable from outside.
    pub location: Option<Location>,
    /// What is wrong: a fragment in lower case that names the thing.
    pub message: String,
    /// What to do about it.
    pub hint: String,
    /// The variable from outside that has no value, as it is written: `${vars.NAME}`. Absent: something else is wrong.
    pub variable: Option<String>,
}

/// A place in the configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The file, as the command line names it.
    pub path: Utf8PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What stands there in the file: one line of it at most, cut when long, nothing resolved.
    pub text: String,
    span: Range<usize>,
}

impl ConfigErrors {
    /// The errors, by position.
    pub fn iter(&self) -> std::slice::Iter<'_, ConfigError> {
        self.errors.iter()
    }

    /// The errors with the lines they are about, for people.
    pub fn render(&self, color: bool) -> String {
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        let reports: Vec<String> = self.errors.iter().map(|error| self.render_one(error, &renderer)).collect();
        // A line of the file may hold what the GitHub runner would take for a command.
        reports.join("\n\n").replace("##[", "# #[")
    }

    fn render_one(&self, error: &ConfigError, renderer: &Renderer) -> String {
        let title = Level::ERROR.primary_title(error.message.as_str());
        let hint = normalize_untrusted_str(&error.hint);
        let level = Level::HELP.with_name("hint");
        let Some(location) = &error.location else {
            // In one report, a bar would lead from nothing to the hint.
            let title = renderer.render(&[Group::with_title(title)]);
            let hint = renderer.render(&[Group::with_title(level.primary_title(hint))]);
            return format!("{title}\n{hint}");
        };
        // Of the line alone: the renderer reads all that it is given, for each error.
        let line_start = self.source[..location.span.start].rfind('\n').map_or(0, |newline| newline + 1);
        let rest = &self.source[line_start..];
        let line = rest.find('\n').map_or(rest, |newline| &rest[..newline]);
        let span = location.span.start - line_start..location.span.end - line_start;
        let line = covered(line);
        let snippet = Snippet::source(line.as_ref())
            .line_start(location.line)
            .path(location.path.as_str())
            .annotation(AnnotationKind::Primary.span(span));
        renderer.render(&[title.element(snippet).element(level.message(hint))])
    }
}

/// The longest line that is read as a whole for a text that is quoted from it, in bytes.
const LONGEST_LINE: usize = 4096;

impl<'errors> IntoIterator for &'errors ConfigErrors {
    type Item = &'errors ConfigError;
    type IntoIter = std::slice::Iter<'errors, ConfigError>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.errors.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(formatter, "{separator}{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}

impl fmt::Display for ConfigError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Location { path, line, column, .. }) = &self.location {
            write!(formatter, "{path}:{line}:{column}: ")?;
        }
        formatter.write_str(&self.message)
    }
}

/// The problems found so far, by byte range of the file.
#[derive(Debug, Clone, Default)]
pub(super) struct Problems {
    found: Vec<PlacedProblem>,
    /// The keys that somebody most likely meant who wrote one that is unknown, with all keys above them.
    meant: BTreeSet<String>,
    /// How many were noted beyond what is kept, and one.
    beyond: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct PlacedProblem {
    /// `None` sorts first: what is wrong with the request comes before what is wrong with the file.
    start: Option<usize>,
    end: usize,
    message: String,
    hint: String,
    variable: Option<String>,
    /// The key that is missing, with all keys above it.
    missing: Option<String>,
}

impl Problems {
    /// Notes something wrong at a place of the file.
    pub(super) fn at(&mut self, span: &Range<usize>, message: impl Into<String>, hint: impl Into<String>) {
        let (message, hint) = (message.into(), hint.into());
        self.push(PlacedProblem {
            start: Some(span.start),
            end: span.end,
            message,
            hint,
            variable: None,
            missing: None,
        });
    }

    /// Notes that a key is missing in what stands at a place. `path`: all keys above it, as people write them. Where
    /// somebody misspelt the key, that alone is reported.
    pub(super) fn missing(&mut self, span: &Range<usize>, path: &str, key: &str, what: String, hint: String) {
        let missing = Some(dotted(path, key));
        self.push(PlacedProblem {
            start: Some(span.start),
            end: span.end,
            message: what,
            hint,
            variable: None,
            missing,
        });
    }

    /// Notes which key somebody most likely meant who wrote one that is unknown.
    pub(super) fn meant(&mut self, path: &str, key: &str) {
        let meant = dotted(path, key);
        // What an environment overrides is missing in its component.
        let of_component = meant.strip_prefix("environments.").and_then(|rest| Some(rest.find(".components.")? + 1));
        self.meant.extend(of_component.map(|start| meant["environments.".len() + start..].to_owned()));
        self.meant.insert(meant);
    }

    /// Keeps a problem. Many environments have the same ones: these are kept once when they become too many.
    fn push(&mut self, problem: PlacedProblem) {
        const MOST: usize = 50 * CONFIGURATION_PROBLEMS.count();
        if self.beyond > 0 {
            self.beyond += 1;
            return;
        }
        self.found.push(problem);
        if self.found.len() >= MOST {
            self.found.sort();
            self.found.dedup();
            // Where most are different, those to come are, too.
            self.beyond = usize::from(self.found.len() > MOST / 2);
        }
    }

    /// Notes a variable from outside that has no value.
    pub(super) fn without_value(&mut self, span: &Range<usize>, variable: &str, fault: &str, hint: String) {
        let (message, variable) = (format!("`{variable}` {fault}"), Some(variable.to_owned()));
        self.push(PlacedProblem { start: Some(span.start), end: span.end, message, hint, variable, missing: None });
    }

    /// Notes something wrong outside the file.
    pub(super) fn outside(&mut self, message: impl Into<String>, hint: impl Into<String>) {
        let (message, hint) = (message.into(), hint.into());
        self.push(PlacedProblem { start: None, end: 0, message, hint, variable: None, missing: None });
    }

    /// Notes others, each as often as one likes: what is found twice is reported once.
    pub(super) fn extend(&mut self, others: &Self) {
        self.found.extend(others.found.iter().cloned());
        self.meant.extend(others.meant.iter().cloned());
    }

    /// The variables from outside that have no value.
    pub(super) fn variables(&self) -> impl Iterator<Item = &str> {
        self.found.iter().filter_map(|problem| problem.variable.as_deref())
    }

    /// The value, or the reasons why there is none.
    pub(super) fn finish<T>(mut self, path: &Utf8Path, source: &str, value: Option<T>) -> Result<T, ConfigErrors> {
        let is_misspelt =
            |problem: &PlacedProblem| problem.missing.as_ref().is_some_and(|key| self.meant.contains(key));
        self.found.retain(|problem| !is_misspelt(problem));
        if let (Some(value), true) = (value, self.found.is_empty()) {
            return Ok(value);
        }
        if self.found.is_empty() {
            self.outside(
                "nothing was read, and no reason was noted",
                "this is a mistake in shipgate, please report it",
            );
        }
        self.found.sort();
        // What several environments share is checked once for each.
        self.found.dedup();
        let more = self.found.len().saturating_sub(CONFIGURATION_PROBLEMS.count()) + self.beyond.saturating_sub(1);
        self.found.truncate(CONFIGURATION_PROBLEMS.count());
        let rest = (more > 0).then(|| ConfigError {
            location: None,
            message: format!("there are {more} more problems; at most {CONFIGURATION_PROBLEMS} are reported"),
            hint: "correct these first".to_owned(),
            variable: None,
        });
        let errors = self
            .found
            .into_iter()
            .map(|PlacedProblem { start, end, message, hint, variable, .. }| ConfigError {
                location: start.map(|start| Location::new(path, source, start..end)),
                message: printable(&cut(&message, LONGEST_TEXT)),
                hint: printable(&cut(&hint, LONGEST_TEXT)),
                variable,
            })
            .chain(rest)
            .collect();
        Err(ConfigErrors { source: source.to_owned(), errors })
    }
}

/// A key with all keys above it.
fn dotted(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

impl Location {
    /// The place without the file.
    pub fn place(&self, errors: &ConfigErrors) -> LinePlace {
        LinePlace::of(&errors.source, &self.span)
    }

    fn new(path: &Utf8Path, source: &str, span: Range<usize>) -> Self {
        let start = source.floor_char_boundary(span.start);
        let end = source.floor_char_boundary(span.end.max(start));
        let before = &source[..start];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        // Marking only the first line keeps a long table, or text of many lines, from filling the screen.
        let first_line = source[start..end].lines().next().unwrap_or_default();
        // Where something is missing there may be nothing to quote but what is around.
        // The name before a value says whether it is a secret. A longer line is quoted in part alone.
        let line_end = source[line_start..].find('\n').map_or(source.len(), |length| line_start + length);
        let (line_start, line_end) = if line_end - line_start > LONGEST_LINE {
            (start, start + first_line.len())
        } else {
            (line_start, line_end)
        };
        let line = covered(source[line_start..line_end].trim_end_matches('\r'));
        let within = start - line_start..start - line_start + first_line.len();
        let quoted = line.get(within).filter(|text| !text.is_empty()).unwrap_or(&line);
        Self {
            path: path.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            text: printable(&cut(quoted, LONGEST_QUOTE)),
            span: start..start + first_line.len(),
        }
    }
}
