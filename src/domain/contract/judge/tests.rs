//! Tables of situations: what is declared, what is set, and what is found.

use proptest::prelude::*;

use super::super::declared::{ArnRule, Required, UrlRule, ValuePattern};
use super::*;
use crate::domain::check::LinePlace;

/// The environments of a test: main, staging (promoted from main) and production (promoted from staging).
fn name<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

fn plain(text: &str) -> VariableValue {
    VariableValue { content: Content::Plain(text.to_owned().into()), from: "task definition web:7".to_owned() }
}

fn reference(text: &str) -> VariableValue {
    VariableValue { content: Content::Reference(text.to_owned().into()), from: "task definition web:7".to_owned() }
}

/// Values of texts; one that begins with `@` is a reference.
fn values(entries: &[(&str, &str)]) -> Values {
    let value = |text: &str| text.strip_prefix('@').map_or_else(|| plain(text), reference);
    Values(entries.iter().map(|(name, text)| ((*name).to_owned(), value(text))).collect())
}

fn declares(name: &str, rules: Rules) -> DeclaredContract {
    DeclaredContract { declared: vec![Declared { name: name.to_owned(), place: None, rules }] }
}

/// What is found in production, which is promoted from staging, beside others that were read.
fn found(contract: &DeclaredContract, here: &[(&str, &str)], others: &[(&str, &[(&str, &str)])]) -> Vec<String> {
    let others: Vec<_> = others.iter().map(|(other, theirs)| (name(other), Ok(values(theirs)))).collect();
    shown(&judged(contract, &values(here), &others, &[]))
}

/// Values of a kind without references, in production, with no other environment.
fn judged_alone(
    contract: &DeclaredContract,
    values: &Values,
    account: Option<&AccountId>,
    is_public: bool,
) -> Findings {
    judge(
        contract,
        &JudgedValues {
            component: &name("web"),
            environment: &name("production"),
            account,
            region: &name("us-west-1"),
            source: None,
            shares_with: &[],
            is_public,
            has_references: false,
            values,
            others: &[],
            file: "shipgate.toml",
        },
    )
}

fn judged(
    contract: &DeclaredContract,
    values: &Values,
    others: &[(EnvironmentName, Result<Values, String>)],
    shares_with: &[EnvironmentName],
) -> Findings {
    judge(
        contract,
        &JudgedValues {
            component: &name("web"),
            environment: &name("production"),
            account: Some(&name("123456789012")),
            region: &name("us-west-1"),
            source: Some(&name("staging")),
            shares_with,
            is_public: false,
            has_references: true,
            values,
            others,
            file: "shipgate.toml",
        },
    )
}

fn shown(findings: &Findings) -> Vec<String> {
    let left = findings.left_out.iter().map(|left| format!("- {}: {}", left.what, left.why));
    let all = findings.all.iter().map(|it| format!("{} {}: {}", it.level.as_str(), it.rule, it.message));
    all.chain(left).map(|line| line.replace(" (task definition web:7)", "")).collect()
}

fn rule(change: impl FnOnce(&mut Rules)) -> DeclaredContract {
    let mut rules = Rules::default();
    change(&mut rules);
    declares("A", rules)
}

#[test]
fn what_is_required_is_set_and_not_empty() {
    let everywhere = rule(|rules| rules.required = Required::Everywhere);
    let here = rule(|rules| rules.required = Required::In(vec![name("production")]));
    let elsewhere = rule(|rules| rules.required = Required::In(vec![name("main")]));
    for contract in [&everywhere, &here] {
        assert_eq!(found(contract, &[("A", "1")], &[]), [""; 0]);
        assert_eq!(found(contract, &[("A", "@arn:aws:ssm:x")], &[]), [""; 0]);
        assert_eq!(found(contract, &[], &[]), ["error contract-required: `A` of web in production is not set"]);
        assert_eq!(found(contract, &[("A", "")], &[]), ["error contract-required: `A` of web in production is empty"]);
    }
    assert_eq!(found(&elsewhere, &[], &[]), [""; 0]);
}

