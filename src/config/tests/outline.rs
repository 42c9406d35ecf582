//! What other files have to fit, and which variables have no value.

use super::*;
use crate::domain::check::LinePlace;

#[test]
fn environments_have_their_roles_sources_and_variables() {
    let text = GOOD.replace(
        "account = \"123456789012\"\n",
        "role = \"arn:aws:iam::123456789012:role/${environment.name}\"\nread-role = \"arn:aws:iam::123456789012:role/read\"\nprefix = \"${vars.PREFIX}\"\n",
    );
    let outline = parse(&text).unwrap().outline("shop/shipgate.toml");
    assert_eq!(outline.file, "shop/shipgate.toml");
    let [stage, production] = outline.environments.as_slice() else { panic!("{outline:#?}") };
    assert_eq!((stage.name.as_str(), stage.has_role, stage.has_read_role), ("stage", true, true));
    assert_eq!(stage.variables.iter().map(String::as_str).collect::<Vec<_>>(), ["PREFIX"]);
    assert_eq!((production.promotes_from.as_deref(), production.has_role), (Some("stage"), false));
    assert_eq!(production.variables.iter().map(String::as_str).collect::<Vec<_>>(), ["REGION"]);
    assert!(outline.promotes());
    let line = text.lines().position(|line| line == "[environments.stage]").unwrap() + 1;
    assert_eq!(stage.place, Some(LinePlace { line, column: 15, end_line: line, end_column: 20 }));
}

#[test]
fn builds_and_definitions_have_their_texts_and_places() {
    let text = GOOD
        .replace("args = { RELEASE", "args = { MODE = \"${environment.name}\", RELEASE")
        .replace("\"ecs/worker.json\"", "\"ecs/${environment.prefix}.json\"");
    let outline = parse(&text).unwrap().outline("shipgate.toml");
    let [build] = outline.builds.as_slice() else { panic!("{outline:#?}") };
    assert_eq!(build.context.as_ref().unwrap().text.as_deref(), Some("backend"));
    assert_eq!(build.context.as_ref().unwrap().place.line, 6);
    let args: Vec<_> =
        build.args.iter().map(|arg| (arg.name.as_str(), arg.per_environment.as_deref(), arg.is_release)).collect();
    assert_eq!(args, [("MODE", Some("${environment.name}"), false), ("RELEASE", None, true)]);
    let shown = |definition: &crate::domain::check::outline::NamedFile| {
        format!("{} {} {:?} {:?}", definition.environment, definition.component, definition.file.text, definition.part)
    };
    let definitions: Vec<String> = outline.files.iter().map(shown).collect();
    assert_eq!(
        definitions,
        [
            "stage worker Some(\"ecs/stage.json\") Some(\"worker\")",
            "production worker Some(\"ecs/prod.json\") Some(\"worker\")",
        ]
    );
    let unknown = parse(&text.replace("${environment.prefix}.json", "${vars.FILE}.json")).unwrap().outline("a");
    assert_eq!(unknown.files[0].file.text, None);
}

#[test]
fn a_variable_without_a_value_is_named_and_nothing_else_is() {
    let errors = resolve(GOOD, "production", &[], Some("{}")).unwrap_err();
    let variables: Vec<Option<&str>> = errors.iter().map(|error| error.variable.as_deref()).collect();
    assert_eq!(variables, [Some("${vars.REGION}")]);
    let errors = resolve(GOOD, "production", &[], Some(r#"{"REGION": "moon"}"#)).unwrap_err();
    assert!(errors.iter().all(|error| error.variable.is_none()), "{errors}");
}
