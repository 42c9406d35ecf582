//! Text without the secrets that are known: pure, so that what is written can be tested as text.

use std::borrow::Cow;
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};

use super::neutral;

/// What replaces a secret.
pub const REPLACEMENT: &str = "***";
/// The shortest secret, in characters: a shorter one is part of ordinary words.
pub const LEAST: usize = 8;
/// What ends a text of shipgate that was cut.
const CUT: char = '…';
/// All but the characters that never have to be encoded
/// ([RFC 3986](https://www.rfc-editor.org/rfc/rfc3986#section-2.3)).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The secrets that are known, in every form in which they may be written.
#[derive(Debug, Clone, Default)]
pub struct Secrets {
    forms: Vec<SecretString>,
}

impl Secrets {
    /// Adds a secret, each of its lines for itself too: foreign text is split at lines.
    /// One with fewer than [`LEAST`] characters is never added.
    pub fn add(&mut self, secret: &str) {
        for part in std::iter::once(secret).chain(secret.lines()).map(str::trim) {
            if part.chars().count() >= LEAST {
                forms(part).for_each(|form| self.add_form(form));
            }
        }
    }

    fn add_form(&mut self, form: String) {
        let is_known = self.forms.iter().any(|known| known.expose_secret() == form);
        if !is_known && form.chars().count() >= LEAST {
            self.forms.push(form.into());
        }
    }

    /// The text with [`REPLACEMENT`] in the place of each whole secret, also of one that is broken over lines, and of
    /// the beginning of one (at least [`LEAST`] characters) where shipgate's own text was cut within it. Text without secrets
    /// stays as it is.
    pub fn without<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut text = Cow::Borrowed(text);
        // What is put together by a replacement may be a secret again. Each round makes the text shorter.
        while let Some(shorter) = self.replaced(&text) {
            text = Cow::Owned(shorter);
        }
        text
    }

    fn replaced(&self, text: &str) -> Option<String> {
        let mut found: Vec<Range<usize>> = self.in_text(text).chain(self.cut_off(text)).collect();
        found.extend(self.broken(text));
        found.sort_by_key(|range| range.start);
        let first = found.first()?.clone();
        let mut replaced = String::with_capacity(text.len());
        let (mut end, mut current) = (0, first);
        for range in found.into_iter().skip(1) {
            if range.start <= current.end {
                current.end = current.end.max(range.end);
            } else {
                replaced.push_str(&text[end..current.start]);
                replaced.push_str(REPLACEMENT);
                end = current.end;
                current = range;
            }
        }
        replaced.push_str(&text[end..current.start]);
        replaced.push_str(REPLACEMENT);
        replaced.push_str(&text[current.end..]);
        Some(replaced)
    }

    fn in_text<'s>(&'s self, text: &'s str) -> impl Iterator<Item = Range<usize>> + 's {
        let forms = self.forms.iter().map(ExposeSecret::expose_secret);
        forms.flat_map(|form| text.match_indices(form).map(|(start, found)| start..start + found.len()))
    }

    /// Beginnings of secrets before [`CUT`].
    fn cut_off<'s>(&'s self, text: &'s str) -> impl Iterator<Item = Range<usize>> + 's {
        let forms = self.forms.iter().map(ExposeSecret::expose_secret).filter(|_| text.contains(CUT));
        forms.flat_map(|form| {
            let head = form.char_indices().nth(LEAST).map_or(form, |(end, _)| &form[..end]);
            text.match_indices(head).filter_map(|(start, _)| {
                let rest = &text[start..];
                let shared = rest.char_indices().zip(form.chars()).find(|((_, text), form)| text != form);
                let ((length, next), _) = shared?;
                (next == CUT).then_some(start..start + length)
            })
        })
    }

    /// Secrets with line breaks in them that are none of theirs, with the blanks that the next line begins with.
    fn broken(&self, text: &str) -> Vec<Range<usize>> {
        if !text.contains(['\n', '\r']) {
            return Vec::new();
        }
        let mut joined = String::with_capacity(text.len());
        // Where each kept piece begins: in the joined text, and in the text.
        let mut pieces: Vec<(usize, usize)> = Vec::new();
        let mut at = 0;
        for line in text.split_inclusive(['\n', '\r']) {
            let content = line.trim_end_matches(['\n', '\r']);
            let begin = if at == 0 { content } else { content.trim_start_matches([' ', '\t']) };
            pieces.push((joined.len(), at + content.len() - begin.len()));
            joined.push_str(begin);
            at += line.len();
        }
        let place = |joined_at: usize| {
            let piece = pieces.partition_point(|(begin, _)| *begin <= joined_at).saturating_sub(1);
            pieces.get(piece).map_or(joined_at, |(begin, original)| original + (joined_at - begin))
        };
        // The last character is looked up by itself: what follows it may be on the next line.
        self.in_text(&joined).map(|range| place(range.start)..place(range.end - 1) + 1).collect()
    }
}

