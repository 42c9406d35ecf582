//! The keys of an ECS service.

use std::time::Duration;

use super::error::Problems;
use super::image::{ImageSource, RepositoryKeys};
use super::interpret::{Interpreter, whole};
use super::keys::{KindKeys, MergedComponent, WrittenFile};
use super::merged::Purpose;
use super::probes::{self, RawProbe};
use super::read::{FromToml, Table, TomlNode, word};
use super::settle::{self, RawSettle};
use super::text::{WrittenText, read_command};
use super::values::{self, ValueFault};
use crate::domain::ecs::definition_file;
use crate::domain::ecs::target::{Busy, EcsTarget, MissingVariables, TaskDefinitionSource};

/// The word for what the service runs now.
const LIVE: &str = "live";

/// How long a rollout may take where nothing is written.
const DEFAULT_TIMEOUT: Duration = Duration::from_hours(1);

/// A service of Amazon ECS.
#[derive(Debug, Clone, Default)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "ecs", rename_all = "kebab-case"))]
pub(super) struct Keys {
    #[cfg_attr(test, schemars(flatten))]
    image: ImageSource,
}

/// Settings of a component that may differ between environments.
#[derive(Debug, Clone, Default)]
#[cfg_attr(
    test,
    derive(schemars::JsonSchema),
    schemars(rename = "ecs-overrides", rename_all = "kebab-case", deny_unknown_fields)
)]
pub(super) struct EcsSettings {
    /// The container of the task definition that gets the image.
    container: Option<WrittenText>,
    /// Where the task definition comes from: `live` (what the service runs now), or a JSON file relative to this one.
    /// Default: `live`.
    task_definition: Option<WrittenText>,
    /// The command of a one-off task with the new image, before it gets traffic. It may contain `${release.sha}`.
    #[cfg_attr(test, schemars(length(min = 1)))]
    pre_deploy: Option<Vec<WrittenText>>,
    #[cfg_attr(test, schemars(flatten))]
    repository: RepositoryKeys,
    /// The ECS cluster, by name.
    cluster: Option<WrittenText>,
    /// The ECS service, by name. It must exist.
    service: Option<WrittenText>,
    /// HTTP questions whose answers prove that the release runs. An empty list says that nothing can be asked.
    probes: Option<Vec<RawProbe>>,
    /// How long a rollout, and how long a pre-deploy task may take: for example `15m`, at most `6h`. Default: `60m`.
    timeout: Option<WrittenText>,
    /// How many tasks of a release that end in the same way end its rollout: at most 100, `0` for never. Default: 3.
    fail_fast: Option<u32>,
    /// How long a release is watched after its rollout is done: `1m`, or a table. `0s` turns it off. Default: `30s`.
    settle: Option<RawSettle>,
    /// What is done while a rollout of something else is in progress on the service. A rollback supersedes it always.
    /// Default: `wait`.
    busy: Option<RawBusy>,
    /// What it means for a promotion when the task definition of the source has a variable or secret that the one here
    /// lacks. Default: `warning`.
    missing_variables: Option<RawMissingVariables>,
}

impl KindKeys for Keys {
    type Settings = EcsSettings;
    type Target = EcsTarget;

    fn read(table: &mut Table<'_, '_>) -> Self {
        Self { image: ImageSource::read(table) }
    }

    fn read_settings(table: &mut Table<'_, '_>) -> EcsSettings {
        EcsSettings {
            container: table.optional("container"),
            task_definition: table.optional("task-definition"),
            pre_deploy: table.optional_with("pre-deploy", read_command),
            repository: RepositoryKeys::read(table),
            cluster: table.optional("cluster"),
            service: table.optional("service"),
            probes: table.optional("probes"),
            timeout: table.optional("timeout"),
            fail_fast: table.number("fail-fast", 0..=100),
            settle: table.optional("settle"),
            busy: table.optional("busy"),
            missing_variables: table.optional("missing-variables"),
        }
    }

