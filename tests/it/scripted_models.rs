//! That what holds the scripted AWS against AWS's own models finds each kind of violation: one that finds nothing would
//! look green.

use serde_json::{Value, json};

use crate::scripted::model::{Violation, of_answer, of_request, patterns};
use crate::scripted::{Answer, Call, Shop};

fn texts(violations: Vec<Violation>) -> Vec<String> {
    violations.into_iter().map(|violation| violation.text).collect()
}

fn of_json(operation: &str, body: &Value) -> Vec<String> {
    texts(of_answer(operation, &Answer::new(200, body.to_string())))
}

#[test]
fn requests_with_json() {
    let service = "stage-backend";
    let cases = [
        ("ecs:DescribeServices", json!({"services": [service], "include": ["TAGS"]}), ""),
        ("ecs:DescribeServices", json!({"services": [service], "cluster": null}), ""),
        ("ecs:DescribeServices", json!({}), "services: is missing"),
        ("ecs:DescribeServices", json!({"services": null}), "services: is missing"),
        ("ecs:DescribeServices", json!({"services": [service], "all": true}), "all: is not known"),
        ("ecs:DescribeServices", json!({"services": service}), "services: \"stage-backend\" is not a list"),
        ("ecs:DescribeServices", json!({"services": [null]}), "services[0]: null is not a string"),
        (
            "ecs:DescribeServices",
            json!({"services": [service], "include": ["tags"]}),
            "include[0]: \"tags\" is not one of TAGS",
        ),
        ("ecs:DescribeServices", json!([service]), "[\"stage-backend\"] is not an object"),
        (
            "ecs:UpdateService",
            json!({"service": service, "desiredCount": "2"}),
            "desiredCount: \"2\" is not an integer of 32 bits",
        ),
        (
            "ecs:UpdateService",
            json!({"service": service, "desiredCount": 3_000_000_000_i64}),
            "desiredCount: 3000000000 is not an integer of 32 bits",
        ),
        (
            "ecs:UpdateService",
            json!({"service": service, "desiredCount": 2.5}),
            "desiredCount: 2.5 is not an integer of 32 bits",
        ),
        (
            "ecs:UpdateService",
            json!({"service": service, "forceNewDeployment": "yes"}),
            "forceNewDeployment: \"yes\" is not a boolean",
        ),
        (
            "ecs:UpdateService",
            json!({"service": service, "deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": true}}}),
            "deploymentConfiguration.deploymentCircuitBreaker.rollback: is missing",
        ),
        (
            "ecs:TagResource",
            json!({"resourceArn": "a", "tags": [{"key": "k", "value": "line\nline"}]}),
            "tags[0].value: \"line\\nline\" is not ([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)",
        ),
        (
            "ecs:TagResource",
            json!({"resourceArn": "a", "tags": [{"key": "k".repeat(129)}]}),
            "tags[0].key: has 129 characters, not from 1 to 128",
        ),
        (
            "ecs:TagResource",
            json!({"resourceArn": "a", "tags": vec![json!({"key": "k"}); 51]}),
            "tags: has 51 members, not from 0 to 50",
        ),
        (
            "ecs:RegisterTaskDefinition",
            json!({"family": "f", "containerDefinitions": [{"dockerLabels": {"a": 1}}]}),
            "containerDefinitions[0].dockerLabels.a: 1 is not a string",
        ),
        (
            "logs:GetLogEvents",
            json!({"logStreamName": "a:b", "startTime": 1, "limit": 0}),
            "limit: is 0, not from 1 to 10000\nlogStreamName: \"a:b\" is not [^:*]*",
        ),
        (
            "logs:GetLogEvents",
            json!({"logStreamName": "a", "startTime": "now"}),
            "startTime: \"now\" is not an integer of 64 bits",
        ),
        ("ecr:GetAuthorizationToken", json!({"registryIds": ["123"]}), "registryIds[0]: \"123\" is not [0-9]{12}"),
        ("ecs:DeleteCluster", json!({}), "is not in tests/aws: add it to scripts/lib/aws_models.py"),
        ("registry:GetManifest", json!("/v2/"), ""),
    ];
    for (operation, body, wanted) in cases {
        let mut found: Vec<String> = texts(of_request(operation, &body))
            .iter()
            .map(|text| text.strip_prefix("request: ").unwrap().to_owned())
            .collect();
        found.sort();
        assert_eq!(found.join("\n"), wanted, "{operation} {body}");
    }
}

