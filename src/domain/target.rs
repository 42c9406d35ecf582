//! Where a release goes: one environment of the configuration, resolved and checked, nothing left to look up.
//!
//! Only what depends on the release itself is still open, as a [`Template`].

use camino::Utf8PathBuf;
use indexmap::IndexMap;

use super::contract::DeclaredContract;
use super::file_line::FileLine;
use super::gate::GatePolicy;
use super::github::workflows::TrustedWorkflows;
use super::kind::Kind;
use super::names::{AccountId, ComponentName, EnvironmentName, Region, RepositoryName};
use super::role::Roles;
use super::secrets::in_header;
use super::settle::OnFailure;
use super::template::Template;

/// One environment with the components that a command was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct EnvironmentTarget {
    /// The application's name.
    pub app: String,
    /// The environment's name.
    pub environment: EnvironmentName,
    /// The AWS region that everything in the environment is in.
    pub region: Region,
    /// The account that everything must land in. Absent: not checked.
    pub account: Option<AccountId>,
    /// Where that is written.
    pub account_line: Option<FileLine>,
    /// The roles that are assumed for it.
    pub roles: Roles,
    /// Where people find it.
    pub url: Option<String>,
    /// The environment that releases come from. Present: not deployable directly.
    pub promotes_from: Option<EnvironmentName>,
    /// What is done about a release that fails after it has taken the place of another.
    pub on_failure: OnFailure,
    /// Whether only some of its components are meant.
    pub is_part: bool,
    /// The gate policy.
    pub policy: GatePolicy,
    /// The workflows of shipgate that are trusted. Empty: none is named.
    pub workflows: Vec<TrustedWorkflows>,
    /// The images that the components need, each once, in the order of the file.
    pub images: Vec<Image>,
    /// The components, in the order they are changed: that of the file, but each after those it depends on.
    pub components: Vec<Component>,
}

impl EnvironmentTarget {
    /// What is meant of it, in words: the environment, or some of its components.
    pub fn place(&self) -> String {
        if !self.is_part {
            return self.environment.to_string();
        }
        let names: Vec<&str> = self.components.iter().map(|component| component.name.as_str()).collect();
        format!("{} of {}", names.join(", "), self.environment)
    }

    /// The secrets that are known already: the values of the headers that probes send, and their parts
    /// ([`in_header`]). What stands everywhere else too is none: the names of the environment and of what is in it.
    pub fn secrets(&self) -> Vec<String> {
        let mut open = vec![self.app.as_str(), self.environment.as_str(), self.region.as_str(), "shipgate"];
        open.extend(self.url.as_deref());
        open.extend(self.account.as_ref().map(AccountId::as_str));
        open.extend(self.promotes_from.as_ref().map(EnvironmentName::as_str));
        open.extend(self.images.iter().map(|image| image.repository.as_str()));
        let mut probes = Vec::new();
        for component in &self.components {
            open.push(component.name.as_str());
            open.extend(component.kind.names());
            probes.extend(component.kind.probes());
        }
        let headers = probes.into_iter().flat_map(|probe| &probe.headers);
        let values = headers.filter_map(|(name, value)| Some((name, value.as_literal()?)));
        let parts = values.flat_map(|(name, value)| in_header(name, value));
        parts.filter(|part| !open.contains(&part.as_str())).collect()
    }
}

/// An image that is built once for a release and used by one or more components.
#[derive(Debug, Clone, PartialEq)]
pub struct Image {
    /// The component whose `build` makes it.
    pub component: ComponentName,
    /// Where it is kept.
    pub repository: RepositoryName,
    /// Whether a missing repository is created.
    pub create_repository: bool,
    /// Which images are taken that the repository has already.
    pub reuse: Reuse,
    /// How it is built.
    pub build: ImageBuild,
}

/// Which images are taken that a repository has already under a release's tag, with its label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reuse {
    /// Pushed by any program.
    Any,
    /// Those alone that a run of shipgate pushed for this environment.
    Own,
}

impl Reuse {
    /// Number of the newest revisions of a service's family that are searched for an image: few where one that is not found is
    /// a warning, as many as a rollback looks at where it refuses.
    pub fn looked_at(self) -> usize {
        match self {
            Self::Any => 10,
            Self::Own => 200,
        }
    }
}

/// How an image is built by the docker command line.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ImageBuild {
    /// Where that is written.
    pub line: Option<FileLine>,
    /// The build context, relative to the configuration file.
    pub context: Utf8PathBuf,
    /// The Dockerfile, relative to the configuration file. Absent: `Dockerfile` in the context.
    pub dockerfile: Option<Utf8PathBuf>,
    /// The platforms, for example `linux/amd64`. Empty: the engine's own.
    pub platforms: Vec<String>,
    /// Build arguments.
    pub args: IndexMap<String, Template>,
    /// Tags beside the release's own.
    pub tags: Vec<Template>,
}

impl ImageBuild {
    /// The Dockerfile, relative to the configuration file.
    pub fn dockerfile(&self) -> Utf8PathBuf {
        let in_context = || match self.context.as_str() {
            "." => "Dockerfile".into(),
            _ => self.context.join("Dockerfile"),
        };
        self.dockerfile.clone().unwrap_or_else(in_context)
    }
}

/// A component of one kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Component {
    /// The component's name.
    pub name: ComponentName,
    /// The components that it depends on directly, also those that the command was not asked for.
    pub depends_on: Vec<ComponentName>,
    /// The components that are changed before it: those that it depends on, directly or through others.
    pub follows: Vec<ComponentName>,
    /// What its environment variables have to fit. Empty: nothing is declared.
    pub contract: DeclaredContract,
    /// What it is, and all that only such a component has.
    pub kind: Kind,
}
