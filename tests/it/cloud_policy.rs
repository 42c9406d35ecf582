//! The generated policies: nothing in them that is not missed when it is gone, and nothing beyond the environment.

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use aws_sdk_iam::types::PolicyEvaluationDecisionType;
use serde_json::{Value, json};

use crate::cloud::{Cloud, ServiceOptions};
use crate::cloud_roles::{self, Job};
use crate::harness::{Ran, Repository};

/// The policy that the program prints for a role.
pub fn printed(cloud: &Cloud, shop: &Repository, more: &[&str]) -> Value {
    let line = [&["iam", "policy"], more].concat();
    let ran = cloud_roles::root(cloud, shop.shipgate(&line)).run();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    serde_json::from_str(&ran.stdout).unwrap()
}

fn sids(policy: &Value) -> Vec<String> {
    let statements = policy["Statement"].as_array().unwrap();
    statements.iter().map(|statement| statement["Sid"].as_str().unwrap().to_owned()).collect()
}

/// The policy without one of its statements.
fn without(policy: &Value, sid: &str) -> Value {
    let mut less = policy.clone();
    less["Statement"].as_array_mut().unwrap().retain(|statement| statement["Sid"] != sid);
    less
}

/// What a command says when a statement is gone: it fails, or warns, and names permission and statement.
#[track_caller]
fn assert_missed(ran: &Ran, sid: &str, action: &str) {
    let output = format!("{}\n{}", ran.stdout, ran.stderr);
    assert!(output.contains(action) && output.contains(sid), "{sid}, {action}, exit {}:\n{output}", ran.code);
    assert_ne!(ran.code, 0, "{sid}:\n{output}");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn each_statement_of_the_role_that_changes_is_missed() {
    let cloud = Cloud::with_backend();
    let migration = "pre-deploy = [\"migrate\"]\ncreate-repository = true\n";
    let shop = cloud.shop(&cloud.config(migration));
    cloud.deploy(&shop, &[]).outcome("deployed", 0);
    let policy = printed(&cloud, &shop, &["stage"]);
    let role = cloud_roles::name(&cloud, "stage", false);
    let gone = |sid: &str| cloud_roles::change(&cloud, &role, &without(&policy, sid).to_string());

    for (sid, action) in [
        ("RegistryLogin", "ecr:GetAuthorizationToken"),
        ("ReadImages", "ecr:BatchGetImage"),
        ("ReadServices", "ecs:DescribeServices"),
        ("ReadDefinitions", "ecs:DescribeTaskDefinition"),
        ("RegisterDefinitions", "ecs:RegisterTaskDefinition"),
        ("UpdateServices", "ecs:UpdateService"),
        ("RunPreDeploy", "ecs:RunTask"),
        ("ReadTasks", "ecs:DescribeTasks"),
        ("ListTasks", "ecs:ListTasks"),
    ] {
        shop.commit(sid);
        gone(sid);
        assert_missed(&cloud.deploy(&shop, &[]), sid, action);
    }
    cloud_roles::change(&cloud, &role, &policy.to_string());
    cloud.deploy(&shop, &[]).outcome("deployed", 0);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn one_that_hangs_is_stopped_with_the_permission_alone() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config("pre-deploy = [\"worker\"]\ntimeout = \"3s\""));
    cloud_roles::ensure(&cloud, &shop, &["deploy"]);
    let policy = printed(&cloud, &shop, &["stage"]);
    let role = cloud_roles::name(&cloud, "stage", false);
    cloud_roles::change(&cloud, &role, &without(&policy, "StopPreDeploy").to_string());
    assert_missed(&cloud.deploy(&shop, &[]), "StopPreDeploy", "ecs:StopTask");
}

