use camino::Utf8PathBuf;
use proptest::prelude::*;
use proptest::sample::Index;

use super::super::bundle::Bundle;
use super::super::bundle::tests::{SiteDirectory, shop};
use super::*;

fn written(site: &SiteDirectory) -> (Bundle, Utf8PathBuf, Vec<u8>) {
    let bundle = site.bundle().unwrap();
    let path = site.root.join("site.tar");
    bundle.write(&path).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    (bundle, path, bytes)
}

fn why(path: &Utf8Path, bytes: &[u8]) -> String {
    std::fs::write(path, bytes).unwrap();
    let error = Bundle::of_file(path, None).unwrap_err();
    let BundleError::Damaged { why, .. } = error else { panic!("{error}") };
    why
}

#[test]
fn a_bundle_reads_as_it_was_written() {
    let site = shop();
    let (bundle, path, bytes) = written(&site);
    let read = Bundle::of_file(&path, Some(&bundle.digest)).unwrap();
    assert_eq!((&read.manifest, &read.digest), (&bundle.manifest, &bundle.digest));
    for (digest, body) in bundle.bodies() {
        let found = read.body(digest).unwrap();
        assert_eq!((found.read(digest), &found.path), (body.read(digest), &path));
    }
    // Other programs read it too.
    let mut archive = tar::Archive::new(bytes.as_slice());
    let names: Vec<String> =
        archive.entries().unwrap().map(|entry| entry.unwrap().path().unwrap().display().to_string()).collect();
    let blobs = bundle.bodies().into_iter().map(|(digest, _)| blob(digest));
    assert_eq!(names, std::iter::once(MANIFEST.to_owned()).chain(blobs).collect::<Vec<_>>());
}

#[test]
fn the_same_files_are_the_same_bytes_wherever_and_whenever_they_were_built() {
    let (one, other) = (shop(), shop());
    let page = File::open(other.root.join("dist/index.html")).unwrap();
    page.set_modified(std::time::UNIX_EPOCH).unwrap();
    std::fs::set_permissions(other.root.join("dist/copy.js"), Permissions::from_mode(0o600)).unwrap();
    assert_eq!(written(&one).2, written(&other).2);
    let read = Bundle::of_file(&one.root.join("site.tar"), None).unwrap();
    read.write(&other.root.join("again.tar")).unwrap();
    assert_eq!(std::fs::read(other.root.join("again.tar")).unwrap(), written(&one).2);
}

#[test]
fn another_bundle_is_not_taken() {
    let site = shop();
    let (bundle, path, _) = written(&site);
    let expected = Digest::of("other");
    let refused = Bundle::of_file(&path, Some(&expected)).unwrap_err();
    let file = path.to_string();
    assert_eq!(refused, BundleError::OtherBundle { file, expected, found: bundle.digest });
    assert!(matches!(Bundle::of_file(&path.with_extension("none"), None), Err(BundleError::Unreadable { .. })));
    assert!(matches!(Bundle::of_file(path.parent().unwrap(), None), Err(BundleError::Damaged { .. })));
}

