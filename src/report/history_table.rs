//! `history` for people: a table.

use super::table;
use crate::domain::provenance::{LOCAL, Provenance};
use crate::domain::view::history::{PastRelease, Standing};

const HEADINGS: [&str; 9] = ["WHEN", "COMPONENT", "RELEASE", "OUTCOME", "TOOK", "REVISION", "DIGEST", "BY", "RUN"];

/// The table, with who approved a release, and which gates were overridden for it, below its row. `None` when there is
/// nothing to show.
pub fn render(releases: &[(String, PastRelease)]) -> Option<String> {
    if releases.is_empty() {
        return None;
    }
    let headings = std::iter::once(HEADINGS.map(str::to_owned));
    let rows: Vec<_> = headings.chain(releases.iter().map(|(component, release)| row(component, release))).collect();
    let mut rows = table::lines(&rows).into_iter();
    let mut lines: Vec<String> = rows.by_ref().take(1).collect();
    for (row, (_, release)) in rows.zip(releases) {
        lines.push(row);
        lines.extend(decisions(&release.provenance));
    }
    Some(lines.join("\n"))
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
        release.seconds().map_or_else(unknown, took),
        format!("{}{}", release.place.short(), restores.unwrap_or_default()),
        release.digest.as_ref().map_or_else(unknown, |digest| digest.short().to_owned()),
        started(&release.provenance),
        release.provenance.run.clone().unwrap_or_else(unknown),
    ]
}

/// Who started a run, and with which event of GitHub.
fn started(Provenance { by, trigger, .. }: &Provenance) -> String {
    let by = by.as_deref().unwrap_or("-");
    match trigger.as_deref().filter(|trigger| *trigger != LOCAL) {
        Some(trigger) => format!("{by} ({trigger})"),
        None => by.to_owned(),
    }
}

fn decisions(Provenance { approvers, overrides, .. }: &Provenance) -> Vec<String> {
    let approved = (!approvers.is_empty()).then(|| format!("  approved by {}", approvers.join(", ")));
    let overridden = overrides.iter().map(|it| format!("  gate {} overridden: {}", it.gate, it.reason));
    approved.into_iter().chain(overridden).collect()
}

fn took(seconds: i64) -> String {
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds}s"),
        (0, minutes, seconds) => format!("{minutes}m {seconds}s"),
        (hours, minutes, _) => format!("{hours}h {minutes}m"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::provenance::OverriddenGate;

    fn release(outcome: Option<&str>, restores: Option<&str>, standing: Standing) -> PastRelease {
        PastRelease {
            release: "4b825dc642cb6eb9a060e54bf8d69288fbee4904".parse().unwrap(),
            digest: None,
            outcome: outcome.map(str::to_owned),
            at: None,
            provenance: Provenance::local(Some("ana")),
            place: "arn:aws:ecs:us-east-1:123456789012:task-definition/backend:9".into(),
            restores: restores.map(Into::into),
            deployment: None,
            contradiction: None,
            standing,
        }
    }

    #[test]
    fn what_is_unknown_is_called_so() {
        let releases = [
            ("backend".to_owned(), release(None, None, Standing::RollingOut)),
            ("backend".to_owned(), release(Some("deployed"), Some("arn:x/backend:7"), Standing::Current)),
            ("backend".to_owned(), release(Some("rolled-back"), None, Standing::Past)),
        ];
        let table = render(&releases).unwrap();
        let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(rows[0], HEADINGS);
        let unknown = ["-", "backend", "4b825dc", "unknown", "(rolling", "out)", "-", "backend:9", "-", "ana", "local"];
        assert_eq!(rows[1], unknown);
        let restored = ["-", "backend", "4b825dc", "deployed", "(current)", "-", "backend:9,", "restores", "backend:7"];
        assert_eq!(rows[2][..9], restored);
        assert_eq!(rows[3][3..6], ["rolled-back", "-", "backend:9"]);
        assert_eq!(render(&[]), None);
    }

    #[test]
    fn who_decided_stands_below_the_row() {
        let provenance = Provenance {
            trigger: Some("workflow_dispatch".to_owned()),
            run: Some("acme/shop/7/1".to_owned()),
            approvers: vec!["ben".to_owned(), "eva".to_owned()],
            overrides: vec![OverriddenGate { gate: "freeze".to_owned(), reason: "carts fail".to_owned() }],
            ..Provenance::local(Some("ana"))
        };
        let decided = PastRelease { provenance, ..release(Some("deployed"), None, Standing::Current) };
        let releases = [("backend".to_owned(), decided), ("worker".to_owned(), release(None, None, Standing::Past))];
        let table = render(&releases).unwrap();
        let lines: Vec<&str> = table.lines().collect();
        assert!(lines[1].ends_with("ana (workflow_dispatch)  acme/shop/7/1"), "{table}");
        assert_eq!(lines[2..4], ["  approved by ben, eva", "  gate freeze overridden: carts fail"]);
        assert_eq!(lines.len(), 5);
    }

    #[test]
    fn it_took_from_the_begin_to_the_outcome() {
        for (outcome, began, ended, seconds, shown) in [
            (Some("deployed"), Some(10), Some(69), Some(59), "59s"),
            (Some("broken"), Some(10), Some(135), Some(125), "2m 5s"),
            (Some("deployed"), Some(10), Some(3_970), Some(3_960), "1h 6m"),
            (Some("deployed"), Some(10), Some(9), None, "-"),
            (None, Some(10), Some(69), None, "-"),
            (Some("deployed"), None, Some(69), None, "-"),
            (Some("deployed"), Some(10), None, None, "-"),
        ] {
            let at = |second: Option<i64>| second.map(|second| jiff::Timestamp::from_second(second).unwrap());
            let mut release = release(outcome, None, Standing::Past);
            (release.provenance.began, release.at) = (at(began), at(ended));
            assert_eq!((release.seconds(), &*row("backend", &release)[4]), (seconds, shown), "{began:?} {ended:?}");
        }
    }
}
