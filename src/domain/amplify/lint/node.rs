//! The rule on the version of Node.js that a build asks for.

use yaml_serde::Value;

use super::ampx::ampx;
use super::locate::Spot;
use super::reached::Reached;
use super::specification::{App, Specification};
use super::surroundings::AmplifyContext;
use super::versions::{SUPPORTED, runs_with, runs_with_some};
use super::walk::{Walker, joined};
use crate::domain::check::{CheckFinding, Findings, LinePlace, Rule, Severity};

const HINT: &str = "ask for a version that it supports, such as 22";

/// Judges all apps whose build runs the CLI of Amplify.
pub fn judge(
    specification: &Specification,
    all: &[Reached],
    walker: &mut Walker<'_>,
    around: &AmplifyContext<'_>,
    findings: &mut Findings,
) {
    for (number, app) in specification.apps.iter().enumerate() {
        let own: Vec<&Reached> = all.iter().filter(|reached| reached.app == number).collect();
        if !own.iter().any(|reached| ampx(&reached.run).is_some()) {
            continue;
        }
        live_updates(specification, app, findings);
        let (mut is_named, mut is_of_file) = (false, false);
        for reached in own {
            match chosen(&reached.run.words()) {
                None => {}
                Some(NodeChoice::OfFile) => is_of_file = true,
                Some(NodeChoice::Version(version)) => {
                    is_named = true;
                    if runs_with(version) == Some(false) {
                        let message = message(version) + &reached.run.reached();
                        findings.found(reached.run.spot.finding(Rule::BuildSpecNode, message, HINT));
                    }
                }
            }
        }
        // What a command names counts, whatever files say.
        if is_named {
            continue;
        }
        let level = if is_of_file { Severity::Error } else { Severity::Warning };
        files(app, around, level, findings);
        engines(app, walker, findings);
    }
}

fn message(version: &str) -> String {
    format!("`ampx` does not run with Node.js {version}: it supports {SUPPORTED}")
}

/// What a command asks `nvm` for.
enum NodeChoice<'w> {
    /// This version.
    Version(&'w str),
    /// What a file names.
    OfFile,
}

fn chosen<'w>(words: &[&'w str]) -> Option<NodeChoice<'w>> {
    let ["nvm", "use" | "install", rest @ ..] = words else { return None };
    let version = rest.iter().find(|word| !word.starts_with('-'));
    Some(version.map_or(NodeChoice::OfFile, |version| NodeChoice::Version(version)))
}

/// The versions of packages that Amplify is asked for, as JSON.
fn live_updates(specification: &Specification, app: &App, findings: &mut Findings) {
    let keys = ["env", "variables", "_LIVE_UPDATES"];
    let text = app.get(&keys).and_then(Value::as_str).unwrap_or_default();
    let Ok(updates) = serde_json::from_str::<serde_json::Value>(text) else { return };
    for update in updates.as_array().into_iter().flatten() {
        let of = |key: &str| update.get(key).and_then(serde_json::Value::as_str);
        if let (Some("node"), Some(version)) = (of("pkg"), of("version"))
            && runs_with(version) == Some(false)
        {
            let path = app.path(&keys);
            findings.found(specification.finding_at_value(Rule::BuildSpecNode, &path, &message(version), HINT));
        }
    }
}

fn files(app: &App, around: &AmplifyContext<'_>, level: Severity, findings: &mut Findings) {
    let names = [".nvmrc", ".node-version"];
    let candidates = names.iter().flat_map(|name| [joined(&app.root, name), (*name).to_owned()]);
    for name in candidates {
        let Some(Ok(text)) = around.repository.text(&name) else { continue };
        let version = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
        let Some(version) = version.filter(|version| runs_with(version) == Some(false)) else { continue };
        let line = text.lines().position(|line| line.trim() == version).map_or(1, |index| index + 1);
        let finding = CheckFinding::new(Rule::BuildSpecNode, message(version), HINT);
        findings.found(finding.in_file(&name, Some(LinePlace::of_line(&text, line))).at_level(level));
    }
}

fn engines(app: &App, walker: &mut Walker<'_>, findings: &mut Findings) {
    let Some(package) = walker.package(&joined(&app.root, "package.json")) else { return };
    let Some(engines) = package.engine("node") else { return };
    if runs_with_some(&engines.text) == Some(false) {
        let range = engines.text.to_string();
        let spot = Spot { range: 0..range.len(), script: engines };
        findings.found(spot.finding(Rule::BuildSpecNode, message(&range), HINT).at_level(Severity::Warning));
    }
}
