//! The command line: types, and the form of their values.

#[cfg(test)]
mod documented;
mod given;
mod help;
#[cfg(test)]
mod page;

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::time::Duration;

use camino::Utf8PathBuf;
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, Args, CommandFactory as _, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use clap_verbosity_flag::{LogLevel, Verbosity, VerbosityFilter};

pub use self::given::ArgumentWords;
use crate::domain::check::workflow::CommandLine;
use crate::domain::duration;
use crate::domain::gate::{GateName, GateOverride};
use crate::domain::given_bundle::GivenBundle;
use crate::domain::neutral;

/// Build once, prove it on stage, promote exactly that, and never say "deployed" when it is not
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, help_template = help::template(&commands(), GLOBAL))]
#[command(disable_help_flag = true, disable_version_flag = true)]
pub struct Cli {
    /// What to do
    #[command(subcommand)]
    pub command: CliCommand,
    /// What every command takes
    #[command(flatten)]
    pub global: Global,
    /// Print the version
    #[arg(long, short = 'V', action = ArgAction::Version, help_heading = GLOBAL)]
    version: Option<bool>,
}

impl Cli {
    /// Reads a command line, which begins with the program's name.
    ///
    /// # Errors
    ///
    /// It is not understood, or asks for help or the version.
    pub fn read(words: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let cli = Self::try_parse_from(words)?;
        // Options of every command may stand before it and after it, where clap does not compare them.
        if cli.global.json && cli.global.output == Some(OutputFormat::Human) {
            let conflict = "the argument '--json' cannot be used with '--output human'";
            return Err(Self::command().error(ErrorKind::ArgumentConflict, conflict));
        }
        Ok(cli)
    }
}

/// The commands alone.
fn commands() -> clap::Command {
    CliCommand::augment_subcommands(clap::Command::new("shipgate"))
}

/// The heading of the options of every command, at the end of its help.
const GLOBAL: &str = "Global options";

/// Options of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = GLOBAL)]
pub struct Global {
    /// Configuration; default: `shipgate.toml`, here or above
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<Utf8PathBuf>,
    /// `human`: text, the default; `json`: one document
    #[arg(long, short, global = true, value_name = "FORMAT", value_enum, hide_possible_values = true)]
    output: Option<OutputFormat>,
    /// The same as `--output json`
    #[arg(long, global = true)]
    json: bool,
    /// How much is logged
    #[command(flatten)]
    pub verbosity: Verbosity<VerbosityArguments>,
    /// Print help
    #[arg(long, short, global = true, action = ArgAction::Help)]
    help: Option<bool>,
}

impl Global {
    /// What goes to standard output.
    pub fn format(&self) -> OutputFormat {
        if self.json { OutputFormat::Json } else { self.output.unwrap_or(OutputFormat::Human) }
    }
}

/// What goes to standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// What was asked for, as text for people
    Human,
    /// One JSON document, schema `shipgate/v1`
    Json,
}

/// How much is shown where neither `-v` nor `-q` is given, and what these do.
#[derive(Debug, Clone, Copy)]
pub struct VerbosityArguments;

impl LogLevel for VerbosityArguments {
    fn default_filter() -> VerbosityFilter {
        VerbosityFilter::Info
    }

    fn verbose_help() -> Option<&'static str> {
        Some("Ids in full, timings, every call")
    }

    fn quiet_help() -> Option<&'static str> {
        Some("Only warnings and the last line")
    }
}

