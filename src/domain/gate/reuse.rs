//! `reuse`: where the configuration wants own images, those that were in their repositories already are.

use super::judgement::GateJudgement;
use crate::domain::origin::{ImageOrigin, ReusedImage};
use crate::domain::target::Reuse;

/// None of the images that have to be own ones is from elsewhere.
pub(super) fn judge(reused: &[ReusedImage], changes_nothing: bool) -> GateJudgement {
    let own: Vec<_> = reused.iter().filter(|image| image.reuse == Reuse::Own).collect();
    let foreign = own.iter().find(|image| image.origin == ImageOrigin::Elsewhere);
    match foreign {
        Some(image) if !changes_nothing => GateJudgement::unsatisfied(
            image.described(),
            format!(
                "find out who pushed it, then delete its tag from the repository to have it built, deploy another \
                 commit, or write `reuse = \"any\"` in `[components.{}]`",
                image.component
            ),
        ),
        Some(_) => GateJudgement::satisfied("nothing is to change"),
        None if own.is_empty() => GateJudgement::satisfied("the image is built by this run"),
        None => {
            let all: Vec<String> = own.iter().map(|image| image.described()).collect();
            GateJudgement::satisfied(all.join("; "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::judgement::GateVerdict;
    use super::*;
    use crate::domain::image::ImageReference;

    fn reused(component: &str, reuse: Reuse, origin: ImageOrigin) -> ReusedImage {
        let digest = format!("sha256:{}", "a".repeat(64));
        let image = ImageReference::parse(&format!("repo:{}@{digest}", "b".repeat(40)));
        ReusedImage { component: component.parse().unwrap(), image, reuse, origin }
    }

    #[test]
    fn an_image_from_elsewhere_refuses_where_own_ones_are_wanted() {
        use Reuse::{Any, Own};

        let recorded = || ImageOrigin::Recorded("arn:aws:ecs:x:y:task-definition/backend:7".into());
        let verdict = |images: &[ReusedImage], unchanged| judge(images, unchanged).verdict;
        assert_eq!(verdict(&[reused("a", Any, ImageOrigin::Elsewhere)], false), GateVerdict::Satisfied);
        assert_eq!(verdict(&[reused("a", Own, ImageOrigin::Elsewhere)], false), GateVerdict::Unsatisfied);
        assert_eq!(verdict(&[reused("a", Own, ImageOrigin::Elsewhere)], true), GateVerdict::Satisfied);
        assert_eq!(verdict(&[reused("a", Own, recorded())], false), GateVerdict::Satisfied);
        assert_eq!(verdict(&[reused("a", Own, ImageOrigin::Announced("r".to_owned()))], false), GateVerdict::Satisfied);
        let mixed = [reused("a", Own, recorded()), reused("b", Any, ImageOrigin::Elsewhere)];
        assert_eq!(verdict(&mixed, false), GateVerdict::Satisfied);
        let refusing = judge(&[reused("a", Own, recorded()), reused("b", Own, ImageOrigin::Elsewhere)], false);
        assert!(refusing.reason.contains("pushed by another program"), "{}", refusing.reason);
        assert!(refusing.hint.unwrap().contains("`reuse = \"any\"` in `[components.b]`"));
        assert_eq!(judge(&[], false).reason, "the image is built by this run");
    }
}
