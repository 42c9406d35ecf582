//! One blob on its way from a registry to another: read, hashed and sent on piece by piece.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, stream};
use oci_client::errors::OciDistributionError;
use reqwest::{Response, StatusCode};
use sha2::{Digest as _, Sha256};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use super::answer::{is_missing, is_transient, text};
use super::client::Registry;
use super::error::{RegistryError, RegistrySide};
use super::graph::Blob;
use super::limits::{Limits, PaceWindow};
use crate::domain::image::{Digest, ImageRepository};

/// Who has to act now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TransferTurn {
    /// The target, to say that it has all.
    Answer,
    /// The source, which is watched elsewhere.
    Source,
    /// The target, to open an upload or to take more bytes.
    Target,
}

/// The way of one blob.
#[derive(Debug)]
pub struct Transfer<'a> {
    /// From where.
    pub source: &'a Registry,
    /// From which repository.
    pub from: &'a ImageRepository,
    /// To where.
    pub target: &'a Registry,
    /// To which repository.
    pub to: &'a ImageRepository,
    /// What.
    pub blob: &'a Blob,
    /// Counts the bytes of all blobs on their way, for people.
    pub counter: Arc<AtomicU64>,
}

/// A failed try.
enum TransferError {
    /// It would fail again.
    Lasting(RegistryError),
    /// It may work now.
    Passing(RegistryError),
}

impl Transfer<'_> {
    /// Sends the blob, however often it must be begun.
    ///
    /// # Errors
    ///
    /// The blob is not what its digest and size say, or a registry failed for good.
    pub async fn run(&self) -> Result<(), RegistryError> {
        let breaks = Arc::new(AtomicU32::new(0));
        let mut restarts = 0;
        loop {
            let error = match self.attempt(&breaks).await {
                Ok(()) => return Ok(()),
                Err(TransferError::Lasting(error)) => return Err(error),
                Err(TransferError::Passing(error)) => error,
            };
            if restarts == self.target.limits.restarts {
                return Err(RegistryError::Repeated { error: Box::new(error), times: restarts + 1 });
            }
            restarts += 1;
            tracing::debug!(blob = %self.blob.digest, restarts, %error, "an upload is begun again");
            self.target.limits.rest(restarts).await;
            // The answer may be all that was lost.
            if self.target.has_blob(self.to, &self.blob.digest).await? {
                return Ok(());
            }
        }
    }

    async fn attempt(&self, breaks: &Arc<AtomicU32>) -> Result<(), TransferError> {
        let verdict = Arc::new(Mutex::new(None));
        let (turn, watched) = watch::channel(TransferTurn::Target);
        let sent = Arc::new(AtomicU64::new(0));
        let mut download = Download::new(self, Arc::clone(breaks), turn, Arc::clone(&sent));
        // Before an upload is opened, so that what cannot be read leaves nothing half-done.
        download.open().await.map_err(TransferError::Lasting)?;
        let pieces = pieces(download, Arc::clone(&verdict));
        let push = self.target.put_blob(self.to, self.blob, pieces);
        let result = tokio::select! {
            result = push => result.map_err(|error| self.judge(error)),
            why = stalled(watched, &sent, &self.target.limits) => Err(TransferError::Passing(self.stalled(why))),
        };
        let verdict = verdict.lock().unwrap_or_else(PoisonError::into_inner).take();
        let result = match (result, verdict) {
            (_, Some(error)) => Err(TransferError::Lasting(error)),
            // That it is there, the registry says itself: ECR may not list a blob before a manifest has it.
            (result, None) => result,
        };
        if result.is_err() {
            self.counter.fetch_sub(sent.load(Ordering::Relaxed), Ordering::Relaxed);
        }
        result
    }

    /// What an error of the target means.
    fn judge(&self, error: OciDistributionError) -> TransferError {
        let Self { to, blob, .. } = self;
        if is_missing(&error) {
            return TransferError::Lasting(missing_repository(to, error));
        }
        let is_odd = matches!(
            error,
            OciDistributionError::RegistryNoLocationError | OciDistributionError::SpecViolationError(_)
        );
        let is_passing = is_transient(&error) || is_odd;
        let failed = self.target.failed(RegistrySide::Target, format!("take {} for {to}", blob.digest), error);
        if is_passing { TransferError::Passing(failed) } else { TransferError::Lasting(failed) }
    }

    fn stalled(&self, why: String) -> RegistryError {
        let Self { target, to, blob, .. } = self;
        let action = format!("take {} for {to}", blob.digest);
        RegistryError::Broken { host: target.host.clone(), action, why: vec![why] }
    }
}

