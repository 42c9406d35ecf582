//! A script cut at what separates commands.

use std::ops::Range;

/// What stands behind a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PieceEnd {
    /// A line break, or the end of the script.
    Line,
    /// `;`
    Semicolon,
    /// `;;`
    Case,
    /// `&&`
    And,
    /// `||`
    Or,
    /// `|`
    Pipe,
    /// `&`
    Background,
    /// `(`
    Open,
    /// `)`
    Close,
}

/// A piece of a script between two separators.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptPiece {
    /// Its bytes, without blanks around.
    pub range: Range<usize>,
    /// What stands behind it.
    pub end: PieceEnd,
    /// The bytes of the scripts in `$(…)` and backquotes.
    pub inner: Vec<Range<usize>>,
}

/// How far `${…}` is followed, in bytes.
const LONGEST_EXPANSION: usize = 500;

/// Cuts a script. Pieces that are blank are left out, unless a separator gives them a meaning.
pub fn pieces(script: &str) -> Vec<ScriptPiece> {
    let mut splitter = Splitter { script, bytes: script.as_bytes(), at: 0, start: 0, found: Separator::default() };
    splitter.run();
    splitter.found.pieces
}

#[derive(Default)]
struct Separator {
    pieces: Vec<ScriptPiece>,
    inner: Vec<Range<usize>>,
    /// The ends of here-documents that begin on the next line; with `<<-` blanks may stand before.
    documents: Vec<String>,
}

struct Splitter<'s> {
    script: &'s str,
    bytes: &'s [u8],
    at: usize,
    start: usize,
    found: Separator,
}

impl Splitter<'_> {
    fn run(&mut self) {
        while let Some(byte) = self.bytes.get(self.at).copied() {
            match byte {
                b'\\' => self.at += 2,
                b'\'' => self.at = self.after(self.at + 1, b'\''),
                b'"' => self.double_quoted(),
                b'`' => self.backquoted(),
                b'$' => self.dollar(),
                b'#' if self.begins_word() => {
                    let end = self.script[self.at..].find('\n').map_or(self.bytes.len(), |length| self.at + length);
                    self.cut(PieceEnd::Line, 0);
                    (self.at, self.start) = (end, end);
                }
                b'<' if self.follows(b"<<") && !self.follows(b"<<<") => self.document(),
                b'<' | b'>' => self.redirection(),
                _ => self.separator(byte),
            }
        }
        self.at = self.bytes.len();
        self.cut(PieceEnd::Line, 0);
    }

    fn follows(&self, text: &[u8]) -> bool {
        self.bytes[self.at..].starts_with(text)
    }

    fn begins_word(&self) -> bool {
        self.at == 0 || b" \t\n;|&()".contains(&self.bytes[self.at - 1])
    }

    /// The place behind the next such byte.
    fn after(&self, from: usize, byte: u8) -> usize {
        let rest = self.bytes.get(from..).unwrap_or_default();
        rest.iter().position(|it| *it == byte).map_or(self.bytes.len(), |length| from + length + 1)
    }

    fn double_quoted(&mut self) {
        self.at += 1;
        while let Some(byte) = self.bytes.get(self.at).copied() {
            match byte {
                b'"' => {
                    self.at += 1;
                    return;
                }
                b'\\' => self.at += 2,
                b'`' => self.backquoted(),
                b'$' => self.dollar(),
                _ => self.at += 1,
            }
        }
    }

    fn backquoted(&mut self) {
        let end = self.after(self.at + 1, b'`');
        self.found.inner.push(self.at + 1..end.saturating_sub(1).max(self.at + 1));
        self.at = end;
    }

    /// `$(…)`, `${…}` or a variable.
    fn dollar(&mut self) {
        if self.follows(b"$(") {
            let end = closing(self.bytes, self.at + 2);
            if !self.follows(b"$((") {
                self.found.inner.push(self.at + 2..end);
            }
            self.at = (end + 1).min(self.bytes.len());
        } else if self.follows(b"${") {
            let rest = &self.bytes[self.at..self.bytes.len().min(self.at + LONGEST_EXPANSION)];
            self.at += rest.iter().position(|it| *it == b'}').map_or(2, |length| length + 1);
        } else {
            self.at += 1;
        }
    }

    /// `<<END`: the lines until `END` are no commands.
    fn document(&mut self) {
        self.at += if self.follows(b"<<-") { 3 } else { 2 };
        let rest = self.script.get(self.at..).unwrap_or_default().trim_start_matches([' ', '\t']);
        let word: String = rest.chars().take_while(|c| !c.is_whitespace() && !";|&<>()".contains(*c)).collect();
        let end = word.replace(['\'', '"', '\\'], "");
        if !end.is_empty() {
            self.found.documents.push(end);
        }
    }

    /// `2>&1` and `&>` separate nothing.
    fn redirection(&mut self) {
        self.at += 1;
        while self.bytes.get(self.at).is_some_and(|byte| b"<>&|".contains(byte)) {
            self.at += 1;
        }
    }

    fn separator(&mut self, byte: u8) {
        let (end, length) = match byte {
            b'\n' => (PieceEnd::Line, 1),
            b';' if self.follows(b";;") => (PieceEnd::Case, 2),
            b';' => (PieceEnd::Semicolon, 1),
            b'&' if self.follows(b"&&") => (PieceEnd::And, 2),
            b'&' if self.follows(b"&>") => {
                self.at += 1;
                return;
            }
            b'&' => (PieceEnd::Background, 1),
            b'|' if self.follows(b"||") => (PieceEnd::Or, 2),
            b'|' => (PieceEnd::Pipe, 1),
            b'(' => (PieceEnd::Open, 1),
            b')' => (PieceEnd::Close, 1),
            _ => {
                self.at += 1;
                return;
            }
        };
        self.cut(end, length);
        if byte == b'\n' && !self.found.documents.is_empty() {
            self.skip_documents();
        }
    }

    fn skip_documents(&mut self) {
        for end in std::mem::take(&mut self.found.documents) {
            while self.at < self.bytes.len() {
                let rest = &self.script[self.at..];
                let line = rest.lines().next().unwrap_or_default();
                self.at = (self.at + line.len() + 1).min(self.bytes.len());
                if line.trim() == end {
                    break;
                }
                while !self.script.is_char_boundary(self.at) {
                    self.at += 1;
                }
            }
        }
        self.start = self.at;
    }

    fn cut(&mut self, end: PieceEnd, length: usize) {
        let from = self.start.min(self.at).min(self.bytes.len());
        let text = self.script.get(from..self.at.min(self.bytes.len())).unwrap_or_default();
        let begin = from + (text.len() - text.trim_start().len());
        let range = begin..(begin + text.trim().len());
        let inner = std::mem::take(&mut self.found.inner);
        let is_behind_group = self.found.pieces.last().is_some_and(|last| last.end == PieceEnd::Close);
        if !range.is_empty() || is_behind_group || !matches!(end, PieceEnd::Line | PieceEnd::Semicolon) {
            self.found.pieces.push(ScriptPiece { range, end, inner });
        }
        self.at += length;
        self.start = self.at;
    }
}

