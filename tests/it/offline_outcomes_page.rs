//! The page about outcomes quotes messages: the program prints them, as the golden files have them.

use crate::workflows::own;

const PAGE: &str = include_str!("../../docs/outcomes/README.md");

/// Every line that is kept of what people read in a pipe.
fn printed() -> Vec<String> {
    let files = std::fs::read_dir(own("tests/golden/human")).unwrap();
    let texts = files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
    texts.flat_map(|text| text.lines().map(|line| line.replace('`', "")).collect::<Vec<_>>()).collect()
}

/// Whether a line has these parts, one behind the other.
fn has(line: &str, quote: &str) -> bool {
    let mut rest = line;
    quote.split('…').all(|part| match rest.split_once(part) {
        Some((_, behind)) => {
            rest = behind;
            true
        }
        None => false,
    })
}

#[test]
fn what_the_page_about_outcomes_quotes_is_printed() {
    let (_, section) = PAGE.split_once("| it says | do |\n|---|---|\n").unwrap();
    let rows: Vec<&str> = section.lines().take_while(|line| line.starts_with('|')).collect();
    assert!(rows.len() > 15, "{rows:?}");
    let printed = printed();
    for row in rows {
        let quote = row.strip_prefix("| `").and_then(|row| row.split_once('`')).unwrap_or_else(|| panic!("{row}")).0;
        assert!(printed.iter().any(|line| has(line, quote.trim())), "{quote:?} is in no file of tests/golden/human");
    }
    assert!(!printed.iter().any(|line| has(line, "the rollout failed … and nobody knows")));
}
