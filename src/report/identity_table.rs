//! `whoami` for people: a block for each environment, within 80 columns.

use std::iter;

use anstyle::Style;

use super::line::Level;
use super::style::{BAD, FAINT, GOOD, STRONG};
use crate::domain::role::{Access, Caller, RoleArn};
use crate::domain::token::Claims;
use crate::domain::view::identity::{Entry, EnvironmentIdentities, SeenIdentities, SeenIdentity};

/// The blocks. What the job's token says stands below where something is refused, or all is shown.
pub fn render(answer: &SeenIdentities, level: Level) -> String {
    let blocks = answer.environments.iter().flat_map(|environment| block(environment, level));
    let shows_claims = level == Level::Verbose || answer.failures().next().is_some();
    let claims = answer.claims.iter().filter(|_| shows_claims).flat_map(Claims::lines);
    blocks.chain(claims).collect::<Vec<_>>().join("\n")
}

fn block(environment: &EnvironmentIdentities, level: Level) -> Vec<String> {
    let heading = format!("{STRONG}{}{STRONG:#}", environment.name);
    let unknown = environment.failure.iter().map(|_| line(BAD, '✗', "", "unknown"));
    let identities = environment.identities.iter().flat_map(|identity| of(identity, level));
    iter::once(heading).chain(unknown).chain(identities).collect()
}

fn of(identity: &SeenIdentity, level: Level) -> Vec<String> {
    let purpose = match identity.access {
        Access::Change => "change",
        Access::Read => "read",
    };
    let shown = |role: &RoleArn| if level == Level::Verbose { role.to_string() } else { role.name().to_owned() };
    let role = identity.role.as_ref().map(shown);
    match &identity.entry {
        Entry::Is(caller) => match role {
            Some(role) if level == Level::Verbose => {
                vec![line(GOOD, '✓', purpose, &role), beside(&format!("as {}", caller.arn))]
            }
            Some(role) => vec![line(GOOD, '✓', purpose, &role)],
            None => vec![line(GOOD, '✓', purpose, &ambient(caller, level)), beside("the ambient credentials: no role")],
        },
        Entry::ByDesign(meant_for) => {
            vec![line(FAINT, '–', purpose, &role.unwrap_or_default()), beside(&format!("only {meant_for}"))]
        }
        Entry::Refused(_) => {
            vec![line(BAD, '✗', purpose, &role.unwrap_or_else(|| "the ambient credentials".to_owned()))]
        }
    }
}

/// A caller without its account, which the configuration has: `user/ana`.
fn ambient(caller: &Caller, level: Level) -> String {
    let resource = caller.arn.splitn(6, ':').nth(5).filter(|_| level < Level::Verbose);
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

    fn identity(access: Access, role: Option<&str>, entry: Entry) -> SeenIdentity {
        let role = role.map(|role| format!("arn:aws:iam::123456789012:role/ci/{role}").parse().unwrap());
        SeenIdentity { access, role, entry }
    }

    fn is(arn: &str) -> Entry {
        Entry::Is(Caller { account: "123456789012".parse().unwrap(), arn: arn.to_owned() })
    }

    fn shown(environments: Vec<(&str, Vec<SeenIdentity>)>, level: Level) -> String {
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
        let by_design = Entry::ByDesign("jobs with environment: production".to_owned());
        vec![
            ("stage", vec![identity(Access::Change, Some("stage"), is(session))]),
            ("production", vec![identity(Access::Change, Some("production"), by_design)]),
            ("demo", vec![identity(Access::Read, None, is("arn:aws:iam::123456789012:user/ana"))]),
        ]
    }

    #[test]
    fn each_environment_has_a_block() {
        insta::assert_snapshot!(shown(all(), Level::Everything), @r"
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
        let verbose = shown(all(), Level::Verbose);
        assert!(verbose.contains("as arn:aws:sts::123456789012:assumed-role/stage/shop-7-1"), "{verbose}");
        assert!(verbose.contains("arn:aws:iam::123456789012:role/ci/production"), "{verbose}");
        assert!(verbose.contains("the token's `sub`"), "{verbose}");
        let refused = Entry::Refused(Failure::invalid("no"));
        let refused = shown(vec![("stage", vec![identity(Access::Change, Some("stage"), refused)])], Level::Everything);
        assert!(refused.contains("✗ change  stage") && refused.contains("the token's `sub`"), "{refused}");
    }
}
