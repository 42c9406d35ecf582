//! The jobs of shipgate's workflows, whole, as a runner runs them, for another repository, on the local cloud.

use std::path::Path;

use serde_json::{Value, json};

use crate::cloud::Cloud;
use crate::cloud_roles::{self, Job};
use crate::github::{GitHub, api, token};
use crate::harness::Repository;
use crate::runner::Runner;
use crate::runner::expression::Status;
use crate::runner::job::JobRan;

const BINARY: &str = env!("CARGO_BIN_EXE_shipgate");

/// A shop, its repository on GitHub, and its variables.
pub struct Scene {
    pub cloud: Cloud,
    pub github: GitHub,
    pub shop: Repository,
}

impl Scene {
    /// With stage and production.
    pub fn new() -> Self {
        Self::with_gates("")
    }

    /// With more gates of production.
    fn with_gates(gates: &str) -> Self {
        let cloud = Cloud::with_stage_and_production();
        let config = cloud
            .promotion_config("")
            .replace("promotes-from = \"stage\"\n", "promotes-from = \"stage\"\nurl = \"https://${vars.SHOP_HOST}\"\n")
            .replace("approval = \"none\"\n", &format!("approval = \"none\"\n{gates}"));
        Self::of(cloud, &config)
    }

    /// With the environments of a configuration.
    pub fn of(cloud: Cloud, config: &str) -> Self {
        let (github, shop) = (cloud.github(), cloud.shop(config));
        github.put(&json!({"git": shop.path()}));
        // Jobs get the variables; the script that makes the roles has to have them too.
        let vars = shop.path().join("roles.toml");
        std::fs::write(&vars, config.replace("${vars.SHOP_HOST}", "shop.example")).unwrap();
        cloud_roles::ensure(&cloud, &shop, &["--config", "roles.toml"]);
        std::fs::remove_file(vars).unwrap();
        Self { cloud, github, shop }
    }

    /// The machine of a job, with the permissions of its workflow.
    pub fn runner(&self, job: Job, permissions: &str) -> Runner {
        let runner = Runner::new(self.shop.path())
            .github("repository", self.github.repository.clone())
            .github("api_url", api())
            .github("sha", self.shop.head())
            .github("run_attempt", "2")
            .github("token", token(permissions))
            .program(Path::new(BINARY))
            .context("vars", json!({"SHOP_HOST": "shop.example"}));
        let variables = self.cloud.variables().into_iter();
        let variables = variables.chain([("ACTIONS_ID_TOKEN_REQUEST_TOKEN", job.subject_in(&self.github.repository))]);
        variables.fold(runner, |runner, (name, value)| runner.variable(name, &value))
    }

    /// A push.
    pub fn deploy(&self) -> JobRan {
        let runner = self.runner(Job::Main, "contents=read,statuses=write");
        runner.job(".github/workflows/deploy-stage.yml", "deploy").run()
    }

    /// The job before GitHub's environment lets the other through.
    pub fn plan(&self) -> JobRan {
        self.plan_with(&json!({}))
    }

    fn plan_of(&self, release: &str) -> JobRan {
        self.plan_with(&json!({"release": release}))
    }

    fn plan_with(&self, more: &Value) -> JobRan {
        let runner = self.runner(Job::Main, "contents=read,pull_requests=read,statuses=read,checks=read");
        runner.job(".github/workflows/promote.yml", "plan").inputs(more.clone()).run()
    }

    /// The job that it lets through.
    pub fn promote(&self, plan: &JobRan) -> JobRan {
        self.promote_with(plan, &json!({}))
    }

    /// With none of the variables of the repository: those of the plan have to arrive.
    fn promote_with(&self, plan: &JobRan, more: &Value) -> JobRan {
        let runner = self.runner(Job::Environment("production"), "contents=read,statuses=write");
        let runner = runner.context("vars", json!({"SHOP_HOST": "other.example"}));
        runner.job(".github/workflows/promote.yml", "promote").needs("plan", plan).inputs(more.clone()).run()
    }
}

