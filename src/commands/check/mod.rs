//! `check`: for pull requests, and by hand. What is found is for any report to show.

mod configuration;
mod files;
mod plan;
mod reading;
pub mod tell;

use std::sync::Arc;

use crate::cli;
use crate::clients::git::Git;
use crate::clients::process::Processes;
use crate::context::Context;
use crate::domain::check::{Findings, Subject};
use crate::domain::failure::Failure;
use crate::observe::{Checkout, Configuration};
use crate::report::Reporter;
use crate::report::journal::Record;

/// All that a check has to say.
#[derive(Debug)]
pub struct Checked {
    /// What was found.
    pub findings: Findings,
    /// What merging would change: the record of a `plan deploy` for each environment that could be looked at.
    pub plans: Vec<Record>,
}

/// Looks at everything that can be looked at. What cannot be is named, and is no failure.
///
/// # Errors
///
/// `invalid`: a variable of ours is malformed; `failed`: the program cannot work at all.
pub async fn run(
    context: &Context,
    global: &cli::Global,
    clock: fn() -> jiff::Timestamp,
    reporter: &dyn Fn() -> Box<dyn Reporter>,
) -> Result<Checked, Failure> {
    let mut findings = Findings::default();
    let loaded = Configuration::load(context, global.config.as_deref());
    let directory = match &loaded {
        Ok(configuration) => configuration.directory.clone(),
        Err(_) => configuration::expected_directory(context, global),
    };
    let git = Git::new(Processes::new(context.child_environment()), &directory, context.owners());
    let checkout = Checkout::around(context, &directory);
    let file = configuration::name(context, global, &checkout, loaded.as_ref().ok());
    let configuration = match loaded {
        Ok(configuration) => {
            findings.looked_at(Subject::Configuration, &file);
            Some(configuration)
        }
        Err(failure) => {
            configuration::unusable(&file, &failure, &mut findings);
            None
        }
    };
    let outline = configuration.as_ref().map(|configuration| Arc::new(configuration.outline(&file)));
    reading::read(&checkout, outline.as_ref(), &mut findings).await;
    let mut plans = Vec::new();
    if let (Some(configuration), Some(outline)) = (&configuration, &outline) {
        let planner = plan::Planner { context, global, clock, reporter, configuration, outline, git: &git };
        for environment in &outline.environments {
            let target = configuration::resolve(context, configuration, outline, environment, &mut findings);
            plans.extend(Box::pin(planner.plan(environment, target, &mut findings)).await?);
        }
    }
    Ok(Checked { findings: findings.sorted(), plans })
}
