//! The place of this run. The only reader of the environment: everything else is handed what it needs.

mod building;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use camino::Utf8PathBuf;

use reqwest::Url;
use secrecy::SecretString;
use serde_json::Value;

use crate::clients::browser::{self, Browser};
use crate::clients::docker::{UserDocker, login};
use crate::clients::endpoint::is_private;
use crate::clients::git_repository::Owners;
use crate::clients::masks::Masks;
use crate::domain::failure::Failure;
use crate::domain::image::RegistryAddress;
use crate::domain::limits::PLAN_DOCUMENT;
use crate::domain::names::{AccountId, Region};
use crate::domain::provenance::Provenance;
use crate::domain::release::GitSha;
use crate::domain::role::person;
use crate::domain::secrets::in_token;
use crate::domain::workflow::{Endpoint, WorkflowJob};
use crate::sink;

/// A JSON object of values for `${vars.NAME}`; workflows pass `toJSON(vars)`.
pub const VARS: &str = "SHIPGATE_VARS";

/// What the digest of `--expect-plan` was made from: the output `plan` of the action. It says what moved, and decides
/// nothing.
pub const SHOWN_PLAN: &str = "SHIPGATE_PLAN";

/// Other addresses for AWS registries, for local use: `NAME=http(s)://HOST:PORT`, separated by commas, where `NAME` is
/// the registry's AWS name, for example `000000000000.dkr.ecr.us-east-1.amazonaws.com`.
pub const REGISTRY_HOSTS: &str = "SHIPGATE_REGISTRY_HOSTS";

/// The address of the runner's token endpoint, and the token that opens it
/// ([OIDC reference](https://docs.github.com/en/actions/reference/security/oidc)).
const TOKEN_URL: &str = "ACTIONS_ID_TOKEN_REQUEST_URL";
const TOKEN_KEY: &str = "ACTIONS_ID_TOKEN_REQUEST_TOKEN";

/// Whether the secrets are registered with the runner, so that it hides them. The action sets it: only there it is sure that what
/// shipgate writes to standard error goes to the run's log and nowhere else.
const MASK: &str = "SHIPGATE_MASK";
/// The token of the job, which a workflow has to pass on (`${{ github.token }}`), the address of the REST API where it
/// is not the usual one, and the repository that both belong to
/// ([variables](https://docs.github.com/en/actions/reference/workflows-and-actions/variables)).
const GITHUB_TOKEN: &str = "GITHUB_TOKEN";
const GITHUB_API: &str = "GITHUB_API_URL";
const GITHUB_REPOSITORY: &str = "GITHUB_REPOSITORY";
const PATH: &str = "PATH";
/// The runner's directory for temporary files.
const TEMPORARY: &str = "RUNNER_TEMP";
/// Where pictures of pages go that a browser opened.
const SCREENSHOTS: &str = "SHIPGATE_SCREENSHOTS";

/// The facts of one invocation.
#[derive(Clone)]
pub struct Context {
    variables: BTreeMap<String, String>,
    all: Vec<(OsString, OsString)>,
    /// The directory in which the program was started.
    pub directory: Utf8PathBuf,
    /// Whether stderr is a terminal that a person looks at.
    pub interactive: bool,
    /// Whether to use colour on stderr.
    pub color: bool,
    /// The terminals that people look at.
    pub terminals: Terminals,
}

/// The terminals of the process.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Terminals {
    /// The columns of standard error. `None`: it is no terminal.
    pub error: Option<usize>,
    /// The columns of standard output. `None`: it is no terminal.
    pub output: Option<usize>,
    /// Whether standard input is one, so that a question can be answered.
    pub input: bool,
}

impl Terminals {
    fn of_process() -> Self {
        Self { error: sink::error_columns(), output: sink::output_columns(), input: sink::has_terminal_input() }
    }

    fn filter(self, attended: bool) -> Self {
        if attended { self } else { Self::default() }
    }
}

/// A pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRequest {
    /// Its number.
    pub number: u64,
    /// The newest commit of its branch.
    pub head: GitSha,
}

