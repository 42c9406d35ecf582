//! The gate policy: what the configuration asks for, and what holds by default.

use std::time::Duration;

use serde_json::{Map, Value, json};
use wildmatch::WildMatch;

use super::approval::Approval;
use super::calendar::{ChangeWindow, Freeze};
use super::name::GateName;

/// A command that changes AWS, as far as gates distinguish commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeCommand {
    /// `promote`
    Promote,
    /// `deploy`
    Deploy,
    /// `rollback`, to what served before
    Rollback,
    /// `rollback --release`, to a release that somebody names
    Restore,
    /// `hold`
    Hold,
    /// `unhold`
    Unhold,
    /// `check`: what a deploy would be refused for that merging does not change.
    Check,
}

/// When a gate is evaluated for a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    /// Always.
    On,
    /// Where the configuration has its key.
    IfSet,
    /// Never.
    Off,
}

/// The defaults, by gate, for `promote`, `deploy`, `rollback`, `rollback --release`, `hold`, `unhold` and `check`. One person
/// may stop releases, and go back to what served before.
const DEFAULTS: [(GateName, [When; 7]); 13] = {
    use When::{IfSet, Off, On};
    [
        (GateName::Identity, [On, On, On, On, On, On, Off]),
        (GateName::Hold, [On, On, Off, Off, Off, Off, On]),
        (GateName::Proven, [On, Off, Off, Off, Off, Off, Off]),
        (GateName::Soak, [IfSet, Off, Off, Off, Off, Off, Off]),
        (GateName::Reuse, [Off, IfSet, Off, Off, Off, Off, IfSet]),
        (GateName::Branch, [On, On, Off, Off, Off, Off, Off]),
        (GateName::Forward, [On, On, Off, Off, Off, Off, Off]),
        (GateName::Statuses, [IfSet, IfSet, Off, Off, Off, Off, Off]),
        (GateName::Protected, [IfSet, Off, Off, IfSet, Off, IfSet, Off]),
        (GateName::Approved, [IfSet, Off, Off, IfSet, Off, IfSet, Off]),
        (GateName::Freeze, [IfSet, IfSet, Off, Off, Off, Off, Off]),
        (GateName::Windows, [IfSet, IfSet, Off, Off, Off, Off, Off]),
        (GateName::Contract, [IfSet, IfSet, Off, Off, Off, Off, IfSet]),
    ]
};

/// When a gate is evaluated for a command.
fn default_of(gate: GateName, command: ChangeCommand) -> When {
    let row = DEFAULTS.iter().find(|(name, _)| *name == gate);
    let column = match command {
        ChangeCommand::Promote => 0,
        ChangeCommand::Deploy => 1,
        ChangeCommand::Rollback => 2,
        ChangeCommand::Restore => 3,
        ChangeCommand::Hold => 4,
        ChangeCommand::Unhold => 5,
        ChangeCommand::Check => 6,
    };
    // A gate without a row is never left out.
    row.map_or(When::On, |(_, when)| when[column])
}

/// A branch, or a pattern of branches with `*` and `?`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BranchPattern(pub String);

impl BranchPattern {
    /// Whether a branch is meant.
    pub fn matches(&self, branch: &str) -> bool {
        WildMatch::new(&self.0).matches(branch)
    }

    /// Whether it is the name of one branch.
    pub fn is_name(&self) -> bool {
        !self.0.contains(['*', '?'])
    }
}

/// Statuses and check runs of the commit that have to be green.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusPolicy {
    /// Their names, in the order of the file.
    pub names: Vec<String>,
    /// How long those are waited for that have not ended.
    pub wait: Duration,
}

/// What is done where values do not fit what is declared of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContractPolicy {
    /// The change is refused.
    Error,
    /// The plan says so, and goes on.
    Warning,
}

