//! Copies between registries that break when they are asked to.

use std::time::Duration;

use serde_json::json;

use super::graph::referrers_tag;
use super::limits::{Limits, Pace};
use super::samples::{INDEX, MANIFEST, Sample};
use super::server::{PASSWORD, ReceivedRequest, RequestFault, RequestKind, Server, refusal};
use super::{Copied, FailedCall, Registry, RegistryError, RegistrySide, copy, tag};
use crate::clients::ecr::RegistryLogin;
use crate::domain::gate::Permit;
use crate::domain::iam::policy::statements_with;
use crate::domain::image::{Digest, ImageRepository, RegistryAddress};

/// Two registries, and an image in the first.
struct Scene {
    source: Server,
    target: Server,
    sample: Sample,
}

impl Scene {
    fn new(sample: Sample) -> Self {
        let (source, target) = (Server::start(), Server::start());
        source.publish("stage", &sample);
        target.create("production");
        Self { source, target, sample }
    }

    /// One layer alone, long enough to be cut.
    fn with_a_layer() -> Self {
        Self::new(Sample::image("a layer", &[1 << 20]))
    }

    /// Both repositories in one registry.
    fn in_one(sample: Sample) -> Self {
        let server = Server::start();
        server.publish("stage", &sample);
        server.create("production");
        Self { source: server.clone(), target: server, sample }
    }

    async fn copy(&self) -> Result<Copied, RegistryError> {
        let (source, target) = (registry(&self.source, PASSWORD), registry(&self.target, PASSWORD));
        let (from, to) = (repository(&self.source, "stage"), repository(&self.target, "production"));
        copy(&source, &from, target.open(Permit::of_test()), &to, &self.sample.digest(), &"v1".parse().unwrap(), |_| ())
            .await
    }

    /// Copies, and insists that it failed without a tag.
    async fn fail(&self) -> RegistryError {
        let failure = self.copy().await.unwrap_err();
        let state = self.target.state();
        let tags = state.repositories.get("production").map(|stored| stored.tags.clone());
        assert_eq!(tags.unwrap_or_default().get("v1"), None, "a copy that failed has a tag: {failure:?}");
        failure
    }

    /// The digest and the length of the first layer.
    fn layer(&self) -> (String, usize) {
        (Digest::of(&self.sample.blobs[0]).to_string(), self.sample.blobs[0].len())
    }

    /// Insists that the target has everything, byte for byte, each manifest as what it is.
    fn assert_complete(&self) {
        let state = self.target.state();
        let stored = &state.repositories["production"];
        for (media_type, bytes) in &self.sample.manifests {
            let found = &stored.manifests[&Digest::of(bytes).to_string()];
            assert_eq!((found.0.as_str(), &found.1), (*media_type, bytes));
        }
        for blob in &self.sample.blobs {
            assert_eq!(&stored.blobs[&Digest::of(blob).to_string()], blob);
        }
        assert_eq!(stored.tags["v1"], self.sample.digest().to_string());
    }

    /// What the target took of the first layer, try by try.
    fn sent(&self) -> Vec<usize> {
        let (layer, _) = self.layer();
        self.target
            .seen(RequestKind::PutBlob)
            .iter()
            .filter(|seen| seen.name == layer)
            .map(|seen| seen.received)
            .collect()
    }

    /// The ranges that the source was asked for of the first layer, try by try.
    fn ranges(&self) -> Vec<Option<String>> {
        let (layer, _) = self.layer();
        self.source
            .seen(RequestKind::GetBlob)
            .into_iter()
            .filter(|seen| seen.name == layer)
            .map(|seen| seen.range)
            .collect()
    }
}

#[tokio::test]
async fn a_tag_is_put_once_and_never_moved() {
    let scene = Scene::new(Sample::index("good"));
    let (source, stage) = (registry(&scene.source, PASSWORD), repository(&scene.source, "stage"));
    let (digest, name) = (scene.sample.digest(), "put".parse().unwrap());
    let leads_to = || scene.source.state().repositories["stage"].tags.get("put").cloned();

    tag(source.open(Permit::of_test()), &stage, &digest, &name).await.unwrap();
    assert_eq!(leads_to(), Some(digest.to_string()));
    tag(source.open(Permit::of_test()), &stage, &digest, &name).await.unwrap();
    assert_eq!(scene.source.seen(RequestKind::PutManifest).len(), 1, "that it is there already is fine");

    let other = Digest::of(&scene.sample.manifests[0].1);
    assert_ne!(other, digest);
    let failure = tag(source.open(Permit::of_test()), &stage, &other, &name).await.unwrap_err();
    assert!(failure.to_string().contains("is taken"), "{failure:?}");
    assert_eq!(leads_to(), Some(digest.to_string()));
}

