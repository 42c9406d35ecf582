//! `whoami`, `credentials`, `iam` and the credential helper of docker.

use std::io::Write as _;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::harness::{Ran, Shipgate, command};
use crate::scripted::{ACCOUNT, REQUEST_TOKEN, Shop, config};

const ISSUER: &str = "token.actions.githubusercontent.com";

fn shop(more: &str) -> Shop {
    let role = |name: &str| format!("\"arn:aws:iam::{ACCOUNT}:role/{name}\"");
    let production = format!(
        "role = {}\nread-role = {}\n{more}\n\
         [environments.production]\nregion = \"us-east-1\"\naccount = \"{ACCOUNT}\"\npromotes-from = \"stage\"\n\
         role = {}\n[environments.production.gates]\napproval = \"none\"\n",
        role("stage"),
        role("stage-read"),
        role("production"),
    );
    Shop::with_config(&format!("{}{production}", config("")))
}

fn job(shop: &Shop, arguments: &[&str]) -> Shipgate {
    let host = shop.aws.host();
    shop.repository
        .shipgate(arguments)
        .env("AWS_ENDPOINT_URL", format!("http://{host}"))
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("SHIPGATE_REGISTRY_HOSTS", format!("{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com=http://{host}"))
        .env("ACTIONS_ID_TOKEN_REQUEST_URL", format!("http://{host}/token?api-version=2.0"))
        .env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", REQUEST_TOKEN)
}

fn document(ran: &Ran, code: i32) -> Value {
    assert_eq!(ran.code, code, "{}{}", ran.stdout, ran.stderr);
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {}", ran.stdout))
}

#[test]
fn whoami_tells_the_roles_of_all_environments() {
    let shop = shop("");
    let answer = document(&job(&shop, &["whoami", "--output", "json"]).run(), 0);
    assert_eq!(answer["token"]["sub"], "repo:shop/cloudshop:ref:refs/heads/main");
    let environments = answer["environments"].as_array().unwrap();
    let all = environments.iter().flat_map(|environment| environment["identities"].as_array().unwrap());
    let all: Vec<_> =
        all.map(|identity| (identity["for"].as_str().unwrap(), identity["arn"].as_str().unwrap())).collect();
    let session = |name: &str| format!("arn:aws:sts::{ACCOUNT}:assumed-role/{name}/session");
    let (change, look, production) = (session("stage"), session("stage-read"), session("production"));
    assert_eq!(all, [("change", change.as_str()), ("look", look.as_str()), ("change", production.as_str())]);

    let ran = job(&shop, &["whoami", "stage", "-v"]).run();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains(&look) && ran.stdout.contains("`sub`"), "{}", ran.stdout);
    let short = job(&shop, &["whoami", "stage"]).run().expect_code(0);
    assert!(!short.stdout.contains("`sub`") && !short.stdout.contains("arn:"), "{}", short.stdout);
}

/// The job of the branch is not meant to have production's role, and nothing is wrong with that.
#[test]
fn a_role_for_other_jobs_is_no_error() {
    let shop = shop("");
    shop.aws.refuse("sts:AssumeRoleWithWebIdentity", 403, "AccessDenied", "Not authorized");
    let answer = document(&job(&shop, &["whoami", "production", "--json"]).run(), 0);
    let identity = &answer["environments"][0]["identities"][0];
    assert_eq!((&identity["by_design"], &identity["arn"]), (&json!(true), &Value::Null));
    assert_eq!(identity["reason"], "only jobs with environment: production");
    let ran = job(&shop, &["whoami", "production"]).run().expect_code(0);
    assert!(ran.stdout.contains("– change  production") && ran.stderr.is_empty(), "{}{}", ran.stdout, ran.stderr);

    // The role of stage is for this job.
    let answer = document(&job(&shop, &["whoami", "--json"]).run(), 2);
    let all = answer["environments"].as_array().unwrap().iter();
    let all = all.flat_map(|environment| environment["identities"].as_array().unwrap());
    let by_design: Vec<_> = all.map(|identity| identity["by_design"].as_bool().unwrap()).collect();
    assert_eq!(by_design, [false, false, true]);
}

