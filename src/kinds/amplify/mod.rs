//! Branches of apps of AWS Amplify: their files and values are checked. Deploying them is not built yet.

mod client;
mod component;
mod status;
