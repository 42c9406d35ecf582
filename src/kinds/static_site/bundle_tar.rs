//! A bundle as one file, for the way from the job that builds to the one that deploys: a tar with the manifest and each
//! content once. There is one such file for a bundle, byte for byte, and no other is taken: what could be hidden in a tar,
//! such as links, paths, owners or a second entry of a name, is nowhere in it.

use std::collections::{BTreeMap, HashMap};
use std::fs::{File, Permissions};
use std::io::{self, BufWriter, Read as _, Write};
use std::os::unix::fs::{FileExt as _, PermissionsExt as _};

use camino::Utf8Path;
use sha2::{Digest as _, Sha256};
use tar::{EntryType, Header};
use tempfile::NamedTempFile;

use super::bundle_hash;
use super::file_part::FilePart;
use super::output::unreadable;
use crate::clients::files;
use crate::domain::image::Digest;
use crate::domain::limits::{BUNDLE_MANIFEST, SITE_FILES};
use crate::domain::neutral;
use crate::domain::static_site::bundle::{BundleError, BundleManifest};

/// The name of the manifest in it: the first entry.
const MANIFEST: &str = "manifest.json";
/// Headers and contents begin at multiples of it.
const BLOCK: u64 = 512;
/// Two blocks of zeros are the end.
const END: u64 = 2 * BLOCK;
/// Number of bytes of a content that are copied at once.
const PIECE: u64 = 1 << 20;

/// The header of an entry: it says its name and its size, and nothing else that could differ.
fn header(name: &str, size: u64) -> io::Result<Header> {
    let mut header = Header::new_ustar();
    header.set_path(name)?;
    header.set_entry_type(EntryType::Regular);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(size);
    header.set_cksum();
    Ok(header)
}

fn blob(digest: &Digest) -> String {
    format!("blobs/{}", digest.hex())
}

/// How many zeros follow a content of a size.
fn padding(size: u64) -> u64 {
    size.wrapping_neg() % BLOCK
}

/// Writes a bundle into a file: the document of its manifest, and the bytes of each content, in the order of their digests.
///
/// # Errors
///
/// It cannot be written, or bytes have changed since they were hashed.
pub fn write(document: &str, bodies: &[(&Digest, &FilePart)], path: &Utf8Path) -> Result<(), BundleError> {
    let failed = |error: io::Error| BundleError::Unwritable { file: path.to_string(), why: error.to_string() };
    let directory = path.parent().filter(|parent| !parent.as_str().is_empty()).unwrap_or_else(|| ".".into());
    let mut file = NamedTempFile::new_in(directory).map_err(failed)?;
    let mut out = Out { writer: BufWriter::new(file.as_file_mut()), path };
    let document = document.as_bytes();
    out.begin(MANIFEST, document.len() as u64)?;
    out.put(document)?;
    out.put_zeros(padding(document.len() as u64))?;
    for (digest, body) in bodies {
        out.begin(&blob(digest), body.length)?;
        out.copy(body, digest)?;
        out.put_zeros(padding(body.length))?;
    }
    out.put_zeros(END)?;
    out.writer.flush().map_err(failed)?;
    drop(out);
    file.as_file().set_permissions(Permissions::from_mode(0o644)).map_err(failed)?;
    file.persist(path).map(drop).map_err(|error| failed(error.error))
}

/// A file that is written.
struct Out<'a, W: Write> {
    writer: W,
    path: &'a Utf8Path,
}

impl<W: Write> Out<'_, W> {
    fn begin(&mut self, name: &str, size: u64) -> Result<(), BundleError> {
        let header = header(name, size).map_err(|error| self.failed(&error))?;
        self.put(header.as_bytes())
    }

    /// Copies bytes that still have their digest. Where they have another, the file is given up.
    fn copy(&mut self, body: &FilePart, digest: &Digest) -> Result<(), BundleError> {
        let (mut hash, mut at) = (Sha256::new(), 0);
        while at < body.length {
            let piece = body.read_part(at, PIECE.min(body.length - at))?;
            hash.update(&piece);
            self.put(&piece)?;
            at += piece.len() as u64;
        }
        if Digest::from_hash(hash) == *digest {
            Ok(())
        } else {
            Err(BundleError::Changed { path: body.path.to_string() })
        }
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), BundleError> {
        self.writer.write_all(bytes).map_err(|error| self.failed(&error))
    }

    fn put_zeros(&mut self, count: u64) -> Result<(), BundleError> {
        io::copy(&mut io::repeat(0).take(count), &mut self.writer).map(drop).map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &io::Error) -> BundleError {
        BundleError::Unwritable { file: self.path.to_string(), why: error.to_string() }
    }
}

