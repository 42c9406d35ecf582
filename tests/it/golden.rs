//! What users and their programs read of a run, kept in `tests/golden` and compared exactly.

#[path = "../../src/golden.rs"]
mod files;

use regex::{Captures, Regex};

pub use self::files::{assert_files, assert_generated, assert_page, difference};
use crate::harness::{Ran, Repository, Shipgate, TERMINAL_ROWS, page_of};
use crate::scripted::{OLD_DIGEST, Shop};

/// How much of a digest a table shows.
const SHOWN: usize = "sha256:".len() + 12;

/// The forms in which a command answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The document on standard output, with `--output json`.
    Document,
    /// All that is written into a pipe, without it.
    Human,
    /// The log of a job on GitHub, with colour.
    Log,
    /// What is on the screen of a terminal at the end.
    Terminal {
        /// How wide it is.
        columns: u16,
        /// Whether it has colour.
        color: bool,
    },
    /// The page that a step of a workflow leaves on its run.
    Page,
}

/// The forms of every case, each with its folder. The page is kept of some: those are in `scripted_golden::PAGES`.
pub const FORMS: [(Form, &str); 5] = [
    (Form::Document, "v1"),
    (Form::Human, "human"),
    (Form::Log, "log"),
    (Form::Terminal { columns: 80, color: false }, "terminal-80"),
    (Form::Terminal { columns: 120, color: true }, "terminal-120"),
];

/// A run by the name of its files: it sets up a world of its own, and returns the text that is kept.
pub type Case = (&'static str, fn(Form) -> String);

impl Form {
    /// The file of a case, as a path in `tests/golden`.
    pub fn file(self, name: &str) -> String {
        if self == Self::Page {
            return format!("pages/{name}.md");
        }
        let folder = FORMS.into_iter().find(|(form, _)| *form == self).map(|(_, folder)| folder).unwrap();
        format!("{folder}/{name}.{}", if self == Self::Document { "json" } else { "txt" })
    }

    /// Whether a case has it: a signal does not get through to a program on a terminal of a test.
    pub fn has(self, name: &str) -> bool {
        !(matches!(self, Self::Terminal { .. }) && name.contains("interrupted"))
    }

    /// A run in a shop.
    pub fn run(self, shop: &Shop, arguments: &[&str]) -> String {
        let ran = self.ran(self.shipgate(shop, arguments));
        self.kept(&shop.repository, arguments, &ran)
    }

    /// The run of a program in this form.
    pub fn ran(self, program: Shipgate) -> Ran {
        match self {
            Self::Document | Self::Human => program.run(),
            // Which run it is is left out: that would be asked about.
            Self::Page => program
                .leaving_a_page()
                .env("GITHUB_ACTIONS", "true")
                .env("GITHUB_SERVER_URL", "https://github.com")
                .env("GITHUB_REPOSITORY", "acme/shop")
                .run(),
            Self::Log => program.in_color().env("GITHUB_ACTIONS", "true").run(),
            Self::Terminal { columns, color: true } => program.in_color().on_a_terminal_of(columns, ""),
            Self::Terminal { columns, color: false } => program.on_a_terminal_of(columns, ""),
        }
    }

    /// The same, for a test that changes more of it.
    pub fn shipgate(self, shop: &Shop, arguments: &[&str]) -> Shipgate {
        shop.shipgate(&self.words(arguments))
    }

    /// The command line of this form.
    pub fn words<'a>(self, arguments: &[&'a str]) -> Vec<&'a str> {
        match self {
            Self::Document if !arguments.contains(&"--output") => [arguments, &["--output", "json"]].concat(),
            Self::Document | Self::Human | Self::Log | Self::Terminal { .. } | Self::Page => arguments.to_vec(),
        }
    }

    /// What is kept of a run.
    pub fn kept(self, repository: &Repository, arguments: &[&str], ran: &Ran) -> String {
        let text = match self {
            Self::Document => {
                ran.json();
                ran.stdout.clone()
            }
            Self::Terminal { columns, color } => format!(
                "$ {}\n{}--- exit code {}\n",
                [&["shipgate"], arguments].concat().join(" "),
                screen(&ran.stdout, columns, color),
                ran.code
            ),
            Self::Log => colored(&format!(
                "$ {}\n{}{}--- exit code {}\n",
                [&["shipgate"], arguments].concat().join(" "),
                ran.stdout,
                ran.stderr,
                ran.code
            )),
            Self::Human => format!(
                "$ {}\n--- standard output\n{}--- standard error\n{}--- exit code {}\n",
                [&["shipgate"], arguments].concat().join(" "),
                ran.stdout,
                ran.stderr,
                ran.code
            ),
            Self::Page => std::fs::read_to_string(page_of(repository.path())).unwrap_or_default(),
        };
        normalised(&text, repository)
    }
}

