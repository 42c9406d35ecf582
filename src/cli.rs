//! The command line: types only.

use camino::Utf8PathBuf;
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_verbosity_flag::{InfoLevel, Verbosity};

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
    /// Show what the containers of an environment wrote
    Logs(Logs),
}

/// The commands that can be planned.
#[derive(Debug, Subcommand)]
pub enum Planned {
    /// Plan a deploy
    Deploy(Deploy),
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

/// Arguments of `logs`.
#[derive(Debug, Args)]
pub struct Logs {
    /// The environment
    pub environment: String,
    /// Only this component; can be repeated
    #[arg(long = "component", value_name = "NAME")]
    pub components: Vec<String>,
    /// How far back to begin, for example `90s`, `10m` or `2h`
    #[arg(long, default_value = "10m", value_name = "DURATION")]
    pub since: jiff::SignedDuration,
    /// Go on until interrupted
    #[arg(long, short)]
    pub follow: bool,
}