/// The commands. The group of each in the help, and its examples: `help`.
#[derive(Debug, Subcommand)]
pub enum CliCommand {
    /// Build this commit's image, ship it, and prove that it runs
    #[command(after_help = help::after("deploy"))]
    Deploy(Deploy),
    /// Ship what another environment has proven: the same image
    #[command(after_help = help::after("promote"))]
    Promote(Promote),
    /// Go back to the release before, and bar the commits it removes
    #[command(after_help = help::after("rollback"))]
    Rollback(Rollback),
    /// Show what a command would change, and change nothing
    #[command(after_help = help::after("plan"))]
    Plan {
        /// The command
        #[command(subcommand)]
        command: PlannableCommand,
    },
    /// Build the static sites of this commit, where no credential is
    #[command(after_help = help::after("build"))]
    Build(BuildArguments),
    /// Count the approvals of a plan; the workflow `approve.yml` runs it
    #[command(after_help = help::after("approve"))]
    Approve(Approve),
    /// Evaluate the gates on the way to an environment
    #[command(after_help = help::after("gates"))]
    Gates(Gates),
    /// Compare an environment's variables with the contract
    #[command(after_help = help::after("contract"))]
    Contract(ContractArguments),
    /// Find mistakes before they ship; show what merging would change
    #[command(after_help = help::after("check"))]
    Check(Check),
    /// Show what runs where
    #[command(after_help = help::after("status"))]
    Status {
        /// An environment of `shipgate.toml`, like `stage`; default: all
        environment: Option<String>,
    },
    /// Show which releases an environment got, and how they ended
    #[command(after_help = help::after("history"))]
    History(HistoryArguments),
    /// Show what the containers of an environment wrote
    #[command(after_help = help::after("logs"))]
    Logs(LogsArguments),
    /// Stop all releases to an environment, until `unhold`
    #[command(after_help = help::after("hold"))]
    Hold(HoldArguments),
    /// Take off every hold of an environment, and what rollbacks bar
    #[command(after_help = help::after("unhold"))]
    Unhold(Unhold),
    /// Show each environment's role, and whether you can assume it
    #[command(after_help = help::after("whoami"))]
    Whoami(Whoami),
    /// Print a session of an environment's role, for other programs
    #[command(after_help = help::after("credentials"))]
    Credentials(CredentialsArguments),
    /// Print the IAM policies of the roles, and the guard of the ledger
    #[command(after_help = help::after("iam"))]
    Iam {
        /// The document
        #[command(subcommand)]
        document: IamDocument,
    },
    /// Print what completes this command line in a shell
    #[command(after_help = help::after("completions"))]
    Completions(Completions),
}

/// The commands that can be planned.
#[derive(Debug, Subcommand)]
pub enum PlannableCommand {
    /// Plan a deploy
    #[command(after_help = help::after("plan deploy"))]
    Deploy(Deploy),
    /// Plan a promotion
    #[command(after_help = help::after("plan promote"))]
    Promote(Promote),
    /// Plan a rollback
    #[command(after_help = help::after("plan rollback"))]
    Rollback(Rollback),
    /// Plan to take off every hold
    #[command(after_help = help::after("plan unhold"))]
    Unhold(Unhold),
}

/// Arguments of `deploy`.
#[derive(Debug, Args)]
pub struct Deploy {
    /// The environment to deploy to, like `stage`: a name from `shipgate.toml`
    pub environment: String,
    /// Only this component; can be repeated
    #[arg(long = "component", value_name = "NAME")]
    pub components: Vec<String>,
    /// Deploy a working tree with uncommitted changes, under a name that can never be promoted
    #[arg(long)]
    pub allow_dirty: bool,
    /// The files of a static site, as `shipgate build` made and named them; can be repeated
    #[arg(long = "bundle", value_name = "COMPONENT=FILE@DIGEST")]
    pub bundles: Vec<GivenBundle>,
    /// Go on although a gate refuses, and say why; only for gates that `overridable` names; can be repeated
    #[arg(long = "override", value_name = "GATE=REASON", value_parser = wanted_override)]
    pub overrides: Vec<GateOverride>,
    /// How many changes and builds are made at once; waiting does not count
    #[arg(long, default_value = "8", value_name = "N", value_parser = parallel)]
    pub parallel: NonZeroUsize,
}

/// Arguments of `gates`.
#[derive(Debug, Args)]
pub struct Gates {
    /// The environment to promote to, like `production`
    pub environment: String,
    /// A commit (4 digits or more), a tag or a merged pull request (`'#12'`); default: what the source runs
    #[arg(long, value_name = "RELEASE")]
    pub release: Option<String>,
    /// Only this component; can be repeated
    #[arg(long = "component", value_name = "NAME")]
    pub components: Vec<String>,
}

/// Arguments of `contract`.
#[derive(Debug, Args)]
pub struct ContractArguments {
    /// The environment whose variables are compared, like `stage`
    #[arg(required_unless_present = "propose")]
    pub environment: Option<String>,
    /// Print a contract for `shipgate.toml` from what the environments have: names and rules, no values
    #[arg(long)]
    pub propose: bool,
    /// Only this component; can be repeated
    #[arg(long = "component", value_name = "NAME")]
    pub components: Vec<String>,
}

