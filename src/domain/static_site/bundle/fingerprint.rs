//! Whether the name of a file says what is in it, so that caches may keep it for ever.
//!
//! A name that is taken for one of these and is none is the worst mistake: browsers keep the old content for a year. So
//! only what builders are known to write counts, and what a person may have written does not. A fingerprint that is not
//! recognised costs a question to the server.

use std::ops::Range;

/// The fewest characters of a fingerprint, and as many as those in Base64 and Base32 have: Rollup's default, which Vite,
/// Nuxt, Astro and `SvelteKit` keep ([output.hashCharacters](https://rollupjs.org/configuration-options/)), and esbuild's.
const SHORTEST: usize = 8;
/// The most: SHA-256 in hexadecimal digits.
const LONGEST: usize = 64;
/// The digits of an identifier of `MongoDB`, which uploads are named by.
const OBJECT_ID: usize = 24;

/// What may stand between a fingerprint and the last extension.
const INNER: [&str; 9] = ["js", "css", "mjs", "min", "chunk", "bundle", "module", "worker", "_"];

/// What stands between the parts of a name.
const SEPARATORS: [char; 3] = ['.', '-', '_'];

/// Types that are written by builders rather than put there by people.
const BUILT: [&str; 5] = ["js", "mjs", "css", "map", "wasm"];

/// Where builders put files whose names are fingerprinted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FingerprintPlace {
    /// All that is in it is fingerprinted
    /// ([adapters serve it as immutable](https://svelte.dev/docs/kit/configuration#appDir)).
    Always,
    /// A directory of a builder alone.
    Builder,
    /// A directory of a builder in which people put files too.
    Shared,
    /// Anywhere else.
    Other,
}

impl FingerprintPlace {
    fn of(directory: &str) -> Self {
        const BUILDERS: [&str; 8] = [
            "_next/static/chunks/",
            "_next/static/css/",
            "_next/static/media/",
            "_nuxt/",
            "_astro/",
            "static/js/",
            "static/css/",
            "static/media/",
        ];
        let is_in = |name: &str| directory.starts_with(name) || directory.contains(&format!("/{name}"));
        if is_in("_app/immutable/") {
            Self::Always
        } else if BUILDERS.into_iter().any(is_in) {
            Self::Builder
        } else if is_in("assets/") {
            Self::Shared
        } else {
            Self::Other
        }
    }
}

/// Whether another content of a file would have another name. `directory` ends with `/`, or is empty.
pub(super) fn is_fingerprinted(directory: &str, file_name: &str) -> bool {
    let is_of_builder = || FingerprintPlace::of(directory) == FingerprintPlace::Always && file_name.contains('.');
    fingerprint(directory, file_name).is_some() || is_of_builder()
}

/// Where the fingerprint is in a name. `None`: there is none, or it could be a word.
pub(super) fn fingerprint(directory: &str, file_name: &str) -> Option<Range<usize>> {
    let (stem, extension) = file_name.rsplit_once('.')?;
    let place = FingerprintPlace::of(directory);
    let is_built = BUILT.contains(&extension) || place == FingerprintPlace::Always;
    let stem = without_inner(stem);
    if ends_with_uuid(stem) {
        return None;
    }
    let of_digits = || match place {
        // What stands behind it says more of the content: `a34f9d1faa5f3315-s.p.woff2`.
        FingerprintPlace::Always | FingerprintPlace::Builder => last_hexadecimal(stem),
        FingerprintPlace::Shared | FingerprintPlace::Other => {
            let (before, last) = last_part(stem);
            let is_no_object = place != FingerprintPlace::Other || last.len() != OBJECT_ID;
            let is_one = is_hexadecimal(last) && is_no_object && !before.is_empty();
            is_one.then(|| stem.len().saturating_sub(last.len())..stem.len())
        }
    };
    let of_letters = || {
        let (before, last) = last_characters(stem)?;
        let is_random = match place {
            FingerprintPlace::Always | FingerprintPlace::Builder | FingerprintPlace::Shared if is_built => {
                !is_word(last)
            }
            FingerprintPlace::Always | FingerprintPlace::Builder | FingerprintPlace::Shared => {
                !is_word(last) && looks_random(last)
            }
            FingerprintPlace::Other => is_built && is_base32(last),
        };
        // A name that is nothing else may be that of anything: of a picture by its number, of a script by its component.
        let is_one =
            is_random && (matches!(place, FingerprintPlace::Always | FingerprintPlace::Builder) || !before.is_empty());
        is_one.then(|| stem.len().saturating_sub(last.len())..stem.len())
    };
    of_digits().or_else(of_letters)
}

/// The last part of a name that is hexadecimal.
fn last_hexadecimal(stem: &str) -> Option<Range<usize>> {
    let mut end = stem.len();
    for part in stem.rsplit(SEPARATORS) {
        let start = end.saturating_sub(part.len());
        if is_hexadecimal(part) {
            return Some(start..end);
        }
        end = start.saturating_sub(1);
    }
    None
}