#[test]
fn a_finding_says_where_the_value_stands_and_where_it_is_declared() {
    let mut contract = rule(|rules| rules.one_of = vec!["1".to_owned()]);
    contract.declared[0].place = Some(LinePlace::at(7, 1));
    let findings = judged(&contract, &values(&[("A", "2")]), &[], &[]);
    let [finding] = findings.all.as_slice() else { panic!("{findings:?}") };
    let what = "`A` of web in production is none of the values that it may have (task definition web:7)";
    assert_eq!((finding.message.as_str(), finding.hint.as_str()), (what, "set one of `1`, or add it to `one-of`"));
    assert_eq!((finding.file.as_deref(), finding.place), (Some("shipgate.toml"), Some(LinePlace::at(7, 1))));
}

#[test]
fn what_is_isolated_differs_from_each_other_environment() {
    let contract = rule(|rules| rules.isolated = true);
    for (here, others, expected) in [
        ("1", [("main", "2"), ("staging", "3")], vec![]),
        ("1", [("main", "1"), ("staging", "2")], vec!["has the same value as in main"]),
        ("1", [("main", "1"), ("staging", "1")], vec!["has the same value as in main, staging"]),
        // What leads to the same database is no other one for a blank.
        ("1", [("main", "1 \n"), ("staging", "")], vec!["has the same value as in main"]),
        ("https://a/", [("main", "https://a"), ("staging", "https://a/b")], vec!["has the same value as in main"]),
        ("", [("main", ""), ("staging", "")], vec![]),
        (
            "@arn:aws:ssm:1",
            [("main", "@arn:aws:ssm:1"), ("staging", "arn:aws:ssm:1")],
            vec!["has the same value as in main"],
        ),
    ] {
        let others = others.map(|(other, text)| (other, [("A", text)]));
        let others: Vec<(&str, &[(&str, &str)])> =
            others.iter().map(|(other, entries)| (*other, entries.as_slice())).collect();
        let expected: Vec<String> =
            expected.iter().map(|what| format!("error contract-isolated: `A` of web in production {what}")).collect();
        assert_eq!(found(&contract, &[("A", here)], &others), expected, "{here} {others:?}");
    }
    // A name of a parameter without account and region.
    let arn = "@arn:aws:ssm:us-west-1:123456789012:parameter/shop/key";
    for (here, there) in [("@/shop/key", "@/shop/key"), ("@/shop/key", arn), (arn, "@/shop/key")] {
        assert_eq!(
            found(&contract, &[("A", here)], &[("main", &[("A", there)])]),
            ["- `A` of web in production: not compared with main: a name without account and region can be two \
                 parameters; write its ARN"]
        );
    }
    assert_eq!(found(&contract, &[("A", arn)], &[("main", &[("A", "@/other/key")])]), [""; 0]);
}

#[test]
fn what_is_shared_on_purpose_is_not_isolated() {
    let others = [(name("main"), Ok(values(&[("A", "1")]))), (name("staging"), Ok(values(&[("A", "1")])))];
    let contract = rule(|rules| rules.isolated = true);
    let found = |contract: &DeclaredContract, with: &[EnvironmentName]| {
        shown(&judged(contract, &values(&[("A", "1")]), &others, with))
    };
    let of =
        |what: &str| vec![format!("error contract-isolated: `A` of web in production has the same value as in {what}")];
    assert_eq!(found(&contract, &[name("main")]), of("staging"));
    assert_eq!(found(&contract, &[name("main"), name("staging")]), [""; 0]);
    let shared = |pairs: &[(&str, &str)]| {
        rule(|rules| {
            rules.isolated = true;
            rules.shared = pairs.iter().map(|(one, with)| (name(one), name(with))).collect();
        })
    };
    assert_eq!(found(&shared(&[("production", "main")]), &[]), of("staging"));
    // Whichever of the two shares, and through another.
    assert_eq!(found(&shared(&[("main", "production")]), &[]), of("staging"));
    assert_eq!(found(&shared(&[("production", "staging"), ("staging", "main")]), &[]), [""; 0]);
    assert_eq!(found(&shared(&[("production", "main"), ("staging", "main")]), &[]), [""; 0]);
}

