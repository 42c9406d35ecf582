//! The rule on workflows that write to the buckets of sites.

use yaml_serde::Value;
use yamlpath::Component;

use super::surroundings::{KIND, text};
use crate::domain::check::outline::Outline;
use crate::domain::check::workflow::{WorkflowFile, programs};
use crate::domain::check::{Findings, Path, RepositoryFiles, Rule};

const DIRECTORY: &str = ".github/workflows";
const HINT: &str = "remove it: `shipgate deploy` puts the files there, and `shipgate rollback` takes them back";

/// Judges all workflows. What cannot be read of them is reported elsewhere.
pub(super) fn judge(repository: &RepositoryFiles<'_>, outline: &Outline, findings: &mut Findings) {
    let of_site = |key| outline.of_kind(KIND).filter_map(move |site| Some((text(site, key)?, site.name.as_str())));
    let buckets: Vec<(&str, &str)> = of_site("bucket").chain(of_site("artifacts")).collect();
    let is_workflow = |name: &&str| [".yml", ".yaml"].iter().any(|end| name.ends_with(end));
    for name in repository.below(DIRECTORY).filter(is_workflow).filter(|_| !buckets.is_empty()) {
        let Some(Ok(text)) = repository.text(name) else { continue };
        let Ok(file) = WorkflowFile::read(name, &text) else { continue };
        for (path, script) in scripts(&file.raw) {
            for (verb, bucket) in programs(script).iter().filter_map(|words| written(words)) {
                let Some((_, site)) = buckets.iter().find(|(own, _)| *own == bucket) else { continue };
                let message = format!(
                    "`aws s3 {verb}` changes bucket `{bucket}` of `{site}` beside shipgate, which takes what it finds for its own"
                );
                findings.found(file.finding(Rule::SiteTwoDeployers, &path, message, HINT));
            }
        }
    }
}

/// The scripts of all steps, with their paths.
fn scripts(workflow: &Value) -> Vec<(Path<'static>, &str)> {
    let jobs = workflow.get("jobs").and_then(Value::as_mapping).into_iter().flatten();
    let of_job = |(name, job): (&Value, &'_ Value)| {
        let name = name.as_str().unwrap_or_default().to_owned();
        let count = job.get("steps").and_then(Value::as_sequence).map_or(0, Vec::len);
        (0..count).map(move |index| (name.clone(), index))
    };
    let script = |(job, index): (String, usize)| {
        let script = workflow.get("jobs")?.get(job.as_str())?.get("steps")?.get(index)?.get("run")?.as_str()?;
        let path = [Component::from("jobs"), Component::from(job), Component::from("steps")];
        Some((path.into_iter().chain([Component::from(index), Component::from("run")]).collect(), script))
    };
    jobs.flat_map(of_job).filter_map(script).collect()
}

/// What a command of the AWS CLI does to which bucket, where it changes one.
fn written(words: &[String]) -> Option<(&str, &str)> {
    let (program, rest) = words.split_first()?;
    let service = rest.iter().position(|word| word == "s3").filter(|_| program.rsplit('/').next() == Some("aws"))?;
    let (verb, arguments) = rest.get(service.checked_add(1)?..)?.split_first()?;
    let is_change =
        matches!(verb.as_str(), "sync" | "cp" | "mv" | "rm") && !arguments.iter().any(|it| it == "--dryrun");
    let is_option = |word: Option<&String>| word.is_none_or(|word| word.starts_with('-'));
    // Where files go comes last: what follows is an option, and something stands before it.
    let is_target = |index: usize| {
        let before = index.checked_sub(1).and_then(|index| arguments.get(index));
        is_option(arguments.get(index.saturating_add(1))) && (before.is_some() || verb == "rm")
    };
    let mut targets =
        arguments.iter().enumerate().filter(|(index, word)| word.starts_with("s3://") && is_target(*index));
    let (_, target) = targets.next().filter(|_| is_change)?;
    Some((verb, target.strip_prefix("s3://")?.split('/').next()?))
}