/// What the role is for, what the job is, and what to do.
#[test]
fn a_job_that_the_role_is_not_for_reads_what_differs() {
    let hold = |environment| ["hold", environment, "--reason", "x", "--json"];
    for (job_is, environment, for_jobs, action) in [
        (
            "ref:refs/heads/main",
            "production",
            "environment:production",
            "add `environment: { name: production, deployment: false }` to the job, or call promote.yml",
        ),
        (
            "environment:Production",
            "production",
            "environment:production",
            "GitHub's environment is called Production, and the role wants production: rename it",
        ),
        (
            "ref:refs/heads/feature-x",
            "stage",
            "ref:refs/heads/main",
            "only main is let in; `shipgate iam trust stage --branch 'feature-x'` prints",
        ),
        ("environment:production", "stage", "ref:refs/heads/main", "remove `environment` from it"),
        ("pull_request", "stage", "ref:refs/heads/main", "run it for the branch"),
    ] {
        let shop = shop("");
        let subject = format!("repo:shop/cloudshop:{job_is}");
        shop.aws.world(|world| world.sts.claims["sub"] = json!(subject));
        shop.aws.refuse("sts:AssumeRoleWithWebIdentity", 403, "AccessDenied", "Not authorized");
        let report = job(&shop, &hold(environment)).run().outcome("invalid", 2);
        assert_eq!(report["reason"], format!("this job may not change {environment}"), "{report:#}");
        let causes = report["causes"].to_string();
        assert!(causes.contains(&format!("the role is for     repo:shop/cloudshop:{for_jobs}")), "{report:#}");
        assert!(causes.contains(&format!("this job is         {subject}")), "{report:#}");
        assert!(causes.contains("AccessDenied"), "{report:#}");
        assert!(report["hints"][0].as_str().unwrap().contains(action), "{report:#}");
    }
}

#[test]
fn whoami_without_roles_tells_the_ambient_credentials() {
    let shop = Shop::new();
    let answer = document(&shop.shipgate(&["whoami", "stage", "--output", "json"]).run(), 0);
    let identity = &answer["environments"][0]["identities"][0];
    assert_eq!((&identity["role"], &answer["token"]), (&Value::Null, &Value::Null));
    assert_eq!(identity["arn"], format!("arn:aws:iam::{ACCOUNT}:user/tester"));
}

#[test]
fn whoami_says_which_condition_keeps_a_token_out() {
    let shop = shop("");
    shop.aws.refuse("sts:AssumeRoleWithWebIdentity", 403, "AccessDenied", "Not authorized");
    let trust = job(&shop, &["iam", "trust", "production", "--keys", "sub", "--repository", "shop/cloudshop"]).run();
    shop.repository.write("trust.json", document(&trust, 0).to_string());

    let command = ["whoami", "production", "--trust-policy", "trust.json", "--output", "json"];
    let answer = document(&job(&shop, &command).run(), 2);

    let identity = &answer["environments"][0]["identities"][0];
    let causes = identity["causes"].to_string();
    assert!(causes.contains("`sub` must be `repo:shop/cloudshop:environment:production`"), "{identity:#}");
    assert!(causes.contains("does not name that GitHub environment"), "{identity:#}");
    assert!(identity["hints"].to_string().contains("this statement lets them in"), "{identity:#}");
}

/// From a laptop, with the `sub` that a refusal showed elsewhere.
#[test]
fn whoami_explains_a_refusal_of_another_job() {
    let shop = shop("");
    shop.aws.refuse("sts:AssumeRole", 403, "AccessDenied", "User: x is not authorized to perform: sts:AssumeRole");
    let trust = job(&shop, &["iam", "trust", "stage", "--repository", "shop/cloudshop"]).run();
    shop.repository.write("trust.json", document(&trust, 0).to_string());
    let subject = ["--subject", "repo:shop/cloudshop:pull_request"];
    let command = [&["whoami", "stage", "--trust-policy", "trust.json", "--output", "json"], &subject[..]].concat();
    let answer = document(&shop.shipgate(&command).run(), 2);
    let causes = answer["environments"][0]["identities"][0]["causes"].to_string();
    assert!(causes.contains("the job runs for a pull request"), "{causes}");
}

/// With credentials that may read the role, its policy does not have to be handed over.
#[test]
fn whoami_reads_the_trust_policy_where_it_may() {
    let shop = shop("");
    shop.aws.refuse("sts:AssumeRoleWithWebIdentity", 403, "AccessDenied", "Not authorized");
    let trust = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow",
        "Principal": {"Federated": format!("arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER}")},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {format!("{ISSUER}:sub"): "repo:shop/cloudshop:*"}},
    }]});
    shop.aws.world(|world| world.sts.trust = trust.to_string());
    let run = job(&shop, &["whoami", "stage", "--output", "json"]).envs(&shop.variables());
    let answer = document(&run.run(), 2);
    let causes = answer["environments"][0]["identities"][0]["causes"].to_string();
    assert!(causes.contains("`StringEquals` takes `*` literally"), "{causes}");
}

