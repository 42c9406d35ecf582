//! What the registry may say of the image: nothing that is not proven by its digest and shipgate's label is deployed.

use serde_json::{Value, json};

use crate::http_server::Course;
use crate::scripted::{Answer, CANARIES, Shop, refusal, text};

/// Deploys, and insists that it failed before anything was changed.
#[track_caller]
fn failed(shop: &Shop) -> Value {
    let report = shop.deploy().outcome("failed", 1);
    assert_eq!(shop.aws.mutations(), [""; 0]);
    assert!(!text(&report, "hints").is_empty(), "{report:#}");
    report
}

#[test]
fn server_errors_are_failed_and_the_image_is_named() {
    for status in [500, 502, 503] {
        let shop = Shop::new();
        shop.aws.answer("registry:GetManifest", move |_, _| Some(Answer::new(status, "<html>Oops</html>")));
        let report = failed(&shop);
        assert!(report["reason"].as_str().unwrap().contains("stage-shop"), "{report:#}");
        assert!(text(&report, "causes").contains(&status.to_string()), "{report:#}");
    }
}

#[test]
fn a_login_that_is_refused_is_failed_with_a_hint() {
    let shop = Shop::new();
    shop.aws.answer("registry:GetManifest", |_, _| Some(refusal(401, "UNAUTHORIZED", "Not Authorized")));
    let report = failed(&shop);
    assert!(text(&report, "hints").contains("`ecr:BatchGetImage`"), "{report:#}");
}

#[test]
fn an_image_without_our_label_is_not_taken() {
    for other in [None, Some("4b825dc642cb6eb9a060e54bf8d69288fbee4904")] {
        let shop = Shop::new();
        let head = shop.repository.head();
        shop.aws.world(|world| world.registry.put_image(&head, other));
        let report = failed(&shop);
        let reason = report["reason"].as_str().unwrap();
        assert!(reason.contains("org.opencontainers.image.revision"), "{reason}");
        assert!(reason.contains(other.unwrap_or("missing")), "{reason}");
    }
}

/// The label of a dirty build is not that of its commit.
#[test]
fn a_dirty_image_under_the_tag_of_a_commit_is_not_taken() {
    let shop = Shop::new();
    let head = shop.repository.head();
    let dirty = format!("{head}-dirty-20261120T234749Z");
    shop.aws.world(|world| world.registry.put_image(&head, Some(&dirty)));
    failed(&shop);
}

#[test]
fn a_config_with_other_bytes_is_not_believed() {
    let shop = Shop::new();
    let forged = json!({"config": {"Labels": {"org.opencontainers.image.revision": shop.repository.head()}}});
    shop.aws.world(|world| {
        world.registry.blobs.values_mut().for_each(|blob| *blob = forged.to_string().into_bytes());
    });
    failed(&shop);
}

#[test]
fn a_manifest_with_other_bytes_than_its_digest_is_not_believed() {
    let shop = Shop::new();
    let head = shop.repository.head();
    shop.aws.answer("registry:GetManifest", move |call, world| {
        let (media_type, bytes) = &world.registry.manifests[&head];
        let other = format!("sha256:{}", "c".repeat(64));
        call.body.as_str().unwrap().ends_with(&head).then(|| {
            Answer::new(200, bytes.as_slice()).with("Content-Type", media_type).with("Docker-Content-Digest", &other)
        })
    });
    failed(&shop);
}

/// These took all the memory there was.
#[test]
fn endless_answers_are_cut_off() {
    for (operation, limit) in
        [("registry:GetManifest", "longer than 4 MiB"), ("registry:GetBlob", "bytes, the limit for the configuration")]
    {
        let shop = Shop::new();
        shop.aws.answer(operation, |_, _| Some(Answer::new(200, "").going(Course::Endless)));
        let run = shop.shipgate(&["plan", "deploy", "stage", "--output", "json"]).with_memory(2_000_000);
        let report = run.run().outcome("failed", 1);
        assert!(text(&report, "causes").contains(limit), "{report:#}");
    }
}

#[test]
fn the_password_is_sent_to_no_token_service_elsewhere() {
    let shop = Shop::new();
    shop.aws.answer("registry:Version", |_, _| {
        let elsewhere = "Bearer realm=\"http://auth.elsewhere.example/token\",service=\"x\"";
        Some(refusal(401, "UNAUTHORIZED", "Not Authorized").with("Www-Authenticate", elsewhere))
    });
    let report = failed(&shop);
    assert!(text(&report, "causes").contains("http://auth.elsewhere.example/token"), "{report:#}");
    assert!(!report.to_string().contains(CANARIES[2]), "{report:#}");
}

#[test]
fn garbage_is_failed() {
    for garbage in ["", "{", "[]", "{}", "null", "<html>", r#"{"schemaVersion": 1}"#, r#"{"schemaVersion": 2}"#] {
        let shop = Shop::new();
        shop.aws.answer("registry:GetManifest", move |_, _| {
            Some(Answer::new(200, garbage).with("Content-Type", "application/vnd.oci.image.manifest.v1+json"))
        });
        failed(&shop);
    }
}

