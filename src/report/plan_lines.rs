//! A plan for people: what, from where to where, what comes with it, what differs, and what the gates say.

use super::decision_lines::{decided, shown_gates, surroundings};
use super::line::{ReportLine, note, warning};
use super::style::{BAD, CAREFUL, FAINT, GOOD, STRONG, TextStyle, columns, cut, padded, wrapped};
use super::words;
use crate::domain::gate::Gate;
use crate::domain::plan::{Intent, PlanChange, PlanStep, PlanWarning, Running, beside_the_release, shipped};
use crate::domain::proof::Whereabouts;
use crate::domain::release::{CommitLine, Commits};
use crate::domain::step::{StepId, StepSubject, StepVerb};
use crate::domain::view::holds::PlannedUnhold;
use crate::domain::view::plan::{CommitRange, NothingToPromote, PlannedComponent, ShownPlan};

/// The plan. `whole`: somebody decides about it, so all of it is shown; else what is about to happen, in a line.
pub fn of_plan(plan: &ShownPlan, look: TextStyle, whole: bool) -> Vec<ReportLine> {
    let mut lines: Vec<ReportLine> = headline(plan, look).into_iter().map(note).collect();
    lines.push(note(""));
    if whole {
        lines.extend(plan.commits.iter().flat_map(|range| commits(range, look)).map(note));
        lines.extend(plan.components.iter().flat_map(|component| block(plan, component, look)).map(note));
    } else {
        lines.extend(plan.components.iter().flat_map(|component| differences(plan, component, look)).map(note));
    }
    if look.exact {
        lines.extend(plan.steps.iter().map(|step| note(format!("  {FAINT}{}: {}{FAINT:#}", step.id, step.summary))));
    }
    lines.extend(plan.warnings.iter().map(|found| warning(&warning_text(found), found.hint.as_deref(), look)));
    if whole {
        lines.extend(decided(&plan.gates, &plan.policy, look));
        lines.extend(surroundings(plan, look));
    } else {
        // What refuses is about to be the error.
        let overridden: Vec<Gate> = plan.gates.iter().filter(|gate| gate.overridden.is_some()).cloned().collect();
        lines.extend(shown_gates(&overridden, look));
    }
    lines.extend(look.exact.then(|| note(format!("  {FAINT}plan {}{FAINT:#}", plan.digest))));
    separated(lines)
}

/// The plan of holds that are taken off.
pub fn of_unhold(PlannedUnhold { plan, gates }: &PlannedUnhold, look: TextStyle) -> Vec<ReportLine> {
    let heading = format!("{STRONG}{}{STRONG:#}   unhold {}   {}", plan.app, plan.environment, plan.reason);
    let mut lines: Vec<ReportLine> = wrapped(&heading, look.width, "", "    ").into_iter().map(note).collect();
    lines.push(note(""));
    for component in &plan.components {
        let name = &component.name;
        lines.extend(component.holds.iter().flat_map(|hold| {
            let text = format!("{STRONG}{name}{STRONG:#}   take off: {}", look.text(&hold.described()));
            wrapped(&text, look.width, "  ", "      ").into_iter().map(note).collect::<Vec<_>>()
        }));
        if component.holds.is_empty() {
            lines.push(note(format!("  {name}   there is no hold")));
        }
    }
    lines.push(note(""));
    lines.extend(decided(gates, &plan.policy, look));
    separated(lines)
}

/// There is no plan, because the source has proven no release.
pub fn nothing_to_promote(nothing: &NothingToPromote, look: TextStyle) -> Vec<ReportLine> {
    let NothingToPromote { app, environment, source, gates, .. } = nothing;
    let heading =
        format!("{STRONG}{app}{STRONG:#}   {source} → {environment}   {CAREFUL}there is nothing to promote{CAREFUL:#}");
    let gates = shown_gates(gates, look);
    [note(heading), note("")].into_iter().chain(gates).chain([note("")]).collect()
}

/// Blank lines stand alone, and not at the end of a short plan.
fn separated(lines: Vec<ReportLine>) -> Vec<ReportLine> {
    let mut kept: Vec<ReportLine> = Vec::new();
    for line in lines {
        if !(line.text.is_empty() && kept.last().is_none_or(|last| last.text.is_empty())) {
            kept.push(line);
        }
    }
    if kept.last().is_some_and(|last| !last.text.is_empty()) {
        kept.push(note(""));
    }
    kept
}