/// Roles have the same names in several accounts.
#[test]
fn the_policy_of_another_accounts_role_explains_nothing() {
    let shop = shop("via = \"arn:aws:iam::210987654321:role/hub\"");
    shop.aws.refuse("sts:AssumeRoleWithWebIdentity", 403, "AccessDenied", "Not authorized");
    let trust = job(&shop, &["iam", "trust", "production", "--keys", "sub", "--repository", "shop/cloudshop"]).run();
    shop.aws.world(|world| world.sts.trust = trust.stdout.clone());
    let run = job(&shop, &["whoami", "stage", "--output", "json"]).envs(&shop.variables());
    let answer = document(&run.run(), 2);
    let identity = &answer["environments"][0]["identities"][0];
    assert!(!identity["hints"].to_string().contains("this statement lets them in"), "{identity:#}");
}

/// AWS compares letters: a policy of what was probably meant would let in no job, or another one.
#[test]
fn a_policy_is_printed_for_a_repositorys_name_alone() {
    let shop = shop("");
    for (given, hint) in [
        ("git@github.com:acme/orders.git", "write --repository acme/orders"),
        ("https://user:canary@github.com/acme/orders", "write --repository acme/orders"),
        ("ssh://git@github.com/acme/orders.git", "write --repository acme/orders"),
        ("acme/orders.git", "write --repository acme/orders"),
        ("acme/*", "name it: --repository OWNER/NAME"),
    ] {
        let option = job(&shop, &["iam", "trust", "stage", "--output", "json", "--repository", given]);
        let variable = job(&shop, &["iam", "trust", "stage", "--output", "json"]).env("GITHUB_REPOSITORY", given);
        for (run, source) in [(option, "--repository"), (variable, "GITHUB_REPOSITORY")] {
            let ran = run.run();
            let report = ran.outcome("invalid", 2);
            let reason = report["reason"].as_str().unwrap();
            assert!(reason.starts_with(source) && reason.ends_with("is not OWNER/NAME"), "{report:#}");
            assert_eq!(report["hints"], json!([hint]), "{given}");
            assert!(!ran.stderr.contains("canary"), "{}", ran.stderr);
        }
    }
    let good = job(&shop, &["iam", "trust", "stage", "--repository", "Acme/orders.api"]).run();
    assert!(document(&good, 0).to_string().contains("repo:Acme/orders.api:ref:refs/heads/main"));
}

/// Only what is used has to have a value: who cannot be let in has often no variables at hand either.
#[test]
fn who_one_is_and_what_lets_one_in_needs_no_variables_of_the_components() {
    let config = config("pre-deploy = [\"${env.NONE}\"]\ntimeout = \"${vars.NONE}\"")
        .replace("service = ", "service = \"${vars.SERVICE}\"\n#")
        .replace("{ context = \".\" }", "{ context = \"${vars.CONTEXT}\", args = { A = \"${vars.A}\" } }");
    let shop = Shop::with_config(&format!(
        "{config}url = \"${{vars.URL}}\"\nprefix = \"${{vars.PREFIX}}\"\nrole = \"arn:aws:iam::{ACCOUNT}:role/stage\"\n"
    ));
    for arguments in [
        &["whoami", "stage"][..],
        &["credentials", "stage", "--format", "process"],
        &["iam", "trust", "stage", "--repository", "acme/shop"],
    ] {
        job(&shop, arguments).run().expect_code(0);
    }
    // A policy names the service, and nothing else of these.
    let report = shop.shipgate(&["iam", "policy", "stage", "--output", "json"]).run().outcome("invalid", 2);
    assert_eq!(report["hints"].as_array().unwrap().len(), 1, "{report:#}");
    assert!(report["reason"].as_str().unwrap().ends_with("`${vars.SERVICE}` is not set"), "{report:#}");
    let vars = serde_json::json!({"SERVICE": crate::scripted::SERVICE}).to_string();
    let policy = shop.shipgate(&["iam", "policy", "stage"]).env("SHIPGATE_VARS", vars).run();
    let policy = document(&policy, 0).to_string();
    assert!(policy.contains("RunPreDeploy") && policy.contains("repository/stage-shop"), "{policy}");
}