/// Insists that a plan job ended because of a gate, after its plan was shown, and that nothing comes after it.
#[track_caller]
pub fn refused(scene: &Scene, plan: &JobRan, gate: &str) {
    let step = plan.step("plan");
    assert_eq!((step.code, step.outputs["outcome"].as_str()), (0, "planned"), "{}", plan.log());
    assert_eq!(step.outputs["refused-by"], gate, "{}", step.log);
    let end = plan.steps.iter().rfind(|step| step.result.is_some()).unwrap();
    assert_eq!((plan.result, end.code), (Some(Status::Failure), 3), "{}", plan.log());
    let error = format!("by gate {gate}; the step above says why, and what to do");
    assert_eq!(end.annotations("error"), [&error], "{}", end.log);
    assert_eq!(scene.promote(plan).result, None, "the gated job does not start");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_push_deploys_and_one_click_promotes_what_stage_runs() {
    let scene = Scene::new();
    let release = scene.shop.head();

    let deployed = scene.deploy().expect_success();
    assert_eq!((deployed.outputs["outcome"].as_str(), &deployed.outputs["sha"]), ("deployed", &release));
    assert!(deployed.dropped.is_empty(), "{:?}", deployed.dropped);
    let step = deployed.steps.iter().find(|step| step.outputs.contains_key("outcome")).unwrap();
    assert!(step.summary.starts_with("## ✅ Deployed "), "{}", step.summary);
    assert!(step.commands.iter().any(|command| command.name == "add-mask"), "secrets are masked in the action");
    let masked: Vec<&str> = step.annotations("add-mask");
    let log: Vec<&str> = step.log.lines().filter(|line| !line.starts_with("::add-mask::")).collect();
    assert!(!masked.iter().any(|secret| secret.len() > 8 && log.join("\n").contains(secret)), "{}", step.log);

    let plan = scene.plan().expect_success();
    // Somebody thinks about it, and meanwhile stage gets the next one.
    let newer = scene.shop.commit("The next one");
    assert_eq!(scene.deploy().expect_success().outputs["sha"], newer);
    let promoted = scene.promote(&plan).expect_success();

    assert_eq!((promoted.outputs["outcome"].as_str(), &promoted.outputs["sha"]), ("deployed", &release));
    assert_eq!(promoted.outputs["digest"], deployed.outputs["digest"], "the very same image");
    assert_eq!(promoted.step("promote").outputs["environment-url"], "https://shop.example");
    assert_eq!(scene.cloud.releases("live"), std::slice::from_ref(&release));
    let states = scene.github.states(&release);
    assert_eq!(
        states,
        [
            "shipgate/stage pending",
            "shipgate/stage success",
            "shipgate/production pending",
            "shipgate/production success"
        ]
    );
}

/// A tag can be moved, and a name is resolved once: the gated job gets the commit.
#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_pull_request_and_a_tag_are_pinned_by_the_plan() {
    let scene = Scene::new();
    let release = scene.shop.head();
    scene.deploy().expect_success();
    let merged = json!({"merged": true, "merge_commit_sha": release});
    scene.github.put(&json!({"pull_requests": {"7": merged, "8": {}}}));
    assert_eq!(scene.plan_of("#7").expect_success().outputs["release"], release);
    let open = scene.plan_of("#8");
    assert!(open.log().contains("pull request #8 is not merged"), "{}", open.log());
    scene.shop.git(&["tag", "v1"]);
    let plan = scene.plan_of("v1").expect_success();
    assert_eq!(plan.outputs["release"], release);
    scene.shop.commit("The next one");
    scene.shop.git(&["tag", "--force", "v1"]);

    let promoted = scene.promote(&plan).expect_success();

    assert_eq!((promoted.outputs["outcome"].as_str(), &promoted.outputs["sha"]), ("deployed", &release));
    assert_eq!(scene.github.reported()["violations"], json!([]));
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn what_moved_since_the_plan_is_not_promoted_over() {
    let scene = Scene::new();
    scene.deploy().expect_success();
    let first = scene.plan().expect_success();
    let second = scene.plan().expect_success();
    assert_eq!(first.outputs, second.outputs);
    assert!(first.dropped.is_empty(), "{:?}", first.dropped);
    scene.promote(&first).expect_success();

    // The same plan again is done already.
    let again = scene.promote(&second).expect_success();
    assert_eq!(again.outputs["outcome"], "unchanged");

    scene.shop.commit("Another");
    scene.deploy().expect_success();
    let plan = scene.plan().expect_success();
    let before = scene.cloud.revision("live");
    let by_hand = scene.cloud.change_by_hand("live", |definition| definition["cpu"] = json!("512"));
    let stale = scene.promote(&plan);
    assert_eq!((stale.result, stale.step("promote").code), (Some(Status::Failure), 4), "{}", stale.log());
    assert_eq!(stale.outputs["outcome"], "stale");
    let moved = format!("component backend: what it runs was {before}, is {by_hand}");
    let [error] = stale.step("promote").annotations("error")[..] else { panic!("{}", stale.log()) };
    assert!(error.contains(&moved), "{moved}\n{error}");
    assert_eq!(scene.cloud.revision("live"), by_hand);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn an_older_release_ends_in_the_plan_job() {
    let scene = Scene::new();
    let older = scene.shop.head();
    scene.deploy().expect_success();
    scene.shop.commit("Newer");
    scene.deploy().expect_success();
    scene.promote(&scene.plan().expect_success()).expect_success();
    let production = scene.cloud.production();

    let plan = scene.plan_with(&json!({"release": older}));

    refused(&scene, &plan, "forward");
    assert_eq!(scene.cloud.production(), production);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn an_override_is_planned_and_promoted_with_its_reason() {
    let freeze = "freeze = [{ from = \"2020-01-01 00:00\", to = \"2999-01-01 00:00\", zone = \"UTC\" }]\n";
    let scene = Scene::with_gates(freeze);
    scene.deploy().expect_success();
    let production = scene.cloud.production();
    refused(&scene, &scene.plan(), "freeze");

    let wanted = json!({"override": "freeze=the shop is down, and $(touch owned)"});
    let plan = scene.plan_with(&wanted).expect_success();
    // What was planned with it is not promoted without it, or for another reason.
    for (other, moved) in [
        (json!({}), "override freeze is gone"),
        (json!({"override": "freeze=no"}), "override freeze was the shop is down, and $(touch owned), is no"),
    ] {
        let stale = scene.promote_with(&plan, &other);
        assert_eq!((stale.step("promote").code, stale.outputs["outcome"].as_str()), (4, "stale"), "{}", stale.log());
        assert!(stale.step("promote").annotations("error")[0].contains(moved), "{}", stale.log());
    }
    assert_eq!(scene.cloud.production(), production);

    let promoted = scene.promote_with(&plan, &wanted).expect_success();
    assert_eq!(promoted.outputs["outcome"], "deployed");
    let report: Value = serde_json::from_str(&promoted.step("promote").outputs["summary-json"]).unwrap();
    let gate = report["gates"].as_array().unwrap().iter().find(|gate| gate["name"] == "freeze").unwrap();
    assert_eq!(gate["override"], "the shop is down, and $(touch owned)", "{gate:#}");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn without_anything_to_promote_the_plan_says_so_and_nobody_is_asked() {
    let scene = Scene::new();

    let plan = scene.plan();

    assert_eq!(plan.result, Some(Status::Failure), "{}", plan.log());
    assert!(plan.step("plan").summary.contains("proven"), "{}", plan.step("plan").summary);
    assert!(plan.log().contains("nothing to promote"), "{}", plan.log());
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_cancelled_deploy_says_what_is_in_flight() {
    let scene = Scene::new();
    let runner = scene.runner(Job::Main, "contents=read,statuses=write");
    let job = runner.job(".github/workflows/deploy-stage.yml", "deploy").start();
    job.until_log("roll out: ");
    job.cancel();

    let ran = job.wait();

    let step = ran.steps.iter().find(|step| step.outputs.contains_key("outcome")).unwrap();
    assert_eq!((step.outputs["outcome"].as_str(), step.code), ("interrupted", 130), "{}", ran.log());
    assert!(step.summary.contains("was interrupted"), "{}", step.summary);
    assert!(step.summary.contains("ECS goes on with backend"), "{}", step.summary);
    let states = scene.github.states(&scene.shop.head());
    assert_eq!(states, ["shipgate/stage pending", "shipgate/stage error"]);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_pull_request_gets_its_check_on_its_head_and_one_comment() {
    let scene = Scene::new();
    let head = scene.shop.head();
    scene.shop.commit("What GitHub would merge");
    let event = json!({"pull_request": {
        "number": 7,
        "head": {"sha": head, "repo": {"full_name": "shop/cloudshop"}},
        "base": {"repo": {"full_name": "shop/cloudshop"}},
    }});
    let check = |permissions| {
        // A job of Dependabot is one as any other, by what it has.
        let runner = scene.runner(Job::PullRequest, permissions).github("event_name", "pull_request");
        let runner = runner.github("actor", "dependabot[bot]");
        let runner = runner.event(event.to_string().as_bytes());
        runner.job(".github/workflows/pr-check-comment.yml", "check").run()
    };

    let first = check("contents=read,statuses=write,pull_requests=write").expect_success();
    check("contents=read,statuses=write,pull_requests=write").expect_success();

    assert_eq!(scene.github.states(&head), ["shipgate/check success", "shipgate/check success"]);
    assert_eq!(scene.github.states(&scene.shop.head()), Vec::<String>::new(), "not on the merge");
    let comments = scene.github.reported()["comments"].clone();
    let [comment] = comments.as_array().unwrap().as_slice() else { panic!("{comments:#}") };
    let body = comment["body"].as_str().unwrap();
    assert!(body.contains("## ✅ check passed") && body.contains("What merging would change on `stage`"), "{body}");
    assert_eq!(first.step("check").summary.trim(), body.split_once('\n').unwrap().1.trim());

    let refused = check("contents=read").expect_success();
    let warned = refused.log();
    assert!(
        warned.contains("commit status shipgate/check is not recorded") && warned.contains("statuses: write"),
        "{warned}"
    );
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_merge_queue_is_checked_on_the_commit_that_lands() {
    let scene = Scene::new();
    let lands = scene.shop.head();
    let queue = "refs/heads/gh-readonly-queue/main/pr-7-0123456";
    let event = json!({"action": "checks_requested", "merge_group": {"head_sha": lands, "head_ref": queue}});
    let job = Job::Other("repo:shop/cloudshop:ref:refs/heads/gh-readonly-queue/main/pr-7-0123456");
    let runner = scene.runner(job, "contents=read,statuses=write").github("event_name", "merge_group");
    let runner = runner.github("ref", queue).event(event.to_string().as_bytes());

    let ran = runner.job(".github/workflows/pr-check.yml", "check").run().expect_success();

    assert_eq!(scene.github.states(&lands), ["shipgate/check success"]);
    let page = &ran.step("check").summary;
    assert!(page.contains("Skipped:") && page.contains("merge queue"), "{page}");
    assert!(!page.contains("What merging would change on `stage`"), "{page}");
}
