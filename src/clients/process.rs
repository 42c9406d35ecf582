//! Child processes. The only place that spawns.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::process::Stdio;

use camino::Utf8PathBuf;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout};

use super::guard;
use crate::domain::neutral;

/// How many of the last lines of output are kept as the cause of a failure.
const TAIL: usize = 20;

/// Starts programs with an environment of their own.
#[derive(Debug, Clone)]
pub struct Processes {
    environment: Vec<(OsString, OsString)>,
}

/// A program with its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgramCall {
    /// The program, looked up on `PATH`.
    pub program: &'static str,
    /// The arguments. Never a secret: everybody on the machine can read them.
    pub arguments: Vec<OsString>,
    /// The working directory.
    pub directory: Utf8PathBuf,
    /// Variables on top of the allowed ones.
    pub variables: Vec<(Cow<'static, str>, OsString)>,
}

/// How a program ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgramEnd {
    /// Whether it ended with exit code 0.
    pub success: bool,
    /// The exit code. Absent: a signal ended it.
    pub code: Option<i32>,
    /// What it wrote to standard output; what is no UTF-8 is replaced.
    pub stdout: String,
    /// Whether all of that was UTF-8.
    pub stdout_is_text: bool,
    /// The last lines of both outputs, neutral.
    pub tail: Vec<String>,
}

