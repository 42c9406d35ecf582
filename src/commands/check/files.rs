//! The other files of the repository.

use std::collections::BTreeSet;

use camino::Utf8Path;

use super::current::{CurrentFile, note};
use crate::cli;
use crate::domain::check::committed::{self, Syntax, Withheld};
use crate::domain::check::dockerfile::{self, DockerfileContext, OTHER_SYNTAX};
use crate::domain::check::outline::{NamedFile, Outline, OutlinedBuild, OutlinedText};
use crate::domain::check::workflow::{self, WorkflowFile};
use crate::domain::check::{AwsResource, CheckFinding, CheckSubject, Findings, RepositoryFiles, Rule};
use crate::domain::kind::Kind;
use crate::domain::limits::SEARCHED;
use crate::observe::{Checkout, Unreadable};

const WORKFLOWS: &str = ".github/workflows";

/// The directories and Dockerfiles that are built.
pub fn builds(checkout: &Checkout, outline: &Outline, current: &CurrentFile, findings: &mut Findings) {
    for build in &outline.builds {
        if outline.promotes() {
            findings.all.extend(dockerfile::judge_arguments(&outline.file, build));
        }
        let Some(context) = known(build.context.as_ref(), "context", build, findings) else { continue };
        let context_name = beside(outline, &context);
        if !checkout.has_directory(&context_name) {
            let message = format!("the directory `{context}` that `{}` is built from is not there", build.component);
            let hint = format!("correct `context`, or add the directory: its path begins at {}", outline.file);
            let place = build.context.as_ref().map(|context| context.place);
            findings.found(CheckFinding::new(Rule::BuildContext, message, hint).in_file(&outline.file, place));
            continue;
        }
        let written = match &build.dockerfile {
            None => Some(join(&context, "Dockerfile")),
            Some(_) => known(build.dockerfile.as_ref(), "dockerfile", build, findings),
        };
        if let Some(dockerfile) = written {
            note(current, &beside(outline, &dockerfile));
            self::dockerfile(checkout, outline, build, (&context_name, &dockerfile), findings);
        }
    }
}

/// A text without variables. What is resolved only for an environment is left out.
fn known(written: Option<&OutlinedText>, key: &str, build: &OutlinedBuild, findings: &mut Findings) -> Option<String> {
    let written = written?;
    if written.text.is_none() {
        let what = format!("`{key}` of `{}`", build.component);
        findings.left_out(what, "it is made of variables", None);
    }
    written.text.clone()
}

fn dockerfile(
    checkout: &Checkout,
    outline: &Outline,
    build: &OutlinedBuild,
    (context, written): (&str, &str),
    findings: &mut Findings,
) {
    let name = beside(outline, written);
    let text = match checkout.read(&name) {
        Ok(text) => text,
        Err(error) => {
            let message = format!("the Dockerfile `{written}` of `{}` cannot be read: {error}", build.component);
            let hint = "add it, or write `dockerfile = \"…\"`: its path begins at the configuration file";
            let place = build.dockerfile.as_ref().or(build.context.as_ref()).map(|written| written.place);
            findings.found(CheckFinding::new(Rule::DockerfileMissing, message, hint).in_file(&outline.file, place));
            return;
        }
    };
    let context_files = checkout.list(context);
    let own = checkout.read(format!("{name}.dockerignore"));
    let ignored = own.or_else(|_| checkout.read(join(context, ".dockerignore"))).unwrap_or_default();
    let surroundings = DockerfileContext {
        build,
        configuration: &outline.file,
        is_promoted: outline.promotes(),
        context_files: &context_files,
        ignored: &ignored,
    };
    match dockerfile::judge(&name, &text, surroundings) {
        Some(judged) => {
            findings.looked_at(CheckSubject::Dockerfile, &name);
            findings.all.extend(judged);
        }
        None => findings.left_out(name, OTHER_SYNTAX, None),
    }
}

/// The other files that components use.
pub fn used(checkout: &Checkout, outline: &Outline, current: &CurrentFile, findings: &mut Findings) {
    for NamedFile { component, environment, file, part, rules } in &outline.files {
        let Some(written) = &file.text else {
            let what = format!("the {} of `{component}` in {environment}", rules.what);
            findings.left_out(what, "its name is made of variables", None);
            continue;
        };
        let name = beside(outline, written);
        note(current, &name);
        match checkout.read(&name) {
            Ok(text) => {
                findings.looked_at(rules.subject, &name);
                findings.all.extend((rules.judge)(&name, &text, part.as_deref()));
            }
            Err(error) => {
                let message = format!("{} `{written}` of `{component}` cannot be read: {error}", rules.what);
                let hint = format!("add it, or correct `{}`: its path begins at the configuration file", rules.key);
                let finding = CheckFinding::new(rules.missing, message, hint);
                findings.found(finding.in_file(&outline.file, Some(file.place)));
            }
        }
    }
}

