//! A time of the week in which something may be changed.

use std::fmt;
use std::iter::successors;

use jiff::Timestamp;
use jiff::civil::Date;

use super::clock::{ClockTime, Days};
use super::zone::{RepeatedTime, Zone};

/// A time of the week in which something may be changed. One that passes midnight belongs to the day that it begins on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeWindow {
    days: Days,
    from: ClockTime,
    to: ClockTime,
    zone: Zone,
}

/// How many days are searched for the next opening: more than two weeks, as clocks may take a day's window away.
const SEARCHED: usize = 18;

impl ChangeWindow {
    /// A window. `None`: it has no length, or begins at the end of a day.
    pub fn new(days: Days, from: ClockTime, to: ClockTime, zone: Zone) -> Option<Self> {
        (from != to && from != ClockTime::END).then_some(Self { days, from, to, zone })
    }

    /// The zone that it is written in.
    pub(super) fn zone(&self) -> &Zone {
        &self.zone
    }

    /// Whether it is open.
    pub(super) fn is_open(&self, now: Timestamp) -> bool {
        self.around(now).any(|(opens, closes)| opens <= now && now < closes)
    }

    /// From when until when it is open, each time, from shortly before a moment on.
    fn around(&self, now: Timestamp) -> impl Iterator<Item = (Timestamp, Timestamp)> {
        let today = self.zone.clock(now).date();
        let first = today.yesterday().and_then(Date::yesterday).unwrap_or(today);
        successors(Some(first), |date| date.tomorrow().ok()).take(SEARCHED).filter_map(|date| self.on(date))
    }

    /// From when until when it is open that begins on a day. `None`: there is none.
    ///
    /// Where clocks show a time twice, it opens with the last and closes with the first.
    fn on(&self, date: Date) -> Option<(Timestamp, Timestamp)> {
        let last_day = if self.from < self.to { date } else { date.tomorrow().ok()? };
        let opens = self.zone.moment(self.from.on(date)?, RepeatedTime::Last)?;
        let closes = self.zone.moment(self.to.on(last_day)?, RepeatedTime::First)?;
        (self.days.has(date) && opens < closes).then_some((opens, closes))
    }
}

/// The first moment at which one of the windows opens, and which. None of them may be open.
pub(super) fn next_opening(windows: &[ChangeWindow], now: Timestamp) -> Option<(Timestamp, &ChangeWindow)> {
    let openings = windows.iter().flat_map(|window| window.around(now).map(move |(opens, _)| (opens, window)));
    openings.filter(|(opens, _)| *opens > now).min_by_key(|(opens, _)| *opens)
}

impl fmt::Display for ChangeWindow {
    /// The part of the policy that it is: `mon-thu 08:00 to 16:00 Europe/Berlin`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {} to {} {}", self.days, self.from, self.to, self.zone)
    }
}
