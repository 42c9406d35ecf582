//! Shipgate's reusable workflows, as their callers know them: what each does, and what its jobs ask for.

use github_actions_models::common::Permissions;

use super::command::{CommandEffect, CommandVerb};
use super::permissions::{Granted, id_token, written};

/// What a job may do with a permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PermissionLevel {
    /// `read`.
    Read,
    /// `write`, which includes `read`.
    Write,
}

impl PermissionLevel {
    fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

/// A reusable workflow of shipgate.
#[derive(Debug, Clone, Copy)]
pub struct ReusableWorkflow {
    /// The file, without its ending.
    pub name: &'static str,
    /// What it does.
    pub verb: CommandVerb,
    /// Where, if nothing is said.
    pub environment: Option<&'static str>,
    /// What its jobs ask for, all of them together: GitHub compares each job, also one that its `if` leaves out
    /// ([permissions of called workflows](https://docs.github.com/en/actions/reference/workflows-and-actions/reusing-workflow-configurations#supported-keywords-for-jobs-that-call-a-reusable-workflow)).
    pub permissions: &'static [(&'static str, PermissionLevel)],
}

const CONTENTS: (&str, PermissionLevel) = ("contents", PermissionLevel::Read);
const TOKEN: (&str, PermissionLevel) = ("id-token", PermissionLevel::Write);
const STATUSES: (&str, PermissionLevel) = ("statuses", PermissionLevel::Write);
const CHECKS: (&str, PermissionLevel) = ("checks", PermissionLevel::Read);
const PULL_REQUESTS: (&str, PermissionLevel) = ("pull-requests", PermissionLevel::Read);
const COMMENTS: (&str, PermissionLevel) = ("pull-requests", PermissionLevel::Write);
const ACTIONS: (&str, PermissionLevel) = ("actions", PermissionLevel::Read);

/// The workflow that the people start who approve.
pub const APPROVE: &str = "approve";
/// The workflow that plans a promotion.
pub const PROMOTE: &str = "promote";

/// All of them.
pub const ALL: [ReusableWorkflow; 7] = [
    // The plan says which environment.
    ReusableWorkflow {
        name: APPROVE,
        verb: CommandVerb::Promote(CommandEffect::Applied),
        environment: None,
        permissions: &[CONTENTS, TOKEN, STATUSES, CHECKS, PULL_REQUESTS, ACTIONS],
    },
    ReusableWorkflow {
        name: "deploy-stage",
        verb: CommandVerb::Deploy(CommandEffect::Applied),
        environment: Some("stage"),
        permissions: &[CONTENTS, TOKEN, STATUSES, CHECKS],
    },
    ReusableWorkflow {
        name: "hold",
        verb: CommandVerb::Hold,
        environment: Some("production"),
        permissions: &[CONTENTS, TOKEN, ACTIONS],
    },
    ReusableWorkflow {
        name: "pr-check",
        verb: CommandVerb::Check,
        environment: None,
        permissions: &[CONTENTS, TOKEN, STATUSES],
    },
    ReusableWorkflow {
        name: "pr-check-comment",
        verb: CommandVerb::Check,
        environment: None,
        permissions: &[CONTENTS, TOKEN, STATUSES, COMMENTS],
    },
    ReusableWorkflow {
        name: PROMOTE,
        verb: CommandVerb::Promote(CommandEffect::Applied),
        environment: Some("production"),
        permissions: &[CONTENTS, TOKEN, STATUSES, CHECKS, PULL_REQUESTS, ACTIONS],
    },
    ReusableWorkflow {
        name: "rollback",
        verb: CommandVerb::Rollback(CommandEffect::Applied),
        environment: Some("production"),
        permissions: &[CONTENTS, TOKEN, STATUSES, PULL_REQUESTS, ACTIONS],
    },
];

impl ReusableWorkflow {
    /// The one of a file's name.
    pub fn of(file: &str) -> Option<Self> {
        let name = file.strip_suffix(".yml").or_else(|| file.strip_suffix(".yaml"))?;
        ALL.into_iter().find(|called| called.name == name)
    }

    /// What a caller's job has to grant, as it is written there.
    pub fn line(&self) -> String {
        let all: Vec<String> = self.permissions.iter().copied().map(entry).collect();
        format!("{{ {} }}", all.join(", "))
    }

    /// What the permissions of a caller's job lack. Where none are written, the settings of the repository decide, which
    /// never grant `id-token`.
    pub fn lacks(&self, granted: &Permissions) -> Vec<(&'static str, PermissionLevel)> {
        let is_missing = |(name, access): &(&str, PermissionLevel)| {
            let has = if *name == TOKEN.0 {
                id_token(granted)
            } else {
                written(granted, name, *access == PermissionLevel::Write)
            };
            has == Granted::No
        };
        self.permissions.iter().copied().filter(is_missing).collect()
    }
}

/// `actions: read` as it is written.
pub fn entry((name, access): (&str, PermissionLevel)) -> String {
    format!("{name}: {}", access.as_str())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use github_actions_models::common::Permission;
    use github_actions_models::workflow::Job;

    use super::*;
    use crate::domain::check::workflow::WorkflowFile;

    /// What the jobs of a file ask for, together.
    fn asked(file: &WorkflowFile) -> BTreeMap<String, PermissionLevel> {
        let mut asked = BTreeMap::new();
        for job in file.workflow.jobs.values() {
            let Job::NormalJob(job) = job else { panic!("a called workflow of shipgate calls no other") };
            let Permissions::Explicit(permissions) = &job.permissions else { panic!("each job says what it needs") };
            for (name, permission) in permissions {
                let access = match permission {
                    Permission::Read => PermissionLevel::Read,
                    Permission::Write => PermissionLevel::Write,
                    Permission::None => continue,
                };
                let strongest = asked.entry(name.clone()).or_insert(access);
                *strongest = access.max(*strongest);
            }
        }
        asked
    }

    #[test]
    fn the_table_has_every_called_workflow_with_what_its_jobs_ask_for() {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join(".github/workflows");
        let mut files = BTreeMap::new();
        for entry in std::fs::read_dir(directory).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            let file = WorkflowFile::read(&name, &std::fs::read_to_string(entry.path()).unwrap()).unwrap();
            if file.workflow.on.events.workflow_call.is_present() {
                files.insert(name, asked(&file));
            }
        }
        let table = ALL.map(|called| {
            let permissions = called.permissions.iter().map(|(name, access)| ((*name).to_owned(), *access));
            (format!("{}.yml", called.name), permissions.collect::<BTreeMap<_, _>>())
        });
        assert_eq!(BTreeMap::from(table), files);
    }

    #[test]
    fn the_page_has_the_lines_of_the_table() {
        let page = include_str!("../../../../docs/check/README.md");
        for called in ALL {
            let row = format!("| `{}.yml` | `{}` |\n", called.name, called.line());
            assert!(page.contains(&row), "{row:?} is missing");
        }
    }
}
