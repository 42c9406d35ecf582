//! Makes a [`EnvironmentTarget`] of one environment: its settings merged, and every text interpreted.
//!
//! Goes on after anything wrong, so that all of it is reported at once. Hence nothing here returns before everything was
//! looked at: a value that could not be had is `None`, noted, and only in the end there is no target.

use std::cell::Cell;
use std::fmt;
use std::time::Duration;

use super::check;
use super::contract;
use super::dependencies;
use super::error::Problems;
use super::interpret::{Interpreter, all, whole};
use super::keys::AnyWritten;
use super::merged::{ComponentRequest, Purpose};
use super::raw::{RawConfig, RawEnvironment};
use super::read::Key;
use super::scope::{Outside, ResolvedText, TextOrigin, VariableScope};
use super::settle;
use super::source::SourceFile;
use super::text::WrittenText;
use super::values;
use super::wording::one_of;
use crate::domain::gate::{ContractPolicy, GatePolicy};
use crate::domain::names::{AccountId, ComponentName, EnvironmentName, Region};
use crate::domain::role::{LONGEST_CHAINED_SESSION, Partition, RoleArn, Roles};
use crate::domain::target::{Component, EnvironmentTarget, Image, Reuse};

/// Which part of a configuration is asked for, and what its variables stand for.
#[derive(Clone, Copy)]
pub struct ResolveRequest<'r> {
    /// The environment's name.
    pub environment: &'r str,
    /// The components' names. Empty: all of them.
    pub components: &'r [String],
    /// What they are asked for.
    pub purpose: Purpose,
    /// The text of `SHIPGATE_VARS`: one JSON object with a string, number or boolean for each of the repository's
    /// variables.
    pub vars: Option<&'r str>,
    /// Looks up an environment variable.
    pub env: &'r dyn Fn(&str) -> Option<String>,
    /// Whether the variables are handed over by a workflow, for what to do where one is missing.
    pub in_workflow: bool,
}

impl fmt::Debug for ResolveRequest<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Request")
            .field("environment", &self.environment)
            .field("components", &self.components)
            .field("purpose", &self.purpose)
            .finish_non_exhaustive()
    }
}

impl ResolveRequest<'_> {
    fn selects(&self, component: &str) -> bool {
        self.components.is_empty() || self.components.iter().any(|name| name == component)
    }
}

/// What a request is about, for what is resolved by itself.
pub(super) struct ResolveScope<'d> {
    /// What variables stand for.
    pub(super) scope: VariableScope<'d>,
    /// The environment's name.
    pub(super) environment: &'d str,
    /// The components that are asked for.
    pub(super) components: Vec<ComponentName>,
}

/// Resolves what a request asks for. `source`: the file, where the lines of what is in it are wanted.
pub(super) fn request(
    config: &RawConfig,
    request: &ResolveRequest<'_>,
    source: Option<&SourceFile<'_>>,
    problems: &mut Problems,
) -> Option<EnvironmentTarget> {
    let (key, environment) = find(config, request, problems)?;
    let outside = Outside::new(request.vars, request.env, request.in_workflow, problems);
    let selects = |name: &str| request.purpose != Purpose::Identity && request.selects(name);
    let mut resolver = Resolver::new(config, key, environment, outside, request.purpose, problems);
    resolver.is_part = !request.components.is_empty();
    resolver.interpreter.source = source;
    resolver.target(&selects)
}

/// Resolves nothing but what variables stand for.
pub(super) fn asked<'d>(
    config: &'d RawConfig,
    request: &ResolveRequest<'d>,
    problems: &mut Problems,
) -> Option<ResolveScope<'d>> {
    let (key, environment) = find(config, request, problems)?;
    let outside = Outside::new(request.vars, request.env, request.in_workflow, problems);
    let scope = scope_of(config, (key, environment), outside, request.purpose, problems);
    let selected = config.components.names().filter(|name| request.selects(name));
    Some(ResolveScope {
        scope,
        environment: request.environment,
        components: selected.filter_map(|name| name.parse().ok()).collect(),
    })
}