/// Other addresses by the AWS names of registries.
#[derive(Debug, Clone)]
pub struct RegistryAddresses(Vec<(String, RegistryAddress)>);

impl RegistryAddresses {
    /// The AWS name of the registry at an address.
    pub fn name_of(&self, host: &str) -> Option<&str> {
        self.0.iter().find(|(_, address)| address.host == host).map(|(name, _)| name.as_str())
    }

    /// The other address of the registry of an account in a region.
    pub fn of(&self, account: &AccountId, region: &Region) -> Option<&RegistryAddress> {
        let names = |name: &str| {
            name.split('.').next() == Some(account.as_str()) && name.split('.').any(|part| part == region.as_str())
        };
        self.0.iter().find(|(name, _)| names(name)).map(|(_, address)| address)
    }
}

impl fmt::Debug for Context {
    /// Without the variables: some of them are secrets.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Context").field("directory", &self.directory).finish_non_exhaustive()
    }
}

impl Context {
    /// Reads the process's environment, working directory and standard error. From then on nothing that is written has
    /// the secrets of that environment.
    ///
    /// # Errors
    ///
    /// The working directory is gone, or its path is not UTF-8.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
    pub fn from_process() -> Result<Self, Failure> {
        let mut context =
            Self::new(std::env::vars_os(), Utf8PathBuf::default(), sink::is_terminal(), sink::has_color());
        if context.in_actions() && context.variable("NO_COLOR").is_none() {
            // GitHub shows colour in the log of a job, which is no terminal.
            sink::color_logs();
            context.color = true;
        }
        context.terminals = Terminals::of_process().filter(context.is_attended());
        context.hide_secrets();
        let directory = std::env::current_dir().map_err(|error| {
            Failure::invalid("the working directory cannot be read")
                .cause(error.to_string())
                .hint("change to a directory that exists")
        })?;
        context.directory = Utf8PathBuf::from_path_buf(directory)
            .map_err(|path| Failure::invalid(format!("the working directory {} is not UTF-8", path.display())))?;
        Ok(context)
    }

    /// Leaves the secrets of this environment out of everything that is written.
    fn hide_secrets(&self) {
        let names = [
            "AWS_SECRET_ACCESS_KEY",
            "AWS_SESSION_TOKEN",
            "AWS_SECURITY_TOKEN",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN",
            "GH_TOKEN",
            GITHUB_TOKEN,
            TOKEN_KEY,
            "ACTIONS_RUNTIME_TOKEN",
        ];
        for secret in names.iter().filter_map(|name| self.variable(name)) {
            in_token(secret).for_each(sink::hide);
        }
        if let Some(token) = self.variable("AWS_WEB_IDENTITY_TOKEN_FILE").and_then(token_in_file) {
            in_token(token.trim()).for_each(sink::hide);
        }
        // As git sends it.
        for token in [GITHUB_TOKEN, "GH_TOKEN"].iter().filter_map(|name| self.variable(name)) {
            sink::hide(&STANDARD.encode(format!("x-access-token:{token}")));
        }
    }

    /// The variables that name other addresses for services of AWS: a name for each, and the address.
    pub fn aws_endpoints(&self) -> impl Iterator<Item = (&str, &str)> {
        let all = self.variables.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        all.filter(|(name, value)| name.starts_with("AWS_ENDPOINT_URL") && !value.is_empty())
    }

    /// Builds a context from given facts.
    pub fn new(
        variables: impl IntoIterator<Item = (OsString, OsString)>,
        directory: Utf8PathBuf,
        interactive: bool,
        color: bool,
    ) -> Self {
        let all: Vec<(OsString, OsString)> = variables.into_iter().collect();
        let text = |value: &OsString| value.to_str().map(str::to_owned);
        let variables = all.iter().filter_map(|(name, value)| Some((text(name)?, text(value)?))).collect();
        let terminals = Terminals::default();
        let mut context = Self { variables, all, directory, interactive, color, terminals };
        // One that cannot move its cursor gets the lines of a log.
        context.interactive &= context.is_attended() && context.variable("TERM") != Some("dumb");
        context
    }