#[test]
fn other_programs_get_a_session() {
    let shop = shop("");
    let command = ["credentials", "stage", "--format", "process", "--read-role"];
    let session = document(&job(&shop, &command).run(), 0);
    assert_eq!((&session["Version"], &session["SecretAccessKey"]), (&json!(1), &json!("canary-role-secret-key")));
    let expires: jiff::Timestamp = session["Expiration"].as_str().unwrap().parse().unwrap();
    assert!(expires > jiff::Timestamp::UNIX_EPOCH);
    assert_eq!(shop.aws.world(|world| world.sts.sessions.clone()), [format!("arn:aws:iam::{ACCOUNT}:role/stage-read")]);

    let plain = Shop::new();
    let ran = plain.shipgate(&["credentials", "stage", "--format", "process"]).run();
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{}", ran.stderr);
    assert!(ran.stderr.contains("has no role"), "{}", ran.stderr);
}

/// Starts the program under another name, as docker does.
fn helper(shop: &Shop, word: &str, server: &str, more: &[(&str, &str)]) -> (i32, String) {
    let directory = tempfile::tempdir().unwrap();
    let program = directory.path().join("docker-credential-shipgate");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_shipgate"), &program).unwrap();
    let host = shop.aws.host();
    let mut child = command(program.to_str().unwrap());
    child.arg(word).current_dir(shop.repository.path()).env("AWS_ENDPOINT_URL", format!("http://{host}"));
    child.env("ACTIONS_ID_TOKEN_REQUEST_URL", format!("http://{host}/token?api-version=2.0"));
    child.env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", REQUEST_TOKEN).envs(more.iter().copied());
    let mut child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    // What is not supported ends without a report of the rest.
    let _told = child.stdin.take().unwrap().write_all(server.as_bytes());
    let output = child.wait_with_output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap().trim().to_owned())
}

#[test]
fn docker_is_helped_with_the_registries_of_the_configuration() {
    let shop = shop("");
    let server = format!("https://{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com");
    let stage = [("SHIPGATE_ENVIRONMENT", "stage")];
    let (code, answer) = helper(&shop, "get", &format!("{server}\n"), &stage);
    assert_eq!(code, 0, "{answer}");
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(answer, json!({"ServerURL": server, "Username": "AWS", "Secret": "canary-registry-password"}));

    let (code, answer) = helper(&shop, "get", &server, &[]);
    assert!(code == 1 && answer.contains("SHIPGATE_ENVIRONMENT"), "{answer}");
    let elsewhere = format!("{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com");
    let hidden = format!("https://registry.example/x://{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com");
    for server in [&elsewhere, &hidden] {
        let unknown = (1, "credentials not found in native keychain".to_owned());
        assert_eq!(helper(&shop, "get", server, &stage), unknown, "{server}");
    }
    for unknown in ["https://ghcr.io", "210987654321.dkr.ecr.us-east-1.amazonaws.com"] {
        assert_eq!(helper(&shop, "get", unknown, &[]), (1, "credentials not found in native keychain".to_owned()));
    }
    assert_eq!(helper(&shop, "list", "", &[]), (0, "{}".to_owned()));
    assert_eq!(helper(&shop, "store", "{}", &[]).0, 1);
    assert_eq!(helper(&shop, "version", "", &[]).0, 0);
}

fn subjects(shop: &Shop, more: &[&str]) -> Vec<String> {
    let ran =
        job(shop, &[&["iam", "trust"], more, &["--keys", "sub", "--repository", "shop/cloudshop"]].concat()).run();
    let policy = document(&ran, 0);
    let subjects = &policy["Statement"][0]["Condition"]["StringEquals"][format!("{ISSUER}:sub")];
    subjects.as_array().unwrap().iter().map(|subject| subject.as_str().unwrap().to_owned()).collect()
}

