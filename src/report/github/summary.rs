//! The page that a step leaves on the run: the outcome first, then what people ask next.

use super::annotations::message;
use super::approval;
use super::gantt::chart;
use super::place::Links;
use crate::domain::failure::Failure;
use crate::domain::github::markdown::{block, code, folded, table};
use crate::domain::limits::SUMMARY;
use crate::domain::outcome::Outcome;
use crate::domain::release::{Commits, ReleaseName};
use crate::domain::view::plan::{CommitRange, Running};
use crate::report::closing::outcome_note;
use crate::report::plan_lines::shown_change;
use crate::report::record::{ComponentRecord, Record};

/// Takes the place of a part that is too long.
const LEFT_OUT: &str = "A part is left out here: it is too long for a summary. The log has it.\n";

/// The summary of a command with an outcome, in Markdown.
pub fn of(record: &Record, outcome: Outcome, failure: Option<&Failure>, links: &Links) -> String {
    let parts = [
        Some(heading(record, outcome, links)),
        failure.map(told),
        left_behind(record, outcome),
        components(record),
        holds(record),
        warnings(record),
        changes(record),
        commits(record, links),
        gates(record),
        decision(record, links),
        planned_steps(record),
        chart(&record.steps).map(|chart| folded("How long it took", &chart)),
        foot(record, links),
    ];
    bounded(parts.into_iter().flatten())
}

/// Joins parts as far as they fit; the first ones matter most.
pub fn bounded(parts: impl Iterator<Item = String>) -> String {
    let mut text = String::new();
    for part in parts {
        let fits = text.len() + part.len() + LEFT_OUT.len() + 2 < SUMMARY.count();
        let part = if fits { part.as_str() } else { LEFT_OUT };
        if fits || !text.ends_with(&format!("{LEFT_OUT}\n")) {
            text.push_str(part);
            text.push('\n');
        }
    }
    text
}

fn heading(record: &Record, outcome: Outcome, links: &Links) -> String {
    let symbol = if outcome == Outcome::Planned {
        "📝"
    } else if outcome.is_success() {
        "✅"
    } else if outcome.is_undecided() {
        "⚠️"
    } else {
        "❌"
    };
    let release = record.release.as_ref().map(|release| {
        let name = code(&release.short());
        match links.repository.as_ref().zip(release.sha()) {
            Some((repository, commit)) => format!(" [{name}]({repository}/commit/{commit})"),
            None => format!(" {name}"),
        }
    });
    let what = if record.is_plan { format!("{} for ", code(&record.command)) } else { String::new() };
    let note = outcome_note(outcome);
    format!("## {symbol} {outcome}: {what}{}{}{note}\n", code(&record.place), release.unwrap_or_default())
}

fn told(failure: &Failure) -> String {
    let lines = match &failure.diagnostics {
        Some(diagnostics) => diagnostics.render(false).lines().map(str::to_owned).collect(),
        None => message(failure).lines().map(str::to_owned).collect::<Vec<_>>(),
    };
    block("text", &lines)
}

fn left_behind(record: &Record, outcome: Outcome) -> Option<String> {
    let left = record.left_behind();
    if outcome.is_success() || left.is_empty() {
        return None;
    }
    Some(format!("Left behind: {}\n", left.iter().map(|left| code(left)).collect::<Vec<_>>().join(", ")))
}

fn components(record: &Record) -> Option<String> {
    let row = |component: &ComponentRecord| {
        let name = code(component.name.as_str());
        let name = component.console.as_ref().map_or(name.clone(), |console| format!("[{name}]({console})"));
        let running = |running: &Option<Running>| running.as_ref().map(shown_running).unwrap_or_default();
        let digest = component.current.as_ref().and_then(|running| running.digest.as_ref());
        vec![
            name,
            component.outcome.map_or("skipped", Outcome::as_str).to_owned(),
            running(&component.previous),
            running(&component.current),
            digest.map(|digest| code(digest.short())).unwrap_or_default(),
        ]
    };
    let rows: Vec<_> = record.components.iter().map(row).collect();
    (!rows.is_empty()).then(|| table(&["component", "outcome", "before", "now", "digest"], &rows))
}

