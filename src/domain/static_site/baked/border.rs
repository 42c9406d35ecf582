//! Where a name ends in a file, and another text begins.

use std::ops::Range;

use crate::domain::static_site::escape::ends_escape;

/// What a name has to stand beside to be one by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Border {
    /// A host, also with others before it: `stage.example.com` in `api.stage.example.com`.
    Domain,
    /// A host alone.
    Host,
    /// A text that no letter, digit or hyphen goes on with.
    Text,
    /// A bucket where only a bucket can be meant, since its name may be a word.
    Bucket,
    /// An account in a name of AWS (`:123456789012:`) or in a host (`123456789012.dkr.…`).
    Account,
}

impl Border {
    /// Whether what stands at a place of a file is a name by itself.
    pub(super) fn holds(self, file: &[u8], place: &Range<usize>) -> bool {
        let before = file.get(..place.start).unwrap_or_default();
        let name = file.get(place.clone()).unwrap_or_default();
        let after = file.get(place.end..).unwrap_or_default();
        match self {
            Self::Domain => begins(before, true) && ends_host(after),
            Self::Host => begins(before, false) && ends_host(after),
            Self::Text => is_whole(before, name, after),
            Self::Bucket => is_of_s3(before, after),
            Self::Account => is_of_aws(before, after),
        }
    }
}

/// Whether a byte goes on with a name. Letters outside of ASCII do not: quotation marks are there, too.
fn goes_on(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

/// Whether a name can begin here. `is_part`: also after a point.
fn begins(before: &[u8], is_part: bool) -> bool {
    match before.last() {
        None => true,
        Some(b'.') => is_part,
        Some(byte) => !goes_on(*byte) || ends_escape(before),
    }
}

/// Whether a host ends here: the point at the end of a sentence does not go on with it.
fn ends_host(after: &[u8]) -> bool {
    match after {
        [b'.', next, ..] | [next, ..] => !goes_on(*next),
        [] => true,
    }
}

/// Whether nothing goes on with a text, at either end that is of a name.
fn is_whole(before: &[u8], text: &[u8], after: &[u8]) -> bool {
    let is_name = |byte: Option<&u8>| byte.is_some_and(|byte| goes_on(*byte));
    (!is_name(text.first()) || begins(before, true)) && !(is_name(text.last()) && is_name(after.first()))
}

/// Whether a bucket is named here: `NAME.s3.…`, `NAME.s3-…`, `s3://NAME`, `arn:aws:s3:::NAME`, `….amazonaws.com/NAME`.
fn is_of_s3(before: &[u8], after: &[u8]) -> bool {
    let is_host = after.starts_with(b".s3.") || after.starts_with(b".s3-");
    let starts: [&[u8]; 4] = [b"s3://", b":s3:::", b".amazonaws.com/", b".amazonaws.com.cn/"];
    (is_host && begins(before, false)) || (ends_host(after) && starts.iter().any(|start| before.ends_with(start)))
}

fn is_of_aws(before: &[u8], after: &[u8]) -> bool {
    let is_host = matches!(after, [b'.', next, ..] if next.is_ascii_lowercase()) && begins(before, false);
    is_host || (before.ends_with(b":") && after.starts_with(b":"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the name in `«»` holds.
    fn holds(border: Border, text: &str) -> bool {
        let (start, end) = (text.find('«').unwrap(), text.find('»').unwrap() - '«'.len_utf8());
        border.holds(text.replace(['«', '»'], "").as_bytes(), &(start..end))
    }

    #[test]
    fn a_name_stands_by_itself() {
        use Border::{Account, Bucket, Domain, Host, Text};
        for (border, text, is_held) in [
            (Host, "«stage.example.com»", true),
            (Host, "https://«stage.example.com»/x", true),
            (Host, "//«stage.example.com»:8443", true),
            (Host, "see «stage.example.com».", true),
            (Host, "see «stage.example.com». Then", true),
            (Host, "“«stage.example.com»”", true),
            (Host, "https%3A%2F%2F«stage.example.com»%2Fx", true),
            (Host, r"a\n«stage.example.com»\n", true),
            (Host, r"https:\u002F\u002F«stage.example.com»\u002F", true),
            (Host, r"https:\x2f\x2f«stage.example.com»", true),
            (Host, "pre«stage.example.com»", false),
            (Host, "pre-«stage.example.com»", false),
            (Host, "api.«stage.example.com»", false),
            (Domain, "api.«stage.example.com»", true),
            (Domain, "api-«stage.example.com»", false),
            (Host, "«stage.example.com»pany", false),
            (Host, "«stage.example.com».evil.org", false),
            (Domain, "«stage.example.com».evil.org", false),
            (Text, "\"«pk_test_123»\"", true),
            (Text, "x=«pk_test_123»&y", true),
            (Text, "«pk_test_123»4", false),
            (Text, "x«pk_test_123»", false),
            (Text, "«https://a.example/»users", true),
            (Text, "a«/stage/api/»b", true),
            (Bucket, "https://«site».s3.eu-west-1.amazonaws.com/x", true),
            (Bucket, "https://«site».s3-website-eu-west-1.amazonaws.com", true),
            (Bucket, "s3://«site»/x", true),
            (Bucket, "arn:aws:s3:::«site»/*", true),
            (Bucket, "https://s3.eu-west-1.amazonaws.com/«site»/x", true),
            (Bucket, "my «site» is", false),
            (Bucket, "s3://«site»-2", false),
            (Bucket, "https://my-«site».s3.amazonaws.com", false),
            (Account, "arn:aws:iam::«123456789012»:role", true),
            (Account, "\"«123456789012».dkr.ecr\"", true),
            (Account, "t=«123456789012»", false),
            (Account, "«123456789012».5", false),
        ] {
            assert_eq!(holds(border, text), is_held, "{border:?} {text}");
        }
    }
}
