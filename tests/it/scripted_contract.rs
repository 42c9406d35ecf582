//! Contracts of values from end to end: what is read, what is compared, and that no value is ever shown.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::harness::{Ran, page_of};
use crate::scripted::{ACCOUNT, App, Branch, Shop, config};

/// A part of every value that these tests set.
const CANARY: &str = "canary7f3a";

/// Runs a command as people do and as a program does, as a step of a workflow. No value is in anything it says.
#[track_caller]
fn asked(shop: &Shop, arguments: &[&str], code: i32) -> (Ran, Value) {
    let step = |arguments: &[&str]| shop.shipgate(arguments).env("GITHUB_ACTIONS", "true").leaving_a_page();
    let people = step(&[arguments, &["-v"]].concat()).run().expect_code(code);
    let page = std::fs::read_to_string(page_of(shop.repository.path())).unwrap_or_default();
    let program = step(&[arguments, &["--json"]].concat()).run().expect_code(code);
    let document = program.json();
    for text in [&people.stdout, &people.stderr, &page, &program.stdout, &program.stderr] {
        for canary in [CANARY, "canary-live-variable", "canary-live-secret"] {
            assert!(!text.contains(canary), "{canary} is shown in\n{text}");
        }
    }
    (people, document)
}

/// The rules that were broken, each with its message.
fn found(document: &Value) -> Vec<(String, String)> {
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
    let findings = document["findings"].as_array().unwrap_or_else(|| panic!("{document:#}")).iter();
    findings.map(|finding| (text(finding, "rule"), text(finding, "message"))).collect()
}

fn left_out(document: &Value) -> String {
    let left_out = document["left_out"].as_array().unwrap().iter();
    let line = |left: &Value| format!("{}: {}", left["what"].as_str().unwrap(), left["why"].as_str().unwrap());
    left_out.map(line).collect::<Vec<_>>().join("\n")
}

const APP: &str = "d1abc2def3ghi4";

/// One app with three branches; staging uses the backend of main.
pub fn realtechee() -> String {
    let roles = format!("account = \"{ACCOUNT}\"\n");
    format!(
        r#"app = "realtechee"

[components.web]
kind = "amplify"
app-id = "{APP}"
branch = "${{environment.name}}"

[contract.web]
BACKEND_SUFFIX = {{ required = true, isolated = true }}
USER_POOL_ID = {{ required = true, isolated = true, matches = "^us-west-1_\\w+$" }}
IDENTITY_POOL_ID = {{ required = true, isolated = true }}
GRAPHQL_URL = {{ required = true, isolated = true, url = "https" }}
API_KEY = {{ required = true, isolated = true, secret = true, matches = "^da2-[a-z0-9]{{26}}$" }}
REGION_OF_MAPS = {{}}

[environments.main]
region = "us-west-1"
{roles}
[environments.staging]
region = "us-west-1"
promotes-from = "main"
gates = {{ approval = "none" }}
{roles}
[environments.staging.components.web]
backend-from = "main"

[environments.production]
region = "us-west-1"
promotes-from = "staging"
gates = {{ approval = "none" }}
{roles}"#
    )
}

