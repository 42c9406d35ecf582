//! `freeze` and `windows`: when an environment may be changed.

use std::fmt;

use jiff::Timestamp;

use super::judgement::Judgement;

/// A time in which nothing is changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Freeze {}

/// A time of the week in which something may be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {}

impl fmt::Display for Freeze {
    fn fmt(&self, _formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

impl fmt::Display for Window {
    fn fmt(&self, _formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

/// No freeze is open.
pub(super) fn freeze(_freezes: &[Freeze], _now: Timestamp) -> Judgement {
    Judgement::satisfied("no freeze is open")
}

/// A window is open.
pub(super) fn windows(_windows: &[Window], _now: Timestamp) -> Judgement {
    Judgement::satisfied("a window is open")
}