/// The environment of a request. Names that are not in the file are reported.
fn find<'d>(
    config: &'d RawConfig,
    request: &ResolveRequest<'_>,
    problems: &mut Problems,
) -> Option<(&'d Key, &'d RawEnvironment)> {
    known_components(config, request.components, problems);
    known_environment(config, request.environment, problems)
}

/// Reports which names are none of components.
pub(super) fn known_components(config: &RawConfig, names: &[String], problems: &mut Problems) {
    for name in names.iter().filter(|name| config.components.get(name).is_none()) {
        problems.outside(format!("there is no component `{name}`"), one_of(name, config.components.names()));
    }
}

/// The environment of a name. That there is none is reported.
pub(super) fn known_environment<'d>(
    config: &'d RawConfig,
    name: &str,
    problems: &mut Problems,
) -> Option<(&'d Key, &'d RawEnvironment)> {
    let found = config.environments.get(name);
    if found.is_none() {
        problems.outside(format!("there is no environment `{name}`"), one_of(name, config.environments.names()));
    }
    found
}

/// What the variables of an environment stand for.
pub(super) fn scope_of<'d>(
    config: &'d RawConfig,
    (key, environment): (&'d Key, &'d RawEnvironment),
    outside: Outside<'d>,
    purpose: Purpose,
    problems: &mut Problems,
) -> VariableScope<'d> {
    Resolver::new(config, key, environment, outside, purpose, problems).interpreter.scope
}

/// Checks all that can be checked of an environment without its surroundings.
pub(super) fn environment(config: &RawConfig, key: &Key, environment: &RawEnvironment, problems: &mut Problems) {
    Resolver::new(config, key, environment, Outside::Unknown, Purpose::Change, problems).target(&|_| true);
}

struct Resolver<'d, 'p> {
    config: &'d RawConfig,
    key: &'d Key,
    environment: &'d RawEnvironment,
    purpose: Purpose,
    /// Whether only some of the components are asked for.
    is_part: bool,
    interpreter: Interpreter<'d, 'p>,
}

impl<'d, 'p> Resolver<'d, 'p> {
    fn new(
        config: &'d RawConfig,
        key: &'d Key,
        environment: &'d RawEnvironment,
        outside: Outside<'d>,
        purpose: Purpose,
        problems: &'p mut Problems,
    ) -> Self {
        // A wrong name is already reported, and not again wherever it is used.
        let app =
            config.app.as_ref().and_then(|app| app.value.as_deref()).filter(|app| check::is_application_name(app));
        let name = Some(key.text.as_str()).filter(|name| name.parse::<EnvironmentName>().is_ok());
        let mut scope = VariableScope {
            app,
            environment: name,
            prefix: None,
            without_prefix: Problems::default(),
            outside,
            resolved: Cell::default(),
        };
        let mut missed = Problems::default();
        let mut interpreter = Interpreter { scope, problems: &mut missed, source: None };
        let prefix = match &environment.prefix {
            None => name.map(|name| ResolvedText::new(name, TextOrigin::Variables)),
            Some(prefix) => interpreter.without_release("prefix", prefix),
        };
        scope = VariableScope { prefix, ..interpreter.scope };
        // Who changes something has to have all of it; for the others a prefix matters where it is used.
        if purpose == Purpose::Change {
            problems.extend(&missed);
        }
        scope.without_prefix = missed;
        Self {
            config,
            key,
            environment,
            purpose,
            is_part: false,
            interpreter: Interpreter { scope, problems, source: None },
        }
    }

