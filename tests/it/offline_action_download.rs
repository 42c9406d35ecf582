//! Where the action gets its program: the tool cache, the release, and what replaces it.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Barrier;

use sha2::{Digest as _, Sha256};

use crate::harness::Repository;
use crate::http_server::Answer;
use crate::offline_action::{
    Checkout, Recorder, VERSION, recorded_arguments, recorded_environment, with_cargo, write_program,
};
use crate::offline_action_faults::ReleaseServer;
use crate::runner::Runner;
use crate::runner::steps::StepRan;

/// What the release of this machine's platform is called.
pub fn asset() -> String {
    let architecture = if cfg!(target_arch = "aarch64") { "aarch64" } else { "x86_64" };
    format!("shipgate-{VERSION}-{architecture}-unknown-linux-musl")
}

pub fn sha256(bytes: &[u8]) -> String {
    let digits: Vec<String> = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    digits.concat()
}

/// A checkout of the action whose table names one program, a server for its release, and a runner.
pub struct Setup {
    pub checkout: Checkout,
    pub server: ReleaseServer,
    pub runner: Runner,
    _repository: Repository,
}

impl Setup {
    /// The table has the digest of the recording program, whatever the server answers.
    pub fn new(answers: Vec<Answer>) -> Self {
        let checkout = Checkout::new();
        checkout.checksums(&[(&sha256(release()), &asset())]);
        let server = ReleaseServer::start(answers);
        let (runner, repository) = checkout.runner();
        let runner = runner.variable("SHIPGATE_RELEASE_URL", &server.address);
        Self { checkout, server, runner, _repository: repository }
    }

    pub fn run(&self) -> StepRan {
        self.runner.action("$/").input("command", "deploy").input("environment", "stage").run()
    }

    /// A directory with a program, to stand before the others in `PATH`.
    pub fn program(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let programs = self.runner.temp().join("programs");
        std::fs::create_dir(&programs).unwrap();
        write_program(&programs.join(name), text);
        programs
    }

    /// The one program that was started.
    #[track_caller]
    pub fn started(&self) -> PathBuf {
        started(&self.runner)
    }

    /// Where the program of the release is kept for other jobs.
    pub fn installed(&self) -> PathBuf {
        installed(&self.runner.tool_cache())
    }
}

pub fn release() -> &'static [u8] {
    Recorder::script().as_bytes()
}

pub fn good() -> Answer {
    Answer::new(200, release())
}

fn installed(tool_cache: &Path) -> PathBuf {
    let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "x64" };
    tool_cache.join(format!("shipgate/{VERSION}-{}/{architecture}/shipgate", sha256(release())))
}

/// The private copies of the program, one for each step.
pub fn private_copies(runner: &Runner) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(runner.temp()).unwrap().map(|entry| entry.unwrap());
    let own = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("shipgate."));
    own.map(|entry| entry.path().join("shipgate")).collect()
}

/// The one private copy that was started. A test with several steps takes each away.
#[track_caller]
pub fn started(runner: &Runner) -> PathBuf {
    let copies = private_copies(runner);
    let [only] = &copies[..] else { panic!("{copies:?}") };
    only.clone()
}

#[track_caller]
pub fn assert_built(ran: &StepRan) {
    assert!(ran.log.contains("built from source with"), "{}", ran.log);
}

#[test]
fn a_release_is_downloaded_once_verified_and_kept() {
    let setup = Setup::new(vec![good()]);
    for _ in 0..2 {
        setup.run().expect_code(0);
        let started = setup.started();
        assert_eq!(recorded_arguments(&started), ["deploy", "--", "stage"]);
        let directory = started.parent().unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(directory), mode(&started)), (0o700, 0o700), "for this user alone");
        let left: Vec<_> = std::fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        assert!(left.iter().all(|name| name.starts_with("shipgate")), "{left:?}");
        std::fs::remove_dir_all(directory).unwrap();
    }
    assert_eq!(setup.server.paths(), [format!("/v{VERSION}/{}", asset())], "the second run asked nobody");
    assert_eq!(std::fs::read(setup.installed()).unwrap(), release());
}

