//! The registry of the scripted AWS: distribution protocol v2, which takes manifests and no layers, with the manners of
//! ECR.
//!
//! Like ECR it challenges for basic authentication, and sends blobs' readers on to a store of signed addresses that
//! accepts no other authentication (S3: `Only one auth mechanism allowed`).

use std::collections::BTreeMap;

use base64::Engine as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::world::{ACCOUNT, REGION};
use crate::http_server::{Answer, Request};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const REVISION: &str = "org.opencontainers.image.revision";

/// The images of one repository, and the login.
#[derive(Debug, Default)]
pub struct Registry {
    /// By tag and by digest: media type and bytes.
    pub manifests: BTreeMap<String, (&'static str, Vec<u8>)>,
    /// By digest.
    pub blobs: BTreeMap<String, Vec<u8>>,
    pub user: String,
    pub password: String,
    /// Where this endpoint listens.
    pub port: u16,
}

/// The digests of an index.
pub struct Index {
    pub digest: String,
    pub platforms: Vec<String>,
    pub attestation: String,
}

pub fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold("sha256:".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

impl Registry {
    /// Puts an image under a tag, with a revision label or without, and returns its digest.
    pub fn put_image(&mut self, tag: &str, revision: Option<&str>) -> String {
        let digest = self.put_manifest("amd64", revision);
        self.put_tag(tag, &digest);
        digest
    }

    /// Puts an index for two platforms with an attestation under a tag, as buildx makes it.
    pub fn put_index(&mut self, tag: &str, revision: &str) -> Index {
        let platforms: Vec<String> =
            ["amd64", "arm64"].map(|architecture| self.put_manifest(architecture, Some(revision))).into();
        let attestation = self.put_manifest("unknown", None);
        let child = |digest: &str, os: &str, architecture: &str| {
            json!({"mediaType": MANIFEST, "digest": digest, "size": self.manifests[digest].1.len(),
                   "platform": {"os": os, "architecture": architecture}})
        };
        let mut attested = child(&attestation, "unknown", "unknown");
        attested["annotations"] = json!({"vnd.docker.reference.type": "attestation-manifest",
                                         "vnd.docker.reference.digest": platforms[0]});
        let manifests = [child(&platforms[0], "linux", "amd64"), child(&platforms[1], "linux", "arm64"), attested];
        let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests});
        let digest = self.put(INDEX, &index);
        self.put_tag(tag, &digest);
        Index { digest, platforms, attestation }
    }

    fn put_manifest(&mut self, architecture: &str, revision: Option<&str>) -> String {
        let labels = revision.map(|revision| json!({REVISION: revision}));
        let config = json!({"architecture": architecture, "os": "linux", "config": {"Labels": labels},
                            "rootfs": {"type": "layers", "diff_ids": []}});
        let config = config.to_string().into_bytes();
        let described = json!({"mediaType": CONFIG, "digest": digest(&config), "size": config.len()});
        self.blobs.insert(digest(&config), config);
        self.put(MANIFEST, &json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": described, "layers": []}))
    }

    fn put(&mut self, media_type: &'static str, manifest: &Value) -> String {
        let bytes = manifest.to_string().into_bytes();
        let digest = digest(&bytes);
        self.manifests.insert(digest.clone(), (media_type, bytes));
        digest
    }

    fn put_tag(&mut self, tag: &str, digest: &str) {
        let manifest = self.manifests[digest].clone();
        self.manifests.insert(tag.to_owned(), manifest);
    }

    /// What a request is, for the list of calls: `registry:GetManifest` and the like.
    pub fn operation(request: &Request) -> Option<String> {
        let read = matches!(request.method.as_str(), "GET" | "HEAD");
        let target = request.target.as_str();
        Some(match target {
            "/v2/" => "registry:Version".to_owned(),
            _ if target.starts_with("/v2/") && read && target.contains("/manifests/") => {
                "registry:GetManifest".to_owned()
            }
            _ if target.starts_with("/v2/") && read && target.contains("/blobs/") => "registry:GetBlob".to_owned(),
            _ if target.starts_with("/signed/") => "registry:GetSigned".to_owned(),
            _ if target.starts_with("/v2/") => format!("registry:{}", request.method),
            _ => return None,
        })
    }

    /// The login as `GetAuthorizationToken` hands it out.
    pub fn token(&self) -> Value {
        let host = format!("https://{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com");
        json!({"authorizationToken": self.login(), "expiresAt": 4_000_000_000.0, "proxyEndpoint": host})
    }

    fn login(&self) -> String {
        base64::engine::general_purpose::STANDARD.encode(format!("{}:{}", self.user, self.password))
    }

    /// Answers a request.
    pub fn answer(&mut self, request: &Request) -> Answer {
        let authorization = request.header("authorization");
        let last = request.target.split('?').next().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
        if request.target.starts_with("/signed/") {
            if authorization.is_some() {
                return Answer::new(
                    400,
                    "<Error><Code>InvalidArgument</Code><Message>Only one auth mechanism allowed</Message></Error>",
                );
            }
            return self
                .blobs
                .get(last)
                .map_or_else(|| Answer::new(404, ""), |bytes| Answer::new(200, bytes.as_slice()));
        }
        if authorization != Some(&format!("Basic {}", self.login())) {
            return refusal(401, "UNAUTHORIZED", "Not Authorized")
                .with("Www-Authenticate", "Basic realm=\"https://scripted/\",service=\"ecr.amazonaws.com\"");
        }
        if request.target == "/v2/" {
            return Answer::new(200, "{}");
        }
        if request.target.contains("/blobs/") {
            let store = format!("http://localhost:{}/signed/{last}?X-Amz-Signature=00", self.port);
            return Answer::new(307, "").with("Location", &store);
        }
        if request.method == "PUT" {
            let digest = digest(&request.body);
            let media_type = if request.header("content-type") == Some(INDEX) { INDEX } else { MANIFEST };
            for name in [last, &digest] {
                self.manifests.insert(name.to_owned(), (media_type, request.body.clone()));
            }
            return Answer::new(201, "").with("Docker-Content-Digest", &digest).with("Location", &request.target);
        }
        match self.manifests.get(last) {
            Some((media_type, bytes)) => Answer::new(200, bytes.as_slice())
                .with("Content-Type", media_type)
                .with("Docker-Content-Digest", digest(bytes)),
            None => refusal(404, "MANIFEST_UNKNOWN", "Requested image not found"),
        }
    }
}

/// An error in the protocol's own form.
pub fn refusal(status: u16, code: &str, message: &str) -> Answer {
    Answer::new(status, json!({"errors": [{"code": code, "message": message}]}).to_string())
        .with("Content-Type", "application/json")
}