#[test]
fn what_is_shared_or_inherited_is_the_same() {
    let shared = rule(|rules| rules.shared = [(name("production"), name("main"))].into());
    let inherited = rule(|rules| rules.inherited = true);
    for (contract, other, rule) in [(&shared, "main", "contract-shared"), (&inherited, "staging", "contract-inherited")]
    {
        let subject = format!("error {rule}: `A` of web in production");
        for (here, there, expected) in [
            (Some("1"), Some("1"), vec![]),
            (None, None, vec![]),
            (None, Some(""), vec![]),
            (Some("@a"), Some("@a"), vec![]),
            (Some("1"), Some("2"), vec![format!("{subject} is not what it is in {other}")]),
            (Some("1"), Some("1\n"), vec![format!("{subject} is not what it is in {other}")]),
            (Some("a"), Some("@a"), vec![format!("{subject} is not what it is in {other}")]),
            (Some("1"), None, vec![format!("{subject} is set, and is not in {other}")]),
            (None, Some("1"), vec![format!("{subject} is not set, and is in {other}")]),
        ] {
            let entry = |text: Option<&'static str>| text.map(|text| ("A", text)).into_iter().collect::<Vec<_>>();
            assert_eq!(found(contract, &entry(here), &[(other, &entry(there))]), expected, "{here:?} {there:?}");
        }
        let why = format!("- `A` of web in production: not compared with {other}: it was not read");
        assert_eq!(found(contract, &[("A", "1")], &[]), [why]);
    }
}

#[test]
fn who_cannot_be_read_is_not_compared_and_refuses_nothing() {
    let rules = Rules { isolated: true, ..Rules::default() };
    let declared = ["A", "B", "C"].map(|name| Declared { name: name.to_owned(), place: None, rules: rules.clone() });
    let contract = DeclaredContract { declared: declared.into() };
    let others = [(name("main"), Err("the role may not be assumed".to_owned()))];
    let findings = judged(&contract, &values(&[("A", "1"), ("B", "1"), ("C", "")]), &others, &[]);
    assert_eq!(
        shown(&findings),
        ["- `A`, `B` of web in production: not compared with main: the role may not be assumed"]
    );
    assert_eq!(findings.count(Severity::Error), 0);
}

#[test]
fn a_value_fits_its_form_and_a_reference_is_not_read() {
    let contract = rule(|rules| {
        rules.matches = Some(ValuePattern::new("^da2-[a-z0-9]{26}$").unwrap());
        rules.secret = true;
    });
    assert_eq!(
        found(&contract, &[("A", "da2-x")], &[]),
        [
            "error contract-matches: `A` of web in production does not match its pattern",
            "error contract-secret: `A` of web in production is a secret, and is set as plain text"
        ]
    );
    assert_eq!(
        found(&contract, &[("A", "@arn:aws:ssm:us-west-1:123456789012:parameter/a")], &[]),
        [
            "- `A` of web in production: not compared with the rules for its value: it is a reference, and secret stores are \
             not read"
        ]
    );
    let arn = rule(|rules| rules.arn = Some(ArnRule::Of("secretsmanager".to_owned())));
    assert_eq!(
        found(&arn, &[("A", "@arn:aws:secretsmanager:us-west-1:210987654321:secret:a")], &[]),
        ["error contract-arn: `A` of web in production is an ARN of another account"]
    );
}

