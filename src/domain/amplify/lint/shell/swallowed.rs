//! Whether the failure of a command has consequences.

use std::ops::Range;

use super::branches::BranchSet;
use super::named::named;
use super::split::PieceEnd;

/// A command of a script, as it is read; a group or a keyword may leave it without words.
#[derive(Debug, Clone)]
pub struct Item {
    /// Its words.
    pub words: Vec<String>,
    /// Its bytes.
    pub range: Range<usize>,
    /// What stands behind it.
    pub end: PieceEnd,
    /// The scripts in it.
    pub inner: Vec<Range<usize>>,
    /// How many blocks are open around it.
    pub depth: usize,
    /// The branches in which it runs.
    pub branches: BranchSet,
    /// Whether it is the test of an `if`.
    pub in_test: bool,
    /// The groups in `(…)` around it.
    pub groups: Vec<usize>,
}

/// What hides the failure of each command, as it is written.
pub fn swallowed(items: &[Item]) -> Vec<Option<String>> {
    let has_pipefail = items.iter().any(|item| item.words.iter().any(|word| word == "pipefail"));
    let mut unset = false;
    let ends_by_hand = |from: usize| items[from..].iter().any(|item| item.words.first().is_some_and(|w| w == "exit"));
    let one = |(at, item): (usize, &Item)| match item.words.first().map(String::as_str) {
        Some("set") => {
            for word in &item.words[1..] {
                unset = if word.starts_with("+e") { true } else { unset && !word.starts_with("-e") };
            }
            None
        }
        None => None,
        Some(_) => {
            behind(items, at, has_pipefail).or_else(|| (unset && !ends_by_hand(at)).then(|| "set +e".to_owned()))
        }
    };
    items.iter().enumerate().map(one).collect()
}

/// What stands behind a command and hides its failure.
fn behind(items: &[Item], at: usize, has_pipefail: bool) -> Option<String> {
    let item = &items[at];
    if item.in_test {
        let rest = items[at + 1..].iter().take_while(|later| later.depth >= item.depth);
        let fails = rest.filter(|later| !later.in_test).any(|later| ends_badly(&later.words));
        return (!fails).then(|| "if".to_owned());
    }
    let mut last = at;
    // To the end of what is joined by `&&`, and out of the groups around.
    loop {
        let closes =
            items[last].end == PieceEnd::Close && items.get(last + 1).is_some_and(|next| next.words.is_empty());
        if items[last].end == PieceEnd::And {
            last = skip_group(items, last + 1)?;
        } else if closes {
            last += 1;
        } else {
            break;
        }
    }
    let next = items.get(last + 1);
    match items[last].end {
        PieceEnd::Pipe if !has_pipefail => Some(format!("| {}", named(&next?.words))),
        PieceEnd::Background => Some("&".to_owned()),
        PieceEnd::Semicolon => {
            let words = &next.filter(|next| next.depth <= item.depth)?.words;
            is_success(words).then(|| format!("; {}", named(words)))
        }
        PieceEnd::Or => {
            let fallback = next?;
            let end = skip_group(items, last + 1)?;
            let all = &items[last + 1..=end];
            let is_harmless = all.iter().filter(|it| !it.words.is_empty()).all(|it| is_success(&it.words) || says(it));
            let first = all.iter().find(|it| !it.words.is_empty()).unwrap_or(fallback);
            is_harmless.then(|| format!("|| {}", named(&first.words)))
        }
        PieceEnd::Line | PieceEnd::Case | PieceEnd::Open | PieceEnd::Close | PieceEnd::Pipe | PieceEnd::And => None,
    }
}

/// The last item of a command that begins at one: of a group, its end.
fn skip_group(items: &[Item], at: usize) -> Option<usize> {
    let first = items.get(at)?;
    let opens = first.end == PieceEnd::Open && first.words.is_empty();
    let depth = if opens { items.get(at + 1)?.depth } else { first.depth };
    let outer = if opens { first.depth } else { items[at - 1].depth };
    if depth <= outer {
        return Some(at);
    }
    let rest = items[at + 1..].iter().take_while(|item| item.depth >= depth).count();
    Some((at + rest).min(items.len() - 1))
}

/// Commands that always succeed.
fn is_success(words: &[String]) -> bool {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    matches!(words.as_slice(), ["true" | ":"] | ["exit" | "return", "0"])
}

/// A command that says something.
fn says(item: &Item) -> bool {
    item.words.first().is_some_and(|word| ["echo", "printf"].contains(&word.as_str()))
}

fn ends_badly(words: &[String]) -> bool {
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["exit" | "return", code] => *code != "0",
        ["false"] => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::amplify::lint::shell::commands;

    #[test]
    fn failures_that_nothing_notices_are_seen() {
        for (script, expected) in [
            ("d", None),
            ("d || true", Some("|| true")),
            ("d || echo 'it failed, going on'", Some("|| echo …")),
            ("d || exit 1", None),
            ("d || { echo failed; exit 1; }", None),
            ("d || { echo failed; }", Some("|| echo …")),
            ("d || (echo failed && exit 1)", None),
            ("d || d2", None),
            ("d && echo ok || echo failed", Some("|| echo …")),
            ("(cd x && d) || true", Some("|| true")),
            ("d; exit 0", Some("; exit 0")),
            ("d; true", Some("; true")),
            ("d; echo ok", None),
            ("d | tee log", Some("| tee …")),
            ("set -o pipefail; d | tee log", None),
            ("d 2>&1 &", Some("&")),
            ("if d; then echo ok; else echo failed; fi", Some("if")),
            ("if ! d; then echo failed; exit 1; fi", None),
            ("set +e\nd\necho done", Some("set +e")),
            ("set +e\nd\nexit $?", None),
            ("set +e; a; set -e; d", None),
            ("if [ $X ]; then d; else e; fi", None),
            ("case $X in a) d;; *) e;; esac", None),
            ("d && e", None),
        ] {
            let all = commands(script);
            let found = all.iter().find(|simple| simple.words[0] == "d").unwrap();
            assert_eq!(found.swallowed.as_deref(), expected, "{script}");
        }
    }
}
