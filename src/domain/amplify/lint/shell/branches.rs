//! The branches in which a command may run.

use std::collections::BTreeSet;

/// As many names are kept.
const MOST: usize = 100;

/// A set of branches, as far as it is known: no branch outside of it runs the command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BranchSet {
    listed: BTreeSet<String>,
    /// All but those that are listed, or those alone.
    is_exclusion: bool,
    /// Whether each branch in it does run the command, as far as the script goes.
    pub is_exact: bool,
}

impl BranchSet {
    /// Every branch.
    pub fn any() -> Self {
        Self { listed: BTreeSet::new(), is_exclusion: true, is_exact: true }
    }

    /// Any branch, for a reason that is not known.
    pub fn unknown() -> Self {
        Self { is_exact: false, ..Self::any() }
    }

    /// These alone.
    pub fn only(names: impl IntoIterator<Item = String>) -> Self {
        Self { listed: names.into_iter().collect(), is_exclusion: false, is_exact: true }
    }

    /// All others. What is not known stays so.
    #[must_use]
    pub fn complement(&self) -> Self {
        if self.is_exact { Self { is_exclusion: !self.is_exclusion, ..self.clone() } } else { Self::unknown() }
    }

    /// Those in both.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        self.both(other).bounded()
    }

    fn both(&self, other: &Self) -> Self {
        let (listed, is_exclusion) = match (self.is_exclusion, other.is_exclusion) {
            (true, true) => (self.listed.union(&other.listed).cloned().collect(), true),
            (false, false) => (self.listed.intersection(&other.listed).cloned().collect(), false),
            (false, true) => (self.listed.difference(&other.listed).cloned().collect(), false),
            (true, false) => (other.listed.difference(&self.listed).cloned().collect(), false),
        };
        Self { listed, is_exclusion, is_exact: self.is_exact && other.is_exact }
    }

    /// Those in one of them.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        let neither = self.inverted().both(&other.inverted());
        Self { is_exact: self.is_exact && other.is_exact, ..neither.inverted() }.bounded()
    }

    /// Every command has such a set: one of more names than teams have branches is not kept.
    fn bounded(self) -> Self {
        if self.listed.len() > MOST { Self::unknown() } else { self }
    }

    /// The other half, whatever is known.
    fn inverted(&self) -> Self {
        Self { is_exclusion: !self.is_exclusion, ..self.clone() }
    }

    /// Whether a branch may run it.
    pub fn has(&self, name: &str) -> bool {
        self.listed.contains(name) != self.is_exclusion
    }

    /// The branches that are named, in it or as left out of it.
    pub fn named(&self) -> impl Iterator<Item = &str> {
        self.listed.iter().map(String::as_str)
    }

    /// Those in it, where they are counted.
    pub fn listed(&self) -> Option<&BTreeSet<String>> {
        (!self.is_exclusion).then_some(&self.listed)
    }

    /// Whether some branch may run both.
    pub fn meets(&self, other: &Self) -> bool {
        self.and(other).listed().is_none_or(|both| !both.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(names: &[&str]) -> BranchSet {
        BranchSet::only(names.iter().map(|name| (*name).to_owned()))
    }

    #[test]
    fn sets_behave_like_sets() {
        let all = ["main", "dev", "other"];
        let sets = [BranchSet::any(), only(&[]), only(&["main"]), only(&["main", "dev"]), only(&["dev"]).complement()];
        for a in &sets {
            assert!(all.iter().all(|name| a.has(name) != a.complement().has(name)), "{a:?}");
            for b in &sets {
                for name in all {
                    assert_eq!(a.and(b).has(name), a.has(name) && b.has(name), "{a:?} and {b:?}: {name}");
                    assert_eq!(a.or(b).has(name), a.has(name) || b.has(name), "{a:?} or {b:?}: {name}");
                }
            }
        }
        assert!(!only(&["main"]).meets(&only(&["dev"])) && only(&["main"]).meets(&BranchSet::any()));
        assert_eq!(only(&["main"]).complement().listed(), None);
    }

    #[test]
    fn what_is_not_known_stays_so() {
        let unknown = BranchSet::unknown();
        assert!(unknown.has("main") && unknown.complement().has("main") && !unknown.complement().is_exact);
        assert!(!unknown.and(&only(&["main"])).is_exact);
    }
}
