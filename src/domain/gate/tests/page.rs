//! The tables of `docs/gates/README.md` are those of the code. To write them anew:
//! `SHIPGATE_UPDATE_GOLDEN=1 cargo test golden`.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::Value;

use super::super::calendar::{ChangeWindow, Freeze, Zone};
use super::*;
use crate::golden::assert_page;

/// The commands of the table, as columns.
pub(super) const COMMANDS: [(ChangeCommand, &str); 7] = [
    (ChangeCommand::Promote, "`promote`"),
    (ChangeCommand::Deploy, "`deploy`"),
    (ChangeCommand::Rollback, "`rollback`"),
    (ChangeCommand::Restore, "`rollback --release`"),
    (ChangeCommand::Hold, "`hold`"),
    (ChangeCommand::Unhold, "`unhold`"),
    (ChangeCommand::Check, "`check`"),
];

/// What a gate asks, for people.
fn asks(gate: GateName) -> &'static str {
    match gate {
        GateName::Identity => {
            "the account, and where a token is used its repository, environment and ref, are the configured ones"
        }
        GateName::Hold => "no hold on the environment covers the commit",
        GateName::Proven => {
            "the environment that is promoted from runs it, every task, and its probes pass; of a site, its pages came as \
             they are in the release and no file was changed since; or its ledger records the success there"
        }
        GateName::Soak => "it ran there without a break for at least so long",
        GateName::Reuse => {
            "an image that was there already is from shipgate; set with `reuse = \"own\"` of a component"
        }
        GateName::Branch => "an allowed branch has the commit",
        GateName::Forward => "the commit is not older than what the environment runs",
        GateName::Statuses => "the named commit statuses and check runs of the commit are green",
        GateName::Protected => {
            "with `approval = \"required\"`: GitHub's environment has required reviewers, restricts branches and forbids \
             self-review"
        }
        GateName::Approved => "people have approved, as `approval` asks for it",
        GateName::Freeze => "no freeze is open",
        GateName::Windows => "a window is open",
        GateName::Contract => {
            "the environment's variables fit what [`[contract]`](../contract/README.md) declares of them"
        }
    }
}

/// A policy with every key.
pub(super) fn everything() -> GatePolicy {
    let zone = || Zone::find("UTC").unwrap();
    let date = || "2026-12-20".parse().unwrap();
    let (from, to) = ("08:00".parse().unwrap(), "16:00".parse().unwrap());
    GatePolicy {
        approval: Some(Approval::Required { self_approval: false }),
        soak: Some(Duration::from_secs(1)),
        branch: Some(vec![BranchPattern("main".to_owned())]),
        statuses: Some(StatusPolicy { names: vec!["ci".to_owned()], wait: Duration::ZERO }),
        freeze: vec![Freeze::new(date(), date(), zone(), None).unwrap()],
        windows: vec![ChangeWindow::new("mon".parse().unwrap(), from, to, zone()).unwrap()],
        own_images: true,
        contract: Some(ContractPolicy::Error),
        ..GatePolicy::default()
    }
}

fn defaults() -> String {
    let (nothing, everything) = (GatePolicy::default(), everything());
    let columns: Vec<&str> = COMMANDS.iter().map(|(_, name)| *name).collect();
    let mut table =
        format!("| gate | satisfied when | {} |\n|---|---|{}\n", columns.join(" | "), "---|".repeat(COMMANDS.len()));
    for gate in GateName::ALL {
        write!(table, "| [`{gate}`](#{gate}) | {} |", asks(gate)).unwrap();
        for (command, _) in COMMANDS {
            let when = match (nothing.is_evaluated(gate, command), everything.is_evaluated(gate, command)) {
                (true, _) => "always",
                (false, true) => "if set",
                (false, false) => "–",
            };
            write!(table, " {when} |").unwrap();
        }
        table.push('\n');
    }
    table
}

/// The keys with their descriptions, as the JSON Schema has them.
fn keys() -> String {
    let schema: Value = serde_json::from_str(include_str!("../../../../schema/shipgate.schema.json")).unwrap();
    let mut table = "| key | meaning | default |\n|---|---|---|\n".to_owned();
    add_keys(&mut table, &schema, "Gates", "");
    table
}

fn add_keys(table: &mut String, schema: &Value, definition: &str, prefix: &str) {
    let definition = &schema["definitions"][definition];
    for (key, property) in definition["properties"].as_object().unwrap() {
        let description = property["description"].as_str().unwrap().replace('\n', " ");
        let is_required = definition["required"].as_array().is_some_and(|keys| keys.iter().any(|it| it == key));
        let (meaning, default) = match description.split_once(" Default: ") {
            Some((meaning, default)) => (meaning, default.trim_end_matches('.')),
            None => {
                (description.as_str(), if is_required { "it must be written" } else { panic!("{key} has no default") })
            }
        };
        writeln!(table, "| `{prefix}{key}` | {meaning} | {default} |").unwrap();
        match key.as_str() {
            "approval" => add_keys(table, schema, "SecondPerson", "approval."),
            "statuses" => add_keys(table, schema, "Statuses", "statuses."),
            "freeze" => add_keys(table, schema, "Freeze", "freeze[]."),
            "windows" => add_keys(table, schema, "Window", "windows[]."),
            _ => {}
        }
    }
}

fn situations() -> String {
    let cases = cases::all();
    let mut text = String::new();
    for gate in GateName::ALL {
        write!(text, "### `{gate}`\n\n| situation | verdict | reason | hint |\n|---|---|---|---|\n").unwrap();
        for case in cases.iter().filter(|case| case.gate == gate) {
            let verdict = case.verdict.as_str();
            let (reason, hint) = (escaped(&case.reason), escaped(&case.hint));
            writeln!(text, "| {} | {verdict} | {reason} | {hint} |", case.situation).unwrap();
        }
        text.push('\n');
    }
    text
}

/// A text as a cell of a table shows it.
fn escaped(text: &str) -> String {
    text.replace('|', "\\|").replace('*', "\\*").replace('<', "\\<")
}

#[test]
fn golden_page_has_the_tables_of_the_code() {
    let parts = [("defaults", defaults()), ("keys", keys()), ("situations", situations())];
    assert_page("docs/gates/README.md", &parts);
}
