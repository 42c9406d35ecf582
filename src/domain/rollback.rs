//! Which release a rollback returns to.

use super::names::ComponentName;
use super::release::ReleaseName;

/// What a component runs, and what it could run again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RollbackCandidates {
    /// The component.
    pub component: ComponentName,
    /// What it runs, where that is a release.
    pub runs: Option<ReleaseName>,
    /// Whether a rollback put that there, and how it ended is not known.
    pub cut_off: bool,
    /// The releases that succeeded before that, newest first.
    pub earlier: Vec<ReleaseName>,
    /// All releases that ever succeeded, each once.
    pub succeeded: Vec<ReleaseName>,
    /// What it ran before its first release.
    pub baseline: ComponentBaseline,
}

/// What a component ran before its first release, each by its place for people: `backend:7`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ComponentBaseline {
    /// It can be gone back to.
    Open(String),
    /// The component runs it.
    Runs(String),
    /// It was taken away.
    Gone(String),
    /// That is not known: why.
    Unknown(String),
    /// Nothing keeps it: such components keep their releases alone.
    NotKept,
    /// There is no release.
    NoRelease,
}

impl ComponentBaseline {
    /// Why it is not gone back to, for people. `None`: it can be.
    pub fn closed(&self) -> Option<String> {
        match self {
            Self::Open(_) => None,
            Self::Runs(place) => Some(format!("it runs what {place} was, which ran before the first release")),
            Self::Gone(place) => {
                Some(format!("{place}, which ran before the first release, is not active: it was deregistered"))
            }
            Self::Unknown(reason) => Some(format!("what ran before the first release is not known: {reason}")),
            Self::NotKept => Some("releases alone are kept, and not what was there before the first one".to_owned()),
            Self::NoRelease => Some("no release was put there yet, so nothing ran before one".to_owned()),
        }
    }
}

/// Why a component cannot go back, in numbers of releases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoRollback {
    /// How many succeeded.
    pub succeeded: usize,
    /// Whether it runs one of them.
    pub runs_one: bool,
    /// How many a rollback left.
    pub left: usize,
    /// How many it could go back to by itself.
    pub open: usize,
}

impl NoRollback {
    /// A sentence for people.
    pub fn described(&self) -> String {
        let Self { succeeded, runs_one, left, open } = *self;
        let releases = match succeeded {
            0 => return "no release succeeded there yet".to_owned(),
            1 => "1 release",
            _ => &format!("{succeeded} releases"),
        };
        let each = [
            runs_one.then(|| "it runs one of them".to_owned()).filter(|_| succeeded > 1),
            runs_one.then(|| "which it runs".to_owned()).filter(|_| succeeded == 1),
            (left > 0).then(|| format!("a rollback bars {left}")),
            (open > 0).then(|| format!("{open} it can go back to alone")),
        ];
        let each: Vec<String> = each.into_iter().flatten().collect();
        format!("{releases} succeeded there, {}", each.join(", "))
    }
}

impl RollbackCandidates {
    /// Why it cannot go back. `held`: the earlier releases that a rollback left.
    pub fn stuck(&self, held: &[ReleaseName]) -> NoRollback {
        let is_open = |release: &&ReleaseName| self.earlier.contains(release) && !held.contains(release);
        let open = self.succeeded.iter().filter(is_open).count();
        let runs_one = self.runs.as_ref().is_some_and(|runs| self.succeeded.contains(runs));
        let succeeded = self.succeeded.len();
        // What is neither is newer than what runs: nothing but a rollback goes past it.
        NoRollback { succeeded, runs_one, left: succeeded - open - usize::from(runs_one), open }
    }

    fn reaches(&self, release: &ReleaseName) -> bool {
        self.runs.as_ref() == Some(release) || self.earlier.contains(release)
    }
}

/// Whether all components go back to what they ran before their first releases: none has an earlier release that it can go
/// back to. `held`: the earlier releases that a rollback left.
pub fn to_baseline(components: &[RollbackCandidates], held: &[ReleaseName]) -> bool {
    let has_no_other = |past: &RollbackCandidates| past.stuck(held).open == 0;
    let can =
        |past: &RollbackCandidates| matches!(past.baseline, ComponentBaseline::Open(_) | ComponentBaseline::Runs(_));
    let moves = |past: &RollbackCandidates| matches!(past.baseline, ComponentBaseline::Open(_));
    components.iter().all(|past| has_no_other(past) && can(past)) && components.iter().any(moves)
}

