//! Where the parts of a YAML text stand.

use std::fmt;
use std::ops::Range;

use yamlpath::{Component, Document, Route};

use super::place::Place;

/// The keys and indexes that lead to a part of a file.
pub type Path<'a> = Vec<Component<'a>>;

/// A YAML text and the places of its parts.
pub struct Places {
    text: String,
    document: Option<Document>,
}

/// Without the tree in what is shown: it is long, and says no more than the text.
impl fmt::Debug for Places {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Places")
    }
}

impl Places {
    /// The places of a text that is not nested too deep.
    pub fn new(text: &str) -> Self {
        Self { text: text.to_owned(), document: Document::new(text).ok() }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The place of a key, or of the nearest part around it that is there.
    pub fn place(&self, path: &[Component<'_>]) -> Place {
        for length in (1..=path.len()).rev() {
            let route = Route::from(path[..length].to_vec());
            if let Some(place) = self.place_of(&route, matches!(path[length - 1], Component::Key(_))) {
                return place;
            }
        }
        Place::at(1, 1)
    }

    /// The bytes of a value. `None`: there is no such value, or an alias stands before it.
    pub fn value(&self, path: &[Component<'_>]) -> Option<Range<usize>> {
        let feature = self.document.as_ref()?.query_exact(&Route::from(path.to_vec())).ok()??;
        let (start, end) = feature.location.byte_span;
        Some(start..end)
    }

    fn place_of(&self, route: &Route<'_>, is_key: bool) -> Option<Place> {
        let document = self.document.as_ref()?;
        // A query that goes through an alias or a scalar is refused, not answered.
        let feature = if is_key { document.query_key_only(route) } else { document.query_pretty(route) };
        let (start, end) = feature.ok()?.location.byte_span;
        Some(Place::of(&self.text, &(start..end)))
    }
}

/// What a parser says, without the place, which stands beside it.
pub fn without_place(error: &yaml_serde::Error) -> String {
    let text = error.to_string();
    match text.find(" at line ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}
