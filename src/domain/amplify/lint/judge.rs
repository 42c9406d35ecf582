//! All rules, in one go.

use super::deploy;
use super::reached::reached;
use super::specification::{LONGEST, NAME, Specification};
use super::walk::Walker;
use crate::domain::check::outline::Outline;
use crate::domain::check::{Findings, Repository, Subject};

/// Checks the build specification of a repository and what it runs. `outline`: the configuration, where it could be read.
pub fn check(repository: &Repository<'_>, _outline: Option<&Outline>) -> Findings {
    let mut findings = Findings::default();
    let text = match repository.text(NAME) {
        None => return findings,
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
    findings.looked_at(Subject::BuildSpecification, NAME);
    let specification = match Specification::read(&text) {
        Ok(specification) => specification,
        Err(finding) => {
            findings.found(finding);
            return findings;
        }
    };
    let mut walker = Walker::new(repository);
    let all = reached(&specification, &mut walker);
    deploy::judge(&all, &mut findings);
    walker.finish(&mut findings);
    findings
}