/// Arguments of `approve`.
#[derive(Debug, Args)]
pub struct Approve {
    /// The workflow run that made the plan
    #[arg(long, value_name = "ID")]
    pub plan_run: u64,
    /// The plan's whole digest, as that run printed it
    #[arg(long, value_name = "DIGEST")]
    pub expect_plan: String,
    /// The file with what the digest is made from, which that run kept
    #[arg(long, value_name = "FILE")]
    pub plan_document: Utf8PathBuf,
}

/// Arguments of `check`.
#[derive(Debug, Args)]
pub struct Check {
    /// Write what was found into one comment of the pull request, which the next check changes
    #[arg(long)]
    pub comment: bool,
}

/// Arguments of `promote`.
#[derive(Debug, Args)]
pub struct Promote {
    /// The environment to promote to, like `production`; its `promotes-from` names the source
    pub environment: String,
    /// A commit (4 digits or more), a tag or a merged pull request (`'#12'`); default: what the source runs
    #[arg(long, value_name = "RELEASE")]
    pub release: Option<String>,
    /// Only this component; can be repeated
    #[arg(long = "component", value_name = "NAME")]
    pub components: Vec<String>,
    /// Only if the plan still has this digest (12 digits or more), as `plan promote` printed it
    #[arg(long, value_name = "DIGEST")]
    pub expect_plan: Option<String>,
    /// The workflow run that made the plan, which other people have approved; with the whole digest
    #[arg(long, value_name = "ID", requires = "expect_plan")]
    pub plan_run: Option<u64>,
    /// The files of a static site that each environment builds for itself, as `shipgate build` made and named them; can be
    /// repeated
    #[arg(long = "bundle", value_name = "COMPONENT=FILE@DIGEST")]
    pub bundles: Vec<GivenBundle>,
    /// Go on although a gate refuses, and say why; only for gates that `overridable` names; can be repeated
    #[arg(long = "override", value_name = "GATE=REASON", value_parser = wanted_override)]
    pub overrides: Vec<GateOverride>,
    /// Do not ask before anything is changed, on a terminal
    #[arg(long, short)]
    pub yes: bool,
    /// How many changes and builds are made at once; waiting does not count
    #[arg(long, default_value = "8", value_name = "N", value_parser = parallel)]
    pub parallel: NonZeroUsize,
}

/// Arguments of `rollback`.
#[derive(Debug, Args)]
pub struct Rollback {
    /// The environment to roll back, like `production`
    pub environment: String,
    /// The release to go back to: a commit (4 digits or more), a tag or a merged pull request (`'#12'`); `baseline` is what
    /// ran before the first one; default: the newest one that served before, else the baseline
    #[arg(long, value_name = "RELEASE")]
    pub release: Option<String>,
    /// Only this component; can be repeated
    #[arg(long = "component", value_name = "NAME")]
    pub components: Vec<String>,
    /// Only if the plan still has this digest (12 digits or more), as `plan rollback` printed it
    #[arg(long, value_name = "DIGEST")]
    pub expect_plan: Option<String>,
    /// The workflow run that made the plan, which other people have approved; with the whole digest
    #[arg(long, value_name = "ID", requires = "expect_plan")]
    pub plan_run: Option<u64>,
    /// Do not ask before anything is changed, on a terminal
    #[arg(long, short)]
    pub yes: bool,
    /// How many changes and builds are made at once; waiting does not count
    #[arg(long, default_value = "8", value_name = "N", value_parser = parallel)]
    pub parallel: NonZeroUsize,
}

/// Arguments of `build`.
#[derive(Debug, Args)]
pub struct BuildArguments {
    /// Only these static sites; default: all that have `build`
    #[arg(value_name = "COMPONENT")]
    pub components: Vec<String>,
    /// The directory that gets a file `COMPONENT.tar` for each
    #[arg(long, value_name = "DIRECTORY")]
    pub to: Utf8PathBuf,
    /// The environment that they are for, with `rebuild-per-environment`
    #[arg(long, value_name = "NAME")]
    pub environment: Option<String>,
    /// Build uncommitted changes, for a release that can never be promoted
    #[arg(long)]
    pub allow_dirty: bool,
}

