//! Whether a job may do what shipgate needs, and has what shipgate needs.

use github_actions_models::common::Permissions;
use yamlpath::Component;

use super::command::CommandVerb;
use super::invocation::Means;
use super::job::{TOKEN_HINT, Workplace, is_only_called, needs_token};
use super::permissions::{Granted, id_token, written};
use crate::domain::check::{Findings, Rule, Severity};

impl Workplace<'_> {
    /// The permissions of a job with steps. One that calls a workflow of shipgate has a rule of its own.
    fn own_permissions(&self) -> Option<&Permissions> {
        self.normal_job().and_then(|_| self.permissions())
    }

    /// A role is had with a token of GitHub.
    pub(super) fn token(&self, findings: &mut Findings) {
        let Some(permissions) = self.own_permissions() else { return };
        if id_token(permissions) != Granted::No
            || !needs_token(self.outline, self.invocation)
            || is_only_called(self.file, permissions)
        {
            return;
        }
        let verb = self.invocation.command.verb;
        let message = format!(
            "job `{}` runs `{}`, which assumes a role, and may ask for no token",
            self.invocation.job,
            verb.name()
        );
        let finding = self.file.finding(Rule::IdToken, &self.permissions_path(), message, TOKEN_HINT);
        // Without a token the check goes on with what needs none.
        let level = if verb == CommandVerb::Check { Severity::Warning } else { Severity::Error };
        findings.found(finding.at_level(level));
    }

    /// What is reported on the commit has to be allowed.
    pub(super) fn statuses(&self, findings: &mut Findings) {
        let verb = self.invocation.command.verb;
        let reports = verb.rolls_out() || verb == CommandVerb::Check;
        let is_action = matches!(self.invocation.means, Means::Action);
        let Some(permissions) = self.own_permissions().filter(|_| reports && is_action) else { return };
        if written(permissions, "statuses", true) == Granted::No {
            let job = self.invocation.job;
            let message = format!("job `{job}` cannot write the commit status of `{}`", verb.name());
            let hint = "add `statuses: write` to the permissions that count for the job";
            self.found(findings, Rule::StatusesWrite, &self.permissions_path(), message, hint);
        }
    }

    /// What the checkout before the run needs, and brings.
    pub(super) fn checkout(&self, findings: &mut Findings) {
        let Some(permissions) = self.own_permissions() else { return };
        let Some(before) = self.file.checkouts.before(self.invocation.job, self.invocation.step) else { return };
        if written(permissions, "contents", false) == Granted::No {
            let message = format!("job `{}` checks out the repository, and may not read it", self.invocation.job);
            let hint = "add `contents: read` to the permissions that count for the job";
            self.found(findings, Rule::ContentsRead, &self.permissions_path(), message, hint);
        }
        if self.invocation.command.verb.needs_history() && !before.has_everything {
            let verb = self.invocation.command.verb.name();
            let message = format!("the checkout has the last commit alone, and `{verb}` compares it with what runs");
            let hint = "add `with: { fetch-depth: 0 }` to the checkout; without the history a hold of a rollback \
                        cannot be judged, and is then taken to stop the release";
            let path = [self.path(&["steps"]), vec![Component::from(before.step), Component::from("uses")]].concat();
            self.found(findings, Rule::FetchDepth, &path, message, hint);
        }
    }
}
