//! Freezes and windows over the clocks of several zones.

use jiff::Timestamp;

use super::clock::{ClockTime, Days, LocalTime};
use super::*;
use crate::domain::gate::GateVerdict;

mod properties;

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn frozen(from: &str, to: &str, zone: &str, reason: Option<&str>) -> Freeze {
    let zone = Zone::find(zone).unwrap();
    Freeze::new(from.parse().unwrap(), to.parse().unwrap(), zone, reason.map(str::to_owned)).unwrap()
}

fn window(days: &str, from: &str, to: &str, zone: &str) -> ChangeWindow {
    ChangeWindow::new(days.parse().unwrap(), from.parse().unwrap(), to.parse().unwrap(), Zone::find(zone).unwrap())
        .unwrap()
}

/// From when until when a freeze is open, in UTC.
fn span(from: &str, to: &str, zone: &str) -> (Timestamp, Timestamp) {
    let freeze = frozen(from, to, zone, None);
    (freeze.begins(), freeze.ends())
}

#[test]
fn a_zone_is_found_by_its_exact_name_in_the_program_itself() {
    for name in ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+3"] {
        assert_eq!(Zone::find(name).map(|zone| zone.to_string()), Some(name.to_owned()));
    }
    for name in ["", "utc", "europe/berlin", "Berlin", "Etc/Unknown", "CEST", "+02:00", "../etc/passwd"] {
        assert_eq!(Zone::find(name), None, "{name}");
    }
    assert!(Zone::names().iter().any(|name| name == "Europe/Berlin"));
}

#[test]
fn a_date_alone_is_the_whole_day() {
    let whole = (time("2026-12-19T23:00:00Z"), time("2027-01-02T23:00:00Z"));
    assert_eq!(span("2026-12-20", "2027-01-02", "Europe/Berlin"), whole);
    assert_eq!(span("2026-12-20 00:00", "2027-01-02 24:00", "Europe/Berlin"), whole);
    assert_eq!(span("2026-12-20", "2026-12-20", "UTC").1, time("2026-12-21T00:00:00Z"));
}

#[test]
fn a_freeze_is_longer_where_clocks_are_ambiguous() {
    let berlin = |from, to| span(from, to, "Europe/Berlin");
    // Put back from 03:00 to 02:00 at 01:00 UTC: 02:30 is shown twice.
    let (begins, ends) = berlin("2026-10-25 02:30", "2026-10-25 02:40");
    assert_eq!((begins, ends), (time("2026-10-25T00:30:00Z"), time("2026-10-25T01:40:00Z")));
    // Put forward from 02:00 to 03:00 at 01:00 UTC: 02:30 is never shown.
    assert_eq!(berlin("2026-03-29 02:30", "2026-03-29 04:00").0, time("2026-03-29T01:00:00Z"));
    assert_eq!(berlin("2026-03-28", "2026-03-29 02:30").1, time("2026-03-29T01:00:00Z"));
    // Where midnight itself is not shown, the day begins an hour later; where it is shown twice, with the first.
    assert_eq!(span("2026-04-24", "2026-04-24", "Africa/Cairo").0, time("2026-04-23T22:00:00Z"));
    assert_eq!(span("2026-11-01", "2026-11-01", "America/Havana").0, time("2026-11-01T04:00:00Z"));
    assert_eq!(span("2026-10-31", "2026-10-31", "America/Havana").1, time("2026-11-01T05:00:00Z"));
}

#[test]
fn a_freeze_has_to_last() {
    let freeze = |from: &str, to: &str| {
        Freeze::new(from.parse().unwrap(), to.parse().unwrap(), Zone::find("Europe/Berlin").unwrap(), None)
    };
    for (from, to) in [
        ("2026-12-20 18:00", "2026-12-20 18:00"),
        ("2026-12-20", "2026-12-19"),
        ("2026-03-29 02:10", "2026-03-29 02:50"),
        ("2026-12-20", "9999-12-31"),
    ] {
        assert_eq!(freeze(from, to), None, "{from} {to}");
    }
}

#[test]
fn the_end_is_that_of_all_freezes_that_follow_without_a_break() {
    let freezes = [
        frozen("2026-12-31", "2026-12-31", "UTC", Some("closing of the books")),
        frozen("2026-12-20 18:00", "2026-12-27 09:00", "Europe/Berlin", Some("holidays")),
        frozen("2026-12-24", "2026-12-30", "UTC", None),
        frozen("2027-01-02", "2027-01-02", "UTC", None),
    ];
    let judged = |now: &str| freeze(&freezes, time(now));
    let open = judged("2026-12-24T12:00:00Z");
    assert_eq!(
        open.reason,
        "a freeze is open: 2026-12-20 18:00 to 2026-12-27 09:00 Europe/Berlin (holidays); 2026-12-24 to 2026-12-30 UTC"
    );
    let follow = "with those that follow without a break it ends 2027-01-01 00:00 UTC; run it again then";
    assert_eq!(open.hint.as_deref(), Some(follow));
    assert_eq!(judged("2026-12-20T17:00:00Z").hint.as_deref(), Some(follow));
    let last = judged("2026-12-31T00:00:00Z");
    assert_eq!(last.hint.as_deref(), Some("it ends 2027-01-01 00:00 UTC; run it again then"));
    for (now, reason) in [
        (
            "2026-12-20T16:59:59Z",
            "no freeze is open; the next one: 2026-12-20 18:00 to 2026-12-27 09:00 Europe/Berlin (holidays)",
        ),
        ("2027-01-01T00:00:00Z", "no freeze is open; the next one: 2027-01-02 to 2027-01-02 UTC"),
        ("2027-01-03T00:00:00Z", "no freeze is open"),
    ] {
        assert_eq!(judged(now), GateJudgement::satisfied(reason));
    }
}

