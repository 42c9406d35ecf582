//! Values that stand for others, which are still to be filled in.

/// Whether a value is a placeholder for one that is still to be filled in.
pub fn placeholder(value: &str) -> bool {
    let value = value.trim();
    let lower = value.to_ascii_lowercase();
    is_word_of_nothing(value, &lower)
        || is_instruction(value, &lower)
        || has_name_in_brackets(value)
        || is_template(value)
        || has_crosses(value)
        || has_example_host(&lower)
        || has_account_of_nobody(value)
        || is_named_after_its_environment(value)
}

fn is_word_of_nothing(value: &str, lower: &str) -> bool {
    let begins =
        |word: &str| value.strip_prefix(word).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', ' ']));
    ["placeholder", "dummy", "undefined"].contains(&lower) || ["TODO", "FIXME", "TBD"].into_iter().any(begins)
}

/// `CHANGEME`, `replace-with-your-key`, `YOUR_API_KEY`, `INSERT_KEY_HERE`.
fn is_instruction(value: &str, lower: &str) -> bool {
    const ANYWHERE: [&str; 9] = [
        "changeme",
        "change_me",
        "change-me",
        "replaceme",
        "replace_me",
        "replace-me",
        "replace_with",
        "replace-with",
        "fill_me_in",
    ];
    let is_whole_word = |at: usize, length: usize| {
        let is_letter = |c: char| c.is_ascii_alphanumeric();
        !lower[..at].ends_with(is_letter) && !lower[at + length..].starts_with(char::is_alphabetic)
    };
    let has = |word: &&str| lower.match_indices(*word).any(|(at, found)| is_whole_word(at, found.len()));
    let separator = ['_', '-', ' '];
    let yours = value.match_indices("your").chain(value.match_indices("YOUR")).any(|(at, found)| {
        let before = value[..at].chars().next_back();
        let is_begin = |c: char| matches!(c, '/' | '.' | '@') || (found == "YOUR" && matches!(c, '_' | '-'));
        value[at + found.len()..].starts_with(separator) && before.is_none_or(is_begin)
    });
    let inserted = lower.starts_with("insert") && lower[6..].starts_with(separator);
    let is_here = ["_here", "-here"].iter().any(|end| lower.ends_with(end));
    ANYWHERE.iter().any(has) || yours || inserted || is_here
}

/// `<api-key>`, `https://<host>/graphql`; not the markup of a text.
fn has_name_in_brackets(value: &str) -> bool {
    let is_name = |rest: &str| {
        rest.split_once('>').is_some_and(|(name, _)| {
            (2..=60).contains(&name.len())
                && name.starts_with(|c: char| c.is_ascii_alphabetic())
                && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | ' ' | '.'))
        })
    };
    !value.contains("</") && !value.contains('@') && value.split('<').skip(1).any(is_name)
}

/// A template of which nothing is filled in: `${API_KEY}`, `{{ api_key }}`, `__API_KEY__`. What has a dot in it, such as
/// `${release.sha}`, is filled in by others.
fn is_template(value: &str) -> bool {
    let pairs = [("${", "}", ""), ("{{", "}}", "."), ("__", "__", "")];
    pairs.into_iter().any(|(begin, end, more)| {
        let inside = value.strip_prefix(begin).and_then(|rest| rest.strip_suffix(end)).map(str::trim);
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || more.contains(c);
        inside.is_some_and(|name| !name.is_empty() && name.chars().all(is_name))
    })
}

/// `xxx`, `us-west-1_XXXXXXXXX`.
fn has_crosses(value: &str) -> bool {
    let is_crosses = |word: &str, least: usize| {
        word.len() >= least && (word.chars().all(|c| c == 'x') || word.chars().all(|c| c == 'X'))
    };
    is_crosses(value, 3) || value.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| is_crosses(word, 4))
}

/// A host that is reserved for documentation ([RFC 2606](https://www.rfc-editor.org/rfc/rfc2606#section-3)).
fn has_example_host(lower: &str) -> bool {
    ["example.com", "example.org", "example.net"].iter().any(|host| {
        lower.match_indices(host).any(|(at, _)| {
            let before = lower[..at].chars().next_back();
            let after = lower[at + host.len()..].chars().next();
            before.is_none_or(|c| matches!(c, '.' | '/' | '@'))
                && after.is_none_or(|c| matches!(c, '/' | ':' | '?' | '#' | ',' | ' ' | '>'))
        })
    })
}