/// Why a program did not run.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// It is not on `PATH`.
    #[error("`{0}` is not installed")]
    NotFound(&'static str),
    /// Anything else.
    #[error("`{program}` cannot be run")]
    Other {
        /// The program.
        program: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
}

impl Processes {
    /// Children will see these variables only.
    pub fn new(environment: Vec<(OsString, OsString)>) -> Self {
        Self { environment }
    }

    /// What children see of a variable.
    pub fn variable(&self, name: &str) -> Option<&OsStr> {
        self.environment.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_os_str())
    }

    /// Runs a program to its end and hands out each line of its output, neutral, as it comes.
    ///
    /// When the future is dropped the program is killed.
    ///
    /// # Errors
    ///
    /// [`ProcessError`]; an exit code other than 0 is none.
    pub async fn run(&self, invocation: &ProgramCall, on_line: impl FnMut(&str)) -> Result<ProgramEnd, ProcessError> {
        let mut command = self.command(invocation.program.as_ref(), invocation);
        let child = command.args(&invocation.arguments).stdin(Stdio::null()).spawn();
        follow(child.map_err(|source| refused(source, invocation))?, invocation.program, on_line).await
    }

    /// The same for a program that must not outlive this process, whatever ends it: it runs under a [`guard`], in a process group
    /// of its own, all of which ends when this process does or when the future is dropped.
    ///
    /// # Errors
    ///
    /// As [`Self::run`].
    pub async fn run_guarded(
        &self,
        invocation: &ProgramCall,
        on_line: impl FnMut(&str),
    ) -> Result<ProgramEnd, ProcessError> {
        let path = find(invocation.program, self.seen_by(invocation, "PATH"))
            .ok_or(ProcessError::NotFound(invocation.program))?;
        let mut command = self.command(guard::executable().as_ref(), invocation);
        command.arg0(guard::NAME).arg(path).args(&invocation.arguments).stdin(Stdio::piped()).process_group(0);
        let child = command.spawn().map_err(|source| refused(source, invocation))?;
        let mut group = guard::GuardedGroup::new(child.id());
        let finished = follow(child, invocation.program, on_line).await;
        if finished.is_ok() {
            group.has_ended();
        }
        finished
    }

    /// Starts a program that is talked to: commands go to its standard input, and answers come from its output. Its errors
    /// are not read. It leads a process group, all of which ends with the conversation.
    ///
    /// # Errors
    ///
    /// As [`Self::run`].
    pub fn converse(&self, invocation: &ProgramCall) -> Result<Conversation, ProcessError> {
        let mut command = self.command(invocation.program.as_ref(), invocation);
        command.args(&invocation.arguments).stdin(Stdio::piped()).stderr(Stdio::null()).process_group(0);
        let mut child = command.spawn().map_err(|source| refused(source, invocation))?;
        let group = guard::GuardedGroup::new(child.id());
        let closed =
            || ProcessError::Other { program: invocation.program, source: std::io::ErrorKind::BrokenPipe.into() };
        let (input, output) = child.stdin.take().zip(child.stdout.take()).ok_or_else(closed)?;
        Ok(Conversation { input, output: Some(output), child, group })
    }

    #[expect(clippy::disallowed_methods, reason = "this is the one place that spawns")]
    fn command(&self, program: &OsStr, invocation: &ProgramCall) -> tokio::process::Command {
        // The other arguments may hold what a configuration took from the environment.
        let (name, directory) = (invocation.program, &invocation.directory);
        tracing::debug!("running {name} {} in {directory}", verb(&invocation.arguments));
        let mut command = tokio::process::Command::new(program);
        command
            .current_dir(&invocation.directory)
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .envs(invocation.variables.iter().map(|(name, value)| (name.as_ref(), value)))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    /// A variable as the program of an invocation sees it.
    fn seen_by<'a>(&'a self, invocation: &'a ProgramCall, name: &str) -> Option<&'a OsStr> {
        let given = invocation.variables.iter().rev().find(|(known, _)| known == name);
        given.map(|(_, value)| value.as_os_str()).or_else(|| self.variable(name))
    }
}

/// A program that is talked to.
#[derive(Debug)]
pub struct Conversation {
    input: ChildStdin,
    output: Option<ChildStdout>,
    child: Child,
    group: guard::GuardedGroup,
}

impl Conversation {
    /// Where commands go.
    pub fn input(&mut self) -> &mut ChildStdin {
        &mut self.input
    }

    /// Where answers come from. `None`: it was taken already.
    pub fn take_output(&mut self) -> Option<ChildStdout> {
        self.output.take()
    }

    /// Waits until the program has ended.
    pub async fn ended(&mut self) {
        if self.child.wait().await.is_ok() {
            self.group.has_ended();
        }
    }
}

fn refused(source: std::io::Error, invocation: &ProgramCall) -> ProcessError {
    // The same error stands for a working directory that does not exist.
    let is_missing = source.kind() == std::io::ErrorKind::NotFound && invocation.directory.is_dir();
    let program = invocation.program;
    if is_missing { ProcessError::NotFound(program) } else { ProcessError::Other { program, source } }
}

/// The file of a program.
pub(super) fn find(program: &str, path: Option<&OsStr>) -> Option<std::path::PathBuf> {
    use std::os::unix::fs::PermissionsExt as _;
    let may_run = |file: &std::path::PathBuf| {
        file.metadata().is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 != 0)
    };
    std::env::split_paths(path?).map(|directory| directory.join(program)).find(may_run)
}

/// Reads both outputs of a program to their ends.
async fn follow(
    mut child: Child,
    program: &'static str,
    mut on_line: impl FnMut(&str),
) -> Result<ProgramEnd, ProcessError> {
    let other = |source| ProcessError::Other { program, source };
    // Where it is a pipe, its end would end this process.
    let _stdin = child.stdin.take();
    let mut stdout_lines = child.stdout.take().map(PipeLines::new);
    let mut stderr_lines = child.stderr.take().map(PipeLines::new);
    let mut stdout = Vec::new();
    let mut tail = std::collections::VecDeque::new();
    while stdout_lines.is_some() || stderr_lines.is_some() {
        let line = tokio::select! {
            line = next_line(&mut stdout_lines) => line.map_err(other)?.inspect(|line| stdout.extend_from_slice(line)),
            line = next_line(&mut stderr_lines) => line.map_err(other)?,
        };
        for line in line.iter().flat_map(|line| neutral::lines(&String::from_utf8_lossy(line))) {
            on_line(&line);
            tail.push_back(line);
            if tail.len() > TAIL {
                tail.pop_front();
            }
        }
    }
    let status = child.wait().await.map_err(other)?;
    Ok(ProgramEnd {
        success: status.success(),
        code: status.code(),
        stdout_is_text: str::from_utf8(&stdout).is_ok(),
        stdout: String::from_utf8_lossy(&stdout).into_owned(),
        tail: tail.into(),
    })
}

