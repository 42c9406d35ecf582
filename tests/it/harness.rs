//! A repository, the program, and what it said.

use std::ffi::{OsStr, OsString};
use std::io::{Read, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::document;

/// What a component has in a test that does not say how its release settles: most are about something else.
pub fn unsettled(more: &str) -> &'static str {
    // Its own keys stand before the next table.
    let own = more.split("\n[").next().unwrap_or_default();
    if own.contains("settle") { "" } else { "settle = \"0s\"" }
}

/// A git repository with a configuration, in a path with a space and a letter beyond ASCII.
pub struct Repository {
    _directory: TempDir,
    path: PathBuf,
}

impl Repository {
    /// An empty directory: no git, no file.
    pub fn bare() -> Self {
        let directory = tempfile::tempdir().unwrap();
        // As programs see it: the directory for temporary files of macOS is behind a link.
        let path = directory.path().canonicalize().unwrap().join("a shöp");
        std::fs::create_dir(&path).unwrap();
        Self { _directory: directory, path }
    }

    /// A repository with one commit that holds a configuration.
    pub fn with_config(config: &str) -> Self {
        Self::with_files(&[("shipgate.toml", config)])
    }

    /// A repository with one commit that holds files.
    pub fn with_files(files: &[(&str, &str)]) -> Self {
        let repository = Self::bare();
        repository.git(&["init", "--quiet", "--initial-branch", "main"]);
        for (name, content) in files {
            repository.write(name, content);
        }
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

    /// A clone with the last commit alone, as actions/checkout makes it.
    pub fn shallow_clone(&self) -> Self {
        let clone = Self::bare();
        let source = format!("file://{}", self.path.display());
        clone.git(&["clone", "--quiet", "--depth", "1", &source, "."]);
        clone
    }

    /// Runs git with an environment of its own, and returns what it printed.
    pub fn git(&self, arguments: &[&str]) -> String {
        let output = command("git").args(arguments).current_dir(&self.path).envs(GIT).output().unwrap();
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// The program in this repository, with nothing in its environment but a path, a home, and that no colour is wanted.
    pub fn shipgate(&self, arguments: &[&str]) -> Shipgate {
        let mut command = command(env!("CARGO_BIN_EXE_shipgate"));
        command.args(arguments).current_dir(&self.path).env("HOME", &self.path).env("NO_COLOR", "1");
        Shipgate { command, programs: None }
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

/// The rows of the pseudo-terminals: nothing scrolls away.
pub const TERMINAL_ROWS: u16 = 200;

/// A program with a cleared environment but for `PATH`.
#[expect(clippy::disallowed_methods, reason = "tests start programs and hand on PATH")]
pub fn command(program: &str) -> Command {
    // By its path: with a name and a `PATH` of its own, the whole process of the tests would be forked each time.
    let found = if program.contains('/') { PathBuf::from(program) } else { self::program(program) };
    let mut command = Command::new(found);
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap());
    command
}

/// Where a step of a workflow in this directory leaves its page.
pub fn page_of(directory: &Path) -> PathBuf {
    directory.parent().unwrap().join("page.md")
}

/// The program, about to run.
pub struct Shipgate {
    command: Command,
    programs: Option<TempDir>,
}

impl Shipgate {
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub fn envs(mut self, variables: &[(&str, String)]) -> Self {
        self.command.envs(variables.iter().map(|(name, value)| (name, value)));
        self
    }

    /// As a step of a workflow that leaves its page beside the repository: see [`page_of`].
    pub fn leaving_a_page(self) -> Self {
        let page = page_of(self.command.get_current_dir().unwrap());
        self.env("GITHUB_STEP_SUMMARY", page)
    }

    /// In another directory than the repository's root.
    pub fn directory(mut self, directory: &Path) -> Self {
        self.command.current_dir(directory);
        self
    }

    /// With no other programs on its `PATH` than these.
    pub fn only_programs(mut self, names: &[&str]) -> Self {
        let programs = tempfile::tempdir().unwrap();
        for name in names {
            std::os::unix::fs::symlink(program(name), programs.path().join(name)).unwrap();
        }
        self.command.env("PATH", programs.path());
        self.programs = Some(programs);
        self
    }

    /// With colour where the program uses it by itself.
    pub fn in_color(mut self) -> Self {
        self.command.env_remove("NO_COLOR");
        self
    }

    /// Runs to the end.
    pub fn run(mut self) -> Ran {
        let kept = Kept::of(&self.command);
        kept.in_all_of(Ran::new(self.command.stdin(Stdio::null()).output().unwrap()))
    }

    /// The same of a program that panics, which every other run must not.
    pub fn run_to_panic(mut self) -> Ran {
        let kept = Kept::of(&self.command);
        kept.in_all_of(Ran::of_panic(self.command.stdin(Stdio::null()).output().unwrap()))
    }

    /// Another program, which is shipgate too. Before everything else that is said of the run but its arguments and
    /// variables.
    pub fn program(mut self, program: &Path) -> Self {
        let mut other = command(program.to_str().unwrap());
        other.args(self.command.get_args()).current_dir(self.command.get_current_dir().unwrap());
        other.envs(self.command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        self.command = other;
        self
    }

    /// With a script in the place of one program; `$REAL` in it is the real one.
    pub fn with_script(mut self, name: &str, script: &str) -> Self {
        let programs = tempfile::tempdir().unwrap();
        let file = programs.path().join(name);
        let real = program(name);
        std::fs::write(&file, format!("#!/bin/sh\nREAL='{}'\n{script}\n", real.display())).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
        self.command.env("PATH", path_behind(programs.path()));
        self.programs = Some(programs);
        self
    }

    /// With at most so much memory, in KiB, where the system has such a limit: macOS has none.
    pub fn with_memory(mut self, most: u32) -> Self {
        if cfg!(not(target_os = "linux")) {
            return self;
        }
        let mut limited = command("sh");
        limited.args(["-c", &format!("ulimit -v {most}; exec \"$@\""), "sh"]);
        limited.arg(self.command.get_program()).args(self.command.get_args());
        limited.current_dir(self.command.get_current_dir().unwrap());
        limited.env_clear().envs(self.command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        self.command = limited;
        self
    }

    /// With its standard error somewhere else.
    pub fn with_hidden_errors(mut self) -> Self {
        let mut other = command("sh");
        other.args(["-c", "exec \"$@\" 2>/dev/null", "sh"]);
        other.arg(self.command.get_program()).args(self.command.get_args());
        other.current_dir(self.command.get_current_dir().unwrap());
        other.envs(self.command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        self.command = other;
        self
    }

    /// Runs to the end on a pseudo-terminal; everything it writes is in `stdout`, with the sequences that move the cursor.
    pub fn on_a_terminal(self) -> Ran {
        self.on_a_terminal_of(80, "")
    }

    /// The same with a number of columns, and with typed input.
    pub fn on_a_terminal_of(self, columns: u16, typed: &str) -> Ran {
        let mut words = vec![self.command.get_program()];
        words.extend(self.command.get_args());
        let quoted: Vec<String> = words.iter().map(|word| format!("'{}'", word.to_str().unwrap())).collect();
        let line = format!("stty columns {columns} rows {TERMINAL_ROWS} && exec {}", quoted.join(" "));
        let mut script = command("script");
        if cfg!(target_os = "linux") {
            script.args(["--quiet", "--return", "--command", &line, "/dev/null"]);
        } else {
            script.args(["-q", "/dev/null", "sh", "-c", &line]);
        }
        script.current_dir(self.command.get_current_dir().unwrap());
        script.env("TERM", "xterm-256color").env("SHELL", "/bin/sh");
        script.envs(self.command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let mut child = script.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // Without an end of what is typed, a question waits until the program is gone.
        child.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
        Ran::new(child.wait_with_output().unwrap())
    }

    /// Starts, for a test that acts meanwhile.
    pub fn start(mut self) -> Running {
        let mut child =
            self.command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let stdout = Collected::from(child.stdout.take().unwrap());
        let stderr = Collected::from(child.stderr.take().unwrap());
        Running { child, stdout, stderr, kept: Kept::of(&self.command), programs: self.programs }
    }
}

#[expect(clippy::disallowed_methods, reason = "tests hand on PATH")]
fn path_behind(directory: &Path) -> OsString {
    let path = std::env::var_os("PATH").unwrap();
    std::env::join_paths(std::iter::once(directory.to_owned()).chain(std::env::split_paths(&path))).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "tests hand on parts of PATH")]
pub fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap();
    std::env::split_paths(&path).map(|directory| directory.join(name)).find(|file| file.is_file())
}

fn program(name: &str) -> PathBuf {
    find_program(name).unwrap_or_else(|| panic!("no {name} on PATH"))
}

/// A pipe, read to its end in the background.
struct Collected {
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
}

impl Collected {
    fn from(mut pipe: impl Read + Send + 'static) -> Self {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let written = Arc::clone(&bytes);
        let reader = std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = pipe.read(&mut buffer) {
                written.lock().unwrap().extend_from_slice(&buffer[..count]);
            }
        });
        Self { bytes, reader }
    }

    fn so_far(&self) -> String {
        String::from_utf8_lossy(&self.bytes.lock().unwrap()).into_owned()
    }

    fn whole(self) -> Vec<u8> {
        self.reader.join().unwrap();
        Arc::into_inner(self.bytes).unwrap().into_inner().unwrap()
    }
}

/// The program while it runs.
pub struct Running {
    child: Child,
    stdout: Collected,
    stderr: Collected,
    kept: Kept,
    programs: Option<TempDir>,
}

impl Running {
    #[expect(clippy::disallowed_methods, reason = "tests start programs")]
    pub fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args(["-s", signal, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits until the program has written a text to standard error.
    #[track_caller]
    pub fn until_stderr(&self, text: &str) {
        eventually(&format!("stderr has {text:?}"), || self.stderr.so_far().contains(text));
    }

    /// Waits until the program has written a text to standard output.
    #[track_caller]
    pub fn until_stdout(&self, text: &str) {
        eventually(&format!("stdout has {text:?}"), || self.stdout.so_far().contains(text));
    }

    /// Whether the program is over. What it said, [`Self::wait`] has.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    pub fn wait(self) -> Ran {
        self.wait_and(Ran::new)
    }

    /// The same of a program that panics.
    pub fn wait_to_panic(self) -> Ran {
        self.wait_and(Ran::of_panic)
    }

    fn wait_and(mut self, read: fn(Output) -> Ran) -> Ran {
        let status = self.child.wait().unwrap();
        drop(self.programs);
        self.kept.in_all_of(read(Output { status, stdout: self.stdout.whole(), stderr: self.stderr.whole() }))
    }

    /// Ends the program as a machine that loses its power would: it cannot say or clean up anything.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// What no run may show, whatever its test is about: the secrets in its environment, and all that the stack and the
/// scripted AWS hand out.
struct Kept {
    secrets: Vec<String>,
    /// What the runner reads.
    files: Vec<PathBuf>,
    /// Standard output is where the session was asked for.
    prints_session: bool,
}

impl Kept {
    fn of(command: &Command) -> Self {
        const SECRET: [&str; 4] =
            ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "GITHUB_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"];
        const HANDED_OUT: [&str; 6] = [
            crate::scripted::CANARIES[2],
            "canary-role-secret-key",
            "canary-role-session-token",
            "canary-oidc-token",
            "ministack-auth-token",
            "QVdTOm1pbmlzdGFjay1hdXRoLXRva2Vu",
        ];
        let values = |names: &[&str]| -> Vec<OsString> {
            let set = command.get_envs().filter(|(name, _)| names.iter().any(|known| *name == OsStr::new(known)));
            set.filter_map(|(_, value)| Some(value?.to_owned())).collect()
        };
        let own = values(&SECRET).into_iter().filter_map(|value| value.into_string().ok());
        let secrets = own.filter(|value| value.chars().count() >= 8).chain(HANDED_OUT.map(str::to_owned)).collect();
        let files = values(&["GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"]).into_iter().map(PathBuf::from).collect();
        Self { secrets, files, prints_session: command.get_args().any(|word| word == "credentials") }
    }

    #[track_caller]
    fn in_all_of(self, ran: Ran) -> Ran {
        let is_mask = |line: &&str| line.starts_with("::add-mask::");
        let mut texts: Vec<String> =
            vec![ran.stderr.lines().filter(|line| !is_mask(line)).collect::<Vec<_>>().join("\n")];
        texts.extend((!self.prints_session).then(|| ran.stdout.clone()));
        texts.extend(self.files.iter().filter_map(|file| std::fs::read_to_string(file).ok()));
        for secret in &self.secrets {
            let shown = texts.iter().find(|text| text.contains(secret.as_str()));
            assert!(shown.is_none(), "{secret} is shown in\n{}", shown.unwrap());
        }
        ran
    }
}

/// What is in the words of every panic.
const PANICKED: &str = "panicked at";

/// What the program said.
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
    /// What is on stdout, if that is a document.
    document: Option<Value>,
}

impl Ran {
    #[track_caller]
    pub fn new(output: Output) -> Self {
        let ran = Self::read(output);
        assert!(!ran.stderr.contains(PANICKED), "it panicked\n{}", ran.stderr);
        ran
    }

    /// What a program said that panicked.
    #[track_caller]
    pub fn of_panic(output: Output) -> Self {
        let ran = Self::read(output);
        assert!(ran.stderr.contains(PANICKED), "it did not panic\n{}", ran.stderr);
        ran
    }

    #[track_caller]
    fn read(output: Output) -> Self {
        let stdout = String::from_utf8(output.stdout).expect("stdout is UTF-8");
        let stderr = String::from_utf8(output.stderr).expect("stderr is UTF-8");
        let code = output.status.code().unwrap_or_else(|| panic!("ended by a signal\n{stderr}"));
        let document = document::read(&stdout);
        Self { code, stdout, stderr, document }
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

    /// The one JSON document on stdout, of shipgate's schema.
    #[track_caller]
    pub fn json(&self) -> Value {
        let document = self.document.clone();
        document.unwrap_or_else(|| panic!("no document\nstdout:\n{}\nstderr:\n{}", self.stdout, self.stderr))
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

/// The steps of a report with their results, in order: `build backend: done`.
pub fn steps(report: &Value) -> Vec<String> {
    let text = |step: &Value, key: &str| step[key].as_str().unwrap().to_owned();
    let steps = report["steps"].as_array().unwrap().iter();
    steps.map(|step| format!("{}: {}", text(step, "name"), text(step, "result"))).collect()
}

/// The texts of a list in a report.
pub fn texts(list: &Value) -> Vec<&str> {
    list.as_array().unwrap_or_else(|| panic!("no list but {list}")).iter().map(|text| text.as_str().unwrap()).collect()
}

/// Insists that one of a list's texts contains all of these parts.
#[track_caller]
pub fn assert_reported(list: &Value, parts: &[&str]) {
    let reported = texts(list);
    assert!(
        reported.iter().any(|text| parts.iter().all(|part| text.contains(part))),
        "nothing with {parts:?} in {reported:#?}"
    );
}

/// Whether a process, which may have lost its parent, is alive.
pub fn lives(process: u32) -> bool {
    if cfg!(target_os = "linux") {
        // One that ended, and that was not waited for, is still there by its number.
        let stat = std::fs::read_to_string(format!("/proc/{process}/stat"));
        return stat.is_ok_and(|stat| !stat.contains(") Z "));
    }
    command("kill").args(["-0", &process.to_string()]).output().unwrap().status.success()
}

/// The regular files below a directory, without those that links lead to.
pub fn files_below(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap().flatten();
    entries
        .flat_map(|entry| match entry.file_type().unwrap() {
            kind if kind.is_dir() => files_below(&entry.path()),
            kind if kind.is_file() => vec![entry.path()],
            _ => Vec::new(),
        })
        .collect()
}

/// A file outside of every repository that each process can read and that says something about it.
pub const ELSEWHERE: &str = if cfg!(target_os = "linux") { "/proc/self/environ" } else { "/etc/passwd" };

/// Waits until something is so, at most half a minute.
#[track_caller]
#[expect(clippy::disallowed_methods, reason = "a test waits in real time")]
pub fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(30), "never: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
