//! From a script to every command that it reaches.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::locate::{File, ShellScript, Spot, Within};
use super::makefile::{self, Makefile};
use super::packages::{INSTALL, Package};
use super::scripts::{self, StartedProgram, started};
use super::shell::{BranchSet, LONGEST, ShellCommand, Simple, commands, invocation, named};
use super::specification::plain;
use crate::domain::check::{Findings, RepositoryFiles};

/// How many scripts are followed from one to the next.
const DEEPEST: usize = 30;
/// How many commands are read in all.
const MOST: usize = 20_000;

/// A command that is reached.
#[derive(Debug, Clone)]
pub struct ReachedCommand {
    /// The program and what is set for it.
    pub invocation: ShellCommand,
    /// Where it stands.
    pub spot: Spot,
    /// The commands that lead to it, the outermost first.
    pub via: Vec<String>,
    /// The branches in which it may run.
    pub branches: BranchSet,
    /// What hides its failure.
    pub swallowed: Option<Swallowed>,
}

/// What hides the failure of a command.
#[derive(Debug, Clone)]
pub struct Swallowed {
    /// The command whose failure is hidden: itself, or one that leads to it.
    pub spot: Spot,
    /// What hides it, as it is written.
    pub by: String,
}

impl ReachedCommand {
    /// The program and its arguments.
    pub fn words(&self) -> Vec<&str> {
        self.invocation.words.iter().map(String::as_str).collect()
    }

    /// How it is reached, for messages.
    pub fn reached(&self) -> String {
        match self.via.as_slice() {
            [] => String::new(),
            [only] => format!(", reached by `{only}`"),
            [first, .., last] => format!(", reached by `{first}`, which leads to `{last}`"),
        }
    }
}

/// What surrounds a script that is followed.
#[derive(Debug, Clone)]
struct WalkLevel {
    via: Vec<String>,
    branches: BranchSet,
    swallowed: Option<Swallowed>,
}

/// Follows scripts through a repository.
#[derive(Debug)]
pub struct Walker<'r> {
    repository: &'r RepositoryFiles<'r>,
    packages: BTreeMap<String, Option<Rc<Package>>>,
    makefiles: BTreeMap<String, Option<Rc<Makefile>>>,
    left: usize,
    /// What was not followed, and why.
    unfollowed: BTreeSet<(String, String)>,
    /// The scripts that the present one has come through or to.
    seen: BTreeSet<(String, String, String)>,
}

impl<'r> Walker<'r> {
    /// For a repository.
    pub fn new(repository: &'r RepositoryFiles<'r>) -> Self {
        Self {
            repository,
            packages: BTreeMap::new(),
            makefiles: BTreeMap::new(),
            left: MOST,
            unfollowed: BTreeSet::new(),
            seen: BTreeSet::new(),
        }
    }

    /// Every command that a script reaches. `directory`: where it begins, and then where it ends.
    pub fn walk(&mut self, script: &ShellScript, directory: &mut String) -> Vec<ReachedCommand> {
        self.seen.clear();
        let mut found = Vec::new();
        let level = WalkLevel { via: Vec::new(), branches: BranchSet::any(), swallowed: None };
        self.script(script, directory, &level, &mut found);
        found
    }

    /// Notes what was not followed.
    pub fn finish(self, findings: &mut Findings) {
        for (what, why) in self.unfollowed {
            findings.left_out(what, why, None);
        }
    }

    /// A `package.json`.
    pub fn package(&mut self, name: &str) -> Option<Rc<Package>> {
        let repository = self.repository;
        let read = || Package::read(name, &repository.text(name)?.ok()?).map(Rc::new);
        self.packages.entry(name.to_owned()).or_insert_with(read).clone()
    }

    fn script(
        &mut self,
        script: &ShellScript,
        directory: &mut String,
        level: &WalkLevel,
        found: &mut Vec<ReachedCommand>,
    ) {
        if script.text.len() > LONGEST {
            let what = format!("a script of {}", script.file());
            self.unfollowed.insert((what, format!("it has more than {} KiB", LONGEST >> 10)));
            return;
        }
        let mut groups: Vec<(usize, String)> = Vec::new();
        for simple in commands(&script.text) {
            if self.left == 0 {
                let why = format!("more than {MOST} commands are reached");
                self.unfollowed.insert(("some commands of amplify.yml and of workflows".to_owned(), why));
                return;
            }
            self.left -= 1;
            // What a group in brackets does to the directory ends with it.
            while groups.last().is_some_and(|(number, _)| !simple.groups.contains(number)) {
                if let Some((_, before)) = groups.pop() {
                    *directory = before;
                }
            }
            for number in simple.groups.iter().skip(groups.len()) {
                groups.push((*number, directory.clone()));
            }
            self.command(script, simple, directory, level, found);
        }
        if let Some((_, before)) = groups.into_iter().next() {
            *directory = before;
        }
    }