/// What, from what to what, with how many commits, and whether anything but the image differs.
fn headline(plan: &ShownPlan, look: TextStyle) -> Vec<String> {
    let environment = &plan.environment;
    let direction = match &plan.intent {
        Intent::Deploy => environment.to_string(),
        Intent::Promote { source } => format!("{source} → {environment}"),
        Intent::Rollback => format!("roll back {environment}"),
    };
    let mut words = vec![format!("{STRONG}{}{STRONG:#}", plan.app), direction, from_to(plan, look)];
    words.extend(plan.commits.as_ref().map(counted));
    words.push(what_changes(plan));
    let one = words.join("   ");
    if look.width.is_none_or(|width| columns(&one) <= width) {
        return vec![one];
    }
    let rest = words.split_off(2);
    vec![words.join("   "), format!("    {}", rest.join("   "))]
}

fn from_to(plan: &ShownPlan, look: TextStyle) -> String {
    let to = look.release(&plan.release.to_string());
    let to = format!("{STRONG}{to}{STRONG:#}");
    let mut from: Vec<String> = Vec::new();
    for component in &plan.components {
        let runs = ran(&component.running, &component.whereabouts, look);
        if !from.contains(&runs) {
            from.push(runs);
        }
    }
    match from.as_slice() {
        [] => to,
        [one] => format!("{one} → {to}"),
        _ => format!("several → {to}"),
    }
}

/// What a component runs, for people: the release, or what runs in its place.
pub fn ran(running: &Running, place: &Whereabouts, look: TextStyle) -> String {
    match &place.revision {
        Some(revision) if running.sha.is_none() && running.baseline.is_none() => revision.clone(),
        Some(_) | None => words::release(running, look),
    }
}

fn counted(CommitRange { taken_back, commits, .. }: &CommitRange) -> String {
    let count = Commits::counted(commits.count);
    if *taken_back { format!("takes back {count}") } else { count }
}

fn what_changes(plan: &ShownPlan) -> String {
    if !plan.steps.iter().any(|step| step.id.verb.changes()) {
        return "nothing to change".to_owned();
    }
    let beside: usize = plan.components.iter().map(|component| beside_the_release(&component.changes).len()).sum();
    let all: usize = plan.components.iter().map(|component| component.changes.len()).sum();
    let shipped = shipped(plan.components.iter().flat_map(|component| &component.changes));
    match (beside < all, beside) {
        (true, 0) => format!("only the {shipped} {}", if shipped == "image" { "changes" } else { "change" }),
        (true, 1) => format!("the {shipped} and 1 setting change"),
        (true, count) => format!("the {shipped} and {count} settings change"),
        (false, 0) => "neither the image nor a setting changes".to_owned(),
        (false, 1) => "1 setting changes".to_owned(),
        (false, count) => format!("{count} settings change"),
    }
}

/// The columns of the name of a commit's author on a terminal, at most.
const AUTHOR: usize = 20;

fn commits(range: &CommitRange, look: TextStyle) -> Vec<String> {
    let CommitRange { commits, compare, .. } = range;
    let ages: Vec<String> =
        commits.newest.iter().map(|commit| commit.committed.map(|at| look.time(at)).unwrap_or_default()).collect();
    let widest = |texts: &mut dyn Iterator<Item = usize>| texts.max().unwrap_or_default();
    let author = widest(&mut commits.newest.iter().map(|commit| columns(&commit.author)));
    // A name is anybody's, and the subject says more.
    let author = look.width.map_or(author, |_| author.min(AUTHOR));
    let age = widest(&mut ages.iter().map(|age| columns(age)));
    let subjects: Vec<String> = commits.newest.iter().map(subject).collect();
    let longest = widest(&mut subjects.iter().map(|subject| columns(subject)));
    let room = look.width.map(|width| width.saturating_sub(2 + 7 + 2 + 2 + author + 2 + age).max(20));
    let room = room.map_or(longest, |room| room.min(longest));
    let mut lines: Vec<String> = commits
        .newest
        .iter()
        .zip(subjects.iter().zip(&ages))
        .map(|(commit, (subject, age))| {
            let sha = look.release(&commit.sha.to_string());
            let subject = padded(&cut(subject, Some(room)), room);
            let who = padded(&cut(&commit.author, look.width.map(|_| author)), author);
            format!("  {CAREFUL}{sha}{CAREFUL:#}  {subject}  {FAINT}{who}  {age}{FAINT:#}").trim_end().to_owned()
        })
        .collect();
    let more = commits.count.saturating_sub(commits.newest.len());
    if Commits::is_beyond(commits.count) {
        lines.push("  and more".to_owned());
    } else if more > 0 {
        lines.push(format!("  and {more} more"));
    }
    lines.extend(compare.as_ref().map(|page| format!("  {FAINT}{page}{FAINT:#}")));
    lines.push(String::new());
    lines
}

