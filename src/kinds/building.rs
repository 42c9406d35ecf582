//! Builds that need nothing of an environment, so that a job without credentials can make them.

use camino::{Utf8Path, Utf8PathBuf};

use super::PendingAnswer;
use crate::context::Context;
use crate::domain::names::ComponentName;
use crate::domain::release::ReleaseName;
use crate::domain::view::build::BuiltBundle;
use crate::events::Events;

/// What a build is of, and where it is made.
#[derive(Debug, Clone, Copy)]
pub struct Building<'a> {
    /// The component.
    pub component: &'a ComponentName,
    /// What is built.
    pub release: &'a ReleaseName,
    /// The directory of the configuration file.
    pub directory: &'a Utf8Path,
    /// The place of this run.
    pub context: &'a Context,
    /// Where the output of the build goes, as that of its step `build`.
    pub events: &'a Events,
}

/// A build whose result is one file.
pub trait Buildable {
    /// Builds, and writes what comes of it into a file. When the future is dropped, all that the build started is killed.
    fn build_into<'a>(&'a self, building: Building<'a>, file: Utf8PathBuf) -> PendingAnswer<'a, BuiltBundle>;
}
