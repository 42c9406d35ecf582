//! Where a commit stands, as GitHub says it: to clones that do not know.

use serde_json::{Value, json};

use crate::github::{GitHub, token};
use crate::harness::{Ran, Repository, texts};
use crate::scripted::{Shop, config};

/// A shop with its repository on GitHub.
struct Hosted {
    shop: Shop,
    github: GitHub,
}

impl Hosted {
    fn new() -> Self {
        Self::with("")
    }

    /// With more at the end of its configuration.
    fn with(more: &str) -> Self {
        let (shop, github) = (Shop::with_config(&(config("") + more)), GitHub::new());
        github.put(&json!({"git": shop.repository.path()}));
        Self { shop, github }
    }

    /// A commit with its image.
    fn commit(&self, message: &str) -> String {
        let commit = self.shop.repository.commit(message);
        self.shop.aws.world(|world| world.registry.put_image(&commit, Some(&commit)));
        commit
    }

    /// A clone that has a revision alone, as `actions/checkout` makes it.
    fn checkout(&self, revision: &str) -> Repository {
        self.shop.repository.git(&["checkout", "--quiet", "--detach", revision]);
        let clone = self.shop.repository.shallow_clone();
        self.shop.repository.git(&["checkout", "--quiet", "main"]);
        clone
    }

    fn run(&self, clone: &Repository, arguments: &[&str], permissions: &str) -> Ran {
        let line = [arguments, &["--output", "json"]].concat();
        let run = clone.shipgate(&line).envs(&self.shop.variables()).envs(&self.github.without_token());
        run.env("GITHUB_TOKEN", token(permissions)).run()
    }

    fn deploy(&self, clone: &Repository, permissions: &str) -> Ran {
        self.run(clone, &["deploy", "stage"], permissions)
    }
}

fn gate<'r>(report: &'r Value, name: &str) -> &'r Value {
    report["gates"].as_array().unwrap().iter().find(|gate| gate["name"] == name).unwrap()
}

