//! SIGINT and SIGTERM.

use std::future::Future;

use crate::domain::failure::Failure;
use crate::domain::outcome::Outcome;

/// Does the work unless a signal comes first; then the work is dropped where it stands.
///
/// # Errors
///
/// That of the work, or `interrupted`.
pub async fn until_interrupted<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::select! {
        result = work => result,
        signal = signal() => Err(interrupted_by(signal)),
    }
}

/// What a signal makes of the work that it ends.
pub fn interrupted_by(signal: &str) -> Failure {
    Failure::new(Outcome::Interrupted, format!("interrupted by {signal}"))
}

/// Waits for one of them, and names it.
#[cfg(unix)]
pub async fn signal() -> &'static str {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        // Without handlers the default action of the signals ends the program.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => "SIGINT",
        _ = terminate.recv() => "SIGTERM",
    }
}

/// Waits for an interruption, and names it.
#[cfg(not(unix))]
pub async fn signal() -> &'static str {
    match tokio::signal::ctrl_c().await {
        Ok(()) => "Ctrl-C",
        Err(_) => std::future::pending().await,
    }
}