/// Arguments of `history`.
#[derive(Debug, Args)]
pub struct HistoryArguments {
    /// An environment of `shipgate.toml`, like `stage`
    pub environment: String,
    /// Only this component; can be repeated
    #[arg(long = "component", value_name = "NAME")]
    pub components: Vec<String>,
    /// Maximum number of rows: one for each release of each component
    #[arg(long, default_value = "20", value_name = "N", value_parser = limit)]
    pub limit: NonZeroUsize,
}

/// Arguments of `logs`.
#[derive(Debug, Args)]
pub struct LogsArguments {
    /// An environment of `shipgate.toml`, like `stage`
    pub environment: String,
    /// Only this component; can be repeated
    #[arg(long = "component", value_name = "NAME")]
    pub components: Vec<String>,
    /// How far back to begin, like `90s`, `10m`, `2h` or `2d`
    #[arg(long, default_value = "10m", value_name = "DURATION", value_parser = since)]
    pub since: Duration,
    /// Only of this task, by its id or the first digits of it
    #[arg(long, value_name = "ID", value_parser = task)]
    pub task: Option<String>,
    /// Go on until interrupted
    #[arg(long, short)]
    pub follow: bool,
}

/// Arguments of `hold`.
#[derive(Debug, Args)]
pub struct HoldArguments {
    /// The environment to stop releases to, like `production`
    pub environment: String,
    /// The reason, which `status` and refusals show
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// Only this component; can be repeated
    #[arg(long = "component", value_name = "NAME")]
    pub components: Vec<String>,
}

/// Arguments of `unhold`.
#[derive(Debug, Args)]
pub struct Unhold {
    /// The environment to let releases through to, like `production`
    pub environment: String,
    /// The reason, which the environment's history shows
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// Only this component; can be repeated
    #[arg(long = "component", value_name = "NAME")]
    pub components: Vec<String>,
    /// Only if the plan still has this digest (12 digits or more), as `plan unhold` printed it
    #[arg(long, value_name = "DIGEST")]
    pub expect_plan: Option<String>,
    /// The workflow run that made the plan, which other people have approved; with the whole digest
    #[arg(long, value_name = "ID", requires = "expect_plan")]
    pub plan_run: Option<u64>,
}

/// Arguments of `whoami`.
#[derive(Debug, Args)]
pub struct Whoami {
    /// An environment of `shipgate.toml`, like `stage`; default: all
    pub environment: Option<String>,
    /// Only `read-role`, which changes nothing
    #[arg(long, requires = "environment")]
    pub read_role: bool,
    /// The role's trust policy, as `aws iam get-role` prints it; default: what the ambient credentials may read
    #[arg(long, value_name = "FILE", requires = "environment")]
    pub trust_policy: Option<Utf8PathBuf>,
    /// The `sub` of a token that was refused elsewhere; default: that of this job's token
    #[arg(long, value_name = "SUB", requires = "trust_policy")]
    pub subject: Option<String>,
    /// Another claim of that token, as the refusal shows it; can be repeated. Those that are not given it does not have
    #[arg(long = "claim", value_name = "KEY=VALUE", requires = "subject", value_parser = claim)]
    pub claims: Vec<(String, String)>,
}

/// Arguments of `credentials`.
#[derive(Debug, Args)]
pub struct CredentialsArguments {
    /// An environment of `shipgate.toml`, like `stage`
    pub environment: String,
    /// `process`: the protocol of `credential_process` in the configuration of AWS
    #[arg(long, value_enum, hide_possible_values = true)]
    pub format: CredentialsFormat,
    /// Of `read-role`, in place of `role`
    #[arg(long)]
    pub read_role: bool,
}

/// The forms that other programs read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CredentialsFormat {
    /// The protocol of `credential_process` in the configuration of AWS
    Process,
}

/// Arguments of `completions`.
#[derive(Debug, Args)]
pub struct Completions {
    /// `bash`, `zsh`, `fish`, `elvish` or `powershell`
    #[arg(value_enum, hide_possible_values = true)]
    pub shell: Shell,
}

/// The documents of IAM.
#[derive(Debug, Subcommand)]
pub enum IamDocument {
    /// Print who may assume a role: its trust policy
    #[command(after_help = help::after("iam trust"))]
    Trust(Trust),
    /// Print what a role may do: its permissions
    #[command(after_help = help::after("iam policy"))]
    Policy(PolicyArguments),
    /// Print what keeps all but the roles from writing shipgate's tags
    #[command(after_help = help::after("iam guard"))]
    Guard(Guard),
}