/// The values of a backend of its own.
fn values(of: &str) -> BTreeMap<String, String> {
    let pool = format!("us-west-1_{CANARY}{of}");
    [
        ("BACKEND_SUFFIX", format!("{CANARY}-{of}")),
        ("USER_POOL_ID", pool.clone()),
        ("IDENTITY_POOL_ID", format!("us-west-1:{CANARY}-{of}")),
        ("GRAPHQL_URL", format!("https://{CANARY}{of}.appsync-api.us-west-1.amazonaws.com/graphql")),
        ("API_KEY", format!("da2-{:0<26}", format!("{CANARY}{of}"))),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

pub fn amplify(config: &str) -> Shop {
    let shop = Shop::with_config(config);
    let branch = |of: &str| Branch { variables: values(of), builds: true, ..Branch::default() };
    let branches = [("main", branch("main")), ("staging", branch("main")), ("production", branch("prod"))];
    let app = App {
        region: "us-west-1".to_owned(),
        platform: "WEB_COMPUTE",
        variables: [("REGION_OF_MAPS".to_owned(), CANARY.to_owned())].into(),
        branches: branches.map(|(name, branch)| (name.to_owned(), branch)).into(),
        ..App::default()
    };
    shop.aws.world(|world| world.apps.insert(APP.to_owned(), app));
    shop
}

pub fn set(shop: &Shop, branch: &str, name: &str, value: Option<&str>) {
    shop.aws.world(|world| {
        let variables = &mut world.apps.get_mut(APP).unwrap().branches.get_mut(branch).unwrap().variables;
        match value {
            Some(value) => variables.insert(name.to_owned(), value.to_owned()),
            None => variables.remove(name),
        };
    });
}

#[test]
fn three_branches_of_an_app_fit_and_staging_shares_on_purpose() {
    let shop = amplify(&realtechee());
    for environment in ["main", "staging", "production"] {
        let (people, document) = asked(&shop, &["contract", environment], 0);
        assert_eq!(found(&document), [], "{document:#}");
        assert_eq!((left_out(&document).as_str(), &document["environment"]), ("", &json!(environment)));
        assert!(people.stderr.contains(&format!("contract of {environment} passed")), "{}", people.stderr);
    }
    // Without a word about the backend that it uses, staging has what is main's.
    let shop = amplify(&realtechee().replace("backend-from = \"main\"", ""));
    let (_, document) = asked(&shop, &["contract", "staging"], 2);
    let rules: Vec<String> = found(&document).into_iter().map(|(rule, _)| rule).collect();
    assert_eq!(rules, ["contract-isolated"; 5]);
}

#[test]
fn what_is_missing_or_wrong_in_production_is_named_with_its_place() {
    let shop = amplify(&realtechee());
    set(&shop, "production", "IDENTITY_POOL_ID", None);
    set(&shop, "production", "GRAPHQL_URL", Some(&format!("http://{CANARY}.example/graphql")));
    set(&shop, "production", "API_KEY", Some("da2-PRODUCTION_API_KEY"));
    set(&shop, "production", "USER_POOL_ID", Some(&values("main")["USER_POOL_ID"]));
    set(&shop, "production", "USER_POOL_IDS", Some(CANARY));
    let (people, document) = asked(&shop, &["contract", "production"], 2);
    let found = found(&document);
    for (rule, name) in [
        ("contract-required", "`IDENTITY_POOL_ID`"),
        ("contract-url", "`GRAPHQL_URL`"),
        ("contract-matches", "`API_KEY`"),
        ("contract-placeholder", "`API_KEY`"),
        ("contract-isolated", "`USER_POOL_ID`"),
        ("contract-undeclared", "`USER_POOL_IDS`"),
    ] {
        let is_found = found.iter().any(|(found, message)| found == rule && message.contains(name));
        assert!(is_found, "no {rule} of {name} in {found:#?}");
    }
    let missing = document["findings"].as_array().unwrap().iter().find(|it| it["rule"] == "contract-required").unwrap();
    let line = realtechee().lines().position(|line| line.starts_with("IDENTITY_POOL_ID")).unwrap() + 1;
    assert_eq!((&missing["file"], &missing["line"]), (&json!("shipgate.toml"), &json!(line)));
    assert!(people.stderr.contains("contract of production failed"), "{}", people.stderr);
    // The annotation of the job.
    assert!(
        people.stderr.contains("::error") || people.stdout.contains("::error"),
        "{}{}",
        people.stdout,
        people.stderr
    );
    assert_eq!(shop.aws.mutations(), [""; 0]);
}

#[test]
fn an_environment_that_cannot_be_read_is_no_good_one() {
    type Break = fn(&Shop);
    let cases: [(&str, Break); 5] = [
        ("Amplify app `d1abc2def3ghi4` does not exist", |shop| shop.aws.world(|world| world.apps.clear())),
        ("branch `production` of Amplify app", |shop| {
            shop.aws.world(|world| world.apps.get_mut(APP).unwrap().branches.remove("production"));
        }),
        ("permission `amplify:GetApp` is missing", |shop| {
            let why = "User: arn:aws:sts::123456789012:assumed-role/x/ci is not authorized to perform: amplify:GetApp";
            shop.aws.refuse("amplify:GetApp", 403, "AccessDeniedException", why);
        }),
        ("permission `amplify:GetBranch` is missing", |shop| {
            shop.aws.refuse("amplify:GetBranch", 401, "UnauthorizedException", "no access");
        }),
        ("does not accept the credentials", |shop| {
            shop.aws.refuse("sts:GetCallerIdentity", 403, "InvalidClientTokenId", "The token is invalid.");
        }),
    ];
    for (reason, breaks) in cases {
        let shop = amplify(&realtechee());
        breaks(&shop);
        let (people, document) = asked(&shop, &["contract", "production"], 1);
        assert_eq!(document["outcome"], "failed", "{document:#}");
        let said = format!("{}\n{}", document["reason"], document["causes"]);
        assert!(said.contains(reason), "no {reason:?} in {document:#}");
        assert!(!document["hints"].as_array().unwrap().is_empty(), "{document:#}");
        assert!(people.stderr.contains(reason), "{}", people.stderr);
    }
    let shop = amplify(&realtechee());
    asked(&shop, &["contract", "prod"], 2);
    assert!(shop.shipgate(&["contract"]).run().expect_code(2).stderr.contains("ENVIRONMENT"));
}

#[test]
fn others_that_cannot_be_read_are_named_and_refuse_nothing() {
    let shop = amplify(&realtechee());
    shop.aws.answer("amplify:GetBranch", |call, _| {
        (call.body["branchName"] != "main").then(|| call.error(403, "AccessDeniedException", "no"))
    });
    let (people, document) = asked(&shop, &["contract", "main"], 0);
    let left_out = left_out(&document);
    // What staging shares is not compared anyway.
    assert!(left_out.contains("not compared with production: permission `amplify:GetBranch` is missing"), "{left_out}");
    assert!(!left_out.contains("staging"), "{left_out}");
    assert!(people.stderr.contains("skipped: "), "{}", people.stderr);

    // Production's role is not for this job.
    let role = format!("account = \"{ACCOUNT}\"\nrole = \"arn:aws:iam::{ACCOUNT}:role/production\"\n");
    let config = realtechee();
    let (before, after) = config.split_at(config.find("[environments.production]").unwrap());
    let after = after.replace(&format!("account = \"{ACCOUNT}\"\n"), &role);
    let shop = amplify(&format!("{before}{after}"));
    shop.aws.refuse("sts:AssumeRole", 403, "AccessDenied", "Not authorized");
    let (_, document) = asked(&shop, &["contract", "main"], 0);
    let left_out = self::left_out(&document);
    assert!(left_out.contains("not compared with production: "), "{left_out}");
}

#[test]
fn nothing_declared_and_nothing_readable_is_said() {
    let config = realtechee();
    let (before, rest) = config.split_at(config.find("[contract.web]").unwrap());
    let shop = amplify(&format!("{before}{}", &rest[rest.find("[environments.main]").unwrap()..]));
    let (people, document) = asked(&shop, &["contract", "main"], 0);
    assert_eq!(left_out(&document), "the variables of web: no contract is declared for it");
    assert!(people.stderr.contains("shipgate contract --propose"), "{}", people.stderr);
    assert!(people.stderr.contains("contract of main compared nothing"), "{}", people.stderr);
    assert_eq!(shop.aws.operations(), [""; 0], "nothing is read for nothing");

    let site = "app = \"shop\"\n[components.site]\nkind = \"static-site\"\nbucket = \"b-site\"\nartifacts = \"b-artifacts\"\n\
                build = { run = \"npm run build\", output = \"dist\" }\n[contract.site]\nURL = { required = true }\n[environments.stage]\nregion = \"us-east-1\"\n";
    let (_, document) = asked(&Shop::with_config(site), &["contract", "stage"], 2);
    assert_eq!(found(&document)[0].0, "contract-required", "a site without runtime configuration has no values");
    let configured =
        format!("runtime-config = {{ path = \"c.js\", values = {{ URL = \"{CANARY}\" }} }}\n[contract.site]");
    asked(&Shop::with_config(&site.replace("[contract.site]", &configured)), &["contract", "stage"], 0);
}

#[test]
fn a_contract_is_proposed_from_what_can_be_read() {
    let shop = amplify(&realtechee());
    let (people, document) = asked(&shop, &["contract", "--propose"], 0);
    let text = document["proposal"].as_str().unwrap();
    assert!(people.stdout.contains(text.trim()), "{}", people.stdout);
    assert!(text.contains("[contract.web]"), "{text}");
    // Production has a backend of its own; that staging has main's is said in the configuration.
    assert!(text.contains("USER_POOL_ID = { required = true, isolated = true }"), "{text}");
    // What is proposed is a contract, and is kept by what there is.
    let config = realtechee();
    let (before, rest) = config.split_at(config.find("[contract.web]").unwrap());
    let rest = &rest[rest.find("[environments.main]").unwrap()..];
    shop.repository.write("shipgate.toml", format!("{before}{text}\n{rest}"));
    for environment in ["main", "staging", "production"] {
        let (_, document) = asked(&shop, &["contract", environment], 0);
        assert_eq!(found(&document), [], "{document:#}\n{text}");
    }

    shop.aws.answer("amplify:GetBranch", |call, _| {
        (call.body["branchName"] == "staging").then(|| call.error(403, "AccessDeniedException", "no"))
    });
    let (people, document) = asked(&shop, &["contract", "--propose"], 0);
    assert!(left_out(&document).contains("the variables of web in staging: "), "{document:#}");
    assert!(people.stderr.contains("skipped: the variables of web in staging"), "{}", people.stderr);

    shop.aws.refuse("amplify:GetApp", 403, "AccessDeniedException", "no");
    asked(&shop, &["contract", "--propose"], 1);
}

const PRODUCTION: &str = "prod-backend";

/// A service on stage and one on production, with a contract of what the configured container has.
fn service(contract: &str, gates: &str) -> Shop {
    service_of("", contract, gates)
}

fn service_of(more: &str, contract: &str, gates: &str) -> Shop {
    let production = format!(
        "[environments.stage.gates]\n{gates}\n\
         [environments.production]\nregion = \"us-east-1\"\naccount = \"{ACCOUNT}\"\npromotes-from = \"stage\"\n\
         [environments.production.gates]\napproval = \"none\"\n{gates}\n\
         [environments.production.components.backend]\nservice = \"{PRODUCTION}\"\n\
         [contract.backend]\n{contract}\n"
    );
    let shop = Shop::with_config(&format!("{}{production}", config(more)));
    shop.aws.world(|world| world.add_service(PRODUCTION));
    shop
}

/// Gives production's service a revision of its own, with these variables beside those that it has.
fn give_production(shop: &Shop, variables: &[(&str, &str)]) {
    shop.aws.world(|world| {
        let arn = world.register_by_hand(|document| {
            let list = document["containerDefinitions"][0]["environment"].as_array_mut().unwrap();
            for (name, value) in variables {
                list.retain(|variable| variable["name"] != *name);
                list.push(json!({"name": name, "value": value}));
            }
        });
        world.service(PRODUCTION).unwrap().deployments[0].definition = arn;
    });
}

const DECLARED: &str = "DATABASE_URL = { required = true }\nEMPTY = {}\nAPI_KEY = { required = true, secret = true }\n";

#[test]
fn a_service_has_variables_and_references() {
    let shop = service(DECLARED, "");
    let (_, document) = asked(&shop, &["contract", "stage"], 0);
    assert_eq!(found(&document), [], "{document:#}");

    let shop = service(
        "DATABASE_URL = { required = true, secret = true, isolated = true }\nEMPTY = { required = true }\n\
         \"vars.PUBLIC_URL\" = { required = true, url = \"https\" }",
        "",
    );
    let (_, document) = asked(&shop, &["contract", "stage"], 2);
    let rules: Vec<String> = found(&document).into_iter().map(|(rule, _)| rule).collect();
    for rule in ["contract-secret", "contract-isolated", "contract-required", "contract-undeclared"] {
        assert!(rules.iter().any(|it| it == rule), "no {rule} in {rules:?}");
    }
    assert!(left_out(&document).contains("SHIPGATE_VARS is not set"), "{document:#}");
    let vars = json!({"PUBLIC_URL": format!("http://{CANARY}.example")}).to_string();
    let ran = shop.shipgate(&["contract", "stage", "--json"]).env("SHIPGATE_VARS", vars).run().expect_code(2);
    assert!(found(&ran.json()).iter().any(|(rule, text)| rule == "contract-url" && text.contains("vars.PUBLIC_URL")));
    assert!(!ran.stdout.contains(CANARY), "{}", ran.stdout);

    shop.aws.world(|world| {
        let arn = world.register_by_hand(|document| {
            document["containerDefinitions"][0]["environmentFiles"] =
                json!([{"type": "s3", "value": "arn:aws:s3:::b/x.env"}]);
        });
        world.services[0].deployments[0].definition = arn;
    });
    let (_, document) = asked(&shop, &["contract", "stage"], 2);
    assert!(left_out(&document).contains("environment files of container web of backend in stage"), "{document:#}");
    let found = found(&document);
    let missing = found.iter().find(|(rule, _)| rule == "contract-required").map(|(_, message)| message.as_str());
    assert!(missing.unwrap().ends_with("(not read: environment files of container web)"), "{missing:?}");
}

fn gate(report: &Value) -> (String, String) {
    let gates = report["gates"].as_array().unwrap().iter();
    let gate = gates.into_iter().find(|gate| gate["name"] == "contract").unwrap_or_else(|| panic!("{report:#}"));
    (gate["verdict"].as_str().unwrap().to_owned(), gate["reason"].as_str().unwrap().to_owned())
}

#[test]
fn a_deploy_is_refused_for_what_its_plan_would_run() {
    let missing = format!("{DECLARED}QUEUE = {{ required = true }}\n");
    let shop = service(&missing, "overridable = [\"contract\"]");
    let report = shop.shipgate(&["plan", "deploy", "stage", "--json"]).run().outcome("planned", 0);
    let (verdict, reason) = gate(&report);
    assert_eq!(verdict, "unsatisfied");
    assert!(reason.contains("`QUEUE`") && reason.contains("contract-required"), "{reason}");
    let report = shop.deploy().outcome("refused", 3);
    assert!(!report.to_string().contains("canary-live"), "{report:#}");
    assert_eq!(shop.aws.mutations(), [""; 0]);
    let overriding = ["deploy", "stage", "--override", "contract=the queue comes tomorrow", "--json"];
    let report = shop.shipgate(&overriding).run().outcome("deployed", 0);
    assert_eq!(gate(&report).0, "unsatisfied");

    // Where it is only a warning, the plan says so.
    let shop = service(&missing, "contract = \"warning\"");
    let report = shop.deploy().outcome("deployed", 0);
    assert!(gate(&report).1.contains("`contract = \"warning\"`"), "{report:#}");
    assert!(report["warnings"].to_string().contains("`QUEUE`"), "{report:#}");

    // The file of the repository is what would run, whatever runs now.
    let shop = service_of("task-definition = \"task.json\"\n", &missing, "");
    let definition = |queue: bool| {
        let queue = queue.then(|| json!({"name": "QUEUE", "value": CANARY}));
        let first = json!({"name": "DATABASE_URL", "value": CANARY});
        let variables: Vec<Value> = [Some(first), queue].into_iter().flatten().collect();
        json!({"family": "backend", "containerDefinitions": [{"name": "web", "image": "x", "environment": variables,
            "secrets": [{"name": "API_KEY", "valueFrom": format!("arn:aws:ssm:us-east-1:{ACCOUNT}:parameter/{CANARY}")}]}]})
        .to_string()
    };
    for (queue, verdict) in [(false, "unsatisfied"), (true, "satisfied")] {
        shop.repository.write("task.json", definition(queue));
        shop.repository.git(&["add", "."]);
        shop.repository.commit("The task definition");
        let ran = shop.shipgate(&["plan", "deploy", "stage", "--json"]).run();
        assert_eq!(gate(&ran.outcome("planned", 0)).0, verdict, "{}", ran.stdout);
        assert!(!ran.stdout.contains(CANARY) && !ran.stderr.contains(CANARY), "{}{}", ran.stdout, ran.stderr);
    }
}

#[test]
fn a_promotion_always_compares_its_source() {
    let isolated =
        "DATABASE_URL = { required = true, isolated = true }\nEMPTY = {}\nAPI_KEY = {}\nFLAG = { inherited = true }\n";
    let shop = service(isolated, "");
    give_production(&shop, &[("DATABASE_URL", "canary7f3a-prod")]);
    shop.deploy().outcome("deployed", 0);
    let promote = |shop: &Shop| shop.shipgate(&["promote", "production", "--json"]).run();
    let plan = |shop: &Shop| {
        let ran = shop.shipgate(&["plan", "promote", "production", "--json"]).run();
        assert!(!ran.stdout.contains(CANARY) && !ran.stderr.contains(CANARY), "{}{}", ran.stdout, ran.stderr);
        ran.outcome("planned", 0)
    };
    let report = plan(&shop);
    assert_eq!(gate(&report), ("satisfied".to_owned(), "the values of backend fit its contract".to_owned()));
    let digest = report["plan_digest"].clone();
    give_production(&shop, &[("DATABASE_URL", "canary7f3a-prod"), ("FLAG", CANARY)]);
    let (verdict, reason) = gate(&plan(&shop));
    assert!(verdict == "unsatisfied" && reason.contains("contract-inherited"), "{reason}");
    give_production(&shop, &[("DATABASE_URL", "canary-live-variable")]);
    let (verdict, reason) = gate(&plan(&shop));
    assert!(verdict == "unsatisfied" && reason.contains("contract-isolated"), "{reason}");
    let report = promote(&shop).outcome("refused", 3);
    assert!(report["causes"].to_string().contains("DATABASE_URL"), "{report:#}");
    give_production(&shop, &[("DATABASE_URL", "canary7f3a-prod")]);
    promote(&shop).outcome("deployed", 0);

    // The policy is part of what people approve.
    let text = std::fs::read_to_string(shop.repository.path().join("shipgate.toml")).unwrap();
    let text = text.replace("approval = \"none\"\n", "approval = \"none\"\ncontract = \"warning\"\n");
    shop.repository.write("shipgate.toml", text);
    let report = shop.shipgate(&["plan", "promote", "production", "--json"]).run().outcome("planned", 0);
    assert_ne!(report["plan_digest"], digest);

    // A rollback asks nothing of values.
    let report = shop.shipgate(&["plan", "rollback", "production", "--json"]).run().outcome("planned", 0);
    assert!(!report["gates"].to_string().contains("contract"), "{report:#}");
}

#[test]
fn a_check_enters_no_other_environment_for_a_contract() {
    let shop = service("DATABASE_URL = { isolated = true }\nQUEUE = { required = true }", "");
    let ran = shop.shipgate(&["check", "--json"]).run().expect_code(0);
    let document = ran.json();
    let gate = found(&document).into_iter().find(|(rule, _)| rule == "gate").unwrap();
    assert!(gate.1.contains("contract would refuse a deploy to stage") && gate.1.contains("`QUEUE`"), "{gate:?}");
    assert!(!ran.stdout.contains("canary"), "{}", ran.stdout);
    let production = |call: &crate::scripted::Call| call.body.to_string().contains(PRODUCTION);
    assert!(!shop.aws.calls().iter().any(production), "production is not read");
}

#[test]
fn a_gate_that_does_not_get_to_other_environments_says_so() {
    let shop = service("DATABASE_URL = { isolated = true }\nEMPTY = {}\nAPI_KEY = {}", "");
    shop.aws.answer("ecs:DescribeServices", |call, _| {
        let why = "is not authorized to perform: ecs:DescribeServices";
        call.body.to_string().contains(PRODUCTION).then(|| call.error(400, "AccessDeniedException", why))
    });
    let report = shop.shipgate(&["plan", "deploy", "stage", "--json"]).run().outcome("planned", 0);
    let (verdict, reason) = gate(&report);
    assert_eq!(verdict, "satisfied");
    assert!(reason.contains("not compared with production: permission `ecs:DescribeServices` is missing"), "{reason}");
}

/// Without any credential.
#[test]
fn a_check_compares_the_variables_of_the_repository() {
    let contract = "\"vars.SITE_URL\" = { required = true, url = \"https\" }\n\"vars.ABSENT\" = { required = true }";
    let shop = service(contract, "");
    let check = |vars: Option<Value>| {
        let check = shop.repository.shipgate(&["check", "--json"]).env("AWS_EC2_METADATA_DISABLED", "true");
        let ran = match vars {
            Some(vars) => check.env("SHIPGATE_VARS", vars.to_string()).run(),
            None => check.run(),
        };
        assert!(!ran.stdout.contains(CANARY) && !ran.stderr.contains(CANARY), "{}{}", ran.stdout, ran.stderr);
        let found = found(&ran.json()).into_iter().filter(|(rule, _)| rule.starts_with("contract-"));
        found.map(|(rule, message)| format!("{rule} {message}")).collect::<Vec<_>>()
    };
    let wrong = check(Some(json!({"SITE_URL": format!("http://{CANARY}.shop.test")})));
    assert_eq!(wrong.len(), 2, "{wrong:#?}");
    assert!(wrong.iter().any(|it| it.starts_with("contract-url `vars.SITE_URL`")), "{wrong:#?}");
    assert!(wrong.iter().any(|it| it == "contract-required `vars.ABSENT` of backend is not set"), "{wrong:#?}");
    assert_eq!(check(Some(json!({"SITE_URL": format!("https://{CANARY}.shop.test"), "ABSENT": "x"}))), [""; 0]);
    let empty = check(Some(json!({"SITE_URL": format!("https://{CANARY}.shop.test"), "ABSENT": ""})));
    assert_eq!(empty, ["contract-required `vars.ABSENT` of backend is not set"]);
    assert_eq!(check(None), [""; 0]);
}
