//! How deep a YAML text is nested, found without a parser: those of YAML need time by the square of the levels.
//!
//! What is in quotes, in a comment, in a block of text (`|`, `>`) or behind a key as plain text is skipped. Where it is
//! not plain which of these something is, it counts. A text made to be misread here is still parsed in limited time.

use crate::domain::limits::YAML_NESTING;

/// The first line that is nested too deep, from 1.
pub fn too_deep(text: &str) -> Option<usize> {
    let mut scan = Scan::default();
    text.lines().enumerate().find_map(|(index, line)| {
        scan.line(line);
        (scan.deepest > YAML_NESTING.count()).then_some(index + 1)
    })
}

/// The state between two lines.
#[derive(Debug, Default)]
struct Scan {
    /// The columns of the collections around, the innermost last.
    columns: Vec<usize>,
    /// Open `[` and `{`.
    flow: usize,
    /// The quote that is open.
    quote: Option<u8>,
    /// A block of text goes on in lines that are indented deeper than this.
    block: Option<usize>,
    /// The deepest level so far.
    deepest: usize,
}

impl Scan {
    fn line(&mut self, line: &str) {
        let content = line.trim_start_matches(' ');
        let column = line.len() - content.len();
        if let Some(parent) = self.block {
            if content.trim().is_empty() || column > parent {
                return;
            }
            self.block = None;
        }
        if self.flow > 0 || self.quote.is_some() {
            return self.inside(content.as_bytes());
        }
        self.node(content.trim_end(), column);
    }

    /// A node that begins at a column, outside of flow collections and quotes.
    fn node(&mut self, mut content: &str, mut column: usize) {
        if content.is_empty() || content.starts_with('#') {
            return;
        }
        self.columns.retain(|around| *around < column);
        self.enter(column);
        // `- - a` is a list in a list.
        while let Some(rest) = content.strip_prefix(['-', '?', ':']).filter(|rest| rest.starts_with(' ')) {
            let inner = rest.trim_start();
            column += content.len() - inner.len();
            content = inner;
            self.enter(column);
        }
        loop {
            let value = without_properties(content);
            match value.as_bytes().first() {
                Some(b'[' | b'{' | b'"' | b'\'') => {
                    let after = self.opened(value);
                    // A key in quotes or brackets has its value behind it.
                    match after.and_then(|rest| rest.trim_start().strip_prefix(':')) {
                        Some(rest) => content = rest.trim_start(),
                        None => return,
                    }
                }
                Some(b'|' | b'>') => {
                    self.block = self.columns.last().copied();
                    return;
                }
                Some(b'#') | None => return,
                Some(_) => match value.split_once(": ").filter(|(key, _)| !key.contains(" #")) {
                    Some((_, rest)) => content = rest.trim_start(),
                    None => return,
                },
            }
        }
    }

    fn enter(&mut self, column: usize) {
        if self.columns.last().is_none_or(|around| *around < column) {
            self.columns.push(column);
        }
        self.deepest = self.deepest.max(self.columns.len() + self.flow);
    }

    /// Reads a quoted text or a flow collection, and returns what stands behind it on the line.
    fn opened<'l>(&mut self, text: &'l str) -> Option<&'l str> {
        let bytes = text.as_bytes();
        let mut index = 0;
        while index < bytes.len() {
            index += self.byte(bytes, index);
            if self.flow == 0 && self.quote.is_none() {
                return text.get(index..);
            }
        }
        None
    }

    fn inside(&mut self, bytes: &[u8]) {
        let mut index = 0;
        while index < bytes.len() {
            index += self.byte(bytes, index);
        }
    }

    /// Reads what stands at an index of a quoted text or a flow collection, and returns how much that is.
    fn byte(&mut self, bytes: &[u8], index: usize) -> usize {
        let (this, next) = (bytes[index], bytes.get(index + 1));
        match (self.quote, this) {
            (Some(b'"'), b'\\') => return 2,
            (Some(b'\''), b'\'') if next == Some(&b'\'') => return 2,
            (Some(quote), _) if quote == this => self.quote = None,
            (None, b'"' | b'\'') if index == 0 || b" [{,:".contains(&bytes[index - 1]) => self.quote = Some(this),
            (None, b'#') if index > 0 && bytes[index - 1] == b' ' => return bytes.len() - index,
            (None, b'[' | b'{') => {
                self.flow += 1;
                self.deepest = self.deepest.max(self.columns.len() + self.flow);
            }
            (None, b']' | b'}') => self.flow = self.flow.saturating_sub(1),
            _ => {}
        }
        1
    }
}

/// Without an anchor and a tag.
fn without_properties(mut text: &str) -> &str {
    while text.starts_with(['&', '!']) {
        match text.split_once(' ') {
            Some((_, rest)) => text = rest.trim_start(),
            None => return "",
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_nested_counts_however_it_is_written() {
        let most = YAML_NESTING.count();
        let deep: [(&str, &dyn Fn(usize) -> String); 10] = [
            ("flow", &|n| format!("a: {}", "[".repeat(n))),
            ("flow over lines", &|n| format!("a:\n  {}", "[\n".repeat(n))),
            ("flow map", &|n| format!("a: {}", "{b: ".repeat(n))),
            ("behind a tag", &|n| format!("a: !!x &y {}", "[".repeat(n))),
            ("key", &|n| format!("{} : 1", "[".repeat(n))),
            ("value of a quoted key", &|n| format!("\"a\": {}", "[".repeat(n))),
            ("lists in a line", &|n| "- ".repeat(n) + "a"),
            ("keys in a line", &|n| "? ".repeat(n) + "a"),
            ("indentation", &|n| (0..n).map(|level| " ".repeat(level) + "a:\n").collect()),
            ("after a block of text", &|n| format!("- a: |\n    text\n  {}", "[".repeat(n))),
        ];
        for (what, text) in deep {
            assert!(too_deep(&text(most + 2)).is_some(), "{what}");
            assert_eq!(too_deep(&text(most / 2)), None, "{what}");
        }
        assert_eq!(too_deep(&format!("a: 1\n\nb: {}", "[".repeat(most))), Some(3));
    }

    #[test]
    fn brackets_in_text_do_not_count() {
        let many = "[{".repeat(500);
        for text in [
            format!("a: \"{many}\""),
            format!("a: '{many}''{many}'"),
            format!("a: \"\\\"{many}\""),
            format!("# {many}\na: 1 # {many}"),
            format!("a: [1, # {many}\n2]"),
            format!("a: echo {many}"),
            format!("a: ${{{{ {many}"),
            format!("run: |\n  {many}\n\n {many}\nb: 1"),
            format!("- run: >-\n    {many}\n  if: x"),
        ] {
            assert_eq!(too_deep(&text), None, "{text:.60}");
        }
    }

    #[test]
    fn lists_beside_each_other_are_not_nested() {
        assert_eq!(too_deep(&"- a: [1, {b: 2}]\n  c:\n    - d\n".repeat(500)), None);
    }

    proptest::proptest! {
        #[test]
        fn no_text_ends_the_program(text in "[ a:\\-?#|'\"\\\\\\[{}\\]\né!&]{0,80}") {
            let _line = too_deep(&text);
        }
    }
}
