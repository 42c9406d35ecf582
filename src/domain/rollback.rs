//! Which release a rollback returns to.

use super::names::ComponentName;
use super::release::ReleaseName;

/// What a component runs, and what it could run again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Past {
    /// The component.
    pub component: ComponentName,
    /// What it runs, where that is a release.
    pub runs: Option<ReleaseName>,
    /// Whether a rollback put that there, and how it ended is not known.
    pub cut_off: bool,
    /// The releases that succeeded before that, newest first.
    pub earlier: Vec<ReleaseName>,
}

impl Past {
    fn reaches(&self, release: &ReleaseName) -> bool {
        self.runs.as_ref() == Some(release) || self.earlier.contains(release)
    }
}

/// The releases that all components can go back to together, newest first. A component that already runs one stays;
/// at least one component moves, or was moved by a rollback that was cut off, which is then taken up.
pub fn common(components: &[Past]) -> Vec<ReleaseName> {
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

    fn past(component: &str, runs: Option<char>, earlier: &str) -> Past {
        Past {
            component: component.parse().unwrap(),
            runs: runs.map(release),
            cut_off: false,
            earlier: earlier.chars().map(release).collect(),
        }
    }

    fn letters(components: &[Past]) -> String {
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
        let cut_off = |past| Past { cut_off: true, ..past };
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
