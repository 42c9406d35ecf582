//! Which plan somebody expects: its digest, or the beginning of it.

use std::fmt;
use std::str::FromStr;

use crate::domain::image::Digest;
use crate::domain::names::InvalidName;

/// Minimum number of digits that name a plan beside the one that was just made.
const SHORTEST: usize = 12;
/// The digits of a whole digest.
const WHOLE: usize = 64;

/// A plan's digest, or its first digits as people read them. It is compared with one plan: the one that was just made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedPlan(String);

impl ExpectedPlan {
    /// Whether a plan with this digest is the one.
    pub fn is(&self, digest: &Digest) -> bool {
        digest.to_string().strip_prefix("sha256:").is_some_and(|digits| digits.starts_with(&self.0))
    }

    /// The whole digest. `None`: only its beginning is named, and another plan can begin with it too.
    pub fn whole(&self) -> Option<Digest> {
        self.to_string().parse().ok()
    }
}

impl FromStr for ExpectedPlan {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_prefix("sha256:").unwrap_or(text);
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let is_one = (SHORTEST..=WHOLE).contains(&digits.len()) && digits.bytes().all(is_digit);
        is_one.then(|| Self(digits.to_owned())).ok_or_else(|| InvalidName {
            kind: "a plan's digest",
            value: text.to_owned(),
            reason: "it has 12 to 64 lowercase hexadecimal digits, with or without `sha256:`",
        })
    }
}

impl fmt::Display for ExpectedPlan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "sha256:{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_named_by_the_beginning_of_its_digest() {
        let digest: Digest = format!("sha256:6d016303bfdf{}", "0".repeat(52)).parse().unwrap();
        let whole = digest.to_string();
        for (text, is) in [
            (whole.as_str(), Some(true)),
            (&whole[7..], Some(true)),
            ("6d016303bfdf", Some(true)),
            ("sha256:6d016303bfdf", Some(true)),
            ("6d016303bfdf00", Some(true)),
            ("6d016303bfdf01", Some(false)),
            ("016303bfdf00", Some(false)),
            ("6d016303bfd", None),
            ("sha256:6d016", None),
            ("sha256:", None),
            ("", None),
            ("6D016303BFDF", None),
            ("6d016303bfdg", None),
            ("sha512:6d016303bfdf", None),
        ] {
            let expected = text.parse::<ExpectedPlan>().ok();
            assert_eq!(expected.as_ref().map(|expected| expected.is(&digest)), is, "{text}");
            let whole = expected.and_then(|expected| expected.whole());
            assert_eq!(whole.is_some(), text.len() >= 64, "{text}");
        }
        let longer = format!("{whole}0");
        assert!(
            longer.parse::<ExpectedPlan>().is_err() && whole[..70].parse::<ExpectedPlan>().unwrap().whole().is_none()
        );
    }
}
