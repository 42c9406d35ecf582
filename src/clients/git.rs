//! What git says of the working tree. The one place that starts git, and that decides with which settings.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ffi::OsString;
use std::sync::{Arc, Mutex, OnceLock};

use camino::{Utf8Path, Utf8PathBuf};

pub use super::git_error::GitError;
use super::git_repository::{Owners, WorkTree};
use super::process::{Processes, ProgramCall, ProgramEnd};
use crate::domain::git::{self, Setting, Uncompared};
use crate::domain::neutral;
use crate::domain::release::GitSha;

/// Settings of every git that is started. They are the last, so that they win over those of any file
/// ([git-config](https://git-scm.com/docs/git-config)).
const SETTINGS: [(&str, &str); 7] = [
    // A directory of the checkout that resembles a repository is none.
    ("safe.bareRepository", "explicit"),
    ("core.fsmonitor", "false"),
    // What it says of commits is in a file beside them.
    ("core.commitGraph", "false"),
    ("core.hooksPath", "/dev/null"),
    // `ext::` addresses are commands.
    ("protocol.ext.allow", "never"),
    // Nothing is tidied up.
    ("maintenance.auto", "false"),
    ("gc.auto", "0"),
];

/// How deep submodules are followed into submodules.
const DEEPEST: usize = 16;

/// A git working tree, through the git executable. No program is started that the repository's own configuration names.
#[derive(Debug, Clone)]
pub struct Git {
    processes: Processes,
    directory: Utf8PathBuf,
    owners: Owners,
    repository: Arc<OnceLock<TrustedRepository>>,
    /// The last common commit of two, of those that were asked for. Commits do not change.
    pub(super) merge_bases: Arc<Mutex<MergeBases>>,
}

/// The last common commits of pairs. `None`: they have none.
pub(super) type MergeBases = HashMap<(GitSha, GitSha), Option<GitSha>>;

/// A repository that may be read.
#[derive(Debug)]
struct TrustedRepository {
    tree: WorkTree,
    /// The directory, without symbolic links.
    directory: Utf8PathBuf,
    settings: Vec<Setting>,
    variables: Vec<(Cow<'static, str>, OsString)>,
}

/// How a working tree is not what its commit is.
#[derive(Debug, Default)]
pub struct Changes {
    /// The changed and the untracked files, as `git status --porcelain` writes them.
    pub changed: Vec<String>,
    /// The files that git is set not to compare.
    pub uncompared: Vec<(Uncompared, String)>,
    /// Filters that were not run, because the repository's own configuration names them.
    pub unused_filters: Vec<String>,
}

/// Whether there is anything in a directory, or that cannot be seen.
fn may_have_files(directory: &Utf8Path) -> bool {
    match directory.read_dir_utf8() {
        Ok(mut entries) => entries.next().is_some(),
        Err(error) => error.kind() != std::io::ErrorKind::NotFound,
    }
}

impl Git {
    /// The working tree that a directory is in. `owners`: whose repositories are read.
    pub fn new(processes: Processes, directory: &Utf8Path, owners: Owners) -> Self {
        Self {
            processes,
            directory: directory.to_owned(),
            owners,
            repository: Arc::default(),
            merge_bases: Arc::default(),
        }
    }

    /// The commit that is checked out.
    ///
    /// # Errors
    ///
    /// There is no git, no repository that can be read, or no commit.
    pub async fn head(&self) -> Result<GitSha, GitError> {
        self.repository().await?;
        let inside = self.run(&["rev-parse", "--is-inside-work-tree"]).await?;
        if !inside.success {
            return Err(self.unreadable(&inside));
        }
        let head = self.run(&["rev-parse", "--verify", "--quiet", "HEAD^{commit}"]).await?;
        let sha = head.stdout.trim();
        if !head.success || sha.is_empty() {
            return Err(GitError::NoCommit { directory: self.directory.clone() });
        }
        sha.parse().map_err(GitError::CommitId)
    }

    /// What differs from the commit, submodules included. `built`: the directories that images are built from.
    ///
    /// # Errors
    ///
    /// git fails, or there is no repository that can be read.
    pub async fn changes(&self, built: &[Utf8PathBuf]) -> Result<Changes, GitError> {
        let mut changes = Changes::default();
        let mut waiting = vec![(self.clone(), String::new(), 0)];
        while let Some((git, prefix, depth)) = waiting.pop() {
            let submodules = git.add_changes(&prefix, built, &mut changes).await?;
            if depth == DEEPEST && !submodules.is_empty() {
                return Err(GitError::TooDeep { most: DEEPEST, place: prefix });
            }
            waiting.extend(submodules.into_iter().map(|(git, path)| (git, format!("{prefix}{path}/"), depth + 1)));
        }
        Ok(changes)
    }

