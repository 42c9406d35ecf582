use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use std::time::Duration;

fn view(events: &[(&str, Value)]) -> PageView {
    let mut view = PageView::default();
    let read = events.iter().filter_map(|(method, parameters)| Happening::read(method, parameters));
    read.for_each(|happening| view.see(happening));
    view
}

fn sent(id: &str, url: &str, kind: &str) -> (&'static str, Value) {
    ("Network.requestWillBeSent", json!({"requestId": id, "request": {"url": url}, "type": kind}))
}

fn answered(id: &str, status: u16) -> (&'static str, Value) {
    ("Network.responseReceived", json!({"requestId": id, "response": {"status": status}}))
}

fn ended(id: &str) -> (&'static str, Value) {
    ("Network.loadingFinished", json!({"requestId": id}))
}

fn failed(id: &str, more: &Value) -> (&'static str, Value) {
    let mut parameters = json!({"requestId": id, "errorText": "net::ERR_FAILED", "canceled": false});
    parameters.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    ("Network.loadingFailed", parameters)
}

fn logged(source: &str, level: &str, text: &str, more: &Value) -> (&'static str, Value) {
    let mut entry = json!({"source": source, "level": level, "text": text});
    entry.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    ("Log.entryAdded", json!({"entry": entry}))
}

/// A page that came whole, with what else happened.
fn page(more: &[(&'static str, Value)]) -> PageView {
    let own = [sent("1", "https://shop.example/", "Document"), answered("1", 200), ended("1")];
    view(&[&own[..], more, &[("Page.loadEventFired", json!({}))]].concat())
}

fn difference(view: &PageView, wanted: Option<&str>, text: &str) -> Option<String> {
    view.difference(ShownPage { wanted, text, status: 200, waited: Duration::from_secs(20) })
}

#[test]
fn a_page_that_shows_its_text_is_right() {
    let image = [sent("2", "https://shop.example/a.png", "Image"), answered("2", 200), ended("2")];
    let right = page(&image);
    assert!(right.is_quiet());
    assert_eq!(right.status(), Some(200));
    assert_eq!(difference(&right, Some("Laptop"), "A Laptop"), None);
    assert_eq!(difference(&right, None, ""), None);
}

#[test]
fn a_page_that_this_machine_cut_off_says_nothing_of_itself() {
    let with = |error: &str| {
        let asked = sent("2", "http://api.example/products", "Fetch");
        page(&[asked, failed("2", &json!({"errorText": error}))])
    };
    assert!(with("net::ERR_NETWORK_CHANGED").is_cut_off() && !with("net::ERR_FAILED").is_cut_off());
    let mut view = page(&[]);
    view.not_opened("net::ERR_NETWORK_CHANGED");
    assert!(view.is_cut_off() && !page(&[]).is_cut_off());
}

#[test]
fn each_thing_that_goes_wrong_is_named_once() {
    let api = || sent("2", "http://api.example/products?key=s3cret", "Fetch");
    for (events, wanted) in [
        (
            vec![
                sent("2", "https://shop.example/a.js", "Script"),
                answered("2", 404),
                logged("network", "error", "Failed to load resource: 404", &json!({})),
            ],
            "https://shop.example/a.js answers with status 404",
        ),
        (vec![api(), answered("2", 500)], "http://api.example/products answers with status 500"),
        (
            vec![api(), failed("2", &json!({"errorText": "net::ERR_NAME_NOT_RESOLVED"}))],
            "http://api.example/products fails: net::ERR_NAME_NOT_RESOLVED",
        ),
        (
            vec![
                api(),
                failed("2", &json!({"blockedReason": "mixed-content"})),
                logged("security", "error", "Mixed Content: The page at …", &json!({})),
            ],
            "http://api.example/products has no TLS, and the page does: it is blocked (mixed content)",
        ),
        (
            vec![
                api(),
                sent("3", "http://api.example/products", "Preflight"),
                answered("3", 404),
                failed("3", &json!({})),
                logged(
                    "javascript",
                    "error",
                    "Access to fetch at … blocked by CORS policy",
                    &json!({"category": "cors"}),
                ),
                failed("2", &json!({"corsErrorStatus": {"corsError": "MissingAllowOriginHeader"}})),
            ],
            "http://api.example/products does not let the page read its answer (CORS, MissingAllowOriginHeader)",
        ),
        (vec![api(), failed("2", &json!({"blockedReason": "csp"}))], "http://api.example/products fails: blocked, csp"),
        (
            vec![(
                "Runtime.exceptionThrown",
                json!({"exceptionDetails": {"text": "Uncaught", "exception": {"description": "TypeError: x is null\n  at y"}}}),
            )],
            "a script ends with an error: TypeError: x is null",
        ),
        (
            vec![("Runtime.exceptionThrown", json!({"exceptionDetails": {"text": "Uncaught (in promise)"}}))],
            "a script ends with an error: Uncaught (in promise)",
        ),
        (
            vec![(
                "Runtime.consoleAPICalled",
                json!({"type": "error", "args": [{"value": "no products"}, {"value": 7}, {"description": "Error: gone\n  at y"}]}),
            )],
            "an error in the console: no products 7 Error: gone",
        ),
        (
            vec![logged("security", "error", "Refused to frame\u{1b}[31m it", &json!({}))],
            "an error in the console: Refused to frame it",
        ),
        (vec![("Inspector.targetCrashed", json!({}))], "the page ends by itself"),
    ] {
        let twice = [events.clone(), events].concat();
        assert_eq!(difference(&page(&twice), Some("Laptop"), "Laptop").as_deref(), Some(wanted));
    }
}

#[test]
fn what_is_no_fault_is_passed_over() {
    for events in [
        vec![("Runtime.consoleAPICalled", json!({"type": "warning", "args": [{"value": "old"}]}))],
        vec![logged("deprecation", "warning", "old", &json!({}))],
        vec![sent("2", "https://shop.example/favicon.ico", "Other"), answered("2", 404), ended("2")],
        vec![sent("2", "https://shop.example/slow", "Fetch"), failed("2", &json!({"canceled": true}))],
        vec![sent("2", "data:image/png;base64,AA", "Image"), failed("2", &json!({}))],
        vec![answered("9", 500), failed("9", &json!({})), ("Network.webSocketCreated", json!({}))],
        vec![sent("2", "https://shop.example/old", "Fetch"), answered("2", 304), ended("2")],
    ] {
        let view = page(&events);
        assert_eq!(difference(&view, None, ""), None, "{events:?}");
        assert!(view.is_quiet(), "{events:?}");
    }
}

/// The website of a bucket answers the paths of a router with 404 and the page.
#[test]
fn the_page_itself_has_the_status_that_is_wanted() {
    let own = [sent("1", "https://shop.example/products/7", "Document"), answered("1", 404), ended("1")];
    let view = view(&own);
    assert_eq!(difference(&view, None, "").as_deref(), Some("status 404, not 200"));
    let shown = ShownPage { wanted: None, text: "", status: 404, waited: Duration::ZERO };
    assert_eq!(view.difference(shown), None);
}

#[test]
fn a_text_that_does_not_appear_is_said_with_what_does() {
    let view = page(&[]);
    assert_eq!(
        difference(&view, Some("Laptop"), "Failed\nto fetch").as_deref(),
        Some("\"Laptop\" does not appear within 20 s, it shows \"Failed; to fetch\"")
    );
    assert_eq!(
        difference(&view, Some("Laptop"), " ").as_deref(),
        Some("\"Laptop\" does not appear within 20 s, it shows no text")
    );
}

#[test]
fn a_page_that_cannot_be_opened_has_that_alone() {
    let mut view = view(&[
        sent("1", "https://shop.example/", "Document"),
        failed("1", &json!({"errorText": "net::ERR_CONNECTION_REFUSED"})),
    ]);
    view.not_opened("net::ERR_CONNECTION_REFUSED");
    let opened = difference(&view, None, "");
    assert_eq!(opened.as_deref(), Some("it cannot be opened: net::ERR_CONNECTION_REFUSED"));
}

#[test]
fn a_page_is_quiet_when_nothing_is_on_its_way() {
    let begun = page(&[sent("2", "https://shop.example/a.js", "Script")]);
    assert!(!begun.is_quiet());
    assert!(!view(&[sent("1", "https://shop.example/", "Document"), ended("1")]).is_quiet(), "it is not loaded");
}

#[test]
fn many_faults_are_counted() {
    let events: Vec<_> =
        (0..9).map(|number| logged("other", "error", &format!("fault {number}"), &json!({}))).collect();
    let said = difference(&page(&events), None, "").unwrap();
    assert!(said.ends_with("fault 4; and 4 more"), "{said}");
}

#[test]
fn a_picture_is_named_by_what_is_on_it() {
    let step = StepId::new(crate::domain::step::StepVerb::Probe, &"frontend".parse().unwrap());
    let release = "4b825dc642cb6eb9a060e54bf8d69288fbee4904".parse().unwrap();
    for (url, name) in [
        ("https://shop.example/", "frontend-4b825dc-shop.example"),
        ("https://user:pw@shop.example:8080/a/../b?token=x", "frontend-4b825dc-shop.example-8080-a-..-b"),
    ] {
        assert_eq!(picture(&step, &release, url), name);
    }
    assert!(picture(&step, &release, &format!("https://x/{}", "é/".repeat(500))).len() < 100);
}

proptest! {
    /// Whatever a browser says, a page with a fault stays one, and nothing of it is written as it came.
    #[test]
    fn nothing_that_is_said_takes_a_fault_away(texts in prop::collection::vec(".*", 0..6)) {
        let fault = logged("other", "error", "the first", &json!({}));
        let more = texts.iter().map(|text| logged("other", "error", text, &json!({})));
        let events: Vec<_> = std::iter::once(fault).chain(more).collect();
        let said = difference(&page(&events), None, "").unwrap();
        prop_assert!(said.starts_with("an error in the console: the first"));
        let is_plain = !said.contains(['\u{1b}', '\n']);
        prop_assert!(is_plain, "it is not neutral");
    }
}
