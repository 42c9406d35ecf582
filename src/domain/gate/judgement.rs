//! Facts that are known or not, and what gates say of them.

use super::name::GateName;

/// A fact, or why it is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact<T> {
    /// It is known.
    Is(T),
    /// It is not.
    Unknown(Unknown),
}

/// Why a fact is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    /// Why, in words.
    pub reason: String,
    /// What would make it known.
    pub hint: Option<String>,
}

impl Unknown {
    /// Without anything that would make it known.
    pub fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), hint: None }
    }

    /// With what would make it known.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

impl<T> Fact<T> {
    /// It is not known.
    pub fn unknown(reason: impl Into<String>) -> Self {
        Self::Unknown(Unknown::new(reason))
    }

    /// A verdict over it; without it, unknown.
    pub(super) fn judged(&self, judge: impl FnOnce(&T) -> GateJudgement) -> GateJudgement {
        match self {
            Self::Is(fact) => judge(fact),
            Self::Unknown(unknown) => GateJudgement::unknown(unknown),
        }
    }
}

/// What a gate says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GateVerdict {
    /// The condition holds.
    Satisfied,
    /// It does not.
    Unsatisfied,
    /// The evidence is missing, which refuses like a no.
    Unknown,
    /// It can only be decided when the change is made.
    Pending,
}

impl GateVerdict {
    /// The word of the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Satisfied => "satisfied",
            Self::Unsatisfied => "unsatisfied",
            Self::Unknown => "unknown",
            Self::Pending => "pending",
        }
    }
}

/// A gate with its verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    /// Which one.
    pub name: GateName,
    /// What it says.
    pub verdict: GateVerdict,
    /// Why.
    pub reason: String,
    /// What would change that.
    pub hint: Option<String>,
    /// Whether the configuration has something to say of it.
    pub is_configured: bool,
    /// Why somebody overrides it, in their words, neutral.
    pub overridden: Option<String>,
}

#[cfg(test)]
impl Gate {
    /// A gate of which nothing is configured, and that is not overridden.
    pub fn sample(name: GateName, verdict: GateVerdict) -> Self {
        Self { name, verdict, reason: String::new(), hint: None, is_configured: false, overridden: None }
    }
}

impl Gate {
    /// Whether the change is refused because of it.
    pub fn refuses(&self) -> bool {
        self.verdict != GateVerdict::Satisfied && self.overridden.is_none()
    }

    /// Whether it refuses now and waiting for the change itself cannot help.
    pub fn refuses_already(&self) -> bool {
        self.refuses() && self.verdict != GateVerdict::Pending
    }

    /// Whether people see it without asking for all: it is configured, refuses, or is overridden.
    pub fn is_shown(&self) -> bool {
        self.is_configured || self.verdict != GateVerdict::Satisfied || self.overridden.is_some()
    }
}

/// A verdict with its reason, before it is known whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct GateJudgement {
    pub(super) verdict: GateVerdict,
    pub(super) reason: String,
    pub(super) hint: Option<String>,
}

impl GateJudgement {
    pub(super) fn satisfied(reason: impl Into<String>) -> Self {
        Self { verdict: GateVerdict::Satisfied, reason: reason.into(), hint: None }
    }

    pub(super) fn unsatisfied(reason: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { verdict: GateVerdict::Unsatisfied, reason: reason.into(), hint: Some(hint.into()) }
    }

    pub(super) fn unknown(unknown: &Unknown) -> Self {
        Self { verdict: GateVerdict::Unknown, reason: unknown.reason.clone(), hint: unknown.hint.clone() }
    }
}
