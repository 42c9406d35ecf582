//! What came back when an address was asked.

use std::collections::BTreeMap;

use crate::domain::image::Digest;
use crate::domain::neutral;

/// What came back when an address was asked once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AddressResult {
    /// An answer.
    Answered(Box<ProofAnswer>),
    /// None, and why, in words.
    Unanswered(String),
}

/// An answer, as far as a proof goes by it. The texts are foreign, and neutral.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProofAnswer {
    /// Its status.
    pub status: u16,
    /// The digest of its bytes. `None`: there are more than are read.
    pub digest: Option<Digest>,
    /// The type, in lower case, without parameters.
    pub kind: String,
    /// Where it redirects to.
    pub location: Option<String>,
    /// Which origins may read it.
    pub allow_origin: Option<String>,
    /// How many seconds a cache has kept it.
    pub age: Option<String>,
    /// Whether a cache had it: `Hit from cloudfront`.
    pub cache: Option<String>,
}

impl ProofAnswer {
    /// From the parts of an answer. `headers`: names in lower case.
    pub fn new(status: u16, headers: &BTreeMap<String, String>, digest: Option<Digest>) -> Self {
        let text = |name: &str, longest| headers.get(name).map(|text| neutral::phrase(text, longest));
        let kind = text("content-type", 100).unwrap_or_default();
        Self {
            status,
            digest,
            kind: kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase(),
            location: text("location", 200),
            allow_origin: headers
                .get("access-control-allow-origin")
                .map(|origin| neutral::line(origin).trim().to_owned()),
            age: text("age", 20),
            cache: text("x-cache", 60),
        }
    }

    /// Whether the origin has no such file, or does not say: S3 refuses the question for a missing file of who may not list.
    pub fn is_missing(&self) -> bool {
        matches!(self.status, 403 | 404)
    }

    /// What caches on the way say of it, in brackets, or nothing.
    pub fn kept(&self) -> String {
        let age = self.age.as_ref().map(|age| format!("age {age} s"));
        let said: Vec<String> = age.into_iter().chain(self.cache.clone()).collect();
        if said.is_empty() { String::new() } else { format!(" ({})", said.join(", ")) }
    }
}
