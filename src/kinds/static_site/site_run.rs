//! A site in the course of a run: what each part of carrying its plan out needs.

use std::cell::Cell;

use super::bundle::Bundle;
use super::site::SiteConnection;
use crate::domain::static_site::plan::{SiteFacts, SitePlan};
use crate::domain::static_site::store::Owner;
use crate::domain::step::{StepId, StepVerb};
use crate::kinds::ApplyRun;

/// One site in the course of a run.
pub struct SiteRun<'a> {
    /// The run.
    pub run: &'a ApplyRun<'a>,
    /// The site.
    pub site: &'a SiteConnection,
    /// Its plan.
    pub plan: &'a SitePlan,
    /// What it was planned from.
    pub facts: &'a SiteFacts,
    /// The bytes of the file that differs between environments, where this run writes it.
    pub config: Option<&'a [u8]>,
    /// The files, where this run has them on the disk.
    pub bundle: Option<&'a Bundle>,
    /// The values in it and in place of markers, by name.
    pub values: &'a [(String, String)],
    /// This run, as the owner of the lock.
    pub owner: Owner,
    /// Whether what serves was changed, or may have been.
    pub changed: Cell<bool>,
}

impl SiteRun<'_> {
    /// A step of its plan.
    pub fn step(&self, verb: StepVerb) -> StepId {
        StepId::new(verb, &self.site.target.name)
    }
}