    fn command(
        &mut self,
        script: &ShellScript,
        simple: Simple,
        directory: &mut String,
        level: &WalkLevel,
        found: &mut Vec<ReachedCommand>,
    ) {
        let mut invocation = invocation(&simple.words);
        // `yarn ampx` is a program where it is no script.
        if let Some((name, words)) = scripts::bare(&invocation)
            && self.nearest(directory, |package| package.script(&name).is_some()).is_none()
        {
            let plain = self::invocation(&words);
            if ["ampx", "amplify"].contains(&plain.words.first().map_or("", String::as_str)) {
                invocation = plain;
            }
        }
        if let [program, to] = invocation.words.as_slice()
            && ["cd", "pushd"].contains(&program.as_str())
            && !to.contains(['$', '~'])
            && !to.starts_with('/')
        {
            *directory = joined(directory, to);
        }
        let spot = Spot { script: script.clone(), range: simple.range };
        let name = named(&simple.words);
        let swallowed = level
            .swallowed
            .clone()
            .or_else(|| simple.swallowed.as_ref().map(|by| Swallowed { spot: spot.clone(), by: by.clone() }));
        let branches = level.branches.and(&simple.branches);
        let via = level.via.iter().cloned().chain([name.clone()]).collect();
        let inner = WalkLevel { via, branches, swallowed };
        for (script, mut directory, is_ignored) in self.started(&invocation, &spot, directory) {
            let key = (script.file().to_owned(), script.text.to_string(), directory.clone());
            if !self.seen.insert(key) {
                continue;
            }
            if inner.via.len() > DEEPEST {
                let what = format!("what `{name}` of {} runs", spot.script.file());
                self.unfollowed.insert((what, format!("more than {DEEPEST} scripts lead to it")));
                continue;
            }
            let ignored = || Swallowed { spot: spot.clone(), by: "-".to_owned() };
            let swallowed = inner.swallowed.clone().or_else(|| is_ignored.then(ignored));
            let level = WalkLevel { swallowed, ..inner.clone() };
            self.script(&script, &mut directory, &level, found);
        }
        let WalkLevel { branches, swallowed, .. } = inner;
        found.push(ReachedCommand { invocation, spot, via: level.via.clone(), branches, swallowed });
    }

    /// The scripts that a command starts, with the directory that each begins in, and whether its failure is ignored.
    fn started(&mut self, invocation: &ShellCommand, spot: &Spot, directory: &str) -> Vec<(ShellScript, String, bool)> {
        let mut all = Vec::new();
        for starts in started(invocation) {
            match starts {
                StartedProgram::Script { directory: there, name, arguments } => {
                    let from = there.map_or(directory.to_owned(), |there| joined(directory, &there));
                    let has = |package: &Package| matching(package, &name).next().is_some();
                    let Some((root, package)) = self.nearest(&from, has) else { continue };
                    let names: Vec<String> = matching(&package, &name).map(str::to_owned).collect();
                    for name in names {
                        let scripts = package.with_pre_and_post(&name).into_iter();
                        all.extend(scripts.map(|script| (with_arguments(script, &arguments), root.clone(), false)));
                    }
                }
                StartedProgram::Everywhere(name) => {
                    let names = self.repository.names().filter(|it| is_named(it, "package.json"));
                    for file in names.map(str::to_owned).collect::<Vec<_>>() {
                        let Some(package) = self.package(&file) else { continue };
                        let scripts = package.with_pre_and_post(&name).into_iter();
                        all.extend(scripts.map(|script| (script, parent(&file).to_owned(), false)));
                    }
                }
                StartedProgram::Install(there) => {
                    let from = there.map_or(directory.to_owned(), |there| joined(directory, &there));
                    let Some((root, package)) = self.nearest(&from, |_| true) else { continue };
                    let scripts = INSTALL.iter().filter_map(|name| package.script(name));
                    all.extend(scripts.map(|script| (script, root.clone(), false)));
                }
                StartedProgram::Target { directory: there, file, name } => {
                    let from = there.map_or(directory.to_owned(), |there| joined(directory, &there));
                    all.extend(self.target(&from, file.as_deref(), name.as_deref()));
                }
                StartedProgram::File(name) => all.extend(self.file(&name, (invocation, spot), directory)),
                StartedProgram::Foreign(name) => self.foreign(&joined(directory, &name), invocation, spot),
                StartedProgram::Text(text) => {
                    all.push((spot.inner(&text), directory.to_owned(), false));
                }
            }
        }
        all
    }

