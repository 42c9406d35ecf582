//! The document of a command that ends with an outcome.

use serde::Serialize;

use super::cause::{self, CauseV1};
use super::component::{ChangeV1, ComponentV1};
use super::proof::SourceProofV1;
use super::record::HoldV1;
use super::text::{SCHEMA, to_text};
use crate::domain::failure::Failure;
use crate::domain::gate::{Approval, Gate};
use crate::domain::origin::ReusedImage;
use crate::domain::outcome::Outcome;
use crate::domain::plan::{LeftRelease, UnholdPlan};
use crate::domain::release::Commits;
use crate::domain::step::StepId;
use crate::domain::view::plan::CommitRange;
use crate::report::record::{Record, RecordedWarning, StepRecord};

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct ReportV1 {
    /// The name of this form of documents.
    #[cfg_attr(test, schemars(extend("const" = SCHEMA)))]
    schema: &'static str,
    /// The version of shipgate.
    version: &'static str,
    /// The command, with `plan` before it where nothing is changed.
    command: String,
    /// As it was given. `null`: it was not.
    environment: Option<String>,
    /// The application, and where the environment is. `null`: there is no plan.
    app: Option<String>,
    /// The id of its AWS account. `null`: there is no plan.
    account: Option<String>,
    /// Its AWS region. `null`: there is no plan.
    region: Option<String>,
    /// Where people find the environment.
    url: Option<String>,
    /// The page of the workflow run. `null`: it is none.
    run: Option<String>,
    /// Who started the workflow run, by login. `null`: it is none.
    by: Option<String>,
    /// When the command began, in UTC.
    started_at: Option<String>,
    /// When it ended, in UTC.
    finished_at: Option<String>,
    /// How the command ended: the worst outcome of its components.
    #[cfg_attr(test, schemars(extend("enum" = super::schema::outcomes())))]
    outcome: &'static str,
    /// The release. `null`: none was found.
    release: Option<ReleaseV1>,
    /// What names the plan, for `--expect-plan`. `null`: there is no plan.
    plan_digest: Option<String>,
    /// What each gate decided.
    gates: Vec<GateV1>,
    /// `none`: no approval is asked for. `null`: nothing is configured.
    approval: Option<&'static str>,
    /// What people check by hand before they approve, as the configuration lists it.
    checklist: Vec<String>,
    /// The commits between what runs and the release. `null`: they are not known, or are not asked for.
    commits: Option<CommitsV1>,
    /// What a rollback bars, or would.
    barred: Vec<BarredV1>,
    /// The components, in the order of the configuration.
    components: Vec<ComponentV1>,
    /// What proves the release where it comes from, of a promotion.
    source_proofs: Vec<SourceProofV1>,
    /// What would be taken off, of `plan unhold`.
    #[serde(skip_serializing_if = "Option::is_none")]
    holds: Option<Vec<HoldV1>>,
    /// Why it would be.
    #[serde(skip_serializing_if = "Option::is_none")]
    unhold_reason: Option<String>,
    /// Images that were in the repository before this run.
    reused: Vec<ReusedV1>,
    /// The steps of the plan.
    steps: Vec<StepV1>,
    /// What it made and nothing uses, such as an image or a revision. Empty after a success.
    left_behind: Vec<String>,
    /// What does not stop the command and has to be known.
    warnings: Vec<String>,
    /// An entry for each of `warnings`, in the same order.
    warning_details: Vec<WarningV1>,
    /// Why the command failed, in one sentence. Absent: it did not fail.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// What led to it, as texts. Absent: it did not fail.
    #[serde(skip_serializing_if = "Option::is_none")]
    causes: Option<Vec<String>>,
    /// An entry for each of `causes`, in the same order. Absent: it did not fail.
    #[serde(skip_serializing_if = "Option::is_none")]
    cause_details: Option<Vec<CauseV1>>,
    /// What to do about it. Absent: it did not fail.
    #[serde(skip_serializing_if = "Option::is_none")]
    hints: Option<Vec<String>>,
    /// What is wrong with the configuration. Absent: nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    problems: Option<Vec<ProblemV1>>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct WarningV1 {
    /// The warning, as `warnings` has it.
    text: String,
    /// What to do about it.
    hint: Option<String>,
    /// The differences that it is about.
    changes: Vec<ChangeV1>,
}