    /// Whether somebody may be looking. A log is no terminal, whatever the runner's pseudo-terminal says.
    fn is_attended(&self) -> bool {
        !self.in_actions() && self.variable("CI").is_none()
    }

    /// A variable that is set and not empty.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Whether this run is in GitHub Actions
    /// ([variables](https://docs.github.com/en/actions/reference/workflows-and-actions/variables)).
    pub fn in_actions(&self) -> bool {
        self.variable("GITHUB_ACTIONS") == Some("true")
    }

    /// Who hides secrets in the log.
    pub fn masks(&self) -> Masks {
        Masks::new(self.in_actions() && self.variable(MASK) == Some("true"))
    }

    /// What names this run: repository, id and attempt.
    pub fn run(&self) -> Option<(&str, &str, &str)> {
        let (repository, run) = (self.repository()?, self.variable("GITHUB_RUN_ID")?);
        Some((repository, run, self.variable("GITHUB_RUN_ATTEMPT").unwrap_or("1")))
    }

    /// What the digest of an earlier plan was made from, as somebody says. One that is too long to be one is none.
    pub fn shown_plan(&self) -> Option<&str> {
        self.variable(SHOWN_PLAN).filter(|document| document.len() <= PLAN_DOCUMENT.count())
    }

    /// The job of this run.
    pub fn job(&self) -> WorkflowJob {
        let event = self.variable("GITHUB_EVENT_NAME").map(str::to_owned);
        let payload = self.event().unwrap_or_default();
        let repository = |side: &str| payload.pointer(&format!("/pull_request/{side}/repo/full_name")).cloned();
        WorkflowJob {
            in_actions: self.in_actions(),
            from_fork: repository("head") != repository("base"),
            from_dependabot: self.variable("GITHUB_ACTOR") == Some("dependabot[bot]"),
            event,
        }
    }

    /// What triggered the run, where its file can be read.
    fn event(&self) -> Option<Value> {
        serde_json::from_slice(&std::fs::read(self.variable("GITHUB_EVENT_PATH")?).ok()?).ok()
    }

    /// The pull request that this run is for, as far as the event's file can be read.
    pub fn pull_request(&self) -> Option<PullRequest> {
        let payload = self.event()?;
        let number = payload.pointer("/pull_request/number")?.as_u64()?;
        let head = payload.pointer("/pull_request/head/sha")?.as_str()?.parse().ok()?;
        Some(PullRequest { number, head })
    }

    /// The repository's default branch, as far as the event's file can be read, as it is written.
    pub fn default_branch(&self) -> Option<String> {
        Some(self.event()?.pointer("/repository/default_branch")?.as_str()?.to_owned())
    }

    /// The commit that this run is for, where it is for no pull request: of one, it is a merge that is in no branch. Of a
    /// merge queue it is the one that lands.
    pub fn checked_commit(&self) -> Option<GitSha> {
        let is_of_pull_request = self.variable("GITHUB_EVENT_NAME")?.starts_with("pull_request");
        self.variable("GITHUB_SHA").filter(|_| !is_of_pull_request)?.parse().ok()
    }

    /// What is there of the runner's token endpoint.
    pub fn endpoint(&self) -> Endpoint {
        match (self.variable(TOKEN_URL), self.variable(TOKEN_KEY)) {
            (Some(_), Some(_)) => Endpoint::Complete,
            (Some(_), None) => Endpoint::Half(TOKEN_KEY),
            (None, Some(_)) => Endpoint::Half(TOKEN_URL),
            (None, None) => Endpoint::Absent,
        }
    }

    /// The address of the token endpoint and the token that opens it, where both are there.
    pub fn token_endpoint(&self) -> Option<(&str, SecretString)> {
        Some((self.variable(TOKEN_URL)?, self.variable(TOKEN_KEY)?.into()))
    }

