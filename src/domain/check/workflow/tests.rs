//! Each rule with something good and something bad.

use super::*;
use crate::domain::check::outline::{Outline, OutlinedEnvironment};
use crate::domain::check::{CheckFinding, Findings, Rule, Severity};

const SHA: &str = "0123456789abcdef0123456789abcdef01234567";

fn outline() -> Outline {
    let environment = |name: &str, promotes_from: Option<&str>, variables: &[&str]| OutlinedEnvironment {
        name: name.to_owned(),
        place: None,
        has_role: true,
        has_read_role: true,
        promotes_from: promotes_from.map(str::to_owned),
        asks_second_person: false,
        variables: variables.iter().map(|name| (*name).to_owned()).collect(),
    };
    Outline {
        file: "shipgate.toml".to_owned(),
        environments: vec![
            environment("stage", None, &[]),
            environment("production", Some("stage"), &[]),
            environment("preview", None, &["PREVIEW_URL"]),
            OutlinedEnvironment { has_role: false, has_read_role: false, ..environment("local", None, &[]) },
            OutlinedEnvironment { has_read_role: false, ..environment("unread", Some("stage"), &[]) },
            environment("behind-unread", Some("unread"), &[]),
            environment("behind-production", Some("production"), &[]),
            OutlinedEnvironment { has_read_role: false, ..environment("direct", None, &[]) },
            environment("behind-direct", Some("direct"), &[]),
            OutlinedEnvironment { asks_second_person: true, ..environment("asking", Some("stage"), &[]) },
        ],
        ..Outline::default()
    }
}

fn judged(texts: &[(&str, &str)], outline: Option<&Outline>) -> Findings {
    let mut findings = Findings::default();
    let mut files = Vec::new();
    for (path, text) in texts {
        match WorkflowFile::read(path, text) {
            Ok(file) => files.push(file),
            Err(finding) => findings.all.extend(finding),
        }
    }
    judge(&files, outline, &script::tests::line(), &mut findings);
    // It has tests of its own.
    findings.all.retain(|finding| finding.rule != Rule::TrustedWorkflow);
    findings.sorted()
}

/// What is found, as `level rule LINE:COLUMN`.
fn found(text: &str) -> Vec<String> {
    found_in("a.yml", text)
}

/// The same in a file of a name. Another one approves.
fn found_in(name: &str, text: &str) -> Vec<String> {
    let path = format!(".github/workflows/{name}");
    let title = "run-name: approve ${{ inputs.run }} ${{ inputs.plan }}\n";
    let with = "    with: { run: '${{ inputs.run }}', plan: '${{ inputs.plan }}' }\n";
    let approve = calling("approve", "    permissions: write-all\n", title, with);
    let mut files = vec![(path.as_str(), text)];
    if name != "approve.yml" {
        files.push((".github/workflows/approve.yml", &approve));
    }
    let findings = judged(&files, Some(&outline()));
    findings.all.iter().map(shown).collect()
}

fn shown(finding: &CheckFinding) -> String {
    let place = finding.place.unwrap();
    format!("{} {} {}:{}", finding.level.as_str(), finding.rule, place.line, place.column)
}

/// A workflow whose one job runs one command with the action; `job` are more lines of the job.
fn deploying(command: &str, environment: &str, permissions: &str, job: &str) -> String {
    format!(
        "on: push\npermissions: {{}}\njobs:\n  ship:\n    runs-on: ubuntu-24.04\n    permissions: {permissions}\n{job}\
         \x20   steps:\n      - uses: actions/checkout@{SHA}\n        with: {{ fetch-depth: 0 }}\n\
         \x20     - uses: acme/shipgate@{SHA}\n        with:\n          command: {command}\n          environment: {environment}\n"
    )
}

const ALL: &str = "{ id-token: write, contents: read, statuses: write }";
const VARS: &str = "    env: { SHIPGATE_VARS: '${{ toJSON(vars) }}' }\n";
const PRODUCTION: &str = "    environment: { name: production, deployment: false }\n";

