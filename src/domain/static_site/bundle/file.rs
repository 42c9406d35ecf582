//! A file of a site: its bytes by their digest, and the headers that it is served with.

use crate::domain::image::Digest;

/// A file of a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteFile {
    /// The digest of its bytes.
    pub digest: Digest,
    /// How many bytes there are.
    pub size: u64,
    /// The header `Content-Type`.
    pub content_type: String,
    /// How long caches may keep it.
    pub cache: Cache,
    /// The header `Content-Encoding`, of a file that is compressed already.
    pub encoding: Option<Encoding>,
}

/// How long caches may keep a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cache {
    /// For ever: another content has another name.
    Immutable,
    /// Until the next time that it is asked for: then they ask whether it is still the same.
    Revalidate,
}

impl Cache {
    /// The header `Cache-Control`.
    pub fn header(self) -> &'static str {
        match self {
            Self::Immutable => "public, max-age=31536000, immutable",
            Self::Revalidate => "no-cache",
        }
    }

    /// The rule with a header, where it is one of the two.
    pub fn of_header(header: &str) -> Option<Self> {
        [Self::Immutable, Self::Revalidate].into_iter().find(|cache| cache.header() == header)
    }
}

/// How a file is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Encoding {
    /// Brotli.
    Brotli,
    /// Gzip.
    Gzip,
}

impl Encoding {
    /// The header `Content-Encoding`.
    pub fn header(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }

    /// The encoding with a header.
    pub fn of_header(header: &str) -> Option<Self> {
        [Self::Brotli, Self::Gzip].into_iter().find(|encoding| encoding.header() == header)
    }
}

/// What a file is to the others of its site. The order is the one in which files are written: whatever a file names is
/// there before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Wave {
    /// Its name says what is in it, so it never changes.
    Asset,
    /// Anything else that pages use.
    Other,
    /// A service worker, which decides what pages of browsers that have it load.
    Worker,
    /// A page.
    Page,
    /// The page at the root.
    Entry,
}

impl Wave {
    /// All of them, in their order.
    pub const ALL: [Self; 5] = [Self::Asset, Self::Other, Self::Worker, Self::Page, Self::Entry];
}
