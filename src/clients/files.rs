//! Opens files of a directory that others may write to.

use std::fs::File;
use std::io::{self, Read as _};

use camino::Utf8Path;

/// Reads a regular file below a directory. `path` has no symbolic links; one that appears there meanwhile is not
/// followed. `None`: it is no regular file, or has more than `most` bytes.
///
/// # Errors
///
/// It cannot be opened or read.
pub fn read_below(directory: &Utf8Path, path: &Utf8Path, most: u64) -> io::Result<Option<Vec<u8>>> {
    let file = open_below(directory, path)?;
    if !file.metadata()?.is_file() {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    let read = file.take(most + 1).read_to_end(&mut bytes)?;
    Ok(u64::try_from(read).is_ok_and(|read| read <= most).then_some(bytes))
}

/// Opens a regular file below a directory, as [`read_below`] does. `None`: it is no regular file.
///
/// # Errors
///
/// It cannot be opened.
pub fn regular_below(directory: &Utf8Path, path: &Utf8Path) -> io::Result<Option<File>> {
    let file = open_below(directory, path)?;
    Ok(file.metadata()?.is_file().then_some(file))
}

/// Opens a regular file, which may be behind a symbolic link. A pipe is not waited for. `None`: it is no regular file.
///
/// # Errors
///
/// It cannot be opened.
pub fn regular(path: &Utf8Path) -> io::Result<Option<File>> {
    use rustix::fs::{Mode, OFlags, open};
    let flags = OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = File::from(open(path.as_str(), flags, Mode::empty())?);
    Ok(file.metadata()?.is_file().then_some(file))
}

/// One directory after the other, so that each is the one that was looked at. A pipe without a writer, or a device, is
/// opened without waiting and without effect.
fn open_below(directory: &Utf8Path, path: &Utf8Path) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags, open, openat};
    let always = OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    let mut opened = open(directory.as_str(), always | OFlags::DIRECTORY, Mode::empty())?;
    let mut names = path.components().peekable();
    while let Some(name) = names.next() {
        let flags = if names.peek().is_some() { always | OFlags::DIRECTORY } else { always };
        opened = openat(&opened, name.as_str(), flags, Mode::empty())?;
    }
    Ok(opened.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use camino::Utf8PathBuf;

    #[test]
    fn links_pipes_and_what_is_too_large_are_not_read() {
        let directory = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::from_path_buf(directory.path().to_owned()).unwrap();
        std::fs::create_dir(root.join("sub")).unwrap();
        std::fs::write(root.join("sub/a"), "text").unwrap();
        std::os::unix::fs::symlink("sub", root.join("link")).unwrap();
        std::os::unix::fs::symlink("a", root.join("sub/b")).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, root.join("pipe").as_str(), rustix::fs::Mode::RUSR).unwrap();
        let read = |path: &str| read_below(&root, path.into(), 4);
        assert_eq!(read("sub/a").unwrap().as_deref(), Some(&b"text"[..]));
        assert_eq!(read_below(&root, "sub/a".into(), 3).unwrap(), None);
        for link in ["link/a", "sub/b", "none"] {
            assert!(read(link).is_err(), "{link}");
        }
        assert_eq!((read("pipe").unwrap(), read("sub").unwrap()), (None, None));
    }
}
