//! What an exit code means: of the shell, or of a signal that ended the program (128 and its number)
//! ([signal(7)](https://man7.org/linux/man-pages/man7/signal.7.html),
//! [exit status](https://www.gnu.org/software/bash/manual/html_node/Exit-Status.html)).

/// An exit code with what it means, and what to do where nothing else is known.
#[derive(Debug, PartialEq, Eq)]
pub struct Exit {
    /// The code.
    pub code: i32,
    /// What it means: a fragment.
    pub means: &'static str,
    /// What to do, with the places of the hints.
    pub hint: &'static str,
}

/// The codes that mean something.
pub const EXITS: &[Exit] = &[
    Exit {
        code: 0,
        means: "ended by itself, and a service must not end",
        hint: "let the command of {container} run until it is stopped: start the server in the foreground, or make the \
               container not essential if it has to end",
    },
    Exit {
        code: 1,
        means: "an error of the program",
        hint: "read the log of {container}: the program ended itself; run its image with the same variables to repeat it",
    },
    Exit {
        code: 126,
        means: "its command is not executable",
        hint: "make the entrypoint of {container} executable in the image: `RUN chmod +x FILE`",
    },
    Exit {
        code: 127,
        means: "its command does not exist",
        hint: "correct `command` and `entryPoint` of {container}, or install the program in the image: the shell does not \
               find it",
    },
    Exit {
        code: 134,
        means: "aborted, SIGABRT",
        hint: "read the log of {container}: the program aborted itself, often after a failed assertion or for want of \
               memory",
    },
    Exit {
        code: 137,
        means: "killed, SIGKILL",
        hint: "raise {limit}, or use less memory, if it grew to that; if it was asked to stop before, let the program end \
               at SIGTERM within `stopTimeout`",
    },
    Exit {
        code: 139,
        means: "segmentation fault, SIGSEGV",
        hint: "run the image of {container} on the platform of the service: a native library crashes, often one that was \
               built for another platform or C library",
    },
    Exit {
        code: 143,
        means: "ended by SIGTERM",
        hint: "find out what stopped {container}: ECS, a health check, or another container of the task that ended first",
    },
    Exit {
        code: 255,
        means: "an error of the program or of its entrypoint, -1",
        hint: "read the log of {container}: the program or its entrypoint gave up; run its image with the same variables \
               to repeat it",
    },
];

/// What a code means, where it means something.
pub fn exit(code: i32) -> Option<&'static Exit> {
    EXITS.iter().find(|exit| exit.code == code)
}

/// Whether a program ends so when it is asked to, or made to: then something else came first.
pub fn is_stop(code: i32) -> bool {
    matches!(code, 137 | 143)
}
