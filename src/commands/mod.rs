//! The commands: observe → plan → authorize → apply, a few lines each. What happens goes out as events.

pub mod approve;
mod awaited;
pub mod build;
pub mod change;
pub mod check;
pub mod completions;
pub mod contract;
pub mod credentials;
pub mod deploy;
pub mod docker_credential;
pub mod gates;
mod held;
pub mod history;
pub mod hold;
pub mod iam;
pub mod logs;
pub mod promote;
pub mod rollback;
pub mod status;
pub mod unhold;
pub mod whoami;

use change::ChangeRun;

use crate::cli::{CliCommand, IamDocument, PlannableCommand};
use crate::context::Terminals;
use crate::domain::failure::Failure;
use crate::domain::view::{CommandAnswer, CommandRequest, Confirmation};
use crate::session::Session;

/// What the command line asks for, in words.
pub fn request(command: &CliCommand, terminals: Terminals) -> CommandRequest {
    let other = |command: &str, environment: Option<&str>| CommandRequest {
        command: command.to_owned(),
        environment: environment.map(str::to_owned),
        ..CommandRequest::default()
    };
    let change = |command: &str, environment: &str, components: &[String], applies| CommandRequest {
        components: components.to_vec(),
        applies,
        plans: true,
        ..other(command, Some(environment))
    };
    match command {
        CliCommand::Deploy(it) => change("deploy", &it.environment, &it.components, true),
        CliCommand::Promote(it) => {
            let asks = asking(terminals, it.yes || it.expect_plan.is_some());
            CommandRequest { asks, ..change("promote", &it.environment, &it.components, true) }
        }
        CliCommand::Rollback(it) => {
            let asks = asking(terminals, it.yes || it.expect_plan.is_some());
            CommandRequest { asks, ..change("rollback", &it.environment, &it.components, true) }
        }
        CliCommand::Plan { command } => match command {
            PlannableCommand::Deploy(it) => change("plan deploy", &it.environment, &it.components, false),
            PlannableCommand::Promote(it) => change("plan promote", &it.environment, &it.components, false),
            PlannableCommand::Rollback(it) => change("plan rollback", &it.environment, &it.components, false),
            PlannableCommand::Unhold(it) => change("plan unhold", &it.environment, &it.components, false),
        },
        CliCommand::Build(it) => {
            CommandRequest { components: it.components.clone(), ..other("build", it.environment.as_deref()) }
        }
        CliCommand::Approve(_) => other("approve", None),
        CliCommand::Gates(it) => other("gates", Some(&it.environment)),
        CliCommand::Check(_) => other("check", None),
        CliCommand::Contract(it) => {
            CommandRequest { components: it.components.clone(), ..other("contract", it.environment.as_deref()) }
        }
        CliCommand::Status { environment } => other("status", environment.as_deref()),
        CliCommand::History(it) => other("history", Some(&it.environment)),
        CliCommand::Logs(it) => other("logs", Some(&it.environment)),
        CliCommand::Hold(it) => other("hold", Some(&it.environment)),
        CliCommand::Unhold(it) => other("unhold", Some(&it.environment)),
        CliCommand::Whoami(it) => other("whoami", it.environment.as_deref()),
        CliCommand::Credentials(it) => other("credentials", Some(&it.environment)),
        CliCommand::Completions(_) => other("completions", None),
        CliCommand::Iam { document } => match document {
            IamDocument::Trust(it) => other("iam trust", Some(&it.environment)),
            IamDocument::Policy(it) => other("iam policy", Some(&it.environment)),
            IamDocument::Guard(_) => other("iam guard", None),
        },
    }
}

/// Whether somebody is asked. `is_sure`: that was said already.
fn asking(terminals: Terminals, is_sure: bool) -> Confirmation {
    match terminals.error {
        _ if is_sure || !terminals.input => Confirmation::No,
        Some(_) => Confirmation::Somebody,
        None => Confirmation::Unseen,
    }
}

/// Runs a command.
///
/// # Errors
///
/// With the outcome.
pub async fn run(
    session: &Session<'_>,
    request: &CommandRequest,
    command: &CliCommand,
) -> Result<CommandAnswer, Failure> {
    match command {
        CliCommand::Deploy(arguments) | CliCommand::Plan { command: PlannableCommand::Deploy(arguments) } => {
            let invocation = ChangeRun::new(session, request, arguments.parallel)?;
            Box::pin(deploy::run(&invocation, arguments)).await.map(CommandAnswer::Change)
        }
        CliCommand::Promote(arguments) | CliCommand::Plan { command: PlannableCommand::Promote(arguments) } => {
            let invocation = ChangeRun::new(session, request, arguments.parallel)?;
            Box::pin(promote::run(invocation, arguments)).await.map(CommandAnswer::Change)
        }
        CliCommand::Rollback(arguments) | CliCommand::Plan { command: PlannableCommand::Rollback(arguments) } => {
            let invocation = ChangeRun::new(session, request, arguments.parallel)?;
            Box::pin(rollback::run(invocation, arguments)).await.map(CommandAnswer::Change)
        }
        CliCommand::Build(arguments) => Box::pin(build::run(session, arguments)).await.map(CommandAnswer::Built),
        CliCommand::Approve(arguments) => Box::pin(approve::run(session, arguments)).await.map(CommandAnswer::Approval),
        CliCommand::Gates(arguments) => Box::pin(gates::run(session, arguments)).await.map(CommandAnswer::Gates),
        CliCommand::Check(arguments) => Box::pin(check::run(session, arguments)).await.map(CommandAnswer::Check),
        CliCommand::Contract(arguments) => contract::run(session, arguments).await.map(CommandAnswer::Contract),
        CliCommand::Status { environment } => {
            status::run(session, environment.as_deref()).await.map(CommandAnswer::Status)
        }
        CliCommand::History(arguments) => history::run(session, arguments).await.map(CommandAnswer::History),
        CliCommand::Logs(arguments) => logs::run(session, arguments).await,
        CliCommand::Hold(arguments) => hold::run(session, arguments).await.map(CommandAnswer::Holds),
        CliCommand::Unhold(arguments) => Box::pin(unhold::run(session, arguments)).await.map(CommandAnswer::Holds),
        CliCommand::Plan { command: PlannableCommand::Unhold(arguments) } => {
            Box::pin(unhold::plan(session, arguments)).await.map(CommandAnswer::Change)
        }
        CliCommand::Whoami(arguments) => whoami::run(session, arguments).await.map(CommandAnswer::Identities),
        CliCommand::Credentials(arguments) => credentials::run(session, arguments).await.map(CommandAnswer::Credential),
        CliCommand::Completions(arguments) => Ok(CommandAnswer::Script(completions::run(arguments))),
        CliCommand::Iam { document } => match document {
            IamDocument::Trust(arguments) => iam::trust(session, arguments).await.map(CommandAnswer::Document),
            IamDocument::Policy(arguments) => iam::policy(session, arguments).await.map(CommandAnswer::Document),
            IamDocument::Guard(arguments) => iam::guard(session, arguments).map(CommandAnswer::Document),
        },
    }
}
