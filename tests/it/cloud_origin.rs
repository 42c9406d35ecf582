//! An image that is in the repository before its deploy: where it is from is said, and refused where that is wanted.

use serde_json::{Value, json};

use crate::cloud::{Cloud, ServiceOptions, docker};
use crate::cloud_roles;
use crate::harness::{Ran, Repository, assert_reported, eventually, steps, texts};

const OWN: &str = "reuse = \"own\"";

fn plan(cloud: &Cloud, shop: &Repository) -> Ran {
    cloud.shipgate(shop, &["plan", "deploy", "stage", "--output", "json"]).run()
}

/// Pushes an image under the tag of the commit that is checked out, with its label, as every program that may push can.
fn plant(cloud: &Cloud, shop: &Repository, more: &[&str]) {
    let reference = cloud.image_reference(&shop.head());
    let label = format!("org.opencontainers.image.revision={}", shop.head());
    let argument = format!("RELEASE={}", shop.head());
    let context = shop.path().join("backend");
    let build = ["build", "--quiet", "--label", &label, "--build-arg", &argument, "--tag", &reference];
    docker(&[&build[..], more, &[context.to_str().unwrap()]].concat());
    docker(&["push", "--quiet", &reference]);
}

/// Ends the run without a word as soon as docker has pushed.
fn deploy_and_die_after_the_push(cloud: &Cloud, shop: &Repository) {
    let script = "\"$REAL\" \"$@\" || exit\ncase \" $* \" in *' push '*) kill -9 $PPID ;; esac";
    let running = cloud.shipgate(shop, &["deploy", "stage", "--output", "json"]).with_script("docker", script).start();
    eventually("the image is pushed", || cloud.images().contains_key(&shop.head()));
    running.kill();
}

fn announced(cloud: &Cloud) -> Option<String> {
    let service = cloud.service_name("backend");
    let body = json!({ "cluster": cloud.cluster(), "services": [service], "include": ["TAGS"] });
    let answer = cloud.ecs_call("DescribeServices", &body);
    let tags = answer["services"][0]["tags"].as_array().cloned().unwrap_or_default();
    let tag = tags.into_iter().find(|tag| tag["key"] == "shipgate:pushing")?;
    Some(tag["value"].as_str().unwrap().to_owned())
}

fn gate(report: &Value) -> &Value {
    report["gates"].as_array().unwrap().iter().find(|gate| gate["name"] == "reuse").unwrap_or(&Value::Null)
}

/// Finding 7 of the adversary's report: the image of a commit is there before its first deploy.
#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn an_image_that_somebody_else_pushed_is_a_warning_in_plan_and_deploy() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config(""));
    plant(&cloud, &shop, &[]);
    let summary = tempfile::NamedTempFile::new().unwrap();
    for (command, outcome) in [("plan deploy", "planned"), ("deploy", "deployed")] {
        let line: Vec<&str> = command.split(' ').chain(["stage", "--output", "json"]).collect();
        let run = cloud.shipgate(&shop, &line).env("GITHUB_ACTIONS", "true");
        let ran = run.env("GITHUB_STEP_SUMMARY", summary.path()).run();
        let report = ran.outcome(outcome, 0);
        assert_reported(&report["warnings"], &["was there already, pushed by another program"]);
        let reused = &report["reused"][0];
        assert_eq!((&reused["component"], &reused["origin"]), (&json!("backend"), &json!("elsewhere")));
        assert!(reused["image"].as_str().unwrap().contains(&shop.head()), "{reused}");
        assert!(ran.stderr.contains("was there already, pushed by another program"), "{}", ran.stderr);
        let page = std::fs::read_to_string(summary.path()).unwrap();
        assert!(page.contains("was there already, pushed by another program"), "{page}");
        std::fs::write(summary.path(), "").unwrap();
        assert_eq!(*gate(&report), Value::Null, "nothing refuses it where nothing is configured");
    }
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn where_own_images_are_wanted_it_is_refused_before_anything_is_changed() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config(OWN));
    plant(&cloud, &shop, &[]);
    let (serving, revisions) = (cloud.serving("backend"), cloud.revisions("backend"));
    let planned = plan(&cloud, &shop).outcome("planned", 0);
    assert_eq!(gate(&planned)["verdict"], "unsatisfied");

    let report = cloud.deploy(&shop, &[]).outcome("refused", 3);

    assert_reported(&report["causes"], &["reuse", "pushed by another program"]);
    assert_reported(&report["hints"], &["delete its tag", "another commit", "reuse = \"any\""]);
    assert_eq!(cloud.serving("backend"), serving);
    assert_eq!(cloud.revisions("backend"), revisions);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn an_image_of_an_earlier_run_is_an_own_one() {
    let cloud = Cloud::with_backend();
    let gates = "[environments.stage.gates]\noverridable = [\"forward\"]\n";
    let shop = cloud.shop(&format!("{}\n{gates}", cloud.config(OWN)));
    let ran = cloud.deploy(&shop, &["-v"]);
    let first = ran.outcome("deployed", 0);
    assert!(
        ran.stderr.contains("LABEL shipgate.push=(not shown)"),
        "it is no text for a log before the push: {}",
        ran.stderr
    );
    assert_eq!((gate(&first)["verdict"].as_str(), &first["reused"]), (Some("satisfied"), &json!([])));
    assert_eq!(announced(&cloud), None, "it is in the ledger now");
    let again = cloud.deploy(&shop, &[]).outcome("unchanged", 0);
    assert_eq!((&again["reused"][0]["origin"], &again["warnings"]), (&json!("recorded"), &json!([])));

    // An older commit is found further back.
    let old = shop.head();
    for message in ["Second", "Third"] {
        shop.commit(message);
        cloud.deploy(&shop, &[]).outcome("deployed", 0);
    }
    shop.git(&["checkout", "--quiet", "--detach", &old]);
    let back = cloud.deploy(&shop, &["--override", "forward=it is wanted"]).outcome("deployed", 0);
    assert!(back["reused"][0]["recorded_by"].as_str().unwrap().contains(":task-definition/"), "{}", back["reused"]);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn an_image_whose_run_died_right_after_the_push_is_an_own_one() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config(OWN));
    deploy_and_die_after_the_push(&cloud, &shop);
    assert!(announced(&cloud).unwrap().starts_with(&shop.head()), "{:?}", announced(&cloud));

    let report = cloud.deploy(&shop, &[]).outcome("deployed", 0);

    assert!(!steps(&report).iter().any(|step| step.starts_with("build")), "{:?}", steps(&report));
    assert_eq!(report["reused"][0]["origin"], "announced");
    assert!(!report["warnings"].to_string().contains("pushed by another program"), "{report:#}");
    assert_eq!(announced(&cloud), None, "it is in the ledger now");
}

