//! Whether the parts of the file fit each other. Nothing here depends on variables.

use super::component::RawComponent;
use super::contract;
use super::dependencies;
use super::error::Problems;
use super::gates;
use super::github::RawGitHub;
use super::image::{ImageSource, RepositoryKeys};
use super::keys::AnyWritten;
use super::raw::{RawConfig, RawEnvironment};
use super::read::{Key, Located};
use super::text::{TextPiece, Variable, WrittenText};
use super::wording::one_of;
use crate::domain::limits::{COMPONENTS, DECLARED_VARIABLES, ENVIRONMENTS, Limit};
use crate::domain::names::{ComponentName, EnvironmentName, InvalidName};

/// Whether there are no more parts than can be looked at. `None`: there are, which is noted.
pub(super) fn size(config: &RawConfig, problems: &mut Problems) -> Option<()> {
    let beyond = |mut keys: Box<dyn Iterator<Item = &Key> + '_>, limit: &Limit| keys.nth(limit.count()).cloned();
    let environments = beyond(Box::new(config.environments.iter().map(|(key, _)| key)), &ENVIRONMENTS);
    let components = beyond(Box::new(config.components.iter().map(|(key, _)| key)), &COMPONENTS);
    let declared = config.contract.iter().flat_map(|(_, declared)| declared.iter()).map(|(key, _)| key);
    let declared = beyond(Box::new(declared), &DECLARED_VARIABLES);
    let excess = [(environments, &ENVIRONMENTS), (components, &COMPONENTS), (declared, &DECLARED_VARIABLES)];
    for (key, limit) in &excess {
        if let Some(key) = key {
            let message = format!("there are more than {limit} {}", limit.what);
            problems.at(&key.span, message, "split the file, and name each with --config");
        }
    }
    excess.iter().all(|(key, _)| key.is_none()).then_some(())
}

/// Notes everything that does not fit.
pub(super) fn structure(config: &RawConfig, problems: &mut Problems) {
    application(config, problems);
    for (key, component) in config.components.iter() {
        name(key.text.parse::<ComponentName>(), key, problems);
        if let Some(written) = component.written() {
            image_source(config, key, written, problems);
            sharing(config, key, written, problems);
        }
    }
    dependencies::check(config, problems);
    let declares = config.contract.iter().any(|(_, declared)| declared.iter().next().is_some());
    for (key, environment) in config.environments.iter() {
        name(key.text.parse::<EnvironmentName>(), key, problems);
        promotion_source(config, key, environment, problems);
        let facts = (environment.promotes_from.is_some(), declares);
        gates::check(key, environment.gates.as_ref(), facts, problems);
        workflows(config, environment, problems);
        roles(environment, problems);
        fixed(environment, problems);
        overrides(config, (key, environment), problems);
        if let Some(prefix) = &environment.prefix {
            refuse_own_prefix(prefix, problems);
        }
    }
    promotion_circle(config, problems);
    alike(config, problems);
    shared_roles(config, problems);
    contract::check::check(config, problems);
}

/// GitHub compares names of environments without regard to case.
fn alike(config: &RawConfig, problems: &mut Problems) {
    let mut seen: Vec<&str> = Vec::new();
    for (key, _) in config.environments.iter() {
        if let Some(other) = seen.iter().find(|other| other.eq_ignore_ascii_case(&key.text)) {
            let message = format!("`{other}` and `{}` are one environment for GitHub", key.text);
            problems.at(&key.span, message, "rename one of them");
        }
        seen.push(&key.text);
    }
}

/// A job that may assume the role of an environment that is promoted to passes its gates.
fn shared_roles(config: &RawConfig, problems: &mut Problems) {
    for (key, environment) in config.environments.iter().filter(|(_, it)| it.promotes_from.is_some()) {
        let Some(role) = environment.role.as_ref().filter(|role| !role.written.contains("${")) else { continue };
        for (other, shared) in config.environments.iter().filter(|(it, _)| it.text != key.text) {
            let roles = [&shared.role, &shared.read_role];
            if roles.into_iter().flatten().any(|text| text.written == role.written) {
                let message = format!(
                    "`role` of `{}` is one of `{}`, too, whose jobs pass none of its gates",
                    key.text, other.text
                );
                problems.at(&role.span, message, "give each environment a role of its own");
            }
        }
    }
}

/// An approval of people is a run of a workflow, of which only a trusted one counts.
fn workflows(config: &RawConfig, environment: &RawEnvironment, problems: &mut Problems) {
    let by = environment.second_person();
    let are_named = config.github.as_ref().is_some_and(RawGitHub::names_workflows);
    if let (Some(by), false) = (by, are_named) {
        let message = "`approval` by a second person needs the workflows that are trusted";
        problems.at(&by.span, message, "add `[github]` with `workflows = \"OWNER/shipgate@COMMIT\"`");
    }
}

