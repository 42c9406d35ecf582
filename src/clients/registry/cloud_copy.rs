//! Copies on the local cloud: the emulator's registry, and one with passwords that checks what it takes.

use std::cell::RefCell;

use aws_config::{BehaviorVersion, Region};
use aws_sdk_ecr::types::ImageTagMutability;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::samples::{INDEX, MANIFEST, Sample};
use super::{Copied, Registry, RegistryError, RegistrySide, copy};
use crate::clients::ecr::RegistryLogin;
use crate::domain::gate::Permit;
use crate::domain::image::{Digest, ImageRepository, ImageTag, RegistryAddress};

const PASSWORD: &str = "ministack-auth-token";

#[expect(clippy::disallowed_methods, reason = "scripts/test says where the local cloud is")]
fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run scripts/test, which starts the local cloud"))
}

/// The address that the local cloud has for the registry of a region.
fn address(region: &str) -> String {
    let hosts = variable("SHIPGATE_REGISTRY_HOSTS");
    let entry = hosts.split(',').find(|entry| entry.contains(region)).unwrap();
    entry.split_once("=http://").unwrap().1.to_owned()
}

fn emulator() -> Registry {
    registry("us-east-1", PASSWORD)
}

fn with_passwords() -> Registry {
    registry("eu-west-1", PASSWORD)
}

fn registry(region: &str, password: &str) -> Registry {
    let host = format!("000000000000.dkr.ecr.{region}.amazonaws.com");
    let login = RegistryLogin { host, user: "AWS".to_owned(), password: password.to_owned().into() };
    Registry::new(&login, Some(&RegistryAddress { host: address(region), tls: false }))
}

/// A name that no other test and no other run has.
fn unique(name: &str) -> String {
    let mut random = tempfile::Builder::new();
    let directory = random.prefix("").rand_bytes(8).tempdir().unwrap();
    let random = directory.path().file_name().unwrap().to_str().unwrap().to_ascii_lowercase();
    format!("t{random}-{name}")
}

fn repository(registry: &Registry, name: &str) -> ImageRepository {
    ImageRepository { host: registry.host.clone(), name: unique(name).parse().unwrap() }
}

/// The emulator wants its repositories created, the other registry does not.
async fn create(repository: &ImageRepository, mutability: ImageTagMutability) {
    // The account's root.
    let root = aws_credential_types::Credentials::new("test", "test", None, None, "root");
    let loader = aws_config::defaults(BehaviorVersion::latest()).region(Region::new("us-east-1"));
    let config = loader.credentials_provider(root).load().await;
    let request = aws_sdk_ecr::Client::new(&config).create_repository().repository_name(repository.name.as_str());
    request.image_tag_mutability(mutability).send().await.unwrap();
}

/// Puts an image into a registry, by hand.
async fn publish(sample: &Sample, to: &ImageRepository) {
    let client = reqwest::Client::new();
    let base = format!("http://{}/v2/{}", to.host, to.name);
    for blob in &sample.blobs {
        let opened = client.post(format!("{base}/blobs/uploads/")).basic_auth("AWS", Some(PASSWORD)).send();
        let opened = opened.await.unwrap().error_for_status().unwrap();
        let location = opened.headers()["location"].to_str().unwrap();
        let location =
            if location.starts_with('/') { format!("http://{}{location}", to.host) } else { location.to_owned() };
        let mark = if location.contains('?') { '&' } else { '?' };
        let put = client.put(format!("{location}{mark}digest={}", Digest::of(blob))).basic_auth("AWS", Some(PASSWORD));
        put.body(blob.clone()).send().await.unwrap().error_for_status().unwrap();
    }
    let digests = sample.digests().into_iter().map(|digest| digest.to_string());
    let tags = sample.referrer_tags.iter().map(|(tag, index)| (tag.clone(), INDEX, index.clone()));
    let manifests = digests.zip(&sample.manifests).map(|(name, (kind, bytes))| (name, *kind, bytes.clone()));
    for (name, media_type, bytes) in manifests.chain(tags) {
        let put = client.put(format!("{base}/manifests/{name}")).basic_auth("AWS", Some(PASSWORD));
        put.header("content-type", media_type).body(bytes).send().await.unwrap().error_for_status().unwrap();
    }
}

