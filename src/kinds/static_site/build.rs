//! Builds a site: its command in a shell, with an environment that has no credentials, and the bundle of what it leaves.

use std::collections::HashSet;

use camino::{Utf8Path, Utf8PathBuf};

use super::build_turn::BuildTurn;
use super::bundle::Bundle;
use super::markers;
use super::output_before::FilesBeforeBuild;
use crate::clients::git::Git;
use crate::clients::git_repository::WorkTree;
use crate::clients::process::{ProcessError, Processes, ProgramCall, ProgramEnd};
use crate::domain::build_failure::why;
use crate::domain::failure::{CauseKind, Failure};
use crate::domain::names::ComponentName;
use crate::domain::neutral;
use crate::domain::static_site::SiteBuild;
use crate::domain::static_site::bundle::BundleError;
use crate::domain::step::{StepId, StepVerb};
use crate::domain::view::build::BuiltBundle;
use crate::kinds::{Buildable, Building, PendingAnswer};

impl Buildable for SiteBuild {
    fn build_into<'a>(&'a self, building: Building<'a>, path: Utf8PathBuf) -> PendingAnswer<'a, BuiltBundle> {
        Box::pin(async move {
            let bundle = build(self, building).await?;
            let component = building.component.clone();
            off_thread(move || {
                bundle.write(&path)?;
                let (files, bytes) = (bundle.manifest.files.len(), bundle.manifest.size());
                Ok(BuiltBundle { component, path, files, bytes, digest: bundle.digest })
            })
            .await
        })
    }
}

/// Builds a site and hashes what the build left. When the future is dropped, all that the build started is killed.
///
/// # Errors
///
/// `invalid`: the version of Node.js or a directory is not what is configured; `failed`: the command failed, or it left what
/// is no site.
pub async fn build(build: &SiteBuild, building: Building<'_>) -> Result<Bundle, Failure> {
    let Building { directory, context, .. } = building;
    let root = WorkRoot::new(directory)?;
    let working = root.inside(&build.directory, "directory")?;
    let processes = Processes::new(context.build_environment());
    if let Some(version) = &build.node {
        check_node(&processes, &working, version).await?;
    }
    let output = root.0.join(&build.output);
    let turn = BuildTurn::take(&output, building.events).await;
    let before = off_thread(move || Ok(FilesBeforeBuild::of(&output))).await?;
    run(&processes, (build, building), working).await?;
    let output = root.output(&build.output)?;
    let (path, shown) = (output.clone(), build.output.to_string());
    let bundle = off_thread(move || Bundle::of_directory(&path, &shown)).await?;
    let (marked, names) = (bundle.clone(), build.placeholders.clone());
    off_thread(move || markers::refuse_missing(&marked, &names)).await?;
    leftovers((build, building), before.untouched(&output), (&output, bundle.manifest.files.len())).await?;
    Ok(bundle.with_turn(turn))
}

/// Refuses an output that is all of an earlier build, and warns of one that is so in part. What is checked in, or would be, is
/// of the release. `count`: how many files there are.
async fn leftovers(
    (build, building): (&SiteBuild, Building<'_>),
    untouched: Vec<Utf8PathBuf>,
    (output, count): (&Utf8Path, usize),
) -> Result<(), Failure> {
    let Building { directory, context, events, component, .. } = building;
    let Some(tree) = WorkTree::around(directory).filter(|_| !untouched.is_empty()) else { return Ok(()) };
    let files = Git::new(Processes::new(context.child_environment()), directory, context.owners()).files().await?;
    let of_release: HashSet<&str> = files.tracked.iter().chain(&files.untracked).map(String::as_str).collect();
    let is_of_release = |path: &Utf8PathBuf| {
        let path = output.join(path);
        path.strip_prefix(&tree.root).is_ok_and(|path| of_release.contains(path.as_str()))
    };
    let left: Vec<_> = untouched.into_iter().filter(|path| !is_of_release(path)).collect();
    let Some(first) = left.first() else { return Ok(()) };
    if left.len() >= count {
        return Err(BundleError::Stale { directory: build.output.to_string() }.into());
    }
    let first = neutral::phrase(first.as_str(), 100);
    let more = match left.len() {
        1 => format!("`{first}` of `{}` is of an earlier build", build.output),
        several => format!("`{first}` and {} more files of `{}` are of an earlier build", several - 1, build.output),
    };
    let hint = "let `run` empty the directory first: other machines build the same commit without them";
    events.of(component).warning(more, Some(hint.to_owned()));
    Ok(())
}

/// Does what takes long on a thread of its own, so that signals are still seen.
///
/// # Errors
///
/// What the work returns.
pub async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BundleError> + Send + 'static,
) -> Result<T, Failure> {
    let done = tokio::task::spawn_blocking(work).await;
    Ok(done.map_err(|error| Failure::failed("the bundle cannot be made").cause(error.to_string()))??)
}

/// The directory of the configuration file, without symbolic links. Paths of a build are inside of it.
struct WorkRoot(Utf8PathBuf);

