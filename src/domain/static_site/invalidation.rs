//! Which paths of a distribution have to be invalidated, in the words of
//! [`CreateInvalidation`](https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/invalidation-specifying-objects.html).
//!
//! An edge keeps an answer under the path that a viewer asked for, so a page that viewers find under three paths is
//! invalidated under all three.

use std::collections::BTreeSet;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::bundle::SitePath;
use crate::domain::image::Digest;
use crate::domain::release::ReleaseName;

/// All that a distribution keeps.
pub const EVERYTHING: &str = "/*";
/// More paths than this below one directory become a wildcard.
const MOST_IN_DIRECTORY: usize = 15;
/// More paths than this in all become [`EVERYTHING`]: a thousand a month are free, and a wildcard counts as one
/// ([pricing](https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/PayingForInvalidation.html)).
const MOST: usize = 100;
/// Maximum number of wildcards that are in progress in one distribution
/// ([quotas](https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html#limits-invalidations)).
const MOST_WILDCARDS: usize = 15;

/// What is encoded: what [RFC 1738](https://www.rfc-editor.org/rfc/rfc1738#section-2.2) calls unsafe, and `?`, after
/// which a query would begin. `CloudFront` does not know a path again in which anything else is encoded.
const UNSAFE: AsciiSet = CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}')
    .add(b'~');

/// Characters that no path names exactly: `*` is a wildcard, and viewers encode `+` and `@` or leave them. From the first
/// of them on a wildcard stands for the rest.
const AMBIGUOUS: [char; 3] = ['*', '+', '@'];

/// How viewers find the files of a site through its distribution.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Paths {
    /// What the distribution puts before the paths that it asks the bucket for, as `/site`. Empty: nothing.
    pub origin_path: String,
    /// What it answers `/` with, from the root of the origin.
    pub root: Option<String>,
    /// Whether edges keep an answer for each query string.
    pub has_query_strings: bool,
    /// The pages that it answers errors with for so long that old ones matter, as `/index.html`. They are kept under any
    /// path.
    pub fallbacks: Vec<String>,
}

/// The paths to invalidate when files have changed. `changed`: files whose names stay when their content changes. None:
/// nothing has to be invalidated.
pub fn paths<'p>(changed: impl IntoIterator<Item = &'p SitePath>, found: &Paths) -> Vec<String> {
    let prefix = found.origin_path.trim_matches('/');
    let mut all = BTreeSet::new();
    for path in changed {
        let below = path.as_str().strip_prefix(prefix).filter(|_| !prefix.is_empty());
        let below = if prefix.is_empty() { Some(path.as_str()) } else { below.and_then(|path| path.strip_prefix('/')) };
        // What is not below the origin's path is never asked for.
        let Some(path) = below else { continue };
        if found.fallbacks.iter().any(|page| page.trim_start_matches('/') == path) {
            return vec![EVERYTHING.to_owned()];
        }
        add(path, found, &mut all);
    }
    collapsed(all.into_iter().collect())
}

/// What a distribution knows an invalidation by: asked for twice with the same reference, it makes one. `moment`: what distinguishes
/// this time from an earlier one that put the same release there.
pub fn caller_reference(release: &ReleaseName, moment: &str, paths: &[String]) -> String {
    let text = [release.to_string(), moment.to_owned(), paths.join("\n")].join("\n\n");
    let hash = Digest::of(text);
    format!("shipgate-{}-{}", release.short(), hash.hex().get(..32).unwrap_or_default())
}

/// Adds the paths that one file is found under.
fn add(path: &str, found: &Paths, all: &mut BTreeSet<String>) {
    let mut names = vec![path.to_owned()];
    let is_root = path == "index.html" || found.root.as_deref().is_some_and(|root| root.trim_matches('/') == path);
    if is_root {
        names.push(String::new());
    }
    if let Some(directory) = path.strip_suffix("/index.html") {
        names.extend([format!("{directory}/"), directory.to_owned()]);
    } else if let Some(name) = path.strip_suffix(".html").filter(|name| !is_root && !name.is_empty()) {
        names.extend((!name.ends_with('/')).then(|| name.to_owned()));
    }
    for name in names {
        let exact = exact(&name);
        if found.has_query_strings && !exact.ends_with('*') {
            all.insert(format!("{exact}?*"));
        }
        all.insert(exact);
    }
}

/// A path as the distribution knows it.
fn exact(path: &str) -> String {
    let (kept, rest) = path.split_at(path.find(AMBIGUOUS).unwrap_or(path.len()));
    let wildcard = if rest.is_empty() { "" } else { "*" };
    format!("/{}{wildcard}", utf8_percent_encode(kept, &UNSAFE))
}

