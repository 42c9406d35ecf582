//! What was found, what was looked at, and what was not.

use std::collections::BTreeMap;
use std::fmt;

use super::place::LinePlace;
use super::rule::{Rule, Severity};
use crate::domain::limits::FINDINGS;
use crate::domain::neutral;
use crate::domain::outcome::Outcome;

/// How much of a message or hint is kept, in characters.
const LONGEST_TEXT: usize = 1000;
/// How much of a name is kept, in characters.
const LONGEST_NAME: usize = 300;

/// One thing that was found. All of its text is neutral.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CheckFinding {
    /// The file, relative to the root of the repository. Absent: it is about no file.
    pub file: Option<String>,
    /// The place in the file, where it is known.
    pub place: Option<LinePlace>,
    /// How bad it is.
    pub level: Severity,
    /// Which rule found it.
    pub rule: Rule,
    /// What is wrong: a fragment in lower case that names the thing.
    pub message: String,
    /// What to do about it: the exact action.
    pub hint: String,
}

impl CheckFinding {
    /// A finding of the rule's own level, about no file. Both texts may hold foreign names.
    pub fn new(rule: Rule, message: impl AsRef<str>, hint: impl AsRef<str>) -> Self {
        Self {
            file: None,
            place: None,
            level: rule.level(),
            rule,
            message: neutral::phrase(message.as_ref(), LONGEST_TEXT),
            hint: neutral::phrase(hint.as_ref(), LONGEST_TEXT),
        }
    }

    /// The same in a file.
    #[must_use]
    pub fn in_file(self, file: &str, place: Option<LinePlace>) -> Self {
        Self { file: Some(neutral::phrase(file, LONGEST_NAME)), place, ..self }
    }

    /// The same with another level than the rule's own.
    #[must_use]
    pub fn at_level(self, level: Severity) -> Self {
        Self { level, ..self }
    }
}

/// The kinds of things that are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CheckSubject {
    /// The configuration file.
    Configuration,
    /// A workflow file.
    Workflow,
    /// A Dockerfile.
    Dockerfile,
    /// A task-definition file.
    TaskDefinition,
    /// A file of variables: `.env`.
    Variables,
    /// A build specification of Amplify.
    BuildSpecification,
    /// An environment, as AWS shows it.
    Environment,
}

impl CheckSubject {
    fn counted(self, count: usize) -> String {
        let (one, several) = match self {
            Self::Configuration => ("configuration file", "configuration files"),
            Self::Workflow => ("workflow file", "workflow files"),
            Self::Dockerfile => ("Dockerfile", "Dockerfiles"),
            Self::TaskDefinition => ("task-definition file", "task-definition files"),
            Self::Variables => ("file of variables", "files of variables"),
            Self::BuildSpecification => ("build specification", "build specifications"),
            Self::Environment => ("environment", "environments"),
        };
        format!("{count} {}", if count == 1 { one } else { several })
    }
}

/// Something that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CheckedItem {
    /// What it is.
    pub subject: CheckSubject,
    /// Its name: for a file, the path from the root of the repository.
    pub name: String,
}

/// Something that could not be looked at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SkippedItem {
    /// What.
    pub what: String,
    /// Why not.
    pub why: String,
    /// What to do to have it looked at, where something can be done.
    pub hint: Option<String>,
}

/// The result of a check: complete, ordered, and ready for any report.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// What was found: by file and place, each once.
    pub all: Vec<CheckFinding>,
    /// What was looked at.
    pub looked_at: Vec<CheckedItem>,
    /// What was not.
    pub left_out: Vec<SkippedItem>,
    /// How many of each level were found beyond what is reported.
    beyond: BTreeMap<Severity, usize>,
}

impl Findings {
    /// Notes a finding.
    pub fn found(&mut self, finding: CheckFinding) {
        self.all.push(finding);
    }

    /// Notes what was looked at.
    pub fn looked_at(&mut self, subject: CheckSubject, name: &str) {
        self.looked_at.push(CheckedItem { subject, name: neutral::phrase(name, LONGEST_NAME) });
    }

    /// Notes what could not be looked at.
    pub fn left_out(&mut self, what: impl AsRef<str>, why: impl AsRef<str>, hint: Option<String>) {
        self.left_out.push(SkippedItem {
            what: neutral::phrase(what.as_ref(), LONGEST_NAME),
            why: neutral::phrase(why.as_ref(), LONGEST_TEXT),
            hint: hint.map(|hint| neutral::phrase(&hint, LONGEST_TEXT)),
        });
    }

    /// Takes what another part of the check found.
    pub fn extend(&mut self, other: Self) {
        self.all.extend(other.all);
        self.looked_at.extend(other.looked_at);
        self.left_out.extend(other.left_out);
    }

    /// Puts everything in order, each once, and keeps what can be reported: the worst findings, and the first parts that
    /// were left out. The rest is counted.
    #[must_use]
    pub fn sorted(mut self) -> Self {
        self.all.sort();
        self.all.dedup();
        self.looked_at.sort();
        self.looked_at.dedup();
        self.left_out.sort();
        self.left_out.dedup();
        let most = FINDINGS.count();
        let why = format!("at most {FINDINGS} are reported");
        if self.left_out.len() > most {
            let more = self.left_out.len() - most;
            self.left_out.truncate(most);
            self.left_out(format!("{more} more parts that were left out"), &why, None);
        }
        if self.all.len() > most {
            self.all.sort_by_key(|finding| finding.level);
            let more = self.all.split_off(most);
            for finding in &more {
                *self.beyond.entry(finding.level).or_default() += 1;
            }
            self.all.sort();
            let hint = Some("correct those that are reported, and check again".to_owned());
            self.left_out(format!("{} more findings", more.len()), &why, hint);
        }
        self
    }

