//! The shape of `shipgate.toml`: what may be written where. The comments on fields are the JSON Schema's descriptions.
//!
//! What the values mean, and whether they fit each other, is not decided here.

use super::error::Problems;
use super::read::{Entries, Located, NOT_BUILT, Node, Read, Table};
use super::text::Text;
use super::wording::one_of;

/// Keys of a component that a later version will know.
const LATER_IN_COMPONENT: [&str; 3] = ["rebuild-per-environment", "role", "via"];
/// Gates, and keys beside them, that a later version will know.
const LATER_IN_GATES: [&str; 12] = [
    "identity",
    "hold",
    "proven",
    "soak",
    "branch",
    "forward",
    "statuses",
    "protected",
    "approved",
    "freeze",
    "self-approval",
    "overridable",
];

/// What shipgate ships, and where to.
#[derive(Debug, Clone, Default, PartialEq)]
#[cfg_attr(
    test,
    derive(schemars::JsonSchema),
    schemars(rename = "Config", rename_all = "kebab-case", deny_unknown_fields)
)]
pub(super) struct RawConfig {
    /// The application's name. Values may refer to it as `${app}`.
    #[cfg_attr(test, schemars(required))]
    pub(super) app: Option<Located<String>>,
    /// What is shipped, by name.
    #[cfg_attr(test, schemars(extend("minProperties" = 1)))]
    pub(super) components: Entries<RawComponent>,
    /// Where it is shipped to, by name.
    #[cfg_attr(test, schemars(extend("minProperties" = 1)))]
    pub(super) environments: Entries<RawEnvironment>,
}

impl Read for RawConfig {
    fn read(node: &Node<'_>, problems: &mut Problems) -> Self {
        let Some(mut table) = node.table(problems) else {
            return Self::default();
        };
        let app = table.required("app", "app = \"cloudshop\"");
        let components = table
            .required_with("components", "[components.backend]", |node, problems| {
                node.refuse_empty("add a table `[components.backend]`", problems);
                Entries::read(node, problems)
            })
            .unwrap_or_default();
        let environments = table
            .required_with("environments", "[environments.stage]", |node, problems| {
                node.refuse_empty("add a table `[environments.stage]`", problems);
                Entries::read_with(node, problems, |node, problems| RawEnvironment::read(node, &components, problems))
            })
            .unwrap_or_default();
        table.refuse_unknown();
        Self { app, components, environments }
    }
}

/// Something that is shipped.
#[derive(Debug, Clone, Default, PartialEq)]
#[cfg_attr(
    test,
    derive(schemars::JsonSchema),
    schemars(rename = "Component", rename_all = "kebab-case", deny_unknown_fields)
)]
pub(super) struct RawComponent {
    /// What it is.
    #[cfg_attr(test, schemars(required))]
    pub(super) kind: Option<RawKind>,
    /// How its image is built. Either this or `image-from`.
    pub(super) build: Option<RawBuild>,
    /// The component whose image it runs too, as a worker does.
    pub(super) image_from: Option<Located<String>>,
    /// The components that are changed before it. Default: none.
    pub(super) depends_on: Option<Vec<Located<String>>>,
    /// Settings for all environments.
    #[cfg_attr(test, schemars(flatten))]
    pub(super) settings: RawSettings,
}

impl RawComponent {
    fn unreadable() -> Self {
        Self { kind: Some(RawKind::Unreadable), ..Self::default() }
    }

    /// Whether anything can be said about it: not when its kind is not ours to read, which is already told.
    pub(super) fn is_readable(&self) -> bool {
        self.kind != Some(RawKind::Unreadable)
    }
}

impl Read for RawComponent {
    fn read(node: &Node<'_>, problems: &mut Problems) -> Self {
        let Some(mut table) = node.table(problems) else {
            return Self::unreadable();
        };
        let kind = table.required("kind", "kind = \"ecs\"");
        if kind == Some(RawKind::Unreadable) {
            // Its other keys mean something to its kind only.
            return Self::unreadable();
        }
        let build = table.optional("build");
        let image_from = table.optional("image-from");
        let depends_on = table.optional("depends-on");
        let settings = RawSettings::read_from(&mut table);
        table.refuse_unknown();
        Self { kind, build, image_from, depends_on, settings }
    }
}

