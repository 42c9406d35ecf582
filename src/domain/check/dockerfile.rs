//! The Dockerfile of a component.

use std::collections::BTreeSet;

use parse_dockerfile::{Dockerfile, Instruction, Source, parse};

use super::outline::{BuildArg, OutlinedBuild};
use super::place::TextLines;
use super::{CheckFinding, LinePlace, Rule};
use crate::domain::contract::looks::is_secret_name;
use crate::domain::release::ReleaseName;
use crate::domain::target;
use crate::domain::template::Template;

/// Beginnings of names whose values bundlers write into what they make: each of them names a variable that is for a
/// browser, and so usually for one environment.
const BUNDLED: [&str; 7] =
    ["REACT_APP_", "VITE_", "NEXT_PUBLIC_", "VUE_APP_", "GATSBY_", "NUXT_PUBLIC_", "EXPO_PUBLIC_"];

/// Arguments that every build has, declared or not
/// ([predefined](https://docs.docker.com/reference/dockerfile/#predefined-args)).
const PREDEFINED: [&str; 8] = [
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "FTP_PROXY",
    "NO_PROXY",
    "ALL_PROXY",
    "SOURCE_DATE_EPOCH",
    "BUILDKIT_",
    "DOCKERFILE_",
];

const RUNTIME_HINT: &str = "read it when the container starts (a variable of the task definition, or a file that the \
                            server writes for the browser), so that one image fits every environment";

/// What is known beside the Dockerfile's text.
#[derive(Debug, Clone, Copy)]
pub struct DockerfileContext<'a> {
    /// The build it belongs to.
    pub build: &'a OutlinedBuild,
    /// The configuration file, relative to the root.
    pub configuration: &'a str,
    /// Whether the image is promoted to another environment.
    pub is_promoted: bool,
    /// The names of files beside each other at the root of the context.
    pub context_files: &'a [String],
    /// The text of the context's `.dockerignore`, empty where there is none.
    pub ignored: &'a str,
}

/// Why a Dockerfile is not judged.
pub const OTHER_SYNTAX: &str =
    "it is written for another builder (`# syntax=`), or has a here-document behind a program (`RUN python3 <<EOF`)";

/// Judges a Dockerfile. `None`: it is not judged ([`OTHER_SYNTAX`]).
pub fn judge(file: &str, text: &str, surroundings: DockerfileContext<'_>) -> Option<Vec<CheckFinding>> {
    if has_other_syntax(text) {
        return None;
    }
    let dockerfile = match parse(text) {
        Ok(dockerfile) => dockerfile,
        Err(_) if has_other_heredoc(text) => return None,
        Err(error) => {
            // The parser's own column counts from the wrong end.
            let place = (error.line() > 0).then(|| LinePlace::of_line(text, error.line()));
            let message = format!("the Dockerfile cannot be read: {error:#}");
            let hint = "correct it: `docker build --check` shows how docker reads it";
            return Some(vec![CheckFinding::new(Rule::DockerfileSyntax, message, hint).in_file(file, place)]);
        }
    };
    let lines = TextLines::new(text);
    let mut findings = undeclared(&dockerfile, surroundings);
    for (name, place) in variables(&dockerfile, &lines) {
        let place = Some(place);
        if is_secret_name(&name) {
            let message = format!("`{name}` looks like a secret, and everyone who has the image can read it");
            let hint = "hand it over with `RUN --mount=type=secret`, or as a secret of the task definition";
            findings.push(CheckFinding::new(Rule::SecretInImage, message, hint).in_file(file, place));
        }
        if surroundings.is_promoted && is_bundled(&name) && !is_release(surroundings.build, &name) {
            let message = format!("`{name}` is built into the image, and the same image is promoted");
            findings.push(CheckFinding::new(Rule::BuildOnce, message, RUNTIME_HINT).in_file(file, place));
        }
    }
    if surroundings.is_promoted {
        findings.extend(environment_files(file, &lines, &dockerfile, surroundings));
    }
    Some(findings)
}

