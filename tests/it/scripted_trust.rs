//! Who may assume a role: the policies that `iam trust` prints, judged by an STS that evaluates whole policies by all the
//! claims that AWS evaluates.

use serde_json::{Value, json};

use crate::harness::{Ran, Shipgate};
use crate::scripted::{ACCOUNT, Asker, REQUEST_TOKEN, Shop, all_at_once, config, lets_in};

const ISSUER: &str = "token.actions.githubusercontent.com";
/// The commit whose workflows are trusted, and another.
const COMMIT: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const OTHER: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
const IDS: [&str; 4] = ["--owner-id", "7", "--repository-id", "42"];
const SECOND_PERSON: &str = "{ by = \"second-person\" }";

fn role(name: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/{name}")
}

/// Stage and production, with `more` in stage's table and in production's.
fn configuration(approval: &str, stage: &str, production: &str) -> String {
    format!(
        "[github]\nworkflows = \"acme/shipgate@{COMMIT}\"\n{}role = {:?}\nread-role = {:?}\n{stage}\n\
         [environments.production]\nregion = \"us-east-1\"\naccount = \"{ACCOUNT}\"\npromotes-from = \"stage\"\n\
         role = {:?}\nread-role = {:?}\n{production}\n[environments.production.gates]\napproval = {approval}\n",
        config("").replace("app = \"shop\"\n", ""),
        role("stage"),
        role("stage-read"),
        role("production"),
        role("production-read"),
    )
    .replacen("[github]", "app = \"shop\"\n[github]", 1)
}

fn job(shop: &Shop, arguments: &[&str]) -> Shipgate {
    let host = shop.aws.host();
    shop.repository
        .shipgate(arguments)
        .env("AWS_ENDPOINT_URL", format!("http://{host}"))
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("ACTIONS_ID_TOKEN_REQUEST_URL", format!("http://{host}/token?api-version=2.0"))
        .env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", REQUEST_TOKEN)
}

fn document(ran: &Ran) -> Value {
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    serde_json::from_str(&ran.stdout).unwrap()
}

/// `iam trust` for the repository, with its ids.
fn trust(shop: &Shop, more: &[&str]) -> Value {
    document(&job(shop, &[&["iam", "trust"], more, &["--repository", "shop/cloudshop"], &IDS].concat()).run())
}

fn gate(file: &str) -> String {
    format!("acme/shipgate/.github/workflows/{file}.yml@{COMMIT}")
}

/// A token of GitHub, with all claims of `shop/cloudshop` on `main`.
fn token(context: &str, workflow: &str) -> Value {
    let mut claims = json!({
        "iss": format!("https://{ISSUER}"),
        "aud": "sts.amazonaws.com",
        "sub": format!("repo:shop/cloudshop:{context}"),
        "repository": "shop/cloudshop",
        "repository_id": "42",
        "repository_owner_id": "7",
        "ref": "refs/heads/main",
        "job_workflow_ref": workflow,
        "workflow": "promote",
        "actor": "ada",
        "actor_id": "1815",
        "run_id": "4711",
    });
    if let Some(name) = context.strip_prefix("environment:") {
        claims["environment"] = json!(name);
    }
    claims
}

fn in_production(workflow: &str) -> Value {
    token("environment:production", workflow)
}

fn on_main(workflow: &str) -> Value {
    token("ref:refs/heads/main", workflow)
}

/// The same token with other claims. `null`: without it.
fn with(token: &Value, claims: &Value) -> Value {
    let mut token = token.clone();
    for (name, value) in claims.as_object().unwrap() {
        if value.is_null() {
            token.as_object_mut().unwrap().remove(name);
        } else {
            token[name] = value.clone();
        }
    }
    token
}