/// What would be taken off, and why.
fn holds(record: &Record) -> Option<String> {
    let plan = record.unhold.as_ref()?;
    let rows = plan.components.iter().flat_map(|component| {
        component.holds.iter().map(|hold| vec![code(component.name.as_str()), code(&hold.described())])
    });
    let rows: Vec<_> = rows.collect();
    let why = format!("Takes off all holds: {}\n", code(&plan.reason));
    let table = if rows.is_empty() { "There is none.\n".to_owned() } else { table(&["component", "hold"], &rows) };
    Some(format!("{why}\n{table}"))
}

fn shown_running(running: &Running) -> String {
    match (&running.sha, &running.baseline) {
        (Some(sha), _) => code(sha.get(..7).filter(|_| sha.len() == 40).unwrap_or(sha)),
        (None, Some(place)) => format!("{} ({})", ReleaseName::BASELINE, code(place)),
        (None, None) => "unknown".to_owned(),
    }
}

fn warnings(record: &Record) -> Option<String> {
    let lines: Vec<String> = record.warnings.iter().map(|warning| format!("warning: {warning}")).collect();
    (!lines.is_empty()).then(|| block("text", &lines))
}

/// The plan's difference, component by component, values as the plan shows them.
pub fn changes(record: &Record) -> Option<String> {
    let changed: Vec<_> = record.components.iter().filter(|component| !component.changes.is_empty()).collect();
    if changed.is_empty() {
        return None;
    }
    let mut lines = Vec::new();
    for component in changed {
        lines.push(format!("@@ {} @@", component.name));
        lines.extend(component.changes.iter().map(|change| {
            let line = anstream::adapter::strip_str(&shown_change(change)).to_string();
            // What GitHub colours as changed.
            line.strip_prefix("~ ").map_or(line.clone(), |rest| format!("! {rest}"))
        }));
    }
    Some(block("diff", &lines))
}

/// The commits that come or go.
pub fn commits(record: &Record, addresses: &Links) -> Option<String> {
    let CommitRange { taken_back, commits, .. } = record.commits.as_ref()?;
    let what = if *taken_back { "Takes back" } else { "Brings" };
    let mut lines: Vec<String> = commits
        .newest
        .iter()
        .map(|commit| {
            let sha = code(commit.sha.short());
            let sha = addresses
                .repository
                .as_ref()
                .map_or(sha.clone(), |url| format!("[{sha}]({url}/commit/{})", commit.sha));
            let link = |number: u64| {
                let address = addresses.repository.as_ref().map(|url| format!("{url}/pull/{number}"));
                address.map_or(format!(" {}", code(&format!("#{number}"))), |url| format!(" [#{number}]({url})"))
            };
            let pull_request = commit.pull_request.map(link).unwrap_or_default();
            let by = if commit.author.is_empty() { String::new() } else { format!(" by {}", code(&commit.author)) };
            format!("- {sha} {}{pull_request}{by}", code(&commit.subject))
        })
        .collect();
    let more = commits.count.saturating_sub(commits.newest.len());
    if Commits::is_beyond(commits.count) {
        lines.push("- and more".to_owned());
    } else if more > 0 {
        lines.push(format!("- and {more} more"));
    }
    Some(folded(&format!("{what} {}", Commits::counted(commits.count)), &(lines.join("\n") + "\n")))
}

/// Folded only where all of them let it through.
pub fn gates(record: &Record) -> Option<String> {
    if record.gates.is_empty() {
        return None;
    }
    let rows: Vec<_> = record
        .gates
        .iter()
        .map(|gate| {
            let overridden = gate.overridden.as_ref().map(|why| format!(", overridden: {}", code(why)));
            let verdict = format!("{}{}", gate.verdict.as_str(), overridden.unwrap_or_default());
            vec![gate.name.to_string(), verdict, code(&gate.reason)]
        })
        .collect();
    let table = table(&["gate", "verdict", "why"], &rows);
    let refuses = record.gates.iter().any(|gate| gate.refuses() || gate.overridden.is_some());
    Some(if refuses { table } else { folded("Gates", &table) })
}

