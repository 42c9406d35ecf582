//! `promote` and `plan promote`.

use serde_json::json;

use super::{production, served, two_environments};
use crate::golden::Case;
use crate::harness::Shipgate;
use crate::scripted::{Shop, config};

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
    ("promote-planned-with-probes", |form| {
        let shop = probed();
        form.kept(&shop.repository, &PLAN, &form.ran(with_probe(&shop, form.shipgate(&shop, &PLAN))))
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

/// The same, of which both environments have a probe, which the endpoint itself answers.
fn probed() -> Shop {
    let probe = |environment: &str| {
        format!("[[environments.{environment}.components.backend.probes]]\nurl = \"${{env.PROBE}}\"\n")
    };
    let config = format!("{}{}{}{}", config(""), probe("stage"), production(), probe("production"));
    let shop = Shop::with_config(&config);
    shop.aws.world(|world| world.add_service("prod-backend"));
    with_probe(&shop, shop.shipgate(&["deploy", "stage", "--output", "json"])).run().outcome("deployed", 0);
    shop
}

fn with_probe(shop: &Shop, shipgate: Shipgate) -> Shipgate {
    shipgate.env("PROBE", format!("http://{}/probe", shop.aws.host()))
}
