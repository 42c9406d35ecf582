//! Over random freezes, windows and moments: the same as somebody sees who reads the clock every minute.

use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::*;

/// A minute near the changes of clocks, or any of the year.
fn minute() -> impl Strategy<Value = Timestamp> {
    let changes = [
        "2026-03-29T01:00:00Z", // Europe
        "2026-10-25T01:00:00Z",
        "2026-03-08T07:00:00Z", // New York
        "2026-11-01T06:00:00Z",
        "2026-04-04T15:00:00Z", // Lord Howe, by half an hour
        "2026-10-03T15:30:00Z",
        "2026-04-23T22:00:00Z", // Cairo, at midnight
        "2026-10-29T21:00:00Z",
    ];
    let near =
        (0..changes.len(), -2_000_i64..2_000).prop_map(move |(change, minutes)| (time(changes[change]), minutes));
    let any = (0_i64..525_600).prop_map(|minutes| (time("2026-01-01T00:00:00Z"), minutes));
    prop_oneof![near, any].prop_map(|(from, minutes)| from + SignedDuration::from_mins(minutes))
}

fn zone_name() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec!["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo"])
}

fn clock_time() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("24:00".to_owned()),
        (0..24_u8, 0..60_u8).prop_map(|(hour, minute)| format!("{hour:02}:{minute:02}")),
        (0..4_u8, 0..60_u8).prop_map(|(hour, minute)| format!("{hour:02}:{minute:02}")),
    ]
}

/// A window with what it was made of.
#[derive(Debug, Clone)]
struct WrittenWindow {
    days: Days,
    from: ClockTime,
    to: ClockTime,
    window: ChangeWindow,
}

fn written() -> impl Strategy<Value = WrittenWindow> {
    let days = proptest::sample::subsequence(vec!["mon", "tue", "wed", "thu", "fri", "sat", "sun"], 1..=7);
    (days, clock_time(), clock_time(), zone_name()).prop_filter_map("it has a length", |(days, from, to, zone)| {
        let (days, from, to) = (days.join(",").parse().unwrap(), from.parse().unwrap(), to.parse().unwrap());
        let window = ChangeWindow::new(days, from, to, Zone::find(zone).unwrap())?;
        Some(WrittenWindow { days, from, to, window })
    })
}

/// What the clocks of a zone show in each minute.
fn minutes_from(first: Timestamp, count: i64, zone: &Zone) -> Vec<(Timestamp, DateTime)> {
    let at = |minute| first + SignedDuration::from_mins(minute);
    (0..count).map(|minute| (at(minute), zone.clock(at(minute)))).collect()
}

const DAY: i64 = 24 * 60;

/// The minutes in which a window is open, by looking at the clock in each: it is past the beginning for good, and was
/// never past the end.
fn naively_open(written: &WrittenWindow, first: Timestamp, count: i64) -> Vec<bool> {
    let minutes = minutes_from(first, count, written.window.zone());
    let mut open = vec![false; minutes.len()];
    let mut date = minutes[0].1.date();
    while date <= minutes[minutes.len() - 1].1.date() {
        let last_day = if written.from < written.to { date } else { date.tomorrow().unwrap() };
        let (from, to) = (written.from.on(date).unwrap(), written.to.on(last_day).unwrap());
        if written.days.has(date) {
            let begins = minutes.iter().rposition(|(_, clock)| *clock < from).map_or(0, |before| before + 1);
            let ends = minutes.iter().position(|(_, clock)| *clock >= to).unwrap_or(minutes.len());
            open.iter_mut().take(ends).skip(begins).for_each(|minute| *minute = true);
        }
        date = date.tomorrow().unwrap();
    }
    open
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn windows_agree_with_a_clock_that_is_read_every_minute(
        given in proptest::collection::vec(written(), 1..3),
        now in minute(),
    ) {
        let first = now - SignedDuration::from_mins(3 * DAY);
        let each: Vec<Vec<bool>> = given.iter().map(|written| naively_open(written, first, 20 * DAY)).collect();
        let given: Vec<ChangeWindow> = given.into_iter().map(|written| written.window).collect();
        let is_open = |minute: i64| each.iter().any(|open| open[usize::try_from(minute).unwrap()]);
        let judged = windows(&given, now);
        prop_assert_eq!(judged.verdict == GateVerdict::Satisfied, is_open(3 * DAY), "{:?}", judged);
        if judged.verdict != GateVerdict::Satisfied {
            let next = (3 * DAY..17 * DAY).find(|minute| is_open(*minute)).unwrap();
            let expected = first + SignedDuration::from_mins(next);
            let (reported, window) = window::next_opening(&given, now).unwrap();
            prop_assert_eq!(reported, expected);
            prop_assert_eq!(windows(&given, reported).verdict, GateVerdict::Satisfied);
            prop_assert!(judged.hint.unwrap().contains(&window.zone().shown(expected)));
        }
    }

    #[test]
    fn freezes_agree_with_a_clock_that_is_read_every_minute(
        given in proptest::collection::vec((-1500_i64..1500, 0_i64..1500, zone_name()), 1..4),
        now in minute(),
    ) {
        let mut freezes = Vec::new();
        let mut naive = vec![false; usize::try_from(8 * DAY).unwrap()];
        let first = now - SignedDuration::from_mins(3 * DAY);
        for (offset, length, zone) in given {
            let zone = Zone::find(zone).unwrap();
            let from = zone.clock(now) + SignedDuration::from_mins(offset);
            let to = from + SignedDuration::from_mins(length);
            let text = |clock: DateTime| clock.strftime("%Y-%m-%d %H:%M").to_string();
            let minutes = minutes_from(first, 8 * DAY, &zone);
            // From the first time that the clock is past the beginning, until the last that it is not past the end.
            let begins = minutes.iter().position(|(_, clock)| *clock >= from).unwrap();
            let ends = minutes.iter().rposition(|(_, clock)| *clock < to).unwrap() + 1;
            let freeze = Freeze::new(text(from).parse().unwrap(), text(to).parse().unwrap(), zone, None);
            prop_assert_eq!(freeze.is_some(), begins < ends);
            freezes.extend(freeze);
            naive.iter_mut().take(ends).skip(begins).for_each(|minute| *minute = true);
        }
        let at = usize::try_from(3 * DAY).unwrap();
        let judged = freeze(&freezes, now);
        prop_assert_eq!(judged.verdict == GateVerdict::Unsatisfied, naive[at]);
        if let Some(last) = freeze::last_of_open(&freezes, now) {
            let free = naive.iter().skip(at).position(|frozen| !frozen).unwrap();
            prop_assert_eq!(last.ends(), now + SignedDuration::from_mins(i64::try_from(free).unwrap()));
        }
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,20}", digits in "[0-9:, -]{0,20}") {
        for text in [text, digits] {
            drop((text.parse::<Days>(), text.parse::<ClockTime>(), text.parse::<LocalTime>(), Zone::find(&text)));
        }
    }
}
