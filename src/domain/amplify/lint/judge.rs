//! All rules, in one go.

use super::reached::reached;
use super::specification::{LONGEST, NAME, Specification};
use super::surroundings::AmplifyContext;
use super::walk::Walker;
use super::{backends, builds, deploy, node, output, roots, shape, variables, workflows};
use crate::domain::amplify::seen::SeenApp;
use crate::domain::check::outline::Outline;
use crate::domain::check::{CheckFinding, CheckSubject, Findings, LinePlace, RepositoryFiles, Rule};

/// Names that people give the file, and Amplify does not know.
const OTHER_NAMES: [&str; 4] = ["amplify.yaml", ".amplify.yml", ".amplify.yaml", "Amplify.yml"];

/// Checks the build specification of a repository and what it runs. `outline`: the configuration, where it could be read.
/// `seen`: the apps as AWS shows them, where somebody was allowed to look; without them some rules are warnings.
pub fn check(repository: &RepositoryFiles<'_>, outline: Option<&Outline>, seen: &[SeenApp]) -> Findings {
    let mut findings = Findings::default();
    let around = AmplifyContext { repository, outline, seen };
    let text = match repository.text(NAME) {
        None => {
            other_name(repository, &mut findings);
            return findings;
        }
        Some(Ok(text)) => text,
        Some(Err(why)) => {
            findings.left_out(NAME, why, None);
            return findings;
        }
    };
    if text.chars().count() > LONGEST {
        findings.left_out(NAME, format!("it has more than {LONGEST} characters"), None);
        return findings;
    }
    findings.looked_at(CheckSubject::BuildSpecification, NAME);
    match Specification::read(&text) {
        Ok(specification) => judge(&specification, &text, &around, &mut findings),
        Err(finding) => findings.found(finding),
    }
    findings
}

fn judge(specification: &Specification, text: &str, around: &AmplifyContext<'_>, findings: &mut Findings) {
    let mut walker = Walker::new(around.repository);
    let all = reached(specification, &mut walker);
    let workflows = workflows::workflows(around.repository, &mut walker);
    shape::judge(specification, text, findings);
    roots::judge(specification, &all, around, findings);
    deploy::judge(specification, &all, around, findings);
    builds::judge(specification, &all, around, findings);
    backends::judge(specification, &all, &workflows, around, findings);
    workflows::judge(&workflows, findings);
    output::judge(specification, &mut walker, around, findings);
    node::judge(specification, &all, &mut walker, around, findings);
    variables::judge(specification, &all, around, findings);
    walker.finish(findings);
}

/// A file that is meant to be the build specification.
fn other_name(repository: &RepositoryFiles<'_>, findings: &mut Findings) {
    for name in OTHER_NAMES.into_iter().filter(|name| repository.has(name)) {
        let message = format!("Amplify does not read `{name}`: the settings of the console count");
        let finding = CheckFinding::new(Rule::BuildSpecFileName, message, format!("rename it to `{NAME}`"));
        findings.found(finding.in_file(name, Some(LinePlace::at(1, 1))));
    }
}
