//! On real repositories.

use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use camino::Utf8PathBuf;
use tempfile::TempDir;
use tokio::time::Instant;

use super::*;
use crate::clients::git_repository::Owners;
use crate::clients::process::{Processes, ProgramCall};
use crate::http_server::{Answer, serve};

const NOWHERE: &str = "da39a3ee5e6b4b0d3255bfef95601890afd80709";

/// A repository in a directory with a space and a letter beyond ASCII.
pub(in crate::clients) struct TestRepository {
    _directory: TempDir,
    path: Utf8PathBuf,
}

impl TestRepository {
    fn bare_directory() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(directory.path().join("a shöp")).unwrap();
        std::fs::create_dir(&path).unwrap();
        Self { _directory: directory, path }
    }

    pub(in crate::clients) async fn new() -> Self {
        let repository = Self::bare_directory();
        repository.git(&["init", "--quiet", "--initial-branch", "main"]).await;
        repository.git(&["config", "uploadpack.allowAnySHA1InWant", "true"]).await;
        repository.git(&["config", "uploadpack.allowFilter", "true"]).await;
        repository
    }

    /// A clone through a transport, with options of `git clone`.
    pub(in crate::clients) async fn cloned(&self, options: &[&str]) -> Self {
        let clone = Self::bare_directory();
        let source = format!("file://{}", self.path);
        clone.git(&[&["clone", "--quiet"], options, &[&source, "."]].concat()).await;
        clone
    }

    pub(in crate::clients) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    pub(in crate::clients) async fn commit(&self, message: &str) -> GitSha {
        self.git(&["add", "--all"]).await;
        self.git(&["commit", "--quiet", "--allow-empty", "--message", message]).await;
        self.sha("HEAD").await
    }

    async fn sha(&self, revision: &str) -> GitSha {
        self.git(&["rev-parse", revision]).await.parse().unwrap()
    }

    pub(in crate::clients) async fn git(&self, arguments: &[&str]) -> String {
        let invocation = ProgramCall {
            program: "git",
            arguments: arguments.iter().map(OsString::from).collect(),
            directory: self.path.clone(),
            variables: Vec::new(),
        };
        let finished = processes().run(&invocation, |_| {}).await.unwrap();
        assert!(finished.success, "git {arguments:?}: {:?}", finished.tail);
        finished.stdout.trim().to_owned()
    }

    pub(in crate::clients) fn client(&self) -> Git {
        Git::new(processes(), &self.path, Owners::default())
    }

    fn client_in(&self, directory: &str) -> Git {
        Git::new(processes(), &self.path.join(directory), Owners::default())
    }

    /// All that a fetch must leave alone.
    async fn refs(&self) -> (String, bool) {
        (self.git(&["for-each-ref"]).await, self.path.join(".git/FETCH_HEAD").exists())
    }
}

fn processes() -> Processes {
    processes_with(&[])
}

/// With settings of the user's own.
fn processes_with(settings: &[(&str, &str)]) -> Processes {
    let variables = [
        ("PATH", "/usr/local/bin:/usr/bin:/bin"),
        ("HOME", "/nowhere"),
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_CONFIG_SYSTEM", "/dev/null"),
        ("GIT_AUTHOR_NAME", "Tester"),
        ("GIT_AUTHOR_EMAIL", "tester@shop.example"),
        ("GIT_COMMITTER_NAME", "Tester"),
        ("GIT_COMMITTER_EMAIL", "tester@shop.example"),
    ];
    let mut variables: Vec<(OsString, OsString)> =
        variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
    variables.push(("GIT_CONFIG_COUNT".into(), settings.len().to_string().into()));
    for (number, (key, value)) in settings.iter().enumerate() {
        variables.push((format!("GIT_CONFIG_KEY_{number}").into(), key.into()));
        variables.push((format!("GIT_CONFIG_VALUE_{number}").into(), value.into()));
    }
    Processes::new(variables)
}

fn nowhere() -> GitSha {
    NOWHERE.parse().unwrap()
}

