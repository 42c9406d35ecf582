//! Pages in the browser of this machine. Without one these tests fail: what was not opened is not known.

use super::*;
use crate::http_server::{Answer, Server, serve};

/// As a user's machine has it.
#[expect(clippy::disallowed_methods, reason = "the browser is where the tests' own environment says")]
fn browser(pictures: Option<&Path>) -> Browser {
    let seen = std::env::vars_os().filter(|(name, _)| may_see(name)).collect();
    Browser::new(seen, None, pictures.map(|path| Utf8PathBuf::try_from(path.to_owned()).unwrap()))
}

fn page(url: String, text: Option<&str>) -> PageRequest {
    let (text, timeout) = (text.map(str::to_owned), Duration::from_secs(2));
    PageRequest { url, text, status: 200, timeout, picture: "shop".to_owned() }
}

/// A site with a page, and what else it may ask for.
fn site(html: &'static str) -> Server {
    serve(move |request| match request.target.as_str() {
        "/" => Answer::new(200, html).with("content-type", "text/html; charset=utf-8"),
        "/products" => Answer::new(200, "[]").with("content-type", "application/json"),
        _ => Answer::new(404, "no"),
    })
}

async fn opened(html: &'static str, text: &str) -> Opened {
    let site = site(html);
    browser(None).open(&page(format!("http://{}/", site.address), Some(text))).await.unwrap()
}

/// The width and the height of a PNG.
fn size(png: &[u8]) -> (u32, u32) {
    let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    assert_eq!(&png[1..4], b"PNG");
    (number(16), number(20))
}

#[tokio::test]
#[ignore = "needs chromium: scripts/test"]
async fn page_is_opened_in_each_window_and_a_picture_kept() {
    let directory = tempfile::tempdir().unwrap();
    let pictures = directory.path().join("pictures");
    let site = site(
        "<!doctype html><meta name=viewport content='width=device-width'><h1></h1><script>
         alert('hello');
         setTimeout(() => document.querySelector('h1').append('Laptop for ' + innerWidth), 300);
         </script>",
    );
    let page = page(format!("http://{}/", site.address), Some("Laptop for"));

    let opened = browser(Some(&pictures)).open(&page).await.unwrap();

    assert_eq!(opened, Opened { status: Some(200), difference: None });
    for window in WINDOWS {
        let picture = std::fs::read(pictures.join(format!("shop-{}.png", window.name))).unwrap();
        assert_eq!(size(&picture), (window.width, window.height));
    }
}

#[tokio::test]
#[ignore = "needs chromium: scripts/test"]
async fn page_is_as_wide_as_its_window() {
    let html = "<!doctype html><meta name=viewport content='width=device-width'><p></p><script>
        document.querySelector('p').append('width ' + innerWidth)</script>";
    let seen = opened(html, "width 1280").await.difference.unwrap();
    assert!(seen.starts_with("in a phone window: \"width 1280\" does not appear"), "{seen}");
    assert!(seen.contains("width 390"), "{seen}");
}

#[tokio::test]
#[ignore = "needs chromium: scripts/test"]
async fn page_with_a_fault_is_told_by_it() {
    for (html, wanted) in [
        ("<p>Laptop<script src=/gone.js></script>", "/gone.js answers with status 404"),
        ("<p>Laptop<script>nothing()</script>", "a script ends with an error: ReferenceError: nothing is not defined"),
        ("<p>Laptop<script>setTimeout(() => { throw new Error('late') }, 200)</script>", "with an error: Error: late"),
        ("<p>Laptop<script>Promise.reject(new Error('no'))</script>", "a script ends with an error: Error: no"),
        ("<p>Laptop<script>console.error('no products', 7)</script>", "an error in the console: no products 7"),
        ("<p>Desk", "\"Laptop\" does not appear within 2 s, it shows \"Desk\""),
        ("<p style='display: none'>Laptop", "it shows no text"),
    ] {
        let difference = opened(html, "Laptop").await.difference.unwrap();
        assert!(difference.starts_with("in a desktop window: "), "{difference}");
        assert!(difference.contains(wanted), "{wanted}: {difference}");
        assert!(!difference.contains("; "), "{difference}");
    }
}

#[tokio::test]
#[ignore = "needs chromium: scripts/test"]
async fn page_that_may_not_call_an_interface_is_told_so() {
    let api = site("");
    let html = format!("<p>Laptop<script>fetch('http://{}/products').catch(() => {{}})</script>", api.address);
    let site = serve(move |_| Answer::new(200, html.clone()).with("content-type", "text/html"));
    let opened = browser(None).open(&page(format!("http://{}/", site.address), Some("Laptop"))).await.unwrap();
    let difference = opened.difference.unwrap();
    let wanted = format!(
        "in a desktop window: http://{}/products does not let the page read its answer (CORS, MissingAllowOriginHeader)",
        api.address
    );
    assert_eq!(difference, wanted);
}

#[tokio::test]
#[ignore = "needs chromium: scripts/test"]
async fn page_that_is_not_there_is_told_so() {
    let site = site("");
    let gone = browser(None).open(&page(format!("http://{}/gone", site.address), None)).await.unwrap();
    assert_eq!(gone.status, Some(404));
    assert_eq!(gone.difference.unwrap(), "in a desktop window: status 404, not 200");
    // A port on which no process listens.
    let refused = browser(None).open(&page("http://127.0.0.1:9/".to_owned(), None)).await.unwrap();
    let difference = refused.difference.unwrap();
    assert!(difference.contains("it cannot be opened: net::ERR_"), "{difference}");
}

#[tokio::test]
#[ignore = "needs chromium: scripts/test"]
async fn page_that_never_ends_is_given_up() {
    let difference = opened("<p>Desk<script>for (;;) {}</script>", "Laptop").await.difference.unwrap();
    assert!(difference.contains("\"Laptop\" does not appear within 2 s"), "{difference}");
}

#[tokio::test]
async fn what_is_no_browser_is_not_known_to_have_seen_anything() {
    let page = page("http://127.0.0.1:9/".to_owned(), None);
    let none = Browser::new(vec![("PATH".into(), "/nowhere".into())], None, None);
    let on_mac = Path::new(ON_MACOS).is_file();
    assert!(matches!(none.open(&page).await, Err(BrowserError::None)) || on_mac);
    let path = || vec![("PATH".into(), "/usr/bin:/bin".into())];
    let other = Browser::new(path(), Some("/bin/sh"), None).open(&page).await.unwrap_err();
    assert!(matches!(other, BrowserError::NotStarted { .. }), "{other}");
    let gone = Browser::new(path(), Some("/nowhere/chrome"), None).open(&page).await.unwrap_err();
    assert!(gone.to_string().starts_with("/nowhere/chrome does not start: "), "{gone}");
}
