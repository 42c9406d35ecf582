//! Development → staging → production: each promotes from the one before it, with the roles that `shipgate iam` prints.

use aws_sdk_ecr::types::ImageTagMutability;
use serde_json::{Value, json};

use crate::cloud::{Cloud, ServiceOptions};
use crate::cloud_jobs::Scene;
use crate::cloud_policy::{allowed, printed};
use crate::cloud_roles::{self, Job};
use crate::harness::{Ran, Repository, assert_reported, texts};
use crate::runner::job::JobRan;

const STAGING: Job = Job::Environment("staging");
const PRODUCTION: Job = Job::Environment("production");

/// A service with a repository of its own in each of the three environments: `backend`, `staged` and `live`.
fn cloud() -> Cloud {
    let cloud = Cloud::with_stage_and_production();
    cloud.create_repository_named(&staged_repository(&cloud), ImageTagMutability::Mutable);
    cloud.create_service(&ServiceOptions { name: "staged", ..ServiceOptions::web() });
    cloud
}

fn staged_repository(cloud: &Cloud) -> String {
    format!("{}-staged", cloud.prefix)
}

fn config(cloud: &Cloud) -> String {
    let target = |name: &str, source: &str, service: &str, repository: &str| {
        format!(
            "[environments.{name}]\nregion = \"us-east-1\"\naccount = \"{}\"\npromotes-from = \"{source}\"\n{}\
             [environments.{name}.gates]\napproval = \"none\"\n\
             [environments.{name}.components.backend]\nservice = \"{}\"\nrepository = \"{repository}\"\n",
            cloud_roles::ACCOUNT,
            cloud_roles::lines(cloud, name),
            cloud.service_name(service),
        )
    };
    let first = cloud.config("").replace("[environments.stage]", "[environments.development]");
    let first = first.replace(&cloud_roles::lines(cloud, "stage"), &cloud_roles::lines(cloud, "development"));
    let staging = target("staging", "development", "staged", &staged_repository(cloud));
    format!("{first}{staging}{}", target("production", "staging", "live", &cloud.live_repository()))
}

fn scene() -> Scene {
    let cloud = cloud();
    let config = config(&cloud);
    Scene::of(cloud, &config)
}

impl Scene {
    fn push(&self) -> JobRan {
        let job =
            self.runner(Job::Main, "contents=read,statuses=write").job(".github/workflows/deploy-stage.yml", "deploy");
        job.inputs(json!({"environment": "development"})).run().expect_success()
    }

    /// The job before GitHub's environment lets the other through.
    fn plan_promotion_to(&self, environment: &str) -> JobRan {
        let job = self.runner(Job::Main, "contents=read").job(".github/workflows/promote.yml", "plan");
        job.inputs(json!({"environment": environment})).run().expect_success()
    }

    /// Both jobs, as a click starts them.
    fn click(&self, environment: &'static str) -> JobRan {
        let plan = self.plan_promotion_to(environment);
        let runner = self.runner(Job::Environment(environment), "contents=read,statuses=write");
        let job = runner.job(".github/workflows/promote.yml", "promote").needs("plan", &plan);
        job.inputs(json!({"environment": environment})).run().expect_success()
    }

    /// A command by itself, in a job.
    fn run(&self, job: Job, arguments: &[&str]) -> Ran {
        run(&self.cloud, &self.shop, job, arguments)
    }

    /// What serves, and the images, of what may not have changed.
    fn seen(&self, services: &[&str]) -> Value {
        let of = |name: &&str| json!(format!("{:?}", self.cloud.serving(name)));
        let images = [
            self.cloud.images_in(&staged_repository(&self.cloud)),
            self.cloud.images_in(&self.cloud.live_repository()),
        ];
        json!([services.iter().map(of).collect::<Vec<_>>(), images])
    }
}

fn run(cloud: &Cloud, shop: &Repository, job: Job, arguments: &[&str]) -> Ran {
    cloud.shipgate_as(job, shop, &[arguments, &["--output", "json"]].concat()).run()
}

/// The names of an answer's environments, with one thing of each.
fn each<'a>(report: &'a Value, field: impl Fn(&'a Value) -> Value) -> Vec<(&'a str, Value)> {
    let environments = report["environments"].as_array().unwrap().iter();
    environments.map(|environment| (environment["name"].as_str().unwrap(), field(environment))).collect()
}

