//! Roles: how a job becomes one, who is what where, and how it ends when a role cannot be had.

use serde_json::{Value, json};

use crate::harness::{Ran, Shipgate};
use crate::scripted::{ACCOUNT, REQUEST_TOKEN, Shop, all_at_once, config, text};

/// Stage with both roles; `more` goes into the environment.
fn shop(more: &str) -> Shop {
    let roles = format!(
        "role = \"arn:aws:iam::{ACCOUNT}:role/shop/stage\"\nread-role = \"arn:aws:iam::{ACCOUNT}:role/stage-read\"\n"
    );
    Shop::with_config(&format!("{}{roles}{more}", config("")))
}

/// A job of GitHub Actions, without ambient credentials.
fn job(shop: &Shop, arguments: &[&str]) -> Shipgate {
    let host = shop.aws.host();
    shop.repository
        .shipgate(&[arguments, &["--output", "json"]].concat())
        .env("AWS_ENDPOINT_URL", format!("http://{host}"))
        .env("SHIPGATE_REGISTRY_HOSTS", format!("{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com=http://{host}"))
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_REPOSITORY", "shop/cloudshop")
        .env("GITHUB_RUN_ID", "4711")
        .env("GITHUB_RUN_ATTEMPT", "2")
        .env("ACTIONS_ID_TOKEN_REQUEST_URL", format!("http://{host}/token?api-version=2.0"))
        .env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", REQUEST_TOKEN)
}

/// The same with the caller's own credentials, and no token to be had.
fn without_token(shop: &Shop, arguments: &[&str]) -> Shipgate {
    shop.shipgate(&[arguments, &["--output", "json"]].concat())
}

fn deploy(shop: &Shop) -> Ran {
    job(shop, &["deploy", "stage"]).run()
}

fn sessions(shop: &Shop) -> Vec<String> {
    let last = |role: &String| role.rsplit('/').next().unwrap().to_owned();
    shop.aws.world(|world| world.sts.sessions.iter().map(last).collect())
}

/// By whom the calls of AWS were signed, each once.
fn signers(shop: &Shop) -> Vec<String> {
    let calls = shop.aws.calls();
    let signed = calls.iter().filter(|call| call.signed && !call.operation.starts_with("sts:"));
    let mut arns: Vec<String> = shop.aws.world(|world| signed.map(|call| world.sts.arn(call)).collect());
    arns.sort();
    arns.dedup();
    arns
}

fn session_of(role: &str) -> String {
    format!("arn:aws:sts::{ACCOUNT}:assumed-role/{role}/session")
}

