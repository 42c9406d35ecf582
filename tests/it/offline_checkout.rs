//! Checkouts that were made to do harm: nothing in them is started, nothing beside them is read, and what they hide is
//! seen.

use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::path::Path;

use serde_json::Value;

use crate::harness::{Ran, Repository, Shipgate, assert_reported, command, eventually, lives};
use crate::offline_place::{CONFIG, DEPLOY, away_from_aws, reason};

/// A user other than the one of this process.
const SOMEBODY: u32 = 65534;

/// With credentials, so that `check` plans, and no server at the other end.
fn with_credentials(run: Shipgate) -> Ran {
    let run = run.env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE").env("AWS_SECRET_ACCESS_KEY", "x");
    run.env("AWS_ENDPOINT_URL", "http://127.0.0.1:1").env("AWS_MAX_ATTEMPTS", "1").run()
}

/// Past everything local, where AWS is needed.
#[track_caller]
fn reaches_aws(ran: &Ran) -> Value {
    let report = ran.json();
    assert!(report["reason"].as_str().unwrap().contains("AWS"), "{report:#}\n{}", ran.stderr);
    report
}

/// A clone whose directory `svc` is a configuration's and a git repository at once: files that any commit can have. Its
/// settings start a program, and say that all is clean.
fn with_embedded_repository(ran: &Path) -> Repository {
    let inner = Repository::with_config(CONFIG);
    let program = format!("touch '{}'; false #", ran.display());
    inner.git(&["config", "core.fsmonitor", &program]);
    inner.git(&["config", "core.worktree", "."]);
    inner.git(&["config", "core.sshCommand", &program]);
    inner.write(".git/info/exclude", "*\n");
    let outer = Repository::bare();
    outer.git(&["init", "--quiet"]);
    outer.write("svc/x", "");
    copy(&inner.path().join(".git"), &outer.path().join("svc"));
    outer.write("svc/shipgate.toml", CONFIG);
    outer.write("svc/Dockerfile", "FROM scratch\n");
    outer.commit("A service");
    let clone = Repository::bare();
    clone.git(&["clone", "--quiet", outer.path().to_str().unwrap(), "."]);
    clone
}

fn copy(from: &Path, to: &Path) {
    for name in ["HEAD", "config", "index", "objects", "refs", "info"] {
        let copied = command("cp").arg("-r").args([from.join(name), to.join(name)]).status().unwrap();
        assert!(copied.success());
    }
    // A clone has no empty directories.
    std::fs::write(to.join("refs/keep"), "").unwrap();
}

#[test]
fn an_embedded_repository_runs_nothing_and_is_not_the_release() {
    let directory = tempfile::tempdir().unwrap();
    let ran = directory.path().join("ran");
    let clone = with_embedded_repository(&ran);
    let inside = clone.path().join("svc");
    // The trap works: git itself falls into it.
    let _status = command("git").arg("status").current_dir(&inside).output().unwrap();
    assert!(ran.exists(), "git does not take {} for a repository", inside.display());
    std::fs::remove_file(&ran).unwrap();
    clone.git(&["checkout", "--quiet", "--", "."]);

    with_credentials(clone.shipgate(&["check", "--output", "json"]).directory(&inside)).json();
    assert!(!ran.exists(), "`check` ran a program of the checkout");
    away_from_aws(clone.shipgate(&["status", "--output", "json", "--config", "svc/shipgate.toml"])).json();
    let named = [&DEPLOY[..], &["--config", "svc/shipgate.toml"]].concat();
    for run in [clone.shipgate(&DEPLOY).directory(&inside), clone.shipgate(&named)] {
        let report = reaches_aws(&away_from_aws(run));
        assert_eq!(report["release"]["sha"], *clone.head());
        assert!(!ran.exists(), "`deploy` ran a program of the checkout");
    }
    clone.write("svc/new", "");
    let report = away_from_aws(clone.shipgate(&DEPLOY).directory(&inside)).outcome("invalid", 2);
    assert_reported(&report["causes"], &["svc/new"]);
}

