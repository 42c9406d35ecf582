//! What is particular to a branch of an app of AWS Amplify, which builds the repository itself.

pub mod lint;
pub mod names;
pub mod seen;
pub mod target;

pub use target::AmplifyTarget as Target;
