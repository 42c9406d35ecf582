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

/// The id of the task that writes a stream, which is the last part of the stream's name
/// ([`awslogs-stream-prefix`](https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html)). `None`: the
/// name has other parts, so it is not known.
pub fn task_of(stream: &str) -> Option<&str> {
    let mut parts = stream.rsplit('/');
    let (task, _container, _prefix) = (parts.next()?, parts.next()?, parts.next()?);
    Some(task)
}
