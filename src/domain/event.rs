//! What happens in a run, as data. Events go out; nothing in the program reads them to decide anything.

use std::time::Duration;

use super::failure::Cause;
use super::ids::DeploymentId;
use super::image::Digest;
use super::names::ComponentName;
use super::origin::ReusedImage;
use super::outcome::Outcome;
use super::proof::{ProbeAnswer, ProvenTasks};
use super::release::ReleaseName;
use super::step::{StepId, StepSubject};
use super::view::holds::PlannedUnhold;
use super::view::logs::LogEntry;
use super::view::plan::{NothingToPromote, Running, ShownPlan};
use crate::domain::plan::PlanChange;

/// Something that happens while a command runs. All text is neutral already.
#[derive(Debug, Clone, PartialEq)]
pub enum RunEvent {
    /// It is known which release the run is about.
    ReleaseChosen(ReleaseName),
    /// The source of a promotion has proven no release, so there is no plan.
    NothingToPromote(Box<NothingToPromote>),
    /// Which images were in their repositories before.
    ImagesReused(Vec<ReusedImage>),
    /// The plan is made and its gates are evaluated.
    Planned(Box<ShownPlan>),
    /// The same of a plan that takes holds off.
    UnholdPlanned(Box<PlannedUnhold>),
    /// The plan is authorized. From here on something may be changed.
    ApplyStarted,
    /// The image that a component builds or uses is in its repository.
    ImageKnown {
        /// The component that builds it.
        component: ComponentName,
        /// Its digest.
        digest: Digest,
    },
    /// All that the plan of a component left open is known.
    Refined {
        /// The component.
        component: ComponentName,
        /// What differs afterwards.
        changes: Vec<PlanChange>,
    },
    /// Something new exists, which is left behind if none of the components gets to run the release.
    Made {
        /// What.
        what: String,
        /// The components that use it.
        used_by: Vec<ComponentName>,
    },
    /// What serves is about to be changed. Emitted before it is so: a signal in the middle of the call must not hide it.
    ChangeStarted {
        /// The component.
        component: ComponentName,
        /// What continues without this run, if it ends here.
        continues: String,
    },
    /// The change that was about to be made is known not to have been made.
    ChangeRefused {
        /// The component.
        component: ComponentName,
    },
    /// It is known which deployment of a component the run follows. Emitted again when another one has taken over.
    DeploymentFollowed {
        /// The component.
        component: ComponentName,
        /// The deployment.
        deployment: DeploymentId,
    },
    /// It is known which revision a component is to run.
    RevisionKnown {
        /// The component.
        component: ComponentName,
        /// The revision, for people: `backend:8`.
        revision: String,
    },
    /// The tasks of a component were read back, and run the release.
    TasksProven {
        /// The component, here or where the release comes from.
        subject: StepSubject,
        /// The tasks.
        tasks: ProvenTasks,
    },
    /// A probe was decided.
    ProbeAnswered {
        /// The component, here or where the release comes from.
        subject: StepSubject,
        /// How.
        answer: ProbeAnswer,
    },
    /// A component was seen to serve something.
    Serves {
        /// The component.
        component: ComponentName,
        /// What.
        running: Running,
    },
    /// How a component ended.
    ComponentEnded {
        /// The component.
        component: ComponentName,
        /// How.
        outcome: Outcome,
        /// Why.
        causes: Vec<Cause>,
        /// What it runs if it runs the release now.
        released: Option<Running>,
    },
    /// A step began.
    StepStarted(StepId),
    /// Something that a step started continues without this run, if the run ends here.
    Continues {
        /// The step.
        step: StepId,
        /// What continues, and what to do about it.
        hint: String,
    },
    /// It is known what a step led to. It is shown when the step ends.
    StepResult {
        /// The step.
        step: StepId,
        /// What, in words.
        text: String,
    },
    /// A step ended.
    StepEnded {
        /// The step.
        step: StepId,
        /// When it began, since the run did.
        began: Duration,
        /// How long it took.
        took: Duration,
        /// How.
        result: StepResult,
    },
    /// A line of a child process or a container.
    Output {
        /// The step that it belongs to.
        step: StepId,
        /// The line.
        line: String,
    },
    /// A task failed while it was waited for.
    TaskFailed {
        /// The step.
        step: StepId,
        /// Which, and how it ended.
        text: String,
        /// The last line that it wrote, neutral. Absent: it is not known.
        last_line: Option<String>,
    },
    /// The tasks of a rollout as they are now. Emitted where somebody watches.
    Tasks {
        /// The step.
        step: StepId,
        /// The tasks, those of the release first.
        tasks: Vec<SeenTask>,
    },
    /// How long a rollout is expected to take. Emitted when it begins.
    Expected {
        /// The step.
        step: StepId,
        /// How long the last one took, where that is known.
        usual: Option<Duration>,
        /// When it is given up.
        timeout: Duration,
    },
    /// How far a step is. Emitted once for each change.
    Progress {
        /// The step.
        step: StepId,
        /// How far.
        text: String,
    },
    /// Nothing new happens, and the run goes on.
    Heartbeat {
        /// The step.
        step: StepId,
        /// How far it is.
        text: String,
        /// For how long.
        elapsed: Duration,
    },
    /// Something to know that changes nothing.
    Note {
        /// The component that it is about, where the run is at work on several.
        about: Option<ComponentName>,
        /// What.
        text: String,
    },
    /// Something to look at.
    Warning {
        /// The component that it is about, where the run is at work on several.
        about: Option<ComponentName>,
        /// What.
        text: String,
        /// What to do.
        hint: Option<String>,
    },
    /// Something that could not be reported where that was wanted.
    NotReported {
        /// What, and why not.
        what: String,
        /// What to do. Absent: it is as it should be.
        hint: Option<String>,
    },
    /// What the containers of an environment wrote.
    Logged {
        /// The lines.
        entries: Vec<LogEntry>,
        /// Whether they are of several components.
        of_several: bool,
    },
    /// Something that happens in a run within this one: `check` plans the deploy of each environment.
    Within {
        /// The environment that the inner run is about.
        environment: String,
        /// What happens there.
        event: Box<Self>,
    },
}

/// A task as people see it while they wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenTask {
    /// The first digits of its id.
    pub id: String,
    /// How it is, in a word: `running`, `starting`, `not ready`, `stopping`, or `old` of another revision.
    pub state: &'static str,
    /// More of it, neutral. Empty: there is no more.
    pub detail: String,
    /// How old it is, where that is known.
    pub age: Option<Duration>,
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepResult {
    /// As it should.
    Done,
    /// With an error.
    Failed,
    /// A signal ended it half-way.
    Interrupted,
}

impl StepResult {
    /// The word of the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
        }
    }
}
