//! `gates` for people: for each environment on the way its gates, and how many of them refuse.

use super::style::{BAD, CAREFUL, FAINT, Mark, STRONG, TextStyle, columns, padded, wrapped};
use super::words::count;
use super::{approval, table};
use crate::domain::gate::{Gate, GateVerdict};
use crate::domain::release::ReleaseName;
use crate::domain::view::gates::AskedGates;

/// Each environment, and the command to go on with.
pub fn render(asked: &[AskedGates], look: TextStyle) -> String {
    let mut parts: Vec<String> = asked.iter().map(|asked| of_environment(asked, look).join("\n")).collect();
    parts.extend(next(asked));
    parts.join("\n\n")
}

fn of_environment(asked: &AskedGates, look: TextStyle) -> Vec<String> {
    let from = asked.source.as_ref().map(|source| format!(" from {source}")).unwrap_or_default();
    let release = asked.release.as_ref().map_or_else(|| "no release".to_owned(), |name| release(name, look));
    let mut lines = vec![format!("{STRONG}{}{STRONG:#}{from}: {release}", asked.environment)];
    let gates: Vec<&Gate> = asked.gates.iter().filter(|gate| gate.is_shown() || look.exact).collect();
    lines.extend(if look.width.is_some() { on_terminal(&gates, look) } else { as_table(&gates) });
    if let Some(policy) = &asked.policy {
        lines.extend(approval::asked(policy, &asked.gates).map(|line| format!("  {line}")));
        lines.extend(policy.checklist.iter().flat_map(|item| wrapped(item, look.width, "  [ ] ", "      ")));
    }
    match &asked.failure {
        Some(failure) => lines.extend(marked(Mark::Bad, &format!("not evaluated: {}", failure.brief()), look)),
        None => lines.extend(counted(&asked.gates, look)),
    }
    lines
}

fn release(release: &ReleaseName, look: TextStyle) -> String {
    look.release(&release.to_string())
}

fn on_terminal(gates: &[&Gate], look: TextStyle) -> Vec<String> {
    let width = gates.iter().map(|gate| columns(&gate.name.to_string())).max().unwrap_or_default();
    let line = |gate: &&Gate| {
        let (mark, style) = if gate.overridden.is_some() {
            (Mark::Careful, CAREFUL)
        } else if gate.refuses_already() {
            (Mark::Bad, BAD)
        } else if gate.refuses() {
            (Mark::Neutral, STRONG)
        } else {
            (Mark::Good, STRONG)
        };
        let name = padded(&format!("{style}{}{style:#}", gate.name), width);
        let overridden = gate.overridden.as_ref().map(|why| format!("; overridden: {why}")).unwrap_or_default();
        let begin = match gate.verdict {
            GateVerdict::Unknown => "unknown: ",
            GateVerdict::Pending => "later: ",
            GateVerdict::Satisfied | GateVerdict::Unsatisfied => "",
        };
        let rest = " ".repeat(width + 6);
        let text = format!("{begin}{}{overridden}", gate.reason);
        let mut lines = wrapped(&text, look.width, &format!("  {} {name}  ", mark.shown()), &rest);
        let hint = gate.hint.iter().filter(|_| gate.refuses());
        lines.extend(
            hint.flat_map(|hint| wrapped(&format!("{STRONG}hint:{STRONG:#} {hint}"), look.width, &rest, &rest)),
        );
        lines
    };
    gates.iter().flat_map(line).collect()
}

fn as_table(gates: &[&Gate]) -> Vec<String> {
    if gates.is_empty() {
        return Vec::new();
    }
    let heading = ["  GATE", "VERDICT", "WHY"].map(str::to_owned);
    let row = |gate: &&Gate| {
        let overridden = gate.overridden.as_ref().map(|why| format!(", overridden: {why}")).unwrap_or_default();
        [format!("  {}", gate.name), gate.verdict.as_str().to_owned(), format!("{}{overridden}", gate.reason)]
    };
    let rows: Vec<_> = std::iter::once(heading).chain(gates.iter().map(row)).collect();
    let mut lines = table::lines(&rows);
    let hint = |gate: &&&Gate| gate.refuses();
    let refusing = gates.iter().filter(hint);
    lines.extend(refusing.filter_map(|gate| gate.hint.as_ref().map(|hint| format!("  hint: {}: {hint}", gate.name))));
    lines
}

/// How many gates refuse, and how many are decided later.
fn counted(gates: &[Gate], look: TextStyle) -> Vec<String> {
    let all = gates.len();
    let refusing = gates.iter().filter(|gate| gate.refuses_already()).count();
    let later = gates.iter().filter(|gate| gate.refuses() && !gate.refuses_already()).count();
    let (mark, text) = match (all, refusing) {
        (0, _) => (Mark::Neutral, "no gate is evaluated".to_owned()),
        (1, 1) => (Mark::Bad, "the only gate refuses".to_owned()),
        (all, 0) if later > 0 => (Mark::Neutral, format!("{} of {} pass", all - later, count(all, "gate", "gates"))),
        (1, 0) => (Mark::Good, "the only gate passes".to_owned()),
        (all, 0) => (Mark::Good, format!("all {all} gates pass")),
        (all, 1) => (Mark::Bad, format!("1 of {all} gates refuses")),
        (all, refusing) => (Mark::Bad, format!("{refusing} of {all} gates refuse")),
    };
    let later = if later > 0 { format!(", {later} decided when the change is made") } else { String::new() };
    marked(mark, &format!("{text}{later}"), look)
}

fn marked(mark: Mark, text: &str, look: TextStyle) -> Vec<String> {
    wrapped(text, look.width, &format!("  {} ", mark.shown()), "    ")
}

/// The command to go on with: of the first environment that refuses, to ask again; where all let it through, the change
/// itself.
fn next(asked: &[AskedGates]) -> Option<String> {
    let last = asked.last()?;
    let is_open = |asked: &&AskedGates| asked.failure.is_some() || asked.gates.iter().any(Gate::refuses_already);
    let next = match asked.iter().find(is_open) {
        Some(refusing) => format!("gates {}", refusing.environment),
        None if last.source.is_some() => format!("plan promote {}", last.environment),
        None => format!("plan deploy {}", last.environment),
    };
    let when = if asked.iter().any(|asked| is_open(&asked)) { "then" } else { "next" };
    Some(format!("{FAINT}{when}:{FAINT:#} shipgate {next}"))
}

#[cfg(test)]
pub mod tests;
