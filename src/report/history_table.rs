//! `history` for people: a table.

use super::table;
use crate::domain::view::history::{PastRelease, Standing};

const HEADINGS: [&str; 7] = ["WHEN", "COMPONENT", "RELEASE", "OUTCOME", "REVISION", "DIGEST", "RUN"];

/// The table. `None` when there is nothing to show.
pub fn render(releases: &[(String, PastRelease)]) -> Option<String> {
    if releases.is_empty() {
        return None;
    }
    let headings = std::iter::once(HEADINGS.map(str::to_owned));
    let rows: Vec<_> = headings.chain(releases.iter().map(|(component, release)| row(component, release))).collect();
    Some(table::lines(&rows).join("\n"))
}

fn row(component: &str, release: &PastRelease) -> [String; HEADINGS.len()] {
    let standing = match release.standing {
        Standing::Past => "",
        Standing::RollingOut => " (rolling out)",
        Standing::Current => " (current)",
    };
    let outcome = release.outcome.as_deref().unwrap_or("unknown");
    let restores = release.restores.as_ref().map(|restored| format!(", restores {}", restored.short()));
    let unknown = || "-".to_owned();
    [
        Some(table::time(release.at)).filter(|time| !time.is_empty()).unwrap_or_else(unknown),
        component.to_owned(),
        release.release.short(),
        format!("{outcome}{standing}"),
        format!("{}{}", release.place.short(), restores.unwrap_or_default()),
        release.digest.as_ref().map_or_else(unknown, |digest| digest.short().to_owned()),
        release.run.clone().unwrap_or_else(unknown),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unknown_is_called_so() {
        let release = |outcome: Option<&str>, restores: Option<&str>, standing| PastRelease {
            release: "4b825dc642cb6eb9a060e54bf8d69288fbee4904".parse().unwrap(),
            digest: None,
            outcome: outcome.map(str::to_owned),
            at: None,
            run: Some("local".to_owned()),
            place: "arn:aws:ecs:us-east-1:123456789012:task-definition/backend:9".into(),
            restores: restores.map(Into::into),
            deployment: None,
            contradiction: None,
            standing,
        };
        let releases = [
            ("backend".to_owned(), release(None, None, Standing::RollingOut)),
            ("backend".to_owned(), release(Some("deployed"), Some("arn:x/backend:7"), Standing::Current)),
            ("backend".to_owned(), release(Some("rolled-back"), None, Standing::Past)),
        ];
        let table = render(&releases).unwrap();
        let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(rows[0], HEADINGS);
        assert_eq!(rows[1], ["-", "backend", "4b825dc", "unknown", "(rolling", "out)", "backend:9", "-", "local"]);
        let restored = ["-", "backend", "4b825dc", "deployed", "(current)", "backend:9,", "restores", "backend:7"];
        assert_eq!(rows[2][..8], restored);
        assert_eq!(rows[3][3..5], ["rolled-back", "backend:9"]);
        assert_eq!(render(&[]), None);
    }
}
