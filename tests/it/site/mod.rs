//! The local cloud with static sites: for each environment a bucket that serves, a store of releases, a distribution that
//! alone may read the bucket, and a public address before it.

mod call;
pub mod edge;
mod encrypted;
mod forward;
mod jobs;
mod names;
pub mod proxy;
pub mod shop;
pub mod tls;
pub mod visitor;
pub mod website;

use std::collections::BTreeMap;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_sdk_cloudfront::types::{
    CustomErrorResponse, CustomErrorResponses, DefaultCacheBehavior, DistributionConfig, Origin,
    OriginAccessControlConfig, OriginAccessControlOriginTypes, OriginAccessControlSigningBehaviors,
    OriginAccessControlSigningProtocols, Origins, S3OriginConfig, ViewerProtocolPolicy,
};
use aws_sdk_s3::config::Builder;
use aws_sdk_s3::primitives::ByteStream;
use serde_json::json;

use self::edge::Edge;
pub use self::names::version;
use crate::cloud::Cloud;
use crate::cloud_roles;
use crate::harness::{Repository, Shipgate};

/// `Managed-CachingOptimized`.
const CACHING_OPTIMIZED: &str = "658327ea-f89d-4fab-a63d-7e88639e58f6";
/// The files of a site, built by copying them.
const BUILD: &str = "build = { run = \"rm -rf dist && cp -R site dist\", output = \"dist\" }\n";

/// Where one environment has its site.
pub struct Place {
    pub environment: &'static str,
    pub bucket: String,
    pub store: String,
    /// The distribution's id.
    pub distribution: String,
    pub edge: Edge,
}

/// An object as somebody wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    pub body: Vec<u8>,
    pub content_type: Option<String>,
    pub cache_control: Option<String>,
    pub content_encoding: Option<String>,
    pub etag: String,
}

/// One test's corner of the local cloud, with a site in stage and in production.
pub struct SiteCloud {
    pub cloud: Cloud,
    pub s3: aws_sdk_s3::Client,
    pub cloudfront: aws_sdk_cloudfront::Client,
    pub stage: Place,
    pub production: Place,
}

impl SiteCloud {
    pub fn new() -> Self {
        let cloud = Cloud::new();
        let config = of_root(&cloud);
        let s3 = path_style(&config);
        let cloudfront = aws_sdk_cloudfront::Client::new(&config);
        let [stage, production] = ["stage", "production"].map(|environment| {
            let [bucket, store] = ["site", "releases"].map(|name| format!("{}-{environment}-{name}", cloud.prefix));
            for name in [&bucket, &store] {
                cloud.wait(s3.create_bucket().bucket(name).send()).unwrap();
            }
            let (distribution, domain) = cloud.wait(distribute(&s3, &cloudfront, &bucket));
            let own = aws_sdk_cloudfront::Client::new(&of_root(&cloud));
            let edge = Edge::before(cloud.endpoint(), &distribution, &domain, own);
            Place { environment, bucket, store, distribution, edge }
        });
        Self { cloud, s3, cloudfront, stage, production }
    }

    /// The component `frontend` in both environments; `more` goes into the component.
    pub fn config(&self, more: &str) -> String {
        let environment = |place: &Place, gates: &str| {
            format!(
                "[environments.{name}]\nregion = \"us-east-1\"\naccount = \"000000000000\"\n{gates}{}\
                 [environments.{name}.components.frontend]\nbucket = \"{}\"\nartifacts = \"{}\"\n\
                 distribution = \"{}\"\nurl = \"{}\"\n",
                // The keys of the environment stand before its tables.
                if gates.is_empty() { cloud_roles::lines(&self.cloud, place.environment) } else { String::new() },
                place.bucket,
                place.store,
                place.distribution,
                place.edge.url(),
                name = place.environment,
            )
        };
        let lines = cloud_roles::lines(&self.cloud, "production");
        let gates = format!(
            "promotes-from = \"stage\"\n{lines}[environments.production.gates]\napproval = \"none\"\n\
             overridable = [\"branch\", \"forward\", \"freeze\"]\n"
        );
        format!(
            "app = \"shop\"\n[components.frontend]\nkind = \"static-site\"\n{BUILD}{more}\n{}{}",
            environment(&self.stage, ""),
            environment(&self.production, &gates),
        )
    }

