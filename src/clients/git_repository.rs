//! Which git repository a directory is in, and whose it is. Found without git: git itself would take a directory that
//! only resembles a repository, such as one that somebody committed, for the repository.

use std::os::unix::fs::MetadataExt as _;

use camino::{Utf8Path, Utf8PathBuf};

/// Whose repositories are read, beside those of the process's user and of root.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Owners {
    /// Who became root by `sudo`. Counts for root alone, as it does for git.
    pub sudo: Option<u32>,
    /// The directory that GitHub's runner checks out into. Its owner is trusted with what is in it: a job in a
    /// container is root, and the checkout is the runner's.
    pub workspace: Option<Utf8PathBuf>,
}

/// A working tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkTree {
    /// The directory that it begins in, without symbolic links.
    pub root: Utf8PathBuf,
}

impl WorkTree {
    /// The nearest working tree around a directory: it has a `.git`, a name that no commit can have in it.
    pub fn around(directory: &Utf8Path) -> Option<Self> {
        let directory = directory.canonicalize_utf8().ok()?;
        let root = directory.ancestors().find(|directory| is_root(directory))?;
        Some(Self { root: root.to_owned() })
    }

    /// Where git keeps the repository: a directory, or a file that names it (worktrees, submodules).
    pub fn git(&self) -> Utf8PathBuf {
        self.root.join(".git")
    }

    /// The user that a part of the repository belongs to, when that is none of the trusted ones.
    pub fn foreign_owner(&self, owners: &Owners) -> Option<u32> {
        let trusted = trusted(&self.root, owners);
        let owner_of = |path: &Utf8PathBuf| owner(path).filter(|owner| !trusted.contains(owner));
        self.parts().iter().find_map(owner_of)
    }

    /// What decides about the repository: the tree, the `.git` in it, and where that leads.
    fn parts(&self) -> Vec<Utf8PathBuf> {
        let mut parts = vec![self.root.clone(), self.git()];
        let led_to = |from: &Utf8Path, file: &Utf8Path, prefix: &str| {
            let text = std::fs::read_to_string(file).ok()?;
            Some(from.join(text.strip_prefix(prefix)?.trim_end_matches(['\n', '\r'])))
        };
        let git = self.git();
        let directory = if git.is_file() { led_to(&self.root, &git, "gitdir: ") } else { Some(git) };
        if let Some(directory) = directory {
            parts.extend(led_to(&directory, &directory.join("commondir"), ""));
            parts.push(directory);
        }
        parts
    }
}

/// As git does: what has the name and is no repository is passed by.
fn is_root(directory: &Utf8Path) -> bool {
    let git = directory.join(".git");
    git.is_file() || git.join("HEAD").symlink_metadata().is_ok()
}

/// The trusted users.
fn trusted(root: &Utf8Path, owners: &Owners) -> Vec<u32> {
    const ROOT: u32 = 0;
    let own = rustix::process::geteuid().as_raw();
    let sudo = owners.sudo.filter(|_| own == ROOT);
    let workspace = owners.workspace.as_ref().and_then(|workspace| workspace.canonicalize_utf8().ok());
    let of_workspace =
        workspace.filter(|workspace| root.starts_with(workspace)).and_then(|workspace| owner(&workspace));
    [own, ROOT].into_iter().chain(sudo).chain(of_workspace).collect()
}

fn owner(path: &Utf8PathBuf) -> Option<u32> {
    Some(path.metadata().ok()?.uid())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> (tempfile::TempDir, WorkTree) {
        let directory = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::from_path_buf(directory.path().canonicalize().unwrap()).unwrap();
        for name in [".git", "bare/objects", "bare/refs", "empty/.git", "linked"] {
            std::fs::create_dir_all(root.join(name)).unwrap();
        }
        std::fs::write(root.join(".git/HEAD"), "ref: refs/heads/main\n").unwrap();
        std::fs::write(root.join("bare/HEAD"), "ref: refs/heads/main\n").unwrap();
        std::fs::write(root.join("linked/.git"), "gitdir: ../.git/worktrees/linked\n").unwrap();
        std::fs::create_dir_all(root.join(".git/worktrees/linked")).unwrap();
        std::fs::write(root.join(".git/worktrees/linked/commondir"), "../..\n").unwrap();
        (directory, WorkTree { root })
    }

    #[test]
    fn a_tree_is_found_by_its_git_alone() {
        let (_directory, tree) = tree();
        for (directory, root) in [("", ""), ("bare", ""), ("bare/refs", ""), ("empty", ""), ("linked", "linked")] {
            let found = WorkTree::around(&tree.root.join(directory)).unwrap();
            assert_eq!(found.root, tree.root.join(root).components().collect::<Utf8PathBuf>(), "{directory}");
        }
        assert_eq!(WorkTree::around(&tree.root.join("none")), None);
    }

    #[test]
    fn what_is_ours_is_not_foreign() {
        let (_directory, tree) = tree();
        assert_eq!(tree.foreign_owner(&Owners::default()), None);
    }

    #[test]
    #[ignore = "needs root: scripts/test"]
    fn what_is_of_another_user_is_foreign() {
        let (_directory, tree) = tree();
        let linked = WorkTree { root: tree.root.join("linked") };
        let given = |path: &Utf8Path, user| std::os::unix::fs::chown(path, Some(user), None).unwrap();
        let workspace = |path: &Utf8Path| Owners { workspace: Some(path.to_owned()), ..Owners::default() };
        given(&tree.root.join(".git"), 65534);
        assert_eq!(tree.foreign_owner(&Owners::default()), Some(65534));
        assert_eq!(tree.foreign_owner(&Owners { sudo: Some(65534), ..Owners::default() }), None);
        assert_eq!(tree.foreign_owner(&Owners { sudo: Some(1), ..Owners::default() }), Some(65534));
        // Where a linked tree leads to counts too.
        assert_eq!(linked.foreign_owner(&Owners::default()), Some(65534));
        assert_eq!(tree.foreign_owner(&workspace(&tree.root)), Some(65534), "the workspace is not that user's");
        given(&tree.root, 65534);
        assert_eq!(tree.foreign_owner(&workspace(&tree.root)), None);
        assert_eq!(
            tree.foreign_owner(&workspace(&tree.root.join("linked"))),
            Some(65534),
            "it is not in the workspace"
        );
    }
}
