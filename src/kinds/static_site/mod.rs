//! Static sites: what is looked at, and what is planned. Carrying a plan out is not built yet.

mod client;
mod client_many;
mod client_parts;
mod client_write;
mod component;
mod store;
mod store_blobs;
mod store_error;
mod store_lock;
mod writes;
