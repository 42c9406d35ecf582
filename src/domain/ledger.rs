//! How the ledger is written: as tags, next to the things that it is about. What its entries are, each kind says.
//!
//! AWS allows letters, digits, spaces and `_ . : / = + - @` in tags, 128 characters in a key and 256 in a value
//! ([tags](https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html)).

use std::fmt::Write as _;

use jiff::Timestamp;

use super::neutral;

/// Maximum length of a tag's value, in characters.
pub const LONGEST_VALUE: usize = 256;

/// Maximum number of tags of a resource; those of AWS are not counted.
pub const ROOM: usize = 50;

/// The keys that take room.
pub fn keys(tags: &[(String, String)]) -> Vec<String> {
    tags.iter().map(|(key, _)| key.clone()).filter(|key| !key.starts_with("aws:")).collect()
}

/// Whether a resource that has tags with some keys has room for more. One of the same key is replaced.
pub fn has_room(keys: &[String], more: &[&str]) -> bool {
    let new = more.iter().filter(|key| !keys.iter().any(|there| there == *key)).count();
    keys.len() + new <= ROOM
}

/// Whether a tag is somebody else's, to be kept on the next revision. AWS refuses its own.
pub fn is_foreign(key: &str) -> bool {
    !key.starts_with("shipgate:") && !key.starts_with("aws:")
}

/// A time as the ledger writes it: UTC, to the second.
pub fn time(now: Timestamp) -> String {
    now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Text with nothing in it that a tag cannot hold.
pub fn tag_value(text: &str) -> String {
    let allowed = |c: char| if is_allowed(c) { c } else { '_' };
    text.chars().map(allowed).take(LONGEST_VALUE).collect()
}

/// Whether a tag can hold the character. AWS allows letters of all languages; shipgate writes ASCII only.
pub fn is_allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || " _.:/=+-@".contains(c)
}

/// Any text within the characters of a tag: another byte, and `=` itself, as `=` and two hexadecimal digits.
pub fn encode(text: &str) -> String {
    encode_within(text, "", usize::MAX)
}

/// The same with some more characters escaped, so that they can separate texts, and as much of the text as fits in a
/// number of characters.
pub fn encode_within(text: &str, separators: &str, most: usize) -> String {
    let mut encoded = String::new();
    for c in text.chars() {
        let before = encoded.len();
        if is_allowed(c) && c != '=' && !separators.contains(c) {
            encoded.push(c);
        } else {
            for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                // Writing to a string cannot fail.
                let _written = write!(encoded, "={byte:02X}");
            }
        }
        if encoded.len() > most {
            encoded.truncate(before);
            break;
        }
    }
    encoded
}

/// The text again, neutral: somebody else may have written the tag.
pub fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let escaped = rest.strip_prefix('=').and_then(|rest| u8::from_str_radix(rest.get(..2)?, 16).ok());
        let length = if let Some(byte) = escaped {
            bytes.push(byte);
            3
        } else {
            bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            c.len_utf8()
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    neutral::phrase(&String::from_utf8_lossy(&bytes), LONGEST_VALUE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_text_is_lost_or_breaks_a_tag(text in "[ -~äöü]{0,80}", most in 0_usize..300) {
            prop_assert_eq!(decode(&encode(&text)), neutral::phrase(&text, usize::MAX));
            let cut = encode_within(&text, "/ ", most);
            prop_assert!(cut.len() <= most && cut.chars().all(|c| is_allowed(c) && !"/ ".contains(c)), "{cut}");
        }

        #[test]
        fn any_text_becomes_a_value_that_a_tag_can_hold(text in ".{0,300}") {
            let value = tag_value(&text);
            prop_assert!(value.chars().all(is_allowed) && value.len() <= LONGEST_VALUE);
        }
    }

    #[test]
    fn a_text_is_cut_between_characters() {
        for (most, cut) in [(0, ""), (1, "a"), (6, "a"), (7, "a=C3=BC"), (8, "a=C3=BC"), (10, "a=C3=BC=20")] {
            assert_eq!(encode_within("aü b", " ", most), cut, "{most}");
        }
    }

    #[test]
    fn one_of_the_same_key_takes_no_room() {
        let keys: Vec<String> = (0..ROOM).map(|number| format!("team:{number}")).collect();
        assert!(has_room(&keys, &["team:0"]) && !has_room(&keys, &["team:0", "more"]));
    }
}
