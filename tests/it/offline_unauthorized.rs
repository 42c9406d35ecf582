//! Changing AWS without an authorized plan does not compile: each source of `tests/unauthorized` is compiled against the
//! library, and fails with the error that it names.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The directory of the library that the program is made from.
fn library() -> PathBuf {
    Path::new(env!("CARGO_BIN_EXE_shipgate")).parent().unwrap().to_owned()
}

/// The codes of the errors with which a source does not compile, and all that the compiler says.
fn errors(source: &Path) -> (Vec<String>, String) {
    let (directory, made) = (library(), tempfile::tempdir().unwrap());
    let compiled = Command::new(Path::new(env!("CARGO")).with_file_name("rustc"))
        .args(["--edition", "2024", "--crate-type", "lib", "--emit", "metadata", "--error-format", "json", "-L"])
        .arg(format!("dependency={}", directory.join("deps").display()))
        .arg("--extern")
        .arg(format!("shipgate={}", directory.join("libshipgate.rlib").display()))
        .arg("--out-dir")
        .arg(made.path())
        .arg(source)
        .output()
        .unwrap();
    let said = String::from_utf8(compiled.stderr).unwrap();
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