    /// The same configuration for a laptop, where no role is assumed: [`Self::laptop`].
    pub fn laptop_config(&self, more: &str) -> String {
        cloud_roles::without(&self.config(more))
    }

    /// The program on a laptop of the account's root, with a report in JSON. A deploy builds, keeps and puts in one go.
    pub fn laptop(&self, repository: &Repository, arguments: &[&str]) -> Shipgate {
        cloud_roles::root(&self.cloud, repository.shipgate(&[arguments, &["--output", "json"]].concat()))
    }

    /// What a bucket has, by keys.
    pub fn objects(&self, bucket: &str) -> BTreeMap<String, Object> {
        self.keys(bucket).into_iter().map(|key| (key.clone(), self.object(bucket, &key).unwrap())).collect()
    }

    /// The keys of a bucket.
    pub fn keys(&self, bucket: &str) -> Vec<String> {
        self.cloud.wait(async {
            let mut pages = self.s3.list_objects_v2().bucket(bucket).into_paginator().send();
            let mut keys = Vec::new();
            while let Some(page) = pages.next().await {
                keys.extend(page.unwrap().contents.unwrap_or_default().into_iter().map(|object| object.key.unwrap()));
            }
            keys
        })
    }

    /// An object, if it is there.
    pub fn object(&self, bucket: &str, key: &str) -> Option<Object> {
        self.cloud.wait(async {
            let found = self.s3.get_object().bucket(bucket).key(key).send().await;
            let found = found.map_err(aws_sdk_s3::Error::from);
            let found = match found {
                Err(aws_sdk_s3::Error::NoSuchKey(_)) => return None,
                found => found.unwrap(),
            };
            Some(Object {
                content_type: found.content_type,
                cache_control: found.cache_control,
                content_encoding: found.content_encoding,
                etag: found.e_tag.unwrap(),
                body: found.body.collect().await.unwrap().to_vec(),
            })
        })
    }

    /// Writes an object, as somebody would by hand.
    pub fn put(&self, bucket: &str, key: &str, content_type: &str, body: impl Into<Vec<u8>>) {
        let body = ByteStream::from(body.into());
        let put = self.s3.put_object().bucket(bucket).key(key).content_type(content_type).body(body);
        self.cloud.wait(put.send()).unwrap();
    }

    /// Deletes an object, as somebody would by hand.
    pub fn delete(&self, bucket: &str, key: &str) {
        self.cloud.wait(self.s3.delete_object().bucket(bucket).key(key).send()).unwrap();
    }

    /// The paths of each invalidation of a place.
    pub fn invalidations(&self, place: &Place) -> Vec<Vec<String>> {
        let distribution = &place.distribution;
        self.cloud.wait(async {
            let list = self.cloudfront.list_invalidations().distribution_id(distribution).send().await.unwrap();
            let mut paths = Vec::new();
            for summary in list.invalidation_list.unwrap().items() {
                let request = self.cloudfront.get_invalidation().distribution_id(distribution).id(summary.id());
                let found = request.send().await.unwrap().invalidation.unwrap();
                paths.push(found.invalidation_batch.unwrap().paths.unwrap().items.unwrap_or_default());
            }
            paths
        })
    }

    /// Changes a place's distribution, as its owner would.
    pub fn redistribute(&self, place: &Place, change: impl FnOnce(&mut DistributionConfig)) {
        let client = &self.cloudfront;
        self.cloud.wait(async {
            let found = client.get_distribution_config().id(&place.distribution).send().await.unwrap();
            let mut config = found.distribution_config.unwrap();
            change(&mut config);
            let update = client.update_distribution().id(&place.distribution).distribution_config(config);
            update.if_match(found.e_tag.unwrap()).send().await.unwrap();
        });
    }

