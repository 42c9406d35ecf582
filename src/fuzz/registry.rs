//! Answers of a registry. That none of them is endless is in the tests of its client.

use proptest::prelude::*;

use super::{damaged, soon};
use crate::clients::registry::fuzzed::{challenge, document, error_text, revision_label};

const GOOD: [&str; 6] = [
    r#"{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
 "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "size": 7023,
  "digest": "sha256:b5b2b2c507a0944348e0303114d8d93aaaa081732b86451d9bce1f432a537bc7"},
 "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "size": 32654,
  "digest": "sha256:9834876dcfb05cb167a5c24953eba58c4ac89b1adf57f28f2f9d09af107ee8f0"}]}"#,
    r#"{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [
 {"mediaType": "application/vnd.oci.image.manifest.v1+json", "size": 7143, "platform": {"architecture": "amd64", "os": "linux"},
  "digest": "sha256:e692418e4cbaf90ca69d05a66403747baa33ee08806650b51fab815ad7fc331f"},
 {"size": 1, "platform": {"architecture": "unknown", "os": "unknown"},
  "digest": "sha256:5b0bcabd1ed22e9fb1310cf6c2dec7cdef19f0ad69efa1f392e94a4333501270"}]}"#,
    r#"{"architecture": "amd64", "config": {"Labels": {"org.opencontainers.image.revision": "4b825dc"}}, "rootfs": {}}"#,
    r#"{"errors": [{"code": "DENIED", "message": "User: x is not authorized to perform: ecr:BatchGetImage on resource: y",
 "detail": {"a": [1, null]}}, {"code": "ODD_CODE"}]}"#,
    "Basic realm=\"https://123456789012.dkr.ecr.us-east-1.amazonaws.com/\",service=\"ecr.amazonaws.com\"",
    "Bearer realm=\"https://auth.example/token\",service=\"x\",scope=\"repository:a/b:pull\", Basic realm=\"a\\\"b\"",
];

const DEEP: [&str; 8] = ["[", "{\"a\":", "{\"manifests\":[", "\"", "\\", ",", "Bearer ", "\"size\":-1,"];

fn read(text: &str) {
    let parts = document(text.as_bytes()).unwrap_or_default();
    assert!(parts <= text.len());
    assert!(revision_label(text.as_bytes()).is_none_or(|label| label.chars().count() <= 256));
    let error = error_text(403, text.as_bytes());
    assert!(error.chars().count() <= 601 && !error.contains('\n'), "{error:?}");
    if let Some(said) = challenge(text) {
        assert!(said.len() <= 2 * text.len() + 100);
    }
}

proptest! {
    #![proptest_config(super::config())]

    #[test]
    fn fuzz_registry_answers(text in damaged(&GOOD, &DEEP)) {
        soon(|| read(&text));
    }
}
