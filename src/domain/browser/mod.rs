//! What a browser reports of a page that it opens, and whether the page is as it should be.
//!
//! Source: the [DevTools protocol](https://chromedevtools.github.io/devtools-protocol/).

mod happening;
#[cfg(test)]
mod tests;
mod view;

pub use happening::Happening;
pub use view::{Shown, View};

use super::probe::shown_url;
use super::release::ReleaseName;
use super::step::{StepId, Subject};

/// A window that a page is opened in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// What it is called.
    pub name: &'static str,
    /// Its width, in pixels of CSS.
    pub width: u32,
    /// Its height.
    pub height: u32,
    /// Whether it is that of a phone, which is touched.
    pub is_phone: bool,
}

/// The windows that every page is opened in.
pub const WINDOWS: [Window; 2] = [
    Window { name: "desktop", width: 1280, height: 800, is_phone: false },
    Window { name: "phone", width: 390, height: 844, is_phone: true },
];

/// The name of the file with the picture of a page, without the window and the ending.
pub fn picture(step: &StepId, release: &ReleaseName, url: &str) -> String {
    let component = match &step.subject {
        Subject::Component(component) => component.to_string(),
        Subject::Source(environment, component) => format!("{environment}-{component}"),
        Subject::Statuses => String::new(),
    };
    let shown = shown_url(url);
    let place = shown.split_once("://").map_or(shown.as_str(), |(_, place)| place);
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' };
    let place: String = place.trim_end_matches('/').chars().map(plain).take(60).collect();
    format!("{component}-{}-{place}", release.short())
}
