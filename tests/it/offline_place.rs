//! Where it is run: with and without a configuration, a repository, git, a readable directory.

use std::os::unix::fs::{PermissionsExt as _, symlink};

use serde_json::Value;

use crate::harness::{Ran, Repository, Shipgate};
use crate::offline;
use crate::runner::command::foreign;

pub const CONFIG: &str = "app = \"shop\"\n[components.backend]\nkind = \"ecs\"\nbuild = { context = \".\" }\n\
                      container = \"web\"\nrepository = \"shop\"\ncluster = \"a\"\nservice = \"b\"\n\
                      [environments.stage]\nregion = \"us-east-1\"\n";

pub const DEPLOY: [&str; 4] = ["deploy", "stage", "--output", "json"];

/// Runs where there are no credentials, so that no request is ever sent.
pub fn away_from_aws(run: Shipgate) -> Ran {
    run.env("AWS_EC2_METADATA_DISABLED", "true").run()
}

#[track_caller]
pub fn reason(report: &Value) -> &str {
    assert!(!report["hints"].as_array().unwrap().is_empty(), "no hint in {report:#}");
    report["reason"].as_str().unwrap()
}

/// Deploys in a directory of the repository, or beside it.
fn deploy_in(repository: &Repository, directory: &str) -> Ran {
    let mut command = offline::shipgate(repository, directory, &DEPLOY);
    command.env("AWS_EC2_METADATA_DISABLED", "true");
    offline::run(command)
}

/// What is expected of a run that got past everything local: it wants credentials.
#[track_caller]
fn reaches_aws(ran: &Ran) -> Value {
    let report = ran.outcome("invalid", 2);
    assert!(reason(&report).contains("AWS"), "{report:#}");
    report
}

#[test]
fn no_configuration_is_told_with_what_to_do() {
    let repository = Repository::bare();
    for command in [&DEPLOY[..], &["status", "--output", "json"], &["logs", "stage", "--output", "json"]] {
        let report = away_from_aws(repository.shipgate(command)).outcome("invalid", 2);
        assert!(reason(&report).contains("shipgate.toml"), "{report:#}");
        assert!(report["hints"][0].as_str().unwrap().contains("--config"), "{report:#}");
    }
}

#[test]
fn a_configuration_above_is_found_and_one_elsewhere_is_taken_when_named() {
    let repository = Repository::with_config(CONFIG);
    repository.write("deep/er/x", "");
    repository.write("other/gate.toml", CONFIG.replace("\"shop\"\n[c", "\"other shop\"\n[c"));
    repository.commit("More");
    reaches_aws(&deploy_in(&repository, "deep/er"));
    let named = [&DEPLOY[..], &["--config", "other/gate.toml"]].concat();
    let report = away_from_aws(repository.shipgate(&named)).outcome("invalid", 2);
    assert_eq!(report["problems"][0]["file"], "other/gate.toml", "{report:#}");
    let before = ["--config=shipgate.toml", "deploy", "stage", "--output=json"];
    reaches_aws(&away_from_aws(repository.shipgate(&before)));
}

#[test]
fn a_named_configuration_that_cannot_be_read_is_named() {
    let repository = Repository::with_config(CONFIG);
    for path in ["none.toml", ".", "no/such/shipgate.toml", ""] {
        let arguments = [&DEPLOY[..], &["--config", path]].concat();
        let report = away_from_aws(repository.shipgate(&arguments)).outcome("invalid", 2);
        assert!(reason(&report).contains(path), "{report:#}");
    }
}

#[test]
fn a_directory_that_is_no_repository_is_told() {
    let repository = Repository::bare();
    repository.write("shipgate.toml", CONFIG);
    let report = away_from_aws(repository.shipgate(&DEPLOY)).outcome("invalid", 2);
    assert!(reason(&report).contains("git repository"), "{report:#}");
}

