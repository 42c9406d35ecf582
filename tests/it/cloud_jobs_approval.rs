//! `promote.yml`, `approve.yml`, `rollback.yml` and `hold.yml`, whole, where people approve: GitHub's environment, or a second person.

use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::cloud::Cloud;
use crate::cloud_jobs::Scene;
use crate::cloud_roles::Job;
use crate::runner::Runner;
use crate::runner::expression::Status;
use crate::runner::job::JobRan;

const PROMOTE: &str = ".github/workflows/promote.yml";
const APPROVE: &str = ".github/workflows/approve.yml";
const ROLLBACK: &str = ".github/workflows/rollback.yml";
const HOLD: &str = ".github/workflows/hold.yml";
const TRUSTED: &str = "0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f";
const MAY: &str = "contents=read,actions=read,statuses=write,checks=read,pull_requests=read";

/// A shop whose production asks people, with runs of workflows that GitHub knows.
struct Approving {
    scene: Scene,
    artifacts: TempDir,
}

impl Approving {
    fn new(approval: &str) -> Self {
        let cloud = Cloud::with_stage_and_production();
        let config = cloud.promotion_config("").replace("approval = \"none\"", approval)
            + &format!("[github]\nworkflows = \"shipgate/shipgate@{TRUSTED}\"\n");
        let scene = Scene::of(cloud, &config);
        scene.github.put(&json!({"people": {"ana": "admin", "ben": "write", "eva": "write"}}));
        Self { scene, artifacts: tempfile::tempdir().unwrap() }
    }

    /// A second person approves: the job that carries out is one of the branch.
    fn by_second_person() -> Self {
        Self::new("approval = { by = \"second-person\" }")
    }

    /// The machine of a job in a run that somebody started.
    fn runner(&self, job: Job, run: u64, by: &str) -> Runner {
        let own = |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/github/artifacts").join(name);
        let runner = self.scene.runner(job, MAY).github("event_name", "workflow_dispatch");
        let runner = runner.github("run_id", run.to_string()).github("run_attempt", "1");
        runner
            .github("actor", by)
            .github("triggering_actor", by)
            .variable("ARTIFACTS", self.artifacts.path().to_str().unwrap())
            .repository("actions/upload-artifact", &own("upload"))
            .repository("actions/download-artifact", &own("download"))
    }

    /// Lets GitHub know of a run.
    fn run(&self, number: u64, by: &str, called: &str, more: &Value) {
        let mut run = json!({
            "event": "workflow_dispatch",
            "head_sha": self.scene.shop.head(),
            "workflow_id": if called == APPROVE { 2 } else { 1 },
            "actor": by,
            "triggering_actor": by,
            // Once and for all: the plan's is read after that of an approval.
            "created_at": jiff::Timestamp::from_second(jiff::Zoned::now().timestamp().as_second()).unwrap().to_string(),
            "referenced_workflows": [{"path": format!("shipgate/shipgate/{called}@{TRUSTED}"), "sha": TRUSTED}],
        });
        run.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.scene.github.put(&json!({"runs": {number.to_string(): run}}));
    }

    /// Somebody starts a workflow that plans: the plan, and the job that says which one it is.
    fn plan(&self, run: u64, by: &str, workflow: &str, inputs: Value) -> (JobRan, JobRan) {
        let runner = self.runner(Job::Main, run, by);
        self.run(run, by, workflow, &json!({}));
        let plan = runner.job(workflow, "plan").inputs(inputs.clone()).run().expect_success();
        let waits = runner.job(workflow, "waits-for-approval").needs("plan", &plan).inputs(inputs).run();
        let jobs = json!([{"name": "promote / plan"}, {"name": format!("promote / {}", waits.name)}]);
        self.run(run, by, workflow, &json!({"status": "completed", "conclusion": "success", "jobs": jobs}));
        (plan, waits.expect_success())
    }

    /// Somebody starts approve.yml for a plan: the job that counts.
    fn approve(&self, run: u64, by: &str, plan_run: u64, digest: &str) -> JobRan {
        self.run(run, by, APPROVE, &json!({"display_title": format!("approve {plan_run} {digest}")}));
        self.runner(Job::Main, run, by).job(APPROVE, "approve").inputs(asked(plan_run, digest)).run()
    }

    /// The job after it.
    fn carry_out(&self, run: u64, by: &str, approved: &JobRan, plan_run: u64, digest: &str) -> JobRan {
        let job = self.runner(Job::Main, run, by).job(APPROVE, "carry-out");
        job.needs("approve", approved).inputs(asked(plan_run, digest)).run()
    }
}

fn asked(plan_run: u64, digest: &str) -> Value {
    json!({"run": plan_run.to_string(), "plan": digest})
}