/// With the timeouts of a test.
const LIMITS: Limits = Limits {
    request: Duration::from_secs(1),
    silence: Duration::from_millis(500),
    stall: Duration::from_secs(1),
    pace: Pace { window: Duration::from_secs(1), least: 64 << 10 },
    answer: Duration::from_secs(1),
    pause: Duration::from_millis(2),
    ..Limits::USUAL
};

fn registry(server: &Server, password: &str) -> Registry {
    let host = server.address.to_string();
    let login = RegistryLogin { host: host.clone(), user: "AWS".to_owned(), password: password.to_owned().into() };
    let registry = Registry::new(&login, Some(&RegistryAddress { host, tls: false }));
    Registry { limits: LIMITS, ..registry }
}

fn repository(server: &Server, name: &str) -> ImageRepository {
    ImageRepository { host: server.address.to_string(), name: name.parse().unwrap() }
}

fn is_layer(seen: &ReceivedRequest, scene: &(String, usize)) -> bool {
    seen.name == scene.0
}

/// No emulator enforces permissions for these requests. The generated policy has what AWS documents for them
/// ([pulling and pushing](https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push-iam.html)).
#[tokio::test]
async fn the_requests_behind_the_permissions_for_images_are_made() {
    let scene = Scene::with_a_layer();
    scene.copy().await.unwrap();
    for (server, kind, action) in [
        (&scene.source, RequestKind::GetManifest, "ecr:BatchGetImage"),
        (&scene.source, RequestKind::GetBlob, "ecr:GetDownloadUrlForLayer"),
        (&scene.target, RequestKind::HeadBlob, "ecr:BatchCheckLayerAvailability"),
        (&scene.target, RequestKind::Open, "ecr:InitiateLayerUpload"),
        (&scene.target, RequestKind::PutBlob, "ecr:UploadLayerPart"),
        (&scene.target, RequestKind::PutBlob, "ecr:CompleteLayerUpload"),
        (&scene.target, RequestKind::PutManifest, "ecr:PutImage"),
    ] {
        assert!(!server.seen(kind).is_empty(), "{action}");
        assert_eq!(statements_with(action).len(), 1, "{action}");
    }
}

#[tokio::test]
async fn everything_is_sent_once_and_nothing_twice() {
    let scene = Scene::new(Sample::index("good"));
    let copied = scene.copy().await.unwrap();
    assert_eq!(copied, Copied { uploaded: scene.sample.blobs.len(), bytes: scene.sample.bytes(), ..Copied::default() });
    scene.assert_complete();
    assert_eq!(scene.target.seen(RequestKind::PutBlob).len(), scene.sample.blobs.len());
    // The last thing that is put is the tag.
    assert_eq!(scene.target.seen(RequestKind::PutManifest).last().unwrap().name, "v1");
    // The index of what refers to the image replaces what this registry does not know.
    let tag = referrers_tag(&scene.sample.digest());
    assert!(scene.target.state().repositories["production"].tags.contains_key(&tag));

    let puts = |scene: &Scene| {
        let kinds = [RequestKind::PutBlob, RequestKind::PutManifest, RequestKind::Open, RequestKind::Mount];
        kinds.map(|kind| scene.target.seen(kind).len())
    };
    let before = puts(&scene);
    let again = scene.copy().await.unwrap();
    assert_eq!(again, Copied { present: scene.sample.blobs.len(), ..Copied::default() });
    assert_eq!(puts(&scene), before);
}

#[tokio::test]
async fn a_registry_that_does_not_mount_is_asked_once() {
    let scene = Scene::in_one(Sample::index("no mounts"));
    let copied = scene.copy().await.unwrap();
    assert_eq!(copied.uploaded, scene.sample.blobs.len());
    assert_eq!(scene.target.seen(RequestKind::Mount).len(), 1);
    scene.assert_complete();
}

#[tokio::test]
async fn a_mount_that_is_refused_with_an_error_is_an_upload() {
    let scene = Scene::in_one(Sample::image("refused", &[2048]));
    scene.target.fault(RequestKind::Mount, |_, _, _| Some(RequestFault::Answer(403, refusal("DENIED", "no"))));
    assert_eq!(scene.copy().await.unwrap().uploaded, 2);
    scene.assert_complete();
}

