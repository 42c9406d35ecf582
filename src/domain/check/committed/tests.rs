use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::domain::check::outline::{Outline, OutlinedEnvironment};
use crate::domain::check::{CheckFinding, Findings, Rule};
use crate::domain::contract::DeclaredContract;
use crate::domain::contract::declared::{Declared, Rules};

/// What is found, as `rule LINE:COLUMN`.
fn found(file: &str, text: &str, outline: Option<&Outline>) -> Vec<String> {
    let syntax = syntax(file).unwrap();
    let mut withheld = Withheld::default();
    let findings = judge((file, text), syntax, outline, &mut withheld);
    let shown = |finding: &CheckFinding| {
        let place = finding.place.unwrap();
        assert_eq!(finding.file.as_deref(), Some(file));
        format!("{} {} {}:{}", finding.level.as_str(), finding.rule, place.line, place.column)
    };
    findings.iter().map(shown).collect()
}

#[track_caller]
fn assert_found(file: &str, text: &str, expected: &[&str]) {
    assert_eq!(found(file, text, None), expected, "{file}: {text}");
}

/// Put together here, so that no scanner takes this file for a leak.
fn stripe() -> String {
    ["sk_", "live_", "9f3kQzT7mWx2LpVb8RdY4NcJ"].concat()
}

const PASSWORD: &str = "Sh0pPr0d-9f3kQz!";

#[test]
fn secrets_are_found_in_every_kind_of_file() {
    let key = stripe();
    for (file, text, expected) in [
        (".env", format!("A=b\nexport DB_PASSWORD='{PASSWORD}'\n"), "error committed-secret 2:8"),
        ("web/.env.production", format!("ANYTHING={key}\r\n"), "error committed-secret 1:1"),
        (".env.example", format!("DB_PASSWORD={PASSWORD}"), "error committed-secret 1:1"),
        (".env.staging", "POSTGRES_PASSWORD=P0stgres!aq9Z\n".to_owned(), "error committed-secret 1:1"),
        (".env.test", format!("KEY={key}"), "warning committed-secret 1:5"),
        (".env", format!("# OLD={key}\n"), "error committed-secret 1:7"),
        (".env", format!("REACT_APP_STRIPE={key}\n"), "error client-secret 1:1"),
        (".env", format!("VITE_DB_PASSWORD={PASSWORD}\n"), "error client-secret 1:1"),
        ("Dockerfile", format!("FROM a\nENV A=b STRIPE_KEY={key}\n"), "error committed-secret 2:9"),
        ("Dockerfile", format!("FROM a\nENV DB_PASSWORD {PASSWORD}\n"), "error committed-secret 2:5"),
        (
            "taskdef.json",
            format!("{{\"environment\": [\n{{\"name\": \"DB_PASSWORD\", \"value\": \"{PASSWORD}\"}}]}}"),
            "error committed-secret 2:11",
        ),
        ("amplify.yml", format!("a:\n  - export API_SECRET={PASSWORD}\n"), "error committed-secret 2:12"),
        ("amplify.yml", format!("  - echo \"API_SECRET={PASSWORD}\" >> .env\n"), "error committed-secret 1:11"),
        (".github/workflows/a.yml", format!("env: {{ DB_PASSWORD: {PASSWORD} }}\n"), "error committed-secret 1:8"),
        (
            ".github/workflows/a.yml",
            format!("  - run: terraform apply -var=\"db_password={PASSWORD}\"\n"),
            "error committed-secret 1:32",
        ),
        (".github/workflows/a.yml", format!("  - run: curl -H 'X: {key}' x\n"), "error committed-secret 1:22"),
        ("tests/.env", format!("A={key}\n"), "warning committed-secret 1:3"),
    ] {
        assert_found(file, &text, &[expected]);
    }
}

#[test]
fn what_is_looked_up_or_no_secret_is_not_found() {
    for (file, text) in [
        (".env", "DB_PASSWORD=\nAPI_SECRET=${API_SECRET}\nTOKEN_FILE=/run/secrets/token1\nPORT=3000\n"),
        (".env.example", "DB_PASSWORD=CHANGEME\nAPI_KEY=xxx\nTOKEN=<your token>\n"),
        (".env.test", "POSTGRES_PASSWORD=P0stgres!aq9Z\n"),
        ("web/.env.ci.local", "POSTGRES_PASSWORD=P0stgres!aq9Z\n"),
        (
            ".env",
            "VITE_MAPS_API_KEY=AIzaSyD9f3kQzT7mWx2LpVb8RdY4NcJ0aQe1Uz\nNEXT_PUBLIC_STRIPE=pk_live_9f3kQzT7mWx2LpVb8RdY\n",
        ),
        (".github/workflows/a.yml", "env:\n  GITHUB_TOKEN: ${{ secrets.GITHUB_TOKEN }}\n  DB_PASSWORD: postgres\n"),
        (
            ".github/workflows/a.yml",
            "  - uses: actions/checkout@0123456789abcdef0123456789abcdef01234567\n    id-token: write\n",
        ),
        (".github/workflows/a.yml", "  - run: docker run -e TOKEN=\"$TOKEN\" -e PASSWORD=$(cat x)\n"),
        (
            "taskdef.json",
            r#"{"secrets": [{"name": "DB_PASSWORD", "valueFrom": "arn:aws:ssm:eu-central-1:111122223333:parameter/a9Xz"}]}"#,
        ),
        (
            ".env",
            "AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE\nAWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n",
        ),
        ("docs/.env", "DB_PASSWORD=Sh0pPr0d-9f3kQz!\nA=CHANGEME\n"),
        ("fixtures/Dockerfile", "ENV DB_PASSWORD=Sh0pPr0d-9f3kQz!\n"),
    ] {
        assert_found(file, text, &[]);
    }
}