const READ: &str = "contents=read";

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn an_older_commit_is_refused_from_a_clone_that_has_no_history() {
    let hosted = Hosted::new();
    let first = hosted.shop.repository.head();
    hosted.commit("Two");
    hosted.commit("Three");
    hosted.shop.deploy().outcome("deployed", 0);
    hosted.shop.aws.forget();
    let clone = hosted.checkout(&first);

    let refused = hosted.deploy(&clone, READ).outcome("refused", 3);
    assert_eq!(gate(&refused, "forward")["verdict"], "unsatisfied", "{refused:#}");
    assert!(gate(&refused, "forward")["reason"].as_str().unwrap().contains("2 commits older"), "{refused:#}");
    // The branch is ahead of the commit, so it has it.
    assert_eq!(gate(&refused, "branch")["verdict"], "satisfied", "{refused:#}");
    assert_eq!(hosted.shop.aws.mutations(), Vec::<String>::new());

    // Without the permission it is not known, and the permission is named.
    let unknown = hosted.deploy(&clone, "statuses=write").outcome("refused", 3);
    for name in ["forward", "branch"] {
        let gate = gate(&unknown, name);
        assert_eq!(gate["verdict"], "unknown", "{unknown:#}");
        assert!(gate["reason"].as_str().unwrap().contains("Resource not accessible"), "{unknown:#}");
        assert!(gate["hint"].as_str().unwrap().contains("contents: read"), "{unknown:#}");
    }
    assert_eq!(hosted.shop.aws.mutations(), Vec::<String>::new());
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_newer_commit_goes_forward_from_a_clone_that_has_no_history() {
    let hosted = Hosted::new();
    hosted.shop.deploy().outcome("deployed", 0);
    hosted.shop.repository.git(&["branch", "before"]);
    hosted.shop.repository.commit("Between, and a person's (#41)");
    let newest = hosted.commit("Newest");
    hosted.github.put(&json!({"pulls": {newest.clone(): [{"number": 42}]}}));
    let clone = hosted.checkout("main");

    let report = hosted.deploy(&clone, "contents=read,pull_requests=read").outcome("deployed", 0);
    let commits = report["commits"]["newest"].as_array().unwrap();
    assert_eq!(report["commits"]["count"], 2, "{report:#}");
    let of = |commit: &Value| (commit["subject"].clone(), commit["author"].clone(), commit["pull_request"].clone());
    let author = json!("github-actions[bot]");
    assert_eq!(of(&commits[0]), (json!("Newest"), author.clone(), json!(42)));
    assert_eq!(of(&commits[1]), (json!("Between, and a person's (#41)"), author, json!(41)));

    // The same comparison serves the gate and the list, and the branch is the commit itself.
    let reads = hosted.github.reads();
    let compares = reads.iter().filter(|path| path.starts_with("/compare/")).count();
    assert_eq!((compares, reads.len()), (2, 5), "{reads:#?}");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_commit_of_another_branch_is_refused() {
    let hosted = Hosted::new();
    hosted.shop.deploy().outcome("deployed", 0);
    hosted.shop.repository.git(&["checkout", "--quiet", "-b", "side"]);
    let side = hosted.commit("Side");
    hosted.shop.repository.git(&["checkout", "--quiet", "main"]);
    hosted.shop.repository.commit("Main");
    hosted.shop.aws.forget();
    let refused = hosted.deploy(&hosted.checkout(&side), READ).outcome("refused", 3);
    assert_eq!(gate(&refused, "branch")["verdict"], "unsatisfied", "{refused:#}");
    assert_eq!(gate(&refused, "forward")["verdict"], "satisfied", "{refused:#}");
    assert_eq!(hosted.shop.aws.mutations(), Vec::<String>::new());
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn a_hotfix_is_on_a_branch_that_a_pattern_means() {
    let hosted = Hosted::with("[environments.stage.gates]\nbranch = [\"main\", \"hotfix/*\"]\n");
    hosted.shop.deploy().outcome("deployed", 0);
    hosted.shop.repository.git(&["checkout", "--quiet", "-b", "hotfix/the-door"]);
    let fix = hosted.commit("Fix");
    hosted.shop.repository.git(&["checkout", "--quiet", "main"]);
    hosted.shop.repository.commit("Main has moved on");
    let report = hosted.deploy(&hosted.checkout(&fix), READ).outcome("deployed", 0);
    let reason = format!("{} is on hotfix/the-door", &fix[..7]);
    assert_eq!(gate(&report, "branch")["reason"], reason, "{report:#}");
    let reads = hosted.github.reads();
    assert!(reads.contains(&"/git/ref/heads%2Fmain".to_owned()), "{reads:#?}");
    assert!(reads.contains(&"/git/matching-refs/heads%2Fhotfix%2F".to_owned()), "{reads:#?}");
    // Main lacks what runs now.
    let newest = hosted.shop.repository.head();
    hosted.shop.aws.world(|world| world.registry.put_image(&newest, Some(&newest)));
    let refused = hosted.deploy(&hosted.checkout("main"), READ).outcome("refused", 3);
    assert!(gate(&refused, "forward")["hint"].as_str().unwrap().contains("merge"), "{refused:#}");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn what_was_force_pushed_away_is_unknown_unless_the_clone_has_it() {
    let hosted = Hosted::new();
    let kept = hosted.shop.repository.head();
    let gone = hosted.commit("Gone");
    hosted.shop.deploy().outcome("deployed", 0);
    // GitHub has another history than the one that runs.
    let github = hosted.shop.repository.shallow_clone();
    github.git(&["fetch", "--quiet", "--depth", "1", "origin", &kept]);
    github.git(&["checkout", "--quiet", "-B", "main", "FETCH_HEAD"]);
    github.git(&["update-ref", "-d", "refs/remotes/origin/main"]);
    github.git(&["update-ref", "-d", "refs/remotes/origin/HEAD"]);
    let next = github.commit("Instead");
    hosted.shop.aws.world(|world| world.registry.put_image(&next, Some(&next)));
    let hosted = Hosted { github: GitHub::new(), ..hosted };
    hosted.github.put(&json!({"git": github.path()}));
    hosted.shop.aws.forget();

    let clone = github.shallow_clone();
    let refused = hosted.deploy(&clone, READ).outcome("refused", 3);
    let forward = gate(&refused, "forward");
    assert_eq!(forward["verdict"], "unknown", "{refused:#}");
    assert!(forward["reason"].as_str().unwrap().contains("force-pushed or missing"), "{refused:#}");
    assert!(forward["reason"].as_str().unwrap().contains(&gone[..7]), "{refused:#}");
    assert!(!texts(&refused["hints"]).is_empty(), "{refused:#}");
    assert_eq!(hosted.shop.aws.mutations(), Vec::<String>::new());
    // The clone that has both says that they diverged: nothing goes back by itself.
    let full = &hosted.shop.repository;
    full.git(&["fetch", "--quiet", &format!("file://{}", github.path().display()), "main"]);
    full.git(&["checkout", "--quiet", "-B", "main", "FETCH_HEAD"]);
    let refused = hosted.deploy(full, READ).outcome("refused", 3);
    assert!(gate(&refused, "forward")["reason"].as_str().unwrap().contains("lacks 1 commit"), "{refused:#}");
}

#[test]
#[ignore = "needs the local cloud: scripts/test"]
fn an_outage_of_github_leaves_it_to_the_clone() {
    let hosted = Hosted::new();
    hosted.shop.deploy().outcome("deployed", 0);
    hosted.commit("Two");
    hosted.github.put(&json!({"faults": [{"method": "GET", "status": 502}]}));
    let report = hosted.deploy(&hosted.shop.repository, READ).outcome("deployed", 0);
    assert_eq!(report["commits"]["newest"][0]["author"], "Tester", "{report:#}");
    // One question with its retries, and no second one.
    assert!(hosted.github.reads().iter().all(String::is_empty), "{:?}", hosted.github.reads());
}