/// An application's name follows the rule of a component's: both become parts of other names.
fn application_name(text: &str) -> Result<(), InvalidName> {
    text.parse::<ComponentName>().map(drop)
}

/// Whether an application may be called so.
pub(super) fn is_application_name(text: &str) -> bool {
    application_name(text).is_ok()
}

fn application(config: &RawConfig, problems: &mut Problems) {
    let Some(Located { span, value: Some(app) }) = &config.app else { return };
    if let Err(InvalidName { value, reason, .. }) = application_name(app) {
        problems.at(span, format!("`app`: {value:?} is not an application name"), format!("correct it: {reason}"));
    }
}

fn name<T>(parsed: Result<T, InvalidName>, key: &Key, problems: &mut Problems) {
    if let Err(InvalidName { kind, value, reason }) = parsed {
        problems.at(&key.span, format!("{value:?} is not {kind}"), format!("rename it: {reason}"));
    }
}

/// A component of a kind that has images has one, from exactly one place.
fn image_source(config: &RawConfig, key: &Key, component: &dyn AnyWritten, problems: &mut Problems) {
    let name = &key.text;
    let Some(source) = component.image() else { return };
    match (&source.build, &source.image_from) {
        (Some(_), Some(image_from)) => {
            let message = format!("`{name}` has both `build` and `image-from`");
            problems.at(&image_from.span, message, "remove one of the two");
        }
        (None, None) => {
            let message = format!("`{name}` has neither `build` nor `image-from`");
            let hint = "add `build = { context = \".\" }`, or `image-from` with the component whose image it runs too";
            problems.at(&key.span, message, hint);
        }
        (Some(_), None) | (None, Some(Located { value: None, .. })) => {}
        (None, Some(Located { span, value: Some(owner) })) => {
            if let Some((message, hint)) = wrong_owner(config, name, owner) {
                problems.at(span, message, hint);
            }
            repository_without_build(name, owner, component.repository(None), problems);
        }
    }
}

/// What is wrong with taking the image from a component.
fn wrong_owner(config: &RawConfig, name: &str, owner: &str) -> Option<(String, String)> {
    let builds = |component: &RawComponent| {
        component.written().and_then(AnyWritten::image).is_some_and(|source| source.build.is_some())
    };
    let builders = || {
        let others = config.components.iter().filter(|(key, other)| builds(other) && key.text != name);
        others.map(|(key, _)| key.text.as_str())
    };
    if owner == name {
        let message = format!("`{name}` cannot take its image from itself");
        return Some((message, "name another component, or write `build`".to_owned()));
    }
    let Some((_, component)) = config.components.get(owner) else {
        return Some((format!("there is no component `{owner}`"), one_of(owner, builders())));
    };
    let message = match component.written()?.image() {
        None => format!("`{owner}` is of a kind without an image"),
        Some(source) if source.build.is_none() && source.image_from.is_some() => {
            format!("`{owner}` takes its own image from elsewhere")
        }
        Some(_) => return None,
    };
    Some((message, one_of(owner, builders())))
}

/// Only what builds an image says where it is kept.
fn repository_without_build(name: &str, owner: &str, keys: Option<&RepositoryKeys>, problems: &mut Problems) {
    let Some(keys) = keys else { return };
    let hint = format!("remove it; the image of `{name}` is kept where `{owner}` says");
    if let Some(WrittenText { span, .. }) = &keys.repository {
        problems.at(span, "`repository` cannot be used with `image-from`", hint.as_str());
    }
    if let Some(Located { span, .. }) = &keys.create_repository {
        problems.at(span, "`create-repository` cannot be used with `image-from`", hint.as_str());
    }
    if let Some(Located { span, .. }) = &keys.reuse {
        problems.at(span, "`reuse` cannot be used with `image-from`", hint.as_str());
    }
}

fn promotion_source(config: &RawConfig, key: &Key, environment: &RawEnvironment, problems: &mut Problems) {
    let Some(Located { span, value: Some(source) }) = &environment.promotes_from else { return };
    let others = || config.environments.names().filter(|other| *other != key.text);
    if *source == key.text {
        problems.at(span, format!("`{source}` cannot promote from itself"), one_of(source, others()));
    } else if config.environments.get(source).is_none() {
        problems.at(span, format!("there is no environment `{source}`"), one_of(source, others()));
    }
}