/// Jobs of all kinds, by name: those that some role is for, and those that none is for.
fn jobs() -> Vec<(&'static str, Value)> {
    let own = |file: &str| format!("shop/cloudshop/.github/workflows/{file}.yml@refs/heads/main");
    let at = |file: &str, reference: &str| format!("acme/shipgate/.github/workflows/{file}.yml@{reference}");
    let promote = in_production(&gate("promote"));
    let approve = on_main(&gate("approve"));
    vec![
        ("promote", promote.clone()),
        ("restore", in_production(&gate("rollback"))),
        ("unhold", in_production(&gate("hold"))),
        ("plan", on_main(&gate("promote"))),
        ("rollback", on_main(&gate("rollback"))),
        ("hold", on_main(&gate("hold"))),
        ("approve", approve.clone()),
        ("deploy", on_main(&at("deploy-stage", COMMIT))),
        ("own workflow of the branch", on_main(&own("release"))),
        ("copy of approve", on_main(&own("approve"))),
        ("approve at another commit", on_main(&at("approve", OTHER))),
        ("approve at a tag", on_main(&at("approve", "refs/tags/v1"))),
        ("own workflow in the environment", in_production(&own("release"))),
        ("copy of promote", in_production(&own("promote"))),
        ("another workflow of the gate's repository", in_production(&gate("ci"))),
        ("approve in the environment", in_production(&gate("approve"))),
        ("promote at another commit", in_production(&at("promote", OTHER))),
        ("promote at a tag", in_production(&at("promote", "refs/tags/v1"))),
        ("promote at a branch", in_production(&at("promote", "refs/heads/main"))),
        ("promote of a fork", in_production(&format!("eve/shipgate/.github/workflows/promote.yml@{COMMIT}"))),
        ("pull request", pull_request()),
        ("promote of a repository made anew", with(&promote, &json!({"repository_id": "43"}))),
        ("approve of a repository made anew", with(&approve, &json!({"repository_id": "43"}))),
        ("promote for another branch", with(&promote, &json!({"ref": "refs/heads/x"}))),
        ("promote for a tag that is called so", with(&promote, &json!({"ref": "refs/tags/main"}))),
        (
            "approve for another branch",
            with(&approve, &json!({"ref": "refs/heads/x", "sub": "repo:shop/cloudshop:ref:refs/heads/x"})),
        ),
        ("promote of another repository", with(&promote, &json!({"sub": "repo:shop/other:environment:production"}))),
        ("promote to another environment", token("environment:demo", &gate("promote"))),
        ("promote for another audience", with(&promote, &json!({"aud": "https://github.com/shop"}))),
        ("promote of another provider", with(&promote, &json!({"iss": "https://github.acme.example/_services/token"}))),
    ]
}

fn pull_request() -> Value {
    let workflow = "shop/cloudshop/.github/workflows/check.yml@refs/pull/7/merge";
    with(&token("pull_request", workflow), &json!({"ref": "refs/pull/7/merge"}))
}

/// Those that GitHub's environment lets through, by the gate's workflows.
const GATED: [&str; 3] = ["promote", "restore", "unhold"];
/// What one person may do.
const ALONE: [&str; 2] = ["rollback", "hold"];
/// Whatever runs for the branch.
const BRANCH: [&str; 9] = [
    "plan",
    "rollback",
    "hold",
    "approve",
    "deploy",
    "own workflow of the branch",
    "copy of approve",
    "approve at another commit",
    "approve at a tag",
];
/// Whatever runs in production's environment for the branch.
const ENVIRONMENT: [&str; 11] = [
    "promote",
    "restore",
    "unhold",
    "own workflow in the environment",
    "copy of promote",
    "another workflow of the gate's repository",
    "approve in the environment",
    "promote at another commit",
    "promote at a tag",
    "promote at a branch",
    "promote of a fork",
];

/// A form of role: its approval, more of stage's table and of production's, what prints its policy, whose it is, and whom
/// it lets in.
struct Form {
    approval: &'static str,
    stage: String,
    production: String,
    line: &'static [&'static str],
    role: &'static str,
    lets_in: Vec<&'static str>,
    asks_for_workflow: bool,
}

