//! What a file is served with and when it is written, by its name and by what is beside it.

use std::ops::Range;

use super::content_type::{content_type, has_twins, is_page};
use super::file::{Cache, Encoding, SiteFile, Wave};
use super::fingerprint::{fingerprint, is_fingerprinted};
use super::path::SitePath;
use crate::domain::image::Digest;

/// The names of files that decide what a browser loads the next time: service workers, what installs them, and the list that
/// the one of Angular goes by.
const WORKERS: [&str; 10] = [
    "sw.js",
    "sw.mjs",
    "service-worker.js",
    "serviceworker.js",
    "service_worker.js",
    "firebase-messaging-sw.js",
    "ngsw-worker.js",
    "safety-worker.js",
    "registersw.js",
    "ngsw.json",
];

/// The beginnings of names whose content is asked for anew whatever the rest of them looks like: what a worker loads, lists
/// of files, and configuration.
const ASKED_ANEW: [&str; 10] = [
    "workbox-",
    "precache-manifest",
    "manifest.",
    "manifest-",
    "asset-manifest",
    "build-manifest",
    "config.",
    "config-",
    "env.",
    "env-",
];

impl SiteFile {
    /// A file with what it is served with. `has`: whether a file is in the site, by its path.
    pub fn new(path: &SitePath, (digest, size): (Digest, u64), has: impl Fn(&str) -> bool) -> Self {
        let is_twin_of = |original: &str| has_twins(&content_type(split(original).1)) && has(original);
        let twin = twin(path.as_str()).filter(|(original, _)| is_twin_of(original));
        let (original, encoding) = twin.map_or((path.as_str(), None), |(path, encoding)| (path, Some(encoding)));
        let (directory, name) = split(original);
        let content_type = content_type(name);
        let cache = cache(directory, name, &content_type);
        Self { digest, size, content_type, cache, encoding }
    }

    /// Where the fingerprint is in the path of a file that caches may keep for ever. `None`: the path has none that can be
    /// distinguished from a word.
    pub fn fingerprint(&self, path: &SitePath) -> Option<Range<usize>> {
        let (directory, name) = split(self.original(path));
        let found = fingerprint(directory, name).filter(|_| self.cache == Cache::Immutable)?;
        Some(found.start.saturating_add(directory.len())..found.end.saturating_add(directory.len()))
    }

    /// The path of the file that it is a compressed form of, or its own.
    pub fn original<'p>(&self, path: &'p SitePath) -> &'p str {
        let original = twin(path.as_str()).filter(|(_, encoding)| self.encoding == Some(*encoding));
        original.map_or(path.as_str(), |(original, _)| original)
    }

    /// What it is to the others. What is compressed is what it would be without that.
    pub fn wave(&self, path: &SitePath) -> Wave {
        let original = self.original(path);
        let (_, name) = split(original);
        match self.cache {
            _ if original == "index.html" => Wave::Entry,
            _ if is_page(&self.content_type) => Wave::Page,
            _ if is_worker(name) => Wave::Worker,
            Cache::Immutable => Wave::Asset,
            Cache::Revalidate => Wave::Other,
        }
    }
}

/// The path that a compressed file stands for, if there is a file of that path.
fn twin(path: &str) -> Option<(&str, Encoding)> {
    let (original, extension) = path.rsplit_once('.')?;
    match extension {
        "br" => Some((original, Encoding::Brotli)),
        "gz" => Some((original, Encoding::Gzip)),
        _ => None,
    }
}

/// The directory with `/` at its end, and the name.
fn split(path: &str) -> (&str, &str) {
    path.split_at(path.rfind('/').map_or(0, |at| at + 1))
}

fn is_worker(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    WORKERS.contains(&name.as_str()) || ["-sw.js", ".sw.js"].iter().any(|end| name.ends_with(end))
}

