//! The variables that a branch is built with.

use std::collections::BTreeMap;

use secrecy::SecretString;

use super::target::AmplifyTarget;
use crate::domain::contract::{Content, Values, VariableValue};

/// The environment variables of an app, or of a branch, by name.
pub type Variables = BTreeMap<String, SecretString>;

/// The variables of a branch: its own go before those of the app.
///
/// Source: [set environment variables](https://docs.aws.amazon.com/amplify/latest/userguide/setting-env-vars.html).
pub fn values(target: &AmplifyTarget, app: Variables, branch: Variables) -> Values {
    let AmplifyTarget { app_id, branch: name, .. } = target;
    let of_app = from(app, format!("app {app_id}"));
    let of_branch = from(branch, format!("branch {name}"));
    Values(of_app.chain(of_branch).collect())
}

fn from(variables: Variables, place: String) -> impl Iterator<Item = (String, VariableValue)> {
    variables
        .into_iter()
        .map(move |(name, value)| (name, VariableValue { content: Content::Plain(value), from: place.clone() }))
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;
    use crate::domain::amplify::names::Compute;

    #[test]
    fn variables_of_the_branch_go_before_those_of_the_app() {
        let target = AmplifyTarget {
            app_id: "d1abc".parse().unwrap(),
            branch: "staging".parse().unwrap(),
            app_root: None,
            platform: None,
            compute: Compute::DEFAULT,
            backend_from: None,
            expect: BTreeMap::new(),
        };
        let variables = |all: &[(&str, &str)]| -> Variables {
            all.iter().map(|(name, value)| ((*name).to_owned(), SecretString::from(*value))).collect()
        };
        let app = variables(&[("BOTH", "a"), ("APP", "b"), ("EMPTIED", "c")]);
        let branch = variables(&[("BOTH", "d"), ("EMPTIED", "")]);
        let seen: Vec<String> = values(&target, app, branch)
            .0
            .iter()
            .map(|(name, value)| match &value.content {
                Content::Plain(text) => format!("{name}={} of {}", text.expose_secret(), value.from),
                Content::Reference(_) => unreachable!("Amplify has none"),
            })
            .collect();
        assert_eq!(seen, ["APP=b of app d1abc", "BOTH=d of branch staging", "EMPTIED= of branch staging"]);
    }
}
