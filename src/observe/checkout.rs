//! The files of the repository that is checked out: the one door to what a configuration names.

use std::io;

use camino::{Utf8Path, Utf8PathBuf};

use crate::clients::files;
use crate::clients::git::Git;
use crate::clients::git_repository::WorkTree;
use crate::context::Context;
use crate::domain::failure::Failure;
use crate::domain::file_line::in_brackets;
use crate::domain::limits::{FILE, FILES};
use crate::domain::target::ImageBuild;

/// A checkout.
#[derive(Debug, Clone)]
pub struct Checkout {
    /// The directory that it begins in, without symbolic links.
    root: Utf8PathBuf,
}

/// The files of a checkout, by their paths from the root.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree {
    /// Their names, sorted.
    pub names: Vec<String>,
    /// What is not among them, and should be.
    pub left_out: Vec<Unlisted>,
}

/// Files that are not looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unlisted {
    /// Which.
    pub what: String,
    /// Why not.
    pub why: String,
}

/// Why a file cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// There is none.
    #[error("it is not there")]
    Missing,
    /// A symbolic link leads elsewhere: what is there is not shown.
    #[error("it leads out of the repository")]
    Outside,
    /// It is a directory, a device, or too much.
    #[error("it is no file of at most 1 MiB")]
    NoFile,
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

