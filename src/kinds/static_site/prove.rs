//! Proves through the public address of a site that it serves a release. Which answers count, `domain::static_site::proof` says.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::Instant;
use url::Url;

use crate::clients::http::{BodyBytes, Http, HttpError, Plain};
use crate::domain::image::Digest;
use crate::domain::limits::{SITE_ANSWER, SITE_PAGES, SITE_REQUEST};
use crate::domain::static_site::bundle::{SiteFile, SitePath};
use crate::domain::static_site::page::PageReferences;
use crate::domain::static_site::proof::{
    AddressResult, ExpectedAnswer, ProofAnswer, ProofQuestion, ProofWatch, RequestForm, ServedSite, SiteUnproven,
    alias, upgraded,
};
use crate::domain::step::StepId;
use crate::events::Events;
use crate::poll::{Waiting, poll};
use crate::together;

/// What pages call is asked for so long: it is there already, and nothing of it was changed.
const CALLS: Duration = Duration::from_mins(1);
/// Scripts and styles are asked for so long at least, however late the pages came.
const LEAST: Duration = Duration::from_secs(30);

/// A release that its site is to serve.
#[derive(Debug, Clone, Copy)]
pub struct SiteProof<'a> {
    /// Asks.
    pub http: &'a Http,
    /// Where progress is emitted.
    pub events: &'a Events,
    /// The step.
    pub step: &'a StepId,
    /// Where browsers find the site, with a `/` at its end.
    pub address: &'a Url,
    /// Its pages, with the digests that they have in the release.
    pub pages: &'a BTreeMap<SitePath, Digest>,
    /// What stood where something was written, of all files whose names stay. `None`: nothing stood there.
    pub before: &'a BTreeMap<SitePath, Option<Digest>>,
    /// All files of the release.
    pub served: &'a BTreeMap<SitePath, SiteFile>,
    /// The files in the bucket that only earlier releases have.
    pub left_over: &'a BTreeSet<SitePath>,
    /// The runtime configuration, as it was written.
    pub config: Option<&'a (SitePath, Digest)>,
    /// What is in it, by name.
    pub config_values: &'a [(String, String)],
    /// What its pages call.
    pub calls: &'a [String],
    /// How long what was served before may come.
    pub timeout: Duration,
    /// How long edges may keep an error that is over.
    pub errors_stay: Duration,
}

/// What proves a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProvenSite {
    /// Number of pages that came, and the runtime configuration where there is one.
    pub pages: usize,
    /// Number of pages that were not asked for.
    pub left_out: usize,
    /// Number of scripts and styles that came and that pages name.
    pub needed: usize,
    /// Number of addresses that allow pages to call them.
    pub calls: usize,
}

/// Proves that a site serves a release: its pages and its runtime configuration, what the pages name, and that they may call
/// what they call.
///
/// # Errors
///
/// What comes is wrong, is still that of before at the timeout, or nothing comes.
pub async fn prove(proof: &SiteProof<'_>) -> Result<ProvenSite, SiteUnproven> {
    let address = own_address(proof).await;
    let proof = &SiteProof { address: &address, ..*proof };
    proof.site().check_values(proof.config_values)?;
    let proven = prove_files(proof).await?;
    let calls = proof.site().calls(proof.calls)?;
    let count = calls.len();
    ask_until_right(proof, calls, CALLS.min(proof.timeout)).await?;
    Ok(ProvenSite { calls: count, ..proven })
}

/// Proves that a site serves what it served before a release that failed. What it calls and how it is configured is not asked:
/// both are as they were.
///
/// # Errors
///
/// As [`prove`].
pub async fn prove_back(proof: &SiteProof<'_>) -> Result<ProvenSite, SiteUnproven> {
    let address = own_address(proof).await;
    prove_files(&SiteProof { address: &address, ..*proof }).await
}

impl SiteProof<'_> {
    fn site(&self) -> ServedSite<'_> {
        let Self { address, pages, before, served, left_over, config, .. } = *self;
        ServedSite { address, pages, before, served, left_over, config }
    }
}

async fn prove_files(proof: &SiteProof<'_>) -> Result<ProvenSite, SiteUnproven> {
    let began = Instant::now();
    let (asked, left_out) = proof.site().pages();
    if left_out > 0 {
        let most = SITE_PAGES.count();
        proof.events.note(format!("  {most} of {} pages are asked for", most + left_out));
    }
    let pages = asked.len();
    let read = ask_until_right(proof, asked, proof.timeout).await?;
    for (address, _) in read.iter().filter(|(_, page)| page.is_cut) {
        proof.events.note(format!("  {} names more than is asked for", address.path()));
    }
    let needed = proof.site().needed(&read)?;
    let count = needed.len();
    let rest = proof.timeout.saturating_sub(began.elapsed()).max(LEAST.min(proof.timeout));
    ask_until_right(proof, needed, rest).await?;
    Ok(ProvenSite { pages, left_out, needed: count, calls: 0 })
}

