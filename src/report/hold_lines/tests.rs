//! What `hold` and `unhold` end with.

use super::*;
use crate::domain::failure::Failure;
use crate::domain::release::GitSha;
use crate::report::golden::{Rendered, now};

fn by_hand() -> Hold {
    let reason = "carts fail since noon, the cause is unknown, see issue 12";
    Hold::by_hand(reason, "acme/shop/7/1", now()).unwrap()
}

fn bar() -> Hold {
    let sha = |digit: &str| digit.repeat(40).parse::<GitSha>().unwrap();
    Hold::of_rollback(&sha("c"), Some(&sha("a")), "nia", now())
}

fn changed(change: HoldChange, components: &[(&str, Vec<Hold>, Vec<Hold>)]) -> ChangedHolds {
    let component = |(name, lifted, holds): &(&str, Vec<Hold>, Vec<Hold>)| ComponentHolds {
        name: (*name).to_owned(),
        lifted: lifted.clone(),
        holds: holds.clone(),
    };
    ChangedHolds { change, components: components.iter().map(component).collect(), failure: None }
}

/// What is kept of `hold` and `unhold`.
pub fn cases() -> Vec<Rendered> {
    let of = |name, changed: fn() -> ChangedHolds| {
        Rendered::new(name, move |look| holds(&changed(), "stage", look).join("\n"))
    };
    vec![
        of("hold", || changed(HoldChange::Put, &[("app", vec![], vec![by_hand(), bar()])])),
        of("hold-components", || {
            changed(
                HoldChange::Put,
                &[("backend", vec![], vec![by_hand()]), ("worker", vec![], vec![by_hand(), bar()])],
            )
        }),
        of("unhold", || changed(HoldChange::Lift, &[("app", vec![by_hand(), bar()], vec![])])),
        of("unhold-components", || {
            changed(HoldChange::Lift, &[("backend", vec![by_hand()], vec![]), ("worker", vec![by_hand()], vec![])])
        }),
        of("unhold-nothing", || changed(HoldChange::Lift, &[("app", vec![], vec![])])),
    ]
}

/// A failure says of which components it is so.
#[test]
fn what_was_not_reached_is_not_said() {
    let failed = ChangedHolds {
        failure: Some(Failure::failed("denied")),
        ..changed(HoldChange::Lift, &[("backend", vec![], vec![]), ("worker", vec![], vec![by_hand()])])
    };
    let lines = holds(&failed, "stage", TextStyle { width: None, exact: false, now: now() });
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("held: stage worker"), "{lines:?}");
}
