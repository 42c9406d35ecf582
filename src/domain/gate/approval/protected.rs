//! `protected`: GitHub's environment asks its reviewers.

use super::asked::Approval;
use crate::domain::gate::judgement::{GateJudgement, Unknown};
use crate::domain::gate::subject::GateSubject;

/// GitHub's environment of the same name, as its settings are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProtectionEvidence {
    /// The page of its settings, or where one is made.
    pub settings: String,
    /// The settings. `None`: there is no such environment.
    pub found: Option<Protection>,
}

/// The settings of an environment that decide who may enter it
/// ([environments](https://docs.github.com/en/rest/deployments/environments#get-an-environment)).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Protection {
    /// How many users and teams are asked. One of them is enough.
    pub reviewers: usize,
    /// Whether those who started a run cannot approve it.
    pub prevents_self_review: bool,
    /// The branches that may deploy to it.
    pub branches: AllowedBranches,
    /// Whether administrators can go past the rules. `None`: GitHub does not say.
    pub admins_can_bypass: Option<bool>,
}

/// The branches that may deploy to an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllowedBranches {
    /// All, and all tags.
    All,
    /// Those with a rule that protects them; all, while there is no such rule.
    Protected,
    /// Those that match one of these patterns, neutral; tags among them have `tag ` before the pattern.
    Matching(Vec<String>),
}

impl AllowedBranches {
    /// Whether any branch or tag may be used, by no rule or by one that takes all.
    fn are_all(&self) -> bool {
        match self {
            // Where no branch has a rule all may deploy, and a ruleset may be none.
            Self::All | Self::Protected => true,
            Self::Matching(patterns) => patterns.iter().any(|pattern| {
                let pattern = pattern.strip_prefix("tag ").unwrap_or(pattern);
                pattern.chars().all(|character| matches!(character, '*' | '?' | '/'))
            }),
        }
    }
}

/// It exists, has reviewers, restricts branches and forbids self-review.
pub(in crate::domain::gate) fn judge(subject: &GateSubject<'_>, seen: &ProtectionEvidence) -> GateJudgement {
    let Some(Approval::Required { self_approval }) = &subject.policy.approval else {
        return GateJudgement::unknown(&Unknown::new("`approval` does not ask for it"));
    };
    let (environment, settings) = (subject.environment, &seen.settings);
    let Some(found) = &seen.found else {
        let reason =
            format!("there is no environment {environment} on GitHub, and a job would create one without rules");
        return GateJudgement::unsatisfied(reason, format!("create it with required reviewers: {settings}"));
    };
    let mut wrong = Vec::new();
    let mut fixes = Vec::new();
    let mut add = |is_wrong: bool, what: &'static str, fix: &'static str| {
        if is_wrong {
            wrong.push(what);
            fixes.push(fix);
        }
    };
    add(found.reviewers == 0, "has no required reviewers", "add required reviewers");
    add(
        !found.prevents_self_review && !self_approval,
        "lets people approve their own runs",
        "turn on \"Prevent self-review\"",
    );
    let what = match found.branches {
        AllowedBranches::Protected => "takes protected branches, which are all while no rule protects any",
        AllowedBranches::All | AllowedBranches::Matching(_) => "takes every branch",
    };
    add(found.branches.are_all(), what, "select the branches that may deploy by their names");
    if !wrong.is_empty() {
        let mut hint = format!("{} at {settings}", fixes.join(", "));
        if found.reviewers == 0 {
            hint.push_str(
                "; on a private repository without GitHub Enterprise no reviewer can be required: write \
                 `approval = { by = \"second-person\" }`",
            );
        }
        return GateJudgement::unsatisfied(format!("GitHub's environment {environment} {}", wrong.join(", ")), hint);
    }
    let asked = match found.reviewers {
        1 => "1 reviewer or team".to_owned(),
        several => format!("one of {several} reviewers and teams"),
    };
    let bypass = match found.admins_can_bypass {
        Some(true) => "administrators can bypass it",
        Some(false) => "administrators cannot bypass it",
        None => "whether administrators can bypass it GitHub does not say",
    };
    GateJudgement::satisfied(format!("GitHub's environment {environment} asks {asked}; {bypass}"))
}