#[test]
fn an_end_that_clocks_show_twice_has_its_distance_from_utc() {
    let freezes = [frozen("2026-10-20", "2026-10-25 02:30", "Europe/Berlin", None)];
    let hint = freeze(&freezes, time("2026-10-25T01:29:59Z")).hint.unwrap();
    assert_eq!(hint, "it ends 2026-10-25 02:30 Europe/Berlin (UTC+01); run it again then");
    assert_eq!(freeze(&freezes, time("2026-10-25T01:30:00Z")).verdict, GateVerdict::Satisfied);
}

#[test]
fn days_are_single_ones_ranges_and_lists() {
    for (written, meant) in [
        ("mon", "mon"),
        ("mon-fri", "mon-fri"),
        ("wed,mon", "mon,wed"),
        ("mon, tue ,wed", "mon-wed"),
        ("sat-mon", "sat-mon"),
        ("sun,mon,sat,wed", "wed,sat-mon"),
        ("tue-mon", "mon-sun"),
        ("mon-sun", "mon-sun"),
    ] {
        let days: Days = written.parse().unwrap();
        assert_eq!(days.to_string(), meant);
        assert_eq!(meant.parse::<Days>().unwrap(), days);
    }
    for wrong in ["", "monday", "Mon", "mon-", "-", "mon,", "mon–fri", "mon-tue-wed"] {
        assert!(wrong.parse::<Days>().is_err(), "{wrong}");
    }
    for wrong in ["8:00", "08:60", "24:01", "08:00:00", "", "08", "+8:00", "0８:00"] {
        assert!(wrong.parse::<ClockTime>().is_err(), "{wrong}");
    }
    for wrong in
        ["2026-2-1", "2026-02-30", "20261220", "2026-12-20T18:00", "2026-12-20 18:00Z", "2026-12-20 ", "-026-12-20"]
    {
        assert!(wrong.parse::<LocalTime>().is_err(), "{wrong}");
    }
}

#[test]
fn a_window_is_open_on_its_days_and_past_midnight() {
    let windows_of = [window("mon-thu", "08:00", "16:00", "Europe/Berlin"), window("fri", "22:00", "02:00", "UTC")];
    let judged = |now: &str| windows(&windows_of, time(now));
    for (now, open) in [
        ("2026-11-23T07:00:00Z", "mon-thu 08:00 to 16:00 Europe/Berlin"),
        ("2026-11-26T14:59:59Z", "mon-thu 08:00 to 16:00 Europe/Berlin"),
        ("2026-11-27T22:00:00Z", "fri 22:00 to 02:00 UTC"),
        ("2026-11-28T01:59:59Z", "fri 22:00 to 02:00 UTC"),
    ] {
        assert_eq!(judged(now), GateJudgement::satisfied(format!("a window is open: {open}")), "{now}");
    }
    for (now, is, next) in [
        ("2026-11-23T06:59:59Z", "mon 2026-11-23 07:59 Europe/Berlin", "mon 2026-11-23 08:00 Europe/Berlin"),
        ("2026-11-26T15:00:00Z", "thu 2026-11-26 15:00 UTC", "fri 2026-11-27 22:00 UTC"),
        ("2026-11-28T02:00:00Z", "sat 2026-11-28 03:00 Europe/Berlin", "mon 2026-11-30 08:00 Europe/Berlin"),
    ] {
        let hint = format!("the next one opens {next}; run it again then");
        assert_eq!(judged(now), GateJudgement::unsatisfied(format!("no window is open: it is {is}"), hint), "{now}");
    }
    assert!(
        windows(&[window("sun", "00:00", "24:00", "UTC")], time("2026-11-22T23:59:59Z")).verdict
            == GateVerdict::Satisfied
    );
    let zone = || Zone::find("UTC").unwrap();
    let empty = |from: &str, to: &str| {
        ChangeWindow::new("mon".parse().unwrap(), from.parse().unwrap(), to.parse().unwrap(), zone())
    };
    assert!(empty("08:00", "08:00").is_none() && empty("24:00", "08:00").is_none());
}

#[test]
fn a_window_is_shorter_where_clocks_are_ambiguous() {
    let is_open = |from: &str, to: &str, now: &str| window("sun", from, to, "Europe/Berlin").is_open(time(now));
    // It begins at a time that is not shown: with the jump, when clocks show 03:00.
    assert!(!is_open("02:30", "05:00", "2026-03-29T00:59:59Z") && is_open("02:30", "05:00", "2026-03-29T01:00:00Z"));
    assert!(is_open("01:00", "02:30", "2026-03-29T00:59:59Z") && !is_open("01:00", "02:30", "2026-03-29T01:00:00Z"));
    // It begins at a time that is shown twice: with the last; it ends at such a time: with the first.
    assert!(!is_open("02:30", "05:00", "2026-10-25T00:45:00Z") && is_open("02:30", "05:00", "2026-10-25T01:30:00Z"));
    assert!(is_open("01:00", "02:30", "2026-10-25T00:29:59Z") && !is_open("01:00", "02:30", "2026-10-25T01:00:00Z"));
    // Nothing is left of one that begins and ends in that hour. The next one is a week later.
    let within = [window("sun", "02:10", "02:50", "Europe/Berlin")];
    assert!(!within[0].is_open(time("2026-10-25T00:30:00Z")) && !within[0].is_open(time("2026-10-25T01:30:00Z")));
    let hint = windows(&within, time("2026-10-25T00:00:00Z")).hint.unwrap();
    assert_eq!(hint, "the next one opens sun 2026-11-01 02:10 Europe/Berlin; run it again then");
}
