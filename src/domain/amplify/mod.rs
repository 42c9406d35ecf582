//! What is particular to a branch of an app of AWS Amplify, which builds the repository itself.

pub mod iam;
pub mod jobs;
pub mod lint;
pub mod names;
pub mod seen;
pub mod target;
pub mod values;

pub use target::AmplifyTarget as Target;
