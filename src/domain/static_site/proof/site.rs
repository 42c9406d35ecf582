//! What is asked of a site.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use indexmap::IndexMap;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use url::Url;

use super::asked::{EarlierAnswer, ExpectedAnswer, ProofQuestion, RequestForm};
use super::verdict::{AddressFault, SiteUnproven};
use crate::domain::image::Digest;
use crate::domain::limits::{SITE_ANSWER, SITE_NAMES, SITE_PAGES};
use crate::domain::neutral;
use crate::domain::probe::shown_url;
use crate::domain::static_site::bundle::{SiteFile, SitePath};
use crate::domain::static_site::page::{PageReferences, Role};

/// What is encoded in an address. `+` is, since S3 takes it for a blank.
const ENCODED: AsciiSet = CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'+')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// A site as it is to be served.
#[derive(Debug, Clone, Copy)]
pub struct ServedSite<'a> {
    /// Where browsers find it, with a `/` at its end.
    pub address: &'a Url,
    /// Its pages.
    pub pages: &'a BTreeMap<SitePath, Digest>,
    /// What stood where something was written. `None`: nothing did.
    pub before: &'a BTreeMap<SitePath, Option<Digest>>,
    /// All files of the release.
    pub served: &'a BTreeMap<SitePath, SiteFile>,
    /// The files in the bucket that only earlier releases have.
    pub left_over: &'a BTreeSet<SitePath>,
    /// The runtime configuration, as it was written.
    pub config: Option<&'a (SitePath, Digest)>,
}

