//! Static sites: what is looked at, and what is planned. Carrying a plan out is not built yet.

mod client;
mod cloudfront;
mod cloudfront_convert;
mod component;
mod prove;
