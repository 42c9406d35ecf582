//! What a workflow run shows and hands on: annotations, outputs and a summary.

mod annotations;
mod check;
mod files;
mod gantt;
mod outputs;
mod summary;

use camino::{Utf8Path, Utf8PathBuf};

use crate::commands::check::Checked;
use crate::context::Context;
use crate::domain::failure::Failure;
use crate::domain::outcome::Outcome;
use crate::report::journal::Record;

use files::Files;

/// The run of a workflow that we are a step of.
#[derive(Debug)]
pub struct Workflow {
    files: Files,
    /// The addresses that a summary points to.
    links: Links,
    root: Root,
}

/// Where we are, and where the repository's root is: annotations name files from there.
#[derive(Debug)]
struct Root {
    directory: Utf8PathBuf,
    workspace: Option<Utf8PathBuf>,
}

impl Root {
    /// A file as it was named to us, from the root.
    fn relative(&self, path: &Utf8Path) -> Utf8PathBuf {
        let whole = self.directory.join(path);
        let from_root = self.workspace.as_ref().and_then(|workspace| whole.strip_prefix(workspace).ok());
        from_root.unwrap_or(path).to_owned()
    }
}

/// Addresses of GitHub.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Links {
    /// The repository's page.
    pub repository: Option<String>,
    /// The run's page.
    pub run: Option<String>,
}

impl Workflow {
    /// The run, where we are in one.
    pub fn of(context: &Context) -> Option<Self> {
        let links = Links { repository: context.source_url(), run: context.run_url() };
        let workspace = context.variable("GITHUB_WORKSPACE").map(Utf8PathBuf::from);
        let root = Root { directory: context.directory.clone(), workspace };
        context.in_actions().then(|| Self { files: Files::of(context), links, root })
    }

    /// Tells how a command with an outcome ended. `document` is its JSON.
    pub fn tell(&self, record: &Record, outcome: Outcome, failure: Option<&Failure>, document: &str) {
        annotations::show(&annotations::of(record, outcome, failure, &self.root));
        let outputs = outputs::of(record, outcome, document);
        self.files.put(&outputs, &summary::of(record, outcome, failure, &self.links));
    }

    /// What the page of a check says.
    pub fn page(&self, checked: &Checked) -> String {
        check::summary(checked, &self.links)
    }

    /// Tells how a check ended. `document` is its JSON, `page` what [`Self::page`] says.
    pub fn tell_check(&self, checked: &Checked, document: &str, page: &str) {
        annotations::show(&check::annotations(&checked.findings));
        let outputs: Vec<_> = outputs::document(document).into_iter().collect();
        self.files.put(&outputs, page);
    }
}