impl ServedSite<'_> {
    /// The pages to ask for, the entry page first, then the runtime configuration; and how many pages are left out.
    pub fn pages(&self) -> (Vec<ProofQuestion>, usize) {
        let is_entry = |path: &&SitePath| path.as_str() == SitePath::ENTRY;
        let entry = self.pages.keys().find(is_entry);
        let others = self.pages.keys().filter(|path| !is_entry(path));
        let old = self.before.iter().filter(|(path, _)| self.pages.contains_key(*path));
        let stand_ins: BTreeSet<Digest> =
            old.filter_map(|(_, digest)| digest.clone()).chain(self.pages.values().cloned()).collect();
        let stand_ins = Rc::new(stand_ins);
        let paths = entry.into_iter().chain(others).take(SITE_PAGES.count());
        let pages = paths.filter_map(|path| self.file(path, self.pages.get(path), None, &stand_ins));
        let config = self.config.filter(|(path, _)| !self.pages.contains_key(path));
        let config = config.and_then(|(path, digest)| self.file(path, Some(digest), None, &stand_ins));
        (pages.chain(config).collect(), self.pages.len().saturating_sub(SITE_PAGES.count()))
    }

    /// The scripts and styles that pages name, each once. Those of other origins are not asked for.
    ///
    /// # Errors
    ///
    /// A browser blocks one of them: it has no TLS, and its page does. Or it is a file that only an earlier release has: it
    /// answers until it is deleted.
    pub fn needed(&self, pages: &[(Url, PageReferences)]) -> Result<Vec<ProofQuestion>, SiteUnproven> {
        let mut needed: IndexMap<&Url, Role> = IndexMap::new();
        let mut faults = Vec::new();
        for (address, page) in pages {
            faults.extend(page.blocked(address).map(|url| AddressFault {
                asked: shown_url(address.as_str()),
                why: format!("it names {} without TLS, which browsers block", shown_url(url.as_str())),
            }));
            for (url, role) in page.needed().filter(|(url, _)| url.origin() == self.address.origin()) {
                if self.path_of(url).is_some_and(|path| self.left_over.contains(&path)) {
                    faults.push(AddressFault {
                        asked: shown_url(address.as_str()),
                        why: format!(
                            "it names {}, a file of an earlier release that this one lacks",
                            shown_url(url.as_str())
                        ),
                    });
                }
                needed.entry(url).or_insert(role);
            }
        }
        if !faults.is_empty() {
            return Err(SiteUnproven::Wrong(faults));
        }
        let none = Rc::default();
        let asked = needed.into_iter().take(SITE_NAMES.count()).map(|(url, role)| {
            let file = self.path_of(url).and_then(|path| self.file(&path, None, Some(role), &none));
            let expected = file.map_or(ExpectedAnswer::Typed(role), |file| file.expected);
            ProofQuestion { url: url.clone(), question: RequestForm::Get, expected }
        });
        Ok(asked.collect())
    }

    /// The questions whether pages may call what they call. A page needs no leave for its own origin.
    ///
    /// # Errors
    ///
    /// An address is none, or browsers block it: it has no TLS, and the site does.
    pub fn calls(&self, calls: &[String]) -> Result<Vec<ProofQuestion>, SiteUnproven> {
        let origin = self.address.origin();
        let mut asked = Vec::new();
        for call in calls {
            let shown = shown_url(call);
            let Ok(url) = Url::parse(call) else { return Err(SiteUnproven::wrong(shown, "it is no address")) };
            if self.is_blocked(call) {
                return Err(SiteUnproven::wrong(
                    shown,
                    "it has no TLS, so browsers block calls of it from a page that does",
                ));
            }
            if url.origin() != origin {
                let question = RequestForm::Preflight { origin: origin.ascii_serialization() };
                asked.push(ProofQuestion { url, question, expected: ExpectedAnswer::Leave });
            }
        }
        Ok(asked)
    }

    /// Whether browsers let pages use the values that they have in this environment. The values are not shown.
    ///
    /// # Errors
    ///
    /// Some are addresses without TLS, and the site has it.
    pub fn check_values(&self, values: &[(String, String)]) -> Result<(), SiteUnproven> {
        let blocked = values.iter().filter(|(_, value)| self.is_blocked(value));
        let faults: Vec<AddressFault> = blocked
            .map(|(name, _)| AddressFault {
                asked: format!("value `{}`", neutral::phrase(name, 100)),
                why: "it is an address without TLS, which browsers block on a page that has it".to_owned(),
            })
            .collect();
        if faults.is_empty() { Ok(()) } else { Err(SiteUnproven::Wrong(faults)) }
    }

    fn is_blocked(&self, value: &str) -> bool {
        let value = value.trim().to_ascii_lowercase();
        self.address.scheme() == "https" && (value.starts_with("http://") || value.starts_with("ws://"))
    }

    /// The question for a file. `None`: the release has no such file.
    fn file(
        &self,
        path: &SitePath,
        digest: Option<&Digest>,
        role: Option<Role>,
        stand_ins: &Rc<BTreeSet<Digest>>,
    ) -> Option<ProofQuestion> {
        let config = self.config.filter(|(config, _)| config == path).map(|(_, digest)| digest);
        let file = self.served.get(path);
        let digest = digest.or(config).or(file.map(|file| &file.digest))?;
        let is_read = file.is_none_or(|file| file.size <= SITE_ANSWER.amount);
        let before = match self.before.get(path) {
            Some(Some(old)) => EarlierAnswer::File(old.clone()),
            Some(None) => EarlierAnswer::Missing(Rc::clone(stand_ins)),
            None => EarlierAnswer::Same,
        };
        // Of the runtime configuration it is not known with which type it was written: scripts have to run.
        let is_script = file.is_none() && is_script(path);
        let role = role.or(is_script.then_some(Role::Script));
        let kind = file.map(|file| file.content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
        let digest = is_read.then(|| digest.clone());
        let expected = ExpectedAnswer::File { digest, role, kind, before };
        Some(ProofQuestion { url: self.url(path)?, question: RequestForm::Get, expected })
    }

    /// Where browsers find a file. The entry page is the site itself.
    fn url(&self, path: &SitePath) -> Option<Url> {
        if path.as_str() == "index.html" {
            return Some(self.address.clone());
        }
        self.address.join(&format!("./{}", utf8_percent_encode(path.as_str(), &ENCODED))).ok()
    }

    /// Which file an address of the site is.
    fn path_of(&self, url: &Url) -> Option<SitePath> {
        let below = url.path().strip_prefix(self.address.path())?;
        percent_decode_str(below).decode_utf8().ok()?.parse().ok()
    }
}

fn is_script(path: &SitePath) -> bool {
    let name = path.file_name().to_ascii_lowercase();
    name.rsplit_once('.').is_some_and(|(_, extension)| matches!(extension, "js" | "mjs"))
}

/// The address to go on with when a site redirects to its own with TLS. `None`: it redirects elsewhere.
pub fn upgraded(address: &Url, location: &str) -> Option<Url> {
    let to = address.join(location).ok()?;
    let is_same = to.host() == address.host() && to.path() == address.path() && to.query() == address.query();
    (is_same && address.scheme() == "http" && to.scheme() == "https").then_some(to)
}

/// The address of a page to go on with when it redirects to another name of itself: `/docs/index.html` to `/docs/`, and
/// `/about.html` to `/about`. `None`: it redirects elsewhere.
pub fn alias(page: &Url, location: &str) -> Option<Url> {
    let to = page.join(location).ok()?;
    let bare = |path: &str| {
        let path = path.strip_suffix("/index.html").or_else(|| path.strip_suffix(".html")).unwrap_or(path);
        path.trim_end_matches('/').to_owned()
    };
    let is_same = to.origin() == page.origin() && to.query().is_none() && bare(to.path()) == bare(page.path());
    (is_same && to.path() != page.path()).then_some(to)
}