#[tokio::test]
async fn a_registry_that_mounts_gets_no_bytes() {
    let scene = Scene::in_one(Sample::index("mounts"));
    scene.target.state().mounts = true;
    let copied = scene.copy().await.unwrap();
    assert_eq!(copied, Copied { mounted: scene.sample.blobs.len(), ..Copied::default() });
    assert_eq!(scene.target.seen(RequestKind::Open).len(), 0);
    scene.assert_complete();
}

#[tokio::test]
async fn a_download_that_breaks_goes_on_inside_the_same_upload() {
    for fault in [RequestFault::Break(400_000), RequestFault::Stall(400_000)] {
        let scene = Scene::with_a_layer();
        let layer = scene.layer();
        scene.source.fault(RequestKind::GetBlob, move |seen, nth, _| {
            (is_layer(seen, &layer) && nth == 1).then(|| fault.clone())
        });
        scene.copy().await.unwrap();
        scene.assert_complete();
        assert_eq!(scene.ranges(), [None, Some("bytes=400000-".to_owned())]);
        assert_eq!(scene.sent(), [scene.layer().1]);
    }
}

#[tokio::test]
async fn a_source_that_knows_no_ranges_is_read_from_its_beginning() {
    let scene = Scene::with_a_layer();
    let layer = scene.layer();
    scene.source.fault(RequestKind::GetBlob, move |seen, nth, _| match nth {
        _ if !is_layer(seen, &layer) => None,
        1 => Some(RequestFault::Break(400_000)),
        _ => Some(RequestFault::Whole),
    });
    scene.copy().await.unwrap();
    scene.assert_complete();
    assert_eq!(scene.sent(), [scene.layer().1]);
}

#[tokio::test]
async fn a_download_that_always_breaks_ends_and_names_the_layer() {
    for fault in [
        RequestFault::Break(1000),
        RequestFault::Stall(1000),
        RequestFault::Answer(500, "Oops".to_owned()),
        RequestFault::LoseAnswer,
    ] {
        let scene = Scene::with_a_layer();
        let layer = scene.layer();
        let name = layer.0.clone();
        scene.source.fault(RequestKind::GetBlob, move |seen, _, _| is_layer(seen, &layer).then(|| fault.clone()));
        let failure = scene.fail().await;
        assert!(failure.to_string().contains(&name), "{failure:?}");
        assert!(failure.is_transient());
        assert_eq!(scene.ranges().len(), 6);
        assert_eq!(scene.target.seen(RequestKind::PutManifest).len(), 0);
        assert!(!scene.target.state().repositories["production"].blobs.contains_key(&name));
    }
}

#[tokio::test]
async fn trouble_of_the_source_that_passes_is_waited_for() {
    for status in [429, 500, 502, 503] {
        let scene = Scene::with_a_layer();
        for kind in [RequestKind::GetBlob, RequestKind::GetManifest, RequestKind::Referrers] {
            scene.source.first(1, kind, RequestFault::Answer(status, String::new()));
        }
        scene.copy().await.unwrap();
        scene.assert_complete();
    }
}

#[tokio::test]
async fn an_upload_that_breaks_is_begun_again() {
    for fault in [
        RequestFault::Break(400_000),
        RequestFault::Answer(500, "Oops".to_owned()),
        RequestFault::Answer(429, refusal("TOOMANYREQUESTS", "Rate exceeded")),
        RequestFault::Answer(404, refusal("BLOB_UPLOAD_UNKNOWN", "forgotten")),
    ] {
        let scene = Scene::with_a_layer();
        let layer = scene.layer();
        scene.target.fault(RequestKind::PutBlob, move |seen, nth, _| {
            (is_layer(seen, &layer) && nth <= 3).then(|| fault.clone())
        });
        let copied = scene.copy().await.unwrap();
        assert_eq!((copied.uploaded, copied.bytes), (2, scene.sample.bytes()));
        assert_eq!(scene.sent().len(), 4);
        scene.assert_complete();
    }
}

#[tokio::test]
async fn an_upload_that_always_breaks_ends_and_the_next_run_sends_only_the_rest() {
    let scene = Scene::new(Sample::image("rest", &[1 << 20, 2048, 3072]));
    let layer = scene.layer();
    let name = layer.0.clone();
    scene
        .target
        .fault(RequestKind::PutBlob, move |seen, _, _| is_layer(seen, &layer).then_some(RequestFault::Break(1000)));
    let failure = scene.fail().await;
    assert!(failure.to_string().contains(&name), "{failure:?}");
    assert!(failure.is_transient());
    assert_eq!(scene.sent().len(), 4);
    assert_eq!(scene.target.seen(RequestKind::PutManifest).len(), 0);

    scene.target.state().scripts.clear();
    let copied = scene.copy().await.unwrap();
    assert_eq!(copied.uploaded, 4 - copied.present);
    assert!(copied.present > 0, "nothing of the first run was kept");
    scene.assert_complete();
}

