//! What is wrong with a configuration, as a failure.

use super::{Explain, explained};
use crate::config::{ConfigError, ConfigErrors};
use crate::domain::failure::{ConfigurationProblem, Diagnostics, Failure};

explained!(ConfigErrors);

impl Explain for ConfigErrors {
    fn before(&self) -> Failure {
        let mut failure = Failure::invalid(self.to_string());
        for error in self {
            if !failure.hints.contains(&error.hint) {
                failure.hints.push(error.hint.clone());
            }
        }
        failure.diagnostics = Some(Box::new(diagnostics(self)));
        failure
    }
}

fn diagnostics(errors: &ConfigErrors) -> Diagnostics {
    let problem = |error: &ConfigError| ConfigurationProblem {
        file: error.location.as_ref().map(|location| location.path.clone()),
        place: error.location.as_ref().map(|location| location.place(errors)),
        message: error.message.clone(),
        hint: error.hint.clone(),
        variable: error.variable.clone(),
    };
    // Rendered once: long lines with many problems take their time.
    let coloured = errors.render(true);
    let plain = anstream::adapter::strip_str(&coloured).to_string();
    Diagnostics { problems: errors.iter().map(problem).collect(), plain, coloured }
}