impl ContractPolicy {
    /// The word of the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// What the configuration of an environment asks of its gates.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GatePolicy {
    /// Whether people are asked. `None`: nothing is written.
    pub approval: Option<Approval>,
    /// How long the release has to have run where it is promoted from.
    pub soak: Option<Duration>,
    /// The branches that a commit has to be on. `None`: the default branch.
    pub branch: Option<Vec<BranchPattern>>,
    /// Statuses and check runs that have to be green.
    pub statuses: Option<StatusPolicy>,
    /// When nothing is changed.
    pub freeze: Vec<Freeze>,
    /// When something may be changed. Empty: at any time.
    pub windows: Vec<ChangeWindow>,
    /// What is done where values do not fit their contract. `None`: no component has a contract.
    pub contract: Option<ContractPolicy>,
    /// Whether some image has to be an own one.
    pub own_images: bool,
    /// The gates that people may override.
    pub overridable: Vec<GateName>,
    /// What the person who decides has to have checked.
    pub checklist: Vec<String>,
}

impl GatePolicy {
    /// What a plan's digest takes in of it: the keys of the configuration, in the form of the configuration where there
    /// is one, durations in seconds.
    pub fn canonical(&self) -> Value {
        let mut keys = Map::new();
        if let Some(approval) = &self.approval {
            approval.canonical(&mut keys);
        }
        let mut put = |key: &str, value: Value| keys.insert(key.to_owned(), value);
        if let Some(soak) = self.soak {
            put("soak", json!(soak.as_secs()));
        }
        if let Some(branch) = &self.branch {
            put("branch", branch.iter().map(|pattern| pattern.0.as_str()).collect());
        }
        if let Some(StatusPolicy { names, wait }) = &self.statuses {
            put("statuses", json!({ "names": names, "wait": wait.as_secs() }));
        }
        if !self.freeze.is_empty() {
            put("freeze", self.freeze.iter().map(ToString::to_string).collect());
        }
        if !self.windows.is_empty() {
            put("windows", self.windows.iter().map(ToString::to_string).collect());
        }
        if let Some(contract) = self.contract {
            put("contract", json!(contract.as_str()));
        }
        if self.own_images {
            put("reuse", json!("own"));
        }
        if !self.overridable.is_empty() {
            put("overridable", self.overridable.iter().map(|gate| gate.as_str()).collect());
        }
        if !self.checklist.is_empty() {
            put("checklist", json!(self.checklist));
        }
        Value::Object(keys)
    }

    /// Whether people may go on without a gate.
    pub fn lets_override(&self, gate: GateName) -> bool {
        gate.may_be_overridden() && self.overridable.contains(&gate)
    }

    /// Whether a gate is evaluated for a command.
    pub fn is_evaluated(&self, gate: GateName, command: ChangeCommand) -> bool {
        match default_of(gate, command) {
            When::On => true,
            When::IfSet => self.is_set(gate),
            When::Off => false,
        }
    }

    /// Whether the configuration has something to say of a gate. What a promotion is from is configured.
    pub fn is_configured(&self, gate: GateName, command: ChangeCommand) -> bool {
        self.is_set(gate) || (gate == GateName::Proven && command == ChangeCommand::Promote)
    }

    fn is_set(&self, gate: GateName) -> bool {
        match gate {
            GateName::Identity | GateName::Hold | GateName::Proven | GateName::Forward => false,
            GateName::Soak => self.soak.is_some(),
            GateName::Reuse => self.own_images,
            GateName::Branch => self.branch.is_some(),
            GateName::Statuses => self.statuses.is_some(),
            GateName::Protected => matches!(self.approval, Some(Approval::Required { .. })),
            GateName::Approved => matches!(self.approval, Some(Approval::Required { .. } | Approval::SecondPerson(_))),
            GateName::Freeze => !self.freeze.is_empty(),
            GateName::Windows => !self.windows.is_empty(),
            GateName::Contract => self.contract.is_some(),
        }
    }
}

/// Somebody's wish to go on although a gate refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateOverride {
    /// The gate.
    pub gate: GateName,
    /// Why, in their words, neutral.
    pub reason: String,
}
