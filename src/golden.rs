//! Tests only: texts that are a contract, kept in `tests/golden` and compared exactly. The end-to-end tests use this
//! file too.
//!
//! To write them anew: `SHIPGATE_UPDATE_GOLDEN=1 cargo test golden`. Then read the difference: users see it, too. Pages
//! that are generated as a whole: `SHIPGATE_UPDATE_DOCS=1 cargo test generated_page`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn is_update() -> bool {
    is_set("SHIPGATE_UPDATE_GOLDEN")
}

#[expect(clippy::disallowed_methods, reason = "a variable lets tests write the golden files")]
fn is_set(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|it| it == "1")
}

/// Compares a text with its golden file, or writes that. Returns the first line that is different.
pub fn difference(file: &str, text: &str) -> Option<String> {
    let path = directory().join(file);
    if is_update() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    (committed != text).then(|| {
        let first = committed.lines().zip(text.lines()).take_while(|(old, new)| old == new).count();
        let line = |text: &str| text.lines().nth(first).unwrap_or("(the end)").to_owned();
        format!("tests/golden/{file}:{}\n  - {}\n  + {}", first + 1, line(&committed), line(text))
    })
}

/// Insists that a folder has these files and no others. Where the files are written anew, others are removed.
pub fn assert_files(folder: &str, expected: &BTreeSet<String>) {
    if is_update() {
        std::fs::create_dir_all(directory().join(folder)).unwrap();
    }
    let entries = std::fs::read_dir(directory().join(folder)).unwrap();
    let found = entries.map(|entry| format!("{folder}/{}", entry.unwrap().file_name().to_str().unwrap()));
    let found: BTreeSet<String> = found.collect();
    let superfluous: Vec<&String> = found.difference(expected).collect();
    if is_update() {
        for file in superfluous {
            std::fs::remove_file(directory().join(file)).unwrap();
        }
        return;
    }
    let missing: Vec<&String> = expected.difference(&found).collect();
    assert!(
        superfluous.is_empty() && missing.is_empty(),
        "no test writes {superfluous:?}, missing are {missing:?}; run `SHIPGATE_UPDATE_GOLDEN=1 cargo test golden`"
    );
}

/// Holds the generated parts of a page of the documentation, by name, or writes them.
pub fn assert_page(path: &str, parts: &[(&str, String)]) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let committed = std::fs::read_to_string(&file).unwrap();
    let current = parts.iter().fold(committed.clone(), |page, (name, text)| with_part(&page, name, text));
    if is_update() {
        std::fs::write(&file, current).unwrap();
        return;
    }
    assert!(committed == current, "{path} is not current; run `SHIPGATE_UPDATE_GOLDEN=1 cargo test golden`");
}

/// The page with a part of it replaced.
fn with_part(page: &str, name: &str, text: &str) -> String {
    let (begin, end) = (format!("<!-- generated: {name} -->\n"), format!("<!-- end of {name} -->"));
    let (before, rest) = page.split_once(&begin).unwrap_or_else(|| panic!("no {begin}"));
    let (_, after) = rest.split_once(&end).unwrap_or_else(|| panic!("no {end}"));
    format!("{before}{begin}\n{}\n\n{end}{after}", text.trim_end())
}

/// The command that writes each page that is generated as a whole.
const WRITE_PAGES: &str = "SHIPGATE_UPDATE_DOCS=1 cargo test generated_page";

/// Compares a page that is generated as a whole, or writes it. Below its heading it names what it is made from.
pub fn assert_generated(path: &str, heading: &str, source: &str, text: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let comment = format!("<!-- Generated from {source}. To write it anew: `{WRITE_PAGES}` -->");
    let current = format!("# {heading}\n\n{comment}\n\n{}\n", text.trim());
    if is_set("SHIPGATE_UPDATE_DOCS") {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, &current).unwrap();
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(committed == current, "{path} is not current; run `{WRITE_PAGES}`");
}
