//! Contracts: what they mean, what is said of wrong ones, and that what is proposed is a right one.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::domain::check::Rule;
use crate::domain::contract::declared::{ArnRule, Required, Rules, UrlRule, ValuePattern};
use crate::domain::contract::{
    Content, DeclaredContract, JudgedValues, ObservedValues, Values, VariableValue, judge, propose,
};
use crate::domain::names::EnvironmentName;

const PAGE: &str = include_str!("../../../docs/contract/README.md");

/// Three environments, of which each is promoted from the one before.
const BASE: &str = r#"
app = "shop"
[components.web]
kind = "ecs"
build.context = "."
container = "web"
repository = "shop"
cluster = "shop"
service = "web"
[environments.main]
region = "us-west-1"
[environments.staging]
region = "us-west-1"
promotes-from = "main"
gates.approval = "none"
[environments.production]
region = "us-west-1"
promotes-from = "staging"
gates.approval = "none"
"#;

/// The place in the file is not in question.
fn with_contract(contract: &str) -> String {
    format!("{BASE}{contract}")
}

fn contract(text: &str) -> DeclaredContract {
    resolve(text, "production", &[], None).unwrap_or_else(|errors| panic!("{errors}\n{text}")).components[0]
        .contract
        .clone()
}

/// What is wrong with the rules of one variable: the offending text, the message and the hint.
fn wrong(rules: &str) -> Vec<String> {
    let errors = refused(&with_contract(&format!("[contract.web]\n{rules}\n")));
    let line = |ConfigError { location, message, hint, .. }: &ConfigError| {
        format!("{} | {message} | {hint}", location.as_ref().unwrap().text)
    };
    errors.iter().map(line).collect()
}

#[test]
fn every_rule_is_read() {
    let text = with_contract(
        r#"
        [contract.web]
        EMPTY = {}
        ALL = { required = true, isolated = true, matches = '^a$', secret = true, shared = { staging = "main" } }
        SOME = { required = ["main", "production"], one-of = ["blue", "green"], inherited = true }
        URL = { url = "https" }
        URLS = { url = ["https", "wss"] }
        LOCAL = { url = { schemes = "http", local = true } }
        ARN = { arn = "secretsmanager" }
        ANY_ARN = { arn = true, required = false, isolated = false }
        "vars.STAGE_URL" = { required = true, url = "https" }
        "discovery.type" = {}
        [contract.web.TABLE]
        required = true
        "#,
    );
    let https = || UrlRule { schemes: vec!["https".to_owned()], local: false };
    let name = |text: &str| text.parse::<EnvironmentName>().unwrap();
    let expected = [
        ("EMPTY", Rules::default()),
        (
            "ALL",
            Rules {
                required: Required::Everywhere,
                isolated: true,
                matches: Some(ValuePattern::new("^a$").unwrap()),
                secret: true,
                shared: [(name("staging"), name("main"))].into(),
                ..Rules::default()
            },
        ),
        (
            "SOME",
            Rules {
                required: Required::In(vec![name("main"), name("production")]),
                one_of: vec!["blue".to_owned(), "green".to_owned()],
                inherited: true,
                ..Rules::default()
            },
        ),
        ("URL", Rules { url: Some(https()), ..Rules::default() }),
        (
            "URLS",
            Rules {
                url: Some(UrlRule { schemes: vec!["https".to_owned(), "wss".to_owned()], local: false }),
                ..Rules::default()
            },
        ),
        ("LOCAL", Rules { url: Some(UrlRule { schemes: vec!["http".to_owned()], local: true }), ..Rules::default() }),
        ("ARN", Rules { arn: Some(ArnRule::Of("secretsmanager".to_owned())), ..Rules::default() }),
        ("ANY_ARN", Rules { arn: Some(ArnRule::Any), ..Rules::default() }),
        ("vars.STAGE_URL", Rules { required: Required::Everywhere, url: Some(https()), ..Rules::default() }),
        ("discovery.type", Rules::default()),
        ("TABLE", Rules { required: Required::Everywhere, ..Rules::default() }),
    ];
    let contract = contract(&text);
    let found: Vec<(&str, Rules)> = contract.declared.iter().map(|it| (it.name.as_str(), it.rules.clone())).collect();
    assert_eq!(found, expected);
    let line = |name: &str| contract.get(name).unwrap().place.unwrap().line;
    let at = |start: &str| text.lines().position(|line| line.trim().starts_with(start)).unwrap() + 1;
    assert_eq!((line("ALL"), line("TABLE")), (at("ALL"), at("[contract.web.TABLE]")));
    let outline = parse(&text).unwrap().outline("shipgate.toml");
    assert_eq!(outline.contracts, BTreeMap::from([("web".to_owned(), contract)]));
}

