//! The public side of a site in the course of a run: what its distribution is to forget, and the proof of what it serves.

use std::collections::{BTreeMap, BTreeSet};

use url::Url;

use super::cloudfront::{CloudFront, Invalidation, InvalidationId, not_invalidated};
use super::prove::{ProvenSite, SiteProof, prove as prove_release, prove_back as prove_former};
use super::site_run::SiteRun;
use crate::domain::failure::Failure;
use crate::domain::image::Digest;
use crate::domain::outcome::Outcome;
use crate::domain::static_site::bundle::{Cache, SitePath, Wave};
use crate::domain::static_site::invalidation::{caller_reference, paths};
use crate::domain::static_site::proof::SiteUnproven;
use crate::domain::static_site::served::Served;
use crate::domain::static_site::store::{CurrentRelease, WrittenConfig};
use crate::domain::step::StepId;

/// What browsers are to get.
#[derive(Debug, Clone, Copy)]
pub struct Pages<'a> {
    /// All files.
    pub served: &'a Served,
    /// What was served before. `None`: nothing that is known.
    pub before: Option<&'a Served>,
    /// The file that differs between environments.
    pub config: Option<&'a WrittenConfig>,
    /// The values in it, by name.
    pub values: &'a [(String, String)],
    /// The files in the bucket that only earlier releases have.
    pub left_over: &'a BTreeSet<SitePath>,
}

/// Why a release is not proven.
#[derive(Debug)]
pub struct Unproven {
    /// Why.
    pub failure: Failure,
    /// Whether the release is at fault, so that what was served before is put back.
    pub is_of_the_release: bool,
}

impl From<SiteUnproven> for Unproven {
    fn from(why: SiteUnproven) -> Self {
        Self { failure: why.failure(), is_of_the_release: why.is_of_the_release() }
    }
}

impl From<Failure> for Unproven {
    fn from(failure: Failure) -> Self {
        Self { failure, is_of_the_release: false }
    }
}

impl AsRef<Failure> for Unproven {
    fn as_ref(&self) -> &Failure {
        &self.failure
    }
}

/// Lets the distribution forget some files. `None`: there is none, or no file.
///
/// # Errors
///
/// The call failed. The files are in the bucket.
pub async fn invalidate(
    apply: &SiteRun<'_>,
    step: &StepId,
    stale: &BTreeSet<SitePath>,
    current: &CurrentRelease,
) -> Result<Option<InvalidationId>, Failure> {
    let Some(id) = &apply.site.target.distribution else { return Ok(None) };
    let paths = paths(stale, &apply.facts.front.paths);
    if paths.is_empty() {
        return Ok(None);
    }
    let client: CloudFront = apply.run.cloud.client()?;
    let moment = current.since.as_millisecond().to_string();
    let reference = caller_reference(&current.release, &moment, &paths);
    let made = client.invalidate(id, &paths, &reference, apply.run.writer.permit()).await;
    let made = made.map_err(|error| Failure { outcome: Outcome::Broken, ..not_invalidated(id, error) })?;
    let count = paths.len();
    let what = if count == 1 { "1 path".to_owned() } else { format!("{count} paths") };
    apply.run.events.progress(step, &format!("invalidation {} of {what}", made.as_str()));
    Ok(Some(made))
}

/// Waits until every edge has forgotten. One that takes longer proves nothing, and what is served is looked at anyway.
pub async fn wait(apply: &SiteRun<'_>, step: &StepId, made: Option<&InvalidationId>) {
    let Some((id, made)) = apply.site.target.distribution.as_ref().zip(made) else { return };
    let events = &apply.run.events;
    let waited = async {
        let client: CloudFront = apply.run.cloud.client().map_err(Failure::from)?;
        Ok::<_, Failure>(client.wait((events, step), (id, made), apply.site.target.timeout).await?)
    };
    let (text, hint) = match waited.await {
        Ok(Invalidation::Done) => return,
        Ok(Invalidation::InProgress) => (
            format!(
                "invalidation {} is not completed: some edges may still answer with what was served before",
                made.as_str()
            ),
            "the proof asks one edge; see in the console when it is completed".to_owned(),
        ),
        Err(failure) => (
            format!("whether invalidation {} is completed is not known: {}", made.as_str(), failure.brief()),
            failure.hints.first().cloned().unwrap_or_else(|| "see in the console when it is completed".to_owned()),
        ),
    };
    events.warning(text, Some(hint));
}

