//! Builds of sites by the compiled program, where there is no cloud: what a build gets, and what becomes of what it leaves.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use serde_json::Value;

use crate::harness::{Ran, Repository, eventually};

const CANARY: &str = "canary-9f3c-of-a-build";

/// A page that names a script by its fingerprint, as builders leave it.
const GOOD: &str = "mkdir -p dist/assets\nprintf '<script src=/assets/app-8e8b2a4c.js></script>' > dist/index.html\n\
    printf 'let release = \"%s\"' \"$RELEASE\" > dist/assets/app-8e8b2a4c.js\n";

/// A repository with a site whose build is a script.
fn site(script: &str) -> Repository {
    with_config(script, "")
}

/// The same with more keys of `build`.
fn with_config(script: &str, more: &str) -> Repository {
    let config = format!(
        "app = \"shop\"\n[components.site]\nkind = \"static-site\"\nbucket = \"${{vars.NOT_SET}}\"\n\
         artifacts = \"${{env.NOT_SET}}\"\n\
         build = {{ run = \"sh build.sh\", output = \"dist\", env = {{ RELEASE = \"${{release.sha}}\" }}{more} }}\n\
         [environments.stage]\nregion = \"${{vars.NOT_SET}}\"\n"
    );
    Repository::with_files(&[
        ("shipgate.toml", &config),
        ("build.sh", &format!("set -e\n{script}")),
        (".gitignore", "dist\nbundles\n"),
    ])
}

fn build(repository: &Repository) -> Ran {
    repository.shipgate(&["build", "--to", "bundles", "--json"]).run()
}

#[track_caller]
fn built(repository: &Repository) -> Value {
    let ran = build(repository);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    ran.json()["bundles"][0].clone()
}

/// The last lines of a build that is refused with an exit code.
#[track_caller]
fn refused(repository: &Repository, code: i32) -> String {
    let ran = repository.shipgate(&["build", "--to", "bundles"]).run();
    assert_eq!(ran.code, code, "{}{}", ran.stdout, ran.stderr);
    assert!(!repository.path().join("bundles/site.tar").exists());
    ran.stderr
}

#[test]
fn a_commit_is_one_bundle_wherever_it_is_built() {
    let repository = site(GOOD);
    let first = built(&repository);
    assert_eq!((&first["component"], &first["path"]), (&"site".into(), &"bundles/site.tar".into()));
    assert_eq!((&first["files"], &first["bytes"]), (&2.into(), &101.into()));
    let bytes = fs::read(repository.path().join("bundles/site.tar")).unwrap();
    fs::remove_dir_all(repository.path().join("dist")).unwrap();
    assert_eq!(built(&repository), first);
    assert_eq!(fs::read(repository.path().join("bundles/site.tar")).unwrap(), bytes);
    let clone = repository.shallow_clone();
    assert_eq!(built(&clone)["digest"], first["digest"]);
    assert_eq!(fs::read(clone.path().join("bundles/site.tar")).unwrap(), bytes);
    // The first entry is the manifest, and its digest is the bundle's.
    let text = String::from_utf8_lossy(&bytes).into_owned();
    assert!(text.starts_with("manifest.json\0") && text.contains(&repository.head()), "{text}");
    repository.commit("Another");
    assert_ne!(built(&repository)["digest"], first["digest"]);
}

#[test]
fn the_job_that_deploys_gets_the_digests() {
    let repository = site(GOOD);
    let output = repository.path().parent().unwrap().join("outputs");
    let shown = repository
        .shipgate(&["build", "--to", "bundles"])
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_OUTPUT", &output)
        .leaving_a_page()
        .run();
    assert_eq!(shown.code, 0, "{}", shown.stderr);
    let digest = built(&repository)["digest"].as_str().unwrap().to_owned();
    assert!(shown.stdout.contains(&digest) && shown.stdout.contains("bundles/site.tar"), "{}", shown.stdout);
    let outputs = fs::read_to_string(output).unwrap();
    assert!(outputs.contains(&format!("{{\"site\":\"{digest}\"}}")), "{outputs}");
    assert!(outputs.contains(&repository.head()), "{outputs}");
    let page = fs::read_to_string(crate::harness::page_of(repository.path())).unwrap();
    assert!(page.contains(&digest), "{page}");
}

