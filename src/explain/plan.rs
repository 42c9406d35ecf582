//! Why no plan can be made.

use super::{Explain, explained};
use crate::domain::failure::Failure;
use crate::domain::plan::{ImageError, PlanError};

explained!(PlanError, ImageError);

impl Explain for PlanError {
    fn before(&self) -> Failure {
        match self {
            Self::Image(error) => error.before(),
            Self::MissingVariables { .. } => Failure::failed(self.to_string())
                .hint("add them to the live task definition or its file, or write `missing-variables = \"warning\"`"),
            Self::Unusable { reason, hint } => {
                hint.iter().fold(Failure::invalid(reason), |failure, hint| failure.hint(*hint))
            }
            Self::NoImage(_) => Failure::invalid(self.to_string())
                .hint("correct `image-from`, or select the component that builds the image"),
            Self::StillUnknown(_) => Failure::failed(self.to_string()).hint("run it again"),
            Self::Contradicted { .. } => Failure::failed(self.to_string())
                .hint("nothing that serves was changed: plan again, and see what is different"),
        }
    }
}

impl Explain for ImageError {
    fn before(&self) -> Failure {
        Failure::failed(self.to_string()).hint(match self {
            Self::RepositoryMissing(_) => {
                "create it, or write `create-repository = true` in the component's configuration"
            }
            Self::TagTaken { .. } => {
                "the image was not built by shipgate from this commit: delete it, or deploy another commit"
            }
            Self::Expired(_) => {
                "a lifecycle rule may have removed it: deploy the commit to the source again, or name another release"
            }
            Self::OtherCommit { .. } => {
                "another image was pushed under the release's tag: deploy the commit to the source again"
            }
            Self::TagLeadsElsewhere { .. } => {
                "shipgate never moves a release's tag: find out who pushed the other image, and delete it if it is wrong"
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::failure::CauseKind::Environment;
    use crate::domain::image::{Digest, ImageRepository};
    use crate::domain::outcome::Outcome::{Failed, Invalid};
    use crate::domain::plan::StillUnknown;
    use crate::domain::step::{StepId, StepVerb};
    use crate::explain::tests::assert_explained;

    #[test]
    fn each_reason_for_no_plan_is_explained() {
        let text = || "r.example/app:v1".to_owned();
        let repository = || ImageRepository { host: "r.example".to_owned(), name: "app".parse().unwrap() };
        let digest = || Digest::of("x");
        let taken = ImageError::TagTaken { repository: repository(), tag: "v1".parse().unwrap(), found: text() };
        let other = ImageError::OtherCommit { image: text(), release: text(), found: text() };
        let elsewhere = ImageError::TagLeadsElsewhere { image: text(), found: digest(), wanted: digest() };
        for (error, hint) in [
            (ImageError::RepositoryMissing(repository()), "`create-repository = true`"),
            (taken, "delete it, or deploy another commit"),
            (ImageError::Expired(text()), "name another release"),
            (other, "deploy the commit to the source again"),
            (elsewhere, "find out who pushed the other image"),
        ] {
            assert_explained(&error, (Failed, Environment, None, hint));
            assert_explained(&PlanError::from(error), (Failed, Environment, None, hint));
        }
        let component = || "backend".parse().unwrap();
        let lacking = PlanError::MissingVariables { component: component(), names: "A".to_owned() };
        assert_explained(&lacking, (Failed, Environment, None, "`missing-variables = \"warning\"`"));
        assert_explained(&PlanError::NoImage(component()), (Invalid, Environment, None, "`image-from`"));
        let unknown = StillUnknown(StepId::new(StepVerb::Build, &component()));
        assert_explained(&PlanError::from(unknown), (Failed, Environment, None, "run it again"));
        let contradicted = PlanError::Contradicted { component: component(), difference: text() };
        assert_explained(&contradicted, (Failed, Environment, None, "plan again"));
        let unusable = |hint| PlanError::Unusable { reason: text(), hint };
        assert_explained(&unusable(None), (Invalid, Environment, None, ""));
        assert_explained(&unusable(Some("correct `container`")), (Invalid, Environment, None, "correct `container`"));
    }
}
