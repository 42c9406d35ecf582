//! The texts that are searched for: what only the other environment has.

use memchr::memmem::Finder;

use super::border::Border;
use super::side::{OwnHost, SiteEnvironment, host_in};
use crate::domain::names::{AccountId, Region};
use crate::domain::release::ReleaseName;

/// A value that is shorter may be in any program.
const SHORTEST: usize = 8;

/// A text that is searched for.
#[derive(Debug, Clone)]
pub(super) struct Needle {
    /// The text, ready to be searched for.
    pub(super) finder: Finder<'static>,
    /// What it has to stand beside.
    pub(super) border: Border,
    /// What it is, for people: its name, and never a value.
    pub(super) what: String,
    /// The texts of this environment that it is a part of, and where in them: there it is not the other's.
    pub(super) parts_of: Vec<(usize, Vec<u8>)>,
}

/// A text that may be one, what it has to stand beside, and what it is.
type Candidate = (String, Border, String);

/// All that only the other environment has. Both have the same release.
pub(super) fn all(other: &SiteEnvironment<'_>, own: &SiteEnvironment<'_>, release: &ReleaseName) -> Vec<Needle> {
    let own_hosts = own.all_hosts(release);
    let own_values = own.values(release);
    let own_names = own_hosts.iter().map(|host| host.name.as_str()).chain(own.buckets());
    let own_texts: Vec<&str> = own_names.chain(own_values.iter().map(|(_, value)| bare(value))).collect();
    let mut needles: Vec<Needle> = Vec::new();
    for (text, border, what) in candidates(other, own.account, &own_hosts, release) {
        if !own_texts.contains(&text.as_str()) {
            push(&mut needles, &text, border, &what, &own_texts);
            // As JSON inside of scripts often has it.
            push(&mut needles, &text.replace('/', "\\/"), border, &what, &own_texts);
        }
    }
    needles
}

fn candidates(
    other: &SiteEnvironment<'_>,
    own_account: Option<&AccountId>,
    own: &[OwnHost],
    release: &ReleaseName,
) -> Vec<Candidate> {
    let hosts = other.all_hosts(release);
    let hosts = hosts.iter().filter_map(|host| of_host(host, own, other));
    let values = other.values(release);
    let values = values.iter().filter_map(|(name, value)| of_value(name, value, own, other));
    let buckets = other.buckets().map(|bucket| of_bucket(bucket, other));
    // Where one of the two is not known, they may be the same.
    let account = other.account.filter(|account| own_account.is_some_and(|own| own != *account));
    let account = account
        .map(|account| (account.to_string(), Border::Account, format!("account {account} of `{}`", other.environment)));
    hosts.chain(values).chain(buckets).chain(account).collect()
}

/// Adds a text, unless it is there already.
fn push(needles: &mut Vec<Needle>, text: &str, border: Border, what: &str, own_texts: &[&str]) {
    if needles.iter().any(|needle| needle.finder.needle() == text.as_bytes()) {
        return;
    }
    let finder = Finder::new(text).into_owned();
    let within = |own: &&str| {
        let own = own.as_bytes().to_vec();
        finder.find_iter(&own).map(|at| (at, own.clone())).collect::<Vec<_>>()
    };
    let parts_of = own_texts.iter().flat_map(within).collect();
    needles.push(Needle { finder, border, what: what.to_owned(), parts_of });
}

/// A value without `/` at its end, which many leave out.
fn bare(value: &str) -> &str {
    value.trim_end_matches('/')
}

/// A host. Those under it are the other environment's too, unless one under it is this environment's.
fn of_host(host: &OwnHost, own: &[OwnHost], other: &SiteEnvironment<'_>) -> Option<Candidate> {
    let OwnHost { name, written, is_address } = host;
    if own.iter().any(|own| own.name == *name) {
        return None;
    }
    let is_under = |own: &OwnHost| own.name.strip_suffix(name.as_str()).is_some_and(|before| before.ends_with('.'));
    let border = if *is_address && !own.iter().any(is_under) { Border::Domain } else { Border::Host };
    Some((name.clone(), border, format!("host `{name}` of `{}` (`{written}`)", other.environment)))
}

/// A value. An address counts by its host, and on a host of both by all of it, unless it is no more than the host.
fn of_value(name: &str, value: &str, own: &[OwnHost], other: &SiteEnvironment<'_>) -> Option<Candidate> {
    let text = bare(value);
    let is_long = text.chars().count() >= SHORTEST;
    let counts = match host_in(value) {
        Some(host) => own.iter().any(|own| own.name == host) && !text.ends_with(&host),
        None => is_specific(text, other.environment.as_str()),
    };
    (is_long && counts)
        .then(|| (text.to_owned(), Border::Text, format!("value of `{name}` of `{}`", other.environment)))
}

/// A bucket. One that is called by a word is meant only where buckets are.
fn of_bucket(bucket: &str, other: &SiteEnvironment<'_>) -> Candidate {
    let is_specific = bucket.len() >= SHORTEST && is_specific(bucket, other.environment.as_str());
    let border = if is_specific { Border::Text } else { Border::Bucket };
    (bucket.to_owned(), border, format!("bucket `{bucket}` of `{}`", other.environment))
}

/// Whether a text is never written by chance: `pk_test_4eC39`, `stage-uploads`, and not `dark-mode`, `86400000`, `eu-west-1`.
fn is_specific(text: &str, environment: &str) -> bool {
    let is_separator = |character: char| !character.is_alphanumeric();
    let parts: Vec<&str> = text.split(is_separator).filter(|part| !part.is_empty()).collect();
    let is_digits = |part: &&str| part.bytes().all(|byte| byte.is_ascii_digit());
    let is_word = |part: &&str| {
        let rest = part.strip_prefix(|character: char| character.is_ascii_uppercase()).unwrap_or(part);
        rest.chars().all(|character| character.is_ascii_lowercase())
    };
    let is_shouted = matches!(parts[..], [part] if part.chars().all(|character| character.is_ascii_uppercase()));
    let names_environment = parts.len() > 1 && parts.iter().any(|part| part.eq_ignore_ascii_case(environment));
    let is_common = parts.iter().all(is_digits) || parts.iter().all(is_word) || is_shouted;
    names_environment || !(is_common || text.parse::<Region>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_nobody_writes_by_chance_is_telling() {
        for (text, expected) in [
            ("pk_test_4eC39", true),
            ("GTM-ABCDEFG", true),
            ("eu-west-1_AbCdEfGhI", true),
            ("stage-uploads", true),
            ("uploads of Stage", true),
            ("a1b2c3d4e5", true),
            ("stage", false),
            ("development", false),
            ("DEVELOPMENT", false),
            ("dark-mode", false),
            ("Europe/Berlin", false),
            ("86400000", false),
            ("2026-11-22", false),
            ("eu-west-1", false),
            ("shop.frontend", false),
            ("--------", false),
        ] {
            assert_eq!(is_specific(text, "stage"), expected, "{text}");
        }
    }
}
