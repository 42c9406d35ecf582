//! What changes no environment, and holds: `status`, `history`, `logs`, `whoami`, `check`, `hold`, `unhold`.

use serde_json::json;

use super::{served, two_environments};
use crate::golden::{Case, Form};
use crate::harness::Repository;
use crate::scripted::{ACCOUNT, REQUEST_TOKEN, Shop, config};
use crate::scripted_contract::{amplify, realtechee, set};

const HOLD: [&str; 4] = ["hold", "stage", "--reason", "carts fail"];
const UNHOLD: [&str; 4] = ["unhold", "stage", "--reason", "repaired"];

pub const CASES: &[Case] = &[
    ("status", |form| {
        let (shop, releases) = served(3);
        shop.aws.world(|world| {
            world.serve(1, &releases[..1]);
            let by_hand = world.register_by_hand(|_| {});
            world.run_only(0, &by_hand);
            world.services[0].tags.push(json!({"key": "shipgate:hold", "value": "2020-11-20T10:00:00Z local before"}));
        });
        form.run(&shop, &["status"])
    }),
    ("status-never-deployed", |form| form.run(&Shop::new(), &["status", "stage"])),
    ("status-failed", |form| {
        let shop = two_environments("");
        shop.aws.world(|world| world.services.remove(0));
        form.run(&shop, &["status"])
    }),
    ("history", |form| {
        let (shop, releases) = served(3);
        shop.aws.world(|world| {
            let of_a_run = [
                ("outcome", "rolled-back"),
                ("at", "2020-11-20T09:40:00Z"),
                ("run", "acme/shop/7/1"),
                ("by", "eva workflow_dispatch"),
                ("began", "2020-11-20T09:33:20Z"),
                ("committed", "2020-11-19T16:02:40Z"),
                ("approved-by", "ben"),
                ("overrides", "freeze:carts fail=2C see issue 12"),
            ];
            world.register_ours(&releases[0], &of_a_run);
            let at = ("at", "2020-11-20T10:00:00Z");
            let by_hand = [("by", "ana local"), ("began", "2020-11-20T09:59:18Z")];
            let restored = crate::scripted::arn("task-definition", "backend:8");
            let last = [&[("restores", &*restored), ("outcome", "deployed"), at], &by_hand[..]].concat();
            let last = world.register_ours(&releases[1], &last);
            world.run_only(0, &last);
        });
        form.run(&shop, &["history", "stage"])
    }),
    ("history-empty", |form| form.run(&Shop::new(), &["history", "stage"])),
    ("history-failed", |form| {
        let shop = Shop::new();
        let denied = "User: arn:aws:iam::123456789012:user/ci is not authorized to perform: ecs:ListTaskDefinitions";
        shop.aws.refuse("ecs:ListTaskDefinitions", 400, "AccessDeniedException", denied);
        form.run(&shop, &["history", "stage"])
    }),
    ("logs", |form| {
        let shop = Shop::new();
        shop.aws.world(|world| world.log = vec!["serve".to_owned(), "GET /cart 200".to_owned()]);
        form.run(&shop, &["logs", "stage"])
    }),
    ("logs-none", |form| form.run(&Shop::new(), &["logs", "stage"])),
    ("logs-failed", |form| {
        let shop = Shop::new();
        shop.aws.refuse("logs:FilterLogEvents", 400, "ResourceNotFoundException", "The log group does not exist.");
        form.run(&shop, &["logs", "stage"])
    }),
    ("whoami", |form| form.run(&Shop::new(), &["whoami", "stage"])),
    ("whoami-roles", |form| in_a_job(form, &with_roles())),
    ("whoami-refused", |form| {
        let shop = with_roles();
        shop.aws.refuse("sts:AssumeRoleWithWebIdentity", 403, "AccessDenied", "Not authorized");
        in_a_job(form, &shop)
    }),
    ("hold", |form| form.run(&Shop::new(), &HOLD)),
    ("hold-failed", |form| {
        let shop = Shop::new();
        let denied = "User: arn:aws:iam::123456789012:user/ci is not authorized to perform: ecs:TagResource";
        shop.aws.refuse("ecs:TagResource", 400, "AccessDeniedException", denied);
        form.run(&shop, &HOLD)
    }),
    ("unhold", |form| {
        let shop = Shop::new();
        let hold = json!({"key": "shipgate:hold", "value": "2020-11-20T10:00:00Z acme/shop/7/1 carts fail"});
        shop.aws.world(|world| world.services[0].tags.push(hold));
        form.run(&shop, &UNHOLD)
    }),
    ("unhold-planned", |form| {
        let shop = Shop::new();
        let hold = json!({"key": "shipgate:hold", "value": "2020-11-20T10:00:00Z acme/shop/7/1 carts fail"});
        shop.aws.world(|world| world.services[0].tags.push(hold));
        form.run(&shop, &[&["plan"], &UNHOLD[..]].concat())
    }),
    ("unhold-planned-nothing-held", |form| form.run(&Shop::new(), &[&["plan"], &UNHOLD[..]].concat())),
    ("unhold-invalid-stale", |form| {
        let other = format!("sha256:{}", "0".repeat(64));
        form.run(&Shop::new(), &[&UNHOLD[..], &["--expect-plan", &other]].concat())
    }),
    ("unhold-rollback", |form| {
        let (shop, _) = served(2);
        shop.shipgate(&["rollback", "stage", "--output", "json"]).run().outcome("deployed", 0);
        form.run(&shop, &UNHOLD)
    }),
    ("check-passed", |form| check(form, &config(""))),
    ("check-failed", |form| {
        let config = config("task-definition = \"missing.json\"").replace("context = \".\"", "context = \"gone\"");
        check(form, &config)
    }),
    ("check-with-plans", |form| form.run(&Shop::new(), &["check"])),
    ("contract", |form| form.run(&amplify(&realtechee()), &["contract", "production"])),
    ("contract-broken", |form| {
        let shop = amplify(&realtechee());
        set(&shop, "production", "IDENTITY_POOL_ID", None);
        set(&shop, "production", "API_KEY", Some("da2-PRODUCTION_API_KEY"));
        set(&shop, "production", "USER_POOL_IDS", Some("one more"));
        form.run(&shop, &["contract", "production"])
    }),
    ("contract-failed", |form| {
        let shop = amplify(&realtechee());
        shop.aws.world(|world| world.apps.clear());
        form.run(&shop, &["contract", "production"])
    }),
    ("contract-proposed", |form| form.run(&amplify(&realtechee()), &["contract", "--propose"])),
];

