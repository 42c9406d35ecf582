//! The name of a repository on GitHub.

/// The longest names that GitHub takes, in characters.
const LONGEST_OWNER: usize = 39;
const LONGEST_NAME: usize = 100;

/// Whether a text is `OWNER/NAME`, as GitHub writes it into tokens: letters, digits and hyphens (an owner that an
/// enterprise manages has `_`), in the repository's name `.` and `_` too, which does not end in `.git`
/// ([usernames](https://docs.github.com/en/enterprise-cloud@latest/admin/managing-iam/iam-configuration-reference/username-considerations-for-external-authentication)).
pub fn is_name(text: &str) -> bool {
    text.split_once('/').is_some_and(|(owner, name)| is_owner(owner) && is_repository(name))
}

fn is_owner(owner: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=LONGEST_OWNER).contains(&owner.len()) && owner.bytes().all(is_allowed) && !owner.starts_with('-')
}

fn is_repository(name: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (1..=LONGEST_NAME).contains(&name.len())
        && name.bytes().all(is_allowed)
        && !matches!(name, "." | "..")
        && !name.to_ascii_lowercase().ends_with(".git")
}

/// The name in an address of a repository: `git@HOST:OWNER/NAME.git`, `https://HOST/OWNER/NAME`, also with more behind it.
/// `None`: there is none that GitHub would take.
pub fn name_in_address(address: &str) -> Option<String> {
    let rest = address.trim().split(['?', '#']).next()?;
    let path = match rest.split_once("://") {
        Some((_, rest)) => rest.split_once('/')?.1,
        None => match rest.split_once(':') {
            Some((_, path)) => path,
            // A host has a dot, an owner has none.
            None => rest.split_once('/').filter(|(host, _)| host.contains('.')).map_or(rest, |(_, path)| path),
        },
    };
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    let (owner, name) = (parts.next()?, parts.next()?);
    let name = format!("{owner}/{}", name.strip_suffix(".git").unwrap_or(name));
    is_name(&name).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_is_what_a_token_can_have() {
        for name in ["acme/orders", "Acme-1/a.b_c-d", "octo_acme/.github", "a/b", "shop/t6a-1"] {
            assert!(is_name(name), "{name}");
        }
        let long = format!("acme/{}", "x".repeat(101));
        for wrong in [
            "",
            "acme",
            "acme/",
            "/orders",
            "a/b/c",
            "acme/*",
            "acme/or ders",
            "acme/orders.git",
            "acme/..",
            "-a/b",
            "a.b/c",
            "git@github.com:acme/orders",
            "acme/orders:ref",
            "äcme/orders",
            "acme/orders\n",
            "$OWNER/x",
            &long,
        ] {
            assert!(!is_name(wrong), "{wrong}");
        }
    }

    #[test]
    fn the_name_is_found_in_an_address() {
        for address in [
            "git@github.com:acme/orders.git",
            "git@github.com:acme/orders",
            "ssh://git@github.com/acme/orders.git",
            "ssh://git@ssh.github.com:443/acme/orders.git",
            "https://github.com/acme/orders",
            "https://github.com/acme/orders/tree/main?x#y",
            "https://user:password@github.com/acme/orders.git/",
            "git+https://github.com/acme/orders",
            "github.com/acme/orders",
            "acme/orders.git",
            "acme/orders/",
            " acme/orders ",
        ] {
            assert_eq!(name_in_address(address).as_deref(), Some("acme/orders"), "{address}");
        }
        for address in ["", "acme", "https://github.com", "https://github.com/acme", "a:b", "acme/*", "git@host:a b/c"]
        {
            assert_eq!(name_in_address(address), None, "{address}");
        }
    }

    proptest! {
        #[test]
        fn what_is_found_is_a_name(address in "[a-z@:/.? ]{0,30}") {
            if let Some(name) = name_in_address(&address) {
                prop_assert!(is_name(&name), "{}", name);
            }
        }
    }
}
