//! Which script a command starts, by its words alone.

use super::shell::{ShellCommand, base_name};

/// What a command starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StartedProgram {
    /// A script of the nearest `package.json` to a directory, with those before and after it, and further arguments.
    Script { directory: Option<String>, name: String, arguments: Vec<String> },
    /// The scripts of a name in every `package.json`.
    Everywhere(String),
    /// What installing runs in a directory.
    Install(Option<String>),
    /// A target of a makefile.
    Target { directory: Option<String>, file: Option<String>, name: Option<String> },
    /// A file with a shell script.
    File(String),
    /// A file in another language.
    Foreign(String),
    /// A script in an argument.
    Text(String),
}

/// Options of package managers that have a value.
const WITH_VALUE: [&str; 12] = [
    "--prefix",
    "-C",
    "--cwd",
    "--dir",
    "-w",
    "--workspace",
    "--filter",
    "-F",
    "--registry",
    "--cache",
    "--loglevel",
    "--network-timeout",
];
/// Options that name a directory.
const DIRECTORY: [&str; 4] = ["--prefix", "-C", "--cwd", "--dir"];
/// Options that mean another package, or all.
const ELSEWHERE: [&str; 9] =
    ["-w", "--workspace", "--workspaces", "-ws", "--filter", "-F", "-r", "--recursive", "--include-workspace-root"];
const SHELLS: [&str; 7] = ["sh", "bash", "zsh", "dash", "ash", "ksh", "."];
const INTERPRETERS: [&str; 9] = ["node", "python", "python3", "ts-node", "tsx", "deno", "ruby", "perl", "zx"];
/// Commands of yarn, pnpm and bun that are not the name of a script.
const BUILT_IN: [&str; 36] = [
    "add",
    "audit",
    "bin",
    "cache",
    "config",
    "constraints",
    "create",
    "dedupe",
    "dlx",
    "exec",
    "explain",
    "fetch",
    "global",
    "help",
    "import",
    "info",
    "init",
    "link",
    "list",
    "login",
    "node",
    "npm",
    "outdated",
    "pack",
    "patch",
    "plugin",
    "publish",
    "rebuild",
    "remove",
    "set",
    "store",
    "unlink",
    "up",
    "upgrade",
    "version",
    "why",
];

/// What a command starts.
pub fn started(invocation: &ShellCommand) -> Vec<StartedProgram> {
    let Some((program, arguments)) = invocation.words.split_first() else { return Vec::new() };
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match program.as_str() {
        "npm" | "yarn" | "pnpm" | "bun" => packages(program, &arguments),
        "npx" | "bunx" | "pnpx" => {
            after_option(&arguments, &["-c", "--call"]).map(StartedProgram::Text).into_iter().collect()
        }
        "turbo" | "lerna" | "nx" => everywhere(program, &arguments),
        "run-s" | "run-p" | "npm-run-all" | "npm-run-all2" => {
            let names = arguments.iter().filter(|name| !name.starts_with('-'));
            names.map(|name| script(None, name, &[])).collect()
        }
        "concurrently" => arguments.iter().filter(|text| !text.starts_with('-')).map(|text| concurrent(text)).collect(),
        "make" | "gmake" => targets(&arguments),
        "eval" => vec![StartedProgram::Text(arguments.join(" "))],
        "source" => file(arguments.first().copied()),
        shell if SHELLS.contains(&shell) => match after_option(&arguments, &["-c", "-ec", "-lc", "-xc", "-exc"]) {
            Some(text) => vec![StartedProgram::Text(text)],
            None => file(arguments.iter().find(|word| !word.starts_with(['-', '+'])).copied()),
        },
        interpreter if INTERPRETERS.contains(&interpreter) => {
            let file = arguments.iter().find(|word| !word.starts_with('-') && **word != "run");
            file.map(|file| StartedProgram::Foreign((*file).to_owned())).into_iter().collect()
        }
        _ if invocation.written.contains('/') => file(Some(&invocation.written)),
        _ => Vec::new(),
    }
}