/// What of the configuration alone makes an image of one environment.
pub fn judge_arguments(configuration: &str, build: &OutlinedBuild) -> Vec<CheckFinding> {
    let messages = |arg: &BuildArg| {
        let variable = arg.per_environment.as_ref()?;
        let message = format!(
            "build argument `{}` is made of `{variable}`, which differs between environments, and the same image is promoted",
            arg.name
        );
        Some(CheckFinding::new(Rule::BuildOnce, message, RUNTIME_HINT).in_file(configuration, Some(arg.place)))
    };
    build.args.iter().filter_map(messages).collect()
}

/// A line `# syntax=` at the top that names another frontend than docker's own.
fn has_other_syntax(text: &str) -> bool {
    let directives = text.lines().map_while(|line| line.trim().strip_prefix('#'));
    let named = directives.filter_map(|line| line.trim().split_once('=')).find(|(key, _)| key.trim() == "syntax");
    named
        .is_some_and(|(_, frontend)| !frontend.trim().trim_start_matches("docker.io/").starts_with("docker/dockerfile"))
}

/// A here-document that docker reads and the parser does not: it knows those right behind `RUN` and its options.
fn has_other_heredoc(text: &str) -> bool {
    text.lines().any(|line| {
        let mut words = line.split_whitespace();
        words.next().is_some_and(|first| first.eq_ignore_ascii_case("run"))
            && words.any(|word| word.starts_with("<<") && !word.starts_with("<<<"))
    })
}

/// The build argument that is the release, where a Dockerfile declares none of these: the image does not get to know it.
pub fn lacking_release(text: &str, build: &target::ImageBuild, release: &ReleaseName) -> Option<String> {
    if has_other_syntax(text) || text.trim().is_empty() {
        return None;
    }
    let dockerfile = parse(text).ok()?;
    let declared = declared(&dockerfile);
    let is_release = |value: &Template| value.render(release) == release.to_string();
    let mut of_release = build.args.iter().filter(|(_, value)| is_release(value)).map(|(name, _)| name);
    let first = of_release.clone().next()?;
    (!of_release.any(|name| declared.contains(name) || is_predefined(name))).then(|| first.clone())
}

/// The names that `ARG` declares.
fn declared(dockerfile: &Dockerfile<'_>) -> BTreeSet<String> {
    let of = |instruction: &Instruction<'_>| {
        let Instruction::Arg(arg) = instruction else { return Vec::new() };
        names(&arg.arguments.value)
    };
    dockerfile.instructions.iter().flat_map(of).collect()
}

fn is_predefined(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    PREDEFINED.iter().any(|known| upper.starts_with(known))
}

fn undeclared(dockerfile: &Dockerfile<'_>, surroundings: DockerfileContext<'_>) -> Vec<CheckFinding> {
    let declared = declared(dockerfile);
    let is_known = |arg: &&BuildArg| declared.contains(&arg.name) || is_predefined(&arg.name);
    let unknown = surroundings.build.args.iter().filter(|arg| !is_known(arg));
    unknown
        .map(|arg| {
            let message =
                format!("build argument `{}` is not declared in the Dockerfile, so it does nothing", arg.name);
            let hint = format!("add `ARG {}` to the stage that uses it, or remove the argument", arg.name);
            CheckFinding::new(Rule::BuildArgUndeclared, message, hint)
                .in_file(surroundings.configuration, Some(arg.place))
        })
        .collect()
}