#[test]
fn programs_of_the_repositorys_own_configuration_are_not_started() {
    let directory = tempfile::tempdir().unwrap();
    let ran = directory.path().join("ran");
    let repository = Repository::with_config(CONFIG);
    repository.write(".gitattributes", "* filter=x diff=x\n");
    repository.write("file", "one");
    repository.commit("Attributes");
    let program = format!("touch '{}'; cat #", ran.display());
    for key in ["core.fsmonitor", "filter.x.clean", "diff.x.textconv", "core.pager", "diff.external"] {
        repository.git(&["config", key, &program]);
    }
    std::fs::write(repository.path().join(".git/hooks/post-index-change"), format!("#!/bin/sh\n{program}\n")).unwrap();
    std::fs::set_permissions(
        repository.path().join(".git/hooks/post-index-change"),
        std::fs::Permissions::from_mode(0o755),
    )
    .unwrap();
    // Git has to read the content.
    repository.write("file", "two");

    let report = away_from_aws(repository.shipgate(&DEPLOY)).outcome("invalid", 2);

    assert!(!ran.exists());
    assert_reported(&report["causes"], &["file"]);
    assert_reported(&report["hints"], &["filter.x.clean", "--global"]);
}

#[test]
fn files_that_git_does_not_compare_are_refused() {
    for (mark, undo) in [("--skip-worktree", "--no-skip-worktree"), ("--assume-unchanged", "--no-assume-unchanged")] {
        let repository = Repository::with_config(CONFIG);
        repository.write("a dir/say.txt", "hello");
        repository.commit("Say");
        repository.git(&["update-index", mark, "a dir/say.txt"]);
        repository.write("a dir/say.txt", "secretly changed");

        let report = away_from_aws(repository.shipgate(&DEPLOY)).outcome("invalid", 2);

        assert!(reason(&report).contains("not to compare"), "{report:#}");
        assert_reported(&report["causes"], &["a dir/say.txt", mark.trim_start_matches('-')]);
        assert_reported(&report["hints"], &[&format!("git update-index {undo} 'a dir/say.txt'")]);
        let dirty = away_from_aws(repository.shipgate(&[&DEPLOY[..], &["--allow-dirty"]].concat()));
        assert!(reaches_aws(&dirty)["release"]["sha"].as_str().unwrap().contains("-dirty-"));
        repository.git(&["update-index", undo, "a dir/say.txt"]);
        assert_reported(
            &away_from_aws(repository.shipgate(&DEPLOY)).outcome("invalid", 2)["causes"],
            &["M a dir/say.txt"],
        );
    }
}

#[test]
fn a_sparse_checkout_may_leave_out_what_nothing_is_built_from() {
    let repository = Repository::with_config(&CONFIG.replace("context = \".\"", "context = \"backend\""));
    repository.write("backend/Dockerfile", "FROM scratch\n");
    repository.write("backend/assets/logo", "");
    repository.write("docs/page", "");
    repository.commit("More");
    repository.git(&["sparse-checkout", "set", "backend"]);
    assert!(!repository.path().join("docs").exists());
    reaches_aws(&away_from_aws(repository.shipgate(&DEPLOY)));
    repository.git(&["sparse-checkout", "set", "--no-cone", "/*", "!/backend/assets"]);

    let report = away_from_aws(repository.shipgate(&DEPLOY)).outcome("invalid", 2);

    assert_reported(&report["causes"], &["skip-worktree", "backend/assets/logo"]);
}

