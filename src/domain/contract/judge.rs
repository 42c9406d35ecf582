//! Compares what is set with what is declared. Texts name variables, environments and rules, and never a value.

use std::collections::{BTreeMap, BTreeSet};

use secrecy::ExposeSecret as _;

use super::declared::{Declared, DeclaredContract, REPOSITORY, Rules, is_variable_name, key};
use super::looks::{ACCOUNT_OF_NOBODY, client_prefix, is_public_name, is_secret_name, is_secret_value, placeholder};
use super::single::{Home, faults, faults_of_reference};
use super::values::{Content, Values, VariableValue};
use crate::domain::check::{CheckFinding, Findings, Rule, Severity};
use crate::domain::names::{AccountId, ComponentName, EnvironmentName, Region};
use crate::domain::nearest::nearest;

/// What is judged: the values of a component in an environment, and what they are compared with.
#[derive(Debug, Clone, Copy)]
pub struct JudgedValues<'a> {
    /// The component.
    pub component: &'a ComponentName,
    /// The environment.
    pub environment: &'a EnvironmentName,
    /// Its account, where it is known.
    pub account: Option<&'a AccountId>,
    /// Its region.
    pub region: &'a Region,
    /// The environment that its releases come from.
    pub source: Option<&'a EnvironmentName>,
    /// The environments that it shares something with on purpose, whichever of the two says so.
    pub shares_with: &'a [EnvironmentName],
    /// Whether browsers load all of its variables, whatever they are called.
    pub is_public: bool,
    /// Whether such a component takes its secrets as references.
    pub has_references: bool,
    /// What is set.
    pub values: &'a Values,
    /// What is set in the other environments, or why that is not known.
    pub others: &'a [(EnvironmentName, Result<Values, String>)],
    /// The configuration file, for places.
    pub file: &'a str,
}

/// Judges a component in an environment. In `left_out` is what was not compared, which is no fault.
pub fn judge(contract: &DeclaredContract, seen: &JudgedValues<'_>) -> Findings {
    let mut judgement = ContractJudge {
        seen,
        findings: Findings::default(),
        not_compared: BTreeMap::new(),
        unread: Vec::new(),
        undeclared: 0,
    };
    for declared in &contract.declared {
        judgement.declared(declared);
    }
    let known: BTreeMap<&str, &Declared> = contract.declared.iter().map(|it| (it.name.as_str(), it)).collect();
    for (name, value) in &seen.values.0 {
        judgement.any(name, value, known.get(name.as_str()).copied());
        if !known.is_empty() && !known.contains_key(name.as_str()) && !is_of_platform(name) {
            judgement.undeclared(contract, name, value);
        }
    }
    judgement.finish()
}

/// Judges a literal value that is in a file of the repository. Each fault: the rule, what is wrong, and what to do.
pub fn judge_committed(
    contract: &DeclaredContract,
    name: &str,
    value: &str,
    environment: Option<&EnvironmentName>,
) -> Vec<(Rule, String, String)> {
    let Some(Declared { rules, .. }) = contract.get(name).filter(|_| !value.is_empty()) else { return Vec::new() };
    let place = environment.map_or_else(String::new, |environment| format!(" in {environment}"));
    let of_form = faults(rules, value, Home::default());
    let mut found: Vec<_> =
        of_form.into_iter().map(|fault| (fault.rule, format!("`{name}`{place} {}", fault.what), fault.hint)).collect();
    if rules.secret {
        let hint = "remove it from the file and from what people use: who can read the repository has read it";
        found.push((Rule::ContractSecret, format!("`{name}`{place} is a secret, and is committed"), hint.to_owned()));
    }
    found
}

/// The names that are set where a release comes from, and not here.
pub fn missing<'n>(
    source: impl IntoIterator<Item = &'n str>,
    here: impl IntoIterator<Item = &'n str>,
) -> BTreeSet<&'n str> {
    let here: BTreeSet<&str> = here.into_iter().collect();
    source.into_iter().filter(|name| !here.contains(name)).collect()
}

/// A judgement as it goes on.
struct ContractJudge<'s> {
    seen: &'s JudgedValues<'s>,
    findings: Findings,
    /// What was not compared, and why: by the other environment.
    not_compared: BTreeMap<(EnvironmentName, String), Vec<String>>,
    /// The names whose values are in a secret store, and have rules for them.
    unread: Vec<String>,
    /// How many were not declared.
    undeclared: usize,
}

