//! Bundles of sites as one file, from a job that somebody else's dependencies run in.

use std::sync::LazyLock;

use camino::Utf8PathBuf;
use proptest::prelude::*;

use super::{damaged, is_neutral, soon};
use crate::domain::failure::Failure;
use crate::domain::image::Digest;
use crate::kinds::static_site::bundle::Bundle;
use crate::kinds::static_site::bundle::tests::{SiteDirectory, shop};

/// The bytes of good files: all of them are text, with zeros in it.
static GOOD: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let tar = |site: &SiteDirectory| {
        let path = site.root.join("site.tar");
        site.bundle().unwrap().write(&path).unwrap();
        &*String::from_utf8(std::fs::read(path).unwrap()).unwrap().leak()
    };
    vec![tar(&shop()), tar(&SiteDirectory::new(&[("index.html", "")]))]
});

const DEEP: [&str; 8] =
    ["\0", "7777777777", "ustar", "blobs/", "../", "{\"schema\":", "\"size\":18446744073709551615", "manifest.json\0"];

fn read(file: &tempfile::TempDir, text: &str) {
    let path = Utf8PathBuf::from_path_buf(file.path().join("site.tar")).unwrap();
    std::fs::write(&path, text).unwrap();
    match Bundle::of_file(&path, None) {
        Ok(bundle) => {
            assert!(GOOD.contains(&text), "what is damaged was taken");
            for file in bundle.manifest.files.values() {
                let body = bundle.body(&file.digest).unwrap();
                assert_eq!(
                    (Digest::of(body.read(&file.digest).unwrap()), body.length),
                    (file.digest.clone(), file.size)
                );
            }
        }
        Err(error) => {
            let failure = Failure::from(error);
            assert!(is_neutral(&failure.reason) && failure.causes.iter().all(|cause| is_neutral(&cause.text)));
        }
    }
}

proptest! {
    #![proptest_config(super::config())]

    #[test]
    fn fuzz_bundle(text in damaged(&GOOD, &DEEP)) {
        let file = tempfile::tempdir().unwrap();
        soon(|| read(&file, &text));
    }
}