/// Without a read-role, the one that changes has to.
#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn logs_are_read_with_the_permission_alone() {
    let cloud = Cloud::with_backend();
    let config = cloud.config("");
    let only_role: Vec<&str> = config.lines().filter(|line| !line.starts_with("read-role = ")).collect();
    let shop = cloud.shop(&only_role.join("\n"));
    cloud.deploy(&shop, &[]).outcome("deployed", 0);
    let policy = printed(&cloud, &shop, &["stage"]);
    let role = cloud_roles::name(&cloud, "stage", false);
    cloud_roles::change(&cloud, &role, &without(&policy, "ReadLogs").to_string());
    assert_missed(&cloud.shipgate(&shop, &["logs", "stage"]).run(), "ReadLogs", "logs:FilterLogEvents");

    // What a task wrote that did not start is part of the reason; that it cannot be read is reported beside it.
    shop.write(
        "backend/Dockerfile",
        "FROM scratch\nCOPY cloudshop /cloudshop\nENTRYPOINT [\"/cloudshop\", \"nonsense\"]\n",
    );
    shop.commit("Crash");
    assert_missed(&cloud.deploy(&shop, &[]), "ReadLogs", "logs:GetLogEvents");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_repository_is_created_with_the_permission_alone() {
    let cloud = Cloud::new();
    cloud.create_service(&ServiceOptions::web());
    let shop = cloud.shop(&cloud.config("create-repository = true"));
    cloud_roles::ensure(&cloud, &shop, &["deploy"]);
    let role = cloud_roles::name(&cloud, "stage", false);
    let policy = printed(&cloud, &shop, &["stage"]);
    cloud_roles::change(&cloud, &role, &without(&policy, "CreateRepositories").to_string());
    assert_missed(&cloud.deploy(&shop, &[]), "CreateRepositories", "ecr:CreateRepository");
    cloud_roles::change(&cloud, &role, &policy.to_string());
    cloud.deploy(&shop, &[]).outcome("deployed", 0);
}

/// Both are the emulator's to enforce, on `*`: in a read-role neither is there.
#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn holds_need_the_permission_to_tag() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config(""));
    let role = cloud_roles::name(&cloud, "stage", false);
    cloud_roles::ensure(&cloud, &shop, &["hold"]);
    cloud.wait(async {
        cloud.iam.delete_role_policy().role_name(&role).policy_name("emulator").send().await.unwrap();
    });
    let hold = |command: &str| cloud.shipgate(&shop, &[command, "stage", "--reason", "x", "--output", "json"]).run();
    assert_missed(&hold("hold"), "TagServices", "ecs:TagResource");
    let tag = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ecs:TagResource", "Resource": "*"}]});
    cloud.wait(async {
        let put = cloud.iam.put_role_policy().role_name(&role).policy_name("emulator").policy_document(tag.to_string());
        put.send().await.unwrap();
    });
    assert_eq!(hold("hold").code, 0);
    assert_missed(&hold("unhold"), "TagServices", "ecs:UntagResource");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn each_statement_of_the_role_that_looks_is_missed() {
    let cloud = Cloud::with_stage_and_production();
    let shop = cloud.shop(&cloud.promotion_config(""));
    let policy = printed(&cloud, &shop, &["stage", "--read-role"]);
    cloud.deploy(&shop, &[]).outcome("deployed", 0);
    let role = cloud_roles::name(&cloud, "stage", true);
    let cases: [(&str, &str, &[&str]); 7] = [
        ("RegistryLogin", "ecr:GetAuthorizationToken", &["plan", "deploy", "stage"]),
        ("ReadImages", "ecr:BatchGetImage", &["plan", "deploy", "stage"]),
        ("ReadServices", "ecs:DescribeServices", &["status", "stage"]),
        ("ReadDefinitions", "ecs:DescribeTaskDefinition", &["history", "stage"]),
        ("ReadLogs", "logs:FilterLogEvents", &["logs", "stage"]),
        ("ReadTasks", "ecs:DescribeTasks", &["plan", "promote", "production"]),
        ("ListTasks", "ecs:ListTasks", &["plan", "promote", "production"]),
    ];
    let all: Vec<&str> = cases.iter().map(|(sid, ..)| *sid).collect();
    assert_eq!(sids(&policy), all, "each one is tried here");
    let production = printed(&cloud, &shop, &["production", "--read-role"]);
    assert_eq!(sids(&production), all[..5], "nobody promotes from production");
    shop.commit("Another");
    for (sid, action, command) in cases {
        cloud_roles::change(&cloud, &role, &without(&policy, sid).to_string());
        let ran = cloud.shipgate(&shop, &[command, &["--output", "json"]].concat()).run();
        assert_missed(&ran, sid, action);
    }
}

