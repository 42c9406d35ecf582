//! Times as a configuration writes them: what a clock on the wall shows.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, DateTime, Time};

use crate::domain::names::InvalidName;

/// A time of a day, from `00:00` to `24:00`, which is the end of that day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClockTime {
    hour: i8,
    minute: i8,
}

impl ClockTime {
    /// The end of a day.
    pub const END: Self = Self { hour: 24, minute: 0 };

    /// This time on a day. `None`: past the end of the calendar.
    pub(super) fn on(self, date: Date) -> Option<DateTime> {
        if self == Self::END {
            return Some(date.tomorrow().ok()?.to_datetime(Time::midnight()));
        }
        Some(date.to_datetime(Time::new(self.hour, self.minute, 0, 0).ok()?))
    }
}

impl FromStr for ClockTime {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let parsed = numbers(text, ':', [2, 2]).and_then(|[hour, minute]| {
            let time = Self { hour: hour.try_into().ok()?, minute: minute.try_into().ok()? };
            (time <= Self::END && time.minute < 60).then_some(time)
        });
        let reason = "it is like `08:00`, from `00:00` to `24:00`";
        parsed.ok_or_else(|| InvalidName { kind: "a time of the day", value: text.to_owned(), reason })
    }
}

impl fmt::Display for ClockTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:02}:{:02}", self.hour, self.minute)
    }
}

/// A date, perhaps with a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalTime {
    date: Date,
    time: Option<ClockTime>,
}

impl LocalTime {
    /// As a beginning: a date alone is its first moment.
    pub(super) fn as_beginning(self) -> Option<DateTime> {
        self.time.unwrap_or(ClockTime { hour: 0, minute: 0 }).on(self.date)
    }

    /// As an end, which is no longer part of it: a date alone is the end of that day.
    pub(super) fn as_end(self) -> Option<DateTime> {
        self.time.unwrap_or(ClockTime::END).on(self.date)
    }
}

impl FromStr for LocalTime {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let (date, time) = match text.split_once(' ') {
            Some((date, time)) => (date, Some(time)),
            None => (text, None),
        };
        let date = numbers(date, '-', [4, 2, 2])
            .and_then(|[year, month, day]| Date::new(year, month.try_into().ok()?, day.try_into().ok()?).ok());
        let time = time.map(str::parse).transpose();
        match (date, time) {
            (Some(date), Ok(time)) => Ok(Self { date, time }),
            _ => Err(InvalidName {
                kind: "a date and time",
                value: text.to_owned(),
                reason: "it is like `2026-12-20 18:00` in the time of `zone`, or a date alone, like `2026-12-20`",
            }),
        }
    }
}

impl fmt::Display for LocalTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.date)?;
        self.time.map_or(Ok(()), |time| write!(formatter, " {time}"))
    }
}

/// Days of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days([bool; 7]);

const NAMES: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

impl Days {
    /// Whether a date is on one of them.
    pub(super) fn has(self, date: Date) -> bool {
        usize::try_from(date.weekday().to_monday_zero_offset()).is_ok_and(|day| self.0.get(day) == Some(&true))
    }
}

/// The name of a date's day, as a configuration writes it.
pub(super) fn day_name(date: Date) -> &'static str {
    let day = usize::try_from(date.weekday().to_monday_zero_offset()).ok();
    day.and_then(|day| NAMES.get(day)).copied().unwrap_or_default()
}

impl FromStr for Days {
    type Err = InvalidName;

    /// `mon`, `mon-fri`, `mon,wed`, and past the end of the week: `sat-mon`.
    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let fault = || InvalidName {
            kind: "a list of days",
            value: text.to_owned(),
            reason: "it is like `mon`, `mon-fri`, `mon,wed` or `sat-mon`, of `mon`, `tue`, `wed`, `thu`, `fri`, `sat`, `sun`",
        };
        let day = |name: &str| NAMES.iter().position(|known| *known == name).ok_or_else(fault);
        let mut days = [false; 7];
        for part in text.split(',').map(str::trim) {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last) = (day(first)?, day(last)?);
            for step in 0..=(last + 7 - first) % 7 {
                if let Some(day) = days.get_mut((first + step) % 7) {
                    *day = true;
                }
            }
        }
        Ok(Self(days))
    }
}

impl fmt::Display for Days {
    /// The same days are the same text, however they were written.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == [true; 7] {
            return formatter.write_str("mon-sun");
        }
        let is_on = |day: usize| self.0.get(day % 7) == Some(&true);
        let mut separator = "";
        for first in (0..7).filter(|day| is_on(*day) && !is_on(day + 6)) {
            let length = (1..7).take_while(|step| is_on(first + step)).count();
            let name = |day: usize| NAMES.get(day % 7).copied().unwrap_or_default();
            write!(formatter, "{separator}{}", name(first))?;
            if length > 0 {
                write!(formatter, "-{}", name(first + length))?;
            }
            separator = ",";
        }
        Ok(())
    }
}

/// Whole numbers with a separator between them, each of a number of digits.
fn numbers<const N: usize>(text: &str, separator: char, digits: [usize; N]) -> Option<[i16; N]> {
    let mut numbers = [0; N];
    let mut parts = text.split(separator);
    for (number, digits) in numbers.iter_mut().zip(digits) {
        let part =
            parts.next().filter(|part| part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit()))?;
        *number = part.parse().ok()?;
    }
    parts.next().is_none().then_some(numbers)
}
