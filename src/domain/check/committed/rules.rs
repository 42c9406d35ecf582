//! The rules for the values of one file.

use std::collections::BTreeSet;
use std::ops::Range;

use super::assignment::{Assignment, Syntax, is_name};
use super::form::{APPSYNC_KEY, Hit, hits};
use super::random::is_random;
use super::search::assignments;
use super::withheld::Withheld;
use crate::domain::check::outline::Outline;
use crate::domain::check::place::TextLines;
use crate::domain::check::{CheckFinding, Findings, LinePlace, Rule, Severity};
use crate::domain::contract::judge_committed;
use crate::domain::contract::looks::{client_prefix, is_public_name, is_secret_name, placeholder};
use crate::domain::names::EnvironmentName;

/// Directories whose files show how something is used, or try it out.
const OF_EXAMPLES: [&str; 14] = [
    "test",
    "tests",
    "__tests__",
    "spec",
    "e2e",
    "fixtures",
    "__fixtures__",
    "testdata",
    "mocks",
    "__mocks__",
    "doc",
    "docs",
    "examples",
    "samples",
];
/// What the name of a file ends with that others copy and fill in.
const OF_SAMPLES: [&str; 6] = ["example", "sample", "template", "tmpl", "dist", "defaults"];

/// Judges a file. `outline`: the configuration, with its contracts, where it could be read.
///
/// `withheld`: takes the secrets that are found, for the texts of other rules.
pub fn judge(
    (file, text): (&str, &str),
    syntax: Syntax,
    outline: Option<&Outline>,
    withheld: &mut Withheld,
) -> Vec<CheckFinding> {
    let hits = hits(text);
    for hit in &hits {
        withheld.add(file, &text[hit.range.clone()]);
    }
    let lines = TextLines::new(text);
    let judged = SuspectedSecret { file, text, lines, is_sample: is_sample(file), outline };
    if is_example(file) {
        // Such a file has keys of its own for trying something out; real ones end up there all the same.
        let nameless = hits.iter().map(|hit| judged.nameless(hit).at_level(Severity::Warning));
        return nameless.collect();
    }
    let is_wanted = |name: &str| is_of_environment(name) || is_secret_name(name) || judged.is_declared(name);
    let mut named = vec![false; hits.len()];
    let mut findings = Vec::new();
    for assignment in assignments(text, syntax, &is_wanted) {
        let within = within(&hits, &assignment.written);
        for index in within.clone() {
            named[index] = true;
        }
        let found = judged.assignment(&assignment, hits[within].first());
        if found.iter().any(|finding| HOLD_SECRETS.contains(&finding.rule)) {
            withheld.add(file, &text[assignment.written.clone()]);
            withheld.add(file, &assignment.value);
        }
        findings.extend(found);
    }
    let others = hits.iter().zip(named).filter(|(_, is_named)| !is_named);
    findings.extend(others.map(|(hit, _)| judged.nameless(hit)));
    findings
}

/// The rules about a value that is a secret.
const HOLD_SECRETS: [Rule; 3] = [Rule::CommittedSecret, Rule::ClientSecret, Rule::CommittedValue];

struct SuspectedSecret<'a> {
    file: &'a str,
    text: &'a str,
    lines: TextLines<'a>,
    is_sample: bool,
    outline: Option<&'a Outline>,
}

const REVOKE: &str = "revoke it where it was issued, and take it out of the file: it stays in the history of git. Keep the \
                      new one in AWS Secrets Manager, or in a secret of the job's environment in GitHub";

const FILL_IN: &str = "write the real value, or remove the line and set it where the environment's other values are";

impl SuspectedSecret<'_> {
    fn assignment(&self, assignment: &Assignment<'_>, hit: Option<&Hit>) -> Vec<CheckFinding> {
        let name = &self.text[assignment.name.clone()];
        let value = assignment.value.trim();
        if value.is_empty() || (hit.is_none() && is_reference(value)) {
            return Vec::new();
        }
        let what = hit.map(|hit| hit.what).or_else(|| by_name(name, value));
        if let Some(what) = what {
            return vec![self.secret(assignment, name, what)];
        }
        let place = self.place(&assignment.name);
        let at = |finding: CheckFinding| finding.in_file(self.file, Some(place));
        let of_contract = self.of_contract(name, value);
        if !of_contract.is_empty() {
            return of_contract.into_iter().map(at).collect();
        }
        if !self.is_sample && is_of_environment(name) && (placeholder(value) || is_pool_of_nobody(value)) {
            let message = format!("`{name}` has a value that is still to be filled in");
            return vec![at(CheckFinding::new(Rule::PlaceholderValue, message, FILL_IN))];
        }
        Vec::new()
    }

    fn secret(&self, assignment: &Assignment<'_>, name: &str, what: &str) -> CheckFinding {
        let shown = shown(name);
        let place = Some(self.place(&assignment.name));
        if let Some(prefix) = client_prefix(name) {
            let message =
                format!("{shown} is {what}, and what begins with `{prefix}` is in every browser that loads the site");
            let hint = format!("use it on a server alone, under a name without `{prefix}`; {REVOKE}");
            let finding = CheckFinding::new(Rule::ClientSecret, message, hint).in_file(self.file, place);
            return if what == APPSYNC_KEY { finding.at_level(Severity::Warning) } else { finding };
        }
        let message = format!("{shown} is {what}, for everyone who can read the repository");
        CheckFinding::new(Rule::CommittedSecret, message, REVOKE).in_file(self.file, place)
    }

    /// A secret that no name was found for.
    fn nameless(&self, hit: &Hit) -> CheckFinding {
        let message = format!("here is {}, for everyone who can read the repository", hit.what);
        let place = self.place(&(hit.range.start..hit.range.start));
        CheckFinding::new(Rule::CommittedSecret, message, REVOKE).in_file(self.file, Some(place))
    }

    /// What the contracts say of a value. They are of components, and files are of none: each that has the name counts.
    fn of_contract(&self, name: &str, value: &str) -> Vec<CheckFinding> {
        let Some(outline) = self.outline else { return Vec::new() };
        let environment = self.environment(outline);
        let declared = outline.contracts.values().filter_map(|contract| Some((contract, contract.get(name)?)));
        let mut findings = Vec::new();
        for (contract, declared) in declared {
            if declared.rules.secret {
                let is_filled_in = !self.is_sample && !placeholder(value);
                let message = format!("`{name}` is declared as a secret in {}, and has a value here", outline.file);
                findings.extend(is_filled_in.then(|| CheckFinding::new(Rule::CommittedValue, message, REVOKE)));
            } else if !self.is_sample {
                let judged = judge_committed(contract, name, value, environment.as_ref());
                findings.extend(judged.into_iter().map(|(rule, message, hint)| CheckFinding::new(rule, message, hint)));
            }
        }
        findings.dedup();
        findings
    }

    fn is_declared(&self, name: &str) -> bool {
        self.outline.is_some_and(|outline| outline.contracts.values().any(|contract| contract.get(name).is_some()))
    }

    /// The environment that the name of the file says: `.env.production`.
    fn environment(&self, outline: &Outline) -> Option<EnvironmentName> {
        let name = self.file.rsplit('/').next().unwrap_or_default();
        let of_name = |name: &str| outline.environment(name)?.name.parse().ok();
        name.split('.').find_map(of_name)
    }

    fn place(&self, range: &Range<usize>) -> LinePlace {
        self.lines.place(range)
    }
}

