//! The page about security names tests: they are there.

use std::path::Path;

const PAGE: &str = include_str!("../../docs/security/README.md");

/// What is on a test that scripts/test runs, and `cargo test` does not.
const CLOUD: &str = "#[ignore = \"needs the local cloud: scripts/test\"]";

/// The tests that the page names, as `file::test`.
fn named() -> Vec<(&'static str, &'static str)> {
    let code = PAGE.split('`').skip(1).step_by(2);
    code.filter_map(|name| name.split_once("::")).collect()
}

#[test]
fn every_test_that_the_security_model_names_exists() {
    let named = named();
    assert!(named.len() >= 15, "{named:?}");
    for (file, test) in named {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it").join(file).with_extension("rs");
        let source = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file}: {error}"));
        let found = source.find(&format!("\nfn {test}()")).unwrap_or_else(|| panic!("{file} has no test {test}"));
        let before = source[..found].rsplit("\n\n").next().unwrap_or_default();
        let is_left_out = before.contains("#[ignore") && !before.contains(CLOUD);
        assert!(before.contains("#[test]") && !is_left_out, "{file}::{test} is no test that runs");
    }
}

#[test]
fn every_page_that_the_security_model_links_has_that_heading() {
    let links = PAGE.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/security");
    for link in links {
        let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
        let page = std::fs::read_to_string(directory.join(path)).unwrap_or_else(|error| panic!("{link}: {error}"));
        let slug =
            |heading: &str| heading.trim_start_matches('#').trim().to_lowercase().replace(' ', "-").replace('`', "");
        let mut headings = page.lines().filter(|line| line.starts_with('#')).map(slug);
        assert!(anchor.is_empty() || headings.any(|heading| heading == anchor), "{link}");
    }
}
