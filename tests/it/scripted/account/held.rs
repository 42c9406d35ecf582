//! What an account was asked and has answered against the models, and what a test does wrong on purpose.

use serde_json::Value;

use super::model::{self, Violation};
use crate::http_server::Answer;

/// The violations so far, and those that a test declares.
#[derive(Debug, Default)]
pub struct Held {
    found: Vec<Violation>,
    /// Operation, and a part of the violation's text.
    declared: Vec<(String, String)>,
}

impl Held {
    pub fn declare(&mut self, operation: &str, part: &str) {
        self.declared.push((operation.to_owned(), part.to_owned()));
    }

    pub fn request(&mut self, operation: &str, body: &Value) {
        self.keep(model::of_request(operation, body));
    }

    pub fn answer(&mut self, operation: &str, answer: &Answer) {
        self.keep(model::of_answer(operation, answer));
    }

    /// The same is said again at every poll: once is enough.
    fn keep(&mut self, violations: Vec<Violation>) {
        for violation in violations {
            if !self.found.contains(&violation) {
                self.found.push(violation);
            }
        }
    }

    /// What was not declared, and what was declared and did not occur; one a line.
    pub fn wrong(&self) -> Vec<String> {
        let meets = |violation: &Violation, (operation, part): &(String, String)| {
            violation.operation == *operation && violation.text.contains(part.as_str())
        };
        let undeclared = |violation: &&Violation| !self.declared.iter().any(|declared| meets(violation, declared));
        let missing = |declared: &&(String, String)| !self.found.iter().any(|violation| meets(violation, declared));
        let others = self.found.iter().filter(undeclared).map(ToString::to_string);
        let missed = self.declared.iter().filter(missing);
        others.chain(missed.map(|(operation, part)| format!("{operation}: declared, but is not: {part}"))).collect()
    }
}
