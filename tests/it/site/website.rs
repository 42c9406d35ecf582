//! The website endpoint of S3, which the local cloud does not have: it answers for the website of each bucket as S3 does
//! ([endpoint](https://docs.aws.amazon.com/AmazonS3/latest/userguide/WebsiteEndpoints.html), [index
//! documents](https://docs.aws.amazon.com/AmazonS3/latest/userguide/IndexDocumentSupport.html)), as a proxy of HTTP, so
//! that its real names are asked. What a bucket has, and who may read it, the local cloud says.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use aws_sdk_s3::Client;
use aws_sdk_s3::types::{
    ErrorDocument, IndexDocument, PublicAccessBlockConfiguration, RedirectAllRequestsTo, WebsiteConfiguration,
};
use serde_json::json;

use super::forward::forward;
use super::{Place, SiteCloud, of_root, path_style};
use crate::cloud_roles;
use crate::harness::{Ran, Repository, Shipgate};
use crate::http_server::{Answer, Request, Server, serve_arriving};

/// On a loopback port of its own, until the test's process ends.
#[derive(Debug, Clone)]
pub struct Websites {
    server: Server,
    changed: Arc<Mutex<BTreeMap<String, Answer>>>,
}

impl Websites {
    /// Before a cloud.
    pub fn of(site: &SiteCloud) -> Self {
        let changed: Arc<Mutex<BTreeMap<String, Answer>>> = Arc::default();
        let (client, own) = (path_style(&of_root(&site.cloud)), Arc::clone(&changed));
        let cloud = site.cloud.endpoint().trim_start_matches("http://").to_owned();
        let server = serve_arriving(async move |request: Request, _body| {
            let Ok(url) = reqwest::Url::parse(&request.target) else { return Answer::new(400, "no proxy is asked so") };
            if let Some(answer) = own.lock().unwrap().get(url.path()) {
                return answer.clone();
            }
            answer(&client, &cloud, &request.method, &url).await
        });
        Self { server, changed }
    }

    /// What programs take for their proxy.
    pub fn proxy(&self) -> String {
        format!("http://{}", self.server.address)
    }

    /// A website of its own address on this machine, without `/` at its end: no proxy is asked for it.
    pub fn front(site: &SiteCloud, place: &Place) -> String {
        let client = path_style(&of_root(&site.cloud));
        let cloud = site.cloud.endpoint().trim_start_matches("http://").to_owned();
        let address = address(place);
        let server = serve_arriving(async move |request: Request, _body| {
            let url = reqwest::Url::parse(&format!("{address}{}", request.target)).unwrap();
            answer(&client, &cloud, &request.method, &url).await
        });
        format!("http://{}", server.address)
    }

    /// Answers a path so on every website, whatever the buckets have.
    pub fn change(&self, path: &str, answer: Answer) {
        self.changed.lock().unwrap().insert(path.to_owned(), answer);
    }

    /// A program that asks websites.
    pub fn known_to(&self, shipgate: Shipgate) -> Shipgate {
        shipgate.env("http_proxy", self.proxy()).env("no_proxy", "localhost,127.0.0.1")
    }

    /// The program as the job that a command belongs to, with a report in JSON.
    pub fn job(&self, site: &SiteCloud, repository: &Repository, arguments: &[&str]) -> Ran {
        let shipgate = site.cloud.shipgate(repository, &[arguments, &["--output", "json"]].concat());
        self.known_to(shipgate).run()
    }

    /// Builds, and deploys to stage, each in a job of its own.
    pub fn deploy(&self, site: &SiteCloud, repository: &Repository) -> Ran {
        let bundle = SiteCloud::bundle(repository);
        self.job(site, repository, &["deploy", "stage", "--bundle", &bundle])
    }

    /// The status and the text at a path of a place, as a browser gets it.
    pub fn get(&self, site: &SiteCloud, place: &Place, path: &str) -> (u16, String) {
        let proxy = reqwest::Proxy::http(self.proxy()).unwrap();
        site.cloud.wait(async {
            let client = reqwest::Client::builder().proxy(proxy).build().unwrap();
            let answer = client.get(format!("{}{path}", address(place))).send().await.unwrap();
            (answer.status().as_u16(), answer.text().await.unwrap())
        })
    }
}

