//! The files that a build left: every one by its path, and where it really is.

use std::fs::Metadata;
use std::io;

use camino::{Utf8Path, Utf8PathBuf};

use crate::domain::limits::SITE_FILES;
use crate::domain::static_site::bundle::{BundleError, SitePath};

/// A file of an output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputFile {
    /// Its path in the site.
    pub path: SitePath,
    /// Where it is from the output, without symbolic links.
    pub real: Utf8PathBuf,
}

/// An output in the course of being looked at.
struct OutputWalk<'a> {
    /// The directory, without symbolic links.
    root: &'a Utf8Path,
    /// What messages call it.
    shown: &'a str,
    found: Vec<OutputFile>,
}

/// All files of a directory, sorted by their paths. `root`: the directory, without symbolic links. `shown`: what messages call
/// it.
///
/// # Errors
///
/// Something is there that is no file of a site, or something cannot be read.
pub fn files(root: &Utf8Path, shown: &str) -> Result<Vec<OutputFile>, BundleError> {
    let mut walk = OutputWalk { root, shown, found: Vec::new() };
    let mut open = vec![Utf8PathBuf::new()];
    while let Some(directory) = open.pop() {
        walk.directory(&directory, &mut open)?;
    }
    walk.found.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(walk.found)
}

impl OutputWalk<'_> {
    /// Notes the files of a directory, and the directories in it.
    fn directory(&mut self, directory: &Utf8Path, open: &mut Vec<Utf8PathBuf>) -> Result<(), BundleError> {
        let entries = self.root.join(directory);
        let entries = entries.as_std_path().read_dir().map_err(|error| unreadable(directory, &error))?;
        for entry in entries {
            let entry = entry.map_err(|error| unreadable(directory, &error))?;
            let name = entry.file_name();
            let Some(name) = name.to_str() else {
                return Err(BundleError::Name { path: directory.join(name.to_string_lossy().as_ref()).into_string() });
            };
            let path = directory.join(name);
            if name == ".git" {
                return Err(BundleError::Repository { path: path.into_string() });
            }
            let about = entry.metadata().map_err(|error| unreadable(&path, &error))?;
            if about.is_dir() {
                open.push(path);
            } else {
                self.file(path, &about)?;
            }
        }
        Ok(())
    }

    fn file(&mut self, path: Utf8PathBuf, about: &Metadata) -> Result<(), BundleError> {
        let site_path = path.as_str().parse().map_err(|_| BundleError::Name { path: path.to_string() })?;
        let real = if about.is_symlink() { self.behind_link(&path)? } else { path.clone() };
        if !about.is_symlink() && !about.is_file() {
            return Err(BundleError::Special { path: path.into_string() });
        }
        if self.found.len() >= SITE_FILES.count() {
            return Err(BundleError::TooMany { directory: self.shown.to_owned() });
        }
        self.found.push(OutputFile { path: site_path, real });
        Ok(())
    }

    /// The file behind a symbolic link, from the output.
    fn behind_link(&self, path: &Utf8Path) -> Result<Utf8PathBuf, BundleError> {
        let outside = || BundleError::LinkOut { path: path.to_string() };
        let real = self.root.join(path).canonicalize_utf8().map_err(|_| outside())?;
        let below = real.strip_prefix(self.root).map_err(|_| outside())?;
        let about = real.symlink_metadata().map_err(|error| unreadable(path, &error))?;
        if about.is_dir() {
            return Err(BundleError::LinkToDirectory { path: path.to_string() });
        }
        if !about.is_file() {
            return Err(BundleError::Special { path: path.to_string() });
        }
        if below.components().any(|part| part.as_str() == ".git") {
            return Err(BundleError::Repository { path: path.to_string() });
        }
        Ok(below.to_owned())
    }
}

