//! The values that a component has in an environment. They are compared and never shown.

use std::collections::BTreeMap;

use secrecy::SecretString;

/// The environment variables of a component, by name.
#[derive(Debug, Clone, Default)]
pub struct Values(pub BTreeMap<String, VariableValue>);

/// The value of one variable.
#[derive(Debug, Clone)]
pub struct VariableValue {
    /// What it is.
    pub content: Content,
    /// Where it stands, for people: `task definition backend:7`, `branch staging`, `app d1abc2def3ghi4`.
    pub from: String,
}

/// What a variable is set to.
#[derive(Debug, Clone)]
pub enum Content {
    /// The text itself.
    Plain(SecretString),
    /// A secret or parameter that AWS reads when the component starts, by its ARN or name. It is not read here.
    Reference(SecretString),
}