impl ContractJudge<'_> {
    fn found(&mut self, rule: Rule, level: Severity, declared: Option<&Declared>, (what, hint): (String, String)) {
        let place = declared.and_then(|declared| declared.place);
        let finding = CheckFinding::new(rule, what, hint).at_level(level).in_file(self.seen.file, place);
        self.findings.found(finding);
    }

    /// Notes that a rule is broken: `what` follows the name of the variable. `value`: what is set here.
    fn broken(&mut self, rule: Rule, (declared, value): (&Declared, Option<&VariableValue>), what: &str, hint: String) {
        let JudgedValues { component, environment, .. } = self.seen;
        let what = format!("`{}` of {component} in {environment} {what}{}", declared.name, set_in(value));
        self.found(rule, rule.level(), Some(declared), (what, hint));
    }

    fn declared(&mut self, declared: &Declared) {
        let Declared { name, rules, .. } = declared;
        let value = set(self.seen.values, name);
        if value.is_none() && rules.required.is_in(self.seen.environment) {
            let whole = if self.seen.values.0.contains_key(name) { "is empty" } else { "is not set" };
            let hint = format!("set `{name}`, or remove {} from its `required`", self.seen.environment);
            return self.broken(Rule::ContractRequired, (declared, None), whole, hint);
        }
        self.same(declared, value);
        let Some(value) = value else { return };
        if rules.isolated {
            self.isolated(declared, value);
        }
        let home = Home { account: self.seen.account, region: Some(self.seen.region) };
        match &value.content {
            Content::Plain(text) => {
                for fault in faults(rules, text.expose_secret(), home) {
                    self.broken(fault.rule, (declared, Some(value)), &fault.what, fault.hint);
                }
                if rules.secret && self.seen.has_references {
                    let hint = "keep it in AWS Secrets Manager or in a parameter, and refer to that".to_owned();
                    self.broken(
                        Rule::ContractSecret,
                        (declared, Some(value)),
                        "is a secret, and is set as plain text",
                        hint,
                    );
                }
            }
            Content::Reference(reference) => {
                if let Some(fault) = faults_of_reference(rules, reference.expose_secret(), home) {
                    self.broken(fault.rule, (declared, Some(value)), &fault.what, fault.hint);
                }
                if rules.matches.is_some() || !rules.one_of.is_empty() || rules.url.is_some() {
                    self.unread.push(name.clone());
                }
            }
        }
    }

    /// Compares with the environments whose value it has to be.
    fn same(&mut self, declared: &Declared, value: Option<&VariableValue>) {
        let Declared { rules, .. } = declared;
        let shared = rules.shared.get(self.seen.environment);
        let inherited = self.seen.source.filter(|source| rules.inherited && Some(*source) != shared);
        let each = [(shared, Rule::ContractShared, "shared"), (inherited, Rule::ContractInherited, "inherited")];
        for (other, rule, key) in each {
            let Some(other) = other else { continue };
            let values = match self.other(other) {
                Ok(values) => values,
                Err(why) => {
                    self.not_compared(other, why, &declared.name);
                    continue;
                }
            };
            let what = match (value, set(values, &declared.name)) {
                (None, None) => continue,
                (Some(value), Some(theirs)) if is_same(value, theirs) => continue,
                (Some(_), Some(_)) => format!("is not what it is in {other}"),
                (None, Some(_)) => format!("is not set, and is in {other}"),
                (Some(_), None) => format!("is set, and is not in {other}"),
            };
            let hint = format!("set it to the value of {other}, or correct `{key}`");
            self.broken(rule, (declared, value), &what, hint);
        }
    }

    /// Compares with the environments whose value it must not be.
    fn isolated(&mut self, declared: &Declared, value: &VariableValue) {
        let seen = *self.seen;
        let mut same: Vec<&str> = Vec::new();
        for (other, theirs) in seen.others {
            if seen.shares_with.contains(other) || shares(&declared.rules, seen.environment, other) {
                continue;
            }
            match theirs.as_ref().map(|values| set(values, &declared.name)) {
                Ok(Some(theirs)) if may_be_one_parameter(value, theirs) => {
                    let why = "a name without account and region can be two parameters; write its ARN";
                    self.not_compared(other, why.to_owned(), &declared.name);
                }
                Ok(Some(theirs)) if is_alike(value, theirs) => same.push(other.as_str()),
                Ok(_) => {}
                Err(why) => self.not_compared(other, why.clone(), &declared.name),
            }
        }
        if !same.is_empty() {
            let what = format!("has the same value as in {}", same.join(", "));
            let hint =
                "set a value of its own; where it is shared on purpose, write `shared = { ENVIRONMENT = \"OTHER\" }`";
            self.broken(Rule::ContractIsolated, (declared, Some(value)), &what, hint.to_owned());
        }
    }

    fn other(&self, name: &EnvironmentName) -> Result<&'_ Values, String> {
        match self.seen.others.iter().find(|(other, _)| other == name) {
            Some((_, Ok(values))) => Ok(values),
            Some((_, Err(why))) => Err(why.clone()),
            None => Err("it was not read".to_owned()),
        }
    }

    fn not_compared(&mut self, other: &EnvironmentName, why: String, name: &str) {
        let names = self.not_compared.entry((other.clone(), why)).or_default();
        if names.last().is_none_or(|last| last != name) {
            names.push(name.to_owned());
        }
    }

    /// Judges what is set, whether it is declared or not.
    fn any(&mut self, name: &str, value: &VariableValue, declared: Option<&Declared>) {
        let JudgedValues { component, environment, .. } = self.seen;
        let subject = format!("`{name}` of {component} in {environment}");
        if let Content::Plain(text) = &value.content
            && self.is_placeholder(text.expose_secret())
        {
            let level = if declared.is_some() { Severity::Error } else { Severity::Warning };
            let what = format!("{subject} has a value that is still to be filled in{}", set_in(Some(value)));
            let hint = format!("set the real value of `{name}`");
            self.found(Rule::ContractPlaceholder, level, declared, (what, hint));
        }
        let loaded = match client_prefix(name) {
            Some(prefix) => Some((format!("what begins with `{prefix}`"), ", under a name without the prefix")),
            None if self.seen.is_public => Some(("all of it".to_owned(), "")),
            None => None,
        };
        if let Some((loaded, renamed)) = loaded
            && let Some(level) = client_secret(declared, name, value)
        {
            let what = format!("{subject} looks like a secret, and browsers load {loaded}{}", set_in(Some(value)));
            let hint = format!("use it on a server alone{renamed}, and replace the secret");
            self.found(Rule::ContractClientSecret, level, declared, (what, hint));
        }
    }

    fn undeclared(&mut self, contract: &DeclaredContract, name: &str, value: &VariableValue) {
        /// Maximum number of unknown names for which a similar name is searched.
        const SEARCHED: usize = 20;
        let JudgedValues { component, environment, .. } = self.seen;
        let names = contract.declared.iter().map(|declared| declared.name.as_str());
        let unset = names.filter(|name| set(self.seen.values, name).is_none());
        let like = if self.undeclared < SEARCHED { nearest(name, unset) } else { None };
        self.undeclared += 1;
        let like = like.map_or_else(String::new, |like| format!("; `{like}` is declared and not set"));
        let what =
            format!("`{name}` of {component} in {environment} is set and not declared{like}{}", set_in(Some(value)));
        let hint = if is_variable_name(name) {
            format!("add `{} = {{}}` to `[contract.{}]`, or remove the variable", key(name), key(component.as_str()))
        } else {
            "remove the variable, or rename it: a contract cannot have such a name".to_owned()
        };
        self.found(Rule::ContractUndeclared, Severity::Warning, None, (what, hint));
    }

    /// The placeholder account may be the environment's own: in a cloud on a developer's machine.
    fn is_placeholder(&self, value: &str) -> bool {
        match self.seen.account {
            Some(own) if own.as_str() == ACCOUNT_OF_NOBODY => placeholder(&value.replace(ACCOUNT_OF_NOBODY, "")),
            _ => placeholder(value),
        }
    }

    fn finish(mut self) -> Findings {
        let JudgedValues { component, environment, .. } = self.seen;
        for ((other, why), names) in self.not_compared {
            let what = format!("{} of {component} in {environment}", listed(&names));
            self.findings.left_out(what, format!("not compared with {other}: {why}"), None);
        }
        if !self.unread.is_empty() {
            let what = format!("{} of {component} in {environment}", listed(&self.unread));
            let why = "not compared with the rules for its value: it is a reference, and secret stores are not read";
            self.findings.left_out(what, why, None);
        }
        self.findings
    }
}

