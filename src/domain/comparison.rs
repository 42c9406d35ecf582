//! How two commits stand to each other.

/// How a commit stands to another one, the base.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommitComparison {
    /// It is the base.
    Identical,
    /// Number of commits that it has more.
    Ahead(u64),
    /// Number of commits that it lacks.
    Behind(u64),
    /// It has some that the base lacks, and lacks some that the base has.
    Diverged {
        /// Number of commits more.
        ahead: u64,
        /// Number of commits less.
        behind: u64,
    },
}

impl CommitComparison {
    /// How the base stands to the commit.
    #[must_use]
    pub fn reversed(self) -> Self {
        match self {
            Self::Identical => Self::Identical,
            Self::Ahead(more) => Self::Behind(more),
            Self::Behind(less) => Self::Ahead(less),
            Self::Diverged { ahead, behind } => Self::Diverged { ahead: behind, behind: ahead },
        }
    }

    /// Whether the base is the commit, or comes before it in its history.
    pub fn has_base(self) -> bool {
        matches!(self, Self::Identical | Self::Ahead(_))
    }

    /// From the word for it and the two numbers. `None` where they contradict each other, or the word is not known:
    /// what is not understood is not taken for anything.
    pub fn from_counts(word: &str, ahead: u64, behind: u64) -> Option<Self> {
        let found = match (ahead, behind) {
            (0, 0) => ("identical", Self::Identical),
            (ahead, 0) => ("ahead", Self::Ahead(ahead)),
            (0, behind) => ("behind", Self::Behind(behind)),
            (ahead, behind) => ("diverged", Self::Diverged { ahead, behind }),
        };
        Some(found.1).filter(|_| found.0 == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_ahead_has_the_base_and_is_what_the_base_is_behind_of() {
        for (comparison, reversed, has_base) in [
            (CommitComparison::Identical, CommitComparison::Identical, true),
            (CommitComparison::Ahead(2), CommitComparison::Behind(2), true),
            (CommitComparison::Behind(3), CommitComparison::Ahead(3), false),
            (
                CommitComparison::Diverged { ahead: 2, behind: 3 },
                CommitComparison::Diverged { ahead: 3, behind: 2 },
                false,
            ),
        ] {
            assert_eq!((comparison.reversed(), comparison.has_base()), (reversed, has_base));
        }
    }

    #[test]
    fn word_and_counts_have_to_agree() {
        assert_eq!(CommitComparison::from_counts("identical", 0, 0), Some(CommitComparison::Identical));
        assert_eq!(CommitComparison::from_counts("ahead", 2, 0), Some(CommitComparison::Ahead(2)));
        assert_eq!(CommitComparison::from_counts("behind", 0, 3), Some(CommitComparison::Behind(3)));
        let diverged = CommitComparison::Diverged { ahead: 2, behind: 3 };
        assert_eq!(CommitComparison::from_counts("diverged", 2, 3), Some(diverged));
        for (word, ahead, behind) in [("ahead", 0, 0), ("ahead", 1, 1), ("identical", 0, 1), ("", 0, 0), ("same", 0, 0)]
        {
            assert_eq!(CommitComparison::from_counts(word, ahead, behind), None, "{word} {ahead} {behind}");
        }
    }
}
