//! How patient a copy is.

use std::time::Duration;

use oci_client::errors::OciDistributionError;
use tokio::time::sleep;

use super::error::{is_transient, text};

/// The limits of one copy; tests have shorter ones.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The source may be silent for so long.
    pub silence: Duration,
    /// The target may not open an upload, or take no bytes, for so long.
    pub stall: Duration,
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
        silence: Duration::from_secs(20),
        stall: Duration::from_mins(1),
        answer: Duration::from_mins(5),
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
