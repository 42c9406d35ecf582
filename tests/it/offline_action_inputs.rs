//! Inputs of the action: each arrives as it is, as one argument, or is refused, and is never anything else.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::harness::Repository;
use crate::offline_action::Recorder;
use crate::runner::Runner;
use crate::runner::steps::StepRan;

const BINARY: &str = "binary-path";
const BUNDLES: &str = r#"{"frontend":"sha256:1111111111111111111111111111111111111111111111111111111111111111"}"#;
const BUNDLE_OPTION: &str = "--bundle=frontend=built/a site/frontend.tar@\
                             sha256:1111111111111111111111111111111111111111111111111111111111111111";

pub struct Case {
    repository: Repository,
    runner: Runner,
    recorder: Recorder,
}

impl Case {
    pub fn new() -> Self {
        let repository = Repository::bare();
        let runner = Runner::new(repository.path());
        Self { repository, runner, recorder: Recorder::new() }
    }

    /// Runs with these inputs over those that every case has.
    pub fn run(&self, inputs: &[(&str, &str)]) -> StepRan {
        let binary = self.recorder.path.to_str().unwrap();
        let all: BTreeMap<&str, &str> =
            [("command", "deploy"), (BINARY, binary)].into_iter().chain(inputs.iter().copied()).collect();
        let action = all.into_iter().fold(self.runner.action("$/"), |action, (name, value)| action.input(name, value));
        action.run()
    }

    /// The arguments that come from these inputs.
    pub fn arguments(&self, inputs: &[(&str, &str)]) -> Vec<String> {
        self.run(inputs).expect_code(0);
        self.recorder.arguments()
    }

    /// Insists on a refusal, and returns what it says.
    pub fn refusal(&self, inputs: &[(&str, &str)]) -> String {
        self.recorder.forget();
        let ran = self.run(inputs).expect_code(2);
        assert!(!self.recorder.ran(), "it was not refused: {}", ran.log);
        assert_eq!(ran.outputs["outcome"], "invalid");
        let [error] = ran.annotations("error")[..] else { panic!("{}", ran.log) };
        error.to_owned()
    }

    /// Insists that nothing was made: a test's strings would make a file if they were evaluated.
    pub fn nothing_was_made(&self) {
        let made: Vec<_> = std::fs::read_dir(self.repository.path()).unwrap().collect();
        assert!(made.is_empty(), "{made:?}");
    }
}

#[test]
fn inputs_become_options_and_the_environment_comes_last() {
    let case = Case::new();
    let inputs = [
        ("command", "plan promote"),
        ("environment", "production"),
        ("release", "1a2b"),
        ("expect-plan", "sha256:3c"),
        ("plan-run", "4711"),
        ("plan-document", "plans/a plan.json"),
        ("override", "freeze=the shop is down"),
        ("reason", "carts fail"),
        ("component", "backend"),
        ("config", "ops/shipgate.toml"),
        ("extra-args", "-v"),
        ("bundles", BUNDLES),
        ("bundle-directory", "built/a site"),
    ];
    let expected = [
        "plan",
        "promote",
        "--release=1a2b",
        "--expect-plan=sha256:3c",
        "--plan-run=4711",
        "--plan-document=plans/a plan.json",
        "--override=freeze=the shop is down",
        "--reason=carts fail",
        BUNDLE_OPTION,
        "--component=backend",
        "--config=ops/shipgate.toml",
        "-v",
        "--",
        "production",
    ];
    assert_eq!(case.arguments(&inputs), expected);
}

#[test]
fn inputs_that_are_empty_are_no_arguments() {
    let case = Case::new();
    let inputs = [
        "environment",
        "release",
        "expect-plan",
        "plan-run",
        "plan-document",
        "override",
        "reason",
        "bundles",
        "bundle-directory",
        "component",
        "config",
        "working-directory",
        "extra-args",
    ];
    assert_eq!(case.arguments(&inputs.map(|name| (name, ""))), ["deploy"]);
}

#[test]
fn components_are_separated_by_lines_and_commas() {
    let case = Case::new();
    let arguments = case.arguments(&[("component", "a, b c ,,\r\n\n d\r\n,e")]);
    assert_eq!(arguments, ["deploy", "--component=a", "--component=b c", "--component=d", "--component=e"]);
}

#[test]
fn overrides_are_lines_and_their_reasons_may_have_commas() {
    let case = Case::new();
    let arguments = case.arguments(&[("override", " freeze=down, and a=b \r\n\n--help\n$(touch owned)=`x`")]);
    assert_eq!(
        arguments,
        ["deploy", "--override=freeze=down, and a=b", "--override=--help", "--override=$(touch owned)=`x`"]
    );
    case.nothing_was_made();
}

