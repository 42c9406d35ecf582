//! Where an image is from that a deploy finds in its repository: from a run of shipgate, or from somebody else.
//!
//! Its tag and its labels can be written by everyone who may push. Two facts cannot:
//!
//! - The ledger: a revision of the service's family that shipgate registered and that pins the image's digest.
//! - The announcement, for an image whose run ended between its push and the registration: a tag on the service, written
//!   before the build. It has the SHA-256 of a random text, and the image has the text as a label. It is no digest of
//!   the image, as buildx builds and pushes in one command: none is known before. With a right to push alone
//!   the text cannot be known. Who may also read the image could copy its label and, where tags are mutable, push another
//!   image in its place, as long as the announcement stands: until a run registers a revision with the image.

use super::ids::RecordId;
use super::image::{Digest, ImageReference};
use super::ledger;
use super::names::ComponentName;
use super::release::ReleaseName;
use super::target::Reuse;

/// The image's label with the announced text.
pub const PUSH_LABEL: &str = "shipgate.push";
/// The key of the announcement on a service.
pub const ANNOUNCED: &str = "shipgate:pushing";
/// Maximum length of a run's name, in characters, that fits beside the longest release and a digest.
const LONGEST_RUN: usize = 110;

/// What a run writes on a service before it pushes an image for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// The release that the image is built from.
    pub release: ReleaseName,
    /// The digest of the text in the image's label.
    pub text: Digest,
    /// The run.
    pub run: String,
}

impl Announcement {
    /// The announcement of an image with a text in its label.
    pub fn new(release: ReleaseName, text: &str, run: &str) -> Self {
        let run = ledger::tag_value(run).replace(' ', "_").chars().take(LONGEST_RUN).collect();
        Self { release, text: Digest::of(text), run }
    }

    /// The tag: key and value.
    pub fn tag(&self) -> (String, String) {
        (ANNOUNCED.to_owned(), format!("{} {} {}", self.release, self.text, self.run))
    }

    /// Whether an image is the announced one, by the release and the labels of each of its platforms.
    pub fn is_of(&self, release: &ReleaseName, labels: &[Option<String>]) -> bool {
        let has_text = |label: &Option<String>| label.as_ref().is_some_and(|text| Digest::of(text) == self.text);
        self.release == *release && !labels.is_empty() && labels.iter().all(has_text)
    }
}

/// The announcement among the tags of a service. `None`: there is none, or it cannot be read.
pub fn read(tags: &[(String, String)]) -> Option<Announcement> {
    let (_, value) = tags.iter().find(|(key, _)| key == ANNOUNCED)?;
    let mut parts = value.splitn(3, ' ');
    let (release, text) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    Some(Announcement { release, text, run: ledger::tag_value(parts.next()?) })
}

/// What is written of an image: in the ledger of a component, and by a run that was about to push one.
#[derive(Debug, Clone, Default)]
pub struct ImageRecords {
    /// The entry that pins it for the release.
    pub recorded: Option<RecordId>,
    /// The image that was announced last.
    pub announced: Option<Announcement>,
}

/// Where an image is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImageOrigin {
    /// An entry of the ledger pins it.
    Recorded(RecordId),
    /// A run announced it and ended before it registered a revision: the run.
    Announced(String),
    /// Nothing says that it is from a run of shipgate.
    Elsewhere,
}

impl ImageOrigin {
    /// What recorded it: the ARN of a revision, or the name of a run.
    pub fn recorded_by(&self) -> Option<&str> {
        match self {
            Self::Recorded(by) => Some(by.as_str()),
            Self::Announced(by) => Some(by),
            Self::Elsewhere => None,
        }
    }

    /// The word of the JSON.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Recorded(_) => "recorded",
            Self::Announced(_) => "announced",
            Self::Elsewhere => "elsewhere",
        }
    }
}

/// An image that was in its repository before the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReusedImage {
    /// The component that builds it otherwise.
    pub component: ComponentName,
    /// The image, pinned.
    pub image: ImageReference,
    /// Which images the configuration lets in.
    pub reuse: Reuse,
    /// Where it is from.
    pub origin: ImageOrigin,
}

impl ReusedImage {
    /// What is to be known of one that is from elsewhere, and what refuses such. `None`: it is shipgate's.
    pub fn warning(&self) -> Option<(String, String)> {
        (self.origin == ImageOrigin::Elsewhere).then(|| {
            let hint = format!(
                "find out who may push there; `reuse = \"own\"` in `[components.{}]` refuses such an image",
                self.component
            );
            (self.described(), hint)
        })
    }

    /// Where it is from, in words.
    pub fn described(&self) -> String {
        let image = &self.image;
        match &self.origin {
            ImageOrigin::Recorded(entry) => format!("image {image} was there already, recorded in {}", entry.short()),
            ImageOrigin::Announced(run) => {
                format!("image {image} was there already, pushed by {run}, which ended then")
            }
            ImageOrigin::Elsewhere => {
                let most = self.reuse.looked_at();
                format!(
                    "image {image} was there already, pushed by another program: none of the newest {most} revisions of \
                     its services records it"
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SHA: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

    fn digest(letter: &str) -> Digest {
        format!("sha256:{}", letter.repeat(64)).parse().unwrap()
    }

    fn release() -> ReleaseName {
        SHA.parse().unwrap()
    }

    #[test]
    fn only_the_text_itself_on_every_platform_is_what_was_announced() {
        let announced = Announcement::new(release(), "a secret text", "acme/shop/7/1");
        let text = || Some("a secret text".to_owned());
        let hash = Some(announced.text.to_string());
        for (labels, expected) in [
            (vec![text()], true),
            (vec![text(), text()], true),
            (vec![text(), None], false),
            (vec![hash], false),
            (vec![Some(String::new())], false),
            (Vec::new(), false),
        ] {
            assert_eq!(announced.is_of(&release(), &labels), expected, "{labels:?}");
        }
        let dirty: ReleaseName = format!("{SHA}-dirty-20261120T234749Z").parse().unwrap();
        assert!(!announced.is_of(&dirty, &[text()]));
    }

    fn reused(component: &str, reuse: Reuse, origin: ImageOrigin) -> ReusedImage {
        let image = ImageReference::parse(&format!("repo:{SHA}@{}", digest("a")));
        ReusedImage { component: component.parse().unwrap(), image, reuse, origin }
    }

    #[test]
    fn an_image_from_elsewhere_is_worth_a_warning() {
        let recorded = ImageOrigin::Recorded("arn:aws:ecs:x:y:task-definition/backend:7".into());
        assert!(reused("a", Reuse::Any, ImageOrigin::Elsewhere).warning().is_some());
        assert!(reused("a", Reuse::Any, recorded).warning().is_none());
    }

    proptest! {
        #[test]
        fn an_announcement_is_read_as_it_was_written(run in ".{0,300}", dirty in any::<bool>(), text in ".{1,80}") {
            let name = if dirty { format!("{SHA}-dirty-20261120T234749Z") } else { SHA.to_owned() };
            let announced = Announcement::new(name.parse().unwrap(), &text, &run);
            let (key, value) = announced.tag();
            prop_assert!(value.len() <= ledger::LONGEST_VALUE && value.chars().all(ledger::is_allowed), "{}", value);
            prop_assert_eq!(read(&[(key, value)]), Some(announced));
        }

        #[test]
        fn reading_never_fails(value in ".{0,300}") {
            let _announced = read(&[(ANNOUNCED.to_owned(), value)]);
        }
    }
}
