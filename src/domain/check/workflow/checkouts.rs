//! The steps of a workflow that check out its repository.

use std::collections::HashMap;

use github_actions_models::common::Uses;
use github_actions_models::common::expr::LoE;
use github_actions_models::workflow::job::{Step, UsesStep};
use github_actions_models::workflow::{Job, Workflow};

/// The steps of each job that check out this repository, found once: a job may have thousands of runs.
#[derive(Debug, Default)]
pub struct Checkouts(HashMap<String, Vec<CheckedOut>>);

/// What a job has after a step.
#[derive(Debug, Clone, Copy)]
pub struct CheckedOut {
    /// Its number.
    pub step: usize,
    /// Whether this step, or one before it, fetches the whole history.
    pub has_everything: bool,
}

impl Checkouts {
    /// Those of a workflow.
    pub fn of(workflow: &Workflow) -> Self {
        let of_job = |(name, job): (&String, &Job)| {
            let Job::NormalJob(job) = job else { return None };
            let mut has_everything = false;
            let steps = job.steps.iter().enumerate().filter_map(|(step, written)| {
                let written = checks_out(written)?;
                has_everything |= fetches_everything(written);
                Some(CheckedOut { step, has_everything })
            });
            Some((name.clone(), steps.collect()))
        };
        Self(workflow.jobs.iter().filter_map(of_job).collect())
    }

    /// The last one before a step.
    pub fn before(&self, job: &str, step: usize) -> Option<CheckedOut> {
        let all = self.0.get(job)?;
        let before = all.partition_point(|checkout| checkout.step < step);
        all.get(before.checked_sub(1)?).copied()
    }
}

fn checks_out(step: &Step) -> Option<&UsesStep> {
    let Step::Uses(step) = step else { return None };
    let Uses::Repository(uses) = &step.uses else { return None };
    let is_other = matches!(&step.with, LoE::Literal(inputs) if inputs.contains_key("repository"));
    (uses.slug() == "actions/checkout" && !is_other).then_some(step)
}

fn fetches_everything(step: &UsesStep) -> bool {
    match &step.with {
        LoE::Expr(_) => true,
        LoE::Literal(inputs) => inputs.get("fetch-depth").is_some_and(|depth| {
            let depth = depth.to_string();
            depth.trim() == "0" || depth.contains('$')
        }),
    }
}
