//! A command as messages name it: what runs, without what it is given. Anybody may write a password into a command.

use super::program::{assignment, base_name};
use crate::domain::check::committed::is_random;

/// Programs whose arguments are names of scripts and targets.
const RUNNERS: [&str; 14] = [
    "npm",
    "npx",
    "pnpm",
    "pnpx",
    "yarn",
    "bun",
    "bunx",
    "make",
    "turbo",
    "nx",
    "lerna",
    "npm-run-all",
    "run-s",
    "run-p",
];
/// Programs whose first argument is a file, or how they end.
const OF_FILES: [&str; 9] = ["bash", "sh", "zsh", "source", ".", "node", "tsx", "exit", "return"];
/// Options that a directory or a package follows.
const WHERE: [&str; 7] = ["-C", "--prefix", "--filter", "--cwd", "--dir", "-w", "--workspace"];
/// As many arguments are shown.
const SHOWN: usize = 4;

/// `npm run deploy`, `echo …`: without variables, and to the first argument that is no name, for which `…` stands.
pub fn named(words: &[String]) -> String {
    let mut words = words.iter().map(String::as_str).skip_while(|word| assignment(word).is_some());
    let Some(program) = words.next() else { return "…".to_owned() };
    if !is_plain(program) {
        return "…".to_owned();
    }
    let most = match base_name(program) {
        name if RUNNERS.contains(&name) => SHOWN,
        name if OF_FILES.contains(&name) => 1,
        _ => 0,
    };
    let mut named = program.to_owned();
    let mut left = most;
    for word in words {
        let is_shown = left > 0 && (WHERE.contains(&word) || (!word.starts_with('-') && is_plain(word)));
        named.push(' ');
        if !is_shown {
            named.push('…');
            break;
        }
        named.push_str(word);
        left -= 1;
    }
    named
}

/// A name or a path, and not made by chance.
fn is_plain(word: &str) -> bool {
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || "._:/@*+-".contains(c);
    word.chars().all(is_of_name) && !is_random(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_named_without_what_it_is_given() {
        for (command, expected) in [
            ("npm run deploy", "npm run deploy"),
            ("DB_PASSWORD=canary PIN=1 npm run deploy -- --password canary", "npm run deploy …"),
            ("npm --prefix apps/web run deploy", "npm --prefix apps/web run deploy"),
            ("make -C backend deploy", "make -C backend deploy"),
            ("make deploy TOKEN=canary", "make deploy …"),
            ("yarn deploy Sh0pPr0d-9f3kQz7Lm", "yarn deploy …"),
            ("env PIN=canary npm run deploy", "env …"),
            ("bash scripts/deploy.sh canary", "bash scripts/deploy.sh …"),
            ("./deploy.sh canary", "./deploy.sh …"),
            ("echo canary", "echo …"),
            ("exit 0", "exit 0"),
            ("true", "true"),
            (":", ":"),
            ("PIN=canary", "…"),
            ("$(canary)", "…"),
            ("", "…"),
        ] {
            let words: Vec<String> = command.split_whitespace().map(str::to_owned).collect();
            assert_eq!(named(&words), expected, "{command}");
        }
    }
}
