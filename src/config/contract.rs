//! The keys of a contract: what the environment variables of a component have to fit. They take no variables: rules stand
//! in the file itself.

use std::ops::Range;

use super::error::Problems;
use super::literal::{LONGEST_SHOWN, distinct, parsed};
use super::raw::RawConfig;
use super::read::{Entries, Key, Located, Node, OneOrMore, Read};
use super::text::is_identifier;
use super::values::Fault;
use super::wording::{cut, one_of};
use crate::domain::check::Place;
use crate::domain::contract::declared::{
    ArnRule, Contract, Declared, Pattern, REPOSITORY, Required, Rules, UrlRule, is_variable_name,
};

/// What the value of a variable has to fit.
#[derive(Debug, Clone, Default)]
#[cfg_attr(
    test,
    derive(schemars::JsonSchema),
    schemars(rename = "Rules", rename_all = "kebab-case", deny_unknown_fields)
)]
pub(super) struct RawRules {
    /// Whether the variable has to be set: `true`, or the environments in which. Default: `false`.
    required: Option<RawRequired>,
    /// Whether no other environment may have the same value. Default: `false`.
    isolated: Option<Located<bool>>,
    /// Where the value has to be that of another environment, on purpose: `{ staging = "main" }`. Default: nowhere.
    shared: Option<Entries<Located<String>>>,
    /// Whether the value has to be that of the environment that is promoted from. Default: `false`.
    inherited: Option<Located<bool>>,
    /// A regular expression that is found in the value; with `^` and `$` it is about all of it. Default: any value.
    matches: Option<Located<String>>,
    /// All values that it may have. They stand in the repository for everybody to read. Default: any value.
    one_of: Option<Vec<Located<String>>>,
    /// The scheme of an address, or several; or a table. An address of the machine itself or of a private network is
    /// refused. Default: it is no address.
    url: Option<RawUrl>,
    /// `true`, or the service of an ARN, in the environment's account and region: `secretsmanager`. Default: `false`.
    arn: Option<RawArn>,
    /// Whether it is a secret, which has to be a reference where the component's kind has references. Default: `false`.
    secret: Option<Located<bool>>,
}

/// Where a variable has to be set.
#[derive(Debug, Clone)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(untagged))]
enum RawRequired {
    /// Everywhere or nowhere.
    Flag(Located<bool>),
    /// In some environments.
    In(Vec<Located<String>>),
}

/// Which addresses are right.
#[derive(Debug, Clone)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(untagged))]
enum RawUrl {
    /// Those of a scheme.
    Schemes(OneOrMore),
    /// Said in a table.
    Table(RawUrlTable),
}

/// Which addresses are right.
#[derive(Debug, Clone, Default)]
#[cfg_attr(
    test,
    derive(schemars::JsonSchema),
    schemars(rename = "Url", rename_all = "kebab-case", deny_unknown_fields)
)]
struct RawUrlTable {
    /// The scheme, or several.
    #[cfg_attr(test, schemars(required))]
    schemes: Option<OneOrMore>,
    /// Whether an address of the machine itself or of a private network is right, too. Default: `false`.
    local: Option<Located<bool>>,
}

/// Which ARNs are right.
#[derive(Debug, Clone)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(untagged))]
enum RawArn {
    /// All, or it is none.
    Flag(Located<bool>),
    /// Those of a service.
    Service(Located<String>),
}

impl Read for RawRules {
    fn read(node: &Node<'_>, problems: &mut Problems) -> Self {
        let Some(mut table) = node.table(problems) else { return Self::default() };
        let nonempty = |what: &'static str| {
            move |node: &Node<'_>, problems: &mut Problems| {
                node.refuse_empty(what, problems);
                Vec::<Located<String>>::read(node, problems)
            }
        };
        let rules = Self {
            required: table.optional("required"),
            isolated: table.optional("isolated"),
            shared: table.optional_with("shared", |node, problems| {
                node.refuse_empty(
                    "write whose value it is where: `{ staging = \"main\" }`, or remove the key",
                    problems,
                );
                Entries::read(node, problems)
            }),
            inherited: table.optional("inherited"),
            matches: table.optional("matches"),
            one_of: table.optional_with("one-of", nonempty("name the values that it may have, or remove the key")),
            url: table.optional("url"),
            arn: table.optional("arn"),
            secret: table.optional("secret"),
        };
        table.refuse_unknown();
        rules
    }
}

impl Read for RawRequired {
    fn read(node: &Node<'_>, problems: &mut Problems) -> Self {
        if node.is_list() {
            node.refuse_empty("name the environments, or write `required = false`", problems);
            return Self::In(Vec::read(node, problems));
        }
        Self::Flag(Located::read(node, problems))
    }
}

impl Read for RawUrl {
    fn read(node: &Node<'_>, problems: &mut Problems) -> Self {
        if !node.is_table() {
            return Self::Schemes(schemes(node, problems));
        }
        let Some(mut table) = node.table(problems) else { return Self::Table(RawUrlTable::default()) };
        let read = RawUrlTable {
            schemes: table.required_with("schemes", "schemes = \"https\"", schemes),
            local: table.optional("local"),
        };
        table.refuse_unknown();
        Self::Table(read)
    }
}

fn schemes(node: &Node<'_>, problems: &mut Problems) -> OneOrMore {
    node.refuse_empty("name the scheme: `\"https\"`", problems);
    OneOrMore::read(node, problems)
}