    /// Who started this run, and what triggered it: in a workflow the person who started this attempt, and its event
    /// ([variables](https://docs.github.com/en/actions/reference/workflows-and-actions/variables)); elsewhere whom AWS
    /// takes shipgate for, by the ARN of the caller.
    pub fn provenance(&self, caller: &str) -> Provenance {
        let Some((repository, run, attempt)) = self.run() else {
            return Provenance::local(person(caller));
        };
        Provenance {
            by: self.started_by(),
            trigger: self.variable("GITHUB_EVENT_NAME").map(str::to_owned),
            run: Some(format!("{repository}/{run}/{attempt}")),
            ..Provenance::default()
        }
    }

    /// Who started this attempt of the workflow run, by login. `None`: this is no run.
    pub fn started_by(&self) -> Option<String> {
        self.run()?;
        self.variable("GITHUB_TRIGGERING_ACTOR").or_else(|| self.variable("GITHUB_ACTOR")).map(str::to_owned)
    }

    /// The server that the pages of GitHub are on.
    pub fn github_server(&self) -> &str {
        self.variable("GITHUB_SERVER_URL").unwrap_or("https://github.com")
    }

    /// The repository's address as the workflow knows it.
    pub fn source_url(&self) -> Option<String> {
        Some(format!("{}/{}", self.variable("GITHUB_SERVER_URL")?, self.repository()?))
    }

    /// The address of this run's page.
    pub fn run_url(&self) -> Option<String> {
        let (source, (_, run, attempt)) = (self.source_url()?, self.run()?);
        Some(format!("{source}/actions/runs/{run}/attempts/{attempt}"))
    }

    /// The repository whose job this is, as `OWNER/NAME`.
    pub fn repository(&self) -> Option<&str> {
        self.variable(GITHUB_REPOSITORY)
    }

    /// The token that opens GitHub's REST API.
    pub fn github_token(&self) -> Option<SecretString> {
        self.variable(GITHUB_TOKEN).map(Into::into)
    }

    /// The address of GitHub's REST API. On GitHub Enterprise Server it has a path.
    pub fn github_api(&self) -> &str {
        self.variable(GITHUB_API).unwrap_or("https://api.github.com")
    }

