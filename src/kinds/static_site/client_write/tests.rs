use camino::Utf8PathBuf;

use super::*;

#[test]
fn the_source_of_a_copy_is_encoded_but_for_its_slashes() {
    let bucket = "stage-releases".parse().unwrap();
    let from = ObjectPlace { bucket: &bucket, key: "a b/ü+%#?.js" };
    assert_eq!(source(from), "stage-releases/a%20b/%C3%BC%2B%25%23%3F%2Ejs");
}

#[test]
fn a_write_is_bound_to_what_was_seen() {
    let version = Version::from("\"1\"");
    for (unless, none, some) in [
        (Unless::Always, None, None),
        (Unless::Exists, Some("*"), None),
        (Unless::IsNot(&version), None, Some("\"1\"")),
    ] {
        assert_eq!((unless.if_none_match().as_deref(), unless.if_match().as_deref()), (none, some));
    }
}

#[tokio::test]
async fn a_file_that_is_shorter_than_it_was_is_not_sent() {
    let directory = tempfile::tempdir().unwrap();
    let path = Utf8PathBuf::from_path_buf(directory.path().join("a")).unwrap();
    std::fs::write(&path, "0123456789").unwrap();
    let part = |offset, length| Body::File(FilePart { path: path.clone(), offset, length });
    let read = async |body: Body| Ok::<_, PutError>(body.stream().await?.collect().await.unwrap().to_vec());
    assert_eq!(read(part(2, 3)).await.unwrap(), b"234");
    assert_eq!(read(part(10, 0)).await.unwrap(), b"");
    assert!(matches!(part(8, 3).stream().await, Err(PutError::File { .. })));
}
