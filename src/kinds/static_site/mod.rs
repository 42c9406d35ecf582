//! Static sites: what is built, what is looked at, and what is planned. Carrying a plan out is not built yet.

pub mod build;
pub mod bundle;
mod bundle_hash;
mod bundle_tar;
mod client;
mod component;
mod output;
mod output_before;
