//! Errors, explained: which outcome they are, why, and what to do about it.

mod aws;
mod config;
mod plan;
