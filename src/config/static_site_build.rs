//! The key `build` of a static site.

use camino::{Utf8Component, Utf8Path};

use super::error::Problems;
use super::interpret::{Interpreter, whole};
use super::read::{FromToml, TableEntries, TomlNode};
use super::text::{TextPiece, Variable, WrittenText};
use super::values::{self, ValueFault};
use crate::domain::static_site::SiteBuild;

/// How the files of a site are built: by a command that gets no credentials.
#[derive(Debug, Clone, Default)]
#[cfg_attr(
    test,
    derive(schemars::JsonSchema),
    schemars(rename = "SiteBuild", rename_all = "kebab-case", deny_unknown_fields)
)]
pub(super) struct RawSiteBuild {
    /// The command, for a shell: `npm ci && npm run build`. It may contain `${release.sha}`.
    #[cfg_attr(test, schemars(required))]
    run: Option<WrittenText>,
    /// The directory that it runs in, relative to this file and inside its directory. Default: `.`.
    directory: Option<WrittenText>,
    /// The directory that it writes the files to, relative to this file and inside its directory.
    #[cfg_attr(test, schemars(required))]
    output: Option<WrittenText>,
    /// The version of Node.js that it needs: `22`. Default: whichever is there.
    node: Option<WrittenText>,
    /// Environment variables for it: the same for all environments. They may contain `${release.sha}`.
    env: Option<TableEntries<WrittenText>>,
}

impl FromToml for RawSiteBuild {
    fn read(node: &TomlNode<'_>, problems: &mut Problems) -> Self {
        let Some(mut table) = node.table(problems) else { return Self::default() };
        let read = Self {
            run: table.required("run", "run = \"npm ci && npm run build\""),
            directory: table.optional("directory"),
            output: table.required("output", "output = \"dist\""),
            node: table.optional("node"),
            env: table.optional("env"),
        };
        table.refuse_unknown();
        read
    }
}

/// All that says how a site is built.
#[derive(Debug, Clone, Copy)]
pub(super) struct WrittenSiteBuild<'d> {
    /// The build.
    pub(super) build: &'d RawSiteBuild,
    /// Whether each environment has a build of its own.
    pub(super) is_per_environment: bool,
    /// The placeholders whose markers it gets, by name.
    pub(super) placeholders: Option<&'d TableEntries<WrittenText>>,
}

impl WrittenSiteBuild<'_> {
    /// Resolves it.
    pub(super) fn resolve(self, interpreter: &mut Interpreter<'_, '_>) -> Option<SiteBuild> {
        let written = self.placeholders.into_iter().flat_map(TableEntries::iter);
        let set = |name: &str| self.build.env.iter().flat_map(TableEntries::names).any(|set| set == name);
        let mut is_right = true;
        for (key, _) in written.clone() {
            let message = if self.is_per_environment {
                format!("`{}` is a placeholder, and each environment has a build of its own", key.text)
            } else if set(&key.text) {
                format!("`{}` is in `env` of `build` and in `placeholders`", key.text)
            } else {
                continue;
            };
            is_right = false;
            interpreter.problems.at(&key.span, message, "remove one: the build gets a marker for each placeholder");
        }
        // A name that is none is reported where its value is resolved.
        let placeholders = written.filter_map(|(key, _)| key.text.parse().ok()).collect();
        let build = self.build.resolve(self.is_per_environment, interpreter)?;
        is_right.then_some(SiteBuild { placeholders, ..build })
    }
}

impl RawSiteBuild {
    /// What is written of it, for rules on files, by key.
    pub(super) fn texts(&self) -> impl Iterator<Item = (&'static str, &WrittenText)> {
        let all = [("run", &self.run), ("directory", &self.directory), ("output", &self.output), ("node", &self.node)];
        all.into_iter().filter_map(|(key, text)| Some((key, text.as_ref()?)))
    }

