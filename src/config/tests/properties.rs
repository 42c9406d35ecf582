//! What holds for every configuration.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;

/// Something like a configuration: lines of the good one, some of them damaged.
fn damaged() -> impl Strategy<Value = String> {
    let line = |line: &'static str| {
        prop_oneof![
            8 => Just(line.to_owned()),
            1 => Just(String::new()),
            1 => (0..=line.chars().count(), "[\\[\\]{}\"$=.,é0a\u{1b}-]{0,2}").prop_map(move |(at, inserted)| {
                let (start, end): (String, String) =
                    (line.chars().take(at).collect(), line.chars().skip(at + 1).collect());
                format!("{start}{inserted}{end}")
            }),
        ]
    };
    GOOD.lines().map(line).collect::<Vec<_>>().prop_map(|lines| lines.join("\n"))
}

fn check_errors(text: &str, errors: &ConfigErrors) {
    assert!(errors.iter().count() > 0);
    let lines: Vec<&str> = text.split('\n').collect();
    for error in errors {
        let location = error.location.as_ref().unwrap();
        let line = lines[location.line - 1];
        assert!(location.column <= line.chars().count() + 1, "{error:?}");
        assert!(!location.text.contains('\n') && !error.message.contains('\n') && !error.hint.is_empty());
    }
    assert!(errors.iter().zip(errors.iter().skip(1)).all(|(one, next)| {
        let place = |error: &ConfigError| error.location.as_ref().map(|it| (it.line, it.column));
        place(one) <= place(next)
    }));
    assert!(!errors.render(false).is_empty() && !errors.render(true).is_empty());
}

proptest! {
    #[test]
    fn no_text_panics(text in any::<String>()) {
        if let Err(errors) = parse(&text) {
            check_errors(text.strip_prefix('\u{feff}').unwrap_or(&text), &errors);
        }
    }

    #[test]
    fn no_damage_panics_and_every_error_has_a_place(text in damaged()) {
        match parse(&text) {
            Err(errors) => check_errors(&text, &errors),
            Ok(document) => {
                for environment in document.environments() {
                    let request = ResolveRequest { environment, components: &[], purpose: Purpose::Change, vars: None, env: &|_| None, in_workflow: false };
                    drop(document.resolve(&request).map_err(|errors| check_errors(&text, &errors)));
                }
            }
        }
    }

    #[test]
    fn names_come_back_as_they_were_written(
        app in "[a-z][a-zA-Z0-9._-]{0,20}",
        components in proptest::collection::hash_set("[a-zA-Z0-9][a-zA-Z0-9._-]{0,20}", 1..5),
        environments in proptest::collection::hash_set("[a-zA-Z0-9][a-zA-Z0-9._-]{0,20}", 1..5),
        service in "[a-zA-Z0-9_-]{1,30}",
    ) {
        let mut text = format!("app = {app:?}\n");
        for (number, name) in components.iter().enumerate() {
            write!(
                text,
                "[components.'{name}']\nkind = \"ecs\"\nbuild.context = \".\"\ncontainer = '{service}'\n\
                 repository = \"ab{number}\"\ncluster = '{service}'\nservice = '{service}{number}'\n"
            )
            .unwrap();
        }
        // GitHub compares their names without regard to case, so two of them must differ in more than case.
        let mut seen = std::collections::HashSet::new();
        let environments: Vec<String> =
            environments.into_iter().filter(|name| seen.insert(name.to_ascii_lowercase())).collect();
        for name in &environments {
            write!(text, "[environments.'{name}']\nregion = \"us-east-1\"\n").unwrap();
        }
        let document = parse(&text).unwrap();
        prop_assert!(document.environments().eq(environments.iter().map(String::as_str)));
        for environment in &environments {
            let request = ResolveRequest { environment, components: &[], purpose: Purpose::Change, vars: None, env: &|_| None, in_workflow: false };
            let target = document.resolve(&request).unwrap();
            prop_assert_eq!(&target.app, &app);
            prop_assert_eq!(target.environment.as_str(), environment);
            let names: Vec<_> = target.components.iter().map(|component| component.name.as_str()).collect();
            prop_assert!(names.into_iter().eq(components.iter().map(String::as_str)));
            prop_assert_eq!(ecs(&target, 0).service.as_str(), format!("{service}0"));
        }
    }

    #[test]
    fn unknown_keys_are_always_refused(key in "zz[a-z-]{1,12}", place in 0..7_usize) {
        let places = [
            "app = ", "kind = ", "context = ", "url = ", "prefix = ", "approval = ",
            "repository = ",
        ];
        let separator = if places[place] == "context = " { ", " } else { "\n" };
        let text = with(places[place], &format!("{key} = 1{separator}{}", places[place]));
        let errors = refused(&text);
        prop_assert_eq!(errors.iter().count(), 1);
        let error = errors.iter().next().unwrap();
        prop_assert!(error.message.starts_with(&format!("unknown key `{key}`")), "{}", error);
        prop_assert_eq!(&error.location.as_ref().unwrap().text, &key);
    }
}
