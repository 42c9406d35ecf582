//! A line that people read, and from which level on it is shown.

use super::style::{CAREFUL, STRONG, TextStyle, wrapped};

/// How much is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReportDetail {
    /// Errors only, and the result.
    Quiet,
    /// Also warnings.
    Warnings,
    /// Also steps, progress and output.
    Everything,
    /// Also what has nothing to say.
    Verbose,
}

/// A line, or some that belong together.
#[derive(Debug)]
pub struct ReportLine {
    /// The text.
    pub text: String,
    /// The level from which on it is shown.
    pub least: ReportDetail,
}

/// A line that is shown unless less is wanted.
pub fn note(text: impl Into<String>) -> ReportLine {
    ReportLine { text: text.into(), least: ReportDetail::Everything }
}

/// A warning with what to do.
pub fn warning(text: &str, hint: Option<&str>, look: TextStyle) -> ReportLine {
    ReportLine { text: warned(text, hint, look), least: ReportDetail::Warnings }
}

/// A warning with what to do, in lines.
pub fn warned(text: &str, hint: Option<&str>, look: TextStyle) -> String {
    let first = format!("{CAREFUL}warning:{CAREFUL:#} ");
    let mut parts = text.lines();
    let head = parts.next().unwrap_or_default();
    let mut lines = wrapped(&look.text(head), look.width, &first, "  ");
    lines.extend(parts.map(|line| look.text(line)));
    lines.extend(hint.into_iter().flat_map(|hint| hinted(hint, look, "")));
    lines.join("\n")
}

/// An action beside what others have said.
pub fn hinted(hint: &str, look: TextStyle, indent: &str) -> Vec<String> {
    let first = format!("{indent}{STRONG}hint:{STRONG:#} ");
    wrapped(&look.text(hint), look.width, &first, &format!("{indent}  "))
}

/// The same where nothing is known of the terminal.
pub fn hint(hint: &str) -> String {
    format!("{STRONG}hint:{STRONG:#} {hint}")
}