#[tokio::test]
async fn a_commit_was_made_when_its_committer_says() {
    let repository = TestRepository::new().await;
    let first = repository.commit("First").await;
    let second = repository.commit("Second").await;
    let made = repository.git(&["show", "--no-patch", "--format=%ct", &first.to_string()]).await;
    let made = Timestamp::from_second(made.trim().parse().unwrap()).unwrap();
    // A setting of the user's that changes what `git log` prints.
    repository.git(&["config", "log.showSignature", "true"]).await;
    let git = repository.client();
    assert_eq!(git.commit_time(&first).await.unwrap(), Some(made));
    assert_eq!(git.commit_time(&NOWHERE.parse().unwrap()).await.unwrap(), None);
    let shallow = repository.cloned(&["--depth=1"]).await;
    let shallow = shallow.client();
    assert_eq!(shallow.commit_time(&first).await.unwrap(), None);
    assert!(shallow.commit_time(&second).await.unwrap().is_some());
}

#[tokio::test]
async fn only_a_commit_is_one() {
    let shop = TestRepository::new().await;
    let commit = shop.commit("One").await;
    shop.git(&["tag", "--annotate", "--message", "One", "v1"]).await;
    let git = shop.client();
    assert!(git.has_commit(&commit).await);
    for other in [nowhere(), shop.sha("HEAD^{tree}").await, shop.sha("v1").await] {
        assert!(!git.has_commit(&other).await, "{other}");
    }
    assert!(!TestRepository::bare_directory().client().has_commit(&commit).await);
}

#[tokio::test]
async fn ancestors_in_a_complete_clone() {
    let shop = TestRepository::new().await;
    let one = shop.commit("One").await;
    let two = shop.commit("Two").await;
    shop.git(&["checkout", "--quiet", "-b", "side", &one.to_string()]).await;
    let side = shop.commit("Side").await;
    let git = shop.client();
    for (ancestor, descendant, answer) in [
        (&one, &two, Some(true)),
        (&two, &one, Some(false)),
        (&side, &two, Some(false)),
        (&nowhere(), &two, None),
        (&two, &nowhere(), None),
        (&nowhere(), &nowhere(), Some(true)),
    ] {
        assert_eq!(git.is_ancestor(ancestor, descendant).await.unwrap(), answer, "{ancestor} {descendant}");
    }
    // A local replacement is not what the others have.
    shop.git(&["replace", "--graft", &side.to_string(), &two.to_string()]).await;
    assert_eq!(git.is_ancestor(&two, &side).await.unwrap(), Some(false));
}

#[tokio::test]
async fn a_shallow_clone_cannot_say_no() {
    let shop = TestRepository::new().await;
    let one = shop.commit("One").await;
    let two = shop.commit("Two").await;
    let three = shop.commit("Three").await;
    let clone = shop.cloned(&["--depth", "2"]).await;
    let git = clone.client();
    assert_eq!(git.is_ancestor(&two, &three).await.unwrap(), Some(true));
    assert_eq!(git.is_ancestor(&three, &two).await.unwrap(), None);
    assert_eq!(git.is_ancestor(&one, &three).await.unwrap(), None);
    assert_eq!(git.commits_between(&two, &three, 5).await.unwrap(), None);
}

