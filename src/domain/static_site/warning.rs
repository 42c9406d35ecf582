//! What about the way to a site lets it go wrong: said by `check` and in plans. Nothing of it stops a plan.

use crate::domain::failure::Failure;
use crate::domain::neutral;

/// What about the way to a site lets it go wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteWarning {
    /// What.
    pub text: String,
    /// What to do.
    pub hint: String,
}

impl SiteWarning {
    /// A warning. The text may be foreign in part.
    pub fn new(text: impl AsRef<str>, hint: impl Into<String>) -> Self {
        Self { text: neutral::phrase(text.as_ref(), 400), hint: hint.into() }
    }

    /// That something must not be read, and why.
    pub fn not_known(what: &str, failure: Failure) -> Self {
        let text = format!("how {what} is set up is not known: {}", failure.brief());
        let hint = failure.hints.into_iter().next().unwrap_or_else(|| "run it again".to_owned());
        Self { text, hint }
    }
}
