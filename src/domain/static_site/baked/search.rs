//! The search through the files of a release.

use std::cmp::Reverse;
use std::fmt;
use std::ops::Range;

use glob::Pattern;
use memchr::{memchr_iter, memrchr};

use super::needle::{self, Needle};
use super::side::Side;
use crate::domain::neutral;
use crate::domain::release::ReleaseName;
use crate::domain::static_site::bundle::SitePath;

/// So many places of one text are named in one file: a script may have it on every line.
const MOST_PLACES: usize = 20;

/// The ends of the names of files that are text. A source map is none: browsers do not run it.
const TEXT: &[&str] = &[
    "atom",
    "cjs",
    "css",
    "csv",
    "htm",
    "html",
    "js",
    "json",
    "jsonld",
    "md",
    "mjs",
    "rss",
    "svg",
    "txt",
    "webmanifest",
    "xhtml",
    "xml",
    "yaml",
    "yml",
];

/// What is searched for in the files of a release: what only the other environment of a promotion has.
#[derive(Debug, Clone)]
pub struct Needles {
    all: Vec<Needle>,
    excluded: Vec<Pattern>,
    /// The file that is written for the environment itself, whatever the release has there.
    written: Option<SitePath>,
}

/// A place where something of the other environment stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Baked {
    /// The file.
    pub path: SitePath,
    /// The line, from 1.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
    /// What stands there, by name: host `stage.example.com` of `stage` (`url`).
    pub what: String,
}

impl fmt::Display for Baked {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, line, column, what } = self;
        write!(formatter, "{}:{line}:{column}: {what}", neutral::line(path.as_str()))
    }
}

impl Needles {
    /// What `other` has and `own` has not. `release`: what is promoted between them, since both may name it.
    pub fn new(other: &Side<'_>, own: &Side<'_>, release: &ReleaseName) -> Self {
        Self {
            all: needle::all(other, own, release),
            excluded: own.site.exclude.clone(),
            written: own.site.runtime_config.as_ref().map(|config| config.path.clone()),
        }
    }

    /// Whether a file is searched: it is text, it is served, and it comes from the build.
    pub fn is_searched(&self, path: &SitePath) -> bool {
        let end = path.file_name().rsplit_once('.').map(|(_, end)| end.to_ascii_lowercase());
        let is_text = end.is_none_or(|end| TEXT.contains(&end.as_str()));
        let is_served = !self.excluded.iter().any(|pattern| pattern.matches(path.as_str()));
        is_text && is_served && self.written.as_ref() != Some(path)
    }

    /// Each place of a file where something of the other environment stands, in the order of the file, and at most so many
    /// of one text. Nothing of a file that is not searched.
    pub fn search(&self, path: &SitePath, bytes: &[u8]) -> Vec<Baked> {
        if !self.is_searched(path) {
            return Vec::new();
        }
        let of_needle = |needle| places(needle, bytes).take(MOST_PLACES).map(move |place| (place, needle));
        let mut found: Vec<(Range<usize>, &Needle)> = self.all.iter().flat_map(of_needle).collect();
        found.sort_by_key(|(place, _)| (place.start, Reverse(place.end)));
        // A host under another one is one thing to correct.
        let mut end = 0;
        found.retain(|(place, _)| {
            let goes_on = place.end > end;
            end = end.max(place.end);
            goes_on
        });
        let mut at = Position { lines: 0, characters: 0, bytes: 0 };
        let baked = found.into_iter().map(|(place, needle)| {
            at.move_to(bytes, place.start);
            let (line, column) = (at.lines.saturating_add(1), at.characters.saturating_add(1));
            Baked { path: path.clone(), line, column, what: needle.what.clone() }
        });
        baked.collect()
    }
}

/// Where a text stands by itself. The texts that are looked at may overlap.
fn places<'a>(needle: &'a Needle, bytes: &'a [u8]) -> impl Iterator<Item = Range<usize>> + 'a {
    let mut from = 0_usize;
    let candidates = std::iter::from_fn(move || {
        let start = from.checked_add(needle.finder.find(bytes.get(from..)?)?)?;
        from = start.saturating_add(1);
        Some(start..start.saturating_add(needle.finder.needle().len()))
    });
    candidates.filter(|place| needle.border.holds(bytes, place) && !is_part_of_own(needle, bytes, place.start))
}

/// Whether the text is a part of one of this environment's there.
fn is_part_of_own(needle: &Needle, bytes: &[u8], start: usize) -> bool {
    needle.parts_of.iter().any(|(at, own)| {
        let from = start.checked_sub(*at).and_then(|start| bytes.get(start..));
        from.is_some_and(|from| from.starts_with(own))
    })
}

/// The place in a file that was come to.
struct Position {
    /// Lines before it.
    lines: usize,
    /// Characters of its line before it.
    characters: usize,
    /// Bytes before it.
    bytes: usize,
}

