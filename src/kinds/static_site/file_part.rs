//! Bytes in a file on the disk.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use camino::Utf8PathBuf;

use super::output;
use crate::clients::files;
#[cfg(test)]
use crate::domain::image::Digest;
use crate::domain::static_site::bundle::BundleError;

/// Where the bytes of a file are on the disk. They were hashed; who uploads them lets S3 compare the hash again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilePart {
    /// The file.
    pub path: Utf8PathBuf,
    /// Where they begin in it.
    pub offset: u64,
    /// How many there are.
    pub length: u64,
}

impl FilePart {
    /// All the bytes, held in memory, when they have the digest.
    ///
    /// # Errors
    ///
    /// They cannot be read, or are others than were hashed.
    #[cfg(test)]
    pub fn read(&self, digest: &Digest) -> Result<Vec<u8>, BundleError> {
        let bytes = self.read_part(0, self.length)?;
        if Digest::of(&bytes) == *digest { Ok(bytes) } else { Err(self.changed()) }
    }

    /// A number of the bytes from one on. They are not hashed again.
    ///
    /// # Errors
    ///
    /// They cannot be read, or there are not as many.
    pub fn read_part(&self, from: u64, length: u64) -> Result<Vec<u8>, BundleError> {
        let ends = from.checked_add(length).is_some_and(|end| end <= self.length);
        let size = usize::try_from(length).ok().filter(|_| ends).ok_or_else(|| self.changed())?;
        let mut bytes = vec![0; size];
        let opened = self.open()?;
        opened.read_exact_at(&mut bytes, self.offset.saturating_add(from)).map_err(|error| self.unreadable(&error))?;
        Ok(bytes)
    }

    /// The file that they are in. It is no link that has taken the file's place.
    ///
    /// # Errors
    ///
    /// It cannot be opened, or is none any more.
    pub fn open(&self) -> Result<File, BundleError> {
        let name = self.path.file_name().zip(self.path.parent());
        let opened = name.map(|(name, directory)| files::regular_below(directory, name.into()));
        let opened = opened.transpose().map_err(|error| self.unreadable(&error))?;
        opened.flatten().ok_or_else(|| self.changed())
    }

    fn changed(&self) -> BundleError {
        BundleError::Changed { path: self.path.to_string() }
    }

    fn unreadable(&self, error: &io::Error) -> BundleError {
        output::unreadable(&self.path, error)
    }
}
