//! A command of shipgate, as a workflow asks for it.

/// What a command does, as far as it decides which role and which job it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommandVerb {
    /// It changes an environment that takes releases directly, or plans to.
    Deploy(CommandEffect),
    /// It changes an environment that takes them from another, or plans to.
    Promote(CommandEffect),
    /// It takes an environment back, or plans to.
    Rollback(CommandEffect),
    /// It puts or lifts a hold.
    Hold,
    /// It counts approvals, and asks GitHub alone.
    Approve,
    /// The check of pull requests.
    Check,
    /// It only looks.
    Look(&'static str),
}

/// Whether something is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommandEffect {
    /// It is.
    Applied,
    /// It is only planned.
    Planned,
}

impl CommandVerb {
    /// The command of some words, with those that follow it.
    pub fn of_words<'w, 'a>(words: &'w [&'a str]) -> Option<(Self, &'w [&'a str])> {
        let (first, rest) = words.split_first()?;
        if *first == "plan" {
            let (second, rest) = rest.split_first()?;
            // It needs what any look needs: neither history nor variables.
            let unhold = (*second == "unhold").then_some(Self::Look("plan unhold"));
            return unhold.or_else(|| Self::changing(second, CommandEffect::Planned)).map(|verb| (verb, rest));
        }
        Self::of(first).map(|verb| (verb, rest))
    }

    /// The command of one word, as the action's input has it; `plan deploy` there is one too.
    pub fn of(word: &str) -> Option<Self> {
        const READING: [&str; 6] = ["contract", "gates", "status", "history", "logs", "whoami"];
        match word {
            "hold" | "unhold" => Some(Self::Hold),
            "approve" => Some(Self::Approve),
            "check" => Some(Self::Check),
            _ => Self::changing(word, CommandEffect::Applied)
                .or_else(|| READING.into_iter().find(|look| *look == word).map(Self::Look)),
        }
    }

    fn changing(word: &str, until: CommandEffect) -> Option<Self> {
        match word {
            "deploy" => Some(Self::Deploy(until)),
            "promote" => Some(Self::Promote(until)),
            "rollback" => Some(Self::Rollback(until)),
            _ => None,
        }
    }

    /// The command's words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Deploy(CommandEffect::Applied) => "deploy",
            Self::Deploy(CommandEffect::Planned) => "plan deploy",
            Self::Promote(CommandEffect::Applied) => "promote",
            Self::Promote(CommandEffect::Planned) => "plan promote",
            Self::Rollback(CommandEffect::Applied) => "rollback",
            Self::Rollback(CommandEffect::Planned) => "plan rollback",
            Self::Hold => "hold",
            Self::Approve => "approve",
            Self::Check => "check",
            Self::Look(name) => name,
        }
    }

    /// Whether it changes an environment, and so assumes the role that may.
    pub fn changes(self) -> bool {
        matches!(
            self,
            Self::Deploy(CommandEffect::Applied)
                | Self::Promote(CommandEffect::Applied)
                | Self::Rollback(CommandEffect::Applied)
                | Self::Hold
        )
    }

    /// Whether it starts a rollout.
    pub fn rolls_out(self) -> bool {
        self.changes() && self != Self::Hold
    }

    /// Whether it needs the history, to say what a release brings and what holds cover.
    pub fn needs_history(self) -> bool {
        matches!(self, Self::Deploy(_) | Self::Promote(_) | Self::Rollback(_) | Self::Approve)
    }
}

/// The name of an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnvironmentName {
    /// This one.
    Literal(String),
    /// An expression or a shell variable says which.
    Unknown,
    /// None is named.
    Absent,
}

impl EnvironmentName {
    /// The name in a text.
    pub fn of(text: &str) -> Self {
        match text.trim() {
            "" => Self::Absent,
            text if text.contains('$') || text.contains('`') => Self::Unknown,
            text => Self::Literal(text.to_owned()),
        }
    }
}

/// Which configuration a command reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Config {
    /// The nearest.
    Default,
    /// This file.
    Given(String),
}

/// A command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepCommand {
    /// What it does.
    pub verb: CommandVerb,
    /// Where.
    pub environment: EnvironmentName,
    /// By which configuration.
    pub config: Config,
}
