//! Looks at the world: git, the account, the registry, the components. Read-only.

mod checkout;
mod files;
mod github;
mod identity;
mod images;
mod reference;
mod writer;

pub use checkout::{Checkout, Tree, Unlisted, Unreadable};
pub use files::{DefinitionFiles, at_release};
pub use github::{NoGitHub, github};
pub use identity::{Identities, Identity, NotEntered};
pub use images::{baseline_image, image, planned_tags, promoted_image, restored_image};
pub use reference::named_release;
pub use writer::{Writable, Writer, WriterSession};

use std::any::{Any, TypeId};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use aws_config::SdkConfig;
use camino::{Utf8Path, Utf8PathBuf};
use jiff::Timestamp;
use secrecy::SecretString;

use crate::clients::ecr::{Ecr, RegistryLogin};
use crate::clients::endpoint::{self, EndpointError};
use crate::clients::git::{Changes, Git};
use crate::clients::git_repository::WorkTree;
use crate::clients::logs::CloudWatchLogs;
use crate::clients::masks::Masks;
use crate::clients::registry::Registry;
use crate::config::{self, BuildSelection, ConfigurationFile, Purpose, ResolveRequest, WrittenRole};
use crate::context::{Context, RegistryAddresses, VARS};
use crate::domain::check::outline::Outline;
use crate::domain::failure::Failure;
use crate::domain::git::Uncompared;
use crate::domain::iam::jobs::{ChangedIn, PromotedEnvironment, Promotions};
use crate::domain::names::{AccountId, ComponentName, Region};
use crate::domain::release::{GitSha, ReleaseName};
use crate::domain::role::{Caller, RolePurpose};
use crate::domain::site_build::SiteBuild;
use crate::domain::target::EnvironmentTarget;
use crate::domain::template::Template;
use crate::domain::token::Claims;
use crate::sink;

/// The name of the configuration file.
pub const CONFIG_FILE: &str = "shipgate.toml";

/// A configuration file that is right in itself.
#[derive(Debug)]
pub struct Configuration {
    document: ConfigurationFile,
    /// The directory that its paths are relative to.
    pub directory: Utf8PathBuf,
    /// The file's name in that directory.
    pub file_name: String,
    /// What is in the file.
    pub text: String,
}

/// One environment's AWS, by client.
#[derive(Debug)]
pub struct Cloud {
    /// The account that the credentials are of.
    pub account: AccountId,
    /// The account that the environment is configured to be in. `None`: none is configured.
    pub expected: Option<AccountId>,
    /// Whom AWS takes the credentials for, as an ARN.
    pub caller: String,
    /// What the token says that the role was assumed with. `None`: the credentials are ambient ones.
    pub claims: Option<Claims>,
    /// Amazon ECR.
    pub ecr: Ecr,
    /// `CloudWatch` Logs.
    pub logs: CloudWatchLogs,
    /// The directory of the configuration file.
    pub directory: Utf8PathBuf,
    config: SdkConfig,
    /// What the kinds of components have for themselves: each once, since a client may share its calls.
    clients: RefCell<HashMap<TypeId, Box<dyn Any>>>,
}

/// A client of an AWS service that a kind of component has for itself.
pub trait AwsClient: Clone + 'static {
    /// The id of the service in the SDK: `S3`.
    const SERVICE: &'static str;

    /// The client.
    fn new(config: &SdkConfig) -> Self;
}

impl Cloud {
    /// The clients of an environment.
    pub fn new(caller: Caller, claims: Option<Claims>, config: SdkConfig, directory: Utf8PathBuf) -> Self {
        let (ecr, logs) = (Ecr::new(&config), CloudWatchLogs::new(&config));
        let Caller { account, arn: caller } = caller;
        Self { account, expected: None, caller, claims, ecr, logs, directory, config, clients: RefCell::default() }
    }

    /// The region that the environment is in.
    pub fn region(&self) -> &str {
        self.config.region().map_or("", AsRef::as_ref)
    }

    /// `CloudWatch` Logs of a region. `None`: that of the environment.
    pub fn logs_in(&self, region: Option<&Region>) -> CloudWatchLogs {
        match region.filter(|region| self.region() != region.as_str()) {
            Some(region) => CloudWatchLogs::in_region(&self.config, region),
            None => self.logs.clone(),
        }
    }

    /// A kind's own client. Each has the credentials of the environment.
    ///
    /// # Errors
    ///
    /// Credentials would be sent to its service without encryption.
    pub fn client<C: AwsClient>(&self) -> Result<C, EndpointError> {
        endpoint::check_service(&self.config, C::SERVICE)?;
        Ok(self.checked_client())
    }

