//! The names that users give to things of S3 and `CloudFront`.

use crate::domain::names::name;

name!(
    /// A bucket
    /// ([naming rules](https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html)).
    BucketName,
    "a bucket name",
    "it has 3 to 63 lower-case letters, digits, `-` and `.`, and begins and ends with a letter or digit",
    |text| is_bucket(text)
);
name!(
    /// A distribution, by id
    /// ([Distribution](https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_Distribution.html)).
    DistributionId,
    "a distribution id",
    "it is `E` with capital letters and digits",
    |text| is_distribution(text)
);

fn is_bucket(text: &str) -> bool {
    let is_inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
    let is_outer = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    (3..=63).contains(&text.len())
        && text.chars().all(is_inner)
        && text.starts_with(is_outer)
        && text.ends_with(is_outer)
        && !text.contains("..")
}

fn is_distribution(text: &str) -> bool {
    let rest = text.strip_prefix('E').unwrap_or_default();
    (1..=63).contains(&rest.len()) && rest.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked() {
        for (text, good) in [
            ("stage-shop.frontend", true),
            ("abc", true),
            ("ab", false),
            ("Stage", false),
            ("-stage", false),
            ("a..b", false),
            ("a/b", false),
        ] {
            assert_eq!(text.parse::<BucketName>().is_ok(), good, "{text}");
        }
        for (text, good) in [("E2QWRUHAPOMQZL", true), ("E", false), ("e2", false), ("https://x", false)] {
            assert_eq!(text.parse::<DistributionId>().is_ok(), good, "{text}");
        }
    }
}
