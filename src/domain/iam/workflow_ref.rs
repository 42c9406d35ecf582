//! A workflow file of a team's own, at a ref, as a token's `job_workflow_ref` names it.

use std::fmt;
use std::str::FromStr;

use crate::domain::github::repository::is_name;
use crate::domain::names::InvalidName;
use crate::domain::release::GitSha;

/// `OWNER/NAME/.github/workflows/FILE.yml@REF`
/// ([reusable workflows](https://docs.github.com/en/actions/how-tos/secure-your-work/security-harden-deployments/oidc-with-reusable-workflows)).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkflowRef(String);

/// What a policy of IAM reads as more than itself.
const WILDCARDS: [char; 3] = ['*', '?', '$'];

impl FromStr for WorkflowRef {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parsed = text.split_once('@').filter(|(file, reference)| is_file(file) && is_ref(reference));
        parsed.map(|_| Self(text.to_owned())).ok_or_else(|| InvalidName {
            kind: "a workflow at a ref",
            value: text.to_owned(),
            reason: "it is `OWNER/NAME/.github/workflows/FILE.yml@REF`, the ref as `refs/heads/BRANCH`, `refs/tags/TAG` \
                     or the 40 digits of a commit, without wildcards",
        })
    }
}

impl fmt::Display for WorkflowRef {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

fn is_file(text: &str) -> bool {
    text.split_once("/.github/workflows/").is_some_and(|(repository, name)| {
        let stem = name.strip_suffix(".yml").or_else(|| name.strip_suffix(".yaml"));
        is_name(repository) && stem.is_some_and(|stem| !stem.is_empty()) && is_plain(name) && !name.contains('/')
    })
}

fn is_ref(text: &str) -> bool {
    let name = text.strip_prefix("refs/heads/").or_else(|| text.strip_prefix("refs/tags/"));
    text.parse::<GitSha>().is_ok() || name.is_some_and(|name| !name.is_empty() && is_plain(name))
}

fn is_plain(text: &str) -> bool {
    !text.contains(WILDCARDS) && !text.contains(|character: char| character.is_whitespace() || character.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_with_its_whole_ref() {
        let file = "acme/shop/.github/workflows/promote.yml";
        for reference in ["refs/heads/main", "refs/heads/release/1", "refs/tags/v1", &"0f".repeat(20)] {
            let text = format!("{file}@{reference}");
            assert_eq!(text.parse::<WorkflowRef>().unwrap().to_string(), text);
        }
        for wrong in [
            file,
            &format!("{file}@"),
            &format!("{file}@main"),
            &format!("{file}@v1"),
            &format!("{file}@refs/heads/"),
            &format!("{file}@refs/heads/*"),
            &format!("{file}@refs/pull/1/merge"),
            "acme/shop/promote.yml@refs/heads/main",
            "acme/shop/.github/workflows/.yml@refs/heads/main",
            "acme/shop/.github/workflows/*.yml@refs/heads/main",
            "acme/shop/.github/workflows/a/b.yml@refs/heads/main",
            "acme/.github/workflows/promote.yml@refs/heads/main",
            "./.github/workflows/promote.yml@refs/heads/main",
        ] {
            assert!(wrong.parse::<WorkflowRef>().is_err(), "{wrong}");
        }
    }
}
