//! The outputs of the step, by the names that `action.yml` has.

use serde_json::Value;

use super::files::Output;
use crate::domain::gate::{Approval, Gate, GatePolicy};
use crate::domain::limits::{PLAN_DOCUMENT, SUMMARY_JSON};
use crate::domain::names::ComponentName;
use crate::domain::outcome::Outcome;
use crate::domain::plan::Intent;
use crate::domain::step::{Subject, Verb};
use crate::report::record::Record;
use crate::sink;

/// The outputs of a command with an outcome.
pub fn of(record: &Record, outcome: Outcome, document: &str) -> Vec<Output> {
    let mut outputs = vec![("outcome", outcome.as_str().to_owned())];
    outputs.extend(record.release.as_ref().map(|release| ("sha", release.to_string())));
    if let [(component, digest)] = record.digests.iter().collect::<Vec<_>>()[..] {
        outputs.push(("digest", digest.to_string()));
        outputs.extend(record.image(component).map(|image| ("image", image)));
    }
    if !record.digests.is_empty() {
        let each = || record.digests.iter();
        outputs.push(("digests", map(each().map(|(component, digest)| (component, digest.to_string())))));
        outputs.push(("images", map(each().filter_map(|(component, _)| Some((component, record.image(component)?))))));
    }
    outputs.extend(record.plan_digest.as_ref().map(|digest| ("plan-digest", digest.to_string())));
    outputs.extend(record.plan_document.as_deref().and_then(plan));
    outputs.extend(builds(record));
    outputs.extend(refused_by(&record.gates).map(|names| ("refused-by", names)));
    outputs.extend(record.policy.as_ref().and_then(approval).map(|approval| ("approval", approval.to_owned())));
    outputs.extend(record.url.as_ref().map(|url| ("environment-url", url.clone())));
    outputs.extend(self::document(document));
    outputs
}

/// A JSON object on one line, by component.
pub(super) fn map<'r>(entries: impl Iterator<Item = (&'r ComponentName, String)>) -> String {
    Value::Object(entries.map(|(component, value)| (component.to_string(), Value::String(value))).collect()).to_string()
}

/// What the plan's digest is made from. Not whole, it would be of another digest, and is left out.
pub fn plan(document: &str) -> Option<Output> {
    let is_whole = document.len() <= PLAN_DOCUMENT.count() && sink::clean_document(document) == document;
    is_whole.then(|| ("plan", document.to_owned()))
}

/// Of a planned deploy, the components whose files have to be built first, as a JSON list on one line: `[]`, none.
fn builds(record: &Record) -> Option<Output> {
    let is_planned_deploy = record.is_plan && record.intent == Some(Intent::Deploy);
    let built = record.steps.iter().filter(|step| step.step.verb == Verb::Bundle);
    let names = built.filter_map(|step| match &step.step.subject {
        Subject::Component(component) => Some(Value::String(component.to_string())),
        Subject::Source(..) | Subject::Statuses => None,
    });
    is_planned_deploy.then(|| ("builds", Value::Array(names.collect()).to_string()))
}

/// The gates that refuse already, separated by commas, where there are any.
fn refused_by(gates: &[Gate]) -> Option<String> {
    let names: Vec<&str> = gates.iter().filter(|gate| gate.refuses_already()).map(|gate| gate.name.as_str()).collect();
    (!names.is_empty()).then(|| names.join(","))
}

/// Who is asked, in the word of the configuration.
fn approval(policy: &GatePolicy) -> Option<&'static str> {
    policy.approval.as_ref().map(Approval::as_str)
}

/// The whole answer as JSON. One that is too long is left out: half of it is worth nothing.
pub fn document(document: &str) -> Option<Output> {
    (document.len() <= SUMMARY_JSON.count()).then(|| ("summary-json", document.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::Event;
    use crate::domain::gate::{GateName, Verdict};
    use crate::domain::plan::Step;
    use crate::domain::view::Request;
    use crate::domain::view::plan::ShownPlan;

    #[test]
    fn gates_that_refuse_already_are_named() {
        let gate = |name, verdict, overridden: Option<&str>| Gate {
            overridden: overridden.map(str::to_owned),
            ..Gate::sample(name, verdict)
        };
        let gates = [
            gate(GateName::Identity, Verdict::Satisfied, None),
            gate(GateName::Hold, Verdict::Unsatisfied, None),
            gate(GateName::Forward, Verdict::Unknown, None),
            gate(GateName::Statuses, Verdict::Pending, None),
            gate(GateName::Freeze, Verdict::Unsatisfied, Some("the shop is down")),
        ];
        assert_eq!(refused_by(&gates[3..]), None);
        let mut record = Record::new(&Request::default());
        record.gates = gates.to_vec();
        let outputs = of(&record, Outcome::Planned, "{}");
        assert!(outputs.contains(&("refused-by", "hold,forward".to_owned())), "{outputs:?}");
    }

    #[test]
    fn a_planned_deploy_says_what_has_to_be_built_first() {
        let step = |verb, component: &str| Step::new(verb, &component.parse().unwrap(), "");
        let sites = vec![
            step(Verb::Bundle, "site"),
            step(Verb::Store, "site"),
            step(Verb::Build, "backend"),
            step(Verb::Bundle, "admin"),
        ];
        let planned = |plans: bool, intent: Intent, steps: &[Step]| {
            let mut record = Record::new(&Request { plans: true, applies: !plans, ..Request::default() });
            let plan = ShownPlan { intent, steps: steps.to_vec(), is_all: plans, ..ShownPlan::sample() };
            record.see(&Event::Planned(Box::new(plan)));
            let outputs = of(&record, Outcome::Planned, "{}").into_iter();
            outputs.filter(|(name, _)| *name == "builds").map(|(_, value)| value).collect::<Vec<_>>()
        };
        assert_eq!(planned(true, Intent::Deploy, &sites), ["[\"site\",\"admin\"]"]);
        assert_eq!(planned(true, Intent::Deploy, &sites[1..3]), ["[]"]);
        assert_eq!(planned(true, Intent::Rollback, &[]), [""; 0]);
        assert_eq!(planned(false, Intent::Deploy, &sites), [""; 0]);
        assert_eq!(builds(&Record::new(&Request::default())), None, "there is no plan");
    }

    #[test]
    fn a_plan_is_handed_on_whole_or_not_at_all() {
        let of_length = |length: usize| format!("\"{}\"", "a".repeat(length - 2));
        let most = of_length(PLAN_DOCUMENT.count());
        assert_eq!(plan(&most), Some(("plan", most.clone())));
        assert_eq!(plan(&of_length(PLAN_DOCUMENT.count() + 1)), None);
        // What is hidden in all that is written.
        sink::hide("a secret of this test");
        assert_eq!(plan("{\"app\":\"a secret of this test\"}"), None);
    }
}