    /// The same for a service whose address was checked with the session (`endpoint::check`).
    pub fn checked_client<C: AwsClient>(&self) -> C {
        let mut clients = self.clients.borrow_mut();
        let client = clients.entry(TypeId::of::<C>()).or_insert_with(|| Box::new(C::new(&self.config)));
        client.downcast_ref::<C>().map_or_else(|| C::new(&self.config), C::clone)
    }
}

/// A registry with what is needed to let docker push to it.
#[derive(Debug)]
pub struct RegistryAccess {
    /// The registry.
    pub registry: Registry,
    /// The login.
    pub login: RegistryLogin,
}

impl Configuration {
    /// Finds and reads the configuration file.
    ///
    /// # Errors
    ///
    /// `invalid`: there is none, or it has problems.
    pub fn load(context: &Context, given: Option<&Utf8Path>) -> Result<Self, Failure> {
        let path = match given {
            Some(path) => context.directory.join(path),
            None => find(&context.directory)?,
        };
        let text = read(context, &path).map_err(|reason| {
            Failure::invalid(format!("configuration file {path} cannot be read"))
                .cause(reason)
                .hint("name the file with --config")
        })?;
        let shown = path.strip_prefix(&context.directory).unwrap_or(&path);
        let document = ConfigurationFile::parse(shown, &text)?;
        let directory = path.parent().map_or_else(|| context.directory.clone(), Utf8Path::to_owned);
        let file_name = path.file_name().unwrap_or(CONFIG_FILE).to_owned();
        Ok(Self { document, directory, file_name, text })
    }

    /// Where the file is in its repository, from the root. `None`: it is in none.
    pub fn path_in_repository(&self) -> Option<String> {
        let root = WorkTree::around(&self.directory)?.root;
        let directory = self.directory.canonicalize_utf8().ok()?;
        let path = directory.strip_prefix(root).ok()?.join(&self.file_name);
        Some(path.into_string())
    }

    /// The environments, in the order of the file.
    pub fn environments(&self) -> Vec<String> {
        self.document.environments().map(str::to_owned).collect()
    }

    /// The variables of the repository, by name, as `SHIPGATE_VARS` has them. `None`: nothing hands them over.
    pub fn repository_variables(context: &Context) -> Option<BTreeMap<String, SecretString>> {
        config::repository_variables(context.variable(VARS))
    }

    /// The environments that take their releases from one.
    pub fn promoted_by(&self, environment: &str) -> Vec<String> {
        self.document.promoted_by(environment).map(str::to_owned).collect()
    }

    /// Whether a second person approves what changes an environment.
    pub fn is_approved_by_second_person(&self, environment: &str) -> bool {
        self.document.is_approved_by_second_person(environment)
    }

    /// Which environments take releases from which, and where each is changed.
    pub fn promotions(&self) -> Promotions {
        let names = self.environments();
        let of = |to: &String| PromotedEnvironment {
            to: to.clone(),
            from: names.iter().find(|from| self.promoted_by(from).contains(to)).cloned(),
            changed_in: if self.is_approved_by_second_person(to) {
                ChangedIn::Branch
            } else {
                ChangedIn::GithubEnvironment
            },
        };
        Promotions(names.iter().map(of).collect())
    }

    /// The role that changes each environment, in the order of the file.
    pub fn roles(&self) -> Vec<(String, WrittenRole)> {
        self.document.roles()
    }

    /// What other files of the repository have to fit. `file`: the configuration file, as places are to name it.
    pub fn outline(&self, file: &str) -> Outline {
        self.document.outline(file)
    }

    /// One environment with the components asked for, all of them where none is named.
    ///
    /// # Errors
    ///
    /// `invalid`: it is not in the file, or its variables are not set.
    pub fn target(
        &self,
        context: &Context,
        environment: &str,
        components: &[String],
    ) -> Result<EnvironmentTarget, Failure> {
        self.resolve(context, environment, components, Purpose::Change)
    }

    /// The same with nothing but what names its services and its roles: in an emergency the user should not have to find out
    /// the values of the variables of a probe.
    ///
    /// # Errors
    ///
    /// As [`Self::target`].
    pub fn services(
        &self,
        context: &Context,
        environment: &str,
        components: &[String],
    ) -> Result<EnvironmentTarget, Failure> {
        self.resolve(context, environment, components, Purpose::Services)
    }

    /// The same with what the configuration itself sets of the variables of components.
    ///
    /// # Errors
    ///
    /// As [`Self::target`].
    pub fn values(
        &self,
        context: &Context,
        environment: &str,
        components: &[String],
    ) -> Result<EnvironmentTarget, Failure> {
        self.resolve(context, environment, components, Purpose::Values)
    }

