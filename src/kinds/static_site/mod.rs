//! Static sites: files in a bucket, perhaps behind a distribution.

mod apply;
mod baked;
pub mod build;
pub mod bundle;
mod bundle_hash;
mod bundle_tar;
mod clean_up;
mod client;
mod cloudfront;
mod component;
mod hold;
mod lease;
mod observe;
mod output;
mod output_before;
mod past;
mod prepare;
mod prove;
mod public;
mod publish;
mod roll_back;
mod site;
mod source;
mod status;
mod store;
mod writes;
