//! `identity`

use super::super::*;
use super::GateCase;

const CALLER: &str = "arn:aws:sts::123456789012:assumed-role/production/run";

fn case(situation: &'static str, set: impl FnOnce(&mut IdentityEvidence)) -> GateCase {
    let mut seen = IdentityEvidence {
        is_current: None,
        account: "123456789012".parse().unwrap(),
        expected: Some("123456789012".parse().unwrap()),
        caller: CALLER.to_owned(),
        token: None,
        repository: Some("acme/shop".to_owned()),
        default_branch: Some("main".to_owned()),
    };
    set(&mut seen);
    GateCase::new(GateName::Identity, ChangeCommand::Promote, situation)
        .evidence(|evidence| evidence.identity = Fact::Is(seen))
}

/// With a token of some claims.
fn with_token(situation: &'static str, claims: &[(&str, &str)]) -> GateCase {
    case(situation, |seen| seen.token = Some(token(claims)))
}

fn hotfixes_too(policy: &mut GatePolicy) {
    policy.branch = Some(["main", "hotfix/*"].map(|name| BranchPattern(name.to_owned())).to_vec());
}

pub(super) fn cases() -> Vec<GateCase> {
    const START: &str = "start the workflow on an allowed branch, or name the branch in `branch` of the gates";
    let main = ("ref", "refs/heads/main");
    let hotfix = ("ref", "refs/heads/hotfix/a");
    let in_account = format!("{CALLER} in account 123456789012");
    vec![
        case("the credentials are of the configured account, and no role was assumed with a token", |_| {})
            .satisfied(format!("{in_account}, without a token")),
        case("the configuration is the one that the branch has now", |seen| seen.is_current = Some(Fact::Is(true)))
            .satisfied(format!("{in_account}, without a token")),
        case("a run of before is run again, with the configuration of then", |seen| {
            seen.is_current = Some(Fact::Is(false));
        })
        .unsatisfied(
            "shipgate.toml is not the one that the branch has now",
            "start the workflow again, instead of running it once more as it was",
        ),
        case("which configuration the branch has now is not known", |seen| {
            seen.is_current = Some(Fact::unknown("GitHub answers 502"));
        })
        .unknown("GitHub answers 502", ""),
        case("no account is configured", |seen| seen.expected = None)
            .satisfied(format!("{in_account}, without a token")),
        case("the credentials are of another account", |seen| seen.expected = Some("210987654321".parse().unwrap()))
            .unsatisfied("the account is 123456789012, not 210987654321", "use credentials of the configured account"),
        with_token(
            "the token is of this repository, this environment and the default branch",
            &[("repository", "acme/shop"), ("environment", "production"), main],
        )
        .satisfied(format!("{in_account}, from refs/heads/main")),
        with_token("the token is of a job without an environment of GitHub", &[("repository", "acme/shop"), main])
            .satisfied(format!("{in_account}, from refs/heads/main")),
        with_token("the token names no ref", &[("repository", "acme/shop")])
            .unknown("the token does not say for which ref the job runs", ""),
        with_token("the token names no repository", &[main])
            .unknown("the token does not say of which repository the job is", ""),
        case("nothing says which branch is the default one", |seen| {
            seen.token = Some(token(&[("repository", "acme/shop"), main]));
            seen.default_branch = None;
        })
        .unknown(
            "which branch is the default one is not known",
            "write `branch = [\"main\"]` in `[environments.production.gates]`",
        ),
        with_token("a stop sign is put from another branch", &[("repository", "acme/shop"), hotfix])
            .command(ChangeCommand::Hold)
            .satisfied(in_account.clone()),
        with_token("the token is of another repository", &[("repository", "evil/shop"), main]).unsatisfied(
            "the token is of repository evil/shop, not acme/shop",
            "run it in a workflow of the repository itself",
        ),
        with_token(
            "the token is of another environment of GitHub",
            &[("repository", "acme/shop"), ("environment", "stage"), main],
        )
        .unsatisfied(
            "the token is of GitHub's environment stage, not production",
            "write `environment: production` in the job",
        ),
        with_token("the job runs for another branch", &[("repository", "acme/shop"), hotfix])
            .unsatisfied("the job runs for refs/heads/hotfix/a, which is no allowed branch", START),
        with_token("the job runs for a branch that `branch` allows", &[("repository", "acme/shop"), hotfix])
            .policy(hotfixes_too)
            .satisfied(format!("{in_account}, from refs/heads/hotfix/a")),
        with_token("the job runs for a tag", &[("repository", "acme/shop"), ("ref", "refs/tags/v1")])
            .unsatisfied("the job runs for refs/tags/v1, which is no allowed branch", START),
        with_token(
            "the job runs for a tag that is called like an allowed branch",
            &[("repository", "acme/shop"), ("ref", "refs/tags/main")],
        )
        .policy(hotfixes_too)
        .unsatisfied("the job runs for refs/tags/main, which is no allowed branch", START),
    ]
}

/// A token with some claims.
fn token(claims: &[(&str, &str)]) -> Claims {
    Claims {
        others: Some(claims.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()),
        ..Claims::default()
    }
}
