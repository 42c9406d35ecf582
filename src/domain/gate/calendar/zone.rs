//! A time zone, and which moment a time on its clocks is.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};

use super::clock::day_name;

/// A time zone by its name, with its rules as they are in the program: nothing is read from the machine, so that every
/// machine sees the same times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    name: String,
    rules: TimeZone,
}

/// Which of two moments is meant, where clocks that are put back show a time twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RepeatedTime {
    /// The first one.
    First,
    /// The last one.
    Last,
}

impl Zone {
    /// A zone by its name in the [IANA time zone database](https://www.iana.org/time-zones), letter by letter, or `UTC`.
    pub fn find(name: &str) -> Option<Self> {
        let rules = jiff::tz::TimeZoneDatabase::bundled().get(name).ok()?;
        let is_name = !rules.is_unknown() && rules.iana_name() == Some(name);
        is_name.then(|| Self { name: name.to_owned(), rules })
    }

    /// The names of all zones.
    pub fn names() -> Vec<String> {
        jiff::tz::TimeZoneDatabase::bundled().available().map(|name| name.to_string()).collect()
    }

    /// What its clocks show.
    pub(super) fn clock(&self, at: Timestamp) -> DateTime {
        self.rules.to_datetime(at)
    }

    /// When its clocks show a time. One that they jump over is the moment of the jump. `None`: beyond the calendar.
    pub(super) fn moment(&self, clock: DateTime, shown: RepeatedTime) -> Option<Timestamp> {
        let candidates = self.rules.to_ambiguous_timestamp(clock);
        match (candidates.offset(), shown) {
            (AmbiguousOffset::Unambiguous { .. }, _) => candidates.unambiguous().ok(),
            (AmbiguousOffset::Fold { .. }, RepeatedTime::First) => candidates.earlier().ok(),
            (AmbiguousOffset::Fold { .. }, RepeatedTime::Last) => candidates.later().ok(),
            (AmbiguousOffset::Gap { .. }, _) => {
                let before = candidates.earlier().ok()?;
                let mut jumps = self.rules.following(before).map(|jump| jump.timestamp());
                jumps.find(|jump| self.clock(*jump) >= clock)
            }
        }
    }

    /// `2027-01-02 08:00 Europe/Berlin`; where clocks show that twice, with its distance from UTC.
    pub(super) fn shown(&self, at: Timestamp) -> String {
        let clock = self.clock(at);
        let time = clock.strftime("%Y-%m-%d %H:%M");
        if self.rules.to_ambiguous_timestamp(clock).is_ambiguous() {
            return format!("{time} {} (UTC{})", self.name, self.rules.to_offset(at));
        }
        format!("{time} {}", self.name)
    }

    /// `fri 2027-01-02 08:00 Europe/Berlin`.
    pub(super) fn shown_with_day(&self, at: Timestamp) -> String {
        format!("{} {}", day_name(self.clock(at).date()), self.shown(at))
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name)
    }
}