#[test]
fn a_config_that_is_no_config_is_not_taken() {
    for operation in ["registry:GetBlob", "registry:GetSigned"] {
        for answer in [Answer::new(404, ""), Answer::new(500, ""), Answer::hang_up()] {
            let shop = Shop::new();
            shop.aws.answer(operation, move |_, _| Some(answer.clone()));
            failed(&shop);
        }
    }
}

/// Blobs of ECR are in S3, at addresses that carry their own signature.
#[test]
fn the_password_does_not_follow_a_redirect_to_the_store() {
    let shop = Shop::new();
    shop.deploy().outcome("deployed", 0);
    assert_eq!(shop.aws.operations().iter().filter(|operation| *operation == "registry:GetSigned").count(), 1);
}

#[test]
fn a_missing_image_and_no_docker_is_failed_naming_docker() {
    let shop = Shop::new();
    shop.aws.world(|world| world.registry.manifests.clear());
    let git = which_directory("git");
    let run = shop.shipgate(&["deploy", "stage", "--output", "json"]).env("PATH", git.path());
    let report = run.run().outcome("failed", 1);
    assert!(report["reason"].as_str().unwrap().contains("docker"), "{report:#}");
    assert!(text(&report, "hints").contains("docker"), "{report:#}");
    assert_eq!(shop.aws.mutations(), [""; 0]);
}

/// A directory with one program alone.
#[expect(clippy::disallowed_methods, reason = "a test looks for a program on its own PATH")]
fn which_directory(program: &str) -> tempfile::TempDir {
    let path = std::env::var_os("PATH").unwrap();
    let found =
        std::env::split_paths(&path).map(|directory| directory.join(program)).find(|path| path.is_file()).unwrap();
    let directory = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(found, directory.path().join(program)).unwrap();
    directory
}

#[test]
fn an_engine_that_is_not_there_is_failed_naming_it() {
    let shop = Shop::new();
    shop.aws.world(|world| world.registry.manifests.clear());
    let run = shop.shipgate(&["deploy", "stage", "--output", "json"]).env("DOCKER_HOST", "tcp://127.0.0.1:1");
    let report = run.run().outcome("failed", 1);
    assert!(report["reason"].as_str().unwrap().contains("docker"), "{report:#}");
    assert_eq!(shop.aws.mutations(), [""; 0]);
}

#[test]
fn a_missing_repository_is_named_and_not_created_unasked() {
    let shop = Shop::new();
    shop.aws.world(|world| world.registry.manifests.clear());
    shop.aws.refuse("ecr:BatchGetImage", 400, "RepositoryNotFoundException", "The repository does not exist");
    let report = failed(&shop);
    assert!(report["reason"].as_str().unwrap().contains("stage-shop"), "{report:#}");
    assert!(text(&report, "hints").contains("create-repository"), "{report:#}");
}

#[test]
fn the_registry_is_asked_with_the_password_of_the_token() {
    let shop = Shop::new();
    shop.aws.world(|world| world.registry.password = format!("{}-of-yesterday", CANARIES[2]));
    // The token is made of it, so that this is right again; a password that the registry changes meanwhile is not.
    shop.deploy().outcome("deployed", 0);
    let shop = Shop::new();
    shop.aws.answer("registry:Version", |_, world| {
        "changed".clone_into(&mut world.registry.password);
        None
    });
    let report = failed(&shop);
    assert!(!report.to_string().contains(CANARIES[2]), "{report:#}");
}

/// ECR's way to say that a permission is missing.
#[test]
fn a_read_that_is_denied_is_failed_with_the_permission_named() {
    let shop = Shop::new();
    shop.aws.answer("registry:GetManifest", |_, _| {
        let message = "User: arn:aws:sts::123456789012:assumed-role/ci/x is not authorized to perform: ecr:BatchGetImage \
                       on resource: arn:aws:ecr:us-east-1:123456789012:repository/stage-shop because no identity-based \
                       policy allows the ecr:BatchGetImage action";
        Some(refusal(403, "DENIED", message))
    });
    let report = failed(&shop);
    assert!(text(&report, "hints").contains("`ecr:BatchGetImage`"), "{report:#}");
}

/// What an index says of its children is believed only with their bytes.
#[test]
fn a_child_of_an_index_with_other_bytes_is_not_believed() {
    let mut shop = Shop::new();
    let index = shop.index();
    let child = index.platforms[1].clone();
    shop.aws.answer("registry:GetManifest", move |call, world| {
        let other = world.registry.manifests[&index.platforms[0]].1.clone();
        let answer = Answer::new(200, other).with("Content-Type", "application/vnd.oci.image.manifest.v1+json");
        call.body.as_str().unwrap().ends_with(&child).then_some(answer)
    });
    failed(&shop);
}
