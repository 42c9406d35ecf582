//! Every command that a build reaches.

use super::specification::{App, AppPart, Specification};
use super::walk::{ReachedCommand, Walker, joined};

/// A command of a build.
#[derive(Debug, Clone)]
pub struct Reached {
    /// The app, by its number in the specification.
    pub app: usize,
    /// The part.
    pub part: AppPart,
    /// The phase.
    pub phase: &'static str,
    /// The command.
    pub run: ReachedCommand,
}

/// All commands, in the order in which they run.
pub fn reached(specification: &Specification, walker: &mut Walker<'_>) -> Vec<Reached> {
    let mut all = Vec::new();
    for (number, app) in specification.apps.iter().enumerate() {
        for part in AppPart::ALL {
            // The commands of a part run in one shell: what `cd` does stays.
            let mut directory = begins_in(app, part);
            for phase in part.phases() {
                for script in specification.commands(app, part, phase) {
                    let runs = walker.walk(&script, &mut directory);
                    all.extend(runs.into_iter().map(|run| Reached { app: number, part, phase, run }));
                }
            }
        }
    }
    all
}

/// The directory in which the commands of a part begin: that of the app, or what `buildPath` names, `/` being the root of
/// the repository.
fn begins_in(app: &App, part: AppPart) -> String {
    let path = ["buildPath", "buildpath"].iter().find_map(|key| app.get(&[part.key(), key])?.as_str());
    match path {
        Some(path) if path.starts_with('/') => joined("", path),
        Some(path) => joined(&app.root, path),
        None => app.root.clone(),
    }
}