impl Read for RawArn {
    fn read(node: &Node<'_>, problems: &mut Problems) -> Self {
        if node.is_text() {
            return Self::Service(Located::read(node, problems));
        }
        Self::Flag(Located::read(node, problems))
    }
}

/// The contract of a component. `place`: where something stands, as far as that is asked for.
pub(super) fn of(config: &RawConfig, component: &str, place: &dyn Fn(&Range<usize>) -> Option<Place>) -> Contract {
    let entries = config.contract.get(component).map(|(_, entries)| entries);
    let declared = entries.into_iter().flat_map(Entries::iter).map(|(key, raw)| Declared {
        name: key.text.clone(),
        place: place(&key.span),
        // What is wrong with one is noted where all are checked.
        rules: raw.rules(&mut Problems::default()),
    });
    Contract { declared: declared.collect() }
}

impl RawRules {
    /// What is written. What is wrong with it is noted and left out.
    fn rules(&self, problems: &mut Problems) -> Rules {
        let environments = |names: &[Located<String>]| {
            names.iter().filter_map(|name| name.value.as_deref()?.parse().ok()).collect::<Vec<_>>()
        };
        let shared = self.shared.iter().flat_map(Entries::iter);
        let pattern = |text: &str| {
            Pattern::new(text).map_err(|reason| Fault { kind: "a regular expression that can be used", reason })
        };
        Rules {
            required: match &self.required {
                Some(RawRequired::Flag(flag)) if flag.value == Some(true) => Required::Everywhere,
                Some(RawRequired::In(names)) => Required::In(environments(names)),
                Some(RawRequired::Flag(_)) | None => Required::Nowhere,
            },
            isolated: is_on(self.isolated.as_ref()),
            shared: shared
                .filter_map(|(key, with)| Some((key.text.parse().ok()?, with.value.as_deref()?.parse().ok()?)))
                .collect(),
            inherited: is_on(self.inherited.as_ref()),
            matches: self.matches.as_ref().and_then(|text| parsed("matches", text, pattern, problems)),
            one_of: self
                .one_of
                .iter()
                .flatten()
                .filter_map(|value| parsed("one-of", value, allowed, problems))
                .collect(),
            url: self.url.as_ref().map(|url| url.rule(problems)),
            arn: self.arn.as_ref().and_then(|arn| arn.rule(problems)),
            secret: is_on(self.secret.as_ref()),
        }
    }
}

fn is_on(flag: Option<&Located<bool>>) -> bool {
    flag.is_some_and(|flag| flag.value == Some(true))
}

impl RawUrl {
    fn rule(&self, problems: &mut Problems) -> UrlRule {
        let (schemes, local) = match self {
            Self::Schemes(schemes) => (Some(schemes), None),
            Self::Table(table) => (table.schemes.as_ref(), table.local.as_ref()),
        };
        let schemes = schemes.map(OneOrMore::each).unwrap_or_default();
        let each = schemes.iter().filter_map(|scheme| parsed("url", scheme, self::scheme, problems));
        UrlRule { schemes: each.collect(), local: is_on(local) }
    }

    fn schemes(&self) -> &[Located<String>] {
        match self {
            Self::Schemes(schemes) => schemes.each(),
            Self::Table(table) => table.schemes.as_ref().map(OneOrMore::each).unwrap_or_default(),
        }
    }
}

impl RawArn {
    fn rule(&self, problems: &mut Problems) -> Option<ArnRule> {
        match self {
            Self::Flag(flag) => is_on(Some(flag)).then_some(ArnRule::Any),
            Self::Service(service) => parsed("arn", service, self::service, problems).map(ArnRule::Of),
        }
    }

    fn span(&self) -> &Range<usize> {
        match self {
            Self::Flag(Located { span, .. }) => span,
            Self::Service(Located { span, .. }) => span,
        }
    }
}

/// A value that a variable may have: an empty one counts as not set.
fn allowed(text: &str) -> Result<String, Fault> {
    let is_text = !text.is_empty() && !text.contains('\0');
    is_text.then(|| text.to_owned()).ok_or(Fault {
        kind: "a value that a variable may have",
        reason: "it has at least one character; a variable that is empty counts as not set",
    })
}

/// The scheme of an address ([RFC 3986](https://www.rfc-editor.org/rfc/rfc3986#section-3.1)).
fn scheme(text: &str) -> Result<String, Fault> {
    let is_scheme = text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '+' | '-' | '.'));
    is_scheme
        .then(|| text.to_owned())
        .ok_or(Fault { kind: "a scheme", reason: "it is like `https` or `postgres`, in lower case, without `://`" })
}

/// A service as ARNs name it
/// ([ARNs](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html)).
fn service(text: &str) -> Result<String, Fault> {
    let is_service = !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    is_service
        .then(|| text.to_owned())
        .ok_or(Fault { kind: "a service", reason: "it is the third part of an ARN, like `secretsmanager` or `ssm`" })
}

/// Notes everything that does not fit.
pub(super) fn check(config: &RawConfig, problems: &mut Problems) {
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
            value.iter().for_each(|name| known(span, name));
        }
    }
    let shared = || raw.shared.iter().flat_map(Entries::iter);
    for (environment, with) in shared() {
        known(&environment.span, &environment.text);
        with.value.iter().for_each(|name| known(&with.span, name));
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
        problems.at(&secret.span, message, "remove `one-of`; `matches` says what a secret looks like");
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