impl WorkRoot {
    fn new(directory: &Utf8Path) -> Result<Self, Failure> {
        let real = directory.canonicalize_utf8();
        real.map(Self).map_err(|error| {
            Failure::failed(format!("the directory {directory} cannot be read")).cause(error.to_string())
        })
    }

    /// A directory in it that a key of `build` names.
    fn inside(&self, path: &Utf8Path, key: &str) -> Result<Utf8PathBuf, Failure> {
        let real = self.0.join(path).canonicalize_utf8().ok().filter(|real| real.is_dir() && real.starts_with(&self.0));
        real.ok_or_else(|| {
            Failure::invalid(format!("the directory `{path}` that the site is built in is not there"))
                .cause("it has to be a directory of the repository")
                .hint(format!("correct `{key}` of `build`: its path begins at the configuration file"))
        })
    }

    /// Where the files are.
    fn output(&self, path: &Utf8Path) -> Result<Utf8PathBuf, BundleError> {
        let missing = |_| BundleError::NoOutput { directory: path.to_string() };
        let real = self.0.join(path).canonicalize_utf8().map_err(missing)?;
        if real.starts_with(&self.0) {
            Ok(real)
        } else {
            Err(BundleError::OutputOutside { directory: path.to_string() })
        }
    }
}

/// Makes sure that Node.js has the version that is written.
async fn check_node(processes: &Processes, working: &Utf8Path, wanted: &str) -> Result<(), Failure> {
    let hint = format!("install Node.js {wanted} (in a workflow: `node-version: {wanted}` of actions/setup-node)");
    let arguments = vec!["--version".into()];
    let invocation = ProgramCall { program: "node", arguments, directory: working.to_owned(), variables: Vec::new() };
    let finished = match processes.run_guarded(&invocation, |_| {}).await {
        Ok(finished) => finished,
        Err(ProcessError::NotFound(_)) => {
            return Err(Failure::invalid("`node` is not installed").of(CauseKind::Build).hint(hint));
        }
        Err(error @ ProcessError::Other { .. }) => return Err(not_run(&error)),
    };
    let found = finished.stdout.trim();
    if finished.success && is_version(found, wanted) {
        return Ok(());
    }
    let found = if finished.success { neutral::phrase(found, 40) } else { "unknown".to_owned() };
    Err(Failure::invalid(format!("the version of Node.js is {found}, and `node` of `build` is {wanted}"))
        .of(CauseKind::Build)
        .hint(format!("{hint}, or correct `node`")))
}

/// Whether a version of Node.js, such as `v22.11.0`, begins with the one that is written.
fn is_version(found: &str, wanted: &str) -> bool {
    let mut found = found.strip_prefix('v').unwrap_or(found).split('.');
    wanted.split('.').all(|part| found.next() == Some(part))
}

/// Runs the command.
async fn run(
    processes: &Processes,
    (build, building): (&SiteBuild, Building<'_>),
    directory: Utf8PathBuf,
) -> Result<(), Failure> {
    let Building { component, release, events, .. } = building;
    let step = StepId::new(StepVerb::Bundle, component);
    let command = build.run.render(release);
    let env = build.env.iter().map(|(name, value)| (name.clone().into(), value.render(release).into()));
    let markers = build.placeholders.iter().map(|name| (name.to_string().into(), name.marker().into()));
    let invocation = ProgramCall {
        program: "sh",
        arguments: vec!["-c".into(), command.into()],
        directory,
        variables: env.chain(markers).collect(),
    };
    let finished =
        processes.run_guarded(&invocation, |line| events.output(&step, line)).await.map_err(|error| not_run(&error))?;
    if finished.success { Ok(()) } else { Err(failed(component, build, &finished)) }
}

fn not_run(error: &ProcessError) -> Failure {
    let failure = Failure::failed(error.to_string()).of(CauseKind::Build);
    match error {
        ProcessError::NotFound(program) => failure.hint(format!("install `{program}` and put it on PATH")),
        ProcessError::Other { source, .. } => failure.cause(source.to_string()),
    }
}

fn failed(component: &ComponentName, build: &SiteBuild, finished: &ProgramEnd) -> Failure {
    let ended = finished.code.map_or_else(|| "a signal".to_owned(), |code| format!("exit code {code}"));
    let code = finished.code.map(|code| format!("exit-{code}"));
    Failure::failed(format!("the build of `{component}` ended with {ended}"))
        .of(CauseKind::Build)
        .causes(why(&finished.tail), code, None)
        .hint(format!("run it by hand in `{}`: the command is `run` of `build`", build.directory))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_begins_with_the_one_that_is_written() {
        for (found, wanted, is_good) in [
            ("v22.11.0", "22", true),
            ("v22.11.0", "22.11", true),
            ("v22.11.0", "22.11.0", true),
            ("v22.11.0", "2", false),
            ("v22.11.0", "22.1", false),
            ("v2.22.0", "22", false),
            ("", "22", false),
            ("v22", "22.11", false),
        ] {
            assert_eq!(is_version(found, wanted), is_good, "{found} {wanted}");
        }
    }
}