/// All that is in the environment of the one that builds, and what a build finds of it.
#[test]
fn no_credential_reaches_a_build() {
    let script = format!(
        "{GOOD}env > dist/env.txt\ncat /proc/self/environ 2>/dev/null | tr '\\0' '\\n' >> dist/env.txt || true\n"
    );
    let repository = site(&script);
    let names = [
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_PROFILE",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "ACTIONS_ID_TOKEN_REQUEST_URL",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
        "ACTIONS_RUNTIME_TOKEN",
        "GITHUB_TOKEN",
        "GITHUB_ENV",
        "GITHUB_PATH",
        "GITHUB_OUTPUT",
        "GH_TOKEN",
        "SHIPGATE_PLAN",
        "NPM_TOKEN",
        "NODE_AUTH_TOKEN",
        "SSH_AUTH_SOCK",
        "ANYTHING_ELSE",
    ];
    let asked = repository.shipgate(&["build", "--to", "bundles"]).env("LC_ALL", "C").env("CI", "true");
    let ran = names.iter().fold(asked, |asked, name| asked.env(name, CANARY)).run();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let seen = fs::read_to_string(repository.path().join("dist/env.txt")).unwrap();
    assert!(!seen.contains(CANARY), "{seen}");
    assert!(seen.contains("LC_ALL=C") && seen.contains("CI=true"), "{seen}");
    assert!(seen.contains(&format!("RELEASE={}", repository.head())), "{seen}");
    assert!(!String::from_utf8_lossy(&fs::read(repository.path().join("bundles/site.tar")).unwrap()).contains(CANARY));
}

#[test]
fn a_job_that_can_become_somebody_does_not_build() {
    let repository = site("touch built\n");
    for (name, hint) in [
        ("ACTIONS_ID_TOKEN_REQUEST_URL", "remove `permissions: id-token: write` from the job that builds"),
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "remove `permissions: id-token: write` from the job that builds"),
        ("AWS_ACCESS_KEY_ID", "build in a job without them"),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", "build in a job without them"),
    ] {
        let ran =
            repository.shipgate(&["build", "--to", "bundles"]).env("GITHUB_ACTIONS", "true").env(name, CANARY).run();
        assert_eq!(ran.code, 2, "{}", ran.stderr);
        assert!(ran.stderr.contains(hint), "{}", ran.stderr);
        assert!(!ran.stderr.contains(CANARY) && !repository.path().join("built").exists());
    }
}

#[test]
fn a_build_that_fails_says_so_and_leaves_no_bundle() {
    let repository = site("echo 'one ::error::two'\necho '::add-mask::x'\necho 'missing module' >&2\nexit 3\n");
    let ran = build(&repository);
    let document = ran.json();
    assert_eq!((ran.code, document["outcome"].as_str()), (1, Some("failed")), "{}", ran.stderr);
    assert_eq!(document["reason"], "the build of `site` ended with exit code 3");
    let cause = &document["cause_details"][0];
    assert_eq!((&cause["kind"], &cause["code"]), (&"build".into(), &"exit-3".into()), "{document:#}");
    let text = refused(&repository, 1);
    assert!(text.contains("missing module") && !text.lines().any(|line| line.trim_start().starts_with("::")), "{text}");
    let text = refused(&site("kill -9 $$\n"), 1);
    assert!(text.contains("the build of `site` ended with"), "{text}");
}