/// The command of a package manager that may as well be a program of its own: `yarn ampx …`.
pub fn bare(invocation: &ShellCommand) -> Option<(String, Vec<String>)> {
    let (program, arguments) = invocation.words.split_first()?;
    if !["yarn", "pnpm", "bun"].contains(&program.as_str()) {
        return None;
    }
    let at = position(arguments)?;
    let rest = arguments[at..].strip_prefix(&["run".to_owned()][..]).unwrap_or(&arguments[at..]);
    let name = rest.first()?;
    let is_script = !BUILT_IN.contains(&name.as_str()) && name != "install";
    is_script.then(|| (name.clone(), rest.to_vec()))
}

fn packages(program: &str, arguments: &[&str]) -> Vec<StartedProgram> {
    let owned: Vec<String> = arguments.iter().map(|word| (*word).to_owned()).collect();
    let is_elsewhere = arguments.iter().any(|word| ELSEWHERE.contains(&word.split('=').next().unwrap_or_default()));
    let directory = DIRECTORY.iter().find_map(|option| after_option(arguments, &[option]));
    let rest = position(&owned).map_or(&[][..], |at| &arguments[at..]);
    let run = |name: &str, more: &[&str]| {
        let is_named = is_elsewhere || rest.first().is_some_and(|first| first.starts_with("workspace"));
        if is_named { StartedProgram::Everywhere(name.to_owned()) } else { script(directory.clone(), name, more) }
    };
    let is_install = |more: &[&str]| !more.iter().any(|word| !word.starts_with('-'));
    match rest {
        [] if program == "yarn" => vec![StartedProgram::Install(directory.clone())],
        ["ci" | "clean-install" | "install" | "i" | "install-clean", more @ ..]
            if is_install(&without_values(more)) && !arguments.contains(&"--ignore-scripts") =>
        {
            vec![StartedProgram::Install(directory.clone())]
        }
        ["run" | "run-script", more @ ..] => {
            let more: Vec<&str> = more.iter().copied().skip_while(|word| word.starts_with('-')).collect();
            more.split_first().map(|(name, more)| run(name, more)).into_iter().collect()
        }
        ["test" | "t", more @ ..] => vec![run("test", more)],
        [name @ ("start" | "stop" | "restart"), more @ ..]
        | ["workspace", _, "run", name, more @ ..]
        | ["workspace", _, name, more @ ..] => vec![run(name, more)],
        ["workspaces", "run", name, ..] => vec![run(name, &[])],
        ["workspaces", "foreach", more @ ..] => {
            let behind = more.iter().position(|word| *word == "run").and_then(|at| more.get(at + 1));
            behind.map(|name| run(name, &[])).into_iter().collect()
        }
        [name, more @ ..] if program != "npm" && !BUILT_IN.contains(name) => vec![run(name, more)],
        _ => Vec::new(),
    }
}

fn script(directory: Option<String>, name: &str, arguments: &[&str]) -> StartedProgram {
    let arguments = arguments.iter().filter(|word| **word != "--").map(|word| (*word).to_owned()).collect();
    StartedProgram::Script { directory, name: name.to_owned(), arguments }
}

/// The place of the first word that is neither an option nor the value of one.
fn position(arguments: &[String]) -> Option<usize> {
    let mut at = 0;
    while let Some(word) = arguments.get(at).filter(|word| word.starts_with('-')) {
        at += if WITH_VALUE.contains(&word.as_str()) { 2 } else { 1 };
    }
    (at < arguments.len()).then_some(at)
}

fn without_values<'w>(words: &[&'w str]) -> Vec<&'w str> {
    let mut kept = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if WITH_VALUE.contains(word) {
            words.next();
        } else {
            kept.push(*word);
        }
    }
    kept
}

fn everywhere(program: &str, arguments: &[&str]) -> Vec<StartedProgram> {
    let plain: Vec<&str> = arguments.iter().copied().filter(|word| !word.starts_with('-')).collect();
    let names = match (program, plain.as_slice()) {
        ("turbo" | "lerna", ["run", names @ ..]) | ("turbo", names) => names.to_vec(),
        ("nx", ["run", target, ..]) => target.split(':').nth(1).into_iter().collect(),
        ("nx", ["run-many" | "affected", ..]) => {
            after_option(arguments, &["-t", "--target", "--targets"]).map_or(Vec::new(), |_| plain[1..].to_vec())
        }
        ("nx", [name, ..]) => vec![*name],
        _ => Vec::new(),
    };
    names.into_iter().map(|name| StartedProgram::Everywhere(name.to_owned())).collect()
}

