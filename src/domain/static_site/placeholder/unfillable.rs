//! Why the values of placeholders cannot be put into the files of a release.

use std::fmt;

use crate::domain::neutral;
use crate::domain::placeholder::PlaceholderName;
use crate::domain::static_site::bundle::SitePath;

/// Why the values of placeholders cannot be put into the files of a release.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfillable {
    /// No file has the marker, so the build did not use it.
    #[error("no file that is served has the marker of placeholder `{name}`")]
    Missing {
        /// The placeholder.
        name: PlaceholderName,
    },
    /// A file has the marker of a placeholder that has no value.
    #[error("{place}: the marker of placeholder `{name}`, which has no value")]
    Unknown {
        /// Where.
        place: FilePlace,
        /// The placeholder.
        name: PlaceholderName,
    },
    /// The build wrote a marker in another form, or cut it.
    #[error("{place}: a marker that is cut or written in another form")]
    Mangled {
        /// Where.
        place: FilePlace,
    },
    /// A file that is no text would change.
    #[error("`{}` is no text, and would have to change: it {what}", shown(path))]
    NoText {
        /// The file.
        path: SitePath,
        /// What is in it.
        what: &'static str,
    },
    /// A file is too large to be searched.
    #[error("`{}` is too large to be searched for markers", shown(path))]
    TooLarge {
        /// The file.
        path: SitePath,
    },
    /// Files have the hashes of each other, and all of them change.
    #[error("`{}` and others have hashes of each other, and change", shown(path))]
    Circle {
        /// One of them.
        path: SitePath,
    },
    /// A list has a hash of a file that changes, and of a kind that is not made here.
    #[error("`{}` has a hash of `{}`, which changes", shown(list), shown(path))]
    Listed {
        /// The list.
        list: SitePath,
        /// The file.
        path: SitePath,
    },
    /// No other name was found.
    #[error("`{}` changes, and no other name for it was found", shown(path))]
    NoName {
        /// The file.
        path: SitePath,
    },
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilePlace {
    /// The file.
    pub path: SitePath,
    /// The line, from 1.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
}

impl FilePlace {
    /// The place of a byte.
    pub fn of(path: &SitePath, bytes: &[u8], at: usize) -> Self {
        let before = bytes.get(..at).unwrap_or(bytes);
        let start = memchr::memrchr(b'\n', before).map_or(0, |end| end.saturating_add(1));
        // Each byte is a character but those that go on with one of UTF-8.
        let is_character = |byte: &&u8| (**byte & 0xc0) != 0x80;
        let in_line = before.get(start..).unwrap_or_default().iter().filter(is_character).count();
        let lines = memchr::memchr_iter(b'\n', before).count();
        Self { path: path.clone(), line: lines.saturating_add(1), column: in_line.saturating_add(1) }
    }
}

impl fmt::Display for FilePlace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, line, column } = self;
        write!(formatter, "{}:{line}:{column}", shown(path))
    }
}

/// Maximum length of a name that is shown, in characters.
const LONGEST: usize = 300;

fn shown(path: &SitePath) -> String {
    neutral::phrase(path.as_str(), LONGEST)
}