fn with_roles() -> Shop {
    let roles = format!(
        "role = \"arn:aws:iam::{ACCOUNT}:role/stage\"\nread-role = \"arn:aws:iam::{ACCOUNT}:role/stage-read\"\n"
    );
    Shop::with_config(&format!("{}{roles}", config("")))
}

/// `whoami` in a job that has a token of GitHub's.
fn in_a_job(form: Form, shop: &Shop) -> String {
    let host = shop.aws.host();
    let arguments = ["whoami"];
    let run = shop
        .repository
        .shipgate(&form.words(&arguments))
        .env("AWS_ENDPOINT_URL", format!("http://{host}"))
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("ACTIONS_ID_TOKEN_REQUEST_URL", format!("http://{host}/token?api-version=2.0"))
        .env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", REQUEST_TOKEN);
    form.kept(&shop.repository, &arguments, &form.ran(run))
}

/// `check` where there are no credentials.
fn check(form: Form, config: &str) -> String {
    let repository = Repository::with_files(&[("shipgate.toml", config), ("Dockerfile", "FROM scratch\n")]);
    let arguments = ["check"];
    let run = repository.shipgate(&form.words(&arguments)).env("AWS_EC2_METADATA_DISABLED", "true");
    form.kept(&repository, &arguments, &form.ran(run))
}
