//! `build` for people: a row for each bundle.

use super::style::TextStyle;
use super::table;
use crate::domain::view::build::{BuiltBundle, BuiltSites};

const HEADINGS: [&str; 5] = ["COMPONENT", "FILES", "BYTES", "DIGEST", "BUNDLE"];

/// The table. The digests are whole: the job that deploys asks for them.
pub fn render(built: &BuiltSites, look: TextStyle) -> String {
    let rows = built.bundles.iter().map(|bundle| row(bundle, look));
    let rows: Vec<_> = std::iter::once(HEADINGS.map(str::to_owned)).chain(rows).collect();
    table::lines(&rows).join("\n")
}

fn row(bundle: &BuiltBundle, look: TextStyle) -> [String; HEADINGS.len()] {
    let BuiltBundle { component, path, files, bytes, digest } = bundle;
    [component.to_string(), files.to_string(), bytes.to_string(), digest.to_string(), look.text(path.as_str())]
}