/// A name without what builders put after the fingerprint: `main.8e8b2a4c.chunk` without `.chunk`.
fn without_inner(stem: &str) -> &str {
    let mut stem = stem;
    while let Some((before, _)) = stem.rsplit_once('.').filter(|(_, last)| INNER.contains(last)) {
        stem = before;
    }
    stem
}

/// What follows the last `.`, `-` or `_`, and what is before that.
fn last_part(stem: &str) -> (&str, &str) {
    match stem.rfind(SEPARATORS) {
        Some(at) => (stem.get(..at).unwrap_or_default(), stem.get(at + 1..).unwrap_or_default()),
        None => ("", stem),
    }
}

/// The last eight characters, where they are Base64 for URLs and follow `.` or `-` or nothing, and what is before that.
fn last_characters(stem: &str) -> Option<(&str, &str)> {
    let (before, last) = stem.split_at_checked(stem.len().checked_sub(SHORTEST)?)?;
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let before = if before.is_empty() { before } else { before.strip_suffix(['.', '-'])? };
    last.bytes().all(is_base64).then_some((before, last))
}

/// Lower-case hexadecimal digits in no order that people write: a date has no letters, a word no digits, and both of them
/// beside each other change from one to the other once.
fn is_hexadecimal(part: &str) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_digit();
    let is_hex = |byte: u8| is_digit(byte) || (b'a'..=b'f').contains(&byte);
    let digits = part.bytes().filter(|byte| is_digit(*byte)).count();
    let changes = changes(part.bytes().map(is_digit));
    (SHORTEST..=LONGEST).contains(&part.len())
        && part.bytes().all(is_hex)
        && digits >= 2
        && part.len() - digits >= 2
        && changes >= 2
}

/// Base32 with a digit, as esbuild writes it.
fn is_base32(part: &str) -> bool {
    let is_digit = |byte: u8| (b'2'..=b'7').contains(&byte);
    part.len() == SHORTEST
        && part.bytes().all(|byte| byte.is_ascii_uppercase() || is_digit(byte))
        && part.bytes().any(is_digit)
        && part.bytes().any(|byte| byte.is_ascii_uppercase())
        && !ends_with_number(part)
}

/// Letters and then digits: `CHAPTER2`.
fn ends_with_number(part: &str) -> bool {
    let word = part.trim_end_matches(|c: char| c.is_ascii_digit());
    word.len() < part.len() && word.bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// What a person may have written: words, also together (`DarkMode`), each with one number at most (`i18nLang`, `mobile02`),
/// and anything without a capital letter.
fn is_word(part: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphabetic();
    let is_piece = |piece: &str| {
        let numbers = piece.split(is_letter).filter(|number| !number.is_empty()).count();
        let letters = piece.split(|c| !is_letter(c));
        numbers <= 1 && !letters.into_iter().any(has_odd_case)
    };
    !part.bytes().any(|byte| byte.is_ascii_uppercase()) || part.split(['-', '_']).all(is_piece)
}

/// Whether letters are no words that are written together: of those, few have one or two letters. A word begins with a capital
/// letter beside a small one.
fn has_odd_case(letters: &str) -> bool {
    let bytes = letters.as_bytes();
    let is_upper = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_uppercase);
    let is_lower = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_lowercase);
    let starts = (1..bytes.len()).filter(|at| is_upper(*at) && (is_lower(at - 1) || is_lower(at + 1)));
    let bounds: Vec<usize> = std::iter::once(0).chain(starts).chain([bytes.len()]).collect();
    let lengths = bounds.iter().zip(bounds.iter().skip(1)).map(|(start, end)| end - start);
    lengths.filter(|length| (1..=2).contains(length)).count() >= 2
}

/// Whether characters change often enough between capital letters, small ones and digits, with no year at either end and no
/// four small letters in a row.
fn looks_random(part: &str) -> bool {
    let class = |byte: u8| (byte.is_ascii_digit(), byte.is_ascii_uppercase(), byte.is_ascii_lowercase());
    let is_year = |text: Option<&str>| {
        let text = text.unwrap_or_default();
        (text.starts_with("19") || text.starts_with("20")) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    let has_run = part.as_bytes().windows(4).any(|four| four.iter().all(u8::is_ascii_lowercase));
    changes(part.bytes().map(class)) >= 4
        && !is_year(part.get(..4))
        && !is_year(part.get(part.len().saturating_sub(4)..))
        && !has_run
}

/// How often each is another than the one before.
fn changes<T: PartialEq + Clone>(all: impl Iterator<Item = T> + Clone) -> usize {
    all.clone().zip(all.skip(1)).filter(|(before, after)| before != after).count()
}

/// Whether a name ends with a UUID, which names a thing and not its content.
fn ends_with_uuid(stem: &str) -> bool {
    const GROUPS: [usize; 5] = [12, 4, 4, 4, 8];
    let mut groups = stem.rsplit(SEPARATORS);
    let is_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    GROUPS.iter().all(|length| groups.next().is_some_and(|group| group.len() == *length && is_hex(group)))
}

#[cfg(test)]
mod tests;