    /// The environment that child processes get: what git and docker need, and nothing that holds a credential of AWS
    /// or GitHub.
    pub fn child_environment(&self) -> Vec<(OsString, OsString)> {
        const NAMES: [&str; 21] = [
            "HOME",
            "USER",
            "LOGNAME",
            "LANG",
            "TMPDIR",
            "TEMP",
            "TMP",
            "TERM",
            "SSH_AUTH_SOCK",
            "SSL_CERT_FILE",
            "SSL_CERT_DIR",
            "HTTP_PROXY",
            "HTTPS_PROXY",
            "NO_PROXY",
            "http_proxy",
            "https_proxy",
            "no_proxy",
            "SYSTEMROOT",
            "USERPROFILE",
            "PROGRAMFILES",
            "PROGRAMDATA",
        ];
        const PREFIXES: [&str; 6] = ["DOCKER_", "BUILDKIT_", "BUILDX_", "LC_", "XDG_", "GIT_CONFIG"];
        let wanted = |name: &str| NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix));
        let given = self.all.iter().filter(|(name, _)| name != PATH && name.to_str().is_some_and(wanted)).cloned();
        self.path().map(|path| (PATH.into(), path)).into_iter().chain(given).collect()
    }

    /// Where programs are found: without directories that depend on where one stands, which is in a checkout.
    fn path(&self) -> Option<OsString> {
        let (_, path) = self.all.iter().rev().find(|(name, _)| name == PATH)?;
        let path = std::env::join_paths(std::env::split_paths(path).filter(|directory| directory.is_absolute())).ok();
        // An empty one would be the directory where one stands.
        path.filter(|path| !path.is_empty())
    }

    /// The user's docker. Private directories are made where the runner empties up after each job, else where the system
    /// has its temporary files.
    pub fn docker(&self) -> UserDocker {
        let directory = |name: &str| self.variable(name).map(Utf8PathBuf::from);
        let temporary = [directory(TEMPORARY), directory("TMPDIR"), Some("/tmp".into())];
        UserDocker {
            config: directory("DOCKER_CONFIG").or_else(|| Some(directory("HOME")?.join(".docker"))),
            path: self.path().unwrap_or_default(),
            temporary: temporary.into_iter().flatten().filter(|directory| directory.is_absolute()).collect(),
        }
    }

    /// The browser that opens the pages of probes, with no more of the environment than a page may learn.
    pub fn browser(&self) -> Browser {
        let seen = self.child_environment().into_iter().filter(|(name, _)| browser::may_see(name)).collect();
        let in_runner = || Some(Utf8PathBuf::from(self.variable(TEMPORARY)?).join("shipgate-screenshots"));
        let pictures = self.variable(SCREENSHOTS).map(Utf8PathBuf::from).or_else(in_runner);
        Browser::new(seen, self.variable("CHROME_BIN"), pictures)
    }

    /// Where docker's credential helper asks for a login, where this process is that helper.
    pub fn docker_login(&self) -> Option<Utf8PathBuf> {
        self.variable(login::SOCKET).map(Utf8PathBuf::from)
    }

    /// Whose git repositories are read, beside those of the process's own user.
    pub fn owners(&self) -> Owners {
        let workspace = self.variable("GITHUB_WORKSPACE").filter(|_| self.in_actions());
        Owners {
            sudo: self.variable("SUDO_UID").and_then(|user| user.parse().ok()),
            workspace: workspace.map(Utf8PathBuf::from),
        }
    }

    /// The other addresses of registries that [`REGISTRY_HOSTS`] names.
    ///
    /// # Errors
    ///
    /// The variable is malformed: `invalid`.
    pub fn registry_addresses(&self) -> Result<RegistryAddresses, Failure> {
        let entries = self.variable(REGISTRY_HOSTS).unwrap_or_default().split(',').map(str::trim);
        let parsed = entries.filter(|entry| !entry.is_empty()).map(|entry| {
            parse_registry_entry(entry).ok_or_else(|| {
                Failure::invalid(format!("{REGISTRY_HOSTS} has a malformed entry {entry:?}")).hint(
                    "write 000000000000.dkr.ecr.us-east-1.amazonaws.com=http://localhost:4566, entries separated by commas; \
                     other hosts than this machine with https",
                )
            })
        });
        parsed.collect::<Result<_, _>>().map(RegistryAddresses)
    }
}

/// The token that the AWS SDK would read. Bounded, and of no device or pipe: it is read for this alone.
fn token_in_file(path: &str) -> Option<String> {
    const LONGEST_TOKEN: u64 = 64 << 10;
    let file = std::fs::metadata(path).ok()?;
    if file.is_file() && file.len() <= LONGEST_TOKEN { std::fs::read_to_string(path).ok() } else { None }
}

