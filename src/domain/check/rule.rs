//! The rules, by the names that reports and `docs/check/README.md` use.

use std::fmt;

/// How bad it is, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// It will fail, or do what nobody wants.
    Error,
    /// It may.
    Warning,
    /// It is good to know.
    Note,
}

impl Level {
    /// The word of the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// A rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// The configuration is wrong in itself.
    Configuration,
    /// There is no configuration.
    ConfigurationMissing,
    /// A variable of the configuration has no value.
    VariableMissing,
    /// The directory to build is not there.
    BuildContext,
    /// The Dockerfile is not there.
    DockerfileMissing,
    /// The Dockerfile cannot be read.
    DockerfileSyntax,
    /// A build argument that the Dockerfile does not declare.
    BuildArgUndeclared,
    /// Something that looks like a secret ends up in the image.
    SecretInImage,
    /// A value of one environment ends up in the image.
    BuildOnce,
    /// The task-definition file is not there.
    TaskDefinitionMissing,
    /// The task-definition file is not JSON.
    TaskDefinitionSyntax,
    /// The task-definition file is something else.
    TaskDefinitionShape,
    /// The configured container is not in the task-definition file.
    TaskDefinitionContainer,
    /// Fargate needs sizes.
    TaskDefinitionSize,
    /// Nobody can pull the image or read the secrets.
    TaskDefinitionExecutionRole,
    /// The workflow is not YAML.
    WorkflowSyntax,
    /// The YAML is no workflow that we know.
    WorkflowShape,
    /// A parser does not end on a file, or breaks on it.
    Unparsed,
    /// A job cannot have the token that its role needs.
    IdToken,
    /// A job cannot check the repository out.
    ContentsRead,
    /// A job cannot write commit statuses.
    StatusesWrite,
    /// A job calls a workflow of ours that asks for more than the job grants.
    PermissionsMissing,
    /// The caller of `approve.yml` does not name what a run approves.
    ApprovalCaller,
    /// A workflow names an environment that is not configured.
    EnvironmentUnknown,
    /// A called workflow has nobody to become.
    RoleMissing,
    /// A command that the environment does not take.
    WrongCommand,
    /// The job runs in another environment of GitHub than the one it changes.
    GithubEnvironmentMismatch,
    /// The job runs in no environment of GitHub, and its role wants one.
    GithubEnvironmentMissing,
    /// The job runs in an environment of GitHub, and its role wants a branch.
    GithubEnvironmentUnneeded,
    /// Strangers' commits with the repository's rights.
    PullRequestTarget,
    /// A caller of the gate's workflows and the configuration name different ones.
    TrustedWorkflow,
    /// shipgate itself may change from one run to the next.
    Unpinned,
    /// The history that decisions need is not there.
    FetchDepth,
    /// A deployment is cut off by the next push.
    CancelInProgress,
    /// An override stands among other arguments.
    Override,
    /// Variables are not handed over.
    ShipgateVars,
    /// There is no plan of what merging would change.
    Plan,
    /// A gate would refuse what is merged.
    Gate,
}

impl Rule {
    /// All of them, in the order of the documentation.
    #[cfg(test)]
    pub const ALL: [Self; 38] = [
        Self::Configuration,
        Self::ConfigurationMissing,
        Self::VariableMissing,
        Self::BuildContext,
        Self::DockerfileMissing,
        Self::DockerfileSyntax,
        Self::BuildArgUndeclared,
        Self::SecretInImage,
        Self::BuildOnce,
        Self::TaskDefinitionMissing,
        Self::TaskDefinitionSyntax,
        Self::TaskDefinitionShape,
        Self::TaskDefinitionContainer,
        Self::TaskDefinitionSize,
        Self::TaskDefinitionExecutionRole,
        Self::WorkflowSyntax,
        Self::WorkflowShape,
        Self::Unparsed,
        Self::IdToken,
        Self::ContentsRead,
        Self::StatusesWrite,
        Self::PermissionsMissing,
        Self::ApprovalCaller,
        Self::EnvironmentUnknown,
        Self::RoleMissing,
        Self::WrongCommand,
        Self::GithubEnvironmentMismatch,
        Self::GithubEnvironmentMissing,
        Self::GithubEnvironmentUnneeded,
        Self::PullRequestTarget,
        Self::TrustedWorkflow,
        Self::Unpinned,
        Self::FetchDepth,
        Self::CancelInProgress,
        Self::Override,
        Self::ShipgateVars,
        Self::Plan,
        Self::Gate,
    ];

