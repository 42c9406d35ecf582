//! Whatever somebody else may have written, damaged in every way: nothing of it ends the program, takes long, or becomes
//! much more than it was.
//!
//! Each target takes good documents and damages them, with what its format has that is deep, long or odd. An ordinary
//! test run tries some hundred of each; `PROPTEST_CASES=20000 cargo nextest run fuzz` tries more. What was found that way
//! is a test of its own beside its target.

#![expect(clippy::format_collect, reason = "the long texts of these tests are made once")]

mod amplify;
mod bundle;
mod configuration;
mod dockerfile;
mod ledger;
mod registry;
mod site_store;
mod task_definition;
mod workflow;

use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::domain::check::Findings;
use crate::domain::limits::FINDINGS;

/// Several times what any text of these takes here in an unoptimized program, also on a machine that does something else.
const LONGEST: Duration = Duration::from_mins(1);

/// What is odd everywhere: the ends of ranges, other alphabets, marks that are no characters, commands of the runner.
const ODD: [&str; 38] = [
    "",
    " ",
    "\n",
    "\r",
    "\r\n",
    "\t",
    "\0",
    "\u{1b}[2J",
    "\u{feff}",
    "\u{202e}",
    "\u{2028}",
    "\u{85}",
    "é",
    "🚢",
    "ﬃ",
    "\"",
    "'",
    "\\",
    "`",
    "#",
    "=",
    ":",
    "::error::x",
    "##[group]x",
    "${",
    "}",
    "${release.sha}",
    "${vars.A}",
    "${env.A}",
    "0",
    "-1",
    "1e999",
    "18446744073709551616",
    "-9223372036854775809",
    "true",
    "null",
    "..",
    "%00",
];

/// A change of a text. Places are parts of its length.
#[derive(Debug, Clone)]
enum Damage {
    /// Something is put somewhere.
    Insert(Index, String),
    /// Something is taken away.
    Remove(Index, usize),
    /// Something is there many times.
    Repeat(Index, usize, usize),
    /// A line stands elsewhere, too.
    Copy(Index, Index),
    /// The rest is not there.
    Cut(Index),
}

/// A good text with up to six damages. `deep` opens what a format nests.
fn damaged(good: &'static [&'static str], deep: &'static [&'static str]) -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => select(&ODD[..]).prop_map(str::to_owned),
        2 => (select(deep), select(vec![1_usize, 2, 60, 64, 70, 200, 3000])).prop_map(|(text, times)| text.repeat(times)),
        1 => (select(&ODD[..]), select(vec![100_usize, 5000])).prop_map(|(text, times)| text.repeat(times)),
        1 => ".{0,12}",
    ];
    let times = select(vec![2_usize, 3, 50, 400]);
    let damage = prop_oneof![
        4 => (any::<Index>(), piece).prop_map(|(at, text)| Damage::Insert(at, text)),
        2 => (any::<Index>(), 1_usize..40).prop_map(|(at, length)| Damage::Remove(at, length)),
        1 => (any::<Index>(), 1_usize..60, times).prop_map(|(at, length, times)| Damage::Repeat(at, length, times)),
        2 => (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Damage::Copy(from, to)),
        1 => any::<Index>().prop_map(Damage::Cut),
    ];
    (select(good), proptest::collection::vec(damage, 0..6))
        .prop_map(|(text, damages)| damages.iter().fold(text.to_owned(), |text, damage| damage.applied(&text)))
}

impl Damage {
    fn applied(&self, text: &str) -> String {
        let place = |at: &Index| text.floor_char_boundary(at.index(text.len() + 1));
        let end = |start: usize, length: usize| text.floor_char_boundary((start + length).min(text.len()));
        match self {
            Self::Insert(at, piece) => {
                let (before, after) = text.split_at(place(at));
                format!("{before}{piece}{after}")
            }
            Self::Remove(at, length) => {
                let start = place(at);
                format!("{}{}", &text[..start], &text[end(start, *length)..])
            }
            Self::Repeat(at, length, times) => {
                let start = place(at);
                let stop = end(start, *length);
                format!("{}{}{}", &text[..start], text[start..stop].repeat(*times), &text[stop..])
            }
            Self::Copy(from, to) => {
                let mut lines: Vec<&str> = text.split('\n').collect();
                let line = lines[from.index(lines.len())];
                lines.insert(to.index(lines.len() + 1), line);
                lines.join("\n")
            }
            Self::Cut(at) => text[..place(at)].to_owned(),
        }
    }
}

/// As many cases as `PROPTEST_CASES` says, and few tries to make one shorter: some of them are long.
fn config() -> ProptestConfig {
    ProptestConfig { max_shrink_iters: 100, failure_persistence: None, ..ProptestConfig::default() }
}

/// Does something, and insists that it did not take long.
#[expect(clippy::disallowed_methods, reason = "a test measures real time")]
fn soon<T>(work: impl FnOnce() -> T) -> T {
    let began = std::time::Instant::now();
    let result = work();
    assert!(began.elapsed() < LONGEST, "it took {:?}", began.elapsed());
    result
}

/// Insists that findings can be shown: there are not too many, and none is long or not what it says.
fn assert_bounded(findings: Findings) {
    let findings = findings.sorted();
    assert!(findings.all.len() <= FINDINGS.count() && findings.left_out.len() <= FINDINGS.count() + 2);
    for finding in &findings.all {
        for text in [&finding.message, &finding.hint] {
            assert!(text.chars().count() <= 1001 && is_neutral(text), "{text:?}");
        }
        assert!(finding.place.is_none_or(|place| place.line > 0 && place.column > 0 && place.end_column > 0));
    }
}

/// Whether a text can be in a log.
fn is_neutral(text: &str) -> bool {
    !text.chars().any(char::is_control) && !text.starts_with("::") && !text.contains("##[")
}
