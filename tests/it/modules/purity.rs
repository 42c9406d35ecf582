//! What the pure part takes from other crates, and from the language: plain data and plain functions alone.

use std::collections::BTreeSet;

use super::mentions::{Mention, Named};
use super::source::{Crate, MACRO};

/// All that it may take. What is new here has no clock, no chance, and nothing from outside of its arguments.
pub const PURE: &[&str] = &[
    "anstream::adapter::strip_str",
    "base64",
    "camino::Utf8Path",
    "camino::Utf8PathBuf",
    "github_actions_models",
    "glob",
    "glob::Pattern",
    "html5gum",
    "indexmap",
    "jiff::SignedDuration",
    "jiff::SpanRelativeTo",
    "jiff::Timestamp",
    "jiff::civil",
    "jiff::fmt::friendly::SpanParser",
    "jiff::tz::AmbiguousOffset",
    "jiff::tz::TimeZone",
    "jiff::tz::TimeZoneDatabase::bundled",
    "memchr",
    "mime_guess",
    "parse_dockerfile",
    "percent_encoding",
    "regex_lite",
    "secrecy",
    "serde",
    "serde_json",
    "sha2",
    "shlex",
    "std::any::Any",
    "std::borrow",
    "std::cell::OnceCell",
    "std::cmp::Reverse",
    "std::collections",
    "std::fmt",
    "std::iter",
    "std::marker::PhantomData",
    "std::mem",
    "std::net::IpAddr",
    "std::net::Ipv4Addr",
    "std::net::Ipv6Addr",
    "std::ops",
    "std::rc",
    "std::str",
    "std::time::Duration",
    "strsim",
    "thiserror",
    "tree_sitter",
    "tree_sitter_yaml",
    "url",
    "wildmatch",
    "yaml_serde",
    "yamlpath",
];

/// The macros of the standard library that only compute.
const MACROS: &[&str] =
    &["assert", "concat", "format", "macro_rules", "matches", "unreachable", "vec", "write", "writeln"];

/// What asks something outside of a path or a time, by whatever way it is called.
const ASKING: &[&str] = &[
    "canonicalize",
    "canonicalize_utf8",
    "elapsed",
    "exists",
    "is_dir",
    "is_file",
    "is_symlink",
    "metadata",
    "now",
    "read_dir",
    "read_dir_utf8",
    "read_link",
    "read_link_utf8",
    "symlink_metadata",
    "system",
    "try_exists",
    "try_system",
];

/// Types that need no path.
const PRIMITIVE: &[&str] = &["char", "str", "u8", "usize"];

/// Each place where a module of the room does more than compute, and each permission that is not used.
pub fn impurities(room: &str, allowed: &[&str], source: &Crate, mentions: &[Mention]) -> Vec<String> {
    let mut unused: BTreeSet<&str> = allowed.iter().copied().collect();
    let mut found = Vec::new();
    for mention in mentions {
        if source.modules[mention.from].path.first().is_none_or(|first| first != room) {
            continue;
        }
        let is_pure = match &mention.named {
            Named::Item(_) | Named::Module(_) => true,
            Named::Async => false,
            Named::Method(name) => !ASKING.contains(&name.as_str()),
            Named::Foreign(path) => is_pure(path, allowed, &mut unused),
        };
        if !is_pure {
            found.push(source.describe(mention));
        }
    }
    found.extend(unused.iter().map(|unused| format!("{room} does not take {unused}: take it off the list")));
    found
}

fn is_pure<'a>(path: &[String], allowed: &[&'a str], unused: &mut BTreeSet<&'a str>) -> bool {
    if let [name, mark] = path
        && mark == MACRO
    {
        return MACROS.contains(&name.as_str());
    }
    if path.last().is_some_and(|last| ASKING.contains(&last.as_str())) {
        return false;
    }
    // `String::new`, `T::Output`: of the prelude, or of what is named where it is bound.
    let first = path.first().map_or("", String::as_str);
    if first.starts_with(char::is_uppercase) || PRIMITIVE.contains(&first) || path.len() == 1 {
        return true;
    }
    let path = path.join("::");
    let mut is_allowed = false;
    for prefix in allowed {
        if path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with("::")) {
            unused.remove(prefix);
            is_allowed = true;
        }
    }
    is_allowed
}
