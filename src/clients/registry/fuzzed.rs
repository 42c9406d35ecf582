//! What the fuzz target for answers of a registry asks.

use oci_client::manifest::OciImageIndex;
use reqwest::StatusCode;

use super::login::Challenge;
use super::{answer, graph, transport};
use crate::domain::image::{Digest, ImageRepository};

/// The number of a manifest's parts; `None`: it is none.
pub fn document(body: &[u8]) -> Option<usize> {
    // For the list of what refers to an image.
    drop(serde_json::from_slice::<OciImageIndex>(body));
    let repository = ImageRepository { host: "registry.example".to_owned(), name: "shop".parse().ok()? };
    let digest = Digest::of(body);
    let document = graph::parse(&repository, &digest, body).ok()?;
    let platforms = super::platforms("shop", &document).ok()?.len();
    let mut graph = graph::Graph::default();
    let children = graph.add(document, 0).ok()?.len();
    assert!(platforms <= children);
    Some(children + graph.blobs.len())
}

/// The revision label of a configuration.
pub fn revision_label(body: &[u8]) -> Option<String> {
    super::labels(body).ok().and_then(|[revision, _]| revision)
}

/// What is said of a refusal.
pub fn error_text(status: u16, body: &[u8]) -> String {
    let refusal =
        transport::refusal(StatusCode::from_u16(status).unwrap(), "https://registry.example".to_owned(), body);
    assert!(!answer::is_missing(&refusal) || !answer::is_denied(&refusal));
    let _transient = answer::is_transient(&refusal);
    answer::text(&refusal)
}

/// What a registry asks for.
pub fn challenge(header: &str) -> Option<String> {
    Challenge::parse(header).map(|challenge| format!("{challenge:?}"))
}
