//! The rules of `check` on files that static sites are built from, and on workflows that write to their buckets.
//! `docs/static-site/README.md` has them.

mod build;
mod deployers;
mod surroundings;
#[cfg(test)]
mod tests;

use surroundings::KIND;

use crate::domain::check::outline::Outline;
use crate::domain::check::{Findings, RepositoryFiles};

/// Checks all sites of a configuration. Where nothing is configured or no file is known, nothing is found.
pub fn check(repository: &RepositoryFiles<'_>, outline: Option<&Outline>) -> Findings {
    let mut findings = Findings::default();
    let Some(outline) = outline.filter(|_| repository.names().next().is_some()) else { return findings };
    for site in outline.of_kind(KIND) {
        build::judge(repository, outline, site, &mut findings);
    }
    deployers::judge(repository, outline, &mut findings);
    findings
}