/// A secret as it is, and as texts of shipgate and of others write it.
fn forms(secret: &str) -> impl Iterator<Item = String> {
    let json = in_json(secret);
    let debug = format!("{secret:?}");
    let debug = debug.trim_start_matches('"').strip_suffix('"').unwrap_or_default().to_owned();
    let percent = utf8_percent_encode(secret, RESERVED).to_string();
    // What follows a secret changes the end of its base64: it is known without that too.
    let base64 = [STANDARD.encode(secret), URL_SAFE.encode(secret)];
    let base64 = base64.into_iter().flat_map(|text| [text[..secret.len() / 3 * 4].to_owned(), text]);
    let plain = [
        secret.to_owned(),
        neutral::line(secret),
        in_json(&json),
        in_json(&debug),
        json,
        debug,
        percent.replace("%20", "+"),
        percent,
        in_xml(secret),
        secret.replace('|', "\\|"),
    ];
    plain.into_iter().chain(base64)
}

/// As a part of a string in JSON.
fn in_json(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or_default().to_owned()
}

fn in_xml(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

/// The secrets in the value of a header that a probe sends: the whole value, what follows the scheme of an
/// authorization, the password in a basic one, and the values of cookies.
///
/// Headers that only say which answer is wanted have none: `application/json` has to stay readable elsewhere.
pub fn in_header(name: &str, value: &str) -> Vec<String> {
    const OPEN: [&str; 10] = [
        "accept",
        "accept-charset",
        "accept-encoding",
        "accept-language",
        "cache-control",
        "connection",
        "content-type",
        "host",
        "origin",
        "x-forwarded-host",
    ];
    const SCHEMES: [&str; 7] = ["apikey", "api-key", "basic", "bearer", "digest", "negotiate", "token"];
    let name = name.to_ascii_lowercase();
    let value = value.trim();
    if OPEN.contains(&name.as_str()) {
        return Vec::new();
    }
    let mut secrets = vec![value.to_owned()];
    if let Some((scheme, rest)) = value.split_once(' ') {
        let scheme = scheme.to_ascii_lowercase();
        let rest = rest.trim();
        if name.ends_with("authorization") || SCHEMES.contains(&scheme.as_str()) {
            secrets.push(rest.to_owned());
        }
        if scheme == "basic" {
            let login = STANDARD.decode(rest).ok().and_then(|login| String::from_utf8(login).ok());
            secrets.extend(login.as_deref().and_then(|login| login.split_once(':')).map(|(_, word)| word.to_owned()));
        }
    }
    if name == "cookie" {
        secrets.extend(value.split(';').filter_map(|pair| Some(pair.split_once('=')?.1.trim().to_owned())));
    }
    secrets
}

/// What is secret in a token: all of it, and of a JSON Web Token its signature, without which the rest opens nothing.
pub fn in_token(token: &str) -> impl Iterator<Item = &str> {
    let mut parts = token.split('.');
    let signature = parts.nth(2).filter(|_| parts.next().is_none());
    std::iter::once(token).chain(signature)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn knowing(secrets: &[&str]) -> Secrets {
        let mut known = Secrets::default();
        for secret in secrets {
            known.add(secret);
        }
        known
    }

    #[test]
    fn whole_secrets_are_replaced_and_nothing_else() {
        let known = knowing(&["hunter2hunter2", "stage", "hunter2hunter2-and-more", "äöüäöüäö"]);
        for (text, clean) in [
            ("stage: hunter2", "stage: hunter2"),
            ("a hunter2hunter2 b hunter2hunter2", "a *** b ***"),
            ("hunter2hunter2-and-more", "***"),
            ("hunter2hunter2hunter2hunter2", "***"),
            ("xäöüäöüäöx", "x***x"),
            ("", ""),
        ] {
            assert_eq!(known.without(text), clean, "{text}");
        }
    }

    #[test]
    fn every_form_of_a_secret_is_known() {
        let secret = "p\"a\\ss|w<o>r&d/+=?";
        let known = knowing(&[secret]);
        let json = serde_json::json!({ "a": secret }).to_string();
        for text in [
            json.clone(),
            serde_json::json!({ "a": json }).to_string(),
            format!("{secret:?}"),
            serde_json::json!([format!("{secret:?}")]).to_string(),
            format!("key={}&x", utf8_percent_encode(secret, NON_ALPHANUMERIC)),
            "<M>p&quot;a\\ss|w&lt;o&gt;r&amp;d/+=?</M>".to_owned(),
            "| p\"a\\ss\\|w<o>r&d/+=? |".to_owned(),
            STANDARD.encode(format!("{secret} and more")),
        ] {
            let clean = known.without(&text);
            assert!(clean.contains(REPLACEMENT) && !clean.contains("ss"), "{text}: {clean}");
        }
    }

    #[test]
    fn a_secret_over_several_lines_is_found() {
        let known = knowing(&["abcdefghijkl", "first-line-of-it\nsecond-line-of-it"]);
        for (text, clean) in [
            ("x abcdef\n  ghijkl y", "x *** y"),
            ("x abcdef\r\nghijkl\ny", "x ***\ny"),
            ("abc\ndef\nghi\njkl", "***"),
            ("first-line-of-it; x", "***; x"),
            ("a\nsecond-line-of-it", "a\n***"),
            ("abcdef\n\n\nghijkl", "***"),
            ("\n  abcdef\nghijkX", "\n  abcdef\nghijkX"),
        ] {
            assert_eq!(known.without(text), clean, "{text:?}");
        }
    }

    /// A message is cut before it is written: what is left of a secret is no whole one.
    #[test]
    fn the_beginning_of_a_secret_that_was_cut_is_replaced() {
        let known = knowing(&["abcdefghijklmnop"]);
        for (text, clean) in [
            ("x abcdefghijk…", "x ***…"),
            ("x abcdefgh… y", "x ***… y"),
            ("x abcdefg…", "x abcdefg…"),
            ("x abcdefghijk …", "x abcdefghijk …"),
            ("x abcdefghijk", "x abcdefghijk"),
        ] {
            assert_eq!(known.without(text), clean, "{text}");
        }
    }

    #[test]
    fn the_secrets_of_a_header_are_its_value_and_its_parts() {
        let parts = |name: &str, value: &str| in_header(name, value).join(" | ");
        assert_eq!(parts("Authorization", "Bearer abc.def"), "Bearer abc.def | abc.def");
        assert_eq!(
            parts("Authorization", "Basic dXNlcjpwYXNzOndvcmQ="),
            "Basic dXNlcjpwYXNzOndvcmQ= | dXNlcjpwYXNzOndvcmQ= | pass:word"
        );
        assert_eq!(parts("X-Key", "token abc"), "token abc | abc");
        assert_eq!(parts("X-Key", "two words"), "two words");
        assert_eq!(parts("cookie", "session=abc; theme=dark"), "session=abc; theme=dark | abc | dark");
        for open in ["Accept", "content-type", "Origin"] {
            assert_eq!(parts(open, "application/json"), "");
        }
    }

    #[test]
    fn a_token_is_known_by_its_signature_too() {
        assert_eq!(in_token("a.b.c").collect::<Vec<_>>(), ["a.b.c", "c"]);
        for opaque in ["opaque", "a.b", "a.b.c.d"] {
            assert_eq!(in_token(opaque).collect::<Vec<_>>(), [opaque]);
        }
    }

    /// Secrets and texts of the same few characters, so that they meet, touch and overlap.
    fn tricky() -> impl Strategy<Value = String> {
        "[ab*\"\\\\… \n]{0,24}"
    }

    proptest! {
        #[test]
        fn no_output_has_a_secret(secrets in prop::collection::vec(tricky(), 0..4), text in "[ab*\"\\\\… \n]{0,80}") {
            let all: Vec<&str> = secrets.iter().map(String::as_str).collect();
            let known = knowing(&all);
            let clean = known.without(&text);
            for secret in secrets.iter().map(|secret| secret.trim()).filter(|secret| secret.chars().count() >= LEAST) {
                prop_assert!(!clean.contains(secret), "{:?} in {:?}", secret, clean);
            }
        }

        #[test]
        fn what_has_a_secret_in_it_loses_it_alone(secret in "[a-zA-Z0-9+/=]{8,60}", before in "[-. ]{0,9}", after in "[-. ]{0,9}") {
            let mut known = Secrets::default();
            known.add(&secret);
            let text = format!("{before}{secret}{after}");
            prop_assert_eq!(known.without(&text), format!("{before}{REPLACEMENT}{after}"));
        }

        #[test]
        fn text_without_secrets_stays(secrets in prop::collection::vec("[a-z]{8,20}", 0..4), text in "[A-Z0-9:# \n…\u{1b}\\[]{0,80}") {
            let all: Vec<&str> = secrets.iter().map(String::as_str).collect();
            let known = knowing(&all);
            prop_assert_eq!(known.without(&text), text.as_str());
        }

        #[test]
        fn no_text_panics(secret in any::<String>(), text in any::<String>()) {
            let mut known = Secrets::default();
            known.add(&secret);
            drop(known.without(&format!("{text}{secret}\n{text}")));
        }

        #[test]
        fn a_broken_secret_is_found(secret in "[a-z]{8,30}", at in 1_usize..8, end in "\r?\n[ \t]{0,4}") {
            let mut known = Secrets::default();
            known.add(&secret);
            let (one, two) = secret.split_at(at);
            let text = format!("A {one}{end}{two} B");
            prop_assert_eq!(known.without(&text), "A *** B");
        }
    }
}
