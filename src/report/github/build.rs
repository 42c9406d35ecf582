//! What the job that deploys gets of the one that builds, and the page of that one.

use super::bounds::bounded;
use super::files::StepOutput;
use super::outputs;
use crate::domain::github::markdown::{code, table};
use crate::domain::view::build::BuiltSites;

/// The outputs: the digest of each bundle by component, which says what may be deployed.
pub fn outputs(built: &BuiltSites, document: &str) -> Vec<StepOutput> {
    let digests = built.bundles.iter().map(|bundle| (&bundle.component, bundle.digest.to_string()));
    let mut outputs = vec![("sha", built.release.to_string()), ("bundles", outputs::map(digests))];
    outputs.extend(outputs::document(document));
    outputs
}

/// The page.
pub fn summary(built: &BuiltSites) -> String {
    let heading = format!("## 📦 Built {}\n", code(&built.release.short()));
    let rows: Vec<Vec<String>> = built
        .bundles
        .iter()
        .map(|bundle| {
            let (files, bytes) = (bundle.files.to_string(), bundle.bytes.to_string());
            vec![code(bundle.component.as_str()), files, bytes, code(&bundle.digest.to_string())]
        })
        .collect();
    bounded([heading, table(&["component", "files", "bytes", "digest"], &rows)].into_iter())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::image::Digest;
    use crate::domain::view::build::BuiltBundle;

    #[test]
    fn the_digests_are_one_object() {
        let bundle = |name: &str| BuiltBundle {
            component: name.parse().unwrap(),
            path: format!("bundles/{name}.tar").into(),
            files: 3,
            bytes: 4096,
            digest: Digest::of(name),
        };
        let release = "4b825dc642cb6eb9a060e54bf8d69288fbee4904".parse().unwrap();
        let built = BuiltSites { release, bundles: vec![bundle("docs"), bundle("shop")] };
        let digests = format!("{{\"docs\":\"{}\",\"shop\":\"{}\"}}", Digest::of("docs"), Digest::of("shop"));
        let outputs = outputs(&built, "{}");
        assert_eq!(outputs[1..], [("bundles", digests), ("summary-json", "{}".to_owned())]);
        let page = summary(&built);
        assert!(page.contains(Digest::of("shop").hex()) && page.contains("`4b825dc`"), "{page}");
    }
}
