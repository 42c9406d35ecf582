//! The action's last resort: a build of its own checkout. `Checkout` has a crate of the same name and layout that takes a
//! second to build; shipgate's own takes minutes, and goes through the very same script.

use std::time::{Duration, Instant};

use crate::harness::Repository;
use crate::offline_action::{Checkout, with_cargo, write_program};
use crate::runner::Runner;
use crate::runner::steps::StepRan;

fn deploy(runner: &Runner) -> StepRan {
    runner.action("$/").input("command", "deploy").input("environment", "-x").run()
}

fn compiled(ran: &StepRan) -> bool {
    ran.log.contains("Compiling shipgate")
}

#[test]
fn a_build_lasts_for_its_job_until_the_sources_change() {
    let checkout = Checkout::new();
    let (runner, _repository) = checkout.runner();
    let step = || runner.action("$/").input("command", "deploy").input("environment", "-x");
    let [first, again] = &runner.in_one_job(vec![step(), step()])[..] else { panic!("two steps") };
    assert!(first.code == 0 && compiled(first), "{}", first.log);
    assert!(first.log.contains(r#"arguments: ["deploy", "--", "-x"]"#), "{}", first.log);
    assert!(again.code == 0 && !compiled(again) && again.log.contains("built from source with"), "{}", again.log);
    assert!(compiled(&deploy(&runner).expect_code(0)), "another job builds again");
    assert!(!runner.tool_cache().join("shipgate").exists(), "no job finds the build of another");

    let source = checkout.path.join("src/main.rs");
    let program = std::fs::read_to_string(&source).unwrap().replace("arguments:", "new:");
    let change = format!("#!/bin/sh\ncat >'{}' <<'END'\n{program}\nEND\n", source.display());
    write_program(&checkout.path.join("change"), change);
    let other = || step().input("binary-path", checkout.path.join("change").to_str().unwrap());
    let ran = runner.in_one_job(vec![step(), other(), step()]);
    assert!(compiled(&ran[2]) && ran[2].log.contains("new: "), "{}", ran[2].log);
}

/// The variable says where and which bytes; both are looked at.
#[test]
fn a_build_that_was_changed_meanwhile_is_built_again() {
    let checkout = Checkout::new();
    let (runner, _repository) = checkout.runner();
    let change = "#!/bin/sh\nfor found in \"$RUNNER_TEMP\"/shipgate.*/shipgate; do\n\
                  printf '#!/bin/sh\\necho tampered\\n' >\"$found\"\ndone\n";
    write_program(&checkout.path.join("change"), change);
    let step = || runner.action("$/").input("command", "deploy");
    let other = step().input("binary-path", checkout.path.join("change").to_str().unwrap());
    let ran = runner.in_one_job(vec![step(), other, step()]);
    assert!(compiled(&ran[2]) && !ran[2].log.contains("tampered"), "{}", ran[2].log);
}

#[test]
fn what_is_built_and_its_dependencies_see_no_secret() {
    let checkout = Checkout::new();
    let (runner, _repository) = checkout.runner();
    let runner = runner.variable("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "x").variable("AWS_SECRET_ACCESS_KEY", "x");
    let ran = runner.action("$/").input("command", "deploy").env("GITHUB_TOKEN", "x").env("MY_SECRET", "x").run();
    let ran = ran.expect_code(0);
    let built_with = ran.log.lines().find(|line| line.starts_with("built from source with")).unwrap();
    for name in ["TOKEN", "SECRET", "SHIPGATE", "GITHUB", "ACTIONS"] {
        assert!(!built_with.contains(name), "{built_with}");
    }
}

#[test]
fn a_workspace_around_the_action_does_not_change_what_is_built() {
    let repository = Repository::bare();
    repository.write("Cargo.toml", "[workspace]\nmembers = []\n");
    repository.write(".cargo/config.toml", "[build]\nrustc = \"/nowhere/rustc\"\n");
    repository.write("rust-toolchain.toml", "[toolchain]\nchannel = \"1.0.0\"\n");
    Checkout::put(&repository.path().join("tools/an action"));
    // Nor does the Rust that the action is developed with.
    repository.write("tools/an action/rust-toolchain.toml", "[toolchain]\nchannel = \"1.0.0\"\n");
    let runner = with_cargo(Runner::new(repository.path()));
    let ran = runner.action("./tools/an action").input("command", "deploy").run().expect_code(0);
    assert!(ran.log.contains("built from source with"), "{}", ran.log);
    assert!(!repository.path().join("tools/an action/target").exists(), "the checkout is left as it was");
}

#[test]
fn a_build_that_fails_says_so_and_what_it_prints_is_no_command() {
    let checkout = Checkout::new();
    std::fs::write(
        checkout.path.join("src/main.rs"),
        "compile_error!(\"\n::error::forged\n::set-output name=outcome::deployed\");",
    )
    .unwrap();
    let (runner, _repository) = checkout.runner();
    let ran = deploy(&runner).expect_code(1);
    assert!(ran.log.contains("\n::error::forged") || ran.log.contains(" ::error::forged"), "{}", ran.log);
    let [error] = ran.annotations("error")[..] else { panic!("{:?}", ran.commands) };
    assert!(error.starts_with("shipgate 9.8.7 could not be built from source\nhint: "), "{error}");
    let names: Vec<&str> = ran.commands.iter().map(|command| command.name.as_str()).collect();
    assert_eq!(names, ["group", "endgroup", "error"]);
    assert_eq!(ran.outputs["outcome"], "failed");
}

#[test]
fn an_outdated_lock_file_is_not_changed_on_the_way() {
    let checkout = Checkout::new();
    std::fs::remove_file(checkout.path.join("Cargo.lock")).unwrap();
    let (runner, _repository) = checkout.runner();
    let ran = deploy(&runner).expect_code(1);
    assert!(ran.log.contains("--locked"), "{}", ran.log);
}

#[test]
fn without_cargo_the_message_says_what_to_install() {
    let checkout = Checkout::new();
    let repository = Repository::bare();
    let runner = Runner::new(repository.path()).workflow_repository("some/fork", &checkout.path);
    let runner = runner.variable("PATH", "/usr/bin:/bin");
    let ran = deploy(&runner).expect_code(1);
    let [error] = ran.annotations("error")[..] else { panic!("{}", ran.log) };
    assert!(error.contains("no cargo to build it with\nhint: install Rust"), "{error}");
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test waits in real time")]
fn cancelling_ends_a_build_and_all_of_its_processes() {
    let checkout = Checkout::new();
    let pid_file = checkout.path.join("pid");
    let script = format!(
        "fn main() {{ std::fs::write({pid_file:?}, std::process::id().to_string()).unwrap(); \
         std::thread::sleep(std::time::Duration::from_secs(600)); }}"
    );
    std::fs::write(checkout.path.join("build.rs"), script).unwrap();
    let (runner, _repository) = checkout.runner();
    let running = runner.action("$/").input("command", "deploy").start();
    crate::harness::eventually("the build has begun", || pid_file.exists());
    let began = Instant::now();
    running.cancel();
    let ran = running.wait().expect_code(130);
    assert!(began.elapsed() < Duration::from_secs(7), "SIGINT was enough: {:?}", began.elapsed());
    assert_eq!(ran.outputs["outcome"], "interrupted");
    let process = std::fs::read_to_string(&pid_file).unwrap().parse().unwrap();
    crate::harness::eventually("no process of the build is left", || !crate::harness::lives(process));
}
