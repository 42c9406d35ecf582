//! A branch of an app as it is configured.

use std::collections::BTreeMap;

use super::names::{AppId, BranchName, Compute, Platform};
use super::seen::{AppLookup, SeenApp};
use super::{iam, lint};
use crate::domain::check::outline::Outline;
use crate::domain::check::{AwsResource, Findings, RepositoryFiles};
use crate::domain::configured::Configured;
use crate::domain::iam::rights::Rights;
use crate::domain::names::{EnvironmentName, Region};
use crate::domain::role::Partition;

/// A branch of an app of AWS Amplify.
#[derive(Debug, Clone, PartialEq)]
pub struct AmplifyTarget {
    /// The app. It exists: shipgate creates none.
    pub app_id: AppId,
    /// The branch.
    pub branch: BranchName,
    /// The directory of the app in a monorepo, from the root of the repository.
    pub app_root: Option<String>,
    /// How the app is served. `None`: not known.
    pub platform: Option<Platform>,
    /// The machine that builds it.
    pub compute: Compute,
    /// The environment whose backend it uses. `None`: it has a backend of its own, or none at all.
    pub backend_from: Option<EnvironmentName>,
    /// How many resources its backend has at least, by type.
    pub expect: BTreeMap<String, u32>,
}

impl Configured for AmplifyTarget {
    fn names(&self) -> Vec<&str> {
        vec![self.app_id.as_str(), self.branch.as_str()]
    }

    fn place(&self) -> String {
        format!("branch {} of Amplify app {}", self.branch, self.app_id)
    }

    fn rights() -> &'static [Rights] {
        iam::RIGHTS
    }

    fn shares_with(&self) -> Option<&EnvironmentName> {
        self.backend_from.as_ref()
    }

    fn check(repository: &RepositoryFiles<'_>, outline: Option<&Outline>, seen: &[AwsResource]) -> Findings {
        let looked_up = |seen: &'_ AwsResource| Some((seen.shown::<AppLookup>()?.clone(), seen.environments.clone()));
        let looked_up: Vec<(AppLookup, Vec<String>)> = seen.iter().filter_map(looked_up).collect();
        let apps: Vec<SeenApp> = looked_up.iter().filter_map(|(it, _)| it.app.clone()).collect();
        let mut findings = lint::check(repository, outline, &apps);
        if let Some(outline) = outline {
            lint::branches(outline, &looked_up, &mut findings);
        }
        findings
    }

    fn asks_for(&self) -> Option<String> {
        Some(format!("Amplify app {}", self.app_id))
    }

    fn texts(&self) -> Vec<(&'static str, String)> {
        let app_root = self.app_root.clone().map(|root| ("app-root", root));
        let platform = self.platform.map(|platform| ("platform", platform.to_string()));
        [
            ("app-id", self.app_id.to_string()),
            ("branch", self.branch.to_string()),
            ("compute", self.compute.to_string()),
        ]
        .into_iter()
        .chain(app_root)
        .chain(platform)
        .collect()
    }

    fn console(&self, region: &Region) -> Option<String> {
        let host = Partition::of(region).console();
        let (app, branch) = (&self.app_id, self.branch.as_str().replace('/', "%2F"));
        Some(format!("https://{region}.{host}/amplify/apps/{app}/branches/{branch}?region={region}"))
    }
}
