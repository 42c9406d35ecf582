//! Placeholders: values that a build does not know, and that are put into its files when they are deployed. While a site is
//! built, a marker stands for each.

use std::collections::BTreeMap;
use std::ops::Range;

use memchr::memmem;

use super::image::Digest;
use super::names::name;

/// What each marker begins with. It is an address, so that `new URL(…)` takes it, and no character of it is escaped in a
/// script, in JSON, in a page or in a style. No host below `.invalid` can be registered
/// ([RFC 6761](https://www.rfc-editor.org/rfc/rfc6761#section-6.4)).
const SCHEME: &str = "https://";
/// What the host of each marker begins with.
const LABEL: &str = "shipgate-placeholder-";
const TOP: &str = ".invalid";

/// The longest name: with [`LABEL`] it is one label of a host, which has at most 63 characters.
const LONGEST_NAME: usize = 40;
/// The longest value.
const LONGEST_VALUE: usize = 2000;

name!(
    /// The name of a placeholder, which is the environment variable that a build finds its marker in too.
    PlaceholderName,
    "the name of a placeholder",
    "it has capital letters and digits, with single `_` between them, begins with a letter, has at most 40 characters, and \
     begins with none of `AWS_`, `ACTIONS_`, `GITHUB_` and `SHIPGATE_`",
    |text| is_name(text)
);
name!(
    /// The value of a placeholder. It is in scripts, in pages and in styles, so it has nothing that ends a text or means
    /// something in one of them.
    PlaceholderValue,
    "a value of a placeholder",
    "it has letters, digits and `-._~:/?#@%+=` alone, and two hexadecimal digits behind each `%`; it does not end with `/`, \
     since pages write a path behind it",
    |text| is_value(text)
);

/// The values of placeholders, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlaceholderValues(pub BTreeMap<PlaceholderName, PlaceholderValue>);

/// A marker in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marked {
    /// Where it stands, in bytes.
    pub range: Range<usize>,
    /// What it stands for. `None`: it is a part of a marker, or none that shipgate hands to builds.
    pub name: Option<PlaceholderName>,
}

impl PlaceholderName {
    /// What stands for the value while a site is built: `https://shipgate-placeholder-api-url.invalid`.
    pub fn marker(&self) -> String {
        format!("{SCHEME}{LABEL}{}{TOP}", self.as_str().to_ascii_lowercase().replace('_', "-"))
    }

    fn of_label(label: &[u8]) -> Option<Self> {
        let label = std::str::from_utf8(label).ok().filter(|label| !label.contains('_'))?;
        label.to_ascii_uppercase().replace('-', "_").parse().ok()
    }
}

impl PlaceholderValues {
    /// What says whether values are the same.
    pub fn digest(&self) -> Digest {
        // Texts under texts: nothing in it can fail to be written.
        Digest::of(serde_json::to_string(&self.0).unwrap_or_default())
    }
}

/// The markers in a file, in their order.
pub fn markers(bytes: &[u8]) -> Vec<Marked> {
    memmem::find_iter(bytes, LABEL).map(|at| marked(bytes, at)).collect()
}

/// The marker whose label begins somewhere.
fn marked(bytes: &[u8], at: usize) -> Marked {
    let (before, rest) = bytes.split_at_checked(at).unwrap_or_default();
    let is_label = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let length = rest.iter().take_while(|byte| is_label(byte)).count();
    let (label, after) = rest.split_at_checked(length).unwrap_or_default();
    let end = after.strip_prefix(TOP.as_bytes()).filter(|after| !after.first().is_some_and(is_label));
    let has_scheme = before.ends_with(SCHEME.as_bytes());
    let name = label.strip_prefix(LABEL.as_bytes()).and_then(PlaceholderName::of_label);
    let end_at = at.saturating_add(length);
    match name.filter(|_| has_scheme && end.is_some()) {
        Some(name) => {
            Marked { range: at.saturating_sub(SCHEME.len())..end_at.saturating_add(TOP.len()), name: Some(name) }
        }
        None => Marked { range: at..end_at, name: None },
    }
}

fn is_name(text: &str) -> bool {
    let is_part =
        |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    let is_foreign = ["AWS_", "ACTIONS_", "GITHUB_", "SHIPGATE_"].iter().any(|prefix| text.starts_with(prefix));
    text.len() <= LONGEST_NAME
        && text.starts_with(|first: char| first.is_ascii_uppercase())
        && text.split('_').all(is_part)
        && !is_foreign
}

