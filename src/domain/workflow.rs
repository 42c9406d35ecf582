//! The job of GitHub Actions of this run, and how it assumes a role.

use super::role::RoleArn;

/// A job, as far as it decides the identity of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkflowJob {
    /// Whether this is GitHub Actions at all.
    pub in_actions: bool,
    /// What triggered the workflow: `push`, `pull_request`.
    pub event: Option<String>,
    /// Whether the pull request comes from a fork.
    pub from_fork: bool,
    /// Whether Dependabot triggered it.
    pub from_dependabot: bool,
}

/// What the environment says of the runner's token endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    /// Address and token are there.
    Complete,
    /// Only one of the two is there; this variable is not.
    Half(&'static str),
    /// Neither.
    Absent,
}

/// How the role's session comes to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoleSource {
    /// With a token of GitHub.
    Token,
    /// The ambient credentials are that session already.
    Already,
    /// The ambient credentials assume the roles from this one on, counted from 0.
    Assume(usize),
}

/// Why there is no way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoleUnavailable {
    /// Half of the token endpoint is missing: this variable.
    Half(&'static str),
    /// GitHub gives jobs of forks no token.
    Fork,
    /// A job of Dependabot that has no token. By default GitHub gives it less than others.
    Dependabot,
    /// The job did not ask for `id-token: write`.
    NoPermission,
}

/// Decides it. `caller`: whom the ambient credentials belong to, where there are any. The roles are assumed one after
/// the other. Ambient credentials never replace a role: they are its session, or assume it, or are not used.
///
/// # Errors
///
/// Why there is no way. Without ambient credentials outside of Actions the way is [`RoleSource::Assume`], which then fails.
pub fn way(
    job: &WorkflowJob,
    endpoint: Endpoint,
    caller: Option<&str>,
    roles: &[RoleArn],
) -> Result<RoleSource, RoleUnavailable> {
    match endpoint {
        Endpoint::Complete => return Ok(RoleSource::Token),
        Endpoint::Half(missing) => return Err(RoleUnavailable::Half(missing)),
        Endpoint::Absent => {}
    }
    let held = caller.and_then(|caller| roles.iter().rposition(|role| role.is_role_of(caller)));
    match held {
        Some(index) if index + 1 == roles.len() => Ok(RoleSource::Already),
        _ if job.in_actions && job.from_fork => Err(RoleUnavailable::Fork),
        _ if job.in_actions && job.from_dependabot => Err(RoleUnavailable::Dependabot),
        _ if job.in_actions => Err(RoleUnavailable::NoPermission),
        Some(index) => Ok(RoleSource::Assume(index + 1)),
        None => Ok(RoleSource::Assume(0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roles() -> Vec<RoleArn> {
        ["hub", "stage"].map(|name| format!("arn:aws:iam::123456789012:role/{name}").parse().unwrap()).to_vec()
    }

    const HUB: Option<&str> = Some("arn:aws:sts::123456789012:assumed-role/hub/x");
    const STAGE: Option<&str> = Some("arn:aws:sts::123456789012:assumed-role/stage/x");
    const USER: Option<&str> = Some("arn:aws:iam::123456789012:user/stage");

    fn actions() -> WorkflowJob {
        WorkflowJob { in_actions: true, ..WorkflowJob::default() }
    }

    #[test]
    fn a_token_is_taken_wherever_one_can_be_had() {
        let dependabot = WorkflowJob { from_dependabot: true, ..actions() };
        for job in [WorkflowJob::default(), actions(), dependabot] {
            for caller in [None, HUB, STAGE, USER] {
                assert_eq!(way(&job, Endpoint::Complete, caller, &roles()), Ok(RoleSource::Token));
            }
        }
    }

    #[test]
    fn in_actions_ambient_credentials_count_only_where_they_are_the_role() {
        assert_eq!(way(&actions(), Endpoint::Absent, STAGE, &roles()), Ok(RoleSource::Already));
        for caller in [None, HUB, USER] {
            assert_eq!(way(&actions(), Endpoint::Absent, caller, &roles()), Err(RoleUnavailable::NoPermission));
        }
        let fork = WorkflowJob { from_fork: true, ..actions() };
        assert_eq!(way(&fork, Endpoint::Absent, USER, &roles()), Err(RoleUnavailable::Fork));
        let dependabot = WorkflowJob { from_dependabot: true, ..actions() };
        assert_eq!(way(&dependabot, Endpoint::Absent, None, &roles()), Err(RoleUnavailable::Dependabot));
        let half = Endpoint::Half("ACTIONS_ID_TOKEN_REQUEST_TOKEN");
        assert_eq!(
            way(&actions(), half, STAGE, &roles()),
            Err(RoleUnavailable::Half("ACTIONS_ID_TOKEN_REQUEST_TOKEN"))
        );
    }

    #[test]
    fn elsewhere_they_are_the_role_or_assume_it() {
        for (caller, expected) in [
            (STAGE, RoleSource::Already),
            (HUB, RoleSource::Assume(1)),
            (USER, RoleSource::Assume(0)),
            (None, RoleSource::Assume(0)),
        ] {
            assert_eq!(way(&WorkflowJob::default(), Endpoint::Absent, caller, &roles()), Ok(expected), "{caller:?}");
        }
        assert_eq!(way(&WorkflowJob::default(), Endpoint::Absent, HUB, &roles()[1..]), Ok(RoleSource::Assume(0)));
    }
}