#[test]
fn good_workflows_are_clean() {
    for text in [
        deploying("deploy", "stage", ALL, ""),
        deploying("promote", "production", ALL, PRODUCTION),
        deploying("promote", "production", ALL, "    environment: production\n"),
        deploying("plan promote", "production", ALL, ""),
        deploying("approve", "''", "{ contents: read, actions: read }", VARS),
        deploying("deploy", "local", "{ contents: read, statuses: write }", ""),
        deploying(
            "promote",
            "'${{ inputs.environment }}'",
            ALL,
            &format!("    environment: '${{{{ inputs.environment }}}}'\n{VARS}"),
        ),
        deploying("deploy", "stage", ALL, "    concurrency: { group: stage, queue: max }\n"),
        deploying("deploy", "preview", ALL, VARS),
        deploying("status", "preview", ALL, ""),
        "on: push\njobs:\n  test:\n    runs-on: a\n    steps: [{ run: make }]\n".to_owned(),
        format!("\u{feff}{}", deploying("deploy", "stage", ALL, "")),
    ] {
        assert_eq!(found(&text), [""; 0], "{text}");
    }
}

#[test]
fn a_role_needs_a_token() {
    for (permissions, reported) in [
        ("{ contents: read, statuses: write }", Some("error id-token 6:5")),
        ("{ id-token: none, contents: read, statuses: write }", Some("error id-token 6:5")),
        ("write-all", None),
    ] {
        assert_eq!(found(&deploying("deploy", "stage", permissions, "")), Vec::from_iter(reported), "{permissions}");
    }
    let workflow_wide = "on: push\npermissions: { contents: read, id-token: write }\njobs:\n  ship:\n    runs-on: a\n    \
                         steps: [{ run: shipgate status stage }]\n";
    assert_eq!(found(workflow_wide), [""; 0]);
    let replaced = workflow_wide.replace("    runs-on: a\n", "    runs-on: a\n    permissions: { contents: read }\n");
    assert_eq!(found(&replaced), ["error id-token 6:5"]);
    let none = workflow_wide.replace("permissions: { contents: read, id-token: write }\n", "");
    assert_eq!(found(&none), ["error id-token 3:3"]);
    let called = none.replace("on: push", "on: { workflow_call: {} }");
    assert_eq!(found(&called), [""; 0], "the caller's permissions count");
    let check = none.replace("status stage", "check").replace("    runs-on: a\n", &format!("    runs-on: a\n{VARS}"));
    assert_eq!(found(&check), ["warning id-token 3:3"]);
}

#[test]
fn a_called_workflow_has_nobody_to_become_but_roles() {
    for (file, environment, reported) in [
        ("deploy-stage", "stage", None),
        ("deploy-stage", "local", Some("error role-missing 5:5")),
        ("promote", "production", None),
        ("promote", "unread", Some("error role-missing 5:5")),
        ("rollback", "unread", None),
        // What stands between two others is looked at by the plan of the next.
        ("promote", "behind-production", None),
        ("promote", "behind-unread", Some("error role-missing 5:5")),
        ("rollback", "behind-unread", None),
        ("hold", "production", None),
        ("hold", "local", Some("error role-missing 5:5")),
        // Who deploys directly is a job of the branch, too.
        ("promote", "behind-direct", None),
    ] {
        let text = format!(
            "on: push\njobs:\n  ship:\n    permissions: write-all\n    uses: \
             acme/shipgate/.github/workflows/{file}.yml@{SHA}\n    with: {{ environment: {environment} }}\n"
        );
        assert_eq!(found(&text), Vec::from_iter(reported), "{file} {environment}");
    }
}