    /// The name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::ConfigurationMissing => "configuration-missing",
            Self::VariableMissing => "variable-missing",
            Self::BuildContext => "build-context",
            Self::DockerfileMissing => "dockerfile-missing",
            Self::DockerfileSyntax => "dockerfile-syntax",
            Self::BuildArgUndeclared => "build-arg-undeclared",
            Self::SecretInImage => "secret-in-image",
            Self::BuildOnce => "build-once",
            Self::TaskDefinitionMissing => "task-definition-missing",
            Self::TaskDefinitionSyntax => "task-definition-syntax",
            Self::TaskDefinitionShape => "task-definition-shape",
            Self::TaskDefinitionContainer => "task-definition-container",
            Self::TaskDefinitionSize => "task-definition-size",
            Self::TaskDefinitionExecutionRole => "task-definition-execution-role",
            Self::WorkflowSyntax => "workflow-syntax",
            Self::WorkflowShape => "workflow-shape",
            Self::Unparsed => "unparsed",
            Self::IdToken => "id-token",
            Self::ContentsRead => "contents-read",
            Self::StatusesWrite => "statuses-write",
            Self::PermissionsMissing => "permissions-missing",
            Self::ApprovalCaller => "approval-caller",
            Self::EnvironmentUnknown => "environment-unknown",
            Self::RoleMissing => "role-missing",
            Self::WrongCommand => "wrong-command",
            Self::GithubEnvironmentMismatch => "github-environment-mismatch",
            Self::GithubEnvironmentMissing => "github-environment-missing",
            Self::GithubEnvironmentUnneeded => "github-environment-unneeded",
            Self::PullRequestTarget => "pull-request-target",
            Self::TrustedWorkflow => "trusted-workflow",
            Self::Unpinned => "unpinned",
            Self::FetchDepth => "fetch-depth",
            Self::CancelInProgress => "cancel-in-progress",
            Self::Override => "override",
            Self::ShipgateVars => "shipgate-vars",
            Self::Plan => "plan",
            Self::Gate => "gate",
        }
    }

    /// How bad it is, where nothing else is known.
    pub fn level(self) -> Level {
        match self {
            Self::BuildArgUndeclared
            | Self::BuildOnce
            | Self::WorkflowShape
            | Self::ContentsRead
            | Self::StatusesWrite
            | Self::GithubEnvironmentUnneeded
            | Self::Unpinned
            | Self::FetchDepth
            | Self::Override
            | Self::Gate => Level::Warning,
            Self::SecretInImage => Level::Note,
            Self::Configuration
            | Self::ConfigurationMissing
            | Self::VariableMissing
            | Self::BuildContext
            | Self::DockerfileMissing
            | Self::DockerfileSyntax
            | Self::TaskDefinitionMissing
            | Self::TaskDefinitionSyntax
            | Self::TaskDefinitionShape
            | Self::TaskDefinitionContainer
            | Self::TaskDefinitionSize
            | Self::TaskDefinitionExecutionRole
            | Self::WorkflowSyntax
            | Self::Unparsed
            | Self::IdToken
            | Self::PermissionsMissing
            | Self::ApprovalCaller
            | Self::EnvironmentUnknown
            | Self::RoleMissing
            | Self::WrongCommand
            | Self::GithubEnvironmentMismatch
            | Self::GithubEnvironmentMissing
            | Self::PullRequestTarget
            | Self::TrustedWorkflow
            | Self::CancelInProgress
            | Self::ShipgateVars
            | Self::Plan => Level::Error,
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_is_documented_with_its_level_and_no_other_is() {
        let page = include_str!("../../../docs/check/README.md");
        for rule in Rule::ALL {
            let heading = format!("\n### `{rule}` ({})\n", rule.level().as_str());
            assert!(page.contains(&heading), "{heading:?} is missing");
        }
        assert_eq!(page.matches("\n### ").count(), Rule::ALL.len(), "the page has rules that do not exist");
    }
}
