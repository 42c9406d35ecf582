//! The rules for a job that calls a workflow of shipgate.

use github_actions_models::workflow::Job;

use super::called::{APPROVE, ReusableWorkflow, entry};
use super::invocation::{Means, input_text, with};
use super::job::{Workplace, is_only_called};
use crate::domain::check::{Findings, Rule, Severity};

impl Workplace<'_> {
    /// The workflow of shipgate that the job calls.
    fn called(&self) -> Option<ReusableWorkflow> {
        match self.invocation.means {
            Means::Workflow(called) => Some(called),
            Means::Action | Means::Script => None,
        }
    }

    /// GitHub refuses the whole run where a called workflow asks for more than the job that calls it grants.
    pub(super) fn grants(&self, findings: &mut Findings) {
        let (Some(called), Some(permissions)) = (self.called(), self.permissions()) else { return };
        let lacking = called.lacks(permissions);
        if lacking.is_empty() || is_only_called(self.file, permissions) {
            return;
        }
        let quoted: Vec<String> = lacking.into_iter().map(|lacking| format!("`{}`", entry(lacking))).collect();
        let message = format!(
            "job `{}` calls `{}.yml`, which asks for more than the job grants: {}",
            self.invocation.job,
            called.name,
            quoted.join(", ")
        );
        let line = called.line();
        let hint =
            format!("write `permissions: {line}` into the job; GitHub starts no job of the run while one is missing");
        self.found(findings, Rule::PermissionsMissing, &self.permissions_path(), message, hint);
    }

    /// A run approves by its title and inputs, as GitHub's API shows them, so both have to say the same.
    pub(super) fn approves(&self, findings: &mut Findings) {
        const RUN_NAME: &str = "approve ${{ inputs.run }} ${{ inputs.plan }}";
        if self.called().is_none_or(|called| called.name != APPROVE) {
            return;
        }
        if !self.file.path.ends_with("/approve.yml") {
            let message = "the pages of plans link to `approve.yml`, and this file has another name".to_owned();
            let hint = "rename it to `.github/workflows/approve.yml`";
            let finding = self.file.finding(Rule::ApprovalCaller, &self.path(&["uses"]), message, hint);
            findings.found(finding.at_level(Severity::Warning));
        }
        let raw = &self.file.raw;
        if raw.get("run-name").and_then(|name| name.as_str()) != Some(RUN_NAME) {
            let message = "the runs of this workflow do not name what they approve, so none counts".to_owned();
            let hint = format!("write `run-name: {RUN_NAME}` at the top of the file, exactly so");
            self.found(findings, Rule::ApprovalCaller, &with(&[], &["run-name"]), message, hint);
        }
        let Some(Job::ReusableWorkflowCallJob(job)) = self.job() else { return };
        let offered = raw.get("on").and_then(|on| on.get("workflow_dispatch")?.get("inputs"));
        for name in ["run", "plan"] {
            let wanted = format!("${{{{ inputs.{name} }}}}");
            if offered.is_none_or(|inputs| inputs.get(name).is_none()) {
                let message = format!("the workflow has no input `{name}`, which says what a run approves");
                let hint = format!("add `{name}: {{ required: true }}` under `on`, `workflow_dispatch`, `inputs`");
                self.found(findings, Rule::ApprovalCaller, &with(&[], &["on"]), message, hint);
            } else if input_text(&job.with, name).as_deref() != Some(&wanted) {
                let message =
                    format!("job `{}` hands on another `{name}` than the run's title has", self.invocation.job);
                let hint = format!("write `{name}: {wanted}` under `with`, exactly so");
                self.found(findings, Rule::ApprovalCaller, &self.path(&["with"]), message, hint);
            }
        }
    }
}
