//! A time in which nothing is changed.

use std::fmt;

use jiff::Timestamp;

use super::clock::LocalTime;
use super::zone::{RepeatedTime, Zone};

/// A time in which nothing is changed, from its beginning until its end, which no longer belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Freeze {
    from: LocalTime,
    to: LocalTime,
    zone: Zone,
    reason: Option<String>,
    begins: Timestamp,
    ends: Timestamp,
}

impl Freeze {
    /// A freeze, with its reason in somebody's words, neutral. `None`: it ends before it begins, or beyond the calendar.
    ///
    /// Where clocks show a time twice, it begins with the first and ends with the last.
    pub fn new(from: LocalTime, to: LocalTime, zone: Zone, reason: Option<String>) -> Option<Self> {
        let begins = zone.moment(from.as_beginning()?, RepeatedTime::First)?;
        let ends = zone.moment(to.as_end()?, RepeatedTime::Last)?;
        (begins < ends).then_some(Self { from, to, zone, reason, begins, ends })
    }

    /// Its first moment.
    pub(super) fn begins(&self) -> Timestamp {
        self.begins
    }

    /// The first moment after it.
    pub(super) fn ends(&self) -> Timestamp {
        self.ends
    }

    /// The zone that it is written in.
    pub(super) fn zone(&self) -> &Zone {
        &self.zone
    }

    /// Whether it is open.
    pub(super) fn is_open(&self, now: Timestamp) -> bool {
        self.begins <= now && now < self.ends
    }
}

/// Of the freezes that are open, and those that follow them without a break, the one that ends last.
pub(super) fn last_of_open(freezes: &[Freeze], now: Timestamp) -> Option<&Freeze> {
    let mut in_order: Vec<&Freeze> = freezes.iter().filter(|freeze| now < freeze.ends).collect();
    in_order.sort_by_key(|freeze| freeze.begins);
    in_order.into_iter().fold(None, |last, freeze| {
        let joins = freeze.begins <= last.map_or(now, Freeze::ends);
        if joins && last.is_none_or(|last: &Freeze| last.ends < freeze.ends) { Some(freeze) } else { last }
    })
}

impl fmt::Display for Freeze {
    /// The part of the policy that it is: `2026-12-20 18:00 to 2027-01-02 08:00 Europe/Berlin (holidays)`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} to {} {}", self.from, self.to, self.zone)?;
        self.reason.as_ref().map_or(Ok(()), |reason| write!(formatter, " ({reason})"))
    }
}
