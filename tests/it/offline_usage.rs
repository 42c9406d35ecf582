//! The command line and the pipes: usage errors, help, what goes to which stream, readers that have gone.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use serde_json::json;

use crate::harness::{Ran, Repository};
use crate::offline;
use crate::scripted::{Shop, all_at_once};

fn run(arguments: &[&str]) -> Ran {
    Repository::bare().shipgate(arguments).run()
}

#[test]
fn help_and_version_are_data_and_success() {
    for arguments in
        [&["--help"][..], &["-h"], &["deploy", "--help"], &["plan", "deploy", "-h"], &["help"], &["help", "logs"]]
    {
        let ran = run(arguments).expect_code(0);
        assert!(ran.stdout.contains("Usage: shipgate") && ran.stderr.is_empty(), "{arguments:?}: {}", ran.stderr);
        assert!(!ran.stdout.contains('\u{1b}'), "{arguments:?}");
    }
    for arguments in [["--version"], ["-V"]] {
        let ran = run(&arguments).expect_code(0);
        assert_eq!(ran.stdout, format!("shipgate {}\n", env!("CARGO_PKG_VERSION")));
    }
}

#[test]
fn every_command_of_the_contract_that_is_built_is_in_the_help() {
    let help = run(&["--help"]).stdout;
    for command in ["deploy", "plan", "status", "history", "logs", "hold", "unhold", "completions"] {
        assert!(help.lines().any(|line| line.trim_start().starts_with(command)), "{command} is not in\n{help}");
    }
}

#[test]
fn usage_errors_are_invalid() {
    let cases: [(&[&str], &str); 24] = [
        (&[], "Usage"),
        (&["frobnicate"], "frobnicate"),
        (&["deploi", "stage"], "deploy"),
        (&["deploy"], "ENVIRONMENT"),
        (&["deploy", "stage", "production"], "production"),
        (&["deploy", "stage", "--froce"], "--froce"),
        (&["deploy", "stage", "--component"], "--component"),
        (&["deploy", "stage", "--output", "yaml"], "yaml"),
        (&["logs", "stage", "--since", "soon"], "soon"),
        (&["logs", "stage", "--since", "10"], "'10' for '--since <DURATION>': write a time with its unit, like `90s`"),
        (&["logs", "stage", "--since=-10m"], "write a time with its unit"),
        (&["hold", "stage"], "--reason"),
        (&["unhold", "stage"], "--reason"),
        (&["hold", "stage", "--reason"], "--reason"),
        (&["history"], "ENVIRONMENT"),
        (&["history", "stage", "--limit", "0"], "'0' for '--limit <N>': write a whole number from 1 on, like `20`"),
        (&["history", "stage", "--limit", "few"], "few"),
        (&["plan"], "Usage"),
        (&["plan", "status"], "hint: `deploy`, `promote` and `rollback` can be planned"),
        (&["plan", "stage"], "hint: say what is planned: `shipgate plan deploy stage`"),
        (&["status", "--env", "stage"], "hint: write the environment without an option: `shipgate status stage`"),
        (&["plan", "deploy", "--environment=stage"], "without an option: `shipgate plan deploy stage`"),
        (&["logs", "stage", "--task", "7"], "write at least 4 digits of the task's id"),
        (&["completions", "tcsh"], "tcsh"),
    ];
    for (arguments, text) in cases {
        let ran = run(arguments).expect_code(2).expect_stderr(text);
        assert_eq!(ran.stdout, "", "{arguments:?}");
        assert!(!ran.stderr.contains('\u{1b}'), "{arguments:?}");
        // No command takes an option of this program as a value.
        assert!(!ran.stderr.contains("as a value"), "{arguments:?}: {}", ran.stderr);
    }
}

#[test]
fn a_short_form_asks_for_json_wherever_it_stands() {
    let repository = Repository::bare();
    let document = |arguments: &[&str]| {
        let mut document = repository.shipgate(arguments).run().outcome("invalid", 2);
        for time in ["started_at", "finished_at"] {
            assert!(document[time].take().is_string(), "{arguments:?}");
        }
        document
    };
    let long = document(&["status", "stage", "--output", "json"]);
    for arguments in [
        &["status", "stage", "--json"][..],
        &["--json", "status", "stage"],
        &["-o", "json", "status", "stage"],
        &["--json", "status", "--output=json", "stage"],
    ] {
        assert_eq!(document(arguments), long, "{arguments:?}");
    }
}