fn subject(commit: &CommitLine) -> String {
    let pull_request = commit.unnamed_pull_request().map(|number| format!(" (#{number})")).unwrap_or_default();
    format!("{}{pull_request}", commit.subject)
}

/// A component: where it runs, and what would be done.
fn block(plan: &ShownPlan, component: &PlannedComponent, look: TextStyle) -> Vec<String> {
    let mut lines = wrapped(&heading(component), look.width, "  ", "      ");
    let steps = plan.steps.iter().filter(|step| step.id.component() == Some(&component.name));
    lines.extend(steps.filter(|step| is_named(step, plan)).flat_map(|step| {
        let summary = look.text(&step.summary);
        wrapped(&summary, look.width, &format!("    {GOOD}+{GOOD:#} "), "      ")
    }));
    if component.changes.is_empty() {
        lines.push("      nothing to change".to_owned());
    } else {
        let digest = component.planned.digest.as_ref().map(|digest| format!(" ({})", look.digest(digest)));
        let digest = digest.unwrap_or_default();
        let beside = beside_the_release(&component.changes);
        if beside.len() < component.changes.len() {
            let place = &component.whereabouts;
            let (from, to) =
                (ran(&component.running, place, look), ran(&component.planned, &Whereabouts::default(), look));
            lines.push(format!("    {CAREFUL}~{CAREFUL:#} image {from} → {to}{digest}"));
        }
        lines.extend(beside.iter().map(|change| format!("    {}", look.text(&shown_change(change)))));
        if beside.is_empty() {
            lines.push(format!("      {FAINT}nothing else in the task definition changes{FAINT:#}"));
        }
    }
    lines.push(String::new());
    lines
}

fn heading(component: &PlannedComponent) -> String {
    let place = &component.whereabouts;
    let mut words = Vec::new();
    words.extend(place.service.as_ref().map(|service| match &place.cluster {
        Some(cluster) => format!("{service} in cluster {cluster}"),
        None => service.clone(),
    }));
    words.extend(
        place.desired.map(|desired| if desired == 1 { "1 task".to_owned() } else { format!("{desired} tasks") }),
    );
    words.extend(place.revision.as_ref().map(|revision| format!("now {revision}")));
    format!("{STRONG}{}{STRONG:#}   {}", component.name, words.join(", ")).trim_end().to_owned()
}

/// Whether a step is named beside what differs: the others are the way there, and always the same.
fn is_named(step: &PlanStep, plan: &ShownPlan) -> bool {
    match step.id.verb {
        StepVerb::CreateRepository
        | StepVerb::Build
        | StepVerb::Tag
        | StepVerb::Copy
        | StepVerb::Bundle
        | StepVerb::Store
        | StepVerb::UseRevision
        | StepVerb::PreDeploy
        | StepVerb::Hold
        | StepVerb::MoveTags
        | StepVerb::CleanUp
        | StepVerb::WaitForOthers => true,
        StepVerb::Register => plan.intent == Intent::Rollback,
        StepVerb::Update
        | StepVerb::Publish
        | StepVerb::WaitFor
        | StepVerb::Prove
        | StepVerb::Verify
        | StepVerb::Probe
        | StepVerb::Settle
        | StepVerb::RollBack => false,
    }
}

/// What differs beside the image, where anything does.
fn differences(plan: &ShownPlan, component: &PlannedComponent, look: TextStyle) -> Vec<String> {
    let beside = beside_the_release(&component.changes);
    if beside.is_empty() {
        return Vec::new();
    }
    let name = (plan.components.len() > 1).then(|| format!("  {STRONG}{}{STRONG:#}", component.name));
    let changes = beside.into_iter().map(|change| format!("    {}", look.text(&shown_change(change))));
    name.into_iter().chain(changes).collect()
}