impl Checkout {
    /// The checkout that a directory is in: the git repository, the workspace of the job, or the directory alone.
    pub fn around(context: &Context, directory: &Utf8Path) -> Self {
        let real = |path: &Utf8Path| path.canonicalize_utf8().unwrap_or_else(|_| path.to_owned());
        let directory = real(directory);
        let workspace = || context.variable("GITHUB_WORKSPACE").map(|path| real(Utf8Path::new(path)));
        let root = WorkTree::around(&directory).map(|tree| tree.root);
        let root = root.or_else(|| workspace().filter(|workspace| directory.starts_with(workspace)));
        Self { root: root.unwrap_or(directory) }
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

    /// The text of a file, by its name: its path from the root, or a whole path.
    ///
    /// # Errors
    ///
    /// Why it cannot be read.
    pub fn read(&self, name: impl AsRef<Utf8Path>) -> Result<String, Unreadable> {
        let path = self.inside(name.as_ref())?;
        let below = path.strip_prefix(&self.root).map_err(|_| Unreadable::Outside)?;
        let bytes = files::read_below(&self.root, below, FILE.amount).map_err(|error| unreadable(&error))?;
        String::from_utf8(bytes.ok_or(Unreadable::NoFile)?).map_err(|_| Unreadable::Other("it is not UTF-8".to_owned()))
    }

    /// Makes sure that what an image is built from is there, by the rules that `check` goes by. `directory`: the
    /// configuration file's.
    ///
    /// # Errors
    ///
    /// `invalid`: the directory or the Dockerfile is missing, or is not to be read.
    pub fn can_build(&self, directory: &Utf8Path, build: &ImageBuild) -> Result<(), Failure> {
        let context = directory.join(&build.context);
        let line = in_brackets(build.line.as_ref());
        if !self.has_directory(&context) {
            return Err(Failure::invalid(format!(
                "the directory `{}` that the image is built from is not there",
                build.context
            ))
            .cause("it has to be a directory of the repository")
            .hint(format!(
                "correct `context`{line}, or add the directory: its path begins at the configuration file"
            )));
        }
        let written = build.dockerfile();
        self.read(directory.join(&written)).map(|_| ()).map_err(|error| {
            Failure::invalid(format!("the Dockerfile `{written}` cannot be read: {error}"))
                .hint(format!("add it, or write `dockerfile = \"…\"`{line}: its path begins at the configuration file"))
        })
    }

    /// The names of what is in a directory, sorted. Empty where there is none.
    pub fn list(&self, name: &str) -> Vec<String> {
        let Ok(entries) =
            self.inside(name.as_ref()).and_then(|path| path.read_dir_utf8().map_err(|error| unreadable(&error)))
        else {
            return Vec::new();
        };
        let mut names: Vec<String> = entries.flatten().map(|entry| entry.file_name().to_owned()).collect();
        names.sort();
        names
    }

    /// The files that are committed, or would be: those that git has, and those that it does not ignore. Without a
    /// repository that can be read, all but those of installed packages.
    pub async fn files(&self, git: &Git) -> Tree {
        let (mut names, mut left_out) = (Vec::new(), Vec::new());
        match git.files().await {
            Ok(listed) => {
                let is_file =
                    |name: &String| self.root.join(name).symlink_metadata().is_ok_and(|about| about.is_file());
                names = listed.tracked;
                names.extend(listed.untracked.into_iter().filter(is_file));
                left_out.extend(listed.has_unnamed.then(|| Unlisted {
                    what: "files whose names are not UTF-8".to_owned(),
                    why: "shipgate cannot name them".to_owned(),
                }));
            }
            Err(error) => {
                names.extend(self.tree());
                left_out.extend((!error.is_outside()).then(|| Unlisted {
                    what: "which files are committed".to_owned(),
                    why: format!("{error}; all files that are there count"),
                }));
            }
        }
        names.sort_unstable();
        names.dedup();
        if names.len() > FILES.count() {
            let more = names.split_off(FILES.count());
            left_out.extend(more.first().map(|first| Unlisted {
                what: format!("{first} and {} more files", more.len() - 1),
                why: format!("at most {FILES} are read"),
            }));
        }
        Tree { names, left_out }
    }

    /// All files, by their paths from the root, but those of git and of installed packages, and symbolic links.
    fn tree(&self) -> Vec<String> {
        let (mut names, mut directories) = (Vec::new(), vec![Utf8PathBuf::new()]);
        while let Some(directory) = directories.pop() {
            let Ok(entries) = self.root.join(&directory).read_dir_utf8() else { continue };
            for entry in entries.flatten() {
                let name = directory.join(entry.file_name());
                match entry.file_type() {
                    Ok(kind) if kind.is_dir() && ![".git", "node_modules"].contains(&entry.file_name()) => {
                        directories.push(name);
                    }
                    Ok(kind) if kind.is_file() => names.push(name.into_string()),
                    _ => {}
                }
            }
        }
        names
    }

    /// Whether there is a directory of a name.
    pub fn has_directory(&self, name: impl AsRef<Utf8Path>) -> bool {
        self.inside(name.as_ref()).is_ok_and(|path| path.is_dir())
    }

    fn inside(&self, name: &Utf8Path) -> Result<Utf8PathBuf, Unreadable> {
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
        link("/etc/passwd", "out");
        link("sub/a", "in");
        std::fs::write(checkout.root.join("latin"), [0xe4]).unwrap();
        let large = std::fs::File::create(checkout.root.join("large")).unwrap();
        large.set_len(FILE.amount + 1).unwrap();
        assert_eq!(checkout.read("in"), Ok("text".to_owned()));
        assert_eq!(checkout.read("out"), Err(Unreadable::Outside));
        assert_eq!(checkout.read(".."), Err(Unreadable::Outside));
        assert_eq!(checkout.read("none"), Err(Unreadable::Missing));
        assert_eq!(checkout.read("sub"), Err(Unreadable::NoFile));
        assert_eq!(checkout.read("large"), Err(Unreadable::NoFile));
        link("/dev/zero", "zero");
        assert_eq!(checkout.read("zero"), Err(Unreadable::Outside));
        assert_eq!(checkout.read("/dev/zero"), Err(Unreadable::Outside));
        assert_eq!(checkout.read(checkout.root.join("sub/a")), Ok("text".to_owned()));
        assert!(matches!(checkout.read("latin"), Err(Unreadable::Other(_))));
        assert_eq!(checkout.list("sub"), ["a"]);
        assert_eq!(checkout.list("none"), [""; 0]);
    }
}