#[test]
fn browsers_load_no_secrets() {
    let contract = DeclaredContract::default();
    for (variable, value, expected) in [
        ("VITE_API_URL", "https://api.shop.io", None),
        ("VITE_API_KEY", "abc", Some("warning")),
        ("VITE_API_KEY", "", None),
        ("REACT_APP_DB", "postgres://shop:hunter2@db/shop", Some("error")),
        ("NEXT_PUBLIC_SUPABASE_ANON_KEY", "abc", None),
        ("DB", "postgres://shop:hunter2@db/shop", None),
    ] {
        let prefix = client_prefix(variable).unwrap_or_default();
        let expected = expected.map(|level| {
            format!(
                "{level} contract-client-secret: `{variable}` of web in production looks like a secret, and browsers load \
                 what begins with `{prefix}`"
            )
        });
        assert_eq!(found(&contract, &[(variable, value)], &[]), Vec::from_iter(expected), "{variable}");
    }
    let declared = declares("VITE_A", Rules { secret: true, ..Rules::default() });
    assert!(found(&declared, &[("VITE_A", "1")], &[]).iter().any(|it| it.starts_with("error contract-client-secret")));
}

#[test]
fn what_browsers_load_as_a_whole_has_no_secret_under_any_name() {
    let here = values(&[("JWT_SECRET", "canary-of-12"), ("API_URL", "https://api.shop.io")]);
    let contract = DeclaredContract {
        declared: [declares("JWT_SECRET", Rules::default()), declares("API_URL", Rules::default())]
            .into_iter()
            .flat_map(|it| it.declared)
            .collect(),
    };
    assert_eq!(judged_alone(&contract, &here, None, false).all, []);
    let found = shown(&judged_alone(&contract, &here, None, true));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].contains("contract-client-secret: `JWT_SECRET` of web in production")
            && found[0].contains("browsers load all of it"),
        "{found:?}"
    );
}

#[test]
fn placeholders_and_what_is_not_declared() {
    let contract = rule(|_| {});
    assert_eq!(
        found(
            &contract,
            &[("A", "CHANGEME"), ("B", "YOUR_KEY"), ("PORT", "1"), ("AWS_REGION", "x"), ("_LIVE_UPDATES", "[]")],
            &[]
        ),
        [
            "error contract-placeholder: `A` of web in production has a value that is still to be filled in",
            "warning contract-placeholder: `B` of web in production has a value that is still to be filled in",
            "warning contract-undeclared: `B` of web in production is set and not declared"
        ]
    );
    let misspelt = declares("GRAPHQL_URL", Rules::default());
    assert_eq!(
        found(&misspelt, &[("GRAPHQL_URI", "1")], &[]),
        ["warning contract-undeclared: `GRAPHQL_URI` of web in production is set and not declared; `GRAPHQL_URL` is \
             declared and not set"]
    );
    assert_eq!(found(&DeclaredContract::default(), &[("B", "1")], &[]), [""; 0]);
}

#[test]
fn the_account_of_a_local_cloud_is_no_placeholder_there() {
    let here = values(&[("A", "arn:aws:sns:us-west-1:000000000000:topic")]);
    let (own, other) = (name("000000000000"), name("123456789012"));
    for (account, count) in [(&own, 0), (&other, 1)] {
        let found = judged_alone(&rule(|_| {}), &here, Some(account), false);
        assert_eq!(found.all.len(), count);
    }
}

#[test]
fn a_secret_of_a_kind_without_references_is_only_hidden() {
    let contract = rule(|rules| rules.secret = true);
    assert_eq!(judged_alone(&contract, &values(&[("A", "1")]), None, false), Findings::default());
}

#[test]
fn what_is_committed_fits_the_contract_too() {
    let contract = rule(|rules| {
        rules.url = Some(UrlRule { schemes: vec!["https".to_owned()], local: false });
        rules.secret = true;
    });
    let shown = |value: &str, environment: Option<&str>| {
        let environment = environment.map(name);
        let found = judge_committed(&contract, "A", value, environment.as_ref());
        found.iter().map(|(rule, what, _)| format!("{rule}: {what}")).collect::<Vec<_>>()
    };
    assert_eq!(shown("https://api.shop.io", None), ["contract-secret: `A` is a secret, and is committed"]);
    assert_eq!(
        shown("http://api.shop.io", Some("production")),
        [
            "contract-url: `A` in production is an address of another scheme",
            "contract-secret: `A` in production is a secret, and is committed"
        ]
    );
    assert_eq!(shown("", None), [""; 0]);
    assert_eq!(judge_committed(&contract, "B", "http://x", None), []);
}

