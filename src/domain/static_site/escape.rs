//! Escapes in scripts, in pages and in addresses, whose last letter begins no name.

/// Whether an escape ends here, whose letters are none of a name: `%2F`, `\n`, `\x2f`, `\u002f`.
pub fn ends_escape(before: &[u8]) -> bool {
    let is_hex = |digits: &[u8]| digits.iter().all(u8::is_ascii_hexdigit);
    match before {
        [.., b'%', a, b] | [.., b'\\', b'x', a, b] => is_hex(&[*a, *b]),
        [.., b'\\', b'u', a, b, c, d] => is_hex(&[*a, *b, *c, *d]),
        [.., b'\\', letter] => matches!(letter, b'b' | b'f' | b'n' | b'r' | b't' | b'v'),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_escape_ends_with_a_letter_that_is_of_no_name() {
        for (text, expected) in
            [("%2F", true), (r"\n", true), (r"\x2f", true), (r"\u002f", true), ("a", false), ("%2", false)]
        {
            assert_eq!(ends_escape(text.as_bytes()), expected, "{text}");
        }
    }
}
