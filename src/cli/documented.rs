//! Each command line that the pages show is one that this program understands.

use std::ffi::OsString;

use super::Cli;
use crate::pages::{blocks, inline_code, pages};

/// What a text in a page stands for.
const STANDS_FOR: [(&str, &str); 12] = [
    ("$environment $access", "stage --read-role"),
    ("$ids", "--repository acme/shop --owner-id 123456 --repository-id 456789"),
    ("COMMAND --help", "deploy --help"),
    ("plan … --json", "plan deploy stage --json"),
    (
        "SITE=bundles/SITE.tar@DIGEST",
        "site=bundles/site.tar@sha256:0000000000000000000000000000000000000000000000000000000000000000",
    ),
    ("FILE@REF", "acme/shop/.github/workflows/promote.yml@refs/heads/main"),
    ("GATE=REASON", "freeze=reason"),
    ("--since …", "--since 2h"),
    ("sha256:…", "sha256:0000000000000000000000000000000000000000000000000000000000000000"),
    ("…", "text"),
    ("KEY=VALUE", "ref=refs/heads/main"),
    ("FORMAT", "json"),
];

/// The commands of this program in a line of a shell. What stands before and behind them is the shell's.
fn command_lines(line: &str) -> Vec<Vec<String>> {
    let line = STANDS_FOR.iter().fold(line.to_owned(), |line, (text, stands_for)| line.replace(text, stands_for));
    let words = shlex::split(&line.replace("<(", "; ").replace("$(", "; ")).unwrap_or_else(|| panic!("{line}"));
    let is_border = |word: &String| [">", "|", "&&", "||", ";"].contains(&word.as_str());
    let of_the_shell = |word: &&String| {
        ["env", "-u"].contains(&word.as_str()) || word.contains('=') || word.chars().all(|c| !c.is_lowercase())
    };
    let commands = words.split(is_border).map(|words| words.iter().skip_while(of_the_shell));
    let own = commands.filter(|words| words.clone().next().is_some_and(|first| first == "shipgate"));
    own.map(|words| words.map(|word| word.trim_end_matches(')').to_owned()).collect()).collect()
}

/// The commands of blocks: after a prompt, to the end of the line or of what continues it.
fn shown_in_blocks() -> Vec<(String, String)> {
    let mut shown = Vec::new();
    for block in
        blocks().into_iter().filter(|block| ["console", "bash", "sh", "text"].contains(&block.language.as_str()))
    {
        let text = block.text.replace("\\\n", " ");
        let has_prompts = ["console", "text"].contains(&block.language.as_str());
        for line in text.lines() {
            let command = if has_prompts { line.strip_prefix("$ ") } else { Some(line) };
            if let Some(command) = command.filter(|command| command.contains("shipgate ")) {
                shown.push((block.page.clone(), command.to_owned()));
            }
        }
    }
    shown
}

/// Command lines in the text itself. `shipgate iam` names a command and is not one; `a|b` are several.
fn shown_in_text() -> Vec<(String, String)> {
    let of = |(page, text): (String, String)| {
        let commands = inline_code(&text).into_iter().filter(|code| code.starts_with("shipgate "));
        commands.map(|code| (page.clone(), code)).collect::<Vec<_>>()
    };
    pages().into_iter().flat_map(of).filter(|(_, code)| !code.contains('|')).collect()
}

/// Whether it is the name of a command, or the beginning of one, without what the command needs.
fn is_name(words: &[String]) -> bool {
    use clap::CommandFactory as _;
    let mut command = Cli::command();
    for word in &words[1..] {
        let Some(below) = command.find_subcommand(word) else { return false };
        command = below.clone();
    }
    words.len() > 1
}

fn misunderstood(words: &[String]) -> Option<String> {
    let read = Cli::read(words.iter().map(OsString::from));
    read.err().filter(clap::Error::use_stderr).map(|error| error.to_string())
}

#[test]
fn each_command_line_of_the_pages_is_understood() {
    let (blocks, texts) = (shown_in_blocks(), shown_in_text());
    assert!(blocks.len() > 40 && texts.len() > 60, "{} and {}", blocks.len(), texts.len());
    let lines = blocks.iter().map(|line| (line, false)).chain(texts.iter().map(|line| (line, true)));
    let wrong: Vec<String> = lines
        .flat_map(|((page, line), in_text)| {
            let commands = command_lines(line).into_iter().filter(move |words| !(in_text && is_name(words)));
            commands.filter_map(move |words| Some(format!("{page}: {line}\n{}", misunderstood(&words)?)))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_command_line_that_is_wrong_is_found() {
    let first = |line: &str| misunderstood(&command_lines(line)[0]);
    assert_eq!(first("shipgate deploy stage > file"), None);
    assert_eq!(first("source <(shipgate completions bash)"), None);
    assert!(first("shipgate deploi stage").is_some());
    assert!(first("shipgate deploy stage --release v1").is_some());
    assert!(first("env -u A shipgate promote").is_some());
    assert_eq!(command_lines("shipgate check && shipgate deploy stage   # now").len(), 2);
}
