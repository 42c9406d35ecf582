//! What GitHub shows: of a workflow run annotations, outputs and a summary; of a commit its statuses; a comment.

mod annotations;
mod approval;
mod bounds;
mod build;
mod check;
mod commits;
mod components;
mod details;
mod failure;
mod files;
mod gantt;
mod heading;
mod outputs;
mod place;
mod proof;
mod pull_request;
mod reading;
mod statuses;
mod summary;
mod warnings;

pub use statuses::StatusReporter;

use camino::Utf8PathBuf;

use crate::context::Context;
use crate::domain::failure::Failure;
use crate::domain::view::CommandAnswer;
use crate::report::end::{CommandEnd, Sink};
use crate::report::json;

use files::RunnerFiles;
use place::{Links, Root};

/// The run of a workflow of which this is a step.
#[derive(Debug)]
pub struct WorkflowLink {
    files: RunnerFiles,
    /// The addresses that a summary points to.
    links: Links,
    root: Root,
}

impl WorkflowLink {
    /// The run, in a workflow.
    pub fn of(context: &Context) -> Option<Self> {
        let workspace = context.variable("GITHUB_WORKSPACE").map(Utf8PathBuf::from);
        let root = Root { directory: context.directory.clone(), workspace };
        context.in_actions().then(|| Self { files: RunnerFiles::of(context), links: Links::of(context), root })
    }

    /// Shows how a change ended, or why another command failed.
    fn show(&self, end: CommandEnd<'_>) {
        let failure: Option<&Failure> = end.result.err();
        annotations::show(&annotations::of(end.record, end.outcome(), failure, &self.root));
        let document = json::of(end).unwrap_or_default();
        let outputs = outputs::of(end.record, end.outcome(), &document);
        self.files.put(&outputs, &summary::of(end.record, end.outcome(), failure, &self.links));
    }

    /// Shows what a command that changes nothing found. It has no outputs.
    fn page(&self, page: &str) {
        self.files.put(&[], page);
    }
}

impl Sink for WorkflowLink {
    fn end(&self, end: CommandEnd<'_>) {
        match end.result {
            Ok(CommandAnswer::Change(_)) | Err(_) => self.show(end),
            Ok(CommandAnswer::Check(checked)) => {
                annotations::show(&check::annotations(&checked.findings));
                let outputs: Vec<_> = outputs::document(&json::of(end).unwrap_or_default()).into_iter().collect();
                self.files.put(&outputs, &check::summary(checked, end.record, &self.links));
            }
            Ok(CommandAnswer::Contract(asked)) => {
                annotations::show(&check::annotations(&asked.findings));
                let outputs: Vec<_> = outputs::document(&json::of(end).unwrap_or_default()).into_iter().collect();
                self.files.put(&outputs, &check::contract(asked, &self.links));
            }
            Ok(CommandAnswer::Built(built)) => {
                let outputs = build::outputs(built, &json::of(end).unwrap_or_default());
                self.files.put(&outputs, &build::summary(built));
            }
            Ok(CommandAnswer::Approval(counted)) => {
                let outputs = approval::outputs(counted, &json::of(end).unwrap_or_default());
                self.files.put(&outputs, &approval::summary(counted));
            }
            Ok(CommandAnswer::Status(environments)) => self.page(&reading::status(environments, &self.links)),
            Ok(CommandAnswer::History(found)) => {
                self.page(&reading::history(&end.request.environment(), found, &self.links));
            }
            Ok(CommandAnswer::Identities(seen)) => self.page(&reading::whoami(seen, &self.links)),
            Ok(
                CommandAnswer::Gates(_)
                | CommandAnswer::Logs { .. }
                | CommandAnswer::Holds(_)
                | CommandAnswer::Document(_)
                | CommandAnswer::Script(_)
                | CommandAnswer::Credential(_),
            ) => {}
        }
    }
}
