//! What is said when a right configuration cannot be resolved.

use super::*;

fn unresolved(text: &str, vars: Option<&str>) -> ConfigErrors {
    resolve(text, "production", &[], vars).unwrap_err()
}

#[test]
fn all_missing_variables_are_told_where_they_are_used() {
    let text = with("\"head\"]", "\"${vars.LEVEL}\", \"${env.NOT_SET}${env.EMPTY}\", \"${vars.OBJECT}\"]");
    insta::assert_snapshot!(reported(&unresolved(&text, Some(r#"{"REGOIN": "x", "OBJECT": {}, "LEVEL": ""}"#))), @r#"
    8:38 ${vars.LEVEL} | `${vars.LEVEL}` is empty | give `LEVEL` in SHIPGATE_VARS a text
    8:55 ${env.NOT_SET} | `${env.NOT_SET}` is not set | set the environment variable `NOT_SET`
    8:69 ${env.EMPTY} | `${env.EMPTY}` is empty | set the environment variable `EMPTY`
    8:85 ${vars.OBJECT} | `${vars.OBJECT}` is not a string, a number or a boolean | make `OBJECT` in SHIPGATE_VARS a string
    33:11 ${vars.REGION} | `${vars.REGION}` is not set | add `REGION` to the JSON object in SHIPGATE_VARS; it has `REGOIN`
    "#);
    assert_eq!(unresolved(GOOD, Some("")), unresolved(GOOD, None));
    insta::assert_snapshot!(unresolved(GOOD, None).render(false), @r#"
    error: `${vars.REGION}` is not set
      --> shipgate.toml:33:11
       |
    33 | region = "${vars.REGION}"
       |           ^^^^^^^^^^^^^^
       |
       = hint: set it: `export SHIPGATE_VARS='{"REGION":"…"}'`
    "#);
}

#[test]
fn shipgate_vars_must_be_a_json_object() {
    for vars in ["{", "[]", "\"secret\"", "{\"A\": secret}", "null"] {
        let errors = unresolved(GOOD, Some(vars));
        assert_eq!(errors.iter().count(), 1, "{errors}");
        assert!(errors.iter().all(|error| error.location.is_none() && error.message.starts_with("SHIPGATE_VARS")));
        assert!(!errors.render(false).contains("secret"));
    }
    insta::assert_snapshot!(unresolved(GOOD, Some("{\"A\": secret}")).render(false), @r#"
    error: SHIPGATE_VARS is not valid JSON at its line 1, column 7
    hint: set it to one JSON object: `export SHIPGATE_VARS='{"NAME":"…"}'`
    "#);
}

#[test]
fn what_is_not_in_the_file_is_told_with_what_is() {
    insta::assert_snapshot!(reported(&resolve(GOOD, "prodution", &["wroker", "api"], None).unwrap_err()), @r#"
    - | there is no component `api` | write one of `backend`, `worker`
    - | there is no component `wroker` | write `worker`
    - | there is no environment `prodution` | write `production`
    "#);
    insta::assert_snapshot!(resolve(GOOD, "live", &[], None).unwrap_err().render(false), @r#"
    error: there is no environment `live`
    hint: write one of `stage`, `production`
    "#);
}

#[test]
fn values_of_environment_variables_are_never_shown() {
    let text = GOOD.replace("region = \"us-east-1\"", "region = \"${env.PROBE_TOKEN}\"").replace(
        "[environments.production]",
        "[environments.x]\nregion = \"us-east-1\"\nprefix = \"${env.PROBE_TOKEN}\"\n[environments.production]",
    );
    for environment in ["stage", "x"] {
        let errors = resolve(&text, environment, &[], None).unwrap_err();
        let all = format!("{errors} {errors:?} {} {}", reported(&errors), errors.render(true));
        assert!(!all.contains("s3cr3t"), "{all}");
    }
    insta::assert_snapshot!(reported(&resolve(&text, "stage", &[], None).unwrap_err()), @r#"23:10 "${env.PROBE_TOKEN}" | `region`: the value of `${env.PROBE_TOKEN}` is not a region | correct it or its variables: it has lowercase letters, digits and hyphens, like us-east-1"#);
    insta::assert_snapshot!(reported(&resolve(&text, "x", &["worker"], None).unwrap_err()), @r#"
    9:14 "${environment.prefix}-cloudshop-backend" | `repository`: the value of `${environment.prefix}-cloudshop-backend` is not a repository name | correct it or its variables: it has lowercase letters, digits and single `.`, `_`, `-` or `/` between them; 2 to 256
    18:11 "${environment.prefix}-cluster" | `cluster`: the value of `${environment.prefix}-cluster` is not a cluster name | correct it or its variables: it has letters, digits, `-` and `_`; at most 255
    19:11 "${environment.prefix}-worker" | `service`: the value of `${environment.prefix}-worker` is not a service name | correct it or its variables: it has letters, digits, `-` and `_`; at most 255
    "#);
}

#[test]
fn values_of_repository_variables_are_shown() {
    insta::assert_snapshot!(reported(&unresolved(GOOD, Some(r#"{"REGION": "Frankfurt"}"#))), @r#"33:10 "${vars.REGION}" | `region`: "Frankfurt", from `${vars.REGION}`, is not a region | correct it or its variables: it has lowercase letters, digits and hyphens, like us-east-1"#);
}

/// In an emergency, `hold` needs no variables of probes or builds.
#[test]
fn services_are_named_without_the_variables_of_what_changes_them() {
    let text = with("RELEASE = \"${release.sha}\"", "RELEASE = \"${vars.BUILD}\"")
        .replace("\"head\"]", "\"${env.NOT_SET}\"]")
        .replace("ecs/worker.json", "${vars.FILE}")
        .replace("1h 30m", "${vars.PATIENCE}")
        .replace("http://stage.example/health", "${vars.STAGE_URL}/health");
    let document = parse(&text).unwrap();
    let request = |purpose| ResolveRequest {
        environment: "stage",
        components: &[],
        purpose,
        vars: None,
        env: &|_| None,
        in_workflow: false,
    };
    assert_eq!(document.resolve(&request(Purpose::Change)).unwrap_err().iter().count(), 6);
    let target = document.resolve(&request(Purpose::Services)).unwrap();
    assert!(target.images.is_empty());
    let (backend, worker) = (ecs(&target, 0), ecs(&target, 1));
    assert!(backend.probes.is_empty() && backend.pre_deploy.is_none());
    assert_eq!((backend.service.as_str(), worker.service.as_str()), ("stage-backend-blue", "stage-worker"));
    let production = ResolveRequest { environment: "production", ..request(Purpose::Services) };
    assert_eq!(document.resolve(&production).unwrap_err().iter().count(), 1, "its region is needed");
    let policy = document.resolve(&request(Purpose::Policy)).unwrap_err();
    assert_eq!(policy.iter().count(), 1, "a file is needed: {policy}");
}

#[test]
fn a_prefix_and_an_address_are_needed_where_they_are_used() {
    let text =
        with("region = \"us-east-1\"", "region = \"us-east-1\"\nprefix = \"${vars.PREFIX}\"\nurl = \"${vars.URL}\"");
    let reported = |text: &str, purpose| {
        let request = ResolveRequest {
            environment: "stage",
            components: &[],
            purpose,
            vars: None,
            env: &|_| Some("x".to_owned()),
            in_workflow: false,
        };
        parse(text)
            .unwrap()
            .resolve(&request)
            .map_or_else(|errors| reported(&errors), |target| format!("{} components", target.components.len()))
    };
    let prefix =
        r#"24:11 ${vars.PREFIX} | `${vars.PREFIX}` is not set | set it: `export SHIPGATE_VARS='{"PREFIX":"…"}'`"#;
    let url = r#"25:8 ${vars.URL} | `${vars.URL}` is not set | set it: `export SHIPGATE_VARS='{"URL":"…"}'`"#;
    assert_eq!(reported(&text, Purpose::Change), format!("{prefix}\n{url}"));
    assert_eq!(reported(&text, Purpose::Services), prefix);
    assert_eq!(reported(&text, Purpose::Policy), prefix);
    assert_eq!(reported(&text, Purpose::Identity), "0 components");
    let unused = text.replace("${environment.prefix}", "stage");
    assert_eq!(reported(&unused, Purpose::Services), "2 components");
    assert_eq!(reported(&unused, Purpose::Policy), "2 components");
}

/// A word that stands everywhere is no secret, though a probe sends it.
#[test]
fn the_secrets_of_a_target_are_what_its_probes_send() {
    let text = with(
        "headers = { Authorization = \"Bearer ${env.PROBE_TOKEN}\" }",
        "headers = { Authorization = \"Bearer ${env.PROBE_TOKEN}\", X-Service = \"${environment.prefix}-backend-blue\", \
         X-By = \"shipgate\", X-App = \"${app}\", Accept = \"application/json\", X-Release = \"${release.sha}\" }",
    );
    let target = resolve(&text, "stage", &[], None).unwrap();
    assert_eq!(target.secrets(), ["Bearer s3cr3t value", "s3cr3t value"]);
}

#[test]
fn a_request_shows_no_variables() {
    let request = ResolveRequest {
        environment: "stage",
        components: &[],
        purpose: Purpose::Change,
        vars: Some("s3cr3t"),
        env: &|_| None,
        in_workflow: false,
    };
    assert!(!format!("{request:?}").contains("s3cr3t"));
}

/// The builds that are asked for, each with its command, or what is wrong.
fn built(text: &str, environment: Option<&str>, components: &[&str]) -> String {
    let components: Vec<String> = components.iter().map(ToString::to_string).collect();
    let request =
        BuildSelection { environment, components: &components, vars: None, env: &|_| None, in_workflow: false };
    match ConfigurationFile::parse("shipgate.toml".into(), text).unwrap().builds(&request) {
        Ok(builds) => {
            builds.iter().map(|(name, build)| format!("{name}: {}", build.run)).collect::<Vec<_>>().join("\n")
        }
        Err(errors) => reported(&errors),
    }
}

#[test]
fn builds_need_nothing_of_an_environment() {
    let site = |name: &str, more: &str| {
        format!(
            "[components.{name}]\nkind = \"static-site\"\nbucket = \"${{vars.NONE}}-{name}\"\n\
             artifacts = \"${{env.NONE}}\"\n{more}\n"
        )
    };
    let build = |run: &str| format!("build = {{ run = \"{run}\", output = \"dist\" }}");
    let own = format!("{}\nrebuild-per-environment = true", build("make ${environment.name}"));
    let docs = "[components.docs]\nkind = \"amplify\"\napp-id = \"d1abc2def3\"\nbranch = \"main\"\n";
    let sites = [site("shop", &build("make ${release.sha}")), docs.to_owned(), site("own", &own)].concat();
    let text = format!(
        "app = \"app\"\n{sites}[environments.stage]\nregion = \"${{vars.NONE}}\"\nprefix = \"${{vars.NONE}}\"\n"
    );
    assert_eq!(built(&text, None, &["shop"]), "shop: make ${release.sha}");
    assert_eq!(built(&text, Some("stage"), &[]), "shop: make ${release.sha}\nown: make stage");
    insta::assert_snapshot!(built(&text, None, &[]), @"11:13 own | `own` is built for each environment (`rebuild-per-environment`) | name one: `--environment NAME`");
    insta::assert_snapshot!(built(&text, None, &["docs"]), @"7:13 docs | `docs` has no build of a static site | name a static site with `build`, or add `build` to it");
    assert!(built(&text, None, &["other"]).contains("there is no component `other`"));
    assert!(built(&text, Some("other"), &[]).contains("there is no environment `other`"));
    let without = format!("app = \"app\"\n{docs}[environments.stage]\nregion = \"us-east-1\"\n");
    assert!(built(&without, None, &[]).contains("there is no static site with `build`"));
}
