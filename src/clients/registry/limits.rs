//! The timeouts of a copy.

use std::time::Duration;

use oci_client::errors::OciDistributionError;
use tokio::time::sleep;

use super::answer::{is_transient, text};
use crate::domain::limits::{LAYER_PACE, LAYER_SILENCE, REGISTRY_REQUEST, UPLOAD_ANSWER, UPLOAD_STALL};

/// The limits of one copy; tests have shorter ones.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// A small request may last so long, with its whole answer.
    pub request: Duration,
    /// The source may be silent for so long.
    pub silence: Duration,
    /// The target may not open an upload, or take no bytes, for so long.
    pub stall: Duration,
    /// The least that either of the two moves.
    pub pace: Pace,
    /// The target may need so long for an answer when it has all bytes: it reads a layer once more.
    pub answer: Duration,
    /// The first pause before a next try; each further one is twice as long.
    pub pause: Duration,
    /// How often a download goes on after it broke, for each blob.
    pub resumes: u32,
    /// How often a request or an upload is begun again, for each blob.
    pub restarts: u32,
}

impl Limits {
    /// Those of the program.
    pub const USUAL: Self = Self {
        request: REGISTRY_REQUEST.time(),
        silence: LAYER_SILENCE.time(),
        stall: UPLOAD_STALL.time(),
        pace: Pace { window: Duration::from_mins(1), least: LAYER_PACE.amount },
        answer: UPLOAD_ANSWER.time(),
        pause: Duration::from_millis(500),
        resumes: 5,
        restarts: 3,
    };

    /// Waits before a try, of which the first is number 1.
    pub async fn rest(&self, nth: u32) {
        sleep(self.pause.saturating_mul(1 << (nth.saturating_sub(1)).min(6))).await;
    }

    /// Makes a request that may be made twice, again while its errors are transient.
    pub async fn patiently<T, F>(&self, mut request: impl FnMut() -> F) -> Result<T, OciDistributionError>
    where
        F: Future<Output = Result<T, OciDistributionError>>,
    {
        for nth in 1..=self.restarts {
            match request().await {
                Err(error) if is_transient(&error) => {
                    tracing::debug!(error = text(&error), nth, "the registry is asked again");
                    self.rest(nth).await;
                }
                result => return result,
            }
        }
        request().await
    }
}

/// The slowest rate: a number of bytes in a time. Who sends less for each of its pauses counts as silent.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// The time.
    pub window: Duration,
    /// The bytes.
    pub least: u64,
}

/// What was waited for since a pace was last looked at.
#[derive(Debug, Clone, Copy, Default)]
pub struct PaceWindow {
    waited: Duration,
    moved: u64,
}

impl PaceWindow {
    /// Notes a wait and what came of it.
    ///
    /// # Errors
    ///
    /// Too little came, in words.
    pub fn step(&mut self, pace: Pace, waited: Duration, moved: u64) -> Result<(), String> {
        self.waited = self.waited.saturating_add(waited);
        self.moved = self.moved.saturating_add(moved);
        if self.waited < pace.window {
            return Ok(());
        }
        let Self { waited, moved } = std::mem::take(self);
        if moved < pace.least { Err(format!("only {moved} bytes moved in {} s", waited.as_secs())) } else { Ok(()) }
    }
}
