//! The rule on what a build leaves, against how the app is served.

use yaml_serde::Value;

use super::specification::{App, Specification};
use super::surroundings::AmplifyContext;
use super::walk::{Walker, joined};
use crate::domain::amplify::names::Platform;
use crate::domain::check::{Findings, Rule};

/// Judges all apps.
pub fn judge(
    specification: &Specification,
    walker: &mut Walker<'_>,
    around: &AmplifyContext<'_>,
    findings: &mut Findings,
) {
    for app in &specification.apps {
        let Some(directory) = app.get(&["frontend", "artifacts", "baseDirectory"]).and_then(Value::as_str) else {
            continue;
        };
        let last = directory.split('/').rfind(|part| !["", "."].contains(part)).unwrap_or_default();
        let is_of_server = directory.split('/').any(|part| part == ".next");
        let next = NextOutput::of(app, walker, around);
        let on_files = around.platforms(app).into_iter().find(|(platform, _)| *platform == Platform::Web);
        let path = app.path(&["frontend", "artifacts", "baseDirectory"]);
        let mut found = |message: &str, hint: &str| {
            findings.found(specification.finding_at_value(Rule::BuildSpecBaseDirectory, &path, message, hint));
        };
        match next {
            _ if is_of_server && next == Some(NextOutput::Files) => found(
                "`output: 'export'` writes the site to `out`, and what is deployed is `.next`",
                "write `baseDirectory: out`",
            ),
            _ if is_of_server => {
                if let Some((_, by)) = on_files {
                    let message = format!("`.next` needs a server, and {by} has the platform WEB: every page is a 404");
                    let hint = "set the platform of the app to WEB_COMPUTE (`aws amplify update-app --app-id APP_ID --platform \
                                WEB_COMPUTE`), of its branches the framework to `Next.js - SSR`, and `platform` in the \
                                configuration, or build files alone with `output: 'export'`";
                    found(&message, hint);
                }
            }
            Some(NextOutput::Server) if last == "out" => found(
                "`next build` writes nothing to `out` without `output: 'export'` (`Build output not found`)",
                "write `output: 'export'` into next.config, or `baseDirectory: .next`",
            ),
            _ => {}
        }
    }
}

/// What Next.js makes of an app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NextOutput {
    /// Files alone.
    Files,
    /// What a server renders.
    Server,
}

impl NextOutput {
    /// `None`: the app has no Next.js, or a configuration that is not understood.
    fn of(app: &App, walker: &mut Walker<'_>, around: &AmplifyContext<'_>) -> Option<Self> {
        let package = walker.package(&joined(&app.root, "package.json"))?;
        let depends = |key: &str| package.raw.get(key).is_some_and(|all| all.get("next").is_some());
        if !depends("dependencies") && !depends("devDependencies") {
            return None;
        }
        let names = ["js", "mjs", "cjs", "ts", "mts"].map(|it| joined(&app.root, &format!("next.config.{it}")));
        let text = names.iter().find_map(|name| around.repository.text(name));
        let text = text.map_or_else(|| Some(String::new()), Result::ok)?;
        if text.contains("distDir")
            || package
                .names()
                .any(|name| package.script(name).is_some_and(|script| script.text.contains("next export")))
        {
            return None;
        }
        Some(if exports(&text) { Self::Files } else { Self::Server })
    }
}

/// Whether a configuration of Next.js has `output: 'export'`, read as text.
fn exports(text: &str) -> bool {
    let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let code: String = code.concat().split_whitespace().collect();
    ["output:", "output\":", "output':", "output="].iter().any(|key| {
        code.match_indices(key).any(|(at, _)| {
            let value = &code[at + key.len()..];
            ["'export'", "\"export\"", "`export`"].iter().any(|export| value.starts_with(export))
                // A condition decides: it may.
                || value.split([',', '}', ';']).next().is_some_and(|value| value.contains("export'") || value.contains("export\""))
        })
    })
}
