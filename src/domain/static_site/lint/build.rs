//! The rules on what a site is built from.

use super::surroundings::{beside, text, upwards};
use crate::domain::check::outline::{Outline, WrittenComponent};
use crate::domain::check::workflow::programs;
use crate::domain::check::{CheckFinding, Findings, RepositoryFiles, Rule};

/// Programs that run a package.
const MANAGERS: [&str; 3] = ["npm", "pnpm", "yarn"];
/// Words of a command after which a directory of the configuration says nothing: it runs somewhere else, or makes what it
/// needs.
const ELSEWHERE: [&str; 12] =
    ["cd", "pushd", "corepack", "npx", "--prefix", "-C", "--dir", "--cwd", "init", "create", "--filter", "exec"];
/// What `npm ci` takes ([npm-ci](https://docs.npmjs.com/cli/commands/npm-ci)).
const LOCKS: [&str; 2] = ["package-lock.json", "npm-shrinkwrap.json"];
/// Files that say which version of Node.js is meant.
const VERSIONS: [&str; 4] = [".nvmrc", ".node-version", ".tool-versions", "mise.toml"];

/// Judges a site in an environment.
pub(super) fn judge(
    repository: &RepositoryFiles<'_>,
    outline: &Outline,
    site: &WrittenComponent,
    findings: &mut Findings,
) {
    let found = |rule, key: &str, message: String, hint: &str| {
        let place = site.texts.get(key).map_or(site.place, |written| written.place);
        CheckFinding::new(rule, message, hint).in_file(&outline.file, Some(place))
    };
    let name = &site.name;
    let written = match site.texts.get("directory") {
        None => ".",
        Some(directory) => match &directory.text {
            Some(directory) => directory,
            // It is made of variables.
            None => return,
        },
    };
    let directory = beside(&outline.file, written);
    // What is in a submodule is not listed.
    if !repository.has_directory(&directory) && !repository.has(".gitmodules") {
        let message = format!("the directory `{written}` that `{name}` is built in has no file that is committed");
        findings.found(found(
            Rule::SiteDirectory,
            "directory",
            message,
            "add its files, or correct `directory`: the path begins at the configuration file",
        ));
        return;
    }
    output(repository, outline, site, findings);
    let started = programs(text(site, "run").unwrap_or_default());
    let is_elsewhere = started.iter().flatten().any(|word| ELSEWHERE.contains(&word.split('=').next().unwrap_or(word)));
    let manager = started.iter().find(|words| words.first().is_some_and(|word| MANAGERS.contains(&word.as_str())));
    let Some(manager) = manager.filter(|_| !is_elsewhere && repository.has_directory(&directory)) else { return };
    let program = manager.first().map(String::as_str).unwrap_or_default();
    let is_there = |file: &str| upwards(&directory, file).any(|file| repository.has(&file));
    if !is_there("package.json") {
        let message = format!("`run` of `{name}` starts `{program}`, and `{written}` has no `package.json`");
        findings.found(found(Rule::SitePackage, "run", message, "write the directory that has it as `directory`"));
        return;
    }
    let installs_locked =
        started.iter().any(|words| matches!(words.as_slice(), [npm, ci, ..] if npm == "npm" && ci == "ci"));
    if installs_locked && !LOCKS.iter().any(|lock| is_there(lock)) {
        let message =
            format!("`run` of `{name}` starts `npm ci`, which needs a `package-lock.json`, and none is committed");
        findings.found(found(Rule::SiteLockFile, "run", message, "commit the file that `npm install` writes"));
    }
    let names_node = site.texts.contains_key("node") || VERSIONS.iter().any(|file| is_there(file));
    if !names_node && !upwards(&directory, "package.json").any(|file| has_engine(repository, &file)) {
        let message =
            format!("nothing says with which version of Node.js `{name}` is built: another job may have another one");
        findings.found(found(Rule::SiteNode, "run", message, "add `node = \"22\"` to `build`, or a file `.nvmrc`"));
    }
}

/// What is committed below the output may be older than its sources, and is served where a build leaves it there.
fn output(repository: &RepositoryFiles<'_>, outline: &Outline, site: &WrittenComponent, findings: &mut Findings) {
    let Some(written) = site.texts.get("output") else { return };
    let Some(output) = written.text.as_deref() else { return };
    let mut below = repository.below(&beside(&outline.file, output));
    // A directory may be kept without what is in it.
    let committed = below.find(|file| ![".gitkeep", ".gitignore"].contains(&file.rsplit('/').next().unwrap_or(file)));
    if let Some(file) = committed {
        let message = format!(
            "`{file}` is committed, below the `output` of `{}`: a build that does not write it serves it",
            site.name
        );
        let hint = "take the directory out of git (`git rm -r --cached`), and add it to `.gitignore`";
        findings.found(
            CheckFinding::new(Rule::SiteOutputCommitted, message, hint).in_file(&outline.file, Some(written.place)),
        );
    }
}

/// Whether a package says which version of Node.js it needs. One that cannot be read is taken to.
fn has_engine(repository: &RepositoryFiles<'_>, file: &str) -> bool {
    let Some(text) = repository.text(file) else { return false };
    let package = text.ok().and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok());
    package.is_none_or(|package| package.pointer("/engines/node").is_some() || package.pointer("/volta/node").is_some())
}
