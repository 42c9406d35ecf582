//! docs/images/summary.png: the page that a promotion leaves on its run, as GitHub shows it. To take it anew:
//! `SHIPGATE_UPDATE_SCREENSHOT=1 cargo test page_in_the_readme -- --ignored`. Letters differ between machines, so the
//! picture says in itself which text it shows, and that is compared.

use sha2::{Digest as _, Sha256};

use super::browser::{Browser, WIDTH};
use super::{html, written};
use crate::workflows::own;

const PICTURE: &str = "docs/images/summary.png";
const PAGE: &str = "promote-deployed";
/// A golden file has such numbers in the place of commits, digests and times, which every run makes anew; the picture has
/// those of an example.
const NUMBERS: [(&str, &str); 4] = [
    ("sha256:000000000001", "sha256:9b1e6c0f4a72"),
    ("000000000000", "6d016303bfdf"),
    ("0000001", "4f9c2a7"),
    ("took 0.0 s", "took 41 s"),
];
/// What begins every picture, and the end of one.
const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
const END: &[u8] = b"\0\0\0\0IEND\xae\x42\x60\x82";

fn shown() -> String {
    NUMBERS.iter().fold(written(PAGE), |page, (number, digits)| page.replace(number, digits))
}

/// What the picture says of itself: the key and the digest of its text.
fn label() -> Vec<u8> {
    let mut label = b"shipgate\0".to_vec();
    for byte in Sha256::digest(shown()) {
        label.extend(format!("{byte:02x}").bytes());
    }
    label
}

/// A chunk of a PNG with text.
fn chunk(text: &[u8]) -> Vec<u8> {
    let body = [b"tEXt", text].concat();
    let length = u32::try_from(text.len()).unwrap().to_be_bytes();
    [&length[..], &body, &checksum(&body).to_be_bytes()].concat()
}

/// CRC-32, as PNG has it.
fn checksum(bytes: &[u8]) -> u32 {
    let bit = |sum: u32| if sum & 1 == 1 { (sum >> 1) ^ 0xedb8_8320 } else { sum >> 1 };
    let step = |sum: u32, byte: &u8| (0..8).fold(sum ^ u32::from(*byte), |sum, _| bit(sum));
    !bytes.iter().fold(!0, step)
}

#[test]
#[ignore = "needs chromium: scripts/test"]
fn page_in_the_readme_can_be_taken_anew() {
    let mut browser = Browser::start();
    let seen = browser.lay_out(&html::page(&shown()));
    let (picture, colours) = browser.picture(&seen);
    assert!(colours > 10, "{colours}");
    let before = picture.strip_suffix(END).unwrap();
    let labelled = [before, &chunk(&label()), END].concat();
    #[expect(clippy::disallowed_methods, reason = "a variable lets the test write the picture")]
    if std::env::var_os("SHIPGATE_UPDATE_SCREENSHOT").is_some_and(|it| it == "1") {
        std::fs::create_dir_all(own("docs/images")).unwrap();
        std::fs::write(own(PICTURE), labelled).unwrap();
    }
}

#[test]
fn the_picture_in_the_readme_shows_what_the_program_writes() {
    assert_eq!(checksum(&END[4..8]).to_be_bytes(), END[8..]);
    let picture = std::fs::read(own(PICTURE)).unwrap();
    assert!(picture.starts_with(SIGNATURE) && picture.len() < 150_000, "{} bytes", picture.len());
    assert_eq!(u32::from_be_bytes(picture[16..20].try_into().unwrap()), WIDTH);
    let label = chunk(&label());
    assert!(
        picture.windows(label.len()).any(|part| part == label),
        "{PICTURE} shows another page; run `SHIPGATE_UPDATE_SCREENSHOT=1 cargo test page_in_the_readme -- --ignored`"
    );
}
