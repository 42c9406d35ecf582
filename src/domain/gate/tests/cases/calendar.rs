//! `freeze` and `windows`. More of clocks is in the tests of the calendar itself.

use super::super::*;
use super::GateCase;
use crate::domain::gate::calendar::{ChangeWindow, Freeze, Zone};

fn frozen(from: &str, to: &str, zone: &str, reason: Option<&str>) -> Freeze {
    let zone = Zone::find(zone).unwrap();
    Freeze::new(from.parse().unwrap(), to.parse().unwrap(), zone, reason.map(str::to_owned)).unwrap()
}

fn holidays() -> Freeze {
    frozen("2026-12-20 18:00", "2027-01-02 08:00", "Europe/Berlin", Some("holidays"))
}

fn freeze(situation: &'static str, now: &str, freezes: Vec<Freeze>) -> GateCase {
    GateCase::new(GateName::Freeze, ChangeCommand::Promote, situation)
        .policy(|policy| policy.freeze = freezes)
        .evidence(|evidence| evidence.now = now.parse().unwrap())
}

pub(super) fn freeze_cases() -> Vec<GateCase> {
    let books = || frozen("2027-01-01", "2027-01-04", "UTC", Some("closing of the books"));
    let written = "2026-12-20 18:00 to 2027-01-02 08:00 Europe/Berlin (holidays)";
    let open = format!("a freeze is open: {written}");
    vec![
        freeze("no freeze has begun", "2026-12-20T16:59:59Z", vec![holidays()])
            .satisfied(format!("no freeze is open; the next one: {written}")),
        freeze("all of them are over", "2027-01-02T07:00:00Z", vec![holidays()]).satisfied("no freeze is open"),
        freeze("one is open", "2026-12-20T17:00:00Z", vec![holidays()])
            .unsatisfied(open.clone(), "it ends 2027-01-02 08:00 Europe/Berlin; run it again then"),
        freeze("one is open, and another begins before it ends", "2026-12-24T12:00:00Z", vec![holidays(), books()])
            .unsatisfied(
                open.clone(),
                "with those that follow without a break it ends 2027-01-05 00:00 UTC; run it again then",
            ),
        freeze("two are open", "2027-01-01T12:00:00Z", vec![holidays(), books()]).unsatisfied(
            format!("{open}; 2027-01-01 to 2027-01-04 UTC (closing of the books)"),
            "it ends 2027-01-05 00:00 UTC; run it again then",
        ),
        freeze(
            "one ends at a time that clocks show twice: the second counts",
            "2026-10-25T00:45:00Z",
            vec![frozen("2026-10-20", "2026-10-25 02:30", "Europe/Berlin", None)],
        )
        .unsatisfied(
            "a freeze is open: 2026-10-20 to 2026-10-25 02:30 Europe/Berlin",
            "it ends 2026-10-25 02:30 Europe/Berlin (UTC+01); run it again then",
        ),
    ]
}

fn windows(situation: &'static str, now: &str, windows: &[(&str, &str, &str)]) -> GateCase {
    let window = |(days, from, to): &(&str, &str, &str)| {
        let zone = Zone::find("Europe/Berlin").unwrap();
        ChangeWindow::new(days.parse().unwrap(), from.parse().unwrap(), to.parse().unwrap(), zone).unwrap()
    };
    GateCase::new(GateName::Windows, ChangeCommand::Promote, situation)
        .policy(|policy| policy.windows = windows.iter().map(window).collect())
        .evidence(|evidence| evidence.now = now.parse().unwrap())
}

pub(super) fn windows_cases() -> Vec<GateCase> {
    let week = ("mon-thu", "08:00", "16:00");
    let night = ("fri", "22:00", "02:00");
    vec![
        windows("one is open", "2026-11-26T14:59:59Z", &[week])
            .satisfied("a window is open: mon-thu 08:00 to 16:00 Europe/Berlin"),
        windows("one that passes midnight is open on the day after", "2026-11-28T00:30:00Z", &[week, night])
            .satisfied("a window is open: fri 22:00 to 02:00 Europe/Berlin"),
        windows("none is open", "2026-11-26T15:00:00Z", &[week]).unsatisfied(
            "no window is open: it is thu 2026-11-26 16:00 Europe/Berlin",
            "the next one opens mon 2026-11-30 08:00 Europe/Berlin; run it again then",
        ),
        windows("none is open, and another one opens sooner", "2026-11-26T15:00:00Z", &[week, night]).unsatisfied(
            "no window is open: it is thu 2026-11-26 16:00 Europe/Berlin",
            "the next one opens fri 2026-11-27 22:00 Europe/Berlin; run it again then",
        ),
        windows(
            "it begins at a time that clocks jump over: with the jump",
            "2026-03-29T00:59:00Z",
            &[("sun", "02:30", "05:00")],
        )
        .unsatisfied(
            "no window is open: it is sun 2026-03-29 01:59 Europe/Berlin",
            "the next one opens sun 2026-03-29 03:00 Europe/Berlin; run it again then",
        ),
        windows(
            "it begins at a time that clocks show twice: with the second",
            "2026-10-25T00:45:00Z",
            &[("sun", "02:30", "05:00")],
        )
        .unsatisfied(
            "no window is open: it is sun 2026-10-25 02:45 Europe/Berlin (UTC+02)",
            "the next one opens sun 2026-10-25 02:30 Europe/Berlin (UTC+01); run it again then",
        ),
    ]
}