/// What a Dockerfile's own rule only suspects is not said beside what was found on the same line.
pub fn say_once(findings: &mut Findings) {
    let line = |finding: &CheckFinding| Some((finding.file.clone()?, finding.place?.line));
    let of_values = findings.all.iter().filter(|finding| HOLD_SECRETS.contains(&finding.rule));
    let known: BTreeSet<(String, usize)> = of_values.filter_map(line).collect();
    findings.all.retain(|finding| {
        finding.rule != Rule::SecretInImage || line(finding).is_none_or(|line| !known.contains(&line))
    });
}

/// The secrets that are in a range. They are in the order of the text, and none overlaps another.
fn within(hits: &[Hit], range: &Range<usize>) -> Range<usize> {
    let first = hits.partition_point(|hit| hit.range.end <= range.start);
    let end = hits.partition_point(|hit| hit.range.start < range.end);
    first..end.max(first)
}

/// A secret that only its name gives away. What browsers are given is no secret for being called a key.
pub fn by_name(name: &str, value: &str) -> Option<&'static str> {
    let is_public = is_public_name(name)
        || (client_prefix(name).is_some() && {
            let name = name.to_ascii_uppercase();
            ["API_KEY", "APIKEY", "TOKEN"].iter().any(|word| name.ends_with(word))
        });
    (is_secret_name(name) && !is_public && is_random(value)).then_some("a secret by its name and value")
}

/// `API_URL`: the name of a variable, as environments have them.
fn is_of_environment(name: &str) -> bool {
    name.len() >= 3
        && name.starts_with(|first: char| first.is_ascii_uppercase())
        && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

/// A name as texts show it. What is none may be a part of a value.
fn shown(name: &str) -> String {
    if is_name(name) && hits(name).is_empty() { format!("`{name}`") } else { "the value".to_owned() }
}

/// `us-west-1_PROD`: where the ID of a user pool of Cognito has nine letters and digits behind its region
/// ([UserPoolIdType](https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UserPoolType.html)).
fn is_pool_of_nobody(value: &str) -> bool {
    let Some((region, id)) = value.split_once(['_', ':']) else { return false };
    let parts: Vec<&str> = region.split('-').collect();
    let is_region = parts.len() >= 3
        && parts.last().is_some_and(|last| last.len() == 1 && last.bytes().all(|byte| byte.is_ascii_digit()))
        && parts[..parts.len() - 1].iter().all(|part| part.bytes().all(|byte| byte.is_ascii_lowercase()));
    is_region && !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_uppercase() || matches!(byte, b'_' | b'-'))
}

/// A value that is looked up: a variable, an expression, a name in a store, or a text that is encrypted.
fn is_reference(value: &str) -> bool {
    const BEGINNINGS: [&str; 10] = ["$", "%", "<", "{{", "arn:", "op://", "vault:", "ssm:", "encrypted:", "ENC["];
    BEGINNINGS.iter().any(|beginning| value.starts_with(beginning))
        || ["${", "$(", "{{", "`"].iter().any(|part| value.contains(part))
}

fn is_example(file: &str) -> bool {
    let (directories, name) = file.rsplit_once('/').unwrap_or(("", file));
    // The variables of a run of tests: `.env.test`, `.env.ci`.
    let is_of_tests = name.strip_prefix(".env.").is_some_and(|rest| {
        let environment = rest.strip_suffix(".local").unwrap_or(rest);
        ["test", "testing", "ci", "e2e"].contains(&environment)
    });
    is_of_tests || directories.split('/').any(|directory| OF_EXAMPLES.contains(&directory))
}

fn is_sample(file: &str) -> bool {
    let name = file.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    name.split(['.', '-', '_']).any(|part| OF_SAMPLES.contains(&part))
}
