//! The rules on variables that a build sets for itself.

use yaml_serde::Value;

use super::reached::Reached;
use super::specification::{App, Specification};
use super::surroundings::AmplifyContext;
use crate::domain::check::{CheckFinding, Findings, Rule, Severity};

/// A finding without its place: the rule, what is wrong as it is written, the level, the message and the hint.
type UnplacedFinding = (Rule, &'static str, Severity, String, String);

/// Judges all variables, in the specification and in what it runs.
pub fn judge(specification: &Specification, all: &[Reached], around: &AmplifyContext<'_>, findings: &mut Findings) {
    for app in &specification.apps {
        let variables = app.get(&["env", "variables"]).and_then(Value::as_mapping);
        for (name, value) in variables.into_iter().flatten() {
            let Some(name) = name.as_str() else { continue };
            let value = text(value);
            let mut path = app.path(&["env", "variables"]);
            path.push(yamlpath::Component::from(name.to_owned()));
            for (rule, _, level, message, hint) in judged(app, &format!("{name}={value}"), around) {
                let finding = specification.finding(rule, &path, message, hint);
                findings.found(finding.at_level(level));
            }
        }
    }
    for reached in all {
        for finding in of_command(&specification.apps[reached.app], reached, around) {
            findings.found(finding);
        }
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Null | Value::Sequence(_) | Value::Mapping(_) | Value::Tagged(_) => String::new(),
    }
}

fn of_command(app: &App, reached: &Reached, around: &AmplifyContext<'_>) -> Vec<CheckFinding> {
    let invocation = &reached.run.invocation;
    let assigned = invocation.assignments.iter().map(|(name, value)| format!("{name}={value}"));
    let whole = invocation.words.join(" ");
    let all = assigned.chain([whole]);
    let found = all.flat_map(|text| judged(app, &text, around));
    let finding = |(rule, part, level, message, hint): UnplacedFinding| {
        reached.run.spot.part(part).finding(rule, message + &reached.run.reached(), hint).at_level(level)
    };
    found.map(finding).collect()
}

/// What is wrong with what a text sets.
fn judged(app: &App, text: &str, around: &AmplifyContext<'_>) -> Vec<UnplacedFinding> {
    [skipped(text), heap(app, text, around), app_id(text)].into_iter().flatten().collect()
}

fn skipped(text: &str) -> Option<UnplacedFinding> {
    let (_, value) = text.split_once("SKIP_ENV_VALIDATION=")?;
    let value: String = value.trim_start_matches(['"', '\'']).chars().take_while(char::is_ascii_alphanumeric).collect();
    if ["", "0", "false"].contains(&value.as_str()) {
        return None;
    }
    let message = "`SKIP_ENV_VALIDATION` lets the build pass where variables are missing".to_owned();
    let hint = "take it out, and set the variables that the build then names for the branch".to_owned();
    let rule = Rule::BuildSpecSkipValidation;
    Some((rule, "SKIP_ENV_VALIDATION", rule.level(), message, hint))
}

/// The heap of Node.js against the memory of the machine, which it shares with the rest.
fn heap(app: &App, text: &str, around: &AmplifyContext<'_>) -> Option<UnplacedFinding> {
    let plain = text.replace('_', "-");
    let (_, value) = plain.split_once("--max-old-space-size")?;
    let digits: String =
        value.trim_start_matches(['=', ' ', '"', '\'']).chars().take_while(char::is_ascii_digit).collect();
    let size: u64 = digits.parse().ok()?;
    let compute = around.compute(app);
    let memory = compute.memory();
    let level = match size {
        _ if size >= memory => Severity::Error,
        _ if size >= memory * 9 / 10 => Severity::Warning,
        _ => return None,
    };
    let message = format!(
        "a heap of {size} MiB uses up the {memory} MiB that the machine {compute} has: the build is killed before it \
         is full"
    );
    let hint = format!(
        "write at most {} (three quarters), or choose a larger machine and name it as `compute`",
        memory * 3 / 4
    );
    Some((Rule::BuildSpecHeap, "--max", level, message, hint))
}

fn app_id(text: &str) -> Option<UnplacedFinding> {
    let mut found = text.match_indices("AMPLIFY_APP_ID");
    let is_whole = |at: usize| {
        let before = text[..at].chars().next_back();
        let after = text[at + "AMPLIFY_APP_ID".len()..].chars().next();
        let is_part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        !is_part(before) && !is_part(after) && (at == 0 || before == Some('$') || before == Some('{'))
    };
    found.any(|(at, _)| is_whole(at)).then(|| {
        let message = "`AMPLIFY_APP_ID` repeats `AWS_APP_ID`, which Amplify sets for every build".to_owned();
        let hint = "use `$AWS_APP_ID`, and remove the other variable".to_owned();
        (Rule::BuildSpecAppId, "AMPLIFY_APP_ID", Rule::BuildSpecAppId.level(), message, hint)
    })
}