    /// How many there are of a level.
    pub fn count(&self, level: Severity) -> usize {
        let reported = self.all.iter().filter(|finding| finding.level == level).count();
        reported + self.beyond.get(&level).copied().unwrap_or_default()
    }

    /// How the check ends: a finding of level error makes it `invalid`.
    pub fn outcome(&self) -> Outcome {
        if self.count(Severity::Error) > 0 { Outcome::Invalid } else { Outcome::Unchanged }
    }

    /// The one line that says it all: `2 errors, 1 warning in shipgate.toml and 3 workflow files`.
    pub fn summary(&self) -> String {
        let counts: Vec<String> = [Severity::Error, Severity::Warning, Severity::Note]
            .into_iter()
            .filter_map(|level| {
                let count = self.count(level);
                let word = level.as_str();
                (count > 0).then(|| format!("{count} {word}{}", if count == 1 { "" } else { "s" }))
            })
            .collect();
        let found = if counts.is_empty() { "nothing wrong".to_owned() } else { counts.join(", ") };
        format!("{found} in {}", Subjects(&self.looked_at))
    }
}

/// What was looked at, in words.
struct Subjects<'a>(&'a [CheckedItem]);

impl fmt::Display for Subjects<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = |subject: CheckSubject| {
            let mut of: Vec<&str> =
                self.0.iter().filter(|seen| seen.subject == subject).map(|seen| seen.name.as_str()).collect();
            of.dedup();
            match (subject, of.as_slice()) {
                (_, []) => None,
                (CheckSubject::Configuration | CheckSubject::Environment, [only]) => Some((*only).to_owned()),
                (_, several) => Some(subject.counted(several.len())),
            }
        };
        let all = [
            CheckSubject::Configuration,
            CheckSubject::Workflow,
            CheckSubject::Dockerfile,
            CheckSubject::TaskDefinition,
            CheckSubject::Variables,
            CheckSubject::BuildSpecification,
            CheckSubject::Environment,
        ];
        let parts: Vec<String> = all.into_iter().filter_map(named).collect();
        match parts.split_last() {
            None => formatter.write_str("nothing: there was nothing to check"),
            Some((last, [])) => formatter.write_str(last),
            Some((last, before)) => write!(formatter, "{} and {last}", before.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(level: Severity, line: usize, message: &str) -> CheckFinding {
        CheckFinding::new(Rule::Unpinned, message, "hint")
            .at_level(level)
            .in_file("a.yml", Some(LinePlace::at(line, 1)))
    }

    #[test]
    fn findings_are_sorted_told_once_and_summed_up() {
        let mut findings = Findings::default();
        for finding in [
            finding(Severity::Warning, 9, "b"),
            finding(Severity::Error, 2, "a"),
            finding(Severity::Error, 10, "c"),
            finding(Severity::Error, 2, "a"),
        ] {
            findings.found(finding);
        }
        findings.looked_at(CheckSubject::Workflow, "b.yml");
        findings.looked_at(CheckSubject::Workflow, "a.yml");
        findings.looked_at(CheckSubject::Configuration, "shipgate.toml");
        let findings = findings.sorted();
        let messages: Vec<&str> = findings.all.iter().map(|finding| finding.message.as_str()).collect();
        assert_eq!(messages, ["a", "b", "c"]);
        assert_eq!(findings.summary(), "2 errors, 1 warning in shipgate.toml and 2 workflow files");
        assert_eq!(findings.outcome(), Outcome::Invalid);
    }

    #[test]
    fn nothing_wrong_says_what_was_looked_at_and_nothing_to_look_at_says_so() {
        let mut findings = Findings::default();
        assert_eq!(findings.summary(), "nothing wrong in nothing: there was nothing to check");
        findings.looked_at(CheckSubject::Configuration, "shipgate.toml");
        findings.looked_at(CheckSubject::Dockerfile, "Dockerfile");
        findings.looked_at(CheckSubject::Environment, "stage");
        assert_eq!(findings.summary(), "nothing wrong in shipgate.toml, 1 Dockerfile and stage");
        assert_eq!(findings.outcome(), Outcome::Unchanged);
        findings.found(finding(Severity::Warning, 1, "only a warning"));
        assert_eq!(findings.outcome(), Outcome::Unchanged);
    }

    #[test]
    fn the_worst_is_reported_and_all_is_counted() {
        let mut findings = Findings::default();
        let most = FINDINGS.count();
        for line in 1..=most {
            findings.found(finding(Severity::Warning, line, "w"));
            findings.left_out(format!("part {line}"), "why", None);
        }
        findings.found(finding(Severity::Error, 9_999_999, "e"));
        findings.left_out("zzz", "why", None);
        let findings = findings.sorted();
        assert_eq!((findings.all.len(), findings.left_out.len()), (most, most + 2));
        assert_eq!(findings.all.last().unwrap().level, Severity::Error);
        assert_eq!(findings.count(Severity::Warning), most);
        assert!(findings.summary().starts_with(&format!("1 error, {most} warnings")), "{}", findings.summary());
        let last: Vec<&str> = findings.left_out[most..].iter().map(|left| left.what.as_str()).collect();
        assert_eq!(last, ["1 more parts that were left out", "1 more findings"]);
        assert_eq!(findings.outcome(), Outcome::Invalid);
    }

    #[test]
    fn foreign_text_is_harmless() {
        let finding = CheckFinding::new(Rule::WorkflowSyntax, "::error::x", "a\n##[group]")
            .in_file("::notice::\u{1b}[31m.yml", None);
        assert_eq!(finding.message, ": :error::x");
        assert_eq!(finding.hint, "a; # #[group]");
        assert_eq!(finding.file.as_deref(), Some(": :notice::.yml"));
    }
}