#[test]
fn values_that_are_still_to_be_filled_in_are_found() {
    assert_found(".env.production", "API_URL=CHANGEME\nlower=CHANGEME\n", &["warning placeholder-value 1:1"]);
    assert_found("amplify.yml", "  - export API_URL=CHANGEME\n", &["warning placeholder-value 1:12"]);
    assert_found(".env.template", "API_URL=CHANGEME\n", &[]);
    assert_found(".env.production", "USER_POOL_ID=us-west-1_PROD\n", &["warning placeholder-value 1:1"]);
    assert_found(".env.production", "USER_POOL_ID=us-west-1_Ab3dE6gH9\nA_NAME=my-app_PROD\n", &[]);
}

fn declaring(rules: Rules) -> Outline {
    let declared = vec![Declared { name: "PIN".to_owned(), rules, ..Declared::default() }];
    let environments = vec![OutlinedEnvironment { name: "production".to_owned(), ..OutlinedEnvironment::default() }];
    let contracts = BTreeMap::from([("web".to_owned(), DeclaredContract { declared })]);
    Outline { file: "shipgate.toml".to_owned(), environments, contracts, ..Outline::default() }
}

#[test]
fn what_is_declared_as_a_secret_has_no_value_in_a_file() {
    let outline = declaring(Rules { secret: true, ..Rules::default() });
    assert_eq!(found(".env", "PIN=1234\n", Some(&outline)), ["error committed-value 1:1"]);
    for clean in ["PIN=\n", "PIN=${PIN}\n", "OTHER=1234\n"] {
        assert_eq!(found(".env", clean, Some(&outline)), [""; 0], "{clean}");
    }
    assert_eq!(found(".env.example", "PIN=1234\n", Some(&outline)), [""; 0], "an example");
    let key = stripe();
    assert_eq!(found(".env", &format!("PIN={key}\n"), Some(&outline)), ["error committed-secret 1:1"]);
}

#[test]
fn what_a_dockerfile_is_suspected_of_is_not_said_beside_what_was_found() {
    let mut findings = Findings::default();
    let at = |rule, line| {
        CheckFinding::new(rule, "m", "h").in_file("Dockerfile", Some(super::super::LinePlace::at(line, 5)))
    };
    findings.all = vec![at(Rule::SecretInImage, 2), at(Rule::SecretInImage, 3), at(Rule::CommittedSecret, 2)];
    say_once(&mut findings);
    assert_eq!(findings.all, [at(Rule::SecretInImage, 3), at(Rule::CommittedSecret, 2)]);
}

/// A value with its surroundings in each kind of file.
fn files(value: &str) -> Vec<(&'static str, String)> {
    vec![
        (".env", format!("DB_PASSWORD={value}\nVITE_API_SECRET='{value}'\nPIN=\"{value}\"\n{value}")),
        ("Dockerfile", format!("FROM a\nENV DB_PASSWORD={value} X={value}\nENV API_SECRET {value}\n")),
        ("taskdef.json", serde_json::json!({"a": [{"name": "DB_PASSWORD", "value": value}], "PIN": value}).to_string()),
        (
            ".github/workflows/a.yml",
            format!("env:\n  DB_PASSWORD: {value}\n  PIN: \"{value}\"\n  - run: x --token={value} -- {value}\n"),
        ),
        ("amplify.yml", format!("  - export PIN={value}\n  - echo \"API_TOKEN={value}\" >> .env\n")),
    ]
}

proptest! {
    #[test]
    fn no_finding_has_a_value(value in "[A-Za-z0-9!-~]{6,40}|(sk_live_|ghp_|AKIA|https://a:)[A-Za-z0-9@.=:]{20,60}") {
        let outline = declaring(Rules { secret: true, ..Rules::default() });
        for (file, text) in files(&value) {
            let mut withheld = Withheld::default();
            let mut findings = Findings::default();
            findings.all = judge((file, &text), syntax(file).unwrap(), Some(&outline), &mut withheld);
            withheld.take_out(&mut findings);
            for finding in &findings.all {
                let place = finding.place.unwrap();
                prop_assert!(place.end_column - place.column <= "VITE_API_SECRET".len(), "{:?}", finding);
                for text in [&finding.message, &finding.hint] {
                    prop_assert!(!text.contains(&value), "{:?} in {:?}", value, finding);
                }
            }
        }
    }

    #[test]
    fn no_text_ends_the_search(text in "([A-Za-z=:\"'{} \n#$-]|PASSWORD=|://){0,80}") {
        for file in [".env", "Dockerfile", "taskdef.json", "amplify.yml"] {
            let _found = found(file, &text, None);
        }
    }
}
