//! What other files of the repository have to fit.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::component::RawComponent;
use super::contract;
use super::error::Problems;
use super::github::RawGitHub;
use super::image::RawBuild;
use super::keys::WrittenFile;
use super::merged::{ComponentRequest, Purpose};
use super::raw::{RawConfig, RawEnvironment};
use super::read::{Key, Located, TableEntries};
use super::resolve::{self, ResolveRequest};
use super::text::{TextPiece, Variable, WrittenText};
use crate::domain::check::outline::{
    BuildArg, NamedFile, Outline, OutlinedBuild, OutlinedEnvironment, OutlinedText, Trusted, WrittenComponent,
};
use crate::domain::check::{LinePlace, TextLines};
use crate::domain::contract::DeclaredContract;

/// Takes it from a configuration that is right in itself.
pub(super) fn outline(config: &RawConfig, source: &str, file: &str) -> Outline {
    let environments = config.environments.iter();
    let builds = config.components.iter();
    Outline {
        file: file.to_owned(),
        environments: environments.clone().map(|(key, raw)| environment(config, key, raw, source)).collect(),
        trusted: trusted(config, source),
        builds: builds
            .filter_map(|(key, raw)| Some(build(key, raw.written()?.image()?.build.as_ref()?, source)))
            .collect(),
        files: environments.clone().flat_map(|(key, _)| files(config, key, source)).collect(),
        components: environments.flat_map(|(key, _)| components(config, key, source)).collect(),
        contracts: contracts(config, source),
    }
}

/// The contracts of components, without those that declare nothing.
fn contracts(config: &RawConfig, source: &str) -> BTreeMap<String, DeclaredContract> {
    let lines = TextLines::new(source);
    let of = |name: &str| contract::of(&config.contract, name, &|span| Some(lines.place(span)));
    let each = config.components.names().map(|name| (name.to_owned(), of(name)));
    each.filter(|(_, contract)| !contract.is_empty()).collect()
}

/// The workflows that are trusted. What is wrong with one is noted elsewhere.
fn trusted(config: &RawConfig, source: &str) -> Vec<Trusted> {
    let written = config.github.iter().flat_map(RawGitHub::written);
    let each = written.filter_map(|Located { span, value }| {
        Some(Trusted { workflows: value.as_ref()?.parse().ok()?, place: LinePlace::of(source, span) })
    });
    each.collect()
}

fn environment(config: &RawConfig, key: &Key, raw: &RawEnvironment, source: &str) -> OutlinedEnvironment {
    OutlinedEnvironment {
        name: key.text.clone(),
        place: Some(LinePlace::of(source, &key.span)),
        has_role: raw.role.is_some(),
        has_read_role: raw.read_role.is_some(),
        promotes_from: raw.promotes_from.as_ref().and_then(|source| source.value.clone()),
        asks_second_person: raw.second_person().is_some(),
        variables: variables(config, &key.text),
    }
}

/// The role that changes an environment, as it is written in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WrittenRole {
    /// There is none: the ambient credentials are used.
    Absent,
    /// It has variables, whose values are not in the file.
    Variable,
    /// Its ARN.
    Arn(String),
}

/// The role that changes each environment, by the environment's name.
pub(super) fn roles(config: &RawConfig) -> Vec<(String, WrittenRole)> {
    let role = |(key, raw): (&Key, &RawEnvironment)| {
        let role = raw.role.as_ref().map_or(WrittenRole::Absent, |role| {
            looked_up(config, &key.text, role).map_or(WrittenRole::Variable, WrittenRole::Arn)
        });
        (key.text.clone(), role)
    };
    config.environments.iter().map(role).collect()
}

/// The variables of the repository that an environment uses: those that are missed when there are none.
fn variables(config: &RawConfig, environment: &str) -> BTreeSet<String> {
    let mut missed = Problems::default();
    let _unresolved = resolve::request(config, &nothing_known(environment), None, &mut missed);
    let name = |variable: &str| Some(variable.strip_prefix("${vars.")?.strip_suffix('}')?.to_owned());
    missed.variables().filter_map(name).collect()
}

fn nothing_known(environment: &str) -> ResolveRequest<'_> {
    ResolveRequest {
        environment,
        components: &[],
        purpose: Purpose::Change,
        vars: None,
        env: &|_| None,
        in_workflow: false,
    }
}