#[test]
fn a_repository_without_commits_is_told() {
    let repository = Repository::bare();
    repository.git(&["init", "--quiet"]);
    repository.write("shipgate.toml", CONFIG);
    let report = away_from_aws(repository.shipgate(&DEPLOY)).outcome("invalid", 2);
    assert!(reason(&report).contains("no commit"), "{report:#}");
}

#[test]
fn a_bare_repository_is_told() {
    let repository = Repository::bare();
    repository.git(&["init", "--quiet", "--bare", "."]);
    repository.write("shipgate.toml", CONFIG);
    let report = away_from_aws(repository.shipgate(&DEPLOY)).outcome("invalid", 2);
    assert!(!reason(&report).is_empty());
}

#[test]
fn without_git_it_is_failed_naming_git() {
    let repository = Repository::with_config(CONFIG);
    let empty = tempfile::tempdir().unwrap();
    let report = away_from_aws(repository.shipgate(&DEPLOY).env("PATH", empty.path())).outcome("failed", 1);
    assert!(reason(&report).contains("git"), "{report:#}");
}

#[test]
fn a_dirty_tree_is_refused_naming_the_files() {
    let changes: [fn(&Repository); 4] = [
        |repository| repository.write("untracked ünd new", ""),
        |repository| repository.write("shipgate.toml", format!("{CONFIG}# changed\n")),
        |repository| std::fs::remove_file(repository.path().join("kept")).unwrap(),
        |repository| {
            repository.write("staged", "");
            repository.git(&["add", "staged"]);
        },
    ];
    let names = ["untracked ünd new", "shipgate.toml", "kept", "staged"];
    for (change, name) in changes.into_iter().zip(names) {
        let repository = Repository::with_config(CONFIG);
        repository.write("kept", "");
        repository.commit("Keep");
        change(&repository);
        for command in [&DEPLOY[..], &["plan", "deploy", "stage", "--output", "json"]] {
            let report = away_from_aws(repository.shipgate(command)).outcome("invalid", 2);
            assert!(reason(&report).contains(&repository.head()[..7]), "{report:#}");
            assert!(report["causes"].to_string().contains(name), "{report:#}");
            assert!(report["hints"].to_string().contains("--allow-dirty"), "{report:#}");
        }
    }
}

#[test]
fn a_dirty_release_never_has_the_name_of_its_commit() {
    let repository = Repository::with_config(CONFIG);
    repository.write("new", "");
    let arguments = [&DEPLOY[..], &["--allow-dirty"]].concat();
    let report = reaches_aws(&away_from_aws(repository.shipgate(&arguments)));
    let name = report["release"]["sha"].as_str().unwrap();
    assert!(name.starts_with(&format!("{}-dirty-", repository.head())), "{name}");
}

#[test]
fn many_changed_files_are_counted() {
    let repository = Repository::with_config(CONFIG);
    for number in 0..50 {
        repository.write(&format!("file{number}"), "");
    }
    let ran = away_from_aws(repository.shipgate(&DEPLOY));
    let report = ran.outcome("invalid", 2);
    assert!(report["causes"].as_array().unwrap().len() < 10, "{report:#}");
    assert!(report["causes"].to_string().contains("more"), "{report:#}");
}