#[test]
fn what_is_no_site_is_refused() {
    for (script, code, expected) in [
        ("true\n".to_owned(), 2, "the build left no directory `dist`"),
        ("mkdir dist\n".to_owned(), 2, "the output `dist` has no files"),
        ("mkdir -p dist/sub; touch dist/sub/index.html\n".to_owned(), 2, "the output `dist` has no `index.html`"),
        (format!("{GOOD}ln -s /etc/passwd dist/link\n"), 1, "`link` is a symbolic link that leads out of the output"),
        (format!("{GOOD}ln -s ../shipgate.toml dist/link\n"), 1, "`link` is a symbolic link that leads out"),
        (format!("{GOOD}ln -s assets dist/link\n"), 1, "`link` is a symbolic link to a directory"),
        (format!("{GOOD}mkfifo dist/pipe\n"), 1, "`pipe` is neither a file nor a directory"),
        (format!("{GOOD}cp -r .git dist/.git\n"), 1, "`.git` belongs to a git repository"),
        (
            format!("{GOOD}printf x > \"dist/$(printf 'a\\033[31m\\nb')\"\n"),
            1,
            "cannot be the name of a file of a site",
        ),
        (format!("{GOOD}rm -r dist; ln -s /etc dist\n"), 2, "the output `dist` is not inside the repository"),
    ] {
        let text = refused(&site(&script), code);
        assert!(text.contains(expected) && text.contains("hint"), "{script}\n{text}");
    }
}

#[test]
fn names_that_s3_can_hold_are_carried() {
    let repository = site(&format!("{GOOD}cp -r names/. dist/\n"));
    let long = format!("names/{}/{}", vec!["d".repeat(200); 5].join("/"), "f".repeat(19));
    let names = ["names/a b/ü+%#?.txt", "names/.well-known/apple-app-site-association", "names/::error::x", &long];
    for name in names {
        repository.write(name, "x");
    }
    repository.write("names/empty.txt", "");
    repository.commit("Names");
    assert_eq!(built(&repository)["files"], 7);
    let invalid = Path::new(OsStr::from_bytes(b"names/a\xffb"));
    fs::write(repository.path().join(invalid), "x").unwrap();
    let ran = repository.shipgate(&["build", "--to", "bundles", "--allow-dirty"]).run();
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("`a\u{fffd}b` cannot be the name"), "{}", ran.stderr);
}

/// Something that the build started goes on writing.
#[test]
fn a_file_that_changes_while_it_is_read_is_refused() {
    let script = format!(
        "{GOOD}head -c 8000000 /dev/zero > dist/log.txt\n\
         (trap '' HUP; for _ in $(seq 400); do echo x >> dist/log.txt; sleep 0.01; done) > /dev/null 2>&1 &\n"
    );
    let repository = site(&script);
    // A read may fall between two of the writes: 8 MB take longer than that.
    let found = (0..5).any(|_| {
        let ran = repository.shipgate(&["build", "--to", "bundles"]).run();
        ran.code == 1 && ran.stderr.contains("`log.txt` changed while it was read")
    });
    assert!(found);
}

#[test]
fn what_an_earlier_build_left_is_no_site() {
    let repository = site("test -d dist && exit 0\nmkdir -p dist; touch dist/index.html dist/old.js\n");
    built(&repository);
    let text = repository.shipgate(&["build", "--to", "bundles"]).run();
    assert_eq!(text.code, 2, "{}", text.stderr);
    assert!(text.stderr.contains("the build wrote nothing to `dist`, which was there before"), "{}", text.stderr);
    let repository = site("mkdir -p dist; touch dist/index.html; test -f dist/old.js || touch dist/old.js\n");
    built(&repository);
    let warned = build(&repository);
    assert_eq!(warned.code, 0, "{}", warned.stderr);
    assert!(warned.stderr.contains("`old.js` of `dist` is of an earlier build"), "{}", warned.stderr);
    // What is checked in needs no build.
    let config = "app = \"shop\"\n[components.site]\nkind = \"static-site\"\nbucket = \"site\"\nartifacts = \"kept\"\n\
        build = { run = \"true\", output = \"public\" }\n[environments.stage]\nregion = \"us-east-1\"\n";
    let files = [("shipgate.toml", config), ("public/index.html", "<p>"), (".gitignore", "bundles\n")];
    assert_eq!(built(&Repository::with_files(&files))["files"], 1);
}