/// More than the buffers of two sockets hold.
#[tokio::test]
async fn a_target_that_takes_no_more_bytes_ends() {
    let scene = Scene::new(Sample::image("stall", &[32 << 20]));
    let layer = scene.layer();
    scene
        .target
        .fault(RequestKind::PutBlob, move |seen, _, _| is_layer(seen, &layer).then_some(RequestFault::Stall(1000)));
    let failure = scene.fail().await;
    assert!(failure.details()[0].contains("did nothing"), "{failure:?}");
    assert_eq!(scene.sent(), [1000; 4]);
}

#[tokio::test]
async fn a_target_that_never_answers_ends() {
    for kind in [RequestKind::Open, RequestKind::PutBlob] {
        let scene = Scene::with_a_layer();
        scene.target.first(2, kind, RequestFault::Silence);
        scene.copy().await.unwrap();
        scene.assert_complete();
    }
}

/// The answer to an upload that is complete is all that is lost.
#[tokio::test]
async fn a_blob_that_is_there_is_not_sent_again() {
    let scene = Scene::with_a_layer();
    scene.target.fault(RequestKind::PutBlob, |_, _, _| Some(RequestFault::LoseAnswer));
    scene.copy().await.unwrap();
    assert_eq!(scene.sent(), [scene.layer().1]);
    scene.assert_complete();
}

/// ECR documents only that it finds what "has been uploaded", and need not find a blob before a manifest has it.
#[tokio::test]
async fn an_upload_counts_by_its_own_answer() {
    let scene = Scene::new(Sample::index("late"));
    scene.target.state().lists_late = true;
    let copied = scene.copy().await.unwrap();
    assert_eq!(copied.uploaded, scene.sample.blobs.len());
    scene.assert_complete();
    assert_eq!(scene.target.seen(RequestKind::PutBlob).len(), scene.sample.blobs.len());
    // What a manifest has is found, and not sent again.
    assert_eq!(scene.copy().await.unwrap().present, scene.sample.blobs.len());
}

#[tokio::test]
async fn an_upload_that_becomes_something_else_does_not_count() {
    let scene = Scene::with_a_layer();
    let other = Digest::of("other").to_string();
    scene.target.fault(RequestKind::PutBlob, move |_, _, _| Some(RequestFault::Took(other.clone())));
    let failure = scene.fail().await;
    assert!(failure.details()[0].contains("took the blob as"), "{failure:?}");
    assert_eq!(scene.target.seen(RequestKind::PutManifest).len(), 0);
}

#[tokio::test]
async fn a_layer_with_other_bytes_never_becomes_a_layer() {
    let layer = Scene::with_a_layer().sample.blobs[0].clone();
    let mut flipped = layer.clone();
    flipped[layer.len() / 2] ^= 1;
    let longer = [layer.clone(), vec![0]].concat();
    for bytes in [flipped, longer, layer[1..].to_vec(), Vec::new()] {
        let scene = Scene::with_a_layer();
        let asked = scene.layer();
        scene.source.fault(RequestKind::GetBlob, move |seen, _, _| {
            is_layer(seen, &asked).then(|| RequestFault::Bytes(bytes.clone()))
        });
        let failure = scene.fail().await;
        let (name, length) = scene.layer();
        assert!(failure.to_string().contains(&name) && failure.to_string().contains("is not what"), "{failure:?}");
        assert!(scene.sent().iter().all(|sent| *sent < length), "the upload was completed");
        assert!(scene.sent().len() <= 1, "{:?}", scene.sent());
        assert!(!scene.target.state().repositories["production"].blobs.contains_key(&name));
        assert_eq!(scene.target.seen(RequestKind::PutManifest).len(), 0);
    }
}

#[tokio::test]
async fn a_manifest_with_other_bytes_is_not_copied() {
    let scene = Scene::new(Sample::index("forged"));
    let child = scene.sample.digests()[0].to_string();
    let forged = scene.sample.manifest(&scene.sample.digests()[1]).to_vec();
    let asked = child.clone();
    scene.source.fault(RequestKind::GetManifest, move |seen, _, _| {
        (seen.name == asked).then(|| RequestFault::Bytes(forged.clone()))
    });
    let failure = scene.fail().await;
    assert!(failure.to_string().contains(&child) && failure.to_string().contains("other bytes"), "{failure:?}");
    assert_eq!(scene.target.seen(RequestKind::Open).len(), 0);
}