fn forms() -> Vec<Form> {
    let form = |approval, line, role, lets_in: &[&[&'static str]], asks_for_workflow| Form {
        approval,
        stage: String::new(),
        production: String::new(),
        line,
        role,
        lets_in: lets_in.concat(),
        asks_for_workflow,
    };
    let via = || format!("via = {:?}", role("hub"));
    let second_person: &[&[&str]] = &[&ALONE, &["approve"]];
    vec![
        form("\"none\"", &["production"], "production", &[&GATED, &ALONE], true),
        form("\"required\"", &["production"], "production", &[&GATED, &ALONE], true),
        form(SECOND_PERSON, &["production"], "production", second_person, true),
        form("\"required\"", &["production", "--read-role"], "production-read", &[&BRANCH], false),
        form("\"required\"", &["stage"], "stage", &[&BRANCH], false),
        form(
            "\"required\"",
            &["stage", "--read-role"],
            "stage-read",
            &[&["pull request"], &BRANCH, &ENVIRONMENT],
            false,
        ),
        form(SECOND_PERSON, &["stage", "--read-role"], "stage-read", &[&["pull request"], &BRANCH], false),
        Form { production: via(), ..form("\"required\"", &["production", "--via"], "hub", &[&GATED, &ALONE], true) },
        Form { production: via(), ..form(SECOND_PERSON, &["production", "--via"], "hub", second_person, true) },
        Form { stage: via(), ..form("\"required\"", &["stage", "--via"], "hub", &[&BRANCH, &ENVIRONMENT], false) },
    ]
}

impl Form {
    fn shop(&self) -> Shop {
        Shop::with_config(&configuration(self.approval, &self.stage, &self.production))
    }
}

#[test]
fn a_role_lets_in_the_jobs_that_it_is_for_and_no_other() {
    all_at_once(forms(), |form| {
        let policy = trust(&form.shop(), form.line);
        let role = role(form.role);
        let jobs = jobs();
        let mut found: Vec<_> = jobs
            .iter()
            .filter(|(_, claims)| lets_in(&policy, &role, Asker::Token(claims)))
            .map(|(name, _)| *name)
            .collect();
        let mut expected = form.lets_in.clone();
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected, "{} {:?} {policy:#}", form.approval, form.line);
    });
}

/// The claims that a policy of this form asks for of a job.
fn asked(form: &Form, claims: &Value) -> Vec<&'static str> {
    let mut asked = vec!["aud", "sub", "repository_id"];
    if *claims != pull_request() {
        asked.push("ref");
    }
    if claims.get("environment").is_some() {
        asked.push("environment");
    }
    if form.asks_for_workflow {
        asked.push("job_workflow_ref");
    }
    asked
}

#[test]
fn a_job_that_misses_one_claim_or_has_another_value_is_kept_out() {
    all_at_once(forms(), |form| {
        let policy = trust(&form.shop(), form.line);
        let role = role(form.role);
        let is_in = |claims: &Value| lets_in(&policy, &role, Asker::Token(claims));
        for (name, claims) in jobs().into_iter().filter(|(name, _)| form.lets_in.contains(name)) {
            let asked = asked(&form, &claims);
            for claim in &asked {
                assert!(!is_in(&with(&claims, &json!({*claim: null}))), "{:?}: {name} without {claim}", form.line);
                let value = claims[*claim].as_str().unwrap();
                for other in [format!("{value}x"), value.to_uppercase(), value[1..].to_owned(), "*".to_owned()] {
                    if other != value {
                        let changed = with(&claims, &json!({*claim: other}));
                        assert!(!is_in(&changed), "{:?}: {name} with {claim} {other}", form.line);
                    }
                }
            }
            // And what is not asked for refuses no token.
            for claim in ["actor", "actor_id", "workflow", "repository", "run_id"] {
                assert!(
                    is_in(&with(&claims, &json!({claim: "other"}))),
                    "{:?}: {name} with another {claim}",
                    form.line
                );
            }
        }
    });
}

/// The program in a job of these claims, in an account with this policy alone.
fn whoami(shop: &Shop, policies: &[(&str, &Value)], claims: &Value) -> Ran {
    shop.aws.world(|world| {
        world.sts.trusts = policies.iter().map(|(name, policy)| (role(name), (*policy).clone())).collect();
        world.sts.claims = claims.clone();
    });
    let command = ["whoami", "production", "--trust-policy", "trust.json", "--output", "json"];
    job(shop, &command).run()
}

