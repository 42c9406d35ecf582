//! A check for people: one line for each finding, as compilers write them, and one that sums up.

use super::lines::Level as Shown;
use super::style::{BAD, CAREFUL, FAINT, GOOD, STRONG};
use crate::domain::check::{Finding, Findings, LeftOut, Level};

/// The lines, the last one the summary. `shown`: the least important findings that are wanted.
pub fn lines(findings: &Findings, shown: Shown) -> Vec<String> {
    let is_wanted = |finding: &&Finding| match finding.level {
        Level::Error => true,
        Level::Warning => shown >= Shown::Warnings,
        Level::Note => shown >= Shown::Everything,
    };
    let mut lines: Vec<String> = findings.all.iter().filter(is_wanted).flat_map(finding).collect();
    if shown >= Shown::Everything {
        let names: Vec<&str> = findings.looked_at.iter().map(|seen| seen.name.as_str()).collect();
        if !names.is_empty() {
            lines.push(format!("{FAINT}looked at: {}{FAINT:#}", names.join(", ")));
        }
        lines.extend(findings.left_out.iter().flat_map(left_out));
    }
    let (style, word) = if findings.count(Level::Error) > 0 { (BAD, "failed") } else { (GOOD, "passed") };
    lines.push(format!("{style}check {word}{style:#}: {}", findings.summary()));
    lines
}

fn finding(finding: &Finding) -> [String; 2] {
    let place = match (&finding.file, finding.place) {
        (Some(file), Some(place)) => format!("{file}:{}:{}: ", place.line, place.column),
        (Some(file), None) => format!("{file}: "),
        (None, _) => String::new(),
    };
    let style = match finding.level {
        Level::Error => BAD,
        Level::Warning => CAREFUL,
        Level::Note => STRONG,
    };
    let (level, rule) = (finding.level.as_str(), finding.rule);
    [
        format!("{place}{style}{level}:{style:#} {} {FAINT}[{rule}]{FAINT:#}", finding.message),
        format!("  {STRONG}hint:{STRONG:#} {}", finding.hint),
    ]
}

fn left_out(left: &LeftOut) -> Vec<String> {
    let mut lines = vec![format!("{FAINT}left out: {}: {}{FAINT:#}", left.what, left.why)];
    lines.extend(left.hint.as_ref().map(|hint| format!("  {STRONG}hint:{STRONG:#} {hint}")));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::check::{Place, Rule, Subject};

    fn findings() -> Findings {
        let mut findings = Findings::default();
        let error = Finding::new(Rule::IdToken, "job `a` may not", "add it");
        findings.found(error.in_file("a.yml", Some(Place::at(3, 5))));
        findings.found(Finding::new(Rule::SecretInImage, "`A` looks like a secret", "mount it").in_file("D", None));
        findings.looked_at(Subject::Workflow, "a.yml");
        findings.left_out("stage", "there is no token", Some("ask for one".to_owned()));
        findings.sorted()
    }

    fn plain(findings: &Findings, shown: Shown) -> Vec<String> {
        lines(findings, shown).iter().map(|line| anstream::adapter::strip_str(line).to_string()).collect()
    }

    #[test]
    fn findings_read_like_those_of_a_compiler() {
        assert_eq!(
            plain(&findings(), Shown::Everything),
            [
                "D: note: `A` looks like a secret [secret-in-image]",
                "  hint: mount it",
                "a.yml:3:5: error: job `a` may not [id-token]",
                "  hint: add it",
                "looked at: a.yml",
                "left out: stage: there is no token",
                "  hint: ask for one",
                "check failed: 1 error, 1 note in 1 workflow file",
            ]
        );
    }

    #[test]
    fn quiet_has_the_errors_and_the_sum() {
        let lines = plain(&findings(), Shown::Quiet);
        assert_eq!(lines.len(), 3, "{lines:?}");
        assert_eq!(plain(&Findings::default(), Shown::Quiet).len(), 1, "never silent");
    }
}
