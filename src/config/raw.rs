//! The shape of `shipgate.toml`: what may be written where. The comments on fields are the JSON Schema's descriptions.
//!
//! What the values mean, and whether they fit each other, is not decided here.

use super::component::RawComponent;
use super::contract::RawRules;
use super::error::Problems;
use super::gates::RawGates;
use super::github::RawGitHub;
use super::read::{FromToml, Located, TableEntries, TomlNode};
use super::settle::RawOnFailure;
use super::text::WrittenText;

/// What shipgate ships, and where to.
#[derive(Debug, Clone, Default)]
#[cfg_attr(
    test,
    derive(schemars::JsonSchema),
    schemars(rename = "Config", rename_all = "kebab-case", deny_unknown_fields)
)]
pub(super) struct RawConfig {
    /// The application's name. Values may refer to it as `${app}`.
    #[cfg_attr(test, schemars(required))]
    pub(super) app: Option<Located<String>>,
    /// What is said of GitHub for all environments.
    pub(super) github: Option<RawGitHub>,
    /// What is shipped, by name.
    #[cfg_attr(test, schemars(extend("minProperties" = 1)))]
    pub(super) components: TableEntries<RawComponent>,
    /// Where it is shipped to, by name.
    #[cfg_attr(test, schemars(extend("minProperties" = 1)))]
    pub(super) environments: TableEntries<RawEnvironment>,
    /// What the environment variables of components have to fit: by component, then by the variable's name. The value of
    /// a variable is never written here.
    #[cfg_attr(test, schemars(default))]
    pub(super) contract: TableEntries<TableEntries<RawRules>>,
}

impl FromToml for RawConfig {
    fn read(node: &TomlNode<'_>, problems: &mut Problems) -> Self {
        let Some(mut table) = node.table(problems) else {
            return Self::default();
        };
        let app = table.required("app", "app = \"cloudshop\"");
        let github = table.optional("github");
        let mut components = table
            .required_with("components", "[components.backend]", |node, problems| {
                node.refuse_empty("add a table `[components.backend]`", problems);
                TableEntries::read(node, problems)
            })
            .unwrap_or_default();
        let environments = table
            .required_with("environments", "[environments.stage]", |node, problems| {
                node.refuse_empty("add a table `[environments.stage]`", problems);
                TableEntries::read_with(node, problems, |node, problems| {
                    RawEnvironment::read(node, &mut components, problems)
                })
            })
            .unwrap_or_default();
        let contract = table.optional("contract").unwrap_or_default();
        table.refuse_unknown();
        Self { app, github, components, environments, contract }
    }
}

/// Somewhere to ship to.
#[derive(Debug, Clone, Default)]
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
    /// The value of `${environment.prefix}`. Default: the environment's name.
    pub(super) prefix: Option<WrittenText>,
    /// The AWS region that everything in the environment is in.
    #[cfg_attr(test, schemars(required))]
    pub(super) region: Option<WrittenText>,
    /// The AWS account that everything must land in: 12 digits, in quotes. Default: not checked.
    pub(super) account: Option<WrittenText>,
    /// The IAM role, by ARN, that commands assume which change the environment. Default: the ambient AWS credentials.
    pub(super) role: Option<WrittenText>,
    /// The IAM role, by ARN, that commands assume which change nothing, and promotions from here. Default: `role`.
    pub(super) read_role: Option<WrittenText>,
    /// The IAM role, by ARN, that is assumed first, and that assumes the others. Default: none.
    pub(super) via: Option<WrittenText>,
    /// How long a session of a role lasts: `15m` to `12h`, with `via` at most `1h`. Default: `1h`.
    pub(super) session_duration: Option<WrittenText>,
    /// A JSON file, relative to this one, with an IAM policy that narrows each session further. Default: none.
    pub(super) session_policy: Option<WrittenText>,
    /// Where people find the environment: an http or https address, for links. Default: no link.
    pub(super) url: Option<WrittenText>,
    /// The environment that releases come from. With it, the environment cannot be deployed to directly.
    pub(super) promotes_from: Option<Located<String>>,
    /// What is done about a release that fails after it has taken the place of another. Default: `rollback`.
    pub(super) on_failure: Option<RawOnFailure>,
    /// Conditions on a change of the environment.
    pub(super) gates: Option<RawGates>,
    /// Settings of components for this environment only; each replaces the component's own.
    #[cfg_attr(test, schemars(default))]
    pub(super) components: TableEntries<RawOverrides>,
}

impl RawEnvironment {
    /// Where it says that a second person approves.
    pub(super) fn second_person(&self) -> Option<&Located<String>> {
        self.gates.as_ref()?.second_person()
    }

    fn read(node: &TomlNode<'_>, components: &mut TableEntries<RawComponent>, problems: &mut Problems) -> Self {
        let Some(mut table) = node.table(problems) else {
            return Self::default();
        };
        let name = &node.name;
        table.refuse(&["rebuild-per-environment"], "is a key of a component", "write it in `[components.NAME]`");
        let hint = format!("write it in `[environments.{name}.gates]`");
        table.refuse(&["overridable", "self-approval"], "is a key of the gates", &hint);
        // The keys of one that is unknown mean something to its kind only.
        let overrides = |node: &TomlNode<'_>, problems: &mut Problems| {
            if let Some(component) = components.get_mut(&node.name) {
                component.read_overrides(name, node, problems);
            }
            RawOverrides
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
            on_failure: table.optional("on-failure"),
            gates: table.optional("gates"),
            components: table
                .optional_with("components", |node, problems| TableEntries::read_with(node, problems, overrides))
                .unwrap_or_default(),
        };
        table.refuse_unknown();
        environment
    }
}

/// What an environment overrides of a component. It stands with the component, in the keys of its kind.
#[derive(Debug, Clone, Copy)]
pub(super) struct RawOverrides;
