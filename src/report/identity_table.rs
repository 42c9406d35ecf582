//! `whoami` for people: a block for each environment, within 80 columns.

use std::iter;

use anstyle::Style;

use super::line::ReportDetail;
use super::style::{BAD, FAINT, GOOD, STRONG};
use crate::domain::role::{Caller, RoleArn, RolePurpose};
use crate::domain::token::Claims;
use crate::domain::view::identity::{EnvironmentIdentities, IdentityEntry, SeenIdentities, SeenIdentity};

/// The blocks. What the job's token says stands below where something is refused, or all is shown.
pub fn render(answer: &SeenIdentities, level: ReportDetail) -> String {
    let blocks = answer.environments.iter().flat_map(|environment| block(environment, level));
    let shows_claims = level == ReportDetail::Verbose || answer.failures().next().is_some();
    let claims = answer.claims.iter().filter(|_| shows_claims).flat_map(Claims::lines);
    blocks.chain(claims).collect::<Vec<_>>().join("\n")
}

fn block(environment: &EnvironmentIdentities, level: ReportDetail) -> Vec<String> {
    let heading = format!("{STRONG}{}{STRONG:#}", environment.name);
    let unknown = environment.failure.iter().map(|_| line(BAD, '✗', "", "unknown"));
    let identities = environment.identities.iter().flat_map(|identity| of(identity, level));
    iter::once(heading).chain(unknown).chain(identities).collect()
}

fn of(identity: &SeenIdentity, level: ReportDetail) -> Vec<String> {
    let purpose = match identity.access {
        RolePurpose::Change => "change",
        RolePurpose::Read => "read",
    };
    let shown = |role: &RoleArn| if level == ReportDetail::Verbose { role.to_string() } else { role.name().to_owned() };
    let role = identity.role.as_ref().map(shown);
    match &identity.entry {
        IdentityEntry::Is(caller) => match role {
            Some(role) if level == ReportDetail::Verbose => {
                vec![line(GOOD, '✓', purpose, &role), beside(&format!("as {}", caller.arn))]
            }
            Some(role) => vec![line(GOOD, '✓', purpose, &role)],
            None => vec![line(GOOD, '✓', purpose, &ambient(caller, level)), beside("the ambient credentials: no role")],
        },
        IdentityEntry::ByDesign(meant_for) => {
            vec![line(FAINT, '–', purpose, &role.unwrap_or_default()), beside(&format!("only {meant_for}"))]
        }
        IdentityEntry::Refused(_) => {
            vec![line(BAD, '✗', purpose, &role.unwrap_or_else(|| "the ambient credentials".to_owned()))]
        }
    }
}

/// A caller without its account, which the configuration has: `user/ana`.
fn ambient(caller: &Caller, level: ReportDetail) -> String {
    let resource = caller.arn.splitn(6, ':').nth(5).filter(|_| level < ReportDetail::Verbose);
    resource.unwrap_or(&caller.arn).to_owned()
}

fn line(style: Style, mark: char, purpose: &str, text: &str) -> String {
    format!("  {style}{mark}{style:#} {purpose:<6}  {text}")
}

/// What is said of the line before it.
fn beside(text: &str) -> String {
    format!("            {FAINT}{text}{FAINT:#}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::failure::Failure;

    fn identity(access: RolePurpose, role: Option<&str>, entry: IdentityEntry) -> SeenIdentity {
        let role = role.map(|role| format!("arn:aws:iam::123456789012:role/ci/{role}").parse().unwrap());
        SeenIdentity { access, role, entry }
    }

    fn is(arn: &str) -> IdentityEntry {
        IdentityEntry::Is(Caller { account: "123456789012".parse().unwrap(), arn: arn.to_owned() })
    }

    fn shown(environments: Vec<(&str, Vec<SeenIdentity>)>, level: ReportDetail) -> String {
        let environments = environments.into_iter().map(|(name, identities)| EnvironmentIdentities {
            name: name.to_owned(),
            identities,
            failure: None,
        });
        let claims = Claims { subject: "repo:a/b:ref:refs/heads/main".to_owned(), ..Claims::default() };
        let answer = SeenIdentities { claims: Some(claims), environments: environments.collect() };
        anstream::adapter::strip_str(&render(&answer, level)).to_string()
    }

    fn all() -> Vec<(&'static str, Vec<SeenIdentity>)> {
        let session = "arn:aws:sts::123456789012:assumed-role/stage/shop-7-1";
        let by_design = IdentityEntry::ByDesign("jobs with environment: production".to_owned());
        vec![
            ("stage", vec![identity(RolePurpose::Change, Some("stage"), is(session))]),
            ("production", vec![identity(RolePurpose::Change, Some("production"), by_design)]),
            ("demo", vec![identity(RolePurpose::Read, None, is("arn:aws:iam::123456789012:user/ana"))]),
        ]
    }

    #[test]
    fn each_environment_has_a_block() {
        insta::assert_snapshot!(shown(all(), ReportDetail::Everything), @r"
        stage
          ✓ change  stage
        production
          – change  production
                    only jobs with environment: production
        demo
          ✓ read    user/ana
                    the ambient credentials: no role
        ");
    }

    #[test]
    fn all_is_shown_on_demand_and_the_token_where_something_is_refused() {
        let verbose = shown(all(), ReportDetail::Verbose);
        assert!(verbose.contains("as arn:aws:sts::123456789012:assumed-role/stage/shop-7-1"), "{verbose}");
        assert!(verbose.contains("arn:aws:iam::123456789012:role/ci/production"), "{verbose}");
        assert!(verbose.contains("the token's `sub`"), "{verbose}");
        let refused = IdentityEntry::Refused(Failure::invalid("no"));
        let refused = shown(
            vec![("stage", vec![identity(RolePurpose::Change, Some("stage"), refused)])],
            ReportDetail::Everything,
        );
        assert!(refused.contains("✗ change  stage") && refused.contains("the token's `sub`"), "{refused}");
    }
}
