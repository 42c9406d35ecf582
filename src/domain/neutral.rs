//! Foreign text, made harmless before a person, a log or the GitHub runner reads it.
//!
//! Foreign is everything that shipgate did not write: build output, ECS events, container logs, commit titles, registry
//! errors. The runner takes `::command::` at the start of a line and `##[command]` anywhere in it for its own.

/// One line of foreign text without control characters, terminal sequences and runner commands.
pub fn line(text: &str) -> String {
    let plain = anstream::adapter::strip_str(text).to_string();
    let visible: String = plain
        .chars()
        .map(|character| if character == '\t' { ' ' } else { character })
        .filter(|character| !character.is_control() && !is_direction_control(*character))
        .collect();
    let visible = visible.replace("##[", "# #[");
    match visible.trim_start().strip_prefix("::") {
        Some(rest) => format!(": :{rest}"),
        None => visible,
    }
}

/// Foreign text of several lines, each made harmless; empty ones at the end are left out.
pub fn lines(text: &str) -> Vec<String> {
    text.trim_end().split(['\n', '\r']).map(line).filter(|text| !text.trim().is_empty()).collect()
}

/// Text of shipgate, with any values in it, with no line that the runner would take for a command. Colours stay.
pub fn without_commands(text: &str) -> String {
    let is_command = |line: &str| {
        let plain = anstream::adapter::strip_str(line).to_string();
        plain.trim_start().starts_with("::") || plain.contains("##[")
    };
    let harmless = |part: &str| {
        let end = part.len() - part.trim_end_matches(['\n', '\r']).len();
        let (content, end) = part.split_at(part.len() - end);
        if is_command(content) { format!("{}{end}", line(content)) } else { part.to_owned() }
    };
    text.split_inclusive(['\n', '\r']).map(harmless).collect()
}

/// Foreign text as a part of one sentence of shipgate: its lines joined, cut at `longest` characters.
pub fn phrase(text: &str, longest: usize) -> String {
    let joined = lines(text).join("; ");
    match joined.char_indices().nth(longest) {
        Some((end, _)) => format!("{}…", joined.get(..end).unwrap_or_default()),
        None => joined,
    }
}

/// Foreign text as one word of a command that somebody copies into a shell: the name of a branch may be `$(…)`.
pub fn word(text: &str) -> String {
    format!("'{}'", line(text).replace('\'', r"'\''"))
}

/// Characters that change the direction of text, and so what a reader sees
/// ([UAX #9](https://www.unicode.org/reports/tr9/#Explicit_Directional_Embeddings)).
fn is_direction_control(character: char) -> bool {
    matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn runner_commands_and_terminal_sequences_are_taken_apart() {
        assert_eq!(line("::error::forged"), ": :error::forged");
        assert_eq!(line("  ::set-output name=x::y"), ": :set-output name=x::y");
        assert_eq!(line("a ##[group]b"), "a # #[group]b");
        assert_eq!(line("\u{1b}[31mred\u{1b}[0m\u{7}"), "red");
        assert_eq!(line("a\u{61c}b\u{200f}c\u{2067}d"), "abcd");
        assert_eq!(lines("one\r\n\n::two\n"), ["one", ": :two"]);
        assert_eq!(phrase("äöü\nx", 2), "äö…");
        assert_eq!(word("a$(b)'c"), r"'a$(b)'\''c'");
    }

    proptest! {
        #[test]
        fn no_text_becomes_a_command(text in "[:# \\[\\]a-z\\n\\r\u{1b}\\t]{0,40}") {
            for line in lines(&text) {
                prop_assert!(!line.trim_start().starts_with("::"), "{:?}", line);
                prop_assert!(!line.contains("##["), "{:?}", line);
                prop_assert!(!line.contains(['\n', '\r', '\u{1b}']), "{:?}", line);
            }
        }

        #[test]
        fn no_line_of_ours_becomes_a_command(text in "([:# \\[\\]a-z\\n\\r\\t]|\u{1b}\\[1m){0,40}") {
            let plain = anstream::adapter::strip_str(&without_commands(&text)).to_string();
            for line in plain.split(['\n', '\r']) {
                prop_assert!(!line.trim_start().starts_with("::"), "{:?}", line);
                prop_assert!(!line.contains("##["), "{:?}", line);
            }
        }

        #[test]
        fn text_without_commands_stays(text in "[a-z:# \\n\u{1b}\\[]{0,40}") {
            let plain = anstream::adapter::strip_str(&text).to_string();
            let has_command = plain.contains("##[") || plain.split('\n').any(|line| line.trim_start().starts_with("::"));
            prop_assume!(!has_command);
            prop_assert_eq!(without_commands(&text), text);
        }

        #[test]
        fn plain_text_stays(text in "[a-zA-Z0-9 .,/=-]{0,40}") {
            prop_assert_eq!(line(&text), text);
        }
    }
}