/// The bytes of a file with the entries that are given, whatever the manifest in it says.
fn forged(entries: &[(Header, &[u8])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (header, content) in entries {
        bytes.extend(header.as_bytes());
        bytes.extend(*content);
        bytes.resize(bytes.len().next_multiple_of(512), 0);
    }
    bytes.resize(bytes.len() + 1024, 0);
    bytes
}

#[test]
fn a_forged_file_is_refused_and_says_why() {
    let site = SiteDirectory::new(&[("index.html", "page")]);
    let (bundle, path, good) = written(&site);
    let document = bundle.document.as_bytes();
    let page = blob(&Digest::of("page"));
    let entry = |name: &str, content: &'static str| (header(name, content.len() as u64).unwrap(), content.as_bytes());
    let manifest = (header(MANIFEST, document.len() as u64).unwrap(), document);
    let changed = |change: fn(&mut Header)| {
        let (mut header, content) = entry(&page, "page");
        change(&mut header);
        header.set_cksum();
        forged(&[manifest.clone(), (header, content)])
    };
    assert_eq!(forged(&[manifest.clone(), entry(&page, "page")]), good);
    let mut hostile = header("x", 4).unwrap();
    let name = b"../../etc/passwd";
    hostile.as_old_mut().name[..name.len()].copy_from_slice(name);
    hostile.set_cksum();
    let more = blob(&Digest::of("more"));
    for (bytes, expected) in [
        (Vec::new(), "ends in the middle"),
        (vec![0; 1024], "entry `manifest.json` is missing"),
        (forged(&[entry(&page, "page")]), "is where `manifest.json` should be"),
        (forged(std::slice::from_ref(&manifest)), "is missing"),
        (forged(&[manifest.clone(), entry(&page, "gape")]), "has other bytes"),
        (forged(&[manifest.clone(), entry(&page, "pages")]), "has another size"),
        (forged(&[manifest.clone(), entry(&page, "page"), entry(&more, "more")]), "does not name"),
        (forged(&[manifest.clone(), entry(&page, "page"), entry(&page, "page")]), "does not name"),
        (forged(&[manifest.clone(), manifest.clone(), entry(&page, "page")]), "is where"),
        (forged(&[manifest.clone(), (hostile, b"page")]), "entry `../../etc/passwd` is where"),
        (changed(|header| header.set_entry_type(EntryType::Symlink)), "is no file"),
        (changed(|header| header.set_entry_type(EntryType::Link)), "is no file"),
        (changed(|header| header.set_mode(0o4755)), "not as shipgate writes it"),
        (changed(|header| header.set_mtime(1)), "not as shipgate writes it"),
        (changed(|header| header.set_uid(1)), "not as shipgate writes it"),
        ([good.as_slice(), &[0; 512]].concat(), "something follows its end"),
        ([good.as_slice(), b"x"].concat(), "something follows its end"),
        (good[..good.len() - 1].to_vec(), "ends in the middle"),
        (good[..600].to_vec(), "ends in the middle"),
    ] {
        let why = why(&path, &bytes);
        assert!(why.contains(expected), "{why}, not {expected}");
    }
}

#[test]
fn a_manifest_that_lies_is_refused() {
    let site = SiteDirectory::new(&[("index.html", "page"), ("copy.html", "page")]);
    let (bundle, path, _) = written(&site);
    let page = blob(&Digest::of("page"));
    let lies = |from: &str, to: &str| {
        let document = bundle.document.replacen(from, to, 1);
        assert_ne!(document, bundle.document);
        let manifest = (header(MANIFEST, document.len() as u64).unwrap(), document.as_bytes());
        why(&path, &forged(&[manifest, (header(&page, 4).unwrap(), b"page")]))
    };
    assert!(lies("\"size\":4", "\"size\":5").contains("two sizes"));
    assert!(lies("\"size\":4", "\"size\":18446744073709551615").contains("two sizes"));
    assert!(lies("index.html", "../index.html").contains("cannot be read"));
    assert!(lies("{\"schema\"", "{ \"schema\"").contains("not as shipgate writes it"));
    assert!(lies("bundle/v1", "bundle/v2").contains("schema"));
    let huge = header(MANIFEST, BUNDLE_MANIFEST.amount + 1).unwrap();
    assert!(why(&path, &forged(&[(huge, b"")])).contains("more than 64 MiB"));
    let endless = header(MANIFEST, u64::MAX).unwrap();
    assert!(why(&path, &forged(&[(endless, b"")])).contains("more than 64 MiB"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// No byte of the file can be another.
    #[test]
    fn whatever_is_changed_is_noticed(at: Index, other in 1_u8..) {
        let site = shop();
        let (bundle, path, mut bytes) = written(&site);
        let at = at.index(bytes.len());
        bytes[at] ^= other;
        std::fs::write(&path, &bytes).unwrap();
        prop_assert!(Bundle::of_file(&path, Some(&bundle.digest)).is_err(), "byte {}", at);
    }

    /// Any files become a bundle that reads as it was written.
    #[test]
    fn any_files_are_carried(files in proptest::collection::btree_map("[a-zü %+#]{1,8}(/[a-z.]{2,6}[a-z])?", ".{0,600}", 0..8)) {
        let site = SiteDirectory::new(&[("index.html", "")]);
        for (path, text) in &files {
            // A directory may have the name already, or a file that of a directory.
            let path = site.root.join("dist").join(format!("{path}-"));
            let _made = std::fs::create_dir_all(path.parent().unwrap());
            let _written = std::fs::write(path, text);
        }
        let (bundle, path, _) = written(&site);
        let read = Bundle::of_file(&path, Some(&bundle.digest)).unwrap();
        prop_assert_eq!(&read.manifest, &bundle.manifest);
    }
}