/// Whether a registry says that something is not allowed.
enum Denied {
    No,
    Unnamed,
    Named(&'static str),
}

impl Denied {
    fn assert(&self, call: &FailedCall, side: RegistrySide) {
        let action = match self {
            Self::No | Self::Unnamed => None,
            Self::Named(action) => Some((*action).to_owned()),
        };
        assert_eq!((call.is_denied(), call.denied_action()), (!matches!(self, Self::No), action), "{call:?}");
        assert_eq!(call.side, side, "{call:?}");
    }
}

fn call(error: &RegistryError) -> &FailedCall {
    let RegistryError::Call(call) = error else { panic!("no failed call: {error:?}") };
    call
}

#[tokio::test]
async fn permanent_errors_fail_at_once() {
    let user = "User: arn:aws:sts::123456789012:assumed-role/ci/x is not authorized to perform: ecr:InitiateLayerUpload \
                on resource: arn:aws:ecr:us-east-1:123456789012:repository/production";
    for (kind, status, body, denied, code) in [
        (RequestKind::Open, 403, refusal("DENIED", user), Denied::Named("ecr:InitiateLayerUpload"), "DENIED"),
        (RequestKind::PutBlob, 403, String::new(), Denied::Unnamed, "http-403"),
        (RequestKind::PutManifest, 403, refusal("DENIED", ""), Denied::Unnamed, "DENIED"),
        (RequestKind::HeadBlob, 403, String::new(), Denied::Unnamed, "http-403"),
        (RequestKind::PutBlob, 400, refusal("SIZE_INVALID", "::error::no"), Denied::No, "SIZE_INVALID"),
        (RequestKind::PutManifest, 400, refusal("MANIFEST_INVALID", "no"), Denied::No, "MANIFEST_INVALID"),
    ] {
        let scene = Scene::with_a_layer();
        scene.target.fault(kind, move |_, _, _| Some(RequestFault::Answer(status, body.clone())));
        let failure = scene.fail().await;
        assert_eq!(failure.code().as_deref(), Some(code), "{failure:?}");
        denied.assert(call(&failure), RegistrySide::Target);
        assert!(!failure.is_transient());
        assert!(failure.details().iter().all(|text| !text.starts_with("::")), "{failure:?}");
        assert!(scene.sent().len() <= 1);
        assert!(scene.target.seen(RequestKind::PutManifest).len() <= 1);
    }
}

#[tokio::test]
async fn a_read_that_is_denied_names_the_permission_of_the_source() {
    let user = "User: arn:aws:sts::123456789012:assumed-role/ci/x is not authorized to perform: ecr:BatchGetImage \
                because no resource-based policy allows it";
    for (kind, body, denied) in [
        (RequestKind::GetManifest, refusal("DENIED", user), Denied::Named("ecr:BatchGetImage")),
        (RequestKind::GetBlob, refusal("DENIED", ""), Denied::Unnamed),
    ] {
        let scene = Scene::with_a_layer();
        scene.source.fault(kind, move |_, _, _| Some(RequestFault::Answer(403, body.clone())));
        let failure = scene.fail().await;
        denied.assert(call(&failure), RegistrySide::Source);
        assert_eq!(scene.target.seen(RequestKind::Open).len(), 0);
    }
}

#[tokio::test]
async fn a_missing_repository_or_image_is_named() {
    let scene = Scene::with_a_layer();
    scene.target.state().repositories.clear();
    let failure = scene.fail().await;
    assert_eq!(failure.to_string(), format!("repository {}/production does not exist", scene.target.address));
    assert_eq!(failure.code().as_deref(), Some("NAME_UNKNOWN"), "{failure:?}");

    for clear in [|server: &Server| server.state().repositories.clear(), |server: &Server| server.create("stage")] {
        let scene = Scene::with_a_layer();
        clear(&scene.source);
        let failure = scene.fail().await;
        assert!(failure.to_string().ends_with("is not there any more"), "{failure:?}");
        assert!(failure.to_string().contains(&scene.sample.digest().to_string()), "{failure:?}");
    }
}

/// Blobs of ECR are in S3, at addresses that carry their own signature.
#[tokio::test]
async fn the_password_stays_with_the_registry_and_signatures_are_not_told() {
    let store = Server::start();
    store.fault(RequestKind::GetBlob, |_, _, _| Some(RequestFault::Answer(403, "<Error>Expired</Error>".to_owned())));
    // It refuses, and no process listens.
    for port in [store.address.port(), 1] {
        let scene = Scene::with_a_layer();
        scene.source.fault(RequestKind::GetBlob, move |seen, _, _| {
            let place = format!("http://localhost:{port}/v2/store/blobs/{}?X-Amz-Signature=5ec3e7", seen.name);
            Some(RequestFault::Redirect(place))
        });
        let failure = scene.fail().await;
        assert!(!format!("{failure} {:?}", failure.details()).contains("5ec3e7"), "{failure:?}");
    }
    assert!(store.seen(RequestKind::GetBlob).iter().all(|seen| !seen.authorized));
}

#[tokio::test]
async fn a_tag_of_another_image_is_never_moved() {
    let scene = Scene::with_a_layer();
    let other = Sample::image("other", &[2048]);
    scene.target.publish("production", &other);
    let digest = other.digest().to_string();
    let leads = digest.clone();
    scene.target.state().repositories.get_mut("production").unwrap().tags.insert("v1".to_owned(), leads);
    let failure = scene.copy().await.unwrap_err();
    let reported = format!("{} {}", failure, failure.details().join(" "));
    assert!(reported.contains(&digest) && reported.contains(&scene.sample.digest().to_string()), "{failure:?}");
    assert_eq!(scene.target.seen(RequestKind::Open).len() + scene.target.seen(RequestKind::PutManifest).len(), 0);
}

/// Another program puts the tag between the read and the put, into a repository of immutable tags.
#[tokio::test]
async fn a_tag_that_somebody_else_put_meanwhile_is_looked_at_again() {
    let other = Sample::image("other", &[2048]);
    for (is_ours, wins) in [(true, None), (false, Some(other.digest().to_string()))] {
        let scene = Scene::with_a_layer();
        scene.target.publish("production", &other);
        let digest = wins.unwrap_or_else(|| scene.sample.digest().to_string());
        let put = digest.clone();
        scene.target.fault(RequestKind::PutManifest, move |seen, _, state| {
            let tags = &mut state.repositories.get_mut("production").unwrap().tags;
            (seen.name == "v1").then(|| {
                tags.insert("v1".to_owned(), put.clone());
                RequestFault::Answer(400, refusal("TAG_INVALID", "The image tag 'v1' already exists and is immutable"))
            })
        });
        match scene.copy().await {
            Ok(copied) => assert_eq!((is_ours, copied.uploaded), (true, 2)),
            Err(failure) => assert!(!is_ours && failure.to_string().contains(&digest), "{failure:?}"),
        }
    }
}

#[tokio::test]
async fn referrers_that_registries_know_need_no_tag() {
    let mut sample = Sample::index("known");
    // Of a child, and of what refers to it.
    let child = sample.digests()[0].clone();
    let inventory = sample.refer(&child, "application/vnd.example.inventory");
    sample.refer(&inventory, "application/vnd.example.signature");
    sample.referrer_tags.clear();
    let scene = Scene::new(sample);
    scene.source.state().knows_referrers = true;
    scene.target.state().knows_referrers = true;
    scene.copy().await.unwrap();
    scene.assert_complete();
}

#[tokio::test]
async fn referrers_by_tag_are_added_to_those_that_are_there() {
    let scene = Scene::new(Sample::index("added"));
    let mut older = scene.sample.clone();
    older.referrer_tags.clear();
    older.refer(&scene.sample.digest(), "application/vnd.example.older");
    scene.target.publish("production", &older);
    scene.copy().await.unwrap();
    let state = scene.target.state();
    let stored = &state.repositories["production"];
    let digest = &stored.tags[&referrers_tag(&scene.sample.digest())];
    let index: serde_json::Value = serde_json::from_slice(&stored.manifests[digest].1).unwrap();
    assert_eq!(index["manifests"].as_array().unwrap().len(), 2, "{index:#}");
}

/// A tag leads wherever somebody wants, also to where one came from.
#[tokio::test]
async fn a_circle_of_referrers_ends() {
    let mut sample = Sample::index("circle");
    let digest = sample.digest();
    // Without the signature, which nothing leads to any more.
    sample.manifests.pop();
    sample.blobs.truncate(sample.blobs.len() - 2);
    let entry = json!({"mediaType": INDEX, "digest": digest, "size": sample.manifest(&digest).len()});
    let circle = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]}).to_string();
    sample.referrer_tags = vec![(referrers_tag(&digest), circle.into_bytes())];
    let scene = Scene::new(sample);
    scene.copy().await.unwrap();
    scene.assert_complete();
}

