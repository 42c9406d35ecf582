//! Branches of apps of AWS Amplify: their files and values are checked. Deploying them is not built yet.

mod absent;
mod client;
mod component;
mod status;
