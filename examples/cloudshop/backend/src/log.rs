//! One line per event. The container's log driver adds the time.

use std::{
    fmt::Display,
    io::{self, Write},
};

/// Writes to standard output. A log nobody reads any more must not stop the shop.
pub fn line(text: impl Display) {
    let _ = writeln!(io::stdout(), "{text}");
}

/// Writes to standard error.
pub fn problem(text: impl Display) {
    let _ = writeln!(io::stderr(), "cloudshop: {text}");
}
