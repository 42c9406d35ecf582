//! How a time is written: `90s`, `1h 30m`, `2d`.

use std::time::Duration;

use jiff::fmt::friendly::SpanParser;
use jiff::{SignedDuration, SpanRelativeTo};

/// The time that a text names; a day has 24 hours, a week seven days. `None`: it names none, one that goes back, or one of
/// months and years, which differ in length ([format](https://docs.rs/jiff/latest/jiff/fmt/friendly/index.html)).
pub fn parse(text: &str) -> Option<Duration> {
    let span = SpanParser::new().parse_span(text).ok()?;
    let time: SignedDuration = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    time.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_24_hours() {
        const HOUR: u64 = 60 * 60;
        for (text, seconds) in [
            ("90s", Some(90)),
            ("0s", Some(0)),
            ("10m", Some(600)),
            ("1h 30m", Some(HOUR * 3 / 2)),
            ("1.5h", Some(HOUR * 3 / 2)),
            ("24h", Some(24 * HOUR)),
            ("2d", Some(48 * HOUR)),
            ("2 days", Some(48 * HOUR)),
            ("1d 12h", Some(36 * HOUR)),
            ("1w", Some(7 * 24 * HOUR)),
            ("1mo", None),
            ("1y", None),
            ("-10m", None),
            ("10m ago", None),
            ("10", None),
            ("soon", None),
            ("", None),
            ("99999999999h", None),
        ] {
            assert_eq!(parse(text).map(|time| time.as_secs()), seconds, "{text}");
        }
    }
}
