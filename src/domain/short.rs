//! Ids and digests in a text, as people read them.

/// The text with seven digits of each commit id and twelve of each digest.
pub fn short_ids(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|letter: char| letter.is_ascii_alphanumeric()) {
        let (before, word) = rest.split_at(start);
        let end = word.find(|letter: char| !letter.is_ascii_alphanumeric()).unwrap_or(word.len());
        let (word, after) = word.split_at(end);
        shown.push_str(before);
        shown.push_str(word.get(..kept(word, shown.ends_with("sha256:"))).unwrap_or(word));
        rest = after;
    }
    shown + rest
}

/// How much of a word is shown.
fn kept(word: &str, is_digest: bool) -> usize {
    let is_hexadecimal = || word.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    match word.len() {
        40 if is_hexadecimal() => 7,
        64 if is_digest && is_hexadecimal() => 12,
        whole => whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_cut_and_nothing_else_is() {
        let (sha, digest) = ("0123456789abcdef0123456789abcdef01234567", "ab".repeat(32));
        for (text, expected) in [
            (
                format!("image r.example/shop:{sha}@sha256:{digest} is there"),
                "image r.example/shop:0123456@sha256:abababababab is there",
            ),
            (sha.to_owned(), "0123456"),
            (format!("{sha}-dirty, {digest}"), &format!("0123456-dirty, {digest}")),
            (format!("é{sha}0 {}", sha.to_uppercase()), &format!("é{sha}0 {}", sha.to_uppercase())),
            (String::new(), ""),
        ] {
            assert_eq!(short_ids(&text), expected);
        }
    }
}