    /// One environment without its components: where it is, and its roles.
    ///
    /// # Errors
    ///
    /// As [`Self::target`].
    pub fn identity(&self, context: &Context, environment: &str) -> Result<EnvironmentTarget, Failure> {
        self.resolve(context, environment, &[], Purpose::Identity)
    }

    /// One environment with what a policy of IAM names of it.
    ///
    /// # Errors
    ///
    /// As [`Self::target`].
    pub fn policy(&self, context: &Context, environment: &str) -> Result<EnvironmentTarget, Failure> {
        self.resolve(context, environment, &[], Purpose::Policy)
    }

    /// The builds of static sites: of those that are named, else of all. `environment`: the one that they are for, where each
    /// has a build of its own.
    ///
    /// # Errors
    ///
    /// `invalid`: a component has none, or the variables of a build are not set.
    pub fn builds(
        &self,
        context: &Context,
        environment: Option<&str>,
        components: &[String],
    ) -> Result<Vec<(ComponentName, SiteBuild)>, Failure> {
        Ok(self.document.builds(&BuildSelection {
            environment,
            components,
            vars: context.variable(VARS),
            env: &|name| context.variable(name).map(str::to_owned),
            in_workflow: context.in_actions(),
        })?)
    }

    fn resolve(
        &self,
        context: &Context,
        environment: &str,
        components: &[String],
        purpose: Purpose,
    ) -> Result<EnvironmentTarget, Failure> {
        let request = ResolveRequest {
            environment,
            components,
            purpose,
            vars: context.variable(VARS),
            env: &|name| context.variable(name).map(str::to_owned),
            in_workflow: context.in_actions(),
        };
        let target = self.document.resolve(&request)?;
        target.secrets().iter().for_each(|secret| sink::hide(secret));
        Ok(target)
    }

    /// The pre-deploy commands of a target's components as another commit's configuration has them. Nothing else is
    /// taken from it, and nothing else in it is looked at.
    ///
    /// # Errors
    ///
    /// `invalid`: it is no TOML, or a command is malformed.
    pub fn pre_deploy_at(
        &self,
        context: &Context,
        target: &EnvironmentTarget,
        text: &str,
        shown: &Utf8Path,
    ) -> Result<BTreeMap<ComponentName, Option<Vec<Template>>>, Failure> {
        let components: Vec<String> = target.components.iter().map(|component| component.name.to_string()).collect();
        let request = ResolveRequest {
            environment: target.environment.as_str(),
            components: &components,
            purpose: Purpose::Change,
            vars: context.variable(VARS),
            env: &|name| context.variable(name).map(str::to_owned),
            in_workflow: context.in_actions(),
        };
        Ok(self.document.pre_deploy_at(&request, text, shown)?)
    }
}

/// The file in the nearest directory from here upwards, as far as the repository reaches. Outside any it is here: what
/// is above may be anybody's.
fn find(directory: &Utf8Path) -> Result<Utf8PathBuf, Failure> {
    search(directory).ok_or_else(|| {
        let place = match WorkTree::around(directory) {
            Some(tree) if tree.root != directory => format!("{directory} or above, up to {}", tree.root),
            Some(_) | None => directory.to_string(),
        };
        Failure::invalid(format!("there is no {CONFIG_FILE} in {place}"))
            .hint("write one at the root of the repository, or name it with --config")
    })
}

/// Where the configuration file is, when none is named.
pub fn search(directory: &Utf8Path) -> Option<Utf8PathBuf> {
    let root = WorkTree::around(directory).map(|tree| tree.root);
    let is_root = |directory: &Utf8Path| root.is_none() || directory.canonicalize_utf8().ok() == root;
    let last = directory.ancestors().position(is_root).unwrap_or(0);
    let searched = directory.ancestors().take(last + 1);
    searched.map(|directory| directory.join(CONFIG_FILE)).find(|path| path.is_file())
}

/// The text of a configuration file. In a repository it is read as its other files are: what a link in it leads to
/// would be shown where it is no configuration.
fn read(context: &Context, path: &Utf8Path) -> Result<String, String> {
    match path.parent().filter(|directory| WorkTree::around(directory).is_some()) {
        Some(directory) => Checkout::around(context, directory).read(path).map_err(|error| error.to_string()),
        None => std::fs::read_to_string(path).map_err(|error| error.to_string()),
    }
}

/// The text of a file that is no part of the repository, of at most this many bytes.
///
/// # Errors
///
/// Why it cannot be read, in words.
pub fn bounded_file(path: &Utf8Path, most: usize) -> Result<String, String> {
    let file = path.metadata().map_err(|error| error.to_string())?;
    if !file.is_file() || usize::try_from(file.len()).map_or(true, |length| length > most) {
        return Err(format!("it is no file of at most {most} bytes"));
    }
    std::fs::read_to_string(path).map_err(|error| error.to_string())
}

