//! Gates from end to end: each that refuses changes nothing, and says what would help.

use serde_json::{Value, json};

use crate::harness::Ran;
use crate::scripted::{ACCOUNT, Shop, all_at_once, config, text};

/// Development, from which stage promotes, from which production promotes; with more for the gates of each.
fn chain(development: &str, stage: &str, production: &str) -> Shop {
    let environment = |name: &str, from: &str, gates: &str| {
        format!(
            "[environments.{name}]\nregion = \"us-east-1\"\naccount = \"{ACCOUNT}\"\npromotes-from = \"{from}\"\n\
             [environments.{name}.gates]\napproval = \"none\"\n{gates}\n\
             [environments.{name}.components.backend]\nservice = \"{name}-backend-2\"\n"
        )
    };
    let first = config("").replace("[environments.stage]", "[environments.development]");
    let shop = Shop::with_config(&format!(
        "{first}[environments.development.gates]\n{development}\n{}{}",
        environment("stage", "development", stage),
        environment("production", "stage", production),
    ));
    shop.aws.world(|world| {
        world.add_service("stage-backend-2");
        world.add_service("production-backend-2");
    });
    shop
}

fn run(shop: &Shop, arguments: &[&str]) -> Ran {
    shop.shipgate(&[arguments, &["--output", "json"]].concat()).run()
}

/// A new commit with its image, which development gets.
fn ship(shop: &Shop, message: &str) -> String {
    let commit = shop.repository.commit(message);
    shop.aws.world(|world| world.registry.put_image(&commit, Some(&commit)));
    run(shop, &["deploy", "development"]).outcome("deployed", 0);
    commit
}

fn gate<'r>(report: &'r Value, name: &str) -> &'r Value {
    let gates = report["gates"].as_array().unwrap().iter();
    gates.into_iter().find(|gate| gate["name"] == name).unwrap_or_else(|| panic!("no gate {name} in {report:#}"))
}

/// A window of one minute, three days from now.
fn closed_window() -> String {
    let then = jiff::Zoned::now().saturating_add(jiff::Span::new().days(3));
    let day = then.strftime("%a").to_string().to_lowercase();
    format!("windows = [{{ days = \"{day}\", from = \"12:00\", to = \"12:01\", zone = \"UTC\" }}]")
}

/// A freeze that is open for long.
const FREEZE: &str =
    "freeze = [{ from = \"2026-01-01\", to = \"2099-01-01\", zone = \"Europe/Berlin\", reason = \"holidays\" }]";

#[test]
fn a_gate_that_refuses_changes_nothing_and_says_what_helps() {
    let window = closed_window();
    let cases = [
        ("soak", "soak = \"30m\"", "backend has run it for", "run it again after"),
        ("branch", "branch = \"release\"", "there is no branch release", "name a branch that exists"),
        ("branch", "branch = [\"other\", \"hotfix/*\"]", "is not on other, hotfix/*", "merge it into other"),
        ("statuses", "statuses = { names = [\"ci\"] }", "GITHUB_TOKEN", "GITHUB_TOKEN"),
        ("freeze", FREEZE, "holidays", "it ends 2099-01-02"),
        ("windows", window.as_str(), "no window is open", "the next one opens"),
    ];
    all_at_once(cases, |(name, gates, reason, hint)| {
        let shop = chain("", "", gates);
        shop.repository.git(&["branch", "other"]);
        ship(&shop, "The release");
        run(&shop, &["promote", "stage"]).outcome("deployed", 0);
        shop.aws.forget();

        let planned = run(&shop, &["plan", "promote", "production"]).outcome("planned", 0);
        let refused = run(&shop, &["promote", "production"]).outcome("refused", 3);
        let asked = run(&shop, &["gates", "production"]).expect_code(3).json();

        assert_eq!(refused["reason"], format!("refused by gate {name}"), "{refused:#}");
        assert!(text(&refused, "causes").contains(reason), "{refused:#}");
        assert!(text(&refused, "hints").contains(hint), "{refused:#}");
        assert_eq!(asked["outcome"], "refused");
        let asked = &asked["environments"][1];
        assert_eq!(asked["name"], "production");
        for report in [&planned, &refused, asked] {
            let gate = gate(report, name);
            assert_ne!(gate["verdict"], "satisfied", "{gate:#}");
            assert_eq!(gate["configured"], true);
        }
        assert_eq!(shop.aws.mutations(), [""; 0]);
    });
}

