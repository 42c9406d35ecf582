//! The commands before traffic of another commit.

use std::collections::BTreeMap;

use super::*;
use crate::domain::names::ComponentName;
use crate::domain::template::Template;

type Commands = BTreeMap<ComponentName, Option<Vec<Template>>>;

const VARS: &str = r#"{"REGION": "eu-west-1", "LEVEL": "now"}"#;

/// Asks [`GOOD`] for the commands in a text.
fn commands(text: &str, environment: &str, components: &[&str], vars: &str) -> Result<Commands, ConfigErrors> {
    let components: Vec<String> = components.iter().map(|&name| name.to_owned()).collect();
    let env = |name: &str| (name == "PROBE_TOKEN").then(|| "s3cr3t value".to_owned());
    let request = ResolveRequest {
        environment,
        components: &components,
        purpose: Purpose::Change,
        vars: Some(vars),
        env: &env,
        in_workflow: false,
    };
    parse(GOOD).unwrap().pre_deploy_at(&request, text, Utf8Path::new("shipgate.toml at 4b825dc"))
}

/// One line for each component, with the words of its command.
fn shown(text: &str, environment: &str, components: &[&str]) -> Vec<String> {
    let commands = commands(text, environment, components, VARS).unwrap_or_else(|errors| panic!("{errors}"));
    let words = |words: Vec<Template>| words.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    commands.into_iter().map(|(name, command)| format!("{name}: {}", command.map_or("-".to_owned(), words))).collect()
}

/// What is wrong with a text, in the form of [`reported`].
fn wrong(text: &str) -> String {
    reported(&commands(text, "production", &[], VARS).unwrap_err())
}

#[test]
fn a_command_is_taken_from_the_text_and_nothing_else_is_looked_at() {
    assert_eq!(shown(GOOD, "production", &[]), ["backend: alembic upgrade head", "worker: -"]);
    let foreign = r#"
        app = 7
        later = { depends-on = ["${nothing}"] }
        [components.backend]
        kind = "a kind of next year"
        pre-deploy = ["migrate", "$${x}"]
        container = 1
        [components.gone]
        pre-deploy = "not even a list"
        [environments.production]
        components.worker.pre-deploy = ["settle"]
        components.gone = 3
        [environments.stage.components.backend]
        pre-deploy = 3
    "#;
    assert_eq!(shown(foreign, "production", &[]), ["backend: migrate $${x}", "worker: settle"]);
    // Of what is not asked for, nothing is looked at either.
    assert_eq!(shown(foreign, "stage", &["worker"]), ["worker: -"]);
    assert_eq!(shown(&format!("\u{feff}{GOOD}"), "production", &["backend"]), ["backend: alembic upgrade head"]);
}

#[test]
fn the_command_for_the_environment_replaces_that_for_all() {
    let text = "[components.backend]\npre-deploy = false\n\
                [environments.production.components.backend]\npre-deploy = [\"here\"]\n";
    assert_eq!(shown(text, "production", &["backend"]), ["backend: here"]);
    assert!(commands(text, "stage", &["backend"], VARS).is_err());
}

#[test]
fn what_is_not_in_the_text_has_no_command() {
    for text in
        ["", "components = 1", "[components]\nbackend = []", "[components.backend]", "[environments.production]"]
    {
        assert_eq!(shown(text, "production", &[]), ["backend: -", "worker: -"], "{text}");
    }
}

#[test]
fn variables_stand_for_what_they_stand_for_here_and_now() {
    let text = r#"
        app = "another"
        [components.worker]
        pre-deploy = ["${app}", "${environment.name}", "${environment.prefix}", "${vars.LEVEL}", "${env.PROBE_TOKEN}", "${release.sha}"]
        [environments.production]
        prefix = "former"
    "#;
    let words = "cloudshop production prod now s3cr3t value ${release.sha}";
    assert_eq!(shown(text, "production", &["worker"]), [format!("worker: {words}")]);
}

#[test]
fn what_is_wrong_is_told_with_the_commit() {
    let text = |command: &str| format!("[components.backend]\npre-deploy = {command}\n");
    insta::assert_snapshot!(wrong(&text(r#"["", "${vars.NONE}", "${X}", 3, "${"]"#)), @r#"
    2:15 "" | `pre-deploy`: "" is not a text that says something | correct it: it has at least one character
    2:20 ${vars.NONE} | `${vars.NONE}` is not set | add `NONE` to the JSON object in SHIPGATE_VARS
    2:36 ${X} | unknown variable `${X}` | write `${vars.NAME}`, `${env.NAME}`, `${app}`, `${environment.name}`, `${environment.prefix}`, `${release.sha}`, or `$${X}` for the text itself
    2:43 3 | `pre-deploy[3]` must be a string, not an integer | write it in quotes: `"3"`
    2:47 ${ | `pre-deploy[4]`: `${` is not closed by a `}` | close it with `}`, or write `$${` for the text itself
    "#);
    insta::assert_snapshot!(wrong(&text("[]")), @r#"
    2:14 [] | `pre-deploy` is empty | name the program to run, or remove the key
    "#);
    insta::assert_snapshot!(wrong(&text("\"migrate\"")), @r#"
    2:14 "migrate" | `pre-deploy` must be a list, not a string | write it in brackets: `pre-deploy = [ … ]`
    "#);
    let both = text("1") + "[environments.production.components.worker]\npre-deploy = { a = 1 }\n";
    insta::assert_snapshot!(wrong(&both), @r#"
    2:14 1 | `pre-deploy` must be a list, not an integer | write it in brackets: `pre-deploy = [ … ]`
    4:1 pre-deploy | `pre-deploy` must be a list, not a table | write `[[environments.production.components.worker.pre-deploy]]`, or `pre-deploy = [ … ]`
    "#);
    insta::assert_snapshot!(commands("<<<<<<<", "stage", &[], VARS).unwrap_err().render(false), @r#"
    error: invalid TOML: key with no value, expected `=`
     --> shipgate.toml at 4b825dc:1:8
      |
    1 | <<<<<<<
      |        ^
      |
      = hint: correct the TOML: strings are quoted, and a key or table is written once
    "#);
}

#[test]
fn what_is_wrong_with_the_request_is_told_first() {
    let errors = commands("<<<<<<<", "prod", &["bakend"], VARS).unwrap_err();
    insta::assert_snapshot!(reported(&errors), @r#"
    - | there is no component `bakend` | write `backend`
    - | there is no environment `prod` | write `production`
    "#);
    let errors = commands("<<<<<<<", "production", &[], "[]").unwrap_err();
    insta::assert_snapshot!(reported(&errors), @r#"
    - | SHIPGATE_VARS is not a JSON object | set it to one JSON object: `export SHIPGATE_VARS='{"NAME":"…"}'`
    "#);
}
