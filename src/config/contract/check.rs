//! Whether the rules of a contract fit each other, and the rest of the file.

use std::ops::Range;

use super::{RawRequired, RawRules, RawUrl, is_on};
use crate::config::error::Problems;
use crate::config::literal::{LONGEST_SHOWN, distinct};
use crate::config::raw::RawConfig;
use crate::config::read::{Key, Located, TableEntries};
use crate::config::text::is_identifier;
use crate::config::wording::{cut, one_of};
use crate::domain::contract::declared::{REPOSITORY, is_variable_name};

/// Notes everything that does not fit.
pub(in crate::config) fn check(config: &RawConfig, problems: &mut Problems) {
    for (component, declared) in config.contract.iter() {
        if config.components.get(&component.text).is_none() {
            let message = format!("there is no component `{}`", component.text);
            problems.at(&component.span, message, one_of(&component.text, config.components.names()));
        }
        for (key, raw) in declared.iter() {
            name(key, problems);
            let _rules = raw.rules(problems);
            lists(raw, problems);
            environments(config, key, raw, problems);
            contradictions(key, raw, problems);
            repository_variable(key, raw, problems);
        }
    }
}

/// Names that ECS and Amplify take and a program can read, and variables of the repository.
fn name(key: &Key, problems: &mut Problems) {
    let is_right = match key.text.strip_prefix(REPOSITORY) {
        Some(name) => is_identifier(name),
        None => is_variable_name(&key.text),
    };
    if !is_right {
        let message = format!("{:?} is not the name of a variable", cut(&key.text, LONGEST_SHOWN));
        let hint = "correct it: it has letters, digits, `_`, `-` and `.`, and begins with a letter or `_`; a variable of the \
                    repository is `\"vars.NAME\"`";
        problems.at(&key.span, message, hint);
    }
}

fn lists(raw: &RawRules, problems: &mut Problems) {
    if let Some(RawRequired::In(names)) = &raw.required {
        distinct("required", names, problems);
    }
    distinct("one-of", raw.one_of.as_deref().unwrap_or_default(), problems);
    distinct("url", raw.url.as_ref().map(RawUrl::schemes).unwrap_or_default(), problems);
}

/// Every environment that is named exists.
fn environments(config: &RawConfig, key: &Key, raw: &RawRules, problems: &mut Problems) {
    let all = || config.environments.names();
    let mut known = |span: &Range<usize>, name: &str| {
        if config.environments.get(name).is_none() {
            problems.at(span, format!("there is no environment `{name}`"), one_of(name, all()));
        }
    };
    if let Some(RawRequired::In(names)) = &raw.required {
        for Located { span, value } in names {
            if let Some(name) = value {
                known(span, name);
            }
        }
    }
    let shared = || raw.shared.iter().flat_map(TableEntries::iter);
    for (environment, with) in shared() {
        known(&environment.span, &environment.text);
        if let Some(name) = &with.value {
            known(&with.span, name);
        }
    }
    for (environment, Located { span, value }) in shared() {
        let Some(with) = value else { continue };
        if *with == environment.text {
            let others = all().filter(|other| *other != with);
            problems.at(span, format!("`{with}` cannot share with itself"), one_of(with, others));
        } else if returns(&environment.text, raw) {
            let message = format!("`shared` of `{}` goes in a circle", key.text);
            problems.at(span, message, "remove it where the value comes from");
        }
        promoted_from_elsewhere(config, (environment, span, with), raw, problems);
    }
    if let Some(Located { span, value: Some(true) }) = &raw.inherited
        && config.environments.iter().all(|(_, environment)| environment.promotes_from.is_none())
    {
        let message = format!("`{}` is `inherited`, and no environment has `promotes-from`", key.text);
        problems.at(span, message, "remove `inherited`, or say with `shared` whose value it has");
    }
}

/// Whether those that share with each other lead back to an environment, which is the first of them by name: each circle is
/// noted once.
fn returns(start: &str, raw: &RawRules) -> bool {
    let with = |name: &str| raw.shared.as_ref()?.get(name)?.1.value.as_deref();
    let mut passed = vec![start];
    while let Some(next) = passed.last().and_then(|last| with(last)).filter(|next| !passed.contains(next)) {
        passed.push(next);
    }
    passed.last().and_then(|last| with(last)) == Some(start) && passed.iter().min() == Some(&start)
}

/// A value cannot be that of two other environments.
fn promoted_from_elsewhere(
    config: &RawConfig,
    (environment, span, with): (&Key, &Range<usize>, &str),
    raw: &RawRules,
    problems: &mut Problems,
) {
    let promotes_from = || config.environments.get(&environment.text)?.1.promotes_from.as_ref()?.value.as_deref();
    if let (true, Some(source)) = (is_on(raw.inherited.as_ref()), promotes_from().filter(|source| *source != with)) {
        let name = &environment.text;
        let message = format!("`{name}` has `{with}` for `shared` and `{source}` for `inherited`");
        problems.at(span, message, "remove the one that is wrong");
    }
}

/// Rules that no value fits, or that say the same of it twice.
fn contradictions(key: &Key, raw: &RawRules, problems: &mut Problems) {
    let name = &key.text;
    let flag = |flag: &Option<Located<bool>>| flag.as_ref().filter(|flag| flag.value == Some(true)).cloned();
    if let (Some(_), Some(Located { span, .. })) = (flag(&raw.isolated), flag(&raw.inherited)) {
        let message = format!("`{name}` is both `isolated` and `inherited`");
        let hint = "remove one of them; an exception of `isolated` is `shared`";
        problems.at(&span, message, hint);
    }
    let Some(first) = raw.one_of.as_ref().and_then(|values| values.first()) else {
        if let (Some(_), Some(arn)) = (&raw.url, &raw.arn) {
            problems.at(arn.span(), format!("`{name}` has both `url` and `arn`"), "remove one of them");
        }
        return;
    };
    for (key, is_written) in
        [("url", raw.url.is_some()), ("arn", raw.arn.is_some()), ("matches", raw.matches.is_some())]
    {
        if is_written {
            let message = format!("`{name}` has both `one-of` and `{key}`");
            problems.at(&first.span, message, format!("remove `{key}`: `one-of` has all values"));
        }
    }
    if let Some(secret) = flag(&raw.secret) {
        let message = format!("`{name}` is `secret`, and `one-of` shows its values");
        problems.at(&secret.span, message, "remove `one-of`; `matches` describes a secret");
    }
}

/// A variable of the repository is the same for all environments, and readable by everybody who may read its settings.
fn repository_variable(key: &Key, raw: &RawRules, problems: &mut Problems) {
    if !key.text.starts_with(REPOSITORY) {
        return;
    }
    let flag = |flag: &Option<Located<bool>>| flag.as_ref().filter(|flag| flag.value == Some(true)).cloned();
    let shared = raw.shared.as_ref().and_then(|shared| shared.iter().next());
    let comparing = [
        ("isolated", flag(&raw.isolated).map(|flag| flag.span)),
        ("inherited", flag(&raw.inherited).map(|flag| flag.span)),
        ("shared", shared.map(|(key, _)| key.span.clone())),
    ];
    for (rule, span) in comparing {
        let Some(span) = span else { continue };
        let message = format!("`{rule}` cannot be said of `{}`", key.text);
        problems.at(&span, message, "remove it: a variable of the repository is the same for all environments");
    }
    if let Some(secret) = flag(&raw.secret) {
        let message = format!("`secret` cannot be said of `{}`", key.text);
        let hint = "remove it: variables of a repository are no secrets; keep one in a secret of AWS or GitHub";
        problems.at(&secret.span, message, hint);
    }
}
