//! Images for tests, made in memory: right in every byte, so that an engine can pull them.

use serde_json::{Value, json};

use crate::domain::image::Digest;

pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";

/// An image with everything that belongs to it.
#[derive(Debug, Clone, Default)]
pub struct Sample {
    pub blobs: Vec<Vec<u8>>,
    /// Media types and bytes, children first.
    pub manifests: Vec<(&'static str, Vec<u8>)>,
    /// Tags that stand for what refers to something: the index under it.
    pub referrer_tags: Vec<(String, Vec<u8>)>,
    /// The manifest or index that everything else belongs to.
    pub digest: Option<Digest>,
}

impl Sample {
    /// One platform with layers of these lengths, at least 1024 bytes each; `seed` makes it unlike any other image.
    pub fn image(seed: &str, lengths: &[usize]) -> Self {
        let mut sample = Self::default();
        let digest = sample.add_image(seed, "amd64", lengths);
        sample.digest = Some(digest);
        sample
    }

    /// Two platforms and an attestation of the first, as buildx makes it, with a signature that refers to the index.
    pub fn index(seed: &str) -> Self {
        let mut sample = Self::default();
        let platforms = ["amd64", "arm64"]
            .map(|architecture| sample.add_image(&format!("{seed} {architecture}"), architecture, &[2048, 4096]));
        let attestation = sample.add_image(&format!("{seed} attestation"), "unknown", &[1024]);
        let child = |digest: &Digest, os: &str, architecture: &str| {
            json!({"mediaType": MANIFEST, "digest": digest, "size": sample.manifest(digest).len(),
                   "platform": {"os": os, "architecture": architecture}})
        };
        let mut attested = child(&attestation, "unknown", "unknown");
        attested["annotations"] = json!({"vnd.docker.reference.type": "attestation-manifest",
                                         "vnd.docker.reference.digest": platforms[0]});
        let children = [child(&platforms[0], "linux", "amd64"), child(&platforms[1], "linux", "arm64"), attested];
        let index = sample.add(INDEX, &json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": children}));
        sample.digest = Some(index.clone());
        sample.refer(&index, "application/vnd.example.signature");
        sample
    }

    pub fn digest(&self) -> Digest {
        self.digest.clone().unwrap()
    }

    /// The digests of all manifests.
    pub fn digests(&self) -> Vec<Digest> {
        self.manifests.iter().map(|(_, bytes)| Digest::of(bytes)).collect()
    }

    /// The bytes of a manifest.
    pub fn manifest(&self, digest: &Digest) -> &[u8] {
        &self.manifests.iter().find(|(_, bytes)| Digest::of(bytes) == *digest).unwrap().1
    }

    /// The length of all blobs.
    pub fn bytes(&self) -> u64 {
        self.blobs.iter().map(|blob| blob.len() as u64).sum()
    }

    /// Adds something that refers to a manifest, and the tag that says so.
    pub fn refer(&mut self, subject: &Digest, artifact_type: &str) -> Digest {
        let empty = self.add_blob(b"{}".to_vec(), "application/vnd.oci.empty.v1+json");
        let payload = self.add_blob(format!("{artifact_type} of {subject}").into_bytes(), artifact_type);
        let described = json!({"mediaType": INDEX, "digest": subject, "size": self.manifest(subject).len()});
        let manifest = json!({"schemaVersion": 2, "mediaType": MANIFEST, "artifactType": artifact_type,
                              "config": empty, "layers": [payload], "subject": described});
        let digest = self.add(MANIFEST, &manifest);
        let entry = json!({"mediaType": MANIFEST, "digest": digest, "size": self.manifest(&digest).len(),
                           "artifactType": artifact_type});
        let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]});
        self.referrer_tags.push((subject.to_string().replace(':', "-"), index.to_string().into_bytes()));
        digest
    }

    fn add_image(&mut self, seed: &str, architecture: &str, lengths: &[usize]) -> Digest {
        let mut layers = Vec::new();
        for (number, length) in lengths.iter().enumerate() {
            layers.push(self.add_blob(archive(&format!("{seed} {number}"), *length), LAYER));
        }
        let digests: Vec<Value> = layers.iter().map(|layer| layer["digest"].clone()).collect();
        let config = json!({"architecture": architecture, "os": "linux", "config": {"Labels": {"seed": seed}},
                            "rootfs": {"type": "layers", "diff_ids": digests}});
        let config = self.add_blob(config.to_string().into_bytes(), CONFIG);
        // Its type may be left out, and then the one that lists it knows.
        self.add(MANIFEST, &json!({"schemaVersion": 2, "config": config, "layers": layers}))
    }

    fn add_blob(&mut self, bytes: Vec<u8>, media_type: &str) -> Value {
        let described = json!({"mediaType": media_type, "digest": Digest::of(&bytes), "size": bytes.len()});
        if !self.blobs.contains(&bytes) {
            self.blobs.push(bytes);
        }
        described
    }

    /// Adds a manifest.
    pub fn add(&mut self, media_type: &'static str, manifest: &Value) -> Digest {
        // With blanks that no serializer would write: bytes that are parsed and written again do not pass.
        let bytes = format!("{manifest:#} ").into_bytes();
        let digest = Digest::of(&bytes);
        self.manifests.push((media_type, bytes));
        digest
    }
}

/// A tar archive with one file ([ustar](https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html)).
fn archive(seed: &str, length: usize) -> Vec<u8> {
    let content = length.saturating_sub(512).max(seed.len());
    let mut header = [0_u8; 512];
    let mut put = |at: usize, text: &str| header[at..at + text.len()].copy_from_slice(text.as_bytes());
    put(0, "file");
    put(100, "0000644");
    put(124, &format!("{content:011o}"));
    put(148, "        ");
    put(156, "0");
    put(257, "ustar");
    let sum: u32 = header.iter().copied().map(u32::from).sum();
    header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    let mut bytes = header.to_vec();
    bytes.extend(seed.as_bytes());
    bytes.resize(512 + content, b'.');
    bytes.resize(bytes.len().div_ceil(512) * 512, 0);
    bytes
}
