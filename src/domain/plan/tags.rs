//! The tags beside a release's own, such as `latest`: they lead to what serves, so they move once it does.

use serde_json::{Value, json};

use super::steps::PlanStep;
use super::warning::PlanWarning;
use crate::domain::image::{Digest, ImageRepository, ImageTag};
use crate::domain::names::ComponentName;
use crate::domain::step::StepVerb;

/// The configured tags of an image in the environment's own repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedTags {
    /// The component whose `build` names them.
    pub component: ComponentName,
    /// The repository.
    pub repository: ImageRepository,
    /// The digest of the image. `None`: it is not built yet.
    pub digest: Option<Digest>,
    /// All tags that are to lead to it.
    pub wanted: Vec<ImageTag>,
    /// Those of them to move. The others do so already, or cannot.
    pub moves: Vec<ImageTag>,
    /// Those that lead elsewhere, in a repository whose tags are immutable.
    pub fixed: Vec<ImageTag>,
}

impl PlannedTags {
    /// The tags of an image. `leads`: where each of them leads now. `is_immutable`: whether that can never change.
    pub fn new(
        component: ComponentName,
        repository: ImageRepository,
        digest: Option<Digest>,
        leads: Vec<(ImageTag, Option<Digest>)>,
        is_immutable: bool,
    ) -> Self {
        let wanted = leads.iter().map(|(tag, _)| tag.clone()).collect();
        let to_move = leads.into_iter().filter(|(_, leads)| leads.is_none() || *leads != digest);
        let (fixed, moves): (Vec<_>, Vec<_>) = to_move.partition(|(_, leads)| is_immutable && leads.is_some());
        let names = |tags: Vec<(ImageTag, Option<Digest>)>| tags.into_iter().map(|(tag, _)| tag).collect();
        Self { component, repository, digest, wanted, moves: names(moves), fixed: names(fixed) }
    }

    /// For people: `latest, v2`.
    pub fn names(tags: &[ImageTag]) -> String {
        tags.iter().map(ImageTag::as_str).collect::<Vec<_>>().join(", ")
    }

    /// The step that moves them. `None`: there is none to move.
    pub(super) fn step(&self) -> Option<PlanStep> {
        if self.moves.is_empty() {
            return None;
        }
        let tags = format!("{} {}", if self.moves.len() == 1 { "tag" } else { "tags" }, Self::names(&self.moves));
        let summary = format!("put {tags} of {} on the release, once it serves", self.repository);
        Some(PlanStep::new(StepVerb::MoveTags, &self.component, summary))
    }

    pub(super) fn warning(&self) -> Option<PlanWarning> {
        if self.fixed.is_empty() {
            return None;
        }
        let (tags, name) = (Self::names(&self.fixed), &self.repository.name);
        Some(PlanWarning {
            text: format!(
                "{tags} of {} cannot move to the release: the repository's tags are immutable",
                self.repository
            ),
            changes: Vec::new(),
            hint: Some(format!(
                "take it out of `tags` in the `build` of `[components.{}]`, or `aws ecr put-image-tag-mutability \
                 --repository-name {name} --image-tag-mutability MUTABLE`",
                self.component
            )),
        })
    }

    pub(super) fn canonical(&self) -> Value {
        let tags: Vec<&str> = self.wanted.iter().map(ImageTag::as_str).collect();
        json!({ "component": self.component, "repository": self.repository.to_string(), "tags": tags })
    }
}
