//! What the name or the value of a variable looks like: few mistakes count for more than a complete list.

mod placeholder;

pub use placeholder::{ACCOUNT_OF_NOBODY, placeholder};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Words of names that hold secrets.
const SECRET_WORDS: [&str; 13] = [
    "APIKEY",
    "CREDENTIAL",
    "CREDENTIALS",
    "PASSPHRASE",
    "PASSWD",
    "PASSWORD",
    "PRIVATEKEY",
    "PW",
    "PWD",
    "SECRET",
    "SECRETKEY",
    "SECRETS",
    "TOKEN",
];
/// Two words in a row of such names.
const SECRET_PAIRS: [&str; 10] = [
    "ACCESS_KEY",
    "API_KEY",
    "AUTH_KEY",
    "ENCRYPTION_KEY",
    "MASTER_KEY",
    "PRIVATE_KEY",
    "SECRET_KEY",
    "SERVICE_KEY",
    "SERVICE_ROLE",
    "SIGNING_KEY",
];
/// Last words of names that say something of a secret: where it is, what it is called, how long it is valid.
const ABOUT: [&str; 29] = [
    "ALGORITHM",
    "ARN",
    "AUDIENCE",
    "DAYS",
    "DIR",
    "ENABLED",
    "ENDPOINT",
    "EXPIRATION",
    "EXPIRES",
    "EXPIRY",
    "FILE",
    "HASHER",
    "HASHERS",
    "HEADER",
    "HOURS",
    "ID",
    "ISSUER",
    "LENGTH",
    "LIFETIME",
    "MINUTES",
    "NAME",
    "PATH",
    "PREFIX",
    "SECONDS",
    "TTL",
    "TYPE",
    "URI",
    "URL",
    "VALIDATORS",
];
/// What names of keys have that are made for browsers.
const PUBLIC: [&str; 14] = [
    "ALGOLIA_SEARCH",
    "ANON",
    "ANON_KEY",
    "CAPTCHA",
    "DSN",
    "FIREBASE",
    "MAPBOX",
    "MAPS",
    "POSTHOG",
    "PUBLIC",
    "PUBLISHABLE",
    "RECAPTCHA",
    "SEARCH_KEY",
    "SITE_KEY",
];

/// The words of a name, in capital letters: `dbPassword`, `DB_PASSWORD`, `db.password`.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for character in name.chars() {
        let is_separator = !character.is_ascii_alphanumeric();
        if is_separator || (was_lower && character.is_ascii_uppercase()) {
            words.push(String::new());
        }
        if let (false, Some(word)) = (is_separator, words.last_mut()) {
            word.push(character.to_ascii_uppercase());
        }
        was_lower = character.is_ascii_lowercase() || character.is_ascii_digit();
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Whether one of the words is there, or two of them in a row.
fn has(words: &[String], wanted: &[&str]) -> bool {
    words.iter().any(|word| wanted.contains(&word.as_str()))
        || words.windows(2).any(|pair| wanted.contains(&pair.join("_").as_str()))
}

/// Whether a variable of this name most likely holds a secret: not where it is, nor what it is called.
pub fn is_secret_name(name: &str) -> bool {
    let words = words(name);
    let is_about = words.last().is_none_or(|last| ABOUT.contains(&last.as_str()));
    // The working directory of a shell.
    !is_about && name != "PWD" && (has(&words, &SECRET_WORDS) || has(&words, &SECRET_PAIRS))
}

/// Whether a key of this name is made for browsers, and so no secret.
pub fn is_public_name(name: &str) -> bool {
    let rest = client_prefix(name).and_then(|prefix| name.strip_prefix(prefix)).unwrap_or(name);
    has(&words(rest), &PUBLIC)
}

/// How a name begins where the tools of a frontend put the variable into what browsers load:
/// [Create React App](https://create-react-app.dev/docs/adding-custom-environment-variables/),
/// [Vite](https://vite.dev/guide/env-and-mode), [Next.js](https://nextjs.org/docs/app/guides/environment-variables),
/// [Gatsby](https://www.gatsbyjs.com/docs/how-to/local-development/environment-variables/),
/// [Expo](https://docs.expo.dev/guides/environment-variables/), [Nuxt](https://nuxt.com/docs/guide/going-further/runtime-config),
/// and of [Astro](https://docs.astro.build/en/guides/environment-variables/) and
/// [SvelteKit](https://svelte.dev/docs/kit/$env-static-public) `PUBLIC_`.
pub fn client_prefix(name: &str) -> Option<&'static str> {
    const PREFIXES: [&str; 7] =
        ["REACT_APP_", "VITE_", "NEXT_PUBLIC_", "GATSBY_", "EXPO_PUBLIC_", "NUXT_PUBLIC_", "PUBLIC_"];
    PREFIXES.into_iter().find(|prefix| name.starts_with(prefix))
}