    fn target(mut self, is_selected: &dyn Fn(&str) -> bool) -> Option<EnvironmentTarget> {
        let region = self.environment.region.as_ref().map(|region| self.interpreter.named("region", region));
        let account = self.environment.account.as_ref().map(|account| self.interpreter.named("account", account));
        let account_line = self.environment.account.as_ref().and_then(|text| self.interpreter.line(&text.span));
        let roles = self.roles(region.as_ref().and_then(Option::as_ref), account.as_ref().and_then(Option::as_ref));
        let url = self.environment.url.as_ref().filter(|_| self.purpose == Purpose::Change);
        let url = url.map(|url| self.interpreter.parsed("url", url, values::address));
        let promotes_from = self.environment.promotes_from.as_ref().map(|source| source.value.as_deref()?.parse().ok());
        let selected: Vec<_> = dependencies::order(self.config)
            .into_iter()
            .filter(|(key, _)| is_selected(&key.text))
            .filter_map(|(key, component)| Some((key, component.written()?)))
            .collect();
        let images = match self.purpose {
            Purpose::Change | Purpose::Policy => self.images(&selected),
            Purpose::Services | Purpose::Values | Purpose::Identity | Purpose::Build => Vec::new(),
        };
        self.refuse_shared_repositories(&images);
        let components: Vec<_> = selected.iter().map(|(key, component)| self.component(key, *component)).collect();
        self.refuse_shared_places(&components);
        let policy = self.policy(&images, &components);
        let github = self.config.github.as_ref();
        let workflows = github.map(|github| github.workflows(self.interpreter.problems));
        Some(EnvironmentTarget {
            app: self.interpreter.scope.app?.to_owned(),
            environment: self.key.text.parse::<EnvironmentName>().ok()?,
            region: region??,
            account: whole(account)?,
            account_line,
            roles: roles?,
            url: whole(url)?,
            promotes_from: whole(promotes_from)?,
            on_failure: settle::on_failure(self.environment.on_failure)?,
            is_part: self.is_part,
            policy: policy?,
            workflows: whole(workflows)?.unwrap_or_default(),
            images: all(images)?,
            components: all(components)?,
        })
    }

    fn roles(&mut self, region: Option<&Region>, account: Option<&AccountId>) -> Option<Roles> {
        let written = self.environment;
        let mut role =
            |name, text: &Option<WrittenText>| text.as_ref().map(|text| self.role(name, text, region, account));
        let (own, read) = (role("role", &written.role), role("read-role", &written.read_role));
        // The hub may be in an account of its own.
        let via = written.via.as_ref().map(|text| self.role("via", text, region, None));
        self.refuse_same("read-role", written.read_role.as_ref(), own.as_ref(), read.as_ref());
        self.refuse_same("via", written.via.as_ref(), own.as_ref(), via.as_ref());
        let duration = written.session_duration.as_ref().map(|text| self.session_duration(text));
        let policy = written.session_policy.as_ref();
        let policy = policy.map(|text| self.interpreter.parsed("session-policy", text, values::path));
        Some(Roles {
            role: whole(own)?,
            read_role: whole(read)?,
            via: whole(via)?,
            duration: whole(duration)?,
            policy: whole(policy)?,
        })
    }

    /// A job that may assume the one could do what only the other may.
    fn refuse_same(
        &mut self,
        name: &str,
        text: Option<&WrittenText>,
        role: Option<&Option<RoleArn>>,
        other: Option<&Option<RoleArn>>,
    ) {
        if let (Some(text), Some(Some(role)), Some(Some(other))) = (text, role, other)
            && role == other
        {
            let message = format!("`{name}` is the same as `role`");
            self.interpreter.problems.at(&text.span, message, "name a role of its own, or remove it");
        }
    }

    /// A role, which has to be where the environment is.
    fn role(
        &mut self,
        name: &str,
        text: &WrittenText,
        region: Option<&Region>,
        account: Option<&AccountId>,
    ) -> Option<RoleArn> {
        let role: RoleArn = self.interpreter.named(name, text)?;
        if let Some(account) = account.filter(|account| *account != role.account()) {
            let message = format!("`{name}` is in account {}, but `account` is {account}", role.account());
            self.interpreter.problems.at(&text.span, message, "correct the one that is wrong");
            return None;
        }
        if let Some(region) = region.filter(|region| Partition::of(region) != *role.partition()) {
            let partition = Partition::of(region);
            let message = format!("`{name}` is in partition {}, but {region} is in {partition}", role.partition());
            self.interpreter.problems.at(&text.span, message, format!("write `arn:{partition}:iam::…`"));
            return None;
        }
        Some(role)
    }

