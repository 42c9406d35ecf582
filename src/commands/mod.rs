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

use change::Invocation;

use crate::cli::{Command, IamDocument, Planned};
use crate::context::Terminals;
use crate::domain::failure::Failure;
use crate::domain::view::{Answer, Asking, Request};
use crate::session::Session;

/// What the command line asks for, in words.
pub fn request(command: &Command, terminals: Terminals) -> Request {
    let other = |command: &str, environment: Option<&str>| Request {
        command: command.to_owned(),
        environment: environment.map(str::to_owned),
        ..Request::default()
    };
    let change = |command: &str, environment: &str, components: &[String], applies| Request {
        components: components.to_vec(),
        applies,
        plans: true,
        ..other(command, Some(environment))
    };
    match command {
        Command::Deploy(it) => change("deploy", &it.environment, &it.components, true),
        Command::Promote(it) => {
            let asks = asking(terminals, it.yes || it.expect_plan.is_some());
            Request { asks, ..change("promote", &it.environment, &it.components, true) }
        }
        Command::Rollback(it) => {
            let asks = asking(terminals, it.yes || it.expect_plan.is_some());
            Request { asks, ..change("rollback", &it.environment, &it.components, true) }
        }
        Command::Plan { command } => match command {
            Planned::Deploy(it) => change("plan deploy", &it.environment, &it.components, false),
            Planned::Promote(it) => change("plan promote", &it.environment, &it.components, false),
            Planned::Rollback(it) => change("plan rollback", &it.environment, &it.components, false),
            Planned::Unhold(it) => change("plan unhold", &it.environment, &it.components, false),
        },
        Command::Build(it) => {
            Request { components: it.components.clone(), ..other("build", it.environment.as_deref()) }
        }
        Command::Approve(_) => other("approve", None),
        Command::Gates(it) => other("gates", Some(&it.environment)),
        Command::Check(_) => other("check", None),
        Command::Contract(it) => {
            Request { components: it.components.clone(), ..other("contract", it.environment.as_deref()) }
        }
        Command::Status { environment } => other("status", environment.as_deref()),
        Command::History(it) => other("history", Some(&it.environment)),
        Command::Logs(it) => other("logs", Some(&it.environment)),
        Command::Hold(it) => other("hold", Some(&it.environment)),
        Command::Unhold(it) => other("unhold", Some(&it.environment)),
        Command::Whoami(it) => other("whoami", it.environment.as_deref()),
        Command::Credentials(it) => other("credentials", Some(&it.environment)),
        Command::Completions(_) => other("completions", None),
        Command::Iam { document } => match document {
            IamDocument::Trust(it) => other("iam trust", Some(&it.environment)),
            IamDocument::Policy(it) => other("iam policy", Some(&it.environment)),
            IamDocument::Guard(_) => other("iam guard", None),
        },
    }
}

/// Whether somebody is asked. `is_sure`: that was said already.
fn asking(terminals: Terminals, is_sure: bool) -> Asking {
    match terminals.error {
        _ if is_sure || !terminals.input => Asking::No,
        Some(_) => Asking::Somebody,
        None => Asking::Unseen,
    }
}

/// Runs a command.
///
/// # Errors
///
/// With the outcome.
pub async fn run(session: &Session<'_>, request: &Request, command: &Command) -> Result<Answer, Failure> {
    match command {
        Command::Deploy(arguments) | Command::Plan { command: Planned::Deploy(arguments) } => {
            let invocation = Invocation::new(session, request, arguments.parallel)?;
            Box::pin(deploy::run(&invocation, arguments)).await.map(Answer::Change)
        }
        Command::Promote(arguments) | Command::Plan { command: Planned::Promote(arguments) } => {
            let invocation = Invocation::new(session, request, arguments.parallel)?;
            Box::pin(promote::run(invocation, arguments)).await.map(Answer::Change)
        }
        Command::Rollback(arguments) | Command::Plan { command: Planned::Rollback(arguments) } => {
            let invocation = Invocation::new(session, request, arguments.parallel)?;
            Box::pin(rollback::run(invocation, arguments)).await.map(Answer::Change)
        }
        Command::Build(arguments) => Box::pin(build::run(session, arguments)).await.map(Answer::Built),
        Command::Approve(arguments) => Box::pin(approve::run(session, arguments)).await.map(Answer::Approval),
        Command::Gates(arguments) => Box::pin(gates::run(session, arguments)).await.map(Answer::Gates),
        Command::Check(arguments) => Box::pin(check::run(session, arguments)).await.map(Answer::Check),
        Command::Contract(arguments) => contract::run(session, arguments).await.map(Answer::Contract),
        Command::Status { environment } => status::run(session, environment.as_deref()).await.map(Answer::Status),
        Command::History(arguments) => history::run(session, arguments).await.map(Answer::History),
        Command::Logs(arguments) => logs::run(session, arguments).await,
        Command::Hold(arguments) => hold::run(session, arguments).await.map(Answer::Holds),
        Command::Unhold(arguments) => Box::pin(unhold::run(session, arguments)).await.map(Answer::Holds),
        Command::Plan { command: Planned::Unhold(arguments) } => {
            Box::pin(unhold::plan(session, arguments)).await.map(Answer::Change)
        }
        Command::Whoami(arguments) => whoami::run(session, arguments).await.map(Answer::Identities),
        Command::Credentials(arguments) => credentials::run(session, arguments).await.map(Answer::Credential),
        Command::Completions(arguments) => Ok(Answer::Script(completions::run(arguments))),
        Command::Iam { document } => match document {
            IamDocument::Trust(arguments) => iam::trust(session, arguments).await.map(Answer::Document),
            IamDocument::Policy(arguments) => iam::policy(session, arguments).await.map(Answer::Document),
            IamDocument::Guard(arguments) => iam::guard(session, arguments).map(Answer::Document),
        },
    }
}