#[test]
fn requests_with_a_form() {
    let session = |more: Value| {
        let mut form = json!({"Action": "AssumeRole", "Version": "2011-06-15", "RoleSessionName": "session",
                              "RoleArn": "arn:aws:iam::123456789012:role/stage"});
        form.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        form
    };
    let tag = json!({"Tags.member.1.Key": "k", "Tags.member.1.Value": "v", "DurationSeconds": "900"});
    let cases = [
        (session(tag), ""),
        (session(json!({"Version": "2010-05-08"})), "request: Version: is not 2011-06-15"),
        (session(json!({"Tags.member.1.Key": "k"})), "request: Tags[0].Value: is missing"),
        (session(json!({"Tags.1.Key": "k"})), "request: Tags: {\"1\":{\"Key\":\"k\"}} is not a list"),
        (session(json!({"DurationSeconds": "1h"})), "request: DurationSeconds: \"1h\" is not an integer of 32 bits"),
        (session(json!({"DurationSeconds": "60"})), "request: DurationSeconds: is 60, not from 900 to 43200"),
        (session(json!({"Roles": "k"})), "request: Roles: is not known"),
        (
            session(json!({"RoleSessionName": "two words"})),
            "request: RoleSessionName: \"two words\" is not [\\w+=,.@-]*",
        ),
    ];
    for (form, wanted) in cases {
        assert_eq!(texts(of_request("sts:AssumeRole", &form)).join("\n"), wanted, "{form}");
    }
}

#[test]
fn answers_with_json() {
    let tasks = |task: Value| json!({"tasks": [task], "failures": []});
    let cases = [
        ("ecs:DescribeTasks", tasks(json!({"createdAt": 1.5, "connectivity": null})), ""),
        (
            "ecs:DescribeTasks",
            tasks(json!({"createdAt": "2026-11-20T10:00:00Z"})),
            "answer: tasks[0].createdAt: \"2026-11-20T10:00:00Z\" is not a time",
        ),
        (
            "ecs:DescribeTasks",
            tasks(json!({"healthStatus": "SPLENDID"})),
            "answer: tasks[0].healthStatus: \"SPLENDID\" is not one of HEALTHY, UNHEALTHY, UNKNOWN",
        ),
        (
            "ecs:DescribeTasks",
            tasks(json!({"version": 1.5})),
            "answer: tasks[0].version: 1.5 is not an integer of 64 bits",
        ),
        ("ecs:TagResource", json!({"tags": []}), "answer: tags: is not known"),
    ];
    for (operation, body, wanted) in cases {
        assert_eq!(of_json(operation, &body).join("\n"), wanted, "{operation} {body}");
    }
    let garbage = [("{", "is not JSON"), ("", "is not JSON"), ("null", "null is not an object")];
    for (body, wanted) in garbage {
        let found = of_answer("ecs:DescribeTasks", &Answer::new(200, body));
        assert_eq!(texts(found), [format!("answer: {wanted}")], "{body}");
    }
    assert_eq!(of_answer("ecs:DescribeTasks", &Answer::hang_up()), [], "what does not come is no answer");
    assert_eq!(of_answer("ecs:DescribeTasks", &Answer::truncated("{")), [], "nor is the half of one");
}

