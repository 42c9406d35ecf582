//! Static sites: what is looked at, and what is planned. Carrying a plan out is not built yet.

mod client;
mod component;
