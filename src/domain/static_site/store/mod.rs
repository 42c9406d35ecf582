//! The release store of a site: the keys of its objects, and what is in them. A contract: it is documented in
//! `docs/static-site/store.md`.
//!
//! Every object says which form it has (`schema`). One of another form, or with anything in it that is not known, is not
//! understood, and what is not understood is not guessed.

mod current;
mod document;
mod filled;
mod holds;
pub mod keys;
mod ledger;
mod lock;
mod past;

pub use current::{CurrentRelease, FinishedRelease, KeptRelease, WrittenConfig};
pub use filled::FilledBundle;
pub use holds::SiteHolds;
pub use ledger::SiteLedgerEntry;
pub use lock::{Lock, Owner};
pub use past::{SiteHistory, past};
