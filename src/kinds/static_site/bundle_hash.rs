//! Hashes many files at once, a piece of each in memory at a time.

use std::fs::File;
use std::io::{self, Read as _};
use std::num::NonZeroUsize;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use camino::Utf8Path;
use sha2::{Digest as _, Sha256};

use super::output::{OutputFile, unreadable};
use crate::clients::files;
use crate::domain::image::Digest;
use crate::domain::static_site::bundle::BundleError;

/// Number of bytes of each file in memory.
const PIECE: usize = 128 << 10;
/// Maximum number of files that are read at once: beyond that disks are no faster.
const MOST_AT_ONCE: usize = 8;

/// Does the same with each of many, side by side, and returns what came of them in their order. `work` gets a buffer.
pub fn each<T: Sync, R: Send>(all: &[T], work: impl Fn(&T, &mut [u8]) -> R + Sync) -> Vec<R> {
    let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get).min(MOST_AT_ONCE).min(all.len());
    let next = AtomicUsize::new(0);
    let take = || {
        let mut buffer = vec![0; PIECE];
        let mut done = Vec::new();
        while let Some((index, one)) = {
            let index = next.fetch_add(1, Ordering::Relaxed);
            all.get(index).map(|one| (index, one))
        } {
            done.push((index, work(one, &mut buffer)));
        }
        done
    };
    let mut done: Vec<(usize, R)> = thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(take)).collect();
        let join = |thread: thread::ScopedJoinHandle<'_, _>| {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        threads.into_iter().flat_map(join).collect()
    });
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

/// The digest and the size of a file of an output, which does not change meanwhile.
///
/// # Errors
///
/// It changed, or cannot be read.
pub fn file(root: &Utf8Path, found: &OutputFile, buffer: &mut [u8]) -> Result<(Digest, u64), BundleError> {
    let failed = |error: io::Error| unreadable(found.path.as_str().into(), &error);
    let changed = || BundleError::Changed { path: found.path.to_string() };
    // It was one when the directory was read.
    let opened = files::regular_below(root, &found.real).map_err(failed)?.ok_or_else(changed)?;
    let before = FileStamp::of(&opened).map_err(failed)?;
    let (digest, size) = hash(&opened, before.size, buffer).map_err(failed)?;
    if size != before.size || FileStamp::of(&opened).map_err(failed)? != before {
        return Err(changed());
    }
    Ok((digest, size))
}

/// What shows that a file was written to: its size, and when it and what is known of it was changed.
#[derive(Debug, PartialEq, Eq)]
struct FileStamp {
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl FileStamp {
    fn of(file: &File) -> io::Result<Self> {
        let about = file.metadata()?;
        Ok(Self {
            size: about.size(),
            modified: (about.mtime(), about.mtime_nsec()),
            changed: (about.ctime(), about.ctime_nsec()),
        })
    }
}

/// The digest of a file and how many bytes it has: one more than `size`, if there are more.
fn hash(file: &File, size: u64, buffer: &mut [u8]) -> io::Result<(Digest, u64)> {
    let mut rest = file.take(size.saturating_add(1));
    let (mut hash, mut total) = (Sha256::new(), 0);
    loop {
        let read = match rest.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            read => read?,
        };
        let Some(piece) = buffer.get(..read).filter(|piece| !piece.is_empty()) else { break };
        hash.update(piece);
        total += piece.len() as u64;
    }
    Ok((Digest::from_hash(hash), total))
}

/// The digest of a part of a file.
///
/// # Errors
///
/// It cannot be read, or ends before.
pub fn part(file: &File, offset: u64, length: u64, buffer: &mut [u8]) -> io::Result<Digest> {
    let (mut hash, mut at, end) = (Sha256::new(), offset, offset.saturating_add(length));
    while at < end {
        let piece = buffer.len().min(usize::try_from(end - at).unwrap_or(usize::MAX));
        let piece = buffer.get_mut(..piece).unwrap_or_default();
        file.read_exact_at(piece, at)?;
        hash.update(&*piece);
        at += piece.len() as u64;
    }
    Ok(Digest::from_hash(hash))
}
