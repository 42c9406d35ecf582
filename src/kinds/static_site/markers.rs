//! Whether a build used the markers that it was handed.

use std::collections::BTreeSet;

use super::bundle::Bundle;
use crate::domain::limits::SEARCHED_FILE;
use crate::domain::placeholder::{Marked, PlaceholderName, markers};
use crate::domain::static_site::bundle::BundleError;
use crate::domain::static_site::placeholder::Unfilled;

/// Refuses a bundle that has the marker of some placeholder nowhere. Reads its files.
///
/// # Errors
///
/// One is missing, or a file cannot be read.
pub fn refuse_missing(bundle: &Bundle, names: &[PlaceholderName]) -> Result<(), BundleError> {
    let mut missing: BTreeSet<&PlaceholderName> = names.iter().collect();
    for file in bundle.manifest.files.values() {
        if missing.is_empty() {
            return Ok(());
        }
        let is_searched = Unfilled::is_searched(file) && file.size <= SEARCHED_FILE.amount;
        let Some(body) = bundle.body(&file.digest).filter(|_| is_searched) else { continue };
        for Marked { name, .. } in markers(&body.read_part(0, body.length)?) {
            missing.retain(|wanted| Some(*wanted) != name.as_ref());
        }
    }
    match missing.first() {
        None => Ok(()),
        Some(name) => Err(BundleError::NoMarker { name: (*name).clone() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::static_site::bundle::tests::SiteDirectory;

    #[test]
    fn a_marker_that_no_file_has_is_named() {
        let names: Vec<PlaceholderName> = ["API_URL", "CDN_URL"].map(|name| name.parse().unwrap()).into();
        let page = names[0].marker();
        let site = SiteDirectory::new(&[("index.html", &page), ("a.png", &names[1].marker())]);
        let bundle = Bundle::of_directory(&site.root.join("dist"), "dist").unwrap();
        assert_eq!(refuse_missing(&bundle, &names[..1]), Ok(()));
        let missing = BundleError::NoMarker { name: names[1].clone() };
        assert_eq!(refuse_missing(&bundle, &names), Err(missing), "a picture is not searched");
    }
}
