//! Which file is read now, so that one on which a parser hangs is named.

use std::sync::{Arc, Mutex, PoisonError};

/// The file that is read now.
pub type CurrentFile = Arc<Mutex<String>>;

/// Notes which file is read now.
pub fn note(current: &CurrentFile, file: &str) {
    file.clone_into(&mut current.lock().unwrap_or_else(PoisonError::into_inner));
}
