//! Where a file is in a site.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use crate::domain::names::InvalidName;
use crate::domain::neutral;

/// The most bytes of a key
/// ([object keys](https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html)).
pub const LONGEST: usize = 1024;

/// A file's path from the root of its site, which is its key in the bucket too: `assets/index-Bx1aZ9.js`.
///
/// It has no empty part, no `.` or `..`, and no control character; anything else that UTF-8 has may be in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct SitePath(String);

impl SitePath {
    /// The page that browsers get at the address of the site itself.
    pub const ENTRY: &str = "index.html";

    /// The path as text, without `/` at its beginning.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its last part.
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// The directory that it is in, with `/` at its end. Empty: the root.
    pub fn directory(&self) -> &str {
        self.0.strip_suffix(self.file_name()).unwrap_or_default()
    }
}

/// Some paths in words, for people: at most this many by name.
pub fn listed<'a>(paths: impl ExactSizeIterator<Item = &'a SitePath>, most: usize) -> String {
    let more = paths.len().saturating_sub(most);
    let names = paths.take(most).map(|path| neutral::phrase(path.as_str(), 200)).collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{names} and {more} more") } else { names }
}

impl FromStr for SitePath {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_part = |part: &str| !part.is_empty() && part != "." && part != "..";
        let is_path = text.len() <= LONGEST && text.split('/').all(is_part) && !text.contains(char::is_control);
        is_path.then(|| Self(text.to_owned())).ok_or_else(|| InvalidName {
            kind: "a file of a site",
            value: text.to_owned(),
            reason: "it has at most 1,024 bytes, and neither `..` nor control characters",
        })
    }
}

impl fmt::Display for SitePath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_in_its_site() {
        for (text, is_good) in [
            ("index.html", true),
            (".well-known/apple-app-site-association", true),
            ("a b/ü+%#?.txt", true),
            ("..a/b..", true),
            ("", false),
            ("/index.html", false),
            ("a//b", false),
            ("a/", false),
            ("a/../b", false),
            ("./a", false),
            ("a\nb", false),
            ("a\u{7f}b", false),
        ] {
            assert_eq!(text.parse::<SitePath>().is_ok(), is_good, "{text:?}");
        }
        assert!("a".repeat(LONGEST).parse::<SitePath>().is_ok());
        assert!("ü".repeat(LONGEST / 2 + 1).parse::<SitePath>().is_err(), "bytes count");
    }

    #[test]
    fn a_path_has_a_directory_and_a_name() {
        for (text, directory, name) in
            [("index.html", "", "index.html"), ("a/a", "a/", "a"), ("a/b/c.js", "a/b/", "c.js")]
        {
            let path: SitePath = text.parse().unwrap();
            assert_eq!((path.directory(), path.file_name()), (directory, name));
        }
    }
}
