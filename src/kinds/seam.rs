//! What is particular to a kind is named in that kind's own files, and elsewhere in the one list alone.

use camino::{Utf8Path, Utf8PathBuf};

use crate::domain::each_kind;

macro_rules! kinds {
    ($(($variant:ident, $module:ident, $word:literal)),*) => {
        [$((stringify!($variant), stringify!($module))),*]
    };
}

/// Where the list is.
const LIST: &str = "domain/mod.rs";

fn files(directory: &Utf8Path, found: &mut Vec<Utf8PathBuf>) {
    for entry in directory.read_dir_utf8().unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            files(entry.path(), found);
        } else if entry.path().extension() == Some("rs") {
            found.push(entry.path().to_owned());
        }
    }
}

/// Files that are compiled for tests alone.
fn is_of_tests(file: &Utf8Path) -> bool {
    let mut parts = file.components().map(|part| part.as_str());
    parts.any(|part| {
        ["fuzz", "tests", "tests.rs", "rehearsal.rs", "rehearsals.rs", "golden.rs", "schema.rs", "seam.rs"]
            .contains(&part)
    })
}

/// `config/ecs.rs`, `clients/ecs_error.rs`, and all in `kinds/ecs/`.
fn is_own(file: &Utf8Path, module: &str) -> bool {
    let mut parts = file.components().map(|part| part.as_str());
    let room = parts.next();
    let is_room = room.is_some_and(|room| ["clients", "config", "domain", "explain", "kinds"].contains(&room));
    let name = parts.next().map(|name| name.trim_end_matches(".rs")).unwrap_or_default();
    is_room && (name == module || name.strip_prefix(module).is_some_and(|rest| rest.starts_with('_')))
}

/// The words of a line of code that are neither comment nor text.
fn words(line: &str) -> impl Iterator<Item = &str> {
    let code = if line.trim_start().starts_with("//") { "" } else { line };
    let outside = code.split('"').step_by(2);
    outside.flat_map(|part| part.split(|c: char| !c.is_alphanumeric() && c != '_'))
}

/// Whether a word names the kind, one of its modules or one of its types.
fn names(word: &str, variant: &str, module: &str) -> bool {
    let is_type = |rest: &str| rest.is_empty() || rest.starts_with(char::is_uppercase);
    word == module || word.strip_prefix(variant).is_some_and(is_type)
}

#[test]
fn a_kind_is_named_outside_its_own_files_in_one_list_alone() {
    let source = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut all = Vec::new();
    files(&source, &mut all);
    for (variant, module) in each_kind!(kinds) {
        let (mut lists, mut own, mut strangers) = (0, 0, Vec::new());
        for path in &all {
            let file = path.strip_prefix(&source).unwrap();
            if is_own(file, module) {
                own += 1;
            } else if !is_of_tests(file) {
                let text = std::fs::read_to_string(path).unwrap();
                let product = text.split("mod tests {").next().unwrap();
                for line in product.lines().filter(|line| words(line).any(|word| names(word, variant, module))) {
                    let line = line.trim();
                    let is_declaration = line.trim_start_matches("pub ") == format!("mod {module};");
                    if file == LIST && line.contains(&format!("({variant}, {module}, ")) {
                        lists += 1;
                    } else if !is_declaration {
                        strangers.push(format!("{file}: {line}"));
                    }
                }
            }
        }
        assert!(own >= 3, "{module} has {own} files");
        assert_eq!((lists, strangers), (1, Vec::<String>::new()), "{module}");
    }
}

#[test]
fn what_names_a_kind_is_found() {
    let found = |line: &str| words(line).any(|word| names(word, "Ecs", "ecs"));
    for line in ["use crate::domain::ecs::ids::X;", "Kind::Ecs(it) =>", "let x: EcsTarget = y;", "run.cloud.ecs.tag()"]
    {
        assert!(found(line), "{line}");
    }
    for line in ["/// An `ecs::Thing`.", "kind: \"ecs\",", "fn as_secs()", "Ecstasy", "ecs_error"] {
        assert!(!found(line), "{line}");
    }
    assert!(is_own("clients/ecs_error.rs".into(), "ecs") && is_own("kinds/ecs/apply.rs".into(), "ecs"));
    assert!(!is_own("clients/ecr.rs".into(), "ecs") && !is_own("report/ecs.rs".into(), "ecs"));
}
