//! What a right configuration means.

use std::time::Duration;

use super::*;
use crate::domain::ecs::target::{MissingVariables, TaskDefinitionSource};
use crate::domain::gate::{Approval, BranchPattern, GateName, GatePolicy, StatusPolicy};
use crate::domain::names::ComponentName;
use crate::domain::probe::ExpectedValue;
use crate::domain::target::{Component, Reuse};

#[test]
fn an_environment_is_resolved_with_its_defaults() {
    let target = resolve(GOOD, "stage", &[], None).unwrap();
    assert_eq!(target.app, "cloudshop");
    assert_eq!(target.region.as_str(), "us-east-1");
    assert_eq!(target.account.as_ref().unwrap().as_str(), "123456789012");
    assert_eq!(target.promotes_from, None);
    assert!(target.policy == GatePolicy::default());

    let [image] = target.images.as_slice() else { panic!("{:?}", target.images) };
    assert_eq!(image.component.as_str(), "backend");
    assert_eq!(image.repository.as_str(), "stage-cloudshop-backend");
    assert!(!image.create_repository);
    assert_eq!(image.build.context, "backend");
    assert_eq!(image.build.dockerfile, None);
    assert_eq!(image.build.platforms, ["linux/amd64"]);
    assert_eq!(image.build.args["RELEASE"].to_string(), "${release.sha}");

    let backend = ecs(&target, 0);
    assert_eq!(backend.cluster.as_str(), "stage-cluster");
    assert_eq!(backend.service.as_str(), "stage-backend-blue");
    assert_eq!(backend.image.as_str(), "backend");
    assert_eq!(backend.task_definition, TaskDefinitionSource::Live);
    assert_eq!(backend.pre_deploy.as_ref().unwrap()[2].as_literal(), Some("head"));
    assert_eq!(backend.timeout, Duration::from_hours(1));

    let worker = ecs(&target, 1);
    assert_eq!(worker.image.as_str(), "backend");
    assert_eq!(worker.task_definition, TaskDefinitionSource::File("ecs/worker.json".into()));
    assert_eq!(worker.timeout, Duration::from_mins(90));
    assert!(worker.probes.is_empty() && worker.pre_deploy.is_none());
    assert_eq!(worker.missing_variables, MissingVariables::Warning);
}

#[test]
fn a_probe_has_its_defaults() {
    let target = resolve(GOOD, "stage", &["backend"], None).unwrap();
    let [probe] = ecs(&target, 0).probes.as_slice() else { panic!("one probe") };
    assert_eq!(probe.url.as_literal(), Some("http://stage.example/health"));
    assert_eq!((probe.method.as_str(), probe.status), ("GET", 200));
    assert_eq!((probe.timeout, probe.interval), (Duration::from_secs(5), Duration::from_secs(1)));
    assert_eq!((probe.retries, probe.successes), (10, 1));
    assert_eq!(probe.headers["Authorization"].as_literal(), Some("Bearer s3cr3t value"));
    let expected: Vec<_> = probe.json.values().collect();
    let ExpectedValue::Text(release) = expected[0] else { panic!("{expected:?}") };
    assert_eq!(release.to_string(), "${release.sha}");
    let literals = [serde_json::json!(true), serde_json::json!(2), serde_json::json!(0.5)];
    assert_eq!(expected[1..], literals.map(ExpectedValue::Literal).iter().collect::<Vec<_>>());
}

