//! What the builds of a branch say of what it serves.
//!
//! Source: [`JobSummary`](https://docs.aws.amazon.com/amplify/latest/APIReference/API_JobSummary.html).

use jiff::Timestamp;

use super::names::BranchName;
use crate::domain::neutral;
use crate::domain::release::GitSha;

/// How much of a name is shown, in characters.
const LONGEST: usize = 60;

/// A build of a branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BranchBuild {
    /// Its id, which is a number.
    pub id: String,
    /// What it built: a commit, or `HEAD`.
    pub commit: String,
    /// How far it is.
    pub state: BuildState,
    /// When it ended.
    pub ended: Option<Timestamp>,
}

/// How far a build is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BuildState {
    /// It goes on, or is to begin.
    Running,
    /// It ended well.
    Succeeded,
    /// It ended badly.
    Failed,
    /// Somebody ended it.
    Cancelled,
    /// A word that is not documented.
    Other(String),
}

impl BuildState {
    /// By AWS's word.
    pub fn of(word: &str) -> Self {
        match word {
            "CREATED" | "PENDING" | "PROVISIONING" | "RUNNING" | "CANCELLING" => Self::Running,
            "SUCCEED" => Self::Succeeded,
            "FAILED" => Self::Failed,
            "CANCELLED" => Self::Cancelled,
            other => Self::Other(neutral::phrase(other, LONGEST)),
        }
    }

    fn words(&self) -> String {
        match self {
            Self::Running => "is running".to_owned(),
            Self::Succeeded => "succeeded".to_owned(),
            Self::Failed => "failed".to_owned(),
            Self::Cancelled => "was cancelled".to_owned(),
            Self::Other(word) => format!("has the status `{word}`"),
        }
    }
}

/// The build that a branch names as active.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Active {
    /// It names none.
    None,
    /// It names one that is not there.
    Gone(String),
    /// This one.
    Job(BranchBuild),
}

/// What a branch is known to serve.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Serving {
    /// The commit. `None`: it is not known.
    pub commit: Option<GitSha>,
    /// Since when.
    pub since: Option<Timestamp>,
    /// What is only said.
    pub plain: Vec<String>,
    /// What somebody has to do something about.
    pub odd: Vec<String>,
}

/// What a branch serves. `newest`: the newest of its builds, where there is one.
pub fn serving(branch: &BranchName, active: &Active, newest: Option<&BranchBuild>) -> Serving {
    let mut serving = Serving::default();
    let named = |id: &str| format!("job {} of branch {branch}", neutral::phrase(id, LONGEST));
    match active {
        Active::None => serving.odd.push(format!("no build of branch {branch} is active")),
        Active::Gone(id) => {
            serving
                .odd
                .push(format!("{} is active and not there any more: which commit is served is not known", named(id)));
        }
        Active::Job(job) if job.state != BuildState::Succeeded => {
            let (job, state) = (named(&job.id), job.state.words());
            serving.odd.push(format!("{job} is active and {state}: which commit is served is not known"));
        }
        Active::Job(job) => {
            serving.since = job.ended;
            serving.commit = job.commit.parse().ok();
            if serving.commit.is_none() {
                let what = neutral::phrase(&job.commit, LONGEST);
                serving.odd.push(format!("{} built `{what}`: which commit that was is not recorded", named(&job.id)));
            }
            let job = named(&job.id);
            serving.plain.push(format!("{job} succeeded, which does not prove what is served"));
        }
    }
    let active = match active {
        Active::None => None,
        Active::Gone(id) => Some(id),
        Active::Job(job) => Some(&job.id),
    };
    if let Some(newest) = newest.filter(|newest| active.is_none_or(|active| is_newer(&newest.id, active))) {
        let text = format!("{} {}", named(&newest.id), newest.state.words());
        match newest.state {
            BuildState::Running | BuildState::Cancelled => serving.plain.push(text),
            BuildState::Succeeded => serving.odd.push(format!("{text}, and is not the active one")),
            BuildState::Failed | BuildState::Other(_) => serving.odd.push(text),
        }
    }
    serving
}

/// Whether a build came after another. An id that is no number may be any.
fn is_newer(id: &str, other: &str) -> bool {
    match (id.parse::<u64>(), other.parse::<u64>()) {
        (Ok(id), Ok(other)) => id > other,
        _ => id != other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

    fn job(id: &str, commit: &str, word: &str) -> BranchBuild {
        let ended = Some("2026-11-01T12:00:00Z".parse().unwrap());
        BranchBuild { id: id.to_owned(), commit: commit.to_owned(), state: BuildState::of(word), ended }
    }

    #[test]
    fn only_a_build_that_succeeded_says_which_commit_is_served() {
        let proven = "plain: job 25 of branch main succeeded, which does not prove what is served";
        let good = || Active::Job(job("25", SHA, "SUCCEED"));
        let of = |word| Active::Job(job("25", SHA, word));
        let newest = |id, word| Some(job(id, "HEAD", word));
        for (active, newest, is_known, said) in [
            (good(), newest("25", "SUCCEED"), true, vec![proven]),
            (good(), None, true, vec![proven]),
            (good(), newest("26", "FAILED"), true, vec![proven, "odd: job 26 of branch main failed"]),
            (good(), newest("26", "PROVISIONING"), true, vec![proven, "plain: job 26 of branch main is running"]),
            (good(), newest("26", "CANCELLED"), true, vec![proven, "plain: job 26 of branch main was cancelled"]),
            (good(), newest("26", "NEW\n"), true, vec![proven, "odd: job 26 of branch main has the status `NEW`"]),
            (
                good(),
                newest("26", "SUCCEED"),
                true,
                vec![proven, "odd: job 26 of branch main succeeded, and is not the active one"],
            ),
            // Whatever the order of AWS, an older one says nothing.
            (good(), newest("9", "FAILED"), true, vec![proven]),
            (
                Active::Job(job("25", "HEAD", "SUCCEED")),
                None,
                false,
                vec![proven, "odd: job 25 of branch main built `HEAD`: which commit that was is not recorded"],
            ),
            (
                of("FAILED"),
                newest("25", "FAILED"),
                false,
                vec!["odd: job 25 of branch main is active and failed: which commit is served is not known"],
            ),
            (
                of("RUNNING"),
                None,
                false,
                vec!["odd: job 25 of branch main is active and is running: which commit is served is not known"],
            ),
            (
                Active::Gone("25".to_owned()),
                None,
                false,
                vec![
                    "odd: job 25 of branch main is active and not there any more: which commit is served is not known",
                ],
            ),
            (
                Active::None,
                newest("1", "FAILED"),
                false,
                vec!["odd: no build of branch main is active", "odd: job 1 of branch main failed"],
            ),
        ] {
            let serving = serving(&"main".parse().unwrap(), &active, newest.as_ref());
            let plain = serving.plain.iter().map(|text| format!("plain: {text}"));
            let odd = serving.odd.iter().map(|text| format!("odd: {text}"));
            let mut all: Vec<String> = plain.chain(odd).collect();
            let mut said: Vec<String> = said.into_iter().map(str::to_owned).collect();
            all.sort();
            said.sort();
            assert_eq!((all, serving.commit.is_some()), (said, is_known), "{active:?}, {newest:?}");
        }
    }
}
