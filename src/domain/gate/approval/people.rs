//! People by their names, each once.

use crate::domain::github::run::Person;

/// People, each once.
pub(super) fn distinct<'p>(people: &[&'p Person]) -> Vec<&'p Person> {
    let mut found: Vec<&Person> = Vec::new();
    for person in people {
        if !found.iter().any(|other| other.id == person.id) {
            found.push(person);
        }
    }
    found
}

/// The names of people in words.
pub(super) fn names(people: &[&Person]) -> String {
    let names: Vec<&str> = distinct(people).iter().map(|person| person.login.as_str()).collect();
    names.join(", ")
}
