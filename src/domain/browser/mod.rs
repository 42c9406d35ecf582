//! What a browser reports of a page that it opens, and whether the page is as it should be.
//!
//! Source: the [DevTools protocol](https://chromedevtools.github.io/devtools-protocol/).

mod happening;
#[cfg(test)]
mod tests;
mod view;

pub use happening::Happening;
pub use view::{PageView, ShownPage};

use super::probe::shown_url;
use super::release::ReleaseName;
use super::step::{StepId, StepSubject};

/// A window that a page is opened in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BrowserWindow {
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
pub const WINDOWS: [BrowserWindow; 2] = [
    BrowserWindow { name: "desktop", width: 1280, height: 800, is_phone: false },
    BrowserWindow { name: "phone", width: 390, height: 844, is_phone: true },
];

/// The name of the file with the picture of a page, without the window and the ending.
pub fn picture(step: &StepId, release: &ReleaseName, url: &str) -> String {
    let component = match &step.subject {
        StepSubject::Component(component) => component.to_string(),
        StepSubject::Source(environment, component) => format!("{environment}-{component}"),
        StepSubject::Statuses => String::new(),
    };
    let shown = shown_url(url);
    let place = shown.split_once("://").map_or(shown.as_str(), |(_, place)| place);
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' };
    let place: String = place.trim_end_matches('/').chars().map(plain).take(60).collect();
    format!("{component}-{}-{place}", release.short())
}
