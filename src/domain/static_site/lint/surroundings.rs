//! What the configuration says of a site, and where that is in the repository.

use crate::domain::check::outline::WrittenComponent;

/// The word of the kind.
pub(super) const KIND: &str = "static-site";

/// The text of a key, where it is known.
pub(super) fn text<'c>(site: &'c WrittenComponent, key: &str) -> Option<&'c str> {
    site.texts.get(key)?.text.as_deref()
}

/// A path that the configuration file names, from the root of the repository, without `.` and `..`. The root has no name.
pub(super) fn beside(configuration: &str, path: &str) -> String {
    let own = configuration.rsplit_once('/').map_or("", |(directory, _)| directory);
    let mut parts = Vec::new();
    for part in own.split('/').chain(path.split('/')).filter(|part| !["", "."].contains(part)) {
        if part == ".." {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    parts.join("/")
}

/// A file in a directory, and in each above it: there package managers look for what they need.
pub(super) fn upwards<'a>(directory: &'a str, name: &'a str) -> impl Iterator<Item = String> + 'a {
    let above = |directory: &&'a str| match directory.rsplit_once('/') {
        Some((above, _)) => Some(above),
        None => (!directory.is_empty()).then_some(""),
    };
    std::iter::successors(Some(directory), above).map(move |directory| beside("", &format!("{directory}/{name}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_begin_at_the_configuration_file() {
        for (configuration, path, expected) in [
            ("shipgate.toml", ".", ""),
            ("shipgate.toml", "./web/", "web"),
            ("apps/shop/shipgate.toml", "web", "apps/shop/web"),
            ("apps/shop/shipgate.toml", "web/../../lib", "apps/lib"),
        ] {
            assert_eq!(beside(configuration, path), expected, "{path}");
        }
        assert_eq!(upwards("a/b", "x").collect::<Vec<_>>(), ["a/b/x", "a/x", "x"]);
        assert_eq!(upwards("", "x").collect::<Vec<_>>(), ["x"]);
    }
}
