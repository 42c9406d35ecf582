//! The outputs of the step, by the names that `action.yml` has.

use serde_json::Value;

use super::files::StepOutput;
use crate::domain::gate::{Approval, Gate, GatePolicy};
use crate::domain::image::Digest;
use crate::domain::limits::{PLAN_DOCUMENT, SUMMARY_JSON};
use crate::domain::names::{ComponentName, EnvironmentName};
use crate::domain::outcome::Outcome;
use crate::domain::plan::Intent;
use crate::domain::probe::BROWSER;
use crate::domain::step::{StepId, StepVerb};
use crate::report::record::{ComponentRecord, Record};
use crate::sink;

/// The outputs of a command with an outcome.
pub fn of(record: &Record, outcome: Outcome, document: &str) -> Vec<StepOutput> {
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
    outputs.extend(screenshots(record).map(|name| ("screenshots", name)));
    outputs.extend(self::document(document));
    outputs
}

/// A JSON object on one line, by component.
pub(super) fn map<'r>(entries: impl Iterator<Item = (&'r ComponentName, String)>) -> String {
    Value::Object(entries.map(|(component, value)| (component.to_string(), Value::String(value))).collect()).to_string()
}

/// What the plan's digest is made from. Not whole, it would be of another digest, and is left out.
pub fn plan(document: &str) -> Option<StepOutput> {
    let is_whole = document.len() <= PLAN_DOCUMENT.count() && sink::clean_document(document) == document;
    is_whole.then(|| ("plan", document.to_owned()))
}

/// Of a planned deploy, the components whose files have to be built first, as a JSON list on one line (`[]`: none), and the
/// version of Node.js that all of them ask for. Where one asks for none, or for another, nothing says which.
fn builds(record: &Record) -> Vec<StepOutput> {
    if !record.is_plan || record.intent != Some(Intent::Deploy) {
        return Vec::new();
    }
    let built: Vec<&ComponentRecord> =
        record.components.iter().filter(|component| is_built(record, component)).collect();
    let names = built.iter().map(|component| Value::String(component.name.to_string()));
    let mut outputs = vec![("builds", Value::Array(names.collect()).to_string())];
    if let Some((first, others)) = built.split_first()
        && others.iter().all(|other| other.node == first.node)
    {
        outputs.extend(first.node.clone().map(|node| ("node", node)));
    }
    outputs
}

/// Where a browser opened a page, the name under which its screenshots are uploaded. A workflow run may start shipgate several
/// times, and be run again: no other name in it is the same.
fn screenshots(record: &Record) -> Option<String> {
    let mut probes = record.proofs.values().flat_map(|proof| &proof.probes);
    let began = record.began.filter(|_| probes.any(|probe| probe.method == BROWSER))?;
    let digest = Digest::of(format!("{} {} {}", record.command, record.place, began.as_nanosecond()));
    let environment: EnvironmentName = record.environment.parse().ok()?;
    Some(format!("screenshots-{environment}-{}", digest.hex().get(..12)?))
}

