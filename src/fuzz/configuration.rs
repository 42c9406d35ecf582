//! `shipgate.toml`, and what its variables stand for.

use camino::Utf8Path;
use proptest::prelude::*;
use serde_json::json;

use super::{damaged, soon};
use crate::config::{ConfigErrors, ConfigurationFile, Purpose, ResolveRequest};
use crate::domain::limits::{CONFIGURATION_PROBLEMS, RESOLVED_TEXT, RESOLVED_TOTAL};

const GOOD: [&str; 2] = [
    include_str!("../../examples/cloudshop/shipgate.toml"),
    r#"
app = "shop"
[components.a]
kind = "ecs"
build = { context = ".", args = { A = "${vars.A}${vars.A}", R = "${release.sha}" }, tags = ["${environment.name}"] }
container = "web"
pre-deploy = ["a", "${vars.A}"]
repository = "${environment.prefix}-shop"
cluster = "c"
service = "s"
[environments.stage]
prefix = "${vars.A}"
region = "us-east-1"
url = "https://x.example/${vars.A}"
[[environments.stage.components.a.probes]]
url = "https://x.example/${env.A}"
json = { "/a" = 1.5, "/b" = "${release.sha}" }
headers = { A = "${env.A}" }
[contract.a]
A = { required = ["stage"], isolated = true, matches = '^(a|b){1,20}\w$', secret = true }
B = { one-of = ["a", "b"] }
"vars.A" = { url = { schemes = ["https"], local = true } }
"#,
];

const DEEP: [&str; 9] = ["[", "{", "{a=", "a.", "[[", "${vars.A}", "${release.sha}", "[environments.x", "\"\"\"\n"];

fn assert_short(errors: &ConfigErrors) {
    assert!((1..=CONFIGURATION_PROBLEMS.count() + 1).contains(&errors.iter().count()));
    let length = |error: &crate::config::ConfigError| error.message.len() + error.hint.len();
    let longest = errors.iter().map(length).max().unwrap_or_default();
    assert!(longest <= 8 << 10, "a problem is {longest} bytes long");
    assert!(!errors.render(false).contains("##["));
}

fn read(text: &str, variable: &str) {
    let document = match ConfigurationFile::parse(Utf8Path::new("shipgate.toml"), text) {
        Ok(document) => document,
        Err(errors) => return assert_short(&errors),
    };
    drop(document.outline("shipgate.toml"));
    let vars = json!({"A": variable, "STAGE_URL": variable, "REGION": 1, "B": null}).to_string();
    let env = |_: &str| Some(variable.to_owned());
    for environment in document.environments() {
        for purpose in [Purpose::Change, Purpose::Services, Purpose::Values] {
            let request = ResolveRequest {
                environment,
                components: &[],
                purpose,
                vars: Some(&vars),
                env: &env,
                in_workflow: false,
            };
            match document.resolve(&request) {
                Ok(target) => {
                    let length = format!("{target:?}").len();
                    assert!(length <= 2 * RESOLVED_TOTAL.count() + (64 << 10) + text.len(), "it became {length} bytes");
                }
                Err(errors) => assert_short(&errors),
            }
        }
    }
}

proptest! {
    #![proptest_config(super::config())]

    #[test]
    fn fuzz_configuration(text in damaged(&GOOD, &DEEP), variable in ".{0,20}", times in 0_usize..400) {
        soon(|| read(&text, &variable.repeat(times)));
    }
}

/// What one text grows to is known before it is made.
#[test]
fn values_do_not_grow_beyond_their_limit() {
    let with = |text: &str| GOOD[1].replace("https://x.example/${vars.A}", text);
    let resolved = |text: &str, variable: &str| {
        let vars = json!({"A": variable}).to_string();
        let document =
            ConfigurationFile::parse(Utf8Path::new("shipgate.toml"), text).map_err(|errors| errors.to_string())?;
        let request = ResolveRequest {
            environment: "stage",
            components: &[],
            purpose: Purpose::Change,
            vars: Some(&vars),
            env: &|_| Some("x".to_owned()),
            in_workflow: false,
        };
        document.resolve(&request).map_err(|errors| errors.to_string())
    };
    let many = with(&format!("https://x.example/{}", "${vars.A}".repeat(90_000)));
    let refused = soon(|| resolved(&many, &"a".repeat(10_000))).unwrap_err();
    assert!(refused.contains("longer than 64 KiB") && refused.len() < 2000, "{refused:.500}");
    let fits = with(&format!("https://x.example/{}", "a".repeat(RESOLVED_TEXT.count() - 18)));
    assert!(resolved(&fits, "a").is_ok());
    assert!(resolved(&fits.replace("aa\"", "aaa\""), "a").is_err());

    let args: String = (0..20_000).map(|number| format!(", A{number} = \"${{vars.A}}\"")).collect();
    let all = GOOD[1].replace(", R = ", &format!("{args}, R = "));
    let refused = soon(|| resolved(&all, &"a".repeat(10_000))).unwrap_err();
    assert!(refused.contains("longer than 8 MiB"), "{refused:.500}");
}

#[test]
fn a_configuration_has_no_more_parts_than_can_be_looked_at() {
    let parse = |text: &str| ConfigurationFile::parse(Utf8Path::new("shipgate.toml"), text).map(drop);
    let environments = |count: usize| -> String {
        (0..count).map(|number| format!("[environments.e{number}]\nregion = \"us-east-1\"\n")).collect()
    };
    let base = GOOD[1].split("[environments").next().unwrap();
    assert!(parse(&format!("{base}{}", environments(200))).is_ok());
    let refused = parse(&format!("{base}{}", environments(201))).unwrap_err().to_string();
    assert!(refused.contains("more than 200 environments"), "{refused}");
    let components: String = (0..200).map(|number| format!("[components.c{number}]\nkind = \"ecs\"\n")).collect();
    let refused = parse(&format!("{base}{components}{}", environments(1))).unwrap_err().to_string();
    assert!(refused.contains("more than 200 components"), "{refused}");
    let refused = parse(&format!("{base}{}#{}", environments(1), "x".repeat(1 << 20))).unwrap_err().to_string();
    assert!(refused.contains("longer than 1 MiB"), "{refused}");
}

#[test]
fn many_problems_are_counted() {
    let wrong: String = (0..30_000).map(|number| format!("x{number} = 1\n")).collect();
    let errors = soon(|| ConfigurationFile::parse(Utf8Path::new("shipgate.toml"), &wrong)).unwrap_err();
    assert_eq!(errors.iter().count(), CONFIGURATION_PROBLEMS.count() + 1);
    let last = errors.iter().last().unwrap();
    assert!(last.message.contains("more problems"), "{last:?}");
    assert!(soon(|| errors.render(false)).len() < 200_000);
}
