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
