//! A branch of an Amplify app beside a service, and alone: what cannot be changed yet is said by name, and keeps nothing else
//! from working.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::{Ran, Repository};
use crate::scripted::{ACCOUNT, App, Branch, Job, Shop, config};

const WEB: &str = "[components.web]\nkind = \"amplify\"\napp-id = \"d1abc2def3\"\nbranch = \"main\"";
const NOT_BUILT: &str = "is not built yet for component `web` of `kind = \"amplify\"`";

#[test]
fn an_environment_of_branches_alone_is_checked_and_every_change_is_refused_without_asking_aws() {
    let repository = Repository::with_config(&format!(
        "app = \"shop\"\n{WEB}\n[environments.main]\nregion = \"us-west-1\"\n[environments.production]\n\
         region = \"us-west-1\"\npromotes-from = \"main\"\ngates = {{ approval = \"none\" }}\n"
    ));
    let run = |arguments: &[&str]| repository.shipgate(arguments).env("AWS_ENDPOINT_URL", "http://127.0.0.1:1").run();
    let checked = run(&["check"]).expect_code(0);
    checked.expect_stderr(
        "skipped: what merging would change of `web` on main: it is not built yet for `kind = \"amplify\"`",
    );
    for (arguments, action) in [
        (&["deploy", "main"][..], "a deploy"),
        (&["plan", "deploy", "main"], "a deploy"),
        (&["promote", "production"], "a promotion"),
        (&["plan", "promote", "production"], "a promotion"),
        (&["rollback", "main"], "a rollback"),
        (&["gates", "main"], "a deploy"),
        (&["hold", "main", "--reason", "x"], "a hold"),
        (&["unhold", "main", "--reason", "x"], "a hold"),
    ] {
        let ran = run(arguments).expect_code(2).expect_stderr(&format!("{action} {NOT_BUILT}"));
        ran.expect_stderr("hint: check its files with `shipgate check`");
    }
}

#[test]
fn beside_a_service_it_is_left_out_where_that_does_no_harm() {
    let shop = Shop::with_config(&config(WEB));
    let run = |arguments: &[&str]| shop.shipgate(arguments).run();
    run(&["deploy", "stage"])
        .expect_code(2)
        .expect_stderr(NOT_BUILT)
        .expect_stderr("hint: name the components of other kinds with --component");
    let planned = shop.shipgate(&["plan", "deploy", "stage", "--component", "backend", "--output", "json"]).run();
    planned.outcome("planned", 0);
    let held = shop.shipgate(&["hold", "stage", "--reason", "carts fail", "--output", "json"]).run().expect_code(0);
    assert_eq!(held.json()["holds"].as_array().unwrap().len(), 1);
    held.expect_stderr("`web` has no holds");
    run(&["hold", "stage", "--reason", "x", "--component", "web"]).expect_code(2).expect_stderr(NOT_BUILT);
    let lifted = shop.shipgate(&["unhold", "stage", "--reason", "fixed", "--output", "json"]).run().expect_code(0);
    assert_eq!(lifted.json()["holds"], json!([]));
    let checked = run(&["check"]).expect_stderr("what merging would change of `web` on stage");
    assert!(checked.stderr.contains("stage"), "{}", checked.stderr);
}

const DEPLOY: &str = "npx ampx pipeline-deploy --branch $AWS_BRANCH --app-id $AWS_APP_ID";
const ID: &str = "d1abc2def3";