fn parse_registry_entry(entry: &str) -> Option<(String, RegistryAddress)> {
    let (name, url) = entry.split_once('=')?;
    let (tls, host) = match url.strip_prefix("http://") {
        Some(host) => (false, host),
        None => (true, url.strip_prefix("https://")?),
    };
    let host = host.trim_end_matches('/');
    // The registry's password goes there.
    if !Url::parse(url).is_ok_and(|url| is_private(&url)) {
        return None;
    }
    let plain =
        !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | ':' | '-' | '[' | ']'));
    (plain && name.contains(".dkr.ecr.")).then(|| (name.to_owned(), RegistryAddress { host: host.to_owned(), tls }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(pairs: &[(&str, &str)]) -> Context {
        let pairs = pairs.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
        Context::new(pairs, "/repository".into(), true, false)
    }

    fn address(text: &str, account: &str, region: &str) -> Result<Option<RegistryAddress>, String> {
        context(&[(REGISTRY_HOSTS, text)])
            .registry_addresses()
            .map(|addresses| addresses.of(&account.parse().unwrap(), &region.parse().unwrap()).cloned())
            .map_err(|failure| failure.reason)
    }

    #[test]
    fn registries_are_found_by_account_and_region() {
        let text = "000000000000.dkr.ecr.us-east-1.amazonaws.com=http://localhost:4566, \
                    111111111111.dkr.ecr.eu-west-1.amazonaws.com=https://registry.example:5000";
        let first = RegistryAddress { host: "localhost:4566".to_owned(), tls: false };
        let second = RegistryAddress { host: "registry.example:5000".to_owned(), tls: true };
        assert_eq!(address(text, "000000000000", "us-east-1"), Ok(Some(first)));
        assert_eq!(address(text, "111111111111", "eu-west-1"), Ok(Some(second)));
        assert_eq!(address(text, "111111111111", "us-east-1"), Ok(None));
        for wrong in [
            "localhost",
            "a=b",
            "x.dkr.ecr.y=ftp://z",
            "x.dkr.ecr.y=http://a/b",
            "x.dkr.ecr.y=http://u:p@h",
            "x.dkr.ecr.y=http://registry.example",
        ] {
            assert!(address(wrong, "000000000000", "us-east-1").is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_run_has_a_page() {
        let run = [("GITHUB_SERVER_URL", "https://github.com"), ("GITHUB_REPOSITORY", "o/r"), ("GITHUB_RUN_ID", "7")];
        assert_eq!(context(&run).run_url().unwrap(), "https://github.com/o/r/actions/runs/7/attempts/1");
        assert_eq!(context(&run[..2]).run_url(), None);
        assert_eq!(context(&[]).github_api(), "https://api.github.com");
    }

    #[test]
    fn a_run_is_started_by_whoever_started_this_attempt() {
        let started = |variables: &[(&str, &str)]| {
            let provenance = context(variables).provenance("arn:aws:iam::123456789012:user/ana");
            (provenance.author().to_owned(), provenance.by, provenance.trigger, provenance.run)
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(started(&[("GITHUB_ACTOR", "eva")]), ("ana".to_owned(), some("ana"), some("local"), some("local")));
        let run = [
            ("GITHUB_REPOSITORY", "o/r"),
            ("GITHUB_RUN_ID", "7"),
            ("GITHUB_EVENT_NAME", "push"),
            ("GITHUB_ACTOR", "eva"),
            ("GITHUB_TRIGGERING_ACTOR", "ben"),
        ];
        assert_eq!(started(&run), ("o/r/7/1".to_owned(), some("ben"), some("push"), some("o/r/7/1")));
        assert_eq!(started(&run[..4]).1, some("eva"));
        // A session in a workflow is no person.
        assert_eq!(started(&run[..2]), ("o/r/7/1".to_owned(), None, None, some("o/r/7/1")));
    }

    #[test]
    fn children_get_no_credentials() {
        let context = context(&[
            ("PATH", "/bin"),
            ("DOCKER_HOST", "unix:///x"),
            ("AWS_SECRET_ACCESS_KEY", "canary"),
            ("GITHUB_TOKEN", "canary"),
            ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "canary"),
            ("SHIPGATE_VARS", "canary"),
        ]);
        let names: Vec<OsString> = context.child_environment().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["PATH", "DOCKER_HOST"]);
    }

    #[test]
    fn children_find_no_program_where_they_stand() {
        for (path, kept) in [("/usr/bin:.:/bin:bin:", "/usr/bin:/bin"), ("/a b:/bin", "/a b:/bin")] {
            assert_eq!(context(&[("PATH", path)]).child_environment(), [("PATH".into(), kept.into())], "{path}");
        }
        for path in [".", "", ":"] {
            assert_eq!(context(&[("PATH", path)]).child_environment(), [], "{path}");
        }
    }

    #[test]
    fn a_log_is_never_interactive() {
        assert!(context(&[]).interactive);
        assert!(!context(&[("GITHUB_ACTIONS", "true")]).interactive);
        assert!(!context(&[("CI", "1")]).interactive);
        assert!(!context(&[("TERM", "dumb")]).interactive);
    }
}