#[test]
fn whoami_names_the_condition_that_keeps_a_job_out() {
    let shop = Shop::with_config(&configuration("\"required\"", "", "").replace(
        &format!("read-role = {:?}\n\n[environments.production.gates]", role("production-read")),
        "[environments.production.gates]",
    ));
    let policy = trust(&shop, &["production"]);
    shop.repository.write("trust.json", policy.to_string());
    let promote = in_production(&gate("promote"));
    let all = jobs();
    let named = |name: &str| all.iter().find(|(known, _)| *known == name).unwrap().1.clone();
    for name in [&GATED[..], &ALONE].concat() {
        whoami(&shop, &[("production", &policy)], &named(name)).expect_code(0);
    }
    for (claims, expected) in [
        (named("promote at another commit"), ["`job_workflow_ref` must be", "call that workflow at that commit"]),
        (named("promote at a tag"), ["`job_workflow_ref` must be", "call that workflow at that commit"]),
        (named("copy of promote"), ["`job_workflow_ref` must be", "a copy of it is another workflow"]),
        (named("own workflow in the environment"), ["`job_workflow_ref` must be", "start a workflow that calls one"]),
        (named("plan"), ["statement `Branch`: `job_workflow_ref` must be", "start a workflow that calls one"]),
        (
            named("promote for another branch"),
            ["`ref` must be `refs/heads/main`, and is `refs/heads/x`", "start the run"],
        ),
        (named("promote of a repository made anew"), ["`repository_id` must be `42`, and is `43`", "made anew"]),
        (named("pull request"), ["`sub` must be", "the job runs for a pull request"]),
        (
            with(&promote, &json!({"job_workflow_ref": null})),
            ["the token has no `job_workflow_ref`", "call that workflow"],
        ),
        (with(&promote, &json!({"repository_id": null})), ["the token has no `repository_id`", "made anew"]),
        (with(&promote, &json!({"ref": null})), ["the token has no `ref`", "start the run"]),
        (with(&promote, &json!({"environment": null})), ["the token has no `environment`", "name that environment"]),
        (with(&promote, &json!({"environment": "Production"})), ["`environment` must be", "capital letters differ"]),
    ] {
        let ran = whoami(&shop, &[("production", &policy)], &claims).expect_code(2);
        let answer: Value = serde_json::from_str(&ran.stdout).unwrap();
        let identity = &answer["environments"][0]["identities"][0];
        let causes: Vec<&str> =
            identity["causes"].as_array().unwrap().iter().map(|cause| cause.as_str().unwrap()).collect();
        let is_told = causes.iter().any(|cause| expected.iter().all(|part| cause.contains(part)));
        assert!(is_told, "{expected:?}: {causes:#?}");
        assert!(!identity["hints"].to_string().contains("this statement lets them in"), "{identity:#}");
    }
}

/// What is copied from the refusal explains the same on a machine without a token.
#[test]
fn a_refusal_is_explained_elsewhere_by_the_command_that_it_shows() {
    let shop = Shop::with_config(&configuration("\"required\"", "", ""));
    let policy = trust(&shop, &["production"]);
    shop.repository.write("role.json", policy.to_string());
    let copy = in_production("shop/cloudshop/.github/workflows/promote.yml@refs/heads/main");
    let refused = whoami_without_policy(&shop, &policy, &copy);
    let hints = refused["environments"][0]["identities"][0]["hints"].as_array().unwrap().clone();
    let hint = hints.iter().map(|hint| hint.as_str().unwrap()).find(|hint| hint.contains("--claim")).unwrap();
    let command = hint.split('`').nth(1).unwrap();
    let words = shlex(&command.replace("ENVIRONMENT", "production").replace("FILE", "role.json"));
    let words: Vec<&str> = words.iter().map(String::as_str).skip(1).chain(["--output", "json"]).collect();
    shop.aws.refuse("sts:AssumeRole", 403, "AccessDenied", "User: x is not authorized to perform: sts:AssumeRole");
    shop.aws.world(|world| world.sts.trusts.clear());
    let ran = shop.shipgate(&words).run().expect_code(2);
    let causes =
        serde_json::from_str::<Value>(&ran.stdout).unwrap()["environments"][0]["identities"][0]["causes"].to_string();
    assert!(causes.contains("a copy of it is another workflow"), "{causes}");
    assert!(!causes.contains("`ref` must") && !causes.contains("`sub` must"), "{causes}");
}

fn whoami_without_policy(shop: &Shop, policy: &Value, claims: &Value) -> Value {
    shop.aws.world(|world| {
        world.sts.trusts = [(role("production"), policy.clone())].into();
        world.sts.claims = claims.clone();
    });
    let ran = job(shop, &["whoami", "production", "--output", "json"]).run().expect_code(2);
    serde_json::from_str(&ran.stdout).unwrap()
}

/// The words of a command in a shell, quoted with `'` alone.
fn shlex(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (number, part) in command.split('\'').enumerate() {
        match number % 2 {
            0 => words.extend(part.split_whitespace().map(str::to_owned)),
            _ => words.push(part.to_owned()),
        }
    }
    words
}

