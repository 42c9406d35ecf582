//! A branch of an Amplify app beside a service, and alone: what cannot be changed yet is said by name, and keeps nothing else
//! from working.

use serde_json::json;

use crate::harness::Repository;
use crate::scripted::{Shop, config};

const WEB: &str = "[components.web]\nkind = \"amplify\"\napp-id = \"d1abc2def3\"\nbranch = \"main\"";
const NOT_BUILT: &str = "is not built yet for component `web` of `kind = \"amplify\"`";

#[test]
fn an_environment_of_branches_alone_is_checked_and_every_change_is_refused_without_asking_aws() {
    let repository = Repository::with_config(&format!(
        "app = \"shop\"\n{WEB}\n[environments.main]\nregion = \"us-west-1\"\n[environments.production]\n\
         region = \"us-west-1\"\npromotes-from = \"main\"\ngates = {{ approval = \"none\" }}\n"
    ));
    let run = |arguments: &[&str]| repository.shipgate(arguments).env("AWS_ENDPOINT_URL", "http://127.0.0.1:1").run();
    let checked = run(&["check"]).expect_code(0);
    checked.expect_stderr(
        "skipped: what merging would change of `web` on main: it is not built yet for `kind = \"amplify\"`",
    );
    for (arguments, action) in [
        (&["deploy", "main"][..], "a deploy"),
        (&["plan", "deploy", "main"], "a deploy"),
        (&["promote", "production"], "a promotion"),
        (&["plan", "promote", "production"], "a promotion"),
        (&["rollback", "main"], "a rollback"),
        (&["gates", "main"], "a deploy"),
        (&["hold", "main", "--reason", "x"], "a hold"),
        (&["unhold", "main", "--reason", "x"], "a hold"),
    ] {
        let ran = run(arguments).expect_code(2).expect_stderr(&format!("{action} {NOT_BUILT}"));
        ran.expect_stderr("hint: check its files with `shipgate check`");
    }
}

#[test]
fn beside_a_service_it_is_left_out_where_that_does_no_harm() {
    let shop = Shop::with_config(&config(WEB));
    let run = |arguments: &[&str]| shop.shipgate(arguments).run();
    run(&["deploy", "stage"])
        .expect_code(2)
        .expect_stderr(NOT_BUILT)
        .expect_stderr("hint: name the components of other kinds with --component");
    let planned = shop.shipgate(&["plan", "deploy", "stage", "--component", "backend", "--output", "json"]).run();
    planned.outcome("planned", 0);
    let held = shop.shipgate(&["hold", "stage", "--reason", "carts fail", "--output", "json"]).run().expect_code(0);
    assert_eq!(held.json()["holds"].as_array().unwrap().len(), 1);
    held.expect_stderr("`web` has no holds");
    run(&["hold", "stage", "--reason", "x", "--component", "web"]).expect_code(2).expect_stderr(NOT_BUILT);
    let lifted = shop.shipgate(&["unhold", "stage", "--reason", "mended", "--output", "json"]).run().expect_code(0);
    assert_eq!(lifted.json()["holds"], json!([]));
    let checked = run(&["check"]).expect_stderr("what merging would change of `web` on stage");
    assert!(checked.stderr.contains("stage"), "{}", checked.stderr);
}
