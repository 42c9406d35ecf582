//! `approve`: counts the approvals of a plan, of which this run is one. It needs no role of AWS, and changes nothing.

use super::change::{expected_plan, hosted, whole_digest};
use crate::cli;
use crate::context::Context;
use crate::domain::failure::Failure;
use crate::domain::gate::{Approval, Fact, Unknown, counted};
use crate::domain::image::Digest;
use crate::domain::limits::PLAN_DOCUMENT;
use crate::domain::outcome::Outcome;
use crate::domain::plan::PlannedCommand;
use crate::domain::view::approval::CountedApproval;
use crate::evidence::{AskedPlan, CommitHistory, approval_runs};
use crate::observe;
use crate::session::Session;

/// Counts the approvals of a plan.
///
/// # Errors
///
/// `refused`: this run is no approval of the plan. `invalid`: the plan is not that of the digest, or its environment has
/// no approval of this kind.
pub async fn run(session: &Session<'_>, arguments: &cli::Approve) -> Result<CountedApproval, Failure> {
    let digest = whole_digest(&expected_plan(&arguments.expect_plan)?)?;
    let document = document(session.context, arguments, &digest)?;
    let planned = PlannedCommand::read(&document).ok_or_else(|| {
        Failure::invalid("the document is no plan that people approve")
            .hint("name the document that the planning run kept")
    })?;
    let configuration = session.configuration()?;
    let target = configuration.services(session.context, planned.environment.as_str(), &[])?;
    let Some(Approval::SecondPerson(policy)) = &target.policy.approval else {
        let reason = format!("environment `{}` does not ask a second person", planned.environment);
        return Err(
            Failure::invalid(reason).hint("write `approval = { by = \"second-person\" }` in its gates, or plan again")
        );
    };
    let Some(own) = session.context.run().and_then(|(_, run, _)| run.parse().ok()) else {
        return Err(Failure::invalid("this is no run of GitHub Actions, and only such a run is an approval")
            .hint("start the workflow that calls approve.yml"));
    };
    let git = session.git(&configuration.directory);
    let hosted = hosted(session.context);
    let asked = AskedPlan {
        run: arguments.plan_run,
        digest: &digest,
        trusted: target.workflows.clone(),
        configuration: &configuration,
        // The run that carries it out asks the ledger.
        carried_out: Fact::Is(Vec::new()),
    };
    let seen = approval_runs(&CommitHistory { git: &git, hosted: &hosted }, (own, (session.clock)()), &asked)
        .await
        .map_err(refused)?;
    let approvers = counted(&planned.environment, policy, &seen).map_err(refused)?;
    let is_part = planned.components.len() < target.components.len();
    let (quorum, next_step) = (policy.quorum, seen.next_step());
    Ok(CountedApproval {
        plan_run: arguments.plan_run,
        digest,
        document,
        planned,
        is_part,
        approvers,
        quorum,
        next_step,
    })
}

/// What the plan's digest is made from.
fn document(context: &Context, arguments: &cli::Approve, digest: &Digest) -> Result<String, Failure> {
    let path = context.directory.join(&arguments.plan_document);
    let document = observe::bounded_file(&path, PLAN_DOCUMENT.count()).map_err(|reason| {
        Failure::invalid(format!("the plan's document {path} cannot be read"))
            .cause(reason)
            .hint("download what the planning run kept, and name it with --plan-document")
    })?;
    if Digest::of(&document) == *digest {
        return Ok(document);
    }
    Err(Failure::invalid(format!("the document is not that of plan {digest}"))
        .hint("copy run and plan from the page of the planning run"))
}

fn refused(Unknown { reason, hint }: Unknown) -> Failure {
    let failure = Failure::new(Outcome::Refused, reason);
    hint.into_iter().fold(failure, Failure::hint)
}
