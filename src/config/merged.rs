//! One component for one environment, whatever its kind: what it is resolved for, and its settings with what the
//! environment overrides.

use indexmap::IndexMap;

use super::interpret::Interpreter;
use super::read::Key;
use super::text::WrittenText;
use crate::domain::names::InvalidName;

/// What a target is for, and so which of its variables have to be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To change what runs there: everything is resolved.
    Change,
    /// To look at its services or to hold them: its address, images, task-definition files, commands, probes and
    /// timeouts are left out, with their variables.
    Services,
    /// To compare what its variables are set to: its services, and what the configuration itself sets.
    Values,
    /// To become who may do something there: its components are left out too.
    Identity,
    /// To build sites: all but their builds is left out, and so is the environment where each gets the same files.
    Build,
    /// To say what a policy of IAM has to allow: beside the services there are repositories and task-definition files,
    /// and builds and commands as empty ones.
    Policy,
}

/// Which component is resolved, for which environment, and what for.
#[derive(Debug, Clone, Copy)]
pub(super) struct ComponentRequest<'d> {
    /// The component.
    pub(super) component: &'d Key,
    /// The environment.
    pub(super) environment: &'d Key,
    /// What for.
    pub(super) purpose: Purpose,
}

/// A component with its settings for one environment. `K`: the keys that are the same for all environments. `S`: those
/// that may differ.
#[derive(Debug)]
pub(super) struct MergedKeys<'d, K, S> {
    /// Which one, and what for.
    pub(super) wanted: ComponentRequest<'d>,
    keys: &'d K,
    settings: &'d S,
    /// What environments override, by the environment's name.
    overrides: &'d IndexMap<String, S>,
}

impl<'d, K, S> MergedKeys<'d, K, S> {
    /// Puts together what is written of a component.
    pub(super) fn new(
        wanted: ComponentRequest<'d>,
        keys: &'d K,
        settings: &'d S,
        overrides: &'d IndexMap<String, S>,
    ) -> Self {
        Self { wanted, keys, settings, overrides }
    }

    /// The keys that are the same for all environments.
    pub(super) fn keys(&self) -> &'d K {
        self.keys
    }

    /// The settings without what environments override, and then those of each environment.
    pub(super) fn all_settings(&self) -> impl Iterator<Item = &'d S> {
        std::iter::once(self.settings).chain(self.overrides.values())
    }

    /// A setting, from the environment's override or else from the component.
    pub(super) fn pick<T>(&self, pick: impl Fn(&'d S) -> Option<&'d T>) -> Option<&'d T> {
        let overrides = self.overrides.get(&self.wanted.environment.text);
        overrides.and_then(&pick).or_else(|| pick(self.settings))
    }

    /// A setting that only matters to who changes something.
    pub(super) fn to_change<T>(&self, pick: impl Fn(&'d S) -> Option<&'d T>) -> Option<&'d T> {
        self.pick(pick).filter(|_| self.wanted.purpose == Purpose::Change)
    }

    /// Whether the file has a setting, for this environment or another.
    pub(super) fn is_anywhere(&self, has: impl Fn(&'d S) -> bool) -> bool {
        has(self.settings) || self.is_overridden(has)
    }

    fn is_overridden(&self, has: impl Fn(&'d S) -> bool) -> bool {
        self.overrides.values().any(has)
    }

    /// A setting that every component needs, from the component or the environment's override.
    pub(super) fn required<T: std::str::FromStr<Err = InvalidName>>(
        &self,
        name: &'static str,
        interpreter: &mut Interpreter<'_, '_>,
        pick: impl Fn(&'d S) -> Option<&'d WrittenText>,
    ) -> Option<T> {
        if let Some(text) = self.pick(&pick) {
            return interpreter.named(name, text);
        }
        let ComponentRequest { component: key, environment, .. } = self.wanted;
        let component = &key.text;
        let path = format!("components.{component}");
        if self.is_overridden(|overrides| pick(overrides).is_some()) {
            let Key { text: environment, span } = environment;
            let message = format!("`{name}` of `{component}` is missing for `{environment}`");
            let hint = format!("add it to `[environments.{environment}.components.{component}]`");
            interpreter.problems.missing(span, &path, name, message, hint);
        } else {
            let message = format!("`{name}` is missing in `components.{component}`");
            interpreter.problems.missing(&key.span, &path, name, message, format!("add `{name} = \"…\"`"));
        }
        None
    }
}