#[tokio::test]
async fn commits_between_two() {
    let shop = TestRepository::new().await;
    let one = shop.commit("One").await;
    shop.commit("::error::Two\u{1b}[31m\n\nand more").await;
    let three = shop.commit(&"ö".repeat(500)).await;
    let four = shop.commit("Four\twith a tab").await;
    shop.git(&["checkout", "--quiet", "-b", "side", &one.to_string()]).await;
    let side = shop.commit("Side").await;
    // Settings of the user that would write something else, or run something.
    for (name, value) in [("log.showSignature", "true"), ("format.pretty", "raw"), ("color.ui", "always")] {
        shop.git(&["config", name, value]).await;
    }
    let git = shop.client();
    let between = async |from: &GitSha, to: &GitSha, most| git.commits_between(from, to, most).await.unwrap();

    let commits = between(&one, &four, 2).await.unwrap();
    assert_eq!((commits.count, commits.newest.len()), (3, 2));
    let newest = commits.newest[0].clone();
    assert!(newest.committed.is_some(), "{newest:?}");
    assert_eq!(newest.committed_at(None), CommitLine::new(four.clone(), "Four with a tab", "Tester"));
    assert_eq!((&commits.newest[1].sha, commits.newest[1].subject.chars().count()), (&three, 200 + 1));
    let all = between(&one, &four, 9).await.unwrap();
    assert_eq!((all.count, all.newest.len(), all.newest[2].subject.as_str()), (3, 3, ": :error::Two"));
    assert_eq!(between(&one, &four, 0).await, Some(Commits { count: 3, newest: Vec::new() }));
    assert_eq!(between(&four, &one, 5).await, Some(Commits { count: 0, newest: Vec::new() }));
    assert_eq!(between(&four, &side, 5).await.unwrap().newest[0].subject, "Side");

    let line = git.commit(&four).await.unwrap().unwrap();
    assert_eq!(line.committed_at(None), CommitLine::new(four.clone(), "Four with a tab", "Tester"));
    let missing = "b".repeat(40).parse().unwrap();
    assert_eq!(git.commit(&missing).await.unwrap(), None);
    assert_eq!(between(&four, &four, 5).await.unwrap().count, 0);
    assert_eq!(between(&nowhere(), &four, 5).await, None);
    assert_eq!(between(&four, &nowhere(), 5).await, None);
}

#[tokio::test]
async fn a_file_is_read_as_it_was_committed() {
    let shop = TestRepository::new().await;
    let names = ["shipgate.toml", "an öther dir/*.toml", ":(top)x", "-x", "deep/er/file"];
    let content = "\u{feff}app = \"é\u{fffd}\"\r\n\n\tno end";
    for name in names {
        shop.write(name, content);
    }
    shop.write("empty", "");
    let commit = shop.commit("Files").await;
    for name in names {
        shop.write(name, "changed since");
    }
    shop.commit("Changed").await;
    let git = shop.client();
    for name in names {
        assert_eq!(git.file_at(&commit, name.into()).await.unwrap().as_deref(), Some(content), "{name}");
    }
    assert_eq!(git.file_at(&commit, "empty".into()).await.unwrap().as_deref(), Some(""));
    assert_eq!(git.file_at(&commit, "not there".into()).await.unwrap(), None);
    let inside = shop.client_in("deep");
    assert_eq!(inside.file_at(&commit, "er/file".into()).await.unwrap().as_deref(), Some(content));
    assert_eq!(inside.file_at(&commit, "shipgate.toml".into()).await.unwrap(), None);
    assert_eq!(inside.file_at(&commit, "../shipgate.toml".into()).await.unwrap().as_deref(), Some(content));
}

#[tokio::test]
async fn what_is_no_text_file_is_refused() {
    let shop = TestRepository::new().await;
    shop.write("bytes", b"app = \"\xff\"");
    // As long as the character that would replace it.
    shop.write("truncated", b"app = \"\xf0\x9f\x98\"");
    let limit = FILE.count();
    shop.write("large", "x".repeat(limit));
    shop.write("too large", "x".repeat(limit + 1));
    shop.write("folder/file", "");
    std::os::unix::fs::symlink("bytes", shop.path.join("link")).unwrap();
    let commit = shop.commit("Files").await;
    let git = shop.client();
    let refused = async |name: &str| {
        let failure = git.file_at(&commit, name.into()).await.unwrap_err();
        failure.to_string().replace(commit.short(), "SHA")
    };
    assert_eq!(refused("bytes").await, "bytes at SHA is not UTF-8");
    assert_eq!(refused("truncated").await, "truncated at SHA is not UTF-8");
    assert_eq!(refused("too large").await, "too large at SHA has 1048577 bytes, which is too much");
    assert_eq!(refused("folder").await, "folder at SHA is not a regular file");
    assert_eq!(refused("link").await, "link at SHA is not a regular file");
    assert_eq!(git.file_at(&commit, "large".into()).await.unwrap().unwrap().len(), limit);

    let failure = git.file_at(&nowhere(), "bytes".into()).await.unwrap_err();
    assert_eq!(failure.to_string(), "commit da39a3e is not in this clone");
    // Its tree is damaged.
    let tree = shop.sha("HEAD^{tree}").await.to_string();
    std::fs::remove_file(shop.path.join(".git/objects").join(&tree[..2]).join(&tree[2..])).unwrap();
    let failure = git.file_at(&commit, "bytes".into()).await.unwrap_err();
    assert_eq!(failure.to_string(), "`git ls-tree` failed");
    assert!(!failure.details().is_empty(), "{failure:?}");
    let GitError::Command(command) = failure else { panic!("{failure:?}") };
    assert_eq!(command.arguments[..3], ["ls-tree", "-l", "-z"]);
}

