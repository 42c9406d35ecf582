//! What the configuration, AWS and other files of the repository say of an app.

use std::collections::BTreeSet;

use super::specification::{App, plain};
use crate::domain::amplify::names::{Compute, Platform};
use crate::domain::amplify::seen::SeenApp;
use crate::domain::check::outline::{Outline, OutlinedText, WrittenComponent};
use crate::domain::check::{LinePlace, RepositoryFiles};

/// The word of the kind.
pub const KIND: &str = "amplify";
/// Files of other systems that may deploy a backend.
const OTHER_SYSTEMS: [&str; 8] = [
    ".gitlab-ci.yml",
    "bitbucket-pipelines.yml",
    "azure-pipelines.yml",
    "buildspec.yml",
    "buildspec.yaml",
    "Jenkinsfile",
    ".circleci/config.yml",
    ".travis.yml",
];

/// What is known beside the build specification.
#[derive(Debug, Clone, Copy)]
pub struct AmplifyContext<'a> {
    /// The files.
    pub repository: &'a RepositoryFiles<'a>,
    /// The configuration, where it could be read.
    pub outline: Option<&'a Outline>,
    /// The apps as AWS shows them, where somebody was allowed to look.
    pub seen: &'a [SeenApp],
}

impl<'a> AmplifyContext<'a> {
    /// Every configured branch of an app, in each environment.
    pub fn all(&self) -> impl Iterator<Item = &'a WrittenComponent> + use<'a> {
        self.outline.into_iter().flat_map(|outline| outline.of_kind(KIND))
    }

    /// Those that are built from an app of the specification.
    pub fn components(&self, app: &App) -> Vec<&'a WrittenComponent> {
        let is_of_app = |component: &&WrittenComponent| {
            app.index.is_none() || root(component).is_none_or(|configured| configured == app.root)
        };
        self.all().filter(is_of_app).collect()
    }

    /// The values of a key in all environments. `None`: it is not known in one, or nothing is configured.
    pub fn values(&self, app: &App, key: &str) -> Option<BTreeSet<&'a str>> {
        let components = self.components(app);
        let values: Option<BTreeSet<&str>> = components.iter().map(|component| text(component, key)).collect();
        values.filter(|values| !values.is_empty())
    }

    /// The apps of AWS that are built from an app of the specification, as far as AWS was asked for them.
    pub fn seen(&self, app: &App) -> Vec<&'a SeenApp> {
        let ids = self.values(app, "app-id").unwrap_or_default();
        self.seen.iter().filter(|seen| ids.contains(seen.app_id.as_str())).collect()
    }

    /// The same, where none is left out. `None`: what one of them has is not known.
    pub fn all_seen(&self, app: &App) -> Option<Vec<&'a SeenApp>> {
        let ids = self.values(app, "app-id")?;
        let one = |id: &&str| self.seen.iter().find(|seen| seen.app_id.as_str() == *id);
        ids.iter().map(one).collect()
    }

    /// How it is served, and where that is said.
    pub fn platforms(&self, app: &App) -> Vec<(Platform, String)> {
        let configured = self.components(app).into_iter().filter_map(|component| {
            let platform = text(component, "platform")?.parse().ok()?;
            Some((platform, format!("environment `{}`", component.environment)))
        });
        let seen = self.seen(app).into_iter().filter_map(|seen| Some((seen.platform?, format!("app {}", seen.app_id))));
        configured.chain(seen).collect()
    }

    /// The smallest machine that builds it: the one that the app has, and where AWS was not asked, the one that is written.
    pub fn compute(&self, app: &App) -> Compute {
        let seen = |component: &WrittenComponent| {
            let id = text(component, "app-id")?;
            self.seen
                .iter()
                .find(|seen| seen.app_id.as_str() == id)
                .map(|seen| seen.compute.unwrap_or(Compute::DEFAULT))
        };
        let written = |component| text(component, "compute").and_then(|text| text.parse().ok());
        let components = self.components(app).into_iter();
        let all = components.map(|it| seen(it).or_else(|| written(it)).unwrap_or(Compute::DEFAULT));
        all.min_by_key(|compute| compute.memory()).unwrap_or(Compute::DEFAULT)
    }

    /// Where the backend of an app is defined, in its own directory or at the root.
    pub fn backend(&self, app: &App) -> Option<String> {
        let names = ["ts", "js", "mts", "mjs"].map(|extension| format!("amplify/backend.{extension}"));
        let own =
            names.iter().map(|name| if app.root.is_empty() { name.clone() } else { format!("{}/{name}", app.root) });
        own.chain(names.iter().cloned()).find(|name| self.repository.has(name))
    }

    /// A file of another system that names `pipeline-deploy`.
    pub fn other_system(&self) -> Option<&'static str> {
        let names = |file: &&str| {
            let text = self.repository.text(file).and_then(Result::ok);
            text.is_some_and(|text| text.contains("pipeline-deploy"))
        };
        OTHER_SYSTEMS.into_iter().find(names).or_else(|| {
            let mut below = self.repository.below(".codecatalyst");
            below.any(|file| names(&file)).then_some(".codecatalyst")
        })
    }

    /// The configuration file.
    pub fn configuration(&self) -> &'a str {
        self.outline.map_or("shipgate.toml", |outline| outline.file.as_str())
    }
}

/// What is written of a key, where it is known without looking it up.
pub fn text<'c>(component: &'c WrittenComponent, key: &str) -> Option<&'c str> {
    component.texts.get(key)?.text.as_deref()
}

/// Where a key stands, or the component.
pub fn place(component: &WrittenComponent, key: &str) -> LinePlace {
    component.texts.get(key).map_or(component.place, |written| written.place)
}

/// The directory of the app, without what may stand before and behind it. `None`: it is not known.
pub fn root(component: &WrittenComponent) -> Option<String> {
    match component.texts.get("app-root") {
        None => Some(String::new()),
        Some(OutlinedText { text, .. }) => text.as_deref().map(plain),
    }
}