/// The place of the `)` that belongs to a `(` before a place, or the end.
fn closing(bytes: &[u8], from: usize) -> usize {
    let (mut at, mut depth, mut quote) = (from, 1_usize, None);
    while let Some(byte) = bytes.get(at).copied() {
        match (quote, byte) {
            (Some(b'\''), b'\'') | (Some(b'"'), b'"') => quote = None,
            (Some(b'\''), _) => {}
            (_, b'\\') => at += 1,
            (None, b'\'' | b'"') => quote = Some(byte),
            (None, b'(') => depth += 1,
            (None, b')') if depth == 1 => return at,
            (None, b')') => depth -= 1,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(script: &str) -> Vec<(&str, PieceEnd)> {
        pieces(script).into_iter().map(|piece| (&script[piece.range], piece.end)).collect()
    }

    #[test]
    fn scripts_are_cut_where_a_shell_cuts_them() {
        use PieceEnd::{And, Background, Case, Close, Line, Open, Or, Pipe, Semicolon};
        for (script, expected) in [
            ("a b && c || d; e | f &", vec![("a b", And), ("c", Or), ("d", Semicolon), ("e", Pipe), ("f", Background)]),
            ("a 'b;c' \"d && e\" f\\;g # h; i\nj", vec![("a 'b;c' \"d && e\" f\\;g", Line), ("j", Line)]),
            ("a 2>&1 >b &>c;d", vec![("a 2>&1 >b &>c", Semicolon), ("d", Line)]),
            ("(a)\nb", vec![("", Open), ("a", Close), ("", Line), ("b", Line)]),
            ("m) a ;;", vec![("m", Close), ("a", Case)]),
            ("cat <<'E' > f\na; b\nE\nc", vec![("cat <<'E' > f", Line), ("c", Line)]),
            ("a ${b#;} ${c;d}", vec![("a ${b#;} ${c;d}", Line)]),
            ("a#b; #c", vec![("a#b", Semicolon)]),
            ("x=$(a; b) c", vec![("x=$(a; b) c", Line)]),
            ("echo \"é", vec![("echo \"é", Line)]),
            ("\\", vec![("\\", Line)]),
        ] {
            assert_eq!(shown(script), expected, "{script}");
        }
    }

    #[test]
    fn what_is_substituted_is_a_script_of_its_own() {
        let script = "a \"$(b; c \"d)\")\" `e` $((1)) $(f";
        let inner: Vec<&str> = pieces(script)[0].inner.iter().map(|range| &script[range.clone()]).collect();
        assert_eq!(inner, ["b; c \"d)\"", "e", "f"]);
    }

    proptest::proptest! {
        #[test]
        fn no_text_ends_the_program(script in "[ a;&|()'\"$`{}<>#\\\\\né!-]{0,60}") {
            for piece in pieces(&script) {
                proptest::prop_assert!(script.get(piece.range).is_some());
            }
        }
    }
}
