//! What the variables of one environment stand for.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::ops::Range;

use secrecy::SecretString;
use serde_json::{Map, Value as Json};

use super::error::Problems;
use super::text::{TextPiece, Variable, WrittenText};
use super::wording::nearest;
use crate::domain::limits::{Limit, RESOLVED_TEXT, RESOLVED_TOTAL};
use crate::domain::template::Template;

/// A text with all variables resolved but the release.
#[derive(Debug, Clone)]
pub(super) struct ResolvedText {
    /// The text.
    pub(super) template: Template,
    /// Where the text comes from.
    pub(super) origin: TextOrigin,
}

/// Where a text comes from, and so what of it may be shown. The later, the less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum TextOrigin {
    /// The file alone.
    File,
    /// Also variables that are no secret.
    Variables,
    /// Also environment variables, in which secrets are handed over.
    Environment,
}

/// What variables stand for.
pub(super) struct VariableScope<'s> {
    /// `${app}`, where it is a name.
    pub(super) app: Option<&'s str>,
    /// `${environment.name}`, where it is a name.
    pub(super) environment: Option<&'s str>,
    /// `${environment.prefix}`, where it could be resolved.
    pub(super) prefix: Option<ResolvedText>,
    /// Why it could not be.
    pub(super) without_prefix: Problems,
    /// The others.
    pub(super) outside: Outside<'s>,
    /// How many bytes were resolved already.
    pub(super) resolved: Cell<usize>,
}

/// What only the surroundings know.
pub(super) enum Outside<'s> {
    /// Not to be looked at: texts with such variables stay unresolved, silently.
    Unknown,
    /// What the caller handed over.
    Known {
        /// The repository's variables, where there are any.
        vars: Option<Map<String, Json>>,
        /// The process's environment variables.
        env: &'s dyn Fn(&str) -> Option<String>,
        /// Whether a workflow hands them over.
        in_workflow: bool,
    },
}

impl Outside<'_> {
    /// Takes the text of `SHIPGATE_VARS`. One that cannot be read is reported, and makes all of the outside unknown, so
    /// that not every use of it is reported too.
    pub(super) fn new<'s>(
        vars: Option<&str>,
        env: &'s dyn Fn(&str) -> Option<String>,
        in_workflow: bool,
        problems: &mut Problems,
    ) -> Outside<'s> {
        let hint = if in_workflow {
            format!("set it to one JSON object: `{ALL_VARIABLES}`")
        } else {
            format!("set it to one JSON object: {}", export("NAME"))
        };
        // An environment variable that is handed on without having been set is empty.
        let vars = vars.filter(|vars| !vars.trim().is_empty());
        let message = match vars.map(serde_json::from_str::<Json>) {
            None => return Outside::Known { vars: None, env, in_workflow },
            Some(Ok(Json::Object(vars))) => return Outside::Known { vars: Some(vars), env, in_workflow },
            Some(Ok(_)) => "SHIPGATE_VARS is not a JSON object".to_owned(),
            // Its text is not shown: somebody may have put secrets there.
            Some(Err(error)) => {
                let (line, column) = (error.line(), error.column());
                format!("SHIPGATE_VARS is not valid JSON at its line {line}, column {column}")
            }
        };
        problems.outside(message, hint);
        Outside::Unknown
    }
}

/// The variables of the repository that a text of `SHIPGATE_VARS` has, by name. `None`: nothing hands them over. That a
/// text cannot be read is said where an environment is resolved.
pub fn repository_variables(text: Option<&str>) -> Option<BTreeMap<String, SecretString>> {
    let text = text.filter(|text| !text.trim().is_empty())?;
    let vars: Map<String, Json> = serde_json::from_str(text).ok()?;
    let named = |(name, value): (&String, &Json)| Some((name.clone(), SecretString::from(value.as_str()?)));
    Some(vars.iter().filter_map(named).collect())
}

