//! A bundle on the disk: its manifest, and where the bytes of each file are. Made from the output of a build, or from one
//! file ([`super::bundle_tar`]).

use std::collections::{BTreeMap, HashMap};

use camino::Utf8Path;

use super::build_turn::BuildTurn;
use super::file_part::FilePart;
use super::{bundle_hash, bundle_tar, output};
use crate::domain::image::Digest;
use crate::domain::limits::BUNDLE_MANIFEST;
use crate::domain::static_site::bundle::{BundleError, BundleManifest, SiteFile, SitePath};

/// A bundle whose bytes are on the disk.
#[derive(Debug, Clone)]
pub struct Bundle {
    /// Its files.
    pub manifest: BundleManifest,
    /// The manifest as it is stored: its digest is the bundle's.
    pub document: String,
    /// The digest of the bundle.
    pub digest: Digest,
    /// Keeps other processes from building over the files. `None`: they are in a file of the bundle's own.
    _turn: Option<BuildTurn>,
    bodies: HashMap<Digest, FilePart>,
}

impl Bundle {
    /// The same, with the files kept from other processes as long as it lives.
    pub fn with_turn(self, turn: Option<BuildTurn>) -> Self {
        Self { _turn: turn, ..self }
    }

    /// The bundle of all files of a directory. `shown`: what messages call the directory. Reads and hashes everything, so
    /// that it belongs on a thread of its own (`off_thread` of [`super::build`]).
    ///
    /// # Errors
    ///
    /// There is none, it is not one of a site, or something in it is no file of a site, changes or cannot be read.
    pub fn of_directory(directory: &Utf8Path, shown: &str) -> Result<Self, BundleError> {
        let missing = |_| BundleError::NoOutput { directory: shown.to_owned() };
        let root = directory.canonicalize_utf8().map_err(missing)?;
        if !root.is_dir() {
            return Err(BundleError::NoOutput { directory: shown.to_owned() });
        }
        let found = output::files(&root, shown)?;
        if found.is_empty() {
            return Err(BundleError::Empty { directory: shown.to_owned() });
        }
        let has = |path: &str| found.binary_search_by(|file| file.path.as_str().cmp(path)).is_ok();
        if !has(SitePath::ENTRY) {
            return Err(BundleError::NoEntry { directory: shown.to_owned() });
        }
        let hashed = bundle_hash::each(&found, |file, buffer| bundle_hash::file(&root, file, buffer));
        let (mut files, mut bodies) = (BTreeMap::new(), HashMap::new());
        for (file, hashed) in found.iter().zip(hashed) {
            let (digest, size) = hashed?;
            let body = FilePart { path: root.join(&file.real), offset: 0, length: size };
            bodies.entry(digest.clone()).or_insert(body);
            files.insert(file.path.clone(), SiteFile::new(&file.path, (digest, size), has));
        }
        let bundle = Self::new(BundleManifest { files }, bodies);
        if bundle.document.len() > BUNDLE_MANIFEST.count() {
            return Err(BundleError::ManifestTooLarge { directory: shown.to_owned() });
        }
        Ok(bundle)
    }

    /// The bundle in a file that [`Self::write`] wrote. Everything in it is hashed. `expected`: the digest that it has to
    /// have.
    ///
    /// # Errors
    ///
    /// It cannot be read, is damaged, or is another bundle.
    pub fn of_file(file: &Utf8Path, expected: Option<&Digest>) -> Result<Self, BundleError> {
        let (manifest, bodies) = bundle_tar::read(file, expected)?;
        Ok(Self::new(manifest, bodies))
    }

    fn new(manifest: BundleManifest, bodies: HashMap<Digest, FilePart>) -> Self {
        let document = manifest.document();
        let digest = Digest::of(&document);
        Self { manifest, document, digest, _turn: None, bodies }
    }

    /// Where the bytes with a digest are. `None`: no file of the bundle has it.
    pub fn body(&self, digest: &Digest) -> Option<FilePart> {
        self.bodies.get(digest).cloned()
    }

    /// All bytes, each content once, in the order of their digests.
    pub fn bodies(&self) -> Vec<(&Digest, &FilePart)> {
        let mut all: Vec<_> = self.bodies.iter().collect();
        all.sort_by_key(|(digest, _)| digest.hex());
        all
    }

    /// Writes the bundle into one file: the same bytes for the same bundle. A file that is there already is replaced when
    /// the new one is whole.
    ///
    /// # Errors
    ///
    /// It cannot be written, or bytes of the bundle have changed since they were hashed.
    pub fn write(&self, file: &Utf8Path) -> Result<(), BundleError> {
        bundle_tar::write(&self.document, &self.bodies(), file)
    }
}

#[cfg(test)]
pub mod tests {
    use std::io;
    use std::os::unix::fs::symlink;

    use camino::Utf8PathBuf;

    use super::*;
    use crate::domain::static_site::bundle::{Cache, Encoding};

