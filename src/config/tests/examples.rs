//! The examples that users copy are right.

use std::time::Duration;

use camino::Utf8Path;
use jiff::{SignedDuration, Timestamp};

use super::{resolve, with};
use crate::config::{ConfigurationFile, Purpose, ResolveRequest};
use crate::domain::gate::{
    ChangeCommand, Fact, Gate, GateEvidence, GateName, GateOverride, GatePolicy, GateSubject, Gated, NamedStatus,
    Soaked, StatusState, StatusesEvidence, evaluate,
};
use crate::domain::names::EnvironmentName;
use crate::domain::release::ReleaseName;

const GATES: &str = include_str!("../../../docs/gates/README.md");
const CONFIGURATION: &str = include_str!("../../../docs/configuration/README.md");
const QUICK_START: &str = include_str!("../../../docs/quick-start/README.md");
const README: &str = include_str!("../../../README.md");
const STATIC_SITE: &str = include_str!("../../../docs/static-site/README.md");
const CLOUDSHOP: &str = include_str!("../../../examples/cloudshop/shipgate.toml");

fn resolves(text: &str, environments: &[&str]) {
    let document = ConfigurationFile::parse(Utf8Path::new("shipgate.toml"), text)
        .unwrap_or_else(|errors| panic!("{errors}\n{text}"));
    for environment in environments {
        let request = ResolveRequest {
            environment,
            components: &[],
            purpose: Purpose::Change,
            vars: Some(r#"{"STAGE_URL": "https://stage.shop.example", "PRODUCTION_URL": "https://shop.example"}"#),
            env: &|_| None,
            in_workflow: false,
        };
        document.resolve(&request).unwrap_or_else(|errors| panic!("{errors}\n{text}"));
    }
}

fn examples(page: &str) -> Vec<&str> {
    page.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

#[test]
fn the_examples_of_the_readme_are_right() {
    let [first] = examples(README)[..] else { panic!("{:?}", examples(README)) };
    resolves(first, &["stage"]);
}

#[test]
fn the_quick_start_leads_to_a_configuration_that_is_right() {
    let [first, production, roles] = examples(QUICK_START)[..] else { panic!("{:?}", examples(QUICK_START)) };
    resolves(first, &["stage"]);
    resolves(&format!("{first}{production}"), &["stage", "production"]);
    let keys = roles.strip_prefix("[environments.stage]\n").unwrap();
    let with_roles =
        format!("{first}{production}").replace("[environments.stage]\n", &format!("[environments.stage]\n{keys}"));
    assert!(with_roles.contains("read-role"));
    resolves(&with_roles, &["stage", "production"]);
}

#[test]
fn the_example_of_everything_is_right() {
    let [everything] = examples(CONFIGURATION)[..] else { panic!("{}", examples(CONFIGURATION).len()) };
    resolves(everything, &["stage", "production"]);
}

#[test]
fn the_page_of_static_sites_is_right() {
    let example = STATIC_SITE.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    resolves(example, &["stage", "production"]);
    let schema: serde_json::Value = serde_json::from_str(include_str!("../../../schema/shipgate.schema.json")).unwrap();
    let keys = schema["definitions"]["static-site-component"]["properties"].as_object().unwrap().keys();
    let of_build = schema["definitions"]["SiteBuild"]["properties"].as_object().unwrap().keys();
    let rows = keys.map(|key| format!("\n| `{key}")).chain(of_build.map(|key| format!("\n| `build.{key}` |")));
    let missing: Vec<String> = rows.filter(|row| !STATIC_SITE.contains(row)).collect();
    assert_eq!(missing, ["\n| `kind", "\n| `depends-on"], "they are keys of every component");
}

#[test]
fn the_example_of_everything_shows_every_key() {
    let schema: serde_json::Value = serde_json::from_str(include_str!("../../../schema/shipgate.schema.json")).unwrap();
    let mut keys = Vec::new();
    collect_keys(&schema, &mut keys);
    let missing: Vec<&String> = keys.iter().filter(|key| !CONFIGURATION.contains(key.as_str())).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

fn collect_keys(schema: &serde_json::Value, keys: &mut Vec<String>) {
    if let Some(properties) = schema.get("properties").and_then(|it| it.as_object()) {
        keys.extend(properties.keys().cloned());
    }
    let children = schema.as_object().into_iter().flat_map(|fields| fields.values());
    for child in children.chain(schema.as_array().into_iter().flatten()) {
        collect_keys(child, keys);
    }
}

#[test]
fn the_example_shop_is_right() {
    resolves(CLOUDSHOP, &["stage", "production"]);
}

/// A promotion of what ran on stage for a day.
#[derive(Debug)]
struct ExamplePromotion {
    environment: EnvironmentName,
    release: ReleaseName,
    policy: GatePolicy,
    overrides: Vec<GateOverride>,
}

impl Gated for ExamplePromotion {
    fn subject(&self) -> GateSubject<'_> {
        GateSubject {
            command: ChangeCommand::Promote,
            environment: &self.environment,
            release: Some(&self.release),
            place: "production",
            policy: &self.policy,
            overrides: &self.overrides,
        }
    }
}

#[test]
fn the_example_of_the_page_of_gates_says_what_the_page_says() {
    let example = GATES.split("## Example\n\n```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let text = with("[environments.production.gates]\napproval = \"none\"\n", example);
    let policy = resolve(&text, "production", &[], Some(r#"{"REGION": "eu-west-1"}"#)).unwrap().policy;
    let (environment, release) = ("production".parse().unwrap(), "a".repeat(40).parse().unwrap());
    let mut change = ExamplePromotion { environment, release, policy, overrides: Vec::new() };

    let evidence = |now: &str| {
        let now: Timestamp = now.parse().unwrap();
        let since = Fact::Is(now - SignedDuration::from_hours(24));
        GateEvidence {
            soak: Fact::Is(vec![Soaked { component: "backend".parse().unwrap(), since, until: None }]),
            statuses: Fact::Is(StatusesEvidence {
                statuses: vec![NamedStatus { name: "ci".to_owned(), state: StatusState::Green }],
                waited: Some(Duration::ZERO),
            }),
            ..GateEvidence::sound(now)
        }
    };
    let early = evidence("2026-12-21T06:30:00Z");
    let shown = evaluate(&change, &early).into_iter().filter(Gate::is_shown).map(|gate| {
        // As a plan shows them in a pipe, which has no width.
        let mark = if gate.refuses() { '✗' } else { '✓' };
        let hint = gate.hint.map(|hint| format!("{:19}hint: {hint}\n", "")).unwrap_or_default();
        format!("  {mark} {:13}  {}\n{hint}", format!("gate {}", gate.name), gate.reason)
    });
    let shown = shown.collect::<String>();
    assert!(GATES.contains(&format!("```text\n{shown}```")), "docs/gates/README.md needs this:\n{shown}");

    let later = evidence("2026-12-21T07:00:00Z");
    let refusing = evaluate(&change, &later).into_iter().filter(Gate::refuses).map(|gate| gate.name);
    assert_eq!(refusing.collect::<Vec<_>>(), [GateName::Freeze]);
    let reason = GATES.split("`--override \"freeze=").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    change.overrides.push(GateOverride { gate: GateName::Freeze, reason: reason.to_owned() });
    assert!(evaluate(&change, &later).iter().all(|gate| !gate.refuses()));
    assert!(evaluate(&change, &early).iter().any(Gate::refuses), "windows is not overridable");
}
