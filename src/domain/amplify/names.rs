//! The names that apps of AWS Amplify and their parts have.
//!
//! Source: the [API reference](https://docs.aws.amazon.com/amplify/latest/APIReference/API_App.html).

use std::fmt;
use std::str::FromStr;

use crate::domain::names::{InvalidName, name};

name!(
    /// An app, by id ([`AppId`](https://docs.aws.amazon.com/amplify/latest/APIReference/API_GetApp.html)).
    AppId,
    "the id of an Amplify app",
    "it is `d` with up to 19 small letters and digits",
    |text| is_app_id(text)
);
name!(
    /// A branch of an app, by the name that it has in git
    /// ([`BranchName`](https://docs.aws.amazon.com/amplify/latest/APIReference/API_GetBranch.html)).
    BranchName,
    "the name of a branch",
    "it has 1 to 255 characters, no blanks and no control characters",
    |text| (1..=255).contains(&text.chars().count()) && !text.contains(|c: char| c.is_whitespace() || c.is_control())
);

fn is_app_id(text: &str) -> bool {
    let rest = text.strip_prefix('d').unwrap_or_default();
    (1..=19).contains(&rest.len()) && rest.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

macro_rules! words {
    ($(#[$doc:meta])* $type:ident, $kind:literal, $reason:literal, $($(#[$variant_doc:meta])* $variant:ident $word:literal,)*) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $type {
            $($(#[$variant_doc])* $variant,)*
        }

        impl $type {
            /// The word of AWS.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(self.as_str())
            }
        }

        impl FromStr for $type {
            type Err = InvalidName;

            fn from_str(text: &str) -> Result<Self, InvalidName> {
                match text {
                    $($word => Ok(Self::$variant),)*
                    _ => Err(InvalidName { kind: $kind, value: text.to_owned(), reason: $reason }),
                }
            }
        }
    };
}

words!(
    /// How an app is served ([`platform`](https://docs.aws.amazon.com/amplify/latest/APIReference/API_App.html)).
    Platform,
    "a platform of an Amplify app",
    "it is `WEB`, `WEB_COMPUTE` or `WEB_DYNAMIC`",
    /// Files alone.
    Web "WEB",
    /// Rendered on a server.
    WebCompute "WEB_COMPUTE",
    /// Rendered on a server, by the first version of Amplify's support for it.
    WebDynamic "WEB_DYNAMIC",
);
words!(
    /// The machine that builds an app
    /// ([`buildComputeType`](https://docs.aws.amazon.com/amplify/latest/APIReference/API_JobConfig.html)).
    Compute,
    "a build machine of Amplify",
    "it is `STANDARD_8GB`, `LARGE_16GB` or `XLARGE_72GB`",
    /// 8 GB of memory.
    Standard "STANDARD_8GB",
    /// 16 GB of memory.
    Large "LARGE_16GB",
    /// 72 GB of memory.
    XLarge "XLARGE_72GB",
);

impl Compute {
    /// What Amplify takes where nothing is chosen.
    pub const DEFAULT: Self = Self::Standard;

    /// Its memory, in MiB.
    pub fn memory(self) -> u64 {
        let gigabytes = match self {
            Self::Standard => 8,
            Self::Large => 16,
            Self::XLarge => 72,
        };
        gigabytes * 1024
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked() {
        for (text, good) in [
            ("d1abc2def3ghi4", true),
            ("d", false),
            ("D1ABC", false),
            ("e1abc", false),
            ("d1abc2def3ghi4jkl5mnop", false),
        ] {
            assert_eq!(text.parse::<AppId>().is_ok(), good, "{text}");
        }
        for (text, good) in [("main", true), ("feature/x", true), ("", false), ("a b", false)] {
            assert_eq!(text.parse::<BranchName>().is_ok(), good, "{text}");
        }
        assert_eq!("WEB_COMPUTE".parse::<Platform>().unwrap().as_str(), "WEB_COMPUTE");
        assert!("web".parse::<Platform>().is_err() && "8GB".parse::<Compute>().is_err());
        assert_eq!(Compute::DEFAULT.memory(), 8192);
    }
}
