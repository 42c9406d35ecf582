//! Whether a message is in a text. In a pattern `*` stands for any text, and `%` for the name of an environment variable.

/// Whether the text has the parts of the pattern, in order, whatever their case.
pub fn matches(pattern: &str, text: &str) -> bool {
    let mut rest = text;
    pattern.split('*').all(|part| match find(part, rest) {
        Some(end) => {
            rest = rest.get(end..).unwrap_or_default();
            true
        }
        None => false,
    })
}

/// Whether the text begins with a word.
pub fn begins(word: &str, text: &str) -> bool {
    text.get(..word.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(word))
}

/// Where the first occurrence of a part ends.
fn find(part: &str, text: &str) -> Option<usize> {
    let (part, text) = (part.as_bytes(), text.as_bytes());
    (0..=text.len()).find_map(|begin| Some(begin + length_at(part, text, begin)?))
}

/// How long the part is at this place of the text, if it is there. A boundary of a character is not needed: a part that
/// matches begins and ends with ASCII.
fn length_at(part: &[u8], text: &[u8], begin: usize) -> Option<usize> {
    let mut at = begin;
    for wanted in part {
        if *wanted == b'%' {
            at += variable_at(text, at)?;
        } else if text.get(at)?.eq_ignore_ascii_case(wanted) {
            at += 1;
        } else {
            return None;
        }
    }
    Some(at - begin)
}

/// The length of the name of a variable: capitals, digits and underscores, three at least, not within a word.
fn variable_at(text: &[u8], at: usize) -> Option<usize> {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let before = at.checked_sub(1).and_then(|before| text.get(before));
    let name = text.get(at..)?;
    let length = name.iter().take_while(|byte| is_word(byte)).count();
    let is_name = name.first()?.is_ascii_uppercase() && !name.iter().take(length).any(u8::is_ascii_lowercase);
    (is_name && length >= 3 && !before.is_some_and(is_word)).then_some(length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn parts_come_in_order_and_variables_are_in_capitals() {
        for (pattern, text, expected) in [
            ("relation * does not exist", "ERROR:  Relation \"users\" does not exist at 15", true),
            ("relation * does not exist", "does not exist: relation", false),
            ("no such table", "sqlite3: No Such Table: users", true),
            ("KeyError: '%'", "KeyError: 'DATABASE_URL'", true),
            ("KeyError: '%'", "KeyError: 'user_id'", false),
            ("KeyError: '%'", "KeyError: 'ID'", false),
            ("% is not set", "error: REDIS_URL is not set", true),
            ("% is not set", "xREDIS_URL is not set", false),
            ("% is not set", "the color is not set", false),
            ("ä", "xäy", true),
            ("a*ü", "a ö ü", true),
            ("", "x", true),
            ("x", "", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern:?} {text:?}");
        }
        assert!(begins("info:", "INFO: x") && !begins("info:", "no info: x") && !begins("info:", "inf"));
    }

    proptest! {
        #[test]
        fn any_text_is_taken(pattern in "[a-z*%]{0,8}", text in "\\PC{0,40}") {
            matches(&pattern, &text);
            prop_assert!(matches(&text.replace(['*', '%'], ""), &text.replace(['*', '%'], "")));
        }
    }
}
