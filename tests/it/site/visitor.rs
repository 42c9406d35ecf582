//! Somebody who reads a site all the time: its page, and every script and style that the page names.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::thread::JoinHandle;

use regex::Regex;
use reqwest::Client;

use crate::harness::eventually;

static ASSET: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"(?:src|href)="([^"]+\.(?:js|css))""#).expect("a regular expression"));

/// A file that a page names and that did not come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// What the page has in it.
    pub page: String,
    pub asset: String,
    /// `403`, `200 text/html`, or why there was no answer.
    pub instead: String,
}

/// The names of a page's scripts and styles.
pub fn assets(page: &str) -> Vec<String> {
    ASSET.captures_iter(page).map(|found| found[1].to_owned()).collect()
}

/// A reader in the background.
pub struct Visitor {
    stops: Arc<AtomicBool>,
    visits: Arc<AtomicUsize>,
    reader: JoinHandle<Vec<Broken>>,
}

impl Visitor {
    /// Reads an address again and again. A page that does not come is no visit.
    pub fn of(url: &str) -> Self {
        let (stops, visits) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let (until, counted, url) = (Arc::clone(&stops), Arc::clone(&visits), url.to_owned());
        let reader = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let (client, mut broken) = (Client::new(), Vec::new());
                while !until.load(Ordering::Relaxed) {
                    if let Some(found) = visit(&client, &url).await {
                        broken.extend(found);
                        counted.fetch_add(1, Ordering::Relaxed);
                    }
                    tokio::time::sleep(std::time::Duration::from_millis(2)).await;
                }
                broken
            })
        });
        Self { stops, visits, reader }
    }

    /// Waits for a number of further visits.
    #[track_caller]
    pub fn until_visited(&self, more: usize) {
        let wanted = self.visits.load(Ordering::Relaxed) + more;
        eventually("the site is read", || self.visits.load(Ordering::Relaxed) >= wanted);
    }

    /// What was broken. A reader that never saw a page says nothing, and fails.
    #[track_caller]
    pub fn stop(self) -> Vec<Broken> {
        self.stops.store(true, Ordering::Relaxed);
        let broken = self.reader.join().unwrap();
        assert!(self.visits.load(Ordering::Relaxed) > 0, "nobody saw a page");
        broken
    }
}

/// What of the page's files is broken. `None`: no page came.
async fn visit(client: &Client, url: &str) -> Option<Vec<Broken>> {
    let answer = client.get(format!("{url}/")).send().await.ok().filter(|answer| answer.status() == 200)?;
    let page = answer.text().await.ok()?;
    let mut broken = Vec::new();
    for asset in assets(&page) {
        let instead = match client.get(format!("{url}{asset}")).send().await {
            Err(error) => Some(error.to_string()),
            Ok(answer) if answer.status() != 200 => Some(answer.status().as_str().to_owned()),
            Ok(answer) => {
                let kind = answer.headers().get("content-type").map(|kind| kind.to_str().unwrap_or_default());
                let is_page = kind.is_some_and(|kind| kind.starts_with("text/html"));
                is_page.then(|| "200 text/html".to_owned())
            }
        };
        broken.extend(instead.map(|instead| Broken { page: page.clone(), asset, instead }));
    }
    Some(broken)
}