/// What stands on the service may be known to others: it is the digest of the label, not the label.
#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn another_image_under_the_tag_of_a_run_that_died_is_not() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config(OWN));
    deploy_and_die_after_the_push(&cloud, &shop);
    let value = announced(&cloud).unwrap();
    let digest = value.split(' ').nth(1).unwrap();
    for label in ["shipgate.push=", &format!("shipgate.push={digest}"), &format!("shipgate.push={}", &digest[7..])] {
        plant(&cloud, &shop, &["--label", label]);
        let report = cloud.deploy(&shop, &[]).outcome("refused", 3);
        assert_eq!(report["reused"][0]["origin"], "elsewhere", "{label}");
    }
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_component_that_shares_the_image_may_have_recorded_it() {
    let cloud = Cloud::with_backend();
    cloud.create_service(&ServiceOptions::worker());
    let worker = format!(
        "{OWN}\n[components.worker]\nkind = \"ecs\"\nsettle = \"0s\"\nimage-from = \"backend\"\ncontainer = \"worker\"\n\
         cluster = \"{}\"\nservice = \"{}\"",
        cloud.cluster(),
        cloud.service_name("worker")
    );
    let shop = cloud.shop(&cloud.config(&worker));
    cloud.deploy(&shop, &["--component", "backend"]).outcome("deployed", 0);
    let report = cloud.deploy(&shop, &["--component", "worker"]).outcome("deployed", 0);
    assert_eq!(report["reused"][0]["origin"], "recorded");
}

/// A role that writes the ledger of one environment does not decide what another runs.
#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn the_ledger_of_another_environment_is_somebody_elses() {
    let cloud = Cloud::with_backend();
    cloud.create_service(&ServiceOptions { name: "other", ..ServiceOptions::web() });
    let shop = cloud.shop(&format!("{}{}", cloud.config(OWN), cloud.other_environment("other", "other")));
    cloud.deploy(&shop, &[]).outcome("deployed", 0);
    let other = cloud.shipgate(&shop, &["deploy", "other", "--output", "json"]).run().outcome("refused", 3);
    assert_eq!(other["reused"][0]["origin"], "elsewhere");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn an_announcement_that_cannot_be_written_stops_nothing() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config(OWN));
    cloud_roles::ensure(&cloud, &shop, &["deploy"]);
    let role = cloud_roles::name(&cloud, "stage", false);
    cloud.wait(async {
        cloud.iam.delete_role_policy().role_name(&role).policy_name("emulator").send().await.unwrap();
    });
    let report = cloud.deploy(&shop, &[]).outcome("deployed", 0);
    let warnings = texts(&report["warnings"]);
    assert!(warnings.iter().any(|warning| warning.contains("is about to be pushed cannot be written")), "{warnings:?}");
}