    /// The nearest `package.json` from a directory upwards that has something.
    fn nearest(&mut self, directory: &str, has: impl Fn(&Package) -> bool) -> Option<(String, Rc<Package>)> {
        let mut at = directory;
        loop {
            let package = self.package(&joined(at, "package.json")).filter(|package| has(package));
            match package {
                Some(package) => return Some((at.to_owned(), package)),
                None if at.is_empty() => return None,
                None => at = parent(at),
            }
        }
    }

    /// What make runs for a target.
    fn target(&mut self, directory: &str, file: Option<&str>, name: Option<&str>) -> Vec<(ShellScript, String, bool)> {
        let names = file.map_or(makefile::NAMES.to_vec(), |file| vec![file]);
        let repository = self.repository;
        let Some(file) = names.iter().map(|name| joined(directory, name)).find(|name| repository.has(name)) else {
            return Vec::new();
        };
        let read = || Some(Rc::new(Makefile::read(&file, &repository.text(&file)?.ok()?)));
        let Some(makefile) = self.makefiles.entry(file.clone()).or_insert_with(read).clone() else { return Vec::new() };
        let mut all = Vec::new();
        let mut names = vec![name.map(str::to_owned)];
        let mut seen = BTreeSet::new();
        while let Some(name) = names.pop() {
            if !seen.insert(name.clone()) || seen.len() > MOST {
                continue;
            }
            let (needs, scripts) = makefile.target(name.as_deref());
            names.extend(needs.into_iter().map(Some));
            all.extend(scripts.into_iter().map(|(script, is_ignored)| (script, directory.to_owned(), is_ignored)));
        }
        all
    }

    /// A file with a shell script, or in another language.
    fn file(
        &mut self,
        name: &str,
        (invocation, spot): (&ShellCommand, &Spot),
        directory: &str,
    ) -> Option<(ShellScript, String, bool)> {
        let name = joined(directory, name);
        let text = self.repository.text(&name)?.ok()?;
        if !scripts::is_shell(&name, &text) {
            self.foreign(&name, invocation, spot);
            return None;
        }
        let within = Within::Bytes(0..text.len());
        let file = Rc::new(File::plain(&name, &text));
        Some((ShellScript::new(&file, within, &text), directory.to_owned(), false))
    }

    /// A program in another language is not followed. That is left out in silence where it says nothing of a deploy.
    fn foreign(&mut self, name: &str, invocation: &ShellCommand, spot: &Spot) {
        let Some(Ok(text)) = self.repository.text(name) else { return };
        if ["pipeline-deploy", "pipeline deploy"].iter().any(|word| text.contains(word)) {
            let what = format!("what `{}` of {} runs", named(&invocation.words), spot.script.file());
            let why = format!("{name} names `pipeline-deploy`, and only shell scripts are followed");
            self.unfollowed.insert((what, why));
        }
    }
}

/// The scripts of a name, which may have `*` (`run-s build:*`).
fn matching<'p>(package: &'p Package, name: &'p str) -> impl Iterator<Item = &'p str> {
    let (before, behind) = name.split_once('*').map_or((name, None), |(before, behind)| (before, Some(behind)));
    package.names().filter(move |it| match behind {
        None => *it == before,
        Some(behind) => it.starts_with(before) && it.ends_with(behind.trim_start_matches('*')),
    })
}

fn with_arguments(script: ShellScript, arguments: &[String]) -> ShellScript {
    if arguments.is_empty() {
        return script;
    }
    script.with(&format!(" {}", arguments.join(" ")))
}

fn is_named(path: &str, name: &str) -> bool {
    path.strip_suffix(name).is_some_and(|directory| directory.is_empty() || directory.ends_with('/'))
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(directory, _)| directory)
}

