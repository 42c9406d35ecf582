//! Durations for people.

use jiff::SignedDuration;

/// `30m`, `1h 30m`: whole minutes where there are any.
pub(super) fn shown(duration: SignedDuration) -> String {
    let whole = if duration.as_mins() > 0 {
        SignedDuration::from_mins(duration.as_mins())
    } else {
        SignedDuration::from_secs(duration.as_secs())
    };
    format!("{whole:#}")
}