/// Reads a file that [`write()`] wrote, and hashes all that is in it.
///
/// # Errors
///
/// It cannot be read, is damaged, or is another bundle than the one that is expected.
pub fn read(
    path: &Utf8Path,
    expected: Option<&Digest>,
) -> Result<(BundleManifest, HashMap<Digest, FilePart>), BundleError> {
    let failed = |error: io::Error| unreadable(path, &error);
    let damaged = |why: String| BundleError::Damaged { file: path.to_string(), why };
    let file = files::regular(path).map_err(failed)?.ok_or_else(|| damaged("it is no file".to_owned()))?;
    let length = file.metadata().map_err(failed)?.len();
    let mut parts = TarEntries { file: &file, length, at: 0 };
    let document = parts.manifest().map_err(damaged)?;
    let found = Digest::of(&document);
    // Before anything else is said of it: another whole bundle is the most likely mistake.
    if let Some(expected) = expected.filter(|expected| **expected != found) {
        return Err(BundleError::OtherBundle { file: path.to_string(), expected: expected.clone(), found });
    }
    let manifest = understood(&document).map_err(damaged)?;
    let mut bodies = Vec::new();
    for (digest, size) in contents(&manifest).map_err(damaged)? {
        let offset = parts.entry(&blob(&digest), size).map_err(damaged)?;
        bodies.push((digest, FilePart { path: path.to_owned(), offset, length: size }));
    }
    parts.end().map_err(damaged)?;
    let hashed =
        bundle_hash::each(&bodies, |(_, body), buffer| bundle_hash::part(&file, body.offset, body.length, buffer));
    for ((digest, _), hashed) in bodies.iter().zip(hashed) {
        if hashed.map_err(failed)? != *digest {
            return Err(damaged(format!("entry `{}` has other bytes than its name says", blob(digest))));
        }
    }
    Ok((manifest, bodies.into_iter().collect()))
}

/// The manifest in a document that shipgate wrote.
fn understood(document: &[u8]) -> Result<BundleManifest, String> {
    let manifest = BundleManifest::read(document).map_err(|why| format!("its manifest cannot be read: {why}"))?;
    if manifest.document().as_bytes() != document {
        return Err("its manifest is not as shipgate writes it".to_owned());
    }
    if manifest.files.len() > SITE_FILES.count() {
        return Err(format!("its manifest has more than {SITE_FILES} files"));
    }
    Ok(manifest)
}

/// Each content of a manifest once with its size, in the order in which they are in the file.
fn contents(manifest: &BundleManifest) -> Result<Vec<(Digest, u64)>, String> {
    let mut sizes: BTreeMap<&str, (&Digest, u64)> = BTreeMap::new();
    for file in manifest.files.values() {
        let (_, size) = *sizes.entry(file.digest.hex()).or_insert((&file.digest, file.size));
        if size != file.size {
            return Err(format!("its manifest has two sizes of {}", file.digest));
        }
    }
    Ok(sizes.into_values().map(|(digest, size)| (digest.clone(), size)).collect())
}

/// A file that is read, entry by entry.
struct TarEntries<'a> {
    file: &'a File,
    length: u64,
    at: u64,
}

impl TarEntries<'_> {
    /// The first entry: the manifest.
    fn manifest(&mut self) -> Result<Vec<u8>, String> {
        let block = self.bytes(BLOCK)?;
        let size = Header::from_byte_slice(&block).entry_size().unwrap_or(u64::MAX);
        check_header(&block, MANIFEST, size)?;
        if size > BUNDLE_MANIFEST.amount {
            return Err(format!("its manifest has more than {BUNDLE_MANIFEST}"));
        }
        let document = self.bytes(size)?;
        self.zeros(padding(size))?;
        Ok(document)
    }

    /// The next entry, which has to be the one of a name and a size. Returns where its content begins, which is not read.
    fn entry(&mut self, name: &str, size: u64) -> Result<u64, String> {
        let block = self.bytes(BLOCK)?;
        check_header(&block, name, size)?;
        let begins = self.at;
        let ends = begins.checked_add(size).filter(|end| *end <= self.length);
        self.at = ends.ok_or("it ends in the middle")?;
        self.zeros(padding(size))?;
        Ok(begins)
    }

    fn end(&mut self) -> Result<(), String> {
        self.zeros(END)?;
        if self.at == self.length { Ok(()) } else { Err("something follows its end".to_owned()) }
    }

    fn zeros(&mut self, count: u64) -> Result<(), String> {
        let is_empty = self.bytes(count)?.iter().all(|byte| *byte == 0);
        if is_empty {
            Ok(())
        } else {
            Err("it has an entry that its manifest does not name, or bytes that are in none".to_owned())
        }
    }

    /// The next bytes. There are as many in memory as in the file, at most.
    fn bytes(&mut self, count: u64) -> Result<Vec<u8>, String> {
        let end = self.at.checked_add(count).filter(|end| *end <= self.length);
        let size = usize::try_from(count).ok().filter(|_| end.is_some()).ok_or("it ends in the middle")?;
        let mut bytes = vec![0; size];
        self.file.read_exact_at(&mut bytes, self.at).map_err(|error| error.to_string())?;
        self.at += count;
        Ok(bytes)
    }
}

/// Compares the header of an entry with the only one that it may have.
fn check_header(block: &[u8], name: &str, size: u64) -> Result<(), String> {
    if header(name, size).is_ok_and(|wanted| wanted.as_bytes().as_slice() == block) {
        return Ok(());
    }
    let found = Header::from_byte_slice(block);
    let shown = neutral::phrase(&String::from_utf8_lossy(&found.path_bytes()), 100);
    Err(if block.iter().all(|byte| *byte == 0) {
        format!("entry `{name}` is missing")
    } else if found.path_bytes() != name.as_bytes() {
        format!("entry `{shown}` is where `{name}` should be")
    } else if found.entry_type() != EntryType::Regular {
        format!("entry `{name}` is no file")
    } else if found.entry_size().ok() != Some(size) {
        format!("entry `{name}` has another size than its manifest says")
    } else {
        format!("the header of entry `{name}` is not as shipgate writes it")
    })
}

#[cfg(test)]
mod tests;
