//! The file that is resolved, for the lines of what is in it.

use std::ops::Range;

use camino::Utf8Path;

use crate::domain::check::{LinePlace, TextLines};
use crate::domain::file_line::FileLine;

/// The file.
#[derive(Debug)]
pub(super) struct SourceFile<'f> {
    path: &'f Utf8Path,
    lines: TextLines<'f>,
}

impl<'f> SourceFile<'f> {
    /// A file, as messages name it, with its text.
    pub(super) fn new(path: &'f Utf8Path, text: &'f str) -> Self {
        Self { path, lines: TextLines::new(text) }
    }

    /// The place of something.
    pub(super) fn place(&self, span: &Range<usize>) -> LinePlace {
        self.lines.place(span)
    }

    /// The line on which something begins.
    pub(super) fn line(&self, span: &Range<usize>) -> FileLine {
        FileLine { file: self.path.to_owned(), line: self.place(span).line }
    }
}