fn build(key: &Key, raw: &RawBuild, source: &str) -> OutlinedBuild {
    let written = |text: &Option<WrittenText>| text.as_ref().map(|text| written(source, &text.span, literal(text)));
    let args = raw.args.iter().flat_map(TableEntries::iter);
    OutlinedBuild {
        component: key.text.clone(),
        context: written(&raw.context),
        dockerfile: written(&raw.dockerfile),
        args: args.map(|(key, text)| arg(key, text, source)).collect(),
    }
}

fn arg(key: &Key, text: &WrittenText, source: &str) -> BuildArg {
    let per_environment = text.pieces.iter().find_map(|piece| match piece {
        TextPiece::Variable(variable @ (Variable::EnvironmentName | Variable::EnvironmentPrefix), _) => {
            Some(variable.to_string())
        }
        TextPiece::Variable(..) | TextPiece::Literal(_) | TextPiece::Unreadable => None,
    });
    BuildArg {
        name: key.text.clone(),
        place: LinePlace::of(source, &key.span),
        per_environment,
        is_release: matches!(text.pieces.as_slice(), [TextPiece::Variable(Variable::ReleaseSha, _)]),
    }
}

fn literal(text: &WrittenText) -> Option<String> {
    let pieces = text.pieces.iter().map(|piece| match piece {
        TextPiece::Literal(literal) => Some(literal.as_str()),
        TextPiece::Variable(..) | TextPiece::Unreadable => None,
    });
    pieces.collect()
}

fn written(source: &str, span: &Range<usize>, text: Option<String>) -> OutlinedText {
    OutlinedText { text, place: LinePlace::of(source, span) }
}

/// The files that components use in an environment. Texts in which the environment and the application stand are looked
/// up.
fn files(config: &RawConfig, environment: &Key, source: &str) -> Vec<NamedFile> {
    let look_up = |text: &WrittenText| looked_up(config, &environment.text, text);
    let of_component = |(component, raw): (&Key, &RawComponent)| {
        let wanted = ComponentRequest { component, environment, purpose: Purpose::Change };
        let files = raw.written().map(|raw| raw.files(wanted, &look_up)).unwrap_or_default();
        let named = |WrittenFile { text, name, part, rules }: WrittenFile<'_>| NamedFile {
            component: component.text.clone(),
            environment: environment.text.clone(),
            file: written(source, &text.span, name),
            part,
            rules,
        };
        files.into_iter().map(named).collect::<Vec<_>>()
    };
    config.components.iter().flat_map(of_component).collect()
}

/// What is written of each component in an environment, where its kind has rules for that.
fn components(config: &RawConfig, environment: &Key, source: &str) -> Vec<WrittenComponent> {
    let of_component = |(component, raw): (&Key, &RawComponent)| {
        let wanted = ComponentRequest { component, environment, purpose: Purpose::Change };
        let look_up = |text: &WrittenText| written(source, &text.span, looked_up(config, &environment.text, text));
        let own = raw.written()?;
        let texts = own.texts(wanted);
        let shared = own.shares_with(Some(&environment.text)).or_else(|| own.shares_with(None));
        let shared = shared.map(|(key, with)| (key, written(source, &with.span, with.value.clone())));
        (!texts.is_empty()).then_some(WrittenComponent {
            name: component.text.clone(),
            kind: raw.word()?,
            place: LinePlace::of(source, &component.span),
            environment: environment.text.clone(),
            texts: texts.into_iter().map(|(key, text)| (key, look_up(text))).chain(shared).collect(),
        })
    };
    config.components.iter().filter_map(of_component).collect()
}

fn looked_up(config: &RawConfig, environment: &str, text: &WrittenText) -> Option<String> {
    look_up(config, environment)(text)
}

/// What texts are in an environment, unless they have variables that only the surroundings know, or the release.
pub(super) fn look_up<'c>(config: &'c RawConfig, environment: &'c str) -> impl Fn(&WrittenText) -> Option<String> + 'c {
    let asked = resolve::asked(config, &nothing_known(environment), &mut Problems::default());
    move |text| {
        let value = asked.as_ref()?.scope.resolve(text, &mut Problems::default())?;
        value.template.as_literal().map(str::to_owned)
    }
}
