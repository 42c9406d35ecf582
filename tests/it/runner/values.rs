//! Values of expressions: how they are compared, looked into and written.

use serde_json::Value;

/// As it becomes part of a text.
pub fn text_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Array(_) => "Array".to_owned(),
        Value::Object(_) => "Object".to_owned(),
    }
}

/// Whether `&&`, `||`, `!` and `if:` take it for true.
pub fn truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(is) => *is,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(_) | Value::Object(_) => true,
    }
}

fn number_of(value: &Value) -> f64 {
    match value {
        Value::Null => 0.0,
        Value::Bool(is) => f64::from(*is),
        Value::Number(number) => number.as_f64().unwrap(),
        Value::String(text) if text.trim().is_empty() => 0.0,
        Value::String(text) => text.trim().parse().unwrap_or(f64::NAN),
        Value::Array(_) | Value::Object(_) => f64::NAN,
    }
}

/// Texts without regard to capital letters, different kinds as numbers.
#[expect(clippy::float_cmp, reason = "so does GitHub")]
pub fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::String(left), Value::String(right)) => left.to_lowercase() == right.to_lowercase(),
        (Value::Array(_) | Value::Object(_), _) | (_, Value::Array(_) | Value::Object(_)) => {
            panic!("lists and objects are compared by identity, which nobody needs")
        }
        _ => number_of(left) == number_of(right),
    }
}

/// Its text in small letters.
pub fn lower(value: &Value) -> String {
    text_of(value).to_lowercase()
}

/// A member by its name, whatever the capital letters; nothing where there is none.
pub fn member(value: &Value, key: &str) -> Value {
    let Value::Object(members) = value else { return Value::Null };
    let same = members.iter().find(|(name, _)| name.to_lowercase() == key.to_lowercase());
    same.map_or(Value::Null, |(_, value)| value.clone())
}

/// `{0}` and the like, `{{` for a brace.
pub fn format(template: &str, values: &[Value]) -> String {
    let mut result = String::new();
    let mut rest = template;
    while let Some(index) = rest.find(['{', '}']) {
        result.push_str(&rest[..index]);
        rest = &rest[index..];
        if rest.starts_with("{{") || rest.starts_with("}}") {
            result.push_str(&rest[..1]);
            rest = &rest[2..];
        } else {
            let (number, behind) = rest[1..].split_once('}').unwrap_or_else(|| panic!("format({template:?})"));
            result.push_str(&text_of(&values[number.parse::<usize>().unwrap()]));
            rest = behind;
        }
    }
    result + rest
}
