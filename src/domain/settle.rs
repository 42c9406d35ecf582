//! How long a release is watched after it was proven, and for what.

use std::time::Duration;

/// What a release must get through after its rollout is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settle {
    /// How long it is watched. Zero: it is not.
    pub time: Duration,
    /// Names of `CloudWatch` alarms that must not go off.
    pub alarms: Vec<String>,
    /// Texts that no line of its logs may contain.
    pub logs_without: Vec<String>,
}

impl Settle {
    /// How long a release is watched where nothing is written.
    pub const DEFAULT: Duration = Duration::from_secs(30);

    /// Whether it is watched at all.
    pub fn is_on(&self) -> bool {
        !self.time.is_zero()
    }
}

impl Default for Settle {
    fn default() -> Self {
        Self { time: Self::DEFAULT, alarms: Vec::new(), logs_without: Vec::new() }
    }
}

/// What is done about a release that fails after it has taken the place of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnFailure {
    /// What served before is brought back.
    #[default]
    RollBack,
    /// It is left to people.
    Leave,
}

/// The pause before the next poll at a release that is watched: short at first, at most five seconds, and the last poll
/// is at the end.
pub fn pause(elapsed: Duration, time: Duration) -> Duration {
    let pause = (elapsed / 4).clamp(Duration::from_millis(500), Duration::from_secs(5));
    pause.min(time.saturating_sub(elapsed)).max(Duration::from_millis(10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_look_is_at_the_end() {
        for (time, looks) in [(1, 3), (30, 18), (600, 132)] {
            let time = Duration::from_secs(time);
            let (mut elapsed, mut count) = (Duration::ZERO, 1);
            while elapsed < time {
                elapsed += pause(elapsed, time);
                count += 1;
            }
            assert_eq!((elapsed, count), (time, looks));
        }
    }
}