#[test]
fn a_policy_with_a_claim_that_aws_does_not_evaluate_lets_nobody_in() {
    let shop = Shop::with_config(&configuration("\"required\"", "", ""));
    let claims = in_production(&gate("promote"));
    let mut policy = trust(&shop, &["production"]);
    policy["Statement"][0]["Condition"]["StringEquals"][format!("{ISSUER}:run_id")] = json!("4711");
    shop.repository.write("trust.json", policy.to_string());
    assert!(!lets_in(&policy, &role("production"), Asker::Token(&claims)));
    let ran = whoami(&shop, &[("production", &policy)], &claims).expect_code(2);
    assert!(ran.stdout.contains("`run_id` is no claim that AWS evaluates"), "{}", ran.stdout);
}

/// The role between lets the job in, and the role lets that one in alone.
#[test]
fn a_job_comes_through_the_role_between() {
    let production = format!("via = {:?}", role("hub"));
    let shop = Shop::with_config(&configuration("\"required\"", "", &production));
    shop.repository.write("trust.json", "{}");
    let (hub, own) = (trust(&shop, &["production", "--via"]), trust(&shop, &["production"]));
    let read = trust(&shop, &["production", "--read-role"]);
    let policies = [("hub", &hub), ("production", &own), ("production-read", &read)];
    let gated = in_production(&gate("promote"));
    whoami(&shop, &policies, &gated).expect_code(0);
    assert!(shop.aws.world(|world| world.sts.sessions.contains(&role("production"))));
    assert!(!lets_in(&own, &role("production"), Asker::Token(&gated)), "only from the role between");
    assert!(!lets_in(&own, &role("production"), Asker::Role(&role("other"))));
    whoami(&shop, &policies, &in_production("shop/cloudshop/.github/workflows/x.yml@refs/heads/main")).expect_code(2);
}

/// For a second version that is rolled through, both commits are let in, and no third.
#[test]
fn two_commits_can_be_trusted_at_once() {
    let both = format!("workflows = [\"acme/shipgate@{COMMIT}\", \"acme/shipgate@{OTHER}\"]");
    let one = format!("workflows = \"acme/shipgate@{COMMIT}\"");
    let shop = Shop::with_config(&configuration("\"required\"", "", "").replace(&one, &both));
    let policy = trust(&shop, &["production"]);
    let is_in = |commit: &str| {
        let workflow = format!("acme/shipgate/.github/workflows/promote.yml@{commit}");
        lets_in(&policy, &role("production"), Asker::Token(&in_production(&workflow)))
    };
    assert!(is_in(COMMIT) && is_in(OTHER) && !is_in(&"c".repeat(40)));
    let line = [&["iam", "trust", "production", "--repository", "shop/cloudshop"], &IDS[..]].concat();
    let ran = job(&shop, &line).run().expect_code(0);
    let length = document(&ran).to_string().len();
    assert_eq!(length > 2048, ran.stderr.contains("a role's trust policy has 2048"), "{length} {}", ran.stderr);
}

#[test]
fn a_policy_longer_than_a_role_takes_is_noted() {
    let long = "o".repeat(39);
    let name = format!("{long}/{}", "r".repeat(100));
    let both = format!("workflows = [\"{name}@{COMMIT}\", \"{name}@{OTHER}\"]");
    let one = format!("workflows = \"acme/shipgate@{COMMIT}\"");
    let shop = Shop::with_config(&configuration("\"required\"", "", "").replace(&one, &both));
    let line = [&["iam", "trust", "production", "--repository", &name], &IDS[..]].concat();
    let ran = job(&shop, &line).run().expect_code(0);
    for said in ["a role's trust policy has 2048", "is raised first: `aws service-quotas ", "--subject-form immutable"]
    {
        assert!(ran.stderr.contains(said), "{}", ran.stderr);
    }
}

/// The page says how long the policy for two commits is: longer than a role takes, also in the shorter form.
#[test]
fn the_page_says_how_long_a_policy_for_two_commits_is() {
    let both = format!("workflows = [\"shipgate/shipgate@{COMMIT}\", \"shipgate/shipgate@{OTHER}\"]");
    let one = format!("workflows = \"acme/shipgate@{COMMIT}\"");
    let shop = Shop::with_config(&configuration("\"required\"", "", "").replace(&one, &both));
    let length = |form: &str| {
        let ids = ["--owner-id", "123456", "--repository-id", "456789", "--subject-form", form];
        let line = [&["iam", "trust", "production", "--repository", "acme/shop"], &ids[..]].concat();
        let length = document(&job(&shop, &line).run()).to_string().len();
        format!("{},{:03}", length / 1000, length % 1000)
    };
    let said = format!("{} and {} of 2,048", length("both"), length("immutable"));
    assert!(include_str!("../../docs/iam/README.md").contains(&said), "{said}");
}

