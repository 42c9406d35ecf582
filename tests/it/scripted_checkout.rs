//! Files that the configuration names: `check`, `plan deploy` and `deploy` read the same ones, and none that lies
//! elsewhere.

use std::os::unix::fs::symlink;

use serde_json::Value;

use crate::scripted::{Shop, config, text};

const CANARY: &str = "canary-of-another-file";

/// Each command's verdict about a shop: whether it has anything against it, and all that it says.
fn verdicts(shop: &Shop) -> [(bool, String); 3] {
    let ran = [&["check", "--output", "json"][..], &["plan", "deploy", "stage", "--output", "json"], &DEPLOY]
        .map(|arguments| shop.shipgate(arguments).run());
    ran.map(|ran| {
        assert!(!ran.stderr.contains(CANARY) && !ran.stdout.contains(CANARY), "{}", ran.stderr);
        (ran.code == 2, ran.stdout)
    })
}

const DEPLOY: [&str; 4] = ["deploy", "stage", "--output", "json"];

#[track_caller]
fn all_refuse(shop: &Shop, why: &str) {
    for (is_refused, said) in verdicts(shop) {
        assert!(is_refused && said.contains(why), "no {why:?} in {said}");
    }
    assert!(!shop.aws.operations().iter().any(|operation| operation == "ecs:RegisterTaskDefinition"));
}

/// A shop with a file that is a link.
fn linking(more: &str, name: &str, to: &str) -> Shop {
    let shop = Shop::with(more);
    let _old = std::fs::remove_file(shop.repository.path().join(name));
    symlink(to, shop.repository.path().join(name)).unwrap();
    shop.repository.commit("Link");
    shop
}

/// So that what is there under HEAD's tag is the image of HEAD.
fn with_image(shop: Shop) -> Shop {
    let head = shop.repository.head();
    shop.aws.world(|world| world.registry.put_image(&head, Some(&head)));
    shop
}

#[test]
fn a_task_definition_that_links_out_of_the_repository_is_read_by_no_command() {
    let outside = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(outside.path(), format!("{{\"containerDefinitions\": [{{\"name\": \"{CANARY}\"}}]}}")).unwrap();
    for to in [outside.path().to_str().unwrap(), "/dev/zero"] {
        let shop = with_image(linking("task-definition = \"task.json\"", "task.json", to));
        all_refuse(&shop, "it leads out of the repository");
    }
}

#[test]
fn a_task_definition_of_more_than_one_mebibyte_is_read_by_no_command() {
    let shop = Shop::with("task-definition = \"task.json\"");
    shop.repository.write("task.json", " ".repeat(1024 * 1024 + 1));
    shop.repository.commit("Much");
    all_refuse(&with_image(shop), "it is no file of at most 1 MiB");
}

#[test]
fn a_dockerfile_that_links_out_of_the_repository_is_built_by_no_command() {
    let outside = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(outside.path(), format!("FROM {CANARY}\n")).unwrap();
    for to in [outside.path().to_str().unwrap(), "/dev/zero"] {
        all_refuse(&linking("", "Dockerfile", to), "it leads out of the repository");
    }
}

#[test]
fn a_directory_to_build_from_is_one_of_the_repository() {
    let outside = tempfile::tempdir().unwrap();
    let shop = Shop::with_config(&config("").replace("context = \".\"", "context = \"app\""));
    symlink(outside.path(), shop.repository.path().join("app")).unwrap();
    shop.repository.commit("Link");
    all_refuse(&shop, "built from is not there");
}

#[test]
fn a_session_policy_that_links_out_of_the_repository_is_not_read() {
    let outside = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(outside.path(), CANARY).unwrap();
    let role = "role = \"arn:aws:iam::123456789012:role/shop/stage\"\nsession-policy = \"policy.json\"\n";
    let shop = Shop::with_config(&format!("{}{role}", config("")));
    for to in [outside.path().to_str().unwrap(), "/dev/zero"] {
        let _old = std::fs::remove_file(shop.repository.path().join("policy.json"));
        symlink(to, shop.repository.path().join("policy.json")).unwrap();
        shop.repository.commit("Link");
        let ran = shop.shipgate(&DEPLOY).run();
        let report: Value = ran.outcome("invalid", 2);
        assert!(text(&report, "causes").contains("it leads out of the repository"), "{report:#}");
        assert!(!ran.stderr.contains(CANARY), "{}", ran.stderr);
    }
}
