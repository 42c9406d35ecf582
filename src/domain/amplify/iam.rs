//! What the roles of an environment may do with a branch of an Amplify app: it is looked at, and not changed yet.
//!
//! Source: the [service authorization reference](https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsamplify.html)
//! of AWS Amplify.

use super::names::{AppId, BranchName};
use crate::domain::iam::rights::{Need, NeededFor, ResourceScope, Rights, Statement};
use crate::domain::names::InvalidName;

/// The actions on the app. Its variables are those of its branches, too.
const READ_APPS: Rights = Rights { sid: "ReadApps", actions: &["amplify:GetApp", "amplify:ListBranches"] };
const READ_BRANCHES: Rights = Rights { sid: "ReadBranches", actions: &["amplify:GetBranch"] };

/// The actions on the builds of the branch.
const READ_JOBS: Rights = Rights { sid: "ReadJobs", actions: &["amplify:GetJob", "amplify:ListJobs"] };

/// All rights that a branch may need.
pub const RIGHTS: &[Rights] = &[READ_APPS, READ_BRANCHES, READ_JOBS];

/// The rights that a branch needs: on its app, and on itself.
///
/// # Errors
///
/// The name of the branch would stand for others too in a policy.
pub fn needs(app: &AppId, branch: &BranchName, place: &ResourceScope) -> Result<Vec<Need>, InvalidName> {
    if branch.as_str().contains(['*', '?', '$']) {
        let reason = "in a policy `*`, `?` and `$` are wildcards and variables";
        return Err(InvalidName { kind: "a branch of a policy", value: branch.to_string(), reason });
    }
    let of_app = place.arn("amplify", &format!("apps/{app}"));
    // The console writes a slash in the name of a branch as `%2F`.
    let names = [branch.to_string(), branch.as_str().replace('/', "%2F")];
    let of_branch = names.map(|name| format!("{of_app}/branches/{name}")).to_vec();
    let need = |rights, resources| Need { purpose: NeededFor::Reading, statement: Statement::new(rights, resources) };
    // Of the listing the reference names the branch, not its jobs.
    let of_jobs = of_branch.iter().flat_map(|branch| [branch.clone(), format!("{branch}/jobs/*")]).collect();
    Ok(vec![need(READ_APPS, vec![of_app]), need(READ_BRANCHES, of_branch), need(READ_JOBS, of_jobs)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_names_the_branch_alone() {
        let place = ResourceScope { account: "123456789012".parse().unwrap(), region: "us-west-1".parse().unwrap() };
        let of = |branch: &str| needs(&"d1abc".parse().unwrap(), &branch.parse().unwrap(), &place);
        let resources = |branch| -> Vec<String> {
            of(branch).unwrap().into_iter().flat_map(|need| need.statement.resources).collect()
        };
        let app = "arn:aws:amplify:us-west-1:123456789012:apps/d1abc";
        let main = format!("{app}/branches/main");
        assert_eq!(resources("main"), [app.to_owned(), main.clone(), main.clone(), format!("{main}/jobs/*")]);
        let both = ["a%2Fb", "a/b"].map(|branch| format!("{app}/branches/{branch}"));
        let jobs = both.iter().flat_map(|branch| [branch.clone(), format!("{branch}/jobs/*")]);
        assert_eq!(resources("a/b"), [app.to_owned()].into_iter().chain(both.clone()).chain(jobs).collect::<Vec<_>>());
        for other in ["*", "release-?", "${aws:username}"] {
            assert!(of(other).is_err(), "{other}");
        }
    }
}
