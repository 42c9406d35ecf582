//! What of a file is text for people.

use std::str::FromStr as _;
use std::sync::LazyLock;

use proc_macro2::{LineColumn, Span, TokenStream, TokenTree};
use regex::{Regex, RegexBuilder};
use syn::Lit;

use super::list::Word;

/// A piece of text, and the line that it begins on.
pub struct Text {
    /// The first line, from 1 on.
    pub line: usize,
    /// The text.
    pub text: String,
}

/// A word that was found.
pub struct Found {
    /// The line.
    pub line: usize,
    /// The word as it is written.
    pub word: String,
    /// What to write instead.
    pub instead: &'static str,
    /// The text around it.
    pub around: String,
}

/// The words of a list, ready to be searched for.
pub struct Search(Vec<(Regex, &'static str)>);

impl Search {
    /// For all words of a list.
    pub fn new(words: &[Word]) -> Self {
        let compiled = |word: &Word| {
            let pattern = word.pattern.replace(' ', r"[\s#/!*>]+");
            let regex = RegexBuilder::new(&pattern).case_insensitive(true).build();
            (regex.unwrap(), word.instead)
        };
        Self(words.iter().map(compiled).collect())
    }

    /// The words in some texts.
    pub fn found(&self, texts: &[Text]) -> Vec<Found> {
        let mut found = Vec::new();
        for text in texts {
            for (regex, instead) in &self.0 {
                found.extend(regex.find_iter(&text.text).map(|hit| self::found(text, hit, instead)));
            }
        }
        found
    }
}

fn found(text: &Text, hit: regex::Match<'_>, instead: &'static str) -> Found {
    let begin = hit.start() + hit.as_str().len() - hit.as_str().trim_start().len();
    let (before, after) = text.text.split_at(begin);
    let from = before.rfind('\n').map_or(0, |end| end + 1);
    let to = after.find('\n').map_or(text.text.len(), |end| begin + end);
    Found {
        line: text.line + before.matches('\n').count(),
        word: hit.as_str().split_whitespace().collect::<Vec<_>>().join(" "),
        instead,
        around: text.text[from..to].trim().to_owned(),
    }
}

/// A file that is text as a whole.
pub fn plain(source: &str) -> Vec<Text> {
    vec![Text { line: 1, text: source.to_owned() }]
}

/// The string literals and the comments of a Rust file. Names of variables in braces are no text, nor is code in
/// backticks in a comment.
pub fn rust(source: &str) -> Vec<Text> {
    let tokens = TokenStream::from_str(source).unwrap();
    let lines = source.split('\n').map(|line| line.chars().collect()).collect();
    let mut reader = Reader { texts: Vec::new(), rest: lines };
    reader.read(tokens);
    let rest: Vec<String> = reader.rest.into_iter().map(|line| line.into_iter().collect()).collect();
    reader.texts.push(Text { line: 1, text: without_code(&rest.join("\n")) });
    reader.texts
}

struct Reader {
    texts: Vec<Text>,
    /// The file without what was read: in the end, its comments.
    rest: Vec<Vec<char>>,
}

impl Reader {
    fn read(&mut self, tokens: TokenStream) {
        for token in tokens {
            // Documentation is an attribute to the compiler, all of whose tokens begin where the comment does.
            if self.starts_comment(token.span().start()) {
                continue;
            }
            if let TokenTree::Group(group) = token {
                self.erase(group.span_open());
                self.erase(group.span_close());
                self.read(group.stream());
                continue;
            }
            self.erase(token.span());
            if let TokenTree::Literal(literal) = token {
                let line = literal.span().start().line;
                let text = string(&Lit::new(literal)).map(|text| without_names(&text));
                self.texts.extend(text.map(|text| Text { line, text }));
            }
        }
    }

    fn starts_comment(&self, at: LineColumn) -> bool {
        self.rest[at.line - 1][at.column..].starts_with(&['/'])
            && matches!(self.rest[at.line - 1].get(at.column + 1), Some('/' | '*'))
    }

    fn erase(&mut self, span: Span) {
        let (start, end) = (span.start(), span.end());
        for line in start.line..=end.line {
            let from = if line == start.line { start.column } else { 0 };
            let chars = &mut self.rest[line - 1];
            let to = if line == end.line { end.column } else { chars.len() };
            chars[from..to].fill(' ');
        }
    }
}

fn string(literal: &Lit) -> Option<String> {
    if let Lit::Str(text) = literal {
        return Some(text.value());
    }
    let Lit::ByteStr(bytes) = literal else { return None };
    String::from_utf8(bytes.value()).ok()
}

/// A comment without code in backticks.
fn without_code(text: &str) -> String {
    static CODE: LazyLock<Regex> = LazyLock::new(|| Regex::new("`[^`\n]*`").unwrap());
    CODE.replace_all(text, "``").into_owned()
}

/// A format string without the names of its variables.
fn without_names(text: &str) -> String {
    static NAME: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\{[\w.]*(?::[^{}]*)?\}").unwrap());
    NAME.replace_all(text, "{}").into_owned()
}
