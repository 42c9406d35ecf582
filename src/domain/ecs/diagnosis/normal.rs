//! What is the same in two texts of ECS that differ in ids, addresses and times alone.

/// Everything that is different each time: `#` takes its place.
const ANY: &str = "#";

/// A text without ids, ARNs' numbers, addresses, digests and times. Names stay: two secrets are two reasons.
pub fn normal(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut token = String::new();
    for character in text.chars().chain([' ']) {
        if character.is_ascii_alphanumeric() || matches!(character, '-' | '.' | ':' | '_') {
            token.push(character);
        } else {
            result.push_str(&shape(&token));
            token.clear();
            result.push(character);
        }
    }
    result.trim().to_owned()
}

fn shape(token: &str) -> String {
    let core = token.trim_end_matches(['.', ':', '-']);
    let (core, end) = token.split_at(core.len());
    let parts: Vec<&str> = core.split(':').collect();
    let is_time = parts.len() >= 3 && parts.iter().all(|part| part.starts_with(|first: char| first.is_ascii_digit()));
    if is_time {
        return format!("{ANY}{end}");
    }
    let parts: Vec<String> = parts.into_iter().map(shape_of_part).collect();
    format!("{}{end}", parts.join(":"))
}

fn shape_of_part(part: &str) -> String {
    let digits = part.bytes().filter(u8::is_ascii_digit).count();
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let numbers = part.split('.').count();
    let is_address = numbers == 4 && part.split('.').all(is_number);
    let is_date = digits >= 6 && part.bytes().all(|byte| byte.is_ascii_digit() || b"-.TZ".contains(&byte));
    let lengths: Vec<usize> = part.split('-').map(str::len).collect();
    let is_uuid = lengths == [8, 4, 4, 4, 12] && part.split('-').all(is_hex);
    if is_address || is_date || is_uuid || (is_number(part) && part.len() >= 5) {
        return ANY.to_owned();
    }
    let shape_of_word = |word: &str| {
        let digits = word.bytes().filter(u8::is_ascii_digit).count();
        let is_id = (word.len() >= 8 && is_hex(word) && digits >= 1)
            || (word.len() >= 12 && digits >= 3 && word.bytes().all(|byte| byte.is_ascii_alphanumeric()))
            || (word.len() >= 5 && is_number(word));
        if is_id { ANY.to_owned() } else { word.to_owned() }
    };
    part.split('-').map(shape_of_word).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_each_time_is_the_same_and_what_names_something_is_not() {
        for (one, other, is_same) in [
            ("(task 12fc7483fabe4cfdb481b22f37a3fb9c) failed", "(task 269dd14f49034b4ab11b2cf31f9042a8) failed", true),
            ("dial tcp 10.0.3.17:443: i/o timeout", "dial tcp 10.0.4.9:443: i/o timeout", true),
            ("dial tcp 10.0.3.17:5432: i/o timeout", "dial tcp 10.0.3.17:6379: i/o timeout", false),
            (
                "request id: 550e8400-e29b-41d4-a716-446655440000",
                "request id: 550e8400-e29b-41d4-a716-446655440001",
                true,
            ),
            ("in (i-0123456789abcdef0)", "in (i-0123456789abcdef1)", true),
            ("RequestID: 5FZ2N7ANNSNE8V4Z", "RequestID: 7GZ2N7ANNSNE8V4Q", true),
            ("at 2026-11-22T08:36:20.123Z", "at 2026-11-22T09:36:21.5Z", true),
            ("2026/11/22 08:36:20 x", "2026/11/22 08:36:21 x", true),
            ("shop@sha256:aa11aa11aa11", "shop@sha256:bb22bb22bb22", true),
            ("arn:aws:ecs:eu-west-1:123456789012:task/x", "arn:aws:ecs:eu-west-1:123456789013:task/x", true),
            ("local port 54321", "local port 54322", true),
            ("with these codes: [502]", "with these codes: [404]", false),
            ("secret:stage/database", "secret:stage/redis", false),
            ("RESOURCE:MEMORY", "RESOURCE:CPU", false),
            ("container web", "container proxy", false),
        ] {
            assert_eq!(normal(one) == normal(other), is_same, "{:?} {:?}", normal(one), normal(other));
        }
        assert_eq!(normal("Essential container in task exited"), "Essential container in task exited");
        assert_eq!(normal(""), "");
    }
}