/// The files that components of some kind depend on without naming them. `seen`: what AWS shows of components.
pub fn of_kinds(
    checkout: &Checkout,
    names: &[String],
    (outline, seen): (Option<&Outline>, &[AwsResource]),
    current: &CurrentFile,
    findings: &mut Findings,
) {
    let read = |name: &str| {
        note(current, name);
        checkout.read(name).map_err(|error| error.to_string())
    };
    let repository = RepositoryFiles::new(names.iter().cloned(), &read);
    findings.extend(Kind::check(&repository, outline, seen));
}

/// The files that may hold values: what is committed with them and should not be.
pub fn values(
    checkout: &Checkout,
    names: &[String],
    outline: Option<&Outline>,
    current: &CurrentFile,
    findings: &mut Findings,
) -> Withheld {
    let mut withheld = Withheld::default();
    let mut budget = SEARCHED.count();
    let configured: BTreeSet<String> = task_definitions(outline).collect();
    for name in names {
        let written = configured.contains(name).then_some(Syntax::Json);
        let own = outline.is_some_and(|outline| outline.file == *name).then_some(Syntax::Other);
        let Some(syntax) = own.or_else(|| committed::syntax(name)).or(written) else { continue };
        note(current, name);
        let text = match checkout.read(name) {
            Ok(text) => text,
            // Git has it, and the working tree has not; or its name is that of a directory by now.
            Err(Unreadable::Missing) => continue,
            Err(error) => {
                findings.left_out(name, error.to_string(), None);
                continue;
            }
        };
        let Some(left) = budget.checked_sub(text.len()) else {
            findings.left_out(name, format!("at most {SEARCHED} are searched for values"), None);
            continue;
        };
        budget = left;
        if syntax == Syntax::Dotenv {
            findings.looked_at(CheckSubject::Variables, name);
        }
        findings.all.extend(committed::judge((name, &text), syntax, outline, &mut withheld));
    }
    committed::say_once(findings);
    withheld
}

/// The task-definition files that the configuration names, from the root of the repository.
fn task_definitions(outline: Option<&Outline>) -> impl Iterator<Item = String> {
    let files = outline.into_iter().flat_map(|outline| outline.files.iter().map(move |file| (outline, file)));
    let of_tasks = files.filter(|(_, file)| file.rules.subject == CheckSubject::TaskDefinition);
    of_tasks.filter_map(|(outline, file)| Some(beside(outline, file.file.text.as_ref()?)))
}

/// The workflow files.
pub fn workflows(checkout: &Checkout, outline: Option<&Outline>, current: &CurrentFile, findings: &mut Findings) {
    let mut files = Vec::new();
    let is_workflow = |name: &String| {
        let extension = Utf8Path::new(name).extension();
        extension.is_some_and(|extension| extension == "yml" || extension == "yaml")
    };
    for name in checkout.list(WORKFLOWS).into_iter().filter(is_workflow) {
        let path = format!("{WORKFLOWS}/{name}");
        note(current, &path);
        let text = match checkout.read(&path) {
            Ok(text) => text,
            Err(error) => {
                findings.left_out(path, error.to_string(), None);
                continue;
            }
        };
        match WorkflowFile::read(&path, &text) {
            Ok(file) => {
                findings.looked_at(CheckSubject::Workflow, &path);
                files.push(file);
            }
            Err(Some(finding)) => {
                findings.looked_at(CheckSubject::Workflow, &path);
                findings.found(finding);
            }
            Err(None) => findings.left_out(path, "it is no workflow that shipgate can read", None),
        }
    }
    note(current, WORKFLOWS);
    workflow::judge(&files, outline, &cli::words(), findings);
}

/// A path of the configuration, from the root of the repository.
pub fn beside(outline: &Outline, path: &str) -> String {
    match outline.file.rsplit_once('/') {
        Some((directory, _)) => join(directory, path),
        None => join("", path),
    }
}

/// Two paths as one, without `.`.
fn join(directory: &str, path: &str) -> String {
    let parts = directory.split('/').chain(path.split('/'));
    parts.filter(|part| !["", "."].contains(part)).collect::<Vec<_>>().join("/")
}