/// Proves that the site serves a release.
///
/// # Errors
///
/// It does not, or that is not known.
pub async fn prove(apply: &SiteRun<'_>, step: &StepId, pages: &Pages<'_>) -> Result<(), Unproven> {
    let calls: Vec<String> = apply.site.target.calls.iter().map(|call| call.render(&apply.run.release)).collect();
    let asked = PublicQuestion::new(pages);
    let Some(address) = &apply.facts.front.address else { return Err(without_address(apply).into()) };
    let proven = prove_release(&asked.proof(apply, step, address, pages, &calls)).await?;
    apply.run.events.result(step, described(proven, address));
    Ok(())
}

/// Proves that the site serves what it served before a release that failed.
///
/// # Errors
///
/// As [`prove`].
pub async fn prove_back(apply: &SiteRun<'_>, step: &StepId, pages: &Pages<'_>) -> Result<(), Unproven> {
    let asked = PublicQuestion::new(pages);
    let Some(address) = &apply.facts.front.address else { return Err(without_address(apply).into()) };
    prove_former(&asked.proof(apply, step, address, pages, &[])).await?;
    Ok(())
}

fn without_address(apply: &SiteRun<'_>) -> Failure {
    Failure::new(Outcome::Broken, format!("nothing says where browsers find site `{}`", apply.site.target.name))
        .hint("write `url = \"https://…\"` in the component")
}

/// What is asked for, in the form of a proof.
struct PublicQuestion {
    pages: BTreeMap<SitePath, Digest>,
    before: BTreeMap<SitePath, Option<Digest>>,
    config: Option<(SitePath, Digest)>,
}

impl PublicQuestion {
    fn new(pages: &Pages<'_>) -> Self {
        let is_page = |wave: Wave| matches!(wave, Wave::Page | Wave::Entry);
        let of_release = pages.served.0.iter().filter(|(path, file)| is_page(file.wave(path)));
        let mutable = pages.served.0.iter().filter(|(_, file)| file.cache != Cache::Immutable);
        let stood = |path: &SitePath| pages.before?.0.get(path).map(|file| file.digest.clone());
        Self {
            pages: of_release.map(|(path, file)| (path.clone(), file.digest.clone())).collect(),
            before: mutable.map(|(path, _)| (path.clone(), stood(path))).collect(),
            config: pages.config.map(|config| (config.path.clone(), config.digest.clone())),
        }
    }

    fn proof<'p>(
        &'p self,
        apply: &'p SiteRun<'_>,
        step: &'p StepId,
        address: &'p Url,
        pages: &Pages<'p>,
        calls: &'p [String],
    ) -> SiteProof<'p> {
        SiteProof {
            http: apply.run.http,
            events: &apply.run.events,
            step,
            address,
            pages: &self.pages,
            before: &self.before,
            served: &pages.served.0,
            left_over: pages.left_over,
            config: self.config.as_ref(),
            config_values: pages.values,
            calls,
            timeout: apply.site.target.timeout,
            errors_stay: apply.facts.front.errors_stay,
        }
    }
}

/// What was proven, for people.
fn described(proven: ProvenSite, address: &Url) -> String {
    let count = |count: usize, one: &str, many: &str| match count {
        1 => format!("1 {one}"),
        count => format!("{count} {many}"),
    };
    let mut parts =
        vec![count(proven.pages, "page", "pages"), count(proven.needed, "script or style", "scripts and styles")];
    parts.extend((proven.calls > 0).then(|| count(proven.calls, "call allowed", "calls allowed")));
    format!("{} at {address}", parts.join(", "))
}
