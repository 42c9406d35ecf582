//! The files of the repository that is checked out, as far as a check reads them.

use std::io;

use camino::{Utf8Path, Utf8PathBuf};

use crate::clients::git::Git;
use crate::context::Context;

/// The largest file that is read, in bytes. GitHub's own limit for workflows is half of it.
const LARGEST: u64 = 1024 * 1024;

/// A checkout.
#[derive(Debug, Clone)]
pub struct Checkout {
    /// The directory that it begins in, without symbolic links.
    root: Utf8PathBuf,
}

/// Why a file cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// There is none.
    #[error("it is not there")]
    Missing,
    /// A symbolic link leads elsewhere: what is there is nobody's to show.
    #[error("it leads out of the repository")]
    Outside,
    /// It is a directory, or too much.
    #[error("it is no file of at most 1 MiB")]
    NoFile,
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

impl Checkout {
    /// The checkout that a directory is in: the git repository, the workspace of the job, or the directory alone.
    pub async fn of(context: &Context, git: &Git, directory: &Utf8Path) -> Self {
        let real = |path: &Utf8Path| path.canonicalize_utf8().unwrap_or_else(|_| path.to_owned());
        let directory = real(directory);
        let workspace = || context.variable("GITHUB_WORKSPACE").map(Utf8PathBuf::from);
        let candidates = [git.root().await, workspace()].into_iter().flatten().map(|path| real(&path));
        let around = candidates.into_iter().find(|path| directory.starts_with(path));
        Self { root: around.unwrap_or(directory) }
    }

    /// A path from the root, as reports name it.
    pub fn name(&self, path: &Utf8Path) -> String {
        let normal = normal(path);
        let named = |path: &Utf8Path| Some(path.strip_prefix(&self.root).ok()?.to_string());
        // The file itself may be missing, or be a link.
        let real = normal
            .parent()
            .zip(normal.file_name())
            .and_then(|(parent, name)| Some(parent.canonicalize_utf8().ok()?.join(name)));
        real.as_deref().and_then(named).or_else(|| named(&normal)).unwrap_or_else(|| normal.to_string())
    }

    /// The text of a file, by its name.
    ///
    /// # Errors
    ///
    /// Why it cannot be read.
    pub fn read(&self, name: &str) -> Result<String, Unreadable> {
        let path = self.inside(name)?;
        let about = path.metadata().map_err(|error| unreadable(&error))?;
        if !about.is_file() || about.len() > LARGEST {
            return Err(Unreadable::NoFile);
        }
        let bytes = std::fs::read(&path).map_err(|error| unreadable(&error))?;
        String::from_utf8(bytes).map_err(|_| Unreadable::Other("it is not UTF-8".to_owned()))
    }

    /// The names of what is in a directory, sorted. Empty where there is none.
    pub fn list(&self, name: &str) -> Vec<String> {
        let Ok(entries) = self.inside(name).and_then(|path| path.read_dir_utf8().map_err(|error| unreadable(&error)))
        else {
            return Vec::new();
        };
        let mut names: Vec<String> = entries.flatten().map(|entry| entry.file_name().to_owned()).collect();
        names.sort();
        names
    }

    /// Whether there is a directory of a name.
    pub fn has_directory(&self, name: &str) -> bool {
        self.inside(name).is_ok_and(|path| path.is_dir())
    }

    fn inside(&self, name: &str) -> Result<Utf8PathBuf, Unreadable> {
        let path = self.root.join(name).canonicalize_utf8().map_err(|error| unreadable(&error))?;
        if path.starts_with(&self.root) { Ok(path) } else { Err(Unreadable::Outside) }
    }
}

fn unreadable(error: &io::Error) -> Unreadable {
    if error.kind() == io::ErrorKind::NotFound { Unreadable::Missing } else { Unreadable::Other(error.to_string()) }
}

/// Without `.`, and without `..` as far as there is something to leave.
fn normal(path: &Utf8Path) -> Utf8PathBuf {
    let mut normal = Utf8PathBuf::new();
    for component in path.components() {
        match component.as_str() {
            "." => {}
            ".." if normal.file_name().is_some() => {
                normal.pop();
            }
            part => normal.push(part),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkout() -> (tempfile::TempDir, Checkout) {
        let directory = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::from_path_buf(directory.path().canonicalize().unwrap()).unwrap();
        std::fs::create_dir(root.join("sub")).unwrap();
        std::fs::write(root.join("sub/a"), "text").unwrap();
        (directory, Checkout { root })
    }

    #[test]
    fn names_begin_at_the_root() {
        let (_directory, checkout) = checkout();
        for path in ["sub/a", "sub/./a", "sub/../sub/a", "sub/missing/../a"] {
            assert_eq!(checkout.name(&checkout.root.join(path)), "sub/a", "{path}");
        }
        assert_eq!(checkout.name(Utf8Path::new("/elsewhere/a")), "/elsewhere/a");
    }

    #[test]
    fn only_files_of_the_repository_are_read() {
        let (_directory, checkout) = checkout();
        let link = |to: &str, name: &str| std::os::unix::fs::symlink(to, checkout.root.join(name)).unwrap();
        link("/proc/self/environ", "out");
        link("sub/a", "in");
        std::fs::write(checkout.root.join("latin"), [0xe4]).unwrap();
        let large = std::fs::File::create(checkout.root.join("large")).unwrap();
        large.set_len(LARGEST + 1).unwrap();
        assert_eq!(checkout.read("in"), Ok("text".to_owned()));
        assert_eq!(checkout.read("out"), Err(Unreadable::Outside));
        assert_eq!(checkout.read(".."), Err(Unreadable::Outside));
        assert_eq!(checkout.read("none"), Err(Unreadable::Missing));
        assert_eq!(checkout.read("sub"), Err(Unreadable::NoFile));
        assert_eq!(checkout.read("large"), Err(Unreadable::NoFile));
        assert!(matches!(checkout.read("latin"), Err(Unreadable::Other(_))));
        assert_eq!(checkout.list("sub"), ["a"]);
        assert_eq!(checkout.list("none"), [""; 0]);
    }
}
