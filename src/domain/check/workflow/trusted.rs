//! Whether the callers of the gate's workflows, and the commits that the configuration trusts, agree. The role of an
//! environment that is promoted to lets in only jobs of those.

use github_actions_models::common::Uses;
use github_actions_models::workflow::Job;

use super::command::EnvironmentName;
use super::file::WorkflowFile;
use super::invocation::{Means, ShipgateCall, invocations};
use super::job::{Workplace, concerns};
use super::script::CommandLine;
use crate::domain::check::outline::{Outline, OutlinedEnvironment, Trusted};
use crate::domain::check::{CheckFinding, Findings, Rule, Severity};
use crate::domain::github::workflows::{GatedWorkflow, TrustedWorkflows};

/// A job that calls a workflow of the gate.
struct Call<'a> {
    /// Its workflow and the call.
    place: Workplace<'a>,
    /// The workflow that is called.
    workflow: GatedWorkflow,
    /// The repository that has it.
    repository: String,
    /// The commit, branch or tag.
    reference: String,
}

/// Judges the calls of all files.
pub fn judge(files: &[WorkflowFile], outline: &Outline, line: &CommandLine, findings: &mut Findings) {
    let gated: Vec<&OutlinedEnvironment> =
        outline.environments.iter().filter(|environment| is_gated(environment)).collect();
    let invocations: Vec<_> = files.iter().map(|file| (file, invocations(file, line))).collect();
    let all = invocations.iter().flat_map(|(file, own)| own.iter().filter_map(|own| call(file, outline, own)));
    let calls: Vec<Call<'_>> = all.collect();
    if outline.trusted.is_empty() {
        nothing_trusted(&gated, &calls, outline, findings);
        return;
    }
    for call in &calls {
        if let (None, Some(environment)) = (call.trusted(&outline.trusted), call.environment(&gated)) {
            call.untrusted(environment, outline, findings);
        }
    }
    for trusted in &outline.trusted {
        if !calls.iter().any(|call| call.is_of(&trusted.workflows)) {
            let message = format!("`[github] workflows` names {}, which no workflow calls", trusted.workflows);
            let hint = "take it out, or move the callers to it; once it is out, put the policy of `shipgate iam trust` on \
                        the role again";
            let finding = CheckFinding::new(Rule::TrustedWorkflow, message, hint).at_level(Severity::Note);
            findings.found(finding.in_file(&outline.file, Some(trusted.place)));
        }
    }
}

/// Whether the role of an environment asks for the workflow of a job.
fn is_gated(environment: &OutlinedEnvironment) -> bool {
    environment.promotes_from.is_some() && environment.has_role
}

/// A call of a workflow of the gate, for this configuration.
fn call<'a>(file: &'a WorkflowFile, outline: &'a Outline, invocation: &'a ShipgateCall<'a>) -> Option<Call<'a>> {
    let Means::Workflow(called) = invocation.means else { return None };
    let path = format!(".github/workflows/{}.yml", called.name);
    let workflow = GatedWorkflow::ALL.into_iter().find(|workflow| workflow.path() == path)?;
    let Job::ReusableWorkflowCallJob(job) = file.workflow.jobs.get(invocation.job)? else { return None };
    let Uses::Repository(uses) = &job.uses else { return None };
    let (repository, reference) = (format!("{}/{}", uses.owner(), uses.repo()), uses.git_ref().to_owned());
    let place = Workplace { file, outline: Some(outline), invocation };
    concerns(outline, invocation).then_some(Call { place, workflow, repository, reference })
}