#[test]
fn the_working_tree_is_that_of_a_commit() {
    let repository = site(GOOD);
    repository.write("build.sh", format!("set -e\n{GOOD}# more\n"));
    let text = refused(&repository, 2);
    assert!(text.contains("the working tree has changes") && text.contains("build.sh"), "{text}");
    let ran = repository.shipgate(&["build", "--to", "bundles", "--allow-dirty", "--json"]).run();
    let release = ran.json()["release"].as_str().unwrap().to_owned();
    assert!(release.starts_with(&format!("{}-dirty-", repository.head())), "{release}");
}

#[test]
fn node_has_the_version_that_is_written() {
    let repository = with_config(GOOD, ", node = \"22\"");
    let programs = repository.path().parent().unwrap().join("programs");
    let node = programs.join("node");
    let of = |script: &str| {
        fs::create_dir_all(&programs).unwrap();
        fs::write(&node, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&node, fs::Permissions::from_mode(0o755)).unwrap();
        let path = format!("{}:/usr/bin:/bin", programs.display());
        repository.shipgate(&["build", "--to", "bundles"]).env("PATH", path).run()
    };
    let wrong = of("echo v20.1.0");
    assert_eq!(wrong.code, 2, "{}", wrong.stderr);
    assert!(wrong.stderr.contains("Node.js is v20.1.0, and `node` of `build` is 22"), "{}", wrong.stderr);
    assert_eq!(of("exit 1").code, 2);
    assert_eq!(of("echo v22.3.1").code, 0);
    let missing = repository.shipgate(&["build", "--to", "bundles"]).only_programs(&["git", "sh", "mkdir"]).run();
    assert_eq!(missing.code, 2, "{}", missing.stderr);
    assert!(missing.stderr.contains("`node` is not installed"), "{}", missing.stderr);
}

#[test]
fn an_interrupted_build_ends_with_all_that_it_started() {
    let script = "(sleep 300; touch late) & echo $! > dist.pid\necho begun\nwait\n";
    let repository = site(script);
    repository.write(".gitignore", "dist*\nbundles\n");
    repository.commit("Ignore");
    let running = repository.shipgate(&["build", "--to", "bundles", "-v"]).start();
    running.until_stderr("begun");
    let pid = fs::read_to_string(repository.path().join("dist.pid")).unwrap();
    running.signal("INT");
    let ran = running.wait();
    assert_eq!(ran.code, 130, "{}", ran.stderr);
    let process = Path::new("/proc").join(pid.trim());
    let has_ended = || {
        let stat = fs::read_to_string(process.join("stat")).unwrap_or_default();
        stat.is_empty() || stat.contains(") Z ")
    };
    eventually("what the build started has ended", has_ended);
    assert!(!repository.path().join("bundles/site.tar").exists());
}

/// A bundle takes the place of an older one only when it is whole.
#[test]
fn a_bundle_is_whole_or_the_one_from_before() {
    let repository = site(GOOD);
    built(&repository);
    let before = fs::read(repository.path().join("bundles/site.tar")).unwrap();
    repository.write("build.sh", "exit 1\n");
    repository.commit("Break");
    assert_eq!(build(&repository).code, 1);
    assert_eq!(fs::read(repository.path().join("bundles/site.tar")).unwrap(), before);
    assert_eq!(fs::read_dir(repository.path().join("bundles")).unwrap().count(), 1, "nothing is left behind");
    // The directory may be a link, and the file is not written through one.
    fs::remove_file(repository.path().join("bundles/site.tar")).unwrap();
    repository.write("build.sh", GOOD);
    repository.commit("Correct");
    repository.write("dist-target", "kept");
    symlink("../dist-target", repository.path().join("bundles/site.tar")).unwrap();
    let ran = repository.shipgate(&["build", "--to", "bundles", "--allow-dirty"]).run();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(fs::read_to_string(repository.path().join("dist-target")).unwrap(), "kept");
}