    fn session_duration(&mut self, text: &WrittenText) -> Option<Duration> {
        let duration = self.interpreter.parsed("session-duration", text, values::session_duration)?;
        if self.environment.via.is_some() && duration > LONGEST_CHAINED_SESSION {
            let message = "`session-duration` is longer than `1h`, beside `via`";
            let hint = "write at most `1h`: AWS ends a session that one role assumes from another after an hour";
            self.interpreter.problems.at(&text.span, message, hint);
            return None;
        }
        Some(duration)
    }

    fn policy(&mut self, images: &[Option<Image>], components: &[Option<Component>]) -> Option<GatePolicy> {
        let declares = components.iter().flatten().any(|component| !component.contract.is_empty());
        let own_images = images.iter().flatten().any(|image| image.reuse == Reuse::Own);
        let written = self.environment.gates.as_ref().map(|gates| gates.policy(self.interpreter.problems));
        let policy = whole(written)?.unwrap_or_default();
        let contract = declares.then_some(policy.contract.unwrap_or(ContractPolicy::Error));
        Some(GatePolicy { contract, own_images, ..policy })
    }

    /// The images of the selected components, also those of components that are not selected themselves.
    fn images(&mut self, selected: &[(&'d Key, &'d dyn AnyWritten)]) -> Vec<Option<Image>> {
        let (config, purpose, environment) = (self.config, self.purpose, self.key);
        let owner = |(key, component): &(&'d Key, &'d dyn AnyWritten)| component.image()?.owner(&key.text);
        let needed: Vec<&str> = selected.iter().filter_map(owner).collect();
        let owners = config.components.iter().filter(|(key, _)| needed.contains(&key.text.as_str()));
        let images = owners.filter_map(|(key, component)| {
            let wanted = ComponentRequest { component: key, environment, purpose };
            component.written()?.resolve_image(wanted, &mut self.interpreter)
        });
        images.collect()
    }

    /// A release's tag leads to one image: of two, the later would take it from the other.
    fn refuse_shared_repositories(&mut self, images: &[Option<Image>]) {
        let images = images.iter().flatten().map(|image| (&image.component, image.repository.to_string()));
        self.refuse_shared(images, "keep their images in repository", "give each image a repository of its own");
    }

    /// Each change of a component's place takes the place of the one before.
    fn refuse_shared_places(&mut self, components: &[Option<Component>]) {
        let components = components.iter().flatten().map(|component| (&component.name, component.kind.place()));
        self.refuse_shared(components, "are both", "remove one of them: each change of it replaces the one before");
    }

    fn refuse_shared<'c>(
        &mut self,
        each: impl Iterator<Item = (&'c ComponentName, String)>,
        what: &str,
        hint: &'static str,
    ) {
        let mut seen: Vec<(&ComponentName, String)> = Vec::new();
        for (name, place) in each {
            if let Some((other, _)) = seen.iter().find(|(_, taken)| *taken == place) {
                let key = self.config.components.iter().find(|(key, _)| key.text == name.as_str());
                let span = key.map_or(&self.key.span, |(key, _)| &key.span);
                let environment = &self.key.text;
                let message = format!("`{other}` and `{name}` {what} `{place}` in `{environment}`");
                self.interpreter.problems.at(span, message, hint);
            }
            seen.push((name, place));
        }
    }

    fn component(&mut self, key: &'d Key, component: &'d dyn AnyWritten) -> Option<Component> {
        let wanted = ComponentRequest { component: key, environment: self.key, purpose: self.purpose };
        let kind = component.resolve(wanted, &mut self.interpreter);
        let depends_on = component.depends_on().iter().map(|other| other.value.as_deref()?.parse().ok()).collect();
        let follows =
            dependencies::behind(self.config, &key.text).into_iter().map(|other| other.parse().ok()).collect();
        let name = key.text.parse().ok()?;
        let contract = contract::of(&self.config.contract, &key.text, &|span| self.interpreter.place(span));
        Some(Component { name, depends_on: all(depends_on)?, follows: all(follows)?, contract, kind: kind? })
    }
}
