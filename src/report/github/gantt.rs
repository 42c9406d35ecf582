//! How long each step took, as a chart that GitHub draws ([Mermaid](https://mermaid.js.org/syntax/gantt.html)).

use std::fmt::Write as _;

use crate::domain::github::markdown;
use crate::report::journal::StepRecord;

/// A chart of so many steps at most is still readable.
const MOST_STEPS: usize = 60;

/// The chart. `None`: nothing was done.
pub fn chart(steps: &[StepRecord]) -> Option<String> {
    let done: Vec<&StepRecord> = steps.iter().filter(|step| step.result != "planned").collect();
    if done.is_empty() {
        return None;
    }
    let mut chart = "gantt\n    dateFormat x\n    axisFormat %M:%S\n".to_owned();
    for step in done.iter().take(MOST_STEPS) {
        let tag = match step.result {
            "done" => "done",
            "failed" => "crit",
            _ => "active",
        };
        let (from, until) =
            (milliseconds(step.began), milliseconds(step.began + step.seconds).max(milliseconds(step.began) + 1));
        let _infallible = writeln!(chart, "    {} ({:.1} s) :{tag}, {from}, {until}", label(&step.name), step.seconds);
    }
    Some(markdown::block("mermaid", &[chart]))
}

/// Mermaid takes colons, semicolons and hashes for its own.
fn label(name: &str) -> String {
    name.chars()
        .map(|character| if character.is_alphanumeric() || "-_.".contains(character) { character } else { ' ' })
        .collect()
}

fn milliseconds(seconds: f64) -> u128 {
    std::time::Duration::try_from_secs_f64(seconds).unwrap_or_default().as_millis()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(name: &str, began: f64, seconds: f64, result: &'static str) -> StepRecord {
        StepRecord { name: name.to_owned(), began, seconds, result }
    }

    #[test]
    fn steps_follow_each_other_in_milliseconds() {
        let steps = [
            step("build backend", 0.0, 61.25, "done"),
            step("wait: a;b#c\n::error::", 61.25, 0.0, "failed"),
            step("probe", 61.3, 1.0, "interrupted"),
        ];
        assert_eq!(
            chart(&steps).unwrap(),
            "```mermaid\ngantt\n    dateFormat x\n    axisFormat %M:%S\n    \
             build backend (61.2 s) :done, 0, 61250\n    \
             wait  a b c   error   (0.0 s) :crit, 61250, 61251\n    \
             probe (1.0 s) :active, 61300, 62300\n```\n"
        );
        assert_eq!(chart(&[step("build", 0.0, 0.0, "planned")]), None);
    }
}
