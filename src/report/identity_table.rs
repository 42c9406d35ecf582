//! `whoami` for people: a table.

use super::table;
use crate::domain::role::Access;
use crate::domain::token::Claims;
use crate::domain::view::identity::SeenIdentities;

const HEADINGS: [&str; 4] = ["ENVIRONMENT", "FOR", "ROLE", "WE ARE"];

/// The table, with what the job's token says below it.
pub fn render(answer: &SeenIdentities) -> String {
    let mut rows = vec![HEADINGS.map(str::to_owned)];
    for environment in &answer.environments {
        for identity in &environment.identities {
            let purpose = match identity.access {
                Access::Change => "changes",
                Access::Read => "looking",
            };
            let role = identity.role.as_ref().map_or_else(|| "none".to_owned(), ToString::to_string);
            let caller = identity.caller.as_ref().map_or_else(|_| "nobody".to_owned(), |caller| caller.arn.clone());
            rows.push([environment.name.clone(), purpose.to_owned(), role, caller]);
        }
        if environment.failure.is_some() {
            rows.push([environment.name.as_str(), "", "", "unknown"].map(str::to_owned));
        }
    }
    let claims = answer.claims.iter().flat_map(Claims::lines);
    table::lines(&rows).into_iter().chain(claims).collect::<Vec<_>>().join("\n")
}