#[test]
fn a_submodule_that_is_ignored_is_seen() {
    let library = Repository::with_config(CONFIG);
    let repository = Repository::with_config(CONFIG);
    let from = library.path().to_str().unwrap();
    repository.git(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", from, "lib"]);
    repository.git(&["config", "--file", ".gitmodules", "submodule.lib.ignore", "all"]);
    let committed = repository.commit("A library");
    let clean = reaches_aws(&away_from_aws(repository.shipgate(&DEPLOY)));
    assert_eq!(clean["release"]["sha"], *committed);
    let directory = tempfile::tempdir().unwrap();
    let ran = directory.path().join("ran");
    let set = ["config", "--file", ".git/modules/lib/config", "core.fsmonitor"];
    repository.git(&[&set[..], &[&format!("touch '{}'; false #", ran.display())]].concat());

    repository.write("lib/new", "");
    let report = away_from_aws(repository.shipgate(&DEPLOY)).outcome("invalid", 2);
    assert_reported(&report["causes"], &["?? lib/new"]);
    assert!(!ran.exists(), "a program of the submodule's configuration ran");
    std::fs::remove_file(repository.path().join("lib/new")).unwrap();

    repository.git(&["-C", "lib", "update-index", "--assume-unchanged", "shipgate.toml"]);
    let report = away_from_aws(repository.shipgate(&DEPLOY)).outcome("invalid", 2);
    assert_reported(&report["causes"], &["assume-unchanged lib/shipgate.toml"]);
    repository.git(&["-C", "lib", "update-index", "--no-assume-unchanged", "shipgate.toml"]);

    repository.git(&["-C", "lib", "commit", "--quiet", "--allow-empty", "--message", "Moved"]);
    let report = away_from_aws(repository.shipgate(&DEPLOY)).outcome("invalid", 2);
    assert_reported(&report["causes"], &["M lib"]);
}

/// As actions/checkout leaves it unless it is asked for submodules: git says nothing of what is in such a directory.
#[test]
fn files_in_the_place_of_a_submodule_are_seen() {
    let library = Repository::with_config(CONFIG);
    let repository = Repository::with_config(CONFIG);
    let from = library.path().to_str().unwrap();
    repository.git(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", from, "lib"]);
    let committed = repository.commit("A library");
    repository.git(&["submodule", "--quiet", "deinit", "--force", "lib"]);
    let clean = reaches_aws(&away_from_aws(repository.shipgate(&DEPLOY)));
    assert_eq!(clean["release"]["sha"], *committed);

    repository.write("lib/new", "");
    let report = away_from_aws(repository.shipgate(&DEPLOY)).outcome("invalid", 2);
    assert_reported(&report["causes"], &["?? lib/"]);
}

#[test]
fn a_configuration_above_the_repository_is_anybodys() {
    let around = Repository::bare();
    around.write("shipgate.toml", CONFIG);
    around.write("clone/deep/x", "");
    let inner = around.path().join("clone/deep");
    for arguments in [&DEPLOY[..], &["status", "--output", "json"]] {
        let report = away_from_aws(around.shipgate(arguments).directory(&inner)).outcome("invalid", 2);
        assert!(reason(&report).contains("there is no shipgate.toml in"), "outside any repository: {report:#}");
    }
    around.git(&["init", "--quiet", "clone"]);
    let report = away_from_aws(around.shipgate(&DEPLOY).directory(&inner)).outcome("invalid", 2);
    assert!(reason(&report).contains("there is no shipgate.toml in"), "{report:#}");
    let checked =
        away_from_aws(around.shipgate(&["check", "--output", "json"]).directory(&inner)).expect_code(2).json();
    assert_eq!(checked["findings"][0]["rule"], "configuration-missing", "{checked:#}");
    around.write("clone/shipgate.toml", CONFIG);
    let report = away_from_aws(around.shipgate(&DEPLOY).directory(&inner)).outcome("invalid", 2);
    assert!(reason(&report).contains("has no commit"), "{report:#}");
}

#[test]
fn a_configuration_that_links_out_of_the_repository_is_not_shown() {
    let elsewhere = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(elsewhere.path(), "aws_secret_access_key = canary secret").unwrap();
    let repository = Repository::with_config(CONFIG);
    std::fs::remove_file(repository.path().join("shipgate.toml")).unwrap();
    symlink(elsewhere.path(), repository.path().join("shipgate.toml")).unwrap();
    for arguments in [&DEPLOY[..], &["deploy", "stage", "--output", "json", "--config", "shipgate.toml"]] {
        let ran = away_from_aws(repository.shipgate(arguments));
        let report = ran.outcome("invalid", 2);
        assert_reported(&report["causes"], &["leads out of the repository"]);
        assert!(!ran.stderr.contains("canary") && !ran.stdout.contains("canary"), "{}", ran.stderr);
    }
}

/// Gives a whole checkout to another user.
fn give(repository: &Repository, user: u32) {
    let given = command("chown").arg("-R").arg(user.to_string()).arg(repository.path()).status().unwrap();
    assert!(given.success());
}

/// As in a job in a container: this process is root, and the runner has checked out.
#[test]
#[ignore = "needs root: scripts/test"]
fn the_checkout_of_another_user_is_trusted_where_the_runner_made_it() {
    let repository = Repository::with_config(CONFIG);
    give(&repository, SOMEBODY);
    let path = repository.path().canonicalize().unwrap();
    let run = |arguments: &[&str]| repository.shipgate(arguments).env("GIT_CONFIG_SYSTEM", "/dev/null");
    let workspace = |run: Shipgate, path: &Path| run.env("GITHUB_ACTIONS", "true").env("GITHUB_WORKSPACE", path);

    let report = away_from_aws(run(&DEPLOY)).outcome("invalid", 2);
    assert!(reason(&report).contains("belongs to another user"), "{report:#}");
    assert_reported(&report["causes"], &["65534"]);
    assert_reported(&report["hints"], &["git config --global --add safe.directory", path.to_str().unwrap()]);
    let other = tempfile::tempdir().unwrap();
    away_from_aws(workspace(run(&DEPLOY), other.path())).outcome("invalid", 2);
    let other_owner = path.parent().unwrap();
    let report = away_from_aws(workspace(run(&DEPLOY), other_owner)).outcome("invalid", 2);
    assert!(reason(&report).contains("belongs to another user"), "the workspace is ours, the checkout is not");
    let report = away_from_aws(run(&DEPLOY).env("GITHUB_WORKSPACE", &path)).outcome("invalid", 2);
    assert!(reason(&report).contains("belongs to another user"), "this is no job");

    reaches_aws(&away_from_aws(workspace(run(&DEPLOY), &path)));
    reaches_aws(&away_from_aws(run(&DEPLOY).env("SUDO_UID", SOMEBODY.to_string())));
    let settings = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(settings.path(), format!("[safe]\n\tdirectory = {}\n", path.display())).unwrap();
    reaches_aws(&away_from_aws(run(&DEPLOY).env("GIT_CONFIG_GLOBAL", settings.path())));
    // The tree belongs to this user again, and its `.git` is not.
    give(&repository, 0);
    chown(path.join(".git"), Some(SOMEBODY), None).unwrap();
    away_from_aws(run(&DEPLOY)).outcome("invalid", 2);
}

/// The reverse: root has checked out, and this process is another user.
#[test]
#[ignore = "needs root: scripts/test"]
fn the_checkout_of_root_is_trusted() {
    let repository = Repository::with_config(CONFIG);
    let program = tempfile::tempdir().unwrap();
    let shipgate = program.path().join("shipgate");
    std::fs::copy(env!("CARGO_BIN_EXE_shipgate"), &shipgate).unwrap();
    for directory in [program.path(), repository.path().parent().unwrap()] {
        std::fs::set_permissions(directory, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let run = |user: u32| {
        let mut as_user = command("setpriv");
        as_user.args([&format!("--reuid={user}"), "--clear-groups"]).arg(&shipgate).args(DEPLOY);
        as_user.current_dir(repository.path()).env("HOME", "/nonexistent").env("AWS_EC2_METADATA_DISABLED", "true");
        crate::offline::run(as_user)
    };
    reaches_aws(&run(SOMEBODY));
    give(&repository, 1);
    let report = run(SOMEBODY).outcome("invalid", 2);
    assert!(reason(&report).contains("belongs to another user"), "{report:#}");
}

/// What is guarded ends with its guard's input, as it does when the program that holds the other end is killed.
#[test]
fn a_guard_ends_all_that_it_started() {
    use std::io::BufRead as _;
    use std::os::unix::process::CommandExt as _;
    use std::process::Stdio;
    let mut guard = command(env!("CARGO_BIN_EXE_shipgate"));
    guard.arg0("shipgate-guard").args(["/bin/sh", "-c", "sleep 300 & echo $!; sleep 300"]);
    guard.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut running = guard.spawn().unwrap();
    let mut line = String::new();
    std::io::BufReader::new(running.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let sleeping = line.trim().parse().unwrap();
    assert!(lives(sleeping));

    drop(running.stdin.take());

    eventually("all has ended", || !lives(sleeping));
    assert!(!running.wait().unwrap().success());
    for (script, code) in [("exit 3", 3), ("kill -9 $$", 137)] {
        let mut guard = command(env!("CARGO_BIN_EXE_shipgate"));
        guard.arg0("shipgate-guard").args(["/bin/sh", "-c", script]).process_group(0).stdin(Stdio::piped());
        let mut running = guard.spawn().unwrap();
        let _input = running.stdin.take();
        assert_eq!(running.wait().unwrap().code(), Some(code), "{script}");
    }
}
