//! How the ledger is written: as tags, next to the things that it is about. What its entries are, each kind says.
//!
//! AWS allows letters, digits, spaces and `_ . : / = + - @` in tags, 128 characters in a key and 256 in a value
//! ([tags](https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html)).

use jiff::Timestamp;

/// So many characters a tag's value may have.
pub const LONGEST_VALUE: usize = 256;

/// So many tags a resource has room for; those of AWS are not counted.
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

/// Whether a tag can hold the character. AWS allows letters of all languages; we write ASCII only.
pub fn is_allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || " _.:/=+-@".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_text_becomes_a_value_that_a_tag_can_hold(text in ".{0,300}") {
            let value = tag_value(&text);
            prop_assert!(value.chars().all(is_allowed) && value.len() <= LONGEST_VALUE);
        }
    }

    #[test]
    fn one_of_the_same_key_takes_no_room() {
        let keys: Vec<String> = (0..ROOM).map(|number| format!("team:{number}")).collect();
        assert!(has_room(&keys, &["team:0"]) && !has_room(&keys, &["team:0", "more"]));
    }
}
