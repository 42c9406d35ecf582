//! The image of a component, for all kinds that run one: how it is built or whose it is, and where it is kept.

use super::error::Problems;
use super::interpret::{Interpreter, all, whole};
use super::merged::{MergedKeys, Purpose};
use super::read::{FromToml, Located, Table, TableEntries, TomlNode, word};
use super::text::WrittenText;
use super::values;
use crate::domain::target::{Image, ImageBuild, Reuse};

/// Where a component's image comes from.
#[derive(Debug, Clone, Default)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename_all = "kebab-case"))]
pub(super) struct ImageSource {
    /// How its image is built. Either this or `image-from`.
    pub(super) build: Option<RawBuild>,
    /// The component whose image it runs too, as a worker does.
    pub(super) image_from: Option<Located<String>>,
}

impl ImageSource {
    /// Reads the keys.
    pub(super) fn read(table: &mut Table<'_, '_>) -> Self {
        Self { build: table.optional("build"), image_from: table.optional("image-from") }
    }

    /// The component whose image a component of a name runs.
    pub(super) fn owner<'d>(&'d self, name: &'d str) -> Option<&'d str> {
        match &self.image_from {
            Some(image_from) => image_from.value.as_deref(),
            None => self.build.is_some().then_some(name),
        }
    }
}

/// How an image is built by the docker command line.
#[derive(Debug, Clone, Default)]
#[cfg_attr(
    test,
    derive(schemars::JsonSchema),
    schemars(rename = "Build", rename_all = "kebab-case", deny_unknown_fields)
)]
pub(super) struct RawBuild {
    /// The directory that is built, relative to this file and inside its directory.
    #[cfg_attr(test, schemars(required))]
    pub(super) context: Option<WrittenText>,
    /// The Dockerfile, relative to this file. Default: `Dockerfile` in the context.
    pub(super) dockerfile: Option<WrittenText>,
    /// The platforms, for example `linux/amd64`. Default: the platform of the engine that builds.
    pub(super) platforms: Option<Vec<WrittenText>>,
    /// Build arguments. They may contain `${release.sha}`.
    pub(super) args: Option<TableEntries<WrittenText>>,
    /// Tags beside the release's own. They may contain `${release.sha}`.
    pub(super) tags: Option<Vec<WrittenText>>,
}

impl FromToml for RawBuild {
    fn read(node: &TomlNode<'_>, problems: &mut Problems) -> Self {
        let Some(mut table) = node.table(problems) else {
            return Self::default();
        };
        let build = Self {
            context: table.required("context", "context = \".\""),
            dockerfile: table.optional("dockerfile"),
            platforms: table.optional("platforms"),
            args: table.optional("args"),
            tags: table.optional("tags"),
        };
        table.refuse_unknown();
        build
    }
}

/// Where an image is kept that a component builds.
#[derive(Debug, Clone, Default)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename_all = "kebab-case"))]
pub(super) struct RepositoryKeys {
    /// The repository that keeps the image, without the registry's host. Only together with `build`.
    pub(super) repository: Option<WrittenText>,
    /// Whether a missing repository is created. Only together with `build`. Default: `false`.
    pub(super) create_repository: Option<Located<bool>>,
    /// Which images are deployed that the repository has already under the commit's tag. Only together with `build`.
    /// Default: `any`.
    pub(super) reuse: Option<Located<RawReuse>>,
}

impl RepositoryKeys {
    /// Reads the keys.
    pub(super) fn read(table: &mut Table<'_, '_>) -> Self {
        Self {
            repository: table.optional("repository"),
            create_repository: table.optional("create-repository"),
            reuse: table.optional("reuse"),
        }
    }
}

/// Which images are deployed that were in the repository before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Reuse", rename_all = "kebab-case"))]
pub(super) enum RawReuse {
    /// All of them; one that no run of shipgate recorded is a warning.
    Any,
    /// Those alone that a run of shipgate recorded for this environment.
    Own,
}

impl FromToml for Located<RawReuse> {
    fn read(node: &TomlNode<'_>, problems: &mut Problems) -> Self {
        let value = word(node, problems, &[("any", RawReuse::Any), ("own", RawReuse::Own)]);
        Self { span: node.span.clone(), value }
    }
}

/// Resolves the image that a component builds. `repository`: what its settings say of where the image is kept.
pub(super) fn resolve<K, S>(
    component: &MergedKeys<'_, K, S>,
    build: &RawBuild,
    repository: fn(&S) -> Option<&RepositoryKeys>,
    interpreter: &mut Interpreter<'_, '_>,
) -> Option<Image> {
    let name = component.required("repository", interpreter, |settings| repository(settings)?.repository.as_ref());
    let create_repository = component.pick(|settings| repository(settings)?.create_repository.as_ref());
    let reuse = match component.pick(|settings| repository(settings)?.reuse.as_ref()) {
        None => Some(Reuse::Any),
        Some(written) => written.value.map(|reuse| match reuse {
            RawReuse::Any => Reuse::Any,
            RawReuse::Own => Reuse::Own,
        }),
    };
    let build = match component.wanted.purpose {
        Purpose::Policy => Some(ImageBuild::default()),
        Purpose::Change | Purpose::Services | Purpose::Values | Purpose::Identity | Purpose::Build => {
            resolve_build(build, interpreter)
        }
    };
    Some(Image {
        component: component.wanted.component.text.parse().ok()?,
        repository: name?,
        create_repository: create_repository.map_or(Some(false), |create| create.value)?,
        reuse: reuse?,
        build: build?,
    })
}

fn resolve_build(build: &RawBuild, interpreter: &mut Interpreter<'_, '_>) -> Option<ImageBuild> {
    let context = build.context.as_ref().map(|context| interpreter.parsed("context", context, values::path));
    let dockerfile = build.dockerfile.as_ref().map(|path| interpreter.parsed("dockerfile", path, values::path));
    let platforms = build.platforms.iter().flatten();
    let platforms = platforms.map(|text| interpreter.parsed("platforms", text, values::platform)).collect();
    let args = interpreter.templates(build.args.as_ref(), values::argument_name, values::argument);
    let tags = build.tags.iter().flatten().map(|tag| interpreter.template("tags", tag, values::tag)).collect();
    Some(ImageBuild {
        line: build.context.as_ref().and_then(|context| interpreter.line(&context.span)),
        context: context??,
        dockerfile: whole(dockerfile)?,
        platforms: all(platforms)?,
        args: args?,
        tags: all(tags)?,
    })
}
