//! From the command line to the exit code.

mod check;
mod docker_credential;
mod docker_login;
mod identity;

use std::ffi::{OsStr, OsString};
use std::future::Future;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory as _, Parser as _};
use jiff::Timestamp;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::cli::{Cli, Command, Deploy, Global, OutputFormat, Planned, Promote, Rollback};
use crate::clients::docker::login;
use crate::clients::guard;
use crate::commands::change::{Invocation, Until};
use crate::commands::statuses::Statuses;
use crate::commands::{deploy, history, hold, logs, promote, rollback, status};
use crate::context::Context;
use crate::domain::failure::Failure;
use crate::domain::neutral;
use crate::domain::outcome::Outcome;
use crate::report::github::Workflow;
use crate::report::human::{self, Level};
use crate::report::journal::{Journal, Record};
use crate::report::live::Live;
use crate::report::{Event, Reporter, history_table, json, status_table};
use crate::sink;

/// Runs the program with the arguments and the environment of this process.
pub fn run() -> ExitCode {
    std::panic::set_hook(Box::new(sink::panicked));
    // Under these names docker starts us, with words that are docker's, or we start ourselves.
    let program = std::env::args_os().next().map(PathBuf::from);
    match program.as_deref().and_then(Path::file_stem).and_then(OsStr::to_str) {
        Some("docker-credential-shipgate") => return docker_credential::run(),
        Some(login::PROGRAM) => return docker_login::run(),
        Some(guard::NAME) => return guard::run(),
        _ => {}
    }
    // Before anything is written: from here on the secrets of the environment are known.
    let context = Context::from_process();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return unparsed(&error, context.ok().as_ref()),
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
        (Err(failure), _) => {
            human::show_failure(&failure, false);
            if cli.global.output == OutputFormat::Json {
                sink::document(&json::failure("", None, &failure));
            }
            failure.outcome
        }
        (_, Err(error)) => {
            human::show_failure(&Failure::failed("the program cannot start").cause(error.to_string()), false);
            Outcome::Failed
        }
    };
    ExitCode::from(outcome.exit_code())
}

/// Help, the version, or what is wrong with the command line.
fn unparsed(error: &clap::Error, context: Option<&Context>) -> ExitCode {
    let shown = error.render();
    if !error.use_stderr() {
        sink::data(shown.ansi().to_string().trim_end());
        return ExitCode::SUCCESS;
    }
    human::write_line(shown.ansi().to_string().trim_end());
    // Without a parsed command line, the words themselves say what was meant, and whether a program is reading.
    let words: Vec<OsString> = std::env::args_os().skip(1).collect();
    let command = command_in(&words);
    let mut failure = Failure::invalid(usage_reason(error));
    if let Some(hint) = plan_hint(error, &command) {
        human::show_hint(&hint);
        failure = failure.hint(hint);
    }
    failure = failure.hint("`shipgate --help` shows the commands");
    let document = json::failure(&command, None, &failure);
    if let Some(workflow) = context.and_then(Workflow::of) {
        let mut record = Record::new(&command, "", &[]);
        "the command line".clone_into(&mut record.place);
        workflow.tell(&record, Outcome::Invalid, Some(&failure), &document);
    }
    let wants_json =
        words.iter().any(|word| word == "--output=json") || words.windows(2).any(|pair| pair == ["--output", "json"]);
    if wants_json {
        sink::document(&document);
    }
    ExitCode::from(Outcome::Invalid.exit_code())
}

/// The commands that the words name, as far as there are such: `deploy`, `plan deploy`.
fn command_in(words: &[OsString]) -> String {
    let root = Cli::command();
    let takes_value = |word: &OsString| {
        let mut arguments = root.get_arguments().filter(|argument| argument.get_action().takes_values());
        arguments.any(|argument| argument.get_long().is_some_and(|long| word == &format!("--{long}")[..]))
    };
    let mut names = Vec::new();
    let mut command = &root;
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if takes_value(word) {
            let _value = words.next();
        } else if let Some(known) = command.find_subcommand(word) {
            names.push(known.get_name());
            command = known;
        } else if !word.to_string_lossy().starts_with('-') {
            break;
        }
    }
    names.join(" ")
}

