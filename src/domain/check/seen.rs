//! What AWS shows of components, for rules on files that know more with it. What that is, their kind alone knows.

use std::any::Any;

/// Something that AWS shows.
#[derive(Debug)]
pub struct AwsResource {
    /// The environments whose components it is about.
    pub environments: Vec<String>,
    shown: Box<dyn Any + Send>,
}

impl AwsResource {
    /// What a kind wants to know later, about no environment yet.
    pub fn new(shown: impl Any + Send) -> Self {
        Self { environments: Vec::new(), shown: Box::new(shown) }
    }

    /// The same about some environments.
    #[must_use]
    pub fn of_environments(self, environments: Vec<String>) -> Self {
        Self { environments, ..self }
    }

    /// What it shows. `None`: it is of another kind.
    pub fn shown<T: Any>(&self) -> Option<&T> {
        self.shown.downcast_ref()
    }
}
