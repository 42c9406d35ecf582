//! What differs between what runs and what is planned, for any kind of component.

use std::fmt;

use crate::domain::names::ComponentName;

/// One difference, by name and without secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanChange {
    /// Where, by the names of its kind: `containerDefinitions[web].image`.
    pub path: String,
    /// What stands there before. `None`: nothing.
    pub from: Option<String>,
    /// What stands there after. `None`: nothing.
    pub to: Option<String>,
}

/// What differs beside the release itself: the image of a container that the release is put into, and the label that
/// names the release there, or the files of a site.
pub fn beside_the_release(changes: &[PlanChange]) -> Vec<&PlanChange> {
    const LABEL: &str = ".dockerLabels[shipgate.sha]";
    let containers: Vec<&str> = changes.iter().filter_map(|change| change.path.strip_suffix(LABEL)).collect();
    let is_release = |path: &str| {
        let container = path.strip_suffix(LABEL).or_else(|| path.strip_suffix(".image"));
        path == "release" || container.is_some_and(|container| containers.contains(&container))
    };
    changes.iter().filter(|change| !is_release(&change.path)).collect()
}

/// What another release changes of some components, in words: their image, their files, or both.
pub fn shipped<'c>(changes: impl IntoIterator<Item = &'c PlanChange>) -> &'static str {
    let (mut has_files, mut has_image) = (false, false);
    for change in changes {
        has_files |= change.path == "release";
        has_image |= change.path.strip_suffix(".image").is_some();
    }
    match (has_files, has_image) {
        (true, false) => "files",
        (true, true) => "image and files",
        (false, _) => "image",
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
    pub changes: Vec<PlanChange>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_container_that_gets_the_release_is_left_out() {
        let change = |path: &str| PlanChange { path: path.to_owned(), from: None, to: Some("x".to_owned()) };
        let paths = [
            "containerDefinitions[web].image",
            "containerDefinitions[web].dockerLabels[shipgate.sha]",
            "containerDefinitions[web].dockerLabels[team]",
            "containerDefinitions[proxy].image",
            "memory",
        ];
        let changes = paths.map(change);
        let beside: Vec<&str> = beside_the_release(&changes).into_iter().map(|change| change.path.as_str()).collect();
        assert_eq!(beside, paths[2..]);
        // The image alone is another build of the same release.
        assert_eq!(beside_the_release(&changes[..1]).len(), 1);
    }
}
