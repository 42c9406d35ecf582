//! The keys of a branch of an app of AWS Amplify.

use super::error::Problems;
use super::interpret::{Interpreter, whole};
use super::keys::{KindKeys, MergedComponent};
use super::read::{Located, NOT_BUILT, Table, TableEntries, TomlNode};
use super::text::WrittenText;
use super::values::{self, ValueFault};
use crate::domain::amplify::Target;
use crate::domain::amplify::names::Compute;

/// Keys that a later version will know.
const LATER: [&str; 2] = ["build", "probes"];

/// A branch of an app of AWS Amplify, which builds the repository itself. Its build specification and its environment
/// variables are checked; a deploy of it is not built yet.
#[derive(Debug, Clone, Default)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "amplify", rename_all = "kebab-case"))]
pub(super) struct Keys {
    /// The directory of the app in a monorepo, from the root of the repository: the `appRoot` of `amplify.yml`. Default:
    /// the app is at the root.
    app_root: Option<WrittenText>,
}

/// Settings of a component that may differ between environments.
#[derive(Debug, Clone, Default)]
#[cfg_attr(
    test,
    derive(schemars::JsonSchema),
    schemars(rename = "amplify-overrides", rename_all = "kebab-case", deny_unknown_fields)
)]
pub(super) struct AmplifySettings {
    /// The app, by id: `d1abc2def3ghi4`. It must exist.
    app_id: Option<WrittenText>,
    /// The branch of the app.
    branch: Option<WrittenText>,
    /// The platform of the app: `WEB`, `WEB_COMPUTE` or `WEB_DYNAMIC`. Default: not known, so what needs it is not checked.
    platform: Option<WrittenText>,
    /// The build machine of the app: `STANDARD_8GB`, `LARGE_16GB` or `XLARGE_72GB`. Default: `STANDARD_8GB`.
    compute: Option<WrittenText>,
    /// The environment whose backend this one uses, where it has none of its own.
    backend_from: Option<Located<String>>,
    /// How many resources of each type the backend has at least, by `CloudFormation`'s name of the type.
    #[cfg_attr(test, schemars(with = "std::collections::BTreeMap<String, u32>"))]
    expect: Option<TableEntries<Option<u32>>>,
}

impl KindKeys for Keys {
    type Settings = AmplifySettings;
    type Target = Target;

    fn read(table: &mut Table<'_, '_>) -> Self {
        Self { app_root: table.optional("app-root") }
    }

    fn read_settings(table: &mut Table<'_, '_>) -> AmplifySettings {
        table.refuse(&LATER, NOT_BUILT, "remove it");
        AmplifySettings {
            app_id: table.optional("app-id"),
            branch: table.optional("branch"),
            platform: table.optional("platform"),
            compute: table.optional("compute"),
            backend_from: table.optional("backend-from"),
            expect: table.optional_with("expect", |node, problems| TableEntries::read_with(node, problems, count)),
        }
    }

    fn resolve(component: &MergedComponent<'_, Self>, interpreter: &mut Interpreter<'_, '_>) -> Option<Target> {
        let app_id = component.required("app-id", interpreter, |settings| settings.app_id.as_ref());
        let branch = component.required("branch", interpreter, |settings| settings.branch.as_ref());
        let app_root = component.keys().app_root.as_ref();
        let app_root = app_root.map(|text| interpreter.parsed("app-root", text, self::app_root));
        let platform = component.pick(|settings| settings.platform.as_ref());
        let platform = platform.map(|text| interpreter.named("platform", text));
        let compute = component.pick(|settings| settings.compute.as_ref());
        let compute = compute.map(|text| interpreter.named("compute", text));
        let backend_from = component.pick(|settings| settings.backend_from.as_ref());
        let backend_from = backend_from.map(|from| from.value.as_deref()?.parse().ok());
        let expect = component.pick(|settings| settings.expect.as_ref());
        for (key, _) in expect.into_iter().flat_map(TableEntries::iter) {
            interpreter.key(key, resource_type);
        }
        let expect =
            expect.into_iter().flat_map(TableEntries::iter).map(|(key, count)| Some((key.text.clone(), (*count)?)));
        let expect = expect.collect::<Option<_>>();
        Some(Target {
            app_id: app_id?,
            branch: branch?,
            app_root: whole(app_root)?,
            platform: whole(platform)?,
            compute: whole(compute)?.unwrap_or(Compute::DEFAULT),
            backend_from: whole(backend_from)?,
            expect: expect?,
        })
    }

    fn texts<'d>(component: &MergedComponent<'d, Self>) -> Vec<(&'static str, &'d WrittenText)> {
        let settings = [
            ("app-root", component.keys().app_root.as_ref()),
            ("app-id", component.pick(|settings| settings.app_id.as_ref())),
            ("branch", component.pick(|settings| settings.branch.as_ref())),
            ("platform", component.pick(|settings| settings.platform.as_ref())),
            ("compute", component.pick(|settings| settings.compute.as_ref())),
        ];
        settings.into_iter().filter_map(|(key, text)| Some((key, text?))).collect()
    }

    fn shares_with(settings: &AmplifySettings) -> Option<(&'static str, &Located<String>)> {
        Some(("backend-from", settings.backend_from.as_ref()?))
    }
}

fn count(node: &TomlNode<'_>, problems: &mut Problems) -> Option<u32> {
    let count = node.scalar(problems)?.as_u64().and_then(|count| u32::try_from(count).ok());
    if count.is_none() {
        node.mistyped(problems, "a number of resources", "write a whole number, without quotes");
    }
    count
}

/// The `appRoot` of a monorepo: neither `/` nor `./` leads it
/// ([amplify-hosting#1248](https://github.com/aws-amplify/amplify-hosting/issues/1248)).
fn app_root(text: &str) -> Result<String, ValueFault> {
    let path = values::path(text)?;
    let is_plain = !text.starts_with("./") && !text.ends_with('/') && !text.contains("//") && text != ".";
    is_plain.then(|| path.into_string()).ok_or(ValueFault {
        kind: "the root of an app",
        reason: "it is written as in `amplify.yml`, like `frontend` or `packages/web`, without `./` and without `/` at the end",
    })
}

/// A type of a resource
/// ([reference](https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html)).
fn resource_type(text: &str) -> Result<(), ValueFault> {
    let parts: Vec<&str> = text.split("::").collect();
    let is_part = |part: &&str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if parts.len() >= 2 && parts.iter().all(is_part) {
        return Ok(());
    }
    Err(ValueFault {
        kind: "a type of resources",
        reason: "it is CloudFormation's name of it, like `AWS::DynamoDB::Table`",
    })
}
