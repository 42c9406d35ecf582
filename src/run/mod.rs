//! From the command line to the exit code: parse → session → command → sinks.

mod bug;
mod docker_credential;
mod docker_login;
mod signals;
mod usage;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use jiff::Timestamp;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::cli::{self, Cli, CliCommand};
use crate::clients::docker::login;
use crate::clients::guard;
use crate::commands;
use crate::context::Context;
use crate::domain::failure::Failure;
use crate::domain::outcome::Outcome;
use crate::domain::view::CommandAnswer;
use crate::report::line::ReportDetail;
use crate::report::{self, Reporting};
use crate::session::Session;
use crate::sink;

/// Runs the program with the arguments and the environment of this process.
pub fn run() -> ExitCode {
    bug::report_to_people();
    // Under these names docker starts the program, with words that are docker's, or it starts itself.
    let program = std::env::args_os().next().map(PathBuf::from);
    match program.as_deref().and_then(Path::file_stem).and_then(OsStr::to_str) {
        Some("docker-credential-shipgate") => return docker_credential::run(),
        Some(login::PROGRAM) => return docker_login::run(),
        Some(guard::NAME) => return guard::run(),
        _ => {}
    }
    // Before anything is written: from here on the secrets of the environment are known.
    let context = Context::from_process();
    let cli = match Cli::read(std::env::args_os()) {
        Ok(cli) => cli,
        Err(error) => return usage::unparsed(error, context.ok().as_ref()),
    };
    set_up_logging(cli.global.verbosity.tracing_level_filter());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let outcome = match (context, runtime) {
        (Ok(context), Ok(runtime)) => {
            let outcome = runtime.block_on(Box::pin(execute(&context, &cli)));
            // A parser that hangs on a thread of its own is not waited for.
            runtime.shutdown_background();
            outcome
        }
        (Err(failure), _) => report::without_context(cli.global.format(), &failure),
        (_, Err(error)) => {
            let failure = Failure::failed("the program cannot start").cause(error.to_string());
            report::without_context(cli.global.format(), &failure)
        }
    };
    ExitCode::from(outcome.exit_code())
}

/// Runs a command unless a signal comes first, and reports how it ended.
async fn execute(context: &Context, cli: &Cli) -> Outcome {
    let request = commands::request(&cli.command, context.terminals);
    let (level, format) = (shown(&cli.global), cli.global.format());
    let reporting = Reporting::new(context, request.clone(), (level, format), now);
    bug::report_to_all(context, (level, format), &request, &reporting);
    let session = Session { context, global: &cli.global, events: reporting.events(), clock: now };
    let result = tokio::select! {
        result = commands::run(&session, &request, &cli.command) => result,
        signal = signals::signal() => interrupted(&cli.command, &reporting, signal),
    };
    let result = result.as_ref();
    // A signal only ends this part of the report.
    tokio::select! {
        () = reporting.settle(result) => {}
        _ = signals::signal() => {}
    }
    reporting.end(result)
}

/// The work was dropped where it stood.
fn interrupted(command: &CliCommand, reporting: &Reporting, signal: &str) -> Result<CommandAnswer, Failure> {
    // Following ends by being interrupted.
    if let CliCommand::Logs(arguments) = command
        && arguments.follow
    {
        return Ok(CommandAnswer::Logs { entries: Vec::new(), none_since: None });
    }
    Err(reporting.interrupted(signals::interrupted_by(signal)))
}

/// How much is to be shown.
fn shown(global: &cli::Global) -> ReportDetail {
    let filter = global.verbosity.tracing_level_filter();
    if filter > LevelFilter::INFO {
        ReportDetail::Verbose
    } else if filter == LevelFilter::INFO {
        ReportDetail::Everything
    } else if filter >= LevelFilter::WARN {
        ReportDetail::Warnings
    } else {
        ReportDetail::Quiet
    }
}

/// Logs for `-v`: the program's own, with each call of AWS. Of libraries only errors are shown: on the level `trace` they write down headers
/// and bodies, and with them credentials.
fn set_up_logging(filter: LevelFilter) {
    // Info is what the sinks show.
    let ours = if filter <= LevelFilter::INFO { LevelFilter::ERROR } else { filter };
    let targets = Targets::new().with_default(LevelFilter::ERROR).with_target("shipgate", ours);
    // What it calls an error is a user's workflow, which `check` reports in its own words.
    let targets = targets.with_target("github_actions_models", LevelFilter::OFF);
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(sink::LogWriter::default)
        .with_ansi(sink::has_color())
        .without_time()
        .with_target(false);
    tracing_subscriber::registry().with(targets).with(lines).init();
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
fn now() -> Timestamp {
    Timestamp::now()
}
