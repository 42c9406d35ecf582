//! The last lines that people read of a command, on standard error.

use super::check_lines;
use super::end::CommandEnd;
use super::hold_lines::holds;
use super::line::{ReportDetail, hinted};
use super::plan_lines::{counted_steps, ran};
use super::record::{ComponentRecord, Record};
use super::style::{BAD, FAINT, Mark, TextStyle, columns, padded, wrapped};
use super::words;
use crate::domain::age;
use crate::domain::failure::Failure;
use crate::domain::neutral;
use crate::domain::outcome::Outcome;
use crate::domain::plan::{Intent, UnholdPlan};
use crate::domain::view::check::Conclusion;
use crate::domain::view::failures::of_environments;
use crate::domain::view::status::EnvironmentStatus;
use crate::domain::view::{CommandAnswer, CommandRequest};

/// What the last lines depend on beside how the command ended.
#[derive(Debug, Clone, Copy)]
pub struct Closing<'c> {
    /// How much is shown.
    pub level: ReportDetail,
    /// How it looks.
    pub look: TextStyle,
    /// Whether the problems of a configuration have colour.
    pub color: bool,
    /// What was shown already of the output of what failed.
    pub shown: &'c [String],
}

/// The last lines, with sequences for colour, which [`crate::sink::line`] takes out where they are not wanted.
pub fn of(end: CommandEnd<'_>, closing: Closing<'_>) -> Vec<String> {
    let failure = |found: &Failure| of_failure(found, closing);
    match end.result {
        Ok(CommandAnswer::Change(outcome)) => result(end, *outcome, closing),
        Ok(CommandAnswer::Check(checked)) => {
            let ended = ("check", Conclusion::of(&checked.findings));
            check_lines::lines(ended, &checked.findings, closing.level, closing.look)
        }
        // Before the proposal is used, its reader has to know what it omits.
        Ok(CommandAnswer::Contract(asked)) if asked.proposal.is_some() => {
            check_lines::read("read", &asked.findings, closing.look)
        }
        Ok(CommandAnswer::Contract(asked)) => {
            let ended = (&*asked.title(), asked.conclusion());
            check_lines::lines(ended, &asked.findings, closing.level, closing.look)
        }
        Ok(CommandAnswer::Gates(asked)) => {
            asked.iter().filter_map(|asked| asked.failure.as_ref()).flat_map(failure).collect()
        }
        Ok(CommandAnswer::Status(environments)) => {
            let of =
                |environment| EnvironmentStatus::failures(environment).map(|found| (environment.name.as_str(), found));
            of_environments(environments.iter().flat_map(of)).iter().flat_map(failure).collect()
        }
        Ok(CommandAnswer::Holds(changed)) => {
            let mut lines = holds(changed, end.request.environment.as_deref().unwrap_or_default(), closing.look);
            lines.extend(changed.failure.iter().flat_map(failure));
            lines
        }
        Ok(CommandAnswer::Identities(seen)) => of_environments(seen.failures()).iter().flat_map(failure).collect(),
        Ok(CommandAnswer::History(found)) if closing.level >= ReportDetail::Everything => found.notes.clone(),
        Ok(CommandAnswer::Logs { none_since: Some(since), .. }) if closing.level >= ReportDetail::Everything => {
            let since = since.strftime("%Y-%m-%d %H:%M:%SZ");
            vec![format!("no lines since {since}; `--since 2h` reads an earlier start")]
        }
        Ok(
            CommandAnswer::Approval(_)
            | CommandAnswer::Built(_)
            | CommandAnswer::History(_)
            | CommandAnswer::Logs { .. }
            | CommandAnswer::Document(_)
            | CommandAnswer::Script(_)
            | CommandAnswer::Credential(_),
        ) => Vec::new(),
        Err(found) if end.request.plans => {
            let mut lines: Vec<String> = has_steps(end.record, closing).then(String::new).into_iter().collect();
            lines.extend(of_failure(found, closing));
            lines.extend(result(end, found.outcome, closing));
            lines
        }
        Err(found) => of_failure(found, closing),
    }
}