/// Where the website of a place answers, without `/` at its end.
pub fn address(place: &Place) -> String {
    format!("http://{}.s3-website-us-east-1.amazonaws.com", place.bucket)
}

/// The configuration of a cloud whose sites are websites, without distributions.
pub fn config(site: &SiteCloud, more: &str) -> String {
    let lines = site.config(more);
    let lines = lines.lines().filter(|line| !line.starts_with("url = "));
    let lines = lines.map(|line| if line.starts_with("distribution = ") { "website = true" } else { line });
    lines.collect::<Vec<_>>().join("\n")
}

/// The same for a laptop.
pub fn laptop_config(site: &SiteCloud, more: &str) -> String {
    cloud_roles::without(&config(site, more))
}

impl SiteCloud {
    /// Gives the bucket of a place a website: the entry page, and the answer to errors.
    pub fn put_website(&self, place: &Place, index: &str, error: Option<&str>) {
        let index = IndexDocument::builder().suffix(index).build().unwrap();
        let error = error.map(|key| ErrorDocument::builder().key(key).build().unwrap());
        let website = WebsiteConfiguration::builder().index_document(index).set_error_document(error).build();
        self.put_website_as(place, website);
    }

    /// Sends all requests of a place elsewhere.
    pub fn redirect_website(&self, place: &Place, host: &str) {
        let to = RedirectAllRequestsTo::builder().host_name(host).build().unwrap();
        self.put_website_as(place, WebsiteConfiguration::builder().redirect_all_requests_to(to).build());
    }

    fn put_website_as(&self, place: &Place, website: WebsiteConfiguration) {
        let put = self.s3.put_bucket_website().bucket(&place.bucket).website_configuration(website);
        self.cloud.wait(put.send()).unwrap();
    }

    /// Lets everyone read the bucket of a place, as far as Block Public Access lets them.
    pub fn make_public(&self, place: &Place) {
        self.restrict(place, false);
        let resource = format!("arn:aws:s3:::{}/*", place.bucket);
        let statement = json!({"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": resource});
        let policy = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
        self.cloud.wait(self.s3.put_bucket_policy().bucket(&place.bucket).policy(policy).send()).unwrap();
    }

    /// Sets the half of Block Public Access that keeps a public policy from counting.
    pub fn restrict(&self, place: &Place, is_on: bool) {
        let block = PublicAccessBlockConfiguration::builder().restrict_public_buckets(is_on);
        let block = block.block_public_policy(false).block_public_acls(true).ignore_public_acls(true).build();
        let put = self.s3.put_public_access_block().bucket(&place.bucket).public_access_block_configuration(block);
        self.cloud.wait(put.send()).unwrap();
    }

    /// A website in both places that everyone may read, with the entry page in the place of errors.
    pub fn make_websites(&self) -> Websites {
        for place in [&self.stage, &self.production] {
            self.put_website(place, "index.html", Some("index.html"));
            self.make_public(place);
        }
        Websites::of(self)
    }
}

async fn answer(client: &Client, cloud: &str, method: &str, url: &reqwest::Url) -> Answer {
    let host = url.host_str().unwrap_or_default();
    let Some((bucket, "us-east-1.amazonaws.com")) = host.split_once(".s3-website-") else {
        return Answer::new(502, format!("{host} is no website of this cloud"));
    };
    let Ok(website) = client.get_bucket_website().bucket(bucket).send().await else {
        return Answer::new(404, "NoSuchWebsiteConfiguration");
    };
    let index = website.index_document.map(|document| document.suffix).unwrap_or_default();
    let get = async |path: &str| {
        let headers = vec![("host".to_owned(), host.to_owned())];
        let request = Request::new(method, path, headers, Vec::new());
        forward(cloud, &request).await.unwrap_or_else(|_| Answer::new(503, "the local cloud does not answer"))
    };
    let path = url.path();
    let found = get(&if path.ends_with('/') { format!("{path}{index}") } else { path.to_owned() }).await;
    if found.status < 400 {
        return found;
    }
    if !path.ends_with('/') && get(&format!("{path}/{index}")).await.status == 200 {
        return Answer::new(302, "").with("location", format!("{path}/"));
    }
    match website.error_document {
        Some(document) => Answer { status: found.status, ..get(&format!("/{}", document.key)).await },
        None => Answer::new(found.status, "<html><body>an error</body></html>").with("content-type", "text/html"),
    }
}