/// In a real shell, without a configuration.
#[test]
fn bash_completes_commands_and_options() {
    let script = run(&["completions", "bash"]).expect_code(0);
    assert!(script.stderr.is_empty(), "{}", script.stderr);
    let completed = |words: &[&str]| {
        let ask = "source completions.bash && COMP_WORDS=(\"$@\") && COMP_CWORD=$(($# - 1)) && \
                   _shipgate shipgate \"${@: -1}\" \"${@: -2:1}\" && echo \"${COMPREPLY[@]}\"";
        let repository = Repository::bare();
        repository.write("completions.bash", &script.stdout);
        let mut bash = crate::harness::command("bash");
        bash.current_dir(repository.path()).args(["-c", ask, "bash"]).args(words);
        let output = bash.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    assert_eq!(completed(&["shipgate", "dep"]), "deploy");
    assert_eq!(completed(&["shipgate", "plan", "pro"]), "promote");
    assert_eq!(completed(&["shipgate", "promote", "--rel"]), "--release");
    assert_eq!(completed(&["shipgate", "status", "--output", "j"]), "json");
    for shell in ["zsh", "fish", "elvish", "powershell"] {
        let ran = run(&["completions", shell, "--json"]).expect_code(0);
        assert!(ran.stdout.contains("unhold") && ran.stderr.is_empty(), "{shell}: {}", ran.stderr);
    }
}

#[test]
fn commands_of_the_contract_that_are_not_built_are_unknown() {
    for command in ["verify", "check"] {
        run(&[command, "stage"]).expect_code(2).expect_stderr(command);
    }
}

#[test]
fn an_empty_name_is_no_environment() {
    let repository = Repository::with_config(&crate::scripted::config(""));
    repository.shipgate(&["deploy", ""]).run().expect_code(2);
    repository.shipgate(&["deploy", "stage\n::error::forged"]).run().expect_code(2);
}

/// A hold without a reason is refused.
#[test]
fn a_reason_that_is_empty_or_does_not_fit_is_invalid() {
    let repository = Repository::with_config(&crate::scripted::config(""));
    let long = "x".repeat(300);
    for command in ["hold", "unhold"] {
        for (reason, text) in [("", "empty"), (" \n", "empty"), (long.as_str(), "too long by 66 characters")] {
            let ran = repository.shipgate(&[command, "stage", "--reason", reason, "--output", "json"]).run();
            let report = ran.outcome("invalid", 2);
            assert_eq!(report["command"], command);
            assert!(report["reason"].as_str().unwrap().contains(text), "{report:#}");
            assert!(!report["hints"].as_array().unwrap().is_empty(), "{report:#}");
            ran.expect_stderr(text);
        }
        let ran = repository.shipgate(&[command, "nowhere", "--reason", "x", "--output", "json"]).run();
        assert!(ran.outcome("invalid", 2)["reason"].as_str().is_some());
    }
}

#[test]
fn logs_that_follow_have_no_end_and_so_no_document() {
    let repository = Repository::with_config(&crate::scripted::config(""));
    let ran = repository.shipgate(&["logs", "stage", "--follow", "--output", "json"]).run();
    ran.outcome("invalid", 2);
}

#[test]
fn a_failure_is_one_document_on_stdout_and_a_text_on_stderr() {
    let repository = Repository::bare();
    for command in [
        &["deploy", "stage"][..],
        &["plan", "deploy", "stage"],
        &["status"],
        &["status", "stage"],
        &["logs", "stage"],
        &["history", "stage"],
        &["hold", "stage", "--reason", "x"],
        &["unhold", "stage", "--reason", "x"],
    ] {
        let ran = repository.shipgate(&[command, &["--output", "json"]].concat()).run();
        let report = ran.outcome("invalid", 2);
        assert_eq!(report["command"], command[..command.len().min(if command[0] == "plan" { 2 } else { 1 })].join(" "));
        assert!(ran.stderr.contains("error:") && ran.stderr.contains("hint:"), "{}", ran.stderr);
        let human = repository.shipgate(command).run().expect_code(2);
        assert_eq!(human.stdout, "", "{command:?}");
        assert_eq!(human.stderr, ran.stderr, "people read the same beside JSON");
    }
}

#[test]
fn quiet_keeps_the_error() {
    let repository = Repository::bare();
    let ran = repository.shipgate(&["deploy", "stage", "-qqq"]).run().expect_code(2);
    assert!(ran.stderr.contains("error:"), "{}", ran.stderr);
}

#[test]
fn without_a_terminal_there_are_no_escapes() {
    let repository = Repository::with_config("app = 1\n");
    for variables in
        [&[][..], &[("NO_COLOR", "1")], &[("TERM", "xterm-256color")], &[("CI", "true"), ("GITHUB_ACTIONS", "true")]]
    {
        for arguments in [&["deploy", "stage"][..], &["--help"], &["frobnicate"], &["deploy", "stage", "-vv"]] {
            let run = variables.iter().fold(repository.shipgate(arguments), |run, (name, value)| run.env(name, value));
            let ran = run.run();
            assert!(
                !format!("{}{}", ran.stdout, ran.stderr).contains('\u{1b}'),
                "{variables:?} {arguments:?}\n{}",
                ran.stderr
            );
        }
    }
}

#[test]
fn colour_that_is_forced_is_only_colour() {
    let repository = Repository::with_config("app = 1\n");
    let ran = repository.shipgate(&["deploy", "stage", "--output", "json"]).env("CLICOLOR_FORCE", "1").run();
    ran.outcome("invalid", 2);
    assert!(!ran.stdout.contains('\u{1b}'), "JSON has no colour");
}

/// A reader that has gone is no failure, and what was to be done is done.
#[test]
fn closed_pipes_do_no_harm() {
    let shop = Shop::new();
    for arguments in [&["deploy", "stage"][..], &["deploy", "stage", "--output", "json", "-v"], &["status"]] {
        let mut command = offline::shipgate(&shop.repository, "", arguments);
        command.envs(shop.variables());
        assert_eq!(offline::run_deaf(command), Some(0), "{arguments:?}");
    }
    assert!(shop.aws.mutations().contains(&"ecs:UpdateService".to_owned()));
    let nowhere = Repository::bare();
    let cases = [(&["deploy", "stage", "--output", "json"][..], 2), (&["--help"], 0), (&["frobnicate"], 2)];
    for (arguments, code) in cases {
        assert_eq!(offline::run_deaf(offline::shipgate(&nowhere, "", arguments)), Some(code), "{arguments:?}");
    }
}

#[test]
fn closed_descriptors_and_a_full_disk_do_no_harm() {
    // Only Linux has a device that is always full.
    let full: &[&str] = if cfg!(target_os = "linux") { &[">/dev/full", "2>/dev/full"] } else { &[] };
    all_at_once([&[">&-", "2>&-", ">&- 2>&- <&-"], full].concat(), |redirection| {
        let shop = Shop::new();
        let script = format!("exec \"$SHIPGATE\" deploy stage --output json {redirection}");
        let mut command = offline::shell(&shop.repository, &script);
        command.envs(shop.variables());
        offline::run(command).expect_code(0);
        assert!(shop.aws.mutations().contains(&"ecs:UpdateService".to_owned()), "{redirection}");
    });
}

#[test]
fn variables_that_are_no_text_do_no_harm() {
    let shop = Shop::new();
    let bytes = OsStr::from_bytes(b"\xff\xfe");
    for name in ["SHIPGATE_UNUSED", "GITHUB_ACTIONS", "CI", "LANG"] {
        shop.shipgate(&["plan", "deploy", "stage", "--output", "json"]).env(name, bytes).run().outcome("planned", 0);
    }
}

/// A program that asks for JSON gets a document, also of what it got wrong.
#[test]
fn a_usage_error_is_a_document_too() {
    let needed = "the following required arguments were not provided: <ENVIRONMENT>";
    for (arguments, command, reason) in [
        (&["deploy", "stage", "--froce", "--output", "json"][..], "deploy", "unexpected argument '--froce' found"),
        (&["--output=json", "deploy"], "deploy", needed),
        (&["--json", "deploy"], "deploy", needed),
        (
            &["--json", "status", "--output", "human"],
            "status",
            "the argument '--json' cannot be used with '--output human'",
        ),
        (&["status", "--env", "stage", "-o", "json"], "status", "unexpected argument '--env' found"),
        (&["--config", "hold", "--output", "json", "plan", "-v", "promote"], "plan promote", needed),
        (&["plan", "stage", "--output", "json"], "plan", "unrecognized subcommand 'stage'"),
        (&["x", "--output", "json"], "", "unrecognized subcommand 'x'"),
        (&["--output", "json"], "", "no command is given"),
    ] {
        let ran = run(arguments);
        let report = ran.outcome("invalid", 2);
        assert_eq!((&report["command"], &report["reason"]), (&json!(command), &json!(reason)), "{arguments:?}");
        assert_eq!(report["environment"], serde_json::Value::Null);
        assert!(!ran.stderr.is_empty());
    }
}

#[test]
fn an_environment_given_on_the_command_line_is_no_command_of_the_runner() {
    let repository = Repository::with_config(&crate::scripted::config(""));
    for arguments in [&["deploy", "x\n::error::forged"][..], &["deploy", "stage", "--component", "x\n::error::forged"]]
    {
        for output in ["human", "json"] {
            let ran = repository.shipgate(&[arguments, &["--output", output]].concat()).run().expect_code(2);
            let all = format!("{}\n{}", ran.stdout, ran.stderr);
            assert!(all.lines().all(|line| !line.trim_start().starts_with("::")), "{all}");
        }
    }
}

#[test]
fn arguments_that_are_no_text_are_invalid() {
    let repository = Repository::with_config(&crate::scripted::config(""));
    let bytes = OsStr::from_bytes(b"st\xffage");
    offline::run(offline::shipgate(&repository, "", &[OsStr::new("deploy"), bytes])).expect_code(2);
}
