//! What the general part of the configuration asks of a kind's keys, and what it reads around them.
//!
//! A kind has a file beside this one with a type `Keys` that is [`KindKeys`]. Which kinds there are says `each_kind!`.

use std::fmt;

use indexmap::IndexMap;

use super::error::Problems;
use super::image::{self, ImageSource, RepositoryKeys};
use super::interpret::Interpreter;
use super::merged::{self, ComponentRequest};
use super::read::{Located, NOT_BUILT, Table, TomlNode};
use super::static_site_build::WrittenSiteBuild;
use super::text::WrittenText;
use crate::domain::check::outline::FileRules;
use crate::domain::kind::Kind;
use crate::domain::target::Image;

/// Keys of a component that a later version will know.
const LATER: [&str; 2] = ["role", "via"];

/// The keys of one kind of component: those that are the same for all environments.
pub(super) trait KindKeys: fmt::Debug + Clone + Default + 'static {
    /// Those that may differ between environments.
    type Settings: fmt::Debug + Clone + Default;
    /// What such a component is when it is resolved.
    type Target: Into<Kind>;

    /// Reads the keys that are the same for all environments.
    fn read(table: &mut Table<'_, '_>) -> Self;

    /// Reads the keys that may differ between environments.
    fn read_settings(table: &mut Table<'_, '_>) -> Self::Settings;

    /// Resolves a component for an environment. Notes all that is wrong.
    fn resolve(component: &MergedComponent<'_, Self>, interpreter: &mut Interpreter<'_, '_>) -> Option<Self::Target>;

    /// Where its image comes from. `None`: such components have no image.
    fn image(&self) -> Option<&ImageSource> {
        None
    }

    /// How its files are built. `None`: nothing says. `all`: its settings, and then those of each environment.
    fn site_build<'d>(&'d self, _all: &mut dyn Iterator<Item = &'d Self::Settings>) -> Option<WrittenSiteBuild<'d>> {
        None
    }

    /// Where its image is kept. `None`: such components have no image.
    fn repository(_settings: &Self::Settings) -> Option<&RepositoryKeys> {
        None
    }

    /// What is written of a component in an environment, for rules on files that it does not name, by key.
    fn texts<'d>(_component: &MergedComponent<'d, Self>) -> Vec<(&'static str, &'d WrittenText)> {
        Vec::new()
    }

    /// The environment that it shares something with on purpose, and the key that says so.
    fn shares_with(_settings: &Self::Settings) -> Option<(&'static str, &Located<String>)> {
        None
    }

    /// What is of a component in one environment alone: no other has the same, and no other key names it.
    fn alone<'d>(_component: &MergedComponent<'d, Self>) -> Vec<Alone<'d>> {
        Vec::new()
    }

    /// The key that it lacks where releases start, and what to write. `None`: it lacks none.
    fn lacks(&self) -> Option<(&'static str, &'static str)> {
        None
    }

    /// The files of the repository that a component uses in an environment, for `check`. `look_up`: a text, unless it
    /// has variables that only the surroundings know.
    fn files<'d>(
        _component: &MergedComponent<'d, Self>,
        _look_up: &dyn Fn(&WrittenText) -> Option<String>,
    ) -> Vec<WrittenFile<'d>> {
        Vec::new()
    }
}

/// A component with its settings for one environment, in the keys of its kind.
pub(super) type MergedComponent<'d, K> = merged::MergedKeys<'d, K, <K as KindKeys>::Settings>;

/// A name that one environment has alone.
pub(super) struct Alone<'d> {
    /// The key that names it.
    pub(super) key: &'static str,
    /// The name.
    pub(super) text: &'d WrittenText,
    /// What to do where another environment has the same.
    pub(super) shared: &'static str,
    /// What to do where another key names the same.
    pub(super) mixed: &'static str,
}

/// A file that a component names.
pub(super) struct WrittenFile<'d> {
    /// The text that names it.
    pub(super) text: &'d WrittenText,
    /// The text where it has no variables that only the surroundings know.
    pub(super) name: Option<String>,
    /// The part of the file that the component is about.
    pub(super) part: Option<String>,
    /// What is checked of it.
    pub(super) rules: &'static FileRules,
}

/// What to do about a key that only components of other kinds have.
type Elsewhere<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A component as it is written, in the keys of its kind.
#[derive(Debug, Clone, Default)]
pub(super) struct ComponentTable<K: KindKeys> {
    keys: K,
    depends_on: Option<Vec<Located<String>>>,
    settings: K::Settings,
    /// What environments override, by the environment's name.
    overrides: IndexMap<String, K::Settings>,
}

impl<K: KindKeys> ComponentTable<K> {
    /// Reads a component whose `kind` was read already. `elsewhere`: the hint for a key that other kinds have.
    pub(super) fn read(mut table: Table<'_, '_>, elsewhere: Elsewhere<'_>) -> Self {
        let written = Self::read_from(&mut table);
        table.refuse_unknown_but(elsewhere);
        written
    }

    fn read_from(table: &mut Table<'_, '_>) -> Self {
        let keys = K::read(table);
        let depends_on = table.optional("depends-on");
        let settings = read_settings::<K>(table);
        Self { keys, depends_on, settings, overrides: IndexMap::new() }
    }

    /// All keys of the kind that may be written in a component.
    pub(super) fn known() -> Vec<&'static str> {
        Table::known_to(|table| drop(Self::read_from(table)))
    }

    fn merged<'d>(&'d self, wanted: ComponentRequest<'d>) -> MergedComponent<'d, K> {
        MergedComponent::new(wanted, &self.keys, &self.settings, &self.overrides)
    }
}

