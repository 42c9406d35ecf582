//! Watches a release that was proven: one that dies after twenty seconds was never deployed.
//!
//! What is looked for beside tasks and probes is looked at once before anything is changed: an alarm that is on already says
//! nothing about the release, and what cannot be read then could not be read afterwards.

use std::time::Duration;

use jiff::Timestamp;

use super::apply::Apply;
use super::unfinished::Unfinished;
use crate::clients::alarms::Alarms;
use crate::clients::aws::AwsError;
use crate::domain::alarm::{self, Alarm, AlarmState};
use crate::domain::ecs::failing::{self, OfDeployment};
use crate::domain::ecs::ids::TaskArn;
use crate::domain::ecs::rollout::OwnDeployment;
use crate::domain::ecs::settling::{self, SettlingLine};
use crate::domain::ecs::task_definition::{LogDestination, TaskDefinition};
use crate::domain::ecs::watch::RolloutEnd;
use crate::domain::failure::Failure;
use crate::domain::outcome::Outcome;
use crate::domain::poll::PollStep;
use crate::domain::settle::pause;
use crate::domain::step::StepId;
use crate::explain::{Phase, explain};
use crate::poll::{Waiting, poll};

/// A log is read again from so long before the last poll: lines arrive late.
const LATE: Duration = Duration::from_secs(10);

/// How long after the time of `settle` something may be unreadable that has to be read.
const UNREAD: Duration = Duration::from_mins(1);
/// The pause after a transient error.
const AFTER_ERROR: Duration = Duration::from_secs(5);

/// A release that is being watched.
struct SettlingRelease<'s> {
    step: &'s StepId,
    ours: &'s OwnDeployment,
    definition: &'s TaskDefinition,
    /// The tasks that failed before it was proven. What was started again since has been forgiven.
    forgiven: Vec<TaskArn>,
    /// The tasks that run.
    tasks: Vec<TaskArn>,
    /// Since when its log is read.
    since: Timestamp,
}