/// Insists that a repository has the image, byte for byte, and that the tag leads to it.
async fn assert_has(repository: &ImageRepository, sample: &Sample, tag: &str) {
    let client = reqwest::Client::new();
    let get = async |path: String| {
        let url = format!("http://{}/v2/{}/{path}", repository.host, repository.name);
        let request =
            client.get(url).header("accept", format!("{MANIFEST}, {INDEX}")).basic_auth("AWS", Some(PASSWORD));
        let answer = request.send().await.unwrap().error_for_status().unwrap();
        let media_type = answer.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned());
        (media_type, answer.bytes().await.unwrap())
    };
    for (media_type, bytes) in &sample.manifests {
        let found = get(format!("manifests/{}", Digest::of(bytes))).await;
        assert_eq!((found.0.as_deref(), &found.1[..]), (Some(*media_type), &bytes[..]));
    }
    for blob in &sample.blobs {
        assert_eq!(get(format!("blobs/{}", Digest::of(blob))).await.1, blob[..]);
    }
    for (tag, _) in &sample.referrer_tags {
        let index: serde_json::Value = serde_json::from_slice(&get(format!("manifests/{tag}")).await.1).unwrap();
        let digest = index["manifests"][0]["digest"].as_str().unwrap();
        assert!(sample.digests().iter().any(|known| known.to_string() == digest), "{index}");
    }
    assert_eq!(get(format!("manifests/{tag}")).await.1, sample.manifest(&sample.digest()));
}

/// Copies as `promote` does.
async fn copied(
    source: &Registry,
    from: &ImageRepository,
    target: &Registry,
    to: &ImageRepository,
    sample: &Sample,
) -> Result<Copied, RegistryError> {
    let tag: ImageTag = "v1".parse().unwrap();
    let said = RefCell::new(Vec::new());
    copy(source, from, target.open(Permit::of_test()), to, &sample.digest(), &tag, |line| {
        said.borrow_mut().push(line.to_owned());
    })
    .await
}

#[tokio::test]
#[ignore = "needs the local cloud: scripts/test"]
async fn within_the_emulator_blobs_are_mounted() {
    let registry = emulator();
    let (from, to) = (repository(&registry, "stage"), repository(&registry, "production"));
    create(&from, ImageTagMutability::Mutable).await;
    create(&to, ImageTagMutability::Mutable).await;
    let sample = Sample::index(&from.to_string());
    publish(&sample, &from).await;

    assert_eq!(registry.image(&to, &sample.digest()).await.unwrap(), None);
    let first = copied(&registry, &from, &registry, &to, &sample).await.unwrap();

    assert_eq!(first, Copied { mounted: sample.blobs.len(), ..Copied::default() });
    assert_has(&to, &sample, "v1").await;
    let again = copied(&registry, &from, &registry, &to, &sample).await.unwrap();
    assert_eq!(again, Copied { present: sample.blobs.len(), ..Copied::default() });
}

#[tokio::test]
#[ignore = "needs the local cloud: scripts/test"]
async fn a_tag_that_leads_elsewhere_is_not_moved() {
    let registry = emulator();
    for mutability in [ImageTagMutability::Mutable, ImageTagMutability::Immutable] {
        let (from, to) = (repository(&registry, "stage"), repository(&registry, "production"));
        create(&from, ImageTagMutability::Mutable).await;
        create(&to, mutability).await;
        let (sample, other) = (Sample::image("one", &[2048]), Sample::image("other", &[2048]));
        publish(&sample, &from).await;
        publish(&other, &from).await;
        copied(&registry, &from, &registry, &to, &sample).await.unwrap();

        let failure = copied(&registry, &from, &registry, &to, &other).await.unwrap_err();

        assert!(failure.to_string().contains(&sample.digest().to_string()), "{failure:?}");
        assert!(failure.details()[0].contains(&other.digest().to_string()), "{failure:?}");
        assert_has(&to, &sample, "v1").await;
        assert_eq!(registry.image(&to, &other.digest()).await.unwrap(), None);
        copied(&registry, &from, &registry, &to, &sample).await.unwrap();
    }
}

