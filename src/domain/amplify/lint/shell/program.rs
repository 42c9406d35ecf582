//! The program that a command runs, behind whatever starts it.

/// Words that stand before a program and start it.
const STARTERS: [&str; 9] = ["exec", "sudo", "env", "time", "command", "nice", "nohup", "builtin", "cross-env"];
/// Options of `npx` and its like that have a value.
const WITH_VALUE: [&str; 4] = ["-p", "--package", "--node-options", "--shell"];

/// A command without what starts it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShellCommand {
    /// The variables that are set for it.
    pub assignments: Vec<(String, String)>,
    /// The program by its plain name, and its arguments. Empty: only variables are set.
    pub words: Vec<String>,
    /// The program as it is written.
    pub written: String,
}

/// Reads the words of a command.
pub fn invocation(words: &[String]) -> ShellCommand {
    let mut found = ShellCommand::default();
    let mut rest = words;
    while let Some((first, more)) = rest.split_first() {
        let name = base_name(first);
        if let Some((name, value)) = assignment(first) {
            found.assignments.push((name.to_owned(), value.to_owned()));
            rest = more;
        } else if STARTERS.contains(&name) {
            rest = without_options(more, &[]);
        } else if name == "timeout" {
            rest = without_options(more, &["-s", "-k"]).get(1..).unwrap_or_default();
        } else if ["dotenv", "env-cmd", "dotenvx"].contains(&name) && more.iter().any(|word| word == "--") {
            let behind = more.iter().position(|word| word == "--").map_or(0, |at| at + 1);
            rest = more.get(behind..).unwrap_or_default();
        } else if let Some(behind) = behind_runner(name, more) {
            rest = behind;
        } else {
            found.words = std::iter::once(name.to_owned()).chain(more.iter().cloned()).collect();
            found.written.clone_from(first);
            break;
        }
    }
    found
}

/// What `npx` and its like run.
fn behind_runner<'w>(name: &str, words: &'w [String]) -> Option<&'w [String]> {
    let first = words.first().map(String::as_str);
    let behind = match (name, first) {
        ("npx" | "bunx" | "pnpx", _) => words,
        ("npm" | "pnpm" | "yarn", Some("exec")) | ("pnpm" | "yarn", Some("dlx")) | ("npm" | "bun", Some("x")) => {
            &words[1..]
        }
        _ => return None,
    };
    // `npx -c "…"` is a script.
    let is_script = behind.iter().take_while(|word| word.starts_with('-')).any(|word| word == "-c" || word == "--call");
    (!is_script).then(|| without_options(behind, &WITH_VALUE))
}

fn without_options<'w>(mut words: &'w [String], with_value: &[&str]) -> &'w [String] {
    while let Some((first, rest)) = words.split_first().filter(|(first, _)| first.starts_with('-')) {
        let takes_value = with_value.contains(&first.as_str());
        words = if takes_value { rest.get(1..).unwrap_or_default() } else { rest };
        if first == "--" {
            break;
        }
    }
    words
}

/// A program by its plain name: without a directory, and without a version (`ampx@latest`).
pub fn base_name(program: &str) -> &str {
    let version = program.get(1..).and_then(|rest| rest.find('@')).map_or(program.len(), |at| at + 1);
    match &program[..version] {
        "@aws-amplify/backend-cli" => "ampx",
        "@aws-amplify/cli" => "amplify",
        plain => plain.rsplit('/').next().unwrap_or_default(),
    }
}

/// `NAME=value`
pub(super) fn assignment(word: &str) -> Option<(&str, &str)> {
    let (name, value) = word.split_once('=')?;
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    is_name.then_some((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_found_behind_what_starts_them() {
        for (command, expected) in [
            ("npx ampx pipeline-deploy", "ampx pipeline-deploy"),
            ("CI=1 npx --yes ampx@latest pipeline-deploy", "ampx pipeline-deploy"),
            ("npx -p @aws-amplify/backend-cli -y ampx generate", "ampx generate"),
            ("npx @aws-amplify/backend-cli@1.2 generate", "ampx generate"),
            ("./node_modules/.bin/ampx generate", "ampx generate"),
            ("pnpm exec ampx x", "ampx x"),
            ("yarn dlx ampx x", "ampx x"),
            ("npm exec -- ampx x", "ampx x"),
            ("bunx ampx x", "ampx x"),
            ("cross-env A=1 B=2 npx ampx x", "ampx x"),
            ("timeout -k 5 600 npx ampx x", "ampx x"),
            ("dotenv -e .env -- npx ampx x", "ampx x"),
            ("sudo -E env A=b ampx x", "ampx x"),
            ("echo npx ampx x", "echo npx ampx x"),
            ("A=1", ""),
            ("npx", ""),
        ] {
            let words: Vec<String> = command.split(' ').map(str::to_owned).collect();
            assert_eq!(invocation(&words).words.join(" "), expected, "{command}");
        }
    }
}
