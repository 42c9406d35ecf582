//! The proof of a release through the public address of its site: what is asked, which answers count, and when it ends.
//!
//! Browsers get what the address answers, whatever is in the bucket: a cache, an error page or a function may be in
//! between. While the pages of before still come, the release is not there yet; any other page is wrong.

mod asked;
mod look;
mod site;
#[cfg(test)]
mod tests;
mod verdict;
mod watch;

pub use asked::{ExpectedAnswer, ProofQuestion, RequestForm};
pub use look::{AddressResult, ProofAnswer};
pub use site::{ServedSite, alias, upgraded};
pub use verdict::SiteUnproven;
pub use watch::ProofWatch;
