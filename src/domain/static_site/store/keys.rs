//! The keys of the objects in a store.

use jiff::Timestamp;

use crate::domain::image::Digest;
use crate::domain::names::ComponentName;
use crate::domain::release::ReleaseName;

/// What all keys begin with.
pub const ROOT: &str = "shipgate/";

/// The latest time that an entry can have, in milliseconds: 13 digits, in the year 2286.
const LATEST: i64 = 9_999_999_999_999;

/// The bytes of a file. All components of a store share them.
pub fn blob(digest: &Digest) -> String {
    format!("{ROOT}blobs/sha256/{}", digest.hex())
}

/// The manifest of a release.
pub fn release(component: &ComponentName, release: &ReleaseName) -> String {
    format!("{ROOT}{component}/releases/{release}.json")
}

/// Which release is served.
pub fn current(component: &ComponentName) -> String {
    format!("{ROOT}{component}/current.json")
}

/// Who changes the site now.
pub fn lock(component: &ComponentName) -> String {
    format!("{ROOT}{component}/lock.json")
}

/// The holds.
pub fn holds(component: &ComponentName) -> String {
    format!("{ROOT}{component}/holds.json")
}

/// What the keys of all entries of the ledger begin with.
pub fn ledger(component: &ComponentName) -> String {
    format!("{ROOT}{component}/ledger/")
}

/// An entry of the ledger, by its id ([`entry_id`]).
pub fn entry(component: &ComponentName, id: &str) -> String {
    format!("{}{id}.json", ledger(component))
}

/// The id of an entry: the newest comes first where S3 lists keys, which it does in the order of their bytes
/// ([ListObjectsV2](https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html)).
pub fn entry_id(at: Timestamp, release: &ReleaseName) -> String {
    format!("{:013}-{release}", LATEST - at.as_millisecond().clamp(0, LATEST))
}

/// The id of the entry with a key.
pub fn id_of<'k>(component: &ComponentName, key: &'k str) -> Option<&'k str> {
    key.strip_prefix(&ledger(component))?.strip_suffix(".json")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_object_has_its_key() {
        let (component, sha) = ("frontend".parse().unwrap(), "a".repeat(40).parse().unwrap());
        let hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(blob(&Digest::of("abc")), format!("shipgate/blobs/sha256/{hex}"));
        assert_eq!(release(&component, &sha), format!("shipgate/frontend/releases/{sha}.json"));
        let id = entry_id("2026-11-22T18:00:00Z".parse().unwrap(), &sha);
        assert_eq!(entry(&component, &id), format!("shipgate/frontend/ledger/8204629599999-{sha}.json"));
        assert_eq!(id_of(&component, &entry(&component, &id)), Some(id.as_str()));
        assert_eq!(id_of(&component, &current(&component)), None);
    }

    proptest! {
        #[test]
        fn the_newest_entry_is_listed_first(one in 0_i64..9_999_999_999_999, other in 0_i64..9_999_999_999_999) {
            let id = |millisecond| {
                let at = Timestamp::from_millisecond(millisecond).unwrap();
                entry_id(at, &"a".repeat(40).parse().unwrap())
            };
            prop_assert_eq!(id(one).cmp(&id(other)), other.cmp(&one));
        }
    }
}