/// What is wrong with the command line: the first paragraph of what people are told.
fn usage_reason(error: &clap::Error) -> String {
    if matches!(error.kind(), ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand) {
        return "no command is given".to_owned();
    }
    let text = error.to_string();
    let lines: Vec<&str> = text.lines().map(str::trim).take_while(|line| !line.is_empty()).collect();
    neutral::phrase(lines.join(" ").trim_start_matches("error: "), 300)
}

/// Whoever plans names what is planned before where.
fn plan_hint(error: &clap::Error, command: &str) -> Option<String> {
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand).filter(|_| command == "plan")
    else {
        return None;
    };
    let word = neutral::phrase(word, 100);
    Some(match Cli::command().find_subcommand(&word) {
        None => format!("say what is planned: `shipgate plan deploy {word}`, or `promote` or `rollback` in its place"),
        Some(_) => "`deploy`, `promote` and `rollback` can be planned; nothing else changes what runs".to_owned(),
    })
}

async fn execute(context: &Context, cli: &Cli) -> Outcome {
    match &cli.command {
        Command::Deploy(arguments) => run_change(context, &cli.global, Change::Deploy(arguments), Until::Applied).await,
        Command::Promote(arguments) => {
            run_change(context, &cli.global, Change::Promote(arguments), Until::Applied).await
        }
        Command::Rollback(arguments) => {
            run_change(context, &cli.global, Change::Rollback(arguments), Until::Applied).await
        }
        Command::Plan { command } => {
            let change = match command {
                Planned::Deploy(arguments) => Change::Deploy(arguments),
                Planned::Promote(arguments) => Change::Promote(arguments),
                Planned::Rollback(arguments) => Change::Rollback(arguments),
            };
            run_change(context, &cli.global, change, Until::Planned).await
        }
        Command::Check(arguments) => check::check(context, &cli.global, arguments).await,
        Command::Status { environment } => run_status(context, &cli.global, environment.as_deref()).await,
        Command::History(arguments) => run_history(context, &cli.global, arguments).await,
        Command::Logs(arguments) => run_logs(context, &cli.global, arguments).await,
        Command::Hold(arguments) => run_hold(context, &cli.global, arguments, hold::Change::Put).await,
        Command::Unhold(arguments) => run_hold(context, &cli.global, arguments, hold::Change::Lift).await,
        Command::Whoami(arguments) => identity::whoami(context, &cli.global, arguments).await,
        Command::Credentials(arguments) => identity::credentials(context, &cli.global, arguments).await,
        Command::Iam { document } => identity::iam(context, &cli.global, document).await,
    }
}

/// A command that changes an environment, with its arguments.
#[derive(Clone, Copy)]
enum Change<'a> {
    Deploy(&'a Deploy),
    Promote(&'a Promote),
    Rollback(&'a Rollback),
}

impl Change<'_> {
    fn name(self) -> &'static str {
        match self {
            Self::Deploy(_) => "deploy",
            Self::Promote(_) => "promote",
            Self::Rollback(_) => "rollback",
        }
    }

    fn environment(&self) -> &str {
        match self {
            Self::Deploy(arguments) => &arguments.environment,
            Self::Promote(arguments) => &arguments.environment,
            Self::Rollback(arguments) => &arguments.environment,
        }
    }

    fn components(&self) -> &[String] {
        match self {
            Self::Deploy(arguments) => &arguments.components,
            Self::Promote(arguments) => &arguments.components,
            Self::Rollback(arguments) => &arguments.components,
        }
    }

    async fn run(self, invocation: &Invocation<'_>) -> Result<Outcome, Failure> {
        match self {
            Self::Deploy(arguments) => deploy::run(invocation, arguments).await,
            Self::Promote(arguments) => promote::run(invocation, arguments).await,
            Self::Rollback(arguments) => rollback::run(invocation, arguments).await,
        }
    }
}