impl Position {
    /// Goes on to a place that is not before this one.
    fn move_to(&mut self, file: &[u8], place: usize) {
        let passed = file.get(self.bytes..place).unwrap_or_default();
        let lines = memchr_iter(b'\n', passed).count();
        let in_line = memrchr(b'\n', passed).and_then(|end| passed.get(end.saturating_add(1)..)).unwrap_or(passed);
        // Each byte is a character but those that go on with one of UTF-8.
        let characters = in_line.iter().filter(|byte| (**byte & 0xc0) != 0x80).count();
        let before = if lines == 0 { self.characters } else { 0 };
        *self = Self {
            lines: self.lines.saturating_add(lines),
            characters: before.saturating_add(characters),
            bytes: place,
        };
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::names::{AccountId, EnvironmentName};
    use crate::domain::static_site::runtime::RuntimeConfig;
    use crate::domain::static_site::target::SiteTarget;

    const SHA: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

    /// All that an environment has.
    struct Environment {
        name: EnvironmentName,
        account: AccountId,
        url: String,
        site: SiteTarget,
        hosts: Vec<String>,
    }

    impl Environment {
        fn new(name: &str, account: &str, values: &[(&str, &str)]) -> Self {
            let site = SiteTarget {
                bucket: format!("{name}-site").parse().unwrap(),
                artifacts: format!("{name}-releases").parse().unwrap(),
                runtime_config: Some(RuntimeConfig::sample("config.js", values)),
                calls: vec![format!("https://api.{name}.example.com/v1").parse().unwrap()],
                ..SiteTarget::sample()
            };
            let url = format!("https://{name}.example.com");
            let hosts = vec![format!("d{account}.cloudfront.net")];
            Self { name: name.parse().unwrap(), account: account.parse().unwrap(), url, site, hosts }
        }

        fn side(&self) -> Side<'_> {
            let Self { name, account, url, site, hosts } = self;
            Side { environment: name, account: Some(account), url: Some(url), site, hosts }
        }
    }

    fn stage() -> Environment {
        let values = [
            ("DSN", "https://a1b2@errors.example.io/1"),
            ("POOL", "eu-west-1_AbCdEfGhI"),
            ("REGION", "eu-west-1"),
            ("THEME", "dark-mode"),
            ("SHARED", "shared_key_123"),
            ("SOCKET", "wss://socket.stage.example.net/${release.sha}"),
            ("AUTH", "login.stage-shop.example.net"),
        ];
        Environment::new("stage", "111111111111", &values)
    }

    fn production() -> Environment {
        let values = [
            ("DSN", "https://c3d4@errors.example.io/2"),
            ("POOL", "us-east-1_ZzZzZzZzZ"),
            ("REGION", "us-east-1"),
            ("THEME", "light-mode"),
            ("SHARED", "shared_key_123"),
        ];
        Environment::new("production", "222222222222", &values)
    }

    fn needles(other: &Environment, own: &Environment) -> Needles {
        Needles::new(&other.side(), &own.side(), &SHA.parse().unwrap())
    }

