//! The rule for commands that start a build of the app that is built.

use super::ampx::{literal, option};
use super::reached::Reached;
use super::specification::{App, Specification};
use super::surroundings::AmplifyContext;
use super::walk::ReachedCommand;
use crate::domain::check::{Findings, Rule};

/// Judges all commands of a build.
pub fn judge(specification: &Specification, all: &[Reached], around: &AmplifyContext<'_>, findings: &mut Findings) {
    for reached in all {
        let Some(what) = starts_build(&reached.run, &specification.apps[reached.app], around) else { continue };
        let run = &reached.run;
        let message = format!("the build {what}, which starts the next build{}", run.reached());
        let hint = "take it out: Amplify deploys the output of the build, and a push starts a build by itself";
        findings.found(run.spot.finding(Rule::BuildSpecBuildLoop, message, hint));
    }
}

/// C4: what a command does that starts a build.
fn starts_build(run: &ReachedCommand, app: &App, around: &AmplifyContext<'_>) -> Option<String> {
    let words = run.words();
    let (program, arguments) = words.split_first()?;
    match *program {
        "aws" => {
            let at = arguments.iter().position(|word| *word == "amplify")?;
            let command = arguments.get(at + 1)?;
            let is_start = ["start-job", "start-deployment", "create-deployment"].contains(command);
            let id = option(arguments, "--app-id");
            let configured = around.values(app, "app-id");
            // The build of another app is no loop.
            let is_other = id.as_deref().and_then(literal).zip(configured).is_some_and(|(id, own)| !own.contains(id));
            (is_start && !is_other).then(|| format!("calls `aws amplify {command}`"))
        }
        "amplify" => {
            let command = arguments.first().filter(|command| ["publish", "push"].contains(command))?;
            Some(format!("runs `amplify {command}`"))
        }
        "curl" | "wget" | "http" | "https" => {
            let is_webhook = |word: &str| word.contains("webhooks.amplify") || word.contains("operation=startbuild");
            arguments.iter().any(|word| is_webhook(word)).then(|| "calls a webhook of Amplify".to_owned())
        }
        "shipgate" => {
            let commands = ["deploy", "promote", "rollback"];
            let first = arguments.iter().find(|word| !word.starts_with('-'))?;
            commands.contains(first).then(|| format!("runs `shipgate {first}`"))
        }
        "git" => {
            let is_push = arguments.iter().find(|word| !word.starts_with('-')) == Some(&"push");
            let is_tag = arguments.iter().any(|word| *word == "--tags" || word.contains("refs/tags/"));
            (is_push && !is_tag).then(|| "pushes to git".to_owned())
        }
        _ => None,
    }
}