fn cache(directory: &str, name: &str, content_type: &str) -> Cache {
    let lower = name.to_ascii_lowercase();
    let is_manifest = content_type.starts_with("application/manifest+json");
    let is_asked_anew = is_page(content_type)
        || is_manifest
        || is_worker(name)
        || ASKED_ANEW.iter().any(|beginning| lower.starts_with(beginning));
    if !is_asked_anew && is_fingerprinted(directory, name) { Cache::Immutable } else { Cache::Revalidate }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn file(path: &str, others: &[&str]) -> (SiteFile, Wave) {
        let path: SitePath = path.parse().unwrap();
        let file = SiteFile::new(&path, (Digest::of("x"), 1), |other| others.contains(&other));
        let wave = file.wave(&path);
        (file, wave)
    }

    #[test]
    fn each_file_has_its_wave_and_its_rule() {
        use Cache::{Immutable, Revalidate};
        for (path, cache, wave) in [
            ("index.html", Revalidate, Wave::Entry),
            ("about/index.html", Revalidate, Wave::Page),
            ("assets/index-8e8b2a4c.html", Revalidate, Wave::Page),
            ("404.html", Revalidate, Wave::Page),
            ("a.xhtml", Revalidate, Wave::Page),
            ("sw.js", Revalidate, Wave::Worker),
            ("app/Service-Worker.js", Revalidate, Wave::Worker),
            ("firebase-messaging-sw.js", Revalidate, Wave::Worker),
            ("ngsw.json", Revalidate, Wave::Worker),
            ("registerSW.js", Revalidate, Wave::Worker),
            // A worker loads it: it is there before.
            ("workbox-4b126c97.js", Revalidate, Wave::Other),
            ("precache-manifest.0f1e2d3c4b5a69788796a5b4c3d2e1f0.js", Revalidate, Wave::Other),
            ("_app/immutable/sw.js", Revalidate, Wave::Worker),
            ("manifest.webmanifest", Revalidate, Wave::Other),
            ("assets/manifest-8e8b2a4c.json", Revalidate, Wave::Other),
            ("assets/site-8e8b2a4c.webmanifest", Revalidate, Wave::Other),
            ("config.js", Revalidate, Wave::Other),
            ("assets/config-8e8b2a4c.js", Revalidate, Wave::Other),
            ("env-8e8b2a4c.js", Revalidate, Wave::Other),
            ("assets/index-8e8b2a4c.js", Immutable, Wave::Asset),
            ("favicon.ico", Revalidate, Wave::Other),
        ] {
            let (file, found) = file(path, &[]);
            assert_eq!((file.cache, found), (cache, wave), "{path}");
        }
    }

    #[test]
    fn a_compressed_twin_is_what_it_stands_for() {
        let (script, wave) = file("assets/a-8e8b2a4c.js.br", &["assets/a-8e8b2a4c.js"]);
        assert_eq!((script.encoding, script.cache, wave), (Some(Encoding::Brotli), Cache::Immutable, Wave::Asset));
        assert_eq!(script.content_type, "text/javascript; charset=utf-8");
        let (page, wave) = file("index.html.gz", &["index.html"]);
        assert_eq!((page.encoding, page.cache, wave), (Some(Encoding::Gzip), Cache::Revalidate, Wave::Entry));
        let (worker, wave) = file("sw.js.br", &["sw.js"]);
        assert_eq!((worker.cache, wave), (Cache::Revalidate, Wave::Worker));
        let (archive, wave) = file("downloads/a.tar.gz", &["downloads/a.tar"]);
        assert_eq!((archive.encoding, wave), (None, Wave::Other));
        assert_eq!(archive.content_type, "application/gzip");
        let (alone, wave) = file("index.html.br", &["other.html"]);
        assert_eq!(
            (alone.encoding, alone.content_type.as_str(), wave),
            (None, "application/octet-stream", Wave::Other)
        );
    }

    proptest! {
        /// Whatever caches keep for ever is written first, and no page, worker or list is among it.
        #[test]
        fn only_assets_are_kept_for_ever(path in "(assets/|_app/immutable/|_nuxt/|)[a-z]{0,9}[-.]?[0-9A-Za-z]{0,10}\\.(html|js|json|css|webmanifest|br)") {
            if let Ok(path) = path.parse::<SitePath>() {
                let file = SiteFile::new(&path, (Digest::of("x"), 1), |_| true);
                let wave = file.wave(&path);
                prop_assert_eq!(wave == Wave::Asset, file.cache == Cache::Immutable, "{:?}", path);
            }
        }

        /// A twin has all of its original but the encoding.
        #[test]
        fn twins_are_equal(path in "[a-z]{1,5}/?[a-z-]{1,6}[0-9a-f]{0,10}\\.(html|js|css|svg)", end in "(br|gz)") {
            let original: SitePath = path.parse().unwrap();
            let twin: SitePath = format!("{path}.{end}").parse().unwrap();
            let has = |other: &str| other == path;
            let of = |path: &SitePath| SiteFile::new(path, (Digest::of("x"), 1), has);
            let (one, other) = (of(&original), of(&twin));
            prop_assert_eq!(one.wave(&original), other.wave(&twin));
            prop_assert!(one.encoding.is_none() && other.encoding.is_some());
            prop_assert_eq!(one, SiteFile { encoding: None, ..other });
        }
    }
}