    fn found(path: &str, text: &str) -> Vec<String> {
        let found = needles(&stage(), &production()).search(&path.parse().unwrap(), text.as_bytes());
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_the_other_environments_is_named_without_its_value() {
        for (text, what) in [
            ("fetch('https://stage.example.com/x')", "host `stage.example.com` of `stage` (`url`)"),
            ("'//cdn.stage.example.com'", "host `stage.example.com` of `stage` (`url`)"),
            (
                r#""https:\/\/d111111111111.cloudfront.net""#,
                "host `d111111111111.cloudfront.net` of `stage` (`distribution`)",
            ),
            ("x=\"wss://socket.stage.example.net\"", "host `socket.stage.example.net` of `stage` (`SOCKET`)"),
            ("a:'login.stage-shop.example.net'", "host `login.stage-shop.example.net` of `stage` (`AUTH`)"),
            ("dsn:'https://a1b2@errors.example.io/1'", "value of `DSN` of `stage`"),
            (r"dsn:'https:\/\/a1b2@errors.example.io\/1'", "value of `DSN` of `stage`"),
            ("p='eu-west-1_AbCdEfGhI'", "value of `POOL` of `stage`"),
            ("b:'stage-site'", "bucket `stage-site` of `stage`"),
            ("s3://stage-releases/x", "bucket `stage-releases` of `stage`"),
            ("arn:aws:sns:eu-west-1:111111111111:topic", "account 111111111111 of `stage`"),
        ] {
            let (one, others): (Vec<_>, Vec<_>) = found("a.js", text).into_iter().partition(|it| it.ends_with(what));
            assert_eq!((one.len(), others), (1, Vec::new()), "{text}");
        }
    }

    #[test]
    fn what_both_have_or_anybody_may_have_is_not_counted() {
        for text in [
            "https://production.example.com",
            "https://www.example.com",
            "https://prestage.example.com",
            "https://stage.example.com.evil.org",
            "https://errors.example.io",
            "https://a1b2@errors.example.io/12",
            "shared_key_123",
            "eu-west-1 dark-mode",
            "id:111111111111",
            "stage-site-2",
            "my-stage-site",
        ] {
            assert_eq!(found("a.js", text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn a_host_above_this_environments_is_only_itself() {
        let (mut stage, production) = (stage(), production());
        stage.url = "https://example.com".to_owned();
        let needles = needles(&stage, &production);
        let count = |text: &str| needles.search(&"a.html".parse().unwrap(), text.as_bytes()).len();
        assert_eq!(count("https://example.com/ https://docs.example.com/ https://production.example.com/"), 1);
    }

    #[test]
    fn accounts_that_are_not_known_are_not_compared() {
        let (stage, production) = (stage(), production());
        let (text, path) = (b"arn:aws:sns:eu-west-1:111111111111:topic", "a.js".parse().unwrap());
        for (other, own, count) in [
            (Some(&stage.account), Some(&production.account), 1),
            (Some(&stage.account), Some(&stage.account), 0),
            (Some(&stage.account), None, 0),
            (None, Some(&production.account), 0),
        ] {
            let (other, own) = (Side { account: other, ..stage.side() }, Side { account: own, ..production.side() });
            assert_eq!(Needles::new(&other, &own, &SHA.parse().unwrap()).search(&path, text).len(), count);
        }
    }

    #[test]
    fn a_part_of_this_environments_text_is_its_own() {
        let (stage, mut production) = (stage(), production());
        let values = [("LINK", "https://example.org/?from=stage.example.com&x")];
        production.site.runtime_config = Some(RuntimeConfig::sample("config.js", &values));
        let needles = needles(&stage, &production);
        let count = |text: &str| needles.search(&"a.js".parse().unwrap(), text.as_bytes()).len();
        assert_eq!(count("'https://example.org/?from=stage.example.com&x'"), 0);
        assert_eq!(count("'https://example.org/?from=stage.example.com&y'"), 1);
    }

    #[test]
    fn a_place_has_a_line_and_a_character() {
        let text = "é stage.example.com\n\nx\r\n  “stage.example.com” stage.example.com";
        let expected = [(1, 3), (4, 4), (4, 23)];
        let found = needles(&stage(), &production()).search(&"a.html".parse().unwrap(), text.as_bytes());
        assert_eq!(found.iter().map(|it| (it.line, it.column)).collect::<Vec<_>>(), expected);
        let many = "stage.example.com\n".repeat(MOST_PLACES + 5);
        assert_eq!(self::found("a.js", &many).len(), MOST_PLACES);
    }

    #[test]
    fn only_text_that_is_served_and_built_is_searched() {
        let mut production = production();
        production.site.exclude = vec!["drafts/**".parse().unwrap()];
        let needles = needles(&stage(), &production);
        for (path, is_searched) in [
            ("index.html", true),
            ("ASSETS/A.JS", true),
            ("sw.mjs", true),
            (".well-known/apple-app-site-association", true),
            ("drafts/index.html", false),
            ("config.js", false),
            ("a/config.js", true),
            ("a.js.map", false),
            ("logo.png", false),
            ("a.js.br", false),
        ] {
            let path: SitePath = path.parse().unwrap();
            assert_eq!(needles.search(&path, b"https://stage.example.com").len(), usize::from(is_searched), "{path}");
        }
    }

    proptest! {
        #[test]
        fn what_is_planted_is_found_and_nothing_else(
            parts in proptest::collection::vec("[ -~\n]{0,40}", 1..8),
            planted in proptest::collection::vec((0_usize..5, 0_usize..8), 0..6),
        ) {
            let (texts, before) = (
                ["stage.example.com", "eu-west-1_AbCdEfGhI", "stage-site", "api.stage.example.com", "111111111111"],
                ["https://", "\"", "'", "://", "arn:aws:iam::"],
            );
            let mut text = String::new();
            let mut count = 0;
            for (index, part) in parts.iter().enumerate() {
                text.push_str(part);
                for (which, _) in planted.iter().filter(|(_, at)| *at == index) {
                    text.extend([" ", before[*which], texts[*which], ": "]);
                    count += 1;
                }
            }
            let found = found("a.js", &text);
            prop_assert_eq!(found.len(), count, "{}\n{:?}", text, found);
        }

        #[test]
        fn no_file_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let needles = needles(&stage(), &production());
            drop(needles.search(&"a.js".parse().unwrap(), &bytes));
        }
    }

    /// Run by hand: `cargo test --release a_large_site -- --ignored --nocapture`.
    #[test]
    #[ignore = "measures 200 MB, in a release build"]
    fn a_large_site_is_searched_in_a_second() {
        let line = "function a(e,t){return e.map((n=>({...n,url:`https://production.example.com/${t}`})))};";
        let file = line.repeat(2_000_000 / line.len());
        let needles = needles(&stage(), &production());
        let path = "a.js".parse().unwrap();
        let started = tokio::time::Instant::now();
        let count: usize = (0..100).map(|_| needles.search(&path, file.as_bytes()).len()).sum();
        let needed = started.elapsed();
        println!("{} texts in 200 MB: {needed:?}", needles.all.len());
        assert_eq!(count, 0);
    }
}