#[test]
fn a_job_becomes_the_role_by_its_token() {
    let shop = shop("session-duration = \"30m\"\nsession-policy = \"policy.json\"\n");
    shop.repository.write("policy.json", "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": []\n}\n");
    let head = shop.repository.commit("Policy");
    shop.aws.world(|world| world.registry.put_image(&head, Some(&head)));

    deploy(&shop).outcome("deployed", 0);

    let exchange = shop.aws.call("sts:AssumeRoleWithWebIdentity");
    assert_eq!(exchange.body["RoleArn"], format!("arn:aws:iam::{ACCOUNT}:role/shop/stage"));
    assert_eq!(exchange.body["RoleSessionName"], "shop-cloudshop-4711-2");
    assert_eq!(exchange.body["DurationSeconds"], "1800");
    assert_eq!(exchange.body["Policy"], r#"{"Version":"2012-10-17","Statement":[]}"#);
    assert!(!exchange.signed);
    assert_eq!(shop.aws.call("token:Get").body, "/token?api-version=2.0&audience=sts.amazonaws.com");
    assert_eq!(signers(&shop), [session_of("stage")]);
}

#[test]
fn ambient_credentials_never_stand_in_for_the_role() {
    let shop = shop("");
    let run = job(&shop, &["deploy", "stage"]).env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE");
    run.env("AWS_SECRET_ACCESS_KEY", "x").run().outcome("deployed", 0);
    assert_eq!(signers(&shop), [session_of("stage")]);
}

#[test]
fn what_changes_nothing_takes_the_role_for_looking() {
    let commands: [(&[&str], &str); 6] = [
        (&["plan", "deploy", "stage"], "stage-read"),
        (&["plan", "rollback", "stage"], "stage-read"),
        (&["status", "stage"], "stage-read"),
        (&["history", "stage"], "stage-read"),
        (&["logs", "stage"], "stage-read"),
        (&["hold", "stage", "--reason", "x"], "stage"),
    ];
    all_at_once(commands, |(arguments, role)| {
        let shop = shop("");
        job(&shop, arguments).run();
        assert_eq!(signers(&shop), [session_of(role)], "{arguments:?}");
        assert_eq!(sessions(&shop), [role], "{arguments:?}");
    });
}

/// Production beside stage: the same cluster, roles of its own.
fn with_production(stage: &str) -> Shop {
    let role = |name: &str| format!("\"arn:aws:iam::{ACCOUNT}:role/{name}\"");
    let production = format!(
        "role = {}\n{stage}\n\
         [environments.production]\nregion = \"us-east-1\"\naccount = \"{ACCOUNT}\"\npromotes-from = \"stage\"\n\
         role = {}\nread-role = {}\n[environments.production.gates]\napproval = \"none\"\n\
         [environments.production.components.backend]\nservice = \"production-backend\"\n",
        role("stage"),
        role("production"),
        role("read"),
    );
    let shop = Shop::with_config(&format!("{}{production}", config("")));
    shop.aws.world(|world| {
        let head = shop.repository.head();
        world.add_service("production-backend");
        world.serve(0, &[head]);
    });
    shop
}

#[test]
fn a_promotion_looks_at_its_source_with_the_role_for_looking() {
    let shop = with_production(&format!("read-role = \"arn:aws:iam::{ACCOUNT}:role/stage-read\""));
    // Of a run GitHub would be asked, which is not here.
    job(&shop, &["promote", "production"]).env("GITHUB_RUN_ID", "").run().outcome("deployed", 0);
    assert_eq!(signers(&shop), [session_of("production"), session_of("stage-read")]);
    assert_eq!(sessions(&shop), ["production", "stage-read"]);
    let written = shop.aws.calls().into_iter().filter(|call| call.operation == "ecs:UpdateService");
    let by: Vec<String> = shop.aws.world(|world| written.map(|call| world.sts.arn(&call)).collect());
    assert_eq!(by, [session_of("production")]);
}

#[test]
fn a_role_that_is_needed_twice_is_assumed_once() {
    let shop = with_production(&format!("read-role = \"arn:aws:iam::{ACCOUNT}:role/read\""));
    job(&shop, &["plan", "promote", "production"]).run().outcome("planned", 0);
    assert_eq!(sessions(&shop), ["read"]);
}

#[test]
fn one_role_leads_to_the_other() {
    let shop = shop("via = \"arn:aws:iam::210987654321:role/hub\"\nsession-duration = \"45m\"\n");
    deploy(&shop).outcome("deployed", 0);
    assert_eq!(sessions(&shop), ["hub", "stage"]);
    assert_eq!(shop.aws.call("sts:AssumeRoleWithWebIdentity").body["DurationSeconds"], Value::Null);
    let second = shop.aws.call("sts:AssumeRole");
    assert_eq!(second.body["DurationSeconds"], "2700");
    assert_eq!(shop.aws.world(|world| world.sts.arn(&second)), session_of("hub"));
    assert_eq!(signers(&shop), [session_of("stage")]);
}

#[test]
fn sessions_are_renewed_before_they_end_each_with_a_token_of_its_own() {
    let shop = shop("");
    // Shorter than the SDK waits before it renews: each call makes a session of its own.
    shop.aws.world(|world| world.sts.lasts = std::time::Duration::from_secs(4));
    deploy(&shop).outcome("deployed", 0);
    let mut tokens = shop.aws.world(|world| world.sts.exchanged.clone());
    assert!(tokens.len() > 5, "{}", tokens.len());
    tokens.sort();
    tokens.dedup();
    assert_eq!(tokens.len(), sessions(&shop).len());
}

#[test]
fn what_may_be_over_at_the_next_try_is_tried_again_with_a_fresh_token() {
    let cases = [
        (400, "IDPCommunicationError", "timed out"),
        (400, "ExpiredTokenException", "Token expired"),
        (403, "IDPRejectedClaim", "taken back"),
        (400, "Throttling", "Rate exceeded"),
        (500, "InternalFailure", "We are sorry"),
        (400, "InvalidIdentityToken", "Couldn't retrieve verification key from your identity provider"),
    ];
    all_at_once(cases, |(status, code, message)| {
        let shop = shop("");
        shop.aws.answer("sts:AssumeRoleWithWebIdentity", move |call, _| {
            (call.nth == 1).then(|| call.error(status, code, message))
        });
        deploy(&shop).outcome("deployed", 0);
        let tokens = shop.aws.calls().into_iter().filter(|call| call.operation == "sts:AssumeRoleWithWebIdentity");
        let tokens: Vec<Value> = tokens.map(|call| call.body["WebIdentityToken"].clone()).collect();
        assert_eq!(tokens.len(), 2, "{code}");
        assert_ne!(tokens[0], tokens[1], "{code}");
    });
}

/// A balancer answers in the service's place, or the service with an unknown code.
#[test]
fn an_exchange_that_is_answered_with_a_server_error_is_tried_again() {
    all_at_once(
        [
            (503, "<html>busy</html>", "has no ErrorResponse"),
            (502, "", "is not XML"),
            (500, "<ErrorResponse><Error><Code>New</Code></Error></ErrorResponse>", "\"New\" is no error"),
        ],
        |(status, body, violation)| {
            let shop = shop("");
            shop.aws.expect_violation("sts:AssumeRoleWithWebIdentity", violation);
            shop.aws.answer("sts:AssumeRoleWithWebIdentity", move |call, _| {
                (call.nth == 1).then(|| crate::scripted::Answer::new(status, body))
            });
            deploy(&shop).outcome("deployed", 0);
        },
    );
}

#[test]
fn what_another_token_would_not_change_fails_at_once_and_is_named() {
    let cases = [
        (403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity", "does not let this job in"),
        (400, "InvalidIdentityToken", "No OpenIDConnect provider found in your account for x", "identity provider"),
        (400, "InvalidIdentityToken", "Incorrect token audience", "audience"),
        (400, "InvalidIdentityToken", "The ID Token provided is not a valid JWT", "does not accept GitHub's token"),
        (400, "PackedPolicyTooLarge", "Packed size", "session policy is too large"),
        (400, "MalformedPolicyDocument", "Syntax", "not an IAM policy"),
        (403, "RegionDisabledException", "STS is not activated", "turned off in this region"),
        (
            400,
            "ValidationError",
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
            "does not allow sessions of",
        ),
    ];
    all_at_once(cases, |(status, code, message, reported)| {
        let shop = shop("");
        shop.aws.refuse("sts:AssumeRoleWithWebIdentity", status, code, message);
        let report = deploy(&shop).outcome("invalid", 2);
        assert!(report["reason"].as_str().unwrap().contains(reported), "{report:#}");
        assert!(text(&report, "causes").contains(code), "{report:#}");
        assert_ne!(report["hints"], json!([]), "{code}");
        assert_eq!(shop.aws.operations(), ["token:Get", "sts:AssumeRoleWithWebIdentity"], "{code}");
    });
}

#[test]
fn a_refused_exchange_tells_what_the_token_says_but_never_the_token() {
    let shop = shop("");
    shop.aws.refuse("sts:AssumeRoleWithWebIdentity", 403, "AccessDenied", "Not authorized");
    let ran = deploy(&shop);
    assert!(!ran.stderr.contains("canary"), "{}", ran.stderr);
    let report = ran.outcome("invalid", 2);
    let causes = text(&report, "causes");
    for claim in [
        "`sub` is `repo:shop/cloudshop:ref:refs/heads/main`",
        "`aud` is `sts.amazonaws.com`",
        "`repository` is `shop/cloudshop`",
        "`ref` is `refs/heads/main`",
    ] {
        assert!(causes.contains(claim), "{causes}");
    }
}

/// The person who may push a branch names it, and another one with more rights copies the command.
#[test]
fn the_command_in_a_hint_runs_nothing_of_a_branchs_name() {
    let shop = shop("");
    shop.aws.world(|world| world.sts.claims["sub"] = json!("repo:shop/cloudshop:ref:refs/heads/$(id)"));
    shop.aws.refuse("sts:AssumeRoleWithWebIdentity", 403, "AccessDenied", "Not authorized");
    let report = deploy(&shop).outcome("invalid", 2);
    assert!(text(&report, "hints").contains("--branch '$(id)'`"), "{report:#}");
}

#[test]
fn a_token_that_stays_expired_is_given_up() {
    let shop = shop("");
    shop.aws.refuse("sts:AssumeRoleWithWebIdentity", 400, "ExpiredTokenException", "Token expired");
    let report = deploy(&shop).outcome("invalid", 2);
    assert!(text(&report, "hints").contains("clock"), "{report:#}");
    assert_eq!(sessions(&shop), [""; 0]);
    assert_eq!(shop.aws.operations().iter().filter(|operation| *operation == "token:Get").count(), 3);
}

#[test]
fn a_job_that_cannot_have_a_token_is_told_why() {
    let event = |fork: &str| json!({"pull_request": {"head": {"repo": {"full_name": fork}}, "base": {"repo": {"full_name": "shop/cloudshop"}}}});
    let actions = [("GITHUB_ACTIONS", "true")];
    let cases = [
        (actions.to_vec(), event("shop/cloudshop"), "id-token: write"),
        (actions.to_vec(), event("someone/cloudshop"), "fork"),
        ([&actions[..], &[("GITHUB_ACTOR", "dependabot[bot]")]].concat(), json!({}), "Dependabot"),
        (vec![("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "x")], json!({}), "ACTIONS_ID_TOKEN_REQUEST_URL"),
    ];
    all_at_once(cases, |(variables, event, reported)| {
        let shop = shop("");
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("event.json");
        std::fs::write(&file, event.to_string()).unwrap();
        let run = without_token(&shop, &["deploy", "stage"]).env("GITHUB_EVENT_PATH", file);
        let run = variables.into_iter().fold(run, |run, (name, value)| run.env(name, value));
        let report = run.run().outcome("invalid", 2);
        let said = format!("{} {} {}", report["reason"], text(&report, "causes"), text(&report, "hints"));
        assert!(said.contains(reported), "{reported}: {report:#}");
        assert_eq!(shop.aws.operations(), ["sts:GetCallerIdentity"], "{reported}");
    });
}

#[test]
fn elsewhere_the_callers_credentials_assume_the_role() {
    let shop = shop("");
    without_token(&shop, &["deploy", "stage"]).run().outcome("deployed", 0);
    assert_eq!(shop.aws.call("sts:AssumeRole").body["RoleSessionName"], "shipgate-tester");
    assert_eq!(signers(&shop), [session_of("stage")]);
}

#[test]
fn a_caller_who_may_not_assume_the_role_is_invalid() {
    let shop = shop("");
    shop.aws.refuse("sts:AssumeRole", 403, "AccessDenied", "User: x is not authorized to perform: sts:AssumeRole");
    let report = without_token(&shop, &["deploy", "stage"]).run().outcome("invalid", 2);
    assert!(report["reason"].as_str().unwrap().contains("user/tester may not assume"), "{report:#}");
    assert!(text(&report, "hints").contains("--principal"), "{report:#}");
    assert_eq!(shop.aws.mutations(), [""; 0]);
}

#[test]
fn a_session_of_the_role_is_used_as_it_is() {
    for in_actions in [false, true] {
        let shop = shop("");
        shop.aws.world(|world| world.sts.sessions.push(format!("arn:aws:iam::{ACCOUNT}:role/shop/stage")));
        let run = without_token(&shop, &["deploy", "stage"]).env("AWS_ACCESS_KEY_ID", "ASIASESSION000000001");
        let run = if in_actions { run.env("GITHUB_ACTIONS", "true") } else { run };
        run.run().outcome("deployed", 0);
        assert_eq!(signers(&shop), [session_of("stage")]);
        assert_eq!(sessions(&shop), ["stage"], "none was made");
    }
}

#[test]
fn without_any_credentials_the_role_is_named() {
    let shop = shop("");
    let run = shop.repository.shipgate(&["deploy", "stage", "--output", "json"]);
    let run = run.env("AWS_ENDPOINT_URL", format!("http://{}", shop.aws.host()));
    let report = run.env("AWS_EC2_METADATA_DISABLED", "true").run().outcome("invalid", 2);
    assert!(report["reason"].as_str().unwrap().contains("role/shop/stage"), "{report:#}");
}

#[test]
fn a_token_endpoint_that_does_not_do_its_work_is_named() {
    let cases: [(u16, &str, &str, usize); 5] = [
        (503, "", "failed", 4),
        (200, "<html>", "failed", 1),
        (200, r#"{"value": "notajwt"}"#, "failed", 1),
        (200, r#"{"count": 0}"#, "failed", 1),
        (403, "canary-answer", "invalid", 1),
    ];
    all_at_once(cases, |(status, body, outcome, asked)| {
        let shop = shop("");
        shop.aws.answer("token:Get", move |_, _| Some(crate::scripted::Answer::new(status, body)));
        let report = deploy(&shop).outcome(outcome, if outcome == "failed" { 1 } else { 2 });
        assert!(!report.to_string().contains("canary-answer"), "{report:#}");
        assert_ne!(report["hints"], json!([]), "{report:#}");
        assert_eq!(shop.aws.operations(), vec!["token:Get"; asked]);
    });
}

#[test]
fn a_token_endpoint_that_is_over_once_does_no_harm() {
    let shop = shop("");
    shop.aws.answer("token:Get", |call, _| (call.nth == 1).then(|| crate::scripted::Answer::new(502, "")));
    deploy(&shop).outcome("deployed", 0);
}

#[test]
fn a_token_is_sent_nowhere_without_encryption() {
    let shop = shop("");
    let run = job(&shop, &["deploy", "stage"]).env("ACTIONS_ID_TOKEN_REQUEST_URL", "http://token.example/x");
    let report = run.run().outcome("invalid", 2);
    assert!(report["reason"].as_str().unwrap().contains("https"), "{report:#}");
    assert_eq!(shop.aws.operations(), [""; 0]);
}

/// Neither a token of GitHub nor a signed request goes where others can read it.
#[test]
fn an_address_for_aws_without_encryption_is_refused() {
    let plain = "http://aws.example:4566";
    let cases: [(&str, &str, &str); 4] = [
        ("AWS_ENDPOINT_URL", plain, ""),
        ("AWS_ENDPOINT_URL_STS", plain, ""),
        ("", "[default]\nendpoint_url = http://aws.example:4566\n", "profile"),
        ("", "[default]\nservices = s\n[services s]\nsts =\n  endpoint_url = http://aws.example:4566\n", "profile"),
    ];
    all_at_once(cases, |(name, value, of)| {
        let shop = shop("");
        let without_address =
            |run: Shipgate| if name == "AWS_ENDPOINT_URL_STS" { run } else { run.env("AWS_ENDPOINT_URL", "") };
        for run in [job(&shop, &["deploy", "stage"]), without_token(&shop, &["deploy", "stage"])] {
            let run = if name.is_empty() {
                shop.repository.write("aws", value);
                without_address(run).env("AWS_CONFIG_FILE", shop.repository.path().join("aws"))
            } else {
                without_address(run).env(name, value)
            };
            shop.repository.commit("Address");
            let report = run.run().outcome("invalid", 2);
            let reason = report["reason"].as_str().unwrap();
            assert!(reason.contains(name) && reason.contains(of) && reason.contains("https"), "{report:#}");
            assert_eq!(shop.aws.operations(), [""; 0], "{name}");
        }
    });
}

#[test]
fn a_clock_that_is_wrong_is_named() {
    let shop = shop("");
    shop.aws.refuse(
        "sts:GetCallerIdentity",
        403,
        "SignatureDoesNotMatch",
        "Signature expired: 20261121T070000Z is now earlier than 20261121T075500Z",
    );
    let report = deploy(&shop).outcome("invalid", 2);
    assert!(text(&report, "hints").contains("clock"), "{report:#}");
}

#[test]
fn a_session_policy_has_to_be_one() {
    for (content, reported) in [("no json", "line 1"), (&format!("\"{}\"", "x".repeat(2100)), "2102 characters")] {
        let shop = shop("session-policy = \"policy.json\"\n");
        shop.repository.write("policy.json", content);
        shop.repository.commit("Policy");
        let report = deploy(&shop).outcome("invalid", 2);
        assert!(text(&report, "causes").contains(reported), "{report:#}");
        assert_eq!(shop.aws.operations(), [""; 0]);
    }
}

/// One request more than the SDK's own chain makes with a token that lies in a file: the one for the token.
#[test]
fn the_first_signed_call_comes_after_two_requests() {
    let shop = shop("");
    deploy(&shop).outcome("deployed", 0);
    let calls = shop.aws.calls();
    let before: Vec<&str> = calls.iter().take_while(|call| !call.signed).map(|call| call.operation.as_str()).collect();
    assert_eq!(before, ["token:Get", "sts:AssumeRoleWithWebIdentity"]);
    assert_eq!(calls.iter().filter(|call| call.operation == "sts:AssumeRoleWithWebIdentity").count(), 1);
}

#[test]
fn in_china_the_token_is_for_its_own_sts() {
    let china = config("").replace("us-east-1", "cn-north-1");
    let shop = Shop::with_config(&format!("{china}role = \"arn:aws-cn:iam::{ACCOUNT}:role/stage\"\n"));
    job(&shop, &["status", "stage"]).run();
    assert_eq!(shop.aws.call("token:Get").body, "/token?api-version=2.0&audience=sts.amazonaws.com.cn");
}

#[test]
fn a_session_that_is_not_known_everywhere_yet_is_asked_about_again() {
    let shop = shop("");
    shop.aws.answer("sts:GetCallerIdentity", |call, _| {
        (call.nth < 3).then(|| call.error(403, "InvalidClientTokenId", "The security token included is invalid"))
    });
    deploy(&shop).outcome("deployed", 0);
    assert_eq!(sessions(&shop), ["stage"]);
}

/// The trust policy lets it in all the same; the gate does not.
#[test]
fn a_token_of_another_branch_repository_or_environment_changes_nothing() {
    let cases = [
        ("ref", "refs/heads/other", "the job runs for refs/heads/other", false),
        ("repository", "evil/shop", "the token is of repository evil/shop", true),
        ("environment", "production", "the token is of GitHub's environment production", true),
    ];
    all_at_once(cases, |(claim, value, reason, also_holds)| {
        let shop = shop("");
        shop.aws.world(|world| world.sts.claims[claim] = json!(value));
        let report = deploy(&shop).outcome("refused", 3);
        assert_eq!(report["reason"], "refused by gate identity", "{report:#}");
        assert!(text(&report, "causes").contains(reason), "{report:#}");
        assert_eq!(shop.aws.mutations(), [""; 0]);
        // In an emergency the branch does not matter.
        let held = job(&shop, &["hold", "stage", "--reason", "carts fail"]).run();
        if also_holds {
            held.outcome("invalid", 2);
            assert_eq!(shop.aws.mutations(), [""; 0]);
        } else {
            held.expect_code(0);
        }
    });
}
