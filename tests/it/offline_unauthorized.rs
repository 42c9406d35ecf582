//! Changing AWS without an authorized plan does not compile: each source of `tests/unauthorized` is compiled against the
//! library, and fails with the error that it names.

use std::path::{Path, PathBuf};

use crate::harness::command;

/// The library that the program was made from: the newest of its name beside what it depends on.
fn library() -> PathBuf {
    let directory = Path::new(env!("CARGO_BIN_EXE_shipgate")).with_file_name("deps");
    let entries = std::fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap());
    let libraries = entries.filter(|entry| {
        let path = entry.path();
        let is_library = path.extension().is_some_and(|extension| extension == "rlib");
        is_library && path.file_stem().unwrap().to_str().unwrap().starts_with("libshipgate-")
    });
    libraries.max_by_key(|entry| entry.metadata().unwrap().modified().unwrap()).unwrap().path()
}

/// The codes of the errors with which a source does not compile, and all that the compiler says.
fn errors(source: &Path) -> (Vec<String>, String) {
    let (library, made) = (library(), tempfile::tempdir().unwrap());
    let compiler = Path::new(env!("CARGO")).with_file_name("rustc");
    let output = command(compiler.to_str().unwrap())
        .args(["--edition", "2024", "--crate-type", "lib", "--emit", "metadata", "--error-format", "json", "-L"])
        .arg(format!("dependency={}", library.parent().unwrap().display()))
        .arg("--extern")
        .arg(format!("shipgate={}", library.display()))
        .arg("--out-dir")
        .arg(made.path())
        .arg(source)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let messages = said.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let errors = messages.filter(|message| message["level"] == "error");
    let codes = errors.filter_map(|message| Some(message["code"]["code"].as_str()?.to_owned())).collect();
    (codes, said)
}

#[test]
fn changing_aws_without_an_authorized_plan_does_not_compile() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/unauthorized");
    let mut sources: Vec<PathBuf> = std::fs::read_dir(sources).unwrap().map(|entry| entry.unwrap().path()).collect();
    sources.sort();
    assert!(sources.len() >= 9, "{sources:?}");
    for source in sources {
        let text = std::fs::read_to_string(&source).unwrap();
        let expected = text.lines().find_map(|line| line.strip_prefix("//! error: ")).unwrap();
        let expected: Vec<&str> = if expected == "none" { Vec::new() } else { vec![expected] };
        let (codes, said) = errors(&source);
        assert_eq!(codes, expected, "{}:\n{said}", source.display());
    }
}
