//! What proves a release: tasks that were read back, and what probes answered.

use indexmap::IndexMap;

use crate::domain::gate::{Gate, GateName, GateVerdict};
use crate::domain::github::markdown::code;
use crate::domain::names::{ComponentName, EnvironmentName};
use crate::domain::proof::{ProbeAnswer, ProvenTasks};
use crate::domain::step::StepSubject;
use crate::report::record::{ComponentProof, Record};

type Proofs<'r> = Vec<(&'r ComponentName, &'r ComponentProof)>;

/// What is proven, here and where the release comes from. `None`: nothing was looked at.
pub fn of(record: &Record) -> Option<String> {
    let mut sources: IndexMap<&EnvironmentName, Proofs<'_>> = IndexMap::new();
    let mut here = Proofs::new();
    for (subject, proof) in &record.proofs {
        match subject {
            StepSubject::Source(environment, component) => {
                sources.entry(environment).or_default().push((component, proof));
            }
            StepSubject::Component(component) => here.push((component, proof)),
            StepSubject::Statuses => {}
        }
    }
    let mut parts: Vec<String> = sources
        .iter()
        .map(|(environment, proofs)| listed(&format!("**Proven on {}**", code(environment.as_str())), proofs))
        .collect();
    if parts.is_empty() {
        parts.extend(by_gate(record));
    }
    if !here.is_empty() {
        let title = if record.is_plan { "**Probes, as they answer now**" } else { "**Proof**" };
        parts.push(listed(title, &here));
    }
    (!parts.is_empty()).then(|| parts.join("\n"))
}

/// Where the ledger alone says that something was proven.
fn by_gate(record: &Record) -> Option<String> {
    let is_said = |gate: &&Gate| gate.name == GateName::Proven && gate.verdict == GateVerdict::Satisfied;
    let gate = record.gates.iter().find(is_said)?;
    Some(format!("**Proven** ✓ {}\n", code(&gate.reason)))
}

fn listed(title: &str, proofs: &[(&ComponentName, &ComponentProof)]) -> String {
    match proofs {
        [(_, proof)] => format!("{title} {}\n", one(proof)),
        several => {
            let lines = several.iter().map(|(name, proof)| format!("- {}: {}", code(name.as_str()), one(proof)));
            format!("{title}\n\n{}\n", lines.collect::<Vec<_>>().join("\n"))
        }
    }
}

fn one(proof: &ComponentProof) -> String {
    let tasks = proof.tasks.as_ref().map(tasks);
    tasks.into_iter().chain(proof.probes.iter().map(probe)).collect::<Vec<_>>().join(" · ")
}

fn tasks(tasks: &ProvenTasks) -> String {
    let of = tasks.desired.map(|desired| format!(" of {desired}")).unwrap_or_default();
    let noun = if tasks.desired.unwrap_or(tasks.running) == 1 { "task" } else { "tasks" };
    let verb = if tasks.running == 1 { "runs" } else { "run" };
    let what = tasks.digest.as_ref().map_or("it".to_owned(), |digest| code(digest.short()));
    let mark = if tasks.desired.is_none_or(|desired| desired <= tasks.running) { "✓" } else { "✗" };
    format!("{mark} {}{of} {noun} {verb} {what}", tasks.running)
}

fn probe(answer: &ProbeAnswer) -> String {
    let mark = if answer.passed() { "✓" } else { "✗" };
    let asked = code(&format!("{} {}", answer.method, answer.url));
    format!("{mark} {asked} → {}", code(&answer.answered()))
}
