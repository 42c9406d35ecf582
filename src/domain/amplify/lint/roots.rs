//! The rules on monorepos: which app is built from which directory.
//!
//! The messages of AWS are in the findings, so that who has one in a log finds it here.

use std::collections::BTreeSet;

use yaml_serde::Value;
use yamlpath::Component;

use super::reached::Reached;
use super::specification::{App, NAME, Specification};
use super::surroundings::{AmplifyContext, place, root};
use crate::domain::check::outline::WrittenComponent;
use crate::domain::check::{CheckFinding, Findings, Rule};
use crate::domain::nearest::nearest;

/// The variable that says which app is built.
const VARIABLE: &str = "AMPLIFY_MONOREPO_APP_ROOT";

/// Judges all apps.
pub fn judge(specification: &Specification, all: &[Reached], around: &AmplifyContext<'_>, findings: &mut Findings) {
    list(specification, findings);
    let mut roots = BTreeSet::new();
    for app in &specification.apps {
        if let Some(finding) = app.index.and_then(|_| of_app(specification, app, around, &mut roots)) {
            findings.found(finding);
        }
        variables(specification, app, findings);
    }
    for reached in all {
        let app = &specification.apps[reached.app];
        let words = reached.run.invocation.words.iter().filter_map(|word| word.split_once('='));
        let assigned = reached.run.invocation.assignments.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        for (_, value) in assigned.chain(words).filter(|(name, value)| *name == VARIABLE && !value.contains('$')) {
            if let Some((message, hint)) = other_root(app, value) {
                findings.found(reached.run.spot.part(VARIABLE).finding(Rule::BuildSpecAppRoot, message, hint));
            }
        }
    }
    for component in around.all() {
        if let Some((message, hint)) = configured(specification, component) {
            let finding = CheckFinding::new(Rule::BuildSpecAppRoot, message, hint);
            findings.found(finding.in_file(around.configuration(), Some(place(component, "app-root"))));
        }
    }
}

/// `applications` is a list, and stands alone.
fn list(specification: &Specification, findings: &mut Findings) {
    let Some(applications) = specification.raw.get("applications") else { return };
    let path = [Component::from("applications")];
    if applications.as_sequence().is_none_or(Vec::is_empty) {
        let message = "`applications` is no list of apps (`Monorepo spec provided without \"applications\" key`)";
        let hint = "write each app behind `- appRoot: DIRECTORY`";
        findings.found(specification.finding(Rule::BuildSpecMonorepo, &path, message, hint));
    }
    for key in ["backend", "frontend", "test"] {
        if specification.raw.get(key).is_some() {
            let message = format!("`{key}` is beside `applications`, and is ignored");
            let hint = "move it into the app that it is for";
            findings.found(specification.finding(Rule::BuildSpecMonorepo, &[Component::from(key)], message, hint));
        }
    }
}

fn of_app(
    specification: &Specification,
    app: &App,
    around: &AmplifyContext<'_>,
    roots: &mut BTreeSet<String>,
) -> Option<CheckFinding> {
    let path = app.path(&["appRoot"]);
    let Some(written) = app.get(&["appRoot"]).and_then(Value::as_str) else {
        let message = "an app has no `appRoot` that is a text (`Invalid Monorepo spec provided. The \"appRoot\" key needs to \
                       be a string`)";
        let hint = "write `appRoot: DIRECTORY`, from the root of the repository";
        return Some(specification.finding(Rule::BuildSpecMonorepo, &path, message, hint));
    };
    let at_value = |rule, message: &str, hint: &str| Some(specification.finding_at_value(rule, &path, message, hint));
    let rule = Rule::BuildSpecAppRoot;
    let root = app.root.as_str();
    if written != root {
        let message = format!("`{written}` is not found (`Invalid monorepo spec, no appRoot matching {root} found`)");
        let hint = match root {
            "" => "write the specification of an app at the root without `applications`".to_owned(),
            root => format!("write `{root}`, without `/` or `./` around it"),
        };
        return at_value(rule, &message, &hint);
    }
    if !roots.insert(root.to_owned()) {
        return at_value(rule, &format!("`{root}` is there twice: the first is built"), "take one of them out");
    }
    if !around.repository.has_directory(root) {
        let meant = directories(around).into_iter().collect::<Vec<_>>();
        let meant = nearest(root, meant.iter().map(String::as_str));
        let hint = meant.map_or("correct it, or add the directory".to_owned(), |meant| format!("write `{meant}`"));
        return at_value(rule, &format!("the directory `{root}` is not there"), &hint);
    }
    None
}

/// The directories that have a `package.json`.
fn directories(around: &AmplifyContext<'_>) -> BTreeSet<String> {
    let packages = around.repository.names().filter_map(|name| name.strip_suffix("/package.json"));
    packages.map(str::to_owned).collect()
}

fn variables(specification: &Specification, app: &App, findings: &mut Findings) {
    let value = app.get(&["env", "variables", VARIABLE]).and_then(Value::as_str);
    if let Some((message, hint)) = value.and_then(|value| other_root(app, value)) {
        let path = app.path(&["env", "variables", VARIABLE]);
        findings.found(specification.finding_at_value(Rule::BuildSpecAppRoot, &path, &message, hint));
    }
}

/// The variable has to be what `appRoot` is.
fn other_root(app: &App, value: &str) -> Option<(String, &'static str)> {
    let hint = "write the same for both: Amplify finds the app by the variable";
    app.index?;
    (value != app.root).then(|| (format!("`{VARIABLE}` is `{value}`, and `appRoot` is `{}`", app.root), hint))
}

/// The app that is configured is one of the specification.
fn configured(specification: &Specification, component: &WrittenComponent) -> Option<(String, String)> {
    let root = root(component)?;
    let roots: Vec<&str> = specification.apps.iter().map(|app| app.root.as_str()).collect();
    let is_list = specification.raw.get("applications").is_some();
    match (is_list, root.as_str()) {
        (true, root) if roots.contains(&root) => None,
        (true, "") => {
            let message = format!(
                "`{}` has no `app-root`, and {NAME} has `applications` (`V2 amplify.yml found with multiple appRoots and no \
                 target appRoot set`)",
                component.name
            );
            let meant = roots.first().filter(|_| roots.len() == 1);
            let hint = meant.map_or_else(
                || "write `app-root` as the `appRoot` of its app".to_owned(),
                |meant| format!("write `app-root = \"{meant}\"`"),
            );
            Some((message, format!("{hint}, and set {VARIABLE} of the app to it")))
        }
        (true, root) => {
            let message =
                format!("no app of {NAME} has `{root}` (`Invalid monorepo spec, no appRoot matching {root} found`)");
            let hint = match nearest(root, roots.iter().copied()) {
                Some(meant) => format!("write `app-root = \"{meant}\"`"),
                None => format!("add an app with `appRoot: {root}`, or write one of {}", roots.join(", ")),
            };
            Some((message, hint))
        }
        (false, "") => None,
        (false, root) => {
            Some((without_list(root), format!("write what is there under `applications: - appRoot: {root}`")))
        }
    }
}

fn without_list(root: &str) -> String {
    format!(
        "the app is at `{root}`, and {NAME} has one at the root alone (`Monorepo spec provided without \"applications\" key`)"
    )
}