/// The repository that should take something does not exist.
pub fn missing_repository(to: &ImageRepository, error: OciDistributionError) -> RegistryError {
    RegistryError::NoRepository { repository: to.to_string(), source: Box::new(error) }
}

/// Returns when whose turn it is has not acted for too long, or too slowly, and says so.
async fn stalled(mut turn: watch::Receiver<TransferTurn>, sent: &AtomicU64, limits: &Limits) -> String {
    let nothing = |limit: Duration| format!("it did nothing for {} s", limit.as_secs());
    let (mut walk, mut before) = (PaceWindow::default(), 0);
    loop {
        let whose = *turn.borrow_and_update();
        let limit = match whose {
            TransferTurn::Answer => limits.answer,
            TransferTurn::Target => limits.stall,
            TransferTurn::Source => Duration::MAX,
        };
        let began = Instant::now();
        match timeout(limit, turn.changed()).await {
            Ok(Ok(())) => {}
            // Nothing is read any more: all that is awaited is the answer.
            Ok(Err(_)) => {
                tokio::time::sleep(limits.answer).await;
                return nothing(limits.answer);
            }
            Err(_) => return nothing(limit),
        }
        let now = sent.load(Ordering::Relaxed);
        let moved = now.saturating_sub(std::mem::replace(&mut before, now));
        let waited = if whose == TransferTurn::Target { began.elapsed() } else { Duration::ZERO };
        if let Err(why) = walk.step(limits.pace, waited, moved) {
            return why;
        }
    }
}

impl Registry {
    /// Whether a repository lists a blob.
    pub(super) async fn has_blob(&self, repository: &ImageRepository, digest: &Digest) -> Result<bool, RegistryError> {
        let found = self.limits.patiently(|| self.head_blob(repository, digest)).await;
        found.map_err(|error| self.failed(RegistrySide::Target, format!("find {digest} in {repository}"), error))
    }
}

/// A blob as it comes from its source, which may break and go on.
struct Download {
    registry: Registry,
    repository: ImageRepository,
    name: String,
    digest: Digest,
    size: u64,
    limits: Limits,
    stream: Option<Response>,
    walk: PaceWindow,
    /// How much of the stream has been handed on before.
    skip: u64,
    done: u64,
    hasher: Sha256,
    breaks: Arc<AtomicU32>,
    turn: watch::Sender<TransferTurn>,
    sent: Arc<AtomicU64>,
    counter: Arc<AtomicU64>,
}

/// The body of an upload. What goes wrong in it is kept, because the sender reports only that it did.
fn pieces(
    download: Download,
    verdict: Arc<Mutex<Option<RegistryError>>>,
) -> impl Stream<Item = Result<Bytes, OciDistributionError>> + Send + 'static {
    stream::try_unfold((download, verdict), |(mut download, verdict)| async move {
        match download.next().await {
            Ok(piece) => Ok(piece.map(|piece| (piece, (download, verdict)))),
            Err(error) => {
                let reported = OciDistributionError::GenericError(Some(error.to_string()));
                *verdict.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                Err(reported)
            }
        }
    })
}

impl Download {
    fn new(
        transfer: &Transfer<'_>,
        breaks: Arc<AtomicU32>,
        turn: watch::Sender<TransferTurn>,
        sent: Arc<AtomicU64>,
    ) -> Self {
        let Transfer { source, from, blob, .. } = transfer;
        Self {
            registry: (*source).clone(),
            repository: (*from).clone(),
            name: format!("{} of {from}", blob.digest),
            digest: blob.digest.clone(),
            size: blob.size,
            limits: source.limits,
            stream: None,
            walk: PaceWindow::default(),
            skip: 0,
            done: 0,
            hasher: Sha256::new(),
            breaks,
            turn,
            sent,
            counter: Arc::clone(&transfer.counter),
        }
    }

