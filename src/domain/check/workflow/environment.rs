//! Whether a job names the right environments, in shipgate's configuration and in GitHub's.

use github_actions_models::common::Env;
use github_actions_models::common::expr::LoE;
use github_actions_models::workflow::job::DeploymentEnvironment;

use super::command::{CommandVerb, EnvironmentName};
use super::invocation::{Means, ShipgateCall};
use super::job::Workplace;
use crate::domain::check::outline::{Outline, OutlinedEnvironment};
use crate::domain::check::{Findings, Rule, Severity};
use crate::domain::nearest::nearest;

impl Workplace<'_> {
    /// The environment that the run names.
    pub(super) fn environment(&self, outline: &Outline, findings: &mut Findings) {
        let EnvironmentName::Literal(name) = &self.invocation.command.environment else { return };
        let verb = self.invocation.command.verb;
        let Some(environment) = outline.environment(name) else {
            let message = format!("`{}` names environment `{name}`, which {} does not have", verb.name(), outline.file);
            let names: Vec<&str> = outline.environments.iter().map(|environment| environment.name.as_str()).collect();
            let hint = match nearest(name, names.iter().copied()) {
                Some(meant) => format!("write `{meant}`"),
                None => format!("write one of `{}`", names.join("`, `")),
            };
            self.found(findings, Rule::EnvironmentUnknown, &self.invocation.environment_path, message, hint);
            return;
        };
        self.command(environment, findings);
        self.role(environment, outline, findings);
        if verb.changes() && environment.has_role {
            self.github_environment(environment, findings);
        }
    }

    fn command(&self, environment: &OutlinedEnvironment, findings: &mut Findings) {
        let name = &environment.name;
        let (message, hint) = match (self.invocation.command.verb, &environment.promotes_from) {
            (CommandVerb::Deploy(_), Some(source)) => (
                format!("`{name}` takes its releases from `{source}`, and cannot be deployed to"),
                format!("deploy to `{source}`, and promote to `{name}`"),
            ),
            (CommandVerb::Promote(_), None) => (
                format!("`{name}` has no `promotes-from`, so there is nothing to promote to it"),
                format!("deploy to `{name}`, or write `promotes-from` in `[environments.{name}]`"),
            ),
            _ => return,
        };
        self.found(findings, Rule::WrongCommand, &self.invocation.environment_path, message, hint);
    }

    /// A called workflow has no credentials but those of roles. A promotion is planned by a job of the branch, which may
    /// not assume the role that changes the environment, nor one that changes a source that is promoted to itself.
    fn role(&self, environment: &OutlinedEnvironment, outline: &Outline, findings: &mut Findings) {
        if !matches!(self.invocation.means, Means::Workflow(_)) {
            return;
        }
        if !environment.has_role {
            self.role_missing(environment, "role", "a called workflow has no other credentials", "", findings);
            return;
        }
        if !matches!(self.invocation.command.verb, CommandVerb::Promote(_)) {
            return;
        }
        let source = source_of(environment, outline).filter(|source| source.promotes_from.is_some());
        let why = "its plan is made by a job of the branch, which may not change anything";
        for unread in [Some(environment), source].into_iter().flatten().filter(|it| it.has_role && !it.has_read_role) {
            self.role_missing(unread, "read-role", why, " --read-role", findings);
        }
    }

    fn role_missing(&self, of: &OutlinedEnvironment, key: &str, why: &str, option: &str, findings: &mut Findings) {
        let (name, verb) = (&of.name, self.invocation.command.verb);
        let message = format!("`{}` needs `{key}` of `{name}`, which is not written: {why}", verb.name());
        let hint = format!(
            "write `{key} = \"arn:aws:iam::ACCOUNT:role/NAME\"` in `[environments.{name}]`; \
             `shipgate iam trust {name}{option}` prints who may assume it"
        );
        self.found(findings, Rule::RoleMissing, &self.invocation.path, message, hint);
    }

    /// The role of an environment that promotes lets jobs of GitHub's environment in, the other those of a branch: an
    /// environment of GitHub replaces the branch in the token's `sub`.
    fn github_environment(&self, environment: &OutlinedEnvironment, findings: &mut Findings) {
        let Some(job) = self.normal_job() else { return };
        let name = &environment.name;
        let written = match &job.environment {
            None => EnvironmentName::Absent,
            Some(DeploymentEnvironment::Name(written) | DeploymentEnvironment::NameURL { name: written, .. }) => {
                EnvironmentName::of(written)
            }
        };
        let path = self.path(&["environment"]);
        let own = self.invocation.job;
        match (&environment.promotes_from, written) {
            // There is no environment of GitHub in which somebody is asked.
            (Some(_), EnvironmentName::Absent) if environment.asks_second_person => {}
            (Some(_), EnvironmentName::Literal(written)) if environment.asks_second_person => {
                let message = format!(
                    "job `{own}` runs in GitHub's environment `{written}`, and `{name}` asks a second person instead: its \
                     role lets in jobs of the branch alone"
                );
                let hint = "remove `environment`; what was approved is carried out by approve.yml";
                self.found(findings, Rule::GithubEnvironmentUnneeded, &path, message, hint);
            }
            (Some(_), EnvironmentName::Absent) => {
                let message = format!(
                    "job `{own}` changes `{name}` in no environment of GitHub: its token names the branch, which the \
                     role does not let in"
                );
                let hint = format!("add `environment: {{ name: {name}, deployment: false }}` to the job");
                self.found(findings, Rule::GithubEnvironmentMissing, &self.path(&[]), message, hint);
            }
            (Some(_), EnvironmentName::Literal(written)) if written != *name => {
                let message = format!("job `{own}` runs in GitHub's environment `{written}`, and changes `{name}`");
                let hint = format!("write `{name}`: the role compares it letter by letter, capitals too");
                self.found(findings, Rule::GithubEnvironmentMismatch, &path, message, hint);
            }
            (None, EnvironmentName::Literal(written)) => {
                let message = format!(
                    "job `{own}` runs in GitHub's environment `{written}`: its token names that and not the branch, \
                     which the role of `{name}` lets in"
                );
                let hint = format!(
                    "remove `environment`, or let it in: add `repo:OWNER/NAME:environment:{written}` to the role's \
                     trust policy"
                );
                self.found(findings, Rule::GithubEnvironmentUnneeded, &path, message, hint);
            }
            _ => {}
        }
    }

    /// The variables that the run needs.
    pub(super) fn variables(&self, outline: &Outline, findings: &mut Findings) {
        let Some(job) = self.normal_job() else { return };
        let verb = self.invocation.command.verb;
        if matches!(verb, CommandVerb::Look(_) | CommandVerb::Hold) {
            return;
        }
        let needed = needed_variables(outline, self.invocation);
        let handed = [Some(&self.file.workflow.env), Some(&job.env), self.invocation.env];
        if needed.is_empty() || handed.into_iter().flatten().any(has_variables) {
            return;
        }
        let listed: Vec<String> = needed.iter().take(3).map(|name| format!("`${{vars.{name}}}`")).collect();
        let more = if needed.len() > 3 { ", …" } else { "" };
        let message = format!(
            "job `{}` does not hand over the variables that {} uses: {}{more}",
            self.invocation.job,
            outline.file,
            listed.join(", ")
        );
        let hint = "add `env: { SHIPGATE_VARS: \"${{ toJSON(vars) }}\" }` to the step";
        let finding = self.file.finding(Rule::ShipgateVars, &self.invocation.path, message, hint);
        // The check goes on without, and which environment an expression names is not known.
        let is_sure =
            verb != CommandVerb::Check && matches!(self.invocation.command.environment, EnvironmentName::Literal(_));
        findings.found(finding.at_level(if is_sure { Severity::Error } else { Severity::Warning }));
    }
}

/// The variables of the environment, and of the one that its releases come from.
fn needed_variables<'o>(outline: &'o Outline, invocation: &ShipgateCall<'_>) -> Vec<&'o str> {
    let of = |environment: &'o OutlinedEnvironment| environment.variables.iter().map(String::as_str);
    let EnvironmentName::Literal(name) = &invocation.command.environment else {
        let mut all: Vec<&str> = outline.environments.iter().flat_map(of).collect();
        all.sort_unstable();
        all.dedup();
        return all;
    };
    let Some(environment) = outline.environment(name) else { return Vec::new() };
    of(environment).chain(source_of(environment, outline).into_iter().flat_map(of)).collect()
}

/// The environment that its releases come from.
fn source_of<'o>(environment: &OutlinedEnvironment, outline: &'o Outline) -> Option<&'o OutlinedEnvironment> {
    environment.promotes_from.as_ref().and_then(|source| outline.environment(source))
}

fn has_variables(env: &LoE<Env>) -> bool {
    match env {
        LoE::Expr(_) => true,
        LoE::Literal(env) => env.contains_key("SHIPGATE_VARS"),
    }
}
