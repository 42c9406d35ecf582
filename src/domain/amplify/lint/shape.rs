//! The keys of the build specification: what Amplify does not know it passes over in silence.

use yaml_serde::Value;
use yamlpath::Component;

use super::specification::{App, AppPart, NAME, Specification};
use crate::domain::check::{Findings, Path, Rule};
use crate::domain::nearest::nearest;

/// What the API takes
/// ([`buildSpec`](https://docs.aws.amazon.com/amplify/latest/APIReference/API_CreateApp.html)).
const LONGEST: usize = 25_000;

const TOP: [&str; 8] = ["version", "applications", "appRoot", "env", "backend", "frontend", "test", "customHeaders"];
const APP: [&str; 6] = ["appRoot", "env", "backend", "frontend", "test", "customHeaders"];
const PART: [&str; 6] = ["buildPath", "buildpath", "phases", "artifacts", "cache", "customHeaders"];
const ARTIFACTS: [&str; 6] = ["baseDirectory", "files", "discard-paths", "configFilePath", "name", "excludePaths"];

/// Judges the keys.
pub fn judge(specification: &Specification, text: &str, findings: &mut Findings) {
    if text.chars().count() > LONGEST {
        let message = format!("{NAME} has more than {LONGEST} characters, which is what Amplify takes at most");
        let hint = "move commands into scripts of the repository, and run those";
        findings.found(specification.finding(Rule::BuildSpecSize, &[], message, hint));
    }
    version(specification, findings);
    unknown(specification, &[], &specification.raw, &TOP, findings);
    for app in &specification.apps {
        if app.index.is_some() {
            unknown(specification, &app.path(&[]), &app.value, &APP, findings);
        }
        let env = app.get(&["env"]).unwrap_or(&Value::Null);
        unknown(specification, &app.path(&["env"]), env, &["variables"], findings);
        for part in AppPart::ALL {
            self::part(specification, app, part, findings);
        }
        cache(specification, app, findings);
    }
}

fn version(specification: &Specification, findings: &mut Findings) {
    let version = specification.raw.get("version");
    let number = version.and_then(|version| version.as_f64().or_else(|| version.as_str()?.parse().ok()));
    if number.is_some_and(|number| number > 0.0 && number < 2.0) {
        return;
    }
    let message = match version {
        None => "there is no `version`".to_owned(),
        Some(_) => "AWS documents no such `version`".to_owned(),
    };
    findings.found(specification.finding(
        Rule::BuildSpecVersion,
        &[Component::from("version")],
        message,
        "write `version: 1` into the first line",
    ));
}

/// Keys that Amplify does not know.
fn unknown(
    specification: &Specification,
    path: &[Component<'static>],
    value: &Value,
    known: &[&'static str],
    findings: &mut Findings,
) {
    for name in keys(value).filter(|name| !known.contains(name)) {
        let path = below(path, name);
        let message = format!("`{name}` is no key that Amplify knows here, and is passed over");
        let hint = match nearest(name, known.iter().copied()) {
            Some(meant) => format!("write `{meant}`, or take it out"),
            None => format!("take it out, or write one of {}", quoted(known)),
        };
        findings.found(specification.finding(Rule::BuildSpecKey, &path, message, hint));
    }
}

fn part(specification: &Specification, app: &App, part: AppPart, findings: &mut Findings) {
    let Some(value) = app.get(&[part.key()]) else { return };
    unknown(specification, &app.path(&[part.key()]), value, &PART, findings);
    if let Some(artifacts) = value.get("artifacts") {
        unknown(specification, &app.path(&[part.key(), "artifacts"]), artifacts, &ARTIFACTS, findings);
    }
    if let Some(cache) = value.get("cache") {
        unknown(specification, &app.path(&[part.key(), "cache"]), cache, &["paths"], findings);
    }
    let base = app.path(&[part.key(), "phases"]);
    let phases = value.get("phases").unwrap_or(&Value::Null);
    for name in keys(phases) {
        let path = below(&base, name);
        if !part.phases().contains(&name) {
            let known = part.phases();
            let message = format!("`{name}` is no phase of `{}`, so its commands never run", part.key());
            let meant = known.iter().find(|known| known.eq_ignore_ascii_case(name)).copied();
            let hint = match meant.or_else(|| nearest(name, known)) {
                Some(meant) => format!("write `{meant}`"),
                None => format!("write one of {}", quoted(&known)),
            };
            findings.found(specification.finding(Rule::BuildSpecPhase, &path, message, hint));
            continue;
        }
        let phase = phases.get(name).unwrap_or(&Value::Null);
        unknown(specification, &path, phase, &["commands"], findings);
        commands(specification, &below(&path, "commands"), phase.get("commands"), findings);
    }
}

/// The commands are a list of texts.
fn commands(specification: &Specification, path: &Path<'static>, commands: Option<&Value>, findings: &mut Findings) {
    let Some(commands) = commands.filter(|commands| !commands.is_null()) else { return };
    let Some(all) = commands.as_sequence() else {
        let message = "the commands are no list, so none of them runs";
        let hint = "write each command into a line of its own, behind `- `";
        findings.found(specification.finding(Rule::BuildSpecPhase, path, message, hint));
        return;
    };
    for (index, command) in all.iter().enumerate() {
        if command.as_mapping().is_some() || command.as_sequence().is_some() {
            let path = [&path[..], &[Component::from(index)]].concat();
            let message = "a command is no text: YAML takes `: ` in it for a key";
            let hint = "put the whole command into quotes, or behind `- |` on a line of its own";
            findings.found(specification.finding(Rule::BuildSpecPhase, &path, message, hint));
        }
    }
}

/// A path outside of the app is not kept, and nothing says so.
fn cache(specification: &Specification, app: &App, findings: &mut Findings) {
    let base = app.path(&["frontend", "cache", "paths"]);
    let paths = app.get(&["frontend", "cache", "paths"]).and_then(Value::as_sequence);
    for (index, path) in paths.into_iter().flatten().enumerate() {
        let Some(written) = path.as_str() else { continue };
        let leads_out = written.starts_with(['/', '~', '$']) || written.split('/').any(|part| part == "..");
        if leads_out {
            let message = format!("`{written}` is not kept: a path of the cache begins at the root of the project");
            let hint = "write a path below it, as with `npm ci --cache .npm` and `.npm/**/*`";
            let path = [&base[..], &[Component::from(index)]].concat();
            findings.found(specification.finding_at_value(Rule::BuildSpecCachePath, &path, &message, hint));
        }
    }
}

fn keys(value: &Value) -> impl Iterator<Item = &str> {
    value.as_mapping().into_iter().flatten().filter_map(|(name, _)| name.as_str())
}

fn below(path: &[Component<'static>], name: &str) -> Path<'static> {
    path.iter().cloned().chain([Component::from(name.to_owned())]).collect()
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
