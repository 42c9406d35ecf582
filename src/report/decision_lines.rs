//! What the person who decides about a plan reads last: the gates, where the plan is for, and what its probes got.

use super::approval;
use super::line::{ReportLine, hinted, note};
use super::style::{BAD, CAREFUL, FAINT, Mark, TextStyle, columns, padded, wrapped};
use crate::domain::gate::{Gate, GatePolicy, GateVerdict};
use crate::domain::view::plan::ShownPlan;

/// What the person who decides about a plan reads last.
pub fn decided(gates: &[Gate], policy: &GatePolicy, look: TextStyle) -> Vec<ReportLine> {
    let mut lines = vec![note("")];
    lines.extend(shown_gates(gates, look));
    lines.extend(approval::asked(policy, gates).map(|line| note(format!("  {FAINT}{line}{FAINT:#}"))));
    lines.extend(policy.checklist.iter().map(|item| note(format!("  [ ] {item}"))));
    lines
}

/// Where the plan is for, and what its probes got that were asked before anything is changed.
pub fn surroundings(plan: &ShownPlan, look: TextStyle) -> Vec<ReportLine> {
    let (mark, account, region) = (Mark::Good.shown(), &plan.account, &plan.region);
    let width = label_width(&plan.gates, look);
    let account = format!("  {mark} {}  {FAINT}{account}, {region}{FAINT:#}", padded(ACCOUNT, width));
    // One that reaches nothing is among the warnings.
    let reached = plan.probes.iter().filter(|probe| !probe.is_unreachable);
    let probes = reached.flat_map(|probe| {
        let mark = match (&probe.status, &probe.fault) {
            (Some(_), None) => Mark::Good,
            (Some(_), Some(_)) => Mark::Neutral,
            (None, _) => Mark::Careful,
        };
        let first = format!("  {} {}  ", mark.shown(), padded("probe", width));
        let words = format!("{FAINT}{}{FAINT:#}", look.text(&probe.in_words(&plan.release)));
        wrapped(&words, look.width, &first, &" ".repeat(columns(&first)))
    });
    std::iter::once(account).chain(probes).map(note).collect()
}

/// The gates that are configured or refuse, each with why. The others show with `-v`.
pub fn shown_gates(gates: &[Gate], look: TextStyle) -> Vec<ReportLine> {
    let shown = |gate: &&Gate| look.exact || gate.is_shown();
    let width = label_width(gates, look);
    gates.iter().filter(shown).flat_map(|gate| gate_lines(gate, width, look)).collect()
}

/// What stands before the account: the longest label that is not of a gate.
const ACCOUNT: &str = "account";

fn gate_label(gate: &Gate) -> String {
    format!("gate {}", gate.name)
}

fn label_width(gates: &[Gate], look: TextStyle) -> usize {
    let shown = gates.iter().filter(|gate| look.exact || gate.is_shown());
    shown.map(|gate| columns(&gate_label(gate))).chain([ACCOUNT.len()]).max().unwrap_or_default()
}

fn gate_lines(gate: &Gate, width: usize, look: TextStyle) -> Vec<ReportLine> {
    let (mark, style) = match gate.verdict {
        _ if gate.overridden.is_some() => (Mark::Careful, CAREFUL),
        GateVerdict::Satisfied => (Mark::Good, FAINT),
        GateVerdict::Pending => (Mark::Neutral, CAREFUL),
        GateVerdict::Unsatisfied | GateVerdict::Unknown => (Mark::Bad, BAD),
    };
    let verdict = match gate.verdict {
        GateVerdict::Satisfied | GateVerdict::Unsatisfied => String::new(),
        GateVerdict::Pending | GateVerdict::Unknown => format!("{}: ", gate.verdict.as_str()),
    };
    let overridden = gate.overridden.as_ref().map(|why| format!(" (overridden: {why})")).unwrap_or_default();
    let reason = look.text(&format!("{verdict}{}{overridden}", gate.reason));
    let first = format!("  {} {}  ", mark.shown(), padded(&gate_label(gate), width));
    let rest = " ".repeat(columns(&first));
    let lines = wrapped(&format!("{style}{reason}{style:#}"), look.width, &first, &rest);
    let hint = gate.hint.as_ref().filter(|_| gate.refuses_already());
    let hints = hint.into_iter().flat_map(|text| hinted(text, look, &rest));
    lines.into_iter().chain(hints).map(note).collect()
}
