//! Annotations: what the run's page and the changed files show beside the log.

use camino::Utf8PathBuf;

use super::place::Root;
use crate::domain::failure::{ConfigurationProblem, Failure};
use crate::domain::github::command::{LONGEST_MESSAGE, RunnerCommand};
use crate::domain::limits::ANNOTATIONS;
use crate::domain::neutral;
use crate::domain::outcome::Outcome;
use crate::report::record::{Record, RecordedWarning};
use crate::sink;

/// How much an annotation matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnnotationLevel {
    /// It has to be fixed.
    Error,
    /// It should be looked at.
    Warning,
    /// It is good to know.
    Notice,
}

/// Something to show, where it can be at a place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotation {
    /// How much it matters.
    pub level: AnnotationLevel,
    /// What it is about, in a few words.
    pub title: String,
    /// What is to be said; may have several lines.
    pub message: String,
    /// Where.
    pub place: Option<AnnotationPlace>,
}

/// A place in a file of the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnnotationPlace {
    /// The file, relative to the repository's root.
    pub file: Utf8PathBuf,
    /// The line, from 1.
    pub line: Option<usize>,
    /// The column in characters, from 1.
    pub column: Option<usize>,
}

/// What is shown of a command with an outcome.
pub fn of(record: &Record, outcome: Outcome, failure: Option<&Failure>, root: &Root) -> Vec<Annotation> {
    let mut annotations = Vec::new();
    if let Some(failure) = failure {
        let title = format!("{outcome}: {}", record.place);
        match &failure.diagnostics {
            Some(diagnostics) => {
                annotations.extend(diagnostics.problems.iter().map(|problem| of_problem(problem, &title, root)));
            }
            None => annotations.push(Annotation {
                level: AnnotationLevel::Error,
                title,
                message: fitting(failure),
                place: None,
            }),
        }
    }
    annotations.extend(record.warnings.iter().map(|warning| Annotation {
        level: AnnotationLevel::Warning,
        title: format!("{} {}", record.command, record.place),
        message: with_hint(warning),
        place: None,
    }));
    annotations
}

fn with_hint(warning: &RecordedWarning) -> String {
    let hint = warning.hint.iter().map(|hint| format!("hint: {hint}"));
    std::iter::once(warning.shown()).chain(hint).collect::<Vec<_>>().join("\n")
}

fn of_problem(problem: &ConfigurationProblem, title: &str, root: &Root) -> Annotation {
    let place = problem.file.as_ref().map(|file| AnnotationPlace {
        file: root.relative(file),
        line: problem.place.map(|place| place.line),
        column: problem.place.map(|place| place.column),
    });
    let message = format!("{}\nhint: {}", problem.message, problem.hint);
    Annotation { level: AnnotationLevel::Error, title: title.to_owned(), message, place }
}

/// What is wrong, why, and what to do about it.
pub fn message(failure: &Failure) -> String {
    let hints = failure.hints.iter().map(|hint| format!("hint: {hint}"));
    let causes = failure.causes.iter().map(|cause| format!("  {cause}"));
    std::iter::once(failure.reason.clone()).chain(causes).chain(hints).collect::<Vec<_>>().join("\n")
}

/// The same within the length that an annotation may have: rather lines of the causes are left out than what to do.
fn fitting(failure: &Failure) -> String {
    let length = |text: &str| text.chars().count() + 1;
    let message = message(failure);
    let mut lines: Vec<&str> = message.lines().collect();
    let hints = lines.iter().rev().take_while(|line| line.starts_with("hint: ")).count();
    let mut total: usize = lines.iter().map(|line| length(line)).sum();
    let mut left_out = 0;
    while total + length(LEFT_OUT) >= LONGEST_MESSAGE && lines.len() > hints + 2 {
        let line = lines.remove(lines.len() - hints - 1);
        total -= length(line);
        left_out += 1;
    }
    if left_out > 0 {
        lines.insert(lines.len() - hints, LEFT_OUT);
    }
    lines.join("\n")
}

/// Takes the place of causes that an annotation has no room for.
const LEFT_OUT: &str = "  … and more: the log and the summary have it";

/// Hands annotations to the runner, as many as it keeps.
pub fn show(annotations: &[Annotation]) {
    for command in commands(annotations) {
        sink::command(&command);
    }
}

