//! The table `[github]`: what is said of GitHub for all environments.

use super::error::Problems;
use super::interpret::all;
use super::literal::{distinct, parsed};
use super::read::{FromToml, Located, OneOrMore, TomlNode};
use super::values::ValueFault;
use crate::domain::github::workflows::TrustedWorkflows;

/// Maximum number of commits that are trusted at once: the one in use, and the next one.
const MOST_COMMITS: usize = 2;

/// What is said of GitHub.
#[derive(Debug, Clone, Default)]
#[cfg_attr(
    test,
    derive(schemars::JsonSchema),
    schemars(rename = "GitHub", rename_all = "kebab-case", deny_unknown_fields)
)]
pub(super) struct RawGitHub {
    /// The repository with the workflows of shipgate at the commit that is trusted, `OWNER/NAME@COMMIT`; two commits while
    /// a new version is rolled through. Default: none, and no role can ask for the workflow that it is assumed in.
    workflows: Option<OneOrMore>,
}

impl FromToml for RawGitHub {
    fn read(node: &TomlNode<'_>, problems: &mut Problems) -> Self {
        let Some(mut table) = node.table(problems) else { return Self::default() };
        let github = Self {
            workflows: table.optional_with("workflows", |node, problems| {
                node.refuse_empty("name a repository at a commit, or remove it", problems);
                OneOrMore::read(node, problems)
            }),
        };
        table.refuse_unknown();
        github
    }
}

impl RawGitHub {
    /// Whether it names workflows, also where that is wrong.
    pub(super) fn names_workflows(&self) -> bool {
        self.workflows.is_some()
    }

    /// The workflows that it names, as they stand there.
    pub(super) fn written(&self) -> &[Located<String>] {
        self.workflows.as_ref().map_or(&[], OneOrMore::each)
    }

    /// The workflows that are trusted. `None`: something in it is wrong, which is noted.
    pub(super) fn workflows(&self, problems: &mut Problems) -> Option<Vec<TrustedWorkflows>> {
        let written = self.written();
        distinct("workflows", written, problems);
        if let Some(Located { span, .. }) = written.get(MOST_COMMITS) {
            problems.at(span, "`workflows` has more than two commits", "remove those that are not used any more");
        }
        let read = |text: &str| text.parse().map_err(ValueFault::from);
        all(written.iter().map(|text| parsed("workflows", text, read, problems)).collect())
    }
}
