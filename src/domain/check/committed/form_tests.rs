use super::*;

/// Put together here, so that no scanner takes this file for a leak.
fn made(parts: &[&str]) -> String {
    parts.concat()
}

const RANDOM: &str = "k3V9xQ2mZ7pL4tR8wN1cB6yH5jD0sFgAuEoX";

#[test]
fn tokens_are_known_by_their_form() {
    let base32 = "Q3EGRJ7KMB2XPLZA";
    let body = format!("{RANDOM}{RANDOM}");
    for (text, what) in [
        (made(&["id: AKIA", base32]), "an access key ID of AWS"),
        (made(&["ASIA", base32, "."]), "an access key ID of AWS"),
        (made(&["https://gh", "p_", RANDOM, "@github.com/a/b"]), "a token of GitHub"),
        (made(&["'github_", "pat_", RANDOM, "_", RANDOM, "'"]), "a token of GitHub"),
        (made(&["gl", "pat-", &RANDOM[..20]]), "a token of GitLab"),
        (made(&["xo", "xb-1234-", RANDOM]), "a token of Slack"),
        (made(&["https://hooks.slack", ".com/services/T0AB1CD2E/B0FG3HI4J/", &RANDOM[..24]]), "a webhook of Slack"),
        (made(&["sk_", "live_", &RANDOM[..24]]), "a live key of Stripe"),
        (made(&["np", "m_", RANDOM]), "a token of npm"),
        (made(&["API_KEY=da", "2-k3v9xq2mz7pl4tr8wn1cb6yh5j"]), "an API key of AppSync"),
        (made(&["eyJhbGciOiJIUzI1NiJ9.eyJ", "yb2xlIjoic2VydmljZSJ9.", &RANDOM[..30]]), "a JSON Web Token"),
        (made(&["-----BEGIN RSA PRIVATE", " KEY-----\n", &body, "\n-----END"]), "a private key"),
        (made(&["-----BEGIN PRIVATE", " KEY-----\\n", &body, "\\n-----END"]), "a private key"),
        ("postgres://shop:Tr0ub4dor@db.shop-prod.io/shop".to_owned(), "a password in an address"),
        ("https://ci:p/w?x@git.shop-prod.io/a".to_owned(), "a password in an address"),
    ] {
        let found = hits(&text);
        assert_eq!(found.iter().map(|hit| hit.what).collect::<Vec<_>>(), [what], "{text}");
        assert!(text.get(found[0].range.clone()).is_some(), "{text}");
    }
}

#[test]
fn examples_and_stand_ins_are_none() {
    for text in [
        "AKIAIOSFODNN7EXAMPLE wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "AKIAXXXXXXXXXXXXXXXX",
        "AKIAAAAAAAAAAAAAAAAA",
        "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "ghp_short",
        "da2-PRODUCTION_API_KEY",
        "da2-abcdefghijklmnopqrstuvwxyz",
        "sk_test_4eC39HqLyjWDarjtT1zdp7dc",
        "pk_live_4eC39HqLyjWDarjtT1zdp7dc",
        "-----BEGIN PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----",
        "-----BEGIN PUBLIC KEY-----\nk3V9xQ2mZ7pL4tR8wN1cB6yH5jD0sFgAuEoXk3V9xQ2mZ7pL4tR8wN1cB6yH5jD0sFgAuEoX",
        "postgres://postgres:hunter22@localhost:5432/test",
        "postgres://postgres:hunter22@db/test",
        "postgres://user:password@db.shop.io/x",
        "https://ci:${TOKEN}@git.shop.io/x",
        "https://ci:<token>@git.shop.io/x",
        "https://shop.example/a:b@c",
        "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoiYW5vbiJ9.k3V9xQ2mZ7pL4tR8wN1cB6yH5jD0sF",
        "sha: 0123456789abcdef0123456789abcdef01234567",
    ] {
        assert_eq!(hits(text), [], "{text}");
    }
}

#[test]
fn a_secret_key_of_aws_is_known_beside_its_id() {
    let key = "k3V9xQ2mZ7pL4tR8wN1cB6yH5jD0sFgAuEoX/q+Z";
    let id = made(&["AK", "IAQ3EGRJ7KMB2XPLZA"]);
    let near = format!("a: {id}\nb: \"{key}\"\n");
    assert_eq!(hits(&near).len(), 2, "{:?}", hits(&near));
    assert_eq!(hits(&format!("b: {key}\n{id}")).len(), 2);
    assert_eq!(hits(&format!("b: {key}{:900}{id}", "\n")).len(), 1, "far away");
    assert_eq!(hits(key).len(), 0, "alone it is any text");
    assert_eq!(hits(&format!("{id}\n0123456789abcdef0123456789abcdef01234567")).len(), 1, "a commit");
}

proptest::proptest! {
    #[test]
    fn no_text_ends_the_search(text in "([A-Za-z0-9:/@\\.\\-äö€\n=\"]|-----BEGIN |PRIVATE KEY-----|://|AKIA){0,60}") {
        for hit in hits(&text) {
            proptest::prop_assert!(text.get(hit.range).is_some());
        }
    }
}
