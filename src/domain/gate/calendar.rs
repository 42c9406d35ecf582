//! `freeze` and `windows`: when an environment may be changed.
//!
//! Both are written in the time of a zone. Where its clocks jump over a time or show it twice, the environment stays
//! closed for longer: see [`Zone::moment`].

mod clock;
mod freeze;
mod window;
mod zone;

use jiff::Timestamp;

use super::judgement::GateJudgement;

pub use freeze::Freeze;
pub use window::ChangeWindow;
pub use zone::Zone;

/// No freeze is open.
pub(super) fn freeze(freezes: &[Freeze], now: Timestamp) -> GateJudgement {
    let Some(last) = freeze::last_of_open(freezes, now) else {
        let next = freezes.iter().filter(|freeze| freeze.begins() > now).min_by_key(|freeze| freeze.begins());
        return GateJudgement::satisfied(match next {
            Some(next) => format!("no freeze is open; the next one: {next}"),
            None => "no freeze is open".to_owned(),
        });
    };
    let open: Vec<String> = freezes.iter().filter(|freeze| freeze.is_open(now)).map(ToString::to_string).collect();
    let end = last.zone().shown(last.ends());
    let hint = if last.is_open(now) {
        format!("it ends {end}; run it again then")
    } else {
        format!("with those that follow without a break it ends {end}; run it again then")
    };
    GateJudgement::unsatisfied(format!("a freeze is open: {}", open.join("; ")), hint)
}

/// A window is open.
pub(super) fn windows(windows: &[ChangeWindow], now: Timestamp) -> GateJudgement {
    if windows.is_empty() {
        return GateJudgement::satisfied("none is asked for");
    }
    if let Some(open) = windows.iter().find(|window| window.is_open(now)) {
        return GateJudgement::satisfied(format!("a window is open: {open}"));
    }
    let Some((opening, window)) = window::next_opening(windows, now) else {
        return GateJudgement::unsatisfied("no window is open, and none opens soon", "correct `windows` of the gates");
    };
    let zone = window.zone();
    GateJudgement::unsatisfied(
        format!("no window is open: it is {}", zone.shown_with_day(now)),
        format!("the next one opens {}; run it again then", zone.shown_with_day(opening)),
    )
}

#[cfg(test)]
mod tests;