    /// A directory with an output in it.
    #[derive(Debug)]
    pub struct SiteDirectory {
        _directory: tempfile::TempDir,
        /// Where files may be written beside the output.
        pub root: Utf8PathBuf,
    }

    impl SiteDirectory {
        /// An output with these files.
        pub fn new(files: &[(&str, &str)]) -> Self {
            let directory = tempfile::tempdir().unwrap();
            let root = Utf8PathBuf::from_path_buf(directory.path().canonicalize().unwrap()).unwrap();
            std::fs::create_dir(root.join("dist")).unwrap();
            let site = Self { _directory: directory, root };
            for (path, text) in files {
                site.write(path, text);
            }
            site
        }

        /// Writes a file of the output.
        pub fn write(&self, path: &str, text: &str) {
            let path = self.root.join("dist").join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }

        /// Its bundle.
        pub fn bundle(&self) -> Result<Bundle, BundleError> {
            Bundle::of_directory(&self.root.join("dist"), "dist")
        }
    }

    /// A page, a script with a compressed twin, an empty file, and two files with the same bytes.
    pub fn shop() -> SiteDirectory {
        SiteDirectory::new(&[
            ("index.html", "<script src=/assets/a-8e8b2a4c.js></script>"),
            ("assets/a-8e8b2a4c.js", "1"),
            ("assets/a-8e8b2a4c.js.br", "packed"),
            ("copy.js", "1"),
            ("empty.txt", ""),
        ])
    }

    #[test]
    fn a_directory_becomes_a_manifest_and_its_bytes() {
        let site = shop();
        let bundle = site.bundle().unwrap();
        let file = |path: &str| bundle.manifest.files[&path.parse().unwrap()].clone();
        assert_eq!((bundle.manifest.files.len(), bundle.bodies().len()), (5, 4));
        assert_eq!(bundle.digest, bundle.manifest.digest());
        let packed = file("assets/a-8e8b2a4c.js.br");
        assert_eq!((packed.encoding, packed.cache), (Some(Encoding::Brotli), Cache::Immutable));
        assert_eq!((file("empty.txt").size, file("copy.js").cache), (0, Cache::Revalidate));
        for file in bundle.manifest.files.values() {
            let body = bundle.body(&file.digest).unwrap();
            assert_eq!(Digest::of(body.read(&file.digest).unwrap()), file.digest);
        }
        assert_eq!(bundle.body(&Digest::of("none")), None);
        let page = bundle.body(&file("index.html").digest).unwrap();
        assert_eq!(page.read_part(1, 6).unwrap(), b"script");
        assert!(page.read_part(page.length, 1).is_err() && page.read_part(u64::MAX, 2).is_err());
    }

    #[test]
    fn an_output_without_a_site_is_refused() {
        let refused = |files: &[(&str, &str)]| SiteDirectory::new(files).bundle().unwrap_err();
        assert_eq!(refused(&[]), BundleError::Empty { directory: "dist".to_owned() });
        assert_eq!(refused(&[("sub/index.html", "")]), BundleError::NoEntry { directory: "dist".to_owned() });
        let site = shop();
        let none = |name: &str| Bundle::of_directory(&site.root.join(name), name).unwrap_err();
        assert_eq!(none("none"), BundleError::NoOutput { directory: "none".to_owned() });
        assert_eq!(none("dist/index.html"), BundleError::NoOutput { directory: "dist/index.html".to_owned() });
    }

    #[test]
    fn bytes_that_are_others_by_now_are_not_handed_out() {
        let site = shop();
        let bundle = site.bundle().unwrap();
        let digest = Digest::of("1");
        let body = bundle.body(&digest).unwrap();
        let changed = BundleError::Changed { path: body.path.to_string() };
        std::fs::write(&body.path, "2").unwrap();
        assert_eq!(body.read(&digest).unwrap_err(), changed);
        assert_eq!(bundle.write(&site.root.join("site.tar")).unwrap_err(), changed);
        assert!(!site.root.join("site.tar").exists());
        std::fs::write(&body.path, "").unwrap();
        assert!(body.read(&digest).is_err());
        std::fs::remove_file(&body.path).unwrap();
        symlink(site.root.join("dist/index.html"), &body.path).unwrap();
        assert!(body.read(&digest).is_err());
    }

    /// A file that grows all the time is seen to change, however the reads fall.
    #[test]
    fn a_file_that_is_written_while_it_is_read_is_refused() {
        let site = shop();
        let path = site.root.join("dist/log.txt");
        std::fs::write(&path, vec![b'x'; 8 << 20]).unwrap();
        let is_done = std::sync::atomic::AtomicBool::new(false);
        let refused = std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut file = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
                while !is_done.load(std::sync::atomic::Ordering::Relaxed) {
                    io::Write::write_all(&mut file, b"x").unwrap();
                }
            });
            let refused = (0..20).find_map(|_| site.bundle().err());
            is_done.store(true, std::sync::atomic::Ordering::Relaxed);
            refused
        });
        assert_eq!(refused, Some(BundleError::Changed { path: "log.txt".to_owned() }));
    }
}