/// Of the characters of an address ([RFC 3986](https://www.rfc-editor.org/rfc/rfc3986#section-2)) those are left out that end
/// a text of a script (`'`), begin something in a template (`$`), are escaped in pages (`&`), end a value in a style or in a
/// list of one (`(`, `)`, `,`, `;`), or end a comment (`*`).
fn is_value(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#@%+=".contains(&byte);
    let is_encoded = |rest: &str| {
        let digits = rest.as_bytes().get(..2);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    (1..=LONGEST_VALUE).contains(&text.len())
        && text.bytes().all(is_plain)
        && text.split('%').skip(1).all(is_encoded)
        && !text.ends_with('/')
        && !text.contains(LABEL)
}

#[cfg(test)]
impl PlaceholderValues {
    /// Some values.
    pub fn sample(values: &[(&str, &str)]) -> Self {
        Self(values.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::Url;

    use super::*;

    #[test]
    fn a_name_is_an_environment_variable_and_a_label_of_a_host() {
        for (text, is_good) in [
            ("API_URL", true),
            ("REACT_APP_API_URL", true),
            ("A", true),
            ("A1_2", true),
            ("", false),
            ("api_url", false),
            ("1A", false),
            ("_A", false),
            ("A_", false),
            ("A__B", false),
            ("A-B", false),
            ("Ä", false),
            ("AWS_REGION", false),
            ("GITHUB_TOKEN", false),
            ("SHIPGATE_VARS", false),
        ] {
            assert_eq!(text.parse::<PlaceholderName>().is_ok(), is_good, "{text}");
        }
        assert!("A".repeat(40).parse::<PlaceholderName>().is_ok());
        assert!("A".repeat(41).parse::<PlaceholderName>().is_err());
    }

    #[test]
    fn a_value_stands_anywhere_in_a_page() {
        for (text, is_good) in [
            ("https://api.example.com", true),
            ("https://api.example.com:8443/v1?key=a%20b#x", true),
            ("https://key@o1.ingest.example.io/2", true),
            ("/api", true),
            ("pk_test_4eC39", true),
            ("", false),
            ("https://api.example.com/", false),
            ("/", false),
            ("a b", false),
            ("a\"b", false),
            ("a'b", false),
            ("a`b", false),
            ("a\\b", false),
            ("a<b", false),
            ("a>b", false),
            ("a&b", false),
            ("a$b", false),
            ("a{b", false),
            ("a(b", false),
            ("a)b", false),
            ("a;b", false),
            ("a,b", false),
            ("a*b", false),
            ("a%2", false),
            ("a%zz", false),
            ("ü", false),
            ("a\nb", false),
            ("https://shipgate-placeholder-api-url.invalid", false),
        ] {
            assert_eq!(text.parse::<PlaceholderValue>().is_ok(), is_good, "{text:?}");
        }
    }

    /// The markers of a text: where, and what for.
    fn found(text: &str) -> Vec<(&str, String)> {
        let found = markers(text.as_bytes()).into_iter();
        found.map(|it| (&text[it.range], it.name.map_or_else(|| "?".to_owned(), |name| name.to_string()))).collect()
    }

    #[test]
    fn a_marker_is_found_whole_or_not_at_all() {
        let marker = "https://shipgate-placeholder-api-url.invalid";
        for (text, name) in [
            (marker.to_owned(), Some("API_URL")),
            (format!("fetch(`{marker}/users`)"), Some("API_URL")),
            (format!("ü{marker}."), Some("API_URL")),
            (format!("{marker}:8443"), Some("API_URL")),
            (marker.replace("https", "wss"), None),
            (marker.replace("://", "%3A%2F%2F"), None),
            (marker.replace('/', "\\/"), None),
            (marker.replace("//", "//user@"), None),
            (marker.replace(".invalid", ".example"), None),
            (format!("{marker}ate"), None),
            (marker.replace("api-url", "Api_url"), None),
            (marker.replace("-api-url", "-"), None),
        ] {
            let expected = name.map(|name| (marker, name.to_owned()));
            let found = found(&text);
            assert_eq!(found.len(), 1, "{text}");
            match expected {
                Some(expected) => assert_eq!(found[0], expected, "{text}"),
                None => assert_eq!(found[0].1, "?", "{text}"),
            }
        }
        assert_eq!(found("https://placeholder-api-url.invalid"), []);
    }

    #[test]
    fn the_name_of_one_may_begin_that_of_another() {
        let names = ["API", "API_URL", "API_URL2"].map(|name| name.parse::<PlaceholderName>().unwrap());
        let text: String = names.iter().map(PlaceholderName::marker).collect::<Vec<_>>().join("/");
        let found: Vec<_> = markers(text.as_bytes()).into_iter().map(|marked| marked.name.unwrap()).collect();
        assert_eq!(found, names);
    }

    proptest! {
        #[test]
        fn a_marker_is_an_address_and_leads_back_to_its_name(name in "[A-Z][A-Z0-9]{0,9}(_[A-Z0-9]{1,9}){0,3}") {
            if let Ok(name) = name.parse::<PlaceholderName>() {
                let marker = name.marker();
                let address = Url::parse(&marker).unwrap();
                prop_assert_eq!(address.as_str(), format!("{marker}/"));
                prop_assert_eq!(markers(marker.as_bytes()), [Marked { range: 0..marker.len(), name: Some(name) }]);
            }
        }

        #[test]
        fn any_bytes_are_searched(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let text = [bytes.as_slice(), LABEL.as_bytes(), &bytes].concat();
            for found in markers(&text) {
                prop_assert!(text.get(found.range).is_some());
            }
        }
    }
}