/// The address of the site: the same with TLS where it redirects there. Who does not answer is asked again with the pages.
async fn own_address(proof: &SiteProof<'_>) -> Url {
    let mut address = proof.address.clone();
    if !address.path().ends_with('/') {
        address.set_path(&format!("{}/", proof.address.path()));
    }
    if address.scheme() != "http" {
        return address;
    }
    let plain = Plain { method: "GET", url: &address, headers: &[], timeout: SITE_REQUEST.time(), most: 0 };
    let Ok(whole) = proof.http.look(plain).await else { return address };
    location(&whole).and_then(|location| upgraded(&address, location)).unwrap_or(address)
}

/// Where an answer redirects to.
fn location(whole: &BodyBytes) -> Option<&String> {
    whole.headers.get("location").filter(|_| (300..400).contains(&whole.status))
}

/// Asks until each question has the answer that is wanted. Returns the pages that came so.
async fn ask_until_right(
    proof: &SiteProof<'_>,
    asked: Vec<ProofQuestion>,
    timeout: Duration,
) -> Result<Vec<(Url, PageReferences)>, SiteUnproven> {
    let watch = RefCell::new(ProofWatch::new(asked.clone(), timeout, proof.errors_stay));
    let read = RefCell::new(BTreeMap::new());
    let ask = async |numbers: Vec<usize>| {
        let each = numbers.into_iter().filter_map(|number| asked.get(number).map(|asked| (number, asked)));
        together::each(each, async |(number, asked)| {
            let (look, page) = look(proof.http, asked).await;
            if let Some(page) = page {
                read.borrow_mut().insert(number, (asked.url.clone(), page));
            }
            (number, look)
        })
        .await
    };
    let first = watch.borrow().first();
    let ended = poll(Waiting::In(proof.events, proof.step), first, ask, |elapsed, looks| {
        let next = watch.borrow_mut().see(elapsed, &looks);
        if !asked.is_empty() {
            proof.events.progress(proof.step, &next.progress);
        }
        next.step
    });
    ended.await?;
    Ok(read.into_inner().into_values().collect())
}

/// Asks once. The page is there where the bytes are those that are wanted.
async fn look(http: &Http, asked: &ProofQuestion) -> (AddressResult, Option<PageReferences>) {
    let (whole, url) = match answer(http, asked).await {
        Ok(answer) => answer,
        Err(error) => return (AddressResult::Unanswered(error.to_string()), None),
    };
    let BodyBytes { status, headers, body, is_cut } = whole;
    let digest = (!is_cut).then(|| Digest::of(&body));
    let seen = ProofAnswer::new(status, &headers, digest);
    let is_wanted =
        matches!(&asked.expected, ExpectedAnswer::File { digest, role: None, .. } if *digest == seen.digest);
    let page = (is_wanted && !is_cut && seen.kind == "text/html").then(|| PageReferences::read(&body, &url));
    (AddressResult::Answered(Box::new(seen)), page)
}

/// The answer, and where it came from: a page may have another name, and redirect there.
async fn answer(http: &Http, asked: &ProofQuestion) -> Result<(BodyBytes, Url), HttpError> {
    let get = [("accept-encoding", "identity")];
    let (method, origin) = match &asked.question {
        RequestForm::Get => ("GET", None),
        RequestForm::Preflight { origin } => ("OPTIONS", Some(origin)),
    };
    let preflight = origin.map(|origin| [("origin", origin.as_str()), ("access-control-request-method", "GET")]);
    let headers = preflight.as_ref().map_or(&get[..], |headers| &headers[..]);
    let (timeout, most) = (SITE_REQUEST.time(), SITE_ANSWER.count());
    let whole = http.look(Plain { method, url: &asked.url, headers, timeout, most }).await?;
    let is_page = matches!(asked.expected, ExpectedAnswer::File { role: None, .. });
    match location(&whole).and_then(|location| alias(&asked.url, location)).filter(|_| is_page) {
        Some(url) => Ok((http.look(Plain { method, url: &url, headers, timeout, most }).await?, url)),
        None => Ok((whole, asked.url.clone())),
    }
}

#[cfg(test)]
#[path = "prove_tests.rs"]
mod tests;
