//! Foreign text in GitHub's Markdown: always as code, in which nothing is markup, a mention, a link or an image
//! ([GFM, code spans](https://github.github.com/gfm/#code-spans)).

use std::fmt::Write as _;

use crate::domain::neutral;

/// Text as a span of code, on one line. Nothing is shown for nothing.
pub fn code(text: &str) -> String {
    let text = neutral::line(&text.replace(['\n', '\r'], " "));
    let text = text.trim();
    if text.is_empty() {
        return String::new();
    }
    let fence = "`".repeat(longest_run(text) + 1);
    // A span that begins or ends with a backtick has to be padded; GitHub takes the spaces away again.
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// Lines as a block of code in a language, `diff` or `text` for example.
pub fn block(language: &str, lines: &[String]) -> String {
    let lines: Vec<String> = lines.iter().flat_map(|line| neutral::lines(line)).collect();
    let longest = lines.iter().map(|line| longest_run(line)).max().unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}{language}\n{}\n{fence}\n", lines.join("\n"))
}

/// A table. The cells are Markdown already, and end at a bar, even in code.
pub fn table(heads: &[&str], rows: &[Vec<String>]) -> String {
    let mut text = format!("| {} |\n|{}\n", heads.join(" | "), " --- |".repeat(heads.len()));
    for row in rows {
        let cells: Vec<String> = row.iter().map(|cell| cell.replace('|', "\\|")).collect();
        let _infallible = writeln!(text, "| {} |", cells.join(" | "));
    }
    text
}

/// A part that is folded until somebody opens it. Title and body are Markdown already.
pub fn folded(title: &str, body: &str) -> String {
    format!("<details><summary>{title}</summary>\n\n{body}\n</details>\n")
}

/// A box, `WARNING` or `CAUTION` for example. The body is Markdown already.
pub fn boxed(kind: &str, body: &str) -> String {
    let lines = body.trim_end().lines().map(|line| format!("> {line}").trim_end().to_owned());
    format!("> [!{kind}]\n{}\n", lines.collect::<Vec<_>>().join("\n"))
}

fn longest_run(text: &str) -> usize {
    text.split(|character| character != '`').map(str::len).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn code_stays_code() {
        assert_eq!(code("a `b` c"), "``a `b` c``");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(code("a|b\n<img>"), "`a|b <img>`");
        assert_eq!(code(" \n"), "");
        assert_eq!(block("diff", &["+ ```".to_owned(), "a\nb".to_owned()]), "````diff\n+ ```\na\nb\n````\n");
    }

    #[test]
    fn every_line_of_a_box_is_in_it() {
        assert_eq!(boxed("WARNING", "`a`\n\n```diff\n+ b\n```\n"), "> [!WARNING]\n> `a`\n>\n> ```diff\n> + b\n> ```\n");
    }

    #[test]
    fn a_table_has_as_many_cells_as_heads() {
        let rows = [vec![code("a|b"), "c".to_owned()]];
        assert_eq!(table(&["one", "two"], &rows), "| one | two |\n| --- | --- |\n| `a\\|b` | c |\n");
    }

    proptest! {
        #[test]
        fn no_text_leaves_its_span(text in "[`|@#<>a :\\n\\r\\\\-]{0,30}") {
            let span = code(&text);
            prop_assume!(!span.is_empty());
            let fence = span.chars().take_while(|character| *character == '`').count();
            let inner = &span[fence..span.len() - fence];
            prop_assert!(!span.contains(['\n', '\r']));
            prop_assert!(longest_run(inner) < fence, "{span:?}");
            prop_assert!(!inner.starts_with('`') && !inner.ends_with('`'), "{span:?}");
        }

        #[test]
        fn no_text_ends_its_block(text in "[`~@<>a\\n\\r]{0,40}") {
            let block = block("text", &[text]);
            let lines: Vec<&str> = block.trim_end().lines().collect();
            let fence = lines.last().unwrap();
            prop_assert_eq!(lines.iter().filter(|line| line.trim_end().starts_with(*fence)).count(), 2, "{:?}", block);
        }
    }
}