async fn run_change(context: &Context, global: &Global, change: Change<'_>, until: Until) -> Outcome {
    let command = match until {
        Until::Planned => format!("plan {}", change.name()),
        Until::Applied => change.name().to_owned(),
    };
    let journal = Journal::new(reporter(context, global), &command, change.environment(), change.components());
    let statuses = Statuses::new(context, until);
    let work = async {
        let invocation = Invocation::new(context, global, until, (&journal, &statuses), now)?;
        Box::pin(change.run(&invocation)).await
    };
    let (outcome, failure) = match until_interrupted(work).await {
        Ok(outcome) => (outcome, None),
        Err(failure) => (failure.outcome, Some(interrupted_in(&journal, failure))),
    };
    // A signal only ends the telling.
    tokio::select! {
        () = statuses.end(&journal, outcome, failure.as_ref()) => {}
        _ = signal() => {}
    }
    let record = journal.record();
    human::show_result(&record, outcome, failure.as_ref(), context.color);
    let document = json::report(&record, outcome, failure.as_ref());
    if let Some(workflow) = Workflow::of(context) {
        workflow.tell(&record, outcome, failure.as_ref(), &document);
    }
    if global.output == OutputFormat::Json {
        sink::document(&document);
    }
    outcome
}

/// Names what was in flight when a signal came.
fn interrupted_in(journal: &Journal, mut failure: Failure) -> Failure {
    if failure.outcome != Outcome::Interrupted {
        return failure;
    }
    journal.update(|record| {
        let in_flight: Vec<String> =
            record.steps.iter().filter(|step| step.result == "interrupted").map(|step| step.name.clone()).collect();
        for step in &in_flight {
            failure.causes.push(format!("`{step}` was in progress"));
        }
        if in_flight.iter().any(|step| step.starts_with("pre-deploy ")) {
            for task in record.left_behind().iter().filter(|left| left.starts_with("one-off task ")) {
                failure.hints.push(format!("{task} goes on: run this again to wait for it"));
            }
        }
        for component in record.components.iter_mut().filter(|component| component.outcome.is_none()) {
            let was_in_flight = in_flight.iter().any(|step| step.ends_with(&format!(" {}", component.name)));
            if component.changed || was_in_flight {
                component.outcome = Some(Outcome::Interrupted);
            }
            if component.changed {
                component.current = None;
                failure.hints.push(format!("ECS goes on with {}: `shipgate status` shows how it ends", component.name));
            }
        }
    });
    failure
}

async fn run_status(context: &Context, global: &Global, environment: Option<&str>) -> Outcome {
    match until_interrupted(status::run(context, global, environment)).await {
        Ok(environments) => {
            match global.output {
                OutputFormat::Human => {
                    if let Some(table) = status_table::render(&environments) {
                        sink::data(&table);
                    }
                }
                OutputFormat::Json => sink::document(&json::status(&environments)),
            }
            for environment in &environments {
                environment.failures().for_each(|failure| human::show_failure(failure, context.color));
            }
            let failures = environments.iter().filter_map(status::EnvironmentStatus::failure_outcome);
            Outcome::worst(failures).unwrap_or(Outcome::Unchanged)
        }
        Err(failure) => without_data(context, global, "status", environment, &failure),
    }
}

async fn run_history(context: &Context, global: &Global, arguments: &crate::cli::History) -> Outcome {
    match until_interrupted(history::run(context, global, arguments)).await {
        Ok(found) => {
            match global.output {
                OutputFormat::Human => {
                    if let Some(table) = history_table::render(&found.releases) {
                        sink::data(&table);
                    }
                }
                OutputFormat::Json => sink::document(&json::history(&arguments.environment, &found.releases)),
            }
            let reporter = reporter(context, global);
            found.notes.into_iter().for_each(|text| reporter.show(&Event::Note { text }));
            Outcome::Unchanged
        }
        Err(failure) => without_data(context, global, "history", Some(&arguments.environment), &failure),
    }
}