impl VariableScope<'_> {
    /// Resolves a text. `None` when something in it is unknown, which is then reported or was before.
    pub(super) fn resolve(&self, text: &WrittenText, problems: &mut Problems) -> Option<ResolvedText> {
        let mut value = Some(ResolvedText { template: Template::default(), origin: TextOrigin::File });
        let mut length = 0;
        for piece in &text.pieces {
            let next = match piece {
                TextPiece::Literal(literal) => Some(ResolvedText::new(literal, TextOrigin::File)),
                TextPiece::Variable(variable, span) => self.variable(variable, span, problems),
                TextPiece::Unreadable => None,
            };
            length += next.as_ref().map_or(0, |next| next.template.longest());
            if let Some(limit) = self.exceeded(length) {
                let hint = "make the text or its variables shorter";
                problems.at(&text.span, format!("the text is longer than {limit}, the limit for {}", limit.what), hint);
                return None;
            }
            // Goes on after the first unknown one, as the others may be missing too.
            value = value.zip(next).map(|(value, next)| value.followed_by(next));
        }
        self.resolved.set(self.resolved.get() + length);
        value
    }

    /// The limit that a value of a length would exceed.
    fn exceeded(&self, length: usize) -> Option<Limit> {
        let total = self.resolved.get() + length;
        let limits = [(length, RESOLVED_TEXT), (total, RESOLVED_TOTAL)];
        limits.into_iter().find(|(length, limit)| *length > limit.count()).map(|(_, limit)| limit)
    }

    fn variable(&self, variable: &Variable, span: &Range<usize>, problems: &mut Problems) -> Option<ResolvedText> {
        match variable {
            Variable::App => self.app.map(|app| ResolvedText::new(app, TextOrigin::Variables)),
            Variable::EnvironmentName => self.environment.map(|name| ResolvedText::new(name, TextOrigin::Variables)),
            Variable::EnvironmentPrefix => {
                let Some(prefix) = self.prefix.clone() else {
                    problems.extend(&self.without_prefix);
                    return None;
                };
                Some(ResolvedText { origin: prefix.origin.max(TextOrigin::Variables), ..prefix })
            }
            Variable::ReleaseSha => {
                let mut template = Template::default();
                template.push_release_sha();
                Some(ResolvedText { template, origin: TextOrigin::File })
            }
            Variable::Vars(_) | Variable::Env(_) => {
                let found = self.outside(variable)?;
                found.map_err(|(fault, hint)| problems.without_value(span, &variable.to_string(), fault, hint)).ok()
            }
        }
    }

    /// What a variable from outside stands for, or what is wrong with it and what to do. `None`: not to be looked at.
    fn outside(&self, variable: &Variable) -> Option<Result<ResolvedText, (&'static str, String)>> {
        let Outside::Known { vars, env, in_workflow } = &self.outside else { return None };
        match variable {
            Variable::Vars(name) => Some(repository_variable(name, vars.as_ref(), *in_workflow)),
            Variable::Env(name) => Some(match env(name) {
                None => Err(("is not set", format!("set the environment variable `{name}`"))),
                // Where a secret is missing, GitHub Actions hands over an empty text.
                Some(text) if text.is_empty() => Err(("is empty", format!("set the environment variable `{name}`"))),
                Some(text) => Ok(ResolvedText::new(&text, TextOrigin::Environment)),
            }),
            Variable::App | Variable::EnvironmentName | Variable::EnvironmentPrefix | Variable::ReleaseSha => None,
        }
    }
}

/// What a workflow writes to hand over all variables of the repository.
const ALL_VARIABLES: &str = "SHIPGATE_VARS: ${{ toJSON(vars) }}";

/// What a person writes to hand a variable over.
fn export(name: &str) -> String {
    format!("`export SHIPGATE_VARS='{{\"{name}\":\"…\"}}'`")
}

fn repository_variable(
    name: &str,
    vars: Option<&Map<String, Json>>,
    in_workflow: bool,
) -> Result<ResolvedText, (&'static str, String)> {
    let Some(vars) = vars else {
        let hint = if in_workflow {
            format!("write `{ALL_VARIABLES}` in the `env` of the step; the repository has to have `{name}`")
        } else {
            format!("set it: {}", export(name))
        };
        return Err(("is not set", hint));
    };
    let text = match vars.get(name) {
        None => {
            let like = nearest(name, vars.keys().map(String::as_str));
            let like = like.map_or(String::new(), |like| format!("; it has `{like}`"));
            return Err(("is not set", format!("add `{name}` to the JSON object in SHIPGATE_VARS{like}")));
        }
        Some(Json::String(text)) => text.clone(),
        Some(Json::Number(number)) => number.to_string(),
        Some(Json::Bool(boolean)) => boolean.to_string(),
        Some(Json::Null | Json::Array(_) | Json::Object(_)) => {
            let hint = format!("make `{name}` in SHIPGATE_VARS a string");
            return Err(("is not a string, a number or a boolean", hint));
        }
    };
    if text.is_empty() {
        return Err(("is empty", format!("give `{name}` in SHIPGATE_VARS a text")));
    }
    Ok(ResolvedText::new(&text, TextOrigin::Variables))
}

impl ResolvedText {
    pub(super) fn new(text: &str, origin: TextOrigin) -> Self {
        Self { template: Template::literal(text), origin }
    }

    fn followed_by(mut self, next: Self) -> Self {
        self.template.append(next.template);
        self.origin = self.origin.max(next.origin);
        self
    }
}