    /// Adds the changes of one working tree, and returns its submodules with their paths. Git itself would look into
    /// submodules with the programs that their configuration names.
    async fn add_changes(
        &self,
        prefix: &str,
        built: &[Utf8PathBuf],
        changes: &mut Changes,
    ) -> Result<Vec<(Self, String)>, GitError> {
        let TrustedRepository { tree, settings, .. } = self.repository().await?;
        let arguments = ["status", "--porcelain=v1", "-z", "--untracked-files=normal", "--ignore-submodules=dirty"];
        let status = self.run(&[&arguments[..], &["--no-renames"]].concat()).await?;
        let listed = self.run(&["ls-files", "-v", "--stage", "-z", "--full-name", "--", ":/"]).await?;
        for (command, finished) in [("status", &status), ("ls-files", &listed)] {
            if !finished.success {
                return Err(GitError::failed(&[command], finished));
            }
        }
        let entries = status.stdout.split('\0').filter(|entry| !entry.is_empty());
        let shown = |entry: &str| match entry.split_at_checked(3) {
            Some((state, path)) => neutral::line(&format!("{state}{prefix}{path}")),
            None => neutral::line(entry),
        };
        changes.changed.extend(entries.map(shown));
        changes.unused_filters.extend(git::unused_filters(settings));
        let built: Vec<String> = built.iter().filter_map(|directory| within(directory, &tree.root)).collect();
        let is_sparse = git::is_sparse(settings);
        let mut submodules = Vec::new();
        for entry in git::entries(&listed.stdout) {
            let path = tree.root.join(entry.path);
            if let Some(mark) = entry.uncompared() {
                let is_present = path.symlink_metadata().is_ok();
                if mark.matters(entry.path, is_present, is_sparse, &built) {
                    changes.uncompared.push((mark, neutral::line(&format!("{prefix}{}", entry.path))));
                }
            }
            if !entry.is_submodule() {
                continue;
            }
            if WorkTree::around(&path).is_some_and(|tree| tree.root == path) {
                let git = Self::new(self.processes.clone(), &path, self.owners.clone());
                submodules.push((git, entry.path.to_owned()));
            } else if may_have_files(&path) {
                // `git status` says nothing of what is in the directory of a submodule that is not there.
                changes.changed.push(neutral::line(&format!("?? {prefix}{}/", entry.path)));
            }
        }
        Ok(submodules)
    }

    /// The address of the remote `origin`, as a web address without credentials.
    ///
    /// # Errors
    ///
    /// git cannot be run.
    pub async fn origin(&self) -> Result<Option<String>, GitError> {
        let remote = self.run(&["remote", "get-url", "origin"]).await?;
        Ok(if remote.success { web_address(remote.stdout.trim()) } else { None })
    }

    /// The settings of the repository, the user's own included.
    ///
    /// # Errors
    ///
    /// As [`Self::head`].
    pub(super) async fn settings(&self) -> Result<&[Setting], GitError> {
        Ok(&self.repository().await?.settings)
    }

    async fn run(&self, arguments: &[&str]) -> Result<ProgramEnd, GitError> {
        self.run_with(arguments, &[]).await
    }

