//! The requests of the distribution protocol
//! ([distribution-spec](https://github.com/opencontainers/distribution-spec/blob/main/spec.md#endpoints)).

use bytes::Bytes;
use futures_util::Stream;
use oci_client::errors::{DigestError, OciDistributionError};
use oci_client::manifest::{
    IMAGE_MANIFEST_LIST_MEDIA_TYPE, IMAGE_MANIFEST_MEDIA_TYPE, ImageIndexEntry, OCI_IMAGE_INDEX_MEDIA_TYPE,
    OCI_IMAGE_MEDIA_TYPE, OciImageIndex,
};
use reqwest::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION, RANGE};
use reqwest::{Body, Method, Response, StatusCode, Url};

use super::client::Registry;
use super::graph::{Blob, Manifest, referrers_tag};
use super::login::TokenScope;
use super::transport::{RegistryResponse, checked, read, too_long, within};
use crate::domain::image::{Digest, ImageRepository};
use crate::domain::limits::{IMAGE_CONFIGURATION, Limit, MANIFEST, REGISTRY_ANSWER};

/// Every form that a manifest or an index may have.
const MANIFEST_TYPES: [&str; 4] =
    [OCI_IMAGE_MEDIA_TYPE, OCI_IMAGE_INDEX_MEDIA_TYPE, IMAGE_MANIFEST_MEDIA_TYPE, IMAGE_MANIFEST_LIST_MEDIA_TYPE];

type Result<T> = std::result::Result<T, OciDistributionError>;

/// A request without a body that has a small answer.
struct SmallRequest<'a> {
    method: Method,
    /// Below `/v2/`.
    path: &'a str,
    accept: &'a [&'a str],
    limit: &'a Limit,
}

impl Registry {
    async fn ask(&self, repository: &ImageRepository, question: SmallRequest<'_>) -> Result<RegistryResponse> {
        let SmallRequest { method, path, accept, limit } = question;
        let url = self.http.address(path)?;
        let is_head = method == Method::HEAD;
        let mut request = self.http.client.request(method, url.clone());
        if !accept.is_empty() {
            request = request.header(ACCEPT, accept.join(", "));
        }
        let asked = async {
            let response = self.login.send((TokenScope::Pull, repository.name.as_str()), (&url, request)).await?;
            let response = checked(response, &[StatusCode::OK]).await?;
            let headers = response.headers().clone();
            // The length that HEAD is answered with is that of something else.
            let body = if is_head { Bytes::new() } else { read(response, limit).await? };
            Ok(RegistryResponse { headers, body })
        };
        within(self.limits.request, asked).await
    }

    /// A manifest or index by its digest or a tag, and its digest. The bytes have the digest that was asked for, and the
    /// one that the registry names.
    pub(super) async fn get_manifest(&self, repository: &ImageRepository, name: &str) -> Result<(Bytes, Digest)> {
        let path = format!("{}/manifests/{name}", repository.name);
        let question = SmallRequest { method: Method::GET, path: &path, accept: &MANIFEST_TYPES, limit: &MANIFEST };
        let answer = self.ask(repository, question).await?;
        let found = Digest::of(&answer.body);
        let asked_for = name.parse::<Digest>().ok().map(|digest| digest.to_string());
        for expected in asked_for.into_iter().chain(digest_header(&answer.headers)) {
            if expected != found.to_string() {
                return Err(DigestError::VerificationError { expected, actual: found.to_string() }.into());
            }
        }
        Ok((answer.body, found))
    }

    /// The digest of a manifest or index, by its digest or a tag.
    pub(super) async fn head_manifest(&self, repository: &ImageRepository, name: &str) -> Result<String> {
        let path = format!("{}/manifests/{name}", repository.name);
        let question = SmallRequest { method: Method::HEAD, path: &path, accept: &MANIFEST_TYPES, limit: &MANIFEST };
        match digest_header(&self.ask(repository, question).await?.headers) {
            Some(digest) => Ok(digest),
            None => Ok(self.get_manifest(repository, name).await?.1.to_string()),
        }
    }

    /// Puts a manifest, byte for byte, under a tag or its own digest. Some registries, ECR among them, do not say where
    /// it is then.
    pub(super) async fn put_manifest(
        &self,
        repository: &ImageRepository,
        name: &str,
        manifest: &Manifest,
    ) -> Result<()> {
        let media_type = HeaderValue::from_str(&manifest.media_type)
            .map_err(|error| OciDistributionError::UnsupportedMediaTypeError(error.to_string()))?;
        let url = self.http.address(&format!("{}/manifests/{name}", repository.name))?;
        let request = self.http.client.put(url.clone()).header(CONTENT_TYPE, media_type).body(manifest.bytes.clone());
        let put = async {
            let response = self.login.send((TokenScope::Push, repository.name.as_str()), (&url, request)).await?;
            checked(response, &[StatusCode::CREATED]).await.map(drop)
        };
        within(self.limits.request, put).await
    }

    /// An image's configuration, of the size that the manifest declares.
    pub(super) async fn get_configuration(&self, repository: &ImageRepository, blob: &Blob) -> Result<Bytes> {
        let limit = Limit { amount: blob.size, ..IMAGE_CONFIGURATION };
        if blob.size > IMAGE_CONFIGURATION.amount {
            return Err(too_long(&IMAGE_CONFIGURATION));
        }
        let path = format!("{}/blobs/{}", repository.name, blob.digest);
        let question = SmallRequest { method: Method::GET, path: &path, accept: &[], limit: &limit };
        let body = self.ask(repository, question).await?.body;
        let found = Digest::of(&body);
        if found != blob.digest {
            let (expected, actual) = (blob.digest.to_string(), found.to_string());
            return Err(DigestError::VerificationError { expected, actual }.into());
        }
        Ok(body)
    }

