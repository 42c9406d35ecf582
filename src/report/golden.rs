//! What people read of commands that change nothing, at the widths of terminals and in a pipe: `tests/golden/reading`.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::style::{TextStyle, columns};
use super::{check_lines, gates_table, history_table, hold_lines, status_blocks};
use crate::golden::{assert_files, difference};

/// Something that is shown, by its name.
pub struct Rendered {
    name: &'static str,
    render: Box<dyn Fn(TextStyle) -> String>,
}

impl Rendered {
    /// What a function shows for a status.
    pub fn new(name: &'static str, render: impl Fn(TextStyle) -> String + 'static) -> Self {
        Self { name, render: Box::new(render) }
    }
}

/// The present of these tests.
pub fn now() -> Timestamp {
    "2026-11-21T14:17:00Z".parse().unwrap()
}

/// How it is shown: what the file is called, the columns, and whether exactly.
const STYLES: [(&str, Option<usize>, bool); 4] =
    [("80", Some(80), false), ("120", Some(120), false), ("80-exact", Some(80), true), ("pipe", None, false)];

#[test]
fn golden_reading() {
    let cases = [
        status_blocks::tests::cases(),
        history_table::tests::cases(),
        gates_table::tests::cases(),
        check_lines::tests::cases(),
        hold_lines::tests::cases(),
    ];
    let (mut files, mut different) = (BTreeSet::new(), Vec::new());
    for Rendered { name, render } in cases.into_iter().flatten() {
        for (suffix, width, exact) in STYLES {
            let text = anstream::adapter::strip_str(&render(TextStyle { width, exact, now: now() })).to_string();
            let too_long = |line: &&str| width.is_some_and(|width| columns(line) > width) && !exact;
            assert_eq!(text.lines().find(too_long), None, "{name} at {suffix}");
            let file = format!("reading/{name}-{suffix}.txt");
            different.extend(difference(&file, &format!("{text}\n")));
            files.insert(file);
        }
    }
    assert!(different.is_empty(), "run `SHIPGATE_UPDATE_GOLDEN=1 cargo test golden`\n{}", different.join("\n"));
    assert_files("reading", &files);
}