    fn resolve(component: &MergedComponent<'_, Self>, interpreter: &mut Interpreter<'_, '_>) -> Option<EcsTarget> {
        let cluster = component.required("cluster", interpreter, |settings| settings.cluster.as_ref());
        let service = component.required("service", interpreter, |settings| settings.service.as_ref());
        let container = component.required("container", interpreter, |settings| settings.container.as_ref());
        let task_definition = component
            .pick(|settings| settings.task_definition.as_ref())
            .filter(|_| matches!(component.wanted.purpose, Purpose::Change | Purpose::Policy))
            .map(|text| interpreter.parsed("task-definition", text, task_definition_source));
        let pre_deploy = match component.wanted.purpose {
            Purpose::Policy => component.pick(|settings| settings.pre_deploy.as_ref()).map(|_| Some(Vec::new())),
            Purpose::Change | Purpose::Services | Purpose::Values | Purpose::Identity | Purpose::Build => {
                let words = component.to_change(|settings| settings.pre_deploy.as_ref());
                words.map(|words| interpreter.command(words))
            }
        };
        let probes = component.to_change(|settings| settings.probes.as_ref());
        let probes_left_out = probes.is_some_and(Vec::is_empty);
        let probes = probes::resolve(probes.map_or(&[], Vec::as_slice), interpreter);
        let timeout = component.to_change(|settings| settings.timeout.as_ref());
        let timeout = interpreter.duration("timeout", timeout, DEFAULT_TIMEOUT);
        let fail_fast = component.pick(|settings| settings.fail_fast.as_ref()).copied();
        let settle = component.pick(|settings| settings.settle.as_ref());
        let settle = settle.filter(|_| matches!(component.wanted.purpose, Purpose::Change | Purpose::Policy));
        let settle = settle::resolve(settle, interpreter);
        let busy = component.pick(|settings| settings.busy.as_ref()).copied();
        let missing = component.pick(|settings| settings.missing_variables.as_ref()).copied();
        let line = |pick: fn(&EcsSettings) -> Option<&WrittenText>| {
            interpreter.line(&component.pick(pick)?.span).map(Box::new)
        };
        let cluster_line = line(|settings| settings.cluster.as_ref());
        let service_line = line(|settings| settings.service.as_ref());
        Some(EcsTarget {
            cluster: cluster?,
            cluster_line,
            service: service?,
            service_line,
            container: container?,
            image: component.keys().image.owner(&component.wanted.component.text)?.parse().ok()?,
            task_definition: whole(task_definition)?.unwrap_or(TaskDefinitionSource::Live),
            pre_deploy: whole(pre_deploy)?,
            has_pre_deploy: Some(component.is_anywhere(|settings| settings.pre_deploy.is_some())),
            probes: probes?,
            probes_left_out,
            timeout: timeout?,
            fail_fast: fail_fast.unwrap_or(EcsTarget::FAIL_FAST),
            settle: settle?,
            busy: self::busy(busy)?,
            missing_variables: missing_variables(missing)?,
        })
    }

    fn image(&self) -> Option<&ImageSource> {
        Some(&self.image)
    }

    fn repository(settings: &EcsSettings) -> Option<&RepositoryKeys> {
        Some(&settings.repository)
    }

    fn files<'d>(
        component: &MergedComponent<'d, Self>,
        look_up: &dyn Fn(&WrittenText) -> Option<String>,
    ) -> Vec<WrittenFile<'d>> {
        let Some(text) = component.pick(|settings| settings.task_definition.as_ref()) else { return Vec::new() };
        let name = look_up(text);
        if name.as_deref() == Some(LIVE) {
            return Vec::new();
        }
        let container = component.pick(|settings| settings.container.as_ref());
        vec![WrittenFile { text, name, part: container.and_then(look_up), rules: &definition_file::RULES }]
    }
}

/// What is done while a rollout of something else is in progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Busy", rename_all = "kebab-case"))]
enum RawBusy {
    /// It is waited for, for `timeout` at most.
    Wait,
    /// Nothing is changed.
    Refuse,
    /// It is replaced.
    Supersede,
    /// Already said.
    #[cfg_attr(test, schemars(skip))]
    Unreadable,
}

impl FromToml for RawBusy {
    fn read(node: &TomlNode<'_>, problems: &mut Problems) -> Self {
        let words = [("wait", Self::Wait), ("refuse", Self::Refuse), ("supersede", Self::Supersede)];
        word(node, problems, &words).unwrap_or(Self::Unreadable)
    }
}

fn busy(written: Option<RawBusy>) -> Option<Busy> {
    match written {
        None | Some(RawBusy::Wait) => Some(Busy::Wait),
        Some(RawBusy::Refuse) => Some(Busy::Refuse),
        Some(RawBusy::Supersede) => Some(Busy::Supersede),
        Some(RawBusy::Unreadable) => None,
    }
}

/// What a variable or secret means that the source's task definition has and this environment's lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "MissingVariables", rename_all = "kebab-case"))]
enum RawMissingVariables {
    /// It is a warning.
    Warning,
    /// Nothing is promoted.
    Error,
    /// Already reported.
    #[cfg_attr(test, schemars(skip))]
    Unreadable,
}

impl FromToml for RawMissingVariables {
    fn read(node: &TomlNode<'_>, problems: &mut Problems) -> Self {
        let words = [("warning", Self::Warning), ("error", Self::Error)];
        word(node, problems, &words).unwrap_or(Self::Unreadable)
    }
}

fn missing_variables(written: Option<RawMissingVariables>) -> Option<MissingVariables> {
    match written {
        None | Some(RawMissingVariables::Warning) => Some(MissingVariables::Warning),
        Some(RawMissingVariables::Error) => Some(MissingVariables::Error),
        Some(RawMissingVariables::Unreadable) => None,
    }
}

/// The word `live`, or a path.
fn task_definition_source(text: &str) -> Result<TaskDefinitionSource, ValueFault> {
    if text == LIVE {
        return Ok(TaskDefinitionSource::Live);
    }
    values::path(text).map(TaskDefinitionSource::File)
}