#[test]
fn a_component_without_a_contract_has_an_empty_one() {
    assert_eq!(contract(BASE), DeclaredContract::default());
    assert_eq!(contract(&with_contract("[contract.web]\n")), DeclaredContract::default());
    assert_eq!(parse(BASE).unwrap().outline("shipgate.toml").contracts, BTreeMap::new());
}

#[test]
fn what_is_wrong_with_a_rule() {
    let long = format!("A = {{ matches = \"{}\" }}", "a".repeat(1001));
    for (rules, expected) in [
        (
            "A = { requird = true }",
            "requird | unknown key `requird` in `contract.web.A` | write `required`, or remove it",
        ),
        ("A = true", "true | `A` must be a table, not a boolean | write it as a table: `A = { … }`"),
        (
            "A = { required = \"production\" }",
            "\"production\" | `required` must be a boolean, not a string | write `required = true` or `required = false`",
        ),
        ("A = { required = [] }", "[] | `required` is empty | name the environments, or write `required = false`"),
        (
            "A = { required = [\"prodution\"] }",
            "\"prodution\" | there is no environment `prodution` | write `production`",
        ),
        ("A = { required = [\"main\", \"main\"] }", "\"main\" | `main` is in `required` twice | remove one"),
        (
            "A = { isolated = true, inherited = true }",
            "true | `A` is both `isolated` and `inherited` | remove one of them; an exception of `isolated` is `shared`",
        ),
        (
            "A = { shared = {} }",
            "shared | `shared` is empty | write whose value it is where: `{ staging = \"main\" }`, or remove the key",
        ),
        ("A = { shared = { stagin = \"main\" } }", "stagin | there is no environment `stagin` | write `staging`"),
        ("A = { shared = { staging = \"mian\" } }", "\"mian\" | there is no environment `mian` | write `main`"),
        (
            "A = { shared = { main = \"main\" } }",
            "\"main\" | `main` cannot share with itself | write one of `staging`, `production`",
        ),
        (
            "A = { shared = { staging = \"main\", main = \"staging\" } }",
            "\"staging\" | `shared` of `A` goes in a circle | remove it where the value comes from",
        ),
        (
            "A = { inherited = true, shared = { production = \"main\" } }",
            "\"main\" | `production` has `main` for `shared` and `staging` for `inherited` | remove the one that is wrong",
        ),
        (
            "A = { matches = \"(\" }",
            "\"(\" | `matches`: \"(\" is not a regular expression that can be used | correct it: it is like `^us-west-1_\\w+$`; write `\\\\` for `\\` in double quotes, or use single quotes; a pattern that repeats much is too large",
        ),
        (
            "A = { matches = '(\\w{900}){900}' }",
            "'(\\w{900}){900}' | `matches`: \"(\\\\w{900}){900}\" is not a regular expression that can be used | correct it: it is like `^us-west-1_\\w+$`; write `\\\\` for `\\` in double quotes, or use single quotes; a pattern that repeats much is too large",
        ),
        ("A = { matches = \"${app}\" }", "\"${app}\" | `matches` cannot have variables | write the value itself"),
        ("A = { one-of = [] }", "[] | `one-of` is empty | name the values that it may have, or remove the key"),
        (
            "A = { one-of = [\"\"] }",
            "\"\" | `one-of`: \"\" is not a value that a variable may have | correct it: it has at least one character; a variable that is empty counts as not set",
        ),
        (
            "A = { one-of = [\"a\"], url = \"https\" }",
            "\"a\" | `A` has both `one-of` and `url` | remove `url`: `one-of` has all values",
        ),
        (
            "A = { one-of = [\"a\"], matches = \"a\" }",
            "\"a\" | `A` has both `one-of` and `matches` | remove `matches`: `one-of` has all values",
        ),
        (
            "A = { one-of = [\"a\"], secret = true }",
            "true | `A` is `secret`, and `one-of` shows its values | remove `one-of`; `matches` describes a secret",
        ),
        (
            "A = { url = \"https://\" }",
            "\"https://\" | `url`: \"https://\" is not a scheme | correct it: it is like `https` or `postgres`, in lower case, without `://`",
        ),
        ("A = { url = [] }", "[] | `url` is empty | name the scheme: `\"https\"`"),
        (
            "A = { url = { local = true } }",
            "url | `schemes` is missing in `contract.web.A.url` | add `schemes = \"https\"`",
        ),
        ("A = { url = \"https\", arn = true }", "true | `A` has both `url` and `arn` | remove one of them"),
        (
            "A = { arn = \"Secrets Manager\" }",
            "\"Secrets Manager\" | `arn`: \"Secrets Manager\" is not a service | correct it: it is the third part of an ARN, like `secretsmanager` or `ssm`",
        ),
        (
            "\"A B\" = {}",
            "\"A B\" | \"A B\" is not the name of a variable | correct it: it has letters, digits, `_`, `-` and `.`, and begins with a letter or `_`; a variable of the repository is `\"vars.NAME\"`",
        ),
        (
            "\"vars.A\" = { isolated = true }",
            "true | `isolated` cannot be said of `vars.A` | remove it: a variable of the repository is the same for all environments",
        ),
        (
            "\"vars.A\" = { shared = { staging = \"main\" } }",
            "staging | `shared` cannot be said of `vars.A` | remove it: a variable of the repository is the same for all environments",
        ),
        (
            "\"vars.A\" = { secret = true }",
            "true | `secret` cannot be said of `vars.A` | remove it: variables of a repository are no secrets; keep one in a secret of AWS or GitHub",
        ),
    ] {
        assert_eq!(wrong(rules), [expected], "{rules}");
    }
    assert_eq!(wrong(&long).len(), 1);
    assert_eq!(wrong("\"vars.A-B\" = {}").len(), 1);
}