#[test]
fn all_gates_that_refuse_are_named_at_once() {
    let shop = chain("", "", &format!("soak = \"30m\"\nbranch = \"release\"\n{FREEZE}"));
    ship(&shop, "The release");
    run(&shop, &["promote", "stage"]).outcome("deployed", 0);
    let report = run(&shop, &["promote", "production"]).outcome("refused", 3);
    assert_eq!(report["reason"], "refused by gate soak, branch, freeze");
    assert_eq!(text(&report, "hints").lines().count(), 3, "{report:#}");
}

#[test]
fn a_release_that_soaked_long_enough_passes() {
    let shop = chain("", "", "soak = \"30m\"");
    ship(&shop, "The release");
    run(&shop, &["promote", "stage"]).outcome("deployed", 0);
    shop.aws.world(|world| {
        let tags = &mut world.definitions.last_mut().unwrap().tags;
        let at = tags.iter_mut().find(|tag| tag["key"] == "shipgate:at").unwrap();
        at["value"] = json!("2026-11-01T00:00:00Z");
    });
    let report = run(&shop, &["promote", "production"]).outcome("deployed", 0);
    assert_eq!(gate(&report, "soak")["verdict"], "satisfied");
}

#[test]
fn somebody_goes_on_with_a_reason_where_the_configuration_lets_them() {
    let shop = chain("", "", &format!("{FREEZE}\noverridable = [\"freeze\"]"));
    ship(&shop, "The release");
    run(&shop, &["promote", "stage"]).outcome("deployed", 0);
    let overriding = "freeze=the shop is down";

    let other = run(&shop, &["promote", "production", "--override", "branch=because"]).outcome("invalid", 2);
    assert_eq!(other["reason"], "gate `branch` may not be overridden in production");
    assert!(text(&other, "hints").contains("overridable = [\"branch\"]"), "{other:#}");
    for wrong in ["freeze", "freeze=", "weather=because"] {
        shop.shipgate(&["promote", "production", "--override", wrong]).run().expect_code(2);
    }

    let plan = |arguments: &[&str]| {
        run(&shop, &[&["plan", "promote", "production"], arguments].concat()).outcome("planned", 0)["plan_digest"]
            .clone()
    };
    let (without, with) = (plan(&[]), plan(&["--override", overriding]));
    assert_ne!(without, with, "it is part of what is decided");
    let stale = ["promote", "production", "--override", overriding, "--expect-plan", without.as_str().unwrap()];
    run(&shop, &stale).outcome("stale", 4);
    let exact = ["promote", "production", "--override", overriding, "--expect-plan", with.as_str().unwrap()];
    let ran = run(&shop, &exact);
    let report = ran.outcome("deployed", 0);
    let gate = gate(&report, "freeze");
    assert_eq!((&gate["verdict"], &gate["override"]), (&json!("unsatisfied"), &json!("the shop is down")));
    ran.expect_stderr("overridden: the shop is down");
    assert_eq!(report["approval"], "none");
}

