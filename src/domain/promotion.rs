//! Which release a promotion moves, and what proves it.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::ids::RecordId;
use super::image::Digest;
use super::names::ComponentName;
use super::release::GitSha;

/// A release that runs, with the digest that every task of it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunningRelease {
    /// The release.
    pub release: GitSha,
    /// The digest that it is pinned to.
    pub digest: Digest,
}

/// A success in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The digest that was deployed.
    pub digest: Digest,
    /// Where it stands.
    pub revision: RecordId,
    /// When it was written.
    pub at: Option<Timestamp>,
}

/// The newest time in which a component ran a digest without a break.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnbrokenRun {
    /// When it first succeeded. `None`: no success is recorded with its time.
    pub since: Option<Timestamp>,
    /// Its end.
    pub end: RunEnd,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RunEnd {
    /// It goes on.
    Runs,
    /// It may have ended then, and not before.
    At(Timestamp),
    /// Something else served since, and nothing says from when on.
    #[default]
    Unknown,
}

/// What the ledger says of a release.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LedgerSearch {
    /// The newest success that the revision itself confirms.
    pub recorded: Option<Recorded>,
    /// Why revisions that their tags call a success of the release are none.
    pub doubts: Vec<String>,
}

/// What was seen of one component in the source environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceObservation {
    /// The component.
    pub component: ComponentName,
    /// The component whose image it runs. Absent: it ships something else.
    pub image: Option<ComponentName>,
    /// What it runs, or why that cannot be promoted.
    pub running: Result<RunningRelease, String>,
    /// The success of the release that was asked for, where one was and the ledger has it.
    pub recorded: Option<Recorded>,
    /// Why what the ledger's tags call a success of it is none.
    pub doubts: Vec<String>,
}

/// What a component's release is proven by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReleaseEvidence {
    /// Every task of the source runs it.
    Runs,
    /// The ledger records its success there.
    Recorded(Recorded),
}

/// A component of a release that can be promoted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromotableComponent {
    /// The component.
    pub component: ComponentName,
    /// The component whose image it runs. Absent: it ships something else.
    pub image: Option<ComponentName>,
    /// The image's digest.
    pub digest: Digest,
    /// What proves it.
    pub evidence: ReleaseEvidence,
}

/// A release that can be promoted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The release.
    pub release: GitSha,
    /// Its components.
    pub components: Vec<PromotableComponent>,
}

impl Choice {
    /// The components whose success nothing but the ledger says, each with where and when it was written.
    pub fn by_the_ledger_alone(&self) -> Vec<String> {
        self.recorded(|_| true)
    }

    /// The same of those whose ledger are tags, which others may write than those who write the release. A site's ledger
    /// is where its files are.
    pub fn by_tags_alone(&self) -> Vec<String> {
        self.recorded(|chosen| chosen.image.is_some())
    }

    fn recorded(&self, counts: impl Fn(&PromotableComponent) -> bool) -> Vec<String> {
        let recorded = |chosen: &PromotableComponent| match &chosen.evidence {
            ReleaseEvidence::Runs => None,
            ReleaseEvidence::Recorded(recorded) => {
                let at = recorded.at.map(|at| format!(" at {at}")).unwrap_or_default();
                Some(format!("{} in {}{at}", chosen.component, recorded.revision.short()))
            }
        };
        self.components.iter().filter(|chosen| counts(chosen)).filter_map(recorded).collect()
    }

    /// The digest of an image. `None`: none of the components uses it.
    pub fn digest_of(&self, image: &ComponentName) -> Option<&Digest> {
        self.components.iter().find(|chosen| chosen.image.as_ref() == Some(image)).map(|chosen| &chosen.digest)
    }
}

/// Chooses the release: the one that was asked for, or the one that every component of the source runs.
///
/// # Errors
///
/// Why there is none, one sentence each.
pub fn choose(looks: &[SourceObservation], wanted: Option<&GitSha>) -> Result<Choice, Vec<String>> {
    let (release, chosen) = match wanted {
        Some(wanted) => (wanted.clone(), looks.iter().map(|look| chosen_for(look, wanted)).collect()),
        None => one_release(looks)?,
    };
    let (components, mut reasons) = divide(chosen);
    reasons.extend(disagreements(&components));
    if reasons.is_empty() { Ok(Choice { release, components }) } else { Err(reasons) }
}

type Attempt = Result<PromotableComponent, String>;

fn divide(attempts: Vec<Attempt>) -> (Vec<PromotableComponent>, Vec<String>) {
    let mut chosen = Vec::new();
    let mut reasons = Vec::new();
    for attempt in attempts {
        match attempt {
            Ok(component) => chosen.push(component),
            Err(reason) => reasons.push(reason),
        }
    }
    (chosen, reasons)
}

fn chosen(look: &SourceObservation, digest: &Digest, evidence: ReleaseEvidence) -> PromotableComponent {
    PromotableComponent {
        component: look.component.clone(),
        image: look.image.clone(),
        digest: digest.clone(),
        evidence,
    }
}

/// What runs proves more than what is written.
fn chosen_for(look: &SourceObservation, wanted: &GitSha) -> Attempt {
    match (&look.running, &look.recorded) {
        (Ok(runs), _) if runs.release == *wanted => Ok(chosen(look, &runs.digest, ReleaseEvidence::Runs)),
        (_, Some(recorded)) => Ok(chosen(look, &recorded.digest, ReleaseEvidence::Recorded(recorded.clone()))),
        (Ok(runs), None) => {
            let runs = runs.release.short();
            let no_success = no_success(look, wanted);
            Err(format!("{} runs {runs}, and {no_success}", look.component))
        }
        (Err(reason), None) => Err(format!("{}: {reason}; and {}", look.component, no_success(look, wanted))),
    }
}

