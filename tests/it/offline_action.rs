//! The composite action: what it offers, and the programs and checkouts that tests of it use.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::Repository;
use crate::runner::Runner;
use crate::runner::steps::yaml;

/// The version of the crate in a test's checkout.
pub const VERSION: &str = "9.8.7";

/// A program that writes down how it was started, as the kernel knows it.
pub struct Recorder {
    _directory: TempDir,
    pub path: PathBuf,
}

impl Recorder {
    pub fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("shipgate");
        write_program(&path, Self::script());
        Self { _directory: directory, path }
    }

    /// For another program that records, beside itself.
    pub fn script() -> &'static str {
        if cfg!(target_os = "linux") {
            "#!/bin/sh\ncat /proc/$$/cmdline >\"$0.argv\"\ncat /proc/$$/environ >\"$0.env\"\npwd >\"$0.pwd\"\n"
        } else {
            "#!/bin/sh\nprintf '%s\\0' sh \"$0\" \"$@\" >\"$0.argv\"\nenv -0 >\"$0.env\"\npwd >\"$0.pwd\"\n"
        }
    }

    /// The arguments of the last run, without the name of the program.
    pub fn arguments(&self) -> Vec<String> {
        recorded_arguments(&self.path)
    }

    /// Its variables.
    pub fn environment(&self) -> BTreeMap<String, String> {
        recorded_environment(&self.path)
    }

    /// Whether it ran, or ran again after it was asked to forget.
    pub fn ran(&self) -> bool {
        self.path.with_extension("argv").exists()
    }

    pub fn forget(&self) {
        if self.ran() {
            std::fs::remove_file(self.path.with_extension("argv")).unwrap();
        }
    }
}

/// A record ends each text with a zero.
fn record(program: &Path, extension: &str) -> Vec<String> {
    let path = program.with_extension(extension);
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("it was not started: {}: {error}", path.display()));
    let text = String::from_utf8(bytes).unwrap();
    text.strip_suffix('\0').unwrap_or(&text).split('\0').map(str::to_owned).collect()
}

pub fn recorded_arguments(program: &Path) -> Vec<String> {
    // The shell and the script come first.
    record(program, "argv").split_off(2)
}

pub fn recorded_environment(program: &Path) -> BTreeMap<String, String> {
    let pairs = record(program, "env").into_iter();
    pairs.map(|pair| pair.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned())).unwrap()).collect()
}

pub fn write_program(path: &Path, content: impl AsRef<[u8]>) {
    std::fs::write(path, content).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// The action's own files around a crate that is built in a second: the same name, program and layout as shipgate, whose
/// own build takes minutes. Its program says with which variables it was built.
pub struct Checkout {
    _directory: TempDir,
    pub path: PathBuf,
}

impl Checkout {
    pub fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("an action");
        Self::put(&path);
        Self { _directory: directory, path }
    }

    /// In a directory that is not there yet.
    pub fn put(path: &Path) {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
        std::fs::create_dir_all(path.join("action")).unwrap();
        std::fs::create_dir(path.join("src")).unwrap();
        std::fs::copy(repository.join("action.yml"), path.join("action.yml")).unwrap();
        for file in std::fs::read_dir(repository.join("action")).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), path.join("action").join(file.file_name())).unwrap();
        }
        let package = format!("[package]\nname = \"shipgate\"\nversion = \"{VERSION}\"\nedition = \"2024\"\n");
        std::fs::write(path.join("Cargo.toml"), package).unwrap();
        let lock = format!("version = 4\n\n[[package]]\nname = \"shipgate\"\nversion = \"{VERSION}\"\n");
        std::fs::write(path.join("Cargo.lock"), lock).unwrap();
        std::fs::write(path.join("build.rs"), BUILD_SCRIPT).unwrap();
        std::fs::write(path.join("src/main.rs"), PROGRAM).unwrap();
    }

    /// The table of checksums: digests and names.
    pub fn checksums(&self, lines: &[(&str, &str)]) {
        let lines: Vec<String> = lines.iter().map(|(digest, name)| format!("{digest}  {name}")).collect();
        let table = format!("# of a test\n\n{}\n", lines.join("\n"));
        std::fs::write(self.path.join("action/checksums.txt"), table).unwrap();
    }

    /// A runner with nothing in its workspace, which knows this action as that of `some/fork`.
    pub fn runner(&self) -> (Runner, Repository) {
        let repository = Repository::bare();
        let runner = Runner::new(repository.path()).workflow_repository("some/fork", &self.path);
        (with_cargo(runner), repository)
    }
}

const BUILD_SCRIPT: &str = r#"fn main() {
    let names: Vec<String> = std::env::vars().map(|(name, _)| name).filter(|name| !name.starts_with("CARGO")).collect();
    println!("cargo::rustc-env=BUILT_WITH={}", names.join(" "));
}
"#;

const PROGRAM: &str = r#"fn main() {
    println!("built from source with {}", env!("BUILT_WITH"));
    println!("arguments: {:?}", std::env::args().skip(1).collect::<Vec<_>>());
}
"#;