/// The kinds of component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Kind", rename_all = "kebab-case"))]
pub(super) enum RawKind {
    /// A service of Amazon ECS.
    Ecs,
    /// Already told.
    #[cfg_attr(test, schemars(skip))]
    Unreadable,
}

impl Read for RawKind {
    fn read(node: &Node<'_>, problems: &mut Problems) -> Self {
        let Located { span, value } = Located::<String>::read(node, problems);
        let Some(kind) = value else {
            return Self::Unreadable;
        };
        match kind.as_str() {
            "ecs" => return Self::Ecs,
            "static-site" | "amplify" | "stack" => {
                let hint = "remove the component; only `kind = \"ecs\"` is built so far";
                problems.at(&span, format!("`kind = \"{kind}\"` {NOT_BUILT}"), hint);
            }
            _ => problems.at(&span, format!("`{kind}` is not a kind of component"), "write `kind = \"ecs\"`"),
        }
        Self::Unreadable
    }
}

/// How an image is built by the docker command line.
#[derive(Debug, Clone, Default, PartialEq)]
#[cfg_attr(
    test,
    derive(schemars::JsonSchema),
    schemars(rename = "Build", rename_all = "kebab-case", deny_unknown_fields)
)]
pub(super) struct RawBuild {
    /// The directory that is built, relative to this file and inside its directory.
    #[cfg_attr(test, schemars(required))]
    pub(super) context: Option<Text>,
    /// The Dockerfile, relative to this file. Default: `Dockerfile` in the context.
    pub(super) dockerfile: Option<Text>,
    /// The platforms, for example `linux/amd64`. Default: the platform of the engine that builds.
    pub(super) platforms: Option<Vec<Text>>,
    /// Build arguments. `${release.sha}` may stand in them.
    pub(super) args: Option<Entries<Text>>,
    /// Tags beside the release's own. `${release.sha}` may stand in them.
    pub(super) tags: Option<Vec<Text>>,
}

impl Read for RawBuild {
    fn read(node: &Node<'_>, problems: &mut Problems) -> Self {
        let Some(mut table) = node.table(problems) else {
            return Self::default();
        };
        let build = Self {
            context: table.required("context", "context = \".\""),
            dockerfile: table.optional("dockerfile"),
            platforms: table.optional("platforms"),
            args: table.optional("args"),
            tags: table.optional("tags"),
        };
        table.refuse_unknown();
        build
    }
}

/// Settings of a component that may differ between environments.
#[derive(Debug, Clone, Default, PartialEq)]
#[cfg_attr(
    test,
    derive(schemars::JsonSchema),
    schemars(rename = "Overrides", rename_all = "kebab-case", deny_unknown_fields)
)]
pub(super) struct RawSettings {
    /// The container of the task definition that gets the image.
    pub(super) container: Option<Text>,
    /// Where the task definition comes from: `live` (what the service runs now), or a JSON file relative to this one.
    /// Default: `live`.
    pub(super) task_definition: Option<Text>,
    /// The command of a one-off task with the new image, before it gets traffic. `${release.sha}` may stand in it.
    #[cfg_attr(test, schemars(length(min = 1)))]
    pub(super) pre_deploy: Option<Vec<Text>>,
    /// The repository that keeps the image, without the registry's host. Only together with `build`.
    pub(super) repository: Option<Text>,
    /// Whether a missing repository is created. Only together with `build`. Default: `false`.
    pub(super) create_repository: Option<Located<bool>>,
    /// Which images are deployed that the repository has already under the commit's tag. Only together with `build`.
    /// Default: `any`.
    pub(super) reuse: Option<Located<RawReuse>>,
    /// The ECS cluster, by name.
    pub(super) cluster: Option<Text>,
    /// The ECS service, by name. It must exist.
    pub(super) service: Option<Text>,
    /// HTTP questions whose answers prove that the release runs.
    pub(super) probes: Option<Vec<RawProbe>>,
    /// How long a rollout, and how long a pre-deploy task may take: for example `15m`, at most `6h`. Default: `20m`.
    pub(super) timeout: Option<Text>,
    /// What it means for a promotion when the task definition of the source has a variable or secret that the one here
    /// lacks. Default: `warning`.
    pub(super) missing_variables: Option<RawMissingVariables>,
}