fn no_success(look: &SourceObservation, wanted: &GitSha) -> String {
    let doubts = look.doubts.iter().map(|doubt| format!(" ({doubt})"));
    format!("its ledger has no success of {}{}", wanted.short(), doubts.collect::<String>())
}

fn one_release(looks: &[SourceObservation]) -> Result<(GitSha, Vec<Attempt>), Vec<String>> {
    let mut releases = BTreeSet::new();
    let mut attempts = Vec::new();
    for look in looks {
        attempts.push(match &look.running {
            Ok(runs) => {
                releases.insert(runs.release.clone());
                Ok(chosen(look, &runs.digest, ReleaseEvidence::Runs))
            }
            Err(reason) => Err(format!("{}: {reason}", look.component)),
        });
    }
    if releases.len() > 1 {
        let runs = |look: &SourceObservation| {
            let runs = look.running.as_ref().ok()?;
            Some(format!("{} runs {}", look.component, runs.release.short()))
        };
        let what: Vec<String> = looks.iter().filter_map(runs).collect();
        return Err(vec![format!("its components run different releases: {}", what.join(", "))]);
    }
    match releases.pop_first() {
        Some(release) => Ok((release, attempts)),
        None => Err(divide(attempts).1),
    }
}

/// Components that share an image have the same digest of it.
fn disagreements(components: &[PromotableComponent]) -> Vec<String> {
    let others = components.iter().filter_map(|chosen| {
        let first = components.iter().find(|first| first.image == chosen.image && chosen.image.is_some())?;
        (first.digest != chosen.digest).then(|| {
            format!(
                "{} and {} share an image and have two digests of it: {} and {}",
                first.component, chosen.component, first.digest, chosen.digest
            )
        })
    });
    others.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sha(digit: char) -> GitSha {
        digit.to_string().repeat(40).parse().unwrap()
    }

    fn digest(digit: char) -> Digest {
        format!("sha256:{}", digit.to_string().repeat(64)).parse().unwrap()
    }

    fn look(component: &str, running: Result<char, &str>, recorded: Option<char>) -> SourceObservation {
        SourceObservation {
            component: component.parse().unwrap(),
            image: "backend".parse().ok(),
            running: running
                .map(|digit| RunningRelease { release: sha(digit), digest: digest(digit) })
                .map_err(str::to_owned),
            recorded: recorded.map(|digit| Recorded { digest: digest(digit), revision: "backend:7".into(), at: None }),
            doubts: Vec::new(),
        }
    }

    #[test]
    fn without_a_name_it_is_what_all_components_run() {
        let choice = choose(&[look("backend", Ok('a'), None), look("worker", Ok('a'), None)], None).unwrap();
        assert_eq!(choice.release, sha('a'));
        assert_eq!(choice.digest_of(&"backend".parse().unwrap()), Some(&digest('a')));
        assert!(choice.components.iter().all(|chosen| chosen.evidence == ReleaseEvidence::Runs));
    }

    #[test]
    fn a_ledger_of_tags_is_told_from_one_beside_the_files() {
        let backend = look("backend", Ok('a'), Some('b'));
        let site = SourceObservation { image: None, ..look("site", Ok('a'), Some('b')) };
        let choice = choose(&[backend, site], Some(&sha('b'))).unwrap();
        assert_eq!(choice.by_tags_alone(), ["backend in backend:7"]);
        assert_eq!(choice.by_the_ledger_alone().len(), 2);
    }

    #[test]
    fn components_that_differ_or_are_not_sound_are_told() {
        let differ = choose(&[look("backend", Ok('a'), None), look("worker", Ok('b'), None)], None).unwrap_err();
        assert_eq!(
            differ,
            ["its components run different releases: backend runs aaaaaaa, worker runs bbbbbbb"].map(str::to_owned)
        );
        let unsound = choose(&[look("backend", Ok('a'), None), look("worker", Err("why"), None)], None).unwrap_err();
        assert_eq!(unsound, ["worker: why".to_owned()]);
        let none = choose(&[look("backend", Err("why"), None)], None).unwrap_err();
        assert_eq!(none, ["backend: why".to_owned()]);
    }

    #[test]
    fn a_named_release_runs_or_is_in_the_ledger() {
        let wanted = sha('a');
        let both = [look("backend", Ok('b'), Some('a')), look("worker", Err("why"), Some('a'))];
        let choice = choose(&both, Some(&wanted)).unwrap();
        assert!(choice.components.iter().all(|chosen| matches!(chosen.evidence, ReleaseEvidence::Recorded(_))));
        let runs = choose(&[look("backend", Ok('a'), Some('a'))], Some(&wanted)).unwrap();
        assert_eq!(runs.components[0].evidence, ReleaseEvidence::Runs);
        let never = choose(&[look("backend", Ok('b'), None)], Some(&wanted)).unwrap_err();
        assert_eq!(never, ["backend runs bbbbbbb, and its ledger has no success of aaaaaaa".to_owned()]);
        let doubted = SourceObservation { doubts: vec!["backend:7: why".to_owned()], ..look("backend", Ok('b'), None) };
        let never = choose(&[doubted], Some(&wanted)).unwrap_err();
        assert!(never[0].ends_with("no success of aaaaaaa (backend:7: why)"), "{never:?}");
    }

    #[test]
    fn one_image_has_one_digest() {
        let mut worker = look("worker", Ok('a'), None);
        worker.running = Ok(RunningRelease { release: sha('a'), digest: digest('b') });
        let reasons = choose(&[look("backend", Ok('a'), None), worker], None).unwrap_err();
        assert!(reasons[0].contains("share an image"), "{reasons:?}");
    }
}