async fn run_logs(context: &Context, global: &Global, arguments: &crate::cli::Logs) -> Outcome {
    let mut all = Vec::new();
    let several = arguments.components.len() != 1;
    let work = logs::run(context, global, arguments, now, |lines| match global.output {
        OutputFormat::Json => all.extend_from_slice(lines),
        OutputFormat::Human => {
            for (component, line) in lines {
                let time = line.time.map(|time| time.strftime("%H:%M:%S").to_string()).unwrap_or_default();
                let component = if several { format!(" {component}") } else { String::new() };
                sink::data(&format!("{time}{component} {}", line.text));
            }
        }
    });
    match until_interrupted(work).await {
        Ok(none_since) => {
            if global.output == OutputFormat::Json {
                sink::document(&json::logs(&arguments.environment, &all));
            }
            if let Some(since) = none_since {
                let text =
                    format!("no lines since {}; `--since 2h` looks further back", since.strftime("%Y-%m-%d %H:%M:%SZ"));
                reporter(context, global).show(&Event::Note { text });
            }
            Outcome::Unchanged
        }
        // Following ends by being interrupted.
        Err(failure) if failure.outcome == Outcome::Interrupted && arguments.follow => Outcome::Unchanged,
        Err(failure) => without_data(context, global, "logs", Some(&arguments.environment), &failure),
    }
}

async fn run_hold(context: &Context, global: &Global, arguments: &crate::cli::Hold, change: hold::Change) -> Outcome {
    let environment = &arguments.environment;
    match until_interrupted(hold::run(context, global, arguments, change, now())).await {
        Ok(changed) => {
            human::show_holds(change, environment, &changed, context.color);
            if global.output == OutputFormat::Json {
                sink::document(&json::holds(change, environment, &changed));
            }
            changed.failure.map_or(Outcome::Unchanged, |failure| failure.outcome)
        }
        Err(failure) => without_data(context, global, change.command(), Some(environment), &failure),
    }
}

/// Reports the failure of a command that ended without its data.
fn without_data(
    context: &Context,
    global: &Global,
    command: &str,
    environment: Option<&str>,
    failure: &Failure,
) -> Outcome {
    human::show_failure(failure, context.color);
    let document = json::failure(command, environment, failure);
    if let Some(workflow) = Workflow::of(context) {
        workflow.tell(
            &Record::new(command, environment.unwrap_or_default(), &[]),
            failure.outcome,
            Some(failure),
            &document,
        );
    }
    if global.output == OutputFormat::Json {
        sink::document(&document);
    }
    failure.outcome
}

/// Does the work unless SIGINT or SIGTERM comes first; then the work is dropped where it stands.
async fn until_interrupted<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::select! {
        result = work => result,
        signal = signal() => {
            Err(Failure::new(Outcome::Interrupted, format!("interrupted by {signal}")))
        }
    }
}

#[cfg(unix)]
async fn signal() -> &'static str {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        // Without handlers the default action of the signals ends the program.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => "SIGINT",
        _ = terminate.recv() => "SIGTERM",
    }
}

#[cfg(not(unix))]
async fn signal() -> &'static str {
    match tokio::signal::ctrl_c().await {
        Ok(()) => "Ctrl-C",
        Err(_) => std::future::pending().await,
    }
}

/// How much is to be shown.
fn shown(global: &Global) -> Level {
    let filter = global.verbosity.tracing_level_filter();
    if filter >= LevelFilter::INFO {
        Level::Everything
    } else if filter >= LevelFilter::WARN {
        Level::Warnings
    } else {
        Level::Quiet
    }
}

fn reporter(context: &Context, global: &Global) -> Box<dyn Reporter> {
    let level = shown(global);
    if context.interactive && level == Level::Everything {
        Box::new(Live::new(level))
    } else {
        Box::new(human::Lines::new(level, context.in_actions()))
    }
}

/// Logs for `-v`: our own, with each call of AWS. Libraries only tell errors: on the level `trace` they write down headers
/// and bodies, and with them credentials.
fn set_up_logging(filter: LevelFilter) {
    // Info is what the reporter shows.
    let ours = if filter <= LevelFilter::INFO { LevelFilter::ERROR } else { filter };
    let targets = Targets::new().with_default(LevelFilter::ERROR).with_target("shipgate", ours);
    // What it calls an error is a workflow of somebody, which `check` tells in its own words.
    let targets = targets.with_target("github_actions_models", LevelFilter::OFF);
    let lines =
        tracing_subscriber::fmt::layer().with_writer(sink::Log::default).with_ansi(sink::has_color()).without_time();
    tracing_subscriber::registry().with(targets).with(lines).init();
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
fn now() -> Timestamp {
    Timestamp::now()
}
