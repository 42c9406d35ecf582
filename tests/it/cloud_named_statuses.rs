//! The gate `statuses`: commit statuses and check runs of the release's commit on GitHub, also such as come late.

use std::time::Duration;

use serde_json::{Value, json};

use crate::github::{GitHub, token};
use crate::harness::{Ran, Shipgate, steps, texts};
use crate::scripted::{Shop, all_at_once, config, timed};

const READ: &str = "contents=read,statuses=read,checks=read";

/// A shop that names `ci`, a commit status or a check run, and waits for it.
struct Named {
    shop: Shop,
    github: GitHub,
}

impl Named {
    fn waiting(wait: &str) -> Self {
        let gates = format!("[environments.stage.gates]\nstatuses = {{ names = [\"ci\"], wait = \"{wait}\" }}\n");
        let (shop, github) = (Shop::with_config(&(config("") + &gates)), GitHub::new());
        github.put(&json!({"git": shop.repository.path()}));
        Self { shop, github }
    }

    fn status(&self, context: &str, state: &str) {
        let status = json!({"sha": self.shop.repository.head(), "context": context, "state": state});
        self.github.put(&json!({"statuses": [status]}));
    }

    /// A check run that has ended, with more that is said of it.
    fn check(&self, conclusion: &str, more: &[(&str, u64)]) {
        let mut run = json!({"head_sha": self.shop.repository.head(), "name": "ci", "conclusion": conclusion});
        for (key, value) in more {
            run[*key] = json!(value);
        }
        self.github.put(&json!({"check_runs": [run]}));
    }

    fn shipgate(&self, command: &[&str], permissions: &str) -> Shipgate {
        let line = [command, &["--output", "json"]].concat();
        let run = self.shop.shipgate(&line).envs(&self.github.without_token());
        run.env("GITHUB_TOKEN", token(permissions))
    }

    fn deploy(&self) -> Ran {
        self.shipgate(&["deploy", "stage"], READ).run()
    }
}

fn gate(report: &Value) -> &Value {
    report["gates"].as_array().unwrap().iter().find(|gate| gate["name"] == "statuses").unwrap()
}

/// Refused by this gate, with nothing changed and nothing waited for.
#[track_caller]
fn refused(named: &Named, ran: &Ran, verdict: &str, reason: &str) -> Value {
    let report = ran.outcome("refused", 3);
    assert_eq!(gate(&report)["verdict"], verdict, "{report:#}");
    assert!(gate(&report)["reason"].as_str().unwrap().contains(reason), "{report:#}");
    assert_eq!(named.shop.aws.mutations(), Vec::<String>::new());
    report
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn what_is_green_lets_a_release_through() {
    let named = Named::waiting("10m");
    named.status("CI", "success");
    for conclusion in ["success", "neutral"] {
        named.check(conclusion, &[]);
    }
    let report = named.deploy().outcome("deployed", 0);
    assert_eq!(gate(&report)["reason"], "ci: green", "{report:#}");
    assert!(!steps(&report).iter().any(|step| step.contains("statuses")), "{report:#}");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn what_is_red_refuses_at_once_whatever_else_is_green() {
    let cases = ["failure", "cancelled", "timed_out", "action_required"];
    all_at_once(cases, |conclusion| {
        let named = Named::waiting("10m");
        named.status("ci", "success");
        named.check(conclusion, &[]);
        refused(&named, &named.deploy(), "unsatisfied", &format!("ci is {conclusion}"));
    });
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn what_comes_late_is_waited_for_and_named() {
    let named = Named::waiting("2m");
    named.check("success", &[("open_for", 2)]);
    let ran = named.deploy();
    let report = ran.outcome("deployed", 0);
    assert_eq!(gate(&report)["verdict"], "satisfied", "{report:#}");
    assert!(ran.stderr.contains("ci (in_progress)"), "{}\n{:#?}", ran.stderr, named.github.reads());
    assert!(steps(&report).contains(&"wait for statuses: done".to_owned()), "{:?}", steps(&report));
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn what_does_not_end_is_given_up_as_unknown() {
    let named = Named::waiting("3s");
    let report = refused(&named, &named.deploy(), "unknown", "ci is not there after 3s");
    assert!(texts(&report["hints"]).join("\n").contains("`wait` in `statuses`"), "{report:#}");
    named.status("ci", "pending");
    refused(&named, &named.deploy(), "unknown", "ci is pending after 3s");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_plan_waits_for_nothing() {
    let named = Named::waiting("10m");
    let report = named.shipgate(&["plan", "deploy", "stage"], READ).run().outcome("planned", 0);
    assert_eq!(gate(&report)["verdict"], "pending", "{report:#}");
    assert!(gate(&report)["reason"].as_str().unwrap().contains("ci is not there"), "{report:#}");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_job_of_this_run_and_a_status_of_shipgate_are_no_witnesses() {
    let named = Named::waiting("10m");
    named.check("success", &[("run", 4711)]);
    refused(&named, &named.deploy(), "unsatisfied", "ci is of this run");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn without_a_permission_or_a_token_it_is_unknown_and_the_way_out_is_named() {
    let named = Named::waiting("10m");
    named.status("ci", "success");
    for (permissions, missing) in [("statuses=read", "checks: read"), ("checks=read", "statuses: read")] {
        let ran = named.shipgate(&["deploy", "stage"], permissions).run();
        let report = refused(&named, &ran, "unknown", "Resource not accessible");
        assert!(gate(&report)["hint"].as_str().unwrap().contains(missing), "{report:#}");
    }
    let without = named.shop.shipgate(&["deploy", "stage", "--output", "json"]).run();
    let report = refused(&named, &without, "unknown", "GITHUB_TOKEN is not set");
    assert!(gate(&report)["hint"].as_str().unwrap().contains("github.token"), "{report:#}");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn where_another_gate_refuses_nothing_is_waited_for() {
    let named = Named::waiting("10m");
    named.shop.repository.git(&["checkout", "--quiet", "-b", "side"]);
    let side = named.shop.repository.commit("Side");
    named.shop.aws.world(|world| world.registry.put_image(&side, Some(&side)));
    let (ran, took) = timed(|| named.deploy());
    refused(&named, &ran, "pending", "ci is not there");
    assert!(took < Duration::from_secs(30), "{took:?}");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn an_outage_while_it_waits_is_outlived() {
    let named = Named::waiting("2m");
    named.check("success", &[]);
    // Two polls with all their attempts.
    named.github.fault(&json!({"path": ".*/check-runs", "status": 502, "times": 8}));
    let ran = named.deploy();
    ran.outcome("deployed", 0);
    assert!(ran.stderr.contains("GitHub answers 502"), "{}", ran.stderr);
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_signal_ends_the_wait() {
    let named = Named::waiting("10m");
    let running = named.shipgate(&["deploy", "stage"], READ).start();
    running.until_stderr("ci (not there yet)");
    running.signal("TERM");
    running.wait().outcome("interrupted", 130);
    assert_eq!(named.shop.aws.mutations(), Vec::<String>::new());
}