#[test]
fn a_contract_is_of_a_component_that_there_is() {
    let errors = refused(&with_contract("[contract.wep]\nA = {}\n"));
    assert!(reported(&errors).ends_with("wep | there is no component `wep` | write `web`"), "{errors}");
    let alone = BASE.split("[environments.staging]").next().unwrap();
    let errors = refused(&format!("{alone}[contract.web]\nA = {{ inherited = true }}\n"));
    let expected = "true | `A` is `inherited`, and no environment has `promotes-from` | remove `inherited`, or say with `shared` \
                    whose value it has";
    assert!(reported(&errors).ends_with(expected), "{errors}");
}

#[test]
fn so_many_variables_can_be_declared() {
    let of = |count: usize| {
        let names: Vec<String> = (0..count).map(|number| format!("V{number} = {{ matches = '^\\w+$' }}")).collect();
        with_contract(&format!("[contract.web]\n{}\n", names.join("\n")))
    };
    assert_eq!(contract(&of(1000)).declared.len(), 1000);
    assert!(refused(&of(1001)).to_string().contains("more than 1000 variables in the contracts"));
}

#[test]
fn the_examples_of_the_page_are_right() {
    let examples: Vec<&str> = PAGE.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(examples.len() >= 2, "{examples:?}");
    for example in examples {
        assert!(!contract(&with_contract(example)).is_empty(), "{example}");
    }
}

fn plain(text: &str) -> VariableValue {
    VariableValue { content: Content::Plain(text.to_owned().into()), from: "a test".to_owned() }
}

/// What some environments have, as a contract proposes it.
fn proposed(environments: &[(EnvironmentName, Values)], is_all: bool, has_references: bool) -> String {
    let name = |text: &str| text.parse::<EnvironmentName>().unwrap();
    propose(&ObservedValues {
        component: &"web".parse().unwrap(),
        environments,
        promotes: &[(name("staging"), name("main")), (name("production"), name("staging"))],
        shares: &[],
        is_all,
        has_references,
    })
}

fn environments(each: &[(&str, &[(&str, VariableValue)])]) -> Vec<(EnvironmentName, Values)> {
    let values = |entries: &[(&str, VariableValue)]| {
        Values(entries.iter().map(|(name, value)| ((*name).into(), value.clone())).collect())
    };
    each.iter().map(|(name, entries)| (name.parse().unwrap(), values(entries))).collect()
}

