//! Gates: conditions on a change, and the only way to a plan that may be applied.

/// What a gate says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(test), expect(dead_code, reason = "the gates that give these verdicts are not built yet"))]
pub enum Verdict {
    /// The condition holds.
    Satisfied,
    /// It does not.
    Unsatisfied,
    /// The evidence is missing, which refuses like a no.
    Unknown,
    /// It can only be decided in the gated job.
    Pending,
    /// The gate is on by default but this version cannot evaluate it. Shown as unknown; does not refuse.
    NotBuilt,
}

impl Verdict {
    /// The word of the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Satisfied => "satisfied",
            Self::Unsatisfied => "unsatisfied",
            Self::Unknown | Self::NotBuilt => "unknown",
            Self::Pending => "pending",
        }
    }

    fn refuses(self) -> bool {
        match self {
            Self::Satisfied | Self::NotBuilt => false,
            Self::Unsatisfied | Self::Unknown | Self::Pending => true,
        }
    }
}

/// A gate with its verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    /// The gate's name in the configuration.
    pub name: &'static str,
    /// What it says.
    pub verdict: Verdict,
    /// Why.
    pub reason: String,
    /// What would change that.
    pub hint: Option<String>,
}

/// The gates that are on by default for `deploy`. None is built yet; the account and the direction of promotion are
/// checked before there is a plan.
pub fn deploy_gates() -> Vec<Gate> {
    ["identity", "hold", "forward"]
        .map(|name| Gate { name, verdict: Verdict::NotBuilt, reason: "not built yet".to_owned(), hint: None })
        .to_vec()
}

/// A plan that every gate has let through. Only [`authorize`] makes one, and nothing else can be applied.
#[derive(Debug)]
pub struct Authorized<P> {
    plan: P,
}

impl<P> Authorized<P> {
    /// The plan.
    pub fn plan(&self) -> &P {
        &self.plan
    }
}

/// Lets a plan through, or returns the gates that refuse it.
///
/// # Errors
///
/// The refusing gates, in order, at least one.
pub fn authorize<P>(plan: P, gates: &[Gate]) -> Result<Authorized<P>, Vec<Gate>> {
    let refusing: Vec<Gate> = gates.iter().filter(|gate| gate.verdict.refuses()).cloned().collect();
    if refusing.is_empty() { Ok(Authorized { plan }) } else { Err(refusing) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn gate(verdict: Verdict) -> Gate {
        Gate { name: "freeze", verdict, reason: String::new(), hint: None }
    }

    #[test]
    fn default_gates_that_are_not_built_are_shown_as_unknown_and_let_through() {
        let gates = deploy_gates();
        assert!(gates.iter().all(|gate| gate.verdict.as_str() == "unknown" && gate.reason == "not built yet"));
        assert!(authorize((), &gates).is_ok());
    }

    proptest! {
        #[test]
        fn one_gate_that_does_not_know_refuses_all(before in 0usize..4, after in 0usize..4) {
            for verdict in [Verdict::Unknown, Verdict::Unsatisfied, Verdict::Pending] {
                let mut gates = vec![gate(Verdict::Satisfied); before];
                gates.push(gate(verdict));
                gates.extend(vec![gate(Verdict::Satisfied); after]);
                prop_assert_eq!(authorize((), &gates).unwrap_err().len(), 1);
            }
        }
    }
}