    /// Whether a repository lists a blob. ECR may not, as long as no manifest has it.
    pub(super) async fn head_blob(&self, repository: &ImageRepository, digest: &Digest) -> Result<bool> {
        let path = format!("{}/blobs/{digest}", repository.name);
        let question = SmallRequest { method: Method::HEAD, path: &path, accept: &[], limit: &REGISTRY_ANSWER };
        match self.ask(repository, question).await {
            Ok(_) => Ok(true),
            Err(OciDistributionError::ServerError { code: 404, .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Opens a blob at a byte. What comes from another host is not logged in to: the registry names it. Has no
    /// limit in time.
    pub(super) async fn get_blob(&self, repository: &ImageRepository, digest: &Digest, from: u64) -> Result<Response> {
        let url = self.http.address(&format!("{}/blobs/{digest}", repository.name))?;
        let mut request = self.http.client.get(url.clone());
        if from > 0 {
            request = request.header(RANGE, format!("bytes={from}-"));
        }
        let response = self.login.send((TokenScope::Pull, repository.name.as_str()), (&url, request)).await?;
        let expected = [StatusCode::OK, StatusCode::PARTIAL_CONTENT];
        checked(response, if from > 0 { &expected } else { &expected[..1] }).await
    }

    /// Lets the registry take a blob from another repository of its own; `false`: it opens an upload instead.
    pub(super) async fn mount(&self, to: &ImageRepository, from: &ImageRepository, digest: &Digest) -> Result<bool> {
        let mut url = self.http.address(&format!("{}/blobs/uploads/", to.name))?;
        url.query_pairs_mut().append_pair("mount", &digest.to_string()).append_pair("from", from.name.as_str());
        let request = self.http.client.post(url.clone()).header(CONTENT_LENGTH, 0);
        let mount = async {
            let response = self.login.send((TokenScope::Push, to.name.as_str()), (&url, request)).await?;
            let response = checked(response, &[StatusCode::CREATED, StatusCode::ACCEPTED]).await?;
            Ok(response.status() == StatusCode::CREATED)
        };
        within(self.limits.request, mount).await
    }

    /// Sends a blob in one piece. It counts by the answer to that: 201. Has no limit in time.
    pub(super) async fn put_blob(
        &self,
        repository: &ImageRepository,
        blob: &Blob,
        pieces: impl Stream<Item = Result<Bytes>> + Send + 'static,
    ) -> Result<()> {
        let mut url = self.open_upload(repository).await?;
        url.query_pairs_mut().append_pair("digest", &blob.digest.to_string());
        let request = self.http.client.put(url.clone());
        let request = request.header(CONTENT_LENGTH, blob.size).header(CONTENT_TYPE, "application/octet-stream");
        let request = request.body(Body::wrap_stream(pieces));
        let response = self.login.send((TokenScope::Push, repository.name.as_str()), (&url, request)).await?;
        let response = checked(response, &[StatusCode::CREATED]).await?;
        match digest_header(response.headers()) {
            Some(digest) if digest != blob.digest.to_string() => {
                let text = format!("the registry took the blob as {}", crate::domain::neutral::phrase(&digest, 100));
                Err(OciDistributionError::SpecViolationError(text))
            }
            _ => Ok(()),
        }
    }

    /// Where an upload goes. A registry may name another host, and gets no login there.
    async fn open_upload(&self, repository: &ImageRepository) -> Result<Url> {
        let url = self.http.address(&format!("{}/blobs/uploads/", repository.name))?;
        let request = self.http.client.post(url.clone()).header(CONTENT_LENGTH, 0);
        let open = async {
            let response = self.login.send((TokenScope::Push, repository.name.as_str()), (&url, request)).await?;
            checked(response, &[StatusCode::ACCEPTED]).await
        };
        let response = within(self.limits.request, open).await?;
        let location = response.headers().get(LOCATION).ok_or(OciDistributionError::RegistryNoLocationError)?;
        let place =
            url.join(location.to_str()?).map_err(|error| OciDistributionError::UrlParseError(error.to_string()))?;
        if url.scheme() == "https" && place.scheme() != "https" {
            return Err(OciDistributionError::UrlParseError("the registry wants the upload without https".to_owned()));
        }
        Ok(place)
    }

    /// What refers to a manifest, as the registry itself knows it, or else as the index says that replaces it
    /// under a [tag](https://github.com/opencontainers/distribution-spec/blob/main/spec.md#referrers-tag-schema).
    pub(super) async fn get_referrers(
        &self,
        repository: &ImageRepository,
        subject: &Digest,
    ) -> Result<Vec<ImageIndexEntry>> {
        let path = format!("{}/referrers/{subject}", repository.name);
        let question = SmallRequest { method: Method::GET, path: &path, accept: &MANIFEST_TYPES, limit: &MANIFEST };
        index(&self.ask(repository, question).await?.body)
    }

    /// The index under the tag for it.
    pub(super) async fn get_referrers_tag(
        &self,
        repository: &ImageRepository,
        subject: &Digest,
    ) -> Result<Vec<ImageIndexEntry>> {
        index(&self.get_manifest(repository, &referrers_tag(subject)).await?.0)
    }
}

fn index(body: &[u8]) -> Result<Vec<ImageIndexEntry>> {
    let unreadable = |error: serde_json::Error| OciDistributionError::ManifestParsingError(error.to_string());
    Ok(serde_json::from_slice::<OciImageIndex>(body).map_err(unreadable)?.manifests)
}

/// What the registry says that the digest is.
fn digest_header(headers: &HeaderMap) -> Option<String> {
    headers.get("docker-content-digest").and_then(|value| value.to_str().ok()).map(str::to_owned)
}