    /// Lets a place answer what is missing with its first page and 200, as owners of single-page applications do.
    pub fn hide_missing(&self, place: &Place) {
        self.redistribute(place, |config| {
            let page = |code| {
                let error = CustomErrorResponse::builder().error_code(code).response_page_path("/index.html");
                error.response_code("200").build().unwrap()
            };
            let pages = CustomErrorResponses::builder().quantity(2).items(page(403)).items(page(404));
            config.custom_error_responses = Some(pages.build().unwrap());
        });
    }
}

/// A repository with the first version of a site, which [`change`] changes.
pub fn repository(config: &str) -> Repository {
    let repository = Repository::with_files(&[("shipgate.toml", config), (".gitignore", "/dist\n")]);
    change(&repository, 1);
    repository
}

/// Commits another version of the site, and returns the commit's id.
pub fn change(repository: &Repository, number: u32) -> String {
    let site = repository.path().join("site");
    if site.exists() {
        std::fs::remove_dir_all(site).unwrap();
    }
    for (path, content) in version(number) {
        repository.write(&format!("site/{path}"), content);
    }
    repository.commit(&format!("Version {number}"))
}

/// The account's root, as the owner of what is there. Each call has connections of its own.
fn of_root(cloud: &Cloud) -> SdkConfig {
    let root = Credentials::new("test", "test", None, None, "root");
    let loader = aws_config::defaults(BehaviorVersion::latest()).region(Region::new("us-east-1"));
    cloud.wait(loader.credentials_provider(root).load())
}

/// A client of S3. An endpoint of one's own has no names for buckets.
fn path_style(config: &SdkConfig) -> aws_sdk_s3::Client {
    aws_sdk_s3::Client::from_conf(Builder::from(config).force_path_style(true).build())
}

/// A distribution that alone may read a bucket: its id and its domain.
async fn distribute(
    s3: &aws_sdk_s3::Client,
    cloudfront: &aws_sdk_cloudfront::Client,
    bucket: &str,
) -> (String, String) {
    let access = OriginAccessControlConfig::builder()
        .name(bucket)
        .signing_protocol(OriginAccessControlSigningProtocols::Sigv4)
        .signing_behavior(OriginAccessControlSigningBehaviors::Always)
        .origin_access_control_origin_type(OriginAccessControlOriginTypes::S3);
    let access = cloudfront.create_origin_access_control().origin_access_control_config(access.build().unwrap());
    let access = access.send().await.unwrap().origin_access_control.unwrap();
    let origin = Origin::builder()
        .id(bucket)
        .domain_name(format!("{bucket}.s3.us-east-1.amazonaws.com"))
        .origin_path("")
        .s3_origin_config(S3OriginConfig::builder().origin_access_identity("").build())
        .origin_access_control_id(access.id());
    let behavior = DefaultCacheBehavior::builder()
        .target_origin_id(bucket)
        .viewer_protocol_policy(ViewerProtocolPolicy::AllowAll)
        .cache_policy_id(CACHING_OPTIMIZED)
        .compress(true);
    let config = DistributionConfig::builder()
        .caller_reference(bucket)
        .comment("a site of a test")
        .enabled(true)
        .default_root_object("index.html")
        .origins(Origins::builder().quantity(1).items(origin.build().unwrap()).build().unwrap())
        .default_cache_behavior(behavior.build().unwrap());
    let made = cloudfront.create_distribution().distribution_config(config.build().unwrap());
    let made = made.send().await.unwrap().distribution.unwrap();
    let statement = json!({
        "Effect": "Allow",
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Action": "s3:GetObject",
        "Resource": format!("arn:aws:s3:::{bucket}/*"),
        "Condition": {"StringEquals": {"AWS:SourceArn": made.arn()}},
    });
    let policy = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
    s3.put_bucket_policy().bucket(bucket).policy(policy).send().await.unwrap();
    (made.id().to_owned(), made.domain_name().to_owned())
}