#[tokio::test]
async fn an_index_in_an_index_is_copied_and_a_tower_is_not() {
    for (levels, is_copied) in [(3, true), (12, false)] {
        let mut sample = Sample::image("tower", &[2048]);
        for _ in 0..levels {
            let digest = sample.digest();
            let (media_type, bytes) = sample.manifests.last().unwrap().clone();
            let child = json!({"mediaType": media_type, "digest": digest, "size": bytes.len()});
            sample.digest = Some(sample.add(INDEX, &json!({"schemaVersion": 2, "manifests": [child]})));
        }
        let scene = Scene::new(sample);
        if is_copied {
            scene.copy().await.unwrap();
            scene.assert_complete();
        } else {
            let failure = scene.fail().await;
            assert!(failure.to_string().contains("too many"), "{failure:?}");
        }
    }
}

#[tokio::test]
async fn a_manifest_that_does_not_say_what_it_is_is_put_as_what_it_is() {
    let scene = Scene::with_a_layer();
    scene.copy().await.unwrap();
    let state = scene.target.state();
    assert_eq!(state.repositories["production"].manifests[&scene.sample.digest().to_string()].0, MANIFEST);
}

#[tokio::test]
async fn an_image_is_found_by_its_digest() {
    let scene = Scene::new(Sample::index("found"));
    let (source, from) = (registry(&scene.source, PASSWORD), repository(&scene.source, "stage"));
    let found = source.image(&from, &scene.sample.digest()).await.unwrap().unwrap();
    assert_eq!(found.digest, scene.sample.digest());
    assert_eq!(found.platforms, scene.sample.digests()[..2]);
    assert_eq!(source.image(&from, &Digest::of("nothing")).await.unwrap(), None);
    let elsewhere = repository(&scene.source, "elsewhere");
    assert_eq!(source.image(&elsewhere, &scene.sample.digest()).await.unwrap(), None);
}

