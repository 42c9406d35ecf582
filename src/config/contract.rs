//! The keys of a contract: what the environment variables of a component have to fit. They take no variables: rules are
//! in the file itself.
//!
//! Here they are read; `check` says whether they fit each other and the rest of the file.

pub(super) mod check;

use std::ops::Range;

use super::error::Problems;
use super::literal::parsed;
use super::read::{FromToml, Located, OneOrMore, TableEntries, TomlNode};
use super::values::ValueFault;
use crate::domain::check::LinePlace;
use crate::domain::contract::declared::{ArnRule, Declared, DeclaredContract, Required, Rules, UrlRule, ValuePattern};

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
    shared: Option<TableEntries<Located<String>>>,
    /// Whether the value has to be that of the environment that is promoted from. Default: `false`.
    inherited: Option<Located<bool>>,
    /// A regular expression that is found in the value; with `^` and `$` it is about all of it. Default: any value.
    matches: Option<Located<String>>,
    /// All values that it may have. They are in the repository, where everyone with access reads them. Default: any value.
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

impl FromToml for RawRules {
    fn read(node: &TomlNode<'_>, problems: &mut Problems) -> Self {
        let Some(mut table) = node.table(problems) else { return Self::default() };
        let nonempty = |what: &'static str| {
            move |node: &TomlNode<'_>, problems: &mut Problems| {
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
                TableEntries::read(node, problems)
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

impl FromToml for RawRequired {
    fn read(node: &TomlNode<'_>, problems: &mut Problems) -> Self {
        if node.is_list() {
            node.refuse_empty("name the environments, or write `required = false`", problems);
            return Self::In(Vec::read(node, problems));
        }
        Self::Flag(Located::read(node, problems))
    }
}

impl FromToml for RawUrl {
    fn read(node: &TomlNode<'_>, problems: &mut Problems) -> Self {
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

fn schemes(node: &TomlNode<'_>, problems: &mut Problems) -> OneOrMore {
    node.refuse_empty("name the scheme: `\"https\"`", problems);
    OneOrMore::read(node, problems)
}

impl FromToml for RawArn {
    fn read(node: &TomlNode<'_>, problems: &mut Problems) -> Self {
        if node.is_text() {
            return Self::Service(Located::read(node, problems));
        }
        Self::Flag(Located::read(node, problems))
    }
}

/// The contract of a component. `place`: where something stands, as far as that is asked for.
pub(super) fn of(
    written: &TableEntries<TableEntries<RawRules>>,
    component: &str,
    place: &dyn Fn(&Range<usize>) -> Option<LinePlace>,
) -> DeclaredContract {
    let entries = written.get(component).map(|(_, entries)| entries);
    let declared = entries.into_iter().flat_map(TableEntries::iter).map(|(key, raw)| Declared {
        name: key.text.clone(),
        place: place(&key.span),
        // What is wrong with one is noted where all are checked.
        rules: raw.rules(&mut Problems::default()),
    });
    DeclaredContract { declared: declared.collect() }
}

impl RawRules {
    /// What is written. What is wrong with it is noted and left out.
    fn rules(&self, problems: &mut Problems) -> Rules {
        let environments = |names: &[Located<String>]| {
            names.iter().filter_map(|name| name.value.as_deref()?.parse().ok()).collect::<Vec<_>>()
        };
        let shared = self.shared.iter().flat_map(TableEntries::iter);
        let pattern = |text: &str| {
            ValuePattern::new(text)
                .map_err(|reason| ValueFault { kind: "a regular expression that can be used", reason })
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
            Self::Flag(flag) => &flag.span,
            Self::Service(service) => &service.span,
        }
    }
}

/// A value that a variable may have: an empty one counts as not set.
fn allowed(text: &str) -> Result<String, ValueFault> {
    let is_text = !text.is_empty() && !text.contains('\0');
    is_text.then(|| text.to_owned()).ok_or(ValueFault {
        kind: "a value that a variable may have",
        reason: "it has at least one character; a variable that is empty counts as not set",
    })
}

/// The scheme of an address ([RFC 3986](https://www.rfc-editor.org/rfc/rfc3986#section-3.1)).
fn scheme(text: &str) -> Result<String, ValueFault> {
    let is_scheme = text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '+' | '-' | '.'));
    is_scheme.then(|| text.to_owned()).ok_or(ValueFault {
        kind: "a scheme",
        reason: "it is like `https` or `postgres`, in lower case, without `://`",
    })
}

/// A service as ARNs name it
/// ([ARNs](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html)).
fn service(text: &str) -> Result<String, ValueFault> {
    let is_service = !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    is_service.then(|| text.to_owned()).ok_or(ValueFault {
        kind: "a service",
        reason: "it is the third part of an ARN, like `secretsmanager` or `ssm`",
    })
}