/// A component shares with an environment that there is, and not with its own.
fn sharing(config: &RawConfig, component: &Key, written: &dyn AnyWritten, problems: &mut Problems) {
    let of_environments = config.environments.names().map(|name| (Some(name), written.shares_with(Some(name))));
    for (environment, shared) in std::iter::once((None, written.shares_with(None))).chain(of_environments) {
        let Some((key, Located { span, value: Some(with) })) = shared else { continue };
        let others = || config.environments.names().filter(|other| Some(*other) != environment);
        if environment.is_none() {
            let hint = format!("write it in `[environments.NAME.components.{}]`", component.text);
            problems.at(span, format!("`{key}` is said of all environments, and `{with}` is one of them"), hint);
        } else if Some(with.as_str()) == environment {
            problems.at(span, format!("`{with}` cannot share with itself"), one_of(with, others()));
        } else if config.environments.get(with).is_none() {
            problems.at(span, format!("there is no environment `{with}`"), one_of(with, others()));
        }
    }
}

/// What says who changes which account is in the file itself: otherwise a person who may edit variables would decide it.
fn fixed(environment: &RawEnvironment, problems: &mut Problems) {
    const HINT: &str = "write the value itself: every person with write access may edit variables, and this says who may \
                        change what";
    let is_outside = |variable: &Variable| matches!(variable, Variable::Vars(_) | Variable::Env(_));
    let variables = |text: &WrittenText| {
        let each = text.pieces.iter().filter_map(|piece| match piece {
            TextPiece::Variable(variable, span) => Some((variable.clone(), span.clone())),
            TextPiece::Literal(_) | TextPiece::Unreadable => None,
        });
        each.collect::<Vec<_>>()
    };
    let of_prefix = environment.prefix.iter().flat_map(variables).map(|(variable, _)| variable).find(is_outside);
    for (name, text) in [
        ("account", &environment.account),
        ("role", &environment.role),
        ("read-role", &environment.read_role),
        ("via", &environment.via),
    ] {
        for (variable, span) in text.iter().flat_map(variables) {
            let message = format!("`{variable}` cannot be used in `{name}`");
            match &of_prefix {
                _ if is_outside(&variable) => problems.at(&span, message, HINT),
                Some(outside) if variable == Variable::EnvironmentPrefix => {
                    problems.at(&span, format!("{message}: `prefix` is made of `{outside}`"), HINT);
                }
                _ => {}
            }
        }
    }
}

/// What only means something beside a role.
fn roles(environment: &RawEnvironment, problems: &mut Problems) {
    if environment.role.is_some() {
        return;
    }
    for (name, text) in [
        ("read-role", &environment.read_role),
        ("via", &environment.via),
        ("session-duration", &environment.session_duration),
        ("session-policy", &environment.session_policy),
    ] {
        if let Some(WrittenText { span, .. }) = text {
            let hint =
                "add `role = \"arn:aws:iam::…\"`, or remove it to use the ambient AWS credentials for everything";
            problems.at(span, format!("`{name}` is written, but `role` is not"), hint);
        }
    }
}

/// Follows every environment to where its releases come from first. Each circle is reported once, at its first member.
fn promotion_circle(config: &RawConfig, problems: &mut Problems) {
    let source_of = |name: &str| {
        let (_, environment) = config.environments.get(name)?;
        environment.promotes_from.as_ref()?.value.as_deref()
    };
    let mut messages: Vec<&str> = Vec::new();
    for (key, environment) in config.environments.iter() {
        let start = key.text.as_str();
        let mut passed = vec![start];
        while let Some(next) = passed.last().and_then(|last| source_of(last)).filter(|next| !passed.contains(next)) {
            passed.push(next);
        }
        let returns = passed.len() > 1 && passed.last().and_then(|last| source_of(last)) == Some(start);
        if let (true, false, Some(Located { span, .. })) =
            (returns, messages.contains(&start), &environment.promotes_from)
        {
            let circle = passed.iter().chain([&start]).copied().collect::<Vec<_>>().join(" ← ");
            let hint = "remove `promotes-from` where releases start";
            problems.at(span, format!("`promotes-from` goes in a circle: {circle}"), hint);
            messages.extend(passed);
        }
    }
}

fn overrides(config: &RawConfig, (environment, written): (&Key, &RawEnvironment), problems: &mut Problems) {
    for (key, _) in written.components.iter() {
        let Some((_, component)) = config.components.get(&key.text) else {
            let message = format!("there is no component `{}`", key.text);
            problems.at(&key.span, message, one_of(&key.text, config.components.names()));
            continue;
        };
        let Some(component) = component.written() else { continue };
        if let Some(ImageSource { build: None, image_from: Some(Located { value: Some(owner), .. }) }) =
            component.image()
        {
            let keys = component.repository(Some(&environment.text));
            repository_without_build(&key.text, owner, keys, problems);
        }
    }
}

fn refuse_own_prefix(prefix: &WrittenText, problems: &mut Problems) {
    for piece in &prefix.pieces {
        if let TextPiece::Variable(variable @ Variable::EnvironmentPrefix, span) = piece {
            let message = format!("`prefix` cannot be made of `{variable}`");
            problems.at(span, message, "write `${environment.name}`, or the text itself");
        }
    }
}
