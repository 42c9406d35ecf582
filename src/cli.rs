//! The command line: types, and what the texts of their values look like.

use std::num::NonZeroUsize;

use camino::Utf8PathBuf;
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_verbosity_flag::{InfoLevel, Verbosity};
use jiff::SignedDuration;

/// Build once, prove it on stage, promote exactly that, and never say "deployed" when it is not
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
pub struct Cli {
    /// What to do
    #[command(subcommand)]
    pub command: Command,
    /// What every command takes
    #[command(flatten)]
    pub global: Global,
}

/// Options of every command.
#[derive(Debug, Args)]
pub struct Global {
    /// The configuration file; default: `shipgate.toml` here or in the nearest directory above
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<Utf8PathBuf>,
    /// What goes to standard output
    #[arg(long, global = true, value_enum, default_value_t = OutputFormat::Human)]
    pub output: OutputFormat,
    /// How much is logged
    #[command(flatten)]
    pub verbosity: Verbosity<InfoLevel>,
}

/// What goes to standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// What was asked for, as text for people
    Human,
    /// One JSON document, schema `shipgate/v1`
    Json,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Build the image of this commit if it is not there, put it on an environment, and prove that it runs
    Deploy(Deploy),
    /// Put the release that another environment has proven on this one: the same digests, nothing is built
    Promote(Promote),
    /// Put the newest release that served here before back, and hold the commits that are left
    Rollback(Rollback),
    /// Show what a command would change, and change nothing
    Plan {
        /// The command
        #[command(subcommand)]
        command: Planned,
    },
    /// Show what runs where
    Status {
        /// The environment; default: all
        environment: Option<String>,
    },
    /// Show which releases an environment got, newest first, and how they ended
    History(History),
    /// Show what the containers of an environment wrote
    Logs(Logs),
    /// Put a stop sign on an environment
    Hold(Hold),
    /// Take every stop sign off an environment, those of rollbacks too
    Unhold(Hold),
}

/// The commands that can be planned.
#[derive(Debug, Subcommand)]
pub enum Planned {
    /// Plan a deploy
    Deploy(Deploy),
    /// Plan a promotion
    Promote(Promote),
    /// Plan a rollback
    Rollback(Rollback),
}

/// Arguments of `deploy`.
#[derive(Debug, Args)]
pub struct Deploy {
    /// The environment
    pub environment: String,
    /// Only this component; can be repeated
    #[arg(long = "component", value_name = "NAME")]
    pub components: Vec<String>,
    /// Deploy a working tree with uncommitted changes, under a name that can never be promoted
    #[arg(long)]
    pub allow_dirty: bool,
}

/// Arguments of `promote`.
#[derive(Debug, Args)]
pub struct Promote {
    /// The environment to put the release on; the configuration says which one it comes from
    pub environment: String,
    /// The release, as a full commit id; default: what the source runs
    #[arg(long, value_name = "SHA")]
    pub release: Option<String>,
    /// Only this component; can be repeated
    #[arg(long = "component", value_name = "NAME")]
    pub components: Vec<String>,
    /// Only if the plan still has this digest, as `plan promote` printed it
    #[arg(long, value_name = "DIGEST")]
    pub expect_plan: Option<String>,
}

/// Arguments of `rollback`.
#[derive(Debug, Args)]
pub struct Rollback {
    /// The environment
    pub environment: String,
    /// The release to return to, as a full commit id; default: the newest one that served before
    #[arg(long, value_name = "SHA")]
    pub release: Option<String>,
    /// Only this component; can be repeated
    #[arg(long = "component", value_name = "NAME")]
    pub components: Vec<String>,
}

/// Arguments of `history`.
#[derive(Debug, Args)]
pub struct History {
    /// The environment
    pub environment: String,
    /// Only this component; can be repeated
    #[arg(long = "component", value_name = "NAME")]
    pub components: Vec<String>,
    /// At most so many rows: one for each release of each component
    #[arg(long, default_value = "20", value_name = "N", value_parser = limit)]
    pub limit: NonZeroUsize,
}

/// Arguments of `logs`.
#[derive(Debug, Args)]
pub struct Logs {
    /// The environment
    pub environment: String,
    /// Only this component; can be repeated
    #[arg(long = "component", value_name = "NAME")]
    pub components: Vec<String>,
    /// How far back to begin, for example `90s`, `10m` or `2h`
    #[arg(long, default_value = "10m", value_name = "DURATION", value_parser = since)]
    pub since: SignedDuration,
    /// Go on until interrupted
    #[arg(long, short)]
    pub follow: bool,
}

/// Arguments of `hold` and `unhold`.
#[derive(Debug, Args)]
pub struct Hold {
    /// The environment
    pub environment: String,
    /// Why, for those who find the hold or look for it
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// Only this component; can be repeated
    #[arg(long = "component", value_name = "NAME")]
    pub components: Vec<String>,
}

fn limit(text: &str) -> Result<NonZeroUsize, &'static str> {
    text.parse().map_err(|_| "write a whole number from 1 on, like `20`")
}

fn since(text: &str) -> Result<SignedDuration, &'static str> {
    let duration = text.parse().ok().filter(SignedDuration::is_positive);
    duration.ok_or("write a time with its unit, like `90s`, `10m` or `2h`")
}