impl Apply<'_> {
    /// Looks once at what the release is watched for later, before anything is changed, and keeps which alarms are on.
    ///
    /// # Errors
    ///
    /// An alarm does not exist, or something cannot be read.
    pub(super) async fn look_before_settling(&self, definition: &TaskDefinition) -> Result<(), Failure> {
        let settle = &self.plan.target.settle;
        if !settle.logs_without.is_empty() {
            self.log_lines(definition, self.run.now()).await?;
        }
        let alarms = self.alarms(Phase::Before).await?;
        if let [name, ..] = alarm::missing(&settle.alarms, &alarms)[..] {
            let reason = format!("alarm `{name}` does not exist, but `settle` of {} names it", self.component);
            return Err(Failure::failed(reason).hint("create it in the environment's region, or correct `alarms`"));
        }
        let on = alarms.iter().filter(|alarm| alarm.state == AlarmState::Alarm).map(|alarm| alarm.name.clone());
        let on: Vec<String> = on.collect();
        for name in &on {
            let text = format!("alarm `{name}` is on before the rollout, so it says nothing about the release");
            self.run.events.warning(text, Some("find out why it is on".to_owned()));
        }
        self.before.borrow_mut().alarms = on;
        Ok(())
    }

    /// Watches the release for the configured time: its tasks, its probes, alarms and its log.
    ///
    /// # Errors
    ///
    /// It did not stay as it was proven.
    pub(super) async fn settle(
        &self,
        step: &StepId,
        tasks: Vec<TaskArn>,
        ours: &OwnDeployment,
        definition: &TaskDefinition,
    ) -> Result<(), Unfinished> {
        let time = self.plan.target.settle.time;
        let forgiven = self.failed_tasks(ours).await?.into_iter().map(|(arn, _)| arn).collect();
        let since = ours.created.unwrap_or_else(|| self.run.now());
        let mut settling = SettlingRelease { step, ours, definition, forgiven, tasks, since };
        let look = async |()| self.still_runs(&mut settling).await;
        let mut is_warned = false;
        poll(Waiting::In(&self.run.events, step), (), look, |elapsed, looked: Result<(), Unfinished>| match looked {
            // What cannot be read now may be readable at the next poll, and says nothing until then.
            Err(unfinished) if unfinished.failure.is_transient && elapsed < time + UNREAD => {
                if !std::mem::replace(&mut is_warned, true) {
                    self.run.events.warning(unfinished.failure.brief(), None);
                }
                PollStep::again(AFTER_ERROR)
            }
            Err(unfinished) => PollStep::Done(Err(unfinished)),
            Ok(()) if elapsed >= time => {
                self.run.events.result(step, format!("it stayed up for {} s", time.as_secs()));
                PollStep::Done(Ok(()))
            }
            Ok(()) => {
                let text = format!("stays up: {} of {} s", elapsed.as_secs(), time.as_secs());
                self.run.events.progress(step, &text);
                PollStep::again(pause(elapsed, time))
            }
        })
        .await
    }

    /// Looks once at everything.
    async fn still_runs(&self, settling: &mut SettlingRelease<'_>) -> Result<(), Unfinished> {
        let SettlingRelease { step, ours, definition, .. } = *settling;
        let followed = self.follower(step, ours, definition, &settling.tasks).run(None).await;
        // After that: a task that ended may have been replaced while it was followed.
        let failed = self.failed_tasks(ours).await?;
        if let Some((task, ending)) = failed.into_iter().find(|(arn, _)| !settling.forgiven.contains(arn)) {
            return Err(Unfinished::of_the_release(settling::died(&task, &ending)));
        }
        settling.tasks = match followed? {
            RolloutEnd::Proven { tasks } | RolloutEnd::Replaced { tasks } => tasks,
            RolloutEnd::NothingDesired => return Err(self.nothing_desired().into()),
        };
        self.ask_probes(step, ours).await?;
        self.alarms_are_quiet().await?;
        self.log_is_clean(settling).await
    }

    async fn alarms_are_quiet(&self) -> Result<(), Unfinished> {
        let alarms = self.alarms(Phase::After).await.map_err(Unfinished::unknown)?;
        if let [name, ..] = alarm::missing(&self.plan.target.settle.alarms, &alarms)[..] {
            let reason = format!("alarm `{name}` is gone, so whether it would have gone off is unknown");
            return Err(Unfinished::unknown(Failure::new(Outcome::Broken, reason).hint("create it again")));
        }
        match alarm::gone_off(&alarms, &self.before.borrow().alarms) {
            Some(alarm) => Err(Unfinished::of_the_release(settling::alarmed(alarm))),
            None => Ok(()),
        }
    }

    /// The tasks of the deployment that ended in a way that speaks against its release, and how.
    async fn failed_tasks(&self, ours: &OwnDeployment) -> Result<Vec<(TaskArn, String)>, Unfinished> {
        let stopped = self.stopped.look(self.run.cloud, &self.plan.target).await;
        let stopped = stopped.map_err(|error| {
            let is_transient = error.is_transient();
            Unfinished::unknown(Failure { is_transient, ..explain(&error, Phase::After) })
        })?;
        let of = OfDeployment { revision: &ours.task_definition, since: ours.created };
        let failed = stopped.iter().filter(|task| of.has(task));
        Ok(failed.filter_map(|task| Some((task.arn.clone(), failing::ending(task)?.to_string()))).collect())
    }

    /// The alarms that are looked at. `phase`: what it means that they cannot be.
    async fn alarms(&self, phase: Phase) -> Result<Vec<Alarm>, Failure> {
        let names = &self.plan.target.settle.alarms;
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let client = self.run.cloud.client::<Alarms>()?;
        let explained = |error: AwsError| Failure { is_transient: error.is_transient(), ..explain(&error, phase) };
        client.named(names).await.map_err(explained)
    }

    async fn log_is_clean(&self, settling: &mut SettlingRelease<'_>) -> Result<(), Unfinished> {
        let patterns = &self.plan.target.settle.logs_without;
        if patterns.is_empty() {
            return Ok(());
        }
        let now = self.run.now();
        let lines = self.log_lines(settling.definition, settling.since).await;
        let lines = lines.map_err(|failure| {
            let is_transient = failure.is_transient;
            let failure = Failure { outcome: Outcome::Broken, is_transient, ..failure };
            Unfinished::unknown(failure)
        })?;
        if let Some((pattern, line)) = settling::unwanted(&lines, &settling.tasks, patterns) {
            return Err(Unfinished::of_the_release(settling::logged(pattern, line)));
        }
        settling.since = now.checked_sub(LATE).map_or(now, |from| from.max(settling.since));
        Ok(())
    }

    /// What the container wrote since a time.
    async fn log_lines(&self, definition: &TaskDefinition, since: Timestamp) -> Result<Vec<SettlingLine>, Failure> {
        let destination = self.log_destination(definition)?;
        let logs = self.run.cloud.logs_in(destination.region.as_ref());
        let lines = logs.since(&destination.group, &destination.stream(""), since).await?;
        Ok(lines.into_iter().map(|line| SettlingLine { stream: line.stream, text: line.text }).collect())
    }

    fn log_destination(&self, definition: &TaskDefinition) -> Result<LogDestination, Failure> {
        let container = &self.plan.target.container;
        definition.log_destination(container).ok_or_else(|| {
            let reason = format!("container `{container}` does not log to CloudWatch Logs, which `logs-without` reads");
            Failure::failed(reason).hint("use log driver `awslogs` with `awslogs-group` and `awslogs-stream-prefix`")
        })
    }
}