/// Insists that an image can neither be read nor copied, and returns what was said.
async fn unreadable(scene: &Scene) -> [String; 2] {
    let (source, from) = (registry(&scene.source, PASSWORD), repository(&scene.source, "stage"));
    let read = source.image(&from, &scene.sample.digest()).await.unwrap_err();
    let copied = scene.fail().await;
    [read, copied].map(|failure| failure.details().join("; "))
}

#[tokio::test]
async fn an_endless_manifest_is_cut_off() {
    let scene = Scene::with_a_layer();
    scene.source.fault(RequestKind::GetManifest, |_, _, _| Some(RequestFault::Endless));
    for causes in unreadable(&scene).await {
        assert!(causes.contains("the answer is longer than 4 MiB"), "{causes}");
    }
}

#[tokio::test]
async fn an_endless_error_is_cut_off() {
    let scene = Scene::with_a_layer();
    scene.source.fault(RequestKind::GetManifest, |_, _, state| {
        // Nothing to give, and no end of saying so.
        state.repositories.clear();
        Some(RequestFault::Endless)
    });
    let (source, from) = (registry(&scene.source, PASSWORD), repository(&scene.source, "stage"));
    assert_eq!(source.image(&from, &scene.sample.digest()).await.unwrap(), None);
}

#[tokio::test]
async fn a_configuration_is_read_by_its_declared_size() {
    let with_size = |size: u64| {
        let mut sample = Sample::image("declared", &[2048]);
        let config = sample.blobs.last().unwrap().clone();
        let described = json!({"mediaType": "application/vnd.oci.image.config.v1+json", "digest": Digest::of(&config),
                               "size": size});
        let manifest = json!({"schemaVersion": 2, "config": described, "layers": []});
        sample.digest = Some(sample.add(MANIFEST, &manifest));
        Scene::new(sample)
    };
    for (size, fault, reported) in [
        (9, None, "the answer is longer than 9 bytes"),
        (9, Some(RequestFault::Endless), "the answer is longer than 9 bytes"),
        (8 << 20, Some(RequestFault::Endless), "the answer is longer than 8 MiB"),
        ((8 << 20) + 1, None, "the answer is longer than 8 MiB"),
        (u64::MAX, None, "the answer is longer than 8 MiB"),
    ] {
        let scene = with_size(size);
        scene.source.fault(RequestKind::GetBlob, move |_, _, _| fault.clone());
        let (source, from) = (registry(&scene.source, PASSWORD), repository(&scene.source, "stage"));
        let failure = source.image(&from, &scene.sample.digest()).await.unwrap_err();
        assert!(failure.details()[0].contains(reported), "{size}: {failure:?}");
    }
}

