//! What the name or the value of a variable looks like.

/// Whether a variable of this name most likely holds a secret.
pub fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    ["SECRET", "PASSWORD", "TOKEN", "PRIVATE_KEY", "API_KEY"].iter().any(|word| name.contains(word))
}

/// Whether a value has the form of a secret.
pub fn is_secret_value(value: &str) -> bool {
    value.contains("PRIVATE KEY-----")
}

/// Whether a value stands in the place of one that is still to be filled in.
pub fn placeholder(value: &str) -> bool {
    value.contains("CHANGEME")
}

/// How the name begins, where the tools of a frontend put such variables into what browsers load.
pub fn client_prefix(name: &str) -> Option<&'static str> {
    ["REACT_APP_", "VITE_", "NEXT_PUBLIC_"].into_iter().find(|prefix| name.starts_with(prefix))
}
