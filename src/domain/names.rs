//! Names that arrive as text and mean something: each is a type of its own, parsed once at the border.
//!
//! Every type here has a private field, so that a value which exists is a value that was checked.

/// Says why a text is not the name it was meant to be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{value:?} is not {kind}: {reason}")]
pub struct InvalidName {
    /// The kind of name with its article, for example `an account id`.
    pub kind: &'static str,
    /// The text as it was found.
    pub value: String,
    /// What a text of this kind looks like.
    pub reason: &'static str,
}

/// A type for a kind of name.
macro_rules! name {
    ($(#[$doc:meta])* $type:ident, $kind:literal, $reason:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $type(String);

        impl $type {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $type {
            type Err = $crate::domain::names::InvalidName;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let check: fn(&str) -> bool = $check;
                if check(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err($crate::domain::names::InvalidName { kind: $kind, value: text.to_owned(), reason: $reason })
                }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }
    };
}
pub(crate) use name;

name!(
    /// A 12-digit AWS account id. Kept as text: leading zeros count.
    AccountId,
    "an account id",
    "it has exactly 12 digits",
    |text| text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
);
name!(
    /// An AWS region, for example `us-east-1`.
    Region,
    "a region",
    "it has lowercase letters, digits and hyphens, like us-east-1",
    |text| {
        text.len() <= 32
            && text.split('-').count() >= 3
            && text.split('-').all(|part| {
                !part.is_empty()
                    && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
            })
    }
);
name!(
    /// Where a release is put: `stage`, `production`.
    EnvironmentName,
    "an environment name",
    "it starts with a letter or digit and has letters, digits, `-`, `_`, `.`; at most 64",
    |text| is_plain_name(text, 64)
);
name!(
    /// What is shipped: `backend`, `worker`.
    ComponentName,
    "a component name",
    "it starts with a letter or digit and has letters, digits, `-`, `_`, `.`; at most 64",
    |text| is_plain_name(text, 64)
);
name!(
    /// A repository of a registry, without the registry's host
    /// ([`repositoryName`](https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html)).
    RepositoryName,
    "a repository name",
    "it has lowercase letters, digits and single `.`, `_`, `-` or `/` between them; 2 to 256",
    |text| {
        (2..=256).contains(&text.len())
            && text.split('/').all(|part| {
                part.starts_with(is_lower_alphanumeric)
                    && part.ends_with(is_lower_alphanumeric)
                    && part.chars().all(|c| is_lower_alphanumeric(c) || matches!(c, '.' | '_' | '-'))
            })
    }
);

fn is_lower_alphanumeric(character: char) -> bool {
    character.is_ascii_lowercase() || character.is_ascii_digit()
}

fn is_plain_name(text: &str, longest: usize) -> bool {
    text.len() <= longest
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn account_ids_have_twelve_digits() {
        assert_eq!("012345678901".parse::<AccountId>().unwrap().as_str(), "012345678901");
        for wrong in ["", "12345678901", "1234567890123", "12345678901a", " 12345678901"] {
            assert!(wrong.parse::<AccountId>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn regions_look_like_regions() {
        for right in ["us-east-1", "us-gov-west-1", "cn-north-1", "ap-southeast-2"] {
            assert!(right.parse::<Region>().is_ok(), "{right}");
        }
        for wrong in ["", "us", "us-east", "US-EAST-1", "us--1", "us-east-1/../x"] {
            assert!(wrong.parse::<Region>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn repository_names_cannot_leave_their_registry() {
        for right in ["ab", "stage-cloudshop-backend", "team/app_1.x"] {
            assert!(right.parse::<RepositoryName>().is_ok(), "{right}");
        }
        for wrong in ["", "a", "Team/app", "a//b", "../b", "a/", "/a", "a b", "a:b", "a@b"] {
            assert!(wrong.parse::<RepositoryName>().is_err(), "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn what_parses_prints_as_it_was(text in ".{0,40}") {
            if let Ok(name) = text.parse::<RepositoryName>() {
                prop_assert_eq!(name.to_string(), text.clone());
            }
            if let Ok(name) = text.parse::<ComponentName>() {
                prop_assert_eq!(name.to_string(), text);
            }
        }
    }
}
