//! A repository, the program, and what it said.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// A git repository with a configuration, in a path with a space and a letter beyond ASCII.
pub struct Repository {
    _directory: TempDir,
    path: PathBuf,
}

impl Repository {
    /// An empty directory: no git, no file.
    pub fn bare() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a shöp");
        std::fs::create_dir(&path).unwrap();
        Self { _directory: directory, path }
    }

    /// A repository with one commit that holds a configuration.
    pub fn with_config(config: &str) -> Self {
        let repository = Self::bare();
        repository.git(&["init", "--quiet", "--initial-branch", "main"]);
        repository.write("shipgate.toml", config);
        repository.commit("Begin");
        repository
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    /// Commits everything and returns the commit's id.
    pub fn commit(&self, message: &str) -> String {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", message]);
        self.head()
    }

    pub fn head(&self) -> String {
        self.git(&["rev-parse", "HEAD"])
    }

    /// Runs git with an environment of its own, and returns what it printed.
    pub fn git(&self, arguments: &[&str]) -> String {
        let output = command("git").args(arguments).current_dir(&self.path).envs(GIT).output().unwrap();
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// The program in this repository, with nothing in its environment but a path and a home.
    pub fn shipgate(&self, arguments: &[&str]) -> Shipgate {
        let mut command = command(env!("CARGO_BIN_EXE_shipgate"));
        command.args(arguments).current_dir(&self.path).env("HOME", &self.path);
        Shipgate { command }
    }
}

const GIT: [(&str, &str); 6] = [
    ("GIT_CONFIG_GLOBAL", "/dev/null"),
    ("GIT_CONFIG_SYSTEM", "/dev/null"),
    ("GIT_AUTHOR_NAME", "Tester"),
    ("GIT_AUTHOR_EMAIL", "tester@shop.example"),
    ("GIT_COMMITTER_NAME", "Tester"),
    ("GIT_COMMITTER_EMAIL", "tester@shop.example"),
];

/// A program with a cleared environment but for `PATH`.
#[expect(clippy::disallowed_methods, reason = "tests start programs and hand on PATH")]
fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap());
    command
}

/// The program, about to run.
pub struct Shipgate {
    command: Command,
}

impl Shipgate {
    pub fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub fn envs(mut self, variables: &[(&str, String)]) -> Self {
        self.command.envs(variables.iter().map(|(name, value)| (name, value)));
        self
    }

    /// Runs to the end.
    pub fn run(mut self) -> Ran {
        Ran::new(self.command.stdin(Stdio::null()).output().unwrap())
    }

    /// Starts, for a test that acts meanwhile.
    pub fn start(mut self) -> Running {
        let child = self.command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        Running { child }
    }
}

/// The program while it runs.
pub struct Running {
    child: Child,
}

impl Running {
    #[expect(clippy::disallowed_methods, reason = "tests start programs")]
    pub fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args(["-s", signal, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    pub fn wait(self) -> Ran {
        Ran::new(self.child.wait_with_output().unwrap())
    }
}

/// What the program said.
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    fn new(output: Output) -> Self {
        let stdout = String::from_utf8(output.stdout).expect("stdout is UTF-8");
        let stderr = String::from_utf8(output.stderr).expect("stderr is UTF-8");
        let code = output.status.code().unwrap_or_else(|| panic!("ended by a signal\n{stderr}"));
        assert!(!stderr.contains("panicked at"), "it panicked\n{stderr}");
        Self { code, stdout, stderr }
    }

    /// Insists on an exit code; shows everything otherwise.
    #[track_caller]
    pub fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Insists on a text in what people read.
    #[track_caller]
    pub fn expect_stderr(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "no {text:?} in\n{}", self.stderr);
        self
    }

    /// The one JSON document on stdout, of our schema.
    #[track_caller]
    pub fn json(&self) -> Value {
        let document: Value = serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}\nstdout:\n{}\nstderr:\n{}", self.stdout, self.stderr));
        assert_eq!(document["schema"], "shipgate/v1");
        document
    }

    /// The JSON document, after insisting on its outcome and the exit code that belongs to it.
    #[track_caller]
    pub fn outcome(&self, outcome: &str, code: i32) -> Value {
        let document = self.json();
        assert_eq!(document["outcome"], outcome, "{document:#}\n{}", self.stderr);
        assert_eq!(self.code, code, "{document:#}\n{}", self.stderr);
        if code != 0 {
            assert!(!document["reason"].as_str().unwrap_or_default().is_empty(), "no reason in {document:#}");
        }
        document
    }
}

/// Waits until something is so, at most half a minute.
#[track_caller]
#[expect(clippy::disallowed_methods, reason = "a test waits in real time")]
pub fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(30), "never: {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}