/// A warning of a plan with the differences that it is about, for a terminal.
pub fn warning_text(warning: &PlanWarning) -> String {
    let changes = warning.changes.iter().map(|change| format!("    {}", shown_change(change)));
    std::iter::once(warning.text.clone()).chain(changes).collect::<Vec<_>>().join("\n")
}

/// A change in one line, as in a diff.
pub fn shown_change(change: &PlanChange) -> String {
    let path = &change.path;
    match (&change.from, &change.to) {
        (Some(from), Some(to)) if from == to => {
            format!("{CAREFUL}~{CAREFUL:#} {path}: changed {FAINT}{from}{FAINT:#}")
        }
        (Some(from), Some(to)) => format!("{CAREFUL}~{CAREFUL:#} {path}: {from} → {to}"),
        (None, Some(to)) => format!("{GOOD}+{GOOD:#} {path}: {to}"),
        (Some(from), None) => format!("{BAD}-{BAD:#} {path}: {from}"),
        (None, None) => format!("{CAREFUL}~{CAREFUL:#} {path}"),
    }
}

/// What a plan comes to, counted: `update 1 service, build nothing`.
pub fn counted_steps<'s>(steps: impl Iterator<Item = &'s StepId>) -> String {
    let steps: Vec<_> = steps.filter(|step| matches!(step.subject, StepSubject::Component(_))).collect();
    let count = |verb: StepVerb| steps.iter().filter(|step| step.verb == verb).count();
    let both = |first: (StepVerb, &str, &str), second: (StepVerb, &str, &str)| {
        let counted = |(verb, one, many): (StepVerb, &str, &str)| {
            Some(count(verb)).filter(|count| *count > 0).map(|count| words::count(count, one, many))
        };
        let parts: Vec<String> = counted(first).into_iter().chain(counted(second)).collect();
        (!parts.is_empty()).then(|| parts.join(" and "))
    };
    let updates = both((StepVerb::Update, "service", "services"), (StepVerb::Publish, "site", "sites"));
    let builds = both((StepVerb::Build, "image", "images"), (StepVerb::Bundle, "site", "sites"));
    let copies = count(StepVerb::Copy);
    if updates.is_none() && builds.is_none() && copies == 0 {
        let changes = steps.iter().any(|step| step.verb.changes());
        return if changes { "update no service".to_owned() } else { "nothing to change".to_owned() };
    }
    let mut parts = vec![format!("update {}", updates.unwrap_or_else(|| words::count(0, "service", "services")))];
    parts.push(format!("build {}", builds.as_deref().unwrap_or("nothing")));
    parts.extend((copies > 0).then(|| format!("copy {}", words::count(copies, "image", "images"))));
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn plain(lines: &[String]) -> Vec<String> {
        lines.iter().map(|line| anstream::adapter::strip_str(line).to_string()).collect()
    }

    fn look(width: usize) -> TextStyle {
        TextStyle { width: Some(width), exact: false, now: Timestamp::from_second(1_000).unwrap() }
    }

    #[test]
    fn the_headline_says_what_from_where_to_where() {
        let mut plan = ShownPlan::sample();
        plan.components[0].running.sha = Some("a".repeat(40));
        plan.components[1].running.sha = Some("a".repeat(40));
        plan.steps = vec![PlanStep::new(StepVerb::Update, &"backend".parse().unwrap(), "")];
        let release = PlanChange { path: "release".to_owned(), from: None, to: Some("b".to_owned()) };
        plan.components[0].changes = vec![release];
        assert_eq!(plain(&headline(&plan, look(80))), ["shop   stage   aaaaaaa → 4b825dc   only the files change"]);
        plan.components[1].running.sha = None;
        plan.components[1].whereabouts.revision = Some("worker:3".to_owned());
        plan.components[1].changes =
            vec![PlanChange { path: "memory".to_owned(), from: None, to: Some("1".to_owned()) }];
        plan.intent = Intent::Rollback;
        let lines = ["shop   roll back stage", "    several → 4b825dc   the files and 1 setting change"];
        assert_eq!(plain(&headline(&plan, look(60))), lines);
        plan.steps.clear();
        plan.intent = Intent::Promote { source: "test".parse().unwrap() };
        assert_eq!(plain(&headline(&plan, look(80))), ["shop   test → stage   several → 4b825dc   nothing to change"]);
    }

    #[test]
    fn commits_stand_in_columns_that_fit() {
        let commit = |subject: &str, author: &str, seconds| {
            let at = Timestamp::from_second(seconds).ok();
            CommitLine::new("4b825dc642cb6eb9a060e54bf8d69288fbee4904".parse().unwrap(), subject, author)
                .committed_at(at)
        };
        let newest =
            vec![commit("Sell shoes that fit the customers, at long last", "Nia", 880), commit("Go", "Émile", 400)];
        let compare = Some("https://github.com/acme/shop/compare/a...b".to_owned());
        let range = CommitRange { taken_back: false, commits: Commits { count: 3, newest }, compare };
        assert_eq!(
            plain(&commits(&range, look(60))),
            [
                "  4b825dc  Sell shoes that fit the custo…  Nia    2 min ago",
                "  4b825dc  Go                              Émile  10 min ago",
                "  and 1 more",
                "  https://github.com/acme/shop/compare/a...b",
                "",
            ]
        );
    }

    #[test]
    fn a_plan_is_counted() {
        let step = |verb| StepId::new(verb, &"backend".parse().unwrap());
        for (verbs, expected) in [
            (&[] as &[StepVerb], "nothing to change"),
            (&[StepVerb::Verify], "nothing to change"),
            (&[StepVerb::MoveTags], "update no service"),
            (&[StepVerb::Register, StepVerb::Update, StepVerb::WaitFor], "update 1 service, build nothing"),
            (&[StepVerb::Build, StepVerb::Update, StepVerb::Update], "update 2 services, build 1 image"),
            (&[StepVerb::Copy, StepVerb::Update], "update 1 service, build nothing, copy 1 image"),
            (&[StepVerb::Bundle, StepVerb::Store, StepVerb::Publish, StepVerb::Prove], "update 1 site, build 1 site"),
            (&[StepVerb::Build, StepVerb::Update, StepVerb::Publish], "update 1 service and 1 site, build 1 image"),
        ] {
            let steps: Vec<StepId> = verbs.iter().copied().map(step).collect();
            assert_eq!(counted_steps(steps.iter()), expected, "{verbs:?}");
        }
    }

    #[test]
    fn the_image_is_said_to_change_only_where_it_does() {
        const IMAGE: &str = "containerDefinitions[web].image";
        const LABEL: &str = "containerDefinitions[web].dockerLabels[shipgate.sha]";
        let change = |path: &str| PlanChange { path: path.to_owned(), from: None, to: Some("b".to_owned()) };
        for (paths, expected) in [
            (&[IMAGE, LABEL][..], "only the image changes"),
            (&[IMAGE, LABEL, "cpu"], "the image and 1 setting change"),
            (&[IMAGE, LABEL, "cpu", "memory"], "the image and 2 settings change"),
            (&["release"], "only the files change"),
            (&["release", "runtime-config"], "the files and 1 setting change"),
            (&[IMAGE, LABEL, "release"], "only the image and files change"),
            (&["cpu"], "1 setting changes"),
            (&["cpu", "memory"], "2 settings change"),
            (&[], "neither the image nor a setting changes"),
        ] {
            let mut plan = ShownPlan::sample();
            let component = &mut plan.components[0];
            component.changes = paths.iter().map(|path| change(path)).collect();
            plan.steps = vec![PlanStep::new(StepVerb::Update, &component.name, "")];
            assert_eq!(what_changes(&plan), expected, "{paths:?}");
        }
        assert_eq!(what_changes(&ShownPlan::sample()), "nothing to change");
    }

    #[test]
    fn a_long_name_of_an_author_leaves_the_columns_in_place() {
        let sha = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
        for (subject, author) in [("s".repeat(10_000), "a".repeat(10_000)), ("界".repeat(200), "界".repeat(60))] {
            let newest = vec![CommitLine::new(sha.parse().unwrap(), &subject, &author)];
            let commits = Commits { newest, count: 1 };
            let range = CommitRange { commits, compare: None, taken_back: false };
            let lines = super::commits(&range, look(80));
            assert!(lines.iter().all(|line| columns(line) <= 80), "{lines:#?}");
        }
    }
}
