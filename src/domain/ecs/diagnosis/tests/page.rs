//! The tables of `docs/causes/README.md` are those of the code. To write them anew:
//! `SHIPGATE_UPDATE_GOLDEN=1 cargo test golden`.

use std::fmt::Write as _;

use super::super::exit::EXITS;
use super::super::hints::{By, HintRow, rows};
use crate::golden::assert_page;

fn table(is_shown: fn(&HintRow) -> bool) -> String {
    let mut table = "| message | what it means | hint | `kind` |\n|---|---|---|---|\n".to_owned();
    for row in rows().filter(|row| is_shown(row)) {
        let says: Vec<String> = row.says.iter().map(|says| format!("`{}`", shown(says))).collect();
        let means = match row.source {
            Some(source) => format!("[{}]({source})", row.means),
            None => row.means.to_owned(),
        };
        let says = says.join("<br>").replace('|', "\\|");
        writeln!(table, "| {says} | {means} | {} | {} |", places(row.hint), row.kind.as_str()).unwrap();
    }
    table
}

/// A pattern for people.
fn shown(says: &str) -> String {
    says.replace('*', "…").replace('%', "NAME").replace('`', "'")
}

/// The places of a hint for people.
fn places(hint: &str) -> String {
    hint.replace(['{', '}'], "*").replace('<', "\\<").replace('|', "\\|")
}

fn exits() -> String {
    let mut table = "| code | what it means | hint |\n|---|---|---|\n".to_owned();
    for exit in EXITS {
        writeln!(table, "| {} | {} | {} |", exit.code, exit.means, places(exit.hint)).unwrap();
    }
    table
}

#[test]
fn golden_page_of_causes_has_the_tables_of_the_code() {
    let parts =
        [("ecs", table(|row| row.by != By::Program)), ("programs", table(|row| row.by != By::Ecs)), ("exits", exits())];
    assert_page("docs/causes/README.md", &parts);
}