/// A job that calls a workflow of shipgate, with its permissions and `with`, and more of the file.
fn calling(file: &str, permissions: &str, more: &str, with: &str) -> String {
    format!(
        "on: {{ workflow_dispatch: {{ inputs: {{ run: {{}}, plan: {{}} }} }} }}\n{more}jobs:\n  ship:\n{permissions}    \
         uses: acme/shipgate/.github/workflows/{file}.yml@{SHA}\n{with}"
    )
}

#[test]
fn a_caller_grants_all_that_the_called_workflow_asks_for() {
    let lacking = |file: &str, permissions: &str| {
        let text = calling(file, permissions, "", "");
        let findings = judged(&[(".github/workflows/a.yml", &text)], Some(&outline())).all;
        let [finding] = findings.as_slice() else { panic!("{file} {permissions}: {findings:?}") };
        assert_eq!((finding.rule, finding.level), (Rule::PermissionsMissing, Severity::Error), "{finding:?}");
        (finding.place.unwrap().line, finding.clone())
    };
    let own = |permissions: &str| format!("    permissions: {permissions}\n");
    for (file, permissions, message) in [
        ("deploy-stage", "{ id-token: write, contents: read, statuses: write }", "`checks: read`"),
        ("deploy-stage", "{ contents: read, checks: write, statuses: read }", "`id-token: write`, `statuses: write`"),
        ("deploy-stage", "{ id-token: none, contents: write, checks: read, statuses: write }", "`id-token: write`"),
        ("deploy-stage", "read-all", "`id-token: write`, `statuses: write`"),
        ("pr-check", "{}", "`contents: read`, `id-token: write`, `statuses: write`"),
        ("pr-check-comment", ALL, "`pull-requests: write`"),
        ("promote", ALL, "`checks: read`, `pull-requests: read`, `actions: read`"),
        ("rollback", ALL, "`pull-requests: read`, `actions: read`"),
        ("hold", "{ contents: read, actions: read }", "`id-token: write`"),
    ] {
        let (line, finding) = lacking(file, &own(permissions));
        let expected = format!("job `ship` calls `{file}.yml`, which asks for more than the job grants: {message}");
        assert_eq!((line, &finding.message), (4, &expected));
    }
    let (_, finding) = lacking("hold", &own("{}"));
    assert!(
        finding
            .hint
            .starts_with("write `permissions: { contents: read, id-token: write, actions: read }` into the job")
    );
    // The settings of the repository never grant a token. Whether they grant the others is not in the file.
    let (line, finding) = lacking("hold", "");
    assert_eq!((line, finding.message.ends_with("grants: `id-token: write`")), (3, true), "{finding:?}");
    let for_all = calling("hold", "", "permissions: { contents: read }\n", "");
    assert_eq!(found(&for_all), ["error permissions-missing 2:1"]);

    for called in called::ALL {
        // What the hint says is enough.
        for permissions in [own(&called.line()), own("write-all")] {
            let findings = judged(&[("a.yml", &calling(called.name, &permissions, "", ""))], Some(&outline()));
            assert!(findings.all.iter().all(|finding| finding.rule != Rule::PermissionsMissing), "{findings:?}");
        }
        // Another workflow calls this one, and its job grants.
        let between = calling(called.name, "", "", "").replacen("workflow_dispatch", "workflow_call", 1);
        let findings = judged(&[("a.yml", &between)], Some(&outline()));
        assert!(findings.all.iter().all(|finding| finding.rule != Rule::PermissionsMissing), "{findings:?}");
    }
}

