//! What merging would change, where credentials allow to look.

use crate::cli;
use crate::clients::git::Git;
use crate::commands::change::{Invocation, Until};
use crate::commands::deploy;
use crate::commands::statuses::Statuses;
use crate::context::Context;
use crate::domain::check::outline::{Environment, Outline};
use crate::domain::check::{Finding, Findings, Level, Rule, Subject};
use crate::domain::failure::Failure;
use crate::domain::gate::Verdict;
use crate::domain::role::Access;
use crate::domain::target::Target;
use crate::observe::{Configuration, Identities};
use crate::report::Reporter;
use crate::report::journal::{Journal, Record};

/// What planning needs.
pub struct Planner<'a> {
    /// Where we run.
    pub context: &'a Context,
    /// The options of every command.
    pub global: &'a cli::Global,
    /// Reads the wall clock.
    pub clock: fn() -> jiff::Timestamp,
    /// Makes what shows events.
    pub reporter: &'a dyn Fn() -> Box<dyn Reporter>,
    /// The configuration.
    pub configuration: &'a Configuration,
    /// Its outline.
    pub outline: &'a Outline,
    /// The clone.
    pub git: &'a Git,
}

impl Planner<'_> {
    /// Plans the deploy of what is checked out. Environments that promote are not even looked at: a pull request may
    /// become nobody there.
    pub async fn plan(
        &self,
        environment: &Environment,
        target: Option<Target>,
        findings: &mut Findings,
    ) -> Result<Option<Record>, Failure> {
        if environment.promotes_from.is_some() {
            return Ok(None);
        }
        let what = format!("what merging would change on {}", environment.name);
        let Some(target) = target else {
            findings.left_out(what, "its configuration has variables without a value here", None);
            return Ok(None);
        };
        if let Some(failure) = self.nobody(&target).await {
            // Whoever sends a pull request from a fork can do nothing about it, and nothing is wrong.
            let hint = failure.hints.first().filter(|_| !self.context.job().from_fork).cloned();
            findings.left_out(what, failure.brief(), hint);
            return Ok(None);
        }
        let journal = Journal::new((self.reporter)(), "plan deploy", &environment.name, &[]);
        let statuses = Statuses::new(self.context, Until::Planned);
        let told = (&journal, &statuses);
        let invocation = Invocation::new(self.context, self.global, Until::Planned, told, self.clock)?;
        // By hand there may be changes: they are planned as they are.
        let arguments =
            cli::Deploy { environment: environment.name.clone(), components: Vec::new(), allow_dirty: true };
        findings.looked_at(Subject::Environment, &environment.name);
        match Box::pin(deploy::run(&invocation, &arguments)).await {
            Ok(_) => {
                let record = journal.record();
                self.gates(environment, &record, findings);
                Ok(Some(record))
            }
            Err(failure) => {
                self.failed(environment, &failure, findings);
                Ok(None)
            }
        }
    }

    /// Why nobody can look.
    async fn nobody(&self, target: &Target) -> Option<Failure> {
        let job = self.context.job();
        let event = job.event.as_deref().unwrap_or_default();
        if event == "pull_request_target" {
            return Some(
                Failure::invalid("`pull_request_target` runs a stranger's commit with this repository's rights")
                    .hint("use `pull_request`"),
            );
        }
        let (role, read_role) = (&target.roles.role, &target.roles.read_role);
        if let (true, Some(role), None) = (event == "pull_request", role, read_role) {
            return Some(
                Failure::invalid(format!("{role} changes the environment, and lets no pull request in"))
                    .hint("add a `read-role`: `shipgate iam trust --read-role` prints who may become it"),
            );
        }
        if let Err(failure) = self.git.head().await {
            return Some(failure);
        }
        Identities::new(self.context, &self.configuration.directory).nobody(target, Access::Read).await
    }

    fn failed(&self, environment: &Environment, failure: &Failure, findings: &mut Findings) {
        let reasons = [std::slice::from_ref(&failure.reason), &failure.causes].concat();
        let message = format!("a deploy to {} would fail: {}", environment.name, reasons.join("; "));
        let finding = self.at(environment, Rule::Plan, &message, &failure.hints.join("; "));
        findings.found(if failure.transient { finding.at_level(Level::Warning) } else { finding });
    }

    fn gates(&self, environment: &Environment, record: &Record, findings: &mut Findings) {
        for gate in record.gates.iter().filter(|gate| gate.verdict == Verdict::Unsatisfied) {
            let message = format!("gate {} would refuse a deploy to {}: {}", gate.name, environment.name, gate.reason);
            let hint = gate.hint.as_deref().unwrap_or("look at the gate before merging");
            findings.found(self.at(environment, Rule::Gate, &message, hint));
        }
    }

    fn at(&self, environment: &Environment, rule: Rule, message: &str, hint: &str) -> Finding {
        Finding::new(rule, message, hint).in_file(&self.outline.file, environment.place)
    }
}