/// Fewer paths that cover the same. `paths`: sorted, each once.
fn collapsed(paths: Vec<String>) -> Vec<String> {
    let paths = uncovered(below("/", uncovered(paths)));
    let wildcards = paths.iter().filter(|path| path.ends_with('*')).count();
    if paths.len() > MOST || wildcards > MOST_WILDCARDS { vec![EVERYTHING.to_owned()] } else { paths }
}

/// Without those that a wildcard before them covers.
fn uncovered(mut paths: Vec<String>) -> Vec<String> {
    paths.sort_unstable();
    // A path that another one covers is sorted behind the text before the `*`, and so is all that is between them.
    let wildcards: BTreeSet<String> =
        paths.iter().filter_map(|path| path.strip_suffix('*')).map(str::to_owned).collect();
    let is_covered = |path: &String| {
        let text = path.strip_suffix('*').unwrap_or(path);
        let is_wildcard = path.ends_with('*');
        let mut ends = text.char_indices().map(|(end, _)| end).chain([text.len()]);
        ends.any(|end| {
            let is_itself = is_wildcard && end == text.len();
            !is_itself && text.get(..end).is_some_and(|start| wildcards.contains(start))
        })
    };
    if !wildcards.is_empty() {
        paths.retain(|path| !is_covered(path));
    }
    paths
}

