//! How long each step took, as a chart that GitHub draws ([Mermaid](https://mermaid.js.org/syntax/gantt.html)).

use std::fmt::Write as _;

use crate::domain::event::StepResult;
use crate::domain::github::markdown;
use crate::report::record::StepRecord;

/// Maximum number of steps in a readable chart.
const MOST_STEPS: usize = 60;

/// The chart. `None`: nothing was done.
pub fn chart(steps: &[StepRecord]) -> Option<String> {
    let done: Vec<&StepRecord> = steps.iter().filter(|step| step.result.is_some()).collect();
    if done.is_empty() {
        return None;
    }
    let mut chart = "gantt\n    dateFormat x\n    axisFormat %M:%S\n".to_owned();
    for step in done.iter().take(MOST_STEPS) {
        let tag = match step.result {
            Some(StepResult::Done) => "done",
            Some(StepResult::Failed) => "crit",
            Some(StepResult::Interrupted) | None => "active",
        };
        let from = step.began.as_millis();
        let until = (step.began + step.took).as_millis().max(from + 1);
        let (label, seconds) = (label(&step.step.to_string()), step.took.as_secs_f64());
        let _infallible = writeln!(chart, "    {label} ({seconds:.1} s) :{tag}, {from}, {until}");
    }
    Some(markdown::block("mermaid", &[chart]))
}

/// Mermaid takes colons, semicolons and hashes for its own.
fn label(name: &str) -> String {
    name.chars()
        .map(|character| if character.is_alphanumeric() || "-_.".contains(character) { character } else { ' ' })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::step::{StepId, StepVerb};

    fn step(verb: StepVerb, began: u64, took: u64, result: Option<StepResult>) -> StepRecord {
        let (began, took) = (Duration::from_millis(began), Duration::from_millis(took));
        StepRecord { step: StepId::new(verb, &"back_end.1".parse().unwrap()), needs: Vec::new(), began, took, result }
    }

    #[test]
    fn steps_follow_each_other_in_milliseconds() {
        let steps = [
            step(StepVerb::Build, 0, 61_250, Some(StepResult::Done)),
            step(StepVerb::WaitFor, 61_250, 0, Some(StepResult::Failed)),
            step(StepVerb::Probe, 61_300, 1_000, Some(StepResult::Interrupted)),
        ];
        assert_eq!(
            chart(&steps).unwrap(),
            "```mermaid\ngantt\n    dateFormat x\n    axisFormat %M:%S\n    \
             build back_end.1 (61.2 s) :done, 0, 61250\n    \
             wait for back_end.1 (0.0 s) :crit, 61250, 61251\n    \
             probe back_end.1 (1.0 s) :active, 61300, 62300\n```\n"
        );
        assert_eq!(chart(&[step(StepVerb::Build, 0, 0, None)]), None);
        assert_eq!(label("wait: a;b#c\n::error::"), "wait  a b c   error  ");
    }
}
