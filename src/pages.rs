//! Tests only: the pages that users read, and the blocks of code in them.

use std::path::{Path, PathBuf};

/// A block of code of a page.
#[derive(Debug)]
pub struct Block {
    /// The page, from the root of the repository.
    pub page: String,
    /// What stands behind the fence, such as `toml`.
    pub language: String,
    /// The text, without the indentation of the fence.
    pub text: String,
}

/// `README.md`, everything in `docs`, and the pages of the examples, with their texts.
pub fn pages() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut open = vec![root.join("docs"), root.join("examples")];
    let mut files = vec![root.join("README.md")];
    while let Some(directory) = open.pop() {
        let entries: Vec<PathBuf> = std::fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().path()).collect();
        for path in entries {
            let is_source = path.ends_with("node_modules") || path.ends_with("target");
            match path.extension() {
                None if path.is_dir() && !is_source => open.push(path),
                Some(extension) if extension == "md" => files.push(path),
                Some(_) | None => {}
            }
        }
    }
    files.sort();
    let name = |path: &Path| path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
    files.iter().map(|path| (name(path), std::fs::read_to_string(path).unwrap())).collect()
}

/// The blocks of all pages, in the order of the pages.
pub fn blocks() -> Vec<Block> {
    pages().iter().flat_map(|(page, text)| blocks_of(page, text)).collect()
}

fn blocks_of(page: &str, text: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(language) = line.trim_start().strip_prefix("```").filter(|rest| !rest.contains('`')) else { continue };
        let indent = line.len() - line.trim_start().len();
        let mut block = Block { page: page.to_owned(), language: language.to_owned(), text: String::new() };
        for line in lines.by_ref().take_while(|line| line.trim_start() != "```") {
            block.text.push_str(line.get(indent..).unwrap_or_default());
            block.text.push('\n');
        }
        found.push(block);
    }
    found
}

/// The texts in single backticks outside of blocks.
pub fn inline_code(text: &str) -> Vec<String> {
    let outside = text.split("```").step_by(2).collect::<Vec<_>>().join("\n");
    outside
        .split("\n\n")
        .flat_map(|part| part.split('`').skip(1).step_by(2))
        .map(|code| code.replace('\n', " "))
        .collect()
}

#[test]
fn blocks_are_found_with_their_languages() {
    let text =
        "a\n```toml\nb = 1\n```\n1. x\n\n   ```console\n   $ c\n     d\n   ```\n`e f` and `g\nh`\n\n```\ni\n```\n";
    let found: Vec<_> = blocks_of("x", text).into_iter().map(|block| (block.language, block.text)).collect();
    let expected = [("toml", "b = 1\n"), ("console", "$ c\n  d\n"), ("", "i\n")];
    assert_eq!(found, expected.map(|(language, text)| (language.to_owned(), text.to_owned())));
    assert_eq!(inline_code(text), ["e f", "g h"]);
    assert!(pages().len() > 30, "{}", pages().len());
}
