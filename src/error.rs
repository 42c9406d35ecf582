//! The one way in which a command fails: an outcome, what is wrong, why, and what to do about it.

use crate::clients::aws::{AwsError, AwsErrorKind};
use crate::config::ConfigErrors;
use crate::domain::ecs::task_definition::TaskDefinitionError;
use crate::domain::iam::policy::statements_with;
use crate::domain::neutral;
use crate::domain::outcome::Outcome;
use crate::domain::plan::{ImageError, PlanError};

/// A failed command, or a failed component of one.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{reason}")]
pub struct Failure {
    /// How it ended.
    pub outcome: Outcome,
    /// What is wrong: a lowercase fragment that names the thing.
    pub reason: String,
    /// Why, the most telling first: foreign text is already neutral.
    pub causes: Vec<String>,
    /// What to do: exact actions.
    pub hints: Vec<String>,
    /// Whether it may be over at the next try: nobody answered, or too many were asking.
    pub transient: bool,
    /// Whether how it ended is unknown, because nobody could look: that is `broken`, and proves nothing.
    pub unknown: bool,
    /// Problems of the configuration, to be shown with their place instead of the reason.
    pub diagnostics: Option<Box<ConfigErrors>>,
}

impl Failure {
    /// A failure with any outcome.
    pub fn new(outcome: Outcome, reason: impl Into<String>) -> Self {
        Self {
            outcome,
            reason: reason.into(),
            causes: Vec::new(),
            hints: Vec::new(),
            transient: false,
            unknown: false,
            diagnostics: None,
        }
    }

    /// Something failed, and what served before still serves.
    pub fn failed(reason: impl Into<String>) -> Self {
        Self::new(Outcome::Failed, reason)
    }

    /// How it ended is unknown. The release may serve, so the ledger is not to call it broken.
    pub fn unknown(reason: impl Into<String>) -> Self {
        Self { unknown: true, ..Self::new(Outcome::Broken, reason) }
    }

    /// Usage, configuration or identity.
    pub fn invalid(reason: impl Into<String>) -> Self {
        Self::new(Outcome::Invalid, reason)
    }

    /// Adds a cause. It may be foreign text.
    #[must_use]
    pub fn cause(mut self, cause: impl AsRef<str>) -> Self {
        self.causes.extend(neutral::lines(cause.as_ref()).iter().map(|line| line.trim().to_owned()));
        self
    }

    /// The reason with its first cause, for a place where a sentence has to do.
    pub fn brief(&self) -> String {
        match self.causes.first() {
            Some(cause) => format!("{}: {cause}", self.reason),
            None => self.reason.clone(),
        }
    }

    /// Adds an action.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}

impl From<ConfigErrors> for Failure {
    fn from(errors: ConfigErrors) -> Self {
        let mut failure = Self::invalid(errors.to_string());
        for error in &errors {
            if !failure.hints.contains(&error.hint) {
                failure.hints.push(error.hint.clone());
            }
        }
        failure.diagnostics = Some(Box::new(errors));
        failure
    }
}

impl From<PlanError> for Failure {
    fn from(error: PlanError) -> Self {
        let message = error.to_string();
        match error {
            PlanError::Image(ImageError::RepositoryMissing(_)) => Self::failed(message)
                .hint("create it, or write `create-repository = true` in the component's configuration"),
            PlanError::Image(ImageError::TagTaken { .. }) => Self::failed(message)
                .hint("the image was not built by shipgate from this commit: delete it, or deploy another commit"),
            PlanError::Image(ImageError::Expired(_)) => Self::failed(message).hint(
                "a lifecycle rule may have removed it: deploy the commit to the source again, or name another release",
            ),
            PlanError::Image(ImageError::OtherCommit { .. }) => Self::failed(message)
                .hint("somebody put another image under the release's name: deploy the commit to the source again"),
            PlanError::Image(ImageError::TagLeadsElsewhere { .. }) => Self::failed(message).hint(
                "shipgate never moves a release's tag: find out who pushed the other image, and delete it if it is wrong",
            ),
            PlanError::MissingVariables { .. } => Self::failed(message).hint(
                "add them to the live task definition or its file, or write `missing-variables = \"warning\"`",
            ),
            PlanError::TaskDefinition(TaskDefinitionError::UnknownContainer { .. }) => {
                Self::invalid(message).hint("correct `container` in the component's configuration")
            }
            PlanError::TaskDefinition(TaskDefinitionError::NotATaskDefinition) => Self::invalid(message),
            PlanError::NotObserved(_) => Self::failed(message).hint("please report this as a bug"),
        }
    }
}

impl From<ImageError> for Failure {
    fn from(error: ImageError) -> Self {
        PlanError::from(error).into()
    }
}

/// Where the generated policy allows an action.
fn statements(action: &str) -> String {
    match statements_with(action).as_slice() {
        [] => String::new(),
        sids => format!(": statement {} of `shipgate iam policy`", sids.join(" or ")),
    }
}

impl From<AwsError> for Failure {
    fn from(error: AwsError) -> Self {
        if let Some(failure) = error.no_session {
            return *failure;
        }
        let action = error.denied_action.as_deref().unwrap_or(error.operation);
        let message = error.to_string();
        let transient = matches!(error.kind, AwsErrorKind::Unreachable | AwsErrorKind::Throttled);
        let failure = match error.kind {
            AwsErrorKind::Denied => Self::failed(format!("permission `{action}` is missing")).cause(message).hint(
                format!("allow `{action}` in the policy of the role or user that runs shipgate{}", statements(action)),
            ),
            AwsErrorKind::Credentials => Self::invalid("AWS does not accept the credentials")
                .cause(message)
                .hint("check which credentials are set: `shipgate whoami`, and that this machine's clock is right"),
            AwsErrorKind::Unreachable => Self::failed(format!("`{action}` cannot be asked"))
                .cause(message)
                .hint("check the network, the region, and AWS_ENDPOINT_URL if it is set"),
            AwsErrorKind::Throttled => Self::failed(format!("`{action}` is throttled"))
                .cause(message)
                .hint("run it again in a minute; other programs share the account's limit"),
            AwsErrorKind::Service => Self::failed(format!("`{action}` failed"))
                .cause(message)
                .hint("correct what AWS names, and run it again; `-v` shows every call"),
        };
        Self { transient, ..failure }
    }
}