#[test]
fn an_approval_is_named_by_the_run_of_its_caller() {
    let permissions = "    permissions: write-all\n";
    let title = "run-name: approve ${{ inputs.run }} ${{ inputs.plan }}\n";
    let with = "    with: { run: '${{ inputs.run }}', plan: '${{ inputs.plan }}' }\n";
    let good = calling("approve", permissions, title, with);
    assert_eq!(found_in("approve.yml", &good), [""; 0]);
    assert_eq!(found(&good), ["warning approval-caller 6:5"], "pages link to approve.yml");
    for (other, expected) in [
        (good.replace(title, ""), vec!["error approval-caller 1:1"]),
        (
            good.replace("approve ${{ inputs.run }} ", "approve ${{ github.run_id }} "),
            vec!["error approval-caller 2:1"],
        ),
        (good.replace("${{ inputs.plan }}\n", "${{ inputs.plan }} now\n"), vec!["error approval-caller 2:1"]),
        (good.replace("run: '${{ inputs.run }}'", "run: '4711'"), vec!["error approval-caller 7:5"]),
        (good.replace(with, ""), vec!["error approval-caller 4:3", "error approval-caller 4:3"]),
        (good.replace("'${{ inputs.plan }}'", "'${{ inputs.plan || inputs.run }}'"), vec!["error approval-caller 7:5"]),
        (good.replace("{ run: {}, plan: {} }", "{ plan: {} }"), vec!["error approval-caller 1:1"]),
        (good.replacen("workflow_dispatch", "repository_dispatch", 1), vec!["error approval-caller 1:1"; 2]),
    ] {
        assert_eq!(found_in("approve.yml", &other), expected, "{other}");
    }
    let other = good.replace("/approve.yml", "/promote.yml").replace(title, "").replace(with, "");
    assert_eq!(found(&other), [""; 0], "only approvals");
}

#[test]
fn where_a_second_person_approves_somebody_can() {
    let promote = calling("promote", "    permissions: write-all\n", "", "    with: { environment: asking }\n");
    assert_eq!(found(&promote), [""; 0]);
    let alone = judged(&[(".github/workflows/promote.yml", &promote)], Some(&outline()));
    let [finding] = &alone.all[..] else { panic!("{alone:?}") };
    assert_eq!(finding.rule, Rule::ApprovalCaller, "{finding:?}");
    // No environment of GitHub asks them.
    let own = |more: &str| deploying("promote", "asking", ALL, more);
    assert_eq!(found(&own("")), [""; 0]);
    assert_eq!(found(&own("    environment: asking\n")), ["warning github-environment-unneeded 7:5"]);
}

#[test]
fn a_called_workflow_of_the_repository_has_no_more_rights_than_its_caller() {
    let below = "on: workflow_call\njobs:\n  a:\n    runs-on: a\n    steps: [{ run: shipgate deploy stage }]\n";
    let above = |permissions: &str| {
        format!("on: push\njobs:\n  ship:\n    permissions: {permissions}\n    uses: ./.github/workflows/b.yml\n")
    };
    let both = |permissions: &str| {
        let files = [(".github/workflows/a.yml", &above(permissions)[..]), (".github/workflows/b.yml", below)];
        judged(&files, Some(&outline())).all.iter().map(shown).collect::<Vec<_>>()
    };
    assert_eq!(both("{ id-token: write, contents: read }"), [""; 0]);
    assert_eq!(both("{ contents: read }"), ["error id-token 5:5"]);
}

#[test]
fn a_checkout_needs_to_read_and_to_have_the_history() {
    let permissions = "{ id-token: write, statuses: write }";
    assert_eq!(found(&deploying("deploy", "stage", permissions, "")), ["warning contents-read 6:5"]);
    for depth in ["{ fetch-depth: 1 }", "{ persist-credentials: false }"] {
        let text = deploying("deploy", "stage", ALL, "").replace("{ fetch-depth: 0 }", depth);
        assert_eq!(found(&text), ["warning fetch-depth 8:9"], "{depth}");
        let status = text.replace("command: deploy", "command: status");
        assert_eq!(found(&status), [""; 0], "{depth}");
    }
}

#[test]
fn a_status_needs_to_be_written() {
    let permissions = "{ id-token: write, contents: read }";
    assert_eq!(found(&deploying("deploy", "stage", permissions, "")), ["warning statuses-write 6:5"]);
    assert_eq!(found(&deploying("status", "stage", permissions, "")), [""; 0]);
}

