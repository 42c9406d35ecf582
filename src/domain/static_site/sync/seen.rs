//! An object of a bucket as it was seen.

use crate::domain::ids::id;
use crate::domain::image::Digest;
use crate::domain::static_site::bundle::{Encoding, SiteFile};

id! {
    /// The version of an object: its `ETag`, with the quotes. It says whether an object is still the one that was seen, and
    /// nothing of what is in it
    /// ([ETag](https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html)).
    Version
}

/// An object of a bucket as it was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenObject {
    /// Its version.
    pub version: Version,
    /// How many bytes there are.
    pub size: u64,
    /// The digest of its bytes, where its metadata says so as shipgate writes it.
    pub digest: Option<Digest>,
    /// The header `Content-Type`.
    pub content_type: Option<String>,
    /// The header `Cache-Control`.
    pub cache: Option<String>,
    /// The header `Content-Encoding`.
    pub encoding: Option<String>,
}

impl SeenObject {
    /// Whether it has the bytes of a file.
    pub fn has_bytes_of(&self, file: &SiteFile) -> bool {
        self.digest.as_ref() == Some(&file.digest) && self.size == file.size
    }

    /// Whether it is a file, with its headers.
    pub fn is(&self, file: &SiteFile) -> bool {
        self.has_bytes_of(file)
            && self.content_type.as_deref() == Some(file.content_type.as_str())
            && self.cache.as_deref() == Some(file.cache.header())
            && self.encoding.as_deref().filter(|text| !text.is_empty()) == file.encoding.map(Encoding::header)
    }
}
