//! Secrets by their form alone, wherever they stand. The forms are those that their issuers document and that scanners
//! such as [gitleaks](https://github.com/gitleaks/gitleaks/blob/master/config/gitleaks.toml) go by.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::random::{has_example, is_varied};

/// A secret in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Where it stands, in bytes.
    pub range: Range<usize>,
    /// What it is, for people: `a token of GitHub`.
    pub what: &'static str,
}

/// What a key of `AppSync` is called: sites hand it to every browser, so it is less of a secret than others.
pub const APPSYNC_KEY: &str = "an API key of AppSync";
const ACCESS_KEY_ID: &str = "an access key ID of AWS";

/// A token that its beginning gives away.
struct Token {
    begins: &'static [&'static str],
    /// How many characters follow.
    rest: Range<usize>,
    follows: fn(u8) -> bool,
    what: &'static str,
}

const fn alphanumeric(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

const fn word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

const fn word_or_dot(byte: u8) -> bool {
    word(byte) || byte == b'.'
}

const fn base32(byte: u8) -> bool {
    matches!(byte, b'A'..=b'Z' | b'2'..=b'7')
}

const fn lower(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

const TOKENS: &[Token] = &[
    // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
    Token { begins: &["AKIA", "ASIA", "ABIA", "ACCA"], rest: 16..17, follows: base32, what: ACCESS_KEY_ID },
    // https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/
    Token {
        begins: &["ghp_", "gho_", "ghu_", "ghs_", "ghr_"],
        rest: 36..256,
        follows: word_or_dot,
        what: "a token of GitHub",
    },
    Token { begins: &["github_pat_"], rest: 40..256, follows: word, what: "a token of GitHub" },
    Token { begins: &["glpat-", "gldt-", "glrt-"], rest: 20..301, follows: word_or_dot, what: "a token of GitLab" },
    Token {
        begins: &["xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-", "xoxe-", "xapp-"],
        rest: 20..301,
        follows: word,
        what: "a token of Slack",
    },
    // https://docs.stripe.com/keys
    Token { begins: &["sk_live_", "rk_live_"], rest: 10..256, follows: alphanumeric, what: "a live key of Stripe" },
    Token { begins: &["whsec_"], rest: 32..129, follows: alphanumeric, what: "a signing secret of Stripe" },
    Token { begins: &["npm_"], rest: 36..37, follows: alphanumeric, what: "a token of npm" },
    Token { begins: &["pypi-AgE"], rest: 50..1024, follows: word, what: "a token of PyPI" },
    Token { begins: &["dckr_pat_"], rest: 27..65, follows: word, what: "a token of Docker Hub" },
    // https://docs.aws.amazon.com/appsync/latest/devguide/security-authz.html#api-key-authorization
    Token { begins: &["da2-"], rest: 26..27, follows: lower, what: APPSYNC_KEY },
    Token { begins: &["sk-ant-"], rest: 40..256, follows: word, what: "a key of Anthropic" },
    Token { begins: &["sk-proj-", "sk-svcacct-"], rest: 40..256, follows: word, what: "a key of OpenAI" },
    Token { begins: &["SG."], rest: 60..80, follows: word_or_dot, what: "a key of SendGrid" },
    Token { begins: &["hf_"], rest: 34..35, follows: alphanumeric, what: "a token of Hugging Face" },
    Token { begins: &["dop_v1_", "doo_v1_"], rest: 64..65, follows: lower, what: "a token of DigitalOcean" },
    Token { begins: &["shpat_", "shpss_"], rest: 32..33, follows: alphanumeric, what: "a token of Shopify" },
    Token { begins: &["AGE-SECRET-KEY-1"], rest: 58..59, follows: alphanumeric, what: "a private key of age" },
];

/// All secrets of a text, by their places.
pub fn hits(text: &str) -> Vec<Hit> {
    let mut hits: Vec<Hit> = words(text).filter_map(|(start, word)| token(start, word)).collect();
    hits.extend(private_keys(text));
    hits.extend(in_addresses(text));
    let ids = hits.iter().filter(|hit| hit.what == ACCESS_KEY_ID).map(|hit| hit.range.start).collect::<Vec<_>>();
    hits.extend(beside(text, &ids));
    hits.sort_by_key(|hit| (hit.range.start, hit.range.end));
    hits.dedup_by(|later, earlier| later.range.start < earlier.range.end);
    hits
}

/// The runs of characters that tokens are made of.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    text.split(|character: char| !u8::try_from(character).is_ok_and(word_or_dot)).filter_map(move |word| {
        let start = at;
        // One character parts it from the next.
        at += word.len();
        at += text[at..].chars().next().map_or(0, char::len_utf8);
        (word.len() > 12).then(|| (start, word.trim_end_matches('.')))
    })
}

fn token(start: usize, word: &str) -> Option<Hit> {
    let hit = |what| Hit { range: start..start + word.len(), what };
    let is = |token: &&Token| {
        let rests = token.begins.iter().filter_map(|begins| word.strip_prefix(begins));
        let fits = |rest: &str| token.rest.contains(&rest.len()) && rest.bytes().all(token.follows) && is_varied(rest);
        rests.into_iter().any(fits)
    };
    if has_example(word) {
        return None;
    }
    TOKENS.iter().find(is).map(|token| hit(token.what)).or_else(|| is_web_token(word).then(|| hit("a JSON Web Token")))
}