/// Whether a value has the form of a secret: a private key, a key or token of a well-known service, or an address with a
/// password. AWS's own examples are none. An API key of `AppSync` (`da2-…`) and one of Google Maps are made for browsers.
pub fn is_secret_value(value: &str) -> bool {
    let value = value.trim();
    is_private_key(value) || is_aws_key(value) || is_token(value) || is_service_role(value) || has_password(value)
}

fn is_private_key(value: &str) -> bool {
    value.contains("-----BEGIN ") && value.contains("PRIVATE KEY")
}

/// An access key of AWS, its id or its secret part
/// ([ids](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids)).
fn is_aws_key(value: &str) -> bool {
    if value.ends_with("EXAMPLE") || value.ends_with("EXAMPLEKEY") {
        return false;
    }
    let is_upper = |rest: &str| rest.len() == 16 && rest.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
    if ["AKIA", "ASIA"].iter().any(|prefix| value.strip_prefix(prefix).is_some_and(is_upper)) {
        return true;
    }
    let is_base64 = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '+');
    let has = |is: fn(&char) -> bool| value.chars().any(|c| is(&c));
    value.len() == 40
        && value.chars().all(is_base64)
        && has(char::is_ascii_uppercase)
        && has(char::is_ascii_lowercase)
        && has(char::is_ascii_digit)
        && distinct(value) >= 20
}

/// How many different characters there are.
fn distinct(value: &str) -> usize {
    let mut seen: Vec<char> = value.chars().collect();
    seen.sort_unstable();
    seen.dedup();
    seen.len()
}

/// Tokens that say by their beginning what they are, and how much follows at least.
const TOKENS: [(&str, usize); 22] = [
    ("ghp_", 36),
    ("gho_", 36),
    ("ghu_", 36),
    ("ghs_", 36),
    ("ghr_", 36),
    ("github_pat_", 40),
    ("glpat-", 20),
    ("npm_", 36),
    ("sk-ant-", 20),
    ("sk-proj-", 20),
    ("sk_live_", 16),
    ("rk_live_", 16),
    ("sk_test_", 16),
    ("whsec_", 16),
    ("xapp-", 10),
    ("xoxa-", 10),
    ("xoxb-", 10),
    ("xoxe-", 10),
    ("xoxp-", 10),
    ("xoxr-", 10),
    ("xoxs-", 10),
    ("SG.", 40),
];

fn is_token(value: &str) -> bool {
    let is_rest = |rest: &str, least: usize| {
        rest.len() >= least
            && distinct(rest) >= 6
            && rest.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
    };
    let is_hook = value.contains("://hooks.slack.com/services/T");
    is_hook || TOKENS.iter().any(|(prefix, least)| value.strip_prefix(prefix).is_some_and(|rest| is_rest(rest, *least)))
}

