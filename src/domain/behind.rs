//! How far an environment is behind the one that its releases come from.

use super::names::EnvironmentName;
use super::release::{Commits, GitSha};

/// How far a component of an environment is behind the same component of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Behind {
    /// The other environment.
    pub of: EnvironmentName,
    /// How far.
    pub distance: Distance,
    /// The newest commits that it lacks, newest first. Empty: there are none, or they are not known.
    pub newest: Vec<GitSha>,
}

/// How far one release is behind another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Distance {
    /// It is the same commit.
    Same,
    /// Number of commits that the other one is further.
    Commits(usize),
    /// Number of commits that it is further than the other one.
    Ahead(usize),
    /// Each has commits that the other one lacks.
    Diverged,
    /// A commit is not known here, or its history is not.
    Unknown,
}

impl Distance {
    /// From the number of commits that only the other one has, and that only this one has, where they can be counted.
    pub fn from_counts(only_other: Option<usize>, only_this: Option<usize>) -> Self {
        match (only_other, only_this) {
            (Some(0), Some(0)) => Self::Same,
            (Some(count), Some(0)) => Self::Commits(count),
            (Some(0), Some(count)) => Self::Ahead(count),
            (Some(_), Some(_)) => Self::Diverged,
            (None, _) | (_, None) => Self::Unknown,
        }
    }
}

impl Behind {
    /// The number of commits, where they were counted.
    pub fn commits(&self) -> Option<usize> {
        match self.distance {
            Distance::Same => Some(0),
            Distance::Commits(count) => Some(count).filter(|count| !Commits::is_beyond(*count)),
            Distance::Ahead(_) | Distance::Diverged | Distance::Unknown => None,
        }
    }

    /// A sentence for people.
    pub fn described(&self) -> String {
        let of = &self.of;
        match self.distance {
            Distance::Same => format!("same as {of}"),
            Distance::Commits(count) => format!("{} behind {of}", Commits::counted(count)),
            Distance::Ahead(count) => format!("ahead of {of} by {}", Commits::counted(count)),
            Distance::Diverged => format!("diverged from {of}: each has commits that the other lacks"),
            Distance::Unknown => format!("behind {of} by an unknown number of commits"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_counted_is_neither_the_same_nor_behind() {
        for (only_other, only_this, distance, commits, text) in [
            (Some(0), Some(0), Distance::Same, Some(0), "same as stage"),
            (Some(1), Some(0), Distance::Commits(1), Some(1), "1 commit behind stage"),
            (Some(3), Some(0), Distance::Commits(3), Some(3), "3 commits behind stage"),
            (Some(10_001), Some(0), Distance::Commits(10_001), None, "more than 10000 commits behind stage"),
            (Some(0), Some(1), Distance::Ahead(1), None, "ahead of stage by 1 commit"),
            (Some(0), Some(2), Distance::Ahead(2), None, "ahead of stage by 2 commits"),
            (Some(3), Some(2), Distance::Diverged, None, "diverged from stage: each has commits that the other lacks"),
            (None, Some(2), Distance::Unknown, None, "behind stage by an unknown number of commits"),
            (None, Some(0), Distance::Unknown, None, "behind stage by an unknown number of commits"),
            (Some(0), None, Distance::Unknown, None, "behind stage by an unknown number of commits"),
            (Some(3), None, Distance::Unknown, None, "behind stage by an unknown number of commits"),
            (None, None, Distance::Unknown, None, "behind stage by an unknown number of commits"),
        ] {
            let distance_found = Distance::from_counts(only_other, only_this);
            let behind = Behind { of: "stage".parse().unwrap(), distance: distance_found, newest: Vec::new() };
            assert_eq!((behind.distance, behind.commits(), &*behind.described()), (distance, commits, text));
        }
    }
}