/// Arguments of `iam trust`.
#[derive(Debug, Args)]
pub struct Trust {
    /// An environment of `shipgate.toml`, like `stage`
    pub environment: String,
    /// Of `read-role`, in place of `role`
    #[arg(long)]
    pub read_role: bool,
    /// The repository of GitHub, `OWNER/NAME` in the right capital letters; default: that of this job
    #[arg(long, value_name = "OWNER/NAME")]
    pub repository: Option<String>,
    /// The numeric id of the repository's owner, required with `--repository-id`
    #[arg(long, value_name = "ID", requires = "repository_id")]
    pub owner_id: Option<u64>,
    /// The numeric id of the repository; required for a role of an environment with `promotes-from`, and for the immutable
    /// form of `sub`
    #[arg(long, value_name = "ID", requires = "owner_id")]
    pub repository_id: Option<u64>,
    /// The claims that the policy asks for beside `aud`: `all` that separate jobs, or `sub` alone (GitHub Enterprise
    /// Server)
    #[arg(long, value_enum, default_value_t = TrustKeys::All, hide_possible_values = true)]
    pub keys: TrustKeys,
    /// Who issues the tokens, where that is not github.com: `https://HOST/_services/token` of GitHub Enterprise Server,
    /// `https://token.actions.SUBDOMAIN.ghe.com`; with `--keys sub`
    #[arg(long, value_name = "URL", conflicts_with = "from_token")]
    pub issuer: Option<String>,
    /// A workflow whose jobs count as those of the gate, in the place of `[github] workflows`, for example
    /// `acme/shop/.github/workflows/promote.yml@refs/heads/main`; can be repeated
    #[arg(long = "workflow", value_name = "FILE@REF")]
    pub workflows: Vec<String>,
    /// For the claims of this job's own token, instead of those of the configuration
    #[arg(long, conflicts_with_all = ["repository", "owner_id", "repository_id", "subject_form", "branch", "workflows"])]
    pub from_token: bool,
    /// The forms of `sub` that are let in: `classic`, `immutable` (with ids) or `both`; default: both where the ids are
    /// known
    #[arg(long, value_enum, hide_possible_values = true)]
    pub subject_form: Option<SubjectFormArgument>,
    /// The branch that deploys
    #[arg(long, default_value = "main")]
    pub branch: String,
    /// Of the role that is assumed first
    #[arg(long, conflicts_with = "read_role")]
    pub via: bool,
    /// Also let this user or role of AWS in, by ARN; can be repeated
    #[arg(long = "principal", value_name = "ARN")]
    pub principals: Vec<String>,
}

/// The claims that a trust policy asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TrustKeys {
    /// `sub`, `repository_id`, `ref`, `environment`, and the gate's workflow (`job_workflow_ref`)
    All,
    /// `sub` alone: for GitHub Enterprise Server, and for what knows no other
    Sub,
}

/// The forms of `sub`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SubjectFormArgument {
    /// `repo:OWNER/NAME:…`
    Classic,
    /// `repo:OWNER@ID/NAME@ID:…`
    Immutable,
    /// Both
    Both,
}

/// Arguments of `iam policy`.
#[derive(Debug, Args)]
pub struct PolicyArguments {
    /// An environment of `shipgate.toml`, like `stage`
    pub environment: String,
    /// Of `read-role`, in place of `role`
    #[arg(long)]
    pub read_role: bool,
}

/// Arguments of `iam guard`.
#[derive(Debug, Args)]
pub struct Guard {
    /// Where the document is put: on accounts (`scp`), or on users and roles (permissions `boundary`)
    #[arg(long, value_enum, default_value_t = GuardForm::Scp, hide_possible_values = true)]
    pub form: GuardForm,
    /// Also let this user or role of AWS write the tags, by ARN; can be repeated
    #[arg(long = "principal", value_name = "ARN")]
    pub principals: Vec<String>,
}

/// Where the guard is put.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum GuardForm {
    /// On accounts: a service control policy of the organisation
    Scp,
    /// On users and roles: a permissions boundary
    Boundary,
}

