//! A check at the widths of terminals.

use super::*;
use crate::domain::check::{CheckSubject, LinePlace, Rule};
use crate::report::golden::{Rendered, now};

fn findings() -> Findings {
    let mut findings = Findings::default();
    let error = CheckFinding::new(
        Rule::IdToken,
        "job `deploy-to-stage` has a role and may not ask for a token, since its permissions lack id-token",
        "give the job permissions: id-token: write; contents: read has to be there too",
    );
    let workflow = ".github/workflows/deploy.yml";
    findings.found(error.in_file(workflow, Some(LinePlace::at(3, 5))));
    let unpinned = CheckFinding::new(Rule::Unpinned, "`actions/checkout@v4` can be moved", "pin it");
    findings.found(unpinned.in_file(workflow, Some(LinePlace::at(12, 9))));
    findings.found(CheckFinding::new(Rule::SecretInImage, "`A` looks like a secret", "mount it").in_file("D", None));
    findings.looked_at(CheckSubject::Configuration, "shipgate.toml");
    findings.looked_at(CheckSubject::Workflow, workflow);
    findings.left_out(
        "what merging would change on stage",
        "there are no AWS credentials: the credential provider was not enabled",
        Some(
            "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; in GitHub Actions run \
              aws-actions/configure-aws-credentials before"
                .to_owned(),
        ),
    );
    findings.sorted()
}

/// A check with such findings.
fn ended(findings: &Findings, shown: ReportDetail, look: TextStyle) -> Vec<String> {
    lines(("check", Conclusion::of(findings)), findings, shown, look)
}

/// What is kept of `check`.
pub fn cases() -> Vec<Rendered> {
    let of = |name, findings: fn() -> Findings| {
        Rendered::new(name, move |look| ended(&findings(), ReportDetail::Everything, look).join("\n"))
    };
    let nothing = || {
        let mut findings = Findings::default();
        findings.looked_at(CheckSubject::Configuration, "shipgate.toml");
        findings
    };
    vec![of("check", findings), of("check-nothing", nothing)]
}

const PIPE: TextStyle = TextStyle { width: None, exact: false, now: jiff::Timestamp::UNIX_EPOCH };

#[test]
fn elsewhere_than_on_a_terminal_each_finding_is_a_line() {
    let text = ended(&findings(), ReportDetail::Everything, PIPE);
    let plain: Vec<String> = text.iter().map(|line| anstream::adapter::strip_str(line).to_string()).collect();
    let begins = [
        ".github/workflows/deploy.yml:3:5: error: job `deploy-to-stage` has a role",
        "  hint: give",
        ".github/workflows/deploy.yml:12:9: ",
        "  hint: pin it",
        "D: note: `A` looks like a secret [secret-in-image]",
        "  hint: mount it",
        "checked: shipgate.toml, .github/workflows/deploy.yml",
        "skipped: what merging would change on stage: there are no AWS credentials",
        "  hint: set AWS_PROFILE",
        "✗ check failed: 1 error, ",
    ];
    assert_eq!(plain.len(), begins.len(), "{plain:#?}");
    assert!(plain.iter().zip(begins).all(|(line, begin)| line.starts_with(begin)), "{plain:#?}");
}

#[test]
fn on_a_terminal_a_place_can_be_searched_for() {
    let look = TextStyle { width: Some(80), exact: false, now: now() };
    let text = ended(&findings(), ReportDetail::Everything, look).join("\n");
    assert!(text.contains(".github/workflows/deploy.yml:12:9: "), "{text}");
}

#[test]
fn quiet_has_the_errors_and_the_sum() {
    let found = ended(&findings(), ReportDetail::Quiet, PIPE);
    assert_eq!(found.len(), 3, "{found:?}");
    assert_eq!(ended(&Findings::default(), ReportDetail::Quiet, PIPE).len(), 1, "never silent");
}