#[test]
fn everything_of_a_probe_can_be_written() {
    let text = GOOD.to_owned()
        + r#"
[[environments.production.components.worker.probes]]
url = "https://${app}.example/${release.sha}?e=${environment.name}"
method = "post"
status = 204
text = "$${ok}"
response-headers = { X-Release = "${release.sha}" }
timeout = "500ms"
interval = "2s"
retries = 0
successes = 3
"#;
    let target = resolve(&text, "production", &["worker"], Some(r#"{"REGION": "eu-west-1"}"#)).unwrap();
    let [probe] = ecs(&target, 0).probes.as_slice() else { panic!("one probe") };
    assert_eq!(probe.url.to_string(), "https://cloudshop.example/${release.sha}?e=production");
    assert_eq!((probe.method.as_str(), probe.status), ("POST", 204));
    assert_eq!(probe.text.as_ref().unwrap().as_literal(), Some("${ok}"));
    assert_eq!(probe.response_headers["X-Release"].to_string(), "${release.sha}");
    assert_eq!((probe.timeout, probe.interval), (Duration::from_millis(500), Duration::from_secs(2)));
    assert_eq!((probe.retries, probe.successes), (0, 3));
}

#[test]
fn a_component_alone_brings_the_image_that_it_takes() {
    let target = resolve(GOOD, "stage", &["worker", "worker"], None).unwrap();
    assert_eq!(target.components.len(), 1);
    assert_eq!(target.components[0].name.as_str(), "worker");
    assert_eq!(target.images.len(), 1);
    assert_eq!(target.images[0].component.as_str(), "backend");
}

#[test]
fn components_keep_the_order_of_the_file() {
    let target = resolve(GOOD, "stage", &["worker", "backend"], None).unwrap();
    let names: Vec<_> = target.components.iter().map(|component| component.name.as_str()).collect();
    assert_eq!(names, ["backend", "worker"]);
    let document = parse(GOOD).unwrap();
    assert_eq!(document.environments().collect::<Vec<_>>(), ["stage", "production"]);
}

#[test]
fn components_come_after_what_they_depend_on() {
    let added = dependent("first", &["last", "backend"]) + &dependent("middle", &[]) + &dependent("last", &["worker"]);
    let text = with("[components.backend]", &format!("{added}[components.backend]"));
    let order = |components: &[&str]| {
        let target = resolve(&text, "stage", components, None).unwrap();
        let shown = |it: &Component| {
            let others: Vec<_> = it.depends_on.iter().map(ComponentName::as_str).collect();
            format!("{} {}", it.name, others.join(" ")).trim_end().to_owned()
        };
        target.components.iter().map(shown).collect::<Vec<_>>()
    };
    assert_eq!(order(&[]), ["middle", "backend", "worker", "last worker", "first last backend"]);
    // What is between them is not asked for, and still makes the order.
    assert_eq!(order(&["first", "worker"]), ["worker", "first last backend"]);
}

#[test]
fn variables_are_looked_up_for_what_is_asked_only() {
    // Stage needs no REGION, and the worker no PROBE_TOKEN.
    assert!(resolve(GOOD, "stage", &[], Some("{}")).is_ok());
    let request = ResolveRequest {
        environment: "stage",
        components: &["worker".to_owned()],
        purpose: Purpose::Change,
        vars: None,
        env: &|_| None,
        in_workflow: false,
    };
    assert!(parse(GOOD).unwrap().resolve(&request).is_ok());

    let target = resolve(GOOD, "production", &[], Some(r#"{"REGION": "eu-west-1", "OTHER": null}"#)).unwrap();
    assert_eq!(target.region.as_str(), "eu-west-1");
    assert_eq!(target.promotes_from.as_ref().unwrap().as_str(), "stage");
    assert_eq!(target.policy.approval, Some(Approval::None));
    assert_eq!(ecs(&target, 0).cluster.as_str(), "prod-cluster");
    assert!(ecs(&target, 0).probes.is_empty(), "stage's override stays in stage");
}

#[test]
fn variables_may_be_numbers_and_booleans() {
    let text = with("\"head\"]", "\"${vars.N}\", \"${vars.B}\", \"${vars.F}\"]");
    let target = resolve(&text, "stage", &[], Some(r#"{"N": 7, "B": false, "F": 1.5}"#)).unwrap();
    let words = ecs(&target, 0).pre_deploy.clone().unwrap();
    assert_eq!(words[2..].iter().map(ToString::to_string).collect::<Vec<_>>(), ["7", "false", "1.5"]);
}

#[test]
fn what_a_variable_holds_is_not_looked_into() {
    let text = with("\"head\"]", "\"${vars.A}\"]");
    let target = resolve(&text, "stage", &[], Some(r#"{"A": "${release.sha} ${env.X}"}"#)).unwrap();
    let word = ecs(&target, 0).pre_deploy.clone().unwrap().remove(2);
    assert_eq!(word.as_literal(), Some("${release.sha} ${env.X}"));
}

#[test]
fn a_setting_may_stand_in_every_environment_instead() {
    let text = with("service = \"${environment.prefix}-worker\"\n", "")
        + "[environments.stage.components.worker]\nservice = \"a\"\ntimeout = \"5m\"\n\
           [environments.production.components.worker]\nservice = \"b\"\n";
    let stage = resolve(&text, "stage", &["worker"], None).unwrap();
    assert_eq!((ecs(&stage, 0).service.as_str(), ecs(&stage, 0).timeout), ("a", Duration::from_mins(5)));
    let production = resolve(&text, "production", &["worker"], Some(r#"{"REGION": "eu-west-1"}"#)).unwrap();
    assert_eq!((ecs(&production, 0).service.as_str(), ecs(&production, 0).timeout), ("b", Duration::from_mins(90)));
}

#[test]
fn what_missing_variables_mean_may_differ_between_environments() {
    let text = with("timeout = \"1h 30m\"", "missing-variables = \"error\"")
        + "[environments.production.components]\nworker.missing-variables = \"warning\"\n\
           backend.missing-variables = \"error\"\n";
    let vars = Some(r#"{"REGION": "eu-west-1"}"#);
    for (environment, backend, worker) in [
        ("stage", MissingVariables::Warning, MissingVariables::Error),
        ("production", MissingVariables::Error, MissingVariables::Warning),
    ] {
        let target = resolve(&text, environment, &[], vars).unwrap();
        assert_eq!((ecs(&target, 0).missing_variables, ecs(&target, 1).missing_variables), (backend, worker));
    }
}

#[test]
fn which_images_are_reused_may_differ_between_environments() {
    let text = with("container = \"web\"", "container = \"web\"\nreuse = \"own\"")
        + "[environments.production.components.backend]\nreuse = \"any\"\n";
    let vars = Some(r#"{"REGION": "eu-west-1"}"#);
    let reuse = |text: &str, environment| resolve(text, environment, &[], vars).unwrap().images[0].reuse;
    assert_eq!((reuse(&text, "stage"), reuse(&text, "production")), (Reuse::Own, Reuse::Any));
    assert_eq!(reuse(&with("", ""), "stage"), Reuse::Any);
}

#[test]
fn a_prefix_may_have_variables() {
    let text = with("prefix = \"prod\"", "prefix = \"${vars.P}-${environment.name}\"");
    let vars = r#"{"P": "eu", "REGION": "eu-west-1"}"#;
    let target = resolve(&text, "production", &[], Some(vars)).unwrap();
    assert_eq!(ecs(&target, 0).cluster.as_str(), "eu-production-cluster");
    // The missing one is reported where it is written, not at every use of the prefix.
    let errors = resolve(&text, "production", &[], Some(r#"{"REGION": "eu-west-1"}"#)).unwrap_err();
    assert_eq!(errors.iter().count(), 1, "{errors}");
}

#[test]
fn line_ends_and_byte_order_marks_change_nothing() {
    let target = resolve(GOOD, "stage", &[], None).unwrap();
    assert_eq!(resolve(&GOOD.replace('\n', "\r\n"), "stage", &[], None).unwrap(), target);
    assert_eq!(resolve(&format!("\u{feff}{GOOD}"), "stage", &[], None).unwrap(), target);
}

#[test]
fn an_amplify_branch_has_keys_of_its_own_and_needs_no_other_component() {
    const APP: &str = "app = \"shop\"\n[components.web]\nkind = \"amplify\"\napp-id = \"d1abc2def3\"\n\
        branch = \"${environment.name}\"\napp-root = \"frontend\"\nplatform = \"WEB_COMPUTE\"\ncompute = \"LARGE_16GB\"\n\
        expect = { \"AWS::DynamoDB::Table\" = 15 }\n\
        [environments.main]\nregion = \"us-west-1\"\n\
        [environments.staging]\nregion = \"us-west-1\"\n[environments.staging.components.web]\nbackend-from = \"main\"\n";
    let target = resolve(APP, "staging", &[], None).unwrap();
    let [Component { kind: Kind::Amplify(web), .. }] = target.components.as_slice() else { panic!("{target:?}") };
    let names = (web.app_id.as_str(), web.branch.as_str(), web.app_root.as_deref());
    assert_eq!(names, ("d1abc2def3", "staging", Some("frontend")));
    assert_eq!((web.platform.unwrap().as_str(), web.compute.memory()), ("WEB_COMPUTE", 16384));
    assert_eq!((web.backend_from.as_ref().unwrap().as_str(), web.expect["AWS::DynamoDB::Table"]), ("main", 15));
    assert!(target.images.is_empty());
    for (from, to, messages) in [
        ("d1abc2def3", "shop", "`app-id`: \"shop\" is not the id of an Amplify app"),
        ("branch = \"${environment.name}\"", "", "`branch` is missing"),
        ("\"frontend\"", "\"./frontend\"", "is not the root of an app"),
        ("WEB_COMPUTE", "SSR", "is not a platform of an Amplify app"),
        ("LARGE_16GB", "LARGE", "is not a build machine of Amplify"),
        ("AWS::DynamoDB::Table", "tables", "\"tables\" is not a type of resources"),
        ("= 15", "= \"15\"", "must be a number of resources, not a string"),
        ("backend-from = \"main\"", "backend-from = \"man\"", "there is no environment `man`"),
        ("backend-from = \"main\"", "backend-from = \"staging\"", "`staging` cannot share with itself"),
        ("platform =", "backend-from = \"main\"\nplatform =", "is said of all environments"),
        ("platform =", "build = {}\nplatform =", "`build` is not built yet"),
        ("platform =", "cluster = \"c\"\nplatform =", "only `kind = \"ecs\"` has that key"),
    ] {
        let refused = refused(&APP.replacen(from, to, 1)).render(false);
        assert!(refused.contains(messages), "{to}\n{refused}");
    }
}

/// The later of two would take the place of the other.
#[test]
fn no_two_components_or_images_share_a_place() {
    let same = with("${environment.prefix}-worker\"", "${environment.prefix}-backend-blue\"");
    let said = refused(&same).render(false);
    assert!(
        said.contains(
            "`backend` and `worker` are both `service prod-backend-blue of cluster prod-cluster` in `production`"
        ),
        "{said}"
    );
    let build = "build = { context = \"w\" }\nrepository = \"${environment.prefix}-cloudshop-backend\"";
    let said = refused(&with("image-from = \"backend\"", build)).render(false);
    assert!(said.contains("keep their images in repository `prod-cloudshop-backend` in `production`"), "{said}");
}

#[test]
fn gates_are_written_with_promotes_from_or_without() {
    let gates = r#"
soak = "1h 30m"
branch = ["main", "hotfix/*"]
statuses = { names = ["ci", "e2e / browser"], wait = "0s" }
freeze = [
    { from = "2026-12-20 18:00", to = "2027-01-02 08:00", zone = "Europe/Berlin", reason = "holidays" },
    { from = "2027-03-01", to = "2027-03-02", zone = "UTC" },
]
windows = [{ days = "thu,mon-wed", from = "08:00", to = "16:00", zone = "Europe/Berlin" }]
overridable = ["freeze", "windows"]
checklist = ["tables exist"]
"#;
    let text = with("approval = \"none\"", &format!("approval = \"none\"{gates}"));
    let policy = resolve(&text, "production", &[], Some(r#"{"REGION": "eu-west-1"}"#)).unwrap().policy;
    assert_eq!(policy.soak, Some(Duration::from_mins(90)));
    assert_eq!(policy.branch, Some(["main", "hotfix/*"].map(|name| BranchPattern(name.to_owned())).to_vec()));
    let names = vec!["ci".to_owned(), "e2e / browser".to_owned()];
    assert_eq!(policy.statuses, Some(StatusPolicy { names, wait: Duration::ZERO }));
    assert_eq!(policy.overridable, [GateName::Freeze, GateName::Windows]);
    assert_eq!(policy.checklist, ["tables exist"]);
    let shown = serde_json::json!({
        "approval": "none",
        "soak": 5400,
        "branch": ["main", "hotfix/*"],
        "statuses": { "names": ["ci", "e2e / browser"], "wait": 0 },
        "freeze": [
            "2026-12-20 18:00 to 2027-01-02 08:00 Europe/Berlin (holidays)",
            "2027-03-01 to 2027-03-02 UTC",
        ],
        "windows": ["mon-thu 08:00 to 16:00 Europe/Berlin"],
        "overridable": ["freeze", "windows"],
        "checklist": ["tables exist"],
    });
    assert_eq!(policy.canonical(), shown);

    let direct = with("account = \"123456789012\"", "gates = { branch = \"main\", statuses = { names = [\"ci\"] } }");
    let policy = resolve(&direct, "stage", &[], None).unwrap().policy;
    assert_eq!(policy.branch, Some(vec![BranchPattern("main".to_owned())]));
    assert_eq!(policy.statuses.unwrap().wait, Duration::from_mins(20));
    let none = with("account = \"123456789012\"", "gates = { freeze = [], overridable = [], checklist = [] }");
    assert_eq!(resolve(&none, "stage", &[], None).unwrap().policy, GatePolicy::default());
}
