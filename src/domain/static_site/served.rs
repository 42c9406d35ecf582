//! What a bucket serves of a release in one environment.

use std::collections::BTreeMap;

use glob::{MatchOptions, Pattern};

use super::bundle::{BundleManifest, Cache, SiteFile, SitePath};
use super::store::{CurrentRelease, KeptRelease, WrittenConfig};

/// A `*` ends at a `/`, and `**` does not.
const MATCHING: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: false };

/// What a bucket serves of a release in one environment, by path.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Served(pub BTreeMap<SitePath, SiteFile>);

impl Served {
    /// The files of a bundle without those that are kept and not served, and with the file that differs between
    /// environments: one of the bundle at its path is a default for development, and is not served.
    pub fn new(bundle: &BundleManifest, exclude: &[Pattern], config: Option<&WrittenConfig>) -> Self {
        let is_served = |path: &SitePath| !is_excluded(path, exclude);
        let files = bundle.files.iter().filter(|(path, _)| is_served(path));
        let mut files: BTreeMap<_, _> = files.map(|(path, file)| (path.clone(), file.clone())).collect();
        if let Some(config) = config {
            files.insert(config.path.clone(), config.file());
        }
        Self(files)
    }

    /// What a site serves, by its pointer and the bundle of its release.
    pub fn now(bundle: &BundleManifest, current: &CurrentRelease) -> Self {
        Self::new(bundle, &current.exclude, current.config.as_ref())
    }

    /// What was served of a release. Its file that differed between environments is not kept, and is not in it.
    pub fn then(bundle: &BundleManifest, kept: &KeptRelease) -> Self {
        Self::new(bundle, &kept.exclude, None)
    }

    /// The files that change from release to release.
    pub fn mutable(&self) -> impl Iterator<Item = &SitePath> {
        self.0.iter().filter(|(_, file)| file.cache != Cache::Immutable).map(|(path, _)| path)
    }

    /// Whether a file is served as it is there.
    pub fn has(&self, path: &SitePath, file: &SiteFile) -> bool {
        self.0.get(path) == Some(file)
    }
}

/// Whether a file is kept and not served.
pub fn is_excluded(path: &SitePath, exclude: &[Pattern]) -> bool {
    exclude.iter().any(|pattern| pattern.matches_with(path.as_str(), MATCHING))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::domain::image::Digest;

    pub fn file(content: &str, cache: Cache) -> SiteFile {
        SiteFile {
            digest: Digest::of(content),
            size: content.len() as u64,
            content_type: "text/html; charset=utf-8".to_owned(),
            cache,
            encoding: None,
        }
    }

    fn bundle(paths: &[&str]) -> BundleManifest {
        let entry = |path: &&str| (path.parse().unwrap(), file(path, Cache::Revalidate));
        BundleManifest { files: paths.iter().map(entry).collect() }
    }

    fn paths(served: &Served) -> Vec<&str> {
        served.0.keys().map(SitePath::as_str).collect()
    }

    #[test]
    fn what_is_excluded_is_not_served() {
        let bundle = bundle(&["a.js", "a.js.map", "b/c.js.map", "private/x", "private/y/z", "index.html"]);
        for (pattern, left) in [
            ("**/*.map", &["a.js", "index.html", "private/x", "private/y/z"][..]),
            ("*.map", &["a.js", "b/c.js.map", "index.html", "private/x", "private/y/z"]),
            ("private/**", &["a.js", "a.js.map", "b/c.js.map", "index.html"]),
            ("private/*", &["a.js", "a.js.map", "b/c.js.map", "index.html", "private/y/z"]),
        ] {
            let served = Served::new(&bundle, &[pattern.parse().unwrap()], None);
            assert_eq!(paths(&served), left, "{pattern}");
        }
    }

    #[test]
    fn the_file_of_the_environment_wins() {
        let bundle = bundle(&["config.js", "index.html"]);
        let config = WrittenConfig {
            path: "config.js".parse().unwrap(),
            digest: Digest::of("production"),
            size: 10,
            content_type: "text/javascript; charset=utf-8".to_owned(),
        };
        // Even where its place is excluded: it is named in the configuration.
        for exclude in [&[][..], &["*.js".parse().unwrap()]] {
            let served = Served::new(&bundle, exclude, Some(&config));
            assert_eq!(paths(&served), ["config.js", "index.html"]);
            assert_eq!(served.0[&config.path].digest, config.digest);
        }
    }
}