/// What whoever decides has to know: whether anybody is asked, and what to see to.
fn decision(record: &Record, addresses: &Links) -> Option<String> {
    let policy = record.policy.as_ref()?;
    let mut lines: Vec<String> = policy.checklist.iter().map(|item| format!("- [ ] {}", code(item))).collect();
    // A line of Markdown after a list would belong to its last item.
    let separated = |line: String| if lines.is_empty() { line } else { format!("\n{line}") };
    let asked = approval::asked(record, addresses).map(separated);
    lines.extend(asked);
    (!lines.is_empty()).then(|| lines.join("\n") + "\n")
}

fn planned_steps(record: &Record) -> Option<String> {
    let planned = record.steps.iter().filter(|step| step.result.is_none() && step.step.verb.changes());
    let lines: Vec<String> = planned.map(|step| format!("1. {}", code(&step.step.to_string()))).collect();
    (!lines.is_empty()).then(|| folded("Steps", &(lines.join("\n") + "\n")))
}

fn foot(record: &Record, links: &Links) -> Option<String> {
    let mut words = Vec::new();
    words.extend(record.url.as_ref().map(|url| format!("<{}>", url.replace(['<', '>', ' '], ""))));
    words.extend(links.run.as_ref().map(|run| format!("[this run]({run})")));
    words.extend(record.plan_digest.as_ref().map(|digest| format!("plan {}", code(&digest.to_string()))));
    (!words.is_empty()).then(|| format!("{}\n", words.join(" · ")))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;
    use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

    use super::*;
    use crate::domain::event::StepResult;
    use crate::domain::failure::{Cause, CauseKind};
    use crate::domain::gate::{Gate, GateName, Verdict};
    use crate::domain::plan::Change;
    use crate::domain::proof::Whereabouts;
    use crate::domain::release::CommitLine;
    use crate::domain::step::{StepId, Verb};
    use crate::domain::view::Request;
    use crate::report::record::StepRecord;

    const SHA: &str = "0123456789abcdef0123456789abcdef01234567";

    fn links() -> Links {
        let repository = "https://github.com/shop/cloudshop".to_owned();
        let run = Some(format!("{repository}/actions/runs/7/attempts/1"));
        Links { run, run_number: Some("7".to_owned()), repository: Some(repository) }
    }

    /// A record in which a text stands wherever foreign text can.
    fn record(text: &str) -> Record {
        let running = |sha: &str| Running { sha: Some(sha.to_owned()), ..Running::default() };
        let commit = CommitLine {
            sha: SHA.parse().unwrap(),
            subject: text.to_owned(),
            author: text.to_owned(),
            pull_request: Some(12),
            committed: None,
        };
        let request =
            Request { command: "deploy".to_owned(), environment: Some(text.to_owned()), ..Request::default() };
        let mut record = Record::new(&request);
        record.release = Some(SHA.parse().unwrap());
        record.gates = vec![Gate { reason: text.to_owned(), ..Gate::sample(GateName::Hold, Verdict::Unsatisfied) }];
        record.commits =
            Some(CommitRange { taken_back: false, commits: Commits { count: 3, newest: vec![commit] }, compare: None });
        record.components = vec![ComponentRecord {
            name: "backend".parse().unwrap(),
            kind: "ecs",
            outcome: Some(Outcome::Failed),
            changed: false,
            deployment: None,
            console: Some("https://us-east-1.console.aws.amazon.com/ecs".to_owned()),
            whereabouts: Whereabouts::default(),
            revision: None,
            planned: None,
            previous: Some(running("bootstrap")),
            current: Some(running(text)),
            causes: vec![Cause::new(CauseKind::Application, text)],
            changes: vec![Change { path: "image".to_owned(), from: Some(text.to_owned()), to: Some("b".to_owned()) }],
            drift: None,
            missing_variables: Vec::new(),
        }];
        record.steps = vec![StepRecord {
            needs: Vec::new(),
            step: StepId::new(Verb::Build, &"backend".parse().unwrap()),
            began: Duration::from_millis(500),
            took: Duration::from_secs(61),
            result: Some(StepResult::Failed),
        }];
        record.warnings = vec![text.to_owned()];
        record.url = Some("https://shop.example".to_owned());
        record
    }

    fn summary(text: &str) -> String {
        let failure = Failure::failed(format!("the build failed: {text}")).cause(text).hint("look at the log");
        of(&record(text), Outcome::Failed, Some(&failure), &links())
    }

    #[test]
    fn the_outcome_comes_first_and_then_why() {
        insta::assert_snapshot!(summary("it"), @r#"
        ## ❌ failed: `it` [`0123456`](https://github.com/shop/cloudshop/commit/0123456789abcdef0123456789abcdef01234567)

        ```text
        the build failed: it
          it
        hint: look at the log
        ```

        | component | outcome | before | now | digest |
        | --- | --- | --- | --- | --- |
        | [`backend`](https://us-east-1.console.aws.amazon.com/ecs) | failed | `bootstrap` | `it` |  |

        ```text
        warning: it
        ```

        ```diff
        @@ backend @@
        ! image: it → b
        ```

        <details><summary>Brings 3 commits</summary>

        - [`0123456`](https://github.com/shop/cloudshop/commit/0123456789abcdef0123456789abcdef01234567) `it` [#12](https://github.com/shop/cloudshop/pull/12) by `it`
        - and 2 more

        </details>

        | gate | verdict | why |
        | --- | --- | --- |
        | hold | unsatisfied | `it` |

        <details><summary>How long it took</summary>

        ```mermaid
        gantt
            dateFormat x
            axisFormat %M:%S
            build backend (61.0 s) :crit, 500, 61500
        ```

        </details>

        <https://shop.example> · [this run](https://github.com/shop/cloudshop/actions/runs/7/attempts/1)
        "#);
    }

    #[test]
    fn a_summary_stays_below_what_github_takes() {
        let long = "x".repeat(SUMMARY.count() / 2);
        let text = bounded([long.clone(), long.clone(), long, "end".to_owned()].into_iter());
        assert!(text.len() < SUMMARY.count());
        assert!(text.matches(LEFT_OUT).count() == 1 && text.ends_with("end\n"), "{}", text.len());
    }

    /// What stands in a page beside code.
    fn beside_code(text: &str) -> String {
        let mut found = String::new();
        let mut in_block = false;
        for event in Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH) {
            #[expect(clippy::wildcard_enum_match_arm, reason = "the rest has no text of its own, or is code")]
            match event {
                Event::Start(Tag::CodeBlock(_)) => in_block = true,
                Event::End(TagEnd::CodeBlock) => in_block = false,
                Event::Text(text) if !in_block => found.push_str(&text),
                Event::Html(html) | Event::InlineHtml(html) => found.push_str(&html),
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => found.push_str(&dest_url),
                _ => {}
            }
        }
        found
    }

    proptest! {
        #[test]
        fn no_text_makes_a_part_of_the_page(
            text in "(`|```|~~~|\\n|\\||<b>|</details>|@ada|#1|\\[x\\]\\(y\\)|!| |## |-->|https://evil.example|EVIL|\\\\){0,12}"
        ) {
            // The same page with a harmless text in its place: what stands beside code is the same.
            prop_assume!(!neutral_is_empty(&text));
            let (forged, plain) = (beside_code(&summary(&text)), beside_code(&summary("plain")));
            prop_assert_eq!(forged, plain, "{}", summary(&text));
        }
    }

    fn neutral_is_empty(text: &str) -> bool {
        code(text).is_empty()
    }
}
