//! Puts the values of placeholders into the files of a release that was built with markers.
//!
//! `found` says what is in the files: markers, fingerprints of others, hashes and revisions of others. `affected` says
//! which files change by that, `digests` what each of them comes to, `renamed` what their fingerprints are then, and `fill`
//! writes them. A new fingerprint comes from what a file was built as, what that leads to, and the values that are put into
//! all of that. It never comes from the new bytes, so that files may name each other in a circle.

mod affected;
mod digests;
mod edits;
mod fill;
mod found;
mod groups;
mod inline;
mod integrity;
mod precache;
mod renamed;
#[cfg(test)]
mod tests;
mod unfillable;

pub use fill::{FilledSite, fill};
pub use found::Unfilled;
#[cfg(test)]
pub use unfillable::FilePlace;
pub use unfillable::Unfillable;
