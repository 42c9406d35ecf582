//! The tables of `docs/causes/README.md` are those of the code. To write them anew:
//! `SHIPGATE_UPDATE_GOLDEN=1 cargo test golden`.

use std::fmt::Write as _;

use super::super::exit::EXITS;
use super::super::hints::{By, Row, rows};

fn table(is_shown: fn(&Row) -> bool) -> String {
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

/// The page with a part of it replaced.
fn with_part(page: &str, name: &str, text: &str) -> String {
    let (begin, end) = (format!("<!-- generated: {name} -->\n"), format!("<!-- end of {name} -->"));
    let (before, rest) = page.split_once(&begin).unwrap_or_else(|| panic!("no {begin}"));
    let (_, after) = rest.split_once(&end).unwrap_or_else(|| panic!("no {end}"));
    format!("{before}{begin}\n{}\n\n{end}{after}", text.trim_end())
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a variable lets a test write the page")]
fn golden_page_of_causes_has_the_tables_of_the_code() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/causes/README.md");
    let committed = std::fs::read_to_string(&path).unwrap();
    let parts =
        [("ecs", table(|row| row.by != By::Program)), ("programs", table(|row| row.by != By::Ecs)), ("exits", exits())];
    let current = parts.iter().fold(committed.clone(), |page, (name, text)| with_part(&page, name, text));
    if std::env::var_os("SHIPGATE_UPDATE_GOLDEN").is_some_and(|it| it == "1") {
        std::fs::write(&path, current).unwrap();
        return;
    }
    assert!(committed == current, "docs/causes is not current; run `SHIPGATE_UPDATE_GOLDEN=1 cargo test golden`");
}
