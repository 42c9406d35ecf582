//! An approval on the page of its run, and what the next job gets of it.

use super::files::Output;
use super::outputs;
use crate::domain::github::markdown::code;
use crate::domain::plan::PlannedChange;
use crate::domain::view::approval::CountedApproval;

/// The outputs: whether the plan is to be carried out, and the command that does it.
pub fn outputs(counted: &CountedApproval, document: &str) -> Vec<Output> {
    let planned = &counted.planned;
    let components: Vec<String> = planned.components.iter().map(ToString::to_string).collect();
    let mut outputs = vec![
        ("complete", counted.is_complete().to_string()),
        ("planned-command", planned.command.to_owned()),
        ("planned-environment", planned.environment.to_string()),
        ("planned-component", if counted.is_part { components.join("\n") } else { String::new() }),
        ("plan-digest", counted.digest.to_string()),
    ];
    match &planned.change {
        PlannedChange::Release { release, overrides } => {
            let overrides: Vec<String> = overrides.iter().map(|(gate, reason)| format!("{gate}={reason}")).collect();
            outputs.extend([("planned-override", overrides.join("\n")), ("sha", release.to_string())]);
        }
        PlannedChange::Holds { reason } => outputs.push(("planned-reason", reason.clone())),
    }
    outputs.extend(outputs::plan(&counted.document));
    outputs.extend(outputs::document(document));
    outputs
}

/// The page.
pub fn summary(counted: &CountedApproval) -> String {
    let what = code(&counted.what());
    let next = if counted.is_complete() {
        "It is carried out by the next job of this run.".to_owned()
    } else {
        format!("Waits: {}.", code(&counted.next_step))
    };
    format!("## 👍 {}\n\n{what}, plan {}\n\n{next}\n", code(&counted.counted()), code(&counted.digest.to_string()))
}