#[tokio::test]
#[ignore = "needs the local cloud: scripts/test"]
async fn to_another_registry_blobs_are_streamed() {
    let (source, target) = (emulator(), with_passwords());
    let (from, to) = (repository(&source, "stage"), repository(&target, "production"));
    create(&from, ImageTagMutability::Mutable).await;
    let sample = Sample::index(&from.to_string());
    publish(&sample, &from).await;

    let first = copied(&source, &from, &target, &to, &sample).await.unwrap();

    assert_eq!(first, Copied { uploaded: sample.blobs.len(), bytes: sample.bytes(), ..Copied::default() });
    assert_has(&to, &sample, "v1").await;
    let again = copied(&source, &from, &target, &to, &sample).await.unwrap();
    assert_eq!(again, Copied { present: sample.blobs.len(), ..Copied::default() });
}

#[tokio::test]
#[ignore = "needs the local cloud: scripts/test"]
async fn between_repositories_of_a_strict_registry_blobs_are_mounted() {
    let registry = with_passwords();
    let (from, to) = (repository(&registry, "stage"), repository(&registry, "production"));
    let sample = Sample::index(&from.to_string());
    publish(&sample, &from).await;

    let first = copied(&registry, &from, &registry, &to, &sample).await.unwrap();

    assert_eq!(first, Copied { mounted: sample.blobs.len(), ..Copied::default() });
    assert_has(&to, &sample, "v1").await;
    let again = copied(&registry, &from, &registry, &to, &sample).await.unwrap();
    assert_eq!(again, Copied { present: sample.blobs.len(), ..Copied::default() });
}

/// Two identities with one registry: one may read, the other may not write, or the other way round.
#[tokio::test]
#[ignore = "needs the local cloud: scripts/test"]
async fn a_wrong_password_is_told_with_the_side_and_its_permissions() {
    let (good, bad) = (with_passwords(), registry("eu-west-1", "of yesterday"));
    let (from, to) = (repository(&good, "stage"), repository(&good, "production"));
    let sample = Sample::image(&from.to_string(), &[2048]);
    publish(&sample, &from).await;

    let unread = copied(&bad, &from, &good, &to, &sample).await.unwrap_err();
    let unwritten = copied(&good, &from, &bad, &to, &sample).await.unwrap_err();
    for (failure, side) in [(unread, RegistrySide::Source), (unwritten, RegistrySide::Target)] {
        assert!(failure.to_string().contains(&from.host), "{failure:?}");
        assert!(!format!("{failure:?}").contains("of yesterday"), "{failure:?}");
        let RegistryError::Call(call) = failure else { panic!("{failure:?}") };
        assert_eq!((call.is_denied(), call.side), (true, side), "{call:?}");
    }
    assert_eq!(good.image(&to, &sample.digest()).await.unwrap(), None);
}

/// What came through here is an image for an engine, too.
#[tokio::test]
#[ignore = "needs the local cloud: scripts/test"]
async fn an_engine_pulls_what_was_copied() {
    let (source, target) = (emulator(), with_passwords());
    let (from, to) = (repository(&source, "stage"), repository(&target, "production"));
    create(&from, ImageTagMutability::Mutable).await;
    let sample = Sample::index(&from.to_string());
    publish(&sample, &from).await;
    copied(&source, &from, &target, &to, &sample).await.unwrap();
    let config = tempfile::tempdir().unwrap();
    docker(config.path(), &["login", "--username", "AWS", "--password", PASSWORD, &to.host]);

    let image = format!("{to}@{}", sample.digest());
    docker(config.path(), &["pull", "--quiet", &image]);

    let found = docker(config.path(), &["image", "inspect", "--format", "{{json .RepoDigests}}", &image]);
    docker(config.path(), &["rmi", &image]);
    assert!(found.contains(&image), "{found}");
}

