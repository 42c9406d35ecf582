//! The rules, by the names that reports and `docs/check/README.md` use.

use std::fmt;

/// How bad it is, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// It will fail, or do what is not wanted.
    Error,
    /// It may.
    Warning,
    /// It is good to know.
    Note,
}

impl Severity {
    /// The word of the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

macro_rules! rules {
    ($($(#[doc = $about:literal])* ($rule:ident, $name:literal, $level:ident),)*) => {
        /// A rule.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule {
            $($(#[doc = $about])* $rule,)*
        }

        impl Rule {
            /// All of them, in the order of the documentation.
            #[cfg(test)]
            pub const ALL: &'static [Self] = &[$(Self::$rule),*];

            /// What it finds.
            #[cfg(test)]
            pub fn about(self) -> &'static str {
                match self {
                    $(Self::$rule => concat!($($about),*).trim_ascii(),)*
                }
            }

            /// The name.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$rule => $name,)*
                }
            }

            /// How bad it is, where nothing else is known.
            pub fn level(self) -> Severity {
                match self {
                    $(Self::$rule => Severity::$level,)*
                }
            }
        }
    };
}

// The rule, its name, and how bad it is, where nothing else is known.
rules! {
    /// `shipgate.toml` has an unknown key, or a value that it cannot have.
    (Configuration, "configuration", Error),
    /// There is no `shipgate.toml`, or it cannot be read.
    (ConfigurationMissing, "configuration-missing", Error),
    /// A variable of the configuration has no value.
    (VariableMissing, "variable-missing", Error),
    /// The directory to build is not there.
    (BuildContext, "build-context", Error),
    /// The Dockerfile is not there.
    (DockerfileMissing, "dockerfile-missing", Error),
    /// The Dockerfile cannot be read.
    (DockerfileSyntax, "dockerfile-syntax", Error),
    /// A build argument that the Dockerfile does not declare.
    (BuildArgUndeclared, "build-arg-undeclared", Warning),
    /// A value that looks like a secret ends up in the image.
    (SecretInImage, "secret-in-image", Note),
    /// A value of one environment ends up in the image.
    (BuildOnce, "build-once", Warning),
    /// The task-definition file is not there.
    (TaskDefinitionMissing, "task-definition-missing", Error),
    /// The task-definition file is not JSON.
    (TaskDefinitionSyntax, "task-definition-syntax", Error),
    /// The JSON is no task definition.
    (TaskDefinitionShape, "task-definition-shape", Error),
    /// The configured container is not in the task-definition file.
    (TaskDefinitionContainer, "task-definition-container", Error),
    /// A task definition for Fargate has no `cpu` or no `memory`.
    (TaskDefinitionSize, "task-definition-size", Error),
    /// ECS cannot pull the image or read the secrets.
    (TaskDefinitionExecutionRole, "task-definition-execution-role", Error),
    /// A secret is in a file of the repository.
    (CommittedSecret, "committed-secret", Error),
    /// What browsers load has a secret in it.
    (ClientSecret, "client-secret", Error),
    /// A variable that is declared as a secret has a value in a file of the repository.
    (CommittedValue, "committed-value", Error),
    /// A value is a placeholder.
    (PlaceholderValue, "placeholder-value", Warning),
    /// The workflow is not YAML.
    (WorkflowSyntax, "workflow-syntax", Error),
    /// The YAML is no workflow of GitHub Actions.
    (WorkflowShape, "workflow-shape", Warning),
    /// A parser does not end on a file, or breaks on it.
    (Unparsed, "unparsed", Error),
    /// A job cannot have the token that its role needs.
    (IdToken, "id-token", Error),
    /// A job cannot check the repository out.
    (ContentsRead, "contents-read", Warning),
    /// A job cannot write commit statuses.
    (StatusesWrite, "statuses-write", Warning),
    /// A job calls a workflow of shipgate that asks for more than the job grants.
    (PermissionsMissing, "permissions-missing", Error),
    /// The caller of `approve.yml` does not name what a run approves.
    (ApprovalCaller, "approval-caller", Error),
    /// A workflow names an environment that is not configured.
    (EnvironmentUnknown, "environment-unknown", Error),
    /// A called workflow has no role to assume.
    (RoleMissing, "role-missing", Error),
    /// A command that the environment does not take.
    (WrongCommand, "wrong-command", Error),
    /// The job runs in another environment of GitHub than the one it changes.
    (GithubEnvironmentMismatch, "github-environment-mismatch", Error),
    /// The job runs in no environment of GitHub, and its role wants one.
    (GithubEnvironmentMissing, "github-environment-missing", Error),
    /// The job runs in an environment of GitHub, and its role wants a branch.
    (GithubEnvironmentUnneeded, "github-environment-unneeded", Warning),
    /// shipgate runs on commits of forks with the repository's rights.
    (PullRequestTarget, "pull-request-target", Error),
    /// A caller of the gate's workflows and the configuration name different ones.
    (TrustedWorkflow, "trusted-workflow", Error),
    /// `uses` names a version of shipgate that may change from one run to the next.
    (Unpinned, "unpinned", Warning),
    /// The checkout has not the history that decisions need.
    (FetchDepth, "fetch-depth", Warning),
    /// The next push cancels a deployment.
    (CancelInProgress, "cancel-in-progress", Error),
    /// An override stands among other arguments.
    (Override, "override", Warning),
    /// The step does not pass `SHIPGATE_VARS`.
    (ShipgateVars, "shipgate-vars", Error),
    /// A deploy of this commit would fail.
    (Plan, "plan", Error),
    /// A gate would refuse what is merged.
    (Gate, "gate", Warning),
    /// A variable that has to be set is not.
    (ContractRequired, "contract-required", Error),
    /// Two environments have the same value.
    (ContractIsolated, "contract-isolated", Error),
    /// The value is not that of the environment that it is shared with.
    (ContractShared, "contract-shared", Error),
    /// The value is not that of the environment that is promoted from.
    (ContractInherited, "contract-inherited", Error),
    /// The value does not match its pattern.
    (ContractMatches, "contract-matches", Error),
    /// The value is none of those that are allowed.
    (ContractOneOf, "contract-one-of", Error),
    /// The value is not such an address.
    (ContractUrl, "contract-url", Error),
    /// The value is not such an ARN.
    (ContractArn, "contract-arn", Error),
    /// A secret is set as plain text.
    (ContractSecret, "contract-secret", Error),
    /// What browsers load has a value that looks like a secret.
    (ContractClientSecret, "contract-client-secret", Error),
    /// The value is a placeholder.
    (ContractPlaceholder, "contract-placeholder", Error),
    /// A variable is set that is not declared.
    (ContractUndeclared, "contract-undeclared", Warning),
    /// `amplify.yml` has another name.
    (BuildSpecFileName, "amplify-file-name", Warning),
    /// `amplify.yml` cannot be read.
    (BuildSpecSyntax, "amplify-syntax", Error),
    /// It is longer than Amplify takes.
    (BuildSpecSize, "amplify-size", Warning),
    /// It has no version, or none that is known.
    (BuildSpecVersion, "amplify-version", Warning),
    /// Amplify ignores a key.
    (BuildSpecKey, "amplify-key", Warning),
    /// Amplify never runs the commands.
    (BuildSpecPhase, "amplify-phase", Error),
    /// The list of apps is wrong.
    (BuildSpecMonorepo, "amplify-monorepo", Error),
    /// The directory of an app is wrong, or another place names another one.
    (BuildSpecAppRoot, "amplify-app-root", Error),
    /// A path that is not kept from one build to the next.
    (BuildSpecCachePath, "amplify-cache-path", Warning),
    /// What is deployed cannot be served so.
    (BuildSpecBaseDirectory, "amplify-base-directory", Error),
    /// A command that the CLI of Amplify does not have.
    (BuildSpecUnknownCommand, "amplify-unknown-command", Error),
    /// The backend is deployed by the part that builds the frontend.
    (BuildSpecDeployInFrontend, "amplify-deploy-in-frontend", Error),
    /// The failure of a deploy is hidden.
    (BuildSpecSwallowedFailure, "amplify-swallowed-failure", Error),
    /// A deploy names its app or branch itself.
    (BuildSpecHardCoded, "amplify-hard-coded", Error),
    /// A build starts the next one.
    (BuildSpecBuildLoop, "amplify-build-loop", Error),
    /// A workflow deploys the same backend.
    (BuildSpecTwoDeployers, "amplify-two-deployers", Warning),
    /// Nothing deploys the backend.
    (BuildSpecBackendNotDeployed, "amplify-backend-not-deployed", Warning),
    /// Outputs of a backend that is not there.
    (BuildSpecOutputsBranch, "amplify-outputs-branch", Warning),
    /// Branches that use each other's backend.
    (BuildSpecShareCycle, "amplify-share-cycle", Error),
    /// The build uses another backend than is configured.
    (BuildSpecBackendFrom, "amplify-backend-from", Error),
    /// A workflow starts itself.
    (BuildSpecWorkflowLoop, "amplify-workflow-loop", Warning),
    /// A version of Node.js that the CLI does not run with.
    (BuildSpecNode, "amplify-node", Error),
    /// Missing variables are not noticed.
    (BuildSpecSkipValidation, "amplify-skip-validation", Warning),
    /// More memory than the machine has.
    (BuildSpecHeap, "amplify-heap", Error),
    /// A variable that repeats one of Amplify.
    (BuildSpecAppId, "amplify-app-id", Note),
    /// A branch that is configured, and that the app does not have.
    (AppBranchMissing, "amplify-branch-missing", Error),
    /// A branch that the app has, and no environment.
    (AppBranchUnused, "amplify-branch-unused", Note),
    /// The directory that a site is built in is not there.
    (SiteDirectory, "site-directory", Error),
    /// The build of a site starts a package manager, and there is no package.
    (SitePackage, "site-package", Error),
    /// The build of a site installs what is locked, and nothing is.
    (SiteLockFile, "site-lock-file", Error),
    /// Nothing says which version of Node.js builds a site.
    (SiteNode, "site-node", Note),
    /// What a build makes is committed.
    (SiteOutputCommitted, "site-output-committed", Note),
    /// A workflow writes to a bucket of a site, too.
    (SiteTwoDeployers, "site-two-deployers", Warning),
}

impl fmt::Display for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pages that explain rules, each of them some.
    const PAGES: [&str; 5] = [
        include_str!("../../../docs/amplify/README.md"),
        include_str!("../../../docs/check/README.md"),
        include_str!("../../../docs/committed/README.md"),
        include_str!("../../../docs/contract/README.md"),
        include_str!("../../../docs/static-site/README.md"),
    ];

    #[test]
    fn every_rule_is_documented_with_its_level_and_no_other_is() {
        let pages = PAGES.join("\n");
        for rule in Rule::ALL {
            let heading = format!("\n### `{rule}` ({})\n", rule.level().as_str());
            assert_eq!(pages.matches(&heading).count(), 1, "{heading:?}");
        }
        assert_eq!(pages.matches("\n### `").count(), Rule::ALL.len(), "the pages have rules that do not exist");
    }
}