/// The paths of a directory, those of each directory in it that has too many as one wildcard. `paths`: sorted, all begin
/// with `directory`.
fn below(directory: &str, paths: Vec<String>) -> Vec<String> {
    if paths.len() <= MOST_IN_DIRECTORY {
        return paths;
    }
    let child = |path: &str| {
        let rest = path.get(directory.len()..)?;
        rest.find('/').and_then(|end| path.get(..=directory.len() + end)).map(str::to_owned)
    };
    let mut result = Vec::new();
    let mut rest = paths.into_iter().peekable();
    while let Some(path) = rest.next() {
        let Some(inner) = child(&path) else {
            result.push(path);
            continue;
        };
        let mut group = vec![path];
        while let Some(next) = rest.next_if(|next| next.starts_with(&inner)) {
            group.push(next);
        }
        result.extend(below(&inner, group));
    }
    let is_root = directory == "/";
    if !is_root && result.len() > MOST_IN_DIRECTORY { vec![format!("{directory}*")] } else { result }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(changed: &[&str], found: &Paths) -> Vec<String> {
        let changed: Vec<SitePath> = changed.iter().map(|path| path.parse().unwrap()).collect();
        paths(&changed, found)
    }

    #[test]
    fn a_file_is_invalidated_under_each_path_that_viewers_find_it_under() {
        for (changed, expected) in [
            (&[][..], &[][..]),
            (&["index.html"], &["/", "/index.html"]),
            (&["about.html"], &["/about", "/about.html"]),
            (&["docs/index.html"], &["/docs", "/docs/", "/docs/index.html"]),
            (&["docs/a.html"], &["/docs/a", "/docs/a.html"]),
            (&["sw.js", "config.json"], &["/config.json", "/sw.js"]),
            (&["Sw.js", "sw.js"], &["/Sw.js", "/sw.js"]),
            (&["docs.html", "docs/index.html"], &["/docs", "/docs.html", "/docs/", "/docs/index.html"]),
            (&[".well-known/x"], &["/.well-known/x"]),
            (&["docs/.html"], &["/docs/.html"]),
            (&[".html"], &["/.html"]),
        ] {
            assert_eq!(of(changed, &Paths::default()), expected, "{changed:?}");
        }
    }

    #[test]
    fn names_are_written_as_cloudfront_knows_them() {
        for (changed, expected) in [
            ("a b.txt", "/a%20b.txt"),
            ("ü.txt", "/%C3%BC.txt"),
            ("100%.txt", "/100%25.txt"),
            ("a%20b.txt", "/a%2520b.txt"),
            ("a#b?c.txt", "/a%23b%3Fc.txt"),
            ("~a^[b]{c}|\\`<>\".txt", "/%7Ea%5E%5Bb%5D%7Bc%7D%7C%5C%60%3C%3E%22.txt"),
            ("a=b&c;d,e:f$g!h'(i).txt", "/a=b&c;d,e:f$g!h'(i).txt"),
            ("x/a*b.txt", "/x/a*"),
            ("x/a+b.txt", "/x/a*"),
            ("@a/b.txt", "/*"),
        ] {
            assert_eq!(of(&[changed], &Paths::default()), [expected], "{changed}");
        }
    }

    #[test]
    fn a_distribution_may_find_files_otherwise() {
        let below = Paths { origin_path: "/site/v1".to_owned(), ..Paths::default() };
        assert_eq!(of(&["site/v1/index.html", "site/v10/a.js", "b.js"], &below), ["/", "/index.html"]);
        let root = Paths { root: Some("main.html".to_owned()), ..Paths::default() };
        assert_eq!(of(&["main.html"], &root), ["/", "/main.html"]);
        let queries = Paths { has_query_strings: true, ..Paths::default() };
        assert_eq!(of(&["index.html"], &queries), ["/", "/?*", "/index.html", "/index.html?*"]);
        assert_eq!(of(&["a*b.js"], &queries), ["/a*"]);
        let fallback = Paths { fallbacks: vec!["/index.html".to_owned()], ..Paths::default() };
        assert_eq!(of(&["a.js", "index.html"], &fallback), [EVERYTHING]);
        assert_eq!(of(&["a.js"], &fallback), ["/a.js"]);
    }

    #[test]
    fn many_paths_become_fewer() {
        let many = |count: usize, directory: &str| -> Vec<String> {
            (0..count).map(|number| format!("{directory}{number:05}.txt")).collect()
        };
        let of = |paths: &[String]| of(&paths.iter().map(String::as_str).collect::<Vec<_>>(), &Paths::default());
        assert_eq!(of(&many(15, "a/")).len(), 15);
        assert_eq!(of(&many(16, "a/")), ["/a/*"]);
        assert_eq!(of(&[many(16, "a/b/"), many(2, "a/")].concat()), ["/a/00000.txt", "/a/00001.txt", "/a/b/*"]);
        assert_eq!(of(&[many(16, "a/b/"), many(15, "a/")].concat()), ["/a/*"]);
        assert_eq!(of(&many(100, "")).len(), 100);
        assert_eq!(of(&many(101, "")), [EVERYTHING]);
        assert_eq!(of(&many(20_000, "a/b/c/")), ["/a/b/c/*"]);
        let directories: Vec<String> = (0..16).flat_map(|number| many(16, &format!("{number}/"))).collect();
        assert_eq!(of(&directories), [EVERYTHING], "more wildcards than may be in progress");
        assert_eq!(of(&["a*.txt".to_owned(), "ab.txt".to_owned(), "b.txt".to_owned()]), ["/a*", "/b.txt"]);
    }

    #[test]
    fn one_time_has_one_reference() {
        let release: ReleaseName = "4b825dc642cb6eb9a060e54bf8d69288fbee4904".parse().unwrap();
        let other: ReleaseName = "5b825dc642cb6eb9a060e54bf8d69288fbee4904".parse().unwrap();
        let paths = ["/".to_owned(), "/index.html".to_owned()];
        let reference = caller_reference(&release, "17", &paths);
        assert_eq!(reference, caller_reference(&release, "17", &paths));
        assert!(reference.starts_with("shipgate-4b825dc-"), "{reference}");
        for different in [
            caller_reference(&other, "17", &paths),
            caller_reference(&release, "18", &paths),
            caller_reference(&release, "17", &paths[..1]),
        ] {
            assert_ne!(reference, different);
        }
    }

    proptest! {
        #[test]
        fn every_path_that_a_file_is_found_under_is_invalidated(
            changed in proptest::collection::btree_set("[a-cü*+ ]{1,2}(/[a-c]{1,2}){0,3}(/index)?\\.html", 0..60),
        ) {
            let changed: Vec<SitePath> = changed.iter().map(|path| path.parse().unwrap()).collect();
            let found = paths(&changed, &Paths::default());
            prop_assert!(found.len() <= MOST);
            prop_assert!(found.iter().filter(|path| path.ends_with('*')).count() <= MOST_WILDCARDS);
            let covers = |asked: &str| found.iter().any(|path| match path.strip_suffix('*') {
                Some(start) => asked.starts_with(start),
                None => asked == path,
            });
            for path in &changed {
                let asked = path.as_str().replace(' ', "%20").replace('ü', "%C3%BC");
                prop_assert!(covers(&format!("/{asked}")), "{asked} in {found:?}");
                let bare = asked.strip_suffix(".html").unwrap();
                let alias = bare.strip_suffix("/index").map_or(bare.to_owned(), |directory| format!("{directory}/"));
                prop_assert!(covers(&format!("/{alias}")), "{asked} in {found:?}");
            }
        }

        #[test]
        fn a_path_is_one_that_cloudfront_takes(text in "\\PC{1,40}") {
            let Ok(path) = text.parse::<SitePath>() else { return Ok(()) };
            for path in paths([&path], &Paths::default()) {
                prop_assert!(path.starts_with('/') && path.is_ascii() && path.len() <= 4000, "{path}");
                prop_assert!(!path.trim_end_matches('*').contains(['*', ' ', '#', '"', '~', '?']), "{path}");
            }
        }
    }
}
