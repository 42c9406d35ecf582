//! A panic is the end of the program: it is reported as a failure, shows no secret, and leaves neither one in a file nor a
//! process behind. The hook ends these debug builds as it ends a release, in which no destructor could run.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::harness::{Shipgate, assert_reported, command, eventually, files_below, lives};
use crate::scripted::{CANARIES, Shop, config, text};

/// No thread has room for its stack: where one is needed, as for looking up the name of a host, tokio panics.
const NO_THREADS: (&str, &str) = ("RUST_MIN_STACK", "1152921504606846976");

const DEPLOY: [&str; 4] = ["deploy", "stage", "--output", "json"];

/// A panic of the program itself, and not of one that is made to.
#[test]
fn a_panic_before_the_change_is_failed() {
    let shop = Shop::new();
    let endpoint = shop.aws.host().replace("127.0.0.1", "localhost");
    let run = shop.shipgate(&DEPLOY).env(NO_THREADS.0, NO_THREADS.1);

    let ran = run.env("AWS_ENDPOINT_URL", format!("http://{endpoint}")).run_to_panic();

    let report = ran.outcome("failed", 1);
    assert_reported(&report["causes"], &["worker thread"]);
    assert!(!text(&report, "hints").contains("shipgate status"), "{report:#}");
    assert_eq!(shop.aws.operations(), [""; 0]);
}

/// The program with a bug: cargo builds it with the tests.
fn with_bug(shop: &Shop, arguments: &[&str]) -> Shipgate {
    let program = Path::new(env!("CARGO_BIN_EXE_shipgate")).with_file_name("examples").join("breaking_off");
    assert!(program.is_file(), "there is no {}: build all targets", program.display());
    shop.shipgate(arguments).program(&program)
}

/// A pipe that is empty.
fn pipe(directory: &Path) -> PathBuf {
    let pipe = directory.join("bug");
    assert!(command("mkfifo").arg(&pipe).status().unwrap().success());
    pipe
}

#[test]
fn a_panic_after_the_change_is_broken_in_every_report() {
    // Its first answer is not the one that is wanted, and the next is not asked for soon.
    let probe = "[[environments.stage.components.backend.probes]]\nurl = \"${env.PROBE}\"\ntext = \"never\"\n\
                 interval = \"60s\"\n";
    let shop = Shop::with_config(&(config("") + probe));
    let directory = tempfile::tempdir().unwrap();
    let (output, summary) = (directory.path().join("output"), directory.path().join("summary"));
    let bug = pipe(directory.path());
    let run = with_bug(&shop, &DEPLOY).env("PROBE", format!("http://{}/probe", shop.aws.host())).env("BUG", &bug);
    let run = run.env("GITHUB_ACTIONS", "true").env("GITHUB_OUTPUT", &output).env("GITHUB_STEP_SUMMARY", &summary);
    let running = run.start();
    // Once before the update, and then of the release.
    let asked = || shop.aws.operations().iter().filter(|operation| *operation == "probe:Ask").count();
    eventually("the probe is asked", || asked() == 2);

    std::fs::write(&bug, "index out of bounds").unwrap();

    let ran = running.wait_to_panic();
    let report = ran.outcome("broken", 6);
    assert_eq!(report["reason"], "shipgate broke off: this is a bug in it");
    assert_reported(&report["causes"], &["panicked at ", "breaking_off.rs"]);
    assert_reported(&report["causes"], &["index out of bounds"]);
    assert_reported(&report["hints"], &["shipgate status", "pending"]);
    assert!(ran.stderr.contains("error: shipgate broke off") && ran.stderr.contains("::error "), "{}", ran.stderr);
    let output = std::fs::read_to_string(output).unwrap();
    assert!(output.contains("\nbroken\n"), "{output}");
    assert!(std::fs::read_to_string(summary).unwrap().contains("broke off"));
}

/// A build that does not end, started by a docker that got the password.
const DOCKER: &str = r#"
case "$1 $2" in
version*) echo 1 ;;
"buildx version") exit 1 ;;
build*)
    docker-credential-shipgate-login get <REGISTRY | grep --only-matching '"Username":"AWS"' >&2
    sleep 600 &
    echo "$$ $!" >PROCESSES
    echo "the build runs"
    wait ;;
esac"#;

#[test]
fn a_panic_during_a_build_shows_no_secret_leaves_none_in_a_file_and_ends_docker() {
    let shop = Shop::new();
    shop.aws.world(|world| world.registry.manifests.clear());
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| directory.path().join(name);
    let (registry, processes, bug) = (file("registry"), file("processes"), pipe(directory.path()));
    std::fs::write(&registry, shop.aws.host()).unwrap();
    let temporary = file("temporary");
    std::fs::create_dir(&temporary).unwrap();
    let docker = DOCKER.replace("REGISTRY", registry.to_str().unwrap());
    let docker = docker.replace("PROCESSES", processes.to_str().unwrap());
    // What a build writes is shown at once with `-v`.
    let line = [&DEPLOY[..], &["-v"]].concat();
    let run = with_bug(&shop, &line).with_script("docker", &docker).env("BUG", &bug).env("TMPDIR", &temporary);
    let running = run.env("RUST_BACKTRACE", "1").start();
    running.until_stderr("the build runs");
    running.until_stderr("\"Username\":\"AWS\"");
    let processes: Vec<u32> =
        std::fs::read_to_string(processes).unwrap().split_whitespace().map(|id| id.parse().unwrap()).collect();
    assert!(processes.len() == 2 && processes.iter().all(|process| lives(*process)), "{processes:?}");

    let login = STANDARD.encode(format!("AWS:{}", CANARIES[2]));
    let secrets = [CANARIES[0], CANARIES[1], CANARIES[2], &login];
    std::fs::write(&bug, format!("it has {}", secrets.join(" and "))).unwrap();

    let ran = running.wait_to_panic();
    let report = ran.outcome("failed", 1);
    assert_reported(&report["causes"], &["it has *** and *** and *** and ***"]);
    for secret in secrets {
        assert!(!ran.stderr.contains(secret) && !ran.stdout.contains(secret), "{secret} is shown");
    }
    eventually("the build has ended", || !processes.iter().any(|process| lives(*process)));
    let left = files_below(&temporary);
    assert!(!left.is_empty(), "nothing was left: is this the right directory?");
    for file in left {
        let text = String::from_utf8_lossy(&std::fs::read(&file).unwrap()).into_owned();
        assert!(!secrets.iter().any(|secret| text.contains(secret)), "{} has a secret", file.display());
    }
}