/// Whether the files of a component have to be built.
fn is_built(record: &Record, component: &ComponentRecord) -> bool {
    let step = StepId::new(StepVerb::Bundle, &component.name);
    record.steps.iter().any(|planned| planned.step == step)
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
pub fn document(document: &str) -> Option<StepOutput> {
    (document.len() <= SUMMARY_JSON.count()).then(|| ("summary-json", document.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::RunEvent;
    use crate::domain::gate::{GateName, GateVerdict};
    use crate::domain::plan::PlanStep;
    use crate::domain::proof::ProbeAnswer;
    use crate::domain::step::StepSubject;
    use crate::domain::view::CommandRequest;
    use crate::domain::view::plan::ShownPlan;
    use crate::report::record::ComponentProof;

    #[test]
    fn gates_that_refuse_already_are_named() {
        let gate = |name, verdict, overridden: Option<&str>| Gate {
            overridden: overridden.map(str::to_owned),
            ..Gate::sample(name, verdict)
        };
        let gates = [
            gate(GateName::Identity, GateVerdict::Satisfied, None),
            gate(GateName::Hold, GateVerdict::Unsatisfied, None),
            gate(GateName::Forward, GateVerdict::Unknown, None),
            gate(GateName::Statuses, GateVerdict::Pending, None),
            gate(GateName::Freeze, GateVerdict::Unsatisfied, Some("the shop is down")),
        ];
        assert_eq!(refused_by(&gates[3..]), None);
        let mut record = Record::new(&CommandRequest::default());
        record.gates = gates.to_vec();
        let outputs = of(&record, Outcome::Planned, "{}");
        assert!(outputs.contains(&("refused-by", "hold,forward".to_owned())), "{outputs:?}");
    }

    #[test]
    fn screenshots_have_a_name_of_their_own_in_each_run() {
        let of_run = |method: &str, second: i64| {
            let mut record = Record::new(&CommandRequest::default());
            (record.environment, record.began) = ("stage".to_owned(), jiff::Timestamp::from_second(second).ok());
            let answer = ProbeAnswer { method: method.to_owned(), ..ProbeAnswer::default() };
            let proof = ComponentProof { tasks: None, probes: vec![answer] };
            record.proofs.insert(StepSubject::Component("web".parse().unwrap()), proof);
            screenshots(&record)
        };
        let (first, second) = (of_run(BROWSER, 1).unwrap(), of_run(BROWSER, 2).unwrap());
        assert!(first != second && first.starts_with("screenshots-stage-"), "{first} {second}");
        assert_eq!(of_run("GET", 1), None);
    }

    /// What is said of the builds of a plan, by the steps of `backend` and `worker`, and the versions that they ask for.
    fn said(
        plans: bool,
        intent: Intent,
        steps: &[(StepVerb, &str)],
        node: [Option<&str>; 2],
    ) -> Vec<(&'static str, String)> {
        let mut record = Record::new(&CommandRequest { plans: true, applies: !plans, ..CommandRequest::default() });
        let steps =
            steps.iter().map(|(verb, component)| PlanStep::new(*verb, &component.parse().unwrap(), "")).collect();
        let mut plan = ShownPlan { intent, steps, is_all: plans, ..ShownPlan::sample() };
        for (component, node) in plan.components.iter_mut().zip(node) {
            component.node = node.map(str::to_owned);
        }
        record.see(&RunEvent::Planned(Box::new(plan)));
        let outputs = of(&record, Outcome::Planned, "{}").into_iter();
        outputs.filter(|(name, _)| ["builds", "node"].contains(name)).collect()
    }

    #[test]
    fn a_planned_deploy_says_what_has_to_be_built_first() {
        use StepVerb::{Build, Bundle, Store};
        let all = [(Bundle, "worker"), (Store, "worker"), (Bundle, "backend")];
        let one = [(Bundle, "worker"), (Store, "worker"), (Build, "backend")];
        let (both, worker) = ("[\"backend\",\"worker\"]", "[\"worker\"]");
        for (steps, node, names, version) in [
            (&all[..], [Some("22"), Some("22")], both, Some("22")),
            (&all, [Some("22"), Some("24")], both, None),
            (&all, [Some("22"), None], both, None),
            (&all, [None, None], both, None),
            (&one, [Some("22"), Some("24")], worker, Some("24")),
            (&one[1..], [Some("22"), Some("24")], "[]", None),
        ] {
            let mut expected = vec![("builds", names.to_owned())];
            expected.extend(version.map(|version| ("node", version.to_owned())));
            assert_eq!(said(true, Intent::Deploy, steps, node), expected, "{steps:?} {node:?}");
        }
        assert_eq!(said(true, Intent::Rollback, &all, [None, None]), []);
        assert_eq!(said(false, Intent::Deploy, &all, [None, None]), []);
        assert_eq!(builds(&Record::new(&CommandRequest::default())), [], "there is no plan");
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
