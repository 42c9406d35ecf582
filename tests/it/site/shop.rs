//! A site that is deployed by the program through a proxy, and what browsers get of it.

use serde_json::{Value, json};

use super::proxy::Proxy;
use super::visitor::assets;
use super::{Place, SiteCloud, change, repository, version};
use crate::harness::{Ran, Repository, Running};

/// The lock of the component, in its store.
pub const LOCK: &str = "shipgate/frontend/lock.json";
/// The pointer to the release that is served.
pub const POINTER: &str = "shipgate/frontend/current.json";

/// A repository, the two places of its site, and a proxy before the cloud.
pub struct Shop {
    pub site: SiteCloud,
    pub proxy: Proxy,
    pub repository: Repository,
}

impl Shop {
    /// With version 1 in the repository, and nothing deployed. `more`: keys of the component.
    pub fn new(more: &str) -> Self {
        let site = SiteCloud::new();
        let repository = repository(&site.laptop_config(more));
        let proxy = Proxy::before(site.cloud.endpoint());
        Self { site, proxy, repository }
    }

    /// Commits another version.
    pub fn change(&self, number: u32) -> String {
        change(&self.repository, number)
    }

    /// A clone of the repository with all of its commits.
    pub fn another(&self) -> Repository {
        let clone = Repository::bare();
        clone.git(&["clone", "--quiet", self.repository.path().to_str().unwrap(), "."]);
        // Else its branch `main` is the one of the other.
        clone.git(&["remote", "remove", "origin"]);
        clone
    }

    /// Starts a command through the proxy.
    pub fn start(&self, arguments: &[&str]) -> Running {
        self.start_in(&self.repository, arguments)
    }

    /// The same in another clone.
    pub fn start_in(&self, repository: &Repository, arguments: &[&str]) -> Running {
        self.site.laptop(repository, arguments).env("AWS_ENDPOINT_URL", self.proxy.endpoint()).start()
    }

    /// Runs a command through the proxy.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        self.start(arguments).wait()
    }

    /// Deploys a version to stage, which goes well. Returns the commit.
    #[track_caller]
    pub fn deploy(&self, number: u32) -> String {
        let sha = self.change(number);
        self.site.laptop(&self.repository, &["deploy", "stage"]).run().outcome("deployed", 0);
        assert_eq!(self.page(), page_of(number));
        sha
    }

    /// What a browser gets at a path of stage.
    pub fn get(&self, path: &str) -> (u16, String, String) {
        self.get_of(&self.site.stage, path)
    }

    /// The status, the type and the text at a path of a place.
    pub fn get_of(&self, place: &Place, path: &str) -> (u16, String, String) {
        let url = format!("{}{path}", place.edge.url());
        self.site.cloud.wait(async {
            let answer = reqwest::get(url).await.unwrap();
            let kind = answer.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned());
            (answer.status().as_u16(), kind.unwrap_or_default(), answer.text().await.unwrap())
        })
    }

    /// The entry page of stage.
    pub fn page(&self) -> String {
        self.get("/").2
    }

    /// Insists that a place serves pages of these versions alone, with all that each of them names. No version: no page yet.
    #[track_caller]
    pub fn assert_whole_at(&self, place: &Place, versions: &[u32]) {
        for (address, file) in [("/", "index.html"), ("/about/index.html", "about/index.html")] {
            let (status, _, page) = self.get_of(place, address);
            let is_page = versions.iter().any(|number| page == file_of(*number, file));
            let is_missing = status == 403 && versions.contains(&0);
            assert!(is_missing || status == 200 && is_page, "{address}: {status}, and none of {versions:?}: {page}");
            for asset in assets(&page) {
                let (status, kind, _) = self.get_of(place, &asset);
                assert!(status == 200 && !kind.contains("html"), "{address} names {asset}: {status} {kind}");
            }
        }
    }

    /// The same of stage.
    #[track_caller]
    pub fn assert_whole(&self, versions: &[u32]) {
        self.assert_whole_at(&self.site.stage, versions);
    }

    /// The release that the pointer of stage names.
    pub fn pointer(&self) -> Option<String> {
        let object = self.site.object(&self.site.stage.store, POINTER)?;
        let pointer: Value = serde_json::from_slice(&object.body).unwrap();
        Some(pointer["release"].as_str().unwrap().to_owned())
    }

    /// The lock of a place, if it is there.
    pub fn lock(&self, place: &Place) -> Option<Value> {
        let object = self.site.object(&place.store, LOCK)?;
        Some(serde_json::from_slice(&object.body).unwrap())
    }

    /// Lets the time of a lock run out, as ten minutes do.
    pub fn expire_lock(&self, place: &Place) {
        let Some(mut lock) = self.lock(place) else { return };
        lock["until"] = json!("2026-01-01T00:00:00Z");
        // With the metadata that others may look for.
        self.site.put(&place.store, LOCK, "application/json", lock.to_string());
    }
}

/// The entry page of a version.
pub fn page_of(number: u32) -> String {
    file_of(number, "index.html")
}

fn file_of(number: u32, path: &str) -> String {
    version(number).into_iter().find(|(found, _)| found == path).map(|(_, content)| content).unwrap()
}
