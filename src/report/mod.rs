//! What people, programs and later GitHub read: events while it runs, a record at the end.

pub mod check_lines;
pub mod github;
pub mod history_table;
pub mod human;
pub mod identity_table;
pub mod journal;
pub mod json;
pub mod live;
pub mod status_table;
pub mod table;

/// Something that happens while a command runs. All text is neutral already.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A step began.
    Started {
        /// The step.
        step: String,
    },
    /// A step ended.
    Finished {
        /// The step.
        step: String,
        /// How: `done`, `failed`, `interrupted`.
        result: &'static str,
        /// How long it took, in seconds.
        seconds: f64,
    },
    /// A line of a child process or a container.
    Output {
        /// The step it belongs to.
        step: String,
        /// The line.
        line: String,
    },
    /// How far a step is. Shown once for each change.
    Progress {
        /// The step.
        step: String,
        /// How far.
        text: String,
    },
    /// Nothing new, and still alive.
    Heartbeat {
        /// The step.
        step: String,
        /// How far it is.
        text: String,
        /// For how long, in seconds.
        seconds: u64,
    },
    /// Something to know that changes nothing.
    Note {
        /// The note.
        text: String,
    },
    /// Something to look at.
    Warning {
        /// What.
        text: String,
        /// What to do.
        hint: Option<String>,
    },
}

/// Shows events.
pub trait Reporter: std::fmt::Debug {
    /// Shows one.
    fn show(&self, event: &Event);
}
