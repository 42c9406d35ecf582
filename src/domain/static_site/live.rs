//! Which release a site serves: one small object in the bucket that keeps releases.

use jiff::Timestamp;
use serde::Deserialize;

use crate::domain::image::Digest;
use crate::domain::release::ReleaseName;

/// The key of the object. A contract: it is documented in `docs/static-site`.
pub const CURRENT: &str = "shipgate/current.json";

/// The only form of the object that is known.
const SCHEMA: &str = "shipgate/site/v1";

/// The release that a site serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Live {
    /// The release.
    pub release: ReleaseName,
    /// The digest of its files.
    pub digest: Digest,
    /// Since when.
    pub since: Timestamp,
}

#[derive(Deserialize)]
struct Object {
    schema: String,
    release: String,
    digest: String,
    since: String,
}

impl Live {
    /// Reads the object.
    ///
    /// # Errors
    ///
    /// Why it cannot be understood, in words.
    pub fn read(text: &[u8]) -> Result<Self, String> {
        let object: Object = serde_json::from_slice(text).map_err(|error| error.to_string())?;
        if object.schema != SCHEMA {
            return Err(format!("its `schema` is not `{SCHEMA}`"));
        }
        Ok(Self {
            release: object.release.parse().map_err(|_| "its `release` is not a release")?,
            digest: object.digest.parse().map_err(|_| "its `digest` is not a digest")?,
            since: object.since.parse().map_err(|_| "its `since` is not a time")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn object() -> Value {
        json!({
            "schema": SCHEMA, "release": "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
            "digest": Digest::of("site").to_string(), "since": "2026-11-21T10:00:00Z",
        })
    }

    #[test]
    fn what_cannot_be_understood_is_not_guessed() {
        let read = |object: &Value| Live::read(object.to_string().as_bytes());
        assert_eq!(read(&object()).unwrap().digest, Digest::of("site"));
        for (key, value) in [
            ("schema", json!("shipgate/site/v2")),
            ("release", json!("main")),
            ("digest", json!("md5:1")),
            ("since", json!("yesterday")),
            ("release", json!(7)),
        ] {
            let mut wrong = object();
            wrong[key] = value;
            assert!(read(&wrong).is_err(), "{wrong}");
        }
        assert!(Live::read(b"").is_err());
    }
}