/// How a change ended, the outcome last but for what to do next.
fn result(end: CommandEnd<'_>, outcome: Outcome, closing: Closing<'_>) -> Vec<String> {
    let (record, look) = (end.record, closing.look);
    let mut lines = Vec::new();
    if !outcome.is_success() {
        let left = record.left_behind();
        lines.extend(left.iter().map(|left| format!("{FAINT}left behind: {}{FAINT:#}", look.text(left))));
    }
    let is_plan = outcome == Outcome::Planned;
    if record.components.len() > 1 && !is_plan {
        lines.extend(components(&record.components));
    }
    if has_steps(record, closing) && outcome.is_success() && !is_plan {
        lines.insert(0, String::new());
    }
    let (mark, style) = (mark(outcome), mark(outcome).style());
    let word = if is_way_back(record, outcome) { "rolled back".to_owned() } else { outcome.to_string() };
    let sentence = sentence(record, outcome, look);
    let mut last = format!("{} {style}{word}{style:#}: {sentence}", mark.shown());
    if outcome == Outcome::Deployed {
        let took = record.began.zip(record.ended).and_then(|(began, ended)| (ended - began).try_into().ok());
        last = took.map_or(last.clone(), |took| format!("{last}  {FAINT}{}{FAINT:#}", age::took(took)));
        last = record.url.as_ref().map_or(last.clone(), |url| format!("{last}  {url}"));
    }
    lines.extend(wrapped(&last, look.width, "", "  "));
    lines.extend(next(end, outcome, closing));
    lines
}

/// Whether lines of steps were shown before.
fn has_steps(record: &Record, closing: Closing<'_>) -> bool {
    closing.level >= ReportDetail::Everything && record.steps.iter().any(|step| step.result.is_some())
}

fn mark(outcome: Outcome) -> Mark {
    match outcome {
        outcome if outcome.is_success() => Mark::Good,
        outcome if outcome.is_undecided() => Mark::Careful,
        _ => Mark::Bad,
    }
}

/// How each component ended.
fn components(components: &[ComponentRecord]) -> Vec<String> {
    let width = components.iter().map(|component| columns(component.name.as_str())).max().unwrap_or_default();
    let each = components.iter().map(|component| {
        let mark = component.outcome.map_or(Mark::Neutral, mark);
        let outcome = component.outcome.map_or("skipped", Outcome::as_str);
        format!("  {} {}  {outcome}", mark.shown(), padded(component.name.as_str(), width))
    });
    each.collect()
}

/// Whether a rollback that was asked for did what it should.
fn is_way_back(record: &Record, outcome: Outcome) -> bool {
    record.intent == Some(Intent::Rollback) && outcome == Outcome::Deployed
}

/// What an outcome means for the environment.
fn sentence(record: &Record, outcome: Outcome, look: TextStyle) -> String {
    let place = &record.place;
    let release = record.release.as_ref().map(|release| look.release(&release.to_string()));
    let Some(release) = release else {
        return match &record.unhold {
            Some(plan) => format!("unhold {place}: take off {}; nothing was changed", counted_holds(plan)),
            None if outcome == Outcome::Planned => format!("{place}: nothing to promote; nothing was changed"),
            None => place.clone(),
        };
    };
    let before = one(record.components.iter().map(|it| Some(ran(it.previous.as_ref()?, &it.whereabouts, look))));
    let was = before.as_ref().filter(|before| **before != release);
    // Where there is no plan, nothing was looked at.
    if record.components.is_empty() {
        return format!("{place} {release}");
    }
    match outcome {
        Outcome::Deployed if is_way_back(record, outcome) => {
            let was = was.map(|was| format!(" (was {was})")).unwrap_or_default();
            format!("{place} runs {release} again{was}, read back")
        }
        Outcome::Deployed => format!("{place} runs {release}, read back"),
        Outcome::Unchanged => format!("{place} runs {release} already, read back"),
        Outcome::Planned => {
            let steps = counted_steps(record.steps.iter().map(|step| &step.step));
            let warnings = match record.warnings.len() {
                0 => String::new(),
                count => format!(", {}", words::count(count, "warning", "warnings")),
            };
            format!("{place} {release}: {steps}{warnings}; nothing was changed")
        }
        Outcome::RolledBack => format!("{}; {release} failed", serves_again(record, look)),
        // What runs there may not be what ran when it was planned.
        Outcome::Stale | Outcome::Interrupted if record.components.iter().all(|it| !it.changed) => {
            format!("{place} {release}; this run changed nothing that serves there")
        }
        Outcome::Failed | Outcome::Refused if record.components.iter().all(|it| !it.changed) => match before {
            Some(before) if before != "unknown" => format!("{place} {release}; it still runs {before}, untouched"),
            _ => format!("{place} {release}; what runs there is untouched"),
        },
        Outcome::Broken => format!("{place} {release}; what serves now is not verified"),
        Outcome::Superseded => format!("{place} {release}; another deployment has replaced it"),
        Outcome::TimedOut => format!("{place} {release}; the rollout goes on"),
        Outcome::Unproven => format!("{place} {release}; nothing runs that proves it"),
        Outcome::Failed | Outcome::Refused | Outcome::Stale | Outcome::Invalid | Outcome::Interrupted => {
            format!("{place} {release}")
        }
    }
}

