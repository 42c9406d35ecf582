//! An approval on the page of its run, and what the next job gets of it; and who is asked, on the page of a plan.

use super::files::StepOutput;
use super::outputs;
use super::place::Links;
use crate::domain::gate::{Approval, Gate, GateName};
use crate::domain::github::markdown::code;
use crate::domain::plan::PlannedChange;
use crate::domain::view::approval::CountedApproval;
use crate::report::record::Record;

/// The outputs: whether the plan is to be carried out, and the command that does it.
pub fn outputs(counted: &CountedApproval, document: &str) -> Vec<StepOutput> {
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

/// Who is asked before the change of a page. `None`: it is nothing that anybody is asked about.
pub fn asked(record: &Record, links: &Links) -> Option<String> {
    let approval = record.policy.as_ref()?.approval.as_ref()?;
    let is_asked = record.gates.iter().any(|gate| gate.name == GateName::Approved);
    match approval {
        Approval::None => Some("No person is asked: `approval = \"none\"`.".to_owned()),
        Approval::Required { .. } if is_asked => {
            Some("GitHub's environment asks its reviewers: `approval = \"required\"`.".to_owned())
        }
        Approval::SecondPerson(_) if is_asked => Some(second_person(record, links)),
        Approval::Required { .. } | Approval::SecondPerson(_) => None,
    }
}

/// How other people approve a plan, where this is one that they can.
fn second_person(record: &Record, links: &Links) -> String {
    let is_refused = record.gates.iter().any(Gate::refuses_already);
    match (&links.repository, &links.run_number, &record.plan_digest) {
        (Some(repository), Some(run), Some(digest)) if record.is_plan && !is_refused => format!(
            "Another person opens [Approve]({repository}/actions/workflows/approve.yml), Run workflow, with run {} and plan {}.",
            code(run),
            code(&digest.to_string())
        ),
        _ => "Other people approve: `approval = { by = \"second-person\" }`.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::gate::{GatePolicy, GateVerdict, SecondPerson};
    use crate::domain::image::Digest;
    use crate::domain::view::CommandRequest;

    fn record(approval: Approval, gate: Option<GateVerdict>) -> Record {
        let mut record = Record::new(&CommandRequest::default());
        record.is_plan = true;
        record.policy = Some(GatePolicy { approval: Some(approval), ..GatePolicy::default() });
        record.gates = gate.map(|verdict| Gate::sample(GateName::Approved, verdict)).into_iter().collect();
        record.plan_digest = Some(Digest::of("plan"));
        record
    }

    fn second_person() -> Approval {
        Approval::SecondPerson(SecondPerson { quorum: 1, people: Vec::new(), expires: Duration::from_hours(24) })
    }

    fn links() -> Links {
        let repository = Some("https://github.com/acme/shop".to_owned());
        Links { repository, run: None, run_number: Some("4711".to_owned()) }
    }

    #[test]
    fn the_page_of_a_plan_says_how_somebody_else_approves_it() {
        let digest = Digest::of("plan");
        let form = format!(
            "Another person opens [Approve](https://github.com/acme/shop/actions/workflows/approve.yml), Run workflow, with run \
             `4711` and plan `{digest}`."
        );
        let planned = record(second_person(), Some(GateVerdict::Pending));
        assert_eq!(asked(&planned, &links()), Some(form));
        let other = "Other people approve: `approval = { by = \"second-person\" }`.";
        let mut carried_out = record(second_person(), Some(GateVerdict::Satisfied));
        carried_out.is_plan = false;
        // What is refused already would be refused afterwards.
        let mut refused = record(second_person(), Some(GateVerdict::Pending));
        refused.gates.push(Gate::sample(GateName::Hold, GateVerdict::Unsatisfied));
        for record in [&carried_out, &refused] {
            assert_eq!(asked(record, &links()).as_deref(), Some(other));
        }
        assert_eq!(asked(&planned, &Links::default()).as_deref(), Some(other));
    }

    #[test]
    fn who_is_asked_is_said_where_somebody_is() {
        let required = || Approval::Required { self_approval: false };
        let said = |record: &Record| asked(record, &links());
        assert!(
            said(&record(required(), Some(GateVerdict::Pending))).unwrap().starts_with("GitHub's environment asks")
        );
        assert_eq!(said(&record(Approval::None, None)).unwrap(), "No person is asked: `approval = \"none\"`.");
        for approval in [required(), second_person()] {
            assert_eq!(said(&record(approval, None)), None, "a deploy, or going back to what served before");
        }
    }
}