/// The releases that all components can go back to together, newest first. A component that already runs one stays;
/// at least one component moves, or was moved by a rollback that was cut off, which is then taken up.
pub fn common(components: &[RollbackCandidates]) -> Vec<ReleaseName> {
    let Some(first) = components.first() else {
        return Vec::new();
    };
    let is_cut_off = components.iter().any(|past| past.cut_off);
    let mut releases: Vec<ReleaseName> = Vec::new();
    for release in first.runs.iter().chain(&first.earlier) {
        let is_done = !is_cut_off && components.iter().all(|past| past.runs.as_ref() == Some(release));
        let is_common = components.iter().all(|past| past.reaches(release));
        if is_common && !is_done && !releases.contains(release) {
            releases.push(release.clone());
        }
    }
    releases
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release(digit: char) -> ReleaseName {
        digit.to_string().repeat(40).parse().unwrap()
    }

    fn past(component: &str, runs: Option<char>, earlier: &str) -> RollbackCandidates {
        RollbackCandidates {
            component: component.parse().unwrap(),
            runs: runs.map(release),
            cut_off: false,
            earlier: earlier.chars().map(release).collect(),
            succeeded: "abc".chars().map(release).collect(),
            baseline: ComponentBaseline::NoRelease,
        }
    }

    #[test]
    fn the_baseline_is_gone_back_to_where_no_component_has_another_way() {
        let (open, runs) =
            (ComponentBaseline::Open("backend:7".to_owned()), ComponentBaseline::Runs("backend:7".to_owned()));
        let gone = ComponentBaseline::Gone("backend:7".to_owned());
        let with = |earlier: &str, baseline: &ComponentBaseline| RollbackCandidates {
            baseline: baseline.clone(),
            ..past("backend", Some('c'), earlier)
        };
        for (components, held, goes) in [
            (vec![with("", &open)], "", true),
            (vec![with("a", &open)], "", false),
            (vec![with("a", &open)], "a", true),
            (vec![with("", &runs)], "", false),
            (vec![with("", &gone)], "", false),
            (vec![with("", &ComponentBaseline::NoRelease)], "", false),
            (vec![with("", &open), with("", &runs)], "", true),
            (vec![with("", &open), with("", &gone)], "", false),
            (vec![with("", &open), with("a", &open)], "", false),
            (vec![with("", &open), with("a", &open)], "a", true),
        ] {
            let held: Vec<_> = held.chars().map(release).collect();
            assert_eq!(to_baseline(&components, &held), goes, "{components:?}");
        }
    }

    #[test]
    fn who_cannot_go_back_is_told_why() {
        let stuck = |runs, earlier, succeeded: &str, held: &str| {
            let releases = |letters: &str| letters.chars().map(release).collect::<Vec<_>>();
            let past = RollbackCandidates { succeeded: releases(succeeded), ..past("backend", runs, earlier) };
            past.stuck(&releases(held)).described()
        };
        assert_eq!(stuck(None, "", "", ""), "no release succeeded there yet");
        assert_eq!(stuck(Some('b'), "", "", ""), "no release succeeded there yet");
        assert_eq!(stuck(Some('a'), "", "a", ""), "1 release succeeded there, which it runs");
        assert_eq!(
            stuck(Some('a'), "", "cba", ""),
            "3 releases succeeded there, it runs one of them, a rollback bars 2"
        );
        assert_eq!(
            stuck(Some('d'), "cb", "cb", "c"),
            "2 releases succeeded there, a rollback bars 1, 1 it can go back to alone"
        );
    }

    fn letters(components: &[RollbackCandidates]) -> String {
        common(components).iter().map(|release| release.to_string().remove(0)).collect()
    }

    #[test]
    fn one_component_goes_back_step_by_step() {
        assert_eq!(letters(&[past("backend", Some('c'), "ba")]), "ba");
        assert_eq!(letters(&[past("backend", None, "cba")]), "cba");
        assert_eq!(letters(&[past("backend", Some('a'), "")]), "");
    }

    #[test]
    fn several_go_back_together() {
        assert_eq!(letters(&[past("backend", Some('c'), "ba"), past("worker", Some('c'), "ba")]), "ba");
        assert_eq!(letters(&[past("backend", Some('c'), "ba"), past("worker", Some('c'), "a")]), "a");
        assert_eq!(letters(&[past("backend", Some('c'), "b"), past("worker", Some('c'), "a")]), "");
    }

    #[test]
    fn a_rollback_that_was_cut_off_is_taken_up() {
        let cut_off = |past| RollbackCandidates { cut_off: true, ..past };
        assert_eq!(letters(&[cut_off(past("backend", Some('b'), "a"))]), "ba");
        assert_eq!(letters(&[past("backend", Some('b'), "a"), cut_off(past("worker", Some('b'), "a"))]), "ba");
        assert_eq!(letters(&[cut_off(past("backend", Some('b'), "a")), past("worker", Some('c'), "ba")]), "ba");
    }

    #[test]
    fn a_component_that_never_got_there_stays() {
        assert_eq!(letters(&[past("backend", Some('c'), "ba"), past("worker", Some('b'), "a")]), "ba");
        assert_eq!(letters(&[past("backend", Some('b'), "a"), past("worker", Some('c'), "ba")]), "ba");
    }
}