fn commands(annotations: &[Annotation]) -> Vec<RunnerCommand> {
    let mut commands = Vec::new();
    for level in [AnnotationLevel::Error, AnnotationLevel::Warning, AnnotationLevel::Notice] {
        let of_level: Vec<&Annotation> = annotations.iter().filter(|annotation| annotation.level == level).collect();
        let shown = if of_level.len() > ANNOTATIONS.count() { ANNOTATIONS.count() - 1 } else { of_level.len() };
        commands.extend(of_level.iter().take(shown).map(|annotation| command(annotation)));
        let more = of_level.len() - shown;
        if more > 0 {
            let message = format!("and {more} more: the log and the summary have them all");
            commands.push(RunnerCommand::new(name(level), message).property("title", "shipgate"));
        }
    }
    commands
}

fn name(level: AnnotationLevel) -> &'static str {
    match level {
        AnnotationLevel::Error => "error",
        AnnotationLevel::Warning => "warning",
        AnnotationLevel::Notice => "notice",
    }
}

fn command(annotation: &Annotation) -> RunnerCommand {
    let message = neutral::lines(&annotation.message).join("\n");
    let mut command = RunnerCommand::new(name(annotation.level), cut(&message));
    if let Some(place) = &annotation.place {
        command = command.property("file", place.file.as_str());
        let numbers = [("line", place.line), ("col", place.column)];
        for (name, number) in numbers.into_iter().filter_map(|(name, number)| Some((name, number?))) {
            command = command.property(name, number.to_string());
        }
    }
    command.property("title", neutral::phrase(&format!("shipgate: {}", annotation.title), 200))
}

fn cut(message: &str) -> String {
    match message.char_indices().nth(LONGEST_MESSAGE - 1) {
        Some((end, _)) => format!("{}…", message.get(..end).unwrap_or_default()),
        None => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn annotation(level: AnnotationLevel, message: &str) -> Annotation {
        Annotation { level, title: "failed: stage".to_owned(), message: message.to_owned(), place: None }
    }

    #[test]
    fn the_runner_gets_no_more_than_it_keeps_and_is_told_of_the_rest() {
        let mut many: Vec<Annotation> =
            (0..12).map(|n| annotation(AnnotationLevel::Warning, &format!("w{n}"))).collect();
        many.insert(3, annotation(AnnotationLevel::Error, "e"));
        let commands = commands(&many);
        assert_eq!(commands.len(), 11);
        assert_eq!(commands[0].to_string(), "::error title=shipgate%3A failed%3A stage::e");
        assert!(commands[10].to_string().contains("and 3 more"), "{}", commands[10]);
        assert_eq!(super::commands(&many[..10]).len(), 10);
    }

    #[test]
    fn hints_stay_where_causes_are_too_long() {
        let lines = (0..30).map(|number| format!("its log: {number} {}", "ä".repeat(400)));
        let failure = lines.fold(Failure::failed("it failed"), Failure::cause).hint("one").hint("two");
        let shown = fitting(&failure);
        assert!(shown.chars().count() < LONGEST_MESSAGE, "{}", shown.chars().count());
        assert!(
            shown.starts_with("it failed\n  its log: 0")
                && shown.ends_with(&format!("{LEFT_OUT}\nhint: one\nhint: two"))
        );
        let short = Failure::failed("it failed").cause("why").hint("one");
        assert_eq!(fitting(&short), message(&short));
    }

    #[test]
    fn foreign_text_stays_in_its_annotation() {
        let mut forged = annotation(AnnotationLevel::Error, "no\n::warning::forged\u{1b}[31m");
        forged.place = Some(AnnotationPlace { file: "a,b::c.toml".into(), line: Some(3), column: None });
        assert_eq!(
            command(&forged).to_string(),
            "::error file=a%2Cb%3A%3Ac.toml,line=3,title=shipgate%3A failed%3A stage::no%0A: :warning::forged"
        );
        let long = command(&annotation(AnnotationLevel::Error, &"ä".repeat(5000))).to_string();
        assert!(long.ends_with("ä…") && long.chars().filter(|c| *c == 'ä').count() == 4095);
    }
}