/// What the components serve that were rolled back. Where others were not, they are named.
fn serves_again(record: &Record, look: TextStyle) -> String {
    let back: Vec<&ComponentRecord> =
        record.components.iter().filter(|it| it.outcome == Some(Outcome::RolledBack)).collect();
    let is_part = !back.is_empty() && back.len() < record.components.len();
    let names: Vec<&str> = back.iter().map(|it| it.name.as_str()).collect();
    let (who, verb, it) = match names.as_slice() {
        [one] if is_part => (format!("{one} of {}", record.environment), "serves", "it"),
        several if is_part => (format!("{} of {}", several.join(", "), record.environment), "serve", "they"),
        _ => (record.place.clone(), "serves", "it"),
    };
    match one(back.iter().map(|it| Some(ran(it.current.as_ref()?, &it.whereabouts, look)))) {
        Some(serves) => format!("{who} {verb} {serves} again"),
        None => format!("{who} {verb} again what {it} served before"),
    }
}

/// What is the same of all. `None`: it differs, or is not known of each.
fn one(mut all: impl Iterator<Item = Option<String>>) -> Option<String> {
    let first = all.next().flatten()?;
    all.all(|other| other.as_ref() == Some(&first)).then_some(first)
}

fn counted_holds(plan: &UnholdPlan) -> String {
    match plan.components.iter().map(|component| component.holds.len()).sum::<usize>() {
        0 => "nothing".to_owned(),
        count => words::count(count, "hold", "holds"),
    }
}

/// What to do next, where that follows from the outcome alone.
fn next(end: CommandEnd<'_>, outcome: Outcome, closing: Closing<'_>) -> Vec<String> {
    let (record, look) = (end.record, closing.look);
    if closing.level < ReportDetail::Everything {
        return Vec::new();
    }
    if outcome == Outcome::Planned {
        return next_of_plan(end.request, record);
    }
    if !is_way_back(record, outcome) || record.barred.is_empty() {
        return Vec::new();
    }
    let left: Vec<String> = record.barred.iter().map(|barred| look.release(&barred.left.to_string())).collect();
    let text = format!(
        "{} and what came with it are barred until a newer commit, or `shipgate unhold {} --reason …`",
        left.join(", "),
        record.environment
    );
    wrapped(&text, look.width, "  ", "  ")
}

/// The command that does what was planned.
fn next_of_plan(request: &CommandRequest, record: &Record) -> Vec<String> {
    let Some(command) = request.command.strip_prefix("plan ") else { return Vec::new() };
    if !record.steps.iter().any(|step| step.step.verb.changes()) && record.unhold.is_none() {
        return Vec::new();
    }
    let refusing: Vec<&str> =
        record.gates.iter().filter(|gate| gate.refuses_already()).map(|gate| gate.name.as_str()).collect();
    let mut line = format!("shipgate {command} {}", record.environment);
    for component in &request.components {
        line = format!("{line} --component {}", neutral::phrase(component, 100));
    }
    // Somebody else is asked first, and that is not done from here.
    if record.gates.iter().any(|gate| gate.refuses() && !gate.refuses_already()) {
        return Vec::new();
    }
    if !refusing.is_empty() {
        return vec![format!("  `{line}` would be refused by gate {}", refusing.join(", "))];
    }
    match (command, &record.release, &record.plan_digest) {
        ("promote" | "rollback", Some(release), Some(digest)) => {
            let release = release.sha().map_or_else(|| release.short(), |sha| sha.short().to_owned());
            let digest = digest.short().trim_start_matches("sha256:");
            line = format!("{line} --release {release} --expect-plan {digest}");
        }
        ("unhold", _, _) => return Vec::new(),
        _ => {}
    }
    vec!["  to do exactly this:".to_owned(), format!("  {line}")]
}

