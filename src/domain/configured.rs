//! What is asked of a configured component, whatever its kind.

use camino::Utf8Path;

use super::check::outline::Outline;
use super::check::{AwsResource, Findings, RepositoryFiles};
use super::iam::rights::Rights;
use super::names::{ComponentName, EnvironmentName, Region};
use super::probe::Probe;
use super::template::Template;

/// A component that is of a kind.
pub trait OfKind {
    /// The word of the kind in the configuration.
    fn kind(&self) -> &'static str;
}

/// What the rest of the program asks of a configured component, whatever its kind.
pub trait Configured: OfKind {
    /// The names in it, which are no secrets wherever they stand.
    fn names(&self) -> Vec<&str>;

    /// What it is, beside nothing else of its environment: `service a of cluster b`.
    fn place(&self) -> String;

    /// All rights that a component of the kind may need, for who misses one.
    fn rights() -> &'static [Rights]
    where
        Self: Sized,
    {
        &[]
    }

    /// Checks the files of the repository that components of the kind depend on, also where none is configured. `seen`: what
    /// AWS shows of components, of any kind, where somebody was allowed to look.
    fn check(_repository: &RepositoryFiles<'_>, _outline: Option<&Outline>, _seen: &[AwsResource]) -> Findings
    where
        Self: Sized,
    {
        Findings::default()
    }

    /// What AWS is asked for by a check, because rules on files know more with it: `Amplify app d1abc`. It is asked for once
    /// for all components in one account and region that name the same. `None`: nothing.
    fn asks_for(&self) -> Option<String> {
        None
    }

    /// The texts of its keys without variables, for rules on files.
    fn texts(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// Its page in the console of AWS.
    fn console(&self, region: &Region) -> Option<String>;

    /// The component whose image it runs. Absent: it ships something else.
    fn image(&self) -> Option<&ComponentName> {
        None
    }

    /// The directory that its release is built from, from that of the configuration file, where no image is.
    fn built_from(&self) -> Option<&Utf8Path> {
        None
    }

    /// The version of Node.js that its build asks for.
    fn node(&self) -> Option<&str> {
        None
    }

    /// The questions to ask the running release.
    fn probes(&self) -> &[Probe] {
        &[]
    }

    /// The command that runs before a release takes traffic.
    fn pre_deploy(&self) -> Option<&[Template]> {
        None
    }

    /// Whether the release has such a command for the component, here or for another environment. `None`: unknown.
    fn has_pre_deploy(&self) -> Option<bool> {
        Some(false)
    }

    /// Takes the command over that the release's own commit has, and whether it has one anywhere.
    fn take_pre_deploy(&mut self, _command: Option<Vec<Template>>, _is_used: Option<bool>) {}

    /// Whether browsers load all of its variables.
    fn is_public(&self) -> bool {
        false
    }

    /// Whether it takes its secrets as references to where they are kept.
    fn has_references(&self) -> bool {
        false
    }

    /// The environment whose resources it uses on purpose.
    fn shares_with(&self) -> Option<&EnvironmentName> {
        None
    }

    /// Whether it uses files that belong to the release's commit.
    fn uses_files(&self) -> bool {
        false
    }
}
