//! Tables: what was seen → what is said.

mod findings;
mod hints;
mod page;
