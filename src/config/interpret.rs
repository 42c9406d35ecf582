//! Turns each text of the configuration into what it names, or reports why it does not.

use std::ops::Range;
use std::str::FromStr;
use std::time::Duration;

use indexmap::IndexMap;

use super::error::Problems;
use super::read::{Key, TableEntries};
use super::scope::{ResolvedText, TextOrigin, VariableScope};
use super::source::SourceFile;
use super::text::{TextPiece, Variable, WrittenText};
use super::values::{self, ValueFault};
use super::wording::cut;
use crate::domain::check::LinePlace;
use crate::domain::file_line::FileLine;
use crate::domain::names::InvalidName;
use crate::domain::template::Template;

/// Stands where the release's name will stand, to check the text around it. As long as the longest such name.
const SAMPLE_RELEASE: &str = "0000000000000000000000000000000000000000-dirty-20000101T000000Z";
/// How much of a resolved value one message shows at most, in characters.
const LONGEST_SHOWN: usize = 60;

/// Knows the values of variables, and collects problems. Every answer is `None` where something was wrong and is reported.
pub(super) struct Interpreter<'s, 'p> {
    /// What variables stand for.
    pub(super) scope: VariableScope<'s>,
    /// The problems so far.
    pub(super) problems: &'p mut Problems,
    /// The file, for the lines of what is resolved. `None`: only what is wrong is asked for.
    pub(super) source: Option<&'s SourceFile<'s>>,
}

impl Interpreter<'_, '_> {
    /// The place at which something is written.
    pub(super) fn place(&self, span: &Range<usize>) -> Option<LinePlace> {
        self.source.map(|source| source.place(span))
    }

    /// The line on which something is written.
    pub(super) fn line(&self, span: &Range<usize>) -> Option<FileLine> {
        self.source.map(|source| source.line(span))
    }

    /// The value of a key that holds a name.
    pub(super) fn named<T: FromStr<Err = InvalidName>>(&mut self, name: &str, text: &WrittenText) -> Option<T> {
        self.parsed(name, text, |text| text.parse().map_err(ValueFault::from))
    }

    /// The value of a key that holds a time to wait, or what it is where nothing is written.
    pub(super) fn duration(&mut self, name: &str, text: Option<&WrittenText>, default: Duration) -> Option<Duration> {
        text.map_or(Some(default), |text| self.parsed(name, text, values::duration))
    }

    /// The value of a key in which the release cannot stand, as what it names.
    pub(super) fn parsed<T>(
        &mut self,
        name: &str,
        text: &WrittenText,
        parse: impl Fn(&str) -> Result<T, ValueFault>,
    ) -> Option<T> {
        let value = self.without_release(name, text)?;
        let parsed = parse(value.template.as_literal()?);
        parsed.map_err(|fault| self.refuse(name, text, &value, fault)).ok()
    }

    /// The value of a key in which the release may stand.
    pub(super) fn template(
        &mut self,
        name: &str,
        text: &WrittenText,
        check: fn(&str) -> Result<(), ValueFault>,
    ) -> Option<Template> {
        let value = self.scope.resolve(text, self.problems)?;
        if let Err(fault) = check(&value.template.fill(SAMPLE_RELEASE)) {
            self.refuse(name, text, &value, fault);
            return None;
        }
        Some(value.template)
    }

    /// The words of a command, in which the release may stand.
    pub(super) fn command(&mut self, words: &[WrittenText]) -> Option<Vec<Template>> {
        let check = |index: usize| if index == 0 { values::something } else { values::argument };
        let words = words.iter().enumerate();
        all(words.map(|(index, word)| self.template("pre-deploy", word, check(index))).collect())
    }

    /// A table of values in which the release may stand, by keys that follow a rule too.
    pub(super) fn templates(
        &mut self,
        entries: Option<&TableEntries<WrittenText>>,
        check_key: fn(&str) -> Result<(), ValueFault>,
        check: fn(&str) -> Result<(), ValueFault>,
    ) -> Option<IndexMap<String, Template>> {
        let mut resolved = Vec::new();
        for (key, text) in entries.into_iter().flat_map(TableEntries::iter) {
            self.key(key, check_key);
            let template = self.template(&key.text, text, check);
            resolved.push(template.map(|template| (key.text.clone(), template)));
        }
        Some(all(resolved)?.into_iter().collect())
    }

    /// The value of a key in which the release cannot stand: it is needed before there is one.
    pub(super) fn without_release(&mut self, name: &str, text: &WrittenText) -> Option<ResolvedText> {
        let mut is_free = true;
        for piece in &text.pieces {
            if let TextPiece::Variable(variable @ Variable::ReleaseSha, span) = piece {
                is_free = false;
                let hint = "write it only in `args`, `tags`, `run` and `env` of a build, in `pre-deploy`, `runtime-config` and `calls`, and in probes";
                self.problems.at(span, format!("`{variable}` cannot be used in `{name}`"), hint);
            }
        }
        self.scope.resolve(text, self.problems).filter(|_| is_free)
    }

    /// Checks a key that follows a rule.
    pub(super) fn key(&mut self, key: &Key, check: fn(&str) -> Result<(), ValueFault>) {
        if let Err(ValueFault { kind, reason }) = check(&key.text) {
            let message = format!("{:?} is not {kind}", cut(&key.text, LONGEST_SHOWN));
            self.problems.at(&key.span, message, format!("correct it: {reason}"));
        }
    }

    /// Notes a value that is not what its key needs. What environment variables hold is not shown.
    fn refuse(
        &mut self,
        name: &str,
        text: &WrittenText,
        value: &ResolvedText,
        ValueFault { kind, reason }: ValueFault,
    ) {
        let written = cut(&text.written, LONGEST_SHOWN);
        let shown = cut(&value.template.to_string(), LONGEST_SHOWN);
        let (message, what) = match value.origin {
            TextOrigin::File => (format!("`{name}`: {shown:?} is not {kind}"), "it"),
            TextOrigin::Variables => {
                (format!("`{name}`: {shown:?}, from `{written}`, is not {kind}"), "it or its variables")
            }
            TextOrigin::Environment => {
                (format!("`{name}`: the value of `{written}` is not {kind}"), "it or its variables")
            }
        };
        self.problems.at(&text.span, message, format!("correct {what}: {reason}"));
    }
}

/// All values, where every one could be had.
pub(super) fn all<T>(values: Vec<Option<T>>) -> Option<Vec<T>> {
    values.into_iter().collect()
}

/// The value that may be absent, where it could be had if it is written.
#[expect(clippy::option_option, reason = "the outer says whether it is written, the inner whether it could be had")]
pub(super) fn whole<T>(value: Option<Option<T>>) -> Option<Option<T>> {
    match value {
        None => Some(None),
        Some(None) => None,
        Some(Some(value)) => Some(Some(value)),
    }
}
