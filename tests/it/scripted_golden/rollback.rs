//! `rollback` and `plan rollback`.

use serde_json::json;

use super::served;
use crate::golden::Case;

const ROLLBACK: [&str; 2] = ["rollback", "stage"];
const PLAN: [&str; 3] = ["plan", "rollback", "stage"];

pub const CASES: &[Case] = &[
    ("rollback-deployed", |form| form.run(&served(2).0, &ROLLBACK)),
    ("rollback-deployed-further-back", |form| {
        let (shop, releases) = served(3);
        form.run(&shop, &["rollback", "stage", "--release", &releases[0]])
    }),
    ("rollback-unchanged", |form| {
        let (shop, releases) = served(2);
        form.run(&shop, &["rollback", "stage", "--release", &releases[1]])
    }),
    ("rollback-planned", |form| form.run(&served(2).0, &PLAN)),
    ("rollback-failed", |form| form.run(&served(0).0, &ROLLBACK)),
    ("rollback-deployed-baseline", |form| form.run(&served(1).0, &ROLLBACK)),
    ("rollback-planned-baseline", |form| form.run(&served(1).0, &PLAN)),
    ("rollback-failed-at-baseline", |form| {
        let (shop, _) = served(1);
        shop.shipgate(&["rollback", "stage", "--output", "json"]).run().outcome("deployed", 0);
        form.run(&shop, &ROLLBACK)
    }),
    ("rollback-invalid", |form| form.run(&served(2).0, &["rollback", "stage", "--release", "main"])),
    ("rollback-broken", |form| {
        let (shop, releases) = served(2);
        shop.aws.change("ecs:DescribeTasks", |_, answer| {
            if let Some(task) = answer["tasks"].get_mut(0) {
                task["containers"][0]["imageDigest"] = json!(format!("sha256:{}", "b".repeat(64)));
            }
        });
        form.run(&shop, &["rollback", "stage", "--release", &releases[1]])
    }),
    ("rollback-failed-hold-denied", |form| {
        let (shop, _) = served(2);
        shop.aws.answer("ecs:TagResource", |call, _| {
            let of_service = call.body["resourceArn"].as_str().unwrap().contains(":service/");
            let denied = "User: arn:aws:iam::123456789012:user/ci is not authorized to perform: ecs:TagResource";
            of_service.then(|| call.error(400, "AccessDeniedException", denied))
        });
        form.run(&shop, &ROLLBACK)
    }),
    ("rollback-deployed-then-refused-deploy", |form| {
        let (shop, _) = served(2);
        shop.shipgate(&["rollback", "stage", "--output", "json"]).run().outcome("deployed", 0);
        form.run(&shop, &["deploy", "stage"])
    }),
];
