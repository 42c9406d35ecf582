//! What every command starts from: where it runs, how it was called, and where its events go.

use camino::Utf8Path;
use jiff::Timestamp;

use crate::cli::Global;
use crate::clients::git::Git;
use crate::clients::process::Processes;
use crate::context::Context;
use crate::domain::failure::Failure;
use crate::events::Events;
use crate::observe::{Configuration, Identities};

/// One invocation of the program.
#[derive(Debug, Clone, Copy)]
pub struct Session<'a> {
    /// Where it runs.
    pub context: &'a Context,
    /// The options of every command.
    pub global: &'a Global,
    /// Where its events go.
    pub events: &'a Events,
    /// Reads the wall clock.
    pub clock: fn() -> Timestamp,
}

impl<'a> Session<'a> {
    /// Reads the configuration.
    ///
    /// # Errors
    ///
    /// `invalid`: it is wrong in itself.
    pub fn configuration(&self) -> Result<Configuration, Failure> {
        Configuration::load(self.context, self.global.config.as_deref())
    }

    /// Who shipgate is where.
    pub fn identities(&self, configuration: &Configuration) -> Identities<'a> {
        Identities::new(self.context, &configuration.directory, configuration.promotions())
    }

    /// Child processes.
    pub fn processes(&self) -> Processes {
        Processes::new(self.context.child_environment())
    }

    /// The repository around a directory.
    pub fn git(&self, directory: &Utf8Path) -> Git {
        Git::new(self.processes(), directory, self.context.owners())
    }

    /// The same session, whose events go elsewhere.
    pub fn with_events<'e>(&self, events: &'e Events) -> Session<'e>
    where
        'a: 'e,
    {
        Session { events, ..*self }
    }
}