#[test]
fn no_secret_is_sent_to_whoever_has_the_release() {
    let setup = Setup::new(vec![good()]);
    let home = setup.runner.temp().join("home of a user");
    std::fs::create_dir(&home).unwrap();
    std::fs::write(home.join(".curlrc"), "header = \"X-Leak: of-the-user\"\n").unwrap();
    let runner = setup.runner.clone().variable("HOME", home.to_str().unwrap());
    let action = runner.action("$/").input("command", "deploy").input("github-token", "ghs_leak");
    action.env("GITHUB_TOKEN", "ghp_leak").env("CURL_HOME", home.to_str().unwrap()).run().expect_code(0);
    let [request] = &setup.server.requests()[..] else { panic!("one request") };
    for leak in ["leak", "Leak", "uthorization", "ookie"] {
        assert!(!format!("{request:?}").contains(leak), "{request:?}");
    }
    assert_eq!(recorded_environment(&setup.started())["GITHUB_TOKEN"], "ghs_leak");
}

#[test]
fn a_cached_program_that_was_changed_is_replaced_and_never_run() {
    let setup = Setup::new(vec![good(), good()]);
    setup.run().expect_code(0);
    write_program(&setup.installed(), "#!/bin/sh\necho tampered\n");
    let ran = setup.run().expect_code(0);
    assert!(!ran.log.contains("tampered"), "{}", ran.log);
    let [warning] = ran.annotations("warning")[..] else { panic!("{}", ran.log) };
    assert!(warning.contains("is not what was put there"), "{warning}");
    assert_eq!(std::fs::read(setup.installed()).unwrap(), release());
    assert_eq!(setup.server.paths().len(), 2);
}

#[test]
fn a_cache_that_somebody_filled_before_needs_no_network() {
    let setup = Setup::new(Vec::new());
    std::fs::create_dir_all(setup.installed().parent().unwrap()).unwrap();
    write_program(&setup.installed(), release());
    setup.run().expect_code(0);
    assert!(setup.server.paths().is_empty());
    assert_eq!(recorded_arguments(&setup.started()), ["deploy", "--", "stage"]);
}

#[test]
fn a_cache_that_cannot_be_written_costs_one_download_a_job() {
    let setup = Setup::new(vec![good()]);
    let runner = setup.runner.clone().variable("RUNNER_TOOL_CACHE", "/dev/null/tools");
    let step = || runner.action("$/").input("command", "deploy");
    let ran = runner.in_one_job(vec![step(), step()]);
    assert!(ran.iter().all(|step| step.code == 0), "{ran:?}");
    assert_eq!(setup.server.paths().len(), 1);
    for started in private_copies(&runner) {
        assert_eq!(recorded_arguments(&started), ["deploy"]);
    }
}

#[test]
fn jobs_that_install_at_the_same_time_do_not_disturb_each_other() {
    let setup = Setup::new((0..6).map(|_| good()).collect());
    let begin = Barrier::new(6);
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                let repository = Repository::bare();
                let tools = setup.runner.tool_cache();
                let runner = Runner::new(repository.path()).workflow_repository("some/fork", &setup.checkout.path);
                let runner = runner.variable("RUNNER_TOOL_CACHE", tools.to_str().unwrap());
                let runner = runner.variable("SHIPGATE_RELEASE_URL", &setup.server.address);
                begin.wait();
                runner.action("$/").input("command", "deploy").run().expect_code(0);
            });
        }
    });
    assert_eq!(std::fs::read(setup.installed()).unwrap(), release());
    let files: Vec<_> = std::fs::read_dir(setup.installed().parent().unwrap()).unwrap().collect();
    assert_eq!(files.len(), 1, "{files:?}");
}

#[test]
fn a_platform_without_a_release_is_built_for_without_asking() {
    let setup = Setup::new(Vec::new());
    for (system, architecture) in [("Linux", "ARM"), ("FreeBSD", "X64"), ("macOS", "X64")] {
        let runner = setup.runner.clone().variable("RUNNER_OS", system).variable("RUNNER_ARCH", architecture);
        assert_built(&runner.action("$/").input("command", "deploy").run().expect_code(0));
    }
    assert!(setup.server.paths().is_empty());
}

