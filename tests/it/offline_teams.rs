//! What `shipgate check` finds in the repositories of teams, rebuilt in `tests/teams`, and that it finds nothing in what
//! AWS documents (`official-…`). To write the page anew: `SHIPGATE_UPDATE_GOLDEN=1 cargo test golden`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::golden::assert_page;
use crate::harness::Repository;

/// The directories, by name.
fn teams() -> Vec<(String, PathBuf)> {
    let all = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/teams");
    let entries = std::fs::read_dir(all).unwrap().map(|entry| entry.unwrap().path());
    let mut teams: Vec<_> =
        entries.map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), path)).collect();
    teams.sort();
    teams
}

/// A team's files as a repository of its own.
fn repository(directory: &Path) -> Repository {
    let repository = Repository::with_files(&[]);
    let mut directories = vec![directory.to_owned()];
    while let Some(next) = directories.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else {
                let name = path.strip_prefix(directory).unwrap();
                repository.write(name.to_str().unwrap(), std::fs::read(&path).unwrap());
            }
        }
    }
    repository.commit("What the team has");
    repository
}

/// What is found, as the page has it: the place, the level and the rule.
fn found(directory: &Path) -> Vec<[String; 3]> {
    let repository = repository(directory);
    let run = repository.shipgate(&["check", "--output", "json"]);
    let ran = run.env("AWS_EC2_METADATA_DISABLED", "true").run();
    let report = ran.json();
    let findings = report["findings"].as_array().unwrap();
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    let code = if findings.iter().any(|finding| finding["level"] == "error") { 2 } else { 0 };
    ran.expect_code(code);
    let shown = |finding: &Value| {
        assert!(!text(finding, "hint").is_empty(), "no hint in {finding:#}");
        let place = format!("{}:{}:{}", text(finding, "file"), finding["line"], finding["column"]);
        [place, text(finding, "level"), text(finding, "rule")]
    };
    findings.iter().map(shown).collect()
}

/// What the first comment of the configuration says of the team.
fn about(directory: &Path) -> String {
    let text = std::fs::read_to_string(directory.join("shipgate.toml")).unwrap();
    let lines = text.lines().map_while(|line| line.strip_prefix("# "));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn golden_page_of_teams_has_what_is_found() {
    let mut page = String::new();
    for (name, directory) in teams() {
        let found = found(&directory);
        writeln!(page, "### {name}\n\n{}\n", about(&directory)).unwrap();
        assert_eq!(found.is_empty(), name.starts_with("official-"), "{name}: {found:#?}");
        if found.is_empty() {
            writeln!(page, "Nothing is found.\n").unwrap();
            continue;
        }
        writeln!(page, "| place | level | rule |\n|---|---|---|").unwrap();
        for [place, level, rule] in found {
            writeln!(page, "| `{place}` | {level} | `{rule}` |").unwrap();
        }
        writeln!(page).unwrap();
    }
    assert_page("docs/check/teams.md", &[("teams", page)]);
}