    /// The next piece. The last one is handed on only when all of them have the digest, so that an upload of other bytes
    /// is never complete.
    async fn next(&mut self) -> Result<Option<Bytes>, RegistryError> {
        if self.done == self.size {
            self.check()?;
            self.turn.send_replace(TransferTurn::Answer);
            return Ok(None);
        }
        self.turn.send_replace(TransferTurn::Source);
        let piece = self.piece().await?;
        self.done += piece.len() as u64;
        self.hasher.update(&piece);
        if self.done > self.size {
            return Err(self.mismatch(format!("it is longer than the {} bytes of the manifest", self.size)));
        }
        if self.done == self.size {
            self.check()?;
        }
        self.sent.fetch_add(piece.len() as u64, Ordering::Relaxed);
        self.counter.fetch_add(piece.len() as u64, Ordering::Relaxed);
        self.turn.send_replace(if self.done == self.size { TransferTurn::Answer } else { TransferTurn::Target });
        Ok(Some(piece))
    }

    fn check(&self) -> Result<(), RegistryError> {
        let found = Digest::from_hash(self.hasher.clone());
        if found == self.digest { Ok(()) } else { Err(self.mismatch(format!("its bytes have the digest {found}"))) }
    }

    fn mismatch(&self, difference: String) -> RegistryError {
        RegistryError::ForgedBlob { name: self.name.clone(), difference }
    }

    /// Some bytes that were not handed on before, from wherever the source goes on.
    async fn piece(&mut self) -> Result<Bytes, RegistryError> {
        loop {
            self.open().await?;
            let Some(stream) = self.stream.as_mut() else { continue };
            let began = Instant::now();
            let came = timeout(self.limits.silence, stream.chunk()).await;
            let error = match came {
                Ok(Ok(Some(mut piece))) => {
                    let known = usize::try_from(self.skip).unwrap_or(usize::MAX).min(piece.len());
                    self.skip -= known as u64;
                    match self.walk.step(self.limits.pace, began.elapsed(), piece.len() as u64) {
                        Ok(()) => {
                            let fresh = piece.split_off(known);
                            if fresh.is_empty() {
                                continue;
                            }
                            return Ok(fresh);
                        }
                        Err(why) => why,
                    }
                }
                Ok(Ok(None)) => format!("it ended after {} of {} bytes", self.done, self.size),
                Ok(Err(error)) => text(&OciDistributionError::RequestError(error)),
                Err(_) => format!("nothing came for {} s", self.limits.silence.as_secs()),
            };
            (self.stream, self.walk) = (None, PaceWindow::default());
            self.tolerate(error).await?;
        }
    }

    /// Opens the stream where it is not open, at the first byte that is missing.
    async fn open(&mut self) -> Result<(), RegistryError> {
        while self.stream.is_none() {
            let opened = timeout(self.limits.silence, self.request()).await;
            let error = match opened {
                Ok(Ok((stream, skip))) => {
                    let rest = self.size - self.done + skip;
                    if let Some(length) = stream.content_length().filter(|length| *length != rest) {
                        return Err(self.mismatch(format!("{length} bytes come instead of {rest}")));
                    }
                    (self.stream, self.skip) = (Some(stream), skip);
                    return Ok(());
                }
                Ok(Err(error)) if is_transient(&error) => text(&error),
                Ok(Err(error)) => return Err(self.refused(error)),
                Err(_) => format!("no answer came for {} s", self.limits.silence.as_secs()),
            };
            self.tolerate(error).await?;
        }
        Ok(())
    }

    /// The rest of the blob, and how much of it is to be skipped.
    async fn request(&self) -> Result<(Response, u64), OciDistributionError> {
        let answer = self.registry.get_blob(&self.repository, &self.digest, self.done).await?;
        let skip = if answer.status() == StatusCode::PARTIAL_CONTENT { 0 } else { self.done };
        Ok((answer, skip))
    }

    fn refused(&self, error: OciDistributionError) -> RegistryError {
        if is_missing(&error) {
            return RegistryError::NoBlob { name: self.name.clone(), source: Box::new(error) };
        }
        self.registry.failed(RegistrySide::Source, format!("read {}", self.name), error)
    }

    /// Waits before the download goes on; an error after the last time.
    async fn tolerate(&mut self, error: String) -> Result<(), RegistryError> {
        let nth = self.breaks.fetch_add(1, Ordering::Relaxed) + 1;
        if nth > self.limits.resumes {
            let counted = format!("it broke {nth} times, and {} of {} bytes came", self.done, self.size);
            return Err(RegistryError::Broken {
                host: self.registry.host.clone(),
                action: format!("read {}", self.name),
                why: vec![error, counted],
            });
        }
        tracing::debug!(blob = %self.digest, nth, error, "a download goes on");
        self.limits.rest(nth).await;
        Ok(())
    }
}
