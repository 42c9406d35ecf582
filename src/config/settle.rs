//! The keys `settle` of a component and `on-failure` of an environment.

use std::time::Duration;

use super::error::Problems;
use super::interpret::{Interpreter, all, whole};
use super::read::{FromToml, TomlNode, word};
use super::text::WrittenText;
use super::values;
use crate::domain::settle::{OnFailure, Settle};

const FORMS: &str =
    "write `settle = \"1m\"`, `settle = { for = \"1m\", alarms = [\"…\"] }`, or `settle = \"0s\"` to turn it off";

/// How long a release is watched after its rollout is done, and for what.
#[derive(Debug, Clone)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Settle", untagged))]
pub(super) enum RawSettle {
    /// How long: for example `1m`, at most `6h`. `0s` turns it off.
    Time(WrittenText),
    /// How long, and for what else.
    Table(RawTable),
    /// Its problem is noted.
    #[cfg_attr(test, schemars(skip))]
    Unreadable,
}

/// How long a release is watched, and for what beside its tasks and probes.
#[derive(Debug, Clone, Default)]
#[cfg_attr(
    test,
    derive(schemars::JsonSchema),
    schemars(rename = "SettleTable", rename_all = "kebab-case", deny_unknown_fields)
)]
pub(super) struct RawTable {
    /// How long: for example `1m`, at most `6h`. `0s` turns it off. Default: `30s`.
    r#for: Option<WrittenText>,
    /// Names of `CloudWatch` alarms of the environment's region that must not go off.
    alarms: Option<Vec<WrittenText>>,
    /// Texts that no line may contain which the release's container writes: for example `Traceback`.
    logs_without: Option<Vec<WrittenText>>,
}

impl FromToml for RawSettle {
    fn read(node: &TomlNode<'_>, problems: &mut Problems) -> Self {
        if node.is_text() {
            return Self::Time(WrittenText::read(node, problems));
        }
        if !node.is_table() {
            node.mistyped(problems, "a time or a table", FORMS);
            return Self::Unreadable;
        }
        let Some(mut table) = node.table(problems) else { return Self::Unreadable };
        let settle = RawTable {
            r#for: table.optional("for"),
            alarms: table.optional("alarms"),
            logs_without: table.optional("logs-without"),
        };
        table.refuse_unknown();
        Self::Table(settle)
    }
}

/// Resolves how long a release is watched, where anything is written.
pub(super) fn resolve(written: Option<&RawSettle>, interpreter: &mut Interpreter<'_, '_>) -> Option<Settle> {
    match written {
        None => Some(Settle::default()),
        Some(RawSettle::Unreadable) => None,
        Some(RawSettle::Time(text)) => Some(Settle { time: time("settle", text, interpreter)?, ..Settle::default() }),
        Some(RawSettle::Table(table)) => table.resolve(interpreter),
    }
}

fn time(name: &str, text: &WrittenText, interpreter: &mut Interpreter<'_, '_>) -> Option<Duration> {
    interpreter.parsed(name, text, values::settle)
}

impl RawTable {
    fn resolve(&self, interpreter: &mut Interpreter<'_, '_>) -> Option<Settle> {
        let written = self.r#for.as_ref().map(|text| time("for", text, interpreter));
        let mut texts = |name: &str, texts: Option<&Vec<WrittenText>>| {
            let texts = texts.into_iter().flatten();
            all(texts.map(|text| interpreter.parsed(name, text, values::plain)).collect())
        };
        let alarms: Option<Vec<String>> = texts("alarms", self.alarms.as_ref());
        let logs_without = texts("logs-without", self.logs_without.as_ref());
        let settle =
            Settle { time: whole(written)?.unwrap_or(Settle::DEFAULT), alarms: alarms?, logs_without: logs_without? };
        let looked_for = [&self.alarms, &self.logs_without].into_iter().flatten().flatten().next();
        if let Some(text) = looked_for.filter(|_| !settle.is_on()) {
            let message = "`settle` is off, so this has no effect";
            interpreter.problems.at(&text.span, message, "write how long in `for`, or remove this");
        }
        Some(settle)
    }
}

/// What is done about a release that fails after it has taken the place of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "OnFailure", rename_all = "kebab-case"))]
pub(super) enum RawOnFailure {
    /// What served before is brought back.
    Rollback,
    /// It is left to people.
    Leave,
    /// Its problem is noted.
    #[cfg_attr(test, schemars(skip))]
    Unreadable,
}

impl FromToml for RawOnFailure {
    fn read(node: &TomlNode<'_>, problems: &mut Problems) -> Self {
        let words = [("rollback", Self::Rollback), ("leave", Self::Leave)];
        word(node, problems, &words).unwrap_or(Self::Unreadable)
    }
}

/// What `on-failure` says, where it is written.
pub(super) fn on_failure(written: Option<RawOnFailure>) -> Option<OnFailure> {
    match written {
        None | Some(RawOnFailure::Rollback) => Some(OnFailure::RollBack),
        Some(RawOnFailure::Leave) => Some(OnFailure::Leave),
        Some(RawOnFailure::Unreadable) => None,
    }
}