/// A JSON Web Token of a role that may do everything, as Supabase has one
/// ([keys](https://supabase.com/docs/guides/api/api-keys)).
fn is_service_role(value: &str) -> bool {
    let mut parts = value.split('.');
    let (Some(head), Some(claims), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let claims = URL_SAFE_NO_PAD.decode(claims).unwrap_or_default();
    head.starts_with("eyJ") && String::from_utf8_lossy(&claims).contains("service_role")
}

/// An address with a password: `postgres://shop:…@db/shop`.
fn has_password(value: &str) -> bool {
    let Some((scheme, rest)) = value.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let password = authority.rsplit_once('@').and_then(|(login, _)| Some(login.split_once(':')?.1)).unwrap_or_default();
    let is_hidden = password.chars().all(|c| matches!(c, '*' | 'x' | 'X'));
    let is_scheme =
        !scheme.is_empty() && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    is_scheme && !is_hidden && !password.starts_with(['$', '<', '{'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_and_others() {
        for name in [
            "DB_PASSWORD",
            "API_KEY",
            "apiKey",
            "JWT_SECRET",
            "GITHUB_TOKEN",
            "STRIPE_SECRET_KEY",
            "DB_PWD",
            "AWS_SECRET_ACCESS_KEY",
            "db.password",
            "SMTP-PASSWORD",
            "VITE_API_KEY",
            "SUPABASE_SERVICE_ROLE_KEY",
            "PRIVATE_KEY",
            "SIGNING_KEY",
            "CREDENTIALS",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in [
            "PWD",
            "TOKENIZERS_PARALLELISM",
            "DB_PASSWORD_FILE",
            "SECRET_ARN",
            "AWS_ACCESS_KEY_ID",
            "TOKEN_URL",
            "MAX_TOKENS",
            "ACCESS_TOKEN_LIFETIME",
            "SECRET_NAME",
            "KEYSPACE",
            "MONKEY",
            "PRIMARY_KEY",
            "SORT_KEY",
            "USER_POOL_ID",
            "",
            "PUBLIC_KEY",
            "STRIPE_PUBLISHABLE_KEY",
            "PASSWORD_MIN_LENGTH",
            "PASSWORD_HASHERS",
            "AUTH_PASSWORD_VALIDATORS",
            "TOKEN_EXPIRY",
            "SECRETARY",
        ] {
            assert!(!is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn keys_that_are_made_for_browsers() {
        for name in [
            "NEXT_PUBLIC_SUPABASE_ANON_KEY",
            "VITE_FIREBASE_API_KEY",
            "REACT_APP_GOOGLE_MAPS_API_KEY",
            "VITE_MAPBOX_ACCESS_TOKEN",
            "NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY",
            "VITE_RECAPTCHA_SITE_KEY",
            "VITE_JWT_PUBLIC_KEY",
        ] {
            assert!(is_public_name(name), "{name}");
        }
        for name in ["NEXT_PUBLIC_API_KEY", "NEXT_PUBLIC_JWT_SECRET", "VITE_DB_PASSWORD", "PUBLIC_TOKEN"] {
            assert!(!is_public_name(name), "{name}");
        }
    }

    #[test]
    fn prefixes_of_frontends() {
        for (name, prefix) in [
            ("REACT_APP_A", Some("REACT_APP_")),
            ("VITE_A", Some("VITE_")),
            ("NEXT_PUBLIC_A", Some("NEXT_PUBLIC_")),
            ("EXPO_PUBLIC_A", Some("EXPO_PUBLIC_")),
            ("PUBLIC_A", Some("PUBLIC_")),
            ("MY_VITE_A", None),
            ("NEXTAUTH_SECRET", None),
        ] {
            assert_eq!(client_prefix(name), prefix, "{name}");
        }
    }

    /// Put together here, so that no scanner takes this file for what it is about.
    #[test]
    fn forms_of_secrets_and_others() {
        let claims = |claims: &str| format!("eyJhbGciOiJIUzI1NiJ9.{}.c2lnbmF0dXJl", URL_SAFE_NO_PAD.encode(claims));
        let letters = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8";
        for value in [
            "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----",
            &format!("AKIA{}", "Q3EGRTJ7ZK2MWX5N"),
            &format!("{letters}/+S9"),
            &format!("ghp_{letters}"),
            &format!("github_pat_{letters}_{letters}"),
            &format!("xoxb-{letters}"),
            &format!("sk_live_{letters}"),
            &format!("npm_{letters}"),
            &claims(r#"{"role":"service_role","iss":"supabase"}"#),
            "postgres://shop:hunter2@db.internal:5432/shop",
            "https://hooks.slack.com/services/T0001/B0001/abc",
            "rediss://:hunter2@cache:6379",
        ] {
            assert!(is_secret_value(value), "{value}");
        }
        for value in [
            "",
            "true",
            "https://api.shop.io",
            "AKIAIOSFODNN7EXAMPLE",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
            "da2-abcdefghijklmnopqrstuvwxyz",
            "us-west-1_Abc123",
            &claims(r#"{"role":"anon"}"#),
            "postgres://shop@db/shop",
            "postgres://shop:${DB_PASSWORD}@db/shop",
            "postgres://shop:***@db/shop",
            "pk_live_a1B2c3D4e5F6g7H8",
            "mailto:a@b.io",
            "sk_live_",
            "SG.short",
            "a.b.c",
            "s3://Bucket1/releases/frontend/2024/index.ht",
            "https://a.io/x:y@z",
        ] {
            assert!(!is_secret_value(value), "{value}");
        }
    }
}
