//! How text for people looks: colours, marks, and what fits the width of a terminal.

use anstyle::{AnsiColor, Style};
use jiff::Timestamp;

use crate::domain::age;
use crate::domain::image::Digest;
use crate::domain::short::short_ids;
use crate::sink;

pub const GOOD: Style = AnsiColor::Green.on_default().bold();
pub const BAD: Style = AnsiColor::Red.on_default().bold();
pub const CAREFUL: Style = AnsiColor::Yellow.on_default().bold();
pub const FAINT: Style = Style::new().dimmed();
pub const STRONG: Style = Style::new().bold();

/// How text is shown: where, and how exactly.
#[derive(Debug, Clone, Copy)]
pub struct TextStyle {
    /// The columns of the terminal. `None`: it is no terminal, and lines may have any length.
    pub width: Option<usize>,
    /// Whether ids, digests and times are in full, as with `-v`.
    pub exact: bool,
    /// The present, which ages are counted from.
    pub now: Timestamp,
}

impl TextStyle {
    /// Where nothing is known of the reader.
    pub fn plain() -> Self {
        Self { width: None, exact: false, now: Timestamp::default() }
    }

    /// A commit, or what is written instead: seven digits of it. What comes after all forty stays.
    pub fn release(self, release: &str) -> String {
        if self.exact {
            return release.to_owned();
        }
        match release.split_once('-') {
            Some((sha, _)) if sha.len() == 40 => format!("{}-dirty", sha.get(..7).unwrap_or(sha)),
            _ if release.len() == 40 => release.get(..7).unwrap_or(release).to_owned(),
            _ => release.to_owned(),
        }
    }

    /// A digest: `sha256:` and twelve digits.
    pub fn digest(self, digest: &Digest) -> String {
        if self.exact { digest.to_string() } else { digest.short().to_owned() }
    }

    /// A text in which commits and digests are short. What is in backticks may be a command to paste, and stays.
    pub fn text(self, text: &str) -> String {
        // A secret may have the form of an id: what is left of it would not be known for one.
        if self.exact { text.to_owned() } else { with_short_ids(&sink::clean(text)) }
    }

    /// When something was: how long ago, or exactly.
    pub fn time(self, then: Timestamp) -> String {
        if self.exact { then.strftime("%Y-%m-%d %H:%M:%SZ").to_string() } else { age::ago(self.now, then) }
    }
}

/// What stands before a line: how the thing is that it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// It is as it should be.
    Good,
    /// It is not.
    Bad,
    /// Somebody has to look at it.
    Careful,
    /// It is as it is meant to be, and there is nothing to it.
    Neutral,
}

impl Mark {
    /// Its colour.
    pub fn style(self) -> Style {
        match self {
            Self::Good => GOOD,
            Self::Bad => BAD,
            Self::Careful => CAREFUL,
            Self::Neutral => FAINT,
        }
    }

    /// The sign with its colour.
    pub fn shown(self) -> String {
        let sign = match self {
            Self::Good => "✓",
            Self::Bad => "✗",
            Self::Careful => "!",
            Self::Neutral => "–",
        };
        let style = self.style();
        format!("{style}{sign}{style:#}")
    }
}

/// A text in which each whole commit has 7 digits, and each whole digest 12, but for what is in backticks.
fn with_short_ids(text: &str) -> String {
    let parts = text.split('`').enumerate();
    parts
        .map(|(index, part)| if index % 2 == 0 { short_ids(part) } else { part.to_owned() })
        .collect::<Vec<_>>()
        .join("`")
}

/// The columns that a text takes, without its sequences for colour.
pub fn columns(text: &str) -> usize {
    textwrap::core::display_width(text)
}

/// A text with blanks up to a number of columns.
pub fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(columns(text))))
}