/// A file or directory that cannot be read. The output itself has no path of its own.
pub fn unreadable(path: &Utf8Path, error: &io::Error) -> BundleError {
    let path = if path.as_str().is_empty() { "." } else { path.as_str() };
    BundleError::Unreadable { path: path.to_owned(), why: error.to_string() }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::fs::{create_dir, write};
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::fs::symlink;

    use super::*;

    struct TestOutput {
        _directory: tempfile::TempDir,
        root: Utf8PathBuf,
    }

    impl TestOutput {
        fn new(files: &[&str]) -> Self {
            let directory = tempfile::tempdir().unwrap();
            let root = Utf8PathBuf::from_path_buf(directory.path().canonicalize().unwrap()).unwrap().join("dist");
            create_dir(&root).unwrap();
            for file in files {
                let path = root.join(file);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                write(path, "text").unwrap();
            }
            Self { _directory: directory, root }
        }

        fn found(&self) -> Result<Vec<OutputFile>, BundleError> {
            files(&self.root, "dist")
        }
    }

    #[test]
    fn files_are_found_in_order_whatever_their_names() {
        let names = [".well-known/a", "a b/ü+%#?.txt", "a/b/c.js", "a.js", "index.html", "…/::error::x"];
        let mut sorted = names;
        sorted.sort_unstable();
        let found = TestOutput::new(&names).found().unwrap();
        let paths: Vec<&str> = found.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, sorted);
        assert!(found.iter().all(|file| file.real == file.path.as_str()));
    }

    #[test]
    fn links_are_followed_to_files_of_the_output_alone() {
        let output = TestOutput::new(&["a/b.js"]);
        let link = |to: &str, name: &str| symlink(to, output.root.join(name)).unwrap();
        let remove = |name: &str| std::fs::remove_file(output.root.join(name)).unwrap();
        link("a/b.js", "c.js");
        link("c.js", "a/d.js");
        remove("a/d.js");
        link("../c.js", "a/d.js");
        let found = output.found().unwrap();
        let real: Vec<_> = found.iter().map(|file| (file.path.as_str(), file.real.as_str())).collect();
        assert_eq!(real, [("a/b.js", "a/b.js"), ("a/d.js", "a/b.js"), ("c.js", "a/b.js")]);
        write(output.root.join("../secret"), "x").unwrap();
        create_dir(output.root.join("../dist-more")).unwrap();
        write(output.root.join("../dist-more/secret"), "x").unwrap();
        let path = || "link".to_owned();
        for (to, expected) in [
            ("../secret", BundleError::LinkOut { path: path() }),
            ("../dist-more/secret", BundleError::LinkOut { path: path() }),
            ("/etc/passwd", BundleError::LinkOut { path: path() }),
            ("nowhere", BundleError::LinkOut { path: path() }),
            ("link", BundleError::LinkOut { path: path() }),
            ("a", BundleError::LinkToDirectory { path: path() }),
            (".", BundleError::LinkToDirectory { path: path() }),
        ] {
            link(to, "link");
            assert_eq!(output.found().unwrap_err(), expected, "{to}");
            remove("link");
        }
    }

    #[test]
    fn what_is_no_file_of_a_site_is_refused() {
        let refused = |name: &OsStr| {
            let output = TestOutput::new(&["index.html"]);
            write(output.root.as_std_path().join(name), "x").unwrap();
            output.found().unwrap_err()
        };
        assert_eq!(refused(OsStr::new("a\nb")), BundleError::Name { path: "a\nb".to_owned() });
        assert_eq!(refused(OsStr::from_bytes(b"a\xffb")), BundleError::Name { path: "a\u{fffd}b".to_owned() });
        assert_eq!(refused(OsStr::new(".git")), BundleError::Repository { path: ".git".to_owned() });
        let output = TestOutput::new(&["sub/.git/config"]);
        assert_eq!(output.found().unwrap_err(), BundleError::Repository { path: "sub/.git".to_owned() });
        let output = TestOutput::new(&["index.html"]);
        rustix::fs::mkfifoat(rustix::fs::CWD, output.root.join("pipe").as_str(), rustix::fs::Mode::RUSR).unwrap();
        assert_eq!(output.found().unwrap_err(), BundleError::Special { path: "pipe".to_owned() });
        let long = vec!["d".repeat(200); 5].join("/");
        assert!(TestOutput::new(&[&format!("{long}/{}", "f".repeat(19))]).found().is_ok());
        assert!(matches!(
            TestOutput::new(&[&format!("{long}/{}", "f".repeat(20))]).found(),
            Err(BundleError::Name { .. })
        ));
        let output = TestOutput::new(&[]);
        assert_eq!(output.found().unwrap(), []);
        std::fs::remove_dir(&output.root).unwrap();
        assert!(matches!(output.found(), Err(BundleError::Unreadable { .. })));
    }
}
