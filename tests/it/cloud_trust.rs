//! `iam trust` in a job with a token of GitHub.

use serde_json::{Value, json};

use crate::cloud::Cloud;
use crate::cloud_roles::Job;

/// A job of another branch in GitHub's environment, by a workflow of its own: with all claims that a policy can ask for.
const COPY: Job = Job::Other(
    "repo:shop/cloudshop:environment:stage {\"ref\": \"refs/heads/x\", \"repository_id\": \"42\", \
     \"job_workflow_ref\": \"shop/cloudshop/.github/workflows/promote.yml@refs/heads/x\", \"actor\": null}",
);

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_policy_is_printed_for_the_claims_of_a_jobs_token() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config(""));
    let trust = |job: Job| {
        let ran = cloud.shipgate_as(job, &shop, &["iam", "trust", "stage", "--from-token"]).run();
        let policy: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {}", ran.stderr));
        (policy["Statement"][0]["Condition"]["StringEquals"].clone(), ran)
    };
    let key = |claim: &str| format!("token.actions.githubusercontent.com:{claim}");
    let (asked, ran) = trust(COPY);
    ran.expect_code(0).expect_stderr("this job is none of those that");
    let expected = json!({
        key("aud"): "sts.amazonaws.com",
        key("sub"): ["repo:shop/cloudshop:environment:stage"],
        key("repository_id"): "42",
        key("ref"): "refs/heads/x",
        key("environment"): "stage",
    });
    assert_eq!(asked, expected);
}