/// What the page about approvals puts on the role while one form takes the place of the other.
#[test]
fn a_policy_for_two_forms_of_approval_lets_in_the_jobs_of_both() {
    let of = |approval: &str| trust(&Shop::with_config(&configuration(approval, "", "")), &["production"]);
    let (required, mut policy) = (of("\"required\""), of(SECOND_PERSON));
    let in_environment = required["Statement"].as_array().unwrap().iter();
    let in_environment = in_environment.filter(|statement| statement["Sid"] == "GitHubEnvironment").cloned();
    policy["Statement"].as_array_mut().unwrap().extend(in_environment);
    assert!(policy.to_string().len() <= 2048);
    let is_in = |claims: Value| lets_in(&policy, &role("production"), Asker::Token(&claims));
    for file in ["promote", "rollback", "hold"] {
        assert!(is_in(in_production(&gate(file))), "{file}");
    }
    for file in ["approve", "rollback", "hold"] {
        assert!(is_in(on_main(&gate(file))), "{file}");
    }
    assert!(!is_in(in_production(&gate("approve"))) && !is_in(on_main(&gate("promote"))));
}

#[test]
fn without_trusted_workflows_a_role_that_is_promoted_to_is_refused_with_all_ways_out() {
    let one = format!("[github]\nworkflows = \"acme/shipgate@{COMMIT}\"\n");
    let shop = Shop::with_config(&configuration("\"required\"", "", "").replace(&one, ""));
    let line = |more: &[&'static str]| {
        let line = [&["iam", "trust", "production", "--repository", "shop/cloudshop"], &IDS[..], more].concat();
        job(&shop, &line).run()
    };
    let refused = line(&["--output", "json"]).outcome("invalid", 2);
    let hints = refused["hints"].to_string();
    for way in ["[github]", "--workflow OWNER/NAME/.github/workflows/FILE.yml@REF", "--keys sub"] {
        assert!(hints.contains(way), "{refused:#}");
    }
    // What needs none is printed.
    trust(&shop, &["production", "--read-role"]);
    trust(&shop, &["stage"]);

    let classic = document(&line(&["--keys", "sub"]).expect_code(0).expect_stderr("this asks for no workflow"));
    let is_in = |policy: &Value, claims: &Value| lets_in(policy, &role("production"), Asker::Token(claims));
    let all = jobs();
    let named = |name: &str| all.iter().find(|(known, _)| *known == name).unwrap().1.clone();
    assert!(is_in(&classic, &named("promote")) && is_in(&classic, &named("own workflow in the environment")));
    assert!(!is_in(&classic, &named("rollback")), "it is not separated from other jobs of the branch");

    let own = "shop/cloudshop/.github/workflows/release.yml@refs/heads/main";
    let ran = line(&["--workflow", own]).expect_code(0).expect_stderr("is weaker than `[github] workflows`");
    let policy = document(&ran);
    assert!(is_in(&policy, &named("own workflow in the environment")));
    for other in ["promote", "own workflow of the branch", "copy of promote", "rollback"] {
        assert!(!is_in(&policy, &named(other)), "{other}");
    }
}

