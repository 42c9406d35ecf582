//! Why a command failed: the reason in a box, what was seen, and what to do.

use crate::domain::failure::Failure;
use crate::domain::github::markdown::{block, boxed, code};
use crate::report::style::TextStyle;

/// The failure. Problems of a configuration are shown at their place, as on a terminal.
pub fn of(failure: &Failure) -> String {
    if let Some(diagnostics) = &failure.diagnostics {
        return block("text", &diagnostics.render(false).lines().map(str::to_owned).collect::<Vec<_>>());
    }
    let causes: Vec<String> = failure.causes.iter().map(|cause| TextStyle::plain().text(cause.as_ref())).collect();
    let hints: Vec<String> = failure.hints.iter().map(|hint| format!("- {}", code(hint))).collect();
    let parts = [
        Some(boxed("CAUTION", &code(&TextStyle::plain().text(&failure.reason)))),
        (!causes.is_empty()).then(|| block("text", &causes)),
        (!hints.is_empty()).then(|| format!("**What to do**\n\n{}\n", hints.join("\n"))),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join("\n")
}
