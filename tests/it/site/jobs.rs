//! A site in the jobs of a workflow: one builds where no credential can be had, another one deploys what it built.

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use aws_sdk_s3::config::Builder;

use super::{Place, SiteCloud};
use crate::harness::{Ran, Repository};

/// What a browser gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Got {
    pub status: u16,
    pub content_type: String,
    pub body: String,
}

impl SiteCloud {
    /// Builds the site as a job without credentials does. Returns what `--bundle` takes.
    pub fn bundle(repository: &Repository) -> String {
        let to = repository.path().parent().unwrap().join("bundles");
        let ran = repository.shipgate(&["build", "--to", to.to_str().unwrap(), "--output", "json"]).run();
        let report = ran.expect_code(0).json();
        let text = |key: &str| report["bundles"][0][key].as_str().unwrap().to_owned();
        format!("{}={}@{}", text("component"), text("path"), text("digest"))
    }

    /// The program as the job that a command belongs to, with a report in JSON.
    pub fn job(&self, repository: &Repository, arguments: &[&str]) -> Ran {
        self.cloud.shipgate(repository, &[arguments, &["--output", "json"]].concat()).run()
    }

    /// Builds, and deploys to stage, each in a job of its own.
    pub fn deploy(&self, repository: &Repository) -> Ran {
        let bundle = Self::bundle(repository);
        self.job(repository, &["deploy", "stage", "--bundle", &bundle])
    }

    /// What a browser gets for a path, which begins with `/` and is encoded.
    pub fn get(&self, place: &Place, path: &str) -> Got {
        let url = format!("{}{path}", place.edge.url());
        self.cloud.wait(async {
            let answer = reqwest::get(url).await.unwrap();
            let content_type = answer.headers().get("content-type").map(|it| it.to_str().unwrap().to_owned());
            let (status, content_type) = (answer.status().as_u16(), content_type.unwrap_or_default());
            Got { status, content_type, body: answer.text().await.unwrap() }
        })
    }

    /// The entry page as a browser gets it.
    pub fn page(&self, place: &Place) -> String {
        self.get(place, "/").body
    }

    /// The keys of a store without those of the bytes.
    pub fn documents(&self, place: &Place) -> Vec<String> {
        self.keys(&place.store).into_iter().filter(|key| !key.starts_with("shipgate/blobs/")).collect()
    }

    /// A document of a store.
    pub fn document(&self, place: &Place, key: &str) -> serde_json::Value {
        let object = self.object(&place.store, key).unwrap_or_else(|| panic!("no {key} in {}", place.store));
        serde_json::from_slice(&object.body).unwrap()
    }

    /// Writes an object again with another rule for caches, as somebody would by hand.
    pub fn put_cache_rule(&self, bucket: &str, key: &str, rule: &str) {
        let object = self.object(bucket, key).unwrap();
        let put = self.s3.put_object().bucket(bucket).key(key).cache_control(rule);
        let put = put.set_content_type(object.content_type).body(object.body.into());
        self.cloud.wait(put.send()).unwrap();
    }
}

impl SiteCloud {
    /// A client of S3 with a session, as `shipgate credentials` prints it.
    pub fn with_session(&self, session: &serde_json::Value) -> aws_sdk_s3::Client {
        let text = |key: &str| session[key].as_str().unwrap().to_owned();
        let token = Some(text("SessionToken"));
        let credentials = Credentials::new(text("AccessKeyId"), text("SecretAccessKey"), token, None, "session");
        let loader = aws_config::defaults(BehaviorVersion::latest()).region(Region::new("us-east-1"));
        let config = self.cloud.wait(loader.credentials_provider(credentials).load());
        aws_sdk_s3::Client::from_conf(Builder::from(&config).force_path_style(true).build())
    }
}