#[test]
fn environments_have_to_be_configured() {
    let text = deploying("deploy", "stag", ALL, "");
    assert_eq!(found(&text), ["error environment-unknown 13:11"]);
    let findings = judged(&[("a.yml", &text)], Some(&outline()));
    assert_eq!(findings.all[0].hint, "write `stage`");
    let script = "on: push\npermissions: { id-token: write }\njobs:\n  a:\n    runs-on: a\n    steps:\n      - run: |\n          \
                  set -e\n          shipgate status nowhere\n";
    assert_eq!(found(script), ["error environment-unknown 7:9"]);
}

#[test]
fn commands_have_to_fit_the_environment() {
    assert_eq!(found(&deploying("deploy", "production", ALL, PRODUCTION)), ["error wrong-command 14:11"]);
    assert_eq!(found(&deploying("plan promote", "stage", ALL, "")), ["error wrong-command 13:11"]);
}

#[test]
fn githubs_environment_has_to_be_the_one_that_is_changed() {
    let named = |name: &str| format!("    environment: {name}\n");
    for (command, environment, job, reported) in [
        ("promote", "production", String::new(), "error github-environment-missing 4:3"),
        ("rollback", "production", String::new(), "error github-environment-missing 4:3"),
        ("hold", "production", String::new(), "error github-environment-missing 4:3"),
        ("promote", "production", named("Production"), "error github-environment-mismatch 7:5"),
        ("deploy", "stage", named("stage"), "warning github-environment-unneeded 7:5"),
    ] {
        assert_eq!(found(&deploying(command, environment, ALL, &job)), [reported], "{command} {environment}");
    }
}

#[test]
fn strangers_commits_get_no_rights() {
    let text = deploying("check", "''", ALL, VARS);
    assert_eq!(found(&text.replace("on: push", "on: pull_request")), [""; 0]);
    assert_eq!(found(&text.replace("on: push", "on: pull_request_target")), ["error pull-request-target 1:1"]);
    let listed = text.replace("on: push", "on:\n  pull_request_target:\n    types: [opened]");
    assert_eq!(found(&listed), ["error pull-request-target 2:3"]);
    let called = format!(
        "on: pull_request_target\njobs:\n  check:\n    permissions: write-all\n    \
         uses: acme/shipgate/.github/workflows/pr-check-comment.yml@{SHA}\n"
    );
    assert_eq!(found(&called), ["error pull-request-target 1:1"]);
}

#[test]
fn shipgate_is_pinned_by_commit() {
    let text = deploying("deploy", "stage", ALL, "").replace(&format!("shipgate@{SHA}"), "shipgate@v1");
    assert_eq!(found(&text), ["warning unpinned 10:9"]);
    let inside = text.replace("acme/shipgate@v1", "acme/shipgate/action@v1");
    assert_eq!(found(&inside), ["warning unpinned 10:9"]);
    let ours = text.replace("acme/shipgate@v1", "./");
    assert_eq!(found(&ours), [""; 0]);
}

#[test]
fn a_rollout_is_not_cancelled() {
    let job = "    concurrency: { group: a, cancel-in-progress: true }\n";
    assert_eq!(found(&deploying("deploy", "stage", ALL, job)), ["error cancel-in-progress 7:30"]);
    assert_eq!(found(&deploying("status", "stage", ALL, job)), [""; 0]);
    let above =
        format!("concurrency:\n  group: a\n  cancel-in-progress: true\n{}", deploying("deploy", "stage", ALL, ""));
    assert_eq!(found(&above), ["error cancel-in-progress 3:3"]);
}

