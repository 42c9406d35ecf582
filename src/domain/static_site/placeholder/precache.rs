//! Lists of files that a service worker loads beforehand, each with what says whether it changed
//! ([workbox](https://developer.chrome.com/docs/workbox/modules/workbox-precaching#explanation_of_the_precache_list)).

use std::ops::Range;

use regex_lite::{Captures, Regex};

use crate::domain::static_site::bundle::SitePath;

/// The first group is the address, the second what says whether it changed. Minifiers leave the quotes of keys out.
const ADDRESS_FIRST: &str =
    r#"["']?url["']?\s*:\s*["']([^"'\\]+)["']\s*,\s*["']?revision["']?\s*:\s*["']([0-9A-Za-z]{8,64})["']"#;
/// The other way round.
const REVISION_FIRST: &str =
    r#"["']?revision["']?\s*:\s*["']([0-9A-Za-z]{8,64})["']\s*,\s*["']?url["']?\s*:\s*["']([^"'\\]+)["']"#;
/// A pair of `sw-precache`.
const PAIR: &str = r#"\[\s*["']([^"'\\]+)["']\s*,\s*["']([0-9a-f]{32})["']\s*\]"#;

/// What says in a list whether a file changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PrecacheRevision {
    /// The address of the file, as it is written.
    pub(super) address: String,
    /// Where the revision stands.
    pub(super) range: Range<usize>,
}

/// The revisions in a file.
pub(super) fn revisions(text: &str) -> Vec<PrecacheRevision> {
    let mut found = Vec::new();
    if text.contains("revision") {
        found.extend(matches(text, ADDRESS_FIRST, (1, 2)));
        found.extend(matches(text, REVISION_FIRST, (2, 1)));
    }
    if text.contains("precacheConfig") {
        found.extend(matches(text, PAIR, (1, 2)));
    }
    found
}

fn matches(text: &str, pattern: &str, (address, revision): (usize, usize)) -> Vec<PrecacheRevision> {
    let Ok(pattern) = Regex::new(pattern) else { return Vec::new() };
    let read = |found: Captures<'_>| {
        let address = found.get(address)?.as_str().to_owned();
        Some(PrecacheRevision { address, range: found.get(revision)?.range() })
    };
    pattern.captures_iter(text).filter_map(read).collect()
}

/// The paths that an address in a list may mean: from the directory of the list, and from the root. A directory stands for its
/// page.
pub(super) fn meant(address: &str, list: &SitePath) -> Vec<String> {
    let end = address.find(['?', '#']).unwrap_or(address.len());
    let address = address.get(..end).unwrap_or_default();
    if address.contains("//") {
        return Vec::new();
    }
    let address = percent_encoding::percent_decode_str(address).decode_utf8_lossy();
    let from_root = address.trim_start_matches("./").trim_start_matches('/');
    let whole = |path: String| if path.is_empty() || path.ends_with('/') { format!("{path}index.html") } else { path };
    let below = (!address.starts_with('/')).then(|| whole(format!("{}{from_root}", list.directory())));
    below.into_iter().chain([whole(from_root.to_owned())]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_each_form_are_read() {
        for (text, expected) in [
            (r#"precacheAndRoute([{url:"index.html",revision:"0123456789abcdef"}])"#, Some("index.html")),
            (r#"[{"revision":"0123456789abcdef","url":"/a/b.json"}]"#, Some("/a/b.json")),
            ("[{ 'url' : 'index.html', 'revision' : '0123456789abcdef' }]", Some("index.html")),
            (r#"var precacheConfig=[["/index.html","0123456789abcdef0123456789abcdef"]]"#, Some("/index.html")),
            (r#"[{url:"assets/a-BkTfQwXy.js",revision:null}]"#, None),
            (r#"[["/index.html","0123456789abcdef0123456789abcdef"]]"#, None),
            ("revision", None),
        ] {
            let found = revisions(text);
            assert_eq!(found.first().map(|it| it.address.as_str()), expected, "{text}");
            assert!(found.iter().all(|it| text[it.range.clone()].starts_with("0123456789abcdef")), "{text}");
        }
    }

    #[test]
    fn an_address_means_a_file() {
        let list: SitePath = "app/sw.js".parse().unwrap();
        for (address, expected) in [
            ("index.html", vec!["app/index.html", "index.html"]),
            ("./index.html", vec!["app/index.html", "index.html"]),
            ("/index.html", vec!["index.html"]),
            ("/", vec!["index.html"]),
            ("about/?v=1", vec!["app/about/index.html", "about/index.html"]),
            ("/a%20b.json", vec!["a b.json"]),
            ("https://cdn.example.com/a.js", vec![]),
        ] {
            assert_eq!(meant(address, &list), expected, "{address}");
        }
    }
}