impl RawSettings {
    fn read_from(table: &mut Table<'_, '_>) -> Self {
        table.refuse(&LATER_IN_COMPONENT, NOT_BUILT, "remove it");
        Self {
            container: table.optional("container"),
            task_definition: table.optional("task-definition"),
            pre_deploy: table.optional_with("pre-deploy", read_command),
            repository: table.optional("repository"),
            create_repository: table.optional("create-repository"),
            reuse: table.optional("reuse"),
            cluster: table.optional("cluster"),
            service: table.optional("service"),
            probes: table.optional("probes"),
            timeout: table.optional("timeout"),
            missing_variables: table.optional("missing-variables"),
        }
    }

    /// Reads what one environment overrides.
    fn read_overrides(node: &Node<'_>, problems: &mut Problems) -> Self {
        let Some(mut table) = node.table(problems) else {
            return Self::default();
        };
        let settings = Self::read_from(&mut table);
        let hint = format!("write it in `[components.{}]`", node.name);
        table.refuse(&["kind", "build", "image-from", "depends-on"], "cannot differ between environments", &hint);
        table.refuse_unknown();
        settings
    }
}

/// Which images are deployed that were in the repository before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Reuse", rename_all = "kebab-case"))]
pub(super) enum RawReuse {
    /// All of them; one that no run of shipgate recorded is a warning.
    Any,
    /// Those alone that a run of shipgate recorded for this environment.
    Own,
}

impl Read for Located<RawReuse> {
    fn read(node: &Node<'_>, problems: &mut Problems) -> Self {
        let Located { span, value } = Located::<String>::read(node, problems);
        let reuse = match value.as_deref() {
            Some("any") => Some(RawReuse::Any),
            Some("own") => Some(RawReuse::Own),
            Some(other) => {
                let message = format!("`reuse` must be `any` or `own`, not `{other}`");
                problems.at(&span, message, one_of(other, ["any", "own"].into_iter()));
                None
            }
            None => None,
        };
        Self { span, value: reuse }
    }
}

/// The words of a command.
pub(super) fn read_command(node: &Node<'_>, problems: &mut Problems) -> Vec<Text> {
    node.refuse_empty("name the program to run, or remove the key", problems);
    Vec::read(node, problems)
}

/// What a variable or secret means that the source's task definition has and this environment's lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "MissingVariables", rename_all = "kebab-case"))]
pub(super) enum RawMissingVariables {
    /// It is told.
    Warning,
    /// Nothing is promoted.
    Error,
    /// Already told.
    #[cfg_attr(test, schemars(skip))]
    Unreadable,
}

impl Read for RawMissingVariables {
    fn read(node: &Node<'_>, problems: &mut Problems) -> Self {
        let Located { span, value } = Located::<String>::read(node, problems);
        match value.as_deref() {
            Some("warning") => return Self::Warning,
            Some("error") => return Self::Error,
            Some(other) => {
                let message = format!("`missing-variables` must be `warning` or `error`, not `{other}`");
                problems.at(&span, message, one_of(other, ["warning", "error"].into_iter()));
            }
            None => {}
        }
        Self::Unreadable
    }
}