#[test]
fn trust_policies_let_in_the_jobs_of_the_table() {
    let shop = shop("");
    let (main, pull) = ("repo:shop/cloudshop:ref:refs/heads/main", "repo:shop/cloudshop:pull_request");
    let gated = "repo:shop/cloudshop:environment:production";
    assert_eq!(subjects(&shop, &["stage"]), [main]);
    assert_eq!(subjects(&shop, &["stage", "--read-role"]), [pull, main, gated]);
    assert_eq!(subjects(&shop, &["production"]), [gated]);
    assert_eq!(subjects(&shop, &["stage", "--branch", "release"]), ["repo:shop/cloudshop:ref:refs/heads/release"]);
    let ids = ["--owner-id", "7", "--repository-id", "42"];
    let both = subjects(&shop, &[&["production"], &ids[..]].concat());
    assert_eq!(both, [gated, "repo:shop@7/cloudshop@42:environment:production"]);
    let immutable = subjects(&shop, &[&["production", "--subject-form", "immutable"], &ids[..]].concat());
    assert_eq!(immutable, ["repo:shop@7/cloudshop@42:environment:production"]);
    let ids = [("GITHUB_REPOSITORY_OWNER_ID", "7"), ("GITHUB_REPOSITORY_ID", "42")];
    for (repository, expected) in [("shop/cloudshop", 2), ("shop/infrastructure", 1)] {
        let run = job(&shop, &["iam", "trust", "production", "--keys", "sub", "--repository", "shop/cloudshop"]);
        let run = run.env("GITHUB_REPOSITORY", repository).env(ids[0].0, ids[0].1).env(ids[1].0, ids[1].1);
        let policy = document(&run.run(), 0);
        let subjects = &policy["Statement"][0]["Condition"]["StringEquals"][format!("{ISSUER}:sub")];
        assert_eq!(subjects.as_array().unwrap().len(), expected, "{repository}: {subjects}");
    }
    assert_eq!(shop.aws.operations(), [""; 0], "nobody is asked");
}

#[test]
fn trust_policies_name_principals_and_the_role_between() {
    let shop = shop(&format!("via = \"arn:aws:iam::{ACCOUNT}:role/hub\""));
    let trust = |more: &[&str]| {
        let line = [&["iam", "trust", "stage", "--repository", "shop/cloudshop"], more].concat();
        document(&job(&shop, &line).run(), 0)["Statement"].clone()
    };
    let person = format!("arn:aws:iam::{ACCOUNT}:user/ana");
    let own = trust(&["--principal", &person]);
    assert_eq!(own[0]["Principal"]["AWS"], json!([format!("arn:aws:iam::{ACCOUNT}:role/hub"), person]));
    assert_eq!(own[0]["Action"], "sts:AssumeRole");
    let hub = trust(&["--via"]);
    assert_eq!(hub[0]["Action"], "sts:AssumeRoleWithWebIdentity");
    // From there a job can go on to the role that changes stage: no pull request is let in.
    let (main, gated) = ("repo:shop/cloudshop:ref:refs/heads/main", "repo:shop/cloudshop:environment:production");
    assert_eq!(subjects(&shop, &["stage", "--via"]), [main, gated]);
}

#[test]
fn trust_policies_are_of_the_right_partition() {
    let china = config("").replace("us-east-1", "cn-north-1");
    let shop = Shop::with_config(&format!("{china}role = \"arn:aws-cn:iam::{ACCOUNT}:role/stage\"\n"));
    let ran = job(&shop, &["iam", "trust", "stage", "--repository", "shop/cloudshop"]).run();
    let statement = &document(&ran, 0)["Statement"][0];
    assert_eq!(statement["Principal"]["Federated"], format!("arn:aws-cn:iam::{ACCOUNT}:oidc-provider/{ISSUER}"));
    assert_eq!(statement["Condition"]["StringEquals"][format!("{ISSUER}:aud")], "sts.amazonaws.com.cn");
}

#[test]
fn what_is_missing_for_a_document_is_named() {
    let shop = shop("");
    for (line, reported) in [
        (&["iam", "trust", "stage"][..], "--repository"),
        (&["iam", "trust", "stage", "--repository", "cloudshop"], "--repository"),
        (&["iam", "trust", "production", "--read-role", "--repository", "shop/cloudshop"], "read-role"),
        (&["iam", "trust", "stage", "--via", "--repository", "shop/cloudshop"], "via"),
        (
            &["iam", "trust", "stage", "--repository", "shop/cloudshop", "--subject-form", "immutable"],
            "--repository-id",
        ),
        (&["iam", "trust", "stage", "--repository", "shop/cloudshop", "--principal", "*"], "--principal"),
        (
            &["iam", "trust", "stage", "--repository", "shop/cloudshop", "--principal", "arn:aws:iam::*:role/x"],
            "--principal",
        ),
    ] {
        let ran = job(&shop, line).run();
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{}", ran.stderr);
        assert!(ran.stderr.contains(reported), "{}", ran.stderr);
    }
}

