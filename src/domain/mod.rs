//! The pure part: names, releases, plans and judgements as plain data and plain functions.
//!
//! Nothing here is async, reads the environment, a file or a clock, spawns, prints, or knows an SDK. `scripts/test`
//! checks that.

pub mod image;
pub mod names;
pub mod release;
pub mod target;
pub mod template;