/// The account in names of examples, and of clouds on a developer's machine.
pub const ACCOUNT_OF_NOBODY: &str = "000000000000";

fn has_account_of_nobody(value: &str) -> bool {
    let is_account = |(at, _): (usize, &str)| {
        let (before, after) = (&value[..at], &value[at + ACCOUNT_OF_NOBODY.len()..]);
        (before.is_empty() && (after.is_empty() || after.starts_with(".dkr.")))
            || (before.ends_with(':') && after.starts_with(':'))
            || (before.ends_with('/') && after.starts_with('/'))
    };
    value.match_indices(ACCOUNT_OF_NOBODY).any(is_account)
}

/// `da2-PRODUCTION_API_KEY`, `PROD_API_KEY`, `us-west-1_abc123-PROD`, `shop-bucket-PROD`: where an id has the name of its
/// environment. What people name themselves, such as a stack or a service, may be called so.
fn is_named_after_its_environment(value: &str) -> bool {
    const ENVIRONMENTS: [&str; 7] = ["DEV", "DEVELOPMENT", "PROD", "PRODUCTION", "STAGE", "STAGING", "YOUR"];
    const THINGS: [&str; 11] =
        ["ARN", "BUCKET", "ENDPOINT", "HOST", "ID", "KEY", "NAME", "PASSWORD", "SECRET", "TOKEN", "URL"];
    let (rest, last) = value.rsplit_once('-').unwrap_or(("", value));
    let words: Vec<&str> = last.split('_').collect();
    let names_a_thing = match words.as_slice() {
        [first, .., thing] => THINGS.contains(thing) && ENVIRONMENTS.contains(first),
        _ => false,
    };
    let is_id = || rest.contains("bucket") || rest.starts_with("da2-") || pool(rest).is_some();
    names_a_thing || (ENVIRONMENTS.contains(&last) && is_id())
}

/// What follows the region in an id of Cognito: `us-west-1_Abc123`.
fn pool(text: &str) -> Option<&str> {
    let (region, id) = text.split_once('_')?;
    let parts: Vec<&str> = region.split('-').collect();
    let (Some(area), Some(number)) = (parts.first(), parts.last()) else { return None };
    let is_region = parts.len() >= 3 && area.len() == 2 && number.chars().all(|c| c.is_ascii_digit());
    is_region.then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_and_others() {
        for value in [
            "CHANGEME",
            "changeme",
            "change-me",
            "please_change_me",
            "YOUR_API_KEY",
            "your-client-id",
            "https://your-domain.io",
            "INSERT_KEY_HERE",
            "da2-PRODUCTION_API_KEY",
            "PROD_API_KEY",
            "us-west-1_XXXX-PROD",
            "us-west-1_abc123-PROD",
            "shop-bucket-PROD",
            "xxx",
            "XXXXXXXX",
            "us-west-1_XXXXXXXXX",
            "xxxx-xxxx-xxxx",
            "<api-key>",
            "https://<host>/graphql",
            "TODO",
            "TODO: ask Ann",
            "FIXME",
            "TBD",
            "https://api.example.com/v1",
            "a@example.org",
            "arn:aws:sns:us-east-1:000000000000:topic",
            "000000000000.dkr.ecr.us-east-1.amazonaws.com/a",
            "${API_KEY}",
            "{{ api_key }}",
            "__API_KEY__",
            "undefined",
            "placeholder",
            "replace-with-your-key",
            " CHANGEME ",
        ] {
            assert!(placeholder(value), "{value}");
        }
        for value in [
            "",
            "production",
            "prod",
            "shop-prod",
            "Backend-PROD",
            "LiveQuiz-PRODUCTION",
            "cloudshop-STAGE",
            "exchangemen",
            "us-west-1_Abc123def",
            "da2-abcdefghijklmnopqrstuvwxyz",
            "https://api.shop.io",
            "https://myexample.com",
            "https://example.company.io",
            "todo",
            "todos",
            "xx",
            "Exxxon",
            "<b>hello</b>",
            "Shop <info@shop.io>",
            "a < b > c",
            "10000000000001",
            "arn:aws:sns:us-east-1:123456789012:topic",
            "X_API_KEY",
            "API_KEY",
            "Authorization",
            "yourself",
            "for-your-eyes",
            "00000000-0000-0000-0000-000000000000",
            "https://${host}/a",
            "${release.sha}",
            "%d{HH:mm} %msg",
            "0",
            "null",
            "atmosphere",
            "everywhere",
        ] {
            assert!(!placeholder(value), "{value}");
        }
    }
}