/// The names that `ARG` and `ENV` give, each with the place of its instruction's arguments.
fn variables(dockerfile: &Dockerfile<'_>, lines: &TextLines<'_>) -> Vec<(String, LinePlace)> {
    let named = |instruction: &Instruction<'_>| {
        let arguments = if let Instruction::Arg(arg) = instruction {
            &arg.arguments
        } else if let Instruction::Env(env) = instruction {
            &env.arguments
        } else {
            return Vec::new();
        };
        let place = lines.place(&arguments.span);
        let mut names = names(&arguments.value);
        // `ENV NAME the value`: no word of the value is a name.
        if matches!(instruction, Instruction::Env(_)) && !arguments.value.contains('=') {
            names.truncate(1);
        }
        names.into_iter().map(|name| (name, place)).collect()
    };
    dockerfile.instructions.iter().flat_map(named).collect()
}

/// The names in `A=1 B="x y"`, or in the old form `A 1`.
fn names(arguments: &str) -> Vec<String> {
    let words: Vec<String> =
        shlex::split(arguments).unwrap_or_else(|| arguments.split_whitespace().map(str::to_owned).collect());
    let old_form = words.first().is_some_and(|first| !first.contains('=')) && words.len() > 1;
    let is_old = old_form && !words.iter().all(|word| is_name(word));
    let taken = if is_old { 1 } else { words.len() };
    let name = |word: &String| word.split('=').next().unwrap_or_default().to_owned();
    words.iter().take(taken).map(name).filter(|name| is_name(name)).collect()
}

fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.chars().all(|character| character.is_ascii_alphanumeric() || character == '_')
}

fn is_bundled(name: &str) -> bool {
    BUNDLED.iter().any(|beginning| name.starts_with(beginning))
}

/// Whether the configuration puts nothing but the release there, which is the same everywhere.
fn is_release(build: &OutlinedBuild, name: &str) -> bool {
    build.args.iter().any(|arg| arg.name == name && arg.is_release)
}

/// Files with the values of one environment that get into the image: named, or with everything else.
fn environment_files(
    file: &str,
    lines: &TextLines<'_>,
    dockerfile: &Dockerfile<'_>,
    surroundings: DockerfileContext<'_>,
) -> Vec<CheckFinding> {
    let mut findings = Vec::new();
    let is_ignored = surroundings.ignored.lines().any(|line| line.trim_start_matches(['*', '/']).starts_with(".env"));
    let lying: Vec<&String> = surroundings.context_files.iter().filter(|name| is_environment_file(name)).collect();
    for instruction in &dockerfile.instructions {
        let (sources, options, span) = if let Instruction::Copy(copy) = instruction {
            (&copy.src, &copy.options, &copy.copy.span)
        } else if let Instruction::Add(add) = instruction {
            (&add.src, &add.options, &add.add.span)
        } else {
            continue;
        };
        // From another stage, where it was already reported.
        if options.iter().any(|option| option.name.value == "from") {
            continue;
        }
        for source in sources {
            let Source::Path(path) = source else { continue };
            let named = path.value.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
            let taken = match (is_environment_file(named), path.value.as_ref()) {
                (true, _) => Some(named.to_owned()),
                (false, "." | "./" | "/" | "*") if !is_ignored => lying.first().map(|name| (*name).clone()),
                (false, _) => None,
            };
            if let Some(taken) = taken {
                let message = format!("`{taken}` is copied into the image, and the same image is promoted");
                let hint = format!("add `{taken}` to `.dockerignore`, and {RUNTIME_HINT}");
                let place = lines.place(&(span.start..path.span.end));
                findings.push(CheckFinding::new(Rule::BuildOnce, message, hint).in_file(file, Some(place)));
            }
        }
    }
    findings
}

