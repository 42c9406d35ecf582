//! The files of the repository that a release brings with it.

use camino::{Utf8Path, Utf8PathBuf};

use super::{Checkout, Configuration};
use crate::clients::git::Git;
use crate::context::Context;
use crate::domain::failure::Failure;
use crate::domain::kind::Kind;
use crate::domain::names::ComponentName;
use crate::domain::release::GitSha;
use crate::domain::target::EnvironmentTarget;

/// Where task-definition files are read from.
#[derive(Debug, Clone)]
pub enum DefinitionFiles {
    /// The working tree, in the directory of the configuration.
    WorkingTree(Checkout, Utf8PathBuf),
    /// A commit.
    Commit(Git, GitSha),
    /// Nowhere: what runs is restored as it was.
    Unused,
}

impl DefinitionFiles {
    /// The working tree. `directory`: the configuration's.
    pub fn working_tree(context: &Context, directory: &Utf8Path) -> Self {
        Self::WorkingTree(Checkout::around(context, directory), directory.to_owned())
    }

    /// The text of a file, by its path from the directory of the configuration. `None`: no file is used.
    ///
    /// # Errors
    ///
    /// `invalid`: there is no such file, or it cannot be read.
    pub async fn read(&self, path: &Utf8Path) -> Result<Option<String>, Failure> {
        let hint = "correct `task-definition`: its path begins at the configuration file";
        match self {
            Self::WorkingTree(checkout, directory) => {
                let path = directory.join(path);
                let read = checkout.read(&path);
                let text = read.map_err(|error| unusable(path.as_str()).cause(error.to_string()).hint(hint))?;
                Ok(Some(text))
            }
            Self::Commit(git, sha) => match git.file_at(sha, path).await? {
                Some(text) => Ok(Some(text)),
                None => {
                    Err(unusable(path.as_str()).cause(format!("commit {} does not have it", sha.short())).hint(hint))
                }
            },
            Self::Unused => Ok(None),
        }
    }
}

fn unusable(path: &str) -> Failure {
    Failure::invalid(format!("task-definition file {path} cannot be used"))
}

/// Takes from the release's commit what belongs to the release: task-definition files, and the pre-deploy command of
/// each component. All else is in the checked-out configuration. `recorded`: whether the ledger of the source says that
/// the release has such a command for a component.
///
/// # Errors
///
/// `failed`: one of the two is used, and the commit is neither in the clone nor to be had; `invalid`: the commit's
/// pre-deploy command is malformed.
pub async fn at_release(
    context: &Context,
    configuration: &Configuration,
    git: &Git,
    release: &GitSha,
    target: &mut EnvironmentTarget,
    recorded: &dyn Fn(&ComponentName) -> Option<bool>,
) -> Result<DefinitionFiles, Failure> {
    if let Err(failure) = have_commit(git, release).await {
        return without_commit(target, recorded, failure);
    }
    let path = Utf8Path::new(&configuration.file_name);
    let commands = match git.file_at(release, path).await? {
        Some(text) => {
            let shown = Utf8PathBuf::from(format!("{path} at {}", release.short()));
            configuration.pre_deploy_at(context, target, &text, &shown)?
        }
        None => std::collections::BTreeMap::default(),
    };
    for component in &mut target.components {
        let recorded = recorded(&component.name);
        let command = commands.get(&component.name).cloned().flatten();
        // Another environment may have one.
        let is_used = if command.is_some() { Some(true) } else { recorded };
        component.kind.take_pre_deploy(command, is_used);
    }
    Ok(DefinitionFiles::Commit(git.clone(), release.clone()))
}

/// Goes on without the commit where nothing of it is used, as far as the checked-out configuration and the ledger say.
fn without_commit(
    target: &mut EnvironmentTarget,
    recorded: &dyn Fn(&ComponentName) -> Option<bool>,
    missing: Failure,
) -> Result<DefinitionFiles, Failure> {
    for component in &mut target.components {
        let recorded = recorded(&component.name);
        if recorded == Some(true) {
            return Err(missing
                .cause(format!("the ledger says that the release has a pre-deploy command for `{}`", component.name)));
        }
        if uses_commit(&component.kind) {
            return Err(missing);
        }
        // What uses the commit's has been refused.
        component.kind.take_pre_deploy(None, recorded);
    }
    Ok(DefinitionFiles::Unused)
}

async fn have_commit(git: &Git, release: &GitSha) -> Result<(), Failure> {
    if git.has_commit(release).await || git.fetch_commit(release).await? {
        return Ok(());
    }
    Err(Failure::failed(format!("commit {release} is not in the clone and cannot be fetched"))
        .cause("its task-definition file and pre-deploy command are a part of the release")
        .hint("fetch the whole history: `fetch-depth: 0` of actions/checkout"))
}

fn uses_commit(kind: &Kind) -> bool {
    kind.pre_deploy().is_some() || kind.uses_files()
}