    /// Runs git with variables on top of what it gets anyway. Outside a repository that can be read, it fails as git
    /// does.
    pub(super) async fn run_with(
        &self,
        arguments: &[&str],
        variables: &[(&'static str, &str)],
    ) -> Result<ProgramEnd, GitError> {
        let repository = match self.repository().await {
            Ok(repository) => repository,
            Err(error) if error.is_outside() => {
                let tail = std::iter::once(error.to_string()).chain(error.details()).collect();
                return Ok(ProgramEnd {
                    success: false,
                    code: Some(128),
                    stdout: String::new(),
                    stdout_is_text: true,
                    tail,
                });
            }
            Err(error) => return Err(error),
        };
        let given = variables.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        let variables = repository.variables.iter().cloned().chain(given).collect();
        self.spawn(&repository.directory, arguments, variables).await
    }

    /// The repository, found once.
    async fn repository(&self) -> Result<&TrustedRepository, GitError> {
        if let Some(repository) = self.repository.get() {
            return Ok(repository);
        }
        let found = self.find().await?;
        Ok(self.repository.get_or_init(|| found))
    }

    /// Finds the repository, makes sure of its owner, and reads its settings: that starts nothing.
    async fn find(&self) -> Result<TrustedRepository, GitError> {
        let none = |source| GitError::NoRepository { directory: self.directory.clone(), output: Vec::new(), source };
        let tree = WorkTree::around(&self.directory).ok_or_else(|| none(None))?;
        let directory = self.directory.canonicalize_utf8().map_err(|error| none(Some(error)))?;
        if let Some(owner) = tree.foreign_owner(&self.owners) {
            self.let_git_trust(&tree, owner).await?;
        }
        // With these two git neither searches nor believes `core.worktree`.
        let mut variables: Vec<(Cow<'static, str>, OsString)> =
            vec![("GIT_DIR".into(), tree.git().into()), ("GIT_WORK_TREE".into(), tree.root.clone().into())];
        let always: Vec<(String, String)> =
            SETTINGS.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let reading = [variables.clone(), self.with_settings(&always)].concat();
        let listed = self.spawn(&tree.root, &["config", "--list", "--show-scope", "-z"], reading).await?;
        if !listed.success {
            return Err(self.unreadable(&listed));
        }
        let settings = git::settings(&listed.stdout);
        for (key, value) in SETTINGS {
            if git::last(settings.iter(), &key.to_ascii_lowercase()) != Some(value) {
                return Err(GitError::Setting(key));
            }
        }
        variables.extend(self.with_settings(&[git::without_programs(&settings), always].concat()));
        if git::names_git_proxy(&settings) {
            variables.push(("GIT_PROXY_COMMAND".into(), "".into()));
        }
        Ok(TrustedRepository { tree, directory, settings, variables })
    }

    /// A repository of another user, where the user's own git configuration trusts it (`safe.directory`).
    async fn let_git_trust(&self, tree: &WorkTree, owner: u32) -> Result<(), GitError> {
        let settings = SETTINGS.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let found = self.spawn(&tree.root, &["rev-parse", "--show-toplevel"], self.with_settings(&settings)).await?;
        if found.success && Utf8Path::new(found.stdout.trim_end_matches('\n')) == tree.root {
            return Ok(());
        }
        Err(GitError::ForeignOwner { root: tree.root.clone(), owner })
    }

    fn unreadable(&self, finished: &ProgramEnd) -> GitError {
        GitError::NoRepository { directory: self.directory.clone(), output: finished.tail.clone(), source: None }
    }

    /// Variables that give git settings after all others, those of the user's own environment included.
    fn with_settings(&self, settings: &[(String, String)]) -> Vec<(Cow<'static, str>, OsString)> {
        let own: usize = self.processes.variable(COUNT).and_then(|count| count.to_str()?.parse().ok()).unwrap_or(0);
        let mut variables: Vec<(Cow<'static, str>, OsString)> = vec![
            (COUNT.into(), (own + settings.len()).to_string().into()),
            // What `git -c` hands on would be read after them.
            ("GIT_CONFIG_PARAMETERS".into(), "".into()),
        ];
        for (index, (key, value)) in settings.iter().enumerate() {
            let number = own + index;
            variables.push((format!("GIT_CONFIG_KEY_{number}").into(), key.into()));
            variables.push((format!("GIT_CONFIG_VALUE_{number}").into(), value.into()));
        }
        variables
    }

    async fn spawn(
        &self,
        directory: &Utf8Path,
        arguments: &[&str],
        variables: Vec<(Cow<'static, str>, OsString)>,
    ) -> Result<ProgramEnd, GitError> {
        // A read must not write: `git status` would refresh the index and take its lock. In a partial clone, git would
        // ask the remote for what is not there.
        // Older ones than 2.45 do not know the second variable: the third allows no protocol to ask by.
        let always = [("GIT_OPTIONAL_LOCKS", "0"), ("GIT_NO_LAZY_FETCH", "1"), ("GIT_ALLOW_PROTOCOL", "")];
        let always = always.into_iter().map(|(name, value)| (name.into(), value.into()));
        let invocation = ProgramCall {
            program: "git",
            arguments: arguments.iter().map(OsString::from).collect(),
            directory: directory.to_owned(),
            variables: always.chain(variables).collect(),
        };
        Ok(self.processes.run(&invocation, |_| {}).await?)
    }
}

/// How many settings the environment has
/// ([GIT_CONFIG_COUNT](https://git-scm.com/docs/git-config#Documentation/git-config.txt-GITCONFIGCOUNT)).
const COUNT: &str = "GIT_CONFIG_COUNT";

/// A directory from the root of a working tree; the root for what is around it.
fn within(directory: &Utf8Path, root: &Utf8Path) -> Option<String> {
    let directory = directory.canonicalize_utf8().unwrap_or_else(|_| directory.to_owned());
    if root.starts_with(&directory) {
        return Some(String::new());
    }
    directory.strip_prefix(root).ok().map(ToString::to_string)
}

/// `git@host:owner/name.git`, `ssh://…` and `https://token@…` as `https://host/owner/name`; other forms as `None`.
fn web_address(remote: &str) -> Option<String> {
    let (host, path) = match remote.split_once("://") {
        Some(("https" | "http" | "ssh" | "git", rest)) => rest.split_once('/')?,
        Some(_) => return None,
        None => remote.split_once(':')?,
    };
    let host = host.rsplit('@').next()?.split(':').next()?;
    let path = path.split(['?', '#']).next()?.trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    let plain = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "._-/~".contains(c));
    (host.contains('.') && plain(host) && plain(path)).then(|| format!("https://{host}/{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remotes_lose_their_credentials() {
        for (remote, address) in [
            ("https://github.com/acme/shop.git", Some("https://github.com/acme/shop")),
            ("https://x-access-token:canary@github.com/acme/shop", Some("https://github.com/acme/shop")),
            ("https://github.com/acme/shop?token=canary", Some("https://github.com/acme/shop")),
            ("git@github.com:acme/shop.git", Some("https://github.com/acme/shop")),
            ("ssh://git@github.com:22/acme/shop.git", Some("https://github.com/acme/shop")),
            ("/srv/git/shop.git", None),
            ("file:///srv/git/shop.git", None),
            ("", None),
        ] {
            assert_eq!(web_address(remote).as_deref(), address, "{remote}");
        }
    }
}
