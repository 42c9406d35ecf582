//! Images by digest: what is deployed is always a digest, a tag is only a name for people and lifecycle rules.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

use super::names::{InvalidName, RepositoryName};

/// The content address of a manifest or an index: `sha256:` and 64 lowercase hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(String);

impl Digest {
    /// The digest of some bytes.
    pub fn of(bytes: impl AsRef<[u8]>) -> Self {
        Self::from_hash(Sha256::new_with_prefix(bytes))
    }

    /// The digest of the bytes that a hash has seen.
    pub fn from_hash(hash: Sha256) -> Self {
        let mut text = "sha256:".to_owned();
        for byte in hash.finalize() {
            // Writing to a string cannot fail.
            let _written = write!(text, "{byte:02x}");
        }
        Self(text)
    }

    /// The 64 hexadecimal digits.
    pub fn hex(&self) -> &str {
        self.0.get("sha256:".len()..).unwrap_or_default()
    }

    /// The first twelve hexadecimal digits with the algorithm, for people only.
    pub fn short(&self) -> &str {
        self.0.get(..19).unwrap_or(&self.0)
    }
}

impl FromStr for Digest {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let well_formed = text.strip_prefix("sha256:").is_some_and(|hex| {
            hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
        });
        if well_formed {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidName {
                kind: "an image digest",
                value: text.to_owned(),
                reason: "it is `sha256:` and 64 lowercase hexadecimal digits",
            })
        }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl serde::Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// A tag of an image, as the registry protocol allows it
/// ([distribution-spec](https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests)).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ImageTag(String);

impl ImageTag {
    /// The tag as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ImageTag {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let well_formed =
            text.len() <= 128 && text.starts_with(word) && text.chars().all(|c| word(c) || matches!(c, '.' | '-'));
        if well_formed {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidName {
                kind: "an image tag",
                value: text.to_owned(),
                reason: "it starts with a letter, digit or `_`, and has those, `.` and `-`; at most 128",
            })
        }
    }
}

impl fmt::Display for ImageTag {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A repository of one registry: `host/name`, the host with its port where there is one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ImageRepository {
    /// The registry's host as an engine must address it, for example `123456789012.dkr.ecr.us-east-1.amazonaws.com`.
    pub host: String,
    /// The repository within the registry.
    pub name: RepositoryName,
}

impl ImageRepository {
    /// The reference a task definition gets: the tag for people, the digest for the engine.
    pub fn pinned(&self, tag: &ImageTag, digest: &Digest) -> ImageReference {
        ImageReference {
            repository: self.to_string(),
            tag: Some(tag.as_str().to_owned()),
            digest: Some(digest.clone()),
        }
    }
}

impl fmt::Display for ImageRepository {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.host, self.name)
    }
}

/// An image reference as a task definition holds it, taken apart leniently: it may be anybody's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageReference {
    /// Everything before the tag and the digest.
    pub repository: String,
    /// The tag, where one is written.
    pub tag: Option<String>,
    /// The digest, where the reference is pinned.
    pub digest: Option<Digest>,
}

impl ImageReference {
    /// Takes a reference apart. A digest that is no sha256 stays part of the repository's text, so nothing is lost.
    pub fn parse(text: &str) -> Self {
        let (rest, digest) = match text.rsplit_once('@') {
            Some((rest, digest)) => match digest.parse() {
                Ok(digest) => (rest, Some(digest)),
                Err(_) => (text, None),
            },
            None => (text, None),
        };
        // A colon before the last slash is a port, not a tag.
        let (repository, tag) = match rest.rsplit_once(':') {
            Some((repository, tag)) if tag.parse::<ImageTag>().is_ok() => (repository, Some(tag.to_owned())),
            _ => (rest, None),
        };
        Self { repository: repository.to_owned(), tag, digest }
    }
}

impl fmt::Display for ImageReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.repository)?;
        if let Some(tag) = &self.tag {
            write!(formatter, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(formatter, "@{digest}")?;
        }
        Ok(())
    }
}

/// Another address for a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryAddress {
    /// `host:port`
    pub host: String,
    /// Whether it speaks TLS.
    pub tls: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_digest_is_sha256_of_the_bytes() {
        let digest = Digest::of("abc");
        assert_eq!(digest.hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(digest.to_string().parse(), Ok(digest));
    }

    #[test]
    fn a_port_is_not_a_tag() {
        let reference = ImageReference::parse("localhost:4566/stage-cloudshop-backend");
        assert_eq!(reference.repository, "localhost:4566/stage-cloudshop-backend");
        assert_eq!(reference.tag, None);
        let tagged = ImageReference::parse("localhost:4566/app:v1");
        assert_eq!((tagged.repository.as_str(), tagged.tag.as_deref()), ("localhost:4566/app", Some("v1")));
    }

    proptest! {
        #[test]
        fn any_reference_prints_as_it_was(text in "[ -~]{0,80}") {
            prop_assert_eq!(ImageReference::parse(&text).to_string(), text);
        }

        #[test]
        fn pinned_references_round_trip(
            host in "[a-z]{1,9}(:[0-9]{2,4})?",
            name in "[a-z]{2,9}(/[a-z]{1,9})?",
            tag in "[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}",
            hex in "[0-9a-f]{64}",
        ) {
            let repository = ImageRepository { host, name: name.parse().unwrap() };
            let digest: Digest = format!("sha256:{hex}").parse().unwrap();
            let pinned = repository.pinned(&tag.parse().unwrap(), &digest);
            prop_assert_eq!(&ImageReference::parse(&pinned.to_string()), &pinned);
            prop_assert_eq!(pinned.repository, repository.to_string());
        }

        #[test]
        fn digests_and_tags_round_trip(text in "[a-f0-9:sh.-]{0,80}") {
            if let Ok(digest) = text.parse::<Digest>() {
                prop_assert_eq!(digest.to_string(), text.clone());
            }
            if let Ok(tag) = text.parse::<ImageTag>() {
                prop_assert_eq!(tag.to_string(), text);
            }
        }
    }
}