/// An error with its causes and hints. What the output of a step has shown already is not repeated.
pub fn of_failure(failure: &Failure, closing: Closing<'_>) -> Vec<String> {
    let look = closing.look;
    if let Some(diagnostics) = &failure.diagnostics {
        return vec![diagnostics.render(closing.color).to_owned()];
    }
    let mut lines = wrapped(&look.text(&failure.reason), look.width, &format!("{BAD}error:{BAD:#} "), "  ");
    let is_new = |text: &str| !closing.shown.iter().any(|line| line.trim() == text.trim());
    let causes = failure.causes.iter().filter(|cause| is_new(&cause.text));
    lines.extend(causes.flat_map(|cause| wrapped(&look.text(&cause.text), look.width, "  ", "    ")));
    lines.extend(failure.hints.iter().flat_map(|text| hinted(text, look, "")));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::RunEvent;
    use crate::domain::plan::Running;
    use crate::domain::view::plan::ShownPlan;

    const NEW: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

    fn running(sha: &str) -> Running {
        Running { sha: Some(sha.repeat(40)), ..Running::default() }
    }

    /// The last line where `backend` and `worker` ran releases and ended so, each changed or not.
    fn said(ran: [&str; 2], ends: [(Outcome, bool); 2]) -> String {
        let mut plan = ShownPlan::sample();
        plan.components.iter_mut().zip(ran).for_each(|(component, sha)| component.running = running(sha));
        let mut record =
            Record::new(&CommandRequest { environment: Some("stage".to_owned()), ..CommandRequest::default() });
        record.see(&RunEvent::Planned(Box::new(plan)));
        for (name, (outcome, is_changed)) in ["backend", "worker"].into_iter().zip(ends) {
            let component = || name.parse().unwrap();
            if is_changed {
                record.see(&RunEvent::ChangeStarted { component: component(), continues: String::new() });
            }
            let released = Some(Running { sha: Some(NEW.to_owned()), ..Running::default() });
            record.see(&RunEvent::ComponentEnded { component: component(), outcome, causes: Vec::new(), released });
        }
        let total = Outcome::worst(ends.map(|(outcome, _)| outcome)).unwrap();
        sentence(&record, total, TextStyle::plain())
    }

    #[test]
    fn nothing_is_said_to_run_that_was_not_seen() {
        use Outcome::{Deployed, Failed, Interrupted, Refused, RolledBack, Stale};
        let untouched = "stage 4b825dc; it still runs aaaaaaa, untouched";
        let (each_its_own, moved) = (
            "stage 4b825dc; what runs there is untouched",
            "stage 4b825dc; this run changed nothing that serves there",
        );
        for (ran, ends, expected) in [
            (["a", "a"], [(Failed, false), (Failed, false)], untouched),
            (["a", "a"], [(Refused, false), (Refused, false)], untouched),
            (["a", "b"], [(Failed, false), (Failed, false)], each_its_own),
            (["a", "a"], [(Stale, false), (Stale, false)], moved),
            (["a", "a"], [(Interrupted, false), (Interrupted, false)], moved),
            (["a", "a"], [(Interrupted, true), (Interrupted, false)], "stage 4b825dc"),
            (["a", "a"], [(Deployed, true), (Stale, false)], "stage 4b825dc"),
            (["a", "a"], [(RolledBack, true), (RolledBack, true)], "stage serves aaaaaaa again; 4b825dc failed"),
            (
                ["a", "b"],
                [(RolledBack, true), (RolledBack, true)],
                "stage serves again what it served before; 4b825dc failed",
            ),
            (
                ["a", "b"],
                [(Deployed, true), (RolledBack, true)],
                "worker of stage serves bbbbbbb again; 4b825dc failed",
            ),
        ] {
            assert_eq!(said(ran, ends), expected, "{ran:?} {ends:?}");
        }
    }
}