/// The role lets in whatever job of the environment, or the branch, there is.
fn nothing_trusted(gated: &[&OutlinedEnvironment], calls: &[Call<'_>], outline: &Outline, findings: &mut Findings) {
    let Some(first) = gated.first() else { return };
    let names: Vec<String> = gated.iter().map(|environment| format!("`{}`", environment.name)).collect();
    let message = format!(
        "no `[github] workflows` is written, so the policy of the role of {} can name no workflow: a person who starts one of \
         their own there has it",
        names.join(" and ")
    );
    let pinned = |call: &Call<'_>| format!("{}@{}", call.repository, call.reference).parse::<TrustedWorkflows>().ok();
    let own = calls.iter().find_map(pinned).map_or_else(|| "OWNER/shipgate@COMMIT".to_owned(), |own| own.to_string());
    let hint = format!(
        "write `[github]` with `workflows = \"{own}\"`, and put the policy of `shipgate iam trust {}` on the role",
        first.name
    );
    let finding = CheckFinding::new(Rule::TrustedWorkflow, message, hint).at_level(Severity::Warning);
    findings.found(finding.in_file(&outline.file, first.place));
}

impl Call<'_> {
    fn is_of(&self, trusted: &TrustedWorkflows) -> bool {
        let called = format!("{}/{}@{}", self.repository, self.workflow.path(), self.reference);
        trusted.is(self.workflow, &called, &self.reference)
    }

    fn trusted<'t>(&self, trusted: &'t [Trusted]) -> Option<&'t Trusted> {
        trusted.iter().find(|trusted| self.is_of(&trusted.workflows))
    }

    /// The environment that it changes, or may change, whose role asks for the workflow.
    fn environment<'e>(&self, gated: &[&'e OutlinedEnvironment]) -> Option<&'e OutlinedEnvironment> {
        match &self.place.invocation.command.environment {
            EnvironmentName::Literal(name) => gated.iter().copied().find(|environment| environment.name == *name),
            EnvironmentName::Unknown | EnvironmentName::Absent => gated.first().copied(),
        }
    }

    fn untrusted(&self, environment: &OutlinedEnvironment, outline: &Outline, findings: &mut Findings) {
        let trusted: Vec<String> = outline.trusted.iter().map(|trusted| format!("`{}`", trusted.workflows)).collect();
        let Some(newest) = outline.trusted.last().map(|trusted| &trusted.workflows) else { return };
        let (path, name) = (self.workflow.path(), &environment.name);
        let message = format!(
            "job `{}` calls {path} of `{}@{}`, and {} trusts {}: the role of `{name}` does not let its jobs in",
            self.place.invocation.job,
            self.repository,
            self.reference,
            outline.file,
            trusted.join(" and ")
        );
        let hint = format!(
            "write `uses: {}/{path}@{}`, or name the commit of this one in `[github] workflows` and put the policy of \
             `shipgate iam trust {name}` on the role",
            newest.repository, newest.commit
        );
        self.place.found(findings, Rule::TrustedWorkflow, &self.place.invocation.path, message, hint);
    }
}

#[cfg(test)]
mod tests {
    use super::super::script;
    use super::*;
    use crate::domain::check::LinePlace;

    const TRUSTED: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const NEXT: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

    fn outline(trusted: &[&str]) -> Outline {
        let environment = |name: &str, promotes_from: Option<&str>, has_role, line| OutlinedEnvironment {
            name: name.to_owned(),
            place: Some(LinePlace::at(line, 1)),
            has_role,
            promotes_from: promotes_from.map(str::to_owned),
            ..OutlinedEnvironment::default()
        };
        let trusted = trusted.iter().map(|commit| Trusted {
            workflows: format!("acme/shipgate@{commit}").parse().unwrap(),
            place: LinePlace::at(2, 13),
        });
        Outline {
            file: "shipgate.toml".to_owned(),
            environments: vec![
                environment("stage", None, true, 10),
                environment("production", Some("stage"), true, 20),
                environment("local", Some("stage"), false, 30),
            ],
            trusted: trusted.collect(),
            ..Outline::default()
        }
    }

    fn caller(file: &str, repository: &str, reference: &str, with: &str) -> String {
        format!(
            "on: workflow_dispatch\njobs:\n  ship:\n    uses: {repository}/.github/workflows/{file}.yml@{reference}\n{with}"
        )
    }

    /// What is found, as `LEVEL FILE:LINE`, and all texts.
    fn found(texts: &[String], outline: &Outline) -> (Vec<String>, String) {
        let read = |(number, text): (usize, &String)| WorkflowFile::read(&format!("{number}.yml"), text).unwrap();
        let files: Vec<_> = texts.iter().enumerate().map(read).collect();
        let mut findings = Findings::default();
        judge(&files, outline, &script::tests::line(), &mut findings);
        let all = findings.sorted().all;
        assert!(all.iter().all(|finding| finding.rule == Rule::TrustedWorkflow));
        let shown = |finding: &CheckFinding| {
            let (file, place) = (finding.file.clone().unwrap(), finding.place.unwrap());
            format!("{} {file}:{}", finding.level.as_str(), place.line)
        };
        let texts = all.iter().map(|finding| format!("{}\n{}\n", finding.message, finding.hint));
        (all.iter().map(shown).collect(), texts.collect())
    }