    /// Resolves it. `is_per_environment`: whether each environment has a build of its own.
    fn resolve(&self, is_per_environment: bool, interpreter: &mut Interpreter<'_, '_>) -> Option<SiteBuild> {
        let texts = self.run.iter().chain(self.env.iter().flat_map(TableEntries::iter).map(|(_, text)| text));
        let differing = texts.filter(|text| !is_per_environment && !is_for_all(text, interpreter)).count();
        let run = self.run.as_ref().map(|run| interpreter.template("run", run, values::something));
        let directory = self.directory.as_ref().map(|path| interpreter.parsed("directory", path, values::path));
        let directory = whole(directory).map(|it| it.unwrap_or_else(|| ".".into()));
        let output = self.output.as_ref().map(|path| interpreter.parsed("output", path, values::path));
        let output = output.flatten().filter(|output| self.is_apart(output, directory.as_deref(), interpreter));
        let node = self.node.as_ref().map(|text| interpreter.parsed("node", text, node_version));
        let env = interpreter.templates(self.env.as_ref(), variable_name, values::argument);
        (differing == 0).then_some(())?;
        Some(SiteBuild {
            run: run??,
            directory: directory?,
            output: output?,
            node: whole(node)?,
            env: env?,
            placeholders: Vec::new(),
            is_per_environment,
        })
    }
}

impl RawSiteBuild {
    /// Whether the files are somewhere else than their sources, which would be served, too.
    fn is_apart(&self, output: &Utf8Path, directory: Option<&Utf8Path>, interpreter: &mut Interpreter<'_, '_>) -> bool {
        let Some((directory, text)) = directory.zip(self.output.as_ref()) else { return true };
        let is_apart = !plain(directory).starts_with(&plain(output));
        if !is_apart {
            let message = format!("`output` `{output}` has the sources in it: the build runs in `{directory}`");
            interpreter.problems.at(
                &text.span,
                message,
                "write the directory that the build alone writes, like `dist`",
            );
        }
        is_apart
    }
}

/// The parts of a path without `.` and `..`.
fn plain(path: &Utf8Path) -> Vec<&str> {
    let mut parts = Vec::new();
    for component in path.components() {
        match component {
            Utf8Component::Normal(part) => parts.push(part),
            Utf8Component::ParentDir => drop(parts.pop()),
            Utf8Component::CurDir | Utf8Component::RootDir | Utf8Component::Prefix(_) => {}
        }
    }
    parts
}

/// Whether a text is the same for all environments. What is not is reported.
fn is_for_all(text: &WrittenText, interpreter: &mut Interpreter<'_, '_>) -> bool {
    let differs = |piece: &&TextPiece| {
        matches!(
            piece,
            TextPiece::Variable(Variable::EnvironmentName | Variable::EnvironmentPrefix | Variable::Env(_), _)
        )
    };
    let Some(TextPiece::Variable(variable, span)) = text.pieces.iter().find(differs) else { return true };
    let message = format!("`{variable}` cannot be used in `build`: all environments get the same files");
    let hint = "write what differs in `runtime-config`, or `rebuild-per-environment = true` in the component";
    interpreter.problems.at(span, message, hint);
    false
}

/// The name of an environment variable that a build may have: none that gives shipgate or AWS an identity.
fn variable_name(text: &str) -> Result<(), ValueFault> {
    let is_own = ["AWS_", "ACTIONS_", "GITHUB_", "SHIPGATE_"].iter().any(|prefix| text.starts_with(prefix));
    values::argument_name(text).ok().filter(|()| !is_own).ok_or(ValueFault {
        kind: "the name of a variable of a build",
        reason: "it has letters, digits and `_`, and begins with none of `AWS_`, `ACTIONS_`, `GITHUB_` and `SHIPGATE_`",
    })
}

/// A version of Node.js, or its beginning.
fn node_version(text: &str) -> Result<String, ValueFault> {
    let parts: Vec<&str> = text.split('.').collect();
    let is_number = |part: &str| (1..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    ((1..=3).contains(&parts.len()) && parts.iter().all(|part| is_number(part)))
        .then(|| text.to_owned())
        .ok_or(ValueFault { kind: "a version of Node.js", reason: "it is like `22` or `22.11`" })
}