/// A JSON Web Token with its signature, but those that are made to be public: what
/// [Supabase](https://supabase.com/docs/guides/api/api-keys) hands to browsers has the role `anon`.
fn is_web_token(word: &str) -> bool {
    let parts: Vec<&str> = word.split('.').collect();
    let [header, claims, signature] = parts.as_slice() else { return false };
    let is_long = header.starts_with("eyJ") && claims.starts_with("eyJ") && claims.len() > 16 && signature.len() > 9;
    let decoded = URL_SAFE_NO_PAD.decode(claims).unwrap_or_default();
    let claims = String::from_utf8_lossy(&decoded);
    // The example of jwt.io has this subject.
    is_long && !claims.contains("\"anon\"") && !claims.contains("\"1234567890\"")
}

/// Private keys with what they are made of: the first line alone is an example.
fn private_keys(text: &str) -> impl Iterator<Item = Hit> {
    const BEGIN: &str = "-----BEGIN ";
    const LONGEST: usize = 16 << 10;
    text.match_indices(BEGIN).filter_map(|(start, _)| {
        let title = &text[start + BEGIN.len()..text.floor_char_boundary(start + BEGIN.len() + 48)];
        let (title, _) = title.split_once("-----")?;
        let body_at = start + BEGIN.len() + title.len() + 5;
        let body = &text[body_at..text.floor_char_boundary(body_at + 200)];
        let is_content = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
        let content = body.split("-----").next().unwrap_or_default().replace("\\n", "");
        let is_key = title.contains("PRIVATE KEY") && content.bytes().filter(is_content).count() >= 64;
        (is_key && is_varied(&content)).then(|| {
            let rest = &text[body_at..text.floor_char_boundary(body_at + LONGEST)];
            let end = body_at + rest.find("-----END").unwrap_or(rest.len());
            Hit { range: start..end, what: "a private key" }
        })
    })
}

/// Passwords in web addresses, and the addresses that are secrets as a whole.
fn in_addresses(text: &str) -> impl Iterator<Item = Hit> {
    const LONGEST: usize = 512;
    let address = |(at, _): (usize, &str)| {
        let start = at + 3;
        let rest = &text[start..text.floor_char_boundary(start + LONGEST)];
        let end = rest.find(|end: char| end.is_whitespace() || "\"'`<>\\,;)]".contains(end)).unwrap_or(rest.len());
        let address = &rest[..end];
        if let Some(path) = address.strip_prefix("hooks.slack.com/services/") {
            let is_hook = path.len() >= 40 && path.matches('/').count() >= 2 && is_varied(path) && !has_example(path);
            return is_hook.then_some(Hit { range: start..start + end, what: "a webhook of Slack" });
        }
        let authority = address.split(['/', '?', '#']).next().unwrap_or_default();
        // A password may hold what ends an authority.
        let (login, host) = authority.rsplit_once('@').or_else(|| address.rsplit_once('@'))?;
        let (user, password) = login.split_once(':')?;
        let host = host.split(['/', '?', '#']).next().unwrap_or_default();
        let host = host.split(':').next().unwrap_or_default();
        let is_password = password.len() >= 4 && is_password(user, password) && is_public(host);
        is_password.then_some(Hit { range: start..start + login.len(), what: "a password in an address" })
    };
    text.match_indices("://").filter_map(address)
}

fn is_password(user: &str, password: &str) -> bool {
    let word = password.to_ascii_lowercase();
    let is_stand_in = ["password", "passwd", "pass", "secret", "user", "token", "xxx", "***", "..."];
    password != user
        && !password.starts_with(['$', '{', '<', '%', '*', '[', '('])
        && !password.contains("${")
        && !is_stand_in.iter().any(|stand_in| word == *stand_in || word.starts_with("your"))
        && !has_example(password)
}

/// Whether others can reach a host of this name: not the machine itself, one of a composition, or one of an example.
fn is_public(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let is_reserved = [".local", ".internal.", ".example", ".test", ".localhost", "example.com", "example.org"];
    host.contains('.')
        && !host.starts_with("127.")
        && !host.starts_with("0.0.")
        && !host.starts_with("host.docker.")
        && !is_reserved.iter().any(|reserved| host.ends_with(reserved))
}

/// The secret access keys that stand near key ids: they have a length and no beginning of their own.
fn beside(text: &str, ids: &[usize]) -> Vec<Hit> {
    /// How many bytes apart they are at most.
    const NEAR: usize = 400;
    const LENGTH: usize = 40;
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'/' || byte == b'+';
    let mut hits = Vec::new();
    let mut done = 0;
    for id in ids {
        let begin = text.floor_char_boundary(id.saturating_sub(NEAR)).max(done);
        let end = text.floor_char_boundary(id + NEAR);
        if end <= begin {
            continue;
        }
        done = end;
        let mut at = begin;
        for run in text.as_bytes()[begin..end].split(|byte| !is_part(*byte)) {
            let word = str::from_utf8(run).unwrap_or_default();
            let has = |is: fn(&char) -> bool| word.chars().any(|character| is(&character));
            let mixed = has(char::is_ascii_lowercase) && has(char::is_ascii_uppercase) && has(char::is_ascii_digit);
            if run.len() == LENGTH && mixed && is_varied(word) && !has_example(word) {
                hits.push(Hit { range: at..at + LENGTH, what: "a secret access key of AWS" });
            }
            at += run.len() + 1;
        }
    }
    hits
}

#[cfg(test)]
#[path = "form_tests.rs"]
mod tests;