/// The way of a fix for what production runs, while stage runs newer work.
#[test]
fn a_hotfix_goes_past_unreleased_work_and_has_to_be_merged_back() {
    let branches = "branch = [\"main\", \"hotfix/*\"]\noverridable = [\"forward\"]";
    let shop = chain(branches, branches, "branch = [\"main\", \"hotfix/*\"]");
    let served = ship(&shop, "What production runs");
    run(&shop, &["promote", "stage"]).outcome("deployed", 0);
    run(&shop, &["promote", "production"]).outcome("deployed", 0);
    let unreleased = ship(&shop, "Unreleased work");
    run(&shop, &["promote", "stage"]).outcome("deployed", 0);

    shop.repository.git(&["checkout", "--quiet", "-b", "hotfix/carts", &served]);
    let fix = shop.repository.commit("Fix the carts");
    shop.aws.world(|world| world.registry.put_image(&fix, Some(&fix)));
    let refused = run(&shop, &["deploy", "development"]).outcome("refused", 3);
    let forward = gate(&refused, "forward");
    assert_eq!(forward["verdict"], "unknown");
    let lacks = format!("{} lacks 1 commit of {}", &fix[..7], &unreleased[..7]);
    assert!(forward["reason"].as_str().unwrap().starts_with(&lacks), "{forward:#}");
    let goes_on = ["--override", "forward=carts fail on production"];
    run(&shop, &[&["deploy", "development"][..], &goes_on].concat()).outcome("deployed", 0);
    run(&shop, &[&["promote", "stage"][..], &goes_on].concat()).outcome("deployed", 0);
    let fixed = run(&shop, &["promote", "production"]).outcome("deployed", 0);
    assert_eq!(fixed["release"]["sha"], fix);
    assert!(gate(&fixed, "forward")["reason"].as_str().unwrap().starts_with("1 commit ahead"), "{fixed:#}");

    // What was unreleased does not have the fix, and is not let through before it has.
    shop.repository.git(&["checkout", "--quiet", "main"]);
    let report = run(&shop, &["deploy", "development"]).outcome("refused", 3);
    assert!(text(&report, "hints").contains(&format!("merge {}", &fix[..7])), "{report:#}");
    shop.repository.git(&["merge", "--quiet", "--no-edit", "hotfix/carts"]);
    let merged = ship(&shop, "Go on");
    for environment in ["stage", "production"] {
        let report = run(&shop, &["promote", environment]).outcome("deployed", 0);
        assert_eq!(report["release"]["sha"], merged);
    }
}

#[test]
fn the_gates_of_the_whole_way_are_asked() {
    let shop = chain("", "checklist = [\"login works\"]", "");
    let release = ship(&shop, "The release");
    let before = run(&shop, &["gates", "production"]).expect_code(3).json();
    let names = |asked: &Value| -> Vec<Value> {
        asked["environments"].as_array().unwrap().iter().map(|environment| environment["name"].clone()).collect()
    };
    assert_eq!(names(&before), ["stage", "production"]);
    assert_eq!(gate(&before["environments"][1], "proven")["verdict"], "unsatisfied");
    run(&shop, &["promote", "stage"]).outcome("deployed", 0);
    shop.aws.forget();

    let asked = run(&shop, &["gates", "production"]).expect_code(0).json();
    assert_eq!(asked["outcome"], "planned");
    for environment in asked["environments"].as_array().unwrap() {
        assert_eq!(environment["release"], release);
        assert!(
            environment["gates"].as_array().unwrap().iter().all(|gate| gate["verdict"] == "satisfied"),
            "{asked:#}"
        );
    }
    assert_eq!(asked["environments"][0]["checklist"], json!(["login works"]));
    assert_eq!(names(&run(&shop, &["gates", "development"]).expect_code(0).json()), ["development"]);
    let people = shop.shipgate(&["gates", "production"]).run().expect_code(0);
    assert!(people.stdout.contains(&format!("production from stage: {}", &release[..7])), "{}", people.stdout);
    assert_eq!(shop.aws.mutations(), [""; 0]);
    run(&shop, &["promote", "production"]).outcome("deployed", 0);
    for environment in ["nowhere", ""] {
        shop.shipgate(&["gates", environment]).run().expect_code(2);
    }
}