fn read_settings<K: KindKeys>(table: &mut Table<'_, '_>) -> K::Settings {
    table.refuse(&LATER, NOT_BUILT, "remove it");
    K::read_settings(table)
}

/// A component as it is written, whatever its kind.
pub(super) trait AnyWritten: fmt::Debug {
    /// The components that are changed before it.
    fn depends_on(&self) -> &[Located<String>];

    /// Where its image comes from. `None`: it has no image.
    fn image(&self) -> Option<&ImageSource>;

    /// How its files are built. `None`: it has no such build.
    fn site_build(&self) -> Option<WrittenSiteBuild<'_>>;

    /// Where its image is kept, as one environment overrides it or else as it is written for all.
    fn repository(&self, environment: Option<&str>) -> Option<&RepositoryKeys>;

    /// Reads what an environment overrides. `elsewhere`: the hint for a key that other kinds have.
    fn read_overrides(
        &mut self,
        environment: &str,
        node: &TomlNode<'_>,
        elsewhere: Elsewhere<'_>,
        problems: &mut Problems,
    );

    /// The image that it builds. The outer `None`: it builds none.
    #[expect(clippy::option_option, reason = "the outer says whether there is one, the inner whether it could be had")]
    fn resolve_image(
        &self,
        wanted: ComponentRequest<'_>,
        interpreter: &mut Interpreter<'_, '_>,
    ) -> Option<Option<Image>>;

    /// What is particular to its kind.
    fn resolve(&self, wanted: ComponentRequest<'_>, interpreter: &mut Interpreter<'_, '_>) -> Option<Kind>;

    /// The files of the repository that it uses in an environment.
    fn files<'d>(
        &'d self,
        wanted: ComponentRequest<'d>,
        look_up: &dyn Fn(&WrittenText) -> Option<String>,
    ) -> Vec<WrittenFile<'d>>;

    /// The environment that it shares something with on purpose, and the key that says so, as one environment overrides it
    /// or else as it is written for all.
    fn shares_with(&self, environment: Option<&str>) -> Option<(&'static str, &Located<String>)>;

    /// What is of it in an environment alone.
    fn alone<'d>(&'d self, wanted: ComponentRequest<'d>) -> Vec<Alone<'d>>;

    /// The key that it lacks where releases start, and what to write.
    fn lacks(&self) -> Option<(&'static str, &'static str)>;

    /// What is written of it in an environment, by key.
    fn texts<'d>(&'d self, wanted: ComponentRequest<'d>) -> Vec<(&'static str, &'d WrittenText)>;
}

impl<K: KindKeys> AnyWritten for ComponentTable<K> {
    fn depends_on(&self) -> &[Located<String>] {
        self.depends_on.as_deref().unwrap_or_default()
    }

    fn image(&self) -> Option<&ImageSource> {
        self.keys.image()
    }

    fn site_build(&self) -> Option<WrittenSiteBuild<'_>> {
        self.keys.site_build(&mut std::iter::once(&self.settings).chain(self.overrides.values()))
    }

    fn repository(&self, environment: Option<&str>) -> Option<&RepositoryKeys> {
        match environment {
            None => K::repository(&self.settings),
            Some(environment) => K::repository(self.overrides.get(environment)?),
        }
    }

    fn read_overrides(
        &mut self,
        environment: &str,
        node: &TomlNode<'_>,
        elsewhere: Elsewhere<'_>,
        problems: &mut Problems,
    ) {
        let Some(mut table) = node.table(problems) else { return };
        let settings = read_settings::<K>(&mut table);
        let fixed = Table::known_to(|table| drop(K::read(table)));
        let hint = format!("write it in `[components.{}]`", node.name);
        table.refuse(
            &[fixed.as_slice(), &["kind", "depends-on"]].concat(),
            "cannot differ between environments",
            &hint,
        );
        table.refuse_unknown_but(elsewhere);
        self.overrides.insert(environment.to_owned(), settings);
    }

    fn resolve_image(
        &self,
        wanted: ComponentRequest<'_>,
        interpreter: &mut Interpreter<'_, '_>,
    ) -> Option<Option<Image>> {
        let build = self.keys.image()?.build.as_ref()?;
        Some(image::resolve(&self.merged(wanted), build, K::repository, interpreter))
    }

    fn resolve(&self, wanted: ComponentRequest<'_>, interpreter: &mut Interpreter<'_, '_>) -> Option<Kind> {
        K::resolve(&self.merged(wanted), interpreter).map(Into::into)
    }

    fn files<'d>(
        &'d self,
        wanted: ComponentRequest<'d>,
        look_up: &dyn Fn(&WrittenText) -> Option<String>,
    ) -> Vec<WrittenFile<'d>> {
        K::files(&self.merged(wanted), look_up)
    }

    fn shares_with(&self, environment: Option<&str>) -> Option<(&'static str, &Located<String>)> {
        match environment {
            None => K::shares_with(&self.settings),
            Some(environment) => K::shares_with(self.overrides.get(environment)?),
        }
    }

    fn alone<'d>(&'d self, wanted: ComponentRequest<'d>) -> Vec<Alone<'d>> {
        K::alone(&self.merged(wanted))
    }

    fn lacks(&self) -> Option<(&'static str, &'static str)> {
        self.keys.lacks()
    }

    fn texts<'d>(&'d self, wanted: ComponentRequest<'d>) -> Vec<(&'static str, &'d WrittenText)> {
        K::texts(&self.merged(wanted))
    }
}