#[test]
fn a_proposal_has_names_and_flags() {
    let reference = |text: &str| VariableValue { content: Content::Reference(text.to_owned().into()), ..plain("") };
    let of = |suffix: &str, has_some: bool| {
        let mut entries = vec![
            ("API_URL", plain(&format!("https://{suffix}.shop.io"))),
            ("DB_PASSWORD", reference(&format!("arn:aws:ssm:us-west-1:1:parameter/{suffix}"))),
            ("FLAG", plain("on")),
            ("JWT_SECRET", plain("the same")),
            ("AWS_REGION", plain("us-west-1")),
            ("NAME WITH BLANKS", plain("x")),
            ("a.b", plain("")),
        ];
        entries.extend(has_some.then(|| ("ONLY_HERE", plain("x"))));
        entries
    };
    let (main, staging, production) = (of("main", false), of("staging", true), of("production", true));
    let seen = environments(&[("main", &main), ("staging", &staging), ("production", &production)]);
    assert_eq!(
        proposed(&seen, true, true),
        r#"# From what main, staging, production have today: names and rules, no values.
# 1 left out, whose names a contract cannot have.
[contract.web]
API_URL = { required = true, isolated = true, url = "https" }
DB_PASSWORD = { required = true, isolated = true, secret = true }
FLAG = { required = true, inherited = true }
# JWT_SECRET is plain text: keep it in a secret store, and add `secret = true`
JWT_SECRET = { required = true, inherited = true }
ONLY_HERE = { required = ["staging", "production"] }
"a.b" = {}
"#
    );
    let part = proposed(&seen[..2], false, false);
    assert!(part.contains("# Not every environment could be read.\n"), "{part}");
    assert!(part.contains("FLAG = { required = [\"main\", \"staging\"], inherited = true }\n"), "{part}");
    assert!(
        part.contains("JWT_SECRET = { required = [\"main\", \"staging\"], inherited = true, secret = true }\n"),
        "{part}"
    );
}

/// Something that a variable may be set to. The middle is made of nothing that a name or a rule has.
fn value() -> impl Strategy<Value = Option<(bool, String)>> {
    let text = prop_oneof![
        4 => "[0-9!#%&*+?^~]{12}",
        1 => "https://[0-9a-f]{12}\\.io/[0-9]{12}",
        1 => "postgres://[0-9]{12}@db:5432/[0-9]{12}",
        1 => Just(String::new()),
        1 => Just("@same12345678".to_owned()),
    ];
    prop_oneof![1 => Just(None), 6 => (any::<bool>(), text).prop_map(Some)]
}

proptest! {
    #[test]
    fn a_proposal_is_a_right_contract_that_holds_today_and_shows_no_value(
        seen in prop::collection::vec(
            prop::collection::btree_map("(API_|DB_|VITE_|)(URL|KEY|PASSWORD|FLAG|a\\.b|C-D|É F)", value(), 0..8), 3,
        ),
        has_references in any::<bool>(),
        read in 1_usize..4,
    ) {
        let names = ["main", "staging", "production"];
        let each = names.iter().zip(&seen).map(|(name, entries)| {
            let of = |(is_reference, text): &(bool, String)| {
                let text = text.clone().into();
                let content = if *is_reference { Content::Reference(text) } else { Content::Plain(text) };
                VariableValue { content, from: "a test".to_owned() }
            };
            let values = entries.iter().filter_map(|(name, value)| Some((name.clone(), of(value.as_ref()?)))).collect();
            (name.parse::<EnvironmentName>().unwrap(), Values(values))
        });
        let each: Vec<(EnvironmentName, Values)> = each.take(read).collect();
        let text = proposed(&each, read == 3, has_references);
        for (_, value) in seen.iter().flatten() {
            let Some((_, text_of_value)) = value else { continue };
            prop_assert!(text_of_value.is_empty() || !text.contains(text_of_value.as_str()), "{}", text);
            // Nor a part of it.
            for part in text_of_value.split(|c: char| !c.is_ascii_digit()).filter(|part| part.len() >= 4) {
                prop_assert!(!text.contains(part), "{}", text);
            }
        }
        let contract = contract(&with_contract(&text));
        for (environment, values) in &each {
            let others: Vec<(EnvironmentName, Result<Values, String>)> = each
                .iter()
                .filter(|(other, _)| other != environment)
                .map(|(other, values)| (other.clone(), Ok(values.clone())))
                .collect();
            let source = match environment.as_str() {
                "staging" => Some(&each[0].0),
                "production" => Some(&each[1].0),
                _ => None,
            };
            let findings = judge(&contract, &JudgedValues {
                component: &"web".parse().unwrap(),
                environment,
                account: None,
                region: &"us-west-1".parse().unwrap(),
                source,
                shares_with: &[],
                is_public: false,
                has_references,
                values,
                others: &others,
                file: "shipgate.toml",
            });
            // What is wrong with a value whatever is declared stays wrong, and so do names that a contract cannot have.
            let expected = [Rule::ContractClientSecret, Rule::ContractPlaceholder, Rule::ContractUndeclared];
            prop_assert!(findings.all.iter().all(|it| expected.contains(&it.rule)), "{:?}\n{}", findings.all, text);
        }
    }
}