/// A configuration has at most 1000 declared variables; a component may have any number. Where each was compared with each,
/// this would take minutes.
#[test]
fn many_variables_are_judged_soon() {
    let rules = Rules { isolated: true, required: Required::Everywhere, ..Rules::default() };
    let declared = (0..1000).map(|number| Declared { name: format!("D{number}"), place: None, rules: rules.clone() });
    let contract = DeclaredContract { declared: declared.collect() };
    let names: Vec<(String, String)> = (500..6500).map(|number| (format!("D{number}"), format!("v{number}"))).collect();
    let entries: Vec<(&str, &str)> = names.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let others = [(name("main"), Ok(values(&entries))), (name("staging"), Err("it is not there".to_owned()))];
    let findings = judged(&contract, &values(&entries), &others, &[]);
    assert_eq!((findings.count(Severity::Error), findings.count(Severity::Warning)), (1000, 5500));
    assert_eq!(
        findings.left_out[0].what,
        "`D500`, `D501`, `D502`, `D503`, `D504`, `D505`, 494 more of web in production"
    );
}

#[test]
fn what_the_source_has_and_here_is_not_is_missing() {
    assert_eq!(missing(["A", "B", "C"], ["B", "D"]), ["A", "C"].into());
    assert_eq!(missing([], ["B"]), BTreeSet::new());
}

/// Every rule at once, for a name that looks like a secret.
fn strict(variable: &str) -> DeclaredContract {
    let rules = Rules {
        required: Required::Everywhere,
        isolated: true,
        shared: [(name("production"), name("main"))].into(),
        inherited: true,
        matches: Some(ValuePattern::new("^$").unwrap()),
        one_of: vec!["1".to_owned()],
        url: Some(UrlRule { schemes: vec!["https".to_owned()], local: false }),
        arn: Some(ArnRule::Any),
        secret: true,
    };
    declares(variable, rules)
}

proptest! {
    /// The names have none of the digits and signs that values are made of.
    #[test]
    fn no_value_is_in_any_text(
        texts in prop::collection::vec("[0-9!#%&*+=?^~]{12}", 3),
        scheme in prop::sample::select(vec!["", "@", "https://", "arn:aws:ssm:", "sk_live_", "postgres://a:", "@arn:aws:ssm:"]),
        variable in prop::sample::select(vec!["A", "API_KEY", "VITE_DB_PASSWORD", "JWT_SECRET", "UNDECLARED"]),
        other in prop::sample::select(vec!["main", "staging"]),
        is_same in any::<bool>(),
        declared in any::<bool>(),
    ) {
        prop_assume!(texts.iter().all(|text| { let mut seen: Vec<char> = text.chars().collect(); seen.sort_unstable(); seen.dedup(); seen.len() >= 4 }));
        let here = format!("{scheme}{}", texts[0]);
        let there = if is_same { here.clone() } else { texts[1].clone() };
        let contract = if declared { strict(variable) } else { declares("B", Rules::default()) };
        let mine = values(&[(variable, &here), ("B", &texts[2])]);
        let others = [(name(other), Ok(values(&[(variable, &there)])))];
        let findings = judged(&contract, &mine, &others, &[]);
        prop_assert!(!findings.all.is_empty());
        let committed = judge_committed(&contract, variable, &here, None);
        let all = format!("{findings:?} {findings:#?} {committed:?} {mine:?} {others:?} {contract:?}");
        for text in &texts {
            prop_assert!(!all.contains(text.as_str()), "{}", all);
        }
    }

    #[test]
    fn no_value_panics(here in any::<String>(), there in any::<String>(), variable in any::<String>()) {
        let contract = strict(&variable);
        let others = [(name("main"), Ok(values(&[(&variable, &there)])))];
        drop(judged(&contract, &values(&[(&variable, &here)]), &others, &[]));
        drop(judge_committed(&contract, &variable, &here, None));
    }
}