#[test]
fn a_file_name_is_no_command_of_the_runner() {
    let repository = Repository::with_config(CONFIG);
    repository.write("x\n::error::forged ##[group]\u{1b}[31m", "");
    let ran = away_from_aws(repository.shipgate(&DEPLOY).env("GITHUB_ACTIONS", "true"));
    ran.outcome("invalid", 2);
    assert!(ran.stderr.contains("forged"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("##["), "{}", ran.stderr);
    assert_eq!(foreign(&ran.stderr), []);
    assert!(!ran.stderr.contains('\u{1b}'), "{:?}", ran.stderr);
}

#[test]
fn ignored_files_do_not_make_it_dirty() {
    let repository = Repository::with_config(CONFIG);
    repository.write(".gitignore", "target/\n");
    repository.commit("Ignore");
    repository.write("target/x", "");
    reaches_aws(&away_from_aws(repository.shipgate(&DEPLOY)));
}

#[test]
fn the_settings_of_git_do_not_hide_changes() {
    let repository = Repository::with_config(CONFIG);
    repository.git(&["config", "status.showUntrackedFiles", "no"]);
    repository.git(&["config", "color.status", "always"]);
    repository.git(&["config", "status.relativePaths", "false"]);
    repository.write("new", "");
    away_from_aws(repository.shipgate(&DEPLOY)).outcome("invalid", 2);
}

#[test]
fn a_detached_head_a_worktree_and_a_shallow_clone_simply_work() {
    let repository = Repository::with_config(CONFIG);
    repository.commit("Second");
    repository.git(&["checkout", "--quiet", "--detach"]);
    let head = repository.head();
    assert_eq!(reaches_aws(&away_from_aws(repository.shipgate(&DEPLOY)))["release"]["sha"], *head);
    repository.git(&["worktree", "add", "--quiet", "../tree", "HEAD"]);
    reaches_aws(&deploy_in(&repository, "../tree"));
    let from = format!("file://{}", repository.path().display());
    repository.git(&["clone", "--quiet", "--depth", "1", &from, "../shallow"]);
    let report = reaches_aws(&deploy_in(&repository, "../shallow"));
    assert_eq!(report["release"]["sha"], *head);
}

#[test]
fn a_configuration_behind_a_link_works() {
    let repository = Repository::bare();
    repository.git(&["init", "--quiet"]);
    repository.write("ops/gate.toml", CONFIG);
    symlink("ops/gate.toml", repository.path().join("shipgate.toml")).unwrap();
    repository.commit("Link");
    reaches_aws(&away_from_aws(repository.shipgate(&DEPLOY)));
}

#[test]
fn a_configuration_that_must_not_be_read_is_named() {
    let repository = Repository::with_config(CONFIG);
    let file = repository.path().join("shipgate.toml");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o000)).unwrap();
    if std::fs::read(&file).is_ok() {
        // Root reads everything: a directory in the file's place is as unreadable.
        std::fs::remove_file(&file).unwrap();
        std::fs::create_dir(&file).unwrap();
    }
    let report = away_from_aws(repository.shipgate(&[&DEPLOY[..], &["--config", "shipgate.toml"]].concat()))
        .outcome("invalid", 2);
    assert!(reason(&report).contains("shipgate.toml"), "{report:#}");
}

#[test]
fn a_git_that_fails_or_says_nonsense_is_told() {
    let repository = Repository::with_config(CONFIG);
    for script in ["exit 128", "echo nonsense", "kill -9 $$", "printf '\\377\\000'"] {
        let directory = tempfile::tempdir().unwrap();
        let git = directory.path().join("git");
        std::fs::write(&git, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&git, std::fs::Permissions::from_mode(0o755)).unwrap();
        let ran = away_from_aws(repository.shipgate(&DEPLOY).env("PATH", directory.path()));
        assert!([1, 2].contains(&ran.code), "{script}: {}", ran.stderr);
        reason(&ran.json());
    }
}

#[test]
fn a_repository_with_sha256_ids_is_told_clearly() {
    let repository = Repository::bare();
    repository.git(&["init", "--quiet", "--object-format=sha256"]);
    repository.write("shipgate.toml", CONFIG);
    repository.git(&["add", "."]);
    repository.git(&["commit", "--quiet", "--message", "Begin"]);
    let ran = away_from_aws(repository.shipgate(&DEPLOY));
    let report = ran.outcome("invalid", 2);
    let reported = format!("{report:#}").to_lowercase();
    assert!(reported.contains("sha256") || reported.contains("sha-256") || reported.contains("40"), "{reported}");
    reason(&report);
}

#[test]
fn a_working_directory_that_is_gone_is_told() {
    let repository = Repository::with_config(CONFIG);
    let script = "mkdir gone && cd gone && rmdir ../gone && exec \"$SHIPGATE\" deploy stage --output json";
    let ran = offline::run(offline::shell(&repository, script));
    ran.outcome("invalid", 2);
}