fn refusing(environment: &Value) -> Value {
    let gates = environment["gates"].as_array().unwrap().iter();
    gates.filter(|gate| gate["verdict"] != "satisfied").map(|gate| gate["name"].clone()).collect()
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn one_release_goes_the_whole_way_by_a_push_and_two_clicks() {
    let scene = scene();
    let release = scene.shop.head();

    let deployed = scene.push();
    let digest = &deployed.outputs["digest"];
    for environment in ["staging", "production"] {
        let promoted = scene.click(environment);
        let outputs = ["outcome", "sha", "digest"].map(|name| promoted.outputs[name].as_str());
        assert_eq!(outputs, ["deployed", &release, digest], "{environment}");
    }

    for repository in [scene.cloud.repository(), staged_repository(&scene.cloud), scene.cloud.live_repository()] {
        assert_eq!(scene.cloud.images_in(&repository)[&release], *digest, "{repository}");
    }
    for service in ["backend", "staged", "live"] {
        assert_eq!(scene.cloud.releases(service), std::slice::from_ref(&release), "{service}");
    }
    let reported = ["development", "staging", "production"]
        .map(|name| [format!("shipgate/{name} pending"), format!("shipgate/{name} success")]);
    assert_eq!(scene.github.states(&release), reported.concat());

    // The next one, on its way.
    let next = scene.shop.commit("The next one");
    scene.push();
    let behind = || {
        let status = scene.run(Job::Main, &["status"]).expect_code(0).json();
        let component = |environment: &Value| {
            let component = &environment["components"][0];
            json!([component["current"]["sha"], component["behind_of"], component["behind"]])
        };
        each(&status, component).into_iter().map(|(name, behind)| (name.to_owned(), behind)).collect::<Vec<_>>()
    };
    let expected = |staging: Value, production: Value| {
        let development = json!([next, Value::Null, Value::Null]);
        [("development", development), ("staging", staging), ("production", production)]
            .map(|(name, behind)| (name.to_owned(), behind))
    };
    assert_eq!(behind(), expected(json!([release, "development", 1]), json!([release, "staging", 0])));
    let asked = scene.run(Job::Main, &["gates", "production"]).expect_code(0).json();
    assert_eq!(asked["outcome"], "planned");
    let hop =
        |environment: &Value| json!([environment["promotes_from"], environment["release"], refusing(environment)]);
    let hops = [("staging", json!(["development", next, []])), ("production", json!(["staging", release, []]))];
    assert_eq!(each(&asked, hop), hops);

    scene.click("staging");
    assert_eq!(behind(), expected(json!([next, "development", 0]), json!([release, "staging", 1])));
    let all = scene.cloud.shipgate_as(Job::Main, &scene.shop, &["gates", "production"]).run().expect_code(0);
    for line in
        [format!("staging from development: {}", &next[..7]), format!("production from staging: {}", &next[..7])]
    {
        assert!(all.stdout.contains(&line), "no {line:?} in {}", all.stdout);
    }
    assert_eq!(scene.click("production").outputs["sha"], next);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn every_job_of_a_chain_gets_the_roles_of_the_page_and_no_other() {
    let cloud = cloud();
    let shop = cloud.shop(&config(&cloud));
    // `role` and `read-role` of development, of staging, of production.
    for (job, expected) in [
        (Job::PullRequest, [false, true, false, false, false, false]),
        (Job::Main, [true, true, false, true, false, true]),
        (Job::Environment("development"), [false; 6]),
        (STAGING, [false, true, true, false, false, false]),
        (PRODUCTION, [false, false, false, true, true, false]),
        (Job::Other("repo:shop/cloudshop:ref:refs/heads/feature"), [false; 6]),
    ] {
        let ran = run(&cloud, &shop, job, &["whoami"]);
        let answer: Value = serde_json::from_str(&ran.stdout).unwrap();
        let identities = each(&answer, |environment| environment["identities"].clone());
        let arns = identities.iter().flat_map(|(_, identities)| identities.as_array().unwrap());
        assert_eq!(
            arns.map(|identity| identity["arn"].is_string()).collect::<Vec<_>>(),
            expected,
            "{job:?}: {answer:#}"
        );
    }
    for environment in ["development", "staging", "production"] {
        run(&cloud, &shop, Job::Main, &["whoami", environment, "--read-role"]).expect_code(0);
    }
    // The role that only reads it is for other jobs, by design.
    run(&cloud, &shop, PRODUCTION, &["whoami", "production"]).expect_code(0);
    for (job, environment, more) in
        [(PRODUCTION, "staging", &["--read-role"][..]), (STAGING, "development", &["--read-role"])]
    {
        run(&cloud, &shop, job, &[&["whoami", environment], more].concat()).expect_code(0);
    }

    // A report on a pull request is about development, and about nothing else.
    let check = cloud.shipgate_as(Job::PullRequest, &shop, &["check", "--output", "json"]);
    let check = check.env("GITHUB_ACTIONS", "true").env("GITHUB_EVENT_NAME", "pull_request").env("SHIPGATE_VARS", "{}");
    let report = check.run().expect_code(0).json();
    // These roles ask for no workflow, as the emulator evaluates `sub` alone.
    let findings: Vec<_> = report["findings"].as_array().unwrap().iter().map(|finding| &finding["rule"]).collect();
    assert_eq!((findings, &report["left_out"]), (vec![&json!("trusted-workflow")], &json!([])), "{report:#}");
    let plans = report["plans"].as_array().unwrap().iter().map(|plan| &plan["environment"]);
    assert_eq!(plans.collect::<Vec<_>>(), ["development"]);
}

/// The emulator asks for no permission at its registry, so the simulator is asked about that.
#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn staging_is_read_as_a_source_and_changed_as_a_target() {
    let scene = scene();
    let cloud = &scene.cloud;
    let repository = |name: &str| format!("arn:aws:ecr:us-east-1:{}:repository/{name}", cloud_roles::ACCOUNT);
    let service = |name: &str| {
        format!(
            "arn:aws:ecs:us-east-1:{}:service/{}/{}",
            cloud_roles::ACCOUNT,
            cloud.cluster(),
            cloud.service_name(name)
        )
    };
    let own = repository(&staged_repository(cloud));
    let others = [repository(&cloud.repository()), repository(&cloud.live_repository())];
    let look = printed(cloud, &scene.shop, &["staging", "--read-role"]);
    let change = printed(cloud, &scene.shop, &["staging"]);
    for action in ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"] {
        assert!(allowed(cloud, &look, action, &own) && allowed(cloud, &change, action, &own), "{action}");
        for other in &others {
            assert!(
                !allowed(cloud, &look, action, other) && !allowed(cloud, &change, action, other),
                "{action} on {other}"
            );
        }
    }
    for (action, resource) in [("ecr:PutImage", own.clone()), ("ecs:UpdateService", service("staged"))] {
        assert!(allowed(cloud, &change, action, &resource) && !allowed(cloud, &look, action, &resource), "{action}");
    }
    for name in ["backend", "live"] {
        assert!(!allowed(cloud, &change, "ecs:UpdateService", &service(name)), "{name}");
    }

    // What lets production's gated job look at staging is missed when it is gone.
    scene.push();
    scene.click("staging");
    let plan = scene.plan_promotion_to("production");
    let before = scene.seen(&["live", "staged"]);
    let role = cloud_roles::name(cloud, "staging", true);
    let trust = cloud_roles::root(
        cloud,
        scene.shop.shipgate(&[
            "iam",
            "trust",
            "staging",
            "--read-role",
            "--keys",
            "sub",
            "--repository",
            cloud.repository_on_github(),
        ]),
    );
    let trust = trust.run().expect_code(0).stdout;
    let put = |document: &str| {
        let request = cloud.iam.update_assume_role_policy().role_name(&role).policy_document(document);
        cloud.wait(async { request.send().await.unwrap() });
    };
    put(&trust.replace(":environment:production", ":environment:elsewhere"));
    let release = plan.outputs["release"].as_str();
    let promote =
        ["promote", "production", "--release", release, "--expect-plan", plan.outputs["plan-digest"].as_str()];
    let refused = scene.run(PRODUCTION, &promote).outcome("invalid", 2);
    assert!(refused["reason"].as_str().unwrap().contains(&role), "{refused:#}");
    assert_reported(&refused["causes"], &["asked of staging, which production promotes from"]);
    assert_eq!(scene.seen(&["live", "staged"]), before);
    put(&trust);
    scene.run(PRODUCTION, &promote).outcome("deployed", 0);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn nothing_skips_staging_and_what_staging_leaves_is_held_there_alone() {
    let scene = scene();
    let first = scene.shop.head();
    scene.push();
    scene.click("staging");
    scene.click("production");
    let second = scene.shop.commit("Second");
    scene.push();
    let before = scene.seen(&["staged", "live"]);

    let refused = scene.run(PRODUCTION, &["promote", "production", "--release", &second]).outcome("refused", 3);

    assert_reported(&refused["causes"], &["proven", "backend", "no success"]);
    assert_eq!(scene.seen(&["staged", "live"]), before);

    // Staging gets it, and goes back.
    scene.click("staging");
    let before = scene.seen(&["backend", "live"]);
    let back = scene.run(STAGING, &["rollback", "staging"]).outcome("deployed", 0);
    assert_eq!(back["release"]["sha"], first);
    assert_eq!(scene.seen(&["backend", "live"]), before);
    let status = scene.run(Job::Main, &["status"]).expect_code(0).json();
    let left = |environment: &Value| {
        let holds = environment["components"][0]["holds"].as_array().unwrap().iter();
        holds.map(|hold| hold["left"].clone()).collect::<Value>()
    };
    assert_eq!(
        each(&status, left),
        [("development", json!([])), ("staging", json!([second])), ("production", json!([]))]
    );

    let asked = scene.run(Job::Main, &["gates", "production"]).expect_code(3).json();
    assert_eq!(each(&asked, refusing), [("staging", json!(["hold"])), ("production", json!([]))]);
    let held = scene.run(STAGING, &["promote", "staging"]).outcome("refused", 3);
    assert_reported(&held["causes"], &["hold", "barred from staging"]);
    assert!(texts(&held["hints"]).join("\n").contains("shipgate unhold staging"), "{held:#}");
    scene.run(PRODUCTION, &["promote", "production"]).outcome("unchanged", 0);
    // Development goes on, and a commit after the one that was left is let through.
    let third = scene.shop.commit("Third");
    scene.push();
    assert_eq!(scene.click("staging").outputs["sha"], third);
    assert_eq!(scene.click("production").outputs["sha"], third);
}