#[test]
fn more_arguments_are_lines_as_they_are() {
    let case = Case::new();
    let lines = "--allow-dirty\r\n\n  \"two words\"  \n--x=$HOME *\n\r\n'";
    assert_eq!(
        case.arguments(&[("extra-args", lines)]),
        ["deploy", "--allow-dirty", "  \"two words\"  ", "--x=$HOME *", "'"]
    );
}

#[test]
fn what_could_be_evaluated_is_not() {
    let case = Case::new();
    let bad = [
        "$(touch owned)",
        "`touch owned`",
        "\"; touch owned; \"",
        "'; touch owned; '",
        "a\ntouch owned",
        "-x",
        "--help",
        "--",
        "-",
        "${IFS}",
        "*",
        "~",
        "\\",
        "%0A::error::x",
        "\r::error::x",
        " ",
        "a b/c d",
        "é…🚢",
        "\u{1}\u{7f}",
        "!!",
        "${{ github.token }}",
    ];
    for value in bad {
        let arguments = case.arguments(&[("environment", value), ("release", value), ("config", value)]);
        assert_eq!(
            arguments[1..],
            [format!("--release={value}"), format!("--config={value}"), "--".into(), value.into()]
        );
    }
    case.nothing_was_made();
}

#[test]
fn a_command_is_one_or_two_words() {
    let case = Case::new();
    for command in
        ["", " deploy", "deploy ", "deploy\n", "Deploy", "--help", "deploy -v", "a b c", "$(touch owned)", "é"]
    {
        let error = case.refusal(&[("command", command)]);
        assert!(error.starts_with("the input command is ") && error.contains("\nhint: write "), "{error}");
    }
    for command in ["credentials", "credentials stage"] {
        assert!(case.refusal(&[("command", command)]).contains("would print them to the log"), "{command}");
    }
    case.nothing_was_made();
}

/// Linux takes at most 128 KiB as one argument or variable; the runner itself cannot start a step beyond that.
#[test]
fn sixty_four_kibibytes_arrive_and_one_byte_more_is_refused() {
    let case = Case::new();
    let text = "$(touch owned)é".repeat(5000)[..65536].to_owned();
    let arguments = case.arguments(&[("environment", &text), ("release", &text), ("expect-plan", &text)]);
    assert_eq!(
        arguments[1..],
        [format!("--release={text}"), format!("--expect-plan={text}"), "--".into(), text.clone()]
    );
    let too_long = format!("{text}x");
    let all = [
        "environment",
        "release",
        "expect-plan",
        "plan-run",
        "plan-document",
        "override",
        "reason",
        "bundles",
        "bundle-directory",
        "component",
        "config",
        "extra-args",
        "working-directory",
    ];
    for name in all {
        let error = case.refusal(&[(name, &too_long)]);
        assert_eq!(error, format!("the input {name} has 65537 bytes\nhint: write at most 65536"));
    }
    case.nothing_was_made();
}

#[test]
fn a_binary_path_that_is_no_program_is_refused() {
    let case = Case::new();
    case.repository.write("text", "no program");
    for path in ["absent", "text", ".", "/", "x\n::error::forged", "x\r::error::forged", "%0A"] {
        let error = case.refusal(&[(BINARY, path)]);
        assert!(error.starts_with(&format!("the input binary-path names no program: \"{path}\"\nhint: ")), "{error}");
    }
}

#[test]
fn the_program_runs_in_the_working_directory_and_paths_are_those_of_the_workspace() {
    let case = Case::new();
    case.repository.write("-/-x y/file", "");
    std::fs::copy(&case.recorder.path, case.repository.path().join("-p")).unwrap();
    for directory in ["-/-x y", "./-/-x y/", "-"] {
        case.run(&[("working-directory", directory), (BINARY, "-p")]).expect_code(0);
        let seen = std::fs::read_to_string(case.repository.path().join("-p.pwd")).unwrap();
        let expected = case.repository.path().join(directory).canonicalize().unwrap();
        assert_eq!(seen.trim_end_matches('\n'), expected.to_str().unwrap());
    }
    let error = case.refusal(&[("working-directory", "$(touch owned)")]);
    assert!(error.starts_with("the input working-directory names no directory: \"$(touch owned)\"\nhint: "), "{error}");
}

#[test]
fn the_token_goes_to_the_program_in_a_variable_and_nothing_else_of_ours_does() {
    let case = Case::new();
    case.run(&[("github-token", "ghs_of an input")]).expect_code(0);
    let environment = case.recorder.environment();
    assert_eq!(environment["GITHUB_TOKEN"], "ghs_of an input");
    let ours = environment.keys().filter(|name| name.starts_with("SHIPGATE_") || *name == "BASH_ENV");
    assert_eq!(ours.collect::<Vec<_>>(), ["SHIPGATE_MASK"], "that its standard error is the log, and no input");

    case.run(&[]).expect_code(0);
    assert_eq!(case.recorder.environment()["GITHUB_TOKEN"], "ghs_token_of_this_job", "by default");
    let action = case.runner.action("$/").env("GITHUB_TOKEN", "of the job").input("command", "deploy");
    action.input(BINARY, case.recorder.path.to_str().unwrap()).input("github-token", "").run().expect_code(0);
    assert!(!case.recorder.environment().contains_key("GITHUB_TOKEN"), "an empty input means none");
}

