//! Which component waits for which: whether `depends-on` makes sense, and the order that comes of it.

use std::collections::{HashSet, VecDeque};
use std::ops::Range;

use super::component::RawComponent;
use super::error::Problems;
use super::keys::AnyWritten;
use super::raw::RawConfig;
use super::read::{Key, Located};
use super::wording::one_of;

/// Notes every dependency that makes no sense, and every circle.
pub(super) fn check(config: &RawConfig, problems: &mut Problems) {
    for (key, component) in config.components.iter() {
        let mut seen = HashSet::new();
        for (span, name) in written(component) {
            if let Some((message, hint)) = wrong_name(config, key, name) {
                problems.at(span, message, hint);
            } else if !seen.insert(name) {
                problems.at(span, format!("`{name}` is listed twice in `depends-on`"), "remove one of the two");
            }
        }
    }
    circles(config, problems);
}

/// The components in the order in which they are changed: each after what it depends on, and otherwise in the order of
/// the file. A circle is already reported; what waits for each other in it comes last.
pub(super) fn order(config: &RawConfig) -> Vec<(&Key, &RawComponent)> {
    let mut waiting: Vec<_> = config.components.iter().collect();
    let mut ordered = Vec::new();
    let is_waiting = |waiting: &[(&Key, _)], name: &str| waiting.iter().any(|(key, _)| key.text == name);
    while let Some(next) =
        waiting.iter().position(|(_, component)| !written(component).any(|(_, name)| is_waiting(&waiting, name)))
    {
        ordered.push(waiting.remove(next));
    }
    ordered.extend(waiting);
    ordered
}

/// What a component depends on, directly or through others.
pub(super) fn behind<'d>(config: &'d RawConfig, name: &'d str) -> Vec<&'d str> {
    let (mut found, mut open) = (Vec::new(), vec![name]);
    while let Some((_, component)) = open.pop().and_then(|name| config.components.get(name)) {
        for (_, next) in written(component).filter(|(_, next)| *next != name) {
            if !found.contains(&next) {
                found.push(next);
                open.push(next);
            }
        }
    }
    found
}

/// What a component depends on, as far as it could be read, with its place.
fn written(component: &RawComponent) -> impl Iterator<Item = (&Range<usize>, &str)> {
    let written = component.written().into_iter().flat_map(AnyWritten::depends_on);
    written.filter_map(|Located { span, value }| Some((span, value.as_deref()?)))
}

/// What is wrong with depending on a component.
fn wrong_name(config: &RawConfig, key: &Key, name: &str) -> Option<(String, String)> {
    if name == key.text {
        return Some((format!("`{name}` cannot depend on itself"), "remove it".to_owned()));
    }
    let others = || config.components.names().filter(|other| *other != key.text);
    config.components.get(name).is_none().then(|| (format!("there is no component `{name}`"), one_of(name, others())))
}

/// Reports each circle once, at its first member. One that shares a member with another may be reported after that is gone.
fn circles(config: &RawConfig, problems: &mut Problems) {
    let mut messages: Vec<&str> = Vec::new();
    for (key, component) in config.components.iter() {
        let start = key.text.as_str();
        let Some(way) = way_back(config, start).filter(|_| !messages.contains(&start)) else { continue };
        let next = way.get(1).copied().unwrap_or(start);
        if let Some((span, _)) = written(component).find(|(_, name)| *name == next) {
            let circle = way.iter().chain([&start]).copied().collect::<Vec<_>>().join(" → ");
            let message = format!("`depends-on` goes in a circle: {circle}");
            problems.at(span, message, "remove one of the dependencies in it");
            messages.extend(way);
        }
    }
}

/// A shortest way from a component over dependencies, its own first, back to it. That to depend on oneself is wrong is
/// reported elsewhere, and no way.
fn way_back<'d>(config: &'d RawConfig, start: &'d str) -> Option<Vec<&'d str>> {
    let mut ways = VecDeque::from([vec![start]]);
    let mut seen = HashSet::new();
    while let Some(way) = ways.pop_front() {
        let last = *way.last()?;
        let Some((_, component)) = config.components.get(last) else { continue };
        for (_, next) in written(component).filter(|(_, next)| *next != last) {
            if next == start {
                return Some(way);
            }
            if seen.insert(next) {
                ways.push_back(way.iter().copied().chain([next]).collect());
            }
        }
    }
    None
}