/// What a terminal shows in the end, a line each, without what is blank at their ends.
pub fn screen(written: &str, columns: u16, color: bool) -> String {
    let mut parser = vt100::Parser::new(TERMINAL_ROWS.try_into().unwrap(), columns.try_into().unwrap(), 0);
    parser.process(written.as_bytes());
    let screen = parser.screen();
    let row = |row: u16| if color { marked_up(screen, row, columns) } else { plain(screen, row, columns) };
    let rows: Vec<String> = (0..TERMINAL_ROWS).map(row).collect();
    let used = rows.iter().rposition(|row| !row.is_empty()).map_or(0, |last| last + 1);
    rows[..used].iter().flat_map(|row| [row.as_str(), "\n"]).collect()
}

fn plain(screen: &vt100::Screen, row: u16, columns: u16) -> String {
    let cells = (0..columns).filter_map(|column| screen.cell(row, column)).filter(|cell| !cell.is_wide_continuation());
    let text: String = cells.map(|cell| if cell.has_contents() { cell.contents() } else { " " }).collect();
    text.trim_end().to_owned()
}

/// A row with its colours as `<red>…</>`.
fn marked_up(screen: &vt100::Screen, row: u16, columns: u16) -> String {
    let mut text = String::new();
    let mut open = String::new();
    for cell in (0..columns).filter_map(|column| screen.cell(row, column)).filter(|cell| !cell.is_wide_continuation()) {
        let contents = if cell.has_contents() { cell.contents() } else { " " };
        let style = if contents == " " { open.clone() } else { style(cell) };
        if style != open {
            text.push_str(if open.is_empty() { "" } else { "</>" });
            if !style.is_empty() {
                text.extend(["<", style.as_str(), ">"]);
            }
            open = style;
        }
        text.push_str(contents);
    }
    let text = text.trim_end().to_owned();
    if open.is_empty() { text } else { format!("{text}</>") }
}