#[test]
fn windows_is_refused_with_what_to_write() {
    let setup = Setup::new(Vec::new());
    let runner = setup.runner.clone().variable("RUNNER_OS", "Windows");
    let ran = runner.action("$/").input("command", "deploy").run().expect_code(2);
    assert_eq!(ran.annotations("error"), ["shipgate does not run on Windows\nhint: write `runs-on: ubuntu-latest`"]);
    assert_eq!(ran.outputs["outcome"], "invalid");
}

#[test]
fn a_version_that_is_not_in_the_table_is_built() {
    let setup = Setup::new(Vec::new());
    setup.checkout.checksums(&[(&sha256(b"old"), "shipgate-9.8.6-x86_64-unknown-linux-musl")]);
    assert_built(&setup.run().expect_code(0));
    assert!(setup.server.paths().is_empty());
}

#[test]
fn a_table_that_makes_no_sense_ends_everything() {
    let setup = Setup::new(Vec::new());
    for line in ["word", "0123  name", &format!("{}  a b", sha256(b"")), &sha256(b"").to_uppercase()] {
        std::fs::write(setup.checkout.path.join("action/checksums.txt"), line).unwrap();
        let ran = setup.run().expect_code(1);
        assert!(ran.annotations("error")[0].contains("has a line that is no checksum"), "{}", ran.log);
    }
}

#[test]
fn another_address_is_https_or_this_machine() {
    let setup = Setup::new(Vec::new());
    let bad = [
        "http://releases.example/",
        "http://127.0.0.1:80@releases.example",
        "http://localhost.releases.example",
        "file:///tmp",
        "ftp://127.0.0.1",
        "https://user:secret@releases.example",
        "https://a\n::error::forged",
        "-o/x",
    ];
    for address in bad {
        let runner = setup.runner.clone().variable("SHIPGATE_RELEASE_URL", address);
        let ran = runner.action("$/").input("command", "deploy").run().expect_code(2);
        let [error] = ran.annotations("error")[..] else { panic!("{}", ran.log) };
        assert!(error.starts_with("SHIPGATE_RELEASE_URL is not an https address"), "{error}");
    }
}

/// `curl` is a stand-in here: nothing on this machine answers for GitHub.
#[test]
fn without_another_address_it_is_the_release_of_the_actions_repository_on_github() {
    let setup = Setup::new(Vec::new());
    let answer = format!("cat >download <<'END'\n{}END\nprintf 200\n", Recorder::script());
    let programs = setup.program("curl", format!("{}{answer}", Recorder::script()));
    let curl = programs.join("curl");
    let runner = setup.runner.clone().variable("SHIPGATE_RELEASE_URL", "").variable("PATH", &behind(&programs));
    let runner =
        runner.variable("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "secret").variable("AWS_SECRET_ACCESS_KEY", "secret");
    runner.action("$/").input("command", "deploy").run().expect_code(0);

    let arguments = recorded_arguments(&curl);
    let address = format!("https://github.com/some/fork/releases/download/v{VERSION}/{}", asset());
    assert_eq!(arguments.last().unwrap(), &address);
    assert_eq!(arguments[0], "--disable");
    for pair in [["--proto", "=https"], ["--proto-redir", "=https"]] {
        assert!(arguments.windows(2).any(|found| found == pair), "{arguments:?}");
    }
    assert!(arguments.contains(&"--tlsv1.2".to_owned()));
    let environment = recorded_environment(&curl);
    assert!(!environment.values().any(|value| value.contains("secret") || value.contains("ghs_")), "{environment:?}");
    assert_eq!(recorded_arguments(&setup.started()), ["deploy"]);
}

#[expect(clippy::disallowed_methods, reason = "tests hand on PATH")]
pub fn behind(directory: &Path) -> String {
    format!("{}:{}", directory.display(), std::env::var("PATH").unwrap())
}

/// `uses: ./` says of no repository whose release it could be.
#[test]
fn an_action_that_is_part_of_the_workspace_is_built() {
    let checkout = Checkout::new();
    checkout.checksums(&[(&sha256(release()), &asset())]);
    let runner = with_cargo(Runner::new(&checkout.path));
    let ran = runner.action("./").input("command", "deploy").run().expect_code(0);
    assert_built(&ran);
    assert!(ran.log.contains("as the action is a part of this checkout"), "{}", ran.log);
}
