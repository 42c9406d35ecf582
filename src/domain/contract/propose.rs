//! Writes a contract from what the environments have today: names and flags, never what comes from a value but the scheme
//! of an address.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use secrecy::ExposeSecret as _;

use super::declared::{Rules, UrlRule, is_variable_name, key};
use super::judge::{is_alike, is_of_platform, is_same, set};
use super::looks::{client_prefix, is_secret_name};
use super::single::{Home, faults};
use super::values::{Content, Values, VariableValue};
use crate::domain::names::{ComponentName, EnvironmentName};

/// What a contract is proposed from.
#[derive(Debug, Clone, Copy)]
pub struct ObservedValues<'a> {
    /// The component.
    pub component: &'a ComponentName,
    /// The environments that were read, in the order of the file.
    pub environments: &'a [(EnvironmentName, Values)],
    /// The environments that are promoted to, each with the one that its releases come from.
    pub promotes: &'a [(EnvironmentName, EnvironmentName)],
    /// The environments whose component uses on purpose what another one has, each with that one.
    pub shares: &'a [(EnvironmentName, EnvironmentName)],
    /// Whether all environments were read. Otherwise nothing is said of all.
    pub is_all: bool,
    /// Whether such a component takes its secrets as references.
    pub has_references: bool,
}

/// A table `[contract.NAME]` as text for the configuration file. What the environments have today breaks none of its rules.
pub fn propose(observed: &ObservedValues<'_>) -> String {
    let names: BTreeSet<&str> =
        observed.environments.iter().flat_map(|(_, values)| values.0.keys()).map(String::as_str).collect();
    let (known, unknown): (Vec<&str>, Vec<&str>) =
        names.into_iter().filter(|name| !is_of_platform(name)).partition(|name| is_variable_name(name));
    let mut text = String::new();
    let environments: Vec<&str> = observed.environments.iter().map(|(name, _)| name.as_str()).collect();
    line(&mut text, &format!("# From what {} have today: names and rules, no values.", environments.join(", ")));
    if !observed.is_all {
        line(&mut text, "# Not every environment could be read.");
    }
    if !unknown.is_empty() {
        line(&mut text, &format!("# {} left out, whose names a contract cannot have.", unknown.len()));
    }
    line(&mut text, &format!("[contract.{}]", key(observed.component.as_str())));
    for name in known {
        declared(&mut text, name, observed);
    }
    text
}

fn line(text: &mut String, line: &str) {
    // A `String` takes all that is written to it.
    let _ = writeln!(text, "{line}");
}

fn declared(text: &mut String, name: &str, observed: &ObservedValues<'_>) {
    let all: Vec<Option<&VariableValue>> = observed.environments.iter().map(|(_, values)| set(values, name)).collect();
    let there: Vec<&VariableValue> = all.iter().copied().flatten().collect();
    let plain = |value: &&VariableValue| matches!(value.content, Content::Plain(_));
    let mut rules: Vec<String> = required(&all, observed).into_iter().collect();
    if are_different(name, observed) {
        rules.push("isolated = true".to_owned());
    }
    if is_inherited(name, observed) {
        rules.push("inherited = true".to_owned());
    }
    rules.extend(scheme(&there).map(|scheme| format!("url = \"{scheme}\"")));
    let is_secret = !there.is_empty() && client_prefix(name).is_none() && {
        let are_references = !there.iter().any(plain);
        are_references || (!observed.has_references && is_secret_name(name))
    };
    if is_secret {
        rules.push("secret = true".to_owned());
    } else if observed.has_references && is_secret_name(name) && there.iter().any(plain) {
        line(text, &format!("# {name} is plain text: keep it in a secret store, and add `secret = true`"));
    }
    let rules = if rules.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", rules.join(", ")) };
    line(text, &format!("{} = {rules}", key(name)));
}

fn required(all: &[Option<&VariableValue>], observed: &ObservedValues<'_>) -> Option<String> {
    if observed.is_all && all.iter().all(Option::is_some) {
        return Some("required = true".to_owned());
    }
    let each = observed.environments.iter().zip(all).filter(|(_, value)| value.is_some());
    let names: Vec<String> = each.map(|((name, _), _)| format!("\"{name}\"")).collect();
    (!names.is_empty()).then(|| format!("required = [{}]", names.join(", ")))
}

/// Whether no two environments have the same value, but for those that use the same on purpose.
fn are_different(name: &str, observed: &ObservedValues<'_>) -> bool {
    let owner = |environment: &'_ EnvironmentName| {
        let shared = observed.shares.iter().find(|(other, _)| other == environment);
        shared.map_or(environment, |(_, owner)| owner).clone()
    };
    let values: Vec<(EnvironmentName, &VariableValue)> = observed
        .environments
        .iter()
        .filter_map(|(environment, values)| Some((owner(environment), set(values, name)?)))
        .collect();
    let differs = |(of, value): &(EnvironmentName, &VariableValue)| {
        values.iter().all(|(other_of, other)| other_of == of || !is_alike(value, other))
    };
    values.iter().any(|(of, _)| values.iter().any(|(other, _)| other != of)) && values.iter().all(differs)
}

/// Whether each environment that is promoted to has what its source has, and one of them has anything.
fn is_inherited(name: &str, observed: &ObservedValues<'_>) -> bool {
    let of = |environment: &EnvironmentName| observed.environments.iter().find(|(other, _)| other == environment);
    let pairs = observed.promotes.iter().filter_map(|(target, source)| Some((&of(target)?.1, &of(source)?.1)));
    let mut is_anywhere = false;
    for (here, there) in pairs {
        match (set(here, name), set(there, name)) {
            (None, None) => {}
            (Some(here), Some(there)) if is_same(here, there) => is_anywhere = true,
            _ => return false,
        }
    }
    is_anywhere
}

/// The scheme of all of them, where each is an address that others reach. Of a value nothing else is ever written, and only
/// schemes that are well known.
fn scheme(values: &[&VariableValue]) -> Option<&'static str> {
    const SCHEMES: [&str; 14] = [
        "amqp",
        "amqps",
        "http",
        "https",
        "mongodb",
        "mongodb+srv",
        "mysql",
        "postgres",
        "postgresql",
        "redis",
        "rediss",
        "s3",
        "ws",
        "wss",
    ];
    let fits = |scheme: &&str| {
        let rule = UrlRule { schemes: vec![(*scheme).to_owned()], local: false };
        let rules = Rules { url: Some(rule), ..Rules::default() };
        values.iter().all(|value| match &value.content {
            Content::Plain(text) => faults(&rules, text.expose_secret(), Home::default()).is_empty(),
            Content::Reference(_) => false,
        })
    };
    if values.is_empty() { None } else { SCHEMES.into_iter().find(fits) }
}
