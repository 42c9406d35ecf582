//! The manifest of a bundle: a JSON document whose digest names the bundle. A contract: it is documented in
//! `docs/static-site/store.md`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Cache, Encoding, SiteFile, SitePath};
use crate::domain::image::Digest;

/// The only form of a manifest that is known.
const SCHEMA: &str = "shipgate/bundle/v1";

/// The files of a bundle, by path.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BundleManifest {
    /// The files.
    pub files: BTreeMap<SitePath, SiteFile>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BundleDocument {
    schema: String,
    files: BTreeMap<String, ManifestEntry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ManifestEntry {
    digest: String,
    size: u64,
    #[serde(rename = "type")]
    content_type: String,
    cache: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    encoding: Option<String>,
}

impl BundleManifest {
    /// The document: the same bytes for the same files.
    pub fn document(&self) -> String {
        let entry = |file: &SiteFile| ManifestEntry {
            digest: file.digest.to_string(),
            size: file.size,
            content_type: file.content_type.clone(),
            cache: file.cache.header().to_owned(),
            encoding: file.encoding.map(|encoding| encoding.header().to_owned()),
        };
        let files = self.files.iter().map(|(path, file)| (path.to_string(), entry(file))).collect();
        // Nothing in it can fail to be written: texts and numbers under texts.
        serde_json::to_string(&BundleDocument { schema: SCHEMA.to_owned(), files }).unwrap_or_default()
    }

    /// The digest of the bundle: that of the document.
    pub fn digest(&self) -> Digest {
        Digest::of(self.document())
    }

    /// The bytes of all files together.
    pub fn size(&self) -> u64 {
        self.files.values().fold(0, |sum, file| sum.saturating_add(file.size))
    }

    /// Reads a document.
    ///
    /// # Errors
    ///
    /// Why it cannot be understood, in words.
    pub fn read(text: &[u8]) -> Result<Self, String> {
        let document: BundleDocument = serde_json::from_slice(text).map_err(|error| error.to_string())?;
        if document.schema != SCHEMA {
            return Err(format!("its `schema` is not `{SCHEMA}`"));
        }
        let files = document.files.into_iter().map(|(path, entry)| {
            let path: SitePath = path.parse().map_err(|_| "a name in it is not that of a file of a site")?;
            entry.read().map(|file| (path, file))
        });
        Ok(Self { files: files.collect::<Result<_, &str>>()? })
    }
}

impl ManifestEntry {
    fn read(self) -> Result<SiteFile, &'static str> {
        let Self { digest, size, content_type, cache, encoding } = self;
        let is_header = |text: &str| !text.is_empty() && text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        if !is_header(&content_type) {
            return Err("a type in it is none");
        }
        let encoding = encoding.map(|text| Encoding::of_header(&text).ok_or("an encoding in it is not known"));
        Ok(SiteFile {
            digest: digest.parse().map_err(|_| "a digest in it is none")?,
            size,
            content_type,
            cache: Cache::of_header(&cache).ok_or("a cache rule in it is not known")?,
            encoding: encoding.transpose()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn manifest() -> BundleManifest {
        let file = |text: &str, cache| SiteFile {
            digest: Digest::of(text),
            size: text.len() as u64,
            content_type: "text/html; charset=utf-8".to_owned(),
            cache,
            encoding: None,
        };
        let packed = SiteFile { encoding: Some(Encoding::Brotli), ..file("b", Cache::Immutable) };
        let files = [("index.html", file("page", Cache::Revalidate)), ("assets/a-12345678.js.br", packed)];
        BundleManifest { files: files.map(|(path, file)| (path.parse().unwrap(), file)).into() }
    }

    #[test]
    fn a_manifest_reads_as_it_was_written() {
        let document = manifest().document();
        assert_eq!(BundleManifest::read(document.as_bytes()), Ok(manifest()));
        assert_eq!((manifest().digest(), manifest().size()), (Digest::of(&document), 5));
        assert!(document.starts_with("{\"schema\":\"shipgate/bundle/v1\",\"files\":{\"assets/a-12345678.js.br\":{"));
    }

    #[test]
    fn what_cannot_be_understood_is_not_guessed() {
        let wrong = |change: fn(&mut Value)| {
            let mut document: Value = serde_json::from_str(&manifest().document()).unwrap();
            change(&mut document);
            BundleManifest::read(document.to_string().as_bytes()).unwrap_err()
        };
        let page = |document: &mut Value, key: &str, value: Value| document["files"]["index.html"][key] = value;
        assert!(wrong(|document| document["schema"] = json!("shipgate/bundle/v2")).contains("schema"));
        wrong(|document| document["more"] = json!(1));
        wrong(|document| document["files"]["../x"] = document["files"]["index.html"].clone());
        for (key, value) in [
            ("digest", json!("md5:1")),
            ("size", json!(-1)),
            ("type", json!("text/html\r\nx: y")),
            ("type", json!("")),
            ("cache", json!("max-age=60")),
            ("encoding", json!("zip")),
        ] {
            let mut document: Value = serde_json::from_str(&manifest().document()).unwrap();
            page(&mut document, key, value);
            assert!(BundleManifest::read(document.to_string().as_bytes()).is_err(), "{document}");
        }
        assert!(BundleManifest::read(b"").is_err());
    }
}