#[test]
fn what_a_policy_cannot_be_made_of_is_refused() {
    let shop = Shop::with_config(&configuration("\"required\"", "", ""));
    let own = "shop/cloudshop/.github/workflows/release.yml@refs/heads/main";
    let named = ["--repository", "shop/cloudshop"];
    for (line, expected) in [
        (vec!["production"], "gh api repos/shop/cloudshop"),
        (
            [&["production", "--workflow", "shop/cloudshop/.github/workflows/release.yml@main"], &IDS[..]].concat(),
            "refs/heads/",
        ),
        ([&["production", "--workflow", own, "--keys", "sub"], &IDS[..]].concat(), "remove one of the two"),
        ([&["stage", "--workflow", own], &IDS[..]].concat(), "remove --workflow"),
        (vec!["production", "--from-token"], "cannot be used with"),
        ([&["production", "--branch", "*"], &IDS[..]].concat(), "the name of one branch"),
        ([&["production", "--branch", "${aws:username}"], &IDS[..]].concat(), "the name of one branch"),
        ([&["production", "--issuer", "https://ghe.acme.example/_services/token"], &IDS[..]].concat(), "--keys sub"),
        (
            [&["production", "--keys", "sub", "--issuer", "http://ghe.acme.example"], &IDS[..]].concat(),
            "--issuer https://HOST",
        ),
    ] {
        let ran = job(&shop, &[&["iam", "trust"], &line[..], &named].concat()).run();
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{line:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(expected), "{line:?}: {}", ran.stderr);
    }
    // Of a second person only runs of the trusted workflows count.
    let asking = Shop::with_config(&configuration(SECOND_PERSON, "", ""));
    let line = [&["iam", "trust", "production", "--workflow", own], &named[..], &IDS[..]].concat();
    let ran = job(&asking, &line).run().expect_stderr("remove --workflow: a second person");
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{}", ran.stderr);
    // Another server has another issuer, and the same name there is somebody else's here.
    let line = [&["iam", "trust", "production", "--keys", "sub"], &named[..], &IDS[..]].concat();
    let enterprise = |line: &[&str]| job(&shop, line).env("GITHUB_SERVER_URL", "https://ghe.acme.example").run();
    let ran = enterprise(&line).expect_stderr("--issuer https://HOST/_services/token");
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{}", ran.stderr);
    let own = [&line[..], &["--issuer", "https://ghe.acme.example/_services/token"]].concat();
    let policy = document(&enterprise(&own).expect_code(0)).to_string();
    assert!(policy.contains("oidc-provider/ghe.acme.example/_services/token"), "{policy}");
    assert!(!policy.contains("githubusercontent"), "{policy}");
    // Where a name alone is asked for, that is said.
    let ran = job(&shop, &[&["iam", "trust", "stage"], &named[..]].concat()).run().expect_code(0);
    ran.expect_stderr("this asks for no `repository_id`").expect_stderr("--repository-id");
}

#[test]
fn a_job_prints_the_policy_of_its_own_token() {
    let shop = Shop::with_config(&configuration("\"required\"", "", ""));
    let print = |claims: &Value, environment: &str| {
        shop.aws.world(|world| world.sts.claims = claims.clone());
        job(&shop, &["iam", "trust", environment, "--from-token"]).run()
    };
    let immutable = json!({"sub": "repo:shop@7/cloudshop@42:environment:production"});
    let promote = with(&in_production(&gate("promote")), &immutable);
    let ran = print(&promote, "production").expect_code(0).expect_stderr("only a run shows it");
    assert!(!ran.stderr.contains("none of those"), "{}", ran.stderr);
    let policy = document(&ran);
    assert!(lets_in(&policy, &role("production"), Asker::Token(&promote)));
    for claim in ["sub", "repository_id", "ref", "environment", "job_workflow_ref"] {
        let other = with(&promote, &json!({claim: "other"}));
        assert!(!lets_in(&policy, &role("production"), Asker::Token(&other)), "{claim}");
    }
    assert!(!ran.stdout.contains("canary") && !ran.stderr.contains("canary"));

    let copy = in_production("shop/cloudshop/.github/workflows/promote.yml@refs/heads/main");
    print(&copy, "production").expect_code(0).expect_stderr("is none of those in `[github] workflows`");
    print(&pull_request(), "production").expect_code(0).expect_stderr("this job is none of those");
    let without = with(&promote, &json!({"job_workflow_ref": null}));
    print(&without, "production").expect_code(2).expect_stderr("has no `job_workflow_ref`");
    // A role that asks for no workflow has none in its policy.
    let deploy = document(&print(&on_main(&gate("deploy-stage")), "stage").expect_code(0));
    assert!(!deploy.to_string().contains("job_workflow_ref"), "{deploy:#}");

    let classic = document(&job(&shop, &["iam", "trust", "stage", "--from-token", "--keys", "sub"]).run());
    let conditions = classic["Statement"][0]["Condition"]["StringEquals"].as_object().unwrap();
    assert_eq!(conditions.len(), 2, "{classic:#}");

    let outside = shop.shipgate(&["iam", "trust", "stage", "--from-token"]).run().expect_code(2);
    outside.expect_stderr("there is no token of GitHub outside of its jobs");
    let unpermitted = shop.shipgate(&["iam", "trust", "stage", "--from-token"]).env("GITHUB_ACTIONS", "true");
    unpermitted.run().expect_code(2).expect_stderr("id-token: write");
}