#[test]
fn overrides_have_an_input_of_their_own() {
    let with = |lines: &str| deploying("deploy", &format!("stage\n          {lines}"), ALL, "");
    for arguments in ["--override=freeze=why", "\"--override\\nfreeze=why\"", "\"-v\\n  --override=hold=why\""] {
        assert_eq!(found(&with(&format!("extra-args: {arguments}"))), ["warning override 14:11"], "{arguments}");
    }
    for good in ["override: freeze=why", "extra-args: --overridden", "extra-args: '${{ inputs.extra-args }}'"] {
        assert_eq!(found(&with(good)), [""; 0], "{good}");
    }
    let called = format!(
        "on: push\njobs:\n  ship:\n    permissions: write-all\n    uses: \
         acme/shipgate/.github/workflows/deploy-stage.yml@{SHA}\n    with: {{ extra-args: --override=freeze=why }}\n"
    );
    assert_eq!(found(&called), ["warning override 6:13"]);
}

#[test]
fn variables_have_to_be_handed_over() {
    assert_eq!(found(&deploying("deploy", "preview", ALL, "")), ["error shipgate-vars 10:9"]);
    assert_eq!(found(&deploying("deploy", "'${{ inputs.to }}'", ALL, "")), ["warning shipgate-vars 10:9"]);
    assert_eq!(found(&deploying("check", "''", ALL, "")), ["warning shipgate-vars 10:9"]);
}

#[test]
fn another_configuration_is_left_out_and_said_so() {
    let text = deploying("deploy", "elsewhere", ALL, "").replace("environment: elsewhere", "config: other.toml");
    let findings = judged(&[("a.yml", &text)], Some(&outline()));
    assert_eq!(findings.all, []);
    assert!(findings.left_out[0].what.contains("job `ship` of a.yml"), "{findings:?}");
    let inner = Outline { file: "shop/shipgate.toml".to_owned(), ..outline() };
    assert_eq!(judged(&[("a.yml", &deploying("deploy", "x", ALL, ""))], Some(&inner)).left_out.len(), 1);
    let there = deploying("deploy", "x\n          working-directory: ./shop/", ALL, "");
    let findings = judged(&[("a.yml", &there)], Some(&inner));
    assert_eq!((findings.left_out.len(), findings.all.len()), (0, 1), "{findings:?}");
}

#[test]
fn what_is_no_yaml_is_an_error_at_its_place() {
    assert_eq!(found("on: push\njobs:\n  a: [\n"), ["error workflow-syntax 4:1"]);
    assert_eq!(found("on: push\non: pull_request\n"), ["error workflow-syntax 1:1"]);
    assert_eq!(found("a: b: c\n"), ["error workflow-syntax 1:5"]);
}

#[test]
fn what_is_no_workflow_is_told_only_where_shipgate_is_in_it() {
    assert_eq!(found("jobs: [shipgate]\n"), ["warning workflow-shape 1:7"]);
    assert_eq!(found("jobs: [make]\n"), [""; 0]);
    assert_eq!(found(""), [""; 0]);
}

#[test]
fn anchors_are_followed() {
    let text = deploying("deploy", "stage", "&all { contents: read, statuses: write }", "");
    let text = format!(
        "{text}  again:\n    runs-on: a\n    permissions: *all\n    steps: [{{ run: shipgate status stage }}]\n"
    );
    assert_eq!(found(&text), ["error id-token 6:5", "error id-token 16:5"]);
}

#[test]
fn foreign_text_in_names_is_harmless() {
    let text = deploying("deploy", "\"::error::x\\n##[group]\"", ALL, "");
    let findings = judged(&[("a.yml", &text)], Some(&outline()));
    let message = &findings.all[0].message;
    assert!(!message.contains('\n') && !message.contains("##["), "{message}");
}

proptest::proptest! {
    #[test]
    fn no_text_ends_the_program(
        text in "[a-z:\\-\\[\\]{}&*|>'\"#\n ]{0,60}",
        value in "[a-z:\\-\\[\\]{}&*|>'\"#\n $]{0,30}",
    ) {
        let _nothing = judged(&[("a.yml", &text)], Some(&outline()));
        for (command, environment) in [("deploy", &value[..]), (&value[..], "stage")] {
            let _judged = judged(&[("a.yml", &deploying(command, environment, ALL, ""))], Some(&outline()));
        }
    }
}
