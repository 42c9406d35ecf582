//! What has to be written to a bucket, and in which order, so that it serves a release, and what may be deleted then.
//!
//! At any moment of it a page that is served names only files that are there: files are written wave by wave, and only what
//! no kept release has is deleted. Source of what S3 promises:
//! [consistency](https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html#ConsistencyModel).

mod deletes;
mod doubt;
mod known;
#[cfg(test)]
mod model;
mod plan;
mod seen;

pub use deletes::{deletes, of_releases};
pub use doubt::{Care, ListedObject, Listing, doubted};
pub use known::RecordedFiles;
pub use plan::{Oddity, Over, Sync, Write, plan, to_look_at};
pub use seen::{SeenObject, Version};