/// An HTTP question to the running release, and the answer that proves it.
#[derive(Debug, Clone, Default, PartialEq)]
#[cfg_attr(
    test,
    derive(schemars::JsonSchema),
    schemars(rename = "Probe", rename_all = "kebab-case", deny_unknown_fields)
)]
pub(super) struct RawProbe {
    /// The address, http or https. `${release.sha}` may stand in it.
    #[cfg_attr(test, schemars(required))]
    pub(super) url: Option<Text>,
    /// The method.
    #[cfg_attr(test, schemars(extend("default" = "GET")))]
    pub(super) method: Option<Text>,
    /// Headers to send. `${release.sha}` may stand in them.
    pub(super) headers: Option<Entries<Text>>,
    /// The status code to get.
    #[cfg_attr(test, schemars(range(min = 100, max = 599), extend("default" = 200)))]
    pub(super) status: Option<u16>,
    /// A text that the body contains. `${release.sha}` may stand in it.
    pub(super) text: Option<Text>,
    /// JSON pointers into the body, and the value at each. `${release.sha}` may stand in the values.
    pub(super) json: Option<Entries<RawExpected>>,
    /// Headers of the answer. `${release.sha}` may stand in the values.
    pub(super) response_headers: Option<Entries<Text>>,
    /// How long one answer may take.
    #[cfg_attr(test, schemars(extend("default" = "5s")))]
    pub(super) timeout: Option<Text>,
    /// The pause between two questions.
    #[cfg_attr(test, schemars(extend("default" = "1s")))]
    pub(super) interval: Option<Text>,
    /// How many wrong answers are borne before the probe has failed.
    #[cfg_attr(test, schemars(extend("default" = 10)))]
    pub(super) retries: Option<u32>,
    /// How many right answers in a row are needed.
    #[cfg_attr(test, schemars(range(min = 1), extend("default" = 1)))]
    pub(super) successes: Option<u32>,
}

impl Read for RawProbe {
    fn read(node: &Node<'_>, problems: &mut Problems) -> Self {
        let Some(mut table) = node.table(problems) else {
            return Self::default();
        };
        let probe = Self {
            url: table.required("url", "url = \"https://…/health\""),
            method: table.optional("method"),
            headers: table.optional("headers"),
            status: table.number("status", 100..=599),
            text: table.optional("text"),
            json: table.optional("json"),
            response_headers: table.optional("response-headers"),
            timeout: table.optional("timeout"),
            interval: table.optional("interval"),
            retries: table.number("retries", 0..=u32::MAX.into()),
            successes: table.number("successes", 1..=u32::MAX.into()),
        };
        table.refuse_unknown();
        probe
    }
}

/// A value that a JSON pointer must lead to.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum RawExpected {
    /// A string.
    Text(Text),
    /// A number or a boolean.
    Literal(serde_json::Value),
    /// Already told.
    Unreadable,
}

impl Read for RawExpected {
    fn read(node: &Node<'_>, problems: &mut Problems) -> Self {
        match node.scalar(problems) {
            Some(serde_json::Value::String(_)) => Self::Text(Text::read(node, problems)),
            Some(literal) => Self::Literal(literal),
            None => Self::Unreadable,
        }
    }
}

/// Somewhere to ship to.
#[derive(Debug, Clone, Default, PartialEq)]
#[cfg_attr(
    test,
    derive(schemars::JsonSchema),
    schemars(
        rename = "Environment",
        rename_all = "kebab-case",
        deny_unknown_fields,
        extend("dependencies" = {
            "promotes-from": { "required": ["gates"], "properties": { "gates": { "required": ["approval"] } } },
            "read-role": ["role"],
            "via": ["role"],
            "session-duration": ["role"],
            "session-policy": ["role"]
        })
    )
)]
pub(super) struct RawEnvironment {
    /// What `${environment.prefix}` stands for. Default: the environment's name.
    pub(super) prefix: Option<Text>,
    /// The AWS region that everything in the environment is in.
    #[cfg_attr(test, schemars(required))]
    pub(super) region: Option<Text>,
    /// The AWS account that everything must land in: 12 digits, in quotes. Default: not checked.
    pub(super) account: Option<Text>,
    /// The IAM role, by ARN, that commands assume which change the environment. Default: the ambient AWS credentials.
    pub(super) role: Option<Text>,
    /// The IAM role, by ARN, that commands assume which change nothing, and promotions from here. Default: `role`.
    pub(super) read_role: Option<Text>,
    /// The IAM role, by ARN, that is assumed first, and that assumes the others. Default: none.
    pub(super) via: Option<Text>,
    /// How long a session of a role lasts: `15m` to `12h`, with `via` at most `1h`. Default: `1h`.
    pub(super) session_duration: Option<Text>,
    /// A JSON file, relative to this one, with an IAM policy that narrows each session further. Default: none.
    pub(super) session_policy: Option<Text>,
    /// Where people find the environment: an http or https address, for links. Default: no link.
    pub(super) url: Option<Text>,
    /// The environment that releases come from. With it, the environment cannot be deployed to directly.
    pub(super) promotes_from: Option<Located<String>>,
    /// Conditions on a change of the environment.
    pub(super) gates: Option<RawGates>,
    /// Settings of components for this environment only; each replaces the component's own.
    #[cfg_attr(test, schemars(default))]
    pub(super) components: Entries<RawSettings>,
}