#[test]
fn answers_with_xml() {
    let answer = |inner: &str| format!("<GetRoleResponse><GetRoleResult>{inner}</GetRoleResult></GetRoleResponse>");
    let role = |more: &str| {
        answer(&format!(
            "<Role><Path>/</Path><RoleName>stage</RoleName><RoleId>AROAEXAMPLEOFAROLE001</RoleId>\
             <Arn>arn:aws:iam::123456789012:role/stage</Arn>{more}</Role>"
        ))
    };
    let created = "<CreateDate>2026-01-01T00:00:00Z</CreateDate>";
    let tags = "<Tags><member><Key>a</Key><Value>&lt;</Value></member></Tags>";
    let cases = [
        (role(created), ""),
        (role(""), "Role.CreateDate: is missing"),
        (role("<CreateDate>1.5</CreateDate>"), "Role.CreateDate: \"1.5\" is not a time"),
        (role(&format!("{created}{tags}")), "Role.Tags[0].Value: \"<\" is not [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*"),
        (role(&format!("{created}<Owner>me</Owner>")), "Role.Owner: is not known"),
        (
            role(&format!("{created}<MaxSessionDuration>1h</MaxSessionDuration>")),
            "Role.MaxSessionDuration: \"1h\" is not an integer of 32 bits",
        ),
        (answer(""), "Role: is missing"),
        ("<GetRoleResponse/>".to_owned(), "GetRoleResult: is missing"),
        ("<GetUserResponse/>".to_owned(), "GetUserResponse: is not GetRoleResponse"),
        ("<GetRoleResponse>".to_owned(), "is not XML: <GetRoleResponse> has no end"),
        ("{}".to_owned(), "is not XML: a tag is expected"),
    ];
    for (body, wanted) in cases {
        let found = texts(of_answer("iam:GetRole", &Answer::new(200, body.as_str())));
        let found: Vec<&str> = found.iter().map(|text| text.strip_prefix("answer: ").unwrap()).collect();
        assert_eq!(found.join("\n"), wanted, "{body}");
    }
}

/// Those of the operation, and those that every operation may have; each in the words of its protocol.
#[test]
fn errors() {
    let cases = [
        ("ecs:UpdateService", "ServiceNotFoundException", true),
        ("ecs:DescribeServices", "ServiceNotFoundException", false),
        ("ecs:DescribeServices", "ThrottlingException", true),
        ("ecs:DescribeServices", "Throttling", false),
        ("ecs:DescribeServices", "", false),
        ("iam:GetRole", "NoSuchEntity", true),
        ("iam:GetRole", "NoSuchEntityException", false),
        ("sts:GetCallerIdentity", "Throttling", true),
    ];
    for (operation, code, is_there) in cases {
        let (operation, body) = (operation.to_owned(), Value::Null);
        let call = Call { operation, nth: 1, body, signed: true, access_key: None, region: None };
        let operation = &call.operation;
        let found = texts(of_answer(operation, &call.error(400, code, "No.")));
        let wanted: &[String] =
            if is_there { &[] } else { &[format!("answer: {code:?} is no error of this operation")] };
        assert_eq!(found, wanted, "{operation} {code}");
    }
    let found =
        of_answer("ecs:UpdateService", &Answer::new(400, json!({"__type": "x#ClientException", "m": 1}).to_string()));
    assert_eq!(texts(found), ["answer: m: is not known"]);
}

/// What a test does wrong it has to declare, and what it declares has to occur.
#[test]
fn an_account_says_what_was_not_declared_and_what_did_not_occur() {
    let shop = Shop::new();
    shop.aws.change("ecs:DescribeServices", |_, answer| answer["services"][0]["status"] = json!(1));
    shop.deploy();
    let wrong = "ecs:DescribeServices: answer: services[0].status: 1 is not a string";
    assert_eq!(shop.aws.wrong(), [wrong]);
    shop.aws.expect_violation("ecs:DescribeServices", "services[0].status");
    assert_eq!(shop.aws.wrong(), [""; 0]);
    shop.aws.expect_violation("ecs:DescribeTasks", "status");
    assert_eq!(shop.aws.wrong(), ["ecs:DescribeTasks: declared, but is not: status"]);
    let dropped = std::thread::spawn(move || drop(shop)).join().unwrap_err();
    assert!(dropped.downcast_ref::<String>().unwrap().contains("declared, but is not"), "it fails when it is dropped");
}

/// A pattern that cannot be read would be found by the one test that needs it.
#[test]
fn every_pattern_can_be_read() {
    assert!(patterns() > 10);
}