/// Names in words: some of them, and how many more.
fn listed(names: &[String]) -> String {
    const SHOWN: usize = 6;
    let mut shown: Vec<String> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    if names.len() > SHOWN {
        shown.push(format!("{} more", names.len() - SHOWN));
    }
    shown.join(", ")
}

/// Where a value stands, in brackets.
fn set_in(value: Option<&VariableValue>) -> String {
    value.map_or_else(String::new, |value| format!(" ({})", value.from))
}

/// What is set. An empty text is nothing.
pub(super) fn set<'v>(values: &'v Values, name: &str) -> Option<&'v VariableValue> {
    values.0.get(name).filter(|value| !text(&value.content).is_empty())
}

fn text(content: &Content) -> &str {
    match content {
        Content::Plain(text) | Content::Reference(text) => text.expose_secret(),
    }
}

/// Whether two are the same: texts exactly, references as they are written.
pub(super) fn is_same(one: &VariableValue, other: &VariableValue) -> bool {
    let both_plain = matches!((&one.content, &other.content), (Content::Plain(_), Content::Plain(_)));
    let both_references = matches!((&one.content, &other.content), (Content::Reference(_), Content::Reference(_)));
    (both_plain || both_references) && text(&one.content) == text(&other.content)
}

/// Whether two lead to the same: blanks around a text and `/` behind an address are no other database.
pub(super) fn is_alike(one: &VariableValue, other: &VariableValue) -> bool {
    let alike = |text: &str| text.trim().trim_end_matches('/').to_owned();
    match (&one.content, &other.content) {
        (Content::Plain(one), Content::Plain(other)) => alike(one.expose_secret()) == alike(other.expose_secret()),
        _ => is_same(one, other),
    }
}

