//! Makes a [`Target`] of one environment: its settings merged, and every text interpreted.
//!
//! Goes on after anything wrong, so that all of it is told at once. Hence nothing here returns before everything was
//! looked at: a value that could not be had is `None`, noted, and only in the end there is no target.

use std::cell::Cell;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use indexmap::IndexMap;

use super::check;
use super::dependencies;
use super::error::Problems;
use super::interpret::{Interpreter, all};
use super::raw::{
    RawApproval, RawBuild, RawComponent, RawConfig, RawEnvironment, RawMissingVariables, RawProbe, RawReuse,
    RawSettings,
};
use super::read::Key;
use super::scope::{Origin, Outside, Scope, Value};
use super::text::Text;
use super::values;
use super::wording::one_of;
use crate::domain::ecs::target::{EcsTarget, MissingVariables, TaskDefinitionSource};
use crate::domain::names::{AccountId, ComponentName, EnvironmentName, InvalidName, Region};
use crate::domain::probe::Probe;
use crate::domain::role::{LONGEST_CHAINED_SESSION, Partition, RoleArn, Roles};
use crate::domain::target::{Build, Component, Image, Reuse, Target};

/// How long a rollout may take where nothing is written.
const DEFAULT_TIMEOUT: Duration = Duration::from_mins(20);

/// What a target is for, and so which of its variables have to be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To change what runs there: everything is resolved.
    Change,
    /// To look at its services or to hold them: its address, images, task-definition files, commands, probes and
    /// timeouts are left out, with their variables.
    Services,
    /// To become who may do something there: its components are left out too.
    Identity,
    /// To say what a policy of IAM has to allow: beside the services there are repositories and task-definition files,
    /// and builds and commands as empty ones.
    Policy,
}

/// Which part of a configuration is asked for, and what its variables stand for.
#[derive(Clone, Copy)]
pub struct Request<'r> {
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
}

impl fmt::Debug for Request<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Request")
            .field("environment", &self.environment)
            .field("components", &self.components)
            .field("purpose", &self.purpose)
            .finish_non_exhaustive()
    }
}

impl Request<'_> {
    fn selects(&self, component: &str) -> bool {
        self.components.is_empty() || self.components.iter().any(|name| name == component)
    }
}

/// What a request is about, for what is resolved by itself.
pub(super) struct Asked<'d> {
    /// What variables stand for.
    pub(super) scope: Scope<'d>,
    /// The environment's name.
    pub(super) environment: &'d str,
    /// The components that are asked for.
    pub(super) components: Vec<ComponentName>,
}

/// Resolves what a request asks for.
pub(super) fn request(config: &RawConfig, request: &Request<'_>, problems: &mut Problems) -> Option<Target> {
    let (key, environment) = find(config, request, problems)?;
    let outside = Outside::new(request.vars, request.env, problems);
    let selects = |name: &str| request.purpose != Purpose::Identity && request.selects(name);
    Resolver::new(config, key, environment, outside, request.purpose, problems).target(&selects)
}

/// Resolves nothing but what variables stand for.
pub(super) fn asked<'d>(config: &'d RawConfig, request: &Request<'d>, problems: &mut Problems) -> Option<Asked<'d>> {
    let (key, environment) = find(config, request, problems)?;
    let outside = Outside::new(request.vars, request.env, problems);
    let scope = Resolver::new(config, key, environment, outside, request.purpose, problems).interpreter.scope;
    let selected = config.components.names().filter(|name| request.selects(name));
    Some(Asked {
        scope,
        environment: request.environment,
        components: selected.filter_map(|name| name.parse().ok()).collect(),
    })
}

/// The environment of a request. Names that are not in the file are told.
fn find<'d>(
    config: &'d RawConfig,
    request: &Request<'_>,
    problems: &mut Problems,
) -> Option<(&'d Key, &'d RawEnvironment)> {
    for name in request.components {
        if config.components.get(name).is_none() {
            problems.outside(format!("there is no component `{name}`"), one_of(name, config.components.names()));
        }
    }
    let found = config.environments.get(request.environment);
    if found.is_none() {
        let name = request.environment;
        problems.outside(format!("there is no environment `{name}`"), one_of(name, config.environments.names()));
    }
    found
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
    interpreter: Interpreter<'d, 'p>,
}

/// The settings of a component in one environment.
#[derive(Clone, Copy)]
struct Settings<'d> {
    key: &'d Key,
    own: &'d RawSettings,
    overrides: Option<&'d RawSettings>,
}

