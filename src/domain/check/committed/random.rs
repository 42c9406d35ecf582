//! Whether a text was made by chance, and not by somebody who wrote words.

/// Whether a text is one of those that documentation shows: AWS's `AKIAIOSFODNN7EXAMPLE`, sequences, and repetitions.
pub fn has_example(text: &str) -> bool {
    const PARTS: [&str; 8] =
        ["example", "sample", "placeholder", "redacted", "xxxx", "abcdefghij", "1234567890", "0123456789"];
    let lower = text.to_ascii_lowercase();
    PARTS.iter().any(|part| lower.contains(part))
}

/// Whether there are as many different characters as chance brings.
pub fn is_varied(text: &str) -> bool {
    let mut seen = [false; 256];
    for byte in text.bytes() {
        seen[usize::from(byte)] = true;
    }
    let different = seen.iter().filter(|is_seen| **is_seen).count();
    different >= (text.len() / 3).clamp(5, 8)
}

/// Whether a value was most likely made by chance: a password or a key, and no word, name, number, path or address.
pub fn is_random(value: &str) -> bool {
    const LEAST: usize = 8;
    const LONGEST: usize = 4096;
    let has = |is: fn(char) -> bool| value.chars().any(is);
    let (lower, upper) = (has(|c| c.is_ascii_lowercase()), has(|c| c.is_ascii_uppercase()));
    let (digit, other) = (has(|c| c.is_ascii_digit()), has(|c| c.is_ascii_punctuation()));
    let kinds = [lower, upper, digit, other].into_iter().filter(|has| *has).count();
    let is_long = value.len() >= 16 && digit && (lower || upper);
    let is_strong = value.len() >= LEAST && kinds >= 3;
    (is_long || is_strong)
        && value.len() <= LONGEST
        && !value.contains(char::is_whitespace)
        && !value.contains("://")
        && !value.starts_with(['/', '.', '~', '@'])
        && !value.starts_with("arn:")
        && is_varied(value)
        && !has_example(value)
        && !is_of_words(value)
}

/// `my-shop-staging-2`, `Europe/Berlin`, `2024-01-31`, `v1.2.3`, `user@shop.example`
fn is_of_words(value: &str) -> bool {
    value.split(['-', '_', '.', ':', '/', ',', '@', '+', '=']).all(|piece| {
        let letters = piece.trim_end_matches(|last: char| last.is_ascii_digit());
        let digits = piece.len() - letters.len();
        let is_word = letters.len() <= 14 && letters.chars().all(char::is_alphabetic) && is_in_one_case(letters);
        is_word && digits <= if letters.is_empty() { 8 } else { 2 }
    })
}

/// `word`, `WORD`, `Word`, `twoWords`: at most two humps.
fn is_in_one_case(word: &str) -> bool {
    let humps = word.chars().skip(1).filter(char::is_ascii_uppercase).count();
    humps <= 2 || !word.contains(|letter: char| letter.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_passwords_are_random() {
        for value in [
            "5f4dcc3b5aa765d61d8327deb882cf99",
            "Sh0pPr0d-9f3kQz!",
            "kX9#mP2$vL5n",
            "wJalrXUtnFEMIK7MDENGbPxRfiCYzA1b2c3d4e5f",
            "c2hpcGdhdGUtY2FuYXJ5LTE5ODQ=",
            "7c9e6679-7425-40de-944b-e07fc1f90ae7",
        ] {
            assert!(is_random(value), "{value}");
        }
    }

    #[test]
    fn words_names_numbers_and_addresses_are_not() {
        for value in [
            "",
            "true",
            "3600",
            "postgres",
            "hunter2",
            "password123",
            "my-shop-staging-db-2",
            "arn:aws:secretsmanager:eu-central-1:111122223333:secret:db-x7Yz9Q",
            "/run/secrets/db_password_2",
            "./keys/Private1.pem",
            "https://shop.example/Token1",
            "2024-01-31",
            "v1.22.333",
            "deploy@shop.example",
            "AKIAIOSFODNN7EXAMPLE",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "Abcdefghij0123",
            "aA1aA1aA1aA1aA1aA1aA1",
            "Some words with 1 number",
            "us-west-1_AbcDef123 is",
        ] {
            assert!(!is_random(value), "{value}");
        }
    }
}