impl RawEnvironment {
    fn read(node: &Node<'_>, components: &Entries<RawComponent>, problems: &mut Problems) -> Self {
        let Some(mut table) = node.table(problems) else {
            return Self::default();
        };
        table.refuse(&["rebuild-per-environment", "overridable", "self-approval"], NOT_BUILT, "remove it");
        let overrides = |node: &Node<'_>, problems: &mut Problems| match components.get(&node.name) {
            // Its keys mean something to its kind only.
            Some((_, component)) if !component.is_readable() => RawSettings::default(),
            _ => RawSettings::read_overrides(node, problems),
        };
        let environment = Self {
            prefix: table.optional("prefix"),
            region: table.required("region", "region = \"us-east-1\""),
            account: table.optional("account"),
            role: table.optional("role"),
            read_role: table.optional("read-role"),
            via: table.optional("via"),
            session_duration: table.optional("session-duration"),
            session_policy: table.optional("session-policy"),
            url: table.optional("url"),
            promotes_from: table.optional("promotes-from"),
            gates: table.optional("gates"),
            components: table
                .optional_with("components", |node, problems| Entries::read_with(node, problems, overrides))
                .unwrap_or_default(),
        };
        table.refuse_unknown();
        environment
    }
}

/// The gate policy of an environment.
#[derive(Debug, Clone, Default, PartialEq)]
#[cfg_attr(
    test,
    derive(schemars::JsonSchema),
    schemars(rename = "Gates", rename_all = "kebab-case", deny_unknown_fields)
)]
pub(super) struct RawGates {
    /// Whether a person must approve a promotion. Must be written in an environment with `promotes-from`.
    pub(super) approval: Option<RawApproval>,
}

impl Read for RawGates {
    fn read(node: &Node<'_>, problems: &mut Problems) -> Self {
        let Some(mut table) = node.table(problems) else {
            return Self { approval: Some(RawApproval::Unreadable) };
        };
        table.refuse(&LATER_IN_GATES, NOT_BUILT, "remove it");
        let gates = Self { approval: table.optional("approval") };
        table.refuse_unknown();
        gates
    }
}

/// Whether a person must approve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Approval", rename_all = "kebab-case"))]
pub(super) enum RawApproval {
    /// Nobody is asked.
    None,
    /// Already told.
    #[cfg_attr(test, schemars(skip))]
    Unreadable,
}

impl Read for RawApproval {
    fn read(node: &Node<'_>, problems: &mut Problems) -> Self {
        let Located { span, value } = Located::<String>::read(node, problems);
        match value.as_deref() {
            Some("none") => return Self::None,
            Some("required") => {
                let hint = "write `approval = \"none\"` if nobody has to be asked";
                problems.at(&span, format!("`approval = \"required\"` {NOT_BUILT}"), hint);
            }
            Some(other) => {
                let message = format!("`approval` must be `required` or `none`, not `{other}`");
                problems.at(&span, message, "write `approval = \"none\"`; `required` is not built yet");
            }
            None => {}
        }
        Self::Unreadable
    }
}