/// Insists that somebody's run is no approval, and that nothing comes after it.
#[track_caller]
fn not_counted(approving: &Approving, run: u64, (by, plan_run, digest): (&str, u64, &str), reason: &str) {
    let before = approving.scene.cloud.production();
    let approved = approving.approve(run, by, plan_run, digest);
    assert_eq!((approved.result, approved.step("approve").code), (Some(Status::Failure), 3), "{}", approved.log());
    assert!(approved.step("approve").annotations("error")[0].contains(reason), "{}", approved.log());
    assert_eq!(approving.carry_out(run, by, &approved, plan_run, digest).result, None, "the job does not start");
    assert_eq!(approving.scene.cloud.production(), before);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn one_person_plans_and_another_lets_it_be_carried_out() {
    let approving = Approving::by_second_person();
    let scene = &approving.scene;
    let release = scene.shop.head();
    scene.deploy().expect_success();

    let (plan, waits) = approving.plan(100, "ana", PROMOTE, json!({}));
    let digest = plan.outputs["plan-digest"].clone();
    assert_eq!(waits.name, format!("plan {digest} for production"));
    let notice = waits.steps[0].annotations("notice")[0];
    assert!(notice.contains(&format!("/actions/workflows/approve.yml, with run 100 and plan {digest}")), "{notice}");
    let promote = approving.runner(Job::Environment("production"), 100, "ana").job(PROMOTE, "promote");
    assert_eq!(promote.needs("plan", &plan).inputs(json!({})).run().result, None, "nobody polls on a runner");

    not_counted(&approving, 198, ("ana", 100, &digest), "the person who planned started it");
    // The document of another plan is none of this one.
    let other = format!("sha256:{}", "0".repeat(64));
    let wrong = approving.approve(199, "ben", 100, &other);
    assert_eq!((wrong.result, wrong.step("approve").code), (Some(Status::Failure), 2), "{}", wrong.log());

    let approved = approving.approve(200, "ben", 100, &digest).expect_success();
    assert_eq!(approved.outputs["complete"], "true");
    assert_eq!((approved.outputs["command"].as_str(), &approved.outputs["release"]), ("promote", &release));
    assert!(approved.dropped.is_empty(), "{:?}", approved.dropped);
    let page = &approved.step("approve").summary;
    assert!(page.contains("1 of 1 approval: ben"), "{page}");
    let promoted = approving.carry_out(200, "ben", &approved, 100, &digest).expect_success();
    assert_eq!((promoted.outputs["outcome"].as_str(), &promoted.outputs["sha"]), ("deployed", &release));
    assert_eq!(scene.cloud.releases("live"), std::slice::from_ref(&release));

    // Once.
    let approved = approving.approve(201, "eva", 100, &digest).expect_success();
    let again = approving.carry_out(201, "eva", &approved, 100, &digest);
    assert_eq!((again.result, again.step("promote").code), (Some(Status::Failure), 3), "{}", again.log());
    assert!(again.step("promote").annotations("error")[0].contains("was carried out already, by"), "{}", again.log());
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_plan_that_production_left_behind_is_stale_also_when_it_is_approved() {
    let approving = Approving::by_second_person();
    let scene = &approving.scene;
    scene.deploy().expect_success();
    let (plan, _) = approving.plan(100, "ana", PROMOTE, json!({}));
    let digest = plan.outputs["plan-digest"].clone();
    let before = scene.cloud.revision("live");
    let by_hand = scene.cloud.change_by_hand("live", |definition| definition["cpu"] = json!("512"));
    let approved = approving.approve(200, "ben", 100, &digest).expect_success();
    let stale = approving.carry_out(200, "ben", &approved, 100, &digest);
    assert_eq!((stale.result, stale.step("promote").code), (Some(Status::Failure), 4), "{}", stale.log());
    let moved = format!("component backend: what it runs was {before}, is {by_hand}");
    assert!(stale.step("promote").annotations("error")[0].contains(&moved), "{}", stale.log());
    assert_eq!(scene.cloud.revision("live"), by_hand);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_rollback_to_a_named_release_is_approved_and_one_to_what_served_before_is_not() {
    let approving = Approving::by_second_person();
    let scene = &approving.scene;
    let first = scene.shop.head();
    let mut run = 100;
    for message in ["first", "second"] {
        if message == "second" {
            scene.shop.commit(message);
        }
        scene.deploy().expect_success();
        let (plan, _) = approving.plan(run, "ana", PROMOTE, json!({}));
        let digest = plan.outputs["plan-digest"].clone();
        let approved = approving.approve(run + 1, "ben", run, &digest).expect_success();
        approving.carry_out(run + 1, "ben", &approved, run, &digest).expect_success();
        run += 2;
    }
    let second = scene.shop.head();

    let alone =
        approving.runner(Job::Main, 300, "ana").job(ROLLBACK, "rollback").inputs(json!({})).run().expect_success();
    assert_eq!(alone.outputs["sha"], first);
    assert_eq!(scene.cloud.releases("live"), std::slice::from_ref(&first));

    let named = json!({"release": second});
    let (plan, waits) = approving.plan(400, "ana", ROLLBACK, named);
    let digest = plan.outputs["plan-digest"].clone();
    assert_eq!(waits.name, format!("plan {digest} for production"));
    not_counted(&approving, 401, ("ana", 400, &digest), "the person who planned started it");
    let approved = approving.approve(402, "eva", 400, &digest).expect_success();
    assert_eq!(approved.outputs["command"], "rollback");
    let restored = approving.carry_out(402, "eva", &approved, 400, &digest).expect_success();
    assert_eq!((restored.outputs["outcome"].as_str(), &restored.outputs["sha"]), ("deployed", &second));
    assert_eq!(scene.cloud.releases("live"), std::slice::from_ref(&second));
}

/// Whether production has a hold.
fn is_held(scene: &Scene) -> bool {
    scene.cloud.ledger(scene.cloud.service("live").service_arn().unwrap()).contains_key("shipgate:hold")
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn one_person_holds_and_two_take_the_hold_off_that_both_have_seen() {
    let approving = Approving::by_second_person();
    let scene = &approving.scene;
    let words = |command: &str, reason: &str| json!({"command": command, "reason": reason});
    let hold = |run: u64, reason: &str| {
        let runner = approving.runner(Job::Main, run, "ana");
        runner.job(HOLD, "hold").inputs(words("hold", reason)).run().expect_success();
    };
    hold(100, "carts fail");
    let given = words("unhold", "carts work, and $(touch owned)");
    let planned = |run: u64| {
        let (plan, waits) = approving.plan(run, "ana", HOLD, given.clone());
        let digest = plan.outputs["plan-digest"].clone();
        assert_eq!(waits.name, format!("plan {digest} for production"));
        assert!(plan.step("plan").summary.contains("carts fail"), "{}", plan.step("plan").summary);
        let alone = approving.runner(Job::Environment("production"), run, "ana").job(HOLD, "unhold");
        assert_eq!(alone.needs("plan", &plan).inputs(given.clone()).run().result, None, "nobody polls on a runner");
        digest
    };
    let carried_out = |run: u64, by: &str, plan_run: u64, digest: &str| {
        let approved = approving.approve(run, by, plan_run, digest).expect_success();
        assert_eq!((approved.outputs["complete"].as_str(), approved.outputs["command"].as_str()), ("true", "unhold"));
        assert_eq!(approved.outputs["reason"], "carts work, and $(touch owned)");
        assert!(approved.dropped.is_empty(), "{:?}", approved.dropped);
        approving.carry_out(run, by, &approved, plan_run, digest)
    };
    let stale = |ran: &JobRan| {
        assert_eq!((ran.result, ran.step("unhold").code), (Some(Status::Failure), 2), "{}", ran.log());
        assert!(ran.step("unhold").annotations("error")[0].contains("the plan is sha256:"), "{}", ran.log());
    };

    let digest = planned(101);
    not_counted(&approving, 198, ("ana", 101, &digest), "the person who planned started it");
    assert!(is_held(scene));
    // Somebody saw why not, and says so.
    hold(102, "carts fail still");
    let left = carried_out(200, "ben", 101, &digest);
    stale(&left);
    let moved = left.step("unhold").annotations("error")[0];
    assert!(moved.contains("component backend: holds was") && moved.contains("carts fail still"), "{moved}");
    assert!(is_held(scene));

    let digest = planned(103);
    carried_out(201, "ben", 103, &digest).expect_success();
    assert!(!is_held(scene));
    // Once.
    stale(&carried_out(202, "eva", 103, &digest));
    hold(104, "carts fail");
    stale(&carried_out(203, "eva", 103, &digest));
    assert!(is_held(scene));
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn githubs_environment_asks_and_an_unprotected_one_ends_in_the_plan_job() {
    let approving = Approving::new("approval = \"required\"");
    let scene = &approving.scene;
    scene.deploy().expect_success();
    let plan = |run| approving.runner(Job::Main, run, "ana").job(PROMOTE, "plan").inputs(json!({})).run();
    let unprotected = plan(100);
    assert_eq!(unprotected.step("plan").outputs["refused-by"], "protected", "{}", unprotected.log());
    assert_eq!(unprotected.result, Some(Status::Failure));

    scene.github.put(&json!({"environments": {"production": {"reviewers": ["ben"]}}}));
    let planned = plan(101).expect_success();
    let waits = approving.runner(Job::Main, 101, "ana").job(PROMOTE, "waits-for-approval").needs("plan", &planned);
    assert_eq!(waits.inputs(json!({})).run().result, None, "GitHub asks");
    let promote = |reviews: Value| {
        approving.run(101, "ana", PROMOTE, &json!({"reviews": reviews}));
        let job = approving.runner(Job::Environment("production"), 101, "ana").job(PROMOTE, "promote");
        job.needs("plan", &planned).inputs(json!({})).run()
    };
    let before = scene.cloud.production();
    let review = |by: &str| json!({"state": "approved", "environments": ["production"], "by": by});
    for (reviews, reason) in
        [(json!([]), "no reviewer of production"), (json!([review("ana")]), "ana approved for production, and started")]
    {
        let refused = promote(reviews);
        assert_eq!((refused.result, refused.step("promote").code), (Some(Status::Failure), 3), "{}", refused.log());
        assert!(refused.step("promote").annotations("error")[0].contains(reason), "{}", refused.log());
        assert_eq!(scene.cloud.production(), before);
    }
    let promoted = promote(json!([review("ben")])).expect_success();
    assert_eq!(promoted.outputs["outcome"], "deployed");
}