/// A text in lines that fit, the first after `first` and the others after `rest`. What is longer than a line is not parted:
/// a word, such as an address, or what is in backticks, which may be a command to paste.
pub fn wrapped(text: &str, width: Option<usize>, first: &str, rest: &str) -> Vec<String> {
    /// Takes the place of a blank in what is not parted.
    const KEPT: char = '\u{e000}';
    let Some(width) = width else { return text.lines().map(|line| format!("{first}{line}")).collect() };
    let parts = text.split('`').enumerate();
    let kept = parts.map(|(index, part)| match index % 2 {
        0 => part.to_owned(),
        _ => part.replace(' ', &KEPT.to_string()),
    });
    let options = textwrap::Options::new(width)
        .initial_indent(first)
        .subsequent_indent(rest)
        .break_words(false)
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    let kept = kept.collect::<Vec<_>>().join("`");
    textwrap::wrap(&kept, options).into_iter().map(|line| line.trim_end().replace(KEPT, " ")).collect()
}

/// A text that fits: what does not is cut off.
pub fn cut(text: &str, width: Option<usize>) -> String {
    let Some(width) = width.filter(|width| columns(text) > *width) else { return text.to_owned() };
    let mut kept = String::new();
    for character in text.chars() {
        if columns(&kept) + columns(&character.to_string()) + 1 > width {
            break;
        }
        kept.push(character);
    }
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(exact: bool) -> TextStyle {
        TextStyle { width: Some(80), exact, now: Timestamp::from_second(100).unwrap() }
    }

    #[test]
    fn ids_are_short_unless_they_are_wanted_in_full() {
        let (sha, then) = ("4b825dc642cb6eb9a060e54bf8d69288fbee4904", Timestamp::from_second(40).unwrap());
        let dirty = format!("{sha}-dirty-20261120T234749Z");
        let (short, exact) = (look(false), look(true));
        assert_eq!((short.release(sha).as_str(), exact.release(sha).as_str()), ("4b825dc", sha));
        assert_eq!((short.release(&dirty).as_str(), exact.release(&dirty)), ("4b825dc-dirty", dirty.clone()));
        assert_eq!(short.release("bootstrap-image-of-somebody"), "bootstrap-image-of-somebody");
        let digest = Digest::of("x");
        assert_eq!((short.digest(&digest).len(), exact.digest(&digest).len()), (19, 71));
        assert_eq!((short.time(then).as_str(), exact.time(then).as_str()), ("1 min ago", "1970-01-01 00:00:40Z"));
    }

    /// The secrets of a process are those of all its tests.
    #[test]
    fn a_secret_in_the_form_of_an_id_is_left_out() {
        let secret = "5ec4e75ec4e75ec4e75ec4e75ec4e75ec4e75ec4";
        sink::hide(secret);
        assert_eq!(look(false).text(&format!("token {secret}")), "token ***");
    }

    #[test]
    fn ids_are_short_in_any_text_but_commands() {
        let (sha, hex) = ("4b825dc642cb6eb9a060e54bf8d69288fbee4904", "a".repeat(64));
        let text = format!("image host:5000/shop:{sha}@sha256:{hex} of {hex}, {sha}0 `--release {sha}` ({sha}-dirty)");
        let short = format!(
            "image host:5000/shop:4b825dc@sha256:{} of {hex}, {sha}0 `--release {sha}` (4b825dc-dirty)",
            "a".repeat(12)
        );
        assert_eq!((look(false).text(&text), look(true).text(&text)), (short, text));
    }

    #[test]
    fn lines_fit_and_colour_takes_no_room() {
        let bold = format!("{STRONG}bold{STRONG:#}");
        assert_eq!((columns(&bold), columns(&padded(&bold, 7))), (4, 7));
        assert_eq!(wrapped("one two three", Some(9), "! ", "  "), ["! one two", "  three"]);
        assert_eq!(wrapped("https://example.com/long next", Some(9), "", "  "), ["https://example.com/long", "  next"]);
        assert_eq!(wrapped("run `a b c d e f` now", Some(9), "", "  "), ["run", "  `a b c d e f`", "  now"]);
        assert_eq!(wrapped("one\ntwo three", None, "! ", "  "), ["! one", "! two three"]);
        assert_eq!((cut("abcdef", Some(6)).as_str(), cut("abc defg", Some(5)).as_str()), ("abcdef", "abc…"));
        assert_eq!(cut("abc", None), "abc");
    }
}
