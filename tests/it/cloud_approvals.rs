//! The gates `protected` and `approved`, with what GitHub says of environments and runs: nothing is changed without people.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::github::{GitHub, token};
use crate::harness::{Ran, Shipgate};
use crate::scripted::{ACCOUNT, Shop, all_at_once, config, text};

/// What the jobs of shipgate's workflows may do.
pub const MAY: &str = "contents=read,actions=read,statuses=write,checks=read,pull_requests=read";
/// The trusted workflows.
const TRUSTED: &str = "0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f";
const SECOND: &str = "approval = { by = \"second-person\" }";
/// Runs: that of a plan by ana, and that of an approval by ben.
const PLANNED: u64 = 100;
const APPROVED: u64 = 200;

/// A shop whose stage has a release that production lacks, and its repository on GitHub.
struct Asked {
    shop: Shop,
    github: GitHub,
}

fn ago(minutes: i64) -> String {
    let then = jiff::Timestamp::from_second(jiff::Zoned::now().timestamp().as_second() - minutes * 60).unwrap();
    then.to_string()
}

impl Asked {
    fn new(approval: &str) -> Self {
        let shop = Shop::with_config(&format!(
            "{}[environments.production]\nregion = \"us-east-1\"\naccount = \"{ACCOUNT}\"\npromotes-from = \"stage\"\n\
             [environments.production.gates]\n{approval}\n\
             [environments.production.components.backend]\nservice = \"live-backend\"\n\
             [github]\nworkflows = \"shipgate/shipgate@{TRUSTED}\"\n",
            config("")
        ));
        shop.aws.world(|world| world.add_service("live-backend"));
        let github = GitHub::new();
        github.put(&json!({"git": shop.repository.path(), "people": {"ana": "admin", "ben": "write", "eva": "write"}}));
        let asked = Self { shop, github };
        asked.ship("The release");
        asked
    }

    /// A new commit with its image, which stage gets.
    fn ship(&self, message: &str) -> String {
        let commit = self.shop.repository.commit(message);
        self.shop.aws.world(|world| world.registry.put_image(&commit, Some(&commit)));
        self.shop.deploy().outcome("deployed", 0);
        self.shop.aws.forget();
        commit
    }

    fn shipgate(&self, run: u64, arguments: &[&str]) -> Shipgate {
        let shipgate = self.shop.shipgate(&[arguments, &["--output", "json"]].concat());
        let shipgate = shipgate.envs(&self.github.without_token()).env("GITHUB_RUN_ID", run.to_string());
        shipgate.env("GITHUB_TOKEN", token(MAY)).env("GITHUB_RUN_ATTEMPT", "1")
    }

    /// Plans a promotion: the plan's digest, and the report.
    fn plan(&self) -> (String, Value) {
        let report = self.shipgate(PLANNED, &["plan", "promote", "production"]).run().outcome("planned", 0);
        (report["plan_digest"].as_str().unwrap().to_owned(), report)
    }

    fn run(&self, number: u64, run: &Value) {
        self.github.put(&json!({"runs": {number.to_string(): run}}));
    }

    /// A run of a workflow of shipgate that somebody started.
    fn started(&self, by: &str, workflow: &str) -> Value {
        json!({
            "event": "workflow_dispatch",
            "head_sha": self.shop.repository.head(),
            "workflow_id": if workflow == "approve" { 2 } else { 1 },
            "actor": by,
            "triggering_actor": by,
            "created_at": ago(30),
            "referenced_workflows": [
                {"path": format!("shipgate/shipgate/.github/workflows/{workflow}.yml@v1"), "sha": TRUSTED},
            ],
        })
    }

    /// The run in which somebody planned.
    fn planned(&self, by: &str, digest: &str) -> Value {
        self.planned_in(by, "promote", digest)
    }

    /// The same of another workflow.
    fn planned_in(&self, by: &str, workflow: &str, digest: &str) -> Value {
        let mut run = self.started(by, workflow);
        run["created_at"] = json!(ago(60));
        run["status"] = json!("completed");
        run["conclusion"] = json!("success");
        run["jobs"] = json!([{"name": "promote / plan"}, {"name": format!("promote / plan {digest} for production")}]);
        run
    }

