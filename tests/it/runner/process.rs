//! The child of a step: started, listened to, signalled.

use std::io::{BufReader, Read};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::command::Reader;

/// Between the run and those who watch it or end it.
#[derive(Debug, Default)]
pub struct Control {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    child: Option<u32>,
    cancelled: bool,
    log: String,
}

impl Control {
    /// Everything that was printed so far.
    pub fn log(&self) -> String {
        self.state.lock().unwrap().log.clone()
    }

    /// Whether somebody cancelled the run.
    pub fn cancelled(&self) -> bool {
        self.state.lock().unwrap().cancelled
    }

    /// Signals the child, if there is one.
    pub fn signal(&self, name: &str) {
        let child = self.state.lock().unwrap().child;
        let Some(child) = child else { return };
        // It may have ended a moment ago.
        crate::harness::command("kill").args(["-s", name, &child.to_string()]).output().unwrap();
    }

    /// As the runner does it.
    pub fn cancel(&self) {
        self.state.lock().unwrap().cancelled = true;
        for (signal, patience) in [("INT", 7500), ("TERM", 2500), ("KILL", 0)] {
            self.signal(signal);
            if self.ends_within(Duration::from_millis(patience)) {
                return;
            }
        }
    }

    #[expect(clippy::disallowed_methods, reason = "a test waits in real time")]
    fn ends_within(&self, patience: Duration) -> bool {
        let began = Instant::now();
        while began.elapsed() < patience {
            if self.state.lock().unwrap().child.is_none() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        false
    }
}

/// What a child left.
#[derive(Debug)]
pub struct Finished {
    /// How it ended.
    pub status: ExitStatus,
    /// All lines of both streams, in the order in which they came.
    pub log: String,
    /// The commands among them.
    pub reader: Reader,
}

/// Runs a child to its end.
pub fn run(command: &mut Command, control: &Arc<Control>) -> Finished {
    let spawned = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = match spawned {
        Ok(child) => child,
        // Variables that are too long, for example.
        Err(error) => panic!("the step cannot be started: {error}"),
    };
    control.state.lock().unwrap().child = Some(child.id());
    let heard = Arc::new(Mutex::new((String::new(), Reader::default())));
    let streams =
        [listen(child.stdout.take().unwrap(), &heard, control), listen(child.stderr.take().unwrap(), &heard, control)];
    let status = child.wait().unwrap();
    control.state.lock().unwrap().child = None;
    for stream in streams {
        stream.join().unwrap();
    }
    let (log, reader) = Arc::into_inner(heard).unwrap().into_inner().unwrap();
    Finished { status, log, reader }
}

fn listen(
    stream: impl Read + Send + 'static,
    heard: &Arc<Mutex<(String, Reader)>>,
    control: &Arc<Control>,
) -> JoinHandle<()> {
    let (heard, control) = (Arc::clone(heard), Arc::clone(control));
    std::thread::spawn(move || {
        each_line(stream, |line| {
            let mut heard = heard.lock().unwrap();
            heard.0.push_str(line);
            heard.0.push('\n');
            heard.1.line(line);
            drop(heard);
            let log = &mut control.state.lock().unwrap().log;
            log.push_str(line);
            log.push('\n');
        });
    })
}

/// A line ends at LF, CR or both, as .NET reads them: a program that prints a foreign CR lets foreign text begin a line.
fn each_line(stream: impl Read, mut heard: impl FnMut(&str)) {
    let mut line = Vec::new();
    let mut after_return = false;
    for byte in BufReader::new(stream).bytes() {
        let byte = byte.unwrap();
        if (byte == b'\n' && !after_return) || byte == b'\r' {
            heard(&String::from_utf8_lossy(&line));
            line.clear();
        } else if byte != b'\n' {
            line.push(byte);
        }
        after_return = byte == b'\r';
    }
    if !line.is_empty() {
        heard(&String::from_utf8_lossy(&line));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_ends_at_both_letters_and_at_either() {
        let mut lines = Vec::new();
        each_line(b"a\r\nb\rc\n\nd".as_slice(), |line| lines.push(line.to_owned()));
        assert_eq!(lines, ["a", "b", "c", "", "d"]);
    }
}
