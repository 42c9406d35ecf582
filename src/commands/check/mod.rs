//! `check`: for pull requests, and by hand. What is found is for any report to show.

mod configuration;
mod contracts;
mod current;
mod files;
mod plan;
mod reading;
mod seen;

use std::sync::Arc;

use crate::cli;
use crate::domain::check::{CheckSubject, Findings};
use crate::domain::failure::Failure;
use crate::domain::view::check::Checked;
use crate::observe::Checkout;
use crate::session::Session;

/// Looks at everything that can be looked at. What cannot be is named, and is no failure.
///
/// # Errors
///
/// `invalid`: a variable of shipgate is malformed; `failed`: the program cannot work at all.
pub async fn run(session: &Session<'_>, arguments: &cli::Check) -> Result<Checked, Failure> {
    let (context, global) = (session.context, session.global);
    let mut findings = Findings::default();
    let loaded = session.configuration();
    let directory = match &loaded {
        Ok(configuration) => configuration.directory.clone(),
        Err(_) => configuration::expected_directory(context, global),
    };
    let git = session.git(&directory);
    let checkout = Checkout::around(context, &directory);
    let file = configuration::name(context, global, &checkout, loaded.as_ref().ok());
    let configuration = match loaded {
        Ok(configuration) => {
            findings.looked_at(CheckSubject::Configuration, &file);
            Some(configuration)
        }
        Err(failure) => {
            configuration::unusable(&file, &failure, &mut findings);
            None
        }
    };
    let mut targets = Vec::new();
    let outline = configuration.as_ref().map(|configuration| {
        let mut outline = configuration.outline(&file);
        targets = configuration::resolve_all(context, configuration, &mut outline, &mut findings);
        Arc::new(outline)
    });
    let plans = configuration.as_ref().zip(outline.as_deref());
    let plans = plans.map(|(configuration, outline)| plan::Planner { session, configuration, outline, git: &git });
    let seen = match &plans {
        Some(plans) => Box::pin(seen::look_up(plans, &targets, &mut findings)).await,
        None => Vec::new(),
    };
    let tree = checkout.files(&git).await;
    let withheld = reading::read(&checkout, tree, outline.as_ref(), seen, &mut findings).await;
    let mut planned = Vec::new();
    if let Some(plans) = &plans {
        configuration::repository_variables(context, plans.outline, &mut findings);
        contracts::judge(&targets, &checkout, plans.outline, &mut findings);
        for (environment, target) in plans.outline.environments.iter().zip(targets) {
            if Box::pin(plans.plan(environment, target, &mut findings)).await? {
                planned.push(environment.name.clone());
            }
        }
    }
    let mut findings = findings.sorted();
    withheld.take_out(&mut findings);
    Ok(Checked { findings, planned, wants_comment: arguments.comment })
}
