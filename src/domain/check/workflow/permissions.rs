//! What the token of a job may do.

use github_actions_models::common::{BasePermission, Permission, Permissions};

/// Whether a job has a permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Granted {
    /// It has.
    Yes,
    /// It has not.
    No,
    /// The settings of the repository, or the caller of the workflow, decide.
    Elsewhere,
}

/// The permissions that count for a job: its own, which replace the workflow's entirely; without those the
/// workflow's.
pub fn effective<'a>(workflow: &'a Permissions, job: &'a Permissions) -> &'a Permissions {
    if *job == Permissions::Base(BasePermission::Default) { workflow } else { job }
}

/// Whether anybody wrote permissions down.
pub fn are_written(permissions: &Permissions) -> bool {
    *permissions != Permissions::Base(BasePermission::Default)
}

/// Whether a token may be asked for. No default grants that.
pub fn id_token(permissions: &Permissions) -> Granted {
    match permissions {
        Permissions::Base(BasePermission::WriteAll) => Granted::Yes,
        Permissions::Base(BasePermission::Default | BasePermission::ReadAll) => Granted::No,
        Permissions::Explicit(_) => written(permissions, "id-token", true),
    }
}

/// Whether a permission to read or to write is there.
pub fn written(permissions: &Permissions, name: &str, to_write: bool) -> Granted {
    let is_granted = match permissions {
        Permissions::Base(BasePermission::Default) => return Granted::Elsewhere,
        Permissions::Base(BasePermission::WriteAll) => true,
        Permissions::Base(BasePermission::ReadAll) => !to_write,
        Permissions::Explicit(grants) => match grants.get(name) {
            Some(Permission::Write) => true,
            Some(Permission::Read) => !to_write,
            Some(Permission::None) | None => false,
        },
    };
    if is_granted { Granted::Yes } else { Granted::No }
}