    /// The run in which somebody approves what a run planned.
    fn approval(&self, by: &str, plan_run: u64, digest: &str) -> Value {
        let mut run = self.started(by, "approve");
        run["display_title"] = json!(format!("approve {plan_run} {digest}"));
        run
    }

    /// Promotes what a run planned, as a run that approves it.
    fn promote(&self, run: u64, plan_run: u64, digest: &str) -> Ran {
        let plan_run = plan_run.to_string();
        let command = ["promote", "production", "--expect-plan", digest, "--plan-run", &plan_run];
        self.shipgate(run, &command).run()
    }
}

fn gate<'r>(report: &'r Value, name: &str) -> &'r Value {
    let gates = report["gates"].as_array().unwrap().iter();
    gates.into_iter().find(|gate| gate["name"] == name).unwrap_or_else(|| panic!("no gate {name} in {report:#}"))
}

/// Refused by one gate, with nothing changed.
#[track_caller]
fn refused(asked: &Asked, ran: &Ran, name: &str, reason: &str) -> Value {
    let report = ran.outcome("refused", 3);
    assert_eq!(report["reason"], format!("refused by gate {name}"), "{report:#}");
    let found = gate(&report, name)["reason"].as_str().unwrap();
    assert!(found.contains(reason), "{reason}\n{found}");
    assert_eq!(asked.shop.aws.mutations(), Vec::<String>::new(), "{reason}");
    report
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn githubs_environment_asks_and_the_run_says_who_approved() {
    let asked = Asked::new("approval = \"required\"");
    let settings = format!("https://github.com/{}/settings/environments", asked.github.repository);
    let (_, plan) = asked.plan();
    assert_eq!(gate(&plan, "protected")["verdict"], "unsatisfied", "{plan:#}");
    let hint = gate(&plan, "protected")["hint"].as_str().unwrap();
    assert!(hint.ends_with(&format!("{settings}/new")), "{hint}");
    assert_eq!(gate(&plan, "approved")["verdict"], "pending", "{plan:#}");

    let environment = |more: Value| {
        let mut environment = json!({"reviewers": ["ben", "eva"]});
        environment.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        asked.github.put(&json!({"environments": {"Production": environment}}));
        gate(&asked.plan().1, "protected").clone()
    };
    for (settings, reason) in [
        (json!({"reviewers": []}), "has no required reviewers"),
        (json!({"prevent_self_review": false}), "lets people approve their own runs"),
        (json!({"branches": null}), "takes every branch"),
        (json!({"branches": "protected"}), "takes protected branches"),
        (json!({"branches": ["main", "*"]}), "takes every branch"),
    ] {
        let found = environment(settings);
        assert!(found["verdict"] == "unsatisfied" && found["reason"].as_str().unwrap().contains(reason), "{found:#}");
        assert!(found["hint"].as_str().unwrap().contains("/settings/environments/7/edit"), "{found:#}");
    }
    assert!(environment(json!({"can_admins_bypass": true}))["reason"].as_str().unwrap().ends_with("can bypass it"));
    let found = environment(json!({"branches": ["main", "release/*"], "can_admins_bypass": null}));
    assert_eq!(found["verdict"], "satisfied", "{found:#}");

    let run = |reviews: Value, by: &str, attempt: u64| {
        let run = json!({"actor": "ana", "triggering_actor": by, "run_attempt": attempt, "reviews": reviews});
        asked.run(APPROVED, &run);
        asked.shipgate(APPROVED, &["promote", "production"]).run()
    };
    let review =
        |state: &str, environment: &str, by: &str| json!({"state": state, "environments": [environment], "by": by});
    for (reviews, by, attempt, reason) in [
        (json!([]), "ana", 1, "no reviewer of production has approved this run"),
        (
            json!([review("approved", "production", "ana")]),
            "ana",
            1,
            "ana approved for production, and started this run",
        ),
        (json!([review("approved", "stage", "ben")]), "ana", 1, "no reviewer of production"),
        (json!([review("rejected", "production", "ben")]), "ana", 1, "no reviewer of production"),
        (
            json!([review("approved", "production", "ben")]),
            "ben",
            2,
            "ben approved for production, and started this run",
        ),
        (json!([review("approved", "production", "ben")]), "eva", 2, "this is attempt 2 of the run"),
    ] {
        refused(&asked, &run(reviews, by, attempt), "approved", reason);
    }
    // The person who ran it again may be the reviewer.
    for known in ["actor", "triggering_actor"] {
        asked.run(APPROVED, &json!({known: "ana", "reviews": [review("approved", "production", "ben")]}));
        let ran = asked.shipgate(APPROVED, &["promote", "production"]).run();
        refused(&asked, &ran, "approved", "GitHub does not say who started this run");
    }
    let bot = json!({"login": "github-actions[bot]", "type": "Bot"});
    let review_of_ben = json!([review("approved", "production", "ben")]);
    asked.run(APPROVED, &json!({"actor": bot, "triggering_actor": bot, "reviews": review_of_ben}));
    let started_by_a_bot = asked.shipgate(APPROVED, &["promote", "production"]).run();
    refused(&asked, &started_by_a_bot, "approved", "github-actions[bot] started this run");
    asked.run(APPROVED, &json!({"actor": "ana", "triggering_actor": "ana"}));
    // Without the permission it is not known.
    let blind = asked.shipgate(APPROVED, &["promote", "production"]).env("GITHUB_TOKEN", token("contents=read")).run();
    let report = blind.outcome("refused", 3);
    assert_eq!(report["reason"], "refused by gate protected, approved");
    assert!(text(&report, "hints").contains("actions: read"), "{report:#}");
    // Nor on a laptop.
    let local = asked.shop.shipgate(&["promote", "production", "--output", "json"]).run().outcome("refused", 3);
    assert!(text(&local, "hints").contains("start the workflow"), "{local:#}");
    assert_eq!(asked.shop.aws.mutations(), Vec::<String>::new());

    let reviews = json!([review("rejected", "production", "eva"), review("approved", "PRODUCTION", "ben")]);
    let report = run(reviews, "ana", 2).outcome("deployed", 0);
    assert_eq!(gate(&report, "approved")["reason"], "ben approved this run for production");
    let history = asked.shipgate(300, &["history", "production"]).run().expect_code(0).json();
    assert_eq!(history["releases"][0]["approvers"], json!(["ben"]), "{history:#}");
}

/// A run of before can be run again for a month, and checks out the commit of then.
#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_run_from_before_people_were_asked_is_not_run_again() {
    let asked = Asked::new("approval = \"none\"");
    let before = asked.shop.repository.head();
    let file = asked.shop.repository.path().join("shipgate.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("approval = \"none\"", "approval = \"required\"")).unwrap();
    asked.ship("Ask people");
    asked.shop.repository.git(&["switch", "-q", "--detach", &before]);
    asked.run(APPROVED, &json!({"actor": "ana", "triggering_actor": "ben", "run_attempt": 2}));
    let again = asked.shipgate(APPROVED, &["promote", "production"]).run();
    refused(&asked, &again, "identity", "shipgate.toml is not the one that the branch has now");
    // One person may still go back to what served before, and hold.
    let hold = asked.shipgate(APPROVED, &["hold", "production", "--reason", "carts fail"]).run();
    hold.expect_code(0);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn whoever_may_approve_what_they_started_is_said_in_the_configuration() {
    let asked = Asked::new("approval = \"required\"\nself-approval = true");
    asked.github.put(&json!({"environments": {"production": {"reviewers": ["ana"], "prevent_self_review": false}}}));
    let review = json!({"state": "approved", "environments": ["production"], "by": "ana"});
    asked.run(APPROVED, &json!({"actor": "ana", "triggering_actor": "ana", "reviews": [review]}));
    asked.shipgate(APPROVED, &["promote", "production"]).run().outcome("deployed", 0);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_second_person_approves_a_plan_once() {
    let asked = Asked::new(SECOND);
    let (digest, plan) = asked.plan();
    assert_eq!(gate(&plan, "approved")["verdict"], "pending", "{plan:#}");
    asked.run(PLANNED, &asked.planned("ana", &digest));
    asked.run(APPROVED, &asked.approval("ben", PLANNED, &digest));
    // Not without a plan, and not as any other run.
    let bare = asked.shipgate(APPROVED, &["promote", "production"]).run();
    refused(&asked, &bare, "approved", "nothing says that people were asked about this plan");
    asked.run(300, &asked.started("eva", "promote"));
    refused(
        &asked,
        &asked.promote(300, PLANNED, &digest),
        "approved",
        "it does not call .github/workflows/approve.yml",
    );

    let report = asked.promote(APPROVED, PLANNED, &digest).outcome("deployed", 0);
    assert_eq!(gate(&report, "approved")["reason"], "ben approved the plan of run 100");
    let history = asked.shipgate(300, &["history", "production"]).run().expect_code(0).json();
    assert_eq!(history["releases"][0]["approvers"], json!(["ben"]), "{history:#}");
    // It is carried out, and says so when it is done again.
    asked.run(201, &asked.approval("eva", PLANNED, &digest));
    let again = asked.promote(201, PLANNED, &digest).outcome("refused", 3);
    let reason = gate(&again, "approved")["reason"].as_str().unwrap();
    assert!(reason.starts_with("the plan of run 100 was carried out already, by "), "{reason}");
}

/// Production returns to what it ran before, so that the old plan means the same again.
#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_plan_that_was_carried_out_never_counts_again() {
    let asked = Asked::new(SECOND);
    let approve = |run: u64, digest: &str, plan_run: u64| {
        asked.run(plan_run, &asked.planned("ana", digest));
        asked.run(run, &asked.approval("ben", plan_run, digest));
        asked.promote(run, plan_run, digest)
    };
    let (first, _) = asked.plan();
    approve(200, &first, 100).outcome("deployed", 0);
    let before = asked.shop.repository.head();
    asked.ship("The next one");
    let (second, _) = asked.plan();
    approve(201, &second, 101).outcome("deployed", 0);
    asked.shipgate(300, &["rollback", "production"]).run().outcome("deployed", 0);
    asked.shipgate(301, &["unhold", "production", "--reason", "fixed"]).run();
    let status = asked.shipgate(301, &["status", "production"]).run().json();
    assert_eq!(status["environments"][0]["components"][0]["current"]["sha"], before.as_str(), "{status:#}");
    asked.shop.aws.forget();

    asked.run(202, &asked.approval("eva", 101, &second));
    let ran = asked.promote(202, 101, &second);
    assert!(matches!(ran.code, 3 | 4), "{}", ran.stderr);
    assert_eq!(asked.shop.aws.mutations(), Vec::<String>::new());
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_quorum_is_so_many_people_and_the_run_that_completes_it_goes_on() {
    let asked = Asked::new("approval = { by = \"second-person\", quorum = 2, people = [\"Ben\", \"eva\", \"zoe\"] }");
    asked.github.put(&json!({"people": {"zoe": "write"}}));
    let (digest, _) = asked.plan();
    asked.run(PLANNED, &asked.planned("ana", &digest));
    asked.run(200, &asked.approval("ben", PLANNED, &digest));
    let report = refused(&asked, &asked.promote(200, PLANNED, &digest), "approved", "1 of 2 approvals: ben");
    assert!(text(&report, "hints").contains(&format!("with run 100 and plan {digest}")), "{report:#}");
    // Twice the same is once.
    asked.run(201, &asked.approval("ben", PLANNED, &digest));
    refused(&asked, &asked.promote(201, PLANNED, &digest), "approved", "1 of 2 approvals: ben");
    // A person who is not asked does not count.
    asked.github.put(&json!({"people": {"max": "admin"}}));
    asked.run(202, &asked.approval("max", PLANNED, &digest));
    refused(&asked, &asked.promote(202, PLANNED, &digest), "approved", "is not in `people`");
    // Cancelled, it is taken back.
    let mut cancelled = asked.approval("zoe", PLANNED, &digest);
    cancelled["status"] = json!("completed");
    cancelled["conclusion"] = json!("cancelled");
    asked.run(203, &cancelled);
    refused(&asked, &asked.promote(201, PLANNED, &digest), "approved", "1 of 2 approvals: ben");

    asked.run(204, &asked.approval("eva", PLANNED, &digest));
    // An approval that came later lets no earlier run go on.
    refused(&asked, &asked.promote(201, PLANNED, &digest), "approved", "1 of 2 approvals: ben");
    let report = asked.promote(204, PLANNED, &digest).outcome("deployed", 0);
    assert_eq!(gate(&report, "approved")["reason"], "ben, eva approved the plan of run 100");
}

type Forge = fn(&Asked, &str, &mut BTreeMap<u64, Value>);

/// Of run 100, in which ana planned.
fn planned(runs: &mut BTreeMap<u64, Value>) -> &mut Value {
    runs.get_mut(&PLANNED).unwrap()
}

/// Of run 200, which approves that.
fn approval(runs: &mut BTreeMap<u64, Value>) -> &mut Value {
    runs.get_mut(&APPROVED).unwrap()
}

/// What is wrong with the evidence, and what the gate says of it.
type Forged = (&'static str, Forge, &'static str);

fn forged_approvals() -> Vec<Forged> {
    vec![
        (
            "the same title from a branch",
            |asked, _, runs| {
                asked.shop.repository.git(&["switch", "-q", "-c", "evil"]);
                approval(runs)["head_sha"] = json!(asked.shop.repository.commit("evil"));
                asked.shop.repository.git(&["switch", "-q", "main"]);
                approval(runs)["head_branch"] = json!("evil");
            },
            "its commit is not on the default branch",
        ),
        (
            "a tag that is called like the branch",
            |asked, _, runs| {
                asked.shop.repository.git(&["switch", "-q", "--detach"]);
                approval(runs)["head_sha"] = json!(asked.shop.repository.commit("evil"));
                asked.shop.repository.git(&["tag", "main"]);
                asked.shop.repository.git(&["switch", "-q", "main"]);
                approval(runs)["head_branch"] = json!("main");
            },
            "its commit is not on the default branch",
        ),
        ("a fork", |_, _, runs| approval(runs)["fork"] = json!("ben/shop"), "it is of a fork"),
        (
            "a re-run by another person",
            |_, _, runs| {
                approval(runs)["run_attempt"] = json!(2);
                approval(runs)["triggering_actor"] = json!("eva");
            },
            "it was run again",
        ),
        (
            "one from before the plan",
            |_, _, runs| approval(runs)["created_at"] = json!(ago(61)),
            "this run is no approval",
        ),
        (
            "a run of a copy of the workflow",
            |asked, _, runs| {
                let path = format!("{}/.github/workflows/approve.yml@refs/heads/main", asked.github.repository);
                approval(runs)["referenced_workflows"][0]["path"] = json!(path);
            },
            "it does not call .github/workflows/approve.yml of `[github] workflows`",
        ),
        (
            "the workflow at another commit",
            |_, _, runs| approval(runs)["referenced_workflows"][0]["sha"] = json!("1".repeat(40)),
            "it does not call .github/workflows/approve.yml",
        ),
        (
            "an edited caller",
            |_, _, runs| approval(runs)["display_title"] = json!("Approve"),
            "its title does not name this plan",
        ),
        (
            "the approval of another plan",
            |_, _, runs| approval(runs)["display_title"] = json!(format!("approve 100 sha256:{}", "0".repeat(64))),
            "its title does not name this plan",
        ),
        (
            "a schedule",
            |_, _, runs| approval(runs)["event"] = json!("schedule"),
            "it was started by schedule, not by a click",
        ),
        (
            "another configuration than the default branch's",
            |asked, _, _| {
                let file = asked.shop.repository.path().join("shipgate.toml");
                let text = std::fs::read_to_string(&file).unwrap() + "\n# quorum and people are decided elsewhere\n";
                std::fs::write(&file, text).unwrap();
            },
            "shipgate.toml is not that of the default branch",
        ),
    ]
}

fn people_who_do_not_count() -> Vec<Forged> {
    vec![
        (
            "a reader",
            |asked, _, _| asked.github.put(&json!({"people": {"ben": "read"}})),
            "may not write to the repository",
        ),
        (
            "somebody who lost access",
            |_, _, runs| {
                approval(runs)["actor"] = json!("mia");
                approval(runs)["triggering_actor"] = json!("mia");
            },
            "may not write to the repository",
        ),
        (
            "another person who has the name now",
            |_, _, runs| {
                for who in ["actor", "triggering_actor"] {
                    approval(runs)[who] = json!({"login": "ben", "id": 7});
                }
            },
            "may not write to the repository",
        ),
        (
            "the planner",
            |_, _, runs| {
                approval(runs)["actor"] = json!("ana");
                approval(runs)["triggering_actor"] = json!("ana");
            },
            "the person who planned started it",
        ),
        (
            "a bot",
            |_, _, runs| {
                for who in ["actor", "triggering_actor"] {
                    approval(runs)[who] = json!({"login": "ben", "type": "Bot"});
                }
            },
            "a bot started it",
        ),
    ]
}

fn forged_plans() -> Vec<Forged> {
    vec![
        (
            "a re-run of the plan",
            |_, _, runs| {
                let plan = planned(runs);
                plan["run_attempt"] = json!(2);
                plan["triggering_actor"] = json!("eva");
            },
            "run 100 is no plan that can be approved: it was run again",
        ),
        ("an expired one", |_, _, runs| planned(runs)["created_at"] = json!(ago(25 * 60)), "in which approvals count"),
        (
            "the plan of another run, which names another digest",
            |_, _, runs| {
                let name = format!("promote / plan sha256:{} for production", "0".repeat(64));
                planned(runs)["jobs"] = json!([{"name": name}]);
            },
            "none of its jobs names this plan",
        ),
        (
            "a job of that name that failed",
            |_, _, runs| planned(runs)["jobs"][1]["conclusion"] = json!("failure"),
            "none of its jobs names this plan",
        ),
        (
            "a plan of a copy of the workflow",
            |asked, _, runs| {
                let path = format!("{}/.github/workflows/promote.yml@refs/heads/main", asked.github.repository);
                planned(runs)["referenced_workflows"][0]["path"] = json!(path);
            },
            "run 100 is no plan that can be approved",
        ),
    ]
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn forged_evidence_changes_nothing() {
    let forged = [forged_approvals(), people_who_do_not_count(), forged_plans()].concat();
    all_at_once(forged, |(what, forge, reason)| {
        let asked = Asked::new(SECOND);
        let (digest, _) = asked.plan();
        let plan = (PLANNED, asked.planned("ana", &digest));
        let mut runs = BTreeMap::from([plan, (APPROVED, asked.approval("ben", PLANNED, &digest))]);
        forge(&asked, &digest, &mut runs);
        for (number, run) in &runs {
            asked.run(*number, run);
        }
        let ran = asked.promote(APPROVED, PLANNED, &digest);
        let report = ran.outcome("refused", 3);
        let found = gate(&report, "approved");
        assert!(found["reason"].as_str().unwrap().contains(reason), "{what}: {found:#}");
        let gates = report["reason"].as_str().unwrap();
        assert!(gates.starts_with("refused by gate ") && gates.ends_with("approved"), "{what}: {gates}");
        assert!(!text(&report, "hints").is_empty(), "{what}: {report:#}");
        assert_eq!(asked.shop.aws.mutations(), Vec::<String>::new(), "{what}");
    });
}

/// The person who planned cannot make somebody else's plan of it by planning the same under another run.
#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn the_planner_of_another_run_is_a_planner_too() {
    let asked = Asked::new(SECOND);
    let (digest, _) = asked.plan();
    asked.run(PLANNED, &asked.planned("ana", &digest));
    asked.run(101, &asked.planned("ben", &digest));
    asked.run(APPROVED, &asked.approval("ben", 101, &digest));
    refused(&asked, &asked.promote(APPROVED, 101, &digest), "approved", "the person who planned started it");
    // The title names the one run, and the command the other.
    refused(&asked, &asked.promote(APPROVED, PLANNED, &digest), "approved", "its title does not name this plan");
}

/// Takes the holds off as a run, with what names its plan.
fn unhold(asked: &Asked, run: u64, reason: &str, plan: &[&str]) -> Ran {
    let command = ["unhold", "production", "--reason", reason];
    asked.shipgate(run, &[&command, plan].concat()).run()
}

/// Plans to take the holds off: the plan's digest.
fn plan_unhold(asked: &Asked) -> String {
    let command = ["plan", "unhold", "production", "--reason", "carts work"];
    let report = asked.shipgate(PLANNED, &command).run().outcome("planned", 0);
    assert_eq!(gate(&report, "approved")["verdict"], "pending", "{report:#}");
    assert_eq!(asked.shop.aws.mutations(), Vec::<String>::new());
    report["plan_digest"].as_str().unwrap().to_owned()
}

/// `unhold` has no exit codes of its own for what is refused, or stale.
#[track_caller]
fn kept(asked: &Asked, ran: &Ran, reason: &str) {
    let report = ran.outcome("invalid", 2);
    let reported = format!("{} {}", report["reason"], report["causes"]);
    assert!(reported.contains(reason), "{reason}\n{reported}");
    assert!(!text(&report, "hints").is_empty(), "{report:#}");
    assert_eq!(asked.shop.aws.mutations(), Vec::<String>::new(), "{reason}");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_second_person_lets_the_holds_be_taken_off_that_were_shown_and_no_other() {
    let asked = Asked::new(SECOND);
    let hold = |run: u64| {
        asked.shipgate(run, &["hold", "production", "--reason", "carts fail"]).run().expect_code(0);
        asked.shop.aws.forget();
    };
    hold(300);
    let digest = plan_unhold(&asked);
    let planned = PLANNED.to_string();
    let expected = ["--expect-plan", &digest, "--plan-run", &planned];
    asked.run(PLANNED, &asked.planned_in("ana", "hold", &digest));
    let approved_by = |run: u64, by: &str| asked.run(run, &asked.approval(by, PLANNED, &digest));
    for (run, by) in [(200, "ben"), (201, "ana"), (202, "eva")] {
        approved_by(run, by);
    }

    let bare = unhold(&asked, 200, "carts work", &[]);
    kept(&asked, &bare, "needs 1 approval of ");
    assert!(text(&bare.json(), "hints").contains("start the workflow that calls hold.yml"), "{}", bare.stderr);
    kept(&asked, &unhold(&asked, 200, "carts work", &expected[..2]), "needs 1 approval of ");
    kept(&asked, &unhold(&asked, 201, "carts work", &expected), "the person who planned started it");
    kept(&asked, &unhold(&asked, 200, "another reason", &expected), "the plan is ");
    let other = asked.planned_in("ana", "deploy-stage", &digest);
    asked.run(PLANNED, &other);
    kept(&asked, &unhold(&asked, 200, "carts work", &expected), "is no plan that can be approved");
    asked.run(PLANNED, &asked.planned_in("ana", "hold", &digest));
    // On a laptop no approval was asked for.
    let local = ["unhold", "production", "--reason", "carts work", "--output", "json"];
    kept(&asked, &asked.shop.shipgate(&local).run(), "this is no run of GitHub Actions");

    // Again, with the same words, it is another hold.
    let first = asked.shop.aws.world(|world| world.services[1].tags.clone());
    hold(301);
    kept(&asked, &unhold(&asked, 200, "carts work", &expected), &format!("now, not {digest}"));
    asked.shop.aws.world(|world| world.services[1].tags = first);

    let report = unhold(&asked, 200, "carts work", &expected).expect_code(0).json();
    assert_eq!(report["lifted"][0]["reason"], "carts fail", "{report:#}");
    asked.shop.aws.forget();
    // Nothing is there any more, and whatever comes is something else.
    kept(&asked, &unhold(&asked, 202, "carts work", &expected), &format!("now, not {digest}"));
    hold(302);
    kept(&asked, &unhold(&asked, 202, "carts work", &expected), &format!("now, not {digest}"));
}