/// It would name the services of the wrong account.
#[test]
fn a_policy_is_made_in_the_account_of_the_role() {
    let anywhere = config("").replace(&format!("account = \"{ACCOUNT}\"\n"), "");
    assert!(!anywhere.contains("account"), "{anywhere}");
    let shop = Shop::with_config(&format!("{anywhere}role = \"arn:aws:iam::210987654321:role/stage\"\n"));
    let ran = shop.shipgate(&["iam", "policy", "stage"]).run();
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{}", ran.stderr);
    assert!(ran.stderr.contains("210987654321"), "{}", ran.stderr);
}

/// Everything that is secret here begins with the same word, which no output has, however much is logged.
#[test]
fn no_command_shows_a_secret_at_the_highest_verbosity() {
    let commands: [&[&str]; 12] = [
        &["deploy", "stage"],
        &["plan", "deploy", "stage"],
        &["plan", "promote", "production"],
        &["plan", "rollback", "stage"],
        &["rollback", "stage"],
        &["status"],
        &["history", "stage"],
        &["logs", "stage"],
        &["hold", "stage", "--reason", "x"],
        &["unhold", "stage", "--reason", "x"],
        &["whoami"],
        &["iam", "policy", "stage"],
    ];
    let formats: [(&str, &[(&str, &str)]); 3] =
        [("human", &[]), ("json", &[]), ("human", &[("GITHUB_ACTIONS", "true"), ("RUST_LOG", "trace")])];
    crate::scripted::all_at_once(commands, |command| {
        for refused in [false, true] {
            for (format, variables) in formats {
                let shop = shop("");
                if refused {
                    let message = "User: x is not authorized to perform: sts:AssumeRoleWithWebIdentity";
                    shop.aws.refuse("sts:AssumeRoleWithWebIdentity", 403, "AccessDenied", message);
                }
                let line = [command, &["--output", format, "-vvvv"]].concat();
                let run = job(&shop, &line).envs(&shop.variables());
                let ran = variables.iter().fold(run, |run, (name, value)| run.env(name, value)).run();
                let said = format!("{}{}", ran.stdout, ran.stderr);
                assert!(!said.contains("canary"), "{line:?}:\n{said}");
                assert!(!said.is_empty(), "{line:?}");
            }
        }
    });
}

#[test]
fn the_guard_names_the_roles_that_change_and_makes_no_call() {
    let shop = shop("");
    let guard = |more: &[&str]| shop.repository.shipgate(&[&["iam", "guard"], more].concat()).run();
    let user = format!("arn:aws:iam::{ACCOUNT}:user/ana");
    let ran = guard(&["--principal", &user]);
    let policy = document(&ran, 0);
    assert!(!ran.stderr.contains("warning"), "{}", ran.stderr);
    let statement = &policy["Statement"][0];
    let role = |name: &str| format!("arn:aws:iam::{ACCOUNT}:role/{name}");
    assert_eq!(statement["Effect"], "Deny");
    assert_eq!(
        statement["Condition"]["ArnNotEquals"]["aws:PrincipalArn"],
        json!([role("production"), role("stage"), user])
    );
    assert_eq!(statement["Condition"]["ForAnyValue:StringLike"]["aws:TagKeys"], "shipgate:*");
    assert_eq!(document(&guard(&["--form", "boundary"]), 0)["Statement"][0]["Effect"], "Allow");
    for session in
        [format!("arn:aws:sts::{ACCOUNT}:assumed-role/x/y"), format!("arn:aws:iam::{ACCOUNT}:root"), "*".to_owned()]
    {
        guard(&["--principal", &session]).expect_code(2).expect_stderr("hint:");
    }
    assert_eq!(shop.aws.operations(), [""; 0]);
    let bare = Shop::with_config(&config(""));
    let ran = bare.repository.shipgate(&["iam", "guard"]).run().expect_code(0);
    ran.expect_stderr("environment `stage` has no `role`").expect_stderr("--principal");
    let variable = Shop::with_config(&format!("{}role = \"${{vars.ROLE}}\"\n", config("")));
    let ran = variable.repository.shipgate(&["iam", "guard"]).run().expect_code(2);
    ran.expect_stderr("`${vars.ROLE}` cannot be used in `role`").expect_stderr("hint: write the value itself");
}
