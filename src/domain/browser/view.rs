//! A page as a browser has it in one window: what went wrong in it, and whether anything is still on its way.

use std::collections::BTreeSet;
use std::time::Duration;

use indexmap::IndexMap;

use super::happening::{Happening, ResourceKind, Why};
use crate::domain::neutral;
use crate::domain::probe::shown_url;

/// What Chrome says of the requests that it gives up because an interface of this machine came or went, as one does with each
/// container ([net_error_list.h](https://source.chromium.org/chromium/chromium/src/+/main:net/base/net_error_list.h)).
const NETWORK_CHANGED: &str = "net::ERR_NETWORK_CHANGED";
/// Maximum number of faults that are named.
const NAMED: usize = 5;

/// A page as it comes to be.
#[derive(Debug, Default)]
pub struct PageView {
    requests: IndexMap<String, (String, ResourceKind)>,
    on_their_way: BTreeSet<String>,
    faults: Vec<String>,
    /// The request for the page itself, and the status of its answer.
    page: Option<(String, Option<u16>)>,
    is_loaded: bool,
    has_crashed: bool,
    is_cut_off: bool,
}

/// What a page shows in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShownPage<'a> {
    /// The text that is looked for. `None`: none is.
    pub wanted: Option<&'a str>,
    /// The text that people read.
    pub text: &'a str,
    /// The status that is wanted of the page itself.
    pub status: u16,
    /// For how long the text was waited for.
    pub waited: Duration,
}

impl PageView {
    /// Takes in what happened.
    pub fn see(&mut self, happening: Happening) {
        match happening {
            Happening::Sent { id, url, kind } => self.sent(id, url, kind),
            Happening::Answered { id, status } => self.answered(&id, status),
            Happening::Ended { id } => drop(self.on_their_way.remove(&id)),
            Happening::Failed { id, why } => self.failed(&id, &why),
            Happening::Thrown(text) => self.fault(format!("a script ends with an error: {}", words(&text))),
            Happening::Said(text) | Happening::Logged(text) => {
                self.fault(format!("an error in the console: {}", words(&text)));
            }
            Happening::Loaded => self.is_loaded = true,
            Happening::Asks => {}
            Happening::Crashed => {
                self.has_crashed = true;
                self.fault("the page ends by itself".to_owned());
            }
        }
    }

    /// Notes that the page cannot be opened, and why, in the browser's words.
    pub fn not_opened(&mut self, why: &str) {
        // The request for it says the same.
        self.faults.clear();
        self.is_cut_off |= why == NETWORK_CHANGED;
        self.fault(format!("it cannot be opened: {}", words(why)));
    }

    /// Whether the page cannot change any more.
    pub fn has_crashed(&self) -> bool {
        self.has_crashed
    }

    /// Whether the browser gave requests up because of this machine: what is wrong then says nothing of the page.
    pub fn is_cut_off(&self) -> bool {
        self.is_cut_off
    }

    /// Whether all of the page is there, and nothing is on its way.
    pub fn is_quiet(&self) -> bool {
        self.is_loaded && self.on_their_way.is_empty()
    }

    /// The status of the page itself.
    pub fn status(&self) -> Option<u16> {
        self.page.as_ref().and_then(|(_, status)| *status)
    }

    /// What is wrong with the page, in words. `None`: it is as it should be.
    pub fn difference(&self, shown: ShownPage<'_>) -> Option<String> {
        let status = self.status().filter(|status| *status != shown.status);
        let status = status.map(|status| format!("status {status}, not {}", shown.status));
        let text = shown.wanted.filter(|wanted| !shown.text.contains(wanted)).map(|wanted| {
            let instead = neutral::phrase(shown.text, 80);
            let instead =
                if instead.is_empty() { "it shows no text".to_owned() } else { format!("it shows {instead:?}") };
            format!("{wanted:?} does not appear within {} s, {instead}", shown.waited.as_secs())
        });
        let all: Vec<String> = status.into_iter().chain(self.faults.iter().cloned()).chain(text).collect();
        let more = all.len().saturating_sub(NAMED);
        let mut said = all.into_iter().take(NAMED).collect::<Vec<_>>().join("; ");
        if more > 0 {
            said = format!("{said}; and {more} more");
        }
        (!said.is_empty()).then_some(said)
    }

    fn sent(&mut self, id: String, url: String, kind: ResourceKind) {
        // What the page has in itself is on no way.
        if url.starts_with("data:") || url.starts_with("blob:") {
            return;
        }
        if self.page.is_none() && kind == ResourceKind::Document {
            self.page = Some((id.clone(), None));
        }
        self.on_their_way.insert(id.clone());
        self.requests.insert(id, (url, kind));
    }

    fn answered(&mut self, id: &str, status: u16) {
        if let Some((page, seen)) = &mut self.page
            && page == id
        {
            *seen = Some(status);
            return;
        }
        let Some((url, kind)) = self.requests.get(id) else { return };
        if status >= 400 && *kind != ResourceKind::Preflight && !is_own_question(url) {
            let shown = shown_url(url);
            self.fault(format!("{shown} answers with status {status}"));
        }
    }

    fn failed(&mut self, id: &str, why: &Why) {
        self.on_their_way.remove(id);
        let Some((url, kind)) = self.requests.get(id) else { return };
        // What it asked for says so itself.
        if *kind == ResourceKind::Preflight || is_own_question(url) {
            return;
        }
        let shown = shown_url(url);
        match why {
            Why::Canceled => {}
            Why::MixedContent => {
                self.fault(format!("{shown} has no TLS, and the page does: it is blocked (mixed content)"));
            }
            Why::Cors(error) => {
                self.fault(format!("{shown} does not let the page read its answer (CORS, {})", words(error)));
            }
            Why::Other(error) => {
                self.is_cut_off |= error == NETWORK_CHANGED;
                self.fault(format!("{shown} fails: {}", words(error)));
            }
        }
    }

    fn fault(&mut self, fault: String) {
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }
}

/// Whether browsers ask for something that no page has to have.
fn is_own_question(url: &str) -> bool {
    shown_url(url).ends_with("/favicon.ico")
}

fn words(text: &str) -> String {
    neutral::phrase(text, 200)
}
