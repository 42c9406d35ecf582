//! What was in the directory of an output before a build: what the build leaves as it was may be of an earlier one.

use std::collections::HashMap;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;

use camino::{Utf8Path, Utf8PathBuf};

/// The files of a directory before a build.
#[derive(Debug, Default)]
pub struct FilesBeforeBuild(HashMap<Utf8PathBuf, OutputStamp>);

/// What shows that a file was written again: its number, its size, and when it and what is known of it was changed.
#[derive(Debug, PartialEq, Eq)]
struct OutputStamp {
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl FilesBeforeBuild {
    /// Looks at a directory, which may not be there. What cannot be read is not known of, and counts as written.
    pub fn of(directory: &Utf8Path) -> Self {
        let (mut stamps, mut open) = (HashMap::new(), vec![Utf8PathBuf::new()]);
        while let Some(below) = open.pop() {
            let Ok(entries) = directory.join(&below).read_dir_utf8() else { continue };
            for entry in entries.flatten() {
                let path = below.join(entry.file_name());
                match entry.metadata() {
                    Ok(about) if about.is_dir() => open.push(path),
                    Ok(about) => drop(stamps.insert(path, OutputStamp::of(&about))),
                    Err(_) => {}
                }
            }
        }
        Self(stamps)
    }

    /// The files that are as they were, sorted.
    pub fn untouched(&self, directory: &Utf8Path) -> Vec<Utf8PathBuf> {
        let is_same = |path: &Utf8Path, stamp: &OutputStamp| {
            directory.join(path).symlink_metadata().is_ok_and(|about| OutputStamp::of(&about) == *stamp)
        };
        let mut same: Vec<_> = self.0.iter().filter(|(path, stamp)| is_same(path, stamp)).collect();
        same.sort_by_key(|(path, _)| *path);
        same.into_iter().map(|(path, _)| path.clone()).collect()
    }
}

impl OutputStamp {
    fn of(about: &Metadata) -> Self {
        Self {
            inode: about.ino(),
            size: about.size(),
            modified: (about.mtime(), about.mtime_nsec()),
            changed: (about.ctime(), about.ctime_nsec()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_again_is_not_untouched() {
        let directory = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::from_path_buf(directory.path().to_owned()).unwrap();
        assert_eq!(FilesBeforeBuild::of(&root.join("none")).untouched(&root), [""; 0]);
        std::fs::create_dir(root.join("sub")).unwrap();
        for name in ["kept", "sub/kept", "rewritten", "removed", "replaced"] {
            std::fs::write(root.join(name), "1").unwrap();
        }
        let before = FilesBeforeBuild::of(&root);
        // So that the clock of the file system has gone on.
        let late = std::time::SystemTime::UNIX_EPOCH;
        std::fs::write(root.join("rewritten"), "1").unwrap();
        std::fs::File::open(root.join("rewritten")).unwrap().set_modified(late).unwrap();
        std::fs::remove_file(root.join("removed")).unwrap();
        std::fs::write(root.join("new"), "1").unwrap();
        std::fs::rename(root.join("new"), root.join("replaced")).unwrap();
        assert_eq!(before.untouched(&root), ["kept", "sub/kept"]);
    }
}
