//! What another job could leave on a runner is never run: neither a build, nor a program that changes while it is looked
//! at, nor what a link leads to. Each runner here has a directory of tools that "another job" wrote into.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use crate::offline_action::{Checkout, VERSION, recorded_arguments, write_program};
use crate::offline_action_download::{Setup, behind, good, private_copies, release, sha256};
use crate::runner::Runner;
use crate::runner::steps::StepRan;

const POISON: &str = "#!/bin/sh\necho \"POISONED $* token=$GITHUB_TOKEN\"\n";

fn deploy(runner: &Runner) -> StepRan {
    runner.action("$/").input("command", "deploy").input("github-token", "ghs_CANARY").run()
}

#[track_caller]
fn assert_clean(ran: &StepRan) {
    assert!(!ran.log.contains("POISONED"), "{}", ran.log);
}

/// What hashes, by its own name.
const HASH: &str = if cfg!(target_os = "linux") { "/usr/bin/sha256sum" } else { "/usr/bin/shasum -a 256" };

fn architecture() -> &'static str {
    if cfg!(target_arch = "aarch64") { "arm64" } else { "x64" }
}

/// As the script does.
fn digest_of_sources(checkout: &Path) -> String {
    let script = "set -eo pipefail; program=(sha256sum); command -v sha256sum >/dev/null || program=(shasum -a 256); \
                  find . -type f -print0 | LC_ALL=C sort -z | xargs -0 \"${program[@]}\" | \"${program[@]}\"";
    let output = crate::harness::command("bash").args(["-c", script]).current_dir(checkout).output().unwrap();
    String::from_utf8(output.stdout).unwrap()[..64].to_owned()
}

/// Writes the program where an earlier version kept builds, in one store: the bytes, their digest, and which sources they
/// are said to be of.
fn poison(store: &Path, checkout: &Path) {
    let digest = sha256(POISON.as_bytes());
    let entry = store.join(format!("shipgate/{VERSION}-{digest}/{}", architecture()));
    std::fs::create_dir_all(&entry).unwrap();
    write_program(&entry.join("shipgate"), POISON);
    std::fs::write(entry.with_extension("complete"), "").unwrap();
    let sources = store.join(format!("shipgate/source/{VERSION}-{}", digest_of_sources(checkout)));
    std::fs::create_dir_all(&sources).unwrap();
    std::fs::write(sources.join(architecture()), &digest).unwrap();
}

/// Finding 6 of the adversary's report.
#[test]
fn a_build_that_another_job_put_into_the_tool_cache_is_not_run() {
    let checkout = Checkout::new();
    let (runner, _repository) = checkout.runner();
    poison(&runner.tool_cache(), &checkout.path);
    poison(&runner.temp().join("shipgate-tools"), &checkout.path);
    let ran = deploy(&runner).expect_code(0);
    assert_clean(&ran);
    assert!(ran.log.contains("built from source with"), "{}", ran.log);
}

/// What hashes is a stand-in that changes the file once it has said what the digest is.
#[test]
fn a_program_that_changes_after_it_was_hashed_is_not_run() {
    let setup = Setup::new(vec![good()]);
    setup.run().expect_code(0);
    for copy in private_copies(&setup.runner) {
        std::fs::remove_dir_all(copy.parent().unwrap()).unwrap();
    }
    let programs = setup.runner.temp().join("programs");
    std::fs::create_dir(&programs).unwrap();
    let poison = programs.join("poison");
    write_program(&poison, POISON);
    let swap = format!("cp '{}' '{}'", poison.display(), setup.installed().display());
    write_program(&programs.join("sha256sum"), format!("#!/bin/sh\n{HASH} \"$@\"\n{swap}\n"));
    let ran = deploy(&setup.runner.clone().variable("PATH", &behind(&programs))).expect_code(0);
    assert_clean(&ran);
    assert_eq!(std::fs::read_to_string(setup.installed()).unwrap(), POISON, "it was changed meanwhile");
    assert_eq!(recorded_arguments(&setup.started()), ["deploy"]);
}

#[test]
fn nothing_behind_a_link_is_run_or_written() {
    let elsewhere = tempfile::tempdir().unwrap();
    let bytes = elsewhere.path().join("bytes");
    write_program(&bytes, release());
    for depth in 1..=4 {
        let setup = Setup::new(vec![good()]);
        let installed = setup.installed();
        let link = installed.ancestors().nth(4 - depth).unwrap();
        std::fs::create_dir_all(link.parent().unwrap()).unwrap();
        let target = elsewhere.path().join(format!("target of {depth}"));
        if depth == 4 {
            symlink(&bytes, link).unwrap();
        } else {
            let below = target.join(installed.strip_prefix(link).unwrap());
            std::fs::create_dir_all(below.parent().unwrap()).unwrap();
            symlink(&target, link).unwrap();
        }
        let ran = deploy(&setup.runner).expect_code(0);
        let [warning] = ran.annotations("warning")[..] else { panic!("{depth}: {}", ran.log) };
        assert!(warning.contains("is behind a symbolic link, and is not used"), "{warning}");
        assert_eq!(setup.server.paths().len(), 1, "{depth}: the release itself was asked for");
        assert!(link.is_symlink());
        if depth < 4 {
            assert!(!target.join(installed.strip_prefix(link).unwrap()).exists(), "{depth}: nothing was written there");
        }
    }
}

/// The file that once said that an entry is complete may be a link to something of the user's.
#[test]
fn a_marker_is_neither_needed_nor_written() {
    let setup = Setup::new(vec![good()]);
    let precious = setup.runner.temp().join("precious");
    std::fs::write(&precious, "kept").unwrap();
    let entry = setup.installed().parent().unwrap().to_owned();
    std::fs::create_dir_all(entry.parent().unwrap()).unwrap();
    symlink(&precious, entry.with_extension("complete")).unwrap();
    deploy(&setup.runner).expect_code(0);
    assert_eq!(std::fs::read_to_string(precious).unwrap(), "kept");
}

#[test]
fn a_file_without_an_end_is_not_waited_for() {
    let setup = Setup::new(vec![good()]);
    std::fs::create_dir_all(setup.installed().parent().unwrap()).unwrap();
    let made = crate::harness::command("mkfifo").arg(setup.installed()).status().unwrap();
    assert!(made.success());
    deploy(&setup.runner).expect_code(0);
    assert_eq!(std::fs::read(setup.installed()).unwrap(), release());
}

/// A program that may rename the private directory may put another in its place.
#[test]
fn a_directory_that_everybody_may_change_holds_no_program() {
    let setup = Setup::new(vec![good()]);
    let mode = |mode| std::fs::set_permissions(setup.runner.temp(), std::fs::Permissions::from_mode(mode)).unwrap();
    mode(0o777);
    let ran = deploy(&setup.runner).expect_code(1);
    assert!(ran.annotations("error")[0].contains("any user of this machine may replace what is in"), "{}", ran.log);
    assert_eq!(ran.outputs["outcome"], "failed");
    mode(0o1777);
    deploy(&setup.runner).expect_code(0);
}
