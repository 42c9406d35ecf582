//! `gates` for people: a table for each environment on the way.

use super::{approval, table};
use crate::domain::release::ReleaseName;
use crate::domain::view::gates::AskedGates;

/// The tables.
pub fn render(asked: &[AskedGates]) -> String {
    asked.iter().map(of_environment).collect::<Vec<_>>().join("\n\n")
}

fn of_environment(asked: &AskedGates) -> String {
    let from = asked.source.as_ref().map(|source| format!(" from {source}")).unwrap_or_default();
    let release = asked.release.as_ref().map_or_else(|| "no release".to_owned(), ReleaseName::short);
    let mut lines = vec![format!("{}{from}: {release}", asked.environment)];
    let headings = ["GATE", "VERDICT", "WHY"].map(str::to_owned);
    let rows = asked
        .gates
        .iter()
        .map(|gate| [format!("  {}", gate.name), gate.verdict.as_str().to_owned(), gate.reason.clone()]);
    let [gate, verdict, why] = headings;
    let rows: Vec<_> = std::iter::once([format!("  {gate}"), verdict, why]).chain(rows).collect();
    if !asked.gates.is_empty() {
        lines.extend(table::lines(&rows));
    }
    lines.extend(
        asked
            .gates
            .iter()
            .filter(|gate| gate.refuses())
            .filter_map(|gate| gate.hint.as_ref().map(|hint| format!("  hint: {}: {hint}", gate.name))),
    );
    if let Some(policy) = &asked.policy {
        lines.extend(approval::asked(policy, &asked.gates).map(|line| format!("  {line}")));
        lines.extend(policy.checklist.iter().map(|item| format!("  [ ] {item}")));
    }
    if let Some(failure) = &asked.failure {
        lines.push(format!("  cannot be asked: {}", failure.brief()));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::failure::Failure;
    use crate::domain::gate::{Approval, Gate, GateName, GatePolicy, Verdict};

    #[test]
    fn each_environment_has_its_gates_and_what_helps() {
        let gate = |name, verdict, reason: &str, hint: Option<&str>| Gate {
            reason: reason.to_owned(),
            hint: hint.map(str::to_owned),
            ..Gate::sample(name, verdict)
        };
        let asked = |environment: &str, gates, failure| AskedGates {
            environment: environment.parse().unwrap(),
            source: "stage".parse().ok(),
            release: "4b825dc642cb6eb9a060e54bf8d69288fbee4904".parse().ok(),
            gates,
            policy: None,
            failure,
        };
        let gates = vec![
            gate(GateName::Identity, Verdict::Satisfied, "it is", Some("not shown")),
            gate(GateName::Hold, Verdict::Unsatisfied, "it is held", Some("lift it")),
        ];
        let policy = GatePolicy {
            approval: Some(Approval::None),
            checklist: vec!["login works".to_owned()],
            ..GatePolicy::default()
        };
        let first = AskedGates { policy: Some(policy), ..asked("production", gates, None) };
        let second = asked("live", Vec::new(), Some(Failure::failed("no answer")));
        insta::assert_snapshot!(render(&[first, second]), @r"
        production from stage: 4b825dc
          GATE      VERDICT      WHY
          identity  satisfied    it is
          hold      unsatisfied  it is held
          hint: hold: lift it
          approval: none, so nobody is asked
          [ ] login works

        live from stage: 4b825dc
          cannot be asked: no answer
        ");
    }
}
