//! A bundle on the disk: its manifest, and where the bytes of each file are. Made from the output of a build, or from one
//! file ([`super::bundle_tar`]).

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::os::unix::fs::FileExt as _;

use camino::{Utf8Path, Utf8PathBuf};

use super::{bundle_hash, bundle_tar, output};
use crate::clients::files;
use crate::domain::image::Digest;
use crate::domain::limits::BUNDLE_MANIFEST;
use crate::domain::static_site::bundle::{BundleError, BundleManifest, SiteFile};

/// The page that a site begins with.
const ENTRY: &str = "index.html";

/// A bundle whose bytes are on the disk.
#[derive(Debug, Clone)]
pub struct Bundle {
    /// Its files.
    pub manifest: BundleManifest,
    /// The manifest as it is stored: its digest is the bundle's.
    pub document: String,
    /// The digest of the bundle.
    pub digest: Digest,
    bodies: HashMap<Digest, Body>,
}

/// Where the bytes of a file are on the disk. They were hashed; who uploads them without reading them through
/// [`Body::read`] lets S3 compare the hash again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    /// The file.
    pub path: Utf8PathBuf,
    /// Where they begin in it.
    pub offset: u64,
    /// How many there are.
    pub length: u64,
}

impl Bundle {
    /// The bundle of all files of a directory. `shown`: what messages call the directory. Reads and hashes everything, so
    /// that it belongs on a thread of its own ([`off_thread`]).
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
        if !has(ENTRY) {
            return Err(BundleError::NoEntry { directory: shown.to_owned() });
        }
        let hashed = bundle_hash::each(&found, |file, buffer| bundle_hash::file(&root, file, buffer));
        let (mut files, mut bodies) = (BTreeMap::new(), HashMap::new());
        for (file, hashed) in found.iter().zip(hashed) {
            let (digest, size) = hashed?;
            let body = Body { path: root.join(&file.real), offset: 0, length: size };
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

    fn new(manifest: BundleManifest, bodies: HashMap<Digest, Body>) -> Self {
        let document = manifest.document();
        let digest = Digest::of(&document);
        Self { manifest, document, digest, bodies }
    }

    /// Where the bytes with a digest are. `None`: no file of the bundle has it.
    pub fn body(&self, digest: &Digest) -> Option<Body> {
        self.bodies.get(digest).cloned()
    }

    /// All bytes, each content once, in the order of their digests.
    pub fn bodies(&self) -> Vec<(&Digest, &Body)> {
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
        bundle_tar::write(self, file)
    }
}

impl Body {
    /// All the bytes, held in memory, when they have the digest.
    ///
    /// # Errors
    ///
    /// They cannot be read, or are others than were hashed.
    pub fn read(&self, digest: &Digest) -> Result<Vec<u8>, BundleError> {
        let bytes = self.read_part(0, self.length)?;
        if Digest::of(&bytes) == *digest { Ok(bytes) } else { Err(self.changed()) }
    }

    /// So many of the bytes from one on. They are not hashed again.
    ///
    /// # Errors
    ///
    /// They cannot be read, or there are not as many.
    pub fn read_part(&self, from: u64, length: u64) -> Result<Vec<u8>, BundleError> {
        let ends = from.checked_add(length).is_some_and(|end| end <= self.length);
        let size = usize::try_from(length).ok().filter(|_| ends).ok_or_else(|| self.changed())?;
        let mut bytes = vec![0; size];
        let opened = self.open()?;
        opened.read_exact_at(&mut bytes, self.offset.saturating_add(from)).map_err(|error| self.unreadable(&error))?;
        Ok(bytes)
    }

    /// The file that they are in. It is no link that has taken the file's place.
    ///
    /// # Errors
    ///
    /// It cannot be opened, or is none any more.
    pub fn open(&self) -> Result<std::fs::File, BundleError> {
        let name = self.path.file_name().zip(self.path.parent());
        let opened = name.map(|(name, directory)| files::regular_below(directory, name.into()));
        let opened = opened.transpose().map_err(|error| self.unreadable(&error))?;
        opened.flatten().ok_or_else(|| self.changed())
    }

    fn changed(&self) -> BundleError {
        BundleError::Changed { path: self.path.to_string() }
    }

    fn unreadable(&self, error: &io::Error) -> BundleError {
        output::unreadable(&self.path, error)
    }
}