impl<'d> Settings<'d> {
    fn pick<T>(self, pick: impl Fn(&'d RawSettings) -> Option<&'d T>) -> Option<&'d T> {
        self.overrides.and_then(&pick).or_else(|| pick(self.own))
    }
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
        // A wrong name is told already, and not again wherever it is used.
        let app =
            config.app.as_ref().and_then(|app| app.value.as_deref()).filter(|app| check::is_application_name(app));
        let name = Some(key.text.as_str()).filter(|name| name.parse::<EnvironmentName>().is_ok());
        let mut scope = Scope {
            app,
            environment: name,
            prefix: None,
            without_prefix: Problems::default(),
            outside,
            resolved: Cell::default(),
        };
        let mut missed = Problems::default();
        let mut interpreter = Interpreter { scope, problems: &mut missed };
        let prefix = match &environment.prefix {
            None => name.map(|name| Value::new(name, Origin::Variables)),
            Some(prefix) => interpreter.without_release("prefix", prefix),
        };
        scope = Scope { prefix, ..interpreter.scope };
        // Who changes something has to have all of it; for the others a prefix matters where it is used.
        if purpose == Purpose::Change {
            problems.extend(&missed);
        }
        scope.without_prefix = missed;
        Self { config, key, environment, purpose, interpreter: Interpreter { scope, problems } }
    }

    fn target(mut self, is_selected: &dyn Fn(&str) -> bool) -> Option<Target> {
        let region = self.environment.region.as_ref().map(|region| self.interpreter.named("region", region));
        let account = self.environment.account.as_ref().map(|account| self.interpreter.named("account", account));
        let roles = self.roles(region.as_ref().and_then(Option::as_ref), account.as_ref().and_then(Option::as_ref));
        let url = self.environment.url.as_ref().filter(|_| self.purpose == Purpose::Change);
        let url = url.map(|url| self.interpreter.parsed("url", url, values::address));
        let promotes_from = self.environment.promotes_from.as_ref().map(|source| source.value.as_deref()?.parse().ok());
        let selected: Vec<_> = dependencies::order(self.config)
            .into_iter()
            .filter(|(key, component)| component.is_readable() && is_selected(&key.text))
            .collect();
        let images = match self.purpose {
            Purpose::Change | Purpose::Policy => self.images(&selected),
            Purpose::Services | Purpose::Identity => Vec::new(),
        };
        let components = selected.iter().map(|(key, component)| self.component(key, component)).collect();
        Some(Target {
            app: self.interpreter.scope.app?.to_owned(),
            environment: self.key.text.parse::<EnvironmentName>().ok()?,
            region: region??,
            account: whole(account)?,
            roles: roles?,
            url: whole(url)?,
            promotes_from: whole(promotes_from)?,
            gates: self.gates(),
            images: all(images)?,
            components: all(components)?,
        })
    }

    fn roles(&mut self, region: Option<&Region>, account: Option<&AccountId>) -> Option<Roles> {
        let written = self.environment;
        let mut role = |name, text: &Option<Text>| text.as_ref().map(|text| self.role(name, text, region, account));
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

    /// Who may become the one could do what only the other may.
    fn refuse_same(
        &mut self,
        name: &str,
        text: Option<&Text>,
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
        text: &Text,
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

    fn session_duration(&mut self, text: &Text) -> Option<Duration> {
        let duration = self.interpreter.parsed("session-duration", text, values::session_duration)?;
        if self.environment.via.is_some() && duration > LONGEST_CHAINED_SESSION {
            let message = "`session-duration` is longer than `1h`, beside `via`";
            let hint = "write at most `1h`: AWS ends a session that one role assumes from another after an hour";
            self.interpreter.problems.at(&text.span, message, hint);
            return None;
        }
        Some(duration)
    }

    fn gates(&self) -> IndexMap<String, String> {
        let approval = self.environment.gates.as_ref().and_then(|gates| gates.approval);
        approval
            .iter()
            .filter(|approval| **approval == RawApproval::None)
            .map(|_| ("approval".to_owned(), "none".to_owned()))
            .collect()
    }

    /// The images of the selected components, also those of components that are not selected themselves.
    fn images(&mut self, selected: &[(&'d Key, &'d RawComponent)]) -> Vec<Option<Image>> {
        let config = self.config;
        let mut images = Vec::new();
        for (key, component) in config.components.iter() {
            let is_needed = selected.iter().any(|(user_key, user)| owner(user_key, user) == Some(key.text.as_str()));
            if let (true, Some(build)) = (is_needed, &component.build) {
                images.push(self.image(key, component, build));
            }
        }
        images
    }

    fn image(&mut self, key: &'d Key, component: &'d RawComponent, build: &'d RawBuild) -> Option<Image> {
        let settings = self.settings(key, component);
        let repository = self.required("repository", settings, |settings| settings.repository.as_ref());
        let create_repository = settings.pick(|settings| settings.create_repository.as_ref());
        let reuse = match settings.pick(|settings| settings.reuse.as_ref()) {
            None => Some(Reuse::Any),
            Some(written) => written.value.map(|reuse| match reuse {
                RawReuse::Any => Reuse::Any,
                RawReuse::Own => Reuse::Own,
            }),
        };
        let build = match self.purpose {
            Purpose::Policy => Some(Build::default()),
            Purpose::Change | Purpose::Services | Purpose::Identity => self.build(build),
        };
        Some(Image {
            component: key.text.parse().ok()?,
            repository: repository?,
            create_repository: create_repository.map_or(Some(false), |create| create.value)?,
            reuse: reuse?,
            build: build?,
        })
    }

    fn build(&mut self, build: &RawBuild) -> Option<Build> {
        let context = build.context.as_ref().map(|context| self.interpreter.parsed("context", context, values::path));
        let dockerfile =
            build.dockerfile.as_ref().map(|path| self.interpreter.parsed("dockerfile", path, values::path));
        let platforms = build.platforms.iter().flatten();
        let platforms = platforms.map(|text| self.interpreter.parsed("platforms", text, values::platform)).collect();
        let args = self.interpreter.templates(build.args.as_ref(), values::argument_name, values::argument);
        let tags = build.tags.iter().flatten().map(|tag| self.interpreter.template("tags", tag, values::tag)).collect();
        Some(Build {
            context: context??,
            dockerfile: whole(dockerfile)?,
            platforms: all(platforms)?,
            args: args?,
            tags: all(tags)?,
        })
    }

    fn component(&mut self, key: &'d Key, component: &'d RawComponent) -> Option<Component> {
        let settings = self.settings(key, component);
        let cluster = self.required("cluster", settings, |settings| settings.cluster.as_ref());
        let service = self.required("service", settings, |settings| settings.service.as_ref());
        let container = self.required("container", settings, |settings| settings.container.as_ref());
        let task_definition = settings
            .pick(|settings| settings.task_definition.as_ref())
            .filter(|_| matches!(self.purpose, Purpose::Change | Purpose::Policy))
            .map(|text| self.interpreter.parsed("task-definition", text, values::task_definition));
        let pre_deploy = self
            .to_change(settings, |settings| settings.pre_deploy.as_ref())
            .map(|words| self.interpreter.command(words));
        let has_own_pre_deploy = settings.pick(|settings| settings.pre_deploy.as_ref()).is_some();
        let pre_deploy = match self.purpose {
            Purpose::Policy => has_own_pre_deploy.then(|| Some(Vec::new())),
            Purpose::Change | Purpose::Services | Purpose::Identity => pre_deploy,
        };
        let probes = self.to_change(settings, |settings| settings.probes.as_ref());
        let probes = probes.into_iter().flatten().map(|probe| self.probe(probe)).collect();
        let timeout = self.to_change(settings, |settings| settings.timeout.as_ref());
        let timeout = self.interpreter.duration("timeout", timeout, DEFAULT_TIMEOUT);
        let missing = settings.pick(|settings| settings.missing_variables.as_ref()).copied();
        let name: ComponentName = key.text.parse().ok()?;
        let image = owner(key, component)?.parse().ok()?;
        let depends_on = component.depends_on.iter().flatten();
        let depends_on = depends_on.map(|other| other.value.as_deref()?.parse().ok()).collect();
        let kind = EcsTarget {
            cluster: cluster?,
            service: service?,
            container: container?,
            image,
            task_definition: whole(task_definition)?.unwrap_or(TaskDefinitionSource::Live),
            pre_deploy: whole(pre_deploy)?,
            has_pre_deploy: Some(self.has_pre_deploy(settings)),
            probes: all(probes)?,
            timeout: timeout?,
            missing_variables: missing_variables(missing)?,
        };
        Some(Component { name, depends_on: all(depends_on)?, kind: kind.into() })
    }

    /// A setting that only matters to who changes something.
    fn to_change<T>(&self, settings: Settings<'d>, pick: impl Fn(&'d RawSettings) -> Option<&'d T>) -> Option<&'d T> {
        settings.pick(pick).filter(|_| self.purpose == Purpose::Change)
    }

    /// Whether the file has a command before traffic for a component, for this environment or another.
    fn has_pre_deploy(&self, settings: Settings<'d>) -> bool {
        settings.own.pre_deploy.is_some() || self.is_overridden(settings, |settings| settings.pre_deploy.is_some())
    }

    /// Whether some environment's override of a component has a setting.
    fn is_overridden(&self, settings: Settings<'d>, has: impl Fn(&'d RawSettings) -> bool) -> bool {
        let overrides = |environment: &'d RawEnvironment| environment.components.get(&settings.key.text);
        let mut environments = self.config.environments.iter();
        environments.any(|(_, environment)| overrides(environment).is_some_and(|(_, overrides)| has(overrides)))
    }

    fn settings(&self, key: &'d Key, component: &'d RawComponent) -> Settings<'d> {
        let overrides = self.environment.components.get(&key.text).map(|(_, overrides)| overrides);
        Settings { key, own: &component.settings, overrides }
    }

    fn probe(&mut self, probe: &RawProbe) -> Option<Probe> {
        let url = probe.url.as_ref().map(|url| self.interpreter.template("url", url, values::url));
        let method = probe.method.as_ref().map(|method| self.interpreter.parsed("method", method, values::method));
        let headers = self.interpreter.templates(probe.headers.as_ref(), values::header_name, values::header_value);
        let text = probe.text.as_ref().map(|text| self.interpreter.template("text", text, values::something));
        let json = self.interpreter.expected(probe.json.as_ref());
        let response_headers =
            self.interpreter.templates(probe.response_headers.as_ref(), values::header_name, values::header_value);
        let timeout = self.interpreter.duration("timeout", probe.timeout.as_ref(), Duration::from_secs(5));
        let interval = self.interpreter.duration("interval", probe.interval.as_ref(), Duration::from_secs(1));
        Some(Probe {
            url: url??,
            method: whole(method)?.unwrap_or_else(|| "GET".to_owned()),
            headers: headers?,
            status: probe.status.unwrap_or(200),
            text: whole(text)?,
            json: json?,
            response_headers: response_headers?,
            timeout: timeout?,
            interval: interval?,
            retries: probe.retries.unwrap_or(10),
            successes: probe.successes.unwrap_or(1),
        })
    }

    /// A setting that every component needs, from the component or the environment's override.
    fn required<T: FromStr<Err = InvalidName>>(
        &mut self,
        name: &'static str,
        settings: Settings<'d>,
        pick: impl Fn(&'d RawSettings) -> Option<&'d Text>,
    ) -> Option<T> {
        if let Some(text) = settings.pick(&pick) {
            return self.interpreter.named(name, text);
        }
        let component = &settings.key.text;
        if self.is_overridden(settings, |overrides| pick(overrides).is_some()) {
            let environment = &self.key.text;
            let message = format!("`{name}` of `{component}` is missing for `{environment}`");
            let hint = format!("add it to `[environments.{environment}.components.{component}]`");
            self.interpreter.problems.at(&self.key.span, message, hint);
        } else {
            let message = format!("`{name}` is missing in `components.{component}`");
            self.interpreter.problems.at(&settings.key.span, message, format!("add `{name} = \"…\"`"));
        }
        None
    }
}

fn missing_variables(written: Option<RawMissingVariables>) -> Option<MissingVariables> {
    match written {
        None | Some(RawMissingVariables::Warning) => Some(MissingVariables::Warning),
        Some(RawMissingVariables::Error) => Some(MissingVariables::Error),
        Some(RawMissingVariables::Unreadable) => None,
    }
}

/// The component whose image a component runs.
fn owner<'d>(key: &'d Key, component: &'d RawComponent) -> Option<&'d str> {
    match &component.image_from {
        Some(image_from) => image_from.value.as_deref(),
        None => component.build.is_some().then_some(&key.text),
    }
}

/// The value that may be absent, where it could be had if it is written.
#[expect(clippy::option_option, reason = "the outer says whether it is written, the inner whether it could be had")]
fn whole<T>(value: Option<Option<T>>) -> Option<Option<T>> {
    match value {
        None => Some(None),
        Some(None) => None,
        Some(Some(value)) => Some(Some(value)),
    }
}
