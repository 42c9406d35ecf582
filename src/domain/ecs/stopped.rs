//! Why a task stopped, for people.

use super::service::Task;
use crate::domain::failure::{Cause, CauseKind};

/// One stopped task as a cause.
pub fn stop(task: &Task) -> Cause {
    let exit = task.containers.iter().find_map(|container| container.exit_code.filter(|code| *code != 0));
    let code = task.stop_code.clone().or_else(|| exit.map(|code| format!("exit-{code}")));
    Cause::new(CauseKind::Application, why_stopped(task)).code(code)
}

/// One stopped task in a sentence.
fn why_stopped(task: &Task) -> String {
    let code = task.stop_code.as_deref().unwrap_or("no stop code");
    let mut text = format!("a task stopped ({code})");
    if let Some(reason) = &task.stopped_reason {
        text = format!("{text}: {reason}");
    }
    for container in &task.containers {
        let exit = container.exit_code.map(|code| format!("container {} exited with code {code}", container.name));
        let reason = container.reason.as_ref().map(|reason| format!("container {}: {reason}", container.name));
        for part in [exit, reason].into_iter().flatten() {
            text = format!("{text}; {part}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ecs::service::{Health, TaskContainer};

    #[test]
    fn a_stop_is_told_with_code_reason_and_exit() {
        let task = Task {
            arn: "arn:aws:ecs:us-east-1:123456789012:task/stage/abc".into(),
            revision: "".into(),
            last_status: "STOPPED".to_owned(),
            health: Health::Unknown,
            created: None,
            stop_code: Some("EssentialContainerExited".to_owned()),
            stopped_reason: Some("Essential container in task exited".to_owned()),
            containers: vec![TaskContainer {
                name: "web".to_owned(),
                last_status: Some("STOPPED".to_owned()),
                health: Health::Unknown,
                digest: None,
                exit_code: Some(137),
                reason: Some("OutOfMemoryError: killed".to_owned()),
            }],
        };
        assert_eq!(
            why_stopped(&task),
            "a task stopped (EssentialContainerExited): Essential container in task exited; \
             container web exited with code 137; container web: OutOfMemoryError: killed"
        );
    }
}