#[tokio::test]
async fn a_missing_commit_is_fetched_and_nothing_else() {
    let shop = TestRepository::new().await;
    shop.commit("One").await;
    let clone = shop.cloned(&[]).await;
    shop.write("file", "content");
    let two = shop.commit("Two").await;
    shop.git(&["tag", "v2"]).await;
    shop.commit("Three").await;
    for (name, value) in [("remote.origin.tagOpt", "--tags"), ("fetch.prune", "true"), ("gc.auto", "1")] {
        clone.git(&["config", name, value]).await;
    }
    for hook in ["reference-transaction", "post-checkout", "pre-auto-gc"] {
        let name = format!(".git/hooks/{hook}");
        clone.write(&name, "#!/bin/sh\ntouch ran");
        std::fs::set_permissions(clone.path.join(name), std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let before = clone.refs().await;
    let git = clone.client();
    assert!(!git.has_commit(&two).await);
    assert!(git.fetch_commit(&two).await.unwrap());
    assert_eq!(git.file_at(&two, "file".into()).await.unwrap().as_deref(), Some("content"));
    assert_eq!(clone.refs().await, before);
    assert_eq!(clone.git(&["status", "--porcelain"]).await, "");
    assert_eq!(clone.git(&["rev-parse", "--is-shallow-repository"]).await, "false");

    assert!(!git.fetch_commit(&nowhere()).await.unwrap(), "no clone has it");
    clone.git(&["remote", "remove", "origin"]).await;
    assert!(git.fetch_commit(&two).await.unwrap(), "it is there");
    assert!(!git.fetch_commit(&nowhere()).await.unwrap(), "there is no prompt");
}

#[tokio::test]
async fn a_shallow_clone_gets_one_commit() {
    let shop = TestRepository::new().await;
    let one = shop.commit("One").await;
    let two = shop.commit("Two").await;
    shop.commit("Three").await;
    let clone = shop.cloned(&["--depth", "1"]).await;
    let before = clone.refs().await;
    let git = clone.client();
    assert!(git.fetch_commit(&two).await.unwrap());
    assert!(!git.has_commit(&one).await);
    assert_eq!(clone.refs().await, before);
}

#[tokio::test]
async fn a_complete_clone_stays_complete_whatever_its_origin_is() {
    let shop = TestRepository::new().await;
    shop.commit("One").await;
    let complete = shop.cloned(&[]).await;
    shop.commit("Two").await;
    let three = shop.commit("Three").await;
    let shallow = shop.cloned(&["--depth", "1"]).await;
    complete.git(&["remote", "set-url", "origin", &format!("file://{}", shallow.path)]).await;
    let before = complete.refs().await;
    complete.client().fetch_commit(&three).await.unwrap();
    assert_eq!(complete.git(&["rev-parse", "--is-shallow-repository"]).await, "false");
    assert_eq!(complete.refs().await, before);
}

#[tokio::test]
async fn a_partial_clone_is_asked_for_files_only() {
    let shop = TestRepository::new().await;
    shop.write("file", "first");
    let one = shop.commit("One").await;
    shop.write("file", "second");
    shop.commit("Two").await;
    let clone = shop.cloned(&["--filter", "blob:none"]).await;
    let later = shop.commit("Later").await;
    let git = clone.client();
    assert!(!git.has_commit(&later).await, "it was fetched by asking");
    assert_eq!(git.is_ancestor(&one, &later).await.unwrap(), None);
    assert_eq!(git.file_at(&one, "file".into()).await.unwrap().as_deref(), Some("first"));
}

#[tokio::test(start_paused = true)]
async fn a_remote_that_does_not_answer_is_not_waited_for() {
    let shop = TestRepository::new().await;
    shop.commit("One").await;
    shop.git(&["remote", "add", "origin", "ssh://shop.example/shop"]).await;
    // Waits for as long as git does, and leaves out git's own arguments.
    let processes = processes_with(&[("core.sshCommand", "cat >/dev/null; #")]);
    let git = Git::new(processes, &shop.path, Owners::default());
    let start = Instant::now();
    assert!(!git.fetch_commit(&nowhere()).await.unwrap());
    assert!(start.elapsed() >= ANSWER_WITHIN, "{:?}", start.elapsed());
}

fn password_wanted() -> Answer {
    Answer::new(401, "").with("WWW-Authenticate", "Basic realm=\"shop\"")
}

/// Each leaves a file when it runs. The remote is there, so that git goes as far as it can.
#[tokio::test]
async fn no_program_of_the_repositorys_own_configuration_is_started() {
    let shop = TestRepository::new().await;
    let one = shop.commit("One").await;
    let clone = shop.cloned(&["--depth", "1"]).await;
    clone.write(".gitattributes", "* filter=x\n");
    clone.write("file", "first");
    clone.commit("File").await;
    let port = serve(|_| password_wanted()).address.port().to_string();
    let ran = clone.path.join(".git/ran");
    let program = format!("touch '{ran}'; false #");
    for (key, origin) in [
        ("core.sshCommand", "ssh://127.0.0.1/shop"),
        ("core.gitProxy", "git://127.0.0.1:1/shop"),
        ("credential.helper", "http://127.0.0.1:PORT/shop"),
        ("credential.http://127.0.0.1.helper", "http://127.0.0.1:PORT/shop"),
        ("remote.origin.uploadpack", "file://SHOP"),
        ("core.hooksPath", "file://SHOP"),
        ("core.fsmonitor", "file://SHOP"),
        ("filter.x.clean", "file://SHOP"),
        ("filter.x.process", "file://SHOP"),
    ] {
        let value = if key.ends_with(".helper") { format!("!{program}") } else { program.clone() };
        clone.git(&["config", key, &value]).await;
        let origin = origin.replace("SHOP", shop.path.as_str()).replace("PORT", &port);
        clone.git(&["remote", "set-url", "origin", &origin]).await;
        // Another time, so that git has to compare the content.
        clone.write("file", "first");
        let git = clone.client();
        assert!(git.changes(&[]).await.unwrap().changed.is_empty(), "{key}");
        git.fetch_commit(&nowhere()).await.unwrap();
        assert!(!ran.exists(), "{key}");
        clone.git(&["config", "--unset-all", key]).await;
    }
    clone.git(&["remote", "set-url", "origin", &format!("ext::sh -c touch% {ran}")]).await;
    clone.git(&["config", "protocol.ext.allow", "always"]).await;
    assert!(!clone.client().fetch_commit(&nowhere()).await.unwrap());
    assert!(!ran.exists());
    clone.git(&["remote", "set-url", "origin", &format!("file://{}", shop.path)]).await;
    clone.git(&["config", "remote.origin.vcs", "none"]).await;
    assert!(!clone.client().fetch_commit(&nowhere()).await.unwrap());
    assert!(clone.client().has_commit(&one).await);
}

/// A filter of the user's own configuration, as git-lfs has one, is a part of comparing.
#[tokio::test]
async fn the_users_own_filter_stays() {
    let shop = TestRepository::new().await;
    shop.write(".gitattributes", "file filter=x\n");
    shop.write("file", "pointer\n");
    shop.commit("One").await;
    shop.write("file", "content\n");
    let clean = ("filter.x.clean", "sed s/content/pointer/");
    let git = |settings: &[(&str, &str)]| Git::new(processes_with(settings), &shop.path, Owners::default());
    assert_eq!(git(&[clean]).changes(&[]).await.unwrap().changed, [""; 0]);
    shop.git(&["config", "filter.x.clean", "cat"]).await;
    assert_eq!(git(&[clean]).changes(&[]).await.unwrap().changed, [""; 0]);
    let without = git(&[]).changes(&[]).await.unwrap();
    assert_eq!(
        (without.changed, without.unused_filters),
        (vec![" M file".to_owned()], vec!["filter.x.clean".to_owned()])
    );
}

#[tokio::test]
async fn settings_of_the_environment_do_not_win() {
    let shop = TestRepository::new().await;
    shop.commit("One").await;
    let ran = shop.path.join(".git/ran");
    let program = format!("touch '{ran}'; false #");
    let git = Git::new(processes_with(&[("core.fsmonitor", &program)]), &shop.path, Owners::default());
    git.changes(&[]).await.unwrap();
    assert!(!ran.exists());
}

#[tokio::test]
async fn nobody_is_asked_for_a_password() {
    let shop = TestRepository::new().await;
    shop.commit("One").await;
    shop.write("asked", "#!/bin/sh\necho \"$@\" >> asked-for\necho secret");
    std::fs::set_permissions(shop.path.join("asked"), std::fs::Permissions::from_mode(0o755)).unwrap();
    shop.git(&["config", "core.askPass", shop.path.join("asked").as_str()]).await;
    let requests = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&requests);
    let server = serve(move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
        password_wanted()
    });
    let origin = format!("http://{}/shop.git", server.address);
    shop.git(&["remote", "add", "origin", &origin]).await;
    assert!(!shop.client().fetch_commit(&nowhere()).await.unwrap());
    assert!(!shop.path.join("asked-for").exists());
    assert_eq!(requests.load(Ordering::Relaxed), 1);
}

