//! How what is wrong is shown.

use super::*;

const MANY: &str = r#"
app = "cloudshop"

[components.backend]
kind = "ecs"
build = { context = "../backend", platform = ["linux/amd64"] }
container = "web"
repository = "${environment.prefix}-backend"
cluster = "${environment.prefix}-cluster"
probes = [{ url = "health" }]

[components.site]
kind = "stack"
bucket = "x"

[environments.stage]
account = 123456789012
role = "arn:aws:iam::123456789012:role/shipgate-stage"

[environments.production]
region = "us-east-1"
promotes-from = "staging"
gates = { approval = "maybe" }
components.backend = { service = "backend" }
components.site = { bucket = "y" }
"#;

#[test]
fn many_problems_are_told_at_once() {
    insta::assert_snapshot!(refused(MANY).render(false), @r#"
    error: `context`: "../backend" is not a path inside the repository
     --> shipgate.toml:6:21
      |
    6 | build = { context = "../backend", platform = ["linux/amd64"] }
      |                     ^^^^^^^^^^^^
      |
      = hint: correct it: it is relative to the configuration file, and stays inside that directory

    error: unknown key `platform` in `components.backend.build`
     --> shipgate.toml:6:35
      |
    6 | build = { context = "../backend", platform = ["linux/amd64"] }
      |                                   ^^^^^^^^
      |
      = hint: write `platforms`, or remove it

    error: `url`: "health" is not an address to ask
      --> shipgate.toml:10:19
       |
    10 | probes = [{ url = "health" }]
       |                   ^^^^^^^^
       |
       = hint: correct it: it starts with `http://` or `https://` and names a host

    error: `kind = "stack"` is not built yet
      --> shipgate.toml:13:8
       |
    13 | kind = "stack"
       |        ^^^^^^^
       |
       = hint: remove the component; only `kind = "ecs"`, `kind = "static-site"` and `kind = "amplify"` are built so far

    error: `region` is missing in `environments.stage`
      --> shipgate.toml:16:15
       |
    16 | [environments.stage]
       |               ^^^^^
       |
       = hint: add `region = "us-east-1"`

    error: `service` of `backend` is missing for `stage`
      --> shipgate.toml:16:15
       |
    16 | [environments.stage]
       |               ^^^^^
       |
       = hint: add it to `[environments.stage.components.backend]`

    error: `account` must be a string, not an integer
      --> shipgate.toml:17:11
       |
    17 | account = 123456789012
       |           ^^^^^^^^^^^^
       |
       = hint: write it in quotes: `account = "123456789012"`

    error: there is no environment `staging`
      --> shipgate.toml:22:17
       |
    22 | promotes-from = "staging"
       |                 ^^^^^^^^^
       |
       = hint: write one of `stage`

    error: `approval` must be `required`, `none` or a table, not `maybe`
      --> shipgate.toml:23:22
       |
    23 | gates = { approval = "maybe" }
       |                      ^^^^^^^
       |
       = hint: write `approval = "required"`, `approval = { by = "second-person" }` or `approval = "none"`
    "#);
}

#[test]
fn invalid_toml_is_one_error() {
    insta::assert_snapshot!(refused("app = \"a\"\n[components\nkind = \"ecs\"\nkind = 1\n").render(false), @r#"
    error: invalid TOML: unclosed table, expected `]`
     --> shipgate.toml:2:12
      |
    2 | [components
      |            ^
      |
      = hint: correct the TOML: strings are quoted, and a key or table is written once
    "#);
    insta::assert_snapshot!(refused("app = \"a\"\napp = \"b\"\n").render(false), @r#"
    error: invalid TOML: duplicate key
     --> shipgate.toml:2:1
      |
    2 | app = "b"
      | ^^^
      |
      = hint: correct the TOML: strings are quoted, and a key or table is written once
    "#);
}

#[test]
fn an_empty_file_lacks_everything() {
    insta::assert_snapshot!(refused("").render(false), @r#"
    error: `app` is missing
     --> shipgate.toml:1:1
      |
    1 |
      | ^
      |
      = hint: add `app = "cloudshop"`

    error: `components` is missing
     --> shipgate.toml:1:1
      |
    1 |
      | ^
      |
      = hint: add `[components.backend]`

    error: `environments` is missing
     --> shipgate.toml:1:1
      |
    1 |
      | ^
      |
      = hint: add `[environments.stage]`
    "#);
    assert_eq!(reported(&refused("\u{feff}")), reported(&refused("")));
}

#[test]
fn columns_count_characters() {
    let text = with("context = \"backend\"", "dockerfile = \"äöü/😀\", contxt = \"日本\"");
    insta::assert_snapshot!(reported(&refused(&text)), @r#"
    6:33 contxt | unknown key `contxt` in `components.backend.build` | write `context`, or remove it
    "#);
    insta::assert_snapshot!(refused(&text).render(false), @r#"
    error: unknown key `contxt` in `components.backend.build`
     --> shipgate.toml:6:33
      |
    6 | build = { dockerfile = "äöü/😀", contxt = "日本", platforms = ["linux/amd64"], args = { RELEASE = "${release.sha}" } }
      |                                  ^^^^^^
      |
      = hint: write `context`, or remove it
    "#);
    // Neither the line ends nor a byte order mark move them.
    assert_eq!(reported(&refused(&text.replace('\n', "\r\n"))), reported(&refused(&text)));
    assert_eq!(reported(&refused(&format!("\u{feff}{text}"))), reported(&refused(&text)));
    assert_eq!(reported(&refused("\u{feff}áp = 1")).lines().last(), reported(&refused("áp = 1")).lines().last());
}

#[test]
fn a_variable_is_pointed_at_where_the_text_has_no_escapes() {
    let variables = |word: &str| reported(&refused(&with("\"head\"", word)));
    insta::assert_snapshot!(variables("\"é ${X} ${Y}\", '${Z}', \"\\t${W}\", \"\"\"\n  ${V}\"\"\""), @r#"
    8:40 ${X} | unknown variable `${X}` | write `${vars.NAME}`, `${env.NAME}`, `${app}`, `${environment.name}`, `${environment.prefix}`, `${release.sha}`, or `$${X}` for the text itself
    8:45 ${Y} | unknown variable `${Y}` | write `${vars.NAME}`, `${env.NAME}`, `${app}`, `${environment.name}`, `${environment.prefix}`, `${release.sha}`, or `$${Y}` for the text itself
    8:53 ${Z} | unknown variable `${Z}` | write `${vars.NAME}`, `${env.NAME}`, `${app}`, `${environment.name}`, `${environment.prefix}`, `${release.sha}`, or `$${Z}` for the text itself
    8:60 "\t${W}" | unknown variable `${W}` | write `${vars.NAME}`, `${env.NAME}`, `${app}`, `${environment.name}`, `${environment.prefix}`, `${release.sha}`, or `$${W}` for the text itself
    9:3 ${V} | unknown variable `${V}` | write `${vars.NAME}`, `${env.NAME}`, `${app}`, `${environment.name}`, `${environment.prefix}`, `${release.sha}`, or `$${V}` for the text itself
    "#);
}

#[test]
fn control_characters_of_names_are_not_printed() {
    let errors = refused(&with("container", "\"\\u001b[31m\\ncontainer\""));
    assert!(!errors.to_string().contains('\u{1b}') && !errors.render(false).contains('\u{1b}'));
    assert!(errors.render(true).contains('\u{1b}'), "shipgate's own colours are printed");
    let errors = refused("\u{1b}[31m = 1");
    assert!(!reported(&errors).contains('\u{1b}') && !errors.render(false).contains('\u{1b}'));
}

#[test]
fn long_values_are_cut() {
    let errors = refused(&with("\"us-east-1\"", &format!("{:?}", "é".repeat(500))));
    let error = errors.iter().next().unwrap();
    assert!(error.message.chars().count() < 100, "{error}");
    assert_eq!(error.location.as_ref().unwrap().text.chars().count(), 80);
}

#[test]
fn what_only_some_environments_have_is_missing_in_the_others() {
    let text = with("service = \"${environment.prefix}-worker\"\n", "")
        + "[environments.stage.components.worker]\nservice = \"a\"\n";
    insta::assert_snapshot!(reported(&refused(&text)), @r#"30:15 production | `service` of `worker` is missing for `production` | add it to `[environments.production.components.worker]`"#);
}

#[test]
fn circles_of_any_length_are_told_once() {
    let environment = |name: &str, from: &str| {
        format!(
            "[environments.{name}]\nregion = \"us-east-1\"\npromotes-from = \"{from}\"\ngates.approval = \"none\"\n"
        )
    };
    let text = with("", "")
        + &environment("a", "b")
        + &environment("b", "c")
        + &environment("c", "a")
        + &environment("d", "a");
    insta::assert_snapshot!(reported(&refused(&text)), @r#"40:17 "b" | `promotes-from` goes in a circle: a ← b ← c ← a | remove `promotes-from` where releases start"#);
}

/// [`GOOD`] with components after `backend` and `worker` that depend on others.
fn with_dependents(dependents: &[(&str, &[&str])]) -> String {
    let dependents: String = dependents.iter().map(|(name, others)| dependent(name, others)).collect();
    with("[environments.stage]", &(dependents + "[environments.stage]"))
}

#[test]
fn circles_of_dependencies_are_told_once() {
    let text = with_dependents(&[("d", &["a"]), ("a", &["worker", "b"]), ("b", &["c"]), ("c", &["c", "a", "b"])]);
    // That of `b` and `c` shares members with it.
    insta::assert_snapshot!(reported(&refused(&text)), @r#"
    32:25 "b" | `depends-on` goes in a circle: a → b → c → a | remove one of the dependencies in it
    46:15 "c" | `c` cannot depend on itself | remove it
    "#);
    let two = with_dependents(&[("a", &["b"]), ("b", &["a"]), ("c", &["a", "d"]), ("d", &["c"])]);
    insta::assert_snapshot!(reported(&refused(&two)), @r#"
    25:15 "b" | `depends-on` goes in a circle: a → b → a | remove one of the dependencies in it
    39:20 "d" | `depends-on` goes in a circle: c → d → c | remove one of the dependencies in it
    "#);
    // All else that is wrong with what waits for ever is reported with it.
    let worse = two.replacen("container = \"a\"", "", 1);
    insta::assert_snapshot!(reported(&refused(&worse)), @r#"
    22:13 a | `container` is missing in `components.a` | add `container = "…"`
    25:15 "b" | `depends-on` goes in a circle: a → b → a | remove one of the dependencies in it
    39:20 "d" | `depends-on` goes in a circle: c → d → c | remove one of the dependencies in it
    "#);
}

#[test]
fn an_image_is_not_taken_from_one_who_takes_it() {
    let text = GOOD.replace(
        "[environments.stage]",
        "[components.cron]\nkind = \"ecs\"\nimage-from = \"worker\"\n\
        container = \"a\"\ncluster = \"a\"\nservice = \"a\"\n[environments.stage]",
    );
    insta::assert_snapshot!(reported(&refused(&text)), @r#"24:14 "worker" | `worker` takes its own image from elsewhere | write one of `backend`"#);
}
