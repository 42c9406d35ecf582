//! The recipes of `justfile` do what there is: their variables are read somewhere, their scripts and tests exist. That
//! `just` can read it is checked by scripts/lint.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

use crate::harness::files_below;
use crate::workflows::own;

/// A recipe: the comment above it and its lines.
#[derive(Debug, Default)]
struct Recipe {
    about: String,
    lines: Vec<String>,
}

fn recipes() -> BTreeMap<String, Recipe> {
    let text = std::fs::read_to_string(own("justfile")).unwrap();
    let (mut found, mut about, mut current) = (BTreeMap::<String, Recipe>::new(), String::new(), String::new());
    for line in text.lines() {
        if let Some(comment) = line.strip_prefix("# ") {
            comment.clone_into(&mut about);
        } else if let Some(command) = line.strip_prefix("    ") {
            found.get_mut(&current).unwrap().lines.push(command.trim_start_matches('@').to_owned());
        } else if let Some((head, dependencies)) = line.split_once(':') {
            assert!(dependencies.trim().is_empty(), "{line}: this test reads no dependencies");
            head.split(' ').next().unwrap().clone_into(&mut current);
            found.insert(current.clone(), Recipe { about: std::mem::take(&mut about), lines: Vec::new() });
        } else {
            assert!(line.is_empty(), "{line}");
            about.clear();
        }
    }
    found
}

/// The sources in which variables are read, without this file.
fn sources() -> String {
    let files = ["src", "tests/it", "scripts"].iter().flat_map(|directory| files_below(&own(directory)));
    let files = files.filter(|path| !path.ends_with("offline_justfile.rs"));
    files.filter_map(|path| std::fs::read_to_string(path).ok()).collect()
}

fn all(form: &str, text: &str) -> BTreeSet<String> {
    Regex::new(form).unwrap().captures_iter(text).map(|found| found[1].to_owned()).collect()
}

#[test]
fn each_recipe_is_explained_and_has_commands() {
    let recipes = recipes();
    assert!(recipes.len() >= 15, "{:?}", recipes.keys());
    for (name, recipe) in &recipes {
        assert!(recipe.about.len() > 10 && !recipe.lines.is_empty(), "{name}: {recipe:?}");
    }
}

#[test]
fn each_script_and_each_test_of_a_recipe_exists() {
    let sources = sources();
    let lines: Vec<String> = recipes().into_values().flat_map(|recipe| recipe.lines).collect();
    for script in lines.iter().flat_map(|line| all(r"(scripts/\w+)", line)) {
        assert!(own(&script).is_file(), "{script}");
    }
    let filters: BTreeSet<String> = lines.iter().flat_map(|line| all(r"cargo test ([a-z_]+)", line)).collect();
    assert!(filters.len() >= 5, "{filters:?}");
    for filter in filters {
        let is_module = own(&format!("tests/it/{filter}.rs")).is_file();
        let is_test = Regex::new(&format!(r"\nfn \w*{filter}\w*\(\)")).unwrap().is_match(&sources);
        assert!(is_module || is_test, "no test has {filter} in its name");
    }
}

/// The variables that change what tests and scripts do: those that write files, and those with a default in a script.
#[test]
fn the_recipes_set_every_variable_for_people_and_no_other() {
    let set: String = recipes().into_values().flat_map(|recipe| recipe.lines).map(|line| line + "\n").collect();
    let set = all(r"(SHIPGATE_\w+)=", &set);
    let sources = sources();
    let mut read = all(r#""(SHIPGATE_UPDATE_\w+)""#, &sources);
    assert!(read.len() >= 4, "{read:?}");
    read.extend(all(r"\$\{(SHIPGATE_\w+):[-+]", &sources));
    read.extend(all(r#"os\.environ\.get\("(SHIPGATE_\w+)""#, &sources));
    // Of the demo's own, which sets it for its browser.
    read.remove("SHIPGATE_SCREENSHOTS");
    assert_eq!(set, read);
}