/// Maximum number of changes at once: AWS accepts no more from one account.
const MOST_AT_ONCE: usize = 100;

fn limit(text: &str) -> Result<NonZeroUsize, &'static str> {
    text.parse().map_err(|_| "write a whole number from 1 on, like `20`")
}

fn parallel(text: &str) -> Result<NonZeroUsize, &'static str> {
    let number = text.parse().ok().filter(|number: &NonZeroUsize| number.get() <= MOST_AT_ONCE);
    number.ok_or("write a whole number from 1 to 100, like `8`")
}

/// A claim of a token and its value.
fn claim(text: &str) -> Result<(String, String), &'static str> {
    let claim = text.split_once('=').filter(|(name, _)| !name.is_empty());
    claim
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .ok_or("write it as `KEY=VALUE`, like `ref=refs/heads/main`")
}

/// A gate and why it is overridden.
fn wanted_override(text: &str) -> Result<GateOverride, String> {
    let (gate, reason) = text.split_once('=').ok_or("write it as `GATE=REASON`, like `freeze=the shop is down`")?;
    let names = || GateName::ALL.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ");
    let gate = gate.trim().parse().map_err(|()| format!("there is no such gate; there are {}", names()))?;
    let reason = neutral::phrase(reason.trim(), LONGEST_REASON);
    if reason.is_empty() { Err("say why: `GATE=REASON`".to_owned()) } else { Ok(GateOverride { gate, reason }) }
}

/// Maximum length of the reason of an override, in characters: plans, pages and the ledger contain it.
const LONGEST_REASON: usize = 160;

fn task(text: &str) -> Result<String, &'static str> {
    let is_one = text.len() >= 4 && text.chars().all(|one| one.is_ascii_digit() || matches!(one, 'a'..='f' | '-'));
    if is_one { Ok(text.to_owned()) } else { Err("write at least 4 digits of the task's id, like `77ab`") }
}

fn since(text: &str) -> Result<Duration, &'static str> {
    let since = duration::parse(text).filter(|since| !since.is_zero());
    since.ok_or("write a time with its unit, like `90s`, `10m`, `2h` or `2d`")
}

/// The script that completes the command line in a shell.
pub fn completions(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "shipgate", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// The words of the command line, for who reads scripts in which shipgate runs.
pub fn words() -> CommandLine {
    let mut with_value = Vec::new();
    let mut commands = vec![Cli::command()];
    while let Some(command) = commands.pop() {
        let takes = command.get_arguments().filter(|argument| argument.get_action().takes_values());
        for name in takes.filter_map(Arg::get_long).map(|name| format!("--{name}")) {
            if !with_value.contains(&name) {
                with_value.push(name);
            }
        }
        commands.extend(command.get_subcommands().cloned());
    }
    CommandLine { with_value }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::check::workflow::CommandVerb;

    /// What `check` knows of the commands, and what there is.
    #[test]
    fn check_knows_every_command() {
        let command = Cli::command();
        let plan = command.find_subcommand("plan").unwrap();
        let all = command.get_subcommands().map(|command| command.get_name().to_owned());
        let planned = plan.get_subcommands().map(|command| format!("plan {}", command.get_name()));
        let all: Vec<String> = all.chain(planned).collect();
        // What needs no job and no role of its own kind.
        let is_other = |name: &String| ["plan", "iam", "build", "credentials", "completions"].contains(&name.as_str());
        for name in all.iter().filter(|name| !is_other(name)) {
            let words: Vec<&str> = name.split(' ').collect();
            assert!(CommandVerb::of_words(&words).is_some_and(|(_, rest)| rest.is_empty()), "{name}");
        }
        for unknown in ["verify", "plan status", "frobnicate"] {
            assert!(!all.contains(&unknown.to_owned()), "`check` is to know {unknown} now");
            assert!(CommandVerb::of_words(&unknown.split(' ').collect::<Vec<_>>()).is_none(), "{unknown}");
        }
    }

    #[test]
    fn options_with_a_value_are_those_of_the_command_line() {
        let words = words().with_value;
        for name in ["--config", "--output", "--trust-policy", "--subject", "--release"] {
            assert!(words.contains(&name.to_owned()), "{name}: {words:?}");
        }
        assert!(!words.contains(&"--follow".to_owned()) && words.contains(&"--override".to_owned()));
    }
}
