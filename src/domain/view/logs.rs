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

/// Whether a stream is of the task whose id begins so.
pub fn is_of_task(stream: &str, start: &str) -> bool {
    task_of(stream).is_some_and(|task| task.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_named_by_the_beginning_of_its_id() {
        for (stream, start, is) in [
            ("web/app/77ab0c", "77ab", true),
            ("web/app/77ab0c", "77ab0c", true),
            ("a/b/app/77ab0c", "77ab", true),
            ("web/app/77ab0c", "7ab0", false),
            ("77ab/app/0c0c", "77ab", false),
            // Without a prefix it is the id of a container.
            ("77ab0c", "77ab", false),
            ("", "77ab", false),
        ] {
            assert_eq!(is_of_task(stream, start), is, "{stream} {start}");
        }
    }
}