/// Asks the emulator's simulator, one resource a call: it looks at the first alone.
pub fn allowed(cloud: &Cloud, policy: &Value, action: &str, resource: &str) -> bool {
    cloud.wait(async {
        let request = cloud.iam.simulate_custom_policy().policy_input_list(policy.to_string());
        let answer = request.action_names(action).resource_arns(resource).send().await.unwrap();
        let results = answer.evaluation_results.unwrap();
        *results[0].eval_decision() == PolicyEvaluationDecisionType::Allowed
    })
}

/// What the emulator does not enforce, or on other resources than AWS: passing roles, tags, and the registry.
#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn what_the_emulator_does_not_enforce_is_allowed_here_and_nowhere_else() {
    let cloud = Cloud::with_stage_and_production();
    cloud.change_by_hand("backend", |definition| {
        definition["taskRoleArn"] = json!("arn:aws:iam::000000000000:role/stage-cloudshop-task");
        definition["executionRoleArn"] = json!("arn:aws:iam::000000000000:role/stage-cloudshop-execution");
    });
    let shop = cloud.shop(&cloud.promotion_config(""));
    let stage = printed(&cloud, &shop, &["stage"]);
    let look = printed(&cloud, &shop, &["stage", "--read-role"]);
    let own = |service: &str| format!("arn:aws:ecs:us-east-1:000000000000:service/{}/{service}", cloud.cluster());
    let family = |name: &str| format!("arn:aws:ecs:us-east-1:000000000000:task-definition/{name}:7");
    let repository = |name: &str| format!("arn:aws:ecr:us-east-1:000000000000:repository/{name}");
    let role = |name: &str| format!("arn:aws:iam::000000000000:role/{name}");
    let (backend, live) = (cloud.service_name("backend"), cloud.service_name("live"));
    for (action, resource, elsewhere) in [
        ("iam:PassRole", role("stage-cloudshop-task"), role("prod-cloudshop-task")),
        ("iam:PassRole", role("stage-cloudshop-execution"), role("admin")),
        ("ecs:TagResource", family(&backend), family(&live)),
        ("ecs:UntagResource", family(&backend), family(&live)),
        ("ecs:TagResource", own(&backend), own(&live)),
        ("ecs:UntagResource", own(&backend), own(&live)),
        ("ecs:UpdateService", own(&backend), own(&live)),
        ("ecr:BatchCheckLayerAvailability", repository(&cloud.repository()), repository(&cloud.live_repository())),
        ("ecr:PutImage", repository(&cloud.repository()), repository(&cloud.live_repository())),
        ("ecr:InitiateLayerUpload", repository(&cloud.repository()), repository(&cloud.live_repository())),
        ("ecr:UploadLayerPart", repository(&cloud.repository()), repository(&cloud.live_repository())),
        ("ecr:CompleteLayerUpload", repository(&cloud.repository()), repository(&cloud.live_repository())),
    ] {
        let mut unconditional = stage.clone();
        // The simulator does not know to whom a role is passed.
        for statement in unconditional["Statement"].as_array_mut().unwrap() {
            statement.as_object_mut().unwrap().remove("Condition");
        }
        assert!(allowed(&cloud, &unconditional, action, &resource), "{action} on {resource}");
        assert!(!allowed(&cloud, &unconditional, action, &elsewhere), "{action} on {elsewhere}");
        assert!(!allowed(&cloud, &look, action, &resource), "{action} by the role that looks");
    }
    for action in ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"] {
        assert!(allowed(&cloud, &look, action, &repository(&cloud.repository())), "{action}");
        assert!(!allowed(&cloud, &stage, action, &repository(&cloud.live_repository())), "{action}");
    }
    let pass = stage["Statement"].as_array().unwrap().iter().find(|statement| statement["Sid"] == "PassRoles").unwrap();
    assert_eq!(pass["Condition"]["StringEquals"]["iam:PassedToService"], "ecs-tasks.amazonaws.com");
}

