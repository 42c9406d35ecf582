//! What users and their programs read of a run, kept in `tests/golden` and compared exactly.

#[path = "../../src/golden.rs"]
mod files;

use regex::{Captures, Regex};

pub use self::files::{assert_files, assert_page, difference};
use crate::harness::{Ran, Repository, Shipgate};
use crate::scripted::{OLD_DIGEST, Shop};

/// How much of a digest a table shows.
const SHOWN: usize = "sha256:".len() + 12;

/// The forms in which a command answers.
#[derive(Debug, Clone, Copy)]
pub enum Form {
    /// The document on standard output, with `--output json`.
    Document,
    /// All that is written, without it.
    Human,
    /// The page that a step of a workflow leaves on its run.
    Page,
}

/// The forms of every case. The page is kept of some: those are in `scripted_golden::PAGES`.
pub const FORMS: [Form; 2] = [Form::Document, Form::Human];

/// A run by the name of its files: it sets up a world of its own, and returns the text that is kept.
pub type Case = (&'static str, fn(Form) -> String);

impl Form {
    /// The file of a case, as a path in `tests/golden`.
    pub fn file(self, name: &str) -> String {
        match self {
            Self::Document => format!("v1/{name}.json"),
            Self::Human => format!("human/{name}.txt"),
            Self::Page => format!("pages/{name}.md"),
        }
    }

    /// A run in a shop.
    pub fn run(self, shop: &Shop, arguments: &[&str]) -> String {
        let ran = self.shipgate(shop, arguments).run();
        self.kept(&shop.repository, arguments, &ran)
    }

    /// The same, for a test that changes more of it.
    pub fn shipgate(self, shop: &Shop, arguments: &[&str]) -> Shipgate {
        self.in_a_step(&shop.repository, shop.shipgate(&self.words(arguments)))
    }

    /// A run as a step of a workflow has it, where the page is wanted. Which run is left out: it would be asked about.
    pub fn in_a_step(self, repository: &Repository, shipgate: Shipgate) -> Shipgate {
        match self {
            Self::Document | Self::Human => shipgate,
            Self::Page => shipgate
                .env("GITHUB_ACTIONS", "true")
                .env("GITHUB_STEP_SUMMARY", page_of(repository))
                .env("GITHUB_SERVER_URL", "https://github.com")
                .env("GITHUB_REPOSITORY", "acme/shop")
                .env("GITHUB_ACTOR", "ada"),
        }
    }

    /// The command line of this form.
    pub fn words<'a>(self, arguments: &[&'a str]) -> Vec<&'a str> {
        match self {
            Self::Document if !arguments.contains(&"--output") => [arguments, &["--output", "json"]].concat(),
            Self::Document | Self::Human | Self::Page => arguments.to_vec(),
        }
    }

    /// What is kept of a run.
    pub fn kept(self, repository: &Repository, arguments: &[&str], ran: &Ran) -> String {
        let text = match self {
            Self::Document => {
                ran.json();
                ran.stdout.clone()
            }
            Self::Human => format!(
                "$ {}\n--- standard output\n{}--- standard error\n{}--- exit code {}\n",
                [&["shipgate"], arguments].concat().join(" "),
                ran.stdout,
                ran.stderr,
                ran.code
            ),
            Self::Page => std::fs::read_to_string(page_of(repository)).unwrap_or_default(),
        };
        normalised(&text, repository)
    }
}

/// Where a step of a workflow in this repository leaves its page.
fn page_of(repository: &Repository) -> std::path::PathBuf {
    repository.path().parent().unwrap().join("page.md")
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
        (r"in \d+\.\d s\b", "in 0.0 s"),
        (r"after \d+\.\d s\b", "after 0.0 s"),
        // The chart of a page, its plan and its end.
        (r"Plan <code>[0-9a-f]{12}</code>", "Plan <code>000000000000</code>"),
        (r"took (\d+\.\d s|\d+ s|\d+[hm]( \d+[ms])?)", "took 0.0 s"),
        (r"\(\d+\.\d s\) :(done|crit|active), \d+, \d+", "(0.0 s) :$1, 0, 1"),
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
