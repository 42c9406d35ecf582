//! Credentials stay where they belong.

use base64::Engine as _;
use serde_json::json;

use crate::cloud::Cloud;
use crate::harness::steps;

/// The registry's password, the same for everybody in the emulator.
const PASSWORD: &str = "ministack-auth-token";

/// Writes down what docker is given: its arguments, its environment, its configuration, and who may look into that.
const RECORDER: &str = r#"
{
    echo "arguments: $*"
    env
    [ -z "$DOCKER_CONFIG" ] || stat --format 'mode %a %F' "$DOCKER_CONFIG"
    [ -z "$DOCKER_CONFIG" ] || cat "$DOCKER_CONFIG/config.json"
} >>"$DOCKER_CERT_PATH"
exec "$REAL" "$@""#;

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn no_secret_is_shown_however_much_is_logged() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config("pre-deploy = [\"migrate\"]"));

    let ran = cloud
        .shipgate(&shop, &["deploy", "stage", "--output", "json", "-vvv"])
        .env("AWS_SECRET_ACCESS_KEY", "canary-secret-access-key")
        .env("AWS_SESSION_TOKEN", "canary-session-token")
        .run();

    ran.outcome("deployed", 0);
    assert!(ran.stderr.contains("DEBUG"), "nothing more is logged:\n{}", ran.stderr);
    let encoded = base64::engine::general_purpose::STANDARD.encode(format!("AWS:{PASSWORD}"));
    for secret in ["canary-secret-access-key", "canary-session-token", PASSWORD, &encoded] {
        assert!(!ran.stderr.contains(secret) && !ran.stdout.contains(secret), "{secret} is shown");
    }
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn docker_gets_the_registrys_password_and_nothing_else() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config(""));
    let directory = tempfile::tempdir().unwrap();
    let record = directory.path().join("record");

    cloud
        .shipgate(&shop, &["deploy", "stage", "--output", "json"])
        .with_script("docker", RECORDER)
        .env("AWS_SECRET_ACCESS_KEY", "canary-secret-access-key")
        .env("GITHUB_TOKEN", "canary-github-token")
        .env("SHIPGATE_VARS", r#"{"SECRET": "canary-variable"}"#)
        // One of docker's own variables, so that it is handed on.
        .env("DOCKER_CERT_PATH", &record)
        .run()
        .outcome("deployed", 0);

    let record = std::fs::read_to_string(record).unwrap();
    assert!(record.contains("arguments: push "), "{record}");
    assert!(!record.contains("canary"), "docker is given a credential:\n{record}");
    let encoded = base64::engine::general_purpose::STANDARD.encode(format!("AWS:{PASSWORD}"));
    for secret in [PASSWORD, &encoded] {
        assert!(!record.contains(secret), "the password is on a command line, in a variable or in a file:\n{record}");
    }
    let modes: Vec<&str> = record.lines().filter(|line| line.starts_with("mode ")).collect();
    assert!(!modes.is_empty(), "docker was given no configuration of its own:\n{record}");
    assert!(modes.iter().all(|mode| *mode == "mode 700 directory"), "others may look into it: {modes:?}");
}

/// Asks the helper that docker is given as docker does, and as others may try.
const ASKING: &str = r#"
if [ "$1" = push ]; then
    echo "$2" | cut -d / -f 1 | docker-credential-shipgate-login get | grep --only-matching '"Username":"AWS"'
    echo other.example | docker-credential-shipgate-login get
    echo "${2%%/*}" | setpriv --reuid=65534 --clear-groups "$(command -v docker-credential-shipgate-login)" get
fi >>"$DOCKER_CERT_PATH"
exec "$REAL" "$@""#;

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn dockers_helper_is_answered_for_the_registry_alone() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config(""));
    let directory = tempfile::tempdir().unwrap();
    let record = directory.path().join("record");
    let run = cloud.shipgate(&shop, &["deploy", "stage", "--output", "json"]).with_script("docker", ASKING);
    run.env("DOCKER_CERT_PATH", &record).run().outcome("deployed", 0);
    let record = std::fs::read_to_string(record).unwrap();
    assert_eq!(record.matches("\"Username\":\"AWS\"").count(), 1, "{record}");
    assert!(record.contains("credentials not found in native keychain"), "{record}");
    assert!(!record.contains(PASSWORD), "another registry or another user got it: {record}");
}

/// The registry of this region takes nothing without its password.
#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_registry_with_a_password_is_pushed_to() {
    let cloud = Cloud::in_region("eu-west-1");
    cloud.create_repository(aws_sdk_ecr::types::ImageTagMutability::Mutable);
    cloud.create_service(&crate::cloud::ServiceOptions::web());
    let secret = cloud.create_secret("registry", &json!({ "username": "AWS", "password": PASSWORD }));
    cloud.change_by_hand("backend", |definition| {
        definition["containerDefinitions"][0]["repositoryCredentials"] = json!({ "credentialsParameter": secret });
    });
    let shop = cloud.shop(&cloud.config("").replace("us-east-1", "eu-west-1"));

    let report = cloud.deploy(&shop, &[]).outcome("deployed", 0);

    assert!(steps(&report).contains(&"build backend: done".to_owned()), "{report:#}");
}