/// Two paths as one, without `.` and `..`.
pub fn joined(directory: &str, path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    let all = plain(&format!("{directory}/{path}"));
    for part in all.split('/').filter(|part| !part.is_empty()) {
        if part == ".." {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reached(files: &[(&str, &str)], script: &str) -> Vec<String> {
        let read = |name: &str| {
            let found = files.iter().find(|(it, _)| *it == name);
            found.map(|(_, text)| (*text).to_owned()).ok_or_else(|| "absent".to_owned())
        };
        let repository = RepositoryFiles::new(files.iter().map(|(name, _)| (*name).to_owned()), &read);
        let mut walker = Walker::new(&repository);
        let file = Rc::new(File::plain("f", script));
        let script = ShellScript::new(&file, Within::Bytes(0..script.len()), script);
        let runs = walker.walk(&script, &mut String::new());
        let mut findings = Findings::default();
        walker.finish(&mut findings);
        let deploys = runs.iter().filter(|run| run.invocation.words.first().is_some_and(|word| word == "ampx"));
        let shown = deploys.map(|run| {
            let place = run.spot.place();
            let swallowed = run.swallowed.as_ref().map_or(String::new(), |it| format!(" {}", it.by));
            format!("{}:{}:{}{swallowed}", run.spot.script.file(), place.line, place.column)
        });
        shown.chain(findings.left_out.iter().map(|left| left.why.clone())).collect()
    }

    const PACKAGE: &str = r#"{"scripts": {
"build": "next build && npm run backend",
"backend": "npx ampx pipeline-deploy || true",
"postinstall": "npx ampx generate outputs",
"deploy:a": "npx ampx a",
"loop": "npm run loop; npm run loop2", "loop2": "npm run loop",
"js": "node deploy.js"
}}"#;

    #[test]
    fn scripts_are_followed_to_what_they_run() {
        let files = [
            ("package.json", PACKAGE),
            ("web/package.json", PACKAGE),
            ("Makefile", "all: x\n\t@true\nx:\n\t-npx ampx x\n"),
            ("web/deploy.sh", "#!/bin/sh\nset -e\ncd ..\nnpm run deploy:a\n"),
            ("deploy.js", "exec('npx ampx pipeline-deploy')"),
        ];
        for (script, expected) in [
            ("npx ampx x", vec!["f:1:1"]),
            ("npm run build", vec!["package.json:3:13 || true"]),
            ("cd web && npm run build", vec!["web/package.json:3:13 || true"]),
            ("(cd web); npm run build", vec!["package.json:3:13 || true"]),
            ("npm --prefix web ci", vec!["web/package.json:4:17"]),
            ("cd web/src; yarn backend", vec!["web/package.json:3:13 || true"]),
            ("yarn ampx x", vec!["f:1:1"]),
            ("run-s 'deploy:*'", vec!["package.json:5:14"]),
            ("turbo run deploy:a", vec!["package.json:5:14", "web/package.json:5:14"]),
            ("make", vec!["Makefile:4:3 -"]),
            ("bash web/deploy.sh", vec!["package.json:5:14"]),
            ("cd web; ./deploy.sh", vec!["package.json:5:14"]),
            ("bash -c \"npx ampx x\"", vec!["f:1:10"]),
            ("npm run loop", vec![]),
            ("npm run js", vec!["deploy.js names `pipeline-deploy`, and only shell scripts are followed"]),
            ("npm run none; ./none.sh; make none", vec![]),
        ] {
            assert_eq!(reached(&files, script), expected, "{script}");
        }
    }

    #[test]
    fn scripts_without_end_come_to_one() {
        let scripts: Vec<String> = (0..10_000).map(|n| format!("\"s{n}\": \"npm run s{}\"", n + 1)).collect();
        let chain = format!("{{\"scripts\": {{{}, \"s10000\": \"npx ampx x\"}}}}", scripts.join(","));
        assert_eq!(reached(&[("package.json", &chain)], "npm run s0"), ["more than 30 scripts lead to it"]);
        assert_eq!(
            reached(&[("package.json", &chain)], "npm run s9990"),
            [format!("package.json:1:{}", chain.find("npx ampx").unwrap() + 1)]
        );
        let many = "ampx;".repeat(25_000);
        assert_eq!(reached(&[], &many).last().unwrap(), "more than 20000 commands are reached");
        let long = "ampx;".repeat(30_000);
        assert_eq!(reached(&[], &long), ["it has more than 128 KiB"]);
    }
}
