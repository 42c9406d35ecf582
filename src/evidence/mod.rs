//! What gates look at, gathered from what was observed of each component and from the clone's history.

mod holds;
mod origin;

pub use holds::{covered, held, hold_evidence};
pub use origin::Origins;
