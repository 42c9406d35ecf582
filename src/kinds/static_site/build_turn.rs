//! One process at a time that builds in a directory, and reads what it built: another one would delete the files.

use std::fs::{File, TryLockError};
use std::sync::{Arc, Weak};

use camino::{Utf8Path, Utf8PathBuf};
use tokio::sync::Mutex;

use crate::events::Events;

/// The directories that this process has locked. Its own builds share a lock: each has an output of its own.
static LOCKED: Mutex<Vec<(Utf8PathBuf, Weak<File>)>> = Mutex::const_new(Vec::new());

/// A locked directory. The lock ends with the last of its clones.
#[derive(Debug, Clone)]
pub struct BuildTurn {
    _locked: Arc<File>,
}

impl BuildTurn {
    /// Waits until no other process builds beside an output, or reads what it built there. `None`: the file system has no
    /// locks, or the directory cannot be opened.
    pub async fn take(output: &Utf8Path, events: &Events) -> Option<Self> {
        let directory = output.ancestors().skip(1).find(|path| path.is_dir())?;
        // Held while waiting, so that another build of this process waits here, and then shares the lock.
        let mut locked = LOCKED.lock().await;
        let same = locked.iter().filter(|(path, _)| path == directory).find_map(|(_, file)| file.upgrade());
        if let Some(same) = same {
            return Some(Self { _locked: same });
        }
        let file = Arc::new(locked_file(directory, events).await?);
        locked.retain(|(_, file)| file.strong_count() > 0);
        locked.push((directory.to_owned(), Arc::downgrade(&file)));
        Some(Self { _locked: file })
    }
}

async fn locked_file(directory: &Utf8Path, events: &Events) -> Option<File> {
    let file = File::open(directory).ok()?;
    match file.try_lock() {
        Ok(()) => return Some(file),
        Err(TryLockError::Error(_)) => return None,
        Err(TryLockError::WouldBlock) => {
            events
                .note(format!("  another command builds in {directory}, or ships what it built there: waiting for it"));
        }
    }
    tokio::task::spawn_blocking(move || file.lock().is_ok().then_some(file)).await.ok()?
}
