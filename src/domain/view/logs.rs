//! What containers wrote.

use jiff::Timestamp;

/// A line of a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    /// The component whose container wrote it.
    pub component: String,
    /// When it was written.
    pub time: Option<Timestamp>,
    /// The stream that it is in.
    pub stream: String,
    /// The text, neutral.
    pub text: String,
}