/// Whether two references have the name of one parameter, and one of them does not say in which account and region.
fn may_be_one_parameter(one: &VariableValue, other: &VariableValue) -> bool {
    let (Content::Reference(one), Content::Reference(other)) = (&one.content, &other.content) else { return false };
    let names = [one, other].map(|reference| {
        let reference = reference.expose_secret();
        // arn:aws:ssm:us-east-1:123456789012:parameter/shop/key
        let name = reference.split_once(":parameter/").filter(|(arn, _)| arn.starts_with("arn:")).map(|(_, name)| name);
        (name.unwrap_or(reference).trim_start_matches('/'), reference.starts_with("arn:"))
    });
    names[0].0 == names[1].0 && !(names[0].1 && names[1].1)
}

/// Whether two environments have one value on purpose, directly or through others.
fn shares(rules: &Rules, one: &EnvironmentName, other: &EnvironmentName) -> bool {
    let origin = |name: &EnvironmentName| {
        let steps = rules.shared.len();
        let next = |at: &EnvironmentName| rules.shared.get(at).cloned();
        std::iter::successors(Some(name.clone()), next).take(steps + 1).last()
    };
    origin(one) == origin(other)
}

/// How bad it is that browsers load it, where it is bad.
fn client_secret(declared: Option<&Declared>, name: &str, value: &VariableValue) -> Option<Severity> {
    let is_declared = declared.is_some_and(|declared| declared.rules.secret);
    let is_by_value = match &value.content {
        Content::Plain(text) => is_secret_value(text.expose_secret()),
        Content::Reference(_) => false,
    };
    if is_declared || is_by_value {
        return Some(Severity::Error);
    }
    (is_secret_name(name) && !is_public_name(name) && !text(&value.content).is_empty()).then_some(Severity::Warning)
}

/// Names that AWS, Amplify, a container or a language has a meaning for, and variables of the repository
/// ([Amplify's](https://docs.aws.amazon.com/amplify/latest/userguide/environment-variables.html)).
pub(super) fn is_of_platform(name: &str) -> bool {
    const BEGINNINGS: [&str; 6] = ["AWS_", "AMPLIFY_", "ECS_", "LC_", "_", REPOSITORY];
    const NAMES: [&str; 12] = [
        "CI",
        "HOME",
        "HOST",
        "HOSTNAME",
        "LANG",
        "NODE_ENV",
        "NODE_OPTIONS",
        "PATH",
        "PORT",
        "PYTHONUNBUFFERED",
        "TZ",
        "USER_DISABLE_TESTS",
    ];
    BEGINNINGS.iter().any(|beginning| name.starts_with(beginning)) || NAMES.contains(&name)
}

#[cfg(test)]
mod tests;