/// A user who may do anything in ECS, with a policy beside that.
fn user(cloud: &Cloud, policy: &Value) -> aws_sdk_ecs::Client {
    let name = format!("{}-somebody", cloud.prefix);
    let all = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ecs:*", "Resource": "*"}]});
    cloud.wait(async {
        cloud.iam.create_user().user_name(&name).send().await.unwrap();
        for (policy_name, document) in [("all", &all), ("guard", policy)] {
            let put = cloud.iam.put_user_policy().user_name(&name).policy_name(policy_name);
            put.policy_document(document.to_string()).send().await.unwrap();
        }
        let key = cloud.iam.create_access_key().user_name(&name).send().await.unwrap().access_key.unwrap();
        let credentials = Credentials::new(key.access_key_id, key.secret_access_key, None, None, "somebody");
        let loader = aws_config::defaults(BehaviorVersion::latest()).region(Region::new("us-east-1"));
        aws_sdk_ecs::Client::new(&loader.credentials_provider(credentials).load().await)
    })
}

/// Of `UntagResource` the emulator does not see the keys: it reads `TagKeys`, and ECS writes `tagKeys`. It has no
/// `aws:PrincipalArn` either, so that the roles are let by is what the unit tests of the guard have to show.
#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn the_guard_keeps_everybody_else_from_the_tags_of_shipgate() {
    let cloud = Cloud::with_backend();
    let shop = cloud.shop(&cloud.config(""));
    cloud.deploy(&shop, &[]).outcome("deployed", 0);
    let guard = shop.shipgate(&["iam", "guard"]).run().expect_code(0);
    let guard: Value = serde_json::from_str(&guard.stdout).unwrap();
    let ecs = user(&cloud, &guard);
    let (service, revision) = (cloud.service("backend").service_arn().unwrap().to_owned(), cloud.revision("backend"));
    let before = cloud.ledger(&revision);
    let tag = |key: &str| aws_sdk_ecs::types::Tag::builder().key(key).value("x").build();
    cloud.wait(async {
        let own = |key: &str| ecs.tag_resource().resource_arn(&revision).tags(tag(key)).send();
        own("team").await.expect("other tags it may write");
        denied("TagResource", own("shipgate:outcome").await);
        let both = ecs.tag_resource().resource_arn(&service).tags(tag("team")).tags(tag("shipgate:hold"));
        denied("TagResource", both.send().await);
        let container = aws_sdk_ecs::types::ContainerDefinition::builder().name("web").image("x").build();
        let register = ecs.register_task_definition().family(cloud.service_name("backend"));
        let register = register.container_definitions(container).tags(tag("shipgate:sha"));
        denied("RegisterTaskDefinition", register.send().await);
        ecs.untag_resource().resource_arn(&revision).tag_keys("team").send().await.expect("and take off");
    });
    assert_eq!(cloud.ledger(&revision), before);
}

/// The shop of the local cloud, with a cluster and a repository for each environment.
fn cloudshop() -> String {
    concat!(env!("CARGO_MANIFEST_DIR"), "/examples/cloudshop/shipgate.toml").to_owned()
}

