//! The names that ECS gives to things: opaque texts with a few parts that are read.

use std::fmt;

use serde::Serialize;

/// A name of ECS.
macro_rules! id {
    ($(#[$comment:meta])* $name:ident) => {
        $(#[$comment])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The whole text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(self.as_str())
            }
        }
    };
}

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
    /// The id of a deployment of a service: `ecs-svc/…`
    DeploymentId
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

impl DeploymentId {
    /// The id in a tag. `None`: it has not the form of one.
    pub fn from_tag(text: &str) -> Option<Self> {
        let name = text.strip_prefix("ecs-svc/")?;
        let is_name = (1..=100).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        is_name.then(|| Self::from(text))
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
            assert_eq!(DeploymentId::from_tag(text).is_some(), is_id, "{text:?}");
        }
        assert_eq!(DeploymentId::from_tag(&format!("ecs-svc/{}", "1".repeat(101))), None);
    }

    #[test]
    fn a_newer_revision_has_the_greater_number() {
        let number = |text: &str| RevisionArn::from(text).number();
        assert!(number("x/backend:10") > number("x/backend:9") && number("x/backend:0") > number("nonsense"));
    }
}
