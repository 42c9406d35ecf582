//! Messages, documents and comments are in plain technical English: no word of a short list is in them. The list, with
//! what to write instead, is `words/list.rs`.

use std::path::Path;

use crate::words::list::{FINE, QUOTES, WORDS, Word};
use crate::words::text::{Found, Search, Text, plain, rust};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Directories that are made, or by others.
const SKIPPED: &[&str] = &[".git", "target", "node_modules", "book"];

/// All files of the repository, by their paths from its root.
fn files(directory: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(Path::new(ROOT).join(directory)).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let path = if directory.is_empty() { name.clone() } else { format!("{directory}/{name}") };
        let kind = entry.file_type().unwrap();
        if kind.is_dir() && !SKIPPED.contains(&name.as_str()) {
            found.extend(files(&path));
        } else if kind.is_file() {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// How a file is read, by its path. `None`: it has no text for people.
fn reader(path: &str) -> Option<fn(&str) -> Vec<Text>> {
    let within = |directories: &[&str]| directories.iter().any(|directory| path.starts_with(directory));
    let ends = |endings: &[&str]| endings.iter().any(|ending| path.ends_with(ending));
    if within(&["src/"]) && ends(&[".rs"]) {
        return Some(rust);
    }
    let is_configured = within(&["examples/", ".github/"]) && ends(&[".toml", ".yml", ".yaml"]);
    let is_script = within(&["scripts/", "action/"]) && !ends(&["package-lock.json", ".pyc"]);
    let is_text = within(&["schema/", "tests/golden/"]) || path == "action.yml" || ends(&[".md"]);
    (is_configured || is_script || is_text).then_some(plain as fn(&str) -> Vec<Text>)
}

fn is_quote(path: &str, found: &Found) -> bool {
    QUOTES.iter().any(|(file, text, _)| *file == path && found.around.contains(text))
}

#[test]
fn no_word_of_the_list_is_in_a_message_a_document_or_a_comment() {
    let search = Search::new(WORDS);
    let mut lines = Vec::new();
    let mut searched = 0;
    for path in files("") {
        let Some(reader) = reader(&path) else { continue };
        searched += 1;
        let source = std::fs::read_to_string(Path::new(ROOT).join(&path)).unwrap();
        let found = search.found(&reader(&source)).into_iter().filter(|found| !is_quote(&path, found));
        lines.extend(found.map(|Found { line, word, instead, around }| {
            format!("{path}:{line}: `{word}`, write: {instead}\n    {around}")
        }));
    }
    assert!(searched > 1000, "{searched} files");
    assert!(lines.is_empty(), "{} words of tests/it/words/list.rs\n{}", lines.len(), lines.join("\n"));
}

#[test]
fn each_quote_is_still_there() {
    let search = Search::new(WORDS);
    for (path, text, reason) in QUOTES {
        assert!(!reason.is_empty(), "{path}");
        let source = std::fs::read_to_string(Path::new(ROOT).join(path)).unwrap();
        let found = search.found(&reader(path).unwrap()(&source));
        assert!(found.iter().any(|found| found.around.contains(text)), "{path}: remove `{text}` from the list");
    }
}

#[test]
fn each_word_is_found_where_it_is_and_nowhere_else() {
    for word in WORDS {
        let Word { pattern, instead, sample } = *word;
        let search = Search::new(&[Word { pattern, instead, sample }]);
        for text in [sample, &sample.to_uppercase(), &format!("It is {sample}."), &sample.replace(' ', "\n# ")] {
            assert_eq!(search.found(&plain(text)).len(), 1, "{pattern}: {text}");
        }
    }
    for text in FINE {
        let found: Vec<String> = Search::new(WORDS).found(&plain(text)).into_iter().map(|found| found.word).collect();
        assert!(found.is_empty(), "{text}: {found:?}");
    }
}

#[test]
fn strings_and_comments_are_texts_of_a_rust_file_and_code_is_not() {
    let search = Search::new(WORDS);
    for (source, lines) in [
        ("fn told() { let nobody = 1; nobody.tell(); }", &[][..]),
        ("const A: &str = \"nobody\";", &[1]),
        ("const A: &str = r#\"a \"\n nobody\"#;", &[2]),
        ("const A: &[u8] = b\"nobody\";", &[1]),
        ("const A: &str = \"no\\\n    body\";", &[1]),
        ("fn a() { print!(\"{nobody} {nobody:?}\"); }", &[]),
        ("fn a() { print!(\"{nobody} nobody\"); }", &[1]),
        ("// nobody", &[1]),
        ("fn a() {} // one\n// two, nobody", &[2]),
        ("/* a /* nobody */\n nobody */", &[1, 2]),
        ("/// One.\n/// Nobody.\nfn a() {}", &[2]),
        ("//! Nobody.", &[1]),
        ("/// `nobody`\n// `nobody`\nfn a() {}", &[]),
        ("#[doc = \"nobody\"]\nfn a() {}", &[1]),
        ("#[error(\"nobody: {0}\")]\nstruct A(char);", &[1]),
        ("const A: char = '\"'; // nobody\nconst B: &str = \"\";", &[1]),
        ("const A: &str = \"// nobody\";", &[1]),
        ("fn a<'nobody>(b: &'nobody str) {}", &[]),
        ("/// What stands\n/// in it.\nfn a() {}", &[1]),
        ("// What stands\n// in it.", &[1]),
        ("const ÄÖÜ: &str = \"ß\"; // nobody", &[1]),
    ] {
        let found: Vec<usize> = search.found(&rust(source)).into_iter().map(|found| found.line).collect();
        assert_eq!(found, lines, "{source}");
    }
}
