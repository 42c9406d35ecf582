//! `soak`

use std::time::Duration;

use super::super::*;
use super::GateCase;

fn time(text: &str) -> Timestamp {
    format!("2026-11-22T{text}:00Z").parse().unwrap()
}

fn ran(component: &str, since: Fact<&str>, until: Option<&str>) -> Soaked {
    Soaked {
        component: component.parse().unwrap(),
        since: match since {
            Fact::Is(since) => Fact::Is(time(since)),
            Fact::Unknown(unknown) => Fact::Unknown(unknown),
        },
        until: until.map(time),
    }
}

/// At 12:00, where half an hour is asked for.
fn case(situation: &'static str, seen: Vec<Soaked>) -> GateCase {
    GateCase::new(GateName::Soak, ChangeCommand::Promote, situation)
        .policy(|policy| policy.soak = Some(Duration::from_mins(30)))
        .evidence(|evidence| evidence.soak = Fact::Is(seen))
}

pub(super) fn cases() -> Vec<GateCase> {
    const OTHER: &str = "promote what runs there now, once it has run for as long";
    let since = |text: &'static str| Fact::Is(text);
    vec![
        case("it has run for as long as asked", vec![ran("backend", since("11:30"), None)])
            .satisfied("it ran for 30m of 30m"),
        case(
            "one of two components has run it for too short",
            vec![ran("backend", since("11:31"), None), ran("worker", since("10:00"), None)],
        )
        .unsatisfied("backend has run it for 29m of 30m", "run it again after 2026-11-22 12:01:00Z"),
        case("it ran long enough, and something else runs by now", vec![ran("backend", since("11:00"), Some("11:40"))])
            .satisfied("it ran for 40m of 30m"),
        case(
            "it ran for too short, and something else runs by now",
            vec![ran("backend", since("11:00"), Some("11:10"))],
        )
        .unsatisfied("backend ran it for 10m of 30m, and runs something else now", OTHER),
        case("the clock of the run that recorded it is ahead", vec![ran("backend", since("12:10"), None)])
            .unsatisfied("backend has run it for 0s of 30m", "run it again after 2026-11-22 12:40:00Z"),
        case("nothing records when it began", vec![ran("backend", Fact::unknown("no time is recorded"), None)])
            .unknown("how long backend has run it is not known: no time is recorded", ""),
    ]
}