fn in_cloudshop(cloud: &Cloud, job: Job, arguments: &[&str]) -> Ran {
    let (config, directory) = (cloudshop(), Repository::bare());
    let vars = json!({"STAGE_URL": cloud.endpoint(), "PRODUCTION_URL": cloud.endpoint()});
    let line = [&["--config", config.as_str()], arguments].concat();
    cloud.shipgate_as(job, &directory, &line).env("SHIPGATE_VARS", vars.to_string()).run()
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn the_role_of_stage_cannot_touch_production() {
    let cloud = Cloud::new();
    let ran = in_cloudshop(&cloud, Job::Main, &["credentials", "stage", "--format", "process"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let session: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(session["Version"], 1);
    let text = |key: &str| session[key].as_str().unwrap().to_owned();
    let token = Some(text("SessionToken"));
    let credentials = Credentials::new(text("AccessKeyId"), text("SecretAccessKey"), token, None, "stage");
    let loader = aws_config::defaults(BehaviorVersion::latest()).region(Region::new("us-east-1"));
    let config = cloud.wait(loader.credentials_provider(credentials).load());
    let (ecs, ecr) = (aws_sdk_ecs::Client::new(&config), aws_sdk_ecr::Client::new(&config));
    cloud.wait(async {
        let update = |cluster: &str, service: &str| ecs.update_service().cluster(cluster).service(service).send();
        update("stage-cluster", "stage-backend-blue").await.expect("its own service it may update");
        denied("UpdateService", update("prod-cluster", "prod-backend-blue").await);
        denied(
            "DescribeServices",
            ecs.describe_services().cluster("prod-cluster").services("prod-backend-blue").send().await,
        );
        denied("DescribeTasks", ecs.describe_tasks().cluster("prod-cluster").tasks("0").send().await);
        denied("StopTask", ecs.stop_task().cluster("prod-cluster").task("0").send().await);
        denied("RunTask", ecs.run_task().cluster("prod-cluster").task_definition("prod-backend").send().await);
        denied("DeleteService", ecs.delete_service().cluster("prod-cluster").service("prod-backend-blue").send().await);
        let upload = |name: &str| ecr.initiate_layer_upload().repository_name(name).send();
        upload("stage-cloudshop-backend").await.expect("into its own repository it may write");
        denied("InitiateLayerUpload", upload("prod-cloudshop-backend").await);
        let put = ecr.put_image().repository_name("prod-cloudshop-backend").image_manifest("{}").image_tag("x");
        denied("PutImage", put.send().await);
        let image = aws_sdk_ecr::types::ImageIdentifier::builder().image_tag("x").build();
        let read = ecr.batch_get_image().repository_name("prod-cloudshop-backend").image_ids(image.clone());
        denied("BatchGetImage", read.send().await);
        let delete = ecr.batch_delete_image().repository_name("prod-cloudshop-backend").image_ids(image);
        denied("BatchDeleteImage", delete.send().await);
    });
}

#[track_caller]
fn denied<T: std::fmt::Debug, E: std::fmt::Debug>(action: &str, result: Result<T, E>) {
    let said = format!("{:?}", result.expect_err(action));
    assert!(said.contains("AccessDenied"), "{action}: {said}");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn every_job_gets_the_roles_of_the_table_and_no_other() {
    let cloud = Cloud::new();
    let jobs = [
        // The roles of stage, its read-role, those of production. With 0 all that is refused is so by design.
        (Job::Main, [true, true, false, true], 0),
        (Job::PullRequest, [false, true, false, false], 0),
        (Job::Environment("production"), [false, true, true, false], 0),
        (Job::Environment("staging"), [false; 4], 0),
        (Job::Other("repo:shop/cloudshop:ref:refs/heads/feature"), [false; 4], 2),
        (Job::Other("repo:shop/cloudshop:ref:refs/heads/mainly"), [false; 4], 2),
        (Job::Other("repo:shop/cloudshop:ref:refs/tags/main"), [false; 4], 2),
        (Job::Other("repo:other/cloudshop:ref:refs/heads/main"), [false; 4], 2),
        (Job::Other("repo:Shop/cloudshop:ref:refs/heads/main"), [false; 4], 2),
    ];
    for (job, expected, code) in jobs {
        let ran = in_cloudshop(&cloud, job, &["whoami", "--output", "json"]);
        let answer: Value = serde_json::from_str(&ran.stdout).unwrap();
        let environments = answer["environments"].as_array().unwrap().iter();
        let identities = environments.flat_map(|environment| environment["identities"].as_array().unwrap());
        let let_in: Vec<bool> = identities.map(|identity| identity["arn"].is_string()).collect();
        assert_eq!(let_in, expected, "{job:?}: {answer:#}");
        assert_eq!(ran.code, code, "{job:?}: {answer:#}");
    }
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_token_for_somebody_else_is_refused() {
    let cloud = Cloud::new();
    let sts = cloud.wait(async {
        let config = aws_config::defaults(BehaviorVersion::latest()).region(Region::new("us-east-1")).load().await;
        aws_sdk_sts::Client::new(&config)
    });
    let exchange = |audience: &str| {
        let url = format!("{}&audience={audience}", crate::cloud::token_url());
        let request =
            reqwest::Client::new().get(url).header("authorization", format!("Bearer {}", Job::Main.subject()));
        let sts = sts.clone();
        async move {
            let body = request.send().await.unwrap().text().await.unwrap();
            let token = serde_json::from_str::<Value>(&body).unwrap()["value"].as_str().unwrap().to_owned();
            let request = sts.assume_role_with_web_identity().web_identity_token(token).role_session_name("test");
            request.role_arn("arn:aws:iam::000000000000:role/stage-cloudshop-shipgate").send().await
        }
    };
    cloud.wait(async {
        exchange("sts.amazonaws.com").await.expect("for AWS");
        denied("AssumeRoleWithWebIdentity", exchange("https://github.com/shop").await);
    });
}