    #[test]
    fn callers_pin_a_commit_that_is_trusted() {
        let to = |name: &str| format!("    with: {{ environment: {name} }}\n");
        let config = "    with: { config: other.toml }\n".to_owned();
        for (file, repository, reference, with, expected) in [
            ("promote", "acme/shipgate", TRUSTED, String::new(), None),
            ("promote", "Acme/Shipgate", TRUSTED, String::new(), None),
            ("promote", "acme/shipgate", NEXT, String::new(), Some("error 0.yml:4")),
            ("promote", "acme/shipgate", "v1", String::new(), Some("error 0.yml:4")),
            ("promote", "eve/shipgate", TRUSTED, String::new(), Some("error 0.yml:4")),
            ("approve", "acme/shipgate", NEXT, String::new(), Some("error 0.yml:4")),
            ("rollback", "acme/shipgate", NEXT, String::new(), Some("error 0.yml:4")),
            ("hold", "acme/shipgate", NEXT, String::new(), Some("error 0.yml:4")),
            ("hold", "acme/shipgate", NEXT, to("'${{ inputs.environment }}'"), Some("error 0.yml:4")),
            // These roles ask for no workflow.
            ("hold", "acme/shipgate", NEXT, to("stage"), None),
            ("promote", "acme/shipgate", NEXT, to("local"), None),
            ("deploy-stage", "acme/shipgate", NEXT, String::new(), None),
            ("promote", "acme/shipgate", NEXT, config, None),
        ] {
            let own = caller("promote", "acme/shipgate", TRUSTED, "");
            let texts = [caller(file, repository, reference, &with), own];
            let (found, _) = found(&texts, &outline(&[TRUSTED]));
            assert_eq!(found, Vec::from_iter(expected), "{file} {repository} {reference} {with}");
        }
    }

    #[test]
    fn both_sides_and_the_fix_are_named() {
        let (_, text) = found(&[caller("promote", "acme/shipgate", "v1", "")], &outline(&[TRUSTED, NEXT]));
        for part in [
            "`acme/shipgate@v1`",
            &format!("`acme/shipgate@{TRUSTED}` and `acme/shipgate@{NEXT}`"),
            "the role of `production`",
            &format!("write `uses: acme/shipgate/.github/workflows/promote.yml@{NEXT}`"),
            "`shipgate iam trust production`",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }

    #[test]
    fn a_commit_that_nothing_calls_is_noted_at_its_place() {
        let texts = [caller("promote", "acme/shipgate", TRUSTED, "")];
        assert_eq!(found(&texts, &outline(&[TRUSTED])).0, [""; 0]);
        let (found, text) = found(&texts, &outline(&[TRUSTED, NEXT]));
        assert_eq!(found, ["note shipgate.toml:2"]);
        assert!(text.contains(NEXT) && !text.contains(TRUSTED), "{text}");
        assert!(text.contains("take it out, or move the callers to it"), "{text}");
    }

    #[test]
    fn a_role_whose_policy_can_name_no_workflow_is_a_warning_with_the_commit_that_is_called() {
        let (all, text) = found(&[caller("rollback", "acme/shipgate", NEXT, "")], &outline(&[]));
        assert_eq!(all, ["warning shipgate.toml:20"]);
        assert!(text.contains(&format!("workflows = \"acme/shipgate@{NEXT}\"")), "{text}");
        let (_, text) = found(&[caller("rollback", "acme/shipgate", "v1", "")], &outline(&[]));
        assert!(text.contains("workflows = \"OWNER/shipgate@COMMIT\""), "{text}");
        let mut without_role = outline(&[]);
        without_role.environments[1].has_role = false;
        assert_eq!(found(&[], &without_role).0, [""; 0]);
    }
}