#[expect(clippy::disallowed_methods, reason = "tests start programs")]
fn docker(config: &std::path::Path, arguments: &[&str]) -> String {
    let output = std::process::Command::new("docker").env("DOCKER_CONFIG", config).args(arguments).output().unwrap();
    assert!(output.status.success(), "docker {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
#[ignore = "needs the local cloud: scripts/test"]
async fn within_one_repository_only_the_tag_is_put() {
    for registry in [emulator(), with_passwords()] {
        let repository = repository(&registry, "app");
        if registry.host == emulator().host {
            create(&repository, ImageTagMutability::Immutable).await;
        }
        let sample = Sample::index(&repository.to_string());
        publish(&sample, &repository).await;
        for _ in 0..2 {
            let copied = copied(&registry, &repository, &registry, &repository, &sample).await.unwrap();
            assert_eq!(copied, Copied::default());
        }
        assert_has(&repository, &sample, "v1").await;
    }
}

#[tokio::test]
#[ignore = "needs the local cloud: scripts/test"]
async fn what_is_missing_is_told() {
    let (source, target) = (with_passwords(), emulator());
    let (from, to) = (repository(&source, "stage"), repository(&target, "production"));
    let sample = Sample::image(&from.to_string(), &[2048]);
    publish(&sample, &from).await;

    let failure = copied(&source, &from, &target, &to, &sample).await.unwrap_err();
    assert_eq!(failure.to_string(), format!("repository {to} does not exist"));

    create(&to, ImageTagMutability::Mutable).await;
    let gone = Sample::image("never published", &[2048]);
    let failure = copied(&source, &from, &target, &to, &gone).await.unwrap_err();
    assert_eq!(failure.to_string(), format!("image {from}@{} is not there any more", gone.digest()));
}

/// Also the speed, for a person to read: `cargo nextest run --run-ignored only -E 'test(gigabyte)' --no-capture`.
#[tokio::test]
#[ignore = "needs the local cloud, and copies a gigabyte: cargo nextest run --run-ignored all gigabyte"]
async fn a_layer_of_a_gigabyte_needs_little_memory() {
    const LENGTHS: [u64; 4] = [1_000_000_000, 200_000_000, 200_000_000, 200_000_000];
    let source = with_passwords();
    // The same registry by another name: nothing can be mounted.
    let mut target = with_passwords();
    target.host = target.host.replace("localhost", "127.0.0.1");
    let (from, to) = (repository(&source, "stage"), repository(&target, "production"));
    let mut layers = Vec::new();
    for (seed, length) in (1..).zip(LENGTHS) {
        layers.push(publish_layer(&source, &from, seed, length).await);
    }
    let mut sample = Sample { blobs: vec![b"{}".to_vec()], ..Sample::default() };
    let config =
        json!({"mediaType": "application/vnd.oci.image.config.v1+json", "digest": Digest::of("{}"), "size": 2});
    sample.digest = Some(sample.add(MANIFEST, &json!({"schemaVersion": 2, "config": config, "layers": layers})));
    publish(&sample, &from).await;

    let began = tokio::time::Instant::now();
    let tag = "v1".parse().unwrap();
    let say = |line: &str| println!("{line}");
    let copied = copy(&source, &from, target.open(Permit::of_test()), &to, &sample.digest(), &tag, say).await.unwrap();

    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap().trim();
    println!("{copied:?} in {:?}, {peak} at most", began.elapsed());
    assert_eq!(copied.bytes, LENGTHS.iter().sum::<u64>() + 2);
    assert!(peak.split(' ').next().unwrap().parse::<u64>().unwrap() < 64 * 1024, "{peak}");
}

/// Puts a layer that never is in memory, and returns its descriptor.
async fn publish_layer(registry: &Registry, to: &ImageRepository, seed: u64, length: u64) -> serde_json::Value {
    const PIECE: u64 = 100_000;
    let pieces = move || {
        let mut random = seed;
        (0..length / PIECE).map(move |_| {
            let words = (0..PIECE / 8).map(|_| {
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                random.to_le_bytes()
            });
            bytes::Bytes::from(words.flatten().collect::<Vec<u8>>())
        })
    };
    let digest = Digest::from_hash(pieces().fold(Sha256::new(), Sha256::chain_update));
    let stream = futures_util::stream::iter(pieces().map(Ok));
    let blob = super::graph::Blob { digest: digest.clone(), size: length, is_layer: true };
    registry.put_blob(to, &blob, stream).await.unwrap();
    json!({"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": digest, "size": length})
}