impl From<&RecordedWarning> for WarningV1 {
    fn from(warning: &RecordedWarning) -> Self {
        let changes = warning.changes.iter().map(Into::into).collect();
        Self { text: warning.text.clone(), hint: warning.hint.clone(), changes }
    }
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct ReleaseV1 {
    /// `null`: the baseline, which has no commit.
    sha: Option<String>,
    /// Whether it is what ran before the first release. Absent: no.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    baseline: bool,
    /// The digest of each artifact, by the component that ships it.
    digests: indexmap::IndexMap<String, String>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct GateV1 {
    /// The gate.
    name: &'static str,
    /// `unknown`: the evidence is missing, which refuses. A gate that is not evaluated is not listed.
    #[cfg_attr(test, schemars(extend("enum" = ["satisfied", "unsatisfied", "unknown", "pending"])))]
    verdict: &'static str,
    /// Why it decided so.
    reason: String,
    /// What would change that. `null`: there is nothing to do.
    hint: Option<String>,
    /// Whether the configuration has something to say of it.
    configured: bool,
    /// The reason of the override.
    #[serde(rename = "override")]
    overridden: Option<String>,
}

impl From<&Gate> for GateV1 {
    fn from(gate: &Gate) -> Self {
        Self {
            name: gate.name.as_str(),
            verdict: gate.verdict.as_str(),
            reason: gate.reason.clone(),
            hint: gate.hint.clone(),
            configured: gate.is_configured,
            overridden: gate.overridden.clone(),
        }
    }
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct BarredV1 {
    /// The commits of this release…
    left: String,
    /// …that this one does not have. `null`: the baseline, which has no commit.
    returned: Option<String>,
}

impl BarredV1 {
    fn new(barred: &LeftRelease) -> Self {
        Self { left: barred.left.to_string(), returned: barred.returned.as_ref().map(ToString::to_string) }
    }
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct ReusedV1 {
    /// The component that runs it.
    component: String,
    /// The image, with its digest.
    image: String,
    /// How the image came there: `recorded` by a run of shipgate, `announced` in GitHub by one, or from `elsewhere`.
    origin: &'static str,
    /// The run that recorded it. `null`: none did.
    recorded_by: Option<String>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct CommitsV1 {
    /// How many commits there are.
    count: usize,
    /// Whether there are more than `count`, which then is where counting ended.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    more: bool,
    /// Whether the release lacks these commits: an older one is shipped.
    taken_back: bool,
    /// The newest of them.
    newest: Vec<CommitV1>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct CommitV1 {
    /// The commit, with all its digits.
    sha: String,
    /// The first line of its message.
    subject: String,
    /// The account on GitHub, or the name in the commit.
    author: String,
    /// The number of the pull request that brought it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pull_request: Option<u64>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct StepV1 {
    /// Unique in the document.
    id: String,
    /// The step, as people read it.
    name: String,
    /// `null`: the step is about another environment.
    component: Option<String>,
    /// The steps that are done before it, by `id`.
    needs: Vec<String>,
    /// Absent: it was not taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds: Option<f64>,
    /// How it ended. `planned`: it was not taken.
    #[cfg_attr(test, schemars(extend("enum" = ["planned", "done", "failed", "interrupted"])))]
    result: &'static str,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct ProblemV1 {
    /// The file. `null`: it is about none.
    file: Option<String>,
    /// The line, from 1.
    line: Option<usize>,
    /// The column, in characters from 1.
    column: Option<usize>,
    /// What is wrong.
    message: String,
    /// What to do about it.
    hint: String,
}

impl From<&StepRecord> for StepV1 {
    fn from(step: &StepRecord) -> Self {
        Self {
            id: step.step.key(),
            name: step.step.to_string(),
            component: step.step.component().map(ToString::to_string),
            needs: step.needs.iter().map(StepId::key).collect(),
            seconds: step.result.map(|_| step.took.as_secs_f64()),
            result: step.result(),
        }
    }
}

impl From<&ReusedImage> for ReusedV1 {
    fn from(reused: &ReusedImage) -> Self {
        Self {
            component: reused.component.to_string(),
            image: reused.image.to_string(),
            origin: reused.origin.as_str(),
            recorded_by: reused.origin.recorded_by().map(str::to_owned),
        }
    }
}

impl From<&CommitRange> for CommitsV1 {
    fn from(between: &CommitRange) -> Self {
        let newest = between.commits.newest.iter();
        Self {
            count: between.commits.count,
            more: Commits::is_beyond(between.commits.count),
            taken_back: between.taken_back,
            newest: newest
                .map(|commit| CommitV1 {
                    sha: commit.sha.to_string(),
                    subject: commit.subject.clone(),
                    author: commit.author.clone(),
                    pull_request: commit.pull_request,
                })
                .collect(),
        }
    }
}

/// The holds that would be taken off.
fn holds(plan: &UnholdPlan) -> Vec<HoldV1> {
    let of_component = plan.components.iter();
    let each = of_component
        .flat_map(|component| component.holds.iter().map(|hold| HoldV1::new(component.name.as_str(), hold)));
    each.collect()
}

/// The document of a command with an outcome.
pub fn report(record: &Record, outcome: Outcome, failure: Option<&Failure>) -> String {
    to_text(&document(record, outcome, failure))
}

/// The same as a part of another document.
pub(super) fn document(record: &Record, outcome: Outcome, failure: Option<&Failure>) -> ReportV1 {
    let digests = record.digests.iter().map(|(name, digest)| (name.to_string(), digest.to_string()));
    let problems = failure.and_then(|failure| failure.diagnostics.as_ref()).map(|diagnostics| {
        let problems = diagnostics.problems.iter();
        problems
            .map(|problem| ProblemV1 {
                file: problem.file.as_ref().map(ToString::to_string),
                line: problem.place.map(|place| place.line),
                column: problem.place.map(|place| place.column),
                message: problem.message.clone(),
                hint: problem.hint.clone(),
            })
            .collect()
    });
    let (policy, target) = (record.policy.as_ref(), record.target.as_ref());
    ReportV1 {
        schema: SCHEMA,
        version: env!("CARGO_PKG_VERSION"),
        command: record.command.clone(),
        environment: Some(record.environment.clone()).filter(|environment| !environment.is_empty()),
        app: target.map(|target| target.app.clone()),
        account: target.map(|target| target.account.to_string()),
        region: target.map(|target| target.region.to_string()),
        url: record.url.clone(),
        run: record.run.clone(),
        by: record.by.clone(),
        started_at: record.began.map(|at| at.to_string()),
        finished_at: record.ended.map(|at| at.to_string()),
        outcome: outcome.as_str(),
        release: record.release.as_ref().map(|release| ReleaseV1 {
            sha: release.sha().map(|_| release.to_string()),
            baseline: release.is_baseline(),
            digests: digests.collect(),
        }),
        plan_digest: record.plan_digest.as_ref().map(ToString::to_string),
        gates: record.gates.iter().map(Into::into).collect(),
        approval: policy.and_then(|policy| policy.approval.as_ref()).map(Approval::as_str),
        checklist: policy.map(|policy| policy.checklist.clone()).unwrap_or_default(),
        commits: record.commits.as_ref().map(Into::into),
        barred: record.barred.iter().map(BarredV1::new).collect(),
        components: record.components.iter().map(|component| ComponentV1::new(component, record)).collect(),
        source_proofs: record.proofs.iter().filter_map(SourceProofV1::of).collect(),
        holds: record.unhold.as_ref().map(holds),
        unhold_reason: record.unhold.as_ref().map(|plan| plan.reason.clone()),
        reused: record.reused.iter().map(Into::into).collect(),
        steps: record.steps.iter().map(Into::into).collect(),
        left_behind: if outcome.is_success() { Vec::new() } else { record.left_behind() },
        warnings: record.warnings.iter().map(RecordedWarning::shown).collect(),
        warning_details: record.warnings.iter().map(Into::into).collect(),
        reason: failure.map(|failure| failure.reason.clone()),
        causes: failure.map(|failure| cause::texts(&failure.causes)),
        cause_details: failure.map(|failure| cause::details(&failure.causes)),
        hints: failure.map(|failure| failure.hints.clone()),
        problems,
    }
}
