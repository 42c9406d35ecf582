//! Names that one environment has alone, and what a component lacks where releases start.

use std::collections::HashMap;

use super::error::Problems;
use super::keys::{Alone, AnyWritten};
use super::merged::{ComponentRequest, Purpose};
use super::outline;
use super::raw::RawConfig;
use super::read::Key;

/// Where a name stands: its key, the component and the environment.
type NamePlace<'d> = (&'static str, &'d str, &'d str);

/// Notes each name that stands where another environment or another key has it. Names with variables that only the
/// surroundings know are left out: they may differ.
pub(super) fn check(config: &RawConfig, problems: &mut Problems) {
    let mut seen: HashMap<String, Vec<NamePlace<'_>>> = HashMap::new();
    for (environment, _) in config.environments.iter() {
        let look_up = outline::look_up(config, &environment.text);
        for (component, written) in written(config) {
            let wanted = ComponentRequest { component, environment, purpose: Purpose::Change };
            for Alone { key, text, shared, mixed } in written.alone(wanted) {
                let Some(name) = look_up(text) else { continue };
                let standing = (key, component.text.as_str(), environment.text.as_str());
                let others = seen.entry(name.clone()).or_default();
                if let Some(other) = others.iter().find(|other| clashes(other, &standing)) {
                    let message = format!("`{name}` is {} and {}", shown(other), shown(&standing));
                    let hint = if other.0 == key { shared } else { mixed };
                    problems.at(&text.span, message, hint);
                }
                others.push(standing);
            }
        }
    }
}

/// Notes each component that no release can start with, once.
pub(super) fn starts(config: &RawConfig, problems: &mut Problems) {
    let start = config.environments.iter().find(|(_, environment)| environment.promotes_from.is_none());
    let Some((start, _)) = start else { return };
    for (component, written) in written(config) {
        if let Some((key, hint)) = written.lacks() {
            let message = format!(
                "`{key}` is missing in `components.{}`, whose releases start in `{}`",
                component.text, start.text
            );
            problems.at(&component.span, message, hint);
        }
    }
}

fn written(config: &RawConfig) -> impl Iterator<Item = (&Key, &dyn AnyWritten)> {
    config.components.iter().filter_map(|(key, component)| Some((key, component.written()?)))
}

/// Two components of one environment may have the same under one key: whether they may is decided where all of an
/// environment is known.
fn clashes((key, _, environment): &NamePlace<'_>, (other_key, _, other): &NamePlace<'_>) -> bool {
    key != other_key || environment != other
}

fn shown((key, component, environment): &NamePlace<'_>) -> String {
    format!("`{key}` of `{component}` in `{environment}`")
}
