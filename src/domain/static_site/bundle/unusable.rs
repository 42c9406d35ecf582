//! Why there is no bundle: of the output of a build, or of a file that should be one.

use crate::domain::image::Digest;
use crate::domain::limits::{BUNDLE_MANIFEST, SITE_FILES};
use crate::domain::neutral;
use crate::domain::placeholder::PlaceholderName;

/// Why there is no bundle. Names of files are as they were found, and neutral where it is displayed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// There is no directory of that name.
    #[error("the build left no directory `{}`", shown(directory))]
    NoOutput {
        /// The directory.
        directory: String,
    },
    /// The directory is not one of the repository.
    #[error("the output `{}` is not inside the repository", shown(directory))]
    OutputOutside {
        /// The directory.
        directory: String,
    },
    /// There is no file in it.
    #[error("the output `{}` has no files", shown(directory))]
    Empty {
        /// The directory.
        directory: String,
    },
    /// A browser that asks for the site gets nothing.
    #[error("the output `{}` has no `index.html`", shown(directory))]
    NoEntry {
        /// The directory.
        directory: String,
    },
    /// The build wrote nothing there, so it is of an earlier one.
    #[error("the build wrote nothing to `{}`, which was there before", shown(directory))]
    Stale {
        /// The directory.
        directory: String,
    },
    /// A symbolic link leads out of the output, or nowhere.
    #[error("`{}` is a symbolic link that leads out of the output", shown(path))]
    LinkOut {
        /// The link.
        path: String,
    },
    /// A symbolic link leads to a directory.
    #[error("`{}` is a symbolic link to a directory", shown(path))]
    LinkToDirectory {
        /// The link.
        path: String,
    },
    /// The history of the repository would be public.
    #[error("`{}` belongs to a git repository", shown(path))]
    Repository {
        /// The file or directory.
        path: String,
    },
    /// It is a device, a pipe or a socket.
    #[error("`{}` is neither a file nor a directory", shown(path))]
    Special {
        /// The file.
        path: String,
    },
    /// Its name is not UTF-8, has control characters, or is too long for a key.
    #[error("`{}` cannot be the name of a file of a site", shown(path))]
    Name {
        /// The file, with what is not UTF-8 replaced.
        path: String,
    },
    /// Somebody writes to it.
    #[error("`{}` changed while it was read", shown(path))]
    Changed {
        /// The file.
        path: String,
    },
    /// It cannot be read.
    #[error("`{}` cannot be read", shown(path))]
    Unreadable {
        /// The file or directory.
        path: String,
        /// What the system said.
        why: String,
    },
    /// There are too many files.
    #[error("the output `{}` has more than {SITE_FILES} files", shown(directory))]
    TooMany {
        /// The directory.
        directory: String,
    },
    /// The names of the files are too long together.
    #[error("the manifest of `{}` has more than {BUNDLE_MANIFEST}", shown(directory))]
    ManifestTooLarge {
        /// The directory.
        directory: String,
    },
    /// The build did not use the marker of a placeholder.
    #[error("the build left no file with the marker of placeholder `{name}`")]
    NoMarker {
        /// The placeholder.
        name: PlaceholderName,
    },
    /// A file is no bundle, or a damaged one.
    #[error("`{}` is not a bundle that shipgate wrote", shown(file))]
    Damaged {
        /// The file.
        file: String,
        /// Why, in words.
        why: String,
    },
    /// A bundle is another than the one that is asked for.
    #[error("the bundle `{}` is {found}, and not {expected}", shown(file))]
    OtherBundle {
        /// The file.
        file: String,
        /// The digest that it should have.
        expected: Digest,
        /// The digest that it has.
        found: Digest,
    },
    /// A bundle cannot be written.
    #[error("the bundle `{}` cannot be written", shown(file))]
    Unwritable {
        /// The file.
        file: String,
        /// What the system said.
        why: String,
    },
}

/// Maximum length of a name that is shown, in characters.
const LONGEST: usize = 300;

fn shown(name: &str) -> String {
    neutral::phrase(name, LONGEST)
}

impl BundleError {
    /// What is behind it, in words.
    pub fn details(&self) -> Option<&str> {
        match self {
            Self::Unreadable { why, .. } | Self::Damaged { why, .. } | Self::Unwritable { why, .. } => Some(why),
            Self::NoOutput { .. }
            | Self::OutputOutside { .. }
            | Self::Empty { .. }
            | Self::NoEntry { .. }
            | Self::Stale { .. }
            | Self::LinkOut { .. }
            | Self::LinkToDirectory { .. }
            | Self::Repository { .. }
            | Self::Special { .. }
            | Self::Name { .. }
            | Self::Changed { .. }
            | Self::TooMany { .. }
            | Self::ManifestTooLarge { .. }
            | Self::NoMarker { .. }
            | Self::OtherBundle { .. } => None,
        }
    }
}