#[test]
fn what_earlier_steps_left_for_bash_is_not_run() {
    let case = Case::new();
    case.repository.write("left", "touch owned; exit 9");
    let left = case.repository.path().join("left");
    let action =
        case.runner.action("$/").input("command", "deploy").input(BINARY, case.recorder.path.to_str().unwrap());
    let action = action.env("BASH_ENV", left.to_str().unwrap()).env("CDPATH", "/");
    action.env("BASH_FUNC_read%%", "() { touch owned; }").env("SHELLOPTS", "xtrace").run().expect_code(0);
    assert_eq!(case.recorder.arguments(), ["deploy"]);
    assert!(!case.repository.path().join("owned").exists());
}

/// Strings of which many would do something in a shell.
fn any_text() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        3 => any::<char>().prop_filter("no variable has it", |letter| *letter != '\0').prop_map(String::from),
        2 => "[a-z ,\\-]{1,4}",
        3 => prop::sample::select(vec![
            "$(touch owned)", "`touch owned`", "\"", "'", "\\", "\n", "\r", "\r\n", "; touch owned;", "&& touch owned",
            "| touch owned", "> owned", "--", "-", "=", "$HOME", "${x}", "*", "?", "[a]", "~", "%0A", "::error::", "{a,b}",
            "<<EOF\n", "(", ")", "#", "!", "\u{1}", "\u{7f}", "${{ 1 }}", "&",
        ]).prop_map(str::to_owned),
    ];
    prop::collection::vec(part, 0..8).prop_map(|parts| parts.concat())
}

/// What is a space to the action.
fn is_space(letter: char) -> bool {
    " \t\n\u{b}\u{c}\r".contains(letter)
}

/// The arguments that a value of an input becomes, or nothing where it is refused.
fn expected(case: &Case, name: &str, value: &str) -> Option<Vec<String>> {
    let with = |more: Vec<String>| Some(std::iter::once("deploy".to_owned()).chain(more).collect());
    match name {
        _ if value.is_empty() && name != "command" => with(Vec::new()),
        "command" => {
            let words: Vec<&str> = value.split(' ').collect();
            let is_word = |word: &&str| {
                word.starts_with(|first: char| first.is_ascii_lowercase())
                    && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
            };
            (words.len() <= 2 && words.iter().all(is_word)).then(|| words.into_iter().map(str::to_owned).collect())
        }
        "environment" => with(vec!["--".to_owned(), value.to_owned()]),
        "component" | "override" => {
            let ends = |letter: char| letter == '\n' || (letter == ',' && name == "component");
            let names = value.split(ends).map(|line| line.trim_matches(is_space));
            with(names.filter(|line| !line.is_empty()).map(|line| format!("--{name}={line}")).collect())
        }
        "extra-args" => {
            let lines = value.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
            with(lines.filter(|line| !line.is_empty()).map(str::to_owned).collect())
        }
        // Without bundles it does not matter where they would be.
        "bundle-directory" => with(Vec::new()),
        "bundles" => {
            let object = value.trim_matches(is_space);
            let inside = object.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(object);
            inside.chars().all(is_space).then(|| vec!["deploy".to_owned()])
        }
        "working-directory" => case.repository.path().join(value).is_dir().then(|| vec!["deploy".to_owned()]),
        _ => with(vec![format!("--{name}={value}")]),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_in_any_input_arrives_whole_or_is_refused(
        name in prop::sample::select(vec![
            "command", "environment", "release", "expect-plan", "plan-run", "plan-document", "override", "reason",
            "bundles", "bundle-directory", "component", "config", "working-directory", "extra-args",
        ]),
        value in any_text(),
    ) {
        let case = Case::new();
        let ran = case.run(&[(name, &value)]);
        case.nothing_was_made();
        let arguments = case.recorder.ran().then(|| case.recorder.arguments());
        let wanted = expected(&case, name, &value);
        prop_assert_eq!(&arguments, &wanted, "{}", ran.log);
        prop_assert_eq!(ran.code, if wanted.is_some() { 0 } else { 2 });
        // What is refused is said in one annotation, whatever is in the value.
        prop_assert_eq!(ran.commands.len(), usize::from(wanted.is_none()), "{}", ran.log);
    }
}
