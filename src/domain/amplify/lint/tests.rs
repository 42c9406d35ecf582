//! Each rule with something that it finds, and something that it leaves alone.

use std::collections::BTreeMap;

use super::check;
use crate::domain::amplify::seen::{SeenApp, SeenBranch};
use crate::domain::check::outline::{Outline, OutlinedText, WrittenComponent};
use crate::domain::check::{CheckFinding, Findings, LinePlace, RepositoryFiles};

const DEPLOY: &str = "npx ampx pipeline-deploy --branch $AWS_BRANCH --app-id $AWS_APP_ID";
const BACKEND: (&str, &str) = ("amplify/backend.ts", "");

/// An environment for each of some branches, with further keys.
fn outline(branches: &[&str], more: &[(&'static str, &str)]) -> Outline {
    let written = |text: &str| OutlinedText { text: Some(text.to_owned()), place: LinePlace::at(9, 1) };
    let component = |branch: &&str| {
        let texts = [("app-id", "d1own"), ("branch", *branch)];
        let own = more.iter().filter_map(|(key, value)| {
            // `staging.backend-from` is of one environment.
            match value.split_once('@') {
                None => Some((*key, *value)),
                Some((value, of)) => (of == *branch).then_some((*key, value)),
            }
        });
        let texts: BTreeMap<_, _> = texts.into_iter().chain(own).map(|(key, text)| (key, written(text))).collect();
        WrittenComponent {
            name: "web".to_owned(),
            kind: "amplify",
            place: LinePlace::at(3, 1),
            environment: (*branch).to_owned(),
            texts,
        }
    };
    let components = branches.iter().map(component).collect();
    Outline { file: "shipgate.toml".to_owned(), components, ..Outline::default() }
}

fn judged(files: &[(&str, &str)], outline: Option<&Outline>, seen: &[SeenApp]) -> Findings {
    let read = |name: &str| {
        let found = files.iter().find(|(it, _)| *it == name);
        found.map(|(_, text)| (*text).to_owned()).ok_or_else(|| "absent".to_owned())
    };
    let repository = RepositoryFiles::new(files.iter().map(|(name, _)| (*name).to_owned()), &read);
    check(&repository, outline, seen).sorted()
}

fn shown(findings: &Findings) -> Vec<String> {
    let one = |finding: &CheckFinding| {
        let place = finding.place.map_or(String::new(), |place| format!("{}:{}", place.line, place.column));
        let file = finding.file.as_deref().unwrap_or_default();
        let file = if file == "amplify.yml" { String::new() } else { format!("{file}:") };
        assert!(!finding.hint.is_empty() && !finding.message.is_empty(), "{finding:?}");
        let rule = finding.rule.as_str().trim_start_matches("amplify-");
        format!("{file}{place} {} {rule}", finding.level.as_str())
    };
    findings.all.iter().map(one).collect()
}

/// What is found in a specification whose backend has these commands.
fn in_backend(commands: &str, files: &[(&str, &str)], outline: Option<&Outline>) -> Vec<String> {
    let commands = commands.replace('\n', "\n          ");
    let text =
        format!("version: 1\nbackend:\n  phases:\n    build:\n      commands:\n        - |\n          {commands}\n");
    let files: Vec<_> = [("amplify.yml", text.as_str())].into_iter().chain(files.iter().copied()).collect();
    shown(&judged(&files, outline, &[]))
}

#[test]
fn the_shape_of_the_file_is_judged() {
    for (text, expected) in [
        ("version: 1\nfrontend:\n  phases:\n    build:\n      commands: [npm run build]\n", vec![]),
        ("version: 0.1\nfrontend: {}\n", vec![]),
        ("version: '1.0'\nfrontend: {}\n", vec![]),
        ("version: 3\nfrontend: {}\n", vec!["1:1 warning version"]),
        ("frontend: {}\n", vec!["1:1 warning version"]),
        ("version: 1\nversion: 1\n", vec!["1:1 error syntax"]),
        ("- a\n", vec!["1:1 error syntax"]),
        ("a: [\n", vec!["2:1 error syntax"]),
        ("version: 1\nfrontned: {}\n", vec!["2:1 warning key"]),
        (
            "version: 1\nfrontend:\n  artifact: {}\n  phases:\n    prebuild: {}\n    build: {command: []}\n  cache: {path: []}\n",
            vec!["3:3 warning key", "5:5 error phase", "6:13 warning key", "7:11 warning key"],
        ),
        ("version: 1\ntest:\n  phases:\n    preBuild: {}\n    preTest: {}\n", vec!["4:5 error phase"]),
        ("version: 1\nfrontend:\n  phases:\n    build:\n      commands: npm ci\n", vec!["5:7 error phase"]),
        ("version: 1\nfrontend:\n  phases:\n    build:\n      commands:\n      - echo a: b\n", vec!["6:9 error phase"]),
        (
            "version: 1\nfrontend:\n  cache:\n    paths: [/root/.npm, ~/.npm, ../x, .npm/**/*, node_modules]\n",
            vec!["4:13 warning cache-path", "4:25 warning cache-path", "4:33 warning cache-path"],
        ),
    ] {
        assert_eq!(shown(&judged(&[("amplify.yml", text)], None, &[])), expected, "{text}");
    }
    let long = format!("version: 1 # {}\nfrontend: {{}}\n", "x".repeat(25_000));
    assert_eq!(shown(&judged(&[("amplify.yml", &long)], None, &[])), ["1:1 warning size"]);
    assert_eq!(shown(&judged(&[("amplify.yaml", "")], None, &[])), ["amplify.yaml:1:1 warning file-name"]);
    assert_eq!(judged(&[("amplify.yml", &"x".repeat(100_001))], None, &[]).left_out.len(), 1);
}

#[test]
fn monorepos_are_judged() {
    let of = |roots: &str| format!("version: 1\napplications:\n{roots}");
    let web = ("apps/web/package.json", "{}");
    let at_web = outline(&["main"], &[("app-root", "apps/web")]);
    let misspelled = outline(&["main"], &[("app-root", "apps/wev")]);
    let at_root = outline(&["main"], &[]);
    for (text, outline, expected) in [
        (of("- appRoot: apps/web\n"), Some(&at_web), vec![]),
        (of("- appRoot: ./apps/web\n"), None, vec!["3:12 error app-root"]),
        (of("- appRoot: /apps/web\n"), None, vec!["3:12 error app-root"]),
        (of("- appRoot: apps/wbe\n"), None, vec!["3:12 error app-root"]),
        (of("- appRoot: apps/web\n- appRoot: apps/web\n"), None, vec!["4:12 error app-root"]),
        (of("- appRoot: 1\n"), None, vec!["3:3 error monorepo"]),
        (of("- frontend: {}\n"), None, vec!["3:3 error monorepo"]),
        ("version: 1\napplications: {}\n".to_owned(), None, vec!["2:1 error monorepo"]),
        (of("- appRoot: apps/web\nfrontend: {}\n"), None, vec!["4:1 error monorepo"]),
        (of("- appRoot: apps/web\n"), Some(&misspelled), vec!["shipgate.toml:9:1 error app-root"]),
        (of("- appRoot: apps/web\n"), Some(&at_root), vec!["shipgate.toml:3:1 error app-root"]),
        ("version: 1\nfrontend: {}\n".to_owned(), Some(&at_web), vec!["shipgate.toml:9:1 error app-root"]),
        (
            of("- appRoot: apps/web\n  env: {variables: {AMPLIFY_MONOREPO_APP_ROOT: web}}\n"),
            None,
            vec!["4:48 error app-root"],
        ),
        (
            of(
                "- appRoot: apps/web\n  backend: {phases: {build: {commands: [export AMPLIFY_MONOREPO_APP_ROOT=web]}}}\n",
            ),
            None,
            vec!["4:48 error app-root"],
        ),
    ] {
        assert_eq!(shown(&judged(&[("amplify.yml", &text), web], outline, &[])), expected, "{text}");
    }
}

#[test]
fn deploys_are_judged() {
    let main = outline(&["main"], &[]);
    let both = outline(&["main", "dev"], &[]);
    let guarded =
        "if [ \"$AWS_BRANCH\" = main ]; then\n npx ampx pipeline-deploy --branch main --app-id $AWS_APP_ID\nfi";
    for (commands, outline, expected) in [
        (DEPLOY, None, vec![]),
        ("npx ampx pipeline-deploy --branch \"${AWS_BRANCH}\" --app-id=\"$AWS_APP_ID\"", Some(&both), vec![]),
        ("npx ampx pipeline deploy --branch $AWS_BRANCH", None, vec!["7:20 error unknown-command"]),
        ("amplify pipeline deploy", None, vec!["7:19 error unknown-command"]),
        ("npx ampx generate config", None, vec!["7:20 error unknown-command"]),
        ("npx ampx pipeline-deploy --app-id d1own", Some(&main), vec!["7:45 warning hard-coded"]),
        ("npx ampx pipeline-deploy --app-id d1own", None, vec!["7:45 warning hard-coded"]),
        ("npx ampx pipeline-deploy --app-id d2other", Some(&main), vec!["7:45 error hard-coded"]),
        ("npx ampx pipeline-deploy --branch main", Some(&main), vec!["7:36 warning hard-coded"]),
        ("npx ampx pipeline-deploy --branch main", Some(&both), vec!["7:36 error hard-coded"]),
        (guarded, Some(&both), vec!["8:37 warning hard-coded"]),
        ("npx ampx pipeline-deploy || true", None, vec!["7:11 error swallowed-failure"]),
        ("npx ampx sandbox || true", None, vec![]),
        ("aws amplify start-job --app-id $AWS_APP_ID", None, vec!["7:11 error build-loop"]),
        ("aws --region x amplify start-job --app-id d1own", Some(&main), vec!["7:11 error build-loop"]),
        ("aws amplify start-job --app-id d2other", Some(&main), vec![]),
        ("aws amplify get-job", None, vec![]),
        ("amplify push --yes", None, vec!["7:11 error build-loop"]),
        ("amplifyPush --simple", None, vec![]),
        ("curl -X POST \"https://webhooks.amplify.eu-west-1.amazonaws.com/x\"", None, vec!["7:11 error build-loop"]),
        ("curl https://example.com", None, vec![]),
        ("git push origin main", None, vec!["7:11 error build-loop"]),
        ("git push --tags; git pull", None, vec![]),
        ("shipgate deploy main", None, vec!["7:11 error build-loop"]),
        ("shipgate check", None, vec![]),
    ] {
        assert_eq!(in_backend(commands, &[], outline), expected, "{commands}");
    }
}

#[test]
fn a_frontend_that_comes_to_a_deploy_is_found_where_the_command_stands() {
    let package =
        ("package.json", "{\"scripts\": {\"build\": \"next build\",\n\"postinstall\": \"npx ampx pipeline-deploy\"}}");
    let text = "version: 1\nfrontend:\n  phases:\n    preBuild:\n      commands:\n        - npm ci\n";
    let findings = judged(&[("amplify.yml", text), package], None, &[]);
    assert_eq!(shown(&findings), ["package.json:2:17 error deploy-in-frontend"]);
    let message = "`frontend.phases.preBuild` deploys the backend, reached by `npm ci`";
    assert_eq!(findings.all[0].message, message);
    // The same in the backend is where it belongs.
    let text = text.replace("frontend", "backend");
    assert_eq!(shown(&judged(&[("amplify.yml", &text), package], None, &[])), [""; 0]);
}

#[test]
fn who_deploys_and_who_uses_a_backend_is_judged() {
    let outputs = |branch: &str| format!("npx ampx generate outputs --branch {branch} --app-id $AWS_APP_ID");
    let shared = format!("case $AWS_BRANCH in\nmain) {DEPLOY} ;;\n*) {} ;;\nesac", outputs("main"));
    let circle = format!("if [ $AWS_BRANCH = main ]; then {}; else {}; fi", outputs("staging"), outputs("main"));
    let both = outline(&["main", "staging"], &[]);
    let from_main = outline(&["main", "staging"], &[("backend-from", "main@staging")]);
    let from_each_other =
        outline(&["main", "staging"], &[("backend-from", "main@staging"), ("backend-from", "staging@main")]);
    for (commands, outline, expected) in [
        (shared.as_str(), Some(&both), vec![]),
        (shared.as_str(), Some(&from_main), vec![]),
        (DEPLOY, Some(&from_main), vec!["7:11 error backend-from"]),
        ("npm ci", None, vec!["2:1 warning backend-not-deployed"]),
        (&outputs("main"), Some(&both), vec!["7:37 warning outputs-branch"]),
        (&outputs("$AWS_BRANCH"), None, vec!["7:37 warning outputs-branch"]),
        (&outputs("mian"), Some(&both), vec!["7:37 warning outputs-branch"]),
        (
            "npx ampx generate outputs --branch x --app-id d2other",
            Some(&both),
            vec!["2:1 warning backend-not-deployed"],
        ),
        (
            circle.as_str(),
            None,
            vec!["7:43 error share-cycle", "7:69 warning outputs-branch", "7:139 warning outputs-branch"],
        ),
    ] {
        assert_eq!(in_backend(commands, &[BACKEND], outline), expected, "{commands}");
    }
    assert_eq!(in_backend(DEPLOY, &[], Some(&from_each_other)).len(), 3);
    // Somebody else deploys.
    for (name, text) in [
        (".github/workflows/a.yml", "on: push\njobs: {a: {steps: [{run: npm run backend}]}}"),
        (".gitlab-ci.yml", "script: npx ampx pipeline-deploy"),
    ] {
        let package = ("package.json", "{\"scripts\": {\"backend\": \"npx ampx pipeline-deploy --branch main\"}}");
        let files = [BACKEND, package, (name, text)];
        assert_eq!(in_backend("npm run none", &files, None), [""; 0], "{name}");
        assert_eq!(in_backend(&outputs("main"), &files, None), [""; 0], "{name}");
    }
}

#[test]
fn two_deployers_are_worse_where_a_push_builds_the_branch() {
    let workflow = "on: {push: {branches: [main]}}\njobs:\n  a:\n    steps:\n      - run: npx ampx pipeline-deploy --branch main\n";
    let text = format!("version: 1\nbackend: {{phases: {{build: {{commands: ['{DEPLOY}']}}}}}}\n");
    let files = [("amplify.yml", text.as_str()), (".github/workflows/a.yml", workflow)];
    let main = outline(&["main"], &[]);
    let seen = |is_built_by_push| {
        let branches = vec![SeenBranch { name: "main".parse().unwrap(), is_built_by_push, is_preview: false }];
        [SeenApp { app_id: "d1own".parse().unwrap(), platform: None, compute: None, branches }]
    };
    let found = |seen: &[SeenApp]| shown(&judged(&files, Some(&main), seen));
    assert_eq!(found(&[]), ["2:40 warning two-deployers"]);
    assert_eq!(found(&seen(true)), ["2:40 error two-deployers"]);
    assert_eq!(found(&seen(false)), [""; 0]);
    // Another branch, and another app.
    for other in
        [workflow.replace("--branch main", "--branch dev"), workflow.replace("--branch", "--app-id d2 --branch")]
    {
        let only_main = text.replace(DEPLOY, &format!("[ $AWS_BRANCH = main ] && {DEPLOY}"));
        let files = [("amplify.yml", only_main.as_str()), (".github/workflows/a.yml", other.as_str())];
        assert_eq!(shown(&judged(&files, Some(&main), &[])), [""; 0], "{other}");
    }
}

#[test]
fn what_is_deployed_fits_how_it_is_served() {
    let package = ("package.json", "{\"dependencies\": {\"next\": \"15\"}}");
    let export = ("next.config.mjs", "export default {\n  // x\n  output:\n 'export' }");
    let server = ("next.config.mjs", "// output: 'export'\nexport default {}");
    let other = ("next.config.mjs", "export default { distDir: 'out' }");
    for (directory, platform, config, expected) in [
        (".next", "WEB", server, vec!["4:20 error base-directory"]),
        (".next", "WEB_COMPUTE", server, vec![]),
        (".next", "WEB", export, vec!["4:20 error base-directory"]),
        ("out", "WEB", export, vec![]),
        ("out", "WEB_COMPUTE", export, vec![]),
        ("out", "WEB", server, vec!["4:20 error base-directory"]),
        ("out", "WEB", other, vec![]),
        ("dist", "WEB", server, vec![]),
    ] {
        let text = format!("version: 1\nfrontend:\n  artifacts:\n    baseDirectory: {directory}\n");
        let outline = outline(&["main"], &[("platform", platform)]);
        let found = judged(&[("amplify.yml", &text), package, config], Some(&outline), &[]);
        assert_eq!(shown(&found), expected, "{directory} {platform} {config:?}");
    }
}

#[test]
fn versions_of_node_are_judged_where_the_cli_runs() {
    let engines = ("package.json", "{\n\"engines\": {\"node\": \">=16 <18\"}}");
    for (commands, files, expected) in [
        (format!("nvm use 18.17.0\n{DEPLOY}"), vec![], vec!["7:11 error node"]),
        (format!("nvm install 20\n{DEPLOY}"), vec![(".nvmrc", "16")], vec![]),
        (format!("nvm use\n{DEPLOY}"), vec![(".nvmrc", "# old\n16\n")], vec![".nvmrc:2:1 error node"]),
        (DEPLOY.to_owned(), vec![(".node-version", "v21")], vec![".node-version:1:1 warning node"]),
        (DEPLOY.to_owned(), vec![engines], vec!["package.json:2:22 warning node"]),
        ("nvm use 16\nnpm ci".to_owned(), vec![], vec![]),
    ] {
        assert_eq!(in_backend(&commands, &files, None), expected, "{commands}");
    }
    let updates = "'[{\"pkg\":\"node\",\"type\":\"nvm\",\"version\":\"16\"}]'";
    let text = format!(
        "version: 1\nenv: {{variables: {{_LIVE_UPDATES: {updates}}}}}\nbackend: {{phases: {{build: {{commands: [{DEPLOY}]}}}}}}\n"
    );
    assert_eq!(shown(&judged(&[("amplify.yml", &text)], None, &[])), ["2:34 error node"]);
}

#[test]
fn variables_are_judged() {
    let large = outline(&["main"], &[("compute", "LARGE_16GB")]);
    for (commands, outline, expected) in [
        ("SKIP_ENV_VALIDATION=1 npm run build", None, vec!["7:11 warning skip-validation"]),
        ("export SKIP_ENV_VALIDATION=true", None, vec!["7:18 warning skip-validation"]),
        ("echo \"SKIP_ENV_VALIDATION=1\" >> .env", None, vec!["7:17 warning skip-validation"]),
        ("export SKIP_ENV_VALIDATION=0", None, vec![]),
        ("NODE_OPTIONS=--max-old-space-size=4096 npm run build", None, vec![]),
        ("NODE_OPTIONS=--max-old-space-size=7400 npm run build", None, vec!["7:24 warning heap"]),
        ("export NODE_OPTIONS='--max_old_space_size=8192'", None, vec!["7:32 error heap"]),
        ("NODE_OPTIONS=--max-old-space-size=8192 npm run build", Some(&large), vec![]),
        ("echo $AMPLIFY_APP_ID", None, vec!["7:17 note app-id"]),
        ("echo $MY_AMPLIFY_APP_ID ${AWS_APP_ID}", None, vec![]),
    ] {
        assert_eq!(in_backend(commands, &[], outline), expected, "{commands}");
    }
    let text = "version: 1\nenv:\n  variables:\n    SKIP_ENV_VALIDATION: true\n    AMPLIFY_APP_ID: d1\nfrontend: {}\n";
    let found = shown(&judged(&[("amplify.yml", text)], None, &[]));
    assert_eq!(found, ["4:5 warning skip-validation", "5:5 note app-id"]);
}

#[test]
fn workflows_that_start_themselves_are_found() {
    let with_token = "with: { token: '${{ secrets.PAT }}' }";
    let pushing = |head: &str, checkout: &str, script: &str| {
        format!(
            "{head}\njobs:\n  a:\n    steps:\n      - uses: actions/checkout@v4\n        {checkout}\n      - run: {script}\n"
        )
    };
    for (text, expected) in [
        (pushing("on: push", with_token, "git push"), vec![".github/workflows/a.yml:7:9 warning workflow-loop"]),
        (pushing("on: push", "with: {}", "git push"), vec![]),
        (pushing("on: push", with_token, "'git commit -m \"x [skip ci]\" && git push'"), vec![]),
        (pushing("on: workflow_dispatch", with_token, "git push"), vec![]),
        (pushing("on: push", with_token, "git push\n        if: github.actor != 'bot'"), vec![]),
        (
            "name: A\non:\n  workflow_run:\n    workflows: [A]\njobs: {}\n".to_owned(),
            vec![".github/workflows/a.yml:4:5 warning workflow-loop"],
        ),
        ("name: A\non:\n  workflow_run:\n    workflows: [B]\njobs: {}\n".to_owned(), vec![]),
    ] {
        let files = [("amplify.yml", "version: 1\nfrontend: {}\n"), (".github/workflows/a.yml", text.as_str())];
        assert_eq!(shown(&judged(&files, None, &[])), expected, "{text}");
    }
}