#[test]
fn ssh_is_told_not_to_ask() {
    for (configured, reported) in [
        ("", Some("ssh -oBatchMode=yes")),
        ("ssh -i key", Some("ssh -i key -oBatchMode=yes")),
        ("\"/usr/bin/ssh\" -i \"a key\"", Some("\"/usr/bin/ssh\" -i \"a key\" -oBatchMode=yes")),
        ("'C:\\Program Files\\Git\\ssh.exe'", Some("'C:\\Program Files\\Git\\ssh.exe' -oBatchMode=yes")),
        ("/opt/wrapper -v", None),
        ("plink.exe", None),
    ] {
        assert_eq!(ssh_without_questions(configured).as_deref(), reported, "{configured}");
    }
}

/// git would read all of a long range, whatever it is asked for of it.
#[tokio::test]
async fn commits_are_counted_up_to_a_limit() {
    let shop = TestRepository::new().await;
    let commit = |number: u32| {
        let at = 1_600_000_000 + number;
        format!("commit refs/heads/main\ncommitter T <t@x> {at} +0000\ndata 1\nx\n\n")
    };
    shop.write("stream", (0..10_050).map(commit).collect::<String>());
    shop.git(&["-c", "alias.fill=!git fast-import --quiet < stream", "fill"]).await;
    let head = shop.sha("main").await;
    let far = shop.sha("main~10001").await;
    shop.git(&["checkout", "--quiet", "-b", "side", "main~10040"]).await;
    let side = shop.commit("Side").await;
    let git = shop.client();
    let count = async |from: &GitSha, to: &GitSha| git.commits_between(from, to, 0).await.unwrap().unwrap().count;

    let beyond = COMMITS_COUNTED.count() + 1;
    let commits = git.commits_between(&far, &head, 2).await.unwrap().unwrap();
    assert_eq!((commits.count, commits.newest.len(), &commits.newest[0].sha), (beyond, 2, &head));
    assert!(Commits::is_beyond(commits.count));
    assert_eq!(count(&shop.sha("main~10000").await, &head).await, 10_000);
    assert_eq!(count(&head, &far).await, 0);
    assert_eq!((count(&side, &head).await, count(&head, &side).await), (beyond, 1));
    assert_eq!(git.is_ancestor(&far, &head).await.unwrap(), Some(true));
    assert_eq!(git.is_ancestor(&head, &far).await.unwrap(), Some(false));
}
