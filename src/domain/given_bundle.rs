//! A bundle of files that was built before, as a command line names it.

use std::str::FromStr;

use camino::Utf8PathBuf;

use super::image::Digest;
use super::names::{ComponentName, InvalidName};

/// A bundle that another job built, which could get no credentials: `frontend=bundles/frontend.tar@sha256:…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenBundle {
    /// The component that it is of.
    pub component: ComponentName,
    /// The file.
    pub file: Utf8PathBuf,
    /// Its digest, as the job says that built it. Other bytes are refused.
    pub digest: Digest,
}

impl FromStr for GivenBundle {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parsed = || {
            let (component, rest) = text.split_once('=')?;
            let (file, digest) = rest.rsplit_once('@')?;
            let component = component.parse().ok()?;
            (!file.is_empty()).then_some(Self { component, file: file.into(), digest: digest.parse().ok()? })
        };
        parsed().ok_or_else(|| InvalidName {
            kind: "a bundle",
            value: text.to_owned(),
            reason: "it is COMPONENT=FILE@DIGEST, as `shipgate build` prints it",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_is_named_with_its_digest() {
        let digest = Digest::of("bundle");
        let parsed: GivenBundle = format!("frontend=a@b/c=d.tar@{digest}").parse().unwrap();
        assert_eq!((parsed.component.as_str(), parsed.file.as_str()), ("frontend", "a@b/c=d.tar"));
        assert_eq!(parsed.digest, digest);
        for wrong in ["", "frontend", "frontend=x.tar", "frontend=@sha256:1", "=x.tar@sha256:1", "frontend=x.tar@main"]
        {
            assert!(wrong.parse::<GivenBundle>().is_err(), "{wrong}");
        }
        assert!(format!("frontend=@{digest}").parse::<GivenBundle>().is_err());
    }
}
