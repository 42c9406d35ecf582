//! The claims of GitHub's tokens that AWS evaluates in trust policies, and what to do where one keeps a job out.

use super::trust::ISSUER;

/// The claims, `sub` and `aud` first, which AWS evaluates of tokens of any provider; the others of GitHub's since February
/// 2026 ([keys](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html)).
pub const EVALUATED: [&str; 11] = [
    "sub",
    "aud",
    "repository",
    "repository_id",
    "ref",
    "environment",
    "job_workflow_ref",
    "workflow",
    "actor",
    "actor_id",
    "enterprise_id",
];

/// Whether AWS evaluates a claim of an issuer's tokens. `None`: it is not known.
pub fn is_evaluated(claim: &str, issuer: &str) -> Option<bool> {
    match claim {
        "sub" | "aud" => Some(true),
        _ if !EVALUATED.contains(&claim) => Some(false),
        _ => (issuer == ISSUER).then_some(true),
    }
}

/// What to do where a claim is not what a policy asks for.
pub fn action(claim: &str) -> &'static str {
    match claim {
        "sub" => "run the job where the policy lets it in, or print the policy for where it runs",
        "aud" => "name this audience in the policy, if it is that of the role's partition",
        "repository" => "run the job in that repository, or correct its name in the policy, capital letters too",
        "repository_id" => {
            "run the job in the repository with that id; if it was made anew, print the policy with its new id"
        }
        "ref" => "start the run for that branch",
        "environment" => "name that environment of GitHub in the job: `environment: { name: NAME, deployment: false }`",
        "job_workflow_ref" => {
            "call that workflow at that commit; or name the caller's commit in `[github] workflows`, and print the \
             policy again"
        }
        "workflow" => "start the workflow of that name",
        "actor" => "let that user start the run",
        "actor_id" => "let the user with that id start the run",
        "enterprise_id" => "run the job in a repository of that enterprise",
        _ => "take the condition out of the policy",
    }
}

/// What to do where the workflow of a job is not one that a policy names: another ref of the same file, a copy of it, or
/// another file.
pub fn workflow_action(wanted: &[&str], found: &str) -> &'static str {
    let file = |text: &str| text.split_once('@').map_or(text, |(file, _)| file).to_owned();
    let name = |text: &str| file(text).rsplit('/').next().unwrap_or_default().to_owned();
    if wanted.iter().any(|wanted| file(wanted) == file(found)) {
        return action("job_workflow_ref");
    }
    if wanted.iter().any(|wanted| name(wanted) == name(found)) {
        return "call the file in the repository that the policy names: a copy of it is another workflow";
    }
    "start a workflow that calls one of these: no other may have the role"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_claim_that_is_evaluated_has_an_action_of_its_own() {
        let mut actions: Vec<&str> = EVALUATED.iter().map(|claim| action(claim)).collect();
        actions.push(action("run_id"));
        actions.sort_unstable();
        actions.dedup();
        assert_eq!(actions.len(), EVALUATED.len() + 1);
    }

    #[test]
    fn of_another_provider_only_two_are_sure() {
        let other = "github.acme.example/_services/token";
        for (claim, issuer, expected) in [
            ("sub", other, Some(true)),
            ("aud", other, Some(true)),
            ("ref", ISSUER, Some(true)),
            ("ref", other, None),
            ("run_id", ISSUER, Some(false)),
            ("run_id", other, Some(false)),
        ] {
            assert_eq!(is_evaluated(claim, issuer), expected, "{claim} {issuer}");
        }
    }

    #[test]
    fn a_workflow_is_another_commit_a_copy_or_another_file() {
        let wanted = ["acme/shipgate/.github/workflows/promote.yml@0f"];
        let action = |found| workflow_action(&wanted, found);
        assert!(action("acme/shipgate/.github/workflows/promote.yml@refs/tags/v1").starts_with("call that workflow"));
        assert!(action("acme/shop/.github/workflows/promote.yml@refs/heads/main").contains("a copy"));
        assert!(action("acme/shop/.github/workflows/ci.yml@refs/heads/main").starts_with("start a workflow"));
    }
}
