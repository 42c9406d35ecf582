//! `promote` and `plan promote`.

use serde_json::json;

use super::{served, two_environments};
use crate::golden::Case;
use crate::scripted::Shop;

const PROMOTE: [&str; 2] = ["promote", "production"];
const PLAN: [&str; 3] = ["plan", "promote", "production"];

pub const CASES: &[Case] = &[
    ("promote-deployed", |form| form.run(&staged(), &PROMOTE)),
    ("promote-unchanged", |form| {
        let shop = staged();
        shop.shipgate(&[&PROMOTE[..], &["--output", "json"]].concat()).run().outcome("deployed", 0);
        form.run(&shop, &PROMOTE)
    }),
    ("promote-planned", |form| form.run(&staged(), &PLAN)),
    ("promote-planned-commits-and-missing-variables", |form| {
        let shop = staged();
        shop.aws.world(|world| {
            world.serve(1, &[shop.repository.head()]);
            let ours = world.definitions.last().unwrap().document.clone();
            let by_hand = world.register_by_hand(|document| {
                *document = ours;
                document["containerDefinitions"][0]["environment"] = json!([]);
            });
            world.run_only(1, &by_hand);
        });
        for number in 0..3 {
            let next = shop.repository.commit(&format!("Release {number}"));
            shop.aws.world(|world| world.registry.put_image(&next, Some(&next)));
        }
        shop.deploy().outcome("deployed", 0);
        form.run(&shop, &PLAN)
    }),
    ("promote-planned-nothing-proven", |form| form.run(&two_environments(""), &PLAN)),
    ("promote-refused-older", |form| {
        let (shop, releases) = served(3);
        shop.aws.world(|world| world.serve(0, &releases[..2]));
        form.run(&shop, &PROMOTE)
    }),
    ("promote-refused", |form| form.run(&two_environments(""), &PROMOTE)),
    ("promote-stale", |form| {
        form.run(&staged(), &[&PROMOTE[..], &["--expect-plan", &format!("sha256:{}", "a".repeat(64))]].concat())
    }),
    ("promote-failed", |form| {
        let shop = staged();
        let denied = "User: arn:aws:iam::123456789012:user/ci is not authorized to perform: ecs:DescribeServices";
        shop.aws.answer("ecs:DescribeServices", move |call, _| {
            let of_source = call.body.to_string().contains("\"stage-backend\"");
            of_source.then(|| call.error(400, "AccessDeniedException", denied))
        });
        form.run(&shop, &PROMOTE)
    }),
    ("promote-invalid", |form| form.run(&staged(), &["promote", "stage"])),
];

/// A shop of which stage has deployed HEAD.
/// A shop whose stage has deployed HEAD, and whose production has no release.
pub fn staged() -> Shop {
    let shop = two_environments("");
    shop.deploy().outcome("deployed", 0);
    shop
}
