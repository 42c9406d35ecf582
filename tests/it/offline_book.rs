//! The book of docs/: its table of contents has every page, and nothing else. `scripts/book` builds it.

use std::collections::BTreeSet;

use crate::harness::files_below;
use crate::workflows::own;

/// The pages below docs/, from there.
fn pages() -> BTreeSet<String> {
    let all = files_below(&own("docs")).into_iter().filter(|path| path.extension().is_some_and(|it| it == "md"));
    let names = all.map(|path| path.strip_prefix(own("docs")).unwrap().to_str().unwrap().to_owned());
    names.filter(|name| name != "SUMMARY.md").collect()
}

/// What the table of contents links to.
fn entries() -> Vec<String> {
    let summary = std::fs::read_to_string(own("docs/SUMMARY.md")).unwrap();
    summary.split("](").skip(1).map(|rest| rest.split(')').next().unwrap().to_owned()).collect()
}

#[test]
fn the_table_of_contents_has_every_page_once() {
    let entries = entries();
    let listed: BTreeSet<String> = entries.iter().cloned().collect();
    assert_eq!(listed.len(), entries.len(), "a page is in docs/SUMMARY.md twice");
    let pages = pages();
    let missing: Vec<_> = pages.difference(&listed).collect();
    assert!(missing.is_empty(), "docs/SUMMARY.md lacks {missing:#?}");
    let unknown: Vec<_> = listed.difference(&pages).collect();
    assert!(unknown.is_empty(), "docs/SUMMARY.md has what is no page: {unknown:#?}");
}

/// Readers who come from a search engine are sent to the page in the repository.
#[test]
fn the_book_is_made_of_these_pages() {
    let book: toml::Table = std::fs::read_to_string(own("book.toml")).unwrap().parse().unwrap();
    assert_eq!(book["book"]["src"].as_str(), Some("docs"));
    let command = book["preprocessor"]["links-of-the-repository"]["command"].as_str().unwrap();
    let script = command.split(' ').next_back().unwrap();
    assert!(own(script).is_file(), "{command}");
}