/// `.env.production`, `.env.staging.local`: values of one environment. `.env.example` has none.
fn is_environment_file(name: &str) -> bool {
    const OF_ENVIRONMENTS: [&str; 7] = ["production", "prod", "staging", "stage", "development", "dev", "local"];
    let Some(rest) = name.strip_prefix(".env.") else { return false };
    rest.split('.').next().is_some_and(|first| OF_ENVIRONMENTS.contains(&first))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(args: &[(&str, Option<&str>, bool)]) -> OutlinedBuild {
        let args = args.iter().enumerate().map(|(index, (name, per_environment, is_release))| BuildArg {
            name: (*name).to_owned(),
            place: LinePlace::at(index + 1, 1),
            per_environment: per_environment.map(str::to_owned),
            is_release: *is_release,
        });
        OutlinedBuild { component: "backend".to_owned(), context: None, dockerfile: None, args: args.collect() }
    }

    /// What is found, as `rule LINE:COLUMN word`.
    fn found(text: &str, build: &OutlinedBuild, is_promoted: bool, files: &[&str], ignored: &str) -> Vec<String> {
        let context_files: Vec<String> = files.iter().map(|file| (*file).to_owned()).collect();
        let surroundings = DockerfileContext {
            build,
            configuration: "shipgate.toml",
            is_promoted,
            context_files: &context_files,
            ignored,
        };
        let findings = judge("Dockerfile", text, surroundings).unwrap();
        let shown = |finding: &CheckFinding| {
            let place = finding.place.map_or(String::new(), |place| format!("{}:{}", place.line, place.column));
            format!("{} {}:{place}", finding.rule, finding.file.as_deref().unwrap_or_default())
        };
        findings.iter().map(shown).collect()
    }

    #[test]
    fn an_argument_that_is_the_release_has_to_be_declared() {
        let release: ReleaseName = "4b825dc642cb6eb9a060e54bf8d69288fbee4904".parse().unwrap();
        let lacking = |text: &str, args: &[(&str, &str)]| {
            let args = args.iter().map(|(name, value)| ((*name).to_owned(), value.parse().unwrap())).collect();
            lacking_release(text, &target::ImageBuild { args, ..target::ImageBuild::default() }, &release)
        };
        let sha = [("RELEASE", "${release.sha}")];
        assert_eq!(lacking("FROM scratch\n", &sha), Some("RELEASE".to_owned()));
        assert_eq!(lacking("FROM scratch\nARG RELEASE\n", &sha), None);
        assert_eq!(lacking("FROM scratch\n", &[("LEVEL", "debug")]), None);
        for text in ["", "# syntax=other/frontend\nFROM scratch\n", "nonsense\n"] {
            assert_eq!(lacking(text, &sha), None, "{text}");
        }
    }

    #[test]
    fn a_good_dockerfile_is_clean() {
        let text = "# syntax=docker/dockerfile:1\nARG BASE=scratch\nFROM $BASE AS build\nARG RELEASE=unknown\n\
                    ENV RELEASE=$RELEASE PATH=\"/a b:/c\" TOKENIZERS_PARALLELISM=1 DB_PASSWORD_FILE=/run/x\n\
                    COPY --from=build /x .env.production /y/\nRUN <<EOF\n::x\nEOF\nENTRYPOINT [\"/a\"]\n";
        let args = build(&[("RELEASE", None, true), ("BASE", None, false), ("http_proxy", None, false)]);
        assert_eq!(found(text, &args, true, &["package.json"], ""), [""; 0]);
    }

    #[test]
    fn what_docker_cannot_read_is_an_error_on_its_line() {
        for (text, at) in [
            ("", "dockerfile-syntax Dockerfile:"),
            ("# only a comment\n", "dockerfile-syntax Dockerfile:"),
            ("RUN true\n", "dockerfile-syntax Dockerfile:1:1"),
            ("FROM scratch\n\n  FORM x\n", "dockerfile-syntax Dockerfile:3:3"),
            ("FROM a AS x\nFROM b AS x\n", "dockerfile-syntax Dockerfile:2:1"),
        ] {
            assert_eq!(found(text, &build(&[]), false, &[], ""), [at], "{text:?}");
        }
    }

    #[test]
    fn another_builders_file_is_not_judged() {
        let surroundings = DockerfileContext {
            build: &build(&[]),
            configuration: "shipgate.toml",
            is_promoted: true,
            context_files: &[],
            ignored: "",
        };
        assert!(judge("Dockerfile", "# syntax = devthefuture/dockerfile-x\nINCLUDE base\n", surroundings).is_none());
        assert!(judge("Dockerfile", "# syntax=docker.io/docker/dockerfile:1\nFROM a\n", surroundings).is_some());
        let program = "FROM a\nRUN python3 <<EOF\nprint(1)\nEOF\n";
        assert!(judge("Dockerfile", program, surroundings).is_none());
        assert!(judge("Dockerfile", "FROM a\nRUN <<EOF\nx\nEOF\n", surroundings).is_some());
    }

    #[test]
    fn arguments_have_to_be_declared() {
        let args = build(&[("RELEASE", None, true), ("VERSION", None, false)]);
        let undeclared = ["build-arg-undeclared shipgate.toml:2:1"];
        assert_eq!(found("FROM a\nARG RELEASE=1\n", &args, false, &[], ""), undeclared);
        assert_eq!(found("FROM a\nARG RELEASE VERSION\n", &args, false, &[], ""), [""; 0]);
    }

    #[test]
    fn names_of_secrets_are_noted() {
        let text = "FROM a\nARG NPM_TOKEN\nENV A=1 \\\n    DB_PASSWORD=x\nENV API_KEY some value\n";
        let noted =
            ["secret-in-image Dockerfile:2:5", "secret-in-image Dockerfile:3:5", "secret-in-image Dockerfile:5:5"];
        assert_eq!(found(text, &build(&[]), false, &[], ""), noted);
    }

    #[test]
    fn no_word_of_a_value_is_taken_for_a_name() {
        let build = build(&[]);
        let surroundings = DockerfileContext {
            build: &build,
            configuration: "c",
            is_promoted: false,
            context_files: &[],
            ignored: "",
        };
        let findings = judge("Dockerfile", "FROM a\nENV DB_PASSWORD my_secret_token\n", surroundings).unwrap();
        assert_eq!(findings.len(), 1);
        assert!(!findings[0].message.contains("my_secret_token"), "{findings:?}");
    }

    #[test]
    fn values_of_one_environment_stay_out_of_a_promoted_image() {
        let text = "FROM node\nARG REACT_APP_API_URL\nARG VITE_RELEASE\nCOPY . .\nCOPY web/.env.staging /x\n";
        let args = build(&[("REACT_APP_API_URL", None, false), ("VITE_RELEASE", None, true)]);
        let files = [".env.production", ".env.example"];
        let baked = ["build-once Dockerfile:2:5", "build-once Dockerfile:4:1", "build-once Dockerfile:5:1"];
        assert_eq!(found(text, &args, true, &files, ""), baked);
        assert_eq!(found(text, &args, false, &files, ""), [""; 0], "built for one environment");
        assert_eq!(found(text, &args, true, &files, "node_modules\n.env*\n").len(), 2, "ignored");
        assert_eq!(found(text, &args, true, &[".env.example"], "").len(), 2, "nothing lies there");
    }

    #[test]
    fn an_argument_of_one_environment_is_told_at_the_argument() {
        let args = build(&[("RELEASE", None, true), ("MODE", Some("${environment.name}"), false)]);
        let findings = judge_arguments("shipgate.toml", &args);
        assert_eq!(findings.len(), 1);
        assert_eq!((findings[0].rule, findings[0].place), (Rule::BuildOnce, Some(LinePlace::at(2, 1))));
        assert!(findings[0].message.contains("${environment.name}"), "{findings:?}");
    }

    proptest::proptest! {
        #[test]
        fn no_text_ends_the_program(text in "[A-Z a-z=$\"'\\\\#\n<{}\\[\\]-]{0,80}") {
            let build = build(&[("A", None, false)]);
            let surroundings = DockerfileContext {
                build: &build, configuration: "c", is_promoted: true, context_files: &[], ignored: "",
            };
            let _judged = judge("Dockerfile", &format!("FROM a\n{text}"), surroundings);
        }
    }
}
