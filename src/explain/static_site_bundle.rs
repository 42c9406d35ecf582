//! Why there is no bundle of a site.

use super::{Explain, explained};
use crate::domain::failure::{CauseKind, Failure};
use crate::domain::outcome::Outcome;
use crate::domain::static_site::bundle::BundleError;

explained!(BundleError);

impl Explain for BundleError {
    fn before(&self) -> Failure {
        let failure = Failure::new(outcome(self), self.to_string()).of(CauseKind::Build);
        let failure = self.details().into_iter().fold(failure, Failure::cause);
        failure.hint(hint(self))
    }
}

/// Whether what was asked for is wrong, or what the build made.
fn outcome(error: &BundleError) -> Outcome {
    match error {
        BundleError::NoOutput { .. }
        | BundleError::OutputOutside { .. }
        | BundleError::Empty { .. }
        | BundleError::NoEntry { .. }
        | BundleError::Stale { .. }
        | BundleError::Damaged { .. }
        | BundleError::OtherBundle { .. } => Outcome::Invalid,
        BundleError::NoMarker { .. } => Outcome::Refused,
        BundleError::LinkOut { .. }
        | BundleError::LinkToDirectory { .. }
        | BundleError::Repository { .. }
        | BundleError::Special { .. }
        | BundleError::Name { .. }
        | BundleError::Changed { .. }
        | BundleError::Unreadable { .. }
        | BundleError::TooMany { .. }
        | BundleError::ManifestTooLarge { .. }
        | BundleError::Unwritable { .. } => Outcome::Failed,
    }
}

fn hint(error: &BundleError) -> &'static str {
    match error {
        BundleError::NoOutput { .. } | BundleError::Empty { .. } => {
            "correct `output` of `build`: its path begins at the configuration file; or correct the build, which has to \
             write there"
        }
        BundleError::OutputOutside { .. } => "correct `output` of `build`: name a directory of the repository",
        BundleError::NoEntry { .. } => "correct `output` of `build`: it names the directory with the page at the root",
        BundleError::Stale { .. } => {
            "correct `output` of `build`; if the build skips files that did not change, remove the directory \
             and run this again"
        }
        BundleError::LinkOut { .. } => "let the build copy the file, or remove the link",
        BundleError::LinkToDirectory { .. } => "let the build copy the directory, or remove the link",
        BundleError::Repository { .. } => "correct `output` of `build`: name the directory of the built files alone",
        BundleError::Special { .. } => "remove it, or build into a directory of its own",
        BundleError::Name { .. } => {
            "rename it: UTF-8 without control characters, and at most 1,024 bytes with its path"
        }
        BundleError::Changed { .. } => {
            "end what writes there, such as a build that watches, and wait in `run` for what it starts; run this again"
        }
        BundleError::TooMany { .. } | BundleError::ManifestTooLarge { .. } => {
            "correct `output` of `build`, or serve some of the files from elsewhere"
        }
        BundleError::NoMarker { .. } => {
            "let the build read the environment variable of that name and write its value, or remove the placeholder"
        }
        BundleError::Damaged { .. } => "make it again: `shipgate build`; unpack and repack nothing on its way",
        BundleError::OtherBundle { .. } => "hand over the file and the digest of the same `shipgate build`",
        BundleError::Unreadable { .. } => "let the user that runs shipgate read it",
        BundleError::Unwritable { .. } => "name a directory that can be written to, on a disk with room",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::image::Digest;
    use crate::domain::outcome::Outcome::{Failed, Invalid, Refused};
    use crate::explain::tests::assert_explained;

    #[test]
    fn each_way_to_get_no_bundle_is_explained() {
        let (directory, path, file) = (|| "dist".to_owned(), || "a".to_owned(), || "site.tar".to_owned());
        let why = || "no".to_owned();
        let (expected, found) = (Digest::of("a"), Digest::of("b"));
        for (error, outcome, hint) in [
            (BundleError::NoOutput { directory: directory() }, Invalid, "correct `output`"),
            (BundleError::OutputOutside { directory: directory() }, Invalid, "a directory of the repository"),
            (BundleError::Empty { directory: directory() }, Invalid, "correct `output`"),
            (BundleError::NoEntry { directory: directory() }, Invalid, "the page at the root"),
            (BundleError::Stale { directory: directory() }, Invalid, "remove the directory"),
            (BundleError::LinkOut { path: path() }, Failed, "copy the file"),
            (BundleError::LinkToDirectory { path: path() }, Failed, "copy the directory"),
            (BundleError::Repository { path: path() }, Failed, "the built files alone"),
            (BundleError::Special { path: path() }, Failed, "remove it"),
            (BundleError::Name { path: path() }, Failed, "rename it"),
            (BundleError::Changed { path: path() }, Failed, "run this again"),
            (BundleError::Unreadable { path: path(), why: why() }, Failed, "read it"),
            (BundleError::TooMany { directory: directory() }, Failed, "correct `output`"),
            (BundleError::ManifestTooLarge { directory: directory() }, Failed, "correct `output`"),
            (BundleError::NoMarker { name: "API_URL".parse().unwrap() }, Refused, "the environment variable"),
            (BundleError::Damaged { file: file(), why: why() }, Invalid, "make it again"),
            (BundleError::OtherBundle { file: file(), expected, found }, Invalid, "of the same `shipgate build`"),
            (BundleError::Unwritable { file: file(), why: why() }, Failed, "can be written to"),
        ] {
            assert_explained(&error, (outcome, CauseKind::Build, None, hint));
        }
    }

    #[test]
    fn a_hostile_name_is_shown_and_does_no_harm() {
        let error = BundleError::Changed { path: "::error::x\n##[group]\u{202e}\u{1b}[31m".repeat(100) };
        let text = error.before().reason;
        assert!(!text.contains(['\n', '\u{202e}', '\u{1b}']) && !text.contains("##["), "{text}");
        assert!(text.chars().count() < 400);
    }
}