/// The clients of an environment, after proof that the credentials are of the configured account.
///
/// # Errors
///
/// `invalid` without credentials or in another account; `failed` when AWS cannot be asked.
pub async fn cloud(
    identities: &Identities<'_>,
    target: &EnvironmentTarget,
    access: RolePurpose,
) -> Result<Cloud, Failure> {
    let mut cloud = clients(identities, identities.enter(target, access).await?);
    cloud.expected.clone_from(&target.account);
    Ok(cloud)
}

/// The same with the ambient credentials, whatever roles the environment has: for who makes these roles.
///
/// # Errors
///
/// As [`cloud`].
pub async fn ambient_cloud(identities: &Identities<'_>, target: &EnvironmentTarget) -> Result<Cloud, Failure> {
    Ok(clients(identities, identities.stay(target).await?))
}

fn clients(identities: &Identities<'_>, Identity { config, caller }: Identity) -> Cloud {
    Cloud::new(caller, identities.claims().cloned(), config, identities.directory().to_owned())
}

/// The release that the working tree is. `built`: the directories that its images are built from.
///
/// # Errors
///
/// `invalid` for a tree with changes unless they are allowed, outside git, or without a commit.
pub async fn release(
    git: &Git,
    built: &[Utf8PathBuf],
    allow_dirty: bool,
    now: Timestamp,
) -> Result<ReleaseName, Failure> {
    let sha = git.head().await?;
    let changes = git.changes(built).await?;
    if changes.changed.is_empty() && changes.uncompared.is_empty() {
        return Ok(ReleaseName::Commit(sha));
    }
    if allow_dirty {
        return Ok(ReleaseName::Dirty { sha, time: now.strftime("%Y%m%dT%H%M%SZ").to_string() });
    }
    Err(if changes.changed.is_empty() { uncompared(&sha, &changes) } else { changed(&sha, &changes) })
}

/// Maximum number of files that are named.
const NAMED: usize = 5;

fn changed(sha: &GitSha, changes: &Changes) -> Failure {
    let failure = Failure::invalid(format!("the working tree has changes that are not in commit {}", sha.short()));
    let failure = named(failure, &changes.changed)
        .hint("commit them, or use --allow-dirty for a release that can never be promoted");
    if changes.unused_filters.is_empty() {
        return failure;
    }
    failure.hint(format!(
        "filters that the repository's own git configuration names are not run: where they are yours, write them with \
         `git config --global` ({})",
        changes.unused_filters.join(", ")
    ))
}

/// A file that git does not compare may have any content.
fn uncompared(sha: &GitSha, changes: &Changes) -> Failure {
    let files: Vec<String> = changes.uncompared.iter().map(|(mark, file)| format!("{} {file}", mark.name())).collect();
    let reason = format!("git is set not to compare files of the working tree with commit {}", sha.short());
    let marks: BTreeSet<Uncompared> = changes.uncompared.iter().map(|(mark, _)| *mark).collect();
    let failure = marks.into_iter().fold(named(Failure::invalid(reason), &files), |failure, mark| {
        let files = changes.uncompared.iter().filter(|(other, _)| *other == mark).take(NAMED);
        let quoted = files.map(|(_, file)| shlex::try_quote(file).unwrap_or_default());
        failure.hint(format!("let git compare them: `{} {}`", mark.undo(), quoted.collect::<Vec<_>>().join(" ")))
    });
    failure.hint("or use --allow-dirty for a release that can never be promoted")
}

fn named(failure: Failure, files: &[String]) -> Failure {
    let failure = files.iter().take(NAMED).fold(failure, Failure::cause);
    match files.len().saturating_sub(NAMED) {
        0 => failure,
        more => failure.cause(format!("and {more} more")),
    }
}

/// Logs in to the environment's registry, where a component has an image. Without one nothing is asked of it.
///
/// # Errors
///
/// The call failed.
pub async fn registry(
    cloud: &Cloud,
    addresses: &RegistryAddresses,
    target: &EnvironmentTarget,
    masks: Masks,
) -> Result<RegistryAccess, Failure> {
    let login = if target.images.is_empty() {
        RegistryLogin::unused(format!("{}.dkr.ecr.{}.amazonaws.com", cloud.account, target.region))
    } else {
        cloud.ecr.login().await?
    };
    masks.hide_login(&login);
    Ok(RegistryAccess { registry: Registry::new(&login, addresses.of(&cloud.account, &target.region)), login })
}
