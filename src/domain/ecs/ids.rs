//! The names that ECS gives to things: opaque texts with a few parts that are read.

pub use crate::domain::ids::DeploymentId;
use crate::domain::ids::{RecordId, id};

id! {
    /// The ARN of a service.
    ServiceArn
}

id! {
    /// The ARN of a task-definition revision.
    RevisionArn
}

id! {
    /// The ARN of a task.
    TaskArn
}

id! {
    /// The ARN of a service deployment. It is not the id of a deployment.
    ServiceDeploymentArn
}

impl RevisionArn {
    /// `family:number`, for people.
    pub fn short(&self) -> &str {
        last_part(&self.0)
    }

    /// The family. `None`: the text is no ARN of a revision.
    pub fn family(&self) -> Option<&str> {
        self.short().rsplit_once(':').map(|(family, _)| family)
    }

    /// The number, which grows with each revision of a family. `None`: the text is no ARN of a revision.
    pub fn number(&self) -> Option<u64> {
        self.0.rsplit(':').next()?.parse().ok()
    }
}

impl TaskArn {
    /// The task's id, for people.
    pub fn id(&self) -> &str {
        last_part(&self.0)
    }
}

/// The id of a deployment in a tag. `None`: the text has not the form of one.
pub fn deployment_in_tag(text: &str) -> Option<DeploymentId> {
    let name = text.strip_prefix("ecs-svc/")?;
    let is_name = (1..=100).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    is_name.then(|| DeploymentId::from(text))
}

impl From<&RevisionArn> for RecordId {
    fn from(arn: &RevisionArn) -> Self {
        Self::from(arn.as_str())
    }
}

fn last_part(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// What has tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taggable<'a> {
    /// A service.
    Service(&'a ServiceArn),
    /// A revision.
    Revision(&'a RevisionArn),
}

impl Taggable<'_> {
    /// Its ARN.
    pub fn arn(&self) -> &str {
        match self {
            Self::Service(arn) => arn.as_str(),
            Self::Revision(arn) => arn.as_str(),
        }
    }
}

impl<'a> From<&'a ServiceArn> for Taggable<'a> {
    fn from(arn: &'a ServiceArn) -> Self {
        Self::Service(arn)
    }
}

impl<'a> From<&'a RevisionArn> for Taggable<'a> {
    fn from(arn: &'a RevisionArn) -> Self {
        Self::Revision(arn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_read_and_nonsense_has_none() {
        for (arn, short, family, number) in [
            ("arn:aws:ecs:us-east-1:123456789012:task-definition/backend:17", "backend:17", Some("backend"), Some(17)),
            ("backend:8", "backend:8", Some("backend"), Some(8)),
            ("backend", "backend", None, None),
            ("a/b:c", "b:c", Some("b"), None),
            ("", "", None, None),
        ] {
            let arn = RevisionArn::from(arn);
            assert_eq!((arn.short(), arn.family(), arn.number()), (short, family, number), "{arn}");
        }
        assert_eq!(TaskArn::from("arn:aws:ecs:us-east-1:123456789012:task/stage/0123").id(), "0123");
    }

    #[test]
    fn a_tag_with_nonsense_is_no_deployment() {
        for (text, is_id) in [
            ("ecs-svc/1234567890123456789", true),
            ("ecs-svc/2", true),
            ("ecs-svc/", false),
            ("ecs-svc/a b", false),
            ("ecs-svc/a/b", false),
            ("x", false),
            ("", false),
            ("arn:aws:ecs:us-east-1:123456789012:service-deployment/a/b/c", false),
        ] {
            assert_eq!(deployment_in_tag(text).is_some(), is_id, "{text:?}");
        }
        assert_eq!(deployment_in_tag(&format!("ecs-svc/{}", "1".repeat(101))), None);
    }

    #[test]
    fn a_newer_revision_has_the_greater_number() {
        let number = |text: &str| RevisionArn::from(text).number();
        assert!(number("x/backend:10") > number("x/backend:9") && number("x/backend:0") > number("nonsense"));
    }
}