/// A repository whose build and whose workflow deploy the backend of main; staging takes the outputs of `old`.
fn built_twice(shipgate: &str) -> Shop {
    let shop = Shop::with_config(shipgate);
    let build = format!(
        "version: 1\nbackend:\n  phases:\n    build:\n      commands:\n        - NODE_OPTIONS=--max-old-space-size=12000 npm ci\n        \
         - '[ $AWS_BRANCH = main ] && {DEPLOY} || exit 1'\n        - '[ $AWS_BRANCH = main ] || npx ampx generate outputs \
         --branch old --app-id $AWS_APP_ID'\nfrontend:\n  phases:\n    build:\n      commands:\n        - npm run build\n  \
         artifacts:\n    baseDirectory: .next\n    files: ['**/*']\n"
    );
    let workflow = "on: {push: {branches: [main]}}\npermissions: {contents: read}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    \
                    steps:\n      - run: npx ampx pipeline-deploy --branch main --app-id d1abc2def3\n";
    shop.repository.write("amplify.yml", build);
    shop.repository
        .write("package.json", r#"{"scripts": {"build": "next build"}, "dependencies": {"next": "15.0.0"}}"#);
    shop.repository.write("amplify/backend.ts", "export {}\n");
    shop.repository.write(".github/workflows/backend.yml", workflow);
    shop.repository.commit("a build");
    shop
}

fn two_environments() -> String {
    let place = format!("region = \"us-west-1\"\naccount = \"{ACCOUNT}\"");
    format!(
        "app = \"shop\"\n[components.web]\nkind = \"amplify\"\napp-id = \"${{vars.APP_ID}}\"\nbranch = \"${{environment.name}}\"\n\
         [environments.main]\n{place}\n[environments.staging]\npromotes-from = \"main\"\ngates = {{ approval = \"none\" }}\n{place}\n"
    )
}

fn app(branches: impl IntoIterator<Item = (String, Branch)>) -> App {
    let branches = branches.into_iter().collect();
    App { region: "us-west-1".to_owned(), platform: "WEB_COMPUTE", branches, ..App::default() }
}

fn branch(name: &str, builds: bool) -> (String, Branch) {
    (name.to_owned(), Branch { builds, ..Branch::default() })
}

/// The findings on Amplify, `LEVEL RULE FILE:LINE`, and what was left out.
fn checked(shop: &Shop, app: Option<App>) -> (Vec<String>, String, Ran) {
    shop.aws.world(|world| world.apps = app.map(|app| (ID.to_owned(), app)).into_iter().collect());
    let vars = format!(r#"{{"APP_ID": "{ID}"}}"#);
    let ran = shop.shipgate(&["check", "--json"]).env("SHIPGATE_VARS", vars).run();
    let document = ran.json();
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    let of_amplify =
        document["findings"].as_array().unwrap().iter().filter(|it| text(it, "rule").starts_with("amplify-"));
    let found = of_amplify.map(|it| {
        let rule = text(it, "rule");
        let rule = rule.trim_start_matches("amplify-");
        format!("{} {rule} {}:{}", text(it, "level"), text(it, "file"), it["line"])
    });
    let found = found.collect();
    let left_out =
        document["left_out"].as_array().unwrap().iter().map(|it| format!("{}: {}", text(it, "what"), text(it, "why")));
    let left_out = left_out.filter(|line| line.starts_with("what AWS has")).collect::<Vec<_>>().join("\n");
    (found, left_out, ran)
}

#[test]
fn what_aws_has_of_an_app_decides_what_files_leave_open() {
    let shop = built_twice(&two_environments());
    let others = [branch("main", false), branch("staging", false), branch("old", false)];
    // The workflow deploys alone, the machine is large enough, and all branches are there.
    let good = App { compute: Some("LARGE_16GB"), ..app(others) };
    let with = |change: &dyn Fn(&mut App)| {
        let mut app = good.clone();
        change(&mut app);
        checked(&shop, Some(app)).0
    };
    let outputs = "warning outputs-branch amplify.yml:8";
    let unused = "note branch-unused shipgate.toml:4";
    let (found, left_out, ran) = checked(&shop, Some(good.clone()));
    assert_eq!((found, left_out.as_str()), (vec![outputs.to_owned(), unused.to_owned()], ""), "{}", ran.stdout);
    assert!(ran.stdout.contains("Amplify app `d1abc2def3` has a branch of no environment: `old`"), "{}", ran.stdout);
    assert_eq!(shop.aws.calls().iter().filter(|call| call.operation == "amplify:GetApp").count(), 1);

    // A push builds main, too.
    let built = with(&|app| app.branches.get_mut("main").unwrap().builds = true);
    assert_eq!(built, ["error two-deployers amplify.yml:7", outputs, unused]);
    let gone = with(&|app| drop(app.branches.remove("old")));
    assert_eq!(gone, ["error outputs-branch amplify.yml:8"]);
    // One of the two environments is not entered, and its branch is judged by what the other one showed.
    for name in ["main", "staging"] {
        let missing = with(&|app| drop(app.branches.remove(name)));
        assert_eq!(missing, [outputs, unused, "error branch-missing shipgate.toml:5"], "{name}");
    }
    assert_eq!(with(&|app| app.platform = "WEB"), [outputs, "error base-directory amplify.yml:15", unused]);
    assert_eq!(with(&|app| app.compute = None), ["error heap amplify.yml:6", outputs, unused]);
    // Every page of the list is read, and what Amplify makes for pull requests is no branch of anybody's.
    let many = with(&|app| {
        app.branches.extend((0..60).map(|number| branch(&format!("feature-{number:02}"), true)));
        app.branches.insert("pr-7".to_owned(), Branch { is_preview: true, ..Branch::default() });
        app.branches.remove("old");
        app.branches.insert("zzz".to_owned(), Branch::default());
    });
    assert_eq!(many, ["error outputs-branch amplify.yml:8", unused]);
    assert!(checked(&shop, Some(good)).2.stdout.contains("`old`"));
}

#[test]
fn what_aws_was_not_asked_for_is_said_once_and_the_files_are_judged_alone() {
    let shop = built_twice(&two_environments());
    let offline =
        ["error heap amplify.yml:6", "warning two-deployers amplify.yml:7", "warning outputs-branch amplify.yml:8"];
    // The app is not there: that is no reason to judge by nothing.
    let (found, left_out, ran) = checked(&shop, None);
    let absent = "error branch-missing shipgate.toml:4";
    assert_eq!(found.iter().filter(|line| *line == absent).count(), 2, "{found:?}");
    assert_eq!(
        (found.iter().filter(|line| *line != absent).collect::<Vec<_>>(), left_out.as_str()),
        (offline.map(str::to_owned).iter().collect::<Vec<_>>(), "")
    );
    assert!(ran.stdout.contains("Amplify app `d1abc2def3` of environment `main` does not exist in us-west-1"));

    shop.aws.refuse("amplify:ListBranches", 403, "AccessDeniedException", "no");
    let (found, left_out, _) = checked(&shop, Some(app([branch("main", false)])));
    assert_eq!(found, offline);
    let why = "what AWS has of Amplify app d1abc2def3: permission `amplify:ListBranches` is missing";
    assert!(left_out.starts_with(why) && left_out.lines().count() == 1, "{left_out}");

    // There is no person to ask.
    let calls = shop.aws.calls().len();
    let vars = format!(r#"{{"APP_ID": "{ID}"}}"#);
    let check = |shop: &Shop| shop.repository.shipgate(&["check"]).env("SHIPGATE_VARS", &vars).run();
    let ran = check(&shop);
    assert_eq!(ran.stderr.matches("what AWS has of").count(), 1, "{}", ran.stderr);
    assert_eq!(shop.aws.calls().len(), calls);

    // An environment that is promoted to, with an app of its own, is not entered.
    let own = two_environments() + "[environments.staging.components.web]\napp-id = \"d2other\"\n";
    let shop = built_twice(&own);
    let (found, left_out, _) = checked(&shop, Some(app([branch("main", true)])));
    assert!(found.contains(&"error two-deployers amplify.yml:7".to_owned()), "{found:?}");
    assert_eq!(left_out, "what AWS has of Amplify app d2other: a check enters no environment that is promoted to");
    // With main's auto-build off, that of the other app is not known.
    let (found, _, _) = checked(&shop, Some(app([branch("main", false)])));
    assert!(found.contains(&"warning two-deployers amplify.yml:7".to_owned()), "{found:?}");
}

#[test]
fn status_names_the_commit_that_the_active_job_built_and_a_newer_job_that_failed() {
    let shop = Shop::with_config(&two_environments());
    let head = shop.repository.head();
    let vars = format!(r#"{{"APP_ID": "{ID}"}}"#);
    let status = |jobs: &[(&'static str, &str, &'static str)]| {
        let jobs = jobs.iter().map(|(id, commit, status)| Job { id, commit: (*commit).to_owned(), status }).collect();
        let main = Branch { jobs, ..Branch::default() };
        shop.aws.world(|world| {
            let branches = [("main".to_owned(), main), branch("staging", true)];
            world.apps = [(ID.to_owned(), app(branches))].into();
        });
        let ran = shop.shipgate(&["status", "main", "--json"]).env("SHIPGATE_VARS", &vars).run();
        let component = ran.json()["environments"][0]["components"][0].clone();
        (ran, component)
    };
    let remarks = |component: &Value| {
        let all = component["remarks"].as_array().unwrap_or_else(|| panic!("{component:#}"));
        all.iter().map(|text| text.as_str().unwrap().to_owned()).collect::<BTreeSet<_>>()
    };
    let proves = "job 25 of branch main succeeded, which does not prove what is served".to_owned();

    let (ran, component) = status(&[("25", &head, "SUCCEED"), ("24", &head, "FAILED")]);
    ran.expect_code(0);
    assert_eq!(component["current"]["sha"], json!(head), "{component:#}");
    assert_eq!(component["current"]["since"], json!("2026-11-01T12:00:00Z"));
    assert_eq!(remarks(&component), [proves.clone()].into());

    let (_, component) = status(&[("26", "HEAD", "FAILED"), ("25", &head, "SUCCEED")]);
    assert_eq!(component["current"]["sha"], json!(head));
    assert_eq!(remarks(&component), [proves.clone(), "job 26 of branch main failed".to_owned()].into());

    let (_, component) = status(&[("26", "HEAD", "RUNNING"), ("25", "HEAD", "SUCCEED")]);
    assert_eq!(component["current"]["sha"], Value::Null);
    let unknown = "job 25 of branch main built `HEAD`: which commit that was is not recorded".to_owned();
    assert_eq!(remarks(&component), [proves.clone(), unknown, "job 26 of branch main is running".to_owned()].into());

    let (_, component) = status(&[]);
    assert_eq!(component["current"]["sha"], Value::Null);
    assert_eq!(remarks(&component), ["no build of branch main is active".to_owned()].into());

    // Without the right to list jobs the rest is said; without the right to read one, nothing is.
    shop.aws.refuse("amplify:ListJobs", 403, "AccessDeniedException", "no");
    let (_, component) = status(&[("25", &head, "SUCCEED")]);
    let unread = "whether a newer build failed is not known: permission `amplify:ListJobs` is missing";
    let remarks = remarks(&component);
    assert!(remarks.contains(&proves) && remarks.iter().any(|text| text.starts_with(unread)), "{remarks:?}");
    shop.aws.refuse("amplify:GetJob", 403, "AccessDeniedException", "no");
    let (ran, _) = status(&[("25", &head, "SUCCEED")]);
    assert!(ran.code != 0 && ran.stdout.contains("permission `amplify:GetJob` is missing"), "{}", ran.stdout);
    shop.aws.world(|world| world.apps.clear());
    let ran = shop.shipgate(&["status", "main"]).env("SHIPGATE_VARS", &vars).run();
    assert!(ran.code != 0 && ran.stderr.contains("Amplify app `d1abc2def3` does not exist"), "{}", ran.stderr);
}
