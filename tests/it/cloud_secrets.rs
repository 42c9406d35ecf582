//! Credentials stay where they belong.

use base64::Engine as _;

use crate::cloud::Cloud;

/// The registry's password, the same for everybody in the emulator.
const PASSWORD: &str = "ministack-auth-token";

/// Writes down what docker is given: its arguments, its environment, and who may look into its configuration.
const RECORDER: &str = r#"
{
    echo "arguments: $*"
    env
    [ -z "$DOCKER_CONFIG" ] || stat --format 'mode %a %F' "$DOCKER_CONFIG"
} >>"$DOCKER_CERT_PATH"
exec "$REAL" "$@""#;

#[test]
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
    assert!(!record.contains(PASSWORD), "the password is on a command line or in a variable:\n{record}");
    let modes: Vec<&str> = record.lines().filter(|line| line.starts_with("mode ")).collect();
    assert!(!modes.is_empty(), "docker was given no configuration of its own:\n{record}");
    assert!(modes.iter().all(|mode| *mode == "mode 700 directory"), "others may look into it: {modes:?}");
}