/// The lines of a pipe, with their ends.
struct PipeLines<R> {
    reader: BufReader<R>,
    buffer: Vec<u8>,
}

impl<R: AsyncRead + Unpin> PipeLines<R> {
    fn new(pipe: R) -> Self {
        Self { reader: BufReader::new(pipe), buffer: Vec::new() }
    }
}

/// The next line of a pipe that is still open. At its end the pipe is closed. Safe to cancel: what was read stays in
/// the buffer. A closed pipe waits for ever, so that the other one is read.
async fn next_line<R: AsyncRead + Unpin>(lines: &mut Option<PipeLines<R>>) -> std::io::Result<Option<Vec<u8>>> {
    let Some(open) = lines else {
        return std::future::pending().await;
    };
    open.reader.read_until(b'\n', &mut open.buffer).await?;
    if open.buffer.is_empty() {
        *lines = None;
        return Ok(None);
    }
    Ok(Some(std::mem::take(&mut open.buffer)))
}

/// The command that a program is given, such as `build` or `rev-list`: the first argument that is no option.
fn verb(arguments: &[OsString]) -> &str {
    let mut words = arguments.iter().filter_map(|word| word.to_str());
    while let Some(word) = words.next() {
        match word {
            // A setting of git.
            "-c" => drop(words.next()),
            option if option.starts_with('-') => {}
            word => {
                let is_plain = word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
                return if is_plain { word } else { "" };
            }
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn shell(script: &str) -> Result<ProgramEnd, ProcessError> {
        let processes = Processes::new(vec![("PATH".into(), "/usr/bin:/bin".into())]);
        let invocation = ProgramCall {
            program: "sh",
            arguments: vec!["-c".into(), script.into()],
            directory: "/".into(),
            variables: vec![("GIVEN".into(), "yes".into())],
        };
        processes.run(&invocation, |_| {}).await
    }

    #[tokio::test]
    async fn both_outputs_are_read_and_only_the_last_lines_kept() {
        let finished = shell("for i in $(seq 50); do echo out$i; done; exit 3").await.unwrap();
        assert_eq!((finished.success, finished.code), (false, Some(3)));
        assert!(finished.stdout_is_text);
        assert_eq!(finished.stdout.lines().count(), 50);
        assert_eq!(
            (finished.tail.len(), finished.tail[0].as_str(), finished.tail[19].as_str()),
            (TAIL, "out31", "out50")
        );
        let mut both = shell("echo out; echo err >&2").await.unwrap().tail;
        both.sort();
        assert_eq!(both, ["err", "out"]);
    }

    #[tokio::test]
    async fn a_child_sees_what_it_is_given_and_bytes_that_are_no_text_do_no_harm() {
        let finished = shell(r"echo $GIVEN-$HOME; printf '\377\376no newline'").await.unwrap();
        assert_eq!((finished.success, finished.stdout_is_text), (true, false));
        assert_eq!(finished.stdout, "yes-\n\u{fffd}\u{fffd}no newline");
    }

    #[tokio::test]
    async fn a_missing_program_is_named() {
        let processes = Processes::new(Vec::new());
        let invocation = ProgramCall {
            program: "no-such-program",
            arguments: Vec::new(),
            directory: "/".into(),
            variables: Vec::new(),
        };
        let error = processes.run(&invocation, |_| {}).await.unwrap_err();
        assert_eq!(error.to_string(), "`no-such-program` is not installed");
    }
}