fn style(cell: &vt100::Cell) -> String {
    let color = match cell.fgcolor() {
        vt100::Color::Default => None,
        vt100::Color::Idx(1 | 9) => Some("red"),
        vt100::Color::Idx(2 | 10) => Some("green"),
        vt100::Color::Idx(3 | 11) => Some("yellow"),
        vt100::Color::Idx(4 | 12) => Some("blue"),
        vt100::Color::Idx(6 | 14) => Some("cyan"),
        other @ (vt100::Color::Idx(_) | vt100::Color::Rgb(..)) => panic!("{other:?} is no colour of ours"),
    };
    let words = [color, cell.bold().then_some("bold"), cell.dim().then_some("dim")];
    words.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// The lines of a log with its colours as on a screen, and with how long lines took to come left out.
fn colored(text: &str) -> String {
    let named = [("\u{1b}[0m", "</>"), ("\u{1b}[1m", "<bold>"), ("\u{1b}[2m", "<dim>")];
    let named = named.into_iter().chain([
        ("\u{1b}[1m\u{1b}[31m", "<red bold>"),
        ("\u{1b}[1m\u{1b}[32m", "<green bold>"),
        ("\u{1b}[1m\u{1b}[33m", "<yellow bold>"),
    ]);
    let mut named: Vec<_> = named.collect();
    named.sort_by_key(|(sequence, _)| std::cmp::Reverse(sequence.len()));
    named.into_iter().fold(text.to_owned(), |text, (sequence, name)| text.replace(sequence, name))
}

/// Replaces what differs between two runs of one test, each thing by one of the same length where columns depend on it:
/// the test's directory and ports, its commits, digests that depend on them, the present time, and durations.
fn normalised(text: &str, repository: &Repository) -> String {
    let mut text = text.replace(repository.path().to_str().unwrap(), "/repository");
    let commits = || repository.git(&["rev-list", "--all", "--topo-order", "--reverse"]);
    let commits = if repository.path().join(".git").exists() { commits() } else { String::new() };
    for (commit, place) in commits.lines().zip(1..) {
        let known = format!("{place:07}{}", "0".repeat(33));
        text = text.replace(commit, &known).replace(&commit[..7], &known[..7]);
    }
    let mut digests: Vec<String> = vec![OLD_DIGEST[..SHOWN].to_owned()];
    text = replaced(&text, "sha256:[0-9a-f]{12,64}", |digest| {
        let place = digests.iter().position(|seen| digest.starts_with(seen));
        let place = place.unwrap_or_else(|| {
            digests.push(digest[..SHOWN].to_owned());
            digests.len() - 1
        });
        if place == 0 { digest.to_owned() } else { format!("sha256:{place:012}{}", "0".repeat(digest.len() - SHOWN)) }
    });
    for (varies, constant) in [
        (r"127\.0\.0\.1:\d+", "127.0.0.1:12345"),
        (r#""seconds": \d+\.\d+"#, r#""seconds": 0.0"#),
        (r#""version": "[^"]+""#, r#""version": "0.0.0""#),
        // The chart of a page, its plan and its end.
        (r"\(\d+\.\d s\) :(done|crit|active), \d+, \d+", "(0.0 s) :$1, 0, 1"),
        (r"Plan <code>[0-9a-f]{12}</code>", "Plan <code>000000000000</code>"),
        (r"took (\d+\.\d s|\d+ s|\d+[hm]( \d+[ms])?)\n", "took 0.0 s\n"),
        // What takes less than a second on an idle machine has no time, and no line.
        (r" +(<dim>)?\((\d+(\.\d)? s|\d+m( \d+s)?)\)(</>)?", ""),
        (r"  +</><dim>(\d+(\.\d)? s|\d+m( \d+s)?)</>(\n|  http)", "</>$4"),
        (r"  +(<dim>)?(\d+(\.\d)? s|\d+m( \d+s)?)(</>)?(\n|  http)", "$6"),
        (r"(?m)^  (<green bold>)?✓(</>)? (\S+ +)?update\n", ""),
        (r"--expect-plan [0-9a-f]{12}\b", "--expect-plan 000000000001"),
        (r"\b(just now|\d+ (s|min) ago)", "just now"),
        (r"usually [^;\n]+; gives up", "gives up"),
        // Times that a test writes down itself.
        (r"\b\d+ years ago", "9 years ago"),
        // How often a rollout is polled differs.
        (r"(request scripted-[A-Za-z-]+)-\d+", "$1-1"),
    ] {
        text = Regex::new(varies).unwrap().replace_all(&text, constant).into_owned();
    }
    replaced(&text, r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z", |time| {
        if is_present(time) { format!("2026-01-01{}00:00:00Z", &time[10..11]) } else { time.to_owned() }
    })
}

fn replaced(text: &str, pattern: &str, mut by: impl FnMut(&str) -> String) -> String {
    Regex::new(pattern).unwrap().replace_all(text, |found: &Captures<'_>| by(&found[0])).into_owned()
}

/// Whether a time is within a day of now. Those that a test writes down itself are older.
#[expect(clippy::disallowed_methods, reason = "the program under test reads the clock")]
fn is_present(time: &str) -> bool {
    let time: jiff::Timestamp = time.parse().unwrap();
    jiff::Timestamp::now().duration_since(time).abs() < jiff::SignedDuration::from_hours(25)
}
