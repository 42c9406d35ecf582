//! `reuse`

use super::super::*;
use super::GateCase;
use crate::domain::image::ImageReference;
use crate::domain::origin::{ImageOrigin, ReusedImage};
use crate::domain::target::Reuse;

fn case(situation: &'static str, images: Vec<ReusedImage>) -> GateCase {
    GateCase::new(GateName::Reuse, ChangeCommand::Deploy, situation)
        .policy(|policy| policy.own_images = true)
        .evidence(|evidence| evidence.reused = Fact::Is(images))
}

fn image(component: &str, reuse: Reuse, origin: ImageOrigin) -> ReusedImage {
    let digest = format!("sha256:{}", "a".repeat(64));
    let image = ImageReference::parse(&format!("repo:{}@{digest}", "b".repeat(40)));
    ReusedImage { component: component.parse().unwrap(), image, reuse, origin }
}

pub(super) fn cases() -> Vec<GateCase> {
    let recorded = || ImageOrigin::Recorded("arn:aws:ecs:x:y:task-definition/backend:7".into());
    let own = |origin| image("backend", Reuse::Own, origin);
    let described = |image: &ReusedImage| image.described();
    vec![
        case("the image is not there yet", Vec::new()).satisfied("the image is built by this run"),
        case("the ledger records the image", vec![own(recorded())]).satisfied(described(&own(recorded()))),
        case("a run that did not get further announced the image", vec![own(ImageOrigin::Announced("acme/shop/7/1".into()))])
            .satisfied(described(&own(ImageOrigin::Announced("acme/shop/7/1".into())))),
        case("nothing says that shipgate built the image", vec![own(ImageOrigin::Elsewhere)]).unsatisfied(
            described(&own(ImageOrigin::Elsewhere)),
            "find out who pushed it, then delete its tag from the repository to have it built, deploy another commit, or \
             write `reuse = \"any\"` in `[components.backend]`",
        ),
        case(
            "another component takes any image",
            vec![own(recorded()), image("site", Reuse::Any, ImageOrigin::Elsewhere)],
        )
        .satisfied(described(&own(recorded()))),
        case("it runs the image already: it is only verified again", vec![own(ImageOrigin::Elsewhere)])
            .evidence(|evidence| evidence.changes_nothing = true)
            .satisfied("nothing is to change"),
    ]
}
