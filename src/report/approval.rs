//! Who is asked before a change, in one line.

use crate::domain::gate::{Approval, Gate, GateName, GatePolicy};

/// Who is asked before the change that was judged by these gates. `None`: it is nothing that anybody is asked about.
pub fn asked(policy: &GatePolicy, gates: &[Gate]) -> Option<&'static str> {
    let is_asked = || gates.iter().any(|gate| gate.name == GateName::Approved);
    match policy.approval.as_ref()? {
        Approval::None => Some("approval: none, so no person is asked"),
        Approval::Required { .. } => {
            is_asked().then_some("approval: required, so GitHub's environment asks its reviewers")
        }
        Approval::SecondPerson(_) => {
            is_asked().then_some("approval: second-person, so others start approve.yml for this plan")
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::gate::{GateVerdict, SecondPerson};

    #[test]
    fn who_is_asked_is_said_where_somebody_is() {
        let second = SecondPerson { quorum: 1, people: Vec::new(), expires: Duration::from_hours(24) };
        for (approval, said) in [
            (Approval::None, "none, so no person is asked"),
            (Approval::Required { self_approval: false }, "required, so GitHub's environment asks its reviewers"),
            (Approval::SecondPerson(second), "second-person, so others start approve.yml for this plan"),
        ] {
            let is_none = approval == Approval::None;
            let policy = GatePolicy { approval: Some(approval), ..GatePolicy::default() };
            let gates = [Gate::sample(GateName::Approved, GateVerdict::Pending)];
            assert_eq!(asked(&policy, &gates), Some(&*format!("approval: {said}")));
            // A deploy, or going back to what served before.
            assert_eq!(asked(&policy, &[]).is_some(), is_none);
        }
        assert_eq!(asked(&GatePolicy::default(), &[]), None);
    }
}
