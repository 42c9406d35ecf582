//! The words of an expression.

use serde_json::Value;

/// A part of an expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Token {
    /// A context, a member or a function.
    Name(String),
    /// A value as it is written.
    Literal(Value),
    /// An operator, a parenthesis, a comma, a dot.
    Sign(&'static str),
}

const SIGNS: [&str; 10] = ["||", "&&", "==", "!=", "!", "(", ")", "[", "]", ","];

/// The parts of an expression, in their order.
pub fn tokens(expression: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = expression.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, length) = if first == '\'' {
            quoted(rest)
        } else if first.is_ascii_alphanumeric() || first == '_' || first == '-' {
            word(rest)
        } else if first == '.' {
            (Token::Sign("."), 1)
        } else {
            let sign = SIGNS.into_iter().find(|sign| rest.starts_with(sign));
            let sign = sign.unwrap_or_else(|| panic!("`{rest}` in `{expression}` is not known to this runner"));
            (Token::Sign(sign), sign.len())
        };
        tokens.push(token);
        rest = rest[length..].trim_start();
    }
    tokens
}

/// `'it''s'`
fn quoted(text: &str) -> (Token, usize) {
    let mut value = String::new();
    let mut letters = text.char_indices().skip(1).peekable();
    while let Some((index, letter)) = letters.next() {
        if letter != '\'' {
            value.push(letter);
        } else if letters.next_if(|(_, next)| *next == '\'').is_some() {
            value.push('\'');
        } else {
            return (Token::Literal(Value::String(value)), index + 1);
        }
    }
    panic!("no end of a text in `{text}`")
}

fn word(text: &str) -> (Token, usize) {
    let length = text.find(|letter: char| !letter.is_ascii_alphanumeric() && !"_-".contains(letter));
    let length = length.unwrap_or(text.len());
    let token = match &text[..length] {
        "true" => Token::Literal(Value::Bool(true)),
        "false" => Token::Literal(Value::Bool(false)),
        "null" => Token::Literal(Value::Null),
        word if word.starts_with(|first: char| first.is_ascii_digit() || first == '-') => {
            let number: i64 = word.parse().unwrap_or_else(|_| panic!("`{word}` is no number known to this runner"));
            Token::Literal(number.into())
        }
        word => Token::Name(word.to_owned()),
    };
    (token, length)
}
