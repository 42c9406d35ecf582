//! Why nothing is known of a page.

/// Why a page was not opened, so that nothing is known of it.
#[derive(Debug, thiserror::Error)]
pub enum BrowserError {
    /// There is no browser.
    #[error("there is no Chrome or Chromium")]
    None,
    /// It does not start.
    #[error("{program} does not start: {why}")]
    NotStarted {
        /// The program.
        program: String,
        /// Why, in words.
        why: String,
    },
    /// It ended, or does not do what it is asked.
    #[error("the browser fails: {0}")]
    Fails(String),
}
