//! What is wrong with a configuration, as a failure.

use crate::config::{ConfigError, ConfigErrors};
use crate::domain::failure::{Diagnostics, Failure, Problem};

impl From<ConfigErrors> for Failure {
    fn from(errors: ConfigErrors) -> Self {
        let mut failure = Self::invalid(errors.to_string());
        for error in &errors {
            if !failure.hints.contains(&error.hint) {
                failure.hints.push(error.hint.clone());
            }
        }
        failure.diagnostics = Some(Box::new(diagnostics(&errors)));
        failure
    }
}

fn diagnostics(errors: &ConfigErrors) -> Diagnostics {
    let problem = |error: &ConfigError| Problem {
        file: error.location.as_ref().map(|location| location.path.clone()),
        place: error.location.as_ref().map(|location| location.place(errors)),
        message: error.message.clone(),
        hint: error.hint.clone(),
        variable: error.variable.clone(),
    };
    Diagnostics {
        problems: errors.iter().map(problem).collect(),
        plain: errors.render(false),
        coloured: errors.render(true),
    }
}