#[tokio::test]
async fn a_drip_feed_ends() {
    for kind in [RequestKind::GetManifest, RequestKind::Referrers] {
        let scene = Scene::with_a_layer();
        scene.source.state().knows_referrers = true;
        scene.source.fault(kind, |_, _, _| Some(RequestFault::Drip));
        let failure = scene.fail().await;
        assert!(failure.details()[0].contains("the whole answer did not come within 1 s"), "{failure:?}");
        assert!(failure.is_transient());
    }
    let scene = Scene::with_a_layer();
    let layer = scene.layer();
    scene.source.fault(RequestKind::GetBlob, move |seen, _, _| is_layer(seen, &layer).then_some(RequestFault::Drip));
    let failure = scene.fail().await;
    assert!(failure.details()[0].contains("bytes moved in 1 s"), "{failure:?}");
    assert_eq!(scene.ranges().len(), 6);
}

#[tokio::test]
async fn a_target_that_takes_bytes_too_slowly_ends() {
    let scene = Scene::new(Sample::image("sip", &[32 << 20]));
    let layer = scene.layer();
    scene.target.fault(RequestKind::PutBlob, move |seen, _, _| is_layer(seen, &layer).then_some(RequestFault::Sip));
    let (source, mut target) = (registry(&scene.source, PASSWORD), registry(&scene.target, PASSWORD));
    let pace = Pace { window: Duration::from_millis(500), least: 16 << 20 };
    target.limits = Limits { stall: Duration::from_secs(30), pace, restarts: 0, ..LIMITS };
    let (from, to) = (repository(&scene.source, "stage"), repository(&scene.target, "production"));
    let copied = copy(
        &source,
        &from,
        target.open(Permit::of_test()),
        &to,
        &scene.sample.digest(),
        &"v1".parse().unwrap(),
        |_| (),
    )
    .await;
    let failure = copied.unwrap_err();
    assert!(failure.details()[0].contains("bytes moved in"), "{failure:?}");
}

#[tokio::test]
async fn the_password_goes_to_no_other_address_for_a_token() {
    let other = Server::start();
    for realm in [
        format!("http://{}/token", other.address),
        format!("http://localhost:{}/token", other.address.port()),
        "https://auth.elsewhere.example/token".to_owned(),
        "token".to_owned(),
    ] {
        let scene = Scene::with_a_layer();
        scene.source.state().challenge = Some(format!("Bearer realm=\"{realm}\",service=\"x\""));
        let failure = scene.fail().await;
        assert!(failure.details()[0].contains(&realm) && call(&failure).is_login_refused(), "{failure:?}");
        assert!(!failure.is_transient());
        assert!(scene.source.state().seen.iter().all(|seen| !seen.authorized));
    }
    assert_eq!(other.state().seen.len(), 0);
}

#[tokio::test]
async fn a_registry_may_give_tokens_itself() {
    let scene = Scene::new(Sample::index("token"));
    for server in [&scene.source, &scene.target] {
        let realm = format!("Bearer realm=\"http://{}/token?a=b\",service=\"x\"", server.address);
        server.state().challenge = Some(realm);
    }
    scene.copy().await.unwrap();
    scene.assert_complete();
    let asked = scene.target.seen(RequestKind::Token);
    assert_eq!(asked.len(), 2, "{asked:#?}");
    assert!(asked[0].name.contains("a=b&scope=repository%3Aproduction%3Apull&service=x"), "{asked:#?}");
}

#[tokio::test]
async fn an_image_of_too_many_parts_is_refused() {
    let mut index = Sample::image("many", &[2048]);
    let child = index.digest();
    let entry = json!({"mediaType": MANIFEST, "digest": child, "size": index.manifest(&child).len()});
    index.digest = Some(index.add(INDEX, &json!({"schemaVersion": 2, "manifests": vec![entry; 101]})));
    let scene = Scene::new(index);
    let (source, from) = (registry(&scene.source, PASSWORD), repository(&scene.source, "stage"));
    let failure = source.image(&from, &scene.sample.digest()).await.unwrap_err();
    assert!(failure.to_string().contains("101 platforms"), "{failure:?}");

    let mut layers = Sample::image("layers", &[2048]);
    let layer = |number: u32| json!({"digest": Digest::of(number.to_le_bytes()), "size": 1});
    let described: Vec<_> = (0..10_001).map(layer).collect();
    layers.digest = Some(layers.add(MANIFEST, &json!({"schemaVersion": 2, "config": layer(0), "layers": described})));
    let failure = Scene::new(layers).fail().await;
    assert!(failure.to_string().contains("too many parts"), "{failure:?}");
}