/// The home of a step is its own, so cargo has to be given the place of its parts.
#[expect(clippy::disallowed_methods, reason = "tests hand on where cargo is")]
pub fn with_cargo(runner: Runner) -> Runner {
    let home = |name: &str, directory: &str| {
        std::env::var(name).unwrap_or_else(|_| format!("{}/{directory}", std::env::var("HOME").unwrap()))
    };
    runner
        .variable("CARGO_HOME", &home("CARGO_HOME", ".cargo"))
        .variable("RUSTUP_HOME", &home("RUSTUP_HOME", ".rustup"))
}

fn own(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn the_action_has_exactly_the_inputs_and_outputs_of_the_contract() {
    let action = yaml(&own("action.yml"));
    let inputs = [
        "command",
        "environment",
        "release",
        "expect-plan",
        "plan-run",
        "plan-document",
        "override",
        "reason",
        "bundles",
        "bundle-directory",
        "component",
        "config",
        "working-directory",
        "binary-path",
        "extra-args",
        "github-token",
    ];
    assert_eq!(keys(&action["inputs"]), inputs);
    let outputs = [
        "outcome",
        "sha",
        "digest",
        "image",
        "digests",
        "images",
        "plan-digest",
        "plan",
        "approval",
        "complete",
        "planned-command",
        "planned-environment",
        "planned-component",
        "planned-override",
        "planned-reason",
        "builds",
        "node",
        "bundles",
        "refused-by",
        "environment-url",
        "screenshots",
        "summary-json",
    ];
    assert_eq!(keys(&action["outputs"]), outputs);
    for name in outputs {
        let value = format!("${{{{ steps.shipgate.outputs.{name} }}}}");
        assert_eq!(action["outputs"][name]["value"], value.as_str());
    }
    let [step] = action["runs"]["steps"].as_array().unwrap().as_slice() else { panic!("one step") };
    assert!(!step["run"].as_str().unwrap().contains("${{"), "no value is part of the script");
}

#[test]
fn each_output_that_the_program_writes_is_one_of_the_action() {
    let repository = Repository::bare();
    let script = "#!/bin/sh\nprintf 'outcome=planned\\nsha=s\\ndigest=d\\nimage<<X\\ni\\nX\\ndigests={}\\nimages={}\\nplan-digest=p\\nplan=q\\nrefused-by=r\\n\
                  approval=a\\ncomplete=true\\nplanned-command=c\\nplanned-environment=e\\nplanned-component<<X\\nb\\nw\\nX\\n\
                  planned-override=v\\nplanned-reason=r\\nbuilds=[]\\nnode=22\\nbundles={}\\nenvironment-url=u\\nscreenshots=k\\nsummary-json<<Y\\n{\\n}\\nY\\nother=o\\n' >>\"$GITHUB_OUTPUT\"\nexit 3\n";
    write_program(&repository.path().join("program"), script);
    let runner = Runner::new(repository.path());
    let ran = runner.action("$/").input("command", "plan promote").input("binary-path", "program").run().expect_code(3);
    let outputs: Vec<_> = ran.outputs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let expected = [
        ("approval", "a"),
        ("builds", "[]"),
        ("bundles", "{}"),
        ("complete", "true"),
        ("digest", "d"),
        ("digests", "{}"),
        ("environment-url", "u"),
        ("image", "i"),
        ("images", "{}"),
        ("node", "22"),
        ("outcome", "planned"),
        ("plan", "q"),
        ("plan-digest", "p"),
        ("planned-command", "c"),
        ("planned-component", "b\nw"),
        ("planned-environment", "e"),
        ("planned-override", "v"),
        ("planned-reason", "r"),
        ("refused-by", "r"),
        ("screenshots", "k"),
        ("sha", "s"),
        ("summary-json", "{\n}"),
    ];
    assert_eq!(outputs, expected);
}

#[test]
fn the_committed_table_of_checksums_belongs_to_this_version() {
    let table = std::fs::read_to_string(own("action/checksums.txt")).unwrap();
    let install = std::fs::read_to_string(own("action/install.sh")).unwrap();
    let mut targets = BTreeSet::new();
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        let (digest, name) = line.split_once("  ").unwrap_or_else(|| panic!("{line:?}"));
        assert!(digest.len() == 64 && digest.bytes().all(|byte| b"0123456789abcdef".contains(&byte)), "{line:?}");
        let prefix = format!("shipgate-{}-", env!("CARGO_PKG_VERSION"));
        let target = name.strip_prefix(&prefix).unwrap_or_else(|| {
            panic!("{name} is of another version: empty the table when you change the version in Cargo.toml")
        });
        assert!(install.contains(&format!("target={target} ;;")), "install.sh never asks for {target}");
        assert!(targets.insert(target), "{target} is there twice");
    }
    assert!([0, 3].contains(&targets.len()), "a release has all targets: {targets:?}");
}

/// The real program, to the end: its own message, its exit code.
#[test]
fn an_environment_with_a_slash_and_a_blank_reaches_the_program() {
    let repository = Repository::with_config("app = \"shop\"\n");
    let runner = Runner::new(repository.path());
    let action = runner.action("$/").input("command", "plan deploy").input("environment", "eu west/stage 1");
    let ran = action.input("binary-path", env!("CARGO_BIN_EXE_shipgate")).run().expect_code(2);
    assert!(ran.log.contains("eu west/stage 1"), "{}", ran.log);
}
