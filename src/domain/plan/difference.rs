//! What differs between what runs and what is planned, for any kind of component.

use std::fmt;

use crate::domain::names::ComponentName;

/// One difference, by name and without secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Where, by the names of its kind: `containerDefinitions[web].image`.
    pub path: String,
    /// What stands there before. `None`: nothing.
    pub from: Option<String>,
    /// What stands there after. `None`: nothing.
    pub to: Option<String>,
}

impl Change {
    /// Whether it is the release itself: another image, the labels that name it, or the files of a site. Every release
    /// has it.
    pub fn is_of_the_release(&self) -> bool {
        self.path == "release" || self.path.ends_with("].image") || self.path.contains("].dockerLabels[shipgate.")
    }
}

/// A variable or secret that one definition has and another lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingVariable {
    /// The container that lacks it.
    pub container: String,
    /// Its name.
    pub name: String,
    /// Whether the other definition takes it from a secret.
    pub is_secret: bool,
}

impl MissingVariable {
    /// What a plan warns of, for a component that lacks it.
    pub fn warning(&self, component: &ComponentName) -> String {
        format!("{component} lacks {self}, which the source has")
    }
}

impl fmt::Display for MissingVariable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.is_secret { "secret" } else { "variable" };
        write!(formatter, "{kind} {} (container {})", self.name, self.container)
    }
}

/// A component does not run what shipgate last put there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    /// What that is, by the name that its kind gives it: an ARN.
    pub last: String,
    /// What differs from that to what runs now.
    pub changes: Vec<Change>,
}