fn concurrent(text: &str) -> StartedProgram {
    match text.strip_prefix("npm:") {
        Some(name) => script(None, name, &[]),
        None => StartedProgram::Text(text.to_owned()),
    }
}

fn targets(arguments: &[&str]) -> Vec<StartedProgram> {
    let directory = after_option(arguments, &["-C", "--directory"]);
    let file = after_option(arguments, &["-f", "--file", "--makefile"]);
    let mut names = Vec::new();
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        if ["-C", "-f", "-j", "-o", "-W", "--directory", "--file", "--makefile"].contains(word) {
            words.next();
        } else if !word.starts_with('-') && !word.contains('=') {
            names.push(Some((*word).to_owned()));
        }
    }
    if names.is_empty() {
        names.push(None);
    }
    let one = |name| StartedProgram::Target { directory: directory.clone(), file: file.clone(), name };
    names.into_iter().map(one).collect()
}

fn file(name: Option<&str>) -> Vec<StartedProgram> {
    name.map(|name| StartedProgram::File(name.to_owned())).into_iter().collect()
}

/// The value of an option: the next word, or what stands behind `=`.
pub fn after_option(words: &[&str], options: &[&str]) -> Option<String> {
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if options.contains(word) {
            return words.next().map(|value| (*value).to_owned());
        }
        if let Some((_, value)) = word.split_once('=').filter(|(option, _)| options.contains(option)) {
            return Some(value.to_owned());
        }
    }
    None
}

/// Whether a file has a shell script, by its name and its first line.
pub fn is_shell(name: &str, text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    match first.strip_prefix("#!") {
        Some(line) => line.split_whitespace().any(|word| SHELLS.contains(&base_name(word))),
        None => !base_name(name).contains('.') || name.ends_with("sh"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::shell::invocation;
    use super::*;

    #[test]
    fn commands_start_what_they_name() {
        for (command, expected) in [
            ("npm run build", "build"),
            ("npm --prefix web run build -- --x", "web:build --x"),
            ("npm run --silent build", "build"),
            ("npm run build -w web", "*build"),
            ("npm test", "test"),
            ("npm ci --cache .npm --prefer-offline", "install"),
            ("npm install -g aws-cdk", ""),
            ("npm ci --ignore-scripts", ""),
            ("yarn", "install"),
            ("yarn build --x", "build --x"),
            ("yarn --cwd web build", "web:build"),
            ("yarn add x", ""),
            ("yarn workspace web build", "*build"),
            ("pnpm -r run build", "*build"),
            ("pnpm run build", "build"),
            ("turbo run build test --filter=web", "*build *test"),
            ("nx build web", "*build"),
            ("nx run web:deploy", "*deploy"),
            ("run-s lint build", "lint build"),
            ("concurrently npm:build other", "build $other"),
            ("make", "make -"),
            ("make -C infra X=1 deploy all", "infra:make deploy infra:make all"),
            ("sh -c x", "$x"),
            ("bash -e deploy.sh a", "<deploy.sh"),
            ("./deploy.sh", "<./deploy.sh"),
            (". ./env", "<./env"),
            ("node scripts/x.js", "?scripts/x.js"),
            ("echo npm run build", ""),
        ] {
            let words: Vec<String> = command.split(' ').map(str::to_owned).collect();
            let at = |directory: Option<String>| directory.map_or(String::new(), |directory| format!("{directory}:"));
            let shown = started(&invocation(&words)).into_iter().map(|starts| match starts {
                StartedProgram::Script { directory, name, arguments } => {
                    format!("{}{name} {}", at(directory), arguments.join(" ")).trim_end().to_owned()
                }
                StartedProgram::Everywhere(name) => format!("*{name}"),
                StartedProgram::Install(directory) => format!("{}install", at(directory)),
                StartedProgram::Target { directory, name, .. } => {
                    format!("{}make {}", at(directory), name.as_deref().unwrap_or("-"))
                }
                StartedProgram::File(name) => format!("<{name}"),
                StartedProgram::Foreign(name) => format!("?{name}"),
                StartedProgram::Text(text) => format!("${text}"),
            });
            assert_eq!(shown.collect::<Vec<_>>().join(" "), expected, "{command}");
        }
    }
}
